//! An act of the device log in a few words.

use super::terms::Terms;
use crate::i18n::{Words, say};
use crate::store::{CommandRow, LogRow, Store, StoreError, Write};
use serde_json::Value;
use std::collections::BTreeMap;
use sync_core::document::{Container, Shape};
use sync_core::ids::VisitId;

/// Places of one act that are named.
const PLACES_MAX: usize = 3;

/// The numbers by which people know the visits of this device.
pub(crate) async fn visit_names(store: &Store) -> Result<BTreeMap<VisitId, String>, StoreError> {
    let rows = store.visits().await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.visit, row.number?))).collect())
}

/// The number of a visit, the end of its id without a card.
pub(crate) fn visit_name(names: &BTreeMap<VisitId, String>, visit: Option<VisitId>) -> String {
    let Some(visit) = visit else { return String::new() };
    names.get(&visit).cloned().unwrap_or_else(|| {
        let id = visit.to_string();
        format!("…{}", &id[id.len() - 6..])
    })
}

/// What an act was.
pub(crate) fn describe(words: &Words, terms: &Terms, row: &LogRow, commands: &[CommandRow]) -> String {
    let asks = |command: &&CommandRow| command.device == row.device && command.sequence == row.sequence;
    if let Some(command) = commands.iter().find(asks) {
        return words.code("request", &command.request);
    }
    written(words, terms, &row.kind, &row.writes)
}

/// What an act wrote, its kind when it wrote nothing.
pub(crate) fn written(words: &Words, terms: &Terms, kind: &str, writes: &[Write]) -> String {
    if writes.is_empty() {
        return words.code("act", kind);
    }
    let shown = if terms.whole { usize::MAX } else { PLACES_MAX };
    let mut places: Vec<String> = writes.iter().take(shown).map(|write| place(words, terms, write)).collect();
    if writes.len() > shown {
        places.push("…".to_owned());
    }
    places.join(words.lang.pick("；", "; "))
}

/// Puts the words of statements, which are kept beside the document, where an act names them.
pub(crate) async fn with_statements(store: &Store, row: &mut LogRow) -> Result<(), StoreError> {
    for write in &mut row.writes {
        let Some((Container::Statements, _)) = write.place() else { continue };
        let part = write.after.get("part").and_then(Value::as_str).and_then(|id| id.parse().ok());
        let Some(part) = part else { continue };
        if let (Some(text), Some(entry)) = (store.part_text(part).await?, write.after.as_object_mut()) {
            entry.insert("text".to_owned(), text.into());
        }
    }
    Ok(())
}

/// A place and what was written there.
fn place(words: &Words, terms: &Terms, write: &Write) -> String {
    let Some((container, key)) = write.place() else { return write.path.clone() };
    let name = words.code("place", container.key());
    match container.shape() {
        Shape::Shared => {
            let value = terms.value(words, container, key, &write.after);
            format!("{} = {value}", terms.place(words, container, key))
        }
        Shape::Text => {
            let (before, after) = (write.before.as_str().unwrap_or(""), write.after.as_str().unwrap_or(""));
            let added = after.strip_prefix(before).unwrap_or(after).trim();
            format!("{name} {}", terms.text(&added.into())).trim_end().to_owned()
        }
        _ => {
            let refused = write.after.get("refused_reason").and_then(Value::as_str);
            let text = match refused.filter(|_| container == Container::Signatures) {
                Some(reason) => say!(words, "show-refused", reason = reason),
                None => format!("{name} {}", terms.entry(words, container, &write.after)),
            };
            let text = text.trim_end();
            match (write.before.is_null(), write.after.get("withdrawn").is_some_and(|gone| !gone.is_null())) {
                (_, true) => say!(words, "act-withdrawn", what = text),
                (false, false) => say!(words, "act-reworded", what = text),
                (true, false) => text.to_owned(),
            }
        }
    }
}
