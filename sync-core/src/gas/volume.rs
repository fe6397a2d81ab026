//! Gas volumes: flow of a timed draw, correction to base conditions, service life of meters.

use super::rules;
use crate::date::CivilDate;
use crate::number::{Entered, QuantityError, product, quotient, shown};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Kelvin at 0 °C.
const ZERO_CELSIUS_K: Decimal = Decimal::from_parts(27_315, 0, 0, false, 2);

/// Kinds of gas that rules tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GasKind {
    /// Natural gas.
    Natural,
    /// Liquefied petroleum gas.
    Lpg,
    /// A mixture of LPG and air.
    LpgAir,
    /// Manufactured (town) gas.
    Manufactured,
}

/// Flow in m³/h of a timed draw: Q = V·3600/t.
///
/// # Errors
/// [`QuantityError`] when volume or time are not above zero.
pub fn timed_flow(volume_m3: &Entered, seconds: &Entered) -> Result<Decimal, QuantityError> {
    let volume = product("volume_m3", &[volume_m3.positive("volume_m3")?, Decimal::from(3600u16)])?;
    quotient("seconds", volume, seconds.positive("seconds")?)
}

/// A base condition to which volumes are corrected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeBase {
    /// Stable code: `CN`, `UK`, `DE`.
    pub code: String,
    /// Base temperature in °C.
    pub temperature_c: Decimal,
    /// Base pressure in kPa, absolute.
    pub pressure_kpa: Decimal,
    /// Where it comes from.
    pub source: String,
    /// Whether that source was read.
    pub verified: bool,
}

impl VolumeBase {
    /// The base with this code.
    pub fn find(code: &str) -> Option<&'static Self> {
        rules().volume_bases.iter().find(|base| base.code == code)
    }
}

/// A metered volume with its conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeCorrection {
    /// Metered volume in m³.
    pub volume_m3: Entered,
    /// Gauge pressure at the meter in kPa; 20 mbar are 2 kPa.
    pub gauge_kpa: Entered,
    /// Gas temperature in °C.
    pub temperature_c: Entered,
    /// Air pressure in kPa.
    pub atmospheric_kpa: Entered,
    /// Compressibility at base over that at the meter (Z_b/Z_m), 1 when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compressibility_ratio: Option<Entered>,
}

/// A volume at base conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectedVolume {
    /// Volume at base conditions in m³, four decimals.
    pub base_m3: Decimal,
    /// Correction factor, six decimals.
    pub factor: Decimal,
    /// Code of the base.
    pub base: String,
    /// Where the base comes from.
    pub source: String,
}

impl VolumeCorrection {
    /// V_b = V_m · (p_m/p_b) · (T_b/T_m) · (Z_b/Z_m) with absolute pressures and temperatures.
    ///
    /// # Errors
    /// [`QuantityError`] when a volume is negative, or a pressure or temperature not above absolute zero.
    pub fn at(&self, base: &VolumeBase) -> Result<CorrectedVolume, QuantityError> {
        let volume = self.volume_m3.not_negative("volume_m3")?;
        let absolute = |field, value: Decimal, zero: Decimal| match value.checked_add(zero) {
            Some(sum) if sum > Decimal::ZERO => Ok(sum),
            _ => Err(QuantityError::OutOfRange { field }),
        };
        let air = self.atmospheric_kpa.positive("atmospheric_kpa")?;
        let pressure = absolute("gauge_kpa", self.gauge_kpa.value(), air)?;
        let temperature = absolute("temperature_c", self.temperature_c.value(), ZERO_CELSIUS_K)?;
        let base_temperature = absolute("temperature_c", base.temperature_c, ZERO_CELSIUS_K)?;
        let ratio = match &self.compressibility_ratio {
            Some(ratio) => ratio.positive("compressibility_ratio")?,
            None => Decimal::ONE,
        };
        let above = product("gauge_kpa", &[pressure, base_temperature, ratio])?;
        let below = product("gauge_kpa", &[base.pressure_kpa, temperature])?;
        let factor = quotient("gauge_kpa", above, below)?;
        Ok(CorrectedVolume {
            base_m3: shown(product("volume_m3", &[volume, factor])?, 4),
            factor: shown(factor, 6),
            base: base.code.clone(),
            source: base.source.clone(),
        })
    }
}

/// How long a meter may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeterLife {
    /// Kind of gas.
    pub gas: GasKind,
    /// Years from manufacture.
    pub years: u16,
    /// Where it comes from.
    pub source: String,
    /// Whether that source was read.
    pub verified: bool,
}

impl MeterLife {
    /// The service life of meters for this gas; none when no rule is known.
    pub fn of(gas: GasKind) -> Option<&'static Self> {
        rules().meter_life.iter().find(|life| life.gas == gas)
    }

    /// Whether a meter made on `made_on` is over its life on `today` (超期表).
    pub fn is_over(&self, made_on: CivilDate, today: CivilDate) -> bool {
        made_on.plus_years(self.years) < today
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::d;

    #[test]
    fn the_volume_table_holds() {
        for (volume, gauge, temperature, air, base, expected) in [
            ("100", "2.0", "5", "101.325", "CN", "107.4731"),
            ("100", "2.0", "20", "101.325", "CN", "101.9738"),
            ("100", "5.0", "30", "95.0", "CN", "95.4368"),
            ("1000", "10.0", "-10", "101.325", "CN", "1223.9470"),
            ("100", "2.1", "5", "101.325", "UK", "105.7422"),
        ] {
            let metered = VolumeCorrection {
                volume_m3: volume.parse().unwrap(),
                gauge_kpa: gauge.parse().unwrap(),
                temperature_c: temperature.parse().unwrap(),
                atmospheric_kpa: air.parse().unwrap(),
                compressibility_ratio: None,
            };
            let found = metered.at(VolumeBase::find(base).unwrap()).unwrap();
            assert_eq!(found.base_m3, d(expected), "{volume} {gauge} {temperature}");
        }
    }

    #[test]
    fn conditions_below_absolute_zero_are_refused() {
        let metered = |gauge: &str, temperature: &str, air: &str| VolumeCorrection {
            volume_m3: "100".parse().unwrap(),
            gauge_kpa: gauge.parse().unwrap(),
            temperature_c: temperature.parse().unwrap(),
            atmospheric_kpa: air.parse().unwrap(),
            compressibility_ratio: None,
        };
        let base = VolumeBase::find("CN").unwrap();
        assert!(metered("2", "-273.15", "101.325").at(base).is_err());
        assert!(metered("-102", "5", "101.325").at(base).is_err());
        assert!(metered("2", "5", "0").at(base).is_err());
        assert!(metered("-1", "5", "101.325").at(base).is_ok());
    }

    #[test]
    fn a_timed_draw_gives_the_flow() {
        let e = |text: &str| text.parse::<Entered>().unwrap();
        assert_eq!(timed_flow(&e("0.1"), &e("180")), Ok(d("2.0")));
        assert!(timed_flow(&e("0.1"), &e("0")).is_err());
        assert!(timed_flow(&e("-0.1"), &e("180")).is_err());
    }

    #[test]
    fn a_meter_is_over_its_life_the_day_after_its_birthday() {
        let life = MeterLife::of(GasKind::Natural).unwrap();
        let made: CivilDate = "2016-11-20".parse().unwrap();
        assert!(!life.is_over(made, "2026-11-20".parse().unwrap()));
        assert!(life.is_over(made, "2026-11-21".parse().unwrap()));
        assert!(MeterLife::of(GasKind::Lpg).unwrap().is_over(made, "2022-11-21".parse().unwrap()));
        assert_eq!(MeterLife::of(GasKind::LpgAir), None);
    }
}
