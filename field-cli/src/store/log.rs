//! The device log: own envelopes in their order, and what became of them.

use super::{Store, StoreError, Tx, Write};
use sqlx_macros::FromRow;
use sync_core::ids::{DeviceId, EntryId, EnvelopeHash, VisitId};
use sync_core::log::{BodyKind, ChainPosition, Envelope};
use sync_core::protocol::EnvelopeStatus;
use sync_core::time::Timestamp;

/// What became of an own envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EnvelopeState {
    /// Only on this device.
    Unsent,
    /// Durable on the server, not judged yet.
    Stored,
    /// In the central record.
    Merged,
    /// In the central record, after its author had lost the visit.
    MergedLate,
    /// Refused with a reason; a person decides.
    Quarantined,
    /// Set aside because the device was revoked or its log forked.
    Escrowed,
    /// Could not be read any more; a chain restart says so.
    Lost,
}

impl EnvelopeState {
    /// The word that stands in the store and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unsent => "unsent",
            Self::Stored => "stored",
            Self::Merged => "merged",
            Self::MergedLate => "merged_late",
            Self::Quarantined => "quarantined",
            Self::Escrowed => "escrowed",
            Self::Lost => "lost",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        let all = [
            Self::Unsent,
            Self::Stored,
            Self::Merged,
            Self::MergedLate,
            Self::Quarantined,
            Self::Escrowed,
            Self::Lost,
        ];
        all.into_iter().find(|state| state.as_str() == word)
    }
}

/// The word for a kind of envelope that stands in the store and in JSON.
pub(crate) const fn kind_word(kind: BodyKind) -> &'static str {
    match kind {
        BodyKind::VisitBegin => "visit_begin",
        BodyKind::Change => "change",
        BodyKind::Command => "command",
        BodyKind::Restricted => "restricted",
        BodyKind::Reissue => "reissue",
        BodyKind::ChainRestart => "chain_restart",
    }
}

/// An own envelope as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRow {
    /// The chain it stands in; a device that enrolled again has several.
    pub device: DeviceId,
    /// Place in the chain.
    pub sequence: u64,
    /// Its hash.
    pub hash: EnvelopeHash,
    /// What it carries: `change`, `command` …
    pub kind: String,
    /// The visit it belongs to.
    pub visit: Option<VisitId>,
    /// When it was recorded, by this device's clock.
    pub claimed_at: Timestamp,
    /// What became of it.
    pub state: EnvelopeState,
    /// Why it was refused: stable code.
    pub reason: Option<String>,
    /// Why it was refused: what exactly.
    pub detail: Option<String>,
    /// What the act wrote.
    pub writes: Vec<Write>,
    /// Whether a later act took it back.
    pub undone: bool,
    /// Whether a later act repeats it after a quarantine.
    pub reissued: bool,
    /// Size of envelope and body in bytes.
    pub size_bytes: u64,
}

/// How many own envelopes are in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogCounts {
    /// Only on this device.
    pub unsent: u64,
    /// Their bytes.
    pub unsent_bytes: u64,
    /// Durable on the server, not judged yet.
    pub stored: u64,
    /// Refused, and not repeated by a later act.
    pub quarantined: u64,
    /// Set aside because the device was revoked or its log forked, and not repeated by a later act.
    pub escrowed: u64,
}

#[derive(FromRow)]
pub(super) struct RawLogRow {
    device_id: String,
    sequence: i64,
    hash: String,
    kind: String,
    visit_id: Option<String>,
    claimed_at_ms: i64,
    state: String,
    reason: Option<String>,
    detail: Option<String>,
    writes: String,
    undone_by: Option<String>,
    reissued_by: Option<String>,
    size_bytes: i64,
}

pub(super) const SELECT: &str = "SELECT device_id, sequence, hash, kind, visit_id, claimed_at_ms, state, reason, detail, \
    writes, undone_by, reissued_by, length(cose) + length(body) AS size_bytes FROM log";

impl TryFrom<RawLogRow> for LogRow {
    type Error = StoreError;

    fn try_from(row: RawLogRow) -> Result<Self, StoreError> {
        let damaged = |column| StoreError::damaged("log", column, row.sequence);
        Ok(Self {
            device: row.device_id.parse().map_err(|_| damaged("device_id"))?,
            sequence: u64::try_from(row.sequence).map_err(|_| damaged("sequence"))?,
            hash: row.hash.parse().map_err(|_| damaged("hash"))?,
            visit: row.visit_id.map(|id| id.parse()).transpose().map_err(|_| damaged("visit_id"))?,
            claimed_at: Timestamp::from_unix_ms(row.claimed_at_ms),
            state: EnvelopeState::parse(&row.state).ok_or(damaged("state"))?,
            writes: serde_json::from_str(&row.writes).map_err(|_| damaged("writes"))?,
            kind: row.kind,
            reason: row.reason,
            detail: row.detail,
            undone: row.undone_by.is_some(),
            reissued: row.reissued_by.is_some(),
            size_bytes: u64::try_from(row.size_bytes).unwrap_or(0),
        })
    }
}

/// The parts of a stored envelope.
#[derive(FromRow)]
pub(super) struct RawEnvelope {
    sequence: i64,
    cose: Vec<u8>,
    salt: Vec<u8>,
    body: Vec<u8>,
}

impl RawEnvelope {
    pub(super) fn bytes(&self) -> usize {
        self.body.len() + self.cose.len()
    }

    /// The envelope, or its sequence when it cannot be read any more.
    pub(super) fn open(self) -> Result<Envelope, u64> {
        let sequence = u64::try_from(self.sequence).unwrap_or(0);
        let salt = self.salt.try_into().map_err(|_| sequence)?;
        Envelope::open(&self.cose, salt, self.body).map_err(|_| sequence)
    }
}

impl Store {
    /// The newest own envelopes first, of one visit or of all.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub async fn log(&self, visit: Option<VisitId>, limit: u32) -> Result<Vec<LogRow>, StoreError> {
        let sql = format!(
            "{SELECT} WHERE $1 IS NULL OR visit_id = $1 ORDER BY claimed_at_ms DESC, sequence DESC LIMIT $2"
        );
        let rows: Vec<RawLogRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(visit.map(|id| id.to_string()))
            .bind(limit)
            .fetch_all(self.pool())
            .await?;
        rows.into_iter().map(LogRow::try_from).collect()
    }

    /// Own envelopes that are not in the central record, oldest first.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub async fn outbox(&self) -> Result<Vec<LogRow>, StoreError> {
        let sql = format!(
            "{SELECT} WHERE state IN ('unsent', 'stored', 'quarantined', 'escrowed', 'lost') AND reissued_by IS NULL \
             ORDER BY claimed_at_ms, sequence"
        );
        let rows: Vec<RawLogRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(self.pool()).await?;
        rows.into_iter().map(LogRow::try_from).collect()
    }

    /// A text that is kept beside a document.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn part_text(&self, part: EntryId) -> Result<Option<String>, StoreError> {
        let sql = "SELECT text FROM parts WHERE part_id = $1";
        Ok(sqlx::query_scalar(sql).bind(part.to_string()).fetch_optional(self.pool()).await?)
    }

    /// How many own envelopes wait for what.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_counts(&self) -> Result<LogCounts, StoreError> {
        let row: (i64, i64, i64, i64, i64) = sqlx::query_as(
            "SELECT coalesce(sum(state = 'unsent'), 0), \
             coalesce(sum(CASE WHEN state = 'unsent' THEN length(cose) + length(body) END), 0), \
             coalesce(sum(state = 'stored'), 0), coalesce(sum(state = 'quarantined' AND reissued_by IS NULL), 0), \
             coalesce(sum(state = 'escrowed' AND reissued_by IS NULL), 0) \
             FROM log WHERE state IN ('unsent', 'stored', 'quarantined', 'escrowed') \
             AND device_id = (SELECT device_id FROM identity)",
        )
        .fetch_one(self.pool())
        .await?;
        let count = |value: i64| u64::try_from(value).unwrap_or(0);
        Ok(LogCounts {
            unsent: count(row.0),
            unsent_bytes: count(row.1),
            stored: count(row.2),
            quarantined: count(row.3),
            escrowed: count(row.4),
        })
    }

    /// Where the present chain ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn chain_end(&self) -> Result<ChainPosition, StoreError> {
        let device = self.identity().await?.device;
        Self::chain_end_in(&mut self.pool().begin().await?, device).await
    }

    /// The same inside a transaction.
    pub(crate) async fn chain_end_in(tx: &mut Tx, device: DeviceId) -> Result<ChainPosition, StoreError> {
        let row: Option<(i64, String)> = sqlx::query_as(
            "SELECT sequence, hash FROM log WHERE device_id = $1 ORDER BY sequence DESC LIMIT 1",
        )
        .bind(device.to_string())
        .fetch_optional(&mut **tx)
        .await?;
        let Some((sequence, hash)) = row else { return Ok(ChainPosition::START) };
        Ok(ChainPosition {
            sequence: u64::try_from(sequence)
                .map_err(|_| StoreError::damaged("log", "sequence", sequence))?,
            hash: hash.parse().map_err(|_| StoreError::damaged("log", "hash", sequence))?,
        })
    }

    /// Appends an own envelope.
    pub(crate) async fn append_in(
        tx: &mut Tx,
        envelope: &Envelope,
        state: EnvelopeState,
        writes: &[Write],
    ) -> Result<(), StoreError> {
        let header = envelope.header();
        sqlx::query(
            "INSERT INTO log (device_id, sequence, hash, kind, visit_id, claimed_at_ms, cose, salt, body, state, \
             writes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(header.device.to_string())
        .bind(i64::try_from(header.sequence).unwrap_or(i64::MAX))
        .bind(envelope.hash().to_string())
        .bind(kind_word(header.kind))
        .bind(header.visit.map(|id| id.to_string()))
        .bind(header.claimed_at.unix_ms())
        .bind(envelope.cose())
        .bind(&envelope.salt()[..])
        .bind(envelope.body_bytes())
        .bind(state.as_str())
        .bind(serde_json::to_string(writes).expect("writes are plain JSON"))
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// Own envelopes of the present chain after `after`, in their order, until `bytes_max` bytes
    /// of bodies are together (at least one). The second part is the first sequence that cannot
    /// be read, if one stands in the way.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn envelopes_after(
        &self,
        device: DeviceId,
        after: u64,
        count_max: usize,
        bytes_max: usize,
    ) -> Result<(Vec<Envelope>, Option<u64>), StoreError> {
        use futures_util::TryStreamExt as _;
        let mut rows = sqlx::query_as::<_, RawEnvelope>(
            "SELECT sequence, cose, salt, body FROM log WHERE device_id = $1 AND sequence > $2 ORDER BY sequence",
        )
        .bind(device.to_string())
        .bind(i64::try_from(after).unwrap_or(i64::MAX))
        .fetch(self.pool());
        let (mut envelopes, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.try_next().await? {
            bytes += row.bytes();
            if envelopes.len() >= count_max || (bytes > bytes_max && !envelopes.is_empty()) {
                break;
            }
            match row.open() {
                Ok(envelope) => envelopes.push(envelope),
                Err(sequence) => return Ok((envelopes, Some(sequence))),
            }
        }
        Ok((envelopes, None))
    }

    /// One own envelope; `None` when there is none or when it cannot be read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn envelope(&self, hash: EnvelopeHash) -> Result<Option<Envelope>, StoreError> {
        let row: Option<RawEnvelope> = sqlx::query_as(
            "SELECT sequence, cose, salt, body FROM log WHERE hash = $1 \
             UNION ALL SELECT sequence, cose, salt, body FROM foreign_log WHERE hash = $1",
        )
        .bind(hash.to_string())
        .fetch_optional(self.pool())
        .await?;
        Ok(row.and_then(|row| row.open().ok()))
    }

    /// Notes what the server says became of an own envelope.
    pub(crate) async fn set_status_in(
        tx: &mut Tx,
        device: DeviceId,
        sequence: u64,
        status: &EnvelopeStatus,
    ) -> Result<(), StoreError> {
        let (state, reason, detail) = match status {
            EnvelopeStatus::Merged => (EnvelopeState::Merged, None, None),
            EnvelopeStatus::MergedLate => (EnvelopeState::MergedLate, None, None),
            EnvelopeStatus::Pending => (EnvelopeState::Stored, None, None),
            EnvelopeStatus::Quarantined { reason, detail } => {
                (EnvelopeState::Quarantined, Some(reason.as_str()), Some(detail.as_str()))
            }
            EnvelopeStatus::Escrowed => (EnvelopeState::Escrowed, None, None),
        };
        sqlx::query(
            "UPDATE log SET state = $1, reason = $2, detail = $3 WHERE device_id = $4 AND sequence = $5",
        )
        .bind(state.as_str())
        .bind(reason)
        .bind(detail)
        .bind(device.to_string())
        .bind(i64::try_from(sequence).unwrap_or(i64::MAX))
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}
