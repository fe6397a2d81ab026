//! Planned events for clients of the office.

use super::acts;
use super::bodies::{PlannedEventBody, PlannedEventDetail, PlannedList};
use super::model::{PlannedContent, PlannedError, PlannedEvent};
use super::sql;
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::acts::Actor;
use crate::complaints::reach_of;
use crate::complaints::scope::{OFFICE, READERS, Reach};
use crate::people::Role;
use crate::problem::{self, Problem};
use crate::review::REVIEWERS;
use crate::routing::routes;
use crate::store::Tx;
use crate::wire::{Body, Page, PageQuery, if_match};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sync_core::ids::PlannedEventId;
use sync_core::time::Timestamp;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// Routes of this capability.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_planned_events))
        .routes(routes!(create_planned_event))
        .routes(routes!(read_planned_event))
        .routes(routes!(write_planned_event_draft))
        .routes(routes!(create_planned_event_submission))
        .routes(routes!(create_planned_event_return))
        .routes(routes!(create_planned_event_approval))
        .routes(routes!(create_planned_event_announcement))
        .routes(routes!(create_planned_event_cancellation))
}

/// Which part of which list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PlannedQuery {
    /// `coming`, `running`, `drafts`, `waiting`, `pressing`, `over`.
    #[param(inline)]
    list: PlannedList,
    /// `next_cursor` of the page before.
    #[param(max_length = 400)]
    cursor: Option<String>,
    /// Entries per page.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Planned events of which some part lies within reach.
#[utoipa::path(get, path = "/v1/planned-events", tag = "planned-events", params(PlannedQuery),
    security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    responses((status = OK, body = Page<PlannedEventBody>), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_planned_events(
    State(app): State<App>,
    office: OfficeAuth,
    Query(query): Query<PlannedQuery>,
) -> Result<Json<Page<PlannedEventBody>>, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    Ok(Json(listed(&app, &office, query.list, &page).await?))
}

/// One part of a list, for the API and for pages.
pub(super) async fn listed(
    app: &App,
    office: &OfficeAuth,
    list: PlannedList,
    page: &PageQuery,
) -> Result<Page<PlannedEventBody>, Problem> {
    let reach = reach_of(office, READERS)?;
    let after: (i64, String) = page.position()?.unwrap_or((i64::MIN, String::new()));
    let now = app.clock.now();
    let wanted = sql::Listing { list, reach: &reach, now, after, limit: page.limit() + 1 };
    let mut tx = app.store.read().await?;
    let found = sql::list(&mut tx, &wanted).await?;
    let bodies = found.into_iter().map(|(sort, event)| (sort, PlannedEventBody::of(event, now))).collect();
    let page = Page::cut(bodies, page.limit(), |(sort, body)| (*sort, body.event_id.to_string()));
    Ok(page.map(|(_, body)| body))
}

/// A planned event with its history.
#[utoipa::path(get, path = "/v1/planned-events/{event_id}", tag = "planned-events",
    security(("session" = ["clerk", "reviewer", "lead", "expert"])), params(("event_id" = String, Path, format = "uuid")),
    responses((status = OK, body = PlannedEventDetail), (status = NOT_FOUND, description = "planned-event-unknown"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn read_planned_event(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<PlannedEventId>,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    Ok(shown(StatusCode::OK, &detail(&app, &mut tx, &office, id).await?))
}

fn shown(status: StatusCode, body: &PlannedEventDetail) -> Response {
    let tag = format!("\"{}\"", body.event.version);
    (status, [(header::ETAG, tag)], Json(body)).into_response()
}

/// The event with everything about it, for the API and for pages.
pub(super) async fn detail(
    app: &App,
    tx: &mut Tx,
    office: &OfficeAuth,
    id: PlannedEventId,
) -> Result<PlannedEventDetail, Problem> {
    let event = readable(tx, office, id).await?;
    Ok(PlannedEventDetail::of(tx, event, app.clock.now()).await?)
}

async fn readable(tx: &mut Tx, office: &OfficeAuth, id: PlannedEventId) -> Result<PlannedEvent, Problem> {
    let reach = reach_of(office, READERS)?;
    let event = sql::find(tx, id).await?.filter(|event| event.content.is_read_by(&reach));
    Ok(event.ok_or(PlannedError::Unknown)?)
}

/// Refuses unless one of these roles reaches all of an event.
fn require(office: &OfficeAuth, roles: &[Role], content: &PlannedContent) -> Result<(), Problem> {
    office.require(roles)?;
    let reaches = Reach::of(&office.roles, roles).is_some_and(|reach| content.is_written_by(&reach));
    if reaches { Ok(()) } else { Err(PlannedError::Elsewhere.into()) }
}

/// Writes a new event down as a draft.
#[utoipa::path(post, path = "/v1/planned-events", tag = "planned-events", request_body = PlannedContent,
    security(("session" = ["clerk", "reviewer", "lead"])),
    responses((status = CREATED, body = PlannedEventDetail),
        (status = FORBIDDEN, description = "role-missing, planned-event-elsewhere"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_planned_event(
    State(app): State<App>,
    office: OfficeAuth,
    Body(form): Body<PlannedContent>,
) -> Result<Response, Problem> {
    let mut tx = app.store.write().await?;
    let event = create(&app, &mut tx, &office, form).await?;
    answered(&app, tx, StatusCode::CREATED, event).await
}

/// Writes a new event down within the caller's transaction.
pub(super) async fn create(
    app: &App,
    tx: &mut Tx,
    office: &OfficeAuth,
    form: PlannedContent,
) -> Result<PlannedEvent, Problem> {
    let now = app.clock.now();
    let form = form.checked()?;
    require(office, OFFICE, &form)?;
    let id = PlannedEventId::from_entropy(now, app.entropy.bytes());
    Ok(acts::create(tx, id, form, Actor::office(office.person_id, now)).await?)
}

async fn answered(
    app: &App,
    mut tx: Tx,
    status: StatusCode,
    event: PlannedEvent,
) -> Result<Response, Problem> {
    let body = PlannedEventDetail::of(&mut tx, event, app.clock.now()).await?;
    tx.commit().await?;
    Ok(shown(status, &body))
}

/// Who changes an event, and at which version of its row they read it.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) app: &'a App,
    pub(super) office: &'a OfficeAuth,
    pub(super) id: PlannedEventId,
    /// `None`: whatever it is.
    pub(super) version: Option<i64>,
}

/// What is done about an event.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Write(Box<PlannedContent>),
    Submit { late_reason: String },
    SendBack { reason: String },
    Approve { version: i64 },
    Announce { how: String, told_at: Option<Timestamp> },
    Cancel { reason: String },
}

impl Step {
    /// Roles of people who take it.
    pub(super) fn roles(&self) -> &'static [Role] {
        match self {
            Self::SendBack { .. } | Self::Approve { .. } => REVIEWERS,
            Self::Write(_) | Self::Submit { .. } | Self::Announce { .. } | Self::Cancel { .. } => OFFICE,
        }
    }
}

impl Change<'_> {
    /// Takes a step within the caller's transaction.
    pub(super) async fn apply(&self, tx: &mut Tx, step: Step) -> Result<PlannedEvent, Problem> {
        let event = readable(tx, self.office, self.id).await?;
        if self.version.is_some_and(|version| version != event.version) {
            return Err(Problem::new(&problem::PRECONDITION_FAILED));
        }
        require(self.office, step.roles(), &event.content)?;
        let by = Actor::office(self.office.person_id, self.app.clock.now());
        let regions = &self.app.regions;
        Ok(match step {
            Step::Write(content) => {
                let content = content.checked()?;
                require(self.office, OFFICE, &content)?;
                acts::write(tx, event, content, by).await?
            }
            Step::Submit { late_reason } => acts::submit(tx, event, &late_reason, by).await?,
            Step::SendBack { reason } => acts::send_back(tx, event, &reason, by).await?,
            Step::Approve { version } => acts::approve(tx, event, version, regions, by).await?,
            Step::Announce { how, told_at } => {
                acts::announce(tx, event, (&how, told_at), regions, by).await?
            }
            Step::Cancel { reason } => acts::cancel(tx, event, &reason, regions, by).await?,
        })
    }
}

async fn changed(
    app: &App,
    office: &OfficeAuth,
    (id, headers): (PlannedEventId, &HeaderMap),
    step: Step,
) -> Result<Response, Problem> {
    let change = Change { app, office, id, version: if_match(headers)? };
    let mut tx = app.store.write().await?;
    let event = change.apply(&mut tx, step).await?;
    answered(app, tx, StatusCode::OK, event).await
}

/// Changes what waits, or begins the next version of what is approved; either needs approval (again). Until then people
/// go by the version that was approved.
#[utoipa::path(put, path = "/v1/planned-events/{event_id}/draft", tag = "planned-events", request_body = PlannedContent,
    security(("session" = ["clerk", "reviewer", "lead"])),
    params(("event_id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = PlannedEventDetail), (status = NOT_FOUND, description = "planned-event-unknown"),
        (status = CONFLICT, description = "planned-event-state"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing, planned-event-elsewhere"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn write_planned_event_draft(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<PlannedEventId>,
    headers: HeaderMap,
    Body(form): Body<PlannedContent>,
) -> Result<Response, Problem> {
    changed(&app, &office, (id, &headers), Step::Write(Box::new(form))).await
}

/// That it is submitted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlannedSubmission {
    /// Why it comes after the moment until which it was due; needed only then.
    #[serde(default)]
    #[schema(max_length = 2000)]
    late_reason: String,
}

/// Submits a draft for approval by somebody else.
#[utoipa::path(post, path = "/v1/planned-events/{event_id}/submission", tag = "planned-events",
    request_body = PlannedSubmission, security(("session" = ["clerk", "reviewer", "lead"])),
    params(("event_id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = PlannedEventDetail), (status = NOT_FOUND, description = "planned-event-unknown"),
        (status = CONFLICT, description = "planned-event-state"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing, planned-event-elsewhere"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_planned_event_submission(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<PlannedEventId>,
    headers: HeaderMap,
    Body(form): Body<PlannedSubmission>,
) -> Result<Response, Problem> {
    changed(&app, &office, (id, &headers), Step::Submit { late_reason: form.late_reason }).await
}

/// Why.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlannedReason {
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Sends what was submitted back, for a reason. By nobody who wrote or submitted it.
#[utoipa::path(post, path = "/v1/planned-events/{event_id}/return", tag = "planned-events",
    request_body = PlannedReason, security(("session" = ["reviewer", "lead"])),
    params(("event_id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = PlannedEventDetail), (status = NOT_FOUND, description = "planned-event-unknown"),
        (status = CONFLICT, description = "planned-event-state, planned-event-own"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing, planned-event-elsewhere"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_planned_event_return(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<PlannedEventId>,
    headers: HeaderMap,
    Body(form): Body<PlannedReason>,
) -> Result<Response, Problem> {
    changed(&app, &office, (id, &headers), Step::SendBack { reason: form.reason }).await
}

/// Which version is approved.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlannedApproval {
    #[schema(minimum = 1)]
    event_version: i64,
}

/// Approves what was submitted: from then on it never changes. By nobody who wrote or submitted it.
#[utoipa::path(post, path = "/v1/planned-events/{event_id}/approval", tag = "planned-events",
    request_body = PlannedApproval, security(("session" = ["reviewer", "lead"])),
    params(("event_id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = PlannedEventDetail), (status = NOT_FOUND, description = "planned-event-unknown"),
        (status = CONFLICT, description = "planned-event-state, planned-event-own"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing, planned-event-elsewhere"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_planned_event_approval(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<PlannedEventId>,
    headers: HeaderMap,
    Body(form): Body<PlannedApproval>,
) -> Result<Response, Problem> {
    changed(&app, &office, (id, &headers), Step::Approve { version: form.event_version }).await
}

/// That customers were told.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlannedAnnouncement {
    /// By which ways: text message, notice at the door, web site …
    #[schema(min_length = 1, max_length = 2000)]
    how: String,
    /// When, between the approval and now; null: now.
    #[serde(default)]
    told_at_ms: Option<i64>,
}

/// Writes down that customers were told of what is approved.
#[utoipa::path(post, path = "/v1/planned-events/{event_id}/announcement", tag = "planned-events",
    request_body = PlannedAnnouncement, security(("session" = ["clerk", "reviewer", "lead"])),
    params(("event_id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = PlannedEventDetail), (status = NOT_FOUND, description = "planned-event-unknown"),
        (status = CONFLICT, description = "planned-event-state"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing, planned-event-elsewhere"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_planned_event_announcement(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<PlannedEventId>,
    headers: HeaderMap,
    Body(form): Body<PlannedAnnouncement>,
) -> Result<Response, Problem> {
    let told_at = form.told_at_ms.map(Timestamp::from_unix_ms);
    changed(&app, &office, (id, &headers), Step::Announce { how: form.how, told_at }).await
}

/// Cancels an event that has not ended, for a reason that stays on record; devices drop it with their next exchange.
#[utoipa::path(post, path = "/v1/planned-events/{event_id}/cancellation", tag = "planned-events",
    request_body = PlannedReason, security(("session" = ["clerk", "reviewer", "lead"])),
    params(("event_id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = PlannedEventDetail), (status = NOT_FOUND, description = "planned-event-unknown"),
        (status = CONFLICT, description = "planned-event-state"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing, planned-event-elsewhere"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_planned_event_cancellation(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<PlannedEventId>,
    headers: HeaderMap,
    Body(form): Body<PlannedReason>,
) -> Result<Response, Problem> {
    changed(&app, &office, (id, &headers), Step::Cancel { reason: form.reason }).await
}
