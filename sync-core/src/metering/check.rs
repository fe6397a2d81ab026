//! One check of an electricity meter: what was measured, the error that follows, and what a profile makes
//! of it.
//!
//! Positive errors mean that the meter runs fast (the customer is charged too much). The inputs are what
//! is recorded; everything in [`MeterCheckResult`] is derived from them and may be computed again by anyone.

use super::class::AccuracyClass;
use super::load::Load;
use super::profile::{Consequence, Energy, Limit, LimitProfile, Lookup};
use super::rounding::{round_to_step, signed_text};
use super::transformer::{RatioError, Transformers};
use crate::codes::LocalName;
use crate::date::CivilDate;
use crate::number::{Entered, QuantityError, shown};
use measure::{Measured, mean, measure};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Most runs of one check; each is typed by hand.
pub const RUNS_MAX: usize = 50;

/// Decimals of the unrounded error in results. The verdict is made from all digits.
const ERROR_DECIMALS: u32 = 6;

/// A check as it is recorded: the nameplate class, the method with its figures, and the circumstances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeterCheckInput {
    /// Accuracy class from the nameplate.
    pub class: AccuracyClass,
    /// Active or reactive energy.
    #[serde(default)]
    pub energy: Energy,
    /// How the error was found, with its figures.
    #[serde(flatten)]
    pub method: Method,
    /// Current and power factor during the check, if they were measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// The reference instrument, if one was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<ReferenceInstrument>,
}

/// The instrument a meter was compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceInstrument {
    /// Its number.
    pub number: String,
    /// Its accuracy class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<AccuracyClass>,
    /// Last day of its calibration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<CivilDate>,
    /// Day of the check, at the place of the check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_on: Option<CivilDate>,
}

/// How the time of a watt-second run was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// By hand: a screening that needs a minimum time for a verdict.
    #[default]
    Stopwatch,
    /// By an instrument that counts the pulses itself.
    Instrument,
}

/// A way to find the error of a meter. The names of the fields carry their units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Method {
    /// Watt-second method (瓦秒法): T = 3 600 000·N / (C·P), error = (T − t)/t. With transformers, P is the
    /// primary power and C belongs to the secondary meter.
    WattSecond {
        /// Meter constant in imp/kWh.
        constant: Entered,
        /// Pulses counted.
        pulses: Entered,
        /// Time they took.
        seconds: Entered,
        /// Constant load during the run.
        watts: Entered,
        /// Transformers between the load and the meter.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transformers: Option<Transformers>,
        /// How the time was taken.
        #[serde(default)]
        timing: Timing,
    },
    /// Reference energy (标准表法): error = (W − W₀)/W₀ over the same interval.
    ReferenceEnergy {
        /// Energy the tested meter counted.
        tested_kwh: Entered,
        /// Energy the reference counted.
        reference_kwh: Entered,
    },
    /// Register run (走字): the same with the register of the tested meter read before and after.
    RegisterRun {
        /// Register at the start.
        start_kwh: Entered,
        /// Register at the end.
        stop_kwh: Entered,
        /// Energy the reference counted, on the side of the register.
        reference_kwh: Entered,
    },
    /// Pulse comparison: n₀ = N·C₀/C_L, error = (n₀ − n)/n.
    PulseComparison {
        /// Constant of the reference in imp/kWh.
        reference_constant: Entered,
        /// Constant of the tested meter in imp/kWh.
        tested_constant: Entered,
        /// Pulses of the tested meter.
        tested_pulses: Entered,
        /// Pulses of the reference counted meanwhile.
        reference_pulses: Entered,
    },
    /// Power comparison (实负荷比较法): a screening of the wiring.
    PowerComparison {
        /// Power the meter shows; negative when it runs backwards.
        meter_watts: Entered,
        /// Power the reference shows.
        reference_watts: Entered,
    },
    /// At least two errors shown by an instrument; their mean is judged.
    Readings {
        /// Every single error, in per cent.
        errors_percent: Vec<Entered>,
    },
}

/// Figures that cannot be made into an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MeterCheckError {
    /// An input is zero, negative, not whole or out of range.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// A transformer ratio makes no sense.
    #[error(transparent)]
    Ratio(#[from] RatioError),
    /// The register stood lower at the end than at the start.
    #[error(
        "the register went from {start} down to {stop}; for a rollover or an exchange use another method"
    )]
    StopBelowStart {
        /// Reading at the start.
        start: Decimal,
        /// Reading at the end.
        stop: Decimal,
    },
    /// Too few or too many runs for a mean.
    #[error("{found} readings given, a mean needs 2 to {max}")]
    RunCount {
        /// How many there were.
        found: usize,
        /// The most that are taken.
        max: usize,
    },
    /// Runs of different meters or classes cannot be averaged.
    #[error("the runs are of classes {first} and {other}; average only runs of one meter")]
    MixedClasses {
        /// Class of the first run.
        first: AccuracyClass,
        /// Another class.
        other: AccuracyClass,
    },
}

/// What may be said about the meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within the limit.
    Pass,
    /// Outside the limit.
    Fail,
    /// The method shows whether a proper test is worthwhile and cannot decide by itself.
    ScreeningOnly,
    /// Too small or too large a load (负荷不满足): the figures decide nothing.
    UnsuitableLoad,
    /// The profile has no limit for this class or load.
    NoLimitKnown,
}

/// Why a result is not a plain pass or fail, or what it was assumed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// A stopwatch run was shorter than the class asks for.
    StopwatchTooShort {
        /// Seconds measured.
        seconds: Decimal,
        /// Seconds needed.
        needed: Decimal,
    },
    /// Meters of this class are not judged by stopwatch.
    StopwatchRefusedForClass,
    /// Power comparison finds wiring errors, it does not test accuracy.
    MethodScreensWiring,
    /// The calibration of the reference had run out.
    ReferenceExpired {
        /// Its last day.
        valid_to: CivilDate,
    },
    /// The reference is not two classes better than the meter (DL/T 448-2000 §7.3).
    ReferenceNotBetterByTwo {
        /// Its class.
        class: AccuracyClass,
    },
    /// Current below the minimum of the profile.
    CurrentTooSmall {
        /// Measured, as a multiple of the basic current.
        of_basic: Decimal,
        /// Needed, as a multiple of the basic current.
        needed: Decimal,
    },
    /// Current above I_max of the nameplate.
    CurrentAboveMax,
    /// Power factor below the minimum of the profile.
    PowerFactorTooSmall {
        /// Needed.
        needed: Decimal,
    },
    /// The profile has no limits for this class.
    ClassNotCovered,
    /// The profile has no limit at this current and power factor.
    LoadNotCovered,
    /// The limit depends on the load, or the smallest load was not checked, because none was recorded.
    LoadNotRecorded,
    /// The power factor was taken as lagging, because nothing else was recorded.
    TakenAsInductive,
    /// The limits are recalled, their source was not read.
    LimitsNotVerified,
}

/// Steps of the computation, for people who check it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Worked {
    /// Time the pulses should have taken, in s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theoretical_seconds: Option<Decimal>,
    /// Reference pulses that should have been counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theoretical_pulses: Option<Decimal>,
    /// Transformer multiplier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiplier: Option<Decimal>,
    /// Power at the terminals of a meter with transformers, in W.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal_watts: Option<Decimal>,
    /// Energy of a register run, in kWh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tested_kwh: Option<Decimal>,
    /// Largest minus smallest error of several runs, in per cent points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread_percent: Option<Decimal>,
}

/// What follows from a check under one profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeterCheckResult {
    /// Error in per cent before rounding, six decimals. Positive: the meter runs fast.
    pub error_percent: Decimal,
    /// The error that was compared with the limit.
    pub rounded_percent: Decimal,
    /// The same for display: with its sign, and `-0.0` for a negative error that rounds to zero.
    pub rounded_text: String,
    /// Rounding interval; none where the profile does not round.
    pub step: Option<Decimal>,
    /// Limit at this class and load, if the profile has one.
    pub limit: Option<Limit>,
    /// Whether the error lies within the limit; none if there is no limit or no comparison is allowed.
    pub within_limit: Option<bool>,
    /// What may be said.
    pub verdict: Verdict,
    /// Why it is not more, and what was assumed.
    pub reasons: Vec<Reason>,
    /// How many runs were averaged.
    pub runs: usize,
    /// Code of the profile.
    pub profile: String,
    /// Its name.
    pub profile_name: LocalName,
    /// Where its limits come from.
    pub source: String,
    /// What a failure means under it.
    pub consequence: Consequence,
    /// Steps in between.
    pub worked: Worked,
}

/// Computes the error of a check and judges it under a profile.
///
/// # Errors
/// [`MeterCheckError`] names the input that is zero, negative or makes no sense.
pub fn evaluate(
    input: &MeterCheckInput,
    profile: &LimitProfile,
) -> Result<MeterCheckResult, MeterCheckError> {
    judge(measure(input)?, input, profile)
}

/// The mean of several runs on one meter, judged like a single one; load and instrument are those of the
/// first run.
///
/// # Errors
/// As [`evaluate`]; also when there are fewer than two runs or they are of different classes.
pub fn evaluate_runs(
    runs: &[MeterCheckInput],
    profile: &LimitProfile,
) -> Result<MeterCheckResult, MeterCheckError> {
    let (Some(first), 2..=RUNS_MAX) = (runs.first(), runs.len()) else {
        return Err(MeterCheckError::RunCount { found: runs.len(), max: RUNS_MAX });
    };
    if let Some(other) = runs.iter().find(|run| run.class != first.class) {
        return Err(MeterCheckError::MixedClasses { first: first.class, other: other.class });
    }
    let measured = runs.iter().map(measure).collect::<Result<Vec<_>, _>>()?;
    let errors: Vec<Decimal> = measured.iter().map(|run| run.error).collect();
    let mut all = mean(&errors)?;
    for run in measured {
        all.screening |= run.screening;
        all.comparable &= run.comparable;
        for reason in run.reasons {
            if !all.reasons.contains(&reason) {
                all.reasons.push(reason);
            }
        }
    }
    judge(all, first, profile)
}

fn judge(
    measured: Measured,
    input: &MeterCheckInput,
    profile: &LimitProfile,
) -> Result<MeterCheckResult, MeterCheckError> {
    let step = profile.step(input.class);
    let error_percent = shown(measured.error, ERROR_DECIMALS);
    let rounded_percent = match step {
        Some(step) => round_to_step(measured.error, step)?,
        None => error_percent,
    };
    let compared = if step.is_some() { rounded_percent } else { measured.error };
    let mut reasons = measured.reasons;
    let unsuitable = doubt_load(input, profile, &mut reasons)?;
    let load = input.load.as_ref().map(Load::point).transpose()?;
    let limit = match profile.limit(input.class, input.energy, load.as_ref()) {
        Lookup::Known(limit) => Some(limit),
        Lookup::ClassNotCovered => reason_only(&mut reasons, Reason::ClassNotCovered),
        Lookup::LoadNotCovered => reason_only(&mut reasons, Reason::LoadNotCovered),
        Lookup::LoadNotRecorded => reason_only(&mut reasons, Reason::LoadNotRecorded),
    };
    if limit.is_some() && !profile.verified {
        reasons.push(Reason::LimitsNotVerified);
    }
    let within = limit.filter(|_| measured.comparable && !unsuitable).map(|limit| limit.contains(compared));
    let verdict = match within {
        _ if unsuitable => Verdict::UnsuitableLoad,
        _ if limit.is_none() => Verdict::NoLimitKnown,
        _ if measured.screening => Verdict::ScreeningOnly,
        Some(true) => Verdict::Pass,
        Some(false) => Verdict::Fail,
        None => Verdict::ScreeningOnly,
    };
    Ok(MeterCheckResult {
        error_percent,
        rounded_percent,
        rounded_text: signed_text(measured.error, rounded_percent),
        step,
        limit,
        within_limit: within,
        verdict,
        reasons,
        runs: measured.runs,
        profile: profile.code.clone(),
        profile_name: profile.name.clone(),
        source: profile.source.clone(),
        consequence: profile.consequence,
        worked: measured.worked,
    })
}

fn reason_only(reasons: &mut Vec<Reason>, reason: Reason) -> Option<Limit> {
    if !reasons.contains(&reason) {
        reasons.push(reason);
    }
    None
}

/// Whether the load forbids a verdict; says why and what was assumed.
fn doubt_load(
    input: &MeterCheckInput,
    profile: &LimitProfile,
    reasons: &mut Vec<Reason>,
) -> Result<bool, QuantityError> {
    let Some(load) = &input.load else {
        if profile.load_minimum.is_some() {
            reasons.push(Reason::LoadNotRecorded);
        }
        return Ok(false);
    };
    let point = load.point()?;
    let mut against = Vec::new();
    if point.above_max {
        against.push(Reason::CurrentAboveMax);
    }
    if let Some(minimum) = &profile.load_minimum {
        let needed = if input.class.is_s_class() { minimum.current_s_class } else { minimum.current };
        if point.of_basic < needed {
            against.push(Reason::CurrentTooSmall { of_basic: shown(point.of_basic, 4), needed });
        }
        if point.power_factor < minimum.power_factor {
            against.push(Reason::PowerFactorTooSmall { needed: minimum.power_factor });
        }
    }
    if load.character_is_assumed() {
        reasons.push(Reason::TakenAsInductive);
    }
    let unsuitable = !against.is_empty();
    reasons.append(&mut against);
    Ok(unsuitable)
}

mod measure;
mod series;
#[cfg(test)]
mod tests;
