//! The server is restored from a backup, and one of the phones that knew more never comes back.

use super::{clerk, device_id, dispatch, photo, technician, texts_of};
use crate::harness::{FieldDevice, Office, TestDatabase};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_sync_in_the_evening_gives_a_restored_server_back_what_it_had_acknowledged() {
    let mut office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    let (zhang, zhang_id) = technician(&office, &desk, "zhang", office.address).await;
    let case = dispatch(&desk, &[&zhang_id]).await;
    zhang.ok(&["sync"]);
    zhang.ok(&["visit", "start", &case.number]);
    zhang.ok(&["sync"]);
    office.kill();
    let backup = office.back_up();
    office.start().await;
    zhang.ok(&["finding", "add", "SEAL_OK", "--text", "before the loss."]);
    zhang.ok(&["photo", "add", &photo("iphone6plus-beijing.jpg"), "--tag", "seal", "--allow-old"]);
    zhang.ok(&["sync"]);
    office.kill();
    office.restore(&backup);
    office.start().await;

    // Nothing was recorded since, and one sync is all there is.
    let synced = zhang.ok(&["sync"]);
    assert!(synced.said().contains("The server was restored from a backup"), "{synced:?}");
    assert!(synced.said().contains("Up to date"), "{synced:?}");
    assert!(!synced.said().contains("Kept on this device"), "{synced:?}");
    let record = desk.get(&format!("/v1/complaints/{}", case.complaint)).await;
    assert_eq!(texts_of(&record), ["before the loss."]);
    let photos = desk.get(&format!("/v1/visits/{}/photos", case.visit)).await;
    assert_eq!(photos["photos"][0]["state"], "whole", "{photos}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_colleague_s_phone_gives_a_restored_server_back_what_it_lost() {
    let mut office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    let (zhang, zhang_id) = technician(&office, &desk, "zhang", office.address).await;
    let (li, li_id) = technician(&office, &desk, "li", office.address).await;
    let case = dispatch(&desk, &[&zhang_id, &li_id]).await;
    for device in [&zhang, &li] {
        device.ok(&["sync"]);
        device.ok(&["visit", "start", &case.number]);
        device.ok(&["sync"]);
    }
    office.kill();
    let backup = office.back_up();
    office.start().await;
    zhang.ok(&["finding", "add", "SEAL_OK", "--text", "before the loss."]);
    zhang.ok(&["sync"]);
    li.ok(&["sync"]);
    office.kill();
    office.restore(&backup);
    office.start().await;
    let path = format!("/v1/complaints/{}", case.complaint);
    assert!(!desk.get(&path).await.to_string().contains("before the loss."), "the backup is older");

    // What was recorded since makes the server notice; what the phone of Zhang said comes from the phone of Li.
    li.ok(&["finding", "add", "SEAL_OK", "--text", "after the loss."]);
    let synced = li.ok(&["sync"]);
    assert!(synced.said().contains("The server was restored from a backup"), "{synced:?}");
    assert!(synced.said().contains("Gave the server back 1 act of a colleague"), "{synced:?}");
    assert_eq!(texts_of(&desk.get(&path).await), ["after the loss.", "before the loss."]);

    zhang.ok(&["finding", "add", "SEAL_OK", "--text", "back again."]);
    zhang.ok(&["sync"]);
    li.ok(&["sync"]);
    let texts = ["after the loss.", "back again.", "before the loss."];
    assert_eq!(texts_of(&desk.get(&path).await), texts, "nothing is missing and nothing is doubled");
    for device in [&zhang, &li] {
        assert!(device.ok(&["export", &case.number]).out.contains("before the loss."));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_enrolled_after_the_backup_gives_everything_back_when_it_enrols_again() {
    let mut office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    // Zhang was sent before the backup and gets a second phone after it.
    let (zhang, zhang_id) = technician(&office, &desk, "zhang", office.address).await;
    let case = dispatch(&desk, &[&zhang_id]).await;
    zhang.ok(&["sync"]);
    office.kill();
    let backup = office.back_up();
    office.start().await;
    let phone = FieldDevice::enrolled(&office.invite("zhang"), office.address);
    phone.ok(&["sync"]);
    phone.ok(&["visit", "start", &case.number]);
    phone.ok(&["finding", "add", "SEAL_OK", "--text", "acknowledged."]);
    let file = photo("iphone6plus-beijing.jpg");
    phone.ok(&["photo", "add", &file, "--tag", "seal", "--allow-old"]);
    phone.ok(&["sync"]);
    phone.ok(&["finding", "add", "SEAL_OK", "--text", "not sent yet."]);
    let before = device_id(&phone);
    office.kill();
    office.restore(&backup);
    std::fs::remove_dir_all(office.folder().join("data").join("evidence")).expect("photos were there");
    office.start().await;

    let refused = phone.run(&["sync"]);
    assert_eq!(refused.code, Some(4), "{refused:?}");
    assert!(refused.err.contains("The server does not know this device"), "{refused:?}");
    assert!(refused.err.contains("field enrol <link or code>"), "{refused:?}");
    assert!(refused.err.contains("sends again what the server has lost, photos too"), "{refused:?}");
    phone.ok(&["enrol", &office.invite("zhang"), "--server", &office.url("")]);
    assert_eq!(device_id(&phone), before, "it is the device that it was");
    let synced = phone.ok(&["sync"]);
    assert!(synced.said().contains("Up to date"), "{synced:?}");
    let path = format!("/v1/complaints/{}", case.complaint);
    assert_eq!(texts_of(&desk.get(&path).await), ["acknowledged.", "not sent yet."]);
    let photos = desk.get(&format!("/v1/visits/{}/photos", case.visit)).await;
    assert_eq!(photos["photos"][0]["state"], "whole", "{photos}");
    assert_eq!(photos["photos"].as_array().map(Vec::len), Some(1), "{photos}");
    assert_eq!(desk.get("/v1/quarantine").await["items"], json!([]));
    phone.ok(&["sync"]);
    zhang.ok(&["sync"]);
    assert_eq!(texts_of(&desk.get(&path).await), ["acknowledged.", "not sent yet."], "nothing is doubled");
}
