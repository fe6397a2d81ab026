//! The part of the form of rules that says when people are told about deadlines.

use super::rules::UNITS;
use crate::complaints::model::State;
use crate::pages::Words;
use sync_core::deadline::{ESCALATED_TO, Escalation, Limit, LimitUnit, WatchRules};

/// What has a limit of its own besides states.
const SILENT: &str = "silent";
/// Answers of experts, and the warning before they are due.
const EXPERT: &str = "expert";
const EXPERT_NEAR: &str = "expert_near";

/// One limit as it is typed; an empty amount: none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WatchRow {
    /// What it is about, in words.
    pub(super) label: String,
    pub(super) amount: String,
    pub(super) unit: String,
}

/// What has a limit, in the order of the form: whom a missed deadline is brought before, devices, experts, states.
fn subjects() -> impl Iterator<Item = &'static str> {
    let open = State::ALL.iter().filter(|state| !matches!(state, State::Closed | State::Withdrawn));
    ESCALATED_TO.into_iter().chain([SILENT, EXPERT, EXPERT_NEAR]).chain(open.map(|state| state.as_str()))
}

/// The rules as they would be typed: amounts and units.
pub(super) fn typed(rules: &WatchRules) -> (Vec<String>, Vec<String>) {
    let limit = |subject: &str| match subject {
        SILENT => Some(rules.silent),
        EXPERT => Some(rules.expert),
        EXPERT_NEAR => Some(rules.expert_near),
        _ => {
            let escalation = rules.escalations.iter().find(|step| step.to == subject);
            escalation.map(|step| step.after).or_else(|| rules.dwell.get(subject).copied())
        }
    };
    let code = |unit: LimitUnit| UNITS.iter().find(|(known, _)| *known == unit).map_or("", |(_, code)| code);
    subjects()
        .map(|subject| match limit(subject) {
            Some(limit) => (limit.amount.to_string(), code(limit.unit).to_owned()),
            None => (String::new(), "working_day".to_owned()),
        })
        .unzip()
}

/// The rows of the form.
pub(super) fn rows(w: Words, amounts: &[String], units: &[String]) -> Vec<WatchRow> {
    let at = |column: &[String], place: usize| column.get(place).cloned().unwrap_or_default();
    let label = |subject: &str| match subject {
        SILENT => w.t("watch-silent-after"),
        EXPERT => w.t("watch-expert-within"),
        EXPERT_NEAR => w.t("watch-expert-near"),
        to if ESCALATED_TO.contains(&to) => w.code("watch-escalate", to),
        state => w.a("watch-stuck-after", w.code("state", state)),
    };
    subjects()
        .enumerate()
        .map(|(place, subject)| WatchRow {
            label: label(subject),
            amount: at(amounts, place),
            unit: at(units, place),
        })
        .collect()
}

/// What was typed as rules; `None` when an amount or the percentage is no whole number.
pub(super) fn rules(warn_percent: &str, amounts: &[String], units: &[String]) -> Option<WatchRules> {
    let warn_percent = warn_percent.trim().parse().ok()?;
    let mut rules = WatchRules { warn_percent, escalations: Vec::new(), ..WatchRules::default() };
    rules.dwell.clear();
    for (place, subject) in subjects().enumerate() {
        let amount = amounts.get(place)?.trim();
        if amount.is_empty() && ![SILENT, EXPERT, EXPERT_NEAR].contains(&subject) {
            continue;
        }
        let unit = units.get(place)?;
        let (unit, _) = UNITS.iter().find(|(_, code)| code == unit)?;
        let limit = Limit { amount: amount.parse().ok()?, unit: *unit };
        match subject {
            SILENT => rules.silent = limit,
            EXPERT => rules.expert = limit,
            EXPERT_NEAR => rules.expert_near = limit,
            to if ESCALATED_TO.contains(&to) => {
                rules.escalations.push(Escalation { after: limit, to: to.to_owned() });
            }
            state => drop(rules.dwell.insert(state.to_owned(), limit)),
        }
    }
    Some(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_form_shows_is_what_it_sends_back() {
        let one_escalation = WatchRules { escalations: Vec::new(), ..WatchRules::default() };
        for shown in [WatchRules::default(), one_escalation] {
            let (amounts, units) = typed(&shown);
            assert_eq!(rules(&shown.warn_percent.to_string(), &amounts, &units), Some(shown));
        }
        let (mut amounts, units) = typed(&WatchRules::default());
        amounts[0] = "soon".to_owned();
        assert_eq!(rules("80", &amounts, &units), None);
        assert_eq!(rules("80", &[], &[]), None, "a form without this part changes nothing by accident");
    }
}
