//! What came in from the field lately: visits that ended, by when the server learned of it.

use crate::complaints::scope::within;
use crate::store::{StoreError, Tx, on_engine};
use sqlx_macros::FromRow;
use sync_core::time::Timestamp;

/// A visit that ended.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct ArrivedVisit {
    pub(crate) complaint_id: String,
    pub(crate) number: String,
    pub(crate) summary: String,
    /// The state of the visit: a stable word.
    pub(crate) state: String,
    /// The device's word for when it ended, Unix milliseconds.
    pub(crate) ended_claimed_ms: Option<i64>,
    /// When the server learned of it.
    pub(crate) ended_received_ms: i64,
}

/// The newest visits that ended and arrived since then, newest first. `places` as from [`Reach::pattern`].
///
/// [`Reach::pattern`]: crate::complaints::scope::Reach::pattern
pub(crate) async fn arrived_visits(
    tx: &mut Tx,
    places: Option<String>,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<ArrivedVisit>, StoreError> {
    const SQL: &str = concat!(
        "SELECT c.complaint_id, c.number, c.summary, v.state, v.ended_claimed_ms, v.ended_received_ms \
        FROM visit_plans v JOIN complaints c ON c.complaint_id = v.complaint_id WHERE v.ended_received_ms >= $1 AND ",
        within!("$2", "c.unit", "c.region"),
        " ORDER BY v.ended_received_ms DESC LIMIT $3"
    );
    Ok(on_engine!(tx, |conn| sqlx::query_as(SQL)
        .bind(since.unix_ms())
        .bind(places)
        .bind(limit)
        .fetch_all(conn)
        .await)?)
}

/// How many visits ended and arrived on each day since the midnight `first`: day 0, 1, 2 … with its count.
pub(crate) async fn arrived_by_day(
    tx: &mut Tx,
    places: Option<String>,
    first: Timestamp,
) -> Result<Vec<(i64, i64)>, StoreError> {
    const SQL: &str = concat!(
        "SELECT CAST((v.ended_received_ms - $1) / 86400000 AS BIGINT) AS day, count(*) AS n \
        FROM visit_plans v JOIN complaints c ON c.complaint_id = v.complaint_id WHERE v.ended_received_ms >= $1 AND ",
        within!("$2", "c.unit", "c.region"),
        " GROUP BY 1"
    );
    Ok(on_engine!(tx, |conn| sqlx::query_as(SQL).bind(first.unix_ms()).bind(places).fetch_all(conn).await)?)
}
