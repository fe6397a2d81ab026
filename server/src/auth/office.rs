//! Extractors for requests of office people.

use super::device::authorization;
use crate::app::App;
use crate::people::{self, COOKIE, Grant, OpenSession, Role};
use crate::problem::{self, Language, Problem};
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use std::net::{IpAddr, SocketAddr};
use sync_core::ids::PersonId;

/// A person with an open session.
#[derive(Debug, Clone)]
pub struct OfficeAuth {
    /// Who.
    pub person_id: PersonId,
    /// That person's name.
    pub display_name: String,
    /// What that person may do, and where.
    pub roles: Vec<Grant>,
    /// The language that person chose.
    pub language: Option<Language>,
    pub(crate) token_sha256: String,
}

/// A person with an open session and the role of an administrator.
#[derive(Debug, Clone)]
pub struct AdminAuth(pub OfficeAuth);

impl OfficeAuth {
    /// Who acts, for the server log.
    pub fn actor(&self) -> Option<PersonId> {
        Some(self.person_id)
    }

    /// Refuses unless the person has one of these roles somewhere.
    pub fn require(&self, any_of: &[Role]) -> Result<(), Problem> {
        if self.roles.iter().any(|grant| any_of.contains(&grant.role)) {
            return Ok(());
        }
        let wanted: Vec<_> = any_of.iter().map(|role| role.as_str()).collect();
        Err(Problem::new(&problem::ROLE_MISSING).with("roles", wanted))
    }
}

impl AdminAuth {
    /// Who acts, for the server log.
    pub fn actor(&self) -> Option<PersonId> {
        self.0.actor()
    }
}

impl FromRequestParts<App> for OfficeAuth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let token = session_token(parts)?;
        let now = app.clock.now();
        let mut tx = app.store.read_once().await?;
        let session = people::find_session(&mut tx, token, &app.config.auth, now).await?;
        drop(tx);
        let session = session.ok_or_else(|| Problem::new(&problem::SESSION_OVER).challenge("Session"))?;
        if session.should_touch {
            let mut tx = app.store.write().await?;
            people::touch_session(&mut tx, &session.token_sha256, now).await?;
            tx.commit().await?;
        }
        let OpenSession { person_id, display_name, roles, language, token_sha256, .. } = session;
        Ok(Self { person_id, display_name, roles, language, token_sha256 })
    }
}

impl FromRequestParts<App> for AdminAuth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let office = OfficeAuth::from_request_parts(parts, app).await?;
        office.require(&[Role::Administrator])?;
        Ok(Self(office))
    }
}

/// The token from `Authorization: Session …` or from the cookie. A cookie comes along whoever made the request, so
/// with it a request that changes something must come from our own pages.
fn session_token(parts: &Parts) -> Result<&str, Problem> {
    if parts.headers.contains_key(header::AUTHORIZATION) {
        return match authorization(parts)? {
            (scheme, token) if scheme.eq_ignore_ascii_case("session") => Ok(token),
            _ => Err(Problem::new(&problem::SESSION_OVER).challenge("Session")),
        };
    }
    let token =
        cookie(&parts.headers).ok_or_else(|| Problem::new(&problem::TOKEN_MISSING).challenge("Session"))?;
    if !parts.method.is_safe() && !is_same_origin(&parts.headers) {
        return Err(Problem::new(&problem::CROSS_SITE));
    }
    Ok(token)
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split("; ")).filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, token)| token)
}

/// By what browsers say and scripts cannot forge: Sec-Fetch-Site, else Origin. With neither, no.
pub(crate) fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    match (text("origin").and_then(|origin| origin.split_once("://")), text("host")) {
        (Some((_, origin)), Some(host)) => origin.eq_ignore_ascii_case(host),
        _ => false,
    }
}

/// Where the request comes from, for counting failures. Never logged.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let forwarded = || {
            // Only the last entry is by our own proxy; the ones before are whatever the client wrote.
            let value = parts.headers.get_all("x-forwarded-for").iter().next_back()?;
            value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
        };
        let address = if app.config.server.behind_proxy { forwarded().or(peer) } else { peer };
        address.map(Self).ok_or_else(|| Problem::internal("request without a peer address"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_page_cannot_use_the_cookie() {
        let same = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            is_same_origin(&headers.collect())
        };
        assert!(same(&[("sec-fetch-site", "same-origin")]));
        assert!(!same(&[("sec-fetch-site", "cross-site"), ("origin", "https://a"), ("host", "a")]));
        assert!(!same(&[("sec-fetch-site", "same-site")]));
        assert!(same(&[("origin", "https://a:1"), ("host", "A:1")]));
        assert!(!same(&[("origin", "https://b"), ("host", "a")]));
        assert!(!same(&[("origin", "null"), ("host", "a")]));
        assert!(!same(&[]));
    }
}
