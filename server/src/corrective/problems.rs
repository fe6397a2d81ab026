//! What a refused act on a corrective action looks like to clients.

use super::model::ActionError;
use crate::problem::{self, Problem};

impl From<ActionError> for Problem {
    fn from(error: ActionError) -> Self {
        match error {
            ActionError::Unknown => Self::new(&problem::ACTION_UNKNOWN),
            ActionError::State(state) => Self::new(&problem::ACTION_STATE).with("state", state),
            ActionError::OwnWork => Self::new(&problem::ACTION_OWN_WORK),
            ActionError::OfAnother => Self::new(&problem::ACTION_OF_ANOTHER),
            ActionError::Invalid { pointer, expected } => Self::invalid_field(pointer, &expected),
            ActionError::Changed => Self::new(&problem::CHANGED_MEANWHILE),
            ActionError::Complaint(source) => source.into(),
            ActionError::Store(source) => source.into(),
        }
    }
}
