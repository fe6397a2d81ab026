//! What a refused act on a question to an expert looks like to clients.

use super::model::RequestError;
use crate::problem::{self, Problem};

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Unknown => Self::new(&problem::EXPERT_REQUEST_UNKNOWN),
            RequestError::State(state) => Self::new(&problem::EXPERT_REQUEST_STATE).with("state", state),
            RequestError::Own => Self::new(&problem::EXPERT_REQUEST_OWN),
            RequestError::OfAnother => Self::new(&problem::EXPERT_REQUEST_OF_ANOTHER),
            RequestError::Invalid { pointer, expected } => Self::invalid_field(pointer, expected),
            RequestError::Changed => Self::new(&problem::PRECONDITION_FAILED),
            RequestError::Complaint(source) => source.into(),
            RequestError::Store(source) => source.into(),
        }
    }
}
