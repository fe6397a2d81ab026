//! Promises of the gate, and the tools with which its tests attack it.

mod conflicts;
mod convergence;
mod hostile;
mod matrix;
mod mutation;
mod undone;
mod units;

use super::judge::judge;
use super::*;
use crate::document::{ActorId16, Chunk, Edit, EditAuthor, Finding, VisitDocument, birth_hash};
use crate::ids::{BlobHash, ChangeHash, DeviceId, EntryId, PersonId, VisitId};
use crate::time::Timestamp;
use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType, SortedVec};
use automerge::{Change, ExpandedChange, ObjType, ScalarValue};
use std::num::NonZeroU64;

pub(super) const VISIT: VisitId = VisitId::from_bytes([7; 16]);

pub(super) fn entry(n: u8) -> EntryId {
    EntryId::from_bytes([n; 16])
}

pub(super) fn person(n: u8) -> PersonId {
    PersonId::from_bytes([n; 16])
}

/// Device `n`, used by person `n`.
pub(super) fn device(n: u8) -> Author {
    Author::Device { device: DeviceId::from_bytes([n; 16]), generation: 0 }
}

pub(super) const OFFICE: Author = Author::Office { epoch: 1 };

pub(super) fn by(author: Author, person: PersonId, second: i64) -> EditAuthor {
    let at = Timestamp::from_unix_ms(1_763_700_000_000 + second * 1000);
    EditAuthor { actor: author.actor(VISIT), person, at, role: author.role() }
}

pub(super) fn finding(text: &str) -> Finding {
    Finding { code: "SEAL_OK".into(), text: text.into(), item: None, severity: None }
}

/// Commits what `act` does in a replica of device and person `n`.
pub(super) fn commit(doc: &mut VisitDocument, n: u8, act: impl FnOnce(&mut Edit<'_>)) -> Chunk {
    let mut edit = doc.edit(by(device(n), person(n), i64::from(n)));
    act(&mut edit);
    edit.commit().expect("the act changes something")
}

/// Commits what `act` does in a replica of the office.
pub(super) fn commit_office(doc: &mut VisitDocument, act: impl FnOnce(&mut Edit<'_>)) -> Chunk {
    let mut edit = doc.edit(by(OFFICE, person(99), 99));
    act(&mut edit);
    edit.commit().expect("the act changes something")
}

/// The envelope of device and person `n` with these changes.
pub(super) fn unit(n: u8, chunks: &[&[u8]]) -> MergeUnit {
    let chunks = chunks.iter().map(|chunk| chunk.to_vec().into()).collect();
    let (reference, author) = (u64::from(n), device(n));
    MergeUnit { reference, author, person: person(n), chunks, photos: Vec::new(), approved: false }
}

/// An envelope of the office with these changes.
pub(super) fn office_unit(chunks: &[&[u8]]) -> MergeUnit {
    MergeUnit { author: OFFICE, person: person(99), ..unit(99, chunks) }
}

pub(super) fn job(base: Option<&VisitDocument>, units: Vec<MergeUnit>) -> MergeJob {
    MergeJob { visit: VISIT, base: base.map(|doc| doc.save().into()), units, open_paths: Vec::new() }
}

pub(super) fn run(base: Option<&VisitDocument>, units: Vec<MergeUnit>) -> MergeOutcome {
    judge(&job(base, units), &Limits::default()).expect("the base is sound")
}

/// The reason for which a unit was refused.
pub(super) fn reason(result: &UnitResult) -> QuarantineReason {
    match result {
        UnitResult::Quarantined { refusal } => refusal.reason,
        other => panic!("not quarantined: {other:?}"),
    }
}

pub(super) fn is_accepted(result: &UnitResult) -> bool {
    matches!(result, UnitResult::Accepted { .. })
}

/// The merged document of an outcome; it must load.
pub(super) fn merged(outcome: &MergeOutcome) -> VisitDocument {
    let saved = outcome.saved.as_ref().expect("something new was accepted");
    let doc = VisitDocument::load(saved).expect("what the gate gives can be loaded");
    assert_eq!(doc.heads(), outcome.heads);
    assert_eq!(doc.change_count(), outcome.change_count);
    doc
}

/// A change of the given operations as an attacker would write it.
pub(super) struct Forged {
    pub(super) actor: ActorId16,
    pub(super) seq: u64,
    pub(super) start_op: u64,
    pub(super) deps: Vec<ChangeHash>,
    pub(super) ops: Vec<Op>,
    pub(super) message: Option<String>,
    pub(super) footer: Vec<u8>,
    pub(super) time: i64,
}

impl Forged {
    /// The next change of device `n` in the document.
    pub(super) fn next(doc: &VisitDocument, author: Author, ops: Vec<Op>) -> Self {
        let actor = author.actor(VISIT);
        let max = doc.automerge().get_changes(&[]).iter().map(Change::max_op).max().unwrap_or(0);
        Self {
            actor,
            seq: doc.last_seq(actor) + 1,
            start_op: max + 1,
            deps: doc.heads(),
            ops,
            message: None,
            footer: Vec::new(),
            time: 0,
        }
    }

    pub(super) fn chunk(self) -> Vec<u8> {
        let expanded = ExpandedChange {
            operations: self.ops,
            actor_id: self.actor.into(),
            hash: None,
            seq: self.seq,
            start_op: NonZeroU64::new(self.start_op).expect("counters start at one"),
            time: self.time,
            message: self.message,
            deps: self.deps.into_iter().map(Into::into).collect(),
            extra_bytes: self.footer,
            author: None,
        };
        Change::from(expanded).raw_bytes().to_vec()
    }
}

pub(super) fn op_id(counter: u64, actor: ActorId16) -> OpId {
    OpId(counter, actor.into())
}

pub(super) fn object(container: crate::document::Container) -> ObjectId {
    ObjectId::Id(op_id(container.counter(), ActorId16::BIRTH))
}

pub(super) fn map_op(obj: ObjectId, key: &str, action: OpType, pred: Vec<OpId>) -> Op {
    Op { action, obj, key: Key::Map(key.into()), pred: SortedVec::from(pred), insert: false }
}

pub(super) fn put(obj: ObjectId, key: &str, value: impl Into<ScalarValue>) -> Op {
    map_op(obj, key, OpType::Put(value.into()), Vec::new())
}

pub(super) fn make_map(obj: ObjectId, key: &str) -> Op {
    map_op(obj, key, OpType::Make(ObjType::Map), Vec::new())
}

pub(super) fn insert(obj: ObjectId, after: Option<OpId>, value: impl Into<ScalarValue>) -> Op {
    let element = after.map_or(ElementId::Head, ElementId::Id);
    let action = OpType::Put(value.into());
    Op { action, obj, key: Key::Seq(element), pred: SortedVec::new(), insert: true }
}

/// A chunk with this contents, and a right checksum: what anybody can make.
pub(super) fn seal(kind: u8, contents: &[u8]) -> Vec<u8> {
    let mut chunk = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, kind];
    unsigned(&mut chunk, contents.len() as u64);
    chunk.extend_from_slice(contents);
    let hash = crate::document::hash_of(&chunk);
    chunk[4..8].copy_from_slice(&hash.as_bytes()[..4]);
    chunk
}

/// The contents of a chunk, without its header.
pub(super) fn contents(chunk: &[u8]) -> &[u8] {
    let length = chunk[9..].iter().take_while(|byte| **byte & 0x80 != 0).count() + 1;
    &chunk[9 + length..]
}

pub(super) fn unsigned(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            return out.push(byte);
        }
        out.push(byte | 0x80);
    }
}
