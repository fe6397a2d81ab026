//! The office in a real browser: what it decides there reaches the field, and every page can be used by everybody.

use super::{clerk, dispatch, technician};
use crate::harness::{CLERK_PASSWORD, FieldDevice, Office, TestDatabase, peer_browser, peer_node_modules};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

fn browse(modules: &Path, office: &Office, task: &str) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/office.mjs");
    let mut command = Command::new("node");
    command.arg(script).arg(modules).arg(format!("http://{}", office.address));
    let output = command.args(["clerk", CLERK_PASSWORD, task]).output().expect("node can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{task}: {errors}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{task} prints JSON: {errors}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_devices_conflict_the_office_decides_in_a_browser_and_both_agree() {
    let name = "two_devices_conflict_the_office_decides_in_a_browser_and_both_agree";
    let (Some(modules), true) = (peer_node_modules(name), peer_browser(name)) else { return };
    let office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    let (zhang, zhang_id) = technician(&office, &desk, "zhang", office.address).await;
    let (li, li_id) = technician(&office, &desk, "li", office.address).await;
    let case = dispatch(&desk, &[&zhang_id, &li_id]).await;
    let seal = ["meter", "seal", "--no", "A123456", "--position", "terminal_cover", "--state"];
    for device in [&zhang, &li] {
        device.ok(&["sync"]);
        device.ok(&["visit", "start", &case.number]);
    }
    zhang.ok(&[&seal[..], &["intact"]].concat());
    li.ok(&[&seal[..], &["missing"]].concat());
    zhang.ok(&["sync"]);
    assert_eq!(li.run(&["sync"]).code, Some(6), "a conflict needs a person");

    let told = browse(&modules, &office, "decide");
    assert!(told["said"].as_str().is_some_and(|said| said.starts_with("Decided")), "{told}");
    let agrees = |device: &FieldDevice| {
        let run = device.run(&["--json", "sync"]);
        assert_eq!((run.code, &run.summary()["conflicts"]), (Some(0), &Value::from(0)), "{run:?}");
    };
    agrees(&zhang);
    agrees(&li);
    let decided = desk.get("/v1/conflicts?state=resolved").await;
    assert_eq!(decided["items"][0]["stands"], "missing", "{decided}");
    assert_eq!(decided["items"][0]["decisions"][0]["reason"], "the photo shows it", "{decided}");

    let seen = browse(&modules, &office, "read");
    assert!(seen["pages"].as_array().is_some_and(|pages| pages.len() > 8), "{seen}");
    assert_eq!(seen["problems"].as_array().map(Vec::len), Some(0), "{seen:#}");
}
