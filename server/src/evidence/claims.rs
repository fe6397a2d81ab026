//! What signed envelopes claim about photos, and how much of it has arrived.
//!
//! The claims themselves (`photo_claims`) are written by the exchange; this only reads them.

use crate::store::{StoreError, Tx, select_in};
use std::collections::BTreeMap;
use sync_core::ids::{BlobHash, VisitId};

/// How many photos of a visit are here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// Photos that signed envelopes of the visit name.
    pub named: u32,
    /// Those of them whose bytes are whole.
    pub arrived: u32,
    /// The hashes of the others, sorted.
    pub missing: Vec<BlobHash>,
}

/// How many of the photos named on this visit have arrived.
pub async fn receipt(tx: &mut Tx, visit: &VisitId) -> Result<Receipt, StoreError> {
    Ok(receipts(tx, &[*visit]).await?.remove(visit).unwrap_or_default())
}

/// The same for several visits, with one query. A visit that names no photo is left out.
pub async fn receipts(tx: &mut Tx, visits: &[VisitId]) -> Result<BTreeMap<VisitId, Receipt>, StoreError> {
    const SQL: &str = "SELECT DISTINCT c.visit_id, c.sha256, CASE WHEN b.sha256 IS NULL THEN 0 ELSE 1 END AS whole \
        FROM photo_claims c LEFT JOIN blobs b ON b.sha256 = c.sha256 WHERE c.visit_id IN (";
    let rows: Vec<(String, String, i32)> =
        select_in!(tx, SQL, visits, |visit| visit.to_string(), ") ORDER BY c.visit_id, c.sha256")?;
    let mut receipts: BTreeMap<VisitId, Receipt> = BTreeMap::new();
    for (visit, sha256, whole) in rows {
        let id = StoreError::parse_column("photo_claims", "visit_id", &visit, &visit)?;
        let receipt = receipts.entry(id).or_default();
        receipt.named += 1;
        if whole == 1 {
            receipt.arrived += 1;
        } else {
            receipt.missing.push(StoreError::parse_column("photo_claims", "sha256", &visit, &sha256)?);
        }
    }
    Ok(receipts)
}
