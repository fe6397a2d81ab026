//! What special complaints promise, on both engines.

use super::looking::round;
use crate::complaints::tests::{Bureau, somebody_of};
use crate::pages::testing::Browser;
use crate::people::Role;
use crate::people::tests::a_person;
use crate::testing::{Answer, TestApp};
use axum::http::Method;
use serde_json::{Value, json};
use sync_core::date::CivilDate;

const DAY_MS: i64 = 86_400_000;

/// A bureau with the rules that come with the server.
pub(super) async fn with_rules(bureau: &Bureau) {
    let app = &bureau.test.app;
    let mut tx = app.store.write().await.unwrap();
    crate::deadlines::publish_built_in(&mut tx, app.clock.now()).await.unwrap();
    crate::warnings::publish_built_in(&mut tx, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
}

pub(super) async fn for_each_engine<F, Fut>(story: F)
where
    F: Fn(Bureau) -> Fut + Copy,
    Fut: Future<Output = ()>,
{
    Bureau::for_each_engine(|bureau| async move {
        with_rules(&bureau).await;
        story(bureau).await;
    })
    .await;
}

/// Looks until nothing is left to be looked at.
pub(super) async fn looked(test: &TestApp) {
    while round(&test.app).await.unwrap() > 0 {}
}

pub(super) fn path_of(complaint: &Value) -> String {
    format!("/v1/complaints/{}", complaint["complaint_id"].as_str().unwrap())
}

pub(super) async fn record(bureau: &Bureau, complaint: &Value) -> Value {
    bureau.get(&path_of(complaint)).await.json
}

/// Kind, state and level of everything about a complaint.
async fn specials(bureau: &Bureau, complaint: &Value) -> Vec<(String, String, i64)> {
    looked(&bureau.test).await;
    let record = record(bureau, complaint).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let line = |special: &Value| {
        (text(&special["kind"]), text(&special["state"]), special["level"].as_i64().unwrap())
    };
    record["specials"].as_array().unwrap().iter().map(line).collect()
}

fn told(specials: &[(&str, &str, i64)]) -> Vec<(String, String, i64)> {
    specials.iter().map(|(kind, state, level)| ((*kind).to_owned(), (*state).to_owned(), *level)).collect()
}

pub(super) async fn send(bureau: &Bureau, session: &str, method: Method, path: &str, body: &Value) -> Answer {
    bureau.test.app.clock.advance_ms(1);
    bureau.test.call(method, path).header("authorization", session).json(body).send().await
}

async fn decide(bureau: &Bureau, session: &str, complaint: &Value, act: &str, reason: &str) -> Answer {
    let path = format!("{}/specials/{act}", path_of(complaint));
    send(bureau, session, Method::POST, &path, &json!({ "reason": reason })).await
}

pub(super) fn end_of(date: &str) -> Value {
    json!(date.parse::<CivilDate>().unwrap().moment(24 * 60, 480).unix_ms() - 1)
}

/// A first complaint, and the same customer's second one a minute later.
async fn a_repeat(bureau: &Bureau) -> (Value, Value) {
    let first = bureau.complaint(&json!({})).await;
    bureau.test.app.clock.advance_ms(60_000);
    (first, bureau.complaint(&json!({})).await)
}

#[tokio::test]
async fn a_repeat_is_proposed_and_once_confirmed_has_shorter_limits_and_a_further_level() {
    for_each_engine(|bureau| async move {
        let (first, again) = a_repeat(&bureau).await;
        assert_eq!(specials(&bureau, &again).await, told(&[("repeat", "proposed", 1)]));
        assert_eq!(specials(&bureau, &first).await, [], "the first one is none");
        let shown = record(&bureau, &again).await;
        assert_eq!(shown["specials"][0]["signs"], json!([{ "reason": "again", "number": 2, "word": null }]));
        assert_eq!(shown["deadlines"]["answer_due_at_ms"], end_of("2025-11-28"), "rules decide nothing");
        let list = bureau.get("/v1/complaints?special=true").await.json;
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
        assert_eq!(list["items"][0]["complaint_id"], again["complaint_id"]);

        let confirmed = decide(&bureau, &bureau.clerk.1, &again, "repeat/confirmation", "").await;
        assert_eq!(confirmed.status, 200, "{}", confirmed.json);
        let shown = record(&bureau, &again).await;
        assert_eq!(shown["deadlines"]["answer_due_at_ms"], end_of("2025-11-26"));
        assert_eq!(shown["specials"][0]["by"]["person_id"], json!(bureau.clerk.0));
        let acts: Vec<&Value> =
            shown["specials"][0]["acts"].as_array().unwrap().iter().map(|act| &act["act"]).collect();
        assert_eq!(acts, [&json!("proposed"), &json!("confirmed")]);
        let twice = decide(&bureau, &bureau.clerk.1, &again, "repeat/confirmation", "").await;
        assert_eq!(
            (&twice.json["code"], &twice.json["state"]),
            (&json!("special-state"), &json!("confirmed"))
        );

        // A correction counts the dates anew and keeps what was confirmed.
        let patch = json!({ "priority": "high" });
        assert_eq!(send(&bureau, &bureau.clerk.1, Method::PATCH, &path_of(&again), &patch).await.status, 200);
        assert_eq!(record(&bureau, &again).await["deadlines"]["answer_due_at_ms"], end_of("2025-11-26"));

        let verdict = json!({ "verdict": "not_substantiated", "note": "核查无误", "without_visit": true });
        let reviews = format!("{}/reviews", path_of(&again));
        let judged = send(&bureau, &bureau.reviewer.1, Method::POST, &reviews, &verdict).await;
        assert_eq!((judged.status, &judged.json["state"]), (200, &json!("received")), "{}", judged.json);
        let levels = record(&bureau, &again).await["review_levels"].clone();
        assert_eq!((&levels[0]["state"], &levels[1]["state"]), (&json!("passed"), &json!("open")));
        assert_eq!((&levels[1]["role"], &levels[1]["levels"]), (&json!("lead"), &json!(2)));
        let judged = send(&bureau, &bureau.lead.1, Method::POST, &reviews, &verdict).await;
        assert_eq!((judged.status, &judged.json["state"]), (200, &json!("reviewed")), "{}", judged.json);
        let plain = send(
            &bureau,
            &bureau.reviewer.1,
            Method::POST,
            &format!("{}/reviews", path_of(&first)),
            &verdict,
        )
        .await;
        assert_eq!(plain.json["state"], "reviewed", "an ordinary complaint has one level");
    })
    .await;
}

#[tokio::test]
async fn what_was_dismissed_comes_back_only_with_more_signs() {
    for_each_engine(|bureau| async move {
        let (first, again) = a_repeat(&bureau).await;
        assert_eq!(specials(&bureau, &again).await, told(&[("repeat", "proposed", 1)]));
        let mine = decide(&bureau, &bureau.clerk.1, &again, "repeat/dismissal", "另一块表").await;
        assert_eq!(mine.json["code"], "role-missing", "who judges complaints lowers them");
        let mute = decide(&bureau, &bureau.reviewer.1, &again, "repeat/dismissal", " ").await;
        assert_eq!(mute.json["errors"][0]["pointer"], "/reason", "{}", mute.json);
        let dismissed = decide(&bureau, &bureau.reviewer.1, &again, "repeat/dismissal", "另一块表").await;
        assert_eq!(dismissed.status, 200, "{}", dismissed.json);
        let patch = json!({ "priority": "high" });
        send(&bureau, &bureau.clerk.1, Method::PATCH, &path_of(&again), &patch).await;
        assert_eq!(specials(&bureau, &again).await, told(&[("repeat", "dismissed", 1)]));
        assert_eq!(bureau.get("/v1/complaints?special=true").await.json["items"], json!([]));

        // One that happened before and arrives late makes it the third: the lead is told.
        let before = first["requested_at_ms"].as_i64().unwrap() - 20 * DAY_MS;
        bureau.complaint(&json!({ "requested_at_ms": before })).await;
        assert_eq!(specials(&bureau, &again).await, told(&[("repeat", "proposed", 2)]));
        assert_eq!(
            specials(&bureau, &first).await,
            told(&[("repeat", "proposed", 1)]),
            "now it is the second"
        );
        let acts = record(&bureau, &again).await["specials"][0]["acts"].clone();
        assert_eq!((&acts[1]["words"], &acts[2]["act"]), (&json!("另一块表"), &json!("raised")));
    })
    .await;
}

#[tokio::test]
async fn signs_that_go_before_anybody_decides_take_the_proposal_back() {
    for_each_engine(|bureau| async move {
        let (first, again) = a_repeat(&bureau).await;
        assert_eq!(specials(&bureau, &again).await, told(&[("repeat", "proposed", 1)]));
        let patch = json!({ "category": "power.BIZ.bill" });
        send(&bureau, &bureau.clerk.1, Method::PATCH, &path_of(&first), &patch).await;
        send(&bureau, &bureau.clerk.1, Method::PATCH, &path_of(&again), &json!({ "priority": "high" })).await;
        assert_eq!(specials(&bureau, &again).await, told(&[("repeat", "lifted", 1)]));
        let patch = json!({ "category": "power.BIZ.metering" });
        send(&bureau, &bureau.clerk.1, Method::PATCH, &path_of(&first), &patch).await;
        assert_eq!(specials(&bureau, &again).await, told(&[("repeat", "proposed", 1)]));
    })
    .await;
}

#[tokio::test]
async fn somebody_sets_a_kind_and_takes_it_away_with_a_reason() {
    for_each_engine(|bureau| async move {
        let complaint = bureau.complaint(&json!({})).await;
        let usual = record(&bureau, &complaint).await["deadlines"].clone();
        let path = format!("{}/specials", path_of(&complaint));
        let form = |kind: &str, reason: &str| json!({ "kind": kind, "reason": reason });
        let mute = send(&bureau, &bureau.clerk.1, Method::POST, &path, &form("major", " ")).await;
        assert_eq!(mute.json["errors"][0]["pointer"], "/reason");
        let set = send(&bureau, &bureau.clerk.1, Method::POST, &path, &form("major", "省台记者来电")).await;
        assert_eq!((set.status, &set.json[0]["state"]), (200, &json!("confirmed")), "{}", set.json);
        let shown = record(&bureau, &complaint).await;
        let contact = shown["deadlines"]["contact_due_at_ms"].as_i64().unwrap();
        assert_eq!(contact, shown["specials"][0]["since_ms"].as_i64().unwrap() + 3_600_000, "within an hour");
        let timeline = shown["timeline"].as_array().unwrap();
        let event = timeline.iter().find(|entry| entry["kind"] == "special").unwrap();
        assert_eq!(
            (&event["reason"], &event["detail"]["special_act"]),
            (&json!("省台记者来电"), &json!("set"))
        );
        assert_eq!(specials(&bureau, &complaint).await, told(&[("major", "confirmed", 1)]), "rules leave it");

        let mine = decide(&bureau, &bureau.clerk.1, &complaint, "major/removal", "误会").await;
        assert_eq!(mine.json["code"], "role-missing");
        let removed = decide(&bureau, &bureau.lead.1, &complaint, "major/removal", "误会").await;
        assert_eq!(removed.json[0]["state"], "removed", "{}", removed.json);
        let shown = record(&bureau, &complaint).await;
        assert_eq!((&shown["deadlines"], &shown["review_levels"]), (&usual, &json!([])));
        let none = decide(&bureau, &bureau.lead.1, &complaint, "batch/dismissal", "没有").await;
        assert_eq!((none.status, &none.json["state"]), (409, &json!("none")));

        let withdrawn = send(
            &bureau,
            &bureau.clerk.1,
            Method::POST,
            &format!("{}/withdrawal", path_of(&complaint)),
            &json!({ "reason": "客户撤回" }),
        )
        .await;
        assert_eq!(withdrawn.status, 200, "{}", withdrawn.json);
        let late = send(&bureau, &bureau.clerk.1, Method::POST, &path, &form("focus", "太晚")).await;
        assert_eq!(late.json["code"], "complaint-state");
    })
    .await;
}

#[tokio::test]
async fn a_level_that_is_not_needed_any_more_is_void() {
    for_each_engine(|bureau| async move {
        let (_, again) = a_repeat(&bureau).await;
        specials(&bureau, &again).await;
        decide(&bureau, &bureau.clerk.1, &again, "repeat/confirmation", "").await;
        let verdict = json!({ "verdict": "not_substantiated", "note": "核查无误", "without_visit": true });
        let reviews = format!("{}/reviews", path_of(&again));
        send(&bureau, &bureau.reviewer.1, Method::POST, &reviews, &verdict).await;
        decide(&bureau, &bureau.lead.1, &again, "repeat/removal", "不是同一事项").await;
        let levels = record(&bureau, &again).await["review_levels"].clone();
        assert_eq!((&levels[0]["state"], &levels[1]["state"]), (&json!("passed"), &json!("void")));
        let judged = send(&bureau, &bureau.reviewer.1, Method::POST, &reviews, &verdict).await;
        assert_eq!(judged.json["state"], "reviewed", "one level is enough again: {}", judged.json);
    })
    .await;
}

#[tokio::test]
async fn the_kind_of_matter_says_how_it_is_dealt_with() {
    for_each_engine(|bureau| async move {
        let complaint = bureau.complaint(&json!({})).await;
        let path = format!("{}/path", path_of(&complaint));
        let put = async |body: Value| send(&bureau, &bureau.clerk.1, Method::PUT, &path, &body).await;
        let verdict = json!({ "verdict": "not_substantiated", "note": "电话答复", "without_visit": true });
        let reviews = format!("{}/reviews", path_of(&complaint));
        assert_eq!(put(json!({ "issue_type": "on_site" })).await.json["issue_type"], "on_site");
        let held = send(&bureau, &bureau.reviewer.1, Method::POST, &reviews, &verdict).await;
        assert_eq!(held.json["code"], "complaint-blocked", "{}", held.json);
        assert_eq!(held.json["blockers"][0]["kind"], "visit_needed");

        let sensitive = put(json!({ "issue_type": "sensitive", "source": "mayor_12345" })).await;
        assert_eq!(sensitive.json["set_by"]["person_id"], json!(bureau.clerk.0));
        assert_eq!(specials(&bureau, &complaint).await, told(&[("major", "proposed", 2)]));
        let signs = record(&bureau, &complaint).await["specials"][0]["signs"].clone();
        assert_eq!((&signs[0]["reason"], &signs[1]["word"]), (&json!("sensitive"), &json!("mayor_12345")));
        for issue in ["policy", "business", "service"] {
            assert_eq!(put(json!({ "issue_type": issue })).await.json["issue_type"], issue);
        }
        assert_eq!(specials(&bureau, &complaint).await, told(&[("major", "lifted", 2)]));
        let answered = send(&bureau, &bureau.reviewer.1, Method::POST, &reviews, &verdict).await;
        assert_eq!(answered.json["state"], "reviewed", "the office answers by itself: {}", answered.json);
        let timeline = record(&bureau, &complaint).await["timeline"].clone();
        let events: Vec<&Value> =
            timeline.as_array().unwrap().iter().filter(|entry| entry["kind"] == "classified").collect();
        assert_eq!((events.len(), &events[1]["detail"]["source"]), (5, &json!("mayor_12345")));
    })
    .await;
}

#[tokio::test]
async fn a_batch_follows_from_an_early_warning_or_from_one_place() {
    for_each_engine(|bureau| async move {
        let customer = |n: usize, more: Value| {
            let mut form = json!({ "customer": { "number": format!("K{n}"), "name": "客户", "phone": format!("138000000{n:02}") },
                "meter": { "number": format!("M{n}") }, "address": format!("梧桐路 {n} 号") });
            form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            form
        };
        let mut made = Vec::new();
        for n in 0..5 {
            assert_eq!(bureau.get("/v1/complaints?special=true").await.json["items"], json!([]), "{n}");
            made.push(bureau.complaint(&customer(n, json!({}))).await);
            crate::warnings::tests::judged(&bureau).await;
            looked(&bureau.test).await;
        }
        for complaint in &made {
            assert_eq!(specials(&bureau, complaint).await, told(&[("batch", "proposed", 1)]));
        }
        let signs = record(&bureau, &made[0]).await["specials"][0]["signs"].clone();
        assert_eq!(signs, json!([{ "reason": "warning", "number": null, "word": null }]));

        let here = json!({ "region": "", "category": "power.OUT.repair", "position": { "latitude": "31.2304", "longitude": "121.4737" } });
        let mut made = Vec::new();
        for n in 10..15 {
            made.push(bureau.complaint(&customer(n, here.clone())).await);
        }
        for complaint in &made {
            assert_eq!(specials(&bureau, complaint).await, told(&[("batch", "proposed", 1)]), "{complaint}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_complaint_that_drags_on_between_departments_comes_into_focus_by_itself() {
    for_each_engine(|bureau| async move {
        let complaint = bureau.complaint(&json!({})).await;
        for (unit, discipline) in [("meters", "metering"), ("bills", "billing"), ("shop", "service")] {
            somebody_of(&bureau.test, Role::Clerk, unit, "").await;
            let form = json!({ "discipline": discipline, "task": "核对", "unit": unit });
            let path = format!("{}/sections", path_of(&complaint));
            let opened = send(&bureau, &bureau.reviewer.1, Method::POST, &path, &form).await;
            assert_eq!(opened.status, 201, "{}", opened.json);
        }
        assert_eq!(specials(&bureau, &complaint).await, []);
        bureau.test.app.clock.advance_ms(20 * DAY_MS);
        looked(&bureau.test).await;
        let (_, lead) = a_person(&bureau.test, "late-lead", &[Role::Lead]).await;
        let shown = bureau.test.get(&path_of(&complaint)).header("authorization", &lead).send().await.json;
        assert_eq!(
            shown["specials"][0]["signs"],
            json!([{ "reason": "overdue", "number": 3, "word": null }])
        );
        assert_eq!(shown["specials"][0]["kind"], "focus");
    })
    .await;
}

#[tokio::test]
async fn the_office_sees_marks_and_decides_on_the_record_page() {
    let bureau = Bureau::of(TestApp::sqlite().await).await;
    with_rules(&bureau).await;
    let (_, again) = a_repeat(&bureau).await;
    looked(&bureau.test).await;
    let (clerk, lead) =
        (Browser::of(&bureau.test, &bureau.clerk.1), Browser::of(&bureau.test, &bureau.lead.1));
    let here = format!("/complaints/{}", again["complaint_id"].as_str().unwrap());
    let queue = clerk.get("/queue?view=special").await;
    assert!(queue.html().contains("Repeat?") && queue.html().contains("C-2025-0002"), "{}", queue.html());
    assert!(!queue.html().contains("C-2025-0001"), "{}", queue.html());
    let shown = clerk.get(&here).await;
    for words in ["Complaint number 2 of the same customer", "Confirm</button>", "Special complaint"] {
        assert!(shown.html().contains(words), "{words}: {}", shown.html());
    }
    assert!(!shown.html().contains("Dismiss</button>"), "a clerk lowers nothing");
    assert!(lead.get(&here).await.html().contains("Dismiss</button>"));
    let act = |name: &str| format!("{here}/specials/{name}");
    let done = clerk.post(&act("confirmation"), &[("kind", "repeat"), ("reason", "")]).await;
    assert_eq!(done.location(), format!("{here}?said=special-confirmed"), "{}", done.html());
    let again = clerk.post(&act("confirmation"), &[("kind", "repeat")]).await;
    assert_eq!(again.location(), format!("{here}?said=special-decided-before"));
    let shown = lead.get(&here).await;
    for words in ["Take away</button>", "3 working days", "class=\"badge bad\">Repeat"] {
        assert!(shown.html().contains(words), "{words}: {}", shown.html());
    }
    let path =
        clerk.post(&format!("{here}/path"), &[("issue_type", "sensitive"), ("source", "petition")]).await;
    assert_eq!(path.location(), format!("{here}?said=path-set"), "{}", path.html());
    looked(&bureau.test).await;
    let shown = lead.get(&here).await;
    for words in [
        "Sensitive: special flow",
        "Passed on by Petitions office",
        "Brought before the lead",
        "The matter is sensitive",
    ] {
        assert!(shown.html().contains(words), "{words}: {}", shown.html());
    }
    let dismissed = lead.post(&act("dismissal"), &[("kind", "major"), ("reason", "已核实")]).await;
    assert_eq!(dismissed.location(), format!("{here}?said=special-dismissed"), "{}", dismissed.html());
    let set = clerk.post(&act("set"), &[("kind", "focus"), ("reason", "领导关注")]).await;
    assert_eq!(set.location(), format!("{here}?said=special-set"), "{}", set.html());
    let removed = lead.post(&act("removal"), &[("kind", "focus"), ("reason", "已了结")]).await;
    assert_eq!(removed.location(), format!("{here}?said=special-removed"), "{}", removed.html());
    assert!(lead.get("/queue").await.html().contains("Repeat</span>"));
}
