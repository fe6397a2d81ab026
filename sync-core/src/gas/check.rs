//! One test of a gas installation or meter: input, entry point, result.

use super::hazard::HazardLevel;
use super::meter::{self, GasLimitProfile, GasMeterTest, GasPointResult};
use super::tightness::{self, CnPressureTest, LeakCheck, RULES, RuleHead, UkTightness};
use crate::codes::LocalName;
use crate::date::CivilDate;
use crate::number::QuantityError;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A test as it is recorded. Each kind says by itself which rule it follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "test", rename_all = "snake_case")]
pub enum GasTestInput {
    /// A gas meter against a reference.
    MeterError(GasMeterTest),
    /// Tightness by IGEM/UP/1B Edition 4.
    UkTightness(Box<UkTightness>),
    /// Pressure test of new indoor pipework by CJJ 94.
    CnPressure(CnPressureTest),
    /// Soap or detector at every joint.
    LeakCheck(LeakCheck),
}

/// What may be said after a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GasVerdict {
    /// Passed.
    Pass,
    /// Failed.
    Fail,
    /// Not made as the rule says; make it again or finish it.
    Incomplete,
    /// The rule has no limit for this case.
    NoLimitKnown,
}

/// Why a test did not simply pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum GasReason {
    /// The profile has no limits for this class.
    ClassNotCovered,
    /// A flow lies outside Q_min to Q_max.
    FlowOutOfRange,
    /// The limit depends on the flow, and the time of the draw or the flows of the nameplate are missing.
    FlowNotKnown,
    /// All errors between Q_t and Q_max have one sign and one is above this limit.
    OneSign {
        /// The limit, ±per cent.
        limit_percent: Decimal,
    },
    /// The pressure dropped by more than allowed.
    PressureDropped,
    /// The pressure rose: not stable, or the valve lets by.
    PressureRose,
    /// The pressure at the start was too low, in the unit of the test.
    PressureTooLow {
        /// Needed at least.
        needed: Decimal,
    },
    /// A run was too short.
    TooShort {
        /// Minutes needed.
        needed_min: Decimal,
    },
    /// The let-by test is not recorded.
    LetByMissing,
    /// The let-by test was made at another pressure than the rule says.
    LetByPressure {
        /// Lowest allowed.
        lowest_mbar: Decimal,
        /// Highest allowed.
        highest_mbar: Decimal,
    },
    /// The valve lets gas by.
    LetsBy,
    /// The pipework alone must still be tested.
    PipeworkTestMissing,
    /// The pressure dropped perceptibly with the pipework alone.
    PipeworkDropped,
    /// The installation is larger than the rule covers.
    VolumeNotCovered,
    /// These joints leak.
    JointsLeak {
        /// Which.
        places: Vec<String>,
    },
    /// The rule is recalled, its source was not read.
    RuleNotVerified,
}

impl GasReason {
    /// Whether gas got out, so that an installation in use is an immediate hazard.
    const fn is_leak(&self) -> bool {
        matches!(self, Self::PressureDropped | Self::PipeworkDropped | Self::JointsLeak { .. })
    }
}

/// What has to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GasFollowUp {
    /// Test the pipework alone: no perceptible movement.
    TestPipeworkAlone,
}

/// Figures in between, for people who check them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GasFigures {
    /// Every point of a meter test.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<GasPointResult>,
    /// Installation volume in m³.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installation_volume_m3: Option<Decimal>,
    /// Purge volume in m³.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purge_volume_m3: Option<Decimal>,
    /// Pressure drop in mbar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop_mbar: Option<Decimal>,
    /// Allowed drop in mbar; none: no perceptible movement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop_limit_mbar: Option<Decimal>,
    /// Movement from which this gauge shows one, in mbar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perceptible_mbar: Option<Decimal>,
    /// What has to be done next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub follow_up: Vec<GasFollowUp>,
}

/// What follows from a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GasTestResult {
    /// What may be said.
    pub verdict: GasVerdict,
    /// Why it is not more.
    pub reasons: Vec<GasReason>,
    /// The hazard that a failure means.
    pub hazard: Option<HazardLevel>,
    /// Figures in between.
    pub figures: GasFigures,
    /// Code of the rule or profile.
    pub profile: String,
    /// Its name.
    pub profile_name: LocalName,
    /// Where it comes from.
    pub source: String,
}

/// Figures that cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GasTestError {
    /// A figure is zero, negative or out of range.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// Neither the installation volume nor the volume of the meter.
    #[error("the allowed drop depends on the installation volume; give it, or pipes and meter volume")]
    VolumeMissing,
    /// No point, no joint.
    #[error("nothing was measured")]
    NothingMeasured,
    /// There is no such profile on that day.
    #[error("there is no rule {code} on {day}")]
    ProfileNotInForce {
        /// Its code.
        code: String,
        /// The day of the test.
        day: CivilDate,
    },
}

/// Judges a test by the rules in force on `day`, the day of the test where it was made.
///
/// # Errors
/// [`GasTestError`] names the figure that is zero, negative or makes no sense, or the rule that is not in force.
pub fn evaluate(input: &GasTestInput, day: CivilDate) -> Result<GasTestResult, GasTestError> {
    match input {
        GasTestInput::MeterError(test) => {
            let not_in_force = || GasTestError::ProfileNotInForce { code: test.profile.clone(), day };
            let profile = GasLimitProfile::find(&test.profile, day).ok_or_else(not_in_force)?;
            let (verdict, mut reasons, figures) = meter::judge(test, profile)?;
            if !profile.verified {
                reasons.push(GasReason::RuleNotVerified);
            }
            Ok(GasTestResult {
                verdict,
                reasons,
                hazard: None,
                figures,
                profile: profile.code.clone(),
                profile_name: profile.name.clone(),
                source: profile.source.clone(),
            })
        }
        GasTestInput::UkTightness(test) => result(&RULES.igem.head, day, true, || tightness::judge_uk(test)),
        GasTestInput::CnPressure(test) => {
            result(&RULES.pressure.head, day, false, || tightness::judge_cn_pressure(test))
        }
        GasTestInput::LeakCheck(test) => {
            result(&RULES.leak_check.head, day, true, || tightness::judge_leak_check(test))
        }
    }
}

/// The result of a tightness rule.
fn result(
    head: &RuleHead,
    day: CivilDate,
    gas_in_pipes: bool,
    judge: impl FnOnce() -> Result<(GasVerdict, Vec<GasReason>, GasFigures), GasTestError>,
) -> Result<GasTestResult, GasTestError> {
    if day < head.effective_from || head.effective_to.is_some_and(|last| last < day) {
        return Err(GasTestError::ProfileNotInForce { code: head.code.clone(), day });
    }
    let (verdict, mut reasons, figures) = judge()?;
    let hazard = (gas_in_pipes && reasons.iter().any(GasReason::is_leak)).then_some(HazardLevel::H1);
    if !head.verified {
        reasons.push(GasReason::RuleNotVerified);
    }
    Ok(GasTestResult {
        verdict,
        reasons,
        hazard,
        figures,
        profile: head.code.clone(),
        profile_name: head.name.clone(),
        source: head.source.clone(),
    })
}

#[cfg(test)]
mod tests;
