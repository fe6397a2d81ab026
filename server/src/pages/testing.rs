//! What tests of pages share: sample frames, and a browser without a screen.

use super::{Shell, Words};
use crate::config::Regions;
use crate::people::{COOKIE, Grant, Role};
use crate::problem::Language;
use crate::testing::{Answer, TestApp};
use askama::Template;
use std::sync::Arc;

/// Text that would break a page that did not escape it.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script> \"'& \u{202e}سلام😀 王芳";

/// A frame in each language, for somebody who may do everything.
pub(crate) fn shells() -> [Shell; 2] {
    [Language::En, Language::ZhCn].map(|language| Shell {
        w: Words::new(language),
        person: Some(HOSTILE.to_owned()),
        roles: Role::ALL.map(Grant::everywhere).to_vec(),
        csrf: "0123456789abcdef".to_owned(),
        here: "/queue?state=received".to_owned(),
        said: Some("password-changed".to_owned()),
        regions: Arc::new(Regions::of(&[("east", HOSTILE, HOSTILE)])),
    })
}

/// Renders a sample and checks what every page must keep.
pub(crate) fn check(page: &impl Template) {
    let html = page.render().expect("a sample can be rendered");
    assert!(!html.contains("<script>alert"), "text is escaped");
    assert!(!html.contains('⟦'), "a word is missing: {}", html.split('⟦').nth(1).unwrap_or_default());
    assert!(!html.contains("style=") && !html.contains("onclick="), "styles and scripts are files");
    assert_eq!(html.matches("<form method=\"post\"").count(), html.matches("method=\"post\"").count());
    for form in html.split("<form method=\"post\"").skip(1) {
        let form = form.split("</form>").next().unwrap_or_default();
        let needs_none = ["action=\"/sign-in\"", "action=\"/language\""].iter().any(|own| form.contains(own));
        assert!(needs_none || form.contains("name=\"csrf\""), "a form without its token: {form}");
    }
}

/// Somebody signed in with a browser.
pub(crate) struct Browser<'a> {
    test: &'a TestApp,
    cookie: String,
}

impl<'a> Browser<'a> {
    /// Signs in with a session that was opened already (`Session <token>`).
    pub(crate) fn of(test: &'a TestApp, session: &str) -> Self {
        let token = session.strip_prefix("Session ").unwrap_or(session);
        Self { test, cookie: format!("{COOKIE}={token}") }
    }

    /// Opens a page.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        let call = self.test.get(path).header("cookie", self.cookie.clone());
        call.header("accept", "text/html").header("accept-language", "en").send().await
    }

    /// Opens a page of which the browser has a version already.
    pub(crate) async fn get_again(&self, path: &str, etag: &str) -> Answer {
        let call = self.test.get(path).header("cookie", self.cookie.clone()).header("if-none-match", etag);
        call.header("accept", "text/html").header("accept-language", "en").send().await
    }

    /// Posts a form of a page, with the token that the page has.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.cookie.split_once('=').map(|(_, token)| token).unwrap_or_default();
        let csrf = crate::people::form_token(&crate::people::token_hash(token));
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post_plain(path, &all).await
    }

    /// Posts exactly these fields.
    pub(crate) async fn post_plain(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = serde_html_form::to_string(fields).expect("pairs can be written as a form");
        let call = self.test.post(path).header("cookie", self.cookie.clone());
        let call = call.header("sec-fetch-site", "same-origin").header("accept", "text/html");
        let call = call.header("content-type", "application/x-www-form-urlencoded");
        call.header("accept-language", "en").body(body).send().await
    }
}

impl Answer {
    /// The page as text.
    pub(crate) fn html(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// Where it leads.
    pub(crate) fn location(&self) -> &str {
        self.headers.get("location").and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
