//! What a device does when it learns that the server refused one of its saves.
//!
//! It raises its generation, rebuilds the document from what the server accepted, and authors
//! its later saves anew, one for one, on top of what their author had seen. The refused save
//! itself stays in the log and in quarantine, where a person decides about it.

use super::visit::{OwnSave, SaveFate, VisitReplica};
use crate::document::{ActorId16, Container, VisitDocument, put_over};
use crate::ids::{ChangeHash, DeviceId};
use crate::log::{ChangeBody, Reissue};
use automerge::legacy::{Key, ObjectId, Op, OpId, OpType};
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Change, ObjId, ObjType, ReadDoc};
use std::collections::{BTreeMap, BTreeSet};

/// Reason code of a save that was refused only because it builds on a refused one.
pub const DEPENDS_ON_REFUSED: &str = "depends_on_refused";
/// Reason code of a save that a person sent back because what it builds on is lost: the server was restored from a
/// backup, and nobody brings it again.
pub const DEPENDS_ON_LOST: &str = "depends_on_lost";

impl VisitReplica {
    /// Raises the generation after a refusal and returns the later saves, written anew in their
    /// order. Each is to be sealed under the person of the envelope that it replaces and then
    /// noted with [`VisitReplica::record`]. Empty when nothing was refused or nothing came after.
    pub fn raise_generation(&mut self, device: DeviceId) -> Vec<Reissue> {
        let refused = |save: &OwnSave| matches!(save.fate, SaveFate::Refused { .. });
        let Some(first) = self.unsettled.iter().position(refused) else { return Vec::new() };
        let dropped = self.unsettled.split_off(first);
        self.generation += 1;
        let actor = |generation| ActorId16::of_device(device, self.document.visit(), generation);
        let mut rebuilder = Rebuilder::new(&self.document, &dropped, actor(self.generation));
        rebuilder.own = (0..=self.generation).map(|generation| ActorId::from(actor(generation))).collect();
        let reissues = dropped
            .into_iter()
            .filter_map(|save| match is_cause(&save) {
                true => {
                    rebuilder.step_over(&save);
                    None
                }
                false => rebuilder.rewrite(save, self.generation),
            })
            .collect();
        self.document = rebuilder.rebuilt;
        reissues
    }
}

/// Whether the save was refused for its own sake.
fn is_cause(save: &OwnSave) -> bool {
    matches!(&save.fate, SaveFate::Refused { reason } if reason != DEPENDS_ON_REFUSED && reason != DEPENDS_ON_LOST)
}

struct Rebuilder<'a> {
    old: &'a VisitDocument,
    rebuilt: VisitDocument,
    actor: ActorId16,
    /// Every actor under which this device wrote the visit.
    own: Vec<ActorId>,
    /// For every change left out: what stands in its place.
    stand_ins: BTreeMap<ChangeHash, Vec<ChangeHash>>,
    /// For every object that a rewritten change created: the object that stands in its place.
    objects: BTreeMap<String, ObjId>,
}

impl<'a> Rebuilder<'a> {
    fn new(old: &'a VisitDocument, dropped: &[OwnSave], actor: ActorId16) -> Self {
        let mut left_out: BTreeSet<ChangeHash> =
            dropped.iter().flat_map(|save| save.changes.iter().map(|(hash, _)| *hash)).collect();
        let mut kept = Vec::new();
        for chunk in old.changes_since(&[]) {
            let builds_on_left_out = chunk.deps.iter().any(|dep| left_out.contains(dep));
            if left_out.contains(&chunk.hash) || builds_on_left_out {
                left_out.insert(chunk.hash);
            } else {
                kept.push(chunk.bytes);
            }
        }
        let mut rebuilt = VisitDocument::birth(old.visit());
        rebuilt.apply(&kept).expect("these changes stood in this document before");
        Self { old, rebuilt, actor, own: Vec::new(), stand_ins: BTreeMap::new(), objects: BTreeMap::new() }
    }

    /// Leaves a refused save out: what built on it now builds on what it built on.
    fn step_over(&mut self, save: &OwnSave) {
        for (hash, _) in &save.changes {
            let deps = self.deps_of(*hash);
            self.stand_ins.insert(*hash, deps);
        }
    }

    /// Authors a save anew. `None` when nothing of it can stand without the refused save.
    fn rewrite(&mut self, save: OwnSave, generation: u64) -> Option<Reissue> {
        let mut chunks = Vec::new();
        for (hash, bytes) in &save.changes {
            let Some(source) = self.source(*hash, bytes) else { continue };
            let deps = self.ground_of(&source);
            let after = match self.rewrite_change(&source, &deps) {
                Some(change) => {
                    self.rebuilt
                        .apply(&[change.raw_bytes()])
                        .expect("the change was just made on this document");
                    chunks.push(change.raw_bytes().to_vec().into());
                    vec![ChangeHash::from(change.hash())]
                }
                None => deps,
            };
            self.stand_ins.insert(*hash, after);
        }
        let change = ChangeBody { generation, chunks, photos: save.photos, parts: save.parts };
        (!change.chunks.is_empty()).then_some(Reissue { replaces: vec![save.envelope], change })
    }

    fn deps_of(&self, hash: ChangeHash) -> Vec<ChangeHash> {
        self.in_place_of(self.old.change_info(&hash).map(|info| info.deps).unwrap_or_default())
    }

    fn in_place_of(&self, deps: Vec<ChangeHash>) -> Vec<ChangeHash> {
        let stand_in = |dep: ChangeHash| self.stand_ins.get(&dep).cloned().unwrap_or_else(|| vec![dep]);
        let resolved: BTreeSet<ChangeHash> = deps.into_iter().flat_map(stand_in).collect();
        resolved.into_iter().filter(|dep| self.rebuilt.contains(dep)).collect()
    }

    /// A change as its author made it: from the document, or from the save itself when what it builds on is lost.
    fn source(&self, hash: ChangeHash, bytes: &[u8]) -> Option<Change> {
        let known = self.old.automerge().get_change_by_hash(&hash.into());
        known.or_else(|| Change::from_bytes(bytes.to_vec()).ok())
    }

    /// On what a change is written anew: on what its author had seen. When that is lost, on the newest of the author's
    /// own changes that stand, since nothing else is sure to have been seen: other values stay concurrent.
    fn ground_of(&self, source: &Change) -> Vec<ChangeHash> {
        let seen = self.in_place_of(source.deps().iter().map(|dep| ChangeHash::from(*dep)).collect());
        if !seen.is_empty() {
            return seen;
        }
        let standing = self.rebuilt.automerge().get_changes(&[]);
        let own = standing.iter().rev().find(|change| self.own.iter().any(|own| change.actor_id() == own));
        own.or(standing.first()).map(|change| change.hash().into()).into_iter().collect()
    }

    fn rewrite_change(&mut self, source: &Change, deps: &[ChangeHash]) -> Option<Change> {
        let heads: Vec<automerge::ChangeHash> = deps.iter().map(|dep| (*dep).into()).collect();
        // On exactly what the author had seen: values that arrived since stay concurrent.
        let mut target = self.rebuilt.automerge().fork_at(&heads).ok()?;
        target.set_actor(ActorId::from(self.actor));
        let texts = self.text_changes(source);
        let mut tx = target.transaction();
        for (counter, op) in (source.start_op().get()..).zip(source.decode().operations) {
            replay(&mut tx, &op, &OpId::new(counter, source.actor_id()), &mut self.objects);
        }
        for (object, text) in texts {
            text.write(&mut tx, &object);
        }
        let (written, _) = tx.commit_with(CommitOptions::default().with_time(source.timestamp()));
        target.get_change_by_hash(&written?)
    }

    /// What the change did to each shared text.
    fn text_changes(&self, source: &Change) -> Vec<(ObjId, TextChange)> {
        let am = self.old.automerge();
        if am.get_change_by_hash(&source.hash()).is_none() {
            return words_put(source);
        }
        let at =
            |object: &ObjId, heads: &[automerge::ChangeHash]| am.text_at(object, heads).unwrap_or_default();
        [Container::CauseText, Container::Note]
            .into_iter()
            .filter_map(|container| {
                let object = container.object();
                let before = at(&object, source.deps());
                let change = TextChange::between(&before, &at(&object, &[source.hash()]))?;
                Some((object, change))
            })
            .collect()
    }
}

/// The words that a change put into each shared text, when the text that it changed is lost.
fn words_put(source: &Change) -> Vec<(ObjId, TextChange)> {
    let operations = source.decode().operations;
    let words = |container: Container| {
        let object = container.object();
        let put: String =
            operations.iter().filter(|op| op.insert && is_in(&op.obj, &object)).filter_map(letter).collect();
        (!put.is_empty()).then_some((object, TextChange { before: Vec::new(), at: 0, taken: 0, put }))
    };
    [Container::CauseText, Container::Note].into_iter().filter_map(words).collect()
}

fn is_in(object: &ObjectId, container: &ObjId) -> bool {
    match (object, container) {
        (ObjectId::Id(id), ObjId::Id(counter, actor, _)) => id.counter() == *counter && id.actor() == actor,
        _ => false,
    }
}

fn letter(op: &Op) -> Option<String> {
    match &op.action {
        OpType::Put(automerge::ScalarValue::Str(letter)) => Some(letter.to_string()),
        _ => None,
    }
}

/// Repeats one operation on a map; operations inside texts are repeated as a whole elsewhere.
fn replay<T: Transactable>(tx: &mut T, op: &Op, id: &OpId, objects: &mut BTreeMap<String, ObjId>) {
    let Key::Map(key) = &op.key else { return };
    let Some(object) = object_of(tx, &op.obj, objects) else { return };
    // A failure means that the target cannot hold the value; the rest of the save still stands.
    match &op.action {
        OpType::Put(value) => {
            let _ = put_over(tx, &object, key, value.clone());
        }
        OpType::Make(ObjType::Map) => {
            if let Ok(created) = tx.put_object(&object, key.as_str(), ObjType::Map) {
                objects.insert(name_of(id), created);
            }
        }
        _ => {}
    }
}

fn object_of<T: ReadDoc>(doc: &T, object: &ObjectId, objects: &BTreeMap<String, ObjId>) -> Option<ObjId> {
    let ObjectId::Id(id) = object else { return Some(automerge::ROOT) };
    let found = match objects.get(&name_of(id)) {
        Some(stand_in) => stand_in.clone(),
        None => ObjId::Id(id.counter(), id.actor().clone(), 0),
    };
    matches!(doc.object_type(&found), Ok(ObjType::Map)).then_some(found)
}

fn name_of(id: &OpId) -> String {
    format!("{}@{}", id.counter(), id.actor().to_hex_string())
}

/// What a change did to a text: characters taken out and put in at one place.
struct TextChange {
    before: Vec<char>,
    at: usize,
    taken: usize,
    put: String,
}

impl TextChange {
    fn between(before: &str, after: &str) -> Option<Self> {
        if before == after {
            return None;
        }
        let (before, after): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
        let at = before.iter().zip(&after).take_while(|(old, new)| old == new).count();
        let rest = before[at..].iter().rev().zip(after[at..].iter().rev());
        let same_end = rest.take_while(|(old, new)| old == new).count();
        let taken = before.len() - at - same_end;
        let put = after[at..after.len() - same_end].iter().collect();
        Some(Self { before, at, taken, put })
    }

    /// Does the same to the text as it stands now; where it differs from the text that was
    /// changed, the words are added at its end.
    fn write<T: Transactable>(&self, tx: &mut T, object: &ObjId) {
        let now = tx.text(object).unwrap_or_default();
        let same = now.chars().eq(self.before.iter().copied());
        // Text positions count Unicode scalar values, Automerge's default encoding.
        let (at, taken) = if same { (self.at, self.taken) } else { (now.chars().count(), 0) };
        let _ = tx.splice_text(object, at, isize::try_from(taken).unwrap_or(0), &self.put);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{EditAuthor, Finding, Role, Scalar, SharedText};
    use crate::ids::{EntryId, EnvelopeHash, PersonId, VisitId};
    use crate::time::Timestamp;

    const DEVICE: DeviceId = DeviceId::from_bytes([2; 16]);

    fn author(device: u8, generation: u64) -> EditAuthor {
        let device = DeviceId::from_bytes([device; 16]);
        EditAuthor {
            actor: ActorId16::of_device(device, VisitId::from_bytes([1; 16]), generation),
            person: PersonId::from_bytes(*device.as_bytes()),
            at: Timestamp::from_unix_ms(1_000),
            role: Role::Field,
        }
    }

    /// Saves what `act` does on `replica` as its next own save.
    fn save(replica: &mut VisitReplica, sequence: u64, act: impl FnOnce(&mut crate::document::Edit<'_>)) {
        let mut edit = replica.document.edit(author(2, replica.generation));
        act(&mut edit);
        let chunk = edit.commit().expect("the act changes something");
        replica.unsettled.push(OwnSave {
            envelope: EnvelopeHash::from_bytes([u8::try_from(sequence).unwrap(); 32]),
            sequence,
            changes: vec![(chunk.hash, chunk.bytes)],
            photos: Vec::new(),
            parts: Vec::new(),
            fate: SaveFate::Waiting,
        });
    }

    fn finding(text: &str) -> Finding {
        Finding { code: "SEAL_OK".into(), text: text.into(), item: None, severity: None }
    }

    #[test]
    fn what_came_after_a_refused_save_is_authored_anew_and_nothing_typed_is_lost() {
        let mut replica = VisitReplica::birth(VisitId::from_bytes([1; 16]));
        let id = |n: u8| EntryId::from_bytes([n; 16]);
        save(&mut replica, 1, |edit| edit.add_finding(id(1), &finding("accepted")).unwrap());
        save(&mut replica, 2, |edit| {
            edit.add_finding(id(2), &finding("refused")).unwrap();
            edit.append_text(SharedText::Note, "first line").unwrap();
        });
        save(&mut replica, 3, |edit| {
            edit.add_finding(id(3), &finding("later")).unwrap();
            edit.append_text(SharedText::Note, "second line").unwrap();
        });
        save(&mut replica, 4, |edit| edit.answer("seal", "intact").unwrap());
        replica.settle_merged(1);
        assert!(replica.settle_refused(2, "foreign_entry"));
        assert!(replica.settle_refused(3, DEPENDS_ON_REFUSED));

        let reissues = replica.raise_generation(DEVICE);

        assert_eq!(replica.generation, 1);
        assert_eq!(
            reissues.iter().map(|reissue| reissue.replaces[0].as_bytes()[0]).collect::<Vec<_>>(),
            [3, 4]
        );
        let view = replica.document.view();
        assert!(view.findings.contains_key(&id(1)) && view.findings.contains_key(&id(3)));
        assert!(!view.findings.contains_key(&id(2)), "the refused finding waits in quarantine");
        assert_eq!(view.answers["seal"].shown, Scalar::from("intact"));
        assert!(view.note.contains("second line") && !view.note.contains("first line"));
        assert!(replica.unsettled.is_empty(), "reissues are recorded once they are sealed");
    }

    #[test]
    fn a_value_that_arrived_since_stays_concurrent_to_the_reissued_one() {
        let visit = VisitId::from_bytes([1; 16]);
        let mut replica = VisitReplica::birth(visit);
        save(&mut replica, 1, |edit| edit.answer("door", "open").unwrap());
        save(&mut replica, 2, |edit| edit.answer("seal", "intact").unwrap());
        let mut other = VisitDocument::birth(visit);
        let mut edit = other.edit(author(7, 0));
        edit.answer("seal", "missing").unwrap();
        let theirs = edit.commit().unwrap();
        replica.document.apply(&[theirs.bytes]).unwrap();
        replica.settle_refused(1, "answer_not_allowed");

        replica.raise_generation(DEVICE);

        let view = replica.document.view();
        assert_eq!(view.answers["seal"].values.len(), 2, "both values stay readable");
        assert!(!view.answers.contains_key("door"));
    }

    #[test]
    fn a_reissue_that_confirms_the_shown_of_several_values_passes_the_gate() {
        use crate::merge::{Author, Limits, MergeJob, MergeUnit, UnitResult, judge};
        let visit = VisitId::from_bytes([1; 16]);
        let mut replica = VisitReplica::birth(visit);
        let foreign = [(7, "intact"), (8, "missing")].map(|(device, state)| {
            let mut other = VisitDocument::birth(visit);
            let mut edit = other.edit(author(device, 0));
            edit.answer("seal", state).unwrap();
            edit.commit().unwrap().bytes
        });
        replica.document.apply(&foreign).unwrap();
        let base = replica.document.save();
        let shown = replica.document.view().answers["seal"].shown.clone();
        save(&mut replica, 1, |edit| edit.answer("seal", "refused").unwrap());
        save(&mut replica, 2, |edit| edit.answer("seal", shown.clone()).unwrap());
        replica.settle_refused(1, "answer_not_allowed");

        let reissues = replica.raise_generation(DEVICE);

        let unit = MergeUnit {
            reference: 0,
            author: Author::Device { device: DEVICE, generation: 1 },
            person: author(2, 1).person,
            chunks: reissues[0].change.chunks.clone(),
            photos: Vec::new(),
            approved: false,
        };
        let job = MergeJob { visit, base: Some(base.into()), units: vec![unit], open_paths: Vec::new() };
        let outcome = judge(&job, &Limits::default()).unwrap();
        assert!(matches!(outcome.results[0].1, UnitResult::Accepted { .. }), "{:?}", outcome.results);
        assert_eq!(replica.document.view().answers["seal"].values.len(), 1);
    }

    #[test]
    fn a_save_whose_ground_is_lost_is_authored_anew_on_what_its_author_had_surely_seen() {
        let visit = VisitId::from_bytes([1; 16]);
        let mut replica = VisitReplica::birth(visit);
        save(&mut replica, 1, |edit| edit.answer("door", "open").unwrap());
        replica.settle_merged(1);
        let restored = replica.document.save();
        // What a colleague wrote is seen, then lost with the restore; another value came since.
        let mut office = VisitDocument::load(&restored).unwrap();
        let mut edit = office.edit(author(7, 0));
        edit.answer("seal", "missing").unwrap();
        edit.append_text(SharedText::Note, "lost line").unwrap();
        replica.document.apply(&[edit.commit().unwrap().bytes]).unwrap();
        save(&mut replica, 2, |edit| {
            edit.add_finding(EntryId::from_bytes([2; 16]), &finding("on lost ground")).unwrap();
            edit.answer("seal", "intact").unwrap();
            edit.append_text(SharedText::Note, "my line").unwrap();
        });
        let mut other = VisitDocument::load(&restored).unwrap();
        let mut edit = other.edit(author(8, 0));
        edit.answer("seal", "broken").unwrap();
        edit.commit().unwrap();
        let saved = other.save().into();
        replica.replace(&crate::protocol::WholeDocument { visit, saved, heads: other.heads() }).unwrap();
        assert!(replica.document.view().findings.is_empty(), "it does not fit any more");
        assert!(replica.settle_refused(2, DEPENDS_ON_LOST));

        let reissues = replica.raise_generation(DEVICE);

        assert_eq!(reissues.len(), 1);
        let view = replica.document.view();
        assert_eq!(view.findings[&EntryId::from_bytes([2; 16])].content.text, "on lost ground");
        assert_eq!(view.answers["seal"].values.len(), 2, "nothing that came since is overwritten unseen");
        assert!(view.note.contains("my line"), "{}", view.note);
        assert_eq!(view.answers["door"].shown, Scalar::from("open"));
    }

    #[test]
    fn accepted_heads_leave_own_unsettled_changes_out() {
        let mut replica = VisitReplica::birth(VisitId::from_bytes([1; 16]));
        let born = replica.document.heads();
        save(&mut replica, 1, |edit| edit.answer("a", 1).unwrap());
        let after_first = replica.document.heads();
        save(&mut replica, 2, |edit| edit.answer("b", 1).unwrap());
        assert_eq!(replica.accepted_heads(), born);
        replica.settle_merged(1);
        assert_eq!(replica.accepted_heads(), after_first);
        replica.settle_merged(2);
        assert_eq!(replica.accepted_heads(), replica.document.heads());
    }
}
