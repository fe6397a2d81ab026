//! Names and words that were made to break pages, and photos that nobody can decode.

use super::every_page::Eye;
use super::peer_browser;
use crate::harness::{CLERK_PASSWORD, Habit, Office, TestDatabase, peer_node_modules};
use crate::stories::{a_complaint, clerk, dispatch_as, technician};
use serde_json::json;
use std::time::{Duration, Instant};

/// HTML, a direction that turns around, Arabic, an emoji of several parts, and a word without an end.
const HOSTILE: &str = "<script>alert(1)</script><img src=x onerror=alert(2)> \"'& \u{202e}سلام 👩‍🔧 王芳 \
    Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsvorsitzender";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_words_and_a_broken_photo_leave_the_pages_whole() {
    let test = "hostile_words_and_a_broken_photo_leave_the_pages_whole";
    let (Some(modules), true) = (peer_node_modules(test), peer_browser(test)) else { return };
    let office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    let (zhang, person) = technician(&office, &desk, "zhang", office.address).await;
    let mut complaint = a_complaint();
    for field in ["summary", "remedy_sought", "address"] {
        complaint[field] = json!(HOSTILE);
    }
    complaint["customer"]["name"] = json!(HOSTILE.chars().take(80).collect::<String>());
    let case = dispatch_as(&desk, &complaint, &[&person]).await;
    zhang.ok(&["sync"]);
    zhang.ok(&["visit", "start", &case.number]);
    zhang.ok(&["finding", "add", "SEAL_BROKEN", "--text", HOSTILE]);
    zhang.ok(&["visit", "note", HOSTILE]);
    zhang.ok(&["customer", "statement", "--from", "customer", "--text", HOSTILE]);
    let broken = zhang.disk().join("broken.jpg");
    let mut bytes = std::fs::read(crate::stories::photo("plain-2009.jpg")).unwrap();
    bytes.truncate(600);
    bytes.resize(40_000, 0x5a);
    std::fs::write(&broken, bytes).unwrap();
    let whole = crate::stories::photo("iphone6plus-beijing.jpg");
    for file in [broken.to_str().unwrap(), &whole] {
        zhang.ok(&["photo", "add", file, "--tag", "site", "--allow-old", "--caption", HOSTILE]);
    }
    zhang.ok(&["sync"]);

    let habit = Habit { language: "zh-CN", ..Habit::default() };
    let mut eye = Eye::open(&office.url(""), habit, &modules).await;
    eye.browser.sign_in("clerk", CLERK_PASSWORD).await;
    let record = format!("/complaints/{}", case.complaint);
    for path in [
        "/queue",
        &record,
        &format!("{record}/edit"),
        &format!("{record}/review"),
        &format!("/visits/{}/history", case.visit),
    ] {
        eye.visit(path, path).await;
    }
    eye.browser.go(&record).await;
    assert_eq!(eye.browser.texts("main h3 + p.pre").await, [HOSTILE], "shown as it was typed");
    assert_eq!(eye.browser.count("ul.photos li").await, 2);
    let began = Instant::now();
    while eye.browser.count("ul.photos img").await == 0 {
        assert!(began.elapsed() < Duration::from_secs(30), "the small picture of the whole photo is made");
        tokio::time::sleep(Duration::from_millis(100)).await;
        eye.browser.go(&record).await;
    }
    assert_eq!(eye.browser.count("ul.photos .missing").await, 1, "said instead of a torn picture");
    eye.browser.click("ul.photos li:first-child a").await;
    eye.look("photo").await;
    assert!(eye.problems.is_empty(), "{:#?}", eye.problems);
}
