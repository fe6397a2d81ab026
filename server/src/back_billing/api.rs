//! Proposals of back-billing, for clients of the office.

use super::form::{BackBillingForm, inputs};
use super::sql::Stored;
use super::{acts, sql};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::acts::Actor;
use crate::complaints::scope::OFFICE;
use crate::complaints::{Names, PersonRef, reachable};
use crate::problem::Problem;
use crate::routing::routes;
use crate::store::{StoreError, Tx};
use crate::wire::Body;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use sync_core::ids::ComplaintId;
use sync_core::metering::Direction;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// Routes of this capability.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create_back_billing)).routes(routes!(withdraw_back_billing))
}

/// What a customer owes or gets back: a proposal with its figures. It is never posted to billing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct BackBillingBody {
    pub(crate) proposal_no: i64,
    /// What went wrong: `error_beyond_tolerance`, `secondary_voltage_drop`, `other_cause`, `wiring_error`,
    /// `pt_fuse_blown` or `multiplier_mismatch`.
    pub(crate) case: String,
    /// The figures as typed, by name.
    pub(crate) inputs: BTreeMap<String, String>,
    /// Correction factor K, where the case has one.
    pub(crate) factor: Option<String>,
    /// Energy that was really used, kWh.
    pub(crate) true_kwh: String,
    /// True less registered energy over the whole time, kWh; positive: the customer owes.
    pub(crate) difference_kwh: String,
    /// Share of the difference that counts.
    pub(crate) counted: String,
    /// What is proposed, kWh; positive: the customer owes.
    pub(crate) proposed_kwh: String,
    /// `charge`, `refund` or `nothing`.
    #[schema(value_type = String)]
    pub(crate) direction: Direction,
    /// The rule.
    pub(crate) source: String,
    pub(crate) from_day: String,
    pub(crate) until_day: String,
    /// The meter check that it rests on.
    pub(crate) check_id: Option<String>,
    pub(crate) note: String,
    pub(crate) proposed_by: PersonRef,
    pub(crate) proposed_at_ms: i64,
    /// Null: it stands.
    pub(crate) withdrawn_by: Option<PersonRef>,
    pub(crate) withdrawn_at_ms: Option<i64>,
    pub(crate) withdrawn_reason: Option<String>,
}

impl BackBillingBody {
    pub(super) async fn of(tx: &mut Tx, names: &mut Names, stored: Stored) -> Result<Self, StoreError> {
        let proposal = stored.proposal;
        let (mut withdrawn_by, mut withdrawn_at_ms, mut withdrawn_reason) = (None, None, None);
        if let Some((by, at, reason)) = stored.withdrawn {
            withdrawn_by = Some(names.person(tx, by).await?);
            (withdrawn_at_ms, withdrawn_reason) = (Some(at.unix_ms()), Some(reason));
        }
        Ok(Self {
            proposal_no: stored.number,
            case: proposal.input.case.code().to_owned(),
            inputs: inputs(&proposal),
            factor: proposal.factor.map(|factor| factor.normalize().to_string()),
            true_kwh: format!("{:.2}", proposal.true_kwh),
            difference_kwh: format!("{:.2}", proposal.difference_kwh),
            counted: proposal.counted.normalize().to_string(),
            proposed_kwh: format!("{:.2}", proposal.proposed_kwh),
            direction: proposal.direction,
            source: proposal.source,
            from_day: stored.from_day,
            until_day: stored.until_day,
            check_id: stored.check_id,
            note: stored.note,
            proposed_by: names.person(tx, stored.proposed_by).await?,
            proposed_at_ms: stored.proposed_at.unix_ms(),
            withdrawn_by,
            withdrawn_at_ms,
            withdrawn_reason,
        })
    }
}

/// The proposals of a complaint, in the order in which they were made.
pub(crate) async fn of_complaint(
    tx: &mut Tx,
    names: &mut Names,
    complaint: ComplaintId,
) -> Result<Vec<BackBillingBody>, StoreError> {
    let mut bodies = Vec::new();
    for stored in sql::list(tx, complaint).await? {
        bodies.push(BackBillingBody::of(tx, names, stored).await?);
    }
    Ok(bodies)
}

/// Why a proposal does not stand any more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BackBillingWithdrawal {
    /// 1 to 2000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Computes what a customer owes or gets back, and keeps it as a proposal with its figures. Nothing is posted to billing;
/// while the matter is open the customer pays the bill as read.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/back-billing", tag = "back-billing",
    request_body = BackBillingForm, security(("session" = ["clerk", "reviewer", "lead"])),
    params(("complaint_id" = String, Path, format = "uuid")),
    responses((status = CREATED, body = BackBillingBody), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "back-billing-utility"), (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_back_billing(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    Body(form): Body<BackBillingForm>,
) -> Result<(StatusCode, Json<BackBillingBody>), Problem> {
    let mut tx = app.store.write().await?;
    let complaint = reachable(&mut tx, &office, OFFICE, id).await?;
    let by = Actor::office(office.person_id, app.clock.now());
    let number = acts::keep(&mut tx, &complaint, &form, by).await?;
    let body = body(&mut tx, id, number).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(body)))
}

/// Withdraws a proposal for a reason. It stays in the record.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/back-billing/{proposal_no}/withdrawal", tag = "back-billing",
    request_body = BackBillingWithdrawal, security(("session" = ["clerk", "reviewer", "lead"])),
    params(("complaint_id" = String, Path, format = "uuid"), ("proposal_no" = i64, Path)),
    responses((status = OK, body = BackBillingBody),
        (status = NOT_FOUND, description = "complaint-unknown, back-billing-unknown"),
        (status = CONFLICT, description = "back-billing-withdrawn"), (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn withdraw_back_billing(
    State(app): State<App>,
    office: OfficeAuth,
    Path((id, number)): Path<(ComplaintId, i64)>,
    Body(form): Body<BackBillingWithdrawal>,
) -> Result<Json<BackBillingBody>, Problem> {
    let mut tx = app.store.write().await?;
    let complaint = reachable(&mut tx, &office, OFFICE, id).await?;
    let by = Actor::office(office.person_id, app.clock.now());
    acts::withdraw(&mut tx, &complaint, number, &form.reason, by).await?;
    let body = body(&mut tx, id, number).await?;
    tx.commit().await?;
    Ok(Json(body))
}

async fn body(tx: &mut Tx, complaint: ComplaintId, number: i64) -> Result<BackBillingBody, Problem> {
    let stored = sql::list(tx, complaint).await?.into_iter().find(|stored| stored.number == number);
    let stored = stored.ok_or(acts::ProposalError::Unknown)?;
    Ok(BackBillingBody::of(tx, &mut Names::default(), stored).await?)
}
