//! `[log]`: what the server writes to standard error.

use serde::Deserialize;

/// What the server writes to standard error.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// Which records: `info`, or for single modules `info,server::exchange=debug`.
    pub filter: String,
    /// In which form.
    pub format: LogFormat,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object on each line.
    Json,
    /// For eyes.
    Text,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Json }
    }
}
