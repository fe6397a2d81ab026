//! Time and chance: the only place of the server that asks the machine for either.

use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::UNIX_EPOCH;
use sync_core::time::Timestamp;

/// What time it is.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The clock of the machine.
    #[default]
    System,
    /// A clock that moves only when it is told to, for tests and the demonstration's past.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at this time.
    pub fn manual(now: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(now.unix_ms())))
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => system_now(),
            Self::Manual(ms) => Timestamp::from_unix_ms(ms.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock. The clock of the machine is left alone.
    pub fn advance_ms(&self, delta_ms: i64) {
        if let Self::Manual(ms) = self {
            ms.fetch_add(delta_ms, Ordering::SeqCst);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the server reads the machine's clock")]
fn system_now() -> Timestamp {
    let elapsed = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}

/// Where unpredictable bytes come from.
#[derive(Debug, Clone, Default)]
pub enum Entropy {
    /// The operating system.
    #[default]
    System,
    /// A sequence that repeats for the same seed, for tests. Never for secrets that matter.
    Seeded {
        /// What the sequence is derived from.
        seed: u64,
        /// How many blocks were taken.
        taken: Arc<AtomicU64>,
    },
}

impl Entropy {
    /// The sequence of this seed, from its beginning.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded { seed, taken: Arc::default() }
    }

    /// The next `N` bytes.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: nothing safe can be done without it.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Self::System => getrandom::fill(&mut bytes).expect("the operating system gives randomness"),
            Self::Seeded { seed, taken } => {
                for chunk in bytes.chunks_mut(32) {
                    let block = taken.fetch_add(1, Ordering::SeqCst);
                    let digest =
                        Sha256::new().chain_update(seed.to_be_bytes()).chain_update(block.to_be_bytes());
                    chunk.copy_from_slice(&digest.finalize()[..chunk.len()]);
                }
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = Clock::manual(Timestamp::from_unix_ms(1000));
        let same = clock.clone();
        clock.advance_ms(500);
        assert_eq!(same.now().unix_ms(), 1500);
    }

    #[test]
    fn the_machine_clock_is_past_the_year_2025() {
        assert!(Clock::System.now().unix_ms() > 1_735_689_600_000);
    }

    #[test]
    fn a_seed_repeats_its_sequence_and_never_a_block() {
        let (left, right) = (Entropy::seeded(1), Entropy::seeded(1));
        let first: [u8; 40] = left.bytes();
        assert_eq!(first, right.bytes::<40>());
        assert_ne!(first, left.bytes::<40>());
        assert_ne!(Entropy::System.bytes::<16>(), Entropy::System.bytes::<16>());
    }
}
