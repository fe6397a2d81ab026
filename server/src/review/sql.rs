//! The tables `review_verdicts` and `rework_requests`.

use crate::complaints::{Names, PersonRef};
use crate::store::{StoreError, Tx, statement};
use serde::Serialize;
use serde_json::Value;
use sqlx_macros::FromRow;
use sync_core::ids::{ComplaintId, EntryId, PersonId, VisitId};
use sync_core::protocol::Rework;
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// A reviewer's verdict.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerdictBody {
    /// Whether the complaint was found to be true.
    pub(crate) verdict: String,
    /// Code of the root cause.
    pub(crate) cause: Option<String>,
    /// Who has to answer for it.
    pub(crate) responsibility: Option<String>,
    /// The organisation unit that answers for what was found.
    pub(crate) responsible_unit: Option<String>,
    /// In the reviewer's words.
    pub(crate) note: String,
    /// Entries that the verdict rests on.
    #[schema(value_type = Vec<Object>)]
    pub(crate) evidence: Value,
    /// What was open and overridden.
    #[schema(value_type = Vec<Object>)]
    pub(crate) overridden: Value,
    /// Why it was overridden.
    pub(crate) override_reason: Option<String>,
    pub(crate) reviewed_by: Option<PersonRef>,
    /// When, Unix milliseconds.
    pub(crate) reviewed_at_ms: i64,
}

impl VerdictBody {
    /// Whether all or some of the complaint was found to be true.
    pub(crate) fn finds_fault(&self) -> bool {
        matches!(self.verdict.as_str(), "substantiated" | "partly")
    }
}

#[derive(FromRow)]
struct VerdictRow {
    verdict: String,
    cause: Option<String>,
    responsibility: Option<String>,
    responsible_unit: Option<String>,
    note: String,
    evidence_json: String,
    blockers_json: String,
    override_reason: Option<String>,
    reviewed_by: String,
    reviewed_at_ms: i64,
}

/// The verdicts on a complaint, oldest first.
pub(crate) async fn verdicts(
    tx: &mut Tx,
    names: &mut Names,
    complaint: ComplaintId,
) -> Result<Vec<VerdictBody>, StoreError> {
    const SQL: &str = "SELECT verdict, cause, responsibility, responsible_unit, note, evidence_json, blockers_json, override_reason, \
        reviewed_by, reviewed_at_ms FROM review_verdicts WHERE complaint_id = $1 ORDER BY verdict_no";
    let rows: Vec<VerdictRow> = statement(SQL).bind(complaint.to_string()).rows(tx).await?;
    let mut bodies = Vec::with_capacity(rows.len());
    for row in rows {
        bodies.push(VerdictBody {
            reviewed_by: names.person_text(tx, &row.reviewed_by).await?,
            verdict: row.verdict,
            cause: row.cause,
            responsibility: row.responsibility,
            responsible_unit: row.responsible_unit,
            note: row.note,
            evidence: serde_json::from_str(&row.evidence_json).unwrap_or(Value::Null),
            overridden: serde_json::from_str(&row.blockers_json).unwrap_or(Value::Null),
            override_reason: row.override_reason,
            reviewed_at_ms: row.reviewed_at_ms,
        });
    }
    Ok(bodies)
}

/// A verdict that is to be recorded.
#[derive(Debug)]
pub(super) struct NewVerdict<'a> {
    pub(super) complaint: ComplaintId,
    pub(super) verdict: &'a str,
    pub(super) cause: Option<&'a str>,
    pub(super) responsibility: Option<&'a str>,
    pub(super) responsible_unit: Option<&'a str>,
    pub(super) note: &'a str,
    pub(super) evidence_json: String,
    pub(super) blockers_json: String,
    pub(super) override_reason: Option<&'a str>,
    pub(super) by: PersonId,
    pub(super) at: Timestamp,
}

/// Records a verdict; the newest counts.
pub(super) async fn insert_verdict(tx: &mut Tx, new: &NewVerdict<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO review_verdicts (complaint_id, verdict_no, verdict, cause, responsibility, note, \
        evidence_json, blockers_json, override_reason, reviewed_by, reviewed_at_ms, responsible_unit) VALUES ($1, \
        (SELECT coalesce(max(v.verdict_no), 0) + 1 FROM review_verdicts v WHERE v.complaint_id = $1), \
        $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    statement(SQL)
        .bind(new.complaint.to_string())
        .bind(new.verdict)
        .bind(new.cause)
        .bind(new.responsibility)
        .bind(new.note)
        .bind(&new.evidence_json)
        .bind(&new.blockers_json)
        .bind(new.override_reason)
        .bind(new.by.to_string())
        .bind(new.at.unix_ms())
        .bind(new.responsible_unit)
        .execute(tx)
        .await?;
    Ok(())
}

/// Work that is to be sent back.
#[derive(Debug)]
pub(super) struct NewRework<'a> {
    pub(super) id: EntryId,
    pub(super) complaint: ComplaintId,
    pub(super) visit: VisitId,
    pub(super) reason: &'a str,
    pub(super) paths: &'a [String],
    pub(super) by: PersonId,
    pub(super) at: Timestamp,
}

/// Records that work was sent back.
pub(super) async fn insert_rework(tx: &mut Tx, new: &NewRework<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO rework_requests (rework_id, complaint_id, visit_id, reason, paths_json, \
        requested_by, requested_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    statement(SQL)
        .bind(new.id.to_string())
        .bind(new.complaint.to_string())
        .bind(new.visit.to_string())
        .bind(new.reason)
        .bind(Value::from(new.paths).to_string())
        .bind(new.by.to_string())
        .bind(new.at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

/// Notes that the rework asked for on a visit is done, and returns what was open until now.
pub(super) async fn finish_rework(
    tx: &mut Tx,
    visit: VisitId,
    at: Timestamp,
) -> Result<Vec<Rework>, StoreError> {
    const SQL: &str = "UPDATE rework_requests SET done_at_ms = $2 WHERE visit_id = $1 AND done_at_ms IS NULL \
        RETURNING rework_id, reason, paths_json";
    let rows: Vec<(String, String, String)> =
        statement(SQL).bind(visit.to_string()).bind(at.unix_ms()).rows(tx).await?;
    let done = |(id, reason, paths): (String, String, String)| {
        let paths = serde_json::from_str(&paths).unwrap_or_default();
        Some(Rework { id: id.parse().ok()?, visit, reason, paths, done_at: Some(at) })
    };
    Ok(rows.into_iter().filter_map(done).collect())
}

/// Rework on a visit that is not done yet.
pub(super) async fn open_rework(tx: &mut Tx, visit: VisitId) -> Result<Vec<String>, StoreError> {
    const SQL: &str = "SELECT rework_id FROM rework_requests WHERE visit_id = $1 AND done_at_ms IS NULL \
        ORDER BY requested_at_ms, rework_id";
    statement(SQL).bind(visit.to_string()).values(tx).await
}

/// Work that was sent back.
#[derive(Debug, Clone)]
pub(crate) struct ReworkBody {
    /// The visit to redo.
    pub(crate) visit_id: String,
    /// Why.
    pub(crate) reason: String,
    /// Paths of the fields to redo.
    pub(crate) paths: Vec<String>,
    /// When it was asked for, Unix milliseconds.
    pub(crate) requested_at_ms: i64,
    /// When it was done.
    pub(crate) done_at_ms: Option<i64>,
}

/// Work that was sent back on a visit, oldest first.
pub(crate) async fn reworks(tx: &mut Tx, visit: VisitId) -> Result<Vec<ReworkBody>, StoreError> {
    const SQL: &str = "SELECT visit_id, reason, paths_json, requested_at_ms, done_at_ms FROM rework_requests \
        WHERE visit_id = $1 ORDER BY requested_at_ms, rework_id";
    type Row = (String, String, String, i64, Option<i64>);
    let rows: Vec<Row> = statement(SQL).bind(visit.to_string()).rows(tx).await?;
    let body = |(visit_id, reason, paths, requested_at_ms, done_at_ms): Row| ReworkBody {
        visit_id,
        reason,
        paths: serde_json::from_str(&paths).unwrap_or_default(),
        requested_at_ms,
        done_at_ms,
    };
    Ok(rows.into_iter().map(body).collect())
}
