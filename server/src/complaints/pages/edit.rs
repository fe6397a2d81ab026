//! Correcting a complaint, with the history of its fields; who was slower loses nothing.

use super::sections::{Beside, Section, Theirs, sections};
use super::typed::{PostedForm, Typed};
use super::values::valued;
use crate::app::App;
use crate::complaints::acts::{ComplaintError, find_open_to_acts};
use crate::complaints::api::{FieldChangeBody, changes_of, corrected};
use crate::complaints::intake::FieldError;
use crate::complaints::model::Complaint;
use crate::complaints::reachable;
use crate::complaints::scope::OFFICE;
use crate::pages::{
    PageRoutes, Policy, Posted, Shell, Viewer, Words, changed_meanwhile, page, see_other, unprocessable,
};
use crate::problem::Problem;
use crate::routing::get;
use crate::store::{StoreError, Tx};
use crate::work_orders;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use std::collections::BTreeSet;
use sync_core::ids::{ComplaintId, PersonId};

/// Fields by which the customer is reached; changing them can hide a customer from the return visit.
const CONTACT: &[&str] = &["customer_name", "customer_phone", "customer_number", "address"];

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/complaints/{id}/edit", Policy::Roles(OFFICE), get(show_edit).post(post_edit))
}

/// One change in the history.
#[derive(Debug, Clone)]
pub(super) struct HistoryRow {
    pub(super) field: String,
    pub(super) old: String,
    pub(super) new: String,
    pub(super) by: String,
    pub(super) at: String,
    /// Whether it is about reaching the customer.
    pub(super) contact: bool,
    /// Whether somebody who was sent to this complaint changed it.
    pub(super) by_crew: bool,
}

/// The form that corrects a complaint.
#[derive(Template)]
#[template(path = "complaints/edit.html")]
pub(super) struct EditPage {
    pub(super) shell: Shell,
    pub(super) id: ComplaintId,
    pub(super) number: String,
    pub(super) version: i64,
    /// What the record says now, as JSON, to tell later what was typed and what was there.
    pub(super) base: String,
    pub(super) sections: Vec<Section>,
    /// Newest first.
    pub(super) history: Vec<HistoryRow>,
    /// Whether something cannot be taken.
    pub(super) wrong: bool,
    /// Whether somebody else changed the record meanwhile.
    pub(super) changed: bool,
}

async fn show_edit(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<ComplaintId>,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    reachable(&mut tx, &viewer.office, OFFICE, id).await?;
    let complaint = find_open_to_acts(&mut tx, id).await?;
    let typed = Typed::from(&complaint.intake);
    Ok(page(&build(&mut tx, viewer, complaint, &typed, Beside::default()).await?))
}

async fn post_edit(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<PostedForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let now = app.clock.now();
    let mut tx = app.store.write().await?;
    reachable(&mut tx, &viewer.office, OFFICE, id).await?;
    let complaint = find_open_to_acts(&mut tx, id).await?;
    let mut typed = form.typed();
    keep_unshown(&mut typed, &complaint);
    if form.version != complaint.version.to_string() {
        drop(tx);
        return conflicting(&app, viewer, complaint, typed, &form.base).await;
    }
    let done = match typed.patch(&complaint.intake) {
        Ok(patch) => corrected(&mut tx, &viewer.office, complaint.clone(), patch, now).await,
        Err(errors) => Err(ComplaintError::Invalid(errors)),
    };
    match done {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other(&format!("/complaints/{id}"), Some("complaint-corrected")))
        }
        Err(ComplaintError::Invalid(errors)) => {
            drop(tx);
            wrong(&app, viewer, complaint, &typed, &errors).await
        }
        Err(ComplaintError::Changed) => {
            drop(tx);
            conflicting(&app, viewer, complaint, typed, &form.base).await
        }
        Err(other) => Err(other.into()),
    }
}

/// Channel and time of the first contact are not corrected here, and the unit is changed with a reason.
fn keep_unshown(typed: &mut Typed, complaint: &Complaint) {
    let now = Typed::from(&complaint.intake);
    typed.channel = now.channel;
    typed.requested_at = now.requested_at;
    typed.unit = now.unit;
}

async fn wrong(
    app: &App,
    viewer: Viewer,
    complaint: Complaint,
    typed: &Typed,
    errors: &[FieldError],
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let beside = Beside::default().errors(viewer.w(), errors);
    Ok(unprocessable(&build(&mut tx, viewer, complaint, typed, beside).await?))
}

/// Somebody else was quicker. Fields that were not touched follow the record; what was typed stays, with the other's
/// value beside it.
async fn conflicting(
    app: &App,
    viewer: Viewer,
    complaint: Complaint,
    mut typed: Typed,
    base: &str,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let changes = changes_of(&mut tx, complaint.id).await?;
    let now = Typed::from(&complaint.intake);
    let base: Option<Typed> = serde_json::from_str(base).ok();
    let mut beside = Beside::default();
    for (field, value) in now.fields() {
        let before =
            base.as_ref().and_then(|base| base.fields().into_iter().find(|(name, _)| *name == field));
        let Some(own) = typed.field_mut(field) else { continue };
        if before.is_some_and(|(_, before)| before == own) {
            value.clone_into(own);
        } else if value != own {
            let by = author(viewer.w(), &changes, field);
            beside.theirs.insert(field.to_owned(), Theirs { value: valued(&viewer.shell, field, value), by });
        }
    }
    let mut shown = build(&mut tx, viewer, complaint, &typed, beside).await?;
    shown.changed = true;
    Ok(changed_meanwhile(&shown))
}

/// Who changed a field last, and when.
fn author(w: Words, changes: &[FieldChangeBody], field: &str) -> String {
    let newest = changes.iter().rev().find(|change| change.field == field);
    let person = newest.and_then(|change| change.changed_by.as_ref()?.name.clone());
    let at = newest.map(|change| w.time(change.changed_at_ms)).unwrap_or_default();
    person.map(|person| w.ab("form-changed-by", person, at)).unwrap_or_default()
}

async fn build(
    tx: &mut Tx,
    viewer: Viewer,
    complaint: Complaint,
    typed: &Typed,
    mut beside: Beside,
) -> Result<EditPage, Problem> {
    beside.utility = Some(complaint.intake.utility);
    beside.regions = viewer.shell.regions_within(OFFICE);
    let w = viewer.w();
    Ok(EditPage {
        history: history(tx, &viewer.shell, complaint.id).await?,
        shell: viewer.shell,
        id: complaint.id,
        version: complaint.version,
        base: serde_json::to_string(&Typed::from(&complaint.intake)).map_err(Problem::internal)?,
        sections: sections(w, typed, &beside),
        wrong: !beside.errors.is_empty(),
        changed: false,
        number: complaint.number,
    })
}

/// Who changed what, newest first.
async fn history(tx: &mut Tx, shell: &Shell, id: ComplaintId) -> Result<Vec<HistoryRow>, StoreError> {
    let w = shell.w;
    let value = |field: &str, value: Option<String>| {
        value.map_or_else(String::new, |value| valued(shell, field, &value))
    };
    let crew = everybody_sent(tx, id).await?;
    let changes = changes_of(tx, id).await?;
    let rows = changes.into_iter().rev().map(|change| HistoryRow {
        contact: CONTACT.contains(&change.field.as_str()),
        by_crew: change.changed_by.as_ref().is_some_and(|by| crew.contains(&by.person_id)),
        old: value(&change.field, change.old_value),
        new: value(&change.field, change.new_value),
        field: w.code("change-field", &change.field),
        by: change.changed_by.and_then(|by| by.name).unwrap_or_default(),
        at: w.time(change.changed_at_ms),
    });
    Ok(rows.collect())
}

async fn everybody_sent(tx: &mut Tx, id: ComplaintId) -> Result<BTreeSet<PersonId>, StoreError> {
    let mut people = BTreeSet::new();
    for visit in work_orders::visits_of(tx, id).await? {
        let sent = work_orders::assignments_of(tx, visit.id).await?;
        people.extend(sent.into_iter().map(|assignment| assignment.person));
    }
    Ok(people)
}
