mod given_back;
mod wiped;

use super::testing::{SERVER_TIME_MS, TestServer, Trouble, problem};
use super::*;
use crate::client::{DeviceClient, Rate};
use crate::machine::Home;
use crate::store::testing::{assign, card, enrolled, identity, machine, visit_id};
use crate::store::{Act, BlobState, EnvelopeState, NewIdentity, PhotoRow, Store, Tombstone};
use std::path::Path;
use sync_core::document::{EditError, Finding, Photo};
use sync_core::ids::{BlobHash, DeviceId};
use sync_core::log::{BodyKind, ChainPosition, ChainStep};
use sync_core::protocol::{
    AssignmentCard, CommandOutcome, CommandResult, DownFrame, EnvelopeResult, EnvelopeStatus, Order,
    PackItem, PackKey, Receipt, Request,
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

#[derive(Default)]
struct Seen(Vec<PhotoEnd>);

impl PhotoWatch for Seen {
    fn begins(&mut self, _photo: &PhotoRow, _offset: u64) {}
    fn moved(&mut self, _photo: &PhotoRow, _offset: u64) {}
    fn ended(&mut self, _photo: &PhotoRow, end: &PhotoEnd) {
        self.0.push(end.clone());
    }
}

async fn add_photo(store: &Store, dir: &Path, bytes: &[u8]) -> BlobHash {
    let path = dir.join("photo.jpg");
    std::fs::write(&path, bytes).unwrap();
    let blob = store.import_blob(&path).await.unwrap();
    let photo = Photo {
        sha256: blob.sha256,
        size: i64::try_from(bytes.len()).unwrap(),
        media_type: blob.media_type,
        role: "site".into(),
        caption: None,
        taken_at: None,
        lat: None,
        lon: None,
        accuracy: None,
        finding: None,
    };
    let compose = |act: &mut Act<'_>| {
        let id = act.new_entry();
        Ok::<_, TestError>(act.edit().add_photo(id, &photo)?)
    };
    store.record(visit_id(9), compose).await.unwrap();
    blob.sha256
}

#[tokio::test]
async fn a_visit_that_was_lost_keeps_its_number_until_everything_about_it_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    assign(&store, &card(visit_id(8), "C-2025-0500")).await;
    let (server, client) = TestServer::of(&store).await;
    add_photo(&store, dir.path(), &noise(1_000)).await;
    let gone = |visit| DownFrame::Pack(PackItem { key: PackKey::Assignment(visit).to_string(), json: None });
    let lost = [visit_id(8), visit_id(9)];
    server.memory().say = lost.iter().flat_map(|id| [DownFrame::Unassigned(*id, None), gone(*id)]).collect();
    exchange(&store, &client).await.unwrap();
    exchange(&store, &client).await.unwrap();
    assert!(store.assignment(visit_id(8)).await.unwrap().is_none(), "nothing was recorded there");
    assert!(store.assignment(visit_id(9)).await.unwrap().is_some(), "its photo is still here");
    send_photos(&store, &client, Rate::default(), &mut Seen::default(), &mut PhotoReport::default())
        .await
        .unwrap();
    exchange(&store, &client).await.unwrap();
    assert!(store.assignment(visit_id(9)).await.unwrap().is_none());
}

fn noise(length: usize) -> Vec<u8> {
    let mut state = 7_u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(length)
    .collect()
}

#[tokio::test]
async fn a_cut_upload_goes_on_at_the_byte_and_sends_none_twice() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    let bytes = noise(1_500_000);
    let sha256 = add_photo(&store, dir.path(), &bytes).await;
    server.trouble([Trouble::CutAfter(100_001), Trouble::CutAfter(33), Trouble::CutAfter(700_000)]);
    let (mut seen, mut report) = (Seen::default(), PhotoReport::default());
    send_photos(&store, &client, Rate::default(), &mut seen, &mut report).await.unwrap();
    assert_eq!(server.memory().uploads[0].2, bytes);
    assert_eq!(server.memory().upload_bytes, bytes.len());
    assert_eq!((report.total, report.arrived), (1, 1));
    assert_eq!(store.photos(None).await.unwrap()[0].blob.state, BlobState::Arrived);
    assert_eq!(store.photo_counts().await.unwrap().waiting, 0);

    store.set_blob_state(sha256, BlobState::Waiting, None).await.unwrap();
    send_photos(&store, &client, Rate::default(), &mut seen, &mut report).await.unwrap();
    assert_eq!(seen.0.last(), Some(&PhotoEnd::Had), "the server has it: no byte travels");
    assert_eq!(server.memory().upload_bytes, bytes.len());
}

#[tokio::test]
async fn a_killed_client_goes_on_where_the_server_stands() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    let bytes = noise(900_000);
    add_photo(&store, dir.path(), &bytes).await;
    let (mut seen, mut report) = (Seen::default(), PhotoReport::default());
    let slow = send_photos(&store, &client, Rate(400_000), &mut seen, &mut report);
    let stopped = tokio::time::timeout(std::time::Duration::from_millis(700), slow).await;
    assert!(stopped.is_err());
    let before = server.memory().upload_bytes;
    assert!(before > 0 && before < bytes.len());
    store.close().await;

    let store = Store::open(Home::below(dir.path()), machine("one", 5)).await.unwrap();
    let (mut seen, mut report) = (Seen::default(), PhotoReport::default());
    send_photos(&store, &client, Rate::default(), &mut seen, &mut report).await.unwrap();
    assert_eq!(server.memory().uploads.len(), 1, "no second upload was begun");
    assert_eq!(server.memory().uploads[0].2, bytes);
    assert_eq!(server.memory().upload_bytes, bytes.len());
}

#[tokio::test]
async fn a_refused_photo_holds_up_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    add_photo(&store, dir.path(), &noise(1000)).await;
    add_photo(&store, dir.path(), &noise(2000)).await;
    server.trouble([Trouble::Refuse(422, Vec::new(), problem("upload-hash-differs"))]);
    let (mut seen, mut report) = (Seen::default(), PhotoReport::default());
    send_photos(&store, &client, Rate::default(), &mut seen, &mut report).await.unwrap();
    assert_eq!((report.arrived, report.failed.len()), (1, 1));
    assert_eq!(store.photo_counts().await.unwrap().refused, 1);
    assert_eq!(store.retry_refused_photos().await.unwrap(), 1);
    send_photos(&store, &client, Rate::default(), &mut seen, &mut report).await.unwrap();
    assert_eq!(store.photo_counts().await.unwrap().waiting, 0);
}

#[tokio::test]
async fn the_office_sees_every_photo_before_the_first_original_has_travelled() {
    let dir = tempfile::tempdir().unwrap();
    let store = device(dir.path()).await;
    let (server, client) = TestServer::of(&store).await;
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/photos");
    let photo = |name: &str| std::fs::read(data.join(name)).unwrap();
    let (first, second) = (photo("iphone6plus-beijing.jpg"), photo("lumia820-gps-no-time.jpg"));
    for bytes in [&first, &photo("clock-in-2099.jpg"), &noise(300_000), &second] {
        add_photo(&store, dir.path(), bytes).await;
    }
    let mut previews = PreviewReport::default();
    send_previews(&store, &client, &mut previews).await.unwrap();
    assert_eq!(previews.arrived, 2, "a small photo needs none, noise has none");
    let (mut seen, mut report) = (Seen::default(), PhotoReport::default());
    send_photos(&store, &client, Rate::default(), &mut seen, &mut report).await.unwrap();
    assert_eq!(report.arrived, 4, "none of them is missing because of its preview");
    {
        let memory = server.memory();
        assert!(memory.previews.iter().all(|(_, uploads, jpeg)| *uploads == 0 && jpeg.len() <= 40_000));
        assert_eq!(memory.uploads.len(), 4);
    }
    let mut again = PreviewReport::default();
    send_previews(&store, &client, &mut again).await.unwrap();
    assert_eq!(again.arrived, 0);
    let left = std::fs::read_dir(store.home().photos()).unwrap().count();
    assert_eq!(left, 4, "previews are cleared away");
}
