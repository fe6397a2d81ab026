//! The upload routes. Every answer says `Tus-Resumable: 1.0.0`, failures too.

use super::create::{self, Created};
use super::headers::{self, Checksum};
use super::lanes::{NoTurn, Turn};
use super::receive::{self, BodyEnd, Checked};
use super::{KEEP_MS, Upload, UploadError, UploadId, UploadState, finish, sql};
use crate::app::App;
use crate::auth::EvidenceAuth;
use crate::disk;
use crate::layers::Class;
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::wire::RawBytes;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use jiff::fmt::rfc2822::DateTimePrinter;
use std::time::Duration;
use sync_core::ids::DeviceId;
use utoipa_axum::router::OpenApiRouter;

/// A PATCH that goes on for longer is cut; what came is kept.
const TIME_MAX: Duration = Duration::from_secs(3 * 3600);
/// Uploads at once.
const AT_ONCE: usize = 512;

pub(in crate::evidence) fn routes() -> OpenApiRouter<App> {
    let routes = OpenApiRouter::new()
        .routes(routes!(options, create_upload))
        .routes(routes!(options_of_upload, head_upload, patch_upload, delete_upload, override_method))
        .layer(from_fn(speak_tus));
    let body_bytes_max = usize::try_from(super::UPLOAD_BYTES_MAX).unwrap_or(usize::MAX);
    Class::new("upload", AT_ONCE, TIME_MAX, body_bytes_max).of(routes)
}

/// Refuses other versions of the protocol and names ours in every answer.
async fn speak_tus(request: Request, next: Next) -> Response {
    let spoken = request.method() == Method::OPTIONS || headers::version_is_spoken(request.headers());
    let mut response = if spoken {
        next.run(request).await
    } else {
        Problem::new(&problem::UPLOAD_VERSION_UNKNOWN)
            .header(headers::TUS_VERSION, HeaderValue::from_static(headers::VERSION))
            .into_response()
    };
    let ours = HeaderValue::from_static(headers::VERSION);
    if let Some(problem) = response.extensions_mut().get_mut::<Problem>() {
        problem.add_header(headers::TUS_RESUMABLE, ours);
    } else {
        response.headers_mut().insert(headers::TUS_RESUMABLE, ours);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// What this server can do for uploads. Needs no token.
#[utoipa::path(options, path = "/v1/uploads", tag = "uploads",
    responses((status = NO_CONTENT, description = "Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm")))]
async fn options() -> Response {
    abilities()
}

/// What this server can do for uploads. Needs no token.
#[utoipa::path(options, path = "/v1/uploads/{upload_id}", tag = "uploads",
    params(("upload_id" = String, Path, description = "Any upload")),
    responses((status = NO_CONTENT, description = "Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm")))]
async fn options_of_upload() -> Response {
    abilities()
}

fn abilities() -> Response {
    let size = HeaderValue::from(super::UPLOAD_BYTES_MAX);
    let pairs = [
        (headers::TUS_VERSION, HeaderValue::from_static(headers::VERSION)),
        (headers::TUS_EXTENSION, HeaderValue::from_static(headers::EXTENSIONS)),
        (headers::TUS_MAX_SIZE, size),
        (headers::TUS_CHECKSUM_ALGORITHM, HeaderValue::from_static(headers::CHECKSUM_ALGORITHMS)),
    ];
    (StatusCode::NO_CONTENT, HeaderMap::from_iter(pairs)).into_response()
}

/// Announces bytes of evidence: `Upload-Length`, and `Upload-Metadata` with `sha256` (hexadecimal), `media_type` and
/// `visit`, each value in base64.
///
/// Repeating it is harmless: 200 with `Fieldloop-Have: 1` when the bytes are here already, 200 with `Location` and
/// `Upload-Offset` of the unfinished upload that this device had begun. A body of type
/// `application/offset+octet-stream` carries the first bytes of a new upload.
#[utoipa::path(post, path = "/v1/uploads", tag = "uploads", security(("device" = [])),
    params(
        ("Tus-Resumable" = String, Header, description = "1.0.0", pattern = r"^1\.0\.0$"),
        ("Upload-Length" = Option<u64>, Header, description = "Size in bytes; required"),
        ("Upload-Metadata" = Option<String>, Header, description = "sha256, media_type, visit; sha256 is required"),
        ("Upload-Checksum" = Option<String>, Header, description = "sha1 or sha256 of the body")),
    request_body(content = RawBytes, content_type = "application/offset+octet-stream"),
    responses(
        (status = CREATED, description = "Location of the new upload, Upload-Offset, Upload-Expires"),
        (status = OK, description = "Fieldloop-Have: 1, or Location and Upload-Offset of the unfinished upload"),
        (status = BAD_REQUEST, description = "a header is missing or wrong"),
        (status = UNAUTHORIZED, description = "no valid token"),
        (status = FORBIDDEN, description = "the device was revoked or suspended"),
        (status = REQUEST_TIMEOUT, description = "the body stopped; what came is kept"),
        (status = CONFLICT, description = "a newer request took over"),
        (status = PRECONDITION_FAILED, description = "Tus-Resumable is missing or another version"),
        (status = PAYLOAD_TOO_LARGE, description = "larger than evidence may be"),
        (status = UNPROCESSABLE_ENTITY, description = "the signed claim has another size, or the bytes another hash"),
        (status = TOO_MANY_REQUESTS, description = "too many unfinished uploads of this device"),
        (status = 460, description = "the body has another checksum; nothing of it was kept"),
        (status = SERVICE_UNAVAILABLE, description = "busy; come back later"),
        (status = INSUFFICIENT_STORAGE, description = "the disk is full; nothing was lost")))]
async fn create_upload(
    State(app): State<App>,
    auth: EvidenceAuth,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let device = auth.device.device_id;
    let announced = headers::announced(&headers)?;
    match create::create(&app, &device, &announced).await? {
        Created::Have => Ok((StatusCode::OK, [(headers::HAVE, "1")]).into_response()),
        Created::Again(upload) => {
            let turn = take_turn(&app, &upload.id).await?;
            let progress = settle(app, device, upload, turn).await?;
            Ok((StatusCode::OK, progress.headers_with_location()).into_response())
        }
        Created::New(upload) => {
            let mut progress = Progress { offset: 0, upload };
            if headers::carries_bytes(&headers) {
                let checksum = Checksum::from_headers(&headers)?;
                let turn = take_turn(&app, &progress.upload.id).await?;
                let sent = Sent { offset: 0, checksum, body };
                progress = receive(app, device, progress.upload, turn, sent).await?;
            }
            Ok((StatusCode::CREATED, progress.headers_with_location()).into_response())
        }
    }
}

/// How far an upload is. Ends an older request for the same upload; what that one received is counted.
#[utoipa::path(head, path = "/v1/uploads/{upload_id}", tag = "uploads", security(("device" = [])),
    params(("upload_id" = String, Path, description = "From Location"),
        ("Tus-Resumable" = String, Header, description = "1.0.0", pattern = r"^1\.0\.0$")),
    responses(
        (status = OK, description = "Upload-Offset: everything before it is durable; Upload-Length, Upload-Expires"),
        (status = UNAUTHORIZED, description = "no valid token"),
        (status = FORBIDDEN, description = "the device was revoked or suspended"),
        (status = NOT_FOUND, description = "no upload of this device"),
        (status = CONFLICT, description = "a newer request took over"),
        (status = GONE, description = "expired"),
        (status = PRECONDITION_FAILED, description = "Tus-Resumable is missing or another version"),
        (status = UNPROCESSABLE_ENTITY, description = "the bytes were refused: they are not the announced ones"),
        (status = SERVICE_UNAVAILABLE, description = "busy; come back later")))]
async fn head_upload(
    State(app): State<App>,
    auth: EvidenceAuth,
    Path(upload_id): Path<String>,
) -> Result<Response, Problem> {
    let device = auth.device.device_id;
    let (upload, turn) = open_upload(&app, &device, &upload_id).await?;
    let progress = settle(app, device, upload, turn).await?;
    let mut headers = progress.headers();
    let announced = headers::Announced {
        sha256: progress.upload.sha256,
        size_bytes: progress.upload.size_bytes,
        media_type: progress.upload.media_type.clone(),
        visit: progress.upload.visit,
    };
    headers.insert(headers::UPLOAD_LENGTH, progress.upload.size_bytes.into());
    if let Ok(metadata) = headers::metadata_of(&announced).parse() {
        headers.insert(headers::UPLOAD_METADATA, metadata);
    }
    Ok((StatusCode::OK, headers).into_response())
}

/// Sends bytes from `Upload-Offset` on, as many as the connection carries: what arrives is kept even when it breaks.
///
/// With `Upload-Checksum` the body is kept whole or not at all. With the last byte the hash decides.
#[utoipa::path(patch, path = "/v1/uploads/{upload_id}", tag = "uploads", security(("device" = [])),
    params(("upload_id" = String, Path, description = "From Location"),
        ("Tus-Resumable" = String, Header, description = "1.0.0", pattern = r"^1\.0\.0$"),
        ("Upload-Offset" = Option<u64>, Header, description = "Where the body begins; required"),
        ("Upload-Checksum" = Option<String>, Header, description = "sha1 or sha256 of the body")),
    request_body(content = RawBytes, content_type = "application/offset+octet-stream"),
    responses(
        (status = NO_CONTENT, description = "Upload-Offset: everything before it is durable"),
        (status = BAD_REQUEST, description = "a header is missing or wrong"),
        (status = UNAUTHORIZED, description = "no valid token"),
        (status = FORBIDDEN, description = "the device was revoked or suspended, perhaps meanwhile"),
        (status = NOT_FOUND, description = "no upload of this device"),
        (status = REQUEST_TIMEOUT, description = "the body stopped; what came is kept"),
        (status = CONFLICT, description = "another offset is expected, or a newer request took over"),
        (status = GONE, description = "expired"),
        (status = PRECONDITION_FAILED, description = "Tus-Resumable is missing or another version"),
        (status = PAYLOAD_TOO_LARGE, description = "the body goes beyond Upload-Length"),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "not application/offset+octet-stream"),
        (status = UNPROCESSABLE_ENTITY, description = "the bytes are not the announced ones"),
        (status = 460, description = "the body has another checksum; nothing of it was kept"),
        (status = SERVICE_UNAVAILABLE, description = "busy; come back later"),
        (status = INSUFFICIENT_STORAGE, description = "the disk is full; nothing was lost")))]
async fn patch_upload(
    State(app): State<App>,
    auth: EvidenceAuth,
    Path(upload_id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    if !headers::carries_bytes(&headers) {
        return Err(Problem::new(&problem::MEDIA_TYPE_UNKNOWN));
    }
    let sent = Sent { offset: headers::offset(&headers)?, checksum: Checksum::from_headers(&headers)?, body };
    let device = auth.device.device_id;
    let (upload, turn) = open_upload(&app, &device, &upload_id).await?;
    let length = headers::count(&headers, &header::CONTENT_LENGTH)?.unwrap_or(0);
    if sent.offset.saturating_add(length) > upload.size_bytes {
        return Err(Problem::new(&problem::UPLOAD_TOO_LARGE).with("bytes_max", upload.size_bytes));
    }
    let progress = receive(app, device, upload, turn, sent).await?;
    Ok((StatusCode::NO_CONTENT, progress.headers()).into_response())
}

/// Gives up an unfinished upload and deletes its bytes. Evidence that is whole stays.
#[utoipa::path(delete, path = "/v1/uploads/{upload_id}", tag = "uploads", security(("device" = [])),
    params(("upload_id" = String, Path, description = "From Location"),
        ("Tus-Resumable" = String, Header, description = "1.0.0", pattern = r"^1\.0\.0$")),
    responses(
        (status = NO_CONTENT, description = "forgotten"),
        (status = UNAUTHORIZED, description = "no valid token"),
        (status = FORBIDDEN, description = "the device was revoked or suspended"),
        (status = NOT_FOUND, description = "no upload of this device"),
        (status = CONFLICT, description = "a newer request took over"),
        (status = GONE, description = "expired"),
        (status = PRECONDITION_FAILED, description = "Tus-Resumable is missing or another version"),
        (status = SERVICE_UNAVAILABLE, description = "busy; come back later")))]
async fn delete_upload(
    State(app): State<App>,
    auth: EvidenceAuth,
    Path(upload_id): Path<String>,
) -> Result<StatusCode, Problem> {
    let (upload, _turn) = open_upload(&app, &auth.device.device_id, &upload_id).await?;
    if upload.state == UploadState::Open {
        let mut tx = app.store.write().await?;
        sql::delete(&mut tx, &upload.id).await?;
        tx.commit().await?;
        app.evidence.uploads.spool.remove(upload.id.as_str()).await.map_err(UploadError::from)?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// For networks that let only GET and POST through: `X-HTTP-Method-Override` names PATCH, DELETE or HEAD.
#[utoipa::path(post, path = "/v1/uploads/{upload_id}", tag = "uploads", security(("device" = [])),
    params(("upload_id" = String, Path, description = "From Location"),
        ("Tus-Resumable" = String, Header, description = "1.0.0", pattern = r"^1\.0\.0$"),
        ("X-HTTP-Method-Override" = Option<String>, Header, description = "PATCH, DELETE or HEAD; required")),
    request_body(content = RawBytes, content_type = "application/offset+octet-stream"),
    responses(
        (status = NO_CONTENT, description = "as the method named"),
        (status = OK, description = "as the method named"),
        (status = BAD_REQUEST, description = "a header is missing or wrong"),
        (status = UNAUTHORIZED, description = "no valid token"),
        (status = FORBIDDEN, description = "the device was revoked or suspended"),
        (status = NOT_FOUND, description = "no upload of this device"),
        (status = REQUEST_TIMEOUT, description = "the body stopped; what came is kept"),
        (status = CONFLICT, description = "another offset is expected, or a newer request took over"),
        (status = GONE, description = "expired"),
        (status = PRECONDITION_FAILED, description = "Tus-Resumable is missing or another version"),
        (status = PAYLOAD_TOO_LARGE, description = "the body goes beyond Upload-Length"),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "not application/offset+octet-stream"),
        (status = UNPROCESSABLE_ENTITY, description = "the bytes are not the announced ones"),
        (status = 460, description = "the body has another checksum; nothing of it was kept"),
        (status = SERVICE_UNAVAILABLE, description = "busy; come back later"),
        (status = INSUFFICIENT_STORAGE, description = "the disk is full; nothing was lost")))]
async fn override_method(
    state: State<App>,
    auth: EvidenceAuth,
    path: Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let method =
        headers.get(headers::METHOD_OVERRIDE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match method.to_ascii_uppercase().as_str() {
        "PATCH" => patch_upload(state, auth, path, headers, body).await,
        "DELETE" => Ok(delete_upload(state, auth, path).await?.into_response()),
        "HEAD" => head_upload(state, auth, path).await,
        _ => Err(Problem::new(&problem::UPLOAD_HEADER_INVALID)
            .with("header", headers::METHOD_OVERRIDE.as_str())
            .with("expected", "PATCH, DELETE or HEAD")),
    }
}

/// The bytes of one request.
struct Sent {
    offset: u64,
    checksum: Option<Checksum>,
    body: Body,
}

/// Where an upload stands: everything before `offset` is durable.
struct Progress {
    upload: Upload,
    offset: u64,
}

impl Progress {
    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(headers::UPLOAD_OFFSET, self.offset.into());
        if self.upload.state == UploadState::Open {
            insert_text(&mut headers, headers::UPLOAD_EXPIRES, &http_date(self.upload.expires_at.unix_s()));
        }
        headers
    }

    fn headers_with_location(&self) -> HeaderMap {
        let mut headers = self.headers();
        insert_text(&mut headers, header::LOCATION, &format!("/v1/uploads/{}", self.upload.id));
        headers
    }
}

fn insert_text(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

/// A time as HTTP writes it; empty outside of the years that can be written.
fn http_date(unix_s: i64) -> String {
    const PRINTER: DateTimePrinter = DateTimePrinter::new();
    let time = jiff::Timestamp::from_second(unix_s);
    time.ok().and_then(|time| PRINTER.timestamp_to_rfc9110_string(&time).ok()).unwrap_or_default()
}

/// The upload of this device, with the right to work on it.
async fn open_upload(app: &App, device: &DeviceId, upload_id: &str) -> Result<(Upload, Turn), Problem> {
    let unknown = || Problem::new(&problem::UPLOAD_UNKNOWN);
    let id: UploadId = upload_id.parse().map_err(|_| unknown())?;
    // Asked before the turn is taken, so that a stranger cannot end somebody's request.
    let find = async || -> Result<Option<Upload>, Problem> {
        let mut tx = app.store.read().await?;
        Ok(sql::find(&mut tx, &id).await?.filter(|upload| upload.device == *device))
    };
    find().await?.ok_or_else(unknown)?;
    let turn = take_turn(app, &id).await?;
    let upload = find().await?.ok_or_else(unknown)?;
    if upload.state == UploadState::Open && upload.is_expired(app.clock.now()) {
        return Err(Problem::new(&problem::UPLOAD_EXPIRED));
    }
    Ok((upload, turn))
}

async fn take_turn(app: &App, id: &UploadId) -> Result<Turn, Problem> {
    app.evidence.uploads.lanes.take(id.as_str()).await.map_err(|error| match error {
        NoTurn::Superseded => Problem::new(&problem::UPLOAD_SUPERSEDED),
        NoTurn::Busy => Problem::new(&problem::STORE_BUSY).retry_after(1..6),
    })
}

/// Says where the upload stands, after taking its last step if a killed server left it undone.
async fn settle(app: App, device: DeviceId, upload: Upload, turn: Turn) -> Result<Progress, Problem> {
    let nothing = Sent { offset: u64::MAX, checksum: None, body: Body::empty() };
    receive(app, device, upload, turn, nothing).await
}

/// Takes the bytes in a task that goes on when the client is gone.
async fn receive(
    app: App,
    device: DeviceId,
    upload: Upload,
    turn: Turn,
    sent: Sent,
) -> Result<Progress, Problem> {
    let task = tokio::spawn(async move { receive_all(&app, &device, upload, turn, sent).await });
    task.await.unwrap_or_else(|error| Err(Problem::internal(error)))
}

async fn receive_all(
    app: &App,
    device: &DeviceId,
    mut upload: Upload,
    mut turn: Turn,
    sent: Sent,
) -> Result<Progress, Problem> {
    let only_asks = sent.offset == u64::MAX;
    if upload.state == UploadState::Open {
        let spool = &app.evidence.uploads.spool;
        let mut part = spool.part(upload.id.as_str()).await.map_err(UploadError::from)?;
        if !only_asks {
            check_offset(sent.offset, part.durable_bytes())?;
            check_room(app, upload.size_bytes, part.durable_bytes())?;
            extend(app, &mut upload).await?;
            let end = match sent.checksum {
                None => {
                    receive::append(app, device, &mut turn, &mut part, sent.body, upload.size_bytes).await
                }
                Some(checksum) => {
                    let checked =
                        Checked { checksum, spool, upload: &upload.id, size_bytes: upload.size_bytes };
                    receive::append_checked(app, device, &mut turn, &mut part, sent.body, checked).await
                }
            };
            problem_of(end?)?;
        }
        if part.durable_bytes() < upload.size_bytes {
            return Ok(Progress { offset: part.durable_bytes(), upload });
        }
        drop(part);
        upload.state = finish::finish(app, &upload).await?;
    } else if !only_asks && sent.offset != upload.size_bytes {
        check_offset(sent.offset, upload.size_bytes)?;
    }
    if let UploadState::Refused { found } = &upload.state {
        return Err(Problem::new(&problem::UPLOAD_HASH_DIFFERS)
            .with("announced_sha256", upload.sha256.to_string())
            .with("found_sha256", found.to_string()));
    }
    Ok(Progress { offset: upload.size_bytes, upload })
}

fn check_offset(sent: u64, expected: u64) -> Result<(), Problem> {
    if sent == expected {
        return Ok(());
    }
    Err(Problem::new(&problem::UPLOAD_OFFSET_DIFFERS)
        .with("expected_offset", expected)
        .header(headers::UPLOAD_OFFSET, expected.into()))
}

/// Photos leave room for the records: the rest of this one and its copy in the blob store must fit beside the reserve.
fn check_room(app: &App, size_bytes: u64, durable_bytes: u64) -> Result<(), Problem> {
    let needed = (app.config.data.disk_free_mib_min << 20) + 2 * size_bytes - durable_bytes;
    match disk::free_bytes(&app.config.data.folder) {
        Ok(free) if free < needed => {
            tracing::error!(free, needed, "disk of the uploads nearly full");
            Err(Problem::new(&problem::STORAGE_FULL).retry_after(60..180))
        }
        // Where the room cannot be asked for, the write itself will tell.
        _ => Ok(()),
    }
}

fn problem_of(end: BodyEnd) -> Result<(), Problem> {
    match end {
        BodyEnd::Complete => Ok(()),
        BodyEnd::Broken | BodyEnd::Silent => Err(Problem::new(&problem::UPLOAD_INTERRUPTED)),
        BodyEnd::Superseded => Err(Problem::new(&problem::UPLOAD_SUPERSEDED)),
        BodyEnd::Barred(barred) => Err(barred.into()),
        BodyEnd::ChecksumDiffers => Err(Problem::new(&problem::UPLOAD_CHECKSUM_DIFFERS)),
    }
}

/// Keeps an upload for longer that is being worked on; writes at most once a day.
async fn extend(app: &App, upload: &mut Upload) -> Result<(), Problem> {
    let expires_at = app.clock.now().plus_ms(KEEP_MS);
    if expires_at.since_ms(upload.expires_at) < 24 * 3_600_000 {
        return Ok(());
    }
    let mut tx = app.store.write().await?;
    sql::extend(&mut tx, &upload.id, expires_at).await?;
    tx.commit().await?;
    upload.expires_at = expires_at;
    Ok(())
}
