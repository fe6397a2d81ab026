//! The central record: what the server owns of a complaint, and all its visits merged into one picture.
//!
//! Read only, and derived on every reading: nothing of it is stored. Records that were merged into this one contribute
//! their visits and their history; each part says which record it came with.

use super::api::{FieldChangeBody, changes_of};
use super::bodies::{ComplaintBody, DeviceRef, Names, PersonRef};
use super::contact::ContactFlagBody;
use super::history::{self, Event};
use super::links::{LinkBody, Told, links};
use super::model::{Act, Complaint, EventKind, next_state};
use super::{contact, sql};
use crate::back_billing::{self, BackBillingBody};
use crate::corrective::{self, ActionBody};
use crate::deadlines::ClockBody;
use crate::knowledge::{CaseRef, cases_of};
use crate::returns::{self, ReturnBody};
use crate::review::{self, Blocker, ReviewLevelBody, VerdictBody};
use crate::seats::{self, ExpertRequestBody};
use crate::sections::{self, SectionBody};
use crate::specials::{self, PathBody, SpecialBody};
use crate::store::{StoreError, Tx};
use crate::work_orders::{self, RecordedAct, RefusedAct, VisitRecord, WorkOrderBody};
use serde::Serialize;
use serde_json::{Value, json};
use sync_core::document::UNDONE;
use sync_core::ids::{ComplaintId, VisitId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// A device that reports later than this after the act was offline when it happened.
const OFFLINE_AFTER_MS: i64 = 5 * 60_000;
/// A claimed time that is later than its receipt by more than this cannot be true.
pub(crate) const CLOCK_TOLERANCE_MS: i64 = 2 * 60_000;

/// A complaint with everything that is known about it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CentralRecord {
    /// What the server owns.
    #[serde(flatten)]
    pub(crate) complaint: ComplaintBody,
    /// Further numbers under which it is found.
    pub(crate) aliases: Vec<String>,
    /// Records that were merged into this one.
    pub(crate) merged: Vec<MergedRecord>,
    /// The work orders, oldest first.
    pub(crate) work_orders: Vec<WorkOrderBody>,
    /// The visits, oldest first, with everything recorded on them.
    pub(crate) visits: Vec<VisitRecord>,
    /// What happened, in the order in which the server learned of it.
    pub(crate) timeline: Vec<TimelineEntry>,
    /// The reviewers' verdicts, oldest first.
    pub(crate) verdicts: Vec<VerdictBody>,
    /// Everything that happened at the levels of its review, oldest first; empty where one level is enough.
    pub(crate) review_levels: Vec<ReviewLevelBody>,
    /// What was or is doubtful about name, phone and address, oldest first.
    pub(crate) contact_flags: Vec<ContactFlagBody>,
    /// Every change of name, phone and address, oldest first.
    pub(crate) contact_history: Vec<FieldChangeBody>,
    /// Which rule set its limits, and when its clock stood; null without limits from rules.
    pub(crate) clock: Option<ClockBody>,
    /// The customer asked how it went, oldest first.
    pub(crate) return_visits: Vec<ReturnBody>,
    /// What is put right because of it, oldest first.
    pub(crate) corrective_actions: Vec<ActionBody>,
    /// The parts that disciplines answer for, oldest first.
    pub(crate) sections: Vec<SectionBody>,
    /// What experts were asked and what they answered, oldest first.
    pub(crate) expert_requests: Vec<ExpertRequestBody>,
    /// Cases of the library that were made of it.
    pub(crate) cases: Vec<CaseRef>,
    /// What the customer owes or gets back: proposals with their figures.
    pub(crate) back_billing: Vec<BackBillingBody>,
    /// In which ways it is special, or was proposed to be.
    pub(crate) specials: Vec<SpecialBody>,
    /// How it is dealt with, and who passed it on; null: nobody said.
    pub(crate) path: Option<PathBody>,
    /// The six links from listening to answering, in their order.
    pub(crate) links: Vec<LinkBody>,
    /// What is still open and holds back approval and closing.
    pub(crate) blockers: Vec<Blocker>,
    /// Steps that its state allows.
    pub(crate) next_steps: Vec<&'static str>,
}

/// A record that was merged into another.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MergedRecord {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) complaint_id: ComplaintId,
    pub(crate) number: String,
    pub(crate) summary: String,
}

/// Something that happened, with its three times never mixed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimelineEntry {
    /// What: a stable word.
    pub(crate) kind: String,
    /// The record it belongs to, when that is one merged into this.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) merged_from: Option<ComplaintId>,
    pub(crate) state_from: Option<String>,
    pub(crate) state_to: Option<String>,
    /// Who acted; null: the server by itself.
    pub(crate) person: Option<PersonRef>,
    /// On which device; null: in the office.
    pub(crate) device: Option<DeviceRef>,
    /// About which visit.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) visit_id: Option<VisitId>,
    /// The device's word for when, Unix milliseconds.
    pub(crate) claimed_at_ms: Option<i64>,
    /// When the server learned of it; for work that was let in later: when it arrived.
    pub(crate) received_at_ms: i64,
    /// Who let it out of quarantine, or took it up from escrow; null: it came the usual way.
    pub(crate) accepted_by: Option<PersonRef>,
    /// When that was, Unix milliseconds.
    pub(crate) accepted_at_ms: Option<i64>,
    /// Whether its device had lost its access when it came: it was taken up from escrow.
    pub(crate) from_escrow: bool,
    /// Recorded without a network, arrived later.
    pub(crate) recorded_offline: bool,
    /// `claimed_after_receipt` when the device's clock was ahead.
    pub(crate) clock_flags: Vec<&'static str>,
    /// The reason given.
    pub(crate) reason: Option<String>,
    /// Further facts.
    pub(crate) detail: Value,
    /// The envelope that brought it.
    #[serde(skip)]
    pub(crate) log_index: Option<i64>,
    /// The fields that it changed, with their values.
    #[serde(skip)]
    pub(crate) changes: Vec<FieldChangeBody>,
}

/// Builds the record.
pub(crate) async fn build(tx: &mut Tx, complaint: Complaint) -> Result<CentralRecord, StoreError> {
    let mut names = Names::default();
    let id = complaint.id;
    let merged = sql::merged_into(tx, id).await?;
    let sources: Vec<ComplaintId> =
        std::iter::once(id).chain(merged.iter().map(|record| record.id)).collect();
    let (mut work_orders, mut visits, mut timeline) = (Vec::new(), Vec::new(), Vec::new());
    for source in sources {
        let merged_from = (source != id).then_some(source);
        work_orders.extend(work_orders::order_bodies(tx, &mut names, source).await?);
        timeline.extend(entries(tx, &mut names, source, merged_from.is_some().then_some(id)).await?);
        for record in work_orders::visit_records(tx, &mut names, source).await? {
            timeline.extend(record.acts().into_iter().map(|act| recorded(act, merged_from)));
            for act in record.refused() {
                timeline.extend(decided(&act, merged_from));
                // Nobody refused what lay in escrow until a person took it up.
                if !act.taken_up {
                    timeline.push(refused(act, merged_from));
                }
            }
            visits.push(record);
        }
    }
    // What came with one request is told in the order in which it was done.
    timeline.sort_by_key(|entry| (entry.received_at_ms, entry.claimed_at_ms));
    for entry in &mut timeline {
        tell_arrival(entry, &visits);
    }
    let took_place = visits.iter().any(|record| record.visit.took_place());
    let next_steps = next_steps(&complaint, took_place);
    let complaint = ComplaintBody::of(tx, &mut names, complaint).await?;
    let verdicts = review::verdicts(tx, &mut names, id).await?;
    let corrective_actions = corrective::of_complaint(tx, id).await?;
    let told = Told {
        complaint: &complaint,
        timeline: &timeline,
        verdicts: &verdicts,
        actions: &corrective_actions,
    };
    Ok(CentralRecord {
        links: links(&told),
        aliases: sql::aliases(tx, id).await?,
        merged: merged.into_iter().map(MergedRecord::from).collect(),
        work_orders,
        visits,
        timeline,
        verdicts,
        review_levels: review::levels(tx, &mut names, id).await?,
        contact_flags: contact::flags_of(tx, &mut names, id).await?,
        contact_history: contact_history(tx, id).await?,
        clock: ClockBody::of(tx, &mut names, id).await?,
        return_visits: returns::of_complaint(tx, id).await?,
        corrective_actions,
        sections: sections::of_complaint(tx, id).await?,
        expert_requests: seats::of_complaint(tx, &mut names, id).await?,
        cases: cases_of(tx, id).await?,
        back_billing: back_billing::of_complaint(tx, &mut names, id).await?,
        specials: specials::of_complaint(tx, &mut names, id).await?,
        path: specials::path_of(tx, &mut names, id).await?,
        blockers: review::blockers(tx, id).await?,
        next_steps,
        complaint,
    })
}

async fn contact_history(tx: &mut Tx, id: ComplaintId) -> Result<Vec<FieldChangeBody>, StoreError> {
    let mut changes = changes_of(tx, id).await?;
    changes.retain(|change| contact::CONTACT_FIELDS.contains(&change.field.as_str()));
    Ok(changes)
}

impl From<Complaint> for MergedRecord {
    fn from(complaint: Complaint) -> Self {
        Self { complaint_id: complaint.id, number: complaint.number, summary: complaint.intake.summary }
    }
}

/// What happened to a record; `survivor` is set for one that was merged into another.
async fn entries(
    tx: &mut Tx,
    names: &mut Names,
    complaint: ComplaintId,
    survivor: Option<ComplaintId>,
) -> Result<Vec<TimelineEntry>, StoreError> {
    let mut entries = Vec::new();
    let changes = changes_of(tx, complaint).await?;
    for event in told_once(history::list(tx, complaint).await?, survivor) {
        let person = match &event.person_id {
            Some(person) => names.person_text(tx, person).await?,
            None => None,
        };
        let device = match &event.device_id {
            Some(device) => names.device_text(tx, device).await?,
            None => None,
        };
        entries.push(TimelineEntry {
            changes: changes_by(&changes, &event),
            kind: event.kind,
            merged_from: survivor.map(|_| complaint),
            state_from: event.state_from,
            state_to: event.state_to,
            person,
            device,
            visit_id: event.visit_id.and_then(|visit| visit.parse().ok()),
            recorded_offline: was_offline(event.claimed_at_ms, event.received_at_ms),
            clock_flags: clock_flags(event.claimed_at_ms, event.received_at_ms),
            claimed_at_ms: event.claimed_at_ms,
            received_at_ms: event.received_at_ms,
            reason: event.reason,
            detail: serde_json::from_str(&event.detail_json).unwrap_or(Value::Null),
            log_index: None,
            accepted_by: None,
            accepted_at_ms: None,
            from_escrow: false,
        });
    }
    Ok(entries)
}

/// A merge stands in both records and corrects one of them: it is told by the survivor, with what it took over.
fn told_once(events: Vec<Event>, survivor: Option<ComplaintId>) -> Vec<Event> {
    let merges = [EventKind::Merged.as_str(), EventKind::MergeUndone.as_str()];
    let is_merge = |event: &Event| merges.contains(&event.kind.as_str());
    let acts: Vec<(i64, Option<String>)> = events
        .iter()
        .filter(|event| is_merge(event))
        .map(|event| (event.received_at_ms, event.person_id.clone()))
        .collect();
    let is_told = |event: &Event| {
        let detail: Value = serde_json::from_str(&event.detail_json).unwrap_or(Value::Null);
        let told_there = is_merge(event) && survivor.is_some_and(|id| detail["survivor"] == json!(id));
        let with_merge = event.kind == EventKind::Corrected.as_str()
            && acts.iter().any(|(at, by)| (*at, by) == (event.received_at_ms, &event.person_id));
        told_there || with_merge
    };
    events.into_iter().filter(|event| !is_told(event)).collect()
}

/// The fields that an event changed: those of its author and moment.
fn changes_by(changes: &[FieldChangeBody], event: &Event) -> Vec<FieldChangeBody> {
    let kinds = [EventKind::Corrected, EventKind::Merged, EventKind::MergeUndone].map(EventKind::as_str);
    let of_event = |change: &&FieldChangeBody| {
        let by = change.changed_by.as_ref().map(|by| by.person_id.to_string());
        kinds.contains(&event.kind.as_str())
            && change.changed_at_ms == event.received_at_ms
            && by == event.person_id
    };
    changes.iter().filter(of_event).cloned().collect()
}

/// Work that waited for a decision opened the review when it was let in, and had arrived before: it keeps its place
/// among what happened, with the times of its envelope.
fn tell_arrival(entry: &mut TimelineEntry, visits: &[VisitRecord]) {
    if entry.kind != EventKind::LateWork.as_str() {
        return;
    }
    let envelopes = visits.iter().flat_map(|visit| &visit.envelopes);
    let Some(index) = entry.detail["log_index"].as_i64() else { return };
    let Some(origin) = envelopes.into_iter().find(|origin| origin.log_index == index) else { return };
    entry.received_at_ms = origin.received_at_ms.unix_ms();
    entry.recorded_offline = origin.recorded_offline;
    entry.clock_flags.clone_from(&origin.clock_flags);
    entry.accepted_by.clone_from(&origin.accepted_by);
    entry.accepted_at_ms = origin.accepted_at_ms.map(Timestamp::unix_ms);
    entry.from_escrow = origin.from_escrow;
}

/// What devices and the office recorded on a visit, one line for each envelope.
fn recorded(act: RecordedAct, merged_from: Option<ComplaintId>) -> TimelineEntry {
    let decision = act.entries.iter().find_map(|entry| entry.get("decision").cloned());
    let kind = match &decision {
        Some(decision) if decision["choice"] == UNDONE => EventKind::ConflictReopened,
        Some(_) => EventKind::ConflictResolved,
        None => EventKind::Recorded,
    };
    let reason = decision.as_ref().and_then(|decision| decision["reason"].as_str().map(str::to_owned));
    let detail = decision.unwrap_or_else(|| json!({ "entries": act.entries, "fields": act.fields }));
    TimelineEntry {
        kind: kind.as_str().to_owned(),
        merged_from,
        state_from: None,
        state_to: None,
        person: Some(act.origin.person),
        // The office's own log is no device that anybody could look for.
        device: Some(act.origin.device).filter(|device| device.label.is_some()),
        visit_id: Some(act.visit),
        claimed_at_ms: Some(act.origin.claimed_at_ms.unix_ms()),
        received_at_ms: act.origin.received_at_ms.unix_ms(),
        recorded_offline: act.origin.recorded_offline,
        clock_flags: act.origin.clock_flags,
        reason,
        detail,
        log_index: Some(act.origin.log_index),
        accepted_by: act.origin.accepted_by,
        accepted_at_ms: act.origin.accepted_at_ms.map(Timestamp::unix_ms),
        from_escrow: act.origin.from_escrow,
        changes: Vec::new(),
    }
}

/// What was refused, one line for each envelope.
fn refused(act: RefusedAct, merged_from: Option<ComplaintId>) -> TimelineEntry {
    let (claimed_at_ms, received_at_ms) = (Some(act.claimed_at.unix_ms()), act.received_at.unix_ms());
    TimelineEntry {
        kind: EventKind::Refused.as_str().to_owned(),
        merged_from,
        state_from: None,
        state_to: None,
        person: Some(act.person),
        device: Some(act.device),
        visit_id: Some(act.visit),
        claimed_at_ms,
        received_at_ms,
        recorded_offline: was_offline(claimed_at_ms, received_at_ms),
        clock_flags: clock_flags(claimed_at_ms, received_at_ms),
        reason: Some(act.reason),
        detail: json!({ "quarantine": act.id, "state": act.state }),
        log_index: None,
        accepted_by: None,
        accepted_at_ms: None,
        from_escrow: false,
        changes: Vec::new(),
    }
}

/// What a person decided about it.
fn decided(act: &RefusedAct, merged_from: Option<ComplaintId>) -> Option<TimelineEntry> {
    let (person, decided_at_ms, reason) = act.decision.clone()?;
    let kind = if act.taken_up { EventKind::EscrowTakenUp } else { EventKind::QuarantineDecided };
    let decision = (!act.taken_up).then_some(&act.state);
    Some(TimelineEntry {
        kind: kind.as_str().to_owned(),
        merged_from,
        state_from: None,
        state_to: None,
        person: Some(person),
        device: None,
        visit_id: Some(act.visit),
        claimed_at_ms: None,
        received_at_ms: decided_at_ms,
        recorded_offline: false,
        clock_flags: Vec::new(),
        reason,
        detail: json!({ "quarantine": act.id, "decision": decision }),
        log_index: None,
        accepted_by: None,
        accepted_at_ms: None,
        from_escrow: false,
        changes: Vec::new(),
    })
}

/// Whether an act was recorded without a network and arrived later.
pub(crate) fn was_offline(claimed_at_ms: Option<i64>, received_at_ms: i64) -> bool {
    claimed_at_ms.is_some_and(|claimed| received_at_ms.saturating_sub(claimed) > OFFLINE_AFTER_MS)
}

/// What is doubtful about a claimed time by itself.
pub(crate) fn clock_flags(claimed_at_ms: Option<i64>, received_at_ms: i64) -> Vec<&'static str> {
    let is_ahead =
        claimed_at_ms.is_some_and(|claimed| claimed.saturating_sub(received_at_ms) > CLOCK_TOLERANCE_MS);
    if is_ahead { vec!["claimed_after_receipt"] } else { Vec::new() }
}

/// What may be done next. Without a visit is decided only where none took place.
fn next_steps(complaint: &Complaint, took_place: bool) -> Vec<&'static str> {
    if complaint.merged_into.is_some() {
        return Vec::new();
    }
    let steps = [
        ("acceptance", Act::Accept),
        ("review", Act::Review),
        (if took_place { "review" } else { "review_without_visit" }, Act::ReviewWithoutVisit),
        ("rework", Act::Rework),
        ("answer", Act::Answer),
        ("closure", Act::Close),
        ("withdrawal", Act::Withdraw),
        ("reopening", Act::Reopen),
    ];
    let leads_on = |act| next_state(complaint.state, act).is_ok_and(|to| to != complaint.state);
    let mut names: Vec<&str> =
        steps.into_iter().filter(|(_, act)| leads_on(*act)).map(|(name, _)| name).collect();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_never_mixed_and_doubts_are_named() {
        let hour = 3_600_000;
        for (name, claimed, received, offline, flags) in [
            ("in the office", None, 10 * hour, false, &[][..]),
            ("online", Some(10 * hour - 1_000), 10 * hour, false, &[]),
            ("a day without network", Some(hour), 25 * hour, true, &[]),
            ("a clock a year ahead", Some(9_000 * hour), 10 * hour, false, &["claimed_after_receipt"]),
        ] {
            assert_eq!(was_offline(claimed, received), offline, "{name}");
            assert_eq!(clock_flags(claimed, received), flags, "{name}");
        }
    }
}
