//! A server, or whatever sits before it, takes the connection and never says a word.

use super::on_site;
use crate::harness::{Office, TestDatabase};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_server_is_waited_for_aloud_and_not_for_long() {
    let mut office = Office::open(TestDatabase::sqlite()).await;
    let device = on_site(&office).await.device;
    office.kill();
    let _silent = std::net::TcpListener::bind(office.address).expect("the server left its address");

    let begun = Instant::now();
    let synced = device.run(&["sync"]);
    let waited = begun.elapsed();
    assert_eq!(synced.code, Some(5), "{synced:?}");
    assert!(synced.err.contains("waiting for the server"), "{synced:?}");
    assert!(synced.err.contains("does not answer"), "{synced:?}");
    assert!(synced.err.contains("Kept on this device: acts 3"), "{synced:?}");
    assert!(waited < Duration::from_secs(40), "{waited:?}");
}
