//! Devices that are refused for a while, and devices that must forget everything.

use super::*;
use crate::auth::{AnyDeviceAuth, Credential};
use crate::devices::{self, By, life};
use crate::people::{self, Role};
use sync_core::protocol::{Beacon, EnvelopeStatus, FrameWriter, Order, PROTOCOL_VERSION, UpFrame};
use sync_core::time::Timestamp;

async fn suspend(test: &TestApp, device: &SimDevice) {
    let mut tx = test.app.store.write().await.unwrap();
    life::suspend(&mut tx, device.device, "repair", By::terminal(test.app.clock.now())).await.unwrap();
    tx.commit().await.unwrap();
}

async fn resume(test: &TestApp, device: &SimDevice) {
    let mut tx = test.app.store.write().await.unwrap();
    life::resume(&mut tx, device.device, "back", By::terminal(test.app.clock.now())).await.unwrap();
    tx.commit().await.unwrap();
}

async fn order_wipe(test: &TestApp, device: &SimDevice) {
    let mut tx = test.app.store.write().await.unwrap();
    life::order_wipe(&mut tx, device.device, "stolen", By::terminal(test.app.clock.now())).await.unwrap();
    tx.commit().await.unwrap();
}

async fn known(test: &TestApp, device: &SimDevice) -> devices::KnownDevice {
    devices::find(&mut test.app.store.read().await.unwrap(), device.device).await.unwrap().unwrap()
}

#[tokio::test]
async fn what_a_suspended_device_holds_waits_on_it_and_arrives_when_it_is_resumed() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "waits").unwrap());
        suspend(&test, &device).await;
        let before = count(&test, "SELECT max(log_index) FROM server_log").await;
        let body = device.request();
        let answer = send(&test, &device, body).await;
        assert_eq!((answer.status, answer.json["code"].as_str()), (403, Some("device-suspended")));
        assert_eq!(count(&test, "SELECT max(log_index) FROM server_log").await, before, "nothing is taken");
        assert_eq!(count(&test, "SELECT count(*) FROM escrow").await, 0);
        assert_eq!(count(&test, "SELECT outbox_envelopes FROM devices").await, 1, "but it is seen");
        resume(&test, &device).await;
        exchange(&test, &mut device).await;
        assert_eq!(view(&test, visit).await.answers["seal"].shown, "waits".into());
    })
    .await;
}

#[tokio::test]
async fn the_devices_of_who_is_no_technician_any_more_are_refused_until_the_role_is_back() {
    TestApp::for_each_engine(|test| async move {
        people::tests::an_administrator(&test).await;
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "waits").unwrap());
        give(&test, &device, Role::Clerk).await;
        for _ in 0..2 {
            let body = device.request();
            let answer = send(&test, &device, body).await;
            assert_eq!((answer.status, answer.json["code"].as_str()), (403, Some("technician-role-missing")));
        }
        assert!(!known(&test, &device).await.person_is_technician);
        assert_eq!(count(&test, "SELECT count(*) FROM escrow").await, 0);
        assert_eq!(count(&test, "SELECT outbox_envelopes FROM devices").await, 1, "it still holds the act");
        give(&test, &device, Role::Technician).await;
        exchange(&test, &mut device).await;
        assert_eq!(view(&test, visit).await.answers["seal"].shown, "waits".into());
    })
    .await;
}

async fn give(test: &TestApp, device: &SimDevice, role: Role) {
    let mut tx = test.app.store.write().await.unwrap();
    let roles = [people::Grant::everywhere(role)];
    let version = people::find(&mut tx, device.person).await.unwrap().unwrap().version;
    people::set_roles(&mut tx, device.person, &roles, Some(version), None, test.app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn the_devices_of_a_person_without_access_are_refused_until_it_is_given_back() {
    TestApp::for_each_engine(|test| async move {
        people::tests::an_administrator(&test).await;
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "waits").unwrap());
        let now = test.app.clock.now();
        let mut tx = test.app.store.write().await.unwrap();
        people::disable(&mut tx, device.person, None, now).await.unwrap();
        tx.commit().await.unwrap();
        let body = device.request();
        let answer = send(&test, &device, body).await;
        assert_eq!((answer.status, answer.json["code"].as_str()), (403, Some("device-suspended")));
        assert!(known(&test, &device).await.person_disabled.is_some());
        assert_eq!(count(&test, "SELECT outbox_envelopes FROM devices").await, 1, "it still holds the act");
        let mut tx = test.app.store.write().await.unwrap();
        people::enable(&mut tx, device.person, None, now).await.unwrap();
        tx.commit().await.unwrap();
        exchange(&test, &mut device).await;
        assert_eq!(view(&test, visit).await.answers["seal"].shown, "waits".into());
        assert_eq!(count(&test, "SELECT outbox_envelopes FROM devices").await, 0, "and nothing afterwards");
    })
    .await;
}

#[tokio::test]
async fn a_device_suspended_between_storing_and_answering_hears_nothing_and_loses_nothing() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "stored").unwrap());
        let body = device.request();
        let auth = AnyDeviceAuth { device: known(&test, &device).await, credential: Credential::Assertion };
        let intake =
            crate::exchange::intake::read(body.into(), device.server(), device.device).await.unwrap();
        let received = crate::exchange::receive::receive(&test.app, &auth.device, &intake).await.unwrap();
        suspend(&test, &device).await;
        assert!(
            crate::exchange::answer::compose(&test.app, &auth, &intake, &received).await.unwrap().is_none()
        );
        resume(&test, &device).await;
        exchange(&test, &mut device).await;
        assert_eq!(view(&test, visit).await.answers["seal"].shown, "stored".into());
        assert_eq!(device.fates[&device.position().sequence], EnvelopeStatus::Merged);
    })
    .await;
}

#[tokio::test]
async fn a_device_that_must_forget_everything_hands_over_first_and_confirms() {
    TestApp::for_each_engine(|test| async move {
        let mut device = a_technician(&test, "zhangwei").await;
        let visit = a_visit_of(&test, &mut [&mut device]).await;
        device.save(visit, |edit| edit.answer("seal", "unseen").unwrap());
        order_wipe(&test, &device).await;
        for _ in 0..2 {
            exchange(&test, &mut device).await;
            assert_eq!(device.orders, [Order::Wipe]);
        }
        assert_eq!(count(&test, "SELECT count(*) FROM escrow").await, 1);
        assert!(known(&test, &device).await.wipe.unwrap().told_at.is_some());
        assert_eq!(count(&test, "SELECT count(*) FROM device_visits WHERE settled_at_ms IS NULL").await, 1);
        let answer = send(&test, &device, confirmation(7)).await;
        assert!(device.take(&answer.body) && device.orders.is_empty(), "there is nothing left to order");
        let wiped = known(&test, &device).await;
        assert!(wiped.wiped == Some(test.app.clock.now()) && !wiped.awaits_wipe());
        assert_eq!(count(&test, "SELECT wiped_claimed_at_ms FROM devices").await, 7);
        assert_eq!(count(&test, "SELECT count(*) FROM device_visits WHERE settled_at_ms IS NULL").await, 0);
        let log = "SELECT count(*) FROM server_log WHERE kind = 'device.wiped'";
        send(&test, &device, confirmation(9)).await;
        assert_eq!(
            (count(&test, log).await, count(&test, "SELECT wiped_claimed_at_ms FROM devices").await),
            (1, 7)
        );
        let mut tx = test.app.store.write().await.unwrap();
        let late = life::withdraw_wipe(&mut tx, device.device, "x", By::terminal(test.app.clock.now())).await;
        assert!(matches!(late, Err(devices::DeviceError::Wiped)));
    })
    .await;
}

#[tokio::test]
async fn a_withdrawn_order_is_not_given_and_a_sound_device_cannot_claim_to_be_wiped() {
    let test = TestApp::sqlite().await;
    let mut device = a_technician(&test, "zhangwei").await;
    exchange(&test, &mut device).await;
    assert_eq!(send(&test, &device, confirmation(7)).await.status, 200);
    assert_eq!(known(&test, &device).await.wiped, None);
    order_wipe(&test, &device).await;
    let mut tx = test.app.store.write().await.unwrap();
    life::withdraw_wipe(&mut tx, device.device, "found", By::terminal(test.app.clock.now())).await.unwrap();
    tx.commit().await.unwrap();
    exchange(&test, &mut device).await;
    assert!(device.orders.is_empty() && device.welcome.as_ref().unwrap().escrow);
}

fn confirmation(wiped_at_ms: i64) -> Vec<u8> {
    let mut writer = FrameWriter::new();
    let wiped_at = Some(Timestamp::from_unix_ms(wiped_at_ms));
    writer.push(&UpFrame::Beacon(Beacon { protocol: PROTOCOL_VERSION, wiped_at, ..Beacon::default() }));
    writer.push(&UpFrame::Ask(sync_core::protocol::Ask::default()));
    writer.push(&UpFrame::End(0));
    writer.finish()
}
