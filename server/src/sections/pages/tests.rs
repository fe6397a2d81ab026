//! What the pages of sections promise.

use super::SectionLine;
use super::list::ListPage;
use super::open::{self, OpenPage};
use super::section::{self, May, SectionPage};
use crate::complaints::tests::{Bureau, somebody_of};
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::people::Role;
use crate::review::Offered;
use crate::sections::bodies::SectionList;
use crate::sections::tests::with_rules;
use crate::testing::TestApp;

fn hostile() -> String {
    HOSTILE.to_owned()
}

#[test]
fn every_page_can_be_rendered() {
    let pairs = || vec![(hostile(), hostile())];
    for shell in shells() {
        for (list, rows) in SectionList::ALL.iter().flat_map(|list| [(*list, 0), (*list, 1)]) {
            let line = || SectionLine {
                id: hostile(),
                discipline: hostile(),
                state: hostile(),
                task: hostile(),
                number: hostile(),
                unit: hostile(),
                since: hostile(),
                when: ("bad", hostile()),
            };
            let next = Some("/sections?after=x".to_owned());
            check(&ListPage { shell: shell.clone(), list, rows: (0..rows).map(|_| line()).collect(), next });
        }
        check(&OpenPage {
            shell: shell.clone(),
            id: hostile(),
            number: hostile(),
            summary: hostile(),
            disciplines: pairs(),
            units: vec![hostile()],
            limit_units: pairs(),
            typed: open::Typed { task: hostile(), ..open::Typed::default() },
            failure: Some(hostile()),
        });
        let all = May { work: true, sign_off: true, hand_over: true, take_back: true, give_up: true };
        for (may, changed) in [(May::default(), false), (all, true)] {
            let visit = Offered { id: hostile(), number: 1, state: hostile(), items: Vec::new() };
            check(&SectionPage {
                shell: shell.clone(),
                id: hostile(),
                version: 1,
                discipline: hostile(),
                state: hostile(),
                when: ("warn", hostile()),
                complaint: (changed.then(hostile), hostile()),
                summary: hostile(),
                task: hostile(),
                work: hostile(),
                facts: pairs(),
                rests_on: if changed { pairs() } else { Vec::new() },
                rests_on_count: 1,
                visits: vec![visit],
                acts: vec![(hostile(), Some(hostile()), hostile()), (hostile(), None, hostile())],
                may,
                units: vec![hostile()],
                limit_units: pairs(),
                typed: section::Typed { work: hostile(), ..section::Typed::default() },
                failure: changed.then(hostile),
                changed,
            });
        }
    }
}

fn version(html: &str) -> String {
    html.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_discipline_is_asked_works_and_signs_off_and_who_was_slower_keeps_their_words() {
    let bureau = Bureau::of(TestApp::sqlite().await).await;
    with_rules(&bureau).await;
    let meters = somebody_of(&bureau.test, Role::Clerk, "meters", "").await;
    let made = bureau.complaint(&serde_json::json!({ "unit": "" })).await;
    let complaint = format!("/complaints/{}", made["complaint_id"].as_str().unwrap());
    let (clerk, shop) = (Browser::of(&bureau.test, &bureau.clerk.1), Browser::of(&bureau.test, &meters));
    assert!(clerk.get(&complaint).await.html().contains("Open a section"));
    let form = format!("{complaint}/sections");
    let shown = clerk.get(&form).await;
    for words in ["Metering · 2 working days", "<option value=\"meters\">"] {
        assert!(shown.html().contains(words), "{words}: {}", shown.html());
    }
    let fields = |amount: &'static str| {
        [
            ("discipline", "metering"),
            ("task", "核对倍率"),
            ("unit", "meters"),
            ("amount", amount),
            ("amount_unit", "hour"),
        ]
    };
    let wrong = clerk.post(&form, &fields("soon")).await;
    assert!(wrong.status == 422 && wrong.html().contains("核对倍率</textarea>"), "{}", wrong.html());
    assert!(wrong.html().contains("whole number from 1 to 100,000"), "{}", wrong.html());
    let opened = clerk.post(&form, &fields("4")).await;
    let here = opened.location().split('?').next().unwrap().to_owned();
    assert!(here.starts_with("/sections/"), "{here} {}", opened.html());

    let start = shop.get("/").await;
    assert!(start.html().contains("Sections for us"), "{}", start.html());
    assert!(shop.get("/sections").await.html().contains("核对倍率"));
    let page = shop.get(&here).await;
    assert!(page.html().contains("meters, since"), "{}", page.html());
    assert!(!page.html().contains("Sign off</h2>"), "nothing is written yet: {}", page.html());
    let at = version(page.html());
    let work = |words: &'static str| [("version", at.as_str()), ("work", words)];
    let done = shop.post(&format!("{here}/work"), &work("倍率应为 30")).await;
    assert_eq!(done.location(), format!("{here}?said=section-worked"), "{}", done.html());
    let slower = shop.post(&format!("{here}/work"), &work("倍率无误")).await;
    assert_eq!(slower.status, 412);
    for words in ["倍率无误</textarea>", "倍率应为 30", "It says now:"] {
        assert!(slower.html().contains(words), "{words}: {}", slower.html());
    }
    let at = version(slower.html());
    let own = clerk.post(&format!("{here}/sign-off"), &[("version", at.as_str())]).await;
    assert_eq!(own.status, 409, "{}", own.html());
    assert!(own.html().contains("Nobody but a lead signs off"), "{}", own.html());

    bureau.test.app.clock.advance_ms(5 * 3_600_000);
    let (_, lead) = crate::people::tests::a_person(&bureau.test, "late-lead", &[Role::Lead]).await;
    let lead = Browser::of(&bureau.test, &lead);
    let watch = lead.get("/watch?list=sections").await;
    for words in ["核对倍率", "overdue since", &here] {
        assert!(watch.html().contains(words), "{words}: {}", watch.html());
    }
    let record = lead.get(&complaint).await;
    for words in ["A discipline has not signed off its section", "Metering", "倍率应为 30", &here] {
        assert!(record.html().contains(words), "{words}: {}", record.html());
    }
    let signed = lead.post(&format!("{here}/sign-off"), &[("version", at.as_str())]).await;
    assert_eq!(signed.location(), format!("{here}?said=section-signed-off"), "{}", signed.html());
    let page = lead.get(&here).await;
    assert!(page.html().contains("signed off later than promised"), "{}", page.html());
    let back = [("version", "3"), ("back_reason", "")];
    let back = lead.post(&format!("{here}/sign-off-withdrawal"), &back).await;
    assert_eq!(back.status, 422, "{}", back.html());
    let back = [("version", "3"), ("back_reason", "铭牌看错")];
    let back = lead.post(&format!("{here}/sign-off-withdrawal"), &back).await;
    assert_eq!(back.location(), format!("{here}?said=section-taken-back"), "{}", back.html());
}
