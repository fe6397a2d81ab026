//! Questions to experts for clients of the office.

use super::acts::{self, NewRequest};
use super::bodies::{ExpertRequestBody, ExpertRequestDetail, RequestList};
use super::model::{ExpertRequest, RequestError};
use super::sql;
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::acts::{Actor, find_open_to_acts};
use crate::complaints::model::{Complaint, StateConflict};
use crate::complaints::scope::{OFFICE, READERS, Reach};
use crate::complaints::{self, ComplaintError, Names, reach_of, reachable};
use crate::idempotency::{IdempotencyKey, Kept};
use crate::people::Role;
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::store::Tx;
use crate::wire::{Body, Page, PageQuery, if_match};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sync_core::ids::{ComplaintId, ExpertRequestId, VisitId};
use sync_core::time::Timestamp;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// Roles of people who take questions and answer them.
pub(crate) const ANSWERERS: &[Role] = &[Role::Lead, Role::Expert];

/// Routes of this capability.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_expert_requests))
        .routes(routes!(read_expert_request))
        .routes(routes!(create_expert_request))
        .routes(routes!(create_expert_taking))
        .routes(routes!(create_expert_giving_back))
        .routes(routes!(create_expert_answer))
        .routes(routes!(create_expert_withdrawal))
}

/// Which part of which list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExpertQuery {
    /// `waiting`, `open`, `mine`, `pressing`: the soonest due first. `over`: newest first.
    #[param(inline)]
    list: RequestList,
    /// Only questions to this skill: the code of a discipline.
    #[param(max_length = 40)]
    skill: Option<String>,
    /// `next_cursor` of the page before.
    #[param(max_length = 400)]
    cursor: Option<String>,
    /// Entries per page.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Questions to experts about complaints within reach.
#[utoipa::path(get, path = "/v1/expert-requests", tag = "expert-seats", params(ExpertQuery),
    security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    responses((status = OK, body = Page<ExpertRequestBody>), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_expert_requests(
    State(app): State<App>,
    office: OfficeAuth,
    Query(query): Query<ExpertQuery>,
) -> Result<Json<Page<ExpertRequestBody>>, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    Ok(Json(listed(&app, &office, (query.list, query.skill.as_deref()), &page).await?))
}

/// One part of a list, of one skill or of all, for the API and for pages.
pub(super) async fn listed(
    app: &App,
    office: &OfficeAuth,
    (list, skill): (RequestList, Option<&str>),
    page: &PageQuery,
) -> Result<Page<ExpertRequestBody>, Problem> {
    let reach = reach_of(office, READERS)?;
    let after: (i64, String) = page.position()?.unwrap_or((i64::MIN, String::new()));
    let (person, now, limit) = (office.person_id, app.clock.now(), page.limit() + 1);
    let wanted = sql::Listing { list, skill, reach: &reach, person, now, after, limit };
    let mut tx = app.store.read().await?;
    let (mut names, mut bodies) = (Names::default(), Vec::new());
    for (sort, row) in sql::list(&mut tx, &wanted).await? {
        bodies.push((sort, ExpertRequestBody::of(&mut tx, &mut names, row).await?));
    }
    let page = Page::cut(bodies, page.limit(), |(sort, body)| (*sort, body.request_id.to_string()));
    Ok(page.map(|(_, body)| body))
}

/// A question with its answer.
#[utoipa::path(get, path = "/v1/expert-requests/{request_id}", tag = "expert-seats",
    security(("session" = ["clerk", "reviewer", "lead", "expert"])), params(("request_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ExpertRequestDetail), (status = NOT_FOUND, description = "expert-request-unknown"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn read_expert_request(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ExpertRequestId>,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let body = detail(&app, &mut tx, &office, id).await?;
    Ok(([(header::ETAG, tag(&body))], Json(body)).into_response())
}

fn tag(body: &ExpertRequestDetail) -> String {
    format!("\"{}\"", body.request.version)
}

/// The question, for the API and for pages.
pub(super) async fn detail(
    app: &App,
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ExpertRequestId,
) -> Result<ExpertRequestDetail, Problem> {
    let (request, _) = reached(tx, office, id).await?;
    Ok(ExpertRequestBody::detail(tx, request, app.clock.now()).await?)
}

/// The question with its complaint, if that is within reach.
async fn reached(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ExpertRequestId,
) -> Result<(ExpertRequest, Complaint), Problem> {
    let reach = reach_of(office, READERS)?;
    let request = sql::find(tx, id).await?.ok_or(RequestError::Unknown)?;
    let complaint = complaints::standing(tx, request.complaint).await?;
    let complaint = complaint.filter(|complaint| reach.includes(complaint)).ok_or(RequestError::Unknown)?;
    Ok((request, complaint))
}

/// What an expert is asked.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpertRequestForm {
    /// A code of the disciplines that the rules name; see `GET /v1/disciplines`.
    #[schema(max_length = 40)]
    pub(super) skill: String,
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) question: String,
    /// The visit on which it arose.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(super) visit_id: Option<VisitId>,
}

/// Asks an expert about a complaint that is open. The answer is due thirty minutes later, or as long as the rules say,
/// around the clock.
///
/// With an `Idempotency-Key` the request may be repeated.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/expert-requests", tag = "expert-seats",
    request_body = ExpertRequestForm, security(("session" = ["clerk", "reviewer", "lead"])),
    params(("complaint_id" = String, Path, format = "uuid"), ("Idempotency-Key" = Option<String>, Header, max_length = 128)),
    responses((status = CREATED, body = ExpertRequestDetail), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "complaint-state, complaint-merged"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_expert_request(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    key: IdempotencyKey,
    Body(form): Body<ExpertRequestForm>,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let repeatable = key.of(office.person_id, &form, now);
    let mut tx = app.store.write().await?;
    if let Some(answer) = repeatable.answered(&mut tx).await? {
        return Ok(answer.into_response());
    }
    let request = ask(&app, &mut tx, &office, id, form).await?;
    let body = ExpertRequestBody::detail(&mut tx, request, now).await?;
    let answer = Kept::json(StatusCode::CREATED, &body).etag(tag(&body));
    repeatable.keep(&mut tx, &answer).await?;
    tx.commit().await?;
    Ok(answer.into_response())
}

/// Asks within the caller's transaction.
pub(super) async fn ask(
    app: &App,
    tx: &mut Tx,
    office: &OfficeAuth,
    complaint: ComplaintId,
    form: ExpertRequestForm,
) -> Result<ExpertRequest, Problem> {
    let now = app.clock.now();
    reachable(tx, office, OFFICE, complaint).await?;
    let complaint = find_open_to_acts(tx, complaint).await?;
    if !complaint.is_open() {
        return Err(ComplaintError::State(StateConflict { state: complaint.state }).into());
    }
    let new = NewRequest {
        id: ExpertRequestId::from_entropy(now, app.entropy.bytes()),
        complaint: complaint.id,
        visit: form.visit_id,
        skill: form.skill,
        question: form.question,
    };
    Ok(acts::ask(tx, new, Actor::office(office.person_id, now)).await?)
}

/// Who changes a question, and at which version they read it.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) office: &'a OfficeAuth,
    pub(super) id: ExpertRequestId,
    /// `None`: whatever it is.
    pub(super) version: Option<i64>,
    pub(super) now: Timestamp,
}

/// What is done about a question.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Take,
    GiveBack,
    Answer(String),
    Withdraw(String),
}

impl Change<'_> {
    /// Takes a step within the caller's transaction.
    pub(super) async fn apply(&self, tx: &mut Tx, step: &Step) -> Result<ExpertRequest, Problem> {
        let (request, complaint) = reached(tx, self.office, self.id).await?;
        if self.version.is_some_and(|version| version != request.version) {
            // Who was slower learns that it was answered meanwhile, not only that it changed.
            request.waiting()?;
            return Err(Problem::new(&problem::PRECONDITION_FAILED));
        }
        let by = Actor::office(self.office.person_id, self.now);
        let leads = self.reaches(&[Role::Lead], &complaint);
        if !matches!(step, Step::Withdraw(_)) && !self.reaches(ANSWERERS, &complaint) {
            return Err(Problem::new(&problem::ROLE_MISSING));
        }
        Ok(match step {
            Step::Take => acts::take(tx, request, leads, by).await?,
            Step::GiveBack => acts::give_back(tx, request, leads, by).await?,
            Step::Answer(text) => acts::answer(tx, request, (text, leads), by).await?,
            Step::Withdraw(_) if request.asked_by != by.person && !leads => {
                return Err(RequestError::OfAnother.into());
            }
            Step::Withdraw(reason) => acts::withdraw(tx, request, reason, by).await?,
        })
    }

    fn reaches(&self, roles: &[Role], complaint: &Complaint) -> bool {
        Reach::of(&self.office.roles, roles).is_some_and(|reach| reach.includes(complaint))
    }
}

async fn changed(
    app: &App,
    office: &OfficeAuth,
    id: ExpertRequestId,
    headers: &HeaderMap,
    step: &Step,
) -> Result<Response, Problem> {
    let change = Change { office, id, version: if_match(headers)?, now: app.clock.now() };
    let mut tx = app.store.write().await?;
    let request = change.apply(&mut tx, step).await?;
    let body = ExpertRequestBody::detail(&mut tx, request, change.now).await?;
    tx.commit().await?;
    Ok(([(header::ETAG, tag(&body))], Json(body)).into_response())
}

/// Takes a question: its holder works on it. A lead may take what somebody else has.
#[utoipa::path(post, path = "/v1/expert-requests/{request_id}/taking", tag = "expert-seats",
    security(("session" = ["lead", "expert"])),
    params(("request_id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = ExpertRequestDetail), (status = NOT_FOUND, description = "expert-request-unknown"),
        (status = CONFLICT, description = "expert-request-state, expert-request-own"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing, expert-request-of-another")))]
async fn create_expert_taking(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ExpertRequestId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    changed(&app, &office, id, &headers, &Step::Take).await
}

/// Gives a question back: nobody works on it, and its deadline stays. By its holder or a lead.
#[utoipa::path(post, path = "/v1/expert-requests/{request_id}/giving-back", tag = "expert-seats",
    security(("session" = ["lead", "expert"])),
    params(("request_id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = ExpertRequestDetail), (status = NOT_FOUND, description = "expert-request-unknown"),
        (status = CONFLICT, description = "expert-request-state"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing, expert-request-of-another")))]
async fn create_expert_giving_back(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ExpertRequestId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    changed(&app, &office, id, &headers, &Step::GiveBack).await
}

/// What the expert says.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExpertAnswer {
    #[schema(min_length = 1, max_length = 2000)]
    answer: String,
}

/// Answers a question, once. The technicians of the complaint read the answer after their next exchange.
#[utoipa::path(post, path = "/v1/expert-requests/{request_id}/answer", tag = "expert-seats",
    request_body = ExpertAnswer, security(("session" = ["lead", "expert"])),
    params(("request_id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = ExpertRequestDetail), (status = NOT_FOUND, description = "expert-request-unknown"),
        (status = CONFLICT, description = "expert-request-state, expert-request-own"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing, expert-request-of-another"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_expert_answer(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ExpertRequestId>,
    headers: HeaderMap,
    Body(form): Body<ExpertAnswer>,
) -> Result<Response, Problem> {
    changed(&app, &office, id, &headers, &Step::Answer(form.answer)).await
}

/// Why.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExpertReason {
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Withdraws a question that needs no answer any more, for a reason. By who asked it, or by a lead.
#[utoipa::path(post, path = "/v1/expert-requests/{request_id}/withdrawal", tag = "expert-seats",
    request_body = ExpertReason, security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    params(("request_id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = ExpertRequestDetail), (status = NOT_FOUND, description = "expert-request-unknown"),
        (status = CONFLICT, description = "expert-request-state"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing, expert-request-of-another"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_expert_withdrawal(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ExpertRequestId>,
    headers: HeaderMap,
    Body(form): Body<ExpertReason>,
) -> Result<Response, Problem> {
    changed(&app, &office, id, &headers, &Step::Withdraw(form.reason)).await
}
