//! The tables `work_orders`, `visit_plans` and `visit_assignments`.

use super::model::{Assignment, VisitPlan, WorkOrder};
use crate::store::{StoreError, Tx, statement};
use sqlx_macros::FromRow;
use sync_core::ids::{ComplaintId, PersonId, VisitId, WorkOrderId};
use sync_core::time::Timestamp;

const ORDERS: &str = "work_orders";
const VISITS: &str = "visit_plans";

#[derive(FromRow)]
struct OrderRow {
    work_order_id: String,
    complaint_id: String,
    version: i64,
    state: String,
    kind: String,
    checklist: String,
    instructions: Option<String>,
    priority: String,
    due_at_ms: Option<i64>,
    created_by: String,
    created_at_ms: i64,
}

impl TryFrom<OrderRow> for WorkOrder {
    type Error = StoreError;

    fn try_from(row: OrderRow) -> Result<Self, StoreError> {
        let key = &row.work_order_id;
        let word = |column| StoreError::impossible(ORDERS, column, key.as_str());
        Ok(Self {
            id: StoreError::parse_column(ORDERS, "work_order_id", key, key)?,
            complaint: StoreError::parse_column(ORDERS, "complaint_id", key, &row.complaint_id)?,
            version: row.version,
            state: row.state.parse().map_err(|()| word("state"))?,
            kind: row.kind.parse().map_err(|()| word("kind"))?,
            checklist: row.checklist,
            instructions: row.instructions,
            priority: row.priority.parse().map_err(|()| word("priority"))?,
            due_at: row.due_at_ms.map(Timestamp::from_unix_ms),
            created_by: StoreError::parse_column(ORDERS, "created_by", key, &row.created_by)?,
            created_at: Timestamp::from_unix_ms(row.created_at_ms),
        })
    }
}

#[derive(FromRow)]
struct VisitRow {
    visit_id: String,
    work_order_id: Option<String>,
    complaint_id: Option<String>,
    version: i64,
    state: String,
    origin: String,
    checklist: String,
    planned_on: String,
    appointment_from_ms: Option<i64>,
    appointment_to_ms: Option<i64>,
    arrived_claimed_ms: Option<i64>,
    arrived_received_ms: Option<i64>,
    ended_claimed_ms: Option<i64>,
    ended_received_ms: Option<i64>,
    outcome: Option<String>,
    created_by: String,
    created_at_ms: i64,
}

impl TryFrom<VisitRow> for VisitPlan {
    type Error = StoreError;

    fn try_from(row: VisitRow) -> Result<Self, StoreError> {
        let key = &row.visit_id;
        let word = |column| StoreError::impossible(VISITS, column, key.as_str());
        let pair = |first: Option<i64>, second: Option<i64>| {
            first.zip(second).map(|(a, b)| (Timestamp::from_unix_ms(a), Timestamp::from_unix_ms(b)))
        };
        let order = row.work_order_id.as_deref();
        let complaint = row.complaint_id.as_deref();
        Ok(Self {
            id: StoreError::parse_column(VISITS, "visit_id", key, key)?,
            work_order: order
                .map(|text| StoreError::parse_column(VISITS, "work_order_id", key, text))
                .transpose()?,
            complaint: complaint
                .map(|text| StoreError::parse_column(VISITS, "complaint_id", key, text))
                .transpose()?,
            version: row.version,
            state: row.state.parse().map_err(|()| word("state"))?,
            origin: row.origin.parse().map_err(|()| word("origin"))?,
            checklist: row.checklist,
            planned_on: row.planned_on,
            appointment: pair(row.appointment_from_ms, row.appointment_to_ms),
            arrived: pair(row.arrived_claimed_ms, row.arrived_received_ms),
            ended: pair(row.ended_claimed_ms, row.ended_received_ms),
            outcome: row.outcome,
            created_by: StoreError::parse_column(VISITS, "created_by", key, &row.created_by)?,
            created_at: Timestamp::from_unix_ms(row.created_at_ms),
        })
    }
}

macro_rules! order_columns {
    () => {
        "SELECT work_order_id, complaint_id, version, state, kind, checklist, instructions, priority, due_at_ms, \
         created_by, created_at_ms FROM work_orders "
    };
}

macro_rules! visit_columns {
    () => {
        "SELECT visit_id, work_order_id, complaint_id, version, state, origin, checklist, planned_on, \
         appointment_from_ms, appointment_to_ms, arrived_claimed_ms, arrived_received_ms, ended_claimed_ms, \
         ended_received_ms, outcome, created_by, created_at_ms FROM visit_plans "
    };
}

/// The work order with this id.
pub async fn find_order(tx: &mut Tx, id: WorkOrderId) -> Result<Option<WorkOrder>, StoreError> {
    const SQL: &str = concat!(order_columns!(), "WHERE work_order_id = $1");
    let row: Option<OrderRow> = statement(SQL).bind(id.to_string()).row_if_any(tx).await?;
    row.map(WorkOrder::try_from).transpose()
}

/// The work orders of a complaint, oldest first.
pub async fn orders_of(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<WorkOrder>, StoreError> {
    const SQL: &str =
        concat!(order_columns!(), "WHERE complaint_id = $1 ORDER BY created_at_ms, work_order_id");
    let rows: Vec<OrderRow> = statement(SQL).bind(complaint.to_string()).rows(tx).await?;
    rows.into_iter().map(WorkOrder::try_from).collect()
}

/// Inserts a work order.
pub(super) async fn insert_order(tx: &mut Tx, order: &WorkOrder) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO work_orders (work_order_id, complaint_id, version, state, kind, checklist, \
        instructions, priority, due_at_ms, created_by, created_at_ms) \
        VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10)";
    statement(SQL)
        .bind(order.id.to_string())
        .bind(order.complaint.to_string())
        .bind(order.state.as_str())
        .bind(order.kind.as_str())
        .bind(&order.checklist)
        .bind(&order.instructions)
        .bind(order.priority.as_str())
        .bind(order.due_at.map(Timestamp::unix_ms))
        .bind(order.created_by.to_string())
        .bind(order.created_at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

/// Writes the state of a work order if it is still at the version read; says whether it was.
pub(super) async fn update_order(tx: &mut Tx, order: &WorkOrder) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE work_orders SET version = version + 1, state = $3 \
        WHERE work_order_id = $1 AND version = $2";
    let changed = statement(SQL)
        .bind(order.id.to_string())
        .bind(order.version)
        .bind(order.state.as_str())
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// The plan of this visit.
pub async fn find_visit(tx: &mut Tx, id: VisitId) -> Result<Option<VisitPlan>, StoreError> {
    const SQL: &str = concat!(visit_columns!(), "WHERE visit_id = $1");
    let row: Option<VisitRow> = statement(SQL).bind(id.to_string()).row_if_any(tx).await?;
    row.map(VisitPlan::try_from).transpose()
}

/// The visits of a complaint, oldest first.
pub async fn visits_of(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<VisitPlan>, StoreError> {
    const SQL: &str = concat!(visit_columns!(), "WHERE complaint_id = $1 ORDER BY created_at_ms, visit_id");
    let rows: Vec<VisitRow> = statement(SQL).bind(complaint.to_string()).rows(tx).await?;
    rows.into_iter().map(VisitPlan::try_from).collect()
}

/// The visits of a work order, oldest first.
pub(super) async fn visits_of_order(tx: &mut Tx, order: WorkOrderId) -> Result<Vec<VisitPlan>, StoreError> {
    const SQL: &str = concat!(visit_columns!(), "WHERE work_order_id = $1 ORDER BY created_at_ms, visit_id");
    let rows: Vec<VisitRow> = statement(SQL).bind(order.to_string()).rows(tx).await?;
    rows.into_iter().map(VisitPlan::try_from).collect()
}

/// Visits of a day after this id, in the order of their ids.
pub(super) async fn visits_on(
    tx: &mut Tx,
    day: &str,
    after: Option<VisitId>,
    limit: u32,
) -> Result<Vec<VisitPlan>, StoreError> {
    const SQL: &str =
        concat!(visit_columns!(), "WHERE planned_on = $1 AND visit_id > $2 ORDER BY visit_id LIMIT $3");
    let after = after.map(String::from).unwrap_or_default();
    let rows: Vec<VisitRow> = statement(SQL).bind(day).bind(after).bind(i64::from(limit)).rows(tx).await?;
    rows.into_iter().map(VisitPlan::try_from).collect()
}

/// Inserts the plan of a visit.
pub(super) async fn insert_visit(tx: &mut Tx, visit: &VisitPlan) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO visit_plans (visit_id, work_order_id, complaint_id, version, state, origin, \
        checklist, planned_on, appointment_from_ms, appointment_to_ms, arrived_claimed_ms, arrived_received_ms, \
        created_by, created_at_ms) VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    statement(SQL)
        .bind(visit.id.to_string())
        .bind(visit.work_order.map(String::from))
        .bind(visit.complaint.map(String::from))
        .bind(visit.state.as_str())
        .bind(visit.origin.as_str())
        .bind(&visit.checklist)
        .bind(&visit.planned_on)
        .bind(visit.appointment.map(|(from, _)| from.unix_ms()))
        .bind(visit.appointment.map(|(_, to)| to.unix_ms()))
        .bind(visit.arrived.map(|(claimed, _)| claimed.unix_ms()))
        .bind(visit.arrived.map(|(_, received)| received.unix_ms()))
        .bind(visit.created_by.to_string())
        .bind(visit.created_at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

/// Writes what may change about a visit if it is still at the version read; says whether it was.
pub(super) async fn update_visit(tx: &mut Tx, visit: &VisitPlan) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE visit_plans SET version = version + 1, complaint_id = $3, state = $4, planned_on = $5, \
        appointment_from_ms = $6, appointment_to_ms = $7, arrived_claimed_ms = $8, arrived_received_ms = $9, \
        ended_claimed_ms = $10, ended_received_ms = $11, outcome = $12 WHERE visit_id = $1 AND version = $2";
    let first = |pair: Option<(Timestamp, Timestamp)>| pair.map(|(first, _)| first.unix_ms());
    let second = |pair: Option<(Timestamp, Timestamp)>| pair.map(|(_, second)| second.unix_ms());
    let changed = statement(SQL)
        .bind(visit.id.to_string())
        .bind(visit.version)
        .bind(visit.complaint.map(String::from))
        .bind(visit.state.as_str())
        .bind(&visit.planned_on)
        .bind(first(visit.appointment))
        .bind(second(visit.appointment))
        .bind(first(visit.arrived))
        .bind(second(visit.arrived))
        .bind(first(visit.ended))
        .bind(second(visit.ended))
        .bind(&visit.outcome)
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

#[derive(FromRow)]
struct AssignmentRow {
    person_id: String,
    assigned_at_ms: i64,
    assigned_by: String,
    accepted_at_ms: Option<i64>,
    ended_at_ms: Option<i64>,
    end_reason: Option<String>,
}

/// Everybody who is or was sent to a visit, oldest first.
pub async fn assignments_of(tx: &mut Tx, visit: VisitId) -> Result<Vec<Assignment>, StoreError> {
    const SQL: &str = "SELECT person_id, assigned_at_ms, assigned_by, accepted_at_ms, ended_at_ms, end_reason \
        FROM visit_assignments WHERE visit_id = $1 ORDER BY assigned_at_ms, person_id";
    let rows: Vec<AssignmentRow> = statement(SQL).bind(visit.to_string()).rows(tx).await?;
    let parse = |column, text: &str| {
        StoreError::parse_column::<PersonId>("visit_assignments", column, &visit.to_string(), text)
    };
    rows.into_iter()
        .map(|row| {
            Ok(Assignment {
                person: parse("person_id", &row.person_id)?,
                assigned_at: Timestamp::from_unix_ms(row.assigned_at_ms),
                assigned_by: parse("assigned_by", &row.assigned_by)?,
                accepted_at: row.accepted_at_ms.map(Timestamp::from_unix_ms),
                ended_at: row.ended_at_ms.map(Timestamp::from_unix_ms),
                end_reason: row.end_reason,
            })
        })
        .collect()
}

/// Sends a person to a visit.
pub(super) async fn insert_assignment(
    tx: &mut Tx,
    visit: VisitId,
    person: PersonId,
    by: PersonId,
    at: Timestamp,
) -> Result<(), StoreError> {
    // Somebody who is taken off and sent again within one millisecond keeps the first row.
    const SQL: &str = "INSERT INTO visit_assignments (visit_id, person_id, assigned_at_ms, assigned_by) \
        VALUES ($1, $2, $3, $4) ON CONFLICT (visit_id, person_id, assigned_at_ms) \
        DO UPDATE SET ended_at_ms = NULL, ended_by = NULL, end_reason = NULL";
    let (visit, person, by) = (visit.to_string(), person.to_string(), by.to_string());
    statement(SQL).bind(visit).bind(person).bind(at.unix_ms()).bind(by).execute(tx).await?;
    Ok(())
}

/// Notes that the person took the visit. The first time stays.
pub(super) async fn accept_assignment(
    tx: &mut Tx,
    visit: VisitId,
    person: PersonId,
    at: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE visit_assignments SET accepted_at_ms = $3 \
        WHERE visit_id = $1 AND person_id = $2 AND ended_at_ms IS NULL AND accepted_at_ms IS NULL";
    statement(SQL).bind(visit.to_string()).bind(person.to_string()).bind(at.unix_ms()).execute(tx).await?;
    Ok(())
}

/// Takes a person off a visit.
pub(super) async fn end_assignment(
    tx: &mut Tx,
    visit: VisitId,
    person: PersonId,
    by: PersonId,
    at: Timestamp,
    reason: &str,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE visit_assignments SET ended_at_ms = $3, ended_by = $4, end_reason = $5 \
        WHERE visit_id = $1 AND person_id = $2 AND ended_at_ms IS NULL";
    statement(SQL)
        .bind(visit.to_string())
        .bind(person.to_string())
        .bind(at.unix_ms())
        .bind(by.to_string())
        .bind(reason)
        .execute(tx)
        .await?;
    Ok(())
}
