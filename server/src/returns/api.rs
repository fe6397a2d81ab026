//! Return visits for clients of the office.

use super::bodies::{ReturnBody, ReturnDetail, ReturnList};
use super::calling::{self, DoorPlan, NewAttempt};
use super::model::{AttemptOutcome, ReturnError, ReturnVisit};
use super::{planning, sql};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::acts::Actor;
use crate::complaints::scope::{OFFICE, READERS};
use crate::complaints::{Names, family, office_day, reach_of, reachable};
use crate::people::Role;
use crate::problem::Problem;
use crate::review::REVIEWERS;
use crate::routing::routes;
use crate::store::Tx;
use crate::wire::{Body, Page, PageQuery};
use crate::work_orders::{self, DISPATCHERS, WorkOrderError};
use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use sync_core::date::CivilDate;
use sync_core::ids::{ComplaintId, PersonId, ReturnVisitId, VisitId, WorkOrderId};
use sync_core::time::Timestamp;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// Routes of this capability.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_returns))
        .routes(routes!(read_return))
        .routes(routes!(create_return))
        .routes(routes!(create_call))
        .routes(routes!(put_answer))
        .routes(routes!(create_attempt))
        .routes(routes!(create_completion))
        .routes(routes!(create_waiver))
        .routes(routes!(create_door_visit))
}

/// Which part of which list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReturnQuery {
    /// `now`: may be called now. `mine`: taken by the caller. `overdue`, `open`: by their limit. `contradicted`, `done`:
    /// newest first.
    #[param(inline)]
    list: ReturnList,
    /// `next_cursor` of the page before.
    #[param(max_length = 400)]
    cursor: Option<String>,
    /// Entries per page.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Return visits within reach.
#[utoipa::path(get, path = "/v1/return-visits", tag = "return-visits", params(ReturnQuery),
    security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    responses((status = OK, body = Page<ReturnBody>), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_returns(
    State(app): State<App>,
    office: OfficeAuth,
    Query(query): Query<ReturnQuery>,
) -> Result<Json<Page<ReturnBody>>, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    Ok(Json(listed(&app, &office, query.list, &page).await?))
}

/// One part of a list, for the API and for pages.
pub(super) async fn listed(
    app: &App,
    office: &OfficeAuth,
    list: ReturnList,
    page: &PageQuery,
) -> Result<Page<ReturnBody>, Problem> {
    let reach = reach_of(office, READERS)?;
    let after: (i64, String) = page.position()?.unwrap_or((i64::MIN, String::new()));
    let limit = page.limit() + 1;
    let wanted =
        sql::Listing { list, reach: &reach, person: office.person_id, now: app.clock.now(), after, limit };
    let mut tx = app.store.read().await?;
    let (mut names, mut bodies) = (Names::default(), Vec::new());
    for (sort, row) in sql::list(&mut tx, &wanted).await? {
        bodies.push((sort, ReturnBody::of(&mut tx, &mut names, row).await?));
    }
    let page = Page::cut(bodies, page.limit(), |(sort, body)| (*sort, body.return_id.to_string()));
    Ok(page.map(|(_, body)| body))
}

/// A return visit with its answers, its calls in vain, and what the record claims beside what the customer said.
#[utoipa::path(get, path = "/v1/return-visits/{return_id}", tag = "return-visits",
    security(("session" = ["clerk", "reviewer", "lead", "expert"])), params(("return_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ReturnDetail), (status = NOT_FOUND, description = "return-unknown"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn read_return(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ReturnVisitId>,
) -> Result<Json<ReturnDetail>, Problem> {
    let mut tx = app.store.read().await?;
    let planned = reached(&mut tx, &office, READERS, id).await?;
    Ok(Json(ReturnDetail::of(&mut tx, planned).await?))
}

/// The return visit, if its complaint is within reach.
pub(super) async fn reached(
    tx: &mut Tx,
    office: &OfficeAuth,
    roles: &[Role],
    id: ReturnVisitId,
) -> Result<ReturnVisit, Problem> {
    let reach = reach_of(office, roles)?;
    let planned = calling::find(tx, id).await?;
    let complaint = crate::complaints::find(tx, planned.complaint).await?;
    match complaint.filter(|complaint| reach.includes(complaint)) {
        Some(_) => Ok(planned),
        None => Err(ReturnError::Unknown.into()),
    }
}

/// The same for what changes it: refused when it changed since it was read.
pub(super) async fn reached_at(
    tx: &mut Tx,
    office: &OfficeAuth,
    roles: &[Role],
    (id, version): (ReturnVisitId, i64),
) -> Result<ReturnVisit, Problem> {
    let planned = reached(tx, office, roles, id).await?;
    if planned.version == version { Ok(planned) } else { Err(ReturnError::Changed.into()) }
}

/// Which visit is to be asked about.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReturnForm {
    /// A visit of this complaint, also one whose record has not arrived.
    #[schema(value_type = String, format = "uuid")]
    pub(super) visit_id: VisitId,
}

/// Plans a return visit although no rule asks for one. One that is to be made already is given back.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/return-visits", tag = "return-visits",
    request_body = ReturnForm, security(("session" = ["clerk", "reviewer", "lead"])),
    params(("complaint_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ReturnBody), (status = NOT_FOUND, description = "complaint-unknown, visit-unknown"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_return(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    Body(form): Body<ReturnForm>,
) -> Result<Json<ReturnBody>, Problem> {
    let mut tx = app.store.write().await?;
    let planned = plan(&mut tx, &office, id, form.visit_id, app.clock.now()).await?;
    let body = ReturnBody::of(&mut tx, &mut Names::default(), planned).await?;
    tx.commit().await?;
    Ok(Json(body))
}

/// Plans by hand within the caller's transaction.
pub(super) async fn plan(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ComplaintId,
    visit: VisitId,
    now: Timestamp,
) -> Result<ReturnVisit, Problem> {
    let complaint = reachable(tx, office, OFFICE, id).await?;
    let family = family(tx, id).await?;
    let plan = work_orders::find_visit(tx, visit).await?;
    let plan = plan.filter(|plan| plan.complaint.is_some_and(|own| family.contains(&own)));
    let plan = plan.ok_or(WorkOrderError::UnknownVisit)?;
    Ok(planning::plan_by_hand(tx, &plan, &complaint, now).await?)
}

/// Which version was read.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CallForm {
    /// The version that was read.
    version: i64,
}

/// Begins a call. Refused while somebody else is calling, and for whoever did the work.
#[utoipa::path(post, path = "/v1/return-visits/{return_id}/calls", tag = "return-visits", request_body = CallForm,
    security(("session" = ["clerk", "reviewer", "lead"])), params(("return_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ReturnDetail), (status = NOT_FOUND, description = "return-unknown"),
        (status = CONFLICT, description = "return-taken, return-own-work, return-state, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_call(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ReturnVisitId>,
    Body(form): Body<CallForm>,
) -> Result<Json<ReturnDetail>, Problem> {
    let mut tx = app.store.write().await?;
    // Who is calling says more than that something changed.
    let planned = reached(&mut tx, &office, OFFICE, id).await?;
    planned.may_call(office.person_id, app.clock.now())?;
    let planned = match planned.version == form.version {
        true => calling::take(&mut tx, planned, office.person_id, app.clock.now()).await?,
        false => return Err(ReturnError::Changed.into()),
    };
    answered(tx, planned).await
}

async fn answered(mut tx: Tx, planned: ReturnVisit) -> Result<Json<ReturnDetail>, Problem> {
    let body = ReturnDetail::of(&mut tx, planned).await?;
    tx.commit().await?;
    Ok(Json(body))
}

/// An answer of the customer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AnswerForm {
    /// `yes` or `no`, the code of an option, a number, or words: as the question asks.
    #[schema(min_length = 1, max_length = 2000)]
    answer: String,
}

/// Writes down an answer, with the time that the question took. Only by whoever is calling.
#[utoipa::path(put, path = "/v1/return-visits/{return_id}/answers/{question}", tag = "return-visits",
    request_body = AnswerForm, security(("session" = ["clerk", "reviewer", "lead"])),
    params(("return_id" = String, Path, format = "uuid"), ("question" = String, Path, max_length = 100)),
    responses((status = OK, body = ReturnDetail), (status = NOT_FOUND, description = "return-unknown"),
        (status = CONFLICT, description = "return-taken, return-state"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn put_answer(
    State(app): State<App>,
    office: OfficeAuth,
    Path((id, question)): Path<(ReturnVisitId, String)>,
    Body(form): Body<AnswerForm>,
) -> Result<Json<ReturnDetail>, Problem> {
    let mut tx = app.store.write().await?;
    let planned = reached(&mut tx, &office, OFFICE, id).await?;
    let given = (question.as_str(), form.answer.as_str());
    calling::answer(&mut tx, &planned, office.person_id, given, app.clock.now()).await?;
    answered(tx, planned).await
}

/// A call in vain.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AttemptForm {
    /// The version that was read.
    version: i64,
    outcome: AttemptOutcome,
    /// What was said; needed unless nobody answered.
    #[serde(default)]
    #[schema(max_length = 2000)]
    note: String,
    /// The time that was agreed, Unix milliseconds; needed when it was inconvenient.
    #[serde(default)]
    next_from_ms: Option<i64>,
    #[serde(default)]
    next_to_ms: Option<i64>,
}

/// Notes a call in vain, with the time that was agreed instead. The limit stays.
#[utoipa::path(post, path = "/v1/return-visits/{return_id}/attempts", tag = "return-visits",
    request_body = AttemptForm, security(("session" = ["clerk", "reviewer", "lead"])),
    params(("return_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ReturnDetail), (status = NOT_FOUND, description = "return-unknown"),
        (status = CONFLICT, description = "return-taken, return-state, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_attempt(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ReturnVisitId>,
    Body(form): Body<AttemptForm>,
) -> Result<Json<ReturnDetail>, Problem> {
    let mut tx = app.store.write().await?;
    let planned = reached_at(&mut tx, &office, OFFICE, (id, form.version)).await?;
    let next = form.next_from_ms.zip(form.next_to_ms);
    let next = next.map(|(from, to)| (Timestamp::from_unix_ms(from), Timestamp::from_unix_ms(to)));
    let new = NewAttempt { outcome: form.outcome, note: form.note, next };
    let planned = calling::attempt(&mut tx, planned, office.person_id, new, app.clock.now()).await?;
    answered(tx, planned).await
}

/// What the customer said.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CompletionForm {
    /// The version that was read.
    version: i64,
    /// The written record.
    #[schema(min_length = 1, max_length = 2000)]
    record: String,
}

/// The customer has answered. The answers are held against the technician's record at once, or when that arrives; a
/// contradiction reopens the complaint, makes a work order and demands a second return visit by somebody else.
#[utoipa::path(post, path = "/v1/return-visits/{return_id}/completion", tag = "return-visits",
    request_body = CompletionForm, security(("session" = ["clerk", "reviewer", "lead"])),
    params(("return_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ReturnDetail), (status = NOT_FOUND, description = "return-unknown"),
        (status = CONFLICT,
            description = "return-taken, return-state, return-own-work, return-incomplete, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_completion(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ReturnVisitId>,
    Body(form): Body<CompletionForm>,
) -> Result<Json<ReturnDetail>, Problem> {
    let mut tx = app.store.write().await?;
    let planned = reached_at(&mut tx, &office, OFFICE, (id, form.version)).await?;
    let planned =
        calling::complete(&mut tx, planned, office.person_id, &form.record, app.clock.now()).await?;
    answered(tx, planned).await
}

/// Why nobody need ask.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WaiverForm {
    /// The version that was read.
    version: i64,
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Waives a return visit, for a reason that stays on record. What follows a contradiction is never waived.
#[utoipa::path(post, path = "/v1/return-visits/{return_id}/waiver", tag = "return-visits", request_body = WaiverForm,
    security(("session" = ["reviewer", "lead"])), params(("return_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ReturnDetail), (status = NOT_FOUND, description = "return-unknown"),
        (status = CONFLICT, description = "return-compulsory, return-state, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_waiver(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ReturnVisitId>,
    Body(form): Body<WaiverForm>,
) -> Result<Json<ReturnDetail>, Problem> {
    let mut tx = app.store.write().await?;
    let planned = reached_at(&mut tx, &office, REVIEWERS, (id, form.version)).await?;
    let by = Actor::office(office.person_id, app.clock.now());
    let planned = calling::waive(&mut tx, planned, &form.reason, by).await?;
    answered(tx, planned).await
}

/// Who is to ask at the door.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DoorForm {
    /// The version that was read.
    pub(super) version: i64,
    /// A technician who did not do the work.
    #[schema(value_type = String, format = "uuid")]
    pub(super) person_id: PersonId,
    /// `YYYY-MM-DD` in the office's calendar; today if absent.
    #[serde(default)]
    #[schema(max_length = 10)]
    pub(super) planned_on: Option<String>,
}

/// Sends a technician who asks at the door, also without a network.
#[utoipa::path(post, path = "/v1/return-visits/{return_id}/door-visits", tag = "return-visits",
    request_body = DoorForm, security(("session" = ["clerk", "lead"])),
    params(("return_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ReturnDetail), (status = NOT_FOUND, description = "return-unknown"),
        (status = CONFLICT,
            description = "return-taken, return-state, return-own-work, complaint-state, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid, person-not-sendable, checklist-unknown")))]
async fn create_door_visit(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ReturnVisitId>,
    Body(form): Body<DoorForm>,
) -> Result<Json<ReturnDetail>, Problem> {
    let mut tx = app.store.write().await?;
    let planned = to_door(&app, &mut tx, &office, id, form).await?;
    answered(tx, planned).await
}

/// Sends a technician within the caller's transaction.
pub(super) async fn to_door(
    app: &App,
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ReturnVisitId,
    form: DoorForm,
) -> Result<ReturnVisit, Problem> {
    let now = app.clock.now();
    let planned = reached_at(tx, office, DISPATCHERS, (id, form.version)).await?;
    let planned_on = form.planned_on.unwrap_or_else(|| office_day(now));
    if planned_on.parse::<CivilDate>().is_err() {
        return Err(Problem::invalid_field("/planned_on", "a day like 2026-11-21"));
    }
    let plan = DoorPlan {
        person: form.person_id,
        planned_on,
        appointment: None,
        order: WorkOrderId::from_entropy(now, app.entropy.bytes()),
        visit: VisitId::from_entropy(now, app.entropy.bytes()),
    };
    Ok(calling::send_to_door(tx, planned, plan, Actor::office(office.person_id, now)).await?)
}
