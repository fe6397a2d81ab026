//! Where the chain of each device stands.

use crate::devices::Barred;
use crate::store::{StoreError, Tx, statement};
use std::collections::BTreeMap;
use sync_core::ids::{DeviceId, EnvelopeHash};
use sync_core::log::ChainPosition;
use sync_core::time::Timestamp;

/// The server's side of a device's chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chain {
    /// Its newest envelope in the server log.
    pub(super) position: ChainPosition,
    /// The server's history and the position of the feed up to which the device said that it has everything.
    pub(super) acknowledged: (i64, i64),
    /// Highest sequence that another device brought; beyond the position there are gaps before it.
    pub(super) offered_to: u64,
    /// Whether the device signed two different envelopes under one sequence.
    pub(super) forked: bool,
    /// Why the device is refused, when it is.
    pub(super) barred: Option<Barred>,
    /// Whether the device still has to forget everything.
    pub(super) wipe: bool,
}

/// The chain as it stands, with what decides whether it may grow.
pub(super) async fn find(tx: &mut Tx, device: DeviceId) -> Result<Chain, StoreError> {
    const SQL: &str = "SELECT c.sequence, c.envelope_hash, c.forked_at_ms, d.revoked_at_ms, d.suspended_at_ms, \
        d.wipe_asked_at_ms, d.wiped_at_ms, c.offered_to, c.acknowledged_epoch, c.acknowledged_cursor, p.disabled_at_ms, (SELECT CAST(count(*) AS BIGINT) FROM person_roles g \
        WHERE g.person_id = d.person_id AND g.role = 'technician') FROM devices d \
        JOIN people p ON p.person_id = d.person_id LEFT JOIN device_chains c ON c.device_id = d.device_id WHERE d.device_id = $1";
    type Row = (
        Option<i64>,
        Option<String>,
        Option<i64>,
        Option<i64>,
        Option<i64>,
        Option<i64>,
        Option<i64>,
        Option<i64>,
        Option<i64>,
        Option<i64>,
        Option<i64>,
        i64,
    );
    let id = device.to_string();
    let row: Option<Row> = statement(SQL).bind(&id).row_if_any(tx).await?;
    // A device whose row is gone has no access.
    let Some((
        sequence,
        hash,
        forked_at,
        revoked_at,
        suspended_at,
        wipe_asked_at,
        wiped_at,
        offered,
        acknowledged_epoch,
        acknowledged_cursor,
        disabled_at,
        technician_grants,
    )) = row
    else {
        let barred = Some(Barred::Revoked);
        let position = ChainPosition::START;
        let acknowledged = (0, 0);
        return Ok(Chain { position, acknowledged, offered_to: 0, forked: false, barred, wipe: false });
    };
    let position = match (sequence, hash) {
        (Some(sequence), Some(hash)) => ChainPosition {
            sequence: u64::try_from(sequence)
                .map_err(|_| StoreError::impossible("device_chains", "sequence", &id))?,
            hash: StoreError::parse_column("device_chains", "envelope_hash", &id, &hash)?,
        },
        _ => ChainPosition::START,
    };
    let suspended = suspended_at.or(disabled_at).is_some();
    Ok(Chain {
        position,
        acknowledged: (acknowledged_epoch.unwrap_or(0), acknowledged_cursor.unwrap_or(0)),
        offered_to: offered.and_then(|sequence| u64::try_from(sequence).ok()).unwrap_or(0),
        forked: forked_at.is_some(),
        barred: Barred::of(revoked_at.is_some(), suspended, technician_grants > 0),
        wipe: wipe_asked_at.is_some() && wiped_at.is_none(),
    })
}

/// Why the device is refused by now, when it is.
pub(super) async fn barred(tx: &mut Tx, device: DeviceId) -> Result<Option<Barred>, StoreError> {
    Ok(find(tx, device).await?.barred)
}

/// Moves the end of a chain, and what the device has acknowledged. False when another request moved it first.
pub(super) async fn advance(
    tx: &mut Tx,
    device: DeviceId,
    from: ChainPosition,
    to: ChainPosition,
    (epoch, cursor): (i64, i64),
) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO device_chains (device_id, sequence, envelope_hash, acknowledged_epoch, \
        acknowledged_cursor) VALUES ($1, $2, $3, $5, $6) ON CONFLICT (device_id) DO UPDATE \
        SET sequence = excluded.sequence, envelope_hash = excluded.envelope_hash, \
        acknowledged_epoch = excluded.acknowledged_epoch, acknowledged_cursor = excluded.acknowledged_cursor \
        WHERE device_chains.sequence = $4 AND device_chains.forked_at_ms IS NULL";
    let moved = statement(SQL)
        .bind(device.to_string())
        .bind(as_i64(to.sequence))
        .bind(to.hash.to_string())
        .bind(as_i64(from.sequence))
        .bind(epoch)
        .bind(cursor)
        .execute(tx)
        .await?;
    Ok(moved == 1)
}

/// Freezes a chain: from now on everything of the device goes to escrow. The first time stays.
pub(super) async fn freeze(tx: &mut Tx, device: DeviceId, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str =
        "UPDATE device_chains SET forked_at_ms = $2 WHERE device_id = $1 AND forked_at_ms IS NULL";
    statement(SQL).bind(device.to_string()).bind(now.unix_ms()).execute(tx).await?;
    Ok(())
}

/// Notes up to where the device says it has everything. Cursors of one epoch only grow.
pub(super) async fn acknowledge(
    tx: &mut Tx,
    device: DeviceId,
    (epoch, cursor): (i64, i64),
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO device_chains (device_id, sequence, envelope_hash, acknowledged_epoch, \
        acknowledged_cursor) VALUES ($1, 0, $2, $3, $4) ON CONFLICT (device_id) DO UPDATE \
        SET acknowledged_epoch = excluded.acknowledged_epoch, acknowledged_cursor = excluded.acknowledged_cursor \
        WHERE device_chains.acknowledged_epoch <> excluded.acknowledged_epoch \
        OR device_chains.acknowledged_cursor < excluded.acknowledged_cursor";
    statement(SQL)
        .bind(device.to_string())
        .bind(EnvelopeHash::NONE.to_string())
        .bind(epoch)
        .bind(cursor)
        .execute(tx)
        .await?;
    Ok(())
}

/// Notes that another device brought envelopes up to this sequence.
pub(super) async fn note_offered(tx: &mut Tx, device: DeviceId, sequence: u64) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO device_chains (device_id, sequence, envelope_hash, acknowledged_epoch, \
        acknowledged_cursor, offered_to) VALUES ($1, 0, $2, 0, 0, $3) ON CONFLICT (device_id) DO UPDATE \
        SET offered_to = excluded.offered_to WHERE device_chains.offered_to < excluded.offered_to";
    statement(SQL)
        .bind(device.to_string())
        .bind(EnvelopeHash::NONE.to_string())
        .bind(as_i64(sequence))
        .execute(tx)
        .await?;
    Ok(())
}

/// Hashes of the device's envelopes in the server log with these sequences.
pub(super) async fn hashes(
    tx: &mut Tx,
    device: DeviceId,
    first: u64,
    last: u64,
) -> Result<BTreeMap<u64, EnvelopeHash>, StoreError> {
    const SQL: &str = "SELECT device_seq, envelope_hash FROM server_log \
        WHERE device_id = $1 AND device_seq BETWEEN $2 AND $3 AND envelope_hash IS NOT NULL";
    let rows: Vec<(i64, String)> =
        statement(SQL).bind(device.to_string()).bind(as_i64(first)).bind(as_i64(last)).rows(tx).await?;
    let parse = |(sequence, hash): (i64, String)| {
        let hash = StoreError::parse_column("server_log", "envelope_hash", &hash, &hash)?;
        Ok((u64::try_from(sequence).unwrap_or(0), hash))
    };
    rows.into_iter().map(parse).collect()
}

/// Sequences and indexes beyond 2^63 do not exist; a claim of one is held at the end of the range.
pub(super) fn as_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
