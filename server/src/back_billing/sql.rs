//! The table `back_billing_proposals`.

use crate::store::{StoreError, Tx, statement};
use sqlx_macros::FromRow;
use sync_core::ids::{ComplaintId, PersonId};
use sync_core::metering::BackBillingProposal;
use sync_core::time::Timestamp;

const TABLE: &str = "back_billing_proposals";

/// A proposal as it is kept.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) number: i64,
    pub(super) from_day: String,
    pub(super) until_day: String,
    pub(super) check_id: Option<String>,
    pub(super) proposal: BackBillingProposal,
    pub(super) note: String,
    pub(super) proposed_by: PersonId,
    pub(super) proposed_at: Timestamp,
    /// By whom, when and why.
    pub(super) withdrawn: Option<(PersonId, Timestamp, String)>,
}

#[derive(FromRow)]
struct Row {
    proposal_no: i64,
    from_day: String,
    until_day: String,
    check_id: Option<String>,
    proposal: String,
    note: String,
    proposed_by: String,
    proposed_at_ms: i64,
    withdrawn_by: Option<String>,
    withdrawn_at_ms: Option<i64>,
    withdrawn_reason: Option<String>,
}

impl Row {
    fn read(self, complaint: &str) -> Result<Stored, StoreError> {
        let withdrawn = match self.withdrawn_by.zip(self.withdrawn_at_ms).zip(self.withdrawn_reason) {
            Some(((by, at), reason)) => Some((
                StoreError::parse_column(TABLE, "withdrawn_by", complaint, &by)?,
                Timestamp::from_unix_ms(at),
                reason,
            )),
            None => None,
        };
        Ok(Stored {
            number: self.proposal_no,
            from_day: self.from_day,
            until_day: self.until_day,
            check_id: self.check_id,
            proposal: serde_json::from_str(&self.proposal)
                .map_err(|_| StoreError::impossible(TABLE, "proposal", complaint))?,
            note: self.note,
            proposed_by: StoreError::parse_column(TABLE, "proposed_by", complaint, &self.proposed_by)?,
            proposed_at: Timestamp::from_unix_ms(self.proposed_at_ms),
            withdrawn,
        })
    }
}

/// The proposals of a complaint, in the order in which they were made.
pub(super) async fn list(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<Stored>, StoreError> {
    const SQL: &str = "SELECT proposal_no, from_day, until_day, check_id, proposal, note, proposed_by, proposed_at_ms, \
        withdrawn_by, withdrawn_at_ms, withdrawn_reason FROM back_billing_proposals WHERE complaint_id = $1 \
        ORDER BY proposal_no";
    let complaint = complaint.to_string();
    let rows: Vec<Row> = statement(SQL).bind(&complaint).rows(tx).await?;
    rows.into_iter().map(|row| row.read(&complaint)).collect()
}

/// Writes a proposal down.
pub(super) async fn insert(tx: &mut Tx, complaint: ComplaintId, new: &Stored) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO back_billing_proposals (complaint_id, proposal_no, from_day, until_day, check_id, \
        proposal, note, proposed_by, proposed_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let proposal = serde_json::to_string(&new.proposal)
        .map_err(|_| StoreError::impossible(TABLE, "proposal", complaint.to_string()))?;
    statement(SQL)
        .bind(complaint.to_string())
        .bind(new.number)
        .bind(&new.from_day)
        .bind(&new.until_day)
        .bind(&new.check_id)
        .bind(proposal)
        .bind(&new.note)
        .bind(new.proposed_by.to_string())
        .bind(new.proposed_at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

/// Notes why a proposal does not stand any more. False when somebody did so before.
pub(super) async fn withdraw(
    tx: &mut Tx,
    (complaint, number): (ComplaintId, i64),
    (by, at, reason): (PersonId, Timestamp, &str),
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE back_billing_proposals SET withdrawn_by = $3, withdrawn_at_ms = $4, withdrawn_reason = $5 \
        WHERE complaint_id = $1 AND proposal_no = $2 AND withdrawn_by IS NULL";
    let statement = statement(SQL).bind(complaint.to_string()).bind(number).bind(by.to_string());
    Ok(statement.bind(at.unix_ms()).bind(reason).execute(tx).await? == 1)
}
