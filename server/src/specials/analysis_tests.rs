//! Complaints alike are analysed together, on both engines and in any order of arrival.

use super::order_tests::{Told, arrive, id_of, told};
use super::similar::{Candidate, is_similar};
use super::tests::{end_of, for_each_engine, looked, path_of, record, send};
use crate::complaints::tests::Bureau;
use crate::corrective::together_with;
use crate::store::EngineKind;
use axum::http::Method;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use sync_core::deadline::SimilarRule;
use sync_core::ids::ComplaintId;

const DAY_MS: i64 = 86_400_000;

/// A minute later a complaint of another customer, from another street, without a meter on record.
async fn of_customer(bureau: &Bureau, number: u8, changes: Value) -> Value {
    let mut form = json!({ "customer": { "number": format!("K{number}"), "name": "客户", "phone": format!("1380000000{number}") },
        "meter": null, "address": format!("{}路 {number} 号", ["东", "南", "西", "北", "中"][usize::from(number % 5)]) });
    form.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    bureau.test.app.clock.advance_ms(60_000);
    let made = bureau.complaint(&form).await;
    looked(&bureau.test).await;
    made
}

async fn actions(bureau: &Bureau, complaint: &Value) -> Vec<Value> {
    record(bureau, complaint).await["corrective_actions"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_second_complaint_alike_opens_an_analysis_and_the_third_joins_it() {
    for_each_engine(|bureau| async move {
        let first = of_customer(&bureau, 1, json!({})).await;
        let before = first["requested_at_ms"].as_i64().unwrap();
        of_customer(&bureau, 2, json!({ "category": "power.BIZ.bill" })).await;
        of_customer(&bureau, 3, json!({ "requested_at_ms": before - 31 * DAY_MS })).await;
        assert_eq!(actions(&bureau, &first).await, [] as [Value; 0]);

        let second = of_customer(&bureau, 4, json!({})).await;
        let opened = actions(&bureau, &first).await;
        assert_eq!(opened, actions(&bureau, &second).await);
        assert_eq!(opened.len(), 1);
        let action = &opened[0];
        let facts = ["cause", "state", "complaints", "due_at_ms"].map(|name| &action[name]);
        assert_eq!(facts, [&json!("similar"), &json!("open"), &json!(2), &end_of("2025-11-28")], "{action}");
        assert_eq!(action["owner"]["person_id"], second["holder"]["person_id"]);
        assert_eq!(action["title"], json!("相似投诉分析：C-2025-0001、C-2025-0004"));
        let path = format!("/v1/corrective-actions/{}", action["action_id"].as_str().unwrap());
        let acts = bureau.get(&path).await.json["acts"].clone();
        let acts: Vec<_> = acts.as_array().unwrap().iter().map(|act| [&act["act"], &act["person"]]).collect();
        assert_eq!(acts, [[&json!("planned"), &Value::Null], [&json!("linked"), &Value::Null]]);
        let told = record(&bureau, &second).await["timeline"].clone();
        let told =
            told.as_array().unwrap().iter().find(|entry| entry["kind"] == "corrective_action").unwrap();
        assert_eq!((&told["detail"]["act"], &told["person"]), (&json!("planned"), &Value::Null), "{told}");

        let waits = record(&bureau, &second).await["blockers"].to_string();
        assert!(!waits.contains("corrective_action"), "the customers' answers wait for none: {waits}");

        let third = of_customer(&bureau, 5, json!({})).await;
        let joined = actions(&bureau, &third).await;
        assert_eq!((joined.len(), &joined[0]["action_id"]), (1, &action["action_id"]));
        assert_eq!(joined[0]["complaints"], json!(3));
        let changed = json!({ "priority": "high" });
        send(&bureau, &bureau.clerk.1, Method::PATCH, &path_of(&second), &changed).await;
        looked(&bureau.test).await;
        assert_eq!(actions(&bureau, &second).await, joined, "looking again changes nothing");
    })
    .await;
}

#[tokio::test]
async fn after_an_analysis_is_done_another_one_alike_opens_the_next() {
    for_each_engine(|bureau| async move {
        let (first, second) =
            (of_customer(&bureau, 1, json!({})).await, of_customer(&bureau, 2, json!({})).await);
        let done = &actions(&bureau, &first).await[0];
        let path = format!("/v1/corrective-actions/{}/completion", done["action_id"].as_str().unwrap());
        let evidence = json!({ "version": 1, "evidence": "两户同批次电表，已送检" });
        let carried = send(&bureau, &bureau.clerk.1, Method::POST, &path, &evidence).await;
        assert_eq!(carried.status, 200, "{}", carried.json);
        let withdrawal = json!({ "reason": "客户撤回" });
        let path = format!("{}/withdrawal", path_of(&second));
        send(&bureau, &bureau.clerk.1, Method::POST, &path, &withdrawal).await;
        looked(&bureau.test).await;
        assert_eq!(actions(&bureau, &first).await.len(), 1, "what was analysed is not analysed again");

        let third = of_customer(&bureau, 3, json!({})).await;
        let next = actions(&bureau, &third).await;
        assert_eq!((next.len(), &next[0]["state"], &next[0]["complaints"]), (1, &json!("open"), &json!(2)));
        assert_eq!(actions(&bureau, &first).await.len(), 2);
        assert_eq!(actions(&bureau, &second).await.len(), 1, "what was withdrawn does not count");

        let (fourth, kept) = (
            of_customer(&bureau, 4, json!({ "category": "power.BIZ.bill" })).await,
            of_customer(&bureau, 5, json!({ "category": "power.BIZ.bill", "summary": "抄表员态度差" })).await,
        );
        let merge = json!({ "duplicate": fourth["complaint_id"], "reason": "同一户", "take_fields": [],
            "duplicate_version": fourth["version"] });
        let path = format!("{}/merges", path_of(&kept));
        let merged = send(&bureau, &bureau.reviewer.1, Method::POST, &path, &merge).await;
        assert_eq!(merged.status, 200, "{}", merged.json);
        let alike = of_customer(&bureau, 6, json!({ "category": "power.BIZ.bill" })).await;
        assert_eq!(actions(&bureau, &alike).await, [] as [Value; 0], "what was merged does not count");
    })
    .await;
}

/// Every two that are alike, by the rule alone; and those that share an action.
async fn pairs(bureau: &Bureau, world: u8, number: usize) -> [BTreeSet<(usize, usize)>; 2] {
    let mut tx = bureau.test.app.store.read().await.unwrap();
    let [mut alike, mut together] = [BTreeSet::new(), BTreeSet::new()];
    let mut candidates = Vec::new();
    for one in 0..number {
        let complaint = crate::complaints::find(&mut tx, id_of(world, one)).await.unwrap().unwrap();
        candidates.push(Candidate::of(&complaint));
    }
    for (one, candidate) in candidates.iter().enumerate() {
        let with: BTreeSet<ComplaintId> = together_with(&mut tx, candidate.matter.id).await.unwrap();
        for (other, beside) in candidates.iter().enumerate().skip(one + 1) {
            if is_similar(&SimilarRule::default(), candidate, beside) {
                alike.insert((one, other));
            }
            if with.contains(&beside.matter.id) {
                together.insert((one, other));
            }
        }
    }
    [alike, together]
}

/// Everything that can be reached from here from pair to pair.
fn reached(pairs: &BTreeSet<(usize, usize)>, from: usize) -> BTreeSet<usize> {
    let (mut reached, mut found) = (BTreeSet::new(), vec![from]);
    while let Some(one) = found.pop() {
        if reached.insert(one) {
            found.extend(pairs.iter().filter(|pair| pair.0 == one).map(|pair| pair.1));
            found.extend(pairs.iter().filter(|pair| pair.1 == one).map(|pair| pair.0));
        }
    }
    reached
}

#[tokio::test]
async fn any_order_of_arrival_brings_the_same_complaints_together() {
    for_each_engine(|bureau| async move {
        let cases = if bureau.test.app.store.kind() == EngineKind::Sqlite { 4 } else { 2 };
        let mut runner = TestRunner::deterministic();
        let mut seen = 0;
        for case in 0..cases {
            let all: Vec<Told> =
                prop::collection::vec(told(), 10..16).new_tree(&mut runner).unwrap().current();
            let straight: Vec<usize> = (0..all.len()).collect();
            let shuffled = Just(straight.clone()).prop_shuffle().new_tree(&mut runner).unwrap().current();
            for (world, order, looked_every) in
                [(2 * case + 1, &straight, usize::MAX), (2 * case + 2, &shuffled, 1 + usize::from(case) % 3)]
            {
                arrive(&bureau, bureau.clerk.0, &all, (world, order), looked_every).await;
                let [alike, together] = pairs(&bureau, world, all.len()).await;
                assert!(alike.is_subset(&together), "case {case}: {alike:?} {together:?} {all:?} {order:?}");
                for (one, other) in together {
                    assert!(reached(&alike, one).contains(&other), "case {case}: {one} {other} {all:?}");
                }
                seen += alike.len();
            }
        }
        assert!(seen > 0, "some are alike");
    })
    .await;
}
