//! What the pages of expert seats promise.

use super::SeatLine;
use super::ask::{self, AskPage};
use super::list::ListPage;
use super::request::{self, May, RequestPage};
use crate::complaints::tests::Bureau;
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::people::Role;
use crate::people::tests::a_person;
use crate::seats::bodies::RequestList;
use crate::sections::tests::with_rules;
use crate::testing::TestApp;

fn hostile() -> String {
    HOSTILE.to_owned()
}

#[test]
fn every_page_can_be_rendered() {
    let pairs = || vec![(hostile(), hostile())];
    for shell in shells() {
        for (list, rows) in RequestList::ALL.iter().flat_map(|list| [(*list, 0), (*list, 1)]) {
            let line = || SeatLine {
                id: hostile(),
                skill: hostile(),
                state: hostile(),
                question: hostile(),
                number: hostile(),
                asked: hostile(),
                holder: Some(hostile()),
                answer: Some(hostile()),
                when: ("bad", hostile()),
                after_all: true,
            };
            check(&ListPage {
                shell: shell.clone(),
                list,
                skill: hostile(),
                skills: pairs(),
                rows: (0..rows).map(|_| line()).collect(),
                next: Some("/expert-seats?after=x".to_owned()),
            });
        }
        check(&AskPage {
            shell: shell.clone(),
            id: hostile(),
            number: hostile(),
            summary: hostile(),
            skills: pairs(),
            typed: ask::Typed { skill: hostile(), question: hostile() },
            failure: Some(hostile()),
        });
        let all = May { take: true, give_back: true, answer: true, withdraw: true };
        for (may, over) in [(May::default(), true), (all, false)] {
            check(&RequestPage {
                shell: shell.clone(),
                id: hostile(),
                version: 1,
                skill: hostile(),
                state: hostile(),
                when: ("warn", hostile()),
                complaint: (hostile(), hostile()),
                summary: hostile(),
                after_all: over,
                question: hostile(),
                facts: pairs(),
                answer: over.then(hostile),
                reason: over.then(hostile),
                may,
                typed: request::Typed { answer: hostile(), reason: hostile(), ..request::Typed::default() },
                failure: over.then(hostile),
            });
        }
    }
}

fn version(html: &str) -> String {
    html.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_desk_asks_an_expert_answers_and_who_was_slower_keeps_their_words() {
    let bureau = Bureau::of(TestApp::sqlite().await).await;
    with_rules(&bureau).await;
    let liu = a_person(&bureau.test, "liu", &[Role::Expert]).await.1;
    let zhao = a_person(&bureau.test, "zhao", &[Role::Expert]).await.1;
    let made = bureau.complaint(&serde_json::json!({})).await;
    let complaint = format!("/complaints/{}", made["complaint_id"].as_str().unwrap());
    let clerk = Browser::of(&bureau.test, &bureau.clerk.1);
    let (liu, zhao) = (Browser::of(&bureau.test, &liu), Browser::of(&bureau.test, &zhao));
    assert!(clerk.get(&complaint).await.html().contains("Ask an expert"));
    assert!(!liu.get(&complaint).await.html().contains("Ask an expert"), "experts are asked");
    let form = format!("{complaint}/expert-seats");
    assert!(clerk.get(&form).await.html().contains("Metering</option>"));
    let wrong = clerk.post(&form, &[("skill", "metering"), ("question", " ")]).await;
    assert!(wrong.status == 422 && wrong.html().contains("at most 2,000 characters"), "{}", wrong.html());
    let asked = clerk.post(&form, &[("skill", "metering"), ("question", "零线断开怎么判？")]).await;
    let here = asked.location().split('?').next().unwrap().to_owned();
    assert!(here.starts_with("/expert-seats/"), "{here} {}", asked.html());
    let page = clerk.get(&here).await;
    assert!(page.html().contains("Withdraw this question") && !page.html().contains("Take this question"));

    assert!(liu.get("/").await.html().contains("Questions to experts"));
    let queue = liu.get("/expert-seats").await;
    assert!(queue.html().contains("零线断开怎么判？") && queue.html().contains("due "), "{}", queue.html());
    assert!(!liu.get("/expert-seats?skill=billing").await.html().contains("零线断开怎么判？"));
    assert!(!liu.get("/watch?list=experts").await.html().contains("零线断开怎么判？"));
    bureau.test.app.clock.advance_ms(21 * 60_000);
    assert!(liu.get("/watch?list=experts").await.html().contains("badge warn"), "ten minutes are left");
    bureau.test.app.clock.advance_ms(10 * 60_000);
    let late = liu.get("/watch?list=experts").await;
    assert!(late.html().contains("badge bad") && late.html().contains(&here), "{}", late.html());

    let (first, second) = (liu.get(&here).await, zhao.get(&here).await);
    let (at, seen) = (version(first.html()), version(second.html()));
    let answer = [("version", at.as_str()), ("answer", "按退补规程处理")];
    let done = liu.post(&format!("{here}/answer"), &answer).await;
    assert_eq!(done.location(), format!("{here}?said=expert-answered"), "{}", done.html());
    let slower = [("version", seen.as_str()), ("answer", "另一种说法")];
    let slower = zhao.post(&format!("{here}/answer"), &slower).await;
    assert_eq!(slower.status, 409, "{}", slower.html());
    assert!(slower.html().contains("另一种说法") && slower.html().contains("按退补规程处理"));
    let record = clerk.get(&complaint).await;
    for words in ["按退补规程处理", "answered late", "<strong>Expert seat</strong>", &here] {
        assert!(record.html().contains(words), "{words}: {}", record.html());
    }
    assert!(clerk.get("/expert-seats?list=over").await.html().contains("Answered"));
}
