//! The route of devices.

use super::{PREVIEW_BYTES_MAX, keep};
use crate::app::App;
use crate::auth::DeviceAuth;
use crate::layers::Class;
use crate::problem::Problem;
use crate::routing::routes;
use crate::wire::RawBytes;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use std::time::Duration;
use sync_core::ids::BlobHash;
use utoipa_axum::router::OpenApiRouter;

/// Previews taken at once: each is decoded, and who finds no place sends the original instead.
const AT_ONCE: usize = 16;

pub(in crate::evidence) fn routes() -> OpenApiRouter<App> {
    let routes = OpenApiRouter::new().routes(routes!(put_preview));
    Class::new("preview", AT_ONCE, Duration::from_secs(60), PREVIEW_BYTES_MAX).of(routes)
}

/// Sends a small JPEG of a photo ahead of its bytes: at most 64 KiB, at most 1600 pixels a side.
///
/// Taken only from a device that has signed the photo in an envelope. It is shown until the original is here and
/// never counts as arrived. Repeating it changes nothing.
#[utoipa::path(put, path = "/v1/photos/{sha256}/preview", tag = "photos", security(("device" = [])),
    params(("sha256" = String, Path, description = "SHA-256 of the original, hexadecimal")),
    request_body(content = RawBytes, content_type = "image/jpeg"),
    responses(
        (status = NO_CONTENT, description = "it is shown, or is not needed any more"),
        (status = BAD_REQUEST, description = "no SHA-256"),
        (status = UNAUTHORIZED, description = "no valid token"),
        (status = FORBIDDEN, description = "the device was revoked"),
        (status = NOT_FOUND, description = "no signed record of this device names the photo"),
        (status = REQUEST_TIMEOUT, description = "the body did not come in time"),
        (status = PAYLOAD_TOO_LARGE, description = "larger than 64 KiB"),
        (status = UNPROCESSABLE_ENTITY, description = "it cannot be shown; reason says why"),
        (status = SERVICE_UNAVAILABLE, description = "busy; send the original instead"),
        (status = INSUFFICIENT_STORAGE, description = "the disk is full")))]
async fn put_preview(
    State(app): State<App>,
    auth: DeviceAuth,
    Path(sha256): Path<BlobHash>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    keep(&app, auth.device.device_id, sha256, body).await?;
    Ok(StatusCode::NO_CONTENT)
}
