//! Gas tests in words: their figures with names and units, what was compared with what, and why it did not pass.

use crate::pages::Words;
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::BTreeMap;

/// Figures that belong together have a name of their own before the name of each: `run.start_mbar`.
const GROUPS: &[&str] = &["run", "let_by", "pipework_run", "points", "pipes"];
/// In which order figures are read; all others come after these.
const ORDER: &[&str] =
    &["start", "end", "minutes", "meter_m3", "reference_m3", "seconds", "diameter", "length"];

/// What was typed, name by name, in the order in which people read it.
pub(super) fn inputs(w: Words, inputs: &Value) -> Vec<(String, String)> {
    let typed: BTreeMap<&str, &str> = inputs
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        .collect();
    let mut names: Vec<&str> = typed.keys().copied().filter(|name| !name.starts_with("joints.")).collect();
    names.sort_by_cached_key(|name| place(name));
    let mut lines: Vec<(String, String)> =
        names.iter().map(|name| (label(w, name), value(w, typed[name]))).collect();
    let joint = |at: usize| {
        let place = typed.get(format!("joints.{at}.place").as_str())?;
        let leaks = typed.get(format!("joints.{at}.leaks").as_str()).copied().unwrap_or_default();
        Some(((*place).to_owned(), w.code("check-joint", leaks)))
    };
    lines.extend((0..).map_while(joint));
    lines
}

/// Where a figure stands among the others: its group, its number in the group, and its place in [`ORDER`].
fn place(name: &str) -> (String, usize, usize, String) {
    let (group, figure) = name.rsplit_once('.').unwrap_or(("", name));
    let (group, number) = group.split_once('.').unwrap_or((group, "0"));
    let rank = ORDER.iter().position(|start| figure.starts_with(start)).unwrap_or(ORDER.len());
    (group.to_owned(), number.parse().unwrap_or(usize::MAX), rank, figure.to_owned())
}

fn label(w: Words, name: &str) -> String {
    let (group, figure) = name.rsplit_once('.').unwrap_or(("", name));
    let (group, number) = group.split_once('.').unwrap_or((group, ""));
    let figure_words = w.code("check-input", figure);
    if !GROUPS.contains(&group) {
        return w.code("check-input", name);
    }
    let group_words = w.code("check-group", group);
    match number.parse::<usize>() {
        Ok(number) => format!("{group_words} {} · {figure_words}", number + 1),
        Err(_) => format!("{group_words} · {figure_words}"),
    }
}

fn value(w: Words, typed: &str) -> String {
    w.code("check-value", typed)
}

/// What came out, line by line.
pub(super) fn results(w: Words, kind: &str, result: &Value) -> Vec<String> {
    let figures = &result["figures"];
    let text = |name: &str| figures[name].as_str();
    let mut lines = Vec::new();
    for (at, point) in figures["points"].as_array().into_iter().flatten().enumerate() {
        let of = |name: &str| point[name].as_str().unwrap_or("–").to_owned();
        let point = format!("{} {} · {} m³/h", w.code("check-group", "points"), at + 1, of("flow_m3h"));
        let outcome = w.ab("check-gas-point", signed(&of("error_percent")), of("limit_percent"));
        lines.push(format!("{point} · {outcome}"));
    }
    if let Some(drop) = text("drop_mbar") {
        lines.push(match (kind, kilopascals(drop)) {
            ("cn_pressure", Some(drop)) => w.a("check-gas-drop-kpa", drop),
            _ => w.a("check-gas-drop", drop),
        });
    }
    if let Some((volume, purge)) = text("installation_volume_m3").zip(text("purge_volume_m3")) {
        lines.push(w.ab("check-gas-volume", volume, purge));
    }
    lines
}

/// With what it was compared.
pub(super) fn limit(w: Words, kind: &str, result: &Value) -> Option<String> {
    let figures = &result["figures"];
    match kind {
        "cn_pressure" => Some(w.t("check-gas-limit-none")),
        "leak_check" => Some(w.t("check-gas-limit-joints")),
        "uk_tightness" => Some(match figures["drop_limit_mbar"].as_str() {
            Some(limit) => w.a("check-gas-limit-drop", limit),
            None => w.a("check-gas-limit-perceptible", figures["perceptible_mbar"].as_str()?),
        }),
        _ => None,
    }
}

/// Why it is not more than it is, with the figures that were needed.
pub(super) fn remarks(w: Words, kind: &str, result: &Value) -> Vec<String> {
    let pressure = if kind == "cn_pressure" { "kPa" } else { "mbar" };
    let reasons = result["reasons"].as_array().into_iter().flatten();
    let mut remarks: Vec<String> = reasons
        .filter_map(|reason| {
            let words = w.code("check-reason", reason["reason"].as_str()?);
            let of = |name: &str| reason[name].as_str();
            let more = of("needed")
                .map(|needed| format!("≥ {needed} {pressure}"))
                .or_else(|| of("needed_min").map(|needed| format!("≥ {needed} min")))
                .or_else(|| of("limit_percent").map(|limit| format!("±{limit} %")))
                .or_else(|| Some(format!("{}–{} mbar", of("lowest_mbar")?, of("highest_mbar")?)))
                .or_else(|| Some(places(reason)).filter(|places| !places.is_empty()));
            Some(match more {
                Some(more) => w.ab("check-reason-more", words, more),
                None => words,
            })
        })
        .collect();
    if let Some(level) = result["hazard"].as_str() {
        remarks.push(w.a("check-gas-hazard", w.code("hazard-level", level)));
    }
    remarks
}

fn places(reason: &Value) -> String {
    let places = reason["places"].as_array().into_iter().flatten();
    places.filter_map(Value::as_str).collect::<Vec<_>>().join("、")
}

/// A pressure in mbar as kPa.
fn kilopascals(mbar: &str) -> Option<String> {
    let mbar: Decimal = mbar.parse().ok()?;
    mbar.checked_mul(Decimal::new(1, 1)).map(|kpa| kpa.normalize().to_string())
}

fn signed(error: &str) -> String {
    if error.starts_with(['-', '–']) { error.to_owned() } else { format!("+{error}") }
}

#[cfg(test)]
mod tests {
    use super::super::checks::{check, check_words};
    use crate::complaints::PersonRef;
    use crate::complaints::phrases::Phrases;
    use crate::pages::Words;
    use crate::problem::Language;
    use crate::work_orders::EntryBody;
    use serde_json::{Value, json};
    use sync_core::date::CivilDate;
    use sync_core::document::GasTest;
    use sync_core::ids::{EntryId, PersonId};
    use sync_core::recorded::evaluate_gas_test;
    use sync_core::time::Timestamp;

    fn entry(kind: &str, profile: Option<&str>, inputs: &Value) -> EntryBody {
        let test: GasTest = serde_json::from_value(
            json!({ "kind": kind, "profile": profile, "inputs": inputs, "meter_no": "G-7" }),
        )
        .unwrap();
        let day: CivilDate = "2026-11-21".parse().unwrap();
        let result = evaluate_gas_test(&test, day).unwrap();
        let content = serde_json::to_value(&test).unwrap();
        EntryBody {
            entry_id: EntryId::from_bytes([1; 16]),
            container: "gas_tests",
            by: PersonRef { person_id: PersonId::from_bytes([1; 16]), name: None },
            at_ms: Timestamp::from_unix_ms(0),
            origin: None,
            edits: Vec::new(),
            stands: true,
            supersedes: None,
            superseded_by: Vec::new(),
            withdrawn: None,
            content,
            result: Some(serde_json::to_value(result).unwrap()),
            result_error: None,
            text: None,
            photo: None,
        }
    }

    #[test]
    fn every_gas_test_has_title_figures_formula_result_limit_and_source_in_both_languages() {
        let run = json!({ "run.start_mbar": "20", "run.end_mbar": "19.5", "run.minutes": "2", "gas": "natural",
            "gauge": "water", "installation_m3": "0.02", "appliances_connected": "true",
            "let_by.start_mbar": "8", "let_by.end_mbar": "8", "let_by.minutes": "1" });
        let points = json!({ "class": "1.5", "q_min_m3h": "0.025", "q_max_m3h": "4", "points.0.meter_m3": "0.102",
            "points.0.reference_m3": "0.100", "points.0.seconds": "180" });
        for (kind, profile, inputs, english, chinese) in [
            (
                "cn_pressure",
                None,
                json!({ "start_kpa": "5", "end_kpa": "4.7", "minutes": "10" }),
                [
                    "Pressure test of pipework",
                    "Pressure at the start, kPa",
                    "Drop 0.3 kPa",
                    "No drop",
                    "(≥ 15 min)",
                ],
                ["管道压力试验", "起始压力（kPa）", "压降 0.3 kPa", "不允许", "（≥ 15 min）"],
            ),
            (
                "leak_check",
                None,
                json!({ "method": "soap", "joints.0.place": "灶前阀", "joints.0.leaks": "true" }),
                ["Leak check", "How", "灶前阀", "leaks", "H1"],
                ["检漏", "方法", "灶前阀", "漏", "H1"],
            ),
            (
                "uk_tightness",
                None,
                run,
                [
                    "Tightness test",
                    "Test · Pressure at the start, mbar",
                    "Drop 0.5 mbar",
                    "1 mbar",
                    "0.02 m³",
                ],
                ["气密性试验", "试验 · 起始压力（mbar）", "压降 0.5 mbar", "1 mbar", "0.02 m³"],
            ),
            (
                "meter_error",
                Some("CN_GAS_IN_SERVICE"),
                points,
                ["Gas meter", "Point 1 · Volume of the meter, m³", "+2 %", "Largest flow", "error ="],
                ["燃气表", "测点 1 · 被检表体积（m³）", "+2 %", "最大流量", "误差 ="],
            ),
        ] {
            for (language, said) in [(Language::En, english), (Language::ZhCn, chinese)] {
                let phrases = Phrases::sample(Words::new(language));
                let entry = entry(kind, profile, &inputs);
                let shown = check(&phrases, &entry);
                assert!(
                    shown.is_gas && shown.formula.is_some() && shown.source.is_some(),
                    "{kind}: {shown:?}"
                );
                let all = format!("{shown:?}");
                for words in said {
                    assert!(all.contains(words), "{kind} {language:?}: {words} in {all}");
                }
                for raw in ["_kpa", "_mbar", "_m3", "⟦", "recalled", "true\""] {
                    assert!(!all.contains(raw), "{kind} {language:?}: {raw} in {all}");
                }
                assert!(check_words(&phrases, &entry).contains(said[0]));
            }
        }
    }
}
