//! Exchanges until both sides have everything. One in the normal case.

use super::SyncError;
use crate::client::{Backoff, ClientError, DeviceClient};
use crate::store::{PAUSED, Performed, Store, StoreError, Told};
use sync_core::protocol::BODY_BYTES_MAX;
use sync_core::replica::{compose, plan};

/// Smallest request body that is still halved no further: one envelope always fits.
const BODY_BYTES_MIN: u64 = 16 * 1024;
/// How often a request is tried again before the technician is told.
const RETRIES: usize = 3;
/// How often exchanges may follow one another without anything getting further.
const STANDSTILL_MAX: u32 = 3;
/// Exchanges in a row that repair a differing digest.
const REPAIRS_MAX: u32 = 1;

/// What the exchanges of one sync did, together.
#[derive(Debug, Default)]
pub struct Rounds {
    /// Exchanges that were answered.
    pub count: u32,
    /// Compressed bytes up and down.
    pub bytes_up: u64,
    /// Compressed bytes down.
    pub bytes_down: u64,
    /// Envelopes sent that the server has now.
    pub envelopes_sent: u64,
    /// What the answers changed here.
    pub performed: Performed,
    /// The office wants everything here forgotten, and has every act: photos are left to send.
    pub wipe: bool,
}

/// Where both sides stand; when it does not change, nothing gets further.
#[derive(PartialEq, Eq, Clone, Copy)]
struct Standing {
    cursor: u64,
    acknowledged: u64,
    own: u64,
    offered: u64,
}

/// Exchanges until both sides have everything.
///
/// # Errors
/// When the server cannot be reached or refuses; everything recorded stays on this device.
pub async fn exchange(store: &Store, client: &DeviceClient) -> Result<Rounds, SyncError> {
    let mut rounds = Rounds::default();
    let (mut standstill, mut repairs) = (0, 0);
    let mut standing = None;
    loop {
        let round = one(store, client, &mut rounds).await?;
        let wipe = stop_orders(store, &round.performed).await?;
        let now = round.standing;
        standstill = if standing == Some(now) { standstill + 1 } else { 0 };
        standing = Some(now);
        let goes_on = round.goes_on();
        let repair = !goes_on && round.differs && repairs < REPAIRS_MAX;
        repairs += u32::from(repair);
        rounds.performed.add(round.performed);
        rounds.wipe = wipe && store.log_counts().await?.unsent == 0;
        if rounds.wipe {
            return Ok(rounds);
        }
        if !wipe && !goes_on && !repair {
            return Ok(rounds);
        }
        if standstill >= STANDSTILL_MAX {
            return Err(SyncError::Stuck);
        }
    }
}

struct Round {
    performed: Performed,
    /// The server has everything that may be sent, also what it lost and asked for again just now.
    complete: bool,
    differs: bool,
    /// The request told a restored server what this device keeps of others.
    told_logs: bool,
    standing: Standing,
}

impl Round {
    fn goes_on(&self) -> bool {
        let performed = &self.performed;
        !performed.whole
            || performed.more
            || performed.fetching_own
            || performed.reissued > 0
            || performed.offers_more
                && (performed.offered > 0 || performed.new_epoch.is_some() || self.told_logs)
            || !self.complete && !performed.held_back
    }
}

/// Stops where the server says so; true when this device must hand over everything and forget it.
async fn stop_orders(store: &Store, performed: &Performed) -> Result<bool, SyncError> {
    // A forked chain is set aside, too, but can be mended by the technician.
    if performed.forked {
        return Err(SyncError::MustEnrolAgain);
    }
    if performed.wipe {
        if performed.held_back {
            return Err(SyncError::WipeWaits);
        }
        // Whatever the technician held back: it is the last occasion.
        store.set_setting(PAUSED, None).await?;
        return Ok(true);
    }
    if performed.escrow {
        store.note_failure(SyncError::Revoked.code(), store.sync_state().await?.body_bytes_max).await?;
        return Err(SyncError::Revoked);
    }
    Ok(false)
}

/// One exchange, tried again while the network fails, with a smaller body each time.
async fn one(store: &Store, client: &DeviceClient, rounds: &mut Rounds) -> Result<Round, SyncError> {
    let mut backoff = Backoff::new(RETRIES);
    loop {
        match attempt(store, client, rounds).await {
            Err(SyncError::Client(error)) => {
                let waited = after_failure(store, &error, &mut backoff).await?;
                if !waited {
                    return Err(error.into());
                }
            }
            Err(error) => {
                // A full disk takes no note either: that must not hide what happened.
                if let Ok(state) = store.sync_state().await {
                    let _ = store.note_failure(error.code(), state.body_bytes_max).await;
                }
                return Err(error);
            }
            Ok(round) => return Ok(round),
        }
    }
}

/// Waits until the next attempt; false when it is time to tell the technician.
async fn after_failure(store: &Store, error: &ClientError, backoff: &mut Backoff) -> Result<bool, SyncError> {
    let too_large = matches!(error, ClientError::Problem { problem } if problem.status == 413);
    let broke =
        matches!(error, ClientError::Unreachable { connecting: false, .. } | ClientError::Silent { .. });
    let mut bytes_max = store.sync_state().await?.body_bytes_max;
    if too_large || broke {
        bytes_max = (bytes_max / 2).max(BODY_BYTES_MIN);
    }
    store.note_failure(error.code(), bytes_max).await?;
    // Without a connection, or with one on which nothing moves, there is nothing to wait for on site.
    if error.is_connecting()
        || matches!(error, ClientError::Silent { .. })
        || !(error.is_passing() || too_large)
    {
        return Ok(false);
    }
    match backoff.next(store.machine(), error.retry_after()) {
        Some(wait) => tokio::time::sleep(wait).await,
        None => return Ok(false),
    }
    Ok(true)
}

async fn attempt(store: &Store, client: &DeviceClient, rounds: &mut Rounds) -> Result<Round, SyncError> {
    let bytes_max = usize::try_from(store.sync_state().await?.body_bytes_max).unwrap_or(BODY_BYTES_MAX);
    let outgoing = store.outgoing(bytes_max).await?;
    client.set_token(outgoing.state.token.clone(), outgoing.state.skew_ms(store.machine()));
    let composed = compose(&outgoing.upload(bytes_max));
    let answer = client.exchange(&composed.body, BODY_BYTES_MAX).await?;
    rounds.count += 1;
    rounds.bytes_up += u64::try_from(composed.body.len()).unwrap_or(0);
    rounds.bytes_down += u64::try_from(answer.len()).unwrap_or(0);
    let identity = &outgoing.identity;
    let plan = plan(&answer, identity.server, outgoing.state.epoch, outgoing.own, outgoing.acknowledged())?;
    let settled: &[_] = if composed.complete { &outgoing.ask.settled_visits } else { &[] };
    let told = Told { settled, kept_logs: outgoing.state.kept_logs_due };
    let performed = store.perform(plan, told).await.map_err(|error| match error {
        StoreError::DiskFull => SyncError::NotKept,
        other => other.into(),
    })?;
    let state = store.sync_state().await?;
    let waits = store.log_counts().await?.unsent > 0 && store.setting(PAUSED).await?.is_none();
    let grown = state.body_bytes_max.saturating_mul(2).min(u64::try_from(BODY_BYTES_MAX).unwrap_or(u64::MAX));
    if performed.whole && grown != state.body_bytes_max {
        store.update_sync_state(|state| state.body_bytes_max = grown).await?;
    }
    client.set_token(state.token, state.clock_offset_ms);
    rounds.envelopes_sent += state.acknowledged.saturating_sub(outgoing.state.acknowledged);
    Ok(Round {
        complete: !waits || performed.fetching_own,
        differs: state.digest_differs,
        told_logs: outgoing.state.kept_logs_due,
        standing: Standing {
            cursor: state.cursor,
            acknowledged: state.acknowledged,
            own: store.chain_end().await?.sequence,
            offered: rounds.performed.offered + performed.offered,
        },
        performed,
    })
}

impl Performed {
    /// This and what a later answer changed.
    fn add(&mut self, later: Performed) {
        self.whole = later.whole;
        self.more = later.more;
        self.held_back = later.held_back;
        self.new_epoch = later.new_epoch.or(self.new_epoch);
        self.resent += later.resent;
        self.merged += later.merged;
        self.pending = later.pending;
        self.quarantined.extend(later.quarantined);
        self.reissued += later.reissued;
        for (place, count) in later.foreign {
            *self.foreign.entry(place).or_default() += count;
        }
        self.offered += later.offered;
        self.offers_more = later.offers_more;
        self.documents += later.documents;
        self.pack_items += later.pack_items;
        self.visits_new.extend(later.visits_new);
        self.visits_lost.extend(later.visits_lost);
        self.commands.extend(later.commands);
        self.reworks.extend(later.reworks);
        for receipt in later.receipts {
            self.receipts.retain(|older| older.visit != receipt.visit);
            self.receipts.push(receipt);
        }
        self.conflicts_open = later.conflicts_open;
    }
}
