//! Visit documents that an answer touches, with this device's own unsettled saves.

use super::perform::Performer;
use crate::store::log::RawEnvelope;
use crate::store::record::LogWriter;
use crate::store::visits::{heads_text, open_in};
use crate::store::{Store, StoreError, Tx, Write, search, writes};
use sqlx_macros::FromRow;
use std::collections::{BTreeMap, BTreeSet};
use sync_core::document::{VisitDocument, VisitView};
use sync_core::ids::{BlobHash, DeviceId, VisitId};
use sync_core::log::{Body, Envelope, Reissue, VisitBegin};
use sync_core::protocol::{EnvelopeResult, EnvelopeStatus, WholeDocument};
use sync_core::replica::{DEPENDS_ON_LOST, OwnSave, VisitReplica};
use sync_core::time::Timestamp;

/// Documents that are open until the answer is taken in.
#[derive(Default)]
pub(super) struct Replicas(BTreeMap<VisitId, OpenReplica>);

pub(super) struct OpenReplica {
    pub(super) replica: VisitReplica,
    before: VisitView,
    begun: Option<u64>,
    refused: bool,
    /// Photos named by own envelopes that came back from the server.
    pub(super) restored: BTreeSet<BlobHash>,
}

#[derive(FromRow)]
struct UnsettledRow {
    sequence: i64,
    cose: Vec<u8>,
    salt: Vec<u8>,
    body: Vec<u8>,
    state: String,
    reason: Option<String>,
}

/// What is known of an own envelope.
#[derive(FromRow)]
struct OwnRow {
    visit_id: Option<String>,
    kind: String,
    state: String,
    reason: Option<String>,
    dropped: bool,
    reissued: bool,
}

impl OpenReplica {
    /// Notes that a begin under this generation stands in the log.
    pub(super) fn set_begun(&mut self, generation: u64) {
        self.begun = self.begun.max(Some(generation));
    }
}

impl Replicas {
    /// Reads the visit again when it is asked for next.
    pub(super) fn forget(&mut self, visit: VisitId) {
        self.0.remove(&visit);
    }
}

impl Performer<'_> {
    /// The visit with its unsettled saves.
    pub(super) async fn replica(&mut self, visit: VisitId) -> Result<&mut OpenReplica, StoreError> {
        if !self.replicas.0.contains_key(&visit) {
            let open = self.load_replica(visit).await?;
            self.replicas.0.insert(visit, open);
        }
        Ok(self.replicas.0.get_mut(&visit).expect("it was just put there"))
    }

    async fn load_replica(&mut self, visit: VisitId) -> Result<OpenReplica, StoreError> {
        let (device, now) = (self.writer.identity.device, self.writer.now);
        load(&mut self.writer.tx, visit, device, now).await
    }

    /// Notes what became of an own envelope.
    pub(super) async fn settle(&mut self, result: &EnvelopeResult) -> Result<(), StoreError> {
        let Some(row) = self.own_row(result.sequence).await? else { return Ok(()) };
        let visit: Option<VisitId> = row.visit_id.as_deref().and_then(|id| id.parse().ok());
        // Put aside before for another reason, and left out of the document: now it is to be written anew.
        let sent_back = row.dropped
            && !row.reissued
            && row.reason.as_deref() != Some(DEPENDS_ON_LOST)
            && matches!(&result.status, EnvelopeStatus::Quarantined { reason, .. } if reason == DEPENDS_ON_LOST);
        let known = !sent_back
            && matches!(
                (&result.status, row.state.as_str()),
                (EnvelopeStatus::Merged, "merged")
                    | (EnvelopeStatus::MergedLate, "merged_late")
                    | (EnvelopeStatus::Quarantined { .. }, "quarantined")
            );
        let device = self.writer.identity.device;
        let stands = !row.dropped || sent_back;
        if !known
            && stands
            && let (Some(visit), "change" | "reissue") = (visit, row.kind.as_str())
        {
            let envelope = if sent_back { self.own_envelope(result.sequence).await? } else { None };
            // Opened before the row changes, so that the save is still among the unsettled ones.
            let open = self.replica(visit).await?;
            if let Some(envelope) = &envelope {
                open.replica.note(envelope);
            }
            match &result.status {
                EnvelopeStatus::Merged | EnvelopeStatus::MergedLate => {
                    open.replica.settle_merged(result.sequence);
                }
                EnvelopeStatus::Quarantined { reason, .. } => {
                    open.refused |= open.replica.settle_refused(result.sequence, reason);
                }
                EnvelopeStatus::Pending | EnvelopeStatus::Escrowed => {}
            }
        }
        Store::set_status_in(&mut self.writer.tx, device, result.sequence, &result.status).await?;
        self.count(result, visit, known);
        Ok(())
    }

    async fn own_row(&mut self, sequence: u64) -> Result<Option<OwnRow>, StoreError> {
        let row = sqlx::query_as(
            "SELECT visit_id, kind, state, reason, dropped, reissued_by IS NOT NULL AS reissued FROM log \
             WHERE device_id = $1 AND sequence = $2",
        )
        .bind(self.writer.identity.device.to_string())
        .bind(i64::try_from(sequence).unwrap_or(i64::MAX))
        .fetch_optional(&mut *self.writer.tx)
        .await?;
        Ok(row)
    }

    async fn own_envelope(&mut self, sequence: u64) -> Result<Option<Envelope>, StoreError> {
        let row: Option<RawEnvelope> = sqlx::query_as(
            "SELECT sequence, cose, salt, body FROM log WHERE device_id = $1 AND sequence = $2",
        )
        .bind(self.writer.identity.device.to_string())
        .bind(i64::try_from(sequence).unwrap_or(i64::MAX))
        .fetch_optional(&mut *self.writer.tx)
        .await?;
        Ok(row.and_then(|row| row.open().ok()))
    }

    fn count(&mut self, result: &EnvelopeResult, visit: Option<VisitId>, known: bool) {
        match &result.status {
            _ if known => {}
            EnvelopeStatus::Merged | EnvelopeStatus::MergedLate => self.report.merged += 1,
            EnvelopeStatus::Pending => self.report.pending += 1,
            EnvelopeStatus::Quarantined { reason, .. } => {
                self.report.quarantined.push((visit, result.sequence, reason.clone()));
            }
            EnvelopeStatus::Escrowed => {}
        }
    }

    /// Takes in a whole document. Own saves that are in it have been merged, whether or not this
    /// device was ever told.
    pub(super) async fn replace(&mut self, whole: &WholeDocument) -> Result<(), StoreError> {
        let device = self.writer.identity.device;
        let open = self.replica(whole.visit).await?;
        if open.replica.replace(whole).is_err() {
            // The digest will differ and the next exchange repairs it.
            return Ok(());
        }
        let Ok(accepted) = VisitDocument::load(&whole.saved) else { return Ok(()) };
        let is_in = |save: &&OwnSave| save.changes.iter().all(|(hash, _)| accepted.contains(hash));
        let merged: Vec<u64> =
            open.replica.unsettled.iter().filter(is_in).map(|save| save.sequence).collect();
        merged.iter().for_each(|sequence| open.replica.settle_merged(*sequence));
        for sequence in merged {
            Store::set_status_in(&mut self.writer.tx, device, sequence, &EnvelopeStatus::Merged).await?;
        }
        self.report.documents += 1;
        Ok(())
    }

    /// Writes every open document back, and what has to be said anew after a refusal.
    pub(super) async fn flush_replicas(&mut self) -> Result<(), StoreError> {
        for (visit, mut open) in std::mem::take(&mut self.replicas.0) {
            if open.refused {
                let device = self.writer.identity.device;
                self.report.reissued += self.writer.reissue(visit, &mut open, device).await?;
            }
            let changed = self.writer.save_replica(visit, &open).await?;
            self.restore_photos(visit, &open, &changed).await?;
        }
        Ok(())
    }
}

impl LogWriter<'_> {
    /// Writes a document back and what follows from it.
    pub(super) async fn save_replica(
        &mut self,
        visit: VisitId,
        open: &OpenReplica,
    ) -> Result<Vec<Write>, StoreError> {
        let view = open.replica.document.view();
        let changed = writes::between(&open.before, &view);
        Store::note_settled_in(&mut self.tx, &open.before, &view).await?;
        Store::note_settled_before_in(&mut self.tx, &open.replica.document, &view).await?;
        Store::save_document_in(&mut self.tx, &open.replica.document, &view, self.now).await?;
        search::index_writes_in(&mut self.tx, visit, &changed).await?;
        sqlx::query(
            "UPDATE visits SET accepted_heads = $2, generation = $3, begun_generation = coalesce($4, \
             begun_generation) WHERE visit_id = $1",
        )
        .bind(visit.to_string())
        .bind(heads_text(&open.replica.accepted_heads()))
        .bind(i64::try_from(open.replica.generation).unwrap_or(i64::MAX))
        .bind(open.begun.and_then(|begun| i64::try_from(begun).ok()))
        .execute(&mut *self.tx)
        .await?;
        Ok(changed)
    }

    /// Raises the generation after refusals of saves of `author`, and writes what came after them
    /// anew. Yields how many saves that were.
    pub(super) async fn reissue(
        &mut self,
        visit: VisitId,
        open: &mut OpenReplica,
        author: DeviceId,
    ) -> Result<u64, StoreError> {
        let before: Vec<u64> = open.replica.unsettled.iter().map(|save| save.sequence).collect();
        let reissues = open.replica.raise_generation(self.identity.device);
        let kept: BTreeSet<u64> = open.replica.unsettled.iter().map(|save| save.sequence).collect();
        for sequence in before.iter().filter(|sequence| !kept.contains(sequence)) {
            sqlx::query("UPDATE log SET dropped = 1 WHERE device_id = $1 AND sequence = $2")
                .bind(author.to_string())
                .bind(i64::try_from(*sequence).unwrap_or(i64::MAX))
                .execute(&mut *self.tx)
                .await?;
        }
        if reissues.is_empty() {
            return Ok(0);
        }
        let begin = VisitBegin { generation: open.replica.generation, work_order: None, complaint: None };
        self.append(Some(visit), &Body::VisitBegin(begin), &[]).await?;
        open.begun = Some(open.replica.generation);
        let count = u64::try_from(reissues.len()).unwrap_or(u64::MAX);
        for reissue in reissues {
            self.append_reissue(visit, open, reissue).await?;
        }
        Ok(count)
    }

    async fn append_reissue(
        &mut self,
        visit: VisitId,
        open: &mut OpenReplica,
        reissue: Reissue,
    ) -> Result<(), StoreError> {
        let replaced: Vec<String> = reissue.replaces.iter().map(ToString::to_string).collect();
        let writes = self.writes_of(&replaced).await?;
        let heads = open.replica.document.heads();
        let hash = self.append(Some(visit), &Body::Reissue(reissue), &writes).await?;
        for old in &replaced {
            sqlx::query("UPDATE log SET reissued_by = $1 WHERE hash = $2")
                .bind(hash.to_string())
                .bind(old)
                .execute(&mut *self.tx)
                .await?;
        }
        if let Some(envelope) = self.newest().await? {
            // It was just made on this document, so it fits.
            let _ = open.replica.record(&envelope);
        }
        for chunk in open.replica.document.changes_since(&heads) {
            self.note_origin(chunk.hash).await?;
        }
        Ok(())
    }

    async fn writes_of(&mut self, hashes: &[String]) -> Result<Vec<Write>, StoreError> {
        let mut writes = Vec::new();
        for hash in hashes {
            let text: Option<String> = sqlx::query_scalar("SELECT writes FROM log WHERE hash = $1")
                .bind(hash)
                .fetch_optional(&mut *self.tx)
                .await?;
            writes.extend(
                text.and_then(|text| serde_json::from_str::<Vec<Write>>(&text).ok()).unwrap_or_default(),
            );
        }
        Ok(writes)
    }
}

/// The visit with the saves of `device` that are not settled.
pub(super) async fn load(
    tx: &mut Tx,
    visit: VisitId,
    device: DeviceId,
    now: Timestamp,
) -> Result<OpenReplica, StoreError> {
    Store::ensure_visit_in(tx, visit, now).await?;
    let open = open_in(tx, visit).await?.ok_or(StoreError::UnknownVisit { visit })?;
    let before = open.document.view();
    let begun = open.begun.then_some(open.generation);
    let mut replica =
        VisitReplica { document: open.document, generation: open.generation, unsettled: Vec::new() };
    let rows: Vec<UnsettledRow> = sqlx::query_as(
        "SELECT sequence, cose, salt, body, state, reason FROM log WHERE device_id = $1 AND visit_id = $2 \
         AND dropped = 0 AND kind IN ('change', 'reissue') AND state IN ('unsent', 'stored', 'quarantined', \
         'escrowed') ORDER BY sequence",
    )
    .bind(device.to_string())
    .bind(visit.to_string())
    .fetch_all(&mut **tx)
    .await?;
    let mut refused = false;
    for row in rows {
        let sequence = u64::try_from(row.sequence).unwrap_or(0);
        let salt = row.salt.try_into().unwrap_or_default();
        // What cannot be read any more is stepped over by a chain restart, not here.
        let Ok(envelope) = Envelope::open(&row.cose, salt, row.body) else { continue };
        if replica.record(&envelope).is_err() {
            // What it builds on was lost with a restore: it waits for the verdict outside of the document.
            replica.note(&envelope);
        }
        if row.state == "quarantined" {
            refused |= replica.settle_refused(sequence, row.reason.as_deref().unwrap_or_default());
        }
    }
    Ok(OpenReplica { replica, before, begun, refused, restored: BTreeSet::new() })
}
