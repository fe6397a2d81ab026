//! A new complaint made of field work whose own complaint was refused: what was typed on site stands in the form.

use super::typed::{Typed, shown};
use crate::complaints::acts::Actor;
use crate::complaints::intake::checked_reason;
use crate::complaints::model::Channel;
use crate::complaints::scope::INTAKE;
use crate::complaints::units::unit_of_roles;
use crate::complaints::{self, Names, reach_of};
use crate::pages::Viewer;
use crate::problem::{self, Problem};
use crate::store::Tx;
use crate::work_orders::{FieldWork, find_field_work, link_field_work};
use sync_core::codes::CodeTable;
use sync_core::ids::ComplaintId;
use sync_core::time::Timestamp;

/// The field work beside the form.
#[derive(Debug, Clone)]
pub(super) struct FromField {
    /// Its id.
    pub(super) id: String,
    /// The number that was given to the customer.
    pub(super) number: String,
    /// Who recorded it.
    pub(super) person: String,
    /// When, by the device's clock, Unix milliseconds.
    pub(super) claimed_at_ms: i64,
    /// Why its complaint was refused, in words.
    pub(super) refused: String,
    /// The visit recorded under it.
    pub(super) visit: Option<String>,
    /// Why it becomes a complaint of its own, as typed.
    pub(super) reason: String,
    /// Whether the reason cannot be taken.
    pub(super) wrong: bool,
}

impl FromField {
    /// What the form shows of field work.
    pub(super) async fn of(
        tx: &mut Tx,
        viewer: &Viewer,
        work: &FieldWork,
        reason: String,
    ) -> Result<Self, Problem> {
        let person = Names::default().person_text(tx, &work.person_id).await?;
        Ok(Self {
            id: work.field_work_id.clone(),
            number: work.provisional_number.clone(),
            person: person.and_then(|person| person.name).unwrap_or_default(),
            claimed_at_ms: work.claimed_at_ms,
            refused: viewer.w().code("field-work-reason", &work.reason),
            visit: work.visit_id.clone(),
            reason,
            wrong: false,
        })
    }

    /// Marks the reason if it cannot be taken, and says whether it is.
    pub(super) fn mark_wrong(&mut self) -> bool {
        self.wrong = checked_reason("/reason", &self.reason).is_err();
        self.wrong
    }
}

/// The field work under this id, if it waits for a complaint.
pub(super) async fn waiting(tx: &mut Tx, id: &str) -> Result<FieldWork, Problem> {
    let work = find_field_work(tx, id).await?;
    work.ok_or_else(|| Problem::new(&problem::FIELD_WORK_UNKNOWN))
}

/// The id of the record that will be made: the one its device knows, unless another record has it.
pub(super) async fn record_id(
    tx: &mut Tx,
    work: &FieldWork,
    fresh: ComplaintId,
) -> Result<ComplaintId, Problem> {
    let Ok(own) = work.complaint_id.parse() else { return Ok(fresh) };
    Ok(if complaints::find(tx, own).await?.is_none() { own } else { fresh })
}

/// The form as far as it was filled in on site.
pub(super) async fn prefilled(tx: &mut Tx, viewer: &Viewer, work: &FieldWork) -> Result<Typed, Problem> {
    let (unit, region) = work.place(tx).await?;
    let is_reached = reach_of(&viewer.office, INTAKE)?.covers(&unit, &region) && !unit.is_empty();
    let (unit, region) =
        if is_reached { (unit, region) } else { (unit_of_roles(&viewer.office, INTAKE), String::new()) };
    let site = work.typed();
    let category = CodeTable::Categories.find(&site.category).map(|_| site.category);
    Ok(Typed {
        category: category.unwrap_or_default(),
        channel: Channel::Field.to_string(),
        summary: site.summary,
        customer_name: site.customer_name.unwrap_or_default(),
        customer_phone: site.customer_phone.unwrap_or_default(),
        address: site.address,
        meter_number: site.meter_no.unwrap_or_default(),
        requested_at: shown(work.known_since()),
        unit,
        region,
        ..Typed::blank()
    })
}

/// Puts field work under the complaint that was made of it.
pub(super) async fn link(
    tx: &mut Tx,
    viewer: &Viewer,
    from: &FromField,
    complaint: ComplaintId,
    now: Timestamp,
) -> Result<(), Problem> {
    let reason = checked_reason("/reason", &from.reason)
        .map_err(|_| Problem::invalid_field("/reason", "1 to 2000 characters"))?;
    let work = waiting(tx, &from.id).await?;
    let actor = Actor::office(viewer.office.person_id, now);
    Ok(link_field_work(tx, &work, complaint, &reason, actor).await?)
}
