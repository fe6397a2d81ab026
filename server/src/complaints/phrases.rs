//! Places, codes and values of visit documents in words that people read.
//!
//! What no table knows is shown as it stands: devices may be newer than this server.

use crate::checklists;
use crate::pages::Words;
use crate::problem::Language;
use crate::store::{StoreError, Tx};
use serde_json::Value;
use sync_core::codes::{self, CodeTable};
use sync_core::document::Scalar;
use sync_core::gas::HazardItem;
use sync_core::metering::{SealPosition, SealState};
use sync_core::number::unit_shown;
use sync_core::protocol::{ChecklistItem, ChecklistTemplate, ItemKind};

/// Tables of the fields of a proposal.
const PROPOSAL: &[(&str, CodeTable)] = &[
    ("verdict", CodeTable::Verdicts),
    ("cause", CodeTable::RootCauses),
    ("responsibility", CodeTable::Responsibilities),
    ("outcome", CodeTable::Outcomes),
];

/// Words of one reader's language, with the checklists that questions come from.
#[derive(Debug, Clone)]
pub(crate) struct Phrases {
    /// The words of pages.
    pub(crate) w: Words,
    checklists: Vec<ChecklistTemplate>,
}

impl Phrases {
    /// With the newest version of every checklist; a question keeps its code for ever.
    pub(crate) async fn of(tx: &mut Tx, w: Words) -> Result<Self, StoreError> {
        Ok(Self { w, checklists: checklists::list(tx).await? })
    }

    /// Without the store, for samples.
    #[cfg(test)]
    pub(crate) fn sample(w: Words) -> Self {
        Self { w, checklists: checklists::built_in().to_vec() }
    }

    fn language(&self) -> codes::Language {
        match self.w.language {
            Language::En => codes::Language::English,
            Language::ZhCn => codes::Language::Chinese,
        }
    }

    /// The name of a code.
    pub(crate) fn coded(&self, table: CodeTable, code: &str) -> String {
        table.find(code).map_or_else(|| code.to_owned(), |entry| entry.name(self.language()).to_owned())
    }

    /// The codes of a table with their names.
    pub(crate) fn options(&self, table: CodeTable) -> Vec<(&'static str, String)> {
        let named =
            |entry: &'static codes::CodeEntry| (entry.code.as_str(), entry.name(self.language()).to_owned());
        table.entries().iter().map(named).collect()
    }

    /// The title of a checklist.
    pub(crate) fn checklist(&self, code: &str) -> String {
        let found = self.checklists.iter().find(|checklist| checklist.code == code);
        found.map_or_else(|| code.to_owned(), |found| self.w.either(&found.zh, &found.en).to_owned())
    }

    /// The places of the questions of a checklist that are answered with a value.
    pub(crate) fn questions(&self, code: &str) -> Vec<String> {
        let found = self.checklists.iter().find(|checklist| checklist.code == code);
        let items = found.into_iter().flat_map(|checklist| &checklist.items);
        let is_answer = |kind: &ItemKind| {
            !matches!(kind, ItemKind::Photo { .. } | ItemKind::MeterCheck { .. } | ItemKind::Reading)
        };
        items.filter(|item| is_answer(&item.kind)).map(|item| format!("answers/{}", item.code)).collect()
    }

    fn item(&self, code: &str) -> Option<&ChecklistItem> {
        self.checklists.iter().flat_map(|checklist| &checklist.items).find(|item| item.code == code)
    }

    /// The words of a question.
    pub(crate) fn question(&self, code: &str) -> String {
        self.item(code).map_or_else(|| code.to_owned(), |item| self.w.either(&item.zh, &item.en).to_owned())
    }

    /// Where a seal sits.
    pub(crate) fn seal_position(&self, code: &str) -> String {
        let found = code.parse::<SealPosition>();
        found.map_or_else(|_| code.to_owned(), |found| found.name(self.language()).to_owned())
    }

    /// In which state a seal is.
    pub(crate) fn seal_state(&self, code: &str) -> String {
        let found = code.parse::<SealState>();
        found.map_or_else(|_| code.to_owned(), |found| found.name(self.language()).to_owned())
    }

    /// The name of a hazard; an organisation's own code stands for itself.
    pub(crate) fn hazard(&self, code: &str) -> String {
        let found = HazardItem::find(code);
        found.map_or_else(|| code.to_owned(), |item| self.w.either(&item.zh, &item.en).to_owned())
    }

    /// A place in a visit document, for example `answers/meter-accuracy.seal`.
    pub(crate) fn path(&self, path: &str) -> String {
        let container = |name: &str| self.w.code("container", name.replace('/', "-"));
        match path.split_once('/') {
            None => container(path),
            Some(("answers", code)) => self.question(code),
            Some(("proposal", field)) => self.w.code("proposal", field),
            Some(("seal_states", seal)) => {
                let (meter, position) = seal.rsplit_once('/').unwrap_or(("", seal));
                format!("{} · {} {}", container("seal_states"), self.seal_position(position), meter)
            }
            Some(("office", rest)) => {
                container(&format!("office/{}", rest.split('/').next().unwrap_or_default()))
            }
            Some((name, rest)) => match rest.split_once('/') {
                Some((_, field)) => format!("{} · {}", container(name), self.w.code("field-label", field)),
                None => container(name),
            },
        }
    }

    /// A value at such a place.
    pub(crate) fn value(&self, path: &str, value: &Scalar) -> String {
        match value {
            Scalar::Null => self.w.t("record-empty-value"),
            Scalar::Bool(true) => self.w.t("record-yes"),
            Scalar::Bool(false) => self.w.t("record-no"),
            Scalar::Int(number) => number.to_string(),
            Scalar::Number(number) => number.to_string(),
            Scalar::Text(text) => self.text(path, text),
            Scalar::Other { text, kind } => format!("{kind} {text}"),
        }
    }

    fn text(&self, path: &str, text: &str) -> String {
        let found = match path.split_once('/') {
            Some(("answers", code)) => self.choice(code, text),
            Some(("seal_states", _)) => Some(self.seal_state(text)),
            Some(("proposal", field)) => {
                PROPOSAL.iter().find(|(name, _)| *name == field).map(|(_, table)| self.coded(*table, text))
            }
            Some(("findings", rest)) if rest.ends_with("/severity") => {
                Some(self.coded(CodeTable::Severities, text))
            }
            Some(("findings", rest)) if rest.ends_with("/code") => {
                Some(self.coded(CodeTable::Findings, text))
            }
            _ => None,
        };
        found.unwrap_or_else(|| text.to_owned())
    }

    fn choice(&self, code: &str, text: &str) -> Option<String> {
        match &self.item(code)?.kind {
            ItemKind::Choice { options } => {
                let option = options.iter().find(|option| option.code == text)?;
                Some(self.w.either(&option.zh, &option.en).to_owned())
            }
            ItemKind::Number { unit, .. } => Some(format!("{text} {}", unit_shown(unit))),
            _ => None,
        }
    }

    /// Why something was refused, or the code as it stands.
    pub(crate) fn refusal(&self, code: &str) -> String {
        self.w.code("refusal", code)
    }

    /// A name in both languages as it lies in results: `{"zh": …, "en": …}`.
    pub(crate) fn local_name(&self, name: &Value) -> String {
        let key = self.w.either("zh", "en");
        name[key].as_str().unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_values_have_words_and_unknown_ones_stand_as_they_are() {
        let [en, zh] = [Language::En, Language::ZhCn].map(|language| Phrases::sample(Words::new(language)));
        for (path, value, said, in_words) in [
            ("answers/meter-accuracy.seal", "broken", "State of the seals", "Broken"),
            ("answers/meter-accuracy.voltage", "231.0", "Phase voltage", "231.0 V"),
            ("answers/newer.question", "x", "newer.question", "x"),
            ("proposal/verdict", "partly", "Proposed verdict", "Partly substantiated"),
            ("seal_states/A1/terminal_cover", "intact", "States of seals · Terminal cover A1", "Intact"),
            ("note", "text", "Note", "text"),
            ("findings/018f3c52-8f00-7c3a-9d2e-0123456789ab/text", "dark", "Findings · text", "dark"),
            ("newer/thing", "x", "newer", "x"),
        ] {
            assert_eq!(en.path(path), said, "{path}");
            assert_eq!(en.value(path, &Scalar::from(value)), in_words, "{path}");
        }
        assert_ne!((en.hazard("leak"), zh.hazard("leak")), ("leak".into(), "leak".into()));
        assert_eq!(zh.hazard("our.own"), "our.own");
        assert_eq!(zh.path("answers/meter-accuracy.seal"), "铅封状态");
        assert_eq!(zh.value("answers/meter-accuracy.number", &Scalar::Bool(true)), "是");
    }
}
