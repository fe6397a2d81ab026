//! Reading a visit document: everything it holds, typed, with the change that wrote it.
//!
//! Reading never fails: a field or entry that cannot be understood is named in `unknown`
//! beside the rest, and stays in the document. It follows the schema and never descends into
//! what it does not know, so strange content of any depth costs nothing.

use super::actor::ActorId16;
use super::drafts::{
    EntryContent, Finding, GasTest, Hazard, HazardLowered, MeterCheck, Notice, Photo, Progress, Promise,
    Reading, Resolution, Seal, Signature, Statement, mutable_fields,
};
use super::paths::{Container, Shape};
use super::raw::{Found, Scalar, Sweep};
use super::undone::{self, Undone};
use super::{SCHEMA_VERSION, VisitDocument};
use crate::gas::HazardLevel;
use crate::ids::{ChangeHash, EntryId, PersonId, VisitId};
use crate::time::Timestamp;
use automerge::{Automerge, ObjId, ObjType, ROOT, ReadDoc, ValueRef};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most unknown places that are named.
pub const UNKNOWN_MAX: usize = 256;

/// One value of a path and the change that wrote it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Encode, Decode)]
#[cbor(array)]
pub struct Written {
    /// The value.
    #[n(0)]
    pub value: Scalar,
    /// The change: its envelope says who, on which device, and when.
    #[n(1)]
    pub change: ChangeHash,
    /// The actor of that change.
    #[n(2)]
    pub actor: ActorId16,
}

/// A single value that several people may write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharedValue {
    /// The value that every replica shows. Not the latest: with concurrent values there is none.
    pub shown: Scalar,
    /// Every concurrent value; the last one is the one shown.
    pub values: Vec<Written>,
}

impl SharedValue {
    /// Whether different values stand beside one another. Equal ones are no conflict.
    pub fn is_conflict(&self) -> bool {
        self.values.iter().any(|written| written.value != self.shown)
    }
}

/// A field of an entry that another change than the one that minted the entry wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edited {
    /// The field.
    pub field: String,
    /// The change whose value is shown: its envelope says who wrote it, on which device, and when.
    pub change: ChangeHash,
    /// The actor of that change.
    pub actor: ActorId16,
}

/// Who took an entry back, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// The person, always the entry's author.
    pub by: PersonId,
    /// When, by the device's clock.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// What every entry says beside its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryMeta {
    /// The person who recorded it.
    pub by: PersonId,
    /// When, by the device's clock.
    pub at: Timestamp,
    /// The change that minted it.
    pub change: ChangeHash,
    /// The actor of that change.
    pub actor: ActorId16,
    /// The entry that this one corrects.
    pub supersedes: Option<EntryId>,
    /// The entries that correct this one and were not taken back; for a decision, those that undid it.
    #[serde(default)]
    pub superseded_by: Vec<EntryId>,
    /// The fields that were written again later, perhaps by somebody else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edited: Vec<Edited>,
    /// Set when its author took it back.
    pub withdrawn: Option<Withdrawn>,
}

/// An entry of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry<T> {
    /// Author, time, change, withdrawal.
    #[serde(flatten)]
    pub meta: EntryMeta,
    /// What was recorded.
    #[serde(flatten)]
    pub content: T,
}

impl<T> Entry<T> {
    /// Whether the entry stands: neither taken back nor corrected.
    pub fn stands(&self) -> bool {
        self.meta.withdrawn.is_none() && self.meta.superseded_by.is_empty()
    }
}

/// Everything in a visit document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VisitView {
    /// The visit.
    pub visit: VisitId,
    /// Version of the schema that it was born with.
    pub schema: i64,
    /// Checklist answers by item code.
    pub answers: BTreeMap<String, SharedValue>,
    /// Seal states by `<meter no>/<position>`.
    pub seal_states: BTreeMap<String, SharedValue>,
    /// Proposed verdict, cause, responsibility and outcome.
    pub proposal: BTreeMap<String, SharedValue>,
    /// The cause in words.
    pub cause_text: String,
    /// The note of the visit.
    pub note: String,
    /// Findings.
    pub findings: BTreeMap<EntryId, Entry<Finding>>,
    /// Register readings.
    pub readings: BTreeMap<EntryId, Entry<Reading>>,
    /// Meter checks: inputs, from which results are computed.
    pub meter_checks: BTreeMap<EntryId, Entry<MeterCheck>>,
    /// Gas tests: inputs, from which results are computed.
    pub gas_tests: BTreeMap<EntryId, Entry<GasTest>>,
    /// Seals found and fitted.
    pub seals: BTreeMap<EntryId, Entry<Seal>>,
    /// References to photos.
    pub photos: BTreeMap<EntryId, Entry<Photo>>,
    /// References to statements.
    pub statements: BTreeMap<EntryId, Entry<Statement>>,
    /// Signatures and refusals to sign.
    pub signatures: BTreeMap<EntryId, Entry<Signature>>,
    /// Promises.
    pub promises: BTreeMap<EntryId, Entry<Promise>>,
    /// Hazards.
    pub hazards: BTreeMap<EntryId, Entry<Hazard>>,
    /// Steps of the visit.
    pub progress: BTreeMap<EntryId, Entry<Progress>>,
    /// Notices.
    pub notices: BTreeMap<EntryId, Entry<Notice>>,
    /// Decisions of the office about conflicts.
    pub resolutions: BTreeMap<EntryId, Entry<Resolution>>,
    /// Decisions of reviewers about hazards.
    pub hazard_lowered: BTreeMap<EntryId, Entry<HazardLowered>>,
    /// Every path whose concurrent values differ, unless the office decided to keep them all.
    pub conflicts: BTreeMap<String, Vec<Written>>,
    /// Paths of what this release cannot read, at most 256.
    pub unknown: Vec<String>,
}

impl VisitView {
    /// The level of the visit: the highest of its hazards, each as recorded or as a reviewer
    /// lowered it. Withdrawing a hazard does not lower it.
    pub fn hazard_level(&self) -> Option<HazardLevel> {
        self.hazards.iter().filter_map(|(id, hazard)| self.level_of(*id, &hazard.content.level)).max()
    }

    /// The lowest level that reviewers gave the hazard. `None` when it is no hazard any more.
    fn level_of(&self, id: EntryId, recorded: &str) -> Option<HazardLevel> {
        self.hazard_lowered
            .values()
            .filter(|lowered| lowered.content.hazard == id && lowered.meta.withdrawn.is_none())
            .map(|lowered| lowered.content.level.as_deref().map(HazardLevel::parse))
            .chain([Some(HazardLevel::parse(recorded))])
            .min()
            .flatten()
    }
}

/// Reads a document.
pub(super) fn read(document: &VisitDocument) -> VisitView {
    let am = document.automerge();
    let sweep = Sweep::of(am);
    let mut reader = Reader {
        document,
        am,
        sweep: &sweep,
        undone: Undone::default(),
        conflicts: BTreeMap::new(),
        unknown: Vec::new(),
    };
    let schema = reader.root();
    // First: what an undone decision wrote is not what stands.
    let resolutions = reader.resolutions();
    let mut view = VisitView {
        visit: document.visit(),
        schema,
        answers: reader.shared(Container::Answers),
        seal_states: reader.shared(Container::SealStates),
        proposal: reader.shared(Container::Proposal),
        cause_text: reader.text(Container::CauseText),
        note: reader.text(Container::Note),
        findings: reader.entries(),
        readings: reader.entries(),
        meter_checks: reader.entries(),
        gas_tests: reader.entries(),
        seals: reader.entries(),
        photos: reader.entries(),
        statements: reader.entries(),
        signatures: reader.entries(),
        promises: reader.entries(),
        hazards: reader.entries(),
        progress: reader.entries(),
        notices: reader.entries(),
        resolutions,
        hazard_lowered: reader.entries(),
        conflicts: BTreeMap::new(),
        unknown: Vec::new(),
    };
    view.unknown = reader.unknown;
    let mut conflicts = reader.conflicts;
    conflicts.retain(|path, values| kept_by(&view.resolutions, path, values).is_none());
    view.conflicts = conflicts;
    view
}

/// The decision of the office that exactly these values stay beside one another.
pub(crate) fn kept_by(
    resolutions: &BTreeMap<EntryId, Entry<Resolution>>,
    path: &str,
    values: &[Written],
) -> Option<EntryId> {
    let keeps_all = |entry: &Entry<Resolution>| {
        let kept = entry.content.kept.as_ref().filter(|_| entry.content.path == path && entry.stands());
        kept.is_some_and(|kept| values.iter().all(|written| kept.contains_key(&written.change.to_string())))
    };
    resolutions.iter().find(|(_, entry)| keeps_all(entry)).map(|(id, _)| *id)
}

/// Every concurrent value at a key of a map, the shown one last; empty when there is none.
pub(crate) fn written_at(am: &Automerge, object: &ObjId, key: &str) -> Vec<Written> {
    let Ok(values) = am.get_all(object, key) else { return Vec::new() };
    values
        .iter()
        .filter_map(|(value, id)| {
            let (change, actor) = origin(am, id)?;
            Some(Written { value: Scalar::from_value(value), change, actor })
        })
        .collect()
}

/// Notes beside each entry what corrects it. A correction that was taken back corrects nothing, unless it was corrected
/// in turn by one that stands.
fn note_corrections<T>(entries: &mut BTreeMap<EntryId, Entry<T>>) {
    let mut counting = BTreeSet::new();
    for (id, _) in entries.iter().filter(|(_, entry)| entry.meta.withdrawn.is_none()) {
        let mut next = Some(*id);
        // What counts already has had its own corrected entries counted, so a circle ends, too.
        while let Some(id) = next.filter(|id| counting.insert(*id)) {
            next = entries.get(&id).and_then(|entry| entry.meta.supersedes);
        }
    }
    let corrections: Vec<_> =
        entries.iter().filter_map(|(id, entry)| Some((entry.meta.supersedes?, *id))).collect();
    for (old, new) in corrections.into_iter().filter(|(_, new)| counting.contains(new)) {
        if let Some(entry) = entries.get_mut(&old) {
            entry.meta.superseded_by.push(new);
        }
    }
}

fn origin(am: &Automerge, id: &ObjId) -> Option<(ChangeHash, ActorId16)> {
    let ObjId::Id(_, actor, _) = id else { return None };
    Some((am.hash_for_opid(id)?.into(), ActorId16::from_slice(actor.to_bytes())?))
}

struct Reader<'a> {
    document: &'a VisitDocument,
    am: &'a Automerge,
    sweep: &'a Sweep<'a>,
    undone: Undone,
    conflicts: BTreeMap<String, Vec<Written>>,
    unknown: Vec<String>,
}

impl Reader<'_> {
    /// The schema version; names root keys that no container has.
    fn root(&mut self) -> i64 {
        let root = Found::read(self.sweep, &ROOT);
        for key in root.keys() {
            let known = Container::ALL.iter().any(|container| container.path() == key);
            if !known && key != "schema" && key != "visit" {
                self.unknown(key.to_owned());
            }
        }
        for key in Found::read(self.sweep, &Container::Office.object()).keys() {
            if key != Container::Resolutions.key() && key != Container::HazardLowered.key() {
                self.unknown(format!("office/{key}"));
            }
        }
        root.int("schema").unwrap_or(SCHEMA_VERSION)
    }

    /// The decisions of the office, and which of them were undone.
    fn resolutions(&mut self) -> BTreeMap<EntryId, Entry<Resolution>> {
        let mut resolutions = self.entries();
        undone::mark(self.document, &mut resolutions);
        self.undone = Undone::of(&resolutions);
        resolutions
    }

    fn shared(&mut self, container: Container) -> BTreeMap<String, SharedValue> {
        let object = container.object();
        let mut values = BTreeMap::new();
        for item in self.sweep.items(&object) {
            let path = || format!("{}/{}", container.path(), item.key);
            let written = match self.without_undone(&object, &item.key, path) {
                Some(values) => values,
                None if item.conflict => written_at(self.am, &object, &item.key),
                None => Vec::new(),
            };
            let written = match (written.is_empty(), origin(self.am, &item.id())) {
                (false, _) => written,
                (true, Some((change, actor))) => {
                    let value = Scalar::from_value(&item.value.clone().into_value());
                    vec![Written { value, change, actor }]
                }
                (true, None) => {
                    self.unknown(path());
                    continue;
                }
            };
            let Some(last) = written.last() else { continue };
            if matches!(last.value, Scalar::Other { .. }) {
                self.unknown(path());
            }
            let shared = SharedValue { shown: last.value.clone(), values: written };
            if shared.is_conflict() {
                self.conflicts.insert(path(), shared.values.clone());
            }
            values.insert(item.key.to_string(), shared);
        }
        values
    }

    fn text(&mut self, container: Container) -> String {
        debug_assert_eq!(container.shape(), Shape::Text);
        self.am.text(container.object()).unwrap_or_else(|_| {
            self.unknown(container.path().to_owned());
            String::new()
        })
    }

    fn entries<T: EntryContent>(&mut self) -> BTreeMap<EntryId, Entry<T>> {
        let container = T::CONTAINER;
        let mut entries: BTreeMap<EntryId, Entry<T>> = BTreeMap::new();
        for item in self.sweep.items(&container.object()) {
            let entry = match (&item.value, item.key.parse::<EntryId>()) {
                (ValueRef::Object(ObjType::Map), Ok(id)) => self.entry(container, id, &item.id()),
                _ => None,
            };
            match entry {
                Some((id, entry)) => {
                    entries.insert(id, entry);
                }
                None => self.unknown(format!("{}/{}", container.path(), item.key)),
            }
        }
        note_corrections(&mut entries);
        entries
    }

    fn entry<T: EntryContent>(
        &mut self,
        container: Container,
        id: EntryId,
        object: &ObjId,
    ) -> Option<(EntryId, Entry<T>)> {
        let mut found = Found::read(self.sweep, object);
        let (change, actor) = origin(self.am, object)?;
        let edited = self.mutable_fields(container, id, object, &mut found, change);
        let content = T::read(&found)?;
        let meta = EntryMeta {
            by: PersonId::from_bytes(found.bytes("by")?.try_into().ok()?),
            at: Timestamp::from_unix_ms(found.int("at")?),
            change,
            actor,
            supersedes: found.text("supersedes").and_then(|text| text.parse().ok()),
            superseded_by: Vec::new(),
            edited,
            withdrawn: found.map("withdrawn").and_then(|map| self.withdrawn(map)),
        };
        self.unknown_fields(container, id, &found, meta.withdrawn.is_some());
        Some((id, Entry { meta, content }))
    }

    fn withdrawn(&self, object: &ObjId) -> Option<Withdrawn> {
        let found = Found::read(self.sweep, object);
        Some(Withdrawn {
            by: PersonId::from_bytes(found.bytes("by")?.try_into().ok()?),
            at: Timestamp::from_unix_ms(found.int("at")?),
            reason: found.text("reason").unwrap_or_default().to_owned(),
        })
    }

    fn unknown_fields(&mut self, container: Container, id: EntryId, found: &Found, withdrawn: bool) {
        let known = super::drafts::fields_of(container);
        for key in found.keys() {
            let common = matches!(key, "by" | "at" | "supersedes") || (key == "withdrawn" && withdrawn);
            if !common && !known.iter().any(|rule| rule.name == key) {
                self.unknown(format!("{}/{id}/{key}", container.path()));
            }
        }
    }

    /// What stands in the fields that may be written again, and who wrote each of them since the
    /// entry was minted. What an undone decision wrote is replaced by what it was about.
    fn mutable_fields(
        &mut self,
        container: Container,
        id: EntryId,
        object: &ObjId,
        found: &mut Found,
        minted_by: ChangeHash,
    ) -> Vec<Edited> {
        let mut edited = Vec::new();
        for field in mutable_fields(container) {
            let path = || format!("{}/{id}/{field}", container.path());
            let undone = self.without_undone(object, field, path);
            if let Some(shown) = undone.as_ref().and_then(|values| values.last()) {
                found.replace(field, shown.value.clone().into());
            }
            let values = match undone {
                Some(values) => values,
                None if found.is_conflicted(field) => written_at(self.am, object, field),
                None => Vec::new(),
            };
            let single = || {
                let item = self.sweep.items(object).iter().find(|item| item.key == *field)?;
                origin(self.am, &item.id())
            };
            let writer = values.last().map(|written| (written.change, written.actor)).or_else(single);
            if let Some((change, actor)) = writer.filter(|(change, _)| *change != minted_by) {
                edited.push(Edited { field: (*field).to_owned(), change, actor });
            }
            if values.iter().any(|written| written.value != values[0].value) {
                self.conflicts.insert(path(), values);
            }
        }
        edited
    }

    /// What stands at a key where decisions were undone; `None` where none were.
    fn without_undone(
        &self,
        object: &ObjId,
        key: &str,
        path: impl FnOnce() -> String,
    ) -> Option<Vec<Written>> {
        if self.undone.is_empty() {
            return None;
        }
        self.undone.values(self.document, object, key, &path())
    }

    fn unknown(&mut self, path: String) {
        if self.unknown.len() < UNKNOWN_MAX {
            self.unknown.push(path);
        }
    }
}
