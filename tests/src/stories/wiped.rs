//! A device is suspended and resumed; a device must forget everything and hands over first what nobody has seen.

use super::{OnSite, clerk, device_id, dispatch, log_about, on_site, sha256_of, technician, texts_of};
use crate::harness::{Desk, FieldDevice, Link, Office, TestDatabase};
use serde_json::{Value, json};
use std::path::Path;

/// What the device must not keep: the customer's name and the words of the technician.
const SECRETS: [&str; 4] = ["王芳", "+8613800000417", "before.", "unseen."];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_device_keeps_its_work_and_sends_it_once_it_is_resumed() {
    let office = Office::open(TestDatabase::sqlite()).await;
    let OnSite { desk, device, case, .. } = on_site(&office).await;
    device.ok(&["finding", "add", "SEAL_OK", "--text", "before."]);
    act(&desk, &device, "suspension", "under repair").await;
    let run = device.run(&["sync"]);
    assert_eq!(run.code, Some(4), "{run:?}");
    assert!(run.err.contains("The office suspended this device"), "{run:?}");
    assert!(run.err.contains("Everything you recorded is safe on this device"), "{run:?}");
    let run = device.run(&["--lang", "zh-CN", "sync"]);
    assert!(run.err.contains("办公室已暂停本设备") && run.err.contains("请继续记录"), "{run:?}");
    device.ok(&["finding", "add", "SEAL_BROKEN", "--text", "meanwhile."]);
    assert_eq!(desk.get("/v1/escrow").await["items"], json!([]));
    act(&desk, &device, "resumption", "repaired").await;
    device.ok(&["sync"]);
    let record = desk.get(&format!("/v1/complaints/{}", case.complaint)).await;
    assert_eq!(texts_of(&record), ["before.", "meanwhile."], "{record:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_ordered_to_forget_hands_over_first_then_nothing_is_left_and_the_office_knows() {
    let office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    let link = Link::to(office.address).await;
    let (device, person) = technician(&office, &desk, "zhang", link.address).await;
    let id = device_id(&device);
    let case = dispatch(&desk, &[&person]).await;
    device.ok(&["sync"]);
    device.ok(&["visit", "start", &case.number]);
    device.ok(&["finding", "add", "SEAL_OK", "--text", "before."]);
    device.ok(&["sync"]);
    device.ok(&["finding", "add", "SEAL_BROKEN", "--text", "unseen."]);
    let photo = super::photo("plain-2009.jpg");
    device.ok(&["photo", "add", &photo, "--tag", "site", "--allow-old"]);
    assert!(SECRETS.iter().all(|secret| holds(&device.home(), secret)), "the search finds what is there");
    act(&desk, &device, "wipe-order", "left in a taxi").await;

    // The connection breaks in the middle of the photo: nothing was deleted, and the order stands.
    link.cut_after_up(link_bytes(&photo) / 2);
    let run = device.run(&["sync"]);
    assert_ne!(run.code, Some(4), "{run:?}");
    assert!(holds(&device.home(), "unseen."), "nothing is deleted before everything was handed over");
    let wipe = desk.get(&format!("/v1/devices/{id}")).await["wipe"].clone();
    assert!(wipe["confirmed_at_ms"].is_null(), "{wipe}");

    link.heal();
    let run = device.run(&["sync"]);
    assert_eq!(run.code, Some(4), "{run:?}");
    assert!(run.err.contains("Everything on this device was deleted, as the office ordered"), "{run:?}");
    assert!(run.err.contains("field enrol"), "{run:?}");
    for secret in SECRETS {
        assert!(!holds(device.disk(), secret), "{secret} is still on the disk");
    }
    let left: Vec<_> =
        std::fs::read_dir(device.home()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name == "device.key" || name == "field.sqlite"), "{left:?}");

    let escrow = desk.get("/v1/escrow").await;
    let kinds: Vec<&Value> = escrow["items"].as_array().unwrap().iter().map(|item| &item["kind"]).collect();
    assert!(!kinds.is_empty() && kinds.iter().all(|kind| **kind == json!("change")), "{escrow:#}");
    assert!(office_holds(&office, &sha256_of(&photo)), "the photo was handed over before the wipe");
    let told = desk.get(&format!("/v1/devices/{id}")).await;
    assert!(told["wipe"]["confirmed_at_ms"].is_i64() && told["wipe"]["reason"] == "left in a taxi", "{told}");
    let holders = desk.get(&format!("/v1/visits/{}/devices", case.visit)).await;
    assert_eq!(holders[0]["may_hold_unseen_work"], json!(false), "{holders}");
    assert!(log_about(&desk, &id).await.ends_with(&["device.wiped".to_owned()]));

    // From now on the device says what happened, and how to go on.
    let run = device.run(&["--lang", "zh-CN", "status"]);
    assert!(
        run.code == Some(4) && run.err.contains("已全部删除") && run.err.contains("field enrol"),
        "{run:?}"
    );
    device.ok(&["enrol", &office.invite("zhang"), "--server", &office.url("")]);
    device.ok(&["sync"]);
    assert!(holds(&device.home(), "王芳"), "enrolled again, it gets its visits again");
}

async fn act(desk: &Desk, device: &FieldDevice, what: &str, reason: &str) {
    let path = format!("/v1/devices/{}/{what}", device_id(device));
    desk.post(&path, &json!({ "reason": reason })).await;
}

fn link_bytes(file: &str) -> u64 {
    std::fs::metadata(file).expect("the file is among the test data").len()
}

/// Whether any file below the folder holds this text.
fn holds(folder: &Path, text: &str) -> bool {
    let files = std::fs::read_dir(folder).expect("the folder is there");
    files.map(|file| file.expect("it can be listed").path()).any(|path| {
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

/// Whether the office has a blob with this hash.
fn office_holds(office: &Office, sha256: &str) -> bool {
    fn any(folder: &Path, name: &str) -> bool {
        let files = std::fs::read_dir(folder).expect("the folder is there");
        files.map(|file| file.expect("it can be listed").path()).any(|path| {
            if path.is_dir() {
                any(&path, name)
            } else {
                path.to_string_lossy().replace('/', "").contains(name)
            }
        })
    }
    any(office.folder(), sha256)
}
