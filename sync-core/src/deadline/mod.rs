//! When something must have happened: limits, calendars of working days, pauses.
//!
//! One function for the server and for every device, so that both name the same moment. Limits
//! and calendars are data; a calendar that does not reach far enough gives a provisional answer
//! instead of none.

mod calendar;
mod disciplines;
mod limit;
mod planned;
mod policy;
mod reviews;
mod special;
#[cfg(test)]
mod tests;
mod watch;

pub use calendar::{Calendar, CalendarError, CalendarName, DAYS_LISTED_MAX, Day};
pub use disciplines::{DISCIPLINES_MAX, Discipline};
pub use limit::{AMOUNT_MAX, Due, LatestBefore, Limit, LimitUnit, Pause, due, latest_before};
pub use planned::{PlannedLimits, PlannedRules};
pub use policy::{DeadlinePolicy, Facts, Limits, PolicyError, RULES_MAX, Rule};
pub use reviews::{CHAINS_MAX, LEVEL_ROLES, LEVELS_MAX, ReviewChain, ReviewLevel};
pub use special::{
    BatchRule, EscalatedRule, FocusRule, MajorRule, RepeatRule, SimilarRule, SpecialFlow, SpecialRules,
    WORDS_MAX,
};
pub use watch::{ESCALATED_TO, Escalation, MISSED, Mark, NEAR, QUIET, WatchRules, level_at};

use std::sync::LazyLock;

static CALENDARS: LazyLock<[Calendar; 1]> = LazyLock::new(|| {
    [serde_json::from_str(include_str!("data/calendar-cn.json"))
        .expect("the embedded calendar is tested to parse")]
});

static POLICY: LazyLock<DeadlinePolicy> = LazyLock::new(|| {
    serde_json::from_str(include_str!("data/policy.json")).expect("the embedded policy is tested to parse")
});

/// The calendars that this release comes with. Newer ones are loaded by administrators.
pub fn built_in_calendars() -> &'static [Calendar] {
    &*CALENDARS
}

/// The limits that this release comes with, until an administrator publishes others.
pub fn built_in_policy() -> &'static DeadlinePolicy {
    &POLICY
}
