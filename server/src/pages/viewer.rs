//! The person who asks for a page.

use super::policy::Policy;
use super::sign_in::sign_in_again;
use super::{Shell, Words};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::problem::{self, Language, Problem};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

/// Cookie with the language of somebody who is not signed in.
pub(super) const LANGUAGE_COOKIE: &str = "__Host-fieldloop-language";

/// A person with an open session who may open this page.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    /// Who, and what they may do.
    pub(crate) office: OfficeAuth,
    /// The frame of the page.
    pub(crate) shell: Shell,
}

/// Why there is no viewer.
#[derive(Debug)]
pub(super) enum NoViewer {
    /// Nobody is signed in, or not any more.
    SignedOut,
    /// Signed in, and refused.
    Refused(Problem),
}

impl Viewer {
    /// The words of this person's language.
    pub(crate) fn w(&self) -> Words {
        self.shell.w
    }

    pub(super) async fn of(parts: &mut Parts, app: &App) -> Result<Self, NoViewer> {
        let Some(policy) = parts.extensions.get::<Policy>().copied() else {
            return Err(NoViewer::Refused(Problem::internal("a page without a policy")));
        };
        let office = OfficeAuth::from_request_parts(parts, app).await.map_err(|problem| {
            let is_over = [problem::SESSION_OVER.code, problem::TOKEN_MISSING.code];
            // No browser sends this by itself: a program with the token of a device, which has no business here.
            let is_program = parts.headers.contains_key(header::AUTHORIZATION);
            if is_over.contains(&problem.kind().code) && !is_program {
                NoViewer::SignedOut
            } else {
                NoViewer::Refused(problem)
            }
        })?;
        if !policy.admits(&office.roles) {
            return Err(NoViewer::Refused(Problem::new(&problem::ROLE_MISSING)));
        }
        let language = office.language.unwrap_or_else(|| language_of(&parts.headers));
        let here = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let here = without_said(here);
        Ok(Self { shell: Shell::of(&office, language, here, app.regions.clone()), office })
    }
}

impl FromRequestParts<App> for Viewer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        Self::of(parts, app).await.map_err(|refusal| match refusal {
            NoViewer::SignedOut => sign_in_again(&parts.uri),
            NoViewer::Refused(problem) => problem.into_response(),
        })
    }
}

/// The language somebody chose before, else what the browser likes better.
pub(crate) fn language_of(headers: &HeaderMap) -> Language {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split("; ")).filter_map(|pair| pair.split_once('='));
    let chosen =
        pairs.find(|(name, _)| *name == LANGUAGE_COOKIE).and_then(|(_, tag)| Language::from_tag(tag));
    chosen.unwrap_or_else(|| Language::from_accept(headers.get(header::ACCEPT_LANGUAGE)))
}

/// Splits what was just done off the address, so that it is not said again when the page is opened anew.
fn without_said(here: &str) -> (String, Option<String>) {
    let Some((path, query)) = here.split_once('?') else { return (here.to_owned(), None) };
    let (said, rest): (Vec<&str>, Vec<&str>) = query.split('&').partition(|pair| pair.starts_with("said="));
    let said = said.first().and_then(|pair| pair.strip_prefix("said=")).map(str::to_owned);
    let here = if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) };
    (here, said)
}
