//! The lists of return visits, and whether people like to be called at this hour.

use super::view::{due_badge, method_words};
use crate::app::App;
use crate::complaints::scope::READERS;
use crate::pages::{PageRoutes, Policy, Shell, Viewer, Words, page};
use crate::problem::Problem;
use crate::returns::api::listed;
use crate::returns::bodies::{ReturnBody, ReturnList};
use crate::returns::rules;
use crate::routing::get;
use crate::wire::PageQuery;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::return_visit::{is_within, slots};
use sync_core::time::Timestamp;

const PAGE_SIZE: u32 = 50;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/returns", Policy::Roles(READERS), get(show))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    list: String,
    after: String,
}

/// One of the lists.
#[derive(Template)]
#[template(path = "returns/list.html")]
pub(super) struct ListPage {
    pub(super) shell: Shell,
    pub(super) list: ReturnList,
    /// Whether people like to be called now, in words, and when they do next.
    pub(super) hour: Option<(bool, String)>,
    pub(super) rows: Vec<ReturnLine>,
    pub(super) next: Option<String>,
}

/// A line in words.
#[derive(Debug)]
pub(crate) struct ReturnLine {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) summary: String,
    pub(crate) state: String,
    pub(crate) badges: Vec<(&'static str, String)>,
    pub(crate) who: String,
    pub(crate) when: String,
    pub(crate) due: Option<(&'static str, String)>,
}

impl ListPage {
    fn lists(&self) -> &'static [ReturnList] {
        ReturnList::ALL
    }
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (w, now) = (viewer.w(), app.clock.now());
    let list = asked.list.parse().unwrap_or(ReturnList::Now);
    let cursor = Some(asked.after).filter(|cursor| !cursor.is_empty());
    let query = PageQuery { cursor, limit: Some(PAGE_SIZE) };
    let found = listed(&app, &viewer.office, list, &query).await?;
    let next = found.next_cursor.map(|cursor| format!("/returns?list={list}&after={cursor}"));
    let hour = hour(&app, w, now).await?;
    let rows = found.items.iter().map(|body| line(w, body, now)).collect();
    Ok(page(&ListPage { shell: viewer.shell, list, hour, rows, next }))
}

/// Whether people like to be called now, and when they do next.
async fn hour(app: &App, w: Words, now: Timestamp) -> Result<Option<(bool, String)>, Problem> {
    let rules = rules::at(&mut app.store.read().await?, now).await?;
    let Some(rules) = rules.filter(|rules| !rules.rules.windows.is_empty()) else { return Ok(None) };
    let windows = &rules.rules.windows;
    let is_good = is_within(now, windows, &rules.calendar);
    let until = now.plus_ms(2 * 86_400_000);
    let next = slots((now, until), windows, &rules.calendar, 1).pop();
    Ok(next.map(|slot| match is_good {
        true => (true, w.a("return-hour-good", w.time(slot.to))),
        false => (false, w.a("return-hour-bad", w.time(slot.from))),
    }))
}

pub(super) fn line(w: Words, body: &ReturnBody, now: Timestamp) -> ReturnLine {
    let name = |person: &Option<crate::complaints::PersonRef>| {
        person.as_ref().map(|who| who.name.clone().unwrap_or_else(|| w.t("record-unknown")))
    };
    let mut badges = vec![("", method_words(w, body))];
    if body.follows.is_some() {
        badges.push(("warn", w.t("return-second")));
    }
    match body.checked {
        Some(checked) => badges.push((
            if checked.as_str() == "agrees" { "good" } else { "bad" },
            w.code("return-checked", checked),
        )),
        None if body.done_at_ms.is_some() => badges.push(("info", w.t("return-unchecked"))),
        None => {}
    }
    if body.asked_later {
        badges.push(("", w.t("return-asked-later")));
    }
    let when = match (body.done_at_ms, body.appointment_from_ms) {
        (Some(at), _) => w.time(at),
        (None, Some(from)) => w.a("return-appointment", w.time(from)),
        (None, None) => String::new(),
    };
    ReturnLine {
        id: body.return_id.to_string(),
        number: body.complaint_number.clone(),
        summary: body.summary.clone(),
        state: w.code("return-state", body.state),
        badges,
        who: name(&body.done_by).or_else(|| name(&body.holder)).unwrap_or_default(),
        when,
        due: due_badge(w, body, now),
    }
}
