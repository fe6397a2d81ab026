//! Which limits hold for which complaint: rules as data.

use super::disciplines::{self, Discipline};
use super::limit::{AMOUNT_MAX, Limit};
use super::reviews::{self, ReviewChain};
use super::special::{self, SpecialRules};
use super::watch::WatchRules;
use crate::return_visit::ReturnRules;
use serde::{Deserialize, Serialize};

/// The most rules of a policy.
pub const RULES_MAX: usize = 500;

/// Rules for limits, looked through in their order: the first one that fits holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadlinePolicy {
    /// The calendar by which days are counted.
    pub calendar: String,
    /// The rules; the last one fits everything.
    pub rules: Vec<Rule>,
    /// When people are told about deadlines.
    #[serde(default)]
    pub watch: WatchRules,
    /// After which work the customer is asked how it went.
    #[serde(default)]
    pub returns: ReturnRules,
    /// Who shares the work on a complaint, and how long each may take.
    #[serde(default = "disciplines::built_in")]
    pub disciplines: Vec<Discipline>,
    /// Categories whose verdicts pass more than one level; all others have one.
    #[serde(default)]
    pub reviews: Vec<ReviewChain>,
    /// By which signs complaints are proposed as special, and what that brings.
    #[serde(default = "special::built_in")]
    pub special: SpecialRules,
}

/// Limits for the complaints that it fits. What a rule does not name fits everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// What is supplied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utility: Option<String>,
    /// A category and everything below it: `gas.SAFE` fits `gas.SAFE.leak`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// How the customer turned to us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// How urgent it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// The limits.
    pub limits: Limits,
    /// Where the rule comes from: the commitment, standard or order that sets it.
    pub source: String,
}

/// How long each step may take after the customer turned to us; `None`: no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Until somebody speaks with the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Limit>,
    /// Until somebody is on site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onsite: Option<Limit>,
    /// Until the customer has an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Limit>,
}

/// What rules look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts<'a> {
    /// What is supplied.
    pub utility: &'a str,
    /// The code of the category.
    pub category: &'a str,
    /// How the customer turned to us.
    pub channel: &'a str,
    /// How urgent it is.
    pub priority: &'a str,
}

/// A policy that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// No rules, or too many.
    #[error("a policy has 1 to {RULES_MAX} rules")]
    Count,
    /// Some complaints would have no rule.
    #[error("the last rule must fit everything: it names no utility, category, channel or priority")]
    NotForAll,
    /// Rules behind one that fits everything never hold.
    #[error("rule {0} fits everything, so the rules behind it never hold")]
    Unreachable(usize),
    /// A limit that is none.
    #[error("rule {0}: a limit is 1 to {AMOUNT_MAX}")]
    Amount(usize),
    /// Nobody would be told in time, or never.
    #[error("{0}")]
    Watch(&'static str),
    /// A rule for return visits, counted from 1, and what is wrong with it.
    #[error("return visits, rule {0}: {1}")]
    Return(usize, &'static str),
    /// A discipline, counted from 1, and what is wrong with it.
    #[error("disciplines, number {0}: {1}")]
    Discipline(usize, &'static str),
    /// A review chain, counted from 1, and what is wrong with it.
    #[error("reviews, chain {0}: {1}")]
    Review(usize, &'static str),
    /// Something in the part about special complaints.
    #[error("special complaints: {0}")]
    Special(&'static str),
    /// Customers could never be called.
    #[error("windows: {0}")]
    Windows(&'static str),
    /// Nobody could say why.
    #[error("rule {0}: say in 1 to 300 characters where the rule comes from")]
    Source(usize),
}

impl DeadlinePolicy {
    /// Whether the policy can be used; rules are counted from 1.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn check(&self) -> Result<(), PolicyError> {
        if self.rules.is_empty() || self.rules.len() > RULES_MAX {
            return Err(PolicyError::Count);
        }
        for (number, rule) in (1..).zip(&self.rules) {
            let limits = [rule.limits.contact, rule.limits.onsite, rule.limits.answer];
            if limits.iter().flatten().any(|limit| !(1..=AMOUNT_MAX).contains(&limit.amount)) {
                return Err(PolicyError::Amount(number));
            }
            if !(1..=300).contains(&rule.source.trim().chars().count()) {
                return Err(PolicyError::Source(number));
            }
            if rule.fits_all() && number < self.rules.len() {
                return Err(PolicyError::Unreachable(number));
            }
        }
        self.watch.check()?;
        self.returns.check()?;
        disciplines::check(&self.disciplines)?;
        reviews::check(&self.reviews)?;
        self.special.check()?;
        let for_all = self.rules.last().is_some_and(Rule::fits_all);
        if for_all { Ok(()) } else { Err(PolicyError::NotForAll) }
    }

    /// The rule that holds for a complaint, with its number counted from 1. A policy that passed
    /// [`Self::check`] has one for everything.
    pub fn rule_for(&self, facts: Facts<'_>) -> Option<(usize, &Rule)> {
        (1..).zip(&self.rules).find(|(_, rule)| rule.fits(facts))
    }
}

impl Rule {
    fn fits_all(&self) -> bool {
        [&self.utility, &self.category, &self.channel, &self.priority].iter().all(|named| named.is_none())
    }

    fn fits(&self, facts: Facts<'_>) -> bool {
        let is = |named: &Option<String>, fact: &str| named.as_ref().is_none_or(|named| named == fact);
        let below = |named: &String| {
            facts
                .category
                .strip_prefix(named.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        is(&self.utility, facts.utility)
            && is(&self.channel, facts.channel)
            && is(&self.priority, facts.priority)
            && self.category.as_ref().is_none_or(below)
    }
}
