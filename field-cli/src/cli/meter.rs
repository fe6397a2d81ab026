//! Commands about electricity meters.

use super::OnVisit;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum MeterCommand {
    Read(MeterReadArgs),
    #[command(subcommand)]
    Check(Box<MeterCheckCommand>),
    Seal(MeterSealArgs),
    Withdraw {
        /// As listed: `1` is a reading, `c1` a check.
        entry: String,
        #[arg(long)]
        reason: Option<String>,
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
pub(crate) struct MeterReadArgs {
    /// `register=reading as displayed`; may be repeated.
    #[arg(long, value_name = "REGISTER=READING")]
    pub(crate) register: Vec<String>,
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// Confirms that a register below the last reading rolled over.
    #[arg(long)]
    pub(crate) confirm_rollover: bool,
    /// Confirms that the register is below the last reading and that this one is right.
    #[arg(long, conflicts_with = "confirm_rollover")]
    pub(crate) confirm_below: bool,
    #[arg(long, value_name = "NUMBER")]
    pub(crate) meter: Option<String>,
    #[arg(long)]
    pub(crate) unit: Option<String>,
    /// Photo that shows it: number as listed.
    #[arg(long)]
    pub(crate) photo: Option<String>,
    /// A reading that this one corrects: number as listed.
    #[arg(long, value_name = "READING")]
    pub(crate) corrects: Option<String>,
    #[command(flatten)]
    pub(crate) on: OnVisit,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MeterCheckCommand {
    Watt(WattArgs),
    Reference(ReferenceArgs),
    Pulse(PulseArgs),
    Power(PowerArgs),
    Errors(ErrorsArgs),
}

/// What all methods of a meter check take.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct CheckCommon {
    /// From the nameplate; the record's when absent.
    #[arg(long)]
    pub(crate) class: Option<String>,
    #[arg(long)]
    pub(crate) profile: Option<String>,
    #[arg(long, value_name = "NUMBER")]
    pub(crate) meter: Option<String>,
    #[arg(long)]
    pub(crate) reactive: bool,
    #[arg(long, value_name = "A")]
    pub(crate) current: Option<String>,
    /// With `L` or `C` behind it when known: `0.5L`.
    #[arg(long, value_name = "PF")]
    pub(crate) power_factor: Option<String>,
    /// As on the nameplate: `5(60)`.
    #[arg(long, value_name = "RATING")]
    pub(crate) rating: Option<String>,
    #[arg(long, value_name = "NUMBER")]
    pub(crate) instrument: Option<String>,
    #[arg(long, value_name = "CLASS", requires = "instrument")]
    pub(crate) instrument_class: Option<String>,
    #[arg(long, value_name = "DATE", requires = "instrument")]
    pub(crate) instrument_valid_to: Option<String>,
    /// A check that this one corrects: `c1` as listed.
    #[arg(long, value_name = "CHECK")]
    pub(crate) corrects: Option<String>,
    /// Although the record is about another utility.
    #[arg(long)]
    pub(crate) confirm_utility: bool,
    #[command(flatten)]
    pub(crate) on: OnVisit,
}

#[derive(Debug, Default, Args)]
pub(crate) struct WattArgs {
    #[arg(long)]
    pub(crate) constant: Option<String>,
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) pulses: Option<String>,
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) seconds: Option<String>,
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) watts: Option<String>,
    /// Both numbers: `200/5`.
    #[arg(long)]
    pub(crate) ct: Option<String>,
    #[arg(long)]
    pub(crate) pt: Option<String>,
    /// Timed by an instrument, not by hand.
    #[arg(long)]
    pub(crate) timed: bool,
    #[command(flatten)]
    pub(crate) common: CheckCommon,
}

#[derive(Debug, Default, Args)]
pub(crate) struct ReferenceArgs {
    #[arg(long, value_name = "KWH", allow_negative_numbers = true, conflicts_with_all = ["start", "stop"])]
    pub(crate) tested: Option<String>,
    #[arg(long, value_name = "KWH", requires = "stop")]
    pub(crate) start: Option<String>,
    #[arg(long, value_name = "KWH", requires = "start")]
    pub(crate) stop: Option<String>,
    #[arg(long, value_name = "KWH", allow_negative_numbers = true)]
    pub(crate) reference: Option<String>,
    #[command(flatten)]
    pub(crate) common: CheckCommon,
}

#[derive(Debug, Default, Args)]
pub(crate) struct PulseArgs {
    #[arg(long)]
    pub(crate) reference_constant: Option<String>,
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) reference_pulses: Option<String>,
    #[arg(long)]
    pub(crate) constant: Option<String>,
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) pulses: Option<String>,
    /// With the two below it is pulses against a known power: the watt-second method.
    #[arg(long, allow_negative_numbers = true, conflicts_with_all = ["reference_constant", "reference_pulses"])]
    pub(crate) seconds: Option<String>,
    #[arg(long, allow_negative_numbers = true, conflicts_with_all = ["reference_constant", "reference_pulses"])]
    pub(crate) watts: Option<String>,
    #[command(flatten)]
    pub(crate) common: CheckCommon,
}

#[derive(Debug, Default, Args)]
pub(crate) struct PowerArgs {
    #[arg(long, value_name = "W", allow_negative_numbers = true)]
    pub(crate) shown: Option<String>,
    #[arg(long, value_name = "W", allow_negative_numbers = true)]
    pub(crate) reference: Option<String>,
    #[command(flatten)]
    pub(crate) common: CheckCommon,
}

#[derive(Debug, Default, Args)]
pub(crate) struct ErrorsArgs {
    /// At least two errors in per cent.
    #[arg(value_name = "PERCENT", allow_negative_numbers = true)]
    pub(crate) errors: Vec<String>,
    #[command(flatten)]
    pub(crate) common: CheckCommon,
}

#[derive(Debug, Default, Args)]
pub(crate) struct MeterSealArgs {
    #[arg(long, value_name = "NUMBER")]
    pub(crate) no: Option<String>,
    #[arg(long)]
    pub(crate) position: Option<String>,
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// Number of the new seal.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) fitted: Option<String>,
    #[arg(long, value_name = "NUMBER")]
    pub(crate) meter: Option<String>,
    /// Taken in the same act, with the role `seal`.
    #[arg(long, value_name = "FILE")]
    pub(crate) photo: Option<PathBuf>,
    #[arg(long)]
    pub(crate) allow_old: bool,
    #[command(flatten)]
    pub(crate) on: OnVisit,
}
