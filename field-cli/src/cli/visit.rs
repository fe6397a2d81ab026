//! Commands about a visit as a whole, and about complaints.

use super::OnVisit;
use crate::i18n::Lang;
use clap::{Args, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

#[derive(Debug, Default, Args)]
pub(crate) struct TodayArgs {
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum VisitCommand {
    #[command(alias = "ls")]
    List {
        /// `today`, `tomorrow` or `YYYY-MM-DD`.
        #[arg(long)]
        date: Option<String>,
        #[arg(long)]
        all: bool,
    },
    Show {
        visit: Option<String>,
        #[arg(long)]
        history: bool,
    },
    Start {
        visit: String,
        /// `latitude,longitude` in WGS-84 degrees.
        #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
        at: Option<String>,
    },
    Pause {
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        on: OnVisit,
    },
    Resume {
        #[command(flatten)]
        on: OnVisit,
    },
    NoAccess {
        /// Code or words of the table `no_access`.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        on: OnVisit,
    },
    Propose(ProposeArgs),
    Note {
        text: String,
        #[command(flatten)]
        on: OnVisit,
    },
    Finish(FinishArgs),
}

#[derive(Debug, Default, Args)]
pub(crate) struct ProposeArgs {
    #[arg(long)]
    pub(crate) verdict: Option<String>,
    #[arg(long)]
    pub(crate) cause: Option<String>,
    #[arg(long)]
    pub(crate) responsibility: Option<String>,
    /// The cause in words.
    #[arg(long)]
    pub(crate) text: Option<String>,
    #[command(flatten)]
    pub(crate) on: OnVisit,
}

#[derive(Debug, Default, Args)]
pub(crate) struct FinishArgs {
    #[arg(long)]
    pub(crate) outcome: Option<String>,
    /// May be repeated: each item is recorded as skipped for the same reason.
    #[arg(long, value_name = "ITEM", requires = "why")]
    pub(crate) skip: Vec<String>,
    #[arg(long)]
    pub(crate) why: Option<String>,
    #[command(flatten)]
    pub(crate) on: OnVisit,
}

#[derive(Debug, Default, Args)]
pub(crate) struct AnswerArgs {
    /// The checklist is listed when absent.
    pub(crate) item: Option<String>,
    #[arg(allow_negative_numbers = true)]
    pub(crate) value: Option<String>,
    #[arg(long, conflicts_with = "value")]
    pub(crate) clear: bool,
    #[command(flatten)]
    pub(crate) on: OnVisit,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FindingCommand {
    Add(FindingAddArgs),
    #[command(alias = "ls")]
    List {
        #[command(flatten)]
        on: OnVisit,
    },
    Edit {
        /// Number as listed, or the end of the id.
        finding: String,
        #[arg(long)]
        code: Option<String>,
        #[arg(long)]
        text: Option<String>,
        #[arg(long)]
        severity: Option<String>,
        #[command(flatten)]
        on: OnVisit,
    },
    #[command(alias = "remove")]
    Withdraw {
        finding: String,
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        on: OnVisit,
    },
    Restricted(RestrictedArgs),
}

#[derive(Debug, Default, Args)]
pub(crate) struct RestrictedArgs {
    #[arg(long)]
    pub(crate) conduct: Option<String>,
    #[arg(long, value_name = "NAME")]
    pub(crate) about: Option<String>,
    #[arg(long)]
    pub(crate) text: Option<String>,
    #[command(flatten)]
    pub(crate) on: OnVisit,
}

#[derive(Debug, Default, Args)]
pub(crate) struct FindingAddArgs {
    pub(crate) code: Option<String>,
    #[arg(long)]
    pub(crate) text: Option<String>,
    #[arg(long)]
    pub(crate) item: Option<String>,
    #[arg(long)]
    pub(crate) severity: Option<String>,
    #[command(flatten)]
    pub(crate) on: OnVisit,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ComplaintCommand {
    New(ComplaintNewArgs),
}

#[derive(Debug, Default, Args)]
pub(crate) struct ComplaintNewArgs {
    pub(crate) summary: Option<String>,
    #[arg(long)]
    pub(crate) address: Option<String>,
    #[arg(long, value_enum)]
    pub(crate) utility: Option<Utility>,
    #[arg(long)]
    pub(crate) category: Option<String>,
    #[arg(long, value_name = "NAME")]
    pub(crate) customer: Option<String>,
    #[arg(long)]
    pub(crate) phone: Option<String>,
    #[arg(long)]
    pub(crate) confidential: bool,
    #[arg(long, value_name = "NUMBER")]
    pub(crate) meter: Option<String>,
    #[arg(long)]
    pub(crate) checklist: Option<String>,
    /// Only reports it; nobody investigates yet.
    #[arg(long)]
    pub(crate) no_visit: bool,
}

/// What the complaint is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Utility {
    Power,
    Gas,
    Telecom,
    Water,
}

impl Utility {
    /// Its stable code.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Power => "power",
            Self::Gas => "gas",
            Self::Telecom => "telecom",
            Self::Water => "water",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExpertCommand {
    Ask {
        /// Code or name of a discipline.
        #[arg(long)]
        skill: Option<String>,
        #[arg(long)]
        question: Option<String>,
        #[command(flatten)]
        on: OnVisit,
    },
    #[command(alias = "ls")]
    List {
        #[command(flatten)]
        on: OnVisit,
    },
}

#[derive(Debug, Default, Args)]
pub(crate) struct GrumbleArgs {
    pub(crate) text: String,
    #[arg(long)]
    pub(crate) category: Option<String>,
    #[arg(long)]
    pub(crate) place: Option<String>,
}

#[derive(Debug, Default, Args)]
pub(crate) struct KnowArgs {
    /// Words to look for, or the number of an article; all articles when absent.
    #[arg(value_name = "TEXT")]
    pub(crate) text: Vec<String>,
    #[arg(long)]
    pub(crate) unread: bool,
}

#[derive(Debug, Default, Args)]
pub(crate) struct EventsArgs {}

#[derive(Debug, Default, Args)]
pub(crate) struct SearchArgs {
    #[arg(required = true, value_name = "TEXT")]
    pub(crate) text: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct LangArgs {
    /// The present one is shown when absent.
    pub(crate) language: Option<Lang>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    pub(crate) shell: Shell,
}

#[derive(Debug, Default, Args)]
pub(crate) struct ManArgs {
    /// One file per command into this folder; the main page on standard output when absent.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
