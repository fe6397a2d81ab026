//! What all JSON capabilities have in common: bodies, pages, versions.

use crate::problem::{self, Problem};
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_path_to_error::{Path, Segment};
use std::fmt::Write;
use utoipa::{IntoParams, ToSchema};

/// A JSON body. What cannot be understood is answered with a problem that names the place.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = json_bytes(request, state).await?;
        let mut decoder = serde_json::Deserializer::from_slice(&bytes);
        let body = serde_path_to_error::deserialize(&mut decoder)
            .map_err(|error| Problem::invalid_field(&pointer(error.path()), &expected(error.inner())))?;
        decoder.end().map_err(|error| Problem::invalid_field("", &expected(&error)))?;
        Ok(Self(body))
    }
}

async fn json_bytes(request: Request, state: &(impl Send + Sync)) -> Result<Bytes, Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::new(&problem::MEDIA_TYPE_UNKNOWN));
    }
    Bytes::from_request(request, state).await.map_err(|_| Problem::new(&problem::BODY_TOO_LARGE))
}

fn is_json(headers: &HeaderMap) -> bool {
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// The place of a mistake as a JSON pointer.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Map { key } => {
                let _ = write!(pointer, "/{}", key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Seq { index } => {
                let _ = write!(pointer, "/{index}");
            }
            // The name of a variant stands in no document, and beyond the unknown there is nothing to name.
            Segment::Enum { .. } => {}
            Segment::Unknown => break,
        }
    }
    pointer
}

/// What the decoder expected, without the part of its message that may quote the body.
fn expected(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.split_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None if message.starts_with("missing field") || message.starts_with("unknown field") => message,
        None if error.is_data() => "a value of the described shape".to_owned(),
        None => "valid JSON of the described shape".to_owned(),
    }
}

/// A body of bytes, as the document describes it.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct RawBytes(pub Vec<u8>);

/// Which part of a list is wanted.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `next_cursor` of the page before.
    #[param(max_length = 400)]
    pub cursor: Option<String>,
    /// Entries per page.
    #[param(minimum = 1, maximum = 500)]
    #[serde(default, deserialize_with = "limit_in_range")]
    pub limit: Option<u32>,
}

/// Entries of a page when the client does not say.
const LIMIT_DEFAULT: u32 = 100;
/// Entries of a page at most.
const LIMIT_MAX: u32 = 500;

fn limit_in_range<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let limit = Option::<u32>::deserialize(deserializer)?;
    match limit {
        Some(limit) if !(1..=LIMIT_MAX).contains(&limit) => {
            Err(serde::de::Error::custom(format_args!("limit: expected 1 to {LIMIT_MAX}")))
        }
        _ => Ok(limit),
    }
}

impl PageQuery {
    /// How many entries to give.
    pub fn limit(&self) -> u32 {
        self.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX)
    }

    /// The key of the last entry the client has.
    ///
    /// # Errors
    /// A problem when the cursor did not come from this list.
    pub fn position<K: DeserializeOwned>(&self) -> Result<Option<K>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let bytes = data_encoding::BASE64URL_NOPAD.decode(cursor.as_bytes()).ok();
        let key = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        key.map(Some).ok_or_else(|| Problem::new(&problem::QUERY_INVALID).with("parameter", "cursor"))
    }
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of `limit` entries from a list that was read with one entry more.
    pub fn cut<K: Serialize>(mut items: Vec<T>, limit: u32, key: impl Fn(&T) -> K) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| more);
        let next_cursor = last.and_then(|last| serde_json::to_vec(&key(last)).ok());
        Self { items, next_cursor: next_cursor.map(|bytes| data_encoding::BASE64URL_NOPAD.encode(&bytes)) }
    }

    /// The same page of other things.
    pub fn map<U>(self, to: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(to).collect(), next_cursor: self.next_cursor }
    }
}

/// The version in an `If-Match` header, if there is one.
///
/// # Errors
/// A problem when the header holds something else.
pub fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.trim_matches('"').parse();
    version.map(Some).map_err(|_| Problem::new(&problem::QUERY_INVALID).with("header", "If-Match"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_to_the_next_page_and_a_strange_one_is_refused() {
        let page = Page::cut(vec![1, 2, 3], 2, |n| *n);
        assert_eq!(page.items, [1, 2]);
        let query = PageQuery { cursor: page.next_cursor, limit: None };
        assert_eq!(query.position::<i32>().unwrap(), Some(2));
        assert!(query.position::<String>().is_err());
        assert!(PageQuery { cursor: Some("!".to_owned()), limit: None }.position::<i32>().is_err());
        assert_eq!(Page::cut(vec![1, 2], 2, |n| *n).next_cursor, None);
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Sample {
        holder: sync_core::ids::PersonId,
        rows: Vec<Row>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Row {
        #[serde(rename = "a/b")]
        number: u8,
    }

    #[tokio::test]
    async fn a_mistake_is_named_where_it_is_and_nothing_of_the_body_is_quoted() {
        let holder = "018f3c52-8f00-7c3a-9d2e-0123456789ab";
        let row = |value: &str| format!(r#"{{"holder":"{holder}","rows":[{{"a/b":1}},{{"a/b":{value}}}]}}"#);
        for (body, pointer, expected) in [
            (r#"{"holder":"geheim"}"#.to_owned(), "/holder", "described shape"),
            (row(r#""geheim""#), "/rows/1/a~1b", "expected u8"),
            (row("4711"), "/rows/1/a~1b", "expected u8"),
            (format!(r#"{{"holder":"{holder}"}}"#), "", "missing field `rows`"),
            (format!(r#"{{"holder":"{holder}","rows":[]}} geheim"#), "", "valid JSON"),
            ("geheim".to_owned(), "", "valid JSON"),
        ] {
            let request = Request::post("/").header("content-type", "application/json; charset=utf-8");
            let request = request.body(body.clone().into()).unwrap();
            let problem = Body::<Sample>::from_request(request, &()).await.unwrap_err();
            let answer = problem.render(problem::Language::En, "id", 0).into_body();
            let said = axum::body::to_bytes(answer, 10_000).await.unwrap();
            let said: serde_json::Value = serde_json::from_slice(&said).unwrap();
            let error = &said["errors"][0];
            assert_eq!(error["pointer"], pointer, "{body}: {said}");
            assert!(error["expected"].as_str().unwrap().contains(expected), "{body}: {said}");
            assert!(!said.to_string().contains("geheim") && !said.to_string().contains("4711"), "{said}");
        }
        let form = Request::post("/").header("content-type", "text/plain").body("{}".into()).unwrap();
        let problem = Body::<Sample>::from_request(form, &()).await.unwrap_err();
        assert_eq!(problem.kind().code, problem::MEDIA_TYPE_UNKNOWN.code);
    }
}
