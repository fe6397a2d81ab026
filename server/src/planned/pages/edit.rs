//! The form of a planned event: a new one, or the next version of one.

use super::{failure_words, moment, typed_moment};
use crate::app::App;
use crate::complaints::model::Utility;
use crate::complaints::pages::is_for_the_form;
use crate::complaints::scope::OFFICE;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, page, see_other, with_status};
use crate::planned::api::{self, Change, Step};
use crate::planned::model::{PlannedContent, PlannedKind};
use crate::problem::{self, Problem};
use crate::routing::get;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::PlannedEventId;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    let writers = Policy::Roles(OFFICE);
    routes.page("/planned-events/new", writers, get(show_new).post(create)).page(
        "/planned-events/{id}/draft",
        writers,
        get(show_draft).post(write),
    )
}

/// What is typed into the form.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    /// Of the row that was read.
    pub(super) version: i64,
    pub(super) kind: String,
    pub(super) utility: String,
    pub(super) regions: Vec<String>,
    pub(super) places: String,
    pub(super) begins_at: String,
    pub(super) ends_at: String,
    pub(super) effect: String,
    pub(super) wording_zh: String,
    pub(super) wording_en: String,
    pub(super) unit: String,
    pub(super) contact: String,
    pub(super) prevention: String,
}

impl Typed {
    fn of(content: &PlannedContent, version: i64) -> Self {
        Self {
            version,
            kind: content.kind.as_str().to_owned(),
            utility: content.utility.as_str().to_owned(),
            regions: content.regions.clone(),
            places: content.places.clone(),
            begins_at: typed_moment(content.begins_at_ms),
            ends_at: typed_moment(content.ends_at_ms),
            effect: content.effect.clone(),
            wording_zh: content.wording_zh.clone(),
            wording_en: content.wording_en.clone(),
            unit: content.unit.clone(),
            contact: content.contact.clone(),
            prevention: content.prevention.clone(),
        }
    }

    fn content(&self) -> Result<PlannedContent, Problem> {
        let at = |pointer, typed: &str| {
            moment(typed)
                .map(sync_core::time::Timestamp::unix_ms)
                .ok_or_else(|| Problem::invalid_field(pointer, "a moment"))
        };
        let word = |pointer| move |()| Problem::invalid_field(pointer, "one of the words");
        Ok(PlannedContent {
            kind: self.kind.parse().map_err(word("/kind"))?,
            utility: self.utility.parse().map_err(word("/utility"))?,
            // Chosen one by one, or typed in one line where no regions are set up.
            regions: self
                .regions
                .iter()
                .flat_map(|typed| typed.split_whitespace())
                .map(str::to_owned)
                .collect(),
            places: self.places.clone(),
            begins_at_ms: at("/begins_at_ms", &self.begins_at)?,
            ends_at_ms: at("/ends_at_ms", &self.ends_at)?,
            effect: self.effect.clone(),
            wording_zh: self.wording_zh.clone(),
            wording_en: self.wording_en.clone(),
            unit: self.unit.clone(),
            contact: self.contact.clone(),
            prevention: self.prevention.clone(),
        })
    }
}

/// The form.
#[derive(Template)]
#[template(path = "planned/edit.html")]
pub(super) struct EditPage {
    pub(super) shell: Shell,
    /// Id and number; `None`: a new event.
    pub(super) event: Option<(String, String)>,
    /// Code and name.
    pub(super) regions: Vec<(String, String)>,
    pub(super) typed: Typed,
    pub(super) failure: Option<String>,
}

impl EditPage {
    fn kinds(&self) -> &'static [PlannedKind] {
        PlannedKind::ALL
    }

    fn utilities(&self) -> &'static [Utility] {
        Utility::ALL
    }

    fn has_region(&self, code: &str) -> bool {
        self.typed.regions.iter().any(|chosen| chosen == code)
    }

    fn action(&self) -> String {
        match &self.event {
            Some((id, _)) => format!("/planned-events/{id}/draft"),
            None => "/planned-events/new".to_owned(),
        }
    }

    fn back(&self) -> String {
        self.event
            .as_ref()
            .map_or_else(|| "/planned-events".to_owned(), |(id, _)| format!("/planned-events/{id}"))
    }
}

async fn show_new(viewer: Viewer) -> Response {
    page(&form(viewer, None, Typed::default(), None))
}

fn form(
    viewer: Viewer,
    event: Option<(String, String)>,
    typed: Typed,
    refused: Option<&Problem>,
) -> EditPage {
    let failure = refused.map(|problem| failure_words(viewer.w(), problem));
    let mut regions = viewer.shell.regions_with("");
    if !regions.is_empty() {
        // One that is no longer set up stays chosen.
        let unknown = typed.regions.iter().filter(|code| !regions.iter().any(|(known, _)| known == *code));
        let unknown: Vec<_> = unknown.map(|code| (code.clone(), code.clone())).collect();
        regions.extend(unknown);
    }
    EditPage { event, regions, typed, failure, shell: viewer.shell }
}

async fn show_draft(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<PlannedEventId>,
) -> Result<Response, Problem> {
    let found = api::detail(&app, &mut app.store.read().await?, &viewer.office, id).await?.event;
    let typed = Typed::of(&found.content, found.version);
    Ok(page(&form(viewer, Some((id.to_string(), found.number)), typed, None)))
}

async fn create(State(app): State<App>, posted: Posted<Typed>) -> Result<Response, Problem> {
    let Posted { viewer, form: typed } = posted;
    let mut tx = app.store.write().await?;
    let made = match typed.content() {
        Ok(content) => api::create(&app, &mut tx, &viewer.office, content).await,
        Err(refusal) => Err(refusal),
    };
    match made {
        Ok(event) => {
            tx.commit().await?;
            Ok(see_other(&format!("/planned-events/{}", event.id), Some("planned-said-written")))
        }
        Err(refusal) if is_for_the_form(&refusal) => {
            Ok(with_status(refusal.status(), &form(viewer, None, typed, Some(&refusal))))
        }
        Err(refusal) => Err(refusal),
    }
}

async fn write(
    State(app): State<App>,
    Path(id): Path<PlannedEventId>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let Posted { viewer, form: mut typed } = posted;
    let mut tx = app.store.write().await?;
    let change = Change { app: &app, office: &viewer.office, id, version: Some(typed.version) };
    let written = match typed.content() {
        Ok(content) => change.apply(&mut tx, Step::Write(Box::new(content))).await,
        Err(refusal) => Err(refusal),
    };
    match written {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other(&format!("/planned-events/{id}"), Some("planned-said-written")))
        }
        Err(refusal) if is_for_the_form(&refusal) => {
            drop(tx);
            let found = api::detail(&app, &mut app.store.read().await?, &viewer.office, id).await?.event;
            // Sent again after somebody else was faster, it is meant to take the place of what they wrote.
            if refusal.kind().code == problem::PRECONDITION_FAILED.code {
                typed.version = found.version;
            }
            let shown = form(viewer, Some((id.to_string(), found.number)), typed, Some(&refusal));
            Ok(with_status(refusal.status(), &shown))
        }
        Err(refusal) => Err(refusal),
    }
}
