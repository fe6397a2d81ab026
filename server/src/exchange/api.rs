//! Routes of the exchange, and what the office may ask about it.

use super::unseen::{self, Holder};
use super::{escrow, quarantine, session, waiting};
use crate::app::App;
use crate::auth::{AnyDeviceAuth, OfficeAuth};
use crate::layers::Class;
use crate::people::Role;
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::wire::RawBytes;
use crate::work_orders::{self, reachable_visit};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::time::Duration;
use sync_core::ids::{DeviceId, PersonId, VisitId};
use sync_core::protocol::{BODY_BYTES_MAX, MEDIA_TYPE};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// Devices that talk at once. A body may take long on a bad line; what it costs is counted elsewhere.
const EXCHANGES_AT_ONCE: usize = 2_048;
/// Until a request is given up: 4 MiB at 5 kB/s.
const EXCHANGE_TIME_MAX: Duration = Duration::from_secs(15 * 60);

/// Routes for devices, with limits of their own.
pub(crate) fn routes() -> OpenApiRouter<App> {
    let class = Class::new("exchange", EXCHANGES_AT_ONCE, EXCHANGE_TIME_MAX, BODY_BYTES_MAX);
    class.of(OpenApiRouter::new().routes(routes!(create_exchange)))
}

/// Routes for the office.
pub(crate) fn office_routes() -> OpenApiRouter<App> {
    Class::office().of(OpenApiRouter::new()
        .routes(routes!(list_devices_of_visit))
        .merge(quarantine::routes())
        .merge(escrow::routes())
        .merge(waiting::routes()))
}

/// Takes what a device recorded and answers with what it has to know: one CBOR sequence each way, zstd-compressed,
/// described in docs/protocol.md.
#[utoipa::path(post, path = "/v1/exchange", tag = "exchange", security(("device" = [])),
    request_body(content_type = "application/vnd.fieldloop.exchange", content = RawBytes),
    responses(
        (status = OK, content_type = "application/vnd.fieldloop.exchange", body = RawBytes,
            description = "What became of the envelopes, and what is new"),
        (status = BAD_REQUEST, description = "exchange-unreadable"),
        (status = UPGRADE_REQUIRED, description = "protocol-unknown"),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "media-type-unknown"),
        (status = SERVICE_UNAVAILABLE, description = "store-busy")))]
async fn create_exchange(
    State(app): State<App>,
    auth: AnyDeviceAuth,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).map(axum::http::HeaderValue::as_bytes);
    if kind != Some(MEDIA_TYPE.as_bytes()) {
        return Err(Problem::new(&problem::MEDIA_TYPE_UNKNOWN));
    }
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let Some(_memory) = app.exchange.admission.body(announced) else {
        return Err(Problem::new(&problem::STORE_BUSY).retry_after(1..20));
    };
    // In a task of its own: a client that goes away must not stop what is under way between append and verdict.
    let task = tokio::spawn(async move { session::run(&app, &auth, body).await });
    let answer = task.await.map_err(|error| Problem::internal(format_args!("exchange ended: {error}")))??;
    let headers = [(header::CONTENT_TYPE, MEDIA_TYPE), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, answer).into_response())
}

/// A device that has carried a visit.
#[derive(Debug, Serialize, ToSchema)]
struct HolderAnswer {
    #[schema(value_type = String, format = "uuid")]
    device_id: DeviceId,
    device_name: String,
    label: String,
    #[schema(value_type = String, format = "uuid")]
    person_id: PersonId,
    person_name: String,
    /// Whether it may still hold work on the visit that nobody has seen.
    may_hold_unseen_work: bool,
    /// When the visit was first delivered to it, Unix milliseconds.
    delivered_at_ms: i64,
    /// When it said that it holds nothing more; null: it has not.
    settled_at_ms: Option<i64>,
    /// `device`: it said so itself; `declared_lost`: an administrator declared it lost.
    settled_by: Option<String>,
    /// Its newest envelope about the visit, as the device's clock says; null: none yet.
    newest_claimed_at_ms: Option<i64>,
    /// When it was last seen at all.
    last_seen_at_ms: Option<i64>,
    /// Envelopes that it had not sent then.
    outbox_envelopes: Option<i64>,
    revoked: bool,
}

impl From<Holder> for HolderAnswer {
    fn from(holder: Holder) -> Self {
        Self {
            device_id: holder.device_id,
            device_name: holder.device_name,
            label: holder.label,
            person_id: holder.person_id,
            person_name: holder.person_name,
            may_hold_unseen_work: holder.settled.is_none(),
            delivered_at_ms: holder.delivered_at.unix_ms(),
            settled_at_ms: holder.settled.as_ref().map(|(at, _)| at.unix_ms()),
            settled_by: holder.settled.map(|(_, by)| by),
            newest_claimed_at_ms: holder.newest_claimed_at.map(sync_core::time::Timestamp::unix_ms),
            last_seen_at_ms: holder.last_seen_at.map(sync_core::time::Timestamp::unix_ms),
            outbox_envelopes: holder.outbox_envelopes,
            revoked: holder.revoked,
        }
    }
}

/// Devices that carry or carried a visit, and which of them may hold unseen work on it.
#[utoipa::path(get, path = "/v1/visits/{visit_id}/devices", tag = "exchange", security(("session" = ["clerk", "reviewer", "lead", "administrator"])),
    params(("visit_id" = String, Path, format = "uuid")),
    responses((status = OK, body = Vec<HolderAnswer>), (status = NOT_FOUND, description = "visit-unknown"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_devices_of_visit(
    State(app): State<App>,
    office: OfficeAuth,
    Path(visit): Path<VisitId>,
) -> Result<Json<Vec<HolderAnswer>>, Problem> {
    const READERS: [Role; 4] = [Role::Clerk, Role::Reviewer, Role::Lead, Role::Administrator];
    let mut tx = app.store.read().await?;
    office.require(&READERS)?;
    let holders = unseen::holders(&mut tx, visit).await?;
    // A visit born in the field may be on devices before the office has a plan of it.
    if holders.is_empty() || work_orders::find_visit(&mut tx, visit).await?.is_some() {
        reachable_visit(&mut tx, &office, &READERS, visit).await?;
    }
    Ok(Json(holders.into_iter().map(HolderAnswer::from).collect()))
}
