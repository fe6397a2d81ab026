//! Leak and tightness tests. Pressures, times and allowed drops are data (`data/tightness.json`).
//!
//! A leak that was seen is a leak however badly the test was made; a test that was not made as the rule says
//! never passes.

use super::check::{GasFigures, GasFollowUp, GasReason, GasTestError, GasVerdict};
use super::volume::GasKind;
use crate::codes::LocalName;
use crate::date::CivilDate;
use crate::number::{Entered, QuantityError, difference, product, quotient, shown};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a pressure is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gauge {
    /// A water gauge.
    Water,
    /// A high-resolution electronic gauge.
    Electronic,
}

/// A straight run of pipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipeRun {
    /// Inner diameter in mm.
    pub diameter_mm: Entered,
    /// Length in m.
    pub length_m: Entered,
}

/// Pressure before and after some minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PressureRun {
    /// Pressure at the start in mbar.
    pub start_mbar: Entered,
    /// Pressure at the end in mbar.
    pub end_mbar: Entered,
    /// Time between them in minutes.
    pub minutes: Entered,
}

/// A tightness test by IGEM/UP/1B Edition 4, United Kingdom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UkTightness {
    /// Kind of gas.
    pub gas: GasKind,
    /// What the pressure was read from.
    pub gauge: Gauge,
    /// Installation volume in m³ when it is known; otherwise it follows from pipes and meter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installation_m3: Option<Entered>,
    /// Pipes of the installation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pipes: Vec<PipeRun>,
    /// Volume of the meter in m³.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meter_m3: Option<Entered>,
    /// Test whether the valve lets gas by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub let_by: Option<PressureRun>,
    /// The test itself.
    pub run: PressureRun,
    /// Whether appliances were connected during the test.
    #[serde(deserialize_with = "crate::recorded::yes_or_no")]
    pub appliances_connected: bool,
    /// The test of the pipework alone, after one with appliances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipework_run: Option<PressureRun>,
}

/// A pressure test of new indoor pipework, China (CJJ 94).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CnPressureTest {
    /// Pressure at the start in kPa; 50 mbar are 5 kPa.
    pub start_kpa: Entered,
    /// Pressure at the end in kPa.
    pub end_kpa: Entered,
    /// Time between them in minutes.
    pub minutes: Entered,
}

/// How joints were checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeakMethod {
    /// Soap solution or leak spray (皂液, 检漏液).
    Soap,
    /// Combustible-gas detector.
    Detector,
}

/// One joint and what was seen there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JointCheck {
    /// Which joint.
    pub place: String,
    /// Whether there was a bubble or a reading.
    #[serde(deserialize_with = "crate::recorded::yes_or_no")]
    pub leaks: bool,
}

/// A check of every joint on an indoor visit, China.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeakCheck {
    /// How.
    pub method: LeakMethod,
    /// Every joint that was checked.
    pub joints: Vec<JointCheck>,
}

/// Name, origin and dates of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct RuleHead {
    pub(super) code: String,
    pub(super) name: LocalName,
    pub(super) source: String,
    pub(super) verified: bool,
    pub(super) effective_from: CivilDate,
    pub(super) effective_to: Option<CivilDate>,
}

#[derive(Deserialize)]
pub(super) struct IgemRule {
    #[serde(flatten)]
    pub(super) head: RuleHead,
    let_by_mbar: [Decimal; 2],
    let_by_minutes: Decimal,
    test_minutes: Decimal,
    test_mbar_min: BTreeMap<GasKind, Decimal>,
    pipe_allowance: Decimal,
    purge_factor: Decimal,
    perceptible_mbar: BTreeMap<Gauge, Decimal>,
    /// Largest volume in m³ and its allowed drop in mbar; none: no perceptible movement.
    drop_mbar_by_volume: BTreeMap<GasKind, Vec<(Decimal, Option<Decimal>)>>,
}

#[derive(Deserialize)]
pub(super) struct CnPressureRule {
    #[serde(flatten)]
    pub(super) head: RuleHead,
    pressure_kpa_min: Decimal,
    minutes_min: Decimal,
}

#[derive(Deserialize)]
pub(super) struct LeakRule {
    #[serde(flatten)]
    pub(super) head: RuleHead,
}

#[derive(Deserialize)]
pub(super) struct TightnessRules {
    pub(super) igem: IgemRule,
    pub(super) pressure: CnPressureRule,
    pub(super) leak_check: LeakRule,
}

pub(super) static RULES: LazyLock<TightnessRules> = LazyLock::new(|| {
    serde_json::from_str(include_str!("data/tightness.json")).expect("the embedded rules are tested to parse")
});

/// What speaks against and what is missing, gathered while a test is judged.
#[derive(Default)]
struct Findings {
    failed: bool,
    incomplete: bool,
    reasons: Vec<GasReason>,
}

impl Findings {
    fn fail(&mut self, reason: GasReason) {
        self.failed = true;
        self.reasons.push(reason);
    }

    fn lack(&mut self, reason: GasReason) {
        self.incomplete = true;
        self.reasons.push(reason);
    }

    fn verdict(&self) -> GasVerdict {
        match (self.failed, self.incomplete) {
            (true, _) => GasVerdict::Fail,
            (false, true) => GasVerdict::Incomplete,
            (false, false) => GasVerdict::Pass,
        }
    }
}

impl PressureRun {
    fn drop_mbar(&self) -> Result<Decimal, QuantityError> {
        let (start, end) = (self.start_mbar.positive("start_mbar")?, self.end_mbar.not_negative("end_mbar")?);
        difference("end_mbar", start, end)
    }
}

impl UkTightness {
    /// Installation volume in m³: 1.1 · Σ(π/4·d²·L) + meter volume.
    fn volume(&self, rule: &IgemRule) -> Result<Decimal, GasTestError> {
        if let Some(known) = &self.installation_m3 {
            return Ok(known.positive("installation_m3")?);
        }
        let Some(meter) = &self.meter_m3 else { return Err(GasTestError::VolumeMissing) };
        /// From d²·L·π in mm²·m to π/4·d²·L in m³.
        const TO_CUBIC_METRES: Decimal = Decimal::from_parts(25, 0, 0, false, 8);
        let mut pipes = Decimal::ZERO;
        for pipe in &self.pipes {
            let diameter = pipe.diameter_mm.positive("diameter_mm")?;
            let length = pipe.length_m.positive("length_m")?;
            let volume = product("length_m", &[diameter, diameter, length, Decimal::PI, TO_CUBIC_METRES])?;
            pipes = pipes.checked_add(volume).ok_or(QuantityError::OutOfRange { field: "length_m" })?;
        }
        let pipes = product("length_m", &[pipes, rule.pipe_allowance])?;
        let meter = meter.not_negative("meter_m3")?;
        Ok(pipes.checked_add(meter).ok_or(QuantityError::OutOfRange { field: "meter_m3" })?)
    }
}

/// IGEM/UP/1B Edition 4: let-by, test, and after a pass with appliances the pipework alone.
pub(super) fn judge_uk(test: &UkTightness) -> Result<(GasVerdict, Vec<GasReason>, GasFigures), GasTestError> {
    let rule = &RULES.igem;
    let volume = test.volume(rule)?;
    let drop = test.run.drop_mbar()?;
    let perceptible = rule.perceptible_mbar.get(&test.gauge).copied().unwrap_or_default();
    let row = rule
        .drop_mbar_by_volume
        .get(&test.gas)
        .and_then(|rows| rows.iter().find(|(largest, _)| volume <= *largest));
    let mut found = Findings::default();
    check_let_by(test, rule, perceptible, &mut found)?;
    check_conditions(test, rule, drop, &mut found)?;
    let table = row.and_then(|(_, limit)| *limit).filter(|_| test.appliances_connected);
    let too_much = table.map_or(drop >= perceptible, |limit| drop > limit);
    let printed_volume = shown(volume, 6);
    let mut figures = GasFigures {
        installation_volume_m3: Some(printed_volume),
        // From the volume as printed, so that a person comes to the same figure.
        purge_volume_m3: Some(shown(product("meter_m3", &[printed_volume, rule.purge_factor])?, 6)),
        drop_mbar: Some(shown(drop, 6)),
        drop_limit_mbar: table,
        perceptible_mbar: Some(perceptible),
        ..GasFigures::default()
    };
    if row.is_some() && too_much {
        found.fail(GasReason::PressureDropped);
    }
    if test.appliances_connected && !found.failed && row.is_some() {
        match &test.pipework_run {
            None => {
                found.lack(GasReason::PipeworkTestMissing);
                figures.follow_up.push(GasFollowUp::TestPipeworkAlone);
            }
            Some(run) if run.drop_mbar()? >= perceptible => found.fail(GasReason::PipeworkDropped),
            Some(run) if run.minutes.positive("minutes")? < rule.test_minutes => {
                found.lack(GasReason::TooShort { needed_min: rule.test_minutes });
            }
            Some(_) => {}
        }
    }
    let verdict = match found.verdict() {
        GasVerdict::Fail => GasVerdict::Fail,
        _ if row.is_none() => {
            found.reasons.push(GasReason::VolumeNotCovered);
            GasVerdict::NoLimitKnown
        }
        verdict => verdict,
    };
    Ok((verdict, found.reasons, figures))
}

fn check_let_by(
    test: &UkTightness,
    rule: &IgemRule,
    perceptible: Decimal,
    found: &mut Findings,
) -> Result<(), GasTestError> {
    let Some(let_by) = &test.let_by else {
        found.lack(GasReason::LetByMissing);
        return Ok(());
    };
    let rise = -let_by.drop_mbar()?;
    let [lowest, highest] = rule.let_by_mbar;
    if rise >= perceptible {
        found.fail(GasReason::LetsBy);
    }
    if !(lowest..=highest).contains(&let_by.start_mbar.value()) {
        found.lack(GasReason::LetByPressure { lowest_mbar: lowest, highest_mbar: highest });
    }
    if let_by.minutes.positive("minutes")? < rule.let_by_minutes {
        found.lack(GasReason::TooShort { needed_min: rule.let_by_minutes });
    }
    Ok(())
}

fn check_conditions(
    test: &UkTightness,
    rule: &IgemRule,
    drop: Decimal,
    found: &mut Findings,
) -> Result<(), GasTestError> {
    if let Some(needed) = rule.test_mbar_min.get(&test.gas)
        && test.run.start_mbar.value() < *needed
    {
        found.lack(GasReason::PressureTooLow { needed: *needed });
    }
    if test.run.minutes.positive("minutes")? < rule.test_minutes {
        found.lack(GasReason::TooShort { needed_min: rule.test_minutes });
    }
    if drop < Decimal::ZERO {
        found.lack(GasReason::PressureRose);
    }
    Ok(())
}

/// CJJ 94: no drop at all.
pub(super) fn judge_cn_pressure(
    test: &CnPressureTest,
) -> Result<(GasVerdict, Vec<GasReason>, GasFigures), GasTestError> {
    let rule = &RULES.pressure;
    let (start, end) = (test.start_kpa.positive("start_kpa")?, test.end_kpa.not_negative("end_kpa")?);
    let drop_kpa = difference("end_kpa", start, end)?;
    let mut found = Findings::default();
    if drop_kpa > Decimal::ZERO {
        found.fail(GasReason::PressureDropped);
    }
    if drop_kpa < Decimal::ZERO {
        found.lack(GasReason::PressureRose);
    }
    if start < rule.pressure_kpa_min {
        found.lack(GasReason::PressureTooLow { needed: rule.pressure_kpa_min });
    }
    if test.minutes.positive("minutes")? < rule.minutes_min {
        found.lack(GasReason::TooShort { needed_min: rule.minutes_min });
    }
    let drop_mbar = shown(quotient("end_kpa", drop_kpa, Decimal::new(1, 1))?, 6);
    let figures = GasFigures {
        drop_mbar: Some(drop_mbar),
        drop_limit_mbar: Some(Decimal::ZERO),
        ..GasFigures::default()
    };
    Ok((found.verdict(), found.reasons, figures))
}

/// Any bubble or reading is a leak.
pub(super) fn judge_leak_check(
    test: &LeakCheck,
) -> Result<(GasVerdict, Vec<GasReason>, GasFigures), GasTestError> {
    if test.joints.is_empty() {
        return Err(GasTestError::NothingMeasured);
    }
    let places: Vec<String> = test.joints.iter().filter(|j| j.leaks).map(|j| j.place.clone()).collect();
    let mut found = Findings::default();
    if !places.is_empty() {
        found.fail(GasReason::JointsLeak { places });
    }
    Ok((found.verdict(), found.reasons, GasFigures::default()))
}
