//! Values as they stand in the Automerge document, before they mean anything.

use crate::ids::EntryId;
use automerge::{Automerge, ObjId, ObjType, ReadDoc, ScalarValue, Value, ValueRef};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A single value of a shared container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Encode, Decode)]
#[serde(untagged)]
pub enum Scalar {
    /// Cleared on purpose.
    #[n(0)]
    Null,
    /// Yes or no.
    #[n(1)]
    Bool(#[n(0)] bool),
    /// A whole number.
    #[n(2)]
    Int(#[n(0)] i64),
    /// A number with a fraction; finite when it passed the gate.
    #[n(3)]
    Number(#[n(0)] f64),
    /// A text.
    #[n(4)]
    Text(#[n(0)] String),
    /// A value that this release cannot read: the kind as Automerge names it, and as much
    /// of it as can be printed.
    #[n(5)]
    Other {
        /// Kind of the value.
        #[n(0)]
        kind: String,
        /// It as text.
        #[n(1)]
        text: String,
    },
}

impl Scalar {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn other(kind: &str, text: impl Into<String>) -> Self {
        Self::Other { kind: kind.to_owned(), text: text.into() }
    }

    /// What a value of the document means. Never fails.
    pub(crate) fn from_value(value: &Value<'_>) -> Self {
        match value {
            Value::Object(kind) => Self::other(&format!("{kind:?}"), ""),
            Value::Scalar(scalar) => Self::from_scalar(scalar),
        }
    }

    pub(crate) fn from_scalar(scalar: &ScalarValue) -> Self {
        match scalar {
            ScalarValue::Null => Self::Null,
            ScalarValue::Boolean(yes) => Self::Bool(*yes),
            ScalarValue::Int(int) => Self::Int(*int),
            ScalarValue::Uint(uint) => {
                i64::try_from(*uint).map_or_else(|_| Self::other("Uint", uint.to_string()), Self::Int)
            }
            ScalarValue::F64(number) if number.is_finite() => Self::Number(*number),
            ScalarValue::F64(number) => Self::other("F64", number.to_string()),
            ScalarValue::Str(text) => Self::Text(text.to_string()),
            ScalarValue::Bytes(bytes) => Self::other("Bytes", hex(bytes)),
            ScalarValue::Timestamp(at) => Self::other("Timestamp", at.to_string()),
            ScalarValue::Counter(counter) => Self::other("Counter", i64::from(counter).to_string()),
            ScalarValue::Unknown { type_code, bytes } => {
                Self::other(&format!("Unknown{type_code}"), hex(bytes))
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().take(64).fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl From<Scalar> for ScalarValue {
    fn from(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Null | Scalar::Other { .. } => Self::Null,
            Scalar::Bool(yes) => Self::Boolean(yes),
            Scalar::Int(int) => Self::Int(int),
            Scalar::Number(number) => Self::F64(number),
            Scalar::Text(text) => Self::Str(text.into()),
        }
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Scalar {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Scalar {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

impl From<bool> for Scalar {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}

/// A field as it is written.
#[derive(Debug, Clone, Copy)]
pub enum Put<'a> {
    /// A text.
    Text(&'a str),
    /// A whole number.
    Int(i64),
    /// Yes or no.
    Bool(bool),
    /// Bytes.
    Bytes(&'a [u8]),
    /// The id of an entry, as text.
    Entry(EntryId),
    /// A flat map.
    Strings(&'a BTreeMap<String, String>),
}

/// The fields of one map of the document, one level deep.
#[derive(Debug, Default)]
pub struct Found {
    scalars: BTreeMap<String, ScalarValue>,
    strings: BTreeMap<String, BTreeMap<String, String>>,
    maps: BTreeMap<String, ObjId>,
    /// Keys whose value is of no kind that any field takes.
    strange: Vec<String>,
    /// Keys at which several values stand.
    conflicted: Vec<String>,
}

/// The most fields that are read of one map: what goes beyond was never accepted by a gate.
const FIELDS_MAX: usize = 1024;

impl Found {
    /// Reads the fields of `object`; flat maps of texts are read with it, other maps are named.
    pub(super) fn read(am: &Automerge, object: &ObjId) -> Self {
        let mut found = Self::default();
        for item in am.map_range(object, ..).take(FIELDS_MAX) {
            let key = item.key.to_string();
            if item.conflict {
                found.conflicted.push(key.clone());
            }
            match &item.value {
                ValueRef::Scalar(_) => {
                    if let Value::Scalar(scalar) = item.value.clone().into_value() {
                        found.scalars.insert(key, scalar.into_owned());
                    }
                }
                ValueRef::Object(ObjType::Map) => {
                    let inner = item.id();
                    if let Some(strings) = read_strings(am, &inner) {
                        found.strings.insert(key.clone(), strings);
                    }
                    found.maps.insert(key, inner);
                }
                ValueRef::Object(_) => found.strange.push(key),
            }
        }
        found
    }

    pub(super) fn has(&self, name: &str) -> bool {
        !matches!(self.scalars.get(name), None | Some(ScalarValue::Null)) || self.maps.contains_key(name)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.scalars.get(name)? {
            ScalarValue::Str(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn int(&self, name: &str) -> Option<i64> {
        match self.scalars.get(name)? {
            ScalarValue::Int(int) => Some(*int),
            ScalarValue::Uint(uint) => i64::try_from(*uint).ok(),
            _ => None,
        }
    }

    pub(super) fn bool(&self, name: &str) -> Option<bool> {
        match self.scalars.get(name)? {
            ScalarValue::Boolean(yes) => Some(*yes),
            _ => None,
        }
    }

    pub(super) fn bytes(&self, name: &str) -> Option<&[u8]> {
        match self.scalars.get(name)? {
            ScalarValue::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn strings(&self, name: &str) -> Option<&BTreeMap<String, String>> {
        self.strings.get(name)
    }

    pub(super) fn map(&self, name: &str) -> Option<&ObjId> {
        self.maps.get(name)
    }

    pub(super) fn is_conflicted(&self, name: &str) -> bool {
        self.conflicted.iter().any(|key| key == name)
    }

    /// Every key that was found.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.scalars.keys().chain(self.maps.keys()).chain(&self.strange).map(String::as_str)
    }
}

fn read_strings(am: &Automerge, object: &ObjId) -> Option<BTreeMap<String, String>> {
    let mut strings = BTreeMap::new();
    for item in am.map_range(object, ..).take(FIELDS_MAX) {
        let Value::Scalar(scalar) = item.value.clone().into_value() else { return None };
        let ScalarValue::Str(text) = scalar.as_ref() else { return None };
        strings.insert(item.key.to_string(), text.to_string());
    }
    Some(strings)
}
