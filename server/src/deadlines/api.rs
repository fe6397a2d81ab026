//! Deadlines for the office: calendars and rules as published versions, the clock of one complaint.

use super::clock::{pause, resume};
use super::preview::{Preview, preview};
use super::{PublishedCalendar, PublishedPolicy, publish_calendar, publish_policy, sql};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::acts::Actor;
use crate::complaints::model::Complaint;
use crate::complaints::scope::OFFICE;
use crate::complaints::{self, ComplaintBody, kept, reachable};
use crate::idempotency::IdempotencyKey;
use crate::people::Role;
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::store::Tx;
use crate::wire::Body;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sync_core::deadline::{Calendar, DeadlinePolicy};
use sync_core::ids::{ComplaintId, PersonId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// Who publishes calendars and rules.
pub(crate) const PUBLISHERS: &[Role] = &[Role::Lead, Role::Administrator];

/// Routes of this capability.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_calendars))
        .routes(routes!(publish_calendar_version))
        .routes(routes!(list_policies))
        .routes(routes!(publish_policy_version))
        .routes(routes!(preview_policy))
        .routes(routes!(create_pause))
        .routes(routes!(create_resumption))
        .merge(super::watch_api::routes())
}

/// A version of a calendar.
#[derive(Debug, Serialize, ToSchema)]
struct CalendarBody {
    version: i64,
    published_at_ms: i64,
    /// Null: it came with the server.
    #[schema(value_type = Option<String>)]
    published_by: Option<PersonId>,
    /// See `docs/deadlines.md`.
    #[schema(value_type = Object)]
    calendar: Calendar,
}

impl From<PublishedCalendar> for CalendarBody {
    fn from(published: PublishedCalendar) -> Self {
        Self {
            version: published.version,
            published_at_ms: published.published_at.unix_ms(),
            published_by: published.published_by,
            calendar: published.calendar,
        }
    }
}

/// The newest version of every calendar of working days, by code.
#[utoipa::path(get, path = "/v1/calendars", tag = "deadlines", security(("session" = [])),
    responses((status = OK, body = Vec<CalendarBody>)))]
async fn list_calendars(
    State(app): State<App>,
    _office: OfficeAuth,
) -> Result<Json<Vec<CalendarBody>>, Problem> {
    let calendars = sql::calendars(&mut app.store.read().await?).await?;
    Ok(Json(calendars.into_iter().map(CalendarBody::from).collect()))
}

/// What publishing a calendar did.
#[derive(Debug, Serialize, ToSchema)]
struct CalendarPublished {
    version: i64,
    /// Complaints whose dates were provisional and are other ones now.
    moved: usize,
}

/// Publishes the next version of a calendar, for example with the holidays of the next year; dates that were
/// provisional are counted anew.
///
/// `version` must be the one after the newest, so that nobody overwrites a version they have not seen.
#[utoipa::path(put, path = "/v1/calendars/{code}/versions/{version}", tag = "deadlines", request_body = Object,
    security(("session" = ["lead", "administrator"])),
    params(("code" = String, Path, max_length = 40), ("version" = i64, Path)),
    responses((status = CREATED, body = CalendarPublished), (status = FORBIDDEN, description = "role-missing"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn publish_calendar_version(
    State(app): State<App>,
    office: OfficeAuth,
    Path((code, version)): Path<(String, i64)>,
    Body(calendar): Body<Value>,
) -> Result<(StatusCode, Json<CalendarPublished>), Problem> {
    let moved = publish_checked_calendar(&app, &office, &code, version, calendar).await?;
    Ok((StatusCode::CREATED, Json(CalendarPublished { version, moved })))
}

/// Checks and publishes a calendar, for the API and for pages; says how many complaints' dates moved.
pub(super) async fn publish_checked_calendar(
    app: &App,
    office: &OfficeAuth,
    code: &str,
    version: i64,
    calendar: Value,
) -> Result<usize, Problem> {
    office.require(PUBLISHERS)?;
    let calendar: Calendar = serde_json::from_value(calendar)
        .map_err(|error| Problem::invalid_field("", &format!("a calendar: {error}")))?;
    calendar.check().map_err(|error| Problem::invalid_field("", &error.to_string()))?;
    if calendar.code != code {
        return Err(Problem::invalid_field("/code", &format!("{code}, as in the path")));
    }
    let mut tx = app.store.write().await?;
    let newest = sql::newest_calendar(&mut tx, code).await?.map_or(0, |newest| newest.version);
    if version != newest + 1 {
        return Err(Problem::new(&problem::PRECONDITION_FAILED).with("newest", newest));
    }
    let by = Actor::office(office.person_id, app.clock.now());
    let moved = publish_calendar(&mut tx, version, &calendar, by).await?;
    tx.commit().await?;
    Ok(moved)
}

/// Rules for limits.
#[derive(Debug, Serialize, ToSchema)]
struct PolicyBody {
    version: i64,
    /// They hold for what is requested from then on, until the next version does.
    effective_from_ms: i64,
    published_at_ms: i64,
    /// Null: they came with the server.
    #[schema(value_type = Option<String>)]
    published_by: Option<PersonId>,
    /// See `docs/deadlines.md`.
    #[schema(value_type = Object)]
    policy: DeadlinePolicy,
}

impl From<PublishedPolicy> for PolicyBody {
    fn from(published: PublishedPolicy) -> Self {
        Self {
            version: published.version,
            effective_from_ms: published.effective_from.unix_ms(),
            published_at_ms: published.published_at.unix_ms(),
            published_by: published.published_by,
            policy: published.policy,
        }
    }
}

/// Versions of the rules for limits, newest first.
#[utoipa::path(get, path = "/v1/deadline-policies", tag = "deadlines", security(("session" = [])),
    responses((status = OK, body = Vec<PolicyBody>)))]
async fn list_policies(
    State(app): State<App>,
    _office: OfficeAuth,
) -> Result<Json<Vec<PolicyBody>>, Problem> {
    let policies = sql::policies(&mut app.store.read().await?).await?;
    Ok(Json(policies.into_iter().map(PolicyBody::from).collect()))
}

/// New rules.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyForm {
    /// Unix milliseconds from which they hold, not in the past.
    pub(super) effective_from_ms: i64,
    /// `{calendar, rules}`; see `docs/deadlines.md`.
    #[schema(value_type = Object)]
    pub(super) policy: Value,
}

/// Publishes the next version of the rules. What was requested before they hold keeps its dates.
///
/// `version` must be the one after the newest, so that nobody overwrites a version they have not seen.
#[utoipa::path(put, path = "/v1/deadline-policies/{version}", tag = "deadlines", request_body = PolicyForm,
    security(("session" = ["lead", "administrator"])), params(("version" = i64, Path)),
    responses((status = CREATED, body = PolicyBody), (status = FORBIDDEN, description = "role-missing"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn publish_policy_version(
    State(app): State<App>,
    office: OfficeAuth,
    Path(version): Path<i64>,
    Body(form): Body<PolicyForm>,
) -> Result<(StatusCode, Json<PolicyBody>), Problem> {
    Ok((StatusCode::CREATED, Json(publish_checked_policy(&app, &office, version, form).await?.into())))
}

/// Checks and publishes rules, for the API and for pages.
pub(super) async fn publish_checked_policy(
    app: &App,
    office: &OfficeAuth,
    version: i64,
    form: PolicyForm,
) -> Result<PublishedPolicy, Problem> {
    office.require(PUBLISHERS)?;
    let now = app.clock.now();
    let effective_from = Timestamp::from_unix_ms(form.effective_from_ms);
    if effective_from < now.plus_ms(-60_000) {
        let expected = "now or later: what was requested before keeps the rules that it was told";
        return Err(Problem::invalid_field("/effective_from_ms", expected));
    }
    let mut tx = app.store.write().await?;
    let policy = checked_policy(&mut tx, form.policy).await?;
    let newest = sql::newest_policy(&mut tx).await?;
    if version != newest.as_ref().map_or(0, |newest| newest.version) + 1 {
        let newest = newest.map_or(0, |newest| newest.version);
        return Err(Problem::new(&problem::PRECONDITION_FAILED).with("newest", newest));
    }
    publish_policy(&mut tx, version, effective_from, &policy, office.person_id, now).await?;
    tx.commit().await?;
    Ok(PublishedPolicy {
        version,
        effective_from,
        policy,
        published_by: Some(office.person_id),
        published_at: now,
    })
}

/// Rules that can be used, by a calendar that there is.
async fn checked_policy(tx: &mut Tx, policy: Value) -> Result<DeadlinePolicy, Problem> {
    let policy: DeadlinePolicy = serde_json::from_value(policy)
        .map_err(|error| Problem::invalid_field("/policy", &format!("rules: {error}")))?;
    policy.check().map_err(|error| Problem::invalid_field("/policy", &error.to_string()))?;
    if let Some(unknown) =
        policy.watch.dwell.keys().find(|state| state.parse::<complaints::model::State>().is_err())
    {
        return Err(Problem::invalid_field("/policy/watch/dwell", &format!("states; {unknown:?} is none")));
    }
    if sql::newest_calendar(tx, &policy.calendar).await?.is_none() {
        return Err(Problem::invalid_field("/policy/calendar", "the code of a published calendar"));
    }
    Ok(policy)
}

/// What rules would do to the complaints that are open now; nothing is changed.
#[utoipa::path(post, path = "/v1/deadline-policies/preview", tag = "deadlines", request_body = PolicyForm,
    security(("session" = ["lead", "administrator"])),
    responses((status = OK, body = Preview), (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn preview_policy(
    State(app): State<App>,
    office: OfficeAuth,
    Body(form): Body<PolicyForm>,
) -> Result<Json<Preview>, Problem> {
    Ok(Json(preview_checked(&app, &office, form).await?))
}

/// Checks rules and says what they would do, for the API and for pages.
pub(super) async fn preview_checked(
    app: &App,
    office: &OfficeAuth,
    form: PolicyForm,
) -> Result<Preview, Problem> {
    office.require(PUBLISHERS)?;
    let mut tx = app.store.read().await?;
    let policy = checked_policy(&mut tx, form.policy).await?;
    Ok(preview(&mut tx, &policy, app.clock.now()).await?)
}

/// Why a clock is to stand.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PauseForm {
    /// `customer_unreachable`, `customer_asked_later` or `outside_dependency`.
    pub(crate) reason: String,
    /// What happened.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) note: String,
}

/// Stops the clock of a complaint for a named reason: its dates are open until it runs again.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/clock/pauses", tag = "deadlines", request_body = PauseForm,
    security(("session" = ["clerk", "reviewer", "lead"])), params(("complaint_id" = String, Path, format = "uuid"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 128)),
    responses((status = OK, body = ComplaintBody), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "clock-conflict, complaint-merged, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid, idempotency-key-reused")))]
async fn create_pause(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    key: IdempotencyKey,
    Body(form): Body<PauseForm>,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let request = key.of(office.person_id, &form, now);
    let mut tx = app.store.write().await?;
    if let Some(answer) = request.answered(&mut tx).await? {
        return Ok(answer.into_response());
    }
    let complaint = pause_clock(&mut tx, &office, id, &form, now).await?;
    let answer = kept(&mut tx, StatusCode::OK, complaint).await?;
    request.keep(&mut tx, &answer).await?;
    tx.commit().await?;
    Ok(answer.into_response())
}

/// A step that needs no words.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Resumption {}

/// Lets the clock of a complaint run again: its dates move by what it stood.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/clock/resumption", tag = "deadlines",
    request_body = Resumption, security(("session" = ["clerk", "reviewer", "lead"])),
    params(("complaint_id" = String, Path, format = "uuid"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 128)),
    responses((status = OK, body = ComplaintBody), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "clock-conflict, complaint-merged, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid, idempotency-key-reused")))]
async fn create_resumption(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    key: IdempotencyKey,
    Body(form): Body<Resumption>,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let request = key.of(office.person_id, &form, now);
    let mut tx = app.store.write().await?;
    if let Some(answer) = request.answered(&mut tx).await? {
        return Ok(answer.into_response());
    }
    let complaint = resume_clock(&mut tx, &office, id, now).await?;
    let answer = kept(&mut tx, StatusCode::OK, complaint).await?;
    request.keep(&mut tx, &answer).await?;
    tx.commit().await?;
    Ok(answer.into_response())
}

/// Stops a clock, for the API and for pages.
pub(super) async fn pause_clock(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ComplaintId,
    form: &PauseForm,
    now: Timestamp,
) -> Result<Complaint, Problem> {
    reachable(tx, office, OFFICE, id).await?;
    Ok(pause(tx, id, &form.reason, &form.note, Actor::office(office.person_id, now)).await?)
}

/// Lets a clock run again, for the API and for pages.
pub(super) async fn resume_clock(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ComplaintId,
    now: Timestamp,
) -> Result<Complaint, Problem> {
    reachable(tx, office, OFFICE, id).await?;
    Ok(resume(tx, id, Actor::office(office.person_id, now)).await?)
}
