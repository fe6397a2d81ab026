//! Limit profiles: which error is allowed, according to whom, since when. Data, not code.
//!
//! The profiles we ship are embedded (`data/limit_profiles.json`); a utility may load others in the same
//! form. Each names its source and whether that source was read or only recalled.

use super::class::AccuracyClass;
use super::load::{LoadCharacter, LoadPoint};
use crate::codes::LocalName;
use crate::date::CivilDate;
use crate::number::shown;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Kind of energy a meter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Energy {
    /// Active energy, kWh.
    #[default]
    Active,
    /// Reactive energy, kvarh.
    Reactive,
}

/// How the measured error is rounded before it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// To the interval of the accuracy class, ties to even.
    ClassInterval,
    /// Not at all.
    None,
}

/// What follows when a meter is outside the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consequence {
    /// The verdict of a laboratory after removal, not of a visit.
    LaboratoryVerdict,
    /// The field calibration failed.
    FieldCalibration,
    /// Replace within three working days; opening the cover or adjusting on site is forbidden.
    #[serde(rename = "replace_within_3_working_days")]
    ReplaceWithin3WorkingDays,
    /// Outside the range in which the meter is deemed accurate by law.
    DeemedAccurate,
}

/// Smallest load at which a check means anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadMinimum {
    /// Current as a multiple of the basic current.
    pub current: Decimal,
    /// The same for S classes.
    pub current_s_class: Decimal,
    /// Power factor.
    pub power_factor: Decimal,
}

/// The allowed error in per cent, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Most negative allowed error.
    pub lower: Decimal,
    /// Most positive allowed error.
    pub upper: Decimal,
}

impl Limit {
    /// The limit `±value`.
    pub fn symmetric(value: Decimal) -> Self {
        Self { lower: -value, upper: value }
    }

    /// Whether an error lies within, ends included.
    pub fn contains(&self, error_percent: Decimal) -> bool {
        self.lower <= error_percent && error_percent <= self.upper
    }
}

/// One set of limits with its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitProfile {
    /// Stable code, such as `CN_FIELD_JJF1055`. Several versions of one code have disjoint dates.
    pub code: String,
    /// What people read.
    pub name: LocalName,
    /// Document and section, and how we know it.
    pub source: String,
    /// Whether the source was read. False: recalled, to be confirmed by the utility.
    pub verified: bool,
    /// First day on which it applies.
    pub effective_from: CivilDate,
    /// Last day on which it applies; none while it is in force.
    pub effective_to: Option<CivilDate>,
    /// How errors are rounded.
    pub rounding: Rounding,
    /// What a failure means.
    pub consequence: Consequence,
    /// Smallest load, if the source asks for one.
    pub load_minimum: Option<LoadMinimum>,
    /// The limits themselves.
    pub limits: Limits,
}

/// The three forms in which sources state limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Limits {
    /// Plus and minus the class number, whatever the load.
    ClassValue,
    /// The same for every class and load.
    Fixed {
        /// Most positive allowed error in per cent.
        upper: Decimal,
        /// Most negative allowed error in per cent.
        lower: Decimal,
    },
    /// A table over current and power factor.
    ByLoad {
        /// Whether values between power factor 1.0 and 0.5 L are interpolated.
        interpolate_to_0_5_inductive: bool,
        /// Rows of the table.
        rows: Vec<LimitRow>,
    },
}

/// One row of a table of limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitRow {
    /// Kind of energy.
    pub energy: Energy,
    /// Smallest current as a multiple of I_b (I_n), included.
    pub from: Decimal,
    /// Current below which the row applies; none: up to I_max, included.
    pub below: Option<Decimal>,
    /// Power factor of the row.
    pub power_factor: TablePowerFactor,
    /// Limit ±per cent per class code.
    pub by_class: BTreeMap<String, Decimal>,
}

/// Power factors for which tables of limits have rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TablePowerFactor {
    /// cos φ = 1.0.
    #[serde(rename = "1.0")]
    Unity,
    /// cos φ = 0.5 lagging.
    #[serde(rename = "0.5L")]
    HalfInductive,
    /// cos φ = 0.8 leading.
    #[serde(rename = "0.8C")]
    EightTenthsCapacitive,
}

/// What a profile says about one class at one load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookup {
    Known(Limit),
    ClassNotCovered,
    LoadNotRecorded,
    LoadNotCovered,
}

const HALF: Decimal = Decimal::from_parts(5, 0, 0, false, 1);
const EIGHT_TENTHS: Decimal = Decimal::from_parts(8, 0, 0, false, 1);

/// Decimals of an interpolated limit. What is printed is what decides.
const INTERPOLATED_DECIMALS: u32 = 3;

impl LimitProfile {
    /// Every version of every profile we ship.
    pub fn embedded() -> &'static [Self] {
        static PROFILES: LazyLock<Vec<LimitProfile>> = LazyLock::new(|| {
            LimitProfile::parse_all(include_str!("data/limit_profiles.json"))
                .expect("the embedded profiles are tested to parse")
        });
        &PROFILES
    }

    /// The shipped profile with this code that applies on `day`.
    pub fn find(code: &str, day: CivilDate) -> Option<&'static Self> {
        Self::embedded().iter().find(|profile| profile.code == code && profile.applies_on(day))
    }

    /// Reads profiles a utility supplies, a JSON array in the form of the embedded file.
    ///
    /// # Errors
    /// The JSON error with line and column; unknown keys are refused.
    pub fn parse_all(json: &str) -> Result<Vec<Self>, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// Whether this version is in force on `day`.
    pub fn applies_on(&self, day: CivilDate) -> bool {
        self.effective_from <= day && self.effective_to.is_none_or(|last| day <= last)
    }

    /// The rounding interval for a class, or none where the source does not round.
    pub fn step(&self, class: AccuracyClass) -> Option<Decimal> {
        match self.rounding {
            Rounding::ClassInterval => Some(class.rounding_step()),
            Rounding::None => None,
        }
    }

    pub(super) fn limit(&self, class: AccuracyClass, energy: Energy, load: Option<&LoadPoint>) -> Lookup {
        match &self.limits {
            Limits::ClassValue => Lookup::Known(Limit::symmetric(class.nominal_percent())),
            Limits::Fixed { upper, lower } => Lookup::Known(Limit { lower: *lower, upper: *upper }),
            Limits::ByLoad { interpolate_to_0_5_inductive, rows } => {
                let covers =
                    |row: &&LimitRow| row.energy == energy && row.by_class.contains_key(class.code());
                let rows: Vec<&LimitRow> = rows.iter().filter(covers).collect();
                match load {
                    _ if rows.is_empty() => Lookup::ClassNotCovered,
                    None => Lookup::LoadNotRecorded,
                    Some(load) => at_load(&rows, class, load, *interpolate_to_0_5_inductive)
                        .map_or(Lookup::LoadNotCovered, |value| Lookup::Known(Limit::symmetric(value))),
                }
            }
        }
    }
}

fn at_load(rows: &[&LimitRow], class: AccuracyClass, load: &LoadPoint, interpolate: bool) -> Option<Decimal> {
    let at = |power_factor| {
        let mut fits = rows.iter().filter(|row| {
            row.power_factor == power_factor
                && row.from <= load.of_basic
                && row.below.is_none_or(|below| load.of_basic < below)
        });
        fits.next().and_then(|row| row.by_class.get(class.code())).copied()
    };
    match load.character {
        _ if load.power_factor == Decimal::ONE => at(TablePowerFactor::Unity),
        LoadCharacter::Inductive if load.power_factor == HALF => at(TablePowerFactor::HalfInductive),
        LoadCharacter::Capacitive if load.power_factor == EIGHT_TENTHS => {
            at(TablePowerFactor::EightTenthsCapacitive)
        }
        LoadCharacter::Inductive if interpolate && load.power_factor > HALF => {
            let (unity, half) = (at(TablePowerFactor::Unity)?, at(TablePowerFactor::HalfInductive)?);
            let share = (Decimal::ONE - load.power_factor) / HALF;
            Some(shown(unity + share * (half - unity), INTERPOLATED_DECIMALS))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::d;

    fn limit(profile: &str, class: &str, of_basic: &str, power_factor: &str) -> Lookup {
        let (value, character) = match power_factor.strip_suffix('C') {
            Some(value) => (value, LoadCharacter::Capacitive),
            None => (power_factor.trim_end_matches('L'), LoadCharacter::Inductive),
        };
        let load = LoadPoint { of_basic: d(of_basic), above_max: false, power_factor: d(value), character };
        let profile = LimitProfile::find(profile, "2026-11-21".parse().unwrap()).unwrap();
        profile.limit(class.parse().unwrap(), Energy::Active, Some(&load))
    }

    fn check(profile: &str, cases: &[(&str, &str, &str, &str)]) {
        for (class, of_basic, power_factor, expected) in cases {
            let expected = Lookup::Known(Limit::symmetric(d(expected)));
            assert_eq!(
                limit(profile, class, of_basic, power_factor),
                expected,
                "{class} {of_basic} {power_factor}"
            );
        }
    }

    #[test]
    fn field_limits_are_those_of_jjf_1055_table_1() {
        for (of_basic, power_factor, limits) in [
            ("0.1", "1.0", ["0.3", "0.7", "1.5", "3.0"]),
            ("6", "1.0", ["0.3", "0.7", "1.5", "3.0"]),
            ("0.1", "0.5L", ["0.5", "1.0", "2.5", "4.0"]),
            ("0.1", "0.8C", ["0.5", "1.0", "2.5", "4.0"]),
            ("0.2", "0.5L", ["0.5", "1.0", "2.0", "3.4"]),
            ("6", "0.5L", ["0.5", "1.0", "2.0", "3.4"]),
            ("0.2", "0.8C", ["0.5", "1.0", "2.0", "3.4"]),
        ] {
            for (class, expected) in ["0.2", "0.5", "1", "2"].into_iter().zip(limits) {
                check("CN_FIELD_JJF1055", &[(class, of_basic, power_factor, expected)]);
            }
        }
    }

    #[test]
    fn field_limits_between_unity_and_half_inductive_are_interpolated() {
        check(
            "CN_FIELD_JJF1055",
            &[
                ("2", "1", "0.75L", "3.2"),
                ("2", "1", "0.9L", "3.08"),
                ("1", "1", "0.8L", "1.7"),
                ("2", "0.15", "0.75L", "3.5"),
                ("0.5", "1", "0.866L", "0.78"),
            ],
        );
        for power_factor in ["0.9C", "0.7C", "0.4L"] {
            assert_eq!(
                limit("CN_FIELD_JJF1055", "2", "1", power_factor),
                Lookup::LoadNotCovered,
                "{power_factor}"
            );
        }
        assert_eq!(limit("CN_FIELD_JJF1055", "2", "0.09", "1"), Lookup::LoadNotCovered);
        assert_eq!(limit("CN_FIELD_JJF1055", "0.5S", "1", "1"), Lookup::ClassNotCovered);
    }

    #[test]
    fn verification_limits_are_those_of_the_basic_error_table() {
        check(
            "CN_VERIFY",
            &[
                ("0.2S", "0.01", "1", "0.4"),
                ("0.5S", "0.049", "1", "1.0"),
                ("0.2S", "0.05", "1", "0.2"),
                ("0.5S", "1", "1", "0.5"),
                ("1", "0.05", "1", "1.5"),
                ("2", "0.099", "1", "2.5"),
                ("1", "0.1", "1", "1.0"),
                ("2", "12", "1", "2.0"),
                ("0.2S", "0.02", "0.5L", "0.5"),
                ("0.5S", "0.09", "0.8C", "1.0"),
                ("1", "0.1", "0.8C", "1.5"),
                ("2", "0.19", "0.5L", "2.5"),
                ("0.2S", "0.1", "0.5L", "0.3"),
                ("0.5S", "1", "0.8C", "0.6"),
                ("1", "0.2", "0.5L", "1.0"),
                ("2", "0.2", "0.8C", "2.0"),
            ],
        );
        assert_eq!(limit("CN_VERIFY", "2", "1", "0.75L"), Lookup::LoadNotCovered);
    }

    #[test]
    fn class_and_fixed_limits_ask_for_no_load() {
        let day = "2026-11-21".parse().unwrap();
        let replace = LimitProfile::find("CN_DLT448_REPLACE", day).unwrap();
        let class = "2.0".parse().unwrap();
        assert_eq!(replace.limit(class, Energy::Active, None), Lookup::Known(Limit::symmetric(d("2"))));
        let uk = LimitProfile::find("UK_ELEC", day).unwrap();
        let expected = Limit { lower: d("-3.5"), upper: d("2.5") };
        assert_eq!(uk.limit(class, Energy::Active, None), Lookup::Known(expected));
        assert_eq!(uk.step(class), None);
    }

    #[test]
    fn profiles_have_dates_and_unknown_keys_are_refused() {
        assert!(LimitProfile::find("CN_FIELD_JJF1055", "1998-05-31".parse().unwrap()).is_none());
        assert!(LimitProfile::find("CN_FIELD_JJF1055", "1998-06-01".parse().unwrap()).is_some());
        assert!(LimitProfile::find("CN_NOTHING", "2026-11-21".parse().unwrap()).is_none());
        assert!(LimitProfile::parse_all(r#"[{"code":"X","surprise":1}]"#).is_err());
    }
}
