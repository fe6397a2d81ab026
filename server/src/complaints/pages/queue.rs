//! The queue: what is to be done, found by view, filter and words, in pages that never reorder while they are read.

use super::kept_words;
use super::rows::{QueueRow, rows};
use crate::app::App;
use crate::complaints::model::{Priority, State as ComplaintState};
use crate::complaints::scope::{OFFICE, READERS, Reach};
use crate::complaints::search::{self, Filter, NEWER_MAX, Place};
use crate::complaints::units::within_reach;
use crate::complaints::{office_moment, office_time, reach_of};
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, page, see_other};
use crate::people::{self, Offered};
use crate::problem::Problem;
use crate::routing::{get, post};
use crate::store::{StoreError, Tx};
use crate::wire::{Page, PageQuery};
use crate::work_orders::DISPATCHERS;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use sync_core::ids::PersonId;
use sync_core::time::Timestamp;

/// Complaints on a page.
const PAGE_SIZE: u32 = 50;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    let readers = Policy::Roles(READERS);
    routes.page("/queue", readers, get(show_queue)).page("/queue/news", readers, get(show_news)).page(
        "/queue/search",
        readers,
        post(look_for),
    )
}

/// The saved views.
pub(super) const VIEWS: &[&str] =
    &["all", "mine", "late", "due", "special", "unassigned", "review", "conflicts", "unseen"];

/// Stands in the address for complaints that are not allotted to a unit.
pub(crate) const NO_UNIT: &str = "-";

/// What is looked for, as it stands in the address.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Search {
    /// One of [`VIEWS`]; anything else is the first.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) view: String,
    /// A state, or empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) state: String,
    /// A priority, or empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) priority: String,
    /// An organisation unit, [`NO_UNIT`], or empty for all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) unit: String,
    /// A region, or empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) region: String,
    /// Words. They stand in no address (docs/decisions/0020).
    #[serde(skip_serializing)]
    pub(crate) q: String,
    /// The key that stands for the words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) s: String,
    /// Where the page begins.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) after: String,
    /// Place of the newest complaint when the page was made, for asking what came since.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) since: String,
}

impl Search {
    fn filter(&self, me: PersonId, now: Timestamp) -> Filter {
        let is = |view: &str| self.view == view;
        let reviewing = is("review").then_some(ComplaintState::Investigated);
        Filter {
            state: self.state.parse().ok().or(reviewing),
            priority: self.priority.parse().ok(),
            holder: is("mine").then_some(me),
            first_owner: None,
            open: is("mine"),
            unassigned: is("unassigned"),
            conflicts: is("conflicts"),
            unseen: is("unseen"),
            special: is("special"),
            due_before: is("late").then_some(now).or_else(|| is("due").then(|| end_of_day(now))),
            unit: match self.unit.as_str() {
                "" => None,
                NO_UNIT => Some(String::new()),
                unit => Some(unit.to_owned()),
            },
            region: Some(self.region.clone()).filter(|region| !region.is_empty()),
            words: Some(self.q.clone()).filter(|words| !words.trim().is_empty()),
        }
    }

    /// Whether anything but the view narrows the list.
    pub(crate) fn is_narrowed(&self) -> bool {
        [&self.state, &self.priority, &self.unit, &self.region, &self.q]
            .into_iter()
            .any(|chosen| !chosen.is_empty())
    }

    /// Finds the words behind the key. False when they are not kept any more.
    async fn find_words(&mut self, app: &App, viewer: &Viewer) -> Result<bool, StoreError> {
        if self.s.is_empty() {
            return Ok(true);
        }
        let mut tx = app.store.read().await?;
        let found = kept_words::find(&mut tx, &viewer.office.token_sha256, &self.s).await?;
        let is_kept = found.is_some();
        self.q = found.unwrap_or_default();
        if !is_kept {
            self.s.clear();
        }
        Ok(is_kept)
    }

    /// The address of this search from its first page.
    pub(crate) fn first(&self) -> String {
        address("/queue", &Self { after: String::new(), since: String::new(), ..self.clone() })
    }

    /// The address of a page that begins after this place.
    pub(crate) fn page_after(&self, cursor: &str) -> String {
        address("/queue", &Self { after: cursor.to_owned(), since: String::new(), ..self.clone() })
    }

    /// The address of a view, with the words that are looked for.
    pub(crate) fn of_view(&self, view: &str) -> String {
        address("/queue", &Self { view: view.to_owned(), s: self.s.clone(), ..Self::default() })
    }

    fn news(&self, since: i64) -> String {
        address("/queue/news", &Self { after: String::new(), since: since.to_string(), ..self.clone() })
    }
}

/// How many complaints a view shows, counted up to [`NEWER_MAX`].
pub(crate) async fn count_of_view(
    tx: &mut Tx,
    view: &str,
    (me, reach, now): (PersonId, &Reach, Timestamp),
) -> Result<i64, StoreError> {
    let filter = Search { view: view.to_owned(), ..Search::default() }.filter(me, now);
    search::count_all(tx, &filter, reach).await
}

fn address(path: &str, search: &Search) -> String {
    let query = serde_html_form::to_string(search).unwrap_or_default();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// The midnight after this moment in the office.
fn end_of_day(now: Timestamp) -> Timestamp {
    let tomorrow = office_time(now).date().tomorrow().ok();
    let midnight = tomorrow.and_then(|day| office_moment(day.to_datetime(jiff::civil::Time::midnight())));
    midnight.unwrap_or(now)
}

/// The queue.
#[derive(Template)]
#[template(path = "complaints/queue.html")]
pub(super) struct QueuePage {
    pub(super) shell: Shell,
    pub(super) search: Search,
    pub(super) rows: Vec<QueueRow>,
    /// Where the next page is.
    pub(super) next: Option<String>,
    /// Where to ask what came since.
    pub(super) news: String,
    /// Who can be sent; none when the reader may send nobody.
    pub(super) technicians: Vec<Offered>,
    /// Who can be made accountable; none when the reader may hand nothing over.
    pub(super) holders: Vec<Offered>,
    /// The organisation units within reach; none when nobody is limited to one.
    pub(super) units: Vec<String>,
    /// Today, for the day of a visit.
    pub(super) today: String,
    /// Set when the words behind the address are not kept any more.
    pub(super) forgotten: bool,
}

impl QueuePage {
    /// Whether the reader may do something with several complaints at once.
    pub(super) fn may_choose(&self) -> bool {
        !self.technicians.is_empty() || !self.holders.is_empty()
    }

    /// The states to choose from.
    pub(super) fn states(&self) -> &'static [ComplaintState] {
        ComplaintState::ALL
    }

    /// The regions to choose from, code and name; none where they have no names.
    pub(super) fn regions(&self) -> Vec<(String, String)> {
        self.shell.regions_within(READERS)
    }

    /// The priorities to choose from.
    pub(super) fn priorities(&self) -> &'static [Priority] {
        Priority::ALL
    }

    /// What stands in the address for complaints without a unit.
    pub(super) fn no_unit(&self) -> &'static str {
        NO_UNIT
    }

    /// The views that this person has a use for.
    pub(super) fn views(&self) -> Vec<&'static str> {
        let is_of_use = |view: &&str| *view != "mine" || self.shell.has_role(OFFICE);
        VIEWS.iter().copied().filter(is_of_use).collect()
    }

    /// Whether this is the view that is shown.
    pub(super) fn is_view(&self, view: &str) -> bool {
        let shown = if VIEWS.contains(&self.search.view.as_str()) { &self.search.view } else { VIEWS[0] };
        shown == view
    }

    /// The word of the view that is shown.
    pub(super) fn empty_text(&self) -> String {
        if self.search.is_narrowed() {
            return self.shell.w.t("queue-none-found");
        }
        let view = VIEWS.iter().find(|view| self.is_view(view)).unwrap_or(&VIEWS[0]);
        self.shell.w.code("queue-empty", view)
    }
}

async fn show_queue(
    State(app): State<App>,
    viewer: Viewer,
    Query(mut search): Query<Search>,
) -> Result<Response, Problem> {
    let reach = reach_of(&viewer.office, READERS)?;
    if !search.q.trim().is_empty() {
        return keep_words(&app, &viewer, search).await;
    }
    let now = app.clock.now();
    let forgotten = !search.find_words(&app, &viewer).await?;
    let cursor = Some(search.after.clone()).filter(|cursor| !cursor.is_empty());
    let after: Option<Place> = PageQuery { cursor, limit: None }.position()?;
    let filter = search.filter(viewer.office.person_id, now);
    let mut tx = app.store.read().await?;
    let found = search::list(&mut tx, &filter, &reach, after.as_ref(), PAGE_SIZE + 1).await?;
    let Page { items, next_cursor } = Page::cut(found, PAGE_SIZE, |listed| listed.place.clone());
    let items = items.into_iter().map(|listed| listed.complaint).collect();
    let rows = rows(&mut tx, viewer.w(), items, now).await?;
    let newest = search::newest(&mut tx).await?;
    let technicians = match viewer.shell.has_role(DISPATCHERS) {
        true => people::technicians(&mut tx).await?,
        false => Vec::new(),
    };
    let holders = match viewer.shell.has_role(OFFICE) {
        true => people::office_people(&mut tx).await?,
        false => Vec::new(),
    };
    let units = within_reach(&mut tx, &reach).await?;
    let next = next_cursor.map(|cursor| search.page_after(&cursor));
    let today = office_time(now).date().to_string();
    let news = search.news(newest);
    Ok(page(&QueuePage {
        shell: viewer.shell,
        search,
        rows,
        next,
        news,
        technicians,
        holders,
        units,
        today,
        forgotten,
    }))
}

/// Looks for words: they are kept beside the session, and only their key stands in the address of what is found.
async fn look_for(State(app): State<App>, posted: Posted<Search>) -> Result<Response, Problem> {
    reach_of(&posted.viewer.office, READERS)?;
    keep_words(&app, &posted.viewer, posted.form).await
}

async fn keep_words(app: &App, viewer: &Viewer, mut search: Search) -> Result<Response, Problem> {
    let words = search.q.trim();
    search.s = String::new();
    if !words.is_empty() {
        let mut tx = app.store.write().await?;
        search.s = kept_words::keep(&mut tx, &viewer.office.token_sha256, words).await?;
        tx.commit().await?;
    }
    Ok(see_other(&search.first(), None))
}

/// What came since the queue was opened: a line that leads to it.
#[derive(Template)]
#[template(path = "complaints/queue_news.html")]
pub(super) struct NewsPage {
    pub(super) shell: Shell,
    /// The queue from its first page.
    pub(super) show: String,
    pub(super) count: i64,
    /// Whether there may be more.
    pub(super) many: bool,
}

async fn show_news(
    State(app): State<App>,
    viewer: Viewer,
    Query(mut search): Query<Search>,
) -> Result<Response, Problem> {
    let reach: Reach = reach_of(&viewer.office, READERS)?;
    search.find_words(&app, &viewer).await?;
    let filter = search.filter(viewer.office.person_id, app.clock.now());
    let since = search.since.parse().unwrap_or(i64::MAX);
    let mut tx = app.store.read().await?;
    let count = search::count_newer(&mut tx, &filter, &reach, since).await?;
    Ok(page(&NewsPage { shell: viewer.shell, show: search.first(), count, many: count >= NEWER_MAX }))
}
