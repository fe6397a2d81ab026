//! Error of a diaphragm gas meter (膜式燃气表) at one or more flows. Limits are data (`data/meter_limits.json`).

use super::check::{GasFigures, GasReason, GasTestError, GasVerdict};
use super::volume::timed_flow;
use crate::codes::LocalName;
use crate::date::CivilDate;
use crate::number::{Entered, QuantityError, percent_off, product, shown};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A test of a gas meter against a reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GasMeterTest {
    /// Code of the limit profile, such as `CN_GAS_IN_SERVICE`.
    pub profile: String,
    /// Accuracy class of the nameplate, `1.0` or `1.5`.
    pub class: Entered,
    /// Smallest flow of the nameplate in m³/h.
    pub q_min_m3h: Entered,
    /// Largest flow of the nameplate in m³/h.
    pub q_max_m3h: Entered,
    /// Transitional flow in m³/h; the usual share of the largest when the nameplate does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q_t_m3h: Option<Entered>,
    /// Every point that was measured.
    pub points: Vec<GasMeterPoint>,
}

/// One measured point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GasMeterPoint {
    /// Volume the meter counted in m³.
    pub meter_m3: Entered,
    /// Volume of the reference in m³.
    pub reference_m3: Entered,
    /// Time of the draw in s.
    pub seconds: Entered,
}

/// The error at one point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GasPointResult {
    /// Flow in m³/h, four decimals.
    pub flow_m3h: Decimal,
    /// Error in per cent, four decimals. Positive: the meter runs fast.
    pub error_percent: Decimal,
    /// Limit ±per cent at this flow; none outside Q_min to Q_max.
    pub limit_percent: Option<Decimal>,
    /// Whether the error is within the limit.
    pub within_limit: Option<bool>,
}

/// Limits of gas meters with their origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GasLimitProfile {
    /// Stable code.
    pub code: String,
    /// What people read.
    pub name: LocalName,
    /// Where the limits come from.
    pub source: String,
    /// Whether that source was read.
    pub verified: bool,
    /// First day on which it applies.
    pub effective_from: CivilDate,
    /// Last day on which it applies; none while in force.
    pub effective_to: Option<CivilDate>,
    /// Transitional flow as a share of the largest, where the nameplate does not say it.
    pub transitional_of_max: Decimal,
    /// Where that share comes from.
    pub transitional_source: String,
    /// Limits per class; `*` for all classes.
    pub by_class: BTreeMap<String, GasClassLimits>,
}

/// Limits of one class in ±per cent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GasClassLimits {
    /// From Q_min up to Q_t.
    pub below_transitional: Decimal,
    /// From Q_t to Q_max.
    pub from_transitional: Decimal,
    /// From Q_t to Q_max when all errors there have one sign.
    pub one_sign: Option<Decimal>,
}

impl GasLimitProfile {
    /// Every version of every profile we ship.
    pub fn embedded() -> &'static [Self] {
        static PROFILES: LazyLock<Vec<GasLimitProfile>> = LazyLock::new(|| {
            serde_json::from_str(include_str!("data/meter_limits.json"))
                .expect("the embedded gas limits are tested to parse")
        });
        &PROFILES
    }

    /// The shipped profile with this code that applies on `day`.
    pub fn find(code: &str, day: CivilDate) -> Option<&'static Self> {
        let applies = |p: &&Self| p.effective_from <= day && p.effective_to.is_none_or(|last| day <= last);
        Self::embedded().iter().filter(|profile| profile.code == code).find(applies)
    }

    fn class(&self, class: Decimal) -> Option<&GasClassLimits> {
        let code = format!("{:.1}", class);
        let exact = class.normalize().scale() <= 1;
        self.by_class.get(&code).filter(|_| exact).or_else(|| self.by_class.get("*"))
    }
}

/// Judges every point by its flow, then all together by the rule of one sign.
pub(super) fn judge(
    test: &GasMeterTest,
    profile: &GasLimitProfile,
) -> Result<(GasVerdict, Vec<GasReason>, GasFigures), GasTestError> {
    let class = test.class.positive("class")?;
    let (q_min, q_max) = (test.q_min_m3h.positive("q_min_m3h")?, test.q_max_m3h.positive("q_max_m3h")?);
    let q_t = match &test.q_t_m3h {
        Some(q_t) => q_t.positive("q_t_m3h")?,
        None => product("q_max_m3h", &[q_max, profile.transitional_of_max])?,
    };
    if q_min >= q_max || q_t > q_max {
        return Err(QuantityError::OutOfRange { field: "q_min_m3h" }.into());
    }
    if test.points.is_empty() {
        return Err(GasTestError::NothingMeasured);
    }
    let limits = profile.class(class);
    let mut reasons = Vec::new();
    let mut figures = GasFigures::default();
    let mut upper = Vec::new();
    for point in &test.points {
        let flow = timed_flow(&point.reference_m3, &point.seconds)?;
        let error = percent_off(
            "reference_m3",
            point.meter_m3.not_negative("meter_m3")?,
            point.reference_m3.value(),
        )?;
        let limit = limits
            .filter(|_| (q_min..=q_max).contains(&flow))
            .map(|limits| if flow < q_t { limits.below_transitional } else { limits.from_transitional });
        if limit.is_some() && flow >= q_t {
            upper.push(error);
        }
        figures.points.push(GasPointResult {
            flow_m3h: shown(flow, 4),
            error_percent: shown(error, 4),
            limit_percent: limit,
            within_limit: limit.map(|limit| error.abs() <= limit),
        });
    }
    if limits.is_none() {
        reasons.push(GasReason::ClassNotCovered);
    } else if figures.points.iter().any(|point| point.limit_percent.is_none()) {
        reasons.push(GasReason::FlowOutOfRange);
    }
    if let Some(limit) = limits.and_then(|limits| limits.one_sign)
        && breaks_rule_of_one_sign(&upper, limit)
    {
        reasons.push(GasReason::OneSign { limit_percent: limit });
    }
    let one_sign = reasons.iter().any(|reason| matches!(reason, GasReason::OneSign { .. }));
    let verdict = match figures.points.iter().map(|point| point.within_limit).collect::<Vec<_>>() {
        all if one_sign || all.contains(&Some(false)) => GasVerdict::Fail,
        all if all.contains(&None) => GasVerdict::NoLimitKnown,
        _ => GasVerdict::Pass,
    };
    Ok((verdict, reasons, figures))
}

/// At least two errors between Q_t and Q_max, all of one sign, one of them above the limit.
fn breaks_rule_of_one_sign(errors: &[Decimal], limit: Decimal) -> bool {
    let positive = errors.iter().all(|error| *error > Decimal::ZERO);
    let negative = errors.iter().all(|error| *error < Decimal::ZERO);
    errors.len() >= 2 && (positive || negative) && errors.iter().any(|error| error.abs() > limit)
}
