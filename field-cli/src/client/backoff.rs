//! When to try again: exponential with full jitter, never before the server said.

use crate::machine::Machine;
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use std::time::Duration;

/// First ceiling.
const FIRST: Duration = Duration::from_millis(500);
/// Highest ceiling.
const HIGHEST: Duration = Duration::from_secs(30);
/// Longest wait that a server may ask for; beyond it the technician should rather come back later.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(120);

/// The waits between attempts.
#[derive(Debug)]
pub struct Backoff {
    ceilings: ExponentialBackoff,
}

impl Backoff {
    /// Waits for at most `attempts` further attempts.
    pub fn new(attempts: usize) -> Self {
        let ceilings = ExponentialBuilder::new()
            .with_min_delay(FIRST)
            .with_max_delay(HIGHEST)
            .with_factor(2.0)
            .with_max_times(attempts);
        Self { ceilings: ceilings.build() }
    }

    /// How long to wait before the next attempt; `None` when it is time to give up. Anything
    /// between nothing and the ceiling, so that devices that failed together do not return
    /// together; a wait that the server asked for comes on top.
    pub fn next(&mut self, machine: &Machine, asked: Option<Duration>) -> Option<Duration> {
        let ceiling = self.ceilings.next()?;
        let ceiling_ms = u64::try_from(ceiling.as_millis()).unwrap_or(u64::MAX).max(1);
        let wait = Duration::from_millis(u64::from_le_bytes(machine.bytes()) % ceiling_ms);
        match asked {
            Some(asked) if asked > RETRY_AFTER_MAX => None,
            Some(asked) => Some(asked + wait),
            None => Some(wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::machine;

    #[test]
    fn waits_grow_are_jittered_and_end() {
        let machine = machine("one", 3);
        let mut backoff = Backoff::new(4);
        let waits: Vec<_> = std::iter::from_fn(|| backoff.next(&machine, None)).collect();
        assert_eq!(waits.len(), 4);
        for (place, wait) in waits.iter().enumerate() {
            assert!(*wait < FIRST * 2_u32.pow(u32::try_from(place).unwrap()));
        }
    }

    #[test]
    fn the_server_is_never_asked_earlier_than_it_said() {
        let machine = machine("one", 3);
        let asked = Duration::from_secs(7);
        let wait = Backoff::new(1).next(&machine, Some(asked)).unwrap();
        assert!((asked..asked + FIRST).contains(&wait));
        assert_eq!(Backoff::new(1).next(&machine, Some(Duration::from_secs(3600))), None);
    }
}
