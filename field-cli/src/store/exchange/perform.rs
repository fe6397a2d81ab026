//! Performing the steps of an answer, all in one transaction.

use super::replicas::Replicas;
use crate::store::record::LogWriter;
use crate::store::{CommandState, Store, StoreError, SyncState, Token, note_server_origin_in};
use std::collections::BTreeMap;
use sync_core::ids::{DeviceId, VisitId};
use sync_core::protocol::{
    Cancellation, CommandResult, Done, Order, PackKey, Receipt, Rework, WelcomeBack, scope_digest,
    visit_digest,
};
use sync_core::replica::{Plan, Step};
use sync_core::time::Timestamp;

/// What an answer changed on this device.
#[derive(Debug, Default)]
pub struct Performed {
    /// The answer ended as it should.
    pub whole: bool,
    /// The server has more to say.
    pub more: bool,
    /// The server holds more of this device's log than this store: it has to be fetched first.
    pub fetching_own: bool,
    /// The server saw two histories of this device.
    pub forked: bool,
    /// The device was revoked: what it sent was set aside.
    pub escrow: bool,
    /// The server wants everything here forgotten.
    pub wipe: bool,
    /// The server takes no more of this device until the office has decided what it put aside.
    pub held_back: bool,
    /// A new server history was adopted: the server was restored from a backup.
    pub new_epoch: Option<u64>,
    /// Own envelopes that the server had acknowledged and lacks: they are sent again.
    pub resent: u64,
    /// Own envelopes merged, and merged after their visit was lost.
    pub merged: u64,
    /// Own envelopes that wait for their judgement.
    pub pending: u64,
    /// Own envelopes refused, with visit, sequence and reason.
    pub quarantined: Vec<(Option<VisitId>, u64, String)>,
    /// Acts that were written anew after a refusal.
    pub reissued: u64,
    /// Envelopes of others by visit and device.
    pub foreign: BTreeMap<(VisitId, DeviceId), u64>,
    /// Envelopes of others that the server had lost and has again.
    pub offered: u64,
    /// The server lacks more of what this device keeps of others.
    pub offers_more: bool,
    /// Whole documents.
    pub documents: u64,
    /// Items of the pack that came or went.
    pub pack_items: u64,
    /// Visits that are new on this device.
    pub visits_new: Vec<VisitId>,
    /// Visits that this device lost.
    pub visits_lost: Vec<VisitId>,
    /// Requests that were answered.
    pub commands: Vec<(CommandResult, CommandState)>,
    /// Work that came back.
    pub reworks: Vec<Rework>,
    /// What the server holds, visit by visit.
    pub receipts: Vec<VisitReceipt>,
    /// Open conflicts on this device's visits, as the server counts them.
    pub conflicts_open: u32,
}

/// What the server holds of a visit.
pub type VisitReceipt = Receipt;

/// What the request said that is said once.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told<'a> {
    /// Visits about which nothing is left here.
    pub settled: &'a [VisitId],
    /// How far the logs of others are kept here.
    pub kept_logs: bool,
}

impl Store {
    /// Takes in an answer: everything or, when this fails, nothing. Doing it again changes nothing.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn perform(&self, plan: Plan, told: Told<'_>) -> Result<Performed, StoreError> {
        let mut writer = self.log_writer_unchecked().await?;
        let state = Self::sync_state_in(&mut writer.tx).await?;
        let report = Performed { whole: plan.whole, ..Performed::default() };
        let mut performer = Performer {
            writer,
            state,
            report,
            replicas: Replicas::default(),
            digest: None,
            theirs: 0,
            received_at: self.machine().now(),
        };
        for step in plan.steps {
            performer.step(step).await?;
        }
        performer.finish(told).await
    }

    /// Notes that an exchange failed; the next beacon says so.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn note_failure(&self, code: &str, body_bytes_max: u64) -> Result<(), StoreError> {
        let now = self.machine().now();
        self.update_sync_state(|state| {
            state.last_failure = Some(code.to_owned());
            state.last_attempt_at = Some(now);
            state.body_bytes_max = body_bytes_max;
        })
        .await
    }
}

pub(super) struct Performer<'s> {
    pub(super) writer: LogWriter<'s>,
    pub(super) state: SyncState,
    pub(super) report: Performed,
    pub(super) replicas: Replicas,
    digest: Option<[u8; 32]>,
    /// End of this device's chain on the server.
    theirs: u64,
    received_at: Timestamp,
}

impl Performer<'_> {
    async fn step(&mut self, step: Step) -> Result<(), StoreError> {
        match step {
            Step::AdoptEpoch { epoch } => self.adopt_epoch(epoch).await,
            Step::Welcome(welcome) => self.welcome(welcome).await,
            Step::ResendFrom { sequence } => {
                self.report.resent += self.set_acknowledged(sequence.saturating_sub(1)).await?;
                Ok(())
            }
            Step::FetchOwn { from } => {
                self.state.own_from = from;
                Ok(())
            }
            Step::Forked { .. } => {
                self.forked();
                Ok(())
            }
            Step::Settle(result) => self.settle(&result).await,
            Step::Keep(envelope) => self.keep(&envelope).await,
            Step::Replace(whole) => self.replace(&whole).await,
            Step::Unassign(visit, cancelled) => self.unassign(visit, cancelled).await,
            Step::Pack(item) => {
                self.report.pack_items += 1;
                if let (Ok(PackKey::Assignment(visit)), Some(_)) = (item.key.parse(), &item.json) {
                    self.note_new_visit(visit).await?;
                }
                Store::put_pack_item_in(&mut self.writer.tx, &item, self.writer.now).await
            }
            Step::Command(result) => self.command(result).await,
            Step::Rework(rework) => self.rework(rework).await,
            Step::Order(order) => {
                match order {
                    Order::EnrolAgain => self.forked(),
                    Order::Wipe => {
                        self.report.wipe = true;
                        // What lies in escrow need not be sent again: what is left follows it.
                        self.set_acknowledged(self.theirs.min(self.writer.position.sequence)).await?;
                    }
                    Order::KeepTheRest => self.report.held_back = true,
                    Order::ResendFrom { sequence } => {
                        self.set_acknowledged(sequence.saturating_sub(1)).await?;
                    }
                }
                Ok(())
            }
            Step::Receipt(receipt) => self.receipt(receipt).await,
            Step::Offer(end) => self.offer(end).await,
            Step::Heard(end) => self.heard(end).await,
            Step::Origin(origin) => note_server_origin_in(&mut self.writer.tx, &origin).await,
            Step::Finish(done) => {
                self.done(&done);
                Ok(())
            }
        }
    }

    fn forked(&mut self) {
        self.state.enrol_again = true;
        self.report.forked = true;
    }

    async fn adopt_epoch(&mut self, epoch: u64) -> Result<(), StoreError> {
        self.report.new_epoch = Some(epoch);
        self.state.kept_logs_due = self.state.epoch != 0;
        self.state.epoch = epoch;
        self.state.cursor = 0;
        self.state.acknowledged = 0;
        self.state.acknowledged_hash = None;
        // A server that forgot them has to hear again that nothing is left.
        sqlx::query("UPDATE visits SET settled_told = 0").execute(&mut *self.writer.tx).await?;
        Ok(())
    }

    async fn welcome(&mut self, welcome: WelcomeBack) -> Result<(), StoreError> {
        self.state.compare_clocks(self.writer.machine(), self.received_at, welcome.server_time);
        self.state.server_time_known = welcome.server_time;
        self.state.log_index_known = welcome.log_index;
        self.writer.known.server_time_known_ms = welcome.server_time.unix_ms();
        self.writer.known.log_index_known = i64::try_from(welcome.log_index).unwrap_or(i64::MAX);
        self.writer.known.epoch = i64::try_from(welcome.epoch).unwrap_or(i64::MAX);
        if let Some(secret) = welcome.token {
            let life_ms = i64::try_from(welcome.token_ms).unwrap_or(0);
            self.state.token = Some(Token { secret, until: self.received_at.plus_ms(life_ms) });
        }
        self.report.escrow = welcome.escrow;
        self.theirs = welcome.acknowledged;
        if welcome.escrow {
            return Ok(());
        }
        // An answer to an older request may come late: what was acknowledged since then stays so,
        // unless the plan says otherwise by `ResendFrom`.
        if welcome.acknowledged > self.state.acknowledged || self.report.new_epoch.is_some() {
            self.set_acknowledged(welcome.acknowledged.min(self.writer.position.sequence)).await?;
        }
        Ok(())
    }

    /// The server has everything up to this sequence, and nothing after it; yields how much it had before.
    async fn set_acknowledged(&mut self, sequence: u64) -> Result<u64, StoreError> {
        let (device, number) =
            (self.writer.identity.device.to_string(), i64::try_from(sequence).unwrap_or(i64::MAX));
        sqlx::query(
            "UPDATE log SET state = 'stored' WHERE device_id = $1 AND sequence <= $2 AND state = 'unsent'",
        )
        .bind(&device)
        .bind(number)
        .execute(&mut *self.writer.tx)
        .await?;
        let forgotten: Vec<Option<String>> = sqlx::query_scalar(
            "UPDATE log SET state = 'unsent', reason = NULL, detail = NULL WHERE device_id = $1 AND sequence > $2 \
             AND state IN ('stored', 'merged', 'merged_late', 'quarantined') RETURNING visit_id",
        )
        .bind(&device)
        .bind(number)
        .fetch_all(&mut *self.writer.tx)
        .await?;
        let lost = u64::try_from(forgotten.len()).unwrap_or(0);
        for visit in forgotten.into_iter().flatten() {
            if let Ok(visit) = visit.parse() {
                self.replicas.forget(visit);
                self.replica(visit).await?;
            }
        }
        let hash: Option<String> =
            sqlx::query_scalar("SELECT hash FROM log WHERE device_id = $1 AND sequence = $2")
                .bind(&device)
                .bind(number)
                .fetch_optional(&mut *self.writer.tx)
                .await?;
        self.state.acknowledged = sequence;
        self.state.acknowledged_hash = hash.and_then(|hash| hash.parse().ok());
        Ok(lost)
    }

    async fn note_new_visit(&mut self, visit: VisitId) -> Result<(), StoreError> {
        let known: Option<bool> = sqlx::query_scalar("SELECT unassigned FROM visits WHERE visit_id = $1")
            .bind(visit.to_string())
            .fetch_optional(&mut *self.writer.tx)
            .await?;
        if known != Some(false) {
            self.report.visits_new.push(visit);
        }
        Ok(())
    }

    async fn unassign(&mut self, visit: VisitId, cancelled: Option<Cancellation>) -> Result<(), StoreError> {
        if let Some(cancelled) = cancelled {
            sqlx::query(
                "UPDATE visits SET cancelled_by = $2, cancelled_at_ms = $3, cancelled_reason = $4 \
                 WHERE visit_id = $1",
            )
            .bind(visit.to_string())
            .bind(cancelled.by)
            .bind(cancelled.at.unix_ms())
            .bind(cancelled.reason)
            .execute(&mut *self.writer.tx)
            .await?;
        }
        let changed = sqlx::query("UPDATE visits SET unassigned = 1 WHERE visit_id = $1 AND unassigned = 0")
            .bind(visit.to_string())
            .execute(&mut *self.writer.tx)
            .await?;
        if changed.rows_affected() > 0 {
            self.report.visits_lost.push(visit);
        }
        Ok(())
    }

    async fn command(&mut self, result: CommandResult) -> Result<(), StoreError> {
        Store::set_outcome_in(&mut self.writer.tx, result.id, &result.outcome).await?;
        let state = CommandState::of(&result.outcome);
        self.report.commands.push((result, state));
        Ok(())
    }

    async fn rework(&mut self, rework: Rework) -> Result<(), StoreError> {
        let added = sqlx::query(
            "INSERT INTO reworks (rework_id, visit_id, reason, paths, received_at_ms, done_at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (rework_id) DO UPDATE SET done_at_ms = $6 \
             WHERE $6 IS NOT NULL",
        )
        .bind(rework.id.to_string())
        .bind(rework.visit.to_string())
        .bind(&rework.reason)
        .bind(serde_json::to_string(&rework.paths).expect("texts are plain JSON"))
        .bind(self.writer.now.unix_ms())
        .bind(rework.done_at.map(Timestamp::unix_ms))
        .execute(&mut *self.writer.tx)
        .await?;
        if added.rows_affected() > 0 && rework.done_at.is_none() {
            self.report.reworks.push(rework);
        }
        Ok(())
    }

    async fn receipt(&mut self, receipt: Receipt) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE visits SET receipt_up_to_ms = $2, receipt_photos_named = $3, receipt_photos_arrived = $4 \
             WHERE visit_id = $1",
        )
        .bind(receipt.visit.to_string())
        .bind(receipt.everything_up_to.unix_ms())
        .bind(i64::from(receipt.photos_named))
        .bind(i64::from(receipt.photos_arrived))
        .execute(&mut *self.writer.tx)
        .await?;
        for sha256 in &receipt.missing {
            // A restored server may have lost what it had: it is sent again.
            sqlx::query(
                "UPDATE blobs SET state = 'waiting', upload_url = NULL, upload_offset = 0 \
                 WHERE sha256 = $1 AND state = 'arrived'",
            )
            .bind(sha256.to_string())
            .execute(&mut *self.writer.tx)
            .await?;
        }
        self.report.receipts.push(receipt);
        Ok(())
    }

    fn done(&mut self, done: &Done) {
        self.state.cursor = done.cursor;
        self.state.conflicts_open = done.conflicts_open;
        self.state.wants_everything = false;
        self.state.last_sync_at = Some(self.state.server_time_known);
        self.state.last_failure = None;
        self.report.more = done.more;
        self.report.conflicts_open = done.conflicts_open;
        self.digest = done.digest;
    }

    async fn finish(mut self, told: Told<'_>) -> Result<Performed, StoreError> {
        if self.state.own_from > 0 {
            self.report.fetching_own = self.writer.position.sequence < self.theirs;
            if !self.report.fetching_own {
                self.state.own_from = 0;
                self.set_acknowledged(self.theirs).await?;
            }
        }
        self.flush_replicas().await?;
        if self.report.whole {
            self.state.kept_logs_due &= !told.kept_logs;
            for visit in told.settled {
                sqlx::query("UPDATE visits SET settled_told = 1 WHERE visit_id = $1")
                    .bind(visit.to_string())
                    .execute(&mut *self.writer.tx)
                    .await?;
            }
            self.drop_lost_visits().await?;
        }
        if let Some(digest) = self.digest {
            self.state.digest_differs = self.own_digest().await? != digest;
        }
        self.state.last_attempt_at = Some(self.received_at);
        Store::set_sync_state_in(&mut self.writer.tx, &self.state).await?;
        self.report.offers_more = self.has_offers().await?;
        let may_write = self.state.own_from == 0;
        let report = self.report;
        self.writer.commit_marking(may_write).await?;
        Ok(report)
    }

    async fn own_digest(&mut self) -> Result<[u8; 32], StoreError> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT visit_id, accepted_heads FROM visits WHERE unassigned = 0")
                .fetch_all(&mut *self.writer.tx)
                .await?;
        let digests = rows.iter().map(|(id, heads)| {
            let visit: VisitId = id.parse().map_err(|_| StoreError::damaged("visits", "visit_id", id))?;
            let heads: Vec<_> = serde_json::from_str(heads)
                .map_err(|_| StoreError::damaged("visits", "accepted_heads", id))?;
            Ok(visit_digest(visit, &heads))
        });
        Ok(scope_digest(digests.collect::<Result<_, StoreError>>()?))
    }

    /// Forgets visits that this device lost, once everything about them has been sent and judged.
    async fn drop_lost_visits(&mut self) -> Result<(), StoreError> {
        if self.state.kept_logs_due {
            return Ok(());
        }
        let lost: Vec<String> = sqlx::query_scalar(
            "SELECT visit_id FROM visits WHERE unassigned = 1 AND settled_told = 1 AND saved IS NOT NULL \
             AND NOT EXISTS (SELECT 1 FROM log WHERE log.visit_id = visits.visit_id \
             AND (log.state IN ('unsent', 'stored') OR (log.state = 'quarantined' AND log.dropped = 0))) \
             AND NOT EXISTS (SELECT 1 FROM foreign_log WHERE foreign_log.visit_id = visits.visit_id AND offer = 1) \
             AND NOT EXISTS (SELECT 1 FROM photos JOIN blobs ON blobs.sha256 = photos.sha256 \
             WHERE photos.visit_id = visits.visit_id AND blobs.state = 'waiting')",
        )
        .fetch_all(&mut *self.writer.tx)
        .await?;
        for visit in &lost {
            let key = format!("assignment/{visit}");
            let statements = [
                "UPDATE visits SET saved = NULL, conflicts_open = 0 WHERE visit_id = $1",
                "DELETE FROM foreign_log WHERE visit_id = $1",
                "DELETE FROM search WHERE rowid IN (SELECT item FROM search_items WHERE visit_id = $1)",
                "DELETE FROM search_items WHERE visit_id = $1",
                "DELETE FROM settings WHERE name = 'current-visit' AND value = $1",
            ];
            for statement in statements {
                sqlx::query(statement).bind(visit).execute(&mut *self.writer.tx).await?;
            }
            sqlx::query("DELETE FROM pack_items WHERE key = $1")
                .bind(key)
                .execute(&mut *self.writer.tx)
                .await?;
        }
        Ok(())
    }
}
