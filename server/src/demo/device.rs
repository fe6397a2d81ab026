//! The devices of the past days: each with its own key and signed log, speaking to the server as `field` does.
//!
//! A device keeps everything in memory and is gone when the story is told; what it sent stays.

use super::SeedError;
use super::client::Client;
use super::office::Site;
use crate::app::App;
use crate::clock::Entropy;
use axum::http::{Method, header};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use sync_core::document::{ActorId16, Edit, EditAuthor, Role};
use sync_core::ids::{BlobHash, CommandId, ComplaintId, DeviceId, EntryId, EnvelopeHash, PersonId, VisitId};
use sync_core::log::{
    Body, BodyKind, ChainPosition, ChangeBody, Command, DetachedPart, Envelope, HEADER_FORMAT, Header,
    PhotoClaim, Restricted, SealParts, SigningKey, VisitBegin,
};
use sync_core::protocol::{
    ANSWER_BYTES_DEFAULT, Ask, BODY_BYTES_MAX, Beacon, EnrolmentAnswer, EnrolmentRequest, EnvelopeStatus,
    MEDIA_TYPE, PROTOCOL_VERSION, Request, WelcomeBack, enrolment_proof_input,
};
use sync_core::replica::{Step, Upload, VisitReplica, compose, plan};
use sync_core::restricted::{RestrictedFinding, SealingKey};
use sync_core::time::Timestamp;

/// More rounds than any exchange of the story needs: an answer that never ends is a fault.
const ROUNDS_MAX: usize = 20;

/// One device.
pub(super) struct Device {
    id: DeviceId,
    person: PersonId,
    key: SigningKey,
    entropy: Entropy,
    clock_ahead_ms: i64,
    boot: [u8; 8],
    booted_at: Timestamp,
    known: WelcomeBack,
    epoch: u64,
    cursor: u64,
    end: ChainPosition,
    acknowledged: ChainPosition,
    unsent: Vec<Envelope>,
    visits: BTreeMap<VisitId, VisitReplica>,
    begun: BTreeSet<VisitId>,
    finished: BTreeSet<VisitId>,
    photos: Vec<PhotoOnDevice>,
}

/// A photo whose bytes are still on the device.
pub(super) struct PhotoOnDevice {
    /// Its name in the story.
    pub(super) key: String,
    /// The visit's name in the story.
    pub(super) visit_key: String,
    /// The visit.
    pub(super) visit: VisitId,
    /// What was said of it when it was taken.
    pub(super) claim: PhotoClaim,
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    /// Whether the server has all of them.
    pub(super) sent: bool,
}

/// What a save carries beside its edit.
#[derive(Default)]
pub(super) struct Extras {
    pub(super) photos: Vec<PhotoOnDevice>,
    pub(super) parts: Vec<DetachedPart>,
    pub(super) requests: Vec<Request>,
}

impl Device {
    /// Enrols a new device with the code of an invitation.
    pub(super) async fn enrol(
        client: &Client,
        app: &App,
        code: &str,
        label: &str,
        clock_ahead_s: i64,
    ) -> Result<Self, SeedError> {
        let entropy = app.entropy.clone();
        let key = SigningKey::from_seed(&entropy.bytes());
        let request = EnrolmentRequest {
            code: code.to_owned(),
            public_key: HEXLOWER.encode(key.public().as_bytes()),
            proof: HEXLOWER.encode(&key.sign(&enrolment_proof_input(code, &key.public()))),
            label: label.to_owned(),
            app_version: env!("CARGO_PKG_VERSION").to_owned(),
            person_id: None,
            earlier: None,
        };
        let answer = client.json(Method::POST, "/v1/enrolments", None, &request).await?;
        let answer: EnrolmentAnswer =
            serde_json::from_value(answer).map_err(|error| SeedError::Story { what: error.to_string() })?;
        Ok(Self {
            id: answer.device_id,
            person: answer.person_id,
            boot: entropy.bytes(),
            booted_at: app.clock.now(),
            key,
            entropy,
            clock_ahead_ms: clock_ahead_s * 1000,
            known: WelcomeBack {
                server: answer.server_id,
                epoch: answer.epoch,
                server_time: Timestamp::from_unix_ms(answer.server_time_ms),
                log_index: 0,
                acknowledged: 0,
                acknowledged_hash: None,
                protocol_min: PROTOCOL_VERSION,
                token: None,
                token_ms: 0,
                escrow: false,
            },
            epoch: answer.epoch,
            cursor: 0,
            end: ChainPosition::START,
            acknowledged: ChainPosition::START,
            unsent: Vec::new(),
            visits: BTreeMap::new(),
            begun: BTreeSet::new(),
            finished: BTreeSet::new(),
            photos: Vec::new(),
        })
    }

    /// Whose device it is.
    pub(super) fn person(&self) -> PersonId {
        self.person
    }

    /// What numbers given on this device have in them: the end of its id, as `field` writes it.
    pub(super) fn mark(&self) -> String {
        let id = self.id.to_string().to_uppercase();
        id[id.len().saturating_sub(6)..].to_owned()
    }

    /// A new entry's id.
    pub(super) fn new_entry(&self, now: Timestamp) -> EntryId {
        EntryId::from_entropy(self.claimed(now), self.entropy.bytes())
    }

    /// Sixteen random bytes.
    pub(super) fn salt(&self) -> [u8; 16] {
        self.entropy.bytes()
    }

    /// Ids for a complaint and its visit, met in the field.
    pub(super) fn mint(&self, now: Timestamp) -> (ComplaintId, VisitId) {
        let now = self.claimed(now);
        let complaint = ComplaintId::from_entropy(now, self.entropy.bytes());
        (complaint, VisitId::from_entropy(now, self.entropy.bytes()))
    }

    /// What its clock says.
    fn claimed(&self, now: Timestamp) -> Timestamp {
        now.plus_ms(self.clock_ahead_ms)
    }

    /// Records one save: what `act` does to the document of a visit, in the name of `written_as`.
    pub(super) fn save(
        &mut self,
        now: Timestamp,
        site: &Site,
        written_as: PersonId,
        act: impl FnOnce(&mut Edit<'_>) -> Result<Extras, SeedError>,
    ) -> Result<(), SeedError> {
        self.begin(now, site)?;
        let (visit, at) = (site.visit, self.claimed(now));
        let replica = self.visits.entry(visit).or_insert_with(|| VisitReplica::birth(visit));
        let generation = replica.generation;
        let actor = ActorId16::of_device(self.id, visit, generation);
        let mut edit = replica.document.edit(EditAuthor { actor, person: written_as, at, role: Role::Field });
        let extras = act(&mut edit)?;
        if let Some(chunk) = edit.commit() {
            let photos = extras.photos.iter().map(|photo| photo.claim.clone()).collect();
            let chunks = vec![chunk.bytes.into()];
            let change = ChangeBody { generation, chunks, photos, parts: extras.parts };
            self.seal(now, Some(visit), &Body::Change(change))?;
        }
        self.photos.extend(extras.photos);
        extras.requests.iter().try_for_each(|request| self.command(now, Some(visit), request))
    }

    /// Asks the server for something it owns.
    pub(super) fn command(
        &mut self,
        now: Timestamp,
        visit: Option<VisitId>,
        request: &Request,
    ) -> Result<(), SeedError> {
        if let Request::Finish { visit, .. } | Request::NoAccess { visit, .. } = request {
            self.finished.insert(*visit);
        }
        let id = CommandId::from_entropy(self.claimed(now), self.entropy.bytes());
        self.seal(now, visit, &Body::Command(Command { id, request: request.encode().into() }))
    }

    /// Seals a restricted finding for the server.
    pub(super) fn seal_restricted(
        &mut self,
        now: Timestamp,
        finding: &RestrictedFinding,
        key: &SealingKey,
    ) -> Result<(), SeedError> {
        let sealed = finding.seal(key, self.person, self.entropy.bytes());
        self.seal(now, None, &Body::Restricted(Restricted { sealed: sealed.into() }))
    }

    /// Says that this device begins to write a visit, once.
    pub(super) fn begin(&mut self, now: Timestamp, site: &Site) -> Result<(), SeedError> {
        if !self.begun.insert(site.visit) {
            return Ok(());
        }
        let complaint = if site.work_order.is_none() { site.complaint } else { None };
        let begin = VisitBegin { generation: 0, work_order: site.work_order, complaint };
        self.seal(now, Some(site.visit), &Body::VisitBegin(begin))
    }

    fn seal(&mut self, now: Timestamp, visit: Option<VisitId>, body: &Body) -> Result<(), SeedError> {
        let header = Header {
            format: HEADER_FORMAT,
            server: self.known.server,
            epoch: self.epoch,
            device: self.id,
            sequence: self.end.sequence + 1,
            previous: self.end.hash,
            person: self.person,
            claimed_at: self.claimed(now),
            monotonic_ms: u64::try_from(now.since_ms(self.booted_at)).unwrap_or(0),
            boot: self.boot,
            utc_offset_min: 480,
            log_index_known: self.known.log_index,
            server_time_known: self.known.server_time,
            kind: BodyKind::Change,
            visit,
            commitment: [0; 32],
        };
        let envelope = Envelope::seal(SealParts { header, body, salt: self.entropy.bytes() }, &self.key);
        if let (Some(visit), Some(_)) = (visit, body.change()) {
            let replica = self.visits.entry(visit).or_insert_with(|| VisitReplica::birth(visit));
            replica.record(&envelope)?;
        }
        self.end = ChainPosition { sequence: envelope.header().sequence, hash: envelope.hash() };
        self.unsent.push(envelope);
        Ok(())
    }

    /// Sends what is unsent and takes what is new, until both sides are in step.
    pub(super) async fn exchange(&mut self, client: &Client, now: Timestamp) -> Result<(), SeedError> {
        for _ in 0..ROUNDS_MAX {
            let body = self.request(now);
            let headers = [
                (header::CONTENT_TYPE.as_str(), MEDIA_TYPE.to_owned()),
                (header::AUTHORIZATION.as_str(), format!("Assertion {}", self.assertion(now))),
            ];
            let answer = client.send(Method::POST, "/v1/exchange", &headers, body).await?;
            let planned = plan(&answer.body, self.known.server, self.epoch, self.end, self.acknowledged)?;
            let mut more = !planned.whole;
            for step in planned.steps {
                more |= self.perform(step)?;
            }
            if !more && self.unsent.is_empty() {
                return Ok(());
            }
        }
        Err(SeedError::Story { what: format!("device {} never came to rest", self.id) })
    }

    fn request(&self, now: Timestamp) -> Vec<u8> {
        let pending = || self.photos.iter().filter(|photo| !photo.sent);
        let beacon = Beacon {
            protocol: PROTOCOL_VERSION,
            app_version: env!("CARGO_PKG_VERSION").to_owned(),
            wall_clock: self.claimed(now),
            utc_offset_min: 480,
            envelopes_pending: self.unsent.len() as u64,
            photos_pending: pending().count() as u64,
            photo_bytes_pending: pending().map(|photo| photo.claim.size_bytes).sum(),
            disk_free_bytes: 41_300_000_000,
            last_failure: None,
            wiped_at: None,
        };
        let ask = Ask {
            epoch: self.epoch,
            cursor: self.cursor,
            acknowledged: self.acknowledged.sequence,
            acknowledged_hash: (self.acknowledged.sequence > 0).then_some(self.acknowledged.hash),
            answer_bytes_max: ANSWER_BYTES_DEFAULT,
            settled_visits: self.settled(),
            ..Ask::default()
        };
        let (server, device, envelopes) = (self.known.server, self.id, &self.unsent);
        compose(&Upload {
            server,
            device,
            beacon,
            ask,
            envelopes,
            offered: &[],
            body_bytes_max: BODY_BYTES_MAX,
        })
        .body
    }

    /// Finished visits of which nothing is left here.
    fn settled(&self) -> Vec<VisitId> {
        let unsent = |visit: &VisitId| {
            self.unsent.iter().any(|envelope| envelope.header().visit == Some(*visit))
                || self.photos.iter().any(|photo| photo.visit == *visit && !photo.sent)
        };
        self.finished.iter().filter(|visit| !unsent(visit)).copied().collect()
    }

    /// Performs a step of the answer; true when another round is needed.
    fn perform(&mut self, step: Step) -> Result<bool, SeedError> {
        match step {
            Step::AdoptEpoch { epoch } => self.epoch = epoch,
            Step::Welcome(welcome) => {
                let hash = welcome.acknowledged_hash.unwrap_or(EnvelopeHash::NONE);
                self.acknowledged = ChainPosition { sequence: welcome.acknowledged, hash };
                self.unsent.retain(|envelope| envelope.header().sequence > welcome.acknowledged);
                self.known =
                    WelcomeBack { token: welcome.token.clone().or(self.known.token.take()), ..welcome };
            }
            Step::Settle(result) => self.settle(result.sequence, &result.status),
            Step::Keep(envelope) => {
                let visit = envelope.header().visit;
                if let (Some(visit), Ok(body)) = (visit, envelope.body())
                    && let Some(change) = body.change()
                {
                    let replica = self.visits.entry(visit).or_insert_with(|| VisitReplica::birth(visit));
                    replica.keep(change)?;
                }
            }
            Step::Replace(whole) => {
                let replica =
                    self.visits.entry(whole.visit).or_insert_with(|| VisitReplica::birth(whole.visit));
                replica.replace(&whole).map_err(|error| SeedError::Story { what: error.to_string() })?;
            }
            Step::Finish(done) => {
                self.cursor = done.cursor;
                return Ok(done.more);
            }
            Step::Forked { .. }
            | Step::FetchOwn { .. }
            | Step::ResendFrom { .. }
            | Step::Offer(_)
            | Step::Heard(_)
            | Step::Order(_) => {
                return Err(SeedError::Story { what: format!("a new server asks for {step:?}") });
            }
            // What the technician reads, and what the technician of the story has read by now.
            Step::Unassign(..)
            | Step::Origin(_)
            | Step::Pack(_)
            | Step::Command(_)
            | Step::Rework(_)
            | Step::Receipt(_) => {}
        }
        Ok(false)
    }

    /// Notes the fate of a save. A refused one waits for the office: nothing was written after it.
    fn settle(&mut self, sequence: u64, status: &EnvelopeStatus) {
        for replica in self.visits.values_mut() {
            match status {
                EnvelopeStatus::Merged | EnvelopeStatus::MergedLate => replica.settle_merged(sequence),
                EnvelopeStatus::Quarantined { reason, .. } => _ = replica.settle_refused(sequence, reason),
                EnvelopeStatus::Pending | EnvelopeStatus::Escrowed => {}
            }
        }
    }

    /// The assertion that a device signs in with (RFC 7523), by the time of the server that it knows.
    fn assertion(&self, now: Timestamp) -> String {
        let encode = |value: &serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let head = json!({ "alg": "EdDSA", "typ": "client-authentication+jwt" });
        let claims = json!({
            "iss": self.id, "sub": self.id, "aud": self.known.server,
            "iat": now.unix_s(), "exp": now.unix_s() + 300,
            "jti": HEXLOWER.encode(&self.entropy.bytes::<16>()),
        });
        let signed = format!("{}.{}", encode(&head), encode(&claims));
        let signature = BASE64URL_NOPAD.encode(&self.key.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// The newest access token.
    pub(super) fn token(&self) -> Option<&str> {
        self.known.token.as_deref()
    }

    /// The photos whose bytes are here.
    pub(super) fn photos_mut(&mut self) -> impl Iterator<Item = &mut PhotoOnDevice> {
        self.photos.iter_mut().filter(|photo| !photo.sent)
    }
}

impl PhotoOnDevice {
    /// A photo as it is taken.
    pub(super) fn new(key: &str, visit_key: &str, visit: VisitId, bytes: Vec<u8>, media_type: &str) -> Self {
        use sha2::{Digest, Sha256};
        let claim = PhotoClaim {
            sha256: BlobHash::from_bytes(Sha256::digest(&bytes).into()),
            size_bytes: bytes.len() as u64,
            media_type: media_type.to_owned(),
        };
        Self { key: key.to_owned(), visit_key: visit_key.to_owned(), visit, claim, bytes, sent: false }
    }
}
