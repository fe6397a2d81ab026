//! The tables `complaint_events` and `complaint_field_changes`: what happened to a complaint, and who changed which
//! personal field when. Rows are only added, in the transaction of the change they describe.

use super::acts::Actor;
use super::model::{Complaint, EventKind, FieldChange, State};
use super::tally;
use crate::store::{StoreError, Tx, statement};
use serde_json::Value;
use sqlx_macros::FromRow;
use sync_core::ids::{ComplaintId, DeviceId, PersonId, VisitId};
use sync_core::time::Timestamp;

/// Something that happened to a complaint.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// What.
    pub kind: EventKind,
    /// The state before and after, when it changed.
    pub states: Option<(State, State)>,
    /// Who acted.
    pub person: Option<PersonId>,
    /// The device it happened on.
    pub device: Option<DeviceId>,
    /// The visit it is about.
    pub visit: Option<VisitId>,
    /// The device's word for when.
    pub claimed_at: Option<Timestamp>,
    /// When the server learned of it.
    pub received_at: Timestamp,
    /// The reason given.
    pub reason: Option<String>,
    /// Further facts: ids, codes, figures.
    pub detail: Value,
}

impl NewEvent {
    /// Something a person did in the office.
    pub fn office(kind: EventKind, by: PersonId, at: Timestamp) -> Self {
        Self { person: Some(by), ..Self::system(kind, at) }
    }

    /// Something that happened by itself.
    pub fn system(kind: EventKind, at: Timestamp) -> Self {
        Self {
            kind,
            states: None,
            person: None,
            device: None,
            visit: None,
            claimed_at: None,
            received_at: at,
            reason: None,
            detail: Value::Object(serde_json::Map::new()),
        }
    }

    /// Names the visit.
    #[must_use]
    pub fn visit(mut self, visit: VisitId) -> Self {
        self.visit = Some(visit);
        self
    }

    /// Gives the reason.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Adds further facts: a JSON object.
    #[must_use]
    pub fn detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }

    /// Says that the state changed; nothing when it stayed.
    #[must_use]
    pub fn states(mut self, from: State, to: State) -> Self {
        self.states = (from != to).then_some((from, to));
        self
    }
}

/// Something that happened, as it lies in the table.
#[derive(Debug, Clone, FromRow)]
pub struct Event {
    /// 1, 2, 3 … of this complaint.
    pub event_no: i64,
    /// What: a word of [`EventKind`].
    pub kind: String,
    /// State before.
    pub state_from: Option<String>,
    /// State after.
    pub state_to: Option<String>,
    /// Who acted.
    pub person_id: Option<String>,
    /// On which device.
    pub device_id: Option<String>,
    /// About which visit.
    pub visit_id: Option<String>,
    /// The device's word for when.
    pub claimed_at_ms: Option<i64>,
    /// When the server learned of it.
    pub received_at_ms: i64,
    /// The reason given.
    pub reason: Option<String>,
    /// Further facts as JSON.
    pub detail_json: String,
}

/// Adds an event.
pub async fn add(tx: &mut Tx, complaint: ComplaintId, event: &NewEvent) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO complaint_events (complaint_id, event_no, kind, state_from, state_to, person_id, \
        device_id, visit_id, claimed_at_ms, received_at_ms, reason, detail_json) \
        VALUES ($1, (SELECT coalesce(max(e.event_no), 0) + 1 FROM complaint_events e WHERE e.complaint_id = $1), \
        $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    tally::ended(tx, complaint, event).await?;
    statement(SQL)
        .bind(complaint.to_string())
        .bind(event.kind.as_str())
        .bind(event.states.map(|(from, _)| from.as_str()))
        .bind(event.states.map(|(_, to)| to.as_str()))
        .bind(event.person.map(String::from))
        .bind(event.device.map(String::from))
        .bind(event.visit.map(String::from))
        .bind(event.claimed_at.map(Timestamp::unix_ms))
        .bind(event.received_at.unix_ms())
        .bind(&event.reason)
        .bind(event.detail.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// Everything that happened to a complaint, oldest first.
pub async fn list(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<Event>, StoreError> {
    const SQL: &str = "SELECT event_no, kind, state_from, state_to, person_id, device_id, visit_id, claimed_at_ms, \
        received_at_ms, reason, detail_json FROM complaint_events WHERE complaint_id = $1 ORDER BY event_no";
    statement(SQL).bind(complaint.to_string()).rows(tx).await
}

/// A field that was changed, as it lies in the table.
#[derive(Debug, Clone, FromRow)]
pub struct ChangedField {
    /// Name of the field.
    pub field: String,
    /// What it was.
    pub old_value: Option<String>,
    /// What it became.
    pub new_value: Option<String>,
    /// Who changed it.
    pub changed_by: String,
    /// On which device.
    pub changed_on_device: Option<String>,
    /// When.
    pub changed_at_ms: i64,
}

/// Adds what changed.
pub(super) async fn add_field_changes(
    tx: &mut Tx,
    complaint: &Complaint,
    changes: &[FieldChange],
    by: &Actor,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO complaint_field_changes (complaint_id, change_no, field, old_value, new_value, \
        changed_by, changed_at_ms, changed_on_device) VALUES ($1, (SELECT coalesce(max(f.change_no), 0) + 1 \
        FROM complaint_field_changes f WHERE f.complaint_id = $1), $2, $3, $4, $5, $6, $7)";
    for change in changes {
        statement(SQL)
            .bind(complaint.id.to_string())
            .bind(change.field)
            .bind(&change.old)
            .bind(&change.new)
            .bind(by.person.to_string())
            .bind(by.at.unix_ms())
            .bind(by.device.map(String::from))
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Every change of a field of this complaint, oldest first.
pub async fn field_changes(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<ChangedField>, StoreError> {
    const SQL: &str = "SELECT field, old_value, new_value, changed_by, changed_on_device, changed_at_ms \
        FROM complaint_field_changes WHERE complaint_id = $1 ORDER BY change_no";
    statement(SQL).bind(complaint.to_string()).rows(tx).await
}
