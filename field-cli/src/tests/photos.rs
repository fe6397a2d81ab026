//! Photos whose copy on the device went bad, and what brings them back.

use super::{Desk, photo, sample};
use crate::i18n::Lang;
use crate::store::{BlobRow, BlobState, COPY_LOST};

const GOOD: &str = "iphone6plus-beijing.jpg";

async fn with_photo() -> (Desk, BlobRow) {
    let desk = Desk::new(Lang::En).await;
    desk.ok(&["visit", "start", "0417"]).await;
    desk.ok(&["photo", "add", sample(GOOD).to_str().unwrap(), "--allow-old"]).await;
    let blob = desk.store().await.photos(None).await.unwrap().remove(0).blob;
    (desk, blob)
}

async fn set(desk: &Desk, blob: &BlobRow, state: BlobState, reason: &str) {
    desk.store().await.set_blob_state(blob.sha256, state, Some(reason)).await.unwrap();
}

fn rot(blob: &BlobRow) {
    let mut bytes = std::fs::read(&blob.path).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&blob.path, bytes).unwrap();
}

#[tokio::test]
async fn a_photo_that_rotted_here_stays_visible_until_the_good_file_is_added_again() {
    let (desk, blob) = with_photo().await;
    rot(&blob);
    let doctor = desk.run(&["doctor"]).await;
    assert!(doctor.text.contains(&format!("missing or damaged: 1 ({GOOD})")), "{}", doctor.text);
    assert_eq!(doctor.exit, 1);
    set(&desk, &blob, BlobState::Refused, "upload-hash-differs").await;
    let status = desk.ok(&["status"]).await;
    assert!(status.contains("Photos that the server refused: 1"), "{status}");
    assert!(!status.contains("Everything recorded here has arrived"), "{status}");

    let again = desk.ok(&["photo", "add", sample(GOOD).to_str().unwrap(), "--allow-old"]).await;
    assert!(again.contains("is whole again: photo 1 waits to be sent"), "{again}");
    let row = desk.store().await.photos(None).await.unwrap().remove(0).blob;
    assert_eq!((row.state, row.reason), (BlobState::Waiting, None));
    assert!(desk.run(&["doctor"]).await.text.contains("Photos that have not arrived 1: whole"));
}

#[tokio::test]
async fn a_photo_that_is_here_cannot_be_declared_lost() {
    let (desk, blob) = with_photo().await;
    let declare = ["photo", "unavailable", "1", "--reason", "slip"];
    let refused = desk.run(&declare).await;
    assert_eq!(refused.exit, 1);
    assert!(refused.text.contains("is on this device, whole"), "{}", refused.text);
    let asked = desk.store().await.commands().await.unwrap();
    assert!(asked.iter().all(|command| command.request != "photo_unavailable"), "nothing was recorded");

    std::fs::remove_file(&blob.path).unwrap();
    set(&desk, &blob, BlobState::Unavailable, COPY_LOST).await;
    let status = desk.ok(&["status"]).await;
    assert!(status.contains("Photos whose copy here cannot be read: 1"), "{status}");
    desk.ok(&declare).await;
    let status = desk.ok(&["status"]).await;
    assert!(!status.contains("cannot be read"), "{status}");
    assert_eq!(desk.run(&["doctor"]).await.text.matches('✗').count(), 1, "only the server is away");
}

#[tokio::test]
async fn several_photos_keep_the_order_in_which_they_were_typed_and_warnings_name_theirs() {
    let desk = Desk::new(Lang::En).await;
    desk.ok(&["visit", "start", "0417"]).await;
    let names = ["first.jpg", "second.jpg", "third.jpg"];
    let files = names.map(|name| {
        let mut bytes = photo("2027:11:21 17:43:00", None);
        bytes.extend_from_slice(name.as_bytes());
        desk.file(name, &bytes).to_str().unwrap().to_owned()
    });
    let line = [&["photo", "add"][..], &files.each_ref().map(String::as_str)].concat();
    let told = desk.plain(&desk.ok(&line).await);
    assert!(told.contains("! second.jpg: The camera says"), "{told}");
    assert!(told.contains("  second.jpg  417 B"), "{told}");
    let rows = desk.ok(&["--json", "photo", "list"]).await;
    let hashes = told.split("sha256 ").skip(1).map(|rest| &rest[..8]);
    let listed: Vec<usize> = hashes.map(|hash| rows.find(hash).expect("listed")).collect();
    assert_eq!(listed.len(), 3);
    assert!(listed.is_sorted(), "{rows}");
}
