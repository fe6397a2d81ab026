//! The pages of refused envelopes and of escrow.

use super::*;
use crate::complaints::{DeviceRef, PersonRef};
use crate::exchange::tests::{a_technician, an_entry, exchange};
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::people::Role;
use crate::people::tests::a_person;
use crate::testing::TestApp;
use sync_core::ids::{DeviceId, EnvelopeHash, PersonId};
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
        let escrowed = EscrowedBody {
            envelope_hash: EnvelopeHash::NONE,
            reason: "revoked".to_owned(),
            person: someone(),
            device: device(),
            device_sequence: 1,
            kind: "change".to_owned(),
            visit_id: None,
            complaint_id: None,
            complaint_number: None,
            body_bytes: 10,
            photos: Vec::new(),
            claimed_at_ms: Timestamp::from_unix_ms(0),
            not_before_ms: 0,
            received_at_ms: 0,
        };
        check(&EscrowPage { shell: shell.clone(), items: vec![escrowed], next: next() });
        check(&EscrowPage { shell: shell.clone(), items: Vec::new(), next: None });
        for state in STATES {
            check(&ListPage { shell: shell.clone(), state, items: vec![item(state)], next: next() });
            check(&ListPage { shell: shell.clone(), state, items: Vec::new(), next: None });
            let line = || (HOSTILE.to_owned(), HOSTILE.to_owned(), HOSTILE.to_owned());
            for changes in [None, Some(Vec::new()), Some(vec![line()])] {
                let found = ItemWithEnvelope {
                    item: item(state),
                    kind: "change".to_owned(),
                    changes: 1,
                    body_bytes: 10,
                    photos: vec![HOSTILE.to_owned()],
                    would_change: None,
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
        let finding = sync_core::document::Finding {
            code: "other".to_owned(),
            text: "表盖有撬痕".to_owned(),
            item: None,
            severity: None,
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
        assert!(
            again.status == 422 && again.html().contains("decided about it meanwhile"),
            "{}",
            again.html()
        );
        assert!(browser.get("/arrivals?state=rejected").await.html().contains("/arrivals/quarantine/"));
        let (_, clerk) = a_person(&test, "chenjing", &[Role::Clerk]).await;
        assert_eq!(Browser::of(&test, &clerk).post(&format!("{path}/decision"), &[]).await.status, 403);
    })
    .await;
}
