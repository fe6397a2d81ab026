//! Reading complaints in the order of receipt, and the visits of one.

use crate::store::{StoreError, Tx, statement};
use sqlx_macros::FromRow;

/// A complaint as it is exported.
#[derive(Debug, FromRow)]
pub(super) struct ComplaintRow {
    pub(super) ordinal: i64,
    pub(super) complaint_id: String,
    pub(super) number: String,
    pub(super) state: String,
    pub(super) utility: String,
    pub(super) category: String,
    pub(super) channel: String,
    pub(super) priority: String,
    pub(super) region: String,
    pub(super) unit: String,
    pub(super) requested_at_ms: i64,
    pub(super) received_at_ms: i64,
    pub(super) contact_due_at_ms: Option<i64>,
    pub(super) onsite_due_at_ms: Option<i64>,
    pub(super) answer_due_at_ms: Option<i64>,
    pub(super) closed_at_ms: Option<i64>,
    pub(super) survivor: Option<String>,
    pub(super) verdict: Option<String>,
    pub(super) cause: Option<String>,
    pub(super) responsibility: Option<String>,
    pub(super) meter_no: Option<String>,
    pub(super) address: String,
    pub(super) summary: String,
    pub(super) latitude: Option<String>,
    pub(super) longitude: Option<String>,
    pub(super) customer_class: Option<String>,
}

/// A visit as it is exported.
#[derive(Debug, FromRow)]
pub(super) struct VisitRow {
    pub(super) visit_id: String,
    pub(super) state: String,
    pub(super) origin: String,
    pub(super) checklist: String,
    pub(super) planned_on: String,
    pub(super) arrived_claimed_ms: Option<i64>,
    pub(super) arrived_received_ms: Option<i64>,
    pub(super) ended_claimed_ms: Option<i64>,
    pub(super) ended_received_ms: Option<i64>,
    pub(super) outcome: Option<String>,
    /// The merged visit; none before anything arrived.
    pub(super) view_json: Option<String>,
}

/// Complaints received after this place (moment and ordinal) and before `until_ms`, the earliest first.
///
/// # Errors
/// Whatever reading meets.
pub(super) async fn complaints(
    tx: &mut Tx,
    (after_ms, after): (i64, i64),
    until_ms: i64,
    limit: i64,
) -> Result<Vec<ComplaintRow>, StoreError> {
    const SQL: &str = "SELECT c.ordinal, c.complaint_id, c.number, c.state, c.utility, c.category, c.channel, \
        c.priority, c.region, c.unit, c.requested_at_ms, c.received_at_ms, c.contact_due_at_ms, c.onsite_due_at_ms, \
        c.answer_due_at_ms, c.closed_at_ms, s.number AS survivor, v.verdict, v.cause, v.responsibility, c.meter_no, \
        c.address, c.summary, c.latitude, c.longitude, c.customer_class FROM complaints c \
        LEFT JOIN complaints s ON s.complaint_id = c.merged_into \
        LEFT JOIN review_verdicts v ON v.complaint_id = c.complaint_id AND v.verdict_no = \
        (SELECT max(n.verdict_no) FROM review_verdicts n WHERE n.complaint_id = c.complaint_id) \
        WHERE (c.received_at_ms, c.ordinal) > ($1, $2) AND c.received_at_ms < $3 \
        ORDER BY c.received_at_ms, c.ordinal LIMIT $4";
    let rows = statement(SQL).bind(after_ms).bind(after).bind(until_ms).bind(limit).rows(tx).await?;
    Ok(rows)
}

/// The visits of a complaint, in the order in which they were made.
///
/// # Errors
/// Whatever reading meets.
pub(super) async fn visits(tx: &mut Tx, complaint: &str) -> Result<Vec<VisitRow>, StoreError> {
    const SQL: &str = "SELECT p.visit_id, p.state, p.origin, p.checklist, p.planned_on, p.arrived_claimed_ms, \
        p.arrived_received_ms, p.ended_claimed_ms, p.ended_received_ms, p.outcome, d.view_json FROM visit_plans p \
        LEFT JOIN visit_documents d ON d.visit_id = p.visit_id WHERE p.complaint_id = $1 \
        ORDER BY p.created_at_ms, p.visit_id";
    let rows = statement(SQL).bind(complaint).rows(tx).await?;
    Ok(rows)
}
