//! What the office decided after a backup comes back from the devices, and what builds on it can be decided about.

use super::tests::{Site, id_of, reviewer};
use crate::complaints::tests::Bureau;
use crate::exchange::testing::SimDevice;
use crate::exchange::tests::rolled_back::{backup, restored};
use crate::exchange::tests::{a_technician, exchange};
use crate::pages::testing::Browser;
use crate::testing::TestApp;
use crate::work_orders::tests::Dispatched;
use axum::http::Method;
use serde_json::{Value, json};
use std::path::Path;
use sync_core::protocol::EnvelopeStatus;

const SEAL: &str = "meter-accuracy.seal";

/// The office after the restore, with the same people signed in.
async fn back(bureau: &Bureau, backup: &Path) -> Bureau {
    let (clerk, reviewer, lead) = (bureau.clerk.clone(), bureau.reviewer.clone(), bureau.lead.clone());
    Bureau { test: restored(&bureau.test, backup).await, clerk, reviewer, lead }
}

async fn exchanges(bureau: &Bureau, device: &mut SimDevice, count: usize) {
    device.token = None;
    for _ in 0..count {
        exchange(&bureau.test, device).await;
    }
}

async fn post(bureau: &Bureau, path: &str, body: Value) -> Value {
    let answer = reviewer(bureau, Method::POST, path, &body).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.json);
    answer.json
}

async fn state_of(bureau: &Bureau, conflict: &Value) -> Value {
    reviewer(bureau, Method::GET, &id_of(conflict), &Value::Null).await.json["state"].clone()
}

#[tokio::test]
async fn a_decision_that_was_only_taken_back_after_the_backup_is_taken_back_again() {
    let bureau = Bureau::of(TestApp::sqlite().await).await;
    let mut site = Site::of(&bureau).await;
    let conflict = site.disagree(&bureau).await;
    let decision = json!({ "choice": "written", "value": "missing", "reason": "x" });
    post(&bureau, &format!("{}/resolution", id_of(&conflict)), decision).await;
    exchange(&bureau.test, &mut site.zhang).await;
    let backup = backup(&bureau.test).await;
    post(&bureau, &format!("{}/reopening", id_of(&conflict)), json!({ "reason": "y" })).await;
    exchange(&bureau.test, &mut site.zhang).await;

    // The device has nothing of its own to send, and nothing else was lost.
    let bureau = back(&bureau, &backup).await;
    assert_eq!(state_of(&bureau, &conflict).await, "resolved");
    exchanges(&bureau, &mut site.zhang, 4).await;
    assert_eq!(site.zhang.epoch(), 2, "the restore was noticed");
    assert_eq!(state_of(&bureau, &conflict).await, "open");
    assert!(!site.zhang.differs && site.zhang.offered.is_empty());
}

#[tokio::test]
async fn a_device_that_got_the_visit_whole_gives_the_decisions_in_it_back() {
    let bureau = Bureau::of(TestApp::sqlite().await).await;
    let mut site = Site::of(&bureau).await;
    let conflict = site.disagree(&bureau).await;
    let backup = backup(&bureau.test).await;
    let decision = json!({ "choice": "written", "value": "missing", "reason": "x" });
    post(&bureau, &format!("{}/resolution", id_of(&conflict)), decision).await;
    site.wang.ask.everything = true;
    exchange(&bureau.test, &mut site.wang).await;
    site.wang.save(site.visit, |edit| edit.answer(SEAL, "corroded").unwrap());
    exchange(&bureau.test, &mut site.wang).await;

    let bureau = back(&bureau, &backup).await;
    exchanges(&bureau, &mut site.wang, 4).await;
    assert!(site.wang.fates.values().all(|fate| *fate == EnvelopeStatus::Merged), "{:?}", site.wang.fates);
    assert_eq!(state_of(&bureau, &conflict).await, "resolved");
}

/// The office before the restore; the backup lies beside its database.
async fn before_the_loss() -> Bureau {
    Bureau::of(TestApp::sqlite().await).await
}

/// A technician who was sent after the backup wrote on a decision made after it, and keeps nothing of that decision.
async fn on_lost_ground(bureau: &Bureau) -> (Bureau, Site, SimDevice) {
    let mut site = Site::of(bureau).await;
    let mut late = a_technician(&bureau.test, "liming").await;
    let conflict = site.disagree(bureau).await;
    let backup = backup(&bureau.test).await;
    let decision = json!({ "choice": "written", "value": "missing", "reason": "x" });
    post(bureau, &format!("{}/resolution", id_of(&conflict)), decision).await;
    for (device, door) in [(&mut site.wang, "open"), (&mut late, "ajar")] {
        let path = format!("/v1/visits/{}/assignments/{}", site.visit, device.person);
        bureau.call(Method::PUT, &path).send().await;
        exchange(&bureau.test, device).await;
        device.save(site.visit, |edit| edit.answer("meter-accuracy.door", door).unwrap());
        exchange(&bureau.test, device).await;
        device.kept.clear();
    }
    (back(bureau, &backup).await, site, late)
}

async fn only_item(bureau: &Bureau, list: &str) -> Value {
    let list = reviewer(bureau, Method::GET, list, &Value::Null).await.json;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "{list}");
    list["items"][0].clone()
}

async fn doors(bureau: &Bureau, site: &Site) -> Value {
    let record = site.record(bureau).await;
    let fields = record["visits"][0]["fields"].as_array().unwrap().clone();
    fields.into_iter().find(|field| field.to_string().contains("meter-accuracy.door")).unwrap_or_default()
}

#[tokio::test]
async fn what_waits_for_a_lost_decision_is_sent_back_and_written_anew() {
    let lost = before_the_loss().await;
    let (bureau, mut site, _) = on_lost_ground(&lost).await;
    exchanges(&bureau, &mut site.wang, 4).await;
    let waiting = only_item(&bureau, "/v1/pending").await;
    assert_eq!(waiting["waits_for"], "predecessor");
    let id = &waiting["log_index"];
    let page = Browser::of(&bureau.test, &bureau.reviewer.1).get(&format!("/arrivals/pending/{id}")).await;
    assert!(page.html().contains("Have it written anew"), "{}", page.html());
    let path = format!("/v1/quarantine/{id}/return");
    for _ in 0..2 {
        let sent_back = post(&bureau, &path, json!({ "reason": "nobody has it" })).await;
        assert_eq!((&sent_back["state"], &sent_back["reason"]), (&json!("open"), &json!("depends_on_lost")));
    }
    exchanges(&bureau, &mut site.wang, 3).await;
    assert!(doors(&bureau, &site).await.to_string().contains("open"));
    assert_eq!(only_item(&bureau, "/v1/quarantine?state=superseded").await["id"], *id);
    assert!(!site.wang.differs);
}

#[tokio::test]
async fn what_was_refused_for_a_lost_assignment_and_builds_on_a_lost_decision_finds_its_way() {
    let lost = before_the_loss().await;
    let (bureau, site, mut late) = on_lost_ground(&lost).await;
    exchanges(&bureau, &mut late, 4).await;
    let item = only_item(&bureau, "/v1/quarantine").await;
    assert_eq!(item["reason"], "out_of_scope");
    let path = format!("/v1/visits/{}/assignments/{}", site.visit, late.person);
    assert_eq!(bureau.call(Method::PUT, &path).send().await.status, 200);
    exchanges(&bureau, &mut late, 1).await;
    let accept = json!({ "decision": "accept", "reason": "x" });
    let decision = format!("/v1/quarantine/{}/decision", item["id"]);
    let refused = reviewer(&bureau, Method::POST, &decision, &accept).await;
    assert_eq!((refused.status, &refused.json["code"]), (409, &json!("quarantine-ground-lost")));
    let one = reviewer(&bureau, Method::GET, &format!("/v1/quarantine/{}", item["id"]), &Value::Null).await;
    assert_eq!(one.json["ground_lost"], true);
    post(&bureau, &format!("/v1/quarantine/{}/return", item["id"]), json!({ "reason": "lost" })).await;
    exchanges(&bureau, &mut late, 3).await;
    assert!(doors(&bureau, &site).await.to_string().contains("ajar"));
    assert_eq!(only_item(&bureau, "/v1/quarantine?state=superseded").await["id"], item["id"]);
}

#[tokio::test]
async fn a_visit_made_after_the_backup_waits_without_a_complaint_and_is_linked() {
    let lost = before_the_loss().await;
    let mut wang = a_technician(&lost.test, "wang").await;
    let complaint = lost.complaint(&json!({})).await["complaint_id"].clone();
    let backup = backup(&lost.test).await;
    let dispatched = Dispatched::about(&lost, &json!({ "summary": "Made after the backup" })).await;
    let visit = dispatched.visit;
    lost.call(Method::PUT, &format!("/v1/visits/{visit}/assignments/{}", wang.person)).send().await;
    exchange(&lost.test, &mut wang).await;
    wang.begin(visit, dispatched.order.parse().ok(), None);
    wang.save(visit, |edit| edit.answer(SEAL, "corroded").unwrap());
    exchange(&lost.test, &mut wang).await;
    assert!(wang.fates.values().all(|fate| *fate == EnvelopeStatus::Merged), "{:?}", wang.fates);

    let bureau = back(&lost, &backup).await;
    exchanges(&bureau, &mut wang, 4).await;
    let item = only_item(&bureau, "/v1/field-work").await;
    assert_eq!((&item["visit_id"], &item["reason"]), (&json!(visit), &json!("visit_unknown")));
    assert_eq!(item["person_id"], json!(wang.person));
    let page = Browser::of(&bureau.test, &bureau.reviewer.1).get("/arrivals/field-work").await;
    assert!(page.html().contains(&format!("/visits/{visit}/history")), "{}", page.html());
    assert!(!page.html().contains("visit_unknown"), "{}", page.html());
    let link = format!("/v1/field-work/{}/link", item["field_work_id"].as_str().unwrap());
    post(&bureau, &link, json!({ "complaint_id": complaint, "reason": "same house" })).await;
    let waiting = reviewer(&bureau, Method::GET, "/v1/quarantine", &Value::Null).await.json;
    for refused in waiting["items"].as_array().unwrap() {
        let decision = format!("/v1/quarantine/{}/decision", refused["id"]);
        post(&bureau, &decision, json!({ "decision": "accept", "reason": "the visit was lost" })).await;
    }
    let path = format!("/v1/complaints/{}", complaint.as_str().unwrap());
    let record = reviewer(&bureau, Method::GET, &path, &Value::Null).await.json;
    assert_eq!(record["visits"][0]["visit_id"], json!(visit));
    assert!(record["visits"][0]["fields"].to_string().contains("corroded"), "{record:#}");
}
