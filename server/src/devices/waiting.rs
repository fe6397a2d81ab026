//! What administrators look after: devices that are silent, late with their work, or wait for an answer.

use super::history::DAY_MS;
use crate::store::{StoreError, Tx, statement};
use sqlx_macros::FromRow;
use sync_core::time::Timestamp;

/// Most devices that are counted of each kind.
const COUNTED_MAX: i64 = 99;

/// How many devices need somebody to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub(crate) struct Waiting {
    /// With access and not heard of for long.
    pub(crate) silent: i64,
    /// With work or photos not sent at their last contact.
    pub(crate) unsent: i64,
    /// Told to forget everything, and no answer yet.
    pub(crate) wipes: i64,
    /// Refused until somebody resumes or revokes them.
    pub(crate) suspended: i64,
    /// Invitations that are still good and not used.
    pub(crate) invited: i64,
}

/// What waits now; devices not heard of since `heard_before` are silent.
pub(crate) async fn waiting(
    tx: &mut Tx,
    heard_before: Timestamp,
    now: Timestamp,
) -> Result<Waiting, StoreError> {
    const SQL: &str = "SELECT \
        (SELECT count(*) FROM (SELECT 1 FROM devices WHERE revoked_at_ms IS NULL \
        AND coalesce(last_seen_at_ms, enrolled_at_ms) < $1 LIMIT $3) s) AS silent, \
        (SELECT count(*) FROM (SELECT 1 FROM devices WHERE revoked_at_ms IS NULL \
        AND (outbox_envelopes > 0 OR outbox_photos > 0) LIMIT $3) u) AS unsent, \
        (SELECT count(*) FROM (SELECT 1 FROM devices WHERE wipe_asked_at_ms IS NOT NULL \
        AND wiped_at_ms IS NULL LIMIT $3) w) AS wipes, \
        (SELECT count(*) FROM (SELECT 1 FROM devices WHERE suspended_at_ms IS NOT NULL \
        AND revoked_at_ms IS NULL LIMIT $3) p) AS suspended, \
        (SELECT count(*) FROM (SELECT 1 FROM device_invitations WHERE device_id IS NULL \
        AND expires_at_ms > $2 LIMIT $3) i) AS invited";
    statement(SQL).bind(heard_before.unix_ms()).bind(now.unix_ms()).bind(COUNTED_MAX).row(tx).await
}

/// How many devices reported on each day since the office's midnight `first`: day 0, 1, 2 … with its count.
pub(crate) async fn reported_by_day(tx: &mut Tx, first: Timestamp) -> Result<Vec<(i64, i64)>, StoreError> {
    const SQL: &str =
        "SELECT day - $1 AS day, count(*) AS n FROM device_contacts WHERE day >= $1 GROUP BY day";
    let first = first.unix_ms().div_euclid(DAY_MS);
    statement(SQL).bind(first).rows(tx).await
}

/// A device that sent something.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct ArrivedDevice {
    pub(crate) device_id: String,
    pub(crate) label: String,
    /// Whose it is.
    pub(crate) person: String,
    /// How many acts came.
    pub(crate) acts: i64,
    /// When the newest of them came, Unix milliseconds.
    pub(crate) newest_at_ms: i64,
}

/// The devices that sent something since then, the newest arrival first, among the newest 2,000 acts: what a busy day
/// brings must not slow down who looks at it.
pub(crate) async fn arrived(
    tx: &mut Tx,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<ArrivedDevice>, StoreError> {
    const SQL: &str = "SELECT d.device_id, d.label, p.display_name AS person, a.acts, a.newest_at_ms FROM \
        (SELECT l.device_id AS device_id, max(l.at_ms) AS newest_at_ms, count(*) AS acts FROM \
        (SELECT n.device_id, n.at_ms FROM server_log n WHERE n.kind = 'envelope' AND n.at_ms >= $1 \
        ORDER BY n.at_ms DESC LIMIT 2000) l GROUP BY l.device_id) a \
        JOIN devices d ON d.device_id = a.device_id JOIN people p ON p.person_id = d.person_id \
        ORDER BY a.newest_at_ms DESC, d.device_id LIMIT $2";
    statement(SQL).bind(since.unix_ms()).bind(limit).rows(tx).await
}
