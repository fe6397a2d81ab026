//! What the record page promises.

use super::record::record_page;
use super::timeline::Order;
use crate::complaints::tests::Bureau;
use crate::complaints::{find, record};
use crate::exchange::tests::exchange;
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::review::tests::Site;
use serde_json::json;
use sync_core::document::{Finding, FindingEdit, MeterCheck, Progress, Seal};
use sync_core::ids::EntryId;

/// A visit with two answers that differ, a check, a seal and more findings than one page shows.
async fn a_full_site(bureau: &Bureau) -> Site {
    let mut site = Site::of(bureau).await;
    site.disagree(bureau).await;
    site.zhang.save(site.visit, |edit| {
        for n in 0..=40 {
            let finding =
                Finding { code: "note".into(), text: format!("{HOSTILE} {n}"), item: None, severity: None };
            edit.add_finding(EntryId::from_bytes([n; 16]), &finding).unwrap();
        }
        let inputs = [("constant", "1600"), ("pulses", "10"), ("seconds", "20.00"), ("watts", "1000")];
        let check = MeterCheck {
            method: "watt_second".into(),
            inputs: inputs.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            class: Some("2".into()),
            profile: Some("CN_DLT448_REPLACE".into()),
            meter_no: Some("A123456".into()),
        };
        edit.add_meter_check(EntryId::from_bytes([101; 16]), &check).unwrap();
        let seal = Seal {
            position: "terminal_cover".into(),
            state: "broken".into(),
            number_found: Some("F1".into()),
            number_fitted: None,
            meter_no: None,
        };
        edit.add_seal(EntryId::from_bytes([102; 16]), &seal).unwrap();
    });
    exchange(&bureau.test, &mut site.zhang).await;
    site
}

#[tokio::test]
async fn a_record_shows_what_was_recorded_by_whom_and_what_is_open() {
    Bureau::for_each_engine(|bureau| async move {
        let site = a_full_site(&bureau).await;
        let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
        let path = format!("/complaints/{}", site.complaint);
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.html());
        let html = answer.html();
        for words in [
            "State of the seals",
            "Intact",
            "Broken",
            "values differ",
            "A conflict is undecided",
            "zhang",
            "Terminal cover · Broken",
            "Watt-second method",
            "T = 3 600 000",
            "The run was too short for a stopwatch",
            "Findings (41)",
            "Show all 41",
            "Recorded on site",
            "Complaint received",
            "wang",
        ] {
            assert!(html.contains(words), "{words}: {html}");
        }
        assert!(!html.contains("<script>alert"));
        let whole = browser.get(&format!("{path}?all=1")).await;
        assert!(!whole.html().contains("Show all 41") && whole.html().contains(" 40</bdi>"));
        let number = bureau.get(&format!("/v1/complaints/{}", site.complaint)).await.json["number"].clone();
        assert_eq!(browser.get(&format!("/complaints/{}", number.as_str().unwrap())).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn the_timeline_says_what_was_recorded() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let visit = site.visit;
        site.zhang.save(visit, |edit| edit.answer("meter-accuracy.seal", "broken").unwrap());
        exchange(&bureau.test, &mut site.zhang).await;
        site.zhang.save(visit, |edit| {
            edit.answer("meter-accuracy.seal", "intact").unwrap();
            for n in 0..8 {
                let text = format!("no. {n}: {}", "the cover is warm ".repeat(20));
                let finding = Finding { code: "note".into(), text, item: None, severity: None };
                edit.add_finding(EntryId::from_bytes([n; 16]), &finding).unwrap();
            }
        });
        exchange(&bureau.test, &mut site.zhang).await;
        let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
        let page = browser.get(&format!("/complaints/{}", site.complaint)).await;
        let html = page.html().split("id=\"timeline\"").nth(1).unwrap();
        let html = html.split("id=\"visits\"").next().unwrap();
        for words in
            ["State of the seals: Intact", "Findings: ", "no. 0: the cover is warm", "…</bdi>", "and 3 more"]
        {
            assert!(html.contains(words), "{words}: {html}");
        }
        let overwritten = "State of the seals: Broken (changed later by zhang 测试)";
        assert!(html.contains(overwritten), "each act in its own words: {html}");
    })
    .await;
}

#[tokio::test]
async fn a_correction_is_told_field_by_field_with_its_values() {
    Bureau::for_each_engine(|bureau| async move {
        let complaint = bureau.complaint(&json!({ "remedy_sought": null })).await;
        let path = complaint["complaint_id"].as_str().unwrap();
        let body = json!({ "remedy_sought": "refund", "priority": "high", "region": "west", "customer_phone": "139 0000 1111" });
        let patch = bureau.call(axum::http::Method::PATCH, &format!("/v1/complaints/{path}"));
        assert_eq!(patch.json(&body).send().await.status, 200);
        let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
        let page = browser.get(&format!("/complaints/{path}")).await;
        let told = page.html().split("Fields corrected").nth(1).unwrap().split("</li>\n<li class").next().unwrap();
        for said in [
            "What the customer wants: empty → refund",
            "Priority: Normal → High",
            "Region: east → west",
            "Phone: 138 0013 8000 → 139 0000 1111",
        ] {
            assert!(told.contains(said), "{said}: {told}");
        }
        assert!(!page.html().contains("remedy_sought") && !page.html().contains("customer_phone"));
    })
    .await;
}

#[tokio::test]
async fn a_page_carries_a_strong_tag_that_moves_with_every_change() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
        let conflict = site.disagree(&bureau).await;
        let conflict = conflict["conflict_id"].as_str().unwrap();
        let [record, history, conflict] = [
            format!("/complaints/{}", site.complaint),
            format!("/visits/{}/history", site.visit),
            format!("/conflicts/{conflict}"),
        ];
        let tag = async |path: &str| {
            let page = browser.get(path).await;
            let etag = page.headers["etag"].to_str().unwrap().to_owned();
            assert!(page.status == 200 && etag.starts_with('"'), "{path} {etag}");
            etag
        };
        for path in [&record, &history, &conflict] {
            let etag = tag(path).await;
            let known = browser.get_again(path, &etag).await;
            assert_eq!(
                (known.status, known.html(), known.headers["etag"].to_str().unwrap()),
                (304, "", etag.as_str())
            );
            let form = browser.get(&format!("{record}/handover")).await;
            let seen = etag.trim_matches('"').split('-').next().unwrap();
            assert_eq!(form.html().contains(seen), *path == record, "the forms say the same of the record");
        }
        let before = [tag(&record).await, tag(&history).await];
        site.zhang.save(site.visit, |edit| edit.answer("meter-accuracy.load", true).unwrap());
        exchange(&bureau.test, &mut site.zhang).await;
        for (path, before) in [&record, &history].into_iter().zip(&before) {
            assert_eq!(browser.get_again(path, before).await.status, 200, "{path}");
        }
        let before = tag(&conflict).await;
        site.zhang.save(site.visit, |edit| edit.answer("meter-accuracy.seal", "missing").unwrap());
        exchange(&bureau.test, &mut site.zhang).await;
        assert_eq!(browser.get_again(&conflict, &before).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn each_act_is_told_in_its_own_words_whoever_wrote_over_it() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let (visit, id) = (site.visit, EntryId::from_bytes([7; 16]));
        let first = Finding { code: "note".into(), text: "first words".into(), item: None, severity: None };
        site.zhang.save(visit, |edit| {
            edit.answer("meter-accuracy.seal", "intact").unwrap();
            edit.add_finding(id, &first).unwrap();
        });
        exchange(&bureau.test, &mut site.zhang).await;
        exchange(&bureau.test, &mut site.wang).await;
        let second = FindingEdit { text: Some("second words".to_owned()), ..FindingEdit::default() };
        site.wang.save(visit, |edit| edit.answer("meter-accuracy.seal", "broken").unwrap());
        exchange(&bureau.test, &mut site.wang).await;
        site.zhang.save(visit, |edit| edit.edit_finding(id, &second).unwrap());
        exchange(&bureau.test, &mut site.zhang).await;
        let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
        let page = browser.get(&format!("/complaints/{}", site.complaint)).await;
        let html = page.html().split("id=\"timeline\"").nth(1).unwrap();
        let html = html.split("id=\"visits\"").next().unwrap();
        let acts: Vec<&str> = html.split("<li class=").filter(|act| act.contains(" words")).collect();
        let [newer, older] = acts[..] else { panic!("two acts: {html}") };
        assert!(newer.contains("second words") && !newer.contains("changed later"), "{newer}");
        assert!(html.contains("State of the seals: Broken</bdi>"), "{html}");
        assert!(older.contains("first words (changed later by zhang 测试)"), "{older}");
        assert!(older.contains("State of the seals: Intact (changed later by wang 测试)"), "{older}");
        assert!(older.contains("zhang 测试") && !older.contains("second words"), "{older}");
        site.finish(&bureau).await;
        let review = browser.get(&format!("/complaints/{}/review", site.complaint)).await;
        let item = review.html().split("second words").nth(1).and_then(|rest| rest.split("</label>").next());
        assert!(item.unwrap().contains("changed later by zhang 测试"), "{}", review.html());
    })
    .await;
}

#[tokio::test]
async fn a_record_can_be_read_in_both_languages() {
    let bureau = Bureau::of(crate::testing::TestApp::sqlite().await).await;
    let site = a_full_site(&bureau).await;
    let empty = bureau.complaint(&json!({ "summary": HOSTILE, "meter": null })).await;
    let app = &bureau.test.app;
    let mut tx = app.store.read().await.unwrap();
    for id in [site.complaint.as_str(), empty["complaint_id"].as_str().unwrap()] {
        for shell in shells() {
            for (all, order) in [(false, Order::Received), (true, Order::Claimed)] {
                let complaint = find(&mut tx, id.parse().unwrap()).await.unwrap().unwrap();
                let record = record::build(&mut tx, complaint).await.unwrap();
                check(&record_page(app, &mut tx, shell.clone(), record, (all, order)).await.unwrap());
            }
        }
    }
}

#[tokio::test]
async fn the_timeline_can_be_read_in_the_order_of_the_devices_times() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let visit = site.visit;
        site.zhang.now = site.zhang.now.plus_ms(60_000);
        site.zhang.save(visit, |edit| edit.answer("meter-accuracy.load", true).unwrap());
        site.wang.now = site.wang.now.plus_ms(600_000);
        site.wang.save(visit, |edit| edit.answer("meter-accuracy.seal", "broken").unwrap());
        exchange(&bureau.test, &mut site.wang).await;
        bureau.test.app.clock.advance_ms(60_000);
        exchange(&bureau.test, &mut site.zhang).await;
        let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
        let newest = async |query: &str| {
            let page = browser.get(&format!("/complaints/{}?{query}", site.complaint)).await;
            let timeline = page.html().split("id=\"timeline\"").nth(1).unwrap().to_owned();
            timeline.find("wang 测试").unwrap() < timeline.find("zhang 测试").unwrap()
        };
        assert!(!newest("").await, "what zhang recorded first arrived last");
        assert!(newest("order=claimed").await, "wang recorded last");
    })
    .await;
}

#[tokio::test]
async fn a_record_of_another_region_is_unknown() {
    let bureau = Bureau::of(crate::testing::TestApp::sqlite().await).await;
    let complaint = bureau.complaint(&json!({ "region": "west" })).await;
    let session = crate::complaints::tests::a_regional_clerk(&bureau.test, "east").await;
    let browser = Browser::of(&bureau.test, &session);
    let answer = browser.get(&format!("/complaints/{}", complaint["complaint_id"].as_str().unwrap())).await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn what_came_with_one_request_is_told_apart() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let (visit, browser) = (site.visit, Browser::of(&bureau.test, &bureau.reviewer.1));
        site.zhang.save(visit, |edit| edit.answer("meter-accuracy.seal", "intact").unwrap());
        site.zhang.save(visit, |edit| edit.answer("meter-accuracy.load", true).unwrap());
        site.finish(&bureau).await;
        let path = format!("/visits/{visit}/history");
        let newest = browser.get(&path).await;
        let at = newest.html().split("href=\"?at=").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let first = browser.get(&format!("{path}?at={at}")).await;
        let (_, then) = first.html().split_once("The visit at this point").unwrap();
        let (then, _) = then.split_once("</article>").unwrap();
        assert!(!then.contains("Finished") && !then.contains("Outcome"), "{then}");
        let record = browser.get(&format!("/complaints/{}", site.complaint)).await;
        assert!(record.html().contains("Finished</span>"), "it ended later in the same request");
    })
    .await;
}

#[tokio::test]
async fn a_visit_is_shown_as_it_was_with_what_changed_since() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let (visit, browser) = (site.visit, Browser::of(&bureau.test, &bureau.reviewer.1));
        let path = format!("/visits/{visit}/history");
        let empty = browser.get(&path).await;
        assert!(empty.html().contains("Nothing was recorded yet."), "{}", empty.html());
        for (answer, text) in [("intact", "first"), ("broken", "second")] {
            site.zhang.save(visit, |edit| {
                edit.answer("meter-accuracy.seal", answer).unwrap();
                let finding = Finding { code: "note".into(), text: text.into(), item: None, severity: None };
                edit.add_finding(EntryId::from_bytes([text.len() as u8; 16]), &finding).unwrap();
            });
            exchange(&bureau.test, &mut site.zhang).await;
        }
        let newest = browser.get(&path).await;
        let html = newest.html();
        for words in ["first", "second", "State of the seals", "Intact", "Broken", "zhang 测试"] {
            assert!(html.contains(words), "{words}: {html}");
        }
        let older = html.split("href=\"?at=").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let before = browser.get(&format!("{path}?at={older}")).await;
        assert!(before.html().contains("first") && !before.html().contains("second"), "{}", before.html());
        assert!(!before.html().contains("Broken"));
        let newest_at =
            before.html().split("href=\"?at=").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let whole = browser.get(&format!("{path}?at={newest_at}&from=0")).await;
        assert!(whole.html().contains("<bdi>Broken</bdi>") && !whole.html().contains("<bdi>Intact</bdi>"));
        bureau.test.app.clock.advance_ms(60_000);
        site.zhang.save(visit, |edit| {
            let seal = Seal {
                position: "terminal_cover".into(),
                state: "broken".into(),
                number_found: Some("F1".into()),
                number_fitted: None,
                meter_no: None,
            };
            edit.add_seal(EntryId::from_bytes([77; 16]), &seal).unwrap();
            let step = Progress {
                event: "finished".into(),
                reason: None,
                outcome: Some("resolved_on_site".into()),
                lat: None,
                lon: None,
            };
            edit.add_progress(EntryId::from_bytes([78; 16]), &step).unwrap();
        });
        site.finish(&bureau).await;
        let finished = browser.get(&path).await;
        let (told, visit_then) = finished.html().split_once("The visit at this point").unwrap();
        assert!(told.contains("Terminal cover · Broken · Number found: F1"), "{told}");
        assert!(!told.contains("terminal_cover") && !told.contains(">finished<"), "{told}");
        assert!(visit_then.contains("Finished</span>") && !visit_then.contains("/history\""), "{visit_then}");
        let before = browser.get(&format!("{path}?at={newest_at}")).await;
        let (_, visit_then) = before.html().split_once("The visit at this point").unwrap();
        let (visit_then, _) = visit_then.split_once("</article>").unwrap();
        assert!(!visit_then.contains("Finished") && !visit_then.contains("Outcome"), "{visit_then}");
        let hostile = browser.get(&format!("{path}?at=-5&from=99999999")).await;
        assert_eq!(hostile.status, 200);
        let elsewhere = crate::complaints::tests::a_regional_clerk(&bureau.test, "west").await;
        assert_eq!(Browser::of(&bureau.test, &elsewhere).get(&path).await.status, 404);
    })
    .await;
}
