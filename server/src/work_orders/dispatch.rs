//! Work orders are made, visits planned, people sent and taken off. Each act happens in the caller's transaction.

use super::model::{
    Assignment, OrderKind, OrderState, Origin, VisitAct, VisitPlan, VisitState, VisitStateConflict,
    WorkOrder, next_visit_state, order_state,
};
use super::{cards, sql};
use crate::audit::{self, EntryKind};
use crate::checklists;
use crate::complaints::acts::{Actor, ComplaintError, find_open_to_acts, named, step};
use crate::complaints::model::{Act, Complaint, EventKind, Priority};
use crate::complaints::{self, history};
use crate::exchange::members;
use crate::people::{self, Role};
use crate::store::{StoreError, Tx};
use serde_json::json;
use sync_core::ids::{ComplaintId, PersonId, VisitId, WorkOrderId};
use sync_core::time::Timestamp;

const ORDER_CREATED: EntryKind = EntryKind("work_order.created");
const VISIT_PLANNED: EntryKind = EntryKind("visit.planned");
pub(super) const VISIT_CANCELLED: EntryKind = EntryKind("visit.cancelled");

/// Why an act on a work order or a visit is refused.
#[derive(Debug, thiserror::Error)]
pub enum WorkOrderError {
    /// There is no such work order, or it is out of reach.
    #[error("there is no such work order")]
    UnknownOrder,
    /// There is no such visit, or it is out of reach.
    #[error("there is no such visit")]
    UnknownVisit,
    /// The person does not exist, may not sign in any more, or is no technician.
    #[error("the person is no technician who could be sent")]
    NotSendable,
    /// Nobody could be asked or told: name or phone of the customer is not known.
    #[error("nobody can be reached about the complaint")]
    NoContact,
    /// The person did the work about which they would ask the customer.
    #[error("nobody asks the customer about their own work")]
    OwnWork,
    /// There is no such checklist.
    #[error("there is no such checklist")]
    UnknownChecklist,
    /// The step does not fit where the visit stands.
    #[error(transparent)]
    Visit(#[from] VisitStateConflict),
    /// The complaint refuses.
    #[error(transparent)]
    Complaint(#[from] ComplaintError),
    /// Somebody else changed it meanwhile.
    #[error("the work order or visit was changed meanwhile")]
    Changed,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A work order that is to be made.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// Its identity.
    pub id: WorkOrderId,
    /// What it is for.
    pub kind: OrderKind,
    /// Checklist; the usual one of the complaint's utility if absent.
    pub checklist: Option<String>,
    /// What the office wants done.
    pub instructions: Option<String>,
    /// How urgent it is; as the complaint if absent.
    pub priority: Option<Priority>,
    /// When somebody must be on site.
    pub due_at: Option<Timestamp>,
    /// Why somebody is sent although nobody can be reached.
    pub override_reason: Option<String>,
}

/// A visit that is to be planned.
#[derive(Debug, Clone)]
pub struct NewVisit {
    /// Its identity.
    pub id: VisitId,
    /// `YYYY-MM-DD` in the office's calendar.
    pub planned_on: String,
    /// Appointment from and to.
    pub appointment: Option<(Timestamp, Timestamp)>,
}

/// Makes a work order under a complaint.
///
/// # Errors
/// [`WorkOrderError::NoContact`] while nobody can be reached and no reason is given for going all the same.
pub async fn create_order(
    tx: &mut Tx,
    complaint: &Complaint,
    new: NewOrder,
    by: Actor,
) -> Result<WorkOrder, WorkOrderError> {
    // Closed and withdrawn complaints take no work orders before they are reopened.
    complaints::model::next_state(complaint.state, Act::Assign).map_err(ComplaintError::from)?;
    let override_reason = new.override_reason.filter(|_| !complaint.intake.is_reachable());
    if !complaint.intake.is_reachable() && override_reason.is_none() {
        return Err(WorkOrderError::NoContact);
    }
    let usual = checklists::usual_for(complaint.intake.utility);
    let checklist = new.checklist.unwrap_or_else(|| usual.to_owned());
    if checklists::newest(tx, &checklist).await?.is_none() {
        return Err(WorkOrderError::UnknownChecklist);
    }
    let order = WorkOrder {
        id: new.id,
        complaint: complaint.id,
        version: 1,
        state: OrderState::Planned,
        kind: new.kind,
        checklist,
        instructions: new.instructions,
        priority: new.priority.unwrap_or(complaint.intake.priority),
        due_at: new.due_at,
        created_by: by.person,
        created_at: by.at,
    };
    sql::insert_order(tx, &order).await?;
    let facts = json!({ "work_order": order.id, "kind": order.kind, "checklist": order.checklist });
    let mut event = by.event(EventKind::WorkOrderCreated).detail(facts);
    let mut detail = named(complaint).with("work_order", order.id);
    if let Some(reason) = override_reason {
        event = event.reason(&reason);
        detail = detail.with("overridden", "no contact");
    }
    history::add(tx, complaint.id, &event).await?;
    audit::append(tx, &by.entry(ORDER_CREATED, detail)).await?;
    Ok(order)
}

/// Plans a visit under a work order. Its document exists from now on.
pub async fn plan_visit(
    tx: &mut Tx,
    order: &WorkOrder,
    new: NewVisit,
    by: Actor,
) -> Result<VisitPlan, WorkOrderError> {
    let complaint = find_open_to_acts(tx, order.complaint).await?;
    let visit = VisitPlan {
        id: new.id,
        work_order: Some(order.id),
        complaint: Some(order.complaint),
        version: 1,
        state: VisitState::Planned,
        origin: Origin::Office,
        checklist: order.checklist.clone(),
        planned_on: new.planned_on,
        appointment: new.appointment,
        arrived: None,
        ended: None,
        outcome: None,
        created_by: by.person,
        created_at: by.at,
    };
    sql::insert_visit(tx, &visit).await?;
    settle_order(tx, order.id).await?;
    let facts = json!({ "work_order": order.id, "planned_on": visit.planned_on });
    let event = by.event(EventKind::VisitPlanned).visit(visit.id).detail(facts);
    history::add(tx, complaint.id, &event).await?;
    let detail = named(&complaint).with("work_order", order.id).with("planned_on", &visit.planned_on);
    audit::append(tx, &by.entry(VISIT_PLANNED, detail).visit(visit.id)).await?;
    Ok(visit)
}

/// Sends a person to a visit. Nothing happens when they are sent already.
///
/// # Errors
/// [`WorkOrderError::NotSendable`], or the visit or complaint is over.
pub async fn assign(
    tx: &mut Tx,
    visit: &VisitPlan,
    person: PersonId,
    by: Actor,
) -> Result<(), WorkOrderError> {
    if matches!(visit.state, VisitState::Approved | VisitState::Cancelled) {
        return Err(VisitStateConflict { state: visit.state }.into());
    }
    let complaint = match visit.complaint {
        Some(id) => complaints::standing(tx, id).await?,
        None => None,
    };
    if crew_of(tx, visit.id).await?.contains(&person) {
        return Ok(());
    }
    if let Some(complaint) = &complaint {
        complaints::model::next_state(complaint.state, Act::Assign).map_err(ComplaintError::from)?;
    }
    require_sendable(tx, person).await?;
    if !crate::returns::may_ask(tx, visit.id, person).await? {
        return Err(WorkOrderError::OwnWork);
    }
    sql::insert_assignment(tx, visit.id, person, by.person, by.at).await?;
    complaints::refresh_crew(tx, visit.id).await?;
    if let Some(order) = visit.work_order {
        settle_order(tx, order).await?;
    }
    let crew = crew_of(tx, visit.id).await?;
    cards::put_for(tx, visit, &crew).await?;
    members::assign(tx, visit.id, person, by.person, by.at).await?;
    if let Some(complaint) = complaint {
        let event = by.event(EventKind::Assigned).visit(visit.id).detail(json!({ "person": person }));
        history::add(tx, complaint.id, &event).await?;
        step(tx, complaint, Act::Assign, by.event(EventKind::StateChanged).visit(visit.id), by).await?;
    }
    Ok(())
}

/// Takes a person off a visit. What they recorded stays, and what they still hold will be taken. Nothing happens when
/// they are not on it.
pub async fn unassign(
    tx: &mut Tx,
    visit: &VisitPlan,
    person: PersonId,
    reason: &str,
    by: Actor,
) -> Result<(), WorkOrderError> {
    let mut crew = crew_of(tx, visit.id).await?;
    let before = crew.len();
    crew.retain(|member| *member != person);
    if crew.len() == before {
        return Ok(());
    }
    sql::end_assignment(tx, visit.id, person, by.person, by.at, reason).await?;
    complaints::refresh_crew(tx, visit.id).await?;
    if let Some(order) = visit.work_order {
        settle_order(tx, order).await?;
    }
    cards::take_from(tx, visit.id, person).await?;
    cards::put_for(tx, visit, &crew).await?;
    members::unassign(tx, visit.id, person, by.person, by.at).await?;
    if let Some(complaint) = visit.complaint {
        let event = by.event(EventKind::Unassigned).visit(visit.id).reason(reason);
        history::add(tx, complaint, &event.detail(json!({ "person": person }))).await?;
    }
    Ok(())
}

/// Calls a visit off. Everybody on it is taken off.
///
/// # Errors
/// [`WorkOrderError::Visit`] once somebody is on site or has finished.
pub async fn cancel_visit(
    tx: &mut Tx,
    visit: &VisitPlan,
    reason: &str,
    by: Actor,
) -> Result<VisitPlan, WorkOrderError> {
    let state = next_visit_state(visit.state, VisitAct::Cancel)?;
    if state == visit.state {
        return Ok(visit.clone());
    }
    for person in crew_of(tx, visit.id).await? {
        unassign(tx, visit, person, reason, by).await?;
    }
    let visit = change_visit(tx, VisitPlan { state, ..visit.clone() }).await?;
    let entry = by.entry(VISIT_CANCELLED, audit::Detail::new()).visit(visit.id).because(Some(reason));
    audit::append(tx, &entry).await?;
    Ok(visit)
}

/// Writes a changed visit and lets its work order and cards follow.
pub(super) async fn change_visit(tx: &mut Tx, mut visit: VisitPlan) -> Result<VisitPlan, WorkOrderError> {
    if !sql::update_visit(tx, &visit).await? {
        return Err(WorkOrderError::Changed);
    }
    visit.version += 1;
    if let Some(order) = visit.work_order {
        settle_order(tx, order).await?;
    }
    cards::refresh_visit(tx, &visit).await?;
    Ok(visit)
}

/// Moves a visit on by a decision of the review.
pub async fn review_visit(tx: &mut Tx, visit: VisitPlan, act: VisitAct) -> Result<VisitPlan, WorkOrderError> {
    let state = next_visit_state(visit.state, act)?;
    if state == visit.state {
        return Ok(visit);
    }
    change_visit(tx, VisitPlan { state, ..visit }).await
}

/// Brings the state of a work order in line with its visits.
pub(super) async fn settle_order(tx: &mut Tx, id: WorkOrderId) -> Result<(), WorkOrderError> {
    let Some(mut order) = sql::find_order(tx, id).await? else { return Ok(()) };
    let visits = sql::visits_of_order(tx, id).await?;
    let mut is_crewed = false;
    for visit in visits.iter().filter(|visit| visit.is_open()) {
        is_crewed = is_crewed || !crew_of(tx, visit.id).await?.is_empty();
    }
    let states: Vec<VisitState> = visits.iter().map(|visit| visit.state).collect();
    let state = order_state(order.state, &states, is_crewed);
    if state == order.state {
        return Ok(());
    }
    order.state = state;
    if sql::update_order(tx, &order).await? { Ok(()) } else { Err(WorkOrderError::Changed) }
}

/// Ends all assignments of a complaint's visits: its matter is over.
pub async fn release_crews(
    tx: &mut Tx,
    complaint: ComplaintId,
    reason: &str,
    by: Actor,
) -> Result<(), WorkOrderError> {
    for visit in sql::visits_of(tx, complaint).await? {
        for person in crew_of(tx, visit.id).await? {
            unassign(tx, &visit, person, reason, by).await?;
        }
    }
    Ok(())
}

/// Everybody who is sent to a visit now.
pub async fn crew_of(tx: &mut Tx, visit: VisitId) -> Result<Vec<PersonId>, StoreError> {
    let assignments = sql::assignments_of(tx, visit).await?;
    Ok(assignments.iter().filter(|row| row.ended_at.is_none()).map(|row| row.person).collect())
}

/// Whether a person is or was sent to a visit: the newest of their rows.
pub(super) fn newest_of(assignments: &[Assignment], person: PersonId) -> Option<&Assignment> {
    assignments.iter().rev().find(|row| row.person == person)
}

async fn require_sendable(tx: &mut Tx, person: PersonId) -> Result<(), WorkOrderError> {
    let found = people::find(tx, person).await?.filter(|person| person.disabled_at.is_none());
    let is_technician =
        found.is_some_and(|person| person.roles.iter().any(|grant| grant.role == Role::Technician));
    if is_technician { Ok(()) } else { Err(WorkOrderError::NotSendable) }
}
