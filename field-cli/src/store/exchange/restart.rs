//! Going on after envelopes that cannot be read any more, and after a new enrolment.
//!
//! What was typed is not lost with an envelope: the document still has its changes. They are
//! sent again in a `reissue` that names what it stands for.

use crate::store::record::LogWriter;
use crate::store::visits::{OpenVisit, open_in};
use crate::store::{Store, StoreError};
use sync_core::ids::{DeviceId, EnvelopeHash, VisitId};
use sync_core::log::{Body, ChainRestart, ChangeBody, Command, DetachedPart, PhotoClaim, Reissue};

impl Store {
    /// From which sequence on envelopes follow on one another after the acknowledged one: a chain
    /// restart steps over what lies between.
    pub(super) async fn restarted_from(
        &self,
        device: DeviceId,
        acknowledged: u64,
    ) -> Result<u64, StoreError> {
        let restart: Option<i64> = sqlx::query_scalar(
            "SELECT max(sequence) FROM log WHERE device_id = $1 AND kind = 'chain_restart' AND sequence > $2",
        )
        .bind(device.to_string())
        .bind(i64::try_from(acknowledged).unwrap_or(i64::MAX))
        .fetch_one(self.pool())
        .await?;
        Ok(restart
            .and_then(|restart| u64::try_from(restart).ok())
            .map_or(acknowledged, |restart| restart - 1))
    }

    /// Steps over everything that is not acknowledged, because it begins with something that
    /// cannot be read, and says what was lost and what is said again.
    pub(super) async fn restart_chain(&self) -> Result<(), StoreError> {
        let mut writer = self.log_writer().await?;
        let state = Self::sync_state_in(&mut writer.tx).await?;
        let rows: Vec<(String, Option<String>)> = sqlx::query_as(
            "UPDATE log SET state = 'lost' WHERE device_id = $1 AND sequence > $2 AND kind != 'chain_restart' \
             RETURNING hash, visit_id",
        )
        .bind(writer.identity.device.to_string())
        .bind(i64::try_from(state.acknowledged).unwrap_or(i64::MAX))
        .fetch_all(&mut *writer.tx)
        .await?;
        let lost: Vec<EnvelopeHash> = rows.iter().filter_map(|(hash, _)| hash.parse().ok()).collect();
        let restart = ChainRestart {
            acknowledged_sequence: state.acknowledged,
            acknowledged: state.acknowledged_hash.unwrap_or(EnvelopeHash::NONE),
            lost,
        };
        writer.append(None, &Body::ChainRestart(restart), &[]).await?;
        writer.say_again(&rows).await?;
        writer.commit().await
    }
}

impl LogWriter<'_> {
    /// Says again what envelopes said that never reach the server as they are: `rows` are their
    /// hashes and visits.
    pub(crate) async fn say_again(&mut self, rows: &[(String, Option<String>)]) -> Result<(), StoreError> {
        let mut visits: Vec<VisitId> =
            rows.iter().filter_map(|(_, visit)| visit.as_deref()?.parse().ok()).collect();
        visits.sort_unstable();
        visits.dedup();
        for visit in visits {
            let name = visit.to_string();
            let of_visit = rows.iter().filter(|(_, row)| row.as_deref() == Some(name.as_str()));
            let replaces: Vec<EnvelopeHash> = of_visit.filter_map(|(hash, _)| hash.parse().ok()).collect();
            self.say_visit_again(visit, replaces).await?;
        }
        self.ask_again(rows).await
    }

    async fn say_visit_again(
        &mut self,
        visit: VisitId,
        replaces: Vec<EnvelopeHash>,
    ) -> Result<(), StoreError> {
        let Some(open) = open_in(&mut self.tx, visit).await? else { return Ok(()) };
        let Some(change) = self.unsent_changes(visit, &open).await? else { return Ok(()) };
        self.begin_visit(visit, &open).await?;
        let old: Vec<String> = replaces.iter().map(ToString::to_string).collect();
        let hash = self.append(Some(visit), &Body::Reissue(Reissue { replaces, change }), &[]).await?;
        for old in old {
            sqlx::query("UPDATE log SET reissued_by = $1, dropped = 1 WHERE hash = $2 AND kind IN ('change', 'reissue')")
                .bind(hash.to_string())
                .bind(old)
                .execute(&mut *self.tx)
                .await?;
        }
        Ok(())
    }

    /// This device's changes of a visit that the server has not accepted.
    async fn unsent_changes(
        &mut self,
        visit: VisitId,
        open: &OpenVisit,
    ) -> Result<Option<ChangeBody>, StoreError> {
        let heads: String = sqlx::query_scalar("SELECT accepted_heads FROM visits WHERE visit_id = $1")
            .bind(visit.to_string())
            .fetch_one(&mut *self.tx)
            .await?;
        let heads: Vec<_> = serde_json::from_str(&heads)
            .map_err(|_| StoreError::damaged("visits", "accepted_heads", visit))?;
        let chunks = open.document.changes_since(&heads);
        if chunks.is_empty() {
            return Ok(None);
        }
        let photos: Vec<(String, i64, String)> = sqlx::query_as(
            "SELECT DISTINCT blobs.sha256, blobs.size_bytes, blobs.media_type FROM photos JOIN blobs \
             ON blobs.sha256 = photos.sha256 WHERE photos.visit_id = $1 AND blobs.state != 'arrived'",
        )
        .bind(visit.to_string())
        .fetch_all(&mut *self.tx)
        .await?;
        let photos = photos.into_iter().filter_map(|(sha256, size, media_type)| {
            Some(PhotoClaim {
                sha256: sha256.parse().ok()?,
                size_bytes: u64::try_from(size).ok()?,
                media_type,
            })
        });
        Ok(Some(ChangeBody {
            generation: open.generation,
            chunks: chunks.into_iter().map(|chunk| chunk.bytes.into()).collect(),
            photos: photos.collect(),
            parts: self.parts_of(visit).await?,
        }))
    }

    async fn parts_of(&mut self, visit: VisitId) -> Result<Vec<DetachedPart>, StoreError> {
        let rows: Vec<(String, Vec<u8>, String)> =
            sqlx::query_as("SELECT part_id, salt, text FROM parts WHERE visit_id = $1")
                .bind(visit.to_string())
                .fetch_all(&mut *self.tx)
                .await?;
        let parts = rows.into_iter().filter_map(|(id, salt, text)| {
            Some(DetachedPart { id: id.parse().ok()?, salt: salt.try_into().ok()?, text })
        });
        Ok(parts.collect())
    }

    /// Requests keep their id, so that a server that heard them after all does nothing twice.
    pub(super) async fn ask_again(&mut self, rows: &[(String, Option<String>)]) -> Result<(), StoreError> {
        for (hash, visit) in rows {
            let asked: Option<(String, Vec<u8>)> = sqlx::query_as(
                "SELECT commands.command_id, commands.encoded FROM log JOIN commands \
                 ON commands.device_id = log.device_id AND commands.sequence = log.sequence \
                 WHERE log.hash = $1 AND log.kind = 'command' AND commands.outcome = 'waiting'",
            )
            .bind(hash)
            .fetch_optional(&mut *self.tx)
            .await?;
            let Some((id, encoded)) = asked else { continue };
            let Ok(id) = id.parse() else { continue };
            let command = Command { id, request: encoded.into() };
            let visit = visit.as_deref().and_then(|visit| visit.parse().ok());
            let again = self.append(visit, &Body::Command(command), &[]).await?;
            sqlx::query("UPDATE log SET reissued_by = $1 WHERE hash = $2")
                .bind(again.to_string())
                .bind(hash)
                .execute(&mut *self.tx)
                .await?;
        }
        Ok(())
    }
}
