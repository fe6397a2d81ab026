//! What the pages about work orders promise.

use super::dispatch::{Candidate, DispatchPage, Member, OrderRow, SendForm, VisitRow};
use crate::complaints::model::Priority;
use crate::complaints::pages::bulk::{BulkPage, BulkRow};
use crate::complaints::tests::{Bureau, a_regional_clerk};
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::work_orders::model::{OrderKind, OrderState, VisitState, WorkOrder};
use crate::work_orders::sending::Sent;
use crate::work_orders::tests::Technician;
use serde_json::json;
use std::collections::BTreeSet;
use sync_core::ids::{ComplaintId, PersonId, VisitId, WorkOrderId};

#[test]
fn every_fate_of_many_complaints_can_be_rendered() {
    let row = |fate| BulkRow { id: HOSTILE.to_owned(), number: HOSTILE.to_owned(), fate };
    for shell in shells() {
        for failure in [None, Some(HOSTILE.to_owned())] {
            let rows = [Ok(HOSTILE.to_owned()), Err(HOSTILE.to_owned())].map(row).to_vec();
            let (title, person) = ("queue-bulk", HOSTILE.to_owned());
            check(&BulkPage { shell: shell.clone(), title, person, rows, failure });
        }
        for sent in [Sent::Already, Sent::OpenVisit, Sent::NewVisit] {
            assert!(shell.w.has(&format!("queue-bulk-{}", sent.as_str().replace('_', "-"))), "{sent:?}");
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
        assert!(!reviewer.get("/queue").await.html().contains("/queue/assignments"));
    })
    .await;
}

#[tokio::test]
async fn many_complaints_are_handed_over_by_whoever_may_hand_over_one() {
    Bureau::for_each_engine(|bureau| async move {
        let id =
            async |changes| bureau.complaint(&changes).await["complaint_id"].as_str().unwrap().to_owned();
        let (first, second) = (id(json!({})).await, id(json!({})).await);
        let reviewer = Browser::of(&bureau.test, &bureau.reviewer.1);
        let lead = bureau.lead.0.to_string();
        let list = reviewer.get("/queue").await;
        assert!(list.html().contains("formaction=\"/queue/handovers\""), "{}", list.html());
        let fields = [
            ("complaint", first.as_str()),
            ("complaint", &second),
            ("complaint", "nonsense"),
            ("holder", &lead),
            ("reason", "on leave until Monday"),
        ];
        for few in [&fields[..3], &fields[..4], &fields[3..]] {
            let html = reviewer.post("/queue/handovers", few).await;
            assert!(html.html().contains("role=\"alert\""), "{}", html.html());
        }
        let done = reviewer.post("/queue/handovers", &fields).await;
        assert!(done.html().contains("2 of 3 done"), "{}", done.html());
        for complaint in [first, second] {
            let record = bureau.get(&format!("/v1/complaints/{complaint}")).await.json;
            assert_eq!(record["holder"]["person_id"], json!(lead));
            assert!(record["timeline"].to_string().contains("on leave until Monday"), "{record:#}");
        }
        let regional = a_regional_clerk(&bureau.test, "west").await;
        let elsewhere = id(json!({ "region": "east" })).await;
        let fields = [("complaint", elsewhere.as_str()), ("holder", &lead), ("reason", "mine now")];
        let refused = Browser::of(&bureau.test, &regional).post("/queue/handovers", &fields).await;
        assert!(refused.html().contains("0 of 1 done"), "{}", refused.html());
    })
    .await;
}

#[test]
fn every_dispatch_can_be_rendered() {
    let hostile = || HOSTILE.to_owned();
    let visit = |state: VisitState| VisitRow {
        id: VisitId::from_bytes([1; 16]),
        state,
        planned_on: hostile(),
        window: hostile(),
        crew: vec![
            Member { id: PersonId::from_bytes([1; 16]), name: hostile(), accepted: Some(hostile()) },
            Member { id: PersonId::from_bytes([2; 16]), name: hostile(), accepted: None },
        ],
        takes_people: true,
        can_be_cancelled: true,
    };
    let order = WorkOrder {
        id: WorkOrderId::from_bytes([1; 16]),
        complaint: ComplaintId::from_bytes([1; 16]),
        version: 1,
        state: OrderState::Assigned,
        kind: OrderKind::ReturnVisit,
        checklist: hostile(),
        instructions: Some(hostile()),
        priority: Priority::Urgent,
        due_at: None,
        created_by: PersonId::from_bytes([1; 16]),
        created_at: crate::testing::NOW,
    };
    let technician = Candidate {
        id: hostile(),
        name: hostile(),
        staff_number: hostile(),
        devices: vec![(hostile(), hostile()), (hostile(), String::new())],
        chosen: true,
    };
    for shell in shells() {
        for full in [true, false] {
            let visits: Vec<VisitRow> = VisitState::ALL.iter().map(|state| visit(*state)).collect();
            let rows = vec![
                OrderRow { order: Some(order.clone()), visits: visits.clone() },
                OrderRow { order: None, visits },
                OrderRow { order: Some(order.clone()), visits: Vec::new() },
            ];
            check(&DispatchPage {
                shell: shell.clone(),
                id: ComplaintId::from_bytes([1; 16]),
                number: hostile(),
                summary: hostile(),
                address: hostile(),
                orders: if full { rows } else { Vec::new() },
                technicians: if full { vec![technician.clone()] } else { Vec::new() },
                checklists: vec![(hostile(), hostile())],
                form: SendForm { instructions: hostile(), ..SendForm::default() },
                may_send: full,
                no_contact: full,
                failure: full.then(hostile),
            });
        }
    }
}

#[tokio::test]
async fn people_are_sent_taken_off_and_visits_called_off_on_the_page() {
    Bureau::for_each_engine(|bureau| async move {
        let (one, two) = (Technician::of(&bureau, "zhang").await, Technician::of(&bureau, "li").await);
        let (one, two) = (one.person.to_string(), two.person.to_string());
        let id = bureau.complaint(&json!({})).await["complaint_id"].as_str().unwrap().to_owned();
        let path = format!("/complaints/{id}/dispatch");
        let browser = Browser::of(&bureau.test, &bureau.clerk.1);
        let shown = browser.get(&path).await;
        assert!(shown.html().contains(&one) && shown.html().contains("meter-accuracy"), "{}", shown.html());
        let fields = [
            ("planned_on", "2025-11-22"),
            ("from", "14:00"),
            ("to", "13:00"),
            ("person", one.as_str()),
            ("person", &two),
            ("kind", "investigation"),
            ("checklist", "meter-accuracy"),
            ("instructions", "带标准表"),
        ];
        let wrong = browser.post(&path, &fields).await;
        assert!(wrong.status == 422 && wrong.html().contains("带标准表"), "{}", wrong.html());
        let mut fields = fields;
        fields[2].1 = "16:30";
        let done = browser.post(&path, &fields).await;
        assert_eq!(done.location(), format!("{path}?said=visit-planned"), "{}", done.html());
        let shown = browser.get(&path).await;
        let html = shown.html();
        assert!(
            html.contains("14:00–16:30") && html.contains("带标准表") && html.contains("Take "),
            "{html}"
        );
        let value = |name: &str| {
            html.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap().split('"').next().unwrap()
        };
        let (visit, order) = (value("visit"), value("order"));
        let off = [("visit", visit), ("person", one.as_str()), ("reason", "生病")];
        let done = browser.post(&format!("{path}/removal"), &off).await;
        assert_eq!(done.location(), format!("{path}?said=person-taken-off"));
        let on = [("visit", visit), ("person", one.as_str())];
        let done = browser.post(&format!("{path}/crew"), &on).await;
        assert_eq!(done.location(), format!("{path}?said=people-sent"));
        let reasonless = browser.post(&format!("{path}/cancellation"), &[("visit", visit)]).await;
        assert_eq!(reasonless.status, 422);
        let off = [("visit", visit), ("reason", "客户改期")];
        let done = browser.post(&format!("{path}/cancellation"), &off).await;
        assert_eq!(done.location(), format!("{path}?said=visit-called-off"));
        let again =
            browser.post(&format!("{path}/cancellation"), &[("visit", visit), ("reason", "再次取消")]).await;
        assert!(again.status == 412 && again.html().contains("再次取消"), "{}", again.html());
        let further = [("order", order), ("planned_on", "2025-11-25"), ("person", &two)];
        let done = browser.post(&format!("{path}/visits"), &further).await;
        assert_eq!(done.location(), format!("{path}?said=visit-planned"), "{}", done.html());
        let record = bureau.get(&format!("/v1/complaints/{id}")).await.json;
        let visits = record["visits"].as_array().unwrap();
        let states: BTreeSet<_> = visits.iter().map(|visit| visit["state"].as_str().unwrap()).collect();
        assert_eq!(states, BTreeSet::from(["cancelled", "planned"]));
        let reviewer = Browser::of(&bureau.test, &bureau.reviewer.1);
        assert!(reviewer.get(&path).await.html().contains("or not by you"));
        assert_eq!(reviewer.post(&path, &fields).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_sent_where_nobody_can_be_asked_but_for_a_reason() {
    Bureau::for_each_engine(|bureau| async move {
        let person = Technician::of(&bureau, "zhang").await.person.to_string();
        let anonymous = json!({ "customer": {}, "no_contact_reason": "不愿留名" });
        let id = bureau.complaint(&anonymous).await["complaint_id"].as_str().unwrap().to_owned();
        let orders = format!("/v1/complaints/{id}/work-orders");
        let refused = bureau.post(&orders, &json!({})).await;
        assert_eq!((refused.status, refused.json["code"].as_str()), (409, Some("contact-missing")));
        let browser = Browser::of(&bureau.test, &bureau.clerk.1);
        let path = format!("/complaints/{id}/dispatch");
        let fields = [("planned_on", "2025-11-22"), ("person", &person), ("override_reason", " ")];
        let refused = browser.post(&path, &fields).await;
        assert!(
            refused.status == 422 && refused.html().contains("Nobody can be reached"),
            "{}",
            refused.html()
        );
        let many = [("complaint", id.as_str()), ("person", &person), ("planned_on", "2025-11-22")];
        let bulk = browser.post("/queue/assignments", &many).await;
        assert!(bulk.html().contains("send somebody from the record"), "{}", bulk.html());
        let fields = [("planned_on", "2025-11-22"), ("person", &person), ("override_reason", "闻到燃气味")];
        let done = browser.post(&path, &fields).await;
        assert_eq!(done.location(), format!("{path}?said=visit-planned"), "{}", done.html());
        let record = bureau.get(&format!("/v1/complaints/{id}")).await.json;
        let timeline = record["timeline"].as_array().unwrap();
        let order = timeline.iter().find(|entry| entry["kind"] == "work_order_created").unwrap();
        assert_eq!(order["reason"], "闻到燃气味");
        let page = browser.get(&format!("/complaints/{id}")).await;
        assert!(page.html().contains("不愿留名") && page.html().contains("闻到燃气味"), "{}", page.html());
        let filled = json!({ "customer_name": "李梅", "customer_phone": "138 0013 8000" });
        let known = bureau.call(axum::http::Method::PATCH, &format!("/v1/complaints/{id}"));
        assert_eq!(known.json(&filled).send().await.json["no_contact_reason"], serde_json::Value::Null);
        assert_eq!(bureau.post(&orders, &json!({})).await.status, 201, "now somebody can be asked");
    })
    .await;
}
