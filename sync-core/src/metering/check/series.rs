//! Which runs belong together, and which error is more likely a slip than a meter.

use super::{MeterCheckInput, MeterCheckResult, Method};
use crate::metering::Load;
use crate::number::Entered;
use rust_decimal::Decimal;

/// Runs at loads that differ by at most a tenth are at one load: a load on site is never quite steady.
const SAME_LOAD: Decimal = Decimal::from_parts(1, 0, 0, false, 1);
/// A meter that is off by more per cent is nearly always a wrong constant, power or count.
const IMPLAUSIBLE_PERCENT: Decimal = Decimal::from_parts(50, 0, 0, false, 0);

impl MeterCheckInput {
    /// Whether another run measured the same thing, so that the mean of both says something: the
    /// same class and kind of energy, method, constants and instrument, at the same load.
    pub fn is_in_series_with(&self, other: &Self) -> bool {
        let instrument = |input: &Self| input.reference.as_ref().map(|used| used.number.clone());
        self.class == other.class
            && self.energy == other.energy
            && instrument(self) == instrument(other)
            && same_method(&self.method, &other.method)
            && match (&self.load, &other.load) {
                (Some(one), Some(two)) => same_load(one, two),
                (one, two) => one.is_none() && two.is_none(),
            }
    }
}

impl MeterCheckResult {
    /// Whether the error is so large that the figures should be looked at again.
    pub fn is_implausible(&self) -> bool {
        self.error_percent.abs() > IMPLAUSIBLE_PERCENT
    }
}

fn same_method(one: &Method, two: &Method) -> bool {
    use Method::{PulseComparison, WattSecond};
    match (one, two) {
        (
            WattSecond { constant, watts, transformers, timing, .. },
            WattSecond { constant: other, watts: more, transformers: ratios, timing: taken, .. },
        ) => {
            constant.value() == other.value()
                && near(watts, more)
                && transformers == ratios
                && timing == taken
        }
        (
            PulseComparison { reference_constant, tested_constant, .. },
            PulseComparison { reference_constant: reference, tested_constant: tested, .. },
        ) => reference_constant.value() == reference.value() && tested_constant.value() == tested.value(),
        _ => std::mem::discriminant(one) == std::mem::discriminant(two),
    }
}

fn same_load(one: &Load, two: &Load) -> bool {
    near(&one.current_a, &two.current_a)
        && near(&one.power_factor, &two.power_factor)
        && one.basic_a.value() == two.basic_a.value()
        && one.character == two.character
}

fn near(one: &Entered, two: &Entered) -> bool {
    let (one, two) = (one.value(), two.value());
    (one - two).abs() <= one.abs().max(two.abs()) * SAME_LOAD
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metering::{AccuracyClass, Energy, Timing};

    fn entered(text: &str) -> Entered {
        Entered::parse(text).unwrap()
    }

    fn run(constant: &str, watts: &str, current: Option<&str>) -> MeterCheckInput {
        MeterCheckInput {
            class: "2".parse::<AccuracyClass>().unwrap(),
            energy: Energy::Active,
            method: Method::WattSecond {
                constant: entered(constant),
                pulses: entered("10"),
                seconds: entered("22.5"),
                watts: entered(watts),
                transformers: None,
                timing: Timing::Stopwatch,
            },
            load: current.map(|current| Load {
                current_a: entered(current),
                basic_a: entered("5"),
                max_a: None,
                power_factor: entered("1"),
                character: None,
            }),
            reference: None,
        }
    }

    #[test]
    fn runs_at_other_loads_or_constants_are_no_series() {
        let first = run("1600", "1000", Some("5"));
        assert!(first.is_in_series_with(&run("1600.0", "1040", Some("4.8"))));
        for other in [
            run("1200", "1000", Some("5")),
            run("1600", "300", Some("5")),
            run("1600", "1000", Some("0.2")),
            run("1600", "1000", None),
        ] {
            assert!(!first.is_in_series_with(&other), "{other:?}");
        }
        let power = Method::PowerComparison { meter_watts: entered("1"), reference_watts: entered("1") };
        assert!(!first.is_in_series_with(&MeterCheckInput { method: power, ..first.clone() }));
    }
}
