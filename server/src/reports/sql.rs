//! Reading what happened in the days of a report. Every statement begins at an index of those days.

use super::callers::{Made, RATING_QUESTION};
use super::figures::{Asked, Closed, Happened, Step, Verdict};
use crate::complaints::scope::within;
use crate::store::{StoreError, Tx, statement};
use sqlx_macros::FromRow;

/// Complaints that are read at once.
const AT_ONCE: i64 = 500;
/// Another complaint of the same customer or meter so shortly before makes one a repeated one.
pub(super) const REPEATED_WITHIN_MS: i64 = 30 * 86_400_000;

/// The condition that complaint `c` is within reach (`$1`) and of the utility, unit and region that are asked for (`$2`
/// to `$4`; empty: any).
macro_rules! wanted {
    () => {
        concat!(
            within!("$1", "c.unit", "c.region"),
            " AND ($2 = '' OR c.utility = $2) AND ($3 = '' OR c.unit = $3) AND ($4 = '' OR c.region = $4)"
        )
    };
}

/// Runs a statement whose first values are those of [`wanted`].
macro_rules! fetch_wanted {
    ($tx:expr, $asked:expr, $sql:expr $(, $value:expr)* $(,)?) => {{
        let asked: &Asked<'_> = $asked;
        let (places, filter) = (asked.reach.pattern(), asked.filter);
        statement($sql)
                .bind(places)
                .bind(&filter.utility)
                .bind(&filter.unit)
                .bind(&filter.region)
                $(.bind($value))*
                .rows($tx)
                .await?
    }};
}

/// Complaints that happened on these days and stand for themselves.
///
/// # Errors
/// Whatever reading meets.
pub(super) async fn happened(
    tx: &mut Tx,
    asked: &Asked<'_>,
    mut each: impl FnMut(Happened),
) -> Result<(), StoreError> {
    const SQL: &str = concat!(
        "SELECT r.day, r.source, r.received_at_ms, c.category, c.channel, c.unit, c.region, c.state, \
        CAST(CASE WHEN EXISTS (SELECT 1 FROM complaints o WHERE o.customer_number = c.customer_number \
            AND o.merged_into IS NULL AND (o.requested_at_ms, o.complaint_id) < (c.requested_at_ms, c.complaint_id) \
            AND o.requested_at_ms >= c.requested_at_ms - $8) \
        OR EXISTS (SELECT 1 FROM complaints o WHERE o.meter_no = c.meter_no \
            AND o.merged_into IS NULL AND (o.requested_at_ms, o.complaint_id) < (c.requested_at_ms, c.complaint_id) \
            AND o.requested_at_ms >= c.requested_at_ms - $8) THEN 1 ELSE 0 END AS BIGINT) AS repeated \
        FROM warning_reports r JOIN complaints c ON c.complaint_id = r.source \
        WHERE (r.day, r.source) > ($5, $6) AND r.day < $7 AND r.kind = 'complaint' AND ",
        wanted!(),
        " ORDER BY r.day, r.source LIMIT $9"
    );
    let mut after = (asked.days.start, String::new());
    loop {
        let (day, source) = (after.0, after.1.as_str());
        let rows: Vec<Happened> =
            fetch_wanted!(&mut *tx, asked, SQL, day, source, asked.days.end, REPEATED_WITHIN_MS, AT_ONCE);
        let is_over = rows.len() < usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
        if let Some(last) = rows.last() {
            after = (last.day, last.source.clone());
        }
        rows.into_iter().for_each(&mut each);
        if is_over {
            return Ok(());
        }
    }
}

/// Grumbles that were heard on these days and became no complaint; they belong to no unit.
///
/// # Errors
/// Whatever reading meets.
pub(super) async fn grumbles(tx: &mut Tx, asked: &Asked<'_>) -> Result<i64, StoreError> {
    const SQL: &str = concat!(
        "SELECT count(*) FROM warning_reports r WHERE r.day >= $5 AND r.day < $6 AND r.kind = 'grumble' AND $3 = '' \
        AND ($2 = '' OR r.class = $2 OR substr(r.class, 1, length($2) + 1) = $2 || '.') AND ($4 = '' OR r.area = $4) AND ",
        within!("$1", "''", "r.area")
    );
    let counted: Vec<(i64,)> = fetch_wanted!(tx, asked, SQL, asked.days.start, asked.days.end);
    Ok(counted.first().map_or(0, |(number,)| *number))
}

/// Complaints that were closed in this time, with how the customer was asked about it.
///
/// # Errors
/// Whatever reading meets.
pub(super) async fn closed(
    tx: &mut Tx,
    asked: &Asked<'_>,
    mut each: impl FnMut(Closed),
) -> Result<(), StoreError> {
    const SQL: &str = concat!(
        "SELECT c.complaint_id, c.unit, c.requested_at_ms, c.received_at_ms, c.closed_at_ms, CASE \
        WHEN EXISTS (SELECT 1 FROM return_visits r WHERE r.complaint_id = c.complaint_id AND r.state = 'done') THEN 'asked' \
        WHEN EXISTS (SELECT 1 FROM return_visits r WHERE r.complaint_id = c.complaint_id AND r.state = 'waived') THEN 'waived' \
        WHEN EXISTS (SELECT 1 FROM return_visits r WHERE r.complaint_id = c.complaint_id AND r.state <> 'void') THEN 'missing' \
        ELSE 'none' END AS asked \
        FROM complaints c WHERE c.closed_at_ms IS NOT NULL AND (c.closed_at_ms, c.complaint_id) > ($5, $6) \
        AND c.closed_at_ms < $7 AND c.state = 'closed' AND c.merged_into IS NULL AND ",
        wanted!(),
        " ORDER BY c.closed_at_ms, c.complaint_id LIMIT $8"
    );
    let (from, until) = asked.moments();
    let mut after = (from, String::new());
    loop {
        let (at, id) = (after.0, after.1.as_str());
        let rows: Vec<Closed> = fetch_wanted!(&mut *tx, asked, SQL, at, id, until, AT_ONCE);
        let is_over = rows.len() < usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
        if let Some(last) = rows.last() {
            after = (last.closed_at_ms, last.complaint_id.clone());
        }
        rows.into_iter().for_each(&mut each);
        if is_over {
            return Ok(());
        }
    }
}

/// What a complaint went through.
#[derive(Debug, FromRow)]
pub(super) struct Passage {
    pub(super) complaint_id: String,
    pub(super) unit: String,
    pub(super) closed_at_ms: i64,
    pub(super) state_to: Option<String>,
    pub(super) unit_from: Option<String>,
    pub(super) at_ms: i64,
}

/// Through which states and units the complaints went that were closed in this time: complaint by complaint, in the order
/// in which it happened.
///
/// # Errors
/// Whatever reading meets.
pub(super) async fn passages(
    tx: &mut Tx,
    asked: &Asked<'_>,
    mut each: impl FnMut(Vec<Passage>),
) -> Result<(), StoreError> {
    const SQL: &str = concat!(
        "SELECT c.complaint_id, c.unit, c.closed_at_ms, CASE WHEN e.kind = 'received' THEN 'received' ELSE e.state_to END \
        AS state_to, \
        CASE WHEN e.kind = 'allotted' THEN e.detail_json END AS unit_from, \
        CASE WHEN e.claimed_at_ms < e.received_at_ms THEN e.claimed_at_ms ELSE e.received_at_ms END AS at_ms \
        FROM (SELECT c.complaint_id, c.unit, c.closed_at_ms FROM complaints c WHERE c.closed_at_ms IS NOT NULL \
            AND (c.closed_at_ms, c.complaint_id) > ($5, $6) AND c.closed_at_ms < $7 AND c.state = 'closed' \
            AND c.merged_into IS NULL AND ",
        wanted!(),
        " ORDER BY c.closed_at_ms, c.complaint_id LIMIT $8) c \
        JOIN complaint_events e ON e.complaint_id = c.complaint_id \
        WHERE e.state_to IS NOT NULL OR e.kind IN ('received', 'allotted') ORDER BY c.closed_at_ms, c.complaint_id, at_ms, e.event_no"
    );
    let (from, until) = asked.moments();
    let mut after = (from, String::new());
    loop {
        let (at, id) = (after.0, after.1.as_str());
        let rows: Vec<Passage> = fetch_wanted!(&mut *tx, asked, SQL, at, id, until, AT_ONCE);
        let Some(last) = rows.last() else { return Ok(()) };
        after = (last.closed_at_ms, last.complaint_id.clone());
        let mut one = Vec::new();
        for row in rows {
            if one.last().is_some_and(|last: &Passage| last.complaint_id != row.complaint_id) {
                each(std::mem::take(&mut one));
            }
            one.push(row);
        }
        each(one);
    }
}

/// Deadlines that ended in this time: how many of each unit and step were kept, missed, or are still open at `now_ms`.
///
/// # Errors
/// Whatever reading meets.
pub(super) async fn deadlines(tx: &mut Tx, asked: &Asked<'_>, now_ms: i64) -> Result<Vec<Step>, StoreError> {
    const SQL: &str = concat!(
        "SELECT unit, step, how, count(*) AS number FROM (SELECT c.unit, d.step, \
        CASE WHEN d.stopped_at_ms <= d.due_at_ms THEN 'kept' WHEN d.stopped_at_ms IS NULL AND d.due_at_ms >= $7 THEN 'open' \
        ELSE 'missed' END AS how FROM deadline_steps d JOIN complaints c ON c.complaint_id = d.complaint_id \
        WHERE d.step <> 'state' AND d.due_at_ms >= $5 AND d.due_at_ms < $6 AND c.merged_into IS NULL AND ",
        wanted!(),
        ") ended GROUP BY unit, step, how ORDER BY unit, step, how"
    );
    let (from, until) = asked.moments();
    Ok(fetch_wanted!(tx, asked, SQL, from, until, now_ms))
}

/// Visits that ended in this time, with who was sent to them. A visit of several people comes several times.
#[derive(Debug, FromRow)]
pub(super) struct EndedVisit {
    pub(super) visit_id: String,
    pub(super) state: String,
    pub(super) outcome: Option<String>,
    /// None where nobody was sent: opened in the field and not yet settled.
    pub(super) person_id: Option<String>,
}

/// Reads them.
///
/// # Errors
/// Whatever reading meets.
pub(super) async fn ended_visits(tx: &mut Tx, asked: &Asked<'_>) -> Result<Vec<EndedVisit>, StoreError> {
    const SQL: &str = concat!(
        "SELECT p.visit_id, p.state, p.outcome, a.person_id FROM (\
        SELECT visit_id FROM visit_plans WHERE ended_claimed_ms IS NOT NULL AND ended_claimed_ms >= $5 \
            AND ended_claimed_ms < $6 AND NOT ended_claimed_ms > ended_received_ms \
        UNION ALL SELECT visit_id FROM visit_plans WHERE ended_claimed_ms > ended_received_ms \
            AND ended_received_ms >= $5 AND ended_received_ms < $6) n \
        JOIN visit_plans p ON p.visit_id = n.visit_id JOIN complaints c ON c.complaint_id = p.complaint_id \
        LEFT JOIN visit_assignments a ON a.visit_id = p.visit_id \
            AND (a.ended_at_ms IS NULL OR a.ended_at_ms >= p.ended_claimed_ms) \
        WHERE ",
        wanted!(),
        " ORDER BY p.visit_id, a.person_id"
    );
    let (from, until) = asked.moments();
    Ok(fetch_wanted!(tx, asked, SQL, from, until))
}

/// Verdicts of this time that no later one replaced.
///
/// # Errors
/// Whatever reading meets.
pub(super) async fn verdicts(tx: &mut Tx, asked: &Asked<'_>) -> Result<Vec<Verdict>, StoreError> {
    const SQL: &str = concat!(
        "SELECT v.verdict, v.cause, v.responsibility, count(*) AS number FROM review_verdicts v \
        JOIN complaints c ON c.complaint_id = v.complaint_id WHERE v.reviewed_at_ms >= $5 AND v.reviewed_at_ms < $6 \
        AND c.merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM review_verdicts n \
            WHERE n.complaint_id = v.complaint_id AND n.verdict_no > v.verdict_no) AND ",
        wanted!(),
        " GROUP BY v.verdict, v.cause, v.responsibility ORDER BY v.verdict, v.cause, v.responsibility"
    );
    let (from, until) = asked.moments();
    Ok(fetch_wanted!(tx, asked, SQL, from, until))
}

/// Return visits that were made in this time.
///
/// # Errors
/// Whatever reading meets.
pub(super) async fn return_visits(tx: &mut Tx, asked: &Asked<'_>) -> Result<Vec<Made>, StoreError> {
    const SQL: &str = concat!(
        "SELECT r.done_by, r.completed_at_ms, r.due_at_ms, r.done_at_ms, d.view_json, (SELECT a.answer_json \
            FROM return_answers a WHERE a.return_id = r.return_id AND a.question = $7 \
            ORDER BY a.answer_no DESC LIMIT 1) AS rating \
        FROM return_visits r JOIN complaints c ON c.complaint_id = r.complaint_id \
        LEFT JOIN visit_documents d ON d.visit_id = r.door_visit \
        WHERE r.state = 'done' AND r.done_at_ms >= $5 AND r.done_at_ms < $6 AND r.done_by IS NOT NULL AND ",
        wanted!(),
        " ORDER BY r.done_at_ms, r.return_id"
    );
    let (from, until) = asked.moments();
    Ok(fetch_wanted!(tx, asked, SQL, from, until, RATING_QUESTION))
}

/// Who asked, and how many seconds each answer on the phone took, of the same.
///
/// # Errors
/// Whatever reading meets.
pub(super) async fn return_answers(tx: &mut Tx, asked: &Asked<'_>) -> Result<Vec<(String, i64)>, StoreError> {
    const SQL: &str = concat!(
        "SELECT a.person_id, a.seconds FROM return_visits r JOIN complaints c ON c.complaint_id = r.complaint_id \
        JOIN return_answers a ON a.return_id = r.return_id \
        WHERE r.state = 'done' AND r.done_at_ms >= $5 AND r.done_at_ms < $6 AND ",
        wanted!(),
        " ORDER BY a.person_id"
    );
    let (from, until) = asked.moments();
    Ok(fetch_wanted!(tx, asked, SQL, from, until))
}

/// How many complaints happened on each of these days.
///
/// # Errors
/// Whatever reading meets.
pub(super) async fn by_day(tx: &mut Tx, asked: &Asked<'_>) -> Result<Vec<(i64, i64)>, StoreError> {
    const SQL: &str = concat!(
        "SELECT r.day, count(*) AS number FROM warning_reports r JOIN complaints c ON c.complaint_id = r.source \
        WHERE r.day >= $5 AND r.day < $6 AND r.kind = 'complaint' AND ",
        wanted!(),
        " GROUP BY r.day ORDER BY r.day"
    );
    Ok(fetch_wanted!(tx, asked, SQL, asked.days.start, asked.days.end))
}
