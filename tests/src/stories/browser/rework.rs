//! A reviewer sends a visit back with fields and a reason; it is first on the device, and comes back marked.

use super::{finish, peer_browser, seal, signed_in};
use crate::harness::{Habit, Office, TestDatabase};
use crate::stories::{clerk, dispatch, technician};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rework_goes_to_the_field_first_and_comes_back_marked() {
    if !peer_browser("rework_goes_to_the_field_first_and_comes_back_marked") {
        return;
    }
    let office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    let (zhang, person) = technician(&office, &desk, "zhang", office.address).await;
    let other = dispatch(&desk, &[&person]).await;
    let case = dispatch(&desk, &[&person]).await;
    zhang.ok(&["sync"]);
    zhang.ok(&["visit", "start", &case.number]);
    zhang.ok(&seal("intact"));
    zhang.ok(&["finding", "add", "SEAL_OK", "--text", "first look."]);
    finish(&zhang);
    zhang.ok(&["sync"]);

    let browser = signed_in(&office, Habit::default()).await;
    browser.go(&format!("/complaints/{}", case.complaint)).await;
    browser.click("main a[href$='/rework']").await;
    browser.fill("[name=reason]", "The seal is broken on the photo, look again.").await;
    browser.click(&format!("[name=paths][value='{} seals']", case.visit)).await;
    browser.click("main form[action$='/rework'] button").await;
    assert!(browser.said().await.starts_with("Sent back."));

    let told = zhang.ok(&["sync"]);
    assert!(told.said().contains("The seal is broken on the photo, look again."), "{told:?}");
    let shown = zhang.ok(&["visit", "show", &case.number]).out;
    assert!(shown.contains("  - seal"), "the fields are named on the device, too: {shown}");
    let today = zhang.ok(&["--json", "today", "--all"]).events("visit");
    let listed: Vec<_> =
        today.iter().map(|visit| (visit["number"].as_str(), visit["rework"] == true)).collect();
    assert_eq!(listed, [(Some(&*case.number), true), (Some(&*other.number), false)]);
    let due = zhang.ok(&["--json", "today"]).events("visit");
    assert_eq!(due[0]["number"], *case.number, "due at once, whatever day it was planned for: {due:#?}");
    zhang.ok(&["visit", "start", &case.number]);
    zhang.ok(&seal("missing"));
    zhang.ok(&["finding", "add", "SEAL_BROKEN", "--text", "second look."]);
    finish(&zhang);
    zhang.ok(&["sync"]);
    let shown = zhang.ok(&["visit", "show", &case.number]).out;
    assert!(!shown.contains("To redo"), "what was done again is not to redo any more: {shown}");
    let today = zhang.ok(&["--json", "today", "--all"]).events("visit");
    assert!(today.iter().all(|visit| visit["rework"] == false), "{today:#?}");

    browser.go(&format!("/complaints/{}", case.complaint)).await;
    let marked = "return [...document.querySelectorAll('ul.entries > li')].map((entry) => \
        [entry.textContent, entry.querySelector('.badge.info, .badge.bad')?.textContent ?? ''])";
    let entries = browser.run(marked, &serde_json::json!([])).await;
    let mark_of = |text: &str| {
        let all = entries.as_array().into_iter().flatten();
        let entry = all.rev().find(|entry| entry[0].as_str().is_some_and(|words| words.contains(text)));
        entry.unwrap_or_else(|| panic!("{text}: {entries:#?}"))[1].as_str().unwrap_or_default().to_owned()
    };
    for unmarked in ["first look.", "Intact", "Finished"] {
        assert_eq!(mark_of(unmarked), "", "{unmarked}");
    }
    assert_eq!(mark_of("second look."), "outside the fields asked for");
    assert_eq!(mark_of("Missing"), "redone or confirmed");
    assert!(browser.text(".visit").await.contains("Rework done"));
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
