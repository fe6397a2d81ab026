//! What the server put aside, and what is said again.

use super::*;
use sync_core::protocol::EnvelopeResult;

#[tokio::test]
async fn what_came_after_a_refused_act_is_said_again_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    add(&store, "good").await;
    add(&store, "bad").await;
    add(&store, "later").await;
    let refused = |reason: &str| EnvelopeStatus::Quarantined { reason: reason.into(), detail: String::new() };
    server.memory().fates = [(3, refused("forbidden_value")), (4, refused("depends_on_refused"))].into();
    let rounds = exchange(&store, &client).await.unwrap();
    assert_eq!((rounds.count, rounds.performed.reissued), (2, 1));
    assert_eq!(rounds.performed.quarantined.len(), 2);
    let kinds: Vec<_> = server.memory().log.iter().map(|envelope| envelope.header().kind).collect();
    assert_eq!(kinds[4..], [BodyKind::VisitBegin, BodyKind::Reissue]);
    assert_eq!(store.visit(visit_id(9)).await.unwrap().unwrap().generation, 1);
    assert_eq!(texts(&store).await, ["good", "later"]);
    add(&store, "after").await;
    exchange(&store, &client).await.unwrap();
    assert_eq!(texts(&store).await, ["good", "later", "after"]);
    let heads = store.document(visit_id(9)).await.unwrap().heads();
    assert_eq!(store.accepted_heads(visit_id(9)).await.unwrap(), heads);
    let open: Vec<_> = store.outbox().await.unwrap().into_iter().map(|row| row.sequence).collect();
    assert_eq!(open, [3], "the refused act stays on record, the repeated one is done");
}

#[tokio::test]
async fn a_refused_act_that_is_sent_back_for_its_lost_ground_is_said_again_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    add(&store, "on lost ground").await;
    let refused = |reason: &str| EnvelopeStatus::Quarantined { reason: reason.into(), detail: String::new() };
    server.memory().fates = [(2, refused("out_of_scope"))].into();
    exchange(&store, &client).await.unwrap();
    assert!(texts(&store).await.is_empty(), "it waits for a decision");
    for reissued in [1, 0] {
        let status = refused("depends_on_lost");
        server.memory().say = vec![DownFrame::Result(EnvelopeResult { sequence: 2, status })];
        assert_eq!(exchange(&store, &client).await.unwrap().performed.reissued, reissued);
        assert_eq!(texts(&store).await, ["on lost ground"]);
    }
    let body = server.memory().log.last().unwrap().body().unwrap();
    assert!(matches!(body, sync_core::log::Body::Reissue(_)), "{body:?}");
}
