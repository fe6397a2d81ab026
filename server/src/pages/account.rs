//! One's own account: password, other sessions.

use super::form::Posted;
use super::sign_in::Nothing;
use super::{PageRoutes, Policy, Shell, Viewer, page, see_other, unprocessable};
use crate::app::App;
use crate::people;
use crate::problem::Problem;
use crate::routing::{get, post};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes
        .page("/account", Policy::SignedIn, get(show_account))
        .page("/account/password", Policy::SignedIn, post(change_password))
        .page("/account/other-sessions", Policy::SignedIn, post(end_other_sessions))
}

/// The account of the person who reads it.
#[derive(Template)]
#[template(path = "pages/account.html")]
pub(super) struct AccountPage {
    pub(super) shell: Shell,
    /// Why the password was not changed.
    pub(super) failure: Option<String>,
}

async fn show_account(viewer: Viewer) -> Response {
    page(&AccountPage { shell: viewer.shell, failure: None })
}

#[derive(Debug, Deserialize)]
struct PasswordForm {
    old: String,
    new: String,
    again: String,
}

async fn change_password(State(app): State<App>, posted: Posted<PasswordForm>) -> Response {
    let Posted { viewer, form } = posted;
    let w = viewer.w();
    let refused =
        |failure: String| unprocessable(&AccountPage { shell: viewer.shell.clone(), failure: Some(failure) });
    if form.new != form.again {
        return refused(w.t("account-not-the-same"));
    }
    if !(10..=256).contains(&form.new.chars().count()) {
        return refused(w.t("account-password-rule"));
    }
    match people::change_password(&app, &viewer.office, form.old, form.new).await {
        Ok(()) => see_other("/account", Some("password-changed")),
        Err(problem) if problem.kind().code == crate::problem::SIGN_IN_FAILED.code => {
            refused(w.t("account-old-wrong"))
        }
        Err(problem) => problem.into_response(),
    }
}

async fn end_other_sessions(State(app): State<App>, posted: Posted<Nothing>) -> Result<Response, Problem> {
    people::end_other_sessions(&app, &posted.viewer.office).await?;
    Ok(see_other("/account", Some("sessions-ended")))
}
