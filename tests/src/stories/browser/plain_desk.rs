//! The rest of the office's forms in a browser that runs no scripts, in the story of the demonstration: corrections,
//! handing over, duplicates, the clock, refused items, people and the calendar.

use super::peer_browser;
use crate::harness::{Browser, DEMO_PASSWORD, Demo, Desk, Habit};
use serde_json::json;

/// Somebody of the story who gets the roles for all of this.
const EVERYTHING: &str = "admin";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_forms_of_the_desk_work_without_scripts() {
    if !peer_browser("the_forms_of_the_desk_work_without_scripts") {
        return;
    }
    let demo = Demo::open().await;
    demo.run(&["user", "role", EVERYTHING, "administrator", "lead", "reviewer", "clerk"]);
    let desk = demo.desk(EVERYTHING).await;
    let browser = Browser::open(&demo.url(""), Habit { scripts: false, ..Habit::default() }).await;
    browser.sign_in(EVERYTHING, DEMO_PASSWORD).await;
    assert_eq!(browser.run("return typeof htmx", &json!([])).await, "undefined", "no script ran");

    let record = looked_for(&browser).await;
    corrected(&browser, &record).await;
    handed_over(&browser, &desk, &record).await;
    stopped(&browser, &record).await;
    merged(&browser, &desk).await;
    let_in(&browser).await;
    somebody_new(&browser).await;
    a_calendar(&browser).await;
}

/// A search posts and leads to an address without its words; returns the path of the first record found.
async fn looked_for(browser: &Browser) -> String {
    browser.go("/queue").await;
    browser.fill("[name=q]", "铅封").await;
    browser.click("form[action='/queue/search'] button").await;
    browser.wait_for("[data-open] a").await;
    let address = browser.run("return location.search", &json!([])).await;
    assert!(address.as_str().is_some_and(|query| query.contains("s=") && !query.contains('%')), "{address}");
    assert_eq!(browser.value("[name=q]").await, "铅封");
    browser.click("[data-open] a").await;
    browser.wait_for("#clock").await;
    browser.path().await
}

async fn corrected(browser: &Browser, record: &str) {
    browser.go(&format!("{record}/edit")).await;
    browser.fill("[name=address]", "解放路 88 号 2 幢 301").await;
    browser.click("main form[action$='/edit'] button").await;
    assert_eq!(browser.said().await, "The record was corrected.");
    browser.wait_for_text("main", "2 幢 301").await;
}

async fn handed_over(browser: &Browser, desk: &Desk, record: &str) {
    browser.go(&format!("{record}/handover")).await;
    browser.click("[name=holder] option:last-child").await;
    browser.fill("[name=reason]", "休假期间由同事跟进").await;
    browser.click("main form button").await;
    assert_eq!(browser.said().await, "Done.");
    let told = desk.get(&format!("/v1{record}")).await["timeline"].to_string();
    assert!(told.contains("休假期间由同事跟进"), "{told}");
}

/// The clock of a complaint is stopped and runs again.
async fn stopped(browser: &Browser, record: &str) {
    browser.go(record).await;
    browser.click("#clock details summary").await;
    browser.fill("#clock [name=note]", "客户出差，下周回来").await;
    browser.click("form[action$='/clock/pauses'] button").await;
    assert!(browser.said().await.starts_with("The clock stands."));
    browser.go(record).await;
    browser.click("form[action$='/clock/resumption'] button").await;
    assert!(browser.said().await.starts_with("The clock runs again"));
}

/// Two complaints of one customer become one, and two again.
async fn merged(browser: &Browser, desk: &Desk) {
    let found = desk.get("/v1/complaints?q=罗艳").await;
    let twin = found["items"][0]["complaint_id"].as_str().expect("the story has twins").to_owned();
    browser.go(&format!("/complaints/{twin}/duplicates")).await;
    browser.click("[data-open] a[role=button]").await;
    browser.fill("form[action$='/duplicates'] [name=reason]", "同一户同一天的两次来电").await;
    browser.click("form[action$='/duplicates'] button:not(.secondary)").await;
    assert_eq!(browser.said().await, "The records were merged.");
    browser.go(&format!("/complaints/{twin}/duplicates")).await;
    browser.fill("form[action$='/duplicates/undo'] [name=reason]", "其实是两只表").await;
    browser.click("form[action$='/duplicates/undo'] button").await;
    assert_eq!(browser.said().await, "The merge was undone.");
}

/// What was refused is let in with a reason, and says afterwards what it changed.
async fn let_in(browser: &Browser) {
    browser.go("/arrivals").await;
    browser.click("[data-open] a").await;
    browser.fill("[name=reason]", "两人当场一起看的").await;
    browser.click("button[value=accept]").await;
    assert_eq!(browser.said().await, "It entered the record.");
    browser.wait_for_text("main", "What it changed in the record").await;
}

async fn somebody_new(browser: &Browser) {
    browser.go("/people").await;
    browser.click("main summary").await;
    browser.fill("[name=login_name]", "tangmin").await;
    browser.fill("[name=display_name]", "唐敏").await;
    browser.click("[name=roles] option[value=clerk]").await;
    browser.click("form[action='/people'] button").await;
    assert_eq!(browser.said().await, "Created.");
}

async fn a_calendar(browser: &Browser) {
    browser.go("/deadlines").await;
    browser.click("a[href^='/deadlines/calendar']").await;
    browser.click("form[action='/deadlines/calendar'] button").await;
    assert!(browser.said().await.starts_with("The calendar is published"));
}
