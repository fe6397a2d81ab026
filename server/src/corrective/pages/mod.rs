//! Corrective actions as pages: the lists, one action, the form for planning one, and their part of the record.

mod action;
mod list;
mod plan;
#[cfg(test)]
mod tests;

use super::bodies::ActionBody;
use super::model::ActionState;
use crate::complaints::phrases::Phrases;
use crate::complaints::record::CentralRecord;
use crate::pages::{PageRoutes, Words};
use crate::problem::Problem;
use serde_json::Value;
use sync_core::time::Timestamp;

pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    plan::pages(action::pages(list::pages(routes)))
}

/// A corrective action in a line.
#[derive(Debug)]
pub(crate) struct ActionLine {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) state: String,
    pub(crate) owner: String,
    pub(crate) unit: String,
    /// How many complaints, in words.
    pub(crate) complaints: String,
    pub(crate) when: (&'static str, String),
}

/// An action in words, for a list or a record.
fn line(w: Words, body: &ActionBody, now: Timestamp) -> ActionLine {
    ActionLine {
        id: body.action_id.to_string(),
        title: body.title.clone(),
        state: w.code("action-state", body.state),
        owner: body.owner.name.clone().unwrap_or_else(|| w.t("record-unknown")),
        unit: body.unit.clone(),
        complaints: w.n("action-complaints", body.complaints),
        when: when(w, body, now),
    }
}

/// The moment that matters where it stands, and how it is to be shown.
fn when(w: Words, body: &ActionBody, now: Timestamp) -> (&'static str, String) {
    let day = |ms: i64| w.time(ms);
    match (body.state, body.check_at_ms, body.over_at_ms) {
        (ActionState::Open, ..) if body.due_at_ms < now.unix_ms() => {
            ("bad", w.a("action-overdue", day(body.due_at_ms)))
        }
        (ActionState::Open, ..) => ("", w.a("watch-due", day(body.due_at_ms))),
        (ActionState::Done, Some(at), _) if at <= now.unix_ms() => ("warn", w.t("action-check-now")),
        (ActionState::Done, Some(at), _) => ("", w.a("action-check-from", day(at))),
        (_, _, Some(at)) => ("", day(at)),
        _ => ("", String::new()),
    }
}

/// The corrective actions of a record in words.
#[derive(Debug, Default)]
pub(crate) struct ActionsPart {
    pub(crate) lines: Vec<ActionLine>,
    /// Whether this reader may plan one.
    pub(crate) may_plan: bool,
}

/// The corrective actions of a record for this reader.
pub(crate) fn actions_part(w: Words, record: &CentralRecord, may_plan: bool, now: Timestamp) -> ActionsPart {
    let lines = record.corrective_actions.iter().map(|body| line(w, body, now)).collect();
    ActionsPart { lines, may_plan: may_plan && record.complaint.merged_into.is_none() }
}

/// What the timeline tells of a corrective action beyond its title.
pub(crate) fn action_facts(phrases: &Phrases, detail: &Value) -> Vec<String> {
    let w = phrases.w;
    let (Some(title), Some(act)) = (detail["title"].as_str(), detail["act"].as_str()) else {
        return Vec::new();
    };
    let due = detail["due_at_ms"].as_i64().map(|due| w.a("watch-due", w.time(due)));
    [w.code("action-act", act), title.to_owned()].into_iter().chain(due).collect()
}

/// Why a form was refused.
fn failure_words(w: Words, problem: &Problem) -> String {
    match problem.field() {
        Some("/title") => w.t("action-title-needed"),
        Some("/owner") => w.t("action-owner-needed"),
        Some("/due_on") => w.t("action-day-needed"),
        Some("/effect_days") => w.t("action-days-needed"),
        Some("/complaint") => w.t("action-full"),
        Some(_) => w.t("action-words-needed"),
        None => {
            let (title, detail) = problem.words(w.language);
            format!("{title} · {detail}")
        }
    }
}
