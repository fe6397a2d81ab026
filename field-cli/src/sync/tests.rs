mod given_back;
mod own_log;
mod photos;
mod refused;
mod trouble;
mod wiped;

use super::testing::{TestServer, Trouble, problem};
use super::*;
use crate::machine::Home;
use crate::store::testing::{assign, card, enrolled, identity, machine, visit_id};
use crate::store::{Act, Store};
use std::path::Path;
use sync_core::document::{EditError, Finding};
use sync_core::ids::DeviceId;
use sync_core::log::BodyKind;
use sync_core::protocol::{
    AssignmentCard, CommandOutcome, CommandResult, DownFrame, EnvelopeStatus, PackItem, PackKey, Receipt,
    Request,
};
use sync_core::time::Timestamp;

#[derive(Debug, thiserror::Error)]
enum TestError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Edit(#[from] EditError),
}

async fn add(store: &Store, text: &str) {
    let finding = Finding { code: "SEAL_OK".into(), text: text.into(), item: None, severity: None };
    let compose = |act: &mut Act<'_>| {
        let id = act.new_entry();
        Ok::<_, TestError>(act.edit().add_finding(id, &finding)?)
    };
    store.record(visit_id(9), compose).await.unwrap();
}

async fn device(root: &Path) -> Store {
    let store = enrolled(root, 1).await;
    assign(&store, &card(visit_id(9), "C-2025-0417")).await;
    store
}

async fn texts(store: &Store) -> Vec<String> {
    let view = store.document(visit_id(9)).await.unwrap().view();
    let mut findings: Vec<_> = view.findings.values().collect();
    findings.sort_by_key(|entry| entry.meta.at);
    findings.into_iter().map(|entry| entry.content.text.clone()).collect()
}

#[tokio::test]
async fn one_exchange_brings_both_sides_into_step() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    add(&store, "one").await;
    add(&store, "two").await;
    let new = card(visit_id(8), "C-2025-0500");
    server.memory().say = vec![
        DownFrame::Pack(PackItem {
            key: PackKey::Assignment(new.visit).to_string(),
            json: Some(serde_json::to_string::<AssignmentCard>(&new).unwrap()),
        }),
        DownFrame::Receipt(Receipt {
            visit: visit_id(9),
            everything_up_to: Timestamp::from_unix_ms(7),
            photos_named: 0,
            photos_arrived: 0,
            missing: Vec::new(),
        }),
    ];
    let rounds = exchange(&store, &client).await.unwrap();
    assert_eq!((rounds.count, rounds.envelopes_sent, rounds.performed.merged), (1, 3, 3));
    assert_eq!(rounds.performed.visits_new, [visit_id(8)]);
    assert_eq!(store.log_counts().await.unwrap().unsent, 0);
    let row = store.visit(visit_id(9)).await.unwrap().unwrap();
    assert_eq!(row.receipt_up_to, Some(Timestamp::from_unix_ms(7)));
    let heads = store.document(visit_id(9)).await.unwrap().heads();
    assert_eq!(store.accepted_heads(visit_id(9)).await.unwrap(), heads);

    let again = exchange(&store, &client).await.unwrap();
    assert_eq!((again.count, again.envelopes_sent), (1, 0));
    let credentials = server.memory().credentials.clone();
    assert!(credentials[0].starts_with("Assertion ") && credentials[1] == "Bearer a-token");
    assert_eq!(server.memory().asks[1].cursor, 1);
}

#[tokio::test]
async fn a_request_learns_its_outcome() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    let id = store.record_command(None, &Request::Arrive { visit: visit_id(9) }).await.unwrap();
    let outcome = CommandOutcome::Refused { reason: "not_supported".into(), detail: "no".into() };
    server.memory().say = vec![DownFrame::Command(CommandResult { id, outcome })];
    exchange(&store, &client).await.unwrap();
    let state = store.commands().await.unwrap().remove(0).state;
    let refused = crate::store::CommandState::Refused { reason: "not_supported".into(), detail: "no".into() };
    assert_eq!(state, refused);
}
