//! Planned events of the utility: outages, gas stops, cut-overs, new tariffs, replacement of meters, with the one wording
//! for customers, announced in time and known at every door.
//!
//! Invariants: nobody approves what they wrote or submitted; what was approved never changes, whoever wants it otherwise
//! writes the next version; people go by the approved version until another one is approved; what is due is counted
//! backwards from the beginning, by the rules that hold when a version is written; late is possible, for a reason, and
//! stays marked.

mod acts;
mod api;
mod bodies;
mod carried;
mod model;
mod pages;
mod problems;
mod sql;
#[cfg(test)]
mod tests;

pub(crate) use api::routes;
pub(crate) use carried::{calendar_published, run, technicians_changed};
pub(crate) use pages::{NoticeLine, notices, pages};
pub(crate) use sql::{count_pressing, count_waiting};
