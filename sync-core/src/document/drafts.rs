//! What an entry of each collection holds: one declaration per collection, from which
//! writing, reading and the policy's table of allowed fields all follow.

use super::paths::Container;
use super::raw::{Found, Put};
use crate::ids::{BlobHash, EntryId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What kind of value a field takes, and how much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A short text from a list or an instrument: at most 128 bytes.
    Code,
    /// A line of text: at most 1024 bytes.
    Line,
    /// Free text: at most 16 384 bytes.
    Prose,
    /// A whole number.
    Int,
    /// Yes or no.
    Bool,
    /// Sixteen bytes: a person.
    Bytes16,
    /// A SHA-256 digest.
    Bytes32,
    /// The id of another entry, as text.
    Entry,
    /// A flat map of short names to lines of text, at most 64 of them.
    Strings,
}

impl Kind {
    /// The longest text in bytes that the kind takes; 0 where it takes none.
    pub const fn text_bytes_max(self) -> usize {
        match self {
            Self::Code => 128,
            Self::Line => 1024,
            Self::Prose => 16_384,
            Self::Entry => 36,
            Self::Int | Self::Bool | Self::Bytes16 | Self::Bytes32 | Self::Strings => 0,
        }
    }
}

/// The longest key in a flat map, in bytes.
pub const STRINGS_KEY_BYTES_MAX: usize = 128;
/// The most keys in a flat map.
pub const STRINGS_MAX: usize = 64;

/// One field that an entry may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldRule {
    /// Key in the entry's map.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether the entry cannot be read without it.
    pub required: bool,
}

/// What an entry of one collection holds beside author, time and withdrawal.
pub trait EntryContent: Sized {
    /// The collection.
    const CONTAINER: Container;
    /// The fields it may have.
    const FIELDS: &'static [FieldRule];

    /// The fields as they are written.
    #[doc(hidden)]
    fn put<'a>(&'a self, out: &mut Vec<(&'static str, Put<'a>)>);

    /// Reads the fields; `None` when a required one is missing or one has the wrong type.
    #[doc(hidden)]
    fn read(found: &Found) -> Option<Self>;
}

/// A Rust type that a field may have.
pub(super) trait FieldType: Sized {
    const REQUIRED: bool = true;
    fn put(&self) -> Option<Put<'_>>;
    fn read(found: &Found, name: &str) -> Option<Self>;
}

impl FieldType for String {
    fn put(&self) -> Option<Put<'_>> {
        Some(Put::Text(self))
    }
    fn read(found: &Found, name: &str) -> Option<Self> {
        found.text(name).map(str::to_owned)
    }
}

impl FieldType for i64 {
    fn put(&self) -> Option<Put<'_>> {
        Some(Put::Int(*self))
    }
    fn read(found: &Found, name: &str) -> Option<Self> {
        found.int(name)
    }
}

impl FieldType for Timestamp {
    fn put(&self) -> Option<Put<'_>> {
        Some(Put::Int(self.unix_ms()))
    }
    fn read(found: &Found, name: &str) -> Option<Self> {
        found.int(name).map(Self::from_unix_ms)
    }
}

impl FieldType for bool {
    fn put(&self) -> Option<Put<'_>> {
        Some(Put::Bool(*self))
    }
    fn read(found: &Found, name: &str) -> Option<Self> {
        found.bool(name)
    }
}

impl FieldType for BlobHash {
    fn put(&self) -> Option<Put<'_>> {
        Some(Put::Bytes(self.as_bytes()))
    }
    fn read(found: &Found, name: &str) -> Option<Self> {
        found.bytes(name)?.try_into().ok().map(Self::from_bytes)
    }
}

impl FieldType for EntryId {
    fn put(&self) -> Option<Put<'_>> {
        Some(Put::Entry(*self))
    }
    fn read(found: &Found, name: &str) -> Option<Self> {
        found.text(name)?.parse().ok()
    }
}

impl FieldType for BTreeMap<String, String> {
    fn put(&self) -> Option<Put<'_>> {
        Some(Put::Strings(self))
    }
    fn read(found: &Found, name: &str) -> Option<Self> {
        found.strings(name).cloned()
    }
}

impl<T: FieldType> FieldType for Option<T> {
    const REQUIRED: bool = false;
    fn put(&self) -> Option<Put<'_>> {
        self.as_ref().and_then(T::put)
    }
    fn read(found: &Found, name: &str) -> Option<Self> {
        if found.has(name) { T::read(found, name).map(Some) } else { Some(None) }
    }
}

macro_rules! entry {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty = $kind:ident,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl EntryContent for $name {
            const CONTAINER: Container = entry!(@container $name);
            const FIELDS: &'static [FieldRule] = &[$(FieldRule {
                name: stringify!($field),
                kind: Kind::$kind,
                required: <$type as FieldType>::REQUIRED,
            },)*];

            fn put<'a>(&'a self, out: &mut Vec<(&'static str, Put<'a>)>) {
                $(if let Some(put) = self.$field.put() {
                    out.push((stringify!($field), put));
                })*
            }

            fn read(found: &Found) -> Option<Self> {
                Some(Self { $($field: FieldType::read(found, stringify!($field))?,)* })
            }
        }
    };
    (@container Finding) => { Container::Findings };
    (@container Reading) => { Container::Readings };
    (@container MeterCheck) => { Container::MeterChecks };
    (@container GasTest) => { Container::GasTests };
    (@container Seal) => { Container::Seals };
    (@container Photo) => { Container::Photos };
    (@container Statement) => { Container::Statements };
    (@container Signature) => { Container::Signatures };
    (@container Promise) => { Container::Promises };
    (@container Hazard) => { Container::Hazards };
    (@container Progress) => { Container::Progress };
    (@container Notice) => { Container::Notices };
    (@container Resolution) => { Container::Resolutions };
    (@container HazardLowered) => { Container::HazardLowered };
}

entry! {
    /// One observation.
    Finding {
        /// What was found, from the checklist.
        code: String = Code,
        /// It in words; empty when the code says all.
        text: String = Prose,
        /// The checklist item it belongs to.
        item: Option<String> = Code,
        /// How bad it is.
        severity: Option<String> = Code,
    }
}

entry! {
    /// One register reading.
    Reading {
        /// Which register: `total`, `peak`, an OBIS code …
        register: String = Code,
        /// Unit as printed on the meter.
        unit: String = Code,
        /// What the display showed, character by character.
        shown: String = Code,
        /// It as a decimal number.
        value: String = Code,
        /// Actual on site, remote, reported by the customer, estimated, substituted, corrected.
        kind: String = Code,
        /// Digits of the register before the decimal point.
        digits: i64 = Int,
        /// Digits behind it.
        decimals: i64 = Int,
        /// The meter's number.
        meter_no: Option<String> = Code,
        /// The photo that shows it.
        photo: Option<EntryId> = Entry,
    }
}

entry! {
    /// One check of a meter. Its result is computed from the inputs, never stored.
    MeterCheck {
        /// Watt-second, reference, pulse …
        method: String = Code,
        /// What was typed, name by name, as typed.
        inputs: BTreeMap<String, String> = Strings,
        /// Accuracy class on the nameplate.
        class: Option<String> = Code,
        /// The limit profile it is judged by.
        profile: Option<String> = Code,
        /// The meter's number.
        meter_no: Option<String> = Code,
    }
}

entry! {
    /// One gas volume or leak test. Its result is computed from the inputs, never stored.
    GasTest {
        /// Leak, tightness, volume, soap …
        kind: String = Code,
        /// What was typed, name by name, as typed.
        inputs: BTreeMap<String, String> = Strings,
        /// The limit profile it is judged by.
        profile: Option<String> = Code,
        /// The meter's number.
        meter_no: Option<String> = Code,
    }
}

entry! {
    /// A seal as found, and what was fitted instead.
    Seal {
        /// Where it sits: terminal cover, meter cover, box …
        position: String = Code,
        /// Intact, missing, broken, mismatch, replaced.
        state: String = Code,
        /// Number on the seal that was found; absent when there was none.
        number_found: Option<String> = Code,
        /// Number of the seal that was fitted.
        number_fitted: Option<String> = Code,
        /// The meter's number.
        meter_no: Option<String> = Code,
    }
}

entry! {
    /// Reference to a photo, bound to the moment of capture by its hash.
    Photo {
        /// SHA-256 of its bytes.
        sha256: BlobHash = Bytes32,
        /// Size in bytes.
        size: i64 = Int,
        /// Media type, for example `image/jpeg`.
        media_type: String = Code,
        /// What it shows, from the list of roles.
        role: String = Code,
        /// A caption.
        caption: Option<String> = Line,
        /// When the camera says it was taken.
        taken_at: Option<Timestamp> = Int,
        /// Latitude in degrees as the device measured it.
        lat: Option<String> = Code,
        /// Longitude in degrees.
        lon: Option<String> = Code,
        /// Radius of uncertainty in metres.
        accuracy: Option<String> = Code,
        /// The finding it supports.
        finding: Option<EntryId> = Entry,
    }
}

entry! {
    /// Reference to what somebody stated; the words are a detached part of the envelope.
    Statement {
        /// Who stated it: `customer`, `neighbour` …
        from: String = Code,
        /// Id of the detached part.
        part: EntryId = Entry,
        /// SHA-256 over salt and words.
        commitment: BlobHash = Bytes32,
    }
}

entry! {
    /// A signature, or the refusal to sign.
    Signature {
        /// The statement that was signed; absent when the whole visit was.
        covers: Option<EntryId> = Entry,
        /// SHA-256 of the image; absent when signing was refused.
        sha256: Option<BlobHash> = Bytes32,
        /// Size of the image in bytes.
        size: Option<i64> = Int,
        /// Why the customer would not sign.
        refused_reason: Option<String> = Line,
    }
}

entry! {
    /// A promise made to the customer.
    Promise {
        /// What was promised: a code or words.
        what: String = Line,
        /// Until when.
        due_ms: Timestamp = Int,
        /// To whom, as a role: `customer`, `neighbour` … Never a name.
        to: Option<String> = Code,
        /// What it rests on: an [`ArticleRef`](crate::knowledge::ArticleRef) as text.
        relied_on: Option<String> = Code,
    }
}

entry! {
    /// A hazard. Only a reviewer lowers it: withdrawing the entry does not.
    Hazard {
        /// `H1` (at once) to `H3` (advice).
        level: String = Code,
        /// What it is.
        code: String = Code,
        /// What was done about it.
        action: Option<String> = Line,
    }
}

entry! {
    /// A step of the visit.
    Progress {
        /// `started`, `paused`, `resumed`, `no_access` or `finished`.
        event: String = Code,
        /// Why, for a pause or a visit without access.
        reason: Option<String> = Code,
        /// Outcome of a finished visit.
        outcome: Option<String> = Code,
        /// Latitude in degrees.
        lat: Option<String> = Code,
        /// Longitude in degrees.
        lon: Option<String> = Code,
    }
}

entry! {
    /// A written notice to the customer.
    Notice {
        /// Number printed on it.
        number: String = Code,
        /// How it reached the customer: `handed_over`, `posted`, `refused` …
        delivered: String = Code,
        /// What it is about.
        kind: Option<String> = Code,
        /// The hazard it notifies.
        hazard: Option<EntryId> = Entry,
        /// The photo of it.
        photo: Option<EntryId> = Entry,
    }
}

entry! {
    /// A decision of the office about concurrent values of one path.
    Resolution {
        /// The path that was in conflict.
        path: String = Prose,
        /// `chosen`, `both` or `written`; `undone` takes back every decision about the path that
        /// its author had seen.
        choice: String = Code,
        /// Why.
        reason: String = Prose,
        /// The values that stand, by the hash of the change that wrote them; with `both` they
        /// stay beside one another and this says that it was meant so.
        kept: Option<BTreeMap<String, String>> = Strings,
    }
}

entry! {
    /// A reviewer's decision that a hazard is lower than recorded.
    HazardLowered {
        /// The hazard.
        hazard: EntryId = Entry,
        /// Its level from now on; absent when it is no hazard any more.
        level: Option<String> = Code,
        /// Why.
        reason: String = Prose,
    }
}

/// Fields that the author of an entry may write again later.
pub const fn mutable_fields(container: Container) -> &'static [&'static str] {
    match container {
        Container::Findings => &["code", "text", "severity"],
        _ => &[],
    }
}

/// The fields that entries of this container may have beside author, time, supersedes and
/// withdrawal; empty for containers that hold no entries.
pub const fn fields_of(container: Container) -> &'static [FieldRule] {
    match container {
        Container::Findings => Finding::FIELDS,
        Container::Readings => Reading::FIELDS,
        Container::MeterChecks => MeterCheck::FIELDS,
        Container::GasTests => GasTest::FIELDS,
        Container::Seals => Seal::FIELDS,
        Container::Photos => Photo::FIELDS,
        Container::Statements => Statement::FIELDS,
        Container::Signatures => Signature::FIELDS,
        Container::Promises => Promise::FIELDS,
        Container::Hazards => Hazard::FIELDS,
        Container::Progress => Progress::FIELDS,
        Container::Notices => Notice::FIELDS,
        Container::Resolutions => Resolution::FIELDS,
        Container::HazardLowered => HazardLowered::FIELDS,
        Container::Answers
        | Container::SealStates
        | Container::Proposal
        | Container::CauseText
        | Container::Note
        | Container::Office => &[],
    }
}
