//! The pages of refused envelopes and of escrow.

use super::super::told::{DeviceTold, Told};
use super::*;
use crate::complaints::{DeviceRef, PersonRef};
use crate::exchange::tests::{a_technician, an_entry, exchange};
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::people::Role;
use crate::people::tests::a_person;
use crate::testing::TestApp;
use sync_core::document::{Finding, FindingEdit};
use sync_core::ids::{DeviceId, PersonId};
use sync_core::time::Timestamp;

fn someone() -> PersonRef {
    PersonRef { person_id: PersonId::from_bytes([1; 16]), name: Some(HOSTILE.to_owned()) }
}

fn device() -> DeviceRef {
    DeviceRef { device_id: DeviceId::from_bytes([1; 16]), label: Some(HOSTILE.to_owned()) }
}

fn item(state: &str) -> ItemAnswer {
    let decided = state != "open";
    ItemAnswer {
        id: 7,
        person: someone(),
        device: device(),
        device_sequence: 3,
        visit_id: None,
        complaint_id: None,
        complaint_number: None,
        reason: "newer_reason".to_owned(),
        detail: HOSTILE.to_owned(),
        state: state.to_owned(),
        claimed_at_ms: Timestamp::from_unix_ms(0),
        received_at_ms: Timestamp::from_unix_ms(0),
        opened_at_ms: 0,
        decided_at_ms: decided.then_some(0),
        decided_by: decided.then(someone),
        decision_reason: decided.then(|| HOSTILE.to_owned()),
    }
}

#[test]
fn every_state_of_an_arrival_can_be_shown() {
    for shell in shells() {
        let next = || Some("/arrivals?cursor=x".to_owned());
        for state in STATES {
            check(&ListPage { shell: shell.clone(), state, items: vec![item(state)], next: next() });
            check(&ListPage { shell: shell.clone(), state, items: Vec::new(), next: None });
            let line = || Change { place: HOSTILE.to_owned(), now: Some(HOSTILE.to_owned()), then: None };
            for (changes, what) in [
                (None, Told::Refused),
                (Some(Vec::new()), Told::RefusedUnconfirmed),
                (Some(vec![line()]), Told::Entered),
                (None, Told::EnteredUnconfirmed),
                (None, Told::Rewritten),
            ] {
                let device_told = DeviceTold { what, last_seen_at_ms: Some(0), revoked: true };
                let found = ItemWithEnvelope {
                    item: item(state),
                    kind: "change".to_owned(),
                    changes: 1,
                    body_bytes: 10,
                    photos: vec![HOSTILE.to_owned()],
                    would_change: None,
                    ground_lost: state == &"open",
                    device_told,
                    compared: None,
                };
                let (typed, failure) = (HOSTILE.to_owned(), Some(HOSTILE.to_owned()));
                check(&ItemPage { shell: shell.clone(), found, changes, may_decide: true, typed, failure });
            }
        }
    }
}

#[tokio::test]
async fn a_reviewer_reads_what_was_refused_and_decides() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = crate::exchange::tests::a_visit_of(&test, &mut [&mut device]).await;
        let stranger = PersonId::from_bytes([9; 16]);
        let id = an_entry(&mut device);
        let finding =
            Finding {
                code: "other".to_owned(), text: "表盖有撬痕".to_owned(), item: None, severity: None
            };
        device.save_as(visit, stranger, |edit| edit.add_finding(id, &finding).unwrap());
        exchange(&test, &mut device).await;
        let (_, reviewer) = a_person(&test, "zhaolei", &[Role::Reviewer]).await;
        let browser = Browser::of(&test, &reviewer);
        let list = browser.get("/arrivals").await;
        let path = list.html().split("href=\"/arrivals/quarantine/").nth(1).expect("one item");
        let path = format!("/arrivals/quarantine/{}", path.split('"').next().unwrap());
        let page = browser.get(&path).await;
        assert!(page.html().contains("zhangwei 测试"), "{path}: {} {}", page.status, page.html());
        let decide = |decision: &'static str, reason: &'static str| {
            let (path, browser) = (format!("{path}/decision"), &browser);
            async move { browser.post(&path, &[("decision", decision), ("reason", reason)]).await }
        };
        assert_eq!(decide("reject", "  ").await.status, 422);
        assert_eq!(decide("reject", "not by this person").await.status, 303);
        let again = decide("accept", "after all").await;
        assert_eq!(again.status, 412, "{}", again.html());
        for said in ["zhaolei 测试 decided about it meanwhile", "not by this person", "after all"] {
            assert!(again.html().contains(said), "{said}: {}", again.html());
        }
        assert_eq!(decide("reject", "not by this person").await.status, 303, "the same person, once more");
        let (_, other) = a_person(&test, "wuli", &[Role::Reviewer]).await;
        let same = [("decision", "reject"), ("reason", "I think so, too")];
        let second = Browser::of(&test, &other).post(&format!("{path}/decision"), &same).await;
        assert!(second.status == 412 && second.html().contains("I think so, too"), "{}", second.html());
        assert!(browser.get("/arrivals?state=rejected").await.html().contains("/arrivals/quarantine/"));
        let (_, clerk) = a_person(&test, "chenjing", &[Role::Clerk]).await;
        assert_eq!(Browser::of(&test, &clerk).post(&format!("{path}/decision"), &[]).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn what_the_device_was_told_is_what_it_knows_and_an_accepted_item_says_what_it_changed() {
    TestApp::for_each_engine(|test| async move {
        let (mut owner, mut device) =
            (a_technician(&test, "zhangwei").await, a_technician(&test, "liming").await);
        let visit = crate::exchange::tests::a_visit_of(&test, &mut [&mut owner, &mut device]).await;
        let id = an_entry(&mut owner);
        let seen = |text: &str| Finding {
            code: "other".to_owned(),
            text: text.to_owned(),
            item: None,
            severity: None,
        };
        owner.save(visit, |edit| edit.add_finding(id, &seen("seal intact")).unwrap());
        exchange(&test, &mut owner).await;
        exchange(&test, &mut device).await;
        let changed = FindingEdit { text: Some("A-778812".to_owned()), ..FindingEdit::default() };
        device.save_as(visit, owner.person, |edit| edit.edit_finding(id, &changed).unwrap());
        exchange(&test, &mut device).await;
        let (_, reviewer) = a_person(&test, "zhaolei", &[Role::Reviewer]).await;
        let browser = Browser::of(&test, &reviewer);
        let list = browser.get("/arrivals").await;
        let path = list.html().split("href=\"/arrivals/quarantine/").nth(1).expect("one item");
        let path = format!("/arrivals/quarantine/{}", path.split('"').next().unwrap());
        let open = browser.get(&path).await;
        for said in ["What it would change in the record", "A-778812", "has not confirmed it yet"] {
            assert!(open.html().contains(said), "{said}: {}", open.html());
        }
        let accept = [("decision", "accept"), ("reason", "seen with the customer")];
        assert_eq!(browser.post(&format!("{path}/decision"), &accept).await.status, 303);
        let accepted = browser.get(&path).await;
        for said in ["What it changed in the record", "A-778812", "Until its next exchange"] {
            assert!(accepted.html().contains(said), "{said}: {}", accepted.html());
        }
        assert!(!accepted.html().contains("Nothing in the record"));
        exchange(&test, &mut device).await;
        exchange(&test, &mut device).await;
        let known = browser.get(&path).await;
        assert!(
            known.html().contains("It is part of the record. The device has confirmed"),
            "{}",
            known.html()
        );
        // What it changed stays what it was, whatever comes later.
        let changed = FindingEdit { text: Some("B-1 later".to_owned()), ..FindingEdit::default() };
        owner.save(visit, |edit| edit.edit_finding(id, &changed).unwrap());
        exchange(&test, &mut owner).await;
        let page = browser.get(&path).await;
        assert!(page.html().contains("A-778812") && !page.html().contains("B-1 later"), "{}", page.html());
    })
    .await;
}
