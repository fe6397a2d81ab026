//! Gas on site: meters, leak and tightness tests, detector readings, hazards and the notice they ask for.
//! Decimal arithmetic throughout.
//!
//! Limits, pressures and thresholds are data (`data/`), each with its source and whether that source was
//! read. A bad test never passes, a leak that was seen never turns into "incomplete".

mod atmosphere;
mod check;
mod hazard;
mod meter;
mod tightness;
mod volume;

pub use atmosphere::{
    CoAlarmStep, CoEffect, DetectorSetPoint, EntryDanger, EntryLimits, EntryReadings, LowerExplosiveLimit,
    Methane, MethaneReading, MethaneUnit, co_alarm_steps, co_effect, co_mg_per_m3, detector_set_point,
    entry_limits,
};
pub use check::{
    GasFigures, GasFollowUp, GasReason, GasTestError, GasTestInput, GasTestResult, GasVerdict, evaluate,
};
pub use hazard::{
    HazardItem, HazardLevel, NoticeDelivery, NoticeMissing, NoticePart, UnknownHazardLevel,
    UnknownNoticeDelivery, WrittenNotice, may_close,
};
pub use meter::{GasClassLimits, GasLimitProfile, GasMeterPoint, GasMeterSize, GasMeterTest, GasPointResult};
pub use tightness::{
    CnPressureTest, Gauge, JointCheck, LeakCheck, LeakMethod, PipeRun, PressureRun, UkTightness,
};
pub use volume::{CorrectedVolume, GasKind, MeterLife, VolumeBase, VolumeCorrection, timed_flow};

use serde::Deserialize;
use std::sync::LazyLock;

/// The rules of `data/gas_rules.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GasRules {
    meter_sizes: Vec<GasMeterSize>,
    meter_life: Vec<MeterLife>,
    volume_bases: Vec<VolumeBase>,
    lower_explosive_limits: Vec<LowerExplosiveLimit>,
    detector_set_point_percent_lel: DetectorSetPoint,
    entry: EntryLimits,
    co_alarm: Steps<CoAlarmStep>,
    co_effects: Steps<CoEffect>,
}

/// Steps of a table with their source, which is for readers of the file.
#[derive(Deserialize)]
struct Steps<T> {
    steps: Vec<T>,
}

fn rules() -> &'static GasRules {
    static RULES: LazyLock<GasRules> = LazyLock::new(|| {
        serde_json::from_str(include_str!("data/gas_rules.json"))
            .expect("the embedded gas rules are tested to parse")
    });
    &RULES
}
