//! Rounding of a measured error before it is judged (修约, 化整).
//!
//! A meter is judged on the rounded value: 2.10 % at class 2 is 2.0 % and passes. The interval is a tenth
//! of the class as tabulated; ties go to the even multiple. Source: rounding code of public
//! meter-test-bench programs (those use 32-bit floats, where ties are unreliable; this uses decimals).

use crate::number::{QuantityError, product, quotient};
use rust_decimal::{Decimal, RoundingStrategy};

/// Interval of the daily clock error of a meter in seconds per day (JJG 596-1999 5.1.1 as cited in public code).
pub const CLOCK_ERROR_STEP_S_PER_DAY: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// Limit of the daily clock error of a meter in seconds per day, both ways (same source).
pub const CLOCK_ERROR_LIMIT_S_PER_DAY: Decimal = Decimal::from_parts(5, 0, 0, false, 1);

/// `value` as the nearest multiple of `step`, ties to the even multiple, with the decimals of `step`.
///
/// # Errors
/// [`QuantityError::OutOfRange`] when `value` is no error of any meter (28 digits and more).
pub fn round_to_step(value: Decimal, step: Decimal) -> Result<Decimal, QuantityError> {
    let steps =
        quotient("error", value, step)?.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven);
    let mut rounded = product("error", &[steps, step])?;
    rounded.rescale(step.scale());
    Ok(if rounded.is_zero() { rounded.abs() } else { rounded })
}

/// The rounded value as people expect to read it: a plus before positive values, and the sign of the
/// measured value before a zero that was not one (`-0.0`). For display only; the value itself has no such zero.
pub fn signed_text(measured: Decimal, rounded: Decimal) -> String {
    let sign = match (rounded.is_zero(), measured.is_zero(), measured.is_sign_negative()) {
        (true, true, _) => "",
        (true, false, negative) => {
            if negative {
                "-"
            } else {
                "+"
            }
        }
        (false, ..) => {
            if rounded.is_sign_negative() {
                "-"
            } else {
                "+"
            }
        }
    };
    format!("{sign}{}", rounded.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::d;
    use proptest::prelude::*;

    #[test]
    fn the_rounding_table_holds() {
        // measured, interval, rounded, as shown
        for (measured, step, rounded, text) in [
            ("1.05", "0.1", "1.0", "+1.0"),
            ("1.051", "0.1", "1.1", "+1.1"),
            ("0.95", "0.1", "1.0", "+1.0"),
            ("-1.05", "0.1", "-1.0", "-1.0"),
            ("-1.15", "0.1", "-1.2", "-1.2"),
            ("0.05", "0.1", "0.0", "+0.0"),
            ("0.15", "0.1", "0.2", "+0.2"),
            ("2.10", "0.2", "2.0", "+2.0"),
            ("2.11", "0.2", "2.2", "+2.2"),
            ("2.30", "0.2", "2.4", "+2.4"),
            ("-2.10", "0.2", "-2.0", "-2.0"),
            ("-2.30", "0.2", "-2.4", "-2.4"),
            ("0.525", "0.05", "0.50", "+0.50"),
            ("0.575", "0.05", "0.60", "+0.60"),
            ("0.21", "0.02", "0.20", "+0.20"),
            ("0.23", "0.02", "0.24", "+0.24"),
            ("-0.04", "0.1", "0.0", "-0.0"),
            ("0", "0.1", "0.0", "0.0"),
        ] {
            let found = round_to_step(d(measured), d(step)).unwrap();
            assert_eq!(found.to_string(), rounded, "{measured} at {step}");
            assert_eq!(signed_text(d(measured), found), text, "{measured} at {step}");
        }
    }

    proptest! {
        #[test]
        fn rounding_moves_by_at_most_half_a_step_and_not_twice(
            thousandths in -5_000_000i64..5_000_000,
            step in prop::sample::select(vec!["0.002", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2"]),
        ) {
            let (value, step) = (Decimal::new(thousandths, 3), d(step));
            let rounded = round_to_step(value, step).unwrap();
            prop_assert!((rounded - value).abs() * Decimal::TWO <= step);
            prop_assert!((rounded / step).fract().is_zero());
            prop_assert_eq!(round_to_step(rounded, step).unwrap(), rounded);
            prop_assert_eq!(round_to_step(-value, step).unwrap(), -rounded);
        }
    }
}
