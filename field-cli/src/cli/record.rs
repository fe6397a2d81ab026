//! Commands that record a visit.

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
    Withdraw {
        finding: String,
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        on: OnVisit,
    },
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
pub(crate) enum MeterCommand {
    Read(MeterReadArgs),
    #[command(subcommand)]
    Check(MeterCheckCommand),
    Seal(MeterSealArgs),
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

#[derive(Debug, Subcommand)]
pub(crate) enum GasCommand {
    Leak(GasLeakArgs),
    Pressure(GasPressureArgs),
    Tightness(GasTightnessArgs),
    Volume(GasVolumeArgs),
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
    pub(crate) on: OnVisit,
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
    pub(crate) on: OnVisit,
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
    pub(crate) on: OnVisit,
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
    pub(crate) on: OnVisit,
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
}

#[derive(Debug, Subcommand)]
pub(crate) enum PromiseCommand {
    Add {
        #[arg(long)]
        what: Option<String>,
        /// `YYYY-MM-DD`, `YYYY-MM-DD HH:MM`, `tomorrow`, `+3d`, `+2h`.
        #[arg(long)]
        due: Option<String>,
        #[command(flatten)]
        on: OnVisit,
    },
    #[command(alias = "ls")]
    List {
        #[command(flatten)]
        on: OnVisit,
    },
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

#[derive(Debug, Default, Args)]
pub(crate) struct GrumbleArgs {
    pub(crate) text: String,
    #[arg(long)]
    pub(crate) category: Option<String>,
    #[arg(long)]
    pub(crate) place: Option<String>,
}

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
