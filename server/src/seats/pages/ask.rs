//! The form for asking an expert about a complaint.

use super::failure_words;
use crate::app::App;
use crate::complaints::pages::is_for_the_form;
use crate::complaints::reachable;
use crate::complaints::scope::OFFICE;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, page, see_other, with_status};
use crate::problem::Problem;
use crate::routing::get;
use crate::seats::api::{self, ExpertRequestForm};
use crate::sections::disciplines;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::ComplaintId;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/complaints/{id}/expert-seats", Policy::Roles(OFFICE), get(show).post(create))
}

/// What is typed into the form.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    pub(super) skill: String,
    pub(super) question: String,
}

/// The form.
#[derive(Template)]
#[template(path = "seats/ask.html")]
pub(super) struct AskPage {
    pub(super) shell: Shell,
    pub(super) id: String,
    pub(super) number: String,
    pub(super) summary: String,
    /// Code and name.
    pub(super) skills: Vec<(String, String)>,
    pub(super) typed: Typed,
    pub(super) failure: Option<String>,
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<ComplaintId>,
) -> Result<Response, Problem> {
    Ok(page(&ask_page(&app, viewer, id, Typed::default(), None).await?))
}

async fn ask_page(
    app: &App,
    viewer: Viewer,
    id: ComplaintId,
    typed: Typed,
    refused: Option<&Problem>,
) -> Result<AskPage, Problem> {
    let w = viewer.w();
    let mut tx = app.store.read().await?;
    let complaint = reachable(&mut tx, &viewer.office, OFFICE, id).await?;
    let skills = disciplines(&mut tx, app.clock.now()).await?.into_iter();
    Ok(AskPage {
        id: id.to_string(),
        number: complaint.number,
        summary: complaint.intake.summary,
        skills: skills.map(|one| (one.code, w.either(&one.zh, &one.en).to_owned())).collect(),
        typed,
        failure: refused.map(|problem| failure_words(w, problem)),
        shell: viewer.shell,
    })
}

async fn create(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let mut tx = app.store.write().await?;
    let (skill, question) = (form.skill.clone(), form.question.clone());
    let wanted = ExpertRequestForm { skill, question, visit_id: None };
    match api::ask(&app, &mut tx, &viewer.office, id, wanted).await {
        Ok(request) => {
            tx.commit().await?;
            Ok(see_other(&format!("/expert-seats/{}", request.id), Some("expert-asked")))
        }
        Err(refusal) if is_for_the_form(&refusal) => {
            drop(tx);
            let shown = ask_page(&app, viewer, id, form, Some(&refusal)).await?;
            Ok(with_status(refusal.status(), &shown))
        }
        Err(refusal) => Err(refusal),
    }
}
