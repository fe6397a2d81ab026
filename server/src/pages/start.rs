//! The start page: what waits for the person who opens it, what came in from the field today, and how much lately.

use super::{PageRoutes, Policy, Shell, Viewer, page};
use crate::app::App;
use crate::complaints::pages::{NEWER_MAX, count_of_view};
use crate::complaints::record::was_offline;
use crate::complaints::scope::{OFFICE, READERS, Reach, within};
use crate::complaints::{office_day_start, office_time};
use crate::people::Role;
use crate::problem::Problem;
use crate::store::{StoreError, Tx, on_engine};
use crate::work_orders::{ArrivedVisit, arrived_by_day, arrived_visits};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use sync_core::time::Timestamp;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/", Policy::SignedIn, get(show_start))
}

/// Days in the chart.
const DAYS: i64 = 14;
const DAY_MS: i64 = 86_400_000;
/// A device that was not heard of for so long is called silent.
const SILENT_MS: i64 = DAY_MS;
/// Visits that are listed.
const ARRIVED_SHOWN: i64 = 8;
/// The views of the queue that each role works from.
const VIEWS_OF_ROLES: &[(&str, &[Role])] = &[
    ("all", &[Role::Expert]),
    ("mine", OFFICE),
    ("late", &[Role::Clerk, Role::Lead]),
    ("due", &[Role::Clerk, Role::Lead]),
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

/// The start page.
#[derive(Template)]
#[template(path = "pages/start.html")]
pub(super) struct StartPage {
    pub(super) shell: Shell,
    pub(super) tiles: Vec<Tile>,
    /// What came in from the field today, newest first; none for who sees no complaints.
    pub(super) arrived: Option<Vec<ArrivedVisit>>,
    pub(super) charts: Vec<Chart>,
}

impl StartPage {
    /// What stands above the tiles: nothing waits for who only reads.
    fn heading(&self) -> String {
        let acts = self.shell.has_role(OFFICE) || self.shell.has_role(&[Role::Administrator]);
        self.shell.w.t(if acts { "start-waits" } else { "start-reads" })
    }

    fn offline(&self, visit: &ArrivedVisit) -> bool {
        was_offline(visit.ended_claimed_ms, visit.ended_received_ms)
    }
}

async fn show_start(State(app): State<App>, viewer: Viewer) -> Result<Response, Problem> {
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let (mut tiles, mut arrived, mut charts) = (Vec::new(), None, Vec::new());
    if let Some(reach) = Reach::of(&viewer.office.roles, READERS) {
        tiles = office_tiles(&mut tx, &viewer, &reach, now).await?;
        let today = office_day_start(now);
        arrived = Some(arrived_visits(&mut tx, reach.pattern(), today, ARRIVED_SHOWN).await?);
        let first = today.plus_ms(-(DAYS - 1) * DAY_MS);
        let received = received_by_day(&mut tx, &reach, first).await?;
        let ended = arrived_by_day(&mut tx, reach.pattern(), first).await?;
        charts.push(Chart { key: "start-received", unit: "start-complaints", days: days(first, &received) });
        charts.push(Chart { key: "start-ended", unit: "start-visits", days: days(first, &ended) });
    }
    if viewer.shell.has_role(&[Role::Administrator]) {
        let silent = silent_devices(&mut tx, now).await?;
        tiles.push(Tile::of("/devices".to_owned(), viewer.w().t("start-silent-devices"), silent, true));
    }
    Ok(page(&StartPage { shell: viewer.shell, tiles, arrived, charts }))
}

/// The views of the queue that this person's roles work from, and what was refused.
async fn office_tiles(
    tx: &mut Tx,
    viewer: &Viewer,
    reach: &Reach,
    now: Timestamp,
) -> Result<Vec<Tile>, StoreError> {
    const REFUSED: &str = concat!(
        "SELECT count(*) FROM (SELECT 1 FROM quarantine q \
        LEFT JOIN visit_plans v ON v.visit_id = q.visit_id LEFT JOIN complaints c ON c.complaint_id = v.complaint_id \
        WHERE q.state = 'open' AND ",
        within!("$1", "coalesce(c.unit, '')", "coalesce(c.region, '')"),
        " LIMIT 99) n"
    );
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
    if !viewer.shell.has_role(OFFICE) {
        return Ok(tiles);
    }
    let refused: i64 =
        on_engine!(&mut *tx, |conn| sqlx::query_scalar(REFUSED).bind(reach.pattern()).fetch_one(conn).await)?;
    tiles.push(Tile::of("/arrivals".to_owned(), viewer.w().t("start-refused"), refused, true));
    Ok(tiles)
}

async fn silent_devices(tx: &mut Tx, now: Timestamp) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM (SELECT 1 FROM devices WHERE revoked_at_ms IS NULL \
        AND coalesce(last_seen_at_ms, enrolled_at_ms) < $1 LIMIT 99) n";
    let before = now.plus_ms(-SILENT_MS).unix_ms();
    Ok(on_engine!(tx, |conn| sqlx::query_scalar(SQL).bind(before).fetch_one(conn).await)?)
}

/// How many complaints were received on each day since the midnight `first`: day 0, 1, 2 … with its count.
async fn received_by_day(
    tx: &mut Tx,
    reach: &Reach,
    first: Timestamp,
) -> Result<Vec<(i64, i64)>, StoreError> {
    const SQL: &str = concat!(
        "SELECT CAST((received_at_ms - $1) / 86400000 AS BIGINT) AS day, count(*) AS n \
        FROM complaints WHERE received_at_ms >= $1 AND ",
        within!("$2", "unit", "region"),
        " GROUP BY 1"
    );
    let places = reach.pattern();
    Ok(on_engine!(tx, |conn| sqlx::query_as(SQL).bind(first.unix_ms()).bind(places).fetch_all(conn).await)?)
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
