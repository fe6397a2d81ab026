//! What signed envelopes claim about photos, and how much of it has arrived.
//!
//! The claims themselves (`photo_claims`) are written by the exchange; this only reads them.

use crate::store::{StoreError, Tx, select_in};
use std::collections::BTreeMap;
use sync_core::ids::{BlobHash, DeviceId, VisitId};

/// How many photos of a visit are here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// Photos that signed envelopes of the visit name.
    pub named: u32,
    /// Those of them whose bytes are whole.
    pub arrived: u32,
    /// The hashes of the others, sorted; for a device those that it claims itself.
    pub missing: Vec<BlobHash>,
}

/// How many of the photos named on this visit have arrived.
pub async fn receipt(tx: &mut Tx, visit: &VisitId) -> Result<Receipt, StoreError> {
    Ok(receipts(tx, &[*visit], None).await?.remove(visit).unwrap_or_default())
}

/// The same for several visits, with one query, for everybody or for one device. A visit that names no photo is left out.
pub async fn receipts(
    tx: &mut Tx,
    visits: &[VisitId],
    device: Option<DeviceId>,
) -> Result<BTreeMap<VisitId, Receipt>, StoreError> {
    const SQL: &str = "SELECT c.visit_id, c.sha256, c.device_id, CASE WHEN b.sha256 IS NULL THEN 0 ELSE 1 END AS whole \
        FROM photo_claims c LEFT JOIN blobs b ON b.sha256 = c.sha256 WHERE c.visit_id IN (";
    let rows: Vec<(String, String, String, i32)> =
        select_in!(tx, SQL, visits, |visit| visit.to_string(), ") ORDER BY c.visit_id, c.sha256")?;
    let device = device.map(|device| device.to_string());
    let mut receipts: BTreeMap<VisitId, Receipt> = BTreeMap::new();
    // One photo may be claimed by several devices.
    for claims in rows.chunk_by(|one, next| (&one.0, &one.1) == (&next.0, &next.1)) {
        let (visit, sha256, _, whole) = &claims[0];
        let id = StoreError::parse_column("photo_claims", "visit_id", visit, visit)?;
        let receipt = receipts.entry(id).or_default();
        receipt.named += 1;
        receipt.arrived += u32::from(*whole == 1);
        let is_told = device.as_ref().is_none_or(|device| claims.iter().any(|claim| claim.2 == *device));
        if *whole == 0 && is_told {
            receipt.missing.push(StoreError::parse_column("photo_claims", "sha256", visit, sha256)?);
        }
    }
    Ok(receipts)
}
