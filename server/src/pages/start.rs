//! The start page: what waits for the person who opens it, and how much came in lately.

use super::{PageRoutes, Policy, Shell, Viewer, page};
use crate::app::App;
use crate::complaints::office_day_start;
use crate::complaints::scope::{OFFICE, Reach};
use crate::people::Role;
use crate::problem::Problem;
use crate::store::{StoreError, Tx, on_engine};
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

/// Something that waits: a figure that leads to its list.
pub(super) struct Tile {
    pub(super) href: &'static str,
    pub(super) key: &'static str,
    pub(super) count: i64,
    /// Waiting is worse than none.
    pub(super) urgent: bool,
}

/// One day of the chart.
pub(super) struct Day {
    pub(super) label: String,
    /// Complaints received on it.
    pub(super) count: i64,
    /// Left edge and height of its bar in the picture.
    pub(super) x: i64,
    pub(super) height: i64,
}

/// The start page.
#[derive(Template)]
#[template(path = "pages/start.html")]
pub(super) struct StartPage {
    pub(super) shell: Shell,
    pub(super) tiles: Vec<Tile>,
    pub(super) days: Vec<Day>,
}

async fn show_start(State(app): State<App>, viewer: Viewer) -> Result<Response, Problem> {
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let (mut tiles, mut days) = (Vec::new(), Vec::new());
    if let Some(reach) = Reach::of(&viewer.office.roles, OFFICE) {
        tiles = office_tiles(&mut tx, &viewer, &reach).await?;
        days = received(&mut tx, &reach, now).await?;
    }
    if viewer.shell.has_role(&[Role::Administrator]) {
        let silent = silent_devices(&mut tx, now).await?;
        tiles.push(Tile { href: "/devices", key: "start-silent-devices", count: silent, urgent: true });
    }
    Ok(page(&StartPage { shell: viewer.shell, tiles, days }))
}

async fn office_tiles(tx: &mut Tx, viewer: &Viewer, reach: &Reach) -> Result<Vec<Tile>, StoreError> {
    const MINE: &str = "SELECT count(*) FROM complaints WHERE holder = $1 AND merged_into IS NULL \
        AND state NOT IN ('closed', 'withdrawn') AND (CAST($2 AS TEXT) IS NULL OR $2 LIKE '%|' || region || '|%')";
    const REVIEW: &str = "SELECT count(*) FROM complaints WHERE state = 'investigated' AND merged_into IS NULL \
        AND CAST($1 AS TEXT) IS NOT NULL AND (CAST($2 AS TEXT) IS NULL OR $2 LIKE '%|' || region || '|%')";
    const CONFLICTS: &str = "SELECT count(*) FROM conflicts k LEFT JOIN visit_plans v ON v.visit_id = k.visit_id \
        LEFT JOIN complaints c ON c.complaint_id = v.complaint_id WHERE k.state IN ('open', 'settled_in_field') \
        AND CAST($1 AS TEXT) IS NOT NULL \
        AND (CAST($2 AS TEXT) IS NULL OR $2 LIKE '%|' || coalesce(c.region, '') || '|%')";
    const REFUSED: &str = "SELECT count(*) FROM quarantine q LEFT JOIN visit_plans v ON v.visit_id = q.visit_id \
        LEFT JOIN complaints c ON c.complaint_id = v.complaint_id WHERE q.state = 'open' \
        AND CAST($1 AS TEXT) IS NOT NULL \
        AND (CAST($2 AS TEXT) IS NULL OR $2 LIKE '%|' || coalesce(c.region, '') || '|%')";
    let me = viewer.office.person_id.to_string();
    let mut tiles = Vec::new();
    for (sql, href, key, urgent) in [
        (MINE, "/queue?mine=true", "start-mine", false),
        (REVIEW, "/queue?state=investigated", "start-review", false),
        (CONFLICTS, "/conflicts", "start-conflicts", true),
        (REFUSED, "/arrivals", "start-refused", true),
    ] {
        let count: i64 = on_engine!(&mut *tx, |conn| {
            sqlx::query_scalar(sql).bind(&me).bind(reach.pattern()).fetch_one(conn).await
        })?;
        tiles.push(Tile { href, key, count, urgent });
    }
    Ok(tiles)
}

async fn silent_devices(tx: &mut Tx, now: Timestamp) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM devices WHERE revoked_at_ms IS NULL \
        AND coalesce(last_seen_at_ms, enrolled_at_ms) < $1";
    let before = now.plus_ms(-SILENT_MS).unix_ms();
    Ok(on_engine!(tx, |conn| sqlx::query_scalar(SQL).bind(before).fetch_one(conn).await)?)
}

/// How many complaints were received on each of the last days, oldest first.
async fn received(tx: &mut Tx, reach: &Reach, now: Timestamp) -> Result<Vec<Day>, StoreError> {
    const SQL: &str = "SELECT CAST((received_at_ms - $1) / 86400000 AS BIGINT) AS day, count(*) AS n \
        FROM complaints WHERE received_at_ms >= $1 \
        AND (CAST($2 AS TEXT) IS NULL OR $2 LIKE '%|' || region || '|%') GROUP BY 1";
    let first = office_day_start(now).plus_ms(-(DAYS - 1) * DAY_MS);
    let rows: Vec<(i64, i64)> = on_engine!(tx, |conn| sqlx::query_as(SQL)
        .bind(first.unix_ms())
        .bind(reach.pattern())
        .fetch_all(conn)
        .await)?;
    let count = |day: i64| rows.iter().find(|(known, _)| *known == day).map_or(0, |(_, count)| *count);
    Ok(days(first, &(0..DAYS).map(count).collect::<Vec<_>>()))
}

pub(super) fn days(first: Timestamp, counts: &[i64]) -> Vec<Day> {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let day = |(position, count): (i64, i64)| Day {
        label: crate::complaints::office_time(first.plus_ms(position * DAY_MS)).strftime("%m-%d").to_string(),
        count,
        x: position * 40,
        height: count * 100 / most,
    };
    (0..).zip(counts.iter().copied()).map(day).collect()
}
