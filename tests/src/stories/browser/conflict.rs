//! Two devices conflict, the office decides in a browser, by the keyboard alone or two people at once.

use super::{Clash, signed_in, status};
use crate::harness::{Browser, CLERK_PASSWORD, DOWN, ENTER, FieldDevice, Habit, TAB, peer_browser};
use serde_json::{Value, json};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_reviewers_who_decide_at_once_one_is_told_and_loses_no_word() {
    if !peer_browser("of_two_reviewers_who_decide_at_once_one_is_told_and_loses_no_word") {
        return;
    }
    let Clash { office, desk, .. } = Clash::happened().await;
    office.desk("second", &["reviewer"]).await;
    let one = signed_in(&office, Habit::default()).await;
    let other = Browser::open(&office.url(""), Habit::default()).await;
    other.sign_in("second", CLERK_PASSWORD).await;
    let reasons = ["the photo shows it", "I have been there: سلام <b>"];
    for ((browser, reason), value) in [&one, &other].into_iter().zip(reasons).zip(["Intact", "Missing"]) {
        browser.go("/conflicts").await;
        browser.click("[data-open] a").await;
        browser.wait_for("form[action$='/resolution']").await;
        let choose = "[...document.querySelectorAll('fieldset.choices label')] \
            .find(label => label.innerText.includes(arguments[0])).querySelector('input').click()";
        browser.run(choose, &json!([value])).await;
        browser.fill("[name=reason]", reason).await;
    }
    tokio::join!(
        one.click("form[action$='/resolution'] button"),
        other.click("form[action$='/resolution'] button"),
    );
    for browser in [&one, &other] {
        browser.wait_for("form[action$='/reopening']").await;
    }
    let told = [one.count(".failure").await, other.count(".failure").await];
    assert_eq!(told.iter().sum::<usize>(), 1, "one of them came second: {told:?}");
    let second = told.iter().position(|count| *count == 1).unwrap_or_default();
    let browser = [&one, &other][second];
    assert_eq!(status(browser).await, 412);
    assert!(browser.text(".failure").await.contains("Somebody else decided"));
    assert_eq!(browser.text(".typed").await, reasons[second], "the own words are kept");
    assert!(
        browser.text("main").await.contains(reasons[1 - second]),
        "and the decision that stands is shown"
    );
    let decided = desk.get("/v1/conflicts?state=resolved").await;
    let decisions = decided["items"][0]["decisions"].as_array().map(Vec::len);
    assert_eq!(decisions, Some(1), "{decided}");
    assert_eq!(decided["items"][0]["decisions"][0]["reason"], reasons[1 - second], "{decided}");
    for browser in [one, other] {
        // That the second answer was a refusal is all that a browser may note.
        let noted = browser.complaints().await;
        assert!(noted.iter().all(|line| line.contains("412")), "{noted:?}");
    }
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
