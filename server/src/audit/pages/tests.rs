//! The pages of the log.

use super::super::sql::Entry;
use super::*;
use crate::complaints::tests::Bureau;
use crate::devices::tests::a_device;
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::people::tests::{a_person, an_administrator};
use crate::testing::TestApp;
use axum::http::Method;
use serde_json::json;

#[test]
fn the_log_can_be_shown() {
    for shell in shells() {
        for kind in KINDS {
            let entry = Entry {
                log_index: 7,
                epoch: 1,
                kind: (*kind).to_owned(),
                at_ms: 0,
                person_id: None,
                device_id: None,
                device_seq: None,
                envelope_hash: None,
                visit_id: Some("v".to_owned()),
                entry: Vec::new(),
                entry_sha256: "00".repeat(32),
            };
            assert_ne!(shell.w.code("log", kind), **kind, "the kind has words");
            let row = Row {
                entry,
                person: HOSTILE.to_owned(),
                device: String::new(),
                complaint: Some(("018f".to_owned(), HOSTILE.to_owned())),
                photo: Some("ab".repeat(32)),
                reason: Some(HOSTILE.to_owned()),
                facts: vec![HOSTILE.to_owned(), HOSTILE.to_owned()],
            };
            let asked =
                LogQuery { kind: (*kind).to_owned(), complaint: HOSTILE.to_owned(), ..LogQuery::default() };
            for may_open in [true, false] {
                check(&LogPage {
                    shell: shell.clone(),
                    rows: Vec::new(),
                    asked: asked.clone(),
                    people: vec![("x".to_owned(), HOSTILE.to_owned())],
                    no_such_number: may_open,
                    next: Some(3),
                    may_open,
                });
            }
            let (asked, people) = (LogQuery::default(), Vec::new());
            let (rows, shell) = (vec![row], shell.clone());
            check(&LogPage {
                shell,
                rows,
                asked,
                people,
                no_such_number: false,
                next: Some(3),
                may_open: true,
            });
        }
    }
}

/// Kinds that come in floods, and what is told to inspectors only: the list leaves them out.
const LEFT_OUT: [&str; 5] =
    ["envelope", "gate.decided", "evidence.arrived", "restricted.recorded", "restricted.acted"];

/// Adds the kinds that the sources below a folder name.
fn kinds_in(folder: &std::path::Path, kinds: &mut std::collections::BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            kinds_in(&path, kinds);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("audit/pages/tests.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let own = if path.ends_with("audit/entry.rs") { "Self = Self(\"" } else { "EntryKind(\"" };
            let named = text.split(own).skip(1).filter_map(|rest| rest.split_once('"'));
            kinds.extend(named.map(|(kind, _)| kind.to_owned()));
        }
    }
}

#[test]
fn the_filter_offers_every_kind_of_act_that_the_server_records() {
    let mut recorded = std::collections::BTreeSet::new();
    kinds_in(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut recorded);
    assert!(recorded.contains("return.planned") && recorded.contains("device.renamed"));
    let offered = KINDS.iter().chain(&LEFT_OUT).map(|kind| (*kind).to_owned()).collect();
    assert_eq!(recorded, offered);
}

#[tokio::test]
async fn acts_are_filtered_and_exported() {
    TestApp::for_each_engine(|test| async move {
        let admin = an_administrator(&test).await;
        a_device(&test, "zhangwei").await;
        let browser = Browser::of(&test, &admin);
        let all = browser.get("/server-log").await;
        assert!(all.status == 200 && all.html().contains("Device enrolled"), "{}", all.html());
        let people = browser.get("/server-log?kind=person.created").await;
        assert!(
            !people.html().contains("<td>Device enrolled") && people.html().contains("<td>Person created")
        );
        let csv = browser.get("/server-log.csv?kind=device.enrolled").await;
        let text = csv.html();
        assert!(text.starts_with("\u{feff}log_index,") && text.lines().count() == 2, "{text}");
        let (_, clerk) = a_person(&test, "wanglei", &[Role::Clerk]).await;
        assert_eq!(Browser::of(&test, &clerk).get("/server-log.csv").await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn acts_are_found_by_complaint_person_and_period_and_say_why() {
    Bureau::for_each_engine(|bureau| async move {
        let test = &bureau.test;
        let admin = an_administrator(test).await;
        let browser = Browser::of(test, &admin);
        let first = bureau.complaint(&json!({})).await;
        let second = bureau.complaint(&json!({ "address": "临江路 9 号" })).await;
        let (holder, _) = a_person(test, "sunli", &[Role::Lead]).await;
        let body = json!({ "holder": holder, "reason": "去休假了" });
        let path = format!("/v1/complaints/{}/handovers", first["complaint_id"].as_str().unwrap());
        let answer = test.call(Method::POST, &path).header("authorization", &bureau.reviewer.1);
        assert_eq!(answer.json(&body).send().await.status, 200);
        let number = |complaint: &serde_json::Value| complaint["number"].as_str().unwrap().to_owned();
        let (one, two) = (number(&first), number(&second));
        let of_one = browser.get(&format!("/server-log?complaint={one}")).await;
        for said in ["Complaint handed over", "去休假了", "To sunli", &one] {
            assert!(of_one.html().contains(said), "{said}: {}", of_one.html());
        }
        assert!(!of_one.html().contains(&format!(">{two}<")));
        let by_reviewer = format!("/server-log?person={}", bureau.reviewer.0);
        let page = browser.get(&by_reviewer).await;
        assert!(page.html().contains("Complaint handed over") && !page.html().contains("<td>Person created"));
        let today = complaints::office_day(test.app.clock.now());
        let now = browser.get(&format!("/server-log?from={today}&until={today}")).await;
        assert!(now.html().contains("去休假了"), "{}", now.html());
        let past = browser.get("/server-log?until=2001-01-01").await;
        assert!(past.html().contains("No act is on record"), "{}", past.html());
        let nothing = browser.get("/server-log?complaint=C-1900-1").await;
        assert!(nothing.html().contains("There is no complaint of this number"), "{}", nothing.html());
        let csv = browser.get(&format!("/server-log.csv?complaint={one}&kind=complaint.handed_over")).await;
        assert!(csv.html().contains("\"去休假了\"") && csv.html().lines().count() == 2, "{}", csv.html());
    })
    .await;
}
