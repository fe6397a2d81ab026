//! What a refused act on a work order or visit looks like to clients.

use super::dispatch::WorkOrderError;
use crate::problem::{self, Problem};

impl From<WorkOrderError> for Problem {
    fn from(error: WorkOrderError) -> Self {
        match error {
            WorkOrderError::UnknownOrder => Self::new(&problem::WORK_ORDER_UNKNOWN),
            WorkOrderError::UnknownVisit => Self::new(&problem::VISIT_UNKNOWN),
            WorkOrderError::NotSendable => Self::new(&problem::PERSON_NOT_SENDABLE),
            WorkOrderError::NoContact => Self::new(&problem::CONTACT_MISSING),
            WorkOrderError::OwnWork => Self::new(&problem::RETURN_OWN_WORK),
            WorkOrderError::UnknownChecklist => Self::new(&problem::CHECKLIST_UNKNOWN),
            WorkOrderError::Visit(conflict) => {
                Self::new(&problem::VISIT_STATE).with("state", conflict.state.as_str())
            }
            WorkOrderError::Complaint(source) => source.into(),
            WorkOrderError::Changed => Self::new(&problem::CHANGED_MEANWHILE),
            WorkOrderError::Store(source) => source.into(),
        }
    }
}
