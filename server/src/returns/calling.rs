//! Asking the customer: taking a return visit, answers one by one, calls in vain, the written record, the door.

use super::check::{RECORD, check, note_done};
use super::model::{Attempt, AttemptOutcome, ReturnError, ReturnState, ReturnVisit};
use super::planning::write;
use super::{rules, sql};
use crate::audit::{self, EntryKind};
use crate::checklists;
use crate::complaints::acts::{Actor, named};
use crate::complaints::intake::checked_reason;
use crate::complaints::model::EventKind;
use crate::complaints::{self, ComplaintError, history};
use crate::store::{StoreError, Tx};
use crate::work_orders::dispatch::{self, NewOrder, NewVisit};
use crate::work_orders::model::OrderKind;
use serde_json::json;
use std::collections::BTreeSet;
use sync_core::document::Scalar;
use sync_core::ids::{PersonId, ReturnVisitId, VisitId, WorkOrderId};
use sync_core::protocol::{ChecklistItem, ItemKind};
use sync_core::return_visit::{ReturnMethod, is_within};
use sync_core::time::Timestamp;

const WAIVED: EntryKind = EntryKind("return.waived");
const SENT: EntryKind = EntryKind("return.sent_to_door");

/// Characters of an answer in words.
const ANSWER_CHARS_MAX: usize = 2_000;
/// Return visits of one chain: each follows a contradiction.
const CHAIN_MAX: usize = 50;

/// Refuses who worked on the complaint, and who asked this customer before a contradiction was found.
///
/// # Errors
/// [`ReturnError::OwnWork`].
pub(super) async fn require_other(
    tx: &mut Tx,
    planned: &ReturnVisit,
    person: PersonId,
) -> Result<(), ReturnError> {
    let mut involved: BTreeSet<PersonId> = BTreeSet::new();
    if let Some(standing) = complaints::standing(tx, planned.complaint).await? {
        for record in complaints::family(tx, standing.id).await? {
            involved.extend(sql::workers(tx, record).await?);
        }
    }
    let mut before = planned.follows;
    for _ in 0..CHAIN_MAX {
        let Some(earlier) = before else { break };
        let Some(earlier) = sql::find(tx, earlier).await? else { break };
        involved.extend(earlier.done_by);
        before = earlier.follows;
    }
    if involved.contains(&person) { Err(ReturnError::OwnWork) } else { Ok(()) }
}

/// Whether this person may be sent to this visit: only return visits refuse anybody.
pub(crate) async fn may_ask(tx: &mut Tx, visit: VisitId, person: PersonId) -> Result<bool, StoreError> {
    let Some(planned) = sql::at_door(tx, visit).await? else { return Ok(true) };
    match require_other(tx, &planned, person).await {
        Ok(()) => Ok(true),
        Err(ReturnError::OwnWork) => Ok(false),
        Err(other) => Err(other.into_store()),
    }
}

/// Begins a call. Whoever began one before and did not give up keeps it.
pub(super) async fn take(
    tx: &mut Tx,
    planned: ReturnVisit,
    person: PersonId,
    now: Timestamp,
) -> Result<ReturnVisit, ReturnError> {
    planned.may_call(person, now)?;
    require_other(tx, &planned, person).await?;
    if planned.holder == Some(person) && planned.calling_since.is_some() {
        return Ok(planned);
    }
    write(tx, ReturnVisit { holder: Some(person), calling_since: Some(now), ..planned }).await
}

/// The questions of a return visit but the written record, which stands at its end.
pub(super) async fn questions(tx: &mut Tx, code: &str) -> Result<Vec<ChecklistItem>, StoreError> {
    let template = checklists::newest(tx, code).await?;
    let mut items = template.map(|template| template.items).unwrap_or_default();
    items.retain(|item| {
        let is_asked = matches!(
            item.kind,
            ItemKind::YesNo | ItemKind::Choice { .. } | ItemKind::Number { .. } | ItemKind::Text
        );
        is_asked && item.code.rsplit('.').next() != Some(RECORD)
    });
    Ok(items)
}

/// Writes down an answer, with the time that the question took.
pub(super) async fn answer(
    tx: &mut Tx,
    planned: &ReturnVisit,
    person: PersonId,
    (question, typed): (&str, &str),
    now: Timestamp,
) -> Result<(), ReturnError> {
    let since = planned.calling(person, now)?;
    let items = questions(tx, &planned.questions).await?;
    let item = items.iter().find(|item| item.code == question);
    let item = item.ok_or_else(|| invalid("/question", "the code of a question of this return visit"))?;
    let answer = read_answer(item, typed)?;
    let before = sql::answers(tx, planned.id).await?.last().map_or(since, |last| last.at.max(since));
    let seconds = now.since_ms(before).max(0) / 1_000;
    let given = sql::Answer { question: question.to_owned(), answer, at: now, seconds, person };
    Ok(sql::insert_answer(tx, planned.id, &given).await?)
}

/// What was typed as an answer to this question.
fn read_answer(item: &ChecklistItem, typed: &str) -> Result<Scalar, ReturnError> {
    let typed = complaints::intake::clean(typed);
    match &item.kind {
        ItemKind::YesNo => match typed.as_str() {
            "yes" | "true" => Ok(Scalar::Bool(true)),
            "no" | "false" => Ok(Scalar::Bool(false)),
            _ => Err(invalid("/answer", "yes or no")),
        },
        ItemKind::Choice { options } => match options.iter().any(|option| option.code == typed) {
            true => Ok(Scalar::Text(typed)),
            false => {
                let codes: Vec<&str> = options.iter().map(|option| option.code.as_str()).collect();
                Err(invalid("/answer", &codes.join(", ")))
            }
        },
        ItemKind::Number { min, max, .. } => number(&typed, min.as_deref(), max.as_deref()),
        _ if (1..=ANSWER_CHARS_MAX).contains(&typed.chars().count()) => Ok(Scalar::Text(typed)),
        _ => Err(invalid("/answer", "1 to 2000 characters")),
    }
}

fn number(typed: &str, min: Option<&str>, max: Option<&str>) -> Result<Scalar, ReturnError> {
    let value: f64 = typed.parse().ok().filter(|value: &f64| value.is_finite()).ok_or_else(out_of_range)?;
    let bound = |text: Option<&str>| text.and_then(|text| text.parse::<f64>().ok());
    let is_below = bound(min).is_some_and(|min| value < min);
    let is_above = bound(max).is_some_and(|max| value > max);
    if is_below || is_above {
        let range = format!("{} to {}", min.unwrap_or("any"), max.unwrap_or("any"));
        return Err(invalid("/answer", &range));
    }
    Ok(typed.parse::<i64>().map_or(Scalar::Number(value), Scalar::Int))
}

fn out_of_range() -> ReturnError {
    invalid("/answer", "a number")
}

fn invalid(pointer: &'static str, expected: &str) -> ReturnError {
    ReturnError::Invalid { pointer, expected: expected.to_owned() }
}

/// What is typed about a call in vain.
#[derive(Debug, Clone)]
pub(super) struct NewAttempt {
    pub(super) outcome: AttemptOutcome,
    pub(super) note: String,
    /// The new appointment.
    pub(super) next: Option<(Timestamp, Timestamp)>,
}

/// A call was in vain. Whoever found it inconvenient is called again at the time that was agreed; the limit stays.
pub(super) async fn attempt(
    tx: &mut Tx,
    planned: ReturnVisit,
    person: PersonId,
    new: NewAttempt,
    now: Timestamp,
) -> Result<ReturnVisit, ReturnError> {
    let since = planned.calling(person, now)?;
    let note = complaints::intake::clean(&new.note);
    if note.chars().count() > ANSWER_CHARS_MAX {
        return Err(invalid("/note", "at most 2000 characters"));
    }
    let is_inconvenient = new.outcome == AttemptOutcome::Inconvenient;
    if is_inconvenient && new.next.is_none() {
        return Err(invalid("/next_from_ms", "the time that was agreed with the customer"));
    }
    if note.is_empty() && new.outcome != AttemptOutcome::NoAnswer {
        return Err(invalid("/note", "what was said, in words"));
    }
    if new.next.is_some_and(|(from, to)| from < now || to <= from) {
        return Err(invalid("/next_from_ms", "a time to come that ends after it begins"));
    }
    let in_window = in_window(tx, since).await?;
    let made = Attempt { outcome: new.outcome, note, at: now, in_window, next: new.next, person };
    sql::insert_attempt(tx, planned.id, &made).await?;
    let by = Actor::office(person, now);
    let facts = json!({ "return": planned.id, "attempt": made.outcome.as_str(), "in_window": in_window,
        "next_from_ms": made.next.map(|(from, _)| from.unix_ms()) });
    let mut event = by.event(EventKind::ReturnAttempted).detail(facts);
    event.visit = planned.visit;
    event.reason = Some(made.note.clone()).filter(|note| !note.is_empty());
    history::add(tx, planned.complaint, &event).await?;
    let asked_later = planned.asked_later || is_inconvenient;
    let appointment = made.next.or(planned.appointment.filter(|_| !is_inconvenient));
    write(tx, ReturnVisit { calling_since: None, appointment, asked_later, ..planned }).await
}

/// Whether people like to be called at this hour.
pub(super) async fn in_window(tx: &mut Tx, at: Timestamp) -> Result<bool, StoreError> {
    let rules = rules::at(tx, at).await?;
    Ok(rules.is_none_or(|rules| is_within(at, &rules.rules.windows, &rules.calendar)))
}

/// The customer has answered; what they said stands in words. The answers are held against the record at once, or as
/// soon as that arrives.
pub(super) async fn complete(
    tx: &mut Tx,
    planned: ReturnVisit,
    person: PersonId,
    record: &str,
    now: Timestamp,
) -> Result<ReturnVisit, ReturnError> {
    let since = planned.calling(person, now)?;
    require_other(tx, &planned, person).await?;
    let record = checked_reason("/record", record).map_err(ComplaintError::Invalid)?;
    let answers = sql::answers(tx, planned.id).await?;
    let items = questions(tx, &planned.questions).await?;
    let is_open =
        |item: &&ChecklistItem| item.required && !answers.iter().any(|given| given.question == item.code);
    let open: Vec<String> = items.iter().filter(is_open).map(|item| item.code.clone()).collect();
    if !open.is_empty() {
        return Err(ReturnError::Incomplete(open));
    }
    let in_window = in_window(tx, since).await?;
    let done = ReturnVisit {
        state: ReturnState::Done,
        calling_since: None,
        done_at: Some(now),
        done_by: Some(person),
        record: Some(record.clone()),
        ..planned
    };
    let done = write(tx, done).await?;
    let facts = json!({ "in_window": in_window, "seconds": now.since_ms(since).max(0) / 1_000 });
    note_done(tx, &done, Actor::office(person, now), facts).await?;
    let id = done.id;
    check(tx, done, now).await?;
    sql::find(tx, id).await?.ok_or(ReturnError::Unknown)
}

/// Nobody need ask, for a reason that stays on record. What follows a contradiction is never waived.
pub(super) async fn waive(
    tx: &mut Tx,
    planned: ReturnVisit,
    reason: &str,
    by: Actor,
) -> Result<ReturnVisit, ReturnError> {
    if planned.follows.is_some() {
        return Err(ReturnError::Compulsory);
    }
    if planned.state != ReturnState::Open || planned.door_visit.is_some() {
        return Err(ReturnError::State(planned.state.as_str()));
    }
    let reason = checked_reason("/reason", reason).map_err(ComplaintError::Invalid)?;
    let complaint = complaints::standing(tx, planned.complaint).await?.ok_or(ReturnError::Unknown)?;
    let mut event = by.event(EventKind::ReturnWaived).reason(&reason).detail(json!({ "return": planned.id }));
    event.visit = planned.visit;
    history::add(tx, complaint.id, &event).await?;
    let entry = by.entry(WAIVED, named(&complaint).with("return", planned.id)).because(Some(&reason));
    audit::append(tx, &entry).await?;
    let waived = ReturnVisit {
        state: ReturnState::Waived,
        calling_since: None,
        done_at: Some(by.at),
        done_by: Some(by.person),
        record: Some(reason),
        ..planned
    };
    write(tx, waived).await
}

/// Who is to ask at the door, and when.
#[derive(Debug, Clone)]
pub(super) struct DoorPlan {
    pub(super) person: PersonId,
    pub(super) planned_on: String,
    pub(super) appointment: Option<(Timestamp, Timestamp)>,
    pub(super) order: WorkOrderId,
    pub(super) visit: VisitId,
}

/// A technician asks at the door: a work order with the questions, whose answers travel like everything else.
pub(super) async fn send_to_door(
    tx: &mut Tx,
    planned: ReturnVisit,
    plan: DoorPlan,
    by: Actor,
) -> Result<ReturnVisit, ReturnError> {
    planned.may_call(by.person, by.at)?;
    require_other(tx, &planned, plan.person).await?;
    let complaint = complaints::standing(tx, planned.complaint).await?.ok_or(ReturnError::Unknown)?;
    let order = NewOrder {
        id: plan.order,
        kind: OrderKind::ReturnVisit,
        checklist: Some(planned.questions.clone()),
        instructions: None,
        priority: None,
        due_at: planned.due_at,
        override_reason: Some("上门回访 · asked at the door".to_owned()),
    };
    let order = dispatch::create_order(tx, &complaint, order, by).await?;
    let visit = NewVisit {
        id: plan.visit,
        planned_on: plan.planned_on,
        appointment: plan.appointment.or(planned.appointment),
    };
    let visit = dispatch::plan_visit(tx, &order, visit, by).await?;
    let sent = ReturnVisit {
        method: ReturnMethod::Door,
        door_visit: Some(visit.id),
        holder: Some(plan.person),
        calling_since: None,
        appointment: plan.appointment.or(planned.appointment),
        ..planned
    };
    let sent = write(tx, sent).await?;
    dispatch::assign(tx, &visit, plan.person, by).await?;
    audit::append(tx, &by.entry(SENT, named(&complaint).with("return", sent.id)).visit(visit.id)).await?;
    Ok(sent)
}

/// The return visit with this id.
pub(super) async fn find(tx: &mut Tx, id: ReturnVisitId) -> Result<ReturnVisit, ReturnError> {
    sql::find(tx, id).await?.ok_or(ReturnError::Unknown)
}
