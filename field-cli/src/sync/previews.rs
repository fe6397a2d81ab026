//! Small previews of all waiting photos, before the first original: the office sees what was
//! photographed while the originals crawl over a bad link.
//!
//! They are a courtesy: whatever goes wrong with one, its photo is sent all the same.

use super::SyncError;
use super::photos::stopped;
use crate::client::{ClientError, DeviceClient};
use crate::store::{PreviewState, Store};

/// What became of the previews of one sync.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct PreviewReport {
    /// Previews that the office sees now.
    pub arrived: u64,
    /// Bytes of them.
    pub bytes: u64,
}

/// Sends the preview of every large photo that waits.
///
/// # Errors
/// When the server refuses this device, or the connection broke; then photos need not be tried.
pub async fn send_previews(
    store: &Store,
    client: &DeviceClient,
    report: &mut PreviewReport,
) -> Result<(), SyncError> {
    for photo in store.previews_to_send().await? {
        let sha256 = photo.blob.sha256;
        let Ok(jpeg) = store.preview_of(&photo.blob.path) else {
            store.set_preview(sha256, PreviewState::None).await?;
            continue;
        };
        let bytes = u64::try_from(jpeg.len()).unwrap_or(0);
        match client.send_preview(sha256, jpeg).await {
            Ok(()) => {
                store.set_preview(sha256, PreviewState::Arrived).await?;
                report.arrived += 1;
                report.bytes += bytes;
            }
            // It is not wanted, or the record that names the photo is not judged yet.
            Err(ClientError::Problem { problem }) if problem.status < 500 => {
                store.set_preview(sha256, PreviewState::None).await?;
            }
            // An older server, or one with more important things to do.
            Err(
                ClientError::NotFieldloop { .. } | ClientError::Busy { .. } | ClientError::Problem { .. },
            ) => return Ok(()),
            Err(error) => return Err(stopped(store, error).await?),
        }
    }
    Ok(())
}
