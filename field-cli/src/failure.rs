//! How a command ends: exit codes, and failures in the words of the user.

/// Exit codes, documented in `field --help` and stable.
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

/// Why a command did not do what was asked, ready to be read: the edge where typed errors become words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Exit code.
    pub(crate) exit: Exit,
    /// Stable code for scripts, for example `visit-unknown`.
    pub(crate) code: &'static str,
    /// What happened, in the language of the user.
    pub(crate) what: String,
    /// What to do next: sentences or commands, one a line.
    pub(crate) hints: Vec<String>,
}

impl Failure {
    /// A failure with exit code 1.
    pub(crate) fn new(code: &'static str, what: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, code, what: what.into(), hints: Vec::new() }
    }

    /// A wrong or incomplete command line.
    pub(crate) fn usage(code: &'static str, what: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::new(code, what) }
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
