//! What is done about questions to experts: asked, taken, given back, answered, withdrawn.
//!
//! Each act changes the row, tells the complaint, brings the cards of its technicians up to date, and adds its entry to
//! the server log, within the caller's transaction. What is asked and answered stands in the record, not in the log.

use super::model::{ExpertRequest, ExpertRequestState, RequestAct, RequestError, Skill};
use super::sql;
use crate::audit::{self, EntryKind};
use crate::complaints::acts::{Actor, named};
use crate::complaints::intake::{checked_reason, clean};
use crate::complaints::model::{Complaint, EventKind};
use crate::complaints::{self, ComplaintError, history};
use crate::deadlines;
use crate::store::Tx;
use crate::work_orders::{find_visit, refresh_cards};
use serde_json::json;
use sync_core::deadline::WatchRules;
use sync_core::ids::{ComplaintId, ExpertRequestId, VisitId};
use sync_core::protocol::QUESTION_CHARS_MAX;

const ASKED: EntryKind = EntryKind("expert.asked");
const TAKEN: EntryKind = EntryKind("expert.taken");
const GIVEN_BACK: EntryKind = EntryKind("expert.given_back");
const ANSWERED: EntryKind = EntryKind("expert.answered");
const WITHDRAWN: EntryKind = EntryKind("expert.withdrawn");

/// A question that is to be asked.
#[derive(Debug, Clone)]
pub(crate) struct NewRequest {
    pub(crate) id: ExpertRequestId,
    pub(crate) complaint: ComplaintId,
    pub(crate) visit: Option<VisitId>,
    /// Code of a discipline.
    pub(crate) skill: String,
    pub(crate) question: String,
}

/// Asks an expert about a complaint, in whatever state that is: what was asked without a network may come late.
pub(crate) async fn ask(tx: &mut Tx, new: NewRequest, by: Actor) -> Result<ExpertRequest, RequestError> {
    let complaint = complaints::standing(tx, new.complaint).await?.ok_or(ComplaintError::Unknown)?;
    require_visit(tx, &complaint, new.visit).await?;
    let question = clean(&new.question);
    if !(1..=QUESTION_CHARS_MAX).contains(&question.chars().count()) {
        return Err(RequestError::invalid("/question", "1 to 2000 characters"));
    }
    let (skill, rules) = skill_at(tx, &new.skill, by).await?;
    let (near_at, due_at) = rules.expert_times(by.at);
    let request = ExpertRequest {
        id: new.id,
        complaint: complaint.id,
        visit: new.visit,
        version: 1,
        state: ExpertRequestState::Open,
        skill,
        question: question.clone(),
        asked_by: by.person,
        asked_on: by.device.zip(by.claimed_at),
        received_at: by.at,
        near_at,
        due_at,
        holder: None,
        answer: None,
        reason: None,
        over: None,
    };
    sql::insert(tx, &request).await?;
    note(tx, &request, (RequestAct::Asked, ASKED), Some(question), by).await?;
    Ok(request)
}

/// An expert works on it from now on. Whoever has it already changes nothing.
pub(super) async fn take(
    tx: &mut Tx,
    request: ExpertRequest,
    is_lead: bool,
    by: Actor,
) -> Result<ExpertRequest, RequestError> {
    let request = request.for_expert(by.person, is_lead)?;
    if request.holder.is_some_and(|(holder, _)| holder == by.person) {
        return Ok(request);
    }
    let holder = Some((by.person, by.at));
    let request = ExpertRequest { state: ExpertRequestState::Taken, holder, ..request };
    write(tx, request, (RequestAct::Taken, TAKEN), None, by).await
}

/// Nobody works on it any more; its deadline stays.
pub(super) async fn give_back(
    tx: &mut Tx,
    request: ExpertRequest,
    is_lead: bool,
    by: Actor,
) -> Result<ExpertRequest, RequestError> {
    let request = request.waiting()?;
    match request.holder {
        None => return Err(RequestError::State(request.state.as_str())),
        Some((holder, _)) if holder != by.person && !is_lead => return Err(RequestError::OfAnother),
        Some(_) => {}
    }
    let request = ExpertRequest { state: ExpertRequestState::Open, holder: None, ..request };
    write(tx, request, (RequestAct::GivenBack, GIVEN_BACK), None, by).await
}

/// Answers it, once. Who answers what nobody took has taken it thereby.
pub(super) async fn answer(
    tx: &mut Tx,
    request: ExpertRequest,
    (text, is_lead): (&str, bool),
    by: Actor,
) -> Result<ExpertRequest, RequestError> {
    let request = request.for_expert(by.person, is_lead)?;
    let answer = words("/answer", text)?;
    let request = ExpertRequest {
        state: ExpertRequestState::Answered,
        holder: request.holder.or(Some((by.person, by.at))),
        answer: Some(answer.clone()),
        over: Some((by.at, by.person)),
        ..request
    };
    write(tx, request, (RequestAct::Answered, ANSWERED), Some(answer), by).await
}

/// It needs no answer, for a reason that stays on record.
pub(super) async fn withdraw(
    tx: &mut Tx,
    request: ExpertRequest,
    reason: &str,
    by: Actor,
) -> Result<ExpertRequest, RequestError> {
    let request = request.waiting()?;
    let reason = words("/reason", reason)?;
    let request = ExpertRequest {
        state: ExpertRequestState::Withdrawn,
        reason: Some(reason.clone()),
        over: Some((by.at, by.person)),
        ..request
    };
    write(tx, request, (RequestAct::Withdrawn, WITHDRAWN), Some(reason), by).await
}

fn words(pointer: &'static str, text: &str) -> Result<String, RequestError> {
    Ok(checked_reason(pointer, text).map_err(ComplaintError::Invalid)?)
}

/// Refuses a visit that is not about this complaint.
async fn require_visit(
    tx: &mut Tx,
    complaint: &Complaint,
    visit: Option<VisitId>,
) -> Result<(), RequestError> {
    let Some(visit) = visit else { return Ok(()) };
    let own = find_visit(tx, visit).await?.and_then(|plan| plan.complaint);
    match own {
        Some(own) if complaints::family(tx, complaint.id).await?.contains(&own) => Ok(()),
        _ => Err(RequestError::invalid("/visit_id", "a visit of this complaint")),
    }
}

/// The skill with this code and the times that experts have. Devices carry the disciplines of the newest rules, also
/// before those hold.
async fn skill_at(tx: &mut Tx, code: &str, by: Actor) -> Result<(Skill, WatchRules), RequestError> {
    let unknown = RequestError::invalid("/skill", "a discipline of the rules");
    let Some(held) = deadlines::policy_at(tx, by.at).await? else { return Err(unknown) };
    let newest = deadlines::newest_policy(tx).await?;
    let known = held.policy.disciplines.into_iter();
    let mut known = known.chain(newest.into_iter().flat_map(|newest| newest.policy.disciplines));
    let found = known.find(|one| one.code == code).ok_or(unknown)?;
    Ok((Skill { code: found.code, zh: found.zh, en: found.en }, held.policy.watch))
}

/// Writes a changed row and what was done.
async fn write(
    tx: &mut Tx,
    mut row: ExpertRequest,
    act: (RequestAct, EntryKind),
    words: Option<String>,
    by: Actor,
) -> Result<ExpertRequest, RequestError> {
    if !sql::update(tx, &row).await? {
        return Err(RequestError::Changed);
    }
    row.version += 1;
    note(tx, &row, act, words, by).await?;
    Ok(row)
}

/// Writes an act into the record of its complaint, onto the cards, and into the server log.
async fn note(
    tx: &mut Tx,
    row: &ExpertRequest,
    (act, kind): (RequestAct, EntryKind),
    words: Option<String>,
    by: Actor,
) -> Result<(), RequestError> {
    let complaint = complaints::standing(tx, row.complaint).await?.ok_or(ComplaintError::Unknown)?;
    let facts = json!({ "expert_request": row.id, "expert_act": act });
    let mut event = by.event(EventKind::ExpertRequest).detail(facts);
    event.visit = row.visit;
    event.reason = words;
    history::add(tx, complaint.id, &event).await?;
    for record in complaints::family(tx, complaint.id).await? {
        refresh_cards(tx, record).await?;
    }
    let detail = named(&complaint).with("expert_request", row.id).with("skill", &row.skill.code);
    let reason = row.reason.as_deref().filter(|_| act == RequestAct::Withdrawn);
    audit::append(tx, &by.entry(kind, detail).because(reason)).await?;
    Ok(())
}
