//! The server's history: noticing that a snapshot was rolled back.
//!
//! A device whose signed envelopes name something that this server has not written yet has spoken with a later state
//! of it. Then the epoch is raised, so that every device offers again what this state lacks.

use super::chains::as_i64;
use super::feed;
use super::intake::Intake;
use super::offers;
use super::office::office_device;
use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::devices::KnownDevice;
use crate::store::{StoreError, Tx, statement};
use sync_core::ids::{DeviceId, ServerId};
use sync_core::log::ChainPosition;
use sync_core::time::Timestamp;

/// How often one device may make the epoch rise.
const RAISED_EVERY_MS: i64 = 24 * 3_600_000;
/// Farthest that a claimed epoch may lie ahead to be followed.
const EPOCHS_AHEAD_MAX: i64 = 1_000_000;

/// The present epoch. [`crate::app::App`] knows only the one at its start.
pub(super) async fn current(tx: &mut Tx) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT epoch FROM installation";
    statement(SQL).value(tx).await
}

/// Where the server's history stands.
#[derive(Debug, Clone, Copy, sqlx_macros::FromRow)]
pub(super) struct Standing {
    /// The present epoch.
    pub(super) epoch: i64,
    /// The newest entry of the server log; 0: none.
    pub(super) log_index: i64,
    /// The newest position of the feed; 0: none.
    pub(super) feed_position: i64,
}

/// The standing of this moment, with one statement.
pub(super) async fn standing(tx: &mut Tx) -> Result<Standing, StoreError> {
    const SQL: &str = "SELECT epoch, (SELECT CAST(coalesce(max(log_index), 0) AS BIGINT) FROM server_log) AS log_index, \
        (SELECT CAST(coalesce(max(value), 0) AS BIGINT) FROM counters WHERE name = $1) AS feed_position FROM installation";
    let feed = feed::POSITIONS.0;
    statement(SQL).bind(feed).row(tx).await
}

/// The present epoch, raised first when the request proves that this server was rolled back.
pub(super) async fn check(
    tx: &mut Tx,
    server: ServerId,
    device: &KnownDevice,
    chain: ChainPosition,
    intake: &Intake,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let standing = standing(tx).await?;
    let epoch = standing.epoch;
    let lacks_acknowledged = as_i64(intake.ask.epoch) == epoch && intake.ask.acknowledged > chain.sequence;
    let lacks_office_acts = lacks_office_acts(tx, server, epoch, intake).await?;
    if intake.envelopes.is_empty() && !lacks_acknowledged && !lacks_office_acts {
        return Ok(epoch);
    }
    let claimed = claimed_beyond(standing, chain, intake).or(lacks_office_acts.then_some(epoch));
    let Some(claimed) = claimed else { return Ok(epoch) };
    if raised_lately(tx, device.device_id, now).await? {
        tracing::warn!(device = %device.device_id, "the device claims a later state of this server again");
        return Ok(epoch);
    }
    const SQL: &str = "UPDATE installation SET epoch = $2 WHERE epoch = $1";
    let near = claimed.saturating_sub(epoch) <= EPOCHS_AHEAD_MAX;
    let raised = if near { claimed.max(epoch) + 1 } else { epoch + 1 };
    statement(SQL).bind(epoch).bind(raised).execute(tx).await?;
    let detail = Detail::new().with("from", epoch.to_string()).with("to", raised.to_string());
    audit::append(tx, &NewEntry::new(EntryKind::EPOCH_RAISED, now).device(device.device_id).detail(detail))
        .await?;
    tracing::error!(from = epoch, to = raised, device = %device.device_id,
        "this server was rolled back to an earlier state: devices offer again what it lacks");
    Ok(raised)
}

/// Whether this device made the epoch rise not long ago. An honest one knows the new epoch since then; one that lies
/// could otherwise have every device send everything anew with each request.
async fn raised_lately(tx: &mut Tx, device: DeviceId, now: Timestamp) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT count(*) FROM server_log WHERE device_id = $1 AND kind = $2 AND at_ms > $3";
    let since = now.plus_ms(-RAISED_EVERY_MS).unix_ms();
    let count: i64 =
        statement(SQL).bind(device.to_string()).bind(EntryKind::EPOCH_RAISED.0).bind(since).value(tx).await?;
    Ok(count > 0)
}

/// Whether the device keeps more of the office log of this history than the server has. It may be all that shows a
/// restore: nothing of the device itself need be lost.
async fn lacks_office_acts(
    tx: &mut Tx,
    server: ServerId,
    epoch: i64,
    intake: &Intake,
) -> Result<bool, StoreError> {
    if intake.ask.kept_logs.is_empty() || as_i64(intake.ask.epoch) != epoch {
        return Ok(false);
    }
    let office = office_device(server, epoch);
    let Some(kept) = intake.ask.kept_logs.iter().find(|kept| kept.device == office) else { return Ok(false) };
    Ok(kept.sequence > offers::office_end(tx, epoch).await?)
}

/// The newest epoch that the request names, if it names anything that this server never wrote.
fn claimed_beyond(standing: Standing, chain: ChainPosition, intake: &Intake) -> Option<i64> {
    let epoch = standing.epoch;
    let headers = || intake.envelopes.iter().map(sync_core::log::Envelope::header);
    let newest_epoch =
        headers().map(|header| as_i64(header.epoch)).max().unwrap_or(0).max(as_i64(intake.ask.epoch));
    if newest_epoch > epoch {
        return Some(newest_epoch);
    }
    let of_this_epoch = headers().filter(|header| as_i64(header.epoch) == epoch);
    let newest_index = of_this_epoch.map(|header| as_i64(header.log_index_known)).max().unwrap_or(0);
    let asks_of_this_epoch = as_i64(intake.ask.epoch) == epoch;
    let beyond = newest_index > standing.log_index
        || asks_of_this_epoch
            && (intake.ask.acknowledged > chain.sequence
                || as_i64(intake.ask.cursor) > standing.feed_position);
    beyond.then_some(epoch)
}
