//! What else an inspector compares on site: supply voltage and frequency, the clock of a meter, the error
//! codes on its display. All tables are data (`data/site_limits.json`, `data/display_codes.json`).

use crate::codes::LocalName;
use crate::number::{Entered, QuantityError};
use crate::time::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// A range within which a measured value is in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteLimit {
    /// Stable code.
    pub code: String,
    /// What people read.
    pub name: LocalName,
    /// Nominal value.
    pub nominal: Decimal,
    /// Smallest allowed value, included.
    pub lower: Decimal,
    /// Largest allowed value, included.
    pub upper: Decimal,
    /// UCUM unit of all three.
    pub unit: String,
    /// Where it comes from.
    pub source: String,
    /// Whether that source was read.
    pub verified: bool,
}

/// A measured value against its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteVerdict {
    /// Below the range.
    TooLow,
    /// Within, ends included.
    InOrder,
    /// Above the range.
    TooHigh,
}

/// The clock of a meter beside a reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockDeviation {
    /// Meter minus reference in ms; positive: the meter is ahead.
    pub deviation_ms: i64,
    /// The limit both ways, in s.
    pub limit_s: i64,
    /// Whether the deviation is within the limit: adjust inside, report or replace outside.
    pub within_limit: bool,
    /// Where the limit comes from.
    pub source: String,
}

/// An error code that a smart meter shows on its display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisplayCode {
    /// As displayed, `Err-04`.
    pub code: String,
    /// Meaning in simplified Chinese.
    pub zh: String,
    /// Meaning in English.
    pub en: String,
    /// What to do, where the source says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<LocalName>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteLimits {
    voltage: Vec<SiteLimit>,
    frequency: Vec<SiteLimit>,
    clock: ClockLimit,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockLimit {
    limit_s: i64,
    source: String,
}

static SITE_LIMITS: LazyLock<SiteLimits> = LazyLock::new(|| {
    serde_json::from_str(include_str!("data/site_limits.json"))
        .expect("the embedded limits are tested to parse")
});

impl SiteLimit {
    /// Ranges of supply voltages.
    pub fn voltages() -> &'static [Self] {
        &SITE_LIMITS.voltage
    }

    /// Ranges of the grid frequency.
    pub fn frequencies() -> &'static [Self] {
        &SITE_LIMITS.frequency
    }

    /// The range with this code.
    pub fn find(code: &str) -> Option<&'static Self> {
        Self::voltages().iter().chain(Self::frequencies()).find(|limit| limit.code == code)
    }

    /// Compares a measured value; ends of the range are in order.
    ///
    /// # Errors
    /// [`QuantityError::Negative`] for a negative value; zero is a voltage too.
    pub fn judge(&self, measured: &Entered) -> Result<SiteVerdict, QuantityError> {
        let value = measured.not_negative("measured")?;
        Ok(match value {
            value if value < self.lower => SiteVerdict::TooLow,
            value if value > self.upper => SiteVerdict::TooHigh,
            _ => SiteVerdict::InOrder,
        })
    }
}

/// How far the clock of a meter is off, and whether that is within `limit_s` or, without one, within the
/// usual limit.
pub fn clock_deviation(meter: Timestamp, reference: Timestamp, limit_s: Option<i64>) -> ClockDeviation {
    let deviation_ms = meter.since_ms(reference);
    let usual = &SITE_LIMITS.clock;
    let source = if limit_s.is_some() { "configured".to_owned() } else { usual.source.clone() };
    let limit_s = limit_s.unwrap_or(usual.limit_s).max(0);
    let within_limit = deviation_ms.unsigned_abs() <= limit_s.unsigned_abs().saturating_mul(1000);
    ClockDeviation { deviation_ms, limit_s, within_limit, source }
}

impl DisplayCode {
    /// Where the table comes from.
    pub const SOURCE: &str = "published by one local utility, lsep96500.com";

    /// All codes we know.
    pub fn all() -> &'static [Self] {
        static CODES: LazyLock<Vec<DisplayCode>> = LazyLock::new(|| {
            serde_json::from_str(include_str!("data/display_codes.json"))
                .expect("the embedded display codes are tested to parse")
        });
        &CODES
    }

    /// The code a person means by `Err-04`, `err04`, `ERR 4` or `4`; none when we do not know it.
    pub fn find(typed: &str) -> Option<&'static Self> {
        let plain = crate::search::fold(typed);
        let number = plain.trim_start_matches("err").trim_start_matches(['-', ' ', '_']);
        let number: u8 = number.parse().ok()?;
        Self::all().iter().find(|entry| entry.code == format!("Err-{number:02}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supply_voltage_is_in_order_up_to_both_ends() {
        let single = SiteLimit::find("CN_220_SINGLE_PHASE").unwrap();
        for (volts, verdict) in [
            ("197.9", SiteVerdict::TooLow),
            ("198.0", SiteVerdict::InOrder),
            ("235.4", SiteVerdict::InOrder),
            ("235.5", SiteVerdict::TooHigh),
            ("0", SiteVerdict::TooLow),
        ] {
            assert_eq!(single.judge(&volts.parse().unwrap()), Ok(verdict), "{volts}");
        }
        assert!(single.judge(&"-1".parse().unwrap()).is_err());
        let grid = SiteLimit::find("CN_GRID_FROM_3_GW").unwrap();
        assert_eq!(grid.judge(&"50.21".parse().unwrap()), Ok(SiteVerdict::TooHigh));
    }

    #[test]
    fn clocks_are_compared_both_ways() {
        let at = |s: i64| Timestamp::from_unix_ms(s * 1000);
        for (meter_s, limit_s, within) in [
            (300, None, true),
            (-300, None, true),
            (301, None, false),
            (-301, None, false),
            (61, Some(60), false),
        ] {
            let found = clock_deviation(at(1_000_000 + meter_s), at(1_000_000), limit_s);
            assert_eq!((found.deviation_ms, found.within_limit), (meter_s * 1000, within), "{meter_s}");
        }
        assert!(!clock_deviation(Timestamp::from_unix_ms(i64::MAX), at(-1), None).within_limit);
    }

    #[test]
    fn display_codes_are_found_as_displayed_or_typed() {
        assert_eq!(DisplayCode::all().len(), 16);
        for typed in ["Err-04", "err-04", "ERR04", "Ｅｒｒ－０４", "4"] {
            assert_eq!(
                DisplayCode::find(typed).map(|found| found.en.as_str()),
                Some("Clock battery low"),
                "{typed}"
            );
        }
        for typed in ["", "Err-", "Err-07", "Err-99", "E04"] {
            assert_eq!(DisplayCode::find(typed), None, "{typed}");
        }
    }
}
