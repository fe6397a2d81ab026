//! Uploads through the router, on both engines.

use crate::audit;
use crate::devices;
use crate::evidence::testing::{
    Uploader, claim, hash_of, location_of, noise, offset_of, photo, revoke, visit,
};
use crate::testing::{Answer, TestApp};
use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use data_encoding::BASE64;
use futures_util::{StreamExt, stream};
use proptest::prelude::*;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::io;
use std::time::{Duration, Instant};
use sync_core::ids::BlobHash;
use tower::ServiceExt;

/// One second is promised, the rest is for a busy machine: an upload left alone would take far longer.
const AT_ONCE: Duration = Duration::from_secs(10);

/// Sends the pieces, then breaks the connection (or waits for ever), as a bad network does.
async fn send_and_break(up: &Uploader<'_>, location: &str, offset: usize, pieces: Vec<Bytes>) {
    let pieces = stream::iter(pieces.into_iter().map(Ok));
    let body = Body::from_stream(pieces.chain(stream::once(async { Err(io::Error::other("cut")) })));
    let _ = send_body(up, location, offset, body).await;
}

async fn send_body(up: &Uploader<'_>, location: &str, offset: usize, body: Body) -> u16 {
    let request = Request::patch(location)
        .header("authorization", up.authorization())
        .header("tus-resumable", "1.0.0")
        .header("upload-offset", offset)
        .header("content-type", "application/offset+octet-stream")
        .body(body)
        .unwrap();
    up.test.router.clone().oneshot(request).await.unwrap().status().as_u16()
}

/// A body that brings these bytes and then nothing more for ever.
fn stalled(bytes: Vec<u8>) -> Body {
    Body::from_stream(stream::iter([Ok::<_, io::Error>(Bytes::from(bytes))]).chain(stream::pending()))
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_photo_arrives_in_pieces_and_is_stored_under_its_hash() {
    TestApp::for_each_engine(|test| async move {
        let up = Uploader::enrolled(&test, 1).await;
        let bytes = photo("iphone6plus-beijing.jpg");
        let answer = up.announce(&bytes, "image/jpeg").await;
        assert_eq!(answer.status, 201);
        assert_eq!(offset_of(&answer), 0);
        assert_eq!(answer.headers["tus-resumable"], "1.0.0");
        assert_eq!(answer.headers["upload-expires"], "Fri, 28 Nov 2025 04:40:00 GMT");
        let location = location_of(&answer);

        let mut offset = 0;
        for piece in bytes.chunks(300_000) {
            let answer = up.patch(&location, offset, piece).send().await;
            assert_eq!(answer.status, 204);
            offset += piece.len();
            assert_eq!(offset_of(&answer), offset);
        }
        let hash = hash_of(&bytes);
        assert_eq!(test.app.evidence.blobs().read(&hash).await.unwrap().unwrap(), bytes);

        let answer = up.head(&location).await;
        assert_eq!((answer.status, offset_of(&answer)), (200, bytes.len()));
        assert_eq!(answer.headers["upload-length"], bytes.len().to_string().as_str());
        assert_eq!(answer.headers["cache-control"], "no-store");
        // The answer to the last PATCH may have been lost: asking again changes nothing.
        assert_eq!(up.patch(&location, bytes.len(), b"").send().await.status, 204);
        let answer = up.announce(&bytes, "image/jpeg").await;
        assert_eq!((answer.status, &answer.headers["fieldloop-have"]), (200, &"1".parse().unwrap()));
        let log = audit::list(&mut test.app.store.read().await.unwrap(), 0, 100).await.unwrap();
        assert_eq!(log.iter().filter(|entry| entry.kind == "evidence.arrived").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_a_broken_connection_brought_is_kept() {
    TestApp::for_each_engine(|test| async move {
        let up = Uploader::enrolled(&test, 1).await;
        let bytes = noise(1, 700_000);
        let location = location_of(&up.announce(&bytes, "image/png").await);
        let first: Vec<Bytes> = bytes[..123_457].chunks(5_000).map(Bytes::copy_from_slice).collect();
        send_and_break(&up, &location, 0, first).await;
        let answer = up.head(&location).await;
        assert_eq!(offset_of(&answer), 123_457);
        let answer = up.announce(&bytes, "image/png").await;
        assert_eq!(
            (answer.status, location_of(&answer), offset_of(&answer)),
            (200, location.clone(), 123_457)
        );
        assert_eq!(up.patch(&location, 123_457, &bytes[123_457..]).send().await.status, 204);
        assert!(test.app.evidence.blobs().read(&hash_of(&bytes)).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn an_upload_that_is_cut_thirty_times_sends_next_to_nothing_twice() {
    let test = TestApp::sqlite().await;
    let up = Uploader::enrolled(&test, 1).await;
    let bytes = noise(2, 6 << 20);
    let location = location_of(&up.announce(&bytes, "video/mp4").await);
    let cuts = noise(3, 300);
    let mut sent = 0;
    for cut in cuts.chunks(10).take(30) {
        let offset = offset_of(&up.head(&location).await);
        let length = usize::from(cut[0]) * 800 + usize::from(cut[1]);
        let end = (offset + length).min(bytes.len() - 1);
        let pieces: Vec<Bytes> = bytes[offset..end].chunks(16_384).map(Bytes::copy_from_slice).collect();
        sent += end - offset;
        send_and_break(&up, &location, offset, pieces).await;
    }
    let offset = offset_of(&up.head(&location).await);
    sent += bytes.len() - offset;
    assert_eq!(up.patch(&location, offset, &bytes[offset..]).send().await.status, 204);
    assert!(sent * 100 <= bytes.len() * 105, "{sent} bytes sent for {}", bytes.len());
    assert!(test.app.evidence.blobs().read(&hash_of(&bytes)).await.unwrap().is_some());
}

#[tokio::test]
async fn bytes_with_another_hash_are_refused_and_kept_aside() {
    TestApp::for_each_engine(|test| async move {
        let up = Uploader::enrolled(&test, 1).await;
        let (good, wrong) = (noise(4, 5_000), noise(5, 5_000));
        let location = location_of(&up.announce(&good, "image/jpeg").await);
        let answer = up.patch(&location, 0, &wrong).send().await;
        assert_eq!(code(&answer), (422, "upload-hash-differs".into()));
        assert_eq!(answer.json["found_sha256"], hash_of(&wrong).to_string());
        assert_eq!(answer.headers["tus-resumable"], "1.0.0");
        assert_eq!(up.head(&location).await.status, 422);
        let name = location.rsplit('/').next().unwrap();
        let kept = std::fs::read(test.app.evidence.uploads.spool.refused_path(name)).unwrap();
        assert_eq!(kept, wrong);
        assert!(test.app.evidence.blobs().read(&hash_of(&wrong)).await.unwrap().is_none());
        // The honest retry is a new upload.
        up.upload(&good, "image/jpeg").await;
        let log = audit::list(&mut test.app.store.read().await.unwrap(), 0, 100).await.unwrap();
        assert_eq!(log.iter().filter(|entry| entry.kind == "evidence.refused").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_part_with_a_checksum_is_kept_whole_or_not_at_all() {
    TestApp::for_each_engine(|test| async move {
        let up = Uploader::enrolled(&test, 1).await;
        let bytes = noise(6, 10_000);
        let location = location_of(&up.announce(&bytes, "image/jpeg").await);
        let sha1 = format!("sha1 {}", BASE64.encode(&Sha1::digest(&bytes[..4_000])));
        let call = up.patch(&location, 0, &bytes[1..4_001]).header("upload-checksum", &sha1);
        assert_eq!(code(&call.send().await), (460, "upload-checksum-differs".into()));
        assert_eq!(offset_of(&up.head(&location).await), 0);
        let call = up.patch(&location, 0, &bytes[..4_000]).header("upload-checksum", &sha1);
        assert_eq!(offset_of(&call.send().await), 4_000);
        let sha256 = format!("sha256 {}", BASE64.encode(&Sha256::digest(&bytes[4_000..])));
        let call = up.patch(&location, 4_000, &bytes[4_000..]).header("upload-checksum", &sha256);
        assert_eq!(call.send().await.status, 204);
        assert!(test.app.evidence.blobs().read(&hash_of(&bytes)).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn a_newer_request_ends_the_older_one_and_continues_where_it_was() {
    let test = TestApp::sqlite().await;
    let up = Uploader::enrolled(&test, 1).await;
    let bytes = noise(7, 50_000);
    let location = location_of(&up.announce(&bytes, "image/jpeg").await);
    let old = send_body(&up, &location, 0, stalled(bytes[..20_000].to_vec()));
    let new = async {
        while test.app.evidence.uploads.spool.received_bytes(location.rsplit('/').next().unwrap()).await
            < 20_000
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let began = Instant::now();
        let offset = offset_of(&up.head(&location).await);
        assert!(began.elapsed() < AT_ONCE);
        assert_eq!(offset, 20_000);
        up.patch(&location, offset, &bytes[offset..]).send().await.status
    };
    assert_eq!(tokio::join!(old, new), (409, 204));
    assert!(test.app.evidence.blobs().read(&hash_of(&bytes)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_revocation_ends_an_upload_within_a_second() {
    TestApp::for_each_engine(|test| async move {
        let up = Uploader::enrolled(&test, 1).await;
        let bytes = noise(8, 50_000);
        let location = location_of(&up.announce(&bytes, "image/jpeg").await);
        // Bytes keep coming, slowly: the revocation must not wait for silence.
        let drip = stream::iter(bytes.clone()).then(|byte| async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok::<_, io::Error>(Bytes::from(vec![byte]))
        });
        let patch = send_body(&up, &location, 0, Body::from_stream(drip));
        let revoke = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            revoke(&test, up.device).await;
            Instant::now()
        };
        let end = async { (patch.await, Instant::now()) };
        let (revoked_at, (status, ended_at)) = tokio::join!(revoke, end);
        assert_eq!(status, 403);
        assert!(ended_at - revoked_at < AT_ONCE);
        assert_eq!(up.head(&location).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn a_device_that_must_forget_everything_may_finish_its_photos_first() {
    TestApp::for_each_engine(|test| async move {
        let up = Uploader::enrolled(&test, 1).await;
        let bytes = noise(8, 50_000);
        let location = location_of(&up.announce(&bytes, "image/jpeg").await);
        revoke(&test, up.device).await;
        assert_eq!(up.head(&location).await.status, 403);
        let by = devices::By::terminal(test.app.clock.now());
        let mut tx = test.app.store.write().await.unwrap();
        devices::life::order_wipe(&mut tx, up.device, "stolen", by).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(up.patch(&location, 0, &bytes).send().await.status, 204);
        assert!(test.app.evidence.blobs().read(&hash_of(&bytes)).await.unwrap().is_some());
        let mut tx = test.app.store.write().await.unwrap();
        devices::life::confirm_wipe(&mut tx, up.device, by.at, by.at).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(up.announce(&noise(9, 100), "image/jpeg").await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn an_upload_belongs_to_the_device_that_began_it() {
    let test = TestApp::sqlite().await;
    let (up, stranger) = (Uploader::enrolled(&test, 1).await, Uploader::enrolled(&test, 2).await);
    let bytes = noise(9, 100);
    let location = location_of(&up.announce(&bytes, "image/jpeg").await);
    assert_eq!(stranger.head(&location).await.status, 404);
    assert_eq!(code(&stranger.patch(&location, 0, &bytes).send().await), (404, "upload-unknown".into()));
    let own = location_of(&stranger.announce(&bytes, "image/jpeg").await);
    assert_ne!(own, location);
    for path in
        ["/v1/uploads/..%2f..%2fkeys", "/v1/uploads/ABCDEF0123456789ABCDEF0123456789", "/v1/uploads/x"]
    {
        assert_eq!(up.head(path).await.status, 404, "{path}");
    }
    let call = test.call(Method::HEAD, &location).header("tus-resumable", "1.0.0");
    assert_eq!(call.send().await.status, 401);
}

#[tokio::test]
async fn wrong_requests_are_told_what_is_wrong() {
    let test = TestApp::sqlite().await;
    let up = Uploader::enrolled(&test, 1).await;
    let bytes = noise(10, 1_000);
    let location = location_of(&up.announce(&bytes, "image/jpeg").await);
    let answer = test.call(Method::HEAD, &location).header("authorization", up.authorization()).send().await;
    assert_eq!((answer.status, &answer.headers["tus-version"]), (412, &"1.0.0".parse().unwrap()));
    let answer = up.patch(&location, 5, &bytes[5..]).send().await;
    assert_eq!((answer.status, offset_of(&answer)), (409, 0));
    assert_eq!(answer.json["expected_offset"], 0);
    let answer = up.patch(&location, 0, &noise(10, 1_001)).header("content-length", "1001").send().await;
    assert_eq!(code(&answer), (413, "upload-too-large".into()));
    let call =
        up.call(Method::PATCH, &location).header("upload-offset", "0").header("content-type", "text/plain");
    assert_eq!(call.body(bytes.clone()).send().await.status, 415);
    let call = up.call(Method::PATCH, &location).header("content-type", "application/offset+octet-stream");
    assert_eq!(code(&call.send().await), (400, "upload-header-invalid".into()));
    let answer = up.announce_as(hash_of(b"x"), 60_000_000, "image/jpeg").await;
    assert_eq!(code(&answer), (413, "upload-too-large".into()));
    let answer = test.call(Method::OPTIONS, "/v1/uploads").send().await;
    assert_eq!((answer.status, &answer.headers["tus-max-size"]), (204, &"200000000".parse().unwrap()));
    assert_eq!(
        answer.headers["tus-extension"],
        "creation,creation-with-upload,checksum,expiration,termination"
    );
}

#[tokio::test]
async fn the_first_bytes_may_come_with_the_announcement_and_methods_may_be_disguised() {
    let test = TestApp::sqlite().await;
    let up = Uploader::enrolled(&test, 1).await;
    let bytes = noise(11, 1_000);
    let metadata = format!("sha256 {}", BASE64.encode(hash_of(&bytes).to_string().as_bytes()));
    let call = up.call(Method::POST, "/v1/uploads").header("upload-length", "1000");
    let call =
        call.header("upload-metadata", metadata).header("content-type", "application/offset+octet-stream");
    let answer = call.body(&bytes[..400]).send().await;
    assert_eq!((answer.status, offset_of(&answer)), (201, 400));
    let location = location_of(&answer);
    let disguised = |method: &str| up.call(Method::POST, &location).header("x-http-method-override", method);
    assert_eq!(offset_of(&disguised("HEAD").send().await), 400);
    let patch = disguised("PATCH").header("upload-offset", "400");
    let patch = patch.header("content-type", "application/offset+octet-stream").body(&bytes[400..900]);
    assert_eq!(offset_of(&patch.send().await), 900);
    assert_eq!(disguised("GET").send().await.status, 400);
    assert_eq!(disguised("DELETE").send().await.status, 204);
    assert_eq!(up.head(&location).await.status, 404);
}

#[tokio::test]
async fn a_killed_server_takes_the_last_step_when_it_is_asked() {
    let test = TestApp::sqlite().await;
    let up = Uploader::enrolled(&test, 1).await;
    let bytes = noise(12, 3_000);
    let location = location_of(&up.announce(&bytes, "image/jpeg").await);
    let name = location.rsplit('/').next().unwrap();
    // All bytes were durable, and then the process was gone.
    let mut part = test.app.evidence.uploads.spool.part(name).await.unwrap();
    part.append(&bytes).await.unwrap();
    part.sync().await.unwrap();
    drop(part);
    assert_eq!(offset_of(&up.head(&location).await), 3_000);
    assert!(test.app.evidence.blobs().read(&hash_of(&bytes)).await.unwrap().is_some());
}

#[tokio::test]
async fn unfinished_uploads_expire_and_whole_evidence_stays() {
    TestApp::for_each_engine(|test| async move {
        let up = Uploader::enrolled(&test, 1).await;
        let (whole, half) = (noise(13, 2_000), noise(14, 2_000));
        let done = up.upload(&whole, "image/jpeg").await;
        let location = location_of(&up.announce(&half, "image/jpeg").await);
        assert_eq!(up.patch(&location, 0, &half[..900]).send().await.status, 204);
        test.app.clock.advance_ms(6 * 86_400_000);
        assert_eq!(up.patch(&location, 900, &half[900..1_000]).send().await.status, 204);
        test.app.clock.advance_ms(2 * 86_400_000);
        super::sweep(&test.app).await.unwrap();
        assert_eq!(offset_of(&up.head(&location).await), 1_000, "work on it keeps it");
        test.app.clock.advance_ms(6 * 86_400_000);
        assert_eq!(up.head(&location).await.status, 410);
        let swept = super::sweep(&test.app).await.unwrap();
        assert_eq!((swept.uploads, swept.blobs), (1, 0));
        assert_eq!(up.head(&location).await.status, 404);
        assert_eq!(up.head(&done).await.status, 404);
        assert!(test.app.evidence.blobs().read(&hash_of(&whole)).await.unwrap().is_some());
        assert!(test.app.evidence.uploads.spool.list().await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_device_cannot_fill_the_disk_with_promises() {
    TestApp::for_each_engine(|test| async move {
        let up = Uploader::enrolled(&test, 1).await;
        for number in 0..10_u8 {
            let answer = up.announce_as(hash_of(&[number]), 199_000_000, "video/mp4").await;
            assert_eq!(answer.status, 201);
        }
        let answer = up.announce_as(hash_of(b"more"), 199_000_000, "video/mp4").await;
        assert_eq!(code(&answer), (429, "upload-quota".into()));
        assert!(answer.headers.contains_key("retry-after"));
        let other = Uploader::enrolled(&test, 2).await;
        assert_eq!(other.announce_as(hash_of(b"more"), 199_000_000, "video/mp4").await.status, 201);
    })
    .await;
}

#[tokio::test]
async fn a_signed_claim_of_another_size_refuses_the_announcement() {
    TestApp::for_each_engine(|test| async move {
        let up = Uploader::enrolled(&test, 1).await;
        let bytes = noise(15, 100);
        claim(&test.app.store, visit(1), up.device, hash_of(&bytes), 99).await;
        let answer = up.announce(&bytes, "image/jpeg").await;
        assert_eq!(code(&answer), (422, "upload-claim-differs".into()));
    })
    .await;
}

#[derive(Debug, Clone)]
enum Step {
    Send(usize),
    Break(usize),
    Checked(usize, bool),
    WrongOffset(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..400_usize).prop_map(Step::Send),
        (0..400_usize).prop_map(Step::Break),
        (1..400_usize, any::<bool>()).prop_map(|(length, good)| Step::Checked(length, good)),
        (1..50_usize).prop_map(Step::WrongOffset),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_offset_is_always_what_was_really_kept(steps in proptest::collection::vec(step(), 1..12), seed in any::<u8>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(check_offsets(steps, seed));
    }
}

/// A naive model of one upload beside the real one.
async fn check_offsets(steps: Vec<Step>, seed: u8) {
    let test = TestApp::sqlite().await;
    let up = Uploader::enrolled(&test, 1).await;
    let bytes = noise(seed, 3_000);
    let location = location_of(&up.announce(&bytes, "image/jpeg").await);
    let mut model = 0;
    for step in steps {
        match step {
            Step::Send(length) => {
                let end = (model + length).min(bytes.len());
                assert_eq!(up.patch(&location, model, &bytes[model..end]).send().await.status, 204);
                model = end;
            }
            Step::Break(length) => {
                let end = (model + length).min(bytes.len());
                let piece = Bytes::copy_from_slice(&bytes[model..end]);
                send_and_break(&up, &location, model, vec![piece]).await;
                model = end;
            }
            Step::Checked(length, good) => {
                let end = (model + length).min(bytes.len());
                let digest = Sha256::digest(&bytes[if good { model } else { 0 }..end]);
                let header = format!("sha256 {}", BASE64.encode(&digest));
                let call = up.patch(&location, model, &bytes[model..end]).header("upload-checksum", header);
                let status = call.send().await.status;
                if good || model == 0 {
                    assert_eq!(status, 204);
                    model = end;
                } else if model < bytes.len() {
                    assert_eq!(status, 460);
                }
            }
            Step::WrongOffset(by) => {
                assert_eq!(
                    up.patch(&location, model + by, b"").send().await.status,
                    if model + by > bytes.len() { 413 } else { 409 }
                );
            }
        }
        assert_eq!(offset_of(&up.head(&location).await), model);
    }
    assert_eq!(up.patch(&location, model, &bytes[model..]).send().await.status, 204);
    let hash: BlobHash = hash_of(&bytes);
    assert_eq!(test.app.evidence.blobs().read(&hash).await.unwrap().unwrap(), bytes);
}
