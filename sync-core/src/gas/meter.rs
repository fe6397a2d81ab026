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
    /// Smallest flow of the nameplate in m³/h. Without both flows only profiles with one limit decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q_min_m3h: Option<Entered>,
    /// Largest flow of the nameplate in m³/h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q_max_m3h: Option<Entered>,
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
    /// Time of the draw in s; without it the flow is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<Entered>,
}

/// The error at one point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GasPointResult {
    /// Flow in m³/h, four decimals, if the time was taken.
    pub flow_m3h: Option<Decimal>,
    /// Error in per cent, four decimals. Positive: the meter runs fast.
    pub error_percent: Decimal,
    /// Limit ±per cent at this flow; none outside Q_min to Q_max and where the flow decides but is not known.
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

/// A common size of diaphragm meters with its flows (recalled, not verified; the nameplate decides).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GasMeterSize {
    /// As printed, `G4`.
    pub code: String,
    /// Smallest flow in m³/h.
    pub q_min_m3h: Entered,
    /// Largest flow in m³/h.
    pub q_max_m3h: Entered,
}

impl GasMeterSize {
    /// All sizes we know.
    pub fn all() -> &'static [Self] {
        &super::rules().meter_sizes
    }

    /// The size a person means by `G4` or `g4`.
    pub fn find(typed: &str) -> Option<&'static Self> {
        let plain = crate::search::fold(typed);
        Self::all().iter().find(|size| size.code.eq_ignore_ascii_case(&plain))
    }
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

/// The flows of a nameplate.
struct FlowRange {
    min: Decimal,
    transitional: Decimal,
    max: Decimal,
}

impl FlowRange {
    fn of(test: &GasMeterTest, profile: &GasLimitProfile) -> Result<Option<Self>, QuantityError> {
        let (Some(min), Some(max)) = (&test.q_min_m3h, &test.q_max_m3h) else { return Ok(None) };
        let (min, max) = (min.positive("q_min_m3h")?, max.positive("q_max_m3h")?);
        let transitional = match &test.q_t_m3h {
            Some(transitional) => transitional.positive("q_t_m3h")?,
            None => product("q_max_m3h", &[max, profile.transitional_of_max])?,
        };
        if min >= max || transitional > max {
            return Err(QuantityError::OutOfRange { field: "q_min_m3h" });
        }
        Ok(Some(Self { min, transitional, max }))
    }
}

impl GasClassLimits {
    /// The limit at a flow. Where the flow makes no difference it need not be known.
    fn at(&self, flow: Option<Decimal>, range: Option<&FlowRange>) -> Result<Decimal, GasReason> {
        match (flow, range) {
            (Some(flow), Some(range)) if !(range.min..=range.max).contains(&flow) => {
                Err(GasReason::FlowOutOfRange)
            }
            (Some(flow), Some(range)) if flow < range.transitional => Ok(self.below_transitional),
            (Some(_), Some(_)) => Ok(self.from_transitional),
            _ if self.below_transitional == self.from_transitional => Ok(self.from_transitional),
            _ => Err(GasReason::FlowNotKnown),
        }
    }
}

/// Judges every point by its flow, then all together by the rule of one sign.
pub(super) fn judge(
    test: &GasMeterTest,
    profile: &GasLimitProfile,
) -> Result<(GasVerdict, Vec<GasReason>, GasFigures), GasTestError> {
    let range = FlowRange::of(test, profile)?;
    if test.points.is_empty() {
        return Err(GasTestError::NothingMeasured);
    }
    let limits = profile.class(test.class.positive("class")?);
    let mut reasons = Vec::new();
    let mut figures = GasFigures::default();
    let mut upper = Vec::new();
    for point in &test.points {
        let reference = point.reference_m3.positive("reference_m3")?;
        let error = percent_off("reference_m3", point.meter_m3.not_negative("meter_m3")?, reference)?;
        let flow =
            point.seconds.as_ref().map(|seconds| timed_flow(&point.reference_m3, seconds)).transpose()?;
        let limit =
            match limits.map_or(Err(GasReason::ClassNotCovered), |limits| limits.at(flow, range.as_ref())) {
                Ok(limit) => Some(limit),
                Err(reason) => {
                    if !reasons.contains(&reason) {
                        reasons.push(reason);
                    }
                    None
                }
            };
        if let (Some(flow), Some(range), Some(_)) = (flow, &range, limit)
            && flow >= range.transitional
        {
            upper.push(error);
        }
        figures.points.push(GasPointResult {
            flow_m3h: flow.map(|flow| shown(flow, 4)),
            error_percent: shown(error, 4),
            limit_percent: limit,
            within_limit: limit.map(|limit| error.abs() <= limit),
        });
    }
    let one_sign =
        limits.and_then(|limits| limits.one_sign).filter(|limit| breaks_rule_of_one_sign(&upper, *limit));
    reasons.extend(one_sign.map(|limit_percent| GasReason::OneSign { limit_percent }));
    let within = |wanted| figures.points.iter().any(|point| point.within_limit == wanted);
    let verdict = if one_sign.is_some() || within(Some(false)) {
        GasVerdict::Fail
    } else if within(None) {
        GasVerdict::NoLimitKnown
    } else {
        GasVerdict::Pass
    };
    Ok((verdict, reasons, figures))
}

/// At least two errors between Q_t and Q_max, all of one sign, one of them above the limit.
fn breaks_rule_of_one_sign(errors: &[Decimal], limit: Decimal) -> bool {
    let positive = errors.iter().all(|error| *error > Decimal::ZERO);
    let negative = errors.iter().all(|error| *error < Decimal::ZERO);
    errors.len() >= 2 && (positive || negative) && errors.iter().any(|error| error.abs() > limit)
}
