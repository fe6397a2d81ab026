//! Everything that follows from verdicts, written with few statements.

use super::commit::Approval;
use crate::audit::{self, NewEntry};
use crate::exchange::chains::as_i64;
use crate::exchange::feed::{self, Audience, Event};
use crate::exchange::quarantine::QUARANTINE_ACCEPTED;
use crate::exchange::visits::heads_bytes;
use crate::store::{StoreError, Tx, insert_rows, statement};
use sync_core::ids::{ChangeHash, DeviceId, PersonId, VisitId};
use sync_core::log::PhotoClaim;
use sync_core::merge::AcceptedChange;
use sync_core::protocol::visit_digest;
use sync_core::time::Timestamp;

/// Documents in one statement; each may take megabytes.
const DOCUMENTS_PER_STATEMENT: usize = 8;

/// A merged document that replaces the stored one.
#[derive(Debug)]
pub(in crate::exchange) struct NewDocument<'a> {
    pub(in crate::exchange) visit: VisitId,
    /// Version of the document it was merged from; `None` when there was none.
    pub(in crate::exchange) version: Option<i64>,
    pub(in crate::exchange) saved: &'a [u8],
    pub(in crate::exchange) heads: &'a [ChangeHash],
    pub(in crate::exchange) view_json: &'a str,
}

/// Replaces the documents, sorted by visit, unless somebody else was quicker with one of them; says whether it did.
pub(in crate::exchange) async fn write_documents(
    tx: &mut Tx,
    new: &[NewDocument<'_>],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut written = 0;
    for new in new.chunks(DOCUMENTS_PER_STATEMENT) {
        let mut query = statement(
            "INSERT INTO visit_documents (visit_id, version, saved, heads, digest, view_json, updated_at_ms) ",
        );
        query.push_values(new, |row, new| {
            row.push_bind(new.visit.to_string()).push_bind(new.version.map_or(0, |version| version + 1));
            row.push_bind(new.saved).push_bind(heads_bytes(new.heads));
            row.push_bind(visit_digest(new.visit, new.heads).digest.to_vec());
            row.push_bind(new.view_json).push_bind(now.unix_ms());
        });
        // A visit that had no document when it was merged must not have one now: no version is -1.
        query.push(
                " ON CONFLICT (visit_id) DO UPDATE SET version = excluded.version, saved = excluded.saved, \
                    heads = excluded.heads, digest = excluded.digest, view_json = excluded.view_json, \
                    updated_at_ms = excluded.updated_at_ms WHERE visit_documents.version = excluded.version - 1",
            );
        written += query.execute(tx).await?;
    }
    Ok(written == new.len() as u64)
}

/// A change that entered a visit, and the envelope that brought it.
#[derive(Debug)]
pub(super) struct NewChange {
    pub(super) visit: VisitId,
    pub(super) change: AcceptedChange,
    pub(super) log_index: i64,
}

/// What was said of a photo in an accepted envelope.
#[derive(Debug)]
pub(super) struct NewClaim {
    pub(super) visit: VisitId,
    pub(super) claim: PhotoClaim,
    pub(super) log_index: i64,
    pub(super) device: DeviceId,
    pub(super) person: PersonId,
    pub(super) claimed_at: Timestamp,
}

/// Rows that follow from verdicts, collected before anything is written.
#[derive(Debug, Default)]
pub(in crate::exchange) struct Consequences {
    pub(super) changes: Vec<NewChange>,
    pub(super) claims: Vec<NewClaim>,
    pub(in crate::exchange) events: Vec<(Audience, Event)>,
    pub(in crate::exchange) decisions: Vec<NewEntry<'static>>,
}

impl Consequences {
    /// An accepted change of this envelope.
    pub(in crate::exchange) fn change(&mut self, visit: VisitId, change: AcceptedChange, log_index: i64) {
        self.changes.push(NewChange { visit, change, log_index });
    }

    /// The changes enter because a person said so; their author has to be told like everybody else.
    pub(super) fn name_approver(&mut self, approval: &Approval) {
        for (_, event) in &mut self.events {
            if let Event::Change { author, .. } = event {
                *author = None;
            }
        }
        for decision in &mut self.decisions {
            decision.person = Some(approval.by);
            decision.detail = decision.detail.clone().with("approved", "true");
        }
        // What the gate decides is no act of a person; that somebody let it in is one.
        let accepted = |decision: &NewEntry<'static>| {
            let detail = decision.detail.clone();
            let entry = NewEntry::new(QUARANTINE_ACCEPTED, decision.at).by(Some(approval.by)).detail(detail);
            NewEntry { visit: decision.visit, ..entry.because(Some(&approval.reason)) }
        };
        let acts: Vec<_> = self.decisions.iter().map(accepted).collect();
        self.decisions.extend(acts);
    }

    /// Writes rows, then the feed. The caller appends the decisions to the server log last.
    pub(in crate::exchange) async fn write(&self, tx: &mut Tx) -> Result<Option<i64>, StoreError> {
        write_changes(tx, &self.changes).await?;
        write_claims(tx, &self.claims).await?;
        if self.events.is_empty() {
            return Ok(None);
        }
        feed::append(tx, &self.events).await.map(Some)
    }

    /// Records the decisions.
    pub(in crate::exchange) async fn record(&self, tx: &mut Tx) -> Result<(), StoreError> {
        if self.decisions.is_empty() {
            return Ok(());
        }
        audit::append_all(tx, &self.decisions).await.map(drop)
    }
}

async fn write_changes(tx: &mut Tx, changes: &[NewChange]) -> Result<(), StoreError> {
    insert_rows!(
        tx,
        "INSERT INTO changes (visit_id, change_hash, log_index, actor, actor_seq) ",
        changes,
        |bind, new| {
            bind.push_bind(new.visit.to_string())
                .push_bind(new.change.hash.to_string())
                .push_bind(new.log_index);
            bind.push_bind(new.change.actor.to_string()).push_bind(as_i64(new.change.seq))
        },
        " ON CONFLICT (visit_id, change_hash) DO NOTHING"
    )
}

async fn write_claims(tx: &mut Tx, claims: &[NewClaim]) -> Result<(), StoreError> {
    insert_rows!(
        tx,
        "INSERT INTO photo_claims (visit_id, sha256, log_index, size_bytes, media_type, device_id, person_id, \
            claimed_at_ms) ",
        claims,
        |bind, new| {
            bind.push_bind(new.visit.to_string())
                .push_bind(new.claim.sha256.to_string())
                .push_bind(new.log_index);
            bind.push_bind(as_i64(new.claim.size_bytes));
            bind.push_bind(
                new.claim.media_type.chars().filter(|c| !c.is_control()).take(80).collect::<String>(),
            );
            bind.push_bind(new.device.to_string()).push_bind(new.person.to_string());
            bind.push_bind(new.claimed_at.unix_ms())
        },
        " ON CONFLICT (visit_id, sha256, log_index) DO NOTHING"
    )
}
