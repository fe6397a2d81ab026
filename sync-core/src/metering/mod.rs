//! Electricity meters: error, limits, readings and what follows for a bill. Decimal arithmetic throughout.
//!
//! Limits and intervals are data (`data/`), each with its source; code holds only formulas. Nothing in here
//! blocks a technician from recording: implausible figures give warnings, impossible ones typed errors.

pub mod back_billing;
pub mod rounding;

mod check;
mod class;
mod load;
mod plausibility;
mod profile;
mod register;
mod seal;
mod site;
mod transformer;

pub use back_billing::{
    BackBillingCase, BackBillingError, BackBillingInput, BackBillingProposal, BackBillingRule, Direction,
    WiringFault, propose, rules,
};
pub use check::{
    MeterCheckError, MeterCheckInput, MeterCheckResult, Method, RUNS_MAX, Reason, ReferenceInstrument,
    Timing, Verdict, Worked, evaluate, evaluate_runs,
};
pub use class::{AccuracyClass, ClassError};
pub use load::{Load, LoadCharacter, nameplate_currents};
pub use plausibility::{Connection, PlausibilityInput, PlausibilityWarning, plausibility};
pub use profile::{
    Consequence, Energy, Limit, LimitProfile, LimitRow, Limits, LoadMinimum, Rounding, TablePowerFactor,
};
pub use register::{
    Consumption, ConsumptionError, ConsumptionInput, ReadingKind, RegisterFormat, RegisterSumWarning,
    UnknownReadingKind, consumption, register_sum,
};
pub use seal::{SealError, SealPosition, SealRecord, SealState, UnknownSealPosition, UnknownSealState};
pub use site::{ClockDeviation, DisplayCode, SiteLimit, SiteVerdict, clock_deviation};
pub use transformer::{MultiplierMismatch, Ratio, RatioError, Transformers, multiplier_mismatch};
