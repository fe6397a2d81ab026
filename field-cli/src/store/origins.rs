//! Who wrote which change: what a value's author is told from.

use super::{Store, StoreError, Tx};
use std::collections::BTreeMap;
use sync_core::document::{ActorId16, Written};
use sync_core::ids::{ChangeHash, DeviceId, PersonId, VisitId};
use sync_core::protocol::{ChangeOrigin, ColleagueCard};
use sync_core::time::Timestamp;

/// A device raises its generation once per refusal: more are not met in practice.
const GENERATIONS_TRIED: u64 = 16;
/// A server history begins with a restore: more are not met in practice.
const EPOCHS_TRIED: u64 = 16;

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
    /// When the server got it; `None` until it said so.
    pub server_received_at: Option<Timestamp>,
}

/// Keeps what the server says about a change, which a device may have got without its envelope.
pub(crate) async fn note_server_origin_in(tx: &mut Tx, origin: &ChangeOrigin) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO change_origins (change_hash, device_id, sequence, person_id, claimed_at_ms, \
         server_received_at_ms) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (change_hash) DO UPDATE SET server_received_at_ms = $6",
    )
    .bind(origin.change.to_string())
    .bind(origin.device.to_string())
    .bind(i64::try_from(origin.sequence).unwrap_or(i64::MAX))
    .bind(origin.person.to_string())
    .bind(origin.claimed_at.unix_ms())
    .bind(origin.received_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
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
            let row: Option<(String, i64, String, i64, Option<i64>)> = sqlx::query_as(
                "SELECT device_id, sequence, person_id, claimed_at_ms, server_received_at_ms FROM change_origins \
                 WHERE change_hash = $1",
            )
            .bind(change.to_string())
            .fetch_optional(self.pool())
            .await?;
            let Some((device, sequence, person, claimed_at_ms, received_at_ms)) = row else { continue };
            let damaged = |column| StoreError::damaged("change_origins", column, change);
            let origin = Origin {
                device: device.parse().map_err(|_| damaged("device_id"))?,
                sequence: u64::try_from(sequence).map_err(|_| damaged("sequence"))?,
                person: person.parse().map_err(|_| damaged("person_id"))?,
                claimed_at: Timestamp::from_unix_ms(claimed_at_ms),
                server_received_at: received_at_ms.map(Timestamp::from_unix_ms),
            };
            origins.insert(*change, origin);
        }
        Ok(origins)
    }
}

/// Who wrote a value, as far as this device can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The person.
    pub person: PersonId,
    /// The device.
    pub device: DeviceId,
    /// Its short name; empty when this device was never told.
    pub device_name: String,
    /// When, by that device's clock; `None` when only the device is known.
    pub claimed_at: Option<Timestamp>,
    /// When this device got it, by its own clock; `None` for its own and for what came in a whole document.
    pub received_at: Option<Timestamp>,
    /// When the server got it; `None` until it said so.
    pub server_received_at: Option<Timestamp>,
}

impl Store {
    /// Who wrote a value of a visit. Without an envelope (a document that came whole) the actor
    /// still tells the device; `None` for the office and for devices this one was never told of.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub async fn author(&self, visit: VisitId, written: &Written) -> Result<Option<Author>, StoreError> {
        let identity = self.identity().await?;
        let mut devices = vec![(identity.device, identity.device_name, identity.person)];
        for entry in self.pack_items("colleague/").await? {
            if let Ok(card) = serde_json::from_str::<ColleagueCard>(&entry.json) {
                devices.push((card.device, card.device_name, card.person));
            }
        }
        let named = |device: DeviceId| devices.iter().find(|(known, ..)| *known == device);
        if let Some(origin) = self.origins(&[written.change]).await?.remove(&written.change) {
            let device_name = named(origin.device).map(|(_, name, _)| name.clone()).unwrap_or_default();
            let (person, device) = (origin.person, origin.device);
            let received_at = self.received_at(&origin).await?;
            let (claimed_at, server_received_at) = (Some(origin.claimed_at), origin.server_received_at);
            return Ok(Some(Author {
                person,
                device,
                device_name,
                claimed_at,
                received_at,
                server_received_at,
            }));
        }
        let is_author = |device: DeviceId| {
            (0..=GENERATIONS_TRIED)
                .any(|generation| ActorId16::of_device(device, visit, generation) == written.actor)
        };
        let found = devices.iter().find(|(device, ..)| is_author(*device));
        Ok(found.map(|(device, device_name, person)| Author {
            person: *person,
            device: *device,
            device_name: device_name.clone(),
            claimed_at: None,
            received_at: None,
            server_received_at: None,
        }))
    }

    async fn received_at(&self, origin: &Origin) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT received_at_ms FROM foreign_log WHERE device_id = $1 AND sequence = $2";
        let at: Option<i64> = sqlx::query_scalar(sql)
            .bind(origin.device.to_string())
            .bind(i64::try_from(origin.sequence).unwrap_or(i64::MAX))
            .fetch_optional(self.pool())
            .await?;
        Ok(at.map(Timestamp::from_unix_ms))
    }

    /// Whether the office wrote a value, in this or an earlier history of the server.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub async fn is_by_office(&self, visit: VisitId, written: &Written) -> Result<bool, StoreError> {
        let newest = self.sync_state().await?.epoch;
        let epochs = newest.saturating_sub(EPOCHS_TRIED)..=newest;
        Ok(epochs.into_iter().any(|epoch| ActorId16::of_office(epoch, visit) == written.actor))
    }
}
