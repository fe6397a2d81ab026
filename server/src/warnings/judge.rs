//! Which days of a cell are worth a warning: a function of its counts and the rules, and of nothing else, so that the
//! order in which reports arrive makes no difference.

use super::figures::{Baseline, Usual};
use super::rules::{WarningRule, WarningRules};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use sync_core::date::CivilDate;

/// Reports of a cell by day.
pub(super) type Counts = BTreeMap<i64, u32>;

/// A cell: the reports of one class in one area.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub(super) class: String,
    pub(super) area: String,
}

/// What warnings of a cell are told apart by: the last day of the window, and how many days it has.
pub(super) type Key = (i64, i64);

/// A day on which more was reported than the rule lets pass.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Judged {
    /// Version of the rules, and number of the rule in it.
    pub(super) rule: (i64, i64),
    pub(super) level: u8,
    pub(super) seen: u32,
    /// `None`: too short a history, or the rule does not ask.
    pub(super) usual: Option<Usual>,
    /// What was passed or reached.
    pub(super) limit: f64,
}

/// Published rules and the first day on which they hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Version {
    pub(super) number: i64,
    pub(super) from_day: i64,
    pub(super) rules: WarningRules,
}

/// Everything by which a cell is judged.
pub(super) struct Judge<'a> {
    /// In the order of their numbers.
    pub(super) versions: &'a [Version],
    pub(super) cell: &'a Cell,
    pub(super) counts: &'a Counts,
    /// The first day on which anything was reported.
    pub(super) first: i64,
}

/// A day since 1970 as a date.
pub(super) fn date_of(day: i64) -> CivilDate {
    CivilDate::from_ymd(1970, 1, 1).expect("1970 begins with a first of January").plus_days(day)
}

impl Judge<'_> {
    /// The days of the range that are worth a warning. What is no more than the day before is told there already.
    pub(super) fn days(&self, range: RangeInclusive<i64>) -> BTreeMap<Key, Judged> {
        let mut found = BTreeMap::new();
        if range.is_empty() {
            return found;
        }
        for (day, _) in self.counts.range(range).filter(|(_, count)| **count > 0) {
            for (version, number, rule) in self.holding(*day) {
                let Some(judged) = self.judged(rule, *day) else { continue };
                if !self.is_repeated(rule.window_days(), *day, &judged) {
                    let judged = Judged { rule: (version, number), ..judged };
                    found.insert((*day, rule.window_days()), judged);
                }
            }
        }
        found
    }

    /// The rules that hold on a day: version, number, rule.
    fn holding(&self, day: i64) -> impl Iterator<Item = (i64, i64, &WarningRule)> {
        let version = self.versions.iter().rev().find(|version| version.from_day <= day);
        version.into_iter().flat_map(move |version| {
            let held = version.rules.holding(&self.cell.class, &self.cell.area, date_of(day));
            held.into_iter().map(|(number, rule)| (version.number, number, rule))
        })
    }

    /// Within a day of a warning the next one says nothing new unless the number or the level rises.
    fn is_repeated(&self, window: i64, day: i64, judged: &Judged) -> bool {
        let before = day - 1;
        if self.counts.get(&before).is_none_or(|count| *count == 0) {
            return false;
        }
        let rule = self.holding(before).find(|(_, _, rule)| rule.window_days() == window);
        rule.and_then(|(_, _, rule)| self.judged(rule, before))
            .is_some_and(|before| judged.level <= before.level && judged.seen <= before.seen)
    }

    fn judged(&self, rule: &WarningRule, day: i64) -> Option<Judged> {
        let window = rule.window_days();
        let seen = self.sum(day, window);
        let usual = if rule.unusual { self.usual(day, window) } else { None };
        let unusual = usual.map_or(0, |usual| usual.level(seen));
        let unusual = unusual.min(u8::try_from(rule.levels.len()).unwrap_or(u8::MAX));
        let fixed = rule.fixed_level(seen);
        let level = unusual.max(fixed);
        if level == 0 {
            return None;
        }
        let threshold = (fixed > 0).then(|| rule.levels.get(usize::from(fixed) - 1)?.threshold).flatten();
        let limit = match (usual, threshold) {
            (Some(usual), _) if unusual >= fixed => usual.limit(unusual),
            (_, threshold) => threshold.map_or(0.0, f64::from),
        };
        Some(Judged { rule: (0, 0), level, seen, usual, limit })
    }

    /// What the periods of `window` days before this one let expect, as far as the cell has a history.
    fn usual(&self, day: i64, window: i64) -> Option<Usual> {
        let reach = i64::try_from(Baseline::C2P.reach()).unwrap_or(0);
        let periods = ((day - self.first + 1) / window - 1).clamp(0, reach);
        let before: Vec<u32> =
            (1..=periods).rev().map(|period| self.sum(day - period * window, window)).collect();
        Baseline::C2P.usual(&before)
    }

    /// Reports of the `window` days that end with this one.
    fn sum(&self, day: i64, window: i64) -> u32 {
        self.counts.range(day - window + 1..=day).fold(0, |sum: u32, (_, count)| sum.saturating_add(*count))
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::tests::a_rule;
    use super::*;
    use serde_json::{Value, json};

    fn judge(rules: &[Value], counts: &[(i64, u32)], range: RangeInclusive<i64>) -> Vec<(i64, i64, u8, u32)> {
        let rules = WarningRules { rules: rules.iter().map(a_rule).collect() };
        let versions = [Version { number: 1, from_day: 0, rules }];
        let cell = Cell { class: "power.BIZ".into(), area: "east".into() };
        let counts: Counts = counts.iter().copied().collect();
        let first = *counts.keys().next().unwrap();
        let judged = Judge { versions: &versions, cell: &cell, counts: &counts, first }.days(range);
        judged.into_iter().map(|((day, window), found)| (day, window, found.level, found.seen)).collect()
    }

    #[test]
    fn thresholds_hold_with_or_without_a_history() {
        let counts = [(100, 4), (102, 5), (104, 9), (106, 10), (108, 50)];
        let found = judge(&[json!({})], &counts, 100..=108);
        assert_eq!(found, [(102, 1, 1, 5), (104, 1, 1, 9), (106, 1, 2, 10), (108, 1, 2, 50)]);
        assert_eq!(judge(&[json!({})], &counts, 103..=105), [(104, 1, 1, 9)], "only the days asked for");
        assert!(judge(&[json!({ "class": "gas.LEAK" })], &counts, 100..=108).is_empty());
    }

    #[test]
    fn what_is_unusual_needs_fourteen_days_of_history() {
        let unusual = json!({ "unusual": true, "levels": [{ "recipients": [{ "role": "lead" }] },
            { "recipients": [{ "role": "lead" }] }] });
        assert!(judge(std::slice::from_ref(&unusual), &[(100, 1), (113, 4)], 100..=113).is_empty());
        // 12 values: one report on the first of them.
        assert_eq!(judge(std::slice::from_ref(&unusual), &[(100, 1), (114, 4)], 100..=114), [(114, 1, 2, 4)]);
        assert!(
            judge(std::slice::from_ref(&unusual), &[(100, 1), (140, 2)], 100..=140).is_empty(),
            "two are none"
        );
        let one_level = json!({ "unusual": true, "levels": [{ "recipients": [{ "role": "lead" }] }] });
        assert_eq!(
            judge(&[one_level], &[(100, 1), (140, 4)], 100..=140),
            [(140, 1, 1, 4)],
            "as far as levels go"
        );
    }

    #[test]
    fn a_repeat_on_the_next_day_is_told_only_if_it_rises() {
        let counts = [(100, 6), (101, 6), (102, 5), (103, 7), (104, 10), (106, 5)];
        let found = judge(&[json!({})], &counts, 100..=106);
        assert_eq!(found, [(100, 1, 1, 6), (103, 1, 1, 7), (104, 1, 2, 10), (106, 1, 1, 5)]);
    }

    #[test]
    fn windows_of_several_days_are_counted_beside_one_another() {
        let week = json!({ "window": { "amount": 7, "unit": "calendar_day" },
            "levels": [{ "threshold": 8, "recipients": [{ "role": "lead" }] }] });
        let counts = [(100, 3), (103, 3), (106, 3), (107, 1)];
        assert_eq!(judge(&[json!({}), week], &counts, 100..=107), [(106, 7, 1, 9)], "no day after it rises");
    }

    #[test]
    fn each_day_is_judged_by_the_rules_that_held_then() {
        let version = |number, from_day, threshold: u32| {
            let levels =
                json!({ "levels": [{ "threshold": threshold, "recipients": [{ "role": "lead" }] }] });
            Version { number, from_day, rules: WarningRules { rules: vec![a_rule(&levels)] } }
        };
        let versions = [version(1, 0, 5), version(2, 102, 2)];
        let cell = Cell { class: "power.BIZ".into(), area: String::new() };
        let counts: Counts = [(100, 4), (102, 4), (104, 1)].into_iter().collect();
        let found = Judge { versions: &versions, cell: &cell, counts: &counts, first: 100 }.days(100..=104);
        let found: Vec<_> = found.into_iter().map(|(key, judged)| (key.0, judged.rule)).collect();
        assert_eq!(found, [(102, (2, 1))]);
    }

    #[test]
    fn days_are_dates_of_the_calendar() {
        assert_eq!(
            (date_of(0).to_string(), date_of(20_413).to_string()),
            ("1970-01-01".into(), "2025-11-21".into())
        );
    }
}
