//! The tables `server_log` and `envelope_bodies`.

use super::entry::{EntryKind, NewEntry, sha256_hex};
use crate::store::{Counter, StoreError, Tx, insert_rows, next_numbers, select_in, statement};
use sqlx_macros::FromRow;
use sync_core::ids::{DeviceId, VisitId};

/// Visits that one query asks about.
const VISITS_PER_QUERY: usize = 200;

/// An entry as it lies in the log.
#[derive(Debug, Clone, FromRow)]
pub struct Entry {
    /// Its position; there are no gaps.
    pub log_index: i64,
    /// The history it belongs to.
    pub epoch: i64,
    /// What kind of act it is.
    pub kind: String,
    /// When the server recorded it, Unix milliseconds.
    pub at_ms: i64,
    /// Who acted.
    pub person_id: Option<String>,
    /// The device that acted or that the act is about.
    pub device_id: Option<String>,
    /// Number of an envelope in its device's chain.
    pub device_seq: Option<i64>,
    /// Hash of an envelope.
    pub envelope_hash: Option<String>,
    /// The visit that the act is about.
    pub visit_id: Option<String>,
    /// The canonical bytes.
    pub entry: Vec<u8>,
    /// Their SHA-256.
    pub entry_sha256: String,
}

/// Appends one entry and returns its index. Call it last in the transaction: it takes the log's counter.
///
/// # Errors
/// [`StoreError::is_unique_violation`] when this very envelope is in the log already.
pub async fn append(tx: &mut Tx, entry: &NewEntry<'_>) -> Result<i64, StoreError> {
    append_all(tx, std::slice::from_ref(entry)).await
}

/// Appends entries in this order and returns the index of the first; the others follow without a gap.
pub async fn append_all(tx: &mut Tx, entries: &[NewEntry<'_>]) -> Result<i64, StoreError> {
    let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    let first = next_numbers(tx, Counter::SERVER_LOG, count).await?;
    let rows: Vec<_> =
        (first..).zip(entries).map(|(log_index, entry)| (log_index, entry, entry.to_bytes())).collect();
    insert_rows!(
        tx,
        "INSERT INTO server_log (log_index, epoch, kind, at_ms, person_id, device_id, device_seq, envelope_hash, \
            visit_id, cose, entry, entry_sha256) ",
        &rows,
        |bind, (log_index, entry, bytes)| {
            let envelope = entry.envelope;
            let seq = envelope.map(|envelope| i64::try_from(envelope.seq).unwrap_or(i64::MAX));
            bind.push_bind(*log_index).push("(SELECT epoch FROM installation)");
            bind.push_bind(entry.kind.0).push_bind(entry.at.unix_ms());
            bind.push_bind(entry.person.map(String::from))
                .push_bind(entry.device.map(String::from))
                .push_bind(seq);
            bind.push_bind(envelope.map(|envelope| envelope.hash.to_string()));
            bind.push_bind(entry.visit.map(String::from))
                .push_bind(envelope.map(|envelope| envelope.cose.to_vec()));
            bind.push_bind(bytes.clone()).push_bind(sha256_hex(bytes))
        },
        ""
    )?;
    note(tx, first, entries).await?;
    let body = |(log_index, entry): (i64, &NewEntry<'_>)| {
        let (salt, body) = entry.envelope?.body?;
        Some((log_index, salt.to_vec(), body.to_vec()))
    };
    let bodies: Vec<_> = (first..).zip(entries).filter_map(body).collect();
    insert_rows!(
        tx,
        "INSERT INTO envelope_bodies (log_index, salt, body) ",
        &bodies,
        |bind, (log_index, salt, body)| bind
            .push_bind(*log_index)
            .push_bind(salt.clone())
            .push_bind(body.clone()),
        ""
    )?;
    Ok(first)
}

/// Keeps beside the log what its entries are found by and explained with.
async fn note(tx: &mut Tx, first: i64, entries: &[NewEntry<'_>]) -> Result<(), StoreError> {
    let noted = |(log_index, entry): (i64, &NewEntry<'_>)| {
        let complaint = entry.detail.complaint().map(str::to_owned);
        (complaint.is_some() || entry.reason.is_some()).then(|| (log_index, complaint, entry.reason.clone()))
    };
    let rows: Vec<_> = (first..).zip(entries).filter_map(noted).collect();
    insert_rows!(
        tx,
        "INSERT INTO act_notes (log_index, complaint_id, reason) ",
        &rows,
        |bind, (log_index, complaint, reason)| bind
            .push_bind(*log_index)
            .push_bind(complaint.clone())
            .push_bind(reason.clone()),
        ""
    )
}

/// Index of the newest entry; 0 for an empty log.
pub async fn last_index(tx: &mut Tx) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT CAST(coalesce(max(log_index), 0) AS BIGINT) FROM server_log";
    statement(SQL).value(tx).await
}

/// Entries after this index, oldest first, at most `limit` of them.
pub async fn list(tx: &mut Tx, after: i64, limit: u32) -> Result<Vec<Entry>, StoreError> {
    const SQL: &str = "SELECT log_index, epoch, kind, at_ms, person_id, device_id, device_seq, envelope_hash, \
        visit_id, entry, entry_sha256 FROM server_log WHERE log_index > $1 ORDER BY log_index LIMIT $2";
    let limit = i64::from(limit);
    statement(SQL).bind(after).bind(limit).rows(tx).await
}

/// Which acts are wanted; `None` leaves that open.
#[derive(Debug, Clone, Default)]
pub(super) struct ActFilter {
    pub(super) kind: Option<String>,
    /// Who acted.
    pub(super) person: Option<String>,
    /// What it is about: the complaint itself or one of its visits.
    pub(super) complaint: Option<String>,
    /// From this moment on, Unix milliseconds.
    pub(super) from_ms: Option<i64>,
    /// Before this one.
    pub(super) until_ms: Option<i64>,
}

/// An act with the reason that was given for it.
#[derive(Debug, Clone, FromRow)]
pub(super) struct ActRow {
    #[sqlx(flatten)]
    pub(super) entry: Entry,
    pub(super) reason: Option<String>,
}

/// The condition of the partial indexes: it keeps the search away from the envelopes.
const IS_ACT: &str = "kind <> 'envelope' AND kind <> 'gate.decided' AND kind <> 'evidence.arrived'";

/// Acts of people and of the installation before this position, newest first: all kinds that do not come in floods, as
/// far as the filter wants them.
pub(super) async fn list_acts(
    tx: &mut Tx,
    before: i64,
    filter: &ActFilter,
    limit: u32,
) -> Result<Vec<ActRow>, StoreError> {
    const SELECT: &str = "SELECT a.log_index, a.epoch, a.kind, a.at_ms, a.person_id, a.device_id, a.device_seq, \
        a.envelope_hash, a.visit_id, a.entry, a.entry_sha256, n.reason FROM (SELECT log_index, epoch, kind, at_ms, \
        person_id, device_id, device_seq, envelope_hash, visit_id, entry, entry_sha256 FROM server_log WHERE ";
    let mut query = statement(SELECT);
    // What is done about restricted findings is told to inspectors, on the page of the finding.
    query.push(IS_ACT).push(" AND kind NOT IN ('restricted.recorded', 'restricted.acted')");
    query.push(" AND log_index < ").push_bind(before);
    if let Some(kind) = &filter.kind {
        query.push(" AND kind = ").push_bind(kind);
    }
    if let Some(person) = &filter.person {
        query.push(" AND person_id = ").push_bind(person);
    }
    if let Some(complaint) = &filter.complaint {
        query.push(" AND log_index IN (SELECT log_index FROM act_notes WHERE complaint_id = ");
        query.push_bind(complaint).push(" UNION SELECT s.log_index FROM visit_plans p JOIN server_log s ");
        query.push("ON s.visit_id = p.visit_id WHERE p.complaint_id = ").push_bind(complaint).push(")");
    }
    if let Some(from) = filter.from_ms {
        query.push(" AND at_ms >= ").push_bind(from);
    }
    if let Some(until) = filter.until_ms {
        query.push(" AND at_ms < ").push_bind(until);
    }
    query.push(" ORDER BY log_index DESC LIMIT ").push_bind(i64::from(limit));
    query.push(") a LEFT JOIN act_notes n ON n.log_index = a.log_index ORDER BY a.log_index DESC");

    query.rows(tx).await
}

/// What was done to a device before this position, newest first; what it did itself stands with its visits.
pub(crate) async fn list_of_device(
    tx: &mut Tx,
    device: DeviceId,
    before: i64,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    // The list is the one of the index: it keeps the search away from the envelopes.
    const SQL: &str = "SELECT log_index, epoch, kind, at_ms, person_id, device_id, device_seq, envelope_hash, \
        visit_id, entry, entry_sha256 FROM server_log WHERE kind IN ('device.enrolled', 'device.renamed', \
        'device.suspended', 'device.resumed', 'device.revoked', 'device.wipe_ordered', 'device.wipe_withdrawn', \
        'device.wiped', 'device.declared_lost', 'device.forked', 'envelope.escrowed', 'evidence.refused') \
        AND device_id = $1 AND log_index < $2 ORDER BY log_index DESC LIMIT $3";
    statement(SQL).bind(device.to_string()).bind(before).bind(i64::from(limit)).rows(tx).await
}

/// What was done to a visit.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct VisitAct {
    /// The visit.
    pub(crate) visit_id: String,
    /// Who acted.
    pub(crate) person_id: Option<String>,
    /// When, Unix milliseconds.
    pub(crate) at_ms: i64,
    /// Why, where a reason was given.
    pub(crate) reason: Option<String>,
}

/// Acts of one kind about these visits, oldest first.
pub(crate) async fn acts_on_visits(
    tx: &mut Tx,
    kind: EntryKind,
    visits: &[VisitId],
) -> Result<Vec<VisitAct>, StoreError> {
    const SQL: &str = "SELECT l.visit_id, l.person_id, l.at_ms, n.reason FROM server_log l \
        LEFT JOIN act_notes n ON n.log_index = l.log_index WHERE l.visit_id IN (";
    let end = format!(") AND l.kind = '{}' ORDER BY l.log_index", kind.0);
    let mut acts = Vec::new();
    for visits in visits.chunks(VISITS_PER_QUERY) {
        let found: Vec<VisitAct> = select_in!(tx, SQL, visits, |visit| visit.to_string(), &end)?;
        acts.extend(found);
    }
    Ok(acts)
}

/// The first index that has no entry though a later one has; `None` in a sound log.
pub async fn first_gap(tx: &mut Tx) -> Result<Option<i64>, StoreError> {
    const SQL: &str =
        "SELECT CAST(count(*) AS BIGINT), CAST(coalesce(max(log_index), 0) AS BIGINT) FROM server_log";
    const FIND: &str = "SELECT CAST(min(l.log_index) + 1 AS BIGINT) FROM server_log l WHERE NOT EXISTS \
        (SELECT 1 FROM server_log n WHERE n.log_index = l.log_index + 1)";
    let (count, newest): (i64, i64) = statement(SQL).row(tx).await?;
    if count == newest {
        return Ok(None);
    }
    statement(FIND).value_if_any(tx).await
}
