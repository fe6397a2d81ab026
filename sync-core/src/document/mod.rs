//! The visit document: what was seen, done, measured and said on one visit.
//!
//! A typed view over one Automerge document. It begins with the birth change
//! (`birth`), is written through [`Edit`] (one change per save) and read through
//! [`VisitView`], which never fails on strange content. It holds ids only: names, phones and
//! addresses of customers never enter it, derived values are never stored in it.
//!
//! Invariants: every document contains the birth change of its visit; nothing is deleted;
//! a replica's state is a function of the set of changes it has. What may enter a document
//! from outside is decided by [`crate::merge`], not here.

mod actor;
mod acts;
mod birth;
mod drafts;
mod edit;
mod paths;
mod raw;
mod settled;
#[cfg(test)]
mod tests;
mod undone;
mod view;

pub use crate::gas::HazardLevel;
pub use actor::{ActorId16, ActorTextError};
pub use acts::{EditAuthor, EditError, FindingEdit, ProposalField, Role, SharedText};
pub use birth::{SCHEMA_VERSION, birth_chunk, birth_hash};
pub use drafts::{
    EntryContent, FieldRule, Finding, GasTest, Hazard, HazardLowered, Kind, MeterCheck, Notice, Photo,
    Progress, Promise, Reading, Resolution, STRINGS_KEY_BYTES_MAX, STRINGS_MAX, Seal, Signature, Statement,
    fields_of, mutable_fields,
};
pub use edit::{Edit, SHARED_KEY_BYTES_MAX, SHARED_TEXT_BYTES_MAX};
pub use paths::{Container, Place, Shape};
pub use raw::Scalar;
pub use undone::UNDONE;
pub use view::{Edited, Entry, EntryMeta, SharedValue, UNKNOWN_MAX, VisitView, Withdrawn, Written};

pub(crate) use birth::hash_of;
pub(crate) use edit::put_over;
pub(crate) use undone::Undone;
pub(crate) use view::{kept_by, written_at};

use crate::ids::{ChangeHash, VisitId};
use automerge::{Automerge, Change, ReadDoc, ScalarValue, Value};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One Automerge change as it travels: an uncompressed change chunk and what it says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The chunk (type 1), header included.
    pub bytes: Vec<u8>,
    /// Its hash.
    pub hash: ChangeHash,
    /// The changes its author had seen.
    pub deps: Vec<ChangeHash>,
    /// Its place among its actor's changes, from 1.
    pub seq: u64,
}

impl Chunk {
    pub(crate) fn of(change: &Change) -> Self {
        Self {
            bytes: change.raw_bytes().to_vec(),
            hash: change.hash().into(),
            deps: change.deps().iter().copied().map(ChangeHash::from).collect(),
            seq: change.seq(),
        }
    }
}

/// What a change says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeInfo {
    /// Who made it.
    pub actor: ActorId16,
    /// Its place among its actor's changes, from 1.
    pub seq: u64,
    /// Its maker's clock in seconds: a claim.
    pub time_s: i64,
    /// The changes its author had seen.
    pub deps: Vec<ChangeHash>,
}

/// Why bytes are no visit document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Automerge cannot read them.
    #[error("the saved document cannot be read: {reason}")]
    Unreadable {
        /// What Automerge said.
        reason: String,
    },
    /// They are a document, but no visit document of this schema.
    #[error("the document has no birth change of a visit")]
    NotBorn,
}

/// Why changes could not be taken in. The document is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// A chunk is no change.
    #[error("change {index} cannot be read: {reason}")]
    Malformed {
        /// Its place in what was given.
        index: usize,
        /// Why.
        reason: String,
    },
    /// Changes that these build on are neither here nor among them.
    #[error("{} changes that these build on are missing", missing.len())]
    Missing {
        /// Their hashes.
        missing: Vec<ChangeHash>,
    },
    /// Automerge failed on them.
    #[error("the changes cannot be applied: {reason}")]
    Refused {
        /// What Automerge said.
        reason: String,
    },
}

/// The document of one visit.
#[derive(Debug, Clone)]
pub struct VisitDocument {
    am: Automerge,
    visit: VisitId,
}

impl VisitDocument {
    /// The document of `visit` as every replica begins it.
    pub fn birth(visit: VisitId) -> Self {
        let change =
            Change::from_bytes(birth_chunk(visit)).expect("the template is a change, a test decodes it");
        let mut am = Automerge::new();
        am.apply_changes([change]).expect("the birth change depends on nothing");
        Self { am, visit }
    }

    /// Reads a saved document.
    ///
    /// # Errors
    /// When the bytes cannot be read or hold no birth change.
    pub fn load(bytes: &[u8]) -> Result<Self, LoadError> {
        let loaded = catch_unwind(AssertUnwindSafe(|| Automerge::load(bytes)));
        let am = match loaded {
            Ok(Ok(am)) => am,
            Ok(Err(error)) => return Err(LoadError::Unreadable { reason: error.to_string() }),
            Err(_) => return Err(LoadError::Unreadable { reason: "automerge panicked".to_owned() }),
        };
        Self::from_automerge(am).ok_or(LoadError::NotBorn)
    }

    pub(crate) fn from_automerge(am: Automerge) -> Option<Self> {
        let (value, _) = am.get(automerge::ROOT, "visit").ok()??;
        let Value::Scalar(scalar) = value else { return None };
        let ScalarValue::Bytes(bytes) = scalar.as_ref() else { return None };
        let visit = VisitId::from_bytes(bytes.as_slice().try_into().ok()?);
        am.get_change_meta_by_hash(&birth_hash(visit).into())?;
        Some(Self { am, visit })
    }

    /// The document as bytes, from which [`Self::load`] makes an equal one. Not compressed: that
    /// costs more time at every save and load than it spares, and what travels is compressed whole.
    pub fn save(&self) -> Vec<u8> {
        self.am.save_nocompress()
    }

    /// The visit.
    pub fn visit(&self) -> VisitId {
        self.visit
    }

    /// The hashes that sum up what this replica has seen, in ascending order.
    pub fn heads(&self) -> Vec<ChangeHash> {
        let mut heads: Vec<ChangeHash> = self.am.get_heads().into_iter().map(ChangeHash::from).collect();
        heads.sort_unstable();
        heads
    }

    /// Whether this replica has the change.
    pub fn contains(&self, hash: &ChangeHash) -> bool {
        self.am.get_change_meta_by_hash(&(*hash).into()).is_some()
    }

    /// How many changes this replica has, the birth change included.
    pub fn change_count(&self) -> u64 {
        self.am.stats().num_changes
    }

    /// What a change says of itself; `None` when this replica does not have it.
    pub fn change_info(&self, hash: &ChangeHash) -> Option<ChangeInfo> {
        let meta = self.am.get_change_meta_by_hash(&(*hash).into())?;
        Some(ChangeInfo {
            actor: ActorId16::from_slice(meta.actor.to_bytes())?,
            seq: meta.seq,
            time_s: meta.timestamp,
            deps: meta.deps.into_iter().map(ChangeHash::from).collect(),
        })
    }

    /// How many changes the actor has made here: its next one has this number plus one.
    pub fn last_seq(&self, actor: ActorId16) -> u64 {
        let actor = automerge::ActorId::from(actor);
        self.am
            .get_changes_meta(&[])
            .iter()
            .filter(|meta| *meta.actor == actor)
            .map(|meta| meta.seq)
            .max()
            .unwrap_or(0)
    }

    /// Whether the author of change `later` had seen change `earlier`. A change has seen itself;
    /// of changes that are not here nothing is known.
    pub fn knew_of(&self, later: &ChangeHash, earlier: &ChangeHash) -> bool {
        let mut seen = std::collections::BTreeSet::new();
        let mut open = vec![*later];
        while let Some(hash) = open.pop() {
            if hash == *earlier {
                return self.contains(&hash);
            }
            if seen.insert(hash) {
                open.extend(self.change_info(&hash).into_iter().flat_map(|info| info.deps));
            }
        }
        false
    }

    /// The change, as it travels; `None` when this replica does not have it.
    pub fn change(&self, hash: &ChangeHash) -> Option<Chunk> {
        self.am.get_change_by_hash(&(*hash).into()).map(|change| Chunk::of(&change))
    }

    /// Every change that a replica with these heads lacks, each after what it builds on.
    /// Heads unknown here are ignored.
    pub fn changes_since(&self, heads: &[ChangeHash]) -> Vec<Chunk> {
        let known: Vec<automerge::ChangeHash> =
            heads.iter().filter(|hash| self.contains(hash)).map(|hash| (*hash).into()).collect();
        self.am.get_changes(&known).iter().map(Chunk::of).collect()
    }

    /// Takes in changes that a gate has accepted, in any order; known ones are skipped.
    ///
    /// All or nothing, on a copy: whatever happens, the document stays readable.
    ///
    /// # Errors
    /// When a chunk is no change, when something it builds on is missing, or when Automerge
    /// refuses.
    pub fn apply<T: AsRef<[u8]>>(&mut self, chunks: &[T]) -> Result<(), ApplyError> {
        let mut changes = Vec::with_capacity(chunks.len());
        for (index, chunk) in chunks.iter().enumerate() {
            let change = crate::merge::decode_change(chunk.as_ref())
                .map_err(|reason| ApplyError::Malformed { index, reason })?;
            if !self.contains(&change.hash().into()) {
                changes.push(change);
            }
        }
        let missing = self.missing(&changes);
        if !missing.is_empty() {
            return Err(ApplyError::Missing { missing });
        }
        self.am = apply_on_copy(&self.am, changes).map_err(|reason| ApplyError::Refused { reason })?;
        Ok(())
    }

    fn missing(&self, changes: &[Change]) -> Vec<ChangeHash> {
        let given: std::collections::BTreeSet<_> = changes.iter().map(Change::hash).collect();
        let mut missing: Vec<ChangeHash> = changes
            .iter()
            .flat_map(Change::deps)
            .filter(|dep| !given.contains(dep))
            .map(|dep| ChangeHash::from(*dep))
            .filter(|dep| !self.contains(dep))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// Starts an edit; nothing happens to the document before [`Edit::commit`].
    pub fn edit(&mut self, author: EditAuthor) -> Edit<'_> {
        Edit::new(self, author)
    }

    /// Everything in the document, typed. Never fails: what cannot be read is listed beside the rest.
    pub fn view(&self) -> VisitView {
        view::read(self)
    }

    /// The Automerge document, for reading.
    pub(crate) fn automerge(&self) -> &Automerge {
        &self.am
    }
}

/// Applies changes to a copy. What Automerge does to the copy while failing goes with it.
pub(crate) fn apply_on_copy(am: &Automerge, changes: Vec<Change>) -> Result<Automerge, String> {
    let applied = catch_unwind(AssertUnwindSafe(|| {
        let mut copy = am.clone();
        let hashes: Vec<_> = changes.iter().map(Change::hash).collect();
        copy.apply_changes(changes).map_err(|error| error.to_string())?;
        match hashes.iter().all(|hash| copy.get_change_meta_by_hash(hash).is_some()) {
            true => Ok(copy),
            false => Err("a change was left out".to_owned()),
        }
    }));
    applied.unwrap_or_else(|_| Err("automerge panicked".to_owned()))
}
