//! Commands about the server and about this device.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct EnrolArgs {
    /// The link of the QR code, or the short typed code.
    pub(crate) invitation: String,
    /// Needed beside a short code, which does not say where the server is.
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    #[arg(long, value_name = "DEVICE")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Default, Args)]
pub(crate) struct SyncArgs {
    #[arg(long)]
    pub(crate) photos_later: bool,
    /// Bytes per second with `k` or `M`, such as `200k`.
    #[arg(long, value_name = "RATE")]
    pub(crate) limit_rate: Option<String>,
    #[arg(long)]
    pub(crate) watch: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OutboxArgs {
    /// Lists when absent.
    #[command(subcommand)]
    pub(crate) command: Option<OutboxCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    List,
    Retry,
    Pause,
}

#[derive(Debug, Args)]
pub(crate) struct ConflictsArgs {
    /// Lists when absent.
    #[command(subcommand)]
    pub(crate) command: Option<ConflictsCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConflictsCommand {
    List,
    Show {
        number: usize,
    },
    Choose {
        number: usize,
        /// `a`, `b`, `c` … as shown, or `both`.
        #[arg(long)]
        keep: String,
        #[arg(long)]
        why: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// As [`super::OnVisit`]; everything on this device when absent.
    pub(crate) visit: Option<String>,
}

#[derive(Debug, Default, Args)]
pub(crate) struct UndoArgs {
    #[arg(long)]
    pub(crate) why: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[arg(long)]
    pub(crate) fix: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    pub(crate) visit: String,
    #[arg(long, value_enum, default_value_t = ExportFormat::Json)]
    pub(crate) format: ExportFormat,
    /// Standard output when absent.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// What an export is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Everything readable, with authors and times.
    Json,
    /// The saved Automerge document.
    Automerge,
    /// This device's signed envelopes about the visit: carried to the server by other means.
    Envelopes,
}
