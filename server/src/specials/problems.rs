//! What a refused act on a special complaint looks like to clients.

use super::model::SpecialError;
use crate::problem::{self, Problem};

impl From<SpecialError> for Problem {
    fn from(error: SpecialError) -> Self {
        match error {
            SpecialError::State(state) => Self::new(&problem::SPECIAL_STATE).with("state", state),
            SpecialError::Complaint(source) => source.into(),
            SpecialError::Store(source) => source.into(),
        }
    }
}
