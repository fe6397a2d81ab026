//! What planned events promise, on both engines.

use crate::complaints::tests::{Bureau, somebody_of};
use crate::exchange::testing::SimDevice;
use crate::exchange::tests::{a_technician, exchange};
use crate::pages::testing::Browser;
use crate::people::tests::{a_person, a_session};
use crate::people::{Grant, Role, set_roles};
use crate::returns::tests::for_each_engine;
use crate::testing::Answer;
use axum::http::Method;
use serde_json::{Value, json};

const DAY_MS: i64 = 86_400_000;

/// An event of a region that begins in so many days.
fn content(bureau: &Bureau, days: i64, changes: &Value) -> Value {
    let begins = bureau.test.app.clock.now().unix_ms() + days * DAY_MS;
    let mut content = json!({
        "kind": "outage", "utility": "power", "regions": ["east"], "places": "梧桐路 1 至 40 号",
        "begins_at_ms": begins, "ends_at_ms": begins + 4 * 3_600_000, "effect": "停电四小时",
        "wording_zh": "更换变压器，最晚 13 点恢复供电。", "contact": "调度 85550100", "prevention": "短信、张贴公告"
    });
    content.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    content
}

async fn send(bureau: &Bureau, session: &str, method: Method, path: &str, body: &Value) -> Answer {
    bureau.test.app.clock.advance_ms(1);
    bureau.test.call(method, path).header("authorization", session).json(body).send().await
}

async fn planned(bureau: &Bureau, content: &Value) -> String {
    let made = send(bureau, &bureau.clerk.1, Method::POST, "/v1/planned-events", content).await;
    assert_eq!(made.status, 201, "{}", made.json);
    format!("/v1/planned-events/{}", made.json["event_id"].as_str().unwrap())
}

async fn act(bureau: &Bureau, session: &str, path: &str, act: &str, body: &Value) -> Answer {
    send(bureau, session, Method::POST, &format!("{path}/{act}"), body).await
}

async fn approved(bureau: &Bureau, content: &Value) -> String {
    let path = planned(bureau, content).await;
    let late = json!({ "late_reason": "抢修" });
    assert_eq!(act(bureau, &bureau.clerk.1, &path, "submission", &late).await.status, 200);
    let done = act(bureau, &bureau.lead.1, &path, "approval", &json!({ "event_version": 1 })).await;
    assert_eq!(done.status, 200, "{}", done.json);
    path
}

/// A technician of one region.
async fn technician_of(bureau: &Bureau, name: &str, region: &str) -> SimDevice {
    let device = a_technician(&bureau.test, name).await;
    let app = &bureau.test.app;
    let grant = Grant { role: Role::Technician, unit: String::new(), region: region.to_owned() };
    let mut tx = app.store.write().await.unwrap();
    set_roles(&mut tx, device.person, &[grant], None, None, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    device
}

fn carries(device: &SimDevice) -> bool {
    device.pack.keys().any(|key| key.starts_with("planned-event/"))
}

#[tokio::test]
async fn an_event_is_submitted_approved_by_somebody_else_and_announced() {
    for_each_engine(|bureau| async move {
        let path = planned(&bureau, &content(&bureau, 20, &json!({ "wording_zh": "" }))).await;
        let plain = json!({});
        let submit = async || act(&bureau, &bureau.clerk.1, &path, "submission", &plain).await;
        assert_eq!(submit().await.json["errors"][0]["pointer"], "/wording_zh", "nothing to say to customers");
        let whole = content(&bureau, 20, &json!({}));
        let draft = format!("{path}/draft");
        assert_eq!(send(&bureau, &bureau.clerk.1, Method::PUT, &draft, &whole).await.status, 200);
        let submitted = submit().await;
        assert_eq!(
            (submitted.status, &submitted.json["state"]),
            (200, &json!("submitted")),
            "{}",
            submitted.json
        );
        let announced = json!({ "how": "短信" });
        let early = act(&bureau, &bureau.clerk.1, &path, "announcement", &announced).await;
        assert_eq!((early.status, &early.json["code"]), (409, &json!("planned-event-state")));
        // Who wrote it does not approve it, and a clerk does not either.
        let approval = json!({ "event_version": 1 });
        assert_eq!(
            act(&bureau, &bureau.clerk.1, &path, "approval", &approval).await.json["code"],
            "role-missing"
        );
        let back = act(&bureau, &bureau.lead.1, &path, "return", &json!({ "reason": "街道不全" })).await;
        assert_eq!(back.json["state"], "draft");
        let by_lead = content(&bureau, 20, &json!({ "places": "梧桐路全段" }));
        assert_eq!(send(&bureau, &bureau.lead.1, Method::PUT, &draft, &by_lead).await.status, 200);
        assert_eq!(submit().await.status, 200);
        let own = act(&bureau, &bureau.lead.1, &path, "approval", &approval).await;
        assert_eq!(own.json["code"], "planned-event-own");
        assert_eq!(act(&bureau, &bureau.reviewer.1, &path, "approval", &approval).await.status, 200);
        let told = act(&bureau, &bureau.clerk.1, &path, "announcement", &announced).await;
        assert_eq!((told.status, &told.json["state"]), (200, &json!("announced")), "{}", told.json);
        let acts = told.json["acts"].as_array().unwrap();
        assert!(acts.iter().all(|act| act["late"] == false), "{acts:?}");
        // A change needs approval again; until then people go by what was approved.
        let moved = content(&bureau, 22, &json!({}));
        let next = send(&bureau, &bureau.clerk.1, Method::PUT, &draft, &moved).await;
        assert_eq!((&next.json["event_version"], &next.json["approved_version"]), (&json!(2), &json!(1)));
        assert_eq!(next.json["held"]["places"], "梧桐路全段");
    })
    .await;
}

#[tokio::test]
async fn what_comes_too_late_needs_a_reason_and_stays_marked() {
    for_each_engine(|bureau| async move {
        let path = planned(&bureau, &content(&bureau, 2, &json!({}))).await;
        let list = bureau.get("/v1/planned-events?list=pressing").await;
        assert_eq!(list.json["items"].as_array().unwrap().len(), 1, "{}", list.json);
        let silent = act(&bureau, &bureau.clerk.1, &path, "submission", &json!({})).await;
        assert_eq!(silent.json["errors"][0]["pointer"], "/late_reason");
        let late =
            act(&bureau, &bureau.clerk.1, &path, "submission", &json!({ "late_reason": "变压器故障" })).await;
        let last = late.json["acts"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["late"], &last["words"]), (&json!(true), &json!("变压器故障")));
        let past = content(&bureau, -2, &json!({}));
        let refused = send(&bureau, &bureau.clerk.1, Method::POST, "/v1/planned-events", &past).await;
        assert_eq!(refused.json["errors"][0]["pointer"], "/ends_at_ms");
        let west = somebody_of(&bureau.test, Role::Clerk, "", "west").await;
        assert_eq!(
            send(&bureau, &west, Method::GET, &path, &Value::Null).await.json["code"],
            "planned-event-unknown"
        );
        let elsewhere =
            send(&bureau, &west, Method::POST, "/v1/planned-events", &content(&bureau, 9, &json!({}))).await;
        assert_eq!(elsewhere.json["code"], "planned-event-elsewhere");
    })
    .await;
}

#[tokio::test]
async fn technicians_of_the_region_carry_it_from_two_weeks_before_until_it_ends() {
    for_each_engine(|bureau| async move {
        a_person(&bureau.test, "root", &[Role::Administrator]).await;
        let mut east = technician_of(&bureau, "zhang", "east").await;
        let mut west = technician_of(&bureau, "wang", "west").await;
        let path = approved(&bureau, &content(&bureau, 20, &json!({}))).await;
        let complaint = bureau.complaint(&json!({})).await;
        let step = async |days: i64, devices: &mut [&mut SimDevice]| {
            bureau.test.app.clock.advance_ms(days * DAY_MS);
            super::carried::round(&bureau.test.app).await.unwrap();
            for device in devices {
                device.now = bureau.test.app.clock.now();
                device.token = None;
                exchange(&bureau.test, device).await;
            }
        };
        step(0, &mut [&mut east, &mut west]).await;
        assert!(!carries(&east), "three weeks before");
        step(8, &mut [&mut east, &mut west]).await;
        assert!(carries(&east) && !carries(&west));
        let record = format!("/complaints/{}", complaint["complaint_id"].as_str().unwrap());
        let clerk = a_session(&bureau.test, bureau.clerk.0).await;
        let page = Browser::of(&bureau.test, &clerk).get(&record).await;
        assert!(page.html().contains("更换变压器") && page.html().contains("PE-0001"), "{}", page.html());
        // Who moves to another region gets and loses it.
        let app = &bureau.test.app;
        let grant = Grant { role: Role::Technician, unit: String::new(), region: "east".to_owned() };
        let mut tx = app.store.write().await.unwrap();
        set_roles(&mut tx, west.person, &[grant], None, None, app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        step(0, &mut [&mut west]).await;
        assert!(carries(&west));
        let cancelled = act(&bureau, &clerk, &path, "cancellation", &json!({ "reason": "改期" })).await;
        assert_eq!(cancelled.status, 200, "{}", cancelled.json);
        step(0, &mut [&mut east, &mut west]).await;
        assert!(!carries(&east) && !carries(&west));
        approved_again(&bureau, &clerk).await;
        step(0, &mut [&mut east]).await;
        assert!(carries(&east));
        step(4, &mut [&mut east]).await;
        assert!(!carries(&east), "it is over");
    })
    .await;
}

/// Another event in three days, by whoever is still signed in.
async fn approved_again(bureau: &Bureau, clerk: &str) {
    let made = send(bureau, clerk, Method::POST, "/v1/planned-events", &content(bureau, 3, &json!({}))).await;
    assert_eq!(made.status, 201, "{}", made.json);
    let path = format!("/v1/planned-events/{}", made.json["event_id"].as_str().unwrap());
    let late = json!({ "late_reason": "抢修" });
    assert_eq!(act(bureau, clerk, &path, "submission", &late).await.status, 200);
    let lead = a_session(&bureau.test, bureau.lead.0).await;
    assert_eq!(act(bureau, &lead, &path, "approval", &json!({ "event_version": 1 })).await.status, 200);
}

#[tokio::test]
async fn an_event_is_planned_submitted_and_approved_by_forms() {
    for_each_engine(|bureau| async move {
        let clerk = Browser::of(&bureau.test, &bureau.clerk.1);
        let lead = Browser::of(&bureau.test, &bureau.lead.1);
        let days = |days: i64| {
            let at = bureau.test.app.clock.now().plus_ms(days * DAY_MS);
            crate::complaints::office_time(at).strftime("%Y-%m-%dT%H:%M").to_string()
        };
        let (begins, ends) = (days(20), days(21));
        let fields = |ends: &str| {
            let pairs = [
                ("kind", "outage"),
                ("utility", "power"),
                ("regions", "east"),
                ("begins_at", begins.as_str()),
                ("ends_at", ends),
                ("effect", "停电"),
                ("wording_zh", "晚八点恢复。"),
                ("contact", "调度"),
                ("prevention", "公告"),
            ];
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
        };
        let post = async |path: &str, ends: &str| {
            let fields = fields(ends);
            let pairs: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            clerk.post(path, &pairs).await
        };
        let wrong = post("/planned-events/new", "soon").await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.html().contains("When does it end?") && wrong.html().contains("晚八点恢复。"));
        let made = post("/planned-events/new", &ends).await;
        assert_eq!(made.status, 303, "{}", made.html());
        let event = made.location().split('?').next().unwrap().to_owned();
        let version = |html: &str| {
            html.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
        };
        let page = clerk.get(&event).await;
        let submitted =
            clerk.post(&format!("{event}/submission"), &[("version", &version(page.html()))]).await;
        assert_eq!(submitted.status, 303, "{}", submitted.html());
        assert!(lead.get("/").await.html().contains("/planned-events?list=waiting"));
        assert!(lead.get("/planned-events?list=waiting").await.html().contains("PE-0001"));
        let page = lead.get(&event).await;
        let stale =
            lead.post(&format!("{event}/approval"), &[("version", "1"), ("event_version", "1")]).await;
        assert_eq!(stale.status, 412);
        let fields = [("version", version(page.html())), ("event_version", "1".to_owned())];
        let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let done = lead.post(&format!("{event}/approval"), &pairs).await;
        assert_eq!(done.status, 303, "{}", done.html());
        assert!(clerk.get(&event).await.html().contains("Customers were told"));
        assert_eq!(clerk.get(&format!("{event}/draft")).await.status, 200);
        assert_eq!(clerk.post(&format!("{event}/nonsense"), &[("version", "1")]).await.status, 404);
    })
    .await;
}
