//! Special complaints: by which signs rules propose one, and what a confirmed one brings; rules as data.
//!
//! Rules only propose and only raise. People decide.

use super::limit::AMOUNT_MAX;
use super::policy::{Limits, PolicyError};
use super::reviews::{ReviewLevel, check_level};
use serde::{Deserialize, Serialize};

/// The most words, sources or categories of a list.
pub const WORDS_MAX: usize = 200;

/// By which signs complaints are proposed as special.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecialRules {
    /// The same customer or meter with the same matter once more.
    pub repeat: RepeatRule,
    /// A matter that was handled before comes back from above.
    pub escalated: EscalatedRule,
    /// Many customers with the same matter in one place.
    pub batch: BatchRule,
    /// Injury, loss, media, an authority.
    pub major: MajorRule,
    /// A topic that is watched, or one that drags on between departments.
    pub focus: FocusRule,
    /// So many alike within a month are analysed together.
    #[serde(default)]
    pub similar: SimilarRule,
    /// The level at which verdicts begin where no chain is named for the category; the level of the kind follows it.
    pub usual: ReviewLevel,
}

/// What a confirmed special complaint brings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpecialFlow {
    /// Limits from the moment of the confirmation; each holds where it ends earlier than the usual one.
    pub limits: Limits,
    /// One more level of the review; `None`: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<ReviewLevel>,
}

/// The second complaint of a customer, or about a meter, with the same category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepeatRule {
    /// Days after the one before was accepted, or closed.
    pub days: u32,
    /// From so many on it is brought before the lead.
    pub alert: u32,
    /// What it brings.
    #[serde(default)]
    pub flow: SpecialFlow,
}

/// Where it comes from, or that the customer was not content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EscalatedRule {
    /// Channels and sources, as their stable words.
    pub sources: Vec<String>,
    /// Whether the matter must have been handled before.
    pub handled: bool,
    /// So many return visits found the customer not content.
    pub dissatisfied: u32,
    /// What it brings.
    #[serde(default)]
    pub flow: SpecialFlow,
}

/// So many customers with complaints of one class in one place within some hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchRule {
    /// Distinct customers.
    pub customers: u32,
    /// Within so many hours.
    pub hours: u32,
    /// At most so far from one of them; in a region for which an early warning stands: anywhere in it.
    pub metres: u32,
    /// What it brings.
    #[serde(default)]
    pub flow: SpecialFlow,
}

/// Injury or death, loss, media, people who depend on the supply, a transfer by an authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MajorRule {
    /// Channels and sources, as their stable words.
    pub sources: Vec<String>,
    /// Words of what the customer says, in any case.
    pub words: Vec<String>,
    /// A loss of so many yuan that the customer names.
    pub loss_yuan: u32,
    /// What it brings.
    #[serde(default)]
    pub flow: SpecialFlow,
}

/// The watch list, or open for too long among too many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FocusRule {
    /// Words of what the customer says, in any case.
    pub words: Vec<String>,
    /// Categories and everything below them.
    pub categories: Vec<String>,
    /// Open longer than this part of the time for the answer, in percent …
    pub percent: u32,
    /// … while so many departments have a part in it.
    pub departments: u32,
    /// What it brings.
    #[serde(default)]
    pub flow: SpecialFlow,
}

/// How many complaints alike, within which time, are analysed together, and what alike means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimilarRule {
    /// So many together.
    pub complaints: u32,
    /// At most so many days apart.
    pub days: u32,
    /// Where both places are known: at most so far from one another.
    pub metres: u32,
    /// Where no meter or place tells them apart: so much of their words is the same, in percent.
    pub text_percent: u32,
    /// Working days until the analysis is due.
    pub working_days: u32,
}

/// Two in a month; the others are ours.
impl Default for SimilarRule {
    fn default() -> Self {
        Self { complaints: 2, days: 30, metres: 500, text_percent: 50, working_days: 5 }
    }
}

impl SpecialRules {
    /// What each kind brings, in the order of the kinds.
    pub fn flows(&self) -> [&SpecialFlow; 5] {
        [&self.repeat.flow, &self.escalated.flow, &self.batch.flow, &self.major.flow, &self.focus.flow]
    }

    /// Whether they can be used.
    pub(super) fn check(&self) -> Result<(), PolicyError> {
        let numbers = [
            (self.repeat.days, 1, 3_650, "repeat: days are 1 to 3,650"),
            (self.repeat.alert, 2, 100, "repeat: the lead is told from the 2nd to the 100th on"),
            (self.escalated.dissatisfied, 1, 100, "escalated: 1 to 100 return visits"),
            (self.batch.customers, 2, 1_000, "batch: 2 to 1,000 customers"),
            (self.batch.hours, 1, 720, "batch: 1 to 720 hours"),
            (self.batch.metres, 1, 50_000, "batch: 1 to 50,000 metres"),
            (self.major.loss_yuan, 1, u32::MAX, "major: a loss of 1 yuan or more"),
            (self.focus.percent, 100, 10_000, "focus: 100 to 10,000 percent"),
            (self.focus.departments, 1, 100, "focus: 1 to 100 departments"),
            (self.similar.complaints, 2, 100, "similar: 2 to 100 complaints"),
            (self.similar.days, 1, 366, "similar: 1 to 366 days"),
            (self.similar.metres, 1, 50_000, "similar: 1 to 50,000 metres"),
            (self.similar.text_percent, 1, 100, "similar: 1 to 100 percent of the words"),
            (self.similar.working_days, 1, 250, "similar: 1 to 250 working days"),
        ];
        for (number, least, most, what) in numbers {
            if !(least..=most).contains(&number) {
                return Err(PolicyError::Special(what));
            }
        }
        let lists = [
            &self.escalated.sources,
            &self.major.sources,
            &self.major.words,
            &self.focus.words,
            &self.focus.categories,
        ];
        for list in lists {
            let is_word = |word: &String| (1..=80).contains(&word.trim().chars().count());
            if list.len() > WORDS_MAX || !list.iter().all(is_word) {
                return Err(PolicyError::Special("a list has at most 200 words of 1 to 80 characters"));
            }
        }
        check_level(&self.usual).map_err(PolicyError::Special)?;
        for flow in self.flows() {
            let limits = [flow.limits.contact, flow.limits.onsite, flow.limits.answer];
            if limits.iter().flatten().any(|limit| !(1..=AMOUNT_MAX).contains(&limit.amount)) {
                return Err(PolicyError::Special("a limit is 1 to 100,000"));
            }
            if let Some(level) = &flow.level {
                check_level(level).map_err(PolicyError::Special)?;
            }
        }
        Ok(())
    }
}

/// The rules that this release comes with.
pub(super) fn built_in() -> SpecialRules {
    super::built_in_policy().special.clone()
}
