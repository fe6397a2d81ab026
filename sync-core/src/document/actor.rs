//! Who makes changes in a document, as Automerge sees it: 16 bytes derived from what the
//! server can check, so that a change under another device's actor is visible as such.

use crate::ids::{DeviceId, VisitId};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

const DEVICE_DOMAIN: &[u8] = b"fieldloop/actor/v1";
const OFFICE_DOMAIN: &[u8] = b"fieldloop/office/v1";

/// Actor of one device, or of the office, in one visit document. Derived, never minted, never shared.
///
/// A device starts a new one by raising its generation after a quarantine; the old one is
/// never used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(transparent)]
#[serde(try_from = "String", into = "String")]
pub struct ActorId16(#[cbor(n(0), with = "minicbor::bytes")] [u8; 16]);

impl ActorId16 {
    /// The actor of every birth change. No device or office actor can be equal to it, short
    /// of a SHA-256 collision on 16 chosen bytes.
    pub const BIRTH: Self = Self(*b"fieldloop/birth1");

    /// The actor with these 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The actor with these bytes, if they are 16.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 16 bytes, as they stand in changes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The actor of `device` in `visit`; `generation` starts at 0 and rises with every reissue.
    pub fn of_device(device: DeviceId, visit: VisitId, generation: u64) -> Self {
        Self::derive(&[DEVICE_DOMAIN, device.as_bytes(), visit.as_bytes(), &generation.to_be_bytes()])
    }

    /// The actor of the office in `visit` during `epoch` of the server's history.
    pub fn of_office(epoch: u64, visit: VisitId) -> Self {
        Self::derive(&[OFFICE_DOMAIN, &epoch.to_be_bytes(), visit.as_bytes()])
    }

    fn derive(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        parts.iter().for_each(|part| hasher.update(part));
        let digest = hasher.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(bytes)
    }
}

impl From<ActorId16> for automerge::ActorId {
    fn from(actor: ActorId16) -> Self {
        Self::from(actor.0)
    }
}

impl fmt::Display for ActorId16 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::ids::write_hex(&self.0, f)
    }
}

impl fmt::Debug for ActorId16 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActorId16({self})")
    }
}

impl From<ActorId16> for String {
    fn from(actor: ActorId16) -> Self {
        actor.to_string()
    }
}

/// A text that is no actor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an actor: expected 32 lower-case hexadecimal digits")]
pub struct ActorTextError;

impl FromStr for ActorId16 {
    type Err = ActorTextError;

    fn from_str(text: &str) -> Result<Self, ActorTextError> {
        let digits = text.as_bytes();
        let lower = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
        if digits.len() != 32 || !digits.iter().all(lower) {
            return Err(ActorTextError);
        }
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| ActorTextError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| ActorTextError)?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for ActorId16 {
    type Error = ActorTextError;

    fn try_from(text: String) -> Result<Self, ActorTextError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_device_visit_and_generation_has_its_own_actor() {
        let (device, visit) = (DeviceId::from_bytes([1; 16]), VisitId::from_bytes([2; 16]));
        let actor = ActorId16::of_device(device, visit, 0);
        assert_eq!(actor.to_string(), "eac591dcfdf22ae188bb3ffd1b3948af");
        assert_ne!(actor, ActorId16::of_device(device, visit, 1));
        assert_ne!(actor, ActorId16::of_device(device, VisitId::from_bytes([3; 16]), 0));
        assert_ne!(ActorId16::of_office(1, visit), ActorId16::of_office(2, visit));
    }

    #[test]
    fn an_actor_has_one_spelling() {
        let actor = ActorId16::from_bytes([0xab; 16]);
        assert_eq!(actor.to_string().parse(), Ok(actor));
        assert!("+babababababababababababababababa".parse::<ActorId16>().is_err());
        assert!(actor.to_string().to_uppercase().parse::<ActorId16>().is_err());
    }
}
