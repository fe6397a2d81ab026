//! Evidence: photos, recordings and signatures, addressed by the SHA-256 of their bytes.
//!
//! Their own lane, never in the way of data. A device claims a photo in a signed envelope at the moment of capture and
//! sends the bytes later, in any pieces ([`uploads`]). Bytes become evidence only when their hash is the announced one;
//! whether that hash was also signed is asked when somebody looks, so the order of arrival does not matter.
//!
//! Invariants: originals are immutable and never leave as anything but an attachment with a recorded reason; what pages
//! show is re-encoded without metadata; what a file says about itself is a claim and is never believed.

mod blobs;
mod claims;
mod early;
mod exif;
mod photos;
mod pictures;
mod previews;
mod sql;
#[cfg(test)]
mod testing;
mod uploads;

pub use blobs::{Adopted, BlobError, Blobs, Preview};
pub use claims::{Receipt, receipt, receipts};
pub use exif::{ExifClaims, ExifFlag};
pub(crate) use photos::pages;
pub use photos::{
    GivenUp, PhotoEntry, PhotoFlag, PhotoList, PhotoStage, PhotoStatus, PreviewStatus, SignedClaim, given_up,
    photos_of,
};

use crate::app::App;
use crate::audit::EntryKind;
use crate::problem::{self, Problem};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use uploads::Uploads;
use utoipa_axum::router::OpenApiRouter;

/// Bytes of evidence became whole.
pub const EVIDENCE_ARRIVED: EntryKind = EntryKind("evidence.arrived");
/// Bytes were refused because their hash is not the announced one.
pub const EVIDENCE_REFUSED: EntryKind = EntryKind("evidence.refused");

/// Somebody opened an original.
pub const EVIDENCE_OPENED: EntryKind = EntryKind("evidence.opened");

/// What this process needs to take and show evidence. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Evidence {
    blobs: Blobs,
    uploads: Uploads,
    /// Wakes whoever makes previews.
    previews: Arc<Notify>,
}

impl Evidence {
    /// Opens the folders below the data folder, making them if they are missing.
    pub fn open(data_folder: &Path) -> Result<Self, BlobError> {
        let folder = data_folder.join("evidence");
        let blobs = Blobs::local(&folder.join("blobs"))?;
        Ok(Self { blobs, uploads: Uploads::open(&folder)?, previews: Arc::default() })
    }

    /// The blob store.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }
}

/// How often expired uploads and orphans are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(3600);

/// Looks at new evidence and tidies up, as long as the server runs. What a killed server left undone is found again.
pub async fn work(app: App) {
    tokio::join!(previews::keep_making(app.clone()), keep_tidy(app));
}

async fn keep_tidy(app: App) {
    let mut rounds = tokio::time::interval(SWEEP_INTERVAL);
    loop {
        rounds.tick().await;
        match uploads::sweep(&app).await {
            Ok(swept) => tracing::info!(?swept, "evidence tidied"),
            Err(error) => tracing::error!(%error, "evidence not tidied"),
        }
    }
}

impl From<BlobError> for Problem {
    fn from(error: BlobError) -> Self {
        if error.is_disk_full() {
            tracing::error!(%error, "disk of the evidence full");
            return Self::new(&problem::STORAGE_FULL).retry_after(60..180);
        }
        Self::internal(error)
    }
}

/// Uploads of devices, and what the office sees of them. Each brings its own limits.
pub(crate) fn routes() -> OpenApiRouter<App> {
    uploads::routes().merge(photos::routes()).merge(early::routes())
}
