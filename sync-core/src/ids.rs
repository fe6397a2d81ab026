//! Identities that travel between devices and the server.
//!
//! Every kind has its own type, so that a visit can never be passed where a person is meant.
//! Ids are UUIDs of version 7 (RFC 9562): the minting party's clock is in them, so nothing is
//! ever ordered by an id.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A text that is no identity of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no {kind}: expected 36 characters like 018f3c52-8f00-7c3a-9d2e-0123456789ab")]
pub struct IdError {
    /// The kind that was expected, for example `DeviceId`.
    pub kind: &'static str,
    /// What was found, cut to 64 characters.
    pub found: String,
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
        #[cbor(transparent)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(#[cbor(n(0), with = "minicbor::bytes")] [u8; 16]);

        impl $name {
            /// The id with these 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes, as they travel.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Mints an id from the time and ten bytes of randomness of the minting party.
            pub fn from_entropy(now: crate::time::Timestamp, entropy: [u8; 10]) -> Self {
                let unix_ms = u64::try_from(now.unix_ms()).unwrap_or(0);
                let uuid = uuid::Builder::from_unix_timestamp_millis(unix_ms, &entropy).into_uuid();
                Self(uuid.into_bytes())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                uuid::Uuid::from_bytes(self.0).hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                match uuid::Uuid::try_parse(text) {
                    Ok(uuid) if text.len() == 36 => Ok(Self(uuid.into_bytes())),
                    _ => Err(IdError { kind: stringify!($name), found: text.chars().take(64).collect() }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    };
}

id_type! {
    /// One server installation. Minted by the server when its store is created; kept by backups.
    ServerId
}
id_type! {
    /// An enrolled installation of a client. Minted by the server at enrolment, never reused.
    DeviceId
}
id_type! {
    /// A person who signs in: technician, office staff, administrator. Minted by the server.
    PersonId
}
id_type! {
    /// A central complaint record. Minted by the server, or by the device that opened it in the field.
    ComplaintId
}
id_type! {
    /// The instruction that sends someone to a complaint. Minted by the server.
    WorkOrderId
}
id_type! {
    /// One stay on site. Minted by the server at dispatch, by the device when born in the field.
    VisitId
}
id_type! {
    /// A planned return visit. Derived by the server from what it checks, so that planning twice plans once.
    ReturnVisitId
}
id_type! {
    /// A corrective action: what is put right because of complaints. Minted by the server.
    ActionId
}
id_type! {
    /// A section: the part of a complaint that one discipline answers for. Minted by the server.
    SectionId
}
id_type! {
    /// A question to an expert seat. Minted by the server; that of a device is the id of the command that asks it, so
    /// that asking twice asks once.
    ExpertRequestId
}
id_type! {
    /// A restricted finding. Derived from the envelope that brought it; minted by the server for one of the office.
    RestrictedId
}
id_type! {
    /// An early warning. Derived by the server from what it warns of, so that raising it twice raises it once.
    WarningId
}
id_type! {
    /// An article of the knowledge base. Minted by the server.
    ArticleId
}
id_type! {
    /// A planned event of the utility. Minted by the server.
    PlannedEventId
}
id_type! {
    /// An entry of a collection in a visit document. Minted by the device that records it.
    EntryId
}
id_type! {
    /// A request of a device for something the server owns. Minted by the device; its idempotency key.
    CommandId
}

macro_rules! digest_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
        #[cbor(transparent)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

        impl $name {
            /// The digest with these 32 bytes.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes, as they travel.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = DigestError;

            fn from_str(text: &str) -> Result<Self, DigestError> {
                parse_hex32(text).map(Self).ok_or(DigestError { kind: stringify!($name) })
            }
        }

        impl TryFrom<String> for $name {
            type Error = DigestError;

            fn try_from(text: String) -> Result<Self, DigestError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(digest: $name) -> String {
                digest.to_string()
            }
        }
    };
}

/// A text that is no SHA-256 digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind}: expected 64 lower-case hexadecimal digits")]
pub struct DigestError {
    /// The kind that was expected.
    pub kind: &'static str,
}

digest_type! {
    /// SHA-256 of a signed envelope (its COSE_Sign1 bytes): the link of a device's chain.
    EnvelopeHash
}
digest_type! {
    /// SHA-256 of the bytes of a photo, recording or signature: the address of evidence.
    BlobHash
}
digest_type! {
    /// Hash of an Automerge change: what heads are made of.
    ChangeHash
}

impl EnvelopeHash {
    /// What the first envelope of a chain names as its predecessor.
    pub const NONE: Self = Self([0; 32]);
}

impl From<automerge::ChangeHash> for ChangeHash {
    fn from(hash: automerge::ChangeHash) -> Self {
        Self(hash.0)
    }
}

impl From<ChangeHash> for automerge::ChangeHash {
    fn from(hash: ChangeHash) -> Self {
        automerge::ChangeHash(hash.0)
    }
}

/// Writes bytes as lower-case hexadecimal digits. Views hold hundreds of hashes: formatting
/// byte by byte was a tenth of the cost of a merge.
pub(crate) fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    f.write_str(&text)
}

fn parse_hex32(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 || digits.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn an_id_survives_text_and_names_its_kind_when_it_cannot() {
        let id = VisitId::from_entropy(Timestamp::from_unix_ms(1_763_700_000_000), [7; 10]);
        assert_eq!(id.to_string().parse::<VisitId>(), Ok(id));
        let error = "0417".parse::<VisitId>().unwrap_err();
        assert_eq!(error.kind, "VisitId");
        assert!("{018f3c52-8f00-7c3a-9d2e-0123456789ab}".parse::<VisitId>().is_err());
    }

    #[test]
    fn a_digest_has_one_spelling() {
        let hash = BlobHash::from_bytes([0xab; 32]);
        assert_eq!(hash.to_string().parse::<BlobHash>(), Ok(hash));
        assert!(hash.to_string().to_uppercase().parse::<BlobHash>().is_err());
        assert!("ab".parse::<BlobHash>().is_err());
    }

    #[test]
    fn ids_travel_as_byte_strings() {
        let id = DeviceId::from_bytes([1; 16]);
        let bytes = minicbor::to_vec(id).unwrap();
        assert_eq!(bytes[0], 0x50);
        assert_eq!(minicbor::decode::<DeviceId>(&bytes).unwrap(), id);
    }
}
