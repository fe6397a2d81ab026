//! The server is restored from a backup, and one of the phones that knew more never comes back.

use super::{clerk, dispatch, photo, technician, texts_of};
use crate::harness::{Office, TestDatabase};

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
