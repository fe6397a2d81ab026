//! Two technicians and the office write one visit without knowing of each other, and meet.

use super::{clerk, dispatch, photo, technician};
use crate::harness::{Office, TestDatabase};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_technicians_and_the_office_meet_on_sqlite() {
    meet(TestDatabase::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_technicians_and_the_office_meet_on_postgres() {
    if let Some(database) = TestDatabase::postgres().await {
        meet(database).await;
    }
}

async fn meet(database: TestDatabase) {
    let office = Office::open(database).await;
    let desk = clerk(&office).await;
    let (zhang, zhang_id) = technician(&office, &desk, "zhang", office.address).await;
    let (li, li_id) = technician(&office, &desk, "li", office.address).await;
    let case = dispatch(&desk, &[&zhang_id, &li_id]).await;
    for device in [&zhang, &li] {
        device.ok(&["sync"]);
        device.ok(&["visit", "start", &case.number]);
    }

    // Without a network: both look at the same seal and see different things.
    let seal = ["meter", "seal", "--no", "A123456", "--position", "terminal_cover", "--state"];
    zhang.ok(&[&seal[..], &["intact"]].concat());
    zhang.ok(&["finding", "add", "SEAL_OK", "--text", "表位 3-602，铅封完好"]);
    zhang.ok(&[
        "meter",
        "check",
        "watt",
        "--constant",
        "1600",
        "--pulses",
        "10",
        "--seconds",
        "22.9",
        "--watts",
        "1000",
        "--class",
        "2",
    ]);
    zhang.ok(&["photo", "add", &photo("iphone6plus-beijing.jpg"), "--tag", "seal", "--allow-old"]);
    zhang.ok(&["customer", "statement", "--text", "同意核查结果"]);
    li.ok(&["meter", "seal", "--position", "terminal_cover", "--state", "missing"]);
    li.ok(&["promise", "add", "--what", "reply about the seal", "--due", "2026-11-27"]);

    let first = zhang.run(&["--json", "sync"]);
    assert_eq!(first.code, Some(0), "{first:?}");
    let second = li.run(&["--json", "sync"]);
    assert_eq!(second.code, Some(6), "a conflict needs a person: {second:?}");

    // The office sees both values with their authors, and everything else merged.
    let conflicts = desk.get("/v1/conflicts").await;
    let conflict = &conflicts["items"][0];
    let conflict = desk.get(&format!("/v1/conflicts/{}", conflict["conflict_id"].as_str().unwrap())).await;
    let mut values: Vec<&Value> =
        conflict["values"].as_array().unwrap().iter().map(|value| &value["value"]).collect();
    values.sort_by_key(ToString::to_string);
    assert_eq!(values, [&json!("intact"), &json!("missing")], "{conflict}");
    let record = desk.get(&format!("/v1/complaints/{}", case.complaint)).await;
    let told = record.to_string();
    for word in ["表位 3-602，铅封完好", "同意核查结果", "reply about the seal", "A123456", "-1.8"]
    {
        assert!(told.contains(word), "{word} is missing in {record:#}");
    }

    // One decision, and both devices show it.
    let path = format!("/v1/conflicts/{}/resolution", conflict["conflict_id"].as_str().unwrap());
    let missing =
        conflict["values"].as_array().unwrap().iter().find(|value| value["value"] == "missing").unwrap();
    let decision = json!({ "choice": "chosen", "change": missing["change"], "reason": "the photo shows it" });
    desk.post(&path, &decision).await;
    for device in [&zhang, &li] {
        let run = device.run(&["--json", "sync"]);
        assert_eq!(run.code, Some(0), "the conflict is settled: {run:?}");
        assert_eq!(run.summary()["conflicts"], 0, "{run:?}");
    }
    let open = desk.get("/v1/conflicts").await;
    assert_eq!(open["items"].as_array().map(Vec::len), Some(0), "{open}");
}
