//! A device whose store is memory.

use crate::document::{ActorId16, Edit, EditAuthor, Role};
use crate::ids::{CommandId, DeviceId, EnvelopeHash, PersonId, ServerId, VisitId};
use crate::log::{
    Body, BodyKind, ChainPosition, ChangeBody, Command, Envelope, HEADER_FORMAT, Header, PhotoClaim,
    PublicKey, SealParts, SigningKey,
};
use crate::protocol::{Ask, Beacon, EnvelopeStatus, Request, scope_digest};
use crate::replica::{Composed, Plan, Step, Upload, VisitReplica, compose, plan};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// A device of the fleet.
#[derive(Debug, Clone)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Who uses it.
    pub person: PersonId,
    /// Its visits.
    pub visits: BTreeMap<VisitId, VisitReplica>,
    /// Its log: everything it ever signed.
    pub log: Vec<Envelope>,
    /// What the server has confirmed.
    pub acknowledged: ChainPosition,
    /// Its clock, moved by hand.
    pub clock: Timestamp,
    /// The last digest differed: visits are named in the next request.
    pub differs: bool,
    /// Visits about which it says with the next request that it holds nothing more.
    pub settled: Vec<VisitId>,
    key: SigningKey,
    server: ServerId,
    epoch: u64,
    cursor: u64,
    own_from: u64,
}

impl Device {
    /// A device that has just been enrolled.
    pub fn enrolled(number: u8, server: ServerId, visits: &[VisitId]) -> Self {
        Self {
            id: DeviceId::from_bytes([number; 16]),
            person: PersonId::from_bytes([number; 16]),
            visits: visits.iter().map(|visit| (*visit, VisitReplica::birth(*visit))).collect(),
            log: Vec::new(),
            acknowledged: ChainPosition::START,
            clock: Timestamp::from_unix_ms(1_790_000_000_000),
            differs: false,
            settled: Vec::new(),
            key: SigningKey::from_seed(&[number; 32]),
            server,
            epoch: 0,
            cursor: 0,
            own_from: 0,
        }
    }

    /// A device whose identity a real server gave it.
    pub fn with_identity(
        id: DeviceId,
        person: PersonId,
        key: SigningKey,
        server: ServerId,
        epoch: u64,
    ) -> Self {
        Self { id, person, key, epoch, ..Self::enrolled(0, server, &[]) }
    }

    /// Takes a visit on.
    pub fn take_on(&mut self, visit: VisitId) {
        self.visits.entry(visit).or_insert_with(|| VisitReplica::birth(visit));
    }

    /// Signs anything, as an assertion needs it.
    pub fn sign(&self, message: &[u8]) -> crate::log::Signature {
        self.key.sign(message)
    }

    /// The key that its envelopes verify with.
    pub fn public_key(&self) -> PublicKey {
        self.key.public()
    }

    /// The end of its own chain.
    pub fn position(&self) -> ChainPosition {
        self.log.last().map_or(ChainPosition::START, |last| ChainPosition {
            sequence: last.header().sequence,
            hash: last.hash(),
        })
    }

    /// Saves what `act` does to a visit, as one change in one envelope. `writes_as` is the
    /// person that the entries name: somebody else's is what the gate must refuse.
    pub fn save(&mut self, visit: VisitId, writes_as: PersonId, act: impl FnOnce(&mut Edit<'_>)) -> bool {
        self.save_with_photos(visit, writes_as, Vec::new(), act)
    }

    /// The same for a save that names photos.
    pub fn save_with_photos(
        &mut self,
        visit: VisitId,
        writes_as: PersonId,
        photos: Vec<PhotoClaim>,
        act: impl FnOnce(&mut Edit<'_>),
    ) -> bool {
        self.clock = self.clock.plus_ms(60_000);
        let replica = self.visits.get_mut(&visit).expect("the device is on this visit");
        let generation = replica.generation;
        let actor = ActorId16::of_device(self.id, visit, generation);
        let author = EditAuthor { actor, person: writes_as, at: self.clock, role: Role::Field };
        let mut edit = replica.document.edit(author);
        act(&mut edit);
        let Some(chunk) = edit.commit() else { return false };
        let chunks = vec![chunk.bytes.into()];
        let body = Body::Change(ChangeBody { generation, chunks, photos, parts: Vec::new() });
        self.seal(visit, &body);
        true
    }

    /// Asks for something that the server owns.
    pub fn command(&mut self, visit: VisitId, request: &Request) {
        self.clock = self.clock.plus_ms(60_000);
        let mut entropy = [0; 10];
        entropy[..8].copy_from_slice(&self.position().sequence.to_be_bytes());
        entropy[8..].copy_from_slice(&self.id.as_bytes()[14..]);
        let id = CommandId::from_entropy(self.clock, entropy);
        let body = Body::Command(Command { id, request: request.encode().into() });
        let envelope = self.sealed(visit, &body);
        self.log.push(envelope);
    }

    fn seal(&mut self, visit: VisitId, body: &Body) {
        let envelope = self.sealed(visit, body);
        let replica = self.visits.get_mut(&visit).expect("the device is on this visit");
        replica.record(&envelope).expect("the save was made on this document");
        self.log.push(envelope);
    }

    fn sealed(&self, visit: VisitId, body: &Body) -> Envelope {
        let end = self.position();
        let header = Header {
            format: HEADER_FORMAT,
            server: self.server,
            epoch: self.epoch,
            device: self.id,
            sequence: end.sequence + 1,
            previous: end.hash,
            person: self.person,
            claimed_at: self.clock,
            monotonic_ms: end.sequence,
            boot: [1; 8],
            utc_offset_min: 480,
            log_index_known: 0,
            server_time_known: Timestamp::default(),
            kind: BodyKind::Change,
            visit: Some(visit),
            commitment: [0; 32],
        };
        let mut salt = [0; 16];
        salt[..8].copy_from_slice(&end.sequence.to_be_bytes());
        Envelope::seal(SealParts { header, body, salt }, &self.key)
    }

    /// The next request.
    pub fn request(&self, body_bytes_max: usize, answer_bytes_max: u64) -> Composed {
        let unsent = usize::try_from(self.acknowledged.sequence).expect("a short log");
        let ask = Ask {
            epoch: self.epoch,
            cursor: self.cursor,
            acknowledged: self.acknowledged.sequence,
            acknowledged_hash: (self.acknowledged.sequence > 0).then_some(self.acknowledged.hash),
            answer_bytes_max,
            visit_digests: match self.differs {
                true => self.visits.values().map(VisitReplica::accepted_digest).collect(),
                false => Vec::new(),
            },
            own_from: self.own_from,
            settled_visits: self.settled.clone(),
            ..Ask::default()
        };
        compose(&Upload {
            server: self.server,
            device: self.id,
            beacon: Beacon { protocol: crate::protocol::PROTOCOL_VERSION, ..Beacon::default() },
            ask,
            envelopes: &self.log[unsent..],
            offered: &[],
            body_bytes_max,
        })
    }

    /// Reads an answer, cut or whole, and performs its steps. True when it was whole.
    pub fn read(&mut self, answer: &[u8]) -> bool {
        let planned = plan(answer, self.server, self.epoch, self.position(), self.acknowledged);
        let Ok(Plan { steps, whole }) = planned else { return false };
        let mut refused = Vec::new();
        for step in steps {
            self.perform(step, &mut refused);
        }
        for visit in refused {
            self.rewrite_after_refusal(visit);
        }
        whole
    }

    fn perform(&mut self, step: Step, refused: &mut Vec<VisitId>) {
        match step {
            Step::AdoptEpoch { epoch } => {
                self.epoch = epoch;
                self.cursor = 0;
            }
            Step::Welcome(welcome) if welcome.acknowledged <= self.position().sequence => {
                let hash = welcome.acknowledged_hash.unwrap_or(EnvelopeHash::NONE);
                self.acknowledged = ChainPosition { sequence: welcome.acknowledged, hash };
            }
            Step::FetchOwn { from } => self.own_from = from,
            Step::Settle(result) => self.settle(result.sequence, &result.status, refused),
            Step::Keep(envelope) => self.keep(&envelope),
            Step::Replace(document) => {
                let replica = self.visits.get_mut(&document.visit).expect("only our visits arrive");
                replica.replace(&document).expect("the server sends readable documents");
            }
            Step::Finish(done) => {
                self.cursor = done.cursor;
                let ours = scope_digest(self.visits.values().map(VisitReplica::accepted_digest).collect());
                self.differs = done.digest.is_some_and(|theirs| theirs != ours);
            }
            _ => {}
        }
    }

    fn settle(&mut self, sequence: u64, status: &EnvelopeStatus, refused: &mut Vec<VisitId>) {
        let Some(envelope) = self.log.iter().find(|envelope| envelope.header().sequence == sequence) else {
            return;
        };
        let Some(visit) = envelope.header().visit else { return };
        let replica = self.visits.get_mut(&visit).expect("only our visits are judged");
        match status {
            EnvelopeStatus::Merged | EnvelopeStatus::MergedLate => replica.settle_merged(sequence),
            EnvelopeStatus::Quarantined { reason, .. } => {
                if replica.settle_refused(sequence, reason) && !refused.contains(&visit) {
                    refused.push(visit);
                }
            }
            EnvelopeStatus::Pending | EnvelopeStatus::Escrowed => {}
        }
    }

    fn keep(&mut self, envelope: &Envelope) {
        if envelope.header().device == self.id {
            if envelope.header().sequence == self.position().sequence + 1 {
                self.log.push(envelope.clone());
            }
            self.own_from = 0;
        }
        let Some(visit) = envelope.header().visit else { return };
        let Ok(body) = envelope.body() else { return };
        if let (Some(replica), Some(change)) = (self.visits.get_mut(&visit), body.change()) {
            // What is missing here shows in the digest and is repaired by the next exchange.
            let _ = replica.keep(change);
        }
    }

    fn rewrite_after_refusal(&mut self, visit: VisitId) {
        let replica = self.visits.get_mut(&visit).expect("only our visits are judged");
        for reissue in replica.raise_generation(self.id) {
            self.seal(visit, &Body::Reissue(reissue));
        }
    }
}
