//! What the office sees of envelopes that were kept aside.

use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::{DeviceRef, Names, PersonRef, reach_of};
use crate::exchange::{envelopes, quarantine};
use crate::people::Role;
use crate::problem::Problem;
use crate::store::{StoreError, Tx, on_engine};
use crate::wire::{Page, PageQuery};
use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use sync_core::ids::{ComplaintId, EnvelopeHash, VisitId};
use sync_core::log::{Body, Envelope};
use sync_core::time::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const READERS: [Role; 4] = [Role::Clerk, Role::Reviewer, Role::Lead, Role::Administrator];

pub(in crate::exchange) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_escrow))
}

/// An envelope in escrow.
struct Escrowed {
    reason: String,
    received_at_ms: i64,
    not_before_ms: i64,
    envelope: Envelope,
}

/// Time of receipt, number in the chain, hash: the order of the list.
type Key = (i64, i64, String);

/// An envelope of a revoked device or of a forked chain. It enters no record by itself.
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
}

/// Envelopes in escrow within reach, oldest first. A page may hold fewer than asked for: its cursor leads on.
#[utoipa::path(get, path = "/v1/escrow", tag = "escrow", security(("session" = ["clerk", "reviewer", "lead", "administrator"])), params(PageQuery),
    responses((status = OK, body = Page<EscrowedBody>), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_escrow(
    State(app): State<App>,
    office: OfficeAuth,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<EscrowedBody>>, Problem> {
    Ok(Json(escrowed(&app, &office, &page).await?))
}

/// Envelopes in escrow, for the API and for pages.
pub(in crate::exchange) async fn escrowed(
    app: &App,
    office: &OfficeAuth,
    page: &PageQuery,
) -> Result<Page<EscrowedBody>, Problem> {
    let reach = reach_of(office, &READERS)?;
    let (after, limit) = (page.position::<Key>()?.unwrap_or_default(), page.limit());
    let mut tx = app.store.read().await?;
    let found = list(&mut tx, &after, limit + 1).await?;
    let Page { items, next_cursor } = Page::cut(found, limit, Escrowed::key);
    let (mut names, mut bodies) = (Names::default(), Vec::with_capacity(items.len()));
    for item in items {
        let complaint = quarantine::complaint_of(&mut tx, item.envelope.header().visit).await?;
        if complaint.as_ref().is_none_or(|complaint| reach.includes(complaint)) {
            let complaint = complaint.map(|complaint| (complaint.id, complaint.number));
            bodies.push(item.into_body(&mut tx, &mut names, complaint).await?);
        }
    }
    Ok(Page { items: bodies, next_cursor })
}

async fn list(tx: &mut Tx, after: &Key, limit: u32) -> Result<Vec<Escrowed>, StoreError> {
    const SQL: &str = "SELECT envelope_hash, reason, received_at_ms, not_before_ms, cose, salt, body FROM escrow \
        WHERE (received_at_ms, device_seq, envelope_hash) > ($1, $2, $3) \
        ORDER BY received_at_ms, device_seq, envelope_hash LIMIT $4";
    type Row = (String, String, i64, i64, Vec<u8>, Vec<u8>, Vec<u8>);
    let (received, sequence, hash) = after;
    let rows: Vec<Row> = on_engine!(tx, |conn| {
        let query = sqlx::query_as(SQL).bind(received).bind(sequence).bind(hash).bind(i64::from(limit));
        query.fetch_all(conn).await
    })?;
    let open = |(hash, reason, received_at_ms, not_before_ms, cose, salt, body): Row| {
        let impossible = |column| StoreError::impossible("escrow", column, &hash);
        let salt = salt.try_into().map_err(|_| impossible("salt"))?;
        let envelope = Envelope::open(&cose, salt, body).map_err(|_| impossible("cose"))?;
        Ok(Escrowed { reason, received_at_ms, not_before_ms, envelope })
    };
    rows.into_iter().map(open).collect()
}

impl Escrowed {
    fn key(&self) -> Key {
        let sequence = i64::try_from(self.envelope.header().sequence).unwrap_or(i64::MAX);
        (self.received_at_ms, sequence, self.envelope.hash().to_string())
    }

    async fn into_body(
        self,
        tx: &mut Tx,
        names: &mut Names,
        complaint: Option<(ComplaintId, String)>,
    ) -> Result<EscrowedBody, StoreError> {
        let (header, body) = (self.envelope.header(), self.envelope.body().ok());
        let change = body.as_ref().and_then(Body::change);
        let photos = change.iter().flat_map(|change| &change.photos).map(|photo| photo.sha256.to_string());
        let (complaint_id, complaint_number) = complaint.unzip();
        Ok(EscrowedBody {
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
        })
    }
}
