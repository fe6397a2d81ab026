//! Review: conflicts and their resolution, verdicts, rework, duplicates, and the gate before approval and closing.
//!
//! Invariants: a conflict closes only by an office decision; a decision is an ordinary change of the visit document
//! that reaches the devices; nothing is approved or closed while something is open, unless a person overrides it with
//! a reason that stays on record; a merge can be undone and never makes a cycle.

mod api;
#[cfg(test)]
mod author_tests;
mod chain;
mod chain_api;
mod chain_pages;
#[cfg(test)]
mod chain_tests;
mod conflict_api;
mod conflict_detail;
mod conflict_pages;
mod conflicts;
mod declarations;
mod duplicates;
pub(crate) mod duplicates_page;
#[cfg(test)]
mod duplicates_tests;
mod gate;
mod legal;
mod merge_api;
mod merges;
mod offered;
mod proposals;
mod provenance;
#[cfg(test)]
mod record_tests;
#[cfg(test)]
mod restored_tests;
mod rework_api;
mod sql;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod undo_tests;
mod verdict_pages;

pub(crate) use api::{ClosureForm, EvidenceRef, REVIEWERS, check_evidence, close};
pub(crate) use chain::{ReviewLevelBody, levels, levels_changed, moved};
pub(crate) use chain_api::count_waiting;
pub(crate) use chain_pages::{LevelLine, level_line};
pub(crate) use conflicts::ConflictBody;
pub(crate) use declarations::declare_lost;
pub(crate) use duplicates::{DAYS_DEFAULT, proposals, similarity};
pub(crate) use gate::{Blocker, blockers};
pub(crate) use offered::{Offered, evidence_keys, evidence_offered, evidence_refs};
pub(crate) use provenance::{Origin, Origins};
pub(crate) use sql::{ReworkBody, VerdictBody, reworks, verdicts};

use crate::app::App;
use crate::complaints::Names;
use crate::exchange::rework;
use crate::pages::PageRoutes;
use crate::store::{StoreError, Tx};
use crate::work_orders::dispatch::crew_of;
use crate::work_orders::model::VisitPlan;
use sync_core::ids::VisitId;
use sync_core::time::Timestamp;
use utoipa_axum::router::OpenApiRouter;

/// Pages of this capability.
pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    chain_pages::pages(verdict_pages::pages(conflict_pages::pages(routes)))
}

/// Routes of this capability.
pub fn routes() -> OpenApiRouter<App> {
    api::routes()
        .merge(chain_api::routes())
        .merge(conflict_api::routes())
        .merge(merge_api::routes())
        .merge(rework_api::routes())
        .merge(declarations::routes())
}

/// A visit was finished: rework that was asked for on it is done, and everybody on it is told so. Call it before
/// `audit::append`.
pub(crate) async fn visit_ended(tx: &mut Tx, visit: &VisitPlan, at: Timestamp) -> Result<(), StoreError> {
    let done = sql::finish_rework(tx, visit.id, at).await?;
    if done.is_empty() {
        return Ok(());
    }
    for person in crew_of(tx, visit.id).await? {
        for rework in &done {
            rework::send(tx, person, rework).await?;
        }
    }
    Ok(())
}

/// The conflicts of a visit with all their values, oldest first.
pub(crate) async fn conflicts_of(
    tx: &mut Tx,
    names: &mut Names,
    visit: VisitId,
) -> Result<Vec<ConflictBody>, StoreError> {
    let rows = conflicts::of_visit(tx, visit).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let known = conflicts::Known::of(tx, visit).await?;
    let mut bodies = Vec::with_capacity(rows.len());
    for row in rows {
        bodies.push(conflicts::body_of(tx, names, &known, row).await?);
    }
    Ok(bodies)
}
