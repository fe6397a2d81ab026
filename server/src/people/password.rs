//! Hashing passwords: argon2id with its default cost (19 MiB, 2 passes), a bounded number at once.

use crate::clock::Entropy;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What is compared with when nobody has the typed name, so that the answer takes as long.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$\
    m7nAs6pnSwjlDKGAIFVC4SXd6wbtgjGMHj6FbpGSWhE";

/// Places for hash computations. Each takes 19 MiB and a blocking thread, so sign-ins queue for them.
#[derive(Debug, Clone)]
pub struct PasswordPlaces(Arc<Semaphore>);

impl PasswordPlaces {
    /// So many at once.
    pub fn new(at_once: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once)))
    }

    /// The hash of a password with this salt, as a PHC string; `None` when the computation could not be done.
    pub async fn hash(&self, password: String, salt: [u8; 16]) -> Option<String> {
        self.run(move || {
            let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
            hash.ok().map(|hash: PasswordHash| hash.to_string())
        })
        .await
        .flatten()
    }

    /// Whether the password belongs to the hash. Without a hash it takes as long and says no.
    pub async fn verify(&self, password: String, hash: Option<String>) -> bool {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let matches = self.run(move || {
            let hash = PasswordHash::new(&hash).ok()?;
            Argon2::default().verify_password(password.as_bytes(), &hash).ok()
        });
        matches.await.flatten().is_some() && known
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let place = Arc::clone(&self.0).acquire_owned().await.ok()?;
        // The place moves along: a cancelled request must not free it while the computation goes on.
        tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        })
        .await
        .ok()
    }
}

/// A password that can be read out: four groups of four letters and digits, 80 bits.
pub fn generate_password(entropy: &Entropy) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letters: Vec<u8> =
        entropy.bytes::<16>().iter().map(|byte| ALPHABET[usize::from(byte % 32)]).collect();
    let groups: Vec<_> = letters.chunks(4).map(String::from_utf8_lossy).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_is_accepted() {
        let places = PasswordPlaces::new(1);
        let hash = places.hash("correct horse".to_owned(), [1; 16]).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(places.verify("correct horse".to_owned(), Some(hash.clone())).await);
        assert!(!places.verify("correct horsf".to_owned(), Some(hash)).await);
        assert!(!places.verify("correct horse".to_owned(), None).await);
        assert!(!places.verify("x".to_owned(), Some("no hash".to_owned())).await);
        assert!(PasswordHash::new(NOBODY).is_ok(), "else an unknown name is answered quicker");
    }

    #[test]
    fn generated_passwords_are_readable_and_long_enough() {
        let password = generate_password(&Entropy::seeded(1));
        assert_eq!(password.len(), 19);
        assert!(super::super::model::check_password(&password).is_ok());
    }
}
