//! The clock of one complaint: its limits, its dates, its pauses.

use super::sql;
use crate::complaints::acts::{Actor, ComplaintError, correct_because, find_open_to_acts};
use crate::complaints::history;
use crate::complaints::intake::{FieldError, checked_reason};
use crate::complaints::model::{Complaint, Deadlines, EventKind, Intake};
use crate::specials;
use crate::store::{StoreError, Tx};
use serde_json::json;
use sync_core::deadline::{Calendar, Due, Facts, Limit, Limits, Pause, due};
use sync_core::ids::{ComplaintId, PersonId};
use sync_core::time::Timestamp;

/// Why a clock may stand. Anything else is an excuse.
pub(crate) const PAUSE_REASONS: &[&str] =
    &["customer_unreachable", "customer_asked_later", "outside_dependency"];

/// The limits of a complaint that follow from rules.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Clock {
    /// Version of the rules.
    pub(crate) policy: i64,
    /// Number of the rule in them, from 1.
    pub(crate) rule: i64,
    /// Without those that a person set.
    pub(crate) limits: Limits,
    /// Whether a calendar did not reach so far.
    pub(crate) provisional: bool,
    /// When the complaint was taken up again; `None`: its time runs since the customer turned to us.
    pub(crate) started: Option<Timestamp>,
}

/// A time in which the clock stood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PauseRecord {
    pub(crate) from: Timestamp,
    pub(crate) to: Option<Timestamp>,
    pub(crate) reason: String,
    pub(crate) note: String,
    pub(crate) paused_by: PersonId,
    pub(crate) resumed_by: Option<PersonId>,
}

/// Sets the dates of a new complaint by the rules that hold when it is requested. What was typed stays.
pub(crate) async fn start(tx: &mut Tx, intake: &mut Intake) -> Result<Option<Clock>, StoreError> {
    let Some(published) = sql::policy_at(tx, intake.requested_at).await? else { return Ok(None) };
    let Some(calendar) = sql::newest_calendar(tx, &published.policy.calendar).await? else { return Ok(None) };
    let Some((number, rule)) = published.policy.rule_for(facts(intake)) else { return Ok(None) };
    let mut clock = Clock {
        policy: published.version,
        rule: i64::try_from(number).unwrap_or(i64::MAX),
        limits: rule.limits,
        provisional: false,
        started: None,
    };
    for kind in KINDS {
        if kind.date(&mut intake.deadlines).is_some() {
            *kind.limit(&mut clock.limits) = None;
        }
    }
    clock.set_dates(intake, &calendar.calendar, &[], &[]);
    Ok(Some(clock))
}

/// Keeps the clock of a new complaint.
pub(crate) async fn note(tx: &mut Tx, complaint: ComplaintId, clock: &Clock) -> Result<(), StoreError> {
    sql::put_clock(tx, complaint, clock).await
}

/// Brings the dates of a corrected complaint in step with what it is now: another category or priority may have other
/// limits. A date that the correction itself changes is typed by hand and follows no rule any more.
pub(crate) async fn follow(tx: &mut Tx, complaint: &Complaint, new: &mut Intake) -> Result<(), StoreError> {
    let Some(mut clock) = sql::clock(tx, complaint.id).await? else { return Ok(()) };
    let Some(published) = sql::policy(tx, clock.policy).await? else { return Ok(()) };
    let Some(calendar) = sql::newest_calendar(tx, &published.policy.calendar).await? else { return Ok(()) };
    let before = clock.clone();
    let mut old = complaint.intake.clone();
    let mut by_hand = [false; KINDS.len()];
    for (kind, by_hand) in KINDS.into_iter().zip(&mut by_hand) {
        let (was, is) = (*kind.date(&mut old.deadlines), kind.date(&mut new.deadlines));
        if same_minute(was, *is) {
            *is = was;
        } else {
            *kind.limit(&mut clock.limits) = None;
        }
        *by_hand = is.is_some() && kind.limit(&mut clock.limits).is_none();
    }
    if facts(&old) != facts(new)
        && let Some((number, rule)) = published.policy.rule_for(facts(new))
    {
        clock.rule = i64::try_from(number).unwrap_or(i64::MAX);
        let mut limits = rule.limits;
        for (kind, by_hand) in KINDS.into_iter().zip(by_hand) {
            if by_hand {
                *kind.limit(&mut limits) = None;
            } else {
                *kind.date(&mut new.deadlines) = None;
            }
        }
        clock.limits = limits;
    }
    let (pauses, tighter) =
        (pauses_of(tx, complaint.id).await?, specials::limits_of(tx, complaint.id).await?);
    clock.set_dates(new, &calendar.calendar, &pauses, &tighter);
    if clock == before { Ok(()) } else { sql::put_clock(tx, complaint.id, &clock).await }
}

/// A complaint is taken up again: the limits that follow from rules run from now on.
pub(crate) async fn restart(
    tx: &mut Tx,
    complaint: ComplaintId,
    intake: &mut Intake,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Some(mut clock) = sql::clock(tx, complaint).await? else { return Ok(()) };
    let Some(published) = sql::policy(tx, clock.policy).await? else { return Ok(()) };
    let Some(calendar) = sql::newest_calendar(tx, &published.policy.calendar).await? else { return Ok(()) };
    clock.started = Some(at);
    let (pauses, tighter) = (pauses_of(tx, complaint).await?, specials::limits_of(tx, complaint).await?);
    clock.set_dates(intake, &calendar.calendar, &pauses, &tighter);
    sql::put_clock(tx, complaint, &clock).await
}

/// What a complaint's clock says, with its pauses, oldest first; `None` for one without limits from rules.
pub(crate) async fn clock_of(
    tx: &mut Tx,
    complaint: ComplaintId,
) -> Result<Option<(Clock, Vec<PauseRecord>)>, StoreError> {
    let Some(clock) = sql::clock(tx, complaint).await? else { return Ok(None) };
    Ok(Some((clock, sql::pauses(tx, complaint).await?)))
}

/// Stops the clock of a complaint for one of [`PAUSE_REASONS`].
///
/// # Errors
/// [`ComplaintError::Clock`] when it stands already, or there is none.
pub(crate) async fn pause(
    tx: &mut Tx,
    id: ComplaintId,
    reason: &str,
    note: &str,
    by: Actor,
) -> Result<Complaint, ComplaintError> {
    if !PAUSE_REASONS.contains(&reason) {
        let expected = PAUSE_REASONS.join(", ");
        return Err(ComplaintError::Invalid(vec![FieldError { pointer: "/reason", expected }]));
    }
    let note = checked_reason("/note", note).map_err(ComplaintError::Invalid)?;
    let complaint = find_open_to_acts(tx, id).await?;
    let clock = clock_of(tx, id).await?.filter(|_| complaint.is_open());
    let Some((_, pauses)) = clock else { return Err(ComplaintError::Clock("none")) };
    if pauses.iter().any(|pause| pause.to.is_none()) {
        return Err(ComplaintError::Clock("stands"));
    }
    let pause = PauseRecord {
        from: by.at,
        to: None,
        reason: reason.to_owned(),
        note: note.clone(),
        paused_by: by.person,
        resumed_by: None,
    };
    sql::insert_pause(tx, id, &pause).await?;
    let event = by.event(EventKind::ClockPaused).reason(&note).detail(json!({ "clock_reason": reason }));
    history::add(tx, id, &event).await?;
    count_anew(tx, complaint, by).await
}

/// Lets the clock of a complaint run again; its dates move by what it stood.
///
/// # Errors
/// [`ComplaintError::Clock`] when it runs, or there is none.
pub(crate) async fn resume(tx: &mut Tx, id: ComplaintId, by: Actor) -> Result<Complaint, ComplaintError> {
    let complaint = find_open_to_acts(tx, id).await?;
    if !sql::end_pause(tx, id, by.person, by.at).await? {
        return Err(ComplaintError::Clock("runs"));
    }
    history::add(tx, id, &by.event(EventKind::ClockResumed)).await?;
    count_anew(tx, complaint, by).await
}

/// Counts every date of open complaints anew that the calendar did not reach; says how many moved. What is over keeps
/// the dates by which it was judged.
pub(super) async fn count_provisional_anew(
    tx: &mut Tx,
    calendar: &str,
    by: Actor,
) -> Result<usize, ComplaintError> {
    let mut moved = 0;
    for id in sql::provisional(tx).await? {
        let Some(clock) = sql::clock(tx, id).await? else { continue };
        let policy = sql::policy(tx, clock.policy).await?;
        if policy.is_none_or(|published| published.policy.calendar != calendar) {
            continue;
        }
        let found = crate::complaints::find(tx, id).await?;
        let Some(complaint) = found.filter(Complaint::is_open) else { continue };
        let before = complaint.intake.deadlines;
        let after = count_anew(tx, complaint, by).await?;
        moved += usize::from(after.intake.deadlines != before);
    }
    Ok(moved)
}

/// The dates of a complaint as its clock has them now.
pub(crate) async fn count_anew(
    tx: &mut Tx,
    complaint: Complaint,
    by: Actor,
) -> Result<Complaint, ComplaintError> {
    let intake = complaint.intake.clone();
    let event = by.event(EventKind::Corrected);
    correct_because(tx, complaint, intake, by, event).await
}

async fn pauses_of(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<Pause>, StoreError> {
    let records = sql::pauses(tx, complaint).await?;
    Ok(records.iter().map(|pause| Pause { from: pause.from, to: pause.to }).collect())
}

impl Clock {
    /// Sets the dates that follow from limits; a clock that stands has none. What makes the complaint special has
    /// limits from the moment when somebody confirmed it: they make a date earlier, never later.
    fn set_dates(
        &mut self,
        intake: &mut Intake,
        calendar: &Calendar,
        pauses: &[Pause],
        tighter: &[(Timestamp, Limits)],
    ) {
        self.provisional = false;
        let start = self.started.unwrap_or(intake.requested_at);
        for kind in KINDS {
            let Some(limit) = *kind.limit(&mut self.limits) else { continue };
            let special = tighter.iter().filter_map(|(from, limits)| {
                let mut limits = *limits;
                kind.limit(&mut limits).map(|limit| (start.max(*from), limit))
            });
            let dues = std::iter::once((start, limit)).chain(special);
            let dates = dues.filter_map(|(from, limit)| match due(from, limit, calendar, pauses) {
                Due::At { at, provisional } => Some((at, provisional)),
                Due::Paused { .. } => None,
            });
            let date = dates.min();
            self.provisional |= date.is_some_and(|(_, provisional)| provisional);
            *kind.date(&mut intake.deadlines) = date.map(|(at, _)| at);
        }
    }
}

/// The steps that have limits.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Contact,
    Onsite,
    Answer,
}

const KINDS: [Kind; 3] = [Kind::Contact, Kind::Onsite, Kind::Answer];

impl Kind {
    fn date(self, dates: &mut Deadlines) -> &mut Option<Timestamp> {
        match self {
            Self::Contact => &mut dates.contact_due_at_ms,
            Self::Onsite => &mut dates.onsite_due_at_ms,
            Self::Answer => &mut dates.answer_due_at_ms,
        }
    }

    fn limit(self, limits: &mut Limits) -> &mut Option<Limit> {
        match self {
            Self::Contact => &mut limits.contact,
            Self::Onsite => &mut limits.onsite,
            Self::Answer => &mut limits.answer,
        }
    }
}

fn facts(intake: &Intake) -> Facts<'_> {
    Facts {
        utility: intake.utility.as_str(),
        category: &intake.category,
        channel: intake.channel.as_str(),
        priority: intake.priority.as_str(),
    }
}

/// Forms show minutes: a date that comes back without its seconds was not changed.
fn same_minute(a: Option<Timestamp>, b: Option<Timestamp>) -> bool {
    a.map(|at| at.unix_s().div_euclid(60)) == b.map(|at| at.unix_s().div_euclid(60))
}
