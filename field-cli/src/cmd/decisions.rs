//! What the office decided about values that differed, with its reason, for people to read.

use super::terms::Terms;
use crate::i18n::{Words, say};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use sync_core::document::{Entry, Place, Resolution, UNDONE, VisitView};

const BOTH: &str = "both";
const WRITTEN: &str = "written";

/// A decision that stands.
pub(crate) struct Decision<'v> {
    pub(crate) entry: &'v Entry<Resolution>,
    /// The value that it left.
    value: Value,
}

/// The newest decision about every path, those that were taken back left out.
pub(crate) fn standing(view: &VisitView) -> Vec<Decision<'_>> {
    let mut newest: BTreeMap<&str, &Entry<Resolution>> = BTreeMap::new();
    for entry in view.resolutions.values().filter(|entry| entry.stands()) {
        let before = newest.entry(&entry.content.path).or_insert(entry);
        if before.meta.at < entry.meta.at {
            *before = entry;
        }
    }
    let record = serde_json::to_value(view).expect("a view is plain JSON");
    let decisions = newest.into_values().filter(|entry| entry.content.choice != UNDONE);
    decisions.map(|entry| Decision { entry, value: value_at(&record, &entry.content.path) }).collect()
}

/// Whether the office wrote a value of its own at a path.
pub(crate) fn is_written_by_office(view: &VisitView, path: &str) -> bool {
    standing(view)
        .iter()
        .any(|decision| decision.entry.content.path == path && decision.entry.content.choice == WRITTEN)
}

/// What is shown at a path of a record.
pub(crate) fn value_at(record: &Value, path: &str) -> Value {
    match Place::parse(path) {
        Some(Place::Shared(container, key)) => record[container.key()][key]["shown"].clone(),
        Some(Place::Field(container, entry, field)) => record[container.key()][entry][field].clone(),
        _ => Value::Null,
    }
}

impl Decision<'_> {
    /// `Seal state › Terminal cover: Replaced, decided by the office: reason`.
    pub(crate) fn line(&self, words: &Words, terms: &Terms) -> String {
        let decided = &self.entry.content;
        let (place, reason) = (terms.path(words, &decided.path), decided.reason.clone());
        if decided.choice == BOTH {
            return say!(words, "decision-both", place = place, reason = reason);
        }
        let value = match serde_json::from_value(self.value.clone()) {
            Ok(value) => terms.value_at(words, &decided.path, &value),
            Err(_) => String::new(),
        };
        say!(words, "decision-value", place = place, value = value, reason = reason)
    }

    /// It for scripts.
    pub(crate) fn json(&self) -> Value {
        let decided = &self.entry.content;
        json!({
            "path": decided.path, "choice": decided.choice, "value": self.value, "reason": decided.reason,
            "at_ms": self.entry.meta.at,
        })
    }
}
