//! Corrective actions for clients of the office.

use super::acts::{self, NewAction};
use super::bodies::{ActionBody, ActionDetail, ActionList};
use super::model::{Action, ActionError, EFFECT_DAYS};
use super::sql;
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::acts::Actor;
use crate::complaints::scope::{OFFICE, READERS, Reach};
use crate::complaints::{ComplaintError, Names, find_by_number, office_moment, reach_of, reachable};
use crate::people::Role;
use crate::problem::Problem;
use crate::review::REVIEWERS;
use crate::routing::routes;
use crate::store::Tx;
use crate::wire::{Body, Page, PageQuery};
use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use sync_core::ids::{ActionId, ComplaintId, PersonId};
use sync_core::time::Timestamp;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// Routes of this capability.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_corrective_actions))
        .routes(routes!(read_corrective_action))
        .routes(routes!(create_corrective_action))
        .routes(routes!(create_action_link))
        .routes(routes!(create_action_handover))
        .routes(routes!(create_action_completion))
        .routes(routes!(create_effect_check))
        .routes(routes!(create_action_drop))
}

/// Which part of which list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ActionQuery {
    /// `mine`, `open`, `overdue`: by their last day. `to_check`: carried out, by when their effect can be judged.
    /// `over`: newest first.
    #[param(inline)]
    list: ActionList,
    /// `next_cursor` of the page before.
    #[param(max_length = 400)]
    cursor: Option<String>,
    /// Entries per page.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Corrective actions within reach.
#[utoipa::path(get, path = "/v1/corrective-actions", tag = "corrective-actions", params(ActionQuery),
    security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    responses((status = OK, body = Page<ActionBody>), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_corrective_actions(
    State(app): State<App>,
    office: OfficeAuth,
    Query(query): Query<ActionQuery>,
) -> Result<Json<Page<ActionBody>>, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    Ok(Json(listed(&app, &office, query.list, &page).await?))
}

/// One part of a list, for the API and for pages.
pub(super) async fn listed(
    app: &App,
    office: &OfficeAuth,
    list: ActionList,
    page: &PageQuery,
) -> Result<Page<ActionBody>, Problem> {
    let reach = reach_of(office, READERS)?;
    let after: (i64, String) = page.position()?.unwrap_or((i64::MIN, String::new()));
    let (person, now, limit) = (office.person_id, app.clock.now(), page.limit() + 1);
    let wanted = sql::Listing { list, reach: &reach, person, now, after, limit };
    let mut tx = app.store.read().await?;
    let (mut names, mut bodies) = (Names::default(), Vec::new());
    for (sort, row) in sql::list(&mut tx, &wanted).await? {
        bodies.push((sort, ActionBody::of(&mut tx, &mut names, row).await?));
    }
    let page = Page::cut(bodies, page.limit(), |(sort, body)| (*sort, body.action_id.to_string()));
    Ok(page.map(|(_, body)| body))
}

/// A corrective action with its complaints, everything that was done about it, and the figures that tell its effect.
#[utoipa::path(get, path = "/v1/corrective-actions/{action_id}", tag = "corrective-actions",
    security(("session" = ["clerk", "reviewer", "lead", "expert"])), params(("action_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ActionDetail), (status = NOT_FOUND, description = "action-unknown"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn read_corrective_action(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ActionId>,
) -> Result<Json<ActionDetail>, Problem> {
    let mut tx = app.store.read().await?;
    Ok(Json(detail(&app, &mut tx, &office, id).await?))
}

/// The action with everything about it, for the API and for pages.
pub(super) async fn detail(
    app: &App,
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ActionId,
) -> Result<ActionDetail, Problem> {
    let (action, reach) = reached(tx, office, READERS, id).await?;
    Ok(ActionDetail::of(tx, action, &reach, app.clock.now()).await?)
}

/// The action, if it is within reach, and the reach.
async fn reached(
    tx: &mut Tx,
    office: &OfficeAuth,
    roles: &[Role],
    id: ActionId,
) -> Result<(Action, Reach), Problem> {
    let reach = reach_of(office, roles)?;
    let found = sql::find(tx, id).await?.filter(|action| reach.covers(&action.unit, &action.region));
    Ok((found.ok_or(ActionError::Unknown)?, reach))
}

/// The same for what changes it: refused when it changed since it was read.
pub(super) async fn reached_at(
    tx: &mut Tx,
    office: &OfficeAuth,
    roles: &[Role],
    (id, version): (ActionId, i64),
) -> Result<Action, Problem> {
    let (action, _) = reached(tx, office, roles, id).await?;
    if action.version == version { Ok(action) } else { Err(ActionError::Changed.into()) }
}

/// What is to be put right.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionForm {
    #[schema(min_length = 1, max_length = 200)]
    pub(super) title: String,
    /// Who sees to it: a person of the office who has access to the complaint.
    #[schema(value_type = String, format = "uuid")]
    pub(super) owner: PersonId,
    /// Its last day, `YYYY-MM-DD` in the office's calendar.
    #[schema(max_length = 10)]
    pub(super) due_on: String,
    /// How many days its effect is watched; 30 if absent.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 366)]
    pub(super) effect_days: Option<i64>,
}

/// Plans a corrective action because of a complaint, which is not closed before the action is carried out or dropped.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/corrective-actions", tag = "corrective-actions",
    request_body = ActionForm, security(("session" = ["reviewer", "lead"])),
    params(("complaint_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ActionDetail), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "complaint-merged"), (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_corrective_action(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    Body(form): Body<ActionForm>,
) -> Result<Json<ActionDetail>, Problem> {
    let mut tx = app.store.write().await?;
    let action = plan(&app, &mut tx, &office, id, form).await?;
    answered(&app, tx, &office, action.id).await
}

/// Plans within the caller's transaction.
pub(super) async fn plan(
    app: &App,
    tx: &mut Tx,
    office: &OfficeAuth,
    complaint: ComplaintId,
    form: ActionForm,
) -> Result<Action, Problem> {
    let now = app.clock.now();
    reachable(tx, office, REVIEWERS, complaint).await?;
    let new = NewAction {
        id: ActionId::from_entropy(now, app.entropy.bytes()),
        title: form.title,
        owner: form.owner,
        due_at: end_of_day(&form.due_on)?,
        effect_days: form.effect_days.unwrap_or(EFFECT_DAYS),
    };
    Ok(acts::plan(tx, complaint, new, Actor::office(office.person_id, now)).await?)
}

/// The last millisecond of a day in the office.
pub(super) fn end_of_day(day: &str) -> Result<Timestamp, ActionError> {
    let date: Option<jiff::civil::Date> = day.parse().ok();
    let next = date.and_then(|date| date.tomorrow().ok()).and_then(|next| office_moment(next.at(0, 0, 0, 0)));
    next.map(|next| next.plus_ms(-1)).ok_or_else(|| ActionError::invalid("/due_on", "a day like 2026-11-21"))
}

async fn answered(
    app: &App,
    mut tx: Tx,
    office: &OfficeAuth,
    id: ActionId,
) -> Result<Json<ActionDetail>, Problem> {
    let body = detail(app, &mut tx, office, id).await?;
    tx.commit().await?;
    Ok(Json(body))
}

/// Which complaint is to be put under the action.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkForm {
    /// Its number, for example `C-2026-0417`, or one of its other numbers.
    #[schema(min_length = 1, max_length = 40)]
    pub(super) complaint: String,
}

/// Puts another complaint under an action. Doing it again changes nothing.
#[utoipa::path(post, path = "/v1/corrective-actions/{action_id}/complaints", tag = "corrective-actions",
    request_body = LinkForm, security(("session" = ["reviewer", "lead"])),
    params(("action_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ActionDetail), (status = NOT_FOUND, description = "action-unknown, complaint-unknown"),
        (status = CONFLICT, description = "action-state, complaint-merged"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_action_link(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ActionId>,
    Body(form): Body<LinkForm>,
) -> Result<Json<ActionDetail>, Problem> {
    let mut tx = app.store.write().await?;
    link(&mut tx, &office, id, &form, app.clock.now()).await?;
    answered(&app, tx, &office, id).await
}

/// Puts a complaint under an action within the caller's transaction.
pub(super) async fn link(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ActionId,
    form: &LinkForm,
    now: Timestamp,
) -> Result<Action, Problem> {
    let (action, reach) = reached(tx, office, REVIEWERS, id).await?;
    let found = find_by_number(tx, form.complaint.trim()).await?;
    let complaint = found.filter(|found| reach.includes(found)).ok_or(ComplaintError::Unknown)?;
    Ok(acts::link(tx, action, &complaint, Actor::office(office.person_id, now)).await?)
}

/// Who sees to it from now on, and until when.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionHandover {
    /// The version that was read.
    pub(super) version: i64,
    #[schema(value_type = String, format = "uuid")]
    pub(super) owner: PersonId,
    /// Its last day, `YYYY-MM-DD` in the office's calendar.
    #[schema(max_length = 10)]
    pub(super) due_on: String,
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) reason: String,
}

/// Gives an action another owner or another last day, for a reason.
#[utoipa::path(post, path = "/v1/corrective-actions/{action_id}/handovers", tag = "corrective-actions",
    request_body = ActionHandover, security(("session" = ["reviewer", "lead"])),
    params(("action_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ActionDetail), (status = NOT_FOUND, description = "action-unknown"),
        (status = CONFLICT, description = "action-state, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_action_handover(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ActionId>,
    Body(form): Body<ActionHandover>,
) -> Result<Json<ActionDetail>, Problem> {
    let mut tx = app.store.write().await?;
    hand_on(&mut tx, &office, id, &form, app.clock.now()).await?;
    answered(&app, tx, &office, id).await
}

/// Hands an action on within the caller's transaction.
pub(super) async fn hand_on(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ActionId,
    form: &ActionHandover,
    now: Timestamp,
) -> Result<Action, Problem> {
    let action = reached_at(tx, office, REVIEWERS, (id, form.version)).await?;
    let to = (form.owner, end_of_day(&form.due_on)?);
    Ok(acts::hand_on(tx, action, to, &form.reason, Actor::office(office.person_id, now)).await?)
}

/// What was done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionCompletion {
    /// The version that was read.
    pub(super) version: i64,
    /// What was done, and where that can be seen: a document, a work order, a changed rule.
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) evidence: String,
}

/// The action was carried out. By its owner, or by whoever may judge.
#[utoipa::path(post, path = "/v1/corrective-actions/{action_id}/completion", tag = "corrective-actions",
    request_body = ActionCompletion, security(("session" = ["clerk", "reviewer", "lead"])),
    params(("action_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ActionDetail), (status = NOT_FOUND, description = "action-unknown"),
        (status = CONFLICT, description = "action-state, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing, action-of-another"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_action_completion(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ActionId>,
    Body(form): Body<ActionCompletion>,
) -> Result<Json<ActionDetail>, Problem> {
    let mut tx = app.store.write().await?;
    carry_out(&mut tx, &office, id, &form, app.clock.now()).await?;
    answered(&app, tx, &office, id).await
}

/// Carries an action out within the caller's transaction.
pub(super) async fn carry_out(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ActionId,
    form: &ActionCompletion,
    now: Timestamp,
) -> Result<Action, Problem> {
    let action = reached_at(tx, office, OFFICE, (id, form.version)).await?;
    let may_judge = reach_of(office, REVIEWERS).is_ok_and(|reach| reach.covers(&action.unit, &action.region));
    if action.owner != office.person_id && !may_judge {
        return Err(ActionError::OfAnother.into());
    }
    Ok(acts::carry_out(tx, action, &form.evidence, Actor::office(office.person_id, now)).await?)
}

/// Whether it helped.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EffectCheck {
    /// The version that was read.
    pub(super) version: i64,
    pub(super) helped: bool,
    /// What was found.
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) finding: String,
    /// If it did not help: until when something better is to be done, `YYYY-MM-DD`.
    #[serde(default)]
    #[schema(max_length = 10)]
    pub(super) due_on: Option<String>,
}

/// Judges the effect of an action. Nobody judges what they own or carried out; what did not help is to be done anew.
#[utoipa::path(post, path = "/v1/corrective-actions/{action_id}/effect-check", tag = "corrective-actions",
    request_body = EffectCheck, security(("session" = ["reviewer", "lead"])),
    params(("action_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ActionDetail), (status = NOT_FOUND, description = "action-unknown"),
        (status = CONFLICT, description = "action-state, action-own-work, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_effect_check(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ActionId>,
    Body(form): Body<EffectCheck>,
) -> Result<Json<ActionDetail>, Problem> {
    let mut tx = app.store.write().await?;
    judge(&mut tx, &office, id, &form, app.clock.now()).await?;
    answered(&app, tx, &office, id).await
}

/// Judges within the caller's transaction.
pub(super) async fn judge(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ActionId,
    form: &EffectCheck,
    now: Timestamp,
) -> Result<Action, Problem> {
    let action = reached_at(tx, office, REVIEWERS, (id, form.version)).await?;
    let again_by = form.due_on.as_deref().map(end_of_day).transpose()?;
    let found = (form.helped, form.finding.as_str());
    Ok(acts::judge(tx, action, found, again_by, Actor::office(office.person_id, now)).await?)
}

/// Why it is not carried out.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionDrop {
    /// The version that was read.
    pub(super) version: i64,
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) reason: String,
}

/// Gives an action up, for a reason that stays on record.
#[utoipa::path(post, path = "/v1/corrective-actions/{action_id}/drop", tag = "corrective-actions",
    request_body = ActionDrop, security(("session" = ["reviewer", "lead"])),
    params(("action_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ActionDetail), (status = NOT_FOUND, description = "action-unknown"),
        (status = CONFLICT, description = "action-state, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_action_drop(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ActionId>,
    Body(form): Body<ActionDrop>,
) -> Result<Json<ActionDetail>, Problem> {
    let mut tx = app.store.write().await?;
    give_up(&mut tx, &office, id, &form, app.clock.now()).await?;
    answered(&app, tx, &office, id).await
}

/// Gives an action up within the caller's transaction.
pub(super) async fn give_up(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ActionId,
    form: &ActionDrop,
    now: Timestamp,
) -> Result<Action, Problem> {
    let action = reached_at(tx, office, REVIEWERS, (id, form.version)).await?;
    Ok(acts::give_up(tx, action, &form.reason, Actor::office(office.person_id, now)).await?)
}
