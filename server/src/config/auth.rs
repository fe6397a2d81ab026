//! `[auth]`: how long sessions, tokens and invitations last.

use super::{ConfigError, in_range};
use serde::Deserialize;

/// How long sessions, tokens and invitations last.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthConfig {
    /// A session of an office person ends after this many minutes without a request.
    pub session_idle_minutes: u32,
    /// A session ends after this many hours whatever happens.
    pub session_hours: u32,
    /// Seconds an access token of a device is valid.
    pub token_seconds: u32,
    /// Minutes an invitation of a device is valid.
    pub invitation_minutes: u32,
    /// Password hashes computed at once; each takes 19 MiB.
    pub password_hashes_at_once: usize,
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self {
            session_idle_minutes: 60,
            session_hours: 12,
            token_seconds: 600,
            invitation_minutes: 10,
            password_hashes_at_once: 4,
        }
    }
}

impl AuthConfig {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        in_range("auth.session_idle_minutes", self.session_idle_minutes, 1..=1440)?;
        in_range("auth.session_hours", self.session_hours, 1..=720)?;
        in_range("auth.token_seconds", self.token_seconds, 30..=600)?;
        in_range("auth.invitation_minutes", self.invitation_minutes, 1..=60)?;
        in_range("auth.password_hashes_at_once", self.password_hashes_at_once, 1..=64)
    }
}
