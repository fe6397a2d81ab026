//! Photos, statements, signatures, promises.

use super::OnVisit;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum PhotoCommand {
    Add(PhotoAddArgs),
    #[command(alias = "ls")]
    List {
        #[command(flatten)]
        on: OnVisit,
    },
    Unavailable {
        /// Number as listed, or the end of the id.
        photo: String,
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        on: OnVisit,
    },
}

#[derive(Debug, Default, Args)]
pub(crate) struct PhotoAddArgs {
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[arg(long, value_name = "ROLE")]
    pub(crate) tag: Option<String>,
    #[arg(long)]
    pub(crate) caption: Option<String>,
    /// Number of the finding it supports.
    #[arg(long)]
    pub(crate) finding: Option<String>,
    /// `latitude,longitude` in WGS-84 degrees; what the file claims stays in the file.
    #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
    pub(crate) at: Option<String>,
    #[arg(long)]
    pub(crate) allow_old: bool,
    #[command(flatten)]
    pub(crate) on: OnVisit,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CustomerCommand {
    Statement {
        #[arg(long, conflicts_with = "file")]
        text: Option<String>,
        #[arg(long)]
        file: Option<PathBuf>,
        /// `customer`, `neighbour` …
        #[arg(long)]
        from: Option<String>,
        #[command(flatten)]
        on: OnVisit,
    },
    Sign {
        #[arg(long, value_name = "FILE")]
        image: PathBuf,
        #[command(flatten)]
        on: OnVisit,
    },
    Refuse {
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        on: OnVisit,
    },
    Contact {
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        phone: Option<String>,
        #[arg(long)]
        address: Option<String>,
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        on: OnVisit,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PromiseCommand {
    Add {
        #[arg(long)]
        what: Option<String>,
        /// `YYYY-MM-DD`, `YYYY-MM-DD HH:MM`, `tomorrow`, `+3d`, `+2h`.
        #[arg(long)]
        due: Option<String>,
        /// Number of the article that it rests on, or `none`.
        #[arg(long, value_name = "ARTICLE")]
        article: Option<String>,
        #[command(flatten)]
        on: OnVisit,
    },
    #[command(alias = "ls")]
    List {
        #[command(flatten)]
        on: OnVisit,
    },
}
