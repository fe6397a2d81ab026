//! Levels of reviews for clients of the office: what waits for whom, and sending a verdict back.

use super::api::{REVIEWERS, require_four_eyes};
use super::chain::{self, Level, ReviewLevelBody};
use crate::app::App;
use crate::audit::{self, EntryKind};
use crate::auth::OfficeAuth;
use crate::complaints::acts::{Actor, ComplaintError, find_open_to_acts, named};
use crate::complaints::intake::checked_reason;
use crate::complaints::model::{Complaint, EventKind};
use crate::complaints::{self, ComplaintBody, Names, history, reach_of, reachable};
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::store::Tx;
use crate::wire::Body;
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sync_core::ids::ComplaintId;
use sync_core::time::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

const SENT_BACK: EntryKind = EntryKind("review.sent_back");
/// Open levels that are looked at; whoever has more has another problem.
const WAITING_MAX: i64 = 500;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_review_levels)).routes(routes!(create_send_back))
}

/// A level that waits for its judge.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WaitingLevel {
    #[schema(value_type = String, format = "uuid")]
    pub(super) complaint_id: ComplaintId,
    pub(super) complaint_number: String,
    pub(super) summary: String,
    #[serde(flatten)]
    pub(super) level: ReviewLevelBody,
}

/// Levels that wait for the reader's verdict, the most urgent first: those of the reader's role and scope of which no
/// other was judged by the reader.
#[utoipa::path(get, path = "/v1/review-levels", tag = "review", security(("session" = ["reviewer", "lead"])),
    responses((status = OK, body = Vec<WaitingLevel>), (status = FORBIDDEN, description = "role-missing")))]
async fn list_review_levels(
    State(app): State<App>,
    office: OfficeAuth,
) -> Result<Json<Vec<WaitingLevel>>, Problem> {
    Ok(Json(waiting(&mut app.store.read().await?, &office).await?))
}

/// The same, for pages.
pub(super) async fn waiting(tx: &mut Tx, office: &OfficeAuth) -> Result<Vec<WaitingLevel>, Problem> {
    let (mut names, mut found) = (Names::default(), Vec::new());
    for (complaint, level) in own(tx, office).await? {
        found.push(WaitingLevel {
            complaint_id: complaint.id,
            complaint_number: complaint.number,
            summary: complaint.intake.summary,
            level: ReviewLevelBody::of(tx, &mut names, level).await?,
        });
    }
    Ok(found)
}

/// How many levels wait for this person.
pub(crate) async fn count_waiting(tx: &mut Tx, office: &OfficeAuth) -> Result<i64, Problem> {
    Ok(i64::try_from(own(tx, office).await?.len()).unwrap_or(i64::MAX))
}

async fn own(tx: &mut Tx, office: &OfficeAuth) -> Result<Vec<(Complaint, Level)>, Problem> {
    let reach = reach_of(office, REVIEWERS)?;
    let mut found = Vec::new();
    for level in chain::waiting(tx, &reach, WAITING_MAX).await? {
        let Ok(id) = level.complaint_id.parse() else { continue };
        let Some(complaint) = complaints::find(tx, id).await? else { continue };
        if chain::require_judge(tx, office, &complaint, &level).await.is_ok() {
            found.push((complaint, level));
        }
    }
    Ok(found)
}

/// Why a verdict does not pass.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SendBack {
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) reason: String,
}

/// Sends a verdict back to the level below, for a reason; that level judges anew. The first level sends work back to
/// the technicians instead.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/review-levels/send-back", tag = "review",
    request_body = SendBack, security(("session" = ["reviewer", "lead"])),
    params(("complaint_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ComplaintBody), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "review-level-state, review-twice, own-visit, complaint-merged"),
        (status = FORBIDDEN, description = "role-missing, review-level-of-another"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_send_back(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    Body(form): Body<SendBack>,
) -> Result<Json<ComplaintBody>, Problem> {
    let mut tx = app.store.write().await?;
    let complaint = send_back(&mut tx, &office, id, &form.reason, app.clock.now()).await?;
    let body = ComplaintBody::of(&mut tx, &mut Names::default(), complaint).await?;
    tx.commit().await?;
    Ok(Json(body))
}

/// Sends a verdict back within the caller's transaction.
pub(super) async fn send_back(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ComplaintId,
    reason: &str,
    now: Timestamp,
) -> Result<Complaint, Problem> {
    let reason = checked_reason("/reason", reason).map_err(ComplaintError::Invalid)?;
    reachable(tx, office, REVIEWERS, id).await?;
    let complaint = find_open_to_acts(tx, id).await?;
    let open = chain::open_of(tx, id).await?.filter(|level| level.level > 1);
    let level = open.ok_or_else(|| Problem::new(&problem::REVIEW_LEVEL_STATE))?;
    chain::require_judge(tx, office, &complaint, &level).await?;
    require_four_eyes(tx, id, office.person_id).await?;
    let actor = Actor::office(office.person_id, now);
    chain::send_back(tx, &level, id, &reason, actor).await?;
    let facts = json!({ "level": level.level, "levels": level.levels });
    let event = actor.event(EventKind::LevelSentBack).reason(&reason).detail(facts);
    history::add(tx, id, &event).await?;
    let detail = named(&complaint).with("level", level.level.to_string());
    audit::append(tx, &actor.entry(SENT_BACK, detail).because(Some(&reason))).await?;
    Ok(complaint)
}
