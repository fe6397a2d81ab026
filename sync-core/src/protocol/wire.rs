//! Envelopes as they travel: without what the receiver knows or can compute.
//!
//! The commitment is computed from salt and body, the previous hash from the envelope before,
//! and on the way up server and device are known from the request. The receiver rebuilds the
//! signed bytes and the signature proves that it rebuilt the right ones.

use crate::ids::{DeviceId, EnvelopeHash, PersonId, ServerId, VisitId};
use crate::log::{Algorithm, BodyKind, BootId, Envelope, HEADER_FORMAT, Header, OpenError, Salt, Signature};
use crate::time::Timestamp;
use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};

/// An envelope on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct WireEnvelope {
    #[n(0)]
    sequence: u64,
    #[n(1)]
    kind: BodyKind,
    #[n(2)]
    visit: Option<VisitId>,
    #[n(3)]
    person: PersonId,
    #[n(4)]
    epoch: u64,
    #[n(5)]
    claimed_at: Timestamp,
    #[n(6)]
    monotonic_ms: u64,
    #[n(7)]
    boot: ByteArray<8>,
    #[n(8)]
    utc_offset_min: i16,
    #[n(9)]
    log_index_known: u64,
    #[n(10)]
    server_time_known: Timestamp,
    #[n(11)]
    body: ByteVec,
    #[n(12)]
    salt: ByteArray<16>,
    #[n(13)]
    signature: WireSignature,
    /// Present unless the envelope follows on the one before it in the same body.
    #[n(14)]
    previous: Option<EnvelopeHash>,
    /// Present unless the device is the one that sends.
    #[n(15)]
    device: Option<DeviceId>,
}

/// 64 bytes of Ed25519 as they are; ES256 has the byte 0x26 before them, CBOR for its COSE number -7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct WireSignature(Algorithm, Signature);

const ES256: u8 = 0x26;

impl<C> Encode<C> for WireSignature {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        match self.0 {
            Algorithm::EdDsa => e.bytes(&self.1)?,
            Algorithm::Es256 => e.bytes(&[&[ES256], &self.1[..]].concat())?,
        };
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for WireSignature {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bytes = d.bytes()?;
        let (algorithm, signature) = match bytes {
            [ES256, rest @ ..] if bytes.len() == 65 => (Algorithm::Es256, rest),
            _ => (Algorithm::EdDsa, bytes),
        };
        let signature = Signature::try_from(signature);
        signature.map(|signature| Self(algorithm, signature)).map_err(|_| {
            minicbor::decode::Error::message("a signature has 64 bytes, or 65 with its algorithm")
        })
    }
}

/// What sender and receiver both know while a body is read or written.
#[derive(Debug, Clone)]
pub struct WireContext {
    server: ServerId,
    /// Device whose envelopes need not name it.
    sender: Option<DeviceId>,
    last: Option<(DeviceId, u64, EnvelopeHash)>,
}

/// A travelling envelope that cannot be rebuilt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// It elides the previous hash although nothing precedes it.
    #[error("envelope {sequence} leaves out its previous hash but follows on nothing in this body")]
    NothingBefore {
        /// Its sequence.
        sequence: u64,
    },
    /// It names no device and the body has no sender.
    #[error("envelope {sequence} names no device")]
    NoDevice {
        /// Its sequence.
        sequence: u64,
    },
    /// Its parts do not belong together.
    #[error("envelope {sequence}: {source}")]
    Parts {
        /// Its sequence.
        sequence: u64,
        /// What does not fit.
        source: OpenError,
    },
}

impl WireContext {
    /// Context of a request body: all envelopes are the sender's own.
    pub fn upload(server: ServerId, sender: DeviceId) -> Self {
        Self { server, sender: Some(sender), last: None }
    }

    /// Context of an answer body: envelopes of any device.
    pub fn download(server: ServerId) -> Self {
        Self { server, sender: None, last: None }
    }

    /// The travelling form of `envelope`, next in this body.
    pub fn pack(&mut self, envelope: &Envelope) -> WireEnvelope {
        let header = envelope.header();
        let follows = self.last == Some((header.device, header.sequence.wrapping_sub(1), header.previous));
        self.last = Some((header.device, header.sequence, envelope.hash()));
        WireEnvelope {
            sequence: header.sequence,
            kind: header.kind,
            visit: header.visit,
            person: header.person,
            epoch: header.epoch,
            claimed_at: header.claimed_at,
            monotonic_ms: header.monotonic_ms,
            boot: header.boot.into(),
            utc_offset_min: header.utc_offset_min,
            log_index_known: header.log_index_known,
            server_time_known: header.server_time_known,
            body: envelope.body_bytes().to_vec().into(),
            salt: (*envelope.salt()).into(),
            signature: WireSignature(envelope.algorithm(), *envelope.signature()),
            previous: (!follows).then_some(header.previous),
            device: (self.sender != Some(header.device)).then_some(header.device),
        }
    }

    /// The envelope that travelled as `wire`, next in this body. Its signature is not checked here.
    ///
    /// # Errors
    /// When something was left out that this side cannot know, or the parts do not fit.
    pub fn unpack(&mut self, wire: WireEnvelope) -> Result<Envelope, WireError> {
        let sequence = wire.sequence;
        let device = wire.device.or(self.sender).ok_or(WireError::NoDevice { sequence })?;
        let previous = match (wire.previous, self.last) {
            (Some(previous), _) => previous,
            (None, Some((last_device, last, hash))) if last_device == device && last + 1 == sequence => hash,
            _ => return Err(WireError::NothingBefore { sequence }),
        };
        let salt: Salt = wire.salt.into();
        let WireSignature(algorithm, signature) = wire.signature;
        let boot: BootId = wire.boot.into();
        let body: Vec<u8> = wire.body.into();
        let header = Header {
            format: HEADER_FORMAT,
            server: self.server,
            epoch: wire.epoch,
            device,
            sequence,
            previous,
            person: wire.person,
            claimed_at: wire.claimed_at,
            monotonic_ms: wire.monotonic_ms,
            boot,
            utc_offset_min: wire.utc_offset_min,
            log_index_known: wire.log_index_known,
            server_time_known: wire.server_time_known,
            kind: wire.kind,
            visit: wire.visit,
            commitment: crate::log::commitment(&salt, &body),
        };
        let envelope = Envelope::from_header(header, (algorithm, signature), salt, body)
            .map_err(|source| WireError::Parts { sequence, source })?;
        self.last = Some((device, sequence, envelope.hash()));
        Ok(envelope)
    }
}

impl WireEnvelope {
    /// The device's sequence number.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }
}
