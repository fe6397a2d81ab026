//! What early warnings promise, on both engines.

use super::judging::round;
use super::publish_built_in;
use crate::complaints::tests::{Bureau, somebody_of};
use crate::people::Role;
use crate::people::tests::a_person;
use crate::testing::Answer;
use crate::work_orders::tests::Technician;
use axum::http::Method;
use serde_json::{Value, json};
use sync_core::date::CivilDate;
use sync_core::protocol::Request;

const DAY_MS: i64 = 86_400_000;

/// A bureau with the rules that come with the server.
pub(super) async fn for_each_engine<F, Fut>(story: F)
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

/// Judges until nothing is left to be judged.
pub(crate) async fn judged(bureau: &Bureau) {
    while round(&bureau.test.app).await.unwrap() > 0 {}
}

/// Noon in China on a day.
fn noon(day: &str) -> i64 {
    day.parse::<CivilDate>().unwrap().moment(12 * 60, 480).unix_ms()
}

/// So many complaints of one class and region that happened on this day.
async fn complaints(bureau: &Bureau, day: &str, number: usize, changes: Value) -> Vec<Value> {
    let mut made = Vec::new();
    for _ in 0..number {
        let mut form = json!({ "requested_at_ms": noon(day).min(bureau.test.app.clock.now().unix_ms()) });
        form.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        made.push(bureau.complaint(&form).await);
    }
    made
}

async fn list(bureau: &Bureau, session: &str, list: &str) -> Vec<Value> {
    let path = format!("/v1/warnings?list={list}");
    let answer = bureau.test.call(Method::GET, &path).header("authorization", session).send().await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer.json["items"].as_array().unwrap().clone()
}

async fn open(bureau: &Bureau) -> Vec<Value> {
    judged(bureau).await;
    list(bureau, &bureau.clerk.1, "open").await
}

async fn send(bureau: &Bureau, session: &str, warning: &Value, act: &str, body: Value) -> Answer {
    let path = format!("/v1/warnings/{}/{act}", warning["warning_id"].as_str().unwrap());
    bureau.test.call(Method::POST, &path).header("authorization", session).json(&body).send().await
}

/// Class, region, day, level and number of each.
fn told(warnings: &[Value]) -> Vec<(String, String, i64, i64)> {
    let mut told: Vec<_> = warnings
        .iter()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap().to_owned();
            let cell = format!("{} {}", text("class"), text("area"));
            (cell, text("day"), one["level"].as_i64().unwrap(), one["seen"].as_i64().unwrap())
        })
        .collect();
    told.sort();
    told
}

fn one(cell: &str, day: &str, level: i64, seen: i64) -> (String, String, i64, i64) {
    (cell.to_owned(), day.to_owned(), level, seen)
}

const EAST: &str = "power.BIZ east";
const TODAY: &str = "2025-11-21";

#[tokio::test]
async fn a_batch_is_raised_acknowledged_looked_at_again_and_closed() {
    for_each_engine(|bureau| async move {
        let clock = &bureau.test.app.clock;
        complaints(&bureau, TODAY, 4, json!({})).await;
        assert!(open(&bureau).await.is_empty(), "four are no batch");
        complaints(&bureau, TODAY, 1, json!({ "category": "power.BIZ.bill" })).await;
        let raised = open(&bureau).await;
        assert_eq!(told(&raised), [one(EAST, TODAY, 1, 5)], "one class with all its parts");
        assert_eq!((&raised[0]["usual"], &raised[0]["limit"]), (&Value::Null, &json!(5.0)));
        assert_eq!((&raised[0]["late"], &raised[0]["state"]), (&json!(false), &json!("raised")));
        assert_eq!(list(&bureau, &bureau.clerk.1, "mine").await.len(), 1);
        assert!(
            list(&bureau, &bureau.reviewer.1, "mine").await.is_empty(),
            "level 1 is told to clerks and leads"
        );

        let path = format!("/v1/warnings/{}", raised[0]["warning_id"].as_str().unwrap());
        let detail = bureau.get(&path).await.json;
        assert_eq!(detail["complaints"].as_array().unwrap().len(), 5);
        assert_eq!(detail["recipients"].as_array().unwrap().len(), 2, "{}", detail["recipients"]);
        assert_eq!(
            detail["days"].as_array().unwrap().last().unwrap(),
            &json!({ "day": TODAY, "reports": 5, "counted": true })
        );
        assert_eq!(detail["recheck_minutes"], 240);

        let clerk = bureau.clerk.1.as_str();
        let early =
            send(&bureau, clerk, &raised[0], "rechecks", json!({ "version": 1, "finding": "x" })).await;
        assert_eq!(
            (early.status, &early.json["code"], &early.json["state"]),
            (409, &json!("warning-state"), &json!("raised"))
        );
        let silent =
            send(&bureau, clerk, &raised[0], "acknowledgement", json!({ "version": 1, "plan": " " })).await;
        assert_eq!(silent.json["errors"][0]["pointer"], "/plan");
        let plan = json!({ "version": 1, "plan": "已通知电费班核对抄表批次" });
        let seen = send(&bureau, clerk, &raised[0], "acknowledgement", plan.clone()).await;
        assert_eq!((seen.status, &seen.json["state"]), (200, &json!("acknowledged")), "{}", seen.json);
        let again = send(&bureau, clerk, &raised[0], "acknowledgement", plan).await;
        assert_eq!(again.json["code"], "changed-meanwhile");
        assert!(open(&bureau).await.is_empty());
        assert_eq!(list(&bureau, clerk, "watched").await.len(), 1);

        // After four hours it comes back to be looked at again.
        for finding in ["仍在核对", "已更正"] {
            clock.advance_ms(4 * 3_600_000);
            let (_, clerk) =
                a_person(&bureau.test, &format!("clerk-{}", clock.now().unix_ms()), &[Role::Clerk]).await;
            let back = list(&bureau, &clerk, "open").await;
            assert_eq!(back.len(), 1, "{finding}");
            let body = json!({ "version": back[0]["version"], "finding": finding });
            let looked = send(&bureau, &clerk, &back[0], "rechecks", body).await;
            assert_eq!(looked.status, 200, "{}", looked.json);
        }
        let (_, lead) = a_person(&bureau.test, "lead-2", &[Role::Lead]).await;
        let watched = list(&bureau, &lead, "watched").await;
        let why = json!({ "version": watched[0]["version"], "reason": "抄表批次录错，已退补" });
        let closed = send(&bureau, &lead, &watched[0], "closure", why).await;
        assert_eq!((closed.status, &closed.json["state"]), (200, &json!("closed")), "{}", closed.json);
        let acts: Vec<&str> =
            closed.json["acts"].as_array().unwrap().iter().map(|act| act["act"].as_str().unwrap()).collect();
        assert_eq!(acts, ["raised", "acknowledged", "rechecked", "rechecked", "closed"]);
        assert_eq!(list(&bureau, &lead, "over").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_rises_comes_back_and_goes_to_more_people() {
    for_each_engine(|bureau| async move {
        a_person(&bureau.test, "root", &[Role::Administrator]).await;
        complaints(&bureau, TODAY, 5, json!({})).await;
        let raised = open(&bureau).await;
        let clerk = bureau.clerk.1.as_str();
        let closed =
            send(&bureau, clerk, &raised[0], "closure", json!({ "version": 1, "reason": "一处表箱" })).await;
        assert_eq!(closed.status, 200, "{}", closed.json);
        assert!(open(&bureau).await.is_empty());
        complaints(&bureau, TODAY, 1, json!({})).await;
        let back = open(&bureau).await;
        assert_eq!(told(&back), [one(EAST, TODAY, 1, 6)], "the number rose again after it was closed");
        let plan = json!({ "version": back[0]["version"], "plan": "再查" });
        send(&bureau, clerk, &back[0], "acknowledgement", plan).await;
        complaints(&bureau, TODAY, 1, json!({})).await;
        assert!(open(&bureau).await.is_empty(), "who looks already is not asked again for one more");
        complaints(&bureau, TODAY, 3, json!({})).await;
        let level_2 = open(&bureau).await;
        assert_eq!(told(&level_2), [one(EAST, TODAY, 2, 10)]);
        let path = format!("/v1/warnings/{}", level_2[0]["warning_id"].as_str().unwrap());
        let levels: Vec<i64> = bureau.get(&path).await.json["recipients"]
            .as_array()
            .unwrap()
            .iter()
            .map(|told| told["level"].as_i64().unwrap())
            .collect();
        assert_eq!(levels, [1, 1, 2], "the administrator is told at level 2 only");
    })
    .await;
}

#[tokio::test]
async fn what_is_unusual_is_judged_by_when_it_happened_and_marked_late() {
    for_each_engine(|bureau| async move {
        // One a day for three weeks, then nothing, then three on one day that are typed in two days later.
        for day in 1..=20 {
            complaints(&bureau, &format!("2025-10-{day:02}"), 1, json!({})).await;
        }
        assert!(open(&bureau).await.is_empty());
        complaints(&bureau, "2025-11-19", 2, json!({})).await;
        assert!(open(&bureau).await.is_empty(), "two are never unusual");
        complaints(&bureau, "2025-11-19", 1, json!({})).await;
        let raised = open(&bureau).await;
        assert_eq!(told(&raised), [one(EAST, "2025-11-19", 1, 3)]);
        assert_eq!(raised[0]["late"], true, "all of them arrived after that day");
        let (usual, limit) = (raised[0]["usual"].as_f64().unwrap(), raised[0]["limit"].as_f64().unwrap());
        // Of the 28 days from 20 October to 16 November one had a report.
        assert!(
            (usual - 1.0 / 28.0).abs() < 1e-3 && (limit - (1.0 / 28.0 + 3.090_232 * 0.5)).abs() < 2e-3,
            "{raised:?}"
        );

        // What arrives later still shows that so many were usual: the warning is taken back.
        for day in 20..=31 {
            complaints(&bureau, &format!("2025-10-{day:02}"), 3, json!({})).await;
        }
        assert!(open(&bureau).await.is_empty());
        let over = list(&bureau, &bureau.clerk.1, "over").await;
        assert_eq!((told(&over), &over[0]["state"]), (vec![one(EAST, "2025-11-19", 0, 3)], &json!("lifted")));
    })
    .await;
}

#[tokio::test]
async fn reports_are_counted_where_they_belong_now() {
    for_each_engine(|bureau| async move {
        let made = complaints(&bureau, TODAY, 5, json!({})).await;
        assert_eq!(told(&open(&bureau).await), [one(EAST, TODAY, 1, 5)]);
        let id = |place: usize| made[place]["complaint_id"].as_str().unwrap().to_owned();
        let correct = async |id: String, changes: Value| {
            let path = format!("/v1/complaints/{id}");
            let tag = bureau.get(&path).await.headers["etag"].to_str().unwrap().to_owned();
            let answer =
                bureau.call(Method::PATCH, &path).header("if-match", &tag).json(&changes).send().await;
            assert_eq!(answer.status, 200, "{}", answer.json);
        };
        correct(id(0), json!({ "category": "power.OUT.repair" })).await;
        assert!(open(&bureau).await.is_empty(), "another class");
        correct(id(0), json!({ "category": "power.BIZ.fees" })).await;
        assert_eq!(told(&open(&bureau).await), [one(EAST, TODAY, 1, 5)]);
        correct(id(0), json!({ "region": "west" })).await;
        assert!(open(&bureau).await.is_empty(), "another region");
        correct(id(0), json!({ "region": "east" })).await;
        assert_eq!(open(&bureau).await.len(), 1);

        let merge = json!({ "duplicate": id(0), "reason": "同一户", "take_fields": [],
            "duplicate_version": bureau.get(&format!("/v1/complaints/{}", id(0))).await.json["version"] });
        let path = format!("/v1/complaints/{}/merges", id(1));
        let merged =
            bureau.test.post(&path).header("authorization", &bureau.reviewer.1).json(&merge).send().await;
        assert_eq!(merged.status, 200, "{}", merged.json);
        assert!(open(&bureau).await.is_empty(), "a duplicate is no further complaint");
    })
    .await;
}

#[tokio::test]
async fn grumbles_are_counted_until_they_are_complaints() {
    for_each_engine(|bureau| async move {
        let session = somebody_of(&bureau.test, Role::Clerk, "", "west").await;
        let zhang = Technician::of(&bureau, "zhang").await;
        let grumble = || Request::Grumble {
            text: "晚上老跳闸".into(),
            category: Some("power.PQ.reliability".into()),
            place: None,
        };
        for _ in 0..5 {
            zhang.ask(&bureau, grumble()).await;
        }
        let raised = open(&bureau).await;
        assert_eq!(
            told(&raised),
            [one("power.PQ ", TODAY, 1, 5)],
            "the region of a technician of all regions is not known"
        );
        assert_eq!(list(&bureau, &session, "open").await.len(), 1, "so everybody sees it");
        let path = format!("/v1/warnings/{}", raised[0]["warning_id"].as_str().unwrap());
        let detail = bureau.get(&path).await.json;
        assert_eq!((&detail["grumbles"], &detail["complaints"]), (&json!(5), &json!([])));

        let complaint = bureau.complaint(&json!({ "category": "power.PQ.reliability" })).await;
        let queue = bureau.get("/v1/grumbles").await.json;
        let path = format!("/v1/grumbles/{}/settlement", queue["items"][0]["grumble_id"].as_str().unwrap());
        let settled = json!({ "note": "已立案", "complaint_id": complaint["complaint_id"] });
        assert_eq!(bureau.post(&path, &settled).await.status, 204);
        assert!(open(&bureau).await.is_empty(), "one of them is counted as a complaint in its region");
    })
    .await;
}

#[tokio::test]
async fn warnings_belong_to_regions() {
    for_each_engine(|bureau| async move {
        complaints(&bureau, TODAY, 5, json!({})).await;
        let raised = open(&bureau).await;
        let west = somebody_of(&bureau.test, Role::Lead, "", "west").await;
        assert!(list(&bureau, &west, "open").await.is_empty());
        let path = format!("/v1/warnings/{}", raised[0]["warning_id"].as_str().unwrap());
        let hidden = bureau.test.get(&path).header("authorization", &west).send().await;
        assert_eq!((hidden.status, &hidden.json["code"]), (404, &json!("warning-unknown")));
        let refused =
            send(&bureau, &west, &raised[0], "closure", json!({ "version": 1, "reason": "x" })).await;
        assert_eq!(refused.status, 404);
        let expert = somebody_of(&bureau.test, Role::Expert, "", "east").await;
        assert_eq!(list(&bureau, &expert, "open").await.len(), 1);
        let refused =
            send(&bureau, &expert, &raised[0], "closure", json!({ "version": 1, "reason": "x" })).await;
        assert_eq!(refused.json["code"], "role-missing");
    })
    .await;
}

#[tokio::test]
async fn a_storm_comes_in_pages_with_the_highest_level_first() {
    for_each_engine(|bureau| async move {
        for (place, class) in
            ["power.SVC", "power.OUT", "power.PQ", "power.GRID", "power.BIZ"].iter().enumerate()
        {
            complaints(&bureau, TODAY, if place == 2 { 10 } else { 5 }, json!({ "category": class })).await;
        }
        judged(&bureau).await;
        let (mut cursor, mut seen) = (String::new(), Vec::new());
        loop {
            let page = bureau.get(&format!("/v1/warnings?list=open&limit=2{cursor}")).await.json;
            seen.extend(page["items"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!((seen.len(), &seen[0]["class"]), (5, &json!("power.PQ")));
        let mut ids: Vec<&str> = seen.iter().map(|one| one["warning_id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 5);
    })
    .await;
}

#[tokio::test]
async fn rules_are_published_for_days_to_come_and_shown_on_the_past() {
    for_each_engine(|bureau| async move {
        let clock = &bureau.test.app.clock;
        complaints(&bureau, "2025-11-18", 3, json!({})).await;
        complaints(&bureau, TODAY, 3, json!({})).await;
        assert!(open(&bureau).await.is_empty());
        let policy = |threshold: u32, amount: u32| {
            json!({ "rules": [{ "window": { "amount": amount, "unit": "hour" }, "unusual": false,
                "levels": [{ "threshold": threshold, "recipients": [{ "role": "lead" }] }],
                "recheck": { "amount": 1, "unit": "hour" }, "source": "trial" }] })
        };
        let form = |policy: Value| json!({ "effective_from_ms": clock.now().unix_ms(), "policy": policy });
        let by = async |session: &str, method: Method, path: &str, body: &Value| {
            bureau.test.call(method, path).header("authorization", session).json(body).send().await
        };
        let (lead, preview) = (bureau.lead.1.as_str(), "/v1/warning-policies/preview");
        let would = by(lead, Method::POST, preview, &form(policy(3, 24))).await.json;
        assert_eq!(
            (&would["days"], &would["warnings"], &would["by_rule"]),
            (&json!(90), &json!(2), &json!([2]))
        );
        assert_eq!(would["newest"][0]["day"], TODAY);
        let refused = by(lead, Method::POST, preview, &form(policy(3, 5))).await;
        let said = refused.json["errors"][0]["expected"].as_str().unwrap_or_default().to_owned();
        assert!(refused.status == 422 && said.contains("hours that make whole days"), "{}", refused.json);
        assert_eq!(
            by(&bureau.clerk.1, Method::POST, preview, &form(policy(3, 24))).await.json["code"],
            "role-missing"
        );

        let stale = by(lead, Method::PUT, "/v1/warning-policies/3", &form(policy(3, 24))).await;
        assert_eq!((stale.status, &stale.json["newest"]), (412, &json!(1)));
        let mut past = form(policy(3, 24));
        past["effective_from_ms"] = json!(clock.now().unix_ms() - DAY_MS);
        assert_eq!(by(lead, Method::PUT, "/v1/warning-policies/2", &past).await.status, 422);
        let done = by(lead, Method::PUT, "/v1/warning-policies/2", &form(policy(3, 24))).await;
        assert_eq!((done.status, &done.json["version"]), (201, &json!(2)), "{}", done.json);

        complaints(&bureau, TODAY, 1, json!({})).await;
        assert!(open(&bureau).await.is_empty(), "today has begun under the old rules");
        clock.advance_ms(DAY_MS);
        let (_, clerk) = a_person(&bureau.test, "tomorrow", &[Role::Clerk]).await;
        let tomorrow = Bureau { clerk: (bureau.clerk.0, clerk), ..bureau };
        complaints(&tomorrow, "2025-11-22", 3, json!({})).await;
        assert_eq!(told(&open(&tomorrow).await), [one(EAST, "2025-11-22", 1, 3)]);
        let policies = tomorrow.get("/v1/warning-policies").await.json;
        assert_eq!((policies.as_array().unwrap().len(), &policies[0]["version"]), (2, &json!(2)));
    })
    .await;
}

/// What one more report costs does not depend on how many there have been.
#[tokio::test]
async fn judging_reads_no_more_of_a_long_history() {
    use crate::store::statement;
    use crate::testing::count_steps;
    let bureau = Bureau::of(crate::testing::TestApp::sqlite().await).await;
    let app = &bureau.test.app;
    let mut tx = app.store.write().await.unwrap();
    publish_built_in(&mut tx, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let mut steps = Vec::new();
    for history in [40_i64, 4_000] {
        let mut tx = app.store.write().await.unwrap();
        let today = crate::complaints::office_day_number(app.clock.now());
        for day in today - history..today {
            const SQL: &str = "INSERT INTO warning_counts (class, area, day, number) VALUES ('power.BIZ', 'east', $1, 3) \
                ON CONFLICT DO NOTHING";
            statement(SQL).bind(day).execute(&mut tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        // The first one finds that the history is longer.
        complaints(&bureau, TODAY, 1, json!({})).await;
        judged(&bureau).await;
        complaints(&bureau, TODAY, 1, json!({})).await;
        let mut tx = app.store.write().await.unwrap();
        let counted = count_steps(&mut tx).await.unwrap();
        let cell = super::sql::due_cells(&mut tx, 1).await.unwrap().remove(0);
        super::judging::judge_cell(&mut tx, &cell, app.clock.now()).await.unwrap();
        steps.push(counted.load(std::sync::atomic::Ordering::Relaxed));
        tx.commit().await.unwrap();
    }
    assert!(steps[0] > 0 && steps[1] <= steps[0] + steps[0] / 10, "{steps:?}");
}
