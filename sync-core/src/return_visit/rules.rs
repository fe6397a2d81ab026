//! After which work the customer is asked, how, and within which time.

use super::windows::{WINDOWS_MAX, Window, check_windows};
use crate::deadline::{AMOUNT_MAX, Limit, LimitUnit, PolicyError};
use serde::{Deserialize, Serialize};

/// The most rules for return visits.
pub const RETURN_RULES_MAX: usize = 100;

/// The questions that this release comes with.
const QUESTIONS: &str = "return-visit";

/// How the customer is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnMethod {
    /// By telephone, in the office.
    Phone,
    /// At the door, by a technician with a device.
    Door,
}

impl ReturnMethod {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Door => "door",
        }
    }
}

/// After which work the customer is asked. The first rule that fits holds; what fits none needs no return visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnRule {
    /// Categories with everything below them; empty: any.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Checklists of the completed visit; empty: any.
    #[serde(default)]
    pub checklists: Vec<String>,
    /// Kinds of customers; empty: any.
    #[serde(default)]
    pub classes: Vec<String>,
    /// How long after the work was completed.
    pub within: Limit,
    /// How.
    pub method: ReturnMethod,
    /// The checklist with the questions.
    pub questions: String,
    /// Where the rule comes from.
    pub source: String,
}

/// Rules for return visits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReturnRules {
    /// Looked through in their order.
    pub rules: Vec<ReturnRule>,
    /// When customers like to be called or visited, by the clocks of the calendar.
    pub windows: Vec<Window>,
}

/// What rules look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompletedWork<'a> {
    /// The code of the complaint's category.
    pub category: &'a str,
    /// The checklist of the visit.
    pub checklist: &'a str,
    /// What kind of customer that is; empty: not known.
    pub class: &'a str,
}

impl Default for ReturnRules {
    /// Practice of a gas company: leak and ignition within one working day, reading and payment within three, surveys
    /// within two months; three windows a day.
    fn default() -> Self {
        let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
        let rule = |categories: &[&str], checklists: &[&str], amount, unit, source: &str| ReturnRule {
            categories: codes(categories),
            checklists: codes(checklists),
            classes: Vec::new(),
            within: Limit { amount, unit },
            method: ReturnMethod::Phone,
            questions: QUESTIONS.to_owned(),
            source: source.to_owned(),
        };
        let day = LimitUnit::WorkingDay;
        let paying = &[
            "gas.READ",
            "gas.BILL",
            "power.BIZ.reading",
            "power.BIZ.bill",
            "power.BIZ.fees",
            "water.READ",
            "water.BILL",
        ];
        Self {
            rules: vec![
                rule(
                    &[],
                    &["survey"],
                    2,
                    LimitUnit::CalendarMonth,
                    "市场调研：2 个月内回访 · Surveys: within two months",
                ),
                rule(
                    &["gas.LEAK", "gas.IGN"],
                    &[],
                    1,
                    day,
                    "漏气抢险、通气点火：完毕后 1 个工作日内回访 · Leak and ignition: within one working day after completion",
                ),
                rule(
                    paying,
                    &[],
                    3,
                    day,
                    "抄表缴费：3 个工作日内回访 · Reading and payment: within three working days",
                ),
            ],
            windows: vec![
                Window { from_minutes: 9 * 60 + 30, to_minutes: 11 * 60 + 30 },
                Window { from_minutes: 14 * 60, to_minutes: 16 * 60 + 30 },
                Window { from_minutes: 19 * 60, to_minutes: 20 * 60 + 30 },
            ],
        }
    }
}

impl ReturnRules {
    /// Whether they can be used; rules are counted from 1.
    ///
    /// # Errors
    /// [`PolicyError::Return`] and [`PolicyError::Windows`] say what is wrong.
    pub fn check(&self) -> Result<(), PolicyError> {
        if self.rules.len() > RETURN_RULES_MAX {
            return Err(PolicyError::Return(RETURN_RULES_MAX + 1, "at most 100 rules"));
        }
        for (number, rule) in (1..).zip(&self.rules) {
            let wrong = |what| Err(PolicyError::Return(number, what));
            let is_code =
                |code: &String| (1..=100).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic());
            if !(1..=AMOUNT_MAX).contains(&rule.within.amount) {
                return wrong("an amount is 1 to 100,000");
            }
            if rule.categories.is_empty() && rule.checklists.is_empty() {
                return wrong("name a category or a checklist");
            }
            if !rule.categories.iter().chain(&rule.checklists).chain([&rule.questions]).all(is_code) {
                return wrong("codes have no spaces and at most 100 characters");
            }
            if !(1..=300).contains(&rule.source.trim().chars().count()) {
                return wrong("say in 1 to 300 characters where the rule comes from");
            }
        }
        if self.windows.len() > WINDOWS_MAX {
            return Err(PolicyError::Windows("at most 12 windows a day"));
        }
        check_windows(&self.windows).map_err(PolicyError::Windows)
    }

    /// The rule that holds for completed work, with its number counted from 1.
    pub fn rule_for(&self, work: CompletedWork<'_>) -> Option<(usize, &ReturnRule)> {
        (1..).zip(&self.rules).find(|(_, rule)| rule.fits(work))
    }
}

impl ReturnRule {
    fn fits(&self, work: CompletedWork<'_>) -> bool {
        let below = |named: &String| {
            let rest = work.category.strip_prefix(named.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        (self.categories.is_empty() || self.categories.iter().any(below))
            && (self.checklists.is_empty() || self.checklists.iter().any(|named| named == work.checklist))
            && (self.classes.is_empty() || self.classes.iter().any(|named| named == work.class))
    }
}
