//! Envelopes in the server log and what became of them.

use crate::store::{StoreError, Tx, select_in, statement};
use std::collections::BTreeMap;
use sync_core::ids::DeviceId;
use sync_core::log::{BodyKind, Envelope};
use sync_core::protocol::{EnvelopeResult, EnvelopeStatus};

use super::chains::as_i64;

/// The word for a kind of envelope in tables and answers.
pub(super) const fn kind_name(kind: BodyKind) -> &'static str {
    match kind {
        BodyKind::VisitBegin => "visit_begin",
        BodyKind::Change => "change",
        BodyKind::Command => "command",
        BodyKind::Restricted => "restricted",
        BodyKind::Reissue => "reissue",
        BodyKind::ChainRestart => "chain_restart",
    }
}

/// Index, signed header, salt and body.
type EnvelopeRow = (i64, Vec<u8>, Vec<u8>, Vec<u8>);

/// Envelopes by their index in the server log. Those whose body was erased are absent.
pub(crate) async fn load(tx: &mut Tx, log_indexes: &[i64]) -> Result<BTreeMap<i64, Envelope>, StoreError> {
    const SQL: &str = "SELECT l.log_index, l.cose, b.salt, b.body FROM server_log l \
        JOIN envelope_bodies b ON b.log_index = l.log_index WHERE l.log_index IN (";
    let mut loaded = BTreeMap::new();
    for indexes in log_indexes.chunks(500) {
        let rows: Vec<EnvelopeRow> = select_in!(tx, SQL, indexes, |log_index| *log_index, ")")?;
        for (log_index, cose, salt, body) in rows {
            loaded.insert(log_index, open(log_index, &cose, &salt, body)?);
        }
    }
    Ok(loaded)
}

fn open(log_index: i64, cose: &[u8], salt: &[u8], body: Vec<u8>) -> Result<Envelope, StoreError> {
    let salt = salt
        .try_into()
        .map_err(|_| StoreError::impossible("envelope_bodies", "salt", log_index.to_string()))?;
    Envelope::open(cose, salt, body)
        .map_err(|_| StoreError::impossible("server_log", "cose", log_index.to_string()))
}

/// What became of the device's envelopes from `first` to `last`.
pub(super) async fn results(
    tx: &mut Tx,
    device: DeviceId,
    first: u64,
    last: u64,
) -> Result<Vec<EnvelopeResult>, StoreError> {
    const SQL: &str = "SELECT s.device_seq, s.state, q.reason, q.detail FROM envelope_states s \
        LEFT JOIN quarantine q ON q.log_index = s.log_index \
        WHERE s.device_id = $1 AND s.device_seq BETWEEN $2 AND $3 ORDER BY s.device_seq";
    type Row = (i64, String, Option<String>, Option<String>);
    let id = device.to_string();
    let rows: Vec<Row> = statement(SQL).bind(&id).bind(as_i64(first)).bind(as_i64(last)).rows(tx).await?;
    let result = |(sequence, state, reason, detail): Row| {
        let status = match state.as_str() {
            "pending" => EnvelopeStatus::Pending,
            "merged" => EnvelopeStatus::Merged,
            "late" => EnvelopeStatus::MergedLate,
            "quarantined" => EnvelopeStatus::Quarantined {
                reason: reason.unwrap_or_default(),
                detail: detail.unwrap_or_default(),
            },
            _ => return Err(StoreError::impossible("envelope_states", "state", sequence.to_string())),
        };
        Ok(EnvelopeResult { sequence: u64::try_from(sequence).unwrap_or(0), status })
    };
    rows.into_iter().map(result).collect()
}
