//! The lists of sections.

use super::{SectionLine, line};
use crate::app::App;
use crate::complaints::scope::{OFFICE, READERS};
use crate::pages::{PageRoutes, Policy, Shell, Viewer, page};
use crate::problem::Problem;
use crate::routing::get;
use crate::sections::api::listed;
use crate::sections::bodies::SectionList;
use crate::wire::PageQuery;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

const PAGE_SIZE: u32 = 50;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/sections", Policy::Roles(READERS), get(show))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    list: String,
    after: String,
}

/// One of the lists.
#[derive(Template)]
#[template(path = "sections/list.html")]
pub(super) struct ListPage {
    pub(super) shell: Shell,
    pub(super) list: SectionList,
    pub(super) rows: Vec<SectionLine>,
    pub(super) next: Option<String>,
}

impl ListPage {
    /// The lists that this reader has: who only reads holds nothing.
    fn lists(&self) -> &'static [SectionList] {
        if self.shell.has_role(OFFICE) { SectionList::ALL } else { &SectionList::ALL[1..] }
    }
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (w, now) = (viewer.w(), app.clock.now());
    let usual = if viewer.shell.has_role(OFFICE) { SectionList::Mine } else { SectionList::Open };
    let list = asked.list.parse().unwrap_or(usual);
    let cursor = Some(asked.after).filter(|cursor| !cursor.is_empty());
    let query = PageQuery { cursor, limit: Some(PAGE_SIZE) };
    let found = listed(&app, &viewer.office, list, &query).await?;
    let next = found.next_cursor.map(|cursor| format!("/sections?list={list}&after={cursor}"));
    let rows = found.items.iter().map(|body| line(w, body, now)).collect();
    Ok(page(&ListPage { shell: viewer.shell, list, rows, next }))
}
