//! Writing a complaint down, with likely duplicates beside the form.

use super::sections::{Beside, Section, sections};
use super::typed::{PostedForm, Typed};
use crate::app::App;
use crate::complaints::acts::ComplaintError;
use crate::complaints::api::write_down;
use crate::complaints::intake::FieldError;
use crate::complaints::reach_of;
use crate::complaints::scope::{INTAKE, OFFICE};
use crate::complaints::units::{unit_of_roles, within_reach};
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, page, see_other, unprocessable};
use crate::problem::Problem;
use crate::review::duplicates_page::Candidate;
use crate::review::{DAYS_DEFAULT, proposals};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use sync_core::ids::ComplaintId;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/complaints/new", Policy::Roles(INTAKE), get(show_new).post(post_new))
}

/// The form for a new complaint.
#[derive(Template)]
#[template(path = "complaints/new.html")]
pub(super) struct NewPage {
    pub(super) shell: Shell,
    /// Id of the record that will be made.
    pub(super) id: ComplaintId,
    pub(super) sections: Vec<Section>,
    /// Likely duplicates; `None` before anybody asked.
    pub(super) candidates: Option<Vec<Candidate>>,
    /// Whether something cannot be taken.
    pub(super) wrong: bool,
    /// Whether the record was held back because there may be one already.
    pub(super) held_back: bool,
}

async fn show_new(State(app): State<App>, viewer: Viewer) -> Result<Response, Problem> {
    let id = ComplaintId::from_entropy(app.clock.now(), app.entropy.bytes());
    let typed = Typed { unit: unit_of_roles(&viewer.office, INTAKE), ..Typed::blank() };
    let sections = sections(viewer.w(), &typed, &beside(&app, &viewer).await?);
    let (candidates, wrong, held_back) = (None, false, false);
    Ok(page(&NewPage { shell: viewer.shell, id, sections, candidates, wrong, held_back }))
}

/// The units to choose from.
async fn beside(app: &App, viewer: &Viewer) -> Result<Beside, Problem> {
    let reach = reach_of(&viewer.office, INTAKE)?;
    let units = within_reach(&mut app.store.read().await?, &reach).await?;
    Ok(Beside { units, ..Beside::default() })
}

async fn post_new(State(app): State<App>, posted: Posted<PostedForm>) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let now = app.clock.now();
    let id = form.id.parse().unwrap_or_else(|_| ComplaintId::from_entropy(now, app.entropy.bytes()));
    let typed = form.typed();
    if form.act == "check" {
        return answer(&app, viewer, id, &typed, Outcome::Checked).await;
    }
    let intake = match typed.intake(now) {
        Ok(intake) => intake,
        Err(errors) => return answer(&app, viewer, id, &typed, Outcome::Wrong(errors)).await,
    };
    if form.checked.is_empty() && !likely(&app, &viewer, id, &typed).await?.is_empty() {
        return answer(&app, viewer, id, &typed, Outcome::HeldBack).await;
    }
    let mut tx = app.store.write().await?;
    match write_down(&mut tx, &viewer.office, id, intake, now).await {
        Ok(complaint) => {
            tx.commit().await?;
            Ok(see_other(&format!("/complaints/{}", complaint.id), Some("complaint-made")))
        }
        // The form was sent twice: the record is there.
        Err(ComplaintError::IdTaken) => Ok(see_other(&format!("/complaints/{id}"), None)),
        Err(ComplaintError::Invalid(errors)) => {
            drop(tx);
            answer(&app, viewer, id, &typed, Outcome::Wrong(errors)).await
        }
        Err(other) => Err(other.into()),
    }
}

/// Why the form is shown again.
enum Outcome {
    Checked,
    HeldBack,
    Wrong(Vec<FieldError>),
}

async fn answer(
    app: &App,
    viewer: Viewer,
    id: ComplaintId,
    typed: &Typed,
    outcome: Outcome,
) -> Result<Response, Problem> {
    let candidates = likely(app, &viewer, id, typed).await?;
    let errors = if let Outcome::Wrong(errors) = &outcome { errors.as_slice() } else { &[] };
    let beside = beside(app, &viewer).await?.errors(viewer.w(), errors);
    let shown = NewPage {
        sections: sections(viewer.w(), typed, &beside),
        shell: viewer.shell,
        id,
        candidates: Some(candidates),
        wrong: !errors.is_empty(),
        held_back: matches!(outcome, Outcome::HeldBack),
    };
    Ok(if shown.wrong { unprocessable(&shown) } else { page(&shown) })
}

/// Records that may be about what was typed.
async fn likely(
    app: &App,
    viewer: &Viewer,
    id: ComplaintId,
    typed: &Typed,
) -> Result<Vec<Candidate>, Problem> {
    let reach = reach_of(&viewer.office, OFFICE)?;
    let draft = typed.draft(id, viewer.office.person_id, app.clock.now());
    let mut tx = app.store.read().await?;
    let found = proposals(&mut tx, &draft, &reach, DAYS_DEFAULT).await?;
    Ok(found.into_iter().map(|(alike, other)| Candidate::of(viewer.w(), &alike, other)).collect())
}
