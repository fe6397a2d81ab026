//! Requests that may be repeated: the `Idempotency-Key` header on POST.
//!
//! The answer is kept in the transaction of the act itself, for 48 hours, under the person and the key. The same key
//! with the same request gets the same answer again and nothing happens twice; with another request it is refused.
//! Only successes are kept: a refused request changed nothing and may be repeated as it is.

use crate::problem::{self, Problem};
use crate::store::{StoreError, Tx, statement};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx_macros::FromRow;
use sync_core::ids::PersonId;
use sync_core::time::Timestamp;

/// How long an answer is kept.
const KEPT_MS: i64 = 48 * 3_600_000;
/// Answers forgotten along the way whenever one is kept.
const FORGET_AT_ONCE: i64 = 50;
/// The header that carries the key.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Tells that an answer was kept from an earlier request.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The key of a request, and the address it was sent to.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    key: Option<String>,
    target: String,
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let target = format!("{} {}", parts.method, parts.uri.path());
        let Some(value) = parts.headers.get(IDEMPOTENCY_KEY) else { return Ok(Self { key: None, target }) };
        let plain =
            |text: &&str| (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        match value.to_str().ok().filter(plain) {
            Some(key) => Ok(Self { key: Some(key.to_owned()), target }),
            None => Err(Problem::new(&problem::IDEMPOTENCY_KEY_INVALID)),
        }
    }
}

/// An answer that can be kept and given again.
#[derive(Debug, Clone, FromRow)]
pub struct Kept {
    status: i64,
    location: Option<String>,
    etag: Option<String>,
    body: String,
    #[sqlx(skip)]
    replayed: bool,
}

impl Kept {
    /// A body with this status.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).unwrap_or_default();
        Self { status: i64::from(status.as_u16()), location: None, etag: None, body, replayed: false }
    }

    /// Names where the new thing is found.
    #[must_use]
    pub fn location(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }

    /// Names its version.
    #[must_use]
    pub fn etag(mut self, etag: impl Into<String>) -> Self {
        self.etag = Some(etag.into());
        self
    }
}

impl IntoResponse for Kept {
    fn into_response(self) -> Response {
        let status = u16::try_from(self.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        let mut response = (status.unwrap_or(StatusCode::OK), self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let named = [(header::LOCATION, self.location), (header::ETAG, self.etag)];
        for (name, value) in named {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                headers.insert(name, value);
            }
        }
        if self.replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// A request with its key, if it has one.
#[derive(Debug)]
pub struct Repeatable {
    person: PersonId,
    key: Option<String>,
    request_sha256: String,
    now: Timestamp,
}

impl IdempotencyKey {
    /// The request of this person with this body.
    pub fn of(self, person: PersonId, body: &impl Serialize, now: Timestamp) -> Repeatable {
        let body = serde_json::to_vec(body).unwrap_or_default();
        let digest = Sha256::new().chain_update(self.target).chain_update([0]).chain_update(body).finalize();
        Repeatable { person, key: self.key, request_sha256: data_encoding::HEXLOWER.encode(&digest), now }
    }
}

#[derive(FromRow)]
struct KeptRow {
    request_sha256: String,
    #[sqlx(flatten)]
    kept: Kept,
}

impl Repeatable {
    /// The answer that this request got before.
    ///
    /// # Errors
    /// `idempotency-key-reused` when the key was used for another request.
    pub async fn answered(&self, tx: &mut Tx) -> Result<Option<Kept>, Problem> {
        const SQL: &str = "SELECT request_sha256, status, location, etag, body FROM idempotency_keys \
            WHERE person_id = $1 AND key = $2 AND answered_at_ms > $3";
        let Some(key) = &self.key else { return Ok(None) };
        let (person, since) = (self.person.to_string(), self.now.unix_ms() - KEPT_MS);
        let row: Option<KeptRow> = statement(SQL).bind(person).bind(key).bind(since).row_if_any(tx).await?;
        match row {
            None => Ok(None),
            Some(row) if row.request_sha256 == self.request_sha256 => {
                Ok(Some(Kept { replayed: true, ..row.kept }))
            }
            Some(_) => Err(Problem::new(&problem::IDEMPOTENCY_KEY_REUSED)),
        }
    }

    /// Keeps the answer within the transaction of the act.
    pub async fn keep(&self, tx: &mut Tx, answer: &Kept) -> Result<(), Problem> {
        let Some(key) = &self.key else { return Ok(()) };
        forget_old(tx, self.now).await?;
        match insert(tx, self, key, answer).await {
            // The same request is being answered elsewhere at this moment: this one is rolled back.
            Err(error) if error.is_unique_violation() => {
                Err(Problem::new(&problem::STORE_BUSY).retry_after(1..3))
            }
            other => Ok(other?),
        }
    }
}

async fn insert(tx: &mut Tx, request: &Repeatable, key: &str, answer: &Kept) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO idempotency_keys (person_id, key, request_sha256, status, location, etag, body, \
        answered_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    statement(SQL)
        .bind(request.person.to_string())
        .bind(key)
        .bind(&request.request_sha256)
        .bind(answer.status)
        .bind(&answer.location)
        .bind(&answer.etag)
        .bind(&answer.body)
        .bind(request.now.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

async fn forget_old(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM idempotency_keys WHERE (person_id, key) IN (SELECT o.person_id, o.key \
        FROM idempotency_keys o WHERE o.answered_at_ms <= $1 ORDER BY o.answered_at_ms LIMIT $2)";
    let until = now.unix_ms() - KEPT_MS;
    statement(SQL).bind(until).bind(FORGET_AT_ONCE).execute(tx).await?;
    Ok(())
}
