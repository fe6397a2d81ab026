//! The signed part of an envelope.

use crate::ids::{DeviceId, EnvelopeHash, PersonId, ServerId, VisitId};
use crate::time::Timestamp;
use minicbor::{Decode, Encode};

/// Version of the header layout below.
pub const HEADER_FORMAT: u8 = 1;

/// One start of the machine a client runs on: monotonic times compare only within one boot.
pub type BootId = [u8; 8];

/// What the body of an envelope is. Numbers are part of the format and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum BodyKind {
    /// The device begins to write a visit.
    #[n(1)]
    VisitBegin,
    /// Changes of one visit document.
    #[n(2)]
    Change,
    /// A request for something the server owns.
    #[n(3)]
    Command,
    /// A finding sealed to the server's key.
    #[n(4)]
    Restricted,
    /// Changes written anew after earlier ones were refused.
    #[n(5)]
    Reissue,
    /// The chain goes on after local envelopes became unreadable.
    #[n(6)]
    ChainRestart,
}

/// What a device signs for each act. Encoded as a CBOR array in this order.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Header {
    /// [`HEADER_FORMAT`].
    #[n(0)]
    pub format: u8,
    /// The installation this log belongs to.
    #[n(1)]
    pub server: ServerId,
    /// The newest history of that installation the device knew.
    #[n(2)]
    pub epoch: u64,
    /// The device whose chain this is.
    #[n(3)]
    pub device: DeviceId,
    /// Place in the chain: 1, 2, 3 …
    #[n(4)]
    pub sequence: u64,
    /// Hash of the envelope before, [`EnvelopeHash::NONE`] for the first.
    #[n(5)]
    pub previous: EnvelopeHash,
    /// Who was signed in.
    #[n(6)]
    pub person: PersonId,
    /// The device's wall clock: a claim.
    #[n(7)]
    pub claimed_at: Timestamp,
    /// Milliseconds since the machine was started; does not jump.
    #[n(8)]
    pub monotonic_ms: u64,
    /// Which start of the machine that was.
    #[n(9)]
    pub boot: BootId,
    /// Minutes east of UTC on the device.
    #[n(10)]
    pub utc_offset_min: i16,
    /// Newest index of the server log the device had heard of, 0 for none: bounds the time from below.
    #[n(11)]
    pub log_index_known: u64,
    /// The server's time in the newest answer the device had received.
    #[n(12)]
    pub server_time_known: Timestamp,
    /// What the body is.
    #[n(13)]
    pub kind: BodyKind,
    /// The visit the act belongs to, if any.
    #[n(14)]
    pub visit: Option<VisitId>,
    /// SHA-256(salt ‖ body).
    #[cbor(n(15), with = "minicbor::bytes")]
    pub commitment: [u8; 32],
}
