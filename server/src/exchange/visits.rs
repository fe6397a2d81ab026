//! Merged visits as the rest of the server reads them.

use crate::store::{StoreError, Tx, statement};
use std::collections::BTreeSet;
use sync_core::document::{VisitDocument, VisitView};
use sync_core::ids::{ChangeHash, VisitId};
use sync_core::protocol::visit_digest;
use sync_core::time::Timestamp;

/// A merged visit as it is stored.
#[derive(Debug, Clone)]
pub struct StoredVisit {
    /// Raised by every commit.
    pub version: i64,
    /// The saved document.
    pub saved: Vec<u8>,
}

/// Everything that was accepted on a visit; `None` for a visit that the server does not know.
///
/// # Errors
/// [`StoreError::ImpossibleRow`] when the stored view cannot be read.
pub async fn view(tx: &mut Tx, visit: VisitId) -> Result<Option<VisitView>, StoreError> {
    let json = view_json(tx, visit).await?;
    json.map(|json| {
        serde_json::from_str(&json).map_err(|_| StoreError::impossible("visit_documents", "view_json", visit))
    })
    .transpose()
}

/// As [`view`], as the JSON that is stored.
pub async fn view_json(tx: &mut Tx, visit: VisitId) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT view_json FROM visit_documents WHERE visit_id = $1";
    statement(SQL).bind(visit.to_string()).value_if_any(tx).await
}

/// Version and saved document of a visit.
pub async fn find(tx: &mut Tx, visit: VisitId) -> Result<Option<StoredVisit>, StoreError> {
    const SQL: &str = "SELECT version, saved FROM visit_documents WHERE visit_id = $1";
    let row: Option<(i64, Vec<u8>)> = statement(SQL).bind(visit.to_string()).row_if_any(tx).await?;
    Ok(row.map(|(version, saved)| StoredVisit { version, saved }))
}

/// The heads of the accepted changes of a visit, sorted.
pub async fn heads(tx: &mut Tx, visit: VisitId) -> Result<Option<Vec<ChangeHash>>, StoreError> {
    const SQL: &str = "SELECT heads FROM visit_documents WHERE visit_id = $1";
    let bytes: Option<Vec<u8>> = statement(SQL).bind(visit.to_string()).value_if_any(tx).await?;
    Ok(bytes.map(|bytes| heads_from(&bytes)))
}

/// The document as it was at these heads; `None` when one of them is not in it.
pub(crate) fn view_at(document: &VisitDocument, heads: Vec<ChangeHash>) -> Option<VisitView> {
    let (mut wanted, mut known, mut chunks) = (heads, BTreeSet::new(), Vec::new());
    while let Some(hash) = wanted.pop() {
        if known.insert(hash) {
            wanted.extend(document.change_info(&hash)?.deps);
            chunks.push(document.change(&hash)?.bytes);
        }
    }
    let mut then = VisitDocument::birth(document.visit());
    then.apply(&chunks).ok()?;
    Some(then.view())
}

pub(super) fn heads_from(bytes: &[u8]) -> Vec<ChangeHash> {
    let heads = bytes.chunks_exact(32).filter_map(|head| head.try_into().ok());
    heads.map(ChangeHash::from_bytes).collect()
}

pub(super) fn heads_bytes(heads: &[ChangeHash]) -> Vec<u8> {
    let mut sorted = heads.to_vec();
    sorted.sort_unstable();
    sorted.iter().flat_map(|head| *head.as_bytes()).collect()
}

/// Makes a visit known with an empty document. Does nothing when it is known; says whether it was new.
pub async fn ensure(tx: &mut Tx, visit: VisitId, now: Timestamp) -> Result<bool, StoreError> {
    const FIND: &str = "SELECT count(*) FROM visit_documents WHERE visit_id = $1";
    let id = visit.to_string();
    let known: i64 = statement(FIND).bind(&id).value(tx).await?;
    if known > 0 {
        return Ok(false);
    }
    const SQL: &str = "INSERT INTO visit_documents (visit_id, version, saved, heads, digest, view_json, \
        updated_at_ms) VALUES ($1, 0, $2, $3, $4, $5, $6) ON CONFLICT (visit_id) DO NOTHING";
    let birth = VisitDocument::birth(visit);
    let heads = birth.heads();
    let view = serde_json::to_string(&birth.view()).expect("a view has only text keys and finite numbers");
    let inserted = statement(SQL)
        .bind(&id)
        .bind(birth.save())
        .bind(heads_bytes(&heads))
        .bind(visit_digest(visit, &heads).digest.to_vec())
        .bind(view)
        .bind(now.unix_ms())
        .execute(tx)
        .await?;
    Ok(inserted == 1)
}
