//! Assertions: JWTs that the device signs itself (RFC 7523, `private_key_jwt`), used once.

use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use sync_core::ids::{DeviceId, ServerId};
use sync_core::log::SigningKey;
use sync_core::time::Timestamp;

/// How long an assertion claims to be good. It is used once, at once.
const LIFETIME_S: i64 = 300;

/// An assertion of `device` for `server`, issued at `at` by the server's clock as far as it is known.
pub fn assertion(
    key: &SigningKey,
    device: DeviceId,
    server: ServerId,
    at: Timestamp,
    jti: &str,
    nonce: Option<&str>,
) -> String {
    let header = json!({ "alg": "EdDSA", "typ": "client-authentication+jwt" });
    let mut claims = json!({
        "iss": device.to_string(),
        "sub": device.to_string(),
        "aud": server.to_string(),
        "iat": at.unix_s(),
        "exp": at.unix_s() + LIFETIME_S,
        "jti": jti,
    });
    if let Some(nonce) = nonce {
        claims["nonce"] = nonce.into();
    }
    let part = |value: serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(header), part(claims));
    // The EdDSA of JOSE (RFC 8037) is the Ed25519 of RFC 8032 over these bytes, nothing else.
    let signature = BASE64URL_NOPAD.encode(&key.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};

    #[test]
    fn an_independent_library_accepts_the_assertion() {
        let key = SigningKey::from_seed(&[5; 32]);
        let (device, server) = (DeviceId::from_bytes([1; 16]), ServerId::from_bytes([2; 16]));
        let token = assertion(
            &key,
            device,
            server,
            Timestamp::from_unix_ms(1_763_700_000_000),
            "0123456789abcdef",
            Some("n"),
        );
        let x = BASE64URL_NOPAD.encode(key.public().as_bytes());
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[server.to_string()]);
        validation.set_issuer(&[device.to_string()]);
        validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
        validation.validate_exp = false;
        let decoding = DecodingKey::from_ed_components(&x).unwrap();
        let decoded = jsonwebtoken::decode::<serde_json::Value>(&token, &decoding, &validation).unwrap();
        assert_eq!(decoded.header.typ.as_deref(), Some("client-authentication+jwt"));
        assert_eq!(
            (&decoded.claims["iat"], &decoded.claims["exp"]),
            (&1_763_700_000.into(), &1_763_700_300.into())
        );
        assert_eq!(decoded.claims["nonce"], "n");
    }
}
