//! Is the store sound, and rebuilding what is derived when it is not.

use super::log::RawEnvelope;
use super::visits::heads_text;
use super::{Store, StoreError};
use sync_core::document::VisitDocument;
use sync_core::ids::VisitId;
use sync_core::log::{ChainPosition, ChainStep};

impl Store {
    /// What SQLite finds wrong with the database file; `None` when nothing.
    ///
    /// # Errors
    /// When it cannot even be asked.
    pub async fn integrity(&self) -> Result<Option<String>, StoreError> {
        let found: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(self.pool()).await?;
        Ok((found != "ok").then_some(found))
    }

    /// How many envelopes the present chain has, and the first that cannot be read, is not signed
    /// by this device or does not follow on the one before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn verify_chain(&self) -> Result<(u64, Option<u64>), StoreError> {
        use futures_util::TryStreamExt as _;
        let device = self.identity().await?.device;
        let key = self.key().ok().map(|key| key.public());
        let mut rows = sqlx::query_as::<_, RawEnvelope>(
            "SELECT sequence, cose, salt, body FROM log WHERE device_id = $1 AND state != 'lost' ORDER BY sequence",
        )
        .bind(device.to_string())
        .fetch(self.pool());
        let (mut end, mut count) = (ChainPosition::START, 0);
        while let Some(row) = rows.try_next().await? {
            let envelope = match row.open() {
                Ok(envelope) => envelope,
                Err(sequence) => return Ok((count, Some(sequence))),
            };
            let signed = key.is_none_or(|key| envelope.is_signed_by(&key));
            match end.step(&envelope) {
                ChainStep::Next(next) if signed => end = next,
                _ => return Ok((count, Some(envelope.header().sequence))),
            }
            count += 1;
        }
        Ok((count, None))
    }

    /// Makes the document of a visit anew from the envelopes kept here. What is still missing then
    /// comes with the next exchange, whose digest will differ.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn rebuild_document(&self, visit: VisitId) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let rows: Vec<RawEnvelope> = sqlx::query_as(
            "SELECT sequence, cose, salt, body FROM log WHERE visit_id = $1 AND dropped = 0 \
             UNION ALL SELECT sequence, cose, salt, body FROM foreign_log WHERE visit_id = $1",
        )
        .bind(visit.to_string())
        .fetch_all(&mut *tx)
        .await?;
        let mut document = VisitDocument::birth(visit);
        let bodies = rows.into_iter().filter_map(|row| row.open().ok()?.body().ok());
        let mut open: Vec<_> = bodies.filter_map(|body| body.change().cloned()).collect();
        // Envelopes of several devices build on one another in no order that rows could have.
        loop {
            let before = open.len();
            open.retain(|change| {
                let chunks: Vec<&[u8]> = change.chunks.iter().map(|chunk| chunk.as_slice()).collect();
                document.apply(&chunks).is_err()
            });
            if open.is_empty() || open.len() == before {
                break;
            }
        }
        let now = self.machine().now();
        Self::save_document_in(&mut tx, &document, &document.view(), now).await?;
        // Not what the server accepted, so the digest differs and the server sends what is missing.
        sqlx::query("UPDATE visits SET accepted_heads = $2 WHERE visit_id = $1")
            .bind(visit.to_string())
            .bind(heads_text(&[sync_core::document::birth_hash(visit)]))
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }
}
