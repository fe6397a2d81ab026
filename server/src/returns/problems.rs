//! What a refused act on a return visit looks like to clients.

use super::model::ReturnError;
use crate::complaints::ComplaintError;
use crate::problem::{self, Problem};
use crate::store::StoreError;
use crate::work_orders::WorkOrderError;
use serde_json::json;

impl From<ReturnError> for Problem {
    fn from(error: ReturnError) -> Self {
        match error {
            ReturnError::Unknown => Self::new(&problem::RETURN_UNKNOWN),
            ReturnError::OwnWork => Self::new(&problem::RETURN_OWN_WORK),
            ReturnError::Taken { holder, since } => Self::new(&problem::RETURN_TAKEN)
                .with("holder", holder.to_string())
                .with("calling_since_ms", since.unix_ms()),
            ReturnError::State(state) => Self::new(&problem::RETURN_STATE).with("state", state),
            ReturnError::Incomplete(questions) => {
                Self::new(&problem::RETURN_INCOMPLETE).with("questions", json!(questions))
            }
            ReturnError::Compulsory => Self::new(&problem::RETURN_COMPULSORY),
            ReturnError::Invalid { pointer, expected } => Self::invalid_field(pointer, &expected),
            ReturnError::Changed => Self::new(&problem::CHANGED_MEANWHILE),
            ReturnError::Complaint(source) => source.into(),
            ReturnError::WorkOrder(source) => source.into(),
            ReturnError::Store(source) => source.into(),
        }
    }
}

impl ReturnError {
    /// For what the server does by itself, where only a lost race or the database can refuse: then the whole
    /// transaction is repeated.
    pub(crate) fn into_store(self) -> StoreError {
        match self {
            Self::Store(source)
            | Self::Complaint(ComplaintError::Store(source))
            | Self::WorkOrder(
                WorkOrderError::Store(source) | WorkOrderError::Complaint(ComplaintError::Store(source)),
            ) => source,
            other => {
                tracing::warn!(%other, "a return visit could not be brought up to date");
                StoreError::Busy { waited: std::time::Duration::ZERO }
            }
        }
    }
}
