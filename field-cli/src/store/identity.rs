//! Who this device is, and the key it signs with.

use super::{NOT_ENROLLED, Store, StoreError, Tx};
use crate::machine::Home;
use sqlx_macros::FromRow;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use sync_core::ids::{DeviceId, PersonId, ServerId};
use sync_core::log::SigningKey;
use sync_core::time::Timestamp;

/// Who this device is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Where the server answers, without a slash at the end.
    pub server_url: String,
    /// The installation of the server.
    pub server: ServerId,
    /// Key that signs the office log, hexadecimal; empty when the server named none.
    pub office_key: String,
    /// The device.
    pub device: DeviceId,
    /// Its short name, for example `dev-07`.
    pub device_name: String,
    /// Whose device it is.
    pub person: PersonId,
    /// That person's name.
    pub person_name: String,
    /// That person's staff number.
    pub staff_no: String,
    /// Random name of this installation.
    pub install: String,
    /// What binds it to the machine.
    pub machine: String,
    /// When it was enrolled, by the device's clock.
    pub enrolled_at: Timestamp,
}

/// What enrolment yields.
#[derive(Debug)]
pub struct NewIdentity {
    /// Where the server answers, without a slash at the end.
    pub server_url: String,
    /// The server's answer.
    pub answer: sync_core::protocol::EnrolmentAnswer,
    /// The key that was enrolled.
    pub key: SigningKey,
}

/// Acts of the device's person that the server has not taken, or keeps in escrow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptActs {
    /// Whose they are.
    pub person: PersonId,
    /// That person's name.
    pub person_name: String,
    /// How many, at least one.
    pub acts: u64,
}

impl KeptActs {
    /// Why nobody else may take this device over.
    pub fn of_other_person(self) -> StoreError {
        StoreError::OtherPerson { person: self.person_name, acts: self.acts }
    }
}

#[derive(FromRow)]
struct IdentityRow {
    server_url: String,
    server_id: String,
    office_key: String,
    device_id: String,
    device_name: String,
    person_id: String,
    person_name: String,
    staff_no: String,
    install_id: String,
    machine: String,
    enrolled_at_ms: i64,
}

impl TryFrom<IdentityRow> for Identity {
    type Error = StoreError;

    fn try_from(row: IdentityRow) -> Result<Self, StoreError> {
        let damaged = |column| StoreError::damaged("identity", column, 1);
        Ok(Self {
            server: row.server_id.parse().map_err(|_| damaged("server_id"))?,
            device: row.device_id.parse().map_err(|_| damaged("device_id"))?,
            person: row.person_id.parse().map_err(|_| damaged("person_id"))?,
            server_url: row.server_url,
            office_key: row.office_key,
            device_name: row.device_name,
            person_name: row.person_name,
            staff_no: row.staff_no,
            install: row.install_id,
            machine: row.machine,
            enrolled_at: Timestamp::from_unix_ms(row.enrolled_at_ms),
        })
    }
}

const SELECT: &str = "SELECT server_url, server_id, office_key, device_id, device_name, person_id, \
    person_name, staff_no, install_id, machine, enrolled_at_ms FROM identity";

impl Store {
    /// Who this device is.
    ///
    /// # Errors
    /// [`StoreError::NotEnrolled`] when it is nobody yet.
    pub async fn identity(&self) -> Result<Identity, StoreError> {
        self.find_identity().await?.ok_or(StoreError::NotEnrolled)
    }

    /// Who this device is, `None` before it is enrolled.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub async fn find_identity(&self) -> Result<Option<Identity>, StoreError> {
        let row: Option<IdentityRow> = sqlx::query_as(SELECT).fetch_optional(self.pool()).await?;
        row.map(Identity::try_from).transpose()
    }

    pub(crate) async fn identity_in(tx: &mut Tx) -> Result<Identity, StoreError> {
        let row: Option<IdentityRow> = sqlx::query_as(SELECT).fetch_optional(&mut **tx).await?;
        row.map(Identity::try_from).transpose()?.ok_or(StoreError::NotEnrolled)
    }

    /// The key of this device. The only place that reads it.
    ///
    /// # Errors
    /// [`StoreError::Key`] when the file is missing or damaged.
    pub fn key(&self) -> Result<SigningKey, StoreError> {
        let path = self.home().key_file();
        let seed = std::fs::read(&path).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        seed.map(|seed| SigningKey::from_seed(&seed)).ok_or(StoreError::Key { path })
    }

    /// The identity that the server does not know any more although this device speaks for it: the server was restored
    /// from a backup that is older. `None` when there is nothing of the kind, or nothing was recorded under it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn lost_identity(&self) -> Result<Option<Identity>, StoreError> {
        let Some(identity) = self.find_identity().await? else { return Ok(None) };
        let forgotten = self.sync_state().await?.last_failure.as_deref() == Some(NOT_ENROLLED);
        let speaks = forgotten && self.key().is_ok() && self.check_binding().await.is_ok();
        Ok(Some(identity).filter(|_| speaks))
    }

    /// Acts of this device's person that are in no record yet; `None` when there are none. A server that does not know
    /// the device has none of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn kept_acts(&self) -> Result<Option<KeptActs>, StoreError> {
        let Some(before) = self.find_identity().await? else { return Ok(None) };
        let lost = self.lost_identity().await?.map(|identity| identity.device.to_string());
        let acts: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM log WHERE dropped = 0 AND reissued_by IS NULL \
             AND (state IN ('unsent', 'escrowed') OR device_id = $1 AND state != 'lost')",
        )
        .bind(lost)
        .fetch_one(self.pool())
        .await?;
        let acts = u64::try_from(acts).unwrap_or(0);
        let kept = KeptActs { person: before.person, person_name: before.person_name, acts };
        Ok(Some(kept).filter(|kept| kept.acts > 0))
    }

    /// Takes on a new identity. Whatever was recorded stays; the exchange starts from nothing. The one that it has
    /// already it goes on with.
    ///
    /// # Errors
    /// [`StoreError::OtherPerson`] when acts of somebody else are left, and when key, marker or row cannot be written.
    pub async fn adopt(&self, new: NewIdentity) -> Result<Identity, StoreError> {
        // What one person recorded is never said by another: neither sent again nor hidden.
        if let Some(kept) = self.kept_acts().await?.filter(|kept| kept.person != new.answer.person_id) {
            return Err(kept.of_other_person());
        }
        if self.find_identity().await?.is_some_and(|before| before.is_that_of(&new.answer)) {
            return self.come_back(&new).await;
        }
        let install = data_encoding::HEXLOWER.encode(&self.machine().bytes::<16>());
        write_key(self.home(), &new.key)?;
        let machine = self.machine().binding(&install);
        let mut tx = self.write().await?;
        let answer = &new.answer;
        sqlx::query("DELETE FROM identity").execute(&mut *tx).await?;
        sqlx::query(
            "INSERT INTO identity (one, server_url, server_id, device_id, device_name, person_id, person_name, \
             staff_no, install_id, machine, enrolled_at_ms, office_key) \
             VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(&new.server_url)
        .bind(answer.server_id.to_string())
        .bind(answer.device_id.to_string())
        .bind(&answer.device_name)
        .bind(answer.person_id.to_string())
        .bind(&answer.person_name)
        .bind(&answer.staff_no)
        .bind(&install)
        .bind(&machine)
        .bind(self.machine().now().unix_ms())
        .bind(&answer.office_key)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE sync_state SET kept_logs_due = CASE WHEN epoch IN (0, $1) THEN kept_logs_due ELSE 1 END, \
             epoch = $1, cursor = 0, acknowledged = 0, acknowledged_hash = NULL, \
             token = NULL, enrol_again = 0, own_from = 0, wants_everything = 1, last_failure = NULL",
        )
        .bind(i64::try_from(answer.epoch).unwrap_or(i64::MAX))
        .execute(&mut *tx)
        .await?;
        // No visit was begun under the new identity.
        sqlx::query("UPDATE visits SET begun_generation = NULL").execute(&mut *tx).await?;
        super::wipe::forget_tombstone(self.home())?;
        // Before the commit: a marker without a store hurts nobody, a store without one is refused.
        super::binding::write_marker(self.home(), &install, 0)?;
        tx.commit().await?;
        self.identity().await
    }
}

impl Identity {
    fn is_that_of(&self, answer: &sync_core::protocol::EnrolmentAnswer) -> bool {
        (self.server, self.device, self.person) == (answer.server_id, answer.device_id, answer.person_id)
    }
}

impl Store {
    /// A restored server took this device back under the identity that it has: key, log and the state of the exchange
    /// stay, so that it notices what it lacks as with any other device.
    async fn come_back(&self, new: &NewIdentity) -> Result<Identity, StoreError> {
        let mut tx = self.write().await?;
        sqlx::query(
            "UPDATE identity SET server_url = $1, device_name = $2, person_name = $3, staff_no = $4, office_key = $5",
        )
        .bind(&new.server_url)
        .bind(&new.answer.device_name)
        .bind(&new.answer.person_name)
        .bind(&new.answer.staff_no)
        .bind(&new.answer.office_key)
        .execute(&mut *tx)
        .await?;
        sqlx::query("UPDATE sync_state SET token = NULL, enrol_again = 0, last_failure = NULL")
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        self.identity().await
    }
}

fn write_key(home: &Home, key: &SigningKey) -> Result<(), StoreError> {
    let (path, fresh) = (home.key_file(), home.data.join("device.key.new"));
    let failed = |source| StoreError::file("write", &path, source);
    let _ = std::fs::remove_file(&fresh);
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh).map_err(failed)?;
    file.write_all(key.seed()).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&fresh, &path).map_err(failed)?;
    super::binding::sync_dir(&home.data)
}
