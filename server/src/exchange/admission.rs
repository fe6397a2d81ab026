//! How much of the exchange goes on at once in this process. Who finds no place is told to come back later.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Memory for request bodies that are being read or worked on, in KiB.
const BODY_KIB_MAX: usize = 192 * 1024;
/// What a body of unknown length is counted as.
const BODY_KIB_UNKNOWN: u32 = 512;
/// How much larger a body is in memory than on the wire.
const INFLATION: u64 = 4;
/// How long a request that was read waits for its turn.
const PATIENCE: Duration = Duration::from_secs(20);

/// Places of the exchange.
#[derive(Debug)]
pub(crate) struct Admission {
    bodies: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Admission {
    /// For a machine that merges so many visits at once. A few more requests are worked on than merged, so that
    /// workers, database and signatures keep one another busy.
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            bodies: Arc::new(Semaphore::new(BODY_KIB_MAX)),
            places: Arc::new(Semaphore::new(workers * 2 + 4)),
        }
    }

    /// Memory for a body of this announced length; `None` when there is none left.
    pub(super) fn body(&self, announced: Option<u64>) -> Option<OwnedSemaphorePermit> {
        let kib = announced.map_or(BODY_KIB_UNKNOWN, |bytes| {
            u32::try_from(bytes.saturating_mul(INFLATION) / 1024 + 1).unwrap_or(u32::MAX)
        });
        Arc::clone(&self.bodies).try_acquire_many_owned(kib).ok()
    }

    /// A turn for a request that was read; `None` when the wait was too long.
    pub(super) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        timeout(PATIENCE, Arc::clone(&self.places).acquire_owned()).await.ok()?.ok()
    }
}
