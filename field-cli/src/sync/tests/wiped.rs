//! Orders to forget everything: only what the office has taken is deleted.

use super::*;
use crate::store::Tombstone;
use sync_core::protocol::Order;

#[tokio::test]
async fn a_device_that_must_forget_everything_says_so_until_the_office_knows() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    add(&store, "unseen").await;
    store.set_setting(crate::store::PAUSED, Some("1")).await.unwrap();
    assert!(store.wipe().await.unwrap().is_none(), "not before everything was handed over");
    server.memory().escrow = true;
    server.memory().fates = (1..=2).map(|sequence| (sequence, EnvelopeStatus::Escrowed)).collect();
    server.memory().say_always = vec![DownFrame::Order(Order::Wipe)];
    let rounds = exchange(&store, &client).await.unwrap();
    assert!(rounds.wipe && server.memory().log.len() == 2, "whatever was held back is sent, too");
    let home = store.home().clone();
    let tombstone = store.wipe().await.unwrap().unwrap();
    assert!(!home.database().exists() && !home.photos().exists() && home.key_file().exists());
    // Nobody answers: the next command says so again, and recording is over.
    let machine = store.machine().clone();
    assert!(report_wipe(&home, &machine, tombstone, "en").await.is_err());
    let reopened = Store::open(home.clone(), machine.clone()).await;
    assert!(matches!(reopened, Err(StoreError::Wiped { reported: false })));
    let (text, url) = (std::fs::read_to_string(home.tombstone()).unwrap(), server.memory().url.clone());
    std::fs::write(home.tombstone(), text.replace("http://127.0.0.1:9", &url)).unwrap();
    let tombstone = Tombstone::find(&home).unwrap().unwrap();
    report_wipe(&home, &machine, tombstone, "en").await.unwrap();
    assert!(server.memory().wiped_at.is_some() && !home.key_file().exists());
    let reopened = Store::open(home.clone(), machine.clone()).await;
    assert!(matches!(reopened, Err(StoreError::Wiped { reported: true })));
    let again = Store::open_or_create(home.clone(), machine).await.unwrap();
    again.adopt(identity(2)).await.unwrap();
    assert!(Tombstone::find(&home).unwrap().is_none(), "enrolled again");
}

#[tokio::test]
async fn what_the_office_cannot_take_is_not_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    add(&store, "unseen").await;
    server.memory().escrow = true;
    server.memory().say = vec![DownFrame::Order(Order::KeepTheRest), DownFrame::Order(Order::Wipe)];
    assert!(matches!(exchange(&store, &client).await, Err(SyncError::WipeWaits)));
    assert_eq!(texts(&store).await, ["unseen"]);
}
