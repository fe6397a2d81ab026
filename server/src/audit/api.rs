//! Reading the server log.

use super::sql::{self, Entry};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::people::Role;
use crate::problem::Problem;
use crate::routing::routes;
use crate::wire::{Page, PageQuery};
use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// Routes of this capability.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_entries))
}

/// An entry of the server log.
#[derive(Serialize, ToSchema)]
struct EntryAnswer {
    /// Its position; there are no gaps.
    log_index: i64,
    epoch: i64,
    /// A stable word such as `device.revoked`.
    kind: String,
    at_ms: i64,
    /// Who acted; null: the installation, a device, or somebody on the server's terminal.
    person_id: Option<String>,
    /// The device that acted or that the act is about.
    device_id: Option<String>,
    /// Number of an envelope in its device's chain.
    device_seq: Option<i64>,
    envelope_hash: Option<String>,
    visit_id: Option<String>,
    /// The canonical bytes of the entry (CBOR), base64.
    entry: String,
    /// SHA-256 of these bytes, hexadecimal.
    entry_sha256: String,
}

impl From<Entry> for EntryAnswer {
    fn from(entry: Entry) -> Self {
        Self {
            log_index: entry.log_index,
            epoch: entry.epoch,
            kind: entry.kind,
            at_ms: entry.at_ms,
            person_id: entry.person_id,
            device_id: entry.device_id,
            device_seq: entry.device_seq,
            envelope_hash: entry.envelope_hash,
            visit_id: entry.visit_id,
            entry: data_encoding::BASE64.encode(&entry.entry),
            entry_sha256: entry.entry_sha256,
        }
    }
}

/// The server log, oldest entry first.
#[utoipa::path(get, path = "/v1/server-log", tag = "audit", params(PageQuery), security(("session" = ["administrator"])),
    responses((status = OK, body = Page<EntryAnswer>)))]
async fn list_entries(
    State(app): State<App>,
    office: OfficeAuth,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<EntryAnswer>>, Problem> {
    office.require(&[Role::Administrator])?;
    let after: Option<i64> = page.position()?;
    let limit = page.limit();
    let mut tx = app.store.read().await?;
    let entries = sql::list(&mut tx, after.unwrap_or(0), limit + 1).await?;
    Ok(Json(Page::cut(entries, limit, |entry| entry.log_index).map(EntryAnswer::from)))
}
