//! Writing a complaint down, with likely duplicates beside the form.

use super::from_field::{self, FromField};
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
use crate::problem::{self, Problem};
use crate::review::duplicates_page::Candidate;
use crate::review::{DAYS_DEFAULT, proposals};
use crate::routing::get;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
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
    /// The field work of which it is made.
    pub(super) field: Option<FromField>,
}

#[derive(Debug, Default, Deserialize)]
struct NewQuery {
    /// The field work of which a complaint is to be made.
    field_work: Option<String>,
}

async fn show_new(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<NewQuery>,
) -> Result<Response, Problem> {
    let id = ComplaintId::from_entropy(app.clock.now(), app.entropy.bytes());
    if let Some(work) = query.field_work {
        return show_from_field(&app, viewer, &work, id).await;
    }
    let typed = Typed { unit: unit_of_roles(&viewer.office, INTAKE), ..Typed::blank() };
    let sections = sections(viewer.w(), &typed, &beside(&app, &viewer).await?);
    let (candidates, wrong, held_back, field) = (None, false, false, None);
    Ok(page(&NewPage { shell: viewer.shell, id, sections, candidates, wrong, held_back, field }))
}

/// The form with what was typed on site; when somebody was quicker, the complaint it belongs to.
async fn show_from_field(
    app: &App,
    viewer: Viewer,
    work: &str,
    fresh: ComplaintId,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let work = from_field::waiting(&mut tx, work).await?;
    if let Some(complaint) = &work.linked_to {
        return Ok(see_other(&format!("/complaints/{complaint}"), Some("field-work-linked-already")));
    }
    let id = from_field::record_id(&mut tx, &work, fresh).await?;
    let typed = from_field::prefilled(&mut tx, &viewer, &work).await?;
    let field = FromField::of(&mut tx, &viewer, &work, String::new()).await?;
    drop(tx);
    answer(app, viewer, Filled { id, typed, field: Some(field) }, Outcome::Checked).await
}

/// The units to choose from.
async fn beside(app: &App, viewer: &Viewer) -> Result<Beside, Problem> {
    let reach = reach_of(&viewer.office, INTAKE)?;
    let units = within_reach(&mut app.store.read().await?, &reach).await?;
    Ok(Beside { units, regions: viewer.shell.regions_within(INTAKE), ..Beside::default() })
}

/// A form that was filled in.
struct Filled {
    id: ComplaintId,
    typed: Typed,
    field: Option<FromField>,
}

impl Filled {
    /// What was posted.
    async fn of(app: &App, viewer: &Viewer, form: PostedForm) -> Result<Self, Problem> {
        let fresh = || ComplaintId::from_entropy(app.clock.now(), app.entropy.bytes());
        let (id, typed) = (form.id.parse().unwrap_or_else(|_| fresh()), form.typed());
        if form.field_work.is_empty() {
            return Ok(Self { id, typed, field: None });
        }
        let mut tx = app.store.read().await?;
        let work = from_field::waiting(&mut tx, &form.field_work).await?;
        let field = FromField::of(&mut tx, viewer, &work, form.field_work_reason).await?;
        Ok(Self { id, typed, field: Some(field) })
    }
}

async fn post_new(State(app): State<App>, posted: Posted<PostedForm>) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let now = app.clock.now();
    let (is_check, is_checked) = (form.act == "check", !form.checked.is_empty());
    let mut filled = Filled::of(&app, &viewer, form).await?;
    if is_check {
        return answer(&app, viewer, filled, Outcome::Checked).await;
    }
    let field_is_wrong = filled.field.as_mut().is_some_and(FromField::mark_wrong);
    let intake = match filled.typed.intake(now) {
        Ok(intake) if !field_is_wrong => intake,
        checked => {
            let errors = checked.err().unwrap_or_default();
            return answer(&app, viewer, filled, Outcome::Wrong(errors)).await;
        }
    };
    if !is_checked && !likely(&app, &viewer, &filled).await?.is_empty() {
        return answer(&app, viewer, filled, Outcome::HeldBack).await;
    }
    let mut tx = app.store.write().await?;
    match write_down(&mut tx, &viewer.office, filled.id, intake, now).await {
        Ok(complaint) => {
            if let Some(field) = &filled.field {
                match from_field::link(&mut tx, &viewer, field, complaint.id, now).await {
                    // Somebody was quicker: the page leads to the complaint it belongs to.
                    Err(problem) if problem.kind().code == problem::CHANGED_MEANWHILE.code => {
                        return Ok(see_other(&format!("/complaints/new?field_work={}", field.id), None));
                    }
                    linked => linked?,
                }
            }
            tx.commit().await?;
            Ok(see_other(&format!("/complaints/{}", complaint.id), Some("complaint-made")))
        }
        // The form was sent twice: the record is there.
        Err(ComplaintError::IdTaken) => Ok(see_other(&format!("/complaints/{}", filled.id), None)),
        Err(ComplaintError::Invalid(errors)) => {
            drop(tx);
            answer(&app, viewer, filled, Outcome::Wrong(errors)).await
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

async fn answer(app: &App, viewer: Viewer, filled: Filled, outcome: Outcome) -> Result<Response, Problem> {
    let candidates = likely(app, &viewer, &filled).await?;
    let errors = if let Outcome::Wrong(errors) = &outcome { errors.as_slice() } else { &[] };
    let beside = beside(app, &viewer).await?.errors(viewer.w(), errors);
    let shown = NewPage {
        sections: sections(viewer.w(), &filled.typed, &beside),
        shell: viewer.shell,
        id: filled.id,
        candidates: Some(candidates),
        wrong: matches!(outcome, Outcome::Wrong(_)),
        held_back: matches!(outcome, Outcome::HeldBack),
        field: filled.field,
    };
    Ok(if shown.wrong { unprocessable(&shown) } else { page(&shown) })
}

/// Records that may be about what was typed.
async fn likely(app: &App, viewer: &Viewer, filled: &Filled) -> Result<Vec<Candidate>, Problem> {
    let reach = reach_of(&viewer.office, OFFICE)?;
    let draft = filled.typed.draft(filled.id, viewer.office.person_id, app.clock.now());
    let mut tx = app.store.read().await?;
    let found = proposals(&mut tx, &draft, &reach, DAYS_DEFAULT).await?;
    Ok(found.into_iter().map(|(alike, other)| Candidate::of(viewer.w(), &alike, other)).collect())
}
