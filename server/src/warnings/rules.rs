//! Which cells are watched, over which window, and who is told at which level: rules as data.
//!
//! Of the rules with the same window the first one that fits a cell and a day holds. What no rule fits is not watched.

use crate::people::Grant;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use sync_core::codes::CodeTable;
use sync_core::date::CivilDate;
use sync_core::deadline::{Limit, LimitUnit};

/// The most rules.
pub(super) const RULES_MAX: usize = 200;
/// The most levels of a rule.
pub(super) const LEVELS_MAX: usize = 3;
/// The most recipients of a level.
const RECIPIENTS_MAX: usize = 20;
/// The longest window in days.
const WINDOW_DAYS_MAX: u32 = 31;
/// The longest window in days that is compared with what is usual: 31 of them must lie in the past.
const UNUSUAL_DAYS_MAX: u32 = 7;
/// The highest threshold: more is a typing error.
const THRESHOLD_MAX: u32 = 100_000;
/// How soon and how late a warning comes back at most, in minutes.
const RECHECK_MINUTES: std::ops::RangeInclusive<i64> = 10..=31 * 1_440;

/// Rules for early warnings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WarningRules {
    pub(crate) rules: Vec<WarningRule>,
}

/// What is watched and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WarningRule {
    /// The first two parts of a category, for example `power.BIZ`; absent: every class, each by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) class: Option<String>,
    /// Code of a region; absent: every region, each by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) area: Option<String>,
    /// The first day that is watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<CivilDate>,
    /// The last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<CivilDate>,
    /// Over how long reports are counted: whole days, or hours that make whole days.
    pub(crate) window: Limit,
    /// Whether more than is usual for the cell is level 1, and far more level 2.
    pub(crate) unusual: bool,
    /// What is told to whom; the first one is level 1.
    pub(crate) levels: Vec<WarningLevel>,
    /// How long after somebody looked the warning is looked at again.
    pub(crate) recheck: Limit,
    /// Where the rule comes from.
    pub(crate) source: String,
}

/// One level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WarningLevel {
    /// So many reports reach it, usual or not; absent: only what is unusual does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) threshold: Option<u32>,
    /// Who is told: everybody with the role who has access to the unit and region; an empty region is that of the cell.
    pub(crate) recipients: Vec<Grant>,
}

/// Rules that cannot be used; rules are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RulesError {
    #[error("1 to {RULES_MAX} rules")]
    Count,
    #[error("rule {0}: a class like power.BIZ, the first two parts of a category")]
    Class(usize),
    #[error("rule {0}: a region is up to 100 characters")]
    Area(usize),
    #[error("rule {0}: its last day lies before its first one")]
    Days(usize),
    #[error(
        "rule {0}: reports are counted by day, so a window is 1 to 31 whole days or hours that make whole days"
    )]
    Window(usize),
    #[error("rule {0}: what is unusual is judged over 1 to 7 days; a longer window needs thresholds only")]
    UnusualWindow(usize),
    #[error("rule {0}: 1 to {LEVELS_MAX} levels")]
    Levels(usize),
    #[error("rule {0}: thresholds are whole numbers from 1 to {THRESHOLD_MAX} and rise from level to level")]
    Thresholds(usize),
    #[error("rule {0}: it names neither a threshold nor what is unusual, so it never warns")]
    Never(usize),
    #[error("rule {0}: each level has 1 to {RECIPIENTS_MAX} recipients, or nobody would be told")]
    Recipients(usize),
    #[error("rule {0}: a warning comes back after 10 minutes to 31 days, in minutes, hours or calendar days")]
    Recheck(usize),
    #[error("rule {0}: say in 1 to 300 characters where the rule comes from")]
    Source(usize),
    #[error("rule {0} never holds: rule {1} has the same window and fits everything that it fits")]
    Unreachable(usize, usize),
}

static BUILT_IN: LazyLock<WarningRules> = LazyLock::new(|| {
    serde_json::from_str(include_str!("data/rules.json")).expect("the embedded rules are tested to parse")
});

/// The rules that this release comes with, until others are published.
pub(super) fn built_in() -> &'static WarningRules {
    &BUILT_IN
}

impl WarningRules {
    /// Whether they can be used.
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    pub(super) fn check(&self) -> Result<(), RulesError> {
        if self.rules.is_empty() || self.rules.len() > RULES_MAX {
            return Err(RulesError::Count);
        }
        for (number, rule) in (1..).zip(&self.rules) {
            rule.check(number)?;
            let before = (1..).zip(&self.rules[..number - 1]);
            if let Some((other, _)) = before.into_iter().find(|(_, other)| other.covers(rule)) {
                return Err(RulesError::Unreachable(number, other));
            }
        }
        Ok(())
    }

    /// The rules that hold for a cell on a day, one for each window, with their numbers counted from 1.
    pub(super) fn holding(&self, class: &str, area: &str, day: CivilDate) -> Vec<(i64, &WarningRule)> {
        let mut found: Vec<(i64, &WarningRule)> = Vec::new();
        for (number, rule) in (1..).zip(&self.rules) {
            let is_new = found.iter().all(|(_, known)| known.window_days() != rule.window_days());
            if is_new && rule.fits(class, area) && rule.holds_on(day) {
                found.push((number, rule));
            }
        }
        found
    }

    /// The same rules for every day.
    pub(super) fn undated(mut self) -> Self {
        for rule in &mut self.rules {
            (rule.from, rule.until) = (None, None);
        }
        self
    }

    /// How many days after a report a judgement may still depend on it.
    pub(super) fn reach_days(&self) -> i64 {
        self.rules.iter().map(WarningRule::reach_days).max().unwrap_or(0)
    }
}

impl WarningRule {
    /// The window in days; 0 for one that is impossible.
    pub(super) fn window_days(&self) -> i64 {
        let amount = i64::from(self.window.amount);
        match self.window.unit {
            LimitUnit::CalendarDay => amount,
            LimitUnit::Hour if amount % 24 == 0 => amount / 24,
            _ => 0,
        }
    }

    /// How long after somebody looked it is looked at again, in minutes; 0 for a unit that is none.
    pub(super) fn recheck_minutes(&self) -> i64 {
        i64::from(self.recheck.amount)
            * match self.recheck.unit {
                LimitUnit::Minute => 1,
                LimitUnit::Hour => 60,
                LimitUnit::CalendarDay => 1_440,
                _ => 0,
            }
    }

    /// The level that so many reports reach by the thresholds; 0 for none.
    pub(super) fn fixed_level(&self, seen: u32) -> u8 {
        let reached = |level: &WarningLevel| level.threshold.is_some_and(|threshold| seen >= threshold);
        let highest = self.levels.iter().rposition(reached).map_or(0, |place| place + 1);
        u8::try_from(highest).unwrap_or(u8::MAX)
    }

    fn reach_days(&self) -> i64 {
        let periods = if self.unusual { super::figures::Baseline::C2P.reach() } else { 0 };
        self.window_days() * (i64::try_from(periods).unwrap_or(0) + 1)
    }

    fn fits(&self, class: &str, area: &str) -> bool {
        let is = |named: &Option<String>, found: &str| named.as_ref().is_none_or(|named| named == found);
        is(&self.class, class) && is(&self.area, area)
    }

    fn holds_on(&self, day: CivilDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }

    /// Whether this rule fits everything that the other one fits, on all its days.
    fn covers(&self, other: &Self) -> bool {
        let wider = |own: &Option<String>, its: &Option<String>| own.is_none() || own == its;
        let earlier = self.from.is_none_or(|own| other.from.is_some_and(|its| own <= its));
        let later = self.until.is_none_or(|own| other.until.is_some_and(|its| its <= own));
        let same_window = self.window_days() == other.window_days();
        same_window && wider(&self.class, &other.class) && wider(&self.area, &other.area) && earlier && later
    }

    fn check(&self, number: usize) -> Result<(), RulesError> {
        let class_is_known = |class: &String| {
            let codes = CodeTable::Categories.entries().iter().map(|entry| super::class_of(&entry.code));
            codes.into_iter().any(|known| known == *class)
        };
        let within = |length: usize, most: usize| (1..=most).contains(&length);
        let days = self.window_days();
        let thresholds: Vec<u32> = self.levels.iter().filter_map(|level| level.threshold).collect();
        let told = |level: &WarningLevel| within(level.recipients.len(), RECIPIENTS_MAX);
        let mistakes = [
            (self.class.as_ref().is_some_and(|class| !class_is_known(class)), RulesError::Class(number)),
            (
                self.area.as_ref().is_some_and(|area| !within(area.chars().count(), 100)),
                RulesError::Area(number),
            ),
            (self.from.zip(self.until).is_some_and(|(from, until)| until < from), RulesError::Days(number)),
            (!(1..=i64::from(WINDOW_DAYS_MAX)).contains(&days), RulesError::Window(number)),
            (self.unusual && days > i64::from(UNUSUAL_DAYS_MAX), RulesError::UnusualWindow(number)),
            (!within(self.levels.len(), LEVELS_MAX), RulesError::Levels(number)),
            (
                thresholds.iter().any(|threshold| !(1..=THRESHOLD_MAX).contains(threshold))
                    || thresholds.windows(2).any(|pair| pair[0] >= pair[1]),
                RulesError::Thresholds(number),
            ),
            (!self.unusual && thresholds.is_empty(), RulesError::Never(number)),
            (!self.levels.iter().all(told), RulesError::Recipients(number)),
            (!RECHECK_MINUTES.contains(&self.recheck_minutes()), RulesError::Recheck(number)),
            (!within(self.source.trim().chars().count(), 300), RulesError::Source(number)),
        ];
        mistakes.into_iter().find(|(wrong, _)| *wrong).map_or(Ok(()), |(_, mistake)| Err(mistake))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// A rule that warns at 5 and 10 with these parts changed.
    pub(in crate::warnings) fn a_rule(changes: &Value) -> WarningRule {
        let mut rule = json!({ "window": { "amount": 1, "unit": "calendar_day" }, "unusual": false,
            "levels": [{ "threshold": 5, "recipients": [{ "role": "clerk" }] },
                { "threshold": 10, "recipients": [{ "role": "lead" }] }],
            "recheck": { "amount": 4, "unit": "hour" }, "source": "test" });
        rule.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        serde_json::from_value(rule).unwrap()
    }

    fn checked(changes: &[Value]) -> Result<(), RulesError> {
        WarningRules { rules: changes.iter().map(a_rule).collect() }.check()
    }

    #[test]
    fn the_rules_that_come_with_the_server_can_be_used() {
        assert_eq!(built_in().check(), Ok(()));
        let day: CivilDate = "2026-11-21".parse().unwrap();
        let held = |class: &str| {
            built_in().holding(class, "east", day).into_iter().map(|(n, _)| n).collect::<Vec<_>>()
        };
        assert_eq!((held("gas.LEAK"), held("power.BIZ")), (vec![1], vec![2]), "one rule for a window");
        assert_eq!(built_in().reach_days(), 31);
    }

    #[test]
    fn rules_that_make_no_sense_are_refused_with_the_reason() {
        let hours = |amount: u32| json!({ "window": { "amount": amount, "unit": "hour" } });
        let days = |amount: u32| json!({ "window": { "amount": amount, "unit": "calendar_day" } });
        let level =
            |threshold: Option<u32>| json!({ "threshold": threshold, "recipients": [{ "role": "lead" }] });
        for (changes, expected) in [
            (json!({}), Ok(())),
            (hours(24), Ok(())),
            (hours(48), Ok(())),
            (hours(0), Err(RulesError::Window(1))),
            (hours(5), Err(RulesError::Window(1))),
            (days(31), Ok(())),
            (days(32), Err(RulesError::Window(1))),
            (json!({ "window": { "amount": 2, "unit": "working_day" } }), Err(RulesError::Window(1))),
            (
                json!({ "unusual": true, "window": { "amount": 8, "unit": "calendar_day" } }),
                Err(RulesError::UnusualWindow(1)),
            ),
            (json!({ "unusual": true, "window": { "amount": 7, "unit": "calendar_day" } }), Ok(())),
            (json!({ "class": "power.BIZ" }), Ok(())),
            (json!({ "class": "power.BIZ.metering" }), Err(RulesError::Class(1))),
            (json!({ "class": "" }), Err(RulesError::Class(1))),
            (json!({ "area": "" }), Err(RulesError::Area(1))),
            (json!({ "from": "2026-02-01", "until": "2026-01-31" }), Err(RulesError::Days(1))),
            (json!({ "levels": [] }), Err(RulesError::Levels(1))),
            (json!({ "levels": [level(Some(0))] }), Err(RulesError::Thresholds(1))),
            (json!({ "levels": [level(Some(5)), level(Some(5))] }), Err(RulesError::Thresholds(1))),
            (json!({ "levels": [level(None)] }), Err(RulesError::Never(1))),
            (json!({ "levels": [level(None)], "unusual": true }), Ok(())),
            (json!({ "levels": [{ "threshold": 3, "recipients": [] }] }), Err(RulesError::Recipients(1))),
            (json!({ "recheck": { "amount": 5, "unit": "minute" } }), Err(RulesError::Recheck(1))),
            (json!({ "recheck": { "amount": 1, "unit": "working_day" } }), Err(RulesError::Recheck(1))),
            (json!({ "source": " " }), Err(RulesError::Source(1))),
        ] {
            assert_eq!(checked(std::slice::from_ref(&changes)), expected, "{changes}");
        }
        assert_eq!(WarningRules { rules: Vec::new() }.check(), Err(RulesError::Count));
    }

    #[test]
    fn a_rule_behind_a_wider_one_of_the_same_window_is_refused() {
        let all = json!({});
        let leak = json!({ "class": "gas.LEAK" });
        let week = json!({ "window": { "amount": 7, "unit": "calendar_day" } });
        let summer = json!({ "from": "2026-06-01", "until": "2026-08-31" });
        assert_eq!(checked(&[leak.clone(), all.clone()]), Ok(()));
        assert_eq!(checked(&[all.clone(), leak.clone()]), Err(RulesError::Unreachable(2, 1)));
        assert_eq!(checked(&[all.clone(), week]), Ok(()), "another window is counted beside it");
        assert_eq!(checked(&[summer.clone(), leak, all.clone()]), Ok(()));
        assert_eq!(checked(&[all, summer]), Err(RulesError::Unreachable(2, 1)));
    }

    #[test]
    fn the_first_rule_of_a_window_that_fits_cell_and_day_holds() {
        let rules = WarningRules {
            rules: [
                json!({ "area": "east", "from": "2026-06-01", "until": "2026-06-30" }),
                json!({ "class": "power.BIZ" }),
                json!({ "window": { "amount": 7, "unit": "calendar_day" } }),
                json!({}),
            ]
            .iter()
            .map(a_rule)
            .collect(),
        };
        let held = |class: &str, area: &str, day: &str| {
            let found = rules.holding(class, area, day.parse().unwrap());
            found.into_iter().map(|(number, _)| number).collect::<Vec<_>>()
        };
        assert_eq!(held("power.BIZ", "east", "2026-06-30"), [1, 3]);
        assert_eq!(held("power.BIZ", "east", "2026-07-01"), [2, 3]);
        assert_eq!(held("gas.LEAK", "west", "2026-06-15"), [3, 4]);
    }
}
