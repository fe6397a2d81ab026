//! The start page: what waits for the person who opens it, what came in from the field today, and how much lately.

use super::{PageRoutes, Policy, Shell, Viewer, page};
use crate::app::App;
use crate::complaints::pages::{NEWER_MAX, count_of_view};
use crate::complaints::record::was_offline;
use crate::complaints::scope::{OFFICE, READERS, Reach, within};
use crate::complaints::tally::{Counted, by_day};
use crate::complaints::{office_day_start, office_time};
use crate::devices::{self, ArrivedDevice};
use crate::exchange::ARRIVALS;
use crate::knowledge;
use crate::people::Role;
use crate::planned;
use crate::problem::Problem;
use crate::restricted::{self, INSPECTORS};
use crate::review::{REVIEWERS, count_waiting};
use crate::routing::get;
use crate::seats::{self, ANSWERERS};
use crate::sections;
use crate::store::{StoreError, Tx, statement};
use crate::warnings;
use crate::work_orders::{ArrivedVisit, arrived_visits};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sync_core::time::Timestamp;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/", Policy::SignedIn, get(show_start))
}

/// Days in the chart.
const DAYS: i64 = 14;
const DAY_MS: i64 = 86_400_000;
/// A device that was not heard of for so long is called silent.
const SILENT_MS: i64 = DAY_MS;
/// Visits, or devices, that are listed.
const ARRIVED_SHOWN: i64 = 8;
/// The views of the queue that each role works from.
const VIEWS_OF_ROLES: &[(&str, &[Role])] = &[
    ("all", &[Role::Expert]),
    ("mine", OFFICE),
    ("late", READERS),
    ("due", READERS),
    ("special", OFFICE),
    ("unassigned", &[Role::Clerk, Role::Lead]),
    ("review", &[Role::Reviewer, Role::Lead]),
    ("conflicts", &[Role::Reviewer, Role::Lead, Role::Expert]),
    ("unseen", OFFICE),
];

/// Something that waits: a figure that leads to its list.
pub(super) struct Tile {
    pub(super) href: String,
    pub(super) label: String,
    /// The figure, with a plus when there may be more.
    pub(super) count: String,
    /// Waiting is worse than none.
    pub(super) urgent: bool,
}

impl Tile {
    fn of(href: String, label: String, count: i64, urgent: bool) -> Self {
        let plus = if count >= NEWER_MAX { "+" } else { "" };
        Self { href, label, count: format!("{count}{plus}"), urgent: urgent && count > 0 }
    }
}

/// One day of a chart.
pub(super) struct Day {
    pub(super) label: String,
    pub(super) count: i64,
    /// Left edge and height of its bar in the picture.
    pub(super) x: i64,
    pub(super) height: i64,
}

/// A figure over the last days.
pub(super) struct Chart {
    /// The key of its title, and its id.
    pub(super) key: &'static str,
    /// What is counted.
    pub(super) unit: &'static str,
    pub(super) days: Vec<Day>,
}

/// The same figures as a table: a day with one count of each chart, the newest first.
fn table(charts: &[Chart]) -> Vec<(String, Vec<i64>)> {
    let Some(first) = charts.first() else { return Vec::new() };
    let counts = |place: usize| charts.iter().map(|chart| chart.days[place].count).collect();
    let row = |(place, day): (usize, &Day)| (day.label.clone(), counts(place));
    first.days.iter().enumerate().rev().map(row).collect()
}

/// The start page.
#[derive(Template)]
#[template(path = "pages/start.html")]
pub(super) struct StartPage {
    pub(super) shell: Shell,
    pub(super) tiles: Vec<Tile>,
    /// What came in from the field today, newest first; none for who sees no complaints.
    pub(super) arrived: Option<Vec<ArrivedVisit>>,
    /// The same for who looks after the devices.
    pub(super) devices: Option<Vec<ArrivedDevice>>,
    pub(super) charts: Vec<Chart>,
}

impl StartPage {
    /// What stands above the tiles: nothing waits for who only reads.
    fn heading(&self) -> String {
        let acts =
            [OFFICE, INSPECTORS, &[Role::Administrator]].into_iter().any(|roles| self.shell.has_role(roles));
        self.shell.w.t(if acts { "start-waits" } else { "start-reads" })
    }

    fn table(&self) -> Vec<(String, Vec<i64>)> {
        table(&self.charts)
    }

    /// When the visit ended and that arrived, if it did so with what is shown.
    fn ended_offline(&self, visit: &ArrivedVisit) -> bool {
        visit.ended_received_ms.is_some_and(|received| was_offline(visit.ended_claimed_ms, received))
    }

    fn people(&self, visit: &ArrivedVisit) -> String {
        visit.people.join(self.shell.w.either("、", ", "))
    }
}

async fn show_start(State(app): State<App>, viewer: Viewer) -> Result<Response, Problem> {
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let (mut tiles, mut arrived, mut from, mut charts) = (Vec::new(), None, None, Vec::new());
    if let Some(reach) = Reach::of(&viewer.office.roles, READERS) {
        tiles = office_tiles(&mut tx, &viewer, &reach, now).await?;
        let today = office_day_start(now);
        arrived = Some(arrived_visits(&mut tx, reach.pattern(), today, ARRIVED_SHOWN).await?);
        let first = today.plus_ms(-(DAYS - 1) * DAY_MS);
        let received = by_day(&mut tx, Counted::Received, &reach, first).await?;
        let ended = by_day(&mut tx, Counted::Ended, &reach, first).await?;
        charts.push(Chart { key: "start-received", unit: "start-complaints", days: days(first, &received) });
        charts.push(Chart { key: "start-ended", unit: "start-visits", days: days(first, &ended) });
    }
    if viewer.shell.has_role(INSPECTORS) {
        let count = restricted::count_open(&app, &viewer.office, NEWER_MAX).await?;
        tiles.push(Tile::of("/restricted".to_owned(), viewer.w().t("start-restricted"), count, true));
    }
    if viewer.shell.has_role(&ARRIVALS) {
        tiles.extend(arrival_tiles(&mut tx, &viewer).await?);
    }
    if viewer.shell.has_role(&[Role::Administrator]) {
        tiles.extend(device_tiles(&mut tx, &viewer, now).await?);
        let today = office_day_start(now);
        from = Some(devices::arrived(&mut tx, today, ARRIVED_SHOWN).await?);
        let first = today.plus_ms(-(DAYS - 1) * DAY_MS);
        let reported = devices::reported_by_day(&mut tx, first).await?;
        charts.push(Chart { key: "start-reported", unit: "start-devices", days: days(first, &reported) });
    }
    Ok(page(&StartPage { shell: viewer.shell, tiles, arrived, devices: from, charts }))
}

/// The views of the queue that this person's roles work from.
async fn office_tiles(
    tx: &mut Tx,
    viewer: &Viewer,
    reach: &Reach,
    now: Timestamp,
) -> Result<Vec<Tile>, StoreError> {
    let mut tiles = Vec::new();
    for (view, _) in VIEWS_OF_ROLES.iter().filter(|(_, roles)| viewer.shell.has_role(roles)) {
        let count = count_of_view(tx, view, (viewer.office.person_id, reach, now)).await?;
        let urgent = matches!(*view, "late" | "conflicts");
        tiles.push(Tile::of(
            format!("/queue?view={view}"),
            if *view == "all" { viewer.w().t("start-all") } else { viewer.w().code("queue-view", view) },
            count,
            urgent,
        ));
    }
    if viewer.shell.has_role(REVIEWERS) {
        let count = count_waiting(tx, &viewer.office).await.unwrap_or(0);
        if count > 0 {
            tiles.push(Tile::of("/review-levels".to_owned(), viewer.w().t("level-waiting"), count, false));
        }
    }
    if let Some(works) = Reach::of(&viewer.office.roles, OFFICE) {
        let count = sections::count_mine(tx, &works).await?;
        tiles.push(Tile::of("/sections".to_owned(), viewer.w().t("start-sections"), count, false));
    }
    if let Some(answers) = Reach::of(&viewer.office.roles, ANSWERERS) {
        let count = seats::count_waiting(tx, &answers).await?;
        tiles.push(Tile::of("/expert-seats".to_owned(), viewer.w().t("start-expert-seats"), count, true));
    }
    if viewer.shell.has_role(REVIEWERS) {
        let count = knowledge::count_waiting(tx, viewer.office.person_id).await?;
        if count > 0 {
            tiles.push(Tile::of(
                "/knowledge?list=waiting".to_owned(),
                viewer.w().t("start-articles"),
                count,
                false,
            ));
        }
    }
    if let Some(judges) = Reach::of(&viewer.office.roles, REVIEWERS) {
        let count = planned::count_waiting(tx, &judges, (viewer.office.person_id, now)).await?;
        if count > 0 {
            tiles.push(Tile::of(
                "/planned-events?list=waiting".to_owned(),
                viewer.w().t("start-planned"),
                count,
                true,
            ));
        }
    }
    if let Some(plans) = Reach::of(&viewer.office.roles, OFFICE) {
        let count = planned::count_pressing(tx, &plans, now).await?;
        if count > 0 {
            let label = viewer.w().t("start-planned-late");
            tiles.push(Tile::of("/planned-events?list=pressing".to_owned(), label, count, true));
        }
    }
    let promises = knowledge::count_to_correct(tx, reach, now).await?;
    if promises > 0 && viewer.shell.has_role(OFFICE) {
        tiles.push(Tile::of("/promises".to_owned(), viewer.w().t("start-promises"), promises, true));
    }
    let warnings = warnings::waiting(tx, reach, now, NEWER_MAX).await?;
    if warnings > 0 && viewer.shell.has_role(OFFICE) {
        tiles.push(Tile::of("/warnings".to_owned(), viewer.w().t("start-warnings"), warnings, true));
    }
    Ok(tiles)
}

/// What came from devices and nobody decided yet: refused, kept aside, waiting.
async fn arrival_tiles(tx: &mut Tx, viewer: &Viewer) -> Result<Vec<Tile>, StoreError> {
    macro_rules! open_items {
        ($table:literal, $open:literal) => {
            concat!(
                "SELECT count(*) FROM (SELECT 1 FROM ",
                $table,
                " q LEFT JOIN visit_plans v ON v.visit_id = q.visit_id \
                LEFT JOIN complaints c ON c.complaint_id = v.complaint_id WHERE ",
                $open,
                " AND ",
                within!("$1", "coalesce(c.unit, '')", "coalesce(c.region, '')"),
                " LIMIT 99) n"
            )
        };
    }
    const REFUSED: &str = open_items!("quarantine", "q.state = 'open'");
    const ESCROW: &str = open_items!(
        "escrow",
        "q.kind <> 'restricted' AND \
            NOT EXISTS (SELECT 1 FROM escrow_decisions d WHERE d.envelope_hash = q.envelope_hash)"
    );
    const PENDING: &str = open_items!("envelope_states", "q.state = 'pending'");
    let places = Reach::of(&viewer.office.roles, &ARRIVALS).and_then(|reach| reach.pattern());
    let mut tiles = Vec::new();
    for (sql, href, key, always) in [
        (REFUSED, "/arrivals", "start-refused", true),
        (ESCROW, "/arrivals/escrow", "start-escrow", false),
        (PENDING, "/arrivals/pending", "start-pending", false),
    ] {
        let count: i64 = statement(sql).bind(&places).value(tx).await?;
        if always || count > 0 {
            tiles.push(Tile::of(href.to_owned(), viewer.w().t(key), count, key == "start-refused"));
        }
    }
    Ok(tiles)
}

/// What an administrator looks after: devices that are late, and orders and invitations that wait for an answer.
async fn device_tiles(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Tile>, StoreError> {
    let waiting = devices::waiting(tx, now.plus_ms(-SILENT_MS), now).await?;
    let w = viewer.w();
    let tile = |key: &str, count: i64, urgent| Tile::of("/devices".to_owned(), w.t(key), count, urgent);
    let mut tiles = vec![tile("start-silent-devices", waiting.silent, true)];
    for (key, count, urgent) in [
        ("start-unsent", waiting.unsent, false),
        ("start-wipes", waiting.wipes, true),
        ("start-suspended", waiting.suspended, false),
        ("start-invited", waiting.invited, false),
    ] {
        if count > 0 {
            tiles.push(tile(key, count, urgent));
        }
    }
    Ok(tiles)
}

/// The days from `first` on with their counts, oldest first; a day without one has none.
pub(super) fn days(first: Timestamp, counted: &[(i64, i64)]) -> Vec<Day> {
    let count = |day: i64| counted.iter().find(|(known, _)| *known == day).map_or(0, |(_, count)| *count);
    let most = (0..DAYS).map(count).max().unwrap_or(0).max(1);
    let day = |position: i64| Day {
        label: office_time(first.plus_ms(position * DAY_MS)).strftime("%m-%d").to_string(),
        count: count(position),
        x: position * 40,
        height: count(position) * 100 / most,
    };
    (0..DAYS).map(day).collect()
}
