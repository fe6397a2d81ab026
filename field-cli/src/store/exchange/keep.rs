//! Envelopes that an answer carries: of others, and own ones after a restore.

use super::perform::Performer;
use super::replicas::OpenReplica;
use crate::store::log::kind_word;
use crate::store::origins::note_origins_in;
use crate::store::settings::{NUMBERS, note_count_in};
use crate::store::{EnvelopeState, Origin, SIGNATURE, Store, StoreError, Write, commands, writes};
use sync_core::document::{Container, VisitView};
use sync_core::ids::{BlobHash, VisitId};
use sync_core::log::{Body, ChainPosition, ChainStep, Envelope};
use sync_core::protocol::Request;

impl Performer<'_> {
    /// Keeps an envelope and takes its changes into the document. Known ones change nothing.
    pub(super) async fn keep(&mut self, envelope: &Envelope) -> Result<(), StoreError> {
        if envelope.header().device == self.writer.identity.device {
            return self.keep_own(envelope).await;
        }
        let fresh = self.store_foreign(envelope).await?;
        let Some(visit) = envelope.header().visit else { return Ok(()) };
        if fresh {
            *self.report.foreign.entry((visit, envelope.header().device)).or_default() += 1;
        }
        // A known one, too: a server that was restored took it out of the document and has it again.
        let before = if fresh { Some(self.replica(visit).await?.replica.document.view()) } else { None };
        self.apply(visit, envelope, false).await?;
        match before {
            Some(before) => self.note_foreign_writes(visit, envelope, &before).await,
            None => Ok(()),
        }
    }

    /// What an act of somebody else changed here, for the log.
    async fn note_foreign_writes(
        &mut self,
        visit: VisitId,
        envelope: &Envelope,
        before: &VisitView,
    ) -> Result<(), StoreError> {
        let writes = writes::between(before, &self.replica(visit).await?.replica.document.view());
        sqlx::query("UPDATE foreign_log SET writes = $2 WHERE hash = $1")
            .bind(envelope.hash().to_string())
            .bind(serde_json::to_string(&writes).expect("writes are plain JSON"))
            .execute(&mut *self.writer.tx)
            .await?;
        Ok(())
    }

    async fn store_foreign(&mut self, envelope: &Envelope) -> Result<bool, StoreError> {
        let header = envelope.header();
        let added = sqlx::query(
            "INSERT INTO foreign_log (device_id, sequence, hash, kind, visit_id, person_id, claimed_at_ms, \
             received_at_ms, cose, salt, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
             ON CONFLICT DO NOTHING",
        )
        .bind(header.device.to_string())
        .bind(i64::try_from(header.sequence).unwrap_or(i64::MAX))
        .bind(envelope.hash().to_string())
        .bind(kind_word(header.kind))
        .bind(header.visit.map(|id| id.to_string()))
        .bind(header.person.to_string())
        .bind(header.claimed_at.unix_ms())
        .bind(self.writer.now.unix_ms())
        .bind(envelope.cose())
        .bind(&envelope.salt()[..])
        .bind(envelope.body_bytes())
        .execute(&mut *self.writer.tx)
        .await?;
        Ok(added.rows_affected() > 0)
    }

    /// An own envelope comes back: it must be the next of this chain, under this device's key.
    async fn keep_own(&mut self, envelope: &Envelope) -> Result<(), StoreError> {
        let ChainStep::Next(end) = self.writer.position.step(envelope) else { return Ok(()) };
        if !envelope.is_signed_by(&self.writer.key.public()) {
            return Ok(());
        }
        let (header, now) = (envelope.header(), self.writer.now);
        // Opened first: the row would make it one of the saves that are read from the log.
        if let Some(visit) = header.visit {
            self.replica(visit).await?;
        }
        Store::append_in(&mut self.writer.tx, envelope, EnvelopeState::Stored, &[]).await?;
        self.writer.position = ChainPosition { ..end };
        match (envelope.body(), header.visit) {
            (Ok(Body::Command(command)), visit) => {
                let (device, sequence) = (header.device, header.sequence);
                let tx = &mut self.writer.tx;
                if let Some(given) = number_given(&command.request) {
                    note_count_in(tx, NUMBERS, given).await?;
                }
                commands::insert_in(tx, device, sequence, command.id, &command.request, visit, now).await
            }
            (Ok(Body::VisitBegin(begin)), Some(visit)) => {
                let open = self.replica(visit).await?;
                open.replica.generation = open.replica.generation.max(begin.generation);
                open.set_begun(begin.generation);
                Ok(())
            }
            (_, Some(visit)) => self.apply(visit, envelope, true).await,
            _ => Ok(()),
        }
    }

    async fn apply(&mut self, visit: VisitId, envelope: &Envelope, own: bool) -> Result<(), StoreError> {
        let Ok(body) = envelope.body() else { return Ok(()) };
        let Some(change) = body.change() else { return Ok(()) };
        let open = self.replica(visit).await?;
        let heads = open.replica.document.heads();
        let applied = if own {
            open.restored.extend(change.photos.iter().map(|claim| claim.sha256));
            open.replica.record(envelope)
        } else {
            open.replica.keep(change)
        };
        if applied.is_err() {
            // Something before it is missing: the digest differs, the next exchange repairs it.
            return Ok(());
        }
        let fresh: Vec<_> =
            open.replica.document.changes_since(&heads).into_iter().map(|chunk| chunk.hash).collect();
        let header = envelope.header();
        let origin = Origin {
            device: header.device,
            sequence: header.sequence,
            person: header.person,
            claimed_at: header.claimed_at,
            server_received_at: None,
        };
        note_origins_in(&mut self.writer.tx, &fresh, origin).await
    }

    /// Rows of photos that own envelopes named before the store was restored.
    pub(super) async fn restore_photos(
        &mut self,
        visit: VisitId,
        open: &OpenReplica,
        writes: &[Write],
    ) -> Result<(), StoreError> {
        if open.restored.is_empty() {
            return Ok(());
        }
        for write in writes.iter().filter(|write| write.is_new_entry()) {
            let Some((Container::Photos | Container::Signatures, entry)) = write.place() else { continue };
            let text = |name: &str| write.after.get(name).and_then(|value| value.as_str());
            let Some(sha256) = text("sha256").and_then(|hash| hash.parse::<BlobHash>().ok()) else {
                continue;
            };
            if open.restored.contains(&sha256) {
                let size = write.after.get("size").and_then(serde_json::Value::as_i64).unwrap_or(0);
                let media_type = text("media_type").unwrap_or("application/octet-stream");
                self.restore_blob(sha256, size, media_type).await?;
                sqlx::query(
                    "INSERT INTO photos (visit_id, entry_id, sha256, role) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT DO NOTHING",
                )
                .bind(visit.to_string())
                .bind(entry)
                .bind(sha256.to_string())
                .bind(text("role").unwrap_or(SIGNATURE))
                .execute(&mut *self.writer.tx)
                .await?;
            }
        }
        Ok(())
    }

    async fn restore_blob(
        &mut self,
        sha256: BlobHash,
        size: i64,
        media_type: &str,
    ) -> Result<(), StoreError> {
        let here = self.writer.has_copy(sha256);
        sqlx::query(
            "INSERT INTO blobs (sha256, size_bytes, media_type, path, original_name, added_at_ms, state, \
             upload_offset, reason) VALUES ($1, $2, $3, $4, '', $5, $6, 0, $7) ON CONFLICT (sha256) DO NOTHING",
        )
        .bind(sha256.to_string())
        .bind(size)
        .bind(media_type)
        .bind(format!("photos/{sha256}"))
        .bind(self.writer.now.unix_ms())
        .bind(if here { "waiting" } else { "unavailable" })
        .bind((!here).then_some("restored"))
        .execute(&mut *self.writer.tx)
        .await?;
        Ok(())
    }
}

/// The count in the provisional number (`P-3F9A2C-7`) of a complaint that was opened here.
fn number_given(request: &[u8]) -> Option<u64> {
    let Ok(Request::OpenComplaint(complaint)) = Request::decode(request) else { return None };
    complaint.provisional_number.rsplit('-').next()?.parse().ok()
}
