//! The pages of field work and grumbles.

use super::*;
use crate::complaints::tests::Bureau;
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::work_orders::tests::{Technician, born_in_the_field};
use serde_json::json;
use sync_core::protocol::Request;

#[test]
fn field_work_and_grumbles_can_be_shown() {
    for shell in shells() {
        let text = || HOSTILE.to_owned();
        let id = || CommandId::from_bytes([1; 16]).to_string();
        let work = FieldWork {
            field_work_id: id(),
            complaint_id: id(),
            visit_id: None,
            provisional_number: text(),
            reason: "complaint_invalid".to_owned(),
            request_json: text(),
            person_id: id(),
            device_id: id(),
            claimed_at_ms: 0,
            received_at_ms: 0,
            linked_to: None,
            linked_by: None,
            linked_at_ms: None,
            linked_reason: None,
            rejected_at_ms: Some(0),
            rejected_by: Some(id()),
            rejected_reason: Some(text()),
        };
        let next = Some("/arrivals".to_owned());
        for (act, rejected) in [("link", None), ("reject", None), ("link", Some((text(), 0, text())))] {
            let typed = vec![(text(), text())];
            let rows = vec![FieldWorkRow { work: work.clone(), person: text(), typed, rejected }];
            let refused = Some(Refused { id: id(), act, number: text(), reason: text(), failure: text() });
            check(&FieldWorkPage {
                shell: shell.clone(),
                rejected: false,
                rows,
                next: next.clone(),
                refused,
            });
        }
        let (rows, refused) = (Vec::new(), None);
        check(&FieldWorkPage { shell: shell.clone(), rejected: true, rows, next: None, refused });
        let grumble = Grumble {
            grumble_id: id(),
            text: text(),
            category: None,
            place: Some(text()),
            person_id: id(),
            device_id: id(),
            claimed_at_ms: 0,
            received_at_ms: 0,
            complaint_id: None,
            settled_by: None,
            settled_at_ms: None,
            settled_note: None,
        };
        check(&GrumblesPage {
            shell: shell.clone(),
            rows: vec![(grumble, text())],
            next,
            failure: Some(text()),
        });
        check(&GrumblesPage { shell, rows: Vec::new(), next: None, failure: None });
    }
}

/// What stands in a field of a form.
fn value_of<'a>(html: &'a str, name: &str) -> &'a str {
    let field = html.split(&format!("name=\"{name}\"")).nth(1).unwrap_or_else(|| panic!("{name}: {html}"));
    field.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap()
}

#[tokio::test]
async fn field_work_becomes_a_complaint_of_its_own() {
    Bureau::for_each_engine(|bureau| async move {
        let zhang = Technician::of(&bureau, "zhang").await;
        zhang.ask(&bureau, Request::OpenComplaint(born_in_the_field(9, "power.NEW"))).await;
        let clerk = Browser::of(&bureau.test, &bureau.clerk.1);
        let list = clerk.get("/arrivals/field-work").await;
        let path = list.html().split("href=\"").find(|part| part.starts_with("/complaints/new?")).unwrap();
        let path = path.split('"').next().unwrap().to_owned();
        let reviewer = Browser::of(&bureau.test, &bureau.reviewer.1);
        assert!(!reviewer.get("/arrivals/field-work").await.html().contains("/complaints/new?"));

        let form = clerk.get(&path).await;
        let html = form.html();
        assert_eq!(value_of(html, "meter_number"), "B778899");
        assert!(html.contains("value=\"field\" selected"), "how it came to us: {html}");
        let fields = |category, reason| {
            [
                ("id", value_of(html, "id")),
                ("field_work", value_of(html, "field_work")),
                ("category", category),
                ("channel", "field"),
                ("priority", "normal"),
                ("summary", "邻居家电表冒烟"),
                ("customer_name", "李梅"),
                ("customer_phone", "13800138000"),
                ("address", value_of(html, "address")),
                ("field_work_reason", reason),
            ]
        };
        let send = async |category, reason| clerk.post("/complaints/new", &fields(category, reason)).await;
        let without_reason = send("power.BIZ.metering", " ").await;
        assert_eq!(without_reason.status, 422);
        assert!(without_reason.html().contains("e-field-work-reason"), "{}", without_reason.html());
        assert_eq!(send("power.NEW", "a case of its own").await.status, 422);
        let made = send("power.BIZ.metering", "a case of its own").await;
        assert_eq!(made.status, 303, "{}", made.html());
        let record = bureau.get("/v1/complaints/P-07-009").await.json;
        assert_eq!(
            (&record["state"], &record["channel"]),
            (&json!("assigned"), &json!("field")),
            "{record:#}"
        );
        assert_eq!(record["complaint_id"], json!(ComplaintId::from_bytes([9; 16])), "as the device calls it");
        assert_eq!(record["visits"][0]["origin"], "field");
        let timeline = record["timeline"].as_array().unwrap();
        let event = timeline.iter().find(|entry| entry["kind"] == "field_work_linked").unwrap();
        assert_eq!(event["reason"], "a case of its own");
        assert!(clerk.get(&path).await.location().starts_with("/complaints/"), "it is made already");
        assert!(
            send("power.BIZ.metering", "once more").await.location().starts_with("/complaints/"),
            "sent twice"
        );
        assert!(bureau.get("/v1/field-work").await.json["items"].as_array().unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn field_work_is_put_under_a_complaint_with_a_reason() {
    Bureau::for_each_engine(|bureau| async move {
        let zhang = Technician::of(&bureau, "zhang").await;
        let number = bureau.complaint(&json!({})).await["number"].as_str().unwrap().to_owned();
        let mut taken = born_in_the_field(8, "power.BIZ.metering");
        taken.provisional_number.clone_from(&number);
        zhang.ask(&bureau, Request::OpenComplaint(taken)).await;
        let waiting = bureau.get("/v1/field-work").await.json;
        let item = &waiting["items"][0];
        assert_eq!(item["reason"], "number_taken");
        let other =
            bureau.complaint(&json!({ "address": "elsewhere" })).await["number"].as_str().unwrap().to_owned();
        let reviewer = Browser::of(&bureau.test, &bureau.reviewer.1);
        let path = format!("/arrivals/field-work/{}/link", item["field_work_id"].as_str().unwrap());
        let no_reason = reviewer.post(&path, &[("number", &other)]).await;
        assert_eq!(no_reason.status, 422);
        assert!(no_reason.html().contains(&format!("value=\"{other}\"")), "what was typed stays");
        let linked = reviewer.post(&path, &[("number", &other), ("reason", "heard on the phone")]).await;
        assert_eq!(
            linked.status,
            303,
            "a number that another complaint has is no hindrance: {}",
            linked.html()
        );
        let page = reviewer.get(linked.location()).await;
        assert!(page.html().contains("heard on the phone"), "{}", page.html());
    })
    .await;
}
