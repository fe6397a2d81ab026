//! Exports for spreadsheets and maps: complaints, visits, findings and meter checks as tables with stable columns.
//!
//! Invariants: a table is read complaint by complaint while it is sent (workbooks, too), so memory does not grow with it; only what is
//! within reach is in it; names, phone numbers and customer numbers of customers are in none; a column keeps its name and
//! its place, new ones come last; who took which table is in the log of acts.

mod api;
pub(crate) mod csv;
mod pages;
mod rows;
mod sql;
mod stream;
mod tables;
#[cfg(test)]
mod tests;
mod xlsx;

use crate::audit::EntryKind;

pub(crate) use api::routes;
pub(crate) use pages::pages;

/// Somebody took an export.
pub(crate) const EXPORT_TAKEN: EntryKind = EntryKind("export.taken");
