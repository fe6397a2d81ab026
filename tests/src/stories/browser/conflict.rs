//! Two devices conflict, the office decides in a browser by the keyboard alone, and both devices agree.

use super::Clash;
use crate::harness::{Browser, CLERK_PASSWORD, DOWN, ENTER, FieldDevice, Habit, TAB, peer_browser};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_devices_conflict_the_office_decides_by_keyboard_and_both_agree() {
    if !peer_browser("two_devices_conflict_the_office_decides_by_keyboard_and_both_agree") {
        return;
    }
    let Clash { office, desk, zhang, li, case } = Clash::happened().await;
    let browser = Browser::open(&office.url(""), Habit::default()).await;
    sign_in(&browser).await;
    open_from_queue(&browser).await;
    assert_eq!(browser.path().await, format!("/complaints/{}", case.complaint));
    decide(&browser).await;

    let agrees = |device: &FieldDevice| {
        let run = device.run(&["--json", "sync"]);
        assert_eq!((run.code, &run.summary()["conflicts"]), (Some(0), &Value::from(0)), "{run:?}");
    };
    agrees(&zhang);
    agrees(&li);
    let decided = desk.get("/v1/conflicts?state=resolved").await;
    assert_eq!(decided["items"][0]["stands"], "missing", "{decided}");
    assert_eq!(decided["items"][0]["decisions"][0]["reason"], "the photo shows it", "{decided}");

    review(&browser).await;
    let record = desk.get(&format!("/v1/complaints/{}", case.complaint)).await;
    assert_eq!(record["state"], "reviewed", "{record:#}");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

/// The cursor waits in the name.
async fn sign_in(browser: &Browser) {
    browser.go("/").await;
    browser.press(&format!("clerk{TAB}{CLERK_PASSWORD}{ENTER}")).await;
    browser.wait_for("nav.menu").await;
}

/// The first complaint, with j and k.
async fn open_from_queue(browser: &Browser) {
    browser.press(TAB).await;
    assert!(browser.has_focus(".skip").await, "the way past the menu comes first");
    browser.tab_to("nav.menu a[href='/queue']").await;
    browser.press(ENTER).await;
    browser.wait_for("[data-keys]").await;
    browser.press("jjk").await;
    assert!(browser.has_focus("[data-open]:first-child a").await);
    browser.press(ENTER).await;
    browser.wait_for("#visits").await;
}

/// From the record to the conflict, and what stands: the value that Li saw.
async fn decide(browser: &Browser) {
    browser.tab_to("main a[href^='/conflicts/']").await;
    browser.press(ENTER).await;
    browser.wait_for("form[action$='/resolution']").await;
    browser.tab_to("fieldset.choices input").await;
    let chosen = "return document.activeElement.checked && document.activeElement.labels[0].innerText";
    browser.press(" ").await;
    for _ in 0..4 {
        let label = browser.run(chosen, &Value::Array(Vec::new())).await;
        if label.as_str().is_some_and(|label| label.contains("Missing")) {
            break;
        }
        browser.press(DOWN).await;
    }
    browser.tab_to("[name=reason]").await;
    browser.press("the photo shows it").await;
    browser.press(&format!("{TAB}{ENTER}")).await;
    assert!(browser.said().await.starts_with("Decided"));
}

/// Back to the record, and a verdict for it.
async fn review(browser: &Browser) {
    browser.tab_to("main a[href^='/complaints/']").await;
    browser.press(ENTER).await;
    browser.wait_for("#visits").await;
    browser.tab_to("main a[href$='/review']").await;
    browser.press(ENTER).await;
    for list in ["[name=verdict]", "[name=cause]", "[name=responsibility]"] {
        browser.tab_to(list).await;
        browser.press(DOWN).await;
    }
    browser.tab_to("[name=note]").await;
    browser.press("The seal was broken by the last fitter.").await;
    browser.tab_to("fieldset.choices [name=evidence]").await;
    browser.press(" ").await;
    browser.press(ENTER).await;
    assert_eq!(browser.said().await, "The verdict is on record.");
}
