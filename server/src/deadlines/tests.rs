//! What deadlines promise, on both engines.

use super::publish_built_in;
use crate::complaints::tests::Bureau;
use crate::devices::Contact;
use crate::exchange::tests::{a_technician, exchange};
use crate::pages::testing::Browser;
use crate::people::Role;
use crate::people::tests::a_person;
use crate::store::statement;
use crate::testing::Answer;
use crate::work_orders::tests::{Dispatched, Technician};
use axum::http::Method;
use serde_json::{Value, json};
use sync_core::date::CivilDate;
use sync_core::deadline::{built_in_calendars, built_in_policy};

/// A bureau with the rules that come with the server.
async fn for_each_engine<F, Fut>(story: F)
where
    F: Fn(Bureau) -> Fut + Copy,
    Fut: Future<Output = ()>,
{
    Bureau::for_each_engine(|bureau| async move {
        let app = &bureau.test.app;
        let mut tx = app.store.write().await.unwrap();
        publish_built_in(&mut tx, app.clock.now()).await.unwrap();
        publish_built_in(&mut tx, app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        story(bureau).await;
    })
    .await;
}

/// A moment in China as Unix milliseconds.
fn at(date: &str, minutes: u16) -> i64 {
    date.parse::<CivilDate>().unwrap().moment(minutes, 480).unix_ms()
}

fn end_of(date: &str) -> i64 {
    at(date, 24 * 60) - 1
}

/// Friday before the long holiday of 2025.
const REQUESTED: (&str, u16) = ("2025-09-26", 16 * 60);

fn dates(complaint: &Value) -> [Value; 3] {
    ["contact_due_at_ms", "onsite_due_at_ms", "answer_due_at_ms"]
        .map(|name| complaint["deadlines"][name].clone())
}

async fn record_of(bureau: &Bureau, complaint: &Value) -> Value {
    bureau.get(&format!("/v1/complaints/{}", complaint["complaint_id"].as_str().unwrap())).await.json
}

async fn correct(bureau: &Bureau, complaint: &Value, changes: &Value) -> Value {
    let path = format!("/v1/complaints/{}", complaint["complaint_id"].as_str().unwrap());
    let tag = bureau.get(&path).await.headers["etag"].to_str().unwrap().to_owned();
    let answer = bureau.call(Method::PATCH, &path).header("if-match", &tag).json(changes).send().await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer.json
}

#[tokio::test]
async fn dates_follow_from_rules_until_somebody_types_one() {
    for_each_engine(|bureau| async move {
        let requested = at(REQUESTED.0, REQUESTED.1);
        let metering = bureau.complaint(&json!({ "requested_at_ms": requested })).await;
        // Five working days from 26 September: 28 September is a working Sunday, 1 to 8 October are off.
        let five = json!(end_of("2025-10-10"));
        assert_eq!(dates(&metering), [json!(at("2025-09-27", 16 * 60)), five.clone(), five.clone()]);
        let body = record_of(&bureau, &metering).await["clock"].clone();
        assert_eq!((&body["policy"], &body["rule"]), (&json!(1), &json!(4)));
        assert_eq!(body["limits"]["answer"], json!({ "amount": 5, "unit": "working_day" }));
        assert_eq!((&body["provisional"], &body["stands"]), (&json!(false), &json!(false)));

        // What is typed is a promise: neither the rule nor another category moves it.
        let typed = json!({ "contact_due_at_ms": requested + 60_000 });
        let promised = bureau.complaint(&json!({ "requested_at_ms": requested, "deadlines": typed })).await;
        assert_eq!(dates(&promised), [json!(requested + 60_000), five.clone(), five.clone()]);
        let outage = json!({ "category": "power.OUT.repair" });
        let corrected = correct(&bureau, &promised, &outage).await;
        let soon = json!(requested + 45 * 60_000);
        assert_eq!(dates(&corrected), [json!(requested + 60_000), soon, five.clone()]);
        let bill = correct(&bureau, &promised, &json!({ "category": "power.BIZ.bill" })).await;
        assert_eq!(dates(&bill), [json!(requested + 60_000), Value::Null, five.clone()]);

        // A form shows minutes: what comes back without seconds was not typed.
        let shown = json!({ "deadlines": { "contact_due_at_ms": at("2025-09-27", 16 * 60),
            "onsite_due_at_ms": end_of("2025-10-10") - 59_999, "answer_due_at_ms": end_of("2025-10-11") } });
        let answered = correct(&bureau, &metering, &shown).await;
        assert_eq!(dates(&answered), [json!(at("2025-09-27", 16 * 60)), five, json!(end_of("2025-10-11"))]);
        let limits = &record_of(&bureau, &metering).await["clock"]["limits"];
        assert!(limits["answer"].is_null() && limits["onsite"].is_object(), "{limits}");
    })
    .await;
}

#[tokio::test]
async fn a_clock_stands_for_a_named_reason_and_its_dates_move_by_what_it_stood() {
    for_each_engine(|bureau| async move {
        let clock = &bureau.test.app.clock;
        let requested = clock.now().unix_ms();
        let complaint = bureau.complaint(&json!({})).await;
        let path = format!("/v1/complaints/{}/clock", complaint["complaint_id"].as_str().unwrap());
        let (pauses, resumption) = (format!("{path}/pauses"), format!("{path}/resumption"));
        let stop = json!({ "reason": "customer_asked_later", "note": "客户下周才回来" });
        assert_eq!(bureau.post(&resumption, &json!({})).await.json["clock"], "runs");
        let excuse = json!({ "reason": "too_much_work", "note": "x" });
        assert_eq!(bureau.post(&pauses, &excuse).await.json["errors"][0]["pointer"], "/reason");
        assert_eq!(
            bureau.post(&pauses, &json!({ "reason": "outside_dependency", "note": " " })).await.status,
            422
        );

        let stopped = bureau.post(&pauses, &stop).await;
        assert_eq!((stopped.status, dates(&stopped.json)), (200, [Value::Null, Value::Null, Value::Null]));
        assert_eq!(bureau.post(&pauses, &stop).await.json["clock"], "stands");
        let stood = 10 * 60_000;
        clock.advance_ms(stood);
        let running = bureau.post(&resumption, &json!({})).await;
        assert_eq!(running.status, 200, "{}", running.json);
        assert_eq!(
            dates(&running.json)[0],
            json!(requested + 24 * 3_600_000 + stood),
            "a day and what it stood"
        );
        assert_eq!(dates(&running.json)[1], dates(&complaint)[1], "no closing time passed");
        let record = record_of(&bureau, &complaint).await;
        let body = &record["clock"];
        assert_eq!(body["pauses"][0]["reason"], "customer_asked_later");
        assert_eq!(body["pauses"][0]["to_ms"], json!(requested + stood));
        let kinds: Vec<&str> = record["timeline"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|entry| entry["kind"].as_str())
            .collect();
        assert!(kinds.contains(&"clock_paused") && kinds.contains(&"clock_resumed"), "{kinds:?}");
    })
    .await;
}

async fn put(bureau: &Bureau, who: &str, path: &str, body: &Value) -> Answer {
    bureau.test.call(Method::PUT, path).header("authorization", who).json(body).send().await
}

#[tokio::test]
async fn a_calendar_that_reaches_further_settles_what_was_provisional() {
    for_each_engine(|bureau| async move {
        let path = |version: u32| format!("/v1/calendars/cn/versions/{version}");
        let whole = &built_in_calendars()[0];
        let september: CivilDate = "2025-09-30".parse().unwrap();
        let mut short = whole.clone();
        short.covered_to = september;
        short.off.retain(|day| *day <= september);
        short.on.retain(|day| *day <= september);
        let (short, whole) = (json!(short), json!(whole));
        assert_eq!(put(&bureau, &bureau.clerk.1, &path(2), &short).await.status, 403);
        assert_eq!(put(&bureau, &bureau.lead.1, &path(1), &short).await.json["newest"], 1);
        let mut wrong = short.clone();
        wrong["on"] = json!(["2027-01-02"]);
        let refused = put(&bureau, &bureau.lead.1, &path(2), &wrong).await;
        assert!(
            refused.json["errors"][0]["expected"].as_str().unwrap().contains("2027-01-02"),
            "{}",
            refused.json
        );
        assert_eq!(put(&bureau, &bureau.lead.1, &path(2), &short).await.status, 201);

        let requested = at(REQUESTED.0, REQUESTED.1);
        let complaint = bureau.complaint(&json!({ "requested_at_ms": requested })).await;
        assert_eq!(
            dates(&complaint)[2],
            json!(end_of("2025-10-02")),
            "nobody published the holidays of October"
        );
        assert_eq!(record_of(&bureau, &complaint).await["clock"]["provisional"], true);
        let over = bureau.complaint(&json!({ "requested_at_ms": requested })).await;
        let withdrawal = format!("/v1/complaints/{}/withdrawal", over["complaint_id"].as_str().unwrap());
        assert_eq!(bureau.post(&withdrawal, &json!({ "reason": "paid by mistake" })).await.status, 200);
        let done = put(&bureau, &bureau.lead.1, &path(3), &whole).await;
        assert_eq!((done.status, &done.json["moved"]), (201, &json!(1)), "{}", done.json);
        let settled = record_of(&bureau, &complaint).await;
        assert_eq!(dates(&settled)[2], json!(end_of("2025-10-10")));
        assert_eq!(settled["clock"]["provisional"], false);
        assert_eq!(dates(&record_of(&bureau, &over).await), dates(&over), "what is over is left alone");
    })
    .await;
}

#[tokio::test]
async fn rules_hold_from_their_day_and_show_before_what_they_would_do() {
    for_each_engine(|bureau| async move {
        let now = bureau.test.app.clock.now().unix_ms();
        bureau.complaint(&json!({})).await;
        let mut stricter = built_in_policy().clone();
        stricter.rules[3].limits.answer.as_mut().unwrap().amount = 3;
        let later = now + 600_000;
        let form = json!({ "effective_from_ms": later, "policy": stricter });
        let preview = |form: Value, who: String| {
            let call = bureau.test.call(Method::POST, "/v1/deadline-policies/preview");
            async move { call.header("authorization", &who).json(&form).send().await }
        };
        assert_eq!(preview(form.clone(), bureau.clerk.1.clone()).await.status, 403);
        let shown = preview(form.clone(), bureau.lead.1.clone()).await.json;
        assert_eq!((&shown["complaints"], &shown["other_limits"]), (&json!(1), &json!(1)));
        assert_eq!(shown["rules"][3], json!({ "rule": 4, "complaints": 1, "other_limits": 1 }));

        let path = |version: u32| format!("/v1/deadline-policies/{version}");
        let past = json!({ "effective_from_ms": now - 3_600_000, "policy": form["policy"] });
        assert_eq!(put(&bureau, &bureau.lead.1, &path(2), &past).await.status, 422);
        let mut nowhere = form.clone();
        nowhere["policy"]["calendar"] = json!("mars");
        let refused = put(&bureau, &bureau.lead.1, &path(2), &nowhere).await;
        assert_eq!(refused.json["errors"][0]["pointer"], "/policy/calendar");
        assert_eq!(put(&bureau, &bureau.lead.1, &path(7), &form).await.status, 412);
        assert_eq!(put(&bureau, &bureau.lead.1, &path(2), &form).await.status, 201);
        let rule_of =
            async |complaint: &Value| record_of(&bureau, complaint).await["clock"]["policy"].clone();
        let before = bureau.complaint(&json!({})).await;
        assert_eq!(rule_of(&before).await, 1, "their day has not come");
        bureau.test.app.clock.advance_ms(700_000);
        let after = bureau.complaint(&json!({})).await;
        assert_eq!(rule_of(&after).await, 2);
        let late = bureau.complaint(&json!({ "requested_at_ms": now })).await;
        assert_eq!(rule_of(&late).await, 1, "requested before, written down after");
        assert_eq!(bureau.get("/v1/deadline-policies").await.json[0]["version"], 2);
    })
    .await;
}

#[tokio::test]
async fn the_record_says_where_its_dates_come_from_and_lets_its_clock_stand() {
    for_each_engine(|bureau| async move {
        let complaint = bureau.complaint(&json!({})).await;
        let path = format!("/complaints/{}", complaint["complaint_id"].as_str().unwrap());
        let browser = Browser::of(&bureau.test, &bureau.clerk.1);
        let page = browser.get(&path).await;
        for words in
            ["Answer within", "5 working days", "Rule 4 of version 1", "State Grid", "Stop the clock"]
        {
            assert!(page.html().contains(words), "{words}: {}", page.html());
        }
        let fields = [("reason", "customer_unreachable"), ("note", "打了三次电话")];
        let stopped = browser.post(&format!("{path}/clock/pauses"), &fields).await;
        assert_eq!(stopped.location(), format!("{path}?said=clock-paused"));
        let page = browser.get(&path).await;
        for words in ["The clock stands", "打了三次电话", "cannot be reached", "Let the clock run again"]
        {
            assert!(page.html().contains(words), "{words}: {}", page.html());
        }
        let running = browser.post(&format!("{path}/clock/resumption"), &[]).await;
        assert_eq!(running.location(), format!("{path}?said=clock-resumed"));
    })
    .await;
}

async fn timeline(bureau: &Bureau, complaint: &Value) -> Vec<(String, Value)> {
    let record = record_of(bureau, complaint).await;
    let entries = record["timeline"].as_array().unwrap().iter();
    let of_deadlines = entries.filter(|entry| entry["kind"].as_str().unwrap().starts_with("deadline_"));
    of_deadlines.map(|entry| (entry["kind"].as_str().unwrap().to_owned(), entry["detail"].clone())).collect()
}

async fn watched(bureau: &Bureau, list: &str) -> Vec<Value> {
    let answer = bureau.get(&format!("/v1/deadline-watch?list={list}")).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer.json["items"].as_array().unwrap().clone()
}

/// Time passes, the watch goes its rounds, and nobody is signed out for doing nothing.
async fn pass(bureau: &Bureau, ms: i64) {
    const ROUND_MS: i64 = 20 * MINUTE;
    for gone in (0..ms.max(1)).step_by(usize::try_from(ROUND_MS).unwrap()) {
        bureau.test.app.clock.advance_ms((ms - gone).min(ROUND_MS));
        super::watch::round(&bureau.test.app).await.unwrap();
        assert_eq!(bureau.get("/v1/silent-visits").await.status, 200);
    }
}

const MINUTE: i64 = 60_000;

#[tokio::test]
async fn what_comes_near_is_missed_and_stays_missed_is_told_to_more_and_more_people() {
    for_each_engine(|bureau| async move {
        let now = bureau.test.app.clock.now().unix_ms();
        // 45 minutes to be on site, 24 hours to contact the customer.
        let outage = json!({ "category": "power.OUT.repair", "requested_at_ms": now,
            "deadlines": { "contact_due_at_ms": now + 24 * 60 * MINUTE } });
        let outage = bureau.complaint(&outage).await;
        pass(&bureau, 35 * MINUTE).await;
        assert!(timeline(&bureau, &outage).await.is_empty() && watched(&bureau, "near").await.is_empty());
        pass(&bureau, 2 * MINUTE).await;
        assert_eq!(watched(&bureau, "near").await[0]["step"], "onsite");
        pass(&bureau, 9 * MINUTE).await;
        let late = watched(&bureau, "late").await;
        assert_eq!(
            (late.len(), &late[0]["level"], &late[0]["due_at_ms"]),
            (1, &json!(2), &json!(now + 45 * MINUTE))
        );
        assert!(watched(&bureau, "near").await.is_empty());
        pass(&bureau, 120 * MINUTE).await;
        let kinds: Vec<String> = timeline(&bureau, &outage).await.into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["deadline_near", "deadline_missed", "deadline_escalated"]);
        assert_eq!(watched(&bureau, "late").await[0]["escalated_to"], json!(["lead"]));
        pass(&bureau, 0).await;
        assert_eq!(timeline(&bureau, &outage).await.len(), 3, "nothing is said twice");
        let said = bureau.get("/v1/server-log?kind=deadline.escalated").await;
        assert!(said.json["items"].as_array().is_none_or(|items| items.len() == 1), "{}", said.json);

        // Hours later its state is stuck, too; once it is over, nothing is left to watch.
        pass(&bureau, 180 * MINUTE).await;
        assert_eq!(watched(&bureau, "stuck").await[0]["state"], "received");
        let path = format!("/v1/complaints/{}/withdrawal", outage["complaint_id"].as_str().unwrap());
        let done =
            bureau.call(Method::POST, &path).json(&json!({ "reason": "the customer found the switch" }));
        assert_eq!(done.send().await.status, 200);
        pass(&bureau, 60 * MINUTE).await;
        for list in ["late", "near", "stuck"] {
            assert!(watched(&bureau, list).await.is_empty(), "{list}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_clock_that_stands_and_a_complaint_taken_up_again_are_watched_by_their_new_dates() {
    for_each_engine(|bureau| async move {
        let complaint = bureau.complaint(&json!({ "category": "power.OUT.repair" })).await;
        let path = format!("/v1/complaints/{}", complaint["complaint_id"].as_str().unwrap());
        let post = |path: String, body: Value| {
            let call = bureau.call(Method::POST, &path).json(&body);
            async move {
                let answer = call.send().await;
                assert_eq!(answer.status, 200, "{path}: {}", answer.json);
                answer.json
            }
        };
        let pause = json!({ "reason": "customer_unreachable", "note": "nobody answers" });
        post(format!("{path}/clock/pauses"), pause).await;
        pass(&bureau, 20 * MINUTE).await;
        pass(&bureau, 20 * MINUTE).await;
        pass(&bureau, 20 * MINUTE).await;
        assert!(timeline(&bureau, &complaint).await.is_empty(), "its clock stands");
        post(format!("{path}/clock/resumption"), json!({})).await;
        pass(&bureau, 10 * MINUTE).await;
        assert!(timeline(&bureau, &complaint).await.is_empty(), "its dates have moved");

        post(format!("{path}/withdrawal"), json!({ "reason": "by mistake" })).await;
        pass(&bureau, 25 * MINUTE).await;
        let reopened = bureau.test.app.clock.now().unix_ms();
        let again = post(format!("{path}/reopening"), json!({ "reason": "it was no mistake" })).await;
        assert_eq!(again["deadlines"]["onsite_due_at_ms"], json!(reopened + 45 * MINUTE), "from now on");
    })
    .await;
}

#[tokio::test]
async fn who_was_there_in_time_takes_the_breach_back_when_the_device_s_clock_is_right() {
    for_each_engine(|bureau| async move {
        for (login, off_ms, kept) in [("zhangwei", 0, true), ("liming", 9 * MINUTE, false)] {
            let mut device = a_technician(&bureau.test, login).await;
            device.now = bureau.test.app.clock.now().plus_ms(off_ms);
            exchange(&bureau.test, &mut device).await;
            let complaint = bureau.complaint(&json!({ "category": "power.OUT.repair" })).await;
            pass(&bureau, 60 * MINUTE).await;
            let late = |list: Vec<Value>| {
                let of_this = |item: &&Value| item["complaint_id"] == complaint["complaint_id"];
                list.iter().filter(of_this).any(|item| item["step"] == "onsite")
            };
            assert!(late(watched(&bureau, "late").await));
            let id = complaint["complaint_id"].as_str().unwrap().parse().unwrap();
            let mut tx = bureau.test.app.store.write().await.unwrap();
            let found = crate::complaints::find(&mut tx, id).await.unwrap().unwrap();
            let now = bureau.test.app.clock.now();
            super::arrived(&mut tx, &found, device.device, (now.plus_ms(-30 * MINUTE), now)).await.unwrap();
            super::arrived(&mut tx, &found, device.device, (now.plus_ms(-20 * MINUTE), now)).await.unwrap();
            tx.commit().await.unwrap();
            let kinds: Vec<String> =
                timeline(&bureau, &complaint).await.into_iter().map(|(kind, _)| kind).collect();
            assert_eq!(kinds.last().unwrap() == "deadline_kept", kept, "{kinds:?}");
            assert!(!late(watched(&bureau, "late").await), "somebody is there");
        }
    })
    .await;
}

#[tokio::test]
async fn who_was_sent_and_is_not_heard_of_is_listed_as_silent() {
    for_each_engine(|bureau| async move {
        let dispatched = Dispatched::of(&bureau).await;
        let zhang = Technician::of(&bureau, "zhang").await;
        dispatched.send(&bureau, zhang).await;
        let silent = async |login: &str| {
            let (_, fresh) = a_person(&bureau.test, login, &[Role::Clerk]).await;
            let call = bureau.test.call(Method::GET, "/v1/silent-visits").header("authorization", &fresh);
            call.send().await.json
        };
        bureau.test.app.clock.advance_ms(23 * 60 * MINUTE);
        assert_eq!(silent("early").await, json!([]), "a day has not passed");
        bureau.test.app.clock.advance_ms(2 * 60 * MINUTE);
        let found = silent("later").await;
        assert_eq!(
            (&found[0]["visit_id"], &found[0]["last_seen_at_ms"]),
            (&json!(dispatched.visit), &Value::Null)
        );
        let mut tx = bureau.test.app.store.write().await.unwrap();
        let now = bureau.test.app.clock.now();
        crate::devices::record_contact(&mut tx, zhang.device, &Contact::default(), now).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(silent("heard").await, json!([]), "their device has reported");
    })
    .await;
}

#[tokio::test]
async fn complaints_that_are_older_than_the_watch_are_taken_up_at_a_start() {
    for_each_engine(|bureau| async move {
        let outage = bureau.complaint(&json!({ "category": "power.OUT.repair" })).await;
        let mut tx = bureau.test.app.store.write().await.unwrap();
        statement("DELETE FROM deadline_steps").execute(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        pass(&bureau, 60 * MINUTE).await;
        assert!(watched(&bureau, "late").await.is_empty(), "nobody watched it");
        super::watch::adopt(&bureau.test.app).await.unwrap();
        super::watch::adopt(&bureau.test.app).await.unwrap();
        pass(&bureau, 0).await;
        assert_eq!(watched(&bureau, "late").await[0]["complaint_id"], outage["complaint_id"]);
        pass(&bureau, 0).await;
        assert_eq!(timeline(&bureau, &outage).await.len(), 2, "contact and site, each told once");
    })
    .await;
}
