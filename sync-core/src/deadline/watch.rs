//! When people are told that a deadline comes near, was missed, or is still missed: rules as data.

use super::calendar::Calendar;
use super::limit::{AMOUNT_MAX, Due, Limit, LimitUnit, due};
use super::policy::PolicyError;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Before whom a missed deadline can be brought, each once and in this order.
pub const ESCALATED_TO: [&str; 2] = ["lead", "administrator"];

/// Nobody need be told anything.
pub const QUIET: i64 = 0;
/// Most of the time has passed: its holder is warned.
pub const NEAR: i64 = 1;
/// The deadline was missed. Each escalation is one more.
pub const MISSED: i64 = 2;

/// When somebody is told about a deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatchRules {
    /// The share of the time after which the holder is warned, 1 to 99 per cent.
    pub warn_percent: u32,
    /// Before whom a missed deadline is brought, and how long after it; rising.
    pub escalations: Vec<Escalation>,
    /// How long a complaint may stay in a state before it counts as stuck; a state that is not named never does.
    pub dwell: BTreeMap<String, Limit>,
    /// How long the devices of somebody who was sent may say nothing.
    pub silent: Limit,
}

/// Before whom a missed deadline is brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// How long after the deadline.
    pub after: Limit,
    /// One of [`ESCALATED_TO`].
    pub to: String,
}

/// From when a deadline has a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// From this moment on.
    pub at: Timestamp,
    /// [`NEAR`], [`MISSED`], or one more for each escalation.
    pub level: i64,
}

impl Default for WatchRules {
    fn default() -> Self {
        let limit = |amount, unit| Limit { amount, unit };
        let dwell = [
            ("received", limit(4, LimitUnit::Hour)),
            ("accepted", limit(1, LimitUnit::WorkingDay)),
            ("investigated", limit(1, LimitUnit::WorkingDay)),
            ("reviewed", limit(1, LimitUnit::WorkingDay)),
            ("rework", limit(2, LimitUnit::WorkingDay)),
            ("reopened", limit(4, LimitUnit::Hour)),
        ];
        let escalation = |after, to: &str| Escalation { after, to: to.to_owned() };
        Self {
            warn_percent: 80,
            escalations: vec![
                escalation(limit(2, LimitUnit::Hour), "lead"),
                escalation(limit(1, LimitUnit::WorkingDay), "administrator"),
            ],
            dwell: dwell.into_iter().map(|(state, limit)| (state.to_owned(), limit)).collect(),
            silent: limit(24, LimitUnit::Hour),
        }
    }
}

impl WatchRules {
    /// Whether they can be used.
    ///
    /// # Errors
    /// [`PolicyError::Watch`] says what is wrong.
    pub fn check(&self) -> Result<(), PolicyError> {
        let wrong = |what| Err(PolicyError::Watch(what));
        let unusable = |limit: &Limit| !(1..=AMOUNT_MAX).contains(&limit.amount);
        if !(1..=99).contains(&self.warn_percent) {
            return wrong("the warning comes after 1 to 99 per cent of the time");
        }
        let mut before = ESCALATED_TO.iter();
        if !self.escalations.iter().all(|step| before.any(|to| *to == step.to)) {
            return wrong(
                "a missed deadline is brought before the lead, then before the administrator, each once",
            );
        }
        let limits = self.escalations.iter().map(|step| &step.after).chain(self.dwell.values());
        if limits.chain([&self.silent]).any(unusable) {
            return wrong("an amount is a whole number from 1 to 100,000");
        }
        Ok(())
    }

    /// From when on a deadline at `due_at`, of something that began at `from`, has which level; rising in both.
    pub fn marks(&self, from: Timestamp, due_at: Timestamp, calendar: &Calendar) -> Vec<Mark> {
        let share = due_at.since_ms(from).max(0) / 100 * i64::from(self.warn_percent);
        let mut marks = vec![
            Mark { at: from.plus_ms(share).min(due_at), level: NEAR },
            Mark { at: due_at.plus_ms(1), level: MISSED },
        ];
        for (level, step) in (MISSED + 1..).zip(&self.escalations) {
            let Due::At { at, .. } = due(due_at, step.after, calendar, &[]) else { continue };
            let before = marks.last().map_or(at, |mark| mark.at);
            marks.push(Mark { at: at.max(before), level });
        }
        marks
    }
}

/// The level at `now`, and the next moment at which it rises.
pub fn level_at(marks: &[Mark], now: Timestamp) -> (i64, Option<Timestamp>) {
    let level = marks.iter().rfind(|mark| mark.at <= now).map_or(QUIET, |mark| mark.level);
    (level, marks.iter().find(|mark| mark.at > now).map(|mark| mark.at))
}
