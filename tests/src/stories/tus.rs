//! Somebody else's tus client sends a photo that `field` has signed for.

use super::{OnSite, on_site, photo, sha256_of};
use crate::harness::{Link, Office, TestDatabase, peer_python};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const CHUNK: u64 = 64 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_tus_client_is_cut_off_and_goes_on_where_the_server_stands() {
    let Some(python) = peer_python("a_foreign_tus_client_is_cut_off_and_goes_on_where_the_server_stands")
    else {
        return;
    };
    let office = Office::open(TestDatabase::sqlite()).await;
    let OnSite { desk, device, person, case } = on_site(&office).await;
    let file = photo("iphone6plus-beijing.jpg");
    device.ok(&["photo", "add", &file, "--tag", "seal", "--allow-old"]);
    device.ok(&["sync", "--photos-later"]);
    let photos = format!("/v1/visits/{}/photos", case.visit);
    assert_eq!(desk.get(&photos).await["photos"][0]["state"], "named");

    // The link breaks in the middle of the fifth chunk.
    let link = Link::to(office.address).await;
    let size = std::fs::metadata(&file).unwrap().len();
    let (token, hash) = (device.access_token().await, sha256_of(&file));
    let send = |unfinished: Option<&str>| {
        let mut command = Command::new(&python);
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/tus.py"));
        command.arg(format!("http://{}/v1/uploads", link.address));
        command.args([&token, &case.visit, &hash, "image/jpeg", &file]).args(unfinished);
        let output = command.output().expect("Python can be started");
        let (out, errors) = (output.stdout, String::from_utf8_lossy(&output.stderr).into_owned());
        serde_json::from_slice::<Value>(&out).unwrap_or_else(|_| panic!("tuspy: {errors}"))
    };
    link.cut_after_up(4 * CHUNK + CHUNK / 2);
    let cut = send(None);
    assert_eq!((cut["offset"].as_u64(), cut["error"].is_string()), (Some(4 * CHUNK), true), "{cut}");
    link.heal();
    let before = link.traffic().up;
    let rest = send(cut["url"].as_str());

    assert_eq!((&rest["offset"], &rest["error"]), (&json!(size), &Value::Null), "{rest}");
    let resumed_at = rest["resumed_at"].as_u64().expect("an offset");
    assert!((4 * CHUNK + 1..5 * CHUNK).contains(&resumed_at), "what came of the fifth is kept: {rest}");
    let carried = link.traffic().up - before;
    assert!(carried < size - resumed_at + 20_000, "{carried} bytes for {}", size - resumed_at);
    let seen = desk.get(&photos).await;
    let seen = &seen["photos"][0];
    assert_eq!((&seen["state"], &seen["sha256"]), (&json!("whole"), &json!(hash)), "{seen:#}");
    assert_eq!((&seen["arrived_bytes"], &seen["flags"]), (&json!(size), &json!([])), "{seen:#}");
    assert_eq!(seen["claims"][0]["person"]["person_id"], json!(person), "{seen:#}");

    // `field` learns that nothing is left to send, and the record counts the photo.
    let run = device.run(&["--json", "sync"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.summary()["photo_bytes"], 0, "{run:?}");
    let status = device.run(&["--json", "status"]).summary();
    assert_eq!(status["outbox"]["photos"], 0, "{status}");
}
