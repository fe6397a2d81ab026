//! Digests with which a device notices that its copies differ from the server's.

use crate::ids::{ChangeHash, VisitId};
use minicbor::{Decode, Encode};
use sha2::{Digest as _, Sha256};

/// Digest of one visit: the first eight bytes of SHA-256 over its sorted heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct VisitDigest {
    /// The visit.
    #[n(0)]
    pub visit: VisitId,
    /// Its digest; eight bytes suffice, since a mismatch only asks for a comparison.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub digest: [u8; 8],
}

/// Digest of one visit from the heads of its accepted changes, in any order.
pub fn visit_digest(visit: VisitId, heads: &[ChangeHash]) -> VisitDigest {
    let full = heads_hash(heads);
    let mut digest = [0; 8];
    digest.copy_from_slice(&full[..8]);
    VisitDigest { visit, digest }
}

/// Digest of everything a device holds: SHA-256 over (visit, heads) in the order of the visit ids.
pub fn scope_digest(mut visits: Vec<VisitDigest>) -> [u8; 32] {
    visits.sort_unstable_by_key(|item| item.visit);
    let mut hasher = Sha256::new_with_prefix(b"fieldloop/scope-digest/v1");
    for item in &visits {
        hasher.update(item.visit.as_bytes());
        hasher.update(item.digest);
    }
    hasher.finalize().into()
}

fn heads_hash(heads: &[ChangeHash]) -> [u8; 32] {
    let mut sorted = heads.to_vec();
    sorted.sort_unstable();
    let mut hasher = Sha256::new_with_prefix(b"fieldloop/visit-digest/v1");
    for head in &sorted {
        hasher.update(head.as_bytes());
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_visits_and_heads_does_not_matter() {
        let (one, two) = (ChangeHash::from_bytes([1; 32]), ChangeHash::from_bytes([2; 32]));
        let (a, b) = (VisitId::from_bytes([1; 16]), VisitId::from_bytes([2; 16]));
        assert_eq!(visit_digest(a, &[one, two]), visit_digest(a, &[two, one]));
        assert_ne!(visit_digest(a, &[one]).digest, visit_digest(a, &[two]).digest);
        let (first, second) = (visit_digest(a, &[one]), visit_digest(b, &[two]));
        assert_eq!(scope_digest(vec![first, second]), scope_digest(vec![second, first]));
        assert_ne!(scope_digest(vec![first]), scope_digest(vec![]));
    }
}
