//! What the envelopes of a record brought, in words: entries with their texts, fields with their values.

use super::entries::entry_told;
use crate::complaints::phrases::Phrases;
use crate::complaints::record::{CentralRecord, TimelineEntry};
use crate::work_orders::EntryBody;
use serde_json::Value;
use std::collections::BTreeMap;
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
        Self { entries, values: values.collect() }
    }

    /// What one envelope brought, as far as nobody wrote over it since.
    pub(super) fn lines(&self, phrases: &Phrases, told: &TimelineEntry) -> Vec<String> {
        let texts = |key: &str| told.detail[key].as_array().cloned().unwrap_or_default();
        let entries = texts("entries");
        let fields = texts("fields");
        let entries = entries.iter().map(|entry| self.entry(phrases, entry));
        let fields = fields.iter().filter_map(Value::as_str);
        let fields = fields.map(|path| self.field(phrases, told.log_index.unwrap_or_default(), path));
        let mut lines: Vec<String> = fields.chain(entries).map(|line| cut(&line)).collect();
        if lines.len() > TOLD_MAX {
            let more = lines.len() - TOLD_MAX;
            lines.truncate(TOLD_MAX);
            lines.push(phrases.w.n("timeline-more", more));
        }
        lines
    }

    fn entry(&self, phrases: &Phrases, short: &Value) -> String {
        let container = phrases.path(short["container"].as_str().unwrap_or_default());
        let id = short["entry"].as_str().and_then(|id| id.parse().ok());
        match id.and_then(|id: EntryId| self.entries.get(&id)) {
            Some(entry) => phrases.w.ab("record-count", container, entry_told(phrases, entry)),
            None => container,
        }
    }

    fn field(&self, phrases: &Phrases, envelope: i64, path: &str) -> String {
        let place = phrases.path(path);
        if let Some(value) = self.values.get(&(envelope, path)) {
            return phrases.w.ab("record-count", place, phrases.value(path, value));
        }
        let mut parts = path.splitn(3, '/').skip(1);
        let entry = parts.next().and_then(|id| id.parse().ok()).and_then(|id: EntryId| self.entries.get(&id));
        let value = parts.next().and_then(|field| entry?.content.get(field));
        match value.and_then(|value| serde_json::from_value::<Scalar>(value.clone()).ok()) {
            Some(value) => phrases.w.ab("record-count", place, phrases.value(path, &value)),
            None => place,
        }
    }
}

fn cut(words: &str) -> String {
    if words.chars().count() <= CHARS_MAX {
        return words.to_owned();
    }
    words.chars().take(CHARS_MAX).chain(['…']).collect()
}
