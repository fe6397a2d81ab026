//! How work orders and visits look in answers, and how they are typed.

use super::model::{OrderKind, OrderState, Origin, VisitPlan, VisitState, WorkOrder, took_place};
use super::sql;
use crate::complaints::model::Priority;
use crate::complaints::{Names, PersonRef};
use crate::store::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use sync_core::ids::{ComplaintId, VisitId, WorkOrderId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// A work order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkOrderBody {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) work_order_id: WorkOrderId,
    #[schema(value_type = String, format = "uuid")]
    pub(crate) complaint_id: ComplaintId,
    pub(crate) version: i64,
    pub(crate) state: OrderState,
    pub(crate) kind: OrderKind,
    /// Code of the checklist to fill in.
    pub(crate) checklist: String,
    /// What the office wants done.
    pub(crate) instructions: Option<String>,
    pub(crate) priority: Priority,
    /// When somebody must be on site, Unix milliseconds.
    #[schema(value_type = Option<i64>)]
    pub(crate) due_at_ms: Option<Timestamp>,
    pub(crate) created_by: PersonRef,
    #[schema(value_type = i64)]
    pub(crate) created_at_ms: Timestamp,
    /// Its visits, oldest first.
    #[schema(value_type = Vec<String>)]
    pub(crate) visits: Vec<VisitId>,
}

impl WorkOrderBody {
    pub(super) async fn of(tx: &mut Tx, names: &mut Names, order: WorkOrder) -> Result<Self, StoreError> {
        let visits = sql::visits_of_order(tx, order.id).await?;
        Ok(Self {
            work_order_id: order.id,
            complaint_id: order.complaint,
            version: order.version,
            state: order.state,
            kind: order.kind,
            checklist: order.checklist,
            instructions: order.instructions,
            priority: order.priority,
            due_at_ms: order.due_at,
            created_by: names.person(tx, order.created_by).await?,
            created_at_ms: order.created_at,
            visits: visits.iter().map(|visit| visit.id).collect(),
        })
    }
}

/// The work orders of a complaint, oldest first.
pub(crate) async fn order_bodies(
    tx: &mut Tx,
    names: &mut Names,
    complaint: ComplaintId,
) -> Result<Vec<WorkOrderBody>, StoreError> {
    let mut bodies = Vec::new();
    for order in sql::orders_of(tx, complaint).await? {
        bodies.push(WorkOrderBody::of(tx, names, order).await?);
    }
    Ok(bodies)
}

/// When something happened: the device's word and the server's.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Moment {
    /// The device's word, Unix milliseconds.
    #[schema(value_type = i64)]
    pub(crate) claimed_at_ms: Timestamp,
    /// When the server learned of it.
    #[schema(value_type = i64)]
    pub(crate) received_at_ms: Timestamp,
}

impl From<(Timestamp, Timestamp)> for Moment {
    fn from((claimed_at_ms, received_at_ms): (Timestamp, Timestamp)) -> Self {
        Self { claimed_at_ms, received_at_ms }
    }
}

/// Somebody who is or was sent to a visit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssignmentBody {
    pub(crate) person: PersonRef,
    #[schema(value_type = i64)]
    pub(crate) assigned_at_ms: Timestamp,
    pub(crate) assigned_by: PersonRef,
    /// When the person took it.
    #[schema(value_type = Option<i64>)]
    pub(crate) accepted_at_ms: Option<Timestamp>,
    /// When it ended; null: still assigned.
    #[schema(value_type = Option<i64>)]
    pub(crate) ended_at_ms: Option<Timestamp>,
    pub(crate) end_reason: Option<String>,
}

/// A visit as the office planned it and as devices reported on it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VisitBody {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) visit_id: VisitId,
    /// Null for a visit born in the field.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) work_order_id: Option<WorkOrderId>,
    /// Null for field work without a complaint.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) complaint_id: Option<ComplaintId>,
    pub(crate) version: i64,
    pub(crate) state: VisitState,
    pub(crate) origin: Origin,
    pub(crate) checklist: String,
    /// Day in the office's calendar.
    #[schema(format = "date")]
    pub(crate) planned_on: String,
    #[schema(value_type = Option<i64>)]
    pub(crate) appointment_from_ms: Option<Timestamp>,
    #[schema(value_type = Option<i64>)]
    pub(crate) appointment_to_ms: Option<Timestamp>,
    /// First arrival.
    pub(crate) arrived: Option<Moment>,
    /// Finished, or left without access.
    pub(crate) ended: Option<Moment>,
    /// Outcome, or why there was no access.
    pub(crate) outcome: Option<String>,
    pub(crate) created_by: PersonRef,
    /// Everybody who is or was sent, oldest first.
    pub(crate) assignments: Vec<AssignmentBody>,
}

impl VisitBody {
    /// Whether somebody was on site and found more than a closed door.
    pub(crate) fn took_place(&self) -> bool {
        took_place(self.state, self.arrived.is_some() || self.ended.is_some(), self.outcome.as_deref())
    }

    pub(super) async fn of(tx: &mut Tx, names: &mut Names, visit: VisitPlan) -> Result<Self, StoreError> {
        let mut assignments = Vec::new();
        for row in sql::assignments_of(tx, visit.id).await? {
            assignments.push(AssignmentBody {
                person: names.person(tx, row.person).await?,
                assigned_at_ms: row.assigned_at,
                assigned_by: names.person(tx, row.assigned_by).await?,
                accepted_at_ms: row.accepted_at,
                ended_at_ms: row.ended_at,
                end_reason: row.end_reason,
            });
        }
        Ok(Self {
            visit_id: visit.id,
            work_order_id: visit.work_order,
            complaint_id: visit.complaint,
            version: visit.version,
            state: visit.state,
            origin: visit.origin,
            checklist: visit.checklist,
            planned_on: visit.planned_on,
            appointment_from_ms: visit.appointment.map(|(from, _)| from),
            appointment_to_ms: visit.appointment.map(|(_, to)| to),
            arrived: visit.arrived.map(Moment::from),
            ended: visit.ended.map(Moment::from),
            outcome: visit.outcome,
            created_by: names.person(tx, visit.created_by).await?,
            assignments,
        })
    }
}

/// A work order to be made.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderForm {
    /// What it is for; `investigation` if absent.
    #[serde(default)]
    pub(super) kind: Option<OrderKind>,
    /// Code of a checklist; the usual one of the utility if absent.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub(super) checklist: Option<String>,
    /// What the office wants done.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(super) instructions: Option<String>,
    /// As the complaint if absent.
    #[serde(default)]
    pub(super) priority: Option<Priority>,
    /// When somebody must be on site, Unix milliseconds.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub(super) due_at_ms: Option<Timestamp>,
    /// Why somebody is sent although name or phone of the customer is not known; needed then.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(super) override_reason: Option<String>,
}

/// A visit to be planned.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VisitForm {
    /// Day in the office's calendar, `YYYY-MM-DD`.
    #[schema(format = "date")]
    pub(super) planned_on: String,
    /// Appointment from, Unix milliseconds; only together with `appointment_to_ms`.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub(super) appointment_from_ms: Option<Timestamp>,
    /// Appointment to.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub(super) appointment_to_ms: Option<Timestamp>,
}
