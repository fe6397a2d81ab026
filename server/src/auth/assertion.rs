//! Assertions of devices: a JWT that the device signs itself (RFC 7523, `private_key_jwt`), used once.
//!
//! Header `alg` EdDSA or ES256, as its key is, `typ` `client-authentication+jwt`; claims `iss` = `sub` = device id, `aud` = server id, `iat`,
//! `exp` (at most an hour later), `jti` (16 to 64 characters), and `nonce` if the server gave one.
//!
//! Device clocks lie, and a wrong one must lock nobody out. So `iat` is judged loosely: within a day of the server's
//! clock it passes (clients correct it by the offset they learned at the last contact), and the `jti` is remembered
//! for longer than that. Further off, the answer is a problem with a nonce and the server's time; an assertion with
//! that nonce passes whatever its times say. The nonce is good for five minutes and names nothing secret, so it needs
//! no memory: time and a signature over it.

use super::access_token::is_plain;
use super::signatures::decoding_key;
use crate::app::App;
use crate::devices::{self, KnownDevice};
use crate::problem::{self, Problem};
use crate::store::{StoreError, Tx, statement};
use jsonwebtoken::Validation;
use serde::Deserialize;
use std::time::Duration;
use sync_core::ids::DeviceId;
use sync_core::time::Timestamp;

/// Type of assertions (RFC 7523 as revised): an access token is none.
pub(super) const TYPE: &str = "client-authentication+jwt";
/// How far off a device's clock may be before it needs a nonce.
const CLOCK_TOLERANCE_MS: i64 = 24 * 3_600_000;
/// How long a nonce is good.
const NONCE_MS: i64 = 5 * 60_000;
/// How long a `jti` is remembered: longer than any assertion can pass.
const REMEMBER_MS: i64 = 2 * CLOCK_TOLERANCE_MS + NONCE_MS;
/// How often those are forgotten whose time has come.
const FORGET_INTERVAL: Duration = Duration::from_secs(3600);

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    iat: i64,
    exp: i64,
    jti: String,
    nonce: Option<String>,
}

/// Why an assertion is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum AssertionError {
    #[error("not an assertion of a device that is enrolled here")]
    Foreign,
    #[error("device {device_id} was never enrolled here")]
    UnknownDevice { device_id: DeviceId },
    #[error("used before")]
    Replayed,
    #[error("the device's clock is off; a nonce is needed")]
    NonceNeeded,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Checks an assertion and remembers it. Costs one commit.
pub(super) async fn take(app: &App, token: &str) -> Result<KnownDevice, AssertionError> {
    let (device, claims) = check(app, token).await?;
    let now = app.clock.now();
    let mut tx = app.store.write().await?;
    let fresh = remember(&mut tx, device.device_id, &claims.jti, now).await?;
    if !fresh {
        return Err(AssertionError::Replayed);
    }
    tx.commit().await?;
    Ok(device)
}

async fn check(app: &App, token: &str) -> Result<(KnownDevice, Claims), AssertionError> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| AssertionError::Foreign)?;
    if !is_plain(&header) || header.typ.as_deref() != Some(TYPE) {
        return Err(AssertionError::Foreign);
    }
    // Only for finding the key; nothing is believed before the signature is checked.
    let claimed: Claims =
        jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| AssertionError::Foreign)?;
    let device_id: DeviceId = claimed.sub.parse().map_err(|_| AssertionError::Foreign)?;
    let device = devices::find(&mut app.store.read_once().await?, device_id).await?;
    let device = device.ok_or(AssertionError::UnknownDevice { device_id })?;
    let claims = verify(app, token, &device)?;
    judge_time(app, &claims)?;
    Ok((device, claims))
}

fn verify(app: &App, token: &str, device: &KnownDevice) -> Result<Claims, AssertionError> {
    let id = device.device_id.to_string();
    let (key, algorithm) = decoding_key(&device.key);
    let mut validation = Validation::new(algorithm);
    validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
    validation.set_issuer(&[&id]);
    validation.set_audience(&[app.installation.server_id.to_string()]);
    validation.sub = Some(id.clone());
    validation.validate_exp = false;
    let claims =
        jsonwebtoken::decode::<Claims>(token, &key, &validation).map_err(|_| AssertionError::Foreign)?.claims;
    let lifetime_s = claims.exp.saturating_sub(claims.iat);
    let sound = claims.iss == id && claims.sub == id && claims.aud == app.installation.server_id.to_string();
    if !sound || !(1..=3600).contains(&lifetime_s) || !(16..=64).contains(&claims.jti.len()) {
        return Err(AssertionError::Foreign);
    }
    Ok(claims)
}

fn judge_time(app: &App, claims: &Claims) -> Result<(), AssertionError> {
    let now = app.clock.now();
    if claims.nonce.as_deref().is_some_and(|nonce| is_own_nonce(app, nonce, now)) {
        return Ok(());
    }
    let issued = Timestamp::from_unix_ms(claims.iat.saturating_mul(1000));
    if now.since_ms(issued).saturating_abs() <= CLOCK_TOLERANCE_MS {
        return Ok(());
    }
    Err(AssertionError::NonceNeeded)
}

/// Whether this `jti` was new.
async fn remember(tx: &mut Tx, device_id: DeviceId, jti: &str, now: Timestamp) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO device_assertions (device_id, jti, forget_after_ms) VALUES ($1, $2, $3) \
        ON CONFLICT (device_id, jti) DO NOTHING";
    let (id, forget_after_ms) = (device_id.to_string(), now.unix_ms() + REMEMBER_MS);
    let inserted = statement(SQL).bind(&id).bind(jti).bind(forget_after_ms).execute(tx).await?;
    Ok(inserted == 1)
}

/// Forgets assertions that are old enough, again and again as long as the server runs.
pub(crate) async fn keep_forgetting(app: App) {
    let mut rounds = tokio::time::interval(FORGET_INTERVAL);
    loop {
        rounds.tick().await;
        if let Err(error) = forget(&app).await {
            tracing::error!(%error, "old assertions not forgotten");
        }
    }
}

/// Forgets those whose time has come; one of them would be refused for its age now.
async fn forget(app: &App) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM device_assertions WHERE forget_after_ms < $1";
    let now_ms = app.clock.now().unix_ms();
    let mut tx = app.store.write().await?;
    statement(SQL).bind(now_ms).execute(&mut tx).await?;
    tx.commit().await
}

/// A nonce for a device whose clock is off.
pub(super) fn new_nonce(app: &App) -> String {
    let at = app.clock.now().unix_ms().to_be_bytes();
    let signature = app.keys.token.sign(&nonce_input(at));
    data_encoding::BASE64URL_NOPAD.encode(&[at.as_slice(), &signature].concat())
}

fn is_own_nonce(app: &App, nonce: &str, now: Timestamp) -> bool {
    let Ok(bytes) = data_encoding::BASE64URL_NOPAD.decode(nonce.as_bytes()) else { return false };
    let Some((at, signature)) = bytes.split_first_chunk::<8>() else { return false };
    let Ok(signature) = signature.try_into() else { return false };
    let age_ms = now.since_ms(Timestamp::from_unix_ms(i64::from_be_bytes(*at)));
    (0..=NONCE_MS).contains(&age_ms) && app.keys.token.public().verifies(&nonce_input(*at), signature)
}

fn nonce_input(at: [u8; 8]) -> Vec<u8> {
    [b"fieldloop/nonce/v1\0".as_slice(), &at].concat()
}

/// The answer to a refused assertion.
pub(super) fn refuse(app: &App, error: AssertionError) -> Problem {
    let kind = match error {
        AssertionError::Store(source) => return source.into(),
        AssertionError::NonceNeeded => {
            return Problem::new(&problem::NONCE_NEEDED)
                .with("nonce", new_nonce(app))
                .with("server_time_ms", app.clock.now().unix_ms())
                .challenge("Assertion");
        }
        AssertionError::UnknownDevice { .. } => &problem::DEVICE_NOT_ENROLLED,
        AssertionError::Replayed => &problem::ASSERTION_REPLAYED,
        AssertionError::Foreign => &problem::TOKEN_INVALID,
    };
    tracing::info!(%error, "assertion refused");
    Problem::new(kind).challenge("Bearer, Assertion")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::tests::a_device;
    use crate::testing::TestApp;

    #[tokio::test]
    async fn an_assertion_is_new_once_and_forgotten_when_its_age_alone_refuses_it() {
        TestApp::for_each_engine(|test| async move {
            let app = &test.app;
            let (device, _) = a_device(&test, "zhang").await;
            let is_new = async || {
                let mut tx = app.store.write().await.unwrap();
                let fresh = remember(&mut tx, device, "once", app.clock.now()).await.unwrap();
                tx.commit().await.unwrap();
                fresh
            };
            assert!(is_new().await && !is_new().await);
            app.clock.advance_ms(REMEMBER_MS);
            forget(app).await.unwrap();
            assert!(!is_new().await, "its last moment");
            app.clock.advance_ms(1);
            forget(app).await.unwrap();
            assert!(is_new().await);
        })
        .await;
    }
}
