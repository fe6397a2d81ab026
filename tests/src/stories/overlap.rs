//! A retry that overlaps its first request: the server gets everything twice at the same time.

use super::{clerk, device_id, dispatch, log_about, photo, technician, texts_of};
use crate::harness::{Link, Office, TestDatabase};
use serde_json::json;

const ROUNDS: u64 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_arrive_twice_at_once_on_sqlite() {
    twice_at_once(TestDatabase::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_arrive_twice_at_once_on_postgres() {
    if let Some(database) = TestDatabase::postgres().await {
        twice_at_once(database).await;
    }
}

async fn twice_at_once(database: TestDatabase) {
    let office = Office::open(database).await;
    let desk = clerk(&office).await;
    let link = Link::to(office.address).await;
    let (device, person) = technician(&office, &desk, "zhang", link.address).await;
    let case = dispatch(&desk, &[&person]).await;
    device.ok(&["sync"]);
    device.ok(&["visit", "start", &case.number]);
    device.ok(&["photo", "add", &photo("plain-2009.jpg"), "--tag", "seal", "--allow-old"]);

    link.double();
    let before = link.traffic().connections;
    let mut said = Vec::new();
    for round in 0..ROUNDS {
        for act in 0..3 {
            said.push(format!("act-{round}-{act}."));
            device.ok(&["finding", "add", "SEAL_OK", "--text", &said[said.len() - 1]]);
        }
        device.ok(&["grumble", &format!("电梯总坏 {round}")]);
        let run = device.run(&["--json", "sync", "--photos-later"]);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_eq!(device.ok(&["--json", "status"]).summary()["outbox"]["envelopes"], 0, "{run:?}");
    }
    assert!(link.traffic().connections - before >= 2 * ROUNDS, "{:?}", link.traffic());
    link.heal();
    device.ok(&["sync"]);

    let record = desk.get(&format!("/v1/complaints/{}", case.complaint)).await;
    assert_eq!(texts_of(&record), said, "{record:#}");
    let grumbles = desk.get("/v1/grumbles").await;
    assert_eq!(grumbles["items"].as_array().map(Vec::len), usize::try_from(ROUNDS).ok(), "{grumbles:#}");
    assert_eq!(desk.get("/v1/quarantine").await["items"], json!([]));
    let log = log_about(&desk, &device_id(&device)).await;
    assert!(!log.iter().any(|kind| kind == "device.forked" || kind == "envelope.escrowed"), "{log:?}");
    let photos = desk.get(&format!("/v1/visits/{}/photos", case.visit)).await;
    assert_eq!(photos["photos"][0]["state"], "whole", "{photos:#}");
}
