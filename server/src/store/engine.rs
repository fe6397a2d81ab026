//! What truly differs between the engines: how connections are opened and what is checked about them.

use super::group::Writer;
use super::readers::Readers;
use super::{StoreError, StoreSettings};
use crate::disk;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, PgPool};
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// First version without the WAL-reset corruption (<https://www.sqlite.org/wal.html#walresetbug>).
const SQLITE_VERSION_MIN: (u32, u32, u32) = (3, 51, 3);
/// How long SQLite itself waits for another process, such as `fieldloop device revoke` beside the server.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a database that gave no connection may take to accept one at all.
const KNOCK_MAX: Duration = Duration::from_secs(1);
/// The write-ahead log is cut back to this after a checkpoint.
const WAL_BYTES_MAX: i64 = 64 << 20;
/// Pages in the write-ahead log (4 KiB each) after which the writer checkpoints. Pages that a morning's exchanges write
/// again and again go into the file once for all of them.
const WAL_CHECKPOINT_PAGES: &str = "8000";
/// Statements kept prepared on each connection: more than the server has.
const STATEMENTS_CACHED: usize = 400;

pub(super) enum Target {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

/// The two sides of an embedded database.
#[derive(Debug)]
pub(super) struct SqlitePools {
    pub(super) path: PathBuf,
    pub(super) writer: Writer,
    pub(super) readers: Arc<Readers>,
    disk_free_bytes_min: u64,
}

impl SqlitePools {
    /// Refuses early: a disk that is full to the last byte cannot even be checkpointed (measured: after ENOSPC, rows
    /// went in again while the checkpoint still failed).
    pub(super) fn require_room(&self) -> Result<(), StoreError> {
        if self.disk_free_bytes_min == 0 {
            return Ok(());
        }
        match disk::free_bytes(&self.path) {
            Ok(free) if free < self.disk_free_bytes_min => {
                Err(StoreError::DiskLow { free, needed: self.disk_free_bytes_min })
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn parse_url(url: &str) -> Result<Target, StoreError> {
    if let Some(path) = url.strip_prefix("sqlite://").filter(|path| !path.is_empty() && !path.contains('?')) {
        return Ok(Target::Sqlite(PathBuf::from(path)));
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        let options = PgConnectOptions::from_str(url).map_err(|_| bad_url(url))?;
        return Ok(Target::Postgres(Box::new(options)));
    }
    Err(bad_url(url))
}

/// Everything after the scheme may be a password.
fn bad_url(url: &str) -> StoreError {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    StoreError::BadUrl { url: format!("{scheme}://…") }
}

fn sqlite_options(path: &PathBuf) -> SqliteConnectOptions {
    // sqlx sets the busy timeout when it opens the file, before any PRAGMA: switching to WAL needs it.
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(SQLITE_BUSY_TIMEOUT)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .statement_cache_capacity(STATEMENTS_CACHED)
        .disable_statement_logging()
}

pub(super) async fn open_sqlite(path: PathBuf, settings: &StoreSettings) -> Result<SqlitePools, StoreError> {
    let writer_options = sqlite_options(&path)
        .create_if_missing(true)
        .pragma("wal_autocheckpoint", WAL_CHECKPOINT_PAGES)
        // What a member of a group would undo: in files it took as many writes as the write-ahead log (measured).
        .pragma("temp_store", "MEMORY")
        .pragma("journal_size_limit", WAL_BYTES_MAX.to_string());
    let writer = Writer::open(writer_options, settings.wait_max).await;
    let writer = writer.map_err(|error| unreachable(&path.display(), error))?;
    // Only the writer checkpoints; a reader that could write would be a second writer.
    let reader_options = sqlite_options(&path).pragma("wal_autocheckpoint", "0").pragma("query_only", "ON");
    let readers_max = settings.connections_max.min(readers_useful());
    let readers = Readers::open(reader_options, readers_max, settings.wait_max).await?;
    Ok(SqlitePools { path, writer, readers, disk_free_bytes_min: settings.disk_free_bytes_min })
}

/// Readers beyond this only take memory: each is a thread that computes, with the whole schema and
/// every statement once more, and what it reads is in this machine's memory already.
fn readers_useful() -> u32 {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    u32::try_from(cores * 2).unwrap_or(u32::MAX)
}

/// Reads back what durability depends on: a setting that was asked for is not yet a setting that holds.
pub(super) async fn check_sqlite(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut *conn).await?;
    if parse_version(&version) < Some(SQLITE_VERSION_MIN) {
        let expected = format!("at least {SQLITE_VERSION_MIN:?}");
        return Err(StoreError::Unsound { setting: "SQLite version", expected, found: version });
    }
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *conn).await?;
    check_setting("journal_mode", "wal", mode)?;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *conn).await?;
    check_setting("synchronous", "2", synchronous.to_string())?;
    let foreign_keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&mut *conn).await?;
    check_setting("foreign_keys", "1", foreign_keys.to_string())
}

fn check_setting(setting: &'static str, expected: &str, found: String) -> Result<(), StoreError> {
    if found == expected {
        return Ok(());
    }
    Err(StoreError::Unsound { setting, expected: expected.to_owned(), found })
}

fn parse_version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

/// A transaction that was begun, or why none could be had: whether the database is busy or gone.
pub(super) async fn acquired<T>(pool: &PgPool, begun: Result<T, sqlx::Error>) -> Result<T, StoreError> {
    match begun {
        Ok(tx) => Ok(tx),
        Err(sqlx::Error::PoolTimedOut) if !listens(&pool.connect_options()).await => Err(StoreError::Away),
        Err(error) => Err(StoreError::from_acquire(error)),
    }
}

/// Whether anything takes connections where the database should be.
async fn listens(options: &PgConnectOptions) -> bool {
    let (host, port) = (options.get_host(), options.get_port());
    let socket =
        options.get_socket().map(PathBuf::as_path).or_else(|| host.starts_with('/').then(|| host.as_ref()));
    let knock = async {
        match socket {
            Some(folder) => UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await.is_ok(),
            None => TcpStream::connect((host, port)).await.is_ok(),
        }
    };
    timeout(KNOCK_MAX, knock).await.unwrap_or(false)
}

pub(super) async fn open_postgres(
    options: PgConnectOptions,
    settings: &StoreSettings,
) -> Result<PgPool, StoreError> {
    let options = options
        .application_name("fieldloop")
        .options([
            ("statement_timeout", "15000"),
            ("lock_timeout", "5000"),
            ("idle_in_transaction_session_timeout", "30000"),
        ])
        .statement_cache_capacity(STATEMENTS_CACHED)
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(settings.connections_max)
        .acquire_timeout(settings.wait_max)
        .connect_with(options.clone())
        .await;
    let pool = match pool {
        Ok(pool) => pool,
        Err(error) => {
            let name = options.get_database().unwrap_or_else(|| options.get_username());
            let place =
                format!("{}@{}:{}/{name}", options.get_username(), options.get_host(), options.get_port());
            return Err(unreachable(&place, cause(error, &options, settings).await.into()));
        }
    };
    check_postgres(&pool).await?;
    Ok(pool)
}

/// A pool only says that it waited: one connection says what for.
async fn cause(error: sqlx::Error, options: &PgConnectOptions, settings: &StoreSettings) -> sqlx::Error {
    match (&error, timeout(settings.wait_max, options.connect()).await) {
        (sqlx::Error::PoolTimedOut, Ok(Err(cause))) => cause,
        _ => error,
    }
}

fn unreachable(place: &dyn Display, error: StoreError) -> StoreError {
    match error {
        StoreError::Database(source) => StoreError::Unreachable { place: place.to_string(), source },
        other => other,
    }
}

async fn check_postgres(pool: &PgPool) -> Result<(), StoreError> {
    let commit: String = sqlx::query_scalar("SHOW synchronous_commit").fetch_one(pool).await?;
    if !["on", "remote_apply", "remote_write", "local"].contains(&commit.as_str()) {
        let expected = "on".to_owned();
        return Err(StoreError::Unsound { setting: "synchronous_commit", expected, found: commit });
    }
    let encoding: String = sqlx::query_scalar("SHOW server_encoding").fetch_one(pool).await?;
    check_setting("server_encoding", "UTF8", encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(parse_version("3.51.3") >= Some(SQLITE_VERSION_MIN));
        assert!(parse_version("3.9.12") < Some(SQLITE_VERSION_MIN));
        assert!(parse_version("nonsense") < Some(SQLITE_VERSION_MIN));
    }

    #[test]
    fn a_wrong_url_is_refused_without_showing_its_password() {
        for url in ["mysql://root:geheim@db/x", "sqlite://", "sqlite://a.db?mode=memory", "file.db"] {
            let Err(error) = parse_url(url) else { panic!("{url} was accepted") };
            assert!(!error.to_string().contains("geheim"));
        }
    }
}
