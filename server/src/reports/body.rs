//! A report as JSON.

use super::period::Period;
use super::tables::ReportTableBody;
use serde::Serialize;
use utoipa::ToSchema;

/// A report of a week or a month.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportBody {
    /// `2026-W47` or `2026-11`.
    pub(super) period: String,
    /// `YYYY-MM-DD` in the office's calendar.
    pub(super) first_day: String,
    pub(super) last_day: String,
    /// Whether it is over; the figures of one that is not will change, and late arrivals change any.
    pub(super) is_over: bool,
    pub(super) tables: Vec<ReportTableBody>,
}

impl ReportBody {
    pub(super) fn new(period: Period, is_over: bool, tables: Vec<ReportTableBody>) -> Self {
        Self {
            period: period.to_string(),
            first_day: period.first().to_string(),
            last_day: period.last().to_string(),
            is_over,
            tables,
        }
    }
}
