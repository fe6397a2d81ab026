//! A meter check or gas test with its inputs, formula, result, limit and where the limit comes from.

use super::entries::EntryLine;
use super::gas_checks;
use super::timeline::{Who, person_name};
use crate::complaints::phrases::Phrases;
use crate::pages::Words;
use crate::work_orders::EntryBody;
use serde_json::Value;

/// A check in words.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) title: String,
    /// Whether it is about gas, not about a meter.
    pub(crate) is_gas: bool,
    /// Label and value, as typed.
    pub(crate) inputs: Vec<(String, String)>,
    pub(crate) formula: Option<String>,
    /// The error that was compared with the limit, with its sign.
    pub(crate) result: Option<String>,
    /// The error before rounding.
    pub(crate) exact: Option<String>,
    /// Further results, line by line.
    pub(crate) results: Vec<String>,
    pub(crate) limit: Option<String>,
    pub(crate) profile: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) verdict: Option<String>,
    /// `good`, `warn` or `bad`.
    pub(crate) class: &'static str,
    pub(crate) remarks: Vec<String>,
    /// Why nothing could be computed.
    pub(crate) failure: Option<String>,
    pub(crate) line: EntryLine,
}

impl EntryBody {
    /// Whether it is a meter check or a gas test.
    pub(crate) fn is_check(&self) -> bool {
        matches!(self.container, "meter_checks" | "gas_tests")
    }
}

/// Puts a check into words. Everything derived was computed when the record was read.
pub(crate) fn check(phrases: &Phrases, entry: &EntryBody) -> Check {
    let w = phrases.w;
    let result = entry.result.as_ref().unwrap_or(&Value::Null);
    let text = |key: &str| shown(&result[key]);
    let inputs = &entry.content["inputs"];
    let content = |key: &str| entry.content[key].as_str().filter(|text| !text.is_empty());
    let method = content("method").or_else(|| inputs["test"].as_str()).or_else(|| content("kind"));
    let method = method.unwrap_or_default();
    let formula_key = format!("check-formula-{}", method.replace('_', "-"));
    let verdict = result["verdict"].as_str();
    let is_gas = entry.container == "gas_tests";
    Check {
        title: w.code("check-method", method),
        is_gas,
        inputs: input_lines(w, entry, is_gas),
        formula: w.has(&formula_key).then(|| w.t(&formula_key)),
        result: text("rounded_text").map(|error| format!("{error} %")),
        exact: text("error_percent").map(|error| w.a("record-exact", error)),
        results: if is_gas { gas_checks::results(w, method, result) } else { Vec::new() },
        limit: if is_gas { gas_checks::limit(w, method, result) } else { limit_of(w, &result["limit"]) },
        profile: result["profile_name"].is_object().then(|| phrases.local_name(&result["profile_name"])),
        // That a source was not read is a remark of its own, in the reader's language.
        source: text("source")
            .map(|source| source.trim_end_matches("recalled").trim_end_matches([' ', ',', ';']).to_owned()),
        verdict: verdict.map(|verdict| match (is_gas, verdict) {
            (true, "pass" | "fail") => w.code("check-gas-verdict", verdict),
            _ => w.code("check-verdict", verdict),
        }),
        class: match verdict {
            Some("pass") => "good",
            Some("fail") => "bad",
            _ => "warn",
        },
        remarks: if is_gas { gas_checks::remarks(w, method, result) } else { remarks(w, &result["reasons"]) },
        failure: entry.result_error.as_ref().map(|error| w.a("record-no-result", error)),
        line: EntryLine {
            id: entry.entry_id.to_string(),
            who: entry.origin.as_ref().map_or_else(
                || Who { person: person_name(w, &entry.by), ..Who::default() },
                |origin| Who::of(w, origin),
            ),
            stands: entry.stands,
            ..EntryLine::default()
        },
    }
}

impl super::visits::VisitPart {
    /// The checks of the visit under their headings: of meters, and of gas.
    pub(crate) fn check_groups(&self) -> Vec<(&'static str, Vec<&Check>)> {
        let of = |is_gas: bool| self.checks.iter().filter(|check| check.is_gas == is_gas).collect::<Vec<_>>();
        let groups = [("container-meter-checks", of(false)), ("container-gas-tests", of(true))];
        groups.into_iter().filter(|(_, checks)| !checks.is_empty()).collect()
    }
}

/// A check in one line: method, error, verdict.
pub(super) fn check_words(phrases: &Phrases, entry: &EntryBody) -> String {
    let Check { title, result, results, verdict, .. } = check(phrases, entry);
    let result = result.or_else(|| results.into_iter().next());
    [Some(title), result, verdict].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn input_lines(w: Words, entry: &EntryBody, is_gas: bool) -> Vec<(String, String)> {
    let inputs = entry.content["inputs"].as_object().into_iter().flatten();
    let mut lines: Vec<(String, String)> = match is_gas {
        true => gas_checks::inputs(w, &entry.content["inputs"]),
        false => inputs
            .filter(|(name, _)| *name != "test" && *name != "method")
            .filter_map(|(name, value)| {
                Some((w.code("check-input", name), w.code("check-value", shown(value)?)))
            })
            .collect(),
    };
    for (label, key) in [(w.t("record-class"), "class"), (w.t("record-meter-no"), "meter_no")] {
        lines.extend(shown(&entry.content[key]).map(|value| (label, value)));
    }
    lines
}

fn limit_of(w: Words, limit: &Value) -> Option<String> {
    Some(w.ab("record-limit-range", shown(&limit["lower"])?, shown(&limit["upper"])?))
}

fn remarks(w: Words, reasons: &Value) -> Vec<String> {
    let reasons = reasons.as_array().into_iter().flatten();
    reasons
        .filter_map(|reason| reason["reason"].as_str())
        .map(|reason| w.code("check-reason", reason))
        .collect()
}

/// A text or a number as it is shown.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
