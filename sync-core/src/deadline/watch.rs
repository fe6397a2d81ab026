//! When people are told that a deadline comes near, was missed, or is still missed: rules as data.

use super::calendar::Calendar;
use super::limit::{AMOUNT_MAX, Due, Limit, LimitUnit, due};
use super::planned::PlannedRules;
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
    /// How long an expert seat may take to answer, in minutes or hours: it is there around the clock.
    ///
    /// Thirty minutes from receipt: the power industry's expert seats (专家坐席, 30分钟内反馈客户), 24 hours a day.
    pub expert: Limit,
    /// How long before that the question is called near its deadline; shorter.
    pub expert_near: Limit,
    /// How long before a planned event its papers and its customers are due.
    pub planned_events: PlannedRules,
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
            expert: limit(30, LimitUnit::Minute),
            expert_near: limit(10, LimitUnit::Minute),
            planned_events: PlannedRules::default(),
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
        if limits.chain([&self.silent]).any(unusable) || !self.planned_events.is_usable() {
            return wrong("an amount is a whole number from 1 to 100,000");
        }
        match (around_the_clock_ms(self.expert), around_the_clock_ms(self.expert_near)) {
            (Some(within), Some(near)) if (1..within).contains(&near) => Ok(()),
            _ => wrong("experts answer within minutes or hours, and the warning comes less than that before"),
        }
    }

    /// From when on a question to an expert that was received now is near its deadline, and the deadline. Rules that
    /// failed [`Self::check`] leave no time.
    pub fn expert_times(&self, received_at: Timestamp) -> (Timestamp, Timestamp) {
        let due_at = received_at.plus_ms(around_the_clock_ms(self.expert).unwrap_or(0));
        (due_at.plus_ms(-around_the_clock_ms(self.expert_near).unwrap_or(0)), due_at)
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

/// How long a limit is that asks no calendar.
fn around_the_clock_ms(limit: Limit) -> Option<i64> {
    let unit_ms = match limit.unit {
        LimitUnit::Minute => 60_000,
        LimitUnit::Hour => 3_600_000,
        LimitUnit::CalendarDay | LimitUnit::WorkingDay | LimitUnit::CalendarMonth => return None,
    };
    (1..=AMOUNT_MAX).contains(&limit.amount).then_some(i64::from(limit.amount) * unit_ms)
}

/// The level at `now`, and the next moment at which it rises.
pub fn level_at(marks: &[Mark], now: Timestamp) -> (i64, Option<Timestamp>) {
    let level = marks.iter().rfind(|mark| mark.at <= now).map_or(QUIET, |mark| mark.level);
    (level, marks.iter().find(|mark| mark.at > now).map(|mark| mark.at))
}
