//! Who may write what where: the decoded operations of one change against the schema.
//!
//! Deny by default. Objects are resolved from the accepted document plus what the job has
//! made so far, as the author of the change had seen them; predecessors must be exactly what
//! the author saw at the key, neither invented nor left out. Nothing is deleted except inside
//! a text, nothing is incremented, lists and marks do not exist.

use super::history::OpRef;
use super::job::{QuarantineReason as Reason, Refusal};
use super::ledger::{Known, KnownEntry, Ledger, element_of, op_ref, refuse};
use super::values::{check_field, check_shared, check_strings};
use crate::document::{Container, FieldRule, Kind, Role, STRINGS_MAX, Shape, fields_of, mutable_fields};
use crate::ids::{BlobHash, ChangeHash, EntryId, PersonId};
use automerge::legacy::{Key, Op, OpType};
use automerge::{ObjType, ScalarValue};
use std::collections::{BTreeSet, HashMap};

/// In whose name a unit comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signer {
    pub(super) person: PersonId,
    pub(super) role: Role,
    /// A reviewer approved what it wrote into entries of others.
    pub(super) approved: bool,
}

/// A write at a place that may hold concurrent values.
#[derive(Debug, Clone)]
pub(super) struct PlaceWrite {
    pub(super) path: String,
    pub(super) change: usize,
    /// The changes whose values it replaced.
    pub(super) replaced: Vec<ChangeHash>,
}

/// What the accepted changes of a unit wrote.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// Writes at places that may hold concurrent values.
    pub(super) writes: Vec<PlaceWrite>,
    /// Texts and the changes that wrote them.
    pub(super) texts: Vec<(Container, usize)>,
    /// Photos and signatures named.
    pub(super) blobs: BTreeSet<BlobHash>,
    /// Resolutions recorded.
    pub(super) resolutions: Vec<EntryId>,
}

/// An object of this change that must be complete at its end.
#[derive(Debug, Default)]
struct Draft {
    /// What it is; `None` for the withdrawal of an entry.
    entry: Option<KnownEntry>,
    fields: BTreeSet<String>,
}

/// Checks one change.
pub(super) struct Policy<'l, 'a> {
    ledger: &'l mut Ledger<'a>,
    signer: Signer,
    pub(super) record: Record,
    change: usize,
    drafts: HashMap<OpRef, Draft>,
    /// Flat maps of this change and how many keys they have.
    strings: HashMap<OpRef, usize>,
    /// Elements of texts that this change deleted.
    deleted: BTreeSet<OpRef>,
    /// Fields of other people's entries that this change of the office writes.
    settled: BTreeSet<String>,
    /// Paths about which this change records a decision.
    decided: BTreeSet<String>,
}

impl<'l, 'a> Policy<'l, 'a> {
    /// Goes on with what earlier changes of the unit wrote.
    pub(super) fn new(ledger: &'l mut Ledger<'a>, signer: Signer, record: Record) -> Self {
        Self {
            ledger,
            signer,
            record,
            change: 0,
            drafts: HashMap::new(),
            strings: HashMap::new(),
            deleted: BTreeSet::new(),
            settled: BTreeSet::new(),
            decided: BTreeSet::new(),
        }
    }

    /// Checks the operations of a change that is in the ledger's history.
    pub(super) fn check(&mut self, change: usize, ops: &[Op]) -> Result<(), Refusal> {
        self.change = change;
        let (start, actor) =
            (self.ledger.history.node(change).start_op, self.ledger.history.node(change).actor);
        for (counter, op) in (start..).zip(ops) {
            self.op((counter, actor), op).map_err(|refusal| Refusal {
                detail: format!("{}, operation {counter}", refusal.detail),
                ..refusal
            })?;
        }
        self.complete()
    }

    fn op(&mut self, id: OpRef, op: &Op) -> Result<(), Refusal> {
        let (object, known) = self.ledger.object(&op.obj, self.change)?;
        let preds = op.pred.iter().map(op_ref).collect::<Result<Vec<_>, _>>()?;
        let Some(object) = object else { return forbidden_path("the root map") };
        match known {
            Known::Container(container) if container.shape() == Shape::Text => {
                self.text_op(container, id, op, &preds)
            }
            Known::Frame => forbidden_path("office"),
            Known::Sealed => forbidden_path("a map inside an accepted entry"),
            _ => {
                let key = map_key(op)?;
                let taken = self.check_preds(object, key, &preds)?;
                self.map_op(object, known, id, key, &op.action, &preds)?;
                if taken
                    && matches!(known, Known::Container(container) if container.shape() == Shape::Entries)
                {
                    return refuse(Reason::EntryTaken, "an entry with this id exists");
                }
                self.ledger.note_write(object, key, id, self.change, &preds);
                Ok(())
            }
        }
    }

    /// Predecessors must be exactly what the author saw at the key. Gives whether anybody has
    /// written there.
    fn check_preds(&self, object: OpRef, key: &str, preds: &[OpRef]) -> Result<bool, Refusal> {
        let named: BTreeSet<OpRef> = preds.iter().copied().collect();
        let standing = self.ledger.standing(object, key, self.change);
        if named.len() == preds.len() && named == standing.visible {
            return Ok(standing.taken);
        }
        refuse(Reason::BadPredecessor, "predecessors are not what stood there")
    }

    fn map_op(
        &mut self,
        object: OpRef,
        known: Known,
        id: OpRef,
        key: &str,
        action: &OpType,
        preds: &[OpRef],
    ) -> Result<(), Refusal> {
        match known {
            Known::Container(container) if container.shape() == Shape::Shared => {
                check_shared(container, key, scalar(action)?)?;
                self.record_place(format!("{}/{key}", container.path()), preds);
                Ok(())
            }
            Known::Container(container) => self.mint(container, id, key, action),
            Known::Entry(entry) if self.drafts.contains_key(&object) => {
                self.draft_field(object, entry, id, key, action, preds)
            }
            Known::Entry(entry) => self.late_field(entry, id, key, action, preds),
            Known::Strings => self.string(object, key, scalar(action)?),
            Known::Withdrawn => self.withdrawal_field(object, key, scalar(action)?),
            Known::Frame | Known::Sealed => forbidden_path("a place that nobody writes"),
        }
    }

    /// A new entry.
    fn mint(&mut self, container: Container, id: OpRef, key: &str, action: &OpType) -> Result<(), Refusal> {
        if container.parent() == Some(Container::Office)
            && self.signer.role != Role::Office
            && !self.signer.approved
        {
            return refuse(Reason::OfficeOnly, container.path());
        }
        make_map(action)?;
        let Ok(entry) = key.parse::<EntryId>() else { return forbidden_path("an entry whose key is no id") };
        if entry.to_string() != key {
            return forbidden_path("an entry whose id is spelled otherwise");
        }
        let entry = KnownEntry { container, id: entry, by: None };
        self.ledger.note_object(id, Known::Entry(entry));
        self.drafts.insert(id, Draft { entry: Some(entry), fields: BTreeSet::new() });
        if container == Container::Resolutions {
            self.record.resolutions.push(entry.id);
        }
        Ok(())
    }

    /// A field of an entry that this change mints.
    fn draft_field(
        &mut self,
        object: OpRef,
        entry: KnownEntry,
        id: OpRef,
        key: &str,
        action: &OpType,
        preds: &[OpRef],
    ) -> Result<(), Refusal> {
        match key {
            "by" => {
                self.check_person(scalar(action)?)?;
                let by = Some(self.signer.person);
                self.ledger.note_object(object, Known::Entry(KnownEntry { by, ..entry }));
            }
            "at" => check_field(Kind::Int, scalar(action)?)?,
            "supersedes" => check_field(Kind::Entry, scalar(action)?)?,
            "withdrawn" => self.withdraw(entry, id, action, preds)?,
            _ => {
                self.content_field(entry, id, key, action)?;
                let is_path = key == "path" && entry.container == Container::Resolutions;
                if let (true, OpType::Put(ScalarValue::Str(path))) = (is_path, action) {
                    self.decided.insert(path.to_string());
                }
            }
        }
        if let Some(draft) = self.drafts.get_mut(&object) {
            draft.fields.insert(key.to_owned());
        }
        Ok(())
    }

    fn content_field(
        &mut self,
        entry: KnownEntry,
        id: OpRef,
        key: &str,
        action: &OpType,
    ) -> Result<(), Refusal> {
        let Some(rule) = fields_of(entry.container).iter().find(|rule| rule.name == key) else {
            return forbidden_path(&format!("a field that {} do not have", entry.container.path()));
        };
        if rule.kind == Kind::Strings {
            make_map(action)?;
            self.ledger.note_object(id, Known::Strings);
            self.strings.insert(id, 0);
            return Ok(());
        }
        let value = scalar(action)?;
        check_field(rule.kind, value)?;
        self.record.blobs.extend(blob(key, value));
        Ok(())
    }

    /// A field of an entry that was minted earlier.
    fn late_field(
        &mut self,
        entry: KnownEntry,
        id: OpRef,
        key: &str,
        action: &OpType,
        preds: &[OpRef],
    ) -> Result<(), Refusal> {
        let entry_path = format!("{}/{}", entry.container.path(), entry.id);
        let is_office = self.signer.role == Role::Office;
        let settles = is_office && preds.len() > 1;
        if entry.by != Some(self.signer.person) && !settles && !self.signer.approved {
            if !is_office || !mutable_fields(entry.container).contains(&key) {
                return refuse(Reason::NotAuthor, entry_path);
            }
            // One value stands: its author settled the conflict, or a decision was undone.
            self.settled.insert(format!("{entry_path}/{key}"));
        }
        if key == "withdrawn" {
            return self.withdraw(entry, id, action, preds);
        }
        if !mutable_fields(entry.container).contains(&key) {
            return forbidden_path("a field of an entry that stays as it was recorded");
        }
        self.content_field(entry, id, key, action)?;
        self.record_place(format!("{entry_path}/{key}"), preds);
        Ok(())
    }

    fn withdraw(
        &mut self,
        entry: KnownEntry,
        id: OpRef,
        action: &OpType,
        preds: &[OpRef],
    ) -> Result<(), Refusal> {
        if !preds.is_empty() {
            return forbidden_path("a withdrawal of what was withdrawn");
        }
        if entry.by != Some(self.signer.person) {
            return refuse(Reason::NotAuthor, format!("{}/{}", entry.container.path(), entry.id));
        }
        make_map(action)?;
        self.ledger.note_object(id, Known::Withdrawn);
        self.drafts.insert(id, Draft::default());
        Ok(())
    }

    fn withdrawal_field(&mut self, object: OpRef, key: &str, value: &ScalarValue) -> Result<(), Refusal> {
        match key {
            "by" => self.check_person(value)?,
            "at" => check_field(Kind::Int, value)?,
            "reason" => check_field(Kind::Prose, value)?,
            _ => return forbidden_path("a field that withdrawals do not have"),
        }
        match self.drafts.get_mut(&object) {
            Some(draft) => {
                draft.fields.insert(key.to_owned());
                Ok(())
            }
            None => forbidden_path("a withdrawal that was recorded earlier"),
        }
    }

    fn string(&mut self, object: OpRef, key: &str, value: &ScalarValue) -> Result<(), Refusal> {
        check_strings(key, value)?;
        match self.strings.get_mut(&object) {
            Some(count) if *count < STRINGS_MAX => {
                *count += 1;
                Ok(())
            }
            Some(_) => refuse(Reason::ForbiddenValue, "a flat map with too many keys"),
            None => forbidden_path("a flat map that was recorded earlier"),
        }
    }

    fn check_person(&self, value: &ScalarValue) -> Result<(), Refusal> {
        match value {
            ScalarValue::Bytes(bytes) if bytes == self.signer.person.as_bytes() => Ok(()),
            ScalarValue::Bytes(bytes) if bytes.len() == 16 => {
                refuse(Reason::NotAuthor, "an entry under another person's name")
            }
            _ => refuse(Reason::ForbiddenValue, "a person is sixteen bytes"),
        }
    }

    /// An insertion or deletion of characters.
    fn text_op(&mut self, text: Container, id: OpRef, op: &Op, preds: &[OpRef]) -> Result<(), Refusal> {
        let element = element_of(&op.key)?;
        if let Some(element) = element
            && !self.ledger.has_element(text, element, self.change)
        {
            return refuse(Reason::UnknownObject, "an element that is not in the text");
        }
        match (&op.action, op.insert, element) {
            (OpType::Put(value), true, _) if preds.is_empty() => {
                super::values::check_character(value)?;
                self.ledger.note_element(id, text);
            }
            (OpType::Delete, false, Some(element)) if preds == [element] => {
                if !self.deleted.insert(element) {
                    return refuse(Reason::BadPredecessor, "an element deleted twice");
                }
            }
            (OpType::Put(_) | OpType::Delete, ..) => {
                return refuse(Reason::BadPredecessor, "predecessors are not what stood there");
            }
            _ => return refuse(Reason::ForbiddenOperation, "only characters are written into a text"),
        }
        if self.record.texts.last() != Some(&(text, self.change)) {
            self.record.texts.push((text, self.change));
        }
        Ok(())
    }

    fn record_place(&mut self, path: String, preds: &[OpRef]) {
        let history = &self.ledger.history;
        let mut replaced: Vec<ChangeHash> = preds
            .iter()
            .filter_map(|pred| history.change_of(*pred))
            .filter(|made| *made != self.change)
            .map(|made| history.node(made).hash)
            .collect();
        replaced.sort_unstable();
        self.record.writes.push(PlaceWrite { path, change: self.change, replaced });
    }

    /// Every object that the change made must have what it cannot be read without.
    fn complete(&self) -> Result<(), Refusal> {
        for draft in self.drafts.values() {
            let missing = match draft.entry {
                Some(entry) => {
                    let required = fields_of(entry.container).iter().filter(|rule| rule.required);
                    let names = required.map(|rule: &FieldRule| rule.name).chain(["by", "at"]);
                    names.into_iter().find(|name| !draft.fields.contains(*name))
                }
                None => ["by", "at", "reason"].into_iter().find(|name| !draft.fields.contains(*name)),
            };
            if let Some(missing) = missing {
                let container = draft.entry.map_or("withdrawal", |entry| entry.container.path());
                return refuse(Reason::EntryIncomplete, format!("{container} without {missing}"));
            }
        }
        match self.settled.iter().find(|path| !self.decided.contains(*path)) {
            Some(path) => refuse(Reason::NotAuthor, format!("{path} without a decision")),
            None => Ok(()),
        }
    }
}

fn forbidden_path<T>(place: &str) -> Result<T, Refusal> {
    refuse(Reason::ForbiddenPath, place)
}

/// The photo or signature that an operation of an accepted change names.
pub(super) fn blob_of(op: &Op) -> Option<BlobHash> {
    match (&op.key, &op.action) {
        (Key::Map(key), OpType::Put(value)) => blob(key, value),
        _ => None,
    }
}

fn blob(key: &str, value: &ScalarValue) -> Option<BlobHash> {
    match value {
        ScalarValue::Bytes(bytes) if key == "sha256" => {
            Some(BlobHash::from_bytes(bytes.as_slice().try_into().ok()?))
        }
        _ => None,
    }
}

/// The key that a map operation names.
fn map_key(op: &Op) -> Result<&str, Refusal> {
    match &op.key {
        Key::Map(key) if !op.insert => Ok(key),
        _ => refuse(Reason::ForbiddenOperation, "a list operation on a map"),
    }
}

fn scalar(action: &OpType) -> Result<&ScalarValue, Refusal> {
    match action {
        OpType::Put(value) => Ok(value),
        OpType::Make(_) => refuse(Reason::ForbiddenValue, "an object where a single value belongs"),
        OpType::Delete => refuse(Reason::ForbiddenOperation, "a deletion"),
        OpType::Increment(_) => refuse(Reason::ForbiddenOperation, "an increment"),
        OpType::MarkBegin(_) | OpType::MarkEnd(_) => refuse(Reason::ForbiddenOperation, "a mark"),
    }
}

fn make_map(action: &OpType) -> Result<(), Refusal> {
    match action {
        OpType::Make(ObjType::Map) => Ok(()),
        OpType::Make(_) | OpType::Put(_) => refuse(Reason::ForbiddenValue, "no map where a map belongs"),
        other => scalar(other).map(|_| ()),
    }
}
