//! Noticing that nothing moves, while slow links are given their time.

use super::IDLE_TIMEOUT;
use std::time::Duration;

/// Bytes that the operating system may hold after it has taken them from us.
const SEND_BUFFER_BYTES: usize = 4 * 1024 * 1024;
/// Slowest link that is waited for, in bytes per second.
const SLOWEST: usize = 4 * 1024;

/// How long an answer may take after `body_bytes` were handed to the operating system: they may
/// still have to travel.
pub(super) fn patience(body_bytes: usize) -> Duration {
    let travelling = body_bytes.min(SEND_BUFFER_BYTES) / SLOWEST;
    IDLE_TIMEOUT + Duration::from_secs(u64::try_from(travelling).unwrap_or(0))
}
