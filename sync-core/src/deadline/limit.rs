//! How long something may take, and until when that is.

use super::calendar::Calendar;
use crate::date::CivilDate;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The largest amount of a limit: more than a century in minutes is a typing error.
pub const AMOUNT_MAX: u32 = 100_000;

/// Days looked at before a calendar without working days is given up.
const DAYS_MAX: u32 = 4 * AMOUNT_MAX;

/// What a limit counts. 24 hours and one working day are different things, and both occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitUnit {
    /// Minutes around the clock.
    Minute,
    /// Hours around the clock.
    Hour,
    /// Days of the calendar; the day it starts on is day 0.
    CalendarDay,
    /// Working days; the day it starts on is day 0, whether people work then or not.
    WorkingDay,
    /// Months of the calendar: the day with the same number, or the last one of a shorter month.
    CalendarMonth,
}

/// How long something may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How many, 1 to 100,000.
    pub amount: u32,
    /// Of what.
    pub unit: LimitUnit,
}

/// A time during which the clock stood, for a reason that somebody named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pause {
    /// Since when.
    pub from: Timestamp,
    /// Until when; `None` while it stands.
    pub to: Option<Timestamp>,
}

impl Pause {
    fn holds_at(self, at: Timestamp) -> bool {
        self.from <= at && self.to.is_none_or(|to| at < to)
    }
}

/// Until when something must have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Due {
    /// At this moment at the latest.
    At {
        /// The last moment that is in time.
        at: Timestamp,
        /// Whether the calendar did not reach so far, so that a holiday may move it.
        provisional: bool,
    },
    /// The clock stands; nobody can say.
    Paused {
        /// Since when.
        since: Timestamp,
    },
}

/// The last moment at which something is early enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatestBefore {
    /// That moment.
    pub at: Timestamp,
    /// Whether the calendar did not reach so far, so that a holiday may move it.
    pub provisional: bool,
}

/// Until when something that started at `start` must have happened.
///
/// Minutes and hours run around the clock except in pauses. Days are counted by their ends: a day
/// counts when the clock runs at its closing time, and the limit ends at the closing time of the
/// last day counted. Pauses may overlap and come in any order; what lies before `start` does not
/// count.
///
/// For a calendar that leaves no working day at all the answer is the last day looked at.
pub fn due(start: Timestamp, limit: Limit, calendar: &Calendar, pauses: &[Pause]) -> Due {
    let amount = limit.amount.min(AMOUNT_MAX);
    match limit.unit {
        LimitUnit::Minute => around_the_clock(start, i64::from(amount) * 60_000, pauses),
        LimitUnit::Hour => around_the_clock(start, i64::from(amount) * 3_600_000, pauses),
        LimitUnit::CalendarDay => days(start, amount, calendar, pauses, false),
        LimitUnit::WorkingDay => days(start, amount, calendar, pauses, true),
        LimitUnit::CalendarMonth => {
            days(start, days_of_months(start, amount, calendar), calendar, pauses, false)
        }
    }
}

/// The last moment that leaves a limit before `begins`, counted backwards.
///
/// Minutes and hours run around the clock. Days are whole ones: the answer is the closing time of the day that lies so
/// many days, working days or months before the day of `begins`. So four working days before a Monday is the close of the
/// Tuesday of the week before, unless a day between is off or made up.
///
/// For a calendar that leaves no working day at all the answer is the last day looked at.
pub fn latest_before(begins: Timestamp, limit: Limit, calendar: &Calendar) -> LatestBefore {
    let amount = limit.amount.min(AMOUNT_MAX);
    let day = calendar.date_of(begins);
    let certain = |at| LatestBefore { at, provisional: false };
    match limit.unit {
        LimitUnit::Minute => certain(begins.plus_ms(-i64::from(amount) * 60_000)),
        LimitUnit::Hour => certain(begins.plus_ms(-i64::from(amount) * 3_600_000)),
        LimitUnit::CalendarDay => certain(calendar.close_of(day.plus_days(-i64::from(amount)))),
        LimitUnit::CalendarMonth => certain(calendar.close_of(day.minus_months(amount))),
        LimitUnit::WorkingDay => working_days_before(day, amount, calendar),
    }
}

fn working_days_before(day: CivilDate, amount: u32, calendar: &Calendar) -> LatestBefore {
    let (mut date, mut counted, mut provisional) = (day, 0, false);
    for _ in 0..DAYS_MAX {
        if counted >= amount {
            break;
        }
        date = date.plus_days(-1);
        let day = calendar.day(date);
        provisional |= !day.certain;
        counted += u32::from(day.works);
    }
    LatestBefore { at: calendar.close_of(date), provisional }
}

fn around_the_clock(start: Timestamp, run_ms: i64, pauses: &[Pause]) -> Due {
    let mut pauses: Vec<Pause> =
        pauses.iter().copied().filter(|pause| pause.to.is_none_or(|to| to > pause.from)).collect();
    pauses.sort_unstable_by_key(|pause| pause.from);
    // The clock has run until `now` and still has `left` to run.
    let (mut now, mut left) = (start, run_ms);
    for pause in pauses {
        let runs = pause.from.since_ms(now).max(0);
        if runs >= left {
            break;
        }
        let Some(to) = pause.to else { return Due::Paused { since: pause.from.max(now) } };
        if to > now {
            (now, left) = (to, left - runs);
        }
    }
    Due::At { at: now.plus_ms(left), provisional: false }
}

/// How many days lie between the day of `start` and the one so many months later.
fn days_of_months(start: Timestamp, months: u32, calendar: &Calendar) -> u32 {
    let day = calendar.date_of(start);
    u32::try_from(day.plus_months(months).days_since(day)).unwrap_or(0)
}

fn days(start: Timestamp, amount: u32, calendar: &Calendar, pauses: &[Pause], working: bool) -> Due {
    let open = pauses.iter().filter(|pause| pause.to.is_none()).map(|pause| pause.from).min();
    let mut date: CivilDate = calendar.date_of(start);
    let (mut counted, mut provisional) = (0, false);
    for _ in 0..DAYS_MAX {
        if counted >= amount {
            break;
        }
        date = date.plus_days(1);
        let close = calendar.close_of(date);
        if let Some(since) = open.filter(|since| *since <= close) {
            return Due::Paused { since: since.max(start) };
        }
        let day = calendar.day(date);
        provisional |= working && !day.certain;
        let stands = pauses.iter().any(|pause| pause.holds_at(close));
        if !stands && (day.works || !working) {
            counted += 1;
        }
    }
    Due::At { at: calendar.close_of(date), provisional }
}
