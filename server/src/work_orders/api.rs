//! Work orders, visits and assignments for the office.

use super::bodies::{OrderForm, VisitBody, VisitForm, WorkOrderBody};
use super::dispatch::{self, NewOrder, NewVisit, WorkOrderError};
use super::model::{OrderKind, VisitPlan, WorkOrder};
use super::visit_record::{self, VisitRecord};
use super::{field_api, promises, sql};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::acts::{Actor, ComplaintError, find_open_to_acts};
use crate::complaints::intake::{checked_reason, clean};
use crate::complaints::scope::{OFFICE, READERS, Reach};
use crate::complaints::{self, Names, reachable};
use crate::idempotency::{IdempotencyKey, Kept};
use crate::people::Role;
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::store::Tx;
use crate::wire::{Body, Page};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sync_core::date::CivilDate;
use sync_core::ids::{ComplaintId, EntryId, PersonId, VisitId, WorkOrderId};
use sync_core::time::Timestamp;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// Who may send people.
pub(crate) const DISPATCHERS: &[Role] = &[Role::Clerk, Role::Lead];

/// Routes of this capability.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_work_order))
        .routes(routes!(read_work_order))
        .routes(routes!(create_visit))
        .routes(routes!(list_visits))
        .routes(routes!(read_visit))
        .routes(routes!(create_cancellation))
        .routes(routes!(create_fulfilment))
        .routes(routes!(put_assignment, delete_assignment))
        .merge(field_api::routes())
}

/// The work order with its complaint within reach.
pub(super) async fn reachable_order(
    tx: &mut Tx,
    office: &OfficeAuth,
    roles: &[Role],
    id: WorkOrderId,
) -> Result<WorkOrder, Problem> {
    office.require(roles)?;
    let order = sql::find_order(tx, id).await?.ok_or(WorkOrderError::UnknownOrder)?;
    let complaint = complaints::find(tx, order.complaint).await?;
    let reach = Reach::of(&office.roles, roles);
    let is_covered = complaint.zip(reach).is_some_and(|(c, reach)| reach.includes(&c));
    if is_covered { Ok(order) } else { Err(WorkOrderError::UnknownOrder.into()) }
}

/// The visit with its complaint within reach. Field work without a complaint is within everybody's.
pub(crate) async fn reachable_visit(
    tx: &mut Tx,
    office: &OfficeAuth,
    roles: &[Role],
    id: VisitId,
) -> Result<VisitPlan, Problem> {
    office.require(roles)?;
    let visit = sql::find_visit(tx, id).await?.ok_or(WorkOrderError::UnknownVisit)?;
    let Some(complaint) = visit.complaint else { return Ok(visit) };
    let complaint = complaints::find(tx, complaint).await?;
    let reach = Reach::of(&office.roles, roles);
    let is_covered = complaint.zip(reach).is_some_and(|(c, reach)| reach.includes(&c));
    if is_covered { Ok(visit) } else { Err(WorkOrderError::UnknownVisit.into()) }
}

/// Makes a work order under a complaint.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/work-orders", tag = "work-orders", request_body = OrderForm,
    security(("session" = ["clerk", "lead"])), params(("complaint_id" = String, Path, format = "uuid"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 128)),
    responses((status = CREATED, body = WorkOrderBody), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "complaint-state, complaint-merged, contact-missing"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid, checklist-unknown, idempotency-key-reused")))]
async fn create_work_order(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    key: IdempotencyKey,
    Body(form): Body<OrderForm>,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let request = key.of(office.person_id, &form, now);
    let instructions = form.instructions.as_deref().map(|text| checked_reason("/instructions", text));
    let instructions = instructions.transpose().map_err(ComplaintError::Invalid)?;
    let overridden = form.override_reason.as_deref().map(|text| checked_reason("/override_reason", text));
    let override_reason = overridden.transpose().map_err(ComplaintError::Invalid)?;
    let new = NewOrder {
        id: WorkOrderId::from_entropy(now, app.entropy.bytes()),
        kind: form.kind.unwrap_or(OrderKind::Investigation),
        checklist: form.checklist.as_deref().map(clean),
        instructions,
        priority: form.priority,
        due_at: form.due_at_ms,
        override_reason,
    };
    let mut tx = app.store.write().await?;
    if let Some(answer) = request.answered(&mut tx).await? {
        return Ok(answer.into_response());
    }
    reachable(&mut tx, &office, DISPATCHERS, id).await?;
    let complaint = find_open_to_acts(&mut tx, id).await?;
    let actor = Actor::office(office.person_id, now);
    let order = dispatch::create_order(&mut tx, &complaint, new, actor).await?;
    let location = format!("/v1/work-orders/{}", order.id);
    let body = WorkOrderBody::of(&mut tx, &mut Names::default(), order).await?;
    let answer = Kept::json(StatusCode::CREATED, &body).location(location);
    request.keep(&mut tx, &answer).await?;
    tx.commit().await?;
    Ok(answer.into_response())
}

/// One work order.
#[utoipa::path(get, path = "/v1/work-orders/{work_order_id}", tag = "work-orders", security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    params(("work_order_id" = String, Path, format = "uuid")),
    responses((status = OK, body = WorkOrderBody), (status = NOT_FOUND, description = "work-order-unknown"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn read_work_order(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<WorkOrderId>,
) -> Result<Json<WorkOrderBody>, Problem> {
    let mut tx = app.store.read().await?;
    let order = reachable_order(&mut tx, &office, READERS, id).await?;
    Ok(Json(WorkOrderBody::of(&mut tx, &mut Names::default(), order).await?))
}

/// Plans a visit under a work order.
#[utoipa::path(post, path = "/v1/work-orders/{work_order_id}/visits", tag = "work-orders", request_body = VisitForm,
    security(("session" = ["clerk", "lead"])), params(("work_order_id" = String, Path, format = "uuid"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 128)),
    responses((status = CREATED, body = VisitBody), (status = NOT_FOUND, description = "work-order-unknown"),
        (status = CONFLICT, description = "complaint-merged, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid, idempotency-key-reused")))]
async fn create_visit(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<WorkOrderId>,
    key: IdempotencyKey,
    Body(form): Body<VisitForm>,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let request = key.of(office.person_id, &form, now);
    let new = checked_visit(&form, VisitId::from_entropy(now, app.entropy.bytes()))?;
    let mut tx = app.store.write().await?;
    if let Some(answer) = request.answered(&mut tx).await? {
        return Ok(answer.into_response());
    }
    let order = reachable_order(&mut tx, &office, DISPATCHERS, id).await?;
    let actor = Actor::office(office.person_id, now);
    let visit = dispatch::plan_visit(&mut tx, &order, new, actor).await?;
    let location = format!("/v1/visits/{}", visit.id);
    let body = VisitBody::of(&mut tx, &mut Names::default(), visit).await?;
    let answer = Kept::json(StatusCode::CREATED, &body).location(location);
    request.keep(&mut tx, &answer).await?;
    tx.commit().await?;
    Ok(answer.into_response())
}

fn checked_visit(form: &VisitForm, id: VisitId) -> Result<NewVisit, Problem> {
    if form.planned_on.parse::<CivilDate>().is_err() {
        return Err(Problem::invalid_field("/planned_on", "a day, YYYY-MM-DD"));
    }
    let appointment = match (form.appointment_from_ms, form.appointment_to_ms) {
        (None, None) => None,
        (Some(from), Some(to)) if from < to => Some((from, to)),
        _ => {
            return Err(Problem::invalid_field(
                "/appointment_to_ms",
                "an end after appointment_from_ms, or neither",
            ));
        }
    };
    Ok(NewVisit { id, planned_on: form.planned_on.clone(), appointment })
}

/// The visits of a day.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DayQuery {
    /// Day in the office's calendar, `YYYY-MM-DD`; today if absent.
    #[serde(default)]
    #[param(value_type = Option<String>, format = "date")]
    planned_on: Option<CivilDate>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    #[param(max_length = 400)]
    cursor: Option<String>,
    /// Entries per page.
    #[serde(default)]
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// The visits of a day within reach.
#[utoipa::path(get, path = "/v1/visits", tag = "work-orders", security(("session" = ["clerk", "reviewer", "lead", "expert"])), params(DayQuery),
    responses((status = OK, body = Page<VisitBody>), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_visits(
    State(app): State<App>,
    office: OfficeAuth,
    Query(query): Query<DayQuery>,
) -> Result<Json<Page<VisitBody>>, Problem> {
    let reach = complaints::reach_of(&office, READERS)?;
    let page = crate::wire::PageQuery { cursor: query.cursor, limit: query.limit };
    let after: Option<VisitId> = page.position()?;
    let limit = page.limit();
    let day = query.planned_on.map_or_else(|| complaints::office_day(app.clock.now()), |day| day.to_string());
    let mut tx = app.store.read().await?;
    let found = sql::visits_on(&mut tx, &day, after, limit + 1).await?;
    let Page { items, next_cursor } = Page::cut(found, limit, |visit| visit.id);
    let mut names = Names::default();
    let mut bodies = Vec::with_capacity(items.len());
    for visit in items {
        let complaint = match visit.complaint {
            Some(id) => complaints::find(&mut tx, id).await?,
            None => None,
        };
        if complaint.is_none_or(|complaint| reach.includes(&complaint)) {
            bodies.push(VisitBody::of(&mut tx, &mut names, visit).await?);
        }
    }
    Ok(Json(Page { items: bodies, next_cursor }))
}

/// One visit with everything recorded on it.
#[utoipa::path(get, path = "/v1/visits/{visit_id}", tag = "work-orders", security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    params(("visit_id" = String, Path, format = "uuid")),
    responses((status = OK, body = VisitRecord), (status = NOT_FOUND, description = "visit-unknown"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn read_visit(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<VisitId>,
) -> Result<Json<VisitRecord>, Problem> {
    let mut tx = app.store.read().await?;
    let visit = reachable_visit(&mut tx, &office, READERS, id).await?;
    Ok(Json(visit_record::build(&mut tx, &mut Names::default(), visit).await?))
}

/// Why a visit is called off or somebody is taken off it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReasonForm {
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Calls a visit off that has not begun. Everybody on it is taken off.
#[utoipa::path(post, path = "/v1/visits/{visit_id}/cancellation", tag = "work-orders", request_body = ReasonForm,
    security(("session" = ["clerk", "lead"])), params(("visit_id" = String, Path, format = "uuid")),
    responses((status = OK, body = VisitBody), (status = NOT_FOUND, description = "visit-unknown"),
        (status = CONFLICT, description = "visit-state, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_cancellation(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<VisitId>,
    Body(form): Body<ReasonForm>,
) -> Result<Json<VisitBody>, Problem> {
    let reason = checked_reason("/reason", &form.reason).map_err(ComplaintError::Invalid)?;
    let actor = Actor::office(office.person_id, app.clock.now());
    let mut tx = app.store.write().await?;
    let visit = reachable_visit(&mut tx, &office, DISPATCHERS, id).await?;
    let visit = dispatch::cancel_visit(&mut tx, &visit, &reason, actor).await?;
    let body = VisitBody::of(&mut tx, &mut Names::default(), visit).await?;
    tx.commit().await?;
    Ok(Json(body))
}

/// A promise made on a visit was kept. The first time stays.
#[utoipa::path(post, path = "/v1/visits/{visit_id}/promises/{entry_id}/fulfilment", tag = "work-orders",
    security(("session" = ["clerk", "reviewer", "lead"])), params(("visit_id" = String, Path, format = "uuid"),
        ("entry_id" = String, Path, format = "uuid")),
    responses((status = NO_CONTENT), (status = NOT_FOUND, description = "visit-unknown, not-found"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn create_fulfilment(
    State(app): State<App>,
    office: OfficeAuth,
    Path((id, entry)): Path<(VisitId, EntryId)>,
) -> Result<StatusCode, Problem> {
    let mut tx = app.store.write().await?;
    keep_promise(&mut tx, &office, (id, entry), app.clock.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Notes that a promise was kept, within the caller's transaction. Gives the visit.
pub(crate) async fn keep_promise(
    tx: &mut Tx,
    office: &OfficeAuth,
    (id, entry): (VisitId, EntryId),
    now: Timestamp,
) -> Result<VisitPlan, Problem> {
    let visit = reachable_visit(tx, office, OFFICE, id).await?;
    if !promises::keep_promise(tx, id, entry, &office.person_id.to_string(), now).await? {
        return Err(Problem::new(&problem::NOT_FOUND));
    }
    Ok(visit)
}

/// Sends a technician to a visit. Sending them again changes nothing.
#[utoipa::path(put, path = "/v1/visits/{visit_id}/assignments/{person_id}", tag = "work-orders",
    security(("session" = ["clerk", "lead"])), params(("visit_id" = String, Path, format = "uuid"),
        ("person_id" = String, Path, format = "uuid")),
    responses((status = OK, body = VisitBody), (status = NOT_FOUND, description = "visit-unknown"),
        (status = CONFLICT, description = "visit-state, complaint-state, complaint-merged, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "person-not-sendable")))]
async fn put_assignment(
    State(app): State<App>,
    office: OfficeAuth,
    Path((id, person)): Path<(VisitId, PersonId)>,
) -> Result<Json<VisitBody>, Problem> {
    change_crew(&app, &office, id, person, None).await
}

/// Why somebody is taken off.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UnassignQuery {
    /// Why; shown with the visit.
    #[serde(default)]
    #[param(max_length = 500)]
    reason: Option<String>,
}

/// Takes a technician off a visit. What they recorded stays, and what they still hold is taken when it arrives.
#[utoipa::path(delete, path = "/v1/visits/{visit_id}/assignments/{person_id}", tag = "work-orders",
    security(("session" = ["clerk", "lead"])), params(("visit_id" = String, Path, format = "uuid"),
        ("person_id" = String, Path, format = "uuid"), UnassignQuery),
    responses((status = OK, body = VisitBody), (status = NOT_FOUND, description = "visit-unknown"),
        (status = CONFLICT, description = "changed-meanwhile"), (status = FORBIDDEN, description = "role-missing")))]
async fn delete_assignment(
    State(app): State<App>,
    office: OfficeAuth,
    Path((id, person)): Path<(VisitId, PersonId)>,
    Query(query): Query<UnassignQuery>,
) -> Result<Json<VisitBody>, Problem> {
    let reason: String = query.reason.as_deref().map(clean).unwrap_or_default().chars().take(500).collect();
    change_crew(&app, &office, id, person, Some(reason)).await
}

/// Sends a person, or with a reason takes them off.
async fn change_crew(
    app: &App,
    office: &OfficeAuth,
    id: VisitId,
    person: PersonId,
    taken_off: Option<String>,
) -> Result<Json<VisitBody>, Problem> {
    let actor = Actor::office(office.person_id, app.clock.now());
    let mut tx = app.store.write().await?;
    let visit = reachable_visit(&mut tx, office, DISPATCHERS, id).await?;
    match taken_off {
        None => dispatch::assign(&mut tx, &visit, person, actor).await?,
        Some(reason) => dispatch::unassign(&mut tx, &visit, person, &reason, actor).await?,
    }
    let visit = sql::find_visit(&mut tx, id).await?.ok_or(WorkOrderError::UnknownVisit)?;
    let body = VisitBody::of(&mut tx, &mut Names::default(), visit).await?;
    tx.commit().await?;
    Ok(Json(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_core::time::Timestamp;

    #[test]
    fn an_appointment_has_both_ends_in_order() {
        let at = |ms| Some(Timestamp::from_unix_ms(ms));
        for (name, from, to, day, fits) in [
            ("none", None, None, "2026-03-01", true),
            ("both", at(1), at(2), "2026-03-01", true),
            ("only one", at(1), None, "2026-03-01", false),
            ("wrong order", at(2), at(1), "2026-03-01", false),
            ("no day", None, None, "2026-02-30", false),
        ] {
            let form =
                VisitForm { planned_on: day.to_owned(), appointment_from_ms: from, appointment_to_ms: to };
            assert_eq!(checked_visit(&form, VisitId::from_bytes([1; 16])).is_ok(), fits, "{name}");
        }
    }
}
