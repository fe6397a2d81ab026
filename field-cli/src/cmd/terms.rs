//! Places of a visit document and what stands there, in the words of the user.

use super::choice::language;
use super::visit::answer_text;
use super::{customer, hazard};
use crate::i18n::Words;
use crate::store::{Store, StoreError};
use serde_json::Value;
use std::collections::BTreeMap;
use sync_core::codes::CodeTable;
use sync_core::document::{Container, Place, Scalar};
use sync_core::metering::{SealPosition, SealState};
use sync_core::protocol::{ChecklistItem, ChecklistTemplate};

/// Characters of one value that are shown.
const VALUE_CHARS_MAX: usize = 40;

/// What the checklists on this device say about their items.
#[derive(Default)]
pub(crate) struct Terms {
    items: BTreeMap<String, ChecklistItem>,
    /// Whether long texts are told to their end.
    pub(crate) whole: bool,
}

impl Terms {
    /// The words of every checklist on this device.
    pub(crate) async fn known(store: &Store) -> Result<Self, StoreError> {
        let lists = store.pack_items("checklist/").await?;
        let lists = lists.iter().filter_map(|row| serde_json::from_str::<ChecklistTemplate>(&row.json).ok());
        let items = lists.flat_map(|list| list.items).map(|item| (item.code.clone(), item)).collect();
        Ok(Self { items, whole: false })
    }

    /// The same, with texts to their end.
    pub(crate) fn whole(self) -> Self {
        Self { whole: true, ..self }
    }

    /// What a path is called: `proposal/verdict` is "Proposal: verdict".
    pub(crate) fn path(&self, words: &Words, path: &str) -> String {
        match Place::parse(path) {
            Some(Place::Shared(container, key)) => self.place(words, container, key),
            Some(Place::Text(container)) => words.code("place", container.key()),
            Some(Place::Field(container, _, field)) => {
                format!("{} › {}", words.code("place", container.key()), words.code("part", field))
            }
            // An entry as a whole.
            None => words.code("place", path.split('/').next().unwrap_or(path)),
        }
    }

    /// What a key of a shared container is called.
    pub(crate) fn place(&self, words: &Words, container: Container, key: &str) -> String {
        let name = words.code("place", container.key());
        let key = match container {
            Container::Proposal => words.code("part", key),
            Container::Answers => match self.items.get(key) {
                Some(item) => words.lang.pick(&item.zh, &item.en).to_owned(),
                None => key.to_owned(),
            },
            Container::SealStates => seal_place(words, key),
            _ => key.to_owned(),
        };
        format!("{name} › {key}")
    }

    /// A value that stands at a path.
    pub(crate) fn value_at(&self, words: &Words, path: &str, value: &Scalar) -> String {
        let json = serde_json::to_value(value).unwrap_or_default();
        match Place::parse(path) {
            Some(Place::Shared(container, key)) => self.value(words, container, key, &json),
            Some(Place::Field(container, _, field)) => self.entry_field(words, container, field, &json),
            _ => self.text(&json),
        }
    }

    /// A value of a shared container.
    pub(crate) fn value(&self, words: &Words, container: Container, key: &str, value: &Value) -> String {
        let short = |value: &Value| self.text(value);
        match (container, value.as_str()) {
            (Container::Proposal, Some(code)) => {
                table_of(key).map_or_else(|| short(value), |table| named(words, table, code))
            }
            (Container::SealStates, Some(code)) => seal_state(words, code),
            (Container::Answers, _) => match (self.items.get(key), serde_json::from_value(value.clone())) {
                (Some(item), Ok(scalar)) if scalar != Scalar::Null => {
                    self.text(&Value::String(answer_text(words, &item.kind, &scalar)))
                }
                _ => short(value),
            },
            _ => short(value),
        }
    }

    /// The fields that say most about an entry, in words.
    pub(crate) fn entry(&self, words: &Words, container: Container, value: &Value) -> String {
        let fields: &[&str] = match container {
            Container::Findings => &["code", "text"],
            Container::Hazards => &["code", "action"],
            Container::Readings => &["register", "shown"],
            Container::MeterChecks => &["method"],
            Container::GasTests => &["kind"],
            Container::Seals => &["position", "state", "number_found"],
            Container::Photos => &["role", "caption"],
            Container::Statements => &["from", "text"],
            Container::Promises => &["what"],
            Container::Progress => &["event"],
            Container::Notices => &["number"],
            Container::Resolutions | Container::HazardLowered => &["reason"],
            _ => return String::new(),
        };
        let shown = fields.iter().filter_map(|field| {
            let value = value.get(*field).filter(|value| !value.is_null() && value.as_str() != Some(""))?;
            Some(self.entry_field(words, container, field, value))
        });
        shown.collect::<Vec<_>>().join(" · ")
    }

    fn entry_field(&self, words: &Words, container: Container, field: &str, value: &Value) -> String {
        let Some(code) = value.as_str() else { return self.text(value) };
        match (container, field) {
            (Container::Hazards, "code") => hazard::name(words, code),
            (Container::MeterChecks, "method") => words.code("method", code),
            (Container::GasTests, "kind") => words.code("gas-test", code),
            (Container::Seals, "state") => seal_state(words, code),
            (Container::Photos, "role") => named(words, CodeTable::PhotoRoles, code),
            (Container::Statements, "from") => customer::giver_name(words, code),
            (Container::Progress, "event") => words.code("event", code),
            (Container::Readings, "register") => words.code("register", code),
            (Container::Seals, "position") => seal_position(words, code),
            (Container::Findings, "code") => named(words, CodeTable::Findings, code),
            (Container::Findings, "severity") => named(words, CodeTable::Severities, code),
            _ => self.text(value),
        }
    }

    /// A value on one line, or to its end.
    pub(crate) fn text(&self, value: &Value) -> String {
        match value {
            Value::String(text) if self.whole => text.clone(),
            other => short(other),
        }
    }
}

fn table_of(field: &str) -> Option<CodeTable> {
    Some(match field {
        "verdict" => CodeTable::Verdicts,
        "cause" => CodeTable::RootCauses,
        "responsibility" => CodeTable::Responsibilities,
        "outcome" => CodeTable::Outcomes,
        _ => return None,
    })
}

fn named(words: &Words, table: CodeTable, code: &str) -> String {
    table.name(code, language(words)).to_owned()
}

fn seal_state(words: &Words, code: &str) -> String {
    code.parse::<SealState>().map_or_else(|_| code.to_owned(), |state| state.name(language(words)).to_owned())
}

fn seal_position(words: &Words, code: &str) -> String {
    let place = code.parse::<SealPosition>();
    place.map_or_else(|_| code.to_owned(), |place| place.name(language(words)).to_owned())
}

/// `110438/terminal_cover` is the terminal cover of meter 110438.
fn seal_place(words: &Words, key: &str) -> String {
    let Some((meter, position)) = key.rsplit_once('/') else { return key.to_owned() };
    let name = seal_position(words, position);
    if meter == "-" { name } else { format!("{meter} {name}") }
}

/// A value on one line.
pub(crate) fn short(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => shortened(text),
        other => shortened(&other.to_string()),
    }
}

fn shortened(text: &str) -> String {
    let text = text.replace('\n', " ");
    if text.chars().count() <= VALUE_CHARS_MAX {
        return text;
    }
    text.chars().take(VALUE_CHARS_MAX).chain(['…']).collect()
}
