//! What an early warning is, and what may be done with it. No SQL, no HTTP.

use super::judge::Cell;
use crate::complaints::ComplaintError;
use crate::store::StoreError;
use crate::words::words;
use sync_core::ids::{ComplaintId, PersonId, WarningId};
use sync_core::time::Timestamp;

words! {
    /// What a warning is about.
    pub(crate) WarningKind {
        /// More reports of a class in a region than a rule lets pass.
        Counts = "counts",
        /// A complaint is similar to an earlier one.
        Similar = "similar",
    }
}

words! {
    /// Where a warning stands.
    pub(crate) WarningState {
        /// Nobody has looked at it.
        Raised = "raised",
        /// Somebody looked at it, and it comes back to be looked at again.
        Acknowledged = "acknowledged",
        /// Somebody closed it, for a reason.
        Closed = "closed",
        /// What arrived later took it back before anybody looked.
        Lifted = "lifted",
    }
}

words! {
    /// What happened to a warning.
    pub(crate) WarningAct {
        /// It was raised.
        Raised = "raised",
        /// Its level rose, or its number after it had been closed.
        Risen = "risen",
        /// What arrived later took it back.
        Lifted = "lifted",
        /// Somebody looked at it.
        Acknowledged = "acknowledged",
        /// Somebody looked at it again.
        Rechecked = "rechecked",
        /// It was closed.
        Closed = "closed",
    }
}

/// A warning as it lies in its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(crate) id: WarningId,
    pub(crate) version: i64,
    pub(crate) kind: WarningKind,
    pub(crate) state: WarningState,
    pub(super) cell: Cell,
    /// Of a similar complaint; of counts empty.
    pub(crate) unit: String,
    /// The last day of its window, since 1970 in the office.
    pub(crate) day: i64,
    pub(crate) window_days: i64,
    /// The complaint that is similar to earlier ones.
    pub(crate) complaint: Option<ComplaintId>,
    /// Version of the rules, and number of the rule in it.
    pub(crate) rule: (i64, i64),
    /// 0: what arrived later took it back.
    pub(crate) level: i64,
    pub(crate) seen: i64,
    /// What was expected, in thousandths.
    pub(crate) usual_milli: Option<i64>,
    /// What was passed or reached, in thousandths.
    pub(crate) limit_milli: i64,
    /// What arrived by the end of its day would not have raised it.
    pub(crate) late: bool,
    pub(crate) recheck_minutes: i64,
    pub(crate) raised_at: Timestamp,
    /// Since when it waits for somebody; `None`: it is over.
    pub(crate) waits_from: Option<Timestamp>,
    pub(crate) over_at: Option<Timestamp>,
}

impl Warning {
    /// The days that are counted.
    pub(super) fn days(&self) -> std::ops::RangeInclusive<i64> {
        self.day - self.window_days + 1..=self.day
    }

    /// The same warning where nobody has looked at it since this moment.
    pub(super) fn waiting(self, since: Timestamp) -> Self {
        Self { state: WarningState::Raised, waits_from: Some(since), over_at: None, ..self }
    }

    /// The same warning, over since this moment.
    pub(super) fn over(self, state: WarningState, at: Timestamp) -> Self {
        Self { state, waits_from: None, over_at: Some(at), ..self }
    }
}

/// Something that happened to a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Act {
    pub(crate) act: WarningAct,
    pub(crate) level: i64,
    pub(crate) seen: i64,
    pub(crate) words: Option<String>,
    /// `None`: the server.
    pub(crate) person: Option<PersonId>,
    pub(crate) at: Timestamp,
}

/// Why something about a warning is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WarningError {
    #[error("there is no such warning")]
    Unknown,
    /// It does not fit where the warning stands: a word of [`WarningState`].
    #[error("the warning is {0}")]
    State(&'static str),
    #[error("the warning was changed meanwhile")]
    Changed,
    #[error(transparent)]
    Complaint(#[from] ComplaintError),
    #[error(transparent)]
    Store(#[from] StoreError),
}
