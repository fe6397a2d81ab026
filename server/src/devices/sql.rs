//! The table `devices`. Every administrative change leaves its entry in the server log.

use super::model::{
    Contact, DeviceError, DeviceStatus, KnownDevice, Revoked, Suspended, WipeOrder, check_text,
};
use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::store::{Counter, StoreError, Tx, assembled, next_number, statement};
use sqlx_macros::FromRow;
use sync_core::ids::{DeviceId, PersonId};
use sync_core::log::{Algorithm, PublicKey};
use sync_core::time::Timestamp;

const DEVICE: &str = "d.device_id, d.number, d.person_id, d.label, d.public_key, d.enrolled_at_ms, \
    d.revoked_at_ms, d.revoked_by, d.revoked_reason, d.revoked_log_index, d.suspended_at_ms, d.suspended_by, \
    d.suspended_reason, d.wipe_asked_at_ms, d.wipe_asked_by, d.wipe_reason, d.wipe_told_at_ms, d.wiped_at_ms, \
    (SELECT o.disabled_at_ms FROM people o WHERE o.person_id = d.person_id) AS person_disabled_at_ms, \
    (SELECT CAST(count(*) AS BIGINT) FROM person_roles g WHERE g.person_id = d.person_id \
    AND g.role = 'technician') AS technician_grants, \
    (SELECT c.forked_at_ms FROM device_chains c WHERE c.device_id = d.device_id) AS forked_at_ms";
const CONTACT: &str = "p.display_name, d.last_seen_at_ms, d.app_version, d.outbox_envelopes, d.outbox_photos, \
    d.outbox_bytes, d.disk_free_bytes, d.clock_offset_ms";

#[derive(FromRow)]
struct DeviceRow {
    device_id: String,
    number: i64,
    person_id: String,
    label: String,
    public_key: Vec<u8>,
    enrolled_at_ms: i64,
    revoked_at_ms: Option<i64>,
    revoked_by: Option<String>,
    revoked_reason: Option<String>,
    revoked_log_index: Option<i64>,
    suspended_at_ms: Option<i64>,
    suspended_by: Option<String>,
    suspended_reason: Option<String>,
    wipe_asked_at_ms: Option<i64>,
    wipe_asked_by: Option<String>,
    wipe_reason: Option<String>,
    wipe_told_at_ms: Option<i64>,
    wiped_at_ms: Option<i64>,
    person_disabled_at_ms: Option<i64>,
    technician_grants: i64,
    forked_at_ms: Option<i64>,
}

#[derive(FromRow)]
struct StatusRow {
    #[sqlx(flatten)]
    device: DeviceRow,
    display_name: String,
    last_seen_at_ms: Option<i64>,
    app_version: Option<String>,
    outbox_envelopes: Option<i64>,
    outbox_photos: Option<i64>,
    outbox_bytes: Option<i64>,
    disk_free_bytes: Option<i64>,
    clock_offset_ms: Option<i64>,
}

/// A device that is to be enrolled.
pub(super) struct NewDevice {
    pub(super) device_id: DeviceId,
    pub(super) person_id: PersonId,
    pub(super) label: String,
    pub(super) key: PublicKey,
    pub(super) app_version: String,
}

impl TryFrom<DeviceRow> for KnownDevice {
    type Error = StoreError;

    fn try_from(row: DeviceRow) -> Result<Self, StoreError> {
        let id = row.device_id;
        let impossible = |column| StoreError::impossible("devices", column, &id);
        let person = |column, by: Option<String>| -> Result<Option<PersonId>, StoreError> {
            by.map(|by| StoreError::parse_column("devices", column, &id, &by)).transpose()
        };
        let revoked_by = person("revoked_by", row.revoked_by)?;
        let revoked = row.revoked_at_ms.map(|at_ms| Revoked {
            at: Timestamp::from_unix_ms(at_ms),
            by: revoked_by,
            reason: row.revoked_reason.unwrap_or_default(),
            log_index: row.revoked_log_index.unwrap_or_default(),
        });
        let suspended_by = person("suspended_by", row.suspended_by)?;
        let suspended = row.suspended_at_ms.map(|at_ms| Suspended {
            at: Timestamp::from_unix_ms(at_ms),
            by: suspended_by,
            reason: row.suspended_reason.unwrap_or_default(),
        });
        let wipe_by = person("wipe_asked_by", row.wipe_asked_by)?;
        let wipe = row.wipe_asked_at_ms.map(|at_ms| WipeOrder {
            asked_at: Timestamp::from_unix_ms(at_ms),
            by: wipe_by,
            reason: row.wipe_reason.unwrap_or_default(),
            told_at: row.wipe_told_at_ms.map(Timestamp::from_unix_ms),
        });
        Ok(Self {
            device_id: StoreError::parse_column("devices", "device_id", &id, &id)?,
            number: row.number,
            person_id: StoreError::parse_column("devices", "person_id", &id, &row.person_id)?,
            label: row.label,
            key: PublicKey::from_bytes(&row.public_key).map_err(|_| impossible("public_key"))?,
            enrolled_at: Timestamp::from_unix_ms(row.enrolled_at_ms),
            revoked,
            suspended,
            person_disabled: row.person_disabled_at_ms.map(Timestamp::from_unix_ms),
            person_is_technician: row.technician_grants > 0,
            forked: row.forked_at_ms.map(Timestamp::from_unix_ms),
            wipe,
            wiped: row.wiped_at_ms.map(Timestamp::from_unix_ms),
        })
    }
}

impl TryFrom<StatusRow> for DeviceStatus {
    type Error = StoreError;

    fn try_from(row: StatusRow) -> Result<Self, StoreError> {
        let contact = Contact {
            app_version: row.app_version.unwrap_or_default(),
            outbox_envelopes: row.outbox_envelopes.unwrap_or_default(),
            outbox_photos: row.outbox_photos.unwrap_or_default(),
            outbox_bytes: row.outbox_bytes.unwrap_or_default(),
            disk_free_bytes: row.disk_free_bytes.unwrap_or_default(),
            clock_offset_ms: row.clock_offset_ms.unwrap_or_default(),
        };
        let seen = row.last_seen_at_ms.map(|at_ms| (Timestamp::from_unix_ms(at_ms), contact));
        Ok(Self { device: row.device.try_into()?, person_name: row.display_name, last_contact: seen })
    }
}

/// The device with this id, revoked or not.
pub async fn find(tx: &mut Tx, device_id: DeviceId) -> Result<Option<KnownDevice>, StoreError> {
    let sql = format!("SELECT {DEVICE} FROM devices d WHERE d.device_id = $1");
    let id = device_id.to_string();
    let row: Option<DeviceRow> = assembled(sql).bind(id).row_if_any(tx).await?;
    row.map(KnownDevice::try_from).transpose()
}

/// The device with this id or short name (`dev-07`).
pub async fn find_by_name(tx: &mut Tx, which: &str) -> Result<KnownDevice, DeviceError> {
    const SQL: &str = "SELECT device_id FROM devices WHERE number = $1";
    let unknown = || DeviceError::Unknown { which: which.chars().take(64).collect() };
    let device_id: DeviceId = match which.strip_prefix("dev-").and_then(|number| number.parse::<i64>().ok()) {
        Some(number) => {
            let id: Option<String> = statement(SQL).bind(number).value_if_any(tx).await?;
            let id = id.ok_or_else(unknown)?;
            StoreError::parse_column("devices", "device_id", &id, &id)?
        }
        None => which.parse().map_err(|_| unknown())?,
    };
    find(tx, device_id).await?.ok_or_else(unknown)
}

/// Devices after this number with their last contact, in the order of their numbers.
pub async fn list(tx: &mut Tx, after: i64, limit: u32) -> Result<Vec<DeviceStatus>, StoreError> {
    let sql = format!(
        "SELECT {DEVICE}, {CONTACT} FROM devices d JOIN people p ON p.person_id = d.person_id \
        WHERE d.number > $1 ORDER BY d.number LIMIT $2"
    );
    let limit = i64::from(limit);
    let rows: Vec<StatusRow> = assembled(sql).bind(after).bind(limit).rows(tx).await?;
    rows.into_iter().map(DeviceStatus::try_from).collect()
}

/// The devices of one person, revoked ones too.
pub async fn list_of_person(tx: &mut Tx, person_id: PersonId) -> Result<Vec<KnownDevice>, StoreError> {
    let sql = format!("SELECT {DEVICE} FROM devices d WHERE d.person_id = $1 ORDER BY d.number");
    let id = person_id.to_string();
    let rows: Vec<DeviceRow> = assembled(sql).bind(id).rows(tx).await?;
    rows.into_iter().map(KnownDevice::try_from).collect()
}

/// Whether a device has this key.
pub(super) async fn is_key_known(tx: &mut Tx, key: &PublicKey) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT CAST(count(*) AS BIGINT) FROM devices WHERE public_key = $1";
    let key = key.as_bytes();
    let count: i64 = statement(SQL).bind(key).value(tx).await?;
    Ok(count > 0)
}

/// Adds a device. Takes the counter `device`.
pub(super) async fn insert(tx: &mut Tx, new: &NewDevice, now: Timestamp) -> Result<KnownDevice, StoreError> {
    const SQL: &str = "INSERT INTO devices (device_id, number, person_id, label, algorithm, public_key, \
        enrolled_at_ms, version, app_version) VALUES ($1, $2, $3, $4, $8, $5, $6, 1, $7)";
    let number = next_number(tx, Counter("device")).await?;
    statement(SQL)
        .bind(new.device_id.to_string())
        .bind(number)
        .bind(new.person_id.to_string())
        .bind(&new.label)
        .bind(new.key.as_bytes())
        .bind(now.unix_ms())
        .bind(&new.app_version)
        .bind(match new.key.algorithm() {
            Algorithm::EdDsa => "ed25519",
            Algorithm::Es256 => "es256",
        })
        .execute(tx)
        .await?;
    find(tx, new.device_id)
        .await?
        .ok_or_else(|| StoreError::impossible("devices", "device_id", new.device_id))
}

/// Gives a device another label.
pub async fn rename(
    tx: &mut Tx,
    device_id: DeviceId,
    label: &str,
    by: Option<PersonId>,
    now: Timestamp,
) -> Result<(), DeviceError> {
    const SQL: &str = "UPDATE devices SET label = $2, version = version + 1 WHERE device_id = $1";
    let label = check_text("label", label)?;
    let id = device_id.to_string();
    let before = find(tx, device_id).await?.ok_or_else(|| DeviceError::Unknown { which: id.clone() })?;
    statement(SQL).bind(id).bind(&label).execute(tx).await?;
    crate::work_orders::refresh_colleague(tx, device_id).await?;
    let entry = NewEntry::new(EntryKind::DEVICE_RENAMED, now).by(by).device(device_id);
    let entry = entry.detail(Detail::new().with("from", before.label).with("to", label));
    audit::append(tx, &entry).await?;
    Ok(())
}

/// Keeps what a device said about itself at this contact.
pub async fn record_contact(
    tx: &mut Tx,
    device_id: DeviceId,
    contact: &Contact,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE devices SET last_seen_at_ms = $2, app_version = $3, outbox_envelopes = $4, \
        outbox_photos = $5, outbox_bytes = $6, disk_free_bytes = $7, clock_offset_ms = $8 WHERE device_id = $1";
    statement(SQL)
        .bind(device_id.to_string())
        .bind(now.unix_ms())
        .bind(&contact.app_version)
        .bind(contact.outbox_envelopes)
        .bind(contact.outbox_photos)
        .bind(contact.outbox_bytes)
        .bind(contact.disk_free_bytes)
        .bind(contact.clock_offset_ms)
        .execute(tx)
        .await?;
    super::history::record_day(tx, device_id, contact, now).await
}

/// So many envelopes of a request were not taken: the device holds them still.
pub async fn note_kept_back(tx: &mut Tx, device_id: DeviceId, envelopes: usize) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE devices SET outbox_envelopes = outbox_envelopes + $2 WHERE device_id = $1";
    let count = i64::try_from(envelopes).unwrap_or(i64::MAX);
    statement(SQL).bind(device_id.to_string()).bind(count).execute(tx).await?;
    Ok(())
}

/// A photo of the device is here whole: it has one less to send.
pub async fn note_photo_arrived(tx: &mut Tx, device_id: DeviceId, size_bytes: u64) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE devices SET outbox_photos = outbox_photos - 1, \
        outbox_bytes = CASE WHEN outbox_bytes > $2 THEN outbox_bytes - $2 ELSE 0 END \
        WHERE device_id = $1 AND outbox_photos > 0";
    let size = i64::try_from(size_bytes).unwrap_or(i64::MAX);
    statement(SQL).bind(device_id.to_string()).bind(size).execute(tx).await?;
    Ok(())
}
