//! The clock of a complaint on its record page.

use super::limit_words;
use crate::app::App;
use crate::complaints::scope::OFFICE;
use crate::deadlines::api::{PauseForm, pause_clock, resume_clock};
use crate::deadlines::bodies::{ClockBody, PauseBody};
use crate::deadlines::clock::PAUSE_REASONS;
use crate::pages::{PageRoutes, Policy, Posted, Words, see_other};
use crate::problem::Problem;
use crate::routing::post;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::ComplaintId;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/complaints/{id}/clock/pauses", Policy::Roles(OFFICE), post(pause)).page(
        "/complaints/{id}/clock/resumption",
        Policy::Roles(OFFICE),
        post(resume),
    )
}

/// The clock of a complaint in words.
#[derive(Debug, Default)]
pub(crate) struct ClockPart {
    pub(crate) stands: bool,
    pub(crate) provisional: bool,
    /// Each step with its limit.
    pub(crate) limits: Vec<(String, String)>,
    pub(crate) rule: String,
    pub(crate) source: String,
    pub(crate) pauses: Vec<PauseLine>,
    /// Reasons to choose from, with their codes.
    pub(crate) reasons: Vec<(&'static str, String)>,
}

/// A pause in words.
#[derive(Debug)]
pub(crate) struct PauseLine {
    pub(crate) reason: String,
    pub(crate) note: String,
    pub(crate) when: String,
    pub(crate) who: String,
}

/// The clock of a complaint for this reader.
pub(crate) fn clock_part(w: Words, clock: &ClockBody) -> ClockPart {
    let limits = [
        ("clock-contact", clock.limits.contact),
        ("clock-onsite", clock.limits.onsite),
        ("clock-answer", clock.limits.answer),
    ];
    let limits = limits.into_iter().filter_map(|(key, limit)| Some((w.t(key), limit_words(w, limit?))));
    ClockPart {
        stands: clock.stands,
        provisional: clock.provisional,
        limits: limits.collect(),
        rule: w.ab("clock-rule", clock.rule.to_string(), clock.policy.to_string()),
        source: clock.source.clone(),
        pauses: clock.pauses.iter().map(|pause| pause_line(w, pause)).collect(),
        reasons: PAUSE_REASONS.iter().map(|code| (*code, w.code("clock-reason", code))).collect(),
    }
}

fn pause_line(w: Words, pause: &PauseBody) -> PauseLine {
    let unknown = || w.t("record-unknown");
    let from = w.time(pause.from_ms);
    PauseLine {
        reason: w.code("clock-reason", &pause.reason),
        note: pause.note.clone(),
        when: match pause.to_ms {
            Some(to) => w.ab("clock-from-to", from, w.time(to)),
            None => w.a("clock-since", from),
        },
        who: match pause.resumed_by.as_ref().map(|by| by.name.clone().unwrap_or_else(unknown)) {
            Some(by) if Some(&by) != pause.paused_by.name.as_ref() => {
                format!("{}, {by}", pause.paused_by.name.clone().unwrap_or_else(unknown))
            }
            _ => pause.paused_by.name.clone().unwrap_or_else(unknown),
        },
    }
}

/// What is typed to stop a clock.
#[derive(Debug, Deserialize)]
struct PauseTyped {
    reason: String,
    note: String,
}

async fn pause(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<PauseTyped>,
) -> Result<Response, Problem> {
    let form = PauseForm { reason: posted.form.reason, note: posted.form.note };
    let mut tx = app.store.write().await?;
    pause_clock(&mut tx, &posted.viewer.office, id, &form, app.clock.now()).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/complaints/{id}"), Some("clock-paused")))
}

/// Nothing is typed.
#[derive(Debug, Deserialize)]
struct ResumeTyped {}

async fn resume(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<ResumeTyped>,
) -> Result<Response, Problem> {
    let mut tx = app.store.write().await?;
    resume_clock(&mut tx, &posted.viewer.office, id, app.clock.now()).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/complaints/{id}"), Some("clock-resumed")))
}
