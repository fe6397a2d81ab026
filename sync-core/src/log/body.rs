//! The acts themselves: what stands beside the signed header.

use super::BodyKind;
use crate::ids::{BlobHash, CommandId, ComplaintId, EntryId, EnvelopeHash, WorkOrderId};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

/// The act that an envelope carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// The device begins to write the visit named in the header.
    VisitBegin(VisitBegin),
    /// One save: changes of the visit named in the header.
    Change(ChangeBody),
    /// A request for something the server owns.
    Command(Command),
    /// A finding that only the server can open.
    Restricted(Restricted),
    /// Changes written anew after a refusal.
    Reissue(Reissue),
    /// The chain goes on after a local loss.
    ChainRestart(ChainRestart),
}

/// Bytes that are no body of the announced kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is no readable {kind:?}")]
pub struct BodyError {
    /// The kind that the header names.
    pub kind: BodyKind,
}

/// First act of a device on a visit, and again when it raises its generation.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct VisitBegin {
    /// Generation of the actor that will write.
    #[n(0)]
    pub generation: u64,
    /// The work order that sent the technician; `None` for a visit born in the field.
    #[n(1)]
    pub work_order: Option<WorkOrderId>,
    /// The complaint opened in the field together with the visit.
    #[n(2)]
    pub complaint: Option<ComplaintId>,
}

/// One save of a visit document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(array)]
pub struct ChangeBody {
    /// Generation of the actor that wrote the chunks.
    #[n(0)]
    pub generation: u64,
    /// Uncompressed Automerge change chunks, in causal order.
    #[n(1)]
    pub chunks: Vec<ByteVec>,
    /// Every photo that the chunks name, bound before its bytes travel.
    #[n(2)]
    pub photos: Vec<PhotoClaim>,
    /// Texts that must be erasable without touching the document.
    #[n(3)]
    pub parts: Vec<DetachedPart>,
}

/// What is said of a photo, recording or signature at the moment of capture.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct PhotoClaim {
    /// SHA-256 of its bytes.
    #[n(0)]
    pub sha256: BlobHash,
    /// Its size in bytes.
    #[n(1)]
    pub size_bytes: u64,
    /// Its media type, for example `image/jpeg`.
    #[n(2)]
    pub media_type: String,
}

/// A text kept beside the document, which holds only its id and commitment.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct DetachedPart {
    /// The id under which the document names it.
    #[n(0)]
    pub id: EntryId,
    /// Salt of the commitment SHA-256(salt ‖ text).
    #[cbor(n(1), with = "minicbor::bytes")]
    pub salt: super::Salt,
    /// The text.
    #[n(2)]
    pub text: String,
}

impl DetachedPart {
    /// What the document holds of this part: SHA-256(salt ‖ text).
    pub fn commitment(&self) -> [u8; 32] {
        super::envelope::commitment(&self.salt, self.text.as_bytes())
    }
}

/// A request for something the server owns; refused with a reason at worst, never lost.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Command {
    /// Idempotency key.
    #[n(0)]
    pub id: CommandId,
    /// Encoded [`crate::protocol::Request`]: kept as bytes, so that a server can store and refuse
    /// a request that it does not know yet.
    #[n(1)]
    pub request: ByteVec,
}

/// A finding sealed to the server's key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Restricted {
    /// The sealed box.
    #[n(0)]
    pub sealed: ByteVec,
}

/// Changes written anew, under a raised generation, in place of ones that waited on a refused one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Reissue {
    /// The envelopes whose content is repeated here.
    #[n(0)]
    pub replaces: Vec<EnvelopeHash>,
    /// The changes, as in an ordinary save.
    #[n(1)]
    pub change: ChangeBody,
}

/// Says what is missing when local envelopes cannot be read any more.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ChainRestart {
    /// Sequence of the last envelope the server acknowledged.
    #[n(0)]
    pub acknowledged_sequence: u64,
    /// Its hash, [`EnvelopeHash::NONE`] when there was none.
    #[n(1)]
    pub acknowledged: EnvelopeHash,
    /// Hashes of the envelopes that could not be sent.
    #[n(2)]
    pub lost: Vec<EnvelopeHash>,
}

impl Body {
    /// The kind, as the header names it.
    pub fn kind(&self) -> BodyKind {
        match self {
            Self::VisitBegin(_) => BodyKind::VisitBegin,
            Self::Change(_) => BodyKind::Change,
            Self::Command(_) => BodyKind::Command,
            Self::Restricted(_) => BodyKind::Restricted,
            Self::Reissue(_) => BodyKind::Reissue,
            Self::ChainRestart(_) => BodyKind::ChainRestart,
        }
    }

    /// The bytes that travel and are committed to.
    pub fn encode(&self) -> Vec<u8> {
        let encoded = match self {
            Self::VisitBegin(body) => minicbor::to_vec(body),
            Self::Change(body) => minicbor::to_vec(body),
            Self::Command(body) => minicbor::to_vec(body),
            Self::Restricted(body) => minicbor::to_vec(body),
            Self::Reissue(body) => minicbor::to_vec(body),
            Self::ChainRestart(body) => minicbor::to_vec(body),
        };
        encoded.expect("encoding into memory cannot fail")
    }

    /// Reads the bytes as a body of `kind`.
    ///
    /// # Errors
    /// When they are something else.
    pub fn decode(kind: BodyKind, bytes: &[u8]) -> Result<Self, BodyError> {
        let decoded = match kind {
            BodyKind::VisitBegin => minicbor::decode(bytes).map(Self::VisitBegin),
            BodyKind::Change => minicbor::decode(bytes).map(Self::Change),
            BodyKind::Command => minicbor::decode(bytes).map(Self::Command),
            BodyKind::Restricted => minicbor::decode(bytes).map(Self::Restricted),
            BodyKind::Reissue => minicbor::decode(bytes).map(Self::Reissue),
            BodyKind::ChainRestart => minicbor::decode(bytes).map(Self::ChainRestart),
        };
        decoded.map_err(|_| BodyError { kind })
    }

    /// The save inside, for the two kinds that have one.
    pub fn change(&self) -> Option<&ChangeBody> {
        match self {
            Self::Change(change) => Some(change),
            Self::Reissue(reissue) => Some(&reissue.change),
            _ => None,
        }
    }
}
