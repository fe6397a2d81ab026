//! A device from its invitation in a page to its revocation in a page, in the middle of an upload.

use super::{peer_browser, signed_in};
use crate::harness::{Browser, FieldDevice, Habit, Link, Office, TestDatabase};
use crate::stories::{a_large_jpeg, clerk, device_id, dispatch, person_id};
use std::process::Stdio;
use std::time::Duration;
use sync_core::testing::Rng;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_is_invited_in_a_page_and_revoked_in_a_page_while_it_uploads() {
    const BYTES: u64 = 16 << 20;
    if !peer_browser("a_device_is_invited_in_a_page_and_revoked_in_a_page_while_it_uploads") {
        return;
    }
    let office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    office.run(&["user", "add", "zhang", "--role", "technician", "--no-password"]);
    let person = person_id(&desk, "zhang").await;
    let case = dispatch(&desk, &[&person]).await;
    let link = Link::to(office.address).await;
    let browser = signed_in(&office, Habit::default()).await;

    let code = invite(&browser, &person).await;
    let device = FieldDevice::fresh();
    let enrolled = device.ok(&["--json", "enrol", &code, "--server", &format!("http://{}", link.address)]);
    let fingerprint = enrolled.summary()["fingerprint"].as_str().expect("the device says it").to_owned();
    let page = format!("/devices/{}", device_id(&device));
    browser.go("/devices").await;
    browser.click(&format!("a[href='{page}']")).await;
    browser.wait_for_text("main code", &fingerprint).await;

    device.ok(&["sync"]);
    device.ok(&["visit", "start", &case.number]);
    let file = device.disk().join("large.jpg");
    std::fs::write(&file, a_large_jpeg(&mut Rng::new(3), BYTES)).unwrap();
    device.ok(&["photo", "add", file.to_str().unwrap(), "--tag", "site", "--allow-old"]);
    device.ok(&["sync", "--photos-later"]);
    device.ok(&["finding", "add", "SEAL_BROKEN", "--text", "written while it uploads."]);

    let before = link.traffic().up;
    let mut command = device.command(&["sync", "--limit-rate", "2M"]);
    let upload = command.stderr(Stdio::piped()).spawn().expect("the client can be started");
    while link.traffic().up < before + (1 << 20) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    device.ok(&["finding", "add", "SEAL_BROKEN", "--text", "written before it knew."]);
    browser.fill("form[action$='/revocation'] [name=text]", "left in a taxi").await;
    browser.click("form[action$='/revocation'] button").await;
    let sent = link.traffic().up;
    let output = tokio::task::spawn_blocking(|| upload.wait_with_output()).await.unwrap().unwrap();
    let (more, said) = (link.traffic().up - sent, String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("The office revoked this device"), "{said}");
    assert!(more < BYTES / 2, "{more} bytes after the page said it");
    assert!(browser.said().await.starts_with("Revoked."));
    assert!(browser.text("main").await.contains("left in a taxi"));

    assert_eq!(device.run(&["sync"]).code, Some(4));
    browser.go("/arrivals/escrow").await;
    browser.wait_for_text("tbody tr", &case.number).await;
    browser.wait_for_text("tbody tr", "zhang").await;
    browser.go(&format!("/complaints/{}", case.complaint)).await;
    let record = browser.text("main").await;
    assert!(record.contains("written while it uploads."), "sent before the photo: {record}");
    assert!(!record.contains("written before it knew."), "{record}");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

/// The code that the page shows for a new device of this person.
async fn invite(browser: &Browser, person: &str) -> String {
    browser.go("/devices").await;
    browser.click("main summary").await;
    browser.choose("form[action='/devices/invitations'] [name=person]", person).await;
    browser.click("form[action='/devices/invitations'] button").await;
    let shown = browser.text("#invitation-code").await;
    let code = shown.strip_prefix("field enrol ").and_then(|rest| rest.split(' ').next());
    code.unwrap_or_else(|| panic!("no code in {shown:?}")).to_owned()
}
