//! What is typed survives bad days, and whoever should not get in does not.

use super::every_page::Eye;
use super::{Clash, clerk, dispatch, peer_browser, signed_in, status, technician};
use crate::harness::{Browser, CLERK_PASSWORD, Desk, Habit, Office, TestDatabase, peer_node_modules};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_typed_survives_news_from_the_field_a_lost_network_and_the_end_of_a_session() {
    if !peer_browser("what_was_typed_survives_news_from_the_field_a_lost_network_and_the_end_of_a_session") {
        return;
    }
    let Clash { office, li, case, .. } = Clash::happened().await;
    let browser = signed_in(&office, Habit::default()).await;
    let note = "The seal was broken before we came, see the second photo.";

    // Something arrives while the form is open: the page shows the new state and keeps the text.
    browser.go(&format!("/complaints/{}/review", case.complaint)).await;
    fill_review(&browser, note).await;
    li.ok(&["finding", "add", "SEAL_BROKEN", "--text", "looked again."]);
    li.run(&["sync"]);
    browser.click("main form[action$='/review'] button").await;
    browser.wait_for_text(".failure", "changed").await;
    assert_eq!(status(&browser).await, 412);
    assert_eq!(browser.value("[name=note]").await, note);
    assert!(browser.text("main").await.contains("looked again."), "what arrived is there");

    // The network is gone: nothing is sent, and the page says so.
    browser.set_offline(true).await;
    browser.fill("[name=override_reason]", "The customer moves out today.").await;
    browser.click("main form[action$='/review'] button").await;
    browser.wait_for_text("#offline", "offline").await;
    assert_eq!(browser.value("[name=note]").await, note);
    browser.set_offline(false).await;
    browser.wait_for("#offline[hidden]").await;

    // The session is over: the text waits until somebody has signed in again.
    office.run(&["user", "passwd", "clerk", "--password", CLERK_PASSWORD]);
    browser.click("main form[action$='/review'] button").await;
    browser.wait_for("[name=login_name]").await;
    assert_eq!(status(&browser).await, 401);
    browser.fill("[name=login_name]", "clerk").await;
    browser.fill("[name=password]", CLERK_PASSWORD).await;
    browser.click("main form button").await;
    assert_eq!(browser.text(".typed").await, note);
    browser.click("main form button").await;
    assert_eq!(browser.said().await, "The verdict is on record.");
    assert!(browser.text("main").await.contains(note));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nothing_can_be_merged_field_work_waits_in_sight_and_every_page_answers() {
    let test = "while_nothing_can_be_merged_field_work_waits_in_sight_and_every_page_answers";
    let (Some(modules), true) = (peer_node_modules(test), peer_browser(test)) else { return };
    let office = Office::open_apart(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    let (zhang, person) = technician(&office, &desk, "zhang", office.address).await;
    let case = dispatch(&desk, &[&person]).await;
    zhang.ok(&["sync"]);
    zhang.ok(&["visit", "start", &case.number]);
    zhang.ok(&["sync"]);
    office.take_workers_away();
    zhang.ok(&["finding", "add", "SEAL_BROKEN", "--text", "kept meanwhile."]);
    zhang.ok(&["sync"]);

    let browser = signed_in(&office, Habit::default()).await;
    let record = format!("/complaints/{}", case.complaint);
    for (page, words) in [
        ("/", "Start"),
        ("/queue", &*case.number),
        ("/conflicts", "Conflicts"),
        ("/arrivals/pending", "zhang"),
        (&*format!("{record}/dispatch"), &*case.number),
        (&*record, "not judged yet"),
    ] {
        browser.go(page).await;
        assert_eq!(status(&browser).await, 200, "{page}");
        let text = browser.text("body").await;
        assert!(text.contains(words), "{page}: {words}: {text}");
    }
    assert!(!browser.text("main").await.contains("kept meanwhile."), "nobody has read it yet");
    assert!(office.log().contains("no merge worker can be started"), "{}", office.log());

    for language in ["zh-CN", "en"] {
        let mut eye = Eye::open(&office.url(""), Habit { language, ..Habit::default() }, &modules).await;
        eye.browser.sign_in("clerk", CLERK_PASSWORD).await;
        eye.visit("arrivals-pending-one", "/arrivals/pending").await;
        eye.browser.click("main a[href^='/arrivals/pending/']").await;
        eye.look("arrivals-pending-log_index").await;
        let text = eye.browser.text("main").await;
        assert!(text.contains(&case.number) && text.contains("zhang"), "{text}");
        assert!(eye.problems.is_empty(), "{:#?}", eye.problems);
    }

    // The office goes on meanwhile.
    browser.go(&format!("{record}/handover")).await;
    browser.click("[name=holder] option:nth-child(2)").await;
    browser.fill("[name=reason]", "goes home").await;
    browser.click("main form button").await;
    assert_eq!(browser.said().await, "Done.");

    office.give_workers_back();
    browser.wait_for_text("#record-news", "Something new").await;
    let title = browser.run("return document.title", &json!([])).await;
    assert!(
        title.as_str().is_some_and(|title| title.contains("C-2026-")),
        "what is read keeps its name: {title}"
    );
    browser.go(&record).await;
    browser.wait_for_text("main", "kept meanwhile.").await;
    assert!(!browser.text("main").await.contains("not judged yet"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_sites_other_regions_and_devices_are_kept_out_of_the_pages() {
    if !peer_browser("other_sites_other_regions_and_devices_are_kept_out_of_the_pages") {
        return;
    }
    let Clash { office, desk, zhang, case, .. } = Clash::happened().await;
    let path = format!("/complaints/{}", case.complaint);
    let before = desk.get(&format!("/v1{path}")).await;
    from_elsewhere(&office, &path).await;
    from_another_region(&office, &desk, &path).await;

    let token = format!("Bearer {}", zhang.access_token().await);
    for (method, page) in
        [(Method::GET, "/queue"), (Method::GET, &*path), (Method::POST, &format!("{path}/handover"))]
    {
        let request = office.http.request(method.clone(), office.url(page)).header("authorization", &token);
        let request = request.header("accept", "text/html").header("sec-fetch-site", "same-origin");
        let answer = request
            .header("content-type", "application/x-www-form-urlencoded")
            .send()
            .await
            .expect("the server answers");
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {page}: {text}");
        assert!(!text.contains(&case.number), "{method} {page}: {text}");
    }
    assert_eq!(desk.get(&format!("/v1{path}")).await, before, "nothing of it changed anything");
    let log = office.log();
    for code in ["cross-site", "session-over", "complaint-unknown"] {
        assert!(log.contains(code), "the refusal is in the log: {code} {log}");
    }
    assert!(!log.contains("swapped") && !log.contains("stolen"), "what was typed is not: {log}");
}

/// A page of somebody else on this machine, whose form goes to the office: the browser sends the cookie along.
async fn from_elsewhere(office: &Office, path: &str) {
    let browser = signed_in(office, Habit::default()).await;
    let stranger = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let address = stranger.local_addr().expect("a bound listener has an address");
    let page = format!(
        "<form method=post action='{}'><input name=reason value=stolen><button>Win</button></form>",
        office.url(&format!("{path}/handover"))
    );
    tokio::spawn(async move {
        while let Ok((mut guest, _)) = stranger.accept().await {
            let answer = format!("HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n{page}");
            let _ = guest.read(&mut [0; 4096]).await;
            let _ = guest.write_all(answer.as_bytes()).await;
        }
    });
    browser.go_to(&format!("http://{address}/")).await;
    browser.click("button").await;
    browser.wait_for("main").await;
    assert_eq!(status(&browser).await, 403, "{}", browser.text("body").await);
}

/// Somebody of another region follows a link, and swaps the ids of their own form.
async fn from_another_region(office: &Office, desk: &Desk, path: &str) {
    office.desk("north", &["clerk@/310101", "reviewer@/310101"]).await;
    let own = json!({
        "utility": "gas", "category": "gas.BILL", "channel": "phone", "summary": "own",
        "address": "Jiefang Rd 88", "region": "310101", "customer": { "name": "李梅", "phone": "+8613800000418" },
    });
    let own = desk.post("/v1/complaints", &own).await;
    let own = own["complaint_id"].as_str().expect("an id").to_owned();
    let browser = Browser::open(&office.url(""), Habit::default()).await;
    browser.sign_in("north", CLERK_PASSWORD).await;
    browser.go("/queue").await;
    assert_eq!(browser.count("[data-open]").await, 1, "their own complaint");
    for page in ["", "/edit", "/review", "/dispatch", "/duplicates"] {
        browser.go(&format!("{path}{page}")).await;
        assert_eq!(status(&browser).await, 404, "{page}: {}", browser.text("main").await);
    }
    browser.go(&format!("/complaints/{own}/withdrawal")).await;
    browser.fill("[name=reason]", "swapped").await;
    let swap = "document.querySelector('main form').action = arguments[0]";
    browser.run(swap, &json!([format!("{path}/withdrawal")])).await;
    browser.click("main form button").await;
    browser.wait_for("main h1").await;
    assert_eq!(status(&browser).await, 404, "{}", browser.text("main").await);
}

async fn fill_review(browser: &Browser, note: &str) {
    browser.choose("[name=verdict]", "substantiated").await;
    browser.choose("[name=cause]", "M07").await;
    browser.fill("[name=note]", note).await;
    browser.click("[name=evidence]").await;
    browser.fill("[name=override_reason]", "waits no longer.").await;
}
