//! What the list of waiting envelopes promises.

use super::*;
use crate::complaints::tests::Bureau;
use crate::exchange::tests::{a_technician, a_visit_of, exchange};
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use sync_core::ids::DeviceId;
use sync_core::ids::PersonId;

#[test]
fn every_waiting_envelope_can_be_shown() {
    let item = |waits_for| PendingBody {
        log_index: 7,
        waits_for,
        person: PersonRef { person_id: PersonId::from_bytes([1; 16]), name: Some(HOSTILE.to_owned()) },
        device: DeviceRef { device_id: DeviceId::from_bytes([2; 16]), label: Some(HOSTILE.to_owned()) },
        device_sequence: 3,
        kind: "change".to_owned(),
        visit_id: None,
        complaint_id: Some(ComplaintId::from_bytes([3; 16])),
        complaint_number: Some(HOSTILE.to_owned()),
        claimed_at_ms: Timestamp::from_unix_ms(1),
        received_at_ms: 2,
    };
    for shell in shells() {
        let items = vec![item("predecessor"), item("worker")];
        check(&PendingPage {
            shell: shell.clone(),
            items,
            next: Some("/arrivals/pending?cursor=x".to_owned()),
        });
        for waits_for in ["predecessor", "worker"] {
            let line = Change { place: HOSTILE.to_owned(), now: None, then: Some(HOSTILE.to_owned()) };
            for changes in [None, Some(Vec::new()), Some(vec![line])] {
                let (shell, item, ground_lost) = (shell.clone(), item(waits_for), waits_for == "predecessor");
                check(&WaitingPage { shell, item, changes, ground_lost, may_decide: true });
            }
        }
        check(&PendingPage { shell, items: Vec::new(), next: None });
    }
}

#[tokio::test]
async fn what_waits_is_listed_with_its_author_and_what_it_waits_for() {
    Bureau::for_each_engine(|bureau| async move {
        let test = &bureau.test;
        let mut device = a_technician(test, "zhangwei").await;
        let visit = a_visit_of(test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "first").unwrap());
        device.save(visit, |edit| edit.answer("seal", "second").unwrap());
        exchange(test, &mut device).await;
        let browser = Browser::of(test, &bureau.reviewer.1);
        assert!(browser.get("/arrivals/pending").await.html().contains("Nothing waits here"));
        // As if the second had never been judged, and then as if the first had never come.
        const WAIT: &str = "UPDATE envelope_states SET state = 'pending' WHERE device_seq = 2";
        const LACK: &str = "DELETE FROM changes WHERE log_index IN \
            (SELECT log_index FROM envelope_states WHERE device_seq < 2)";
        for (sql, said) in [(WAIT, "Its turn"), (LACK, "Builds on something")] {
            let mut tx = test.app.store.write().await.unwrap();
            statement(sql).execute(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
            let page = browser.get("/arrivals/pending").await;
            assert!(page.html().contains(said) && page.html().contains("zhangwei"), "{}", page.html());
            let path = page.html().split("href=\"/arrivals/pending/").nth(1).expect("it can be opened");
            let one = browser.get(&format!("/arrivals/pending/{}", path.split('"').next().unwrap())).await;
            assert!(
                one.html().contains(said) && one.html().contains("nothing to decide here"),
                "{}",
                one.html()
            );
        }
        let list = test.get("/v1/pending").header("authorization", &bureau.reviewer.1).send().await;
        assert_eq!(list.json["items"][0]["waits_for"], "predecessor", "{}", list.json);
    })
    .await;
}
