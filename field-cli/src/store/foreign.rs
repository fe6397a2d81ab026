//! Envelopes of others, as they came.

use super::{Store, StoreError, Write};
use sqlx_macros::FromRow;
use sync_core::ids::{DeviceId, EnvelopeHash, PersonId, VisitId};
use sync_core::time::Timestamp;

/// An envelope of another device as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct ForeignRow {
    /// The device.
    pub device: DeviceId,
    /// Place in its chain.
    pub sequence: u64,
    /// Its hash.
    pub hash: EnvelopeHash,
    /// What it carries: `change`, `visit_begin` …
    pub kind: String,
    /// The visit it belongs to.
    pub visit: Option<VisitId>,
    /// The person.
    pub person: PersonId,
    /// When it was recorded, by that device's clock.
    pub claimed_at: Timestamp,
    /// What it changed here; empty when it came before that was noted.
    pub writes: Vec<Write>,
}

#[derive(FromRow)]
struct RawForeign {
    device_id: String,
    sequence: i64,
    hash: String,
    kind: String,
    visit_id: Option<String>,
    person_id: String,
    claimed_at_ms: i64,
    writes: Option<String>,
}

impl TryFrom<RawForeign> for ForeignRow {
    type Error = StoreError;

    fn try_from(row: RawForeign) -> Result<Self, StoreError> {
        let damaged = |column| StoreError::damaged("foreign_log", column, &row.hash);
        Ok(Self {
            device: row.device_id.parse().map_err(|_| damaged("device_id"))?,
            sequence: u64::try_from(row.sequence).map_err(|_| damaged("sequence"))?,
            hash: row.hash.parse().map_err(|_| damaged("hash"))?,
            visit: row.visit_id.as_deref().map(str::parse).transpose().map_err(|_| damaged("visit_id"))?,
            person: row.person_id.parse().map_err(|_| damaged("person_id"))?,
            claimed_at: Timestamp::from_unix_ms(row.claimed_at_ms),
            writes: row.writes.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
            kind: row.kind,
        })
    }
}

impl Store {
    /// The newest envelopes of others first, of one visit or of all.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub async fn foreign_log(
        &self,
        visit: Option<VisitId>,
        limit: u32,
    ) -> Result<Vec<ForeignRow>, StoreError> {
        let rows: Vec<RawForeign> = sqlx::query_as(
            "SELECT device_id, sequence, hash, kind, visit_id, person_id, claimed_at_ms, writes FROM foreign_log \
             WHERE $1 IS NULL OR visit_id = $1 ORDER BY claimed_at_ms DESC, sequence DESC LIMIT $2",
        )
        .bind(visit.map(|id| id.to_string()))
        .bind(limit)
        .fetch_all(self.pool())
        .await?;
        rows.into_iter().map(ForeignRow::try_from).collect()
    }
}
