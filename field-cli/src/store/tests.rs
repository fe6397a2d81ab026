use super::testing::{assign, card, enrolled, identity, machine, visit_id};
use super::*;
use sync_core::document::{EditError, Finding, Photo, Progress};
use sync_core::ids::{BlobHash, EntryId, PersonId};
use sync_core::log::{Body, ChainPosition, ChainStep};
use sync_core::protocol::{AssignmentCard, Request};

#[derive(Debug, thiserror::Error)]
enum TestError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Edit(#[from] EditError),
    #[error("changed my mind")]
    ChangedMind,
}

fn finding(text: &str) -> Finding {
    Finding { code: "SEAL_OK".into(), text: text.into(), item: None, severity: None }
}

async fn add_finding(store: &Store, visit: sync_core::ids::VisitId, text: &str) -> Recorded<EntryId> {
    let add = |act: &mut Act<'_>| {
        let id = act.new_entry();
        act.edit().add_finding(id, &finding(text))?;
        Ok::<_, TestError>(id)
    };
    store.record(visit, add).await.unwrap()
}

async fn chain(store: &Store) -> Vec<sync_core::log::Envelope> {
    let device = store.identity().await.unwrap().device;
    store.envelopes_after(device, 0, usize::MAX, usize::MAX).await.unwrap().0
}

#[tokio::test]
async fn one_save_is_one_change_in_a_signed_chain() {
    let dir = tempfile::tempdir().unwrap();
    let store = enrolled(dir.path(), 1).await;
    assign(&store, &card(visit_id(9), "C-2025-0417")).await;
    let done = store
        .record(visit_id(9), |act| {
            let id = act.new_entry();
            act.edit().add_finding(id, &finding("铅封完好"))?;
            act.edit().answer("seal", "intact")?;
            act.command(&Request::Arrive { visit: act.visit() });
            Ok::<_, TestError>(id)
        })
        .await
        .unwrap();
    assert_eq!(done.envelopes.len(), 3);
    let (key, mut end) = (store.key().unwrap().public(), ChainPosition::START);
    let envelopes = chain(&store).await;
    for envelope in &envelopes {
        assert!(envelope.is_signed_by(&key));
        let ChainStep::Next(next) = end.step(envelope) else { panic!("the chain is broken") };
        end = next;
    }
    let kinds: Vec<_> = store.log(None, 9).await.unwrap().into_iter().rev().map(|row| row.kind).collect();
    assert_eq!(kinds, ["visit_begin", "change", "command"]);
    let Body::Change(change) = envelopes[1].body().unwrap() else { panic!("no change") };
    assert_eq!(change.chunks.len(), 1);
    assert_eq!(store.document(visit_id(9)).await.unwrap().view(), done.view);
    let paths: Vec<_> = done.writes.iter().map(|write| write.path.clone()).collect();
    assert_eq!(paths, ["answers/seal".to_owned(), format!("findings/{}", done.value)]);
}

#[tokio::test]
async fn what_a_closure_refuses_leaves_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    let store = enrolled(dir.path(), 1).await;
    assign(&store, &card(visit_id(9), "C-2025-0417")).await;
    let refused = store
        .record(visit_id(9), |act| {
            act.edit().answer("seal", "intact")?;
            act.command(&Request::Arrive { visit: act.visit() });
            Err::<(), _>(TestError::ChangedMind)
        })
        .await;
    assert!(matches!(refused, Err(TestError::ChangedMind)));
    assert!(chain(&store).await.is_empty());
    assert!(store.document(visit_id(9)).await.unwrap().view().answers.is_empty());
    let unknown = store.record(visit_id(8), |_| Ok::<_, TestError>(())).await;
    assert!(matches!(unknown, Err(TestError::Store(StoreError::UnknownVisit { .. }))));
}

#[tokio::test]
async fn two_processes_on_one_store_take_turns() {
    let dir = tempfile::tempdir().unwrap();
    let one = enrolled(dir.path(), 1).await;
    assign(&one, &card(visit_id(9), "C-2025-0417")).await;
    let two = Store::open(Home::below(dir.path()), machine("one", 77)).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for (name, store) in [("one", one.clone()), ("two", two)] {
        tasks.spawn(async move {
            for count in 0..10 {
                add_finding(&store, visit_id(9), &format!("{name} {count}")).await;
            }
        });
    }
    tasks.join_all().await;
    let mut end = ChainPosition::START;
    for envelope in chain(&one).await {
        let ChainStep::Next(next) = end.step(&envelope) else { panic!("the chain is broken") };
        end = next;
    }
    assert_eq!(end.sequence, 21);
    assert_eq!(one.document(visit_id(9)).await.unwrap().view().findings.len(), 20);
}

fn copy_dir(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

async fn try_record(store: &Store) -> Result<(), StoreError> {
    store.record_command(None, &Request::Grumble { text: "吵".into(), category: None, place: None }).await?;
    Ok(())
}

#[tokio::test]
async fn a_copied_store_can_be_read_but_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let store = enrolled(&dir.path().join("old"), 1).await;
    try_record(&store).await.unwrap();
    store.close().await;
    copy_dir(&dir.path().join("old/data"), &dir.path().join("new/data"));

    let elsewhere = Home::below(&dir.path().join("new"));
    let copy = Store::open(elsewhere.clone(), machine("two", 2)).await.unwrap();
    assert!(matches!(try_record(&copy).await, Err(StoreError::Copied { belongs_to: None })));
    assert!(matches!(copy.accept_move().await, Err(StoreError::Copied { .. })));
    assert_eq!(copy.commands().await.unwrap().len(), 1);

    let same_machine = Home { state: dir.path().join("old/state"), ..elsewhere };
    let copy = Store::open(same_machine, machine("one", 2)).await.unwrap();
    assert!(matches!(try_record(&copy).await, Err(StoreError::Copied { belongs_to: Some(_) })));
    assert!(matches!(copy.accept_move().await, Err(StoreError::Copied { .. })), "the old one is still there");
    let markers = dir.path().join("old/state/installations");
    std::fs::rename(&markers, dir.path().join("markers")).unwrap();
    assert!(
        matches!(copy.accept_move().await, Err(StoreError::Copied { belongs_to: None })),
        "it may be anywhere"
    );
    std::fs::rename(dir.path().join("markers"), &markers).unwrap();
    std::fs::remove_file(dir.path().join("old/data/field.sqlite")).unwrap();
    copy.accept_move().await.unwrap();
    try_record(&copy).await.unwrap();
}

#[tokio::test]
async fn a_store_restored_from_yesterday_asks_for_a_sync_first() {
    let dir = tempfile::tempdir().unwrap();
    let store = enrolled(&dir.path().join("now"), 1).await;
    try_record(&store).await.unwrap();
    store.close().await;
    copy_dir(&dir.path().join("now/data"), &dir.path().join("yesterday"));
    let store = Store::open(Home::below(&dir.path().join("now")), machine("one", 2)).await.unwrap();
    try_record(&store).await.unwrap();
    store.close().await;
    std::fs::remove_dir_all(dir.path().join("now/data")).unwrap();
    copy_dir(&dir.path().join("yesterday"), &dir.path().join("now/data"));
    let store = Store::open(Home::below(&dir.path().join("now")), machine("one", 3)).await.unwrap();
    let refused = try_record(&store).await;
    assert!(matches!(refused, Err(StoreError::Restored { found: 1, written: 2 })), "{refused:?}");
}

#[tokio::test]
async fn a_photo_is_on_the_disk_and_claimed_by_its_envelope() {
    let dir = tempfile::tempdir().unwrap();
    let store = enrolled(dir.path(), 1).await;
    assign(&store, &card(visit_id(9), "C-2025-0417")).await;
    let original = dir.path().join("IMG_0417.jpg");
    let bytes = [&[0xff, 0xd8, 0xff, 0xe0][..], &[5; 700_000]].concat();
    std::fs::write(&original, &bytes).unwrap();
    let blob = store.import_blob(&original).await.unwrap();
    std::fs::remove_file(&original).unwrap();
    assert_eq!((blob.media_type.as_str(), blob.size_bytes, blob.known), ("image/jpeg", 700_004, false));
    assert_eq!(std::fs::read(&blob.path).unwrap(), bytes);
    store.record(visit_id(9), |act| add_photo(act, blob.sha256)).await.unwrap();
    let envelopes = chain(&store).await;
    let Body::Change(change) = envelopes[1].body().unwrap() else { panic!("no change") };
    assert_eq!(change.photos.len(), 1);
    assert_eq!((change.photos[0].sha256, change.photos[0].size_bytes), (blob.sha256, 700_004));
    let photos = store.photos(Some(visit_id(9))).await.unwrap();
    assert_eq!((photos.len(), photos[0].role.as_str()), (1, "nameplate"));
    assert_eq!(store.photo_counts().await.unwrap().waiting_bytes, 700_004);
    let unknown = store.record(visit_id(9), |act| add_photo(act, BlobHash::from_bytes([1; 32]))).await;
    assert!(matches!(unknown, Err(TestError::Store(StoreError::UnknownBlob { .. }))));
    assert_eq!(chain(&store).await.len(), 2);
}

fn add_photo(act: &mut Act<'_>, sha256: BlobHash) -> Result<(), TestError> {
    let photo = Photo {
        sha256,
        size: 700_004,
        media_type: "image/jpeg".into(),
        role: "nameplate".into(),
        caption: None,
        taken_at: None,
        lat: None,
        lon: None,
        accuracy: None,
        finding: None,
    };
    let id = act.new_entry();
    Ok(act.edit().add_photo(id, &photo)?)
}

#[tokio::test]
async fn the_state_of_a_visit_follows_its_newest_step() {
    let dir = tempfile::tempdir().unwrap();
    let store = enrolled(dir.path(), 1).await;
    assign(&store, &card(visit_id(9), "C-2025-0417")).await;
    for (event, state) in
        [("started", VisitState::Running), ("paused", VisitState::Paused), ("finished", VisitState::Finished)]
    {
        let step = Progress { event: event.into(), reason: None, outcome: None, lat: None, lon: None };
        let add = |act: &mut Act<'_>| {
            let id = act.new_entry();
            act.set_current(Some(act.visit()));
            Ok::<_, TestError>(act.edit().add_progress(id, &step)?)
        };
        store.record(visit_id(9), add).await.unwrap();
        assert_eq!(store.visit(visit_id(9)).await.unwrap().unwrap().state, state);
    }
    assert_eq!(store.current_visit().await.unwrap(), Some(visit_id(9)));
}

#[tokio::test]
async fn what_somebody_began_who_is_not_sent_any_more_is_to_be_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let store = enrolled(dir.path(), 1).await;
    let me = store.identity().await.unwrap().person;
    let (other, visit) = (PersonId::from_bytes([77; 16]), visit_id(9));
    let sent = |crew: Vec<PersonId>| AssignmentCard { crew, ..card(visit, "C-2025-0417") };
    assign(&store, &sent(vec![me])).await;
    let state = async || store.visit(visit).await.unwrap().unwrap().state;
    let step = async |event: &str| {
        let step = Progress { event: event.into(), reason: None, outcome: None, lat: None, lon: None };
        let add = |act: &mut Act<'_>| {
            let id = act.new_entry();
            Ok::<_, TestError>(act.edit().add_progress(id, &step)?)
        };
        store.record(visit, add).await.unwrap();
    };
    step("started").await;
    for (crew, expected) in [
        (vec![other], VisitState::Planned),
        (vec![other, me], VisitState::Running),
        (Vec::new(), VisitState::Running),
    ] {
        assign(&store, &sent(crew)).await;
        assert_eq!(state().await, expected);
    }
    step("finished").await;
    assign(&store, &sent(vec![other])).await;
    assert_eq!(state().await, VisitState::Finished, "what is over stays over");
}

#[tokio::test]
async fn two_character_words_are_found_in_cards_and_acts() {
    let dir = tempfile::tempdir().unwrap();
    let store = enrolled(dir.path(), 1).await;
    assign(&store, &card(visit_id(9), "C-2025-0417")).await;
    add_finding(&store, visit_id(9), "表位 3-602，铅封完好").await;
    for (query, count) in [("铅封", 1), ("电表", 1), ("0417", 1), ("梧桐路", 1), ("燃气", 0), ("", 0)]
    {
        assert_eq!(store.search(query, 9).await.unwrap().len(), count, "{query}");
    }
}

#[tokio::test]
async fn the_database_is_what_durability_needs() {
    let dir = tempfile::tempdir().unwrap();
    let store = enrolled(dir.path(), 1).await;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(store.pool()).await.unwrap();
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(store.pool()).await.unwrap();
    assert_eq!((mode.as_str(), synchronous), ("wal", 2));
    use std::os::unix::fs::PermissionsExt as _;
    let key = std::fs::metadata(store.home().key_file()).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
    assert_eq!(store.key().unwrap().seed(), identity(1).key.seed());
    let missing = Store::open(Home::below(&dir.path().join("none")), machine("one", 1)).await;
    assert!(matches!(missing, Err(StoreError::NotEnrolled)));
}

#[tokio::test]
async fn no_number_is_given_out_twice_however_many_ask_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let one = enrolled(dir.path(), 1).await;
    let other = Store::open(Home::below(dir.path()), machine("one", 2)).await.unwrap();
    let ask = async |store: &Store| {
        let mut given = Vec::new();
        for _ in 0..10 {
            given.push(store.next_count("numbers").await.unwrap());
        }
        given
    };
    let (first, second) = tokio::join!(ask(&one), ask(&other));
    let mut given = [first, second].concat();
    given.sort_unstable();
    assert_eq!(given, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn work_that_was_sent_back_is_to_redo_until_it_is_finished_or_told_done() {
    let dir = tempfile::tempdir().unwrap();
    let store = enrolled(dir.path(), 1).await;
    assign(&store, &card(visit_id(9), "C-2025-0417")).await;
    let sent_back = async |id: &str, done_at: Option<i64>| {
        let mut tx = store.write().await.unwrap();
        let row = "INSERT INTO reworks (rework_id, visit_id, reason, paths, received_at_ms, done_at_ms) \
            VALUES ($1, $2, 'x', '[]', 1, $3)";
        let row = sqlx::query(row).bind(id).bind(visit_id(9).to_string()).bind(done_at);
        row.execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    };
    sent_back("018f0000-0000-7000-8000-000000000001", Some(5)).await;
    assert_eq!(store.reworks().await.unwrap(), [], "a colleague did it");
    sent_back("018f0000-0000-7000-8000-000000000002", None).await;
    assert_eq!(store.reworks().await.unwrap().len(), 1);
    let finish = |act: &mut Act<'_>| -> Result<(), TestError> {
        act.command(&Request::Finish { visit: visit_id(9), outcome: "done".to_owned() });
        Ok(())
    };
    store.record(visit_id(9), finish).await.unwrap();
    assert_eq!(store.reworks().await.unwrap(), [], "finished here, whether it is sent or not");
}

#[tokio::test]
async fn the_same_answer_is_recorded_again_once_work_was_sent_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = enrolled(dir.path(), 1).await;
    assign(&store, &card(visit_id(9), "C-2025-0417")).await;
    let answer = |act: &mut Act<'_>| -> Result<(), TestError> { Ok(act.edit().answer("seal", "intact")?) };
    store.record(visit_id(9), answer).await.unwrap();
    assert_eq!(store.record(visit_id(9), answer).await.unwrap().envelopes.len(), 0);
    let mut tx = store.write().await.unwrap();
    sqlx::query("INSERT INTO reworks (rework_id, visit_id, reason, paths, received_at_ms) VALUES ('1', $1, 'x', '[]', 1)")
        .bind(visit_id(9).to_string())
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let confirmed = store.record(visit_id(9), answer).await.unwrap();
    assert_eq!(confirmed.envelopes.len(), 1, "whoever looked again is on record");
    let values = &confirmed.view.answers["seal"].values;
    assert_eq!((values.len(), values[0].value.as_text()), (1, Some("intact")));
}
