//! Return visits: the customer is asked how it went, by somebody else than who did the work, and what they say is held
//! against what was recorded.
//!
//! Invariants: a finished visit that a rule fits has one return visit, whatever is sent again and in whatever order it
//! arrives; who worked on the complaint never asks about it; nothing is done without a written record; a contradiction
//! reopens the complaint, makes the work order and demands a second return visit in the transaction that finds it,
//! whichever of record and answers came last. Rules and windows are published with those for deadlines.

mod api;
mod bodies;
mod calling;
mod check;
#[cfg(test)]
mod check_tests;
mod model;
mod pages;
mod planning;
mod problems;
mod rules;
mod sql;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use api::routes;
pub(crate) use bodies::ReturnBody;
pub(crate) use calling::may_ask;
pub(crate) use check::content_arrived;
pub(crate) use model::ReturnError;
pub(crate) use pages::{ReturnsPart, pages, return_facts, returns_part};
pub(crate) use planning::{calendar_published, visit_completed};

use crate::review::Blocker;
use crate::store::{StoreError, Tx};
use model::ReturnState;
use sync_core::ids::ComplaintId;

/// The return visits of a complaint and of the records merged into it, oldest first.
pub(crate) async fn of_complaint(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<ReturnBody>, StoreError> {
    let (mut names, mut found) = (crate::complaints::Names::default(), Vec::new());
    for record in crate::complaints::family(tx, complaint).await? {
        for planned in sql::of_complaint(tx, record).await? {
            found.push(ReturnBody::of(tx, &mut names, planned).await?);
        }
    }
    Ok(found)
}

/// Return visits that hold back closing.
pub(crate) async fn blockers(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<Blocker>, StoreError> {
    let mut found = Vec::new();
    for record in crate::complaints::family(tx, complaint).await? {
        let planned = sql::of_complaint(tx, record).await?.into_iter();
        let undone = planned.filter(|one| matches!(one.state, ReturnState::Open | ReturnState::Waiting));
        found.extend(undone.map(|one| Blocker {
            kind: "return_visit",
            visit_id: one.visit,
            reference: one.id.to_string(),
        }));
    }
    Ok(found)
}
