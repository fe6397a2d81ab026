//! What happened to a device: acts from the server log with their reasons, and the days on which it reported.

use super::model::Contact;
use crate::audit;
use crate::complaints::office_day_start;
use crate::store::{StoreError, Tx, statement};
use sqlx_macros::FromRow;
use sync_core::ids::{DeviceId, PersonId};
use sync_core::time::Timestamp;

pub(super) const DAY_MS: i64 = 24 * 3_600_000;

/// An act about a device.
#[derive(Debug, Clone)]
pub struct DeviceAct {
    /// Its position in the server log.
    pub log_index: i64,
    /// What was done: a stable word such as `device.suspended`.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// Who did it; nobody: the device itself, the installation, or somebody on the server's terminal.
    pub by: Option<PersonId>,
    /// Why, where a reason was asked for.
    pub reason: Option<String>,
}

/// What a device reported on one day.
#[derive(Debug, Clone)]
pub struct ContactDay {
    /// The day of the office's calendar, counted on.
    pub day: i64,
    /// Its first contact of the day.
    pub first_at: Timestamp,
    /// Its last contact of the day.
    pub last_at: Timestamp,
    /// How many there were.
    pub contacts: i64,
    /// Version of the client, at the last contact.
    pub app_version: String,
    /// Envelopes it had not sent then.
    pub outbox_envelopes: i64,
    /// Photos it had not sent then.
    pub outbox_photos: i64,
    /// Its clock minus ours then.
    pub clock_offset_ms: i64,
}

impl ContactDay {
    /// Whether its clock was so far off that it is worth a word.
    pub fn clock_is_off(&self) -> bool {
        self.clock_offset_ms.saturating_abs() > CLOCK_TOLERANCE_MS
    }
}

/// A clock further off than this is worth a word.
pub(super) const CLOCK_TOLERANCE_MS: i64 = 120_000;

#[derive(FromRow)]
struct ContactRow {
    day: i64,
    first_at_ms: i64,
    last_at_ms: i64,
    contacts: i64,
    app_version: String,
    outbox_envelopes: i64,
    outbox_photos: i64,
    clock_offset_ms: i64,
}

impl From<ContactRow> for ContactDay {
    fn from(row: ContactRow) -> Self {
        Self {
            day: row.day,
            first_at: Timestamp::from_unix_ms(row.first_at_ms),
            last_at: Timestamp::from_unix_ms(row.last_at_ms),
            contacts: row.contacts,
            app_version: row.app_version,
            outbox_envelopes: row.outbox_envelopes,
            outbox_photos: row.outbox_photos,
            clock_offset_ms: row.clock_offset_ms,
        }
    }
}

/// Acts about a device before this position of the server log, newest first.
pub async fn acts(
    tx: &mut Tx,
    device: DeviceId,
    before: i64,
    limit: u32,
) -> Result<Vec<DeviceAct>, StoreError> {
    let entries = audit::list_of_device(tx, device, before, limit).await?;
    let (Some(newest), Some(oldest)) = (entries.first(), entries.last()) else { return Ok(Vec::new()) };
    let reasons = reasons(tx, device, oldest.log_index, newest.log_index).await?;
    let act = |entry: audit::Entry| {
        let by = entry.person_id.as_deref();
        let key = entry.log_index.to_string();
        let parse = |id: &str| StoreError::parse_column("server_log", "person_id", &key, id);
        Ok(DeviceAct {
            log_index: entry.log_index,
            at: Timestamp::from_unix_ms(entry.at_ms),
            by: by.map(parse).transpose()?,
            reason: reasons.iter().find(|(index, _)| *index == entry.log_index).map(|(_, why)| why.clone()),
            kind: entry.kind,
        })
    };
    entries.into_iter().map(act).collect()
}

async fn reasons(
    tx: &mut Tx,
    device: DeviceId,
    first: i64,
    last: i64,
) -> Result<Vec<(i64, String)>, StoreError> {
    const SQL: &str = "SELECT log_index, reason FROM device_reasons \
        WHERE log_index BETWEEN $2 AND $3 AND device_id = $1";
    statement(SQL).bind(device.to_string()).bind(first).bind(last).rows(tx).await
}

/// Days before this one on which the device reported, newest first.
pub async fn contact_days(
    tx: &mut Tx,
    device: DeviceId,
    before: i64,
    limit: u32,
) -> Result<Vec<ContactDay>, StoreError> {
    const SQL: &str = "SELECT day, first_at_ms, last_at_ms, contacts, app_version, outbox_envelopes, \
        outbox_photos, clock_offset_ms FROM device_contacts WHERE device_id = $1 AND day < $2 \
        ORDER BY day DESC LIMIT $3";
    let rows: Vec<ContactRow> =
        statement(SQL).bind(device.to_string()).bind(before).bind(i64::from(limit)).rows(tx).await?;
    Ok(rows.into_iter().map(ContactDay::from).collect())
}

/// Counts a contact on its day.
pub(super) async fn record_day(
    tx: &mut Tx,
    device: DeviceId,
    contact: &Contact,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO device_contacts (device_id, day, first_at_ms, last_at_ms, contacts, \
        app_version, outbox_envelopes, outbox_photos, clock_offset_ms) VALUES ($1, $2, $3, $3, 1, $4, $5, $6, $7) \
        ON CONFLICT (device_id, day) DO UPDATE SET last_at_ms = excluded.last_at_ms, \
        contacts = device_contacts.contacts + 1, app_version = excluded.app_version, \
        outbox_envelopes = excluded.outbox_envelopes, outbox_photos = excluded.outbox_photos, \
        clock_offset_ms = excluded.clock_offset_ms";
    statement(SQL)
        .bind(device.to_string())
        .bind(office_day_start(now).unix_ms().div_euclid(DAY_MS))
        .bind(now.unix_ms())
        .bind(&contact.app_version)
        .bind(contact.outbox_envelopes)
        .bind(contact.outbox_photos)
        .bind(contact.clock_offset_ms)
        .execute(tx)
        .await?;
    Ok(())
}
