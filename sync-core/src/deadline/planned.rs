//! How long before a planned event its papers and its customers are due: rules as data.

use super::calendar::Calendar;
use super::limit::{AMOUNT_MAX, LatestBefore, Limit, LimitUnit, latest_before};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What is due how long before a planned event begins.
///
/// Five days for the form and four working days for customers: the prevention form of the telecom model
/// (网络事件提前5天提交《投诉预防措施建议单》，预留4个工作日). Other commitments, such as 7 days for a planned outage or
/// 48 hours for gas, are other numbers here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlannedRules {
    /// How long before it begins an event is submitted for approval at the latest.
    pub submit_before: Limit,
    /// How long before it begins customers are told at the latest. Approval is due by then, too.
    pub inform_before: Limit,
    /// How long before one of these moments it is called soon late.
    pub near: Limit,
    /// From how long before it begins technicians carry it and records show it.
    pub carried: Limit,
}

/// Until when what must have happened for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedLimits {
    /// Submitted: never later than customers are told, since nobody announces what is not approved.
    pub submit_by: Timestamp,
    /// Approved, and customers told.
    pub inform_by: Timestamp,
    /// Whether a calendar that reaches further may move them.
    pub provisional: bool,
    /// From when on it is carried.
    pub carried_from: Timestamp,
}

impl Default for PlannedRules {
    fn default() -> Self {
        let limit = |amount, unit| Limit { amount, unit };
        Self {
            submit_before: limit(5, LimitUnit::CalendarDay),
            inform_before: limit(4, LimitUnit::WorkingDay),
            near: limit(1, LimitUnit::WorkingDay),
            carried: limit(14, LimitUnit::CalendarDay),
        }
    }
}

impl PlannedRules {
    /// Whether every amount is one.
    pub(super) fn is_usable(&self) -> bool {
        let limits = [self.submit_before, self.inform_before, self.near, self.carried];
        limits.iter().all(|limit| (1..=AMOUNT_MAX).contains(&limit.amount))
    }

    /// What is due when for an event that begins then.
    pub fn limits(&self, begins: Timestamp, calendar: &Calendar) -> PlannedLimits {
        let inform = latest_before(begins, self.inform_before, calendar);
        let submit = latest_before(begins, self.submit_before, calendar);
        // Five days with a holiday among them may be fewer than four working days.
        let first: LatestBefore = if inform.at < submit.at { inform } else { submit };
        PlannedLimits {
            submit_by: first.at,
            inform_by: inform.at,
            provisional: inform.provisional || submit.provisional,
            carried_from: latest_before(begins, self.carried, calendar).at,
        }
    }

    /// From when on something that is due then is soon late.
    pub fn near_at(&self, due: Timestamp, calendar: &Calendar) -> Timestamp {
        latest_before(due, self.near, calendar).at
    }
}
