//! Photos after the data, one after the other: what was begun first, then the small ones.

use super::SyncError;
use crate::client::{Announced, ClientError, DeviceClient, Rate, Sent, UploadError, Watch};
use crate::store::{BlobState, COPY_LOST, PhotoRow, Store, StoreError};
use std::collections::BTreeSet;
use sync_core::ids::VisitId;

/// How one photo ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhotoEnd {
    /// Whole on the server, after this many bytes travelled.
    Arrived(u64),
    /// The server had it already.
    Had,
    /// The server will not take it: stable code and what it said.
    Refused(String, String),
    /// The copy on this device cannot be read.
    Lost,
}

/// What became of the photos of one sync.
#[derive(Debug, Default)]
pub struct PhotoReport {
    /// Photos that were to be sent.
    pub total: u64,
    /// Those that are on the server now.
    pub arrived: u64,
    /// Visits to which those belong.
    pub visits: BTreeSet<VisitId>,
    /// Bytes that travelled.
    pub bytes: u64,
    /// Those that the server refused or that are lost, with the reason code.
    pub failed: Vec<(PhotoRow, String)>,
}

/// Who watches photos travel.
pub trait PhotoWatch {
    /// A photo begins; `offset` bytes of it are on the server.
    fn begins(&mut self, photo: &PhotoRow, offset: u64);
    /// Bytes of it up to `offset` have left the device.
    fn moved(&mut self, photo: &PhotoRow, offset: u64);
    /// It ended.
    fn ended(&mut self, photo: &PhotoRow, end: &PhotoEnd);
}

struct Step<'a, W> {
    store: &'a Store,
    photo: &'a PhotoRow,
    watch: &'a mut W,
    begun: bool,
    /// Where this sync found the upload, and where it is now.
    from: u64,
    at: u64,
}

impl<W: PhotoWatch> Watch for Step<'_, W> {
    async fn placed(&mut self, url: &str, offset: u64) {
        // What is lost with this row is only where to look first: the server knows better.
        let _ = self.store.set_upload(self.photo.blob.sha256, Some(url), offset).await;
        if !self.begun {
            self.begun = true;
            (self.from, self.at) = (offset, offset);
            self.watch.begins(self.photo, offset);
        }
    }

    fn moved(&mut self, offset: u64) {
        self.at = offset;
        self.watch.moved(self.photo, offset);
    }
}

/// Sends every photo that is not on the server. One that the server refuses holds up no other.
///
/// # Errors
/// When the network fails or the server refuses this device; photos sent until then have arrived.
pub async fn send_photos(
    store: &Store,
    client: &DeviceClient,
    rate: Rate,
    watch: &mut impl PhotoWatch,
    report: &mut PhotoReport,
) -> Result<(), SyncError> {
    let photos = store.photos_to_send().await?;
    report.total = u64::try_from(photos.len()).unwrap_or(0);
    for photo in photos {
        let blob = Announced {
            sha256: photo.blob.sha256,
            size_bytes: photo.blob.size_bytes,
            media_type: photo.blob.media_type.clone(),
            visit: photo.visit,
            path: photo.blob.path.clone(),
            upload_url: photo.blob.upload_url.clone(),
        };
        let mut step = Step { store, photo: &photo, watch, begun: false, from: 0, at: 0 };
        let end = match client.upload(&blob, rate, &mut step).await {
            Ok(Sent::Had) => PhotoEnd::Had,
            Ok(Sent::Bytes(bytes)) => PhotoEnd::Arrived(bytes),
            Err(UploadError::Refused { problem, .. }) => PhotoEnd::Refused(problem.code, problem.title),
            Err(UploadError::Copy { .. }) => PhotoEnd::Lost,
            Err(UploadError::Client(error)) => {
                report.bytes += step.at.saturating_sub(step.from);
                return Err(stopped(store, error).await?);
            }
        };
        settle(store, &photo, &end, report).await?;
        watch.ended(&photo, &end);
    }
    Ok(())
}

/// Asks how much of each upload that was begun the server has, so that what is told of a photo is what it confirmed.
/// Without an answer the last confirmation stays.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn confirm_uploads(store: &Store, client: &DeviceClient) -> Result<(), StoreError> {
    for photo in store.photos_to_send().await? {
        let Some(url) = &photo.blob.upload_url else { continue };
        if let Ok(Some(offset)) = client.upload_offset(url).await {
            store.set_upload(photo.blob.sha256, Some(url), offset).await?;
        }
    }
    Ok(())
}

/// What ends the photo lane: noted for the next beacon.
pub(super) async fn stopped(store: &Store, error: ClientError) -> Result<SyncError, SyncError> {
    let stopped = match &error {
        ClientError::Refused { problem } if problem.code == "device-revoked" => SyncError::Revoked,
        _ => SyncError::Client(error),
    };
    let bytes_max = store.sync_state().await?.body_bytes_max;
    store.note_failure(stopped.code(), bytes_max).await?;
    Ok(stopped)
}

async fn settle(
    store: &Store,
    photo: &PhotoRow,
    end: &PhotoEnd,
    report: &mut PhotoReport,
) -> Result<(), SyncError> {
    let sha256 = photo.blob.sha256;
    match end {
        PhotoEnd::Arrived(bytes) => {
            report.bytes += bytes;
            arrived(store, photo, report).await?;
        }
        PhotoEnd::Had => arrived(store, photo, report).await?,
        PhotoEnd::Refused(code, _) => {
            store.set_blob_state(sha256, BlobState::Refused, Some(code)).await?;
            report.failed.push((photo.clone(), code.clone()));
        }
        PhotoEnd::Lost => {
            store.set_blob_state(sha256, BlobState::Unavailable, Some(COPY_LOST)).await?;
            report.failed.push((photo.clone(), COPY_LOST.to_owned()));
        }
    }
    Ok(())
}

async fn arrived(store: &Store, photo: &PhotoRow, report: &mut PhotoReport) -> Result<(), StoreError> {
    report.arrived += 1;
    report.visits.insert(photo.visit);
    store.photo_arrived(photo.blob.sha256).await
}
