//! How far the photos, recordings and signatures of a visit are.

use super::prevention::{PhotoDeclaration, photo_declarations};
use crate::evidence;
use crate::store::{StoreError, Tx};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use sync_core::document::VisitView;
use sync_core::ids::{BlobHash, EntryId, VisitId};
use utoipa::ToSchema;

/// How many photos are here: "3 of 5 arrived".
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct PhotoSummary {
    /// Named by signed envelopes.
    pub(crate) named: u32,
    /// Whole on the server, with the hash that was signed.
    pub(crate) arrived: u32,
    /// Not here, and declared by a technician or the office that they will not come.
    pub(crate) unavailable: u32,
}

/// How far one photo is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PhotoState {
    /// `whole`: all its bytes are here and have the hash that was signed; `named`: not here yet, more about it under
    /// `/v1/visits/{visit_id}/photos`; `unavailable`: its technician or the office declared that it
    /// will not come.
    pub(crate) state: &'static str,
    /// Why it will not come, in the words of who declared it.
    pub(crate) reason: Option<String>,
}

/// The photos of one visit.
#[derive(Debug, Default)]
pub(super) struct Photos {
    receipt: evidence::Receipt,
    missing: BTreeSet<BlobHash>,
    declared: BTreeMap<EntryId, PhotoDeclaration>,
    given_up: BTreeMap<BlobHash, String>,
}

/// Reads how far the photos of a visit are.
pub(super) async fn of_visit(tx: &mut Tx, visit: VisitId) -> Result<Photos, StoreError> {
    let receipt = evidence::receipt(tx, &visit).await?;
    let declared = photo_declarations(tx, visit).await?;
    let given_up = evidence::given_up(tx, visit).await?;
    Ok(Photos {
        missing: receipt.missing.iter().copied().collect(),
        receipt,
        declared: declared.into_iter().filter_map(|row| Some((row.entry_id.parse().ok()?, row))).collect(),
        given_up: given_up.into_iter().map(|said| (said.sha256, said.reason)).collect(),
    })
}

impl Photos {
    /// How many are here, and how many of the others will never be. The entries are those of the visit document.
    pub(super) fn summary(&self, view: Option<&VisitView>) -> PhotoSummary {
        let mut gone: BTreeSet<&BlobHash> = self.given_up.keys().collect();
        if let Some(view) = view {
            let photos = view.photos.iter().map(|(id, entry)| (id, Some(&entry.content.sha256)));
            let signed = view.signatures.iter().map(|(id, entry)| (id, entry.content.sha256.as_ref()));
            let entries = photos.chain(signed).filter(|(id, _)| self.declared.contains_key(id));
            gone.extend(entries.filter_map(|(_, sha256)| sha256));
        }
        let unavailable = self.missing.iter().filter(|sha256| gone.contains(sha256)).count();
        PhotoSummary {
            named: self.receipt.named,
            arrived: self.receipt.arrived,
            unavailable: u32::try_from(unavailable).unwrap_or(u32::MAX),
        }
    }

    /// How far the photo of this entry is. A declaration never hides bytes that came after all.
    pub(super) fn state_of(&self, entry: EntryId, sha256: &BlobHash) -> PhotoState {
        if !self.missing.contains(sha256) {
            return PhotoState { state: "whole", reason: None };
        }
        let reason = self.given_up.get(sha256).or(self.declared.get(&entry).map(|row| &row.reason));
        match reason {
            Some(reason) => PhotoState { state: "unavailable", reason: Some(reason.clone()) },
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
            missing: BTreeSet::from([hash(2), hash(3), hash(4)]),
            declared: BTreeMap::from([(entry(1), row(1)), (entry(2), row(2))]),
            given_up: BTreeMap::from([(hash(4), "手机遗失".into()), (hash(5), "came after all".into())]),
            ..Photos::default()
        };
        assert_eq!(photos.summary(None).unavailable, 1, "what is here or unknown is not counted");
        for (n, state) in [(1, "whole"), (2, "unavailable"), (3, "named"), (4, "unavailable"), (5, "whole")] {
            assert_eq!(photos.state_of(entry(n), &hash(n)).state, state);
        }
    }
}
