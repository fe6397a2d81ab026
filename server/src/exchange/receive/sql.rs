//! What is noted about envelopes beside the server log, in the transaction that appends them.

use crate::exchange::chains::as_i64;
use crate::exchange::envelopes::kind_name;
use crate::store::{StoreError, Tx, insert_rows, statement};
use std::collections::BTreeMap;
use sync_core::ids::{DeviceId, VisitId};
use sync_core::log::{Body, BodyKind, Envelope};
use sync_core::time::Timestamp;

/// Envelopes of one device that are refused or wait for a verdict; beyond that they stay on the device.
pub(super) const UNSETTLED_MAX: i64 = 5_000;
/// Their bytes: eight of the largest requests. The request that reaches a limit is still taken whole.
pub(super) const UNSETTLED_BYTES_MAX: i64 = 32 << 20;

/// What is kept of a device without having entered a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx_macros::FromRow)]
pub(in crate::exchange) struct Unsettled {
    envelopes: i64,
    bytes: i64,
}

impl Unsettled {
    /// Whether nothing more is taken until some of it is decided.
    pub(in crate::exchange) const fn is_full(self) -> bool {
        self.envelopes >= UNSETTLED_MAX || self.bytes >= UNSETTLED_BYTES_MAX
    }
}

/// Envelopes of the device that are refused and not decided about, or wait for a verdict.
pub(in crate::exchange) async fn unsettled(tx: &mut Tx, device: DeviceId) -> Result<Unsettled, StoreError> {
    const SQL: &str = "SELECT count(*) AS envelopes, CAST(coalesce(sum(length(b.body)), 0) AS BIGINT) AS bytes \
        FROM (SELECT log_index FROM quarantine WHERE device_id = $1 AND state = 'open' \
        UNION ALL SELECT log_index FROM envelope_states WHERE device_id = $1 AND state = 'pending') u \
        LEFT JOIN envelope_bodies b ON b.log_index = u.log_index";
    statement(SQL).bind(device.to_string()).row(tx).await
}

/// The device works on these visits: until it says otherwise it may hold more about them.
pub(in crate::exchange) async fn note_visits(
    tx: &mut Tx,
    device: DeviceId,
    fresh: &[&Envelope],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut newest: BTreeMap<VisitId, (u64, Timestamp)> = BTreeMap::new();
    for header in fresh.iter().map(|envelope| envelope.header()) {
        if let Some(visit) = header.visit {
            newest.insert(visit, (header.sequence, header.claimed_at));
        }
    }
    let rows: Vec<_> = newest.into_iter().collect();
    insert_rows!(
        tx,
        "INSERT INTO device_visits (device_id, visit_id, delivered_at_ms, last_seq, last_claimed_at_ms) ",
        &rows,
        |bind, (visit, (sequence, claimed_at))| {
            bind.push_bind(device.to_string()).push_bind(visit.to_string()).push_bind(now.unix_ms());
            bind.push_bind(as_i64(*sequence)).push_bind(claimed_at.unix_ms())
        },
        " ON CONFLICT (device_id, visit_id) DO UPDATE SET last_seq = excluded.last_seq, \
            last_claimed_at_ms = excluded.last_claimed_at_ms, settled_at_ms = NULL, settled_by = NULL"
    )
}

/// The device says that it holds nothing more about these visits.
pub(in crate::exchange) async fn settle_visits(
    tx: &mut Tx,
    device: DeviceId,
    visits: &[VisitId],
    now: Timestamp,
) -> Result<(), StoreError> {
    if visits.is_empty() {
        return Ok(());
    }
    let mut query = statement("UPDATE device_visits SET settled_at_ms = ");
    query.push_bind(now.unix_ms()).push(", settled_by = 'device' WHERE device_id = ");
    query.push_bind(device.to_string()).push(" AND settled_at_ms IS NULL AND visit_id IN (");
    let mut list = query.places();
    for visit in visits {
        list.push_bind(visit.to_string());
    }
    query.push(")");
    query.execute(tx).await?;
    Ok(())
}

/// Every envelope begins as pending, except those that nobody judges.
pub(in crate::exchange) async fn note_states(
    tx: &mut Tx,
    device: DeviceId,
    first: i64,
    fresh: &[&Envelope],
) -> Result<(), StoreError> {
    let rows: Vec<_> = (first..).zip(fresh).collect();
    insert_rows!(
        tx,
        "INSERT INTO envelope_states (log_index, device_id, device_seq, visit_id, kind, state) ",
        &rows,
        |bind, (log_index, envelope)| {
            let header = envelope.header();
            let state = match header.kind {
                BodyKind::Restricted | BodyKind::ChainRestart => "merged",
                _ => "pending",
            };
            bind.push_bind(*log_index).push_bind(device.to_string()).push_bind(as_i64(header.sequence));
            bind.push_bind(header.visit.map(String::from)).push_bind(kind_name(header.kind)).push_bind(state)
        },
        ""
    )
}

/// A chain that was taken up again after a loss is shown to the office.
pub(in crate::exchange) async fn note_gaps(
    tx: &mut Tx,
    first: i64,
    fresh: &[&Envelope],
    now: Timestamp,
) -> Result<(), StoreError> {
    let gap = |(log_index, envelope): (i64, &&Envelope)| match envelope.body() {
        Ok(Body::ChainRestart(restart)) => Some((log_index, envelope.header().clone(), restart)),
        _ => None,
    };
    let restarts =
        (first..).zip(fresh).filter(|(_, envelope)| envelope.header().kind == BodyKind::ChainRestart);
    let rows: Vec<_> = restarts.filter_map(gap).collect();
    insert_rows!(
        tx,
        "INSERT INTO chain_gaps (log_index, device_id, person_id, after_seq, before_seq, lost_hashes, received_at_ms) ",
        &rows,
        |bind, (log_index, header, restart)| {
            let lost: Vec<String> = restart.lost.iter().map(ToString::to_string).collect();
            bind.push_bind(*log_index)
                .push_bind(header.device.to_string())
                .push_bind(header.person.to_string());
            bind.push_bind(as_i64(restart.acknowledged_sequence)).push_bind(as_i64(header.sequence));
            bind.push_bind(lost.join("\n")).push_bind(now.unix_ms())
        },
        ""
    )
}
