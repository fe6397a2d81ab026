//! Several processes of `field` on one store.

use super::{OnSite, on_site, texts_of};
use crate::harness::{Office, TestDatabase};
use std::collections::BTreeSet;
use std::thread;

const HANDS: usize = 6;
const ACTS: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_processes_on_one_store_save_everything_once_and_syncs_do_not_disturb_them() {
    let office = Office::open(TestDatabase::sqlite()).await;
    let OnSite { desk, device, case, .. } = on_site(&office).await;
    let device = &device;
    let numbers: Vec<String> = thread::scope(|scope| {
        let hands: Vec<_> = (0..HANDS)
            .map(|hand| {
                scope.spawn(move || {
                    for act in 0..ACTS {
                        let text = format!("act-{hand}-{act}.");
                        device.ok(&["finding", "add", "SEAL_OK", "--text", &text]);
                    }
                    let report =
                        ["complaint", "new", "灯不亮", "--address", "梧桐路 14 号", "--utility", "power"];
                    let how = ["--category", "power.BIZ.metering", "--no-visit", "--json"];
                    device.ok(&[&report[..], &how].concat()).summary()["number"].to_string()
                })
            })
            .collect();
        while hands.iter().any(|hand| !hand.is_finished()) {
            let run = device.run(&["sync"]);
            assert_eq!(run.code, Some(0), "{run:?}");
        }
        hands.into_iter().map(|hand| hand.join().expect("every command succeeds")).collect()
    });
    let different: BTreeSet<&String> = numbers.iter().collect();
    assert_eq!(different.len(), HANDS, "every customer gets a number of their own: {numbers:?}");

    device.ok(&["sync"]);
    assert_eq!(device.ok(&["--json", "status"]).summary()["outbox"]["envelopes"], 0);
    let record = desk.get(&format!("/v1/complaints/{}", case.complaint)).await;
    let acts = (0..HANDS).flat_map(|hand| (0..ACTS).map(move |act| format!("act-{hand}-{act}.")));
    assert_eq!(texts_of(&record), acts.collect::<Vec<_>>());
    let waiting = desk.get("/v1/field-work").await;
    assert_eq!(waiting["items"].as_array().map(Vec::len), Some(0), "{waiting:#}");
}
