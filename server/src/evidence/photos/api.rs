//! The routes of the office: a visit's photos, pictures of them, and originals for a reason.

use super::given_up::give_up;
use super::model::PhotoList;
use super::pages::reachable_naming;
use super::{photos_of, sql};
use crate::app::App;
use crate::audit::{self, Detail, NewEntry};
use crate::auth::OfficeAuth;
use crate::complaints::scope::READERS;
use crate::evidence::{EVIDENCE_OPENED, Preview};
use crate::layers::Class;
use crate::pages::is_known;
use crate::people::Role;
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::wire::Body;
use crate::work_orders::reachable_visit;
use axum::Json;
use axum::body::Body as Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::time::Duration;
use sync_core::ids::{BlobHash, VisitId};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// Who may look at photos. Administrators manage the installation and see no evidence.
pub(super) const ROLES: &[Role] = READERS;
/// Originals sent at once.
const ORIGINALS_AT_ONCE: usize = 16;
/// Longest reason for opening an original.
const REASON_CHARS_MAX: usize = 300;

pub(in crate::evidence) fn routes() -> OpenApiRouter<App> {
    let pictures = OpenApiRouter::new()
        .routes(routes!(list_photos))
        .routes(routes!(create_unavailability))
        .routes(routes!(thumbnail))
        .routes(routes!(view));
    let originals = OpenApiRouter::new().routes(routes!(original));
    let originals =
        Class::new("originals", ORIGINALS_AT_ONCE, Duration::from_secs(60), 1 << 10).of(originals);
    Class::office().of(pictures).merge(originals)
}

/// The photos of a visit: "3 of 5 arrived", and for each what was signed, what came, and what the file claims.
#[utoipa::path(get, path = "/v1/visits/{visit_id}/photos", tag = "photos", security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    params(("visit_id" = String, Path, description = "The visit")),
    responses(
        (status = OK, body = PhotoList),
        (status = BAD_REQUEST, description = "no visit id"),
        (status = UNAUTHORIZED, description = "not signed in"),
        (status = FORBIDDEN, description = "another role is needed"),
        (status = NOT_FOUND, description = "no such visit within reach")))]
async fn list_photos(
    State(app): State<App>,
    auth: OfficeAuth,
    Path(visit_id): Path<VisitId>,
) -> Result<Json<PhotoList>, Problem> {
    let mut tx = app.store.read().await?;
    reachable_visit(&mut tx, &auth, ROLES, visit_id).await?;
    Ok(Json(photos_of(&app, &mut tx, visit_id).await?))
}

/// Why a photo will not come.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GiveUpPhoto {
    /// For the record: phone lost, card broken …
    #[schema(min_length = 3, max_length = 300)]
    reason: String,
}

/// Declares that the bytes of a photo that was signed on site will not come: no count waits for it any more. When they
/// come after all, the photo is whole, and the declaration stays readable.
///
/// Declaring it again answers 204 and keeps the first time and reason.
#[utoipa::path(post, path = "/v1/photos/{sha256}/unavailability", tag = "photos", request_body = GiveUpPhoto,
    security(("session" = ["reviewer", "lead"])), params(("sha256" = String, Path, description = "SHA-256, hexadecimal")),
    responses((status = NO_CONTENT), (status = FORBIDDEN, description = "role-missing"),
        (status = NOT_FOUND, description = "photo-unknown"), (status = CONFLICT, description = "photo-arrived"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_unavailability(
    State(app): State<App>,
    auth: OfficeAuth,
    Path(sha256): Path<BlobHash>,
    Body(form): Body<GiveUpPhoto>,
) -> Result<StatusCode, Problem> {
    give_up(&app, &auth, &sha256, &form.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A small picture of a photo: upright, at most 320 pixels, without metadata; until the original is here what the device
/// sent ahead.
#[utoipa::path(get, path = "/v1/photos/{sha256}/thumbnail", tag = "photos", security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    params(("sha256" = String, Path, description = "SHA-256 of the original, hexadecimal")),
    responses(
        (status = OK, description = "a JPEG", content_type = "image/jpeg"),
        (status = NOT_MODIFIED, description = "as in If-None-Match"),
        (status = BAD_REQUEST, description = "no SHA-256"),
        (status = UNAUTHORIZED, description = "not signed in"),
        (status = FORBIDDEN, description = "another role is needed"),
        (status = NOT_FOUND, description = "the bytes are not here, or there is no picture of them; reason says why")))]
async fn thumbnail(
    State(app): State<App>,
    auth: OfficeAuth,
    Path(sha256): Path<BlobHash>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    reachable_photo(&app, &auth, &sha256).await?;
    picture(&app, sha256, Preview::Thumbnail, &headers).await
}

/// A larger picture of a photo: upright, at most 1600 pixels, without metadata; until the original is here what the device
/// sent ahead.
#[utoipa::path(get, path = "/v1/photos/{sha256}/view", tag = "photos", security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    params(("sha256" = String, Path, description = "SHA-256 of the original, hexadecimal")),
    responses(
        (status = OK, description = "a JPEG", content_type = "image/jpeg"),
        (status = NOT_MODIFIED, description = "as in If-None-Match"),
        (status = BAD_REQUEST, description = "no SHA-256"),
        (status = UNAUTHORIZED, description = "not signed in"),
        (status = FORBIDDEN, description = "another role is needed"),
        (status = NOT_FOUND, description = "the bytes are not here, or there is no picture of them; reason says why")))]
async fn view(
    State(app): State<App>,
    auth: OfficeAuth,
    Path(sha256): Path<BlobHash>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    reachable_photo(&app, &auth, &sha256).await?;
    picture(&app, sha256, Preview::View, &headers).await
}

/// Refuses unless a visit within reach names the photo. Bytes that no envelope names are nobody's to look at.
async fn reachable_photo(app: &App, auth: &OfficeAuth, sha256: &BlobHash) -> Result<(), Problem> {
    let found = reachable_naming(&mut app.store.read().await?, auth, sha256).await?;
    found.map(drop).ok_or_else(|| Problem::new(&problem::PHOTO_UNKNOWN))
}

async fn picture(
    app: &App,
    sha256: BlobHash,
    kind: Preview,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    // What came ahead of the original stands in for it, under a tag of its own: it is replaced later.
    for kind in [kind, Preview::Early] {
        let etag = format!("\"{sha256}.{}\"", kind.name());
        if let Some(jpeg) = app.evidence.blobs.read_preview(&sha256, kind).await? {
            if is_known(headers, &etag) {
                return Ok((StatusCode::NOT_MODIFIED, shown_headers(&etag)).into_response());
            }
            let mut headers = shown_headers(&etag);
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
            return Ok((headers, jpeg).into_response());
        }
    }
    let blob = sql::blob(&mut app.store.read().await?, &sha256).await?;
    let (state, reason, _) = blob.ok_or_else(|| Problem::new(&problem::PHOTO_UNKNOWN))?;
    Err(Problem::new(&problem::PREVIEW_MISSING).with("preview", state).with("reason", reason))
}

/// Nothing in a picture or an original may run, be guessed at, or be kept by a cache that others use.
fn safe_headers() -> HeaderMap {
    const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
    HeaderMap::from_iter([
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
    ])
}

fn shown_headers(etag: &str) -> HeaderMap {
    let mut headers = safe_headers();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(header::ETAG, etag);
    }
    headers
}

/// Why somebody opens an original.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Reason {
    /// Recorded with name and time.
    #[param(required, min_length = 3, max_length = 300)]
    reason: Option<String>,
}

/// The original, byte for byte, as an attachment. Who opened it and why is recorded before the first byte.
#[utoipa::path(get, path = "/v1/photos/{sha256}/original", tag = "photos", security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    params(("sha256" = String, Path, description = "SHA-256, hexadecimal"), Reason),
    responses(
        (status = OK, description = "the bytes", content_type = "application/octet-stream"),
        (status = BAD_REQUEST, description = "no SHA-256"),
        (status = UNAUTHORIZED, description = "not signed in"),
        (status = FORBIDDEN, description = "another role is needed"),
        (status = NOT_FOUND, description = "the bytes are not here"),
        (status = UNPROCESSABLE_ENTITY, description = "a reason is missing or too long"),
        (status = SERVICE_UNAVAILABLE, description = "busy; come back later")))]
async fn original(
    State(app): State<App>,
    auth: OfficeAuth,
    Path(sha256): Path<BlobHash>,
    Query(Reason { reason }): Query<Reason>,
) -> Result<Response, Problem> {
    send_original(&app, &auth, &sha256, reason.as_deref().unwrap_or_default()).await
}

/// The original as an attachment, to somebody who reaches it and gives a reason, which is recorded first.
pub(super) async fn send_original(
    app: &App,
    auth: &OfficeAuth,
    sha256: &BlobHash,
    reason: &str,
) -> Result<Response, Problem> {
    reachable_photo(app, auth, sha256).await?;
    let reason = check_reason(reason)?;
    let blob = sql::blob(&mut app.store.read().await?, sha256).await?;
    let (_, _, format) = blob.ok_or_else(|| Problem::new(&problem::PHOTO_UNKNOWN))?;
    let found = app.evidence.blobs.stream(sha256).await?;
    let (size, stream) = found.ok_or_else(|| Problem::new(&problem::PHOTO_UNKNOWN))?;
    record_opening(app, auth, sha256, reason).await?;
    let extension = match format.as_deref() {
        Some("jpeg") => "jpg",
        Some("png") => "png",
        Some("webp") => "webp",
        _ => "bin",
    };
    let name = sha256.to_string();
    let disposition = format!("attachment; filename=\"{}.{extension}\"", &name[..16]);
    let mut headers = safe_headers();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_LENGTH, size.into());
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok((headers, Bytes::from_stream(stream)).into_response())
}

/// The reason, if it is one.
pub(super) fn check_reason(reason: &str) -> Result<&str, Problem> {
    let reason = reason.trim();
    let plain = !reason.chars().any(char::is_control);
    if plain && (3..=REASON_CHARS_MAX).contains(&reason.chars().count()) {
        return Ok(reason);
    }
    Err(Problem::invalid_field("/reason", "why the original is opened, 3 to 300 characters"))
}

async fn record_opening(
    app: &App,
    auth: &OfficeAuth,
    sha256: &BlobHash,
    reason: &str,
) -> Result<(), Problem> {
    let now = app.clock.now();
    let mut tx = app.store.write().await?;
    let visits = sql::visits_of(&mut tx, sha256).await?;
    let detail = Detail::new().with("sha256", sha256.to_string());
    let mut entry = NewEntry::new(EVIDENCE_OPENED, now).by(auth.actor()).detail(detail).because(Some(reason));
    if let [visit] = visits[..] {
        entry = entry.visit(visit);
    }
    let log_index = audit::append(&mut tx, &entry).await?;
    sql::record_opening(&mut tx, log_index, sha256, auth.person_id, reason, now).await?;
    Ok(tx.commit().await?)
}
