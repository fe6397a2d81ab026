//! Contact data as a technician found them on site: taken into the complaint at once, with their author and reason.
//!
//! The value before stays on record, and the change raises a flag for the reviewer (`complaints::contact`): a phone that
//! changes while somebody visits may be a mistake, or a way to escape the return visit.

use super::commands::{Decision, FieldCommand, Refusal};
use super::model::VisitPlan;
use crate::complaints::acts::{ComplaintError, correct_because};
use crate::complaints::model::EventKind;
use crate::complaints::standing;
use crate::store::{StoreError, Tx};
use std::time::Duration;

/// Corrects name, phone and address of the visit's complaint; what is absent stays.
pub(super) async fn correct(
    tx: &mut Tx,
    command: &FieldCommand,
    plan: &VisitPlan,
    [name, phone, address]: [Option<String>; 3],
    reason: &str,
) -> Decision {
    let unknown = || Refusal::because("complaint_unknown", "the visit has no complaint yet");
    let Some(id) = plan.complaint else { return Err(unknown()) };
    let complaint = standing(tx, id).await?.ok_or_else(unknown)?;
    if !complaint.is_open() {
        return Err(Refusal::because("complaint_closed", "the complaint is closed"));
    }
    if reason.is_empty() {
        return Err(Refusal::because("reason_missing", "why the contact data are others"));
    }
    let mut intake = complaint.intake.clone();
    intake.customer.name = name.or(intake.customer.name);
    intake.customer.phone = phone.or(intake.customer.phone);
    intake.address = address.unwrap_or(intake.address);
    let wrong = |errors: Vec<crate::complaints::intake::FieldError>| {
        Refusal::because("contact_invalid", format!("{} fields cannot be taken", errors.len()))
    };
    let intake = intake.checked(command.received_at).map_err(wrong)?;
    let by = command.actor();
    let event = by.event(EventKind::Corrected).visit(plan.id).reason(reason);
    match correct_because(tx, complaint, intake, by, event).await {
        Ok(complaint) => Ok(Some(complaint.number)),
        Err(ComplaintError::Store(source)) => Err(source.into()),
        // Lost a race on PostgreSQL: the exchange repeats the whole transaction.
        Err(ComplaintError::Changed) => Err(StoreError::Busy { waited: Duration::ZERO }.into()),
        Err(other) => Err(Refusal::because("state", other.to_string())),
    }
}
