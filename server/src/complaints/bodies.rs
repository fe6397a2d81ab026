//! How a complaint and the people around it look in answers.

use super::intake::{Meter, Position};
use super::model::{Channel, Complaint, Customer, CustomerClass, Deadlines, Priority, State, Utility};
use crate::store::{StoreError, Tx};
use crate::{devices, people};
use serde::Serialize;
use std::collections::BTreeMap;
use sync_core::ids::{ComplaintId, DeviceId, PersonId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// A person with the name that others see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PersonRef {
    /// Who.
    #[schema(value_type = String, format = "uuid")]
    pub(crate) person_id: PersonId,
    /// Name; null when the server knows no such person.
    pub(crate) name: Option<String>,
}

impl PersonRef {
    /// The person before anybody looked up the name.
    pub(crate) const fn unnamed(person_id: PersonId) -> Self {
        Self { person_id, name: None }
    }
}

/// A device with what people call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct DeviceRef {
    /// Which.
    #[schema(value_type = String, format = "uuid")]
    pub(crate) device_id: DeviceId,
    /// Label; null for the office's own log and devices the server does not know.
    pub(crate) label: Option<String>,
}

impl DeviceRef {
    /// The device before anybody looked up the label.
    pub(crate) const fn unnamed(device_id: DeviceId) -> Self {
        Self { device_id, label: None }
    }
}

/// Names of people and devices, each looked up once.
#[derive(Debug, Default)]
pub(crate) struct Names {
    people: BTreeMap<PersonId, Option<String>>,
    devices: BTreeMap<DeviceId, Option<String>>,
}

impl Names {
    /// The person with their name.
    pub(crate) async fn person(&mut self, tx: &mut Tx, id: PersonId) -> Result<PersonRef, StoreError> {
        let name = match self.people.get(&id) {
            Some(name) => name.clone(),
            None => {
                let name = people::find(tx, id).await?.map(|person| person.display_name);
                self.people.insert(id, name.clone());
                name
            }
        };
        Ok(PersonRef { person_id: id, name })
    }

    /// The device with its label.
    pub(crate) async fn device(&mut self, tx: &mut Tx, id: DeviceId) -> Result<DeviceRef, StoreError> {
        let label = match self.devices.get(&id) {
            Some(label) => label.clone(),
            None => {
                let label = devices::find(tx, id).await?.map(|device| device.label);
                self.devices.insert(id, label.clone());
                label
            }
        };
        Ok(DeviceRef { device_id: id, label })
    }

    /// The person of a text column.
    pub(crate) async fn person_text(
        &mut self,
        tx: &mut Tx,
        id: &str,
    ) -> Result<Option<PersonRef>, StoreError> {
        match id.parse() {
            Ok(id) => self.person(tx, id).await.map(Some),
            Err(_) => Ok(None),
        }
    }

    /// The device of a text column.
    pub(crate) async fn device_text(
        &mut self,
        tx: &mut Tx,
        id: &str,
    ) -> Result<Option<DeviceRef>, StoreError> {
        match id.parse() {
            Ok(id) => self.device(tx, id).await.map(Some),
            Err(_) => Ok(None),
        }
    }
}

/// What the server owns of a complaint.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ComplaintBody {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) complaint_id: ComplaintId,
    /// For example `C-2026-0417`.
    pub(crate) number: String,
    /// For `If-Match`.
    pub(crate) version: i64,
    pub(crate) state: State,
    pub(crate) utility: Utility,
    /// Code of the category.
    pub(crate) category: String,
    pub(crate) channel: Channel,
    pub(crate) priority: Priority,
    /// What the customer says.
    pub(crate) summary: String,
    /// What the customer wants.
    pub(crate) remedy_sought: Option<String>,
    pub(crate) customer: Customer,
    /// Why nobody can be reached; null: name and phone are known, or nobody said why not.
    pub(crate) no_contact_reason: Option<String>,
    /// Whether those who are sent do not learn who complains.
    pub(crate) confidential: bool,
    /// What kind of customer that is; null: not known.
    pub(crate) customer_class: Option<CustomerClass>,
    pub(crate) address: String,
    /// Code of the region; empty: not known yet.
    pub(crate) region: String,
    /// The organisation unit that answers for it; empty: not allotted yet.
    pub(crate) unit: String,
    pub(crate) position: Option<Position>,
    pub(crate) meter: Option<Meter>,
    /// Who received it; never changes.
    pub(crate) first_owner: PersonRef,
    /// Who is accountable now.
    pub(crate) holder: PersonRef,
    /// Since when, Unix milliseconds.
    #[schema(value_type = i64)]
    pub(crate) holder_since_ms: Timestamp,
    /// The device it was opened on, for one born in the field.
    pub(crate) opened_on: Option<DeviceRef>,
    /// When the customer turned to us, Unix milliseconds.
    #[schema(value_type = i64)]
    pub(crate) requested_at_ms: Timestamp,
    /// When it entered the record.
    #[schema(value_type = i64)]
    pub(crate) received_at_ms: Timestamp,
    pub(crate) deadlines: Deadlines,
    /// When it was closed or withdrawn.
    #[schema(value_type = Option<i64>)]
    pub(crate) closed_at_ms: Option<Timestamp>,
    /// The record it was merged into.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) merged_into: Option<ComplaintId>,
}

impl ComplaintBody {
    /// The complaint with the names of its people.
    pub(crate) async fn of(tx: &mut Tx, names: &mut Names, complaint: Complaint) -> Result<Self, StoreError> {
        let opened_on = match complaint.opened_on_device {
            Some(device) => Some(names.device(tx, device).await?),
            None => None,
        };
        let intake = complaint.intake;
        Ok(Self {
            complaint_id: complaint.id,
            number: complaint.number,
            version: complaint.version,
            state: complaint.state,
            utility: intake.utility,
            category: intake.category,
            channel: intake.channel,
            priority: intake.priority,
            summary: intake.summary,
            remedy_sought: intake.remedy_sought,
            customer: intake.customer,
            no_contact_reason: intake.no_contact_reason,
            confidential: intake.confidential,
            customer_class: intake.customer_class,
            address: intake.address,
            region: intake.region,
            unit: intake.unit,
            position: intake.position.map(Position::from),
            meter: intake.meter.map(Meter::from),
            first_owner: names.person(tx, complaint.first_owner).await?,
            holder: names.person(tx, complaint.holder).await?,
            holder_since_ms: complaint.holder_since,
            opened_on,
            requested_at_ms: intake.requested_at,
            received_at_ms: complaint.received_at,
            deadlines: intake.deadlines,
            closed_at_ms: complaint.closed_at,
            merged_into: complaint.merged_into,
        })
    }
}

/// The entity tag of a complaint's own fields.
pub(crate) fn etag(version: i64) -> String {
    format!("\"{version}\"")
}
