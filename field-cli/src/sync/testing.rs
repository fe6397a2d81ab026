//! A small server for tests: it keeps envelopes and bytes, says what it is told to say, and cuts
//! connections where it is told to.

use crate::client::DeviceClient;
use crate::store::Store;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{head, post, put};
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use sync_core::ids::{BlobHash, ServerId};
use sync_core::log::{ChainPosition, ChainStep, Envelope};
use sync_core::protocol::{
    Ask, Done, DownFrame, EnvelopeResult, EnvelopeStatus, FrameReader, FrameWriter, LogEnd, MEDIA_TYPE,
    UpFrame, WelcomeBack, WireContext,
};
use sync_core::time::Timestamp;

/// What the server of [`crate::store::testing::identity`] is called.
pub(crate) const SERVER: ServerId = ServerId::from_bytes([0xaa; 16]);
/// Its clock stands still, an hour behind the devices of tests.
pub(crate) const SERVER_TIME_MS: i64 = crate::store::testing::START_MS - 3_600_000;

/// What happens to one request.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    /// Nothing.
    None,
    /// It is taken in, and the answer gets lost.
    LoseAnswer,
    /// The status is answered before anything is looked at, with these headers and this body.
    Refuse(u16, Vec<(&'static str, String)>, String),
    /// An upload breaks after this many bytes of the request.
    CutAfter(usize),
}

#[derive(Default)]
pub(crate) struct Memory {
    /// Where it answers.
    pub(crate) url: String,
    /// Envelopes of the one device.
    pub(crate) log: Vec<Envelope>,
    /// Fates other than `merged`, by sequence.
    pub(crate) fates: BTreeMap<u64, EnvelopeStatus>,
    /// Frames that are said once, before the end of the next answer.
    pub(crate) say: Vec<DownFrame>,
    /// Frames that are said before the end of every answer.
    pub(crate) say_always: Vec<DownFrame>,
    /// What a device said about having forgotten everything.
    pub(crate) wiped_at: Option<Timestamp>,
    /// How often it was restored from a backup.
    pub(crate) restores: u64,
    /// Envelopes of others that it was offered.
    pub(crate) offered: Vec<Envelope>,
    /// What was asked.
    pub(crate) asks: Vec<Ask>,
    /// Values of the `Authorization` headers.
    pub(crate) credentials: Vec<String>,
    /// What happens to the next requests.
    pub(crate) troubles: VecDeque<Trouble>,
    /// Uploads: announced hash and size, bytes.
    pub(crate) uploads: Vec<(BlobHash, usize, Vec<u8>)>,
    /// Bytes that reached the server in bodies of uploads.
    pub(crate) upload_bytes: usize,
    /// Previews, and how many uploads there were when each came.
    pub(crate) previews: Vec<(String, usize, Vec<u8>)>,
    pub(crate) cursor: u64,
    pub(crate) escrow: bool,
}

#[derive(Clone, Default)]
pub(crate) struct TestServer(Arc<Mutex<Memory>>);

impl TestServer {
    /// A running server; the store talks to it from now on.
    pub(crate) async fn of(store: &Store) -> (Self, DeviceClient) {
        let server = Self::default();
        let router = Router::new()
            .route("/v1/exchange", post(exchange))
            .route("/v1/photos/{sha256}/preview", put(preview))
            .route("/v1/uploads", post(create))
            .route("/v1/uploads/{place}", head(offset).patch(patch))
            .with_state(server.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut identity = store.identity().await.unwrap();
        server.memory().url.clone_from(&url);
        identity.server_url = url;
        let client =
            DeviceClient::new(identity, store.key().unwrap(), store.machine().clone(), "en").unwrap();
        (server, client)
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap()
    }

    pub(crate) fn trouble(&self, troubles: impl IntoIterator<Item = Trouble>) {
        self.memory().troubles.extend(troubles);
    }
}

impl Memory {
    fn end(&self) -> ChainPosition {
        self.log.last().map_or(ChainPosition::START, |envelope| ChainPosition {
            sequence: envelope.header().sequence,
            hash: envelope.hash(),
        })
    }

    fn next_trouble(&mut self) -> Trouble {
        self.troubles.pop_front().unwrap_or(Trouble::None)
    }

    /// Takes a request body in; yields the ask and the results.
    fn take(&mut self, body: &[u8], device: sync_core::ids::DeviceId) -> (Ask, Vec<EnvelopeResult>) {
        let mut reader = FrameReader::new();
        reader.feed(body).unwrap();
        let (mut context, mut ask, mut results) =
            (WireContext::upload(SERVER, device), Ask::default(), Vec::new());
        while let Some(frame) = reader.next_frame::<UpFrame>().unwrap() {
            match frame {
                UpFrame::Ask(asked) => ask = asked,
                UpFrame::Envelope(wire) => {
                    let envelope = context.unpack(wire).unwrap();
                    let sequence = envelope.header().sequence;
                    if let ChainStep::Next(_) = self.end().step(&envelope) {
                        self.log.push(envelope);
                    }
                    let status = self.fates.get(&sequence).cloned().unwrap_or(EnvelopeStatus::Merged);
                    results.push(EnvelopeResult { sequence, status });
                }
                UpFrame::Beacon(beacon) => self.wiped_at = self.wiped_at.or(beacon.wiped_at),
                UpFrame::Offered(wire) => {
                    let envelope = context.unpack(wire).unwrap();
                    let header = envelope.header();
                    self.say
                        .push(DownFrame::Heard(LogEnd { device: header.device, sequence: header.sequence }));
                    self.offered.push(envelope);
                }
                UpFrame::End(_) => {}
            }
        }
        self.asks.push(ask.clone());
        (ask, results)
    }

    fn answer(&mut self, ask: &Ask, results: &[EnvelopeResult]) -> Vec<u8> {
        let end = self.end();
        let mut writer = FrameWriter::new();
        writer.push(&DownFrame::Welcome(WelcomeBack {
            server: SERVER,
            epoch: self.restores + 1,
            server_time: Timestamp::from_unix_ms(SERVER_TIME_MS),
            log_index: 40 + end.sequence,
            acknowledged: end.sequence,
            acknowledged_hash: (end.sequence > 0).then_some(end.hash),
            protocol_min: 1,
            token: Some("a-token".into()),
            token_ms: 600_000,
            escrow: self.escrow,
        }));
        results.iter().for_each(|result| writer.push(&DownFrame::Result(result.clone())));
        if ask.own_from > 0 {
            let mut context = WireContext::download(SERVER);
            for envelope in self.log.iter().filter(|envelope| envelope.header().sequence >= ask.own_from) {
                writer.push(&DownFrame::Foreign(context.pack(envelope)));
            }
        }
        self.say.drain(..).for_each(|frame| writer.push(&frame));
        self.say_always.iter().for_each(|frame| writer.push(frame));
        self.cursor += 1;
        let done = Done { cursor: self.cursor, more: false, digest: None, conflicts_open: 0 };
        writer.push(&DownFrame::Done(done));
        writer.finish()
    }
}

/// A problem document as the real server writes it.
pub(crate) fn problem(code: &str) -> String {
    format!(
        r#"{{"type":"urn:fieldloop:problem:{code}","title":"{code}","nonce":"n0","server_time_ms":{SERVER_TIME_MS}}}"#
    )
}

fn refusal(status: u16, headers: Vec<(&'static str, String)>, body: String) -> Response {
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

/// An answer that breaks off.
fn broken() -> Response {
    let pieces = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("cut"))]);
    let mut response = Body::from_stream(pieces).into_response();
    response.headers_mut().insert("content-type", MEDIA_TYPE.parse().unwrap());
    response
}

async fn exchange(State(server): State<TestServer>, headers: HeaderMap, body: Bytes) -> Response {
    let mut memory = server.memory();
    memory.credentials.push(headers["authorization"].to_str().unwrap().to_owned());
    let trouble = memory.next_trouble();
    if let Trouble::Refuse(status, headers, body) = trouble {
        return refusal(status, headers, body);
    }
    let device = sync_core::ids::DeviceId::from_bytes([1; 16]);
    let (ask, results) = memory.take(&body, device);
    if matches!(trouble, Trouble::LoseAnswer) {
        return broken();
    }
    let answer = memory.answer(&ask, &results);
    ([("content-type", MEDIA_TYPE)], answer).into_response()
}

async fn create(State(server): State<TestServer>, headers: HeaderMap) -> Response {
    let mut memory = server.memory();
    let size: usize = headers["upload-length"].to_str().unwrap().parse().unwrap();
    let metadata = headers["upload-metadata"].to_str().unwrap();
    let coded = metadata.split(',').find_map(|pair| pair.strip_prefix("sha256 ")).unwrap();
    let hex = data_encoding::BASE64.decode(coded.as_bytes()).unwrap();
    let sha256: BlobHash = String::from_utf8(hex).unwrap().parse().unwrap();
    if memory.uploads.iter().any(|(hash, size, bytes)| *hash == sha256 && *size == bytes.len()) {
        return (StatusCode::OK, [("fieldloop-have", "1")]).into_response();
    }
    memory.uploads.push((sha256, size, Vec::new()));
    let place = format!("/v1/uploads/{}", memory.uploads.len() - 1);
    (StatusCode::CREATED, [("location", place), ("upload-offset", "0".into())]).into_response()
}

async fn preview(State(server): State<TestServer>, Path(sha256): Path<String>, body: Bytes) -> StatusCode {
    let mut memory = server.memory();
    let uploads = memory.uploads.len();
    memory.previews.push((sha256, uploads, body.to_vec()));
    StatusCode::NO_CONTENT
}

async fn offset(State(server): State<TestServer>, Path(place): Path<usize>) -> Response {
    let memory = server.memory();
    let Some((_, _, bytes)) = memory.uploads.get(place) else { return StatusCode::NOT_FOUND.into_response() };
    (StatusCode::OK, [("upload-offset", bytes.len().to_string())]).into_response()
}

async fn patch(
    State(server): State<TestServer>,
    Path(place): Path<usize>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let trouble = server.memory().next_trouble();
    if let Trouble::Refuse(status, headers, body) = trouble {
        return refusal(status, headers, body);
    }
    let from: usize = headers["upload-offset"].to_str().unwrap().parse().unwrap();
    let here = server.memory().uploads[place].2.len();
    if from != here {
        return refusal(409, vec![("upload-offset", here.to_string())], problem("upload-offset-differs"));
    }
    let (mut pieces, mut taken) = (body.into_data_stream(), 0);
    while let Some(Ok(piece)) = pieces.next().await {
        let mut memory = server.memory();
        let room = match trouble {
            Trouble::CutAfter(limit) => piece.len().min(limit - taken),
            _ => piece.len(),
        };
        taken += room;
        memory.upload_bytes += room;
        memory.uploads[place].2.extend_from_slice(&piece[..room]);
        if matches!(trouble, Trouble::CutAfter(limit) if taken == limit) {
            return broken();
        }
    }
    let memory = server.memory();
    let (sha256, size, bytes) = &memory.uploads[place];
    if bytes.len() == *size && Sha256::digest(bytes)[..] != sha256.as_bytes()[..] {
        return refusal(422, Vec::new(), problem("upload-hash-differs"));
    }
    (StatusCode::NO_CONTENT, [("upload-offset", bytes.len().to_string())]).into_response()
}
