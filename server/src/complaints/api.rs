//! Writing complaints down, correcting them, reading the central record.

use super::acts::{self, Actor, ComplaintError, NewComplaint};
use super::bodies::{ComplaintBody, Names, etag};
use super::intake::{ComplaintForm, ComplaintPatch, checked_reason};
use super::list_api::{__path_list_complaints, list_complaints};
use super::model::{Complaint, Intake};
use super::record::{self, CentralRecord};
use super::scope::{INTAKE, OFFICE, READERS, Reach};
use super::units::{require_place, require_unit, unit_of_roles};
use super::{sql, steps_api, units};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::idempotency::{IdempotencyKey, Kept};
use crate::people::{Person, Role};
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::store::{StoreError, Tx};
use crate::wire::{Body, if_match};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sync_core::ids::{ComplaintId, PersonId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// Routes of this capability.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_complaints, create_complaint))
        .routes(routes!(read_complaint, correct_complaint))
        .routes(routes!(create_handover))
        .routes(routes!(list_field_changes))
        .merge(super::contact::routes())
        .merge(steps_api::routes())
        .merge(units::routes())
}

/// The complaint, if it exists and one of these roles reaches its unit and region.
///
/// # Errors
/// `complaint-unknown` for both, so that nobody learns of complaints elsewhere.
pub async fn reachable(
    tx: &mut Tx,
    office: &OfficeAuth,
    roles: &[Role],
    id: ComplaintId,
) -> Result<Complaint, Problem> {
    let reach = reach_of(office, roles)?;
    let found = sql::find(tx, id).await?.filter(|complaint| reach.includes(complaint));
    Ok(found.ok_or(ComplaintError::Unknown)?)
}

/// Where this person may work in one of these roles.
///
/// # Errors
/// `role-missing`.
pub(crate) fn reach_of(office: &OfficeAuth, roles: &[Role]) -> Result<Reach, Problem> {
    office.require(roles)?;
    Reach::of(&office.roles, roles).ok_or_else(|| Problem::new(&problem::ROLE_MISSING))
}

/// Writes a complaint down and gives it its number.
///
/// With an `Idempotency-Key` the request may be repeated.
#[utoipa::path(post, path = "/v1/complaints", tag = "complaints", request_body = ComplaintForm,
    security(("session" = ["clerk", "lead"])), params(("Idempotency-Key" = Option<String>, Header, max_length = 128)),
    responses((status = CREATED, body = ComplaintBody), (status = UNPROCESSABLE_ENTITY, description = "body-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn create_complaint(
    State(app): State<App>,
    office: OfficeAuth,
    key: IdempotencyKey,
    Body(form): Body<ComplaintForm>,
) -> Result<Response, Problem> {
    office.require(INTAKE)?;
    let now = app.clock.now();
    let request = key.of(office.person_id, &form, now);
    let unit = form.unit.clone().unwrap_or_else(|| unit_of_roles(&office, INTAKE));
    let form = ComplaintForm { unit: Some(unit), ..form };
    let intake = form.check(now).map_err(ComplaintError::Invalid)?;
    let id = ComplaintId::from_entropy(now, app.entropy.bytes());
    let mut tx = app.store.write().await?;
    if let Some(answer) = request.answered(&mut tx).await? {
        return Ok(answer.into_response());
    }
    let complaint = write_down(&mut tx, &office, id, intake, now).await?;
    let answer = kept(&mut tx, StatusCode::CREATED, complaint).await?;
    request.keep(&mut tx, &answer).await?;
    tx.commit().await?;
    Ok(answer.into_response())
}

/// Writes a checked complaint down, if its unit and region are within reach.
pub(super) async fn write_down(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ComplaintId,
    intake: Intake,
    now: Timestamp,
) -> Result<Complaint, ComplaintError> {
    require_place(office, INTAKE, &intake)?;
    require_unit(tx, &intake.unit).await?;
    let new = NewComplaint { id, intake, holder: None, provisional_number: None };
    acts::open(tx, new, Actor::office(office.person_id, now)).await
}

/// The answer that shows a complaint with its address and version.
pub(crate) async fn kept(tx: &mut Tx, status: StatusCode, complaint: Complaint) -> Result<Kept, StoreError> {
    let location = format!("/v1/complaints/{}", complaint.id);
    let version = etag(complaint.version);
    let body = ComplaintBody::of(tx, &mut Names::default(), complaint).await?;
    Ok(Kept::json(status, &body).location(location).etag(version))
}

/// The central record: what the server owns, and all visits merged.
///
/// `complaint_id` may also be a number or an alias. A merged complaint is shown as it is, with its survivor named.
#[utoipa::path(get, path = "/v1/complaints/{complaint_id}", tag = "complaints", security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    params(("complaint_id" = String, Path, max_length = 100)),
    responses((status = OK, body = CentralRecord), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn read_complaint(
    State(app): State<App>,
    office: OfficeAuth,
    Path(which): Path<String>,
) -> Result<Response, Problem> {
    let reach = reach_of(&office, READERS)?;
    let mut tx = app.store.read().await?;
    let found = match which.parse() {
        Ok(id) => sql::find(&mut tx, id).await?,
        Err(_) => sql::find_by_number(&mut tx, &which).await?,
    };
    let complaint = found.filter(|complaint| reach.includes(complaint)).ok_or(ComplaintError::Unknown)?;
    let version = complaint.version;
    let record = record::build(&mut tx, complaint).await?;
    let mut response = Json(record).into_response();
    response.headers_mut().insert(header::ETAG, etag_header(version));
    // Customers' data must not stay in caches between us and the browser.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn etag_header(version: i64) -> HeaderValue {
    HeaderValue::from_str(&etag(version)).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// Corrects what is written down. With `If-Match: "<version>"` only if nobody else changed it meanwhile.
///
/// Every change of a field is kept with its author.
#[utoipa::path(patch, path = "/v1/complaints/{complaint_id}", tag = "complaints", request_body = ComplaintPatch,
    security(("session" = ["clerk", "reviewer", "lead"])), params(("complaint_id" = String, Path, format = "uuid"),
        ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = ComplaintBody), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "complaint-merged, changed-meanwhile"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn correct_complaint(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    headers: HeaderMap,
    Body(patch): Body<ComplaintPatch>,
) -> Result<Response, Problem> {
    let expected = if_match(&headers)?;
    let now = app.clock.now();
    let mut tx = app.store.write().await?;
    reachable(&mut tx, &office, OFFICE, id).await?;
    let complaint = acts::find_open_to_acts(&mut tx, id).await?;
    if expected.is_some_and(|version| version != complaint.version) {
        return Err(Problem::new(&problem::PRECONDITION_FAILED));
    }
    let complaint = corrected(&mut tx, &office, complaint, patch, now).await?;
    let answer = kept(&mut tx, StatusCode::OK, complaint).await?;
    tx.commit().await?;
    Ok(answer.into_response())
}

/// Corrects a complaint, if its region stays within reach.
pub(super) async fn corrected(
    tx: &mut Tx,
    office: &OfficeAuth,
    complaint: Complaint,
    patch: ComplaintPatch,
    now: Timestamp,
) -> Result<Complaint, ComplaintError> {
    let intake = patch.apply(&complaint.intake, now).map_err(ComplaintError::Invalid)?;
    require_place(office, OFFICE, &intake)?;
    acts::correct(tx, complaint, intake, Actor::office(office.person_id, now)).await
}

/// Who becomes accountable, and why.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Handover {
    /// The new holder.
    #[schema(value_type = String, format = "uuid")]
    pub(super) holder: PersonId,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) reason: String,
}

/// Makes somebody else accountable. The first owner stays.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/handovers", tag = "complaints", request_body = Handover,
    security(("session" = ["clerk", "reviewer", "lead"])), params(("complaint_id" = String, Path, format = "uuid"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 128)),
    responses((status = OK, body = ComplaintBody), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "complaint-merged, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid, idempotency-key-reused")))]
async fn create_handover(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    key: IdempotencyKey,
    Body(form): Body<Handover>,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let request = key.of(office.person_id, &form, now);
    let mut tx = app.store.write().await?;
    if let Some(answer) = request.answered(&mut tx).await? {
        return Ok(answer.into_response());
    }
    let complaint = hand_over(&mut tx, &office, id, &form, now).await?;
    let answer = kept(&mut tx, StatusCode::OK, complaint).await?;
    request.keep(&mut tx, &answer).await?;
    tx.commit().await?;
    Ok(answer.into_response())
}

/// Makes somebody else accountable, within the caller's transaction.
pub(super) async fn hand_over(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ComplaintId,
    form: &Handover,
    now: Timestamp,
) -> Result<Complaint, Problem> {
    let reason = checked_reason("/reason", &form.reason).map_err(ComplaintError::Invalid)?;
    reachable(tx, office, OFFICE, id).await?;
    let complaint = acts::find_open_to_acts(tx, id).await?;
    let holder = crate::people::find(tx, form.holder).await?;
    if !holder.is_some_and(|person| may_hold(&person, &complaint.intake)) {
        return Err(Problem::invalid_field(
            "/holder",
            "a person of the office who has access to this complaint",
        ));
    }
    let actor = Actor::office(office.person_id, now);
    Ok(acts::hand_over(tx, complaint, form.holder, &reason, actor).await?)
}

/// Whether somebody can be accountable for a complaint: who works in the office and sees its unit and region.
pub(super) fn may_hold(person: &Person, intake: &Intake) -> bool {
    let reach = Reach::of(&person.roles, OFFICE);
    person.disabled_at.is_none() && reach.is_some_and(|reach| reach.covers(&intake.unit, &intake.region))
}

/// One correction of a field.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FieldChangeBody {
    /// Name of the field.
    pub(crate) field: String,
    /// What it was; null: empty or erased.
    pub(crate) old_value: Option<String>,
    /// What it became.
    pub(crate) new_value: Option<String>,
    /// Who changed it.
    pub(crate) changed_by: Option<super::bodies::PersonRef>,
    /// On which device; null: in the office.
    pub(crate) changed_on: Option<super::bodies::DeviceRef>,
    /// When, Unix milliseconds.
    pub(crate) changed_at_ms: i64,
}

/// Who changed phone, address and the rest, and when; oldest first.
#[utoipa::path(get, path = "/v1/complaints/{complaint_id}/field-changes", tag = "complaints",
    security(("session" = ["clerk", "reviewer", "lead", "expert"])), params(("complaint_id" = String, Path, format = "uuid")),
    responses((status = OK, body = Vec<FieldChangeBody>), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_field_changes(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
) -> Result<Json<Vec<FieldChangeBody>>, Problem> {
    let mut tx = app.store.read().await?;
    reachable(&mut tx, &office, READERS, id).await?;
    Ok(Json(changes_of(&mut tx, id).await?))
}

/// Who changed which field of a complaint, oldest first.
pub(super) async fn changes_of(tx: &mut Tx, id: ComplaintId) -> Result<Vec<FieldChangeBody>, StoreError> {
    let mut names = Names::default();
    let mut changes = Vec::new();
    for change in super::history::field_changes(tx, id).await? {
        let changed_on = match &change.changed_on_device {
            Some(device) => names.device_text(tx, device).await?,
            None => None,
        };
        changes.push(FieldChangeBody {
            field: change.field,
            old_value: change.old_value,
            new_value: change.new_value,
            changed_by: names.person_text(tx, &change.changed_by).await?,
            changed_on,
            changed_at_ms: change.changed_at_ms,
        });
    }
    Ok(changes)
}
