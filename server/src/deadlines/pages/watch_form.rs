//! The part of the form of rules that says when people are told about deadlines.

use super::rules::UNITS;
use crate::complaints::model::State;
use crate::pages::Words;
use sync_core::deadline::{ESCALATED_TO, Escalation, Limit, LimitUnit, WatchRules};

/// What always has a limit besides states: devices, experts' answers, planned events.
const ALWAYS: [&str; 7] = [
    "silent",
    "expert",
    "expert_near",
    "planned_submit",
    "planned_inform",
    "planned_near",
    "planned_carried",
];

/// One limit as it is typed; an empty amount: none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WatchRow {
    /// What it is about, in words.
    pub(super) label: String,
    pub(super) amount: String,
    pub(super) unit: String,
}

/// What has a limit, in the order of the form: whom a missed deadline is brought before, what always has one, states.
fn subjects() -> impl Iterator<Item = &'static str> {
    let open = State::ALL.iter().filter(|state| !matches!(state, State::Closed | State::Withdrawn));
    ESCALATED_TO.into_iter().chain(ALWAYS).chain(open.map(|state| state.as_str()))
}

/// The limit of one of [`ALWAYS`].
fn always<'a>(rules: &'a mut WatchRules, subject: &str) -> Option<&'a mut Limit> {
    let planned = &mut rules.planned_events;
    Some(match subject {
        "silent" => &mut rules.silent,
        "expert" => &mut rules.expert,
        "expert_near" => &mut rules.expert_near,
        "planned_submit" => &mut planned.submit_before,
        "planned_inform" => &mut planned.inform_before,
        "planned_near" => &mut planned.near,
        "planned_carried" => &mut planned.carried,
        _ => return None,
    })
}

/// The rules as they would be typed: amounts and units.
pub(super) fn typed(rules: &WatchRules) -> (Vec<String>, Vec<String>) {
    let mut rules = rules.clone();
    let mut limit = |subject: &str| {
        if let Some(limit) = always(&mut rules, subject) {
            return Some(*limit);
        }
        let escalation = rules.escalations.iter().find(|step| step.to == subject);
        escalation.map(|step| step.after).or_else(|| rules.dwell.get(subject).copied())
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
        named if ALWAYS.contains(&named) => w.code("watch-limit", named),
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
        if amount.is_empty() && !ALWAYS.contains(&subject) {
            continue;
        }
        let unit = units.get(place)?;
        let (unit, _) = UNITS.iter().find(|(_, code)| code == unit)?;
        let limit = Limit { amount: amount.parse().ok()?, unit: *unit };
        if let Some(named) = always(&mut rules, subject) {
            *named = limit;
        } else if ESCALATED_TO.contains(&subject) {
            rules.escalations.push(Escalation { after: limit, to: subject.to_owned() });
        } else {
            rules.dwell.insert(subject.to_owned(), limit);
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
