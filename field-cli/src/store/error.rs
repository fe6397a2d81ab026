//! Why the store could not do something.

use std::path::PathBuf;
use sync_core::document::LoadError;
use sync_core::ids::VisitId;

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no store, or no device was ever enrolled in it.
    #[error("this device is not enrolled")]
    NotEnrolled,
    /// The store was written by a newer release.
    #[error("the store has layout {found}, this release knows {known}")]
    NewerLayout {
        /// Layout of the store.
        found: i64,
        /// Newest layout that this release knows.
        known: i64,
    },
    /// The store was enrolled on another machine, or in another directory of this one.
    #[error("the store belongs to {}", .belongs_to.as_ref().map_or("another machine".into(), |path| path.display().to_string()))]
    Copied {
        /// The directory it belongs to on this machine; `None` when it was copied from another.
        belongs_to: Option<PathBuf>,
    },
    /// The store is older than what this device wrote already: it was restored from a backup.
    #[error("the store ends at act {found}, but this device has written {written} acts")]
    Restored {
        /// Sequence of the newest envelope in the store.
        found: u64,
        /// Sequence that was already written.
        written: u64,
    },
    /// This device forgot everything, as the office ordered.
    #[error("everything on this device was deleted, as the office ordered")]
    Wiped {
        /// Whether the office knows.
        reported: bool,
    },
    /// Acts of somebody else are here that the office has not taken: nobody else may say them.
    #[error("{acts} acts of {person} are here that the server has not taken")]
    OtherPerson {
        /// Whose they are.
        person: String,
        /// How many.
        acts: u64,
    },
    /// The server saw two histories of this device: it has to enrol again.
    #[error("the server asked this device to enrol again")]
    MustEnrolAgain,
    /// The file with the device key is missing or damaged.
    #[error("the device key {} cannot be used", path.display())]
    Key {
        /// Where it should be.
        path: PathBuf,
    },
    /// The visit is neither in the pack nor begun on this device.
    #[error("visit {visit} is unknown on this device")]
    UnknownVisit {
        /// The visit.
        visit: VisitId,
    },
    /// A stored visit document cannot be read.
    #[error("the document of visit {visit} cannot be read")]
    DamagedDocument {
        /// The visit.
        visit: VisitId,
        /// Why.
        source: LoadError,
    },
    /// A stored value is not what was written.
    #[error("{table}.{column} of {key} cannot be read")]
    DamagedRow {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
        /// Key of the row.
        key: String,
    },
    /// One act is larger than any server accepts.
    #[error("the act has {found} bytes")]
    ActTooLarge {
        /// Its size in bytes.
        found: usize,
    },
    /// A photo or signature is named whose bytes were never copied here.
    #[error("the bytes of {sha256} are not on this device")]
    UnknownBlob {
        /// Their SHA-256.
        sha256: sync_core::ids::BlobHash,
    },
    /// No room on the disk. Nothing was changed.
    #[error("the disk is full")]
    DiskFull,
    /// A file cannot be read or written.
    #[error("cannot {doing} {}", path.display())]
    File {
        /// What was tried, for example `read`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database refused.
    #[error("the database of this device failed")]
    Database(#[source] sqlx::Error),
}

/// What SQLite says when there is no room: `SQLITE_FULL`, and `SQLITE_IOERR_SHMSIZE` when already the file beside
/// the database that processes share cannot be made. The one refusal that the technician can do something about.
const NO_ROOM: [&str; 2] = ["13", "4874"];

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        if code.is_some_and(|code| NO_ROOM.contains(&&*code)) {
            Self::DiskFull
        } else {
            Self::Database(error)
        }
    }
}

impl StoreError {
    /// A file that cannot be read or written; a full disk is told apart.
    pub(crate) fn file(doing: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        if matches!(source.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) {
            Self::DiskFull
        } else {
            Self::File { doing, path: path.into(), source }
        }
    }

    pub(crate) fn damaged(table: &'static str, column: &'static str, key: impl std::fmt::Display) -> Self {
        Self::DamagedRow { table, column, key: key.to_string() }
    }
}
