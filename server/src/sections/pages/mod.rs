//! Sections as pages: the lists, one section, the form for opening one, and their part of the record.

mod list;
mod open;
mod section;
#[cfg(test)]
mod tests;

use super::bodies::{SectionBody, SectionList};
use super::model::SectionState;
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::record::CentralRecord;
use crate::pages::{PageRoutes, Words};
use crate::problem::{self, Problem};
use crate::wire::PageQuery;
use serde_json::Value;
use sync_core::deadline::Limit;
use sync_core::time::Timestamp;

pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    open::pages(section::pages(list::pages(routes)))
}

/// A section in a line.
#[derive(Debug)]
pub(crate) struct SectionLine {
    pub(crate) id: String,
    pub(crate) discipline: String,
    pub(crate) state: String,
    pub(crate) task: String,
    /// Number of its complaint.
    pub(crate) number: String,
    /// The unit that holds it.
    pub(crate) unit: String,
    /// Since when.
    pub(crate) since: String,
    pub(crate) when: (&'static str, String),
}

/// A section in words, for a list or a record.
fn line(w: Words, body: &SectionBody, now: Timestamp) -> SectionLine {
    SectionLine {
        id: body.section_id.to_string(),
        discipline: discipline(w, body),
        state: w.code("section-state", body.state),
        task: body.task.clone(),
        number: body.complaint_number.clone(),
        unit: holder(w, body),
        since: w.time(body.held_since_ms),
        when: when(w, body, now),
    }
}

fn discipline(w: Words, body: &SectionBody) -> String {
    w.either(&body.discipline_zh, &body.discipline_en).to_owned()
}

fn holder(w: Words, body: &SectionBody) -> String {
    if body.unit.is_empty() { w.t("section-everybody") } else { body.unit.clone() }
}

/// The moment that matters where it stands, and how it is to be shown.
fn when(w: Words, body: &SectionBody, now: Timestamp) -> (&'static str, String) {
    let due = w.time(body.due_at_ms);
    match (body.state, body.over_at_ms) {
        (SectionState::Open, _) if body.due_at_ms < now.unix_ms() => ("bad", w.a("section-overdue", due)),
        (SectionState::Open, _) => {
            let near = body.due_at_ms - now.unix_ms() < (body.due_at_ms - body.held_since_ms) / 5;
            (if near { "warn" } else { "" }, w.a("watch-due", due))
        }
        (_, Some(at)) => ("", w.time(at)),
        _ => ("", String::new()),
    }
}

/// The sections of a record in words.
#[derive(Debug, Default)]
pub(crate) struct SectionsPart {
    pub(crate) lines: Vec<SectionLine>,
    /// Whether this reader may open one.
    pub(crate) may_open: bool,
}

/// The sections of a record for this reader.
pub(crate) fn sections_part(
    w: Words,
    record: &CentralRecord,
    may_open: bool,
    now: Timestamp,
) -> SectionsPart {
    let lines = record.sections.iter().map(|body| line(w, body, now)).collect();
    let is_open = record.complaint.closed_at_ms.is_none() && record.complaint.merged_into.is_none();
    SectionsPart { lines, may_open: may_open && is_open }
}

/// One page of the open sections whose limit has passed, for the watch.
pub(crate) async fn overdue_lines(
    app: &App,
    office: &OfficeAuth,
    w: Words,
    query: &PageQuery,
) -> Result<(Vec<SectionLine>, Option<String>), Problem> {
    let found = super::api::listed(app, office, SectionList::Overdue, query).await?;
    let now = app.clock.now();
    Ok((found.items.iter().map(|body| line(w, body, now)).collect(), found.next_cursor))
}

/// What the timeline tells of a section beyond its title.
pub(crate) fn section_facts(w: Words, sections: &[SectionBody], detail: &Value) -> Vec<String> {
    let (Some(id), Some(act)) = (detail["section"].as_str(), detail["section_act"].as_str()) else {
        return Vec::new();
    };
    let section = sections.iter().find(|section| section.section_id.to_string() == id);
    let unit = detail["section_unit"].as_str().filter(|unit| !unit.is_empty());
    let due = detail["section_due_at_ms"].as_i64().map(|due| w.a("watch-due", w.time(due)));
    let named = section.map(|section| discipline(w, section)).into_iter();
    named.chain([w.code("section-act", act)]).chain(unit.map(str::to_owned)).chain(due).collect()
}

/// An amount and a unit that were typed; `None`: nothing was.
fn typed_limit(amount: &str, unit: &str) -> Result<Option<Limit>, Problem> {
    if amount.trim().is_empty() {
        return Ok(None);
    }
    let wrong = || Problem::invalid_field("/within", "an amount with its unit");
    let unit = crate::deadlines::unit_of_limit(unit).ok_or_else(wrong)?;
    Ok(Some(Limit { amount: amount.trim().parse().map_err(|_| wrong())?, unit }))
}

/// Why a form was refused.
fn failure_words(w: Words, refusal: &Problem) -> String {
    if refusal.kind().code == problem::PRECONDITION_FAILED.code {
        return w.t("section-changed");
    }
    match refusal.field() {
        Some("/discipline") => w.t("section-discipline-needed"),
        Some("/task") => w.t("section-task-needed"),
        Some("/unit") => w.t("section-unit-needed"),
        Some("/within") => w.t("section-within-needed"),
        Some("/work") => w.t("section-work-needed"),
        Some("/evidence") => w.t("section-evidence-wrong"),
        Some(_) => w.t("action-words-needed"),
        None => {
            let (title, detail) = refusal.words(w.language);
            format!("{title} · {detail}")
        }
    }
}
