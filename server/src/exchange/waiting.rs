//! Envelopes that arrived and have no verdict yet: from whom, since when, and what they wait for.
//!
//! Nothing here decides anything: the gate comes back to them by itself. What an envelope waits for is read from its
//! own bytes each time, since it may have changed since it was last looked at.

use super::quarantine::{READERS, in_words};
use super::{envelopes, gate, quarantine, visits};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::pages::Change;
use crate::complaints::scope::Reach;
use crate::complaints::{DeviceRef, Names, PersonRef, reach_of};
use crate::pages::{PageRoutes, Policy, Shell, Viewer, page, see_other};
use crate::problem::{self, Problem};
use crate::routing::get;
use crate::routing::routes;
use crate::store::{StoreError, Tx, statement};
use crate::wire::{Page, PageQuery};
use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sync_core::ids::{ComplaintId, VisitId};
use sync_core::log::Envelope;
use sync_core::time::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// Items on one page.
const PER_PAGE: u32 = 50;
/// Changes that are asked for by hash: the first missing one is the answer.
const DEPS_MAX: usize = 16;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_pending))
}

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/arrivals/pending", Policy::Roles(&READERS), get(show_pending)).page(
        "/arrivals/pending/{log_index}",
        Policy::Roles(&READERS),
        get(show_waiting),
    )
}

/// An envelope that has no verdict yet. It is stored; the server comes back to it by itself.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PendingBody {
    /// Position in the server log.
    pub(super) log_index: i64,
    /// `predecessor`: it builds on something that is not in the record yet. `worker`: it only waits for its turn.
    pub(super) waits_for: &'static str,
    /// Who was signed in on the device, as it says.
    pub(super) person: PersonRef,
    pub(super) device: DeviceRef,
    /// Its number in the device's chain.
    pub(super) device_sequence: u64,
    /// `visit_begin`, `change`, `command`, `restricted`, `reissue` or `chain_restart`.
    pub(super) kind: String,
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(super) visit_id: Option<VisitId>,
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(super) complaint_id: Option<ComplaintId>,
    pub(super) complaint_number: Option<String>,
    /// When it was recorded, as the device says, Unix milliseconds.
    #[schema(value_type = i64)]
    pub(super) claimed_at_ms: Timestamp,
    /// When the server got it.
    pub(super) received_at_ms: i64,
}

/// Envelopes without a verdict within reach, oldest first. A page may hold fewer than asked for: its cursor leads on.
#[utoipa::path(get, path = "/v1/pending", tag = "quarantine", security(("session" = ["clerk", "reviewer", "lead", "administrator"])), params(PageQuery),
    responses((status = OK, body = Page<PendingBody>), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_pending(
    State(app): State<App>,
    office: OfficeAuth,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PendingBody>>, Problem> {
    Ok(Json(pending(&app, &office, &page).await?))
}

async fn pending(app: &App, office: &OfficeAuth, page: &PageQuery) -> Result<Page<PendingBody>, Problem> {
    let reach = reach_of(office, &READERS)?;
    let (after, limit) = (page.position()?.unwrap_or(0), page.limit());
    let mut tx = app.store.read().await?;
    let found = list(&mut tx, after, limit + 1).await?;
    let Page { items, next_cursor } = Page::cut(found, limit, |row| row.log_index);
    let (mut names, mut bodies) = (Names::default(), Vec::with_capacity(items.len()));
    for row in items {
        bodies.extend(row.within(&mut tx, &mut names, &reach).await?);
    }
    Ok(Page { items: bodies, next_cursor })
}

struct Waiting {
    log_index: i64,
    received_at_ms: i64,
    envelope: Envelope,
}

const SELECT: &str = "SELECT s.log_index, l.at_ms, l.cose, b.salt, b.body FROM envelope_states s \
    JOIN server_log l ON l.log_index = s.log_index JOIN envelope_bodies b ON b.log_index = s.log_index \
    WHERE s.state = 'pending' AND s.log_index ";

async fn list(tx: &mut Tx, after: i64, limit: u32) -> Result<Vec<Waiting>, StoreError> {
    let mut query = statement(SELECT);
    query.push("> ").push_bind(after).push(" ORDER BY s.log_index LIMIT ").push_bind(i64::from(limit));
    let rows: Vec<Row> = query.rows(tx).await?;
    rows.into_iter().map(Waiting::open).collect()
}

async fn find(tx: &mut Tx, log_index: i64) -> Result<Option<Waiting>, StoreError> {
    let mut query = statement(SELECT);
    query.push("= ").push_bind(log_index);
    let row: Option<Row> = query.row_if_any(tx).await?;
    row.map(Waiting::open).transpose()
}

type Row = (i64, i64, Vec<u8>, Vec<u8>, Vec<u8>);

impl Waiting {
    fn open((log_index, received_at_ms, cose, salt, body): Row) -> Result<Self, StoreError> {
        let impossible = |column| StoreError::impossible("server_log", column, log_index.to_string());
        let salt = salt.try_into().map_err(|_| impossible("salt"))?;
        let envelope = Envelope::open(&cose, salt, body).map_err(|_| impossible("cose"))?;
        Ok(Self { log_index, received_at_ms, envelope })
    }

    /// The envelope with names, if its complaint is within reach.
    async fn within(
        self,
        tx: &mut Tx,
        names: &mut Names,
        reach: &Reach,
    ) -> Result<Option<PendingBody>, StoreError> {
        let header = self.envelope.header();
        let complaint = quarantine::complaint_of(tx, header.visit).await?;
        if complaint.as_ref().is_some_and(|complaint| !reach.includes(complaint)) {
            return Ok(None);
        }
        let (complaint_id, complaint_number) = complaint.map(|found| (found.id, found.number)).unzip();
        let waits_for = if self.lacks_something(tx).await? { "predecessor" } else { "worker" };
        Ok(Some(PendingBody {
            log_index: self.log_index,
            waits_for,
            person: names.person(tx, header.person).await?,
            device: names.device(tx, header.device).await?,
            device_sequence: header.sequence,
            kind: envelopes::kind_name(header.kind).to_owned(),
            visit_id: header.visit,
            complaint_id,
            complaint_number,
            claimed_at_ms: header.claimed_at,
            received_at_ms: self.received_at_ms,
        }))
    }

    /// Whether it builds on a change that is not in the record.
    async fn lacks_something(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        const SQL: &str = "SELECT log_index FROM changes WHERE visit_id = $1 AND change_hash = $2";
        let (Some(visit), Ok(body)) = (self.envelope.header().visit, self.envelope.body()) else {
            return Ok(false);
        };
        for dep in quarantine::foreign_deps(&body).into_iter().take(DEPS_MAX) {
            let known: Option<i64> =
                statement(SQL).bind(visit.to_string()).bind(dep.to_string()).value_if_any(tx).await?;
            if known.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Envelopes without a verdict.
#[derive(Template)]
#[template(path = "arrivals/pending.html")]
struct PendingPage {
    shell: Shell,
    items: Vec<PendingBody>,
    next: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct ListQuery {
    cursor: Option<String>,
}

async fn show_pending(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let cut = PageQuery { cursor: query.cursor, limit: Some(PER_PAGE) };
    let Page { items, next_cursor } = pending(&app, &viewer.office, &cut).await?;
    let next = next_cursor.map(|cursor| format!("/arrivals/pending?cursor={cursor}"));
    Ok(page(&PendingPage { shell: viewer.shell, items, next }))
}

/// One envelope without a verdict.
#[derive(Template)]
#[template(path = "arrivals/waiting.html")]
struct WaitingPage {
    shell: Shell,
    item: PendingBody,
    /// What it would change; `None` when it cannot enter now.
    changes: Option<Vec<Change>>,
    /// Whether something that it builds on is nowhere on this server.
    ground_lost: bool,
    may_decide: bool,
}

async fn show_waiting(
    State(app): State<App>,
    viewer: Viewer,
    Path(log_index): Path<i64>,
) -> Result<Response, Problem> {
    let reach = reach_of(&viewer.office, &READERS)?;
    let mut tx = app.store.read().await?;
    // Judged meanwhile: it is no longer among those that wait.
    let Some(found) = find(&mut tx, log_index).await? else {
        return Ok(see_other("/arrivals/pending", Some("arrival-judged")));
    };
    let ground_lost = quarantine::ground_of(&mut tx, &found.envelope).await? == quarantine::Ground::Lost;
    let item = found.within(&mut tx, &mut Names::default(), &reach).await?;
    let item = item.ok_or_else(|| Problem::new(&problem::QUARANTINE_UNKNOWN))?;
    let now = match item.visit_id {
        Some(visit) => visits::view_json(&mut tx, visit).await?,
        None => None,
    };
    drop(tx);
    let then = gate::preview(&app, log_index).await?;
    let parse = |json: String| serde_json::from_str(&json).unwrap_or(Value::Null);
    let changes = match then {
        Some(then) => in_words(&app, &viewer, parse(now.unwrap_or_default()), parse(then)).await?,
        None => None,
    };
    let may_decide = Policy::Roles(&quarantine::DECIDERS).admits(&viewer.office.roles);
    Ok(page(&WaitingPage { shell: viewer.shell, item, changes, ground_lost, may_decide }))
}

#[cfg(test)]
mod tests;
