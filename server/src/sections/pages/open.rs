//! The form for opening a section of a complaint.

use super::{failure_words, typed_limit};
use crate::app::App;
use crate::complaints::pages::is_for_the_form;
use crate::complaints::reachable;
use crate::complaints::scope::OFFICE;
use crate::deadlines::{limit_units, limit_words};
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, page, see_other, with_status};
use crate::people;
use crate::problem::Problem;
use crate::routing::get;
use crate::sections::api::{self, SectionForm};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::ComplaintId;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/complaints/{id}/sections", Policy::Roles(OFFICE), get(show).post(create))
}

/// What is typed into the form.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    pub(super) discipline: String,
    pub(super) task: String,
    pub(super) unit: String,
    pub(super) amount: String,
    pub(super) amount_unit: String,
}

/// The form.
#[derive(Template)]
#[template(path = "sections/open.html")]
pub(super) struct OpenPage {
    pub(super) shell: Shell,
    pub(super) id: String,
    pub(super) number: String,
    pub(super) summary: String,
    /// Code and name, with what the rules say.
    pub(super) disciplines: Vec<(String, String)>,
    pub(super) units: Vec<String>,
    /// Code and name.
    pub(super) limit_units: Vec<(String, String)>,
    pub(super) typed: Typed,
    pub(super) failure: Option<String>,
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<ComplaintId>,
) -> Result<Response, Problem> {
    let typed = Typed { amount_unit: "working_day".to_owned(), ..Typed::default() };
    Ok(page(&open_page(&app, viewer, id, typed, None).await?))
}

async fn open_page(
    app: &App,
    viewer: Viewer,
    id: ComplaintId,
    typed: Typed,
    refused: Option<&Problem>,
) -> Result<OpenPage, Problem> {
    let w = viewer.w();
    let mut tx = app.store.read().await?;
    let complaint = reachable(&mut tx, &viewer.office, OFFICE, id).await?;
    let disciplines = api::disciplines(&mut tx, app.clock.now()).await?.into_iter().map(|one| {
        let home = Some(one.unit).filter(|unit| !unit.is_empty());
        let name = w.either(&one.zh, &one.en).to_owned();
        let facts: Vec<String> =
            [Some(name), home, Some(limit_words(w, one.within))].into_iter().flatten().collect();
        (one.code, facts.join(" · "))
    });
    Ok(OpenPage {
        id: id.to_string(),
        number: complaint.number,
        summary: complaint.intake.summary,
        disciplines: disciplines.collect(),
        units: people::units(&mut tx).await?,
        limit_units: limit_units(w),
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
    let opened = match read(&form) {
        Ok(wanted) => api::open(&app, &mut tx, &viewer.office, id, wanted).await,
        Err(refusal) => Err(refusal),
    };
    match opened {
        Ok(section) => {
            tx.commit().await?;
            Ok(see_other(&format!("/sections/{}", section.id), Some("section-opened")))
        }
        Err(refusal) if is_for_the_form(&refusal) => {
            drop(tx);
            let shown = open_page(&app, viewer, id, form, Some(&refusal)).await?;
            Ok(with_status(refusal.status(), &shown))
        }
        Err(refusal) => Err(refusal),
    }
}

fn read(form: &Typed) -> Result<SectionForm, Problem> {
    Ok(SectionForm {
        discipline: form.discipline.clone(),
        task: form.task.clone(),
        unit: form.unit.clone(),
        within: typed_limit(&form.amount, &form.amount_unit)?,
    })
}
