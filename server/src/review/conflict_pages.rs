//! The conflict inbox, and one conflict side by side.

use super::api::REVIEWERS;
use super::conflict_api::{self, Choice, ResolutionForm, must_find};
use super::conflict_detail;
use super::conflicts::{self, ConflictBody, ConflictRow, ValueBody};
use super::legal::Legal;
use crate::app::App;
use crate::checklists;
use crate::complaints::phrases::Phrases;
use crate::complaints::scope::{READERS, Reach};
use crate::complaints::{Names, reach_of};
use crate::evidence::{PhotoList, PhotoStatus, photos_of};
use crate::pages::{
    PageRoutes, Policy, Posted, Shell, Viewer, changed_meanwhile, page, see_other, unprocessable, versioned,
};
use crate::problem::{self, Problem};
use crate::routing::{get, post};
use crate::store::StoreError;
use crate::wire::{Page, PageQuery};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use sync_core::document::{Scalar, Written};
use sync_core::ids::{ChangeHash, EntryId, PersonId};

/// Conflicts on one page of the inbox.
const PER_PAGE: u32 = 50;
/// Photos shown beside a value.
const PHOTOS_MAX: usize = 8;

pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    routes
        .page("/conflicts", Policy::Roles(READERS), get(show_inbox))
        .page("/conflicts/{conflict_id}", Policy::Roles(READERS), get(show_conflict))
        .page("/conflicts/{conflict_id}/resolution", Policy::Roles(REVIEWERS), post(decide))
        .page("/conflicts/{conflict_id}/reopening", Policy::Roles(REVIEWERS), post(undo))
}

/// All conflicts in one state.
#[derive(Template)]
#[template(path = "review/conflicts.html")]
struct InboxPage {
    shell: Shell,
    state: &'static str,
    rows: Vec<InboxRow>,
    /// Address of the next page.
    next: Option<String>,
}

struct InboxRow {
    conflict: ConflictRow,
    field: String,
    values: Vec<String>,
}

const STATES: &[&str] = &["undecided", "open", "settled_in_field", "resolved"];

#[derive(Debug, Default, Deserialize)]
struct InboxQuery {
    state: Option<String>,
    cursor: Option<String>,
}

async fn show_inbox(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<InboxQuery>,
) -> Result<Response, Problem> {
    let reach = reach_of(&viewer.office, READERS)?;
    let asked = query.state.as_deref().unwrap_or("undecided");
    let state = STATES.iter().copied().find(|state| *state == asked).unwrap_or("undecided");
    let cut = PageQuery { cursor: query.cursor, limit: Some(PER_PAGE) };
    let after: (i64, String) = cut.position()?.unwrap_or((-1, String::new()));
    let mut tx = app.store.read().await?;
    let found = conflicts::list(&mut tx, state, None, &reach, after, PER_PAGE + 1).await?;
    let found = Page::cut(found, PER_PAGE, |row| (row.opened_log_index, row.conflict_id.clone()));
    let phrases = Phrases::of(&mut tx, viewer.w()).await?;
    let row = |conflict: ConflictRow| -> Result<InboxRow, StoreError> {
        let words = |written: &Written| phrases.value(&conflict.path, &written.value);
        let values = conflict.values()?.iter().map(words).collect();
        Ok(InboxRow { field: phrases.path(&conflict.path), values, conflict })
    };
    let rows = found.items.into_iter().map(row).collect::<Result<_, _>>()?;
    let next = found.next_cursor.map(|cursor| format!("/conflicts?state={state}&cursor={cursor}"));
    Ok(page(&InboxPage { shell: viewer.shell, state, rows, next }))
}

/// One conflict.
#[derive(Template)]
#[template(path = "review/conflict.html")]
struct ConflictPage {
    shell: Shell,
    conflict: ConflictBody,
    field: String,
    sides: Vec<Side>,
    /// What stands in the record at present.
    stands: Option<String>,
    /// What each device of the visit has of it.
    devices: Vec<DeviceLine>,
    decisions: Vec<DecisionLine>,
    /// How another value can be given.
    third: Third,
    may_decide: bool,
    typed: Typed,
    failure: Option<String>,
}

/// How a value that nobody recorded can be given.
enum Third {
    /// Not at all.
    None,
    /// By choosing: value and words.
    Chosen(Vec<(String, String)>),
    /// By typing it.
    Typed,
}

impl ConflictPage {
    fn has_third(&self) -> bool {
        !matches!(self.third, Third::None)
    }

    /// Which version of the conflict this is: its values, and what was decided.
    fn version(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(&self.conflict.state);
        digest.update(self.decisions.len().to_be_bytes());
        self.sides.iter().for_each(|side| digest.update(side.value.change.as_bytes()));
        HEXLOWER.encode(&digest.finalize()[..16])
    }

    /// Whether the office decided that all values stand.
    fn all_stand(&self) -> bool {
        let last = self.conflict.decisions.iter().rfind(|decision| !decision.undone);
        self.conflict.state == "resolved" && last.is_some_and(|decision| decision.choice == "both")
    }

    /// The decision that somebody typed while another one was made: it is shown, and counts for nothing.
    fn overtaken(&self) -> Option<String> {
        if self.conflict.state != "resolved" || self.typed.choice.is_empty() {
            return None;
        }
        let side = self.sides.iter().find(|side| side.value.change.to_string() == self.typed.choice);
        Some(match side {
            Some(side) => format!("{}: {}", side.letter, side.text),
            None if self.typed.choice == "both" => self.shell.w.t("conflict-both"),
            None => self.typed.value.clone(),
        })
    }

    /// The words of a device's line.
    fn of_device(&self, line: &DeviceLine) -> String {
        let w = self.shell.w;
        line.label.clone().unwrap_or_else(|| w.t("record-unknown"))
    }
}

/// One of the competing values.
struct Side {
    value: ValueBody,
    text: String,
    /// `A`, `B` …
    letter: char,
    /// The letters of the values that its author had seen.
    knew: String,
    /// What stood there before: words and who wrote them.
    earlier: Vec<(String, String)>,
    /// Its author's photos of the visit.
    photos: Vec<SidePhoto>,
}

/// A photo beside a value.
#[derive(Debug, Clone)]
struct SidePhoto {
    hash: String,
    caption: String,
    /// `None` when no picture can be shown.
    thumbnail: Option<String>,
}

/// What a device has of the conflict, in words.
struct DeviceLine {
    label: Option<String>,
    person: Option<String>,
    said: String,
    /// When it confirmed that or was last seen.
    when: Option<String>,
    /// `good`, `warn` or nothing.
    class: &'static str,
}

/// A decision in words.
struct DecisionLine {
    choice: String,
    /// What was decided on, with the letter of its side.
    value: Option<String>,
    reason: String,
    who: Option<String>,
    at: String,
    undone: bool,
}

/// What was typed before the form was refused.
#[derive(Debug, Clone, Default)]
struct Typed {
    choice: String,
    value: String,
    reason: String,
}

async fn show_conflict(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<EntryId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let page = conflict_page(&app, viewer, id, Typed::default(), None).await?;
    Ok(versioned(&headers, &page.version(), &page))
}

async fn conflict_page(
    app: &App,
    viewer: Viewer,
    id: EntryId,
    typed: Typed,
    failure: Option<String>,
) -> Result<ConflictPage, Problem> {
    let reach = reach_of(&viewer.office, READERS)?;
    let mut tx = app.store.read().await?;
    let row = must_find(&mut tx, id, &reach).await?;
    let visit = row.visit()?;
    let may_decide = Reach::of(&viewer.office.roles, REVIEWERS).is_some_and(|reach| row.is_within(&reach));
    let written = row.values()?;
    let legal = Legal::of(&checklists::list(&mut tx).await?, &row.path);
    let mut conflict = conflict_detail::whole(&mut tx, &mut Names::default(), row).await?;
    let phrases = Phrases::of(&mut tx, viewer.w()).await?;
    let photos = by_author(photos_of(app, &mut tx, visit).await?);
    drop(tx);
    let values = std::mem::take(&mut conflict.values);
    Ok(ConflictPage {
        field: phrases.path(&conflict.path),
        stands: conflict.stands.as_ref().map(|value| phrases.value(&conflict.path, value)),
        devices: lines::devices(phrases.w, &conflict, &values),
        decisions: lines::decisions(&phrases, &conflict, &values),
        third: third(&phrases, &conflict.path, &legal, &written),
        sides: sides(&phrases, &conflict.path, values, &photos),
        may_decide,
        shell: viewer.shell,
        conflict,
        typed,
        failure,
    })
}

/// Another value is chosen where the field has values of its own.
fn third(phrases: &Phrases, path: &str, legal: &Legal, values: &[Written]) -> Third {
    match legal.others(values) {
        Some(others) if others.is_empty() => Third::None,
        Some(others) => {
            let named = |value: Scalar| (posted_text(&value), phrases.value(path, &value));
            Third::Chosen(others.into_iter().map(named).collect())
        }
        None => Third::Typed,
    }
}

/// A value as the form posts it.
fn posted_text(value: &Scalar) -> String {
    match value {
        Scalar::Text(code) => code.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

fn sides(
    phrases: &Phrases,
    path: &str,
    values: Vec<ValueBody>,
    photos: &[(PersonId, SidePhoto)],
) -> Vec<Side> {
    let letters: Vec<(ChangeHash, char)> = values.iter().map(|value| value.change).zip('A'..='Z').collect();
    let side = |(value, letter): (ValueBody, char)| {
        let known = letters.iter().filter(|(change, _)| value.knew_of.contains(change));
        let author = value.person.as_ref().map(|person| person.person_id);
        let of_author = photos.iter().filter(|(person, ..)| Some(*person) == author);
        Side {
            text: phrases.value(path, &value.value),
            earlier: value.earlier.iter().map(|earlier| lines::earlier(phrases, path, earlier)).collect(),
            knew: known.map(|(_, letter)| letter.to_string()).collect::<Vec<_>>().join(", "),
            photos: of_author.map(|(_, photo)| photo.clone()).take(PHOTOS_MAX).collect(),
            letter,
            value,
        }
    };
    values.into_iter().zip('A'..='Z').map(side).collect()
}

/// The photos of a visit that stand, each under its author.
fn by_author(list: PhotoList) -> Vec<(PersonId, SidePhoto)> {
    let photos = list.photos.into_iter().flat_map(|photo| {
        let PhotoStatus { sha256, entries, preview, .. } = photo;
        entries.into_iter().filter(|entry| !entry.withdrawn).map(move |entry| {
            let author = entry.by.person_id;
            let caption = entry.caption.unwrap_or_default();
            (author, SidePhoto { hash: sha256.to_string(), caption, thumbnail: preview.thumbnail.clone() })
        })
    });
    photos.collect()
}

/// What the form of a conflict posts.
#[derive(Debug, Deserialize)]
struct DecisionForm {
    /// A change, `both` or `written`.
    #[serde(default)]
    choice: String,
    #[serde(default)]
    value: String,
    #[serde(default)]
    reason: String,
    /// The changes of the values on the page.
    #[serde(default)]
    seen: String,
}

async fn decide(
    State(app): State<App>,
    Path(id): Path<EntryId>,
    posted: Posted<DecisionForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let reach = reach_of(&viewer.office, READERS)?;
    let mut tx = app.store.read().await?;
    let row = must_find(&mut tx, id, &reach).await?;
    let legal = Legal::of(&checklists::list(&mut tx).await?, &row.path);
    drop(tx);
    let numeric =
        row.values()?.iter().any(|written| matches!(written.value, Scalar::Int(_) | Scalar::Number(_)));
    let typed = Typed { choice: form.choice.clone(), value: form.value.clone(), reason: form.reason.clone() };
    let (choice, change) = match form.choice.as_str() {
        "both" => (Choice::Both, None),
        "written" => (Choice::Written, None),
        change => (Choice::Chosen, change.parse().ok()),
    };
    let asked = ResolutionForm {
        choice,
        change,
        value: (choice == Choice::Written).then(|| match (&legal, form.value.parse::<bool>()) {
            (Legal::YesNo, Ok(yes)) => Value::Bool(yes),
            _ => written(&form.value, numeric),
        }),
        reason: form.reason,
        seen: Some(
            form.seen.split(' ').filter_map(|hash| hash.parse().ok()).collect::<BTreeSet<ChangeHash>>(),
        ),
    };
    match conflict_api::resolve(&app, &viewer.office, id, &asked).await {
        Ok(()) => Ok(see_other(&format!("/conflicts/{id}"), Some("conflict-decided"))),
        Err(problem) => refused(&app, viewer, id, typed, problem).await,
    }
}

fn written(text: &str, numeric: bool) -> Value {
    let text = text.trim();
    let number = text.parse::<f64>().ok().filter(|_| numeric);
    match (text.parse::<i64>(), number) {
        (Ok(whole), Some(_)) => whole.into(),
        (_, Some(number)) => number.into(),
        _ => text.into(),
    }
}

/// The page again with what was typed, and what is wrong with it.
async fn refused(
    app: &App,
    viewer: Viewer,
    id: EntryId,
    typed: Typed,
    problem: Problem,
) -> Result<Response, Problem> {
    let w = viewer.w();
    let failure = match problem.kind().code {
        code if code == problem::CONFLICT_CHANGED.code => w.t("conflict-changed"),
        code if code == problem::BODY_INVALID.code && typed.reason.trim().is_empty() => {
            w.t("conflict-no-reason")
        }
        code if code == problem::BODY_INVALID.code && typed.choice == "written" => w.t("conflict-not-legal"),
        code if code == problem::BODY_INVALID.code => w.t("conflict-no-choice"),
        _ => return Ok(problem.into_response()),
    };
    let again = conflict_page(app, viewer, id, typed, Some(failure)).await?;
    match problem.kind().code == problem::CONFLICT_CHANGED.code {
        true => Ok(changed_meanwhile(&again)),
        false => Ok(unprocessable(&again)),
    }
}

#[derive(Debug, Deserialize)]
struct UndoForm {
    #[serde(default)]
    reason: String,
}

async fn undo(
    State(app): State<App>,
    Path(id): Path<EntryId>,
    posted: Posted<UndoForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    match conflict_api::undo(&app, &viewer.office, id, &form.reason).await {
        Ok(()) => Ok(see_other(&format!("/conflicts/{id}"), Some("conflict-reopened"))),
        Err(problem) => {
            let typed = Typed { reason: form.reason, ..Typed::default() };
            refused(&app, viewer, id, typed, problem).await
        }
    }
}

mod lines;
#[cfg(test)]
mod tests;
