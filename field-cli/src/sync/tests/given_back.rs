//! A server that was restored asks for what this device keeps of colleagues.

use super::*;
use crate::sync::testing::SERVER;
use sync_core::log::Envelope;
use sync_core::protocol::{LogEnd, WireContext};

/// What a colleague wrote on the shared visit, as signed envelopes.
async fn of_a_colleague(root: &Path) -> (DeviceId, Vec<Envelope>) {
    let colleague = enrolled(root, 2).await;
    assign(&colleague, &card(visit_id(9), "C-2025-0417")).await;
    for text in ["three", "four"] {
        add(&colleague, text).await;
    }
    let id = colleague.identity().await.unwrap().device;
    (id, colleague.envelopes_after(id, 0, 100, usize::MAX).await.unwrap().0)
}

fn foreign(envelopes: &[Envelope]) -> Vec<DownFrame> {
    let mut context = WireContext::download(SERVER);
    envelopes.iter().map(|envelope| DownFrame::Foreign(context.pack(envelope))).collect()
}

#[tokio::test]
async fn one_sync_gives_a_restored_server_back_what_it_lost_of_this_device() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    add(&store, "one").await;
    add(&store, "two").await;
    exchange(&store, &client).await.unwrap();
    server.memory().log.truncate(2);
    server.memory().restores = 1;
    let rounds = exchange(&store, &client).await.unwrap();
    assert_eq!(rounds.performed.new_epoch, Some(2), "so that it can be said");
    assert_eq!(server.memory().log.len(), 3, "sent again in the same sync");
    assert_eq!(store.log_counts().await.unwrap().unsent, 0);

    // A server that does not know itself that it was restored.
    server.memory().log.truncate(1);
    let rounds = exchange(&store, &client).await.unwrap();
    assert_eq!((rounds.performed.new_epoch, rounds.performed.resent), (None, 2), "so that it can be said");
    assert_eq!(server.memory().log.len(), 3);
}

#[tokio::test]
async fn what_a_restored_server_lost_of_a_colleague_is_given_back_once() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    let (colleague, envelopes) = of_a_colleague(other.path()).await;
    assert_eq!(envelopes.len(), 3, "the visit was begun and written twice");
    server.memory().say = foreign(&envelopes);
    let before = exchange(&store, &client).await.unwrap();
    assert!(server.memory().asks.iter().all(|ask| ask.kept_logs.is_empty()), "nobody wants to know");
    assert_eq!(before.performed.offered, 0);

    server.memory().restores = 1;
    exchange(&store, &client).await.unwrap();
    let asked = server.memory().asks.last().unwrap().kept_logs.clone();
    assert_eq!(asked, [LogEnd { device: colleague, sequence: 3 }], "said in the same sync");

    server.memory().say = vec![DownFrame::Need(LogEnd { device: colleague, sequence: 1 })];
    exchange(&store, &client).await.unwrap();
    let rounds = exchange(&store, &client).await.unwrap();
    assert_eq!(rounds.performed.offered, 2);
    assert_eq!(server.memory().offered, envelopes[1..]);
    let quiet = exchange(&store, &client).await.unwrap();
    assert_eq!((quiet.count, quiet.performed.offered), (1, 0));
    assert!(server.memory().asks.last().unwrap().kept_logs.is_empty(), "told once");
    assert_eq!(server.memory().offered.len(), 2, "offered once");
}

#[tokio::test]
async fn what_a_server_had_acknowledged_of_an_earlier_identity_is_given_back_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = enrolled(dir.path(), 2).await;
    assign(&store, &card(visit_id(9), "C-2025-0417")).await;
    add(&store, "one").await;
    sqlx::query("UPDATE log SET state = 'merged'").execute(store.pool()).await.unwrap();
    add(&store, "two").await;
    let before = store.identity().await.unwrap();
    let mut again = identity(1);
    again.answer.person_id = before.person;
    store.adopt(again).await.unwrap();
    assert_eq!(store.carry_over(&[]).await.unwrap(), 1, "what had not arrived is said anew");

    let (server, client) = TestServer::of(&store).await;
    server.memory().restores = 1;
    server.memory().say = vec![DownFrame::Need(LogEnd { device: before.device, sequence: 0 })];
    exchange(&store, &client).await.unwrap();
    exchange(&store, &client).await.unwrap();
    let asked = server.memory().asks.iter().flat_map(|ask| ask.kept_logs.clone()).collect::<Vec<_>>();
    assert_eq!(asked, [LogEnd { device: before.device, sequence: 2 }], "not what was never sent");
    let (had, _) = store.envelopes_after(before.device, 0, 2, usize::MAX).await.unwrap();
    assert_eq!(server.memory().offered, had);
}

#[tokio::test]
async fn a_device_that_its_server_lost_goes_on_as_what_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    add(&store, "one").await;
    exchange(&store, &client).await.unwrap();
    let before = store.identity().await.unwrap();
    assert_eq!(store.lost_identity().await.unwrap(), None);
    store.note_failure("device-not-enrolled", 4_000_000).await.unwrap();
    assert_eq!(store.lost_identity().await.unwrap(), Some(before.clone()));
    assert_eq!(store.kept_acts().await.unwrap().unwrap().acts, 2, "the server has none of them");
    assert!(matches!(store.adopt(identity(2)).await, Err(StoreError::OtherPerson { .. })));

    let mut back = identity(1);
    back.answer.device_name = "dev-09".into();
    let after = store.adopt(back).await.unwrap();
    assert_eq!((after.device, &after.install), (before.device, &before.install));
    assert_eq!(after.device_name, "dev-09");
    assert_eq!(store.lost_identity().await.unwrap(), None);
    assert_eq!(store.carry_over(&[]).await.unwrap(), 0);
    server.memory().log.clear();
    server.memory().restores = 1;
    exchange(&store, &client).await.unwrap();
    assert_eq!(server.memory().log.len(), 2, "its log is sent again as it is");
}
