//! What goes wrong, and what must hold all the same.

use super::*;
use sync_core::protocol::EnvelopeStatus;

#[tokio::test]
async fn a_lost_answer_and_a_repeated_request_change_nothing() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "intact").unwrap());
        let body = device.request();
        let first = send(&test, &device, body.clone()).await;
        assert_eq!(first.status, 200);
        let entries = count(&test, "SELECT count(*) FROM server_log").await;
        let second = send(&test, &device, body).await;
        assert_eq!(count(&test, "SELECT count(*) FROM server_log").await, entries, "nothing was doubled");
        assert!(device.take(&second.body));
        assert_eq!(device.fates[&1], EnvelopeStatus::Merged);
        assert!(!device.differs && device.unsent().is_empty());
    })
    .await;
}

#[tokio::test]
async fn work_of_somebody_who_lost_the_visit_offline_is_late_and_not_lost() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "intact").unwrap());
        unassign(&test, visit, device.person).await;
        exchange(&test, &mut device).await;
        assert_eq!(device.fates[&1], EnvelopeStatus::MergedLate);
        assert_eq!(view(&test, visit).await.answers.len(), 1);
        assert!(device.visits.is_empty(), "dropped once everything was sent");
        // What is written after that cannot be excused.
        device.visits.insert(visit, sync_core::replica::VisitReplica::birth(visit));
        device.save(visit, |edit| edit.answer("cover", true).unwrap());
        exchange(&test, &mut device).await;
        assert!(matches!(&device.fates[&2], EnvelopeStatus::Quarantined { reason, .. } if reason == "out_of_scope"));
    })
    .await;
}
