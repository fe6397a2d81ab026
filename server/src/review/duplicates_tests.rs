//! What the page about duplicates promises.

use super::duplicates_page::{Choice, Comparison, DuplicatesPage, Made};
use super::merges::{Merge, MergeField};
use crate::complaints::pages::form_tests::a_candidate;
use crate::complaints::tests::Bureau;
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use axum::http::Method;
use serde_json::json;
use sync_core::ids::ComplaintId;

#[test]
fn every_comparison_can_be_rendered() {
    let hostile = || HOSTILE.to_owned();
    let id = ComplaintId::from_bytes([1; 16]);
    let choices = MergeField::ALL.iter().map(|field| Choice {
        field: *field,
        ours: hostile(),
        theirs: String::new(),
        takes_theirs: *field == MergeField::Address,
    });
    let choices: Vec<Choice> = choices.collect();
    let made = |undone: Option<i64>| Made {
        merge: Merge {
            merge_id: hostile(),
            survivor: hostile(),
            duplicate: hostile(),
            reason: hostile(),
            fields_json: "{}".to_owned(),
            merged_by: hostile(),
            merged_at_ms: 0,
            undone_by: undone.map(|_| hostile()),
            undone_at_ms: undone,
            undo_reason: undone.map(|_| hostile()),
        },
        numbers: (hostile(), hostile()),
        by: hostile(),
        undone_by: hostile(),
    };
    for shell in shells() {
        let comparison = Comparison {
            other: a_candidate(),
            choices: choices.clone(),
            same: 3,
            reason: hostile(),
            seen: hostile(),
        };
        for full in [true, false] {
            check(&DuplicatesPage {
                shell: shell.clone(),
                id,
                number: hostile(),
                merged_into: full.then_some(id),
                candidates: if full { vec![a_candidate()] } else { Vec::new() },
                comparison: full.then(|| comparison.clone()),
                merges: if full { vec![made(None), made(Some(1))] } else { Vec::new() },
                typed_number: hostile(),
                failure: full.then(hostile),
            });
        }
    }
}

#[tokio::test]
async fn duplicates_are_merged_field_by_field_and_taken_apart() {
    Bureau::for_each_engine(|bureau| async move {
        let id =
            async |changes| bureau.complaint(&changes).await["complaint_id"].as_str().unwrap().to_owned();
        let first = id(json!({ "customer": { "name": "李梅" }, "no_contact_reason": "x" })).await;
        let second = id(json!({ "address": "梧桐路 12 号 603" })).await;
        let west = id(json!({ "region": "west" })).await;
        let path = format!("/complaints/{first}/duplicates");
        let browser = Browser::of(&bureau.test, &bureau.clerk.1);
        let shown = browser.get(&path).await;
        assert!(
            shown.html().contains("Same meter") && shown.html().contains("C-2025-0002"),
            "{}",
            shown.html()
        );
        let side = browser.get(&format!("{path}?with=C-2025-0002")).await;
        for text in ["梧桐路 12 号 603", "梧桐路 12 号 3 单元 602", "Customer number"] {
            assert!(side.html().contains(text), "{text}");
        }
        assert!(browser.get(&format!("{path}?with=C-2025-0999")).await.html().contains("no other record"));
        let fields = [
            ("duplicate", second.as_str()),
            ("address", "theirs"),
            ("customer_phone", "theirs"),
            ("customer_name", "ours"),
            ("reason", ""),
        ];
        let refused = browser.post(&path, &fields).await;
        assert!(refused.status == 422 && refused.html().contains("Please say why"), "{}", refused.html());
        let mut fields = fields;
        fields[4].1 = "同一户";
        let seen =
            refused.html().split("name=\"seen\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let typed: Vec<(&str, &str)> = fields.iter().copied().chain([("seen", seen.unwrap())]).collect();
        let typed = typed.as_slice();
        let record = format!("/v1/complaints/{second}");
        let correct = async |address: &str| {
            let etag = bureau.get(&record).await.headers["etag"].to_str().unwrap().to_owned();
            let body = json!({ "address": address });
            let answer =
                bureau.call(Method::PATCH, &record).header("if-match", &etag).json(&body).send().await;
            assert_eq!(answer.status, 200, "{}", answer.json);
        };
        correct("梧桐路 12 号 604").await;
        let overtaken = browser.post(&path, typed).await;
        assert_eq!(overtaken.status, 412, "{}", overtaken.html());
        for said in ["Somebody changed this meanwhile: Address", "梧桐路 12 号 604", "同一户"] {
            assert!(overtaken.html().contains(said), "{said}: {}", overtaken.html());
        }
        correct("梧桐路 12 号 603").await;
        let done = browser.post(&path, &fields).await;
        assert_eq!(done.location(), format!("{path}?said=merged"), "{}", done.html());
        let record = bureau.get(&format!("/v1/complaints/{first}")).await.json;
        assert_eq!(
            (&record["address"], &record["customer"]["phone"]),
            (&json!("梧桐路 12 号 603"), &json!("138 0013 8000"))
        );
        let shown = browser.get(&path).await;
        let merge = shown.html().split("name=\"merge\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let undo = [("merge", merge), ("reason", "两件事")];
        let east = crate::complaints::tests::a_regional_clerk(&bureau.test, "east").await;
        let east = Browser::of(&bureau.test, &east);
        assert_eq!(east.get(&format!("/complaints/{west}/duplicates")).await.status, 404);
        assert!(!east.get(&format!("{path}?with={west}")).await.html().contains("C-2025-0003"));
        let undone = east.post(&format!("{path}/undo"), &undo).await;
        assert_eq!(undone.location(), format!("{path}?said=merge-undone"), "{}", undone.html());
        assert!(browser.get(&path).await.html().contains("Undone"));
        let record = bureau.get(&format!("/v1/complaints/{first}")).await.json;
        assert_eq!(record["address"], "梧桐路 12 号 3 单元 602");
        let elsewhere = east.post(&path, &[("duplicate", west.as_str()), ("reason", "?")]).await;
        assert!(elsewhere.status == 422 && !elsewhere.html().contains("C-2025-0003"), "{}", elsewhere.html());
    })
    .await;
}

#[tokio::test]
async fn a_merge_of_records_that_moved_meanwhile_is_refused_and_told_once_with_its_values() {
    Bureau::for_each_engine(|bureau| async move {
        let made = async |changes| bureau.complaint(&changes).await;
        let first = made(json!({ "customer": { "name": "李梅" }, "no_contact_reason": "x" })).await;
        let second = made(json!({ "address": "梧桐路 12 号 603", "priority": "urgent" })).await;
        let [first_id, second_id] = [&first, &second].map(|made| made["complaint_id"].as_str().unwrap());
        let path = format!("/v1/complaints/{first_id}/merges");
        let merge = async |ours: &str, theirs: i64| {
            let fields = ["address", "priority", "customer_phone"];
            let body = json!({ "duplicate": second_id, "reason": "同一户", "take_fields": fields, "duplicate_version": theirs });
            bureau.call(Method::POST, &path).header("if-match", ours).json(&body).send().await
        };
        let version = |made: &serde_json::Value| made["version"].as_i64().unwrap();
        let ours = format!("\"{}\"", version(&first));
        for refused in [merge("\"99\"", version(&second)).await, merge(&ours, 99).await] {
            assert_eq!((refused.status, refused.json["code"].as_str()), (412, Some("precondition-failed")));
        }
        let merged = merge(&ours, version(&second)).await;
        assert_eq!(merged.status, 200, "{}", merged.json);
        assert_eq!(merge(&ours, version(&second)).await.json, merged.json, "repeated");
        let browser = Browser::of(&bureau.test, &bureau.clerk.1);
        let page = browser.get(&format!("/complaints/{first_id}")).await;
        let html = page.html().split("id=\"timeline\"").nth(1).unwrap().split("id=\"visits\"").next().unwrap();
        assert_eq!(html.matches("Another record merged into this one").count(), 1, "{html}");
        assert!(!html.contains("Fields corrected") && !html.contains("customer_phone"), "{html}");
        for said in ["Priority: Normal → Urgent", "Phone: empty → 138 0013 8000", "梧桐路 12 号 3 单元 602 → 梧桐路 12 号 603"]
        {
            assert!(html.contains(said), "{said}: {html}");
        }
        let undo = format!("/v1/merges/{}/reversal", merged.json["merge_id"].as_str().unwrap());
        assert_eq!(bureau.post(&undo, &json!({ "reason": "两件事" })).await.status, 200);
        let page = browser.get(&format!("/complaints/{first_id}")).await;
        assert!(page.html().contains("Priority: Urgent → Normal"), "{}", page.html());
        let other = browser.get(&format!("/complaints/{second_id}")).await;
        assert!(other.html().contains("Another record merged") && other.html().contains("Merge undone"));
    })
    .await;
}
