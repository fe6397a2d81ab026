//! What can go wrong in the store, and the questions callers ask about it.

use sqlx::error::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

/// A failure of the database or of what was found in it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A statement failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The database cannot be opened at all.
    #[error("database {place}: {source}")]
    Unreachable {
        /// The file, or user, host and name; never the password.
        place: String,
        /// What the database or the system said.
        source: sqlx::Error,
    },
    /// The commit of the whole group failed; nothing of any member was kept.
    #[error("commit failed: {source}")]
    Commit {
        /// What the database said; shared by all members of the group.
        source: Arc<sqlx::Error>,
    },
    /// The commit was interrupted by the end of the process; its outcome is unknown.
    #[error("commit interrupted, outcome unknown")]
    Interrupted,
    /// No connection became free in time.
    #[error("no database connection became free within {waited:?}")]
    Busy {
        /// How long was waited.
        waited: Duration,
    },
    /// The database does not answer any more.
    #[error("the database does not answer")]
    Away,
    /// So little room is left on the disk that nothing more is written.
    #[error("{free} bytes are free where the database is, at least {needed} are needed")]
    DiskLow {
        /// Free bytes.
        free: u64,
        /// The configured floor.
        needed: u64,
    },
    /// The URL names no database that the server knows.
    #[error("{url:?} is no database URL: expected sqlite:///path/file.db or postgres://…")]
    BadUrl {
        /// The URL without its password.
        url: String,
    },
    /// The engine is too old or did not take a setting.
    #[error("{setting} is {found}, but {expected} is needed")]
    Unsound {
        /// The version or setting in question.
        setting: &'static str,
        /// What durability needs.
        expected: String,
        /// What was read back.
        found: String,
    },
    /// A migration failed or the database comes from a newer or altered version.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A row holds what no version of the server writes.
    #[error("impossible row: column {column} of {table} in row {key}")]
    ImpossibleRow {
        /// The table.
        table: &'static str,
        /// The column that cannot be understood.
        column: &'static str,
        /// The primary key of the row.
        key: String,
    },
}

impl StoreError {
    /// An error for a row that cannot be understood.
    pub fn impossible(table: &'static str, column: &'static str, key: impl Into<String>) -> Self {
        Self::ImpossibleRow { table, column, key: key.into() }
    }

    /// Parses a text column, naming the place when that is impossible.
    pub fn parse_column<T: std::str::FromStr>(
        table: &'static str,
        column: &'static str,
        key: &str,
        text: &str,
    ) -> Result<T, Self> {
        text.parse().map_err(|_| Self::impossible(table, column, key))
    }

    /// Whether a unique key or primary key refused the write.
    pub fn is_unique_violation(&self) -> bool {
        self.kind_is(&ErrorKind::UniqueViolation)
    }

    /// Whether a foreign key refused the write.
    pub fn is_foreign_key_violation(&self) -> bool {
        self.kind_is(&ErrorKind::ForeignKeyViolation)
    }

    /// Whether a later attempt of the same request may succeed: busy, locked, deadlock, serialisation failure.
    pub fn is_busy(&self) -> bool {
        match self.code().as_deref() {
            // PostgreSQL: serialisation failure, deadlock, lock timeout, statement cancelled, too many connections.
            Some("40001" | "40P01" | "55P03" | "57014" | "53300") => true,
            // SQLite: SQLITE_BUSY and SQLITE_LOCKED with their extended forms.
            Some("5" | "6" | "261" | "262" | "517" | "773") => true,
            _ => matches!(self, Self::Busy { .. } | Self::Database(sqlx::Error::PoolTimedOut)),
        }
    }

    /// Whether the transaction lost a race on PostgreSQL and should be repeated from its beginning.
    pub fn is_serialisation_failure(&self) -> bool {
        matches!(self.code().as_deref(), Some("40001" | "40P01"))
    }

    /// Whether the disk of the database is full.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::DiskLow { .. }) || matches!(self.code().as_deref(), Some("13" | "53100"))
    }

    pub(super) fn from_acquire(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut => Self::Busy { waited: Duration::from_secs(2) },
            other => Self::Database(other),
        }
    }

    fn source_error(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Database(source) => Some(source),
            Self::Commit { source } => Some(source),
            _ => None,
        }
    }

    fn kind_is(&self, kind: &ErrorKind) -> bool {
        self.source_error()
            .and_then(sqlx::Error::as_database_error)
            .is_some_and(|error| error.kind() == *kind)
    }

    fn code(&self) -> Option<String> {
        let database = self.source_error()?.as_database_error()?;
        database.code().map(std::borrow::Cow::into_owned)
    }
}
