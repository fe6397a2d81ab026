//! What tests of evidence share: photos, a device that speaks tus, signed claims.

use crate::store::{Store, statement};
use crate::testing::{Answer, Call, TestApp};
use crate::{audit, auth, devices};
use axum::http::Method;
use data_encoding::BASE64;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use sync_core::ids::{BlobHash, DeviceId, VisitId};

/// A photo of the test data.
pub(super) fn photo(name: &str) -> Vec<u8> {
    let path = photo_folder().join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(super) fn photo_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/photos")
}

/// Bytes that repeat nowhere near, the same for the same seed.
pub(super) fn noise(seed: u8, length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ u64::from(seed);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

pub(super) fn hash_of(bytes: &[u8]) -> BlobHash {
    BlobHash::from_bytes(Sha256::digest(bytes).into())
}

/// An enrolled device that speaks tus.
pub(super) struct Uploader<'a> {
    pub(super) test: &'a TestApp,
    pub(super) device: DeviceId,
}

impl<'a> Uploader<'a> {
    pub(super) async fn enrolled(test: &'a TestApp, number: u8) -> Self {
        let (device, _) = devices::tests::a_device(test, &format!("technician-{number}")).await;
        Self { test, device }
    }

    /// The `Authorization` header, with a fresh token.
    pub(super) fn authorization(&self) -> String {
        let (token, _) =
            auth::issue_access_token(&self.test.app, self.device).expect("the token can be signed");
        format!("Bearer {token}")
    }

    pub(super) fn call(&self, method: Method, path: &str) -> Call<'a> {
        let call = self.test.call(method, path);
        call.header("authorization", self.authorization()).header("tus-resumable", "1.0.0")
    }

    pub(super) async fn announce(&self, bytes: &[u8], media_type: &str) -> Answer {
        self.announce_as(hash_of(bytes), bytes.len() as u64, media_type).await
    }

    pub(super) async fn announce_as(&self, sha256: BlobHash, size: u64, media_type: &str) -> Answer {
        let encode = |text: &str| BASE64.encode(text.as_bytes());
        let metadata = format!("sha256 {},media_type {}", encode(&sha256.to_string()), encode(media_type));
        self.call(Method::POST, "/v1/uploads")
            .header("upload-length", size.to_string())
            .header("upload-metadata", metadata)
            .send()
            .await
    }

    pub(super) async fn head(&self, location: &str) -> Answer {
        self.call(Method::HEAD, location).send().await
    }

    pub(super) fn patch(&self, location: &str, offset: usize, bytes: &[u8]) -> Call<'a> {
        self.call(Method::PATCH, location)
            .header("upload-offset", offset.to_string())
            .header("content-type", "application/offset+octet-stream")
            .body(bytes)
    }

    /// Announces and sends everything in one PATCH; returns the location.
    pub(super) async fn upload(&self, bytes: &[u8], media_type: &str) -> String {
        let answer = self.announce(bytes, media_type).await;
        assert_eq!(answer.status, 201, "{}", answer.json);
        let location = location_of(&answer);
        let answer = self.patch(&location, 0, bytes).send().await;
        assert_eq!(answer.status, 204, "{}", answer.json);
        location
    }
}

pub(super) fn location_of(answer: &Answer) -> String {
    answer.headers["location"].to_str().unwrap().to_owned()
}

pub(super) fn offset_of(answer: &Answer) -> usize {
    answer.headers["upload-offset"].to_str().unwrap().parse().unwrap()
}

/// A claim as the exchange writes it when a signed envelope names a photo.
pub(super) async fn claim(store: &Store, visit: VisitId, device: DeviceId, sha256: BlobHash, size: usize) {
    const SQL: &str = "INSERT INTO photo_claims (visit_id, sha256, size_bytes, media_type, device_id, person_id, \
        log_index, claimed_at_ms) VALUES ($1, $2, $3, 'image/jpeg', $4, $5, $6, $7)";
    let mut tx = store.write().await.unwrap();
    let entry =
        audit::NewEntry::new(audit::EntryKind::ENVELOPE, crate::testing::NOW).visit(visit).device(device);
    let log_index = audit::append(&mut tx, &entry).await.unwrap();
    statement(SQL)
        .bind(visit.to_string())
        .bind(sha256.to_string())
        .bind(i64::try_from(size).unwrap())
        .bind(device.to_string())
        .bind("018f3c52-8f00-7c3a-9d2e-0123456789ab")
        .bind(log_index)
        .bind(crate::testing::NOW.unix_ms())
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

pub(super) fn visit(number: u8) -> VisitId {
    VisitId::from_entropy(crate::testing::NOW, [number; 10])
}

/// As an administrator does it.
pub(super) async fn revoke(test: &TestApp, device: DeviceId) {
    let mut tx = test.app.store.write().await.unwrap();
    devices::revoke(&mut tx, device, "lost", devices::By::terminal(test.app.clock.now())).await.unwrap();
    tx.commit().await.unwrap();
}
