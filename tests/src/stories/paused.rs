//! What a technician holds back is never called arrived.

use super::{on_site, photo};
use crate::harness::{Office, TestDatabase};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_says_what_stays_here_when_sending_was_paused_or_photos_were_put_off() {
    let office = Office::open(TestDatabase::sqlite()).await;
    let device = on_site(&office).await.device;
    device.ok(&["outbox", "pause"]);
    let paused = device.run(&["sync"]);
    assert_eq!(paused.code, Some(3), "{paused:?}");
    assert!(paused.err.contains("Nothing is sent until you type: field outbox retry"), "{paused:?}");
    assert!(paused.err.contains("Kept on this device: acts 3, photos 0"), "{paused:?}");
    assert!(!paused.err.contains("Up to date"), "{paused:?}");

    device.ok(&["outbox", "retry"]);
    device.ok(&["photo", "add", &photo("iphone6plus-beijing.jpg"), "--tag", "seal", "--allow-old"]);
    let later = device.ok(&["sync", "--photos-later"]);
    assert!(later.err.contains("Kept on this device: acts 0, photos 1"), "{later:?}");
    let whole = device.ok(&["sync"]);
    assert!(whole.err.contains("Up to date") && !whole.err.contains("Kept on this device"), "{whole:?}");
}
