//! The rules for early warnings as they are typed: a list for each column.

use crate::pages::Words;
use crate::people::{Grant, Role};
use crate::warnings::rules::{LEVELS_MAX, RulesError, WarningLevel, WarningRule, WarningRules};
use serde::Deserialize;
use sync_core::date::CivilDate;
use sync_core::deadline::{Limit, LimitUnit};
use sync_core::time::Timestamp;

/// Empty rows at the end of the form.
const EMPTY_ROWS: usize = 1;

/// Units of windows and of the time after which a warning comes back.
pub(super) const UNITS: [(LimitUnit, &str); 3] =
    [(LimitUnit::Minute, "minute"), (LimitUnit::Hour, "hour"), (LimitUnit::CalendarDay, "calendar_day")];

/// One rule as it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) number: usize,
    pub(super) class: String,
    pub(super) area: String,
    pub(super) from: String,
    pub(super) until: String,
    pub(super) window: String,
    pub(super) window_unit: String,
    /// `yes` or `no`.
    pub(super) unusual: String,
    /// Threshold and recipients of each level.
    pub(super) levels: Vec<(String, String)>,
    pub(super) recheck: String,
    pub(super) recheck_unit: String,
    pub(super) source: String,
}

/// The form as it is sent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct RulesTyped {
    /// `publish`; anything else shows what they would have done.
    pub(super) act: String,
    pub(super) version: i64,
    pub(super) effective_from: String,
    class: Vec<String>,
    area: Vec<String>,
    from: Vec<String>,
    until: Vec<String>,
    window: Vec<String>,
    window_unit: Vec<String>,
    unusual: Vec<String>,
    /// Of all levels of all rules, one rule after the other.
    threshold: Vec<String>,
    told: Vec<String>,
    recheck: Vec<String>,
    recheck_unit: Vec<String>,
    source: Vec<String>,
}

/// Why what was typed is no set of rules; rows are counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    Moment,
    /// An amount or threshold is no whole number.
    Number(usize),
    /// A day is none.
    Day(usize),
    /// Somebody who is to be told is no role: what was typed.
    Role(usize, String),
    Rules(RulesError),
}

impl RulesTyped {
    /// Published rules as they would be typed, to hold from the next day on.
    pub(super) fn of(w: Words, version: i64, rules: &WarningRules, now: Timestamp) -> Self {
        let effective_from = crate::complaints::office_time(now.plus_ms(86_400_000));
        let mut typed = Self {
            version,
            effective_from: effective_from.strftime("%Y-%m-%dT00:00").to_string(),
            ..Self::default()
        };
        for rule in &rules.rules {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            let day = |value: Option<CivilDate>| value.map(|day| day.to_string()).unwrap_or_default();
            let unit = |limit: Limit| {
                UNITS.iter().find(|(known, _)| *known == limit.unit).map_or("", |(_, code)| code).to_owned()
            };
            typed.class.push(text(&rule.class));
            typed.area.push(text(&rule.area));
            typed.from.push(day(rule.from));
            typed.until.push(day(rule.until));
            typed.window.push(rule.window.amount.to_string());
            typed.window_unit.push(unit(rule.window));
            typed.unusual.push(if rule.unusual { "yes" } else { "no" }.to_owned());
            for place in 0..LEVELS_MAX {
                let level = rule.levels.get(place);
                let threshold = level.and_then(|level| level.threshold);
                typed.threshold.push(threshold.map(|number| number.to_string()).unwrap_or_default());
                let told = level.map(|level| level.recipients.iter().map(|grant| grant_words(w, grant)));
                typed.told.push(told.map(|told| told.collect::<Vec<_>>().join(", ")).unwrap_or_default());
            }
            typed.recheck.push(rule.recheck.amount.to_string());
            typed.recheck_unit.push(unit(rule.recheck));
            typed.source.push(rule.source.clone());
        }
        typed
    }

    /// The rows with something in them, and an empty one at the end.
    pub(super) fn rows(&self) -> Vec<Row> {
        let at = |column: &[String], place: usize| {
            column.get(place).map(|text| text.trim().to_owned()).unwrap_or_default()
        };
        let levels = |place: usize| {
            let places = place * LEVELS_MAX..(place + 1) * LEVELS_MAX;
            places.map(|place| (at(&self.threshold, place), at(&self.told, place))).collect()
        };
        let mut rows: Vec<Row> = (0..self.source.len())
            .map(|place| Row {
                number: 0,
                class: at(&self.class, place),
                area: at(&self.area, place),
                from: at(&self.from, place),
                until: at(&self.until, place),
                window: at(&self.window, place),
                window_unit: at(&self.window_unit, place),
                unusual: at(&self.unusual, place),
                levels: levels(place),
                recheck: at(&self.recheck, place),
                recheck_unit: at(&self.recheck_unit, place),
                source: at(&self.source, place),
            })
            .filter(|row| !row.is_empty())
            .collect();
        rows.extend(std::iter::repeat_n(Row::empty(), EMPTY_ROWS));
        for (number, row) in (1..).zip(&mut rows) {
            row.number = number;
        }
        rows
    }

    /// What was typed as rules that can be used, and from when they hold.
    pub(super) fn rules(&self, w: Words) -> Result<(WarningRules, Timestamp), Mistake> {
        let from = self.effective_from.parse().ok().and_then(crate::complaints::office_moment);
        let from = from.ok_or(Mistake::Moment)?;
        let rows = self.rows();
        let filled = rows.iter().filter(|row| !row.is_empty());
        let rules = WarningRules { rules: filled.map(|row| row.rule(w)).collect::<Result<_, _>>()? };
        rules.check().map_err(Mistake::Rules)?;
        Ok((rules, from))
    }
}

impl Row {
    fn empty() -> Self {
        Self {
            window: String::new(),
            window_unit: "calendar_day".to_owned(),
            unusual: "yes".to_owned(),
            levels: vec![(String::new(), String::new()); LEVELS_MAX],
            recheck_unit: "hour".to_owned(),
            ..Self::default()
        }
    }

    /// Nothing but what is always chosen.
    pub(super) fn is_empty(&self) -> bool {
        let typed =
            [&self.class, &self.area, &self.from, &self.until, &self.window, &self.recheck, &self.source];
        typed.iter().all(|text| text.is_empty())
            && self.levels.iter().all(|(threshold, told)| threshold.is_empty() && told.is_empty())
    }

    fn rule(&self, w: Words) -> Result<WarningRule, Mistake> {
        let named = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let day = |text: &str| match named(text) {
            Some(text) => text.parse().map(Some).map_err(|_| Mistake::Day(self.number)),
            None => Ok(None),
        };
        let limit = |amount: &str, unit: &str| {
            let number = || Mistake::Number(self.number);
            let (unit, _) = UNITS.iter().find(|(_, code)| *code == unit).ok_or_else(number)?;
            Ok(Limit { amount: amount.parse().map_err(|_| number())?, unit: *unit })
        };
        let used = self.levels.iter().filter(|(threshold, told)| !threshold.is_empty() || !told.is_empty());
        Ok(WarningRule {
            class: named(&self.class),
            area: named(&self.area),
            from: day(&self.from)?,
            until: day(&self.until)?,
            window: limit(&self.window, &self.window_unit)?,
            unusual: self.unusual == "yes",
            levels: used.map(|level| self.level(w, level)).collect::<Result<_, _>>()?,
            recheck: limit(&self.recheck, &self.recheck_unit)?,
            source: self.source.clone(),
        })
    }

    fn level(&self, w: Words, (threshold, told): &(String, String)) -> Result<WarningLevel, Mistake> {
        let threshold = match threshold.as_str() {
            "" => None,
            text => Some(text.parse().map_err(|_| Mistake::Number(self.number))?),
        };
        let parts = told.split([',', '，', '、', ';', '；']).map(str::trim).filter(|part| !part.is_empty());
        let recipient =
            |part: &str| grant_of(w, part).ok_or_else(|| Mistake::Role(self.number, part.to_owned()));
        Ok(WarningLevel { threshold, recipients: parts.map(recipient).collect::<Result<_, _>>()? })
    }
}

/// Somebody who is told, as it is typed: `Lead` or `Lead@unit/region`.
fn grant_words(w: Words, grant: &Grant) -> String {
    let text = grant.to_string();
    let scope = text.split_once('@').map(|(_, scope)| format!("@{scope}")).unwrap_or_default();
    let scope =
        if grant.unit.is_empty() && !grant.region.is_empty() { format!("@/{}", grant.region) } else { scope };
    format!("{}{scope}", w.code("role", grant.role))
}

/// The same read: the role by its word in the reader's language or by its code.
fn grant_of(w: Words, text: &str) -> Option<Grant> {
    let (role, scope) = text.split_once('@').unwrap_or((text, ""));
    let role = role.trim();
    let is =
        |known: &Role| known.as_str() == role || w.code("role", known).to_lowercase() == role.to_lowercase();
    let role = Role::ALL.into_iter().find(is)?;
    let (unit, region) = scope.split_once('/').unwrap_or((scope, ""));
    Some(Grant { role, unit: unit.trim().to_owned(), region: region.trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Language;
    use crate::warnings::rules::built_in;
    use crate::warnings::rules::tests::a_rule;
    use serde_json::json;

    #[test]
    fn what_the_form_shows_is_what_it_sends_back() {
        let now = Timestamp::from_unix_ms(1_763_700_000_000);
        let dated = json!({ "class": "power.BIZ", "area": "east", "from": "2026-06-01", "until": "2026-08-31",
            "levels": [{ "threshold": 5, "recipients": [{ "role": "lead", "unit": "gas", "region": "west" },
                { "role": "clerk", "region": "east" }] }] });
        for rules in [built_in().clone(), WarningRules { rules: vec![a_rule(&dated)] }] {
            for language in [Language::En, Language::ZhCn] {
                let w = Words::new(language);
                let typed = RulesTyped::of(w, 1, &rules, now);
                let (read, from) = typed.rules(w).unwrap();
                assert_eq!(read, rules, "{language:?}");
                // Midnight of 22 November in China.
                assert_eq!(from.unix_ms(), 1_763_740_800_000);
            }
        }
    }

    #[test]
    fn what_makes_no_rules_is_told() {
        let w = Words::new(Language::ZhCn);
        let now = Timestamp::from_unix_ms(1_763_700_000_000);
        let typed = |change: fn(&mut RulesTyped)| {
            let mut typed = RulesTyped::of(w, 1, built_in(), now);
            change(&mut typed);
            typed.rules(w).map(drop)
        };
        assert_eq!(typed(|_| {}), Ok(()));
        assert_eq!(typed(|typed| typed.told[0] = "lead；负责人@gas".to_owned()), Ok(()));
        for (change, mistake) in [
            ((|typed| typed.effective_from = "soon".to_owned()) as fn(&mut RulesTyped), Mistake::Moment),
            (|typed| typed.window[1] = "one".to_owned(), Mistake::Number(2)),
            (|typed| typed.threshold[0] = "many".to_owned(), Mistake::Number(1)),
            (|typed| typed.from[1] = "May".to_owned(), Mistake::Day(2)),
            (|typed| typed.told[3] = "lead, boss".to_owned(), Mistake::Role(2, "boss".to_owned())),
            (|typed| typed.window[0] = "25".to_owned(), Mistake::Rules(RulesError::Window(1))),
            (|typed| typed.source = vec![String::new(); 2], Mistake::Rules(RulesError::Source(1))),
        ] {
            assert_eq!(typed(change), Err(mistake));
        }
    }
}
