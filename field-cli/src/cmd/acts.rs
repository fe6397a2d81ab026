//! An act of the device log in a few words.

use crate::ctx::Ctx;
use crate::i18n::Words;
use crate::store::{CommandRow, LogRow, Store, StoreError, Write};
use serde_json::Value;
use std::collections::BTreeMap;
use sync_core::document::{Container, Shape};
use sync_core::ids::VisitId;

/// Characters of one written value that are shown.
const VALUE_CHARS_MAX: usize = 40;
/// Places of one act that are named.
const PLACES_MAX: usize = 3;

/// The numbers by which people know the visits of this device.
pub(crate) async fn visit_names(store: &Store) -> Result<BTreeMap<VisitId, String>, StoreError> {
    Ok(store.assignments().await?.into_iter().map(|card| (card.visit, card.number)).collect())
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
pub(crate) fn describe(ctx: &Ctx, row: &LogRow, commands: &[CommandRow]) -> String {
    let asks = |command: &&CommandRow| command.device == row.device && command.sequence == row.sequence;
    if let Some(command) = commands.iter().find(asks) {
        return ctx.words.code("request", &command.request);
    }
    if row.writes.is_empty() {
        return ctx.words.code("act", &row.kind);
    }
    let mut places: Vec<String> =
        row.writes.iter().take(PLACES_MAX).map(|write| place(&ctx.words, write)).collect();
    if row.writes.len() > PLACES_MAX {
        places.push("…".to_owned());
    }
    places.join(", ")
}

/// A place and what was written there.
fn place(words: &Words, write: &Write) -> String {
    let Some((container, key)) = write.place() else { return write.path.clone() };
    let name = words.code("place", container.path());
    match container.shape() {
        Shape::Shared => format!("{name} {key} = {}", short(&write.after)),
        Shape::Text => name,
        _ => format!("{name} {}", entry(container, &write.after)).trim_end().to_owned(),
    }
}

/// The field that says most about an entry.
fn entry(container: Container, value: &Value) -> String {
    let field = match container {
        Container::Findings | Container::Hazards => "code",
        Container::Readings => "shown",
        Container::MeterChecks => "method",
        Container::GasTests => "kind",
        Container::Seals => "state",
        Container::Photos => "role",
        Container::Statements => "from",
        Container::Promises => "what",
        Container::Progress => "event",
        Container::Notices => "number",
        _ => return String::new(),
    };
    value.get(field).map(short).unwrap_or_default()
}

/// A value on one line.
pub(crate) fn short(value: &Value) -> String {
    let text = match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.replace('\n', " "),
        other => other.to_string(),
    };
    if text.chars().count() <= VALUE_CHARS_MAX {
        return text;
    }
    text.chars().take(VALUE_CHARS_MAX).chain(['…']).collect()
}
