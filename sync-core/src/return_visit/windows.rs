//! When customers like to be called or visited: between commuting, rest and meals.

use crate::date::CivilDate;
use crate::deadline::Calendar;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The most windows of a day.
pub const WINDOWS_MAX: usize = 12;

const DAY_MINUTES: u16 = 24 * 60;
/// Days looked at before no slot is found.
const DAYS_MAX: i64 = 400;

/// A part of every day, in minutes after midnight by the clocks of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// It begins then.
    pub from_minutes: u16,
    /// It ends then, at most 1440.
    pub to_minutes: u16,
}

/// A window of a certain day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// It begins then.
    pub from: Timestamp,
    /// It ends then.
    pub to: Timestamp,
}

/// Whether windows are parts of a day, in their order, and do not overlap.
pub(super) fn check_windows(windows: &[Window]) -> Result<(), &'static str> {
    if windows
        .iter()
        .any(|window| window.from_minutes >= window.to_minutes || window.to_minutes > DAY_MINUTES)
    {
        return Err("a window ends after it begins, at 24:00 at the latest");
    }
    let overlap = windows.windows(2).any(|pair| pair[1].from_minutes < pair[0].to_minutes);
    if overlap { Err("windows follow one another in their order and do not overlap") } else { Ok(()) }
}

/// Whether a moment lies in a window. Without windows every moment does.
pub fn is_within(at: Timestamp, windows: &[Window], calendar: &Calendar) -> bool {
    let day = calendar.date_of(at);
    windows.is_empty()
        || windows.iter().map(|window| window.on(day, calendar)).any(|slot| slot.from <= at && at < slot.to)
}

/// The first slots that are not over at `after` and begin before `until`, at most so many.
pub fn slots(
    (after, until): (Timestamp, Timestamp),
    windows: &[Window],
    calendar: &Calendar,
    most: usize,
) -> Vec<Slot> {
    let mut found = Vec::new();
    let mut day = calendar.date_of(after);
    for _ in 0..DAYS_MAX {
        for slot in windows.iter().map(|window| window.on(day, calendar)) {
            if slot.from >= until || found.len() >= most {
                return found;
            }
            if slot.to > after {
                found.push(slot);
            }
        }
        day = day.plus_days(1);
    }
    found
}

impl Window {
    fn on(self, day: CivilDate, calendar: &Calendar) -> Slot {
        let moment = |minutes| day.moment(minutes, calendar.utc_offset_minutes);
        Slot { from: moment(self.from_minutes), to: moment(self.to_minutes) }
    }
}
