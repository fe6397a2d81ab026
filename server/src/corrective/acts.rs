//! What is done about corrective actions: planned, put under more complaints, moved, carried out, judged, dropped.
//!
//! Each act changes the row, writes itself down, tells every complaint of the action, and adds its entry to the server
//! log, within the caller's transaction.

use super::model::{
    Act, ActKind, Action, ActionError, ActionState, COMPLAINTS_MAX, EFFECT_DAYS_MAX, TITLE_CHARS_MAX,
};
use super::sql;
use crate::audit::{self, EntryKind, NewEntry};
use crate::complaints::acts::{Actor, find_open_to_acts, named};
use crate::complaints::history::{self, NewEvent};
use crate::complaints::intake::checked_reason;
use crate::complaints::model::{Complaint, EventKind};
use crate::complaints::scope::{OFFICE, Reach};
use crate::complaints::{self, ComplaintError};
use crate::people;
use crate::store::{StoreError, Tx};
use serde_json::json;
use sync_core::ids::{ActionId, ComplaintId, PersonId};
use sync_core::time::Timestamp;

const PLANNED: EntryKind = EntryKind("action.planned");
const LINKED: EntryKind = EntryKind("action.linked");
const MOVED: EntryKind = EntryKind("action.moved");
const DONE: EntryKind = EntryKind("action.done");
const JUDGED: EntryKind = EntryKind("action.judged");
const DROPPED: EntryKind = EntryKind("action.dropped");

/// A corrective action that is to be planned.
#[derive(Debug, Clone)]
pub(super) struct NewAction {
    pub(super) id: ActionId,
    pub(super) title: String,
    pub(super) owner: PersonId,
    pub(super) due_at: Timestamp,
    pub(super) effect_days: i64,
}

/// Plans an action because of a complaint.
pub(super) async fn plan(
    tx: &mut Tx,
    complaint: ComplaintId,
    new: NewAction,
    by: Actor,
) -> Result<Action, ActionError> {
    let complaint = find_open_to_acts(tx, complaint).await?;
    let title = new.title.split_whitespace().collect::<Vec<_>>().join(" ");
    if !(1..=TITLE_CHARS_MAX).contains(&title.chars().count()) || title.chars().any(char::is_control) {
        return Err(ActionError::invalid("/title", format!("1 to {TITLE_CHARS_MAX} characters")));
    }
    if !(1..=EFFECT_DAYS_MAX).contains(&new.effect_days) {
        return Err(ActionError::invalid("/effect_days", format!("1 to {EFFECT_DAYS_MAX}")));
    }
    require_future(new.due_at, by.at)?;
    let action = Action {
        id: new.id,
        version: 1,
        state: ActionState::Open,
        title,
        category: complaint.intake.category.clone(),
        region: complaint.intake.region.clone(),
        unit: complaint.intake.unit.clone(),
        owner: new.owner,
        due_at: new.due_at,
        effect_days: new.effect_days,
        planned_at: by.at,
        planned_by: by.person,
        cause: None,
        done: None,
        check_at: None,
        over_at: None,
    };
    require_owner(tx, &action, new.owner).await?;
    begin(tx, &action, &complaint, act(ActKind::Planned, by)).await?;
    Ok(action)
}

/// Writes a planned action down with its first complaint.
pub(super) async fn begin(
    tx: &mut Tx,
    action: &Action,
    complaint: &Complaint,
    act: Act,
) -> Result<(), StoreError> {
    sql::insert(tx, action).await?;
    sql::link(tx, action.id, complaint.id, (action.planned_by, act.at)).await?;
    let act = Act { owner: Some(action.owner), due_at: Some(action.due_at), ..act };
    tell_one(tx, action, complaint, &act, PLANNED).await
}

/// Puts another complaint under an action. Doing it again changes nothing.
pub(super) async fn link(
    tx: &mut Tx,
    action: Action,
    complaint: &Complaint,
    by: Actor,
) -> Result<Action, ActionError> {
    let complaint = find_open_to_acts(tx, complaint.id).await?;
    let action = action.standing(ActionState::Open)?;
    if !sql::link(tx, action.id, complaint.id, (by.person, by.at)).await? {
        return Ok(action);
    }
    if sql::complaints_count(tx, action.id).await? > COMPLAINTS_MAX {
        return Err(ActionError::invalid("/complaint", format!("at most {COMPLAINTS_MAX} complaints")));
    }
    linked(tx, &action, &complaint, act(ActKind::Linked, by)).await?;
    Ok(action)
}

/// Writes down that a complaint was put under an action.
pub(super) async fn linked(
    tx: &mut Tx,
    action: &Action,
    complaint: &Complaint,
    act: Act,
) -> Result<(), StoreError> {
    let act = Act { complaint: Some(complaint.id), ..act };
    tell_one(tx, action, complaint, &act, LINKED).await
}

/// Writes down an act that is about one complaint.
async fn tell_one(
    tx: &mut Tx,
    action: &Action,
    complaint: &Complaint,
    act: &Act,
    kind: EntryKind,
) -> Result<(), StoreError> {
    sql::note(tx, action.id, act).await?;
    tell(tx, action, complaint, act).await?;
    let detail = named(complaint).with("action", action.id);
    audit::append(tx, &NewEntry::new(kind, act.at).by(act.person).detail(detail)).await.map(drop)
}

/// Gives an action another owner or another day, for a reason.
pub(super) async fn hand_on(
    tx: &mut Tx,
    action: Action,
    (owner, due_at): (PersonId, Timestamp),
    reason: &str,
    by: Actor,
) -> Result<Action, ActionError> {
    let reason = words("/reason", reason)?;
    let action = action.standing(ActionState::Open)?;
    if due_at != action.due_at {
        require_future(due_at, by.at)?;
    }
    require_owner(tx, &action, owner).await?;
    let act =
        Act { owner: Some(owner), due_at: Some(due_at), words: Some(reason), ..act(ActKind::Moved, by) };
    write(tx, Action { owner, due_at, ..action }, act, MOVED, by).await
}

/// It was carried out: what was done, and where that can be seen.
pub(super) async fn carry_out(
    tx: &mut Tx,
    action: Action,
    evidence: &str,
    by: Actor,
) -> Result<Action, ActionError> {
    let evidence = words("/evidence", evidence)?;
    let action = action.standing(ActionState::Open)?;
    let done = Action {
        state: ActionState::Done,
        done: Some((by.at, by.person)),
        check_at: Some(by.at.plus_ms(action.effect_days * 86_400_000)),
        ..action
    };
    let act = Act { words: Some(evidence), ..act(ActKind::Done, by) };
    write(tx, done, act, DONE, by).await
}

/// Whether it helped. Nobody judges what they own or carried out. What did not help is to be done anew, until `again_by`.
pub(super) async fn judge(
    tx: &mut Tx,
    action: Action,
    (helped, finding): (bool, &str),
    again_by: Option<Timestamp>,
    by: Actor,
) -> Result<Action, ActionError> {
    let finding = words("/finding", finding)?;
    let action = action.standing(ActionState::Done)?;
    if action.owner == by.person || action.done.is_some_and(|(_, doer)| doer == by.person) {
        return Err(ActionError::OwnWork);
    }
    let (judged, act) = if helped {
        let judged = Action { state: ActionState::Effective, over_at: Some(by.at), ..action };
        (judged, act(ActKind::Effective, by))
    } else {
        let due_at = again_by.ok_or_else(|| ActionError::invalid("/due_on", "a day like 2026-11-21"))?;
        require_future(due_at, by.at)?;
        let judged = Action { state: ActionState::Open, done: None, check_at: None, due_at, ..action };
        (judged, Act { due_at: Some(due_at), ..act(ActKind::Ineffective, by) })
    };
    let act = Act { words: Some(finding), ..act };
    write(tx, judged, act, JUDGED, by).await
}

/// It is not carried out, for a reason that stays on record.
pub(super) async fn give_up(
    tx: &mut Tx,
    action: Action,
    reason: &str,
    by: Actor,
) -> Result<Action, ActionError> {
    let reason = words("/reason", reason)?;
    let action = action.standing(ActionState::Open)?;
    let dropped = Action { state: ActionState::Dropped, over_at: Some(by.at), ..action };
    let act = Act { words: Some(reason), ..act(ActKind::Dropped, by) };
    write(tx, dropped, act, DROPPED, by).await
}

fn act(kind: ActKind, by: Actor) -> Act {
    Act { kind, words: None, complaint: None, owner: None, due_at: None, person: Some(by.person), at: by.at }
}

fn words(pointer: &'static str, text: &str) -> Result<String, ActionError> {
    Ok(checked_reason(pointer, text).map_err(ComplaintError::Invalid)?)
}

fn require_future(due_at: Timestamp, now: Timestamp) -> Result<(), ActionError> {
    let latest = now.plus_ms(5 * 366 * 86_400_000);
    let fits = due_at > now && due_at < latest;
    if fits {
        Ok(())
    } else {
        Err(ActionError::invalid("/due_on", "today or a later day, within five years"))
    }
}

/// Who owns an action works in the office and sees its complaints.
async fn require_owner(tx: &mut Tx, action: &Action, owner: PersonId) -> Result<(), ActionError> {
    let person = people::find(tx, owner).await?.filter(|person| person.disabled_at.is_none());
    let reach = person.and_then(|person| Reach::of(&person.roles, OFFICE));
    match reach.filter(|reach| reach.covers(&action.unit, &action.region)) {
        Some(_) => Ok(()),
        None => {
            Err(ActionError::invalid("/owner", "a person of the office who has access to the complaints"))
        }
    }
}

/// Writes a changed row, the act, and what its complaints are told.
async fn write(
    tx: &mut Tx,
    mut row: Action,
    act: Act,
    kind: EntryKind,
    by: Actor,
) -> Result<Action, ActionError> {
    if !sql::update(tx, &row).await? {
        return Err(ActionError::Changed);
    }
    row.version += 1;
    sql::note(tx, row.id, &act).await?;
    for complaint in complaints_of(tx, row.id).await? {
        tell(tx, &row, &complaint, &act).await?;
    }
    let detail = audit::Detail::new().with("action", row.id).with("act", act.kind.as_str());
    audit::append(tx, &by.entry(kind, detail).because(act.words.as_deref())).await?;
    Ok(row)
}

/// The records of the complaints under an action, in the order in which they were put under it. Those that were merged
/// are one.
pub(super) async fn complaints_of(tx: &mut Tx, action: ActionId) -> Result<Vec<Complaint>, StoreError> {
    let mut records: Vec<Complaint> = Vec::new();
    for id in sql::complaints(tx, action).await? {
        if let Some(record) = complaints::standing(tx, id).await?
            && records.iter().all(|known| known.id != record.id)
        {
            records.push(record);
        }
    }
    Ok(records)
}

/// Writes an act into the record of a complaint.
async fn tell(tx: &mut Tx, action: &Action, complaint: &Complaint, act: &Act) -> Result<(), StoreError> {
    let facts = json!({ "action": action.id, "title": action.title, "act": act.kind,
        "person": act.owner, "due_at_ms": act.due_at.map(Timestamp::unix_ms) });
    let event = NewEvent::system(EventKind::CorrectiveAction, act.at).detail(facts);
    let event = NewEvent { person: act.person, reason: act.words.clone(), ..event };
    history::add(tx, complaint.id, &event).await
}
