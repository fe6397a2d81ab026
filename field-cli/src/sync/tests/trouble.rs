//! Networks, servers and disks that fail while this device gets in step.

use super::*;
use crate::client::DeviceClient;
use crate::store::EnvelopeState;
use crate::sync::testing::SERVER_TIME_MS;

#[tokio::test]
async fn a_lost_answer_costs_nothing_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    add(&store, "one").await;
    server.trouble([Trouble::LoseAnswer]);
    let rounds = exchange(&store, &client).await.unwrap();
    assert_eq!((rounds.count, rounds.envelopes_sent), (1, 2));
    assert_eq!(server.memory().log.len(), 2);
    assert_eq!(store.sync_state().await.unwrap().last_failure, None);
}

#[tokio::test]
async fn a_busy_server_is_asked_again_when_it_said() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    add(&store, "one").await;
    let busy = Trouble::Refuse(503, vec![("retry-after", "1".into())], problem("store-busy"));
    server.trouble([busy]);
    let begun = tokio::time::Instant::now();
    exchange(&store, &client).await.unwrap();
    assert!(begun.elapsed() >= std::time::Duration::from_secs(1));
    let bytes_max = store.sync_state().await.unwrap().body_bytes_max;
    assert_eq!(bytes_max, 4 * 1024 * 1024, "a busy server is no reason for smaller bodies");
}

#[tokio::test]
async fn a_server_whose_disk_is_full_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    add(&store, "one").await;
    server.trouble([Trouble::Refuse(507, Vec::new(), problem("storage-full"))]);
    let failed = exchange(&store, &client).await;
    assert!(matches!(failed, Err(SyncError::Client(ClientError::Problem { .. }))));
    assert_eq!(server.memory().credentials.len(), 1, "asked once");
    assert_eq!(store.log_counts().await.unwrap().unsent, 2);
}

#[tokio::test]
async fn a_full_disk_keeps_nothing_from_being_sent() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    let long = "x".repeat(8_000);
    add(&store, &long).await;
    sqlx::query("PRAGMA max_page_count = 1").execute(store.pool()).await.unwrap();
    server.memory().say.push(DownFrame::Pack(PackItem { key: "checklist/long".into(), json: Some(long) }));
    assert!(matches!(exchange(&store, &client).await, Err(SyncError::NotKept)));
    assert_eq!(server.memory().log.len(), 2, "the server has what was recorded");
    assert_eq!(store.log_counts().await.unwrap().unsent, 2);
    exchange(&store, &client).await.unwrap();
    assert_eq!(store.log_counts().await.unwrap().unsent, 0);
}

#[tokio::test]
async fn a_clock_that_is_off_gets_a_nonce_and_locks_nobody_out() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    server.trouble([Trouble::Refuse(401, Vec::new(), problem("nonce-needed"))]);
    exchange(&store, &client).await.unwrap();
    let assertion = server.memory().credentials[1].clone();
    let claims = assertion.split('.').nth(1).unwrap();
    let claims = data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["nonce"], "n0");
    assert!((claims["iat"].as_i64().unwrap() - SERVER_TIME_MS / 1000).abs() < 60);
    assert!(store.sync_state().await.unwrap().clock_offset_ms.unwrap() > 3_500_000);
}

#[tokio::test]
async fn a_revoked_device_hands_over_and_hears_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    add(&store, "one").await;
    server.memory().escrow = true;
    server.memory().fates = (1..=2).map(|sequence| (sequence, EnvelopeStatus::Escrowed)).collect();
    assert!(matches!(exchange(&store, &client).await, Err(SyncError::Revoked)));
    let failure = store.sync_state().await.unwrap().last_failure;
    assert_eq!(failure.as_deref(), Some("device-revoked"), "so that it may enrol again");
    assert_eq!(server.memory().log.len(), 2);
    let states: Vec<_> = store.log(None, 9).await.unwrap().iter().map(|row| row.state).collect();
    assert_eq!(states, [EnvelopeState::Escrowed; 2]);
}

#[tokio::test]
async fn without_a_network_nothing_is_waited_for_and_nothing_changes() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    add(&store, "one").await;
    let identity = store.identity().await.unwrap();
    let client = DeviceClient::new(identity, store.key().unwrap(), store.machine().clone(), "en").unwrap();
    let begun = tokio::time::Instant::now();
    let failed = exchange(&store, &client).await;
    assert!(matches!(failed, Err(SyncError::Client(ClientError::Unreachable { connecting: true, .. }))));
    assert!(begun.elapsed() < std::time::Duration::from_secs(3));
    let state = store.sync_state().await.unwrap();
    assert_eq!(state.last_failure.as_deref(), Some("no-connection"));
    assert_eq!(store.log_counts().await.unwrap().unsent, 2);
}
