//! Merge workers are killed while technicians reconnect.

use super::{clerk, dispatch, technician, texts_of};
use crate::harness::{FieldDevice, Office, TestDatabase};
use serde_json::{Value, json};
use std::thread;
use std::time::{Duration, Instant};

/// Kills that hit a worker at work, not an idle one.
const HITS_MIN: usize = 3;
/// A busy machine kills fewer; it goes on until enough were hit.
const LOAD_MAX: Duration = Duration::from_secs(120);
const VERDICTS_MAX: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn merge_workers_killed_under_load_cost_nobody_an_act() {
    let office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    let mut crew = Vec::new();
    for login in ["zhang", "li", "wang"] {
        let (device, person) = technician(&office, &desk, login, office.address).await;
        let case = dispatch(&desk, &[&person]).await;
        device.ok(&["sync"]);
        device.ok(&["visit", "start", &case.number]);
        crew.push((device, case));
    }

    let (mut killed, began) = (0, Instant::now());
    let hits = || office.log().matches("was killed by signal").count();
    let said: Vec<Vec<String>> = thread::scope(|scope| {
        let work = |device: &FieldDevice| {
            let mut said = Vec::new();
            while said.len() < 6 || (hits() < HITS_MIN && began.elapsed() < LOAD_MAX) {
                for _ in 0..3 {
                    let text = format!("act-{:03}.", said.len());
                    device.ok(&["finding", "add", "SEAL_OK", "--text", &text]);
                    said.push(text);
                }
                device.ok(&["sync"]);
            }
            said
        };
        let hands: Vec<_> = crew.iter().map(|(device, _)| scope.spawn(move || work(device))).collect();
        while hands.iter().any(|hand| !hand.is_finished()) {
            killed += office.kill_merge_workers();
            thread::sleep(Duration::from_millis(10));
        }
        hands.into_iter().map(|hand| hand.join().expect("nothing fails for a technician")).collect()
    });
    println!("{killed} workers killed, {} of them at work", hits());
    assert!(hits() >= HITS_MIN, "{}", office.log());

    for ((_, case), said) in crew.iter().zip(said) {
        let path = format!("/v1/complaints/{}", case.complaint);
        let mut record = desk.get(&path).await;
        let asked = Instant::now();
        while record["visits"][0]["pending"] != json!(0) {
            assert!(asked.elapsed() < VERDICTS_MAX, "still pending: {record:#}");
            tokio::time::sleep(Duration::from_millis(200)).await;
            record = desk.get(&path).await;
        }
        assert_eq!(texts_of(&record), said);
    }
    assert_eq!(desk.get("/v1/quarantine").await["items"], json!([]));
    for (device, _) in &crew {
        let run = device.run(&["--json", "sync"]);
        assert_eq!((run.code, &run.summary()["quarantined"]), (Some(0), &Value::from(0)), "{run:?}");
        let outbox = &device.ok(&["--json", "status"]).summary()["outbox"];
        assert_eq!((&outbox["envelopes"], &outbox["not_judged"]), (&json!(0), &json!(0)), "{outbox}");
    }
}
