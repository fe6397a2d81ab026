//! Disciplines that share the work on a complaint, and how long each may take: rules as data.

use super::limit::{AMOUNT_MAX, Limit};
use super::policy::PolicyError;
use serde::{Deserialize, Serialize};

/// The most disciplines.
pub const DISCIPLINES_MAX: usize = 50;

/// A discipline that answers for its section of a complaint: metering, billing, connection …
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discipline {
    /// Its stable code: lower-case letters, digits and `-`. One that was used is never given to another.
    pub code: String,
    /// Its Chinese name.
    pub zh: String,
    /// Its English name.
    pub en: String,
    /// The unit that usually has its sections; empty: chosen each time.
    #[serde(default)]
    pub unit: String,
    /// How long whoever holds a section may take: what one unit promises to the others.
    pub within: Limit,
}

/// The disciplines that this release comes with.
pub(super) fn built_in() -> Vec<Discipline> {
    super::built_in_policy().disciplines.clone()
}

/// Whether they can be used; disciplines are counted from 1.
pub(super) fn check(disciplines: &[Discipline]) -> Result<(), PolicyError> {
    if disciplines.len() > DISCIPLINES_MAX {
        return Err(PolicyError::Discipline(DISCIPLINES_MAX + 1, "at most 50 disciplines"));
    }
    for (number, one) in (1..).zip(disciplines) {
        let wrong = |what| Err(PolicyError::Discipline(number, what));
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=40).contains(&one.code.len()) || !one.code.bytes().all(is_plain) {
            return wrong("a code is 1 to 40 lower-case letters, digits and '-'");
        }
        if disciplines.iter().filter(|other| other.code == one.code).count() > 1 {
            return wrong("its code is used twice");
        }
        let is_name = |name: &str| (1..=80).contains(&name.trim().chars().count());
        if !is_name(&one.zh) || !is_name(&one.en) {
            return wrong("a name in Chinese and in English has 1 to 80 characters");
        }
        if one.unit.chars().count() > 80 || [&one.zh, &one.en, &one.unit].iter().any(|text| has_control(text))
        {
            return wrong("names and units have no control characters, and a unit at most 80 characters");
        }
        if !(1..=AMOUNT_MAX).contains(&one.within.amount) {
            return wrong("an amount is a whole number from 1 to 100,000");
        }
    }
    Ok(())
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}
