//! Looking at new evidence in the background: pictures to show, and what the file claims.
//!
//! The queue is the table: a killed server finds its work again. An attempt is counted before it begins, so a file that
//! takes the process down is given up after a few. A failure is a state with a reason, never an error for the device.

use super::blobs::{Blobs, Preview};
use super::exif::{self, ExifClaims};
use super::pictures::{self, Looked, NoPicture};
use super::{BlobError, early, sql};
use crate::app::App;
use crate::store::StoreError;
use futures_util::StreamExt;
use std::time::Duration;
use sync_core::ids::BlobHash;
use sync_core::time::Timestamp;

/// Pictures decoded at once: each may take 256 MiB for the decoder and about as much for the pixels.
const AT_ONCE: usize = 2;
/// Blobs taken from the queue in one round.
const ROUND: u32 = 16;
/// A file that was begun so often and never finished is given up.
const ATTEMPTS_MAX: i64 = 3;
/// How long the queue is left alone when nobody announces work.
const IDLE: Duration = Duration::from_secs(30);

/// Why looking at evidence failed.
#[derive(Debug, thiserror::Error)]
enum PreviewError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Blob(#[from] BlobError),
}

/// What is to be written about a blob that was looked at.
pub(super) struct Outcome {
    pub(super) preview: &'static str,
    pub(super) reason: Option<&'static str>,
    pub(super) format: Option<&'static str>,
    pub(super) dimensions: Option<(u32, u32)>,
    pub(super) exif: ExifClaims,
}

/// Makes previews as long as the server runs.
pub(super) async fn keep_making(app: App) {
    loop {
        match make_waiting(&app).await {
            Ok(0) => {
                let _ = tokio::time::timeout(IDLE, app.evidence.previews.notified()).await;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "previews not made");
                tokio::time::sleep(IDLE).await;
            }
        }
    }
}

/// Works on what waits, and returns how much that was.
pub(super) async fn make_waiting(app: &App) -> Result<usize, StoreError> {
    let waiting = sql::waiting(&mut app.store.read().await?, ROUND).await?;
    let count = waiting.len();
    let made = futures_util::stream::iter(waiting).map(|blob| make(app, blob)).buffer_unordered(AT_ONCE);
    let results: Vec<Result<(), PreviewError>> = made.collect().await;
    for result in results {
        match result {
            Ok(()) => {}
            Err(PreviewError::Store(error)) => return Err(error),
            // The other blobs go on; this one is tried again until its attempts are used up.
            Err(PreviewError::Blob(error)) => tracing::error!(%error, "preview not made"),
        }
    }
    Ok(count)
}

async fn make(app: &App, blob: sql::Waiting) -> Result<(), PreviewError> {
    let mut tx = app.store.write().await?;
    let outcome = if blob.attempts >= ATTEMPTS_MAX {
        // Its bytes are stored and stay; only nobody looks at them any more.
        sql::record_outcome(&mut tx, &blob.sha256, &failed("given-up")).await?;
        None
    } else {
        sql::begin_attempt(&mut tx, &blob).await?.then_some(())
    };
    tx.commit().await?;
    if outcome.is_none() {
        return Ok(());
    }
    let outcome = look(&app.evidence.blobs, blob.sha256, blob.stored_at).await?;
    let mut tx = app.store.write().await?;
    sql::record_outcome(&mut tx, &blob.sha256, &outcome).await?;
    let was_early = early::sql::remove(&mut tx, &blob.sha256).await?;
    tx.commit().await?;
    if was_early {
        app.evidence.blobs.delete_early(&blob.sha256).await?;
    }
    Ok(())
}

/// Reads and decodes away from the async threads; a panic of a decoder becomes a reason.
async fn look(blobs: &Blobs, sha256: BlobHash, received_at: Timestamp) -> Result<Outcome, PreviewError> {
    let Some(bytes) = blobs.read(&sha256).await? else { return Ok(failed("bytes-missing")) };
    let work = move || (pictures::look(&bytes), exif::read(&bytes, received_at));
    let Ok((looked, exif)) = tokio::task::spawn_blocking(work).await else { return Ok(failed("crashed")) };
    let Looked { format, dimensions, pictures } = looked;
    let (preview, reason) = match pictures {
        Ok(pictures) => {
            blobs.put_preview(&sha256, Preview::Thumbnail, pictures.thumbnail).await?;
            blobs.put_preview(&sha256, Preview::View, pictures.view).await?;
            ("made", None)
        }
        Err(reason @ NoPicture::OtherFormat) => ("none", Some(reason.code())),
        Err(reason) => ("failed", Some(reason.code())),
    };
    Ok(Outcome { preview, reason, format, dimensions, exif })
}

fn failed(reason: &'static str) -> Outcome {
    Outcome {
        preview: "failed",
        reason: Some(reason),
        format: None,
        dimensions: None,
        exif: ExifClaims::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::testing::{Uploader, hash_of, photo};
    use crate::store::statement;
    use crate::testing::TestApp;

    async fn preview_of(test: &TestApp, sha256: BlobHash) -> (String, Option<String>, i64) {
        const SQL: &str = "SELECT preview, preview_reason, preview_attempts FROM blobs WHERE sha256 = $1";
        let mut tx = test.app.store.read().await.unwrap();
        statement(SQL).bind(sha256.to_string()).row(&mut tx).await.unwrap()
    }

    #[tokio::test]
    async fn new_evidence_is_looked_at_once() {
        TestApp::for_each_engine(|test| async move {
            let up = Uploader::enrolled(&test, 1).await;
            let (picture, page) = (photo("rotated-with-gps.jpg"), b"<html>called .jpg</html>".to_vec());
            let damaged = photo("plain-2012.jpg")[..200].to_vec();
            for bytes in [&picture, &page, &damaged] {
                up.upload(bytes, "image/jpeg").await;
            }
            assert_eq!(make_waiting(&test.app).await.unwrap(), 3);
            assert_eq!(make_waiting(&test.app).await.unwrap(), 0);
            assert_eq!(preview_of(&test, hash_of(&picture)).await, ("made".into(), None, 1));
            let (state, reason, _) = preview_of(&test, hash_of(&page)).await;
            assert_eq!((state.as_str(), reason.as_deref()), ("none", Some("other-format")));
            let (state, reason, _) = preview_of(&test, hash_of(&damaged)).await;
            assert_eq!((state.as_str(), reason.as_deref()), ("failed", Some("damaged")));
            let shown =
                test.app.evidence.blobs.read_preview(&hash_of(&picture), Preview::View).await.unwrap();
            assert_eq!(image::guess_format(&shown.unwrap()).unwrap(), image::ImageFormat::Jpeg);
        })
        .await;
    }

    #[tokio::test]
    async fn a_file_that_kills_the_server_is_given_up() {
        TestApp::for_each_engine(|test| async move {
            let up = Uploader::enrolled(&test, 1).await;
            let bytes = photo("plain-2012.jpg");
            up.upload(&bytes, "image/jpeg").await;
            for attempts in 0..ATTEMPTS_MAX {
                // The attempt is counted, and then the process is gone.
                let waiting = sql::waiting(&mut test.app.store.read().await.unwrap(), 5).await.unwrap();
                assert_eq!(waiting[0].attempts, attempts);
                let mut tx = test.app.store.write().await.unwrap();
                assert!(sql::begin_attempt(&mut tx, &waiting[0]).await.unwrap());
                tx.commit().await.unwrap();
            }
            make_waiting(&test.app).await.unwrap();
            let (state, reason, _) = preview_of(&test, hash_of(&bytes)).await;
            assert_eq!((state.as_str(), reason.as_deref()), ("failed", Some("given-up")));
            assert!(test.app.evidence.blobs.read(&hash_of(&bytes)).await.unwrap().is_some());
        })
        .await;
    }
}
