//! Everything this device has, in one SQLite file and a directory of photos beside it.
//!
//! Invariants:
//! - There is one write path for what a technician records, [`Store::record`]: document,
//!   envelopes, photo rows and search rows are one transaction. Whoever prints "saved" after it
//!   returned tells the truth.
//! - Writers hold the database from their first read to their commit (`BEGIN IMMEDIATE`), so
//!   that two processes on one store take turns.
//! - A store that was copied or restored from a backup is noticed before it is written to.
//!
//! Deliberately not here: what the server is told and what its answers mean (`sync_core`), and
//! anything that people read.

mod act;
mod articles;
mod binding;
mod checks;
mod commands;
mod copies;
mod error;
mod exchange;
mod foreign;
mod identity;
mod last_act;
mod log;
mod origins;
mod pack;
mod photos;
mod planned;
mod previews;
mod record;
mod search;
mod settings;
mod settled;
mod skew;
mod sync_state;
mod visits;
mod wipe;
mod writes;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use act::Act;
pub use commands::{CommandRow, CommandState};
pub use copies::{StoredBlob, media_type};
pub use error::StoreError;
pub use exchange::{Outgoing, Performed, Told, VisitReceipt};
pub use foreign::ForeignRow;
pub use identity::{Identity, KeptActs, NewIdentity};
pub use last_act::LastAct;
pub use log::{EnvelopeState, LogCounts, LogRow};
pub(crate) use origins::note_server_origin_in;
pub use origins::{Author, Origin};
pub use pack::PackEntry;
pub use photos::{BlobRow, BlobState, PhotoCounts, PhotoRow};
pub(crate) use photos::{COPY_LOST, SIGNATURE};
pub use previews::PreviewState;
pub use record::{Recorded, Start};
pub(crate) use search::find_code;
pub use search::{SearchHit, SearchItem};
pub(crate) use settings::NUMBERS;
pub use settings::PAUSED;
pub use skew::Comparison;
pub use sync_state::{NO_TECHNICIAN, NOT_ENROLLED, REVOKED, SUSPENDED, SyncState, Token};
pub use visits::{ReworkRow, VisitRow, VisitState};
pub use wipe::Tombstone;
pub use writes::Write;

use crate::machine::{Home, Machine};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, Sqlite, SqlitePool, Transaction};
use std::os::unix::fs::DirBuilderExt as _;
use std::time::Duration;

/// Layouts of the store, oldest first; `PRAGMA user_version` counts those applied. Forward only,
/// never edited once released.
const MIGRATIONS: [&str; 12] = [
    include_str!("../../migrations/0001_base.sql"),
    include_str!("../../migrations/0002_previews.sql"),
    include_str!("../../migrations/0003_offers.sql"),
    include_str!("../../migrations/0004_clock.sql"),
    include_str!("../../migrations/0005_names.sql"),
    include_str!("../../migrations/0006_settled.sql"),
    include_str!("../../migrations/0007_own_offers.sql"),
    include_str!("../../migrations/0008_cancelled.sql"),
    include_str!("../../migrations/0009_received.sql"),
    include_str!("../../migrations/0010_rework_done.sql"),
    include_str!("../../migrations/0011_decided.sql"),
    include_str!("../../migrations/0012_articles_read.sql"),
];
/// How long a command waits for another process of this client that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(20);

/// One connection: a command does one thing after another, and a second would only wait.
async fn connect_with(options: SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        // A full disk ends a transaction behind its back; the next one begins on a new connection.
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await?;
    // The first look at the file is what fails.
    sqlx::query("SELECT 1 FROM sqlite_schema").fetch_optional(&pool).await?;
    Ok(pool)
}

/// An open transaction.
pub(crate) type Tx = Transaction<'static, Sqlite>;

/// The store of this device.
#[derive(Debug, Clone)]
pub struct Store {
    pool: SqlitePool,
    home: Home,
    machine: Machine,
}

impl Store {
    /// Opens the store of an enrolled device.
    ///
    /// # Errors
    /// [`StoreError::NotEnrolled`] when there is none, [`StoreError::Wiped`] when there is none any more.
    pub async fn open(home: Home, machine: Machine) -> Result<Self, StoreError> {
        if let Some(tombstone) = Tombstone::find(&home)? {
            wipe::erase(&home)?;
            return Err(StoreError::Wiped { reported: tombstone.is_reported() });
        }
        if !home.database().exists() {
            return Err(StoreError::NotEnrolled);
        }
        let store = Self::connect(home, machine, false).await?;
        match store.find_identity().await? {
            Some(_) => Ok(store),
            None => Err(StoreError::NotEnrolled),
        }
    }

    /// Opens the store of a device that may not be enrolled yet, and makes it if need be.
    ///
    /// # Errors
    /// When the directory or the database cannot be made.
    pub async fn open_or_create(home: Home, machine: Machine) -> Result<Self, StoreError> {
        if Tombstone::find(&home)?.is_some() {
            wipe::erase(&home)?;
        }
        for dir in [&home.data, &home.photos()] {
            let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
            made.map_err(|source| StoreError::file("create", dir, source))?;
        }
        Self::connect(home, machine, true).await
    }

    async fn connect(home: Home, machine: Machine, create: bool) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(home.database())
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = match connect_with(options.clone()).await {
            // The file that processes share cannot be made: alone, SQLite does without it, and
            // what is here can be read and sent.
            Err(StoreError::DiskFull) => {
                connect_with(options.locking_mode(SqliteLockingMode::Exclusive)).await?
            }
            other => other?,
        };
        let store = Self { pool, home, machine };
        store.migrate().await?;
        Ok(store)
    }

    /// Brings the layout up to date; another process doing the same at once is waited for.
    async fn migrate(&self) -> Result<(), StoreError> {
        let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
        let layout = "SELECT user_version FROM pragma_user_version";
        let found: i64 = sqlx::query_scalar(layout).fetch_one(&self.pool).await?;
        if found == known {
            return Ok(());
        }
        let mut tx = self.write().await?;
        let found: i64 = sqlx::query_scalar(layout).fetch_one(&mut *tx).await?;
        if found > known {
            return Err(StoreError::NewerLayout { found, known });
        }
        for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
            sqlx::raw_sql(*migration).execute(&mut *tx).await?;
        }
        sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA user_version = {known}"))).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    /// Starts a transaction that may write; no other process writes until it ends.
    pub(crate) async fn write(&self) -> Result<Tx, StoreError> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Where the store lives.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The machine it runs on.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    pub(crate) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Closes the database; what was committed stays.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
