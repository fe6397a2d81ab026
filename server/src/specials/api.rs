//! Special complaints for clients of the office.

use super::acts;
use super::bodies::{PathBody, SpecialBody};
use super::model::{IssueType, Path as DealtWith, Source, SpecialKind};
use super::{of_complaint, path_of};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::acts::Actor;
use crate::complaints::scope::OFFICE;
use crate::complaints::{Names, reachable};
use crate::problem::Problem;
use crate::review::REVIEWERS;
use crate::routing::routes;
use crate::store::Tx;
use crate::wire::Body;
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use sync_core::ids::ComplaintId;
use sync_core::time::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// Routes of this capability.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(set_special))
        .routes(routes!(create_special_confirmation))
        .routes(routes!(create_special_dismissal))
        .routes(routes!(create_special_removal))
        .routes(routes!(set_path))
}

/// A kind that somebody sets.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SpecialForm {
    pub(super) kind: SpecialKind,
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) reason: String,
}

/// Why something is decided.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SpecialDecision {
    #[schema(max_length = 2000)]
    pub(super) reason: String,
}

/// What somebody decides about a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Set,
    Confirm,
    Dismiss,
    Remove,
}

/// Decides within the caller's transaction, for the API and for pages. Raising is everybody's in the office; what was
/// proposed or confirmed is lowered by who judges complaints.
pub(super) async fn decide(
    tx: &mut Tx,
    office: &OfficeAuth,
    (id, kind): (ComplaintId, SpecialKind),
    (decision, reason): (Decision, &str),
    now: Timestamp,
) -> Result<(), Problem> {
    let raises = matches!(decision, Decision::Set | Decision::Confirm);
    reachable(tx, office, if raises { OFFICE } else { REVIEWERS }, id).await?;
    let by = Actor::office(office.person_id, now);
    match decision {
        Decision::Set => acts::set(tx, id, kind, reason, by).await?,
        Decision::Confirm => acts::confirm(tx, id, kind, Some(reason), by).await?,
        Decision::Dismiss => acts::dismiss(tx, id, kind, reason, by).await?,
        Decision::Remove => acts::remove(tx, id, kind, reason, by).await?,
    }
    Ok(())
}

async fn decided(
    app: &App,
    office: &OfficeAuth,
    what: (ComplaintId, SpecialKind),
    decision: (Decision, &str),
) -> Result<Json<Vec<SpecialBody>>, Problem> {
    let mut tx = app.store.write().await?;
    decide(&mut tx, office, what, decision, app.clock.now()).await?;
    let bodies = of_complaint(&mut tx, &mut Names::default(), what.0).await?;
    tx.commit().await?;
    Ok(Json(bodies))
}

/// Makes a complaint special though no rule proposes it.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/specials", tag = "specials", request_body = SpecialForm,
    security(("session" = ["clerk", "reviewer", "lead"])), params(("complaint_id" = String, Path, format = "uuid")),
    responses((status = OK, body = Vec<SpecialBody>), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "special-state, complaint-state, complaint-merged, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn set_special(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    Body(form): Body<SpecialForm>,
) -> Result<Json<Vec<SpecialBody>>, Problem> {
    decided(&app, &office, (id, form.kind), (Decision::Set, &form.reason)).await
}

/// Confirms what the rules propose: its limits and its level of the review hold from now on.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/specials/{kind}/confirmation", tag = "specials",
    request_body = SpecialDecision, security(("session" = ["clerk", "reviewer", "lead"])),
    params(("complaint_id" = String, Path, format = "uuid"), ("kind" = SpecialKind, Path)),
    responses((status = OK, body = Vec<SpecialBody>), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "special-state, complaint-state, complaint-merged, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_special_confirmation(
    State(app): State<App>,
    office: OfficeAuth,
    Path(what): Path<(ComplaintId, SpecialKind)>,
    Body(form): Body<SpecialDecision>,
) -> Result<Json<Vec<SpecialBody>>, Problem> {
    decided(&app, &office, what, (Decision::Confirm, &form.reason)).await
}

/// Dismisses what the rules propose, for a reason; it comes back only with more signs.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/specials/{kind}/dismissal", tag = "specials",
    request_body = SpecialDecision, security(("session" = ["reviewer", "lead"])),
    params(("complaint_id" = String, Path, format = "uuid"), ("kind" = SpecialKind, Path)),
    responses((status = OK, body = Vec<SpecialBody>), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "special-state, complaint-merged, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_special_dismissal(
    State(app): State<App>,
    office: OfficeAuth,
    Path(what): Path<(ComplaintId, SpecialKind)>,
    Body(form): Body<SpecialDecision>,
) -> Result<Json<Vec<SpecialBody>>, Problem> {
    decided(&app, &office, what, (Decision::Dismiss, &form.reason)).await
}

/// Takes a kind away, for a reason: the usual limits and levels hold again.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/specials/{kind}/removal", tag = "specials",
    request_body = SpecialDecision, security(("session" = ["reviewer", "lead"])),
    params(("complaint_id" = String, Path, format = "uuid"), ("kind" = SpecialKind, Path)),
    responses((status = OK, body = Vec<SpecialBody>), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "special-state, complaint-state, complaint-merged, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_special_removal(
    State(app): State<App>,
    office: OfficeAuth,
    Path(what): Path<(ComplaintId, SpecialKind)>,
    Body(form): Body<SpecialDecision>,
) -> Result<Json<Vec<SpecialBody>>, Problem> {
    decided(&app, &office, what, (Decision::Remove, &form.reason)).await
}

/// What kind of matter it is, and who passed it on.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PathForm {
    /// Null: not said.
    pub(super) issue_type: Option<IssueType>,
    /// Null: the customer came by themselves.
    pub(super) source: Option<Source>,
}

/// Says what kind of matter a complaint is, which decides how it is dealt with, and who passed it on.
#[utoipa::path(put, path = "/v1/complaints/{complaint_id}/path", tag = "specials", request_body = PathForm,
    security(("session" = ["clerk", "reviewer", "lead"])), params(("complaint_id" = String, Path, format = "uuid")),
    responses((status = OK, body = PathBody), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "complaint-state, complaint-merged"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn set_path(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    Body(form): Body<PathForm>,
) -> Result<Json<Option<PathBody>>, Problem> {
    let mut tx = app.store.write().await?;
    classify(&mut tx, &office, id, &form, app.clock.now()).await?;
    let body = path_of(&mut tx, &mut Names::default(), id).await?;
    tx.commit().await?;
    Ok(Json(body))
}

/// Says it within the caller's transaction, for the API and for pages.
pub(super) async fn classify(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ComplaintId,
    form: &PathForm,
    now: Timestamp,
) -> Result<(), Problem> {
    reachable(tx, office, OFFICE, id).await?;
    let path = DealtWith { issue: form.issue_type, source: form.source };
    Ok(acts::classify(tx, id, path, Actor::office(office.person_id, now)).await?)
}
