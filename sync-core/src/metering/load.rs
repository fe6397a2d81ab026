//! The load at which a meter is checked: what limits depend on and what makes a check worthless.

use crate::number::{Entered, NumberError, QuantityError, quotient};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Whether current lags or leads the voltage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LoadCharacter {
    /// Lagging, written `0.5L`.
    #[serde(rename = "L")]
    Inductive,
    /// Leading, written `0.8C`.
    #[serde(rename = "C")]
    Capacitive,
}

/// Current and power factor at the time of the check, with the currents of the nameplate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Measured current in A.
    pub current_a: Entered,
    /// Basic current I_b (rated current I_n for meters with transformers) in A.
    pub basic_a: Entered,
    /// Largest current I_max in A, if the nameplate says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_a: Option<Entered>,
    /// Measured power factor, above 0 up to 1.
    pub power_factor: Entered,
    /// Lagging or leading. Most displays do not say; then lagging is assumed and the result says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub character: Option<LoadCharacter>,
}

/// A load in the form in which limits ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LoadPoint {
    /// Current as a multiple of I_b.
    pub(super) of_basic: Decimal,
    /// Whether the current is above I_max.
    pub(super) above_max: bool,
    /// Power factor, above 0 up to 1.
    pub(super) power_factor: Decimal,
    /// Lagging or leading; at 1.0 it does not matter.
    pub(super) character: LoadCharacter,
}

impl Load {
    pub(super) fn point(&self) -> Result<LoadPoint, QuantityError> {
        let current = self.current_a.not_negative("current_a")?;
        let basic = self.basic_a.positive("basic_a")?;
        let max = self.max_a.as_ref().map(|max| max.positive("max_a")).transpose()?;
        let power_factor = self.power_factor.positive("power_factor")?;
        if power_factor > Decimal::ONE {
            return Err(QuantityError::OutOfRange { field: "power_factor" });
        }
        Ok(LoadPoint {
            of_basic: quotient("basic_a", current, basic)?,
            above_max: max.is_some_and(|max| current > max),
            power_factor,
            character: self.character.unwrap_or(LoadCharacter::Inductive),
        })
    }

    /// Whether the character was not recorded although it matters.
    pub(super) fn character_is_assumed(&self) -> bool {
        self.character.is_none() && self.power_factor.value() != Decimal::ONE
    }
}

/// Basic and largest current as printed on a nameplate, like `5(60)` or `1.5(6) A`.
///
/// # Errors
/// [`NumberError`] when it is not of that form. The newer form with three currents is refused, since its
/// first figure is not the basic current.
pub fn nameplate_currents(text: &str) -> Result<(Entered, Entered), NumberError> {
    let plain =
        text.trim().trim_end_matches(['A', 'a', 'Ａ']).trim_end().replace('（', "(").replace('）', ")");
    let refused = || NumberError::NotANumber { found: text.chars().take(40).collect() };
    let (basic, max) = plain.strip_suffix(')').and_then(|rest| rest.split_once('(')).ok_or_else(refused)?;
    Ok((Entered::parse(basic)?, Entered::parse(max)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::d;

    #[test]
    fn nameplates_give_both_currents() {
        for (text, basic, max) in
            [("5(60)", "5", "60"), ("1.5(6) A", "1.5", "6"), ("１０（１００）Ａ", "10", "100")]
        {
            let (found_basic, found_max) = nameplate_currents(text).unwrap();
            assert_eq!((found_basic.value(), found_max.value()), (d(basic), d(max)), "{text}");
        }
        for text in ["", "5", "5(", "(60)", "0.25-0.5(60)A", "5(60)(80)"] {
            assert!(nameplate_currents(text).is_err(), "{text:?}");
        }
    }
}
