//! What corrective actions promise, on both engines.

use crate::complaints::tests::Bureau;
use crate::people::tests::a_person;
use crate::people::{Grant, Role, set_roles};
use crate::testing::Answer;
use axum::http::Method;
use serde_json::{Value, json};

async fn a_complaint(bureau: &Bureau) -> Value {
    bureau.complaint(&json!({})).await
}

async fn send(bureau: &Bureau, session: &str, path: &str, body: &Value) -> Answer {
    bureau.test.call(Method::POST, path).header("authorization", session).json(body).send().await
}

fn plan_of(complaint: &Value) -> String {
    format!("/v1/complaints/{}/corrective-actions", complaint["complaint_id"].as_str().unwrap())
}

fn at(action: &Value, act: &str) -> String {
    format!("/v1/corrective-actions/{}/{act}", action["action_id"].as_str().unwrap())
}

/// An action that the clerk owns.
async fn an_action(bureau: &Bureau, complaint: &Value) -> Value {
    let form = json!({ "title": "复核 3 号表箱全部接线", "owner": bureau.clerk.0, "due_on": "2025-12-01" });
    let planned = send(bureau, &bureau.reviewer.1, &plan_of(complaint), &form).await;
    assert_eq!(planned.status, 200, "{}", planned.json);
    planned.json
}

async fn list(bureau: &Bureau, session: &str, list: &str) -> Vec<String> {
    let path = format!("/v1/corrective-actions?list={list}");
    let answer = bureau.test.call(Method::GET, &path).header("authorization", session).send().await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    let items = answer.json["items"].as_array().unwrap().clone();
    items.iter().map(|item| item["action_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_action_is_planned_carried_out_and_judged_by_somebody_else() {
    Bureau::for_each_engine(|bureau| async move {
        let complaint = a_complaint(&bureau).await;
        bureau.test.app.clock.advance_ms(1);
        let action = an_action(&bureau, &complaint).await;
        let id = action["action_id"].as_str().unwrap().to_owned();
        // The end of 1 December in China.
        assert_eq!(action["due_at_ms"], json!(1_764_604_800_000_i64 - 1), "{action}");
        assert_eq!(action["effect"], json!({ "before": 1, "since": null, "complete": false }));
        assert_eq!(list(&bureau, &bureau.clerk.1, "mine").await, [id.as_str()]);
        assert!(list(&bureau, &bureau.reviewer.1, "mine").await.is_empty());

        let silent = json!({ "version": 1, "evidence": " \n" });
        let silent = send(&bureau, &bureau.clerk.1, &at(&action, "completion"), &silent).await;
        assert_eq!(silent.json["code"], "body-invalid");
        let done = json!({ "version": 1, "evidence": "工单 W-17：已全部复核，改正 2 处" });
        let done = send(&bureau, &bureau.clerk.1, &at(&action, "completion"), &done).await;
        assert_eq!((done.status, &done.json["state"]), (200, &json!("done")), "{}", done.json);
        let again = send(
            &bureau,
            &bureau.clerk.1,
            &at(&action, "completion"),
            &json!({ "version": 2, "evidence": "再次" }),
        )
        .await;
        assert_eq!((&again.json["code"], &again.json["state"]), (&json!("action-state"), &json!("done")));

        // A further complaint of this kind after it was carried out.
        bureau.test.app.clock.advance_ms(60_000);
        a_complaint(&bureau).await;
        let judged = json!({ "version": 2, "helped": false, "finding": "仍有同类投诉" });
        let dayless = send(&bureau, &bureau.lead.1, &at(&action, "effect-check"), &judged).await;
        assert_eq!(dayless.json["code"], "body-invalid", "what did not help needs another day");
        let judged =
            json!({ "version": 2, "helped": false, "finding": "仍有同类投诉", "due_on": "2025-12-20" });
        let judged = send(&bureau, &bureau.lead.1, &at(&action, "effect-check"), &judged).await;
        assert_eq!((judged.status, &judged.json["state"]), (200, &json!("open")), "{}", judged.json);

        bureau.test.app.clock.advance_ms(60_000);
        let done = json!({ "version": 3, "evidence": "更换表箱" });
        let done = send(&bureau, &bureau.lead.1, &at(&action, "completion"), &done).await;
        assert_eq!(done.status, 200, "{}", done.json);
        bureau.test.app.clock.advance_ms(60_000);
        a_complaint(&bureau).await;
        let body = bureau.get(&format!("/v1/corrective-actions/{id}")).await.json;
        assert_eq!(body["effect"], json!({ "before": 1, "since": 1, "complete": false }));
        let judged = json!({ "version": 4, "helped": true, "finding": "一个月内仅 1 件" });
        let own = send(&bureau, &bureau.lead.1, &at(&action, "effect-check"), &judged).await;
        assert_eq!(own.json["code"], "action-own-work", "who carried it out");
        let judged = send(&bureau, &bureau.reviewer.1, &at(&action, "effect-check"), &judged).await;
        assert_eq!(judged.json["state"], "effective", "{}", judged.json);
        assert_eq!(list(&bureau, &bureau.lead.1, "over").await, [id.as_str()]);
        let acts = judged.json["acts"].as_array().unwrap().clone();
        let acts: Vec<&str> = acts.iter().map(|act| act["act"].as_str().unwrap()).collect();
        assert_eq!(acts, ["planned", "done", "ineffective", "done", "effective"]);

        let id = complaint["complaint_id"].as_str().unwrap();
        let record = bureau.get(&format!("/v1/complaints/{id}")).await.json;
        let told = record["timeline"].as_array().unwrap().iter();
        let told = told.filter(|entry| entry["kind"] == "corrective_action").count();
        assert_eq!((told, record["corrective_actions"][0]["state"].as_str()), (5, Some("effective")));
    })
    .await;
}

#[tokio::test]
async fn every_complaint_of_an_action_waits_for_it() {
    Bureau::for_each_engine(|bureau| async move {
        let (first, second) = (a_complaint(&bureau).await, a_complaint(&bureau).await);
        let action = an_action(&bureau, &first).await;
        let link = json!({ "complaint": second["number"] });
        for _ in 0..2 {
            let linked = send(&bureau, &bureau.reviewer.1, &at(&action, "complaints"), &link).await;
            assert_eq!((linked.status, &linked.json["complaints"]), (200, &json!(2)), "{}", linked.json);
        }
        let nowhere = json!({ "complaint": "C-1999-0001" });
        let nowhere = send(&bureau, &bureau.reviewer.1, &at(&action, "complaints"), &nowhere).await;
        assert_eq!(nowhere.json["code"], "complaint-unknown");

        let id = second["complaint_id"].as_str().unwrap().to_owned();
        let answered = async |bureau: &Bureau| {
            let verdict = json!({ "verdict": "not_substantiated", "cause": "X01", "note": "电话核实",
                "without_visit": true });
            let judged =
                send(bureau, &bureau.reviewer.1, &format!("/v1/complaints/{id}/reviews"), &verdict).await;
            assert_eq!(judged.status, 200, "{}", judged.json);
            let told = send(
                bureau,
                &bureau.clerk.1,
                &format!("/v1/complaints/{id}/answer"),
                &json!({ "reason": "已告知" }),
            )
            .await;
            assert_eq!(told.status, 200, "{}", told.json);
        };
        answered(&bureau).await;
        let close = json!({ "reason": "客户满意" });
        let refused = send(&bureau, &bureau.lead.1, &format!("/v1/complaints/{id}/closure"), &close).await;
        assert_eq!(refused.json["code"], "complaint-blocked", "{}", refused.json);
        assert_eq!(refused.json["blockers"][0]["kind"], "corrective_action");
        assert_eq!(refused.json["blockers"][0]["reference"], action["action_id"]);
        let dropped = json!({ "version": 1, "reason": "表箱下月整体更换" });
        let dropped = send(&bureau, &bureau.reviewer.1, &at(&action, "drop"), &dropped).await;
        assert_eq!(dropped.json["state"], "dropped", "{}", dropped.json);
        let closed = send(&bureau, &bureau.lead.1, &format!("/v1/complaints/{id}/closure"), &close).await;
        assert_eq!((closed.status, &closed.json["state"]), (200, &json!("closed")), "{}", closed.json);
    })
    .await;
}

#[tokio::test]
async fn an_action_belongs_to_its_owner_and_to_those_who_reach_it() {
    Bureau::for_each_engine(|bureau| async move {
        let complaint = a_complaint(&bureau).await;
        let form = |owner: &Value, due_on: &str| json!({ "title": "改线", "owner": owner, "due_on": due_on });
        let technician = a_person(&bureau.test, "zhang", &[Role::Technician]).await;
        for (form, field) in [
            (form(&json!(technician), "2025-12-01"), "/owner"),
            (form(&json!(bureau.clerk.0), "2025-11-20"), "/due_on"),
            (form(&json!(bureau.clerk.0), "tomorrow"), "/due_on"),
            (json!({ "title": " ", "owner": bureau.clerk.0, "due_on": "2025-12-01" }), "/title"),
            (
                json!({ "title": "改线", "owner": bureau.clerk.0, "due_on": "2025-12-01", "effect_days": 0 }),
                "/effect_days",
            ),
        ] {
            let refused = send(&bureau, &bureau.reviewer.1, &plan_of(&complaint), &form).await;
            assert_eq!(refused.status, 422, "{field}: {}", refused.json);
            assert_eq!(refused.json["errors"][0]["pointer"], field, "{}", refused.json);
        }
        let clerk =
            send(&bureau, &bureau.clerk.1, &plan_of(&complaint), &form(&json!(bureau.clerk.0), "2025-12-01"))
                .await;
        assert_eq!(clerk.json["code"], "role-missing");

        let own = form(&json!(bureau.reviewer.0), "2025-12-01");
        let planned = send(&bureau, &bureau.reviewer.1, &plan_of(&complaint), &own).await.json;
        let done = json!({ "version": 1, "evidence": "做了" });
        let other = send(&bureau, &bureau.clerk.1, &at(&planned, "completion"), &done).await;
        assert_eq!((other.status, &other.json["code"]), (403, &json!("action-of-another")));
        let moved =
            json!({ "version": 1, "owner": bureau.clerk.0, "due_on": "2025-12-05", "reason": "调岗" });
        let moved = send(&bureau, &bureau.lead.1, &at(&planned, "handovers"), &moved).await;
        assert_eq!(moved.json["owner"]["person_id"], json!(bureau.clerk.0), "{}", moved.json);
        let stale = send(&bureau, &bureau.clerk.1, &at(&planned, "completion"), &done).await;
        assert_eq!(stale.json["code"], "changed-meanwhile");
        let now_own = send(
            &bureau,
            &bureau.clerk.1,
            &at(&planned, "completion"),
            &json!({ "version": 2, "evidence": "做了" }),
        )
        .await;
        assert_eq!(now_own.json["state"], "done", "{}", now_own.json);
    })
    .await;
}

#[tokio::test]
async fn complaints_that_were_merged_are_one_under_an_action() {
    Bureau::for_each_engine(|bureau| async move {
        let (first, second) = (a_complaint(&bureau).await, a_complaint(&bureau).await);
        let action = an_action(&bureau, &first).await;
        let link = json!({ "complaint": second["number"] });
        send(&bureau, &bureau.reviewer.1, &at(&action, "complaints"), &link).await;
        let merge = json!({ "duplicate": second["complaint_id"], "reason": "同一户", "take_fields": [],
            "duplicate_version": second["version"] });
        let id = first["complaint_id"].as_str().unwrap();
        let merged = send(&bureau, &bureau.reviewer.1, &format!("/v1/complaints/{id}/merges"), &merge).await;
        assert_eq!(merged.status, 200, "{}", merged.json);
        bureau.test.app.clock.advance_ms(1);
        let dropped = json!({ "version": 1, "reason": "表箱下月整体更换" });
        let dropped = send(&bureau, &bureau.reviewer.1, &at(&action, "drop"), &dropped).await.json;
        assert_eq!(dropped["for_complaints"].as_array().map(Vec::len), Some(1), "{dropped}");
        assert_eq!(dropped["for_complaints"][0]["number"], first["number"]);
        let record = bureau.get(&format!("/v1/complaints/{id}")).await.json;
        let told = record["timeline"].as_array().unwrap().iter();
        let told = told.filter(|entry| entry["detail"]["act"] == "dropped").count();
        assert_eq!(told, 1, "{}", record["timeline"]);
    })
    .await;
}

#[tokio::test]
async fn who_judges_elsewhere_does_not_carry_out_the_action_of_another() {
    Bureau::for_each_engine(|bureau| async move {
        let complaint = bureau.complaint(&json!({ "region": "east" })).await;
        let action = an_action(&bureau, &complaint).await;
        a_person(&bureau.test, "root", &[Role::Administrator]).await;
        let (both, session) = a_person(&bureau.test, "both", &[Role::Clerk]).await;
        let grant = |role, region: &str| Grant { role, unit: String::new(), region: region.to_owned() };
        let mut tx = bureau.test.app.store.write().await.unwrap();
        let roles = [grant(Role::Clerk, ""), grant(Role::Reviewer, "west")];
        set_roles(&mut tx, both, &roles, None, None, bureau.test.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let done = json!({ "version": 1, "evidence": "做了" });
        let refused = send(&bureau, &session, &at(&action, "completion"), &done).await;
        assert_eq!((refused.status, &refused.json["code"]), (403, &json!("action-of-another")));
        let judge = send(&bureau, &bureau.reviewer.1, &at(&action, "completion"), &done).await;
        assert_eq!(judge.status, 200, "{}", judge.json);
    })
    .await;
}
