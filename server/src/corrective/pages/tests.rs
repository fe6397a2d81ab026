//! What the pages of corrective actions promise.

use super::ActionLine;
use super::action::{self, ActionPage, May};
use super::list::ListPage;
use super::plan::{self, PlanPage};
use crate::complaints::tests::Bureau;
use crate::corrective::bodies::{ActionComplaint, ActionList};
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::testing::TestApp;
use sync_core::ids::ComplaintId;

fn hostile() -> String {
    HOSTILE.to_owned()
}

#[test]
fn every_page_can_be_rendered() {
    for shell in shells() {
        for (list, rows) in ActionList::ALL.iter().flat_map(|list| [(*list, 0), (*list, 1)]) {
            let line = || ActionLine {
                id: hostile(),
                title: hostile(),
                state: hostile(),
                owner: hostile(),
                unit: hostile(),
                complaints: hostile(),
                when: ("bad", hostile()),
            };
            let next = Some("/corrective-actions?after=x".to_owned());
            check(&ListPage { shell: shell.clone(), list, rows: (0..rows).map(|_| line()).collect(), next });
        }
        let people = vec![(hostile(), hostile())];
        let typed = plan::Typed { title: hostile(), ..plan::Typed::default() };
        check(&PlanPage {
            shell: shell.clone(),
            id: hostile(),
            number: hostile(),
            summary: hostile(),
            people: people.clone(),
            typed,
            failure: Some(hostile()),
        });
        for may in [May::default(), May { carry_out: true, steer: true, judge: true }] {
            let complaint = ActionComplaint {
                complaint_id: ComplaintId::from_bytes([1; 16]),
                number: hostile(),
                summary: hostile(),
                state: crate::complaints::model::State::Received,
            };
            check(&ActionPage {
                shell: shell.clone(),
                id: hostile(),
                version: 1,
                title: hostile(),
                state: hostile(),
                when: ("warn", hostile()),
                facts: vec![(hostile(), hostile())],
                effect: vec![(hostile(), hostile())],
                complaints: vec![complaint],
                acts: vec![(hostile(), Some(hostile()), hostile()), (hostile(), None, hostile())],
                may,
                people: people.clone(),
                typed: action::Typed { reason: hostile(), ..action::Typed::default() },
                failure: may.judge.then(hostile),
            });
        }
    }
}

fn version(html: &str) -> String {
    html.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_reviewer_plans_and_the_owner_carries_out() {
    let bureau = Bureau::of(TestApp::sqlite().await).await;
    let made = bureau.complaint(&serde_json::json!({})).await;
    let complaint = format!("/complaints/{}", made["complaint_id"].as_str().unwrap());
    let (clerk, reviewer) =
        (Browser::of(&bureau.test, &bureau.clerk.1), Browser::of(&bureau.test, &bureau.reviewer.1));
    let page = reviewer.get(&complaint).await;
    assert!(page.html().contains("Plan a corrective action"), "{}", page.html());
    assert!(!clerk.get(&complaint).await.html().contains("Plan a corrective action"));
    let form = format!("{complaint}/corrective-actions");
    assert!(reviewer.get(&form).await.html().contains("value=\"30\""));
    let owner = bureau.clerk.0.to_string();
    let fields = [("title", "复核表箱"), ("owner", &owner), ("due_on", ""), ("effect_days", "30")];
    let dayless = reviewer.post(&form, &fields).await;
    assert_eq!(dayless.status, 422);
    assert!(dayless.html().contains("value=\"复核表箱\"") && dayless.html().contains("Give a last day"));
    let fields = [("title", "复核表箱"), ("owner", &owner), ("due_on", "2025-12-01"), ("effect_days", "30")];
    let planned = reviewer.post(&form, &fields).await;
    let here = planned.location().split('?').next().unwrap().to_owned();
    assert!(here.starts_with("/corrective-actions/"), "{here} {}", planned.html());

    let mine = clerk.get("/corrective-actions?list=mine").await;
    assert!(mine.html().contains("复核表箱"), "{}", mine.html());
    let wrong = reviewer.post(&format!("{here}/links"), &[("complaint", "C-1999-0001")]).await;
    assert!(wrong.status == 404 && wrong.html().contains("value=\"C-1999-0001\""), "{}", wrong.html());
    let at = version(clerk.get(&here).await.html());
    let stale = [("version", "7"), ("evidence", "已全部复核")];
    let stale = clerk.post(&format!("{here}/completion"), &stale).await;
    assert!(stale.status == 409 && stale.html().contains("已全部复核</textarea>"), "{}", stale.html());
    let done = [("version", at.as_str()), ("evidence", "已全部复核")];
    let done = clerk.post(&format!("{here}/completion"), &done).await;
    assert_eq!(done.location(), format!("{here}?said=action-done"), "{}", done.html());
    assert!(!clerk.get(&here).await.html().contains("Did it help?"), "a clerk judges nothing");
    let shown = reviewer.get(&here).await;
    let at = version(shown.html());
    let judged = [("version", at.as_str()), ("helped", "yes"), ("finding", "一个月内没有")];
    let judged = reviewer.post(&format!("{here}/effect"), &judged).await;
    assert_eq!(judged.location(), format!("{here}?said=action-effective"), "{}", judged.html());
    let record = reviewer.get(&complaint).await;
    for words in ["It was found to help", "复核表箱", "Helped"] {
        assert!(record.html().contains(words), "{words}: {}", record.html());
    }
}
