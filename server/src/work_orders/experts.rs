//! Questions of technicians to expert seats: received in whatever state their complaint is by then.

use super::commands::{Decision, FieldCommand, Refusal};
use super::model::VisitPlan;
use crate::complaints::ComplaintError;
use crate::seats::{self, NewRequest, RequestError};
use crate::store::{StoreError, Tx};
use std::time::Duration;
use sync_core::ids::ExpertRequestId;

/// Asks an expert about the complaint of a visit. The id of the command is that of the question.
pub(super) async fn ask(
    tx: &mut Tx,
    command: &FieldCommand,
    plan: &VisitPlan,
    (skill, question): (&str, &str),
) -> Decision {
    let unknown = || Refusal::because("complaint_unknown", "the visit has no complaint yet");
    let new = NewRequest {
        id: ExpertRequestId::from_bytes(*command.id.as_bytes()),
        complaint: plan.complaint.ok_or_else(unknown)?,
        visit: Some(plan.id),
        skill: skill.to_owned(),
        question: question.to_owned(),
    };
    match seats::ask(tx, new, command.actor()).await {
        Ok(_) => Ok(None),
        Err(RequestError::Invalid { pointer: "/skill", expected }) => {
            Err(Refusal::because("skill_unknown", expected))
        }
        Err(RequestError::Invalid { expected, .. }) => Err(Refusal::because("question_invalid", expected)),
        Err(RequestError::Store(source) | RequestError::Complaint(ComplaintError::Store(source))) => {
            Err(source.into())
        }
        // Lost a race on PostgreSQL: the exchange repeats the whole transaction.
        Err(RequestError::Changed) => Err(StoreError::Busy { waited: Duration::ZERO }.into()),
        Err(other) => Err(Refusal::because("state", other.to_string())),
    }
}
