//! COSE_Sign1 (RFC 9052 §4.2) with deterministic CBOR (RFC 8949 §4.2), and only that.

use super::{Algorithm, Signature};
use minicbor::bytes::{ByteArray, ByteSlice, ByteVec};
use minicbor::data::Tag;
use minicbor::{Decode, Decoder, Encode, Encoder};

/// CBOR tag of COSE_Sign1.
const TAG_SIGN1: u64 = 18;

/// The protected header: `{1: -8}` for EdDSA, `{1: -7}` for ES256.
const fn protected(algorithm: Algorithm) -> [u8; 3] {
    match algorithm {
        Algorithm::EdDsa => [0xa1, 0x01, 0x27],
        Algorithm::Es256 => [0xa1, 0x01, 0x26],
    }
}

#[derive(Encode)]
#[cbor(array)]
struct SigStructure<'a> {
    #[n(0)]
    context: &'a str,
    #[n(1)]
    protected: &'a ByteSlice,
    #[n(2)]
    external_aad: &'a ByteSlice,
    #[n(3)]
    payload: &'a ByteSlice,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Sign1 {
    #[n(0)]
    protected: ByteVec,
    #[n(1)]
    unprotected: EmptyMap,
    #[n(2)]
    payload: ByteVec,
    #[n(3)]
    signature: ByteArray<64>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct EmptyMap {}

/// The bytes a key signs for `payload`.
pub(super) fn signing_input(algorithm: Algorithm, payload: &[u8]) -> Vec<u8> {
    let protected = protected(algorithm);
    let structure = SigStructure {
        context: "Signature1",
        protected: (&protected[..]).into(),
        external_aad: (&[][..]).into(),
        payload: payload.into(),
    };
    minicbor::to_vec(structure).expect("encoding into memory cannot fail")
}

/// The tagged COSE_Sign1 of `payload` and its signature.
pub(super) fn encode(algorithm: Algorithm, payload: &[u8], signature: &Signature) -> Vec<u8> {
    let sign1 = Sign1 {
        protected: protected(algorithm).to_vec().into(),
        unprotected: EmptyMap {},
        payload: payload.to_vec().into(),
        signature: (*signature).into(),
    };
    let mut encoder = Encoder::new(Vec::with_capacity(payload.len() + 80));
    encoder.tag(Tag::new(TAG_SIGN1)).expect("encoding into memory cannot fail");
    encoder.encode(sign1).expect("encoding into memory cannot fail");
    encoder.into_writer()
}

/// Splits a tagged COSE_Sign1 into algorithm, payload and signature; `None` unless `bytes` is exactly the
/// one deterministic spelling that [`encode`] produces.
pub(super) fn decode(bytes: &[u8]) -> Option<(Algorithm, Vec<u8>, Signature)> {
    let mut decoder = Decoder::new(bytes);
    if decoder.tag().ok()?.as_u64() != TAG_SIGN1 {
        return None;
    }
    let sign1: Sign1 = decoder.decode().ok()?;
    let known = [Algorithm::EdDsa, Algorithm::Es256];
    let algorithm = known.into_iter().find(|known| *sign1.protected == protected(*known))?;
    let payload: Vec<u8> = sign1.payload.into();
    let signature: Signature = sign1.signature.into();
    (encode(algorithm, &payload, &signature) == bytes).then_some((algorithm, payload, signature))
}
