//! What the pages about work orders promise.

use super::bulk::{BulkPage, BulkRow};
use crate::complaints::tests::Bureau;
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::work_orders::sending::Sent;
use crate::work_orders::tests::Technician;
use serde_json::json;

#[test]
fn every_fate_of_many_complaints_can_be_rendered() {
    let row = |fate| BulkRow { id: HOSTILE.to_owned(), number: HOSTILE.to_owned(), fate };
    for shell in shells() {
        for failure in [None, Some(HOSTILE.to_owned())] {
            let rows = [Ok(Sent::Already), Ok(Sent::OpenVisit), Ok(Sent::NewVisit), Err(HOSTILE.to_owned())];
            let rows = rows.map(row).to_vec();
            check(&BulkPage { shell: shell.clone(), person: HOSTILE.to_owned(), rows, failure });
        }
    }
}

#[tokio::test]
async fn many_complaints_get_a_technician_and_each_says_what_became_of_it() {
    Bureau::for_each_engine(|bureau| async move {
        let technician = Technician::of(&bureau, "zhang").await.person.to_string();
        let id =
            async |changes| bureau.complaint(&changes).await["complaint_id"].as_str().unwrap().to_owned();
        let (first, gone) = (id(json!({})).await, id(json!({})).await);
        let path = format!("/v1/complaints/{gone}/withdrawal");
        assert_eq!(bureau.post(&path, &json!({ "reason": "撤回" })).await.status, 200);
        let browser = Browser::of(&bureau.test, &bureau.clerk.1);
        let fields = [
            ("complaint", first.as_str()),
            ("complaint", &gone),
            ("complaint", "nonsense"),
            ("person", &technician),
            ("planned_on", "2025-11-22"),
        ];
        let answer = browser.post("/queue/assignments", &fields).await;
        let html = answer.html();
        assert!(answer.status == 200 && html.contains("1 of 3 done"), "{html}");
        assert!(html.contains("A visit was planned.") && html.contains("C-2025-0002"), "{html}");
        let again = browser.post("/queue/assignments", &fields).await;
        assert!(again.html().contains("Was sent before."), "{}", again.html());
        let record = bureau.get(&format!("/v1/complaints/{first}")).await.json;
        assert_eq!(
            (&record["state"], &record["visits"][0]["planned_on"]),
            (&json!("assigned"), &json!("2025-11-22"))
        );
        assert!(!browser.get("/queue?view=unassigned").await.html().contains("C-2025-0001"));
        assert!(browser.get("/queue").await.html().contains("Sent: "));
        for fields in [&[][..], &[("complaint", first.as_str())], &fields[..4]] {
            let html = browser.post("/queue/assignments", fields).await;
            assert!(html.html().contains("role=\"alert\""), "{}", html.html());
        }
        let reviewer = Browser::of(&bureau.test, &bureau.reviewer.1);
        assert_eq!(reviewer.post("/queue/assignments", &fields).await.status, 403);
        assert!(!reviewer.get("/queue").await.html().contains("/queue/assignments\" class"));
    })
    .await;
}
