//! What the field brought that waits for the office: field work without a complaint, and grumbles.

use super::dispatch::WorkOrderError;
use super::field_work::{self, FieldWork};
use super::prevention::{self, Grumble};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::acts::{Actor, ComplaintError};
use crate::complaints::intake::checked_reason;
use crate::complaints::reachable;
use crate::complaints::scope::OFFICE;
use crate::idempotency::{IdempotencyKey, Kept};
use crate::people::Role;
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::store::Tx;
use crate::wire::{Body, Page, PageQuery};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sync_core::ids::{CommandId, ComplaintId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_field_work))
        .routes(routes!(create_link))
        .routes(routes!(create_rejection))
        .routes(routes!(list_grumbles))
        .routes(routes!(create_settlement))
}

/// Field work whose complaint was refused, with what the technician typed.
#[derive(Debug, Serialize, ToSchema)]
struct FieldWorkBody {
    #[serde(flatten)]
    work: FieldWork,
    /// What the technician typed: utility, category, summary, address, customer, meter.
    #[schema(value_type = Object)]
    typed: Value,
}

impl From<FieldWork> for FieldWorkBody {
    fn from(work: FieldWork) -> Self {
        Self { typed: serde_json::from_str(&work.request_json).unwrap_or(Value::Null), work }
    }
}

/// Field work without a complaint that waits to be linked, oldest first.
#[utoipa::path(get, path = "/v1/field-work", tag = "field-work", security(("session" = ["clerk", "reviewer", "lead"])), params(PageQuery),
    responses((status = OK, body = Page<FieldWorkBody>), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_field_work(
    State(app): State<App>,
    office: OfficeAuth,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<FieldWorkBody>>, Problem> {
    office.require(OFFICE)?;
    let after: Option<(i64, String)> = page.position()?;
    let limit = page.limit();
    let mut tx = app.store.read().await?;
    let found = field_work::without_complaint(&mut tx, false, after, limit + 1).await?;
    let page = Page::cut(found, limit, |work| (work.received_at_ms, work.field_work_id.clone()));
    Ok(Json(page.map(FieldWorkBody::from)))
}

/// The complaint that field work belongs to.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LinkForm {
    #[schema(value_type = String, format = "uuid")]
    complaint_id: ComplaintId,
    /// Why it belongs there.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Puts field work under a complaint: its visit becomes one of the complaint's, its number an alias.
#[utoipa::path(post, path = "/v1/field-work/{field_work_id}/link", tag = "field-work", request_body = LinkForm,
    security(("session" = ["clerk", "reviewer", "lead"])), params(("field_work_id" = String, Path, format = "uuid"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 128)),
    responses((status = OK, body = FieldWorkBody),
        (status = NOT_FOUND, description = "field-work-unknown, complaint-unknown"),
        (status = CONFLICT, description = "complaint-state, complaint-merged, number-taken, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid, idempotency-key-reused")))]
async fn create_link(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<CommandId>,
    key: IdempotencyKey,
    Body(form): Body<LinkForm>,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let request = key.of(office.person_id, &form, now);
    let mut tx = app.store.write().await?;
    if let Some(answer) = request.answered(&mut tx).await? {
        return Ok(answer.into_response());
    }
    let work = link(&mut tx, &office, id, form.complaint_id, &form.reason, now).await?;
    let answer = Kept::json(StatusCode::OK, &FieldWorkBody::from(work));
    request.keep(&mut tx, &answer).await?;
    tx.commit().await?;
    Ok(answer.into_response())
}

/// Links field work within the caller's transaction, for the API and for pages.
pub(super) async fn link(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: CommandId,
    to: ComplaintId,
    reason: &str,
    now: Timestamp,
) -> Result<FieldWork, Problem> {
    let unknown = || Problem::new(&problem::FIELD_WORK_UNKNOWN);
    let reason = checked_reason("/reason", reason).map_err(ComplaintError::Invalid)?;
    reachable(tx, office, OFFICE, to).await?;
    let work = field_work::find(tx, &id.to_string()).await?.ok_or_else(unknown)?;
    field_work::link(tx, &work, to, &reason, Actor::office(office.person_id, now)).await?;
    field_work::find(tx, &id.to_string()).await?.ok_or_else(unknown)
}

/// Why field work belongs to no complaint.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RejectionForm {
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Says that field work belongs to no complaint. What was recorded stays readable; it waits no longer, and may still be
/// linked later.
#[utoipa::path(post, path = "/v1/field-work/{field_work_id}/rejection", tag = "field-work", request_body = RejectionForm,
    security(("session" = ["clerk", "reviewer", "lead"])), params(("field_work_id" = String, Path, format = "uuid")),
    responses((status = NO_CONTENT), (status = NOT_FOUND, description = "field-work-unknown"),
        (status = CONFLICT, description = "changed-meanwhile"), (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_rejection(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<CommandId>,
    Body(form): Body<RejectionForm>,
) -> Result<StatusCode, Problem> {
    reject(&app, &office, id, &form.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Rejects field work, for the API and for pages.
pub(super) async fn reject(
    app: &App,
    office: &OfficeAuth,
    id: CommandId,
    reason: &str,
) -> Result<(), Problem> {
    office.require(OFFICE)?;
    let reason = checked_reason("/reason", reason).map_err(ComplaintError::Invalid)?;
    let mut tx = app.store.write().await?;
    let work = field_work::find(&mut tx, &id.to_string()).await?;
    let work = work.ok_or_else(|| Problem::new(&problem::FIELD_WORK_UNKNOWN))?;
    if !field_work::reject(&mut tx, &work, office.person_id, &reason, app.clock.now()).await? {
        return Err(WorkOrderError::Changed.into());
    }
    Ok(tx.commit().await?)
}

/// Grumbles that nobody has dealt with, oldest first.
#[utoipa::path(get, path = "/v1/grumbles", tag = "field-work", security(("session" = ["clerk", "reviewer", "lead"])), params(PageQuery),
    responses((status = OK, body = Page<Grumble>), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_grumbles(
    State(app): State<App>,
    office: OfficeAuth,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Grumble>>, Problem> {
    office.require(OFFICE)?;
    let after: Option<(i64, String)> = page.position()?;
    let limit = page.limit();
    let mut tx = app.store.read().await?;
    let found = prevention::open_grumbles(&mut tx, after, limit + 1).await?;
    Ok(Json(Page::cut(found, limit, |grumble| (grumble.received_at_ms, grumble.grumble_id.clone()))))
}

/// What became of a grumble.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SettlementForm {
    /// What was done.
    #[schema(min_length = 1, max_length = 2000)]
    note: String,
    /// The complaint that was made of it.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "uuid")]
    complaint_id: Option<ComplaintId>,
}

/// Somebody dealt with a grumble.
#[utoipa::path(post, path = "/v1/grumbles/{grumble_id}/settlement", tag = "field-work", request_body = SettlementForm,
    security(("session" = ["clerk", "reviewer", "lead"])), params(("grumble_id" = String, Path, format = "uuid")),
    responses((status = NO_CONTENT), (status = NOT_FOUND, description = "grumble-unknown, complaint-unknown"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_settlement(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<CommandId>,
    Body(form): Body<SettlementForm>,
) -> Result<StatusCode, Problem> {
    settle(&app, &office, id, &form.note, form.complaint_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Notes what became of a grumble, for the API and for pages.
pub(super) async fn settle(
    app: &App,
    office: &OfficeAuth,
    id: CommandId,
    note: &str,
    complaint: Option<ComplaintId>,
) -> Result<(), Problem> {
    office.require(&[Role::Clerk, Role::Reviewer, Role::Lead])?;
    let note = checked_reason("/note", note).map_err(ComplaintError::Invalid)?;
    let mut tx = app.store.write().await?;
    if let Some(complaint) = complaint {
        reachable(&mut tx, office, OFFICE, complaint).await?;
    }
    let complaint = complaint.map(String::from);
    let (by, at) = (office.person_id.to_string(), app.clock.now());
    let was_open = prevention::settle_grumble(&mut tx, &id.to_string(), complaint, by, at, &note).await?;
    if !was_open {
        return Err(Problem::new(&problem::GRUMBLE_UNKNOWN));
    }
    Ok(tx.commit().await.map_err(WorkOrderError::from)?)
}
