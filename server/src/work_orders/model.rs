//! What a work order and a planned visit are, and which steps fit where. No SQL, no HTTP.

use crate::complaints::model::Priority;
use crate::words::words;
use sync_core::codes::CodeTable;
use sync_core::ids::{ComplaintId, PersonId, VisitId, WorkOrderId};
use sync_core::time::Timestamp;

words! {
    /// Where a work order stands.
    pub OrderState {
        /// Nobody is sent yet.
        Planned = "planned",
        /// Somebody is sent.
        Assigned = "assigned",
        /// The technician took it.
        Accepted = "accepted",
        /// Everybody who was sent declined.
        Declined = "declined",
        /// Sent back after review.
        Rework = "rework",
        /// All its visits are over.
        Done = "done",
        /// The review accepted it.
        Approved = "approved",
        /// Called off.
        Cancelled = "cancelled",
    }
}

words! {
    /// Where a visit stands, as the office knows from commands.
    pub VisitState {
        /// Nobody has taken it yet.
        Planned = "planned",
        /// The technician took it.
        Accepted = "accepted",
        /// The technician is there.
        OnSite = "on_site",
        /// The technician was there in vain.
        NoAccess = "no_access",
        /// The technician finished it.
        Finished = "finished",
        /// The review accepted it.
        Approved = "approved",
        /// Sent back after review.
        Rework = "rework",
        /// Called off.
        Cancelled = "cancelled",
    }
}

words! {
    /// Where a visit began.
    pub Origin {
        /// Planned by the office.
        Office = "office",
        /// Opened by a technician on site.
        Field = "field",
    }
}

words! {
    /// What a visit is for.
    pub OrderKind {
        /// To find out what is the matter.
        Investigation = "investigation",
        /// To check the result afterwards.
        ReturnVisit = "return_visit",
    }
}

/// The instruction that sends someone to a complaint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkOrder {
    /// Its identity.
    pub id: WorkOrderId,
    /// The complaint.
    pub complaint: ComplaintId,
    /// Raised by every change.
    pub version: i64,
    /// Where it stands.
    pub state: OrderState,
    /// What it is for.
    pub kind: OrderKind,
    /// Checklist to fill in.
    pub checklist: String,
    /// What the office wants done.
    pub instructions: Option<String>,
    /// How urgent it is.
    pub priority: Priority,
    /// When somebody must be on site.
    pub due_at: Option<Timestamp>,
    /// Who made it.
    pub created_by: PersonId,
    /// When.
    pub created_at: Timestamp,
}

/// What the office knows about a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitPlan {
    /// Its identity.
    pub id: VisitId,
    /// The work order; none when it was born in the field.
    pub work_order: Option<WorkOrderId>,
    /// The complaint; none for field work without a complaint.
    pub complaint: Option<ComplaintId>,
    /// Raised by every change.
    pub version: i64,
    /// Where it stands.
    pub state: VisitState,
    /// Where it began.
    pub origin: Origin,
    /// Checklist to fill in.
    pub checklist: String,
    /// `YYYY-MM-DD` in the office's calendar.
    pub planned_on: String,
    /// Appointment from and to.
    pub appointment: Option<(Timestamp, Timestamp)>,
    /// First arrival: claimed and received.
    pub arrived: Option<(Timestamp, Timestamp)>,
    /// End: claimed and received.
    pub ended: Option<(Timestamp, Timestamp)>,
    /// Outcome, or why there was no access.
    pub outcome: Option<String>,
    /// Who planned or opened it.
    pub created_by: PersonId,
    /// When.
    pub created_at: Timestamp,
}

impl VisitPlan {
    /// Whether somebody was on site and found more than a closed door.
    pub(crate) fn took_place(&self) -> bool {
        took_place(self.state, self.arrived.is_some() || self.ended.is_some(), self.outcome.as_deref())
    }

    /// Whether something is still to be done on site.
    pub fn is_open(&self) -> bool {
        matches!(
            self.state,
            VisitState::Planned | VisitState::Accepted | VisitState::OnSite | VisitState::Rework
        )
    }
}

/// Somebody who is or was sent to a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Who.
    pub person: PersonId,
    /// Since when.
    pub assigned_at: Timestamp,
    /// By whom.
    pub assigned_by: PersonId,
    /// When the person took it.
    pub accepted_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    pub end_reason: Option<String>,
}

/// Something that happens to a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitAct {
    /// The technician takes it.
    Accept,
    /// The technician arrives.
    Arrive,
    /// The technician was there in vain.
    NoAccess,
    /// The technician finishes it.
    Finish,
    /// The review sends it back.
    Rework,
    /// The review accepts it.
    Approve,
    /// It is called off.
    Cancel,
}

/// The step does not fit where the visit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a visit that is {state} cannot take this step")]
pub struct VisitStateConflict {
    /// Where the visit stands.
    pub state: VisitState,
}

impl VisitStateConflict {
    /// Stable reason code for the device.
    pub const fn reason(self) -> &'static str {
        match self.state {
            VisitState::Approved => "visit_approved",
            VisitState::Cancelled => "visit_cancelled",
            _ => "visit_state",
        }
    }
}

/// Whether somebody was on site and found more than a closed door.
pub(crate) fn took_place(state: VisitState, went: bool, outcome: Option<&str>) -> bool {
    let in_vain = outcome.is_some_and(|code| CodeTable::NoAccessReasons.find(code).is_some());
    went && state != VisitState::NoAccess && !in_vain
}

/// The state after this act; the same state when it was done before or came out of order.
///
/// # Errors
/// [`VisitStateConflict`] when the act does not fit.
pub fn next_visit_state(state: VisitState, act: VisitAct) -> Result<VisitState, VisitStateConflict> {
    use VisitState::{Accepted, Approved, Cancelled, Finished, NoAccess, OnSite, Planned, Rework};
    let refused = Err(VisitStateConflict { state });
    match (act, state) {
        (VisitAct::Approve, Finished | NoAccess | Approved) => Ok(Approved),
        (VisitAct::Rework, Finished | NoAccess | Approved | Rework) => Ok(Rework),
        (VisitAct::Cancel, Planned | Accepted | NoAccess | Rework | Cancelled) => Ok(Cancelled),
        (VisitAct::Approve | VisitAct::Rework | VisitAct::Cancel, _) | (_, Approved | Cancelled) => refused,
        // A rework is taken and begun like a first visit; an acceptance that comes late changes nothing.
        (VisitAct::Accept, Planned) => Ok(Accepted),
        (VisitAct::Accept, _) => Ok(state),
        (VisitAct::Arrive, Finished) => Ok(Finished),
        (VisitAct::Arrive, _) => Ok(OnSite),
        (VisitAct::NoAccess, Finished) => refused,
        (VisitAct::NoAccess, _) => Ok(NoAccess),
        (VisitAct::Finish, _) => Ok(Finished),
    }
}

/// Where a work order stands, given its visits and whether anybody is sent to them.
pub fn order_state(before: OrderState, visits: &[VisitState], is_crewed: bool) -> OrderState {
    use VisitState::{Accepted, Approved, Cancelled, Finished, NoAccess, OnSite, Planned, Rework};
    if before == OrderState::Cancelled {
        return before;
    }
    let live: Vec<VisitState> = visits.iter().copied().filter(|state| *state != Cancelled).collect();
    let any = |wanted: &[VisitState]| live.iter().any(|state| wanted.contains(state));
    let all = |wanted: &[VisitState]| !live.is_empty() && live.iter().all(|state| wanted.contains(state));
    if any(&[Rework]) {
        OrderState::Rework
    } else if all(&[Approved]) {
        OrderState::Approved
    } else if all(&[Approved, Finished, NoAccess]) {
        OrderState::Done
    } else if any(&[Accepted, OnSite]) {
        OrderState::Accepted
    } else if live.is_empty() && !visits.is_empty() {
        // Everything was called off: nobody declined, and somebody may be sent anew.
        OrderState::Planned
    } else if is_crewed && any(&[Planned]) {
        OrderState::Assigned
    } else if matches!(before, OrderState::Assigned | OrderState::Accepted | OrderState::Declined) {
        OrderState::Declined
    } else {
        OrderState::Planned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_takes_only_steps_that_fit() {
        use VisitAct as Act;
        use VisitState as S;
        for (state, act, expected) in [
            (S::Planned, Act::Accept, Some(S::Accepted)),
            (S::OnSite, Act::Accept, Some(S::OnSite)),
            (S::Planned, Act::Arrive, Some(S::OnSite)),
            (S::NoAccess, Act::Arrive, Some(S::OnSite)),
            (S::Finished, Act::Arrive, Some(S::Finished)),
            (S::Planned, Act::Finish, Some(S::Finished)),
            (S::Finished, Act::Finish, Some(S::Finished)),
            (S::Rework, Act::Finish, Some(S::Finished)),
            (S::Finished, Act::NoAccess, None),
            (S::Approved, Act::Arrive, None),
            (S::Cancelled, Act::Finish, None),
            (S::OnSite, Act::Approve, None),
            (S::Finished, Act::Approve, Some(S::Approved)),
            (S::Finished, Act::Rework, Some(S::Rework)),
            (S::OnSite, Act::Cancel, None),
            (S::Planned, Act::Cancel, Some(S::Cancelled)),
        ] {
            assert_eq!(next_visit_state(state, act).ok(), expected, "{act:?} when {state}");
        }
    }

    #[test]
    fn a_work_order_follows_its_visits() {
        use OrderState as O;
        use VisitState as S;
        for (name, before, visits, is_crewed, expected) in [
            ("nothing planned", O::Planned, &[][..], false, O::Planned),
            ("planned, nobody sent", O::Planned, &[S::Planned], false, O::Planned),
            ("somebody sent", O::Planned, &[S::Planned], true, O::Assigned),
            ("the last one declined", O::Assigned, &[S::Planned], false, O::Declined),
            ("sent again", O::Declined, &[S::Planned], true, O::Assigned),
            ("one accepted", O::Assigned, &[S::Planned, S::Accepted], true, O::Accepted),
            ("one of two finished", O::Accepted, &[S::Finished, S::Planned], true, O::Assigned),
            ("both over", O::Accepted, &[S::Finished, S::NoAccess], true, O::Done),
            ("called off ones do not count", O::Accepted, &[S::Finished, S::Cancelled], true, O::Done),
            ("sent back", O::Done, &[S::Rework, S::Approved], true, O::Rework),
            ("approved", O::Done, &[S::Approved], true, O::Approved),
            ("called off stays", O::Cancelled, &[S::Planned], true, O::Cancelled),
        ] {
            assert_eq!(order_state(before, visits, is_crewed), expected, "{name}");
        }
    }
}
