//! One exchange from the authenticated request to the answer.

use super::answer;
use super::gate::{self, Docket};
use super::intake::{self, Intake, IntakeError};
use super::offers;
use super::receive::{self, ReceiveError, Received};
use crate::app::App;
use crate::auth::AnyDeviceAuth;
use crate::devices::{Barred, KnownDevice};
use crate::problem::{self, Problem};
use crate::store::StoreError;
use axum::body::Body;
use std::time::Duration;
use sync_core::log::Envelope;
use tokio::time::timeout;

/// Signatures checked without handing the work to another thread: one takes some 50 µs.
const SIGNATURES_INLINE_MAX: usize = 4;

/// How long a device waits for verdicts before it gets its answer without them.
const VERDICT_TIME_MAX: Duration = Duration::from_secs(25);

/// Why an exchange has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionError {
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// All places are taken.
    #[error("no place became free in time")]
    Busy,
    /// The device was suspended after its envelopes were stored: they count, and it hears so once it is resumed.
    #[error("the device was suspended meanwhile")]
    Suspended,
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Intake(IntakeError::Protocol { found }) => Self::new(&problem::PROTOCOL_UNKNOWN)
                .with("found", found)
                .with("versions", format!("{:?}", super::PROTOCOL_VERSIONS)),
            SessionError::Intake(IntakeError::Unreadable(_) | IntakeError::Empty) => {
                Self::new(&problem::EXCHANGE_UNREADABLE)
            }
            SessionError::Receive(ReceiveError::Overtaken) | SessionError::Busy => {
                Self::new(&problem::STORE_BUSY).retry_after(1..10)
            }
            SessionError::Receive(ReceiveError::Barred(barred)) => barred.into(),
            SessionError::Suspended => Barred::Suspended.into(),
            SessionError::Receive(ReceiveError::Store(source)) | SessionError::Store(source) => source.into(),
        }
    }
}

/// Takes a request in, judges what it brings, and says what the device is to know.
pub(super) async fn run(app: &App, auth: &AnyDeviceAuth, body: Body) -> Result<Vec<u8>, SessionError> {
    let device = &auth.device;
    let intake = intake::read(body, app.installation.server_id, device.device_id).await?;
    let _place = app.exchange.admission.place().await.ok_or(SessionError::Busy)?;
    let mut intake = checked(device, intake).await;
    let mut received = receive::receive(app, device, &intake).await?;
    if received.escrow.is_none() {
        received.offers = offers::take(app, device.device_id, std::mem::take(&mut intake.offered)).await?;
        if received.sequences.is_some() || !received.offers.visits.is_empty() {
            settle(app, device, &docket(device, &intake, &received)).await;
        }
    }
    answer::compose(app, auth, &intake, &received).await?.ok_or(SessionError::Suspended)
}

/// Has everything judged that can be judged soon. Everything is durable: what has no verdict yet stays pending, and
/// the device is told so.
async fn settle(app: &App, device: &KnownDevice, docket: &Docket) {
    match timeout(VERDICT_TIME_MAX, gate::settle(app, docket)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(device = %device.device_id, %error, "verdicts have to wait"),
        Err(_) => tracing::warn!(device = %device.device_id, "verdicts took too long and have to wait"),
    }
}

/// Keeps the envelopes up to the first that the device did not sign.
async fn checked(device: &KnownDevice, mut intake: Intake) -> Intake {
    let (key, own, envelopes) = (device.key, device.device_id, std::mem::take(&mut intake.envelopes));
    let few = envelopes.len() <= SIGNATURES_INLINE_MAX;
    let check = move || {
        let sound = |envelope: &&Envelope| envelope.header().device == own && envelope.is_signed_by(&key);
        let count = envelopes.iter().take_while(sound).count();
        (envelopes, count)
    };
    // Verification does not panic; if it did, nothing of the request would count.
    let (mut envelopes, count) =
        if few { check() } else { tokio::task::spawn_blocking(check).await.unwrap_or_default() };
    if let Some(bad) = envelopes.get(count) {
        let sequence = bad.header().sequence;
        tracing::warn!(device = %own, sequence, "an envelope is not signed by the device that sends it");
        metrics::counter!("fieldloop_signatures_wrong_total").increment(1);
        intake.broken_at = Some(sequence);
        intake.complete = false;
        envelopes.truncate(count);
    }
    intake.envelopes = envelopes;
    intake
}

fn docket(device: &KnownDevice, intake: &Intake, received: &Received) -> Docket {
    let at_hand = intake.envelopes.iter().map(|envelope| (envelope.header().sequence, envelope.clone()));
    let visits = received.visits.union(&received.offers.visits).copied().collect();
    Docket { visits, device: Some(device.device_id), at_hand: at_hand.collect() }
}
