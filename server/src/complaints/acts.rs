//! What is done to complaints: written down, corrected, moved on, handed over.
//!
//! Each act changes the row, adds its event and its entry in the server log within the caller's transaction, and
//! brings the cards of technicians up to date. Acts of other capabilities on a complaint go through [`step`].

use super::intake::FieldError;
use super::model::{Act, Complaint, EventKind, Intake, State, StateConflict, field_changes, next_state};
use super::{contact, history, search, sql};
use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::deadlines;
use crate::specials;
use crate::store::{StoreError, Tx};
use crate::warnings;
use history::NewEvent;
use serde_json::json;
use sync_core::ids::{ComplaintId, DeviceId, PersonId};
use sync_core::time::Timestamp;

const OPENED: EntryKind = EntryKind("complaint.opened");
const CORRECTED: EntryKind = EntryKind("complaint.corrected");
const STATE_CHANGED: EntryKind = EntryKind("complaint.state_changed");
const HANDED_OVER: EntryKind = EntryKind("complaint.handed_over");

/// Why an act on a complaint is refused.
#[derive(Debug, thiserror::Error)]
pub enum ComplaintError {
    /// There is no such complaint, or it is out of reach.
    #[error("there is no such complaint")]
    Unknown,
    /// Fields cannot be taken.
    #[error("{} fields cannot be taken", .0.len())]
    Invalid(Vec<FieldError>),
    /// The act does not fit the state.
    #[error(transparent)]
    State(#[from] StateConflict),
    /// Somebody else changed the complaint since it was read.
    #[error("the complaint was changed meanwhile")]
    Changed,
    /// The complaint was merged: its survivor is to be used.
    #[error("the complaint was merged into another")]
    Merged {
        /// Id of the survivor.
        survivor: ComplaintId,
    },
    /// The number given in the field belongs to another complaint.
    #[error("the alias is taken")]
    AliasTaken,
    /// The id minted in the field belongs to another complaint.
    #[error("the complaint id is taken")]
    IdTaken,
    /// The clock does not stand, stands already, or there is none: `runs`, `stands`, `none`.
    #[error("the clock of the complaint: {0}")]
    Clock(&'static str),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who acts, and when.
#[derive(Debug, Clone, Copy)]
pub struct Actor {
    /// The person.
    pub person: PersonId,
    /// The device, for acts from the field.
    pub device: Option<DeviceId>,
    /// The device's word for when, for acts from the field.
    pub claimed_at: Option<Timestamp>,
    /// Time of the server.
    pub at: Timestamp,
}

impl Actor {
    /// Somebody in the office, now.
    pub fn office(person: PersonId, at: Timestamp) -> Self {
        Self { person, device: None, claimed_at: None, at }
    }

    /// An event of this act.
    pub fn event(&self, kind: EventKind) -> NewEvent {
        NewEvent {
            device: self.device,
            claimed_at: self.claimed_at,
            ..NewEvent::office(kind, self.person, self.at)
        }
    }

    /// An entry of the server log for this act.
    pub fn entry(&self, kind: EntryKind, detail: Detail) -> NewEntry<'static> {
        let entry = NewEntry::new(kind, self.at).by(Some(self.person)).detail(detail);
        match self.device {
            Some(device) => entry.device(device),
            None => entry,
        }
    }
}

/// A complaint that is to be written down.
#[derive(Debug, Clone)]
pub struct NewComplaint {
    /// Its identity.
    pub id: ComplaintId,
    /// What is known.
    pub intake: Intake,
    /// Who is accountable; the one who receives it if absent.
    pub holder: Option<PersonId>,
    /// The number given to the customer in the field.
    pub provisional_number: Option<String>,
}

/// Writes a complaint down and gives it its number.
///
/// # Errors
/// [`ComplaintError::IdTaken`] and [`ComplaintError::AliasTaken`] for what was minted elsewhere.
pub async fn open(tx: &mut Tx, new: NewComplaint, by: Actor) -> Result<Complaint, ComplaintError> {
    if sql::find(tx, new.id).await?.is_some() {
        return Err(ComplaintError::IdTaken);
    }
    if let Some(alias) = &new.provisional_number
        && sql::find_by_number(tx, alias).await?.is_some()
    {
        return Err(ComplaintError::AliasTaken);
    }
    let ordinal = sql::next_ordinal(tx).await?;
    let number = sql::next_complaint_number(tx, office_year(by.at)).await?;
    let mut intake = new.intake;
    let clock = deadlines::start(tx, &mut intake).await?;
    let complaint = Complaint {
        id: new.id,
        ordinal,
        number,
        version: 1,
        state: State::Received,
        intake,
        first_owner: by.person,
        holder: new.holder.unwrap_or(by.person),
        holder_since: by.at,
        opened_on_device: by.device,
        received_at: by.at,
        closed_at: None,
        merged_into: None,
    };
    sql::insert(tx, &complaint).await?;
    warnings::complaint_written(tx, &complaint).await?;
    specials::written(tx, &complaint).await?;
    if let Some(clock) = &clock {
        deadlines::note(tx, complaint.id, clock).await?;
    }
    deadlines::watch(tx, &complaint, by.at).await?;
    if let Some(alias) = &new.provisional_number {
        sql::add_alias(tx, complaint.id, alias, "provisional", by.at).await?;
    }
    let aliases: Vec<String> = new.provisional_number.into_iter().collect();
    search::index(tx, &complaint, &aliases).await?;
    let facts = json!({ "channel": complaint.intake.channel, "number": complaint.number });
    history::add(tx, complaint.id, &by.event(EventKind::Received).detail(facts)).await?;
    contact::look_at_new(tx, &complaint, &by).await?;
    audit::append(tx, &by.entry(OPENED, named(&complaint))).await?;
    Ok(complaint)
}

/// The complaint, for an act upon it.
///
/// # Errors
/// [`ComplaintError::Unknown`], and [`ComplaintError::Merged`] with the record to use instead.
pub async fn find_open_to_acts(tx: &mut Tx, id: ComplaintId) -> Result<Complaint, ComplaintError> {
    let complaint = sql::find(tx, id).await?.ok_or(ComplaintError::Unknown)?;
    match complaint.merged_into {
        Some(survivor) => Err(ComplaintError::Merged { survivor }),
        None => Ok(complaint),
    }
}

/// Replaces what is written down. Every difference is kept with its author.
///
/// # Errors
/// [`ComplaintError::Changed`] when somebody else was quicker.
pub async fn correct(
    tx: &mut Tx,
    complaint: Complaint,
    intake: Intake,
    by: Actor,
) -> Result<Complaint, ComplaintError> {
    correct_because(tx, complaint, intake, by, by.event(EventKind::Corrected)).await
}

/// The same with what is known about the correction beyond its fields: reason, visit.
pub(crate) async fn correct_because(
    tx: &mut Tx,
    mut complaint: Complaint,
    mut intake: Intake,
    by: Actor,
    event: NewEvent,
) -> Result<Complaint, ComplaintError> {
    if intake.is_reachable() {
        intake.no_contact_reason = None;
    }
    deadlines::follow(tx, &complaint, &mut intake).await?;
    let changes = field_changes(&complaint.intake, &intake);
    // The reading on record and the like are no identity: they are replaced without history.
    if complaint.intake == intake {
        return Ok(complaint);
    }
    complaint.intake = intake;
    write(tx, &mut complaint).await?;
    deadlines::watch(tx, &complaint, by.at).await?;
    history::add_field_changes(tx, &complaint, &changes, &by).await?;
    let fields: Vec<&str> = changes.iter().map(|change| change.field).collect();
    history::add(tx, complaint.id, &event.detail(json!({ "fields": fields }))).await?;
    contact::look_at_changes(tx, &complaint, &changes, &by).await?;
    crate::work_orders::refresh_cards(tx, complaint.id).await?;
    let detail = named(&complaint).with("fields", fields.join(" "));
    audit::append(tx, &by.entry(CORRECTED, detail)).await?;
    Ok(complaint)
}

/// Moves a complaint on. Nothing happens when it is there already.
///
/// # Errors
/// [`ComplaintError::State`] when the act does not fit.
pub async fn step(
    tx: &mut Tx,
    mut complaint: Complaint,
    act: Act,
    event: NewEvent,
    by: Actor,
) -> Result<Complaint, ComplaintError> {
    let from = complaint.state;
    let to = next_state(from, act)?;
    if from == to {
        return Ok(complaint);
    }
    complaint.state = to;
    complaint.closed_at = matches!(to, State::Closed | State::Withdrawn).then_some(by.at);
    if to == State::Reopened {
        deadlines::restart(tx, complaint.id, &mut complaint.intake, by.at).await?;
    }
    write(tx, &mut complaint).await?;
    deadlines::watch(tx, &complaint, by.at).await?;
    crate::review::moved(tx, &complaint, by.at).await?;
    let detail = named(&complaint).with("from", from.as_str()).with("to", to.as_str());
    let entry = by.entry(STATE_CHANGED, detail).because(event.reason.as_deref());
    history::add(tx, complaint.id, &event.states(from, to)).await?;
    audit::append(tx, &entry).await?;
    Ok(complaint)
}

/// Makes somebody else accountable.
pub async fn hand_over(
    tx: &mut Tx,
    mut complaint: Complaint,
    holder: PersonId,
    reason: &str,
    by: Actor,
) -> Result<Complaint, ComplaintError> {
    if complaint.holder == holder {
        return Ok(complaint);
    }
    let facts = json!({ "from": complaint.holder, "to": holder, "held_since_ms": complaint.holder_since });
    complaint.holder = holder;
    complaint.holder_since = by.at;
    write(tx, &mut complaint).await?;
    let event = by.event(EventKind::HandedOver).reason(reason).detail(facts);
    history::add(tx, complaint.id, &event).await?;
    let detail = named(&complaint).with("holder", holder);
    audit::append(tx, &by.entry(HANDED_OVER, detail).because(Some(reason))).await?;
    Ok(complaint)
}

/// Writes the row with its next version and what it is found by.
pub(crate) async fn write(tx: &mut Tx, complaint: &mut Complaint) -> Result<(), ComplaintError> {
    if !sql::update(tx, complaint).await? {
        return Err(ComplaintError::Changed);
    }
    complaint.version += 1;
    warnings::complaint_written(tx, complaint).await?;
    specials::written(tx, complaint).await?;
    let aliases = sql::aliases(tx, complaint.id).await?;
    Ok(search::index(tx, complaint, &aliases).await?)
}

/// The facts that name a complaint in the server log.
pub(crate) fn named(complaint: &Complaint) -> Detail {
    Detail::new().with("complaint", complaint.id).with("number", &complaint.number)
}

fn office_year(at: Timestamp) -> i16 {
    super::office_time(at).year()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_begins_at_midnight_in_the_office() {
        for (at, year) in
            [("2025-12-31T15:59:59Z", 2025), ("2025-12-31T16:00:00Z", 2026), ("2026-06-01T00:00:00Z", 2026)]
        {
            let at: jiff::Timestamp = at.parse().unwrap();
            assert_eq!(office_year(Timestamp::from_unix_ms(at.as_millisecond())), year, "{at}");
        }
    }
}
