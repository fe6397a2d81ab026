//! Devices as administrators manage them, and the enrolment of devices themselves.

use super::invitations::Invitation;
use super::model::{DeviceError, DeviceStatus};
use super::{enrol, invite, sql};
use crate::app::App;
use crate::auth::{AdminAuth, ClientAddress, OfficeAuth};
use crate::people::Role;
use crate::problem::Problem;
use crate::routing::routes;
use crate::wire::{Body, Page, PageQuery};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sync_core::ids::{DeviceId, PersonId};
use sync_core::log::fingerprint;
use sync_core::protocol::{EnrolmentAnswer, EnrolmentRequest};
use sync_core::time::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// Routes of this capability.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_invitation))
        .routes(routes!(list_devices))
        .routes(routes!(read_device))
        .routes(routes!(replace_label))
        .merge(super::life_api::routes())
}

/// Routes for devices that have no identity yet.
pub(crate) fn enrolment_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create_enrolment))
}

/// Whom a device is invited for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InviteDevice {
    #[schema(value_type = String, format = "uuid")]
    person_id: PersonId,
    /// What people shall call the device; empty: it names itself.
    #[serde(default)]
    #[schema(max_length = 80)]
    label: String,
}

/// An invitation, shown once.
#[derive(Serialize, ToSchema)]
struct InvitationAnswer {
    /// For a QR: the secret is behind `#`.
    link: String,
    /// For typing.
    code: String,
    /// When both end, Unix milliseconds.
    expires_at_ms: i64,
    /// Name of the person it is for.
    person_name: String,
}

impl From<Invitation> for InvitationAnswer {
    fn from(invitation: Invitation) -> Self {
        Self {
            link: invitation.link,
            code: invitation.code,
            expires_at_ms: invitation.expires_at.unix_ms(),
            person_name: invitation.person_name,
        }
    }
}

/// Invites a device for a person: good for minutes, once.
#[utoipa::path(post, path = "/v1/device-invitations", tag = "devices", request_body = InviteDevice, security(("session" = ["administrator"])),
    responses((status = CREATED, body = InvitationAnswer), (status = NOT_FOUND, description = "person-unknown"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_invitation(
    State(app): State<App>,
    admin: AdminAuth,
    Body(body): Body<InviteDevice>,
) -> Result<(StatusCode, Json<InvitationAnswer>), Problem> {
    let invitation = invite(&app, body.person_id, &body.label, admin.actor()).await?;
    Ok((StatusCode::CREATED, Json(invitation.into())))
}

/// A device as the office sees it.
#[derive(Serialize, ToSchema)]
struct DeviceAnswer {
    #[schema(value_type = String, format = "uuid")]
    device_id: DeviceId,
    /// Short name: dev-07.
    name: String,
    label: String,
    #[schema(value_type = String, format = "uuid")]
    person_id: PersonId,
    person_name: String,
    /// To be compared with what the device shows.
    key_fingerprint: String,
    enrolled_at_ms: i64,
    revocation: Option<RevocationAnswer>,
    suspension: Option<SuspensionAnswer>,
    /// Since when its person has no access, which refuses the device, too; null: the person has access.
    person_disabled_at_ms: Option<i64>,
    /// False: its person has lost the role technician, which refuses the device, too.
    person_is_technician: bool,
    /// Since when nothing of its log enters a record: two different histories were signed with its key, since its store
    /// was copied and both copies were used. Null: its log is sound.
    forked_at_ms: Option<i64>,
    wipe: Option<WipeAnswer>,
    /// What the device said last; null: never seen since its enrolment.
    last_contact: Option<ContactAnswer>,
}

/// How a device lost its access.
#[derive(Serialize, ToSchema)]
struct RevocationAnswer {
    at_ms: i64,
    /// Null: on the server's terminal.
    #[schema(value_type = Option<String>, format = "uuid")]
    by: Option<PersonId>,
    reason: String,
    /// Position in the server log.
    log_index: i64,
}

/// How a device was suspended.
#[derive(Serialize, ToSchema)]
struct SuspensionAnswer {
    at_ms: i64,
    /// Null: on the server's terminal.
    #[schema(value_type = Option<String>, format = "uuid")]
    by: Option<PersonId>,
    reason: String,
}

/// An order that a device forgets everything.
#[derive(Serialize, ToSchema)]
struct WipeAnswer {
    asked_at_ms: i64,
    /// Null: on the server's terminal.
    #[schema(value_type = Option<String>, format = "uuid")]
    by: Option<PersonId>,
    reason: String,
    /// When the device heard of it; null: not yet.
    told_at_ms: Option<i64>,
    /// When the device confirmed that everything is gone; null: not yet.
    confirmed_at_ms: Option<i64>,
}

/// What a device said about itself.
#[derive(Serialize, ToSchema)]
struct ContactAnswer {
    at_ms: i64,
    app_version: String,
    /// Envelopes not sent yet.
    outbox_envelopes: i64,
    /// Photos not sent yet.
    outbox_photos: i64,
    /// Bytes of those photos.
    outbox_bytes: i64,
    disk_free_bytes: i64,
    /// Device minus server.
    clock_offset_ms: i64,
}

impl From<DeviceStatus> for DeviceAnswer {
    fn from(status: DeviceStatus) -> Self {
        let device = status.device;
        Self {
            device_id: device.device_id,
            name: device.name(),
            person_id: device.person_id,
            person_name: status.person_name,
            key_fingerprint: fingerprint(&device.key),
            enrolled_at_ms: device.enrolled_at.unix_ms(),
            revocation: device.revoked.map(|revoked| RevocationAnswer {
                at_ms: revoked.at.unix_ms(),
                by: revoked.by,
                reason: revoked.reason,
                log_index: revoked.log_index,
            }),
            suspension: device.suspended.map(|suspended| SuspensionAnswer {
                at_ms: suspended.at.unix_ms(),
                by: suspended.by,
                reason: suspended.reason,
            }),
            person_disabled_at_ms: device.person_disabled.map(Timestamp::unix_ms),
            person_is_technician: device.person_is_technician,
            forked_at_ms: device.forked.map(Timestamp::unix_ms),
            wipe: device.wipe.map(|wipe| WipeAnswer {
                asked_at_ms: wipe.asked_at.unix_ms(),
                by: wipe.by,
                reason: wipe.reason,
                told_at_ms: wipe.told_at.map(Timestamp::unix_ms),
                confirmed_at_ms: device.wiped.map(Timestamp::unix_ms),
            }),
            last_contact: status.last_contact.map(|(at, contact)| ContactAnswer {
                at_ms: Timestamp::unix_ms(at),
                app_version: contact.app_version,
                outbox_envelopes: contact.outbox_envelopes,
                outbox_photos: contact.outbox_photos,
                outbox_bytes: contact.outbox_bytes,
                disk_free_bytes: contact.disk_free_bytes,
                clock_offset_ms: contact.clock_offset_ms,
            }),
            label: device.label,
        }
    }
}

/// All devices in the order of their numbers.
#[utoipa::path(get, path = "/v1/devices", tag = "devices", params(PageQuery), security(("session" = ["administrator", "lead"])),
    responses((status = OK, body = Page<DeviceAnswer>)))]
async fn list_devices(
    State(app): State<App>,
    office: OfficeAuth,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<DeviceAnswer>>, Problem> {
    office.require(&[Role::Administrator, Role::Lead])?;
    let after: Option<i64> = page.position()?;
    let limit = page.limit();
    let mut tx = app.store.read().await?;
    let devices = sql::list(&mut tx, after.unwrap_or(0), limit + 1).await?;
    Ok(Json(Page::cut(devices, limit, |status| status.device.number).map(DeviceAnswer::from)))
}

/// One device.
#[utoipa::path(get, path = "/v1/devices/{device_id}", tag = "devices", security(("session" = ["administrator", "lead"])),
    params(("device_id" = String, Path, format = "uuid")),
    responses((status = OK, body = DeviceAnswer), (status = NOT_FOUND, description = "device-unknown")))]
async fn read_device(
    State(app): State<App>,
    office: OfficeAuth,
    Path(device_id): Path<DeviceId>,
) -> Result<Json<DeviceAnswer>, Problem> {
    office.require(&[Role::Administrator, Role::Lead])?;
    let mut tx = app.store.read().await?;
    let unknown = || DeviceError::Unknown { which: device_id.to_string() };
    let device = sql::find(&mut tx, device_id).await?.ok_or_else(unknown)?;
    let status = sql::list(&mut tx, device.number - 1, 1).await?.pop().ok_or_else(unknown)?;
    Ok(Json(status.into()))
}

/// A label.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplaceLabel {
    #[schema(min_length = 1, max_length = 80)]
    label: String,
}

/// Gives a device another label.
#[utoipa::path(put, path = "/v1/devices/{device_id}/label", tag = "devices", request_body = ReplaceLabel, security(("session" = ["administrator"])),
    params(("device_id" = String, Path, format = "uuid")),
    responses((status = NO_CONTENT), (status = NOT_FOUND, description = "device-unknown"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn replace_label(
    State(app): State<App>,
    admin: AdminAuth,
    Path(device_id): Path<DeviceId>,
    Body(body): Body<ReplaceLabel>,
) -> Result<StatusCode, Problem> {
    let mut tx = app.store.write().await?;
    sql::rename(&mut tx, device_id, &body.label, admin.actor(), app.clock.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shape of an enrolment; the type that travels is `sync_core::protocol::EnrolmentRequest`.
#[derive(ToSchema)]
#[schema(as = EnrolmentRequest)]
#[expect(dead_code, reason = "describes a type of another crate for the API document")]
struct EnrolmentRequestShape {
    /// The link's part after `#`, or the typed code.
    #[schema(max_length = 64)]
    code: String,
    /// In lower-case hexadecimal: 32 bytes of Ed25519, or 33 bytes of P-256, compressed.
    #[schema(pattern = "^(0[23])?[0-9a-f]{64}$")]
    public_key: String,
    /// Signature over `fieldloop/enrolment/v1`, NUL, key and code; 64 bytes in lower-case hexadecimal.
    #[schema(pattern = "^[0-9a-f]{128}$")]
    proof: String,
    label: String,
    app_version: String,
    /// Whose acts lie on the device and in no record yet.
    #[schema(format = "uuid")]
    person_id: Option<String>,
    /// The identity that this server lost in a restore: the device comes back under it, with the same key.
    earlier: Option<EarlierIdentityShape>,
}

/// Shape of an identity that a device had.
#[derive(ToSchema)]
#[schema(as = EarlierIdentity)]
#[expect(dead_code, reason = "describes a type of another crate for the API document")]
struct EarlierIdentityShape {
    #[schema(format = "uuid")]
    server_id: String,
    #[schema(format = "uuid")]
    device_id: String,
}

/// Shape of its answer.
#[derive(ToSchema)]
#[schema(as = EnrolmentAnswer)]
#[expect(dead_code, reason = "describes a type of another crate for the API document")]
struct EnrolmentAnswerShape {
    #[schema(format = "uuid")]
    device_id: String,
    device_name: String,
    #[schema(format = "uuid")]
    server_id: String,
    epoch: u64,
    /// Key of the office log, 32 bytes in lower-case hexadecimal.
    office_key: String,
    server_time_ms: i64,
    #[schema(format = "uuid")]
    person_id: String,
    person_name: String,
    staff_no: String,
    /// Envelopes of the person's earlier devices that were taken up from escrow.
    taken_up: Vec<String>,
}

/// Enrols a device with the code or secret of an invitation.
#[utoipa::path(post, path = "/v1/enrolments", tag = "devices", request_body = EnrolmentRequestShape,
    responses((status = CREATED, body = EnrolmentAnswerShape), (status = CONFLICT, description = "key-in-use, invitation-of-another"),
        (status = UNPROCESSABLE_ENTITY, description = "invitation-invalid, proof-invalid, body-invalid"),
        (status = TOO_MANY_REQUESTS, description = "too many wrong codes")))]
async fn create_enrolment(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Body(request): Body<EnrolmentRequest>,
) -> Result<(StatusCode, Json<EnrolmentAnswer>), Problem> {
    let answer = enrol(&app, &request, address).await?;
    Ok((StatusCode::CREATED, Json(answer)))
}
