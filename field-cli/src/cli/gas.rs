//! Gas tests, hazards and notices.

use super::OnVisit;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum GasCommand {
    Leak(GasLeakArgs),
    Pressure(GasPressureArgs),
    Tightness(GasTightnessArgs),
    Volume(GasVolumeArgs),
}

/// What all gas tests take.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct GasCommon {
    /// Although the record is about another utility.
    #[arg(long)]
    pub(crate) confirm_utility: bool,
    #[command(flatten)]
    pub(crate) on: OnVisit,
}

/// Joint by joint, with soap or a detector.
#[derive(Debug, Default, Args)]
pub(crate) struct GasLeakArgs {
    /// `place=ok` or `place=leak`; may be repeated.
    #[arg(long, value_name = "PLACE=ok|leak")]
    pub(crate) joint: Vec<String>,
    #[arg(long)]
    pub(crate) method: Option<String>,
    #[arg(long, value_name = "NUMBER")]
    pub(crate) meter: Option<String>,
    #[command(flatten)]
    pub(crate) common: GasCommon,
}

/// Pressure over time on new indoor pipework.
#[derive(Debug, Default, Args)]
pub(crate) struct GasPressureArgs {
    #[arg(long, value_name = "KPA", allow_negative_numbers = true)]
    pub(crate) start: Option<String>,
    #[arg(long, value_name = "KPA", allow_negative_numbers = true)]
    pub(crate) stop: Option<String>,
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) minutes: Option<String>,
    #[command(flatten)]
    pub(crate) common: GasCommon,
}

/// Tightness test by volume of the installation (IGEM/UP/1B).
#[derive(Debug, Default, Args)]
pub(crate) struct GasTightnessArgs {
    /// `20/19.5/2`: mbar at the start, at the end, minutes.
    #[arg(long, value_name = "START/END/MIN")]
    pub(crate) run: Option<String>,
    #[arg(long, value_name = "START/END/MIN")]
    pub(crate) let_by: Option<String>,
    #[arg(long, value_name = "START/END/MIN")]
    pub(crate) pipework_run: Option<String>,
    /// `20.2x8`: diameter in mm, length in m; may be repeated.
    #[arg(long, value_name = "MMxM")]
    pub(crate) pipe: Vec<String>,
    /// Of the installation; follows from pipes and meter when absent.
    #[arg(long, value_name = "M3")]
    pub(crate) volume: Option<String>,
    #[arg(long, value_name = "M3")]
    pub(crate) meter_volume: Option<String>,
    #[arg(long)]
    pub(crate) lpg: bool,
    #[arg(long)]
    pub(crate) water_gauge: bool,
    #[arg(long)]
    pub(crate) appliances: bool,
    #[arg(long, value_name = "NUMBER")]
    pub(crate) meter: Option<String>,
    #[command(flatten)]
    pub(crate) common: GasCommon,
}

/// The error of a gas meter against a reference.
#[derive(Debug, Default, Args)]
pub(crate) struct GasVolumeArgs {
    /// `0.102/0.100/180`: m³ of the meter, m³ of the reference, seconds; may be repeated.
    #[arg(long, value_name = "METER/REF/S")]
    pub(crate) point: Vec<String>,
    #[arg(long)]
    pub(crate) class: Option<String>,
    #[arg(long, value_name = "M3/H")]
    pub(crate) q_min: Option<String>,
    #[arg(long, value_name = "M3/H")]
    pub(crate) q_max: Option<String>,
    #[arg(long, value_name = "M3/H")]
    pub(crate) q_t: Option<String>,
    #[arg(long)]
    pub(crate) profile: Option<String>,
    #[arg(long, value_name = "NUMBER")]
    pub(crate) meter: Option<String>,
    #[command(flatten)]
    pub(crate) common: GasCommon,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HazardCommand {
    Add(HazardAddArgs),
    #[command(alias = "ls")]
    List {
        #[command(flatten)]
        on: OnVisit,
    },
}

#[derive(Debug, Default, Args)]
pub(crate) struct HazardAddArgs {
    pub(crate) code: Option<String>,
    #[arg(long)]
    pub(crate) level: Option<String>,
    #[arg(long)]
    pub(crate) action: Option<String>,
    #[command(flatten)]
    pub(crate) on: OnVisit,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NoticeCommand {
    Add(NoticeAddArgs),
    #[command(alias = "ls")]
    List {
        #[command(flatten)]
        on: OnVisit,
    },
}

#[derive(Debug, Default, Args)]
pub(crate) struct NoticeAddArgs {
    #[arg(long, value_name = "NUMBER")]
    pub(crate) number: Option<String>,
    #[arg(long)]
    pub(crate) delivered: Option<String>,
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// Number as listed; the highest hazard without a notice when absent.
    #[arg(long)]
    pub(crate) hazard: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub(crate) photo: Option<PathBuf>,
    #[arg(long)]
    pub(crate) allow_old: bool,
    #[command(flatten)]
    pub(crate) on: OnVisit,
}
