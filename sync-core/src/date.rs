//! Calendar days without a time zone: dates printed on nameplates and in regulations, and what
//! the calendars of working days are made of.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

const DAY_MS: i64 = 86_400_000;
/// More than all days of the years 1 to 9999.
const DAYS_MAX: i64 = 4_000_000;

/// A text that is no calendar day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no date; write it like 2026-11-21")]
pub struct DateError {
    /// What was found, cut to 20 characters.
    pub found: String,
}

/// A day of the Gregorian calendar, years 1 to 9999. Travels as `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CivilDate {
    year: u16,
    month: u8,
    day: u8,
}

impl CivilDate {
    /// The day with this year, month (1 to 12) and day of month, if there is one.
    pub const fn from_ymd(year: u16, month: u8, day: u8) -> Option<Self> {
        if year == 0 || year > 9999 || month == 0 || month > 12 || day == 0 || day > days_of(year, month) {
            return None;
        }
        Some(Self { year, month, day })
    }

    /// The same day `years` later; 29 February becomes 28 February where there is none. Held at 9999.
    #[must_use]
    pub const fn plus_years(self, years: u16) -> Self {
        let later = self.year.saturating_add(years);
        let year = if later > 9999 { 9999 } else { later };
        let last = days_of(year, self.month);
        Self { year, month: self.month, day: if self.day > last { last } else { self.day } }
    }
}

impl CivilDate {
    /// The day so many days later, or earlier when negative; held at the years 1 and 9999.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        let days = days.clamp(-DAYS_MAX, DAYS_MAX);
        let moved = self.as_jiff().saturating_add(jiff::SignedDuration::from_hours(days * 24));
        Self::of_jiff(moved).unwrap_or(Self { year: 1, month: 1, day: 1 })
    }

    /// The day with the same number so many months later, or the last one of a shorter month; held at the year 9999.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Self {
        let months = i64::from(months).min(DAYS_MAX);
        let later = self.as_jiff().saturating_add(jiff::Span::new().months(months));
        Self::of_jiff(later).unwrap_or(self)
    }

    /// The day with the same number so many months earlier, or the last one of a shorter month; held at the year 1.
    #[must_use]
    pub fn minus_months(self, months: u32) -> Self {
        let months = i64::from(months).min(DAYS_MAX);
        let earlier = self.as_jiff().saturating_sub(jiff::Span::new().months(months));
        Self::of_jiff(earlier).unwrap_or(Self { year: 1, month: 1, day: 1 })
    }

    /// How many days this one lies after the other; negative before it.
    pub fn days_since(self, other: Self) -> i64 {
        self.as_jiff().duration_since(other.as_jiff()).as_hours() / 24
    }

    /// 1 for Monday to 7 for Sunday, as ISO 8601 counts.
    pub fn weekday(self) -> u8 {
        self.as_jiff().weekday().to_monday_one_offset().unsigned_abs()
    }

    /// The day on which `at` falls where clocks are `utc_offset_minutes` ahead of UTC.
    pub fn of_moment(at: Timestamp, utc_offset_minutes: i16) -> Self {
        let local = at.plus_ms(i64::from(utc_offset_minutes) * 60_000);
        let days = local.unix_ms().div_euclid(DAY_MS);
        Self { year: 1970, month: 1, day: 1 }.plus_days(days)
    }

    /// The moment `minutes` after this day began where clocks are `utc_offset_minutes` ahead of UTC.
    pub fn moment(self, minutes: u16, utc_offset_minutes: i16) -> Timestamp {
        let epoch = jiff::civil::Date::constant(1970, 1, 1);
        let hours = self.as_jiff().duration_since(epoch).as_hours();
        let minutes = hours * 60 + i64::from(minutes) - i64::from(utc_offset_minutes);
        Timestamp::from_unix_ms(minutes * 60_000)
    }

    fn as_jiff(self) -> jiff::civil::Date {
        let year = i16::try_from(self.year).unwrap_or(9999);
        jiff::civil::Date::constant(year, self.month.cast_signed(), self.day.cast_signed())
    }

    fn of_jiff(date: jiff::civil::Date) -> Option<Self> {
        let year = u16::try_from(date.year()).ok()?;
        Self::from_ymd(year, date.month().unsigned_abs(), date.day().unsigned_abs())
    }
}

impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for CivilDate {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        read(text).ok_or_else(|| DateError { found: text.chars().take(20).collect() })
    }
}

impl TryFrom<String> for CivilDate {
    type Error = DateError;

    fn try_from(text: String) -> Result<Self, DateError> {
        text.parse()
    }
}

impl From<CivilDate> for String {
    fn from(date: CivilDate) -> Self {
        date.to_string()
    }
}

fn read(text: &str) -> Option<CivilDate> {
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if !plain || parts.next().is_some() || (year.len(), month.len()) != (4, 2) {
        return None;
    }
    CivilDate::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

const fn days_of(year: u16, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_one_spelling() {
        for text in ["2026-11-21", "2024-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(text.parse::<CivilDate>().map(|d| d.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "",
            "2026-2-01",
            "2026-02-30",
            "2100-02-29",
            "2026-00-01",
            "20261-1-01",
            "2026-11-21 ",
            "+026-11-21",
        ] {
            assert!(text.parse::<CivilDate>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn days_are_added_and_named_and_begin_where_the_calendar_is() {
        let day: CivilDate = "2026-02-27".parse().unwrap();
        assert_eq!((day.plus_days(2).to_string(), day.weekday()), ("2026-03-01".to_owned(), 5));
        assert_eq!(day.plus_days(-58).to_string(), "2025-12-31");
        assert_eq!(day.plus_days(i64::MAX).to_string(), "9999-12-31");
        assert_eq!(day.plus_days(i64::MIN).to_string(), "0001-01-01");
        // 16:00 in London is midnight in Shanghai.
        let midnight = Timestamp::from_unix_ms(1_772_121_600_000);
        assert_eq!(day.moment(0, 480), midnight);
        assert_eq!(CivilDate::of_moment(midnight, 480), day);
        assert_eq!(CivilDate::of_moment(midnight.plus_ms(-1), 480), day.plus_days(-1));
        assert_eq!(CivilDate::of_moment(midnight, -300).to_string(), "2026-02-26");
    }

    #[test]
    fn years_are_added_across_leap_days() {
        let leap: CivilDate = "2016-02-29".parse().unwrap();
        assert_eq!(leap.plus_years(10).to_string(), "2026-02-28");
        assert_eq!(leap.plus_years(u16::MAX).to_string(), "9999-02-28");
    }
}
