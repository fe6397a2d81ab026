//! Log records and figures of the process.
//!
//! Records carry request ids, route patterns, kinds and counts; no names, addresses, tokens or contents.

use crate::config::{LogConfig, LogFormat};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt, registry};

/// Upper ends of the buckets of every duration, in seconds.
const SECONDS: [f64; 10] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

/// Log or figures could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `log.filter` cannot be understood.
    #[error("log.filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The process has a log already.
    #[error("log: {0}")]
    Log(#[from] tracing_subscriber::util::TryInitError),
    /// The process has figures already.
    #[error("metrics: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// Sends log records to standard error in the configured form.
pub fn start_log(config: &LogConfig) -> Result<(), TelemetryError> {
    let filter: Targets = config.filter.parse()?;
    // Without the complaint about a record that cannot be written: it would go to the same place, such as a file on a
    // full disk, and panic in the middle of a request.
    let lines = fmt::layer().with_writer(std::io::stderr).log_internal_errors(false);
    match config.format {
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_span_list(false);
            registry().with(lines.with_filter(filter)).try_init()
        }
        LogFormat::Text => registry().with(lines.with_filter(filter)).try_init(),
    }
    .map_err(TelemetryError::Log)
}

/// Collects the figures that the server counts.
pub fn start_metrics() -> Result<PrometheusHandle, TelemetryError> {
    Ok(PrometheusBuilder::new().set_buckets(&SECONDS)?.install_recorder()?)
}

/// `/metrics` in Prometheus text form.
pub fn router(handle: PrometheusHandle) -> axum::Router {
    axum::Router::new().route(
        "/metrics",
        axum::routing::get(move || async move {
            handle.run_upkeep();
            handle.render()
        }),
    )
}
