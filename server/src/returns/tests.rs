//! What return visits promise, on both engines.

use crate::complaints::office_time;
use crate::complaints::tests::Bureau;
use crate::deadlines::publish_built_in;
use crate::people::Role;
use crate::people::tests::a_person;
use crate::testing::Answer;
use crate::work_orders::tests::{Dispatched, Technician};
use axum::http::Method;
use serde_json::{Value, json};
use sync_core::protocol::{CommandOutcome, Request};

/// A bureau with the rules that come with the server.
pub(crate) async fn for_each_engine<F, Fut>(story: F)
where
    F: Fn(Bureau) -> Fut + Copy,
    Fut: Future<Output = ()>,
{
    Bureau::for_each_engine(|bureau| async move {
        publish(&bureau).await;
        story(bureau).await;
    })
    .await;
}

pub(super) async fn publish(bureau: &Bureau) {
    let app = &bureau.test.app;
    let mut tx = app.store.write().await.unwrap();
    publish_built_in(&mut tx, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
}

/// A complaint about a leak with a visit for today.
pub(crate) async fn a_leak(bureau: &Bureau) -> Dispatched {
    let leak = json!({ "utility": "gas", "category": "gas.LEAK", "summary": "厨房有燃气味" });
    Dispatched::about(bureau, &leak).await
}

pub(crate) async fn finish(bureau: &Bureau, dispatched: &Dispatched, technician: Technician) {
    let request = Request::Finish { visit: dispatched.visit, outcome: "resolved_on_site".into() };
    let outcome = technician.ask(bureau, request).await;
    assert!(matches!(outcome, CommandOutcome::Done { .. }), "{outcome:?}");
}

pub(super) async fn as_person(
    bureau: &Bureau,
    session: &str,
    method: Method,
    path: &str,
    body: &Value,
) -> Answer {
    bureau.test.call(method, path).header("authorization", session).json(body).send().await
}

pub(super) async fn list(bureau: &Bureau, list: &str) -> Vec<Value> {
    let answer = bureau.get(&format!("/v1/return-visits?list={list}")).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer.json["items"].as_array().unwrap().clone()
}

pub(super) async fn record(bureau: &Bureau, complaint: &str) -> Value {
    bureau.get(&format!("/v1/complaints/{complaint}")).await.json
}

fn kinds(record: &Value) -> Vec<&str> {
    record["timeline"].as_array().unwrap().iter().filter_map(|entry| entry["kind"].as_str()).collect()
}

pub(super) fn path(planned: &Value) -> String {
    format!("/v1/return-visits/{}", planned["return_id"].as_str().unwrap())
}

/// Asks everything that must be asked and finishes; gives the last answer.
pub(super) async fn ask(bureau: &Bureau, session: &str, planned: &Value, said: &[(&str, &str)]) -> Answer {
    let at = path(planned);
    let version = json!({ "version": planned["version"] });
    let call = as_person(bureau, session, Method::POST, &format!("{at}/calls"), &version).await;
    assert_eq!(call.status, 200, "{}", call.json);
    let usual = [("identity", "yes"), ("came", "yes"), ("resolved", "yes"), ("charged", "nothing")];
    for (question, answer) in usual.iter().chain(said) {
        let put = format!("{at}/answers/return-visit.{question}");
        let put = as_person(bureau, session, Method::PUT, &put, &json!({ "answer": answer })).await;
        assert_eq!(put.status, 200, "{}", put.json);
        bureau.test.app.clock.advance_ms(7_000);
    }
    let done = json!({ "version": call.json["version"], "record": "客户说了很多" });
    as_person(bureau, session, Method::POST, &format!("{at}/completion"), &done).await
}

#[tokio::test]
async fn a_finished_visit_plans_one_return_visit_whatever_is_sent_again() {
    for_each_engine(|bureau| async move {
        let zhang = Technician::of(&bureau, "zhang").await;
        let leak = a_leak(&bureau).await;
        leak.send(&bureau, zhang).await;
        assert!(list(&bureau, "open").await.is_empty());
        finish(&bureau, &leak, zhang).await;
        finish(&bureau, &leak, zhang).await;
        let open = list(&bureau, "open").await;
        assert_eq!(open.len(), 1, "{open:?}");
        let planned = &open[0];
        assert_eq!(planned["visit_id"], json!(leak.visit));
        assert_eq!((&planned["method"], &planned["rule"]), (&json!("phone"), &json!(2)));
        // Friday 21 November 2025: the limit is Monday.
        assert_eq!(planned["due_at_ms"], json!(1_764_000_000_000_i64 - 1), "{planned}");
        let record = record(&bureau, &leak.complaint).await;
        assert_eq!(kinds(&record).iter().filter(|kind| **kind == "return_planned").count(), 1);
        assert_eq!(record["return_visits"][0]["return_id"], planned["return_id"]);

        // What no rule fits needs none, but anybody may want one.
        let metering = Dispatched::of(&bureau).await;
        metering.send(&bureau, zhang).await;
        finish(&bureau, &metering, zhang).await;
        assert_eq!(list(&bureau, "open").await.len(), 1);
        let wanted = json!({ "visit_id": metering.visit });
        let at = format!("/v1/complaints/{}/return-visits", metering.complaint);
        let by_hand = bureau.post(&at, &wanted).await;
        assert_eq!((by_hand.status, &by_hand.json["rule"]), (200, &json!(0)), "{}", by_hand.json);
        assert_eq!(bureau.post(&at, &wanted).await.json["return_id"], by_hand.json["return_id"]);
        let elsewhere = format!("/v1/complaints/{}/return-visits", leak.complaint);
        assert_eq!(bureau.post(&elsewhere, &wanted).await.json["code"], "visit-unknown");
    })
    .await;
}

#[tokio::test]
async fn closing_waits_for_the_return_visit_or_for_a_reason() {
    for_each_engine(|bureau| async move {
        let zhang = Technician::of(&bureau, "zhang").await;
        let leak = a_leak(&bureau).await;
        leak.send(&bureau, zhang).await;
        finish(&bureau, &leak, zhang).await;
        let verdict = json!({ "verdict": "undetermined", "note": "看过了", "override_reason": "演示" });
        let at = |step: &str| format!("/v1/complaints/{}/{step}", leak.complaint);
        let reviewer = bureau.reviewer.1.as_str();
        let lead = bureau.lead.1.as_str();
        let post = async |who: &str, step: &str, body: &Value| {
            as_person(&bureau, who, Method::POST, &at(step), body).await
        };
        assert_eq!(post(reviewer, "reviews", &verdict).await.status, 200);
        assert_eq!(post(lead, "answer", &json!({ "reason": "已答复" })).await.status, 200);
        let closed = post(reviewer, "closure", &json!({ "reason": "办结" })).await;
        assert_eq!(closed.json["code"], "complaint-blocked", "{}", closed.json);
        let blockers = closed.json["blockers"].as_array().unwrap();
        assert!(blockers.iter().any(|blocker| blocker["kind"] == "return_visit"), "{blockers:?}");
        let planned = list(&bureau, "open").await.remove(0);
        let waiver = json!({ "version": planned["version"], "reason": "客户已书面确认" });
        let waive = format!("{}/waiver", path(&planned));
        assert_eq!(bureau.post(&waive, &waiver).await.status, 403);
        let waived = as_person(&bureau, reviewer, Method::POST, &waive, &waiver).await;
        assert_eq!((waived.status, &waived.json["state"]), (200, &json!("waived")), "{}", waived.json);
        let override_reason = json!({ "reason": "办结", "override_reason": "设备未报告" });
        let closed = post(reviewer, "closure", &override_reason).await;
        assert_eq!(closed.status, 200, "{}", closed.json);
    })
    .await;
}

#[tokio::test]
async fn two_callers_meet_and_nobody_asks_about_their_own_work() {
    for_each_engine(|bureau| async move {
        let clock = &bureau.test.app.clock;
        let zhang = Technician::of(&bureau, "zhang").await;
        let (both, both_session) = a_person(&bureau.test, "both", &[Role::Clerk, Role::Technician]).await;
        let leak = a_leak(&bureau).await;
        leak.send(&bureau, zhang).await;
        leak.send(&bureau, Technician { person: both, device: zhang.device }).await;
        finish(&bureau, &leak, zhang).await;
        let planned = list(&bureau, "now").await.remove(0);
        let (call, version) = (format!("{}/calls", path(&planned)), json!({ "version": planned["version"] }));
        let own = as_person(&bureau, &both_session, Method::POST, &call, &version).await;
        assert_eq!((own.status, own.json["code"].as_str()), (409, Some("return-own-work")), "{}", own.json);

        let first = bureau.post(&call, &version).await;
        assert_eq!(first.status, 200, "{}", first.json);
        let again = bureau.post(&call, &json!({ "version": first.json["version"] })).await;
        assert_eq!(again.json["version"], first.json["version"], "beginning twice begins once");
        let second = as_person(&bureau, &bureau.lead.1, Method::POST, &call, &version).await;
        assert_eq!(second.json["code"], "return-taken", "{}", second.json);
        assert_eq!(second.json["holder"], json!(bureau.clerk.0));
        let answer = format!("{}/answers/return-visit.came", path(&planned));
        let said = json!({ "answer": "no" });
        let taken = as_person(&bureau, &bureau.lead.1, Method::PUT, &answer, &said).await;
        assert_eq!(taken.json["code"], "return-taken");
        assert_eq!(list(&bureau, "mine").await.len(), 1);

        // Who has given up is followed by somebody else.
        clock.advance_ms(31 * 60_000);
        let version = json!({ "version": first.json["version"] });
        let over = as_person(&bureau, &bureau.lead.1, Method::POST, &call, &version).await;
        assert_eq!(over.status, 200, "{}", over.json);
        let late = bureau.call(Method::PUT, &answer).json(&said).send().await;
        assert_eq!(late.json["code"], "return-taken");
    })
    .await;
}

#[tokio::test]
async fn a_call_in_vain_is_written_down_and_the_limit_stays() {
    for_each_engine(|bureau| async move {
        let clock = &bureau.test.app.clock;
        let zhang = Technician::of(&bureau, "zhang").await;
        let leak = a_leak(&bureau).await;
        leak.send(&bureau, zhang).await;
        finish(&bureau, &leak, zhang).await;
        let planned = list(&bureau, "now").await.remove(0);
        let (calls, attempts) = (format!("{}/calls", path(&planned)), format!("{}/attempts", path(&planned)));
        let note = |version: &Value, outcome: &str| json!({ "version": version, "outcome": outcome });
        assert_eq!(
            bureau.post(&attempts, &note(&planned["version"], "no_answer")).await.json["state"],
            "not_calling"
        );
        let call = bureau.post(&calls, &json!({ "version": planned["version"] })).await.json;
        let vain = bureau.post(&attempts, &note(&call["version"], "no_answer")).await;
        assert_eq!(vain.status, 200, "{}", vain.json);
        assert_eq!(bureau.post(&attempts, &note(&call["version"], "no_answer")).await.status, 409, "once");
        // 12:40 in China: people eat.
        assert_eq!(vain.json["attempts"][0]["in_window"], false);
        let call = bureau.post(&calls, &json!({ "version": vain.json["version"] })).await.json;
        let mut later = note(&call["version"], "inconvenient");
        assert_eq!(bureau.post(&attempts, &later).await.json["errors"][0]["pointer"], "/next_from_ms");
        let from = clock.now().unix_ms() + 20 * 60_000;
        later["next_from_ms"] = json!(from);
        later["next_to_ms"] = json!(from + 1_800_000);
        assert_eq!(bureau.post(&attempts, &later).await.json["errors"][0]["pointer"], "/note");
        later["note"] = json!("正在开会，请下午再打");
        let agreed = bureau.post(&attempts, &later).await;
        assert_eq!((agreed.status, &agreed.json["asked_later"]), (200, &json!(true)), "{}", agreed.json);
        assert_eq!(agreed.json["due_at_ms"], planned["due_at_ms"], "the limit stays");
        assert!(list(&bureau, "now").await.is_empty());
        clock.advance_ms(20 * 60_000);
        assert_eq!(list(&bureau, "now").await.len(), 1);
        let record = record(&bureau, &leak.complaint).await;
        assert_eq!(kinds(&record).iter().filter(|kind| **kind == "return_attempted").count(), 2);
        clock.advance_ms(5 * 86_400_000);
        let (_, session) = a_person(&bureau.test, "later", &[Role::Clerk]).await;
        let overdue = "/v1/return-visits?list=overdue";
        let overdue = bureau.test.get(overdue).header("authorization", &session).send().await;
        assert_eq!(overdue.json["items"].as_array().unwrap().len(), 1, "{}", overdue.json);
    })
    .await;
}

#[tokio::test]
async fn every_question_takes_its_time_and_nothing_is_done_without_words() {
    for_each_engine(|bureau| async move {
        let zhang = Technician::of(&bureau, "zhang").await;
        let leak = a_leak(&bureau).await;
        leak.send(&bureau, zhang).await;
        finish(&bureau, &leak, zhang).await;
        let planned = list(&bureau, "now").await.remove(0);
        let call = bureau
            .post(&format!("{}/calls", path(&planned)), &json!({ "version": planned["version"] }))
            .await;
        let completion = format!("{}/completion", path(&planned));
        let done = json!({ "version": call.json["version"], "record": "好" });
        let early = bureau.post(&completion, &done).await;
        assert_eq!(early.json["code"], "return-incomplete", "{}", early.json);
        assert_eq!(early.json["questions"].as_array().unwrap().len(), 4);
        let put = async |question: &str, answer: &str| {
            let at = format!("{}/answers/return-visit.{question}", path(&planned));
            bureau.call(Method::PUT, &at).json(&json!({ "answer": answer })).send().await
        };
        assert_eq!(put("came", "perhaps").await.status, 422);
        assert_eq!(put("rating", "6").await.status, 422);
        assert_eq!(put("record", "words").await.json["errors"][0]["pointer"], "/question");
        bureau.test.app.clock.advance_ms(4_000);
        for (question, answer, seconds) in [("came", "no", 4), ("came", "yes", 9), ("rating", "5", 9)] {
            let given = put(question, answer).await;
            let last = given.json["answers"].as_array().unwrap().last().unwrap().clone();
            assert_eq!((given.status, &last["seconds"]), (200, &json!(seconds)), "{}", given.json);
            bureau.test.app.clock.advance_ms(9_000);
        }
        let mut wordless = done.clone();
        wordless["record"] = json!("  ");
        for question in ["identity", "resolved"] {
            assert_eq!(put(question, "yes").await.status, 200);
        }
        assert_eq!(put("charged", "unknown").await.status, 200);
        assert_eq!(bureau.post(&completion, &wordless).await.json["errors"][0]["pointer"], "/record");
        let made = bureau.post(&completion, &done).await;
        assert_eq!((made.status, &made.json["checked"]), (200, &json!("agrees")), "{}", made.json);
        assert_eq!(made.json["record"], "好");
        let came =
            made.json["compared"].as_array().unwrap().iter().find(|pair| pair["claim"] == "came").unwrap();
        assert_eq!(
            (&came["answer"], &came["fit"]),
            (&json!("yes"), &json!("agrees")),
            "the newest answer counts"
        );
        assert_eq!(list(&bureau, "done").await.len(), 1);
        assert!(list(&bureau, "open").await.is_empty());

        // What the report says of who asked: for leads only.
        let week = office_time(bureau.test.app.clock.now()).date().iso_week_date();
        let report = format!("/v1/reports/{}-W{:02}", week.year(), week.week());
        let told = as_person(&bureau, &bureau.lead.1, Method::GET, &report, &Value::Null).await.json;
        let table = |name: &str| {
            let tables = told["tables"].as_array().unwrap().iter();
            tables.clone().find(|table| table["table"] == name).unwrap()["lines"].clone()
        };
        let metrics = table("metrics");
        let rating = metrics.as_array().unwrap().iter().find(|line| line["code"] == "rating").unwrap();
        assert_eq!(rating["cells"], json!([5.0, null, null]));
        // The six answers took 4, 9, 9, 9, 0 and 0 seconds.
        assert_eq!(table("callers")[0]["cells"], json!([1.0, 0.0, 0.0, 5.0, 4.0, 0.3333]));
        let less = as_person(&bureau, &bureau.reviewer.1, Method::GET, &report, &Value::Null).await.json;
        assert!(!less["tables"].to_string().contains("callers"));
    })
    .await;
}
