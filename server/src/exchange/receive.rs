//! Taking envelopes in: chain, durable append, acknowledgement. Nothing is judged here.
//!
//! One transaction for everything a request brings. Once it is committed the envelopes are evidence, whatever the
//! judgement says of them later.
//!
//! Whether the device is revoked or suspended is read again here, not where the request was let in, and nothing can
//! change it before the transaction ends: noting the contact holds the device's row (PostgreSQL) or the writer's turn
//! (SQLite), and a revocation needs the same. So no envelope enters the log behind the entry of its device's
//! revocation. The verdicts that follow need no such check: they are about what came before (docs/decisions/0012).

mod sorting;
pub(super) mod sql;

use super::chains::{self, Chain, as_i64};
use super::epochs;
use super::escrow::{self, EscrowReason};
use super::fetched;
use super::intake::Intake;
use super::offers::Offers;
use crate::app::App;
use crate::audit::{self, Detail, EntryKind, EnvelopeEntry, NewEntry};
use crate::devices::{self, Barred, Contact, KnownDevice};
use crate::store::{StoreError, Tx};
use sorting::Sorted;
use std::collections::BTreeSet;
use sync_core::ids::{DeviceId, EnvelopeHash, VisitId};
use sync_core::log::{ChainPosition, Envelope};
use sync_core::protocol::Beacon;
use sync_core::time::Timestamp;

/// A device signed two different envelopes under one sequence.
pub(crate) const DEVICE_FORKED: EntryKind = EntryKind("device.forked");
/// Envelopes were kept aside.
pub(crate) const ENVELOPES_ESCROWED: EntryKind = EntryKind("envelope.escrowed");

/// How often a request that lost a race against another one of the same device begins anew.
const ATTEMPTS_MAX: u32 = 5;

/// What became of a request's envelopes before anything was judged.
#[derive(Debug, Clone)]
pub(super) struct Received {
    /// The server's history.
    pub(super) epoch: i64,
    /// The end of the device's chain.
    pub(super) chain: ChainPosition,
    /// Set when nothing of the device is taken into records any more.
    pub(super) escrow: Option<EscrowReason>,
    /// First and last sequence of this request that is stored.
    pub(super) sequences: Option<(u64, u64)>,
    /// Set when the device has to forget everything.
    pub(super) wipe: bool,
    /// Visits that they are about.
    pub(super) visits: BTreeSet<VisitId>,
    /// How many of them are new.
    pub(super) appended: usize,
    /// Where the device must begin again, when something before that is missing or broken.
    pub(super) resend_from: Option<u64>,
    /// Set when a quota is full: what is not acknowledged stays on the device.
    pub(super) full: bool,
    /// What it brought of the logs of others.
    pub(super) offers: Offers,
}

/// Why a request could not be taken in.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReceiveError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Overlapping requests of one device kept overtaking one another.
    #[error("requests of the device keep overtaking one another")]
    Overtaken,
    /// The device is refused for a while: what it sends stays on it.
    #[error("the device is refused: {0:?}")]
    Barred(Barred),
}

/// Makes everything durable that the request brings.
pub(super) async fn receive(
    app: &App,
    device: &KnownDevice,
    intake: &Intake,
) -> Result<Received, ReceiveError> {
    for _ in 0..ATTEMPTS_MAX {
        match attempt(app, device, intake).await {
            Ok(Some(received)) => {
                count(&received);
                return Ok(received);
            }
            // Another request of this device was quicker: what it appended is now behind the end of the chain.
            Ok(None) => {}
            Err(ReceiveError::Store(error))
                if error.is_unique_violation() || error.is_serialisation_failure() => {}
            Err(error) => return Err(error),
        }
    }
    Err(ReceiveError::Overtaken)
}

async fn attempt(app: &App, device: &KnownDevice, intake: &Intake) -> Result<Option<Received>, ReceiveError> {
    let now = app.clock.now();
    let mut tx = app.store.write().await?;
    // First, since it holds the device's row; intake lets nothing pass without a beacon.
    if let Some(beacon) = &intake.beacon {
        devices::record_contact(&mut tx, device.device_id, &contact(beacon, intake, now), now).await?;
        if let Some(wiped_at) = beacon.wiped_at {
            devices::life::confirm_wipe(&mut tx, device.device_id, wiped_at, now).await?;
        }
    }
    let chain = chains::find(&mut tx, device.device_id).await?;
    if let Some(barred) = chain.barred.filter(|barred| barred.may_end()) {
        // The office sees that it reported; everything else waits on the device.
        devices::note_kept_back(&mut tx, device.device_id, intake.envelopes.len()).await?;
        tx.commit().await?;
        return Err(ReceiveError::Barred(barred));
    }
    let received = if chain.barred.is_some() || chain.forked {
        set_aside(app, &mut tx, device, chain, &intake.envelopes, now).await?
    } else {
        match take(app, &mut tx, device, chain, intake, now).await? {
            Some(received) => received,
            None => return Ok(None),
        }
    };
    let stays = |envelope: &&Envelope| {
        let sequence = envelope.header().sequence;
        received.sequences.is_none_or(|(first, last)| !(first..=last).contains(&sequence))
    };
    let kept_back = intake.envelopes.iter().filter(stays).count();
    if kept_back > 0 {
        devices::note_kept_back(&mut tx, device.device_id, kept_back).await?;
    }
    tx.commit().await?;
    Ok(Some(received))
}

/// What the device holds once it has the answer: the beacon counts what this request brings, too.
fn contact(beacon: &Beacon, intake: &Intake, now: Timestamp) -> Contact {
    let brought = u64::try_from(intake.envelopes.len()).unwrap_or(u64::MAX);
    Contact {
        app_version: beacon.app_version.chars().filter(|c| !c.is_control()).take(40).collect(),
        outbox_envelopes: as_i64(beacon.envelopes_pending.saturating_sub(brought)),
        outbox_photos: as_i64(beacon.photos_pending),
        outbox_bytes: as_i64(beacon.photo_bytes_pending),
        disk_free_bytes: as_i64(beacon.disk_free_bytes),
        clock_offset_ms: beacon.wall_clock.since_ms(now),
    }
}

/// The device is revoked or its chain forked: keep what it sends, tell it nothing.
async fn set_aside(
    app: &App,
    tx: &mut Tx,
    device: &KnownDevice,
    chain: Chain,
    envelopes: &[Envelope],
    now: Timestamp,
) -> Result<Received, StoreError> {
    let reason = if chain.barred.is_some() { EscrowReason::Revoked } else { EscrowReason::Fork };
    if chain.wipe {
        devices::life::note_wipe_told(tx, device.device_id, now).await?;
    }
    let known = known_hashes(tx, device.device_id, envelopes).await?;
    let fresh: Vec<&Envelope> =
        envelopes.iter().filter(|envelope| !known.contains(&envelope.hash())).collect();
    let kept = escrow::keep(tx, device.device_id, &fresh, reason, now).await?;
    let kept_up_to = fresh.get(kept).map_or(u64::MAX, |left_out| left_out.header().sequence - 1);
    let here = |end: &ChainPosition| end.sequence > chain.position.sequence && end.sequence <= kept_up_to;
    let end = escrow::end(tx, device.device_id).await?.filter(here).unwrap_or(chain.position);
    let mut received = Received::nothing(epochs::current(tx).await?, end);
    received.escrow = Some(reason);
    received.wipe = chain.wipe;
    received.full = kept < fresh.len();
    received.sequences = span(envelopes).map(|(first, last)| (first, last.min(kept_up_to)));
    if kept > 0 {
        let detail = Detail::new().with("count", kept.to_string()).with("reason", reason.as_str());
        let entry = NewEntry::new(ENVELOPES_ESCROWED, now).device(device.device_id).detail(detail);
        audit::append(tx, &entry).await?;
    }
    metrics::counter!("fieldloop_envelopes_escrowed_total").increment(kept as u64);
    tracing::info!(device = %device.device_id, kept, barred = ?chain.barred, epoch = app.installation.epoch, "escrow");
    Ok(received)
}

/// Envelopes of the request that lie in escrow or in the log already. By hash: a forked device has two of a sequence.
async fn known_hashes(
    tx: &mut Tx,
    device: DeviceId,
    envelopes: &[Envelope],
) -> Result<BTreeSet<EnvelopeHash>, StoreError> {
    let Some((first, last)) = span(envelopes) else { return Ok(BTreeSet::new()) };
    let mut known = escrow::hashes(tx, device).await?;
    known.extend(chains::hashes(tx, device, first, last).await?.into_values());
    Ok(known)
}

/// Appends what follows on the chain. `None` when another request moved the chain meanwhile.
async fn take(
    app: &App,
    tx: &mut Tx,
    device: &KnownDevice,
    chain: Chain,
    intake: &Intake,
    now: Timestamp,
) -> Result<Option<Received>, StoreError> {
    let id = device.device_id;
    let epoch = epochs::check(tx, app.installation.server_id, device, chain.position, intake, now).await?;
    let mut received = Received::nothing(epoch, chain.position);
    let stored = match span(&intake.envelopes) {
        Some((first, last)) if first <= chain.position.sequence.max(chain.offered_to) => {
            chains::hashes(tx, id, first, last).await?
        }
        _ => Default::default(),
    };
    let sorted = sorting::sort_out(chain.position, &intake.envelopes, &stored);
    if !sorted.fresh.is_empty() && sql::unsettled(tx, id).await?.is_full() {
        tracing::warn!(device = %id, "too much of the device is unsettled: nothing more is acknowledged");
        metrics::counter!("fieldloop_quotas_full_total").increment(1);
        received.full = true;
        received.sequences = sorted.known(&intake.envelopes);
        return Ok(Some(received));
    }
    let next = &intake.envelopes[sorted.fresh.clone()];
    let acknowledged = acknowledged(chain, epoch, intake);
    if !next.is_empty() {
        if !chains::advance(tx, id, chain.position, sorted.end, acknowledged).await? {
            return Ok(None);
        }
    } else if acknowledged != chain.acknowledged {
        chains::acknowledge(tx, id, acknowledged).await?;
    }
    let confirmed = if chain.acknowledged.0 == epoch { chain.acknowledged.1 } else { 0 };
    if acknowledged.0 == epoch {
        fetched::note(tx, id, (confirmed, acknowledged.1), now).await?;
    }
    // Some of them another device may have brought before.
    let is_new = |envelope: &&Envelope| !stored.contains_key(&envelope.header().sequence);
    let fresh: Vec<&Envelope> = next.iter().filter(is_new).collect();
    received.chain = sorted.end;
    received.appended = fresh.len();
    received.sequences = sorted.known(&intake.envelopes);
    received.visits =
        sorted.taken(&intake.envelopes).filter_map(|envelope| envelope.header().visit).collect();
    received.resend_from = sorted.expected.or(intake.broken_at).map(|_| sorted.end.sequence + 1);
    sql::note_visits(tx, id, &fresh, now).await?;
    if intake.complete && received.resend_from.is_none() && sorted.fork.is_none() {
        sql::settle_visits(tx, id, &intake.ask.settled_visits, now).await?;
    }
    append(tx, device, &fresh, now).await?;
    if let Some(fork) = sorted.fork {
        received.full = !freeze(tx, device, &sorted, &intake.envelopes[fork..], now).await?;
        received.escrow = Some(EscrowReason::Fork);
        received.sequences = span(&intake.envelopes);
    }
    tracing::debug!(device = %id, appended = fresh.len(), epoch = app.installation.epoch, "envelopes taken in");
    Ok(Some(received))
}

/// Up to where the device has everything, with what it says now. Positions of one history only grow.
fn acknowledged(chain: Chain, epoch: i64, intake: &Intake) -> (i64, i64) {
    let says = (as_i64(intake.ask.epoch), as_i64(intake.ask.cursor));
    let is_news =
        says.0 == epoch && says.1 > 0 && (chain.acknowledged.0 != epoch || chain.acknowledged.1 < says.1);
    if is_news { says } else { chain.acknowledged }
}

/// The acknowledgement rests on this: every envelope byte for byte in the server log.
async fn append(
    tx: &mut Tx,
    device: &KnownDevice,
    fresh: &[&Envelope],
    now: Timestamp,
) -> Result<(), StoreError> {
    if fresh.is_empty() {
        return Ok(());
    }
    let entries: Vec<NewEntry<'_>> = fresh.iter().map(|envelope| log_entry(envelope, now)).collect();
    let first = audit::append_all(tx, &entries).await?;
    sql::note_states(tx, device.device_id, first, fresh).await?;
    sql::note_gaps(tx, first, fresh, now).await?;
    crate::restricted::note_received(tx, fresh, now).await
}

/// How an envelope lies in the server log.
pub(super) fn log_entry(envelope: &Envelope, now: Timestamp) -> NewEntry<'_> {
    let header = envelope.header();
    NewEntry {
        kind: EntryKind::ENVELOPE,
        at: now,
        person: Some(header.person),
        device: Some(header.device),
        visit: header.visit,
        detail: Detail::new(),
        envelope: Some(EnvelopeEntry {
            seq: header.sequence,
            hash: envelope.hash(),
            cose: envelope.cose(),
            body: Some((envelope.salt(), envelope.body_bytes())),
        }),
        reason: None,
    }
}

/// Says whether the whole branch found room.
async fn freeze(
    tx: &mut Tx,
    device: &KnownDevice,
    sorted: &Sorted,
    branch: &[Envelope],
    now: Timestamp,
) -> Result<bool, StoreError> {
    chains::freeze(tx, device.device_id, now).await?;
    let branch: Vec<&Envelope> = branch.iter().collect();
    let kept = escrow::keep(tx, device.device_id, &branch, EscrowReason::Fork, now).await?;
    let at = branch.first().map_or(0, |envelope| envelope.header().sequence);
    let detail = Detail::new()
        .with("sequence", at.to_string())
        .with("escrowed", kept.to_string())
        .with("chain_end", sorted.end.sequence.to_string());
    tracing::warn!(device = %device.device_id, sequence = at, "the device's chain forked: its log is frozen");
    metrics::counter!("fieldloop_chains_forked_total").increment(1);
    audit::append(tx, &NewEntry::new(DEVICE_FORKED, now).device(device.device_id).detail(detail)).await?;
    Ok(kept == branch.len())
}

/// First and last sequence, in the order of the body.
fn span(envelopes: &[Envelope]) -> Option<(u64, u64)> {
    let sequences = || envelopes.iter().map(|envelope| envelope.header().sequence);
    sequences().min().zip(sequences().max())
}

fn count(received: &Received) {
    metrics::counter!("fieldloop_exchanges_total").increment(1);
    metrics::counter!("fieldloop_envelopes_total").increment(received.appended as u64);
}

impl Received {
    fn nothing(epoch: i64, chain: ChainPosition) -> Self {
        Self {
            epoch,
            chain,
            escrow: None,
            wipe: false,
            sequences: None,
            visits: BTreeSet::new(),
            appended: 0,
            resend_from: None,
            full: false,
            offers: Offers::default(),
        }
    }
}
