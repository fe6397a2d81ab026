//! `kill -9` of the server and of the client, again and again.

use super::{clerk, dispatch, photo, technician, texts_of};
use crate::harness::{Office, TestDatabase};
use serde_json::Value;
use std::time::Duration;
use sync_core::testing::Rng;

const KILLS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_a_hundred_times_loses_and_doubles_nothing() {
    let mut office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    let (device, person) = technician(&office, &desk, "zhang", office.address).await;
    let case = dispatch(&desk, &[&person]).await;
    device.ok(&["sync"]);
    device.ok(&["visit", "start", &case.number]);
    let mut rng = Rng::new(11);
    let mut said = Vec::new();
    for round in 0..KILLS {
        let text = format!("round-{round}.");
        device.ok(&["finding", "add", "SEAL_OK", "--text", &text]);
        said.push(text);
        if round % 25 == 3 {
            let name = ["plain-2009.jpg", "plain-2012.jpg", "rotated-with-gps.jpg", "temple-square-gps.jpg"]
                [round / 25];
            device.ok(&["photo", "add", &photo(name), "--tag", "site", "--allow-old"]);
        }
        let mut syncing = device.spawn(&["sync"]);
        tokio::time::sleep(Duration::from_millis(rng.next_u64() % 400)).await;
        office.kill();
        let _ = syncing.kill();
        let _ = syncing.wait();
        office.start().await;
    }
    let last = device.run(&["--json", "sync"]);
    assert_eq!(last.code, Some(0), "{last:?}");

    let record = desk.get(&format!("/v1/complaints/{}", case.complaint)).await.to_string();
    for text in &said {
        assert!(record.contains(text.as_str()), "{text} is lost");
    }
    let photos = desk.get(&format!("/v1/visits/{}/photos", case.visit)).await;
    let states: Vec<&Value> =
        photos["photos"].as_array().unwrap().iter().map(|item| &item["state"]).collect();
    assert_eq!(states.len(), 4, "{photos:#}");
    assert!(photos.to_string().matches("whole").count() >= 4, "{photos:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_killed_a_hundred_times_keeps_what_it_said_was_saved() {
    let office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    let (device, person) = technician(&office, &desk, "zhang", office.address).await;
    let case = dispatch(&desk, &[&person]).await;
    device.ok(&["sync"]);
    device.ok(&["visit", "start", &case.number]);
    let mut rng = Rng::new(12);
    let mut saved = Vec::new();
    for round in 0..KILLS {
        let text = format!("round-{round}.");
        let mut command = device.command(&["finding", "add", "SEAL_OK", "--text", &text]);
        let mut running =
            command.stderr(std::process::Stdio::piped()).spawn().expect("the client can be started");
        tokio::time::sleep(Duration::from_millis(rng.next_u64() % 150)).await;
        let _ = running.kill();
        let output = running.wait_with_output().expect("a killed client can be waited for");
        if String::from_utf8_lossy(&output.stderr).contains("saved") {
            saved.push(text);
        }
    }
    assert!(
        !saved.is_empty() && saved.len() < KILLS,
        "{} of {KILLS} were saved before the kill",
        saved.len()
    );
    assert_eq!(device.run(&["--json", "sync"]).code, Some(0));
    let record = desk.get(&format!("/v1/complaints/{}", case.complaint)).await;
    let findings = texts_of(&record);
    for text in &saved {
        assert!(findings.contains(text), "{text} was saved and is lost");
    }
    let doubled = findings.windows(2).find(|pair| pair[0].starts_with("round-") && pair[0] == pair[1]);
    assert_eq!(doubled, None);
}
