//! One signed act: header, signature and body, and the checks that bind them.

use super::{
    Algorithm, BODY_BYTES_MAX, Body, BodyError, HEADER_FORMAT, Header, PublicKey, Salt, Signature,
    SigningKey, cose,
};
use crate::ids::EnvelopeHash;
use sha2::{Digest as _, Sha256};

/// An envelope whose parts belong together: the body matches the header's commitment and the
/// stored bytes are the one spelling of header and signature. Who signed is checked by
/// [`Envelope::is_signed_by`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    header: Header,
    algorithm: Algorithm,
    signature: Signature,
    cose: Vec<u8>,
    hash: EnvelopeHash,
    salt: Salt,
    body: Vec<u8>,
}

/// What an envelope is sealed from; `commitment` and `kind` of the header come from the body.
#[derive(Debug)]
pub struct SealParts<'a> {
    /// Header whose `commitment` is still empty.
    pub header: Header,
    /// The act itself.
    pub body: &'a Body,
    /// 16 fresh random bytes.
    pub salt: Salt,
}

/// Bytes that are no envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The outer structure is not the deterministic COSE_Sign1 that devices write.
    #[error("the bytes are no deterministic COSE_Sign1")]
    NotCose,
    /// The signed payload is no header, or not in its one spelling.
    #[error("the signed payload is no envelope header")]
    NotAHeader,
    /// A header layout this build does not know.
    #[error("header format {found} is unknown here, this build knows {HEADER_FORMAT}: update the software")]
    UnknownFormat {
        /// The format named in the header.
        found: u8,
    },
    /// The body is not the one that was signed.
    #[error("the body does not match the signed commitment")]
    OtherBody,
    /// The body is larger than [`BODY_BYTES_MAX`].
    #[error("the body has {found} bytes, at most {BODY_BYTES_MAX} are accepted")]
    BodyTooLarge {
        /// Its size in bytes.
        found: usize,
    },
}

impl Envelope {
    /// Signs `parts` and yields the envelope as it is stored and sent.
    pub fn seal(parts: SealParts<'_>, key: &SigningKey) -> Self {
        Self::seal_with(parts, Algorithm::EdDsa, |input| key.sign(input))
    }

    /// As [`Envelope::seal`], for a key that stays in a keystore: `sign` has it sign the bytes it is given.
    pub fn seal_with(
        parts: SealParts<'_>,
        algorithm: Algorithm,
        sign: impl FnOnce(&[u8]) -> Signature,
    ) -> Self {
        let body = parts.body.encode();
        let mut header = parts.header;
        header.format = HEADER_FORMAT;
        header.kind = parts.body.kind();
        header.commitment = commitment(&parts.salt, &body);
        let payload = encode_header(&header);
        let signature = sign(&cose::signing_input(algorithm, &payload));
        Self::assemble(header, &payload, (algorithm, signature), parts.salt, body)
    }

    /// Reads an envelope from its stored COSE_Sign1 bytes, salt and body.
    ///
    /// # Errors
    /// When the bytes are not exactly what a device writes, or the body is another one.
    pub fn open(cose_bytes: &[u8], salt: Salt, body: Vec<u8>) -> Result<Self, OpenError> {
        let (header, signature) = read_header(cose_bytes)?;
        Self::from_header(header, signature, salt, body)
    }

    /// The signed header alone, for what needs no body or has none any more.
    ///
    /// # Errors
    /// When the bytes are not exactly what a device writes.
    pub fn header_of(cose_bytes: &[u8]) -> Result<Header, OpenError> {
        read_header(cose_bytes).map(|(header, _)| header)
    }

    /// Rebuilds an envelope from the parts that travel; the commitment must fit the body.
    pub(crate) fn from_header(
        header: Header,
        signature: (Algorithm, Signature),
        salt: Salt,
        body: Vec<u8>,
    ) -> Result<Self, OpenError> {
        if body.len() > BODY_BYTES_MAX {
            return Err(OpenError::BodyTooLarge { found: body.len() });
        }
        if commitment(&salt, &body) != header.commitment {
            return Err(OpenError::OtherBody);
        }
        let payload = encode_header(&header);
        Ok(Self::assemble(header, &payload, signature, salt, body))
    }

    fn assemble(
        header: Header,
        payload: &[u8],
        (algorithm, signature): (Algorithm, Signature),
        salt: Salt,
        body: Vec<u8>,
    ) -> Self {
        let cose = cose::encode(algorithm, payload, &signature);
        let hash = EnvelopeHash::from_bytes(Sha256::digest(&cose).into());
        Self { header, algorithm, signature, cose, hash, salt, body }
    }

    /// Whether the holder of `key` signed this envelope.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        let input = cose::signing_input(self.algorithm, &encode_header(&self.header));
        key.algorithm() == self.algorithm && key.verifies(&input, &self.signature)
    }

    /// The signed header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How it is signed.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The signature over the header.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The COSE_Sign1 bytes: what is stored, hashed and shown to auditors.
    pub fn cose(&self) -> &[u8] {
        &self.cose
    }

    /// SHA-256 of [`Envelope::cose`].
    pub fn hash(&self) -> EnvelopeHash {
        self.hash
    }

    /// Salt of the commitment.
    pub fn salt(&self) -> &Salt {
        &self.salt
    }

    /// The encoded body.
    pub fn body_bytes(&self) -> &[u8] {
        &self.body
    }

    /// The decoded body.
    ///
    /// # Errors
    /// When the bytes are not of the kind that the header names.
    pub fn body(&self) -> Result<Body, BodyError> {
        Body::decode(self.header.kind, &self.body)
    }
}

fn read_header(cose_bytes: &[u8]) -> Result<(Header, (Algorithm, Signature)), OpenError> {
    let (algorithm, payload, signature) = cose::decode(cose_bytes).ok_or(OpenError::NotCose)?;
    let header: Header = minicbor::decode(&payload).map_err(|_| OpenError::NotAHeader)?;
    if header.format != HEADER_FORMAT {
        return Err(OpenError::UnknownFormat { found: header.format });
    }
    if encode_header(&header) != payload {
        return Err(OpenError::NotAHeader);
    }
    Ok((header, (algorithm, signature)))
}

/// SHA-256(salt ‖ body), what a header says of its body.
pub(crate) fn commitment(salt: &Salt, body: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(body).finalize().into()
}

fn encode_header(header: &Header) -> Vec<u8> {
    minicbor::to_vec(header).expect("encoding into memory cannot fail")
}
