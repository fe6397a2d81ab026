//! The server log: envelopes of devices, gate decisions, office and administrative acts under one gapless index.
//!
//! This is the audit trail; there is no second one. Entries are only ever added, in the transaction of the act they
//! record. [`append`] takes the log's counter, so it comes last in a transaction. Entries carry ids, never names,
//! addresses or free text of customers; bodies of envelopes lie beside the log so that they can be erased.

mod api;
mod entry;
mod pages;
mod sql;
#[cfg(test)]
mod tests;

pub use api::routes;
pub use entry::{Detail, EntryKind, EnvelopeEntry, NewEntry};
pub(crate) use pages::pages;
pub use sql::{Entry, append, append_all, first_gap, last_index, list};
pub(crate) use sql::{acts_on_visits, list_of_device};
