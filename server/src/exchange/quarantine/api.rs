//! What the office may ask and decide about quarantine.

use super::{Decision, QuarantineItem, decide, sql};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::exchange::envelopes;
use crate::people::Role;
use crate::problem::{self, Problem};
use crate::wire::{Body, Page, PageQuery};
use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use sync_core::ids::VisitId;
use sync_core::log::Body as EnvelopeBody;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(in crate::exchange) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_quarantine))
        .routes(routes!(read_quarantine_item))
        .routes(routes!(create_decision))
}

/// An envelope that was refused.
#[derive(Debug, Serialize, ToSchema)]
struct ItemAnswer {
    /// Index of the envelope in the server log.
    id: i64,
    #[schema(format = "uuid")]
    device_id: String,
    /// Number of the envelope in the device's chain.
    device_sequence: i64,
    #[schema(format = "uuid")]
    person_id: String,
    #[schema(format = "uuid")]
    visit_id: Option<String>,
    /// Stable code.
    reason: String,
    detail: String,
    state: String,
    opened_at_ms: i64,
    decided_at_ms: Option<i64>,
    #[schema(format = "uuid")]
    decided_by: Option<String>,
    decision_reason: Option<String>,
}

impl From<QuarantineItem> for ItemAnswer {
    fn from(item: QuarantineItem) -> Self {
        Self {
            id: item.log_index,
            device_id: item.device_id,
            device_sequence: item.device_seq,
            person_id: item.person_id,
            visit_id: item.visit_id,
            reason: item.reason,
            detail: item.detail,
            state: item.state,
            opened_at_ms: item.opened_at_ms,
            decided_at_ms: item.decided_at_ms,
            decided_by: item.decided_by,
            decision_reason: item.decision_reason,
        }
    }
}

/// An item with its envelope, as far as it can be read.
#[derive(Debug, Serialize, ToSchema)]
struct ItemWithEnvelope {
    #[serde(flatten)]
    item: ItemAnswer,
    /// `change`, `reissue`, `visit_begin` or `command`.
    kind: String,
    /// When it was recorded, as the device says.
    claimed_at_ms: i64,
    /// Change chunks inside.
    changes: usize,
    /// Bytes of the body.
    body_bytes: usize,
    /// Photos and signatures that it declares.
    photos: Vec<String>,
}

/// Which items are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ItemQuery {
    /// `open` unless said otherwise.
    state: Option<ItemState>,
    /// Only items of this visit.
    #[param(value_type = Option<String>, format = "uuid")]
    visit_id: Option<VisitId>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ItemState {
    #[default]
    Open,
    Accepted,
    Rejected,
    Superseded,
}

impl ItemState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Superseded => "superseded",
        }
    }
}

/// What a person decides.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecisionBody {
    decision: DecisionWord,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DecisionWord {
    Accept,
    Reject,
}

const READERS: [Role; 4] = [Role::Clerk, Role::Reviewer, Role::Lead, Role::Administrator];
const DECIDERS: [Role; 2] = [Role::Reviewer, Role::Lead];

/// Refused envelopes, oldest first.
#[utoipa::path(get, path = "/v1/quarantine", tag = "quarantine", security(("session" = [])),
    params(ItemQuery, PageQuery), responses((status = OK, body = Page<ItemAnswer>)))]
async fn list_quarantine(
    State(app): State<App>,
    office: OfficeAuth,
    Query(query): Query<ItemQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ItemAnswer>>, Problem> {
    office.require(&READERS)?;
    let (after, limit) = (page.position::<i64>()?.unwrap_or(0), page.limit());
    let state = query.state.unwrap_or_default().as_str();
    let mut tx = app.store.read().await?;
    let items = sql::list(&mut tx, state, query.visit_id, after, limit + 1).await?;
    let items = items.into_iter().map(ItemAnswer::from).collect();
    Ok(Json(Page::cut(items, limit, |item: &ItemAnswer| item.id)))
}

/// One refused envelope.
#[utoipa::path(get, path = "/v1/quarantine/{id}", tag = "quarantine", security(("session" = [])),
    params(("id" = i64, Path)),
    responses((status = OK, body = ItemWithEnvelope), (status = NOT_FOUND, description = "quarantine-unknown")))]
async fn read_quarantine_item(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<i64>,
) -> Result<Json<ItemWithEnvelope>, Problem> {
    office.require(&READERS)?;
    let mut tx = app.store.read().await?;
    let unknown = || Problem::new(&problem::QUARANTINE_UNKNOWN);
    let item = sql::find(&mut tx, id).await?.ok_or_else(unknown)?;
    let envelope = envelopes::load(&mut tx, &[id]).await?.remove(&id).ok_or_else(unknown)?;
    let body = envelope.body().ok();
    let change = body.as_ref().and_then(EnvelopeBody::change);
    Ok(Json(ItemWithEnvelope {
        item: item.into(),
        kind: envelopes::kind_name(envelope.header().kind).to_owned(),
        claimed_at_ms: envelope.header().claimed_at.unix_ms(),
        changes: change.map_or(0, |change| change.chunks.len()),
        body_bytes: envelope.body_bytes().len(),
        photos: change
            .iter()
            .flat_map(|change| &change.photos)
            .map(|photo| photo.sha256.to_string())
            .collect(),
    }))
}

/// Lets a refused envelope enter the record with its author named, or rejects it for good.
#[utoipa::path(post, path = "/v1/quarantine/{id}/decision", tag = "quarantine", security(("session" = [])),
    params(("id" = i64, Path)), request_body = DecisionBody,
    responses((status = OK, body = ItemAnswer), (status = NOT_FOUND, description = "quarantine-unknown"),
        (status = CONFLICT, description = "quarantine-decided, quarantine-waits"),
        (status = UNPROCESSABLE_ENTITY, description = "quarantine-cannot-enter, body-invalid")))]
async fn create_decision(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<i64>,
    Body(body): Body<DecisionBody>,
) -> Result<Json<ItemAnswer>, Problem> {
    office.require(&DECIDERS)?;
    let reason = body.reason.trim();
    if !(1..=500).contains(&reason.chars().count()) || reason.contains('\0') {
        return Err(Problem::invalid_field("/reason", "1 to 500 characters"));
    }
    let decision = match body.decision {
        DecisionWord::Accept => Decision::Accept,
        DecisionWord::Reject => Decision::Reject,
    };
    decide(&app, id, decision, office.person_id, reason).await?;
    let item = sql::find(&mut app.store.read().await?, id).await?;
    Ok(Json(item.ok_or_else(|| Problem::new(&problem::QUARANTINE_UNKNOWN))?.into()))
}
