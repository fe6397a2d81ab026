//! What the office may ask and decide about quarantine.

use super::difference::{Difference, differences};
use super::returned::{Ground, ground_of, send_back};
use super::told::{self, DeviceTold};
use super::{Decision, QuarantineItem, decide, sql};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::model::Complaint;
use crate::complaints::scope::Reach;
use crate::complaints::{self, DeviceRef, Names, PersonRef, reach_of};
use crate::exchange::{envelopes, gate, visits};
use crate::people::Role;
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::store::{StoreError, Tx};
use crate::wire::{Body, Page, PageQuery};
use crate::work_orders;
use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sync_core::document::VisitDocument;
use sync_core::ids::{ComplaintId, VisitId};
use sync_core::log::Body as EnvelopeBody;
use sync_core::replica::DEPENDS_ON_LOST;
use sync_core::time::Timestamp;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

pub(in crate::exchange) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_quarantine))
        .routes(routes!(read_quarantine_item))
        .routes(routes!(create_decision))
        .routes(routes!(create_return))
}

/// An envelope that was refused.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ItemAnswer {
    /// Index of the envelope in the server log.
    pub(super) id: i64,
    /// Its author.
    pub(super) person: PersonRef,
    /// The device that signed it.
    pub(super) device: DeviceRef,
    /// Number of the envelope in the device's chain.
    pub(super) device_sequence: i64,
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(super) visit_id: Option<VisitId>,
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(super) complaint_id: Option<ComplaintId>,
    pub(super) complaint_number: Option<String>,
    /// Why it was refused: a stable code.
    pub(super) reason: String,
    /// What exactly, in English.
    pub(super) detail: String,
    /// `open`, `accepted`, `rejected` or `superseded` (its author wrote it anew).
    pub(super) state: String,
    /// When it was recorded, as the device says, Unix milliseconds.
    #[schema(value_type = i64)]
    pub(super) claimed_at_ms: Timestamp,
    /// When the server got it.
    #[schema(value_type = i64)]
    pub(super) received_at_ms: Timestamp,
    /// When it was refused.
    pub(super) opened_at_ms: i64,
    pub(super) decided_at_ms: Option<i64>,
    pub(super) decided_by: Option<PersonRef>,
    pub(super) decision_reason: Option<String>,
}

impl ItemAnswer {
    /// The item with names, if its complaint is within reach.
    async fn within(
        tx: &mut Tx,
        names: &mut Names,
        reach: &Reach,
        item: QuarantineItem,
    ) -> Result<Option<Self>, StoreError> {
        let complaint = complaint_of(tx, item.visit_id).await?;
        if complaint.as_ref().is_some_and(|complaint| !reach.includes(complaint)) {
            return Ok(None);
        }
        let decided_by = match &item.decided_by {
            Some(person) => names.person_text(tx, person).await?,
            None => None,
        };
        Ok(Some(Self {
            id: item.log_index,
            person: names.person(tx, item.person_id).await?,
            device: names.device(tx, item.device_id).await?,
            device_sequence: item.device_seq,
            visit_id: item.visit_id,
            complaint_id: complaint.as_ref().map(|complaint| complaint.id),
            complaint_number: complaint.map(|complaint| complaint.number),
            reason: item.reason,
            detail: item.detail,
            state: item.state,
            claimed_at_ms: item.claimed_at,
            received_at_ms: item.received_at,
            opened_at_ms: item.opened_at_ms,
            decided_at_ms: item.decided_at_ms,
            decided_by,
            decision_reason: item.decision_reason,
        }))
    }
}

/// The complaint of a visit, if both are known.
pub(in crate::exchange) async fn complaint_of(
    tx: &mut Tx,
    visit: Option<VisitId>,
) -> Result<Option<Complaint>, StoreError> {
    let Some(visit) = visit else { return Ok(None) };
    match work_orders::find_visit(tx, visit).await?.and_then(|plan| plan.complaint) {
        Some(complaint) => complaints::find(tx, complaint).await,
        None => Ok(None),
    }
}

/// An item with its envelope, as far as it can be read.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ItemWithEnvelope {
    #[serde(flatten)]
    pub(super) item: ItemAnswer,
    /// `change`, `reissue`, `visit_begin` or `command`.
    pub(super) kind: String,
    /// Change chunks inside.
    pub(super) changes: usize,
    /// Bytes of the body.
    pub(super) body_bytes: usize,
    /// Photos and signatures that it declares.
    pub(super) photos: Vec<String>,
    /// What accepting it would change in the record, and of an accepted one what it did change; null when it cannot
    /// enter, or not before another one.
    pub(super) would_change: Option<Vec<Difference>>,
    /// Whether something that it builds on is nowhere on this server: send it back then.
    pub(super) ground_lost: bool,
    /// What its author's device knows of all this.
    pub(super) device_told: DeviceTold,
    /// The views that `would_change` compares.
    #[serde(skip)]
    pub(super) compared: Option<(Value, Value)>,
}

/// Which items are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct ItemQuery {
    /// `open` unless said otherwise.
    #[param(inline)]
    state: Option<ItemState>,
    /// Only items of this visit.
    #[param(value_type = Option<String>, format = "uuid")]
    visit_id: Option<VisitId>,
    /// `next_cursor` of the page before.
    #[param(max_length = 400)]
    cursor: Option<String>,
    /// Entries per page.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
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
struct QuarantineDecision {
    decision: DecisionWord,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// The two decisions about what was refused or kept aside.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::exchange) enum DecisionWord {
    Accept,
    Reject,
}

impl From<DecisionWord> for Decision {
    fn from(word: DecisionWord) -> Self {
        match word {
            DecisionWord::Accept => Self::Accept,
            DecisionWord::Reject => Self::Reject,
        }
    }
}

pub(crate) const READERS: [Role; 4] = [Role::Clerk, Role::Reviewer, Role::Lead, Role::Administrator];
pub(in crate::exchange) const DECIDERS: [Role; 2] = [Role::Reviewer, Role::Lead];

/// Refused envelopes within reach, oldest first. A page may hold fewer than asked for: its cursor leads on.
#[utoipa::path(get, path = "/v1/quarantine", tag = "quarantine", security(("session" = ["clerk", "reviewer", "lead", "administrator"])),
    params(ItemQuery), responses((status = OK, body = Page<ItemAnswer>)))]
async fn list_quarantine(
    State(app): State<App>,
    office: OfficeAuth,
    Query(query): Query<ItemQuery>,
) -> Result<Json<Page<ItemAnswer>>, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let state = query.state.unwrap_or_default().as_str();
    Ok(Json(items(&app, &office, state, query.visit_id, &page).await?))
}

/// Items in one state, for the API and for pages.
pub(super) async fn items(
    app: &App,
    office: &OfficeAuth,
    state: &str,
    visit: Option<VisitId>,
    page: &PageQuery,
) -> Result<Page<ItemAnswer>, Problem> {
    let reach = reach_of(office, &READERS)?;
    let (after, limit) = (page.position::<i64>()?.unwrap_or(0), page.limit());
    let mut tx = app.store.read().await?;
    let items = sql::list(&mut tx, state, visit, after, limit + 1).await?;
    let Page { items, next_cursor } = Page::cut(items, limit, |item: &QuarantineItem| item.log_index);
    let (mut names, mut answers) = (Names::default(), Vec::with_capacity(items.len()));
    for item in items {
        answers.extend(ItemAnswer::within(&mut tx, &mut names, &reach, item).await?);
    }
    Ok(Page { items: answers, next_cursor })
}

/// One refused envelope: what it says, and what accepting it would change in the record.
#[utoipa::path(get, path = "/v1/quarantine/{id}", tag = "quarantine", security(("session" = ["clerk", "reviewer", "lead", "administrator"])),
    params(("id" = i64, Path)),
    responses((status = OK, body = ItemWithEnvelope), (status = NOT_FOUND, description = "quarantine-unknown")))]
async fn read_quarantine_item(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<i64>,
) -> Result<Json<ItemWithEnvelope>, Problem> {
    Ok(Json(item_with_envelope(&app, &office, id).await?))
}

/// One item, for the API and for pages.
pub(super) async fn item_with_envelope(
    app: &App,
    office: &OfficeAuth,
    id: i64,
) -> Result<ItemWithEnvelope, Problem> {
    let unknown = || Problem::new(&problem::QUARANTINE_UNKNOWN);
    let reach = reach_of(office, &READERS)?;
    let mut tx = app.store.read().await?;
    let stored = sql::find(&mut tx, id).await?.ok_or_else(unknown)?;
    let device_told = told::of(&mut tx, &stored).await?;
    let item =
        ItemAnswer::within(&mut tx, &mut Names::default(), &reach, stored).await?.ok_or_else(unknown)?;
    let envelope = envelopes::load(&mut tx, &[id]).await?.remove(&id).ok_or_else(unknown)?;
    let ground_lost = item.state == ItemState::Open.as_str()
        && item.reason != DEPENDS_ON_LOST
        && ground_of(&mut tx, &envelope).await? == Ground::Lost;
    drop(tx);
    let body = envelope.body().ok();
    let change = body.as_ref().and_then(EnvelopeBody::change);
    let photos = change.iter().flat_map(|change| &change.photos).map(|photo| photo.sha256.to_string());
    let compared = compare(app, &item).await?;
    Ok(ItemWithEnvelope {
        kind: envelopes::kind_name(envelope.header().kind).to_owned(),
        changes: change.map_or(0, |change| change.chunks.len()),
        body_bytes: envelope.body_bytes().len(),
        photos: photos.collect(),
        would_change: compared.as_ref().map(|(now, then)| differences(now, then)),
        compared,
        ground_lost,
        device_told,
        item,
    })
}

/// The visit without and with the envelope. Of one that entered: before and after it did. Of the others the gate
/// merges the envelope on a copy as if it had been accepted; nothing is written.
async fn compare(app: &App, item: &ItemAnswer) -> Result<Option<(Value, Value)>, StoreError> {
    let Some(visit) = item.visit_id else { return Ok(None) };
    if item.state == ItemState::Accepted.as_str() {
        return entered(app, visit, item.id).await;
    }
    let Some(then) = gate::preview(app, item.id).await? else { return Ok(None) };
    let now = visits::view_json(&mut app.store.read().await?, visit).await?.unwrap_or_default();
    let parse = |json: &str| serde_json::from_str(json).unwrap_or(Value::Null);
    Ok(Some((parse(&now), parse(&then))))
}

async fn entered(app: &App, visit: VisitId, id: i64) -> Result<Option<(Value, Value)>, StoreError> {
    let mut tx = app.store.read().await?;
    let Some((before, after)) = sql::entrance(&mut tx, id).await? else { return Ok(None) };
    let Some(stored) = visits::find(&mut tx, visit).await? else { return Ok(None) };
    let document = VisitDocument::load(&stored.saved)
        .map_err(|_| StoreError::impossible("visit_documents", "saved", visit))?;
    let json = |heads| serde_json::to_value(visits::view_at(&document, heads)?).ok();
    Ok(json(before).zip(json(after)))
}

async fn reachable(tx: &mut Tx, reach: &Reach, id: i64) -> Result<ItemAnswer, Problem> {
    let unknown = || Problem::new(&problem::QUARANTINE_UNKNOWN);
    let item = sql::find(tx, id).await?.ok_or_else(unknown)?;
    ItemAnswer::within(tx, &mut Names::default(), reach, item).await?.ok_or_else(unknown)
}

/// Lets a refused envelope enter the record with its author named, or rejects it for good.
#[utoipa::path(post, path = "/v1/quarantine/{id}/decision", tag = "quarantine", security(("session" = ["reviewer", "lead"])),
    params(("id" = i64, Path)), request_body = QuarantineDecision,
    responses((status = OK, body = ItemAnswer), (status = NOT_FOUND, description = "quarantine-unknown"),
        (status = CONFLICT, description = "quarantine-decided, quarantine-waits, quarantine-ground-lost"),
        (status = UNPROCESSABLE_ENTITY, description = "quarantine-cannot-enter, body-invalid")))]
async fn create_decision(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<i64>,
    Body(body): Body<QuarantineDecision>,
) -> Result<Json<ItemAnswer>, Problem> {
    decide_item(&app, &office, id, body.decision.into(), &body.reason).await?;
    let reach = reach_of(&office, &DECIDERS)?;
    Ok(Json(reachable(&mut app.store.read().await?, &reach, id).await?))
}

/// Why it is sent back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct QuarantineReturn {
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Sends a refused or waiting envelope back to its author's device, which writes it anew at its next exchange: for what
/// builds on something that was lost when the server was restored. Doing it again changes nothing.
#[utoipa::path(post, path = "/v1/quarantine/{id}/return", tag = "quarantine", security(("session" = ["reviewer", "lead"])),
    params(("id" = i64, Path)), request_body = QuarantineReturn,
    responses((status = OK, body = ItemAnswer), (status = NOT_FOUND, description = "quarantine-unknown"),
        (status = CONFLICT, description = "quarantine-decided, quarantine-waits"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_return(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<i64>,
    Body(body): Body<QuarantineReturn>,
) -> Result<Json<ItemAnswer>, Problem> {
    return_item(&app, &office, id, &body.reason).await?;
    let reach = reach_of(&office, &DECIDERS)?;
    Ok(Json(reachable(&mut app.store.read().await?, &reach, id).await?))
}

/// Sends an envelope back, for the API and for pages.
pub(in crate::exchange) async fn return_item(
    app: &App,
    office: &OfficeAuth,
    id: i64,
    reason: &str,
) -> Result<(), Problem> {
    let unknown = || Problem::new(&problem::QUARANTINE_UNKNOWN);
    let reach = reach_of(office, &DECIDERS)?;
    let mut tx = app.store.read().await?;
    let envelope = envelopes::load(&mut tx, &[id]).await?.remove(&id).ok_or_else(unknown)?;
    let complaint = complaint_of(&mut tx, envelope.header().visit).await?;
    drop(tx);
    if complaint.as_ref().is_some_and(|complaint| !reach.includes(complaint)) {
        return Err(unknown());
    }
    Ok(send_back(app, id, office.person_id, reason_of(reason)?).await?)
}

fn reason_of(reason: &str) -> Result<&str, Problem> {
    let reason = reason.trim();
    if !(1..=500).contains(&reason.chars().count()) || reason.contains('\0') {
        return Err(Problem::invalid_field("/reason", "1 to 500 characters"));
    }
    Ok(reason)
}

/// Decides about an item, for the API and for pages.
pub(super) async fn decide_item(
    app: &App,
    office: &OfficeAuth,
    id: i64,
    decision: Decision,
    reason: &str,
) -> Result<(), Problem> {
    let reach = reach_of(office, &DECIDERS)?;
    reachable(&mut app.store.read().await?, &reach, id).await?;
    Ok(decide(app, id, decision, office.person_id, reason_of(reason)?).await?)
}
