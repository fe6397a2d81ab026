//! Steps of a complaint that need nothing but a reason: taken up, answered, taken back, taken up again.
//!
//! Review, rework and closing look at what is still open; they are in `review`.

use super::acts::{self, Actor, ComplaintError};
use super::api::{kept, reachable};
use super::bodies::ComplaintBody;
use super::intake::checked_reason;
use super::model::{Act, Complaint, EventKind};
use super::scope::OFFICE;
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::idempotency::IdempotencyKey;
use crate::problem::Problem;
use crate::routing::routes;
use crate::store::Tx;
use crate::wire::Body;
use crate::work_orders;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sync_core::ids::ComplaintId;
use sync_core::time::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_acceptance))
        .routes(routes!(create_answer))
        .routes(routes!(create_withdrawal))
        .routes(routes!(create_reopening))
}

/// What is said about the step.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StepForm {
    /// Why, or what the customer was told.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// A step that needs no words.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlainStep {}

/// The holder takes the complaint up. Taking it up again changes nothing.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/acceptance", tag = "complaints", request_body = PlainStep,
    security(("session" = ["clerk", "reviewer", "lead"])), params(("complaint_id" = String, Path, format = "uuid"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 128)),
    responses((status = OK, body = ComplaintBody), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "complaint-state, complaint-merged, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid, idempotency-key-reused")))]
async fn create_acceptance(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    key: IdempotencyKey,
    Body(form): Body<PlainStep>,
) -> Result<Response, Problem> {
    take(&app, &office, id, key, &form, (Act::Accept, None)).await
}

/// The customer was told the result; `reason` holds what they were told.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/answer", tag = "complaints", request_body = StepForm,
    security(("session" = ["clerk", "reviewer", "lead"])), params(("complaint_id" = String, Path, format = "uuid"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 128)),
    responses((status = OK, body = ComplaintBody), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "complaint-state, complaint-merged, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid, idempotency-key-reused")))]
async fn create_answer(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    key: IdempotencyKey,
    Body(form): Body<StepForm>,
) -> Result<Response, Problem> {
    take(&app, &office, id, key, &form, (Act::Answer, Some(&form.reason))).await
}

/// The customer takes the complaint back, or it was written down by mistake. Nobody is sent any more.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/withdrawal", tag = "complaints", request_body = StepForm,
    security(("session" = ["clerk", "reviewer", "lead"])), params(("complaint_id" = String, Path, format = "uuid"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 128)),
    responses((status = OK, body = ComplaintBody), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "complaint-state, complaint-merged, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid, idempotency-key-reused")))]
async fn create_withdrawal(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    key: IdempotencyKey,
    Body(form): Body<StepForm>,
) -> Result<Response, Problem> {
    take(&app, &office, id, key, &form, (Act::Withdraw, Some(&form.reason))).await
}

/// The complaint is taken up again after it was answered, closed or withdrawn.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/reopening", tag = "complaints", request_body = StepForm,
    security(("session" = ["clerk", "reviewer", "lead"])), params(("complaint_id" = String, Path, format = "uuid"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 128)),
    responses((status = OK, body = ComplaintBody), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "complaint-state, complaint-merged, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid, idempotency-key-reused")))]
async fn create_reopening(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    key: IdempotencyKey,
    Body(form): Body<StepForm>,
) -> Result<Response, Problem> {
    take(&app, &office, id, key, &form, (Act::Reopen, Some(&form.reason))).await
}

async fn take(
    app: &App,
    office: &OfficeAuth,
    id: ComplaintId,
    key: IdempotencyKey,
    form: &impl Serialize,
    (act, reason): (Act, Option<&str>),
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let request = key.of(office.person_id, form, now);
    let mut tx = app.store.write().await?;
    if let Some(answer) = request.answered(&mut tx).await? {
        return Ok(answer.into_response());
    }
    let complaint = take_step(&mut tx, office, id, (act, reason), now).await?;
    let answer = kept(&mut tx, StatusCode::OK, complaint).await?;
    request.keep(&mut tx, &answer).await?;
    tx.commit().await?;
    Ok(answer.into_response())
}

/// Takes a step that needs nothing but a reason, within the caller's transaction.
pub(super) async fn take_step(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ComplaintId,
    (act, reason): (Act, Option<&str>),
    now: Timestamp,
) -> Result<Complaint, Problem> {
    let reason = reason.map(|text| checked_reason("/reason", text)).transpose();
    let reason = reason.map_err(ComplaintError::Invalid)?;
    reachable(tx, office, OFFICE, id).await?;
    let complaint = acts::find_open_to_acts(tx, id).await?;
    let actor = Actor::office(office.person_id, now);
    super::model::next_state(complaint.state, act).map_err(ComplaintError::from)?;
    if act == Act::Withdraw {
        work_orders::dispatch::release_crews(tx, id, "withdrawn", actor).await?;
    }
    let mut event = actor.event(EventKind::StateChanged);
    event.reason = reason;
    Ok(acts::step(tx, complaint, act, event, actor).await?)
}
