//! Making and withdrawing proposals, each with its line in the record and its entry in the server log.

use super::form::{BackBillingForm, Wrong};
use super::sql::{self, Stored};
use crate::audit::{self, EntryKind};
use crate::complaints::acts::{Actor, named};
use crate::complaints::intake::{checked_reason, clean};
use crate::complaints::model::{Complaint, EventKind, Utility};
use crate::complaints::{self, ComplaintError, history, office_day};
use crate::problem::{self, Problem};
use crate::store::{StoreError, Tx};
use crate::work_orders::{EntryBody, VisitRecord, visit_records};
use jiff::civil::Date;
use serde_json::json;

const PROPOSED: EntryKind = EntryKind("back_billing.proposed");
const WITHDRAWN: EntryKind = EntryKind("back_billing.withdrawn");
const NOTE_CHARS_MAX: usize = 2000;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProposalError {
    /// A figure is missing or makes no sense.
    #[error("{0:?}")]
    Wrong(Wrong),
    /// Only electricity meters have these rules.
    #[error("the complaint is not about electricity")]
    OtherUtility,
    /// There is no such proposal.
    #[error("no such proposal")]
    Unknown,
    /// It was withdrawn before.
    #[error("the proposal was withdrawn")]
    Withdrawn,
    #[error(transparent)]
    Complaint(#[from] ComplaintError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Wrong> for ProposalError {
    fn from(wrong: Wrong) -> Self {
        Self::Wrong(wrong)
    }
}

impl From<ProposalError> for Problem {
    fn from(error: ProposalError) -> Self {
        match error {
            ProposalError::Wrong(wrong) => Self::invalid_field(&format!("/{}", wrong.field), &wrong.expected),
            ProposalError::OtherUtility => Self::new(&problem::BACK_BILLING_UTILITY),
            ProposalError::Unknown => Self::new(&problem::BACK_BILLING_UNKNOWN),
            ProposalError::Withdrawn => Self::new(&problem::BACK_BILLING_WITHDRAWN),
            ProposalError::Complaint(source) => source.into(),
            ProposalError::Store(source) => source.into(),
        }
    }
}

/// What would be kept, without keeping it.
pub(super) async fn prepare(
    tx: &mut Tx,
    complaint: &Complaint,
    form: &BackBillingForm,
    by: Actor,
) -> Result<Stored, ProposalError> {
    if complaint.intake.utility != Utility::Power {
        return Err(ProposalError::OtherUtility);
    }
    let proposal = form.proposal()?;
    let from = day("from_day", &form.from_day)?;
    let until = day("until_day", &form.until_day)?;
    if until < from {
        return Err(Wrong::new("until_day", "not before the first day").into());
    }
    if until.to_string() > office_day(by.at) {
        return Err(Wrong::new("until_day", "not after today").into());
    }
    let note = clean(&form.note);
    if note.chars().count() > NOTE_CHARS_MAX {
        return Err(Wrong::new("note", "at most 2000 characters").into());
    }
    Ok(Stored {
        number: sql::list(tx, complaint.id).await?.last().map_or(1, |last| last.number + 1),
        from_day: from.to_string(),
        until_day: until.to_string(),
        check_id: check(tx, complaint, form.check_id.trim()).await?,
        proposal,
        note,
        proposed_by: by.person,
        proposed_at: by.at,
        withdrawn: None,
    })
}

fn day(field: &'static str, typed: &str) -> Result<Date, Wrong> {
    typed.trim().parse().map_err(|_| Wrong::new(field, "a day as YYYY-MM-DD"))
}

/// The meter check that is named, if it stands in the record.
async fn check(tx: &mut Tx, complaint: &Complaint, id: &str) -> Result<Option<String>, ProposalError> {
    if id.is_empty() {
        return Ok(None);
    }
    for record in complaints::family(tx, complaint.id).await? {
        for visit in visit_records(tx, &mut complaints::Names::default(), record).await? {
            if standing_checks(&visit).any(|entry| entry.entry_id.to_string() == id) {
                return Ok(Some(id.to_owned()));
            }
        }
    }
    Err(Wrong::new("check_id", "a meter check of this complaint that stands").into())
}

/// The meter checks of a visit that stand.
pub(super) fn standing_checks(visit: &VisitRecord) -> impl Iterator<Item = &EntryBody> {
    visit.entries.iter().filter(|entry| entry.container == "meter_checks" && entry.stands)
}

/// Keeps a proposal.
pub(super) async fn keep(
    tx: &mut Tx,
    complaint: &Complaint,
    form: &BackBillingForm,
    by: Actor,
) -> Result<i64, ProposalError> {
    let new = prepare(tx, complaint, form, by).await?;
    sql::insert(tx, complaint.id, &new).await?;
    note(tx, complaint, &new, (PROPOSED, None), by).await?;
    Ok(new.number)
}

/// Withdraws a proposal for a reason; it stays in the record.
pub(super) async fn withdraw(
    tx: &mut Tx,
    complaint: &Complaint,
    number: i64,
    reason: &str,
    by: Actor,
) -> Result<(), ProposalError> {
    let reason = checked_reason("/reason", reason).map_err(ComplaintError::Invalid)?;
    let proposals = sql::list(tx, complaint.id).await?;
    let found = proposals.iter().find(|one| one.number == number).ok_or(ProposalError::Unknown)?;
    if !sql::withdraw(tx, (complaint.id, number), (by.person, by.at, &reason)).await? {
        return Err(ProposalError::Withdrawn);
    }
    note(tx, complaint, found, (WITHDRAWN, Some(reason)), by).await
}

async fn note(
    tx: &mut Tx,
    complaint: &Complaint,
    proposal: &Stored,
    (kind, reason): (EntryKind, Option<String>),
    by: Actor,
) -> Result<(), ProposalError> {
    let facts = json!({
        "proposal_no": proposal.number,
        "proposed_kwh": proposal.proposal.proposed_kwh,
        "withdrawn": reason.is_some(),
    });
    let mut event = by.event(EventKind::BackBilling).detail(facts);
    event.reason = reason.clone();
    history::add(tx, complaint.id, &event).await?;
    let detail = named(complaint).with("proposal_no", proposal.number.to_string());
    audit::append(tx, &by.entry(kind, detail).because(reason.as_deref())).await?;
    Ok(())
}
