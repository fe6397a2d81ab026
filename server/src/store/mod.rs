//! The database: one store on SQLite or PostgreSQL, chosen by one URL.
//!
//! Invariants: every write goes through [`Store::write`]; what [`Tx::commit`] has acknowledged
//! survives a power cut; numbers from [`next_number`] have no gaps. The store knows no capability:
//! each capability keeps its own SQL and runs it as a [`Statement`].

mod counters;
mod engine;
mod error;
mod group;
mod migrations;
mod readers;
mod statement;
mod tallies;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

pub use counters::{Counter, last_number, next_number, next_numbers};
pub use error::StoreError;
pub(crate) use statement::{Statement, assembled, statement};
pub(crate) use tallies::{ReportTally, Tally};

use engine::SqlitePools;
use sqlx::pool::PoolConnection;
use sqlx::{PgPool, SqliteConnection};
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How to reach the database and how long to wait for it.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// `sqlite:///path/file.db` or `postgres://…`.
    pub url: String,
    /// Readers at once (SQLite), connections at once (PostgreSQL).
    pub connections_max: u32,
    /// How long a request waits for its turn before it is told that the store is busy.
    pub wait_max: Duration,
    /// With less free space than this an embedded database refuses writes: checkpoints need room, too. 0: never.
    pub disk_free_bytes_min: u64,
}

impl StoreSettings {
    /// The usual settings for this URL.
    pub fn for_url(url: impl Into<String>) -> Self {
        Self { url: url.into(), connections_max: 8, wait_max: Duration::from_secs(2), disk_free_bytes_min: 0 }
    }
}

/// The open database. Cloning is cheap and shares the connections.
#[derive(Clone, Debug)]
pub struct Store {
    engine: Engine,
}

#[derive(Clone, Debug)]
enum Engine {
    Sqlite(Arc<SqlitePools>),
    Postgres(PgPool),
}

/// Which database a store runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    /// The embedded database, one file.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// One open transaction on the engine the server was configured with.
pub struct Tx {
    on: TxOn,
    tallies: tallies::Tallies,
}

pub(crate) enum TxOn {
    /// A member of a commit group, or a reader with its own snapshot.
    Sqlite(SqliteTx),
    /// A plain transaction, or a connection without one.
    Postgres(PostgresTx),
}

/// A transaction on PostgreSQL. Dereferences to its connection.
pub(crate) enum PostgresTx {
    Transaction(sqlx::Transaction<'static, sqlx::Postgres>),
    Connection(PoolConnection<sqlx::Postgres>),
}

/// A transaction on the embedded database. Dereferences to its connection.
pub struct SqliteTx(SqliteTxKind);

enum SqliteTxKind {
    Member(group::Member),
    Reader(readers::Reader),
}

/// Rows that one INSERT takes: enough to make statements rare, few enough for every engine's limit on parameters.
pub(crate) const ROWS_PER_INSERT_MAX: usize = 60;

/// Inserts many rows with few statements; SQL and values are written once for both engines.
///
/// `insert_rows!(tx, "INSERT INTO t (a, b) ", &rows, |bind, row| { bind.push_bind(row.a).push_bind(row.b) }, "")?`
macro_rules! insert_rows {
    ($tx:expr, $sql:expr, $rows:expr, |$bind:ident, $row:pat_param| $values:expr, $suffix:expr) => {
        async {
            for rows in $rows.chunks($crate::store::ROWS_PER_INSERT_MAX) {
                let mut statement = $crate::store::statement($sql);
                statement.push_values(rows, |$bind, $row| {
                    $values;
                });
                statement.push($suffix);
                statement.execute(&mut *$tx).await?;
            }
            Ok::<(), $crate::store::StoreError>(())
        }
        .await
    };
}
pub(crate) use insert_rows;

/// Selects with a list: the SQL ends in `IN (`, the suffix begins with `)`. An empty list selects nothing, without
/// asking the database. The caller keeps the list within what an engine takes.
///
/// `select_in!(tx, "SELECT a FROM t WHERE b IN (", ids, |id| id.to_string(), ")")?`
macro_rules! select_in {
    ($tx:expr, $sql:expr, $list:expr, |$item:pat_param| $value:expr, $suffix:expr) => {
        async {
            let mut list = IntoIterator::into_iter($list).peekable();
            if list.peek().is_none() {
                return Ok(Vec::new());
            }
            let mut statement = $crate::store::statement($sql);
            let mut places = statement.places();
            for $item in list {
                places.push_bind($value);
            }
            statement.push($suffix);
            statement.rows(&mut *$tx).await
        }
        .await
    };
}
pub(crate) use select_in;

impl Store {
    /// Opens the database, creates the file of an embedded one, and checks that it is set up to keep promises.
    ///
    /// # Errors
    /// [`StoreError::BadUrl`] for an unknown scheme, [`StoreError::Unsound`] when the engine is too old or refuses
    /// a setting that durability depends on, [`StoreError::Database`] when it cannot be reached.
    pub async fn open(settings: &StoreSettings) -> Result<Self, StoreError> {
        let engine = match engine::parse_url(&settings.url)? {
            engine::Target::Sqlite(path) => {
                Engine::Sqlite(Arc::new(engine::open_sqlite(path, settings).await?))
            }
            engine::Target::Postgres(options) => {
                Engine::Postgres(engine::open_postgres(*options, settings).await?)
            }
        };
        Ok(Self { engine })
    }

    /// Applies the migrations that this database has not seen. Repeating it changes nothing.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        match &self.engine {
            Engine::Sqlite(pools) => migrations::run_sqlite(pools).await,
            Engine::Postgres(pool) => migrations::run_postgres(pool).await,
        }
    }

    /// How many of the migrations compiled in are not applied yet.
    pub async fn migrations_missing(&self) -> Result<usize, StoreError> {
        let mut tx = self.read().await?;
        migrations::missing(&mut tx).await
    }

    /// Begins a transaction that may write. Nothing is kept unless [`Tx::commit`] is called.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when no turn came within the configured time, [`StoreError::Away`] when the database does
    /// not answer, [`StoreError::DiskLow`] when the disk is
    /// nearly full.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        match &self.engine {
            Engine::Sqlite(pools) => {
                pools.require_room()?;
                Ok(Tx::sqlite(SqliteTxKind::Member(pools.writer.begin().await?)))
            }
            Engine::Postgres(pool) => {
                let begun = pool.begin().await;
                engine::acquired(pool, begun).await.map(Tx::postgres)
            }
        }
    }

    /// Begins a transaction that sees one snapshot and cannot write. It needs no commit.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        match &self.engine {
            Engine::Sqlite(pools) => Ok(Tx::sqlite(SqliteTxKind::Reader(pools.readers.begin(true).await?))),
            Engine::Postgres(pool) => {
                const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                let begun = pool.begin_with(BEGIN).await;
                engine::acquired(pool, begun).await.map(Tx::postgres)
            }
        }
    }

    /// As [`Store::read`] without the snapshot, which costs two statements: for one statement, or for several that need
    /// not agree on a moment.
    pub(crate) async fn read_once(&self) -> Result<Tx, StoreError> {
        match &self.engine {
            Engine::Sqlite(pools) => Ok(Tx::sqlite(SqliteTxKind::Reader(pools.readers.begin(false).await?))),
            Engine::Postgres(pool) => {
                let conn = engine::acquired(pool, pool.acquire().await).await?;
                Ok(Tx::on(TxOn::Postgres(PostgresTx::Connection(conn))))
            }
        }
    }

    /// Which database this is.
    pub fn kind(&self) -> EngineKind {
        match &self.engine {
            Engine::Sqlite(_) => EngineKind::Sqlite,
            Engine::Postgres(_) => EngineKind::Postgres,
        }
    }

    /// The file of an embedded database.
    pub fn file(&self) -> Option<PathBuf> {
        match &self.engine {
            Engine::Sqlite(pools) => Some(pools.path.clone()),
            Engine::Postgres(_) => None,
        }
    }

    /// Durable commits made through the writer since the store was opened; `None` where commits are not grouped.
    pub fn group_commits(&self) -> Option<u64> {
        match &self.engine {
            Engine::Sqlite(pools) => Some(pools.writer.commits()),
            Engine::Postgres(_) => None,
        }
    }

    /// Waits for running transactions, moves the write-ahead log into the file and closes all connections.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(pools) => {
                pools.readers.close().await;
                pools.writer.close().await;
            }
            Engine::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Makes everything written in this transaction durable. Returns after the bytes are on disk.
    ///
    /// Runs to its end even when the caller is cancelled while it waits: the outcome is then unknown to that
    /// caller, so every write must be one that can be repeated.
    ///
    /// # Errors
    /// Nothing of this transaction is kept. [`StoreError::Commit`] when the whole commit group failed.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        let tallies = std::mem::take(&mut self.tallies);
        tallies.write(&mut self).await?;
        match self.on {
            TxOn::Sqlite(SqliteTx(SqliteTxKind::Member(member))) => member.commit().await,
            TxOn::Sqlite(SqliteTx(SqliteTxKind::Reader(_))) | TxOn::Postgres(PostgresTx::Connection(_)) => {
                Ok(())
            }
            TxOn::Postgres(PostgresTx::Transaction(tx)) => match tokio::spawn(tx.commit()).await {
                Ok(outcome) => Ok(outcome?),
                Err(_) => Err(StoreError::Interrupted),
            },
        }
    }

    /// Which database this transaction runs on.
    pub fn kind(&self) -> EngineKind {
        match self.on {
            TxOn::Sqlite(_) => EngineKind::Sqlite,
            TxOn::Postgres(_) => EngineKind::Postgres,
        }
    }

    /// Adds to the number that is kept under this key, when the transaction is committed.
    pub(crate) fn tally(&mut self, key: Tally, number: i64) {
        self.tallies.add(key, number);
    }

    /// The same for a report that early warning counts.
    pub(crate) fn tally_report(&mut self, key: ReportTally, number: i64) {
        self.tallies.add_report(key, number);
    }

    /// For [`Statement`] alone.
    pub(crate) fn engine(&mut self) -> &mut TxOn {
        &mut self.on
    }

    fn on(on: TxOn) -> Self {
        Self { on, tallies: tallies::Tallies::default() }
    }

    fn sqlite(kind: SqliteTxKind) -> Self {
        Self::on(TxOn::Sqlite(SqliteTx(kind)))
    }

    fn postgres(tx: sqlx::Transaction<'static, sqlx::Postgres>) -> Self {
        Self::on(TxOn::Postgres(PostgresTx::Transaction(tx)))
    }
}

impl Deref for SqliteTx {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match &self.0 {
            SqliteTxKind::Member(member) => member.connection(),
            SqliteTxKind::Reader(reader) => reader.connection(),
        }
    }
}

impl DerefMut for SqliteTx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match &mut self.0 {
            SqliteTxKind::Member(member) => member.connection_mut(),
            SqliteTxKind::Reader(reader) => reader.connection_mut(),
        }
    }
}

impl Deref for PostgresTx {
    type Target = sqlx::PgConnection;

    fn deref(&self) -> &sqlx::PgConnection {
        match self {
            Self::Transaction(tx) => tx,
            Self::Connection(conn) => conn,
        }
    }
}

impl DerefMut for PostgresTx {
    fn deref_mut(&mut self) -> &mut sqlx::PgConnection {
        match self {
            Self::Transaction(tx) => tx,
            Self::Connection(conn) => conn,
        }
    }
}
