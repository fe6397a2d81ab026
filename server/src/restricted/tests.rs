//! What restricted findings promise, on both engines.

use super::model;
use crate::complaints::tests::{Bureau, somebody_of};
use crate::exchange::testing::SimDevice;
use crate::exchange::tests::{a_technician, exchange};
use crate::pages::testing::Browser;
use crate::people::tests::a_person;
use crate::people::{Grant, Role, find_by_login, set_roles};
use crate::testing::Answer;
use axum::http::Method;
use serde_json::{Value, json};
use sync_core::ids::{ComplaintId, PersonId};
use sync_core::log::{Body, Restricted};
use sync_core::restricted::{OpeningKey, RestrictedFinding};

/// Words that stand nowhere else.
const CANARY: &str = "ZQ-canary-收了两条烟";

async fn send(bureau: &Bureau, session: &str, method: Method, path: &str, body: &Value) -> Answer {
    bureau.test.app.clock.advance_ms(1);
    let call = bureau.test.call(method, path).header("authorization", session);
    if body.is_null() { call.send().await } else { call.json(body).send().await }
}

async fn listed(bureau: &Bureau, session: &str, decided: bool) -> Vec<String> {
    let path = format!("/v1/restricted-findings?decided={decided}");
    let answer = send(bureau, session, Method::GET, &path, &Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    let items = answer.json["items"].as_array().unwrap().iter();
    items.map(|item| item["finding_id"].as_str().unwrap().to_owned()).collect()
}

fn complaint_id(complaint: &Value) -> ComplaintId {
    complaint["complaint_id"].as_str().unwrap().parse().unwrap()
}

async fn report(bureau: &Bureau, session: &str, complaint: &Value, accused: &str) -> String {
    let path = format!("/v1/complaints/{}/restricted-findings", complaint_id(complaint));
    let form = json!({ "conduct": "solicitation", "accused": accused, "report": CANARY });
    let kept = send(bureau, session, Method::POST, &path, &form).await;
    assert_eq!(kept.status, 201, "{}", kept.json);
    assert!(!kept.json.to_string().contains(CANARY));
    kept.json["finding_id"].as_str().unwrap().to_owned()
}

/// What a device keeps for its next exchange after `field finding restricted`.
fn seal(bureau: &Bureau, device: &mut SimDevice, complaint: ComplaintId) {
    let finding = RestrictedFinding {
        conduct: "solicitation".to_owned(),
        complaint,
        visit: None,
        accused: None,
        report: CANARY.to_owned(),
    };
    let app = &bureau.test.app;
    let sealed = finding.seal(&app.keys.sealing_key(), device.person, app.entropy.bytes());
    device.seal(None, &Body::Restricted(Restricted { sealed: sealed.into() }));
}

/// Somebody called `name` who works in `unit`.
async fn colleague(bureau: &Bureau, name: &str, unit: &str) -> PersonId {
    let (person, _) = a_person(&bureau.test, name, &[Role::Technician]).await;
    let app = &bureau.test.app;
    let grant = Grant { role: Role::Technician, unit: unit.to_owned(), region: String::new() };
    let mut tx = app.store.write().await.unwrap();
    set_roles(&mut tx, person, &[grant], None, None, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    person
}

#[tokio::test]
async fn what_a_technician_seals_on_site_reaches_an_inspector_and_nobody_else() {
    Bureau::for_each_engine(|bureau| async move {
        let complaint = bureau.complaint(&json!({})).await;
        let mut zhang = a_technician(&bureau.test, "zhang").await;
        let mut wang = a_technician(&bureau.test, "wang").await;
        let inspector = somebody_of(&bureau.test, Role::Inspector, "", "").await;
        seal(&bureau, &mut zhang, complaint_id(&complaint));
        exchange(&bureau.test, &mut zhang).await;
        exchange(&bureau.test, &mut wang).await;
        assert!(!format!("{:?}", wang.pack).contains(CANARY));

        let ids = listed(&bureau, &inspector, false).await;
        assert_eq!(ids.len(), 1);
        let path = format!("/v1/restricted-findings/{}", ids[0]);
        let read = send(&bureau, &inspector, Method::GET, &path, &Value::Null).await;
        assert_eq!((read.status, &read.json["report"]), (200, &json!(CANARY)), "{}", read.json);
        assert_eq!(read.json["author"]["person_id"], json!(zhang.person));
        assert_eq!(read.json["complaint_number"], complaint["number"]);
        for session in [&bureau.clerk.1, &bureau.reviewer.1, &bureau.lead.1] {
            for path in [path.as_str(), "/v1/restricted-findings"] {
                let refused = send(&bureau, session, Method::GET, path, &Value::Null).await;
                assert_eq!((refused.status, &refused.json["code"]), (403, &json!("role-missing")));
            }
        }
        // Neither what others read about the complaint nor the log of acts tells of it.
        let record = bureau.get(&format!("/v1/complaints/{}", complaint_id(&complaint))).await;
        assert!(!record.json.to_string().contains(&ids[0]) && !record.json.to_string().contains(CANARY));
        let (_, root) = a_person(&bureau.test, "chief", &[Role::Administrator]).await;
        for page in ["/server-log", "/server-log.csv"] {
            let shown = Browser::of(&bureau.test, &root).get(page).await;
            assert_eq!(shown.status, 200);
            assert!(!shown.html().contains("restricted"), "{page}");
        }
        // The administrator's list of all entries has every index, and of a reading neither reader nor report.
        let entries = send(&bureau, &root, Method::GET, "/v1/server-log?limit=500", &Value::Null).await;
        let entries = entries.json["items"].as_array().unwrap().clone();
        let acted: Vec<&Value> = entries.iter().filter(|entry| entry["kind"] == "restricted.acted").collect();
        assert_eq!(acted.len(), 1, "one reading");
        assert_eq!(acted[0]["person_id"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn no_device_keeps_a_report_from_the_inspectors() {
    Bureau::for_each_engine(|bureau| async move {
        let complaint = complaint_id(&bureau.complaint(&json!({})).await);
        let inspector = somebody_of(&bureau.test, Role::Inspector, "", "").await;
        let app = &bureau.test.app;
        // The device says that somebody has it whom the server does not know.
        let mut stranger = a_technician(&bureau.test, "zhang").await;
        stranger.person = PersonId::from_entropy(app.clock.now(), app.entropy.bytes());
        seal(&bureau, &mut stranger, complaint);
        exchange(&bureau.test, &mut stranger).await;
        assert_eq!(stranger.acknowledged.sequence, 1);
        assert_eq!(listed(&bureau, &inspector, false).await.len(), 1);
        // Whoever is accused had the access of the device taken.
        let mut revoked = a_technician(&bureau.test, "wang").await;
        let by = crate::devices::By::terminal(app.clock.now());
        let mut tx = app.store.write().await.unwrap();
        crate::devices::revoke(&mut tx, revoked.device, "lost", by).await.unwrap();
        tx.commit().await.unwrap();
        seal(&bureau, &mut revoked, complaint);
        for _ in 0..2 {
            exchange(&bureau.test, &mut revoked).await;
            assert_eq!(listed(&bureau, &inspector, false).await.len(), 2);
        }
        // The chain was continued in two places.
        let mut forked = a_technician(&bureau.test, "chen").await;
        let mut copy = forked.clone();
        seal(&bureau, &mut forked, complaint);
        seal(&bureau, &mut copy, complaint);
        exchange(&bureau.test, &mut forked).await;
        exchange(&bureau.test, &mut copy).await;
        let ids = listed(&bureau, &inspector, false).await;
        assert_eq!(ids.len(), 4);
        for id in ids {
            let path = format!("/v1/restricted-findings/{id}");
            let read = send(&bureau, &inspector, Method::GET, &path, &Value::Null).await;
            assert_eq!((read.status, &read.json["report"]), (200, &json!(CANARY)), "{}", read.json);
        }
        // Who looks through what is kept aside learns nothing of it.
        let kept = send(&bureau, &bureau.reviewer.1, Method::GET, "/v1/escrow", &Value::Null).await;
        assert_eq!((kept.status, &kept.json["items"]), (200, &json!([])));
    })
    .await;
}

#[tokio::test]
async fn nobody_reads_about_themselves_or_about_somebody_of_their_unit() {
    Bureau::for_each_engine(|bureau| async move {
        let complaint = bureau.complaint(&json!({ "region": "east" })).await;
        let everywhere = somebody_of(&bureau.test, Role::Inspector, "", "").await;
        let east = somebody_of(&bureau.test, Role::Inspector, "", "east").await;
        let west = somebody_of(&bureau.test, Role::Inspector, "", "west").await;
        let same_unit = somebody_of(&bureau.test, Role::Inspector, "meters", "").await;
        colleague(&bureau, "laoliu", "meters").await;
        let mut tx = bureau.test.app.store.read().await.unwrap();
        let name = find_by_login(&mut tx, "laoliu").await.unwrap().unwrap().display_name;
        drop(tx);
        let words = format!("班长{name}（那天穿红衣服）");
        let about_liu = report(&bureau, &bureau.clerk.1, &complaint, &words).await;
        let about_nobody = report(&bureau, &bureau.clerk.1, &complaint, "").await;
        let both = [about_nobody.clone(), about_liu.clone()];
        assert_eq!(listed(&bureau, &everywhere, false).await, both);
        assert_eq!(listed(&bureau, &east, false).await, both);
        assert!(listed(&bureau, &west, false).await.is_empty());
        assert_eq!(listed(&bureau, &same_unit, false).await, [about_nobody]);
        for session in [&west, &same_unit] {
            let path = format!("/v1/restricted-findings/{about_liu}");
            let hidden = send(&bureau, session, Method::GET, &path, &Value::Null).await;
            assert_eq!((hidden.status, &hidden.json["code"]), (404, &json!("restricted-unknown")));
            let form = json!({ "verdict": "dismissed", "words": "x" });
            let path = format!("{path}/verdicts");
            assert_eq!(send(&bureau, session, Method::POST, &path, &form).await.status, 404);
        }
        // An inspector who is meant does not see it either.
        let (person, own) = a_person(&bureau.test, "judge", &[Role::Inspector]).await;
        let judge = crate::people::find(&mut bureau.test.app.store.read().await.unwrap(), person).await;
        let about_judge =
            report(&bureau, &bureau.lead.1, &complaint, &judge.unwrap().unwrap().display_name).await;
        assert!(!listed(&bureau, &own, false).await.contains(&about_judge));
        assert!(listed(&bureau, &everywhere, false).await.contains(&about_judge));
    })
    .await;
}

#[tokio::test]
async fn decisions_and_openings_are_written_down_and_their_words_lie_sealed() {
    Bureau::for_each_engine(|bureau| async move {
        let complaint = bureau.complaint(&json!({})).await;
        let inspector = somebody_of(&bureau.test, Role::Inspector, "", "").await;
        let id = report(&bureau, &bureau.clerk.1, &complaint, "").await;
        let path = format!("/v1/restricted-findings/{id}");
        for _ in 0..3 {
            send(&bureau, &inspector, Method::GET, &path, &Value::Null).await;
        }
        let verdicts = format!("{path}/verdicts");
        for (form, pointer) in [
            (json!({ "verdict": "upheld", "words": "  " }), "/words"),
            (json!({ "verdict": "open", "words": "x" }), "/verdict"),
        ] {
            let refused = send(&bureau, &inspector, Method::POST, &verdicts, &form).await;
            assert_eq!((refused.status, &refused.json["errors"][0]["pointer"]), (422, &json!(pointer)));
        }
        let form = json!({ "verdict": "upheld", "words": CANARY });
        let decided = send(&bureau, &inspector, Method::POST, &verdicts, &form).await;
        assert_eq!((decided.status, &decided.json["state"]), (200, &json!("upheld")), "{}", decided.json);
        let form = json!({ "verdict": "referred", "words": "移送区纪委" });
        let decided = send(&bureau, &inspector, Method::POST, &verdicts, &form).await;
        let acts = decided.json["acts"].as_array().unwrap();
        let told: Vec<(&str, Option<&str>)> =
            acts.iter().map(|act| (act["act"].as_str().unwrap(), act["words"].as_str())).collect();
        let expected = [("opened", None), ("upheld", Some(CANARY)), ("referred", Some("移送区纪委"))];
        assert_eq!(told, expected);
        assert!(listed(&bureau, &inspector, false).await.is_empty());
        assert_eq!(listed(&bureau, &inspector, true).await, [id.as_str()]);

        // What lies in the database is closed without the key, and to a key of another installation.
        let mut tx = bureau.test.app.store.read().await.unwrap();
        let (stored, _) = super::sql::find(&mut tx, id.parse().unwrap()).await.unwrap().unwrap();
        assert!(!String::from_utf8_lossy(&stored.sealed).contains("canary"));
        assert!(model::opened(&[OpeningKey::from_seed(&[8; 32])], &stored).is_err());
        assert_eq!(model::opened(&bureau.test.app.keys.opening, &stored).unwrap().report, CANARY);
    })
    .await;
}

#[tokio::test]
async fn a_report_is_sealed_by_a_form_and_decided_on_a_page() {
    Bureau::for_each_engine(|bureau| async move {
        let complaint = bureau.complaint(&json!({})).await;
        let inspector = somebody_of(&bureau.test, Role::Inspector, "", "").await;
        let (clerk, inspector) =
            (Browser::of(&bureau.test, &bureau.clerk.1), Browser::of(&bureau.test, &inspector));
        let form = format!("/complaints/{}/restricted", complaint_id(&complaint));
        assert_eq!(clerk.get(&form).await.status, 200);
        let empty = clerk.post(&form, &[("conduct", "abuse"), ("accused", "老王"), ("report", " ")]).await;
        assert_eq!(empty.status, 422);
        assert!(empty.html().contains("老王"), "what was typed is still there");
        let strange = clerk.post(&form, &[("conduct", "x"), ("report", CANARY)]).await;
        assert_eq!(strange.status, 422);
        let kept = clerk.post(&form, &[("conduct", "abuse"), ("accused", ""), ("report", CANARY)]).await;
        assert_eq!(kept.status, 303, "{}", kept.html());
        let record = clerk.get(kept.location()).await;
        assert!(record.html().contains("The report is sealed") && !record.html().contains(CANARY));

        assert_eq!(clerk.get("/restricted").await.status, 403);
        let start = inspector.get("/").await;
        assert!(
            start.html().contains("href=\"/restricted\"") && start.html().contains("Reports about conduct")
        );
        assert!(!clerk.get("/").await.html().contains("Reports about conduct"));
        let list = inspector.get("/restricted").await;
        assert!(list.html().contains(complaint["number"].as_str().unwrap()), "{}", list.html());
        let path = list.html().split("href=\"/restricted/").nth(1).unwrap().split('"').next().unwrap();
        let path = format!("/restricted/{path}");
        let shown = inspector.get(&path).await;
        assert!(shown.html().contains(CANARY), "{}", shown.html());
        assert_eq!(clerk.get(&path).await.status, 403);
        let verdicts = format!("{path}/verdicts");
        let silent = inspector.post(&verdicts, &[("verdict", "upheld"), ("words", "")]).await;
        assert_eq!(silent.status, 422);
        let done = inspector.post(&verdicts, &[("verdict", "upheld"), ("words", "属实，停职")]).await;
        assert_eq!(done.status, 303);
        assert!(inspector.get(done.location()).await.html().contains("属实，停职"));
        assert!(inspector.get("/restricted?list=decided").await.html().contains(&path));
    })
    .await;
}
