//! A visit as it was at any exchange, what changed between two points, and who wrote which field.

use super::entries::entry_told;
use super::steps::visit_tag;
use super::timeline::Who;
use super::visits::{VisitPart, visit_part};
use crate::app::App;
use crate::complaints::phrases::Phrases;
use crate::complaints::scope::{OFFICE, READERS};
use crate::complaints::{self, Names};
use crate::evidence::photos_of;
use crate::exchange::quarantine::difference::{Difference, differences};
use crate::pages::{PageRoutes, Policy, Shell, Viewer, versioned};
use crate::problem::Problem;
use crate::routing::get;
use crate::store::Tx;
use crate::work_orders::model::VisitPlan;
use crate::work_orders::past::{self, Past, Place};
use crate::work_orders::{self, EntryBody, reachable_visit};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use sync_core::document::{Scalar, VisitView};
use sync_core::ids::{EntryId, VisitId};

/// Points that are listed at first, newest first.
const POINTS_SHOWN: usize = 60;
/// Changes that are shown at first.
const CHANGES_SHOWN: usize = 100;
/// Longest text that a difference shows of a value.
const VALUE_CHARS_MAX: usize = 400;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/visits/{id}/history", Policy::Roles(READERS), get(show_history))
}

/// Which point is shown, and from which on differences are told.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct HistoryQuery {
    at: Option<i64>,
    from: Option<i64>,
    all: Option<String>,
}

/// A visit as it was.
#[derive(Template)]
#[template(path = "complaints/history.html")]
pub(super) struct HistoryPage {
    pub(super) shell: Shell,
    /// Address and number of the complaint.
    pub(super) back: Option<(String, String)>,
    pub(super) points: Vec<Point>,
    pub(super) hidden: usize,
    /// The point that is shown and the one before which nothing is told.
    pub(super) at: i64,
    pub(super) from: i64,
    pub(super) changes: Vec<Change>,
    /// Further changes that are not shown.
    pub(super) changes_hidden: usize,
    /// The visit at that point; none while nothing was recorded.
    pub(super) visits: Vec<VisitPart>,
    /// Whether this person may do more than read.
    pub(super) may_act: bool,
    /// Lists in the visit are shown whole: this is a look at one point.
    pub(super) all: bool,
}

/// An envelope that changed the visit.
#[derive(Debug)]
pub(super) struct Point {
    pub(super) at: i64,
    pub(super) who: Who,
    pub(super) is_shown: bool,
}

/// A difference in words.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) place: String,
    pub(crate) then: Option<String>,
    pub(crate) now: Option<String>,
}

impl HistoryPage {
    fn visit_words(&self, number: &usize) -> String {
        self.shell.w.n("record-visit", *number)
    }

    /// The address of this page with long lists shown whole.
    fn whole(&self) -> String {
        format!("?at={}&from={}&all=1", self.at, self.from)
    }

    fn show_all(&self, total: &usize) -> String {
        self.shell.w.n("record-show-all", *total)
    }
}

async fn show_history(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<VisitId>,
    Query(query): Query<HistoryQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let visit = reachable_visit(&mut tx, &viewer.office, READERS, id).await?;
    let seen = visit_tag(&mut tx, &visit).await?;
    let page = history_page(&app, &mut tx, &viewer, visit, &query).await?;
    Ok(versioned(&headers, &seen, &page))
}

async fn history_page(
    app: &App,
    tx: &mut Tx,
    viewer: &Viewer,
    visit: VisitPlan,
    query: &HistoryQuery,
) -> Result<HistoryPage, Problem> {
    let id = visit.id;
    let phrases = Phrases::of(tx, viewer.w()).await?;
    let mut names = Names::default();
    let mut page_of = HistoryPage {
        shell: viewer.shell.clone(),
        back: None,
        points: Vec::new(),
        hidden: 0,
        at: 0,
        from: 0,
        changes: Vec::new(),
        changes_hidden: 0,
        visits: Vec::new(),
        may_act: false,
        all: query.all.is_some(),
    };
    let mut number = 1;
    if let Some(complaint) = visit.complaint {
        let known = complaints::find(tx, complaint).await?;
        page_of.may_act = known
            .as_ref()
            .is_some_and(|known| viewer.shell.reaches(OFFICE, &known.intake.unit, &known.intake.region));
        page_of.back = known.map(|known| (format!("/complaints/{complaint}"), known.number));
        let visits = work_orders::visits_of(tx, complaint).await?;
        number = visits.iter().position(|own| own.id == id).map_or(1, |place| place + 1);
    }
    let Some(past) = Past::of(tx, &mut names, &visit).await? else { return Ok(page_of) };
    page_of.choose(&phrases, &past, query);
    let (past, views) = look_back(past, page_of.from, page_of.at).await?;
    let received = past.envelopes.iter().find(|origin| origin.log_index == page_of.at);
    let received = received.map(|origin| origin.received_at_ms);
    let parts = past.into_parts();
    let (Some(before), Some(then)) = views else { return Ok(page_of) };
    let shown: std::collections::BTreeSet<_> =
        then.photos.values().map(|photo| photo.content.sha256).collect();
    let mut photos = photos_of(app, tx, id).await?;
    photos.photos.retain(|photo| shown.contains(&photo.sha256));
    page_of.tell(changes_with(&phrases, &before, &then, &parts));
    let mut record = past::record_of(tx, &mut names, visit, then).await?;
    if let Some(received) = received {
        record.as_of(&Place::of(tx, id, page_of.at, received).await?);
    }
    let mut part = visit_part(&phrases, &record, number, &photos, &[], page_of.all);
    part.forget_the_present();
    page_of.visits.push(part);
    Ok(page_of)
}

/// Two views of the past. Building them takes processor time, so it happens aside.
async fn look_back(
    past: Past,
    from: i64,
    at: i64,
) -> Result<(Past, (Option<VisitView>, Option<VisitView>)), Problem> {
    let build = move || {
        let views = (past.view_at(from), past.view_at(at));
        (past, views)
    };
    tokio::task::spawn_blocking(build).await.map_err(Problem::internal)
}

impl HistoryPage {
    fn tell(&mut self, changes: Vec<Change>) {
        self.changes = changes;
        if !self.all {
            self.changes_hidden = self.changes.len().saturating_sub(CHANGES_SHOWN);
            self.changes.truncate(CHANGES_SHOWN);
        }
    }

    /// Lists the points and chooses the ones that were asked for: the newest, and the one before the chosen.
    fn choose(&mut self, phrases: &Phrases, past: &Past, query: &HistoryQuery) {
        let indexes: Vec<i64> = past.envelopes.iter().map(|origin| origin.log_index).collect();
        let before = |at: i64| indexes.iter().rev().find(|index| **index < at).copied().unwrap_or(0);
        let newest = indexes.last().copied().unwrap_or(0);
        self.at = query.at.filter(|at| indexes.contains(at)).unwrap_or(newest);
        let from = query.from.filter(|from| *from == 0 || indexes.contains(from));
        self.from = from.unwrap_or_else(|| before(self.at));
        let most = if query.all.is_some() { usize::MAX } else { POINTS_SHOWN };
        self.hidden = indexes.len().saturating_sub(most);
        let newest_first = past.envelopes.iter().rev().take(most);
        self.points = newest_first
            .map(|origin| Point {
                at: origin.log_index,
                who: Who::of(phrases.w, origin),
                is_shown: origin.log_index == self.at,
            })
            .collect();
    }
}

/// What changed between two views, place by place. Competing values are told all, the shown one last.
pub(crate) fn changes(phrases: &Phrases, before: &VisitView, then: &VisitView) -> Vec<Change> {
    changes_with(phrases, before, then, &BTreeMap::new())
}

/// The same with the words of statements.
fn changes_with(
    phrases: &Phrases,
    before: &VisitView,
    then: &VisitView,
    parts: &BTreeMap<EntryId, String>,
) -> Vec<Change> {
    let json = |view: &VisitView| serde_json::to_value(view).unwrap_or(Value::Null);
    let (earlier, later) = (json(before), json(then));
    let mut shared = BTreeSet::new();
    let found = differences(&earlier, &later).into_iter();
    let told = found.filter_map(|difference| {
        let path = difference.path.as_str();
        if path.starts_with("conflicts") {
            return None;
        }
        let place = path.strip_suffix("/shown").or_else(|| Some(path.split_once("/values")?.0));
        let Some(place) = place else { return Some(difference) };
        let (now, then) = (at_place(&earlier, place)?.clone(), at_place(&later, place)?.clone());
        shared.insert(place.to_owned()).then(|| Difference { path: place.to_owned(), now, then })
    });
    // Nothing is deleted: what is only in the earlier one is met when somebody looks back.
    let entries: BTreeMap<EntryId, EntryBody> = [before, then]
        .into_iter()
        .flat_map(|view| work_orders::bare_entries(view, parts))
        .map(|entry| (entry.entry_id, entry))
        .collect();
    let changes = told.map(|difference| change(phrases, &entries, &difference));
    // Who wrote the same value once more changed nothing.
    changes.filter(|change| change.now != change.then).collect()
}

/// The shared value at a place such as `answers/meter-accuracy.seal`.
fn at_place<'v>(view: &'v Value, place: &str) -> Option<&'v Value> {
    let (container, key) = place.split_once('/')?;
    view.get(container)?.get(key)
}

fn change(phrases: &Phrases, entries: &BTreeMap<EntryId, EntryBody>, difference: &Difference) -> Change {
    let w = phrases.w;
    let path = difference.path.as_str();
    let mut parts = path.splitn(3, '/');
    let (container, id, field) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    if container == "unknown" {
        let count = |value: &Value| value.as_array().map(|places| w.n("record-unknown-places", places.len()));
        let (then, now) = (count(&difference.then), count(&difference.now));
        return Change { place: w.t("history-unknown"), then, now };
    }
    let Some(entry) = id.and_then(|id| id.parse().ok()).and_then(|id: EntryId| entries.get(&id)) else {
        let words = |value: &Value| value_words(phrases, path, value);
        return Change {
            place: phrases.path(path),
            then: words(&difference.then),
            now: words(&difference.now),
        };
    };
    let section = phrases.path(entry.container);
    let Some(field) = field else {
        let there = |value: &Value| (!value.is_null()).then(|| cut(&entry_told(phrases, entry)));
        return Change { place: section, then: there(&difference.then), now: there(&difference.now) };
    };
    let words = |value: &Value| match (field, value) {
        (_, Value::Null) => None,
        ("withdrawn", value) => {
            Some(w.a("record-withdrawn-because", value["reason"].as_str().unwrap_or_default()))
        }
        (_, value) => value_words(phrases, path, value),
    };
    let place = format!("{section} · {}", w.code("field-label", field));
    Change { place, then: words(&difference.then), now: words(&difference.now) }
}

/// A value of the view in words: a scalar or a shared value.
fn value_words(phrases: &Phrases, path: &str, value: &Value) -> Option<String> {
    let scalar = |value: &Value| {
        serde_json::from_value::<Scalar>(value.clone()).ok().map(|value| phrases.value(path, &value))
    };
    let words = match value {
        Value::Null => return None,
        Value::Object(members) => {
            let shown = scalar(members.get("shown")?)?;
            let written = members.get("values").and_then(Value::as_array).into_iter().flatten();
            let rivals = written.filter_map(|written| scalar(written.get("value")?));
            let mut all: Vec<String> = rivals.filter(|words| *words != shown).collect();
            all.dedup();
            all.push(shown);
            all.join(" | ")
        }
        other => scalar(other)?,
    };
    Some(cut(&words))
}

fn cut(words: &str) -> String {
    words.chars().take(VALUE_CHARS_MAX).collect()
}
