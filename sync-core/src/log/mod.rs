//! The device log: every act of a device as a signed envelope in one append-only chain.
//!
//! Invariants:
//! - What is signed is the header. The body stands beside it, bound by
//!   SHA-256(salt ‖ body), so that it can be encrypted or erased while signature and chain
//!   still verify. No personal data and no free text in a header.
//! - Sequences of one device are 1, 2, 3 …; every envelope names the hash of the one before.
//! - Stored bytes are never re-encoded: an envelope is kept as the COSE_Sign1 it arrived as.
//!
//! Deliberately not here: who may write what (`merge`), and what the bodies mean for a
//! document (`document`).

use crate::ids::{DeviceId, ServerId};
use sha2::{Digest as _, Sha256};

mod body;
mod chain;
mod cose;
mod envelope;
mod header;
mod keys;

pub use body::{Body, BodyError, ChangeBody, Command, DetachedPart, PhotoClaim, Reissue, VisitBegin};
pub use body::{ChainRestart, Restricted};
pub use chain::{ChainPosition, ChainStep};
pub(crate) use envelope::commitment;
pub use envelope::{Envelope, OpenError, SealParts};
pub use header::{BodyKind, BootId, HEADER_FORMAT, Header};
pub use keys::{Algorithm, PublicKey, Signature, SigningKey, fingerprint};

#[cfg(test)]
mod es256;
#[cfg(test)]
mod golden;

/// The identity under which the office log of an epoch stands beside the devices' logs.
pub fn office_log(server: ServerId, epoch: u64) -> DeviceId {
    let digest = Sha256::new_with_prefix(b"fieldloop/office-log/v1")
        .chain_update(server.as_bytes())
        .chain_update(epoch.to_be_bytes())
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    DeviceId::from_bytes(bytes)
}

/// Salt of one body: 16 bytes from the writer's random source, never reused.
pub type Salt = [u8; 16];

/// Largest encoded body that is written or accepted: a change of 512 KiB is already a
/// hundred times the largest honest save.
pub const BODY_BYTES_MAX: usize = 512 * 1024;
