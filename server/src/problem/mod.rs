//! Failures as clients see them: RFC 9457 problem documents.
//!
//! The only place that knows HTTP status codes of failures. A handler answers with a [`Problem`]; the outermost layer
//! ([`crate::layers`]) writes it down in the language of the request and with the request id. A problem document
//! carries no internals: what went wrong inside is logged once, where the problem is made.

mod registry;

pub use registry::*;

use crate::store::StoreError;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use std::fmt::Display;
use std::ops::Range;

/// One kind of failure that clients can tell apart. Its code never changes its meaning.
#[derive(Debug, PartialEq, Eq)]
pub struct ProblemType {
    /// Stable name, for example `device-unknown`.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// What happened, and what to do: title and detail in English.
    pub en: (&'static str, &'static str),
    /// The same in Chinese.
    pub zh: (&'static str, &'static str),
}

/// The two languages of everything a person reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    ZhCn,
}

impl Language {
    /// The better liked of the two languages in an `Accept-Language` header; English without one.
    pub fn from_accept(header: Option<&HeaderValue>) -> Self {
        let Some(text) = header.and_then(|value| value.to_str().ok()) else { return Self::En };
        let mut best = (0.0, Self::En);
        for part in text.split(',').take(20) {
            let (tag, parameters) = part.split_once(';').unwrap_or((part, ""));
            let quality = parameters.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse).unwrap_or(0.0);
            let language = match tag.trim().get(..2) {
                Some(tag) if tag.eq_ignore_ascii_case("zh") => Self::ZhCn,
                Some(tag) if tag.eq_ignore_ascii_case("en") => Self::En,
                _ => continue,
            };
            if quality > best.0 {
                best = (quality, language);
            }
        }
        best.1
    }

    /// The language of a tag, if it is one of the two.
    pub fn from_tag(tag: &str) -> Option<Self> {
        [Self::En, Self::ZhCn].into_iter().find(|language| language.tag() == tag)
    }

    /// The language tag, as in `Content-Language`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhCn => "zh-CN",
        }
    }
}

/// A failure on its way to the client.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: &'static ProblemType,
    members: Map<String, Value>,
    /// Seconds; the layer picks one at random so that clients do not come back together.
    retry_after_s: Option<Range<u32>>,
    challenge: Option<&'static str>,
    /// What a protocol wants said beside the document.
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A failure of this kind.
    pub fn new(kind: &'static ProblemType) -> Self {
        Self { kind, members: Map::new(), retry_after_s: None, challenge: None, headers: Vec::new() }
    }

    /// Something failed that the client can do nothing about. Logs the cause; answers 500 without it.
    pub fn internal(cause: impl Display) -> Self {
        tracing::error!(%cause, "request failed");
        Self::new(&INTERNAL)
    }

    /// One field of the body cannot be taken. `pointer` is a JSON pointer, `expected` says what would do.
    pub fn invalid_field(pointer: &str, expected: &str) -> Self {
        Self::new(&BODY_INVALID).with("errors", json!([{ "pointer": pointer, "expected": expected }]))
    }

    /// Adds a member to the document. Never a secret, a name, an address or the text of an inner error.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Tells the client when to come back: a random moment in this range of seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: Range<u32>) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Names the authentication schemes that would be accepted.
    #[must_use]
    pub fn challenge(mut self, schemes: &'static str) -> Self {
        self.challenge = Some(schemes);
        self
    }

    /// Adds a header that a protocol asks for.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.add_header(name, value);
        self
    }

    /// The same for a problem that is on its way already.
    pub fn add_header(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.push((name, value));
    }

    /// The kind of failure.
    pub fn kind(&self) -> &'static ProblemType {
        self.kind
    }

    /// The first field of the body that cannot be taken, as a JSON pointer.
    pub(crate) fn field(&self) -> Option<&str> {
        self.members.get("errors")?[0]["pointer"].as_str()
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What happened and what to do, in words.
    pub fn words(&self, language: Language) -> (&'static str, &'static str) {
        match language {
            Language::En => self.kind.en,
            Language::ZhCn => self.kind.zh,
        }
    }

    /// The document with its headers. `chance` picks the moment to come back.
    pub fn render(&self, language: Language, request_id: &str, chance: u32) -> Response {
        let (title, detail) = self.words(language);
        let mut document = self.members.clone();
        document.insert("type".into(), format!("urn:fieldloop:problem:{}", self.kind.code).into());
        document.insert("code".into(), self.kind.code.into());
        document.insert("status".into(), self.kind.status.into());
        document.insert("title".into(), title.into());
        document.insert("detail".into(), detail.into());
        document.insert("request_id".into(), request_id.into());
        let body = Value::Object(document).to_string();
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        headers.extend(self.headers.clone());
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(range) = &self.retry_after_s {
            let seconds = range.start + chance % (range.end - range.start).max(1);
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(schemes) = self.challenge {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(schemes));
        }
        response
    }
}

impl IntoResponse for Problem {
    /// Leaves the problem in the response's extensions: language and request id are known to the layer only.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Away) {
            tracing::error!("the database does not answer");
            return Self::new(&DATABASE_AWAY).retry_after(5..30);
        }
        if error.is_busy() {
            tracing::warn!(%error, "store busy");
            return Self::new(&STORE_BUSY).retry_after(1..6);
        }
        if error.is_disk_full() {
            tracing::error!(%error, "database disk full");
            return Self::new(&STORAGE_FULL).retry_after(60..180);
        }
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fmt::Write;

    #[test]
    fn the_better_liked_language_wins() {
        for (header, expected) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::ZhCn),
            ("en-GB,en;q=0.9,zh;q=0.8", Language::En),
            ("zh;q=0.2, en;q=0.7", Language::En),
            ("fr, ZH-tw;q=0.1", Language::ZhCn),
            ("fr", Language::En),
            ("电;q=x,,;;", Language::En),
        ] {
            let value = HeaderValue::from_bytes(header.as_bytes()).unwrap();
            assert_eq!(Language::from_accept(Some(&value)), expected, "{header}");
        }
        assert_eq!(Language::from_accept(None), Language::En);
    }

    #[test]
    fn every_code_is_listed_once_and_has_both_languages() {
        let codes: BTreeSet<_> = TYPES.iter().map(|kind| kind.code).collect();
        assert_eq!(codes.len(), TYPES.len());
        for kind in TYPES {
            assert!((400..600).contains(&kind.status), "{}", kind.code);
            assert!(!kind.en.0.is_empty() && !kind.en.1.is_empty(), "{}", kind.code);
            assert!(!kind.zh.0.is_ascii() && !kind.zh.1.is_ascii(), "{}", kind.code);
        }
    }

    /// `FIELDLOOP_BLESS=1 cargo test -p server problems_are_documented` writes the file anew.
    #[test]
    fn problems_are_documented() {
        let mut text = String::from(
            "# Problems\n\nEvery failure of the API is an RFC 9457 document. `type` is \
            `urn:fieldloop:problem:<code>`; codes never change their meaning. Title and detail follow \
            `Accept-Language` (en, zh-CN).\n\nWritten by `FIELDLOOP_BLESS=1 cargo test -p server problems_are_documented`.\n\n\
            | code | status | title | what to do |\n|---|---|---|---|\n",
        );
        for kind in TYPES {
            let (title, detail) = kind.en;
            writeln!(text, "| `{}` | {} | {title} · {} | {detail} |", kind.code, kind.status, kind.zh.0)
                .unwrap();
        }
        crate::testing::check_document("docs/problems.md", &text);
    }

    #[test]
    fn a_document_names_the_request_and_no_internals() {
        let problem = Problem::internal("password of the database is geheim").with("retry", true);
        let response = problem.render(Language::ZhCn, "r-1", 0);
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let text = format!("{response:?}");
        assert!(!text.contains("geheim"));
    }
}
