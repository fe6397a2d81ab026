//! Values as they stand in the Automerge document, before they mean anything.

use crate::ids::EntryId;
use automerge::iter::{DocItem, DocObjItem, MapRangeItem};
use automerge::{Automerge, ObjId, ObjType, ReadDoc, ScalarValue, ScalarValueRef, Value, ValueRef};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

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

/// Every map of a document, read in one pass: asking Automerge for one map after another costs
/// three times as much.
pub(super) struct Sweep<'a> {
    maps: HashMap<Arc<ObjId>, Vec<MapRangeItem<'a>>>,
}

impl<'a> Sweep<'a> {
    pub(super) fn of(am: &'a Automerge) -> Self {
        let mut maps: HashMap<Arc<ObjId>, Vec<MapRangeItem<'a>>> = HashMap::new();
        for DocObjItem { obj, item } in am.iter() {
            if let DocItem::Map(item) = item {
                maps.entry(obj).or_default().push(item);
            }
        }
        Self { maps }
    }

    /// The keys of a map and what is shown at each, in the order of the keys.
    pub(super) fn items(&self, object: &ObjId) -> &[MapRangeItem<'a>] {
        self.maps.get(object).map_or(&[], Vec::as_slice)
    }
}

/// The fields of one map of the document, one level deep. Entries have a dozen fields: a
/// search through a list is quicker than a tree.
#[derive(Debug, Default)]
pub struct Found {
    scalars: Vec<(String, ScalarValue)>,
    strings: Vec<(String, BTreeMap<String, String>)>,
    maps: Vec<(String, ObjId)>,
    /// Keys whose value is of no kind that any field takes.
    strange: Vec<String>,
    /// Keys at which several values stand.
    conflicted: Vec<String>,
}

/// The most fields that are read of one map: what goes beyond was never accepted by a gate.
const FIELDS_MAX: usize = 1024;

fn at<'a, T>(list: &'a [(String, T)], name: &str) -> Option<&'a T> {
    list.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

impl Found {
    /// Reads the fields of `object`; flat maps of texts are read with it, other maps are named.
    pub(super) fn read(sweep: &Sweep<'_>, object: &ObjId) -> Self {
        let mut found = Self::default();
        for item in sweep.items(object).iter().take(FIELDS_MAX) {
            let inner = matches!(item.value, ValueRef::Object(ObjType::Map)).then(|| item.id());
            let key = item.key.to_string();
            if item.conflict {
                found.conflicted.push(key.clone());
            }
            match (&item.value, inner) {
                (_, Some(inner)) => {
                    if let Some(strings) = read_strings(sweep, &inner) {
                        found.strings.push((key.clone(), strings));
                    }
                    found.maps.push((key, inner));
                }
                (ValueRef::Scalar(scalar), None) => found.scalars.push((key, ScalarValue::from(scalar))),
                (ValueRef::Object(_), None) => found.strange.push(key),
            }
        }
        found
    }

    pub(super) fn has(&self, name: &str) -> bool {
        !matches!(at(&self.scalars, name), None | Some(ScalarValue::Null)) || self.map(name).is_some()
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match at(&self.scalars, name)? {
            ScalarValue::Str(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn int(&self, name: &str) -> Option<i64> {
        match at(&self.scalars, name)? {
            ScalarValue::Int(int) => Some(*int),
            ScalarValue::Uint(uint) => i64::try_from(*uint).ok(),
            _ => None,
        }
    }

    pub(super) fn bool(&self, name: &str) -> Option<bool> {
        match at(&self.scalars, name)? {
            ScalarValue::Boolean(yes) => Some(*yes),
            _ => None,
        }
    }

    pub(super) fn bytes(&self, name: &str) -> Option<&[u8]> {
        match at(&self.scalars, name)? {
            ScalarValue::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn strings(&self, name: &str) -> Option<&BTreeMap<String, String>> {
        at(&self.strings, name)
    }

    pub(super) fn map(&self, name: &str) -> Option<&ObjId> {
        at(&self.maps, name)
    }

    /// Reads `value` where another stands.
    pub(super) fn replace(&mut self, name: &str, value: ScalarValue) {
        self.scalars.retain(|(key, _)| key != name);
        self.scalars.push((name.to_owned(), value));
    }

    pub(super) fn is_conflicted(&self, name: &str) -> bool {
        self.conflicted.iter().any(|key| key == name)
    }

    /// Every key that was found.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        let scalars = self.scalars.iter().map(|(key, _)| key);
        scalars.chain(self.maps.iter().map(|(key, _)| key)).chain(&self.strange).map(String::as_str)
    }
}

fn read_strings(sweep: &Sweep<'_>, object: &ObjId) -> Option<BTreeMap<String, String>> {
    let mut strings = BTreeMap::new();
    for item in sweep.items(object).iter().take(FIELDS_MAX) {
        let ValueRef::Scalar(ScalarValueRef::Str(text)) = &item.value else { return None };
        strings.insert(item.key.to_string(), text.to_string());
    }
    Some(strings)
}
