//! What several levels of a review promise.

use super::chain::{LevelState, ReviewLevelBody};
use super::chain_pages::{LevelsPage, WaitingLine, level_line};
use crate::complaints::tests::{Bureau, somebody_of};
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::people::Role;
use crate::people::tests::a_person;
use crate::testing::{Answer, TestApp};
use axum::http::Method;
use serde_json::{Value, json};
use sync_core::deadline::built_in_policy;
use sync_core::time::Timestamp;

/// Rules by which metering passes three levels: a reviewer, a reviewer of the city, a lead within four hours.
async fn with_chain(bureau: &Bureau) {
    let app = &bureau.test.app;
    let mut tx = app.store.write().await.unwrap();
    crate::deadlines::publish_built_in(&mut tx, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    app.clock.advance_ms(1);
    let mut policy = json!(built_in_policy());
    let level = |zh: &str, role: &str, unit: &str, amount: u32, of: &str| json!({ "zh": zh, "en": zh, "role": role, "unit": unit, "within": { "amount": amount, "unit": of } });
    policy["reviews"] = json!([{ "category": "power.BIZ", "levels": [
        level("站级", "reviewer", "", 1, "working_day"),
        level("市级", "reviewer", "city", 1, "working_day"),
        level("总部", "lead", "", 4, "hour"),
    ] }]);
    let form = json!({ "effective_from_ms": app.clock.now().unix_ms(), "policy": policy });
    let answer = bureau.test.call(Method::PUT, "/v1/deadline-policies/2");
    let answer = answer.header("authorization", &bureau.lead.1).json(&form).send().await;
    assert_eq!(answer.status, 201, "{}", answer.json);
    app.clock.advance_ms(1);
}

async fn post(bureau: &Bureau, session: &str, path: &str, body: &Value) -> Answer {
    bureau.test.app.clock.advance_ms(1);
    bureau.test.call(Method::POST, path).header("authorization", session).json(body).send().await
}

async fn judge(bureau: &Bureau, session: &str, complaint: &Value, note: &str) -> Answer {
    let verdict = json!({ "verdict": "not_substantiated", "note": note, "without_visit": true });
    post(bureau, session, &format!("{}/reviews", path_of(complaint)), &verdict).await
}

fn path_of(complaint: &Value) -> String {
    format!("/v1/complaints/{}", complaint["complaint_id"].as_str().unwrap())
}

async fn levels(bureau: &Bureau, complaint: &Value) -> Vec<(i64, String)> {
    let record = bureau.get(&path_of(complaint)).await.json;
    let levels = record["review_levels"].as_array().unwrap().clone();
    let line =
        |level: &Value| (level["level"].as_i64().unwrap(), level["state"].as_str().unwrap().to_owned());
    levels.iter().map(line).collect()
}

fn told(levels: &[(i64, &str)]) -> Vec<(i64, String)> {
    levels.iter().map(|(level, state)| (*level, (*state).to_owned())).collect()
}

async fn waiting(bureau: &Bureau, session: &str) -> usize {
    let answer = bureau.test.call(Method::GET, "/v1/review-levels").header("authorization", session);
    answer.send().await.json.as_array().unwrap().len()
}

#[tokio::test]
async fn each_level_judges_in_its_turn_and_nobody_twice() {
    Bureau::for_each_engine(|bureau| async move {
        with_chain(&bureau).await;
        let complaint = bureau.complaint(&json!({})).await;
        let (_, second) = a_person(&bureau.test, "second", &[Role::Reviewer]).await;
        let (_, head) = a_person(&bureau.test, "head", &[Role::Lead]).await;
        let first = judge(&bureau, &bureau.reviewer.1, &complaint, "一审").await;
        assert_eq!((first.status, &first.json["state"]), (200, &json!("received")), "{}", first.json);
        assert_eq!(levels(&bureau, &complaint).await, told(&[(1, "passed"), (2, "open")]));
        assert_eq!((waiting(&bureau, &bureau.reviewer.1).await, waiting(&bureau, &second).await), (0, 1));
        let twice = judge(&bureau, &bureau.reviewer.1, &complaint, "再审").await;
        assert_eq!((twice.status, &twice.json["code"]), (409, &json!("review-twice")));
        let elsewhere = somebody_of(&bureau.test, Role::Reviewer, "county", "").await;
        let foreign = judge(&bureau, &elsewhere, &complaint, "越级").await;
        assert_eq!((foreign.status, &foreign.json["code"]), (403, &json!("review-level-of-another")));

        // The second level sends it back; the first judges anew.
        let back = format!("{}/review-levels/send-back", path_of(&complaint));
        let mute = post(&bureau, &second, &back, &json!({ "reason": " " })).await;
        assert_eq!(mute.json["errors"][0]["pointer"], "/reason");
        let sent = post(&bureau, &second, &back, &json!({ "reason": "未说明依据" })).await;
        assert_eq!(sent.status, 200, "{}", sent.json);
        let none = post(&bureau, &bureau.lead.1, &back, &json!({ "reason": "再退" })).await;
        assert_eq!(none.json["code"], "review-level-state", "the first level asks for rework");
        assert_eq!(judge(&bureau, &bureau.reviewer.1, &complaint, "补充依据").await.status, 200);
        assert_eq!(judge(&bureau, &second, &complaint, "同意").await.status, 200);
        let below = judge(&bureau, &elsewhere, &complaint, "总部之事").await;
        assert_eq!(below.json["code"], "review-level-of-another", "a reviewer is no lead");
        let last = judge(&bureau, &head, &complaint, "批准").await;
        assert_eq!((last.status, &last.json["state"]), (200, &json!("reviewed")), "{}", last.json);
        let expected = [(1, "passed"), (2, "sent_back"), (1, "passed"), (2, "passed"), (3, "passed")];
        assert_eq!(levels(&bureau, &complaint).await, told(&expected));
        let record = bureau.get(&path_of(&complaint)).await.json;
        assert_eq!(record["verdicts"].as_array().unwrap().len(), 4);
        let level = &record["review_levels"][4];
        let span = level["due_at_ms"].as_i64().unwrap() - level["from_ms"].as_i64().unwrap();
        assert_eq!(span, 4 * 3_600_000, "each level has a deadline of its own");

        // Given anew, the verdict passes all levels again, and closing waits for that.
        post(&bureau, &head, &format!("{}/answer", path_of(&complaint)), &json!({ "reason": "已答复" }))
            .await;
        let close = json!({ "reason": "完成" });
        let closed = post(&bureau, &head, &format!("{}/closure", path_of(&complaint)), &close).await;
        let kinds = |answer: &Answer| answer.json["blockers"].to_string();
        assert!(!kinds(&closed).contains("review_level"), "{}", closed.json);
    })
    .await;
}

#[tokio::test]
async fn a_category_without_levels_has_one_and_what_goes_on_elsewhere_is_void() {
    Bureau::for_each_engine(|bureau| async move {
        with_chain(&bureau).await;
        let other = bureau.complaint(&json!({ "category": "power.OUT.repair" })).await;
        let judged = judge(&bureau, &bureau.reviewer.1, &other, "一审").await;
        assert_eq!(judged.json["state"], "reviewed", "{}", judged.json);
        assert!(levels(&bureau, &other).await.is_empty());
        let chained = bureau.complaint(&json!({})).await;
        judge(&bureau, &bureau.reviewer.1, &chained, "一审").await;
        let withdrawn = json!({ "reason": "客户撤诉" });
        post(&bureau, &bureau.lead.1, &format!("{}/withdrawal", path_of(&chained)), &withdrawn).await;
        assert_eq!(levels(&bureau, &chained).await, told(&[(1, "passed"), (2, "void")]));
    })
    .await;
}

#[tokio::test]
async fn pages_say_which_level_is_due_and_what_waits() {
    let bureau = Bureau::of(TestApp::sqlite().await).await;
    with_chain(&bureau).await;
    let complaint = bureau.complaint(&json!({})).await;
    let page = format!("/complaints/{}", complaint["complaint_id"].as_str().unwrap());
    judge(&bureau, &bureau.reviewer.1, &complaint, "一审").await;
    let (_, second) = a_person(&bureau.test, "second", &[Role::Reviewer]).await;
    let second = Browser::of(&bureau.test, &second);
    assert!(second.get("/").await.html().contains("Levels that wait for me"));
    let list = second.get("/review-levels").await;
    for words in ["Level 2 of 3", complaint["number"].as_str().unwrap()] {
        assert!(list.html().contains(words), "{words}: {}", list.html());
    }
    let form = second.get(&format!("{page}/review")).await;
    for words in ["Level 2 of 3", "Send it back to the level below"] {
        assert!(form.html().contains(words), "{words}: {}", form.html());
    }
    let back = [("back_reason", "未说明依据")];
    let back = second.post(&format!("{page}/review/send-back"), &back).await;
    assert_eq!(back.location(), format!("{page}?said=level-sent-back"), "{}", back.html());
    let record = second.get(&page).await;
    for words in ["Levels of the review", "未说明依据", "Verdict sent back to the level below"] {
        assert!(record.html().contains(words), "{words}: {}", record.html());
    }
}

#[test]
fn every_state_of_a_level_has_words() {
    for shell in shells() {
        for state in LevelState::ALL {
            let level = ReviewLevelBody {
                level: 1,
                levels: 2,
                name_zh: HOSTILE.to_owned(),
                name_en: HOSTILE.to_owned(),
                role: "lead".to_owned(),
                unit: String::new(),
                region: String::new(),
                state: *state,
                from_ms: 0,
                due_at_ms: 1,
                decided_at_ms: None,
                decided_by: None,
                reason: Some(HOSTILE.to_owned()),
            };
            let line = level_line(shell.w, &level, Timestamp::from_unix_ms(2));
            assert!(!line.state.contains('⟦'), "{}", line.state);
            let row = WaitingLine {
                complaint: HOSTILE.to_owned(),
                number: HOSTILE.to_owned(),
                summary: HOSTILE.to_owned(),
                line,
            };
            check(&LevelsPage { shell: shell.clone(), rows: vec![row] });
        }
    }
}
