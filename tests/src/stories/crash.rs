//! `kill -9` of the server and of the client, again and again.

use super::{OnSite, a_large_jpeg, on_site, texts_of};
use crate::harness::{Desk, Office, TestDatabase};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::time::Duration;
use sync_core::testing::Rng;

const KILLS: usize = 100;
/// Large enough that a kill meets an upload.
const LARGE_BYTES: u64 = 8 * 1024 * 1024;
const SMALL_BYTES: u64 = 64 * 1024;
/// Within how many milliseconds a client is killed at first.
const KILLED_WITHIN_MS: u64 = 150;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_a_hundred_times_loses_and_doubles_nothing() {
    let mut office = Office::open(TestDatabase::sqlite()).await;
    let OnSite { desk, device, case, .. } = on_site(&office).await;
    let mut rng = Rng::new(11);
    let (mut said, mut taken, folder) = (Vec::new(), BTreeSet::new(), tempfile::tempdir().unwrap());
    for round in 0..KILLS {
        let text = format!("round-{round}.");
        device.ok(&["finding", "add", "SEAL_OK", "--text", &text]);
        said.push(text);
        if round % 10 == 3 {
            let (file, hash) = a_photo(folder.path(), round, &mut rng, LARGE_BYTES);
            device.ok(&["photo", "add", &file, "--tag", "site", "--allow-old"]);
            taken.insert(hash);
        }
        let mut syncing = device.spawn(&["sync"]);
        tokio::time::sleep(Duration::from_millis(rng.next_u64() % 400)).await;
        office.kill();
        let _ = syncing.kill();
        let _ = syncing.wait();
        office.start().await;
    }
    let last = device.run(&["--json", "sync"]);
    assert_eq!(last.code, Some(0), "{last:?}");

    let record = desk.get(&format!("/v1/complaints/{}", case.complaint)).await;
    assert_eq!(rounds_in(&record), said.iter().cloned().collect(), "lost");
    assert_eq!(whole_photos(&desk, &case.visit).await, taken);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_killed_a_hundred_times_keeps_what_it_said_was_saved() {
    let office = Office::open(TestDatabase::sqlite()).await;
    let OnSite { desk, device, case, .. } = on_site(&office).await;
    let mut rng = Rng::new(12);
    let (mut saved, mut photos, folder) = (Vec::new(), BTreeSet::new(), tempfile::tempdir().unwrap());
    // Of findings and of photos. A machine may be slow: later after each save that was not waited for, sooner after
    // each one that was.
    let mut killed_within_ms = [KILLED_WITHIN_MS; 2];
    for round in 0..KILLS {
        let text = format!("round-{round}.");
        let taken = (round % 3 == 0).then(|| a_photo(folder.path(), round, &mut rng, SMALL_BYTES));
        let mut command = match &taken {
            Some((file, _)) => device.command(&["photo", "add", file, "--tag", "site", "--allow-old"]),
            None => device.command(&["finding", "add", "SEAL_OK", "--text", &text]),
        };
        let mut running =
            command.stderr(std::process::Stdio::piped()).spawn().expect("the client can be started");
        let within_ms = &mut killed_within_ms[usize::from(taken.is_some())];
        tokio::time::sleep(Duration::from_millis(rng.next_u64() % *within_ms)).await;
        let _ = running.kill();
        let output = running.wait_with_output().expect("a killed client can be waited for");
        let was_saved = String::from_utf8_lossy(&output.stderr).contains("saved");
        *within_ms = if was_saved { *within_ms * 4 / 5 + 10 } else { *within_ms * 5 / 4 };
        if was_saved {
            match taken {
                Some((_, hash)) => drop(photos.insert(hash)),
                None => saved.push(text),
            }
        }
    }
    let count = (saved.len(), photos.len());
    println!("{} findings and {} photos were saved before the kill, of {KILLS}", count.0, count.1);
    assert!(count.0 > 0 && count.1 > 0 && count.0 + count.1 < KILLS, "{count:?} of {KILLS} before the kill");
    assert_eq!(device.run(&["--json", "sync"]).code, Some(0));
    let record = desk.get(&format!("/v1/complaints/{}", case.complaint)).await;
    let found = rounds_in(&record);
    assert!(saved.iter().all(|text| found.contains(text)), "of {saved:?} only {found:?} arrived");
    let arrived = whole_photos(&desk, &case.visit).await;
    assert!(photos.is_subset(&arrived), "of {photos:?} only {arrived:?} arrived");
}

/// A photo unlike any other: where it lies, and its hash.
fn a_photo(folder: &std::path::Path, number: usize, rng: &mut Rng, bytes: u64) -> (String, String) {
    let bytes = a_large_jpeg(rng, bytes);
    let file = folder.join(format!("{number}.jpg"));
    std::fs::write(&file, &bytes).expect("the temporary folder can be written to");
    let hash = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    (file.display().to_string(), hash)
}

/// The findings of the rounds in the complaint's record, each of which stands there once.
fn rounds_in(record: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for text in texts_of(record).into_iter().filter(|text| text.starts_with("round-")) {
        assert!(found.insert(text.clone()), "{text} is there twice");
    }
    found
}

/// Hashes of the visit's photos, each of which is whole and stands there once.
async fn whole_photos(desk: &Desk, visit: &str) -> BTreeSet<String> {
    let listed = desk.get(&format!("/v1/visits/{visit}/photos")).await;
    let mut hashes = BTreeSet::new();
    for photo in listed["photos"].as_array().expect("a list of photos") {
        assert_eq!(photo["state"], "whole", "{listed:#}");
        let hash = photo["sha256"].as_str().expect("a photo has a hash").to_owned();
        assert!(hashes.insert(hash), "a photo is there twice: {listed:#}");
    }
    hashes
}
