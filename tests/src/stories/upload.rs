//! A large photo over a link that is cut again and again.

use super::{a_large_jpeg, clerk, dispatch, technician};
use crate::harness::{Link, Office, TestDatabase};
use sha2::{Digest as _, Sha256};
use sync_core::testing::Rng;

const BYTES: u64 = 24 * 1024 * 1024;
const CUTS: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_photo_cut_thirty_times_arrives_and_hardly_a_byte_travels_twice() {
    let office = Office::open(TestDatabase::sqlite()).await;
    let desk = clerk(&office).await;
    let link = Link::to(office.address).await;
    let (device, person) = technician(&office, &desk, "zhang", link.address).await;
    let case = dispatch(&desk, &[&person]).await;
    device.ok(&["sync"]);
    device.ok(&["visit", "start", &case.number]);
    let mut rng = Rng::new(7);
    let (folder, bytes) = (tempfile::tempdir().unwrap(), a_large_jpeg(&mut rng, BYTES));
    let file = folder.path().join("large.jpg");
    std::fs::write(&file, &bytes).unwrap();
    device.ok(&["photo", "add", file.to_str().unwrap(), "--tag", "site", "--allow-old"]);
    device.ok(&["sync", "--photos-later"]);

    let before = link.traffic().up;
    for _ in 0..CUTS {
        let left = BYTES.saturating_sub(link.traffic().up - before).max(2);
        link.cut_after_up(1 + rng.next_u64() % (left / 4).max(1));
        let run = device.run(&["--json", "sync"]);
        assert!(matches!(run.code, Some(0 | 3 | 5)), "{run:?}");
        link.heal();
    }
    let last = device.run(&["--json", "sync"]);
    assert_eq!(last.code, Some(0), "{last:?}");

    let photos = desk.get(&format!("/v1/visits/{}/photos", case.visit)).await;
    let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let arrived = photos["photos"].as_array().unwrap().iter().find(|photo| photo["sha256"] == hash);
    assert!(arrived.is_some_and(|photo| photo["state"] == "whole"), "{photos:#}");
    let carried = link.traffic().up - before;
    let twice = carried as f64 / BYTES as f64 - 1.0;
    println!(
        "{CUTS} cuts: {carried} bytes for {BYTES}, {:.2} % travelled twice or are headers",
        twice * 100.0
    );
    assert!(twice <= 0.05, "{:.2} % of the bytes travelled twice", twice * 100.0);
}
