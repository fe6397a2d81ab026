//! What signed envelopes claim about photos, and how much of it has arrived.
//!
//! The claims themselves (`photo_claims`) are written by the exchange; this only reads them.

use crate::store::{StoreError, Tx, on_engine};
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
    const SQL: &str = "SELECT DISTINCT c.sha256, CASE WHEN b.sha256 IS NULL THEN 0 ELSE 1 END AS whole \
        FROM photo_claims c LEFT JOIN blobs b ON b.sha256 = c.sha256 WHERE c.visit_id = $1 ORDER BY c.sha256";
    let rows: Vec<(String, i32)> =
        on_engine!(tx, |conn| sqlx::query_as(SQL).bind(visit.to_string()).fetch_all(conn).await)?;
    let mut receipt = Receipt::default();
    for (sha256, whole) in rows {
        receipt.named += 1;
        if whole == 1 {
            receipt.arrived += 1;
        } else {
            let column = StoreError::parse_column("photo_claims", "sha256", &visit.to_string(), &sha256);
            receipt.missing.push(column?);
        }
    }
    Ok(receipt)
}
