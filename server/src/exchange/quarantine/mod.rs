//! Quarantine: envelopes that were refused, kept with their reason until a person decides.
//!
//! Accepting an item lets the original change enter at its own dependencies, with its author named; it stays
//! concurrent with what came since. Rejecting keeps it as evidence. What its author wrote anew is superseded. What
//! builds on something that was lost with a restore is sent back to its author's device ([`returned`]).

mod api;
mod decide;
pub(crate) mod difference;
mod pages;
mod returned;
mod sql;
mod told;

pub(crate) use api::READERS;
pub(super) use api::{DECIDERS, DecisionWord, complaint_of, routes};
pub(super) use decide::QUARANTINE_ACCEPTED;
pub use decide::{DecideError, Decision, decide};
pub(super) use pages::{in_words, pages};
pub(super) use returned::{Ground, foreign_deps, ground_of};
pub use sql::{QuarantineItem, find, list};
pub(super) use sql::{close, insert, keep, note_entrance, supersede};
