//! A key as the keystore of a phone holds it: P-256, and it signs what it is given.

use crate::log::{PublicKey, Signature};
use p256::ecdsa::signature::Signer as _;

/// Signs with ES256.
#[derive(Debug, Clone)]
pub struct KeystoreKey(p256::ecdsa::SigningKey);

impl KeystoreKey {
    /// The key with this secret.
    ///
    /// # Panics
    /// When it is zero or not below the order of the curve.
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        Self(p256::ecdsa::SigningKey::from_slice(secret).expect("a number below the order of P-256"))
    }

    /// The public half.
    ///
    /// # Panics
    /// Never: a signing key has a public half.
    pub fn public(&self) -> PublicKey {
        let point = self.0.verifying_key().to_sec1_point(true);
        PublicKey::from_bytes(point.as_bytes()).expect("a compressed point of the curve")
    }

    /// Signs `message`, with the lower `s`.
    pub fn sign(&self, message: &[u8]) -> Signature {
        let signature: p256::ecdsa::Signature = self.0.sign(message);
        signature.normalize_s().to_bytes().into()
    }
}
