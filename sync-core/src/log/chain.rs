//! Where a device's chain stands, and what the next envelope does to it.

use super::{Body, BodyKind, Envelope};
use crate::ids::EnvelopeHash;
use minicbor::{Decode, Encode};

/// The end of a chain as one side knows it. `ChainPosition::START` before the first envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ChainPosition {
    /// Sequence of the newest envelope, 0 for none.
    #[n(0)]
    pub sequence: u64,
    /// Its hash, [`EnvelopeHash::NONE`] for none.
    #[n(1)]
    pub hash: EnvelopeHash,
}

/// What an arriving envelope is to a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainStep {
    /// The next one: append it; the chain then stands here.
    Next(ChainPosition),
    /// Older than the end: compare with the stored hash of that sequence. Equal is success,
    /// different is a fork.
    Past,
    /// Envelopes before it are missing.
    Gap {
        /// The sequence that was expected.
        expected: u64,
    },
    /// The expected sequence, but it does not follow on what is stored: the device signed two
    /// different envelopes somewhere before.
    Fork,
}

impl ChainPosition {
    /// Before the first envelope.
    pub const START: Self = Self { sequence: 0, hash: EnvelopeHash::NONE };

    /// Judges `envelope` against this end of its chain. Changes nothing.
    pub fn step(&self, envelope: &Envelope) -> ChainStep {
        let header = envelope.header();
        if header.sequence <= self.sequence {
            return ChainStep::Past;
        }
        let after = Self { sequence: header.sequence, hash: envelope.hash() };
        if header.sequence == self.sequence + 1 && header.previous == self.hash {
            return ChainStep::Next(after);
        }
        if header.kind == BodyKind::ChainRestart {
            return if self.restart(envelope) { ChainStep::Next(after) } else { ChainStep::Fork };
        }
        if header.sequence == self.sequence + 1 {
            return ChainStep::Fork;
        }
        ChainStep::Gap { expected: self.sequence + 1 }
    }

    /// Whether `envelope` is a restart that names this end as the last acknowledged one.
    fn restart(&self, envelope: &Envelope) -> bool {
        match envelope.body() {
            Ok(Body::ChainRestart(restart)) => {
                restart.acknowledged_sequence == self.sequence && restart.acknowledged == self.hash
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{DeviceId, PersonId, ServerId, VisitId};
    use crate::log::{Body, ChainRestart, ChangeBody, HEADER_FORMAT, Header, SealParts, SigningKey};
    use crate::protocol::WireContext;
    use crate::time::Timestamp;

    fn key() -> SigningKey {
        SigningKey::from_seed(&[9; 32])
    }

    fn seal(position: ChainPosition, body: &Body, at_ms: i64) -> Envelope {
        let header = Header {
            format: HEADER_FORMAT,
            server: ServerId::from_bytes([1; 16]),
            epoch: 1,
            device: DeviceId::from_bytes([2; 16]),
            sequence: position.sequence + 1,
            previous: position.hash,
            person: PersonId::from_bytes([3; 16]),
            claimed_at: Timestamp::from_unix_ms(at_ms),
            monotonic_ms: 5,
            boot: [4; 8],
            utc_offset_min: 480,
            log_index_known: 17,
            server_time_known: Timestamp::from_unix_ms(at_ms - 1000),
            kind: BodyKind::Change,
            visit: Some(VisitId::from_bytes([6; 16])),
            commitment: [0; 32],
        };
        Envelope::seal(SealParts { header, body, salt: [7; 16] }, &key())
    }

    fn save(text: &str) -> Body {
        Body::Change(ChangeBody { chunks: vec![text.as_bytes().to_vec().into()], ..ChangeBody::default() })
    }

    fn chain_of(length: u64) -> (Vec<Envelope>, ChainPosition) {
        let mut position = ChainPosition::START;
        let mut envelopes = Vec::new();
        for index in 0..length {
            let envelope = seal(position, &save(&format!("save {index}")), 1000);
            position = ChainPosition { sequence: envelope.header().sequence, hash: envelope.hash() };
            envelopes.push(envelope);
        }
        (envelopes, position)
    }

    #[test]
    fn a_chain_grows_by_exactly_the_next_envelope() {
        let (envelopes, end) = chain_of(3);
        let mut position = ChainPosition::START;
        for envelope in &envelopes {
            let ChainStep::Next(next) = position.step(envelope) else { panic!("not next: {envelope:?}") };
            position = next;
        }
        assert_eq!(position, end);
        assert_eq!(position.step(&envelopes[0]), ChainStep::Past);
        assert_eq!(ChainPosition::START.step(&envelopes[2]), ChainStep::Gap { expected: 1 });
    }

    #[test]
    fn another_past_is_a_fork() {
        let (_, end) = chain_of(2);
        let elsewhere = ChainPosition { sequence: 2, hash: EnvelopeHash::from_bytes([8; 32]) };
        let envelope = seal(elsewhere, &save("other"), 1000);
        assert_eq!(end.step(&envelope), ChainStep::Fork);
    }

    #[test]
    fn a_restart_steps_over_what_was_lost_and_nothing_else() {
        let (_, end) = chain_of(2);
        let lost = ChainPosition { sequence: 5, hash: EnvelopeHash::from_bytes([8; 32]) };
        let restart = |acknowledged| {
            Body::ChainRestart(ChainRestart { acknowledged_sequence: 2, acknowledged, lost: vec![lost.hash] })
        };
        assert!(
            matches!(end.step(&seal(lost, &restart(end.hash), 1)), ChainStep::Next(next) if next.sequence == 6)
        );
        assert_eq!(end.step(&seal(lost, &restart(lost.hash), 1)), ChainStep::Fork);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let (envelopes, _) = chain_of(1);
        let envelope = &envelopes[0];
        for index in 0..envelope.cose().len() * 8 {
            let mut bytes = envelope.cose().to_vec();
            bytes[index / 8] ^= 1 << (index % 8);
            let opened = Envelope::open(&bytes, *envelope.salt(), envelope.body_bytes().to_vec());
            assert!(!opened.is_ok_and(|other| other.is_signed_by(&key().public())), "bit {index}");
        }
        let other_body = Envelope::open(envelope.cose(), *envelope.salt(), b"other".to_vec());
        assert_eq!(other_body, Err(crate::log::OpenError::OtherBody));
        let other_key = SigningKey::from_seed(&[1; 32]).public();
        assert!(!envelope.is_signed_by(&other_key));
    }

    #[test]
    fn the_wire_leaves_out_what_the_receiver_knows_and_loses_nothing() {
        let (envelopes, _) = chain_of(4);
        let (server, device) = (ServerId::from_bytes([1; 16]), DeviceId::from_bytes([2; 16]));
        for (mut sender, mut receiver) in [
            (WireContext::upload(server, device), WireContext::upload(server, device)),
            (WireContext::download(server), WireContext::download(server)),
        ] {
            for envelope in &envelopes {
                let wire = minicbor::to_vec(sender.pack(envelope)).unwrap();
                assert_eq!(&receiver.unpack(minicbor::decode(&wire).unwrap()).unwrap(), envelope);
            }
        }
        let mut sender = WireContext::upload(server, device);
        sender.pack(&envelopes[0]);
        let orphan = sender.pack(&envelopes[1]);
        assert!(WireContext::upload(server, device).unpack(orphan).is_err());
    }
}
