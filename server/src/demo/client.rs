//! Requests to the server in this very process, through the same router that answers the network.

use super::SeedError;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde::Serialize;
use serde_json::Value;
use std::net::SocketAddr;
use tower::ServiceExt;

/// Calls the service as if from this machine.
#[derive(Clone)]
pub(super) struct Client {
    router: Router,
}

/// What came back with success.
pub(super) struct Answer {
    /// The headers.
    pub(super) headers: HeaderMap,
    /// The body.
    pub(super) body: Bytes,
}

impl Client {
    /// For this service.
    pub(super) fn new(router: Router) -> Self {
        Self { router }
    }

    /// Sends a request.
    ///
    /// # Errors
    /// When the answer is no success.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<Answer, SeedError> {
        let refused = |status: Option<StatusCode>, answer: &[u8]| SeedError::Refused {
            request: format!("{method} {path}"),
            status: status.map_or(0, |status| status.as_u16()),
            answer: String::from_utf8_lossy(answer).into_owned(),
        };
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = method.clone();
        *request.uri_mut() = path.parse().map_err(|_| refused(None, b"no path"))?;
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|_| refused(None, name.as_bytes()))?;
            request.headers_mut().insert(*name, value);
        }
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 0))));
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|_| refused(Some(parts.status), b"the answer broke off"))?;
        let body = body.to_bytes();
        if !parts.status.is_success() {
            return Err(refused(Some(parts.status), &body));
        }
        Ok(Answer { headers: parts.headers, body })
    }

    /// Sends JSON, with a session if there is one, and reads JSON.
    pub(super) async fn json(
        &self,
        method: Method,
        path: &str,
        session: Option<&str>,
        body: &impl Serialize,
    ) -> Result<Value, SeedError> {
        let mut headers = vec![(header::CONTENT_TYPE.as_str(), "application/json".to_owned())];
        if let Some(token) = session {
            headers.push((header::AUTHORIZATION.as_str(), format!("Session {token}")));
        }
        let written =
            serde_json::to_vec(body).map_err(|error| SeedError::Story { what: error.to_string() })?;
        let answer = self.send(method, path, &headers, written).await?;
        Ok(serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }
}

/// A member of an answer that has to be there.
pub(super) fn member<T: std::str::FromStr>(answer: &Value, name: &str) -> Result<T, SeedError> {
    let text = answer.get(name).and_then(Value::as_str);
    let parsed = text.and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| SeedError::Story { what: format!("the answer has no usable {name:?}: {answer}") })
}
