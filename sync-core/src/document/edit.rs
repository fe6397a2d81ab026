//! Writing into a visit document: every act of a save folds into one Automerge change.
//!
//! An edit works on a copy; dropping it leaves the document as it was. Nothing is deleted:
//! clearing writes an explicit null, withdrawing says who withdrew and why.

use super::acts::{EditAuthor, EditError, FindingEdit, ProposalField, Role, SharedText};
use super::drafts::{
    EntryContent, Finding, GasTest, Hazard, HazardLowered, MeterCheck, Notice, Photo, Progress, Promise,
    Reading, Resolution, Seal, Signature, Statement, mutable_fields,
};
use super::paths::{Container, Place, Shape};
use super::raw::{Put, Scalar};
use super::{Chunk, VisitDocument};
use crate::ids::EntryId;
use automerge::transaction::{CommitOptions, OwnedTransaction, Transactable};
use automerge::{AutomergeError, ObjId, ObjType, ReadDoc, ScalarValue, Value};

/// Longest key of a shared container, in bytes.
pub const SHARED_KEY_BYTES_MAX: usize = 256;
/// Longest text value of a shared container, in bytes.
pub const SHARED_TEXT_BYTES_MAX: usize = 16_384;

/// An edit in the making. [`Edit::commit`] makes it real, dropping it forgets it.
pub struct Edit<'a> {
    document: &'a mut VisitDocument,
    tx: OwnedTransaction,
    author: EditAuthor,
    confirms: bool,
}

impl<'a> Edit<'a> {
    pub(super) fn new(document: &'a mut VisitDocument, author: EditAuthor) -> Self {
        let mut copy = document.am.clone();
        copy.set_actor(author.actor.into());
        let tx =
            copy.into_transaction(None, None).expect("without a patch log there is none that could mismatch");
        Self { document, tx, author, confirms: false }
    }

    /// From here on a single value is written even where the same one stands already, so that it
    /// is on record who confirmed it: for work that was sent back, and for conflicts.
    pub fn confirming(&mut self) -> &mut Self {
        self.confirms = true;
        self
    }

    fn put_single(&mut self, object: &ObjId, key: &str, value: ScalarValue) -> Result<(), EditError> {
        let put = if self.confirms { put_anew } else { put_over };
        Ok(put(&mut self.tx, object, key, value)?)
    }

    /// Answers a checklist item.
    ///
    /// # Errors
    /// When key or value are longer than the gate accepts.
    pub fn answer(&mut self, code: &str, value: impl Into<Scalar>) -> Result<(), EditError> {
        self.put_shared(Container::Answers, code, value.into())
    }

    /// Clears an answer: an explicit null, which others see as cleared.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub fn clear_answer(&mut self, code: &str) -> Result<(), EditError> {
        self.put_shared(Container::Answers, code, Scalar::Null)
    }

    /// Sets the state of the seal at `position` of a meter; `None` clears it.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub fn set_seal_state(
        &mut self,
        meter_no: &str,
        position: &str,
        state: Option<&str>,
    ) -> Result<(), EditError> {
        let value = state.map_or(Scalar::Null, Scalar::from);
        self.put_shared(Container::SealStates, &format!("{meter_no}/{position}"), value)
    }

    /// Proposes verdict, cause, responsibility or outcome; `None` takes it back.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub fn propose(&mut self, field: ProposalField, value: Option<&str>) -> Result<(), EditError> {
        self.put_shared(Container::Proposal, field.key(), value.map_or(Scalar::Null, Scalar::from))
    }

    /// Replaces `delete` characters of a shared text from `position` on by `insert`.
    ///
    /// # Errors
    /// When position and count reach beyond the text.
    pub fn splice_text(
        &mut self,
        text: SharedText,
        position: usize,
        delete: usize,
        insert: &str,
    ) -> Result<(), EditError> {
        let count = isize::try_from(delete).unwrap_or(isize::MAX);
        Ok(self.tx.splice_text(text.container().object(), position, count, insert)?)
    }

    /// Makes a shared text read `new`, changing only what differs.
    ///
    /// # Errors
    /// Only when Automerge refuses, which it does not for a document made here.
    pub fn rewrite_text(&mut self, text: SharedText, new: &str) -> Result<(), EditError> {
        Ok(self.tx.update_text(&text.container().object(), new)?)
    }

    /// Puts a line at the end of a shared text.
    ///
    /// # Errors
    /// As [`Self::rewrite_text`].
    pub fn append_text(&mut self, text: SharedText, line: &str) -> Result<(), EditError> {
        let end = self.tx.length(text.container().object());
        let separator = if end == 0 { "" } else { "\n" };
        self.splice_text(text, end, 0, &format!("{separator}{line}"))
    }

    /// Records an entry of any collection.
    ///
    /// # Errors
    /// When the id is taken, when only the office may write there, or when a field is longer
    /// than the gate accepts.
    pub fn add<T: EntryContent>(&mut self, id: EntryId, content: &T) -> Result<(), EditError> {
        self.add_entry(id, content, None)
    }

    /// Records an entry that corrects `old`, which stays readable.
    ///
    /// # Errors
    /// As [`Self::add`], and when `old` is not there.
    pub fn correct<T: EntryContent>(
        &mut self,
        old: EntryId,
        id: EntryId,
        content: &T,
    ) -> Result<(), EditError> {
        self.entry(T::CONTAINER, old)?;
        self.add_entry(id, content, Some(old))
    }

    /// Takes an entry back, saying why. Withdrawing what is withdrawn already changes nothing.
    ///
    /// # Errors
    /// When the entry is not there or was recorded by somebody else.
    pub fn withdraw(&mut self, container: Container, id: EntryId, reason: &str) -> Result<(), EditError> {
        let entry = self.own_entry(container, id)?;
        if self.tx.get(&entry, "withdrawn")?.is_some_and(|(value, _)| value.is_object()) {
            return Ok(());
        }
        let withdrawn = self.tx.put_object(&entry, "withdrawn", ObjType::Map)?;
        self.put_author(&withdrawn)?;
        Ok(self.tx.put(&withdrawn, "reason", reason)?)
    }

    /// Rewords one's own finding.
    ///
    /// # Errors
    /// When the finding is not there or was recorded by somebody else.
    pub fn edit_finding(&mut self, id: EntryId, edit: &FindingEdit) -> Result<(), EditError> {
        let entry = self.own_entry(Container::Findings, id)?;
        let fields = [("code", &edit.code), ("text", &edit.text), ("severity", &edit.severity)];
        for (name, value) in fields {
            if let Some(value) = value {
                self.check_field(Container::Findings, name, value)?;
                self.put_single(&entry, name, value.as_str().into())?;
            }
        }
        Ok(())
    }

    /// Decides a conflict: writes `value`, if one is given, over the concurrent values of the
    /// path, and records the decision.
    ///
    /// # Errors
    /// When the author is not the office, or when the path takes no value.
    pub fn resolve(
        &mut self,
        id: EntryId,
        resolution: &Resolution,
        value: Option<Scalar>,
    ) -> Result<(), EditError> {
        self.office_only(Container::Resolutions)?;
        if let Some(value) = value {
            // The same value may stand already, written by a decision that was undone.
            self.confirming().settle(&resolution.path, value)?;
        }
        self.add(id, resolution)
    }

    /// Lowers a hazard, as a named reviewer.
    ///
    /// # Errors
    /// When the author is not the office, or when the hazard is not there.
    pub fn lower_hazard(&mut self, id: EntryId, lowered: &HazardLowered) -> Result<(), EditError> {
        self.office_only(Container::HazardLowered)?;
        self.entry(Container::Hazards, lowered.hazard)?;
        self.add(id, lowered)
    }

    /// Makes the edit real as one change, and returns it; `None` when nothing was changed.
    pub fn commit(self) -> Option<Chunk> {
        let options = CommitOptions::default().with_time(self.author.at.unix_s());
        let (copy, hash, _) = self.tx.commit_with(options);
        let change = copy.get_change_by_hash(&hash?)?;
        self.document.am = copy;
        Some(Chunk::of(&change))
    }

    /// The document as this edit would leave it, for reading on.
    pub fn text(&self, text: SharedText) -> String {
        self.tx.text(text.container().object()).unwrap_or_default()
    }

    fn put_shared(&mut self, container: Container, key: &str, value: Scalar) -> Result<(), EditError> {
        let refuse =
            |reason| Err(EditError::Unwritable { path: format!("{}/{key}", container.path()), reason });
        if key.is_empty() || key.len() > SHARED_KEY_BYTES_MAX {
            return refuse("a key has 1 to 256 bytes");
        }
        match &value {
            Scalar::Text(text) if text.len() > SHARED_TEXT_BYTES_MAX => {
                refuse("a text has at most 16384 bytes")
            }
            Scalar::Number(number) if !number.is_finite() => refuse("the number is not finite"),
            Scalar::Other { .. } => refuse("it is of a kind that this release cannot write"),
            _ => self.put_single(&container.object(), key, ScalarValue::from(value)),
        }
    }

    /// Writes over whatever concurrent values stand at a path.
    fn settle(&mut self, path: &str, value: Scalar) -> Result<(), EditError> {
        let refuse = |reason| EditError::Unwritable { path: path.to_owned(), reason };
        match Place::parse(path) {
            Some(Place::Shared(container, key)) => self.put_shared(container, key, value),
            Some(Place::Text(container)) => match value {
                Scalar::Text(text) => Ok(self.tx.update_text(&container.object(), &text)?),
                _ => Err(refuse("a shared text takes only text")),
            },
            Some(Place::Field(container, entry, field)) if mutable_fields(container).contains(&field) => {
                let id = entry.parse().map_err(|_| refuse("it names no entry"))?;
                let text = value.as_text().ok_or(refuse("the field takes only text"))?;
                self.check_field(container, field, text)?;
                let object = self.entry(container, id)?;
                self.put_single(&object, field, text.into())
            }
            _ => Err(refuse("it is no place where values can be in conflict")),
        }
    }

    fn add_entry<T: EntryContent>(
        &mut self,
        id: EntryId,
        content: &T,
        supersedes: Option<EntryId>,
    ) -> Result<(), EditError> {
        let container = T::CONTAINER;
        if container.parent() == Some(Container::Office) {
            self.office_only(container)?;
        }
        let key = id.to_string();
        if self.tx.get(container.object(), key.as_str())?.is_some() {
            return Err(EditError::EntryExists { container, entry: id });
        }
        let mut fields = Vec::with_capacity(T::FIELDS.len());
        content.put(&mut fields);
        for (name, put) in &fields {
            self.check_put(container, name, put)?;
        }
        let object = self.tx.put_object(container.object(), key, ObjType::Map)?;
        self.put_author(&object)?;
        if let Some(old) = supersedes {
            self.tx.put(&object, "supersedes", old.to_string())?;
        }
        fields.into_iter().try_for_each(|(name, put)| self.put_field(&object, name, put))
    }

    fn put_author(&mut self, object: &ObjId) -> Result<(), EditError> {
        self.tx.put(object, "by", self.author.person.as_bytes().to_vec())?;
        Ok(self.tx.put(object, "at", self.author.at.unix_ms())?)
    }

    fn put_field(&mut self, object: &ObjId, name: &str, put: Put<'_>) -> Result<(), EditError> {
        match put {
            Put::Text(text) => self.tx.put(object, name, text)?,
            Put::Int(int) => self.tx.put(object, name, int)?,
            Put::Bool(yes) => self.tx.put(object, name, yes)?,
            Put::Bytes(bytes) => self.tx.put(object, name, bytes.to_vec())?,
            Put::Entry(entry) => self.tx.put(object, name, entry.to_string())?,
            Put::Strings(strings) => {
                let map = self.tx.put_object(object, name, ObjType::Map)?;
                for (key, text) in strings {
                    self.tx.put(&map, key.as_str(), text.as_str())?;
                }
            }
        }
        Ok(())
    }

    fn check_put(&self, container: Container, name: &str, put: &Put<'_>) -> Result<(), EditError> {
        match put {
            Put::Text(text) => self.check_field(container, name, text),
            Put::Strings(strings) => {
                let fits = strings.len() <= super::drafts::STRINGS_MAX
                    && strings.iter().all(|(key, text)| {
                        !key.is_empty()
                            && key.len() <= super::drafts::STRINGS_KEY_BYTES_MAX
                            && text.len() <= super::drafts::Kind::Line.text_bytes_max()
                    });
                if fits { Ok(()) } else { Err(too_long(container, name)) }
            }
            _ => Ok(()),
        }
    }

    fn check_field(&self, container: Container, name: &str, text: &str) -> Result<(), EditError> {
        let rule = super::drafts::fields_of(container).iter().find(|rule| rule.name == name);
        match rule {
            Some(rule) if text.len() > rule.kind.text_bytes_max() => Err(too_long(container, name)),
            _ => Ok(()),
        }
    }

    fn office_only(&self, container: Container) -> Result<(), EditError> {
        if self.author.role == Role::Office { Ok(()) } else { Err(EditError::OfficeOnly { container }) }
    }

    fn entry(&self, container: Container, id: EntryId) -> Result<ObjId, EditError> {
        let found = match container.shape() {
            Shape::Entries => self.tx.get(container.object(), id.to_string())?,
            _ => None,
        };
        match found {
            Some((Value::Object(ObjType::Map), object)) => Ok(object),
            _ => Err(EditError::UnknownEntry { container, entry: id }),
        }
    }

    fn own_entry(&self, container: Container, id: EntryId) -> Result<ObjId, EditError> {
        let object = self.entry(container, id)?;
        let by = self.tx.get(&object, "by")?;
        let mine =
            by.and_then(|(value, _)| value.as_bytes().map(|bytes| bytes == self.author.person.as_bytes()));
        if mine == Some(true) { Ok(object) } else { Err(EditError::NotYours { container, entry: id }) }
    }
}

/// Writes a value over all that stand at a key; the one value that stands already is left alone.
pub(crate) fn put_over<T: Transactable>(
    tx: &mut T,
    object: &ObjId,
    key: &str,
    value: ScalarValue,
) -> Result<(), AutomergeError> {
    match tx.get_all(object, key)?.len() {
        0 | 1 => tx.put(object, key, value),
        _ => put_anew(tx, object, key, value),
    }
}

/// Writes a value over all that stand at a key, even the same one again.
///
/// Given the shown one of several values, Automerge would delete the others: nobody would have
/// written what stands, and the gate takes no deletions. Given the only one, it would write nothing:
/// nobody would see that it was confirmed. Going through another value makes this change the one
/// that wrote it.
fn put_anew<T: Transactable>(
    tx: &mut T,
    object: &ObjId,
    key: &str,
    value: ScalarValue,
) -> Result<(), AutomergeError> {
    let standing = tx.get_all(object, key)?;
    let shown = standing.last().and_then(|(shown, _)| shown.as_scalar().cloned());
    if shown.as_ref() == Some(&value) {
        // Fields of entries take only text, so that a text goes through a text.
        let other = match &value {
            ScalarValue::Str(text) if text.as_str() == "-" => "--".into(),
            ScalarValue::Str(_) => "-".into(),
            ScalarValue::Null => ScalarValue::Boolean(false),
            _ => ScalarValue::Null,
        };
        tx.put(object, key, other)?;
    }
    tx.put(object, key, value)
}

fn too_long(container: Container, name: &str) -> EditError {
    EditError::Unwritable {
        path: format!("{}/…/{name}", container.path()),
        reason: "it is longer than the gate accepts",
    }
}

macro_rules! named_acts {
    ($($(#[$doc:meta])* $name:ident($content:ty);)*) => {
        impl Edit<'_> {
            $($(#[$doc])*
            ///
            /// # Errors
            /// As [`Self::add`].
            pub fn $name(&mut self, id: EntryId, content: &$content) -> Result<(), EditError> {
                self.add(id, content)
            })*
        }
    };
}

named_acts! {
    /// Records a finding.
    add_finding(Finding);
    /// Records a register reading.
    add_reading(Reading);
    /// Records a meter check.
    add_meter_check(MeterCheck);
    /// Records a gas test.
    add_gas_test(GasTest);
    /// Records a seal.
    add_seal(Seal);
    /// Records a reference to a photo.
    add_photo(Photo);
    /// Records a reference to a statement.
    add_statement(Statement);
    /// Records a signature or a refusal to sign.
    add_signature(Signature);
    /// Records a promise.
    add_promise(Promise);
    /// Records a hazard.
    add_hazard(Hazard);
    /// Records a step of the visit.
    add_progress(Progress);
    /// Records a notice.
    add_notice(Notice);
}
