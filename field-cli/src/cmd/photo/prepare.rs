//! A photo on its way into the store: looked at, copied, and told about.

use super::claims::{CLOCK_MS_MAX, examine};
use super::exif::{self, Claims};
use crate::cmd::site::Site;
use crate::ctx::Ctx;
use crate::failure::{Failure, io_words};
use crate::i18n::say;
use crate::preview::{self, NoPreview};
use crate::render;
use crate::store::{Act, Store, StoreError, StoredBlob, media_type};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use sync_core::document::Photo;
use sync_core::ids::EntryId;

/// Bytes at the beginning of a file that tell what it is.
const HEAD_BYTES: u64 = 16;

/// A photo that is safely on this device and waits for its act.
pub(crate) struct Prepared {
    /// What is recorded of it.
    pub(super) photo: Photo,
    /// Its bytes in the store.
    pub(super) blob: StoredBlob,
    /// What the camera claims.
    pub(super) claims: Claims,
    /// The file as it was typed.
    pub(super) file: PathBuf,
}

impl Prepared {
    /// Records the photo within an act.
    pub(crate) fn add(&self, act: &mut Act<'_>) -> Result<EntryId, Failure> {
        let id = act.new_entry();
        act.edit().add_photo(id, &self.photo)?;
        Ok(id)
    }

    /// Says what was kept and what the camera claims. The preview for the office is made here, when all
    /// is on disk: a photo that cannot be shown is best taken again while the technician is there.
    pub(crate) fn tell(&self, ctx: &mut Ctx, store: &Store) {
        warn_unshowable(ctx, store, &self.blob.path);
        let size = render::bytes(self.blob.size_bytes);
        let hash = self.blob.sha256.to_string();
        let taken = self.claims.taken_at.map(|at| {
            let (now, time) = (ctx.now(), render::time(&ctx.words, at, ctx.now(), &ctx.zone));
            match at.since_ms(now).abs() <= CLOCK_MS_MAX {
                true => say!(ctx.words, "photo-taken-now", time = time),
                false => say!(ctx.words, "photo-taken", time = time),
            }
        });
        let place =
            self.claims.position.as_ref().map(|place| format!("{},{}", place.lat_text, place.lon_text));
        let hash = format!("sha256 {}…", &hash[..8]);
        // Among several, each says which it is.
        let name = ctx.out.is_about().map(str::to_owned);
        let parts = [name, Some(size), Some(hash), taken, place];
        let line = parts.into_iter().flatten().collect::<Vec<_>>().join("  ");
        ctx.out.note(&line);
    }
}

/// Says so when nobody will be able to look at a picture.
pub(crate) fn warn_unshowable(ctx: &mut Ctx, store: &Store, copy: &Path) {
    match store.preview_of(copy) {
        Ok(_) if !preview::is_cut(copy) => {}
        Err(NoPreview::OtherFormat) => {}
        Ok(_) | Err(NoPreview::Damaged) => {
            ctx.out.warn("photo-damaged", &say!(ctx.words, "warn-photo-damaged"));
        }
        Err(NoPreview::TooLarge { width, height }) => {
            let text = say!(ctx.words, "warn-photo-large", width = width, height = height);
            ctx.out.warn("photo-large", &text);
        }
    }
}

/// Looks at a file, copies it into the store and makes ready what will be recorded of it.
///
/// # Errors
/// When it is no photo, cannot be read, or is older than the visit and nobody said yes.
pub(crate) async fn prepare(
    ctx: &mut Ctx,
    store: &Store,
    site: &Site,
    file: &Path,
    role: &str,
    caption: Option<&str>,
    allow_old: bool,
) -> Result<Prepared, Failure> {
    refuse_strangers(ctx, file)?;
    let claims = exif::read(file, &ctx.machine_zone);
    let view = store.document(site.visit).await?.view();
    examine(ctx, site, &view, &claims, allow_old)?;
    let blob = store.import_blob(file).await.map_err(|error| match error {
        // A card that goes bad: it is the file, and nothing else.
        StoreError::File { path, source, .. } if path == file => unreadable(ctx, file, &source),
        error => error.into(),
    })?;
    if blob.known {
        used_elsewhere(ctx, store, site, &blob).await?;
    }
    let photo = Photo {
        sha256: blob.sha256,
        size: i64::try_from(blob.size_bytes).unwrap_or(i64::MAX),
        media_type: blob.media_type.clone(),
        role: role.to_owned(),
        caption: caption.map(str::to_owned),
        taken_at: claims.taken_at,
        // What the camera claims stays in the file, where the office reads it as its claim.
        lat: None,
        lon: None,
        accuracy: None,
        finding: None,
    };
    Ok(Prepared { photo, blob, claims, file: file.to_owned() })
}

/// Refuses what is no photo, whatever its name says, before anything is copied.
pub(crate) fn refuse_strangers(ctx: &Ctx, file: &Path) -> Result<(), Failure> {
    let mut head = Vec::new();
    let read = std::fs::File::open(file).and_then(|opened| opened.take(HEAD_BYTES).read_to_end(&mut head));
    read.map_err(|error| unreadable(ctx, file, &error))?;
    let found = media_type(&head);
    if found.starts_with("image/") && found != "image/gif" {
        return Ok(());
    }
    let found = if head.is_empty() {
        say!(ctx.words, "file-empty")
    } else if head.trim_ascii_start().starts_with(b"<") {
        "HTML / XML".to_owned()
    } else if found == "application/octet-stream" {
        say!(ctx.words, "file-unknown")
    } else {
        found.to_owned()
    };
    let name = file.display().to_string();
    Err(Failure::usage("not-a-photo", say!(ctx.words, "not-a-photo", file = name, found = found))
        .hint(say!(ctx.words, "not-a-photo-hint")))
}

fn unreadable(ctx: &Ctx, file: &Path, error: &std::io::Error) -> Failure {
    let (file, error) = (file.display().to_string(), io_words(&ctx.words, error));
    Failure::usage("file", say!(ctx.words, "store-file", file = file, error = error))
}

async fn used_elsewhere(ctx: &mut Ctx, store: &Store, site: &Site, blob: &StoredBlob) -> Result<(), Failure> {
    let rows = store.photos(None).await?;
    let other = rows.iter().find(|row| row.blob.sha256 == blob.sha256 && row.visit != site.visit);
    if let Some(other) = other {
        let name =
            store.assignment(other.visit).await?.map_or_else(|| other.visit.to_string(), |card| card.number);
        ctx.out.warn("photo-used-elsewhere", &say!(ctx.words, "warn-photo-elsewhere", visit = name));
    }
    Ok(())
}
