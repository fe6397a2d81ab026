//! Devices that meet in a visit.

use super::*;
use sync_core::document::{Finding, Scalar, SharedText};
use sync_core::protocol::EnvelopeStatus;

fn finding(text: &str) -> Finding {
    Finding { code: "other".to_owned(), text: text.to_owned(), item: None, severity: None }
}

#[tokio::test]
async fn two_devices_meet_in_one_visit() {
    TestApp::for_each_engine(|test| async move {
        let (mut one, mut two) = (a_technician(&test, "zhangwei").await, a_technician(&test, "liming").await);
        let visit = a_visit_of(&test, &mut [&mut one, &mut two]).await;
        let (a, b) = (an_entry(&mut one), an_entry(&mut two));
        one.save(visit, |edit| edit.add_finding(a, &finding("铅封完好")).unwrap());
        two.save(visit, |edit| edit.add_finding(b, &finding("seal broken")).unwrap());
        two.save(visit, |edit| edit.append_text(SharedText::Note, "call back").unwrap());
        exchange(&test, &mut one).await;
        assert_eq!(one.fates[&1], EnvelopeStatus::Merged);
        exchange(&test, &mut two).await;
        assert_eq!(two.fates.len(), 2, "{:?}", two.fates);
        assert!(!two.differs, "in step after one exchange");
        exchange(&test, &mut one).await;
        assert!(!one.differs);
        assert_eq!(one.visits[&visit].document.view(), two.visits[&visit].document.view());
        let view = view(&test, visit).await;
        assert_eq!(view, one.visits[&visit].document.view());
        assert_eq!(view.findings.len(), 2);
        assert!(one.token.is_some() && one.unsent().is_empty());
    })
    .await;
}

#[tokio::test]
async fn competing_values_open_a_conflict_and_equal_ones_do_not() {
    TestApp::for_each_engine(|test| async move {
        let (mut one, mut two) = (a_technician(&test, "zhangwei").await, a_technician(&test, "liming").await);
        let visit = a_visit_of(&test, &mut [&mut one, &mut two]).await;
        one.save(visit, |edit| edit.answer("seal", "intact").unwrap());
        one.save(visit, |edit| edit.answer("cover", true).unwrap());
        two.save(visit, |edit| edit.answer("seal", "broken").unwrap());
        two.save(visit, |edit| edit.answer("cover", true).unwrap());
        exchange(&test, &mut one).await;
        exchange(&test, &mut two).await;
        assert_eq!(two.done.as_ref().unwrap().conflicts_open, 1);
        assert_eq!(
            count(&test, "SELECT count(*) FROM conflicts WHERE path = 'answers/seal' AND state = 'open'")
                .await,
            1
        );
        assert_eq!(count(&test, "SELECT count(*) FROM conflicts").await, 1);
        // Somebody who saw both overwrites them: the item stays and names who settled it.
        two.save(visit, |edit| edit.answer("seal", "replaced").unwrap());
        exchange(&test, &mut two).await;
        const SETTLED: &str =
            "SELECT count(*) FROM conflicts WHERE state = 'settled_in_field' AND settled_by IS NOT NULL";
        assert_eq!(count(&test, SETTLED).await, 1);
        let view = view(&test, visit).await;
        assert_eq!(view.answers["seal"].shown, Scalar::Text("replaced".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn an_unchanged_device_is_told_nothing() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        exchange(&test, &mut device).await;
        let body = device.request();
        let answer = send(&test, &device, body).await;
        assert!(answer.body.len() < 300, "{} bytes", answer.body.len());
        assert!(device.take(&answer.body) && !device.differs);
        assert!(device.visits.contains_key(&visit));
    })
    .await;
}

#[tokio::test]
async fn a_visit_born_in_the_field_belongs_to_its_author() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        exchange(&test, &mut device).await;
        let visit = a_visit(&test);
        device.begin(visit, None, None);
        device.save(visit, |edit| edit.answer("smell", "gas").unwrap());
        exchange(&test, &mut device).await;
        assert_eq!(device.fates[&2], EnvelopeStatus::Merged, "{:?}", device.fates);
        assert!(!device.differs);
        assert_eq!(view(&test, visit).await.answers.len(), 1);
        // A colleague cannot claim it.
        let mut other = a_technician(&test, "liming").await;
        other.begin(visit, None, None);
        exchange(&test, &mut other).await;
        assert!(
            matches!(&other.fates[&1], EnvelopeStatus::Quarantined { reason, .. } if reason == "out_of_scope")
        );
    })
    .await;
}
