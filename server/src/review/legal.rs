//! What the office may write into a field instead of the values that compete for it: what a device could have recorded
//! there.

use crate::problem::Problem;
use serde_json::Value;
use sync_core::codes::CodeTable;
use sync_core::document::{Container, Place, Scalar, Written};
use sync_core::metering::SealState;
use sync_core::number::Entered;
use sync_core::protocol::{ChecklistTemplate, ItemKind};

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Legal {
    /// One of these codes.
    Codes(Vec<String>),
    /// A decimal number, recorded as it is written.
    Number,
    /// True or false.
    YesNo,
    /// Words, or whatever a device newer than this server records there.
    Anything,
}

impl Legal {
    /// What the field at a path takes. A question that no checklist has takes anything.
    pub(super) fn of(checklists: &[ChecklistTemplate], path: &str) -> Self {
        let table = |table: CodeTable| Self::Codes(table.entries().iter().map(|e| e.code.clone()).collect());
        match Place::parse(path) {
            Some(Place::Shared(Container::Answers, code)) => Self::of_question(checklists, code),
            Some(Place::Shared(Container::SealStates, _)) => {
                Self::Codes(SealState::ALL.iter().map(|state| state.code().to_owned()).collect())
            }
            Some(Place::Shared(Container::Proposal, field)) => match field {
                "verdict" => table(CodeTable::Verdicts),
                "cause" => table(CodeTable::RootCauses),
                "responsibility" => table(CodeTable::Responsibilities),
                "outcome" => table(CodeTable::Outcomes),
                _ => Self::Anything,
            },
            Some(Place::Field(Container::Findings, _, "severity")) => table(CodeTable::Severities),
            Some(Place::Field(Container::Findings, _, "code")) => table(CodeTable::Findings),
            _ => Self::Anything,
        }
    }

    fn of_question(checklists: &[ChecklistTemplate], code: &str) -> Self {
        let mut items = checklists.iter().flat_map(|checklist| &checklist.items);
        match items.find(|item| item.code == code).map(|item| &item.kind) {
            Some(ItemKind::Choice { options }) => {
                Self::Codes(options.iter().map(|option| option.code.clone()).collect())
            }
            Some(ItemKind::Number { .. }) => Self::Number,
            Some(ItemKind::YesNo) => Self::YesNo,
            _ => Self::Anything,
        }
    }

    /// Its values that are not among the competing ones; `None` where values cannot be listed.
    pub(super) fn others(&self, values: &[Written]) -> Option<Vec<Scalar>> {
        let mut all: Vec<Scalar> = match self {
            Self::Codes(codes) => codes.iter().cloned().map(Scalar::Text).collect(),
            Self::YesNo => vec![Scalar::Bool(true), Scalar::Bool(false)],
            Self::Number | Self::Anything => return None,
        };
        all.retain(|value| values.iter().all(|written| written.value != *value));
        Some(all)
    }

    /// The value as the field records it. Null clears it.
    pub(super) fn take(&self, value: &Value) -> Result<Scalar, Problem> {
        let refuse = |what: &str| Err(Problem::invalid_field("/value", what));
        match (self, value) {
            (_, Value::Null) => Ok(Scalar::Null),
            (Self::Codes(codes), Value::String(code)) if codes.contains(code) => {
                Ok(Scalar::Text(code.clone()))
            }
            (Self::Codes(codes), _) => {
                refuse(&format!("one of the codes of this field: {}", codes.join(", ")))
            }
            (Self::YesNo, Value::Bool(yes)) => Ok(Scalar::Bool(*yes)),
            (Self::YesNo, _) => refuse("true or false"),
            (Self::Number, Value::String(_) | Value::Number(_)) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                match Entered::parse(&text) {
                    Ok(entered) => Ok(Scalar::Text(entered.value().to_string())),
                    Err(_) => refuse("a decimal number"),
                }
            }
            (Self::Number, _) => refuse("a decimal number"),
            (Self::Anything, value) => match super::conflict_api::scalar(value) {
                Some(Scalar::Text(text)) if text.is_empty() => refuse("a text that is not empty"),
                Some(scalar) => Ok(scalar),
                None => refuse("text, number, true, false or null"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklists;
    use serde_json::json;

    #[test]
    fn a_coded_field_takes_its_codes_and_nothing_else() {
        let of = |path: &str| Legal::of(checklists::built_in(), path);
        for (path, value, taken) in [
            ("answers/meter-accuracy.seal", json!("broken"), Some(Scalar::from("broken"))),
            ("answers/meter-accuracy.seal", json!("about half"), None),
            ("answers/meter-accuracy.seal", json!(true), None),
            ("answers/meter-accuracy.seal", Value::Null, Some(Scalar::Null)),
            ("answers/meter-accuracy.voltage", json!("231.50"), Some(Scalar::from("231.50"))),
            ("answers/meter-accuracy.voltage", json!(231), Some(Scalar::from("231"))),
            ("answers/meter-accuracy.voltage", json!("high"), None),
            ("answers/meter-accuracy.number", json!(true), Some(Scalar::Bool(true))),
            ("answers/meter-accuracy.number", json!("yes"), None),
            ("answers/newer.question", json!("x"), Some(Scalar::from("x"))),
            ("answers/newer.question", json!(""), None),
            ("answers/newer.question", json!([1]), None),
            ("seal_states/A1/terminal_cover", json!("missing"), Some(Scalar::from("missing"))),
            ("seal_states/A1/terminal_cover", json!("odd"), None),
            ("proposal/verdict", json!("partly"), Some(Scalar::from("partly"))),
            ("proposal/verdict", json!("部分属实"), None),
            ("findings/018f3c52-8f00-7c3a-9d2e-0123456789ab/text", json!("dark"), Some(Scalar::from("dark"))),
            ("note", json!("two lines"), Some(Scalar::from("two lines"))),
        ] {
            assert_eq!(of(path).take(&value).ok(), taken, "{path} {value}");
        }
        assert_eq!(of("note").others(&[]), None);
        let all = of("proposal/verdict").others(&[]).unwrap();
        assert!(all.contains(&Scalar::from("partly")) && all.len() > 2);
    }
}
