//! Attacks on tokens and assertions, one row each (trust: measured behaviour of the library).

use super::signatures::encoding_key;
use super::*;
use crate::app::App;
use crate::devices;
use crate::devices::tests::a_device;
use crate::testing::{Answer, TestApp, call};
use axum::Router;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sync_core::ids::DeviceId;
use sync_core::log::SigningKey;

async fn for_devices(device: DeviceAuth) -> String {
    device.device.device_id.to_string()
}

async fn for_any_device(device: AnyDeviceAuth) -> String {
    format!("revoked: {}", device.device.revoked.is_some())
}

/// Asks a route that only devices may use.
async fn ask_at(app: &App, path: &str, authorization: &str) -> Answer {
    let router = Router::new()
        .route("/device", get(for_devices))
        .route("/any", get(for_any_device))
        .layer(from_fn_with_state(app.clone(), crate::layers::finish))
        .with_state(app.clone());
    let headers = [("authorization".to_owned(), authorization.to_owned())];
    call(&router, Method::GET, path, &headers, None).await
}

async fn ask(app: &App, authorization: &str) -> String {
    let answer = ask_at(app, "/device", authorization).await;
    answer.json["code"].as_str().map_or_else(|| answer.status.to_string(), str::to_owned)
}

fn access_claims(app: &App, device_id: DeviceId) -> Value {
    let now = app.clock.now().unix_s();
    let server = app.installation.server_id;
    json!({ "iss": server, "aud": server, "sub": device_id, "iat": now, "exp": now + 600 })
}

fn access_header(app: &App) -> Header {
    let token = issue_access_token(app, DeviceId::from_bytes([0; 16])).unwrap().0;
    jsonwebtoken::decode_header(token).unwrap()
}

fn signed(header: &Header, claims: &Value, key: &SigningKey) -> String {
    jsonwebtoken::encode(header, claims, &encoding_key(key)).unwrap()
}

/// A token under a secret that everybody knows (HMAC of RFC 2104 with SHA-256): the library cannot make one here.
fn hs256_token(header: &Header, claims: &Value, secret: &[u8]) -> String {
    let mut header = header.clone();
    header.alg = Algorithm::HS256;
    let base64 = |value: Vec<u8>| data_encoding::BASE64URL_NOPAD.encode(&value);
    let header = base64(serde_json::to_vec(&header).unwrap());
    let message = format!("{header}.{}", base64(serde_json::to_vec(claims).unwrap()));
    let mut block = [0; 64];
    block[..secret.len()].copy_from_slice(secret);
    let inner = Sha256::digest([&block.map(|byte| byte ^ 0x36), message.as_bytes()].concat());
    let outer = Sha256::digest([&block.map(|byte| byte ^ 0x5c), inner.as_slice()].concat());
    format!("{message}.{}", base64(outer.to_vec()))
}

/// An assertion as a well-behaved device makes it, with these claims changed (null: left out).
pub(crate) fn assertion(app: &App, device_id: DeviceId, key: &SigningKey, changes: &Value) -> String {
    let now = app.clock.now().unix_s();
    let mut claims = json!({
        "iss": device_id, "sub": device_id, "aud": app.installation.server_id,
        "iat": now, "exp": now + 300, "jti": data_encoding::HEXLOWER.encode(&app.entropy.bytes::<16>()),
    });
    change(&mut claims, changes);
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some("client-authentication+jwt".to_owned());
    signed(&header, &claims, key)
}

fn change(claims: &mut Value, changes: &Value) {
    let claims = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.remove(name),
            value => claims.insert(name.clone(), value.clone()),
        };
    }
}

#[tokio::test]
async fn wrong_claims_of_access_tokens_are_refused() {
    let test = TestApp::sqlite().await;
    let app = &test.app;
    let (device_id, _) = a_device(&test, "zhangwei").await;
    let now = app.clock.now().unix_s();
    for (name, changes, expected) in [
        ("as issued", json!({}), "200"),
        ("without iss", json!({ "iss": null }), "token-invalid"),
        ("without aud", json!({ "aud": null }), "token-invalid"),
        ("without iss and aud", json!({ "iss": null, "aud": null }), "token-invalid"),
        ("iss a number", json!({ "iss": 7 }), "token-invalid"),
        ("aud an object", json!({ "aud": {} }), "token-invalid"),
        ("aud a list", json!({ "aud": [app.installation.server_id] }), "token-invalid"),
        ("another aud", json!({ "aud": "other" }), "token-invalid"),
        ("another iss", json!({ "iss": "other" }), "token-invalid"),
        ("without sub", json!({ "sub": null }), "token-invalid"),
        ("sub no device", json!({ "sub": "root" }), "token-invalid"),
        ("sub an unknown device", json!({ "sub": DeviceId::from_bytes([9; 16]) }), "device-not-enrolled"),
        ("without exp", json!({ "exp": null }), "token-invalid"),
        ("exp a text", json!({ "exp": "tomorrow" }), "token-invalid"),
        ("expired a second ago", json!({ "iat": now - 600, "exp": now - 1 }), "token-expired"),
        ("for a year", json!({ "exp": now + 31_536_000 }), "token-expired"),
        ("from the future", json!({ "iat": now + 3600, "exp": now + 4200 }), "token-invalid"),
        ("not before tomorrow", json!({ "nbf": now + 86_400 }), "token-invalid"),
        ("an unknown claim", json!({ "admin": true }), "token-invalid"),
    ] {
        let mut claims = access_claims(app, device_id);
        change(&mut claims, &changes);
        let token = signed(&access_header(app), &claims, &app.keys.token);
        assert_eq!(ask(app, &format!("Bearer {token}")).await, expected, "{name}");
    }
}

#[tokio::test]
async fn wrong_headers_and_keys_of_access_tokens_are_refused() {
    let test = TestApp::sqlite().await;
    let app = &test.app;
    let (device_id, device_key) = a_device(&test, "zhangwei").await;
    let claims = access_claims(app, device_id);
    let good = access_header(app);
    let with = |edit: fn(&mut Header)| {
        let mut header = good.clone();
        edit(&mut header);
        signed(&header, &claims, &app.keys.token)
    };
    let hs256 = hs256_token(&good, &claims, app.keys.token.public().as_bytes());
    let whole = signed(&good, &claims, &app.keys.token);
    let none = {
        let parts: Vec<_> = whole.split('.').collect();
        let header = json!({ "alg": "none", "typ": "at+jwt", "kid": good.kid }).to_string();
        format!("{}.{}.", data_encoding::BASE64URL_NOPAD.encode(header.as_bytes()), parts[1])
    };
    let tampered = {
        let parts: Vec<_> = whole.split('.').collect();
        let mut other = claims.clone();
        other["sub"] = json!(DeviceId::from_bytes([1; 16]));
        let body = data_encoding::BASE64URL_NOPAD.encode(other.to_string().as_bytes());
        format!("{}.{body}.{}", parts[0], parts[2])
    };
    for (name, token) in [
        ("another type", with(|header| header.typ = Some("refresh+jwt".to_owned()))),
        ("no type", with(|header| header.typ = None)),
        ("type JWT", with(|header| header.typ = Some("JWT".to_owned()))),
        ("unknown critical field", with(|header| header.crit = Some(vec!["exp".to_owned()]))),
        ("key by address", with(|header| header.jku = Some("https://evil.example/jwks".to_owned()))),
        ("certificate by address", with(|header| header.x5u = Some("https://evil.example".to_owned()))),
        ("no key id", with(|header| header.kid = None)),
        ("key id a path", with(|header| header.kid = Some("../../etc/passwd".to_owned()))),
        ("key id SQL", with(|header| header.kid = Some("' OR 1=1 --".to_owned()))),
        ("signed by the device", signed(&good, &claims, &device_key)),
        ("signed by the office log", signed(&good, &claims, &app.keys.office_log)),
        ("HS256 with the public key", hs256),
        ("no signature", none),
        ("another subject", tampered),
        ("an assertion", assertion(app, device_id, &device_key, &json!({}))),
        ("empty", String::new()),
        ("two dots", "..".to_owned()),
        ("five kilobytes", format!("{whole}{}", "A".repeat(5000))),
    ] {
        assert_eq!(ask(app, &format!("Bearer {token}")).await, "token-invalid", "{name}");
    }
    assert_eq!(ask(app, &format!("Bearer {whole}")).await, "200");
    assert_eq!(ask(app, &format!("Basic {whole}")).await, "token-missing");
}

#[tokio::test]
async fn a_token_of_the_previous_key_is_still_good_after_a_rotation() {
    let test = TestApp::sqlite().await;
    let (device_id, _) = a_device(&test, "zhangwei").await;
    let (token, life_ms) = issue_access_token(&test.app, device_id).unwrap();
    assert_eq!(life_ms, 600_000);
    let keys = test.app.config.data.folder.join("keys");
    std::fs::rename(keys.join("token.pem"), keys.join("token-previous.pem")).unwrap();
    let parts = &test.app;
    let rotated = App::with_store(
        parts.store.clone(),
        parts.config.clone(),
        parts.clock.clone(),
        parts.entropy.clone(),
    );
    let rotated = rotated.await.unwrap();
    assert_eq!(ask(&rotated, &format!("Bearer {token}")).await, "200");
    let (fresh, _) = issue_access_token(&rotated, device_id).unwrap();
    assert_eq!(ask(&rotated, &format!("Bearer {fresh}")).await, "200");
    assert_eq!(ask(&test.app, &format!("Bearer {fresh}")).await, "token-invalid");
}

#[tokio::test]
async fn a_revocation_takes_effect_with_the_next_request() {
    TestApp::for_each_engine(|test| async move {
        let app = &test.app;
        let (device_id, key) = a_device(&test, "zhangwei").await;
        let bearer = format!("Bearer {}", issue_access_token(app, device_id).unwrap().0);
        assert_eq!(ask(app, &bearer).await, "200");
        let mut tx = app.store.write().await.unwrap();
        devices::revoke(&mut tx, device_id, "lost", devices::By::terminal(app.clock.now())).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ask(app, &bearer).await, "device-revoked");
        let signed = format!("Assertion {}", assertion(app, device_id, &key, &json!({})));
        assert_eq!(ask(app, &signed).await, "device-revoked");
        let escrow = ask_at(app, "/any", &bearer).await;
        assert_eq!((escrow.status, &escrow.body[..]), (200, b"revoked: true".as_slice()));
        let token = token_for(&test, &assertion(app, device_id, &key, &json!({}))).await;
        assert_eq!(token.json["code"], "device-revoked");
    })
    .await;
}

async fn token_for(test: &TestApp, assertion: &str) -> Answer {
    let body = format!(
        "grant_type=client_credentials&client_assertion_type=\
        urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={assertion}"
    );
    let call = test.post("/v1/token").header("content-type", "application/x-www-form-urlencoded");
    call.body(body).send().await
}

#[tokio::test]
async fn an_assertion_gives_a_token_once() {
    TestApp::for_each_engine(|test| async move {
        let (device_id, key) = a_device(&test, "zhangwei").await;
        let assertion = assertion(&test.app, device_id, &key, &json!({}));
        let answer = token_for(&test, &assertion).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        assert_eq!(answer.headers["cache-control"], "no-store");
        let bearer = format!("Bearer {}", answer.json["access_token"].as_str().unwrap());
        assert_eq!(ask(&test.app, &bearer).await, "200");
        assert_eq!(token_for(&test, &assertion).await.json["code"], "assertion-replayed");
        assert_eq!(ask(&test.app, &format!("Assertion {assertion}")).await, "assertion-replayed");
    })
    .await;
}

#[tokio::test]
async fn wrong_assertions_are_refused() {
    let test = TestApp::sqlite().await;
    let app = &test.app;
    let (device_id, key) = a_device(&test, "zhangwei").await;
    let (other_id, other_key) = a_device(&test, "lijing").await;
    let now = app.clock.now().unix_s();
    for (name, changes, expected) in [
        ("as it should be", json!({}), "200"),
        ("another issuer", json!({ "iss": other_id }), "token-invalid"),
        ("another subject", json!({ "sub": other_id }), "token-invalid"),
        ("another device altogether", json!({ "iss": other_id, "sub": other_id }), "token-invalid"),
        (
            "an unknown device",
            json!({ "iss": DeviceId::from_bytes([9; 16]), "sub": DeviceId::from_bytes([9; 16]) }),
            "device-not-enrolled",
        ),
        ("for another server", json!({ "aud": other_id }), "token-invalid"),
        ("for nobody", json!({ "aud": null }), "token-invalid"),
        ("without exp", json!({ "exp": null }), "token-invalid"),
        ("for a day", json!({ "exp": now + 86_400 }), "token-invalid"),
        ("ended before it began", json!({ "exp": now - 1 }), "token-invalid"),
        ("without jti", json!({ "jti": null }), "token-invalid"),
        ("a guessable jti", json!({ "jti": "1" }), "token-invalid"),
        ("a huge jti", json!({ "jti": "x".repeat(65) }), "token-invalid"),
    ] {
        let token = assertion(app, device_id, &key, &changes);
        assert_eq!(ask(app, &format!("Assertion {token}")).await, expected, "{name}");
    }
    let forged = assertion(app, device_id, &other_key, &json!({}));
    assert_eq!(ask(app, &format!("Assertion {forged}")).await, "token-invalid");
    let access = issue_access_token(app, device_id).unwrap().0;
    assert_eq!(ask(app, &format!("Assertion {access}")).await, "token-invalid");
}

#[tokio::test]
async fn a_wrong_clock_locks_nobody_out() {
    let test = TestApp::sqlite().await;
    let app = &test.app;
    let (device_id, key) = a_device(&test, "zhangwei").await;
    let now = app.clock.now().unix_s();
    for off_by_days in [-400, 400] {
        let iat = now + off_by_days * 86_400;
        let times = json!({ "iat": iat, "exp": iat + 300 });
        let token = assertion(app, device_id, &key, &times);
        let answer = ask_at(app, "/device", &format!("Assertion {token}")).await;
        assert_eq!(answer.json["code"], "nonce-needed");
        assert_eq!(answer.json["server_time_ms"], app.clock.now().unix_ms());
        let with_nonce = json!({ "iat": iat, "exp": iat + 300, "nonce": answer.json["nonce"] });
        let token = assertion(app, device_id, &key, &with_nonce);
        assert_eq!(ask(app, &format!("Assertion {token}")).await, "200");
        assert_eq!(ask(app, &format!("Assertion {token}")).await, "assertion-replayed");
        app.clock.advance_ms(5 * 60_000 + 1);
        let token = assertion(app, device_id, &key, &with_nonce);
        assert_eq!(ask(app, &format!("Assertion {token}")).await, "nonce-needed", "the nonce is too old");
    }
    let made_up = json!({ "iat": 0, "exp": 300, "nonce": "AAAA" });
    let token = assertion(app, device_id, &key, &made_up);
    assert_eq!(ask(app, &format!("Assertion {token}")).await, "nonce-needed");
    let slow = json!({ "iat": now - 20 * 3600, "exp": now - 20 * 3600 + 300 });
    let token = assertion(app, device_id, &key, &slow);
    assert_eq!(ask(app, &format!("Assertion {token}")).await, "200", "hours are borne without a nonce");
}
