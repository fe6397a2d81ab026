//! Access tokens of devices: JWT (RFC 9068 shape), EdDSA, ten minutes.
//!
//! jsonwebtoken accepts more than is good (measured: missing `iss`/`aud`, any `typ`, unknown `crit`), so header and
//! claims are checked here, claim by claim; `kid` only selects from the server's own keys.

use super::AUTHORIZATION_BYTES_MAX;
use super::signatures::{decoding_key, encoding_key};
use crate::app::App;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sync_core::ids::DeviceId;
use sync_core::log::{PublicKey, SigningKey};
use sync_core::time::Timestamp;

/// Type of access tokens (RFC 9068): nothing else that we sign can be taken for one.
const TYPE: &str = "at+jwt";

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: i64,
    exp: i64,
}

/// What a good access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AccessToken {
    pub(super) device_id: DeviceId,
    pub(super) expires_at: Timestamp,
}

/// Why a token is refused. Clients are told only whether a new one would help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenError {
    #[error("longer than {AUTHORIZATION_BYTES_MAX} bytes")]
    TooLong,
    #[error("not a token of this server")]
    Foreign,
    #[error("expired")]
    Expired,
}

/// A new access token for this device, and how many milliseconds it is good for.
///
/// # Errors
/// When the key cannot sign, which means that this process is broken.
pub fn issue(app: &App, device_id: DeviceId) -> Result<(String, u64), jsonwebtoken::errors::Error> {
    let now_s = app.clock.now().unix_s();
    let server = app.installation.server_id.to_string();
    let seconds = app.config.auth.token_seconds;
    let claims = Claims {
        iss: server.clone(),
        aud: server,
        sub: device_id.to_string(),
        iat: now_s,
        exp: now_s + i64::from(seconds),
    };
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(key_id(&app.keys.token.public()));
    let token = jsonwebtoken::encode(&header, &claims, &encoding_key(&app.keys.token))?;
    Ok((token, u64::from(seconds) * 1000))
}

/// Checks a token against this server's keys and clock.
pub(super) fn check(app: &App, token: &str) -> Result<AccessToken, TokenError> {
    if token.len() > AUTHORIZATION_BYTES_MAX {
        return Err(TokenError::TooLong);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Foreign)?;
    if header.alg != Algorithm::EdDSA || !is_plain(&header) || header.typ.as_deref() != Some(TYPE) {
        return Err(TokenError::Foreign);
    }
    let kid = header.kid.as_deref().ok_or(TokenError::Foreign)?;
    let keys = [Some(&app.keys.token), app.keys.token_previous.as_ref()];
    let mut public = keys.into_iter().flatten().map(SigningKey::public);
    let key = public.find(|key| key_id(key) == kid).ok_or(TokenError::Foreign)?;
    let server = app.installation.server_id.to_string();
    let (key, algorithm) = decoding_key(&key);
    let mut validation = Validation::new(algorithm);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    validation.set_issuer(&[&server]);
    validation.set_audience(&[&server]);
    // By our clock below: the library would ask the machine's.
    validation.validate_exp = false;
    let claims =
        jsonwebtoken::decode::<Claims>(token, &key, &validation).map_err(|_| TokenError::Foreign)?.claims;
    let now_s = app.clock.now().unix_s();
    // Several processes share the keys; their clocks may differ by a little.
    if claims.iat > now_s + 60 {
        return Err(TokenError::Foreign);
    }
    if claims.exp <= now_s || claims.exp - claims.iat > 600 {
        return Err(TokenError::Expired);
    }
    let device_id = claims.sub.parse().map_err(|_| TokenError::Foreign)?;
    Ok(AccessToken { device_id, expires_at: Timestamp::from_unix_ms(claims.exp.saturating_mul(1000)) })
}

/// No header field that asks us to fetch, trust or understand something.
pub(super) fn is_plain(header: &Header) -> bool {
    header.crit.is_none()
        && header.jku.is_none()
        && header.jwk.is_none()
        && header.x5u.is_none()
        && header.x5c.is_none()
        && header.enc.is_none()
        && header.zip.is_none()
        && header.cty.is_none()
        && header.extras.inner().is_empty()
}

/// Short name of a key: 64 bits of its hash.
fn key_id(key: &PublicKey) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(key.as_bytes())[..8])
}
