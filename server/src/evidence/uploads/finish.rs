//! The last step of an upload: the hash decides.

use super::{REFUSED_BYTES_MAX, Upload, UploadError, UploadState, Uploads, sql};
use crate::app::App;
use crate::audit::{self, Detail, NewEntry};
use crate::devices;
use crate::evidence::sql::NewBlob;
use crate::evidence::{self, Adopted, EVIDENCE_ARRIVED, EVIDENCE_REFUSED};
use crate::store::{StoreError, Tx};
use sync_core::ids::BlobHash;

/// Judges an upload whose bytes are all durable, and returns its new state. May be repeated after any interruption.
///
/// The blob is durable before the row that names it commits; the file of the upload goes only after that.
pub(super) async fn finish(app: &App, upload: &Upload) -> Result<UploadState, UploadError> {
    let uploads = &app.evidence.uploads;
    let Ok(_place) = uploads.finishing.acquire().await else { return Ok(UploadState::Open) };
    let _held = app.evidence.blobs.hold().await;
    let part = uploads.spool.part(upload.id.as_str()).await?;
    match app.evidence.blobs.adopt(part.path(), upload.sha256).await? {
        Adopted::Stored => {
            accept(app, upload).await?;
            uploads.spool.remove(upload.id.as_str()).await?;
            app.evidence.previews.notify_one();
            Ok(UploadState::Whole)
        }
        Adopted::Differs { found } => {
            let state = UploadState::Refused { found };
            refuse(app, uploads, upload, found).await?;
            Ok(state)
        }
    }
}

/// Names the blob, ends the upload and tells the server log, all at once.
async fn accept(app: &App, upload: &Upload) -> Result<(), StoreError> {
    let now = app.clock.now();
    let mut tx = app.store.write().await?;
    let blob = NewBlob {
        sha256: upload.sha256,
        size_bytes: upload.size_bytes,
        media_type: &upload.media_type,
        device: upload.device,
        stored_at: now,
    };
    let is_new = evidence::sql::insert(&mut tx, &blob).await?;
    sql::end(&mut tx, &upload.id, &UploadState::Whole, 0, now).await?;
    devices::note_photo_arrived(&mut tx, upload.device, upload.size_bytes).await?;
    if is_new {
        let detail = Detail::new()
            .with("sha256", upload.sha256.to_string())
            .with("size_bytes", upload.size_bytes.to_string());
        audit::append(&mut tx, &entry(EVIDENCE_ARRIVED, upload, now).detail(detail)).await?;
    }
    tx.commit().await
}

/// Keeps the wrong bytes aside, within the device's bounds, and tells the server log.
async fn refuse(app: &App, uploads: &Uploads, upload: &Upload, found: BlobHash) -> Result<(), UploadError> {
    let now = app.clock.now();
    uploads.spool.set_aside(upload.id.as_str()).await?;
    let mut tx = app.store.write().await?;
    let made_room = make_room(&mut tx, upload).await?;
    sql::end(&mut tx, &upload.id, &UploadState::Refused { found }, upload.size_bytes, now).await?;
    let detail =
        Detail::new().with("sha256", upload.sha256.to_string()).with("found_sha256", found.to_string());
    audit::append(&mut tx, &entry(EVIDENCE_REFUSED, upload, now).detail(detail)).await?;
    tx.commit().await?;
    for id in made_room {
        uploads.spool.forget_refused(id.as_str()).await?;
    }
    Ok(())
}

/// Marks the oldest files kept aside for this device as gone until the new one fits, and returns them.
async fn make_room(tx: &mut Tx, upload: &Upload) -> Result<Vec<super::UploadId>, StoreError> {
    let kept = sql::kept_aside(tx, &upload.device).await?;
    let new_bytes = i64::try_from(upload.size_bytes).unwrap_or(i64::MAX);
    let mut total = kept.iter().fold(new_bytes, |sum, (_, bytes)| sum.saturating_add(*bytes));
    let mut gone = Vec::new();
    for (id, bytes) in kept {
        if total <= REFUSED_BYTES_MAX {
            break;
        }
        sql::forget_kept(tx, &id).await?;
        total -= bytes;
        gone.push(id);
    }
    Ok(gone)
}

fn entry(kind: audit::EntryKind, upload: &Upload, now: sync_core::time::Timestamp) -> NewEntry<'static> {
    let entry = NewEntry::new(kind, now).device(upload.device);
    match upload.visit {
        Some(visit) => entry.visit(visit),
        None => entry,
    }
}
