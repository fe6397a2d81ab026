//! Taking the bytes of one PATCH.
//!
//! Runs in a task of its own: when the connection breaks, the handler is dropped, and what has arrived must be made
//! durable all the same.

use super::headers::Checksum;
use super::lanes::Turn;
use super::spool::{Part, Spool};
use super::{UploadError, UploadId};
use crate::app::App;
use crate::devices::{self, Barred};
use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::StreamExt;
use std::io;
use std::time::Duration;
use sync_core::ids::DeviceId;
use tokio::time::{Instant, sleep, sleep_until};

/// A body that brings nothing for so long is given up; what came is kept.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// How often a revocation or suspension is looked for while bytes come in.
const REVOCATION_CHECK: Duration = Duration::from_millis(400);

/// Why a body came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyEnd {
    /// It was complete, or brought the last byte of the upload.
    Complete,
    /// The connection broke or the body was malformed.
    Broken,
    /// Nothing came for too long.
    Silent,
    /// A newer request for the same upload came.
    Superseded,
    /// The device was revoked or suspended.
    Barred(Barred),
    /// It does not have the checksum that was announced; nothing of it was kept.
    ChecksumDiffers,
}

/// Appends a body to the file of an upload, at most up to `size_bytes`. What was appended is durable afterwards.
pub(super) async fn append(
    app: &App,
    device: &DeviceId,
    turn: &mut Turn,
    part: &mut Part,
    body: Body,
    size_bytes: u64,
) -> Result<BodyEnd, UploadError> {
    let mut stream = Incoming::new(app, device, turn, body);
    let end = loop {
        let room = size_bytes - part.written_bytes();
        if room == 0 {
            break BodyEnd::Complete;
        }
        match stream.next().await? {
            Ok(bytes) => {
                let take = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
                part.append(&bytes[..take]).await?;
            }
            Err(end) => break end,
        }
    };
    part.sync().await?;
    Ok(end)
}

/// The same for a body that must prove its checksum: all of it is appended, or nothing.
pub(super) async fn append_checked(
    app: &App,
    device: &DeviceId,
    turn: &mut Turn,
    part: &mut Part,
    body: Body,
    checked: Checked<'_>,
) -> Result<BodyEnd, UploadError> {
    let Checked { mut checksum, spool, upload, size_bytes } = checked;
    let mut aside = spool.check_file(upload.as_str()).await?;
    let mut stream = Incoming::new(app, device, turn, body);
    let room = size_bytes - part.durable_bytes();
    let end = loop {
        match stream.next().await? {
            // More than the upload can take is not what was announced.
            Ok(bytes) if aside.written_bytes() + bytes.len() as u64 > room => break BodyEnd::ChecksumDiffers,
            Ok(bytes) => {
                checksum.update(&bytes);
                aside.append(&bytes).await?;
            }
            Err(end) => break end,
        }
    };
    let end = if end == BodyEnd::Complete && !checksum.matches() { BodyEnd::ChecksumDiffers } else { end };
    if end == BodyEnd::Complete {
        aside.sync().await?;
        part.append_file(aside.path()).await?;
    }
    aside.discard().await?;
    Ok(end)
}

/// What a body with a checksum needs besides.
pub(super) struct Checked<'a> {
    pub(super) checksum: Checksum,
    pub(super) spool: &'a Spool,
    pub(super) upload: &'a UploadId,
    pub(super) size_bytes: u64,
}

/// A body that ends early when it must.
struct Incoming<'a> {
    app: &'a App,
    device: &'a DeviceId,
    turn: &'a mut Turn,
    stream: BodyDataStream,
    last_check: Instant,
}

impl<'a> Incoming<'a> {
    fn new(app: &'a App, device: &'a DeviceId, turn: &'a mut Turn, body: Body) -> Self {
        Self { app, device, turn, stream: body.into_data_stream(), last_check: Instant::now() }
    }

    /// The next bytes, or why there are no more.
    async fn next(&mut self) -> Result<Result<Bytes, BodyEnd>, UploadError> {
        let silent_at = Instant::now() + SILENCE_MAX;
        loop {
            if self.last_check.elapsed() >= REVOCATION_CHECK {
                self.last_check = Instant::now();
                if let Some(barred) = barred(self.app, self.device).await? {
                    return Ok(Err(BodyEnd::Barred(barred)));
                }
            }
            tokio::select! {
                biased;
                () = self.turn.superseded() => return Ok(Err(BodyEnd::Superseded)),
                frame = self.stream.next() => return Ok(match frame {
                    Some(Ok(bytes)) => Ok(bytes),
                    Some(Err(_)) => Err(BodyEnd::Broken),
                    None => Err(BodyEnd::Complete),
                }),
                () = sleep_until(silent_at) => return Ok(Err(BodyEnd::Silent)),
                () = sleep(REVOCATION_CHECK) => {}
            }
        }
    }
}

/// Why the device lost its access since the request began. Asks the database: another process may have revoked it.
async fn barred(app: &App, device: &DeviceId) -> Result<Option<Barred>, UploadError> {
    let known = devices::find(&mut app.store.read().await?, *device).await?;
    // A device whose row is gone has no access.
    Ok(known.map_or(Some(Barred::Revoked), |known| known.barred().filter(|_| !known.awaits_wipe())))
}

impl From<UploadError> for crate::problem::Problem {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Store(error) => error.into(),
            UploadError::Blob(error) => error.into(),
            UploadError::File(error) if error.kind() == io::ErrorKind::StorageFull => {
                tracing::error!(%error, "disk of the uploads full");
                Self::new(&crate::problem::STORAGE_FULL).retry_after(60..180)
            }
            UploadError::File(error) => Self::internal(error),
        }
    }
}
