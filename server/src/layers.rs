//! What happens to every request before and after its handler.
//!
//! From outside: request id and log span, the last word on failures ([`finish`]), panics, admission by class of work
//! ([`admit`]): places, time and size. Administration has its own places, so that a storm of devices cannot keep an
//! administrator from revoking one.

use crate::app::App;
use crate::pages;
use crate::problem::{self, Problem};
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tower_http::limit::RequestBodyLimitLayer;
use tracing::Instrument;
use utoipa_axum::router::OpenApiRouter;

/// Header that carries the request id in both directions.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request that is being answered; an extension of every request.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// A class of work with its own places, time and size.
#[derive(Debug, Clone)]
pub struct Class {
    name: &'static str,
    places: Arc<Semaphore>,
    time_max: Duration,
    body_bytes_max: usize,
}

impl Class {
    /// A class with so many requests at once, each with so much time and so large a body.
    pub fn new(name: &'static str, at_once: usize, time_max: Duration, body_bytes_max: usize) -> Self {
        Self { name, places: Arc::new(Semaphore::new(at_once)), time_max, body_bytes_max }
    }

    /// Sign-in and administration: few and small requests that must always get through.
    pub fn administration() -> Self {
        Self::new("administration", 64, Duration::from_secs(20), 64 << 10)
    }

    /// Back office: reading and deciding.
    pub fn office() -> Self {
        Self::new("office", 256, Duration::from_secs(20), 1 << 20)
    }

    /// Enrolment and tokens of devices.
    pub fn enrolment() -> Self {
        Self::new("enrolment", 256, Duration::from_secs(20), 64 << 10)
    }

    /// Puts these pages into the class.
    pub(crate) fn of_pages(self, routes: Router<App>) -> Router<App> {
        let body_bytes_max = self.body_bytes_max;
        routes
            .layer(DefaultBodyLimit::max(body_bytes_max))
            .layer(RequestBodyLimitLayer::new(body_bytes_max))
            .layer(from_fn_with_state(self, admit))
    }

    /// Puts these routes into the class.
    pub fn of(self, routes: OpenApiRouter<App>) -> OpenApiRouter<App> {
        let body_bytes_max = self.body_bytes_max;
        routes
            .layer(DefaultBodyLimit::max(body_bytes_max))
            .layer(RequestBodyLimitLayer::new(body_bytes_max))
            .layer(from_fn_with_state(self, admit))
    }
}

/// Gives the request a place and a time limit, or tells the client to come back.
async fn admit(State(class): State<Class>, request: Request, next: Next) -> Response {
    let Ok(_place) = class.places.try_acquire() else {
        metrics::counter!("fieldloop_requests_refused_total", "class" => class.name).increment(1);
        return Problem::new(&problem::STORE_BUSY).retry_after(1..10).into_response();
    };
    match tokio::time::timeout(class.time_max, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(&problem::REQUEST_TIMED_OUT).retry_after(1..10).into_response(),
    }
}

/// Turns a panic of a handler into a problem; the rest of the server goes on.
#[expect(clippy::needless_pass_by_value, reason = "the signature that the panic layer asks for")]
pub(crate) fn panicked(payload: Box<dyn Any + Send + 'static>) -> axum::http::Response<Body> {
    let message = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("without a message");
    Problem::internal(format_args!("handler panicked: {message}")).into_response()
}

/// Outermost layer: request id, log record, figures, and every failure as a problem document.
pub(crate) async fn finish(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = request_id(&app, &request);
    let language = pages::language_of(request.headers());
    let wants_page = wants_page(&request);
    let method = request.method().clone();
    // The pattern, not the path: paths hold ids, and a mistyped one might hold anything.
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = tracing::info_span!("request", request_id = %id, %method, %route);
    let began = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let problem = problem_of(&mut response);
    let code = problem.as_ref().map(|problem| problem.kind().code);
    if let Some(problem) = problem {
        let allow = response.headers_mut().remove(header::ALLOW);
        let chance = u32::from_be_bytes(app.entropy.bytes());
        response = match wants_page {
            true => pages::failure_page(&problem, language, &id),
            false => problem.render(language, &id, chance),
        };
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    let status = response.status().as_u16();
    let elapsed = began.elapsed();
    let elapsed_ms = elapsed.as_secs_f64() * 1000.0;
    span.in_scope(|| tracing::info!(status, code, elapsed_ms, "answered"));
    let labels = [("route", route), ("method", method.to_string()), ("status", status.to_string())];
    metrics::counter!("fieldloop_requests_total", &labels).increment(1);
    metrics::histogram!("fieldloop_request_seconds", &labels[..1]).record(elapsed.as_secs_f64());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Whether a browser asked for a page, so that a failure should be one, too.
fn wants_page(request: &Request) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html")) && !request.uri().path().starts_with("/v1/")
}

/// The client's id, if it is short and plain; else a new one.
fn request_id(app: &App, request: &Request) -> String {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let plain = |text: &&str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    match given.filter(plain) {
        Some(id) => id.to_owned(),
        None => data_encoding::HEXLOWER.encode(&app.entropy.bytes::<8>()),
    }
}

/// The problem that a handler left, or one for the bare refusals of the framework.
fn problem_of(response: &mut Response) -> Option<Problem> {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        return Some(problem);
    }
    let written = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.as_bytes();
        kind.starts_with(b"application/") || kind.starts_with(b"text/html") || kind.starts_with(b"image/")
    });
    if written {
        return None;
    }
    let kind = match response.status() {
        StatusCode::BAD_REQUEST => &problem::QUERY_INVALID,
        StatusCode::NOT_FOUND => &problem::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED => &problem::METHOD_NOT_ALLOWED,
        StatusCode::PAYLOAD_TOO_LARGE => &problem::BODY_TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => &problem::MEDIA_TYPE_UNKNOWN,
        StatusCode::UNPROCESSABLE_ENTITY => &problem::BODY_INVALID,
        status if status.is_server_error() => &problem::INTERNAL,
        _ => return None,
    };
    Some(Problem::new(kind))
}
