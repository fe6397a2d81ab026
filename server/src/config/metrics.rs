//! `[metrics]`: where figures are served.

use serde::Deserialize;
use std::net::SocketAddr;

/// Where figures are served.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsConfig {
    /// Address and port of `/metrics` in Prometheus text form. Unset: no figures are served.
    pub listen: Option<SocketAddr>,
}
