//! One visit with everything recorded on it: the plan, the merged document with its authors, and what is still open.
//!
//! Results of meter checks and gas tests are computed from the recorded inputs whenever the record is read; nothing
//! derived is stored. Texts of statements lie beside their envelopes and are looked up.

use super::bodies::{Moment, VisitBody};
use super::entries::{self, EntryBody, FieldBody, OriginBody};
use super::model::{VisitPlan, VisitState};
use super::overwritten::{self, Overwritten};
use super::past::Place;
use super::photos::PhotoSummary;
use super::promises::{self, PromiseBody};
use super::{photos, sql};
use crate::complaints::{DeviceRef, Names, PersonRef};
use crate::exchange::TAKEN_UP_AS;
use crate::exchange::quarantine::{self, QuarantineItem};
use crate::exchange::unseen::{self, Holder};
use crate::exchange::visits;
use crate::review::{self, ConflictBody, Origins};
use crate::store::{StoreError, Tx};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use sync_core::document::VisitView;
use sync_core::ids::{ChangeHash, ComplaintId, VisitId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// Most refused items that are shown with a visit; the rest is in the list of quarantine.
const QUARANTINE_MAX: u32 = 100;

/// A visit with everything recorded on it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VisitRecord {
    #[serde(flatten)]
    pub(crate) visit: VisitBody,
    /// Heads of the merged document: which version of it this is.
    #[schema(value_type = Vec<String>)]
    pub(crate) heads: Vec<ChangeHash>,
    /// Single values that several people may write: answers, states of seals, the proposal.
    pub(crate) fields: Vec<FieldBody>,
    /// The note of the visit.
    pub(crate) note: String,
    /// The cause in words.
    pub(crate) cause_text: String,
    /// Findings, readings, meter checks, photos and all other entries, in the order of their recording.
    pub(crate) entries: Vec<EntryBody>,
    /// `H1` to `H3`: the highest level of the visit's hazards, as reviewers left it.
    pub(crate) hazard_level: Option<String>,
    /// How many photos are here.
    pub(crate) photos: PhotoSummary,
    /// What was promised to the customer, and until when.
    pub(crate) promises: Vec<PromiseBody>,
    /// Competing values, decided or not.
    pub(crate) conflicts: Vec<ConflictBody>,
    /// What was refused, and why.
    pub(crate) quarantine: Vec<QuarantineBody>,
    /// Envelopes that are stored and not judged yet.
    pub(crate) pending: i64,
    /// Envelopes of devices without access, kept aside, that nobody has decided about.
    pub(crate) escrowed: i64,
    /// Devices that carry or carried the visit, and whether they may hold unseen work.
    pub(crate) devices: Vec<HolderBody>,
    /// Places in the document that this server cannot read.
    pub(crate) unknown: Vec<String>,
    /// Every accepted envelope with changes, for the timeline.
    #[serde(skip)]
    pub(crate) envelopes: Vec<OriginBody>,
    /// What was written and is not shown any more, and what was added to shared texts; empty for a visit of the past.
    #[serde(skip)]
    pub(crate) overwritten: Vec<Overwritten>,
}

/// What one envelope brought into a visit.
#[derive(Debug)]
pub(crate) struct RecordedAct {
    /// The visit.
    pub(crate) visit: VisitId,
    /// Who, where and when.
    pub(crate) origin: OriginBody,
    /// Entries in short.
    pub(crate) entries: Vec<Value>,
    /// Paths of fields.
    pub(crate) fields: Vec<String>,
}

/// An envelope that was refused.
#[derive(Debug)]
pub(crate) struct RefusedAct {
    /// The visit.
    pub(crate) visit: VisitId,
    /// Who recorded it.
    pub(crate) person: PersonRef,
    /// On which device.
    pub(crate) device: DeviceRef,
    /// The device's word for when.
    pub(crate) claimed_at: Timestamp,
    /// When the server got it.
    pub(crate) received_at: Timestamp,
    /// Stable code.
    pub(crate) reason: String,
    /// For `/v1/quarantine/{id}`.
    pub(crate) id: i64,
    /// What was decided about it.
    pub(crate) state: String,
    /// Who decided, when and why.
    pub(crate) decision: Option<(PersonRef, i64, Option<String>)>,
    /// Whether a person took it up from escrow: nobody refused it before.
    pub(crate) taken_up: bool,
}

impl VisitRecord {
    /// What was known of the stay at this place in the server log: its state, who was on it, and what was owed. The
    /// entries are those of that place already.
    pub(crate) fn as_of(&mut self, place: &Place) {
        let at = place.received_at;
        let seen = |moment: &Moment| place.knows(moment);
        let is_step = |entry: &&EntryBody| entry.container == "progress" && entry.stands;
        let steps: Vec<&EntryBody> = self.entries.iter().filter(is_step).collect();
        let event = |entry: &EntryBody| entry.content["event"].as_str().unwrap_or_default().to_owned();
        let moment = |entry: &EntryBody| {
            let received_at_ms = entry.origin.as_ref().map_or(entry.at_ms, |origin| origin.received_at_ms);
            Moment { claimed_at_ms: entry.at_ms, received_at_ms }
        };
        let last = steps.iter().rfind(|entry| event(entry) != "paused");
        let left = last.filter(|entry| ["finished", "no_access"].contains(&event(entry).as_str()));
        let visit = &mut self.visit;
        let (ended, outcome) = match (visit.ended.filter(seen), left) {
            (Some(moment), _) => (Some(moment), visit.outcome.take()),
            (None, Some(entry)) => {
                let said = ["outcome", "reason"].into_iter().find_map(|key| entry.content[key].as_str());
                (Some(moment(entry)), said.map(str::to_owned))
            }
            (None, None) => (None, None),
        };
        let arrived = visit.arrived.filter(seen).or_else(|| steps.first().map(|entry| moment(entry)));
        let in_vain =
            visit.state == VisitState::NoAccess || left.is_some_and(|entry| event(entry) == "no_access");
        visit.assignments.retain(|row| row.assigned_at_ms <= at);
        for row in &mut visit.assignments {
            row.accepted_at_ms = row.accepted_at_ms.filter(|accepted| *accepted <= at);
            row.ended_at_ms = row.ended_at_ms.filter(|ended| *ended <= at);
        }
        let taken = visit.assignments.iter().any(|row| row.accepted_at_ms.is_some());
        visit.state = match (ended, arrived, taken) {
            (Some(_), ..) if in_vain => VisitState::NoAccess,
            (Some(_), ..) => VisitState::Finished,
            (_, Some(_), _) => VisitState::OnSite,
            (_, _, true) => VisitState::Accepted,
            _ => VisitState::Planned,
        };
        (visit.arrived, visit.ended, visit.outcome) = (arrived, ended, outcome);
        for promise in &mut self.promises {
            promise.as_of(at);
        }
    }

    /// What was refused, envelope by envelope. What was accepted later is among the acts, too.
    pub(crate) fn refused(&self) -> impl Iterator<Item = RefusedAct> {
        self.quarantine.iter().map(|item| RefusedAct {
            visit: self.visit.visit_id,
            person: item.person.clone(),
            device: item.device.clone(),
            claimed_at: item.claimed_at_ms,
            received_at: item.received_at_ms,
            reason: item.reason.clone(),
            id: item.id,
            state: item.state.clone(),
            decision: item.decision(),
            taken_up: item.is_taken_up(),
        })
    }

    /// Who wrote nothing that an entry or a field shows: texts that several people share.
    fn silent(&self) -> Vec<OriginBody> {
        let is_silent = |act: &RecordedAct| act.entries.is_empty() && act.fields.is_empty();
        self.acts().into_iter().filter(is_silent).map(|act| act.origin).collect()
    }

    /// What was recorded, envelope by envelope.
    pub(crate) fn acts(&self) -> Vec<RecordedAct> {
        let visit = self.visit.visit_id;
        let new = |origin: &OriginBody| RecordedAct {
            visit,
            origin: origin.clone(),
            entries: Vec::new(),
            fields: Vec::new(),
        };
        // Each envelope, whatever became of its values: what was overwritten since shows in none of them.
        let mut acts: BTreeMap<i64, RecordedAct> =
            self.envelopes.iter().map(|origin| (origin.log_index, new(origin))).collect();
        for (origin, short) in self.entries.iter().filter_map(EntryBody::in_short) {
            acts.entry(origin.log_index).or_insert_with(|| new(origin)).entries.push(short);
        }
        for (origin, path) in self.entries.iter().flat_map(EntryBody::edit_origins) {
            acts.entry(origin.log_index).or_insert_with(|| new(origin)).fields.push(path);
        }
        for (origin, path) in self.fields.iter().flat_map(FieldBody::origins) {
            acts.entry(origin.log_index).or_insert_with(|| new(origin)).fields.push(path.to_owned());
        }
        for old in &self.overwritten {
            let act = acts.entry(old.origin.log_index).or_insert_with(|| new(&old.origin));
            // What came with its entry is told with it.
            let with_entry = |short: &Value| {
                let place = old.path.rsplit_once('/').map_or("", |(place, _)| place);
                place.rsplit_once('/').is_some_and(|(_, entry)| short["entry"] == entry)
            };
            if !act.fields.contains(&old.path) && !act.entries.iter().any(with_entry) {
                act.fields.push(old.path.clone());
            }
        }
        acts.into_values().collect()
    }
}

/// A refused item.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuarantineBody {
    /// For `/v1/quarantine/{id}`.
    pub(crate) id: i64,
    /// Stable code.
    pub(crate) reason: String,
    pub(crate) detail: String,
    /// `open`, `accepted`, `rejected` or `superseded`.
    pub(crate) state: String,
    pub(crate) person: PersonRef,
    pub(crate) device: DeviceRef,
    /// When it was recorded, as the device says, Unix milliseconds.
    #[schema(value_type = i64)]
    pub(crate) claimed_at_ms: Timestamp,
    /// When the server got it.
    #[schema(value_type = i64)]
    pub(crate) received_at_ms: Timestamp,
    /// When it was refused.
    pub(crate) opened_at_ms: i64,
    /// When a person decided, or its author wrote it anew.
    pub(crate) decided_at_ms: Option<i64>,
    pub(crate) decided_by: Option<PersonRef>,
    /// Why it was decided so.
    pub(crate) decision_reason: Option<String>,
}

impl QuarantineBody {
    /// Whether it lay in escrow until a person took it up.
    pub(crate) fn is_taken_up(&self) -> bool {
        self.reason == TAKEN_UP_AS && self.state == "accepted"
    }

    fn decision(&self) -> Option<(PersonRef, i64, Option<String>)> {
        Some((self.decided_by.clone()?, self.decided_at_ms?, self.decision_reason.clone()))
    }
}

/// A device that carries or carried the visit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HolderBody {
    pub(crate) device: DeviceRef,
    /// Whose device it is.
    pub(crate) person: PersonRef,
    /// Whether it may hold work nobody has seen.
    pub(crate) may_hold_unseen_work: bool,
    /// When it got the visit.
    #[schema(value_type = i64)]
    pub(crate) delivered_at_ms: Timestamp,
    /// When that was settled.
    #[schema(value_type = Option<i64>)]
    pub(crate) settled_at_ms: Option<Timestamp>,
    /// `device` or `declared_lost`.
    pub(crate) settled_by: Option<String>,
    /// Time of its newest envelope about the visit, as the device says.
    #[schema(value_type = Option<i64>)]
    pub(crate) newest_claimed_at_ms: Option<Timestamp>,
    /// When it was last seen.
    #[schema(value_type = Option<i64>)]
    pub(crate) last_seen_at_ms: Option<Timestamp>,
    /// What it had not sent then, of all its visits.
    pub(crate) outbox_envelopes: Option<i64>,
    /// Whether it lost its access.
    pub(crate) revoked: bool,
}

/// The visits of a complaint, oldest first.
pub(crate) async fn visit_records(
    tx: &mut Tx,
    names: &mut Names,
    complaint: ComplaintId,
) -> Result<Vec<VisitRecord>, StoreError> {
    let mut records = Vec::new();
    for visit in sql::visits_of(tx, complaint).await? {
        records.push(build(tx, names, visit).await?);
    }
    Ok(records)
}

/// Builds the record of a visit.
pub(super) async fn build(
    tx: &mut Tx,
    names: &mut Names,
    visit: VisitPlan,
) -> Result<VisitRecord, StoreError> {
    let view = visits::view(tx, visit.id).await?;
    let origins = Origins::of(tx, visit.id).await?;
    let document = overwritten::document(tx, visit.id, view.as_ref(), &origins).await?;
    let overwritten = match (&document, &view) {
        (Some(document), Some(view)) => overwritten::of_visit(tx, names, document, view, &origins).await?,
        _ => Vec::new(),
    };
    let record = VisitRecord { overwritten, ..assemble(tx, names, visit, view, &origins).await? };
    let Some(document) = document else { return Ok(record) };
    let texts = overwritten::texts(&document, &origins, record.silent());
    Ok(VisitRecord { overwritten: record.overwritten.into_iter().chain(texts).collect(), ..record })
}

/// Builds the record of a visit whose document is, or was, this view.
pub(super) async fn build_of(
    tx: &mut Tx,
    names: &mut Names,
    visit: VisitPlan,
    view: Option<VisitView>,
) -> Result<VisitRecord, StoreError> {
    let origins = Origins::of(tx, visit.id).await?;
    assemble(tx, names, visit, view, &origins).await
}

async fn assemble(
    tx: &mut Tx,
    names: &mut Names,
    visit: VisitPlan,
    view: Option<VisitView>,
    origins: &Origins,
) -> Result<VisitRecord, StoreError> {
    let id = visit.id;
    let photos = photos::of_visit(tx, id).await?;
    let promises = promises::of_visit(tx, id, view.as_ref()).await?;
    let mut record = VisitRecord {
        heads: visits::heads(tx, id).await?.unwrap_or_default(),
        fields: Vec::new(),
        note: String::new(),
        cause_text: String::new(),
        entries: Vec::new(),
        hazard_level: None,
        promises,
        conflicts: review::conflicts_of(tx, names, id).await?,
        quarantine: refused(tx, names, &visit).await?,
        pending: unseen::pending_count(tx, id).await?,
        escrowed: unseen::escrowed_count(tx, id).await?,
        devices: holders(tx, names, &visit).await?,
        unknown: Vec::new(),
        envelopes: entries::envelopes(tx, names, origins).await?,
        overwritten: Vec::new(),
        photos: photos.summary(view.as_ref()),
        visit: VisitBody::of(tx, names, visit).await?,
    };
    let Some(view) = view else { return Ok(record) };
    record.hazard_level = view.hazard_level().map(|level| level.code().to_owned());
    record.fields = entries::fields(tx, names, &view, origins).await?;
    record.entries = entries::of_view(tx, names, &view, origins, &photos).await?;
    record.note = view.note;
    record.cause_text = view.cause_text;
    record.unknown = view.unknown;
    Ok(record)
}

async fn refused(
    tx: &mut Tx,
    names: &mut Names,
    visit: &VisitPlan,
) -> Result<Vec<QuarantineBody>, StoreError> {
    let mut bodies = Vec::new();
    for state in ["open", "accepted", "rejected", "superseded"] {
        for item in quarantine::list(tx, state, Some(visit.id), 0, QUARANTINE_MAX).await? {
            bodies.push(refused_body(tx, names, item).await?);
        }
    }
    Ok(bodies)
}

async fn refused_body(
    tx: &mut Tx,
    names: &mut Names,
    item: QuarantineItem,
) -> Result<QuarantineBody, StoreError> {
    let decided_by = match &item.decided_by {
        Some(person) => names.person_text(tx, person).await?,
        None => None,
    };
    Ok(QuarantineBody {
        person: names.person(tx, item.person_id).await?,
        device: names.device(tx, item.device_id).await?,
        claimed_at_ms: item.claimed_at,
        received_at_ms: item.received_at,
        id: item.log_index,
        reason: item.reason,
        detail: item.detail,
        state: item.state,
        opened_at_ms: item.opened_at_ms,
        decided_at_ms: item.decided_at_ms,
        decided_by,
        decision_reason: item.decision_reason,
    })
}

async fn holders(tx: &mut Tx, names: &mut Names, visit: &VisitPlan) -> Result<Vec<HolderBody>, StoreError> {
    let mut bodies = Vec::new();
    for holder in unseen::holders(tx, visit.id).await? {
        let Holder { device_id, person_id, settled, .. } = holder;
        bodies.push(HolderBody {
            device: names.device(tx, device_id).await?,
            person: names.person(tx, person_id).await?,
            may_hold_unseen_work: settled.is_none(),
            delivered_at_ms: holder.delivered_at,
            settled_at_ms: settled.as_ref().map(|(at, _)| *at),
            settled_by: settled.map(|(_, by)| by),
            newest_claimed_at_ms: holder.newest_claimed_at,
            last_seen_at_ms: holder.last_seen_at,
            outbox_envelopes: holder.outbox_envelopes,
            revoked: holder.revoked,
        });
    }
    Ok(bodies)
}
