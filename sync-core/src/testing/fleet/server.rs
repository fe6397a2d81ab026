//! A server whose store is memory: the same chain, judge and frames as the real one.

use crate::document::VisitDocument;
use crate::ids::{ChangeHash, DeviceId, ServerId, VisitId};
use crate::log::{ChainPosition, ChainStep, Envelope, PublicKey};
use crate::merge::{Author, Limits, MergeJob, MergeUnit, UnitResult, judge};
use crate::protocol::{
    Ask, Done, DownFrame, EnvelopeResult, EnvelopeStatus, FrameReader, FrameWriter, UpFrame, VisitDigest,
    WelcomeBack, WholeDocument, WireContext, scope_digest, visit_digest,
};
use crate::replica::DEPENDS_ON_REFUSED;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The server of the fleet. Every device is on every visit.
#[derive(Debug)]
pub struct Server {
    /// Its id.
    pub id: ServerId,
    /// Everything that arrived, in order, with its fate.
    pub log: Vec<(Envelope, EnvelopeStatus)>,
    /// The merged documents, saved, and their heads.
    pub visits: BTreeMap<VisitId, (Vec<u8>, Vec<ChangeHash>)>,
    /// Changes that stand in quarantine.
    pub refused: BTreeSet<ChangeHash>,
    keys: BTreeMap<DeviceId, PublicKey>,
    chains: BTreeMap<DeviceId, ChainPosition>,
    feed: Vec<usize>,
}

impl Server {
    /// A server that knows these devices and visits.
    pub fn new(id: ServerId, keys: BTreeMap<DeviceId, PublicKey>, visits: &[VisitId]) -> Self {
        let visits = visits.iter().map(|visit| (*visit, birth(*visit))).collect();
        let (log, feed) = (Vec::new(), Vec::new());
        Self { id, log, visits, refused: BTreeSet::new(), keys, chains: BTreeMap::new(), feed }
    }

    /// The merged document of a visit.
    pub fn document(&self, visit: VisitId) -> VisitDocument {
        VisitDocument::load(&self.visits[&visit].0).expect("stored documents always load")
    }

    /// Takes a request that may have been cut and answers it.
    pub fn exchange(&mut self, device: DeviceId, body: &[u8]) -> Vec<u8> {
        let mut reader = FrameReader::new();
        let _ = reader.feed(body);
        let mut context = WireContext::upload(self.id, device);
        let (mut ask, mut arrived) = (Ask::default(), Vec::new());
        while let Ok(Some(frame)) = reader.next_frame() {
            match frame {
                UpFrame::Beacon(_) | UpFrame::Offered(_) | UpFrame::End(_) => {}
                UpFrame::Ask(found) => ask = found,
                UpFrame::Envelope(wire) => match context.unpack(wire) {
                    Ok(envelope) => match self.append(device, envelope) {
                        Some(index) => arrived.push(index),
                        None => break,
                    },
                    Err(_) => break,
                },
            }
        }
        self.judge_waiting();
        self.answer(device, &ask, &arrived)
    }

    /// Appends an envelope; the index of it, or of the one already there. `None` stops the body.
    fn append(&mut self, device: DeviceId, envelope: Envelope) -> Option<usize> {
        assert!(envelope.is_signed_by(&self.keys[&device]), "honest devices sign");
        let end = self.chains.get(&device).copied().unwrap_or(ChainPosition::START);
        match end.step(&envelope) {
            ChainStep::Next(position) => {
                self.chains.insert(device, position);
                self.log.push((envelope, EnvelopeStatus::Pending));
                Some(self.log.len() - 1)
            }
            ChainStep::Past => self.log.iter().position(|(known, _)| known.hash() == envelope.hash()),
            ChainStep::Gap { .. } => None,
            ChainStep::Fork => panic!("an honest device never forks: {envelope:?}"),
        }
    }

    fn judge_waiting(&mut self) {
        for visit in self.visits.keys().copied().collect::<Vec<_>>() {
            let waiting = self.waiting_units(visit);
            if waiting.is_empty() {
                continue;
            }
            let units = waiting.iter().map(|index| unit_of(*index, &self.log[*index].0)).collect();
            let base = Some(self.visits[&visit].0.clone().into());
            let job = MergeJob { visit, base, units, open_paths: Vec::new() };
            let outcome = judge(&job, &Limits::default()).expect("stored documents always load");
            for (reference, result) in &outcome.results {
                self.note(usize::try_from(*reference).expect("an index of this log"), result);
            }
            if let Some(saved) = outcome.saved {
                self.visits.insert(visit, (saved.into(), outcome.heads));
            }
        }
    }

    fn waiting_units(&self, visit: VisitId) -> Vec<usize> {
        let waits = |entry: &(Envelope, EnvelopeStatus)| {
            entry.0.header().visit == Some(visit) && entry.1 == EnvelopeStatus::Pending
        };
        self.log.iter().enumerate().filter(|(_, entry)| waits(entry)).map(|(index, _)| index).collect()
    }

    fn note(&mut self, index: usize, result: &UnitResult) {
        let status = match result {
            UnitResult::Accepted { .. } => EnvelopeStatus::Merged,
            UnitResult::Quarantined { refusal } => self.refuse(index, refusal.reason.code()),
            UnitResult::Waiting { missing } if missing.iter().any(|hash| self.refused.contains(hash)) => {
                self.refuse(index, DEPENDS_ON_REFUSED)
            }
            UnitResult::Waiting { .. } => return,
        };
        self.log[index].1 = status;
        self.feed.push(index);
    }

    fn refuse(&mut self, index: usize, reason: &str) -> EnvelopeStatus {
        self.refused.extend(change_hashes(&self.log[index].0));
        EnvelopeStatus::Quarantined { reason: reason.to_owned(), detail: String::new() }
    }

    fn answer(&self, device: DeviceId, ask: &Ask, arrived: &[usize]) -> Vec<u8> {
        let mut writer = FrameWriter::new();
        let end = self.chains.get(&device).copied().unwrap_or(ChainPosition::START);
        writer.push(&DownFrame::Welcome(WelcomeBack {
            server: self.id,
            epoch: 1,
            server_time: Timestamp::from_unix_ms(1_790_000_000_000),
            log_index: self.log.len() as u64,
            acknowledged: end.sequence,
            acknowledged_hash: (end.sequence > 0).then_some(end.hash),
            protocol_min: 1,
            token: None,
            token_ms: 0,
            escrow: false,
        }));
        for index in arrived {
            writer.push(&DownFrame::Result(result_of(&self.log[*index])));
        }
        for digest in &ask.visit_digests {
            self.repair(digest, &mut writer);
        }
        let done = self.page(device, ask, &mut writer);
        writer.push(&DownFrame::Done(done));
        writer.finish()
    }

    fn page(&self, device: DeviceId, ask: &Ask, writer: &mut FrameWriter) -> Done {
        let mut context = WireContext::download(self.id);
        let mut cursor = if ask.epoch == 1 { usize::try_from(ask.cursor).expect("a short feed") } else { 0 };
        while cursor < self.feed.len() && (writer.inflated_bytes() as u64) < ask.answer_bytes_max {
            let entry = &self.log[self.feed[cursor]];
            if entry.0.header().device == device {
                writer.push(&DownFrame::Result(result_of(entry)));
            } else if entry.1 == EnvelopeStatus::Merged {
                writer.push(&DownFrame::Foreign(context.pack(&entry.0)));
            }
            cursor += 1;
        }
        let more = cursor < self.feed.len();
        let digest = || scope_digest(self.visits.keys().map(|visit| self.digest(*visit)).collect());
        Done { cursor: cursor as u64, more, digest: (!more).then(digest), conflicts_open: 0 }
    }

    fn digest(&self, visit: VisitId) -> VisitDigest {
        visit_digest(visit, &self.visits[&visit].1)
    }

    fn repair(&self, theirs: &VisitDigest, writer: &mut FrameWriter) {
        if *theirs != self.digest(theirs.visit) {
            let (saved, heads) = self.visits[&theirs.visit].clone();
            let visit = theirs.visit;
            writer.push(&DownFrame::Document(WholeDocument { visit, saved: saved.into(), heads }));
        }
    }
}

fn birth(visit: VisitId) -> (Vec<u8>, Vec<ChangeHash>) {
    let born = VisitDocument::birth(visit);
    (born.save(), born.heads())
}

fn unit_of(index: usize, envelope: &Envelope) -> MergeUnit {
    let header = envelope.header();
    let body = envelope.body().expect("honest devices write readable bodies");
    let change = body.change().expect("the fleet only saves");
    MergeUnit {
        reference: index as u64,
        author: Author::Device { device: header.device, generation: change.generation },
        person: header.person,
        chunks: change.chunks.clone(),
        photos: change.photos.iter().map(|photo| photo.sha256).collect(),
        approved: false,
    }
}

fn result_of((envelope, status): &(Envelope, EnvelopeStatus)) -> EnvelopeResult {
    EnvelopeResult { sequence: envelope.header().sequence, status: status.clone() }
}

/// Hashes of the changes in an envelope.
pub(super) fn change_hashes(envelope: &Envelope) -> Vec<ChangeHash> {
    let Ok(body) = envelope.body() else { return Vec::new() };
    let chunks = body.change().map(|change| change.chunks.clone()).unwrap_or_default();
    let changes = chunks.into_iter().filter_map(|chunk| automerge::Change::from_bytes(chunk.into()).ok());
    changes.map(|change| change.hash().into()).collect()
}
