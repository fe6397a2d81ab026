//! Back-billing: what a customer owes or gets back after a meter counted wrongly.
//!
//! Invariants: a proposal is computed by `sync_core::metering` and keeps its figures, its rule and its result; it is never
//! changed, only withdrawn for a reason; nothing is posted to billing.

mod acts;
mod api;
mod form;
mod pages;
mod sql;
#[cfg(test)]
mod tests;

pub(crate) use api::{BackBillingBody, of_complaint, routes};
pub(crate) use pages::{BackBillingPart, back_billing_part, pages};
