//! The watch over deadlines: what must have happened until when, and who was told that it has not.
//!
//! Each step of a complaint has a row that says when its level rises next. A change of the complaint brings the rows in
//! step ([`keep`]); a task raises those whose moment has come ([`run`]), a few indexed rows at a time, however many
//! complaints there are. What a technician did in time takes a breach back, whenever it arrives ([`arrived`]).

mod sql;

pub(super) use sql::{Raised, RaisedKey, RaisedStep, raised, silent};

use super::clock::Clock;
use crate::app::App;
use crate::audit::{self, EntryKind, NewEntry};
use crate::complaints;
use crate::complaints::acts::named;
use crate::complaints::history::{self, NewEvent};
use crate::complaints::model::{Complaint, DeadlineKind, EventKind};
use crate::store::{StoreError, Tx};
use serde_json::json;
use std::time::Duration;
use sync_core::deadline::{Calendar, Due, MISSED, NEAR, QUIET, WatchRules, due, level_at};
use sync_core::ids::{ComplaintId, DeviceId};
use sync_core::time::Timestamp;

/// A deadline was missed.
const MISSED_ENTRY: EntryKind = EntryKind("deadline.missed");
/// A missed deadline was brought before somebody else.
const ESCALATED_ENTRY: EntryKind = EntryKind("deadline.escalated");
/// What arrived late shows that a deadline was kept after all.
const KEPT_ENTRY: EntryKind = EntryKind("deadline.kept");

/// How often rows are looked for whose moment has come.
const ROUND_EVERY: Duration = Duration::from_secs(10);
/// Rows raised in one transaction.
const ROWS_PER_ROUND: i64 = 100;
/// How far a device's clock may be off for its word to count.
const CLOCK_TOLERANCE_MS: i64 = 5 * 60_000;

/// What must have happened, as it lies in its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) kind: StepKind,
    /// Of [`StepKind::State`]: the state; of others empty.
    pub(crate) about: String,
    pub(crate) from: Timestamp,
    /// `None`: its clock stands.
    pub(crate) due: Option<Timestamp>,
    pub(crate) stopped: Option<Timestamp>,
    pub(crate) level: i64,
    /// When the level rises next.
    next: Option<Timestamp>,
}

/// What must have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepKind {
    /// What the customer was promised.
    Deadline(DeadlineKind),
    /// The complaint moves on from the state that it is in.
    State,
}

impl StepKind {
    const ALL: [Self; 4] = [
        Self::Deadline(DeadlineKind::Contact),
        Self::Deadline(DeadlineKind::Onsite),
        Self::Deadline(DeadlineKind::Answer),
        Self::State,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Deadline(kind) => kind.as_str(),
            Self::State => "state",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// By what a complaint is watched.
struct Rules {
    watch: WatchRules,
    calendar: Calendar,
    clock: Option<Clock>,
}

async fn rules_of(tx: &mut Tx, complaint: &Complaint) -> Result<Option<Rules>, StoreError> {
    let clock = super::sql::clock(tx, complaint.id).await?;
    let published = match &clock {
        Some(clock) => super::sql::policy(tx, clock.policy).await?,
        None => super::sql::policy_at(tx, complaint.intake.requested_at).await?,
    };
    let Some(published) = published else { return Ok(None) };
    let calendar = super::sql::newest_calendar(tx, &published.policy.calendar).await?;
    Ok(calendar.map(|calendar| Rules { watch: published.policy.watch, calendar: calendar.calendar, clock }))
}

/// When people are told about the deadlines of this complaint.
pub(super) async fn rules_for(tx: &mut Tx, complaint: &Complaint) -> Result<WatchRules, StoreError> {
    Ok(rules_of(tx, complaint).await?.map(|rules| rules.watch).unwrap_or_default())
}

/// Brings what is watched in step with a complaint that has changed.
pub(crate) async fn keep(tx: &mut Tx, complaint: &Complaint, now: Timestamp) -> Result<(), StoreError> {
    let Some(rules) = rules_of(tx, complaint).await? else { return Ok(()) };
    let rows = sql::steps(tx, complaint.id).await?;
    for kind in StepKind::ALL {
        let row = rows.iter().find(|row| row.kind == kind);
        let step = match (rules.wanted(complaint, kind, row, now), row) {
            (Some(wanted), _) => wanted,
            (None, Some(open)) if open.stopped.is_none() => {
                Step { stopped: Some(now), next: None, ..open.clone() }
            }
            (None, _) => continue,
        };
        if row != Some(&step) {
            sql::put(tx, complaint.id, &step).await?;
        }
    }
    Ok(())
}

impl Rules {
    /// The row of a step that is open; `None` for one that needs not happen.
    fn wanted(
        &self,
        complaint: &Complaint,
        kind: StepKind,
        row: Option<&Step>,
        now: Timestamp,
    ) -> Option<Step> {
        let StepKind::Deadline(deadline) = kind else { return self.wanted_move(complaint, row, now) };
        let due = complaint.intake.deadlines.of(deadline);
        if !complaint.awaits(deadline) || due.is_none() && row.is_none() {
            return None;
        }
        let started = self.clock.as_ref().and_then(|clock| clock.started);
        let from = started.unwrap_or(complaint.intake.requested_at);
        match row {
            // Somebody was on site, though the complaint still waits for what they found.
            Some(row) if deadline == DeadlineKind::Onsite && row.stopped.is_some() && row.from == from => {
                None
            }
            Some(row) if row.stopped.is_none() && (row.from, row.due) == (from, due) => Some(row.clone()),
            _ => Some(self.begun(kind, String::new(), from, due)),
        }
    }

    /// How long the complaint may stay where it is.
    fn wanted_move(&self, complaint: &Complaint, row: Option<&Step>, now: Timestamp) -> Option<Step> {
        let state = complaint.state.as_str();
        let limit = *self.watch.dwell.get(state).filter(|_| complaint.is_open())?;
        match row {
            Some(row) if row.about == state && row.stopped.is_none() => Some(row.clone()),
            _ => {
                let due = match due(now, limit, &self.calendar, &[]) {
                    Due::At { at, .. } => Some(at),
                    Due::Paused { .. } => None,
                };
                Some(self.begun(StepKind::State, state.to_owned(), now, due))
            }
        }
    }

    fn begun(&self, kind: StepKind, about: String, from: Timestamp, due: Option<Timestamp>) -> Step {
        let next =
            due.and_then(|due| self.watch.marks(from, due, &self.calendar).first().map(|mark| mark.at));
        Step { kind, about, from, due, stopped: None, level: QUIET, next }
    }
}

/// When something happened that a device reports: its word counts while its clock is right, else the receipt does.
pub(crate) async fn happened_at(
    tx: &mut Tx,
    device: DeviceId,
    (claimed, received): (Timestamp, Timestamp),
) -> Result<Timestamp, StoreError> {
    Ok(match sql::clock_offset(tx, device).await? {
        Some(offset) if offset.abs() <= CLOCK_TOLERANCE_MS => claimed.min(received),
        _ => received,
    })
}

/// A technician arrived at a visit of this complaint. The device's word for when counts while its clock is right.
pub(crate) async fn arrived(
    tx: &mut Tx,
    complaint: &Complaint,
    device: DeviceId,
    (claimed, received): (Timestamp, Timestamp),
) -> Result<(), StoreError> {
    let rows = sql::steps(tx, complaint.id).await?;
    let onsite = StepKind::Deadline(DeadlineKind::Onsite);
    let Some(row) = rows.into_iter().find(|row| row.kind == onsite) else { return Ok(()) };
    let at = happened_at(tx, device, (claimed, received)).await?;
    if at < row.from || row.stopped.is_some_and(|stopped| stopped <= at) {
        return Ok(());
    }
    let kept = row.level >= MISSED && row.due.is_some_and(|due| at <= due);
    let level = if kept { QUIET } else { row.level };
    sql::put(tx, complaint.id, &Step { stopped: Some(at), next: None, level, ..row.clone() }).await?;
    if kept {
        say(tx, complaint, &row, EventKind::DeadlineKept, KEPT_ENTRY, "holder", received).await?;
    }
    Ok(())
}

/// Looks for deadlines whose moment has come until the server stops.
pub(crate) async fn run(app: App) {
    if let Err(error) = adopt(&app).await {
        tracing::error!(%error, "complaints that are older than the watch are watched from their next change on");
    }
    while !app.is_stopping() {
        match round(&app).await {
            Ok(raised) if raised == ROWS_PER_ROUND => continue,
            Ok(_) => {}
            Err(error) if error.is_busy() => {}
            Err(error) => tracing::error!(%error, "deadlines cannot be watched"),
        }
        tokio::time::sleep(ROUND_EVERY).await;
    }
}

/// Raises what is due now, a limited number of rows; says how many.
pub(super) async fn round(app: &App) -> Result<i64, StoreError> {
    let now = app.clock.now();
    if !sql::any_due(&mut app.store.read().await?, now).await? {
        return Ok(0);
    }
    let mut tx = app.store.write().await?;
    let due = sql::due(&mut tx, now, ROWS_PER_ROUND).await?;
    let count = i64::try_from(due.len()).unwrap_or(ROWS_PER_ROUND);
    for (complaint, step) in due {
        raise(&mut tx, complaint, step, now).await?;
    }
    tx.commit().await?;
    Ok(count)
}

/// Watches open complaints that are older than the watch, once at each start.
pub(super) async fn adopt(app: &App) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let unwatched = sql::unwatched(&mut app.store.read().await?, &after, ROWS_PER_ROUND).await?;
        let Some(last) = unwatched.last() else { return Ok(()) };
        after = last.to_string();
        let mut tx = app.store.write().await?;
        for id in unwatched {
            if let Some(complaint) = complaints::find(&mut tx, id).await? {
                keep(&mut tx, &complaint, app.clock.now()).await?;
            }
        }
        tx.commit().await?;
    }
}

async fn raise(tx: &mut Tx, id: ComplaintId, step: Step, now: Timestamp) -> Result<(), StoreError> {
    let Some(complaint) = complaints::find(tx, id).await? else { return Ok(()) };
    let rules = rules_of(tx, &complaint).await?;
    let (Some(rules), Some(due)) = (rules, step.due) else {
        return sql::put(tx, id, &Step { next: None, ..step }).await;
    };
    let (level, next) = level_at(&rules.watch.marks(step.from, due, &rules.calendar), now);
    sql::put(tx, id, &Step { level: level.max(step.level), next, ..step.clone() }).await?;
    for risen in step.level + 1..=level {
        match risen {
            NEAR if level > NEAR || step.kind == StepKind::State => {}
            NEAR => add(tx, &complaint, &step, EventKind::DeadlineNear, "holder", now).await?,
            MISSED => {
                say(tx, &complaint, &step, EventKind::DeadlineMissed, MISSED_ENTRY, "holder", now).await?;
            }
            _ => {
                let number = usize::try_from(risen - MISSED - 1).unwrap_or(usize::MAX);
                let to = rules.watch.escalations.get(number).map_or("lead", |step| step.to.as_str());
                say(tx, &complaint, &step, EventKind::DeadlineEscalated, ESCALATED_ENTRY, to, now).await?;
            }
        }
    }
    Ok(())
}

/// Writes it into the record and into the server log.
async fn say(
    tx: &mut Tx,
    complaint: &Complaint,
    step: &Step,
    kind: EventKind,
    entry: EntryKind,
    to: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    add(tx, complaint, step, kind, to, now).await?;
    let detail = named(complaint).with("step", step.kind.as_str()).with("to", to);
    audit::append(tx, &NewEntry::new(entry, now).detail(detail)).await.map(drop)
}

async fn add(
    tx: &mut Tx,
    complaint: &Complaint,
    step: &Step,
    kind: EventKind,
    to: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let detail = json!({ "step": step.kind.as_str(), "about": step.about, "to": to,
        "due_at_ms": step.due.map(Timestamp::unix_ms) });
    history::add(tx, complaint.id, &NewEvent::system(kind, now).detail(detail)).await
}
