//! What an answer reads. Sizes before contents, so that nothing is read that finds no room.

use crate::exchange::chains::as_i64;
use crate::exchange::visits::heads_from;
use crate::store::{StoreError, Tx, select_in, statement};
use std::collections::{BTreeMap, BTreeSet};
use sync_core::ids::{DeviceId, PersonId, VisitId};
use sync_core::protocol::WholeDocument;
use sync_core::time::Timestamp;

pub(super) const VISITS_PER_QUERY: usize = 200;

/// A visit of the person who asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct MemberVisit {
    /// Where the feed says that the person came to it.
    pub(super) assigned_position: i64,
    pub(super) digest: [u8; 8],
}

pub(super) async fn member_visits(
    tx: &mut Tx,
    person: PersonId,
) -> Result<BTreeMap<VisitId, MemberVisit>, StoreError> {
    const SQL: &str = "SELECT m.visit_id, m.assigned_position, d.digest FROM visit_members m \
        JOIN visit_documents d ON d.visit_id = m.visit_id WHERE m.person_id = $1 AND m.removed_position IS NULL";
    let rows: Vec<(String, i64, Vec<u8>)> = statement(SQL).bind(person.to_string()).rows(tx).await?;
    let parse = |(visit, assigned_position, digest): (String, i64, Vec<u8>)| {
        let digest =
            digest.try_into().map_err(|_| StoreError::impossible("visit_documents", "digest", &visit))?;
        let id = StoreError::parse_column("visit_members", "visit_id", &visit, &visit)?;
        Ok((id, MemberVisit { assigned_position, digest }))
    };
    rows.into_iter().map(parse).collect()
}

/// Fields of these visits with competing values that the office has not decided: how many of each visit wait for a
/// choice. Texts that were merged wait for the office alone: a device has nothing to choose from.
pub(super) async fn undecided_conflicts(
    tx: &mut Tx,
    visits: &BTreeSet<VisitId>,
) -> Result<BTreeMap<VisitId, u32>, StoreError> {
    const SQL: &str =
        "SELECT visit_id, CASE state WHEN 'open' THEN 1 ELSE 0 END FROM conflicts WHERE visit_id IN (";
    const END: &str = ") AND state IN ('open', 'settled_in_field') AND kind = 'values'";
    let visits: Vec<VisitId> = visits.iter().copied().collect();
    let mut found = BTreeMap::new();
    for visits in visits.chunks(VISITS_PER_QUERY) {
        let rows: Vec<(String, i32)> = select_in!(tx, SQL, visits, |visit| visit.to_string(), END)?;
        for (visit, open) in rows {
            let id = StoreError::parse_column("conflicts", "visit_id", &visit, &visit)?;
            *found.entry(id).or_default() += u32::from(open == 1);
        }
    }
    Ok(found)
}

pub(super) async fn envelope_sizes(
    tx: &mut Tx,
    log_indexes: &[i64],
) -> Result<BTreeMap<i64, usize>, StoreError> {
    const SQL: &str =
        "SELECT log_index, CAST(length(body) AS BIGINT) FROM envelope_bodies WHERE log_index IN (";
    let rows: Vec<(i64, i64)> = select_in!(tx, SQL, log_indexes, |log_index| *log_index, ")")?;
    Ok(rows.into_iter().map(|(log_index, bytes)| (log_index, usize::try_from(bytes).unwrap_or(0))).collect())
}

pub(super) async fn own_envelopes(
    tx: &mut Tx,
    device: DeviceId,
    from: u64,
    limit: i64,
) -> Result<Vec<(i64, usize)>, StoreError> {
    const SQL: &str = "SELECT l.log_index, CAST(length(b.body) AS BIGINT) FROM server_log l \
        JOIN envelope_bodies b ON b.log_index = l.log_index \
        WHERE l.device_id = $1 AND l.device_seq >= $2 ORDER BY l.device_seq LIMIT $3";
    let rows: Vec<(i64, i64)> =
        statement(SQL).bind(device.to_string()).bind(as_i64(from)).bind(limit).rows(tx).await?;
    Ok(rows.into_iter().map(|(log_index, bytes)| (log_index, usize::try_from(bytes).unwrap_or(0))).collect())
}

pub(super) async fn document_sizes(
    tx: &mut Tx,
    visits: &[VisitId],
) -> Result<BTreeMap<VisitId, usize>, StoreError> {
    const SQL: &str =
        "SELECT visit_id, CAST(length(saved) AS BIGINT) FROM visit_documents WHERE visit_id IN (";
    let rows: Vec<(String, i64)> = select_in!(tx, SQL, visits, |visit| visit.to_string(), ")")?;
    let parse = |(visit, bytes): (String, i64)| {
        let id = StoreError::parse_column("visit_documents", "visit_id", &visit, &visit)?;
        Ok((id, usize::try_from(bytes).unwrap_or(0)))
    };
    rows.into_iter().map(parse).collect()
}

pub(super) async fn documents(tx: &mut Tx, visits: &[VisitId]) -> Result<Vec<WholeDocument>, StoreError> {
    const SQL: &str = "SELECT visit_id, saved, heads FROM visit_documents WHERE visit_id IN (";
    type Row = (String, Vec<u8>, Vec<u8>);
    let rows: Vec<Row> = select_in!(tx, SQL, visits, |visit| visit.to_string(), ") ORDER BY visit_id")?;
    let parse = |(visit, saved, heads): (String, Vec<u8>, Vec<u8>)| {
        let visit = StoreError::parse_column("visit_documents", "visit_id", &visit, &visit)?;
        Ok(WholeDocument { visit, saved: saved.into(), heads: heads_from(&heads) })
    };
    rows.into_iter().map(parse).collect()
}

/// What the office wrote into these visits: envelopes of a log that is no device's.
pub(super) async fn office_envelopes(tx: &mut Tx, visits: &[VisitId]) -> Result<Vec<i64>, StoreError> {
    const SQL: &str = "SELECT DISTINCT c.log_index FROM changes c JOIN server_log l ON l.log_index = c.log_index \
        LEFT JOIN devices d ON d.device_id = l.device_id WHERE d.device_id IS NULL AND c.visit_id IN (";
    let rows: Vec<(i64,)> = select_in!(tx, SQL, visits, |visit| visit.to_string(), ") ORDER BY c.log_index")?;
    Ok(rows.into_iter().map(|(log_index,)| log_index).collect())
}

/// When the newest envelopes of the device about these visits were recorded, as the device says.
pub(super) async fn newest_claims(
    tx: &mut Tx,
    device: DeviceId,
    visits: &[VisitId],
) -> Result<Vec<(VisitId, Timestamp)>, StoreError> {
    if visits.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = statement("SELECT visit_id, last_claimed_at_ms FROM device_visits WHERE device_id = ");
    query.push_bind(device.to_string()).push(" AND visit_id IN (");
    let mut list = query.places();
    for visit in visits {
        list.push_bind(visit.to_string());
    }
    query.push(") ORDER BY visit_id");
    let rows: Vec<(String, i64)> = query.rows(tx).await?;
    let parse = |(visit, claimed_at_ms): (String, i64)| {
        let id = StoreError::parse_column("device_visits", "visit_id", &visit, &visit)?;
        Ok((id, Timestamp::from_unix_ms(claimed_at_ms)))
    };
    rows.into_iter().map(parse).collect()
}
