//! Envelopes kept aside: of revoked devices, of forked chains. Evidence is kept; nothing of it enters a record unless a
//! person takes it up.

pub(crate) mod api;
mod pages;
mod take_up;

pub(super) use api::routes;
pub(super) use pages::pages;
pub(crate) use take_up::REFUSED_AS as TAKEN_UP_AS;

use crate::store::{StoreError, Tx, insert_rows, statement};
use std::collections::BTreeSet;
use sync_core::ids::{DeviceId, EnvelopeHash, PersonId};
use sync_core::log::{ChainPosition, Envelope};
use sync_core::time::Timestamp;

use super::chains::as_i64;
use super::envelopes;

/// Envelopes in escrow for one device.
const ENVELOPES_MAX: i64 = 1_000;
/// Their bytes.
const BYTES_MAX: i64 = 16 << 20;

/// Why envelopes are kept aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EscrowReason {
    /// The device had lost its access when they came.
    Revoked,
    /// The device signed two different envelopes under one sequence.
    Fork,
    /// Another device kept and brought them; their own device has no access, or had signed another one.
    Offered,
}

impl EscrowReason {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Fork => "fork",
            Self::Offered => "offered",
        }
    }
}

/// Keeps envelopes aside and returns how many of them lie there now: the first ones, until the quota is full.
/// Keeping one again changes nothing.
pub(super) async fn keep(
    tx: &mut Tx,
    device: DeviceId,
    envelopes: &[&Envelope],
    reason: EscrowReason,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let (mut count, mut bytes) = usage(tx, device).await?;
    let mut kept = Vec::new();
    for envelope in envelopes {
        count += 1;
        bytes += i64::try_from(envelope.cose().len() + envelope.body_bytes().len()).unwrap_or(i64::MAX);
        if count > ENVELOPES_MAX || bytes > BYTES_MAX {
            tracing::warn!(%device, "escrow of the device is full");
            break;
        }
        kept.push(*envelope);
    }
    insert_rows!(
        tx,
        "INSERT INTO escrow (envelope_hash, device_id, device_seq, visit_id, reason, claimed_at_ms, not_before_ms, \
            received_at_ms, kind, cose, salt, body) ",
        &kept,
        |bind, envelope| {
            let header = envelope.header();
            bind.push_bind(envelope.hash().to_string()).push_bind(device.to_string());
            bind.push_bind(as_i64(header.sequence)).push_bind(header.visit.map(String::from));
            bind.push_bind(reason.as_str()).push_bind(header.claimed_at.unix_ms());
            bind.push_bind(header.server_time_known.unix_ms().min(now.unix_ms())).push_bind(now.unix_ms());
            bind.push_bind(envelopes::kind_name(header.kind)).push_bind(envelope.cose().to_vec());
            bind.push_bind(envelope.salt().to_vec()).push_bind(envelope.body_bytes().to_vec())
        },
        " ON CONFLICT (envelope_hash) DO NOTHING"
    )?;
    // Who is accused may be the one who had the device's access taken: inspectors read it all the same.
    crate::restricted::note_received(tx, &kept, now).await?;
    Ok(kept.len())
}

async fn usage(tx: &mut Tx, device: DeviceId) -> Result<(i64, i64), StoreError> {
    const SQL: &str = "SELECT count(*), CAST(coalesce(sum(length(cose) + length(body)), 0) AS BIGINT) \
        FROM escrow WHERE device_id = $1";
    statement(SQL).bind(device.to_string()).row(tx).await
}

/// Envelopes of the device that lie in escrow.
pub(super) async fn hashes(tx: &mut Tx, device: DeviceId) -> Result<BTreeSet<EnvelopeHash>, StoreError> {
    const SQL: &str = "SELECT envelope_hash FROM escrow WHERE device_id = $1";
    let rows: Vec<String> = statement(SQL).bind(device.to_string()).values(tx).await?;
    rows.iter().map(|row| StoreError::parse_column("escrow", "envelope_hash", row, row)).collect()
}

/// The newest envelope of the device in escrow: up to there it need not send again.
pub(super) async fn end(tx: &mut Tx, device: DeviceId) -> Result<Option<ChainPosition>, StoreError> {
    const SQL: &str = "SELECT device_seq, envelope_hash FROM escrow WHERE device_id = $1 \
        ORDER BY device_seq DESC, received_at_ms DESC LIMIT 1";
    let row: Option<(i64, String)> = statement(SQL).bind(device.to_string()).row_if_any(tx).await?;
    row.map(|(sequence, hash)| {
        let sequence =
            u64::try_from(sequence).map_err(|_| StoreError::impossible("escrow", "device_seq", &hash))?;
        Ok(ChainPosition {
            sequence,
            hash: StoreError::parse_column("escrow", "envelope_hash", &hash, &hash)?,
        })
    })
    .transpose()
}

/// Envelopes of a person's devices that somebody took up from escrow.
pub(crate) async fn taken_up_of(tx: &mut Tx, person: PersonId) -> Result<Vec<EnvelopeHash>, StoreError> {
    const SQL: &str = "SELECT e.envelope_hash FROM devices d JOIN escrow e ON e.device_id = d.device_id \
        JOIN escrow_decisions x ON x.envelope_hash = e.envelope_hash \
        WHERE d.person_id = $1 AND x.outcome = 'accepted' ORDER BY e.envelope_hash";
    let person = person.to_string();
    let hashes: Vec<String> = statement(SQL).bind(person).values(tx).await?;
    hashes.iter().map(|hash| StoreError::parse_column("escrow", "envelope_hash", hash, hash)).collect()
}
