//! The pages of what was kept aside.

use super::*;
use crate::complaints::{DeviceRef, PersonRef};
use crate::devices;
use crate::exchange::testing::SimDevice;
use crate::exchange::tests::{a_technician, a_visit_of, exchange};
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::people::Role;
use crate::people::tests::a_person;
use crate::store::statement;
use crate::testing::TestApp;
use sync_core::ids::{DeviceId, PersonId};
use sync_core::time::Timestamp;

fn someone() -> PersonRef {
    PersonRef { person_id: PersonId::from_bytes([1; 16]), name: Some(HOSTILE.to_owned()) }
}

fn item(reason: &str, decided: bool) -> EscrowedBody {
    EscrowedBody {
        envelope_hash: EnvelopeHash::NONE,
        reason: reason.to_owned(),
        person: someone(),
        device: DeviceRef { device_id: DeviceId::from_bytes([1; 16]), label: Some(HOSTILE.to_owned()) },
        device_sequence: 1,
        kind: "change".to_owned(),
        visit_id: None,
        complaint_id: None,
        complaint_number: None,
        body_bytes: 10,
        photos: vec![HOSTILE.to_owned()],
        claimed_at_ms: Timestamp::from_unix_ms(0),
        not_before_ms: 0,
        received_at_ms: 0,
        decision: decided.then(|| "accepted".to_owned()),
        decided_at_ms: decided.then_some(0),
        decided_by: decided.then(someone),
        decision_reason: decided.then(|| HOSTILE.to_owned()),
    }
}

#[test]
fn every_state_of_what_was_kept_aside_can_be_shown() {
    for shell in shells() {
        for (reason, decided) in [("revoked", false), ("fork", true), ("newer", false)] {
            let (items, next) = (vec![item(reason, decided)], Some("/arrivals/escrow?cursor=x".to_owned()));
            check(&EscrowPage { shell: shell.clone(), decided, items, next });
            let line = || Change { place: HOSTILE.to_owned(), now: None, then: Some(HOSTILE.to_owned()) };
            for changes in [None, Some(Vec::new()), Some(vec![line()])] {
                let (typed, failure) = (HOSTILE.to_owned(), Some(HOSTILE.to_owned()));
                let (item, may_decide) = (item(reason, decided), !decided);
                let cannot_enter = (reason != "revoked").then_some("forked");
                let shell = shell.clone();
                check(&ItemPage { shell, item, changes, cannot_enter, may_decide, typed, failure });
            }
        }
        check(&EscrowPage { shell, decided: false, items: Vec::new(), next: None });
    }
}

#[tokio::test]
async fn what_a_revoked_device_sent_is_read_with_its_difference_and_closed_with_a_reason() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.now = test.app.clock.now().plus_ms(-60_000);
        device.save(visit, |edit| edit.answer("meter-accuracy.number", "A-1").unwrap());
        device.save(visit, |edit| edit.answer("meter-accuracy.number", "A-2").unwrap());
        revoke(&test, &device).await;
        exchange(&test, &mut device).await;
        let (_, reviewer) = a_person(&test, "zhaolei", &[Role::Reviewer]).await;
        let browser = Browser::of(&test, &reviewer);
        let list = browser.get("/arrivals/escrow").await;
        let found: Vec<&str> = list.html().split("href=\"/arrivals/escrow/").skip(1).collect();
        assert_eq!(found.len(), 2, "{}", list.html());
        let path = format!("/arrivals/escrow/{}", found[1].split('"').next().unwrap());
        let page = browser.get(&path).await;
        // The second builds on the first, which lies here as well.
        for said in ["A-1", "A-2", "the device has no access any more", "Take up"] {
            assert!(page.html().contains(said), "{said}: {}", page.html());
        }
        let decide = format!("{path}/decision");
        let form = |decision, reason| [("decision", decision), ("reason", reason)];
        assert_eq!(browser.post(&decide, &form("reject", " ")).await.status, 422);
        let early = browser.post(&decide, &form("accept", "he says so")).await;
        assert!(early.status == 422 && early.html().contains("kept aside before it"), "{}", early.html());
        assert_eq!(browser.post(&decide, &form("reject", "the meter was read again")).await.status, 303);
        let again = browser.post(&decide, &form("accept", "once more")).await;
        assert!(
            again.status == 412
                && again.html().contains("decided about it meanwhile")
                && again.html().contains("once more"),
            "{}",
            again.html()
        );
        assert!(browser.get(&path).await.html().contains("the meter was read again"));
        assert!(!browser.get("/arrivals/escrow").await.html().contains(&path));
        assert!(browser.get("/arrivals/escrow?state=decided").await.html().contains(&path));
        let api = path.replace("/arrivals", "/v1");
        let answer = test.get(&api).header("authorization", &reviewer).send().await;
        assert_eq!(
            answer.json["would_change"][0]["path"], "answers/meter-accuracy.number/shown",
            "{}",
            answer.json
        );
        assert_eq!(answer.json["decision_reason"], "the meter was read again");
        let (_, clerk) = a_person(&test, "chenjing", &[Role::Clerk]).await;
        assert_eq!(Browser::of(&test, &clerk).post(&decide, &[]).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn a_person_takes_up_what_was_recorded_before_the_revocation_and_the_record_says_so() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let mut colleague = a_technician(&test, "lina").await;
        let visit = a_visit_of(&test, &mut [&mut device, &mut colleague]).await;
        device.now = test.app.clock.now().plus_ms(-60_000);
        device.save(visit, |edit| edit.answer("meter-accuracy.number", "A-1").unwrap());
        revoke(&test, &device).await;
        device.now = test.app.clock.now().plus_ms(60_000);
        device.save(visit, |edit| edit.answer("meter-accuracy.number", "A-2").unwrap());
        exchange(&test, &mut device).await;
        let (_, reviewer) = a_person(&test, "zhaolei", &[Role::Reviewer]).await;
        let browser = Browser::of(&test, &reviewer);
        let items = escrow_of(&test, &reviewer).await;
        let [before, after] = [0, 1].map(|place| items[place].clone());
        let refused = browser.get(&format!("/arrivals/escrow/{after}")).await.html().to_owned();
        assert!(
            refused.contains("recorded after the device") && !refused.contains("\"accept\""),
            "{refused}"
        );
        let accept = |hash: &str| (format!("/arrivals/escrow/{hash}/decision"), "it was he, by phone");
        for (hash, status) in [(&after, 422), (&before, 303), (&before, 412)] {
            let (path, reason) = accept(hash);
            let answer = browser.post(&path, &[("decision", "accept"), ("reason", reason)]).await;
            assert_eq!(answer.status, status, "{}", answer.html());
        }
        let page = browser.get(&format!("/arrivals/escrow/{before}")).await.html().to_owned();
        assert!(page.contains("Taken up") && page.contains("It is in the record"), "{page}");
        let mut tx = test.app.store.read().await.unwrap();
        let view = crate::exchange::visits::view(&mut tx, visit).await.unwrap().unwrap();
        assert_eq!(view.answers["meter-accuracy.number"].shown, "A-1".into());
        // A colleague gets it under the signature of its author.
        exchange(&test, &mut colleague).await;
        assert!(colleague.kept.iter().any(|envelope| envelope.hash().to_string() == before));
        let kinds = "SELECT count(*) FROM server_log WHERE kind = 'escrow.accepted'";
        let noted: i64 = statement(kinds).value(&mut tx).await.unwrap();
        assert_eq!(noted, 1);
    })
    .await;
}

async fn revoke(test: &TestApp, device: &SimDevice) {
    let mut tx = test.app.store.write().await.unwrap();
    let by = devices::By::terminal(test.app.clock.now());
    devices::revoke(&mut tx, device.device, "lost", by).await.unwrap();
    tx.commit().await.unwrap();
}

async fn escrow_of(test: &TestApp, session: &str) -> Vec<String> {
    let list = test.get("/v1/escrow").header("authorization", session).send().await.json;
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item["envelope_hash"].as_str().unwrap().to_owned()).collect()
}
