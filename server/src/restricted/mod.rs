//! Restricted findings: what is reported about the conduct of staff, for inspectors alone.
//!
//! Invariants: which complaint a report is about, whom it means and what it says lie sealed in the database, and so do
//! the words of decisions; they are opened with a key outside of it and only while an inspector reads. Nobody reads a
//! report about themselves or about somebody of a unit they work in. Every opening and decision is written down, and
//! the server log commits to it without telling who or what. Nothing of a report reaches documents, feeds, packs,
//! search, exports, reports or the log of acts.

mod acts;
mod api;
mod model;
mod pages;
mod sql;
#[cfg(test)]
mod tests;

pub(crate) use api::{count_open, routes};
pub(crate) use model::INSPECTORS;
pub(crate) use pages::pages;

use crate::store::{StoreError, Tx};
use model::{Stored, derived_id};
use sync_core::log::{Body, BodyKind, Envelope};
use sync_core::time::Timestamp;

/// Notes the reports among these envelopes of one device. None is opened here.
pub(crate) async fn note_received(
    tx: &mut Tx,
    fresh: &[&Envelope],
    now: Timestamp,
) -> Result<(), StoreError> {
    for envelope in fresh.iter().filter(|envelope| envelope.header().kind == BodyKind::Restricted) {
        let Ok(Body::Restricted(body)) = envelope.body() else { continue };
        let header = envelope.header();
        let stored = Stored {
            id: derived_id(envelope.hash()),
            author: header.person,
            device: Some(header.device),
            claimed_at: header.claimed_at,
            received_at: now,
            sealed: body.sealed.into(),
        };
        sql::insert(tx, &stored).await?;
    }
    Ok(())
}
