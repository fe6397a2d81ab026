//! What is late, comes near its deadline, is stuck, or waits for somebody who is silent.

use crate::app::App;
use crate::complaints::pages::state_class;
use crate::complaints::scope::READERS;
use crate::deadlines::watch_api::{RaisedBody, SilentBody, WatchList, raised_page, silent_visits};
use crate::pages::{PageRoutes, Policy, Shell, Viewer, Words, page};
use crate::problem::Problem;
use crate::routing::get;
use crate::seats::{SeatLine, pressing_lines};
use crate::sections::{SectionLine, overdue_lines};
use crate::wire::PageQuery;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use sync_core::deadline::{ESCALATED_TO, MISSED};
use sync_core::time::Timestamp;

const PAGE_SIZE: u32 = 50;
/// The lists in their order; the last one is about people.
const LISTS: [&str; 6] = ["late", "near", "stuck", SECTIONS, EXPERTS, "silent"];
/// Sections that their holders did not sign off in time.
const SECTIONS: &str = "sections";
/// Questions that experts did not answer in time, or hardly will.
const EXPERTS: &str = "experts";

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/watch", Policy::Roles(READERS), get(show))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    list: String,
    after: String,
}

/// One of the lists.
#[derive(Template)]
#[template(path = "deadlines/watch.html")]
pub(super) struct WatchPage {
    pub(super) shell: Shell,
    pub(super) list: &'static str,
    pub(super) rows: Vec<WatchLine>,
    /// The address of the next page.
    pub(super) next: Option<String>,
}

/// A line in words.
#[derive(Debug)]
pub(super) struct WatchLine {
    pub(super) href: String,
    pub(super) number: String,
    pub(super) state: Option<(&'static str, String)>,
    pub(super) summary: String,
    pub(super) who: String,
    /// What should have happened.
    pub(super) what: String,
    /// Until when, or since when nobody heard.
    pub(super) when: String,
    /// How long ago that is, or how long it still is.
    pub(super) span: String,
    pub(super) class: &'static str,
    /// Before whom it was brought.
    pub(super) to: Vec<String>,
}

impl WatchPage {
    pub(super) fn lists(&self) -> [&'static str; 6] {
        LISTS
    }

    pub(super) fn is(&self, list: &str) -> bool {
        self.list == list
    }

    /// What stands in the column of texts.
    fn text_heading(&self) -> &'static str {
        match self.list {
            SECTIONS => "section-task",
            EXPERTS => "expert-question",
            _ => "queue-summary",
        }
    }
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (w, now) = (viewer.w(), app.clock.now());
    let list = LISTS.into_iter().find(|list| *list == asked.list).unwrap_or(LISTS[0]);
    let cursor = Some(asked.after).filter(|cursor| !cursor.is_empty());
    let query = PageQuery { cursor, limit: Some(PAGE_SIZE) };
    let (rows, cursor) = match (list, list.parse::<WatchList>()) {
        (_, Ok(wanted)) => {
            let found = raised_page(&app, &viewer.office, wanted, &query).await?;
            (found.items.iter().map(|item| raised_line(w, item, now)).collect(), found.next_cursor)
        }
        (SECTIONS, _) => {
            let (found, cursor) = overdue_lines(&app, &viewer.office, w, &query).await?;
            (found.into_iter().map(section_line).collect(), cursor)
        }
        (EXPERTS, _) => {
            let (found, cursor) = pressing_lines(&app, &viewer.office, w, &query).await?;
            (found.into_iter().map(seat_line).collect(), cursor)
        }
        _ => {
            let found = silent_visits(&app, &viewer.office).await?;
            (found.iter().map(|item| silent_line(w, item, now)).collect(), None)
        }
    };
    let next = cursor.map(|cursor| format!("/watch?list={list}&after={cursor}"));
    Ok(page(&WatchPage { shell: viewer.shell, list, rows, next }))
}

pub(super) fn raised_line(w: Words, item: &RaisedBody, now: Timestamp) -> WatchLine {
    let left_ms = item.due_at_ms - now.unix_ms();
    let late = item.level >= MISSED;
    let span = span_words(w, left_ms.abs());
    WatchLine {
        href: format!("/complaints/{}", item.complaint_id),
        number: item.complaint_number.clone(),
        state: Some((state_class(item.state), w.code("state", item.state))),
        summary: item.summary.clone(),
        who: item.holder.name.clone().unwrap_or_else(|| w.t("record-unknown")),
        what: match item.step.as_str() {
            "state" => w.a("watch-since", w.time(item.from_ms)),
            step => w.code("watch-step", step),
        },
        when: w.time(item.due_at_ms),
        span: if late { w.a("watch-over", span) } else { w.a("watch-left", span) },
        class: if late { "bad" } else { "warn" },
        to: item.escalated_to.iter().map(|to| w.code("watch-to", to)).collect(),
    }
}

fn section_line(line: SectionLine) -> WatchLine {
    WatchLine {
        href: format!("/sections/{}", line.id),
        number: line.number,
        state: None,
        summary: line.task,
        who: line.unit,
        what: line.discipline,
        when: line.since,
        span: line.when.1,
        class: line.when.0,
        to: Vec::new(),
    }
}

fn seat_line(line: SeatLine) -> WatchLine {
    WatchLine {
        href: format!("/expert-seats/{}", line.id),
        number: line.number,
        state: None,
        summary: line.question,
        who: line.holder.unwrap_or(line.state),
        what: line.skill,
        when: line.asked,
        span: line.when.1,
        class: line.when.0,
        to: Vec::new(),
    }
}

fn silent_line(w: Words, item: &SilentBody, now: Timestamp) -> WatchLine {
    let since = item.last_seen_at_ms.unwrap_or(item.assigned_at_ms);
    WatchLine {
        href: format!("/complaints/{}", item.complaint_id),
        number: item.complaint_number.clone(),
        state: None,
        summary: item.summary.clone(),
        who: item.technician.name.clone().unwrap_or_else(|| w.t("record-unknown")),
        what: w.a("watch-sent", w.time(item.assigned_at_ms)),
        when: match item.last_seen_at_ms {
            Some(at) => w.a("watch-last-heard", w.time(at)),
            None => w.t("watch-never-heard"),
        },
        span: w.a("watch-silent-for", span_words(w, now.unix_ms() - since)),
        class: "warn",
        to: Vec::new(),
    }
}

/// A span of time as people say it: minutes below 100, hours below 48, then days.
fn span_words(w: Words, ms: i64) -> String {
    match ms / 60_000 {
        minutes @ ..100 => w.n("limit-minute", minutes),
        minutes @ ..2_880 => w.n("limit-hour", minutes / 60),
        minutes => w.n("watch-days", minutes / 1_440),
    }
}

/// What the timeline tells of a deadline or a clock beyond its title.
pub(crate) fn deadline_facts(w: Words, detail: &Value) -> Vec<String> {
    let text = |key: &str| detail[key].as_str();
    let mut facts: Vec<String> =
        text("clock_reason").map(|code| w.code("clock-reason", code)).into_iter().collect();
    match (text("step"), text("about")) {
        (Some("state"), Some(state)) => facts.push(w.a("watch-stays", w.code("state", state))),
        (Some(step), _) => facts.push(w.code("watch-step", step)),
        _ => return facts,
    }
    facts.extend(detail["due_at_ms"].as_i64().map(|due| w.a("watch-due", w.time(due))));
    facts.extend(text("to").filter(|to| ESCALATED_TO.contains(to)).map(|to| w.code("watch-to", to)));
    facts
}
