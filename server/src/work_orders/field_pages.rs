//! Field work without a complaint, and grumbles, as the office meets them.

use super::field_api::{link, reject, settle};
use super::field_work::{self, FieldWork};
use super::prevention::{self, Grumble};
use crate::app::App;
use crate::complaints::phrases::Phrases;
use crate::complaints::scope::{INTAKE, OFFICE};
use crate::complaints::{self, Names};
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, page, see_other, unprocessable};
use crate::problem::{self, Problem};
use crate::routing::{get, post};
use crate::wire::{Page, PageQuery};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use sync_core::codes::CodeTable;
use sync_core::ids::{CommandId, ComplaintId};

/// Items on one page.
const PER_PAGE: u32 = 50;

pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    routes
        .page("/arrivals/field-work", Policy::Roles(OFFICE), get(show_field_work))
        .page("/arrivals/field-work/{field_work_id}/link", Policy::Roles(OFFICE), post(link_work))
        .page("/arrivals/field-work/{field_work_id}/rejection", Policy::Roles(OFFICE), post(reject_work))
        .page("/arrivals/grumbles", Policy::Roles(OFFICE), get(show_grumbles))
        .page("/arrivals/grumbles/{grumble_id}/settlement", Policy::Roles(OFFICE), post(settle_grumble))
}

#[derive(Debug, Default, Deserialize)]
struct ListQuery {
    /// `rejected`: what belongs to no complaint; else what waits.
    state: Option<String>,
    cursor: Option<String>,
}

/// Field work whose complaint was refused.
#[derive(Template)]
#[template(path = "arrivals/field_work.html")]
struct FieldWorkPage {
    shell: Shell,
    rejected: bool,
    rows: Vec<FieldWorkRow>,
    next: Option<String>,
    /// What was typed for an item, and what is wrong with it.
    refused: Option<Refused>,
}

/// A form that could not be carried out.
struct Refused {
    id: String,
    /// `link` or `reject`.
    act: &'static str,
    number: String,
    reason: String,
    failure: String,
}

impl FieldWorkPage {
    /// This form of this item, if it was refused.
    fn refused_of(&self, row: &FieldWorkRow, act: &str) -> Option<&Refused> {
        self.refused.as_ref().filter(|refused| refused.id == row.work.field_work_id && refused.act == act)
    }

    /// Whether the reader may make a complaint of it.
    fn may_make(&self) -> bool {
        self.shell.has_role(INTAKE)
    }
}

struct FieldWorkRow {
    work: FieldWork,
    person: String,
    /// What the technician typed, field by field.
    typed: Vec<(String, String)>,
    /// Who rejected it, when and why.
    rejected: Option<(String, i64, String)>,
}

async fn show_field_work(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let rejected = query.state.as_deref() == Some("rejected");
    Ok(page(&field_work_page(&app, viewer, rejected, query.cursor, None).await?))
}

async fn field_work_page(
    app: &App,
    viewer: Viewer,
    rejected: bool,
    cursor: Option<String>,
    refused: Option<Refused>,
) -> Result<FieldWorkPage, Problem> {
    let after: Option<(i64, String)> = PageQuery { cursor, limit: None }.position()?;
    let mut tx = app.store.read().await?;
    let found = field_work::without_complaint(&mut tx, rejected, after, PER_PAGE + 1).await?;
    let found = Page::cut(found, PER_PAGE, |work| (work.received_at_ms, work.field_work_id.clone()));
    let phrases = Phrases::of(&mut tx, viewer.w()).await?;
    let mut names = Names::default();
    let mut rows = Vec::with_capacity(found.items.len());
    for work in found.items {
        let person = names.person_text(&mut tx, &work.person_id).await?.and_then(|person| person.name);
        let typed = typed_fields(&phrases, &work.request_json);
        let by = match &work.rejected_by {
            Some(by) => names.person_text(&mut tx, by).await?.and_then(|person| person.name),
            None => None,
        };
        let rejected = work.rejected_at_ms.zip(work.rejected_reason.clone());
        let rejected = rejected.map(|(at, why)| (by.unwrap_or_default(), at, why));
        rows.push(FieldWorkRow { person: person.unwrap_or_default(), typed, rejected, work });
    }
    let state = if rejected { "rejected" } else { "waiting" };
    let next = found.next_cursor.map(|cursor| format!("/arrivals/field-work?state={state}&cursor={cursor}"));
    Ok(FieldWorkPage { shell: viewer.shell, rejected, rows, next, refused })
}

/// The fields of what was typed that hold text, with their names.
fn typed_fields(phrases: &Phrases, json: &str) -> Vec<(String, String)> {
    let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(json) else { return Vec::new() };
    let w = phrases.w;
    let line = |(name, value): (&String, &Value)| {
        let text = value.as_str().filter(|text| !text.is_empty())?;
        let words = match name.as_str() {
            "utility" => w.code("utility", text),
            "category" => phrases.coded(CodeTable::Categories, text),
            _ => text.to_owned(),
        };
        Some((w.code("typed", name), words))
    };
    fields.iter().filter_map(line).collect()
}

#[derive(Debug, Deserialize)]
struct LinkForm {
    #[serde(default)]
    number: String,
    #[serde(default)]
    reason: String,
}

async fn link_work(
    State(app): State<App>,
    Path(id): Path<CommandId>,
    posted: Posted<LinkForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let problem = match link_to(&app, &viewer, id, form.number.trim(), &form.reason).await {
        Ok(complaint) => {
            return Ok(see_other(&format!("/complaints/{complaint}"), Some("field-work-linked")));
        }
        Err(problem) if problem.status().is_server_error() || problem.status() == 403 => {
            return Ok(problem.into_response());
        }
        Err(problem) => problem,
    };
    let (w, code) = (viewer.w(), problem.kind().code);
    let failure = match () {
        () if code == problem::COMPLAINT_UNKNOWN.code => w.t("field-work-no-such-number"),
        () if code == problem::BODY_INVALID.code => w.t("field-work-reason-rule"),
        () if code == problem::CHANGED_MEANWHILE.code => w.t("field-work-decided-already"),
        () => problem.words(w.language).1.to_owned(),
    };
    let LinkForm { number, reason } = form;
    let refused = Refused { id: id.to_string(), act: "link", number, reason, failure };
    Ok(unprocessable(&field_work_page(&app, viewer, false, None, Some(refused)).await?))
}

#[derive(Debug, Deserialize)]
struct RejectionForm {
    #[serde(default)]
    reason: String,
}

async fn reject_work(
    State(app): State<App>,
    Path(id): Path<CommandId>,
    posted: Posted<RejectionForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let key = match reject(&app, &viewer.office, id, &form.reason).await {
        Ok(()) => return Ok(see_other("/arrivals/field-work", Some("field-work-rejected"))),
        Err(problem) if problem.kind().code == problem::BODY_INVALID.code => "field-work-reason-rule",
        Err(problem) if problem.kind().code == problem::CHANGED_MEANWHILE.code => {
            "field-work-decided-already"
        }
        Err(problem) => return Ok(problem.into_response()),
    };
    let failure = viewer.w().t(key);
    let (act, number) = ("reject", String::new());
    let refused = Refused { id: id.to_string(), act, number, reason: form.reason, failure };
    Ok(unprocessable(&field_work_page(&app, viewer, false, None, Some(refused)).await?))
}

async fn link_to(
    app: &App,
    viewer: &Viewer,
    id: CommandId,
    number: &str,
    reason: &str,
) -> Result<ComplaintId, Problem> {
    let mut tx = app.store.write().await?;
    let found = complaints::find_by_number(&mut tx, number).await?;
    let complaint = found.ok_or_else(|| Problem::new(&problem::COMPLAINT_UNKNOWN))?.id;
    link(&mut tx, &viewer.office, id, complaint, reason, app.clock.now()).await?;
    tx.commit().await?;
    Ok(complaint)
}

/// What technicians heard in passing.
#[derive(Template)]
#[template(path = "arrivals/grumbles.html")]
struct GrumblesPage {
    shell: Shell,
    rows: Vec<(Grumble, String)>,
    next: Option<String>,
    failure: Option<String>,
}

async fn show_grumbles(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    Ok(page(&grumbles_page(&app, viewer, query.cursor, None).await?))
}

async fn grumbles_page(
    app: &App,
    viewer: Viewer,
    cursor: Option<String>,
    failure: Option<String>,
) -> Result<GrumblesPage, Problem> {
    let after: Option<(i64, String)> = PageQuery { cursor, limit: None }.position()?;
    let mut tx = app.store.read().await?;
    let found = prevention::open_grumbles(&mut tx, after, PER_PAGE + 1).await?;
    let found = Page::cut(found, PER_PAGE, |grumble| (grumble.received_at_ms, grumble.grumble_id.clone()));
    let mut names = Names::default();
    let mut rows = Vec::with_capacity(found.items.len());
    for grumble in found.items {
        let person = names.person_text(&mut tx, &grumble.person_id).await?.and_then(|person| person.name);
        rows.push((grumble, person.unwrap_or_default()));
    }
    let next = found.next_cursor.map(|cursor| format!("/arrivals/grumbles?cursor={cursor}"));
    Ok(GrumblesPage { shell: viewer.shell, rows, next, failure })
}

#[derive(Debug, Deserialize)]
struct SettlementForm {
    #[serde(default)]
    note: String,
}

async fn settle_grumble(
    State(app): State<App>,
    Path(id): Path<CommandId>,
    posted: Posted<SettlementForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    match settle(&app, &viewer.office, id, &form.note, None).await {
        Ok(()) => Ok(see_other("/arrivals/grumbles", Some("grumble-settled"))),
        Err(problem) if problem.kind().code == problem::BODY_INVALID.code => {
            let failure = Some(viewer.w().t("grumble-note-rule"));
            Ok(unprocessable(&grumbles_page(&app, viewer, None, failure).await?))
        }
        Err(problem) => Ok(problem.into_response()),
    }
}

#[cfg(test)]
mod tests;
