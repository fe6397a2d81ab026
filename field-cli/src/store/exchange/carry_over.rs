//! Taking unsent work along when a device enrols again.
//!
//! The old chain is closed to this device: it forked, or the store came from another machine.
//! What the server has not taken of it is authored anew under the new identity.

use super::replicas::load;
use crate::store::{Store, StoreError};
use std::collections::BTreeSet;
use sync_core::ids::{DeviceId, EnvelopeHash, VisitId};
use sync_core::protocol::EnvelopeStatus;
use sync_core::replica::DEPENDS_ON_REFUSED;

impl Store {
    /// Writes unsent acts of earlier identities anew, except those that the office took up from escrow; yields how
    /// many. Doing it again does nothing.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn carry_over(&self, taken_up: &[EnvelopeHash]) -> Result<u64, StoreError> {
        let mut writer = self.log_writer().await?;
        let rows: Vec<(String, i64, String, Option<String>, String)> = sqlx::query_as(
            "SELECT device_id, sequence, hash, visit_id, state FROM log WHERE device_id != $1 AND dropped = 0 \
             AND reissued_by IS NULL AND state IN ('unsent', 'escrowed') ORDER BY device_id, sequence",
        )
        .bind(writer.identity.device.to_string())
        .fetch_all(&mut *writer.tx)
        .await?;
        let mut places: Vec<(DeviceId, VisitId)> = rows
            .iter()
            .filter_map(|(device, _, _, visit, _)| {
                Some((device.parse().ok()?, visit.as_deref()?.parse().ok()?))
            })
            .collect();
        places.sort_unstable();
        places.dedup();
        let taken_up: BTreeSet<String> = taken_up.iter().map(ToString::to_string).collect();
        let is_in_record = |hash: &String| taken_up.contains(hash);
        let mut count = 0;
        for (device, visit) in places {
            let now = writer.now;
            let mut open = load(&mut writer.tx, visit, device, now).await?;
            let name = device.to_string();
            for (_, sequence, hash, ..) in rows.iter().filter(|(author, ..)| *author == name) {
                let number = u64::try_from(*sequence).unwrap_or(0);
                if is_in_record(hash) {
                    open.replica.settle_merged(number);
                    Self::set_status_in(&mut writer.tx, device, number, &EnvelopeStatus::Merged).await?;
                } else {
                    open.replica.settle_refused(number, DEPENDS_ON_REFUSED);
                }
            }
            count += writer.reissue(visit, &mut open, device).await?;
            // Nothing of the new identity stands in this visit yet, whatever the old one began.
            writer.save_replica(visit, &open).await?;
        }
        let asked: Vec<(String, Option<String>)> = rows
            .into_iter()
            .filter(|(_, _, hash, ..)| !is_in_record(hash))
            .map(|(_, _, hash, visit, _)| (hash, visit))
            .collect();
        writer.ask_again(&asked).await?;
        sqlx::query("UPDATE log SET state = 'lost' WHERE device_id != $1 AND state = 'unsent'")
            .bind(writer.identity.device.to_string())
            .execute(&mut *writer.tx)
            .await?;
        writer.commit().await?;
        Ok(count)
    }
}
