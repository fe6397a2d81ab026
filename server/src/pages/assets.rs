//! Style sheets and scripts, part of this program. `server/assets/manifest.toml` says where each came from.
//!
//! Their addresses carry a piece of their hash, so browsers keep them for ever and a new version is fetched at once.

use crate::app::App;
use crate::problem::{self, Problem};
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    tag: String,
}

macro_rules! asset {
    ($name:literal, $kind:literal) => {
        Asset::new($name, $kind, include_bytes!(concat!("../../assets/", $name)))
    };
}

static ASSETS: LazyLock<[Asset; 5]> = LazyLock::new(|| {
    [
        asset!("pico.min.css", "text/css; charset=utf-8"),
        asset!("fieldloop.css", "text/css; charset=utf-8"),
        asset!("htmx.min.js", "text/javascript; charset=utf-8"),
        asset!("fieldloop.js", "text/javascript; charset=utf-8"),
        asset!("icon.svg", "image/svg+xml"),
    ]
});

impl Asset {
    fn new(name: &'static str, kind: &'static str, bytes: &'static [u8]) -> Self {
        let tag = data_encoding::HEXLOWER.encode(&Sha256::digest(bytes)[..8]);
        Self { name, kind, bytes, tag }
    }
}

/// Where pages find an asset.
///
/// # Panics
/// When there is no asset of this name: templates name only those that exist.
pub(crate) fn href(name: &str) -> String {
    let asset = ASSETS.iter().find(|asset| asset.name == name).expect("templates name existing assets");
    format!("/assets/{}/{}", asset.tag, asset.name)
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/assets/{tag}/{name}", get(read_asset))
}

/// One asset; the tag in the path only makes the address change with the bytes.
async fn read_asset(Path((_, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return Problem::new(&problem::NOT_FOUND).into_response();
    };
    let etag = format!("\"{}\"", asset.tag);
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == etag.as_str()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let mut response = asset.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}
