//! `[server]`: where the server listens and what it bears.

use super::{ConfigError, in_range};
use serde::Deserialize;
use std::net::SocketAddr;

/// Where the server listens and what it bears.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port of the API. TLS is the business of a proxy in front.
    pub listen: SocketAddr,
    /// How devices reach this server, for invitations. Unset: the listening address.
    pub public_url: Option<String>,
    /// Connections at once; further ones wait to be accepted.
    pub connections_max: usize,
    /// Seconds that a stopping server gives to requests that are under way.
    pub shutdown_seconds: u64,
    /// The proxy in front writes the client's address as the last entry of X-Forwarded-For.
    pub behind_proxy: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            connections_max: 4096,
            shutdown_seconds: 20,
            behind_proxy: false,
        }
    }
}

impl ServerConfig {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        in_range("server.connections_max", self.connections_max, 1..=1_000_000)?;
        in_range("server.shutdown_seconds", self.shutdown_seconds, 1..=300)?;
        match &self.public_url {
            Some(url) if !url.starts_with("https://") && !url.starts_with("http://") => {
                Err(ConfigError::OutOfRange {
                    key: "server.public_url",
                    found: url.clone(),
                    expected: "https://name or http://name".to_owned(),
                })
            }
            _ => Ok(()),
        }
    }

    /// How devices reach this server, without a slash at the end.
    pub fn public_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.listen),
        }
    }
}
