//! Flags of contact data in the API: part of the record, settled by a reviewer.

use super::sql;
use super::{CONTACT_FIELDS, ContactFlag, settle};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::acts::{Actor, ComplaintError};
use crate::complaints::api::reachable;
use crate::complaints::bodies::{DeviceRef, Names, PersonRef};
use crate::complaints::intake::checked_reason;
use crate::people::Role;
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::store::{StoreError, Tx};
use crate::wire::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sync_core::ids::ComplaintId;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// Who settles flags.
pub(super) const SETTLERS: &[Role] = &[Role::Reviewer, Role::Lead];

pub(in crate::complaints) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create_settlement))
}

/// Something doubtful about the contact data of a complaint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactFlagBody {
    /// 1, 2, 3 … of this complaint.
    pub(crate) number: i64,
    /// `missing`, `changed_on_visit` (by somebody who visits the customer), `staff_number` (it is that of somebody of
    /// ours) or `shared_number` (it stands on complaints of several other customers).
    pub(crate) kind: String,
    /// `customer_name`, `customer_phone` or `address`; null: about no single field.
    pub(crate) field: Option<String>,
    /// Whose act gave the reason.
    pub(crate) raised_by: PersonRef,
    /// On which device; null: in the office.
    pub(crate) device: Option<DeviceRef>,
    pub(crate) raised_at_ms: i64,
    /// Null: it is open.
    pub(crate) settled_at_ms: Option<i64>,
    /// Null: it is open, or the data are in order by now.
    pub(crate) settled_by: Option<PersonRef>,
    pub(crate) settled_reason: Option<String>,
}

/// Flags of a complaint, oldest first.
pub(in crate::complaints) async fn flags_of(
    tx: &mut Tx,
    names: &mut Names,
    complaint: ComplaintId,
) -> Result<Vec<ContactFlagBody>, StoreError> {
    let mut bodies = Vec::new();
    for flag in sql::list(tx, complaint).await? {
        bodies.push(body_of(tx, names, flag).await?);
    }
    Ok(bodies)
}

async fn body_of(tx: &mut Tx, names: &mut Names, flag: ContactFlag) -> Result<ContactFlagBody, StoreError> {
    let device = match flag.device {
        Some(device) => Some(names.device(tx, device).await?),
        None => None,
    };
    let settled_by = match flag.settled.as_ref().and_then(|settled| settled.by) {
        Some(by) => Some(names.person(tx, by).await?),
        None => None,
    };
    debug_assert!(flag.field.as_deref().is_none_or(|field| CONTACT_FIELDS.contains(&field)));
    Ok(ContactFlagBody {
        number: flag.number,
        kind: flag.kind.as_str().to_owned(),
        field: flag.field,
        raised_by: names.person(tx, flag.raised_by).await?,
        device,
        raised_at_ms: flag.raised_at.unix_ms(),
        settled_at_ms: flag.settled.as_ref().map(|settled| settled.at.unix_ms()),
        settled_by,
        settled_reason: flag.settled.and_then(|settled| settled.reason),
    })
}

/// What a reviewer found out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SettleFlag {
    /// For the record.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Settles a flag with a reason. To put the number of the intake back, correct the complaint.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/contact-flags/{number}/settlement", tag = "complaints",
    request_body = SettleFlag, security(("session" = ["reviewer", "lead"])),
    params(("complaint_id" = String, Path, format = "uuid"), ("number" = i64, Path)),
    responses((status = NO_CONTENT), (status = FORBIDDEN, description = "role-missing"),
        (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "contact-flag-settled: there is no open one of this number"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_settlement(
    State(app): State<App>,
    office: OfficeAuth,
    Path((id, number)): Path<(ComplaintId, String)>,
    Body(form): Body<SettleFlag>,
) -> Result<StatusCode, Problem> {
    settle_flag(&app, &office, id, &number, &form.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Settles a flag, for the API and for pages.
pub(super) async fn settle_flag(
    app: &App,
    office: &OfficeAuth,
    id: ComplaintId,
    number: &str,
    reason: &str,
) -> Result<(), Problem> {
    let mut tx = app.store.write().await?;
    reachable(&mut tx, office, SETTLERS, id).await?;
    let reason = checked_reason("/reason", reason).map_err(ComplaintError::Invalid)?;
    let by = Actor::office(office.person_id, app.clock.now());
    // A number that is none is that of no open flag.
    let number = number.parse().unwrap_or(0);
    if !settle(&mut tx, id, number, &reason, &by).await? {
        return Err(Problem::new(&problem::CONTACT_FLAG_SETTLED));
    }
    Ok(tx.commit().await?)
}
