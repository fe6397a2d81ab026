//! Knowledge: articles, answers to frequent questions and agreed wordings, written by one person and approved by
//! another, carried by every technician.
//!
//! Invariants: a version that was approved never changes; whoever wrote a part of a version does not approve it; the
//! newest version that has begun counts, on the server as on devices (`sync_core::knowledge`); what only the office
//! may read is in no pack. A newer version travels as the one item of its article, so only what changed travels.

mod acts;
mod api;
mod bodies;
mod card;
mod cases;
mod difference;
mod model;
mod pages;
mod problems;
#[cfg(test)]
mod promise_tests;
mod promises;
mod promises_api;
mod sql;
#[cfg(test)]
mod tests;

pub(crate) use api::routes;
pub(crate) use cases::{CaseRef, cases_of};
pub(crate) use model::article_name;
pub(crate) use pages::pages;
pub(crate) use promises::count_to_correct;
pub(crate) use sql::count_waiting;

use crate::complaints::OFFICE;
use sync_core::date::CivilDate;
use sync_core::time::Timestamp;

/// The day in the office's calendar, by which articles begin and end.
fn office_date(at: Timestamp) -> CivilDate {
    CivilDate::of_moment(at, OFFICE.utc_offset_minutes)
}
