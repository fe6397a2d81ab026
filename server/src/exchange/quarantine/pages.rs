//! What arrived and could not simply enter the record: refused envelopes and escrow.

use super::Decision;
use super::api::{self, DECIDERS, ItemAnswer, ItemWithEnvelope, READERS};
use crate::app::App;
use crate::complaints::pages::{Change, changes};
use crate::complaints::phrases::Phrases;
use crate::pages::{
    PageRoutes, Policy, Posted, Shell, Viewer, changed_meanwhile, page, see_other, unprocessable,
};
use crate::problem::{self, Problem};
use crate::routing::{get, post};
use crate::wire::{Page, PageQuery};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use sync_core::document::VisitView;

/// Items on one page.
const PER_PAGE: u32 = 50;
/// Changes that are shown; beyond that the decision needs another way of looking.
const CHANGES_SHOWN: usize = 200;
const STATES: &[&str] = &["open", "accepted", "rejected", "superseded"];

pub(in crate::exchange) fn pages(routes: PageRoutes) -> PageRoutes {
    routes
        .page("/arrivals", Policy::Roles(&READERS), get(show_list))
        .page("/arrivals/quarantine/{id}", Policy::Roles(&READERS), get(show_item))
        .page("/arrivals/quarantine/{id}/decision", Policy::Roles(&DECIDERS), post(decide))
        .page("/arrivals/quarantine/{id}/return", Policy::Roles(&DECIDERS), post(send_back))
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
    /// What it would change or changed; `None` when it cannot enter.
    changes: Option<Vec<Change>>,
    may_decide: bool,
    typed: String,
    failure: Option<String>,
}

impl ItemPage {
    fn told(&self) -> &'static str {
        self.found.device_told.what.as_str()
    }

    /// Says who decided what before.
    fn overtaken(mut self) -> Self {
        let (w, item) = (self.shell.w, &self.found.item);
        let name = item.decided_by.as_ref().and_then(|person| person.name.clone());
        self.failure = Some(match name {
            Some(name) => w.ab("arrival-decided-by", name, w.code("quarantine-state", &item.state)),
            None => w.t("arrival-decided-already"),
        });
        self
    }
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
    let changes = match found.compared.take() {
        Some((now, then)) => in_words(app, &viewer, now, then).await?,
        None => None,
    };
    let may_decide = Policy::Roles(&DECIDERS).admits(&viewer.office.roles);
    Ok(ItemPage { shell: viewer.shell, found, changes, may_decide, typed, failure })
}

/// What differs between two views of a visit, in the reader's words; `None` when they cannot be read.
pub(in crate::exchange) async fn in_words(
    app: &App,
    viewer: &Viewer,
    now: Value,
    then: Value,
) -> Result<Option<Vec<Change>>, Problem> {
    let phrases = Phrases::of(&mut app.store.read().await?, viewer.w()).await?;
    let (now, then): (Option<VisitView>, Option<VisitView>) =
        (serde_json::from_value(now).ok(), serde_json::from_value(then).ok());
    let mut told = now.zip(then).map(|(now, then)| changes(&phrases, &now, &then));
    if let Some(told) = &mut told {
        told.truncate(CHANGES_SHOWN);
    }
    Ok(told)
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
    let person = viewer.office.person_id;
    match api::decide_item(&app, &viewer.office, id, decision, &form.reason).await {
        Ok(()) => {
            let shown = item_page(&app, viewer, id, form.reason, None).await?;
            let by_another = shown.found.item.decided_by.as_ref().is_some_and(|by| by.person_id != person);
            if by_another {
                return Ok(changed_meanwhile(&shown.overtaken()));
            }
            Ok(see_other(&format!("/arrivals/quarantine/{id}"), Some(said)))
        }
        Err(problem) if problem.kind().code == problem::QUARANTINE_DECIDED.code => {
            let shown = item_page(&app, viewer, id, form.reason, None).await?;
            Ok(changed_meanwhile(&shown.overtaken()))
        }
        Err(problem) => {
            let w = viewer.w();
            let failure = match problem.kind().code {
                code if code == problem::BODY_INVALID.code => w.t("arrival-reason-rule"),
                code if code == problem::QUARANTINE_WAITS.code => w.t("arrival-waits"),
                code if code == problem::QUARANTINE_GROUND_LOST.code => w.t("arrival-ground-lost"),
                code if code == problem::QUARANTINE_CANNOT_ENTER.code => w.t("arrival-cannot-enter"),
                _ => return Ok(problem.into_response()),
            };
            Ok(unprocessable(&item_page(&app, viewer, id, form.reason, Some(failure)).await?))
        }
    }
}

#[derive(Debug, Deserialize)]
struct ReturnForm {
    #[serde(default)]
    reason: String,
}

/// From the page of a refused item, and from that of a waiting one, which becomes a refused one by it.
async fn send_back(
    State(app): State<App>,
    Path(id): Path<i64>,
    posted: Posted<ReturnForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    match api::return_item(&app, &viewer.office, id, &form.reason).await {
        Ok(()) => Ok(see_other(&format!("/arrivals/quarantine/{id}"), Some("arrival-returned"))),
        Err(problem) if problem.kind().code == problem::QUARANTINE_WAITS.code => {
            Ok(see_other(&format!("/arrivals/pending/{id}"), Some("arrival-not-lost")))
        }
        Err(problem) => Ok(problem.into_response()),
    }
}

#[cfg(test)]
mod tests;
