//! Accuracy classes as they are printed on nameplates, and what hangs on each of them.
//!
//! The table is data (`data/classes.json`): rounding interval, shortest stopwatch time and the order of
//! accuracy. Each row names its source; letter classes are recalled, not verified.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

/// A nameplate text that names no accuracy class we know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no accuracy class; known are {known}")]
pub struct ClassError {
    /// What was found, cut to 20 characters.
    pub found: String,
    /// All codes that are taken.
    pub known: String,
}

/// An accuracy class of an electricity meter, such as `2`, `0.5S` or `B`.
///
/// Equal classes have one code: `2.0` is `2`, `0.5s` is `0.5S`.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccuracyClass(&'static ClassRow);

/// One row of the class table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassRow {
    code: String,
    aliases: Vec<String>,
    nominal: Decimal,
    step: Decimal,
    rank: u8,
    stopwatch_seconds_min: Option<Decimal>,
    source: String,
}

static CLASSES: LazyLock<Vec<ClassRow>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("data/classes.json"))
        .expect("the embedded class table is tested to parse")
});

impl AccuracyClass {
    /// All classes, most accurate first.
    pub fn all() -> impl Iterator<Item = Self> {
        CLASSES.iter().map(Self)
    }

    /// The one spelling of this class.
    pub fn code(self) -> &'static str {
        &self.0.code
    }

    /// The class number in per cent; for a letter class that of the number class it stands for.
    pub fn nominal_percent(self) -> Decimal {
        self.0.nominal
    }

    /// The rounding interval: a tenth of the class, as tabulated.
    pub fn rounding_step(self) -> Decimal {
        self.0.step
    }

    /// The shortest time a stopwatch run must last for a verdict. None: no verdict by stopwatch at all.
    pub fn stopwatch_seconds_min(self) -> Option<Decimal> {
        self.0.stopwatch_seconds_min
    }

    /// Whether this class is measured down to 1 % of the rated current.
    pub fn is_s_class(self) -> bool {
        self.0.code.ends_with('S')
    }

    /// Whether a reference of this class is good enough to test a meter of class `tested`: at least two
    /// classes better (DL/T 448-2000 §7.3).
    pub fn may_test(self, tested: Self) -> bool {
        self.0.rank + 2 <= tested.0.rank
    }

    /// Where interval, time and nominal value come from.
    pub fn source(self) -> &'static str {
        &self.0.source
    }
}

impl FromStr for AccuracyClass {
    type Err = ClassError;

    /// Reads a nameplate text: full-width characters, small letters and the word 级 are taken.
    fn from_str(text: &str) -> Result<Self, ClassError> {
        let plain: String = text
            .chars()
            .map(|c| match c {
                '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
                _ => c,
            })
            .collect::<String>()
            .trim()
            .trim_end_matches('级')
            .trim()
            .to_ascii_uppercase();
        CLASSES.iter().find(|row| row.code == plain || row.aliases.contains(&plain)).map(Self).ok_or_else(
            || ClassError {
                found: text.chars().take(20).collect(),
                known: CLASSES.iter().map(|row| row.code.as_str()).collect::<Vec<_>>().join(" "),
            },
        )
    }
}

impl TryFrom<String> for AccuracyClass {
    type Error = ClassError;

    fn try_from(text: String) -> Result<Self, ClassError> {
        text.parse()
    }
}

impl From<AccuracyClass> for String {
    fn from(class: AccuracyClass) -> Self {
        class.code().to_owned()
    }
}

impl fmt::Display for AccuracyClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for AccuracyClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccuracyClass({})", self.code())
    }
}

impl PartialEq for AccuracyClass {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code()
    }
}

impl Eq for AccuracyClass {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::d;

    fn class(text: &str) -> AccuracyClass {
        text.parse().unwrap()
    }

    #[test]
    fn one_class_has_one_code_however_it_is_printed() {
        for (text, code) in [
            ("2", "2"),
            ("2.0", "2"),
            ("２．０", "2"),
            ("2.0级", "2"),
            ("1.0", "1"),
            ("0.5S", "0.5S"),
            ("0.5s", "0.5S"),
            (" ０．５ｓ ", "0.5S"),
            ("0.2s", "0.2S"),
            ("c", "C"),
            ("B级", "B"),
        ] {
            assert_eq!(class(text).code(), code, "{text}");
        }
        for text in ["", "5", "2S", "E", "0.5SS", "S", "-2"] {
            assert!(text.parse::<AccuracyClass>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn intervals_are_those_of_the_table() {
        for (code, step) in [
            ("0.02", "0.002"),
            ("0.05", "0.005"),
            ("0.1", "0.01"),
            ("0.2", "0.02"),
            ("0.2S", "0.02"),
            ("0.5", "0.05"),
            ("0.5S", "0.05"),
            ("1", "0.1"),
            ("2", "0.2"),
            ("3", "0.2"),
            ("A", "0.2"),
            ("D", "0.02"),
        ] {
            assert_eq!(class(code).rounding_step(), d(step), "{code}");
        }
    }

    #[test]
    fn a_reference_is_two_classes_better() {
        assert!(class("0.5").may_test(class("2")));
        assert!(!class("1").may_test(class("2")));
        assert!(class("0.2").may_test(class("B")));
        assert!(!class("0.5").may_test(class("1")));
        assert!(class("0.05").may_test(class("0.2S")));
    }
}
