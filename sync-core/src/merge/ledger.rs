//! What stands where, for somebody who had seen certain changes: the accepted document plus
//! the changes of the job that passed so far, none of which Automerge has been given yet.

use super::history::{History, OpRef};
use super::job::{QuarantineReason, Refusal};
use crate::document::{ActorId16, Container, Shape};
use crate::ids::{EntryId, PersonId};
use automerge::legacy::{ElementId, Key, ObjectId, Op};
use automerge::{Automerge, ObjId, ObjType, ReadDoc, Value};
use std::collections::{BTreeSet, HashMap};

/// What an object of the document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// The root map or a map that only holds containers.
    Frame,
    /// A container.
    Container(Container),
    /// An entry of a container.
    Entry(KnownEntry),
    /// A flat map inside an entry.
    Strings,
    /// The withdrawal of an entry.
    Withdrawn,
    /// A map inside an entry that was accepted earlier: nobody writes there any more.
    Sealed,
}

/// An entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KnownEntry {
    pub(super) container: Container,
    pub(super) id: EntryId,
    /// The person under whose name it stands; `None` until that field is written.
    pub(super) by: Option<PersonId>,
}

/// An object as operations name it: `None` is the root map.
pub(super) type ObjectRef = Option<OpRef>;

/// What stands at a key.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// The operations whose values the author saw there.
    pub(super) visible: BTreeSet<OpRef>,
    /// Whether anybody has written there, seen by the author or not.
    pub(super) taken: bool,
}

/// A write of the job.
#[derive(Debug, Clone)]
struct Write {
    id: OpRef,
    change: usize,
    preds: Vec<OpRef>,
}

/// How far the ledger had been filled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    changes: usize,
    objects: usize,
    writes: usize,
    elements: usize,
}

/// See the module's documentation.
pub(super) struct Ledger<'a> {
    base: &'a Automerge,
    pub(super) history: History,
    objects: HashMap<OpRef, Known>,
    object_log: Vec<OpRef>,
    writes: HashMap<(OpRef, String), Vec<Write>>,
    write_log: Vec<(OpRef, String)>,
    /// Elements of texts that the job inserted.
    elements: HashMap<OpRef, Container>,
    element_log: Vec<OpRef>,
    /// Objects of the accepted document that were looked up.
    base_objects: HashMap<OpRef, Option<Known>>,
    /// Operations of accepted changes that were looked into.
    base_ops: HashMap<usize, Vec<Op>>,
}

pub(super) fn refuse<T>(reason: QuarantineReason, detail: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { reason, detail: detail.into() })
}

/// The identity that Automerge gives an operation, if its actor is one of ours.
pub(super) fn op_ref(id: &automerge::legacy::OpId) -> Result<OpRef, Refusal> {
    match ActorId16::from_slice(id.1.to_bytes()) {
        Some(actor) => Ok((id.0, actor)),
        None => refuse(QuarantineReason::UnknownActor, "an actor that is not 16 bytes long"),
    }
}

fn exid((counter, actor): OpRef) -> ObjId {
    ObjId::Id(counter, actor.into(), 0)
}

fn exid_ref(id: &ObjId) -> Option<OpRef> {
    match id {
        ObjId::Root => None,
        ObjId::Id(counter, actor, _) => Some((*counter, ActorId16::from_slice(actor.to_bytes())?)),
    }
}

/// How many accepted changes are looked into one by one before all are read at once.
const SINGLE_LOOKUPS_MAX: usize = 8;

impl<'a> Ledger<'a> {
    pub(super) fn new(base: &'a Automerge, history: History) -> Self {
        Self {
            base,
            history,
            objects: HashMap::new(),
            object_log: Vec::new(),
            writes: HashMap::new(),
            write_log: Vec::new(),
            elements: HashMap::new(),
            element_log: Vec::new(),
            base_objects: HashMap::new(),
            base_ops: HashMap::new(),
        }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            changes: self.history.len(),
            objects: self.object_log.len(),
            writes: self.write_log.len(),
            elements: self.element_log.len(),
        }
    }

    /// Forgets everything after the mark.
    pub(super) fn roll_back(&mut self, mark: Mark) {
        self.history.truncate(mark.changes);
        for object in self.object_log.drain(mark.objects..) {
            self.objects.remove(&object);
        }
        for place in self.write_log.drain(mark.writes..) {
            if let Some(writes) = self.writes.get_mut(&place) {
                writes.pop();
            }
        }
        for element in self.element_log.drain(mark.elements..) {
            self.elements.remove(&element);
        }
    }

    /// The object that `change` writes into.
    ///
    /// # Errors
    /// When its author cannot have seen the object.
    pub(super) fn object(&mut self, object: &ObjectId, change: usize) -> Result<(ObjectRef, Known), Refusal> {
        let ObjectId::Id(id) = object else { return Ok((None, Known::Frame)) };
        let id = op_ref(id)?;
        let known = match self.objects.get(&id) {
            Some(known) => Some(*known),
            None => self.base_object(id),
        };
        match (known, self.seen(id, change)) {
            (Some(known), true) => Ok((Some(id), known)),
            _ => refuse(QuarantineReason::UnknownObject, format!("object {}@{}", id.0, id.1)),
        }
    }

    /// Whether the author of `change` had seen the operation.
    fn seen(&self, id: OpRef, change: usize) -> bool {
        self.history.change_of(id).is_some_and(|made| self.history.has_seen(change, made))
    }

    fn base_object(&mut self, id: OpRef) -> Option<Known> {
        if id.1 == ActorId16::BIRTH {
            return Container::from_counter(id.0).map(|container| match container.shape() {
                Shape::Frame => Known::Frame,
                _ => Known::Container(container),
            });
        }
        if let Some(known) = self.base_objects.get(&id) {
            return *known;
        }
        let known = self.look_up(id);
        self.base_objects.insert(id, known);
        known
    }

    fn look_up(&self, id: OpRef) -> Option<Known> {
        let object = exid(id);
        if self.base.object_type(&object).ok()? != ObjType::Map {
            return None;
        }
        let parent = self.base.parents(&object).ok()?.next()?;
        let (counter, actor) = exid_ref(&parent.obj)?;
        if actor != ActorId16::BIRTH {
            return Some(Known::Sealed);
        }
        let container = Container::from_counter(counter)?;
        let automerge::Prop::Map(key) = parent.prop else { return None };
        let by = self.base.get(&object, "by").ok()??.0;
        let by = by.as_bytes().and_then(|bytes| bytes.try_into().ok()).map(PersonId::from_bytes);
        Some(Known::Entry(KnownEntry { container, id: key.parse().ok()?, by }))
    }

    /// Notes an object that the job makes, or what became known of it.
    pub(super) fn note_object(&mut self, id: OpRef, known: Known) {
        if self.objects.insert(id, known).is_none() {
            self.object_log.push(id);
        }
    }

    /// What stands at a key, for somebody who has seen what `change` has.
    ///
    /// What stands in the accepted document now is what the author saw, if the author had seen
    /// all of it: whatever overwrote something was seen with it, and nothing is ever deleted.
    /// Only otherwise is the past asked, which costs Automerge a walk through the history.
    pub(super) fn standing(&self, object: OpRef, key: &str, change: usize) -> Standing {
        let mut standing = Standing::default();
        let in_base = self.history.change_of(object).is_some_and(|made| self.history.is_base(made));
        if in_base {
            let refs = |values: Vec<(Value<'_>, ObjId)>| -> BTreeSet<OpRef> {
                values.iter().filter_map(|(_, id)| exid_ref(id)).collect()
            };
            let now = refs(self.base.get_all(exid(object), key).unwrap_or_default());
            standing.taken = !now.is_empty();
            standing.visible = match now.iter().all(|id| self.seen(*id, change)) {
                true => now,
                false => {
                    let heads = self.history.base_seen_by(change).unwrap_or_default();
                    refs(self.base.get_all_at(exid(object), key, &heads).unwrap_or_default())
                }
            };
        }
        let Some(writes) = self.writes.get(&(object, key.to_owned())) else { return standing };
        standing.taken |= !writes.is_empty();
        let seen = || writes.iter().filter(|write| self.history.has_seen(change, write.change));
        standing.visible.extend(seen().map(|write| write.id));
        for overwritten in seen().flat_map(|write| &write.preds) {
            standing.visible.remove(overwritten);
        }
        standing
    }

    /// Notes a write at a key.
    pub(super) fn note_write(&mut self, object: OpRef, key: &str, id: OpRef, change: usize, preds: &[OpRef]) {
        let place = (object, key.to_owned());
        self.write_log.push(place.clone());
        self.writes.entry(place).or_default().push(Write { id, change, preds: preds.to_vec() });
    }

    /// Whether the element is in the text, for the author of `change`.
    pub(super) fn has_element(&mut self, text: Container, element: OpRef, change: usize) -> bool {
        if let Some(container) = self.elements.get(&element) {
            return *container == text && self.seen(element, change);
        }
        match self.history.change_of(element) {
            Some(made) if self.history.is_base(made) && self.history.has_seen(change, made) => {
                self.base_inserted(text, element, made)
            }
            _ => false,
        }
    }

    pub(super) fn note_element(&mut self, element: OpRef, text: Container) {
        self.elements.insert(element, text);
        self.element_log.push(element);
    }

    fn base_inserted(&mut self, text: Container, element: OpRef, made: usize) -> bool {
        let start = self.history.node(made).start_op;
        let place = usize::try_from(element.0 - start).unwrap_or(usize::MAX);
        self.base_ops_of(made).get(place).is_some_and(|op| op.insert && is_text(&op.obj, text))
    }

    /// The operations of an accepted change.
    pub(super) fn base_ops_of(&mut self, made: usize) -> &[Op] {
        if !self.base_ops.contains_key(&made) {
            if self.base_ops.len() < SINGLE_LOOKUPS_MAX {
                let hash = self.history.node(made).hash.into();
                let ops = self.base.get_change_by_hash(&hash).map(|change| change.decode().operations);
                self.base_ops.insert(made, ops.unwrap_or_default());
            } else {
                for change in self.base.get_changes(&[]) {
                    if let Some(index) = self.history.find(&change.hash().into()) {
                        self.base_ops.insert(index, change.decode().operations);
                    }
                }
            }
        }
        self.base_ops.get(&made).map_or(&[], Vec::as_slice)
    }
}

/// Whether the object is this text.
pub(super) fn is_text(object: &ObjectId, text: Container) -> bool {
    match object {
        ObjectId::Id(id) => id.0 == text.counter() && id.1.to_bytes() == ActorId16::BIRTH.as_bytes(),
        ObjectId::Root => false,
    }
}

/// The element that an operation on a sequence names; `None` for the head.
///
/// # Errors
/// When the operation names a map key.
pub(super) fn element_of(key: &Key) -> Result<Option<OpRef>, Refusal> {
    match key {
        Key::Seq(ElementId::Head) => Ok(None),
        Key::Seq(ElementId::Id(id)) => op_ref(id).map(Some),
        Key::Map(_) => refuse(QuarantineReason::ForbiddenOperation, "a map operation inside a text"),
    }
}
