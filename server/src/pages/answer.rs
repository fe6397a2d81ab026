//! Pages as answers: HTML with the headers that keep them safe.

use super::Shell;
use crate::problem::{Language, Problem};
use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// Everything comes from this server, nothing runs that is not in a file of ours, nobody frames us.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page.
pub(crate) fn page(template: &impl Template) -> Response {
    with_status(StatusCode::OK, template)
}

/// A form that could not be taken, with what was typed and what is wrong with it.
pub(crate) fn unprocessable(template: &impl Template) -> Response {
    with_status(StatusCode::UNPROCESSABLE_ENTITY, template)
}

/// A form for a record that somebody else changed meanwhile, with what was typed and what is there now.
pub(crate) fn changed_meanwhile(template: &impl Template) -> Response {
    with_status(StatusCode::PRECONDITION_FAILED, template)
}

/// A page with another status, for a form that was refused.
pub(crate) fn with_status(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => of_html(status, html),
        Err(error) => Problem::internal(error).into_response(),
    }
}

fn of_html(status: StatusCode, html: String) -> Response {
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A page that stands for one version of something, with a strong tag of that version and of every byte of the page; a
/// client that has it is told so. `seen` is what the forms of the page say that their reader saw.
pub(crate) fn versioned(headers: &HeaderMap, seen: &str, template: &impl Template) -> Response {
    let html = match template.render() {
        Ok(html) => html,
        Err(error) => return Problem::internal(error).into_response(),
    };
    let etag = format!("\"{seen}-{}\"", HEXLOWER.encode(&Sha256::digest(&html)[..8]));
    let mut response = if is_known(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        of_html(StatusCode::OK, html)
    };
    match HeaderValue::from_str(&etag) {
        Ok(etag) => response.headers_mut().insert(header::ETAG, etag),
        Err(error) => return Problem::internal(error).into_response(),
    };
    response
}

/// Whether the client has what this tag stands for.
pub(crate) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == etag))
}

/// After something was done: leads to a page that says so. `said` is the end of a key `said-…`.
pub(crate) fn see_other(path: &str, said: Option<&str>) -> Response {
    let joint = if path.contains('?') { '&' } else { '?' };
    let target = said.map_or_else(|| path.to_owned(), |said| format!("{path}{joint}said={said}"));
    match HeaderValue::from_str(&target) {
        Ok(target) => (StatusCode::SEE_OTHER, [(header::LOCATION, target)]).into_response(),
        Err(error) => Problem::internal(error).into_response(),
    }
}

#[derive(Template)]
#[template(path = "pages/failure.html")]
struct FailurePage<'a> {
    shell: Shell,
    title: &'a str,
    detail: &'a str,
    request_id: &'a str,
}

/// A failure as a page, for browsers.
pub(crate) fn failure_page(problem: &Problem, language: Language, request_id: &str) -> Response {
    let (title, detail) = problem.words(language);
    with_status(
        problem.status(),
        &FailurePage { shell: Shell::outside(language, "/"), title, detail, request_id },
    )
}
