//! What a refused act on a warning looks like to clients.

use super::model::WarningError;
use crate::problem::{self, Problem};

impl From<WarningError> for Problem {
    fn from(error: WarningError) -> Self {
        match error {
            WarningError::Unknown => Self::new(&problem::WARNING_UNKNOWN),
            WarningError::State(state) => Self::new(&problem::WARNING_STATE).with("state", state),
            WarningError::Changed => Self::new(&problem::CHANGED_MEANWHILE),
            WarningError::Complaint(source) => source.into(),
            WarningError::Store(source) => source.into(),
        }
    }
}
