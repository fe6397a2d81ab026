//! What arrived and could not simply enter the record: refused envelopes and escrow.

use super::Decision;
use super::api::{self, DECIDERS, ItemAnswer, ItemWithEnvelope, READERS};
use crate::app::App;
use crate::complaints::phrases::Phrases;
use crate::exchange::escrow::api::{EscrowedBody, escrowed};
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, page, see_other, unprocessable};
use crate::problem::{self, Problem};
use crate::wire::{Page, PageQuery};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::Value;
use sync_core::document::Scalar;

/// Items on one page.
const PER_PAGE: u32 = 50;
const STATES: &[&str] = &["open", "accepted", "rejected", "superseded"];

pub(in crate::exchange) fn pages(routes: PageRoutes) -> PageRoutes {
    routes
        .page("/arrivals", Policy::Roles(&READERS), get(show_list))
        .page("/arrivals/quarantine/{id}", Policy::Roles(&READERS), get(show_item))
        .page("/arrivals/quarantine/{id}/decision", Policy::Roles(&DECIDERS), post(decide))
        .page("/arrivals/escrow", Policy::Roles(&READERS), get(show_escrow))
}

/// Refused envelopes in one state.
#[derive(Template)]
#[template(path = "arrivals/quarantine.html")]
struct ListPage {
    shell: Shell,
    state: &'static str,
    items: Vec<ItemAnswer>,
    next: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct ListQuery {
    state: Option<String>,
    cursor: Option<String>,
}

async fn show_list(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let asked = query.state.as_deref().unwrap_or("open");
    let state = STATES.iter().copied().find(|state| *state == asked).unwrap_or("open");
    let cut = PageQuery { cursor: query.cursor, limit: Some(PER_PAGE) };
    let Page { items, next_cursor } = api::items(&app, &viewer.office, state, None, &cut).await?;
    let next = next_cursor.map(|cursor| format!("/arrivals?state={state}&cursor={cursor}"));
    Ok(page(&ListPage { shell: viewer.shell, state, items, next }))
}

/// One refused envelope.
#[derive(Template)]
#[template(path = "arrivals/item.html")]
struct ItemPage {
    shell: Shell,
    found: ItemWithEnvelope,
    /// Where in the record, what stands there, what would; `None` when it cannot enter.
    changes: Option<Vec<(String, String, String)>>,
    may_decide: bool,
    typed: String,
    failure: Option<String>,
}

async fn show_item(State(app): State<App>, viewer: Viewer, Path(id): Path<i64>) -> Result<Response, Problem> {
    Ok(page(&item_page(&app, viewer, id, String::new(), None).await?))
}

async fn item_page(
    app: &App,
    viewer: Viewer,
    id: i64,
    typed: String,
    failure: Option<String>,
) -> Result<ItemPage, Problem> {
    let mut found = api::item_with_envelope(app, &viewer.office, id).await?;
    let phrases = Phrases::of(&mut app.store.read().await?, viewer.w()).await?;
    let in_words = |path: &str, value: &Value| match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => phrases.value(path, &Scalar::from(text.as_str())),
        other => other.to_string(),
    };
    let changes = found.would_change.take().map(|changes| {
        let line = |change: super::difference::Difference| {
            let (now, then) = (in_words(&change.path, &change.now), in_words(&change.path, &change.then));
            (phrases.path(&change.path), now, then)
        };
        changes.into_iter().map(line).collect()
    });
    let may_decide = Policy::Roles(&DECIDERS).admits(&viewer.office.roles);
    Ok(ItemPage { shell: viewer.shell, found, changes, may_decide, typed, failure })
}

#[derive(Debug, Deserialize)]
struct DecisionForm {
    #[serde(default)]
    decision: String,
    #[serde(default)]
    reason: String,
}

async fn decide(
    State(app): State<App>,
    Path(id): Path<i64>,
    posted: Posted<DecisionForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let (decision, said) = match form.decision.as_str() {
        "accept" => (Decision::Accept, "arrival-accepted"),
        _ => (Decision::Reject, "arrival-rejected"),
    };
    match api::decide_item(&app, &viewer.office, id, decision, &form.reason).await {
        Ok(()) => Ok(see_other(&format!("/arrivals/quarantine/{id}"), Some(said))),
        Err(problem) => {
            let w = viewer.w();
            let failure = match problem.kind().code {
                code if code == problem::BODY_INVALID.code => w.t("arrival-reason-rule"),
                code if code == problem::QUARANTINE_DECIDED.code => w.t("arrival-decided-already"),
                code if code == problem::QUARANTINE_WAITS.code => w.t("arrival-waits"),
                code if code == problem::QUARANTINE_CANNOT_ENTER.code => w.t("arrival-cannot-enter"),
                _ => return Ok(problem.into_response()),
            };
            Ok(unprocessable(&item_page(&app, viewer, id, form.reason, Some(failure)).await?))
        }
    }
}

/// Envelopes in escrow.
#[derive(Template)]
#[template(path = "arrivals/escrow.html")]
struct EscrowPage {
    shell: Shell,
    items: Vec<EscrowedBody>,
    next: Option<String>,
}

async fn show_escrow(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let cut = PageQuery { cursor: query.cursor, limit: Some(PER_PAGE) };
    let Page { items, next_cursor } = escrowed(&app, &viewer.office, &cut).await?;
    let next = next_cursor.map(|cursor| format!("/arrivals/escrow?cursor={cursor}"));
    Ok(page(&EscrowPage { shell: viewer.shell, items, next }))
}

#[cfg(test)]
mod tests;
