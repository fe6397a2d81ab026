//! The lists of articles, with search.

use super::{categories, standing_badge, title, validity};
use crate::app::App;
use crate::complaints::scope::{OFFICE, READERS};
use crate::knowledge::api::listed;
use crate::knowledge::bodies::{ArticleBody, ArticleList};
use crate::pages::{PageRoutes, Policy, Shell, Viewer, Words, page};
use crate::problem::Problem;
use crate::routing::get;
use crate::wire::PageQuery;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

const PAGE_SIZE: u32 = 50;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/knowledge", Policy::Roles(READERS), get(show))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    list: String,
    q: String,
    after: String,
}

/// An article in a line.
#[derive(Debug)]
pub(super) struct ArticleLine {
    pub(super) id: String,
    pub(super) number: String,
    pub(super) title: String,
    pub(super) kind: String,
    pub(super) categories: String,
    pub(super) validity: String,
    pub(super) standing: (&'static str, String),
    /// Whether a draft waits for approval beside what is shown.
    pub(super) waits: bool,
    pub(super) changed: String,
}

/// One of the lists.
#[derive(Template)]
#[template(path = "knowledge/list.html")]
pub(super) struct ListPage {
    pub(super) shell: Shell,
    pub(super) list: ArticleList,
    pub(super) q: String,
    pub(super) rows: Vec<ArticleLine>,
    pub(super) next: Option<String>,
}

impl ListPage {
    fn lists(&self) -> &'static [ArticleList] {
        ArticleList::ALL
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
    let w = viewer.w();
    let list = asked.list.parse().unwrap_or(ArticleList::Current);
    let cursor = Some(asked.after).filter(|cursor| !cursor.is_empty());
    let query = PageQuery { cursor, limit: Some(PAGE_SIZE) };
    let found = listed(&app, &viewer.office, (list, &asked.q), &query).await?;
    let next = found.next_cursor.map(|cursor| {
        let pairs = [("list", list.as_str()), ("q", asked.q.as_str()), ("after", cursor.as_str())];
        format!("/knowledge?{}", serde_html_form::to_string(pairs).unwrap_or_default())
    });
    let rows = found.items.iter().map(|body| line(w, body)).collect();
    Ok(page(&ListPage { shell: viewer.shell, list, q: asked.q, rows, next }))
}

fn line(w: Words, body: &ArticleBody) -> ArticleLine {
    let shown = &body.shown;
    ArticleLine {
        id: body.article_id.to_string(),
        number: body.number.clone(),
        title: title(w, &shown.content),
        kind: w.code("article-kind", body.kind),
        categories: categories(w, &shown.content),
        validity: validity(w, &shown.content),
        standing: standing_badge(w, shown),
        waits: body.draft_version.is_some_and(|draft| draft != shown.version),
        changed: w.time(body.changed_at_ms),
    }
}
