//! Small previews that devices send ahead of their photos, so that the office sees something while
//! the originals are on their way.
//!
//! Invariants: a preview is taken only from a device that signed the photo, and is re-encoded here like
//! everything that is shown; it is no evidence, never counts as arrived, and goes when the original has
//! been looked at.
//!
//! Deliberately not here: whether the preview shows what the original shows. Nobody can tell before the
//! original is here, and then nobody needs the preview.

mod api;
pub(super) mod sql;
#[cfg(test)]
mod tests;

pub(super) use api::routes;

use super::blobs::{BlobError, Preview};
use super::pictures::{self, NoPicture};
use crate::app::App;
use crate::evidence;
use crate::problem::{self, Problem};
use crate::store::StoreError;
use bytes::Bytes;
use sync_core::ids::{BlobHash, DeviceId};

/// Largest preview that is taken; clients make them smaller.
const PREVIEW_BYTES_MAX: usize = 64 << 10;

/// Why a preview is not taken. The photo itself may come all the same.
#[derive(Debug, thiserror::Error)]
pub(super) enum EarlyError {
    /// No signed envelope of this device names the photo, as far as has arrived.
    #[error("this device has signed no such photo")]
    Unclaimed,
    /// It cannot be shown.
    #[error("the preview cannot be shown: {}", .0.code())]
    Unusable(NoPicture),
    /// The decoder crashed on it.
    #[error("the preview crashed the decoder")]
    Crashed,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The blob store failed.
    #[error(transparent)]
    Blob(#[from] BlobError),
}

impl From<EarlyError> for Problem {
    fn from(error: EarlyError) -> Self {
        match error {
            EarlyError::Unclaimed => Self::new(&problem::PHOTO_UNCLAIMED),
            EarlyError::Unusable(reason) => {
                Self::new(&problem::PREVIEW_UNUSABLE).with("reason", reason.code())
            }
            EarlyError::Crashed => Self::new(&problem::PREVIEW_UNUSABLE).with("reason", "crashed"),
            EarlyError::Store(error) => error.into(),
            EarlyError::Blob(error) => error.into(),
        }
    }
}

/// Keeps a preview of a photo that this device signed. The first one stays; once the original is here
/// none is needed, and both are success.
async fn keep(app: &App, device: DeviceId, sha256: BlobHash, bytes: Bytes) -> Result<(), EarlyError> {
    let mut tx = app.store.read().await?;
    if !sql::is_claimed_by(&mut tx, &sha256, device).await? {
        return Err(EarlyError::Unclaimed);
    }
    if evidence::sql::is_whole(&mut tx, &sha256).await? || sql::is_known(&mut tx, &sha256).await? {
        return Ok(());
    }
    drop(tx);
    let work = move || pictures::of_preview(&bytes);
    let looked = tokio::task::spawn_blocking(work).await.map_err(|_| EarlyError::Crashed)?;
    let jpeg = looked.map_err(EarlyError::Unusable)?;
    // Before the row that tells of it.
    app.evidence.blobs.put_preview(&sha256, Preview::Early, jpeg).await?;
    let mut tx = app.store.write().await?;
    sql::insert(&mut tx, &sha256, device, app.clock.now()).await?;
    Ok(tx.commit().await?)
}
