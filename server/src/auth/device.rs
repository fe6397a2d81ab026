//! Extractors for requests of devices.

use super::access_token::{self, TokenError};
use super::{AUTHORIZATION_BYTES_MAX, assertion};
use crate::app::App;
use crate::devices::{self, KnownDevice};
use crate::problem::{self, Problem};
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use sync_core::time::Timestamp;

/// How a device proved who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// With an access token that is good until then.
    Token {
        /// End of its life.
        expires_at: Timestamp,
    },
    /// With an assertion signed by its own key: give it a token.
    Assertion,
}

/// An enrolled device, revoked or not. For the exchange, where a revoked device may still hand over what it holds.
#[derive(Debug, Clone)]
pub struct AnyDeviceAuth {
    /// Which device; `device.revoked` says whether it lost its access.
    pub device: KnownDevice,
    /// How it proved that.
    pub credential: Credential,
}

/// A device that may send photos: one with access, or one that hands over what it holds before it wipes itself.
#[derive(Debug, Clone)]
pub struct EvidenceAuth {
    /// Which device.
    pub device: KnownDevice,
}

/// An enrolled device that is neither revoked nor suspended.
#[derive(Debug, Clone)]
pub struct DeviceAuth {
    /// Which device.
    pub device: KnownDevice,
    /// How it proved that.
    pub credential: Credential,
}

impl FromRequestParts<App> for AnyDeviceAuth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (scheme, token) = authorization(parts)?;
        if scheme.eq_ignore_ascii_case("bearer") {
            return by_token(app, token).await;
        }
        if scheme.eq_ignore_ascii_case("assertion") {
            let device = assertion::take(app, token).await.map_err(|error| assertion::refuse(app, error))?;
            return Ok(Self { device, credential: Credential::Assertion });
        }
        Err(missing())
    }
}

impl FromRequestParts<App> for DeviceAuth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let AnyDeviceAuth { device, credential } = AnyDeviceAuth::from_request_parts(parts, app).await?;
        match device.barred() {
            Some(barred) => Err(barred.into()),
            None => Ok(Self { device, credential }),
        }
    }
}

impl FromRequestParts<App> for EvidenceAuth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let AnyDeviceAuth { device, .. } = AnyDeviceAuth::from_request_parts(parts, app).await?;
        match device.barred() {
            Some(barred) if !device.awaits_wipe() => Err(barred.into()),
            _ => Ok(Self { device }),
        }
    }
}

async fn by_token(app: &App, token: &str) -> Result<AnyDeviceAuth, Problem> {
    let token = access_token::check(app, token).map_err(|error| {
        tracing::info!(%error, "access token refused");
        let kind = match error {
            TokenError::Expired => &problem::TOKEN_EXPIRED,
            TokenError::TooLong | TokenError::Foreign => &problem::TOKEN_INVALID,
        };
        Problem::new(kind).challenge("Bearer, Assertion")
    })?;
    let device = devices::find(&mut app.store.read_once().await?, token.device_id).await?;
    let device = device.ok_or_else(|| Problem::new(&problem::DEVICE_NOT_ENROLLED).challenge("Assertion"))?;
    Ok(AnyDeviceAuth { device, credential: Credential::Token { expires_at: token.expires_at } })
}

/// Scheme and rest of the one `Authorization` header.
pub(super) fn authorization(parts: &Parts) -> Result<(&str, &str), Problem> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(missing()) };
    if value.len() > AUTHORIZATION_BYTES_MAX {
        return Err(Problem::new(&problem::TOKEN_INVALID).challenge("Bearer, Assertion"));
    }
    let text = value.to_str().map_err(|_| missing())?;
    text.split_once(' ').map(|(scheme, rest)| (scheme, rest.trim())).ok_or_else(missing)
}

fn missing() -> Problem {
    Problem::new(&problem::TOKEN_MISSING).challenge("Bearer, Assertion, Session")
}
