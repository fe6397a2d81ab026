//! Reading the body of a request as it comes in: a cut body is used up to its last complete frame.

use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use std::time::Duration;
use sync_core::ids::{DeviceId, ServerId};
use sync_core::log::Envelope;
use sync_core::protocol::{
    Ask, BODY_BYTES_MAX, Beacon, ENVELOPES_PER_EXCHANGE_MAX, FrameReader, KEPT_LOGS_MAX, StreamError,
    UpFrame, VISIT_DIGESTS_MAX, WireContext, WireError,
};
use tokio::time::timeout;

/// Longest silence in the middle of a body; then what came is used as if the line had been cut.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// What a device sent.
#[derive(Debug, Default)]
pub(super) struct Intake {
    pub(super) beacon: Option<Beacon>,
    pub(super) ask: Ask,
    /// In the order of the body. Signatures are not checked yet.
    pub(super) envelopes: Vec<Envelope>,
    /// Envelopes of other devices that the server asked for. Signatures are not checked yet.
    pub(super) offered: Vec<Envelope>,
    /// Sequence of the first envelope that could not be rebuilt; nothing after it was read.
    pub(super) broken_at: Option<u64>,
    /// Whether the body came to its end.
    pub(super) complete: bool,
}

/// A body of which nothing can be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum IntakeError {
    /// It is no sequence of frames.
    #[error("the body cannot be read: {0}")]
    Unreadable(#[from] StreamError),
    /// It says nothing: not even who asks for what.
    #[error("the body has no complete frame")]
    Empty,
    /// The device speaks a version that is no longer answered.
    #[error("protocol version {found} is not spoken here")]
    Protocol {
        /// The version in the beacon.
        found: u16,
    },
}

/// Reads a body to its end, its cut, its first damage, or the limits.
pub(super) async fn read(body: Body, server: ServerId, device: DeviceId) -> Result<Intake, IntakeError> {
    let mut reader = FrameReader::new();
    let mut taker = Taker { intake: Intake::default(), context: WireContext::upload(server, device) };
    let mut stream = body.into_data_stream();
    let mut bytes_read = 0;
    // A line that is cut, silent or too long ends the body; what was complete counts.
    while let Ok(Some(Ok(chunk))) = timeout(SILENCE_MAX, stream.next()).await {
        bytes_read += chunk.len();
        if bytes_read > BODY_BYTES_MAX {
            break;
        }
        match taker.take(&mut reader, &chunk) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) if taker.intake.beacon.is_none() => return Err(error.into()),
            Err(error) => {
                tracing::info!(%error, "body used up to its first damage");
                break;
            }
        }
    }
    let intake = taker.intake;
    match &intake.beacon {
        None => Err(IntakeError::Empty),
        Some(beacon) if !(super::PROTOCOL_VERSIONS).contains(&beacon.protocol) => {
            Err(IntakeError::Protocol { found: beacon.protocol })
        }
        Some(_) => Ok(intake),
    }
}

struct Taker {
    intake: Intake,
    context: WireContext,
}

impl Taker {
    /// Feeds bytes and takes the frames that became complete; false when the rest is not wanted.
    fn take(&mut self, reader: &mut FrameReader, chunk: &Bytes) -> Result<bool, StreamError> {
        let fed = reader.feed(chunk);
        while let Some(frame) = reader.next_frame()? {
            if !self.frame(frame) {
                return Ok(false);
            }
        }
        fed.map(|()| true)
    }

    fn frame(&mut self, frame: UpFrame) -> bool {
        match frame {
            UpFrame::Beacon(beacon) => {
                // Before the first beacon nothing counts; a second one says nothing new.
                self.intake.beacon.get_or_insert(beacon);
            }
            UpFrame::Ask(mut ask) => {
                ask.visit_digests.truncate(VISIT_DIGESTS_MAX);
                ask.settled_visits.truncate(VISIT_DIGESTS_MAX);
                ask.kept_logs.truncate(KEPT_LOGS_MAX);
                self.intake.ask = ask;
            }
            UpFrame::Envelope(wire) => {
                if self.intake.envelopes.len() >= ENVELOPES_PER_EXCHANGE_MAX {
                    return false;
                }
                let sequence = wire.sequence();
                match self.context.unpack(wire) {
                    Ok(envelope) => self.intake.envelopes.push(envelope),
                    Err(error) => {
                        self.note_broken(sequence, &error);
                        return false;
                    }
                }
            }
            UpFrame::Offered(wire) => {
                if self.intake.envelopes.len() + self.intake.offered.len() >= ENVELOPES_PER_EXCHANGE_MAX {
                    return false;
                }
                // A damaged one is not heard of again; the others are of use without it.
                self.intake.offered.extend(self.context.unpack(wire).ok());
            }
            UpFrame::End(count) => {
                self.intake.complete = count as usize == self.intake.envelopes.len();
                return false;
            }
        }
        true
    }

    fn note_broken(&mut self, sequence: u64, error: &WireError) {
        tracing::warn!(sequence, %error, "envelope cannot be rebuilt");
        self.intake.broken_at = Some(sequence);
    }
}
