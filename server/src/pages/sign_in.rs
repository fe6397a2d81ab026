//! Signing in and out. What somebody typed before their session ended is carried along and offered again.

use super::answer::with_status;
use super::form::{Posted, pairs};
use super::viewer::{LANGUAGE_COOKIE, language_of};
use super::{PageRoutes, Policy, Shell, Viewer, page, see_other};
use crate::app::App;
use crate::auth::{ClientAddress, OfficeAuth, is_same_origin};
use crate::people::{self, KeptForm};
use crate::problem::{self, Language, Problem};
use crate::routing::{get, post};
use crate::store::StoreError;
use askama::Template;
use axum::extract::{Form, FromRequestParts, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// Longest typed text that is carried through a sign-in.
const KEPT_BYTES_MAX: usize = 48 * 1024;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes
        .page("/sign-in", Policy::Public, get(show_sign_in).post(create_session))
        .page("/resume", Policy::SignedIn, get(show_resume))
        .page("/sign-out", Policy::SignedIn, post(end_session))
        .page("/language", Policy::Public, post(choose_language))
        .page("/enrol", Policy::Public, get(show_enrol))
}

/// The sign-in form.
#[derive(Template)]
#[template(path = "pages/sign_in.html")]
pub(super) struct SignInPage {
    pub(super) shell: Shell,
    /// Where to go afterwards.
    pub(super) next: String,
    /// What was typed as a name.
    pub(super) login_name: String,
    /// Why the last try failed.
    pub(super) failure: Option<String>,
    /// The key of a form that waits to be sent again.
    pub(super) kept: Option<String>,
}

/// After signing in again: the form that was interrupted, for whoever typed it.
#[derive(Template)]
#[template(path = "pages/resume.html")]
pub(super) struct ResumePage {
    pub(super) shell: Shell,
    /// Where the form goes, and its fields; `None` when nothing is kept for this person.
    pub(super) form: Option<(String, Vec<(String, String)>)>,
}

impl ResumePage {
    /// Whether somebody typed this and knows it again: no id, no code, no record that the form carries for itself.
    fn is_text(&self, value: &str) -> bool {
        let first = value.split([' ', '/']).next().unwrap_or_default();
        let is_id = first.len() >= 32 && first.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        let is_written = value.len() > 24 || value.contains(|c: char| c.is_whitespace() || !c.is_ascii());
        is_written && !is_id && !value.starts_with('{')
    }
}

/// What a device's owner sees who opens the link of an invitation in a browser.
#[derive(Template)]
#[template(path = "pages/enrol.html")]
pub(super) struct EnrolPage {
    pub(super) shell: Shell,
}

#[derive(Debug, Default, Deserialize)]
struct SignInQuery {
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
struct SignInForm {
    login_name: String,
    password: String,
    #[serde(default)]
    next: String,
    /// The key of a form that waits.
    #[serde(default)]
    kept: String,
}

/// Shows the form, or leads on who is signed in already.
async fn show_sign_in(State(app): State<App>, Query(query): Query<SignInQuery>, parts: Parts) -> Response {
    let next = local(query.next.as_deref().unwrap_or("/"));
    let mut parts = parts;
    if OfficeAuth::from_request_parts(&mut parts, &app).await.is_ok() {
        return see_other(&next, None);
    }
    let shell = Shell::outside(language_of(&parts.headers), "/sign-in");
    page(&SignInPage { shell, next, login_name: String::new(), failure: None, kept: None })
}

/// Opens a session. With a form that waits, it is shown again with everything that was typed.
async fn create_session(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Form(form): Form<SignInForm>,
) -> Response {
    // Without a session there is no token to prove it; a foreign page must still not sign anybody in.
    if !is_same_origin(&headers) {
        return Problem::new(&problem::CROSS_SITE).into_response();
    }
    let kept = Some(form.kept).filter(|key| is_key(key));
    match people::sign_in(&app, address, &form.login_name, form.password).await {
        Ok(session) => {
            let cookie = people::cookie_of(&app, &session.token);
            let mut response = match kept {
                Some(key) => see_other(&format!("/resume?kept={key}"), None),
                None => see_other(&local(&form.next), None),
            };
            add_cookie(&mut response, &cookie);
            response
        }
        Err(problem) if problem.status().is_server_error() => problem.into_response(),
        Err(problem) => {
            let shell = Shell::outside(language_of(&headers), "/sign-in");
            let failure = Some(problem.words(shell.w.language).0.to_owned());
            let status = problem.status();
            let page =
                SignInPage { shell, next: local(&form.next), login_name: form.login_name, failure, kept };
            with_status(status, &page)
        }
    }
}

fn is_key(key: &str) -> bool {
    key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[derive(Debug, Default, Deserialize)]
struct ResumeQuery {
    #[serde(default)]
    kept: String,
}

/// Shows what somebody typed before their session ended, to nobody but them.
async fn show_resume(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<ResumeQuery>,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let now = app.clock.now();
    let kept = people::kept_form(&mut tx, viewer.office.person_id, &query.kept, now).await?;
    let form = kept.map(|form| {
        let mut fields = pairs(form.body.as_bytes());
        fields.retain(|(name, _)| name != "csrf");
        (form.path, fields)
    });
    Ok(page(&ResumePage { shell: viewer.shell, form }))
}

async fn end_session(State(app): State<App>, posted: Posted<Nothing>) -> Result<Response, Problem> {
    people::sign_out(&app, &posted.viewer.office).await?;
    let mut response = see_other("/sign-in", None);
    add_cookie(&mut response, &people::no_cookie());
    // Nothing of the session stays behind, on a shared machine neither.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}

/// A form without fields of its own.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

#[derive(Debug, Deserialize)]
struct LanguageForm {
    language: String,
    #[serde(default)]
    next: String,
}

/// Chooses the language: of the person who is signed in, and of this browser.
async fn choose_language(State(app): State<App>, parts: Parts, Form(form): Form<LanguageForm>) -> Response {
    let mut parts = parts;
    let Some(language) = Language::from_tag(&form.language) else {
        return Problem::invalid_field("/language", "en or zh-CN").into_response();
    };
    if !is_same_origin(&parts.headers) {
        return Problem::new(&problem::CROSS_SITE).into_response();
    }
    if let Ok(office) = OfficeAuth::from_request_parts(&mut parts, &app).await
        && let Err(problem) = people::choose_language(&app, &office, language).await
    {
        return problem.into_response();
    }
    let mut response = see_other(&local(&form.next), None);
    let tag = language.tag();
    let cookie = format!("{LANGUAGE_COOKIE}={tag}; Path=/; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax");
    add_cookie(&mut response, &cookie);
    response
}

/// The part of the link after `#` never reaches the server; the page says what to do with it.
async fn show_enrol(headers: HeaderMap) -> Response {
    page(&EnrolPage { shell: Shell::outside(language_of(&headers), "/enrol") })
}

/// Leads somebody without a session to the sign-in form and back afterwards.
pub(super) fn sign_in_again(from: &Uri) -> Response {
    let path = from.path_and_query().map_or("/", |path| path.as_str());
    if path == "/" {
        return see_other("/sign-in", None);
    }
    let query = serde_html_form::to_string([("next", path)]).unwrap_or_default();
    see_other(&format!("/sign-in?{query}"), None)
}

/// The sign-in form after a form that could not be taken because the session had ended. What was typed is kept for
/// whoever's page the form came from.
pub(super) async fn sign_in_keeping(app: &App, headers: &HeaderMap, path: &str, body: &[u8]) -> Response {
    let shell = Shell::outside(language_of(headers), "/sign-in");
    let kept = keep(app, path, body).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a form whose session had ended cannot be kept");
        None
    });
    let next = "/".to_owned();
    let failure = Some(shell.w.t(if kept.is_some() { "sign-in-over-kept" } else { "sign-in-over" }));
    let page = SignInPage { shell, next, login_name: String::new(), failure, kept };
    with_status(StatusCode::UNAUTHORIZED, &page)
}

async fn keep(app: &App, path: &str, body: &[u8]) -> Result<Option<String>, StoreError> {
    let text =
        std::str::from_utf8(body).ok().filter(|text| text.len() <= KEPT_BYTES_MAX && !text.contains('\0'));
    let token = pairs(body).into_iter().find(|(name, _)| name == "csrf").map(|(_, token)| token);
    let (Some(text), Some(token)) = (text, token) else { return Ok(None) };
    let author = people::author_of_form(&mut app.store.read().await?, &token).await?;
    let Some(author) = author else { return Ok(None) };
    let form = KeptForm { path: path.to_owned(), body: text.to_owned() };
    let mut tx = app.store.write().await?;
    let key = people::keep_form(&mut tx, author, &form, &app.entropy, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Some(key))
}

/// An address on this server; anything else becomes the start page.
fn local(path: &str) -> String {
    let is_local = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n']);
    if is_local { path.to_owned() } else { "/".to_owned() }
}

fn add_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
