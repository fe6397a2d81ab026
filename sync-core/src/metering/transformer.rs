//! Instrument transformers between the line and a meter, and the multiplier that follows.
//!
//! Both numbers of a ratio are kept, never only their quotient: `200/5` typed as `5/200` must be seen.

use crate::number::{Entered, QuantityError, product, quotient};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A ratio that cannot be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RatioError {
    /// A figure is zero, negative or not whole.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// The primary figure is the smaller one.
    #[error("the {field} ratio {primary}/{secondary} steps up; type the primary figure first, like 200/5")]
    Swapped {
        /// `ct` or `pt`.
        field: &'static str,
        /// Figure before the slash.
        primary: Decimal,
        /// Figure after the slash.
        secondary: Decimal,
    },
}

/// Primary and secondary figure of one transformer, such as 200 A / 5 A.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ratio {
    /// Figure of the line side.
    pub primary: Entered,
    /// Figure of the meter side.
    pub secondary: Entered,
}

/// Current and voltage transformers of one meter (CT, PT).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Transformers {
    /// Current transformer, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ct: Option<Ratio>,
    /// Voltage transformer, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pt: Option<Ratio>,
}

impl Ratio {
    fn figures(&self, field: &'static str) -> Result<(Decimal, Decimal), RatioError> {
        let (primary, secondary) = (self.primary.positive(field)?, self.secondary.positive(field)?);
        if primary < secondary {
            return Err(RatioError::Swapped { field, primary, secondary });
        }
        Ok((primary, secondary))
    }
}

impl Transformers {
    /// The multiplier (倍率): (CT primary / CT secondary) · (PT primary / PT secondary).
    ///
    /// # Errors
    /// [`RatioError`] when a figure is not positive or a ratio is swapped.
    pub fn multiplier(&self) -> Result<Decimal, RatioError> {
        let (primary, secondary) = self.products()?;
        Ok(quotient("transformers", primary, secondary)?)
    }

    /// The products of all primary and of all secondary figures: the multiplier before its division.
    pub(super) fn products(&self) -> Result<(Decimal, Decimal), RatioError> {
        let mut all = (Decimal::ONE, Decimal::ONE);
        for (field, ratio) in [("ct", &self.ct), ("pt", &self.pt)] {
            let Some(ratio) = ratio else { continue };
            let (primary, secondary) = ratio.figures(field)?;
            all = (product(field, &[all.0, primary])?, product(field, &[all.1, secondary])?);
        }
        Ok(all)
    }
}

/// The booked multiplier differs from the one found on site (倍率不符): a case for back-billing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MultiplierMismatch {
    /// Multiplier in the customer's record.
    pub booked: Decimal,
    /// Multiplier found on site.
    pub found: Decimal,
    /// Found divided by booked: the correction factor of what was billed.
    pub factor: Decimal,
}

/// Compares the booked multiplier with the one found; none when they agree.
///
/// # Errors
/// [`QuantityError`] when one of them is not above zero.
pub fn multiplier_mismatch(
    booked: &Entered,
    found: Decimal,
) -> Result<Option<MultiplierMismatch>, QuantityError> {
    let booked = booked.positive("multiplier_booked")?;
    let found = Entered::from_value(found).positive("multiplier_found")?;
    if booked == found {
        return Ok(None);
    }
    let factor = quotient("multiplier_booked", found, booked)?;
    Ok(Some(MultiplierMismatch { booked, found, factor }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::d;

    fn ratio(primary: &str, secondary: &str) -> Option<Ratio> {
        Some(Ratio { primary: primary.parse().unwrap(), secondary: secondary.parse().unwrap() })
    }

    #[test]
    fn the_multiplier_is_the_product_of_both_ratios() {
        let both = Transformers { ct: ratio("200", "5"), pt: ratio("10000", "100") };
        assert_eq!(both.multiplier(), Ok(d("4000")));
        assert_eq!(Transformers { pt: None, ..both }.multiplier(), Ok(d("40")));
        assert_eq!(Transformers::default().multiplier(), Ok(Decimal::ONE));
    }

    #[test]
    fn a_swapped_or_empty_ratio_is_refused() {
        let swapped = Transformers { ct: ratio("5", "200"), pt: None };
        assert!(matches!(swapped.multiplier(), Err(RatioError::Swapped { field: "ct", .. })));
        let zero = Transformers { ct: None, pt: ratio("10000", "0") };
        assert!(matches!(zero.multiplier(), Err(RatioError::Quantity(QuantityError::NotPositive { .. }))));
    }

    #[test]
    fn a_multiplier_found_different_is_told() {
        let mismatch = multiplier_mismatch(&"30".parse().unwrap(), d("40")).unwrap().unwrap();
        assert_eq!(mismatch.factor.round_dp(6), d("1.333333"));
        assert_eq!(multiplier_mismatch(&"40.0".parse().unwrap(), d("40")), Ok(None));
    }
}
