//! A device whose keystore knows P-256 only enrols, asserts itself and sends its log with ES256.

use super::*;
use crate::devices::invite;
use crate::people::Role;
use crate::people::tests::a_person;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use sync_core::log::{Algorithm, Envelope, SealParts, SigningKey};
use sync_core::protocol::{EnvelopeStatus, Order, enrolment_proof_input};
use sync_core::testing::KeystoreKey;

async fn a_phone(test: &TestApp, key: &KeystoreKey) -> SimDevice {
    let (person, _) = a_person(test, "lina", &[Role::Technician]).await;
    let invitation = invite(&test.app, person, "", None).await.unwrap();
    let public = key.public();
    let request = json!({
        "code": invitation.secret,
        "public_key": HEXLOWER.encode(public.as_bytes()),
        "proof": HEXLOWER.encode(&key.sign(&enrolment_proof_input(&invitation.secret, &public))),
        "label": "李娜 手机",
        "app_version": "0.1.0",
    });
    let answer = test.post("/v1/enrolments").json(&request).send().await;
    assert_eq!(answer.status, 201, "{}", answer.json);
    let device = answer.json["device_id"].as_str().unwrap().parse().unwrap();
    // The key of the simulated device signs nothing that is sent below.
    let unused = SigningKey::from_seed(&[1; 32]);
    SimDevice::enrolled(test.app.installation.server_id, device, person, unused, test.app.clock.now())
}

fn es256_assertion(test: &TestApp, device: &SimDevice, key: &KeystoreKey, alg: &str) -> String {
    let now = test.app.clock.now().unix_s();
    let base64 = |json: serde_json::Value| BASE64URL_NOPAD.encode(json.to_string().as_bytes());
    let header = base64(json!({ "alg": alg, "typ": "client-authentication+jwt" }));
    let claims = base64(json!({
        "iss": device.device, "sub": device.device, "aud": test.app.installation.server_id,
        "iat": now, "exp": now + 300, "jti": HEXLOWER.encode(&test.app.entropy.bytes::<16>()),
    }));
    let input = format!("{header}.{claims}");
    let signature = BASE64URL_NOPAD.encode(&key.sign(input.as_bytes()));
    format!("Assertion {input}.{signature}")
}

/// Signs the newest envelope again, with the key of the phone.
fn sign_with(device: &mut SimDevice, key: &KeystoreKey) {
    let envelope = device.log.pop().unwrap();
    let body = envelope.body().unwrap();
    let parts = SealParts { header: envelope.header().clone(), body: &body, salt: *envelope.salt() };
    device.log.push(Envelope::seal_with(parts, Algorithm::Es256, |input| key.sign(input)));
}

#[tokio::test]
async fn a_phone_with_a_p256_key_sends_its_log() {
    TestApp::for_each_engine(|test| async move {
        let key = KeystoreKey::from_secret(&[9; 32]);
        let mut phone = a_phone(&test, &key).await;
        let visit = a_visit(&test);
        phone.begin(visit, None, None);
        sign_with(&mut phone, &key);
        for (alg, status) in [("EdDSA", 401), ("ES256", 200)] {
            let assertion = es256_assertion(&test, &phone, &key, alg);
            let call = test.post("/v1/exchange").header("authorization", assertion);
            let answer = call.header("content-type", MEDIA_TYPE).body(phone.request()).send().await;
            assert_eq!(answer.status, status, "{alg}: {}", answer.json);
            if answer.status == 200 {
                assert!(phone.take(&answer.body));
            }
        }
        assert_eq!(phone.acknowledged.sequence, 1);
        assert_eq!(phone.fates.get(&1), Some(&EnvelopeStatus::Merged), "{:?}", phone.fates);

        // What somebody else signed for it is not taken, although the token is its own.
        phone.begin(a_visit(&test), None, None);
        sign_with(&mut phone, &KeystoreKey::from_secret(&[10; 32]));
        exchange(&test, &mut phone).await;
        assert_eq!(phone.acknowledged.sequence, 1);
        assert!(phone.orders.contains(&Order::ResendFrom { sequence: 2 }), "{:?}", phone.orders);
    })
    .await;
}
