//! What a refused act on a planned event looks like to clients.

use super::model::PlannedError;
use crate::problem::{self, Problem};

impl From<PlannedError> for Problem {
    fn from(error: PlannedError) -> Self {
        match error {
            PlannedError::Unknown => Self::new(&problem::PLANNED_EVENT_UNKNOWN),
            PlannedError::State(state) => Self::new(&problem::PLANNED_EVENT_STATE).with("state", state),
            PlannedError::Own => Self::new(&problem::PLANNED_EVENT_OWN),
            PlannedError::Elsewhere => Self::new(&problem::PLANNED_EVENT_ELSEWHERE),
            PlannedError::Invalid { pointer, expected } => Self::invalid_field(pointer, expected),
            PlannedError::Changed => Self::new(&problem::PRECONDITION_FAILED),
            error @ PlannedError::NoRules => Self::internal(error),
            PlannedError::Store(source) => source.into(),
        }
    }
}
