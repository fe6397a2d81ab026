//! What a gas detector shows: methane in one of three units, carbon monoxide, and whether one may go in.
//!
//! A reading in %LEL means nothing without the lower explosive limit it refers to, so that is stored with it.

use super::rules;
use crate::number::{Entered, QuantityError, product, quotient, shown};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// ppm in one volume per cent.
const PPM_PER_PERCENT: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);

/// mg/m³ of one ppm carbon monoxide at 20 °C and 101.325 kPa: 28.010 g/mol over 24.055 l/mol.
const CO_MOLAR_MASS: Decimal = Decimal::from_parts(28_010, 0, 0, false, 3);
const MOLAR_VOLUME_20C: Decimal = Decimal::from_parts(24_055, 0, 0, false, 3);

/// A lower explosive limit that detectors are set to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LowerExplosiveLimit {
    /// Stable code: `CN_5`, `IEC_4_4`.
    pub code: String,
    /// The limit in volume per cent of methane.
    pub percent_volume: Decimal,
    /// Where it comes from.
    pub source: String,
    /// Whether that source was read.
    pub verified: bool,
}

impl LowerExplosiveLimit {
    /// The limits to choose from, the usual one in China first.
    pub fn all() -> &'static [Self] {
        &rules().lower_explosive_limits
    }
}

/// The range in which a household detector must be set to sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectorSetPoint {
    /// Lowest in per cent of the lower explosive limit.
    pub lower: Decimal,
    /// Highest in per cent of the lower explosive limit.
    pub upper: Decimal,
    /// Where it comes from.
    pub source: String,
    /// Whether that source was read.
    pub verified: bool,
}

/// The range for household detectors.
pub fn detector_set_point() -> &'static DetectorSetPoint {
    &rules().detector_set_point_percent_lel
}

/// Units in which detectors show methane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MethaneUnit {
    /// Parts per million by volume.
    #[serde(rename = "ppm")]
    Ppm,
    /// Per cent of the lower explosive limit.
    #[serde(rename = "%LEL")]
    PercentLel,
    /// Per cent by volume.
    #[serde(rename = "%vol")]
    PercentVolume,
}

/// A methane reading as displayed, with the lower explosive limit of the detector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethaneReading {
    /// The figure.
    pub value: Entered,
    /// Its unit.
    pub unit: MethaneUnit,
    /// Lower explosive limit in volume per cent: 5 in China, 4.4 under IEC 60079-20-1.
    pub lel_percent_volume: Entered,
}

/// The same reading in all three units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Methane {
    /// Per cent by volume.
    pub percent_volume: Decimal,
    /// Per cent of the lower explosive limit.
    pub percent_lel: Decimal,
    /// Parts per million.
    pub ppm: Decimal,
}

impl MethaneReading {
    /// The reading in all units.
    ///
    /// # Errors
    /// [`QuantityError`] for negative figures, and for more than 100 % by volume: the unit was mistaken.
    pub fn in_all_units(&self) -> Result<Methane, QuantityError> {
        let value = self.value.not_negative("value")?;
        let lel = self.lel_percent_volume.positive("lel_percent_volume")?;
        let percent = match self.unit {
            MethaneUnit::PercentVolume => value,
            MethaneUnit::Ppm => quotient("value", value, PPM_PER_PERCENT)?,
            MethaneUnit::PercentLel => {
                quotient("value", product("value", &[value, lel])?, Decimal::ONE_HUNDRED)?
            }
        };
        if percent > Decimal::ONE_HUNDRED {
            return Err(QuantityError::OutOfRange { field: "unit" });
        }
        Ok(Methane {
            percent_volume: shown(percent, 6),
            percent_lel: shown(
                quotient("value", product("value", &[percent, Decimal::ONE_HUNDRED])?, lel)?,
                4,
            ),
            ppm: shown(product("value", &[percent, PPM_PER_PERCENT])?, 2),
        })
    }
}

/// Carbon monoxide in mg/m³ at 20 °C from ppm, two decimals.
///
/// # Errors
/// [`QuantityError`] for negative figures.
pub fn co_mg_per_m3(ppm: &Entered) -> Result<Decimal, QuantityError> {
    let mass = product("ppm", &[ppm.not_negative("ppm")?, CO_MOLAR_MASS])?;
    Ok(shown(quotient("ppm", mass, MOLAR_VOLUME_20C)?, 2))
}

/// When an alarm must have sounded at a concentration of carbon monoxide (EN 50291).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoAlarmStep {
    /// Concentration.
    pub ppm: Decimal,
    /// No alarm before, in minutes.
    pub not_before_min: Option<u16>,
    /// Alarm at the latest, in minutes.
    pub not_after_min: Option<u16>,
}

/// What a concentration of carbon monoxide does to people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoEffect {
    /// Concentration from which it holds.
    pub ppm: Decimal,
    /// In simplified Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// The steps at which an alarm must sound, lowest first.
pub fn co_alarm_steps() -> &'static [CoAlarmStep] {
    &rules().co_alarm.steps
}

/// The worst effect that a concentration is known to have.
pub fn co_effect(ppm: &Entered) -> Option<&'static CoEffect> {
    rules().co_effects.steps.iter().rev().find(|effect| effect.ppm <= ppm.value())
}

/// Readings taken at the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryReadings {
    /// Gas in per cent of its lower explosive limit.
    pub percent_lel: Entered,
    /// Oxygen in volume per cent.
    pub oxygen_percent: Entered,
    /// Carbon monoxide in mg/m³.
    pub co_mg_m3: Entered,
}

/// Thresholds for going in after a leak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryLimits {
    /// Gas must be below, in per cent of its lower explosive limit.
    pub percent_lel_below: Decimal,
    /// Oxygen must be above, in volume per cent.
    pub oxygen_percent_above: Decimal,
    /// Carbon monoxide must be below, in mg/m³.
    pub co_mg_m3_below: Decimal,
    /// Where they come from.
    pub source: String,
    /// Whether that source was read.
    pub verified: bool,
}

/// The thresholds in use.
pub fn entry_limits() -> &'static EntryLimits {
    &rules().entry
}

/// Why nobody may go in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryDanger {
    /// Too much gas.
    Gas,
    /// Too little oxygen.
    Oxygen,
    /// Too much carbon monoxide.
    CarbonMonoxide,
}

impl EntryReadings {
    /// What forbids going in; empty when the thresholds of [`entry_limits`] are all met.
    ///
    /// # Errors
    /// [`QuantityError`] for negative figures.
    pub fn dangers(&self) -> Result<Vec<EntryDanger>, QuantityError> {
        let limits = entry_limits();
        let gas = self.percent_lel.not_negative("percent_lel")? >= limits.percent_lel_below;
        let oxygen = self.oxygen_percent.not_negative("oxygen_percent")? <= limits.oxygen_percent_above;
        let co = self.co_mg_m3.not_negative("co_mg_m3")? >= limits.co_mg_m3_below;
        let all = [(gas, EntryDanger::Gas), (oxygen, EntryDanger::Oxygen), (co, EntryDanger::CarbonMonoxide)];
        Ok(all.into_iter().filter_map(|(there, danger)| there.then_some(danger)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::d;

    fn e(text: &str) -> Entered {
        text.parse().unwrap()
    }

    #[test]
    fn methane_is_the_same_in_every_unit() {
        for (value, unit, lel, percent, of_lel, ppm) in [
            ("5", MethaneUnit::PercentLel, "5", "0.25", "5", "2500"),
            ("10", MethaneUnit::PercentLel, "5", "0.5", "10", "5000"),
            ("20", MethaneUnit::PercentLel, "5", "1.0", "20", "10000"),
            ("2500", MethaneUnit::Ppm, "5", "0.25", "5", "2500"),
            ("1", MethaneUnit::PercentVolume, "5", "1", "20", "10000"),
            ("20", MethaneUnit::PercentLel, "4.4", "0.88", "20", "8800"),
        ] {
            let reading = MethaneReading { value: e(value), unit, lel_percent_volume: e(lel) };
            let expected = Methane { percent_volume: d(percent), percent_lel: d(of_lel), ppm: d(ppm) };
            assert_eq!(reading.in_all_units(), Ok(expected), "{reading:?}");
        }
    }

    #[test]
    fn a_mistaken_unit_is_noticed() {
        let reading = |value: &str, lel: &str| MethaneReading {
            value: e(value),
            unit: MethaneUnit::PercentVolume,
            lel_percent_volume: e(lel),
        };
        assert_eq!(reading("2500", "5").in_all_units(), Err(QuantityError::OutOfRange { field: "unit" }));
        assert!(reading("-1", "5").in_all_units().is_err());
        assert!(reading("1", "0").in_all_units().is_err());
    }

    #[test]
    fn limits_of_detectors_are_at_hand() {
        let limits: Vec<Decimal> =
            LowerExplosiveLimit::all().iter().map(|limit| limit.percent_volume).collect();
        assert_eq!(limits, [d("5"), d("4.4")]);
        assert_eq!((detector_set_point().lower, detector_set_point().upper), (d("5"), d("25")));
    }

    #[test]
    fn carbon_monoxide_figures_hold() {
        assert_eq!(co_mg_per_m3(&e("30")), Ok(d("34.93")));
        assert_eq!(co_mg_per_m3(&e("100")), Ok(d("116.44")));
        assert_eq!(co_effect(&e("34")), None);
        assert_eq!(
            co_effect(&e("500")).map(|effect| effect.en.as_str()),
            Some("headache after 2 to 3 hours")
        );
        let steps: Vec<_> = co_alarm_steps().iter().map(|s| (s.not_before_min, s.not_after_min)).collect();
        assert_eq!(steps, [(Some(120), None), (Some(60), Some(90)), (Some(10), Some(40)), (None, Some(3))]);
    }

    #[test]
    fn nobody_goes_in_at_a_threshold() {
        let at = |lel: &str, oxygen: &str, co: &str| {
            EntryReadings { percent_lel: e(lel), oxygen_percent: e(oxygen), co_mg_m3: e(co) }
                .dangers()
                .unwrap()
        };
        assert_eq!(at("19.9", "19.6", "29"), []);
        assert_eq!(
            at("20", "19.5", "30"),
            [EntryDanger::Gas, EntryDanger::Oxygen, EntryDanger::CarbonMonoxide]
        );
    }
}
