//! What an act wrote, told from the document before and after it: for `log` and `undo`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use sync_core::document::{Container, Shape, VisitView};

/// One place of a visit document that an act wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Write {
    /// The place, for example `answers/seal` or `findings/<id>`.
    pub path: String,
    /// What was shown there before, `null` when nothing was.
    pub before: Value,
    /// What is shown there now.
    pub after: Value,
}

impl Write {
    /// The container and the key inside it.
    pub fn place(&self) -> Option<(Container, &str)> {
        let rest = |container: Container| {
            let rest = self.path.strip_prefix(container.path())?;
            if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
        };
        // Containers of the office stand inside another: the longest name is meant.
        Container::ALL.into_iter().rev().find_map(|container| Some((container, rest(container)?)))
    }

    /// Whether the act minted this entry.
    pub fn is_new_entry(&self) -> bool {
        self.before.is_null()
            && self.place().is_some_and(|(container, _)| container.shape() == Shape::Entries)
    }
}

/// What differs between two readings of one document, by place.
pub(super) fn between(before: &VisitView, after: &VisitView) -> Vec<Write> {
    let (before, after) = (as_json(before), as_json(after));
    let mut writes = Vec::new();
    for container in Container::ALL {
        let path = container.path();
        let (old, new) = (&before[container.key()], &after[container.key()]);
        if old == new {
            continue;
        }
        match container.shape() {
            Shape::Text => writes.push(Write { path: path.into(), before: old.clone(), after: new.clone() }),
            Shape::Shared => writes.extend(keys_between(path, old, new, shown)),
            Shape::Entries => writes.extend(keys_between(path, old, new, without_origin)),
            Shape::Frame => {}
        }
    }
    writes
}

fn keys_between(path: &str, old: &Value, new: &Value, told: fn(&Value) -> Value) -> Vec<Write> {
    let keys_of = |value: &Value| -> BTreeSet<String> {
        value.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
    };
    let keys = &keys_of(old) | &keys_of(new);
    let differing =
        keys.into_iter().filter(|key| old.get(key).map(as_recorded) != new.get(key).map(as_recorded));
    differing
        .map(|key| {
            let told = |value: &Value| told(value.get(&key).unwrap_or(&Value::Null));
            Write { path: format!("{path}/{key}"), before: told(old), after: told(new) }
        })
        .collect()
}

/// Without what follows from other entries: that it was corrected is written in the correction.
fn as_recorded(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(entry) = value.as_object_mut() {
        entry.remove("superseded_by");
    }
    value
}

/// A shared value as it is shown.
fn shown(value: &Value) -> Value {
    value.get("shown").cloned().unwrap_or_default()
}

/// An entry without the change that wrote it. A reading has a field `shown`, too.
fn without_origin(value: &Value) -> Value {
    let mut value = as_recorded(value);
    if let Some(entry) = value.as_object_mut() {
        entry.remove("change");
        entry.remove("actor");
        entry.retain(|_, field| !field.is_null());
    }
    value
}

fn as_json(view: &VisitView) -> Value {
    serde_json::to_value(view).expect("a view is plain JSON")
}
