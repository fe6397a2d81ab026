//! What becomes of a device after its enrolment: suspended and resumed, revoked, told to forget everything.
//!
//! Invariants: every act takes effect with the device's next request, since its row is read on each; every act is in
//! the server log, and its reason beside it (the log cannot be erased). A suspension takes nothing: what the device
//! holds waits on it. A wipe is a request that the device obeys after it has handed over what it holds (to escrow,
//! since a wipe revokes first); it can be withdrawn until the device confirms, the revocation cannot.

use super::model::{DeviceError, KnownDevice, check_text};
use super::sql;
use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::exchange::unseen;
use crate::store::{StoreError, Tx, statement};
use sync_core::ids::{DeviceId, PersonId};
use sync_core::time::Timestamp;

/// Who does something to a device, and when.
#[derive(Debug, Clone, Copy)]
pub struct By {
    /// The administrator; nobody: on the server's terminal.
    pub person: Option<PersonId>,
    /// When.
    pub at: Timestamp,
}

impl By {
    /// An act on the server's terminal.
    pub fn terminal(at: Timestamp) -> Self {
        Self { person: None, at }
    }

    fn entry(self, kind: EntryKind, device: DeviceId) -> NewEntry<'static> {
        NewEntry::new(kind, self.at).by(self.person).device(device)
    }
}

async fn known(tx: &mut Tx, device: DeviceId) -> Result<KnownDevice, DeviceError> {
    sql::find(tx, device).await?.ok_or_else(|| DeviceError::Unknown { which: device.to_string() })
}

/// Takes a device's access away, effective with its next request. Repeating it keeps the first time and reason.
pub async fn revoke(tx: &mut Tx, device: DeviceId, reason: &str, by: By) -> Result<(), DeviceError> {
    const REVOKE: &str = "UPDATE devices SET revoked_at_ms = $2, revoked_by = $3, revoked_reason = $4, \
        version = version + 1 WHERE device_id = $1 AND revoked_at_ms IS NULL";
    const LOCATE: &str = "UPDATE devices SET revoked_log_index = $2 WHERE device_id = $1";
    let reason = check_text("reason", reason)?;
    if !change(tx, REVOKE, device, by, &reason).await? {
        return known(tx, device).await.map(drop);
    }
    let detail = Detail::new().with("effective_from_ms", by.at.unix_ms().to_string());
    let entry = by.entry(EntryKind::DEVICE_REVOKED, device).detail(detail);
    let log_index = note(tx, &entry, device, Some(&reason)).await?;
    let id = device.to_string();
    statement(LOCATE).bind(id).bind(log_index).execute(tx).await?;
    Ok(())
}

/// Refuses a device from its next request on until it is resumed; what it holds waits on it. Repeating it keeps the
/// first time and reason.
pub async fn suspend(tx: &mut Tx, device: DeviceId, reason: &str, by: By) -> Result<(), DeviceError> {
    const SQL: &str = "UPDATE devices SET suspended_at_ms = $2, suspended_by = $3, suspended_reason = $4, \
        version = version + 1 WHERE device_id = $1 AND suspended_at_ms IS NULL AND revoked_at_ms IS NULL";
    let reason = check_text("reason", reason)?;
    if change(tx, SQL, device, by, &reason).await? {
        note(tx, &by.entry(EntryKind::DEVICE_SUSPENDED, device), device, Some(&reason)).await?;
        return Ok(());
    }
    match known(tx, device).await?.revoked {
        Some(_) => Err(DeviceError::Revoked),
        None => Ok(()),
    }
}

/// Ends a suspension. Without one it changes nothing.
pub async fn resume(tx: &mut Tx, device: DeviceId, reason: &str, by: By) -> Result<(), DeviceError> {
    const SQL: &str = "UPDATE devices SET suspended_at_ms = NULL, suspended_by = NULL, suspended_reason = NULL, \
        version = version + 1 WHERE device_id = $1 AND suspended_at_ms IS NOT NULL";
    let reason = check_text("reason", reason)?;
    if !touch(tx, SQL, device).await? {
        return known(tx, device).await.map(drop);
    }
    note(tx, &by.entry(EntryKind::DEVICE_RESUMED, device), device, Some(&reason)).await?;
    Ok(())
}

/// Orders that a device forgets everything, and revokes it: it hears of the order at its next contact, hands over what
/// it holds, and obeys. Repeating it keeps the first time and reason.
pub async fn order_wipe(tx: &mut Tx, device: DeviceId, reason: &str, by: By) -> Result<(), DeviceError> {
    const SQL: &str = "UPDATE devices SET wipe_asked_at_ms = $2, wipe_asked_by = $3, wipe_reason = $4, \
        version = version + 1 WHERE device_id = $1 AND wipe_asked_at_ms IS NULL AND wiped_at_ms IS NULL";
    let reason = check_text("reason", reason)?;
    revoke(tx, device, &reason, by).await?;
    if change(tx, SQL, device, by, &reason).await? {
        note(tx, &by.entry(EntryKind::DEVICE_WIPE_ORDERED, device), device, Some(&reason)).await?;
    }
    Ok(())
}

/// Takes the order back. The device stays revoked.
///
/// # Errors
/// [`DeviceError::Wiped`] when the device has obeyed.
pub async fn withdraw_wipe(tx: &mut Tx, device: DeviceId, reason: &str, by: By) -> Result<(), DeviceError> {
    const SQL: &str = "UPDATE devices SET wipe_asked_at_ms = NULL, wipe_asked_by = NULL, wipe_reason = NULL, \
        wipe_told_at_ms = NULL, version = version + 1 \
        WHERE device_id = $1 AND wipe_asked_at_ms IS NOT NULL AND wiped_at_ms IS NULL";
    let reason = check_text("reason", reason)?;
    if touch(tx, SQL, device).await? {
        note(tx, &by.entry(EntryKind::DEVICE_WIPE_WITHDRAWN, device), device, Some(&reason)).await?;
        return Ok(());
    }
    match known(tx, device).await?.wiped {
        Some(_) => Err(DeviceError::Wiped),
        None => Ok(()),
    }
}

/// The device hears now that it must forget everything; the first time stays.
pub async fn note_wipe_told(tx: &mut Tx, device: DeviceId, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str =
        "UPDATE devices SET wipe_told_at_ms = $2 WHERE device_id = $1 AND wipe_told_at_ms IS NULL";
    statement(SQL).bind(device.to_string()).bind(now.unix_ms()).execute(tx).await?;
    Ok(())
}

/// The device says that it has forgotten everything, `claimed_at` by its own clock: no visit waits for it any more.
///
/// Taken from a revoked device only, and also when the order was withdrawn meanwhile: what is gone is gone.
pub async fn confirm_wipe(
    tx: &mut Tx,
    device: DeviceId,
    claimed_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE devices SET wiped_at_ms = $2, wiped_claimed_at_ms = $3 \
        WHERE device_id = $1 AND wiped_at_ms IS NULL AND revoked_at_ms IS NOT NULL";
    let confirmed = statement(SQL)
        .bind(device.to_string())
        .bind(now.unix_ms())
        .bind(claimed_at.unix_ms())
        .execute(tx)
        .await?;
    if confirmed == 0 {
        return Ok(());
    }
    unseen::settle_all(tx, device, now).await?;
    let detail = Detail::new().with("claimed_at_ms", claimed_at.unix_ms().to_string());
    let entry = NewEntry::new(EntryKind::DEVICE_WIPED, now).device(device).detail(detail);
    audit::append(tx, &entry).await.map(drop)
}

/// Writes an act into the server log and, when it has one, the reason beside it.
pub async fn note(
    tx: &mut Tx,
    entry: &NewEntry<'_>,
    device: DeviceId,
    reason: Option<&str>,
) -> Result<i64, StoreError> {
    const SQL: &str = "INSERT INTO device_reasons (log_index, device_id, reason) VALUES ($1, $2, $3)";
    let log_index = audit::append(tx, &entry.clone().because(reason)).await?;
    if let Some(reason) = reason {
        statement(SQL).bind(log_index).bind(device.to_string()).bind(reason).execute(tx).await?;
    }
    Ok(log_index)
}

/// Runs an update that takes device, time, person and reason. Returns whether it changed anything.
async fn change(
    tx: &mut Tx,
    sql: &'static str,
    device: DeviceId,
    by: By,
    reason: &str,
) -> Result<bool, StoreError> {
    let changed = statement(sql)
        .bind(device.to_string())
        .bind(by.at.unix_ms())
        .bind(by.person.map(String::from))
        .bind(reason)
        .execute(tx)
        .await?;
    Ok(changed > 0)
}

async fn touch(tx: &mut Tx, sql: &'static str, device: DeviceId) -> Result<bool, StoreError> {
    let changed = statement(sql).bind(device.to_string()).execute(tx).await?;
    Ok(changed > 0)
}
