//! Where times and chance come from: the only place of this client that asks the machine for them.

use sync_core::log::BootId;
use sync_core::time::Timestamp;

/// Where times come from.
pub trait Clock: Send + Sync {
    /// The wall clock: a claim.
    fn now(&self) -> Timestamp;
    /// Milliseconds since the machine was started; does not jump.
    fn monotonic_ms(&self) -> u64;
    /// Which start of the machine that was.
    fn boot(&self) -> BootId;
}

/// Where chance comes from.
pub trait Entropy: Send + Sync {
    /// Fills the bytes with chance.
    fn fill(&self, bytes: &mut [u8]);
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where this client asks for the time")]
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(jiff::Timestamp::now().as_millisecond())
    }

    /// From `/proc/uptime`; 0 where there is none, which compares with nothing.
    fn monotonic_ms(&self) -> u64 {
        let text = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
        let (seconds, rest) = text.split_once('.').unwrap_or(("", ""));
        let hundredths = rest.get(..2).and_then(|digits| digits.parse().ok()).unwrap_or(0);
        seconds.parse::<u64>().map_or(0, |seconds| seconds * 1000 + hundredths * 10)
    }

    /// The first eight bytes of the kernel's boot id; zeros where there is none.
    fn boot(&self) -> BootId {
        let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let id = uuid::Uuid::try_parse(text.trim()).unwrap_or_default().into_bytes();
        let mut boot = BootId::default();
        boot.copy_from_slice(&id[..8]);
        boot
    }
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("a system without randomness cannot sign anything");
    }
}
