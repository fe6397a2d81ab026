//! Return visits: whether and until when the customer is asked how it went, when people like to be called, and whether
//! the answers fit what the technician claims.
//!
//! One set of functions for server and device. Rules and windows are data, published with the rules for deadlines; the
//! questions are a checklist. Nothing here decides what follows from a contradiction.

mod claims;
mod rules;
#[cfg(test)]
mod tests;
mod windows;

pub use claims::{Claim, Claims, Compared, Fit, VisitFacts, answers_of, claims_of, compare, contradicts};
pub use rules::{CompletedWork, RETURN_RULES_MAX, ReturnMethod, ReturnRule, ReturnRules};
pub use windows::{Slot, WINDOWS_MAX, Window, is_within, slots};
