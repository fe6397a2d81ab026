//! Enrolling a device: a code or secret and the proof of a key for an identity.

use super::code::TypedCode;
use super::invitations::{self, StoredInvitation};
use super::model::KnownDevice;
use super::sql::{self, NewDevice};
use crate::app::App;
use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::exchange;
use crate::people::{self, Limit, Person};
use crate::problem::{self, Problem};
use crate::store::{StoreError, Tx};
use crate::work_orders;
use std::net::IpAddr;
use sync_core::ids::{DeviceId, EnvelopeHash};
use sync_core::log::{PublicKey, fingerprint};
use sync_core::protocol::{EnrolmentAnswer, EnrolmentRequest, enrolment_proof_input};
use sync_core::time::Timestamp;

/// Why an enrolment is refused.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// Unknown, used by another device, too old, or tried too often: whoever guesses learns nothing.
    #[error("no such invitation")]
    Invitation,
    /// Key or signature cannot be used.
    #[error("the device did not prove that it holds its key")]
    Proof,
    /// The device holds acts of another person than the one who is invited. The invitation stays good.
    #[error("the invitation is for somebody else")]
    OtherPerson,
    /// The key is that of a device.
    #[error("the key belongs to a device already")]
    KeyInUse,
    /// Too many wrong codes came from one address.
    #[error("too many wrong codes")]
    TooManyTries {
        /// When to try again.
        left_ms: i64,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<EnrolError> for Problem {
    fn from(error: EnrolError) -> Self {
        match error {
            EnrolError::Invitation => Self::new(&problem::INVITATION_INVALID),
            EnrolError::Proof => Self::new(&problem::PROOF_INVALID),
            EnrolError::OtherPerson => Self::new(&problem::INVITATION_OF_ANOTHER),
            EnrolError::KeyInUse => Self::new(&problem::KEY_IN_USE),
            EnrolError::TooManyTries { left_ms } => {
                let seconds = u32::try_from(left_ms / 1000).unwrap_or(3600) + 1;
                Self::new(&problem::TOO_MANY_REQUESTS).retry_after(seconds..seconds + 10)
            }
            EnrolError::Store(source) => source.into(),
        }
    }
}

/// Enrols a device. Repeating it with the same code and key gives the same identity: the answer may have been lost. A
/// device that a restored server does not know any more comes back under the identity and key that it had, so that
/// everything it keeps of its log is taken as what it was.
pub async fn enrol(
    app: &App,
    request: &EnrolmentRequest,
    address: IpAddr,
) -> Result<EnrolmentAnswer, EnrolError> {
    let key = proven_key(request).ok_or(EnrolError::Proof)?;
    let now = app.clock.now();
    let subject = format!("codes from {address}");
    let mut tx = app.store.write().await?;
    if let Some(left_ms) = people::is_exhausted(&mut tx, &subject, Limit::CODES_FROM_ADDRESS, now).await? {
        return Err(EnrolError::TooManyTries { left_ms });
    }
    let Some(invitation) = redeem(&mut tx, request, now).await? else {
        people::count_failure(&mut tx, &subject, Limit::CODES_FROM_ADDRESS, now).await?;
        tx.commit().await?;
        return Err(EnrolError::Invitation);
    };
    if request.person_id.is_some_and(|person| person != invitation.person_id) {
        return Err(EnrolError::OtherPerson);
    }
    let person = people::find(&mut tx, invitation.person_id).await?;
    let person = person.filter(|person| person.disabled_at.is_none()).ok_or(EnrolError::Invitation)?;
    let device = match invitation.device_id {
        Some(device_id) => same_device(&mut tx, device_id, &key).await?,
        None => enter(&mut tx, app, request, &invitation, key).await?,
    };
    let taken_up = exchange::taken_up_of(&mut tx, person.person_id).await?;
    tx.commit().await?;
    Ok(answer(app, &device, &person, taken_up))
}

/// The key, if the request proves that its maker holds it.
fn proven_key(request: &EnrolmentRequest) -> Option<PublicKey> {
    let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).ok();
    let key = PublicKey::from_bytes(&hex(&request.public_key)?).ok()?;
    let proof = hex(&request.proof)?.try_into().ok()?;
    key.verifies(&enrolment_proof_input(&request.code, &key), &proof).then_some(key)
}

/// The living invitation that the code or secret opens. A wrong code costs the invitation a try.
async fn redeem(
    tx: &mut Tx,
    request: &EnrolmentRequest,
    now: Timestamp,
) -> Result<Option<StoredInvitation>, StoreError> {
    let found = match TypedCode::parse(&request.code) {
        Some(code) => {
            let found = invitations::find_by_handle(tx, code.handle()).await?;
            let found = found.filter(|invitation| invitation.tries_left > 0);
            if let Some(invitation) = &found
                && invitation.code_sha256 != code.sha256()
            {
                invitations::take_try(tx, &invitation.invitation_id).await?;
                return Ok(None);
            }
            found
        }
        None => invitations::find_by_secret(tx, request.code.trim()).await?,
    };
    Ok(found.filter(|invitation| invitation.expires_at > now))
}

/// The device that used this invitation before, if it is the one that asks.
async fn same_device(tx: &mut Tx, device_id: DeviceId, key: &PublicKey) -> Result<KnownDevice, EnrolError> {
    let device = sql::find(tx, device_id).await?;
    device.filter(|device| device.key == *key && device.revoked.is_none()).ok_or(EnrolError::Invitation)
}

/// A device that was here before a restore comes back under its identity; every other one gets a new identity.
async fn enter(
    tx: &mut Tx,
    app: &App,
    request: &EnrolmentRequest,
    invitation: &StoredInvitation,
    key: PublicKey,
) -> Result<KnownDevice, EnrolError> {
    let Some(device_id) = lost_identity(tx, app, request).await? else {
        let device_id = DeviceId::from_entropy(app.clock.now(), app.entropy.bytes());
        return new_device(tx, app, request, invitation, (device_id, key)).await;
    };
    match sql::find(tx, device_id).await? {
        None => new_device(tx, app, request, invitation, (device_id, key)).await,
        // It is known after all: a newer backup was restored meanwhile.
        Some(known) if known.person_id != invitation.person_id => Err(EnrolError::OtherPerson),
        Some(_) => {
            let device = same_device(tx, device_id, &key).await.map_err(|_| EnrolError::KeyInUse)?;
            let used_up = invitations::use_up(tx, &invitation.invitation_id, device_id).await?;
            used_up.then_some(device).ok_or(EnrolError::Invitation)
        }
    }
}

/// The identity of which the device says that it had it on this server. The identities of the office log are no
/// device's.
async fn lost_identity(
    tx: &mut Tx,
    app: &App,
    request: &EnrolmentRequest,
) -> Result<Option<DeviceId>, StoreError> {
    let here = request.earlier.filter(|earlier| earlier.server_id == app.installation.server_id);
    let Some(earlier) = here else { return Ok(None) };
    let is_office = exchange::is_office_log(tx, app.installation.server_id, earlier.device_id).await?;
    Ok((!is_office).then_some(earlier.device_id))
}

async fn new_device(
    tx: &mut Tx,
    app: &App,
    request: &EnrolmentRequest,
    invitation: &StoredInvitation,
    (device_id, key): (DeviceId, PublicKey),
) -> Result<KnownDevice, EnrolError> {
    let now = app.clock.now();
    if sql::is_key_known(tx, &key).await? {
        return Err(EnrolError::KeyInUse);
    }
    let new = NewDevice {
        device_id,
        person_id: invitation.person_id,
        label: label(&invitation.label, &request.label),
        key,
        app_version: request.app_version.chars().filter(|c| !c.is_control()).take(40).collect(),
    };
    let device = sql::insert(tx, &new, now).await?;
    if !invitations::use_up(tx, &invitation.invitation_id, device_id).await? {
        return Err(EnrolError::Invitation);
    }
    work_orders::refresh_colleague(tx, device_id).await?;
    let detail = Detail::new().with("person", invitation.person_id).with("key", fingerprint(&key));
    let came_back = request.earlier.is_some_and(|earlier| earlier.device_id == device_id);
    let detail = if came_back { detail.with("came_back", "true") } else { detail };
    let entry = NewEntry::new(EntryKind::DEVICE_ENROLLED, now).device(device_id).detail(detail);
    audit::append(tx, &entry).await?;
    Ok(device)
}

/// The administrator's word first, then the device's own, cut to what fits.
fn label(invited: &str, own: &str) -> String {
    let own: String = own.trim().chars().filter(|c| !c.is_control()).take(80).collect();
    match (invited, own.as_str()) {
        ("", "") => "?".to_owned(),
        ("", _) => own,
        _ => invited.to_owned(),
    }
}

fn answer(app: &App, device: &KnownDevice, person: &Person, taken_up: Vec<EnvelopeHash>) -> EnrolmentAnswer {
    EnrolmentAnswer {
        device_id: device.device_id,
        device_name: device.name(),
        server_id: app.installation.server_id,
        epoch: u64::try_from(app.installation.epoch).unwrap_or(1),
        office_key: data_encoding::HEXLOWER.encode(app.keys.office_log.public().as_bytes()),
        server_time_ms: app.clock.now().unix_ms(),
        person_id: person.person_id,
        person_name: person.display_name.clone(),
        staff_no: person.staff_number.clone(),
        taken_up,
    }
}
