//! Photos in their own lane.

use super::*;
use crate::client::Rate;
use crate::store::{BlobState, PhotoRow};
use sync_core::document::Photo;
use sync_core::ids::BlobHash;

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
    assert_eq!(report.visits, std::collections::BTreeSet::from([visit_id(9)]));
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
    let some_arrived = async {
        while server.memory().upload_bytes == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        sent = slow => panic!("the whole photo was sent: {sent:?}"),
        () = some_arrived => {}
    }
    let before = server.memory().upload_bytes;
    assert!(before > 0 && before < bytes.len());
    // What is told of a photo is what the server has of it.
    confirm_uploads(&store, &client).await.unwrap();
    let told = store.photos(None).await.unwrap()[0].blob.clone();
    assert_eq!(told.upload_offset, u64::try_from(server.memory().upload_bytes).unwrap());
    assert!((1..100).contains(&told.upload_percent()), "{}", told.upload_percent());
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
