//! The check: what the technician claims beside what the customer says, and what follows from a contradiction.

use super::model::{Checked, ReturnError, ReturnState, ReturnVisit};
use super::planning::{derived, say_planned, write};
use super::sql;
use crate::audit::{self, EntryKind};
use crate::complaints::acts::{Actor, named, step};
use crate::complaints::model::{Act, Complaint, EventKind, Priority, State};
use crate::complaints::{self, history, office_day};
use crate::exchange::visits;
use crate::store::{StoreError, Tx};
use crate::work_orders;
use crate::work_orders::dispatch::{self, NewOrder, NewVisit};
use crate::work_orders::model::{OrderKind, VisitPlan, VisitState};
use serde_json::json;
use std::collections::BTreeMap;
use sync_core::checklist::{ItemStatus, SKIPPED, item_states};
use sync_core::document::{Entry, Finding, Scalar, VisitView};
use sync_core::ids::{ReturnVisitId, VisitId, WorkOrderId};
use sync_core::return_visit::{
    Claims, Compared, Fit, ReturnMethod, VisitFacts, answers_of, claims_of, compare, contradicts,
};
use sync_core::time::Timestamp;

/// A return visit was made.
pub(super) const DONE: EntryKind = EntryKind("return.done");
/// The customer contradicts the record.
const CONTRADICTED: EntryKind = EntryKind("return.contradicted");

/// The last part of the code of the question whose answer is the written record.
pub(super) const RECORD: &str = "record";

/// Something new entered these visits: answers are held against the record again, and what was asked at the door and
/// waited for its words is done.
pub(crate) async fn content_arrived(
    tx: &mut Tx,
    visits: &[VisitId],
    now: Timestamp,
) -> Result<(), ReturnError> {
    for planned in sql::about(tx, visits).await? {
        match (planned.state, planned.door_visit) {
            (ReturnState::Done, _) => check(tx, planned, now).await?,
            (ReturnState::Open, Some(door)) => {
                let plan = work_orders::find_visit(tx, door).await?;
                if let Some(plan) = plan.filter(is_finished) {
                    record_at_door(tx, planned, &plan, now).await?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_finished(plan: &VisitPlan) -> bool {
    matches!(plan.state, VisitState::Finished | VisitState::Approved)
}

/// What the customer answered, by question: on the phone, or in the document of the visit at the door.
pub(super) async fn heard(
    tx: &mut Tx,
    planned: &ReturnVisit,
) -> Result<BTreeMap<String, Scalar>, StoreError> {
    if let Some(door) = planned.door_visit {
        return Ok(visits::view(tx, door).await?.map(|view| answers_of(&view)).unwrap_or_default());
    }
    let answers = sql::answers(tx, planned.id).await?;
    Ok(answers.into_iter().map(|answer| (answer.question, answer.answer)).collect())
}

/// What the record of the visit claims; `None` while nobody said that it is finished.
pub(super) async fn claimed(tx: &mut Tx, visit: VisitId) -> Result<Option<Claims>, StoreError> {
    let Some(plan) = work_orders::find_visit(tx, visit).await?.filter(is_finished) else { return Ok(None) };
    let Some(view) = visits::view(tx, visit).await? else { return Ok(None) };
    let on_time = plan.appointment.zip(plan.arrived).map(|((_, to), (claimed, _))| claimed <= to);
    let facts = VisitFacts { finished: true, outcome: plan.outcome.as_deref(), on_time };
    Ok(Some(claims_of(&view, facts)))
}

/// The answers beside the claims; `None` while the technician's record has not arrived.
pub(super) async fn compared(
    tx: &mut Tx,
    planned: &ReturnVisit,
) -> Result<Option<Vec<Compared>>, StoreError> {
    let Some(visit) = planned.visit else { return Ok(None) };
    let Some(claims) = claimed(tx, visit).await? else { return Ok(None) };
    Ok(Some(compare(&claims, &heard(tx, planned).await?)))
}

/// Holds the answers against the record, as far as both are here. A contradiction that was found once stays found.
pub(super) async fn check(tx: &mut Tx, planned: ReturnVisit, now: Timestamp) -> Result<(), ReturnError> {
    if planned.checked == Some(Checked::Contradicts) {
        return Ok(());
    }
    let Some(pairs) = compared(tx, &planned).await? else { return Ok(()) };
    let checked = if contradicts(&pairs) { Checked::Contradicts } else { Checked::Agrees };
    if planned.checked == Some(checked) {
        return Ok(());
    }
    let planned = write(tx, ReturnVisit { checked: Some(checked), ..planned }).await?;
    match checked {
        Checked::Agrees => Ok(()),
        Checked::Contradicts => start_again(tx, planned, &pairs, now).await,
    }
}

/// The complaint is open again, somebody is to be sent, and the customer will be asked a second time by somebody else.
async fn start_again(
    tx: &mut Tx,
    planned: ReturnVisit,
    pairs: &[Compared],
    now: Timestamp,
) -> Result<(), ReturnError> {
    let Some(asked_by) = planned.done_by else { return Ok(()) };
    let by = Actor::office(asked_by, now);
    let Some(complaint) = complaints::standing(tx, planned.complaint).await? else { return Ok(()) };
    let denied: Vec<&Compared> = pairs.iter().filter(|pair| pair.fit == Fit::Contradicts).collect();
    let facts = json!({ "return": planned.id, "denied": denied });
    let mut event = by.event(EventKind::ReturnContradicted).detail(facts);
    event.visit = planned.visit;
    let detail = named(&complaint).with("return", planned.id);
    let complaint = match complaint.state {
        // The customer took it back: what they say stays on record.
        State::Withdrawn => {
            history::add(tx, complaint.id, &event).await?;
            audit::append(tx, &by.entry(CONTRADICTED, detail)).await?;
            return Ok(());
        }
        _ => reopen(tx, complaint, event, by).await?,
    };
    let order = child_order(tx, &planned, &complaint, &denied, by).await?;
    audit::append(tx, &by.entry(CONTRADICTED, detail.with("work_order", order))).await?;
    let planned = write(tx, ReturnVisit { child: Some(order), ..planned }).await?;
    let seed = format!("fieldloop/return-visit/second/v1\0{}", planned.id);
    let second = ReturnVisit {
        id: ReturnVisitId::from_bytes(derived(&seed)),
        complaint: complaint.id,
        visit: None,
        order: Some(order),
        follows: Some(planned.id),
        state: ReturnState::Waiting,
        method: ReturnMethod::Phone,
        version: 1,
        completed_at: None,
        due_at: None,
        provisional: false,
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
        ..planned
    };
    if sql::insert(tx, &second).await? {
        say_planned(tx, &second, &complaint, now).await?;
    }
    Ok(())
}

async fn reopen(
    tx: &mut Tx,
    complaint: Complaint,
    event: history::NewEvent,
    by: Actor,
) -> Result<Complaint, ReturnError> {
    let moves = complaints::model::next_state(complaint.state, Act::Contradict)
        .map_err(complaints::ComplaintError::from)?
        != complaint.state;
    if moves {
        return Ok(step(tx, complaint, Act::Contradict, event, by).await?);
    }
    history::add(tx, complaint.id, &event).await?;
    Ok(complaint)
}

/// The work order that follows from a contradiction, with a visit for today that waits for somebody to be sent.
async fn child_order(
    tx: &mut Tx,
    planned: &ReturnVisit,
    complaint: &Complaint,
    denied: &[&Compared],
    by: Actor,
) -> Result<WorkOrderId, ReturnError> {
    let parent = match planned.visit {
        Some(visit) => work_orders::find_visit(tx, visit).await?,
        None => None,
    };
    let seed = |what: &str| format!("fieldloop/return-visit/{what}/v1\0{}", planned.id);
    let new = NewOrder {
        id: WorkOrderId::from_bytes(derived(&seed("order"))),
        kind: OrderKind::Investigation,
        checklist: parent.map(|parent| parent.checklist),
        instructions: Some(instructions(tx, denied).await?),
        priority: Some(complaint.intake.priority.max(Priority::High)),
        due_at: complaint.intake.deadlines.onsite_due_at_ms,
        override_reason: Some("回访情况不符 · contradicted by the customer".to_owned()),
    };
    let order = dispatch::create_order(tx, complaint, new, by).await?;
    let visit = NewVisit {
        id: VisitId::from_bytes(derived(&seed("visit"))),
        planned_on: office_day(by.at),
        appointment: None,
    };
    dispatch::plan_visit(tx, &order, visit, by).await?;
    Ok(order.id)
}

/// What the technician is told: the questions that the customer answered otherwise, in both languages.
async fn instructions(tx: &mut Tx, denied: &[&Compared]) -> Result<String, StoreError> {
    let mut lines =
        vec!["回访情况与记录不符，请重新处理 · The customer contradicts the record; do it again:".to_owned()];
    let lists = crate::checklists::list(tx).await?;
    for pair in denied {
        let item = lists.iter().flat_map(|list| &list.items).find(|item| item.code == pair.question);
        lines.push(item.map_or_else(|| pair.question.clone(), |item| format!("– {} · {}", item.zh, item.en)));
    }
    Ok(lines.join("\n"))
}

/// What was asked at the door is done once its visit is finished, every question that must be answered is, and the
/// written record is here.
pub(super) async fn record_at_door(
    tx: &mut Tx,
    planned: ReturnVisit,
    plan: &VisitPlan,
    now: Timestamp,
) -> Result<(), ReturnError> {
    if planned.state != ReturnState::Open {
        return Ok(());
    }
    let Some(view) = visits::view(tx, plan.id).await? else { return Ok(()) };
    let template = crate::checklists::newest(tx, &plan.checklist).await?;
    let open = template.is_some_and(|template| item_states(&template, &view).iter().any(ItemStatus::blocks));
    let (Some(record), Some((person, at)), false) = (written(&view), last_crew(tx, plan).await?, open) else {
        return Ok(());
    };
    let done = ReturnVisit { state: ReturnState::Done, record: Some(record), ..planned };
    let done =
        ReturnVisit { done_at: Some(at.min(now)), done_by: Some(person), holder: Some(person), ..done };
    let done = write(tx, done).await?;
    note_done(tx, &done, Actor::office(person, now), json!({})).await?;
    check(tx, done, now).await
}

/// The words in which the record of a return visit at the door is written.
fn written(view: &VisitView) -> Option<String> {
    let is_record = |code: &str| code.rsplit('.').next() == Some(RECORD);
    let answered = view.answers.iter().find(|(code, _)| is_record(code));
    let text = answered.and_then(|(_, answer)| answer.shown.as_text()).map(str::to_owned);
    let found = || {
        // Why it was left out is no record of what the customer said.
        let stands = |finding: &&Entry<Finding>| finding.stands() && finding.content.code != SKIPPED;
        let mut findings = view.findings.values().filter(stands);
        let about = findings.find(|finding| finding.content.item.as_deref().is_some_and(is_record));
        about.map(|finding| finding.content.text.clone())
    };
    text.or_else(found).filter(|text| !text.trim().is_empty())
}

/// Who made a visit at the door, and when it ended.
async fn last_crew(
    tx: &mut Tx,
    plan: &VisitPlan,
) -> Result<Option<(sync_core::ids::PersonId, Timestamp)>, StoreError> {
    let sent = work_orders::assignments_of(tx, plan.id).await?;
    let person = sent.iter().rev().find(|row| row.ended_at.is_none()).or_else(|| sent.last());
    Ok(person.map(|row| row.person).zip(plan.ended.map(|(claimed, received)| claimed.min(received))))
}

/// Writes into the record and the server log that the customer was asked; a complaint that was answered moves on.
pub(super) async fn note_done(
    tx: &mut Tx,
    done: &ReturnVisit,
    by: Actor,
    more: serde_json::Value,
) -> Result<(), ReturnError> {
    let Some(complaint) = complaints::standing(tx, done.complaint).await? else { return Ok(()) };
    let mut facts =
        json!({ "return": done.id, "method": done.method.as_str(), "second": done.follows.is_some() });
    if let (Some(facts), Some(more)) = (facts.as_object_mut(), more.as_object()) {
        facts.extend(more.clone());
    }
    let mut event = by.event(EventKind::ReturnDone).detail(facts);
    event.visit = done.visit;
    audit::append(tx, &by.entry(DONE, named(&complaint).with("return", done.id))).await?;
    crate::specials::touched(tx, complaint.id, by.at).await?;
    if complaint.state == State::Answered {
        return Ok(step(tx, complaint, Act::ReturnVisit, event, by).await.map(drop)?);
    }
    Ok(history::add(tx, complaint.id, &event).await?)
}
