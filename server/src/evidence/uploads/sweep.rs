//! Tidying up after uploads: expired ones, files without a row, blobs without a row.

use super::{Upload, UploadError, UploadId, UploadState, sql};
use crate::app::App;
use crate::evidence;

/// Uploads looked at in one round.
const ROUND: u32 = 200;

/// What one round has removed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::evidence) struct Swept {
    /// Expired uploads.
    pub(in crate::evidence) uploads: usize,
    /// Files whose upload is not open.
    pub(in crate::evidence) files: usize,
    /// Blobs that no row names.
    pub(in crate::evidence) blobs: usize,
}

/// Removes what is certainly not needed any more.
pub(in crate::evidence) async fn sweep(app: &App) -> Result<Swept, UploadError> {
    let now = app.clock.now();
    let mut swept = Swept::default();
    let expired = sql::expired(&mut app.store.read().await?, now, ROUND).await?;
    for id in expired {
        swept.uploads += usize::from(forget(app, &id).await?);
    }
    for id in app.evidence.uploads.spool.list().await? {
        swept.files += usize::from(remove_stray(app, &id).await?);
    }
    let blobs = &app.evidence.blobs;
    for hash in blobs.settled(now).await? {
        let is_named = async {
            let mut tx = app.store.read().await?;
            Ok::<_, UploadError>(evidence::sql::is_whole(&mut tx, &hash).await?)
        };
        swept.blobs += usize::from(blobs.delete_unless(&hash, is_named).await?);
    }
    swept.blobs += blobs.sweep_staged(now).await?;
    Ok(swept)
}

/// Forgets an expired upload, unless a request is just working on it: then it is looked at again next time.
async fn forget(app: &App, id: &UploadId) -> Result<bool, UploadError> {
    let Ok(_turn) = app.evidence.uploads.lanes.take(id.as_str()).await else { return Ok(false) };
    let upload = sql::find(&mut app.store.read().await?, id).await?;
    let is_over = |upload: &Upload| upload.is_expired(app.clock.now());
    if !upload.as_ref().is_some_and(is_over) {
        return Ok(false);
    }
    let mut tx = app.store.write().await?;
    sql::delete(&mut tx, id).await?;
    tx.commit().await?;
    app.evidence.uploads.spool.remove(id.as_str()).await?;
    Ok(true)
}

/// Removes the file of an upload that is not open: a server was killed between commit and removal.
async fn remove_stray(app: &App, name: &str) -> Result<bool, UploadError> {
    let Ok(id) = name.parse::<UploadId>() else { return Ok(false) };
    let upload = sql::find(&mut app.store.read().await?, &id).await?;
    if upload.is_some_and(|upload| upload.state == UploadState::Open) {
        return Ok(false);
    }
    app.evidence.uploads.spool.remove(id.as_str()).await?;
    Ok(true)
}
