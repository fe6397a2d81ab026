//! The pages of what was kept aside: read what it would change, and take it up or leave it as evidence, with a reason.

use super::api::{self, DECIDERS, EscrowedBody, EscrowedWithContent, READERS, escrowed};
use crate::app::App;
use crate::complaints::pages::Change;
use crate::exchange::quarantine::{Decision, in_words};
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
use sync_core::ids::EnvelopeHash;

/// Items on one page.
const PER_PAGE: u32 = 50;

pub(in crate::exchange) fn pages(routes: PageRoutes) -> PageRoutes {
    routes
        .page("/arrivals/escrow", Policy::Roles(&READERS), get(show_escrow))
        .page("/arrivals/escrow/{envelope_hash}", Policy::Roles(&READERS), get(show_item))
        .page("/arrivals/escrow/{envelope_hash}/decision", Policy::Roles(&DECIDERS), post(decide))
}

/// Envelopes in escrow.
#[derive(Template)]
#[template(path = "arrivals/escrow.html")]
struct EscrowPage {
    shell: Shell,
    decided: bool,
    items: Vec<EscrowedBody>,
    next: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct ListQuery {
    state: Option<String>,
    cursor: Option<String>,
}

async fn show_escrow(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let decided = query.state.as_deref() == Some("decided");
    let cut = PageQuery { cursor: query.cursor, limit: Some(PER_PAGE) };
    let Page { items, next_cursor } = escrowed(&app, &viewer.office, Some(decided), &cut).await?;
    let state = if decided { "decided" } else { "open" };
    let next = next_cursor.map(|cursor| format!("/arrivals/escrow?state={state}&cursor={cursor}"));
    Ok(page(&EscrowPage { shell: viewer.shell, decided, items, next }))
}

/// One envelope in escrow.
#[derive(Template)]
#[template(path = "arrivals/escrowed.html")]
struct ItemPage {
    shell: Shell,
    item: EscrowedBody,
    /// What it would have changed; `None` when it cannot enter.
    changes: Option<Vec<Change>>,
    /// Why nobody can take it up.
    cannot_enter: Option<&'static str>,
    may_decide: bool,
    typed: String,
    failure: Option<String>,
}

impl ItemPage {
    /// Says who decided what before.
    fn overtaken(mut self) -> Self {
        let (w, item) = (self.shell.w, &self.item);
        let name = item.decided_by.as_ref().and_then(|person| person.name.clone());
        self.failure = Some(match (name, &item.decision) {
            (Some(name), Some(decision)) => {
                w.ab("arrival-decided-by", name, w.code("escrow-state", decision))
            }
            _ => w.t("escrow-decided-already"),
        });
        self
    }
}

async fn show_item(
    State(app): State<App>,
    viewer: Viewer,
    Path(hash): Path<EnvelopeHash>,
) -> Result<Response, Problem> {
    Ok(page(&item_page(&app, viewer, hash, String::new(), None).await?))
}

async fn item_page(
    app: &App,
    viewer: Viewer,
    hash: EnvelopeHash,
    typed: String,
    failure: Option<String>,
) -> Result<ItemPage, Problem> {
    let EscrowedWithContent { item, cannot_enter, compared, .. } =
        api::escrowed_with_content(app, &viewer.office, hash).await?;
    let changes = match compared {
        Some((now, then)) => in_words(app, &viewer, now, then).await?,
        None => None,
    };
    let may_decide = item.decided_at_ms.is_none() && Policy::Roles(&DECIDERS).admits(&viewer.office.roles);
    Ok(ItemPage { shell: viewer.shell, item, changes, cannot_enter, may_decide, typed, failure })
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
    Path(hash): Path<EnvelopeHash>,
    posted: Posted<DecisionForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let (decision, said) = match form.decision.as_str() {
        "accept" => (Decision::Accept, "escrow-accepted"),
        _ => (Decision::Reject, "escrow-decided"),
    };
    let code = match api::decide(&app, &viewer.office, hash, decision, &form.reason).await {
        Ok(()) => return Ok(see_other(&format!("/arrivals/escrow/{hash}"), Some(said))),
        Err(problem) => match problem.kind().code {
            code if code == problem::BODY_INVALID.code => "arrival-reason-rule",
            code if code == problem::QUARANTINE_DECIDED.code => {
                let shown = item_page(&app, viewer, hash, form.reason, None).await?;
                return Ok(changed_meanwhile(&shown.overtaken()));
            }
            code if code == problem::QUARANTINE_WAITS.code => "escrow-waits",
            code if code == problem::ESCROW_CANNOT_ENTER.code => "escrow-cannot-enter",
            _ => return Ok(problem.into_response()),
        },
    };
    let failure = Some(viewer.w().t(code));
    Ok(unprocessable(&item_page(&app, viewer, hash, form.reason, failure).await?))
}

#[cfg(test)]
mod tests;
