//! Group commit on the embedded database: concurrent writers share one fsync.
//!
//! There is one writer connection, the *lane*. A transaction (*member*) owns the lane from [`Writer::begin`] until it
//! is committed or dropped; the first member opens the group with BEGIN IMMEDIATE, each runs behind its own savepoint.
//! A committed member leaves its savepoint and its reply in the group and hands the lane on; the next one replaces the
//! savepoint by its own. The group is committed when nobody waits for the lane or when it is full; only then do the
//! replies go out. Each statement is a message to SQLite's thread and back, which costs more than these do.
//!
//! Invariants:
//! - Whoever gives up the lane while the group is open has seen somebody waiting; whoever stops waiting without having
//!   had the lane sees to it that the group is committed ([`Waiting::drop`]). So no group stays open.
//! - A failed member is rolled back to its savepoint and costs the others nothing; a failed COMMIT fails every member.
//! - After any failure of the group the connection is opened anew, since SQLite may have rolled back by itself.

use super::{StoreError, engine};
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Executor};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

/// Members that may share one commit. Bounds how long the first one waits for the last.
const MEMBERS_MAX: usize = 64;

type Outcome = Result<(), Arc<sqlx::Error>>;

/// The only way to write to an embedded database.
#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    lane: Arc<Mutex<Lane>>,
    /// Callers that will take the lane as soon as they get it.
    waiting: AtomicUsize,
    commits: AtomicU64,
    wait_max: Duration,
}

#[derive(Debug)]
struct Lane {
    options: SqliteConnectOptions,
    /// `None` after a failure: the next member opens a new connection.
    conn: Option<SqliteConnection>,
    /// `Some` from just before BEGIN until after COMMIT or ROLLBACK.
    group: Option<Vec<oneshot::Sender<Outcome>>>,
    /// Whether the savepoint of a member that has ended stands in the group.
    savepoint_left: bool,
    closed: bool,
}

/// One transaction inside a group. Dropping it rolls back what it wrote.
pub(super) struct Member {
    /// `None` only after the lane was handed on.
    lane: Option<OwnedMutexGuard<Lane>>,
    shared: Arc<Shared>,
    /// Whether the savepoint certainly exists.
    ready: bool,
}

enum End {
    Commit(oneshot::Sender<Outcome>),
    Rollback,
    /// The member never got as far as its savepoint, so it wrote nothing.
    NeverBegan,
}

impl Writer {
    pub(super) async fn open(options: SqliteConnectOptions, wait_max: Duration) -> Result<Self, StoreError> {
        let mut lane = Lane { options, conn: None, group: None, savepoint_left: false, closed: false };
        lane.connect().await?;
        // What a process left in the write-ahead log that was killed goes into the file while nobody waits for it.
        // Beside a running server this waits for nobody either; if it fails, the log is longer than it need be.
        let _ = lane.execute("PRAGMA wal_checkpoint(PASSIVE)").await;
        let shared = Shared {
            lane: Arc::new(Mutex::new(lane)),
            waiting: AtomicUsize::new(0),
            commits: AtomicU64::new(0),
            wait_max,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Waits for the lane and opens a member of the current or a new group.
    pub(super) async fn begin(&self) -> Result<Member, StoreError> {
        let waiting = Waiting::announce(&self.shared);
        let lane = Arc::clone(&self.shared.lane).lock_owned();
        let lane = tokio::time::timeout(self.shared.wait_max, lane)
            .await
            .map_err(|_| StoreError::Busy { waited: self.shared.wait_max })?;
        waiting.served();
        let mut member = Member { lane: Some(lane), shared: Arc::clone(&self.shared), ready: false };
        member.open().await?;
        Ok(member)
    }

    /// A connection of its own with the writer's settings, for migrations.
    pub(super) async fn extra_connection(&self) -> Result<SqliteConnection, StoreError> {
        let options = self.shared.lane.lock().await.options.clone();
        Ok(options.connect().await?)
    }

    pub(super) fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }

    /// Callers that wait for the lane.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.shared.waiting.load(Ordering::SeqCst)
    }

    /// Refuses new members, commits the open group, moves the write-ahead log into the file.
    pub(super) async fn close(&self) {
        let mut lane = self.shared.lane.lock().await;
        lane.closed = true;
        lane.commit_group(&self.shared).await;
        if let Some(mut conn) = lane.conn.take() {
            // A failed checkpoint loses nothing: the log is replayed at the next start.
            let checkpoint = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").await;
            if let Err(error) = checkpoint.map(drop).and(conn.close().await) {
                tracing::warn!(%error, "database closed without a checkpoint");
            }
        }
    }
}

impl Member {
    pub(super) fn connection(&self) -> &SqliteConnection {
        self.lane()
            .conn
            .as_ref()
            .expect("an open member has a connection: open() made it and only finish() takes it")
    }

    pub(super) fn connection_mut(&mut self) -> &mut SqliteConnection {
        let lane =
            self.lane.as_mut().expect("only commit and drop hand the lane on, and both consume the member");
        lane.conn
            .as_mut()
            .expect("an open member has a connection: open() made it and only finish() takes it")
    }

    /// Hands the member over to a task that the caller cannot cancel, and waits for the group's commit.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        let (reply, outcome) = oneshot::channel();
        if let Some(lane) = self.lane.take() {
            tokio::spawn(finish(Arc::clone(&self.shared), lane, End::Commit(reply)));
        }
        match outcome.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(source)) => Err(StoreError::Commit { source }),
            Err(_) => Err(StoreError::Interrupted),
        }
    }

    fn lane(&self) -> &Lane {
        self.lane.as_ref().expect("only commit and drop hand the lane on, and both consume the member")
    }

    async fn open(&mut self) -> Result<(), StoreError> {
        let Some(lane) = self.lane.as_mut() else { return Err(StoreError::Interrupted) };
        if lane.closed {
            return Err(StoreError::Database(sqlx::Error::PoolClosed));
        }
        if lane.conn.is_none() {
            lane.connect().await?;
        }
        let left = mem::take(&mut lane.savepoint_left);
        let begin = match lane.group {
            None => "BEGIN IMMEDIATE; SAVEPOINT member",
            Some(_) if left => "RELEASE member; SAVEPOINT member",
            Some(_) => "SAVEPOINT member",
        };
        // Set first: when this future is cancelled during BEGIN, the group must be rolled back.
        lane.group.get_or_insert_default();
        match lane.execute(begin).await {
            Ok(()) => self.ready = true,
            // Whatever ended the group's transaction, nothing may run outside of it.
            Err(error) if lane.has_members() => {
                return Err(StoreError::Commit { source: lane.fail_group(error) });
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let Some(mut lane) = self.lane.take() else { return };
        let end = if self.ready { End::Rollback } else { End::NeverBegan };
        match Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(finish(Arc::clone(&self.shared), lane, end));
            }
            // The process is ending. Closing the connection rolls everything back, and nothing was acknowledged.
            Err(_) => {
                lane.group = None;
                lane.conn = None;
            }
        }
    }
}

/// Ends a member and, when nobody continues the group, the group.
async fn finish(shared: Arc<Shared>, mut lane: OwnedMutexGuard<Lane>, end: End) {
    match end {
        End::Commit(reply) => {
            lane.group.get_or_insert_default().push(reply);
            lane.savepoint_left = true;
        }
        End::Rollback => match lane.execute("ROLLBACK TO member").await {
            Ok(()) => lane.savepoint_left = true,
            Err(error) => drop(lane.fail_group(error)),
        },
        End::NeverBegan => {}
    }
    let members = lane.group.as_ref().map_or(0, Vec::len);
    if members >= MEMBERS_MAX || shared.waiting.load(Ordering::SeqCst) == 0 {
        lane.commit_group(&shared).await;
    }
}

impl Lane {
    async fn connect(&mut self) -> Result<(), StoreError> {
        let mut conn = self.options.connect().await?;
        engine::check_sqlite(&mut conn).await?;
        self.conn = Some(conn);
        Ok(())
    }

    async fn execute(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        let conn = self.conn.as_mut().ok_or(sqlx::Error::WorkerCrashed)?;
        sqlx::query(sql).execute(conn).await.map(drop)
    }

    async fn commit_group(&mut self, shared: &Shared) {
        let Some(members) = &self.group else { return };
        if members.is_empty() {
            // Nobody wrote anything that is to be kept. BEGIN itself may have been cancelled or refused.
            self.group = None;
            if self.conn.is_some() && self.execute("ROLLBACK").await.is_err() {
                self.conn = None;
            }
            return;
        }
        match self.execute("COMMIT").await {
            Ok(()) => {
                shared.commits.fetch_add(1, Ordering::Relaxed);
                self.answer(&Ok(()));
            }
            Err(error) => drop(self.fail_group(error)),
        }
    }

    /// Tells every member that nothing of it was kept, and drops the connection so that this is true.
    fn fail_group(&mut self, error: sqlx::Error) -> Arc<sqlx::Error> {
        tracing::error!(%error, members = self.group.as_ref().map_or(0, Vec::len), "commit group failed");
        let error = Arc::new(error);
        self.conn = None;
        self.answer(&Err(Arc::clone(&error)));
        error
    }

    /// Whether somebody waits for the commit of the open group.
    fn has_members(&self) -> bool {
        self.group.as_ref().is_some_and(|members| !members.is_empty())
    }

    fn answer(&mut self, outcome: &Outcome) {
        for reply in mem::take(&mut self.group).into_iter().flatten() {
            // A member that no longer listens has gone away; the outcome holds without it.
            let _ = reply.send(outcome.clone());
        }
    }
}

/// Being counted as waiting for the lane.
struct Waiting {
    shared: Arc<Shared>,
    served: bool,
}

impl Waiting {
    fn announce(shared: &Arc<Shared>) -> Self {
        shared.waiting.fetch_add(1, Ordering::SeqCst);
        Self { shared: Arc::clone(shared), served: false }
    }

    fn served(mut self) {
        self.served = true;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.shared.waiting.fetch_sub(1, Ordering::SeqCst);
        if self.served {
            return;
        }
        // Somebody may have left the group open for this caller, which now goes away.
        if let Ok(runtime) = Handle::try_current() {
            let shared = Arc::clone(&self.shared);
            runtime.spawn(async move {
                let mut lane = shared.lane.lock().await;
                if shared.waiting.load(Ordering::SeqCst) == 0 {
                    lane.commit_group(&shared).await;
                }
            });
        }
    }
}
