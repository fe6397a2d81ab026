//! How far the photos, recordings and signatures of a visit are.

use super::prevention::{PhotoDeclaration, photo_declarations};
use crate::evidence;
use crate::store::{StoreError, Tx};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use sync_core::ids::{BlobHash, EntryId, VisitId};
use utoipa::ToSchema;

/// How many photos are here: "3 of 5 arrived".
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct PhotoSummary {
    /// Named by signed envelopes.
    pub(crate) named: u32,
    /// Whole on the server, with the hash that was signed.
    pub(crate) arrived: u32,
    /// Declared lost by their technicians.
    pub(crate) unavailable: u32,
}

/// How far one photo is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PhotoState {
    /// `whole`: all its bytes are here and have the hash that was signed; `named`: not here yet, more about it under
    /// `/v1/visits/{visit_id}/photos`; `unavailable`: its technician declared it lost.
    pub(crate) state: &'static str,
    /// Why it is lost, in the technician's words.
    pub(crate) reason: Option<String>,
}

/// The photos of one visit.
#[derive(Debug, Default)]
pub(super) struct Photos {
    receipt: evidence::Receipt,
    missing: BTreeSet<BlobHash>,
    declared: BTreeMap<EntryId, PhotoDeclaration>,
}

/// Reads how far the photos of a visit are.
pub(super) async fn of_visit(tx: &mut Tx, visit: VisitId) -> Result<Photos, StoreError> {
    let receipt = evidence::receipt(tx, &visit).await?;
    let declared = photo_declarations(tx, visit).await?;
    Ok(Photos {
        missing: receipt.missing.iter().copied().collect(),
        receipt,
        declared: declared.into_iter().filter_map(|row| Some((row.entry_id.parse().ok()?, row))).collect(),
    })
}

impl Photos {
    /// How many are here.
    pub(super) fn summary(&self) -> PhotoSummary {
        PhotoSummary {
            named: self.receipt.named,
            arrived: self.receipt.arrived,
            unavailable: u32::try_from(self.declared.len()).unwrap_or(u32::MAX),
        }
    }

    /// How far the photo of this entry is. A declaration never hides bytes that came after all.
    pub(super) fn state_of(&self, entry: EntryId, sha256: &BlobHash) -> PhotoState {
        if !self.missing.contains(sha256) {
            return PhotoState { state: "whole", reason: None };
        }
        match self.declared.get(&entry) {
            Some(row) => PhotoState { state: "unavailable", reason: Some(row.reason.clone()) },
            None => PhotoState { state: "named", reason: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_never_hides_bytes_that_came_after_all() {
        let entry = |n| EntryId::from_bytes([n; 16]);
        let hash = |n| BlobHash::from_bytes([n; 32]);
        let row = |n: u8| PhotoDeclaration {
            entry_id: entry(n).to_string(),
            reason: "卡坏了".into(),
            person_id: String::new(),
            claimed_at_ms: 0,
        };
        let photos = Photos {
            missing: BTreeSet::from([hash(2), hash(3)]),
            declared: BTreeMap::from([(entry(1), row(1)), (entry(2), row(2))]),
            ..Photos::default()
        };
        for (n, state) in [(1, "whole"), (2, "unavailable"), (3, "named")] {
            assert_eq!(photos.state_of(entry(n), &hash(n)).state, state);
        }
    }
}
