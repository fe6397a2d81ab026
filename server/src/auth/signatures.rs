//! Signatures of JWTs are made and checked by the keys that sign everything else here (`sync_core::log`), so that there
//! is one implementation of each algorithm in the server, and none that it does not use.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use sync_core::log::{self, PublicKey, SigningKey};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// The key for signing a JWT.
pub(super) fn encoding_key(key: &SigningKey) -> EncodingKey {
    install();
    EncodingKey::from_ed_der(key.seed())
}

/// The key for checking a JWT, and the algorithm that it is for.
pub(super) fn decoding_key(key: &PublicKey) -> (DecodingKey, Algorithm) {
    install();
    match key.algorithm() {
        log::Algorithm::EdDsa => (DecodingKey::from_ed_der(key.as_bytes()), Algorithm::EdDSA),
        log::Algorithm::Es256 => (DecodingKey::from_ec_der(key.as_bytes()), Algorithm::ES256),
    }
}

/// Every key passes through here first, so nothing is signed or checked by another provider.
fn install() {
    // It was there already.
    let _ = PROVIDER.install_default();
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    let seed = <&[u8; 32]>::try_from(key.as_bytes()).map_err(|_| ErrorKind::InvalidKeyFormat)?;
    match algorithm {
        Algorithm::EdDSA => Ok(Box::new(Own(SigningKey::from_seed(seed)))),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let key = PublicKey::from_bytes(key.try_get_as_bytes()?).map_err(|_| ErrorKind::InvalidKeyFormat)?;
    match (algorithm, key.algorithm()) {
        (Algorithm::EdDSA, log::Algorithm::EdDsa) | (Algorithm::ES256, log::Algorithm::Es256) => {
            Ok(Box::new(Theirs(key)))
        }
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

/// The server's key.
struct Own(SigningKey);

impl Signer<Vec<u8>> for Own {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.0.sign(message).to_vec())
    }
}

impl JwtSigner for Own {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

/// The key of whoever says to have signed.
struct Theirs(PublicKey);

impl Verifier<Vec<u8>> for Theirs {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let given = <log::Signature>::try_from(signature.as_slice()).map_err(|_| Error::new())?;
        // A token is used once and its hash means nothing, so either spelling of an ES256 signature will do: keystores
        // make both.
        let is_good = self.0.verifies(message, &self.0.lower_spelling(given));
        if is_good { Ok(()) } else { Err(Error::new()) }
    }
}

impl JwtVerifier for Theirs {
    fn algorithm(&self) -> Algorithm {
        match self.0.algorithm() {
            log::Algorithm::EdDsa => Algorithm::EdDSA,
            log::Algorithm::Es256 => Algorithm::ES256,
        }
    }
}
