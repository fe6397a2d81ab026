//! Visits that the office does not know although somebody worked on them: what they were made for was made after the
//! backup that was restored. They stand with the field work without a complaint until somebody links them.

use super::commands::{FieldCommand, Refusal};
use super::field_work::{self, FieldWork};
use super::model::VisitPlan;
use super::sql;
use crate::store::{StoreError, Tx, statement};
use sync_core::ids::{CommandId, ComplaintId, DeviceId, PersonId, VisitId};
use sync_core::protocol::NewComplaint;
use sync_core::time::Timestamp;

/// Why such work has no complaint.
const VISIT_UNKNOWN: &str = "visit_unknown";

/// Somebody began a visit that the server knows nothing of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    /// The visit.
    pub(crate) visit: VisitId,
    /// Who began it.
    pub(crate) person: PersonId,
    /// On which device.
    pub(crate) device: DeviceId,
    /// The device's word for when.
    pub(crate) claimed_at: Timestamp,
}

/// Makes a visit known that is in no plan, with whoever began it on it and no complaint. Nothing happens to a visit
/// that is planned.
///
/// # Errors
/// When the database fails.
pub(crate) async fn note(tx: &mut Tx, begun: &Begun, now: Timestamp) -> Result<(), StoreError> {
    if sql::find_visit(tx, begun.visit).await?.is_some() {
        return Ok(());
    }
    let id = *begun.visit.as_bytes();
    let command = FieldCommand {
        // No request brought it: the visit itself is what the item is called by.
        id: CommandId::from_bytes(id),
        device: begun.device,
        person: begun.person,
        claimed_at: begun.claimed_at,
        received_at: now,
    };
    let nothing_typed = NewComplaint {
        complaint: ComplaintId::from_bytes(id),
        visit: Some(begun.visit),
        provisional_number: String::new(),
        utility: String::new(),
        category: String::new(),
        summary: String::new(),
        address: String::new(),
        customer_name: None,
        customer_phone: None,
        meter_no: None,
        confidential: None,
    };
    match field_work::adopt_visit(tx, &command, Some(begun.visit), None).await {
        Err(Refusal::Store(source)) => return Err(source),
        Ok(()) | Err(Refusal::Because { .. }) => {}
    }
    field_work::keep(tx, &command, &nothing_typed, Some(begun.visit), VISIT_UNKNOWN).await
}

/// The visit of a complaint that is opened only now, if it was taken for a lost one: it is none, and is listed no more.
pub(super) async fn recognise(
    tx: &mut Tx,
    device: DeviceId,
    visit: VisitPlan,
) -> Result<Option<VisitPlan>, StoreError> {
    const SQL: &str = "DELETE FROM field_work WHERE field_work_id = $1 AND linked_to IS NULL";
    let is_it = |work: &FieldWork| {
        work.reason == VISIT_UNKNOWN && work.linked_to.is_none() && work.device_id == device.to_string()
    };
    let Some(work) = field_work::field_work_of_visit(tx, visit.id).await?.filter(is_it) else {
        return Ok(None);
    };
    statement(SQL).bind(&work.field_work_id).execute(tx).await?;
    Ok(Some(visit))
}
