//! One sync at a time on one store. Recording goes on beside it.

use super::SyncError;
use crate::machine::Home;
use crate::store::StoreError;
use std::fs::{File, TryLockError};

/// Held while a sync runs; the operating system lets go of it when the process dies.
#[derive(Debug)]
pub struct SyncLock(#[expect(dead_code, reason = "held, never read")] File);

impl SyncLock {
    /// Takes the lock.
    ///
    /// # Errors
    /// [`SyncError::Running`] when another process holds it.
    pub fn take(home: &Home) -> Result<Self, SyncError> {
        let path = home.data.join("sync.lock");
        let file = File::create(&path).map_err(|source| StoreError::file("write", &path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(SyncError::Running),
            Err(TryLockError::Error(source)) => Err(StoreError::file("lock", &path, source).into()),
        }
    }
}
