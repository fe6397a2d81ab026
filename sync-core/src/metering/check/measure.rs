//! From the figures of a check to its error, with all digits, and what speaks against a verdict.

use super::{ERROR_DECIMALS, MeterCheckError, MeterCheckInput, Method, RUNS_MAX, Reason, Timing, Worked};
use crate::metering::class::AccuracyClass;
use crate::metering::transformer::Transformers;
use crate::number::{Entered, QuantityError, difference, percent_off, product, quotient, shown};
use rust_decimal::Decimal;

/// An error with all its digits and what is known against it.
pub(super) struct Measured {
    pub(super) error: Decimal,
    pub(super) runs: usize,
    pub(super) worked: Worked,
    pub(super) reasons: Vec<Reason>,
    pub(super) screening: bool,
    pub(super) comparable: bool,
}

/// The error of one recorded check.
pub(super) fn measure(input: &MeterCheckInput) -> Result<Measured, MeterCheckError> {
    let mut measured = match &input.method {
        Method::WattSecond { constant, pulses, seconds, watts, transformers, timing } => {
            let run = WattSecondRun {
                constant: constant.positive("constant")?,
                pulses: pulses.count("pulses")?,
                seconds: seconds.positive("seconds")?,
                watts: watts.positive("watts")?,
            };
            watt_second(&run, transformers.as_ref(), *timing, input.class)?
        }
        Method::ReferenceEnergy { tested_kwh, reference_kwh } => {
            let tested = tested_kwh.not_negative("tested_kwh")?;
            let reference = reference_kwh.positive("reference_kwh")?;
            Measured::plain(percent_off("reference_kwh", tested, reference)?, Worked::default())
        }
        Method::RegisterRun { start_kwh, stop_kwh, reference_kwh } => {
            let (start, stop) = (start_kwh.not_negative("start_kwh")?, stop_kwh.not_negative("stop_kwh")?);
            let reference = reference_kwh.positive("reference_kwh")?;
            if stop < start {
                return Err(MeterCheckError::StopBelowStart { start, stop });
            }
            let tested = difference("stop_kwh", stop, start)?;
            let worked = Worked { tested_kwh: Some(tested), ..Worked::default() };
            Measured::plain(percent_off("reference_kwh", tested, reference)?, worked)
        }
        Method::PulseComparison { reference_constant, tested_constant, tested_pulses, reference_pulses } => {
            pulse_comparison(
                [tested_pulses.count("tested_pulses")?, reference_constant.positive("reference_constant")?],
                [reference_pulses.count("reference_pulses")?, tested_constant.positive("tested_constant")?],
            )?
        }
        Method::PowerComparison { meter_watts, reference_watts } => {
            let reference = reference_watts.positive("reference_watts")?;
            let error = percent_off("reference_watts", meter_watts.value(), reference)?;
            let mut measured = Measured::plain(error, Worked::default());
            measured.screening_because(Reason::MethodScreensWiring);
            measured
        }
        Method::Readings { errors_percent } => {
            if !(2..=RUNS_MAX).contains(&errors_percent.len()) {
                return Err(MeterCheckError::RunCount { found: errors_percent.len(), max: RUNS_MAX });
            }
            mean(&errors_percent.iter().map(Entered::value).collect::<Vec<_>>())?
        }
    };
    measured.doubt_reference(input);
    Ok(measured)
}

/// Figures of one watt-second run, all above zero.
struct WattSecondRun {
    constant: Decimal,
    pulses: Decimal,
    seconds: Decimal,
    watts: Decimal,
}

/// Watt-second method, with and without transformers. Multiplied out, so that ties stay exact: the error is
/// (3 600 000·N·m − C·P·t) / (C·P·t) with the multiplier m.
fn watt_second(
    run: &WattSecondRun,
    transformers: Option<&Transformers>,
    timing: Timing,
    class: AccuracyClass,
) -> Result<Measured, MeterCheckError> {
    const WATT_SECONDS_PER_KWH: Decimal = Decimal::from_parts(3_600_000, 0, 0, false, 0);
    let (primary, secondary) = match transformers {
        Some(transformers) => transformers.products()?,
        None => (Decimal::ONE, Decimal::ONE),
    };
    let due = product("pulses", &[WATT_SECONDS_PER_KWH, run.pulses, primary])?;
    let rate = product("watts", &[run.constant, run.watts, secondary])?;
    let taken = product("seconds", &[rate, run.seconds])?;
    let mut worked =
        Worked { theoretical_seconds: Some(shown(quotient("watts", due, rate)?, 4)), ..Worked::default() };
    if transformers.is_some() {
        let multiplier = quotient("transformers", primary, secondary)?;
        worked.multiplier = Some(shown(multiplier, 6));
        worked.terminal_watts = Some(shown(quotient("watts", run.watts, multiplier)?, 4));
    }
    let mut measured = Measured::plain(percent_off("seconds", due, taken)?, worked);
    match (timing, class.stopwatch_seconds_min()) {
        (Timing::Instrument, _) => {}
        (Timing::Stopwatch, None) => {
            measured.comparable = false;
            measured.screening_because(Reason::StopwatchRefusedForClass);
        }
        (Timing::Stopwatch, Some(needed)) if run.seconds < needed => {
            measured.screening_because(Reason::StopwatchTooShort { seconds: run.seconds, needed });
        }
        (Timing::Stopwatch, Some(_)) => {}
    }
    Ok(measured)
}

/// Pulse comparison: n₀ = N·C₀/C_L against n, multiplied out to N·C₀ against n·C_L.
fn pulse_comparison(
    [tested_pulses, reference_constant]: [Decimal; 2],
    [reference_pulses, tested_constant]: [Decimal; 2],
) -> Result<Measured, QuantityError> {
    let due = product("reference_constant", &[tested_pulses, reference_constant])?;
    let counted = product("reference_pulses", &[reference_pulses, tested_constant])?;
    let theoretical = shown(quotient("tested_constant", due, tested_constant)?, 4);
    let worked = Worked { theoretical_pulses: Some(theoretical), ..Worked::default() };
    Ok(Measured::plain(percent_off("reference_pulses", due, counted)?, worked))
}

/// The mean of at least two errors and how far they lie apart.
pub(super) fn mean(errors: &[Decimal]) -> Result<Measured, QuantityError> {
    let out_of_range = || QuantityError::OutOfRange { field: "errors_percent" };
    let sum = errors
        .iter()
        .try_fold(Decimal::ZERO, |sum, error| sum.checked_add(*error))
        .ok_or_else(out_of_range)?;
    let mean = quotient("errors_percent", sum, Decimal::from(errors.len()))?;
    let spread = match (errors.iter().max(), errors.iter().min()) {
        (Some(max), Some(min)) => Some(shown(difference("errors_percent", *max, *min)?, ERROR_DECIMALS)),
        _ => None,
    };
    let worked = Worked { spread_percent: spread, ..Worked::default() };
    Ok(Measured { runs: errors.len(), ..Measured::plain(mean, worked) })
}

impl Measured {
    fn plain(error: Decimal, worked: Worked) -> Self {
        Self { error, runs: 1, worked, reasons: Vec::new(), screening: false, comparable: true }
    }

    fn screening_because(&mut self, reason: Reason) {
        self.screening = true;
        self.reasons.push(reason);
    }

    fn doubt_reference(&mut self, input: &MeterCheckInput) {
        let Some(reference) = &input.reference else { return };
        if let (Some(valid_to), Some(checked_on)) = (reference.valid_to, reference.checked_on)
            && valid_to < checked_on
        {
            self.screening_because(Reason::ReferenceExpired { valid_to });
        }
        if let Some(class) = reference.class
            && !class.may_test(input.class)
        {
            self.screening_because(Reason::ReferenceNotBetterByTwo { class });
        }
    }
}
