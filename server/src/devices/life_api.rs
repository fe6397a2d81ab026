//! What administrators do to a device after its enrolment, and its history.

use super::history::{self, ContactDay, DeviceAct};
use super::life::{self, By};
use super::model::DeviceError;
use super::sql;
use crate::app::App;
use crate::auth::{AdminAuth, OfficeAuth};
use crate::people::Role;
use crate::problem::Problem;
use crate::routing::routes;
use crate::store::Tx;
use crate::wire::{Body, Page, PageQuery};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sync_core::ids::{DeviceId, PersonId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_revocation))
        .routes(routes!(create_suspension))
        .routes(routes!(create_resumption))
        .routes(routes!(create_wipe_order))
        .routes(routes!(create_wipe_withdrawal))
        .routes(routes!(list_history))
        .routes(routes!(list_contacts))
}

/// Why something is done to a device.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeviceReason {
    /// For the list of devices and its history: lost, stolen, handed back …
    #[schema(min_length = 1, max_length = 80)]
    reason: String,
}

/// One act on a device in a transaction of its own.
async fn act(
    app: &App,
    admin: &AdminAuth,
    run: impl AsyncFnOnce(&mut Tx, By) -> Result<(), DeviceError>,
) -> Result<StatusCode, Problem> {
    let mut tx = app.store.write().await?;
    run(&mut tx, By { person: admin.actor(), at: app.clock.now() }).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Revokes a device: its tokens stop working now, work it already sent stays.
///
/// Revoking again answers 204 and keeps the first time and reason.
#[utoipa::path(post, path = "/v1/devices/{device_id}/revocation", tag = "devices", request_body = DeviceReason,
    security(("session" = ["administrator"])), params(("device_id" = String, Path, format = "uuid")),
    responses((status = NO_CONTENT), (status = NOT_FOUND, description = "device-unknown"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_revocation(
    State(app): State<App>,
    admin: AdminAuth,
    Path(id): Path<DeviceId>,
    Body(body): Body<DeviceReason>,
) -> Result<StatusCode, Problem> {
    act(&app, &admin, async |tx, by| life::revoke(tx, id, &body.reason, by).await).await
}

/// Suspends a device: it is refused from now on, in the middle of an upload, too, until it is resumed. What it holds
/// waits on it.
///
/// Suspending again answers 204 and keeps the first time and reason.
#[utoipa::path(post, path = "/v1/devices/{device_id}/suspension", tag = "devices", request_body = DeviceReason,
    security(("session" = ["administrator"])), params(("device_id" = String, Path, format = "uuid")),
    responses((status = NO_CONTENT), (status = NOT_FOUND, description = "device-unknown"),
        (status = CONFLICT, description = "device-barred: it is revoked"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_suspension(
    State(app): State<App>,
    admin: AdminAuth,
    Path(id): Path<DeviceId>,
    Body(body): Body<DeviceReason>,
) -> Result<StatusCode, Problem> {
    act(&app, &admin, async |tx, by| life::suspend(tx, id, &body.reason, by).await).await
}

/// Ends a suspension; without one it changes nothing.
#[utoipa::path(post, path = "/v1/devices/{device_id}/resumption", tag = "devices", request_body = DeviceReason,
    security(("session" = ["administrator"])), params(("device_id" = String, Path, format = "uuid")),
    responses((status = NO_CONTENT), (status = NOT_FOUND, description = "device-unknown"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_resumption(
    State(app): State<App>,
    admin: AdminAuth,
    Path(id): Path<DeviceId>,
    Body(body): Body<DeviceReason>,
) -> Result<StatusCode, Problem> {
    act(&app, &admin, async |tx, by| life::resume(tx, id, &body.reason, by).await).await
}

/// Orders that a device forgets everything, and revokes it.
///
/// At its next contact the device hands over what it holds, acts into escrow and photos as usual, forgets everything
/// and confirms. Ordering again answers 204 and keeps the first time and reason.
#[utoipa::path(post, path = "/v1/devices/{device_id}/wipe-order", tag = "devices", request_body = DeviceReason,
    security(("session" = ["administrator"])), params(("device_id" = String, Path, format = "uuid")),
    responses((status = NO_CONTENT), (status = NOT_FOUND, description = "device-unknown"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_wipe_order(
    State(app): State<App>,
    admin: AdminAuth,
    Path(id): Path<DeviceId>,
    Body(body): Body<DeviceReason>,
) -> Result<StatusCode, Problem> {
    act(&app, &admin, async |tx, by| life::order_wipe(tx, id, &body.reason, by).await).await
}

/// Takes the order back that a device forgets everything. The device stays revoked.
#[utoipa::path(post, path = "/v1/devices/{device_id}/wipe-order/withdrawal", tag = "devices",
    request_body = DeviceReason, security(("session" = ["administrator"])),
    params(("device_id" = String, Path, format = "uuid")),
    responses((status = NO_CONTENT), (status = NOT_FOUND, description = "device-unknown"),
        (status = CONFLICT, description = "device-barred: it has obeyed"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_wipe_withdrawal(
    State(app): State<App>,
    admin: AdminAuth,
    Path(id): Path<DeviceId>,
    Body(body): Body<DeviceReason>,
) -> Result<StatusCode, Problem> {
    act(&app, &admin, async |tx, by| life::withdraw_wipe(tx, id, &body.reason, by).await).await
}

/// An act about a device.
#[derive(Serialize, ToSchema)]
struct DeviceActAnswer {
    /// Position in the server log.
    log_index: i64,
    /// A stable word such as `device.suspended`.
    kind: String,
    at_ms: i64,
    /// Null: the device itself, the installation, or somebody on the server's terminal.
    #[schema(value_type = Option<String>, format = "uuid")]
    by: Option<PersonId>,
    /// Null: none was asked for.
    reason: Option<String>,
}

impl From<DeviceAct> for DeviceActAnswer {
    fn from(act: DeviceAct) -> Self {
        let DeviceAct { log_index, kind, at, by, reason } = act;
        Self { log_index, kind, at_ms: at.unix_ms(), by, reason }
    }
}

/// What happened to a device, newest first: enrolled, renamed, suspended, revoked, told to forget everything …
#[utoipa::path(get, path = "/v1/devices/{device_id}/history", tag = "devices", security(("session" = ["administrator", "lead"])),
    params(PageQuery, ("device_id" = String, Path, format = "uuid")),
    responses((status = OK, body = Page<DeviceActAnswer>), (status = NOT_FOUND, description = "device-unknown")))]
async fn list_history(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<DeviceId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<DeviceActAnswer>>, Problem> {
    let (before, limit) = (page.position()?.unwrap_or(i64::MAX), page.limit());
    let mut tx = reader(&app, &office, id).await?;
    let acts = history::acts(&mut tx, id, before, limit + 1).await?;
    Ok(Json(Page::cut(acts, limit, |act| act.log_index).map(DeviceActAnswer::from)))
}

/// What a device reported on one day.
#[derive(Serialize, ToSchema)]
struct ContactDayAnswer {
    /// Its first contact of the day, as the office counts days.
    first_at_ms: i64,
    /// Its last contact of the day; what follows is what it said then.
    last_at_ms: i64,
    /// How many there were.
    contacts: i64,
    app_version: String,
    /// Envelopes not sent yet.
    outbox_envelopes: i64,
    /// Photos not sent yet.
    outbox_photos: i64,
    /// Device minus server.
    clock_offset_ms: i64,
}

impl From<ContactDay> for ContactDayAnswer {
    fn from(day: ContactDay) -> Self {
        Self {
            first_at_ms: day.first_at.unix_ms(),
            last_at_ms: Timestamp::unix_ms(day.last_at),
            contacts: day.contacts,
            app_version: day.app_version,
            outbox_envelopes: day.outbox_envelopes,
            outbox_photos: day.outbox_photos,
            clock_offset_ms: day.clock_offset_ms,
        }
    }
}

/// The days on which a device reported, newest first.
#[utoipa::path(get, path = "/v1/devices/{device_id}/contacts", tag = "devices", security(("session" = ["administrator", "lead"])),
    params(PageQuery, ("device_id" = String, Path, format = "uuid")),
    responses((status = OK, body = Page<ContactDayAnswer>), (status = NOT_FOUND, description = "device-unknown")))]
async fn list_contacts(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<DeviceId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ContactDayAnswer>>, Problem> {
    let (before, limit) = (page.position()?.unwrap_or(i64::MAX), page.limit());
    let mut tx = reader(&app, &office, id).await?;
    let days = history::contact_days(&mut tx, id, before, limit + 1).await?;
    Ok(Json(Page::cut(days, limit, |day| day.day).map(ContactDayAnswer::from)))
}

/// A reading transaction for who may look at this device.
async fn reader(app: &App, office: &OfficeAuth, id: DeviceId) -> Result<Tx, Problem> {
    office.require(&[Role::Administrator, Role::Lead])?;
    let mut tx = app.store.read().await?;
    match sql::find(&mut tx, id).await? {
        Some(_) => Ok(tx),
        None => Err(DeviceError::Unknown { which: id.to_string() }.into()),
    }
}
