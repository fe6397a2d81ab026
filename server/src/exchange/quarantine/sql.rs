//! The tables `quarantine` and `quarantined_changes`.

use crate::exchange::chains::as_i64;
use crate::exchange::gate::{Fate, Unit, changes_of};
use crate::exchange::visits::{heads_bytes, heads_from};
use crate::store::{StoreError, Tx, insert_rows, statement};
use std::collections::{BTreeMap, BTreeSet};
use sync_core::ids::{ChangeHash, DeviceId, EnvelopeHash, PersonId, VisitId};
use sync_core::log::Envelope;
use sync_core::time::Timestamp;

/// An envelope in quarantine.
#[derive(Debug, Clone)]
pub struct QuarantineItem {
    /// Index of the envelope in the server log; the item's id.
    pub log_index: i64,
    /// Its author's device.
    pub device_id: DeviceId,
    /// Its number in the device's chain.
    pub device_seq: i64,
    /// Its author.
    pub person_id: PersonId,
    /// The visit it is about.
    pub visit_id: Option<VisitId>,
    /// When it was recorded, as the device says.
    pub claimed_at: Timestamp,
    /// When the server got it.
    pub received_at: Timestamp,
    /// Stable reason code.
    pub reason: String,
    /// What exactly.
    pub detail: String,
    /// `open`, `accepted`, `rejected` or `superseded`.
    pub state: String,
    /// When it was refused.
    pub opened_at_ms: i64,
    /// When a person decided, or its author wrote it anew.
    pub decided_at_ms: Option<i64>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// Why.
    pub decision_reason: Option<String>,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    log_index: i64,
    reason: String,
    detail: String,
    state: String,
    opened_at_ms: i64,
    decided_at_ms: Option<i64>,
    decided_by: Option<String>,
    decision_reason: Option<String>,
    at_ms: i64,
    cose: Vec<u8>,
}

const SELECT: &str = "SELECT q.log_index, q.reason, q.detail, q.state, q.opened_at_ms, q.decided_at_ms, q.decided_by, \
    q.decision_reason, l.at_ms, l.cose FROM quarantine q JOIN server_log l ON l.log_index = q.log_index WHERE ";

impl TryFrom<Row> for QuarantineItem {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let header = Envelope::header_of(&row.cose)
            .map_err(|_| StoreError::impossible("server_log", "cose", row.log_index.to_string()))?;
        Ok(Self {
            log_index: row.log_index,
            device_id: header.device,
            device_seq: as_i64(header.sequence),
            person_id: header.person,
            visit_id: header.visit,
            claimed_at: header.claimed_at,
            received_at: Timestamp::from_unix_ms(row.at_ms),
            reason: row.reason,
            detail: row.detail,
            state: row.state,
            opened_at_ms: row.opened_at_ms,
            decided_at_ms: row.decided_at_ms,
            decided_by: row.decided_by,
            decision_reason: row.decision_reason,
        })
    }
}

/// One item.
pub async fn find(tx: &mut Tx, log_index: i64) -> Result<Option<QuarantineItem>, StoreError> {
    let mut query = statement(SELECT);
    query.push("q.log_index = ").push_bind(log_index);
    let row: Option<Row> = query.row_if_any(tx).await?;
    row.map(QuarantineItem::try_from).transpose()
}

/// Items after this one in a state, oldest first, of one visit or of all.
pub async fn list(
    tx: &mut Tx,
    state: &str,
    visit: Option<VisitId>,
    after: i64,
    limit: u32,
) -> Result<Vec<QuarantineItem>, StoreError> {
    let mut query = statement(SELECT);
    query.push("q.state = ").push_bind(state.to_owned()).push(" AND q.log_index > ").push_bind(after);
    if let Some(visit) = visit {
        query.push(" AND q.visit_id = ").push_bind(visit.to_string());
    }
    query.push(" ORDER BY q.log_index LIMIT ").push_bind(i64::from(limit));
    let rows: Vec<Row> = query.rows(tx).await?;
    rows.into_iter().map(QuarantineItem::try_from).collect()
}

/// Keeps what was refused.
pub(in crate::exchange) async fn insert<'a>(
    tx: &mut Tx,
    units: impl Iterator<Item = &'a Unit>,
    fates: &BTreeMap<i64, Fate>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let refused = |unit: &'a Unit| match fates.get(&unit.log_index) {
        Some(Fate::Quarantined { reason, detail }) => Some((unit, reason, detail)),
        _ => None,
    };
    let rows: Vec<_> = units.filter_map(refused).collect();
    for (unit, reason, _) in &rows {
        metrics::counter!("fieldloop_envelopes_quarantined_total", "reason" => (*reason).clone())
            .increment(1);
        tracing::warn!(log_index = unit.log_index, device = %unit.envelope.header().device, reason, "quarantined");
    }
    insert_rows!(
        tx,
        "INSERT INTO quarantine (log_index, device_id, device_seq, person_id, visit_id, envelope_hash, reason, \
            detail, state, opened_at_ms) ",
        &rows,
        |bind, (unit, reason, detail)| {
            let header = unit.envelope.header();
            bind.push_bind(unit.log_index)
                .push_bind(header.device.to_string())
                .push_bind(as_i64(header.sequence));
            bind.push_bind(header.person.to_string()).push_bind(header.visit.map(String::from));
            bind.push_bind(unit.envelope.hash().to_string()).push_bind((*reason).clone());
            bind.push_bind((*detail).clone()).push_bind("open").push_bind(now.unix_ms())
        },
        ""
    )?;
    let changes: Vec<(VisitId, ChangeHash, i64)> = rows
        .iter()
        .filter_map(|(unit, ..)| Some((unit.envelope.header().visit?, *unit)))
        .flat_map(|(visit, unit)| changes_of(unit).into_iter().map(move |hash| (visit, hash, unit.log_index)))
        .collect();
    insert_rows!(
        tx,
        "INSERT INTO quarantined_changes (visit_id, change_hash, log_index) ",
        &changes,
        |bind, (visit, hash, log_index)| {
            bind.push_bind(visit.to_string()).push_bind(hash.to_string()).push_bind(*log_index)
        },
        " ON CONFLICT (visit_id, change_hash, log_index) DO NOTHING"
    )
}

/// Keeps one envelope that a person took up from escrow, until the same person lets it in.
pub(in crate::exchange) async fn keep(
    tx: &mut Tx,
    log_index: i64,
    envelope: &Envelope,
    (reason, detail): (&str, &str),
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO quarantine (log_index, device_id, device_seq, person_id, visit_id, envelope_hash, \
        reason, detail, state, opened_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9)";
    let header = envelope.header();
    statement(SQL)
        .bind(log_index)
        .bind(header.device.to_string())
        .bind(as_i64(header.sequence))
        .bind(header.person.to_string())
        .bind(header.visit.map(String::from))
        .bind(envelope.hash().to_string())
        .bind(reason)
        .bind(detail)
        .bind(now.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

/// Gives an open item another reason.
pub(super) async fn give_reason(
    tx: &mut Tx,
    log_index: i64,
    (reason, detail): (&str, &str),
) -> Result<(), StoreError> {
    const SQL: &str =
        "UPDATE quarantine SET reason = $2, detail = $3 WHERE log_index = $1 AND state = 'open'";
    statement(SQL).bind(log_index).bind(reason).bind(detail).execute(tx).await?;
    Ok(())
}

/// Takes an envelope out of those that wait; false when it was judged meanwhile.
pub(super) async fn refuse_waiting(tx: &mut Tx, log_index: i64) -> Result<bool, StoreError> {
    const SQL: &str =
        "UPDATE envelope_states SET state = 'quarantined' WHERE log_index = $1 AND state = 'pending'";
    let refused = statement(SQL).bind(log_index).execute(tx).await?;
    Ok(refused == 1)
}

/// Notes which changes an item holds: what builds on them is kept with it.
pub(super) async fn note_changes(
    tx: &mut Tx,
    visit: VisitId,
    changes: &BTreeSet<ChangeHash>,
    log_index: i64,
) -> Result<(), StoreError> {
    let changes: Vec<&ChangeHash> = changes.iter().collect();
    insert_rows!(
        tx,
        "INSERT INTO quarantined_changes (visit_id, change_hash, log_index) ",
        &changes,
        |bind, hash| { bind.push_bind(visit.to_string()).push_bind(hash.to_string()).push_bind(log_index) },
        " ON CONFLICT (visit_id, change_hash, log_index) DO NOTHING"
    )
}

/// The device wrote these envelopes anew: nobody has to decide about them any more.
pub(in crate::exchange) async fn supersede(
    tx: &mut Tx,
    device: DeviceId,
    replaced: &[EnvelopeHash],
    now: Timestamp,
) -> Result<(), StoreError> {
    if replaced.is_empty() {
        return Ok(());
    }
    let mut query = statement("UPDATE quarantine SET state = 'superseded', decided_at_ms = ");
    query.push_bind(now.unix_ms()).push(" WHERE state = 'open' AND device_id = ");
    query.push_bind(device.to_string()).push(" AND envelope_hash IN (");
    let mut list = query.places();
    for hash in replaced.iter().take(500) {
        list.push_bind(hash.to_string());
    }
    query.push(")");
    query.execute(tx).await?;
    Ok(())
}

/// Closes an open item; false when it is no longer open.
pub(in crate::exchange) async fn close(
    tx: &mut Tx,
    log_index: i64,
    state: &str,
    by: PersonId,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE quarantine SET state = $2, decided_by = $3, decision_reason = $4, decided_at_ms = $5 \
        WHERE log_index = $1 AND state = 'open'";
    let closed = statement(SQL)
        .bind(log_index)
        .bind(state)
        .bind(by.to_string())
        .bind(reason)
        .bind(now.unix_ms())
        .execute(tx)
        .await?;
    Ok(closed == 1)
}

/// Keeps the heads of the visit before and after an accepted item.
pub(in crate::exchange) async fn note_entrance(
    tx: &mut Tx,
    log_index: i64,
    before: &[ChangeHash],
    after: &[ChangeHash],
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE quarantine SET heads_before = $2, heads_after = $3 WHERE log_index = $1";
    statement(SQL).bind(log_index).bind(heads_bytes(before)).bind(heads_bytes(after)).execute(tx).await?;
    Ok(())
}

/// The heads of the visit before and after the item entered; `None` when it did not, or nobody noted them.
pub(super) async fn entrance(
    tx: &mut Tx,
    log_index: i64,
) -> Result<Option<(Vec<ChangeHash>, Vec<ChangeHash>)>, StoreError> {
    const SQL: &str = "SELECT heads_before, heads_after FROM quarantine WHERE log_index = $1 \
        AND heads_before IS NOT NULL AND heads_after IS NOT NULL";
    let heads: Option<(Vec<u8>, Vec<u8>)> = statement(SQL).bind(log_index).row_if_any(tx).await?;
    Ok(heads.map(|(before, after)| (heads_from(&before), heads_from(&after))))
}
