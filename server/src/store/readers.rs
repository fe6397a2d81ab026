//! Readers of the embedded database: each a connection of its own, with its own thread of SQLite behind it.
//!
//! A pool of the library asks every connection whether it is alive, twice for each reader. Between here and a file
//! nothing dies unnoticed, and what costs is not the statement but waking that thread and being woken by it.

use super::StoreError;
use futures_util::FutureExt as _;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The connections for readers. The one that was used last is used next; others are opened when they are needed.
#[derive(Debug)]
pub(super) struct Readers {
    options: SqliteConnectOptions,
    idle: Mutex<Vec<SqliteConnection>>,
    places: Arc<Semaphore>,
    readers_max: u32,
    wait_max: Duration,
}

/// A connection in use.
pub(super) struct Reader {
    /// `None` only once it is dropped, or when it could not begin.
    conn: Option<SqliteConnection>,
    readers: Arc<Readers>,
    /// Whether it sees one snapshot until it is dropped.
    snapshot: bool,
    _place: OwnedSemaphorePermit,
}

impl Readers {
    pub(super) async fn open(
        options: SqliteConnectOptions,
        readers_max: u32,
        wait_max: Duration,
    ) -> Result<Arc<Self>, StoreError> {
        let first = options.connect().await?;
        Ok(Arc::new(Self {
            options,
            idle: Mutex::new(vec![first]),
            places: Arc::new(Semaphore::new(usize::try_from(readers_max).unwrap_or(usize::MAX))),
            readers_max,
            wait_max,
        }))
    }

    /// Waits for a place. With `snapshot` everything is read as of the first statement; without, each as of its own.
    pub(super) async fn begin(self: &Arc<Self>, snapshot: bool) -> Result<Reader, StoreError> {
        let place = tokio::time::timeout(self.wait_max, Arc::clone(&self.places).acquire_owned());
        let place = place.await.map_err(|_| StoreError::Busy { waited: self.wait_max })?;
        let place = place.map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let conn = match idle {
            Some(conn) => conn,
            None => self.options.connect().await?,
        };
        let mut reader = Reader { conn: Some(conn), readers: Arc::clone(self), snapshot, _place: place };
        if snapshot && let Err(error) = sqlx::query("BEGIN").execute(reader.connection_mut()).await {
            reader.conn = None;
            return Err(error.into());
        }
        Ok(reader)
    }

    /// Waits for every reader and closes their connections. Later ones are refused.
    pub(super) async fn close(&self) {
        let everyone = self.places.acquire_many(self.readers_max).await;
        self.places.close();
        drop(everyone);
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for conn in idle {
            if let Err(error) = sqlx::Connection::close(conn).await {
                tracing::warn!(%error, "a reader was not closed cleanly");
            }
        }
    }
}

impl Reader {
    pub(super) fn connection(&self) -> &SqliteConnection {
        self.conn.as_ref().expect("a reader has its connection until it is dropped")
    }

    pub(super) fn connection_mut(&mut self) -> &mut SqliteConnection {
        self.conn.as_mut().expect("a reader has its connection until it is dropped")
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(mut conn) = self.conn.take() else { return };
        if self.snapshot {
            // Sent, not waited for: SQLite's thread does it before whatever it is asked next.
            let sent = sqlx::query("ROLLBACK").execute(&mut conn).now_or_never();
            if matches!(sent, Some(Err(_))) {
                return;
            }
        }
        self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
    }
}
