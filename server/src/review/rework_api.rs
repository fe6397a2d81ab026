//! Sending work back to technicians.

use super::api::REVIEWERS;
use super::sql::{self, NewRework};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::acts::{Actor, ComplaintError, find_open_to_acts, step};
use crate::complaints::intake::checked_reason;
use crate::complaints::model::{Act, Complaint, EventKind, State as ComplaintState, next_state};
use crate::complaints::{self, ComplaintBody, history, kept, reachable};
use crate::exchange::rework;
use crate::idempotency::IdempotencyKey;
use crate::problem::Problem;
use crate::routing::routes;
use crate::store::Tx;
use crate::wire::Body;
use crate::work_orders::dispatch::{WorkOrderError, crew_of, review_visit};
use crate::work_orders::find_visit;
use crate::work_orders::model::VisitAct;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sync_core::ids::{ComplaintId, EntryId, VisitId};
use sync_core::protocol::Rework;
use sync_core::time::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// Most fields that one request names.
const PATHS_MAX: usize = 100;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create_rework_request))
}

/// Work to be done again.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReworkForm {
    /// The visit to redo.
    #[schema(value_type = String, format = "uuid")]
    pub(super) visit_id: VisitId,
    /// Why; shown to the technician.
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) reason: String,
    /// Paths of the fields to redo, for example `answers/meter-accuracy.seal`; at least one.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 100)]
    pub(super) paths: Vec<String>,
}

/// Sends work back to the technicians of a visit, with the reason and the fields to redo.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/rework-requests", tag = "review",
    request_body = ReworkForm, security(("session" = ["reviewer", "lead"])),
    params(("complaint_id" = String, Path, format = "uuid"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 128)),
    responses((status = CREATED, body = ComplaintBody),
        (status = NOT_FOUND, description = "complaint-unknown, visit-unknown"),
        (status = CONFLICT, description = "complaint-state, complaint-merged, visit-state, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid, idempotency-key-reused")))]
async fn create_rework_request(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    key: IdempotencyKey,
    Body(form): Body<ReworkForm>,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let request = key.of(office.person_id, &form, now);
    let rework_id = EntryId::from_entropy(now, app.entropy.bytes());
    let mut tx = app.store.write().await?;
    if let Some(answer) = request.answered(&mut tx).await? {
        return Ok(answer.into_response());
    }
    let complaint = ask_rework(&mut tx, &office, id, (rework_id, form), now).await?;
    let answer = kept(&mut tx, StatusCode::CREATED, complaint).await?;
    request.keep(&mut tx, &answer).await?;
    tx.commit().await?;
    Ok(answer.into_response())
}

/// Sends work back within the caller's transaction, under this id.
pub(super) async fn ask_rework(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ComplaintId,
    (rework_id, form): (EntryId, ReworkForm),
    now: Timestamp,
) -> Result<Complaint, Problem> {
    let reason = checked_reason("/reason", &form.reason).map_err(ComplaintError::Invalid)?;
    let is_path = |path: &String| (1..=300).contains(&path.len()) && !path.chars().any(char::is_control);
    if form.paths.is_empty() {
        return Err(Problem::invalid_field("/paths", "name at least one field to redo"));
    }
    if form.paths.len() > PATHS_MAX || !form.paths.iter().all(is_path) {
        return Err(Problem::invalid_field("/paths", "at most 100 paths of 1 to 300 bytes"));
    }
    reachable(tx, office, REVIEWERS, id).await?;
    let complaint = find_open_to_acts(tx, id).await?;
    next_state(complaint.state, Act::Rework).map_err(ComplaintError::from)?;
    let actor = Actor::office(office.person_id, now);
    let (visit, paths) = (form.visit_id, form.paths);
    let sent = Rework { id: rework_id, visit, reason: reason.clone(), paths, done_at: None };
    send_back(tx, &complaint, &sent, actor).await?;
    let facts = json!({ "rework": rework_id, "paths": sent.paths });
    let event = actor.event(EventKind::ReworkRequested).visit(visit).reason(reason).detail(facts);
    match complaint.state == ComplaintState::Rework {
        true => Ok(history::add(tx, id, &event).await.map(|()| complaint)?),
        false => Ok(step(tx, complaint, Act::Rework, event, actor).await?),
    }
}

/// Puts the visit back and tells everybody on it.
async fn send_back(tx: &mut Tx, complaint: &Complaint, sent: &Rework, actor: Actor) -> Result<(), Problem> {
    let family = complaints::family(tx, complaint.id).await?;
    let visit = find_visit(tx, sent.visit).await?;
    let visit = visit.filter(|visit| visit.complaint.is_some_and(|own| family.contains(&own)));
    let visit = visit.ok_or(WorkOrderError::UnknownVisit)?;
    review_visit(tx, visit, VisitAct::Rework).await?;
    for person in crew_of(tx, sent.visit).await? {
        rework::send(tx, person, sent).await?;
    }
    let new = NewRework {
        id: sent.id,
        complaint: complaint.id,
        visit: sent.visit,
        reason: &sent.reason,
        paths: &sent.paths,
        by: actor.person,
        at: actor.at,
    };
    Ok(sql::insert_rework(tx, &new).await?)
}
