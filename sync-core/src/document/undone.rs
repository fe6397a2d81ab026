//! Decisions of the office that it took back: what they wrote counts no more, and the values they
//! were about stand beside one another again.
//!
//! Nothing is deleted, so a document still holds what an undone decision wrote. Every reader, on a
//! device or on the server, looks past it: at a path with undone decisions stand the writes that
//! no other write had seen, those of the undone decisions left aside. An undoing reaches every
//! decision about its path that its author had seen; a later decision stands.

use super::VisitDocument;
use super::actor::ActorId16;
use super::drafts::Resolution;
use super::paths::Place;
use super::raw::Scalar;
use super::view::{Entry, VisitView, Written};
use crate::ids::{ChangeHash, EntryId};
use automerge::{ObjId, ReadDoc};
use std::collections::{BTreeMap, BTreeSet};

/// The choice of a resolution that takes back the decisions about its path.
pub const UNDONE: &str = "undone";

/// Notes beside each decision which entries undid it.
pub(super) fn mark(document: &VisitDocument, resolutions: &mut BTreeMap<EntryId, Entry<Resolution>>) {
    let is_undoing = |entry: &Entry<Resolution>| entry.content.choice == UNDONE;
    let undoings: Vec<(EntryId, ChangeHash, String)> = resolutions
        .iter()
        .filter(|(_, entry)| is_undoing(entry))
        .map(|(id, entry)| (*id, entry.meta.change, entry.content.path.clone()))
        .collect();
    for (undoing, change, path) in undoings {
        let about = resolutions.values_mut().filter(|entry| entry.content.path == path && !is_undoing(entry));
        for decision in about {
            let known = decision.meta.superseded_by.contains(&undoing);
            if !known && document.knew_of(&change, &decision.meta.change) {
                decision.meta.superseded_by.push(undoing);
            }
        }
    }
}

/// The changes of undone decisions, by the path they were about.
#[derive(Debug, Default)]
pub(crate) struct Undone {
    by_path: BTreeMap<String, BTreeSet<ChangeHash>>,
}

impl Undone {
    /// Those of a document whose decisions are marked.
    pub(crate) fn of(resolutions: &BTreeMap<EntryId, Entry<Resolution>>) -> Self {
        let mut undone = Self::default();
        for entry in resolutions.values().filter(|entry| !entry.stands()) {
            let changes = undone.by_path.entry(entry.content.path.clone()).or_default();
            changes.insert(entry.meta.change);
        }
        undone
    }

    /// Whether no decision was undone, as in nearly every document.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_path.is_empty()
    }

    /// The values that stand at a key of a map without what undone decisions wrote, the shown one
    /// last. `None` when nothing was undone at this path.
    pub(crate) fn values(
        &self,
        document: &VisitDocument,
        object: &ObjId,
        key: &str,
        path: &str,
    ) -> Option<Vec<Written>> {
        let undone = self.by_path.get(path)?;
        let mut open = operations(document, object, key, None);
        let mut standing = BTreeMap::new();
        let mut looked_behind = BTreeSet::new();
        while let Some((operation, written)) = open.pop() {
            if !undone.contains(&written.change) {
                standing.insert(operation, written);
            } else if looked_behind.insert(written.change) {
                let seen = document.automerge().get_change_meta_by_hash(&written.change.into());
                let seen = seen.map(|meta| meta.deps.into_iter().collect::<Vec<_>>()).unwrap_or_default();
                open.extend(operations(document, object, key, Some(&seen)));
            }
        }
        let changes: Vec<ChangeHash> = standing.values().map(|written| written.change).collect();
        // What the author of another value had seen was overwritten by it.
        standing.retain(|_, written| {
            !changes.iter().any(|other| *other != written.change && document.knew_of(other, &written.change))
        });
        Some(standing.into_values().collect())
    }
}

impl VisitView {
    /// The newest undoing about a path at which no decision of the office stands any more; `None`
    /// while one stands, or when none was ever taken back.
    pub fn taken_back(&self, path: &str) -> Option<&Entry<Resolution>> {
        let about = || self.resolutions.values().filter(|entry| entry.content.path == path);
        let is_undoing = |entry: &&Entry<Resolution>| entry.content.choice == UNDONE;
        let decided = about().any(|entry| entry.stands() && !is_undoing(&entry));
        about().filter(is_undoing).filter(|_| !decided).max_by_key(|entry| entry.meta.at)
    }
}

impl VisitDocument {
    /// What somebody read at a path who had seen these changes and what they build on: the value
    /// shown, or the text. `None` when nothing stood there.
    pub fn value_as_of(&self, path: &str, seen: &[ChangeHash]) -> Option<Scalar> {
        let heads: Vec<automerge::ChangeHash> = seen.iter().copied().map(Into::into).collect();
        if let Place::Text(container) = Place::parse(path)? {
            return self.automerge().text_at(container.object(), &heads).ok().map(Scalar::Text);
        }
        let (object, key) = self.place(path)?;
        operations(self, &object, key, Some(&heads)).pop().map(|(_, written)| written.value)
    }

    /// The values that stood at a path for the author of a change.
    pub(super) fn values_before(&self, path: &str, change: &ChangeHash) -> Vec<Written> {
        let Some((object, key)) = self.place(path) else { return Vec::new() };
        let Some(info) = self.change_info(change) else { return Vec::new() };
        let heads: Vec<automerge::ChangeHash> = info.deps.into_iter().map(Into::into).collect();
        operations(self, &object, key, Some(&heads)).into_iter().map(|(_, written)| written).collect()
    }

    /// What was written at a path before the change that wrote there, by whoever its author knew
    /// of: the newest first, at most `most`.
    pub fn writes_before(&self, path: &str, change: &ChangeHash, most: usize) -> Vec<Written> {
        let Some((object, key)) = self.place(path) else { return Vec::new() };
        let mut found: BTreeMap<(u64, ActorId16), Written> = BTreeMap::new();
        let mut open = vec![*change];
        while let Some(later) = open.pop().filter(|_| found.len() < most) {
            let Some(info) = self.change_info(&later) else { continue };
            let heads: Vec<automerge::ChangeHash> = info.deps.into_iter().map(Into::into).collect();
            for (operation, written) in operations(self, &object, key, Some(&heads)) {
                let change = written.change;
                if found.insert(operation, written).is_none() {
                    open.push(change);
                }
            }
        }
        found.into_values().rev().collect()
    }

    /// Where the single values of a path lie.
    fn place<'p>(&self, path: &'p str) -> Option<(ObjId, &'p str)> {
        match Place::parse(path)? {
            Place::Shared(container, key) => Some((container.object(), key)),
            Place::Field(container, entry, field) => {
                let (_, object) = self.automerge().get(container.object(), entry).ok()??;
                matches!(object, ObjId::Id(..)).then_some((object, field))
            }
            Place::Text(_) => None,
        }
    }
}

/// What stands at a key now or for somebody who had seen certain changes, by the operations that
/// wrote it: their order is the one in which Automerge lists values.
fn operations(
    document: &VisitDocument,
    object: &ObjId,
    key: &str,
    seen: Option<&[automerge::ChangeHash]>,
) -> Vec<((u64, ActorId16), Written)> {
    let am = document.automerge();
    let found = match seen {
        None => am.get_all(object, key),
        Some(heads) => am.get_all_at(object, key, heads),
    };
    let operation = |(value, id): (automerge::Value<'_>, ObjId)| {
        let ObjId::Id(counter, actor, _) = &id else { return None };
        let actor = ActorId16::from_slice(actor.to_bytes())?;
        let change = am.hash_for_opid(&id)?.into();
        Some(((*counter, actor), Written { value: Scalar::from_value(&value), change, actor }))
    };
    found.unwrap_or_default().into_iter().filter_map(operation).collect()
}
