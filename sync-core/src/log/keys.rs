//! Signing keys of devices and of the office log: Ed25519 (RFC 8032), strictly verified, and for devices
//! whose keystore offers nothing else ECDSA with P-256 and SHA-256 (FIPS 186-5; "ES256" in RFC 9053).
//!
//! Either way a message and a key have one valid spelling of a signature as far as a third party can change it:
//! Ed25519 by strict verification, ES256 by accepting only the lower of the two values `s` can have. Otherwise
//! whoever carries an envelope could alter its hash and make an honest device look like a forked one.

use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::Verifier as _;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519, what `field` and the server use.
    EdDsa,
    /// ECDSA with P-256 and SHA-256, what keystores of phones offer.
    Es256,
}

/// A private key that signs envelopes. Wiped from memory when dropped; never printed.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

/// The public half of a signing key: 32 bytes (Ed25519) or 33 bytes (P-256, compressed as in SEC 1 §2.3.3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(Inner);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Inner {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256 { key: p256::ecdsa::VerifyingKey, bytes: [u8; 33] },
}

/// A signature of 64 bytes: Ed25519, or `r` and `s` of ECDSA.
pub type Signature = [u8; 64];

/// Bytes that are no point of the curve, or a weak one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are no usable public key: 32 bytes of Ed25519 or 33 bytes of P-256 (compressed) are")]
pub struct KeyError;

impl SigningKey {
    /// The key with this secret seed of 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The secret seed, for storing the key.
    pub fn seed(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(Inner::Ed25519(self.0.verifying_key()))
    }

    /// Signs `message`; the same message always yields the same signature.
    pub fn sign(&self, message: &[u8]) -> Signature {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(public {:?})", self.public())
    }
}

impl PublicKey {
    /// Reads a public key; its length tells which kind it is.
    ///
    /// # Errors
    /// When the bytes are no point of the curve, or one of the few weak points.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        if let Ok(bytes) = <[u8; 32]>::try_from(bytes) {
            let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError)?;
            return if key.is_weak() { Err(KeyError) } else { Ok(Self(Inner::Ed25519(key))) };
        }
        let bytes = <[u8; 33]>::try_from(bytes).map_err(|_| KeyError)?;
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&bytes).map_err(|_| KeyError)?;
        Ok(Self(Inner::P256 { key, bytes }))
    }

    /// The bytes of the key.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Inner::Ed25519(key) => key.as_bytes(),
            Inner::P256 { bytes, .. } => bytes,
        }
    }

    /// How its owner signs.
    pub fn algorithm(&self) -> Algorithm {
        match self.0 {
            Inner::Ed25519(_) => Algorithm::EdDsa,
            Inner::P256 { .. } => Algorithm::Es256,
        }
    }

    /// The coordinates of a P-256 key, for formats that want both; `None` for Ed25519.
    pub fn p256_coordinates(&self) -> Option<([u8; 32], [u8; 32])> {
        let Inner::P256 { key, .. } = &self.0 else { return None };
        let point = key.to_sec1_point(false);
        Some(((*point.x()?).into(), (*point.y()?).into()))
    }

    /// The one spelling of a signature that [`Self::verifies`] takes: of ES256 the one with the lower `s`, of Ed25519 the
    /// same. What is no signature stays as it is.
    pub fn lower_spelling(&self, signature: Signature) -> Signature {
        match self.0 {
            Inner::Ed25519(_) => signature,
            Inner::P256 { .. } => p256::ecdsa::Signature::from_slice(&signature)
                .map_or(signature, |signature| signature.normalize_s().to_bytes().into()),
        }
    }

    /// Whether `signature` over `message` was made with this key (strict: see the module).
    pub fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        match &self.0 {
            Inner::Ed25519(key) => {
                key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
            }
            Inner::P256 { key, .. } => p256::ecdsa::Signature::from_slice(signature).is_ok_and(|signature| {
                signature.normalize_s() == signature && key.verify(message, &signature).is_ok()
            }),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&fingerprint(self))
    }
}

/// What people compare when a device is enrolled: the first 80 bits of SHA-256 over the key
/// as five groups of four hexadecimal digits.
pub fn fingerprint(key: &PublicKey) -> String {
    let digest = Sha256::digest(key.as_bytes());
    let groups = digest[..10].chunks_exact(2).map(|pair| format!("{:02X}{:02X}", pair[0], pair[1]));
    groups.collect::<Vec<_>>().join("-")
}
