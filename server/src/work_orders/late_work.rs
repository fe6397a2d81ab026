//! Work that arrives after somebody judged: it is in the record, and the review is open again.
//!
//! The exchange calls [`content_arrived`] in the transaction that lets envelopes into their visits. What nobody has
//! judged yet needs no second look and costs one query for all visits of a request.

use super::dispatch::{WorkOrderError, change_visit};
use super::model::{VisitPlan, VisitState};
use super::sql;
use crate::complaints::acts::{Actor, ComplaintError, step};
use crate::complaints::model::{Act, Complaint, EventKind, State};
use crate::complaints::{self, history};
use crate::store::{StoreError, Tx, select_in};
use serde_json::json;
use std::collections::BTreeSet;
use sync_core::ids::{DeviceId, PersonId, VisitId};
use sync_core::time::Timestamp;

/// Visits that one query asks about.
const VISITS_PER_QUERY: usize = 200;

/// Something new entered a visit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// The visit.
    pub(crate) visit: VisitId,
    /// Who recorded it.
    pub(crate) person: PersonId,
    /// On which device.
    pub(crate) device: DeviceId,
    /// The device's word for when.
    pub(crate) claimed_at: Timestamp,
    /// Its envelope in the server log.
    pub(crate) log_index: i64,
    /// Whether its author had lost the visit by then.
    pub(crate) late: bool,
}

/// Opens the review again where something new entered a visit that was judged, and notes what came late.
pub(crate) async fn content_arrived(
    tx: &mut Tx,
    arrivals: &[Arrival],
    now: Timestamp,
) -> Result<(), StoreError> {
    let judged = judged_among(tx, arrivals).await?;
    for arrival in arrivals {
        if arrival.late || judged.contains(&arrival.visit.to_string()) {
            look_again(tx, arrival, now).await?;
        }
    }
    Ok(())
}

/// Visits that were approved, or whose complaint was judged.
async fn judged_among(tx: &mut Tx, arrivals: &[Arrival]) -> Result<BTreeSet<String>, StoreError> {
    const SQL: &str = "SELECT v.visit_id FROM visit_plans v LEFT JOIN complaints c ON c.complaint_id = v.complaint_id \
        WHERE (v.state = 'approved' OR c.merged_into IS NOT NULL OR c.state = 'closed') AND v.visit_id IN (";
    let mut found = BTreeSet::new();
    for visits in arrivals.chunks(VISITS_PER_QUERY) {
        let rows: Vec<(String,)> = select_in!(tx, SQL, visits, |arrival| arrival.visit.to_string(), ")")?;
        found.extend(rows.into_iter().map(|(visit,)| visit));
    }
    Ok(found)
}

async fn look_again(tx: &mut Tx, arrival: &Arrival, now: Timestamp) -> Result<(), StoreError> {
    let Some(plan) = sql::find_visit(tx, arrival.visit).await? else { return Ok(()) };
    let Some(id) = plan.complaint else { return Ok(()) };
    let Some(complaint) = complaints::standing(tx, id).await? else { return Ok(()) };
    let actor = Actor {
        person: arrival.person,
        device: Some(arrival.device),
        claimed_at: Some(arrival.claimed_at),
        at: now,
    };
    let facts = json!({ "log_index": arrival.log_index, "late": arrival.late });
    let event = actor.event(EventKind::LateWork).visit(plan.id).detail(facts);
    if must_reopen(&plan, &complaint, arrival.late) {
        if plan.state == VisitState::Approved {
            change_visit(tx, VisitPlan { state: VisitState::Finished, ..plan }).await.map_err(store_error)?;
        }
        let reopened = step(tx, complaint, Act::LateWork, event, actor).await;
        return reopened.map(drop).map_err(|error| store_error(error.into()));
    }
    if arrival.late { history::add(tx, id, &event).await } else { Ok(()) }
}

/// Whether somebody has judged without knowing of this. A return visit writes while its complaint waits for it: that
/// alone is no surprise.
fn must_reopen(plan: &VisitPlan, complaint: &Complaint, late: bool) -> bool {
    match complaint.state {
        State::Closed => true,
        State::Reviewed | State::Answered | State::ReturnVisited => {
            late || plan.state == VisitState::Approved
        }
        _ => false,
    }
}

/// Nothing here can be refused but for a lost race: then the exchange repeats the whole transaction.
fn store_error(error: WorkOrderError) -> StoreError {
    match error {
        WorkOrderError::Store(source) | WorkOrderError::Complaint(ComplaintError::Store(source)) => source,
        other => {
            tracing::warn!(%other, "the review could not be opened again");
            StoreError::Busy { waited: std::time::Duration::ZERO }
        }
    }
}
