//! Planned events as pages: lists, one event with its acts, the form, and what the record of a complaint shows.

mod edit;
mod event;
mod list;
#[cfg(test)]
mod tests;

use super::bodies::PlannedEventBody;
use super::carried;
use super::model::{PlannedContent, PlannedState};
use crate::complaints::model::Utility;
use crate::complaints::{office_moment, office_time};
use crate::pages::{PageRoutes, Shell, Words};
use crate::problem::{self, Problem};
use crate::store::{StoreError, Tx};
use jiff::civil::DateTime;
use sync_core::time::Timestamp;

pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    event::pages(edit::pages(list::pages(routes)))
}

/// An approved event that touches a complaint, in words.
#[derive(Debug)]
pub(crate) struct NoticeLine {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) kind: String,
    pub(crate) when: String,
    pub(crate) running: bool,
    pub(crate) announced: bool,
    pub(crate) places: String,
    pub(crate) wording: String,
}

/// What is planned where a complaint is, the first one first.
pub(crate) async fn notices(
    tx: &mut Tx,
    w: Words,
    place: (Utility, &str),
    now: Timestamp,
) -> Result<Vec<NoticeLine>, StoreError> {
    let found = carried::touching(tx, place, now).await?;
    let line = |notice: &super::bodies::PlannedNotice| NoticeLine {
        id: notice.event_id.to_string(),
        number: notice.number.clone(),
        kind: w.code("planned-kind", notice.kind),
        when: span(w, notice.begins_at_ms, notice.ends_at_ms),
        running: notice.running,
        announced: notice.announced,
        places: notice.places.clone(),
        wording: either(w, &notice.wording_zh, &notice.wording_en),
    };
    Ok(found.iter().map(line).collect())
}

fn span(w: Words, from_ms: i64, to_ms: i64) -> String {
    w.ab("planned-span", w.time(from_ms), w.time(to_ms))
}

/// The text of the reader's language, else the other one.
fn either(w: Words, zh: &str, en: &str) -> String {
    let (own, other) = (w.either(zh, en), w.either(en, zh));
    if own.is_empty() { other } else { own }.to_owned()
}

/// Where it is, in words.
fn place(shell: &Shell, content: &PlannedContent) -> String {
    let names: Vec<&str> = content.regions.iter().map(|code| shell.region(code)).collect();
    if names.is_empty() { shell.w.t("planned-everywhere") } else { names.join(shell.w.either("、", ", ")) }
}

/// Where it stands, and how that is to be shown.
fn standing(w: Words, body: &PlannedEventBody) -> (&'static str, String) {
    match body.state {
        PlannedState::Cancelled => ("", w.code("planned-state", body.state)),
        _ if body.over => ("", w.t("planned-over")),
        _ if body.running => ("info", w.t("planned-running")),
        state => {
            (if state == PlannedState::Announced { "good" } else { "info" }, w.code("planned-state", state))
        }
    }
}

/// Until when the next step is due, and how that is to be shown.
fn due(w: Words, body: &PlannedEventBody, now: Timestamp) -> Option<(&'static str, String)> {
    let at = body.due_at_ms?;
    let key = if body.state == PlannedState::Draft { "planned-submit-by" } else { "planned-inform-by" };
    let class = match body.near_at_ms {
        _ if body.late => "bad",
        Some(near) if near <= now.unix_ms() => "warn",
        _ => "",
    };
    Some((class, w.a(key, w.time(at))))
}

/// A moment as a field of a form takes it.
fn typed_moment(at_ms: i64) -> String {
    office_time(Timestamp::from_unix_ms(at_ms)).strftime("%Y-%m-%dT%H:%M").to_string()
}

fn moment(typed: &str) -> Option<Timestamp> {
    office_moment(typed.trim().parse::<DateTime>().ok()?)
}

/// Why a form was refused.
fn failure_words(w: Words, refusal: &Problem) -> String {
    if refusal.kind().code == problem::PRECONDITION_FAILED.code {
        return w.t("planned-changed");
    }
    match refusal.field().and_then(|field| field.strip_prefix('/')) {
        Some(field) => {
            let words = w.code("planned-wrong", field);
            if words == field { w.t("action-words-needed") } else { words }
        }
        None => {
            let (title, detail) = refusal.words(w.language);
            format!("{title} · {detail}")
        }
    }
}
