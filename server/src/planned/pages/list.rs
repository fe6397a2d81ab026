//! The lists of planned events.

use super::{due, place, span, standing};
use crate::app::App;
use crate::complaints::scope::{OFFICE, READERS};
use crate::pages::{PageRoutes, Policy, Shell, Viewer, page};
use crate::planned::api::listed;
use crate::planned::bodies::PlannedList;
use crate::problem::Problem;
use crate::routing::get;
use crate::wire::PageQuery;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

const PAGE_SIZE: u32 = 50;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/planned-events", Policy::Roles(READERS), get(show))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    list: String,
    after: String,
}

/// An event in a line.
#[derive(Debug)]
pub(super) struct EventLine {
    pub(super) id: String,
    pub(super) number: String,
    pub(super) kind: String,
    pub(super) utility: String,
    pub(super) place: String,
    pub(super) when: String,
    pub(super) standing: (&'static str, String),
    pub(super) due: Option<(&'static str, String)>,
}

/// One of the lists.
#[derive(Template)]
#[template(path = "planned/list.html")]
pub(super) struct ListPage {
    pub(super) shell: Shell,
    pub(super) list: PlannedList,
    pub(super) rows: Vec<EventLine>,
    pub(super) next: Option<String>,
}

impl ListPage {
    fn lists(&self) -> &'static [PlannedList] {
        PlannedList::ALL
    }

    fn may_write(&self) -> bool {
        self.shell.has_role(OFFICE)
    }
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (w, now) = (viewer.w(), app.clock.now());
    let list = asked.list.parse().unwrap_or(PlannedList::Coming);
    let cursor = Some(asked.after).filter(|cursor| !cursor.is_empty());
    let found = listed(&app, &viewer.office, list, &PageQuery { cursor, limit: Some(PAGE_SIZE) }).await?;
    let next = found.next_cursor.map(|cursor| format!("/planned-events?list={list}&after={cursor}"));
    let shell = viewer.shell;
    let rows = found.items.iter().map(|body| EventLine {
        id: body.event_id.to_string(),
        number: body.number.clone(),
        kind: w.code("planned-kind", body.content.kind),
        utility: w.code("utility", body.content.utility),
        place: place(&shell, &body.content),
        when: span(w, body.content.begins_at_ms, body.content.ends_at_ms),
        standing: standing(w, body),
        due: due(w, body, now),
    });
    let rows = rows.collect();
    Ok(page(&ListPage { shell, list, rows, next }))
}
