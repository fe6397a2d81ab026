//! Contact data of a complaint: every version of it, and what looks as if somebody wanted to escape the return visit.
//!
//! A flag is raised in the transaction of the change that gives the reason, and only a person or better data settles
//! it. The reviewer sees it beside the number that was written down at intake. Only what is missing holds back approval
//! and closing (`review`), until it is filled in, settled, or overridden with a reason. What is wrong with the data
//! themselves (missing, somebody's own, used by many) settles itself when it is wrong no more; that the visiting
//! technician changed them stays until a reviewer has settled it with a reason.

mod api;
mod pages;
mod sql;
#[cfg(test)]
mod tests;

pub(crate) use api::ContactFlagBody;
pub(super) use api::{flags_of, routes};
pub(crate) use pages::ContactPart;
pub(in crate::complaints) use pages::flag_words;
pub(in crate::complaints) use pages::{contact_part, pages};
pub(crate) use sql::{open_of, with_open_flags};

use super::acts::Actor;
use super::history;
use super::model::{Complaint, EventKind, FieldChange, phone_digits};
use crate::audit::{self, Detail, EntryKind};
use crate::people;
use crate::store::{StoreError, Tx};
use crate::words::words;
use crate::work_orders;
use serde_json::json;
use sync_core::ids::{ComplaintId, DeviceId, PersonId};
use sync_core::time::Timestamp;

/// A number that stands on complaints of so many other customers is looked at.
const OTHER_CUSTOMERS_MIN: usize = 3;
/// The fields that lead to the customer.
pub(crate) const CONTACT_FIELDS: [&str; 3] = ["customer_name", "customer_phone", "address"];
/// A reviewer settled a flag.
const FLAG_SETTLED: EntryKind = EntryKind("contact.flag_settled");
/// A flag was raised.
const FLAG_RAISED: EntryKind = EntryKind("contact.flag_raised");

words! {
    /// What is doubtful about contact data.
    pub(crate) FlagKind {
        /// Name or phone is missing.
        Missing = "missing",
        /// Somebody who visits the customer changed it.
        ChangedOnVisit = "changed_on_visit",
        /// The phone is that of somebody of ours.
        StaffNumber = "staff_number",
        /// The phone stands on complaints of several other customers.
        SharedNumber = "shared_number",
    }
}

/// A flag as it lies in its row.
#[derive(Debug, Clone)]
pub(crate) struct ContactFlag {
    /// 1, 2, 3 … of this complaint.
    pub(crate) number: i64,
    /// What is doubtful.
    pub(crate) kind: FlagKind,
    /// Which field, where it is about one.
    pub(crate) field: Option<String>,
    /// By whose act.
    pub(crate) raised_by: PersonId,
    /// On which device; none: in the office.
    pub(crate) device: Option<DeviceId>,
    /// When.
    pub(crate) raised_at: Timestamp,
    /// When it was settled.
    pub(crate) settled: Option<Settled>,
}

/// How a flag was settled.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    /// When.
    pub(crate) at: Timestamp,
    /// By whom; nobody: the data are in order by now.
    pub(crate) by: Option<PersonId>,
    /// Why.
    pub(crate) reason: Option<String>,
}

/// Looks at a complaint that was just written down.
pub(super) async fn look_at_new(tx: &mut Tx, complaint: &Complaint, by: &Actor) -> Result<(), StoreError> {
    look_at_data(tx, complaint, by).await
}

/// Looks at a complaint whose fields were just changed.
pub(super) async fn look_at_changes(
    tx: &mut Tx,
    complaint: &Complaint,
    changes: &[FieldChange],
    by: &Actor,
) -> Result<(), StoreError> {
    let contact: Vec<&FieldChange> =
        changes.iter().filter(|change| CONTACT_FIELDS.contains(&change.field)).collect();
    if contact.is_empty() {
        return Ok(());
    }
    if complaint.is_open() && (by.device.is_some() || visits(tx, complaint.id, by.person).await?) {
        for change in contact {
            raise(tx, complaint.id, FlagKind::ChangedOnVisit, Some(change.field), by).await?;
        }
    }
    look_at_data(tx, complaint, by).await
}

/// Whether the person is or was sent to this customer.
async fn visits(tx: &mut Tx, complaint: ComplaintId, person: PersonId) -> Result<bool, StoreError> {
    for visit in work_orders::visits_of(tx, complaint).await? {
        let crew = work_orders::assignments_of(tx, visit.id).await?;
        if crew.iter().any(|row| row.person == person) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Raises what is wrong with the data as they stand, and settles what is wrong no more.
async fn look_at_data(tx: &mut Tx, complaint: &Complaint, by: &Actor) -> Result<(), StoreError> {
    let customer = &complaint.intake.customer;
    let digits = customer.phone.as_deref().and_then(phone_digits);
    let is_missing = !complaint.intake.is_reachable();
    let is_staffs = match &digits {
        Some(digits) => people::has_phone(tx, digits).await?,
        None => false,
    };
    let others = match &digits {
        Some(digits) => sql::other_customers(tx, complaint, digits).await?,
        None => 0,
    };
    for (kind, holds) in [
        (FlagKind::Missing, is_missing),
        (FlagKind::StaffNumber, is_staffs),
        (FlagKind::SharedNumber, others >= OTHER_CUSTOMERS_MIN),
    ] {
        if holds {
            raise(tx, complaint.id, kind, None, by).await?;
        } else {
            sql::settle_by_itself(tx, complaint.id, kind, by.at).await?;
        }
    }
    Ok(())
}

/// Raises a flag unless the same one is open.
async fn raise(
    tx: &mut Tx,
    complaint: ComplaintId,
    kind: FlagKind,
    field: Option<&str>,
    by: &Actor,
) -> Result<(), StoreError> {
    if !sql::insert(tx, complaint, kind, field, by).await? {
        return Ok(());
    }
    let facts = json!({ "flag": kind.as_str(), "field": field });
    history::add(tx, complaint, &by.event(EventKind::ContactFlagged).detail(facts)).await?;
    let detail = Detail::new().with("complaint", complaint).with("flag", kind.as_str());
    audit::append(tx, &by.entry(FLAG_RAISED, detail)).await.map(drop)
}

/// Settles a flag for a reason. False when there is none of this number, or it is settled already.
pub(super) async fn settle(
    tx: &mut Tx,
    complaint: ComplaintId,
    number: i64,
    reason: &str,
    by: &Actor,
) -> Result<bool, StoreError> {
    let Some(kind) = sql::settle(tx, complaint, number, reason, by).await? else { return Ok(false) };
    let facts = json!({ "flag": kind, "number": number });
    let event = by.event(EventKind::ContactSettled).reason(reason).detail(facts);
    history::add(tx, complaint, &event).await?;
    let detail = Detail::new().with("complaint", complaint).with("flag", kind);
    audit::append(tx, &by.entry(FLAG_SETTLED, detail).because(Some(reason))).await?;
    Ok(true)
}
