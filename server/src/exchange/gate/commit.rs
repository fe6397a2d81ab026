//! One transaction for the verdicts of a request: documents, projections, conflicts, quarantine, commands, feed, and
//! the decisions themselves in the server log.

use super::conflicts::{self, ChangeAuthor, Findings};
use super::fates::{self, Fate};
use super::judging::{Judged, Verdict};
use super::ledger::{Consequences, NewClaim, NewDocument, write_documents};
use super::work::{OUT_OF_SCOPE, Ruling, Unit};
use super::{GATE_DECIDED, POLICY_VERSION};
use crate::app::App;
use crate::audit::{Detail, NewEntry};
use crate::exchange::feed::{Audience, Event};
use crate::exchange::{commands, members, quarantine, visits};
use crate::returns::{self, ReturnError};
use crate::store::{StoreError, Tx, insert_rows, statement};
use crate::work_orders::{self, Arrival, Begun};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use sync_core::ids::{ChangeHash, DeviceId, EntryId, PersonId, VisitId};
use sync_core::log::Body;
use sync_core::merge::UnitResult;
use sync_core::protocol::Request;
use sync_core::time::Timestamp;

/// A person's decision that a refused envelope shall enter all the same.
#[derive(Debug, Clone)]
pub(in crate::exchange) struct Approval {
    pub(in crate::exchange) by: PersonId,
    pub(in crate::exchange) reason: String,
}

/// How a commit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Everything that could be decided is decided.
    Committed,
    /// Somebody else decided some of it meanwhile: nothing was written, form the verdicts anew.
    Overtaken,
    /// What a person approved still cannot enter: nothing was written.
    StillRefused(Fate),
}

/// Commits the verdicts on envelopes that were pending.
pub(super) async fn commit(app: &App, judged: &[Judged], commands: &[Unit]) -> Result<Outcome, StoreError> {
    write(app, judged, commands, None).await
}

/// Commits the verdict on one envelope that a person let out of quarantine.
pub(super) async fn commit_approved(
    app: &App,
    judged: &Judged,
    approval: &Approval,
) -> Result<Outcome, StoreError> {
    write(app, std::slice::from_ref(judged), &[], Some(approval)).await
}

async fn write(
    app: &App,
    judged: &[Judged],
    commands: &[Unit],
    approval: Option<&Approval>,
) -> Result<Outcome, StoreError> {
    let mut judged: Vec<&Judged> = judged.iter().collect();
    judged.sort_unstable_by_key(|visit| visit.visit);
    let now = app.clock.now();
    let mut tx = app.store.write().await?;
    let fates = fates::decide(&mut tx, &judged, commands).await?;
    if fates.is_empty() {
        return Ok(Outcome::Committed);
    }
    if approval.is_some()
        && let Some(refused) = fates.values().find(|fate| !fate.is_merged())
    {
        return Ok(Outcome::StillRefused(refused.clone()));
    }
    if !mark(&mut tx, &fates, approval.map_or("pending", |_| "quarantined")).await? {
        return Ok(Outcome::Overtaken);
    }
    if let Some(Approval { by, reason }) = approval {
        for log_index in fates.keys() {
            quarantine::close(&mut tx, *log_index, "accepted", *by, reason, now).await?;
        }
    }
    let mut consequences = Consequences::default();
    let mut births = Vec::new();
    let before = match (approval, judged.first()) {
        (Some(_), Some(visit)) => visits::heads(&mut tx, visit.visit).await?.unwrap_or_default(),
        _ => Vec::new(),
    };
    let documents: Vec<NewDocument<'_>> = judged.iter().filter_map(|visit| visit.document()).collect();
    if !write_documents(&mut tx, &documents, now).await? {
        return Ok(Outcome::Overtaken);
    }
    for visit in &judged {
        commit_visit(app, &mut tx, visit, &fates, &mut consequences, now).await?;
        births.extend(visit.units.iter().filter(|unit| unit.ruling == Ruling::Birth));
    }
    if let Some(approval) = approval {
        consequences.name_approver(approval);
        note_entrance(&mut tx, &judged, &before, &fates).await?;
    }
    let units = || judged.iter().flat_map(|visit| &visit.units).chain(commands);
    quarantine::insert(&mut tx, units(), &fates, now).await?;
    announce(units(), &fates, &mut consequences);
    let birth_events = consequences.events.len();
    consequences.events.extend(births.iter().map(|unit| birth_event(unit)));
    let first = consequences.write(&mut tx).await?;
    for (position, unit) in (first.unwrap_or(0)..).skip(birth_events).zip(births) {
        give_birth(&mut tx, unit, position, now).await?;
    }
    let arrivals = arrivals(&judged, &fates);
    work_orders::content_arrived(&mut tx, &arrivals, now).await?;
    let changed: Vec<VisitId> = arrivals.iter().map(|arrival| arrival.visit).collect();
    returns::content_arrived(&mut tx, &changed, now).await.map_err(ReturnError::into_store)?;
    for begun in begun_unknown(&judged, commands, &fates) {
        work_orders::note_begun(&mut tx, &begun, now).await?;
    }
    commands::execute(app, &mut tx, commands, &fates, now).await?;
    consequences.record(&mut tx).await?;
    tx.commit().await?;
    count(&fates);
    Ok(Outcome::Committed)
}

/// The visits that somebody began or wrote in and that nobody here may know: without a request that opens them, they
/// may have been lost with a restore.
fn begun_unknown(judged: &[&Judged], commands: &[Unit], fates: &BTreeMap<i64, Fate>) -> Vec<Begun> {
    let opened = |unit: &Unit| match unit.body.as_ref() {
        Some(Body::Command(command)) => match Request::decode(&command.request) {
            Ok(Request::OpenComplaint(new)) => new.visit,
            _ => None,
        },
        _ => None,
    };
    let opened: BTreeSet<VisitId> = commands.iter().filter_map(opened).collect();
    let is_of_nobody = |unit: &&Unit| {
        let out_of_scope =
            |fate: &Fate| matches!(fate, Fate::Quarantined { reason, .. } if reason == OUT_OF_SCOPE);
        unit.ruling == Ruling::Birth || fates.get(&unit.log_index).is_some_and(out_of_scope)
    };
    let begun = |visit: &&&Judged| {
        let header = visit.units.iter().find(is_of_nobody)?.envelope.header();
        let (person, device, claimed_at) = (header.person, header.device, header.claimed_at);
        Some(Begun { visit: visit.visit, person, device, claimed_at })
    };
    judged.iter().filter(|visit| !opened.contains(&visit.visit)).filter_map(|visit| begun(&visit)).collect()
}

/// Takes the envelopes out of the state they were in. False when somebody else did so first.
async fn mark(tx: &mut Tx, fates: &BTreeMap<i64, Fate>, from: &'static str) -> Result<bool, StoreError> {
    let mut by_state: BTreeMap<&'static str, Vec<i64>> = BTreeMap::new();
    for (log_index, fate) in fates {
        by_state.entry(fate.state()).or_default().push(*log_index);
    }
    for (state, indexes) in by_state {
        let mut query = statement("UPDATE envelope_states SET state = ");
        query.push_bind(state).push(" WHERE state = ").push_bind(from).push(" AND log_index IN (");
        let mut list = query.places();
        for log_index in &indexes {
            list.push_bind(*log_index);
        }
        query.push(")");
        let marked = query.execute(tx).await?;
        if marked != indexes.len() as u64 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Keeps what an approved envelope did to its visit: the heads before it and after it.
async fn note_entrance(
    tx: &mut Tx,
    judged: &[&Judged],
    before: &[ChangeHash],
    fates: &BTreeMap<i64, Fate>,
) -> Result<(), StoreError> {
    let changed = |visit: &&&Judged| visit.merged.saved.is_some();
    let after = judged.first().filter(changed).map_or(before, |visit| visit.merged.heads.as_slice());
    for log_index in fates.keys() {
        quarantine::note_entrance(tx, *log_index, before, after).await?;
    }
    Ok(())
}

/// Writes what belongs to one visit beside its document.
async fn commit_visit(
    app: &App,
    tx: &mut Tx,
    judged: &Judged,
    fates: &BTreeMap<i64, Fate>,
    consequences: &mut Consequences,
    now: Timestamp,
) -> Result<(), StoreError> {
    let visit = judged.visit;
    let mut authors = HashMap::new();
    for unit in &judged.units {
        if fates.get(&unit.log_index).is_some_and(Fate::is_merged) {
            enter(unit, judged, &mut authors, consequences);
            supersede(tx, unit, now).await?;
        }
    }
    let merged = &judged.merged;
    let findings =
        Findings { visit, conflicts: &merged.conflicts, authors: &authors, resolution: merged.resolution };
    let new_id = || EntryId::from_entropy(now, app.entropy.bytes());
    conflicts::write(tx, &findings, &judged.open, now, new_id).await?;
    consequences.decisions.extend(decision(judged, fates, now));
    Ok(())
}

impl Judged {
    /// The document to be written, if there is a new one.
    fn document(&self) -> Option<NewDocument<'_>> {
        let merged = &self.merged;
        Some(NewDocument {
            visit: self.visit,
            version: self.base.as_ref().map(|base| base.version),
            saved: merged.saved.as_ref()?,
            heads: &merged.heads,
            view_json: &merged.view_json,
        })
    }
}

/// What follows from an envelope that entered its visit.
fn enter(
    unit: &Unit,
    judged: &Judged,
    authors: &mut HashMap<ChangeHash, ChangeAuthor>,
    consequences: &mut Consequences,
) {
    let Some(Verdict::Content(UnitResult::Accepted { changes })) = judged.verdicts.get(&unit.log_index)
    else {
        return;
    };
    let (header, visit) = (unit.envelope.header(), judged.visit);
    for change in changes.iter().filter(|change| change.fresh) {
        let author = ChangeAuthor {
            person: header.person,
            log_index: unit.log_index,
            office: unit.office_epoch.is_some(),
        };
        authors.insert(change.hash, author);
        consequences.change(visit, change.clone(), unit.log_index);
    }
    let body = unit.body.as_ref().and_then(Body::change);
    for claim in body.iter().flat_map(|body| &body.photos) {
        consequences.claims.push(NewClaim {
            visit,
            claim: claim.clone(),
            log_index: unit.log_index,
            device: header.device,
            person: header.person,
            claimed_at: header.claimed_at,
        });
    }
    let event = Event::Change { log_index: unit.log_index, author: Some(header.device) };
    consequences.events.push((Audience::Visit(visit), event));
}

/// A reissue takes the place of envelopes that waited in quarantine.
async fn supersede(tx: &mut Tx, unit: &Unit, now: Timestamp) -> Result<(), StoreError> {
    let Some(Body::Reissue(reissue)) = &unit.body else { return Ok(()) };
    quarantine::supersede(tx, unit.envelope.header().device, &reissue.replaces, now).await
}

/// The first envelope of each visit that brought something new.
fn arrivals(judged: &[&Judged], fates: &BTreeMap<i64, Fate>) -> Vec<Arrival> {
    let entered = |unit: &&Unit| {
        let is_content = unit.body.as_ref().and_then(Body::change).is_some();
        is_content && fates.get(&unit.log_index).is_some_and(Fate::is_merged)
    };
    let first = |visit: &&Judged| {
        let late =
            visit.units.iter().filter(entered).find(|unit| fates.get(&unit.log_index) == Some(&Fate::Late));
        let unit = late.or_else(|| visit.units.iter().find(entered))?;
        let header = unit.envelope.header();
        Some(Arrival {
            visit: visit.visit,
            person: header.person,
            device: header.device,
            claimed_at: header.claimed_at,
            log_index: unit.log_index,
            late: late.is_some(),
        })
    };
    judged.iter().filter_map(first).collect()
}

/// The entry in the server log that a rebuild replays.
fn decision(judged: &Judged, fates: &BTreeMap<i64, Fate>, now: Timestamp) -> Option<NewEntry<'static>> {
    let mut by_state: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for unit in &judged.units {
        let Some(fate) = fates.get(&unit.log_index) else { continue };
        let text = match fate {
            Fate::Quarantined { reason, .. } => format!("{}:{reason}", unit.log_index),
            _ => unit.log_index.to_string(),
        };
        by_state.entry(fate.state()).or_default().push(text);
    }
    if by_state.is_empty() {
        return None;
    }
    let mut detail = Detail::new().with("policy", POLICY_VERSION);
    for (state, envelopes) in by_state {
        detail = detail.with(state, envelopes.join(","));
    }
    Some(NewEntry::new(GATE_DECIDED, now).visit(judged.visit).detail(detail))
}

/// Every device whose envelopes were decided is told, in case it misses the answer to its request.
fn announce<'a>(
    units: impl Iterator<Item = &'a Unit>,
    fates: &BTreeMap<i64, Fate>,
    consequences: &mut Consequences,
) {
    let mut spans: BTreeMap<DeviceId, (u64, u64)> = BTreeMap::new();
    for unit in units.filter(|unit| fates.contains_key(&unit.log_index)) {
        let header = unit.envelope.header();
        let span = spans.entry(header.device).or_insert((header.sequence, header.sequence));
        *span = (span.0.min(header.sequence), span.1.max(header.sequence));
    }
    for (device, (first, last)) in spans {
        consequences.events.push((Audience::Device(device), Event::Result(first, last)));
    }
}

fn birth_event(unit: &Unit) -> (Audience, Event) {
    let header = unit.envelope.header();
    let visit = header.visit.expect("only envelopes about a visit give birth to it");
    (Audience::Person(header.person), Event::Assigned { visit, author: Some(header.device) })
}

/// A visit opened in the field belongs to its author.
async fn give_birth(tx: &mut Tx, unit: &Unit, position: i64, now: Timestamp) -> Result<(), StoreError> {
    let header = unit.envelope.header();
    let (Some(visit), Some(Body::VisitBegin(begin))) = (header.visit, &unit.body) else { return Ok(()) };
    visits::ensure(tx, visit, now).await?;
    members::insert(tx, visit, header.person, position, unit.log_index).await?;
    insert_rows!(
        tx,
        "INSERT INTO field_visits (visit_id, device_id, person_id, complaint_id, log_index) ",
        &[begin],
        |bind, begin| {
            bind.push_bind(visit.to_string()).push_bind(header.device.to_string());
            bind.push_bind(header.person.to_string()).push_bind(begin.complaint.map(String::from));
            bind.push_bind(unit.log_index)
        },
        ""
    )
}

fn count(fates: &BTreeMap<i64, Fate>) {
    for fate in fates.values() {
        metrics::counter!("fieldloop_envelopes_decided_total", "state" => fate.state()).increment(1);
    }
}
