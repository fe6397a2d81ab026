//! What the office sees of envelopes that were kept aside.

use super::take_up;
use crate::app::App;
use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::auth::OfficeAuth;
use crate::complaints::scope::Reach;
use crate::complaints::{DeviceRef, Names, PersonRef, reach_of};
use crate::exchange::chains::as_i64;
use crate::exchange::quarantine::difference::{Difference, differences};
use crate::exchange::quarantine::{Decision, DecisionWord};
use crate::exchange::{envelopes, gate, quarantine};
use crate::people::Role;
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::store::{StoreError, Tx, statement};
use crate::wire::{Page, PageQuery};
use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sync_core::ids::{ComplaintId, EnvelopeHash, PersonId, VisitId};
use sync_core::log::{Body, Envelope};
use sync_core::time::Timestamp;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

pub(super) const READERS: [Role; 4] = [Role::Clerk, Role::Reviewer, Role::Lead, Role::Administrator];
pub(super) const DECIDERS: [Role; 2] = [Role::Reviewer, Role::Lead];
/// Earlier envelopes that are looked at together with one: what it builds on.
const EARLIER_MAX: i64 = 200;

/// The office left an envelope in escrow where it is, with a reason.
pub(crate) const ESCROW_DECIDED: EntryKind = EntryKind("escrow.decided");

pub(in crate::exchange) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_escrow))
        .routes(routes!(read_escrowed))
        .routes(routes!(create_escrow_decision))
}

/// An envelope in escrow.
pub(super) struct Escrowed {
    pub(super) reason: String,
    received_at_ms: i64,
    not_before_ms: i64,
    pub(super) envelope: Envelope,
    decided: Option<Decided>,
}

/// What was decided, when, by whom and why.
struct Decided {
    outcome: String,
    at_ms: i64,
    by: String,
    reason: String,
}

/// Time of receipt, number in the chain, hash: the order of the list.
type Key = (i64, i64, String);

/// An envelope of a revoked device or of a forked chain. It enters no record unless a person takes it up.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::exchange) struct EscrowedBody {
    #[schema(value_type = String)]
    pub(in crate::exchange) envelope_hash: EnvelopeHash,
    /// `revoked`: its device had lost its access. `fork`: its device had signed another one under the same number.
    /// `offered`: another device kept it and brought it after a restore, and its own device has no access.
    pub(in crate::exchange) reason: String,
    /// Who was signed in on the device, as it says.
    pub(in crate::exchange) person: PersonRef,
    pub(in crate::exchange) device: DeviceRef,
    /// Its number in the device's chain.
    pub(in crate::exchange) device_sequence: u64,
    /// `visit_begin`, `change`, `command`, `restricted`, `reissue` or `chain_restart`.
    pub(in crate::exchange) kind: String,
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(in crate::exchange) visit_id: Option<VisitId>,
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(in crate::exchange) complaint_id: Option<ComplaintId>,
    pub(in crate::exchange) complaint_number: Option<String>,
    /// Bytes of its body.
    pub(in crate::exchange) body_bytes: usize,
    /// Photos and signatures that it declares.
    pub(in crate::exchange) photos: Vec<String>,
    /// When it was recorded, as the device says, Unix milliseconds. A finder may backdate.
    #[schema(value_type = i64)]
    pub(in crate::exchange) claimed_at_ms: Timestamp,
    /// It says that it was recorded after this.
    pub(in crate::exchange) not_before_ms: i64,
    /// When the server got it.
    pub(in crate::exchange) received_at_ms: i64,
    /// `accepted`: a person took it up into the record. `rejected`: it stays evidence. Null while open.
    pub(in crate::exchange) decision: Option<String>,
    /// When somebody decided what becomes of it; null while open.
    pub(in crate::exchange) decided_at_ms: Option<i64>,
    pub(in crate::exchange) decided_by: Option<PersonRef>,
    pub(in crate::exchange) decision_reason: Option<String>,
}

/// An envelope in escrow with what it would have changed.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::exchange) struct EscrowedWithContent {
    #[serde(flatten)]
    pub(in crate::exchange) item: EscrowedBody,
    /// Why nobody can take it up: `forked` (the log holds another one under its number), `after_revocation` (it says that it was
    /// recorded after its device had lost its access), `no_content` (no entries of a visit). Null when a person may.
    pub(in crate::exchange) cannot_enter: Option<&'static str>,
    /// What it would change in the record, after the ones before it in escrow; of one that was taken up nothing is
    /// left. Null when it cannot enter.
    pub(in crate::exchange) would_change: Option<Vec<Difference>>,
    /// The views that `would_change` compares.
    #[serde(skip)]
    pub(in crate::exchange) compared: Option<(Value, Value)>,
}

/// Which envelopes are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct EscrowQuery {
    /// Only those that somebody decided about (`true`) or nobody (`false`).
    decided: Option<bool>,
    /// `next_cursor` of the page before.
    #[param(max_length = 400)]
    cursor: Option<String>,
    /// Entries per page.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// What becomes of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EscrowDecisionBody {
    /// `accept`: it enters the record, with its author and whoever took it up. `reject`: it stays evidence.
    decision: DecisionWord,
    /// What was found out about it; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Envelopes in escrow within reach, oldest first. A page may hold fewer than asked for: its cursor leads on.
#[utoipa::path(get, path = "/v1/escrow", tag = "escrow", security(("session" = ["clerk", "reviewer", "lead", "administrator"])), params(EscrowQuery),
    responses((status = OK, body = Page<EscrowedBody>), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_escrow(
    State(app): State<App>,
    office: OfficeAuth,
    Query(query): Query<EscrowQuery>,
) -> Result<Json<Page<EscrowedBody>>, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    Ok(Json(escrowed(&app, &office, query.decided, &page).await?))
}

/// One envelope in escrow, what it would change, and whether a person may take it up.
#[utoipa::path(get, path = "/v1/escrow/{envelope_hash}", tag = "escrow", security(("session" = ["clerk", "reviewer", "lead", "administrator"])),
    params(("envelope_hash" = String, Path)),
    responses((status = OK, body = EscrowedWithContent), (status = NOT_FOUND, description = "quarantine-unknown"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn read_escrowed(
    State(app): State<App>,
    office: OfficeAuth,
    Path(hash): Path<EnvelopeHash>,
) -> Result<Json<EscrowedWithContent>, Problem> {
    Ok(Json(escrowed_with_content(&app, &office, hash).await?))
}

/// Takes up an envelope from escrow into the record, with its author and whoever took it up named, or notes why it
/// stays evidence. The first decision counts.
#[utoipa::path(post, path = "/v1/escrow/{envelope_hash}/decision", tag = "escrow", security(("session" = ["reviewer", "lead"])),
    params(("envelope_hash" = String, Path)), request_body = EscrowDecisionBody,
    responses((status = OK, body = EscrowedWithContent), (status = NOT_FOUND, description = "quarantine-unknown"),
        (status = CONFLICT, description = "quarantine-decided, quarantine-waits"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "escrow-cannot-enter, body-invalid")))]
async fn create_escrow_decision(
    State(app): State<App>,
    office: OfficeAuth,
    Path(hash): Path<EnvelopeHash>,
    crate::wire::Body(body): crate::wire::Body<EscrowDecisionBody>,
) -> Result<Json<EscrowedWithContent>, Problem> {
    decide(&app, &office, hash, body.decision.into(), &body.reason).await?;
    Ok(Json(escrowed_with_content(&app, &office, hash).await?))
}

/// Envelopes in escrow, for the API and for pages.
pub(in crate::exchange) async fn escrowed(
    app: &App,
    office: &OfficeAuth,
    decided: Option<bool>,
    page: &PageQuery,
) -> Result<Page<EscrowedBody>, Problem> {
    let reach = reach_of(office, &READERS)?;
    let (after, limit) = (page.position::<Key>()?.unwrap_or_default(), page.limit());
    let mut tx = app.store.read().await?;
    let found = list(&mut tx, decided, &after, limit + 1).await?;
    let Page { items, next_cursor } = Page::cut(found, limit, Escrowed::key);
    let (mut names, mut bodies) = (Names::default(), Vec::with_capacity(items.len()));
    for item in items {
        bodies.extend(item.within(&mut tx, &mut names, &reach).await?);
    }
    Ok(Page { items: bodies, next_cursor })
}

/// One envelope in escrow, for the API and for pages.
pub(in crate::exchange) async fn escrowed_with_content(
    app: &App,
    office: &OfficeAuth,
    hash: EnvelopeHash,
) -> Result<EscrowedWithContent, Problem> {
    let unknown = || Problem::new(&problem::QUARANTINE_UNKNOWN);
    let reach = reach_of(office, &READERS)?;
    let mut tx = app.store.read().await?;
    let found = find(&mut tx, hash).await?.ok_or_else(unknown)?;
    let mut envelopes = earlier(&mut tx, &found).await?;
    envelopes.push(found.envelope.clone());
    let taken_up = found.decided.as_ref().is_some_and(|decided| decided.outcome == "accepted");
    let cannot_enter = if taken_up { None } else { take_up::hindrance(&mut tx, &found).await? };
    let item = found.within(&mut tx, &mut Names::default(), &reach).await?.ok_or_else(unknown)?;
    drop(tx);
    let views = match item.visit_id {
        Some(visit) => gate::preview_unlogged(app, visit, &envelopes).await?,
        None => None,
    };
    let parse = |json: String| serde_json::from_str(&json).unwrap_or(Value::Null);
    let compared = views.map(|(now, then)| (parse(now), parse(then)));
    let would_change = compared.as_ref().map(|(now, then)| differences(now, then));
    Ok(EscrowedWithContent { item, cannot_enter, would_change, compared })
}

/// Decides about an envelope in escrow, for the API and for pages.
pub(in crate::exchange) async fn decide(
    app: &App,
    office: &OfficeAuth,
    hash: EnvelopeHash,
    decision: Decision,
    reason: &str,
) -> Result<(), Problem> {
    let unknown = || Problem::new(&problem::QUARANTINE_UNKNOWN);
    let reach = reach_of(office, &DECIDERS)?;
    let reason = reason.trim();
    if !(1..=500).contains(&reason.chars().count()) || reason.contains('\0') {
        return Err(Problem::invalid_field("/reason", "1 to 500 characters"));
    }
    let mut tx = app.store.read().await?;
    let found = find(&mut tx, hash).await?.ok_or_else(unknown)?;
    let complaint = quarantine::complaint_of(&mut tx, found.envelope.header().visit).await?;
    drop(tx);
    if complaint.as_ref().is_some_and(|complaint| !reach.includes(complaint)) {
        return Err(unknown());
    }
    if found.decided.is_some() {
        return Err(Problem::new(&problem::QUARANTINE_DECIDED).with("state", "decided"));
    }
    match decision {
        Decision::Accept => take_up::take_up(app, &found, office.person_id, reason).await,
        Decision::Reject => close(app, &found.envelope, office.person_id, reason).await,
    }
}

/// It stays evidence.
async fn close(app: &App, envelope: &Envelope, by: PersonId, reason: &str) -> Result<(), Problem> {
    let now = app.clock.now();
    let mut tx = app.store.write().await?;
    if !note_decision(&mut tx, envelope.hash(), "rejected", by, reason, now).await? {
        return Err(Problem::new(&problem::QUARANTINE_DECIDED).with("state", "decided"));
    }
    let detail = Detail::new().with("envelope", envelope.hash().to_string());
    let entry = NewEntry::new(ESCROW_DECIDED, now).by(Some(by)).device(envelope.header().device);
    audit::append(&mut tx, &entry.detail(detail).because(Some(reason))).await?;
    Ok(tx.commit().await?)
}

/// False when somebody decided before.
pub(super) async fn note_decision(
    tx: &mut Tx,
    hash: EnvelopeHash,
    outcome: &'static str,
    by: PersonId,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO escrow_decisions (envelope_hash, decided_by, decided_at_ms, reason, outcome) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (envelope_hash) DO NOTHING";
    let noted = statement(SQL)
        .bind(hash.to_string())
        .bind(by.to_string())
        .bind(now.unix_ms())
        .bind(reason)
        .bind(outcome)
        .execute(tx)
        .await?;
    Ok(noted == 1)
}

type Row = (
    String,
    String,
    i64,
    i64,
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// Reports about conduct are for inspectors, who find them among the others.
const SELECT: &str = "SELECT e.envelope_hash, e.reason, e.received_at_ms, e.not_before_ms, e.cose, e.salt, e.body, \
    d.decided_at_ms, d.decided_by, d.reason, d.outcome FROM escrow e \
    LEFT JOIN escrow_decisions d ON d.envelope_hash = e.envelope_hash WHERE e.kind <> 'restricted' AND ";

async fn list(
    tx: &mut Tx,
    decided: Option<bool>,
    after: &Key,
    limit: u32,
) -> Result<Vec<Escrowed>, StoreError> {
    let (received, sequence, hash) = after.clone();
    let mut query = statement(SELECT);
    query.push("(e.received_at_ms, e.device_seq, e.envelope_hash) > (").push_bind(received);
    query.push(", ").push_bind(sequence).push(", ").push_bind(hash).push(")");
    query.push(match decided {
        Some(true) => " AND d.envelope_hash IS NOT NULL",
        Some(false) => " AND d.envelope_hash IS NULL",
        None => "",
    });
    query
        .push(" ORDER BY e.received_at_ms, e.device_seq, e.envelope_hash LIMIT ")
        .push_bind(i64::from(limit));
    let rows: Vec<Row> = query.rows(tx).await?;
    rows.into_iter().map(Escrowed::open).collect()
}

async fn find(tx: &mut Tx, hash: EnvelopeHash) -> Result<Option<Escrowed>, StoreError> {
    let mut query = statement(SELECT);
    query.push("e.envelope_hash = ").push_bind(hash.to_string());
    let row: Option<Row> = query.row_if_any(tx).await?;
    row.map(Escrowed::open).transpose()
}

/// What lies in escrow of the same device about the same visit, before this one.
async fn earlier(tx: &mut Tx, item: &Escrowed) -> Result<Vec<Envelope>, StoreError> {
    let header = item.envelope.header();
    let Some(visit) = header.visit else { return Ok(Vec::new()) };
    let mut query = statement(SELECT);
    query.push("e.device_id = ").push_bind(header.device.to_string());
    query.push(" AND e.visit_id = ").push_bind(visit.to_string());
    query.push(" AND e.device_seq < ").push_bind(as_i64(header.sequence));
    query.push(" ORDER BY e.device_seq LIMIT ").push_bind(EARLIER_MAX);
    let rows: Vec<Row> = query.rows(tx).await?;
    rows.into_iter().map(|row| Escrowed::open(row).map(|found| found.envelope)).collect()
}

impl Escrowed {
    fn open(row: Row) -> Result<Self, StoreError> {
        let (hash, reason, received_at_ms, not_before_ms, cose, salt, body, at, by, why, outcome) = row;
        let impossible = |column| StoreError::impossible("escrow", column, &hash);
        let salt = salt.try_into().map_err(|_| impossible("salt"))?;
        let envelope = Envelope::open(&cose, salt, body).map_err(|_| impossible("cose"))?;
        let decided = at.zip(by).zip(why.zip(outcome));
        let decided = decided.map(|((at_ms, by), (reason, outcome))| Decided { outcome, at_ms, by, reason });
        Ok(Self { reason, received_at_ms, not_before_ms, envelope, decided })
    }

    fn key(&self) -> Key {
        (self.received_at_ms, as_i64(self.envelope.header().sequence), self.envelope.hash().to_string())
    }

    /// The item with names, if its complaint is within reach.
    async fn within(
        self,
        tx: &mut Tx,
        names: &mut Names,
        reach: &Reach,
    ) -> Result<Option<EscrowedBody>, StoreError> {
        let complaint = quarantine::complaint_of(tx, self.envelope.header().visit).await?;
        if complaint.as_ref().is_some_and(|complaint| !reach.includes(complaint)) {
            return Ok(None);
        }
        let (header, body) = (self.envelope.header(), self.envelope.body().ok());
        let change = body.as_ref().and_then(Body::change);
        let photos = change.iter().flat_map(|change| &change.photos).map(|photo| photo.sha256.to_string());
        let (complaint_id, complaint_number) = complaint.map(|found| (found.id, found.number)).unzip();
        let decided_by = match &self.decided {
            Some(decided) => names.person_text(tx, &decided.by).await?,
            None => None,
        };
        let (decided_at_ms, decision, decision_reason) = match &self.decided {
            Some(Decided { outcome, at_ms, reason, .. }) => {
                (Some(*at_ms), Some(outcome.clone()), Some(reason.clone()))
            }
            None => (None, None, None),
        };
        Ok(Some(EscrowedBody {
            envelope_hash: self.envelope.hash(),
            reason: self.reason,
            person: names.person(tx, header.person).await?,
            device: names.device(tx, header.device).await?,
            device_sequence: header.sequence,
            kind: envelopes::kind_name(header.kind).to_owned(),
            visit_id: header.visit,
            complaint_id,
            complaint_number,
            body_bytes: self.envelope.body_bytes().len(),
            photos: photos.collect(),
            claimed_at_ms: header.claimed_at,
            not_before_ms: self.not_before_ms,
            received_at_ms: self.received_at_ms,
            decision,
            decided_at_ms,
            decided_by,
            decision_reason,
        }))
    }
}
