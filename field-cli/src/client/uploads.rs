//! Photos in their own lane: tus 1.0, resumed at the byte that the server has.

use super::{ClientError, DeviceClient, RemoteProblem, idle};
use bytes::Bytes;
use data_encoding::BASE64;
use futures_util::Stream;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use reqwest::{Body, Method, RequestBuilder, Response};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use sync_core::ids::{BlobHash, VisitId};
use tokio::time::Instant;

/// Bytes of one PATCH: after each the server confirms where it stands. A cut inside one loses
/// nothing either, since the server keeps what arrived.
const STEP_BYTES: u64 = 4 * 1024 * 1024;
/// Bytes handed to the connection at once.
const PIECE_BYTES: usize = 16 * 1024;
/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// How often one upload is taken up again without getting further before it is left for the next sync.
const RESUMES_MAX: usize = 3;

/// Bytes to be sent.
#[derive(Debug, Clone)]
pub struct Announced {
    /// Their SHA-256.
    pub sha256: BlobHash,
    /// How many they are.
    pub size_bytes: u64,
    /// What they are.
    pub media_type: String,
    /// A visit that names them.
    pub visit: VisitId,
    /// Where they are on this device.
    pub path: PathBuf,
    /// Where the upload goes on, if it was begun.
    pub upload_url: Option<String>,
}

/// Bytes per second that uploads may take; 0 for as many as there are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rate(pub u64);

/// How bytes got to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// They were there already.
    Had,
    /// This many bytes travelled.
    Bytes(u64),
}

/// Why bytes did not get to the server.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The network, or the server as a whole.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The copy on this device cannot be read.
    #[error("the copy of {sha256} on this device cannot be read")]
    Copy {
        /// Which bytes.
        sha256: BlobHash,
        /// Why.
        source: std::io::Error,
    },
    /// The server will not take these bytes.
    #[error("the server refuses {sha256}: {}", problem.title)]
    Refused {
        /// Which bytes.
        sha256: BlobHash,
        /// What it said.
        problem: Box<RemoteProblem>,
    },
}

/// What an upload tells while it runs.
pub trait Watch {
    /// The server gave the upload a place, and has this many bytes of it.
    fn placed(&mut self, url: &str, offset: u64) -> impl Future<Output = ()>;
    /// This many bytes have left the device.
    fn moved(&mut self, offset: u64);
}

/// How far an upload came, over all its attempts.
struct Course {
    url: Option<String>,
    /// What the server had before anything was sent.
    first: Option<u64>,
    /// What it has confirmed.
    confirmed: u64,
}

enum Placed {
    Have,
    At { url: String, offset: u64 },
}

impl DeviceClient {
    /// Sends bytes, from where the server has them. Cut links are taken up again a few times.
    ///
    /// # Errors
    /// When they could not be sent; what the server confirmed until then it keeps.
    pub async fn upload(
        &self,
        blob: &Announced,
        rate: Rate,
        watch: &mut impl Watch,
    ) -> Result<Sent, UploadError> {
        let mut course = Course { url: blob.upload_url.clone(), first: None, confirmed: 0 };
        let (mut backoff, mut before) = (super::Backoff::new(RESUMES_MAX), 0);
        let mut silent = false;
        loop {
            match self.upload_once(blob, rate, &mut course, watch).await {
                // Without a connection there is nothing to wait for on site.
                Err(UploadError::Client(error)) if error.is_passing() && !error.is_connecting() => {
                    if course.confirmed > before {
                        (backoff, before) = (super::Backoff::new(RESUMES_MAX), course.confirmed);
                        silent = false;
                    }
                    // A dead line is taken up again once; whoever stays silent is left alone.
                    let again = matches!(error, ClientError::Silent { .. });
                    if again && std::mem::replace(&mut silent, again) {
                        return Err(error.into());
                    }
                    let wait = backoff.next(&self.machine, error.retry_after());
                    let Some(wait) = wait else { return Err(error.into()) };
                    tokio::time::sleep(wait).await;
                }
                other => return other,
            }
        }
    }

    /// How many bytes the server has of an upload that was begun. It ends whatever request was under way for it.
    ///
    /// # Errors
    /// When it cannot be asked, or has no such upload any more.
    pub async fn upload_offset(&self, url: &str) -> Result<Option<u64>, ClientError> {
        let found = self.authorised(0, |client| tus(client.request(Method::HEAD, url))).await?;
        Ok(offset_of(&found))
    }

    /// Sends the small preview of a photo ahead of its bytes.
    ///
    /// # Errors
    /// When it does not get there or is not wanted; the photo itself may be sent all the same.
    pub async fn send_preview(&self, sha256: BlobHash, jpeg: Vec<u8>) -> Result<(), ClientError> {
        let (path, bytes) = (format!("/v1/photos/{sha256}/preview"), Bytes::from(jpeg));
        let build = |client: &super::Client| {
            let request = client.request(Method::PUT, &path);
            request.header(CONTENT_TYPE, "image/jpeg").body(bytes.clone())
        };
        self.authorised(bytes.len(), build).await.map(drop)
    }

    async fn upload_once(
        &self,
        blob: &Announced,
        rate: Rate,
        course: &mut Course,
        watch: &mut impl Watch,
    ) -> Result<Sent, UploadError> {
        let Placed::At { url, mut offset } = self.place(blob, course.url.as_deref()).await? else {
            return Ok(Sent::Had);
        };
        course.url = Some(url.clone());
        let first = *course.first.get_or_insert(offset);
        loop {
            course.confirmed = offset;
            watch.placed(&url, offset).await;
            if offset >= blob.size_bytes {
                return Ok(if first >= offset { Sent::Had } else { Sent::Bytes(offset - first) });
            }
            offset = self.patch(blob, &url, offset, rate, watch).await?;
        }
    }

    /// Finds where an upload stands, or begins it.
    async fn place(&self, blob: &Announced, url: Option<&str>) -> Result<Placed, UploadError> {
        if let Some(url) = url {
            match self.upload_offset(url).await {
                Ok(offset) => return Ok(Placed::At { url: url.to_owned(), offset: offset.unwrap_or(0) }),
                // Expired, or another server: begin anew.
                Err(ClientError::Problem { problem }) if problem.status == 404 || problem.status == 410 => {}
                Err(ClientError::NotFieldloop { .. }) => {}
                Err(error) => return Err(refusal(blob.sha256, error)),
            }
        }
        let metadata = metadata(blob);
        let build = |client: &super::Client| {
            let request = tus(client.request(Method::POST, "/v1/uploads"));
            request.header("upload-length", blob.size_bytes).header("upload-metadata", metadata.as_str())
        };
        let created = self.authorised(0, build).await.map_err(|error| refusal(blob.sha256, error))?;
        if created.headers().contains_key("fieldloop-have") {
            return Ok(Placed::Have);
        }
        let location = created.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        match location {
            Some(url) => Ok(Placed::At { url: url.to_owned(), offset: offset_of(&created).unwrap_or(0) }),
            None => Err(ClientError::NotFieldloop { base: self.client.base.clone() }.into()),
        }
    }

    /// Sends the next step; yields the offset that the server confirms.
    async fn patch(
        &self,
        blob: &Announced,
        url: &str,
        offset: u64,
        rate: Rate,
        watch: &mut impl Watch,
    ) -> Result<u64, UploadError> {
        let length = (blob.size_bytes - offset).min(STEP_BYTES);
        let moved = Arc::new(AtomicU64::new(0));
        let copy = |source| UploadError::Copy { sha256: blob.sha256, source };
        let step = Step { path: blob.path.clone(), offset, length, rate, moved: moved.clone() };
        // Opened once before anything travels, so that a lost copy is told as such.
        step.open().map_err(copy)?;
        let send = self.authorised_stream(length, |client| {
            let request = tus(client.request(Method::PATCH, url));
            request
                .header("upload-offset", offset)
                .header(CONTENT_TYPE, "application/offset+octet-stream")
                .header(CONTENT_LENGTH, length)
                .body(Body::wrap_stream(step.stream()))
        });
        let sent = watched(send, &moved, length, offset, watch).await;
        let silent = || ClientError::Silent { base: self.client.base.clone() };
        match sent.unwrap_or_else(|| Err(silent())) {
            Ok(response) => Ok(offset_of(&response).unwrap_or(offset + length)),
            Err(ClientError::Problem { problem }) if problem.code == "upload-offset-differs" => {
                problem.upload_offset.ok_or_else(|| ClientError::Problem { problem }.into())
            }
            Err(error) => Err(refusal(blob.sha256, error)),
        }
    }

    /// As [`Self::authorised`], for a body that is read while it is sent: the patience is the
    /// caller's, who sees the bytes move.
    async fn authorised_stream(
        &self,
        _body_bytes: u64,
        build: impl Fn(&super::Client) -> RequestBuilder,
    ) -> Result<Response, ClientError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let request = build(&self.client).header(reqwest::header::AUTHORIZATION, self.authorization());
            let sent = match request.send().await {
                Ok(response) => self.client.judge(response).await,
                Err(source) => Err(self.client.unreachable(&source)),
            };
            match sent {
                Err(ClientError::Refused { problem })
                    if attempt < super::AUTHORISE_ATTEMPTS && self.renew(&problem) => {}
                other => return other,
            }
        }
    }
}

/// Tells progress while `send` runs; `None` when nothing moved for too long.
async fn watched<T>(
    send: impl Future<Output = T>,
    moved: &AtomicU64,
    length: u64,
    offset: u64,
    watch: &mut impl Watch,
) -> Option<T> {
    let mut send = std::pin::pin!(send);
    let (mut last, mut since) = (0, Instant::now());
    loop {
        tokio::select! {
            result = &mut send => return Some(result),
            () = tokio::time::sleep(TELL_EVERY) => {}
        }
        let now = moved.load(Ordering::Relaxed);
        watch.moved(offset + now);
        if now != last {
            (last, since) = (now, Instant::now());
        }
        let travelling = if now == length { usize::try_from(length).unwrap_or(usize::MAX) } else { 0 };
        if since.elapsed() > idle::patience(travelling) {
            return None;
        }
    }
}

/// The bytes of one PATCH.
struct Step {
    path: PathBuf,
    offset: u64,
    length: u64,
    rate: Rate,
    moved: Arc<AtomicU64>,
}

impl Step {
    fn open(&self) -> std::io::Result<std::fs::File> {
        open_at(&self.path, self.offset)
    }

    /// The bytes piece by piece, no faster than allowed.
    fn stream(&self) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
        let moved = self.moved.clone();
        moved.store(0, Ordering::Relaxed);
        let (rate, length, begun) = (self.rate, self.length, Instant::now());
        let file = self.open();
        futures_util::stream::try_unfold((Some(file), 0_u64), move |(file, sent)| {
            let moved = moved.clone();
            async move {
                let Some(file) = file else { return Ok(None) };
                let mut file = file?;
                moved.store(sent, Ordering::Relaxed);
                if sent >= length {
                    return Ok(None);
                }
                if let Some(due_ms) = sent.saturating_mul(1000).checked_div(rate.0) {
                    tokio::time::sleep_until(begun + Duration::from_millis(due_ms)).await;
                }
                let want = usize::try_from(length - sent).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
                let mut piece = vec![0; want];
                // A piece of 16 KiB from the page cache: not worth a thread.
                file.read_exact(&mut piece)?;
                let sent = sent + u64::try_from(want).unwrap_or(0);
                Ok(Some((Bytes::from(piece), (Some(Ok(file)), sent))))
            }
        })
    }
}

fn open_at(path: &Path, offset: u64) -> std::io::Result<std::fs::File> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    Ok(file)
}

fn tus(request: RequestBuilder) -> RequestBuilder {
    request.header("tus-resumable", "1.0.0")
}

fn metadata(blob: &Announced) -> String {
    let pairs = [
        ("sha256", blob.sha256.to_string()),
        ("media_type", blob.media_type.clone()),
        ("visit", blob.visit.to_string()),
    ];
    let pairs = pairs.map(|(name, value)| format!("{name} {}", BASE64.encode(value.as_bytes())));
    pairs.join(",")
}

fn offset_of(response: &Response) -> Option<u64> {
    response.headers().get("upload-offset")?.to_str().ok()?.parse().ok()
}

/// Statuses that say something about these bytes, not about the moment.
fn refusal(sha256: BlobHash, error: ClientError) -> UploadError {
    match error {
        ClientError::Problem { problem } if matches!(problem.status, 400 | 413 | 415 | 422) => {
            UploadError::Refused { sha256, problem }
        }
        error => UploadError::Client(error),
    }
}
