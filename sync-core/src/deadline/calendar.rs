//! Which days are working days.
//!
//! In mainland China a Saturday or Sunday can be a working day that makes up for a holiday, so
//! "weekends and holidays" is not enough: a calendar names both exceptions (State Council notice
//! of each year, usually published in November of the year before).

use crate::date::CivilDate;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most days that a calendar may name as exceptions: far more than a century has.
pub const DAYS_LISTED_MAX: usize = 20_000;

/// Minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;

/// A calendar of working days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Its stable name, for example `cn`.
    pub code: String,
    /// What people call it.
    pub name: CalendarName,
    /// How far its clocks are ahead of UTC: 480 in China, which has no summer time.
    pub utc_offset_minutes: i16,
    /// Days of the week on which nobody works, 1 for Monday to 7 for Sunday.
    pub weekend: BTreeSet<u8>,
    /// When a day's work ends, in minutes after midnight; 1440 is 24:00.
    #[serde(default = "midnight")]
    pub closing_minutes: u16,
    /// The first day for which the exceptions are complete.
    pub covered_from: CivilDate,
    /// The last day for which the exceptions are complete.
    pub covered_to: CivilDate,
    /// Days off although it is no weekend; naming a weekend day does no harm.
    pub off: BTreeSet<CivilDate>,
    /// Working days although it is weekend.
    pub on: BTreeSet<CivilDate>,
}

/// The name of a calendar in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarName {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// What a calendar says about a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Whether people work.
    pub works: bool,
    /// Whether that is certain; outside the covered days only weekends are known.
    pub certain: bool,
}

/// A calendar that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The code is not 1 to 40 lower-case letters, digits and hyphens.
    #[error("the code must be 1 to 40 lower-case letters, digits and hyphens")]
    Code,
    /// A name is empty or longer than 100 characters.
    #[error("the name must have 1 to 100 characters in both languages")]
    Name,
    /// No place on earth is so far from UTC.
    #[error("the offset from UTC must be between -720 and 840 minutes")]
    Offset,
    /// Not a day of the week, or no day is left to work on.
    #[error("the weekend names days 1 (Monday) to 7 (Sunday) and leaves at least one to work on")]
    Weekend,
    /// Not a time of day.
    #[error("work ends 1 to 1440 minutes after midnight")]
    Closing,
    /// It ends before it begins.
    #[error("covered_to lies before covered_from")]
    Covered,
    /// Too many exceptions.
    #[error("at most {DAYS_LISTED_MAX} days can be named")]
    TooMany,
    /// A day is named as both.
    #[error("{0} is named as a day off and as a working day")]
    Both(CivilDate),
    /// An exception lies outside the covered days.
    #[error("{0} lies outside of the covered days")]
    Outside(CivilDate),
}

fn midnight() -> u16 {
    DAY_MINUTES
}

impl Calendar {
    /// Whether the calendar can be used.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn check(&self) -> Result<(), CalendarError> {
        let named = |text: &str| (1..=100).contains(&text.trim().chars().count());
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let require = |holds: bool, error: CalendarError| if holds { Ok(()) } else { Err(error) };
        require((1..=40).contains(&self.code.len()) && self.code.chars().all(plain), CalendarError::Code)?;
        require(named(&self.name.zh) && named(&self.name.en), CalendarError::Name)?;
        require((-720..=840).contains(&self.utc_offset_minutes), CalendarError::Offset)?;
        let days = self.weekend.len() < 7 && self.weekend.iter().all(|day| (1..=7).contains(day));
        require(days, CalendarError::Weekend)?;
        require((1..=DAY_MINUTES).contains(&self.closing_minutes), CalendarError::Closing)?;
        require(self.covered_from <= self.covered_to, CalendarError::Covered)?;
        require(self.off.len() + self.on.len() <= DAYS_LISTED_MAX, CalendarError::TooMany)?;
        if let Some(both) = self.off.intersection(&self.on).next() {
            return Err(CalendarError::Both(*both));
        }
        let outside = self.off.iter().chain(&self.on).find(|day| !self.covers(**day));
        outside.map_or(Ok(()), |day| Err(CalendarError::Outside(*day)))
    }

    /// What it says about a day.
    pub fn day(&self, date: CivilDate) -> Day {
        let works = if self.weekend.contains(&date.weekday()) {
            self.on.contains(&date)
        } else {
            !self.off.contains(&date)
        };
        Day { works, certain: self.covers(date) }
    }

    /// The day on which a moment falls.
    pub fn date_of(&self, at: Timestamp) -> CivilDate {
        CivilDate::of_moment(at, self.utc_offset_minutes)
    }

    /// The last moment of a day's work.
    pub fn close_of(&self, date: CivilDate) -> Timestamp {
        date.moment(self.closing_minutes, self.utc_offset_minutes).plus_ms(-1)
    }

    fn covers(&self, date: CivilDate) -> bool {
        (self.covered_from..=self.covered_to).contains(&date)
    }
}
