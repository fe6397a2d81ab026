//! A store in two places, or from yesterday.

use super::{OnSite, device_id, log_about, on_site, texts_of};
use crate::harness::{FieldDevice, Office, Run, TestDatabase};
use serde_json::{Value, json};

fn add(device: &FieldDevice, text: &str) -> Run {
    device.run(&["finding", "add", "SEAL_OK", "--text", text])
}

/// The number that a customer met on the way is given.
fn number_of_a_complaint(device: &FieldDevice) -> Value {
    let what = ["--json", "complaint", "new", "灯不亮", "--address", "梧桐路 14 号", "--utility", "power"];
    let how = ["--category", "power.BIZ.metering", "--no-visit"];
    device.ok(&[&what[..], &how].concat()).summary()["number"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copied_store_is_not_written_to() {
    let office = Office::open(TestDatabase::sqlite()).await;
    let OnSite { desk, device, case, .. } = on_site(&office).await;
    let copy = FieldDevice::fresh();
    copy.restore_store(&device.image());

    let refused = add(&copy, "copied.");
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("This folder was copied: it belongs to"), "{refused:?}");
    assert!(refused.err.contains("enrol here: field enrol <link or code>"), "{refused:?}");
    assert!(!copy.ok(&["export", &case.number]).out.contains("copied."));
    assert_eq!(add(&device, "original.").code, Some(0), "the original is not bothered");

    // Enrolled by itself it is a device like any other.
    copy.ok(&["enrol", &office.invite("zhang"), "--server", &office.url("")]);
    assert_eq!(add(&copy, "copied.").code, Some(0));
    copy.ok(&["sync"]);
    device.ok(&["sync"]);
    let record = desk.get(&format!("/v1/complaints/{}", case.complaint)).await;
    assert_eq!(texts_of(&record), ["copied.", "original."], "{record:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_clones_of_one_machine_neither_loses_what_it_recorded() {
    let office = Office::open(TestDatabase::sqlite()).await;
    let OnSite { desk, device, case, .. } = on_site(&office).await;
    device.ok(&["sync"]);
    let id = device_id(&device);
    // A snapshot of the whole machine is started beside it: nothing on either of them can tell.
    let other = device.image();
    assert_eq!(add(&device, "first clone.").code, Some(0));
    device.ok(&["sync"]);
    device.swap(&other);
    assert_eq!(add(&device, "second clone.").code, Some(0));

    let forked = device.run(&["sync"]);
    assert_eq!(forked.code, Some(4), "{forked:?}");
    assert!(forked.err.contains("This folder was copied and used in two places"), "{forked:?}");
    assert!(forked.err.contains("Tell the office who used the copy"), "{forked:?}");
    let list = office.run(&["device", "list"]);
    assert!(list.contains("log forked") && list.contains("invite each honest place anew"), "{list}");
    assert!(forked.err.contains("field enrol"), "{forked:?}");
    assert!(log_about(&desk, &id).await.iter().any(|kind| kind == "device.forked"));
    let path = format!("/v1/complaints/{}", case.complaint);
    assert_eq!(texts_of(&desk.get(&path).await), ["first clone."]);
    let escrow = desk.get("/v1/escrow").await;
    assert_eq!(escrow["items"][0]["reason"], "fork", "the other branch is kept aside: {escrow:#}");
    assert_eq!(add(&device, "while waiting.").code, Some(0), "recording goes on meanwhile");
    let enrol = |code: String| device.ok(&["enrol", &code, "--server", &office.url("")]);
    enrol(office.invite("zhang"));
    device.ok(&["sync"]);

    // The first clone hears of it, too, and goes on under a new identity.
    device.swap(&other);
    assert_eq!(add(&device, "first clone again.").code, Some(0));
    let told = device.run(&["sync"]);
    assert_eq!(told.code, Some(4), "{told:?}");
    assert!(
        told.err.contains("This folder was copied and used in two places"),
        "the first clone hears it, too: {told:?}"
    );
    enrol(office.invite("zhang"));
    device.ok(&["sync"]);
    let expected = ["first clone again.", "first clone.", "second clone.", "while waiting."];
    assert_eq!(texts_of(&desk.get(&path).await), expected);
    device.swap(&other);
    device.ok(&["sync"]);
    let everything = device.ok(&["export", &case.number]).out;
    assert!(expected.iter().all(|text| everything.contains(text)), "{everything}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_from_yesterday_fetches_its_own_acts_back_before_it_writes() {
    let office = Office::open(TestDatabase::sqlite()).await;
    let OnSite { desk, device, case, .. } = on_site(&office).await;
    assert_eq!(add(&device, "yesterday.").code, Some(0));
    device.ok(&["sync"]);
    let yesterday = device.image();
    assert_eq!(add(&device, "today.").code, Some(0));
    let given = number_of_a_complaint(&device);
    device.ok(&["sync"]);
    device.restore_store(&yesterday);

    let refused = add(&device, "too early.");
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.err.contains("restored from a backup and is older than what this device recorded"),
        "{refused:?}"
    );
    assert!(refused.err.contains("Run field sync first"), "{refused:?}");
    device.ok(&["sync"]);
    assert!(device.ok(&["export", &case.number]).out.contains("today."), "its own act is back");
    assert_eq!(add(&device, "tomorrow.").code, Some(0));
    assert_ne!(number_of_a_complaint(&device), given, "no two customers have one number");
    device.ok(&["sync"]);
    assert_eq!(desk.get("/v1/field-work").await["items"], json!([]));

    // The whole machine from yesterday: only the server can tell, and does.
    device.swap(&yesterday);
    device.ok(&["sync"]);
    assert_eq!(add(&device, "the day after.").code, Some(0));
    device.ok(&["sync"]);
    let record = desk.get(&format!("/v1/complaints/{}", case.complaint)).await;
    assert_eq!(texts_of(&record), ["the day after.", "today.", "tomorrow.", "yesterday."], "{record:#}");
    let log = log_about(&desk, &device_id(&device)).await;
    assert!(!log.iter().any(|kind| kind == "device.forked"), "{log:?}");
}
