//! What the check of record against customer promises, on both engines.

use super::tests::{a_leak, as_person, ask, finish, for_each_engine, list, path, record};
use crate::complaints::tests::Bureau;
use crate::exchange::tests::{a_technician, exchange};
use crate::work_orders::tests::{Dispatched, Technician};
use axum::http::Method;
use serde_json::{Value, json};
use sync_core::document::{Notice, Seal};
use sync_core::ids::EntryId;
use sync_core::protocol::Request;

async fn work_orders(bureau: &Bureau, complaint: &str) -> Vec<Value> {
    record(bureau, complaint).await["work_orders"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_contradiction_reopens_sends_out_and_is_asked_about_again_by_somebody_else() {
    for_each_engine(|bureau| async move {
        let zhang = Technician::of(&bureau, "zhang").await;
        let leak = a_leak(&bureau).await;
        leak.send(&bureau, zhang).await;
        finish(&bureau, &leak, zhang).await;
        let before = record(&bureau, &leak.complaint).await;
        assert_eq!(before["state"], "investigated");
        let planned = list(&bureau, "now").await.remove(0);
        bureau.test.app.clock.advance_ms(20 * 60_000);
        let denied = ask(&bureau, &bureau.clerk.1, &planned, &[("resolved", "no")]).await;
        assert_eq!((denied.status, &denied.json["checked"]), (200, &json!("contradicts")), "{}", denied.json);

        let after = record(&bureau, &leak.complaint).await;
        assert_eq!(after["state"], "reopened");
        let due = |record: &Value| record["deadlines"]["answer_due_at_ms"].as_i64().unwrap();
        assert!(due(&after) >= due(&before));
        assert!(
            after["deadlines"]["onsite_due_at_ms"].as_i64()
                > before["deadlines"]["onsite_due_at_ms"].as_i64()
        );
        let orders = work_orders(&bureau, &leak.complaint).await;
        assert_eq!(orders.len(), 2, "{orders:?}");
        let child =
            orders.iter().find(|order| order["work_order_id"] == denied.json["work_order_id"]).unwrap();
        assert_eq!((&child["kind"], &child["priority"]), (&json!("investigation"), &json!("high")));
        assert!(child["instructions"].as_str().unwrap().contains("Is the matter put right?"), "{child}");
        let told = after["timeline"].as_array().unwrap().iter();
        let told = told.filter(|entry| entry["kind"] == "return_contradicted").collect::<Vec<_>>();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0]["detail"]["denied"][0]["question"], "return-visit.resolved");
        let returns = after["return_visits"].as_array().unwrap();
        assert_eq!(returns.len(), 2, "{returns:?}");
        let waiting = returns.iter().find(|one| one["state"] == "waiting").unwrap();
        assert_eq!(waiting["follows"], planned["return_id"]);
        assert_eq!(list(&bureau, "contradicted").await.len(), 1);

        // The technician comes again; then somebody else asks, and it cannot be waived.
        let visits = after["visits"].as_array().unwrap();
        let again = visits.iter().find(|visit| visit["work_order_id"] == child["work_order_id"]).unwrap();
        let again = Dispatched {
            complaint: leak.complaint.clone(),
            order: child["work_order_id"].as_str().unwrap().to_owned(),
            visit: again["visit_id"].as_str().unwrap().parse().unwrap(),
        };
        again.send(&bureau, zhang).await;
        finish(&bureau, &again, zhang).await;
        finish(&bureau, &again, zhang).await;
        let open = list(&bureau, "open").await;
        assert_eq!((open.len(), &open[0]["return_id"]), (1, &waiting["return_id"]), "{open:?}");
        let second = &open[0];
        assert!(second["due_at_ms"].is_i64());
        let waiver = json!({ "version": second["version"], "reason": "算了" });
        let waive = format!("{}/waiver", path(second));
        let refused = as_person(&bureau, &bureau.reviewer.1, Method::POST, &waive, &waiver).await;
        assert_eq!(refused.json["code"], "return-compulsory");
        let version = json!({ "version": second["version"] });
        let same = bureau.post(&format!("{}/calls", path(second)), &version).await;
        assert_eq!(same.json["code"], "return-own-work", "{}", same.json);
        let content = ask(&bureau, &bureau.lead.1, second, &[]).await;
        assert_eq!((content.status, &content.json["checked"]), (200, &json!("agrees")), "{}", content.json);
        assert_eq!(work_orders(&bureau, &leak.complaint).await.len(), 2, "nothing more follows");
    })
    .await;
}

#[tokio::test]
async fn answers_given_before_the_record_arrives_are_held_against_it_when_it_does() {
    for_each_engine(|bureau| async move {
        let test = &bureau.test;
        let mut zhang = a_technician(test, "zhang").await;
        let leak = a_leak(&bureau).await;
        leak.send(&bureau, Technician { person: zhang.person, device: zhang.device }).await;
        exchange(test, &mut zhang).await;
        let visit = leak.visit;
        // Offline: a seal that nobody fitted, and the visit is finished.
        zhang.save(visit, |edit| {
            let seal = Seal {
                position: "meter_cover".into(),
                state: "replaced".into(),
                number_found: None,
                number_fitted: Some("F77".into()),
                meter_no: None,
            };
            edit.add_seal(EntryId::from_bytes([7; 16]), &seal).unwrap();
        });
        zhang.command(Some(visit), &Request::Finish { visit, outcome: "resolved_on_site".into() });
        test.app.clock.advance_ms(20 * 60_000);
        let wanted = json!({ "visit_id": visit });
        let at = format!("/v1/complaints/{}/return-visits", leak.complaint);
        let planned = bureau.post(&at, &wanted).await.json;
        let done = ask(&bureau, &bureau.clerk.1, &planned, &[("sealed", "no")]).await;
        assert_eq!((done.status, &done.json["checked"]), (200, &Value::Null), "{}", done.json);
        assert_eq!(done.json["compared"], Value::Null);
        assert_eq!(record(&bureau, &leak.complaint).await["state"], "assigned");

        test.app.clock.advance_ms(20 * 60_000);
        zhang.token = None;
        exchange(test, &mut zhang).await;
        let checked = bureau.get(&path(&planned)).await.json;
        assert_eq!(checked["checked"], "contradicts", "{checked}");
        let after = record(&bureau, &leak.complaint).await;
        assert_eq!(after["state"], "reopened");
        assert_eq!(after["work_orders"].as_array().unwrap().len(), 2);
        let returns = after["return_visits"].as_array().unwrap();
        let states: Vec<&str> = returns.iter().filter_map(|one| one["state"].as_str()).collect();
        assert_eq!(states, ["done", "waiting"], "no third one is planned: {returns:?}");
        exchange(test, &mut zhang).await;
        assert_eq!(record(&bureau, &leak.complaint).await["work_orders"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn what_arrives_later_is_held_against_the_answers_and_what_was_asked_too_early_is_asked_again() {
    for_each_engine(|bureau| async move {
        let test = &bureau.test;
        let mut zhang = a_technician(test, "zhang").await;
        let leak = a_leak(&bureau).await;
        leak.send(&bureau, Technician { person: zhang.person, device: zhang.device }).await;
        exchange(test, &mut zhang).await;
        let at = format!("/v1/complaints/{}/return-visits", leak.complaint);
        let planned = bureau.post(&at, &json!({ "visit_id": leak.visit })).await.json;
        // The customer was asked before anybody came: that says nothing about the work.
        assert_eq!(ask(&bureau, &bureau.clerk.1, &planned, &[("came", "no")]).await.status, 200);
        test.app.clock.advance_ms(20 * 60_000);
        zhang.token = None;
        zhang.now = test.app.clock.now();
        let visit = leak.visit;
        zhang.command(Some(visit), &Request::Finish { visit, outcome: "resolved_on_site".into() });
        exchange(test, &mut zhang).await;
        assert_eq!(bureau.get(&path(&planned)).await.json["state"], "void");
        assert_eq!(record(&bureau, &leak.complaint).await["state"], "investigated");
        let open = list(&bureau, "open").await;
        assert_eq!(open.len(), 1, "{open:?}");

        // The answers fit what is here; what comes afterwards does not.
        let done = ask(&bureau, &bureau.clerk.1, &open[0], &[("notice", "no")]).await;
        assert_eq!(done.json["checked"], "agrees", "{}", done.json);
        zhang.save(visit, |edit| {
            let notice = Notice {
                number: "N-1".into(),
                delivered: "handed_over".into(),
                kind: None,
                hazard: None,
                photo: None,
            };
            edit.add_notice(EntryId::from_bytes([8; 16]), &notice).unwrap();
        });
        exchange(test, &mut zhang).await;
        assert_eq!(bureau.get(&path(&open[0])).await.json["checked"], "contradicts");
        let after = record(&bureau, &leak.complaint).await;
        assert_eq!(after["state"], "reopened");
        let second = after["return_visits"].as_array().unwrap().iter().find(|one| one["state"] == "waiting");
        assert_eq!(second.unwrap()["method"], "phone", "how the first was asked does not bind the second");
    })
    .await;
}

#[tokio::test]
async fn a_technician_asks_at_the_door_and_the_answers_travel_like_everything_else() {
    for_each_engine(|bureau| async move {
        let test = &bureau.test;
        let zhang = Technician::of(&bureau, "zhang").await;
        let mut wang = a_technician(test, "wang").await;
        let leak = a_leak(&bureau).await;
        leak.send(&bureau, zhang).await;
        finish(&bureau, &leak, zhang).await;
        let planned = list(&bureau, "now").await.remove(0);
        let door = format!("{}/door-visits", path(&planned));
        let send = |who: sync_core::ids::PersonId| json!({ "version": planned["version"], "person_id": who });
        let own = bureau.post(&door, &send(zhang.person)).await;
        assert_eq!(own.json["code"], "return-own-work", "{}", own.json);
        let sent = bureau.post(&door, &send(wang.person)).await;
        assert_eq!(sent.status, 200, "{}", sent.json);
        let visit: sync_core::ids::VisitId = sent.json["door_visit_id"].as_str().unwrap().parse().unwrap();
        // Nor may the dispatcher send whoever did the work.
        let assign = format!("/v1/visits/{visit}/assignments/{}", zhang.person);
        assert_eq!(bureau.call(Method::PUT, &assign).send().await.json["code"], "return-own-work");
        let call = json!({ "version": sent.json["version"] });
        assert_eq!(
            bureau.post(&format!("{}/calls", path(&planned)), &call).await.json["state"],
            "at_the_door"
        );

        exchange(test, &mut wang).await;
        assert!(wang.pack.keys().any(|key| key == "checklist/return-visit"));
        wang.save(visit, |edit| {
            for (question, answer) in
                [("identity", "yes"), ("came", "yes"), ("resolved", "no"), ("charged", "nothing")]
            {
                edit.answer(&format!("return-visit.{question}"), answer).unwrap();
            }
        });
        wang.command(Some(visit), &Request::Finish { visit, outcome: "follow_up".into() });
        exchange(test, &mut wang).await;
        let wordless = bureau.get(&path(&planned)).await.json;
        assert_eq!(wordless["state"], "open", "never without a written record");
        wang.save(visit, |edit| edit.answer("return-visit.record", "还是有味道").unwrap());
        exchange(test, &mut wang).await;
        let done = bureau.get(&path(&planned)).await.json;
        assert_eq!((&done["state"], &done["checked"]), (&json!("done"), &json!("contradicts")), "{done}");
        assert_eq!(
            (&done["record"], &done["done_by"]["person_id"]),
            (&json!("还是有味道"), &json!(wang.person))
        );
        assert_eq!(record(&bureau, &leak.complaint).await["state"], "reopened");
    })
    .await;
}
