//! What a connection can carry at most: consumption above it is worth a second look. Warnings, never a block.

use crate::number::{Entered, QuantityError, product, quotient};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Consumption of a period and what bounds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlausibilityInput {
    /// Consumption in kWh, with multiplier.
    pub consumption_kwh: Entered,
    /// Length of the period in hours.
    pub hours: Entered,
    /// Phase voltage and largest current of the meter, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<Connection>,
    /// Largest demand of the period in kW, with multiplier, if the meter keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_demand_kw: Option<Entered>,
}

/// The electrical size of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Phase voltage in V, primary side.
    pub voltage_v: Entered,
    /// I_max of the meter in A, primary side.
    pub max_a: Entered,
    /// Number of phases, 1 or 3.
    pub phases: u8,
}

/// The consumption is above what a bound allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "warning", rename_all = "snake_case")]
pub enum PlausibilityWarning {
    /// More than the connection can carry all the time: U·I_max·phases·h/1000.
    AboveConnection {
        /// The ceiling in kWh.
        ceiling_kwh: Decimal,
    },
    /// More than the largest demand lasting all the time.
    AboveDemand {
        /// The ceiling in kWh.
        ceiling_kwh: Decimal,
    },
}

impl Connection {
    /// The most energy that can flow in `hours`, in kWh.
    ///
    /// # Errors
    /// [`QuantityError`] when a figure is not above zero.
    pub fn ceiling_kwh(&self, hours: Decimal) -> Result<Decimal, QuantityError> {
        let phases = match self.phases {
            1 | 3 => Decimal::from(self.phases),
            other => return Err(QuantityError::NotPositive { field: "phases", found: Decimal::from(other) }),
        };
        let watts = [self.voltage_v.positive("voltage_v")?, self.max_a.positive("max_a")?, phases, hours];
        quotient("hours", product("voltage_v", &watts)?, Decimal::ONE_THOUSAND)
    }
}

/// What speaks against a consumption; empty when nothing does.
///
/// # Errors
/// [`QuantityError`] when a figure is zero or negative that cannot be.
pub fn plausibility(input: &PlausibilityInput) -> Result<Vec<PlausibilityWarning>, QuantityError> {
    let consumption = input.consumption_kwh.not_negative("consumption_kwh")?;
    let hours = input.hours.positive("hours")?;
    let mut warnings = Vec::new();
    if let Some(connection) = &input.connection {
        let ceiling_kwh = connection.ceiling_kwh(hours)?;
        if consumption > ceiling_kwh {
            warnings.push(PlausibilityWarning::AboveConnection { ceiling_kwh });
        }
    }
    if let Some(demand) = &input.max_demand_kw {
        let ceiling_kwh = product("max_demand_kw", &[demand.not_negative("max_demand_kw")?, hours])?;
        if consumption > ceiling_kwh {
            warnings.push(PlausibilityWarning::AboveDemand { ceiling_kwh });
        }
    }
    Ok(warnings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::d;

    fn a_connection(phases: u8) -> Connection {
        Connection { voltage_v: "220".parse().unwrap(), max_a: "60".parse().unwrap(), phases }
    }

    #[test]
    fn pl_1_the_ceiling_of_a_connection() {
        assert_eq!(a_connection(1).ceiling_kwh(d("720")), Ok(d("9504")));
        assert_eq!(a_connection(3).ceiling_kwh(d("720")), Ok(d("28512")));
        assert!(a_connection(2).ceiling_kwh(d("720")).is_err());
    }

    #[test]
    fn too_much_consumption_is_a_warning() {
        let period = |kwh: &str, demand: Option<&str>| PlausibilityInput {
            consumption_kwh: kwh.parse().unwrap(),
            hours: "720".parse().unwrap(),
            connection: Some(a_connection(1)),
            max_demand_kw: demand.map(|kw| kw.parse().unwrap()),
        };
        assert_eq!(plausibility(&period("9504", None)), Ok(vec![]));
        let above = PlausibilityWarning::AboveConnection { ceiling_kwh: d("9504") };
        assert_eq!(plausibility(&period("9504.01", None)), Ok(vec![above]));
        let demand = PlausibilityWarning::AboveDemand { ceiling_kwh: d("1440") };
        assert_eq!(plausibility(&period("1500", Some("2.0"))), Ok(vec![demand]));
        assert!(plausibility(&period("-1", None)).is_err());
    }
}
