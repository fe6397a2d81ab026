//! What contact data and their flags promise.

use crate::complaints::tests::Bureau;
use crate::pages::testing::Browser;
use crate::people::tests::an_administrator;
use crate::work_orders::tests::{Dispatched, Technician};
use axum::http::Method;
use serde_json::{Value, json};
use sync_core::protocol::{CommandOutcome, Request};

#[tokio::test]
async fn a_phone_changed_by_who_visits_is_flagged_compared_and_settled_with_a_reason() {
    Bureau::for_each_engine(|bureau| async move {
        let dispatched = Dispatched::of(&bureau).await;
        let zhang = Technician::of(&bureau, "zhang").await;
        dispatched.send(&bureau, zhang).await;
        let correct = |phone: &str| Request::CorrectContact {
            visit: dispatched.visit,
            name: None,
            phone: Some(phone.to_owned()),
            address: None,
            reason: "客户换号".to_owned(),
        };
        for phone in ["139 0000 0001", "139 0000 0002"] {
            let outcome = zhang.ask(&bureau, correct(phone)).await;
            assert!(matches!(outcome, CommandOutcome::Done { reference: Some(_) }), "{outcome:?}");
        }
        let path = format!("/complaints/{}", dispatched.complaint);
        let record = bureau.get(&format!("/v1{path}")).await.json;
        assert_eq!(record["customer"]["phone"], "139 0000 0002");
        let history = &record["contact_history"];
        assert_eq!(
            (&history[0]["old_value"], &history[1]["new_value"]),
            (&json!("138 0013 8000"), &json!("139 0000 0002"))
        );
        assert_eq!(history[0]["changed_on"]["device_id"], json!(zhang.device));
        assert_eq!(flags(&record), [("changed_on_visit", "customer_phone", true)], "once, and open");
        let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
        let page = browser.get(&path).await;
        for words in
            ["Changed by somebody who visits", "138 0013 8000", "139 0000 0001", "客户换号", "(intake)"]
        {
            assert!(page.html().contains(words), "{words}: {}", page.html());
        }
        assert!(browser.get("/queue").await.html().contains("contact data"));
        let settle = format!("{path}/contact-flags/1");
        let clerk = Browser::of(&bureau.test, &bureau.clerk.1);
        assert!(!clerk.get(&path).await.html().contains(&settle), "not offered");
        assert_eq!(clerk.post(&settle, &[("reason", "fine")]).await.status, 403);
        assert_eq!(browser.post(&settle, &[("reason", " ")]).await.status, 422);
        let done = browser.post(&settle, &[("reason", "called both numbers")]).await;
        assert_eq!(done.location(), format!("{path}?said=contact-settled"));
        let again = browser.post(&settle, &[("reason", "me too")]).await;
        assert_eq!(again.location(), format!("{path}?said=contact-settled-before"));
        let record = bureau.get(&format!("/v1{path}")).await.json;
        assert_eq!(flags(&record), [("changed_on_visit", "customer_phone", false)]);
        assert_eq!(record["contact_flags"][0]["settled_reason"], "called both numbers");
        assert!(!browser.get("/queue").await.html().contains("contact data"));
        let empty = Request::CorrectContact {
            visit: dispatched.visit,
            name: None,
            phone: Some("1".repeat(200)),
            address: None,
            reason: "x".to_owned(),
        };
        assert!(matches!(zhang.ask(&bureau, empty).await, CommandOutcome::Refused { .. }));
    })
    .await;
}

#[tokio::test]
async fn data_that_lead_nowhere_are_flagged_until_they_are_in_order() {
    Bureau::for_each_engine(|bureau| async move {
        let admin = an_administrator(&bureau.test).await;
        let person = bureau.clerk.0;
        let phone = bureau.test.call(Method::PUT, &format!("/v1/people/{person}/phone"));
        let set =
            phone.header("authorization", &admin).json(&json!({ "phone": "137 0000 0009" })).send().await;
        assert_eq!(set.status, 204, "{}", set.json);
        let customer = |name: &str, phone: Value| {
            let reason = phone.is_null().then_some("没有电话");
            json!({ "customer": { "name": name, "phone": phone }, "no_contact_reason": reason })
        };
        let missing = bureau.complaint(&customer("李梅", Value::Null)).await;
        assert_eq!(of(&bureau, &missing).await, [("missing".to_owned(), true)]);
        let blockers = async || {
            let path = format!("/v1/complaints/{}", missing["complaint_id"].as_str().unwrap());
            bureau.get(&path).await.json["blockers"].clone()
        };
        let expected = json!([{ "kind": "contact", "visit_id": null, "reference": "1" }]);
        assert_eq!(blockers().await, expected, "nobody could ever ask this customer");
        fill_in(&bureau, &missing, "136 1111 1111").await;
        assert_eq!(of(&bureau, &missing).await, [("missing".to_owned(), false)], "it settles itself");
        assert_eq!(blockers().await, json!([]));
        let own = bureau.complaint(&customer("王强", json!("+86 137-0000-0009"))).await;
        assert_eq!(of(&bureau, &own).await, [("staff_number".to_owned(), true)]);
        for name in ["甲", "乙"] {
            let other = bureau.complaint(&customer(name, json!("136 1111 1111"))).await;
            assert_eq!(of(&bureau, &other).await, []);
        }
        let fourth = bureau.complaint(&customer("丙", json!("13611111111"))).await;
        assert_eq!(of(&bureau, &fourth).await, [("shared_number".to_owned(), true)]);
        let same = bureau.complaint(&customer("丙", json!("13611111111"))).await;
        assert_eq!(of(&bureau, &same).await, [("shared_number".to_owned(), true)]);
    })
    .await;
}

/// Kind, field and whether it is open, of every flag of a record.
fn flags(record: &Value) -> Vec<(&str, &str, bool)> {
    let flags = record["contact_flags"].as_array().unwrap().iter();
    flags
        .map(|flag| {
            let field = flag["field"].as_str().unwrap_or_default();
            (flag["kind"].as_str().unwrap(), field, flag["settled_at_ms"].is_null())
        })
        .collect()
}

async fn of(bureau: &Bureau, complaint: &Value) -> Vec<(String, bool)> {
    let path = format!("/v1/complaints/{}", complaint["complaint_id"].as_str().unwrap());
    let record = bureau.get(&path).await.json;
    flags(&record).into_iter().map(|(kind, _, open)| (kind.to_owned(), open)).collect()
}

async fn fill_in(bureau: &Bureau, complaint: &Value, phone: &str) {
    let path = format!("/v1/complaints/{}", complaint["complaint_id"].as_str().unwrap());
    let etag = bureau.get(&path).await.headers["etag"].to_str().unwrap().to_owned();
    let call = bureau.call(Method::PATCH, &path).header("if-match", &etag);
    assert_eq!(call.json(&json!({ "customer_phone": phone })).send().await.status, 200);
}
