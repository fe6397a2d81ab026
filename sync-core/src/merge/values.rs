//! Which values the gate takes where.

use super::job::{QuarantineReason, Refusal};
use super::ledger::refuse;
use crate::document::{
    Container, Kind, ProposalField, SHARED_KEY_BYTES_MAX, SHARED_TEXT_BYTES_MAX, STRINGS_KEY_BYTES_MAX,
};
use crate::ids::EntryId;
use automerge::ScalarValue;
use std::fmt::Display;

/// The longest piece of text that one operation inserts: one character as people see it.
const CHARACTER_BYTES_MAX: usize = 64;

fn unless(fits: bool, what: impl Display) -> Result<(), Refusal> {
    if fits { Ok(()) } else { refuse(QuarantineReason::ForbiddenValue, what.to_string()) }
}

/// A single value of a shared container.
pub(super) fn check_shared(container: Container, key: &str, value: &ScalarValue) -> Result<(), Refusal> {
    if key.is_empty() || key.len() > SHARED_KEY_BYTES_MAX {
        return refuse(QuarantineReason::ForbiddenPath, "a key that is empty or too long");
    }
    let known = match container {
        Container::Proposal => ProposalField::ALL.iter().any(|field| field.key() == key),
        Container::SealStates => key.split_once('/').is_some_and(|(_, position)| !position.is_empty()),
        _ => true,
    };
    if !known {
        return refuse(
            QuarantineReason::ForbiddenPath,
            format!("a key that {} do not have", container.path()),
        );
    }
    match (container, value) {
        (_, ScalarValue::Null) => Ok(()),
        (Container::Answers, _) => check_answer(value),
        _ => check_field(Kind::Code, value),
    }
}

fn check_answer(value: &ScalarValue) -> Result<(), Refusal> {
    let fits = match value {
        ScalarValue::Boolean(_) | ScalarValue::Int(_) => true,
        ScalarValue::Uint(uint) => i64::try_from(*uint).is_ok(),
        ScalarValue::F64(number) => number.is_finite(),
        ScalarValue::Str(text) => text.len() <= SHARED_TEXT_BYTES_MAX,
        _ => false,
    };
    unless(fits, "an answer is a text, a finite number, yes, no or null")
}

/// A field of an entry.
pub(super) fn check_field(kind: Kind, value: &ScalarValue) -> Result<(), Refusal> {
    let fits = match (kind, value) {
        (Kind::Code | Kind::Line | Kind::Prose, ScalarValue::Str(text)) => {
            text.len() <= kind.text_bytes_max()
        }
        (Kind::Entry, ScalarValue::Str(text)) => text.parse::<EntryId>().is_ok(),
        (Kind::Int, ScalarValue::Int(_)) | (Kind::Bool, ScalarValue::Boolean(_)) => true,
        (Kind::Bytes16, ScalarValue::Bytes(bytes)) => bytes.len() == 16,
        (Kind::Bytes32, ScalarValue::Bytes(bytes)) => bytes.len() == 32,
        _ => false,
    };
    unless(fits, format_args!("a value that is no {kind:?} or is too long"))
}

/// A line of a flat map.
pub(super) fn check_strings(key: &str, value: &ScalarValue) -> Result<(), Refusal> {
    unless(!key.is_empty() && key.len() <= STRINGS_KEY_BYTES_MAX, "a name that is empty or too long")?;
    check_field(Kind::Line, value)
}

/// What one insertion puts into a text.
pub(super) fn check_character(value: &ScalarValue) -> Result<(), Refusal> {
    match value {
        ScalarValue::Str(text) => unless(
            !text.is_empty() && text.len() <= CHARACTER_BYTES_MAX,
            "an insertion of more than a character",
        ),
        _ => refuse(QuarantineReason::ForbiddenOperation, "only characters are written into a text"),
    }
}
