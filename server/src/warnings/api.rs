//! Early warnings for clients of the office.

use super::acts;
use super::bodies::{WarningBody, WarningDetail};
use super::model::{Warning, WarningError};
use super::rows::{self, WarningList};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::acts::Actor;
use crate::complaints::reach_of;
use crate::complaints::scope::{OFFICE, READERS, Reach};
use crate::people::Role;
use crate::problem::Problem;
use crate::routing::routes;
use crate::store::Tx;
use crate::wire::{Body, Page, PageQuery};
use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use sync_core::ids::WarningId;
use sync_core::time::Timestamp;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_warnings))
        .routes(routes!(read_warning))
        .routes(routes!(create_acknowledgement))
        .routes(routes!(create_recheck))
        .routes(routes!(create_warning_closure))
}

/// Which part of which list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WarningQuery {
    /// `open`: what waits for somebody, the highest level first, then the newest. `mine`: those of them that are
    /// addressed to the reader. `watched`: somebody looked, by when they come back. `over`: newest first.
    #[param(inline)]
    list: WarningList,
    /// `next_cursor` of the page before.
    #[param(max_length = 400)]
    cursor: Option<String>,
    /// Entries per page.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Early warnings within reach.
#[utoipa::path(get, path = "/v1/warnings", tag = "warnings", params(WarningQuery),
    security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    responses((status = OK, body = Page<WarningBody>), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_warnings(
    State(app): State<App>,
    office: OfficeAuth,
    Query(query): Query<WarningQuery>,
) -> Result<Json<Page<WarningBody>>, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    Ok(Json(listed(&app, &office, query.list, &page).await?))
}

/// One part of a list, for the API and for pages.
pub(super) async fn listed(
    app: &App,
    office: &OfficeAuth,
    list: WarningList,
    page: &PageQuery,
) -> Result<Page<WarningBody>, Problem> {
    let reach = reach_of(office, READERS)?;
    let after: (i64, String) = page.position()?.unwrap_or((i64::MIN, String::new()));
    let (person, now, limit) = (office.person_id, app.clock.now(), page.limit() + 1);
    let wanted = rows::Listing { list, reach: &reach, person, now, after, limit };
    let found = rows::list(&mut app.store.read_once().await?, &wanted).await?;
    let page = Page::cut(found, page.limit(), |(sort, row)| (*sort, row.id.to_string()));
    Ok(page.map(|(_, row)| WarningBody::from(&row)))
}

/// A warning with what is behind it: complaints, the counts of the days before, whom it is addressed to, and what
/// happened to it.
#[utoipa::path(get, path = "/v1/warnings/{warning_id}", tag = "warnings",
    security(("session" = ["clerk", "reviewer", "lead", "expert"])), params(("warning_id" = String, Path, format = "uuid")),
    responses((status = OK, body = WarningDetail), (status = NOT_FOUND, description = "warning-unknown"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn read_warning(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<WarningId>,
) -> Result<Json<WarningDetail>, Problem> {
    Ok(Json(detail(&app, &mut app.store.read().await?, &office, id).await?))
}

/// The warning with everything about it, for the API and for pages.
pub(super) async fn detail(
    app: &App,
    tx: &mut Tx,
    office: &OfficeAuth,
    id: WarningId,
) -> Result<WarningDetail, Problem> {
    let (warning, reach) = reached(tx, office, READERS, id).await?;
    Ok(WarningDetail::of(tx, &warning, &reach, app.clock.now()).await?)
}

/// The warning, if it is within reach, and the reach.
async fn reached(
    tx: &mut Tx,
    office: &OfficeAuth,
    roles: &[Role],
    id: WarningId,
) -> Result<(Warning, Reach), Problem> {
    let reach = reach_of(office, roles)?;
    let found = rows::find(tx, id).await?.filter(|row| reach.covers(&row.unit, &row.cell.area));
    Ok((found.ok_or(WarningError::Unknown)?, reach))
}

/// The same for what changes it: refused when it changed since it was read.
async fn reached_at(
    tx: &mut Tx,
    office: &OfficeAuth,
    (id, version): (WarningId, i64),
) -> Result<Warning, Problem> {
    let (warning, _) = reached(tx, office, OFFICE, id).await?;
    if warning.version == version { Ok(warning) } else { Err(WarningError::Changed.into()) }
}

async fn answered(
    app: &App,
    mut tx: Tx,
    office: &OfficeAuth,
    id: WarningId,
) -> Result<Json<WarningDetail>, Problem> {
    let body = detail(app, &mut tx, office, id).await?;
    tx.commit().await?;
    Ok(Json(body))
}

/// Somebody sees to it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Acknowledgement {
    /// The version that was read.
    pub(super) version: i64,
    /// What is done now.
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) plan: String,
}

/// Somebody looked at a warning and says what is done; it comes back after the time that its rule says.
#[utoipa::path(post, path = "/v1/warnings/{warning_id}/acknowledgement", tag = "warnings",
    request_body = Acknowledgement, security(("session" = ["clerk", "reviewer", "lead"])),
    params(("warning_id" = String, Path, format = "uuid")),
    responses((status = OK, body = WarningDetail), (status = NOT_FOUND, description = "warning-unknown"),
        (status = CONFLICT, description = "warning-state, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_acknowledgement(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<WarningId>,
    Body(form): Body<Acknowledgement>,
) -> Result<Json<WarningDetail>, Problem> {
    let mut tx = app.store.write().await?;
    acknowledge(&mut tx, &office, id, &form, app.clock.now()).await?;
    answered(&app, tx, &office, id).await
}

/// Acknowledges within the caller's transaction.
pub(super) async fn acknowledge(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: WarningId,
    form: &Acknowledgement,
    now: Timestamp,
) -> Result<Warning, Problem> {
    let warning = reached_at(tx, office, (id, form.version)).await?;
    Ok(acts::acknowledge(tx, warning, &form.plan, Actor::office(office.person_id, now)).await?)
}

/// Somebody looked again.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WarningRecheck {
    /// The version that was read.
    pub(super) version: i64,
    /// How things stand.
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) finding: String,
}

/// Somebody looked at a warning again and says how things stand; it comes back once more.
#[utoipa::path(post, path = "/v1/warnings/{warning_id}/rechecks", tag = "warnings",
    request_body = WarningRecheck, security(("session" = ["clerk", "reviewer", "lead"])),
    params(("warning_id" = String, Path, format = "uuid")),
    responses((status = OK, body = WarningDetail), (status = NOT_FOUND, description = "warning-unknown"),
        (status = CONFLICT, description = "warning-state, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_recheck(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<WarningId>,
    Body(form): Body<WarningRecheck>,
) -> Result<Json<WarningDetail>, Problem> {
    let mut tx = app.store.write().await?;
    recheck(&mut tx, &office, id, &form, app.clock.now()).await?;
    answered(&app, tx, &office, id).await
}

/// Rechecks within the caller's transaction.
pub(super) async fn recheck(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: WarningId,
    form: &WarningRecheck,
    now: Timestamp,
) -> Result<Warning, Problem> {
    let warning = reached_at(tx, office, (id, form.version)).await?;
    Ok(acts::recheck(tx, warning, &form.finding, Actor::office(office.person_id, now)).await?)
}

/// Why a warning is over.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WarningClosure {
    /// The version that was read.
    pub(super) version: i64,
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) reason: String,
}

/// Closes a warning for a reason that stays on record. It comes back when the number rises again.
#[utoipa::path(post, path = "/v1/warnings/{warning_id}/closure", tag = "warnings",
    request_body = WarningClosure, security(("session" = ["clerk", "reviewer", "lead"])),
    params(("warning_id" = String, Path, format = "uuid")),
    responses((status = OK, body = WarningDetail), (status = NOT_FOUND, description = "warning-unknown"),
        (status = CONFLICT, description = "warning-state, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_warning_closure(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<WarningId>,
    Body(form): Body<WarningClosure>,
) -> Result<Json<WarningDetail>, Problem> {
    let mut tx = app.store.write().await?;
    close(&mut tx, &office, id, &form, app.clock.now()).await?;
    answered(&app, tx, &office, id).await
}

/// Closes within the caller's transaction.
pub(super) async fn close(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: WarningId,
    form: &WarningClosure,
    now: Timestamp,
) -> Result<Warning, Problem> {
    let warning = reached_at(tx, office, (id, form.version)).await?;
    Ok(acts::close(tx, warning, &form.reason, Actor::office(office.person_id, now)).await?)
}
