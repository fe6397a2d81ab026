//! The cards that technicians carry: one for each visit they are sent to, one for each colleague's device.
//!
//! A card is rebuilt from its sources in the transaction that changes one of them. Call these before the transaction's
//! entries in the server log: cards take the feed's counter.

use super::model::{OrderState, VisitPlan, VisitState};
use super::{redaction, sql};
use crate::complaints::{self, model::Complaint};
use crate::exchange::{members, pack};
use crate::store::{StoreError, Tx};
use crate::{devices, people, seats};
use pack::PackAudience;
use sync_core::ids::{ComplaintId, DeviceId, PersonId, VisitId};
use sync_core::protocol::{AssignmentCard, CardCustomer, ColleagueCard, PackKey};

/// Rebuilds the cards of all visits of a complaint.
pub async fn refresh_cards(tx: &mut Tx, complaint: ComplaintId) -> Result<(), StoreError> {
    for visit in sql::visits_of(tx, complaint).await? {
        refresh_visit(tx, &visit).await?;
    }
    Ok(())
}

/// Rebuilds the card of one visit for everybody who works on it.
pub async fn refresh_visit(tx: &mut Tx, visit: &VisitPlan) -> Result<(), StoreError> {
    let crew = members::of_visit(tx, visit.id).await?;
    if crew.is_empty() {
        return Ok(());
    }
    put_for(tx, visit, &crew).await
}

/// Puts the card of a visit for these people, who are its whole crew.
pub(super) async fn put_for(tx: &mut Tx, visit: &VisitPlan, crew: &[PersonId]) -> Result<(), StoreError> {
    let Some(card) = build(tx, visit, crew).await? else { return Ok(()) };
    for person in crew {
        pack::put(tx, PackAudience::Person(*person), &PackKey::Assignment(visit.id), &card).await?;
    }
    Ok(())
}

/// Takes the card of a visit from somebody.
pub(super) async fn take_from(tx: &mut Tx, visit: VisitId, person: PersonId) -> Result<(), StoreError> {
    pack::remove(tx, PackAudience::Person(person), &PackKey::Assignment(visit)).await
}

/// The card of a visit; none for field work without a complaint.
async fn build(
    tx: &mut Tx,
    visit: &VisitPlan,
    crew: &[PersonId],
) -> Result<Option<AssignmentCard>, StoreError> {
    let Some(id) = visit.complaint else { return Ok(None) };
    let Some((complaint, aliases)) = complaints::with_aliases(tx, id).await? else { return Ok(None) };
    let order = match visit.work_order {
        Some(order) => sql::find_order(tx, order).await?,
        None => None,
    };
    let state = order.as_ref().map_or(state_of_visit(visit.state), |order| order.state);
    let due_at = order.as_ref().and_then(|order| order.due_at);
    let priority = order.map_or(complaint.intake.priority, |order| order.priority);
    let mut card = card_of(&complaint, visit, crew);
    card.aliases = aliases;
    card.due_at = due_at.or(complaint.intake.deadlines.onsite_due_at_ms);
    card.priority = priority.as_str().to_owned();
    card.state = state.as_str().to_owned();
    card.expert_requests = seats::cards(tx, complaint.id).await?;
    if card.confidential {
        for request in &mut card.expert_requests {
            request.question = redaction::redacted(&request.question, &complaint.intake.customer);
            let answer = request.answer.as_deref();
            request.answer = answer.map(|text| redaction::redacted(text, &complaint.intake.customer));
        }
    }
    Ok(Some(card))
}

fn card_of(complaint: &Complaint, visit: &VisitPlan, crew: &[PersonId]) -> AssignmentCard {
    let intake = &complaint.intake;
    let withheld = intake.confidential.then(|| redaction::without_customer(intake));
    let intake = withheld.as_ref().unwrap_or(intake);
    AssignmentCard {
        visit: visit.id,
        work_order: visit.work_order,
        complaint: complaint.id,
        number: complaint.number.clone(),
        aliases: Vec::new(),
        utility: intake.utility.as_str().to_owned(),
        region: intake.region.clone(),
        category: intake.category.clone(),
        summary: intake.summary.clone(),
        address: intake.address.clone(),
        customer: CardCustomer {
            number: intake.customer.number.clone(),
            name: intake.customer.name.clone(),
            phone: intake.customer.phone.clone(),
        },
        confidential: intake.confidential,
        meter: intake.meter.clone(),
        checklist: visit.checklist.clone(),
        planned_on: visit.planned_on.clone(),
        appointment_from: visit.appointment.map(|(from, _)| from),
        appointment_to: visit.appointment.map(|(_, to)| to),
        due_at: None,
        priority: String::new(),
        state: String::new(),
        position: intake.position.clone(),
        crew: crew.to_vec(),
        expert_requests: Vec::new(),
    }
}

/// What a visit without a work order says in the place of the order's state.
fn state_of_visit(state: VisitState) -> OrderState {
    match state {
        VisitState::Planned => OrderState::Assigned,
        VisitState::Accepted | VisitState::OnSite => OrderState::Accepted,
        VisitState::NoAccess | VisitState::Finished => OrderState::Done,
        VisitState::Approved => OrderState::Approved,
        VisitState::Rework => OrderState::Rework,
        VisitState::Cancelled => OrderState::Cancelled,
    }
}

/// Tells everybody the names of a device and its person: call it after enrolment and renaming.
pub async fn refresh_colleague(tx: &mut Tx, device: DeviceId) -> Result<(), StoreError> {
    let Some(known) = devices::find(tx, device).await? else { return Ok(()) };
    let Some(person) = people::find(tx, known.person_id).await? else { return Ok(()) };
    let card = ColleagueCard {
        device,
        device_name: known.name(),
        person: known.person_id,
        name: person.display_name,
    };
    pack::put(tx, PackAudience::All, &PackKey::Colleague(device), &card).await
}

/// Tells everybody the name of a person whose name changed, for each of their devices.
pub async fn refresh_colleagues_of(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    for device in devices::list_of_person(tx, person).await? {
        refresh_colleague(tx, device.device_id).await?;
    }
    Ok(())
}
