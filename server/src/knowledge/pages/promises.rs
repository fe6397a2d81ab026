//! Promises that rest on articles: which are to be put right with the customer, and how that was done.

use super::failure_words;
use crate::app::App;
use crate::complaints::office_moment;
use crate::complaints::pages::{is_for_the_form, person_name};
use crate::complaints::scope::{OFFICE, READERS};
use crate::knowledge::promises::PromiseList;
use crate::knowledge::promises_api::{self, PromiseCorrectionForm, RestingPromise};
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, Words, page, see_other, with_status};
use crate::problem::Problem;
use crate::routing::{get, post};
use crate::wire::PageQuery;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::{EntryId, VisitId};

const PAGE_SIZE: u32 = 50;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/promises", Policy::Roles(READERS), get(show)).page(
        "/promises/{visit}/{entry}",
        Policy::Roles(OFFICE),
        post(correct),
    )
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    list: String,
    after: String,
}

/// What is typed into the form of one promise.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    pub(super) words: String,
    pub(super) due: String,
}

/// A promise in a line.
#[derive(Debug)]
pub(super) struct PromiseRow {
    /// `<visit>/<entry>`.
    pub(super) key: String,
    pub(super) what: String,
    pub(super) taken_back: bool,
    /// Address and number of the complaint.
    pub(super) complaint: Option<(String, String)>,
    /// Who made it, and when.
    pub(super) made: String,
    pub(super) due: (&'static str, String),
    /// Address and number of the article.
    pub(super) article: (String, String),
    /// Which version was read, and which counts.
    pub(super) versions: String,
    /// What the customer was told, and by whom when.
    pub(super) corrections: Vec<(String, String)>,
    pub(super) may_correct: bool,
    pub(super) typed: Typed,
    pub(super) failure: Option<String>,
}

/// One of the lists.
#[derive(Template)]
#[template(path = "knowledge/promises.html")]
pub(super) struct PromisesPage {
    pub(super) shell: Shell,
    pub(super) list: PromiseList,
    pub(super) rows: Vec<PromiseRow>,
    pub(super) next: Option<String>,
}

impl PromisesPage {
    fn lists(&self) -> &'static [PromiseList] {
        PromiseList::ALL
    }
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let list = asked.list.parse().unwrap_or(PromiseList::ToCorrect);
    let cursor = Some(asked.after).filter(|cursor| !cursor.is_empty());
    Ok(page(&promises_page(&app, viewer, list, cursor, None).await?))
}

/// The form of which promise was refused, with what was typed.
struct Refused {
    key: String,
    typed: Typed,
    problem: Problem,
}

async fn promises_page(
    app: &App,
    viewer: Viewer,
    list: PromiseList,
    cursor: Option<String>,
    refused: Option<Refused>,
) -> Result<PromisesPage, Problem> {
    let (w, now) = (viewer.w(), app.clock.now());
    let query = PageQuery { cursor, limit: Some(PAGE_SIZE) };
    let found = promises_api::listed(app, &viewer.office, list, &query).await?;
    let next = found.next_cursor.map(|cursor| format!("/promises?list={list}&after={cursor}"));
    let may = viewer.shell.has_role(OFFICE);
    let mut rows: Vec<PromiseRow> = found.items.iter().map(|body| row(w, body, now.unix_ms(), may)).collect();
    if let Some(refused) = refused
        && let Some(row) = rows.iter_mut().find(|row| row.key == refused.key)
    {
        row.failure = Some(failure_words(w, &refused.problem));
        row.typed = refused.typed;
    }
    Ok(PromisesPage { shell: viewer.shell, list, rows, next })
}

fn row(w: Words, body: &RestingPromise, now_ms: i64, may: bool) -> PromiseRow {
    let late = body.kept_at_ms.is_none() && body.due_at_ms < now_ms;
    let corrections = body.corrections.iter().map(|correction| {
        (
            correction.words.clone(),
            w.ab("action-by-at", person_name(w, &correction.person), w.time(correction.at_ms)),
        )
    });
    let number = body.complaint_number.clone().unwrap_or_default();
    PromiseRow {
        key: format!("{}/{}", body.visit_id, body.entry_id),
        what: body.what.clone().unwrap_or_else(|| w.t("promise-not-arrived")),
        taken_back: !body.stands,
        complaint: body.complaint_id.map(|id| (format!("/complaints/{id}"), number)),
        made: w.ab("action-by-at", person_name(w, &body.made_by), w.time(body.made_at_ms)),
        due: (if late { "bad" } else { "warn" }, w.a("record-due", w.time(body.due_at_ms))),
        article: (format!("/knowledge/{}", body.article_id), body.article_number.clone()),
        versions: match body.counts {
            Some(counts) => w.ab("promise-versions", body.stands_on, counts),
            None => w.a("promise-withdrawn", body.stands_on),
        },
        corrections: corrections.collect(),
        may_correct: may && body.to_correct,
        typed: Typed::default(),
        failure: None,
    }
}

async fn correct(
    State(app): State<App>,
    Path((visit, entry)): Path<(VisitId, EntryId)>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let Posted { viewer, form: typed } = posted;
    let mut tx = app.store.write().await?;
    let done = match read(&typed) {
        Ok(form) => promises_api::correct(&app, &mut tx, &viewer.office, (visit, entry), &form).await,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(()) => {
            tx.commit().await?;
            Ok(see_other("/promises", Some("promise-corrected")))
        }
        Err(problem) if is_for_the_form(&problem) => {
            drop(tx);
            let status = problem.status();
            let refused = Refused { key: format!("{visit}/{entry}"), typed, problem };
            let shown = promises_page(&app, viewer, PromiseList::ToCorrect, None, Some(refused)).await?;
            Ok(with_status(status, &shown))
        }
        Err(refusal) => Err(refusal),
    }
}

fn read(typed: &Typed) -> Result<PromiseCorrectionForm, Problem> {
    let wrong = || Problem::invalid_field("/due_at_ms", "a day and a time");
    let due_at_ms = match typed.due.trim() {
        "" => None,
        due => {
            let shown: jiff::civil::DateTime = due.parse().map_err(|_| wrong())?;
            Some(office_moment(shown).ok_or_else(wrong)?.unix_ms())
        }
    };
    Ok(PromiseCorrectionForm { words: typed.words.clone(), due_at_ms })
}
