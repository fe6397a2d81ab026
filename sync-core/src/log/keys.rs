//! Signing keys of devices and of the office log: Ed25519 (RFC 8032), strictly verified.

use ed25519_dalek::Signer as _;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A private key that signs envelopes. Wiped from memory when dropped; never printed.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

/// The public half of a [`SigningKey`]: 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

/// A signature of 64 bytes.
pub type Signature = [u8; 64];

/// Bytes that are no point of the curve, or a weak one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these 32 bytes are no usable Ed25519 public key")]
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
        PublicKey(self.0.verifying_key())
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
    /// Reads a public key from its 32 bytes.
    ///
    /// # Errors
    /// When they are no point of the curve, or one of the few weak points.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError)?;
        if key.is_weak() { Err(KeyError) } else { Ok(Self(key)) }
    }

    /// The 32 bytes of the key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Whether `signature` over `message` was made with this key (strict: one valid spelling).
    pub fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.0.verify_strict(message, &signature).is_ok()
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
