//! A disk that is full: the server's, then the device's.

use super::{OnSite, clerk, dispatch, on_site, person_id, photo, texts_of};
use crate::harness::{FieldDevice, Office, SmallDisk, TestDatabase};
use reqwest::Method;

/// Far more acts than what is left of open files can take.
const ACTS_MAX: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_disk_is_full_says_so_and_goes_on_when_there_is_room() {
    let name = "a_server_whose_disk_is_full_says_so_and_goes_on_when_there_is_room";
    let Some(disk) = SmallDisk::of_mib(24, name) else { return };
    let office = Office::open_on(&disk).await;
    let OnSite { desk, device, case, .. } = on_site(&office).await;
    device.ok(&["photo", "add", &photo("iphone6plus-beijing.jpg"), "--tag", "seal", "--allow-old"]);

    disk.fill();
    let mut said = Vec::new();
    let refused = loop {
        said.push(format!("act-{:03}. {}", said.len(), "铅封完好，".repeat(200)));
        device.ok(&["finding", "add", "SEAL_OK", "--text", &said[said.len() - 1]]);
        let run = device.run(&["sync", "--photos-later"]);
        if run.code != Some(0) {
            break run;
        }
        assert!(said.len() < ACTS_MAX, "the disk never was full");
    };
    assert_eq!(refused.code, Some(5), "{refused:?}");
    for words in ["The server's disk is full", "Everything you recorded is safe on this device."] {
        assert!(refused.err.contains(words), "{words}: {refused:?}");
    }
    // The office can still read, and is told when it cannot write.
    desk.get(&format!("/v1/complaints/{}", case.complaint)).await;
    let path = format!("/v1/complaints/{}/acceptance", case.complaint);
    let answer = desk.request(Method::POST, &path).json(&serde_json::json!({})).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 507, "{}", answer.text().await.unwrap_or_default());
    let ready = office.http.get(office.url("/readyz")).send().await.unwrap();
    assert_eq!(ready.status().as_u16(), 507, "{}", ready.text().await.unwrap_or_default());

    disk.make_room();
    let run = device.run(&["sync"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let record = desk.get(&format!("/v1/complaints/{}", case.complaint)).await;
    assert_eq!(texts_of(&record), said);
    let photos = desk.get(&format!("/v1/visits/{}/photos", case.visit)).await;
    assert_eq!(photos["photos"][0]["state"], "whole", "{photos:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_whose_disk_is_full_records_nothing_halfway_and_keeps_what_it_has() {
    let name = "a_device_whose_disk_is_full_records_nothing_halfway_and_keeps_what_it_has";
    let Some(disk) = SmallDisk::of_mib(8, name) else { return };
    let office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    let device = FieldDevice::fresh_on(&disk);
    device.ok(&["enrol", &office.invite("zhang"), "--server", &office.url("")]);
    let case = dispatch(&desk, &[&person_id(&desk, "zhang").await]).await;
    device.ok(&["sync"]);
    device.ok(&["visit", "start", &case.number]);
    device.ok(&["finding", "add", "SEAL_OK", "--text", "before."]);

    disk.fill();
    let add = ["finding", "add", "SEAL_BROKEN", "--text", "no room."];
    let refused = device.run(&add);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    for words in ["The disk is full; nothing was recorded", "Everything saved before is safe."] {
        assert!(refused.err.contains(words), "{words}: {refused:?}");
    }
    let photo = ["photo", "add", &photo("iphone6plus-beijing.jpg"), "--tag", "seal", "--allow-old"];
    disk.fill();
    let refused = device.run(&photo);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("The disk is full; nothing was recorded"), "{refused:?}");
    disk.fill();
    for reading in
        [&["status"][..], &["today"], &["visit", "show"], &["finding", "list"], &["outbox"], &["log"]]
    {
        device.ok(reading);
    }
    // A sync needs little room and may find it in its own open files; otherwise it says what is wrong.
    // Either way the server has what was recorded.
    let sync = device.run(&["sync"]);
    assert!(sync.code == Some(0) || sync.err.contains("The disk is full"), "{sync:?}");
    let record = desk.get(&format!("/v1/complaints/{}", case.complaint)).await;
    assert_eq!(texts_of(&record), ["before."], "sent from a full disk");

    disk.make_room();
    device.ok(&photo);
    device.ok(&["finding", "add", "SEAL_BROKEN", "--text", "room again."]);
    device.ok(&["sync"]);
    let record = desk.get(&format!("/v1/complaints/{}", case.complaint)).await;
    assert_eq!(texts_of(&record), ["before.", "room again."], "{record:#}");
    let photos = desk.get(&format!("/v1/visits/{}/photos", case.visit)).await;
    assert_eq!(photos["photos"].as_array().map(Vec::len), Some(1), "{photos:#}");
}
