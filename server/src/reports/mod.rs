//! Reports: what came in, what was done about it and how well, of a week or a month (周报、月报).
//!
//! Invariants: everything counts when it happened, not when it arrived, so that a report says the same in whatever order
//! devices reconnect, and what arrives late corrects the week in which it happened; only what is within reach counts;
//! figures of single people are for leads; what a report costs follows from its weeks, not from how many complaints
//! there are.

mod api;
mod body;
mod callers;
mod figures;
mod pages;
mod period;
mod sql;
mod tables;
#[cfg(test)]
mod tests;

pub(crate) use api::routes;
pub(crate) use pages::pages;
