//! What a return visit is, and who may do what with it. No SQL, no HTTP.

use crate::complaints::ComplaintError;
use crate::store::StoreError;
use crate::words::words;
use crate::work_orders::WorkOrderError;
use sync_core::ids::{ComplaintId, PersonId, ReturnVisitId, VisitId, WorkOrderId};
use sync_core::return_visit::ReturnMethod;
use sync_core::time::Timestamp;

/// After this time somebody who began a call and did nothing since has given up.
pub(super) const CALL_MS_MAX: i64 = 30 * 60_000;

words! {
    /// Where a return visit stands.
    pub(crate) ReturnState {
        /// The work that it checks must be done again first.
        Waiting = "waiting",
        /// The customer is to be asked.
        Open = "open",
        /// The customer was asked.
        Done = "done",
        /// The customer need not be asked, for a reason.
        Waived = "waived",
        /// The customer was asked before the work was completed.
        Void = "void",
    }
}

words! {
    /// What came of holding the answers against the record.
    pub(crate) Checked {
        /// Nothing that is claimed was denied.
        Agrees = "agrees",
        /// Something was.
        Contradicts = "contradicts",
    }
}

words! {
    /// Why a call was in vain.
    pub(crate) AttemptOutcome {
        /// Nobody answered.
        NoAnswer = "no_answer",
        /// It was inconvenient: we apologised, and another time was agreed.
        Inconvenient = "inconvenient",
        /// Somebody else has this number.
        WrongNumber = "wrong_number",
    }
}

/// A return visit as it lies in its row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ReturnVisit {
    pub(crate) id: ReturnVisitId,
    pub(crate) complaint: ComplaintId,
    /// The visit that is checked; `None` while it waits for one.
    pub(crate) visit: Option<VisitId>,
    /// Of a second one: the work that must be done first.
    pub(crate) order: Option<WorkOrderId>,
    /// The one that found a contradiction.
    pub(crate) follows: Option<ReturnVisitId>,
    pub(crate) version: i64,
    pub(crate) state: ReturnState,
    pub(crate) method: ReturnMethod,
    /// Code of the checklist with the questions.
    pub(crate) questions: String,
    /// Version of the rules, and the number of the rule in them; 0: planned by hand.
    pub(crate) rule: (i64, i64),
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) provisional: bool,
    pub(crate) planned_at: Timestamp,
    pub(crate) appointment: Option<(Timestamp, Timestamp)>,
    /// The customer asked for another time.
    pub(crate) asked_later: bool,
    pub(crate) holder: Option<PersonId>,
    pub(crate) calling_since: Option<Timestamp>,
    pub(crate) door_visit: Option<VisitId>,
    pub(crate) done_at: Option<Timestamp>,
    pub(crate) done_by: Option<PersonId>,
    /// What the customer said, or why it was waived.
    pub(crate) record: Option<String>,
    pub(crate) checked: Option<Checked>,
    /// Made because of the contradiction.
    pub(crate) child: Option<WorkOrderId>,
}

/// A call in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) outcome: AttemptOutcome,
    pub(crate) note: String,
    pub(crate) at: Timestamp,
    pub(crate) in_window: bool,
    pub(crate) next: Option<(Timestamp, Timestamp)>,
    pub(crate) person: PersonId,
}

/// Why something about a return visit is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReturnError {
    #[error("there is no such return visit")]
    Unknown,
    /// Whoever worked on the complaint asks nobody about it.
    #[error("nobody asks the customer about their own work")]
    OwnWork,
    #[error("somebody else is asking this customer")]
    Taken { holder: PersonId, since: Timestamp },
    /// It does not fit where the return visit stands: a stable word.
    #[error("the return visit is {0}")]
    State(&'static str),
    #[error("{} questions are not answered", .0.len())]
    Incomplete(Vec<String>),
    #[error("a second return visit cannot be waived")]
    Compulsory,
    #[error("{pointer}: expected {expected}")]
    Invalid { pointer: &'static str, expected: String },
    #[error("the return visit was changed meanwhile")]
    Changed,
    #[error(transparent)]
    Complaint(#[from] ComplaintError),
    #[error(transparent)]
    WorkOrder(#[from] WorkOrderError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ReturnVisit {
    /// Whether this person may begin a call now.
    ///
    /// # Errors
    /// Somebody else is calling, or it is over, or asked at the door.
    pub(super) fn may_call(&self, person: PersonId, now: Timestamp) -> Result<(), ReturnError> {
        if self.state != ReturnState::Open {
            return Err(ReturnError::State(self.state.as_str()));
        }
        if self.door_visit.is_some() {
            return Err(ReturnError::State("at_the_door"));
        }
        match (self.holder, self.calling_since) {
            (Some(holder), Some(since)) if holder != person && now.since_ms(since) < CALL_MS_MAX => {
                Err(ReturnError::Taken { holder, since })
            }
            _ => Ok(()),
        }
    }

    /// Since when this person has been calling.
    ///
    /// # Errors
    /// As [`Self::may_call`], and the person has not begun a call.
    pub(super) fn calling(&self, person: PersonId, now: Timestamp) -> Result<Timestamp, ReturnError> {
        self.may_call(person, now)?;
        match self.calling_since {
            Some(since) if self.holder == Some(person) => Ok(since),
            _ => Err(ReturnError::State("not_calling")),
        }
    }
}
