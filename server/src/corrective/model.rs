//! What a corrective action is, and what may be done with it. No SQL, no HTTP.

use crate::complaints::ComplaintError;
use crate::store::StoreError;
use crate::words::words;
use sync_core::ids::{ActionId, ComplaintId, PersonId};
use sync_core::time::Timestamp;

/// Complaints of one action.
pub(super) const COMPLAINTS_MAX: i64 = 500;
/// How long the effect of an action is watched unless somebody says otherwise.
pub(super) const EFFECT_DAYS: i64 = 30;
/// The longest that it may be watched.
pub(super) const EFFECT_DAYS_MAX: i64 = 366;
/// Characters of what is to be put right.
pub(super) const TITLE_CHARS_MAX: usize = 200;

words! {
    /// Where a corrective action stands.
    pub(crate) ActionState {
        /// It is to be carried out.
        Open = "open",
        /// It was carried out; whether it helps is not known.
        Done = "done",
        /// It helped.
        Effective = "effective",
        /// It is not carried out, for a reason.
        Dropped = "dropped",
    }
}

words! {
    /// What was done about a corrective action.
    pub(crate) ActKind {
        /// It was planned.
        Planned = "planned",
        /// Another complaint was put under it.
        Linked = "linked",
        /// It got another owner or another day.
        Moved = "moved",
        /// It was carried out.
        Done = "done",
        /// It was found to help.
        Effective = "effective",
        /// It was found not to help, and is to be carried out anew.
        Ineffective = "ineffective",
        /// It was given up.
        Dropped = "dropped",
    }
}

words! {
    /// By which rule an action was planned.
    pub(crate) ActionCause {
        /// Complaints alike within a month are to be analysed together.
        Similar = "similar",
    }
}

/// A corrective action as it lies in its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Action {
    pub(crate) id: ActionId,
    pub(crate) version: i64,
    pub(crate) state: ActionState,
    pub(crate) title: String,
    /// With the region: the complaints that are to become rarer.
    pub(crate) category: String,
    pub(crate) region: String,
    pub(crate) unit: String,
    pub(crate) owner: PersonId,
    /// End of the last day.
    pub(crate) due_at: Timestamp,
    pub(crate) effect_days: i64,
    pub(crate) planned_at: Timestamp,
    /// Of one that a rule planned: whoever held the complaint.
    pub(crate) planned_by: PersonId,
    /// `None`: somebody planned it.
    pub(crate) cause: Option<ActionCause>,
    pub(crate) done: Option<(Timestamp, PersonId)>,
    /// When its effect can be judged.
    pub(crate) check_at: Option<Timestamp>,
    pub(crate) over_at: Option<Timestamp>,
}

impl Action {
    /// Whether a complaint must wait for it before it is closed. What a rule opened is about more than this customer,
    /// whose answer does not wait for it.
    pub(crate) fn holds_back(&self) -> bool {
        self.state == ActionState::Open && self.cause.is_none()
    }

    /// The two spans whose complaints are compared: before it was planned, and since it was carried out.
    pub(super) fn spans(&self) -> (Span, Option<Span>) {
        let days = self.effect_days * 86_400_000;
        let before = (self.planned_at.plus_ms(-days), self.planned_at);
        (before, self.done.map(|(at, _)| (at, at.plus_ms(days))))
    }

    /// The action for whoever changes it where it stands like this.
    ///
    /// # Errors
    /// [`ActionError::State`] with the state that it has instead.
    pub(super) fn standing(self, state: ActionState) -> Result<Self, ActionError> {
        if self.state == state { Ok(self) } else { Err(ActionError::State(self.state.as_str())) }
    }
}

/// A span of time: from, and until.
pub(super) type Span = (Timestamp, Timestamp);

/// Something that was done about an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Act {
    pub(crate) kind: ActKind,
    pub(crate) words: Option<String>,
    pub(crate) complaint: Option<ComplaintId>,
    pub(crate) owner: Option<PersonId>,
    pub(crate) due_at: Option<Timestamp>,
    /// `None`: the server.
    pub(crate) person: Option<PersonId>,
    pub(crate) at: Timestamp,
}

/// Why something about a corrective action is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ActionError {
    #[error("there is no such corrective action")]
    Unknown,
    /// It does not fit where the action stands: a word of [`ActionState`].
    #[error("the corrective action is {0}")]
    State(&'static str),
    #[error("nobody judges the effect of their own action")]
    OwnWork,
    #[error("somebody else owns the corrective action")]
    OfAnother,
    #[error("{pointer}: expected {expected}")]
    Invalid { pointer: &'static str, expected: String },
    #[error("the corrective action was changed meanwhile")]
    Changed,
    #[error(transparent)]
    Complaint(#[from] ComplaintError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ActionError {
    pub(super) fn invalid(pointer: &'static str, expected: impl Into<String>) -> Self {
        Self::Invalid { pointer, expected: expected.into() }
    }
}
