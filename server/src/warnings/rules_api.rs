//! Rules for early warnings for clients of the office: published versions, and what new ones would have done.

use super::preview::{WarningPreview, preview};
use super::rules::WarningRules;
use super::{PublishedRules, publish, sql};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::deadlines::PUBLISHERS;
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::wire::Body;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sync_core::ids::PersonId;
use sync_core::time::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_warning_policies))
        .routes(routes!(publish_warning_policy))
        .routes(routes!(preview_warning_policy))
}

/// Rules for early warnings.
#[derive(Debug, Serialize, ToSchema)]
struct WarningPolicyBody {
    version: i64,
    /// They hold for the days that begin from then on, until the next version does.
    effective_from_ms: i64,
    published_at_ms: i64,
    /// Null: they came with the server.
    #[schema(value_type = Option<String>)]
    published_by: Option<PersonId>,
    /// `{rules}`; see `docs/early-warning.md`.
    #[schema(value_type = Object)]
    policy: WarningRules,
}

impl From<PublishedRules> for WarningPolicyBody {
    fn from(published: PublishedRules) -> Self {
        Self {
            version: published.version,
            effective_from_ms: published.effective_from.unix_ms(),
            published_at_ms: published.published_at.unix_ms(),
            published_by: published.published_by,
            policy: published.rules,
        }
    }
}

/// Versions of the rules for early warnings, newest first.
#[utoipa::path(get, path = "/v1/warning-policies", tag = "warnings", security(("session" = [])),
    responses((status = OK, body = Vec<WarningPolicyBody>)))]
async fn list_warning_policies(
    State(app): State<App>,
    _office: OfficeAuth,
) -> Result<Json<Vec<WarningPolicyBody>>, Problem> {
    let versions = sql::versions(&mut app.store.read_once().await?).await?;
    Ok(Json(versions.into_iter().map(WarningPolicyBody::from).collect()))
}

/// New rules for early warnings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WarningPolicyForm {
    /// Unix milliseconds, not in the past: they hold for the days that begin from then on.
    pub(super) effective_from_ms: i64,
    /// `{rules}`; see `docs/early-warning.md`.
    #[schema(value_type = Object)]
    pub(super) policy: Value,
}

/// Publishes the next version of the rules. Days that have begun keep theirs.
///
/// `version` must be the one after the newest, so that nobody overwrites a version they have not seen.
#[utoipa::path(put, path = "/v1/warning-policies/{version}", tag = "warnings", request_body = WarningPolicyForm,
    security(("session" = ["lead", "administrator"])), params(("version" = i64, Path)),
    responses((status = CREATED, body = WarningPolicyBody), (status = FORBIDDEN, description = "role-missing"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn publish_warning_policy(
    State(app): State<App>,
    office: OfficeAuth,
    Path(version): Path<i64>,
    Body(form): Body<WarningPolicyForm>,
) -> Result<(StatusCode, Json<WarningPolicyBody>), Problem> {
    Ok((StatusCode::CREATED, Json(publish_checked(&app, &office, version, form).await?.into())))
}

/// Checks and publishes rules, for the API and for pages.
pub(super) async fn publish_checked(
    app: &App,
    office: &OfficeAuth,
    version: i64,
    form: WarningPolicyForm,
) -> Result<PublishedRules, Problem> {
    office.require(PUBLISHERS)?;
    let now = app.clock.now();
    let effective_from = Timestamp::from_unix_ms(form.effective_from_ms);
    if effective_from < now.plus_ms(-60_000) {
        let expected = "now or later: days that have begun keep the rules that they had";
        return Err(Problem::invalid_field("/effective_from_ms", expected));
    }
    let rules = checked(form.policy)?;
    let mut tx = app.store.write().await?;
    let newest = sql::newest(&mut tx).await?.map_or(0, |newest| newest.version);
    if version != newest + 1 {
        return Err(Problem::new(&problem::PRECONDITION_FAILED).with("newest", newest));
    }
    publish(&mut tx, (version, effective_from), &rules, office.person_id, now).await?;
    tx.commit().await?;
    Ok(PublishedRules {
        version,
        effective_from,
        rules,
        published_by: Some(office.person_id),
        published_at: now,
    })
}

fn checked(policy: Value) -> Result<WarningRules, Problem> {
    let rules: WarningRules = serde_json::from_value(policy)
        .map_err(|error| Problem::invalid_field("/policy", &format!("rules: {error}")))?;
    rules.check().map_err(|error| Problem::invalid_field("/policy", &error.to_string()))?;
    Ok(rules)
}

/// Which warnings the last 90 days would have had by these rules; nothing is changed.
#[utoipa::path(post, path = "/v1/warning-policies/preview", tag = "warnings", request_body = WarningPolicyForm,
    security(("session" = ["lead", "administrator"])),
    responses((status = OK, body = WarningPreview), (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn preview_warning_policy(
    State(app): State<App>,
    office: OfficeAuth,
    Body(form): Body<WarningPolicyForm>,
) -> Result<Json<WarningPreview>, Problem> {
    Ok(Json(preview_checked(&app, &office, form).await?))
}

/// What rules would have done, for the API and for pages.
pub(super) async fn preview_checked(
    app: &App,
    office: &OfficeAuth,
    form: WarningPolicyForm,
) -> Result<WarningPreview, Problem> {
    office.require(PUBLISHERS)?;
    let rules = checked(form.policy)?;
    Ok(preview(&mut app.store.read_once().await?, rules, app.clock.now()).await?)
}
