//! Return visits plan themselves when the work that they check is finished.

use super::check::{check, record_at_door};
use super::model::{ReturnError, ReturnState, ReturnVisit};
use super::rules::{self, Ruled};
use super::sql;
use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::complaints;
use crate::complaints::history::{self, NewEvent};
use crate::complaints::model::{Complaint, CustomerClass, EventKind, State};
use crate::deadlines;
use crate::store::{StoreError, Tx};
use crate::work_orders;
use crate::work_orders::model::{OrderKind, VisitPlan};
use serde_json::json;
use sha2::{Digest, Sha256};
use sync_core::ids::{DeviceId, ReturnVisitId};
use sync_core::return_visit::CompletedWork;
use sync_core::time::Timestamp;

/// A return visit was planned.
const PLANNED: EntryKind = EntryKind("return.planned");

/// A technician finished a visit: the customer is to be asked about it. If that happened before the report arrived,
/// the answers are held against the record now. Repeating it changes nothing.
pub(crate) async fn visit_completed(
    tx: &mut Tx,
    plan: &VisitPlan,
    device: DeviceId,
    (claimed, received): (Timestamp, Timestamp),
) -> Result<(), ReturnError> {
    let order = match plan.work_order {
        Some(order) => work_orders::find_order(tx, order).await?,
        None => None,
    };
    if order.as_ref().is_some_and(|order| order.kind == OrderKind::ReturnVisit) {
        return match sql::at_door(tx, plan.id).await? {
            Some(planned) => record_at_door(tx, planned, plan, received).await,
            None => Ok(()),
        };
    }
    let Some(id) = plan.complaint else { return Ok(()) };
    let Some(complaint) = complaints::standing(tx, id).await? else { return Ok(()) };
    let completed = deadlines::happened_at(tx, device, (claimed, received)).await?;
    // Whether the customer was asked too early is judged by the earliest moment that the report allows.
    let earliest = claimed.min(received);
    if let Some(order) = &order {
        for waiting in sql::waiting_for(tx, order.id).await? {
            open_second(tx, waiting, plan, &complaint, completed, received).await?;
        }
    }
    let known = sql::of_visit(tx, plan.id).await?;
    let mut is_asked = false;
    for planned in known.iter().filter(|planned| planned.state == ReturnState::Done) {
        is_asked |= settle_done(tx, planned.clone(), earliest, received).await?;
    }
    match known.into_iter().find(|planned| planned.state == ReturnState::Open) {
        Some(open) => move_limit(tx, open, plan, &complaint, completed).await,
        None if is_asked => Ok(()),
        None => plan_by_rule(tx, plan, &complaint, completed, received).await,
    }
}

/// What becomes of answers that are there already; says whether they count for this completion.
async fn settle_done(
    tx: &mut Tx,
    planned: ReturnVisit,
    completed: Timestamp,
    now: Timestamp,
) -> Result<bool, ReturnError> {
    if planned.done_at.is_none_or(|done| done < completed) {
        // Asked before the work was done: what was said then says nothing about it.
        if planned.checked.is_none() {
            write(tx, ReturnVisit { state: ReturnState::Void, ..planned }).await?;
        }
        return Ok(false);
    }
    let planned = match planned.completed_at {
        Some(known) if known >= completed => planned,
        _ => write(tx, ReturnVisit { completed_at: Some(completed), ..planned }).await?,
    };
    check(tx, planned, now).await?;
    Ok(true)
}

/// An open one counts from the newest completion.
async fn move_limit(
    tx: &mut Tx,
    open: ReturnVisit,
    plan: &VisitPlan,
    complaint: &Complaint,
    completed: Timestamp,
) -> Result<(), ReturnError> {
    if open.completed_at.is_some_and(|known| known >= completed) {
        return Ok(());
    }
    let ruled = ruled_for(tx, plan, complaint, completed).await?;
    let mut moved = ReturnVisit { completed_at: Some(completed), ..open };
    if let Some(ruled) = ruled {
        (moved.rule, moved.due_at, moved.provisional) = (ruled.rule, ruled.due_at, ruled.provisional);
    }
    write(tx, moved).await.map(drop)
}

/// The second return visit begins once the work is done again.
async fn open_second(
    tx: &mut Tx,
    waiting: ReturnVisit,
    plan: &VisitPlan,
    complaint: &Complaint,
    completed: Timestamp,
    now: Timestamp,
) -> Result<(), ReturnError> {
    let ruled = ruled_for(tx, plan, complaint, completed).await?;
    let mut open = ReturnVisit {
        state: ReturnState::Open,
        visit: Some(plan.id),
        completed_at: Some(completed),
        ..waiting
    };
    match ruled {
        Some(ruled) => {
            (open.rule, open.method) = (ruled.rule, ruled.method);
            (open.due_at, open.provisional) = (ruled.due_at, ruled.provisional);
        }
        // No rule asks for it, but the contradiction does: as soon as after a leak.
        None => (open.due_at, open.provisional) = rules::next_working_day(tx, completed).await?,
    }
    let open = write(tx, open).await?;
    say_planned(tx, &open, complaint, now).await
}

async fn ruled_for(
    tx: &mut Tx,
    plan: &VisitPlan,
    complaint: &Complaint,
    completed: Timestamp,
) -> Result<Option<Ruled>, StoreError> {
    let class = complaint.intake.customer_class.map_or("", CustomerClass::as_str);
    let work = CompletedWork { category: &complaint.intake.category, checklist: &plan.checklist, class };
    Ok(rules::at(tx, completed).await?.and_then(|rules| rules.for_work(work, completed)))
}

async fn plan_by_rule(
    tx: &mut Tx,
    plan: &VisitPlan,
    complaint: &Complaint,
    completed: Timestamp,
    now: Timestamp,
) -> Result<(), ReturnError> {
    // Who took the complaint back is not asked.
    if complaint.state == State::Withdrawn {
        return Ok(());
    }
    let Some(ruled) = ruled_for(tx, plan, complaint, completed).await? else { return Ok(()) };
    let new = ReturnVisit { completed_at: Some(completed), ..new_one(tx, plan, &ruled, now).await? };
    insert(tx, &new, complaint, now).await
}

/// Plans a return visit because somebody in the office wants it, also before the technician's report has arrived.
pub(super) async fn plan_by_hand(
    tx: &mut Tx,
    plan: &VisitPlan,
    complaint: &Complaint,
    now: Timestamp,
) -> Result<ReturnVisit, ReturnError> {
    let known = sql::of_visit(tx, plan.id).await?;
    if let Some(open) = known.into_iter().find(|planned| planned.state == ReturnState::Open) {
        return Ok(open);
    }
    let completed = plan.ended.map(|(claimed, received)| claimed.min(received));
    let ruled = ruled_for(tx, plan, complaint, completed.unwrap_or(now)).await?;
    let by_hand = match ruled {
        Some(ruled) => ruled,
        None => rules::by_hand(tx, now).await?,
    };
    let new = ReturnVisit { completed_at: completed, ..new_one(tx, plan, &by_hand, now).await? };
    insert(tx, &new, complaint, now).await?;
    Ok(new)
}

async fn new_one(
    tx: &mut Tx,
    plan: &VisitPlan,
    ruled: &Ruled,
    now: Timestamp,
) -> Result<ReturnVisit, StoreError> {
    let before = sql::of_visit(tx, plan.id).await?.len();
    let seed = format!("fieldloop/return-visit/v1\0{}\0{before}", plan.id);
    let complaint =
        plan.complaint.ok_or_else(|| StoreError::impossible("visit_plans", "complaint_id", plan.id))?;
    Ok(ReturnVisit {
        id: ReturnVisitId::from_bytes(derived(&seed)),
        complaint,
        visit: Some(plan.id),
        order: None,
        follows: None,
        version: 1,
        state: ReturnState::Open,
        method: ruled.method,
        questions: ruled.questions.clone(),
        rule: ruled.rule,
        completed_at: None,
        due_at: ruled.due_at,
        provisional: ruled.provisional,
        planned_at: now,
        appointment: None,
        asked_later: false,
        holder: None,
        calling_since: None,
        door_visit: None,
        done_at: None,
        done_by: None,
        record: None,
        checked: None,
        child: None,
    })
}

async fn insert(
    tx: &mut Tx,
    new: &ReturnVisit,
    complaint: &Complaint,
    now: Timestamp,
) -> Result<(), ReturnError> {
    if sql::insert(tx, new).await? {
        say_planned(tx, new, complaint, now).await?;
    }
    Ok(())
}

/// Writes it into the record and into the server log.
pub(super) async fn say_planned(
    tx: &mut Tx,
    planned: &ReturnVisit,
    complaint: &Complaint,
    now: Timestamp,
) -> Result<(), ReturnError> {
    let facts = json!({ "return": planned.id, "method": planned.method.as_str(),
        "due_at_ms": planned.due_at.map(Timestamp::unix_ms), "second": planned.follows.is_some() });
    let mut event = NewEvent::system(EventKind::ReturnPlanned, now).detail(facts);
    event.visit = planned.visit;
    history::add(tx, complaint.id, &event).await?;
    let detail = Detail::new()
        .with("complaint", complaint.id)
        .with("number", &complaint.number)
        .with("return", planned.id)
        .with("policy", planned.rule.0.to_string());
    Ok(audit::append(tx, &NewEntry::new(PLANNED, now).detail(detail)).await.map(drop)?)
}

/// Sixteen bytes that follow from a text, so that doing something twice does it once.
pub(super) fn derived(seed: &str) -> [u8; 16] {
    let digest = Sha256::digest(seed);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes
}

/// Writes a changed row with its next version.
pub(super) async fn write(tx: &mut Tx, mut row: ReturnVisit) -> Result<ReturnVisit, ReturnError> {
    if !sql::update(tx, &row).await? {
        return Err(ReturnError::Changed);
    }
    row.version += 1;
    Ok(row)
}

/// A calendar was published: limits that were provisional are counted anew.
pub(crate) async fn calendar_published(tx: &mut Tx) -> Result<(), ReturnError> {
    for open in sql::provisional(tx).await? {
        let Some(visit) = open.visit else { continue };
        let Some(plan) = work_orders::find_visit(tx, visit).await? else { continue };
        let complaint = complaints::standing(tx, open.complaint).await?;
        let (Some(complaint), Some(completed)) = (complaint, open.completed_at) else { continue };
        if let Some(ruled) = ruled_for(tx, &plan, &complaint, completed).await? {
            let (due_at, provisional) = (ruled.due_at, ruled.provisional);
            write(tx, ReturnVisit { due_at, provisional, ..open }).await?;
        }
    }
    Ok(())
}
