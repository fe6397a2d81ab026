//! Energy to be charged or given back after a meter counted wrongly (电量退补).
//!
//! The outcome is a proposal with its inputs for a person to decide on. It is never posted to billing, and
//! while the matter is open the customer pays the bill as read. Rules: 供电营业规则 (1996) Art. 80 and 81; the
//! 2024 edition keeps the topic, its article numbers were not readable.

use crate::codes::{LocalName, coded_enum};
use crate::number::{Entered, QuantityError, difference, product, quotient, shown};
use rust_decimal::{Decimal, MathematicalOps};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

coded_enum! {
    /// Wrong connections whose correction factor is known, for balanced load and lagging current.
    WiringFault, UnknownWiringFault {
        /// Three-phase four-wire, current of one phase reversed: K = 3.
        FourWireOneReversed => "3p4w_one_current_reversed", "三相四线一相电流反接", "3P4W, one current reversed";
        /// Three-phase four-wire, voltage or current of one phase lost: K = 1.5.
        FourWireOneLost => "3p4w_one_lost", "三相四线一相失压或失流", "3P4W, one voltage or current lost";
        /// Three-phase four-wire, two phases lost: K = 3.
        FourWireTwoLost => "3p4w_two_lost", "三相四线两相失压或失流", "3P4W, two lost";
        /// Three-phase four-wire, two currents reversed: K = −3, the meter runs backwards.
        FourWireTwoReversed => "3p4w_two_currents_reversed", "三相四线两相电流反接", "3P4W, two currents reversed";
        /// Three-phase four-wire, one CT has twice the booked ratio: K = 1.2.
        FourWireOneDoubleRatio => "3p4w_one_ct_double_ratio", "三相四线一相互感器变比为档案两倍", "3P4W, one CT of twice the booked ratio";
        /// Three-phase three-wire, current A reversed: K = √3/tan φ.
        ThreeWireAReversed => "3p3w_a_reversed", "三相三线 A 相电流反接", "3P3W, current A reversed";
        /// Three-phase three-wire, current C reversed: K = −√3/tan φ, the meter runs backwards.
        ThreeWireCReversed => "3p3w_c_reversed", "三相三线 C 相电流反接", "3P3W, current C reversed";
        /// Three-phase three-wire, element A lost: K = √3·cos φ / cos(30° − φ).
        ThreeWireALost => "3p3w_a_lost", "三相三线 A 相元件失效", "3P3W, element A lost";
        /// Three-phase three-wire, element C lost: K = √3·cos φ / cos(30° + φ).
        ThreeWireCLost => "3p3w_c_lost", "三相三线 C 相元件失效", "3P3W, element C lost";
    }
}

/// What went wrong, with the figures of its rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "case", rename_all = "snake_case")]
pub enum BackBillingCase {
    /// The meter or a transformer was outside its tolerance (误差超差); zero error is the baseline.
    ErrorBeyondTolerance {
        /// Verified error in per cent, positive when it ran fast.
        error_percent: Entered,
    },
    /// Voltage drop of the secondary leads beyond the allowed one (二次压降); only ever charged.
    SecondaryVoltageDrop {
        /// Measured drop in per cent.
        drop_percent: Entered,
        /// Allowed drop in per cent.
        allowed_percent: Entered,
    },
    /// Any other cause that is nobody's act; the customer's normal month is the baseline.
    OtherCause {
        /// Energy of the customer's normal month, for the same length of time.
        normal_kwh: Entered,
    },
    /// A wiring error (接线错误) with a known or a computed correction factor.
    WiringError {
        /// The fault, if it is one of the known ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<WiringFault>,
        /// cos φ of the load, lagging; needed for three-wire faults.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        power_factor: Option<Entered>,
        /// The correction factor K = P_correct / P_wrong, for any other fault.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        factor: Option<Entered>,
        /// Error of the meter itself in per cent, if it was found too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error_percent: Option<Entered>,
    },
    /// The fuse of a voltage transformer was blown; normal month less fault month.
    PtFuseBlown {
        /// Energy of the customer's normal month, for the same length of time.
        normal_kwh: Entered,
    },
    /// Billed with another multiplier than the one on site (倍率不符).
    MultiplierMismatch {
        /// Multiplier in the customer's record.
        booked: Entered,
        /// Multiplier found on site.
        found: Entered,
    },
}

/// A case and the energy that was registered while it lasted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackBillingInput {
    /// Registered energy W′ in kWh with the booked multiplier; negative when the meter ran backwards.
    pub registered_kwh: Entered,
    /// What went wrong.
    #[serde(flatten)]
    pub case: BackBillingCase,
}

/// Whom the difference is owed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The customer owes it (补).
    Charge,
    /// It is given back (退).
    Refund,
    /// Nothing is owed.
    Nothing,
}

/// A proposal for a person to decide on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackBillingProposal {
    /// The figures it was made from.
    pub input: BackBillingInput,
    /// Correction factor K, where the case has one.
    pub factor: Option<Decimal>,
    /// Energy that was really used, in kWh, two decimals.
    pub true_kwh: Decimal,
    /// True less registered energy over the whole time, in kWh, two decimals. Positive: the customer owes.
    pub difference_kwh: Decimal,
    /// Share of the difference that counts: one half where the rule counts half of the time.
    pub counted: Decimal,
    /// Proposed energy in kWh, two decimals. Positive: the customer owes.
    pub proposed_kwh: Decimal,
    /// Whom it is owed to.
    pub direction: Direction,
    /// Name of the case.
    pub name: LocalName,
    /// The time that counts.
    pub period: LocalName,
    /// Where the rule comes from.
    pub source: String,
}

/// Figures that give no proposal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackBillingError {
    /// A figure is zero, negative or out of range.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// A meter that is 100 % slow registers nothing to compute from.
    #[error("an error of {error_percent} % leaves nothing to compute from; use the customer's normal month")]
    NothingRegistered {
        /// The error.
        error_percent: Decimal,
    },
    /// A wiring error with neither a known fault nor a factor, or with both.
    #[error("give either the known fault or the correction factor")]
    FactorUnclear,
    /// A three-wire fault without cos φ.
    #[error("the fault {fault} needs the power factor of the load")]
    PowerFactorMissing {
        /// The fault.
        fault: WiringFault,
    },
    /// At this power factor the wrongly wired meter stands still.
    #[error("with {fault} at this power factor the meter stands still; use the customer's normal month")]
    FactorUndefined {
        /// The fault.
        fault: WiringFault,
    },
    /// The sign of the registered energy contradicts the fault.
    #[error(
        "with a correction factor of {factor} the register must have moved the other way than {registered}"
    )]
    WrongDirection {
        /// Correction factor.
        factor: Decimal,
        /// Registered energy.
        registered: Decimal,
    },
}

/// Decimals of energies in a proposal.
const KWH_DECIMALS: u32 = 2;

/// The rule of a case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackBillingRule {
    /// Its code, as the tag of [`BackBillingCase`] has it.
    pub case: String,
    /// Its name.
    pub name: LocalName,
    /// Share of the difference that counts.
    pub counted: Decimal,
    /// Whether nothing is ever given back.
    pub charge_only: bool,
    /// The time that counts.
    pub period: LocalName,
    /// Where it comes from.
    pub source: String,
}

/// The rules of all cases.
pub fn rules() -> &'static [BackBillingRule] {
    &RULES
}

static RULES: LazyLock<Vec<BackBillingRule>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("data/back_billing.json"))
        .expect("the embedded rules are tested to parse")
});

/// Makes a proposal. Nothing is posted anywhere.
///
/// # Errors
/// [`BackBillingError`] says which figure is missing or makes no sense.
pub fn propose(input: &BackBillingInput) -> Result<BackBillingProposal, BackBillingError> {
    let registered = input.registered_kwh.value();
    let (true_kwh, factor) = true_energy(registered, &input.case)?;
    let rule = input.case.rule();
    let mut full = difference("registered_kwh", true_kwh, registered)?;
    if rule.charge_only && full.is_sign_negative() {
        full = Decimal::ZERO;
    }
    let proposed_kwh = shown(product("registered_kwh", &[full, rule.counted])?, KWH_DECIMALS);
    Ok(BackBillingProposal {
        input: input.clone(),
        factor: factor.map(|factor| shown(factor, 6)),
        true_kwh: shown(true_kwh, KWH_DECIMALS),
        difference_kwh: shown(full, KWH_DECIMALS),
        counted: rule.counted,
        proposed_kwh,
        direction: match proposed_kwh {
            kwh if kwh.is_zero() => Direction::Nothing,
            kwh if kwh.is_sign_negative() => Direction::Refund,
            _ => Direction::Charge,
        },
        name: rule.name.clone(),
        period: rule.period.clone(),
        source: rule.source.clone(),
    })
}

impl BackBillingCase {
    fn rule(&self) -> &'static BackBillingRule {
        RULES.iter().find(|rule| rule.case == self.code()).expect("a test finds the rule of every case")
    }

    /// Its code, as the tag has it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ErrorBeyondTolerance { .. } => "error_beyond_tolerance",
            Self::SecondaryVoltageDrop { .. } => "secondary_voltage_drop",
            Self::OtherCause { .. } => "other_cause",
            Self::WiringError { .. } => "wiring_error",
            Self::PtFuseBlown { .. } => "pt_fuse_blown",
            Self::MultiplierMismatch { .. } => "multiplier_mismatch",
        }
    }
}

/// The energy really used, and the correction factor where there is one: W_true = W′·K / (1 + γ/100).
fn true_energy(
    registered: Decimal,
    case: &BackBillingCase,
) -> Result<(Decimal, Option<Decimal>), BackBillingError> {
    match case {
        BackBillingCase::ErrorBeyondTolerance { error_percent } => {
            Ok((without_error(registered, Decimal::ONE, error_percent.value())?, None))
        }
        BackBillingCase::SecondaryVoltageDrop { drop_percent, allowed_percent } => {
            let drop = drop_percent.not_negative("drop_percent")?;
            let allowed = allowed_percent.not_negative("allowed_percent")?;
            Ok((without_error(registered, Decimal::ONE, difference("drop_percent", allowed, drop)?)?, None))
        }
        BackBillingCase::OtherCause { normal_kwh } | BackBillingCase::PtFuseBlown { normal_kwh } => {
            Ok((normal_kwh.positive("normal_kwh")?, None))
        }
        BackBillingCase::WiringError { fault, power_factor, factor, error_percent } => {
            let factor = match (fault, factor) {
                (Some(fault), None) => fault.correction_factor(power_factor.as_ref())?,
                (None, Some(factor)) => factor.value(),
                _ => return Err(BackBillingError::FactorUnclear),
            };
            let error = error_percent.as_ref().map_or(Decimal::ZERO, Entered::value);
            Ok((without_error(registered, factor, error)?, Some(factor)))
        }
        BackBillingCase::MultiplierMismatch { booked, found } => {
            let factor = quotient("booked", found.positive("found")?, booked.positive("booked")?)?;
            Ok((without_error(registered, factor, Decimal::ZERO)?, Some(factor)))
        }
    }
}

fn without_error(
    registered: Decimal,
    factor: Decimal,
    error_percent: Decimal,
) -> Result<Decimal, BackBillingError> {
    let counted = Decimal::ONE_HUNDRED.checked_add(error_percent).unwrap_or(Decimal::MAX);
    if counted <= Decimal::ZERO {
        return Err(BackBillingError::NothingRegistered { error_percent });
    }
    let corrected = product("registered_kwh", &[registered, factor, Decimal::ONE_HUNDRED])?;
    if corrected <= Decimal::ZERO {
        return Err(BackBillingError::WrongDirection { factor, registered });
    }
    Ok(quotient("error_percent", corrected, counted)?)
}

impl WiringFault {
    /// The correction factor K = P_correct / P_wrong at a lagging load with this cos φ.
    ///
    /// # Errors
    /// [`BackBillingError`] when cos φ is needed and missing, outside 0 to 1, or such that the meter stands
    /// still.
    pub fn correction_factor(self, power_factor: Option<&Entered>) -> Result<Decimal, BackBillingError> {
        let fixed = |tenths: i64| Ok(Decimal::new(tenths, 1));
        match self {
            Self::FourWireOneReversed | Self::FourWireTwoLost => fixed(30),
            Self::FourWireOneLost => fixed(15),
            Self::FourWireTwoReversed => fixed(-30),
            Self::FourWireOneDoubleRatio => fixed(12),
            Self::ThreeWireAReversed
            | Self::ThreeWireCReversed
            | Self::ThreeWireALost
            | Self::ThreeWireCLost => {
                let power_factor =
                    power_factor.ok_or(BackBillingError::PowerFactorMissing { fault: self })?;
                self.three_wire_factor(power_factor.positive("power_factor")?)
            }
        }
    }

    /// With c = cos φ and s = sin φ: the correct meter measures √3·c (in units of UI); cos(30° ∓ φ) is
    /// (√3·c ± s)/2.
    fn three_wire_factor(self, cos: Decimal) -> Result<Decimal, BackBillingError> {
        /// Below this the wrongly wired meter stands still as far as anyone can measure.
        const STANDS_STILL: Decimal = Decimal::from_parts(1, 0, 0, false, 6);
        if cos > Decimal::ONE {
            return Err(QuantityError::OutOfRange { field: "power_factor" }.into());
        }
        let root = |value: Decimal| value.sqrt().ok_or(QuantityError::OutOfRange { field: "power_factor" });
        let correct = root(Decimal::from(3u8))? * cos;
        let sin = root(Decimal::ONE - cos * cos)?;
        let measured = match self {
            Self::ThreeWireAReversed => sin,
            Self::ThreeWireCReversed => -sin,
            Self::ThreeWireCLost => (correct - sin) / Decimal::TWO,
            _ => (correct + sin) / Decimal::TWO,
        };
        if measured.abs() < STANDS_STILL {
            return Err(BackBillingError::FactorUndefined { fault: self });
        }
        Ok(quotient("power_factor", correct, measured)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::d;
    use proptest::prelude::*;

    fn e(text: &str) -> Entered {
        text.parse().unwrap()
    }

    fn wiring(fault: WiringFault, error_percent: Option<&str>) -> BackBillingCase {
        let error_percent = error_percent.map(e);
        BackBillingCase::WiringError { fault: Some(fault), power_factor: None, factor: None, error_percent }
    }

    fn proposal(registered: &str, case: BackBillingCase) -> Result<BackBillingProposal, BackBillingError> {
        propose(&BackBillingInput { registered_kwh: e(registered), case })
    }

    #[test]
    fn back_billing_examples_hold() {
        let error = |percent| BackBillingCase::ErrorBeyondTolerance { error_percent: e(percent) };
        for (name, registered, case, true_kwh, full, proposed) in [
            ("BB-1", "3600", error("4.0"), "3461.54", "-138.46", "-69.23"),
            ("BB-2", "1900", error("-5.0"), "2000.00", "100.00", "50.00"),
            ("BB-3", "10000", wiring(WiringFault::FourWireOneReversed, None), "30000", "20000", "20000"),
            ("BB-4", "10000", wiring(WiringFault::FourWireOneLost, None), "15000", "5000", "5000"),
            ("BB-5", "5000", wiring(WiringFault::FourWireOneDoubleRatio, None), "6000", "1000", "1000"),
            ("BB-6", "8000", wiring(WiringFault::FourWireOneLost, Some("-4")), "12500", "4500", "4500"),
            ("backwards", "-1000", wiring(WiringFault::FourWireTwoReversed, None), "3000", "4000", "4000"),
        ] {
            let found = proposal(registered, case).unwrap();
            assert_eq!(found.true_kwh, d(true_kwh), "{name}");
            assert_eq!(found.difference_kwh, d(full), "{name}");
            assert_eq!(found.proposed_kwh, d(proposed), "{name}");
            let direction = if name == "BB-1" { Direction::Refund } else { Direction::Charge };
            assert_eq!(found.direction, direction, "{name}");
        }
    }

    #[test]
    fn bb_7_three_wire_factors_at_cos_phi_0_9() {
        for (fault, factor) in [
            (WiringFault::ThreeWireAReversed, "3.576237"),
            (WiringFault::ThreeWireCReversed, "-3.576237"),
            (WiringFault::ThreeWireALost, "1.562960"),
            (WiringFault::ThreeWireCLost, "2.776326"),
        ] {
            let found = fault.correction_factor(Some(&e("0.9"))).unwrap();
            assert_eq!(found.round_dp(6), d(factor), "{fault}");
        }
    }

    #[test]
    fn a_factor_that_cannot_be_is_refused() {
        let fault = WiringFault::ThreeWireAReversed;
        assert_eq!(fault.correction_factor(None), Err(BackBillingError::PowerFactorMissing { fault }));
        assert_eq!(fault.correction_factor(Some(&e("1"))), Err(BackBillingError::FactorUndefined { fault }));
        let fault = WiringFault::ThreeWireCLost;
        assert_eq!(
            fault.correction_factor(Some(&e("0.5"))),
            Err(BackBillingError::FactorUndefined { fault })
        );
        assert!(fault.correction_factor(Some(&e("1.1"))).is_err());
        assert!(fault.correction_factor(Some(&e("0"))).is_err());
    }

    #[test]
    fn other_cases_follow_their_baseline() {
        let fuse = BackBillingCase::PtFuseBlown { normal_kwh: e("9000") };
        assert_eq!(proposal("6200", fuse).unwrap().proposed_kwh, d("2800"));
        let other = BackBillingCase::OtherCause { normal_kwh: e("300") };
        assert_eq!(proposal("340", other).unwrap().proposed_kwh, d("-40"));
        let multiplier = BackBillingCase::MultiplierMismatch { booked: e("30"), found: e("40") };
        assert_eq!(proposal("3000", multiplier).unwrap().proposed_kwh, d("1000"));
        let drop = |percent| BackBillingCase::SecondaryVoltageDrop {
            drop_percent: e(percent),
            allowed_percent: e("0.25"),
        };
        assert_eq!(proposal("9975", drop("0.5")).unwrap().proposed_kwh, d("25"));
        let small = proposal("10000", drop("0.1")).unwrap();
        assert_eq!(
            (small.proposed_kwh, small.direction),
            (Decimal::ZERO, Direction::Nothing),
            "only ever charged"
        );
    }

    #[test]
    fn figures_that_contradict_the_case_are_refused() {
        let error = |percent| BackBillingCase::ErrorBeyondTolerance { error_percent: e(percent) };
        assert!(matches!(proposal("100", error("-100")), Err(BackBillingError::NothingRegistered { .. })));
        assert!(matches!(proposal("0", error("4")), Err(BackBillingError::WrongDirection { .. })));
        let reversed = wiring(WiringFault::FourWireTwoReversed, None);
        assert!(matches!(proposal("1000", reversed), Err(BackBillingError::WrongDirection { .. })));
        let unclear = BackBillingCase::WiringError {
            fault: None,
            power_factor: None,
            factor: None,
            error_percent: None,
        };
        assert_eq!(proposal("1000", unclear), Err(BackBillingError::FactorUnclear));
        let multiplier = BackBillingCase::MultiplierMismatch { booked: e("0"), found: e("40") };
        assert!(matches!(proposal("1000", multiplier), Err(BackBillingError::Quantity(_))));
    }

    #[test]
    fn a_proposal_carries_its_inputs() {
        let json = r#"{"registered_kwh":"3600","case":"error_beyond_tolerance","error_percent":"+4.0"}"#;
        let input: BackBillingInput = serde_json::from_str(json).unwrap();
        let found = propose(&input).unwrap();
        assert_eq!(found.input, input);
        assert_eq!(found.counted, d("0.5"));
        let again =
            serde_json::from_str::<BackBillingProposal>(&serde_json::to_string(&found).unwrap()).unwrap();
        assert_eq!(again, found);
    }

    proptest! {
        #[test]
        fn no_power_factor_panics(thousandths in 0i64..1_200, fault in 0usize..9) {
            let cos = Entered::from_value(Decimal::new(thousandths, 3));
            let _ = WiringFault::ALL[fault].correction_factor(Some(&cos));
        }
    }
}
