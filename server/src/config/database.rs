//! `[database]`: where the database is and how long to wait for it.

use super::{ConfigError, in_range};
use serde::Deserialize;
use std::fmt;

/// Where the database is and how long to wait for it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseConfig {
    /// `sqlite:///path/file.db` or `postgres://…`. Unset: a file in the data folder. May hold a password.
    pub url: Option<String>,
    /// Readers at once (SQLite, two for each processor core at most), connections at once (PostgreSQL).
    pub connections_max: u32,
    /// Milliseconds a request waits for its turn before it is told that the server is busy.
    pub wait_ms: u64,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { url: None, connections_max: 8, wait_ms: 2000 }
    }
}

impl DatabaseConfig {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        in_range("database.connections_max", self.connections_max, 2..=500)?;
        in_range("database.wait_ms", self.wait_ms, 50..=60_000)
    }
}

impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.as_ref().map(|url| match url.split_once("://") {
            Some((scheme @ ("postgres" | "postgresql"), _)) => format!("{scheme}://…"),
            Some(("sqlite", path)) => format!("sqlite://{path}"),
            _ => "…".to_owned(),
        });
        f.debug_struct("DatabaseConfig")
            .field("url", &url)
            .field("connections_max", &self.connections_max)
            .field("wait_ms", &self.wait_ms)
            .finish()
    }
}
