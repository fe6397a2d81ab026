//! The weeks and months of reports.

use jiff::ToSpan as _;
use jiff::civil::{Date, ISOWeekDate, Weekday};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// Years that a report may be asked for.
const YEARS: Range<i16> = 2000..2200;

/// A week from Monday to Sunday as ISO 8601 numbers them, or a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Period {
    Week { year: i16, week: i8 },
    Month { year: i16, month: i8 },
}

impl Period {
    /// The week with this day.
    pub(super) fn week_of(day: Date) -> Self {
        let week = day.iso_week_date();
        Self::Week { year: week.year(), week: week.week() }
    }

    /// The month with this day.
    pub(super) fn month_of(day: Date) -> Self {
        Self::Month { year: day.year(), month: day.month() }
    }

    /// Its first day.
    pub(super) fn first(self) -> Date {
        match self {
            Self::Week { year, week } => {
                ISOWeekDate::new(year, week, Weekday::Monday).map(Date::from).unwrap_or_default()
            }
            Self::Month { year, month } => Date::new(year, month, 1).unwrap_or_default(),
        }
    }

    /// Its last day.
    pub(super) fn last(self) -> Date {
        let after = match self {
            Self::Week { .. } => self.first().saturating_add(7.days()),
            Self::Month { .. } => self.first().saturating_add(1.month()),
        };
        after.saturating_sub(1.day())
    }

    /// Its days as numbers since 1970.
    pub(super) fn days(self) -> Range<i64> {
        day_number(self.first())..day_number(self.last()) + 1
    }

    /// The week or month before it.
    pub(super) fn before(self) -> Self {
        self.with(self.first().saturating_sub(1.day()))
    }

    /// The week or month after it.
    pub(super) fn after(self) -> Self {
        self.with(self.last().saturating_add(1.day()))
    }

    /// The same a year before; `None` for a 53rd week where that year had none.
    pub(super) fn year_before(self) -> Option<Self> {
        match self {
            Self::Week { year, week } => ISOWeekDate::new(year - 1, week, Weekday::Monday)
                .ok()
                .map(|_| Self::Week { year: year - 1, week }),
            Self::Month { year, month } => Some(Self::Month { year: year - 1, month }),
        }
    }

    /// The period of the same length with this day.
    fn with(self, day: Date) -> Self {
        match self {
            Self::Week { .. } => Self::week_of(day),
            Self::Month { .. } => Self::month_of(day),
        }
    }
}

/// A day counted since 1970.
fn day_number(day: Date) -> i64 {
    day.to_datetime(jiff::civil::Time::midnight())
        .to_zoned(jiff::tz::TimeZone::UTC)
        .map_or(0, |at| at.timestamp().as_second() / 86_400)
}

/// A day counted since 1970, as `YYYY-MM-DD`.
pub(super) fn day_name(number: i64) -> String {
    jiff::Timestamp::from_second(number * 86_400)
        .map_or_else(|_| String::new(), |at| jiff::tz::Offset::UTC.to_datetime(at).date().to_string())
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Week { year, week } => write!(f, "{year:04}-W{week:02}"),
            Self::Month { year, month } => write!(f, "{year:04}-{month:02}"),
        }
    }
}

impl FromStr for Period {
    type Err = ();

    /// `2026-W47` or `2026-11`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (year, rest) = text.split_at_checked(4).ok_or(())?;
        let year: i16 = year.parse().map_err(|_| ())?;
        let number = |text: &str| -> Result<i8, ()> {
            let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            if is_number { text.parse().map_err(|_| ()) } else { Err(()) }
        };
        let found = match rest.strip_prefix("-W") {
            Some(week) => {
                let week = number(week)?;
                ISOWeekDate::new(year, week, Weekday::Monday).map_err(|_| ())?;
                Self::Week { year, week }
            }
            None => {
                let month = number(rest.strip_prefix('-').ok_or(())?)?;
                Date::new(year, month, 1).map_err(|_| ())?;
                Self::Month { year, month }
            }
        };
        if YEARS.contains(&year) { Ok(found) } else { Err(()) }
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| serde::de::Error::custom("a week as 2026-W47 or a month as 2026-11"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> (String, String, String, Option<String>) {
        let period: Period = text.parse().unwrap();
        assert_eq!(period.to_string(), text);
        (
            format!("{}..{}", period.first(), period.last()),
            period.before().to_string(),
            period.after().to_string(),
            period.year_before().map(|period| period.to_string()),
        )
    }

    #[test]
    fn weeks_begin_on_monday_and_are_numbered_as_iso_8601_has_it() {
        let line = |days: &str, before: &str, after: &str, year: Option<&str>| {
            (days.to_owned(), before.to_owned(), after.to_owned(), year.map(str::to_owned))
        };
        for (text, expected) in [
            ("2026-W01", line("2025-12-29..2026-01-04", "2025-W52", "2026-W02", Some("2025-W01"))),
            ("2026-W53", line("2026-12-28..2027-01-03", "2026-W52", "2027-W01", None)),
            ("2026-02", line("2026-02-01..2026-02-28", "2026-01", "2026-03", Some("2025-02"))),
            ("2026-12", line("2026-12-01..2026-12-31", "2026-11", "2027-01", Some("2025-12"))),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
        assert_eq!("2026-W01".parse::<Period>().unwrap().days(), 20_451..20_458);
        assert_eq!(day_name(20_451), "2025-12-29");
    }

    #[test]
    fn what_is_no_week_and_no_month_is_refused() {
        for text in [
            "",
            "2026",
            "2026-W00",
            "2025-W53",
            "2026-W1",
            "2026-13",
            "2026-1",
            "2026-+1",
            "1999-01",
            "2026-W01x",
            "年年年年-01",
        ] {
            assert_eq!(text.parse::<Period>(), Err(()), "{text}");
        }
    }
}
