//! The queue of questions to experts.

use super::{SeatLine, line};
use crate::app::App;
use crate::complaints::scope::READERS;
use crate::pages::{PageRoutes, Policy, Shell, Viewer, page};
use crate::problem::Problem;
use crate::routing::get;
use crate::seats::api::listed;
use crate::seats::bodies::RequestList;
use crate::sections::disciplines;
use crate::wire::PageQuery;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

const PAGE_SIZE: u32 = 50;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/expert-seats", Policy::Roles(READERS), get(show))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    list: String,
    skill: String,
    after: String,
}

/// One of the lists.
#[derive(Template)]
#[template(path = "seats/list.html")]
pub(super) struct ListPage {
    pub(super) shell: Shell,
    pub(super) list: RequestList,
    /// Code of the only skill that is shown; empty: all.
    pub(super) skill: String,
    /// Code and name.
    pub(super) skills: Vec<(String, String)>,
    pub(super) rows: Vec<SeatLine>,
    pub(super) next: Option<String>,
}

impl ListPage {
    fn lists(&self) -> &'static [RequestList] {
        RequestList::ALL
    }
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (w, now) = (viewer.w(), app.clock.now());
    let list = asked.list.parse().unwrap_or(RequestList::Waiting);
    let known = disciplines(&mut app.store.read().await?, now).await?;
    let skills: Vec<(String, String)> =
        known.into_iter().map(|one| (one.code, w.either(&one.zh, &one.en).to_owned())).collect();
    let skill = skills.iter().find(|(code, _)| *code == asked.skill).map(|(code, _)| code.clone());
    let cursor = Some(asked.after).filter(|cursor| !cursor.is_empty());
    let query = PageQuery { cursor, limit: Some(PAGE_SIZE) };
    let found = listed(&app, &viewer.office, (list, skill.as_deref()), &query).await?;
    let skill = skill.unwrap_or_default();
    let next =
        found.next_cursor.map(|cursor| format!("/expert-seats?list={list}&skill={skill}&after={cursor}"));
    let rows = found.items.iter().map(|body| line(w, body, now)).collect();
    Ok(page(&ListPage { shell: viewer.shell, list, skill, skills, rows, next }))
}
