//! Register readings and the consumption between two of them.
//!
//! A register runs over to zero; so does a typing error look. A reading below the previous one is therefore
//! taken as a rollover only when a person confirmed it, and never across an exchange of the meter.

use crate::codes::coded_enum;
use crate::number::{Entered, QuantityError, difference, product, shown};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

coded_enum! {
    /// How a reading came about. Kinds are kept apart for ever.
    ReadingKind, UnknownReadingKind {
        /// Read on site.
        Actual => "actual", "实抄", "Read on site";
        /// Collected remotely.
        Remote => "remote", "远采", "Remote";
        /// Told by the customer, with a photo.
        CustomerSupplied => "customer", "客户自报", "Customer-supplied";
        /// Estimated.
        Estimated => "estimated", "估抄", "Estimated";
        /// Put in after a fault.
        Substituted => "substituted", "补录", "Substituted after a fault";
        /// Corrected by the office.
        Corrected => "corrected", "更正", "Corrected";
    }
}

impl ReadingKind {
    /// Whether a reading of this kind may stand for one of kind `other` at the same time. An estimate never
    /// replaces what somebody or something read; only a correction replaces a reading on site.
    pub const fn may_stand_for(self, other: Self) -> bool {
        match self {
            Self::Corrected | Self::Actual => true,
            Self::Remote => !matches!(other, Self::Actual | Self::Corrected),
            Self::CustomerSupplied => {
                matches!(other, Self::CustomerSupplied | Self::Substituted | Self::Estimated)
            }
            Self::Substituted => matches!(other, Self::Substituted | Self::Estimated),
            Self::Estimated => matches!(other, Self::Estimated),
        }
    }

    /// Whether such a reading needs a photo to count.
    pub const fn needs_photo(self) -> bool {
        matches!(self, Self::CustomerSupplied)
    }
}

/// The display of a register: `6+2` shows XXXXXX.XX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterFormat {
    /// Digits before the point.
    pub digits: u8,
    /// Decimals.
    pub decimals: u8,
}

/// Most digits of a register on either side of its point.
const REGISTER_DIGITS_MAX: u8 = 10;

/// Two readings of one register and what is known about the time between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumptionInput {
    /// Earlier reading as displayed.
    pub previous: Entered,
    /// Later reading as displayed.
    pub current: Entered,
    /// What the register can show.
    pub register: RegisterFormat,
    /// Multiplier (倍率).
    pub multiplier: Entered,
    /// Whether a person confirmed, by a photo, that the register ran over.
    #[serde(default)]
    pub rollover_confirmed: bool,
    /// Whether the meter was exchanged in between.
    #[serde(default)]
    pub meter_exchanged: bool,
}

/// Energy between two readings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumption {
    /// Difference of the register.
    pub register_difference: Decimal,
    /// With the multiplier, in the unit of the register.
    pub consumption: Decimal,
    /// Whether the register ran over in between.
    pub rolled_over: bool,
}

/// Readings that give no consumption.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConsumptionError {
    /// A reading or the multiplier is negative or zero.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// The register cannot be described like this.
    #[error("a register has 1 to {max} digits and 0 to {max} decimals")]
    RegisterFormat {
        /// The most digits on either side.
        max: u8,
    },
    /// A reading that this register cannot show: often a 5-digit meter read as one of 6.
    #[error("{field} {found} does not fit a register of {digits}+{decimals} digits")]
    DoesNotFitRegister {
        /// `previous` or `current`.
        field: &'static str,
        /// The reading.
        found: String,
        /// Digits before the point.
        digits: u8,
        /// Decimals.
        decimals: u8,
    },
    /// The later reading is the smaller one and nobody confirmed a rollover.
    #[error(
        "{current} is below {previous}: a typing error, a meter exchange or a rollover; \
         if the register ran over, confirm it with a photo (then {if_rolled_over} was used)"
    )]
    BelowPrevious {
        /// Earlier reading.
        previous: Decimal,
        /// Later reading.
        current: Decimal,
        /// The consumption if it was a rollover.
        if_rolled_over: Decimal,
    },
    /// The meter was exchanged in between: each meter has its own consumption.
    #[error("the meter was exchanged in between; compute each meter by its own readings")]
    MeterExchanged,
}

/// Consumption between two readings, over the end of the register only when that was confirmed.
///
/// # Errors
/// [`ConsumptionError`] when the readings do not fit the register or each other.
pub fn consumption(input: &ConsumptionInput) -> Result<Consumption, ConsumptionError> {
    let range = input.register.range()?;
    let previous = input.register.reading("previous", &input.previous, range)?;
    let current = input.register.reading("current", &input.current, range)?;
    let multiplier = input.multiplier.positive("multiplier")?;
    if input.meter_exchanged {
        return Err(ConsumptionError::MeterExchanged);
    }
    let rolled_over = current < previous;
    let forward = difference("current", current, previous)?;
    let register_difference = if rolled_over {
        forward.checked_add(range).ok_or(QuantityError::OutOfRange { field: "current" })?
    } else {
        forward
    };
    let consumption = product("multiplier", &[register_difference, multiplier])?;
    if rolled_over && !input.rollover_confirmed {
        return Err(ConsumptionError::BelowPrevious { previous, current, if_rolled_over: consumption });
    }
    Ok(Consumption { register_difference, consumption, rolled_over })
}

impl RegisterFormat {
    /// The first value the register cannot show: 10^digits.
    fn range(self) -> Result<Decimal, ConsumptionError> {
        if self.digits == 0 || self.digits.max(self.decimals) > REGISTER_DIGITS_MAX {
            return Err(ConsumptionError::RegisterFormat { max: REGISTER_DIGITS_MAX });
        }
        let tens = [Decimal::TEN; REGISTER_DIGITS_MAX as usize];
        Ok(product("digits", &tens[..usize::from(self.digits)])?)
    }

    fn reading(
        self,
        field: &'static str,
        entered: &Entered,
        range: Decimal,
    ) -> Result<Decimal, ConsumptionError> {
        let value = entered.not_negative(field)?;
        if value >= range || value.normalize().scale() > u32::from(self.decimals) {
            return Err(ConsumptionError::DoesNotFitRegister {
                field,
                found: entered.typed().to_owned(),
                digits: self.digits,
                decimals: self.decimals,
            });
        }
        Ok(value)
    }
}

/// The tariff registers do not add up to the total register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterSumWarning {
    /// Sum of the tariff registers.
    pub sum: Decimal,
    /// The total register.
    pub total: Decimal,
    /// Sum minus total.
    pub difference: Decimal,
    /// Largest difference that rounding on the display explains: one unit of the last decimal per tariff.
    pub tolerance: Decimal,
}

/// Compares the tariff registers (尖峰平谷) with the total (总). A warning, never a refusal.
///
/// # Errors
/// [`QuantityError`] when a reading is negative.
pub fn register_sum(
    tariffs: &[Entered],
    total: &Entered,
) -> Result<Option<RegisterSumWarning>, QuantityError> {
    let mut sum = Decimal::ZERO;
    let mut decimals = total.value().scale();
    for tariff in tariffs {
        let value = tariff.not_negative("tariff")?;
        decimals = decimals.min(value.scale());
        sum = sum.checked_add(value).ok_or(QuantityError::OutOfRange { field: "tariff" })?;
    }
    let total = total.not_negative("total")?;
    let tolerance = product("tariff", &[Decimal::new(1, decimals), Decimal::from(tariffs.len())])?;
    let difference = shown(difference("total", sum, total)?, 28);
    if tariffs.is_empty() || difference.abs() <= tolerance {
        return Ok(None);
    }
    Ok(Some(RegisterSumWarning { sum, total, difference, tolerance }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::d;
    use proptest::prelude::*;

    fn readings(
        previous: &str,
        current: &str,
        (digits, decimals): (u8, u8),
        multiplier: &str,
    ) -> ConsumptionInput {
        ConsumptionInput {
            previous: previous.parse().unwrap(),
            current: current.parse().unwrap(),
            register: RegisterFormat { digits, decimals },
            multiplier: multiplier.parse().unwrap(),
            rollover_confirmed: false,
            meter_exchanged: false,
        }
    }

    #[test]
    fn consumption_examples_hold() {
        for (name, input, register, total) in [
            ("RO-1", readings("999987.65", "12.30", (6, 2), "1"), "24.65", "24.65"),
            ("RO-2", readings("99987.6", "45.2", (5, 1), "40"), "57.6", "2304.0"),
            ("MU-1", readings("1234.56", "1301.06", (6, 2), "4000"), "66.50", "266000"),
            ("as displayed", readings("001234.56", "００１２３５．００", (6, 2), "1"), "0.44", "0.44"),
            ("nothing used", readings("12.30", "12.30", (6, 2), "1"), "0", "0"),
        ] {
            let confirmed = ConsumptionInput { rollover_confirmed: true, ..input };
            let found = consumption(&confirmed).unwrap();
            assert_eq!((found.register_difference, found.consumption), (d(register), d(total)), "{name}");
            assert_eq!(found.rolled_over, name.starts_with("RO"), "{name}");
        }
    }

    #[test]
    fn a_rollover_is_only_taken_when_confirmed() {
        let input = readings("999987.65", "12.30", (6, 2), "1");
        let refused = consumption(&input).unwrap_err();
        assert!(
            matches!(refused, ConsumptionError::BelowPrevious { if_rolled_over, .. } if if_rolled_over == d("24.65"))
        );
        let exchanged = ConsumptionInput { rollover_confirmed: true, meter_exchanged: true, ..input };
        assert_eq!(consumption(&exchanged), Err(ConsumptionError::MeterExchanged));
    }

    #[test]
    fn readings_must_fit_the_register() {
        for input in [
            readings("99987.6", "123456.7", (5, 1), "1"),
            readings("99987.6", "45.25", (5, 1), "1"),
            readings("100000", "5", (5, 0), "1"),
        ] {
            assert!(
                matches!(consumption(&input), Err(ConsumptionError::DoesNotFitRegister { .. })),
                "{input:?}"
            );
        }
        for input in [
            readings("-1", "5", (5, 0), "1"),
            readings("1", "5", (5, 0), "0"),
            readings("1", "5", (5, 0), "-1"),
        ] {
            assert!(matches!(consumption(&input), Err(ConsumptionError::Quantity(_))), "{input:?}");
        }
        for format in [(0, 2), (11, 0), (6, 11)] {
            let input = readings("1", "5", format, "1");
            assert!(
                matches!(consumption(&input), Err(ConsumptionError::RegisterFormat { .. })),
                "{format:?}"
            );
        }
    }

    #[test]
    fn tariffs_that_do_not_add_up_are_told() {
        let e = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Entered>>();
        let total: Entered = "1000.00".parse().unwrap();
        for (tariffs, warned) in [
            (&["100.00", "200.00", "300.00", "400.00"][..], false),
            (&["100.01", "200.01", "300.01", "400.01"], false),
            (&["100.01", "200.01", "300.01", "400.02"], true),
            (&["100.00", "200.00", "300.00", "399.95"], true),
            (&["100.0", "200.0", "300.0", "400.3"], false),
            (&["500.00", "500.00"], false),
            (&[], false),
        ] {
            assert_eq!(register_sum(&e(tariffs), &total).unwrap().is_some(), warned, "{tariffs:?}");
        }
        assert!(register_sum(&e(&["-1"]), &total).is_err());
    }

    #[test]
    fn an_estimate_never_stands_for_a_reading() {
        for kind in ReadingKind::ALL {
            assert_eq!(
                ReadingKind::Estimated.may_stand_for(*kind),
                *kind == ReadingKind::Estimated,
                "{kind}"
            );
        }
        assert!(ReadingKind::Corrected.may_stand_for(ReadingKind::Actual));
        assert!(!ReadingKind::Remote.may_stand_for(ReadingKind::Actual));
        assert_eq!("customer".parse(), Ok(ReadingKind::CustomerSupplied));
    }

    proptest! {
        #[test]
        fn a_register_that_runs_forward_gives_back_what_was_used(
            start in 0u32..1_000_000, used in 0u32..1_000_000,
        ) {
            let input = ConsumptionInput {
                rollover_confirmed: true,
                ..readings(&start.to_string(), &((start + used) % 1_000_000).to_string(), (6, 0), "1")
            };
            prop_assert_eq!(consumption(&input).unwrap().consumption, Decimal::from(used));
        }
    }
}
