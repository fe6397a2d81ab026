//! A visit goes to somebody else while its technician works on it without a network.

use super::{assign, clerk, dispatch, photo, technician, texts_of};
use crate::harness::{Office, TestDatabase};
use reqwest::Method;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_lost_the_visit_while_offline_loses_no_work_and_who_got_it_gets_everything() {
    let office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    let (zhang, zhang_id) = technician(&office, &desk, "zhang", office.address).await;
    let (li, li_id) = technician(&office, &desk, "li", office.address).await;
    let case = dispatch(&desk, &[&zhang_id]).await;
    zhang.ok(&["sync"]);
    zhang.ok(&["visit", "start", &case.number]);
    zhang.ok(&["finding", "add", "SEAL_BROKEN", "--text", "offline."]);
    zhang.ok(&["photo", "add", &photo("plain-2009.jpg"), "--tag", "seal", "--allow-old"]);

    let path = format!("/v1/visits/{}/assignments/{zhang_id}", case.visit);
    let taken_off = desk.request(Method::DELETE, &path).send().await.unwrap();
    assert!(taken_off.status().is_success(), "{}", taken_off.status());
    assign(&desk, &case.visit, &li_id).await;
    li.ok(&["sync"]);

    // Accepted as late work; the visit stays on the device while its photo is still there.
    let run = zhang.run(&["sync", "--photos-later"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.said().contains("is not yours any more; what you recorded on it arrives all the same"),
        "{run:?}"
    );
    let record = desk.get(&format!("/v1/complaints/{}", case.complaint)).await;
    assert_eq!(texts_of(&record), ["offline."], "{record:#}");
    let timeline = record["timeline"].as_array().unwrap();
    assert!(timeline.iter().any(|entry| entry["kind"] == "late_work"), "{record:#}");
    zhang.ok(&["sync", "--photos-later"]);
    zhang.ok(&["visit", "show", &case.number]);

    // Everything is sent, and said to be: now it may go.
    zhang.ok(&["sync"]);
    let photos = desk.get(&format!("/v1/visits/{}/photos", case.visit)).await;
    assert_eq!(photos["photos"][0]["state"], "whole", "{photos:#}");
    zhang.ok(&["sync"]);
    let gone = zhang.run(&["visit", "show", &case.number]);
    assert_eq!(gone.code, Some(1), "{gone:?}");
    assert!(gone.err.contains("is not yours any more, and its data is no longer on this device"), "{gone:?}");
    let devices = desk.get(&format!("/v1/visits/{}/devices", case.visit)).await;
    let of_zhang = devices.as_array().unwrap().iter().find(|device| device["person_id"] == json!(zhang_id));
    assert_eq!(of_zhang.unwrap()["may_hold_unseen_work"], false, "{devices:#}");

    li.ok(&["sync"]);
    let theirs = li.ok(&["export", &case.number]);
    assert!(theirs.out.contains("offline."), "{theirs:?}");
}
