//! Likely duplicates, merging and taking apart.

use super::duplicates::{self, DAYS_DEFAULT, Likeness};
use super::merges::{self, Merge, MergeError, MergeField, NewMerge};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::acts::{Actor, ComplaintError};
use crate::complaints::intake::checked_reason;
use crate::complaints::scope::OFFICE;
use crate::complaints::{ComplaintBody, Names, reach_of, reachable};
use crate::idempotency::{IdempotencyKey, Kept};
use crate::people::Role;
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::store::Tx;
use crate::wire::{Body, if_match};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sync_core::ids::{ComplaintId, EntryId};
use sync_core::time::Timestamp;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// Who may merge records.
pub(super) const MERGERS: &[Role] = &[Role::Clerk, Role::Reviewer, Role::Lead];

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_duplicates))
        .routes(routes!(create_merge, list_merges))
        .routes(routes!(create_reversal))
}

impl From<MergeError> for Problem {
    fn from(error: MergeError) -> Self {
        let impossible = |reason: &str| Self::new(&problem::MERGE_IMPOSSIBLE).with("reason", reason);
        match error {
            MergeError::Itself => impossible("itself"),
            MergeError::MergedElsewhere => impossible("merged_elsewhere"),
            MergeError::OtherUtility => impossible("other_utility"),
            MergeError::UnknownMerge => Self::new(&problem::NOT_FOUND),
            MergeError::Complaint(source) => source.into(),
            MergeError::Store(source) => source.into(),
        }
    }
}

/// A record that may be about the same matter.
#[derive(Debug, Serialize, ToSchema)]
struct Proposal {
    #[serde(flatten)]
    likeness: Likeness,
    complaint: ComplaintBody,
}

/// How far to look.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DuplicateQuery {
    /// Days before and after; 60 if absent.
    #[serde(default)]
    #[param(minimum = 1, maximum = 730)]
    days: Option<u32>,
}

/// Records that may be about the same matter, likeliest first, each with its score and the reasons.
#[utoipa::path(get, path = "/v1/complaints/{complaint_id}/duplicates", tag = "review", security(("session" = ["clerk", "reviewer", "lead"])),
    params(("complaint_id" = String, Path, format = "uuid"), DuplicateQuery),
    responses((status = OK, body = Vec<Proposal>), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = BAD_REQUEST, description = "query-invalid"), (status = FORBIDDEN, description = "role-missing")))]
async fn list_duplicates(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    Query(query): Query<DuplicateQuery>,
) -> Result<Json<Vec<Proposal>>, Problem> {
    let mut tx = app.store.read().await?;
    let complaint = reachable(&mut tx, &office, OFFICE, id).await?;
    let reach = reach_of(&office, OFFICE)?;
    let found =
        duplicates::proposals(&mut tx, &complaint, &reach, query.days.unwrap_or(DAYS_DEFAULT)).await?;
    let mut names = Names::default();
    let mut proposals = Vec::with_capacity(found.len());
    for (likeness, other) in found {
        let complaint = ComplaintBody::of(&mut tx, &mut names, other).await?;
        proposals.push(Proposal { likeness, complaint });
    }
    Ok(Json(proposals))
}

/// Which record goes under this one.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MergeForm {
    /// The record that will stand under this one.
    #[schema(value_type = String, format = "uuid")]
    duplicate: ComplaintId,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
    /// The version of that record when its fields were chosen; refused when it has another one by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    duplicate_version: Option<i64>,
    /// Fields that this record takes over from the duplicate; all others stay as they are.
    #[serde(default)]
    #[schema(max_items = 10)]
    take_fields: Vec<MergeField>,
}

/// Puts another record under this one: its visits and its history are shown here from now on.
///
/// With `If-Match: "<version>"` and `duplicate_version` only if nobody changed either record meanwhile. Merging the same
/// records again changes nothing.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/merges", tag = "review", request_body = MergeForm,
    security(("session" = ["clerk", "reviewer", "lead"])), params(("complaint_id" = String, Path, format = "uuid"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 128), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = Merge), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "merge-impossible, complaint-merged, changed-meanwhile"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid, idempotency-key-reused")))]
async fn create_merge(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    key: IdempotencyKey,
    headers: HeaderMap,
    Body(form): Body<MergeForm>,
) -> Result<Response, Problem> {
    let expected = (if_match(&headers)?, form.duplicate_version);
    let now = app.clock.now();
    let request = key.of(office.person_id, &form, now);
    let merge_id = EntryId::from_entropy(now, app.entropy.bytes());
    let mut tx = app.store.write().await?;
    if let Some(answer) = request.answered(&mut tx).await? {
        return Ok(answer.into_response());
    }
    as_expected(&mut tx, &office, (id, form.duplicate), expected).await?;
    let new = NewMerge { id: merge_id, reason: &form.reason, fields: &form.take_fields };
    let merge = put_under(&mut tx, &office, (id, form.duplicate), &new, now).await?;
    let answer = Kept::json(StatusCode::OK, &merge);
    request.keep(&mut tx, &answer).await?;
    tx.commit().await?;
    Ok(answer.into_response())
}

/// Refuses when either record has another version than the one that was read. What is merged already is told by the
/// merge itself.
async fn as_expected(
    tx: &mut Tx,
    office: &OfficeAuth,
    (survivor, duplicate): (ComplaintId, ComplaintId),
    (ours, theirs): (Option<i64>, Option<i64>),
) -> Result<(), Problem> {
    let survivor = reachable(tx, office, MERGERS, survivor).await?;
    let duplicate = reachable(tx, office, MERGERS, duplicate).await?;
    let differs = |expected: Option<i64>, now: i64| expected.is_some_and(|version| version != now);
    let changed = differs(ours, survivor.version) || differs(theirs, duplicate.version);
    match changed && duplicate.merged_into.is_none() {
        true => Err(Problem::new(&problem::PRECONDITION_FAILED)),
        false => Ok(()),
    }
}

/// Puts the second record under the first, both within reach.
pub(super) async fn put_under(
    tx: &mut Tx,
    office: &OfficeAuth,
    (survivor, duplicate): (ComplaintId, ComplaintId),
    new: &NewMerge<'_>,
    now: Timestamp,
) -> Result<Merge, Problem> {
    let reason = checked_reason("/reason", new.reason).map_err(ComplaintError::Invalid)?;
    let survivor = reachable(tx, office, MERGERS, survivor).await?;
    let duplicate = reachable(tx, office, MERGERS, duplicate).await?;
    let new = NewMerge { reason: &reason, ..*new };
    Ok(merges::merge(tx, survivor, duplicate, &new, Actor::office(office.person_id, now)).await?)
}

/// Every merge into or of this record, oldest first, those taken apart again included.
#[utoipa::path(get, path = "/v1/complaints/{complaint_id}/merges", tag = "review", security(("session" = ["clerk", "reviewer", "lead"])),
    params(("complaint_id" = String, Path, format = "uuid")),
    responses((status = OK, body = Vec<Merge>), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_merges(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
) -> Result<Json<Vec<Merge>>, Problem> {
    let mut tx = app.store.read().await?;
    reachable(&mut tx, &office, OFFICE, id).await?;
    Ok(Json(merges::list(&mut tx, id).await?))
}

/// Why a merge is taken apart.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReversalForm {
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Takes a merge apart: the duplicate stands for itself again, and fields that were taken over and not corrected since
/// go back to what they were. Doing it again changes nothing.
#[utoipa::path(post, path = "/v1/merges/{merge_id}/reversal", tag = "review", request_body = ReversalForm,
    security(("session" = ["clerk", "reviewer", "lead"])), params(("merge_id" = String, Path, format = "uuid")),
    responses((status = OK, body = Merge), (status = NOT_FOUND, description = "not-found, complaint-unknown"),
        (status = CONFLICT, description = "changed-meanwhile"), (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_reversal(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<EntryId>,
    Body(form): Body<ReversalForm>,
) -> Result<Json<Merge>, Problem> {
    let mut tx = app.store.write().await?;
    let merge = take_apart(&mut tx, &office, id, &form.reason, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Json(merge))
}

/// Takes a merge apart whose survivor is within reach.
pub(super) async fn take_apart(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: EntryId,
    reason: &str,
    now: Timestamp,
) -> Result<Merge, Problem> {
    let reason = checked_reason("/reason", reason).map_err(ComplaintError::Invalid)?;
    office.require(MERGERS)?;
    let merge = merges::find(tx, id).await?.ok_or(MergeError::UnknownMerge)?;
    let survivor = merge.survivor.parse().map_err(|_| MergeError::UnknownMerge)?;
    reachable(tx, office, MERGERS, survivor).await?;
    Ok(merges::undo(tx, id, &reason, Actor::office(office.person_id, now)).await?)
}
