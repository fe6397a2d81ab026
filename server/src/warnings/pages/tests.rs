//! What the pages of early warnings promise.

use super::list::{ListPage, WarningLine};
use super::rules::RulesPage;
use super::rules_form::RulesTyped;
use super::warning::{Bar, May, Typed, WarningPage};
use crate::complaints::tests::Bureau;
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::testing::TestApp;
use crate::warnings::bodies::WarningComplaint;
use crate::warnings::preview::{WarningPreview, WouldWarn};
use crate::warnings::publish_built_in;
use crate::warnings::rows::WarningList;
use crate::warnings::rules::built_in;
use crate::warnings::tests::judged;
use serde_json::json;
use sync_core::ids::ComplaintId;
use sync_core::time::Timestamp;

fn hostile() -> String {
    HOSTILE.to_owned()
}

#[test]
fn every_page_can_be_rendered() {
    for shell in shells() {
        for (list, rows) in WarningList::ALL.iter().flat_map(|list| [(*list, 0), (*list, 1)]) {
            let line = || WarningLine {
                id: hostile(),
                title: hostile(),
                days: hostile(),
                message: hostile(),
                level: ("bad", hostile()),
                state: hostile(),
                late: true,
                when: hostile(),
            };
            let next = Some("/warnings?after=x".to_owned());
            check(&ListPage { shell: shell.clone(), list, rows: (0..rows).map(|_| line()).collect(), next });
        }
        let bar = |counted| Bar {
            day: "2026-11-21".into(),
            label: Some("11-21".into()),
            count: 7,
            counted,
            x: 1,
            width: 14,
            height: 80,
        };
        for (may, limit_y) in [
            (May::default(), None),
            (May { acknowledge: true, recheck: false, close: true }, Some(60)),
            (May { acknowledge: false, recheck: true, close: true }, Some(60)),
        ] {
            let complaint = WarningComplaint {
                complaint_id: ComplaintId::from_bytes([1; 16]),
                number: hostile(),
                summary: hostile(),
                state: crate::complaints::model::State::Received,
            };
            check(&WarningPage {
                shell: shell.clone(),
                id: hostile(),
                version: 1,
                title: hostile(),
                message: hostile(),
                level: ("bad", hostile()),
                state: hostile(),
                late: limit_y.is_some(),
                taken_back: limit_y.is_none(),
                facts: vec![(hostile(), hostile())],
                bars: vec![bar(false), bar(true)],
                limit_y,
                complaints: if may.close { vec![complaint] } else { Vec::new() },
                acts: vec![(hostile(), Some(hostile()), hostile()), (hostile(), None, hostile())],
                may,
                typed: Typed { reason: hostile(), ..Typed::default() },
                failure: may.close.then(hostile),
            });
        }
        let would = WouldWarn {
            day: "2026-11-21".into(),
            class: HOSTILE.into(),
            area: "east".into(),
            window_days: 1,
            level: 2,
            seen: 7,
            rule: 1,
        };
        let typed = RulesTyped::of(shell.w, 1, built_in(), Timestamp::from_unix_ms(0));
        check(&RulesPage {
            rows: typed.rows(),
            typed,
            classes: vec![(hostile(), hostile())],
            units: vec![(hostile(), hostile())],
            failure: Some(hostile()),
            preview: Some(WarningPreview { days: 90, warnings: 1, by_rule: vec![1, 0], newest: vec![would] }),
            shell,
        });
    }
}

async fn bureau() -> Bureau {
    let bureau = Bureau::of(TestApp::sqlite().await).await;
    let app = &bureau.test.app;
    let mut tx = app.store.write().await.unwrap();
    publish_built_in(&mut tx, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    bureau
}

fn version(html: &str) -> String {
    html.split("name=\"version\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn a_warning_is_seen_to_from_the_start_page_to_its_end() {
    let bureau = bureau().await;
    for _ in 0..5 {
        bureau.complaint(&json!({})).await;
    }
    judged(&bureau).await;
    let clerk = Browser::of(&bureau.test, &bureau.clerk.1);
    let start = clerk.get("/").await;
    assert!(start.html().contains("<strong>1</strong>Early warnings"), "{}", start.html());
    let list = clerk.get("/warnings").await;
    for words in ["Business", "Limit 5, seen 5", "Level 1", "2025-11-21"] {
        assert!(list.html().contains(words), "{words}: {}", list.html());
    }
    let here = list.html().split("href=\"/warnings/").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let here = format!("/warnings/{here}");
    let page = clerk.get(&here).await;
    for words in
        ["C-2025-0005", "clerk", "class=\"bar counted\"", "limit-line", "I see to it", "five of a class"]
    {
        assert!(page.html().contains(words), "{words}: {}", page.html());
    }
    let at = version(page.html());
    let empty = clerk.post(&format!("{here}/acknowledgement"), &[("version", &at), ("plan", " ")]).await;
    assert!(empty.status == 422 && empty.html().contains("Write it down"), "{}", empty.html());
    let stale =
        clerk.post(&format!("{here}/acknowledgement"), &[("version", "7"), ("plan", "核对批次")]).await;
    assert!(stale.status == 409 && stale.html().contains("核对批次</textarea>"), "{}", stale.html());
    let done =
        clerk.post(&format!("{here}/acknowledgement"), &[("version", &at), ("plan", "核对批次")]).await;
    assert_eq!(done.location(), format!("{here}?said=warning-acknowledged"), "{}", done.html());
    assert!(!clerk.get("/").await.html().contains("Early warnings</a>"));
    let watched = clerk.get("/warnings?list=watched").await;
    assert!(watched.html().contains(&here) && watched.html().contains("back at"), "{}", watched.html());
    let page = clerk.get(&here).await;
    let at = version(page.html());
    let looked = clerk.post(&format!("{here}/rechecks"), &[("version", &at), ("finding", "批次有误")]).await;
    assert_eq!(looked.location(), format!("{here}?said=warning-rechecked"), "{}", looked.html());
    let at = version(clerk.get(&here).await.html());
    let closed = clerk.post(&format!("{here}/closure"), &[("version", &at), ("reason", "已退补")]).await;
    assert_eq!(closed.location(), format!("{here}?said=warning-closed"), "{}", closed.html());
    let page = clerk.get(&here).await;
    assert!(page.html().contains("已退补") && !page.html().contains("<textarea"), "{}", page.html());
}

#[tokio::test]
async fn rules_are_changed_shown_on_the_past_and_published() {
    let bureau = bureau().await;
    for _ in 0..3 {
        bureau.complaint(&json!({})).await;
    }
    let lead = Browser::of(&bureau.test, &bureau.lead.1);
    assert_eq!(Browser::of(&bureau.test, &bureau.clerk.1).get("/warning-rules").await.status, 403);
    let form = lead.get("/warning-rules").await;
    for words in ["Rule 3", "Clerk, Lead", "value=\"24\"", "gas.LEAK"] {
        assert!(form.html().contains(words), "{words}: {}", form.html());
    }
    let rule = |window: &'static str, threshold: &'static str, told: &'static str| {
        let mut sent = vec![("version", "1"), ("effective_from", "2025-11-22T00:00"), ("class", "power.BIZ")];
        sent.extend([("area", ""), ("from", ""), ("until", ""), ("window", window), ("window_unit", "hour")]);
        sent.extend([
            ("unusual", "no"),
            ("threshold", threshold),
            ("told", told),
            ("threshold", ""),
            ("told", ""),
        ]);
        sent.extend([
            ("threshold", ""),
            ("told", ""),
            ("recheck", "2"),
            ("recheck_unit", "hour"),
            ("source", "trial"),
        ]);
        sent
    };
    let post = async |mut fields: Vec<(&'static str, &'static str)>, act: &'static str| {
        fields.push(("act", act));
        lead.post("/warning-rules", &fields).await
    };
    for (fields, words) in [
        (rule("5", "3", "lead"), "Rule 1: this window is impossible"),
        (rule("24", "3", "boss"), "Rule 1: &#34;boss&#34; is no role"),
        (rule("24", "", "lead"), "Rule 1 would never warn"),
        (rule("24", "few", "lead"), "Rule 1: amounts and thresholds"),
    ] {
        let refused = post(fields, "publish").await;
        assert!(refused.status == 422 && refused.html().contains(words), "{words}: {}", refused.html());
        assert!(refused.html().contains("trial"), "what was typed is kept");
    }
    let shown = post(rule("24", "3", "lead"), "preview").await;
    for words in ["The last 90 days would have had 1 warnings", "3 reports", "Would have raised 1 warning"] {
        assert!(shown.html().contains(words), "{words}: {}", shown.html());
    }
    let done = post(rule("24", "3", "Lead, clerk@/east"), "publish").await;
    assert_eq!(done.location(), "/warning-rules?said=rules-published", "{}", done.html());
    let again = post(rule("24", "3", "lead"), "publish").await;
    assert!(again.html().contains("published a newer version meanwhile"), "{}", again.html());
    let policies = bureau.get("/v1/warning-policies").await.json;
    let told = &policies[0]["policy"]["rules"][0]["levels"][0]["recipients"];
    assert_eq!(told[1], json!({ "role": "clerk", "unit": "", "region": "east" }));
}
