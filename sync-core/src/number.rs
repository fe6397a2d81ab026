//! Numbers as people type them, kept together with what they mean.
//!
//! Duty: turn `22.5`, `０００９８７．６５` or `−1.8` into a decimal, and refuse everything that could be read in
//! two ways. The text as typed is kept, because a register reading is evidence including its leading
//! zeros. There are no floats here: rounding rules decide on exact ties.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Most digits of one entered number. Registers show up to 10, constants up to 9; more is a slip of the
/// finger, and products of several entered numbers must stay inside the 28 digits of a decimal.
pub const NUMBER_DIGITS_MAX: usize = 15;

/// A text that was entered where a number is needed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Nothing but white space.
    #[error("a number is missing")]
    Empty,
    /// Letters, several decimal points, signs inside, NaN or infinity.
    #[error("{found:?} is not a number; type digits with at most one decimal point, like 22.5")]
    NotANumber {
        /// What was entered, cut to 40 characters.
        found: String,
    },
    /// Scientific notation such as `1e3`.
    #[error("{found:?} has an exponent; write the number out")]
    Exponent {
        /// What was entered, cut to 40 characters.
        found: String,
    },
    /// A comma or a space between digits: a decimal mark in one country, a group mark in another.
    #[error("{found:?} has a separator that could mean two things; use a point for decimals and no grouping")]
    Separator {
        /// What was entered, cut to 40 characters.
        found: String,
    },
    /// More than [`NUMBER_DIGITS_MAX`] digits.
    #[error("{found:?} has more than {max} digits")]
    TooLong {
        /// What was entered, cut to 40 characters.
        found: String,
        /// The most digits that are taken.
        max: usize,
    },
}

/// A number that must be above zero and is not, or that a formula cannot take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Zero or below.
    #[error("{field} must be above zero, found {found}")]
    NotPositive {
        /// Stable name of the input.
        field: &'static str,
        /// Its value.
        found: Decimal,
    },
    /// Below zero.
    #[error("{field} must not be negative, found {found}")]
    Negative {
        /// Stable name of the input.
        field: &'static str,
        /// Its value.
        found: Decimal,
    },
    /// A count with a fraction.
    #[error("{field} must be a whole number, found {found}")]
    NotWhole {
        /// Stable name of the input.
        field: &'static str,
        /// Its value.
        found: Decimal,
    },
    /// Inputs so far from each other that the result leaves the range of a decimal.
    #[error("the numbers are too far apart to compute with; check {field}")]
    OutOfRange {
        /// The step of the computation that left the range.
        field: &'static str,
    },
}

/// A number as somebody typed it, with the decimal it means.
///
/// Travels as its text, so that nothing of the original is lost on the way.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Entered {
    typed: String,
    value: Decimal,
}

impl Entered {
    /// Reads a typed number. Full-width digits and signs, a typographic minus and the full stop of a
    /// Chinese keyboard are taken for what they stand for.
    ///
    /// # Errors
    /// [`NumberError`] says in which way the text is no plain number.
    pub fn parse(typed: &str) -> Result<Self, NumberError> {
        let typed = typed.trim();
        let found = || typed.chars().take(40).collect::<String>();
        let plain: String = typed.chars().map(half_width).collect();
        if plain.is_empty() {
            return Err(NumberError::Empty);
        }
        let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
        let digits = unsigned.bytes().filter(u8::is_ascii_digit).count();
        if digits > NUMBER_DIGITS_MAX {
            return Err(NumberError::TooLong { found: found(), max: NUMBER_DIGITS_MAX });
        }
        let mut others = unsigned.chars().filter(|c| !c.is_ascii_digit());
        match (others.next(), others.next()) {
            _ if digits == 0 => return Err(NumberError::NotANumber { found: found() }),
            (None | Some('.'), None) => {}
            (Some('e' | 'E'), _) | (Some('.'), Some('e' | 'E')) => {
                return Err(NumberError::Exponent { found: found() });
            }
            _ if unsigned.chars().all(|c| c.is_ascii_digit() || ".,，、 '_".contains(c)) => {
                return Err(NumberError::Separator { found: found() });
            }
            _ => return Err(NumberError::NotANumber { found: found() }),
        }
        let value =
            Decimal::from_str(&plain).map_err(|_source| NumberError::NotANumber { found: found() })?;
        Ok(Self { typed: typed.to_owned(), value })
    }

    /// A number that no person typed, for example one computed from a start and a stop reading.
    pub fn from_value(value: Decimal) -> Self {
        Self { typed: value.to_string(), value }
    }

    /// The text as it was typed, without surrounding white space.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// What it means. Keeps the number of decimals that were typed as its scale.
    pub const fn value(&self) -> Decimal {
        self.value
    }

    /// The value if it is above zero.
    ///
    /// # Errors
    /// [`QuantityError::NotPositive`] otherwise, naming `field`.
    pub fn positive(&self, field: &'static str) -> Result<Decimal, QuantityError> {
        if self.value > Decimal::ZERO {
            Ok(self.value)
        } else {
            Err(QuantityError::NotPositive { field, found: self.value })
        }
    }

    /// The value if it is zero or above.
    ///
    /// # Errors
    /// [`QuantityError::Negative`] otherwise, naming `field`.
    pub fn not_negative(&self, field: &'static str) -> Result<Decimal, QuantityError> {
        if self.value >= Decimal::ZERO {
            Ok(self.value)
        } else {
            Err(QuantityError::Negative { field, found: self.value })
        }
    }

    /// The value if it is a whole number above zero.
    ///
    /// # Errors
    /// [`QuantityError::NotPositive`] or [`QuantityError::NotWhole`], naming `field`.
    pub fn count(&self, field: &'static str) -> Result<Decimal, QuantityError> {
        let value = self.positive(field)?;
        if value.fract().is_zero() { Ok(value) } else { Err(QuantityError::NotWhole { field, found: value }) }
    }
}

impl FromStr for Entered {
    type Err = NumberError;

    fn from_str(typed: &str) -> Result<Self, NumberError> {
        Self::parse(typed)
    }
}

impl TryFrom<String> for Entered {
    type Error = NumberError;

    fn try_from(typed: String) -> Result<Self, NumberError> {
        Self::parse(&typed)
    }
}

impl From<Entered> for String {
    fn from(entered: Entered) -> Self {
        entered.typed
    }
}

impl fmt::Display for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entered({})", self.typed)
    }
}

/// The product of all factors.
///
/// # Errors
/// [`QuantityError::OutOfRange`] naming `field` when it does not fit; operators would panic instead.
pub(crate) fn product(field: &'static str, factors: &[Decimal]) -> Result<Decimal, QuantityError> {
    factors
        .iter()
        .try_fold(Decimal::ONE, |product, factor| product.checked_mul(*factor))
        .ok_or(QuantityError::OutOfRange { field })
}

/// `dividend / divisor`.
///
/// # Errors
/// [`QuantityError::OutOfRange`] naming `field` when it does not fit or the divisor is zero.
pub(crate) fn quotient(
    field: &'static str,
    dividend: Decimal,
    divisor: Decimal,
) -> Result<Decimal, QuantityError> {
    dividend.checked_div(divisor).ok_or(QuantityError::OutOfRange { field })
}

/// `left - right`.
///
/// # Errors
/// [`QuantityError::OutOfRange`] naming `field` when it does not fit.
pub(crate) fn difference(
    field: &'static str,
    left: Decimal,
    right: Decimal,
) -> Result<Decimal, QuantityError> {
    left.checked_sub(right).ok_or(QuantityError::OutOfRange { field })
}

/// `(found - expected) / expected` in per cent, from values that were not divided before, so that an exact
/// tie stays exact.
///
/// # Errors
/// [`QuantityError::OutOfRange`] naming `field` when it does not fit.
pub(crate) fn percent_off(
    field: &'static str,
    found: Decimal,
    expected: Decimal,
) -> Result<Decimal, QuantityError> {
    let off = difference(field, found, expected)?;
    quotient(field, product(field, &[off, Decimal::ONE_HUNDRED])?, expected)
}

/// A value as it is shown and stored: at most `decimals` places, half to even, no trailing zeros.
pub(crate) fn shown(value: Decimal, decimals: u32) -> Decimal {
    value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointNearestEven).normalize()
}

/// The half-width form of what Chinese keyboards produce; everything else unchanged.
fn half_width(c: char) -> char {
    match c {
        '０'..='９' => char::from_u32(c as u32 - '０' as u32 + '0' as u32).unwrap_or(c),
        '．' | '。' => '.',
        '＋' => '+',
        '－' | '\u{2212}' => '-',
        'ｅ' | 'Ｅ' => 'e',
        _ => c,
    }
}

/// The decimal with this plain text; for tables in tests.
/// A unit as people write it: records hold codes of UCUM, such as `%{LEL}`, `[ppm]` and `m3`.
pub fn unit_shown(code: &str) -> String {
    code.replace(['{', '}', '[', ']'], "").replace("m3", "m³")
}

#[cfg(test)]
pub(crate) fn d(text: &str) -> Decimal {
    Decimal::from_str(text).expect("a test table holds plain numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_whatever_keyboard_typed_it() {
        for (typed, value) in [
            ("22.5", d("22.5")),
            (" 22.5 ", d("22.5")),
            ("０００９８７．６５", d("987.65")),
            ("22。5", d("22.5")),
            ("−1.8", d("-1.8")),
            ("－0.04", d("-0.04")),
            ("+4", d("4")),
            ("000987.65", d("987.65")),
            (".5", d("0.5")),
            ("5.", d("5")),
        ] {
            assert_eq!(Entered::parse(typed).map(|e| e.value()), Ok(value), "{typed}");
        }
        assert_eq!(Entered::parse("000987.65").unwrap().typed(), "000987.65");
    }

    #[test]
    fn what_is_no_plain_number_is_refused_by_kind() {
        let kind = |typed: &str| match Entered::parse(typed).unwrap_err() {
            NumberError::Empty => "empty",
            NumberError::NotANumber { .. } => "not a number",
            NumberError::Exponent { .. } => "exponent",
            NumberError::Separator { .. } => "separator",
            NumberError::TooLong { .. } => "too long",
        };
        for (typed, expected) in [
            ("", "empty"),
            ("　", "empty"),
            ("NaN", "not a number"),
            ("inf", "not a number"),
            ("-", "not a number"),
            (".", "not a number"),
            ("1.2.3", "separator"),
            ("--1", "not a number"),
            ("1-2", "not a number"),
            ("0x10", "not a number"),
            ("十二", "not a number"),
            ("1e3", "exponent"),
            ("1.5E-3", "exponent"),
            ("１ｅ３", "exponent"),
            ("1,234", "separator"),
            ("1，234", "separator"),
            ("1 234", "separator"),
            ("1_000", "separator"),
            ("1234567890123456", "too long"),
        ] {
            assert_eq!(kind(typed), expected, "{typed:?}");
        }
    }

    #[test]
    fn an_entered_number_travels_as_its_text() {
        let entered = Entered::parse("０１２.50").unwrap();
        let json = serde_json::to_string(&entered).unwrap();
        assert_eq!(json, "\"０１２.50\"");
        assert_eq!(serde_json::from_str::<Entered>(&json).unwrap(), entered);
        assert!(serde_json::from_str::<Entered>("\"NaN\"").is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_never_panics(text in "\\PC{0,60}") {
            let _ = Entered::parse(&text);
        }
    }

    #[test]
    fn units_are_written_as_people_write_them() {
        for (code, shown) in [("%{LEL}", "%LEL"), ("[ppm]", "ppm"), ("m3/h", "m³/h"), ("kWh", "kWh")] {
            assert_eq!(unit_shown(code), shown);
        }
    }
}
