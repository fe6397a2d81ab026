//! Where the competing values come from on the visits that an answer is about: a device that got a whole document knows
//! neither who wrote a value nor when, and none knows when it came here.

use super::sql::VISITS_PER_QUERY;
use crate::exchange::envelopes;
use crate::store::{StoreError, Tx, select_in};
use std::collections::{BTreeMap, BTreeSet};
use sync_core::document::Written;
use sync_core::ids::{ChangeHash, VisitId};
use sync_core::protocol::ChangeOrigin;
use sync_core::time::Timestamp;

/// Values that one answer explains; the office sees all of them.
const VALUES_MAX: usize = 500;

/// The origins of all values in conflicts of these visits that the office has not decided.
pub(super) async fn of_conflicts(
    tx: &mut Tx,
    visits: &BTreeSet<VisitId>,
) -> Result<Vec<ChangeOrigin>, StoreError> {
    let mut found = Vec::new();
    for (visit, changes) in competing(tx, visits).await? {
        let room = VALUES_MAX.saturating_sub(found.len());
        let changes: Vec<ChangeHash> = changes.into_iter().take(room).collect();
        if !changes.is_empty() {
            found.extend(of_changes(tx, visit, &changes).await?);
        }
    }
    Ok(found)
}

/// The changes that wrote competing values, by visit.
async fn competing(
    tx: &mut Tx,
    visits: &BTreeSet<VisitId>,
) -> Result<BTreeMap<VisitId, BTreeSet<ChangeHash>>, StoreError> {
    const SQL: &str = "SELECT visit_id, values_json FROM conflicts WHERE visit_id IN (";
    const END: &str = ") AND state <> 'resolved' AND kind = 'values'";
    let visits: Vec<VisitId> = visits.iter().copied().collect();
    let mut found: BTreeMap<VisitId, BTreeSet<ChangeHash>> = BTreeMap::new();
    for visits in visits.chunks(VISITS_PER_QUERY) {
        let rows: Vec<(String, String)> = select_in!(tx, SQL, visits, |visit| visit.to_string(), END)?;
        for (visit, json) in rows {
            let impossible = |_| StoreError::impossible("conflicts", "values_json", visit.as_str());
            let values: Vec<Written> = serde_json::from_str(&json).map_err(impossible)?;
            let visit = StoreError::parse_column("conflicts", "visit_id", &visit, &visit)?;
            found.entry(visit).or_default().extend(values.iter().map(|written| written.change));
        }
    }
    Ok(found)
}

async fn of_changes(
    tx: &mut Tx,
    visit: VisitId,
    changes: &[ChangeHash],
) -> Result<Vec<ChangeOrigin>, StoreError> {
    // What lay in escrow came when it was put there.
    const SQL: &str = "SELECT c.change_hash, c.log_index, coalesce(e.received_at_ms, l.at_ms) FROM changes c \
        JOIN server_log l ON l.log_index = c.log_index \
        LEFT JOIN escrow e ON e.envelope_hash = l.envelope_hash WHERE c.change_hash IN (";
    let end = format!(") AND c.visit_id = '{visit}'");
    let rows: Vec<(String, i64, i64)> = select_in!(tx, SQL, changes, |change| change.to_string(), &end)?;
    let indexes: Vec<i64> = rows.iter().map(|row| row.1).collect();
    let envelopes = envelopes::load(tx, &indexes).await?;
    let mut origins = Vec::with_capacity(rows.len());
    for (change, log_index, received_at_ms) in rows {
        let Some(envelope) = envelopes.get(&log_index) else { continue };
        let header = envelope.header();
        origins.push(ChangeOrigin {
            change: StoreError::parse_column("changes", "change_hash", &change, &change)?,
            device: header.device,
            sequence: header.sequence,
            person: header.person,
            claimed_at: header.claimed_at,
            received_at: Timestamp::from_unix_ms(received_at_ms),
        });
    }
    Ok(origins)
}
