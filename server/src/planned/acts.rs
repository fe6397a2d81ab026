//! What is done about planned events: written, submitted, sent back, approved, announced, cancelled.
//!
//! Each act changes the row, writes itself down, brings the packs up to date, and adds its entry to the server log,
//! within the caller's transaction.

use super::model::{
    Done, PlannedAct, PlannedContent, PlannedError, PlannedEvent, PlannedState, Times, had_a_hand,
};
use super::{carried, sql};
use crate::audit::{self, Detail, EntryKind};
use crate::complaints::acts::Actor;
use crate::complaints::intake::checked_reason;
use crate::config::Regions;
use crate::deadlines;
use crate::store::{Counter, StoreError, Tx, next_number};
use sync_core::ids::PlannedEventId;
use sync_core::time::Timestamp;

const WRITTEN: EntryKind = EntryKind("planned_event.written");
const SUBMITTED: EntryKind = EntryKind("planned_event.submitted");
const SENT_BACK: EntryKind = EntryKind("planned_event.sent_back");
const APPROVED: EntryKind = EntryKind("planned_event.approved");
const ANNOUNCED: EntryKind = EntryKind("planned_event.announced");
const CANCELLED: EntryKind = EntryKind("planned_event.cancelled");

/// What is due until when, by the rules that hold now; `None` without rules or calendar.
pub(super) async fn times(
    tx: &mut Tx,
    content: &PlannedContent,
    now: Timestamp,
) -> Result<Option<Times>, StoreError> {
    let Some((published, calendar)) = deadlines::policy_with_calendar(tx, now).await? else {
        return Ok(None);
    };
    let rules = published.policy.watch.planned_events;
    let limits = rules.limits(content.begins_at(), &calendar);
    Ok(Some(Times {
        submit_by: limits.submit_by,
        inform_by: limits.inform_by,
        provisional: limits.provisional,
        carried_from: limits.carried_from,
        near_submit: rules.near_at(limits.submit_by, &calendar),
        near_inform: rules.near_at(limits.inform_by, &calendar),
    }))
}

/// Writes the first version of a new event as a draft.
pub(super) async fn create(
    tx: &mut Tx,
    id: PlannedEventId,
    content: PlannedContent,
    by: Actor,
) -> Result<PlannedEvent, PlannedError> {
    let content = not_past(content.checked()?, by.at)?;
    let event = PlannedEvent {
        id,
        number: next_number(tx, Counter("planned_event")).await?,
        version: 1,
        state: PlannedState::Draft,
        newest: 1,
        approved: None,
        times: times(tx, &content, by.at).await?.ok_or(PlannedError::NoRules)?,
        holds: None,
        turns_at: None,
        changed_at: by.at,
        content,
    };
    sql::insert(tx, &event).await?;
    note(tx, &event, Act::plain(PlannedAct::Written, WRITTEN), by).await?;
    Ok(event)
}

fn not_past(content: PlannedContent, now: Timestamp) -> Result<PlannedContent, PlannedError> {
    if content.ends_at() <= now {
        return Err(PlannedError::invalid("/ends_at_ms", "a moment that has not passed"));
    }
    Ok(content)
}

/// Changes what waits, or begins the next version of what is approved; either needs approval (again). The same once more
/// changes nothing.
pub(super) async fn write(
    tx: &mut Tx,
    event: PlannedEvent,
    content: PlannedContent,
    by: Actor,
) -> Result<PlannedEvent, PlannedError> {
    let content = not_past(content.checked()?, by.at)?;
    let event = match event.state {
        PlannedState::Cancelled => return Err(PlannedError::State("cancelled")),
        // What is over is moved to another day by a new version as long as it was no more than a draft.
        _ if event.is_over(by.at) && event.approved.is_some() => return Err(PlannedError::State("over")),
        _ => event,
    };
    if event.content == content {
        return Ok(event);
    }
    let is_next = event.approved == Some(event.newest);
    let newest = event.newest + i64::from(is_next);
    let times = times(tx, &content, by.at).await?.ok_or(PlannedError::NoRules)?;
    let event = PlannedEvent { state: PlannedState::Draft, newest, times, content, ..event };
    sql::put_version(tx, &event).await?;
    change(tx, event, Act::plain(PlannedAct::Written, WRITTEN), by).await
}

/// Submits it for approval. After the moment until which that was due it takes a reason, and is marked late.
pub(super) async fn submit(
    tx: &mut Tx,
    event: PlannedEvent,
    late_reason: &str,
    by: Actor,
) -> Result<PlannedEvent, PlannedError> {
    let event = event.being(PlannedState::Draft, by.at)?;
    event.content.complete()?;
    let late = by.at > event.times.submit_by;
    let words = if late { Some(reason("/late_reason", late_reason)?) } else { None };
    let event = PlannedEvent { state: PlannedState::Submitted, ..event };
    let act = Act { words, late, ..Act::plain(PlannedAct::Submitted, SUBMITTED) };
    change(tx, event, act, by).await
}

/// Sends it back to those who wrote it, for a reason. By nobody who had a hand in it.
pub(super) async fn send_back(
    tx: &mut Tx,
    event: PlannedEvent,
    why: &str,
    by: Actor,
) -> Result<PlannedEvent, PlannedError> {
    let event = event.being(PlannedState::Submitted, by.at)?;
    require_other(tx, &event, by).await?;
    let words = Some(reason("/reason", why)?);
    let event = PlannedEvent { state: PlannedState::Draft, ..event };
    change(tx, event, Act { words, ..Act::plain(PlannedAct::SentBack, SENT_BACK) }, by).await
}

/// Approves it: from then on people go by this version. By nobody who had a hand in it.
pub(super) async fn approve(
    tx: &mut Tx,
    event: PlannedEvent,
    version: i64,
    regions: &Regions,
    by: Actor,
) -> Result<PlannedEvent, PlannedError> {
    let event = event.being(PlannedState::Submitted, by.at)?;
    if event.newest != version {
        return Err(PlannedError::Changed);
    }
    require_other(tx, &event, by).await?;
    let late = by.at > event.times.inform_by;
    let event = PlannedEvent {
        state: PlannedState::Approved,
        approved: Some(version),
        holds: Some((event.times.carried_from, event.content.ends_at())),
        ..event
    };
    let event = carried::refresh(tx, event, regions, by.at).await?;
    change(tx, event, Act { late, ..Act::plain(PlannedAct::Approved, APPROVED) }, by).await
}

/// Customers were told, in this way and then.
pub(super) async fn announce(
    tx: &mut Tx,
    event: PlannedEvent,
    (how, told_at): (&str, Option<Timestamp>),
    regions: &Regions,
    by: Actor,
) -> Result<PlannedEvent, PlannedError> {
    let event = event.being(PlannedState::Approved, by.at)?;
    let words = Some(reason("/how", how)?);
    let told_at = told_at.unwrap_or(by.at);
    let acts = sql::acts(tx, event.id).await?;
    let approved_at = acts.iter().rfind(|act| act.act == PlannedAct::Approved).map(|act| act.at);
    if told_at > by.at || approved_at.is_some_and(|at| told_at.unix_ms() / 60_000 < at.unix_ms() / 60_000) {
        return Err(PlannedError::invalid("/told_at_ms", "a moment between the approval and now"));
    }
    let late = told_at > event.times.inform_by;
    let event = PlannedEvent { state: PlannedState::Announced, ..event };
    let event = carried::refresh(tx, event, regions, by.at).await?;
    let act = Act { words, late, told_at: Some(told_at), ..Act::plain(PlannedAct::Announced, ANNOUNCED) };
    change(tx, event, act, by).await
}

/// It does not take place, for a reason that stays on record; nobody carries it any more.
pub(super) async fn cancel(
    tx: &mut Tx,
    event: PlannedEvent,
    why: &str,
    regions: &Regions,
    by: Actor,
) -> Result<PlannedEvent, PlannedError> {
    let event = event.standing(by.at)?;
    let words = Some(reason("/reason", why)?);
    let event = PlannedEvent { state: PlannedState::Cancelled, ..event };
    let event = carried::refresh(tx, event, regions, by.at).await?;
    change(tx, event, Act { words, ..Act::plain(PlannedAct::Cancelled, CANCELLED) }, by).await
}

async fn require_other(tx: &mut Tx, event: &PlannedEvent, by: Actor) -> Result<(), PlannedError> {
    let acts = sql::acts(tx, event.id).await?;
    if had_a_hand(&acts, event.newest, by.person) { Err(PlannedError::Own) } else { Ok(()) }
}

fn reason(pointer: &'static str, text: &str) -> Result<String, PlannedError> {
    checked_reason(pointer, text).map_err(|_| PlannedError::invalid(pointer, "1 to 2000 characters"))
}

/// What is to be written down.
struct Act {
    act: PlannedAct,
    entry: EntryKind,
    words: Option<String>,
    told_at: Option<Timestamp>,
    late: bool,
}

impl Act {
    fn plain(act: PlannedAct, entry: EntryKind) -> Self {
        Self { act, entry, words: None, told_at: None, late: false }
    }
}

async fn change(tx: &mut Tx, row: PlannedEvent, act: Act, by: Actor) -> Result<PlannedEvent, PlannedError> {
    let mut row = PlannedEvent { changed_at: by.at, ..row };
    if !sql::update(tx, &row).await? {
        return Err(PlannedError::Changed);
    }
    row.version += 1;
    note(tx, &row, act, by).await?;
    Ok(row)
}

/// Writes an act down, and into the server log.
async fn note(tx: &mut Tx, row: &PlannedEvent, act: Act, by: Actor) -> Result<(), PlannedError> {
    let Act { act, entry, words, told_at, late } = act;
    let done = Done { act, version: row.newest, words, told_at, late, person: by.person, at: by.at };
    sql::note(tx, row.id, &done).await?;
    let mut detail = Detail::new()
        .with("planned_event", row.id)
        .with("number", row.name())
        .with("event_version", row.newest.to_string());
    if late {
        detail = detail.with("late", "true");
    }
    audit::append(tx, &by.entry(entry, detail).because(done.words.as_deref())).await?;
    Ok(())
}
