//! Having the content judged by merge workers, and what it means when a worker fails.
//!
//! All envelopes of one visit are one job. A job that kills its worker is split into single envelopes, each in a
//! worker that has done nothing before; only one that fails so twice is refused for it. Whatever else goes wrong with
//! workers is nobody's fault and leaves the envelopes pending.

use super::work::{OpenConflict, Ruling, Unit, VisitWork, Work};
use crate::app::App;
use crate::exchange::visits::StoredVisit;
use crate::exchange::workers::{WorkerFailure, Workers};
use futures_util::future::join_all;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use sync_core::ids::{ChangeHash, EntryId, VisitId};
use sync_core::merge::{
    Author, Limits, MergeJob, MergeOutcome, MergeUnit, PathConflict, UnitResult, judge as judge_job,
};

/// Envelopes in one job, so that no job comes near a worker's budget.
const UNITS_PER_JOB_MAX: usize = 200;
/// Bytes of change chunks in one job.
const BYTES_PER_JOB_MAX: usize = 2 << 20;

/// What a worker answers.
#[derive(Debug, Encode, Decode)]
pub(in crate::exchange) enum Reply {
    #[n(0)]
    Outcome(#[n(0)] MergeOutcome),
    /// The accepted document cannot be used: no envelope is to blame.
    #[n(1)]
    NoBase(#[n(0)] String),
    /// The job itself cannot be read.
    #[n(2)]
    NoJob,
}

/// The worker's side: judges one encoded job.
pub(crate) fn judge_bytes(job: &[u8]) -> Vec<u8> {
    let reply = match minicbor::decode::<MergeJob>(job) {
        Err(_) => Reply::NoJob,
        Ok(job) => match judge_job(&job, &Limits::default()) {
            Ok(outcome) => Reply::Outcome(outcome),
            Err(error) => Reply::NoBase(error.to_string()),
        },
    };
    minicbor::to_vec(&reply).expect("encoding into memory cannot fail")
}

/// Verdict on the content of one envelope.
#[derive(Debug, Clone)]
pub(super) enum Verdict {
    /// What the worker found.
    Content(UnitResult),
    /// It killed a fresh worker twice, alone.
    Crashes { how: String },
}

/// A visit with all verdicts that could be formed.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) visit: VisitId,
    pub(super) base: Option<StoredVisit>,
    pub(super) open: Vec<OpenConflict>,
    pub(super) units: Vec<Unit>,
    /// By log index; absent: not judged.
    pub(super) verdicts: BTreeMap<i64, Verdict>,
    pub(super) merged: Merged,
}

/// The document after the accepted envelopes.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// `None` when nothing new was accepted.
    pub(super) saved: Option<Vec<u8>>,
    pub(super) heads: Vec<ChangeHash>,
    pub(super) view_json: String,
    /// The newest decision of the office among the changes.
    pub(super) resolution: Option<EntryId>,
    /// By path; the newest finding counts.
    pub(super) conflicts: BTreeMap<String, PathConflict>,
}

pub(super) async fn judge(app: &App, work: Work) -> (Vec<Judged>, Vec<Unit>) {
    let workers = &app.exchange.workers;
    let judged = join_all(work.visits.into_iter().map(|visit| judge_visit(workers, visit))).await;
    (judged, work.without_visit)
}

pub(super) async fn judge_visit(workers: &Workers, work: VisitWork) -> Judged {
    let VisitWork { visit, base, conflicts, units } = work;
    let mut judged =
        Judged { visit, base, open: conflicts, units, verdicts: BTreeMap::new(), merged: Merged::default() };
    let units: Vec<MergeUnit> = judged.units.iter().filter_map(merge_unit).collect();
    for batch in batches(units) {
        if !judged.run_batch(workers, batch).await {
            break;
        }
    }
    judged
}

/// What the worker is told of an envelope; `None` for those that have no content to judge.
fn merge_unit(unit: &Unit) -> Option<MergeUnit> {
    if !matches!(unit.ruling, Ruling::Judge { .. } | Ruling::Approved) {
        return None;
    }
    let header = unit.envelope.header();
    let change = unit.body.as_ref()?.change()?;
    let author = match unit.office_epoch {
        Some(epoch) => Author::Office { epoch },
        None => Author::Device { device: header.device, generation: change.generation },
    };
    Some(MergeUnit {
        reference: u64::try_from(unit.log_index).ok()?,
        author,
        person: header.person,
        chunks: change.chunks.clone(),
        photos: change.photos.iter().map(|photo| photo.sha256).collect(),
        approved: unit.ruling == Ruling::Approved,
    })
}

fn batches(units: Vec<MergeUnit>) -> Vec<Vec<MergeUnit>> {
    let mut batches: Vec<Vec<MergeUnit>> = Vec::new();
    let mut bytes = 0;
    for unit in units {
        let size: usize = unit.chunks.iter().map(|chunk| chunk.len()).sum();
        let full =
            |batch: &Vec<MergeUnit>| batch.len() >= UNITS_PER_JOB_MAX || bytes + size > BYTES_PER_JOB_MAX;
        match batches.last_mut() {
            Some(batch) if !full(batch) => batch.push(unit),
            _ => {
                batches.push(vec![unit]);
                bytes = 0;
            }
        }
        bytes += size;
    }
    batches
}

impl Judged {
    /// Whether something could be said of the envelope that a waiting one lacks.
    pub(super) fn is_decided(&self, log_index: i64) -> bool {
        let content_free = |unit: &Unit| unit.log_index == log_index && unit.ruling == Ruling::Pass;
        match self.verdicts.get(&log_index) {
            Some(Verdict::Content(UnitResult::Waiting { .. })) => false,
            Some(_) => true,
            None => self.units.iter().any(content_free),
        }
    }

    /// Whether the envelope's content may enter.
    pub(super) fn is_accepted(&self, log_index: i64) -> bool {
        matches!(self.verdicts.get(&log_index), Some(Verdict::Content(UnitResult::Accepted { .. })))
    }

    /// False when the workers cannot go on with this visit now.
    async fn run_batch(&mut self, workers: &Workers, batch: Vec<MergeUnit>) -> bool {
        match self.run(workers, batch.clone(), false).await {
            Ok(()) => true,
            Err(Stop::Later) => false,
            Err(Stop::Job(failure)) => {
                tracing::warn!(visit = %self.visit, %failure, "a merge failed: trying its envelopes one by one");
                self.run_singly(workers, batch).await
            }
        }
    }

    async fn run_singly(&mut self, workers: &Workers, batch: Vec<MergeUnit>) -> bool {
        for unit in batch {
            let first = match self.run(workers, vec![unit.clone()], true).await {
                Ok(()) => continue,
                Err(Stop::Later) => return false,
                Err(Stop::Job(failure)) => failure,
            };
            tracing::warn!(visit = %self.visit, failure = %first, log_index = unit.reference, "failed alone");
            match self.run(workers, vec![unit.clone()], true).await {
                Ok(()) => {}
                Err(Stop::Later) => return false,
                Err(Stop::Job(failure)) => {
                    let crash = Verdict::Crashes { how: failure.to_string() };
                    self.verdicts.insert(i64::try_from(unit.reference).unwrap_or(i64::MAX), crash);
                }
            }
        }
        true
    }

    async fn run(&mut self, workers: &Workers, units: Vec<MergeUnit>, fresh: bool) -> Result<(), Stop> {
        let base = self.merged.saved.as_ref().or(self.base.as_ref().map(|base| &base.saved));
        let job = MergeJob {
            visit: self.visit,
            base: base.map(|saved| saved.clone().into()),
            units,
            open_paths: self.open_paths(),
        };
        let bytes = minicbor::to_vec(&job).expect("encoding into memory cannot fail");
        let done = if fresh { workers.run_fresh(&bytes).await } else { workers.run(&bytes).await };
        let reply = done.map_err(Stop::from)?;
        match minicbor::decode(&reply) {
            Ok(Reply::Outcome(outcome)) => {
                self.take(outcome);
                Ok(())
            }
            Ok(Reply::NoBase(error)) => {
                tracing::error!(visit = %self.visit, %error, "the accepted document cannot be used");
                Err(Stop::Later)
            }
            Ok(Reply::NoJob) | Err(_) => {
                tracing::error!(visit = %self.visit, "server and merge worker do not understand one another");
                Err(Stop::Later)
            }
        }
    }

    fn open_paths(&self) -> Vec<String> {
        let mut paths: BTreeSet<String> = self.open.iter().map(|conflict| conflict.path.clone()).collect();
        let found = self.merged.conflicts.values().filter(|conflict| conflict.is_open());
        paths.extend(found.map(|conflict| conflict.path.clone()));
        paths.into_iter().collect()
    }

    fn take(&mut self, outcome: MergeOutcome) {
        for (reference, result) in outcome.results {
            let log_index = i64::try_from(reference).unwrap_or(i64::MAX);
            self.verdicts.insert(log_index, Verdict::Content(result));
        }
        for mut conflict in outcome.conflicts {
            if let Some(before) = self.merged.conflicts.remove(&conflict.path) {
                conflict.overwritten_by.splice(0..0, before.overwritten_by);
            }
            self.merged.conflicts.insert(conflict.path.clone(), conflict);
        }
        self.merged.resolution = outcome.resolutions.last().copied().or(self.merged.resolution);
        if let Some(saved) = outcome.saved {
            self.merged.saved = Some(saved.into());
            self.merged.heads = outcome.heads;
            self.merged.view_json = outcome.view_json;
        }
    }
}

/// Why a job brought nothing.
enum Stop {
    /// Nothing is known about the envelopes; somebody comes back to them.
    Later,
    /// One of the envelopes may be to blame.
    Job(WorkerFailure),
}

impl From<WorkerFailure> for Stop {
    fn from(failure: WorkerFailure) -> Self {
        if failure.may_be_the_job() {
            return Self::Job(failure);
        }
        tracing::warn!(%failure, "envelopes stay pending");
        Self::Later
    }
}
