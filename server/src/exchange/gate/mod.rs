//! The gate: how stored envelopes enter the central record.
//!
//! [`settle`] loads what is pending, judges scope here and content in merge workers, and commits the verdicts with
//! everything that follows from them in one transaction. Whoever comes second with the same envelopes finds them
//! decided. What cannot be judged yet stays pending; [`pending`] comes back to it.

mod commit;
mod conflicts;
mod fates;
mod judging;
mod ledger;
pub(super) mod pending;
mod scope;
mod work;

pub(super) use commit::Approval;
pub(super) use conflicts::{ChangeAuthor, Findings, write as write_conflicts};
pub(super) use fates::{Fate, changes_of};
pub(super) use judging::Reply;
pub(crate) use judging::judge_bytes;
pub(super) use ledger::{Consequences, NewDocument, write_documents};
pub(super) use work::{OpenConflict, Unit, open_conflicts};

use crate::app::App;
use crate::audit::EntryKind;
use crate::exchange::visits;
use crate::store::StoreError;
use std::collections::{BTreeMap, BTreeSet};
use sync_core::ids::{DeviceId, VisitId};
use sync_core::log::Envelope;

/// What the gate decided about the envelopes of one visit.
pub(crate) const GATE_DECIDED: EntryKind = EntryKind("gate.decided");
/// Version of scope and policy rules; part of every decision in the server log.
pub(crate) const POLICY_VERSION: &str = "1";

/// How often verdicts that lost a race are formed anew.
const ATTEMPTS_MAX: u32 = 6;

/// What is to be settled.
#[derive(Debug, Default)]
pub(super) struct Docket {
    /// Everything pending on these visits.
    pub(super) visits: BTreeSet<VisitId>,
    /// And what is pending of this device about no visit.
    pub(super) device: Option<DeviceId>,
    /// Envelopes of that device that are at hand already, by sequence.
    pub(super) at_hand: BTreeMap<u64, Envelope>,
}

/// Judges and commits what is pending on the docket. Returns when nothing more can be decided now.
///
/// # Errors
/// When the store fails. Everything is still there then, and pending.
pub(super) async fn settle(app: &App, docket: &Docket) -> Result<(), StoreError> {
    for _ in 0..ATTEMPTS_MAX {
        let work = work::load(app, docket).await?;
        if work.is_empty() {
            return Ok(());
        }
        let (judged, commands) = judging::judge(app, work).await;
        match commit::commit(app, &judged, &commands).await {
            Ok(commit::Outcome::Committed) => return Ok(()),
            Ok(commit::Outcome::Overtaken | commit::Outcome::StillRefused(_)) => {}
            Err(error) if error.is_serialisation_failure() || error.is_unique_violation() => {}
            Err(error) if error.is_busy() => return Err(error),
            Err(error) => return one_by_one(app, &judged, &commands, error).await,
        }
    }
    tracing::warn!(visits = docket.visits.len(), "verdicts kept losing races; the envelopes stay pending");
    Ok(())
}

/// Something in the verdicts cannot be stored: find out what, so that it holds back nothing else.
async fn one_by_one(
    app: &App,
    judged: &[judging::Judged],
    commands: &[work::Unit],
    error: StoreError,
) -> Result<(), StoreError> {
    if judged.len() + usize::from(!commands.is_empty()) <= 1 {
        return Err(error);
    }
    tracing::error!(%error, "verdicts cannot be committed together: trying them one by one");
    let mut failed = None;
    for visit in judged {
        if let Err(error) = commit::commit(app, std::slice::from_ref(visit), &[]).await {
            tracing::error!(visit = %visit.visit, %error, "verdicts on a visit cannot be committed");
            failed = Some(error);
        }
    }
    if let Err(error) = commit::commit(app, &[], commands).await {
        failed = Some(error);
    }
    failed.map_or(Ok(()), Err)
}

/// Lets an envelope out of quarantine. `Some` when it still cannot enter, with the reason.
pub(super) async fn approve(app: &App, log_index: i64, approval: &Approval) -> Result<Approved, StoreError> {
    for _ in 0..ATTEMPTS_MAX {
        let Some(work) = work::load_approved(app, log_index).await? else { return Ok(Approved::Nothing) };
        let judged = judging::judge_visit(&app.exchange.workers, work).await;
        match commit::commit_approved(app, &judged, approval).await {
            Ok(commit::Outcome::Committed) if judged.is_decided(log_index) => return Ok(Approved::Entered),
            Ok(commit::Outcome::Committed) => return Ok(Approved::Later),
            Ok(commit::Outcome::StillRefused(fate)) => return Ok(Approved::StillRefused(fate)),
            Ok(commit::Outcome::Overtaken) => {}
            Err(error) if error.is_serialisation_failure() || error.is_unique_violation() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Approved::Later)
}

/// The view of a visit as it would be if a stored envelope entered; `None` when it cannot, or not now.
pub(super) async fn preview(app: &App, log_index: i64) -> Result<Option<String>, StoreError> {
    let Some(work) = work::load_approved(app, log_index).await? else { return Ok(None) };
    let merged = judging::judge_visit(&app.exchange.workers, work).await.merged;
    Ok(merged.saved.map(|_| merged.view_json))
}

/// The views of a visit without and with the last of these envelopes, which are in no log, if they entered in this
/// order; `None` when the last one cannot. Nothing is written.
pub(super) async fn preview_unlogged(
    app: &App,
    visit: VisitId,
    envelopes: &[Envelope],
) -> Result<Option<(String, String)>, StoreError> {
    let Some((_, earlier)) = envelopes.split_last() else { return Ok(None) };
    let workers = &app.exchange.workers;
    let before = match work::load_unlogged(app, visit, earlier).await? {
        Some(work) => judging::judge_visit(workers, work).await.merged,
        None => judging::Merged::default(),
    };
    let Some(work) = work::load_unlogged(app, visit, envelopes).await? else { return Ok(None) };
    let judged = judging::judge_visit(workers, work).await;
    if !judged.is_accepted(work::unlogged_index(envelopes.len() - 1)) {
        return Ok(None);
    }
    let before = match before.saved {
        Some(_) => before.view_json,
        None => visits::view_json(&mut app.store.read().await?, visit).await?.unwrap_or_default(),
    };
    Ok(judged.merged.saved.map(|_| (before, judged.merged.view_json)))
}

/// What became of an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Approved {
    /// The envelope is in the central record.
    Entered,
    /// It cannot enter even so.
    StillRefused(Fate),
    /// It waits for another change, or no worker was free: try again.
    Later,
    /// There is nothing in it that could enter a visit.
    Nothing,
}
