//! Checklists for the office: the newest versions, one version, publishing the next.

use super::sql;
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::intake::clean;
use crate::people::Role;
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::wire::Body;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use sync_core::protocol::ChecklistTemplate;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// Most questions of one checklist: more than anybody answers on one visit.
const ITEMS_MAX: usize = 200;

/// Routes of this capability.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_checklists)).routes(routes!(read_checklist, publish_checklist))
}

/// The newest version of every checklist, by code.
#[utoipa::path(get, path = "/v1/checklists", tag = "checklists", security(("session" = [])),
    responses((status = OK, body = Vec<Object>)))]
async fn list_checklists(
    State(app): State<App>,
    _office: OfficeAuth,
) -> Result<Json<Vec<ChecklistTemplate>>, Problem> {
    Ok(Json(sql::list(&mut app.store.read().await?).await?))
}

/// One version of a checklist.
#[utoipa::path(get, path = "/v1/checklists/{code}/versions/{version}", tag = "checklists",
    security(("session" = [])), params(("code" = String, Path, max_length = 100), ("version" = u32, Path)),
    responses((status = OK, body = Object), (status = NOT_FOUND, description = "not-found")))]
async fn read_checklist(
    State(app): State<App>,
    _office: OfficeAuth,
    Path((code, version)): Path<(String, u32)>,
) -> Result<Json<ChecklistTemplate>, Problem> {
    let found = sql::find(&mut app.store.read().await?, &code, version).await?;
    found.map(Json).ok_or_else(|| Problem::new(&problem::NOT_FOUND))
}

/// The questions of a new version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChecklistForm {
    /// Title in Chinese.
    #[schema(min_length = 1, max_length = 100)]
    zh: String,
    /// Title in English.
    #[schema(min_length = 1, max_length = 100)]
    en: String,
    /// The questions in order, each `{code, zh, en, kind, required}`; see `docs/protocol.md`.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Value>,
}

/// Publishes the next version of a checklist; devices get it with their next exchange.
///
/// `version` must be the one after the newest, so that nobody overwrites a version they have not seen.
#[utoipa::path(put, path = "/v1/checklists/{code}/versions/{version}", tag = "checklists",
    security(("session" = ["lead", "administrator"])), request_body = ChecklistForm,
    params(("code" = String, Path, max_length = 100), ("version" = u32, Path)),
    responses((status = CREATED, body = Object), (status = FORBIDDEN, description = "role-missing"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn publish_checklist(
    State(app): State<App>,
    office: OfficeAuth,
    Path((code, version)): Path<(String, u32)>,
    Body(form): Body<ChecklistForm>,
) -> Result<(StatusCode, Json<ChecklistTemplate>), Problem> {
    office.require(&[Role::Lead, Role::Administrator])?;
    let template = checked(code, version, form)?;
    let mut tx = app.store.write().await?;
    let newest = sql::newest(&mut tx, &template.code).await?.map_or(0, |newest| newest.version);
    if version != newest + 1 {
        return Err(Problem::new(&problem::PRECONDITION_FAILED).with("newest", newest));
    }
    let template = super::publish(&mut tx, template, office.person_id, app.clock.now()).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(template)))
}

fn checked(code: String, version: u32, form: ChecklistForm) -> Result<ChecklistTemplate, Problem> {
    let is_code = |code: &str| {
        (1..=100).contains(&code.len())
            && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b))
    };
    if !is_code(&code) {
        return Err(Problem::invalid_field("/code", "1 to 100 small letters, digits, '-', '_' or '.'"));
    }
    let (zh, en) = (clean(&form.zh), clean(&form.en));
    if zh.is_empty() || en.is_empty() || zh.chars().count() > 100 || en.chars().count() > 100 {
        return Err(Problem::invalid_field("/zh", "titles of 1 to 100 characters in both languages"));
    }
    if form.items.is_empty() || form.items.len() > ITEMS_MAX {
        return Err(Problem::invalid_field("/items", "1 to 200 questions"));
    }
    let items: Vec<sync_core::protocol::ChecklistItem> = serde_json::from_value(Value::Array(form.items))
        .map_err(|_| Problem::invalid_field("/items", "questions with code, zh, en, kind and required"))?;
    let codes: BTreeSet<&str> = items.iter().map(|item| item.code.as_str()).collect();
    if codes.len() != items.len() || !codes.iter().all(|code| is_code(code)) {
        return Err(Problem::invalid_field("/items", "every question with its own code"));
    }
    if items.iter().any(|item| item.zh.contains('\0') || item.en.contains('\0')) {
        return Err(Problem::invalid_field("/items", "questions without control characters"));
    }
    Ok(ChecklistTemplate { code, version, zh, en, items })
}
