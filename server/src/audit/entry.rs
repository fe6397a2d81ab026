//! What an entry says, and its canonical bytes.

use minicbor::{Decoder, Encoder};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use sync_core::ids::{DeviceId, EnvelopeHash, PersonId, VisitId};
use sync_core::time::Timestamp;

/// Version of the canonical bytes; the first item of every entry.
const FORMAT: u8 = 1;

/// What kind of act an entry records: a stable word such as `device.revoked`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryKind(pub &'static str);

impl EntryKind {
    /// An envelope of a device, as it came.
    pub const ENVELOPE: Self = Self("envelope");
    /// The store was created.
    pub const INSTALLED: Self = Self("installation.created");
    /// A new epoch began: the server noticed that it had been rolled back, or a person said so.
    pub const EPOCH_RAISED: Self = Self("installation.epoch_raised");
    /// An account was created.
    pub const PERSON_CREATED: Self = Self("person.created");
    /// Name, staff number or roles of a person changed.
    pub const PERSON_CHANGED: Self = Self("person.changed");
    /// A person may no longer sign in.
    pub const PERSON_DISABLED: Self = Self("person.disabled");
    /// A person may sign in again.
    pub const PERSON_ENABLED: Self = Self("person.enabled");
    /// A password was set.
    pub const PASSWORD_SET: Self = Self("person.password_set");
    /// A device was invited.
    pub const DEVICE_INVITED: Self = Self("device.invited");
    /// A device was enrolled.
    pub const DEVICE_ENROLLED: Self = Self("device.enrolled");
    /// A device got another label.
    pub const DEVICE_RENAMED: Self = Self("device.renamed");
    /// A device lost its access.
    pub const DEVICE_REVOKED: Self = Self("device.revoked");
    /// A device is refused until it is resumed.
    pub const DEVICE_SUSPENDED: Self = Self("device.suspended");
    /// A suspension ended.
    pub const DEVICE_RESUMED: Self = Self("device.resumed");
    /// A device is to forget everything.
    pub const DEVICE_WIPE_ORDERED: Self = Self("device.wipe_ordered");
    /// A device need not forget everything after all.
    pub const DEVICE_WIPE_WITHDRAWN: Self = Self("device.wipe_withdrawn");
    /// A device confirmed that it has forgotten everything.
    pub const DEVICE_WIPED: Self = Self("device.wiped");
}

/// Facts of an entry beyond its columns: short words and ids, in the order of their names.
#[derive(Debug, Clone, Default)]
pub struct Detail(BTreeMap<&'static str, String>);

impl Detail {
    /// No facts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a fact.
    #[must_use]
    pub fn with(mut self, name: &'static str, fact: impl Into<String>) -> Self {
        self.0.insert(name, fact.into());
        self
    }

    /// The complaint that the act is about.
    pub(super) fn complaint(&self) -> Option<&str> {
        self.0.get("complaint").map(String::as_str)
    }

    /// The facts as CBOR: a map of texts.
    pub fn to_bytes(&self) -> Vec<u8> {
        // BTreeMap<&str, String> always encodes into a Vec.
        minicbor::to_vec(&self.0).unwrap_or_default()
    }
}

/// The part of an entry that only envelopes have.
#[derive(Debug, Clone, Copy)]
pub struct EnvelopeEntry<'a> {
    /// Its number in the device's chain.
    pub seq: u64,
    /// SHA-256 of `cose`.
    pub hash: EnvelopeHash,
    /// The signed header, byte for byte.
    pub cose: &'a [u8],
    /// Salt and body, when they are kept.
    pub body: Option<(&'a [u8], &'a [u8])>,
}

/// An entry that is to be appended.
#[derive(Debug, Clone)]
pub struct NewEntry<'a> {
    /// What kind of act it is.
    pub kind: EntryKind,
    /// When the server recorded it.
    pub at: Timestamp,
    /// Who acted, where a person did.
    pub person: Option<PersonId>,
    /// The device that acted or that the act is about.
    pub device: Option<DeviceId>,
    /// The visit that the act is about.
    pub visit: Option<VisitId>,
    /// Further facts.
    pub detail: Detail,
    /// Set for envelopes only.
    pub envelope: Option<EnvelopeEntry<'a>>,
    /// The reason that was given. Kept beside the log, where it can be erased; no part of the canonical bytes.
    pub reason: Option<String>,
}

impl NewEntry<'_> {
    /// An act of this kind, without person, device or visit.
    pub fn new(kind: EntryKind, at: Timestamp) -> Self {
        Self {
            kind,
            at,
            person: None,
            device: None,
            visit: None,
            detail: Detail::new(),
            envelope: None,
            reason: None,
        }
    }

    /// Names who acted.
    #[must_use]
    pub fn by(mut self, person: Option<PersonId>) -> Self {
        self.person = person;
        self
    }

    /// Names the device.
    #[must_use]
    pub fn device(mut self, device: DeviceId) -> Self {
        self.device = Some(device);
        self
    }

    /// Names the visit.
    #[must_use]
    pub fn visit(mut self, visit: VisitId) -> Self {
        self.visit = Some(visit);
        self
    }

    /// Adds further facts.
    #[must_use]
    pub fn detail(mut self, detail: Detail) -> Self {
        self.detail = detail;
        self
    }

    /// Gives the reason.
    #[must_use]
    pub fn because(mut self, reason: Option<&str>) -> Self {
        self.reason = reason.map(str::to_owned);
        self
    }

    /// The canonical bytes: what checkpoints will commit to.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new());
        let done = encoder
            .array(9)
            .and_then(|e| e.u8(FORMAT)?.str(self.kind.0)?.i64(self.at.unix_ms()))
            .and_then(|e| e.encode(self.person)?.encode(self.device)?.encode(self.visit))
            .and_then(|e| e.encode(self.envelope.map(|envelope| envelope.seq)))
            .and_then(|e| e.encode(self.envelope.map(|envelope| envelope.hash)))
            .and_then(|e| e.bytes(&self.detail.to_bytes()));
        debug_assert!(done.is_ok(), "encoding into a Vec cannot fail");
        encoder.into_writer()
    }
}

/// The facts in the canonical bytes of an entry; none when they cannot be read.
pub(super) fn facts_of(entry: &[u8]) -> BTreeMap<String, String> {
    let read = || {
        let mut decoder = Decoder::new(entry);
        let items = decoder.array().ok()??;
        for _ in 1..items {
            decoder.skip().ok()?;
        }
        minicbor::decode(decoder.bytes().ok()?).ok()
    };
    read().unwrap_or_default()
}

pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}
