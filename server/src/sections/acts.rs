//! What is done about sections: opened, worked on, handed over, signed off, taken back, dropped.
//!
//! Each act changes the row, writes itself down, tells the complaint, and adds its entry to the server log, within the
//! caller's transaction.

use super::model::{Section, SectionAct, SectionActKind, SectionError, SectionState};
use super::sql;
use crate::audit::{self, EntryKind};
use crate::complaints::acts::{Actor, find_open_to_acts, named};
use crate::complaints::intake::{checked_reason, clean};
use crate::complaints::model::{EventKind, StateConflict};
use crate::complaints::{self, ComplaintError, history, require_unit};
use crate::deadlines;
use crate::people;
use crate::review::EvidenceRef;
use crate::store::{StoreError, Tx};
use serde_json::json;
use sync_core::deadline::{AMOUNT_MAX, Calendar, Discipline, Limit};
use sync_core::ids::{ComplaintId, SectionId};
use sync_core::time::Timestamp;

const OPENED: EntryKind = EntryKind("section.opened");
const WORKED: EntryKind = EntryKind("section.worked");
const HANDED_OVER: EntryKind = EntryKind("section.handed_over");
const SIGNED_OFF: EntryKind = EntryKind("section.signed_off");
const TAKEN_BACK: EntryKind = EntryKind("section.taken_back");
const DROPPED: EntryKind = EntryKind("section.dropped");

/// A section that is to be opened.
#[derive(Debug, Clone)]
pub(super) struct NewSection {
    pub(super) id: SectionId,
    /// A code of the rules that hold now.
    pub(super) discipline: String,
    pub(super) task: String,
    /// Empty: the unit that the rules name.
    pub(super) unit: String,
    /// `None`: what the rules say.
    pub(super) within: Option<Limit>,
}

/// Opens a section of a complaint.
pub(super) async fn open(
    tx: &mut Tx,
    complaint: ComplaintId,
    new: NewSection,
    by: Actor,
) -> Result<Section, SectionError> {
    let complaint = find_open_to_acts(tx, complaint).await?;
    if !complaint.is_open() {
        return Err(ComplaintError::State(StateConflict { state: complaint.state }).into());
    }
    let task = words("/task", &new.task)?;
    let (policy, discipline, calendar) = discipline_at(tx, &new.discipline, by.at).await?;
    let wanted = clean(&new.unit);
    let unit = if wanted.is_empty() { discipline.unit } else { wanted };
    require_holder(tx, &unit).await?;
    let section = Section {
        id: new.id,
        complaint: complaint.id,
        version: 1,
        state: SectionState::Open,
        discipline: discipline.code,
        policy,
        task: task.clone(),
        work: String::new(),
        evidence: Vec::new(),
        unit: String::new(),
        held_since: by.at,
        within: discipline.within,
        due_at: by.at,
        provisional: false,
        opened_at: by.at,
        opened_by: by.person,
        over: None,
    };
    let section = section.held(unit, checked(new.within.unwrap_or(discipline.within))?, &calendar, by.at);
    sql::insert(tx, &section).await?;
    let act = SectionAct { words: Some(task), ..holding(&section, SectionActKind::Opened, by) };
    note(tx, &section, &act, OPENED, by).await?;
    Ok(section)
}

/// Writes down what was found and done, and what it rests on. The same once more changes nothing.
pub(super) async fn work(
    tx: &mut Tx,
    section: Section,
    (text, evidence): (&str, Vec<EvidenceRef>),
    by: Actor,
) -> Result<Section, SectionError> {
    let work = words("/work", text)?;
    let section = section.standing(SectionState::Open)?;
    if section.work == work && section.evidence == evidence {
        return Ok(section);
    }
    let act = SectionAct { words: Some(work.clone()), ..act(SectionActKind::Worked, by) };
    write(tx, Section { work, evidence, ..section }, act, WORKED, by).await
}

/// Gives a section to another unit, for a reason; its limit begins anew.
pub(super) async fn hand_over(
    tx: &mut Tx,
    section: Section,
    (unit, within): (&str, Option<Limit>),
    reason: &str,
    by: Actor,
) -> Result<Section, SectionError> {
    let reason = words("/reason", reason)?;
    let section = section.standing(SectionState::Open)?;
    let unit = clean(unit);
    if unit == section.unit {
        return Err(SectionError::invalid("/unit", "another unit than the one that holds it"));
    }
    require_holder(tx, &unit).await?;
    let within = checked(within.unwrap_or(section.within))?;
    let section = section.held(unit, within, &calendar_at(tx, by.at).await?, by.at);
    let act = SectionAct { words: Some(reason), ..holding(&section, SectionActKind::HandedOver, by) };
    write(tx, section, act, HANDED_OVER, by).await
}

/// The unit answers for what the section says. Nobody but a lead signs off what they opened.
pub(super) async fn sign_off(
    tx: &mut Tx,
    section: Section,
    is_lead: bool,
    by: Actor,
) -> Result<Section, SectionError> {
    let section = section.standing(SectionState::Open)?;
    if section.work.is_empty() {
        return Err(SectionError::invalid("/work", "what was found and done, before it is signed off"));
    }
    if section.opened_by == by.person && !is_lead {
        return Err(SectionError::Own);
    }
    let over = Some((by.at, by.person));
    let act = act(SectionActKind::SignedOff, by);
    write(tx, Section { state: SectionState::SignedOff, over, ..section }, act, SIGNED_OFF, by).await
}

/// The sign-off does not stand any more, for a reason; the limit begins anew.
pub(super) async fn take_back(
    tx: &mut Tx,
    section: Section,
    reason: &str,
    by: Actor,
) -> Result<Section, SectionError> {
    let reason = words("/reason", reason)?;
    let section = section.standing(SectionState::SignedOff)?;
    let (unit, within) = (section.unit.clone(), section.within);
    let section = section.held(unit, within, &calendar_at(tx, by.at).await?, by.at);
    let section = Section { state: SectionState::Open, over: None, ..section };
    let act = SectionAct { words: Some(reason), ..holding(&section, SectionActKind::TakenBack, by) };
    write(tx, section, act, TAKEN_BACK, by).await
}

/// The section is not needed, for a reason that stays on record.
pub(super) async fn give_up(
    tx: &mut Tx,
    section: Section,
    reason: &str,
    by: Actor,
) -> Result<Section, SectionError> {
    let reason = words("/reason", reason)?;
    let section = section.standing(SectionState::Open)?;
    let over = Some((by.at, by.person));
    let act = SectionAct { words: Some(reason), ..act(SectionActKind::Dropped, by) };
    write(tx, Section { state: SectionState::Dropped, over, ..section }, act, DROPPED, by).await
}

fn act(kind: SectionActKind, by: Actor) -> SectionAct {
    SectionAct { kind, words: None, unit: None, due_at: None, person: by.person, at: by.at }
}

/// An act after which another holder or another limit counts.
fn holding(section: &Section, kind: SectionActKind, by: Actor) -> SectionAct {
    SectionAct { unit: Some(section.unit.clone()), due_at: Some(section.due_at), ..act(kind, by) }
}

fn words(pointer: &'static str, text: &str) -> Result<String, SectionError> {
    Ok(checked_reason(pointer, text).map_err(ComplaintError::Invalid)?)
}

fn checked(within: Limit) -> Result<Limit, SectionError> {
    if (1..=AMOUNT_MAX).contains(&within.amount) {
        return Ok(within);
    }
    Err(SectionError::invalid("/within", "an amount from 1 to 100,000 with its unit"))
}

/// The version of the rules that hold now, a discipline of them, and their calendar.
async fn discipline_at(
    tx: &mut Tx,
    code: &str,
    now: Timestamp,
) -> Result<(i64, Discipline, Calendar), SectionError> {
    let unknown = SectionError::invalid("/discipline", "a discipline of the rules that hold now");
    let Some((published, calendar)) = deadlines::policy_with_calendar(tx, now).await? else {
        return Err(unknown);
    };
    let found = published.policy.disciplines.into_iter().find(|one| one.code == code);
    Ok((published.version, found.ok_or(unknown)?, calendar))
}

async fn calendar_at(tx: &mut Tx, now: Timestamp) -> Result<Calendar, SectionError> {
    let published = deadlines::policy_with_calendar(tx, now).await?;
    let missing = || StoreError::impossible("deadline_policies", "calendar", "");
    Ok(published.map(|(_, calendar)| calendar).ok_or_else(missing)?)
}

/// Refuses a unit for which nobody works. Where no roles name units, everybody holds a section together.
async fn require_holder(tx: &mut Tx, unit: &str) -> Result<(), SectionError> {
    if unit.is_empty() && !people::units(tx).await?.is_empty() {
        return Err(SectionError::invalid("/unit", "a unit that somebody's roles name"));
    }
    Ok(require_unit(tx, unit).await?)
}

/// Writes a changed row and what was done.
async fn write(
    tx: &mut Tx,
    mut row: Section,
    act: SectionAct,
    kind: EntryKind,
    by: Actor,
) -> Result<Section, SectionError> {
    if !sql::update(tx, &row).await? {
        return Err(SectionError::Changed);
    }
    row.version += 1;
    note(tx, &row, &act, kind, by).await?;
    Ok(row)
}

/// Writes an act down, into the record of its complaint and into the server log.
async fn note(
    tx: &mut Tx,
    row: &Section,
    act: &SectionAct,
    kind: EntryKind,
    by: Actor,
) -> Result<(), SectionError> {
    sql::note(tx, row.id, act).await?;
    let complaint = complaints::standing(tx, row.complaint).await?.ok_or(ComplaintError::Unknown)?;
    let facts = json!({ "section": row.id, "section_act": act.kind, "section_unit": act.unit,
        "section_due_at_ms": act.due_at.map(Timestamp::unix_ms) });
    let mut event = by.event(EventKind::Section).detail(facts);
    event.reason.clone_from(&act.words);
    history::add(tx, complaint.id, &event).await?;
    crate::specials::touched(tx, complaint.id, by.at).await?;
    let detail = named(&complaint).with("section", row.id).with("discipline", &row.discipline);
    let detail = match &act.unit {
        Some(unit) => detail.with("unit", unit),
        None => detail,
    };
    let reason = act.words.as_deref().filter(|_| act.kind != SectionActKind::Worked);
    audit::append(tx, &by.entry(kind, detail).because(reason)).await?;
    Ok(())
}
