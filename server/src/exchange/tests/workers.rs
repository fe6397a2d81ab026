//! Merge workers that die under the exchange.

use super::*;
use crate::exchange::gate::pending;
use crate::exchange::workers::tests::MARK_ABORT;
use sync_core::document::SharedText;
use sync_core::protocol::EnvelopeStatus;

fn deadly() -> &'static str {
    std::str::from_utf8(MARK_ABORT).unwrap()
}

#[tokio::test]
async fn only_the_envelope_that_kills_workers_is_quarantined() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        let other = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "intact").unwrap());
        device.save(visit, |edit| edit.append_text(SharedText::Note, deadly()).unwrap());
        device.save(other, |edit| edit.answer("seal", "intact").unwrap());
        exchange(&test, &mut device).await;
        assert_eq!(device.fates[&1], EnvelopeStatus::Merged, "an innocent of the same visit");
        assert!(matches!(&device.fates[&2], EnvelopeStatus::Quarantined { reason, .. } if reason == "crashes_merge"));
        assert_eq!(device.fates[&3], EnvelopeStatus::Merged);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_killed_from_outside_cost_nobody_anything() {
    let test = TestApp::sqlite().await;
    let mut device = a_technician(&test, "zhangwei").await;
    let visit = a_visit_of(&test, &mut [&mut device]).await;
    device.save(visit, |edit| edit.answer("warm", "up").unwrap());
    exchange(&test, &mut device).await;
    for round in 0..5_i64 {
        device.save(visit, |edit| edit.answer("seal", round).unwrap());
        for process in test.app.exchange.workers.idle_process_ids().await {
            std::process::Command::new("kill").args(["-9", &process.to_string()]).status().unwrap();
        }
        exchange(&test, &mut device).await;
        let fate = &device.fates[&(u64::try_from(round).unwrap() + 2)];
        assert!(matches!(fate, EnvelopeStatus::Merged | EnvelopeStatus::Pending), "round {round}: {fate:?}");
    }
    pending::Rounds::default().next(&test.app).await.unwrap();
    exchange(&test, &mut device).await;
    assert!(device.fates.values().all(|fate| *fate == EnvelopeStatus::Merged), "{:?}", device.fates);
    assert!(!device.differs);
    assert_eq!(count(&test, "SELECT count(*) FROM quarantine").await, 0);
}

#[tokio::test]
async fn what_was_appended_and_never_judged_is_picked_up() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "intact").unwrap());
        exchange(&test, &mut device).await;
        device.save(visit, |edit| edit.answer("cover", true).unwrap());
        // As if the server had been killed between append and verdict.
        let body = device.request();
        let known =
            crate::devices::find(&mut test.app.store.read().await.unwrap(), device.device).await.unwrap();
        let intake =
            crate::exchange::intake::read(body.into(), device.server(), device.device).await.unwrap();
        crate::exchange::receive::receive(&test.app, &known.unwrap(), &intake).await.unwrap();
        assert_eq!(count(&test, "SELECT count(*) FROM envelope_states WHERE state = 'pending'").await, 1);
        pending::Rounds::default().next(&test.app).await.unwrap();
        assert_eq!(count(&test, "SELECT count(*) FROM envelope_states WHERE state = 'pending'").await, 0);
        exchange(&test, &mut device).await;
        assert_eq!(device.fates[&2], EnvelopeStatus::Merged);
    })
    .await;
}
