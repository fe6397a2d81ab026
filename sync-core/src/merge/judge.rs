//! One job of the gate: each unit is checked, what passed is merged on a copy, and the copy
//! counts only after it was saved, loaded again and compared.
//!
//! Pure: the same job gives the same outcome. A unit enters whole or not at all, and never
//! harms another one: what was refused is forgotten before the next unit is looked at.

use super::conflicts;
use super::history::History;
use super::job::{
    AcceptedChange, MergeJob, MergeOutcome, MergeUnit, QuarantineReason as Reason, Refusal, UnitResult,
};
use super::ledger::{Ledger, refuse};
use super::limits::Limits;
use super::policy::{Policy, Record, Signer};
use super::prescan::{PrescanError, Scan, decode_scanned, prescan};
use super::trial::{Trial, try_merge};
use crate::document::{ActorId16, LoadError, VisitDocument};
use crate::ids::{BlobHash, ChangeHash, VisitId};
use automerge::{Automerge, Change, ExpandedChange, ReadDoc};
use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The accepted document of a job cannot be used. No unit is to blame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    /// It cannot be loaded.
    #[error("the accepted document cannot be loaded")]
    Unreadable(#[from] LoadError),
    /// It is the document of another visit.
    #[error("the accepted document is of visit {found}, not of {expected}")]
    OtherVisit {
        /// The visit of the job.
        expected: VisitId,
        /// The visit of the document.
        found: VisitId,
    },
    /// It holds what this gate would never have accepted.
    #[error("the accepted document did not pass this gate")]
    NotGated,
}

/// The most missing hashes that are named for a waiting unit.
const MISSING_MAX: usize = 64;

/// A unit that passed every check before the trial.
pub(super) struct Passed {
    pub(super) changes: Vec<Change>,
    pub(super) record: Record,
}

/// Judges a job.
///
/// # Errors
/// When the accepted document cannot be used; the units stay pending then.
pub fn judge(job: &MergeJob, limits: &Limits) -> Result<MergeOutcome, BaseError> {
    judge_with(job, limits, &try_merge)
}

/// As [`judge`], with another trial: tests let it fail.
pub(super) fn judge_with(
    job: &MergeJob,
    limits: &Limits,
    trial: &Trial<'_>,
) -> Result<MergeOutcome, BaseError> {
    let base = base_document(job)?;
    let history = History::of(base.automerge()).ok_or(BaseError::NotGated)?;
    let mut gate = Gate {
        job,
        limits,
        base_ops: base.automerge().stats().num_ops,
        ledger: Ledger::new(base.automerge(), history),
        refused: HashMap::new(),
        results: vec![None; job.units.len()],
        passed: Vec::new(),
    };
    gate.check_all();
    gate.conclude(&base, trial)
}

fn base_document(job: &MergeJob) -> Result<VisitDocument, BaseError> {
    let Some(base) = &job.base else { return Ok(VisitDocument::birth(job.visit)) };
    let base = VisitDocument::load(base)?;
    if base.visit() == job.visit {
        return Ok(base);
    }
    Err(BaseError::OtherVisit { expected: job.visit, found: base.visit() })
}

struct Gate<'a> {
    job: &'a MergeJob,
    limits: &'a Limits,
    base_ops: u64,
    ledger: Ledger<'a>,
    /// Changes of refused units.
    refused: HashMap<ChangeHash, Refusal>,
    results: Vec<Option<UnitResult>>,
    passed: Vec<Passed>,
}

/// How the check of a unit ends when it does not pass.
enum Stop {
    Refused(Refusal),
    Waiting(Vec<ChangeHash>),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Gate<'_> {
    /// Checks every unit, and those that wait again, as long as one of them gets further.
    fn check_all(&mut self) {
        let scans: Vec<_> = self.job.units.iter().map(|unit| scan_unit(unit, self.limits)).collect();
        let mut pending: Vec<usize> = (0..scans.len()).collect();
        loop {
            let before = pending.len();
            pending.retain(|&index| {
                let result = self.check_scanned(index, scans[index].as_ref());
                let waits = matches!(result, UnitResult::Waiting { .. });
                self.results[index] = Some(result);
                waits
            });
            if pending.is_empty() || pending.len() == before {
                break;
            }
        }
    }

    fn check_scanned(&mut self, index: usize, scans: Result<&Vec<Scan>, &Refusal>) -> UnitResult {
        let scans = match scans {
            Ok(scans) => scans,
            Err(refusal) => return UnitResult::Quarantined { refusal: refusal.clone() },
        };
        let fresh: BTreeSet<ChangeHash> = scans
            .iter()
            .map(|scan| scan.hash)
            .filter(|hash| self.ledger.history.find(hash).is_none())
            .collect();
        let mark = self.ledger.mark();
        let checked = if fresh.is_empty() { Ok(()) } else { self.check_unit(index, scans) };
        match checked {
            Ok(()) => UnitResult::Accepted { changes: accepted(scans, &fresh) },
            Err(stop) => {
                self.ledger.roll_back(mark);
                match stop {
                    Stop::Waiting(missing) => UnitResult::Waiting { missing },
                    Stop::Refused(refusal) => {
                        self.refused.extend(fresh.into_iter().map(|hash| (hash, refusal.clone())));
                        UnitResult::Quarantined { refusal }
                    }
                }
            }
        }
    }

    fn check_unit(&mut self, index: usize, scans: &[Scan]) -> Result<(), Stop> {
        let unit = &self.job.units[index];
        let actor = unit.author.actor(self.job.visit);
        let mut order: Vec<usize> = (0..scans.len()).collect();
        order.sort_by_key(|place| scans[*place].seq);
        let signer = Signer { person: unit.person, role: unit.author.role(), approved: unit.approved };
        let (mut record, mut changes) = (Record::default(), Vec::new());
        for place in order {
            let scan = &scans[place];
            if self.ledger.history.find(&scan.hash).is_some() {
                record.blobs.extend(blobs_of(&unit.chunks[place], scan));
                continue;
            }
            self.check_place(scan, actor)?;
            let (change, expanded) = decode(&unit.chunks[place], scan)?;
            let node = self.ledger.history.push_scan(scan, actor);
            let Some(node) = node else { return Ok(refuse(Reason::WrongSequence, "not the next change")?) };
            let mut policy = Policy::new(&mut self.ledger, signer, record);
            policy.check(node, &expanded.operations)?;
            record = policy.record;
            changes.push(change);
        }
        if !unit.approved {
            check_photos(&unit.photos, &record)?;
        }
        self.passed.push(Passed { changes, record });
        Ok(())
    }

    /// Whether a change may stand where it says that it stands.
    fn check_place(&self, scan: &Scan, actor: ActorId16) -> Result<(), Stop> {
        let history = &self.ledger.history;
        if scan.actor == ActorId16::BIRTH.as_bytes() || scan.deps.is_empty() {
            return Ok(refuse(Reason::BirthDiffers, "not the birth change of this visit")?);
        }
        if scan.actor != actor.as_bytes() {
            return Ok(refuse(Reason::WrongActor, "made under another actor than its author's")?);
        }
        let mut missing: Vec<_> =
            scan.deps.iter().copied().filter(|dep| history.find(dep).is_none()).take(MISSING_MAX).collect();
        if !missing.is_empty() {
            missing.sort_unstable();
            return match missing.iter().find(|dep| self.refused.contains_key(dep)) {
                Some(dep) => Ok(refuse(Reason::DependsOnRefused, format!("builds on change {dep}"))?),
                None => Err(Stop::Waiting(missing)),
            };
        }
        let last = history.last_seq(&actor);
        if scan.seq != last + 1 || history.seq_seen(&scan.deps, &actor) != last {
            let detail = format!("change {} of its actor, which made {last} here", scan.seq);
            return Ok(refuse(Reason::WrongSequence, detail)?);
        }
        Ok(self.check_counters(scan, actor)?)
    }

    fn check_counters(&self, scan: &Scan, actor: ActorId16) -> Result<(), Refusal> {
        let history = &self.ledger.history;
        let seen = history.max_op_seen(&scan.deps).unwrap_or(0);
        let start_max = history.max_op() + self.limits.start_op_ahead_max;
        if scan.start_op <= seen || scan.start_op > start_max {
            let detail = format!("counter {}, which is not in {}..={start_max}", scan.start_op, seen + 1);
            return refuse(Reason::BadCounter, detail);
        }
        for other in &scan.other_actors {
            let known = ActorId16::from_slice(other)
                .is_some_and(|other| other != actor && history.knows_actor(&other));
            if !known {
                return refuse(Reason::UnknownActor, "names an actor that has written nothing here");
            }
        }
        let actors = history.actor_count() + usize::from(!history.knows_actor(&actor));
        let full = scan.start_op + scan.ops > self.limits.document_counter_max
            || actors as u64 > self.limits.document_actors_max
            || self.base_ops + self.job_ops() + scan.ops > self.limits.document_ops_max;
        if full { refuse(Reason::DocumentFull, "operations or actors of the document") } else { Ok(()) }
    }

    /// Operations of the units that passed.
    fn job_ops(&self) -> u64 {
        self.passed.iter().flat_map(|passed| &passed.changes).map(|change| change.len() as u64).sum()
    }

    /// Merges what passed, and answers.
    fn conclude(mut self, base: &VisitDocument, trial: &Trial<'_>) -> Result<MergeOutcome, BaseError> {
        let mut merger = Merger { trial, limits: self.limits, failed: HashMap::new(), saved: None };
        let passed = std::mem::take(&mut self.passed);
        let everyone: Vec<&Passed> = passed.iter().collect();
        let merged = merger.merge(base.automerge(), &everyone);
        self.mark_failed(&merger.failed);
        let accepted: Vec<&Passed> = passed
            .iter()
            .filter(|passed| !merger.failed.contains_key(&passed.changes[0].hash().into()))
            .collect();
        let document = match merged {
            Some(merged) => &VisitDocument::from_automerge(merged).ok_or(BaseError::NotGated)?,
            None => base,
        };
        let resolutions =
            accepted.iter().flat_map(|passed| passed.record.resolutions.iter().copied()).collect();
        let view = document.view();
        let records: Vec<&Record> = accepted.iter().map(|passed| &passed.record).collect();
        let conflicts = conflicts::list(document, &view, &mut self.ledger, &records, &self.job.open_paths);
        let view_json = match merger.saved {
            Some(_) => serde_json::to_string(&view).expect("a view has only text keys and finite numbers"),
            None => String::new(),
        };
        let units = self.job.units.iter().map(|unit| unit.reference);
        let results = self.results.into_iter().map(|result| result.expect("every unit was checked"));
        Ok(MergeOutcome {
            results: units.zip(results).collect(),
            heads: document.heads(),
            change_count: document.change_count(),
            saved: merger.saved.map(Into::into),
            view_json,
            conflicts,
            resolutions,
        })
    }

    /// Units whose changes Automerge failed on are quarantined, with those that only repeat them.
    fn mark_failed(&mut self, failed: &HashMap<ChangeHash, Refusal>) {
        for result in self.results.iter_mut().flatten() {
            let UnitResult::Accepted { changes } = result else { continue };
            if let Some(refusal) = changes.iter().find_map(|change| failed.get(&change.hash)) {
                *result = UnitResult::Quarantined { refusal: refusal.clone() };
            }
        }
    }
}

/// Merges units, and splits them until only the guilty ones are left out.
struct Merger<'a> {
    trial: &'a Trial<'a>,
    limits: &'a Limits,
    failed: HashMap<ChangeHash, Refusal>,
    saved: Option<Vec<u8>>,
}

impl Merger<'_> {
    /// The document with what could enter it; `None` when nothing could.
    fn merge(&mut self, document: &Automerge, units: &[&Passed]) -> Option<Automerge> {
        let changes: Vec<Change> = units.iter().flat_map(|unit| unit.changes.iter().cloned()).collect();
        if changes.is_empty() {
            return None;
        }
        let refusal = match (self.trial)(document, changes, self.limits) {
            Ok((merged, saved)) => {
                self.saved = Some(saved);
                return Some(merged);
            }
            Err(refusal) => refusal,
        };
        if let [unit] = units {
            let refusal = match self.dependency_failed(unit) {
                Some(dep) => {
                    Refusal { reason: Reason::DependsOnRefused, detail: format!("builds on change {dep}") }
                }
                None => refusal,
            };
            let hashes = unit.changes.iter().map(|change| (change.hash().into(), refusal.clone()));
            self.failed.extend(hashes);
            return None;
        }
        let (left, right) = units.split_at(units.len() / 2);
        let merged = self.merge(document, left);
        self.merge(merged.as_ref().unwrap_or(document), right).or(merged)
    }

    fn dependency_failed(&self, unit: &Passed) -> Option<ChangeHash> {
        let mut deps = unit.changes.iter().flat_map(Change::deps).map(|dep| ChangeHash::from(*dep));
        deps.find(|dep| self.failed.contains_key(dep))
    }
}

fn accepted(scans: &[Scan], fresh: &BTreeSet<ChangeHash>) -> Vec<AcceptedChange> {
    let change = |scan: &Scan| AcceptedChange {
        hash: scan.hash,
        actor: ActorId16::from_slice(&scan.actor).unwrap_or(ActorId16::BIRTH),
        seq: scan.seq,
        fresh: fresh.contains(&scan.hash),
    };
    scans.iter().map(change).collect()
}

fn scan_unit(unit: &MergeUnit, limits: &Limits) -> Result<Vec<Scan>, Refusal> {
    let bytes: usize = unit.chunks.iter().map(|chunk| chunk.len()).sum();
    if bytes as u64 > limits.unit_bytes_max || unit.chunks.len() as u64 > limits.unit_changes_max {
        return refuse(Reason::TooLarge, format!("{} changes with {bytes} bytes", unit.chunks.len()));
    }
    let scan = |chunk: &minicbor::bytes::ByteVec| prescan(chunk, limits).map_err(Refusal::from);
    unit.chunks.iter().map(scan).collect()
}

impl From<PrescanError> for Refusal {
    fn from(error: PrescanError) -> Self {
        let reason = match error {
            PrescanError::TooMuch { .. } => Reason::TooLarge,
            _ => Reason::Malformed,
        };
        Self { reason, detail: error.to_string() }
    }
}

fn decode(chunk: &[u8], scan: &Scan) -> Result<(Change, ExpandedChange), Refusal> {
    let malformed = |detail: String| Refusal { reason: Reason::Malformed, detail };
    let change = decode_scanned(chunk, scan).map_err(malformed)?;
    let expanded = catch_unwind(AssertUnwindSafe(|| change.decode()))
        .map_err(|_| malformed("its operations cannot be decoded".to_owned()))?;
    Ok((change, expanded))
}

/// Photos and signatures named in a change that was accepted before.
fn blobs_of(chunk: &[u8], scan: &Scan) -> Vec<BlobHash> {
    let Ok((_, expanded)) = decode(chunk, scan) else { return Vec::new() };
    expanded.operations.iter().filter_map(super::policy::blob_of).collect()
}

fn check_photos(declared: &[BlobHash], record: &Record) -> Result<(), Refusal> {
    let declared: BTreeSet<BlobHash> = declared.iter().copied().collect();
    match declared.symmetric_difference(&record.blobs).next() {
        None => Ok(()),
        Some(blob) if declared.contains(blob) => {
            refuse(Reason::PhotosDiffer, format!("{blob} is declared and named nowhere"))
        }
        Some(blob) => refuse(Reason::PhotosDiffer, format!("{blob} is named and not declared")),
    }
}
