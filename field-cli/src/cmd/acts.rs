//! An act of the device log in a few words.

use super::terms::{self, Terms};
use crate::i18n::{Words, say};
use crate::store::{CommandRow, LogRow, Store, StoreError, Write};
use std::collections::BTreeMap;
use sync_core::document::Shape;
use sync_core::ids::VisitId;

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
pub(crate) fn describe(words: &Words, terms: &Terms, row: &LogRow, commands: &[CommandRow]) -> String {
    let asks = |command: &&CommandRow| command.device == row.device && command.sequence == row.sequence;
    if let Some(command) = commands.iter().find(asks) {
        return words.code("request", &command.request);
    }
    if row.writes.is_empty() {
        return words.code("act", &row.kind);
    }
    let mut places: Vec<String> =
        row.writes.iter().take(PLACES_MAX).map(|write| place(words, terms, write)).collect();
    if row.writes.len() > PLACES_MAX {
        places.push("…".to_owned());
    }
    places.join(words.lang.pick("；", "; "))
}

/// A place and what was written there.
fn place(words: &Words, terms: &Terms, write: &Write) -> String {
    let Some((container, key)) = write.place() else { return write.path.clone() };
    let name = words.code("place", container.path());
    match container.shape() {
        Shape::Shared => {
            let value = terms.value(words, container, key, &write.after);
            format!("{} = {value}", terms.place(words, container, key))
        }
        Shape::Text => name,
        _ => {
            let text = format!("{name} {}", terms::entry(words, container, &write.after));
            let text = text.trim_end();
            match (write.before.is_null(), write.after.get("withdrawn").is_some_and(|gone| !gone.is_null())) {
                (_, true) => say!(words, "act-withdrawn", what = text),
                (false, false) => say!(words, "act-reworded", what = text),
                (true, false) => text.to_owned(),
            }
        }
    }
}
