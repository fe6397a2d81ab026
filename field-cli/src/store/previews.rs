//! Previews that travel ahead of photos: made once, kept beside the copy until they have arrived.

use super::{PhotoRow, Store, StoreError};
use crate::preview::{self, NoPreview, PHOTO_BYTES_MIN};
use std::path::{Path, PathBuf};
use sync_core::ids::BlobHash;

/// How far the preview of a photo is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PreviewState {
    /// To be made or sent.
    Waiting,
    /// The office sees it.
    Arrived,
    /// There is none, or the server does not want it.
    None,
}

impl PreviewState {
    /// The word that stands in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Arrived => "arrived",
            Self::None => "none",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Waiting, Self::Arrived, Self::None].into_iter().find(|state| state.as_str() == word)
    }
}

impl Store {
    /// Photos whose preview should travel ahead: large ones of which nothing has been sent.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub async fn previews_to_send(&self) -> Result<Vec<PhotoRow>, StoreError> {
        let mut photos = self.photos_to_send().await?;
        photos.retain(|photo| {
            let blob = &photo.blob;
            blob.preview == PreviewState::Waiting
                && blob.size_bytes >= PHOTO_BYTES_MIN
                && blob.upload_offset == 0
                && blob.media_type.starts_with("image/")
        });
        Ok(photos)
    }

    /// The preview of a copy in the store, made now if it was not made before. It can be made again at
    /// any time, so that nothing waits for the disk here.
    ///
    /// # Errors
    /// When there is nothing to show.
    pub fn preview_of(&self, copy: &Path) -> Result<Vec<u8>, NoPreview> {
        let kept = kept_at(copy);
        if let Ok(jpeg) = std::fs::read(&kept)
            && !jpeg.is_empty()
            && jpeg.len() <= preview::PREVIEW_BYTES_MAX
        {
            return Ok(jpeg);
        }
        let jpeg = preview::make(copy)?;
        if std::fs::metadata(copy).is_ok_and(|copy| copy.len() >= PHOTO_BYTES_MIN) {
            // Without room for it, it is made again when it is sent.
            let _ = std::fs::write(&kept, &jpeg);
        }
        Ok(jpeg)
    }

    /// Notes what became of a preview. Its file is not needed any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_preview(&self, sha256: BlobHash, state: PreviewState) -> Result<(), StoreError> {
        sqlx::query("UPDATE blobs SET preview = $2 WHERE sha256 = $1")
            .bind(sha256.to_string())
            .bind(state.as_str())
            .execute(self.pool())
            .await?;
        self.drop_preview(sha256);
        Ok(())
    }

    /// Deletes the file of a preview that is not needed any more.
    pub(super) fn drop_preview(&self, sha256: BlobHash) {
        let _ = std::fs::remove_file(kept_at(&self.home().photos().join(sha256.to_string())));
    }
}

fn kept_at(copy: &Path) -> PathBuf {
    copy.with_extension("preview")
}
