//! How a command ends: exit codes, and failures in the words of the user.
//!
//! Typed errors travel as they are ([`Explain`]) and become words once, where they are reported.

use crate::i18n::{Words, say};
use std::fmt;
use sync_core::document::EditError;

/// Exit codes, documented in `field --help`, `field man` and `docs/field.md`, and stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Ok,
    /// Not done.
    Failed,
    /// The command line was wrong or lacks something.
    Usage,
    /// Done in part; running it again goes on from there.
    Partly,
    /// Not enrolled, or the server refused this device.
    NoAccess,
    /// The server cannot be reached; everything is safe on this device.
    Unreachable,
    /// Done, and there are conflicts that need a person.
    Conflicts,
    /// Stopped by Ctrl-C.
    Interrupted,
}

impl Exit {
    /// Every way to end.
    pub(crate) const ALL: [Self; 8] = [
        Self::Ok,
        Self::Failed,
        Self::Usage,
        Self::Partly,
        Self::NoAccess,
        Self::Unreachable,
        Self::Conflicts,
        Self::Interrupted,
    ];

    /// The number that the shell sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Partly => 3,
            Self::NoAccess => 4,
            Self::Unreachable => 5,
            Self::Conflicts => 6,
            Self::Interrupted => 130,
        }
    }
}

/// A failure ready to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// Exit code.
    pub(crate) exit: Exit,
    /// Stable code for scripts, for example `visit-unknown`.
    pub(crate) code: &'static str,
    /// What happened, in the language of the user.
    pub(crate) what: String,
    /// What to do next: sentences or commands, one a line.
    pub(crate) hints: Vec<String>,
}

/// An error that can say in the user's language what happened and what to do.
pub(crate) trait Explain: fmt::Debug + Send {
    /// It in words.
    fn explain(&self, words: &Words) -> Told;
}

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// In words already.
    Told(Told),
    /// To be put into words when it is reported.
    Untold(Box<dyn Explain>),
}

impl<E: Explain + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Untold(Box::new(error))
    }
}

impl Told {
    /// A failure with exit code 1.
    pub(crate) fn new(code: &'static str, what: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, code, what: what.into(), hints: Vec::new() }
    }

    /// The same with another exit code.
    #[must_use]
    pub(crate) fn exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// The same with one more line about what to do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl From<Told> for Failure {
    fn from(told: Told) -> Self {
        Self::Told(told)
    }
}

impl Failure {
    /// A failure with exit code 1.
    pub(crate) fn new(code: &'static str, what: impl Into<String>) -> Self {
        Self::Told(Told::new(code, what))
    }

    /// A wrong or incomplete command line.
    pub(crate) fn usage(code: &'static str, what: impl Into<String>) -> Self {
        Self::Told(Told::new(code, what).exit(Exit::Usage))
    }

    /// The same with another exit code; only for failures in words.
    #[must_use]
    pub(crate) fn exit(self, exit: Exit) -> Self {
        match self {
            Self::Told(told) => Self::Told(told.exit(exit)),
            untold => untold,
        }
    }

    /// The same with one more line about what to do; only for failures in words.
    #[must_use]
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        match self {
            Self::Told(told) => Self::Told(told.hint(hint)),
            untold => untold,
        }
    }

    /// It in words.
    pub(crate) fn told(self, words: &Words) -> Told {
        match self {
            Self::Told(told) => told,
            Self::Untold(error) => error.explain(words),
        }
    }
}

/// Why a file could not be read or written, in words.
pub(crate) fn io_words(words: &Words, error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => say!(words, "file-missing"),
        std::io::ErrorKind::PermissionDenied => say!(words, "file-forbidden"),
        std::io::ErrorKind::InvalidInput | std::io::ErrorKind::IsADirectory => say!(words, "file-no-file"),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => say!(words, "file-disk-full"),
        std::io::ErrorKind::ReadOnlyFilesystem => say!(words, "file-read-only"),
        std::io::ErrorKind::NotADirectory => say!(words, "file-no-folder"),
        std::io::ErrorKind::InvalidData => say!(words, "file-no-text"),
        _ => say!(words, "file-other", error = error.to_string()),
    }
}

impl Explain for EditError {
    fn explain(&self, words: &Words) -> Told {
        match self {
            Self::NotYours { .. } => Told::new("not-yours", say!(words, "edit-not-yours")),
            Self::UnknownEntry { .. } => Told::new("entry-unknown", say!(words, "edit-unknown-entry")),
            Self::Unwritable { path, .. } => {
                Told::new("unwritable", say!(words, "edit-unwritable", path = path.clone())).exit(Exit::Usage)
            }
            Self::EntryExists { .. } | Self::OfficeOnly { .. } | Self::Document(_) => {
                Told::new("edit", say!(words, "edit-failed", error = self.to_string()))
            }
        }
    }
}
