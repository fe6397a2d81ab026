//! The forms of a day's work in a browser that runs no scripts.

use super::{Clash, peer_browser, signed_in};
use crate::harness::{Browser, Habit};
use crate::stories::person_id;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_works_without_scripts() {
    if !peer_browser("every_form_works_without_scripts") {
        return;
    }
    let Clash { office, desk, case, .. } = Clash::happened().await;
    let technician = person_id(&desk, "zhang").await;
    let browser = signed_in(&office, Habit { scripts: false, ..Habit::default() }).await;

    assert_eq!(browser.run("return typeof htmx", &json!([])).await, "undefined", "no script ran");
    let record = write_down(&browser).await;
    browser.go(&format!("{record}/dispatch")).await;
    browser.click(&format!("form[action$='/dispatch'] [name=person][value='{technician}']")).await;
    browser.click("form[action$='/dispatch'] > button").await;
    browser.wait_for_text("main", "zhang").await;
    let made = desk.get(&format!("/v1{record}")).await;
    assert_eq!(made["work_orders"].as_array().map(Vec::len), Some(1), "{made:#}");

    decide(&browser).await;
    let decided = desk.get("/v1/conflicts?state=resolved").await;
    assert_eq!(decided["items"][0]["decisions"][0]["reason"], "both photos show it", "{decided}");

    send_back(&browser, &case.complaint).await;
    // The visit is to be done again, so a verdict needs a reason of its own.
    browser.go(&format!("/complaints/{}/review", case.complaint)).await;
    browser.choose("[name=verdict]", "substantiated").await;
    browser.choose("[name=cause]", "M07").await;
    browser.fill("[name=note]", "decided without waiting.").await;
    browser.click("[name=evidence]").await;
    browser.fill("[name=override_reason]", "The customer moves out today.").await;
    browser.click("main form[action$='/review'] button").await;
    assert_eq!(browser.said().await, "The verdict is on record.");

    browser.go("/devices").await;
    browser.click("main summary").await;
    browser.choose("form[action='/devices/invitations'] [name=person]", &technician).await;
    browser.click("form[action='/devices/invitations'] button").await;
    assert!(browser.text("#invitation-code").await.contains("field enrol "));

    browser.click("form[action='/sign-out'] button").await;
    browser.wait_for("[name=password]").await;
    assert_eq!(browser.path().await, "/sign-in");
}

/// A new complaint, typed wrong first; returns the path of its record.
async fn write_down(browser: &Browser) -> String {
    browser.go("/complaints/new").await;
    browser.fill("[name=summary]", "电表不走字").await;
    browser.click("button[name=act][value=create]").await;
    browser.wait_for("[aria-invalid=true]").await;
    assert_eq!(browser.value("[name=summary]").await, "电表不走字", "what was typed stays");
    browser.choose("[name=category]", "power.BIZ.metering").await;
    browser.choose("[name=channel]", "phone").await;
    browser.fill("[name=address]", "桂花路 3 号").await;
    browser.fill("[name=region]", "310115").await;
    browser.fill("[name=customer_name]", "王芳").await;
    browser.fill("[name=customer_phone]", "+8613800000999").await;
    browser.click("button[name=act][value=create]").await;
    assert_eq!(browser.said().await, "The complaint was written down.");
    browser.path().await.split('?').next().unwrap_or_default().to_owned()
}

async fn decide(browser: &Browser) {
    browser.go("/conflicts").await;
    browser.click("[data-open] a").await;
    browser.click("[name=choice][value=both]").await;
    browser.fill("[name=reason]", "both photos show it").await;
    browser.click("form[action$='/resolution'] button").await;
    assert!(browser.said().await.starts_with("Decided"));
}

async fn send_back(browser: &Browser, complaint: &str) {
    browser.go(&format!("/complaints/{complaint}/rework")).await;
    browser.fill("[name=reason]", "once more").await;
    browser.click("[name=paths][value$=' seals']").await;
    browser.click("main form[action$='/rework'] button").await;
    assert!(browser.said().await.starts_with("Sent back."));
}
