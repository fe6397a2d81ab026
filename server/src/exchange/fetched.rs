//! What devices have of a visit, as far as they have confirmed it.
//!
//! Nothing is concluded from the fact that something was sent: a device says with each request up to where in the
//! feed it has everything.

use super::epochs;
use crate::store::{StoreError, Tx, statement};
use std::collections::{BTreeMap, BTreeSet};
use sync_core::ids::{DeviceId, PersonId, VisitId};
use sync_core::time::Timestamp;

/// A device that carries or carried a visit, and which envelopes of it it has confirmed.
#[derive(Debug, Clone)]
pub(crate) struct Carrier {
    /// The device.
    pub(crate) device: DeviceId,
    /// Whose device it is.
    pub(crate) person: PersonId,
    /// Whether it is still told about the visit.
    pub(crate) is_told: bool,
    /// When it was last seen.
    pub(crate) last_seen_at: Option<Timestamp>,
    /// Indexes in the server log.
    pub(crate) has: BTreeSet<i64>,
    /// When it first confirmed decisions of the office, by their indexes.
    pub(crate) confirmed_at: BTreeMap<i64, Timestamp>,
}

type Row = (String, String, Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<i64>);

/// The devices of a visit and what they have confirmed of it.
pub(crate) async fn carriers(tx: &mut Tx, visit: VisitId) -> Result<Vec<Carrier>, StoreError> {
    const SQL: &str = "SELECT v.device_id, d.person_id, d.last_seen_at_ms, d.revoked_at_ms, c.acknowledged_epoch, \
        c.acknowledged_cursor, (SELECT max(m.assigned_position) FROM visit_members m WHERE m.visit_id = v.visit_id \
        AND m.person_id = d.person_id AND m.removed_position IS NULL) AS assigned_position \
        FROM device_visits v JOIN devices d ON d.device_id = v.device_id \
        LEFT JOIN device_chains c ON c.device_id = v.device_id \
        WHERE v.visit_id = $1 ORDER BY v.delivered_at_ms, v.device_id";
    let rows: Vec<Row> = statement(SQL).bind(visit.to_string()).rows(tx).await?;
    let epoch = epochs::current(tx).await?;
    let positions = positions(tx, visit).await?;
    let mut confirmed = confirmed(tx, visit).await?;
    let mut carriers = Vec::with_capacity(rows.len());
    for (id, person, last_seen, revoked, acknowledged_epoch, cursor, assigned) in rows {
        let device: DeviceId = StoreError::parse_column("device_visits", "device_id", &id, &id)?;
        let cursor = cursor.filter(|_| acknowledged_epoch == Some(epoch)).unwrap_or(0);
        // Whole documents come with the assignment: before it is confirmed, nothing of the visit is.
        let arrived = assigned.is_some_and(|assigned| assigned <= cursor);
        let has = positions
            .iter()
            .filter(|(_, (position, author))| *author == Some(device) || (arrived && *position <= cursor));
        carriers.push(Carrier {
            device,
            person: StoreError::parse_column("devices", "person_id", &id, &person)?,
            is_told: assigned.is_some() && revoked.is_none(),
            last_seen_at: last_seen.map(Timestamp::from_unix_ms),
            has: has.map(|(log_index, _)| *log_index).collect(),
            confirmed_at: confirmed.remove(&device).unwrap_or_default(),
        });
    }
    Ok(carriers)
}

type Positions = BTreeMap<i64, (i64, Option<DeviceId>)>;

/// Where the envelopes of a visit lie in the feed, and whose they are.
async fn positions(tx: &mut Tx, visit: VisitId) -> Result<Positions, StoreError> {
    const SQL: &str = "SELECT log_index, position, author_device_id FROM feed \
        WHERE audience = $1 AND kind = 'change' AND log_index IS NOT NULL ORDER BY position DESC";
    let audience = super::feed::Audience::Visit(visit).to_string();
    let rows: Vec<(i64, i64, Option<String>)> = statement(SQL).bind(audience).rows(tx).await?;
    let mut positions = Positions::new();
    for (log_index, position, author) in rows {
        let author = author.map(|id| StoreError::parse_column("feed", "author_device_id", &id, &id));
        positions.insert(log_index, (position, author.transpose()?));
    }
    Ok(positions)
}

/// When devices confirmed decisions about a visit.
async fn confirmed(
    tx: &mut Tx,
    visit: VisitId,
) -> Result<BTreeMap<DeviceId, BTreeMap<i64, Timestamp>>, StoreError> {
    const SQL: &str = "SELECT f.device_id, f.log_index, f.confirmed_at_ms FROM fetched_decisions f \
        JOIN server_log l ON l.log_index = f.log_index WHERE l.visit_id = $1";
    let rows: Vec<(String, i64, i64)> = statement(SQL).bind(visit.to_string()).rows(tx).await?;
    let mut confirmed: BTreeMap<DeviceId, BTreeMap<i64, Timestamp>> = BTreeMap::new();
    for (id, log_index, at_ms) in rows {
        let device = StoreError::parse_column("fetched_decisions", "device_id", &id, &id)?;
        confirmed.entry(device).or_default().insert(log_index, Timestamp::from_unix_ms(at_ms));
    }
    Ok(confirmed)
}

/// Notes which decisions are among what a device confirmed: what is fed after the first of these positions, up to the
/// second. Decisions of the office are few among it, and have an index of their own.
pub(super) async fn note(
    tx: &mut Tx,
    device: DeviceId,
    (before, cursor): (i64, i64),
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO fetched_decisions (log_index, device_id, confirmed_at_ms) \
        SELECT f.log_index, $1, CAST($4 AS BIGINT) FROM feed f \
        JOIN server_log l ON l.log_index = f.log_index \
        JOIN device_visits v ON v.device_id = $1 AND v.visit_id = l.visit_id \
        WHERE f.kind = 'change' AND f.author_device_id IS NULL AND f.position > $2 AND f.position <= $3 \
        ON CONFLICT (log_index, device_id) DO NOTHING";
    if cursor <= before {
        return Ok(());
    }
    statement(SQL).bind(device.to_string()).bind(before).bind(cursor).bind(now.unix_ms()).execute(tx).await?;
    Ok(())
}
