//! The one write path: what a technician records becomes document, envelopes and rows in one
//! transaction, or nothing at all.

use super::act::Act;
use super::origins::{Origin, note_origins_in};
use super::visits::OpenVisit;
use super::{EnvelopeState, Identity, Store, StoreError, Tx, Write, binding, photos, visits, writes};
use crate::machine::Machine;
use sqlx_macros::FromRow;
use std::cell::Cell;
use sync_core::document::{ActorId16, Chunk, EditAuthor, Role, VisitView};
use sync_core::ids::{BlobHash, ChangeHash, CommandId, ComplaintId, EnvelopeHash, VisitId, WorkOrderId};
use sync_core::log::{
    BODY_BYTES_MAX, Body, BodyKind, ChainPosition, ChangeBody, Command, DetachedPart, Envelope,
    HEADER_FORMAT, Header, Restricted, SealParts, SigningKey, VisitBegin,
};
use sync_core::protocol::{AssignmentCard, Request};
use sync_core::restricted::{RestrictedFinding, SealingKey};
use sync_core::time::Timestamp;

/// How a visit that the server does not know yet begins.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// The work order, when there is one.
    pub work_order: Option<WorkOrderId>,
    /// The complaint opened together with the visit.
    pub complaint: Option<ComplaintId>,
    /// What lists show until the server sends its own card.
    pub card: Option<AssignmentCard>,
}

/// What was committed.
#[derive(Debug)]
pub struct Recorded<T> {
    /// What the closure returned.
    pub value: T,
    /// The document as it reads now.
    pub view: VisitView,
    /// What the act wrote.
    pub writes: Vec<Write>,
    /// Hashes of the envelopes it became, oldest first; empty when nothing changed.
    pub envelopes: Vec<EnvelopeHash>,
    /// When it was recorded, by this device's clock.
    pub at: Timestamp,
}

/// What a finished closure leaves to be written.
struct Finished {
    chunk: Option<Chunk>,
    parts: Vec<DetachedPart>,
    commands: Vec<Command>,
    current: Option<Option<VisitId>>,
    undoes: Vec<EnvelopeHash>,
}

impl Store {
    /// Records one act on a visit: `compose` edits the document, and everything it did becomes
    /// one change in one envelope. When this returns `Ok`, it is on the disk.
    ///
    /// # Errors
    /// Whatever `compose` refuses, and when the store cannot be written: nothing is recorded then.
    pub async fn record<T, E: From<StoreError>>(
        &self,
        visit: VisitId,
        compose: impl FnOnce(&mut Act<'_>) -> Result<T, E>,
    ) -> Result<Recorded<T>, E> {
        self.record_from(visit, None, compose).await
    }

    /// Records the first act on a visit that begins on this device.
    ///
    /// # Errors
    /// As [`Store::record`].
    pub async fn record_born<T, E: From<StoreError>>(
        &self,
        visit: VisitId,
        start: Start,
        compose: impl FnOnce(&mut Act<'_>) -> Result<T, E>,
    ) -> Result<Recorded<T>, E> {
        self.record_from(visit, Some(start), compose).await
    }

    /// Records a request to the server that belongs to no visit document.
    ///
    /// # Errors
    /// When the store cannot be written: nothing is recorded then.
    pub async fn record_command(
        &self,
        visit: Option<VisitId>,
        request: &Request,
    ) -> Result<CommandId, StoreError> {
        let mut writer = self.log_writer().await?;
        let id = CommandId::from_entropy(writer.now, self.machine().bytes());
        let command = Command { id, request: request.encode().into() };
        writer.command(visit, command).await?;
        writer.commit().await?;
        Ok(id)
    }

    /// Seals a restricted finding for the server and records it. It names no visit outside of the seal, and nothing of
    /// it stays readable on this device.
    ///
    /// # Errors
    /// When the store cannot be written: nothing is recorded then.
    pub async fn record_restricted(
        &self,
        finding: &RestrictedFinding,
        key: &SealingKey,
    ) -> Result<(), StoreError> {
        let mut writer = self.log_writer().await?;
        let sealed = finding.seal(key, writer.identity.person, self.machine().bytes());
        writer.append(None, &Body::Restricted(Restricted { sealed: sealed.into() }), &[]).await?;
        writer.commit().await
    }

    async fn record_from<T, E: From<StoreError>>(
        &self,
        visit: VisitId,
        start: Option<Start>,
        compose: impl FnOnce(&mut Act<'_>) -> Result<T, E>,
    ) -> Result<Recorded<T>, E> {
        let mut writer = self.log_writer().await?;
        let mut open = writer.open_visit(visit, start.as_ref()).await?;
        let before = open.document.view();
        // Work that was sent back is done again: the same value once more says that it was looked at.
        let sent_back = Self::was_sent_back_in(&mut writer.tx, visit).await?;
        let author = EditAuthor {
            actor: ActorId16::of_device(writer.identity.device, visit, open.generation),
            person: writer.identity.person,
            at: writer.now,
            role: Role::Field,
        };
        let mut act = Act {
            edit: open.document.edit(author),
            before: &before,
            machine: self.machine(),
            identity: &writer.identity,
            visit,
            now: writer.now,
            parts: Vec::new(),
            commands: Vec::new(),
            current: None,
            undoes: Vec::new(),
            minted: Cell::new(0),
        };
        if sent_back {
            act.edit.confirming();
        }
        let value = compose(&mut act)?;
        let Act { edit, parts, commands, current, undoes, .. } = act;
        let finished = Finished { chunk: edit.commit(), parts, commands, current, undoes };
        let after = open.document.view();
        let writes = writes::between(&before, &after);
        writer.write_act(visit, &open, finished, &writes, &after).await?;
        Self::note_settled_in(&mut writer.tx, &before, &after).await?;
        let (now, envelopes) = (writer.now, writer.written.clone());
        writer.commit().await?;
        Ok(Recorded { value, view: after, writes, envelopes, at: now })
    }

    /// Starts writing to the device log. Holds the database until [`LogWriter::commit`].
    pub(crate) async fn log_writer(&self) -> Result<LogWriter<'_>, StoreError> {
        let writer = self.log_writer_unchecked().await?;
        let (end, own_from) = (writer.position.sequence, writer.known.own_from);
        binding::check(self.home(), self.machine(), &writer.identity, end)?;
        match own_from {
            0 => Ok(writer),
            from => Err(StoreError::Restored { found: end, written: u64::try_from(from).unwrap_or(0) }),
        }
    }

    /// The same, whether or not the store may be written to: only for taking in what the server says.
    pub(crate) async fn log_writer_unchecked(&self) -> Result<LogWriter<'_>, StoreError> {
        let mut tx = self.write().await?;
        let identity = Self::identity_in(&mut tx).await?;
        let known: Known =
            sqlx::query_as("SELECT epoch, log_index_known, server_time_known_ms, own_from FROM sync_state")
                .fetch_one(&mut *tx)
                .await?;
        let position = Self::chain_end_in(&mut tx, identity.device).await?;
        let (key, now) = (self.key()?, self.machine().now());
        Ok(LogWriter { store: self, tx, identity, key, known, position, now, written: Vec::new() })
    }
}

/// What goes into every header of what the server said last.
#[derive(FromRow)]
pub(super) struct Known {
    pub(super) epoch: i64,
    pub(super) log_index_known: i64,
    pub(super) server_time_known_ms: i64,
    own_from: i64,
}

/// A transaction that appends to the device log.
pub(crate) struct LogWriter<'s> {
    store: &'s Store,
    pub(crate) tx: Tx,
    pub(crate) identity: Identity,
    pub(super) key: SigningKey,
    pub(super) known: Known,
    pub(super) position: ChainPosition,
    pub(crate) now: Timestamp,
    written: Vec<EnvelopeHash>,
}

impl LogWriter<'_> {
    /// The machine of the store.
    pub(super) fn machine(&self) -> &Machine {
        self.store.machine()
    }

    async fn open_visit(&mut self, visit: VisitId, start: Option<&Start>) -> Result<OpenVisit, StoreError> {
        if let Some(start) = start {
            Store::ensure_visit_in(&mut self.tx, visit, self.now).await?;
            sqlx::query(
                "UPDATE visits SET work_order_id = coalesce(work_order_id, $2), \
                 complaint_id = coalesce(complaint_id, $3) WHERE visit_id = $1",
            )
            .bind(visit.to_string())
            .bind(start.work_order.map(|id| id.to_string()))
            .bind(start.complaint.map(|id| id.to_string()))
            .execute(&mut *self.tx)
            .await?;
            if let Some(card) = &start.card {
                Store::put_provisional_card_in(&mut self.tx, card, self.now).await?;
            }
        }
        visits::open_in(&mut self.tx, visit).await?.ok_or(StoreError::UnknownVisit { visit })
    }

    async fn write_act(
        &mut self,
        visit: VisitId,
        open: &OpenVisit,
        finished: Finished,
        writes: &[Write],
        after: &VisitView,
    ) -> Result<(), StoreError> {
        let Finished { chunk, parts, commands, current, undoes } = finished;
        if chunk.is_some() || !commands.is_empty() {
            self.begin_visit(visit, open).await?;
        }
        if let Some(chunk) = chunk {
            let body = ChangeBody {
                generation: open.generation,
                chunks: vec![chunk.bytes.into()],
                photos: photos::claims_in(&mut self.tx, visit, writes).await?,
                parts,
            };
            let envelope = self.append_change(visit, body, writes).await?;
            self.note_origin(chunk.hash).await?;
            Store::save_document_in(&mut self.tx, &open.document, after, self.now).await?;
            super::search::index_writes_in(&mut self.tx, visit, writes).await?;
            for undone in undoes {
                sqlx::query("UPDATE log SET undone_by = $1 WHERE hash = $2")
                    .bind(envelope.to_string())
                    .bind(undone.to_string())
                    .execute(&mut *self.tx)
                    .await?;
            }
        }
        for command in commands {
            self.command(Some(visit), command).await?;
        }
        match current {
            Some(current) => super::settings::set_current_in(&mut self.tx, current).await,
            None => Ok(()),
        }
    }

    /// Appends the begin of this device on a visit, unless it stands in the log already.
    pub(super) async fn begin_visit(&mut self, visit: VisitId, open: &OpenVisit) -> Result<(), StoreError> {
        if open.begun {
            return Ok(());
        }
        let begin = VisitBegin {
            generation: open.generation,
            work_order: open.work_order,
            complaint: open.complaint,
        };
        self.append(Some(visit), &Body::VisitBegin(begin), &[]).await?;
        sqlx::query("UPDATE visits SET begun_generation = generation WHERE visit_id = $1")
            .bind(visit.to_string())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    async fn append_change(
        &mut self,
        visit: VisitId,
        body: ChangeBody,
        writes: &[Write],
    ) -> Result<EnvelopeHash, StoreError> {
        for part in &body.parts {
            sqlx::query("INSERT INTO parts (part_id, visit_id, salt, text) VALUES ($1, $2, $3, $4)")
                .bind(part.id.to_string())
                .bind(visit.to_string())
                .bind(&part.salt[..])
                .bind(&part.text)
                .execute(&mut *self.tx)
                .await?;
        }
        self.append(Some(visit), &Body::Change(body), writes).await
    }

    async fn command(&mut self, visit: Option<VisitId>, command: Command) -> Result<(), StoreError> {
        let (id, request) = (command.id, command.request.clone());
        self.append(visit, &Body::Command(command), &[]).await?;
        let sequence = self.position.sequence;
        super::commands::insert_in(
            &mut self.tx,
            self.identity.device,
            sequence,
            id,
            &request,
            visit,
            self.now,
        )
        .await
    }

    /// Seals `body` as the next envelope of this device and stores it.
    pub(crate) async fn append(
        &mut self,
        visit: Option<VisitId>,
        body: &Body,
        writes: &[Write],
    ) -> Result<EnvelopeHash, StoreError> {
        let machine = self.store.machine();
        let header = Header {
            format: HEADER_FORMAT,
            server: self.identity.server,
            epoch: u64::try_from(self.known.epoch).unwrap_or(0),
            device: self.identity.device,
            sequence: self.position.sequence + 1,
            previous: self.position.hash,
            person: self.identity.person,
            claimed_at: self.now,
            monotonic_ms: machine.monotonic_ms(),
            boot: machine.boot(),
            utc_offset_min: machine.utc_offset_min(),
            log_index_known: u64::try_from(self.known.log_index_known).unwrap_or(0),
            server_time_known: Timestamp::from_unix_ms(self.known.server_time_known_ms),
            kind: BodyKind::Change,
            visit,
            commitment: [0; 32],
        };
        let envelope = Envelope::seal(SealParts { header, body, salt: machine.bytes() }, &self.key);
        if envelope.body_bytes().len() > BODY_BYTES_MAX {
            return Err(StoreError::ActTooLarge { found: envelope.body_bytes().len() });
        }
        Store::append_in(&mut self.tx, &envelope, EnvelopeState::Unsent, writes).await?;
        self.position = ChainPosition { sequence: envelope.header().sequence, hash: envelope.hash() };
        self.written.push(envelope.hash());
        Ok(envelope.hash())
    }

    /// Remembers that the newest envelope brought a change, so that its values can be told their author.
    pub(super) async fn note_origin(&mut self, change: ChangeHash) -> Result<(), StoreError> {
        let origin = Origin {
            device: self.identity.device,
            sequence: self.position.sequence,
            person: self.identity.person,
            claimed_at: self.now,
            server_received_at: None,
        };
        note_origins_in(&mut self.tx, &[change], origin).await
    }

    /// The envelope that was appended last.
    pub(super) async fn newest(&mut self) -> Result<Option<Envelope>, StoreError> {
        let row: (Vec<u8>, Vec<u8>, Vec<u8>) =
            sqlx::query_as("SELECT cose, salt, body FROM log WHERE hash = $1")
                .bind(self.position.hash.to_string())
                .fetch_one(&mut *self.tx)
                .await?;
        let salt = row.1.try_into().unwrap_or_default();
        Ok(Envelope::open(&row.0, salt, row.2).ok())
    }

    /// Whether the bytes are on this device.
    pub(super) fn has_copy(&self, sha256: BlobHash) -> bool {
        self.store.home().photos().join(sha256.to_string()).is_file()
    }

    /// Makes everything durable; only now may "saved" be said.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        let moved = !self.written.is_empty();
        self.commit_marking(moved).await
    }

    /// Makes everything durable; with `mark`, what the chain holds now is all that this
    /// installation has written.
    pub(super) async fn commit_marking(self, mark: bool) -> Result<(), StoreError> {
        self.tx.commit().await?;
        if !mark {
            return Ok(());
        }
        // After the commit, so that the marker is never ahead of an honest store.
        binding::write_marker(self.store.home(), &self.identity.install, self.position.sequence)
    }
}
