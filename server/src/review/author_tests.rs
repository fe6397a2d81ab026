//! Who is named beside what was recorded: whoever wrote it, not whoever began the entry.

use super::tests::{Site, reviewer};
use crate::complaints::tests::Bureau;
use crate::devices;
use crate::exchange::tests::{an_entry, exchange};
use crate::pages::testing::Browser;
use axum::http::Method;
use serde_json::{Value, json};
use sync_core::document::{Finding, FindingEdit, ProposalField, SharedText};
use sync_core::protocol::Request;

#[tokio::test]
async fn an_accepted_edit_of_anothers_finding_names_all_three() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let (visit, owner, id) = (site.visit, site.zhang.person, an_entry(&mut site.zhang));
        let words = Finding { code: "other".into(), text: "intact".into(), item: None, severity: None };
        site.zhang.save(visit, |edit| edit.add_finding(id, &words).unwrap());
        exchange(&bureau.test, &mut site.zhang).await;
        exchange(&bureau.test, &mut site.wang).await;
        let changed = FindingEdit { text: Some("broken".to_owned()), ..FindingEdit::default() };
        site.wang.save_as(visit, owner, |edit| edit.edit_finding(id, &changed).unwrap());
        exchange(&bureau.test, &mut site.wang).await;
        let list = reviewer(&bureau, Method::GET, "/v1/quarantine", &Value::Null).await.json;
        let path = format!("/v1/quarantine/{}/decision", list["items"][0]["id"]);
        let accept = json!({ "decision": "accept", "reason": "together" });
        assert_eq!(reviewer(&bureau, Method::POST, &path, &accept).await.status, 200);
        let record = site.record(&bureau).await;
        let entries = record["visits"][0]["entries"].as_array().unwrap();
        let entry = entries.iter().find(|entry| entry["entry_id"] == json!(id)).unwrap();
        assert_eq!((&entry["by"]["person_id"], &entry["content"]["text"]), (&json!(owner), &json!("broken")));
        assert_eq!(entry["origin"]["accepted_by"], Value::Null);
        let edit = &entry["edits"][0];
        assert_eq!((&edit["field"], entry["edits"].as_array().unwrap().len()), (&json!("text"), 1));
        assert_eq!(edit["origin"]["person"]["person_id"], json!(site.wang.person));
        assert_eq!(edit["origin"]["accepted_by"]["person_id"], json!(bureau.reviewer.0));
        let timeline = record["timeline"].as_array().unwrap();
        let told = timeline.iter().find(|line| {
            line["kind"] == "recorded" && line["person"]["person_id"] == json!(site.wang.person)
        });
        assert_eq!(told.unwrap()["detail"]["fields"], json!([format!("findings/{id}/text")]));
        let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
        let page = browser.get(&format!("/complaints/{}", site.complaint)).await;
        let html = page.html();
        let beside = html.split("changed later: text").nth(1).and_then(|rest| rest.get(..600)).unwrap();
        assert!(beside.contains("wang 测试") && beside.contains("accepted by"), "{beside}");
    })
    .await;
}

#[tokio::test]
async fn late_work_that_was_let_in_says_when_it_arrived() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let (visit, owner, id) = (site.visit, site.zhang.person, an_entry(&mut site.zhang));
        let words = Finding { code: "other".into(), text: "intact".into(), item: None, severity: None };
        site.zhang.save(visit, |edit| edit.add_finding(id, &words).unwrap());
        exchange(&bureau.test, &mut site.zhang).await;
        exchange(&bureau.test, &mut site.wang).await;
        let changed = FindingEdit { text: Some("broken".to_owned()), ..FindingEdit::default() };
        site.wang.save_as(visit, owner, |edit| edit.edit_finding(id, &changed).unwrap());
        exchange(&bureau.test, &mut site.wang).await;
        site.zhang.command(Some(visit), &Request::Finish { visit, outcome: "resolved_on_site".into() });
        exchange(&bureau.test, &mut site.zhang).await;
        let list = reviewer(&bureau, Method::GET, "/v1/quarantine", &Value::Null).await.json;
        let item = list["items"][0].clone();
        let verdict = json!({ "verdict": "undetermined", "note": "none", "override_reason": "no time" });
        let path = format!("/v1/complaints/{}/reviews", site.complaint);
        assert_eq!(reviewer(&bureau, Method::POST, &path, &verdict).await.json["state"], "reviewed");
        bureau.test.app.clock.advance_ms(600_000);
        let path = format!("/v1/quarantine/{}/decision", item["id"]);
        let accept = json!({ "decision": "accept", "reason": "together" });
        assert_eq!(reviewer(&bureau, Method::POST, &path, &accept).await.status, 200);
        let record = site.record(&bureau).await;
        let timeline = record["timeline"].as_array().unwrap();
        let late = timeline.iter().position(|line| line["kind"] == "late_work").unwrap();
        let judged = timeline.iter().position(|line| line["kind"] == "reviewed").unwrap();
        assert!(judged < late, "it opened the review again: {record}");
        let late = &timeline[late];
        assert_eq!(late["received_at_ms"], item["received_at_ms"]);
        assert!(late["accepted_at_ms"].as_i64() > late["received_at_ms"].as_i64().map(|at| at + 599_000));
        assert_eq!(late["accepted_by"]["person_id"], json!(bureau.reviewer.0));
    })
    .await;
}

#[tokio::test]
async fn what_the_office_decided_is_not_told_as_a_proposal_of_technicians() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let visit = site.visit;
        site.zhang.save(visit, |edit| {
            edit.propose(ProposalField::Verdict, Some("substantiated")).unwrap();
            edit.propose(ProposalField::Outcome, Some("resolved_on_site")).unwrap();
        });
        site.wang.save(visit, |edit| edit.propose(ProposalField::Verdict, Some("unsubstantiated")).unwrap());
        for device in [&mut site.zhang, &mut site.wang] {
            exchange(&bureau.test, device).await;
        }
        site.finish(&bureau).await;
        let conflict =
            reviewer(&bureau, Method::GET, "/v1/conflicts", &Value::Null).await.json["items"][0].clone();
        let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
        let path = format!("/complaints/{}/review", site.complaint);
        let open = browser.get(&path).await;
        let proposed = |html: &str| {
            html.split("What the technicians propose")
                .nth(1)
                .unwrap()
                .split("</article>")
                .next()
                .unwrap()
                .to_owned()
        };
        let both = proposed(open.html());
        assert!(both.contains("Substantiated (zhang 测试)") && both.contains("wang 测试"), "{both}");
        assert!(!open.html().contains("What the office decided"), "{}", open.html());
        let resolution = format!("/v1/conflicts/{}/resolution", conflict["conflict_id"].as_str().unwrap());
        let decision = json!({ "choice": "written", "value": "partly", "reason": "复核" });
        assert_eq!(reviewer(&bureau, Method::POST, &resolution, &decision).await.status, 200);
        let decided = browser.get(&path).await;
        let (left, office) = decided.html().split_once("What the office decided about conflicts").unwrap();
        let office = office.split("</article>").next().unwrap();
        assert!(
            office.contains("<dt>Verdict</dt>") && office.contains("Partly substantiated · reviewer"),
            "{office}"
        );
        let left = proposed(left);
        assert!(left.contains("Proposed outcome") && !left.contains("Partly"), "{left}");
        let record = browser.get(&format!("/complaints/{}", site.complaint)).await;
        assert!(!record.html().contains("Proposed verdict</bdi></dt>"), "{}", record.html());
        let told = record.html().split("Conflict decided").nth(1).unwrap().split("</li>").next().unwrap();
        assert!(told.contains("Partly substantiated"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn what_was_added_to_a_note_is_told_by_the_act_that_wrote_it() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let visit = site.visit;
        for text in ["gate locked at nine", "came back at ten"] {
            site.zhang.save(visit, |edit| edit.append_text(SharedText::Note, text).unwrap());
            exchange(&bureau.test, &mut site.zhang).await;
        }
        let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
        let page = browser.get(&format!("/complaints/{}", site.complaint)).await;
        let html =
            page.html().split("id=\"timeline\"").nth(1).unwrap().split("id=\"visits\"").next().unwrap();
        assert!(html.contains("Note: gate locked at nine</bdi>"), "{html}");
        assert!(html.contains("Note: came back at ten</bdi>") && !html.contains("What it wrote"), "{html}");
    })
    .await;
}

#[tokio::test]
async fn what_was_taken_up_from_escrow_is_told_as_that() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let (app, device) = (&bureau.test.app, site.zhang.device);
        site.zhang.now = app.clock.now().plus_ms(-60_000);
        site.zhang.save(site.visit, |edit| edit.answer("meter-accuracy.seal", "intact").unwrap());
        let mut tx = app.store.write().await.unwrap();
        devices::revoke(&mut tx, device, "lost", devices::By::terminal(app.clock.now())).await.unwrap();
        tx.commit().await.unwrap();
        exchange(&bureau.test, &mut site.zhang).await;
        let list = reviewer(&bureau, Method::GET, "/v1/escrow", &Value::Null).await.json;
        let path = format!("/v1/escrow/{}/decision", list["items"][0]["envelope_hash"].as_str().unwrap());
        let accept = json!({ "decision": "accept", "reason": "it was he, by phone" });
        let taken_up = reviewer(&bureau, Method::POST, &path, &accept).await;
        assert_eq!(taken_up.status, 200, "{}", taken_up.json);
        let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
        let page = browser.get(&format!("/complaints/{}", site.complaint)).await;
        for said in [
            "Taken up from escrow",
            "device had lost its access, taken up by reviewer",
            "it was he, by phone",
        ] {
            assert!(page.html().contains(said), "{said}: {}", page.html());
        }
        for untrue in ["Arrived and was refused", "accepted by", "Refused item", "Refused items"] {
            assert!(!page.html().contains(untrue), "{untrue}: {}", page.html());
        }
    })
    .await;
}
