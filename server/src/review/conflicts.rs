//! Conflicts as the office reads them: every value with its author, and whether the authors knew of each other.

use super::provenance::{Origin, Origins};
use crate::complaints::scope::{Reach, within};
use crate::complaints::{DeviceRef, Names, PersonRef};
use crate::exchange::visits;
use crate::store::{StoreError, Tx, statement};
use serde::Serialize;
use sqlx_macros::FromRow;
use std::collections::BTreeMap;
use sync_core::document::{Entry, Resolution, Scalar, SharedValue, VisitDocument, VisitView, Written};
use sync_core::ids::{ChangeHash, EntryId, VisitId};
use utoipa::ToSchema;

/// A conflict as it lies in the table of the exchange.
#[derive(Debug, Clone, FromRow)]
pub(super) struct ConflictRow {
    pub(super) conflict_id: String,
    pub(super) visit_id: String,
    pub(super) path: String,
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) values_json: String,
    pub(super) opened_log_index: i64,
    pub(super) opened_at_ms: i64,
    pub(super) settled_by: Option<String>,
    pub(super) resolved_by: Option<String>,
    pub(super) resolved_at_ms: Option<i64>,
    pub(super) complaint_id: Option<String>,
    pub(super) number: Option<String>,
    pub(super) region: Option<String>,
    pub(super) unit: Option<String>,
}

macro_rules! select {
    ($($condition:tt)+) => {
        concat!(
            "SELECT k.conflict_id, k.visit_id, k.path, k.kind, k.state, k.values_json, k.opened_log_index, \
             k.opened_at_ms, k.settled_by, k.resolved_by, k.resolved_at_ms, c.complaint_id, c.number, c.region, c.unit \
             FROM conflicts k LEFT JOIN visit_plans v ON v.visit_id = k.visit_id \
             LEFT JOIN complaints c ON c.complaint_id = v.complaint_id WHERE ",
            $($condition)+
        )
    };
}

impl ConflictRow {
    /// The visit.
    pub(super) fn visit(&self) -> Result<VisitId, StoreError> {
        StoreError::parse_column("conflicts", "visit_id", &self.conflict_id, &self.visit_id)
    }

    /// Whether its complaint is within reach; work without a complaint is within everybody's.
    pub(super) fn is_within(&self, reach: &Reach) -> bool {
        reach.covers(self.unit.as_deref().unwrap_or_default(), self.region.as_deref().unwrap_or_default())
    }

    /// Whether it was noticed after another one.
    pub(super) fn is_later_than(&self, other: &Self) -> bool {
        (self.opened_log_index, &self.conflict_id) > (other.opened_log_index, &other.conflict_id)
    }

    /// The competing values, the shown one last.
    pub(super) fn values(&self) -> Result<Vec<Written>, StoreError> {
        serde_json::from_str(&self.values_json)
            .map_err(|_| StoreError::impossible("conflicts", "values_json", self.conflict_id.as_str()))
    }
}

/// The conflict with this id, if its complaint is within reach.
pub(super) async fn find(tx: &mut Tx, id: EntryId, reach: &Reach) -> Result<Option<ConflictRow>, StoreError> {
    const SQL: &str = select!("k.conflict_id = $1");
    let row: Option<ConflictRow> = statement(SQL).bind(id.to_string()).row_if_any(tx).await?;
    Ok(row.filter(|row| row.is_within(reach)))
}

/// The list of those in a state.
macro_rules! listed {
    ($state:literal) => {
        select!(concat!(
            $state,
            " AND (CAST($1 AS TEXT) IS NULL OR k.visit_id = $1) AND ",
            within!("$2", "coalesce(c.unit, '')", "coalesce(c.region, '')"),
            " AND (k.opened_log_index, k.conflict_id) > ($3, $4) \
             ORDER BY k.opened_log_index, k.conflict_id LIMIT $5"
        ))
    };
}

/// Conflicts after this place within reach, oldest first. `state` is a state, or `undecided` for all that wait.
pub(super) async fn list(
    tx: &mut Tx,
    state: &str,
    visit: Option<VisitId>,
    reach: &Reach,
    after: (i64, String),
    limit: u32,
) -> Result<Vec<ConflictRow>, StoreError> {
    // The states stand in the text: each list has an index of its own.
    const UNDECIDED: &str = listed!("k.state <> 'resolved'");
    const OPEN: &str = listed!("k.state = 'open'");
    const SETTLED: &str = listed!("k.state = 'settled_in_field'");
    const RESOLVED: &str = listed!("k.state = 'resolved'");
    let sql = match state {
        "open" => OPEN,
        "settled_in_field" => SETTLED,
        "resolved" => RESOLVED,
        _ => UNDECIDED,
    };
    statement(sql)
        .bind(visit.map(String::from))
        .bind(reach.pattern())
        .bind(after.0)
        .bind(after.1)
        .bind(i64::from(limit))
        .rows(tx)
        .await
}

/// The conflicts of a visit, decided or not, oldest first.
pub(super) async fn of_visit(tx: &mut Tx, visit: VisitId) -> Result<Vec<ConflictRow>, StoreError> {
    const SQL: &str = select!("k.visit_id = $1 ORDER BY k.opened_log_index, k.conflict_id");
    statement(SQL).bind(visit.to_string()).rows(tx).await
}

/// One of the competing values.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValueBody {
    /// The value.
    #[schema(value_type = serde_json::Value)]
    pub(crate) value: Scalar,
    /// The change that wrote it; names the value in a decision.
    #[schema(value_type = String)]
    pub(crate) change: ChangeHash,
    /// Whether it is the one that stands in the record now. Not the latest: there is none.
    pub(crate) shown: bool,
    /// Whether the decision that counts chose it.
    pub(crate) chosen: bool,
    pub(crate) person: Option<PersonRef>,
    pub(crate) device: Option<DeviceRef>,
    /// The device's word for when, Unix milliseconds.
    pub(crate) claimed_at_ms: Option<i64>,
    /// When the server got it.
    pub(crate) received_at_ms: Option<i64>,
    /// Recorded without a network, arrived later.
    pub(crate) recorded_offline: bool,
    pub(crate) clock_flags: Vec<&'static str>,
    /// The other values (by change) that its author had seen when writing it.
    #[schema(value_type = Vec<String>)]
    pub(crate) knew_of: Vec<ChangeHash>,
    /// Who let it out of quarantine; null: it was never refused.
    pub(crate) accepted_by: Option<PersonRef>,
    /// What stood in the field before it was written, newest first; only when one conflict is read.
    pub(crate) earlier: Vec<EarlierBody>,
}

/// A value that was overwritten by somebody who had seen it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EarlierBody {
    /// The value.
    #[schema(value_type = serde_json::Value)]
    pub(crate) value: Scalar,
    pub(crate) person: Option<PersonRef>,
    pub(crate) device: Option<DeviceRef>,
    /// The device's word for when, Unix milliseconds.
    pub(crate) claimed_at_ms: Option<i64>,
}

/// A decision that was made about the field.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecisionBody {
    /// `chosen`, `both`, `written` or `undone`.
    pub(crate) choice: String,
    pub(crate) reason: String,
    pub(crate) decided_by: PersonRef,
    /// When, Unix milliseconds.
    pub(crate) decided_at_ms: i64,
    /// The value that was decided on; null for `both` and `undone`.
    #[schema(value_type = serde_json::Value)]
    pub(crate) value: Option<Scalar>,
    /// `chosen`: the change whose value was chosen.
    #[schema(value_type = Option<String>)]
    pub(crate) change: Option<ChangeHash>,
    /// Whether it was undone and counts no more.
    pub(crate) undone: bool,
}

/// What a device of the visit has of the conflict, as far as it has confirmed it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CarrierBody {
    pub(crate) device: DeviceRef,
    /// Whose device it is.
    pub(crate) person: PersonRef,
    /// Whether it is still told about the visit.
    pub(crate) told: bool,
    /// The values that it has, by their changes.
    #[schema(value_type = Vec<String>)]
    pub(crate) values: Vec<ChangeHash>,
    /// Whether it has the newest decision or its undoing; null: nothing was decided.
    pub(crate) has_decision: Option<bool>,
    /// When it first confirmed that, Unix milliseconds.
    pub(crate) confirmed_at_ms: Option<i64>,
    /// When it was last seen.
    pub(crate) last_seen_at_ms: Option<i64>,
}

/// Competing values of one field.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConflictBody {
    #[schema(format = "uuid")]
    pub(crate) conflict_id: String,
    #[schema(format = "uuid")]
    pub(crate) visit_id: String,
    #[schema(format = "uuid")]
    pub(crate) complaint_id: Option<String>,
    /// Number of the complaint.
    pub(crate) complaint_number: Option<String>,
    /// Which field, for example `answers/meter-accuracy.seal`.
    pub(crate) path: String,
    /// `values`, or `merged_text` when two people wrote one text at the same time.
    pub(crate) kind: String,
    /// `open`, `settled_in_field` or `resolved`.
    pub(crate) state: String,
    /// When the server noticed it, Unix milliseconds.
    pub(crate) opened_at_ms: i64,
    /// Every value, the shown one last.
    pub(crate) values: Vec<ValueBody>,
    /// The value that stands in the record now.
    #[schema(value_type = serde_json::Value)]
    pub(crate) stands: Option<Scalar>,
    /// Whose later value stands, when somebody overwrote the field on site.
    pub(crate) settled_by: Option<PersonRef>,
    pub(crate) resolved_by: Option<PersonRef>,
    pub(crate) resolved_at_ms: Option<i64>,
    /// Decisions about the field so far, oldest first.
    pub(crate) decisions: Vec<DecisionBody>,
    /// What each device of the visit has of it; null in lists.
    pub(crate) devices: Option<Vec<CarrierBody>>,
    /// The conflict about the same field that arose later and is decided instead of this one.
    #[schema(format = "uuid")]
    pub(crate) newer: Option<String>,
}

/// What is known of a visit whose conflicts are read.
pub(super) struct Known {
    pub(super) origins: Origins,
    pub(super) document: Option<VisitDocument>,
    view: Option<VisitView>,
}

impl Known {
    /// Reads it.
    pub(super) async fn of(tx: &mut Tx, visit: VisitId) -> Result<Self, StoreError> {
        let origins = Origins::of(tx, visit).await?;
        let stored = visits::find(tx, visit).await?;
        let document = stored.and_then(|stored| VisitDocument::load(&stored.saved).ok());
        let view = document.as_ref().map(VisitDocument::view);
        Ok(Self { origins, document, view })
    }

    /// The value at a path, and the change that wrote it where one did.
    fn standing(&self, path: &str) -> Option<(Scalar, Option<ChangeHash>)> {
        self.view.as_ref().and_then(|view| standing(view, path))
    }

    /// Decisions about a path in the order of the log.
    fn decisions(&self, path: &str) -> Vec<&Entry<Resolution>> {
        let all = self.view.iter().flat_map(|view| view.resolutions.values());
        let mut found: Vec<_> = all.filter(|entry| entry.content.path == path).collect();
        found.sort_by_key(|entry| self.origins.get(&entry.meta.change).map(|origin| origin.log_index));
        found
    }

    /// The newest decision about a path or its undoing.
    pub(super) fn newest_act(&self, path: &str) -> Option<ChangeHash> {
        self.decisions(path).last().map(|entry| entry.meta.change)
    }
}

/// The change whose value a decision chose.
fn chosen_by(decision: &Entry<Resolution>) -> Option<ChangeHash> {
    let kept = decision.content.kept.as_ref().filter(|_| decision.content.choice == "chosen")?;
    kept.keys().next()?.parse().ok()
}

/// The conflict with everything that is known about its values.
pub(super) async fn body(
    tx: &mut Tx,
    names: &mut Names,
    row: ConflictRow,
) -> Result<ConflictBody, StoreError> {
    let known = Known::of(tx, row.visit()?).await?;
    body_of(tx, names, &known, row).await
}

/// The same with what is known of its visit.
pub(super) async fn body_of(
    tx: &mut Tx,
    names: &mut Names,
    known: &Known,
    row: ConflictRow,
) -> Result<ConflictBody, StoreError> {
    let values = row.values()?;
    let standing = known.standing(&row.path);
    let shown = standing.as_ref().and_then(|(_, change)| *change);
    let counts =
        known.decisions(&row.path).into_iter().rfind(|decision| decision.stands()).and_then(chosen_by);
    let mut bodies = Vec::with_capacity(values.len());
    for written in &values {
        let mut body = value_body(tx, names, written, known.origins.get(&written.change)).await?;
        body.shown = Some(written.change) == shown;
        body.chosen = Some(written.change) == counts;
        body.knew_of = knew_of(known.document.as_ref(), written, &values);
        bodies.push(body);
    }
    let person = async |tx: &mut Tx, names: &mut Names, id: &Option<String>| match id {
        Some(id) => names.person_text(tx, id).await,
        None => Ok(None),
    };
    Ok(ConflictBody {
        settled_by: person(tx, names, &row.settled_by).await?,
        resolved_by: person(tx, names, &row.resolved_by).await?,
        decisions: decisions(tx, names, known, &row.path).await?,
        stands: standing.map(|(value, _)| value),
        conflict_id: row.conflict_id,
        visit_id: row.visit_id,
        complaint_id: row.complaint_id,
        complaint_number: row.number,
        path: row.path,
        kind: row.kind,
        state: row.state,
        opened_at_ms: row.opened_at_ms,
        values: bodies,
        resolved_at_ms: row.resolved_at_ms,
        devices: None,
        newer: None,
    })
}

fn knew_of(document: Option<&VisitDocument>, written: &Written, values: &[Written]) -> Vec<ChangeHash> {
    let Some(document) = document else { return Vec::new() };
    let others = values.iter().map(|other| other.change).filter(|other| *other != written.change);
    others.filter(|other| document.knew_of(&written.change, other)).collect()
}

async fn value_body(
    tx: &mut Tx,
    names: &mut Names,
    written: &Written,
    origin: Option<&Origin>,
) -> Result<ValueBody, StoreError> {
    let (person, device) = who(tx, names, origin).await?;
    let accepted_by = match origin.and_then(|origin| origin.accepted) {
        Some((person, _)) => Some(names.person(tx, person).await?),
        None => None,
    };
    Ok(ValueBody {
        value: written.value.clone(),
        change: written.change,
        shown: false,
        chosen: false,
        person,
        device,
        claimed_at_ms: origin.map(|origin| origin.claimed_at.unix_ms()),
        received_at_ms: origin.map(|origin| origin.received_at.unix_ms()),
        recorded_offline: origin.is_some_and(Origin::was_offline),
        clock_flags: origin.map(Origin::clock_flags).unwrap_or_default(),
        knew_of: Vec::new(),
        accepted_by,
        earlier: Vec::new(),
    })
}

/// The author of a change, with the device it was written on.
pub(super) async fn who(
    tx: &mut Tx,
    names: &mut Names,
    origin: Option<&Origin>,
) -> Result<(Option<PersonRef>, Option<DeviceRef>), StoreError> {
    let Some(origin) = origin else { return Ok((None, None)) };
    Ok((Some(names.person(tx, origin.person).await?), Some(names.device(tx, origin.device).await?)))
}

async fn decisions(
    tx: &mut Tx,
    names: &mut Names,
    known: &Known,
    path: &str,
) -> Result<Vec<DecisionBody>, StoreError> {
    let mut bodies = Vec::new();
    for entry in known.decisions(path) {
        let writes = ["chosen", "written"].contains(&entry.content.choice.as_str());
        let document = known.document.as_ref().filter(|_| writes);
        bodies.push(DecisionBody {
            choice: entry.content.choice.clone(),
            reason: entry.content.reason.clone(),
            decided_by: names.person(tx, entry.meta.by).await?,
            decided_at_ms: entry.meta.at.unix_ms(),
            value: document.and_then(|document| document.value_as_of(path, &[entry.meta.change])),
            change: chosen_by(entry),
            undone: !entry.stands(),
        });
    }
    Ok(bodies)
}

/// The value at a path as the document shows it, and the change that wrote it where one did.
fn standing(view: &VisitView, path: &str) -> Option<(Scalar, Option<ChangeHash>)> {
    let text = |text: &str| Scalar::Text(text.to_owned());
    let (container, key) = path.split_once('/').unwrap_or((path, ""));
    let shared = |values: &BTreeMap<String, SharedValue>| {
        let value = values.get(key)?;
        Some((value.shown.clone(), value.values.last().map(|written| written.change)))
    };
    match container {
        "answers" => shared(&view.answers),
        "seal_states" => shared(&view.seal_states),
        "proposal" => shared(&view.proposal),
        "note" => Some((text(&view.note), None)),
        "cause_text" => Some((text(&view.cause_text), None)),
        "findings" => {
            let (id, field) = key.split_once('/')?;
            let finding = view.findings.get(&id.parse().ok()?)?;
            let value = match field {
                "text" => text(&finding.content.text),
                "code" => text(&finding.content.code),
                "severity" => text(finding.content.severity.as_deref()?),
                _ => return None,
            };
            let edited = finding.meta.edited.iter().find(|edited| edited.field == field);
            Some((value, Some(edited.map_or(finding.meta.change, |edited| edited.change))))
        }
        _ => None,
    }
}
