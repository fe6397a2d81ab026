//! Keeping the list of conflicts: which fields hold competing values that the office has not decided about.
//!
//! An item is opened by the envelope that made it a conflict and closes only by an office decision. When a technician
//! overwrites the field, the item stays and names who settled it. Equal values are no conflict. An undone decision makes
//! its item wait again, with the values it was about.

use super::work::OpenConflict;
use crate::store::{StoreError, Tx, statement};
use std::collections::{BTreeMap, HashMap};
use sync_core::ids::{ChangeHash, EntryId, PersonId, VisitId};
use sync_core::merge::{ConflictKind, PathConflict};
use sync_core::time::Timestamp;

/// Who brought a change in this commit.
#[derive(Debug, Clone, Copy)]
pub(in crate::exchange) struct ChangeAuthor {
    pub(in crate::exchange) person: PersonId,
    pub(in crate::exchange) log_index: i64,
    pub(in crate::exchange) office: bool,
}

/// What a merge found on the paths that it touched.
#[derive(Debug)]
pub(in crate::exchange) struct Findings<'a> {
    pub(in crate::exchange) visit: VisitId,
    pub(in crate::exchange) conflicts: &'a BTreeMap<String, PathConflict>,
    pub(in crate::exchange) authors: &'a HashMap<ChangeHash, ChangeAuthor>,
    /// The decision of the office among the changes, if there is one.
    pub(in crate::exchange) resolution: Option<EntryId>,
}

/// What happens to an item.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Open { log_index: i64 },
    StillOpen,
    Settled { by: PersonId },
    Resolved { by: PersonId },
    Undone,
    Nothing,
}

fn step(
    found: &PathConflict,
    item: Option<&OpenConflict>,
    authors: &HashMap<ChangeHash, ChangeAuthor>,
) -> Step {
    if found.undone_by.is_some() && item.is_none() {
        return Step::Undone;
    }
    if found.is_open() {
        let newest =
            found.values.iter().filter_map(|written| authors.get(&written.change)).map(|who| who.log_index);
        return match item {
            Some(_) => Step::StillOpen,
            None => Step::Open { log_index: newest.max().unwrap_or(0) },
        };
    }
    let Some(item) = item else { return Step::Nothing };
    let writers = || found.overwritten_by.iter().filter_map(|overwrite| authors.get(&overwrite.change));
    // A decision about another field of the visit closes nothing here.
    let decided = found.kept_by.is_some().then(|| authors.values());
    if let Some(office) = writers().chain(decided.into_iter().flatten()).filter(|who| who.office).last() {
        return Step::Resolved { by: office.person };
    }
    match writers().max_by_key(|who| who.log_index) {
        Some(who) if !item.settled_in_field => Step::Settled { by: who.person },
        _ => Step::Nothing,
    }
}

/// Brings the items of a visit in line with what a merge found. `new_id` mints ids of items.
pub(in crate::exchange) async fn write(
    tx: &mut Tx,
    findings: &Findings<'_>,
    open: &[OpenConflict],
    now: Timestamp,
    new_id: impl Fn() -> EntryId,
) -> Result<(), StoreError> {
    for found in findings.conflicts.values() {
        let item = open.iter().find(|item| item.path == found.path);
        let step = step(found, item, findings.authors);
        match (step, item) {
            (Step::Open { log_index }, _) => {
                insert(tx, findings.visit, found, log_index, now, new_id()).await?;
            }
            (Step::Undone, _) => reopen(tx, findings.visit, found, now).await?,
            (Step::StillOpen, Some(item)) => update_values(tx, &item.conflict_id, found, now).await?,
            (Step::Settled { by }, Some(item)) => settle(tx, &item.conflict_id, by, now).await?,
            (Step::Resolved { by }, Some(item)) => {
                resolve(tx, &item.conflict_id, by, findings.resolution, now).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn values_json(found: &PathConflict) -> String {
    serde_json::to_string(&found.values).expect("values have only text keys and finite numbers")
}

async fn insert(
    tx: &mut Tx,
    visit: VisitId,
    found: &PathConflict,
    log_index: i64,
    now: Timestamp,
    id: EntryId,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO conflicts (conflict_id, visit_id, path, kind, state, values_json, \
        opened_log_index, opened_at_ms, updated_at_ms) VALUES ($1, $2, $3, $4, 'open', $5, $6, $7, $7)";
    let kind = match found.kind {
        ConflictKind::Values => "values",
        ConflictKind::MergedText => "merged_text",
    };
    metrics::counter!("fieldloop_conflicts_opened_total").increment(1);
    statement(SQL)
        .bind(id.to_string())
        .bind(visit.to_string())
        .bind(&found.path)
        .bind(kind)
        .bind(values_json(found))
        .bind(log_index)
        .bind(now.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

async fn update_values(
    tx: &mut Tx,
    id: &str,
    found: &PathConflict,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE conflicts SET state = 'open', settled_by = NULL, values_json = $2, updated_at_ms = $3 \
        WHERE conflict_id = $1 AND (values_json <> $2 OR state <> 'open')";
    statement(SQL).bind(id).bind(values_json(found)).bind(now.unix_ms()).execute(tx).await?;
    Ok(())
}

/// The competing values stay as they were: the office sees what was overwritten.
async fn settle(tx: &mut Tx, id: &str, by: PersonId, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE conflicts SET state = 'settled_in_field', settled_by = $2, updated_at_ms = $3 \
        WHERE conflict_id = $1";
    statement(SQL).bind(id).bind(by.to_string()).bind(now.unix_ms()).execute(tx).await?;
    Ok(())
}

async fn resolve(
    tx: &mut Tx,
    id: &str,
    by: PersonId,
    entry: Option<EntryId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE conflicts SET state = 'resolved', resolved_by = $2, resolved_at_ms = $3, \
        updated_at_ms = $3, resolution_json = $4 WHERE conflict_id = $1";
    let json = serde_json::json!({ "entry": entry }).to_string();
    statement(SQL).bind(id).bind(by.to_string()).bind(now.unix_ms()).bind(json).execute(tx).await?;
    Ok(())
}

/// The item whose decision was undone waits again. Values that do not differ any more were overwritten on site: then it
/// keeps those it had, and says by whom.
async fn reopen(tx: &mut Tx, visit: VisitId, found: &PathConflict, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE conflicts SET state = CASE WHEN $4 THEN 'open' \
        WHEN CAST($6 AS TEXT) IS NULL AND settled_by IS NULL THEN 'open' ELSE 'settled_in_field' END, \
        settled_by = CASE WHEN $4 THEN NULL ELSE coalesce(CAST($6 AS TEXT), settled_by) END, \
        values_json = CASE WHEN $4 THEN $5 ELSE values_json END, \
        resolved_by = NULL, resolved_at_ms = NULL, resolution_json = NULL, updated_at_ms = $3 \
        WHERE conflict_id = (SELECT conflict_id FROM conflicts WHERE visit_id = $1 AND path = $2 \
        AND state = 'resolved' ORDER BY resolved_at_ms DESC, conflict_id DESC LIMIT 1)";
    let is_open = found.is_open();
    let settled_by = match found.values.last() {
        Some(written) if !is_open => writer(tx, visit, &written.change).await?,
        _ => None,
    };
    statement(SQL)
        .bind(visit.to_string())
        .bind(&found.path)
        .bind(now.unix_ms())
        .bind(is_open)
        .bind(values_json(found))
        .bind(settled_by)
        .execute(tx)
        .await?;
    Ok(())
}

/// Who brought an accepted change.
async fn writer(tx: &mut Tx, visit: VisitId, change: &ChangeHash) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT l.person_id FROM changes c JOIN server_log l ON l.log_index = c.log_index \
        WHERE c.visit_id = $1 AND c.change_hash = $2";
    let found: Option<Option<String>> =
        statement(SQL).bind(visit.to_string()).bind(change.to_string()).value_if_any(tx).await?;
    Ok(found.flatten())
}
