//! Inviting, enrolling, listing, revoking.

use super::*;
use crate::exchange;
use crate::people::Role;
use crate::people::tests::{a_person, an_administrator};
use crate::testing::{Answer, TestApp};
use serde_json::{Value, json};
use sync_core::ids::{DeviceId, PersonId, ServerId};
use sync_core::log::SigningKey;
use sync_core::protocol::enrolment_proof_input;

/// A device of a new technician, enrolled, with its key.
pub(crate) async fn a_device(test: &TestApp, login_name: &str) -> (DeviceId, SigningKey) {
    let (person, _) = a_person(test, login_name, &[Role::Technician]).await;
    let invitation = invite(&test.app, person, "", None).await.unwrap();
    let key = SigningKey::from_seed(&test.app.entropy.bytes());
    let answer = send(test, &request(&invitation.secret, &key)).await;
    assert_eq!(answer.status, 201, "{}", answer.json);
    (answer.json["device_id"].as_str().unwrap().parse().unwrap(), key)
}

fn request(code: &str, key: &SigningKey) -> Value {
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let public = key.public();
    json!({
        "code": code,
        "public_key": hex(public.as_bytes()),
        "proof": hex(&key.sign(&enrolment_proof_input(code, &public))),
        "label": "张伟 ThinkPad",
        "app_version": "0.1.0",
    })
}

async fn send(test: &TestApp, request: &Value) -> Answer {
    test.post("/v1/enrolments").json(request).send().await
}

fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n; 32])
}

#[tokio::test]
async fn a_device_enrols_with_link_or_code_and_appears_in_the_list() {
    TestApp::for_each_engine(|test| async move {
        let admin = an_administrator(&test).await;
        let (person, _) = a_person(&test, "zhangwei", &[Role::Technician]).await;
        let invite = || {
            let call = test.post("/v1/device-invitations").header("authorization", &admin);
            call.json(&json!({ "person_id": person })).send()
        };
        let invitation = invite().await;
        assert_eq!(invitation.status, 201, "{}", invitation.json);
        let secret = invitation.json["link"].as_str().unwrap().split_once("/enrol#").unwrap().1.to_owned();
        let answer = send(&test, &request(&secret, &key(1))).await;
        assert_eq!(answer.status, 201, "{}", answer.json);
        assert_eq!(answer.json["device_name"], "dev-01");
        assert_eq!(answer.json["server_id"], test.app.installation.server_id.to_string());
        assert_eq!(answer.json["person_name"], "zhangwei 测试");
        let typed = invite().await.json["code"].as_str().unwrap().to_lowercase();
        let second = send(&test, &request(&typed, &key(2))).await;
        assert_eq!(second.json["device_name"], "dev-02", "{}", second.json);
        let list = test.get("/v1/devices").header("authorization", &admin).send().await;
        let items = list.json["items"].as_array().unwrap();
        assert_eq!(items.len(), 2);
        assert_eq!(items[0]["label"], "张伟 ThinkPad");
        assert_eq!(items[0]["key_fingerprint"], sync_core::log::fingerprint(&key(1).public()));
        assert_eq!(items[0]["last_contact"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn a_device_that_a_restored_server_lost_comes_back_as_what_it_was() {
    TestApp::for_each_engine(|test| async move {
        let (person, _) = a_person(&test, "zhangwei", &[Role::Technician]).await;
        let here = test.app.installation.server_id;
        let enrol = async |server: ServerId, device: DeviceId, seed: u8| {
            let invitation = invite(&test.app, person, "", None).await.unwrap();
            let mut request = request(&invitation.secret, &key(seed));
            request["earlier"] = json!({ "server_id": server, "device_id": device });
            send(&test, &request).await
        };
        let lost = DeviceId::from_bytes([7; 16]);
        let back = enrol(here, lost, 1).await;
        assert_eq!((back.status, &back.json["device_id"]), (201, &json!(lost)), "{}", back.json);
        let known = enrol(here, lost, 1).await;
        assert_eq!((known.status, &known.json["device_id"]), (201, &json!(lost)), "it is known after all");
        assert_eq!(enrol(here, lost, 2).await.json["code"], "key-in-use", "not under another key");
        let office = exchange::office::office_device(here, 2);
        for (server, device) in
            [(ServerId::from_bytes([9; 16]), DeviceId::from_bytes([8; 16])), (here, office)]
        {
            let fresh = enrol(server, device, device.as_bytes()[0]).await;
            assert_eq!(fresh.status, 201, "{}", fresh.json);
            assert_ne!(fresh.json["device_id"], json!(device), "an identity that this server never gave");
        }
    })
    .await;
}

#[tokio::test]
async fn an_invitation_works_once_and_a_lost_answer_can_be_had_again() {
    let test = TestApp::sqlite().await;
    let (person, _) = a_person(&test, "zhangwei", &[Role::Technician]).await;
    let invitation = invite(&test.app, person, "dev", None).await.unwrap();
    let first = send(&test, &request(&invitation.secret, &key(1))).await;
    let again = send(&test, &request(&invitation.secret, &key(1))).await;
    assert_eq!((again.status, &again.json["device_id"]), (201, &first.json["device_id"]));
    let other = send(&test, &request(&invitation.code, &key(2))).await;
    assert_eq!(other.json["code"], "invitation-invalid");
    let invitation = invite(&test.app, person, "dev", None).await.unwrap();
    assert_eq!(send(&test, &request(&invitation.secret, &key(1))).await.json["code"], "key-in-use");
    test.app.clock.advance_ms(10 * 60_000);
    assert_eq!(send(&test, &request(&invitation.secret, &key(2))).await.json["code"], "invitation-invalid");
}

#[tokio::test]
async fn an_invitation_for_somebody_else_is_refused_and_stays_good() {
    let test = TestApp::sqlite().await;
    let (person, _) = a_person(&test, "zhangwei", &[Role::Technician]).await;
    let (other, _) = a_person(&test, "lina", &[Role::Technician]).await;
    let invitation = invite(&test.app, person, "dev", None).await.unwrap();
    let holding_acts_of = |holder: PersonId| {
        let mut request = request(&invitation.secret, &key(1));
        request["person_id"] = json!(holder);
        request
    };
    let refused = send(&test, &holding_acts_of(other)).await;
    assert_eq!((refused.status, &refused.json["code"]), (409, &json!("invitation-of-another")));
    assert_eq!(send(&test, &holding_acts_of(person)).await.status, 201);
}

#[tokio::test]
async fn five_wrong_codes_end_an_invitation_and_twenty_an_address() {
    let test = TestApp::sqlite().await;
    let (person, _) = a_person(&test, "zhangwei", &[Role::Technician]).await;
    let invitation = invite(&test.app, person, "", None).await.unwrap();
    let mut wrong = 0;
    // Codes with the right handle and a right check character, but another secret part.
    while wrong < 5 {
        let other = code::TypedCode::generate(&test.app.entropy).grouped();
        let guess = format!("{}{}", &invitation.code[..4], &other[4..]);
        if code::TypedCode::parse(&guess).is_none() || guess == invitation.code {
            continue;
        }
        assert_eq!(send(&test, &request(&guess, &key(9))).await.json["code"], "invitation-invalid");
        wrong += 1;
    }
    let answer = send(&test, &request(&invitation.code, &key(1))).await;
    assert_eq!(answer.json["code"], "invitation-invalid", "the right code comes too late");
    for _ in 0..14 {
        send(&test, &request("no such code", &key(1))).await;
    }
    let fresh = invite(&test.app, person, "", None).await.unwrap();
    let answer = send(&test, &request(&fresh.secret, &key(1))).await;
    assert_eq!((answer.status, answer.json["code"].as_str()), (429, Some("too-many-requests")));
    test.app.clock.advance_ms(3_600_000);
    let fresh = invite(&test.app, person, "", None).await.unwrap();
    assert_eq!(send(&test, &request(&fresh.secret, &key(1))).await.status, 201);
}

#[tokio::test]
async fn who_does_not_hold_the_key_is_refused() {
    let test = TestApp::sqlite().await;
    let (person, _) = a_person(&test, "zhangwei", &[Role::Technician]).await;
    let invitation = invite(&test.app, person, "", None).await.unwrap();
    let good = request(&invitation.secret, &key(1));
    let mut stolen = good.clone();
    stolen["proof"] = request(&invitation.secret, &key(2))["proof"].clone();
    let mut other_code = good.clone();
    other_code["proof"] = request("another code", &key(1))["proof"].clone();
    let mut weak = good.clone();
    weak["public_key"] = json!("00".repeat(32));
    let mut short = good.clone();
    short["public_key"] = json!("00");
    for bad in [stolen, other_code, weak, short] {
        assert_eq!(send(&test, &bad).await.json["code"], "proof-invalid", "{bad}");
    }
    assert_eq!(send(&test, &good).await.status, 201, "wrong proofs cost the invitation nothing");
}

#[tokio::test]
async fn a_revocation_keeps_its_first_reason_and_is_in_the_log() {
    TestApp::for_each_engine(|test| async move {
        let admin = an_administrator(&test).await;
        let (device_id, _) = a_device(&test, "zhangwei").await;
        let revoke = |reason: &str| {
            let call = test.post(&format!("/v1/devices/{device_id}/revocation"));
            call.header("authorization", &admin).json(&json!({ "reason": reason })).send()
        };
        assert_eq!(revoke("").await.status, 422);
        assert_eq!(revoke("lost on the bus").await.status, 204);
        test.app.clock.advance_ms(1000);
        assert_eq!(revoke("another reason").await.status, 204);
        let path = format!("/v1/devices/{device_id}");
        let device = test.get(&path).header("authorization", &admin).send().await;
        assert_eq!(device.json["revocation"]["reason"], "lost on the bus");
        let index = device.json["revocation"]["log_index"].as_i64().unwrap();
        let mut tx = test.app.store.read().await.unwrap();
        let entry = crate::audit::list(&mut tx, index - 1, 1).await.unwrap().pop().unwrap();
        assert_eq!((entry.kind.as_str(), entry.device_id), ("device.revoked", Some(device_id.to_string())));
        let unknown = test.post("/v1/devices/018f3c52-8f00-7c3a-9d2e-0123456789ab/revocation");
        let unknown = unknown.header("authorization", &admin).json(&json!({ "reason": "x" })).send().await;
        assert_eq!(unknown.json["code"], "device-unknown");
    })
    .await;
}

#[tokio::test]
async fn what_a_device_says_at_a_contact_is_shown() {
    TestApp::for_each_engine(|test| async move {
        let admin = an_administrator(&test).await;
        let (device_id, _) = a_device(&test, "zhangwei").await;
        let contact = Contact {
            app_version: "0.2.0".to_owned(),
            outbox_envelopes: 3,
            outbox_photos: 2,
            outbox_bytes: 4_000_000,
            disk_free_bytes: 1 << 30,
            clock_offset_ms: -34_560_000_000,
        };
        let mut tx = test.app.store.write().await.unwrap();
        record_contact(&mut tx, device_id, &contact, test.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let again = Contact { outbox_envelopes: 1, ..contact };
        test.app.clock.advance_ms(60_000);
        let mut tx = test.app.store.write().await.unwrap();
        record_contact(&mut tx, device_id, &again, test.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let path = format!("/v1/devices/{device_id}/contacts");
        let days = test.get(&path).header("authorization", &admin).send().await;
        let day = &days.json["items"][0];
        assert_eq!((&day["contacts"], &day["outbox_envelopes"]), (&json!(2), &json!(1)), "{}", days.json);
        let list = test.get("/v1/devices").header("authorization", &admin).send().await;
        let last = &list.json["items"][0]["last_contact"];
        assert_eq!(last["outbox_envelopes"], 1);
        assert_eq!(last["clock_offset_ms"], -34_560_000_000_i64);
    })
    .await;
}

#[tokio::test]
async fn what_happens_to_a_device_is_its_history_newest_first() {
    TestApp::for_each_engine(|test| async move {
        let admin = an_administrator(&test).await;
        let (device_id, _) = a_device(&test, "zhangwei").await;
        a_device(&test, "liqiang").await;
        let act = async |what: &str, reason: &str| {
            let call = test.post(&format!("/v1/devices/{device_id}/{what}")).header("authorization", &admin);
            test.app.clock.advance_ms(1_000);
            call.json(&json!({ "reason": reason })).send().await.status
        };
        for (what, reason) in [
            ("suspension", "under repair"),
            ("suspension", "twice"),
            ("resumption", "back"),
            ("resumption", "twice"),
            ("wipe-order", "stolen"),
            ("wipe-order/withdrawal", "found"),
        ] {
            assert_eq!(act(what, reason).await, 204, "{what}");
        }
        assert_eq!(act("suspension", "revoked by the order").await, 409);
        assert_eq!(act("wipe-order", " ").await, 422);
        let path = format!("/v1/devices/{device_id}");
        let device = test.get(&path).header("authorization", &admin).send().await.json;
        assert_eq!(device["revocation"]["reason"], "stolen");
        assert_eq!((&device["suspension"], &device["wipe"]), (&Value::Null, &Value::Null));
        let mut acts = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/v1/devices/{device_id}/history?limit=2{cursor}");
            let page = test.get(&path).header("authorization", &admin).send().await.json;
            acts.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let said: Vec<_> = acts
            .iter()
            .map(|act| (act["kind"].as_str().unwrap(), act["reason"].as_str().unwrap_or("")))
            .collect();
        assert_eq!(
            said,
            [
                ("device.wipe_withdrawn", "found"),
                ("device.wipe_ordered", "stolen"),
                ("device.revoked", "stolen"),
                ("device.resumed", "back"),
                ("device.suspended", "under repair"),
                ("device.enrolled", ""),
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn the_terminal_invites_lists_renames_and_revokes() {
    let test = TestApp::sqlite().await;
    a_device(&test, "zhangwei").await;
    let run = |words: &'static [&'static str], language| {
        #[derive(clap::Parser)]
        struct Line {
            #[command(subcommand)]
            command: cli::DeviceCommand,
        }
        let line: Line = clap::Parser::try_parse_from(std::iter::once(&"device").chain(words)).unwrap();
        let app = test.app.clone();
        async move { cli::run(&app, line.command, language).await }
    };
    use crate::problem::Language::{En, ZhCn};
    let text = run(&["invite", "zhangwei"], ZhCn).await.unwrap();
    assert!(text.contains('▄') && text.contains("登记码") && text.contains("10 分钟"), "{text}");
    let code = text.split_once("登记码  ").unwrap().1[..14].to_owned();
    assert_eq!(send(&test, &request(&code, &key(7))).await.json["device_name"], "dev-02");
    run(&["rename", "dev-02", "备用机"], En).await.unwrap();
    run(&["revoke", "dev-02", "--reason", "lost"], En).await.unwrap();
    let list = run(&["list"], En).await.unwrap();
    assert!(
        list.contains("dev-02  备用机") && list.contains("revoked 2025-11-21") && list.contains("(lost)"),
        "{list}"
    );
    run(&["suspend", "dev-01", "--reason", "repair"], ZhCn).await.unwrap();
    assert!(run(&["list"], En).await.unwrap().contains("suspended 2025-11-21"));
    run(&["resume", "dev-01", "--reason", "back"], En).await.unwrap();
    run(&["wipe", "dev-01", "--reason", "stolen"], En).await.unwrap();
    assert!(run(&["list"], En).await.unwrap().contains("wipe ordered 2025-11-21"));
    run(&["wipe", "dev-01", "--reason", "found", "--withdraw"], En).await.unwrap();
    let history = run(&["history", "dev-01"], En).await.unwrap();
    assert!(history.lines().next().unwrap().ends_with("device.wipe_withdrawn  (found)"), "{history}");
    let history = run(&["history", "dev-01"], ZhCn).await.unwrap();
    assert!(history.contains("暂停设备 · device.suspended  (repair)"), "{history}");
    assert!(run(&["revoke", "dev-99", "--reason", "x"], En).await.is_err());
    assert!(run(&["invite", "nobody"], En).await.is_err());
    assert!(!run(&["invite", "zhangwei"], En).await.unwrap().contains("no technician"));
    a_person(&test, "boss", &[Role::Lead]).await;
    assert!(run(&["invite", "boss"], En).await.unwrap().contains("! This person is no technician"));
    assert!(run(&["invite", "boss"], ZhCn).await.unwrap().contains("! 此人没有技术员角色"));
}
