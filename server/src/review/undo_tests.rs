//! What undoing a decision promises: the office and every device find the values it was about again.

use super::tests::{Site, id_of, reviewer};
use crate::complaints::tests::Bureau;
use crate::exchange::tests::exchange;
use crate::pages::testing::Browser;
use crate::people::tests::an_administrator;
use axum::http::Method;
use serde_json::{Value, json};
use sync_core::document::SharedText;

const SEAL: &str = "meter-accuracy.seal";

async fn post(bureau: &Bureau, conflict: &Value, what: &str, body: Value) -> Value {
    let path = format!("{}/{what}", id_of(conflict));
    let answer = reviewer(bureau, Method::POST, &path, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer.json
}

#[tokio::test]
async fn an_undone_decision_leaves_both_values_with_their_authors_here_and_on_the_devices() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let conflict = site.disagree(&bureau).await;
        let values = conflict["values"].clone();
        let decision = json!({ "choice": "chosen", "change": values[0]["change"], "reason": "照片" });
        post(&bureau, &conflict, "resolution", decision.clone()).await;
        let undone = post(&bureau, &conflict, "reopening", json!({ "reason": "看错了" })).await;
        assert_eq!((&undone["state"], &undone["values"]), (&json!("open"), &values));
        assert_eq!(undone["stands"], values[1]["value"], "not what was decided and undone");
        let record = site.record(&bureau).await;
        let field = &record["visits"][0]["fields"][0];
        assert_eq!((&field["conflict"], field["values"].as_array().unwrap().len()), (&json!(true), 2));
        let kinds: Vec<_> = record["timeline"].as_array().unwrap().iter().map(|line| &line["kind"]).collect();
        assert!(kinds.contains(&&json!("conflict_resolved")) && kinds.contains(&&json!("conflict_reopened")));
        let of_office = |line: &&Value| line["kind"].as_str().unwrap().starts_with("conflict_");
        let decisions = record["timeline"].as_array().unwrap().iter().filter(of_office);
        assert!(decisions.map(|line| &line["device"]).all(Value::is_null));
        let log = format!("/server-log?complaint={}", record["number"].as_str().unwrap());
        let admin = an_administrator(&bureau.test).await;
        let log = Browser::of(&bureau.test, &admin).get(&log).await;
        for said in ["<td>Conflict decided", "照片", "<td>Decision about a conflict undone", "看错了"] {
            assert!(log.html().contains(said), "{said}: {}", log.html());
        }
        exchange(&bureau.test, &mut site.zhang).await;
        assert_eq!(site.zhang.done.as_ref().unwrap().conflicts_open, 1);
        let seen = site.zhang.visits[&site.visit].document.view();
        let on_device: Vec<_> = seen.conflicts[&format!("answers/{SEAL}")].iter().map(|w| w.change).collect();
        assert_eq!(json!(on_device), json!([values[0]["change"], values[1]["change"]]));
        // Decided once more, and for the value that the undone decision had written.
        let again = post(&bureau, &conflict, "resolution", decision).await;
        assert_eq!((&again["state"], &again["stands"]), (&json!("resolved"), &values[0]["value"]));
        exchange(&bureau.test, &mut site.zhang).await;
        let seen = site.zhang.visits[&site.visit].document.view();
        assert!(seen.conflicts.is_empty() && !site.zhang.differs);
        assert_eq!(json!(seen.answers[SEAL].shown), values[0]["value"]);
    })
    .await;
}

#[tokio::test]
async fn an_edit_from_the_field_after_an_undone_decision_settles_what_it_was_about() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let conflict = site.disagree(&bureau).await;
        let decision = json!({ "choice": "written", "value": "missing", "reason": "x" });
        post(&bureau, &conflict, "resolution", decision).await;
        post(&bureau, &conflict, "reopening", json!({ "reason": "y" })).await;
        // Without having seen decision and undoing: it knows of one of the values only.
        site.zhang.save(site.visit, |edit| edit.answer(SEAL, "corroded").unwrap());
        exchange(&bureau.test, &mut site.zhang).await;
        let found = reviewer(&bureau, Method::GET, &id_of(&conflict), &Value::Null).await.json;
        let mut sides: Vec<_> =
            found["values"].as_array().unwrap().iter().map(|v| v["value"].clone()).collect();
        sides.sort_by_key(Value::to_string);
        assert_eq!((&found["state"], json!(sides)), (&json!("open"), json!(["broken", "corroded"])));
        // Now with knowledge of everything.
        site.zhang.save(site.visit, |edit| edit.answer(SEAL, "intact").unwrap());
        exchange(&bureau.test, &mut site.zhang).await;
        let found = reviewer(&bureau, Method::GET, &id_of(&conflict), &Value::Null).await.json;
        assert_eq!(found["state"], "settled_in_field");
        assert_eq!(found["settled_by"]["person_id"], json!(site.zhang.person));
        assert_eq!(found["values"].as_array().unwrap().len(), 2, "the clash stays readable");
    })
    .await;
}

#[tokio::test]
async fn a_merged_note_reads_as_before_the_undone_decision() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let visit = site.visit;
        site.zhang.save(visit, |edit| edit.append_text(SharedText::Note, "one").unwrap());
        site.wang.save(visit, |edit| edit.append_text(SharedText::Note, "two").unwrap());
        exchange(&bureau.test, &mut site.zhang).await;
        exchange(&bureau.test, &mut site.wang).await;
        let list = reviewer(&bureau, Method::GET, "/v1/conflicts", &Value::Null).await.json;
        let conflict = list["items"][0].clone();
        assert_eq!(
            (&conflict["kind"], site.wang.done.as_ref().unwrap().conflicts_open),
            (&json!("merged_text"), 0)
        );
        let decision = json!({ "choice": "written", "value": "three", "reason": "x" });
        assert_eq!(post(&bureau, &conflict, "resolution", decision).await["stands"], "three");
        let undone = post(&bureau, &conflict, "reopening", json!({ "reason": "y" })).await;
        assert_eq!((&undone["state"], &undone["stands"]), (&json!("open"), &conflict["stands"]));
        assert_eq!(undone["values"], conflict["values"]);
    })
    .await;
}

#[tokio::test]
async fn an_undone_decision_about_what_was_settled_on_site_says_so_again() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let conflict = site.disagree(&bureau).await;
        exchange(&bureau.test, &mut site.zhang).await;
        site.zhang.save(site.visit, |edit| edit.answer(SEAL, "corroded").unwrap());
        exchange(&bureau.test, &mut site.zhang).await;
        let decision =
            json!({ "choice": "chosen", "change": conflict["values"][0]["change"], "reason": "x" });
        let decided = post(&bureau, &conflict, "resolution", decision).await;
        assert_eq!(decided["stands"], conflict["values"][0]["value"]);
        let undone = post(&bureau, &conflict, "reopening", json!({ "reason": "y" })).await;
        assert_eq!((&undone["state"], &undone["stands"]), (&json!("settled_in_field"), &json!("corroded")));
        assert_eq!(undone["settled_by"]["person_id"], json!(site.zhang.person));
    })
    .await;
}

#[tokio::test]
async fn what_devices_show_is_what_each_has_confirmed() {
    Bureau::for_each_engine(|bureau| async move {
        let mut site = Site::of(&bureau).await;
        let conflict = site.disagree(&bureau).await;
        let (zhang, wang) = (site.zhang.device, site.wang.device);
        let read = async || reviewer(&bureau, Method::GET, &id_of(&conflict), &Value::Null).await.json;
        let of = |body: &Value, device| {
            let all = body["devices"].as_array().unwrap();
            all.iter().find(|line| line["device"]["device_id"] == json!(device)).unwrap().clone()
        };
        let before = read().await;
        let own =
            |device| (of(&before, device)["values"].clone(), of(&before, device)["has_decision"].clone());
        let by = |device| {
            let all = before["values"].as_array().unwrap();
            all.iter().find(|value| value["device"]["device_id"] == json!(device)).unwrap()["change"].clone()
        };
        for device in [zhang, wang] {
            assert_eq!(
                own(device),
                (json!([by(device)]), Value::Null),
                "its own value, the other not confirmed"
            );
        }
        exchange(&bureau.test, &mut site.wang).await;
        assert_eq!(of(&read().await, wang)["values"].as_array().unwrap().len(), 2);
        // And each is told whose values they are, and when they came here.
        exchange(&bureau.test, &mut site.zhang).await;
        for (side, device) in [(&site.zhang, wang), (&site.wang, zhang)] {
            let change = by(device).as_str().unwrap().parse().unwrap();
            let told = side.origins[&change];
            assert_eq!((told.device, told.received_at), (device, bureau.test.app.clock.now()));
        }
        let decision = json!({ "choice": "chosen", "change": by(zhang), "reason": "x" });
        let decided = post(&bureau, &conflict, "resolution", decision).await;
        assert_eq!(decided["decisions"][0]["value"], "intact");
        assert_eq!(decided["decisions"][0]["change"], by(zhang));
        assert_eq!(of(&decided, zhang)["has_decision"], false);
        exchange(&bureau.test, &mut site.zhang).await;
        assert_eq!(of(&read().await, zhang)["has_decision"], false, "sent, and not confirmed");
        exchange(&bureau.test, &mut site.zhang).await;
        let now = read().await;
        assert_eq!(of(&now, zhang)["has_decision"], true);
        assert!(of(&now, zhang)["confirmed_at_ms"].is_i64() && of(&now, wang)["confirmed_at_ms"].is_null());
        assert_eq!((of(&now, wang)["has_decision"].clone(), &now["newer"]), (json!(false), &Value::Null));
    })
    .await;
}

#[tokio::test]
async fn a_coded_field_takes_no_free_words_and_shows_what_it_takes() {
    let bureau = Bureau::of(crate::testing::TestApp::sqlite().await).await;
    let mut site = Site::of(&bureau).await;
    site.zhang.save(site.visit, |edit| edit.answer(SEAL, "corroded").unwrap());
    exchange(&bureau.test, &mut site.zhang).await;
    let conflict = site.disagree(&bureau).await;
    let path = format!("{}/resolution", id_of(&conflict));
    let free = json!({ "choice": "written", "value": "about half", "reason": "x" });
    let refused = reviewer(&bureau, Method::POST, &path, &free).await;
    assert_eq!(
        (refused.status, &refused.json["errors"][0]["pointer"]),
        (422, &json!("/value")),
        "{}",
        refused.json
    );
    let browser = Browser::of(&bureau.test, &bureau.reviewer.1);
    let page = format!("/conflicts/{}", conflict["conflict_id"].as_str().unwrap());
    let html = browser.get(&page).await;
    assert!(
        html.html().contains("<option value=\"missing\"")
            && !html.html().contains("<option value=\"intact\"")
    );
    assert!(html.html().contains("Before that") && html.html().contains("corroded"), "{}", html.html());
    let changes =
        conflict["values"].as_array().unwrap().iter().map(|value| value["change"].as_str().unwrap());
    let seen = changes.collect::<Vec<_>>().join(" ");
    let form = [("choice", "written"), ("value", "about half"), ("reason", "x"), ("seen", &seen)];
    let again = browser.post(&format!("{page}/resolution"), &form).await;
    assert_eq!(again.status, 422);
    assert!(again.html().contains("does not take that value"), "{}", again.html());
}
