//! What the envelopes of a record brought, in words: entries with their texts, fields with their values.

use super::entries::entry_told;
use super::timeline::person_name;
use crate::complaints::PersonRef;
use crate::complaints::phrases::Phrases;
use crate::complaints::record::{CentralRecord, TimelineEntry};
use crate::work_orders::{EntryBody, Overwritten};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use sync_core::document::Scalar;
use sync_core::ids::EntryId;

/// Things of one envelope that are told; the visit below shows all of them.
const TOLD_MAX: usize = 6;
/// Characters of one of them.
const CHARS_MAX: usize = 160;

/// Everything recorded on the visits of a record, found by entry and by envelope.
#[derive(Debug)]
pub(super) struct Told<'a> {
    entries: BTreeMap<EntryId, &'a EntryBody>,
    values: BTreeMap<(i64, &'a str), &'a Scalar>,
    overwritten: BTreeMap<(i64, &'a str), &'a Overwritten>,
}

impl<'a> Told<'a> {
    pub(super) fn of(record: &'a CentralRecord) -> Self {
        let visits = || record.visits.iter();
        let entries =
            visits().flat_map(|visit| &visit.entries).map(|entry| (entry.entry_id, entry)).collect();
        let fields = visits().flat_map(|visit| &visit.fields);
        let values = fields.flat_map(|field| {
            let origin = |value: &'a crate::work_orders::FieldValue| {
                Some(((value.origin.as_ref()?.log_index, field.path.as_str()), &value.value))
            };
            field.values.iter().filter_map(origin)
        });
        let overwritten = visits().flat_map(|visit| &visit.overwritten);
        let overwritten = overwritten.map(|old| ((old.origin.log_index, old.path.as_str()), old)).collect();
        Self { entries, values: values.collect(), overwritten }
    }

    /// What one envelope brought, and who wrote over it since.
    pub(super) fn lines(&self, phrases: &Phrases, told: &TimelineEntry) -> Vec<String> {
        let texts = |key: &str| told.detail[key].as_array().cloned().unwrap_or_default();
        let entries = texts("entries");
        let fields = texts("fields");
        let entries =
            entries.iter().map(|entry| self.entry(phrases, told.log_index.unwrap_or_default(), entry));
        let fields = fields.iter().filter_map(Value::as_str);
        let fields = fields.map(|path| self.field(phrases, told.log_index.unwrap_or_default(), path));
        let mut lines: Vec<String> = fields.chain(entries).collect();
        if lines.len() > TOLD_MAX {
            let more = lines.len() - TOLD_MAX;
            lines.truncate(TOLD_MAX);
            lines.push(phrases.w.n("timeline-more", more));
        }
        lines
    }

    /// The value that a decision about a conflict put in place; `None` where it left all of them.
    pub(super) fn decided(&self, phrases: &Phrases, told: &TimelineEntry) -> Option<String> {
        let (envelope, path) = (told.log_index?, told.detail["path"].as_str()?);
        let standing = self.values.get(&(envelope, path)).map(|value| phrases.value(path, value));
        let old = || self.overwritten.get(&(envelope, path)).map(|old| phrases.value(path, &old.value));
        standing.or_else(old).map(|value| cut(&value))
    }

    fn entry(&self, phrases: &Phrases, envelope: i64, short: &Value) -> String {
        let container = phrases.path(short["container"].as_str().unwrap_or_default());
        let id = short["entry"].as_str().and_then(|id| id.parse().ok());
        let Some(entry) = id.and_then(|id: EntryId| self.entries.get(&id)) else { return container };
        let (as_written, later) = self.as_written(envelope, entry);
        let words = cut(&phrases.w.ab("record-count", container, entry_told(phrases, &as_written)));
        changed_later(phrases, words, &later)
    }

    /// An entry as its own envelope wrote it, and who wrote fields of it again.
    fn as_written(&self, envelope: i64, entry: &'a EntryBody) -> (EntryBody, Vec<&'a PersonRef>) {
        let (mut then, mut later) = (entry.clone(), Vec::new());
        for edit in &entry.edits {
            let Some(origin) = edit.origin.as_ref().filter(|origin| origin.log_index != envelope) else {
                continue;
            };
            let path = format!("{}/{}/{}", entry.container, entry.entry_id, edit.field);
            let old = self.overwritten.get(&(envelope, path.as_str()));
            // A field without an older value was not there.
            let value = old.and_then(|old| serde_json::to_value(&old.value).ok()).unwrap_or(Value::Null);
            then.content[&edit.field] = value;
            later.push(old.and_then(|old| old.later.as_ref()).map_or(&origin.person, |later| &later.person));
        }
        (then, later)
    }

    fn field(&self, phrases: &Phrases, envelope: i64, path: &str) -> String {
        let place = phrases.path(path);
        let told = |value: &Scalar| cut(&phrases.w.ab("record-count", &place, phrases.value(path, value)));
        if let Some(value) = self.values.get(&(envelope, path)) {
            return told(value);
        }
        if let Some(old) = self.overwritten.get(&(envelope, path)) {
            let later: Vec<&PersonRef> = old.later.iter().map(|later| &later.person).collect();
            return changed_later(phrases, told(&old.value), &later);
        }
        let mut parts = path.splitn(3, '/').skip(1);
        let entry = parts.next().and_then(|id| id.parse().ok()).and_then(|id: EntryId| self.entries.get(&id));
        let value = parts.next().and_then(|field| entry?.content.get(field));
        match value.and_then(|value| serde_json::from_value::<Scalar>(value.clone()).ok()) {
            Some(value) => told(&value),
            None => place,
        }
    }
}

/// Words of an act, with the names of those who wrote over them.
fn changed_later(phrases: &Phrases, words: String, later: &[&PersonRef]) -> String {
    let names: BTreeSet<String> = later.iter().map(|person| person_name(phrases.w, person)).collect();
    if names.is_empty() {
        return words;
    }
    phrases.w.ab("timeline-changed-later", words, names.into_iter().collect::<Vec<_>>().join(" · "))
}

/// Words that are long, cut to what a line holds.
pub(super) fn cut(words: &str) -> String {
    if words.chars().count() <= CHARS_MAX {
        return words.to_owned();
    }
    words.chars().take(CHARS_MAX).chain(['…']).collect()
}
