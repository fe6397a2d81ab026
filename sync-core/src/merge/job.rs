//! What the gate is asked and what it answers. Both cross a process boundary as CBOR.

use crate::document::{ActorId16, Role, Written};
use crate::ids::{BlobHash, ChangeHash, DeviceId, EntryId, PersonId, VisitId};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Whose log a unit comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Author {
    /// A device, writing with the actor of a generation.
    #[n(0)]
    Device {
        /// The device whose signature the envelope has.
        #[n(0)]
        device: DeviceId,
        /// The generation that the envelope names.
        #[n(1)]
        generation: u64,
    },
    /// The office log of an epoch.
    #[n(1)]
    Office {
        /// The epoch.
        #[n(0)]
        epoch: u64,
    },
}

impl Author {
    /// The only actor whose changes the author may send.
    pub fn actor(&self, visit: VisitId) -> ActorId16 {
        match self {
            Self::Device { device, generation } => ActorId16::of_device(*device, visit, *generation),
            Self::Office { epoch } => ActorId16::of_office(*epoch, visit),
        }
    }

    /// What the author may write.
    pub const fn role(&self) -> Role {
        match self {
            Self::Device { .. } => Role::Field,
            Self::Office { .. } => Role::Office,
        }
    }
}

/// The changes of one envelope: they enter together or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct MergeUnit {
    /// The caller's name for it; comes back in the outcome.
    #[n(0)]
    pub reference: u64,
    /// Whose log it comes from.
    #[n(1)]
    pub author: Author,
    /// The person whom the envelope names.
    #[n(2)]
    pub person: PersonId,
    /// Change chunks, each after what it builds on.
    #[n(3)]
    pub chunks: Vec<minicbor::bytes::ByteVec>,
    /// The photos and signatures that the envelope declares.
    #[n(4)]
    pub photos: Vec<BlobHash>,
    /// A reviewer let it out of quarantine. That lifts who may write an entry and which photos
    /// were declared, never what may be written and how.
    #[n(5)]
    pub approved: bool,
}

/// What is to be merged into one visit document.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct MergeJob {
    /// The visit.
    #[n(0)]
    pub visit: VisitId,
    /// The accepted document as it was saved; `None` when nothing was accepted yet.
    #[n(1)]
    pub base: Option<minicbor::bytes::ByteVec>,
    /// The envelopes of this exchange, in the order of their logs.
    #[n(2)]
    pub units: Vec<MergeUnit>,
    /// Paths on which a conflict is open.
    #[n(3)]
    pub open_paths: Vec<String>,
}

/// A change that is in the merged document.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct AcceptedChange {
    /// Its hash.
    #[n(0)]
    pub hash: ChangeHash,
    /// Its actor.
    #[n(1)]
    pub actor: ActorId16,
    /// Its place among the actor's changes.
    #[n(2)]
    pub seq: u64,
    /// Whether this job brought it; false when it had been accepted before.
    #[n(3)]
    pub fresh: bool,
}

/// Why a unit is kept in quarantine. The code is stable; people read a translation of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum QuarantineReason {
    /// The bytes are no plain change chunk.
    #[n(0)]
    Malformed,
    /// More bytes, operations, predecessors or actors than the gate takes.
    #[n(1)]
    TooLarge,
    /// Made under another actor than the author's.
    #[n(2)]
    WrongActor,
    /// Not the next change of its actor: a gap, or a number that another change has already.
    #[n(3)]
    WrongSequence,
    /// An operation counter that no honest replica would have reached.
    #[n(4)]
    BadCounter,
    /// Names an actor that has written nothing here.
    #[n(5)]
    UnknownActor,
    /// Writes into an object that its author cannot have seen.
    #[n(6)]
    UnknownObject,
    /// Overwrites what its author cannot have seen, or hides what it did not overwrite.
    #[n(7)]
    BadPredecessor,
    /// A place where nobody writes.
    #[n(8)]
    ForbiddenPath,
    /// A kind of operation that is not allowed there: deletion, increment, list operation, mark.
    #[n(9)]
    ForbiddenOperation,
    /// A value of the wrong type, too long, or not finite.
    #[n(10)]
    ForbiddenValue,
    /// Another person's entry, or an entry under another person's name.
    #[n(11)]
    NotAuthor,
    /// A place where only the office writes.
    #[n(12)]
    OfficeOnly,
    /// An entry with this id exists.
    #[n(13)]
    EntryTaken,
    /// An entry without what every entry of its collection has.
    #[n(14)]
    EntryIncomplete,
    /// Photos named in the changes and declared in the envelope are not the same.
    #[n(15)]
    PhotosDiffer,
    /// A birth change that is not the one of this visit.
    #[n(16)]
    BirthDiffers,
    /// Builds on a change that was refused.
    #[n(17)]
    DependsOnRefused,
    /// Passed every check, and Automerge failed on it all the same.
    #[n(18)]
    TrialFailed,
    /// The document has reached its limits.
    #[n(19)]
    DocumentFull,
}

impl QuarantineReason {
    /// The stable code, as it is stored and shown to programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::WrongActor => "wrong_actor",
            Self::WrongSequence => "wrong_sequence",
            Self::BadCounter => "bad_counter",
            Self::UnknownActor => "unknown_actor",
            Self::UnknownObject => "unknown_object",
            Self::BadPredecessor => "bad_predecessor",
            Self::ForbiddenPath => "forbidden_path",
            Self::ForbiddenOperation => "forbidden_operation",
            Self::ForbiddenValue => "forbidden_value",
            Self::NotAuthor => "not_author",
            Self::OfficeOnly => "office_only",
            Self::EntryTaken => "entry_taken",
            Self::EntryIncomplete => "entry_incomplete",
            Self::PhotosDiffer => "photos_differ",
            Self::BirthDiffers => "birth_differs",
            Self::DependsOnRefused => "depends_on_refused",
            Self::TrialFailed => "trial_failed",
            Self::DocumentFull => "document_full",
        }
    }
}

/// Why a unit was refused, with what an expert wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, thiserror::Error)]
#[error("{}: {detail}", reason.code())]
#[cbor(array)]
pub struct Refusal {
    /// The reason.
    #[n(0)]
    pub reason: QuarantineReason,
    /// Where and how; holds no free text of people.
    #[n(1)]
    pub detail: String,
}

/// What became of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum UnitResult {
    /// All its changes are in the merged document.
    #[n(0)]
    Accepted {
        /// They, in the order in which the unit has them.
        #[n(0)]
        changes: Vec<AcceptedChange>,
    },
    /// It builds on changes that are not known here: not accepted and not in this job. Whether
    /// one of them lies in quarantine is known to the caller.
    #[n(1)]
    Waiting {
        /// Their hashes.
        #[n(0)]
        missing: Vec<ChangeHash>,
    },
    /// It was refused. None of its changes is in the merged document.
    #[n(2)]
    Quarantined {
        /// Why.
        #[n(0)]
        refusal: Refusal,
    },
}

/// A change that wrote a path, and what it overwrote there.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Overwrite {
    /// The change.
    #[n(0)]
    pub change: ChangeHash,
    /// Its actor.
    #[n(1)]
    pub actor: ActorId16,
    /// The changes whose values it replaced.
    #[n(2)]
    pub replaced: Vec<ChangeHash>,
}

/// What kind of disagreement a path has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum ConflictKind {
    /// Concurrent single values, of which one is shown.
    #[n(0)]
    Values,
    /// A text that several authors wrote concurrently; Automerge merged it letter by letter.
    #[n(1)]
    MergedText,
}

/// Every value of a path that was written, or on which a conflict is open.
///
/// `values` holds one element for each concurrent value, the shown one last, or for a merged
/// text each author's version. Fewer than two different ones: no conflict (any more).
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
#[cbor(array)]
pub struct PathConflict {
    /// The path.
    #[n(0)]
    pub path: String,
    /// What kind of disagreement.
    #[n(1)]
    pub kind: ConflictKind,
    /// The values.
    #[n(2)]
    pub values: Vec<Written>,
    /// Who overwrote values of this path in this job: "settled in the field by …".
    #[n(3)]
    pub overwritten_by: Vec<Overwrite>,
    /// The decision of the office to keep exactly these values, if there is one.
    #[n(4)]
    pub kept_by: Option<EntryId>,
    /// The entry of this job that undid the decisions about the path, if there is one. The values
    /// are those the decisions were about; of a text, what its item holds.
    #[n(5)]
    pub undone_by: Option<EntryId>,
}

impl PathConflict {
    /// A text of which nothing is known yet.
    pub(super) fn of_text(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            kind: ConflictKind::MergedText,
            values: Vec::new(),
            overwritten_by: Vec::new(),
            kept_by: None,
            undone_by: None,
        }
    }

    /// Whether different values stand beside one another and nobody decided that they should.
    pub fn is_open(&self) -> bool {
        self.kept_by.is_none() && self.values.iter().any(|written| written.value != self.values[0].value)
    }
}

/// The outcome of a job.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
#[cbor(array)]
pub struct MergeOutcome {
    /// For each unit, in the order of the job: its reference and what became of it.
    #[n(0)]
    pub results: Vec<(u64, UnitResult)>,
    /// The merged document, loaded again and compared; `None` when nothing new was accepted.
    #[n(1)]
    pub saved: Option<minicbor::bytes::ByteVec>,
    /// The heads of the merged document.
    #[n(2)]
    pub heads: Vec<ChangeHash>,
    /// How many changes it holds.
    #[n(3)]
    pub change_count: u64,
    /// Its view as JSON; empty when nothing new was accepted.
    #[n(4)]
    pub view_json: String,
    /// Every path where several values stand, a conflict was open, or the office decided.
    #[n(5)]
    pub conflicts: Vec<PathConflict>,
    /// The resolutions that the accepted changes recorded.
    #[n(6)]
    pub resolutions: Vec<EntryId>,
}
