//! The page on which tables are chosen, and the tables themselves for a browser.

use super::api::{Days, take};
use super::tables::{ExportFile, Table};
use crate::app::App;
use crate::pages::{PageRoutes, Policy, Shell, Viewer, page};
use crate::problem::Problem;
use crate::review::REVIEWERS;
use crate::routing::get;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;

const WHO: Policy = Policy::Roles(REVIEWERS);

pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/exports", WHO, get(choose)).page("/exports/{table}", WHO, get(send))
}

/// The tables with what each is about.
#[derive(Template)]
#[template(path = "exports/choose.html")]
struct ExportPage {
    shell: Shell,
}

impl ExportPage {
    fn tables(&self) -> &'static [Table] {
        &Table::ALL
    }
}

async fn choose(viewer: Viewer) -> Response {
    page(&ExportPage { shell: viewer.shell })
}

async fn send(
    State(app): State<App>,
    viewer: Viewer,
    Path(file): Path<ExportFile>,
    Query(days): Query<Days>,
) -> Result<Response, Problem> {
    take(app, &viewer.office, file, &days).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::testing::{check, shells};

    #[test]
    fn the_choice_can_be_rendered() {
        for shell in shells() {
            check(&ExportPage { shell });
        }
    }
}
