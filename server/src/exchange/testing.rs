//! A device for tests and demonstrations: the real device side of the exchange over a store in memory, without a
//! network. It seals envelopes, writes request bodies, and performs the steps of answers.

use std::collections::{BTreeMap, BTreeSet};
use sync_core::document::{ActorId16, Edit, EditAuthor, Role};
use sync_core::ids::{
    ChangeHash, CommandId, ComplaintId, DeviceId, EnvelopeHash, PersonId, ServerId, VisitId, WorkOrderId,
};
use sync_core::log::{
    Body, BodyKind, ChainPosition, ChangeBody, Command, Envelope, HEADER_FORMAT, Header, PhotoClaim,
    SealParts, SigningKey, VisitBegin, office_log,
};
use sync_core::protocol::{
    Ask, Beacon, ChangeOrigin, CommandOutcome, Done, EnvelopeStatus, LogEnd, Order, PROTOCOL_VERSION,
    Receipt, Request, Rework, WelcomeBack, scope_digest,
};
use sync_core::replica::{DEPENDS_ON_LOST, Plan, Step, Upload, VisitReplica, compose, plan};
use sync_core::time::Timestamp;

/// Bytes of a request body unless a test says otherwise.
const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;

/// A device with everything that a real one keeps in its store.
#[derive(Debug, Clone)]
pub struct SimDevice {
    /// Its identity.
    pub device: DeviceId,
    /// The person signed in.
    pub person: PersonId,
    /// Its key.
    pub key: SigningKey,
    /// Its clock.
    pub now: Timestamp,
    /// Its log, acknowledged or not.
    pub log: Vec<Envelope>,
    /// Envelopes of others, as they came.
    pub kept: Vec<Envelope>,
    /// Those of them that the server asked for.
    pub offered: Vec<Envelope>,
    /// What the server confirmed.
    pub acknowledged: ChainPosition,
    /// Its visits.
    pub visits: BTreeMap<VisitId, VisitReplica>,
    /// Visits that it lost and still has unsent work on.
    pub leaving: BTreeSet<VisitId>,
    /// Its pack.
    pub pack: BTreeMap<String, String>,
    /// What became of its envelopes, by sequence.
    pub fates: BTreeMap<u64, EnvelopeStatus>,
    /// What became of its commands.
    pub commands: BTreeMap<CommandId, CommandOutcome>,
    /// Where competing values come from.
    pub origins: BTreeMap<ChangeHash, ChangeOrigin>,
    /// The newest receipt of each visit.
    pub receipts: BTreeMap<VisitId, Receipt>,
    /// Work sent back to it.
    pub rework: Vec<Rework>,
    /// Orders of the last answer.
    pub orders: Vec<Order>,
    /// The last welcome.
    pub welcome: Option<WelcomeBack>,
    /// The end of the last answer that was whole.
    pub done: Option<Done>,
    /// Its access token.
    pub token: Option<String>,
    /// What the next request says and wants beyond the usual.
    pub ask: Ask,
    /// Whether the last digest was another one than its own.
    pub differs: bool,
    server: ServerId,
    epoch: u64,
    cursor: u64,
    minted: u64,
}

impl SimDevice {
    /// A device that has just been enrolled.
    pub fn enrolled(
        server: ServerId,
        device: DeviceId,
        person: PersonId,
        key: SigningKey,
        now: Timestamp,
    ) -> Self {
        Self {
            device,
            person,
            key,
            now,
            log: Vec::new(),
            kept: Vec::new(),
            offered: Vec::new(),
            acknowledged: ChainPosition::START,
            visits: BTreeMap::new(),
            leaving: BTreeSet::new(),
            pack: BTreeMap::new(),
            fates: BTreeMap::new(),
            commands: BTreeMap::new(),
            origins: BTreeMap::new(),
            receipts: BTreeMap::new(),
            rework: Vec::new(),
            orders: Vec::new(),
            welcome: None,
            done: None,
            token: None,
            ask: Ask::default(),
            differs: false,
            server,
            epoch: 0,
            cursor: 0,
            minted: 0,
        }
    }

    /// The end of its own chain.
    pub fn position(&self) -> ChainPosition {
        self.log.last().map_or(ChainPosition::START, |last| ChainPosition {
            sequence: last.header().sequence,
            hash: last.hash(),
        })
    }

    /// The feed position up to which it has everything.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// The server history that it knows; 0 before the first answer.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The installation it is enrolled with.
    pub fn server(&self) -> ServerId {
        self.server
    }

    /// Ten bytes that this device has not used before, for minting ids. Not random: the same in every run.
    pub fn entropy(&mut self) -> [u8; 10] {
        self.minted += 1;
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.minted.to_be_bytes());
        bytes[8..].copy_from_slice(&self.device.as_bytes()[14..]);
        bytes
    }

    /// Appends an act to its log.
    pub fn seal(&mut self, visit: Option<VisitId>, body: &Body) -> &Envelope {
        let envelope = self.sealed(visit, body, self.position());
        self.log.push(envelope);
        self.log.last().expect("it was just pushed")
    }

    /// An act as it would follow on `end`, without appending it.
    pub fn sealed(&mut self, visit: Option<VisitId>, body: &Body, end: ChainPosition) -> Envelope {
        let welcome = self.welcome.as_ref();
        let header = Header {
            format: HEADER_FORMAT,
            server: self.server,
            epoch: self.epoch,
            device: self.device,
            sequence: end.sequence + 1,
            previous: end.hash,
            person: self.person,
            claimed_at: self.now,
            monotonic_ms: end.sequence,
            boot: [1; 8],
            utc_offset_min: 480,
            log_index_known: welcome.map_or(0, |welcome| welcome.log_index),
            server_time_known: welcome.map_or(Timestamp::from_unix_ms(0), |welcome| welcome.server_time),
            kind: BodyKind::Change,
            visit,
            commitment: [0; 32],
        };
        let mut salt = [0; 16];
        salt[..10].copy_from_slice(&self.entropy());
        Envelope::seal(SealParts { header, body, salt }, &self.key)
    }

    /// Begins a visit: one that was assigned, or one born in the field.
    pub fn begin(&mut self, visit: VisitId, work_order: Option<WorkOrderId>, complaint: Option<ComplaintId>) {
        self.visits.entry(visit).or_insert_with(|| VisitReplica::birth(visit));
        self.seal(Some(visit), &Body::VisitBegin(VisitBegin { generation: 0, work_order, complaint }));
    }

    /// Saves what `act` does to a visit as one change in one envelope; false when it did nothing.
    ///
    /// # Panics
    /// When the device does not have the visit.
    pub fn save(&mut self, visit: VisitId, act: impl FnOnce(&mut Edit<'_>)) -> bool {
        self.save_with(visit, Vec::new(), act)
    }

    /// As [`SimDevice::save`], declaring photos.
    ///
    /// # Panics
    /// When the device does not have the visit.
    pub fn save_with(
        &mut self,
        visit: VisitId,
        photos: Vec<PhotoClaim>,
        act: impl FnOnce(&mut Edit<'_>),
    ) -> bool {
        self.write(visit, self.person, photos, act)
    }

    /// As [`SimDevice::save`], but the edit pretends to be made by somebody else: what the gate has to refuse.
    ///
    /// # Panics
    /// When the device does not have the visit.
    pub fn save_as(&mut self, visit: VisitId, person: PersonId, act: impl FnOnce(&mut Edit<'_>)) -> bool {
        self.write(visit, person, Vec::new(), act)
    }

    fn write(
        &mut self,
        visit: VisitId,
        person: PersonId,
        photos: Vec<PhotoClaim>,
        act: impl FnOnce(&mut Edit<'_>),
    ) -> bool {
        self.now = self.now.plus_ms(1_000);
        let replica = self.visits.get_mut(&visit).expect("the device has the visit");
        let generation = replica.generation;
        let actor = ActorId16::of_device(self.device, visit, generation);
        let mut edit = replica.document.edit(EditAuthor { actor, person, at: self.now, role: Role::Field });
        act(&mut edit);
        let Some(chunk) = edit.commit() else { return false };
        let body = ChangeBody { generation, chunks: vec![chunk.bytes.into()], photos, parts: Vec::new() };
        self.seal_save(visit, &Body::Change(body));
        true
    }

    fn seal_save(&mut self, visit: VisitId, body: &Body) {
        let envelope = self.seal(Some(visit), body).clone();
        let replica = self.visits.get_mut(&visit).expect("the device has the visit");
        replica.record(&envelope).expect("the save was made on this document");
    }

    /// Asks for something that the server owns.
    pub fn command(&mut self, visit: Option<VisitId>, request: &Request) -> CommandId {
        let id = CommandId::from_entropy(self.now, self.entropy());
        self.seal(visit, &Body::Command(Command { id, request: request.encode().into() }));
        id
    }

    /// The body of the next request.
    pub fn request(&mut self) -> Vec<u8> {
        self.request_of(BODY_BYTES_MAX)
    }

    /// The same, no larger than this.
    pub fn request_of(&mut self, body_bytes_max: usize) -> Vec<u8> {
        let unsent: Vec<Envelope> = self.unsent().to_vec();
        let mut ask = std::mem::take(&mut self.ask);
        ask.epoch = self.epoch;
        ask.cursor = self.cursor;
        ask.acknowledged = self.acknowledged.sequence;
        ask.acknowledged_hash = (self.acknowledged.sequence > 0).then_some(self.acknowledged.hash);
        if ask.kept_logs.is_empty() {
            let office = office_log(self.server, self.epoch);
            ask.kept_logs = self.kept_logs().into_iter().filter(|kept| kept.device == office).collect();
        }
        if self.differs {
            ask.visit_digests = self.visits.values().map(VisitReplica::accepted_digest).collect();
        }
        let beacon = Beacon {
            protocol: PROTOCOL_VERSION,
            app_version: "0.1.0".to_owned(),
            wall_clock: self.now,
            utc_offset_min: 480,
            envelopes_pending: unsent.len() as u64,
            ..Beacon::default()
        };
        let upload = Upload {
            server: self.server,
            device: self.device,
            beacon,
            ask,
            envelopes: &unsent,
            offered: &self.offered,
            body_bytes_max,
        };
        compose(&upload).body
    }

    fn kept_logs(&self) -> Vec<LogEnd> {
        let mut ends = BTreeMap::new();
        for header in self.kept.iter().map(Envelope::header) {
            let end: &mut u64 = ends.entry(header.device).or_default();
            *end = header.sequence.max(*end);
        }
        ends.into_iter().map(|(device, sequence)| LogEnd { device, sequence }).collect()
    }

    /// Envelopes that are not acknowledged.
    pub fn unsent(&self) -> &[Envelope] {
        let acknowledged = self.acknowledged.sequence;
        let first = self.log.iter().position(|envelope| envelope.header().sequence > acknowledged);
        &self.log[first.unwrap_or(self.log.len())..]
    }

    /// Performs an answer, whole or cut. True when it was whole.
    ///
    /// # Panics
    /// When the answer cannot be used at all.
    pub fn take(&mut self, answer: &[u8]) -> bool {
        let Plan { steps, whole } = plan(answer, self.server, self.epoch, self.position(), self.acknowledged)
            .expect("the answer can be read");
        self.orders.clear();
        let mut refused = BTreeSet::new();
        for step in steps {
            self.perform(step, &mut refused);
        }
        for visit in refused {
            self.write_anew(visit);
        }
        self.leave();
        whole
    }

    fn perform(&mut self, step: Step, refused: &mut BTreeSet<VisitId>) {
        match step {
            Step::AdoptEpoch { epoch } => {
                if self.epoch > 0 {
                    self.ask.kept_logs = self.kept_logs();
                }
                self.epoch = epoch;
                self.cursor = 0;
            }
            Step::Welcome(welcome) => {
                if welcome.acknowledged <= self.position().sequence {
                    let hash = welcome.acknowledged_hash.unwrap_or(EnvelopeHash::NONE);
                    self.acknowledged = ChainPosition { sequence: welcome.acknowledged, hash };
                }
                if welcome.token.is_some() {
                    self.token.clone_from(&welcome.token);
                }
                self.welcome = Some(welcome);
            }
            Step::ResendFrom { sequence } => self.orders.push(Order::ResendFrom { sequence }),
            Step::FetchOwn { from } => self.ask.own_from = from,
            Step::Forked { .. } => self.orders.push(Order::EnrolAgain),
            Step::Settle(result) => self.settle(result.sequence, result.status, refused),
            Step::Keep(envelope) => self.keep(&envelope),
            Step::Replace(document) => {
                let visit = document.visit;
                let replica = self.visits.entry(visit).or_insert_with(|| VisitReplica::birth(visit));
                replica.replace(&document).expect("the server sends readable documents");
                self.leaving.remove(&visit);
            }
            Step::Unassign(visit, _) => {
                self.leaving.insert(visit);
            }
            Step::Pack(item) => match item.json {
                Some(json) => drop(self.pack.insert(item.key, json)),
                None => drop(self.pack.remove(&item.key)),
            },
            Step::Command(result) => drop(self.commands.insert(result.id, result.outcome)),
            Step::Rework(rework) => self.rework.push(rework),
            Step::Order(order) => self.orders.push(order),
            Step::Offer(end) => {
                let lacks = |envelope: &&Envelope| {
                    let header = envelope.header();
                    header.device == end.device && header.sequence > end.sequence
                };
                self.offered.extend(self.kept.iter().filter(lacks).cloned());
            }
            Step::Origin(origin) => drop(self.origins.insert(origin.change, origin)),
            Step::Heard(end) => self.offered.retain(|envelope| {
                let header = envelope.header();
                header.device != end.device || header.sequence != end.sequence
            }),
            Step::Receipt(receipt) => drop(self.receipts.insert(receipt.visit, receipt)),
            Step::Finish(done) => {
                self.cursor = done.cursor;
                let ours = scope_digest(self.visits.values().map(VisitReplica::accepted_digest).collect());
                self.differs = done.digest.is_some_and(|theirs| theirs != ours);
                self.done = Some(done);
            }
        }
    }

    fn settle(&mut self, sequence: u64, status: EnvelopeStatus, refused: &mut BTreeSet<VisitId>) {
        let envelope = self.log.iter().find(|envelope| envelope.header().sequence == sequence);
        let visit = envelope.and_then(|envelope| envelope.header().visit);
        let sent_back =
            matches!(&status, EnvelopeStatus::Quarantined { reason, .. } if reason == DEPENDS_ON_LOST);
        let known = self.fates.get(&sequence) == Some(&status);
        if let (Some(envelope), true, false) = (envelope, sent_back, known)
            && let Some(replica) = visit.and_then(|visit| self.visits.get_mut(&visit))
        {
            replica.note(envelope);
        }
        if let Some((visit, replica)) = visit.and_then(|visit| Some((visit, self.visits.get_mut(&visit)?))) {
            match &status {
                EnvelopeStatus::Merged | EnvelopeStatus::MergedLate => replica.settle_merged(sequence),
                EnvelopeStatus::Quarantined { reason, .. } => {
                    if replica.settle_refused(sequence, reason) {
                        refused.insert(visit);
                    }
                }
                EnvelopeStatus::Pending | EnvelopeStatus::Escrowed => {}
            }
        }
        self.fates.insert(sequence, status);
    }

    fn keep(&mut self, envelope: &Envelope) {
        let header = envelope.header();
        if header.device == self.device && header.sequence == self.position().sequence + 1 {
            self.log.push(envelope.clone());
            self.acknowledged = self.position();
        }
        if header.device != self.device && !self.kept.iter().any(|kept| kept.hash() == envelope.hash()) {
            self.kept.push(envelope.clone());
        }
        let (Some(visit), Ok(body)) = (header.visit, envelope.body()) else { return };
        if let (Some(replica), Some(change)) = (self.visits.get_mut(&visit), body.change()) {
            // What is missing here shows in the digest and is repaired by the next exchange.
            let _ = replica.keep(change);
        }
    }

    fn write_anew(&mut self, visit: VisitId) {
        let Some(replica) = self.visits.get_mut(&visit) else { return };
        for reissue in replica.raise_generation(self.device) {
            self.seal_save(visit, &Body::Reissue(reissue));
        }
    }

    /// Drops visits that it lost, once everything about them was sent.
    fn leave(&mut self) {
        let acknowledged = self.acknowledged.sequence;
        let busy = |visit: &VisitId| {
            self.log.iter().any(|envelope| {
                envelope.header().visit == Some(*visit) && envelope.header().sequence > acknowledged
            })
        };
        let gone: Vec<VisitId> = self.leaving.iter().filter(|visit| !busy(visit)).copied().collect();
        for visit in gone {
            self.leaving.remove(&visit);
            self.visits.remove(&visit);
        }
    }
}
