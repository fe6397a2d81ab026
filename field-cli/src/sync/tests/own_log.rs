//! The log of this device after a backup, a damaged envelope or a new identity.

use super::*;
use crate::store::NewIdentity;
use sync_core::log::{ChainPosition, ChainStep};

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_dir(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

#[tokio::test]
async fn a_store_from_yesterday_gets_its_own_acts_back_before_it_writes() {
    let dir = tempfile::tempdir().unwrap();
    let (home, backup) = (dir.path().join("now"), dir.path().join("yesterday"));
    let store = device(&home).await;
    let (server, client) = TestServer::of(&store).await;
    add(&store, "yesterday").await;
    exchange(&store, &client).await.unwrap();
    store.close().await;
    copy_dir(&home.join("data"), &backup);
    let store = Store::open(Home::below(&home), machine("one", 2)).await.unwrap();
    add(&store, "today").await;
    exchange(&store, &client).await.unwrap();
    store.close().await;
    std::fs::remove_dir_all(home.join("data")).unwrap();
    copy_dir(&backup, &home.join("data"));

    let store = Store::open(Home::below(&home), machine("one", 3)).await.unwrap();
    assert_eq!(texts(&store).await, ["yesterday"]);
    let rounds = exchange(&store, &client).await.unwrap();
    assert_eq!(rounds.count, 2);
    let mut found = texts(&store).await;
    found.sort_unstable();
    assert_eq!(found, ["today", "yesterday"]);
    add(&store, "tomorrow").await;
    exchange(&store, &client).await.unwrap();
    let mut end = ChainPosition::START;
    for envelope in &server.memory().log {
        let ChainStep::Next(next) = end.step(envelope) else { panic!("the chain is broken") };
        end = next;
    }
    assert_eq!(end.sequence, 4);
}

#[tokio::test]
async fn an_envelope_that_cannot_be_read_is_stepped_over_and_its_words_arrive() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    add(&store, "sent").await;
    exchange(&store, &client).await.unwrap();
    add(&store, "damaged").await;
    add(&store, "after").await;
    store
        .record_command(None, &Request::Grumble { text: "吵".into(), category: None, place: None })
        .await
        .unwrap();
    sqlx::query("UPDATE log SET cose = x'00' WHERE sequence = 3").execute(store.pool()).await.unwrap();
    let rounds = exchange(&store, &client).await.unwrap();
    assert!(rounds.envelopes_sent > 0);
    let kinds: Vec<_> = server.memory().log.iter().skip(2).map(|envelope| envelope.header().kind).collect();
    assert_eq!(kinds, [BodyKind::ChainRestart, BodyKind::Reissue, BodyKind::Command]);
    assert_eq!(texts(&store).await, ["sent", "damaged", "after"]);
    let log = server.memory().log.clone();
    let body = log[3].body().unwrap();
    assert_eq!(body.change().unwrap().chunks.len(), 2);
}

#[tokio::test]
async fn enrolling_again_takes_unsent_work_along() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    add(&store, "one").await;
    add(&store, "two").await;
    let mut fresh: NewIdentity = identity(2);
    fresh.answer.device_id = DeviceId::from_bytes([2; 16]);
    fresh.answer.person_id = store.identity().await.unwrap().person;
    store.adopt(fresh).await.unwrap();
    assert_eq!(store.carry_over(&[]).await.unwrap(), 2);
    assert_eq!(texts(&store).await, ["one", "two"]);
    let device = store.identity().await.unwrap().device;
    let (envelopes, _) = store.envelopes_after(device, 0, 99, usize::MAX).await.unwrap();
    let kinds: Vec<_> = envelopes.iter().map(|envelope| envelope.header().kind).collect();
    assert_eq!(kinds, [BodyKind::VisitBegin, BodyKind::Reissue, BodyKind::Reissue]);
    assert_eq!(store.carry_over(&[]).await.unwrap(), 0);
    assert_eq!(store.log_counts().await.unwrap().unsent, 3);
}

#[tokio::test]
async fn nobody_else_enrols_over_acts_that_have_not_arrived() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (_server, client) = TestServer::of(&store).await;
    add(&store, "one").await;
    let before = store.identity().await.unwrap();
    let refused = store.adopt(identity(2)).await;
    assert!(matches!(refused, Err(StoreError::OtherPerson { acts: 2, .. })), "{refused:?}");
    assert_eq!(store.identity().await.unwrap(), before);
    exchange(&store, &client).await.unwrap();
    store.adopt(identity(2)).await.unwrap();
}
