//! The complaint record as a page: facts, merged timeline, visits with everything recorded, what is still open.

use super::news;
use super::steps::state_tag;
use super::timeline::{Line, Order, lines, people_named};
use super::verdicts::{VerdictLine, verdict_line};
use super::visits::{VisitPart, visit_part};
use crate::app::App;
use crate::back_billing::{BackBillingPart, back_billing_part};
use crate::complaints::contact::{ContactPart, contact_part};
use crate::complaints::links::{LinkBody, LinkState};
use crate::complaints::model;
use crate::complaints::phrases::Phrases;
use crate::complaints::record::{self, CentralRecord};
use crate::complaints::scope::{OFFICE, READERS};
use crate::complaints::{ComplaintError, Names, find, find_by_number, reach_of};
use crate::corrective::{ActionsPart, actions_part};
use crate::deadlines::{ClockPart, clock_part};
use crate::evidence::photos_of;
use crate::pages::{PageRoutes, Policy, Shell, Viewer, Words, versioned};
use crate::people::Role;
use crate::planned::{NoticeLine, notices};
use crate::problem::Problem;
use crate::returns::{ReturnsPart, returns_part};
use crate::review::{self, Blocker, LevelLine, level_line};
use crate::routing::get;
use crate::seats::{SeatsPart, seats_part};
use crate::sections::{SectionsPart, sections_part};
use crate::specials::{SpecialsPart, specials_part};
use crate::store::{StoreError, Tx};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use std::collections::BTreeMap;
use sync_core::codes::CodeTable;
use sync_core::time::Timestamp;

/// Entries of the timeline that are shown at first.
const TIMELINE_SHOWN: usize = 40;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/complaints/{id}", Policy::Roles(READERS), get(show_record))
}

/// The record with its words.
#[derive(Template)]
#[template(path = "complaints/record.html")]
pub(crate) struct RecordPage {
    pub(crate) shell: Shell,
    pub(crate) record: CentralRecord,
    pub(crate) category: String,
    pub(crate) timeline: Vec<Line>,
    pub(crate) visits: Vec<VisitPart>,
    pub(crate) verdicts: Vec<VerdictLine>,
    /// The levels of the review: name, state with its class, and what is known of it.
    pub(crate) levels: Vec<LevelLine>,
    pub(crate) blockers: Vec<BlockerLine>,
    pub(crate) contact: ContactPart,
    /// Name and limit of each deadline, and whether it has passed.
    pub(crate) deadlines: Vec<(String, String, bool)>,
    pub(crate) clock: Option<ClockPart>,
    pub(crate) returns: ReturnsPart,
    pub(crate) actions: ActionsPart,
    pub(crate) sections: SectionsPart,
    pub(crate) seats: SeatsPart,
    pub(crate) billing: BackBillingPart,
    /// What is planned where it is.
    pub(crate) planned: Vec<NoticeLine>,
    /// Whether this reader may make a case of the library of it.
    pub(crate) may_make_case: bool,
    pub(crate) specials: SpecialsPart,
    /// The six links: how each is shown, its name, and what is known of it.
    pub(crate) links: Vec<(&'static str, String, String)>,
    /// Steps that this person may take now.
    pub(crate) steps: Vec<&'static str>,
    /// Whether this person may do more than read.
    pub(crate) may_act: bool,
    /// Long lists are shown whole.
    pub(crate) all: bool,
    pub(crate) order: Order,
    /// What [`news::mark`] said when it was read.
    pub(crate) mark: i64,
}

/// Something that holds back approval, with the place where it is dealt with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BlockerLine {
    pub(crate) words: String,
    pub(crate) visit: Option<usize>,
    pub(crate) href: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RecordQuery {
    /// Set: long lists are shown whole.
    all: Option<String>,
    order: Order,
}

async fn show_record(
    State(app): State<App>,
    viewer: Viewer,
    Path(which): Path<String>,
    Query(query): Query<RecordQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let reach = reach_of(&viewer.office, READERS)?;
    let mut tx = app.store.read().await?;
    let found = match which.parse() {
        Ok(id) => find(&mut tx, id).await?,
        Err(_) => find_by_number(&mut tx, &which).await?,
    };
    let complaint = found.filter(|complaint| reach.includes(complaint)).ok_or(ComplaintError::Unknown)?;
    let seen = state_tag(&mut tx, &complaint).await?;
    let record = record::build(&mut tx, complaint).await?;
    let page = record_page(&app, &mut tx, viewer.shell, record, (query.all.is_some(), query.order)).await?;
    Ok(versioned(&headers, &seen, &page))
}

/// The record with the words of this reader.
pub(super) async fn record_page(
    app: &App,
    tx: &mut Tx,
    shell: Shell,
    record: CentralRecord,
    (all, order): (bool, Order),
) -> Result<RecordPage, StoreError> {
    let phrases = Phrases::of(tx, shell.w).await?;
    let people = names_of(tx, &record).await?;
    let mark = news::mark(tx, record.complaint.complaint_id).await?;
    let mut visits = Vec::with_capacity(record.visits.len());
    for (place, visit) in record.visits.iter().enumerate() {
        let photos = photos_of(app, tx, visit.visit.visit_id).await?;
        let reworks = review::reworks(tx, visit.visit.visit_id).await?;
        visits.push(visit_part(&phrases, visit, place + 1, &photos, &reworks, all));
    }
    let now = app.clock.now();
    let planned = notices(tx, phrases.w, (record.complaint.utility, &record.complaint.region), now).await?;
    Ok(RecordPage::of(shell, &phrases, record, &people, visits, planned, (all, order, mark, now)))
}

impl RecordPage {
    fn at(&self, at: &Timestamp) -> String {
        self.shell.w.time(*at)
    }

    fn visit_words(&self, number: &usize) -> String {
        self.shell.w.n("record-visit", *number)
    }

    /// The address of this page with long lists shown whole.
    fn whole(&self) -> &'static str {
        Self::address(true, self.order)
    }

    /// The address of this page with long lists cut.
    fn cut(&self) -> &'static str {
        Self::address(false, self.order)
    }

    /// The address of this page with its timeline in the other order, and the key of what that is called.
    fn other_order(&self) -> (&'static str, &'static str) {
        match self.order {
            Order::Received => (Self::address(self.all, Order::Claimed), "record-timeline-claimed"),
            Order::Claimed => (Self::address(self.all, Order::Received), "record-timeline-received"),
        }
    }

    fn timeline_hint(&self) -> &'static str {
        match self.order {
            Order::Received => "record-timeline-hint",
            Order::Claimed => "record-timeline-claimed-hint",
        }
    }

    fn address(all: bool, order: Order) -> &'static str {
        match (all, order) {
            (false, Order::Received) => "?",
            (true, Order::Received) => "?all=1",
            (false, Order::Claimed) => "?order=claimed",
            (true, Order::Claimed) => "?all=1&order=claimed",
        }
    }

    fn show_all(&self, total: &usize) -> String {
        self.shell.w.n("record-show-all", *total)
    }

    /// The page of a record whose visits are in words already.
    pub(crate) fn of(
        shell: Shell,
        phrases: &Phrases,
        record: CentralRecord,
        people: &BTreeMap<String, String>,
        visits: Vec<VisitPart>,
        planned: Vec<NoticeLine>,
        (all, order, mark, now): (bool, Order, i64, Timestamp),
    ) -> Self {
        let most = if all { usize::MAX } else { TIMELINE_SHOWN };
        Self {
            category: phrases.coded(CodeTable::Categories, &record.complaint.category),
            timeline: lines(&shell, phrases, &record, people, (most, order)),
            visits,
            verdicts: record.verdicts.iter().map(|verdict| verdict_line(phrases, &record, verdict)).collect(),
            levels: record.review_levels.iter().map(|level| level_line(phrases.w, level, now)).collect(),
            blockers: blocker_lines(phrases, &record),
            contact: contact_part(&shell, &record),
            deadlines: deadlines(phrases, &record, now),
            clock: record.clock.as_ref().map(|clock| clock_part(phrases.w, clock)),
            returns: returns_part(phrases.w, &record, now),
            actions: actions_part(phrases.w, &record, reaches(&shell, review::REVIEWERS, &record), now),
            sections: sections_part(phrases.w, &record, reaches(&shell, OFFICE, &record), now),
            seats: seats_part(phrases.w, &record, reaches(&shell, OFFICE, &record), now),
            planned,
            may_make_case: record.complaint.state == model::State::Closed && reaches(&shell, OFFICE, &record),
            billing: back_billing_part(phrases.w, &record, reaches(&shell, OFFICE, &record)),
            specials: specials_part(&shell, &record),
            links: record.links.iter().map(|link| link_line(phrases.w, link)).collect(),
            steps: steps(&shell, &record),
            may_act: reaches(&shell, OFFICE, &record),
            all,
            order,
            mark,
            record,
            shell,
        }
    }
}

/// A link in words: how it is shown, its name, and when and by whom it was made.
fn link_line(w: Words, link: &LinkBody) -> (&'static str, String, String) {
    let person = link.person.as_ref().and_then(|person| person.name.clone());
    let facts: Vec<String> = link.at_ms.map(|at| w.time(at)).into_iter().chain(person).collect();
    let told = match link.state {
        LinkState::Made => facts.join(" · "),
        state => w.code("link-state", state),
    };
    let class = match link.state {
        LinkState::Made => "made",
        LinkState::Missing => "missing",
        LinkState::NotNeeded => "not-needed",
    };
    (class, w.code("link", link.link), told)
}

/// Names of the people whom the details of the timeline name.
async fn names_of(tx: &mut Tx, record: &CentralRecord) -> Result<BTreeMap<String, String>, StoreError> {
    let (mut names, mut found) = (Names::default(), BTreeMap::new());
    for id in people_named(record) {
        let person = names.person_text(tx, &id).await?;
        if let Some(name) = person.and_then(|person| person.name) {
            found.insert(id, name);
        }
    }
    Ok(found)
}

fn blocker_lines(phrases: &Phrases, record: &CentralRecord) -> Vec<BlockerLine> {
    let visit_ids: Vec<String> = record.visits.iter().map(|visit| visit.visit.visit_id.to_string()).collect();
    let here = format!("/complaints/{}", record.complaint.complaint_id);
    said_once(record.blockers.iter().map(|blocker| blocker_line(phrases, blocker, &visit_ids, &here)))
}

/// Two devices that may hold unseen work of one visit are one thing to look at.
pub(crate) fn said_once(lines: impl Iterator<Item = BlockerLine>) -> Vec<BlockerLine> {
    let mut said = Vec::new();
    for line in lines {
        if !said.contains(&line) {
            said.push(line);
        }
    }
    said
}

/// A blocker in words; `visits` are the ids of the visits in the order of the page `here`.
pub(crate) fn blocker_line(
    phrases: &Phrases,
    blocker: &Blocker,
    visits: &[String],
    here: &str,
) -> BlockerLine {
    let visit = blocker
        .visit_id
        .and_then(|about| visits.iter().position(|id| *id == about.to_string()))
        .map(|place| place + 1);
    let href = match blocker.kind {
        "conflict" => format!("/conflicts/{}", blocker.reference),
        "quarantine" => format!("/arrivals/quarantine/{}", blocker.reference),
        "contact" => format!("{here}#contact"),
        "corrective_action" => format!("/corrective-actions/{}", blocker.reference),
        "section" => format!("/sections/{}", blocker.reference),
        "review_level" => format!("{here}#review-levels"),
        "visit_needed" => format!("{here}/dispatch"),
        _ => visit.map_or_else(|| here.to_owned(), |number| format!("{here}#visit-{number}")),
    };
    BlockerLine { words: phrases.w.code("blocker", blocker.kind), visit, href }
}

fn deadlines(phrases: &Phrases, record: &CentralRecord, now: Timestamp) -> Vec<(String, String, bool)> {
    let w = phrases.w;
    let limits = &record.complaint.deadlines;
    let is_open = record.complaint.closed_at_ms.is_none();
    [
        (w.t("record-contact-due"), limits.contact_due_at_ms),
        (w.t("record-onsite-due"), limits.onsite_due_at_ms),
        (w.t("record-answer-due"), limits.answer_due_at_ms),
    ]
    .into_iter()
    .filter_map(|(label, due)| due.map(|due| (label, w.time(due), is_open && due < now)))
    .collect()
}

/// Whether this person may act on the record in one of these roles.
fn reaches(shell: &Shell, roles: &[Role], record: &CentralRecord) -> bool {
    shell.reaches(roles, &record.complaint.unit, &record.complaint.region)
}

/// Steps that the state allows and that this person's roles allow.
fn steps(shell: &Shell, record: &CentralRecord) -> Vec<&'static str> {
    let judges = reaches(shell, &[Role::Reviewer, Role::Lead], record);
    let is_judging = |step: &str| matches!(step, "review" | "review_without_visit" | "rework" | "closure");
    record.next_steps.iter().copied().filter(|step| judges || !is_judging(step)).collect()
}
