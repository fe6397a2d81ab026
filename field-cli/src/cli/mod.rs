//! What can be typed. The words beside it come from `i18n/*/field.ftl` (see [`help`]), so that
//! nothing here is translated twice; comments say what the words cannot.

mod evidence;
mod exchange;
mod gas;
pub(crate) mod help;
mod meter;
pub(crate) mod usage;
mod visit;

pub(crate) use evidence::*;
pub(crate) use exchange::*;
pub(crate) use gas::*;
pub(crate) use meter::*;
pub(crate) use visit::*;

use crate::i18n::Lang;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "field", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Global {
    #[arg(long, global = true, env = "FIELD_LANG", hide_env = true, value_name = "LANG")]
    pub(crate) lang: Option<Lang>,
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[arg(long, global = true, env = "FIELD_HOME", hide_env = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
}

/// Every command. The order is that of `field --help`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Enrol(EnrolArgs),
    Sync(SyncArgs),
    #[command(alias = "st")]
    Status,
    Today(TodayArgs),
    #[command(subcommand)]
    Visit(VisitCommand),
    Answer(AnswerArgs),
    #[command(subcommand)]
    Finding(FindingCommand),
    #[command(subcommand)]
    Meter(MeterCommand),
    #[command(subcommand)]
    Gas(GasCommand),
    #[command(subcommand)]
    Hazard(HazardCommand),
    #[command(subcommand)]
    Notice(NoticeCommand),
    #[command(subcommand)]
    Photo(PhotoCommand),
    #[command(subcommand)]
    Customer(CustomerCommand),
    #[command(subcommand)]
    Promise(PromiseCommand),
    #[command(subcommand)]
    Complaint(ComplaintCommand),
    Grumble(GrumbleArgs),
    #[command(subcommand)]
    Expert(ExpertCommand),
    Outbox(OutboxArgs),
    Conflicts(ConflictsArgs),
    Log(LogArgs),
    Undo(UndoArgs),
    Know(KnowArgs),
    Events(EventsArgs),
    Search(SearchArgs),
    Doctor(DoctorArgs),
    Export(ExportArgs),
    Lang(LangArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Which visit a command is about.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct OnVisit {
    /// `@`, a complaint number, the end of one, or a visit id; `@` when absent.
    #[arg(long, value_name = "VISIT")]
    pub(crate) visit: Option<String>,
}
