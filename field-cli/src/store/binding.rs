//! What ties a store to the one place where it may be written.
//!
//! Two copies of a store would sign two different acts under one number, which the server must
//! take for a fork. So every installation has a marker outside of the data directory that names
//! the directory and how many acts it has signed. A store without its marker was copied to
//! another machine; one whose marker names another directory was copied on this one; one whose
//! marker is ahead was restored from a backup.

use super::{Identity, Store, StoreError};
use crate::machine::{Home, Machine};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Marker {
    data: PathBuf,
    written: u64,
}

fn marker_path(home: &Home, install: &str) -> PathBuf {
    home.state.join("installations").join(format!("{install}.json"))
}

fn real_path(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Says that the installation lives in this data directory and has signed `written` acts.
pub(super) fn write_marker(home: &Home, install: &str, written: u64) -> Result<(), StoreError> {
    let path = marker_path(home, install);
    let failed = |source| StoreError::file("write", &path, source);
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(failed)?;
    }
    let marker = Marker { data: real_path(&home.data), written };
    let text = serde_json::to_vec(&marker).expect("a path and a number are always JSON");
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&fresh, text).map_err(failed)?;
    std::fs::rename(&fresh, &path).map_err(failed)
}

/// Whether this store may be written to, given that its chain ends at `end`.
pub(super) fn check(home: &Home, machine: &Machine, identity: &Identity, end: u64) -> Result<(), StoreError> {
    if machine.binding(&identity.install) != identity.machine {
        return Err(StoreError::Copied { belongs_to: None });
    }
    let text = std::fs::read(marker_path(home, &identity.install));
    let Some(marker) = text.ok().map(|text| serde_json::from_slice::<Marker>(&text)) else {
        return Err(StoreError::Copied { belongs_to: None });
    };
    match marker {
        Ok(marker) if marker.data != real_path(&home.data) => {
            Err(StoreError::Copied { belongs_to: Some(marker.data) })
        }
        Ok(marker) if marker.written > end => {
            Err(StoreError::Restored { found: end, written: marker.written })
        }
        // A marker that a power cut left unreadable says nothing against the store.
        _ => Ok(()),
    }
}

impl Store {
    /// Whether this store may be written to: it is where it was enrolled, and not older than
    /// what this device wrote already.
    ///
    /// # Errors
    /// [`StoreError::Copied`] or [`StoreError::Restored`] when it may not.
    pub async fn check_binding(&self) -> Result<(), StoreError> {
        let identity = self.identity().await?;
        let mut tx = self.pool().begin().await?;
        let end = Self::chain_end_in(&mut tx, identity.device).await?;
        check(self.home(), self.machine(), &identity, end.sequence)
    }

    /// Whether a store that is not where it was enrolled can stay: it comes from this machine, and
    /// the old place is known and has it no more. Where that is not known, it may still be in use.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn may_accept_move(&self) -> Result<bool, StoreError> {
        let identity = self.identity().await?;
        let same_machine = self.machine().binding(&identity.install) == identity.machine;
        let left = match self.check_binding().await {
            Err(StoreError::Copied { belongs_to }) => {
                belongs_to.is_some_and(|old| !old.join("field.sqlite").exists())
            }
            _ => true,
        };
        Ok(same_machine && left)
    }

    /// Accepts that the store was moved to this directory. Refused while the old one still has it.
    ///
    /// # Errors
    /// [`StoreError::Copied`] when it comes from another machine, still exists in its old place, or nobody
    /// knows where that was.
    pub async fn accept_move(&self) -> Result<(), StoreError> {
        let identity = self.identity().await?;
        let belongs_to = match self.check_binding().await {
            Err(StoreError::Copied { belongs_to }) => belongs_to,
            other => return other,
        };
        if !self.may_accept_move().await? {
            return Err(StoreError::Copied { belongs_to });
        }
        let mut tx = self.pool().begin().await?;
        let end = Self::chain_end_in(&mut tx, identity.device).await?;
        write_marker(self.home(), &identity.install, end.sequence)
    }
}

/// Makes renames in `dir` survive a power cut.
pub(super) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    let synced = std::fs::File::open(dir).and_then(|dir| dir.sync_all());
    synced.map_err(|source| StoreError::file("write", dir, source))
}
