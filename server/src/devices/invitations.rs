//! Inviting a device for a named person.

use super::code::{TypedCode, generate_secret, hash};
use super::model::DeviceError;
use crate::app::App;
use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::people;
use crate::store::{StoreError, Tx, statement};
use sync_core::ids::{DeviceId, PersonId};
use sync_core::time::Timestamp;

/// Wrong codes that one invitation bears.
const TRIES: i64 = 5;

/// An invitation as it is shown, once.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// For link and QR: 128 bits.
    pub secret: String,
    /// The link with the secret behind `#`, which no server ever sees in an address.
    pub link: String,
    /// For typing.
    pub code: String,
    /// When both end.
    pub expires_at: Timestamp,
    /// Name of the person it is for.
    pub person_name: String,
}

/// What is stored of an invitation.
pub(super) struct StoredInvitation {
    pub(super) invitation_id: String,
    pub(super) person_id: PersonId,
    pub(super) label: String,
    pub(super) code_sha256: String,
    pub(super) tries_left: i64,
    pub(super) expires_at: Timestamp,
    pub(super) device_id: Option<DeviceId>,
}

/// Invites a device for this person. `label` may be empty: then the device names itself.
pub async fn invite(
    app: &App,
    person_id: PersonId,
    label: &str,
    by: Option<PersonId>,
) -> Result<Invitation, DeviceError> {
    const SQL: &str = "INSERT INTO device_invitations (invitation_id, person_id, label, secret_sha256, \
        code_handle, code_sha256, tries_left, created_at_ms, created_by, expires_at_ms) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let label =
        if label.trim().is_empty() { String::new() } else { super::model::check_text("label", label)? };
    let now = app.clock.now();
    let expires_at = now.plus_ms(i64::from(app.config.auth.invitation_minutes) * 60_000);
    let (secret, id) =
        (generate_secret(&app.entropy), data_encoding::HEXLOWER.encode(&app.entropy.bytes::<16>()));
    let mut tx = app.store.write().await?;
    let person = people::find(&mut tx, person_id).await?;
    let person = person.filter(|person| person.disabled_at.is_none());
    let person = person.ok_or(DeviceError::UnknownPerson { person_id })?;
    forget_old(&mut tx, now).await?;
    let code = unused_code(&mut tx, app).await?;
    statement(SQL)
        .bind(&id)
        .bind(person_id.to_string())
        .bind(label)
        .bind(hash(&secret))
        .bind(code.handle())
        .bind(code.sha256())
        .bind(TRIES)
        .bind(now.unix_ms())
        .bind(by.map(String::from))
        .bind(expires_at.unix_ms())
        .execute(&mut tx)
        .await?;
    let detail = Detail::new().with("person", person_id).with("invitation", id);
    audit::append(&mut tx, &NewEntry::new(EntryKind::DEVICE_INVITED, now).by(by).detail(detail)).await?;
    tx.commit().await?;
    let link = format!("{}/enrol#{secret}", app.config.server.public_url());
    Ok(Invitation { secret, link, code: code.grouped(), expires_at, person_name: person.display_name })
}

/// A code whose first characters no living invitation has.
async fn unused_code(tx: &mut Tx, app: &App) -> Result<TypedCode, StoreError> {
    loop {
        let code = TypedCode::generate(&app.entropy);
        if find_by_handle(tx, code.handle()).await?.is_none() {
            return Ok(code);
        }
    }
}

/// Invitations that ended a day ago are of no use to anybody.
async fn forget_old(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM device_invitations WHERE expires_at_ms < $1";
    let before_ms = now.plus_ms(-24 * 3_600_000).unix_ms();
    statement(SQL).bind(before_ms).execute(tx).await?;
    Ok(())
}

pub(super) async fn find_by_secret(
    tx: &mut Tx,
    secret: &str,
) -> Result<Option<StoredInvitation>, StoreError> {
    const SQL: &str = "SELECT invitation_id, person_id, label, code_sha256, tries_left, expires_at_ms, device_id \
        FROM device_invitations WHERE secret_sha256 = $1";
    find(tx, SQL, hash(secret)).await
}

pub(super) async fn find_by_handle(
    tx: &mut Tx,
    handle: &str,
) -> Result<Option<StoredInvitation>, StoreError> {
    const SQL: &str = "SELECT invitation_id, person_id, label, code_sha256, tries_left, expires_at_ms, device_id \
        FROM device_invitations WHERE code_handle = $1";
    find(tx, SQL, handle.to_owned()).await
}

async fn find(tx: &mut Tx, sql: &'static str, key: String) -> Result<Option<StoredInvitation>, StoreError> {
    type Row = (String, String, String, String, i64, i64, Option<String>);
    let row: Option<Row> = statement(sql).bind(key).row_if_any(tx).await?;
    let Some((id, person, label, code_sha256, tries_left, expires_ms, device)) = row else { return Ok(None) };
    let parse_device =
        |device: &String| StoreError::parse_column("device_invitations", "device_id", &id, device);
    Ok(Some(StoredInvitation {
        person_id: StoreError::parse_column("device_invitations", "person_id", &id, &person)?,
        device_id: device.as_ref().map(parse_device).transpose()?,
        invitation_id: id,
        label,
        code_sha256,
        tries_left,
        expires_at: Timestamp::from_unix_ms(expires_ms),
    }))
}

/// A wrong code was typed.
pub(super) async fn take_try(tx: &mut Tx, invitation_id: &str) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE device_invitations SET tries_left = tries_left - 1 WHERE invitation_id = $1";
    statement(SQL).bind(invitation_id).execute(tx).await?;
    Ok(())
}

/// Whether this device is the one that used the invitation: the first one wins.
pub(super) async fn use_up(
    tx: &mut Tx,
    invitation_id: &str,
    device_id: DeviceId,
) -> Result<bool, StoreError> {
    const SQL: &str =
        "UPDATE device_invitations SET device_id = $2 WHERE invitation_id = $1 AND device_id IS NULL";
    let device_id = device_id.to_string();
    let changed = statement(SQL).bind(invitation_id).bind(device_id).execute(tx).await?;
    Ok(changed == 1)
}
