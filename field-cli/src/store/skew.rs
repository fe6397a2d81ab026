//! How far the clock of this device is from the server's, as well as that can be told without asking.

use super::SyncState;
use crate::machine::Machine;
use sync_core::time::Timestamp;

/// When both clocks were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Comparison {
    /// The server's time.
    pub server_ms: i64,
    /// Milliseconds since the machine was started; does not jump when the clock is set.
    pub monotonic_ms: i64,
    /// Which start of the machine that was, 0 when it is not known.
    pub boot: i64,
}

impl SyncState {
    /// Notes what both clocks said at the same time.
    pub fn compare_clocks(&mut self, machine: &Machine, here: Timestamp, server: Timestamp) {
        self.clock_offset_ms = Some(here.since_ms(server));
        self.compared = Comparison {
            server_ms: server.unix_ms(),
            monotonic_ms: i64::try_from(machine.monotonic_ms()).unwrap_or(0),
            boot: i64::from_be_bytes(machine.boot()),
        };
    }

    /// Device clock minus server clock now, also when somebody set the clock since both were
    /// compared; `None` while they were not compared, or not since the clock was set.
    pub fn skew_ms(&self, machine: &Machine) -> Option<i64> {
        let (offset, compared) = (self.clock_offset_ms?, self.compared);
        let now = machine.now();
        let then = Timestamp::from_unix_ms(compared.server_ms);
        let elapsed = i64::try_from(machine.monotonic_ms()).unwrap_or(0) - compared.monotonic_ms;
        if compared.boot != 0 && compared.boot == i64::from_be_bytes(machine.boot()) && elapsed >= 0 {
            return Some(now.since_ms(then.plus_ms(elapsed)));
        }
        // The machine was started anew since: all that is sure is that the comparison is past.
        if now.plus_ms(-offset) >= then {
            return Some(offset);
        }
        let least = now.since_ms(then);
        (least < 0).then_some(least)
    }

    /// The present time by the server's clock, as well as it is known here.
    pub fn server_now(&self, machine: &Machine) -> Timestamp {
        machine.now().plus_ms(-self.skew_ms(machine).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use crate::clock::{Clock, SystemEntropy};
    use crate::machine::Machine;
    use crate::store::testing::{START_MS, enrolled};
    use std::sync::Arc;
    use sync_core::log::BootId;
    use sync_core::time::Timestamp;

    const DAY_MS: i64 = 86_400_000;

    struct Clocks {
        wall_ms: i64,
        monotonic_ms: u64,
        boot: BootId,
    }

    impl Clock for Clocks {
        fn now(&self) -> Timestamp {
            Timestamp::from_unix_ms(self.wall_ms)
        }
        fn monotonic_ms(&self) -> u64 {
            self.monotonic_ms
        }
        fn boot(&self) -> BootId {
            self.boot
        }
    }

    fn machine(wall_ms: i64, monotonic_ms: u64, boot: u8) -> Machine {
        let clocks = Clocks { wall_ms, monotonic_ms, boot: [boot; 8] };
        Machine::new(Arc::new(clocks), Arc::new(SystemEntropy), "one")
    }

    #[tokio::test]
    async fn a_clock_that_was_set_is_noticed_without_the_server() {
        let dir = tempfile::tempdir().unwrap();
        let mut state = enrolled(dir.path(), 1).await.sync_state().await.unwrap();
        assert_eq!(state.skew_ms(&machine(START_MS, 5, 1)), None);
        let wrong = START_MS + 400 * DAY_MS;
        state.compare_clocks(
            &machine(wrong, 5_000, 1),
            Timestamp::from_unix_ms(wrong),
            Timestamp::from_unix_ms(START_MS),
        );
        // An hour later: still wrong, set right, set wrong the other way.
        let later = |wall: i64| state.skew_ms(&machine(wall + 3_600_000, 3_605_000, 1));
        assert_eq!(later(wrong), Some(400 * DAY_MS));
        assert_eq!(later(START_MS), Some(0));
        assert_eq!(later(START_MS - DAY_MS), Some(-DAY_MS));
        // After a restart: still wrong, set right (which nobody can tell), before the comparison.
        let restarted = |wall: i64| state.skew_ms(&machine(wall + 3_600_000, 7, 2));
        assert_eq!(restarted(wrong), Some(400 * DAY_MS));
        assert_eq!(restarted(START_MS), None);
        assert_eq!(restarted(START_MS - DAY_MS), Some(-DAY_MS + 3_600_000));
    }
}
