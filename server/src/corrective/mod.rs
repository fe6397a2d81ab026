//! Corrective actions: what is put right because of one complaint or many, by whom, until when, and whether it helped.
//!
//! Invariants: a complaint is not closed while one of its actions is to be carried out (unless that is overridden with
//! a reason); nothing counts as carried out without evidence in words; nobody judges the effect of their own work; what
//! did not help is to be done anew; every complaint of an action is told what happens to it.

mod acts;
mod analysis;
mod api;
mod bodies;
mod model;
mod pages;
mod problems;
mod sql;
#[cfg(test)]
mod tests;

pub(crate) use analysis::{NewAnalysis, analyse};
pub(crate) use api::routes;
pub(crate) use bodies::ActionBody;
pub(crate) use pages::{ActionsPart, action_facts, actions_part, pages};

use crate::complaints::{self, Names};
use crate::review::Blocker;
use crate::store::{StoreError, Tx};
use std::collections::BTreeSet;
use sync_core::ids::ComplaintId;

/// The corrective actions of a complaint and of the records merged into it, oldest first, each once.
pub(crate) async fn of_complaint(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<ActionBody>, StoreError> {
    let (mut names, mut found) = (Names::default(), Vec::<ActionBody>::new());
    for record in complaints::family(tx, complaint).await? {
        for action in sql::of_complaint(tx, record).await? {
            if !found.iter().any(|known| known.action_id == action.id) {
                found.push(ActionBody::of(tx, &mut names, action).await?);
            }
        }
    }
    Ok(found)
}

/// The complaints that share an action with this one, in whatever state.
pub(crate) async fn together_with(
    tx: &mut Tx,
    complaint: ComplaintId,
) -> Result<BTreeSet<ComplaintId>, StoreError> {
    sql::together_with(tx, complaint).await
}

/// Corrective actions that hold back closing.
pub(crate) async fn blockers(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<Blocker>, StoreError> {
    let mut found: Vec<Blocker> = Vec::new();
    for record in complaints::family(tx, complaint).await? {
        let actions = sql::of_complaint(tx, record).await?.into_iter();
        for action in actions.filter(model::Action::holds_back) {
            let reference = action.id.to_string();
            if !found.iter().any(|known| known.reference == reference) {
                found.push(Blocker { kind: "corrective_action", visit_id: None, reference });
            }
        }
    }
    Ok(found)
}
