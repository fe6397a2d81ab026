//! The lists of early warnings.

use super::{days_words, level_badge, message, title};
use crate::app::App;
use crate::complaints::scope::READERS;
use crate::deadlines::PUBLISHERS;
use crate::pages::{PageRoutes, Policy, Shell, Viewer, page};
use crate::problem::Problem;
use crate::routing::get;
use crate::warnings::api::listed;
use crate::warnings::bodies::WarningBody;
use crate::warnings::model::WarningState;
use crate::warnings::rows::WarningList;
use crate::wire::PageQuery;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

const PAGE_SIZE: u32 = 50;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/warnings", Policy::Roles(READERS), get(show))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    list: String,
    after: String,
}

/// A warning in a line.
#[derive(Debug)]
pub(super) struct WarningLine {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) days: String,
    pub(super) message: String,
    pub(super) level: (&'static str, String),
    pub(super) state: String,
    pub(super) late: bool,
    pub(super) when: String,
}

/// One of the lists.
#[derive(Template)]
#[template(path = "warnings/list.html")]
pub(super) struct ListPage {
    pub(super) shell: Shell,
    pub(super) list: WarningList,
    pub(super) rows: Vec<WarningLine>,
    pub(super) next: Option<String>,
}

impl ListPage {
    fn lists(&self) -> &'static [WarningList] {
        WarningList::ALL
    }

    fn may_publish(&self) -> bool {
        self.shell.has_role(PUBLISHERS)
    }
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let list = asked.list.parse().unwrap_or(WarningList::Open);
    let cursor = Some(asked.after).filter(|cursor| !cursor.is_empty());
    let query = PageQuery { cursor, limit: Some(PAGE_SIZE) };
    let found = listed(&app, &viewer.office, list, &query).await?;
    let next = found.next_cursor.map(|cursor| format!("/warnings?list={list}&after={cursor}"));
    let rows = found.items.iter().map(|body| line(&viewer.shell, body)).collect();
    Ok(page(&ListPage { shell: viewer.shell, list, rows, next }))
}

fn line(shell: &Shell, body: &WarningBody) -> WarningLine {
    let w = shell.w;
    let when = match (body.state, body.waits_from_ms, body.over_at_ms) {
        (WarningState::Acknowledged, Some(at), _) => w.a("warning-back-at", w.time(at)),
        (_, _, Some(at)) => w.time(at),
        _ => w.time(body.raised_at_ms),
    };
    WarningLine {
        id: body.warning_id.to_string(),
        title: title(shell, body),
        days: days_words(w, body),
        message: message(w, body),
        level: level_badge(w, body.level),
        state: w.code("warning-state", body.state),
        late: body.late,
        when,
    }
}
