//! What devices keep of the logs of others, for a server that was restored from a backup.
//!
//! In a new server history a device says once how far it keeps other logs; the server asks for what lies beyond its
//! own state ([`needs`]) and takes it like any envelope: the author's signature is checked, it is appended to the
//! server log with who brought it, and the gate judges it. It may lie beyond the end of its chain, since the bearer
//! holds only what concerned shared visits; the chain closes when the author's own device reports again. Of a device
//! without access nothing enters a record this way: it goes to escrow.

use super::chains;
use super::epochs;
use super::escrow::{self, EscrowReason};
use super::office;
use super::receive::{log_entry, sql};
use crate::app::App;
use crate::audit::{self, Detail, NewEntry};
use crate::devices;
use crate::keys::office_key_of;
use crate::store::{StoreError, Tx, statement};
use std::collections::{BTreeMap, BTreeSet};
use sync_core::ids::{DeviceId, VisitId};
use sync_core::log::{Envelope, PublicKey};
use sync_core::protocol::LogEnd;

/// How often envelopes that lost a race against their author's own device are looked at anew.
const ATTEMPTS_MAX: u32 = 5;

/// What came of the offered envelopes of a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Offers {
    /// Envelopes that need not be offered again: they are here, or cannot be used.
    pub(super) heard: Vec<LogEnd>,
    /// Visits about which something new is here.
    pub(super) visits: BTreeSet<VisitId>,
}

/// Whose log it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signer {
    Device,
    Office,
}

/// What the server lacks of the logs that a device keeps.
pub(super) async fn needs(app: &App, tx: &mut Tx, kept: &[LogEnd]) -> Result<Vec<LogEnd>, StoreError> {
    let mut needs = Vec::new();
    if kept.is_empty() {
        return Ok(needs);
    }
    let (server, epoch) = (app.installation.server_id, epochs::current(tx).await?);
    let present = office::office_device(server, epoch);
    for theirs in kept.iter().filter(|kept| kept.device != present) {
        let sequence = match office::earlier_epoch_of(server, epoch, theirs.device) {
            Some(epoch) => office_end(tx, epoch).await?,
            None if devices::find(tx, theirs.device).await?.is_some() => {
                chains::find(tx, theirs.device).await?.position.sequence
            }
            // Enrolled after the backup: nobody could tell whether a signature is its own.
            None => continue,
        };
        if theirs.sequence > sequence {
            needs.push(LogEnd { device: theirs.device, sequence });
        }
    }
    Ok(needs)
}

/// The end of the office log of an epoch.
pub(super) async fn office_end(tx: &mut Tx, epoch: i64) -> Result<u64, StoreError> {
    const SQL: &str = "SELECT sequence FROM office_chains WHERE epoch = $1";
    let end: Option<i64> = statement(SQL).bind(epoch).value_if_any(tx).await?;
    Ok(end.and_then(|end| u64::try_from(end).ok()).unwrap_or(0))
}

/// Makes durable what `by` offers of the logs of others. Doing it again changes nothing.
pub(super) async fn take(app: &App, by: DeviceId, offered: Vec<Envelope>) -> Result<Offers, StoreError> {
    let mut logs: BTreeMap<DeviceId, Vec<Envelope>> = BTreeMap::new();
    for envelope in offered.into_iter().filter(|envelope| envelope.header().device != by) {
        logs.entry(envelope.header().device).or_default().push(envelope);
    }
    let mut offers = Offers::default();
    for (device, envelopes) in logs {
        let heard = envelopes.iter().map(|envelope| LogEnd { device, sequence: envelope.header().sequence });
        let heard: Vec<LogEnd> = heard.collect();
        let envelopes = match key_of(app, device).await? {
            Some((signer, key)) => (signer, signed(envelopes, key).await),
            None => (Signer::Device, Vec::new()),
        };
        let unusable = heard.len() - envelopes.1.len();
        if unusable > 0 {
            tracing::warn!(%device, %by, unusable, "offered envelopes are not signed by a device known here");
        }
        if keep(app, by, device, envelopes, &mut offers.visits).await? {
            offers.heard.extend(heard);
        }
    }
    Ok(offers)
}

async fn key_of(app: &App, device: DeviceId) -> Result<Option<(Signer, PublicKey)>, StoreError> {
    let mut tx = app.store.read().await?;
    let epoch = epochs::current(&mut tx).await?;
    match office::earlier_epoch_of(app.installation.server_id, epoch, device) {
        Some(epoch) => {
            let key = office_key_of(&app.config.data.folder, epoch).unwrap_or_else(|error| {
                tracing::error!(%error, "the office log of an earlier history cannot be checked");
                None
            });
            Ok(key.map(|key| (Signer::Office, key)))
        }
        None => Ok(devices::find(&mut tx, device).await?.map(|known| (Signer::Device, known.key))),
    }
}

/// Those that the key signed.
async fn signed(mut envelopes: Vec<Envelope>, key: PublicKey) -> Vec<Envelope> {
    let check = move || {
        envelopes.retain(|envelope| envelope.is_signed_by(&key));
        envelopes
    };
    // Verification does not panic; if it did, nothing would count.
    tokio::task::spawn_blocking(check).await.unwrap_or_default()
}

/// False when a quota is full: what was offered stays on the device.
async fn keep(
    app: &App,
    by: DeviceId,
    device: DeviceId,
    (signer, envelopes): (Signer, Vec<Envelope>),
    visits: &mut BTreeSet<VisitId>,
) -> Result<bool, StoreError> {
    if envelopes.is_empty() {
        return Ok(true);
    }
    let mut attempts = 0;
    loop {
        attempts += 1;
        match try_keep(app, by, device, signer, &envelopes).await {
            Err(error)
                if attempts < ATTEMPTS_MAX
                    && (error.is_unique_violation() || error.is_serialisation_failure()) => {}
            Ok(false) => return Ok(false),
            Ok(true) => {
                visits.extend(envelopes.iter().filter_map(|envelope| envelope.header().visit));
                return Ok(true);
            }
            Err(error) => return Err(error),
        }
    }
}

async fn try_keep(
    app: &App,
    by: DeviceId,
    device: DeviceId,
    signer: Signer,
    envelopes: &[Envelope],
) -> Result<bool, StoreError> {
    let now = app.clock.now();
    let sequences = || envelopes.iter().map(|envelope| envelope.header().sequence);
    let (Some(first), Some(last)) = (sequences().min(), sequences().max()) else { return Ok(true) };
    let mut tx = app.store.write().await?;
    let stored = chains::hashes(&mut tx, device, first, last).await?;
    let absent = |envelope: &&Envelope| !stored.contains_key(&envelope.header().sequence);
    let mut fresh: Vec<&Envelope> = envelopes.iter().filter(absent).collect();
    let is_other = |envelope: &&Envelope| {
        stored.get(&envelope.header().sequence).is_some_and(|hash| *hash != envelope.hash())
    };
    let mut aside: Vec<&Envelope> = envelopes.iter().filter(is_other).collect();
    if signer == Signer::Device {
        let chain = chains::find(&mut tx, device).await?;
        if chain.barred.is_some() || chain.forked {
            aside.append(&mut fresh);
        }
        if !fresh.is_empty() && sql::unsettled(&mut tx, device).await?.is_full() {
            tracing::warn!(%device, %by, "too much of the device is unsettled: nothing offered is taken");
            return Ok(false);
        }
    }
    if escrow::keep(&mut tx, device, &aside, EscrowReason::Offered, now).await? < aside.len() {
        return Ok(false);
    }
    if !fresh.is_empty() {
        let brought = || Detail::new().with("brought_by", by.to_string());
        let entries: Vec<NewEntry<'_>> =
            fresh.iter().map(|envelope| log_entry(envelope, now).detail(brought())).collect();
        let index = audit::append_all(&mut tx, &entries).await?;
        sql::note_states(&mut tx, device, index, &fresh).await?;
        if signer == Signer::Device {
            sql::note_visits(&mut tx, device, &fresh, now).await?;
            chains::note_offered(&mut tx, device, last).await?;
        }
        crate::restricted::note_received(&mut tx, &fresh, now).await?;
    }
    tx.commit().await?;
    metrics::counter!("fieldloop_envelopes_offered_total").increment(fresh.len() as u64);
    tracing::info!(%device, %by, fresh = fresh.len(), aside = aside.len(), "a device brought what it kept of another");
    Ok(true)
}
