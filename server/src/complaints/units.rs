//! Which organisation unit answers for a complaint: told at intake, changed with a reason, and a limit to who sees it.
//!
//! A complaint without a unit is not lost: everybody who works in its region sees it, marked as not allotted yet. The
//! units to choose from are those that somebody's roles name, so that no complaint ends where nobody works.

use super::acts::{Actor, ComplaintError, find_open_to_acts, named, write};
use super::api::{kept, reachable};
use super::bodies::ComplaintBody;
use super::history;
use super::intake::{FieldError, checked_reason, clean};
use super::model::{Complaint, EventKind, Intake, field_changes};
use super::scope::{OFFICE, Reach};
use crate::app::App;
use crate::audit::{self, EntryKind};
use crate::auth::OfficeAuth;
use crate::idempotency::IdempotencyKey;
use crate::people::{self, Role};
use crate::problem::Problem;
use crate::routing::routes;
use crate::store::{StoreError, Tx};
use crate::wire::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sync_core::ids::ComplaintId;
use sync_core::time::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

const ALLOTTED: EntryKind = EntryKind("complaint.allotted");

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create_allotment))
}

/// Which unit answers for a complaint, and why.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Allotment {
    /// A unit that somebody's roles name; empty: none yet.
    #[schema(max_length = 80)]
    pub(super) unit: String,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) reason: String,
}

/// Makes another organisation unit answer for a complaint, also one that the sender does not work for.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/allotments", tag = "complaints", request_body = Allotment,
    security(("session" = ["clerk", "reviewer", "lead"])), params(("complaint_id" = String, Path, format = "uuid"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 128)),
    responses((status = OK, body = ComplaintBody), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "complaint-merged, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid, idempotency-key-reused")))]
async fn create_allotment(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    key: IdempotencyKey,
    Body(form): Body<Allotment>,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let request = key.of(office.person_id, &form, now);
    let mut tx = app.store.write().await?;
    if let Some(answer) = request.answered(&mut tx).await? {
        return Ok(answer.into_response());
    }
    let complaint = allot(&mut tx, &office, id, &form, now).await?;
    let answer = kept(&mut tx, StatusCode::OK, complaint).await?;
    request.keep(&mut tx, &answer).await?;
    tx.commit().await?;
    Ok(answer.into_response())
}

/// Makes another organisation unit answer for a complaint, within the caller's transaction.
pub(super) async fn allot(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ComplaintId,
    form: &Allotment,
    now: Timestamp,
) -> Result<Complaint, Problem> {
    let reason = checked_reason("/reason", &form.reason).map_err(ComplaintError::Invalid)?;
    reachable(tx, office, OFFICE, id).await?;
    let complaint = find_open_to_acts(tx, id).await?;
    let mut intake = complaint.intake.clone();
    intake.unit = clean(&form.unit);
    let intake = intake.checked(now).map_err(ComplaintError::Invalid)?;
    require_unit(tx, &intake.unit).await?;
    Ok(move_to(tx, complaint, intake, &reason, Actor::office(office.person_id, now)).await?)
}

async fn move_to(
    tx: &mut Tx,
    mut complaint: Complaint,
    intake: Intake,
    reason: &str,
    by: Actor,
) -> Result<Complaint, ComplaintError> {
    let changes = field_changes(&complaint.intake, &intake);
    if changes.is_empty() {
        return Ok(complaint);
    }
    let facts = json!({ "unit_from": complaint.intake.unit, "unit_to": intake.unit });
    complaint.intake = intake;
    write(tx, &mut complaint).await?;
    history::add_field_changes(tx, &complaint, &changes, &by).await?;
    let event = by.event(EventKind::Allotted).reason(reason).detail(facts);
    history::add(tx, complaint.id, &event).await?;
    let detail = named(&complaint).with("unit", &complaint.intake.unit);
    audit::append(tx, &by.entry(ALLOTTED, detail).because(Some(reason))).await?;
    Ok(complaint)
}

/// Refuses a unit that nobody works for: nobody but who sees all units would find the complaint.
pub(crate) async fn require_unit(tx: &mut Tx, unit: &str) -> Result<(), ComplaintError> {
    if unit.is_empty() || people::works_somebody_for(tx, unit).await? {
        return Ok(());
    }
    let expected = "a unit that somebody's roles name, or empty".to_owned();
    Err(ComplaintError::Invalid(vec![FieldError { pointer: "/unit", expected }]))
}

/// Refuses a complaint that its author could not reach afterwards.
pub(super) fn require_place(
    office: &OfficeAuth,
    roles: &[Role],
    intake: &Intake,
) -> Result<(), ComplaintError> {
    let reach = Reach::of(&office.roles, roles);
    let covers = |unit: &str, region: &str| reach.as_ref().is_some_and(|reach| reach.covers(unit, region));
    if covers(&intake.unit, &intake.region) {
        return Ok(());
    }
    let (pointer, expected) = match covers("", &intake.region) {
        true => ("/unit", "a unit of your roles"),
        false => ("/region", "a region of your roles"),
    };
    Err(ComplaintError::Invalid(vec![FieldError { pointer, expected: expected.to_owned() }]))
}

/// The unit of a complaint whose author named none: the one that their roles are limited to, if it is one.
pub(super) fn unit_of_roles(office: &OfficeAuth, roles: &[Role]) -> String {
    let reach = Reach::of(&office.roles, roles);
    reach.as_ref().and_then(Reach::only_unit).unwrap_or_default().to_owned()
}

/// The units within reach, in their order.
pub(crate) async fn within_reach(tx: &mut Tx, reach: &Reach) -> Result<Vec<String>, StoreError> {
    let mut units = people::units(tx).await?;
    units.retain(|unit| reach.covers(unit, ""));
    Ok(units)
}

#[cfg(test)]
mod tests;
