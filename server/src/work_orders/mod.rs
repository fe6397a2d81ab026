//! Work orders, visits and who is sent to them; what devices ask for by command; the cards they carry.
//!
//! Invariants: an assignment, its membership in the exchange and the cards of the whole crew change in one
//! transaction; a row of an assignment ends and is never removed; a command is decided once and never lost. What was
//! found on a visit is not here but in its document.

mod api;
mod arrived;
mod bodies;
mod cancellations;
pub mod cards;
pub mod commands;
mod contact;
pub mod dispatch;
mod entries;
mod experts;
mod field_api;
mod field_pages;
mod field_work;
mod late_work;
mod lost_visits;
pub mod model;
mod overwritten;
pub(crate) mod pages;
pub(crate) mod past;
mod photos;
mod prevention;
mod problems;
mod promises;
pub(crate) mod redaction;
mod sending;
mod sql;
#[cfg(test)]
pub(crate) mod tests;
mod visit_record;

pub use api::routes;
pub(crate) use api::{DISPATCHERS, keep_promise, reachable_visit};
pub(crate) use arrived::{ArrivedVisit, arrived_visits};
pub(crate) use bodies::{AssignmentBody, WorkOrderBody, order_bodies};
pub(crate) use cancellations::cancellations;
pub use cards::{refresh_cards, refresh_colleague, refresh_colleagues_of};
pub use commands::FieldCommands;
pub use dispatch::WorkOrderError;
pub(crate) use entries::{EntryBody, FieldBody, FieldValue, OriginBody, bare_entries, result_of_check};
pub(crate) use field_pages::pages as field_pages;
pub use field_work::{FieldWork, field_work_of_visit};
pub(crate) use field_work::{find as find_field_work, link as link_field_work};
pub(crate) use late_work::{Arrival, content_arrived};
pub(crate) use lost_visits::{Begun, note as note_begun};
pub(crate) use overwritten::Overwritten;
pub use prevention::{PhotoDeclaration, photo_declarations};
pub(crate) use promises::PromiseBody;
pub use sql::{assignments_of, find_order, find_visit, orders_of, visits_of};
pub(crate) use visit_record::{QuarantineBody, RecordedAct, RefusedAct, VisitRecord, visit_records};
