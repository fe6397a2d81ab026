//! How untrusted changes enter a visit document.
//!
//! [`judge()`] takes the accepted document and the changes of one exchange and gives the merged
//! document, what became of each unit, and every path that holds differing values. In this
//! order, cheapest first: pre-scan of the raw bytes, decoding, place in the history, policy on
//! the decoded operations, trial merge on a copy, saving, loading, comparing. Pure; it runs in
//! a worker process with limits of its own, since Automerge 0.12 is not safe on hostile bytes.
//!
//! Deliberately not here: signatures, scope, revocation, and what is stored before judging.

mod conflicts;
mod history;
mod job;
mod judge;
mod ledger;
mod limits;
mod policy;
mod prescan;
#[cfg(test)]
mod tests;
mod trial;
mod values;

pub use job::{
    AcceptedChange, Author, ConflictKind, MergeJob, MergeOutcome, MergeUnit, Overwrite, PathConflict,
    QuarantineReason, Refusal, UnitResult,
};
pub use judge::{BaseError, judge};
pub use limits::Limits;
pub use prescan::{PrescanError, Scan, prescan};

pub(crate) use prescan::decode_change;
