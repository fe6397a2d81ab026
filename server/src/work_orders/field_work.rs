//! Complaints born in the field, and field work whose complaint was refused: it waits here until somebody links it.
//!
//! The visit document needs no complaint to be accepted, so refusing one costs no evidence.

use super::commands::{Decision, FieldCommand, Refusal};
use super::dispatch::{WorkOrderError, change_visit, crew_of};
use super::model::{Origin, VisitPlan, VisitState};
use super::{cards, lost_visits, sql};
use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::checklists;
use crate::complaints::acts::{Actor, ComplaintError, NewComplaint, find_open_to_acts, step};
use crate::complaints::intake::{FieldError, clean};
use crate::complaints::model::{
    Act, Channel, Complaint, Customer, Deadlines, EventKind, Intake, Priority, Utility,
};
use crate::complaints::{self, history};
use crate::exchange::members;
use crate::people;
use crate::store::{StoreError, Tx, statement};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx_macros::FromRow;
use std::collections::BTreeSet;
use sync_core::ids::{ComplaintId, PersonId, VisitId};
use sync_core::protocol::{CardMeter, NewComplaint as FieldComplaint};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// The number given to the customer belongs to another complaint.
const NUMBER_TAKEN: &str = "number_taken";

/// Field work without a complaint: its complaint was refused, or the server does not know the visit any more.
#[derive(Debug, Clone, FromRow, Serialize, ToSchema)]
pub struct FieldWork {
    /// Its identity: the command that was refused, or the visit that nobody knows any more.
    pub field_work_id: String,
    /// The complaint as the device calls it.
    pub complaint_id: String,
    /// The visit recorded under it.
    pub visit_id: Option<String>,
    /// The number given to the customer; empty where none was.
    pub provisional_number: String,
    /// Why the complaint was refused, a stable code.
    pub reason: String,
    /// What the technician typed, as JSON text.
    #[serde(skip)]
    pub request_json: String,
    /// Who typed it.
    pub person_id: String,
    /// On which device.
    pub device_id: String,
    /// When, by the device's clock, Unix milliseconds.
    pub claimed_at_ms: i64,
    /// When the server got it.
    pub received_at_ms: i64,
    /// The complaint it was linked to.
    pub linked_to: Option<String>,
    /// By whom.
    pub linked_by: Option<String>,
    /// When.
    pub linked_at_ms: Option<i64>,
    /// Why it belongs there.
    pub linked_reason: Option<String>,
    /// When somebody said that it belongs to no complaint.
    pub rejected_at_ms: Option<i64>,
    /// Who did.
    pub rejected_by: Option<String>,
    /// Why.
    pub rejected_reason: Option<String>,
}

/// Somebody said to which complaint field work belongs.
pub(crate) const FIELD_WORK_LINKED: EntryKind = EntryKind("field_work.linked");
/// Somebody said that field work belongs to no complaint.
pub(crate) const FIELD_WORK_REJECTED: EntryKind = EntryKind("field_work.rejected");

/// What the technician typed about a complaint.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct TypedOnSite {
    pub(crate) utility: String,
    pub(crate) category: String,
    pub(crate) summary: String,
    pub(crate) address: String,
    pub(crate) customer_name: Option<String>,
    pub(crate) customer_phone: Option<String>,
    pub(crate) meter_no: Option<String>,
    pub(crate) confidential: bool,
}

impl From<&FieldComplaint> for TypedOnSite {
    fn from(new: &FieldComplaint) -> Self {
        let typed = |text: &Option<String>| text.as_deref().map(clean).filter(|text| !text.is_empty());
        Self {
            utility: clean(&new.utility),
            category: clean(&new.category),
            summary: clean(&new.summary),
            address: clean(&new.address),
            customer_name: typed(&new.customer_name),
            customer_phone: typed(&new.customer_phone),
            meter_no: typed(&new.meter_no),
            confidential: new.confidential.unwrap_or(false),
        }
    }
}

impl FieldWork {
    /// What the technician typed.
    pub(crate) fn typed(&self) -> TypedOnSite {
        serde_json::from_str(&self.request_json).unwrap_or_default()
    }

    /// Since when it is known: the device's word, or the time of receipt when its clock was ahead.
    pub(crate) fn known_since(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.claimed_at_ms.min(self.received_at_ms))
    }

    /// Unit and region of the technician, where they are one; else empty.
    pub(crate) async fn place(&self, tx: &mut Tx) -> Result<(String, String), StoreError> {
        match self.person_id.parse() {
            Ok(person) => place_of(tx, person).await,
            Err(_) => Ok(Default::default()),
        }
    }
}

/// Opens a complaint met in the field, or keeps the work for the office when it cannot be opened.
pub(super) async fn open(tx: &mut Tx, command: &FieldCommand, new: &FieldComplaint) -> Decision {
    if let Some(known) = complaints::find(tx, new.complaint).await?
        && known.opened_on_device == Some(command.device)
    {
        return Ok(Some(known.number));
    }
    let planned = match new.visit {
        Some(visit) => sql::find_visit(tx, visit).await?,
        None => None,
    };
    let is_planned = planned.is_some();
    let begun = match planned {
        Some(visit) => lost_visits::recognise(tx, command.device, visit).await?,
        None => None,
    };
    let is_taken = is_planned && begun.is_none();
    let opened = if is_taken {
        Err(Refusal::because("visit_taken", "the visit belongs to another complaint"))
    } else {
        open_complaint(tx, command, new).await
    };
    let visit = new.visit.filter(|_| !is_taken);
    match opened {
        Ok(complaint) => {
            let number = complaint.number.clone();
            match begun {
                Some(begun) => bring_along(tx, begun, complaint, command.actor()).await?,
                None => adopt_visit(tx, command, visit, Some(&complaint)).await?,
            }
            Ok(Some(number))
        }
        Err(Refusal::Because { reason, detail }) => {
            if begun.is_none() {
                adopt_visit(tx, command, visit, None).await?;
            }
            keep(tx, command, new, visit, reason).await?;
            Err(Refusal::Because { reason, detail })
        }
        Err(other) => Err(other),
    }
}

async fn open_complaint(
    tx: &mut Tx,
    command: &FieldCommand,
    new: &FieldComplaint,
) -> Result<Complaint, Refusal> {
    let place = place_of(tx, command.person).await?;
    let intake = intake_of(new, place, command).map_err(|errors| refusal_of(new, &errors))?;
    let new = NewComplaint {
        id: new.complaint,
        intake,
        holder: None,
        provisional_number: Some(clean(&new.provisional_number)).filter(|number| !number.is_empty()),
    };
    complaints::acts::open(tx, new, command.actor()).await.map_err(|error| match error {
        ComplaintError::AliasTaken => Refusal::because(NUMBER_TAKEN, error.to_string()),
        ComplaintError::IdTaken => Refusal::because("complaint_taken", error.to_string()),
        ComplaintError::Store(source) => Refusal::Store(source),
        other => Refusal::because("refused", other.to_string()),
    })
}

fn intake_of(
    new: &FieldComplaint,
    (unit, region): (String, String),
    command: &FieldCommand,
) -> Result<Intake, Vec<FieldError>> {
    let utility: Utility = new
        .utility
        .parse()
        .map_err(|()| vec![FieldError { pointer: "/utility", expected: "a known utility".to_owned() }])?;
    // A device's clock may be a year ahead: then the time of receipt is the best that is known.
    let requested_at = command.claimed_at.min(command.received_at);
    Intake {
        utility,
        category: new.category.clone(),
        channel: Channel::Field,
        priority: Priority::Normal,
        summary: new.summary.clone(),
        remedy_sought: None,
        customer: Customer {
            number: None,
            name: new.customer_name.clone(),
            phone: new.customer_phone.clone(),
        },
        no_contact_reason: None,
        confidential: new.confidential.unwrap_or(false),
        customer_class: None,
        address: new.address.clone(),
        region,
        unit,
        position: None,
        meter: new.meter_no.clone().map(|number| CardMeter { number, ..CardMeter::default() }),
        requested_at,
        deadlines: Deadlines::default(),
    }
    .checked(command.received_at)
}

fn refusal_of(new: &FieldComplaint, errors: &[FieldError]) -> Refusal {
    let reason = match errors.first().map(|error| error.pointer) {
        Some("/utility") => "utility_unknown",
        Some("/category") => "category_unknown",
        Some("/summary") if clean(&new.summary).is_empty() => "summary_missing",
        Some("/address") if clean(&new.address).is_empty() => "address_missing",
        _ => "field_invalid",
    };
    let places: Vec<String> =
        errors.iter().map(|error| format!("{}: {}", error.pointer, error.expected)).collect();
    Refusal::because(reason, places.join("; "))
}

/// The one unit and the one region that the person's roles name; empty where there is none or several.
async fn place_of(tx: &mut Tx, person: PersonId) -> Result<(String, String), StoreError> {
    let grants = people::find(tx, person).await?.map(|person| person.roles).unwrap_or_default();
    let only = |words: BTreeSet<String>| {
        let mut words = words.into_iter();
        words.next().filter(|_| words.next().is_none()).unwrap_or_default()
    };
    let units = grants.iter().map(|grant| grant.unit.clone()).collect();
    let regions = grants.into_iter().map(|grant| grant.region).collect();
    Ok((only(units), only(regions)))
}

/// Makes the visit that was opened with the complaint known to the office, with its author on it.
pub(super) async fn adopt_visit(
    tx: &mut Tx,
    command: &FieldCommand,
    visit: Option<VisitId>,
    complaint: Option<&Complaint>,
) -> Result<(), Refusal> {
    let Some(id) = visit else { return Ok(()) };
    let visit = VisitPlan {
        id,
        work_order: None,
        complaint: complaint.map(|complaint| complaint.id),
        version: 1,
        state: VisitState::OnSite,
        origin: Origin::Field,
        checklist: complaint.map_or("general", |c| checklists::usual_for(c.intake.utility)).to_owned(),
        planned_on: complaints::office_day(command.claimed_at.min(command.received_at)),
        appointment: None,
        arrived: Some((command.claimed_at, command.received_at)),
        ended: None,
        outcome: None,
        created_by: command.person,
        created_at: command.received_at,
    };
    sql::insert_visit(tx, &visit).await?;
    sql::insert_assignment(tx, id, command.person, command.person, command.received_at).await?;
    complaints::refresh_crew(tx, id).await?;
    cards::put_for(tx, &visit, &[command.person]).await?;
    members::assign(tx, id, command.person, command.person, command.received_at).await?;
    let Some(complaint) = complaint else { return Ok(()) };
    let actor = command.actor();
    let event = actor.event(EventKind::StateChanged).visit(id);
    step(tx, complaint.clone(), Act::Assign, event, actor).await.map_err(WorkOrderError::from)?;
    Ok(())
}

pub(super) async fn keep(
    tx: &mut Tx,
    command: &FieldCommand,
    new: &FieldComplaint,
    visit: Option<VisitId>,
    reason: &str,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO field_work (field_work_id, complaint_id, visit_id, provisional_number, reason, \
        request_json, person_id, device_id, claimed_at_ms, received_at_ms) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (field_work_id) DO NOTHING";
    let request = json!(TypedOnSite::from(new));
    statement(SQL)
        .bind(command.id.to_string())
        .bind(new.complaint.to_string())
        .bind(visit.map(String::from))
        .bind(clean(&new.provisional_number))
        .bind(reason)
        .bind(request.to_string())
        .bind(command.person.to_string())
        .bind(command.device.to_string())
        .bind(command.claimed_at.unix_ms())
        .bind(command.received_at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

macro_rules! columns {
    () => {
        "SELECT field_work_id, complaint_id, visit_id, provisional_number, reason, request_json, person_id, device_id, \
         claimed_at_ms, received_at_ms, linked_to, linked_by, linked_at_ms, linked_reason, rejected_at_ms, rejected_by, \
         rejected_reason FROM field_work "
    };
}

/// Field work without a complaint, after this one, oldest first: what waits, or what was rejected.
pub(super) async fn without_complaint(
    tx: &mut Tx,
    rejected: bool,
    after: Option<(i64, String)>,
    limit: u32,
) -> Result<Vec<FieldWork>, StoreError> {
    const SQL: &str = concat!(
        columns!(),
        "WHERE linked_to IS NULL AND (received_at_ms, field_work_id) > ($1, $2) \
         AND (rejected_at_ms IS NOT NULL) = $4 ORDER BY received_at_ms, field_work_id LIMIT $3"
    );
    let (at, id) = after.unwrap_or((i64::MIN, String::new()));
    statement(SQL).bind(at).bind(id).bind(i64::from(limit)).bind(rejected).rows(tx).await
}

/// Notes that field work belongs to no complaint; false when it is linked or rejected already. What was recorded stays.
pub(super) async fn reject(
    tx: &mut Tx,
    work: &FieldWork,
    by: PersonId,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE field_work SET rejected_at_ms = $2, rejected_by = $3, rejected_reason = $4 \
        WHERE field_work_id = $1 AND linked_to IS NULL AND rejected_at_ms IS NULL";
    let changed = statement(SQL)
        .bind(&work.field_work_id)
        .bind(now.unix_ms())
        .bind(by.to_string())
        .bind(reason)
        .execute(tx)
        .await?;
    if changed == 0 {
        return Ok(false);
    }
    let detail = Detail::new().with("field_work", work.field_work_id.clone());
    let entry = NewEntry::new(FIELD_WORK_REJECTED, now).by(Some(by)).detail(detail).because(Some(reason));
    audit::append(tx, &entry).await?;
    Ok(true)
}

/// The field work under this id.
pub(crate) async fn find(tx: &mut Tx, id: &str) -> Result<Option<FieldWork>, StoreError> {
    const SQL: &str = concat!(columns!(), "WHERE field_work_id = $1");
    statement(SQL).bind(id).row_if_any(tx).await
}

/// The refused complaint of a visit.
pub async fn field_work_of_visit(tx: &mut Tx, visit: VisitId) -> Result<Option<FieldWork>, StoreError> {
    const SQL: &str = concat!(columns!(), "WHERE visit_id = $1");
    statement(SQL).bind(visit.to_string()).row_if_any(tx).await
}

/// Puts field work under a complaint: its visit becomes one of the complaint's, its number an alias.
///
/// Linking again to the same complaint changes nothing.
pub(crate) async fn link(
    tx: &mut Tx,
    work: &FieldWork,
    to: ComplaintId,
    reason: &str,
    by: Actor,
) -> Result<(), WorkOrderError> {
    let complaint = find_open_to_acts(tx, to).await?;
    if work.linked_to.as_deref() == Some(&*to.to_string()) {
        return Ok(());
    }
    if !mark_linked(tx, work, to, reason, by).await? {
        return Err(WorkOrderError::Changed);
    }
    // A number that another complaint had already leads there and nowhere else.
    if work.reason != NUMBER_TAKEN && !work.provisional_number.is_empty() {
        complaints::add_alias(tx, &complaint, &work.provisional_number, by.at).await?;
    }
    let facts = json!({ "field_work": work.field_work_id, "number": work.provisional_number });
    let mut event = by.event(EventKind::FieldWorkLinked).reason(reason).detail(facts);
    let visit = match &work.visit_id {
        Some(text) => {
            let id = StoreError::parse_column("field_work", "visit_id", &work.field_work_id, text)?;
            sql::find_visit(tx, id).await?
        }
        None => None,
    };
    if let Some(visit) = &visit {
        event = event.visit(visit.id);
    }
    history::add(tx, to, &event).await?;
    let detail = Detail::new().with("field_work", work.field_work_id.clone());
    let detail = detail.with("complaint", to).with("number", &complaint.number);
    audit::append(tx, &by.entry(FIELD_WORK_LINKED, detail).because(Some(reason))).await?;
    match visit {
        Some(visit) => bring_along(tx, visit, complaint, by).await,
        None => Ok(()),
    }
}

/// The visit becomes one of the complaint's, which has moved on with it.
async fn bring_along(
    tx: &mut Tx,
    visit: VisitPlan,
    complaint: Complaint,
    by: Actor,
) -> Result<(), WorkOrderError> {
    let visit = change_visit(tx, VisitPlan { complaint: Some(complaint.id), ..visit }).await?;
    complaints::refresh_crew(tx, visit.id).await?;
    let crew = crew_of(tx, visit.id).await?;
    cards::put_for(tx, &visit, &crew).await?;
    let act = if visit.is_open() { Act::Assign } else { Act::Investigate };
    let event = by.event(EventKind::StateChanged).visit(visit.id);
    step(tx, complaint, act, event, by).await?;
    Ok(())
}

async fn mark_linked(
    tx: &mut Tx,
    work: &FieldWork,
    to: ComplaintId,
    reason: &str,
    by: Actor,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE field_work SET linked_to = $2, linked_by = $3, linked_at_ms = $4, linked_reason = $5 \
        WHERE field_work_id = $1 AND linked_to IS NULL";
    let changed = statement(SQL)
        .bind(&work.field_work_id)
        .bind(to.to_string())
        .bind(by.person.to_string())
        .bind(by.at.unix_ms())
        .bind(reason)
        .execute(tx)
        .await?;
    Ok(changed == 1)
}
