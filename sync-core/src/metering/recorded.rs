//! How a check stands in a visit document: its method and class in fields of their own, every other input
//! under a flat name with the text as typed.
//!
//! Names are the fields of [`MeterCheckInput`], joined by a point where one lies inside another
//! (`transformers.ct.primary`), numbered in lists (`errors_percent.0`). They are part of the format: a field
//! may be added, never renamed.

use super::{MeterCheckInput, MeterCheckResult};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Inputs that make no check: written by a newer release, or by something else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the recorded inputs cannot be read: {reason}")]
pub struct RecordedError {
    /// What is wrong with them.
    pub reason: String,
}

impl MeterCheckInput {
    /// Method, class and inputs as a document holds them.
    pub fn recorded(&self) -> (String, String, BTreeMap<String, String>) {
        let mut inputs = to_inputs(self);
        let method = inputs.remove("method").unwrap_or_default();
        let class = inputs.remove("class").unwrap_or_default();
        (method, class, inputs)
    }

    /// Reads what [`Self::recorded`] gave.
    ///
    /// # Errors
    /// When method, class or an input cannot be read.
    pub fn from_recorded(
        method: &str,
        class: &str,
        inputs: &BTreeMap<String, String>,
    ) -> Result<Self, RecordedError> {
        let mut inputs = inputs.clone();
        inputs.insert("method".to_owned(), method.to_owned());
        inputs.insert("class".to_owned(), class.to_owned());
        from_inputs(&inputs)
    }
}

/// The result of a check as it stands in a document, under the profile that it names.
///
/// # Errors
/// When the inputs cannot be read or make no error; the reason is fit for people who know the record.
pub fn evaluate_recorded(
    check: &crate::document::MeterCheck,
    profile: &super::LimitProfile,
) -> Result<MeterCheckResult, RecordedError> {
    let class = check.class.as_deref().unwrap_or_default();
    let input = MeterCheckInput::from_recorded(&check.method, class, &check.inputs)?;
    super::evaluate(&input, profile).map_err(|error| RecordedError { reason: error.to_string() })
}

/// Typed inputs as flat names and texts. Every leaf must serialise as text.
pub fn to_inputs<T: Serialize>(input: &T) -> BTreeMap<String, String> {
    let value = serde_json::to_value(input).expect("inputs are plain data");
    let mut flat = BTreeMap::new();
    flatten(&value, String::new(), &mut flat);
    flat
}

/// Typed inputs from flat names and texts.
///
/// # Errors
/// When they are not those of a `T`.
pub fn from_inputs<T: DeserializeOwned>(inputs: &BTreeMap<String, String>) -> Result<T, RecordedError> {
    let mut root = Node::default();
    for (name, text) in inputs {
        root.put(name.split('.'), text);
    }
    serde_json::from_value(root.into_value()).map_err(|error| RecordedError { reason: error.to_string() })
}

fn flatten(value: &Value, name: String, flat: &mut BTreeMap<String, String>) {
    let inside = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    match value {
        Value::Null => {}
        Value::Object(map) => map.iter().for_each(|(key, value)| flatten(value, inside(key), flat)),
        Value::Array(list) => {
            list.iter()
                .enumerate()
                .for_each(|(index, value)| flatten(value, inside(&index.to_string()), flat));
        }
        Value::String(text) => {
            flat.insert(name, text.clone());
        }
        Value::Bool(_) | Value::Number(_) => {
            flat.insert(name, value.to_string());
        }
    }
}

#[derive(Default)]
struct Node {
    text: Option<String>,
    inside: BTreeMap<String, Node>,
}

impl Node {
    fn put<'a>(&mut self, mut names: impl Iterator<Item = &'a str>, text: &str) {
        match names.next() {
            Some(name) => self.inside.entry(name.to_owned()).or_default().put(names, text),
            None => self.text = Some(text.to_owned()),
        }
    }

    fn into_value(self) -> Value {
        if let Some(text) = self.text {
            return Value::String(text);
        }
        let mut numbered: Vec<(usize, &String)> =
            self.inside.keys().filter_map(|key| Some((key.parse().ok()?, key))).collect();
        numbered.sort_unstable();
        let is_list = !numbered.is_empty() && numbered.len() == self.inside.len();
        if is_list {
            let order: Vec<String> = numbered.into_iter().map(|(_, key)| key.clone()).collect();
            let mut inside = self.inside;
            return order.iter().filter_map(|key| inside.remove(key)).map(Self::into_value).collect();
        }
        self.inside.into_iter().map(|(key, node)| (key, node.into_value())).collect::<Map<_, _>>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metering::{Method, Ratio, Timing, Transformers};

    fn check(method: Method) -> MeterCheckInput {
        MeterCheckInput {
            class: "0.5S".parse().unwrap(),
            energy: crate::metering::Energy::default(),
            method,
            load: None,
            reference: None,
        }
    }

    #[test]
    fn a_check_survives_the_document_as_it_was_typed() {
        let ratio = Ratio { primary: "200".parse().unwrap(), secondary: "5".parse().unwrap() };
        let watt = check(Method::WattSecond {
            constant: "5000".parse().unwrap(),
            pulses: "010".parse().unwrap(),
            seconds: "４７．６".parse().unwrap(),
            watts: "600000".parse().unwrap(),
            transformers: Some(Transformers { ct: Some(ratio), pt: None }),
            timing: Timing::Instrument,
        });
        let many = (1..=12).map(|n| format!("0.{n}").parse().unwrap()).collect();
        for input in [watt, check(Method::Readings { errors_percent: many })] {
            let (method, class, inputs) = input.recorded();
            assert_eq!(class, "0.5S");
            assert_eq!(MeterCheckInput::from_recorded(&method, &class, &inputs), Ok(input));
        }
    }

    #[test]
    fn names_of_inputs_are_part_of_the_format() {
        let ratio = Ratio { primary: "200".parse().unwrap(), secondary: "5".parse().unwrap() };
        let (method, _, inputs) = check(Method::WattSecond {
            constant: "1600".parse().unwrap(),
            pulses: "10".parse().unwrap(),
            seconds: "22.10".parse().unwrap(),
            watts: "1000".parse().unwrap(),
            transformers: Some(Transformers { ct: Some(ratio), pt: None }),
            timing: Timing::Stopwatch,
        })
        .recorded();
        let listed: Vec<String> = inputs.iter().map(|(name, text)| format!("{name}={text}")).collect();
        insta::assert_snapshot!(format!("{method}: {}", listed.join(" ")), @"watt_second: constant=1600 energy=active pulses=10 seconds=22.10 timing=stopwatch transformers.ct.primary=200 transformers.ct.secondary=5 watts=1000");
    }

    proptest::proptest! {
        #[test]
        fn strange_inputs_are_refused_and_never_panic(
            inputs in proptest::collection::btree_map("[a-z0-9.]{0,12}", "\\PC{0,8}", 0..8),
        ) {
            let _ = MeterCheckInput::from_recorded("watt_second", "2", &inputs);
        }
    }
}
