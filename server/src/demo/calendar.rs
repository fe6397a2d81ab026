//! Days and hours of the demonstration, all told from the day on which it is made, in the office's time zone.

use super::SeedError;
use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, ToSpan};
use serde::Deserialize;
use sync_core::time::Timestamp;

/// China has one time zone without summer time.
const OFFICE: TimeZone = TimeZone::fixed(Offset::constant(8));

/// A moment of the story: days from today, and the time of day on the office's clock.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct When {
    day: i32,
    at: String,
}

/// The day on which the demonstration is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Today(Date);

impl Today {
    /// The office's day at this moment.
    pub(super) fn at(now: Timestamp) -> Self {
        Self(date_of(now))
    }

    /// The day so many days from today.
    pub(super) fn date(self, day: i32) -> Date {
        let span: Span = i64::from(day).days();
        self.0.saturating_add(span)
    }

    /// The moment that is meant.
    pub(super) fn moment(self, when: &When) -> Result<Timestamp, SeedError> {
        self.clock(when.day, &when.at)
    }

    /// The moment on that day at a time such as `08:30`.
    pub(super) fn clock(self, day: i32, at: &str) -> Result<Timestamp, SeedError> {
        let unusable = || SeedError::Story { what: format!("day {day}, {at:?} is no time") };
        let time: Time = at.parse().map_err(|_| unusable())?;
        let zoned = self.date(day).to_datetime(time).to_zoned(OFFICE).map_err(|_| unusable())?;
        Ok(Timestamp::from_unix_ms(zoned.timestamp().as_millisecond()))
    }
}

/// The day of a moment in the office.
pub(super) fn date_of(at: Timestamp) -> Date {
    OFFICE.to_datetime(jiff::Timestamp::from_millisecond(at.unix_ms()).unwrap_or_default()).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yesterday_is_told_by_the_clock_of_the_office() {
        // 23:30 in London, the next morning in the office.
        let now: jiff::Timestamp = "2026-03-01T23:30:00Z".parse().unwrap();
        let today = Today::at(Timestamp::from_unix_ms(now.as_millisecond()));
        assert_eq!(today.date(0).to_string(), "2026-03-02");
        assert_eq!(today.date(-2).to_string(), "2026-02-28");
        let when = today.clock(-1, "08:30").unwrap();
        let expected: jiff::Timestamp = "2026-03-01T00:30:00Z".parse().unwrap();
        assert_eq!(when.unix_ms(), expected.as_millisecond());
        assert!(today.clock(0, "25:00").is_err());
    }
}
