//! Forgetting everything, when the office orders it.
//!
//! Invariants: nothing is deleted while an act or a photo is unsent, which is asked while no other process can write;
//! from then on no process can record here, since the identity is gone with the same commit. What remains is a
//! tombstone without anything that a technician recorded, and the key until the office knows: with both the device can
//! say that it obeyed, however often that takes.
//!
//! Deliberately not here: overwriting. Flash storage copies behind the back of any program; what was deleted is beyond
//! reach only where the disk is encrypted.

use super::{Identity, Store, StoreError};
use crate::machine::Home;
use serde::{Deserialize, Serialize};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use sync_core::ids::{DeviceId, PersonId, ServerId};
use sync_core::time::Timestamp;

/// What is left of a device that forgot everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    server_url: String,
    server: ServerId,
    device: DeviceId,
    person: PersonId,
    /// When, by this device's clock, Unix milliseconds.
    wiped_at_ms: i64,
    /// Whether the office knows.
    reported: bool,
}

impl Tombstone {
    /// What is left here, if the device forgot everything and was not enrolled again.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn find(home: &Home) -> Result<Option<Self>, StoreError> {
        let path = home.tombstone();
        match std::fs::read(&path) {
            Ok(bytes) => {
                Ok(Some(serde_json::from_slice(&bytes).map_err(|_| StoreError::damaged("wiped", "json", 1))?))
            }
            Err(source) if source.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::file("read", path, source)),
        }
    }

    /// When it was wiped, by its own clock.
    pub fn wiped_at(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.wiped_at_ms)
    }

    /// Whether the office knows.
    pub fn is_reported(&self) -> bool {
        self.reported
    }

    /// Who the device was, as far as it takes to speak to its server.
    pub fn identity(&self) -> Identity {
        Identity {
            server_url: self.server_url.clone(),
            server: self.server,
            office_key: String::new(),
            device: self.device,
            device_name: String::new(),
            person: self.person,
            person_name: String::new(),
            staff_no: String::new(),
            install: String::new(),
            machine: String::new(),
            enrolled_at: self.wiped_at(),
        }
    }

    /// The office knows: the key is not needed any more.
    ///
    /// # Errors
    /// When a file cannot be written or deleted.
    pub fn note_reported(mut self, home: &Home) -> Result<(), StoreError> {
        remove(&home.key_file())?;
        self.reported = true;
        self.write(home)
    }

    fn write(&self, home: &Home) -> Result<(), StoreError> {
        let (path, fresh) = (home.tombstone(), home.tombstone().with_extension("new"));
        let failed = |source| StoreError::file("write", &path, source);
        let mut file = std::fs::File::create(&fresh).map_err(failed)?;
        let text = serde_json::to_vec(self).expect("ids and texts are plain JSON");
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
        std::fs::rename(&fresh, &path).map_err(failed)?;
        super::binding::sync_dir(&home.data)
    }
}

impl Store {
    /// Deletes everything but the key, and leaves a tombstone. `None`: something is unsent, so nothing was deleted.
    ///
    /// # Errors
    /// When a file cannot be written or deleted; what is left goes with the next command.
    pub async fn wipe(&self) -> Result<Option<Tombstone>, StoreError> {
        const UNSENT: &str = "SELECT (SELECT count(*) FROM log WHERE state = 'unsent') \
            + (SELECT count(*) FROM photos JOIN blobs ON blobs.sha256 = photos.sha256 WHERE blobs.state = 'waiting')";
        let mut tx = self.write().await?;
        let unsent: i64 = sqlx::query_scalar(UNSENT).fetch_one(&mut *tx).await?;
        if unsent > 0 {
            return Ok(None);
        }
        let identity = Self::identity_in(&mut tx).await?;
        let tombstone = Tombstone {
            server_url: identity.server_url,
            server: identity.server,
            device: identity.device,
            person: identity.person,
            wiped_at_ms: self.machine().now().unix_ms(),
            reported: false,
        };
        // From here on the next command goes on with the deletion, whatever ends this one.
        tombstone.write(self.home())?;
        sqlx::query("DELETE FROM identity").execute(&mut *tx).await?;
        tx.commit().await?;
        self.close().await;
        erase(self.home())?;
        Ok(Some(tombstone))
    }
}

/// Deletes the database and the photos. Doing it again changes nothing.
pub(super) fn erase(home: &Home) -> Result<(), StoreError> {
    let database = home.database();
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = database.clone().into_os_string();
        name.push(suffix);
        remove(&PathBuf::from(name))?;
    }
    let photos = home.photos();
    match std::fs::remove_dir_all(&photos) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            return Err(StoreError::file("delete", photos, source));
        }
        _ => {}
    }
    super::binding::sync_dir(&home.data)
}

/// A device that is enrolled again is not dead.
pub(super) fn forget_tombstone(home: &Home) -> Result<(), StoreError> {
    remove(&home.tombstone())
}

fn remove(file: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(file) {
        Err(source) if source.kind() != ErrorKind::NotFound => Err(StoreError::file("delete", file, source)),
        _ => Ok(()),
    }
}
