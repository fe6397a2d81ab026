//! What is typed into a proposal, and what follows from it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use sync_core::metering::{
    BackBillingError, BackBillingInput, BackBillingProposal, WiringFault, propose, rules,
};
use sync_core::number::{Entered, QuantityError};
use utoipa::ToSchema;

/// Figures of a proposal, as typed: numbers with a point, no grouping.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct BackBillingForm {
    /// `error_beyond_tolerance`, `secondary_voltage_drop`, `other_cause`, `wiring_error`, `pt_fuse_blown` or
    /// `multiplier_mismatch`.
    pub(super) case: String,
    /// Energy that was registered meanwhile, kWh, with the booked multiplier.
    pub(super) registered_kwh: String,
    /// Error in per cent, positive when the meter ran fast.
    pub(super) error_percent: String,
    pub(super) drop_percent: String,
    pub(super) allowed_percent: String,
    /// Energy of the customer's normal month, for the same length of time.
    pub(super) normal_kwh: String,
    /// Code of a known wiring fault.
    pub(super) fault: String,
    /// cos φ, for faults of three wires.
    pub(super) power_factor: String,
    /// Correction factor K of any other wiring fault.
    pub(super) factor: String,
    pub(super) booked: String,
    pub(super) found: String,
    /// First day that counts, `YYYY-MM-DD`.
    pub(super) from_day: String,
    /// Last day.
    pub(super) until_day: String,
    /// The meter check that it rests on, if any.
    pub(super) check_id: String,
    #[schema(max_length = 2000)]
    pub(super) note: String,
}

/// What a case is computed from: names of fields, and whether they are needed.
pub(super) fn figures(case: &str) -> &'static [(&'static str, bool)] {
    match case {
        "error_beyond_tolerance" => &[("registered_kwh", true), ("error_percent", true)],
        "secondary_voltage_drop" => {
            &[("registered_kwh", true), ("drop_percent", true), ("allowed_percent", true)]
        }
        "other_cause" | "pt_fuse_blown" => &[("registered_kwh", true), ("normal_kwh", true)],
        "wiring_error" => &[
            ("registered_kwh", true),
            ("fault", false),
            ("power_factor", false),
            ("factor", false),
            ("error_percent", false),
        ],
        "multiplier_mismatch" => &[("registered_kwh", true), ("booked", true), ("found", true)],
        _ => &[],
    }
}

/// Why figures give no proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// Name of the field.
    pub(super) field: &'static str,
    /// What is expected of it.
    pub(super) expected: String,
}

impl Wrong {
    pub(super) fn new(field: &'static str, expected: impl Into<String>) -> Self {
        Self { field, expected: expected.into() }
    }
}

impl BackBillingForm {
    /// What was typed into a field.
    pub(super) fn figure(&self, name: &str) -> &str {
        match name {
            "registered_kwh" => &self.registered_kwh,
            "error_percent" => &self.error_percent,
            "drop_percent" => &self.drop_percent,
            "allowed_percent" => &self.allowed_percent,
            "normal_kwh" => &self.normal_kwh,
            "fault" => &self.fault,
            "power_factor" => &self.power_factor,
            "factor" => &self.factor,
            "booked" => &self.booked,
            "found" => &self.found,
            _ => "",
        }
    }

    /// The proposal that follows from the figures of its case.
    pub(super) fn proposal(&self) -> Result<BackBillingProposal, Wrong> {
        if !rules().iter().any(|rule| rule.case == self.case) {
            return Err(Wrong::new("case", "one of the cases"));
        }
        let mut input = Map::from_iter([("case".to_owned(), Value::from(self.case.as_str()))]);
        for (name, is_needed) in figures(&self.case) {
            let typed = self.figure(name).trim();
            if typed.is_empty() && !is_needed {
                continue;
            }
            if *name == "fault" {
                typed.parse::<WiringFault>().map_err(|_| Wrong::new("fault", "a known wiring fault"))?;
            } else {
                typed.parse::<Entered>().map_err(|error| Wrong::new(name, error.to_string()))?;
            }
            input.insert((*name).to_owned(), Value::from(typed));
        }
        let input: BackBillingInput = serde_json::from_value(Value::Object(input))
            .map_err(|error| Wrong::new("case", error.to_string()))?;
        propose(&input).map_err(|error| Wrong::new(field(&error), error.to_string()))
    }
}

fn field(error: &BackBillingError) -> &'static str {
    match error {
        BackBillingError::Quantity(
            QuantityError::NotPositive { field, .. }
            | QuantityError::Negative { field, .. }
            | QuantityError::NotWhole { field, .. }
            | QuantityError::OutOfRange { field, .. },
        ) => field,
        BackBillingError::NothingRegistered { .. } => "error_percent",
        BackBillingError::FactorUnclear => "fault",
        BackBillingError::PowerFactorMissing { .. } | BackBillingError::FactorUndefined { .. } => {
            "power_factor"
        }
        BackBillingError::WrongDirection { .. } => "registered_kwh",
    }
}

/// The figures that a proposal was made from, by the names of their fields.
pub(super) fn inputs(proposal: &BackBillingProposal) -> BTreeMap<String, String> {
    let Ok(Value::Object(input)) = serde_json::to_value(&proposal.input) else { return BTreeMap::new() };
    let typed = input.into_iter().filter(|(name, _)| name != "case");
    typed.filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()
}
