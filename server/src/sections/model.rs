//! What a section is, and what may be done with it. No SQL, no HTTP.

use crate::complaints::ComplaintError;
use crate::review::EvidenceRef;
use crate::store::StoreError;
use crate::words::words;
use sync_core::deadline::{Calendar, Due, Limit, due};
use sync_core::ids::{ComplaintId, PersonId, SectionId};
use sync_core::time::Timestamp;

words! {
    /// Where a section stands.
    pub(crate) SectionState {
        /// Its holder is to work on it.
        Open = "open",
        /// The unit that holds it answers for what it says.
        SignedOff = "signed_off",
        /// It is not needed, for a reason.
        Dropped = "dropped",
    }
}

words! {
    /// What was done about a section.
    pub(crate) SectionActKind {
        /// It was opened.
        Opened = "opened",
        /// What was found and done was written down.
        Worked = "worked",
        /// Another unit holds it.
        HandedOver = "handed_over",
        /// It was signed off.
        SignedOff = "signed_off",
        /// The sign-off was taken back.
        TakenBack = "taken_back",
        /// It is not needed.
        Dropped = "dropped",
    }
}

/// A section as it lies in its row.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) id: SectionId,
    pub(crate) complaint: ComplaintId,
    pub(crate) version: i64,
    pub(crate) state: SectionState,
    /// A code of the rules of this version.
    pub(crate) discipline: String,
    pub(crate) policy: i64,
    /// What is asked.
    pub(crate) task: String,
    /// What was found and done; empty: nothing yet.
    pub(crate) work: String,
    pub(crate) evidence: Vec<EvidenceRef>,
    /// Who holds it.
    pub(crate) unit: String,
    pub(crate) held_since: Timestamp,
    /// Counted from `held_since`.
    pub(crate) within: Limit,
    pub(crate) due_at: Timestamp,
    /// Whether the calendar did not reach so far.
    pub(crate) provisional: bool,
    pub(crate) opened_at: Timestamp,
    pub(crate) opened_by: PersonId,
    /// When it was signed off or dropped, and by whom.
    pub(crate) over: Option<(Timestamp, PersonId)>,
}

impl Section {
    /// The section for whoever changes it where it stands like this.
    ///
    /// # Errors
    /// [`SectionError::State`] with the state that it has instead.
    pub(super) fn standing(self, state: SectionState) -> Result<Self, SectionError> {
        if self.state == state { Ok(self) } else { Err(SectionError::State(self.state.as_str())) }
    }

    /// The section as this unit holds it from now on, with a limit of its own.
    pub(super) fn held(self, unit: String, within: Limit, calendar: &Calendar, now: Timestamp) -> Self {
        let (due_at, provisional) = ends(now, within, calendar);
        Self { unit, within, held_since: now, due_at, provisional, ..self }
    }

    /// Whether its holder took longer than promised, as far as is known now.
    pub(super) fn is_late(&self, now: Timestamp) -> bool {
        self.state != SectionState::Dropped && self.over.map_or(now, |(at, _)| at) > self.due_at
    }
}

/// When a limit that begins now ends, and whether the calendar did not reach so far.
pub(super) fn ends(from: Timestamp, within: Limit, calendar: &Calendar) -> (Timestamp, bool) {
    match due(from, within, calendar, &[]) {
        Due::At { at, provisional } => (at, provisional),
        // Without pauses no clock stands.
        Due::Paused { since } => (since, false),
    }
}

/// Something that was done about a section.
#[derive(Debug, Clone)]
pub(crate) struct SectionAct {
    pub(crate) kind: SectionActKind,
    pub(crate) words: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) person: PersonId,
    pub(crate) at: Timestamp,
}

/// Why something about a section is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SectionError {
    #[error("there is no such section")]
    Unknown,
    /// It does not fit where the section stands: a word of [`SectionState`].
    #[error("the section is {0}")]
    State(&'static str),
    #[error("nobody but a lead signs off what they opened")]
    Own,
    #[error("another unit holds the section")]
    OfAnother,
    #[error("{pointer}: expected {expected}")]
    Invalid { pointer: &'static str, expected: &'static str },
    #[error("the section was changed meanwhile")]
    Changed,
    #[error(transparent)]
    Complaint(#[from] ComplaintError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SectionError {
    pub(super) fn invalid(pointer: &'static str, expected: &'static str) -> Self {
        Self::Invalid { pointer, expected }
    }
}
