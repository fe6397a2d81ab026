//! What expert seats promise, on both engines.

use crate::complaints::tests::{Bureau, somebody_of};
use crate::exchange::testing::SimDevice;
use crate::exchange::tests::{a_technician, exchange};
use crate::people::Role;
use crate::people::tests::a_person;
use crate::sections::tests::with_rules;
use crate::testing::Answer;
use crate::work_orders::tests::{Dispatched, Technician};
use axum::http::Method;
use serde_json::{Value, json};
use sync_core::ids::VisitId;
use sync_core::protocol::{AssignmentCard, CommandOutcome, ExpertCard, PackKey, Request};

const MINUTE_MS: i64 = 60_000;

/// Two experts, and rules that name disciplines.
struct Seats {
    bureau: Bureau,
    liu: String,
    zhao: String,
}

async fn for_each_engine<F, Fut>(story: F)
where
    F: Fn(Seats) -> Fut + Copy,
    Fut: Future<Output = ()>,
{
    Bureau::for_each_engine(|bureau| async move {
        with_rules(&bureau).await;
        let liu = a_person(&bureau.test, "liu", &[Role::Expert]).await.1;
        let zhao = a_person(&bureau.test, "zhao", &[Role::Expert]).await.1;
        story(Seats { bureau, liu, zhao }).await;
    })
    .await;
}

impl Seats {
    async fn post(&self, session: &str, path: &str, body: &Value) -> Answer {
        self.bureau.test.app.clock.advance_ms(1);
        self.bureau.test.call(Method::POST, path).header("authorization", session).json(body).send().await
    }

    async fn list(&self, session: &str, query: &str) -> Vec<String> {
        let path = format!("/v1/expert-requests?{query}");
        let answer = self.bureau.test.call(Method::GET, &path).header("authorization", session).send().await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        let items = answer.json["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["request_id"].as_str().unwrap().to_owned()).collect()
    }

    /// A question of the clerk to metering.
    async fn asked(&self, complaint: &Value) -> Value {
        let form = json!({ "skill": "metering", "question": "三相四线表零线断开，能否现场判定计量差错？" });
        let asked = self.post(&self.bureau.clerk.1, &questions_of(complaint), &form).await;
        assert_eq!(asked.status, 201, "{}", asked.json);
        asked.json
    }
}

fn questions_of(complaint: &Value) -> String {
    format!("/v1/complaints/{}/expert-requests", complaint["complaint_id"].as_str().unwrap())
}

fn at(request: &Value, act: &str) -> String {
    format!("/v1/expert-requests/{}/{act}", id(request))
}

fn id(request: &Value) -> &str {
    request["request_id"].as_str().unwrap()
}

fn answer(words: &str) -> Value {
    json!({ "answer": words })
}

/// What the card of a visit says of experts, as the device carries it.
fn carried(device: &SimDevice, visit: VisitId) -> Vec<ExpertCard> {
    let card: AssignmentCard =
        serde_json::from_str(&device.pack[&PackKey::Assignment(visit).to_string()]).unwrap();
    card.expert_requests
}

#[tokio::test]
async fn a_question_from_the_field_travels_and_its_answer_comes_back_with_the_next_exchange() {
    for_each_engine(|seats| async move {
        let bureau = &seats.bureau;
        let mut device = a_technician(&bureau.test, "zhangwei").await;
        let dispatched = Dispatched::of(bureau).await;
        let visit = dispatched.visit;
        dispatched.send(bureau, Technician { person: device.person, device: device.device }).await;
        exchange(&bureau.test, &mut device).await;
        assert!(device.pack["codes/disciplines"].contains("计量"), "technicians name a discipline");
        assert!(carried(&device, visit).is_empty());

        // Asked three hours before there is a network: the limit begins when the server receives it.
        device.now = bureau.test.app.clock.now().plus_ms(-180 * MINUTE_MS);
        let claimed = device.now.unix_ms();
        let ask = |skill: &str, question: &str| Request::AskExpert {
            visit,
            skill: skill.to_owned(),
            question: question.to_owned(),
        };
        let question = device.command(Some(visit), &ask("metering", " 表号对不上，怎么办？ "));
        let strange = device.command(Some(visit), &ask("plumbing", "?"));
        let empty = device.command(Some(visit), &ask("metering", "  "));
        let long = device.command(Some(visit), &ask("metering", &"长".repeat(2_001)));
        exchange(&bureau.test, &mut device).await;
        exchange(&bureau.test, &mut device).await;
        let refusal = |id| match &device.commands[id] {
            CommandOutcome::Refused { reason, .. } => reason.clone(),
            CommandOutcome::Done { .. } => "done".to_owned(),
        };
        let fates = [&question, &strange, &empty, &long].map(refusal);
        assert_eq!(fates, ["done", "skill_unknown", "question_invalid", "question_invalid"]);
        let cards = carried(&device, visit);
        assert_eq!((cards.len(), cards[0].state.as_str()), (1, "open"));
        assert_eq!((cards[0].id.to_string(), cards[0].skill.zh.as_str()), (question.to_string(), "计量"));

        let waiting = seats.list(&seats.liu, "list=waiting").await;
        assert_eq!(waiting, [question.to_string()]);
        let path = format!("/v1/expert-requests/{question}");
        let read = bureau.get(&path).await.json;
        let received = read["received_at_ms"].as_i64().unwrap();
        assert_eq!(read["claimed_at_ms"], claimed, "shown, not believed");
        assert!(received >= claimed + 180 * MINUTE_MS, "{read}");
        assert_eq!(read["due_at_ms"], received + 30 * MINUTE_MS, "around the clock");
        assert_eq!((&read["question"], &read["late"]), (&json!("表号对不上，怎么办？"), &json!(false)));
        assert_eq!(read["visit_id"], json!(visit));

        let answered = seats.post(&seats.liu, &at(&read, "answer"), &answer("先拍铭牌，再封存。")).await;
        assert_eq!(
            (answered.status, &answered.json["state"]),
            (200, &json!("answered")),
            "{}",
            answered.json
        );
        exchange(&bureau.test, &mut device).await;
        let card = carried(&device, visit).remove(0);
        assert_eq!((card.state.as_str(), card.answer.as_deref()), ("answered", Some("先拍铭牌，再封存。")));
        assert_eq!(card.answered_by.as_deref(), Some("liu 测试"));
        assert!(card.answered_at.is_some() && card.due_at.unix_ms() == received + 30 * MINUTE_MS);

        let record = bureau.get(&format!("/v1/complaints/{}", dispatched.complaint)).await.json;
        let told = record["timeline"].as_array().unwrap().iter();
        let acts: Vec<&str> = told.filter_map(|entry| entry["detail"]["expert_act"].as_str()).collect();
        assert_eq!(acts, ["asked", "answered"]);
        assert_eq!(record["expert_requests"][0]["answer"], "先拍铭牌，再封存。");
    })
    .await;
}

#[tokio::test]
async fn a_question_is_taken_given_back_and_answered_once_by_somebody_else() {
    for_each_engine(|seats| async move {
        let complaint = seats.bureau.complaint(&json!({})).await;
        let asked = seats.asked(&complaint).await;
        assert_eq!((&asked["state"], &asked["skill_en"]), (&json!("open"), &json!("Metering")));
        let clerk = seats.bureau.clerk.1.clone();
        for act in ["taking", "giving-back", "answer"] {
            let refused = seats.post(&clerk, &at(&asked, act), &answer("好")).await;
            assert_eq!((refused.status, &refused.json["code"]), (403, &json!("role-missing")), "{act}");
        }
        let taken = seats.post(&seats.liu, &at(&asked, "taking"), &json!({})).await;
        assert_eq!((taken.status, &taken.json["state"]), (200, &json!("taken")), "{}", taken.json);
        assert_eq!(taken.json["holder"]["name"], "liu 测试");
        let again = seats.post(&seats.liu, &at(&asked, "taking"), &json!({})).await;
        assert_eq!(again.json["version"], 2, "the same once more changes nothing");
        for act in ["taking", "giving-back", "answer"] {
            let refused = seats.post(&seats.zhao, &at(&asked, act), &answer("好")).await;
            assert_eq!(refused.json["code"], "expert-request-of-another", "{act}");
        }
        assert_eq!(seats.list(&seats.liu, "list=mine").await, [id(&asked)]);
        assert!(seats.list(&seats.zhao, "list=open").await.is_empty());
        let back = seats.post(&seats.liu, &at(&asked, "giving-back"), &json!({})).await;
        assert_eq!((&back.json["state"], &back.json["holder"]), (&json!("open"), &Value::Null));
        assert_eq!(back.json["due_at_ms"], asked["due_at_ms"], "its deadline stays");
        let nothing = seats.post(&seats.liu, &at(&asked, "giving-back"), &json!({})).await;
        assert_eq!(nothing.json["code"], "expert-request-state");

        // Two experts answer what both read: the second is told that it has its answer.
        let read_at = |session: &str| {
            let call = seats.bureau.test.call(Method::POST, &at(&asked, "answer"));
            call.header("authorization", session).header("if-match", "\"3\"").json(&answer("可以")).send()
        };
        let first = read_at(&seats.liu).await;
        assert_eq!(
            (first.status, &first.json["over_by"]["name"]),
            (200, &json!("liu 测试")),
            "{}",
            first.json
        );
        assert_eq!(first.headers["etag"].to_str().unwrap(), "\"4\"");
        let second = read_at(&seats.zhao).await;
        assert_eq!((second.status, &second.json["code"]), (409, &json!("expert-request-state")));
        assert_eq!(second.json["state"], "answered");
        assert_eq!(seats.list(&clerk, "list=over").await, [id(&asked)]);
    })
    .await;
}

#[tokio::test]
async fn nobody_answers_their_own_question_and_withdrawing_takes_a_reason() {
    for_each_engine(|seats| async move {
        let complaint = seats.bureau.complaint(&json!({})).await;
        let lead = seats.bureau.lead.1.clone();
        let form = json!({ "skill": "billing", "question": "阶梯电价按哪个月份？" });
        let own = seats.post(&lead, &questions_of(&complaint), &form).await.json;
        for act in ["taking", "answer"] {
            let refused = seats.post(&lead, &at(&own, act), &answer("本月")).await;
            assert_eq!((refused.status, &refused.json["code"]), (409, &json!("expert-request-own")), "{act}");
        }
        let asked = seats.asked(&complaint).await;
        let foreign = seats.post(&seats.liu, &at(&asked, "withdrawal"), &json!({ "reason": "不问了" })).await;
        assert_eq!(foreign.json["code"], "expert-request-of-another", "{}", foreign.json);
        let clerk = seats.bureau.clerk.1.clone();
        let mute = seats.post(&clerk, &at(&asked, "withdrawal"), &json!({ "reason": " " })).await;
        assert_eq!(mute.json["errors"][0]["pointer"], "/reason");
        let gone = seats.post(&clerk, &at(&asked, "withdrawal"), &json!({ "reason": "已查到规程" })).await;
        assert_eq!((&gone.json["state"], &gone.json["reason"]), (&json!("withdrawn"), &json!("已查到规程")));
        let late = seats.post(&seats.liu, &at(&asked, "answer"), &answer("可以")).await;
        assert_eq!((late.status, &late.json["state"]), (409, &json!("withdrawn")));
        let mute = seats.post(&seats.liu, &at(&own, "answer"), &answer("")).await;
        assert_eq!(mute.json["errors"][0]["pointer"], "/answer");
        let kept = seats.post(&lead, &at(&own, "withdrawal"), &json!({ "reason": "重复" })).await;
        assert_eq!(kept.status, 200, "{}", kept.json);
    })
    .await;
}

#[tokio::test]
async fn the_queue_is_by_skill_the_soonest_due_first_and_names_what_is_late_or_near() {
    for_each_engine(|seats| async move {
        let complaint = seats.bureau.complaint(&json!({})).await;
        let first = seats.asked(&complaint).await;
        seats.bureau.test.app.clock.advance_ms(15 * MINUTE_MS);
        let form = json!({ "skill": "billing", "question": "分时电价如何计算？" });
        let second = seats.post(&seats.bureau.clerk.1, &questions_of(&complaint), &form).await.json;
        let sure = seats.liu.clone();
        assert_eq!(seats.list(&sure, "list=waiting").await, [id(&first), id(&second)]);
        assert_eq!(seats.list(&sure, "list=waiting&skill=billing").await, [id(&second)]);
        assert!(seats.list(&sure, "list=waiting&skill=operation").await.is_empty());
        assert!(seats.list(&sure, "list=pressing").await.is_empty());
        let part = seats.bureau.get("/v1/expert-requests?list=waiting&limit=1").await.json;
        let cursor = part["next_cursor"].as_str().unwrap();
        assert_eq!(seats.list(&sure, &format!("list=waiting&cursor={cursor}")).await, [id(&second)]);

        seats.bureau.test.app.clock.advance_ms(6 * MINUTE_MS);
        let fresh = a_person(&seats.bureau.test, "sun", &[Role::Expert]).await.1;
        assert_eq!(seats.list(&fresh, "list=pressing").await, [id(&first)], "ten minutes are left");
        seats.bureau.test.app.clock.advance_ms(10 * MINUTE_MS);
        let read = seats.bureau.get(&format!("/v1/expert-requests/{}", id(&first))).await.json;
        assert_eq!(read["late"], true);
        let done = seats.post(&fresh, &at(&first, "answer"), &answer("可以")).await.json;
        assert_eq!(done["late"], true, "an answer that came late stays late");
        // Who reaches other regions only finds nothing of it.
        let elsewhere = somebody_of(&seats.bureau.test, Role::Expert, "", "west").await;
        assert!(seats.list(&elsewhere, "list=waiting").await.is_empty());
        let unseen = seats.post(&elsewhere, &at(&second, "answer"), &answer("可以")).await;
        assert_eq!((unseen.status, &unseen.json["code"]), (404, &json!("expert-request-unknown")));
    })
    .await;
}

#[tokio::test]
async fn bad_questions_are_refused_and_those_of_closed_complaints_are_kept_from_the_field_only() {
    for_each_engine(|seats| async move {
        let bureau = &seats.bureau;
        let technician = Technician::of(bureau, "zhang").await;
        let (dispatched, other) = (Dispatched::of(bureau).await, Dispatched::of(bureau).await);
        dispatched.send(bureau, technician).await;
        let complaint = json!({ "complaint_id": dispatched.complaint });
        let clerk = bureau.clerk.1.clone();
        for (form, field) in [
            (json!({ "skill": "plumbing", "question": "?" }), "/skill"),
            (json!({ "skill": "metering", "question": "\u{7}" }), "/question"),
            (json!({ "skill": "metering", "question": "长".repeat(2_001) }), "/question"),
            (json!({ "skill": "metering", "question": "?", "visit_id": other.visit }), "/visit_id"),
        ] {
            let refused = seats.post(&clerk, &questions_of(&complaint), &form).await;
            let pointer = &refused.json["errors"][0]["pointer"];
            assert_eq!((refused.status, pointer), (422, &json!(field)), "{}", refused.json);
        }
        let form = json!({ "skill": "metering", "question": "同一问题", "visit_id": dispatched.visit });
        let repeated = || {
            let call = bureau.call(Method::POST, &questions_of(&complaint)).header("idempotency-key", "q-1");
            call.json(&form).send()
        };
        let (one, two) = (repeated().await, repeated().await);
        assert_eq!((one.status, &one.json["request_id"]), (201, &two.json["request_id"]), "{}", one.json);

        let withdrawal = format!("/v1/complaints/{}/withdrawal", dispatched.complaint);
        let gone = bureau.post(&withdrawal, &json!({ "reason": "客户撤诉" })).await;
        assert_eq!(gone.status, 200, "{}", gone.json);
        let late = seats.post(&clerk, &questions_of(&complaint), &form).await;
        assert_eq!((late.status, &late.json["code"]), (409, &json!("complaint-state")));
        // What was asked without a network comes when it comes.
        let ask = Request::AskExpert {
            visit: dispatched.visit,
            skill: "metering".to_owned(),
            question: "断网时问的".to_owned(),
        };
        let outcome = technician.ask(bureau, ask).await;
        assert!(matches!(outcome, CommandOutcome::Done { .. }), "{outcome:?}");
        let path = "/v1/expert-requests?list=waiting";
        let waiting = bureau.get(path).await.json;
        let kept = waiting["items"].as_array().unwrap().iter().find(|item| item["question"] == "断网时问的");
        let kept = kept.unwrap_or_else(|| panic!("{waiting}"));
        assert_eq!(kept["complaint_over"], true);
        let answered = seats.post(&seats.zhao, &at(kept, "answer"), &answer("仍可处理")).await;
        assert_eq!(answered.json["state"], "answered", "{}", answered.json);
    })
    .await;
}
