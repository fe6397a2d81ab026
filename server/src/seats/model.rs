//! What a question to an expert is, and what may be done with it. No SQL, no HTTP.

use crate::complaints::ComplaintError;
use crate::store::StoreError;
use crate::words::words;
use sync_core::ids::{ComplaintId, DeviceId, ExpertRequestId, PersonId, VisitId};
use sync_core::time::Timestamp;

words! {
    /// Where a question to an expert stands.
    pub(crate) ExpertRequestState {
        /// Nobody works on it.
        Open = "open",
        /// An expert took it.
        Taken = "taken",
        /// It has its answer.
        Answered = "answered",
        /// It needs none, for a reason.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// What was done about a question to an expert.
    pub(crate) RequestAct {
        /// It was asked.
        Asked = "asked",
        /// An expert took it.
        Taken = "taken",
        /// Who had taken it gave it back.
        GivenBack = "given_back",
        /// It was answered.
        Answered = "answered",
        /// It was withdrawn.
        Withdrawn = "withdrawn",
    }
}

/// A question as it lies in its row.
#[derive(Debug, Clone)]
pub(crate) struct ExpertRequest {
    pub(crate) id: ExpertRequestId,
    pub(crate) complaint: ComplaintId,
    /// On which it arose.
    pub(crate) visit: Option<VisitId>,
    pub(crate) version: i64,
    pub(crate) state: ExpertRequestState,
    /// Code of a discipline with its names of that time.
    pub(crate) skill: Skill,
    pub(crate) question: String,
    pub(crate) asked_by: PersonId,
    /// Device and its word for when, for a question from the field.
    pub(crate) asked_on: Option<(DeviceId, Timestamp)>,
    pub(crate) received_at: Timestamp,
    /// From when on it is near its deadline.
    pub(crate) near_at: Timestamp,
    pub(crate) due_at: Timestamp,
    /// Who took it, and when.
    pub(crate) holder: Option<(PersonId, Timestamp)>,
    pub(crate) answer: Option<String>,
    /// Why it was withdrawn.
    pub(crate) reason: Option<String>,
    /// When it was answered or withdrawn, and by whom.
    pub(crate) over: Option<(Timestamp, PersonId)>,
}

/// Who is to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Skill {
    pub(crate) code: String,
    pub(crate) zh: String,
    pub(crate) en: String,
}

impl ExpertRequest {
    /// The question while it waits for its answer.
    ///
    /// # Errors
    /// [`RequestError::State`] with the state that it has instead.
    pub(super) fn waiting(self) -> Result<Self, RequestError> {
        if self.over.is_none() { Ok(self) } else { Err(RequestError::State(self.state.as_str())) }
    }

    /// The question for somebody who takes it or answers it.
    ///
    /// # Errors
    /// It does not wait, is their own, or somebody else took it.
    pub(super) fn for_expert(self, person: PersonId, is_lead: bool) -> Result<Self, RequestError> {
        let request = self.waiting()?;
        if request.asked_by == person {
            return Err(RequestError::Own);
        }
        if !is_lead && request.holder.is_some_and(|(holder, _)| holder != person) {
            return Err(RequestError::OfAnother);
        }
        Ok(request)
    }

    /// Whether the answer came, or comes, later than it was due. What was withdrawn is not late.
    pub(super) fn is_late(&self, now: Timestamp) -> bool {
        self.state != ExpertRequestState::Withdrawn && self.over.map_or(now, |(at, _)| at) > self.due_at
    }
}

/// Why something about a question is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("there is no such question")]
    Unknown,
    /// It does not fit where the question stands: a word of [`ExpertRequestState`].
    #[error("the question is {0}")]
    State(&'static str),
    #[error("nobody answers their own question")]
    Own,
    #[error("somebody else took the question")]
    OfAnother,
    #[error("{pointer}: expected {expected}")]
    Invalid { pointer: &'static str, expected: &'static str },
    #[error("the question was changed meanwhile")]
    Changed,
    #[error(transparent)]
    Complaint(#[from] ComplaintError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RequestError {
    pub(super) fn invalid(pointer: &'static str, expected: &'static str) -> Self {
        Self::Invalid { pointer, expected }
    }
}
