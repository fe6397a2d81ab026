//! How many people look at the result of a complaint before it counts: levels by category, as data.

use super::limit::{AMOUNT_MAX, Limit};
use super::policy::PolicyError;
use serde::{Deserialize, Serialize};

/// The most review chains.
pub const CHAINS_MAX: usize = 100;
/// The most levels of a chain.
pub const LEVELS_MAX: usize = 5;
/// Who may judge at a level.
pub const LEVEL_ROLES: [&str; 2] = ["reviewer", "lead"];

/// The levels that a verdict on a complaint of this category passes, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewChain {
    /// A category and everything below it: `gas.SAFE` fits `gas.SAFE.leak`.
    pub category: String,
    /// Site, county, city …
    pub levels: Vec<ReviewLevel>,
}

/// One level: somebody who looks at the result and passes it on, or sends it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewLevel {
    /// Its Chinese name.
    pub zh: String,
    /// Its English name.
    pub en: String,
    /// One of [`LEVEL_ROLES`]; a lead may do what a reviewer may.
    pub role: String,
    /// The unit for which its judge works; empty: that of the complaint.
    #[serde(default)]
    pub unit: String,
    /// The region in which its judge works; empty: that of the complaint.
    #[serde(default)]
    pub region: String,
    /// How long it may take.
    pub within: Limit,
}

impl ReviewChain {
    /// Whether it holds for a complaint of this category.
    pub fn fits(&self, category: &str) -> bool {
        let below = category.strip_prefix(self.category.as_str());
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// Whether they can be used; chains are counted from 1.
pub(super) fn check(chains: &[ReviewChain]) -> Result<(), PolicyError> {
    if chains.len() > CHAINS_MAX {
        return Err(PolicyError::Review(CHAINS_MAX + 1, "at most 100 chains"));
    }
    for (number, chain) in (1..).zip(chains) {
        let wrong = |what| Err(PolicyError::Review(number, what));
        let is_code = (1..=100).contains(&chain.category.len())
            && chain.category.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_code {
            return wrong("names a category");
        }
        if chains.iter().filter(|other| other.category == chain.category).count() > 1 {
            return wrong("its category has another chain");
        }
        if !(1..=LEVELS_MAX).contains(&chain.levels.len()) {
            return wrong("has 1 to 5 levels");
        }
        for level in &chain.levels {
            check_level(level).or_else(wrong)?;
        }
    }
    Ok(())
}

/// Whether somebody could judge at a level.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_level(level: &ReviewLevel) -> Result<(), &'static str> {
    let is_name = |name: &str| (1..=80).contains(&name.trim().chars().count());
    let texts = [&level.zh, &level.en, &level.unit, &level.region];
    let plain = texts.iter().all(|text| text.chars().count() <= 80 && !text.chars().any(char::is_control));
    if !is_name(&level.zh) || !is_name(&level.en) || !plain {
        return Err("a level has a name in Chinese and in English of 1 to 80 characters");
    }
    if !LEVEL_ROLES.contains(&level.role.as_str()) {
        return Err("the role of a level is reviewer or lead");
    }
    if !(1..=AMOUNT_MAX).contains(&level.within.amount) {
        return Err("an amount is a whole number from 1 to 100,000");
    }
    Ok(())
}
