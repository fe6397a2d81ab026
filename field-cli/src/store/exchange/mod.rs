//! The store's part in an exchange: what is to be said, and performing what was answered.
//!
//! What an answer means is `sync_core::replica`'s business; here its steps become rows, all in
//! one transaction, so that a killed client has either taken in the answer or not seen it.

mod carry_over;
mod keep;
mod offers;
mod outgoing;
mod perform;
mod replicas;
mod restart;

pub use outgoing::Outgoing;
pub use perform::{Performed, Told, VisitReceipt};
