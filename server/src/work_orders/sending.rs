//! Somebody is sent to a complaint without asking which visit: on the open one, else on a new one.

use super::dispatch::{self, NewOrder, NewVisit, WorkOrderError, crew_of};
use super::model::{OrderKind, OrderState};
use super::sql;
use crate::complaints::acts::Actor;
use crate::complaints::model::{Complaint, State};
use crate::store::Tx;
use sync_core::ids::{PersonId, VisitId, WorkOrderId};

/// Who is to go, and when if no visit is planned yet.
#[derive(Debug, Clone)]
pub(crate) struct Sending {
    /// Who.
    pub(crate) person: PersonId,
    /// Day of a new visit, `YYYY-MM-DD`.
    pub(crate) planned_on: String,
    /// Id of a new work order.
    pub(crate) order: WorkOrderId,
    /// Id of a new visit.
    pub(crate) visit: VisitId,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// They were sent before.
    Already,
    /// They joined the visit that is open.
    OpenVisit,
    /// A visit was planned for them.
    NewVisit,
}

impl Sent {
    /// The stable word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Already => "already",
            Self::OpenVisit => "open_visit",
            Self::NewVisit => "new_visit",
        }
    }
}

/// Sends somebody to a complaint.
///
/// # Errors
/// As [`dispatch::assign`], and the complaint may take no work orders.
pub(crate) async fn send(
    tx: &mut Tx,
    complaint: &Complaint,
    new: &Sending,
    by: Actor,
) -> Result<Sent, WorkOrderError> {
    let visits = sql::visits_of(tx, complaint.id).await?;
    if let Some(visit) = visits.iter().rev().find(|visit| visit.is_open()) {
        if crew_of(tx, visit.id).await?.contains(&new.person) {
            return Ok(Sent::Already);
        }
        dispatch::assign(tx, visit, new.person, by).await?;
        return Ok(Sent::OpenVisit);
    }
    let orders = sql::orders_of(tx, complaint.id).await?;
    let unused = orders.into_iter().rev().find(|order| order.state == OrderState::Planned);
    let order = match unused {
        Some(order) => order,
        None => dispatch::create_order(tx, complaint, usual_order(complaint, new.order), by).await?,
    };
    let visit = NewVisit { id: new.visit, planned_on: new.planned_on.clone(), appointment: None };
    let visit = dispatch::plan_visit(tx, &order, visit, by).await?;
    dispatch::assign(tx, &visit, new.person, by).await?;
    Ok(Sent::NewVisit)
}

/// What a work order is for, as the complaint stands.
pub(crate) fn usual_kind(state: State) -> OrderKind {
    match state {
        State::Reviewed | State::Answered | State::ReturnVisited => OrderKind::ReturnVisit,
        _ => OrderKind::Investigation,
    }
}

fn usual_order(complaint: &Complaint, id: WorkOrderId) -> NewOrder {
    let kind = usual_kind(complaint.state);
    NewOrder {
        id,
        kind,
        checklist: None,
        instructions: None,
        priority: None,
        due_at: None,
        override_reason: None,
    }
}
