//! The birth change: the first change of every visit document, a function of the visit id alone.
//!
//! Every replica begins with the same bytes, so that containers made by two devices never
//! hide one another. The change is kept as a template of bytes into which the visit id is
//! written; it is never encoded again, whatever a later Automerge would make of it.

use crate::ids::{ChangeHash, VisitId};
use sha2::{Digest, Sha256};

/// Version of the schema that the birth change of this release creates.
pub const SCHEMA_VERSION: i64 = 1;

/// The birth change of the visit whose id is sixteen zero bytes.
const TEMPLATE: &[u8] = include_bytes!("birth-v1.bin");

/// Where the visit id stands in the template. A test finds it there.
const VISIT_AT: usize = 279;

/// Magic bytes and checksum stand before what is hashed.
const HASHED_FROM: usize = 8;

/// The chunk of the birth change of `visit`.
pub fn birth_chunk(visit: VisitId) -> Vec<u8> {
    let mut chunk = TEMPLATE.to_vec();
    chunk[VISIT_AT..VISIT_AT + 16].copy_from_slice(visit.as_bytes());
    let hash = hash_of(&chunk);
    chunk[4..HASHED_FROM].copy_from_slice(&hash.as_bytes()[..4]);
    chunk
}

/// The hash of the birth change of `visit`: the root of its history.
pub fn birth_hash(visit: VisitId) -> ChangeHash {
    hash_of(&birth_chunk(visit))
}

/// Hash of a change chunk (type 1): SHA-256 over type, length and contents.
pub(crate) fn hash_of(chunk: &[u8]) -> ChangeHash {
    ChangeHash::from_bytes(Sha256::digest(&chunk[HASHED_FROM..]).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{ActorId16, Container, Shape};
    use automerge::transaction::{CommitOptions, Transactable};
    use automerge::{ActorId, Automerge, Change, ObjId, ObjType, ROOT};

    /// How the template was made; with another Automerge its bytes may differ, the template may not.
    fn encode_birth(visit: VisitId) -> Vec<u8> {
        let mut doc = Automerge::new().with_actor(ActorId::from(ActorId16::BIRTH));
        let mut tx = doc.transaction();
        tx.put(ROOT, "schema", SCHEMA_VERSION).unwrap();
        tx.put(ROOT, "visit", visit.as_bytes().to_vec()).unwrap();
        for container in Container::ALL {
            let parent = container.parent().map_or(ObjId::Root, Container::object);
            let kind = if container.shape() == Shape::Text { ObjType::Text } else { ObjType::Map };
            assert_eq!(tx.put_object(parent, container.key(), kind).unwrap(), container.object());
        }
        tx.commit_with(CommitOptions::default().with_time(0));
        doc.get_changes(&[])[0].raw_bytes().to_vec()
    }

    #[test]
    fn the_birth_change_never_changes() {
        let visit = VisitId::from_bytes(*b"0123456789abcdef");
        assert_eq!(birth_chunk(VisitId::from_bytes([0; 16])), TEMPLATE);
        assert_eq!(
            birth_hash(visit).to_string(),
            "c8cf878b45bc3f5312852e9824e2d47ac4462e4520c08eb60ee1ad3947305409"
        );
    }

    #[test]
    fn the_template_is_what_automerge_makes_of_the_containers() {
        for byte in [0, 1, 0x7f, 0xff] {
            let visit = VisitId::from_bytes([byte; 16]);
            assert_eq!(birth_chunk(visit), encode_birth(visit));
            let change = Change::from_bytes(birth_chunk(visit)).unwrap();
            assert_eq!(ChangeHash::from(change.hash()), birth_hash(visit));
        }
    }
}
