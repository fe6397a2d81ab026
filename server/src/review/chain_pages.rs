//! Levels of reviews as pages: what waits for whom, sending back, and their lines on the record.

use super::api::REVIEWERS;
use super::chain::{LevelState, ReviewLevelBody};
use super::chain_api::{send_back, waiting};
use super::verdict_pages::review_page;
use crate::app::App;
use crate::complaints::pages::is_for_the_form;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, Words, page, see_other, with_status};
use crate::problem::Problem;
use crate::routing::{get, post};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::ComplaintId;
use sync_core::time::Timestamp;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    let reviewers = Policy::Roles(REVIEWERS);
    routes.page("/review-levels", reviewers, get(show)).page(
        "/complaints/{id}/review/send-back",
        reviewers,
        post(back),
    )
}

/// A level in words.
#[derive(Debug)]
pub(crate) struct LevelLine {
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) class: &'static str,
    pub(crate) reason: Option<String>,
    /// Until when, or who decided and when.
    pub(crate) told: String,
}

/// Puts a level into words.
pub(crate) fn level_line(w: Words, level: &ReviewLevelBody, now: Timestamp) -> LevelLine {
    let is_late = level.decided_at_ms.unwrap_or(now.unix_ms()) > level.due_at_ms;
    let place = w.ab("level-of", level.level, level.levels);
    let due = w.a("watch-due", w.time(level.due_at_ms));
    let who = level.decided_by.as_ref().and_then(|person| person.name.clone());
    let told = match (level.decided_at_ms, who) {
        (Some(at), Some(who)) => format!("{} · {due}", w.ab("action-by-at", who, w.time(at))),
        (Some(at), None) => w.time(at),
        (None, _) => due,
    };
    LevelLine {
        name: format!("{place} · {}", w.either(&level.name_zh, &level.name_en)),
        state: w.code("level-state", level.state),
        class: match level.state {
            LevelState::Open | LevelState::Passed if is_late => "bad",
            LevelState::SentBack => "warn",
            _ => "",
        },
        reason: level.reason.clone(),
        told,
    }
}

/// A level that waits for the reader.
pub(super) struct WaitingLine {
    pub(super) complaint: String,
    pub(super) number: String,
    pub(super) summary: String,
    pub(super) line: LevelLine,
}

/// What waits for the reader.
#[derive(Template)]
#[template(path = "review/levels.html")]
pub(super) struct LevelsPage {
    pub(super) shell: Shell,
    pub(super) rows: Vec<WaitingLine>,
}

async fn show(State(app): State<App>, viewer: Viewer) -> Result<Response, Problem> {
    let (w, now) = (viewer.w(), app.clock.now());
    let found = waiting(&mut app.store.read().await?, &viewer.office).await?;
    let rows = found.into_iter().map(|waiting| WaitingLine {
        complaint: waiting.complaint_id.to_string(),
        line: level_line(w, &waiting.level, now),
        number: waiting.complaint_number,
        summary: waiting.summary,
    });
    Ok(page(&LevelsPage { rows: rows.collect(), shell: viewer.shell }))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BackForm {
    back_reason: String,
}

async fn back(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<BackForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let mut tx = app.store.write().await?;
    let sent = send_back(&mut tx, &viewer.office, id, &form.back_reason, app.clock.now()).await;
    match sent {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other(&format!("/complaints/{id}"), Some("level-sent-back")))
        }
        Err(refusal) if is_for_the_form(&refusal) => {
            drop(tx);
            let mut shown = review_page(&app, &viewer, id, None, Some(&refusal)).await?;
            shown.form.back_reason = form.back_reason;
            Ok(with_status(refusal.status(), &shown))
        }
        Err(refusal) => Err(refusal),
    }
}
