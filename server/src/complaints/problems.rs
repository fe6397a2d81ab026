//! What a refused act on a complaint looks like to clients.

use super::acts::ComplaintError;
use super::intake::FieldError;
use crate::problem::{self, Problem};
use serde_json::json;

impl From<ComplaintError> for Problem {
    fn from(error: ComplaintError) -> Self {
        match error {
            ComplaintError::Unknown => Self::new(&problem::COMPLAINT_UNKNOWN),
            ComplaintError::Invalid(errors) => invalid(&errors),
            ComplaintError::State(conflict) => {
                Self::new(&problem::COMPLAINT_STATE).with("state", conflict.state.as_str())
            }
            ComplaintError::Changed => Self::new(&problem::CHANGED_MEANWHILE),
            ComplaintError::Merged { survivor } => {
                Self::new(&problem::COMPLAINT_MERGED).with("survivor", survivor.to_string())
            }
            ComplaintError::AliasTaken => Self::new(&problem::NUMBER_TAKEN),
            ComplaintError::IdTaken => Self::new(&problem::COMPLAINT_TAKEN),
            ComplaintError::Clock(state) => Self::new(&problem::CLOCK_CONFLICT).with("clock", state),
            ComplaintError::Store(source) => source.into(),
        }
    }
}

/// The problem that names every field that cannot be taken.
pub(crate) fn invalid(errors: &[FieldError]) -> Problem {
    Problem::new(&problem::BODY_INVALID).with("errors", json!(errors))
}
