//! Resumable upload: tus 1.0 with creation, creation-with-upload, checksum, expiration and termination.
//!
//! Bytes of a PATCH are kept as they arrive: whatever ends it, the next HEAD tells an offset up to which everything is
//! durable, and a cut costs next to nothing. A PATCH with `Upload-Checksum` is all or nothing. When the last byte is
//! durable, the SHA-256 over all of them decides ([`finish`]). The newest request for an upload ends older ones
//! ([`lanes`]). Why this is not done by a library: `docs/decisions`, own tus handler.

mod api;
mod create;
mod finish;
mod headers;
mod lanes;
mod receive;
mod spool;
mod sql;
mod sweep;
#[cfg(test)]
mod tests;

pub(super) use api::routes;
pub(super) use sweep::sweep;

use crate::store::StoreError;
use lanes::Lanes;
use spool::Spool;
use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use sync_core::ids::{BlobHash, DeviceId, VisitId};
use sync_core::time::Timestamp;
use tokio::sync::Semaphore;

/// Largest photo.
const PHOTO_BYTES_MAX: u64 = 50_000_000;
/// Largest other evidence: recordings, signatures, documents.
const UPLOAD_BYTES_MAX: u64 = 200_000_000;
/// An unfinished upload is kept so long after its last request.
const KEEP_MS: i64 = 7 * 24 * 3_600_000;
/// Unfinished uploads of one device.
const OPEN_MAX: i64 = 300;
/// Bytes announced by unfinished uploads of one device, and bytes it brought that no signed claim names yet.
const OPEN_BYTES_MAX: i64 = 2_000_000_000;
/// Bytes kept aside for one device whose hash was wrong. The oldest make room.
const REFUSED_BYTES_MAX: i64 = 200_000_000;
/// Uploads hashed and moved into the blob store at once: each holds a part of 5 MiB.
const FINISHING_AT_ONCE: usize = 4;

/// Identity of an upload: 128 bits of chance, minted by the server, part of its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UploadId(String);

impl UploadId {
    fn from_entropy(entropy: [u8; 16]) -> Self {
        Self(data_encoding::HEXLOWER.encode(&entropy))
    }

    fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no upload id.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoUploadId;

impl FromStr for UploadId {
    type Err = NoUploadId;

    /// Only what the server mints: the id is part of a file name.
    fn from_str(text: &str) -> Result<Self, NoUploadId> {
        let plain = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if plain { Ok(Self(text.to_owned())) } else { Err(NoUploadId) }
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An upload as the database knows it.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    id: UploadId,
    device: DeviceId,
    sha256: BlobHash,
    size_bytes: u64,
    media_type: String,
    visit: Option<VisitId>,
    state: UploadState,
    expires_at: Timestamp,
}

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum UploadState {
    /// Bytes are missing, or the last step is.
    Open,
    /// All bytes are in the blob store.
    Whole,
    /// The bytes are others than announced.
    Refused {
        /// Their hash.
        found: BlobHash,
    },
}

/// What uploads need in this process. Cloning is cheap.
#[derive(Debug, Clone)]
pub(super) struct Uploads {
    spool: Spool,
    lanes: Lanes,
    finishing: Arc<Semaphore>,
}

impl Uploads {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let finishing = Arc::new(Semaphore::new(FINISHING_AT_ONCE));
        Ok(Self { spool: Spool::open(folder)?, lanes: Lanes::default(), finishing })
    }

    /// Bytes of an open upload that have arrived; a moment ahead of what is durable.
    pub(super) async fn received_bytes(&self, id: &UploadId) -> u64 {
        self.spool.received_bytes(id.as_str()).await
    }
}

impl Upload {
    /// Whether the upload was left alone for too long.
    fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }
}

/// Why an upload could not go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum UploadError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The blob store failed.
    #[error(transparent)]
    Blob(#[from] super::BlobError),
    /// A file of the upload failed.
    #[error("file of an upload: {0}")]
    File(#[from] io::Error),
}
