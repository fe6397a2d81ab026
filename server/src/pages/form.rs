//! What a form posted.

use super::sign_in::sign_in_keeping;
use super::viewer::{NoViewer, Viewer};
use crate::app::App;
use crate::problem::{self, Problem};
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;

/// A form that a signed-in person posted from one of our pages.
///
/// When the session has ended meanwhile, nothing typed is lost: the sign-in page carries it along and offers to send
/// it again.
#[derive(Debug)]
pub(crate) struct Posted<T> {
    /// Who posted it.
    pub(crate) viewer: Viewer,
    /// What was typed.
    pub(crate) form: T,
}

impl<T: DeserializeOwned> FromRequest<App> for Posted<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (viewer, bytes) = posted(request, app).await?;
        let form = serde_html_form::from_bytes(&bytes)
            .map_err(|_| Problem::invalid_field("", "the fields of the form").into_response())?;
        Ok(Self { viewer, form })
    }
}

/// Who posted, and what, once it is known to come from one of our pages.
async fn posted(request: Request, app: &App) -> Result<(Viewer, Bytes), Response> {
    let (mut parts, body) = request.into_parts();
    let viewer = Viewer::of(&mut parts, app).await;
    let path = parts.uri.path().to_owned();
    let headers = parts.headers.clone();
    let bytes = Bytes::from_request(Request::from_parts(parts, body), app)
        .await
        .map_err(|_| Problem::new(&problem::BODY_TOO_LARGE).into_response())?;
    let viewer = match viewer {
        Ok(viewer) => viewer,
        Err(NoViewer::SignedOut) => return Err(sign_in_keeping(app, &headers, &path, &bytes).await),
        Err(NoViewer::Refused(problem)) => return Err(problem.into_response()),
    };
    let given = pairs(&bytes).into_iter().find(|(name, _)| name == "csrf").map(|(_, value)| value);
    let given = given.unwrap_or_default();
    if !bool::from(given.as_bytes().ct_eq(viewer.shell.csrf.as_bytes())) {
        tracing::warn!(person = %viewer.office.person_id, "a form did not come from our pages");
        return Err(Problem::new(&problem::CROSS_SITE).into_response());
    }
    Ok((viewer, bytes))
}

/// The names and values of a posted form, in their order.
pub(super) fn pairs(body: &[u8]) -> Vec<(String, String)> {
    serde_html_form::from_bytes(body).unwrap_or_default()
}
