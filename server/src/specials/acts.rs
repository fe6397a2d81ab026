//! What people decide about special complaints: confirm, dismiss, set, take away, and how a matter is dealt with. Each
//! act changes the row, writes itself down, tells the complaint, and adds its entry to the server log, within the
//! caller's transaction.

use super::model::{Path, Special, SpecialAct, SpecialError, SpecialKind, SpecialState};
use super::sql::{self, PathSet};
use super::touched;
use crate::audit::{self, EntryKind, NewEntry};
use crate::complaints::ComplaintError;
use crate::complaints::acts::{Actor, find_open_to_acts, named};
use crate::complaints::history::{self, NewEvent};
use crate::complaints::intake::checked_reason;
use crate::complaints::model::{Complaint, EventKind, StateConflict};
use crate::store::{StoreError, Tx};
use crate::{deadlines, review};
use serde_json::json;
use sync_core::deadline::{Limits, SpecialFlow};
use sync_core::ids::ComplaintId;
use sync_core::time::Timestamp;

const PROPOSED: EntryKind = EntryKind("special.proposed");
const RAISED: EntryKind = EntryKind("special.raised");
const LIFTED: EntryKind = EntryKind("special.lifted");
const CONFIRMED: EntryKind = EntryKind("special.confirmed");
const DISMISSED: EntryKind = EntryKind("special.dismissed");
const SET: EntryKind = EntryKind("special.set");
const REMOVED: EntryKind = EntryKind("special.removed");
const CLASSIFIED: EntryKind = EntryKind("complaint.classified");

fn entry_of(act: SpecialAct) -> EntryKind {
    match act {
        SpecialAct::Proposed => PROPOSED,
        SpecialAct::Raised => RAISED,
        SpecialAct::Lifted => LIFTED,
        SpecialAct::Confirmed => CONFIRMED,
        SpecialAct::Dismissed => DISMISSED,
        SpecialAct::Set => SET,
        SpecialAct::Removed => REMOVED,
    }
}

/// What was done, and what was said.
pub(super) struct Told<'a> {
    act: SpecialAct,
    words: Option<&'a str>,
    by: Option<Actor>,
}

impl Told<'_> {
    /// What the rules did.
    pub(super) fn by_server(act: SpecialAct) -> Self {
        Self { act, words: None, by: None }
    }
}

/// Writes an act down, into the record and into the server log.
pub(super) async fn tell(
    tx: &mut Tx,
    complaint: &Complaint,
    special: &Special,
    told: Told<'_>,
) -> Result<(), StoreError> {
    let Told { act, words, by } = told;
    let at = by.map_or(special.since, |by| by.at);
    let words_kept = words.map(str::to_owned);
    let person = by.map(|by| by.person);
    let row = sql::Act { kind: special.kind, act, level: special.level, words: words_kept, person, at };
    sql::note(tx, complaint.id, &row).await?;
    let facts = json!({ "special": special.kind, "special_act": act, "special_level": special.level });
    let event =
        by.map_or_else(|| NewEvent::system(EventKind::Special, at), |by| by.event(EventKind::Special));
    let mut event = event.detail(facts);
    event.reason = words.map(str::to_owned);
    history::add(tx, complaint.id, &event).await?;
    let detail = named(complaint).with("special", special.kind.as_str());
    let detail = if special.level > 1 { detail.with("to", "lead") } else { detail };
    let entry = match by {
        Some(by) => by.entry(entry_of(act), detail),
        None => NewEntry::new(entry_of(act), at).detail(detail),
    };
    audit::append(tx, &entry.because(words)).await.map(drop)
}

/// A kind as it stands, and the complaint, for whoever decides about it.
async fn found(
    tx: &mut Tx,
    id: ComplaintId,
    kind: SpecialKind,
) -> Result<(Complaint, Option<Special>), SpecialError> {
    let complaint = find_open_to_acts(tx, id).await?;
    let special = sql::of_complaint(tx, id).await?.into_iter().find(|special| special.kind == kind);
    Ok((complaint, special))
}

fn standing(special: Option<Special>, state: SpecialState) -> Result<Special, SpecialError> {
    match special {
        Some(special) if special.state == state => Ok(special),
        special => Err(SpecialError::State(special.map_or("none", |special| special.state.as_str()))),
    }
}

fn require_open(complaint: &Complaint) -> Result<(), SpecialError> {
    if complaint.is_open() {
        return Ok(());
    }
    Err(ComplaintError::State(StateConflict { state: complaint.state }).into())
}

/// What a kind brings by the rules that hold now.
async fn flow_of(tx: &mut Tx, kind: SpecialKind, now: Timestamp) -> Result<SpecialFlow, StoreError> {
    let published = deadlines::policy_with_calendar(tx, now).await?;
    Ok(published.map(|(published, _)| kind.flow(&published.policy.special).clone()).unwrap_or_default())
}

/// Somebody decides that it is what the rules propose; words are welcome.
pub(super) async fn confirm(
    tx: &mut Tx,
    id: ComplaintId,
    kind: SpecialKind,
    words: Option<&str>,
    by: Actor,
) -> Result<(), SpecialError> {
    let words = words.filter(|text| !text.trim().is_empty()).map(reason).transpose()?;
    let (complaint, special) = found(tx, id, kind).await?;
    require_open(&complaint)?;
    let special = standing(special, SpecialState::Proposed)?;
    let special = confirmed(tx, special, by).await?;
    put(tx, &complaint, Some(SpecialState::Proposed), special, (SpecialAct::Confirmed, words), by).await
}

/// Somebody decides that it is, though no rule proposes it.
pub(super) async fn set(
    tx: &mut Tx,
    id: ComplaintId,
    kind: SpecialKind,
    words: &str,
    by: Actor,
) -> Result<(), SpecialError> {
    let words = reason(words)?;
    let (complaint, special) = found(tx, id, kind).await?;
    require_open(&complaint)?;
    if let Some(Special { state: SpecialState::Confirmed, .. }) = special {
        return Err(SpecialError::State(SpecialState::Confirmed.as_str()));
    }
    let fresh = Special {
        complaint: id,
        kind,
        state: SpecialState::Lifted,
        level: 1,
        signs: Vec::new(),
        limits: Limits::default(),
        review: None,
        since: by.at,
        by: None,
    };
    let was = special.as_ref().map(|special| special.state);
    let special = confirmed(tx, special.unwrap_or(fresh), by).await?;
    put(tx, &complaint, was, special, (SpecialAct::Set, Some(words)), by).await
}

/// Somebody decides that it is not what the rules propose, for a reason.
pub(super) async fn dismiss(
    tx: &mut Tx,
    id: ComplaintId,
    kind: SpecialKind,
    words: &str,
    by: Actor,
) -> Result<(), SpecialError> {
    let words = reason(words)?;
    let (complaint, special) = found(tx, id, kind).await?;
    let special = standing(special, SpecialState::Proposed)?;
    let over = over(special, SpecialState::Dismissed, by);
    put(tx, &complaint, Some(SpecialState::Proposed), over, (SpecialAct::Dismissed, Some(words)), by).await
}

/// Somebody decides that it is not any more, for a reason.
pub(super) async fn remove(
    tx: &mut Tx,
    id: ComplaintId,
    kind: SpecialKind,
    words: &str,
    by: Actor,
) -> Result<(), SpecialError> {
    let words = reason(words)?;
    let (complaint, special) = found(tx, id, kind).await?;
    require_open(&complaint)?;
    let special = standing(special, SpecialState::Confirmed)?;
    let over = over(special, SpecialState::Removed, by);
    put(tx, &complaint, Some(SpecialState::Confirmed), over, (SpecialAct::Removed, Some(words)), by).await
}

fn reason(words: &str) -> Result<String, SpecialError> {
    Ok(checked_reason("/reason", words).map_err(ComplaintError::Invalid)?)
}

fn over(special: Special, state: SpecialState, by: Actor) -> Special {
    let (limits, since) = (Limits::default(), by.at);
    Special { state, limits, review: None, since, by: Some(by.person), ..special }
}

async fn confirmed(tx: &mut Tx, special: Special, by: Actor) -> Result<Special, StoreError> {
    let flow = flow_of(tx, special.kind, by.at).await?;
    Ok(Special {
        state: SpecialState::Confirmed,
        limits: flow.limits,
        review: flow.level,
        since: by.at,
        by: Some(by.person),
        ..special
    })
}

/// Writes a decision with everything that follows from it: dates and the levels of the review.
async fn put(
    tx: &mut Tx,
    complaint: &Complaint,
    was: Option<SpecialState>,
    special: Special,
    (act, words): (SpecialAct, Option<String>),
    by: Actor,
) -> Result<(), SpecialError> {
    if !sql::put(tx, was, &special).await? {
        return Err(ComplaintError::Changed.into());
    }
    tell(tx, complaint, &special, Told { act, words: words.as_deref(), by: Some(by) }).await?;
    if act == SpecialAct::Dismissed {
        return Ok(());
    }
    let complaint = deadlines::count_anew(tx, complaint.clone(), by).await?;
    Ok(review::levels_changed(tx, &complaint, by.at).await?)
}

/// Says what kind of matter it is, and who passed it on. The same once more changes nothing.
pub(super) async fn classify(
    tx: &mut Tx,
    id: ComplaintId,
    path: Path,
    by: Actor,
) -> Result<(), SpecialError> {
    let complaint = find_open_to_acts(tx, id).await?;
    require_open(&complaint)?;
    if sql::path(tx, id).await?.map(|set| set.path).unwrap_or_default() == path {
        return Ok(());
    }
    sql::put_path(tx, id, &PathSet { path, by: by.person, at: by.at }).await?;
    touched(tx, id, by.at).await?;
    let facts = json!({ "issue_type": path.issue, "source": path.source });
    history::add(tx, id, &by.event(EventKind::Classified).detail(facts)).await?;
    let detail = named(&complaint);
    let detail = match path.issue {
        Some(issue) => detail.with("issue_type", issue.as_str()),
        None => detail,
    };
    let detail = match path.source {
        Some(source) => detail.with("source", source.as_str()),
        None => detail,
    };
    audit::append(tx, &by.entry(CLASSIFIED, detail)).await?;
    Ok(())
}
