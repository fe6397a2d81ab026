//! The lists of corrective actions.

use super::{ActionLine, line};
use crate::app::App;
use crate::complaints::scope::READERS;
use crate::corrective::api::listed;
use crate::corrective::bodies::ActionList;
use crate::pages::{PageRoutes, Policy, Shell, Viewer, page};
use crate::problem::Problem;
use crate::routing::get;
use crate::wire::PageQuery;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

const PAGE_SIZE: u32 = 50;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/corrective-actions", Policy::Roles(READERS), get(show))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    list: String,
    after: String,
}

/// One of the lists.
#[derive(Template)]
#[template(path = "corrective/list.html")]
pub(super) struct ListPage {
    pub(super) shell: Shell,
    pub(super) list: ActionList,
    pub(super) rows: Vec<ActionLine>,
    pub(super) next: Option<String>,
}

impl ListPage {
    fn lists(&self) -> &'static [ActionList] {
        ActionList::ALL
    }
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (w, now) = (viewer.w(), app.clock.now());
    let list = asked.list.parse().unwrap_or(ActionList::Open);
    let cursor = Some(asked.after).filter(|cursor| !cursor.is_empty());
    let query = PageQuery { cursor, limit: Some(PAGE_SIZE) };
    let found = listed(&app, &viewer.office, list, &query).await?;
    let next = found.next_cursor.map(|cursor| format!("/corrective-actions?list={list}&after={cursor}"));
    let rows = found.items.iter().map(|body| line(w, body, now)).collect();
    Ok(page(&ListPage { shell: viewer.shell, list, rows, next }))
}
