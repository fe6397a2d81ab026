//! Who wrote which change: what a value's author is told from.

use super::{Store, StoreError, Tx};
use std::collections::BTreeMap;
use sync_core::ids::{ChangeHash, DeviceId, PersonId};
use sync_core::time::Timestamp;

/// Who wrote a change, on which device, when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The device.
    pub device: DeviceId,
    /// Place in its chain.
    pub sequence: u64,
    /// The person.
    pub person: PersonId,
    /// When, by that device's clock.
    pub claimed_at: Timestamp,
}

pub(super) async fn note_origins_in(
    tx: &mut Tx,
    changes: &[ChangeHash],
    origin: Origin,
) -> Result<(), StoreError> {
    for change in changes {
        sqlx::query(
            "INSERT INTO change_origins (change_hash, device_id, sequence, person_id, claimed_at_ms) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (change_hash) DO NOTHING",
        )
        .bind(change.to_string())
        .bind(origin.device.to_string())
        .bind(i64::try_from(origin.sequence).unwrap_or(i64::MAX))
        .bind(origin.person.to_string())
        .bind(origin.claimed_at.unix_ms())
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

impl Store {
    /// Who wrote these changes, as far as this device was told.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub async fn origins(&self, changes: &[ChangeHash]) -> Result<BTreeMap<ChangeHash, Origin>, StoreError> {
        let mut origins = BTreeMap::new();
        for change in changes {
            let row: Option<(String, i64, String, i64)> = sqlx::query_as(
                "SELECT device_id, sequence, person_id, claimed_at_ms FROM change_origins WHERE change_hash = $1",
            )
            .bind(change.to_string())
            .fetch_optional(self.pool())
            .await?;
            let Some((device, sequence, person, claimed_at_ms)) = row else { continue };
            let damaged = |column| StoreError::damaged("change_origins", column, change);
            let origin = Origin {
                device: device.parse().map_err(|_| damaged("device_id"))?,
                sequence: u64::try_from(sequence).map_err(|_| damaged("sequence"))?,
                person: person.parse().map_err(|_| damaged("person_id"))?,
                claimed_at: Timestamp::from_unix_ms(claimed_at_ms),
            };
            origins.insert(*change, origin);
        }
        Ok(origins)
    }
}
