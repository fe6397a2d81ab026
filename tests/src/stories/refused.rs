//! A complaint that a technician met on the way, and that the server does not take.

use super::{clerk, dispatch, photo, technician, texts_of};
use crate::harness::{Office, TestDatabase};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_on_a_refused_complaint_waits_for_the_office_and_is_linked() {
    let office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    let (device, person) = technician(&office, &desk, "zhang", office.address).await;
    let case = dispatch(&desk, &[&person]).await;
    device.ok(&["sync"]);
    // A scanner that sends nothing but its separator: the device takes it, the server does not.
    let scanned = "\u{1d}";
    let opened = device.ok(&[
        "--json",
        "complaint",
        "new",
        "邻居家电表冒烟",
        "--address",
        "梧桐路 12 号旁边的小巷里",
        "--meter",
        scanned,
        "--utility",
        "power",
        "--category",
        "power.BIZ.metering",
    ]);
    let (number, visit) = (opened.summary()["number"].clone(), opened.summary()["visit"].clone());
    device.ok(&["finding", "add", "SEAL_BROKEN", "--text", "born in the field."]);
    device.ok(&["photo", "add", &photo("plain-2009.jpg"), "--tag", "seal", "--allow-old"]);

    let run = device.run(&["--json", "sync"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let told = run.events("command");
    assert!(told.iter().any(|command| command["outcome"] == "refused"), "{run:?}");
    assert!(run.events("warning").iter().any(|warning| warning["code"] == "command-refused"), "{run:?}");
    let waiting = desk.get("/v1/field-work").await;
    let work = &waiting["items"][0];
    assert_eq!((&work["visit_id"], &work["provisional_number"]), (&visit, &number), "{waiting:#}");
    assert_eq!(work["typed"]["summary"], "邻居家电表冒烟", "{waiting:#}");
    let here = format!("/v1/visits/{}", visit.as_str().unwrap());
    assert_eq!(texts_of(&desk.get(&here).await), ["born in the field."]);

    // The technician works on, and the office puts it where it belongs.
    device.ok(&["finding", "add", "SEAL_OK", "--text", "after the refusal."]);
    device.ok(&["sync"]);
    let link = format!("/v1/field-work/{}/link", work["field_work_id"].as_str().unwrap());
    desk.post(&link, &json!({ "complaint_id": case.complaint, "reason": "the same house" })).await;
    let record = desk.get(&format!("/v1/complaints/{}", case.complaint)).await;
    assert_eq!(texts_of(&record), ["after the refusal.", "born in the field."], "{record:#}");
    assert!(record["aliases"].to_string().contains(number.as_str().unwrap()), "{record:#}");
    assert_eq!(desk.get("/v1/field-work").await["items"], json!([]));
    let photos = desk.get(&format!("{here}/photos")).await;
    assert_eq!(photos["photos"][0]["state"], "whole", "{photos:#}");
    device.ok(&["sync"]);
    device.ok(&["visit", "show", visit.as_str().unwrap()]);
}
