//! What promises that rest on articles promise, on both engines.

use super::tests::{approved, next_version};
use crate::complaints::tests::{Bureau, somebody_of};
use crate::people::Role;
use crate::testing::Answer;
use crate::work_orders::tests::{Dispatched, Technician};
use axum::http::Method;
use serde_json::{Value, json};
use sync_core::ids::{EntryId, VisitId};
use sync_core::knowledge::ArticleRef;
use sync_core::protocol::Request;

const DAY_MS: i64 = 86_400_000;

/// A promise that a technician made under the first version of an article.
async fn promised(bureau: &Bureau, article: &Value, changes: &Value) -> (VisitId, EntryId) {
    let dispatched = Dispatched::about(bureau, changes).await;
    let zhang = Technician::of(bureau, "zhang").await;
    dispatched.send(bureau, zhang).await;
    let entry = EntryId::from_bytes([5; 16]);
    let due = bureau.test.app.clock.now().plus_ms(30 * DAY_MS);
    let article = article["article_id"].as_str().unwrap().parse().unwrap();
    let relied_on = Some(ArticleRef { article, version: 1 });
    zhang.ask(bureau, Request::Promise { visit: dispatched.visit, entry, due, relied_on }).await;
    (dispatched.visit, entry)
}

async fn list(bureau: &Bureau, session: &str, list: &str) -> Vec<Value> {
    let path = format!("/v1/promise-corrections?list={list}");
    let answer = bureau.test.call(Method::GET, &path).header("authorization", session).send().await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer.json["items"].as_array().unwrap().clone()
}

async fn correct(bureau: &Bureau, (visit, entry): (VisitId, EntryId), form: &Value) -> Answer {
    bureau.test.app.clock.advance_ms(1);
    let path = format!("/v1/visits/{visit}/promises/{entry}/corrections");
    bureau.test.call(Method::POST, &path).header("authorization", &bureau.clerk.1).json(form).send().await
}

#[tokio::test]
async fn superseding_an_article_lists_the_promises_to_correct_until_the_customer_was_told() {
    Bureau::for_each_engine(|bureau| async move {
        let article = approved(&bureau, &json!({})).await;
        let key = promised(&bureau, &article, &json!({ "region": "east" })).await;
        let clerk = &bureau.clerk.1;
        assert!(list(&bureau, clerk, "to_correct").await.is_empty(), "its version counts");
        let early = correct(&bureau, key, &json!({ "words": "无需更正" })).await;
        assert_eq!((early.status, &early.json["state"]), (409, &json!("in_force")));
        // A version that begins later changes nothing before its first day.
        next_version(&bureau, &article, &json!({ "body_zh": "两个月", "valid_from": "2099-01-01" })).await;
        assert!(list(&bureau, clerk, "to_correct").await.is_empty());
        next_version(&bureau, &article, &json!({ "body_zh": "约半年到账。" })).await;
        let found = list(&bureau, clerk, "to_correct").await;
        assert_eq!(found.len(), 1);
        assert_eq!((&found[0]["article_version"], &found[0]["counts"]), (&json!(1), &json!(3)));
        assert_eq!(found[0]["article_number"], "K-0001");
        let elsewhere = somebody_of(&bureau.test, Role::Clerk, "", "west").await;
        assert!(list(&bureau, &elsewhere, "to_correct").await.is_empty(), "out of reach");

        for (form, pointer) in [
            (json!({ "words": " " }), "/words"),
            (json!({ "words": "已电话告知", "due_at_ms": 7 }), "/due_at_ms"),
        ] {
            let refused = correct(&bureau, key, &form).await;
            assert_eq!((refused.status, &refused.json["errors"][0]["pointer"]), (422, &json!(pointer)));
        }
        let due = bureau.test.app.clock.now().plus_ms(180 * DAY_MS).unix_ms();
        let done = correct(&bureau, key, &json!({ "words": "已电话告知约半年到账", "due_at_ms": due })).await;
        assert_eq!((done.status, &done.json["stands_on"]), (200, &json!(3)), "{}", done.json);
        assert_eq!((&done.json["to_correct"], &done.json["due_at_ms"]), (&json!(false), &json!(due)));
        assert_eq!(done.json["corrections"][0]["person"]["person_id"], json!(bureau.clerk.0));
        assert!(list(&bureau, clerk, "to_correct").await.is_empty());
        assert_eq!(list(&bureau, clerk, "corrected").await.len(), 1);
        let complaint = found[0]["complaint_id"].as_str().unwrap();
        let record = bureau.get(&format!("/v1/complaints/{complaint}")).await.json;
        let told = record["timeline"].as_array().unwrap().iter().find(|e| e["kind"] == "promise_corrected");
        assert_eq!(told.unwrap()["reason"], "已电话告知约半年到账", "{record}");
        let rests_on = &record["visits"][0]["promises"][0]["rests_on"];
        assert_eq!((&rests_on["article_version"], &rests_on["stands_on"]), (&json!(1), &json!(3)));

        // The next version asks for the next correction, and a withdrawal for one more.
        next_version(&bureau, &article, &json!({ "body_zh": "三个月到账。" })).await;
        assert_eq!(list(&bureau, clerk, "to_correct").await[0]["stands_on"], 3);
        correct(&bureau, key, &json!({ "words": "已告知三个月" })).await;
        assert!(list(&bureau, clerk, "to_correct").await.is_empty());
        bureau.test.app.clock.advance_ms(1);
        let gone = format!("/v1/articles/{}/withdrawal", article["article_id"].as_str().unwrap());
        let gone = bureau.test.call(Method::POST, &gone).header("authorization", &bureau.lead.1);
        gone.json(&json!({ "reason": "政策取消" })).send().await;
        let found = list(&bureau, clerk, "to_correct").await;
        assert_eq!((found.len(), &found[0]["counts"]), (1, &Value::Null));
        correct(&bureau, key, &json!({ "words": "已告知不再退费" })).await;
        assert!(list(&bureau, clerk, "to_correct").await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_promise_that_was_kept_needs_no_correction_and_one_that_arrives_late_is_listed() {
    Bureau::for_each_engine(|bureau| async move {
        let article = approved(&bureau, &json!({})).await;
        next_version(&bureau, &article, &json!({ "body_zh": "约半年到账。" })).await;
        // Made without a network under what the device carried.
        let (visit, entry) = promised(&bureau, &article, &json!({})).await;
        assert_eq!(list(&bureau, &bureau.clerk.1, "to_correct").await.len(), 1);
        let path = format!("/v1/visits/{visit}/promises/{entry}/fulfilment");
        assert_eq!(bureau.call(Method::POST, &path).send().await.status, 204);
        assert!(list(&bureau, &bureau.clerk.1, "to_correct").await.is_empty());
    })
    .await;
}
