//! What devices ask for: requests about things the server owns. Each is decided once; a refusal says why.
//!
//! The exchange calls [`handle`] for a command id that it has not seen, within the transaction that keeps the outcome.
//! A person who lost the visit in the meantime is not refused: what they report about it is kept as late work.

use super::contact;
use super::dispatch::{self, WorkOrderError, crew_of, newest_of};
use super::experts;
use super::field_work;
use super::model::{VisitAct, VisitPlan, VisitState, next_visit_state};
use super::sql;
use super::{prevention, promises};
use crate::app::App;
use crate::complaints::acts::{Actor, step};
use crate::complaints::intake::clean;
use crate::complaints::model::{Act, EventKind};
use crate::complaints::{self, history};
use crate::deadlines;
use crate::exchange::commands::{CommandContext, CommandFuture, CommandHandler};
use crate::returns;
use crate::store::{StoreError, Tx};
use serde_json::{Value, json};
use sync_core::ids::{CommandId, DeviceId, PersonId, VisitId, WorkOrderId};
use sync_core::protocol::{CommandOutcome, Request};
use sync_core::time::Timestamp;

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub struct FieldCommand {
    /// Identity of the request.
    pub id: CommandId,
    /// The device that asks.
    pub device: DeviceId,
    /// The person signed in.
    pub person: PersonId,
    /// The device's word for when.
    pub claimed_at: Timestamp,
    /// When the server got it.
    pub received_at: Timestamp,
}

impl FieldCommand {
    /// The person as the author of an act.
    pub(super) fn actor(&self) -> Actor {
        Actor {
            person: self.person,
            device: Some(self.device),
            claimed_at: Some(self.claimed_at),
            at: self.received_at,
        }
    }
}

/// What was decided, before it is said to the device.
pub(super) type Decision = Result<Option<String>, Refusal>;

/// A refused request.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// For a reason that the device is told.
    #[error("{reason}: {detail}")]
    Because {
        /// Stable code.
        reason: &'static str,
        /// What exactly, in English.
        detail: String,
    },
    /// The database failed: nothing is decided.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal {
    pub(super) fn because(reason: &'static str, detail: impl Into<String>) -> Self {
        Self::Because { reason, detail: detail.into() }
    }
}

impl From<WorkOrderError> for Refusal {
    fn from(error: WorkOrderError) -> Self {
        match error {
            WorkOrderError::Store(source) => Self::Store(source),
            WorkOrderError::Complaint(complaints::ComplaintError::Store(source)) => Self::Store(source),
            // Lost a race on PostgreSQL: the exchange repeats the whole transaction.
            WorkOrderError::Changed | WorkOrderError::Complaint(complaints::ComplaintError::Changed) => {
                Self::Store(StoreError::Busy { waited: std::time::Duration::ZERO })
            }
            WorkOrderError::UnknownOrder => Self::because("work_order_unknown", error.to_string()),
            WorkOrderError::UnknownVisit => Self::because("visit_unknown", error.to_string()),
            WorkOrderError::Visit(conflict) => Self::because(conflict.reason(), conflict.to_string()),
            other => Self::because("state", other.to_string()),
        }
    }
}

/// The commands of the field, as the exchange hands them over.
#[derive(Debug)]
pub struct FieldCommands;

impl CommandHandler for FieldCommands {
    fn handle<'a>(
        &'a self,
        _app: &'a App,
        tx: &'a mut Tx,
        context: CommandContext,
        request: &'a Request,
    ) -> Option<CommandFuture<'a>> {
        let command = FieldCommand {
            id: context.command_id,
            device: context.device_id,
            person: context.person_id,
            claimed_at: context.claimed_at,
            received_at: context.now,
        };
        Some(Box::pin(async move { handle(tx, &command, request).await }))
    }
}

/// Decides a request.
///
/// # Errors
/// The database failed; nothing was decided and the request may be repeated.
pub async fn handle(
    tx: &mut Tx,
    command: &FieldCommand,
    request: &Request,
) -> Result<CommandOutcome, StoreError> {
    match decide(tx, command, request).await {
        Ok(reference) => Ok(CommandOutcome::Done { reference }),
        Err(Refusal::Because { reason, detail }) => {
            Ok(CommandOutcome::Refused { reason: reason.to_owned(), detail })
        }
        Err(Refusal::Store(source)) => Err(source),
    }
}

async fn decide(tx: &mut Tx, command: &FieldCommand, request: &Request) -> Decision {
    match request {
        Request::AcceptWorkOrder { work_order } => accept(tx, command, *work_order).await,
        Request::DeclineWorkOrder { work_order, reason } => decline(tx, command, *work_order, reason).await,
        Request::Arrive { visit } => arrive(tx, command, *visit).await,
        Request::NoAccess { visit, reason } => leave(tx, command, *visit, VisitAct::NoAccess, reason).await,
        Request::Finish { visit, outcome } => leave(tx, command, *visit, VisitAct::Finish, outcome).await,
        Request::OpenComplaint(new) => field_work::open(tx, command, new).await,
        Request::Grumble { text, category, place } => {
            prevention::add_grumble(tx, command, text, category.as_deref(), place.as_deref()).await
        }
        Request::Promise { visit, entry, due, relied_on } => {
            let (plan, _) = part_in(tx, command, *visit).await?;
            promises::add_promise(tx, command, (*visit, *entry), *due, *relied_on).await?;
            let facts = json!({ "entry": entry, "due_at_ms": due });
            note(tx, command, &plan, EventKind::Promised, None, facts).await
        }
        Request::CorrectContact { visit, name, phone, address, reason } => {
            let (plan, _) = part_in(tx, command, *visit).await?;
            let given = [name, phone, address].map(|text| text.as_deref().map(clean));
            contact::correct(tx, command, &plan, given, &clean(reason)).await
        }
        Request::AskExpert { visit, skill, question } => {
            let (plan, _) = part_in(tx, command, *visit).await?;
            experts::ask(tx, command, &plan, (skill, question)).await
        }
        Request::PhotoUnavailable { visit, entry, reason } => {
            let (plan, _) = part_in(tx, command, *visit).await?;
            let reason = clean(reason);
            prevention::declare_photo(tx, command, *visit, *entry, &reason).await?;
            let facts = json!({ "entry": entry });
            note(tx, command, &plan, EventKind::PhotoUnavailable, Some(reason), facts).await
        }
    }
}

/// Whether somebody still works on a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// They do.
    Now,
    /// They did, and what they report comes late.
    Late,
}

/// The visit, when the person is or was sent to it.
async fn part_in(tx: &mut Tx, command: &FieldCommand, visit: VisitId) -> Result<(VisitPlan, Part), Refusal> {
    let unknown = || Refusal::because("visit_unknown", "the office knows no such visit");
    let plan = sql::find_visit(tx, visit).await?.ok_or_else(unknown)?;
    let assignments = sql::assignments_of(tx, visit).await?;
    match newest_of(&assignments, command.person) {
        Some(row) if row.ended_at.is_none() => Ok((plan, Part::Now)),
        Some(_) => Ok((plan, Part::Late)),
        None => Err(Refusal::because("not_assigned", "the person was never sent to this visit")),
    }
}

async fn accept(tx: &mut Tx, command: &FieldCommand, id: WorkOrderId) -> Decision {
    for visit in visits_of_own(tx, command, id).await? {
        sql::accept_assignment(tx, visit.id, command.person, command.claimed_at).await?;
        let Ok(state) = next_visit_state(visit.state, VisitAct::Accept) else { continue };
        if state != visit.state {
            let visit = dispatch::change_visit(tx, VisitPlan { state, ..visit }).await?;
            note(tx, command, &visit, EventKind::AcceptedInField, None, json!({ "work_order": id })).await?;
        }
    }
    Ok(None)
}

async fn decline(tx: &mut Tx, command: &FieldCommand, id: WorkOrderId, reason: &str) -> Decision {
    let visits = visits_of_own(tx, command, id).await?;
    let begun = |visit: &VisitPlan| !matches!(visit.state, VisitState::Planned | VisitState::Accepted);
    if visits.iter().any(begun) {
        return Err(Refusal::because("visit_begun", "a visit of this work order has begun already"));
    }
    let reason = clean(reason);
    for mut visit in visits {
        dispatch::unassign(tx, &visit, command.person, &format!("declined: {reason}"), command.actor())
            .await?;
        if visit.state == VisitState::Accepted && crew_of(tx, visit.id).await?.is_empty() {
            visit.state = VisitState::Planned;
            visit = dispatch::change_visit(tx, visit).await?;
        }
        let facts = json!({ "work_order": id });
        note(tx, command, &visit, EventKind::DeclinedInField, Some(reason.clone()), facts).await?;
    }
    Ok(None)
}

/// The visits of a work order that the person is sent to.
async fn visits_of_own(
    tx: &mut Tx,
    command: &FieldCommand,
    id: WorkOrderId,
) -> Result<Vec<VisitPlan>, Refusal> {
    if sql::find_order(tx, id).await?.is_none() {
        return Err(Refusal::because("work_order_unknown", "the office knows no such work order"));
    }
    let mut own = Vec::new();
    let mut was_sent = false;
    for visit in sql::visits_of_order(tx, id).await? {
        let assignments = sql::assignments_of(tx, visit.id).await?;
        match newest_of(&assignments, command.person) {
            Some(row) if row.ended_at.is_none() => own.push(visit),
            Some(_) => was_sent = true,
            None => {}
        }
    }
    match (own.is_empty(), was_sent) {
        (false, _) => Ok(own),
        (true, true) => Err(Refusal::because("reassigned", "the work order went to somebody else meanwhile")),
        (true, false) => {
            Err(Refusal::because("not_assigned", "the person was never sent on this work order"))
        }
    }
}

async fn arrive(tx: &mut Tx, command: &FieldCommand, visit: VisitId) -> Decision {
    let (mut plan, part) = part_in(tx, command, visit).await?;
    let times = (command.claimed_at, command.received_at);
    let earliest = plan.arrived.is_none_or(|(claimed, _)| command.claimed_at < claimed);
    if earliest {
        plan.arrived = Some(times);
    }
    if part == Part::Now {
        plan.state = next_visit_state(plan.state, VisitAct::Arrive).map_err(WorkOrderError::from)?;
    }
    let plan = dispatch::change_visit(tx, plan).await?;
    if let Some(id) = plan.complaint
        && let Some(complaint) = complaints::standing(tx, id).await?
    {
        deadlines::arrived(tx, &complaint, command.device, times).await?;
    }
    note(tx, command, &plan, EventKind::Arrived, None, lateness(part)).await
}

/// Leaving the site: finished, or in vain.
async fn leave(
    tx: &mut Tx,
    command: &FieldCommand,
    visit: VisitId,
    act: VisitAct,
    outcome: &str,
) -> Decision {
    let (mut plan, part) = part_in(tx, command, visit).await?;
    let outcome = clean(outcome);
    let kind = if act == VisitAct::Finish { EventKind::Finished } else { EventKind::NoAccess };
    let mut facts = lateness(part);
    facts["outcome"] = Value::from(outcome.clone());
    if part == Part::Late {
        if plan.state == VisitState::Cancelled && plan.ended.is_none() {
            // Nobody comes after them: when they left and with what result stays on record.
            plan.ended = Some((command.claimed_at, command.received_at));
            plan.outcome = Some(outcome);
            plan = dispatch::change_visit(tx, plan).await?;
        }
        // Somebody else may be on the visit by now: what is reported late is noted and ends nothing.
        return note(tx, command, &plan, kind, None, facts).await;
    }
    plan.state = next_visit_state(plan.state, act).map_err(WorkOrderError::from)?;
    plan.ended = Some((command.claimed_at, command.received_at));
    plan.outcome = Some(outcome);
    let plan = dispatch::change_visit(tx, plan).await?;
    note(tx, command, &plan, kind, None, facts).await?;
    crate::review::visit_ended(tx, &plan, command.received_at).await?;
    investigated(tx, command, &plan).await?;
    if act == VisitAct::Finish {
        let times = (command.claimed_at, command.received_at);
        let planned = returns::visit_completed(tx, &plan, command.device, times).await;
        planned.map_err(returns::ReturnError::into_store)?;
    }
    Ok(None)
}

fn lateness(part: Part) -> Value {
    if part == Part::Late { json!({ "late": true }) } else { json!({}) }
}

/// Once no visit is open any more, the complaint waits for its review.
async fn investigated(tx: &mut Tx, command: &FieldCommand, plan: &VisitPlan) -> Result<(), Refusal> {
    let Some(id) = plan.complaint else { return Ok(()) };
    let Some(complaint) = complaints::standing(tx, id).await? else { return Ok(()) };
    let mut visits = Vec::new();
    for record in complaints::family(tx, complaint.id).await? {
        visits.extend(sql::visits_of(tx, record).await?);
    }
    let is_finished = visits.iter().any(|visit| visit.state == VisitState::Finished);
    if visits.iter().any(VisitPlan::is_open) || !is_finished {
        return Ok(());
    }
    let actor = command.actor();
    let event = actor.event(EventKind::StateChanged).visit(plan.id);
    match step(tx, complaint, Act::Investigate, event, actor).await {
        // A complaint that was closed or withdrawn meanwhile stays so; the visit shows what was found.
        Ok(_) | Err(complaints::ComplaintError::State(_)) => Ok(()),
        Err(other) => Err(WorkOrderError::from(other).into()),
    }
}

/// Adds what happened on a visit to the timeline of its complaint.
async fn note(
    tx: &mut Tx,
    command: &FieldCommand,
    plan: &VisitPlan,
    kind: EventKind,
    reason: Option<String>,
    facts: Value,
) -> Decision {
    let Some(complaint) = plan.complaint else { return Ok(None) };
    let mut event = command.actor().event(kind).visit(plan.id).detail(facts);
    event.reason = reason;
    history::add(tx, complaint, &event).await?;
    Ok(None)
}
