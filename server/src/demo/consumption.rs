//! Register readings that fit one another: measured consumption, added up since a meter was made.

use super::SeedError;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;

/// Consumption of a household day by day, for one year.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Consumption {
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "unit")]
    _unit: String,
    power: Vec<u32>,
    gas: Vec<u32>,
}

/// Which measurement a meter follows.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Series {
    /// Electricity.
    Power,
    /// Gas.
    Gas,
}

/// How a meter is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Use {
    series: Series,
    /// Multiple of the measured household.
    scale: Decimal,
    /// Day of the reading on record, from today.
    pub(super) last_read_day: i32,
}

/// How a register shows what it counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Register {
    /// Digits before the point.
    pub(super) digits: u8,
    /// Digits behind it.
    pub(super) decimals: u8,
}

impl Use {
    /// The same, a little more or less for each meter: no two households are alike.
    pub(super) fn of_meter(&self, number: &str) -> Self {
        let sum: u32 = number.bytes().zip(1..).map(|(byte, place)| u32::from(byte) * place).sum();
        let share = Decimal::ONE + Decimal::new(i64::from(sum % 101) - 50, 3);
        Self { scale: self.scale * share, ..self.clone() }
    }
}

impl Consumption {
    /// What the register shows on a day, leading zeros included, rolled over where it is full.
    pub(super) fn shown(
        &self,
        usage: &Use,
        register: Register,
        made_on: &str,
        day: Date,
        extra: Decimal,
    ) -> Result<String, SeedError> {
        let unusable = || SeedError::Story { what: format!("a meter made on {made_on:?} has no reading") };
        let made_on: Date = made_on.parse().map_err(|_| unusable())?;
        let counted = Decimal::from(self.counted(usage.series, made_on, day)) / Decimal::from(1000);
        let full = Decimal::from(10_u64.checked_pow(u32::from(register.digits)).ok_or_else(unusable)?);
        let value = (counted * usage.scale + extra) % full;
        let width = usize::from(register.digits) + 1 + usize::from(register.decimals);
        let decimals = usize::from(register.decimals);
        Ok(format!("{:0>width$.decimals$}", value.trunc_with_scale(u32::from(register.decimals))))
    }

    /// Thousandths counted from the one day to the other.
    fn counted(&self, series: Series, from: Date, until: Date) -> u64 {
        let days = match series {
            Series::Power => &self.power,
            Series::Gas => &self.gas,
        };
        let whole: u64 = days.iter().copied().map(u64::from).sum();
        let years = u64::try_from(until.year() - from.year()).unwrap_or(0);
        let until_in_year: u64 = since_new_year(days, until);
        (years * whole + until_in_year).saturating_sub(since_new_year(days, from))
    }
}

fn since_new_year(days: &[u32], day: Date) -> u64 {
    let count = usize::try_from(day.day_of_year()).unwrap_or(1).min(days.len());
    days[..count].iter().copied().map(u64::from).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::story::Story;

    #[test]
    fn a_register_never_runs_backwards_and_rolls_over() {
        let story = Story::embedded();
        let usage = Use { series: Series::Gas, scale: Decimal::ONE, last_read_day: -20 };
        let register = Register { digits: 5, decimals: 3 };
        let shown = |day: &str, extra: i64| {
            let day = day.parse().unwrap();
            story.consumption.shown(&usage, register, "2025-11-30", day, Decimal::from(extra)).unwrap()
        };
        assert_eq!(shown("2025-11-30", 0), "00000.000");
        let mut last = shown("2025-12-01", 0);
        for day in ["2025-12-31", "2026-01-01", "2026-02-28", "2026-11-21"] {
            let next = shown(day, 0);
            assert!(next > last, "{day}: {next} after {last}");
            assert_eq!(next.len(), 9);
            last = next;
        }
        assert!(shown("2026-02-28", 99_999) < shown("2026-02-28", 0), "rolled over");
    }
}
