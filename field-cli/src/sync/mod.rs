//! Getting in step with the server: exchanges until both sides have everything, then photos in
//! their own lane: small previews of all, then the originals.
//!
//! Deliberately not here: what people read about it (`cmd/sync.rs`).

mod exchange;
mod lock;
mod photos;
mod previews;
mod wipe;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use exchange::{Rounds, exchange};
pub use lock::SyncLock;
pub use photos::{PhotoEnd, PhotoReport, PhotoWatch, confirm_uploads, send_photos};
pub use previews::{PreviewReport, send_previews};
pub use wipe::report_wipe;

use crate::client::ClientError;
use crate::store::StoreError;
use sync_core::replica::PlanError;

/// Why this device could not get in step.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server took what was sent, but there is no room on the disk for its answer.
    #[error("the disk is full: the server's answer could not be kept")]
    NotKept,
    /// The network or the server.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// What came is no answer of our server.
    #[error(transparent)]
    Answer(#[from] PlanError),
    /// The server answers, but nothing gets further.
    #[error("the server answers, but nothing gets further")]
    Stuck,
    /// The device was revoked: what it sent was set aside, and it gets nothing.
    #[error("this device was revoked")]
    Revoked,
    /// The server saw two histories of this device.
    #[error("the server saw two histories of this device")]
    MustEnrolAgain,
    /// The server had everything here forgotten.
    #[error("everything on this device was deleted, as the office ordered")]
    Wiped {
        /// Whether the office knows.
        reported: bool,
    },
    /// The server wants everything here forgotten, but did not take all that nobody has seen.
    #[error("the office ordered that everything here is deleted, but has not taken all of it yet")]
    WipeWaits,
    /// Another process of this client is at it.
    #[error("another sync is running on this device")]
    Running,
}

impl SyncError {
    /// Short code for the beacon and for scripts.
    pub fn code(&self) -> &str {
        match self {
            Self::Store(_) => "store",
            Self::NotKept => "disk-full",
            Self::Client(error) => error.code(),
            Self::Answer(PlanError::OtherServer { .. }) => "other-server",
            Self::Answer(_) => "answer-unreadable",
            Self::Stuck => "stuck",
            Self::Revoked => crate::store::REVOKED,
            Self::MustEnrolAgain => "enrol-again",
            Self::Wiped { .. } => "wiped",
            Self::WipeWaits => "wipe-waits",
            Self::Running => "sync-running",
        }
    }
}
