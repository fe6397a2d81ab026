//! The form for planning a corrective action because of a complaint.

use super::failure_words;
use crate::app::App;
use crate::complaints::pages::is_for_the_form;
use crate::complaints::reachable;
use crate::corrective::api::{self, ActionForm};
use crate::corrective::model::EFFECT_DAYS;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, page, see_other, with_status};
use crate::people;
use crate::problem::Problem;
use crate::review::REVIEWERS;
use crate::routing::get;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::ComplaintId;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/complaints/{id}/corrective-actions", Policy::Roles(REVIEWERS), get(show).post(create))
}

/// What is typed into the form.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    pub(super) title: String,
    pub(super) owner: String,
    pub(super) due_on: String,
    pub(super) effect_days: String,
}

/// The form.
#[derive(Template)]
#[template(path = "corrective/plan.html")]
pub(super) struct PlanPage {
    pub(super) shell: Shell,
    pub(super) id: String,
    pub(super) number: String,
    pub(super) summary: String,
    /// Id and name of everybody who may own an action.
    pub(super) people: Vec<(String, String)>,
    pub(super) typed: Typed,
    pub(super) failure: Option<String>,
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<ComplaintId>,
) -> Result<Response, Problem> {
    let typed = Typed { effect_days: EFFECT_DAYS.to_string(), ..Typed::default() };
    Ok(page(&plan_page(&app, viewer, id, typed, None).await?))
}

async fn plan_page(
    app: &App,
    viewer: Viewer,
    id: ComplaintId,
    typed: Typed,
    refused: Option<&Problem>,
) -> Result<PlanPage, Problem> {
    let mut tx = app.store.read().await?;
    let complaint = reachable(&mut tx, &viewer.office, REVIEWERS, id).await?;
    let people = people::office_people(&mut tx).await?.into_iter();
    Ok(PlanPage {
        id: id.to_string(),
        number: complaint.number,
        summary: complaint.intake.summary,
        people: people.map(|offered| (offered.person_id, offered.display_name)).collect(),
        typed,
        failure: refused.map(|problem| failure_words(viewer.w(), problem)),
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
    let planned = match read(&form) {
        Ok(wanted) => api::plan(&app, &mut tx, &viewer.office, id, wanted).await,
        Err(refusal) => Err(refusal),
    };
    match planned {
        Ok(action) => {
            tx.commit().await?;
            Ok(see_other(&format!("/corrective-actions/{}", action.id), Some("action-planned")))
        }
        Err(refusal) if is_for_the_form(&refusal) => {
            drop(tx);
            let shown = plan_page(&app, viewer, id, form, Some(&refusal)).await?;
            Ok(with_status(refusal.status(), &shown))
        }
        Err(refusal) => Err(refusal),
    }
}

fn read(form: &Typed) -> Result<ActionForm, Problem> {
    let owner = form.owner.parse().map_err(|_| Problem::invalid_field("/owner", "a person"))?;
    let days = form.effect_days.trim().parse();
    let effect_days = days.map_err(|_| Problem::invalid_field("/effect_days", "a number of days"))?;
    Ok(ActionForm {
        title: form.title.clone(),
        owner,
        due_on: form.due_on.clone(),
        effect_days: Some(effect_days),
    })
}
