//! The exchange as devices meet it: through the real router, on both engines.

mod bad_days;
mod bad_people;
mod meeting;
mod office;
mod phones;
pub(crate) mod rolled_back;
mod suspended;
mod workers;

use super::members;
use super::testing::SimDevice;
use crate::auth::tests::assertion;
use crate::devices::tests::a_device;
use crate::testing::{Answer, TestApp};
use serde_json::json;
use sync_core::ids::{EntryId, PersonId, VisitId};
use sync_core::protocol::MEDIA_TYPE;

/// A technician's device, enrolled, on a server.
pub(crate) async fn a_technician(test: &TestApp, login: &str) -> SimDevice {
    let (device, key) = a_device(test, login).await;
    let known =
        crate::devices::find(&mut test.app.store.read().await.unwrap(), device).await.unwrap().unwrap();
    SimDevice::enrolled(test.app.installation.server_id, device, known.person_id, key, test.app.clock.now())
}

pub(crate) fn a_visit(test: &TestApp) -> VisitId {
    VisitId::from_entropy(test.app.clock.now(), test.app.entropy.bytes())
}

async fn assign(test: &TestApp, visit: VisitId, person: PersonId) {
    let mut tx = test.app.store.write().await.unwrap();
    assert!(members::assign(&mut tx, visit, person, person, test.app.clock.now()).await.unwrap());
    tx.commit().await.unwrap();
}

async fn unassign(test: &TestApp, visit: VisitId, person: PersonId) {
    let mut tx = test.app.store.write().await.unwrap();
    assert!(members::unassign(&mut tx, visit, person, person, test.app.clock.now()).await.unwrap());
    tx.commit().await.unwrap();
}

/// A visit with these devices on it, delivered to all of them.
pub(crate) async fn a_visit_of(test: &TestApp, devices: &mut [&mut SimDevice]) -> VisitId {
    let visit = a_visit(test);
    for device in devices {
        assign(test, visit, device.person).await;
        exchange(test, device).await;
        assert!(device.visits.contains_key(&visit), "delivered");
    }
    visit
}

/// Sends this body as the device.
async fn send(test: &TestApp, device: &SimDevice, body: Vec<u8>) -> Answer {
    let authorization = match &device.token {
        Some(token) => format!("Bearer {token}"),
        None => format!("Assertion {}", assertion(&test.app, device.device, &device.key, &json!({}))),
    };
    let call = test.post("/v1/exchange").header("authorization", authorization);
    call.header("content-type", MEDIA_TYPE).body(body).send().await
}

/// One exchange that succeeds.
pub(crate) async fn exchange(test: &TestApp, device: &mut SimDevice) {
    let body = device.request();
    let answer = send(test, device, body).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    assert!(device.take(&answer.body), "the answer is whole");
}

pub(crate) fn an_entry(device: &mut SimDevice) -> EntryId {
    EntryId::from_entropy(device.now, device.entropy())
}

async fn view(test: &TestApp, visit: VisitId) -> sync_core::document::VisitView {
    super::visits::view(&mut test.app.store.read().await.unwrap(), visit).await.unwrap().unwrap()
}

/// Counts rows, for what no API tells.
async fn count(test: &TestApp, sql: &'static str) -> i64 {
    let mut tx = test.app.store.read().await.unwrap();
    crate::store::statement(sql).value(&mut tx).await.unwrap()
}
