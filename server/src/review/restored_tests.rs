//! What the office decided after a backup comes back from the devices, and what builds on it can be decided about.

use super::tests::{Site, id_of, reviewer};
use crate::complaints::tests::Bureau;
use crate::exchange::testing::SimDevice;
use crate::exchange::tests::rolled_back::{backup, restored};
use crate::exchange::tests::exchange;
use crate::testing::TestApp;
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
