//! Who edits a visit document, what an edit may name, and how it is refused.

use super::actor::ActorId16;
use super::paths::Container;
use crate::ids::{EntryId, PersonId};
use crate::time::Timestamp;
use automerge::AutomergeError;

/// What somebody may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// On site: everything but what only the office decides.
    Field,
    /// The office, through its log.
    Office,
}

/// Who makes an edit, and when by the maker's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EditAuthor {
    /// The actor whose change this becomes.
    pub actor: ActorId16,
    /// The person signed in.
    pub person: PersonId,
    /// The maker's clock; the change carries it in whole seconds, entries in milliseconds.
    pub at: Timestamp,
    /// What the author may write.
    pub role: Role,
}

/// What may be proposed about the complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProposalField {
    /// `substantiated`, `partly`, `not_substantiated`, `undetermined`.
    Verdict,
    /// Code of the root cause.
    Cause,
    /// `utility`, `customer`, `third_party`, `force_majeure`, `none`.
    Responsibility,
    /// What should follow.
    Outcome,
}

impl ProposalField {
    /// Every field.
    pub const ALL: [Self; 4] = [Self::Verdict, Self::Cause, Self::Responsibility, Self::Outcome];

    /// Its key.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Verdict => "verdict",
            Self::Cause => "cause",
            Self::Responsibility => "responsibility",
            Self::Outcome => "outcome",
        }
    }
}

/// A text that several people may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedText {
    /// The cause in words.
    Cause,
    /// The note of the visit.
    Note,
}

impl SharedText {
    /// Its container.
    pub const fn container(self) -> Container {
        match self {
            Self::Cause => Container::CauseText,
            Self::Note => Container::Note,
        }
    }
}

/// New words for a finding; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingEdit {
    /// New code.
    pub code: Option<String>,
    /// New text.
    pub text: Option<String>,
    /// New severity.
    pub severity: Option<String>,
}

/// Why an edit was refused. The edit can go on without the refused act.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The entry is not there.
    #[error("there is no entry {entry} in {}", container.path())]
    UnknownEntry {
        /// The collection.
        container: Container,
        /// The entry.
        entry: EntryId,
    },
    /// An entry with this id is there already.
    #[error("entry {entry} is in {} already", container.path())]
    EntryExists {
        /// The collection.
        container: Container,
        /// The entry.
        entry: EntryId,
    },
    /// Only its author may touch the entry.
    #[error("entry {entry} in {} was recorded by somebody else", container.path())]
    NotYours {
        /// The collection.
        container: Container,
        /// The entry.
        entry: EntryId,
    },
    /// Only the office may do this.
    #[error("only the office writes {}", container.path())]
    OfficeOnly {
        /// What was to be written.
        container: Container,
    },
    /// A key or value that no gate would accept.
    #[error("{path} does not take this value: {reason}")]
    Unwritable {
        /// Where it was to be written.
        path: String,
        /// Why it cannot.
        reason: &'static str,
    },
    /// Automerge refused; with a document made here it does not.
    #[error(transparent)]
    Document(#[from] AutomergeError),
}
