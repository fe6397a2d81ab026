//! Measurements as visit documents hold them, and what follows from them.
//!
//! A document keeps what was typed, name by name, in one flat map of texts, and never a result. Device and
//! server turn such a record into the input of a rule and compute the same result from it. Names of nested
//! figures are joined by points: `transformers.ct.primary`, `points.0.meter_m3`.

use crate::date::CivilDate;
use crate::document::{GasTest, MeterCheck, STRINGS_MAX};
use crate::gas::{self, GasTestError, GasTestInput, GasTestResult};
use crate::metering::{self, LimitProfile, MeterCheckError, MeterCheckInput, MeterCheckResult};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A record that gives no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordedError {
    /// More figures than a record holds.
    #[error("{found} figures are too many for one record, it holds {max}; record several checks")]
    TooManyFigures {
        /// How many there were.
        found: usize,
        /// How many fit.
        max: usize,
    },
    /// A figure is missing, unknown in this release, or no number.
    #[error("the record cannot be read: {detail}")]
    Unreadable {
        /// What was wrong, in English.
        detail: String,
    },
    /// A meter check without the accuracy class of the meter.
    #[error("the accuracy class of the meter is missing")]
    ClassMissing,
    /// There is no such limit profile on that day.
    #[error("there is no limit profile {code} on {day}")]
    UnknownProfile {
        /// Its code.
        code: String,
        /// The day of the check.
        day: CivilDate,
    },
    /// The figures of a meter check make no sense.
    #[error(transparent)]
    MeterCheck(#[from] MeterCheckError),
    /// The figures of a gas test make no sense.
    #[error(transparent)]
    GasTest(#[from] GasTestError),
}

/// A meter check as a document holds it.
///
/// # Errors
/// [`RecordedError::TooManyFigures`] when it has more figures than a record holds.
pub fn meter_check(
    input: &MeterCheckInput,
    profile: Option<&str>,
    meter_no: Option<&str>,
) -> Result<MeterCheck, RecordedError> {
    let mut inputs = flatten(input)?;
    Ok(MeterCheck {
        method: inputs.remove("method").unwrap_or_default(),
        class: inputs.remove("class"),
        inputs,
        profile: profile.map(str::to_owned),
        meter_no: meter_no.map(str::to_owned),
    })
}

/// The input that a recorded meter check means.
///
/// # Errors
/// [`RecordedError`] when the class is missing or a figure cannot be read.
pub fn meter_check_input(check: &MeterCheck) -> Result<MeterCheckInput, RecordedError> {
    let class = check.class.clone().ok_or(RecordedError::ClassMissing)?;
    let extra = [("method", check.method.clone()), ("class", class)];
    unflatten(&check.inputs, extra)
}

/// The result of a recorded meter check under its own profile, else under `default_profile`, as of the day
/// of the check.
///
/// # Errors
/// [`RecordedError`] says what is missing or makes no sense.
pub fn evaluate_meter_check(
    check: &MeterCheck,
    default_profile: &str,
    day: CivilDate,
) -> Result<MeterCheckResult, RecordedError> {
    let code = check.profile.as_deref().unwrap_or(default_profile);
    let unknown = || RecordedError::UnknownProfile { code: code.to_owned(), day };
    let profile = LimitProfile::find(code, day).ok_or_else(unknown)?;
    Ok(metering::evaluate(&meter_check_input(check)?, profile)?)
}

/// A gas test as a document holds it.
///
/// # Errors
/// [`RecordedError::TooManyFigures`] when it has more figures than a record holds.
pub fn gas_test(input: &GasTestInput, meter_no: Option<&str>) -> Result<GasTest, RecordedError> {
    let mut inputs = flatten(input)?;
    Ok(GasTest {
        kind: inputs.remove("test").unwrap_or_default(),
        profile: inputs.remove("profile"),
        inputs,
        meter_no: meter_no.map(str::to_owned),
    })
}

/// The input that a recorded gas test means.
///
/// # Errors
/// [`RecordedError::Unreadable`] when a figure or the kind of test cannot be read.
pub fn gas_test_input(test: &GasTest) -> Result<GasTestInput, RecordedError> {
    let profile = test.profile.clone().map(|profile| ("profile", profile));
    unflatten(&test.inputs, [("test", test.kind.clone())].into_iter().chain(profile))
}

/// The result of a recorded gas test by the rules of the day on which it was made.
///
/// # Errors
/// [`RecordedError`] says what is missing or makes no sense.
pub fn evaluate_gas_test(test: &GasTest, day: CivilDate) -> Result<GasTestResult, RecordedError> {
    Ok(gas::evaluate(&gas_test_input(test)?, day)?)
}

/// Reads a yes or no that may have become text in a flat map.
pub(crate) fn yes_or_no<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum YesOrNo {
        Flag(bool),
        Text(String),
    }
    match YesOrNo::deserialize(deserializer)? {
        YesOrNo::Flag(flag) => Ok(flag),
        YesOrNo::Text(text) if text == "true" => Ok(true),
        YesOrNo::Text(text) if text == "false" => Ok(false),
        YesOrNo::Text(_) => Err(serde::de::Error::custom("expected true or false")),
    }
}

fn unreadable(error: &serde_json::Error) -> RecordedError {
    RecordedError::Unreadable { detail: error.to_string() }
}

fn flatten(input: &impl Serialize) -> Result<BTreeMap<String, String>, RecordedError> {
    fn walk(path: &str, value: Value, out: &mut BTreeMap<String, String>) {
        let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        match value {
            Value::Null => {}
            Value::Object(fields) => {
                fields.into_iter().for_each(|(key, value)| walk(&below(&key), value, out));
            }
            Value::Array(items) => {
                items
                    .into_iter()
                    .enumerate()
                    .for_each(|(at, value)| walk(&below(&at.to_string()), value, out));
            }
            Value::String(text) => _ = out.insert(path.to_owned(), text),
            Value::Bool(flag) => _ = out.insert(path.to_owned(), flag.to_string()),
            Value::Number(number) => _ = out.insert(path.to_owned(), number.to_string()),
        }
    }
    let mut out = BTreeMap::new();
    walk("", serde_json::to_value(input).map_err(|error| unreadable(&error))?, &mut out);
    if out.len() > STRINGS_MAX {
        return Err(RecordedError::TooManyFigures { found: out.len(), max: STRINGS_MAX });
    }
    Ok(out)
}

fn unflatten<T: DeserializeOwned>(
    inputs: &BTreeMap<String, String>,
    extra: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<T, RecordedError> {
    let mut fields = Map::new();
    for (path, text) in inputs {
        insert(&mut fields, path, text)?;
    }
    for (name, text) in extra {
        fields.insert(name.to_owned(), Value::String(text));
    }
    let value = Value::Object(fields.into_iter().map(|(key, value)| (key, with_lists(value))).collect());
    serde_json::from_value(value).map_err(|error| unreadable(&error))
}

/// Puts a text where its path says. Keys are at most 128 bytes long, so no path is deep.
fn insert(fields: &mut Map<String, Value>, path: &str, text: &str) -> Result<(), RecordedError> {
    let taken =
        || RecordedError::Unreadable { detail: format!("{path:?} is a figure and a group of figures") };
    let Some((first, rest)) = path.split_once('.') else {
        return match fields.insert(path.to_owned(), Value::String(text.to_owned())) {
            None => Ok(()),
            Some(_) => Err(taken()),
        };
    };
    match fields.entry(first).or_insert_with(|| Value::Object(Map::new())) {
        Value::Object(below) => insert(below, rest, text),
        _ => Err(taken()),
    }
}

/// Groups named 0, 1, 2 … are lists.
fn with_lists(value: Value) -> Value {
    let Value::Object(mut fields) = value else { return value };
    let is_list = !fields.is_empty() && (0..fields.len()).all(|at| fields.contains_key(&at.to_string()));
    if is_list {
        let items = (0..fields.len()).filter_map(|at| fields.remove(&at.to_string()));
        return Value::Array(items.map(with_lists).collect());
    }
    Value::Object(fields.into_iter().map(|(key, value)| (key, with_lists(value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gas::GasVerdict;
    use crate::metering::Verdict;
    use proptest::prelude::*;

    fn day() -> CivilDate {
        "2026-11-21".parse().unwrap()
    }

    #[test]
    fn a_meter_check_is_the_same_after_it_was_recorded() {
        for json in [
            r#"{"class":"2","method":"watt_second","constant":"1600","pulses":"10","seconds":"22.10","watts":"1000"}"#,
            r#"{"class":"0.5S","energy":"reactive","method":"watt_second","constant":"5000","pulses":"10","seconds":"47.6",
                "watts":"600000","timing":"instrument","transformers":{"ct":{"primary":"200","secondary":"5"},
                "pt":{"primary":"10000","secondary":"100"}}}"#,
            r#"{"class":"1","method":"readings","errors_percent":["1.04","１.06"],
                "load":{"current_a":"5","basic_a":"5","power_factor":"0.9","character":"L"},
                "reference":{"number":"BZ-7","class":"0.2","valid_to":"2027-01-01"}}"#,
        ] {
            let input: MeterCheckInput = serde_json::from_str(json).unwrap();
            let recorded = meter_check(&input, Some("CN_FIELD_JJF1055"), None).unwrap();
            assert_eq!(meter_check_input(&recorded), Ok(input), "{recorded:?}");
        }
    }

    #[test]
    fn a_recorded_check_is_judged_like_a_typed_one() {
        let recorded = MeterCheck {
            method: "watt_second".to_owned(),
            inputs: [
                ("constant", "1600"),
                ("pulses", "10"),
                ("seconds", "22.9"),
                ("watts", "1000"),
                ("timing", "instrument"),
            ]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into(),
            class: Some("2.0".to_owned()),
            profile: None,
            meter_no: None,
        };
        let result = evaluate_meter_check(&recorded, "CN_DLT448_REPLACE", day()).unwrap();
        assert_eq!((result.rounded_text.as_str(), result.verdict), ("-1.8", Verdict::Pass));
        let other = MeterCheck { class: None, ..recorded.clone() };
        assert_eq!(
            evaluate_meter_check(&other, "CN_DLT448_REPLACE", day()),
            Err(RecordedError::ClassMissing)
        );
        let other = MeterCheck { profile: Some("X".to_owned()), ..recorded.clone() };
        assert!(matches!(
            evaluate_meter_check(&other, "CN_DLT448_REPLACE", day()),
            Err(RecordedError::UnknownProfile { .. })
        ));
        let other = MeterCheck { method: "from a newer client".to_owned(), ..recorded };
        assert!(matches!(meter_check_input(&other), Err(RecordedError::Unreadable { .. })));
    }

    #[test]
    fn a_gas_test_is_the_same_after_it_was_recorded() {
        for (json, verdict) in [
            (
                r#"{"test":"uk_tightness","gas":"natural","gauge":"water","meter_m3":"0.0024",
                    "pipes":[{"diameter_mm":"20.2","length_m":"8"},{"diameter_mm":"13.6","length_m":"4"}],
                    "let_by":{"start_mbar":"8","end_mbar":"8","minutes":"1"},
                    "run":{"start_mbar":"20","end_mbar":"19","minutes":"2"},"appliances_connected":false}"#,
                GasVerdict::Fail,
            ),
            (r#"{"test":"cn_pressure","start_kpa":"5","end_kpa":"5","minutes":"15"}"#, GasVerdict::Pass),
            (
                r#"{"test":"leak_check","method":"soap","joints":[{"place":"true","leaks":false}]}"#,
                GasVerdict::Pass,
            ),
            (
                r#"{"test":"meter_error","profile":"UK_GAS","class":"1.5",
                    "points":[{"meter_m3":"1.021","reference_m3":"1"}]}"#,
                GasVerdict::Fail,
            ),
        ] {
            let input: GasTestInput = serde_json::from_str(json).unwrap();
            let recorded = gas_test(&input, Some("00417")).unwrap();
            assert_eq!(gas_test_input(&recorded), Ok(input), "{recorded:?}");
            assert_eq!(evaluate_gas_test(&recorded, day()).unwrap().verdict, verdict, "{json}");
        }
    }

    #[test]
    fn more_figures_than_a_record_holds_are_refused() {
        let joints = vec![gas::JointCheck { place: "阀".to_owned(), leaks: false }; 40];
        let input = GasTestInput::LeakCheck(gas::LeakCheck { method: gas::LeakMethod::Soap, joints });
        assert_eq!(
            gas_test(&input, None),
            Err(RecordedError::TooManyFigures { found: 82, max: STRINGS_MAX })
        );
    }

    proptest! {
        #[test]
        fn any_recorded_map_is_read_or_refused(
            method in "watt_second|readings|.{0,5}",
            inputs in prop::collection::btree_map("[a-c0-2.]{0,6}|errors_percent\\.[0-3]|load\\.[a-z_]{1,9}", ".{0,6}", 0..8),
        ) {
            let class = Some("2".to_owned());
            let check = MeterCheck { method, inputs: inputs.clone(), class, profile: None, meter_no: None };
            let _ = evaluate_meter_check(&check, "CN_VERIFY", day());
            let test = GasTest { kind: "uk_tightness".to_owned(), inputs, profile: None, meter_no: None };
            let _ = evaluate_gas_test(&test, day());
        }
    }
}
