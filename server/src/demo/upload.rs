//! Bytes of photos on their way to the server, by tus 1.0.

use super::SeedError;
use super::client::Client;
use super::device::{Device, PhotoOnDevice};
use axum::http::{Method, header};
use data_encoding::BASE64;
use std::collections::BTreeMap;

/// Sends the photos of a device: all of them, or of the named visits the given part of each photo.
pub(super) async fn send(
    client: &Client,
    device: &mut Device,
    percents: &BTreeMap<String, BTreeMap<String, u8>>,
) -> Result<(), SeedError> {
    let token = device.token().map(str::to_owned);
    let token = token.ok_or_else(|| SeedError::Story { what: "the device has no token".into() })?;
    for photo in device.photos_mut() {
        let named = percents.get(&photo.visit_key).and_then(|photos| photos.get(&photo.key));
        let percent = usize::from(named.copied().unwrap_or(100).min(100));
        if percent > 0 {
            send_one(client, &token, photo, percent).await?;
        }
    }
    Ok(())
}

async fn send_one(
    client: &Client,
    token: &str,
    photo: &mut PhotoOnDevice,
    percent: usize,
) -> Result<(), SeedError> {
    let tus = || {
        vec![
            ("tus-resumable", "1.0.0".to_owned()),
            (header::AUTHORIZATION.as_str(), format!("Bearer {token}")),
        ]
    };
    let encode = |text: &str| BASE64.encode(text.as_bytes());
    let (hash, kind) = (photo.claim.sha256.to_string(), &photo.claim.media_type);
    let metadata = format!(
        "sha256 {},media_type {},visit {}",
        encode(&hash),
        encode(kind),
        encode(&photo.visit.to_string())
    );
    let mut headers = tus();
    headers.push(("upload-length", photo.bytes.len().to_string()));
    headers.push(("upload-metadata", metadata));
    let answer = client.send(Method::POST, "/v1/uploads", &headers, Vec::new()).await?;
    if answer.headers.contains_key("fieldloop-have") {
        photo.sent = true;
        return Ok(());
    }
    let place = answer.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    let place = place.ok_or_else(|| SeedError::Story { what: "an upload without a place".into() })?;
    let count = photo.bytes.len() * percent / 100;
    let mut headers = tus();
    headers.push(("upload-offset", "0".to_owned()));
    headers.push((header::CONTENT_TYPE.as_str(), "application/offset+octet-stream".to_owned()));
    client.send(Method::PATCH, place, &headers, photo.bytes[..count].to_vec()).await?;
    photo.sent = count == photo.bytes.len();
    Ok(())
}
