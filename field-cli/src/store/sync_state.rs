//! Where the exchange with the server stands.

use super::{Comparison, Store, StoreError, Tx};
use sqlx_macros::FromRow;
use sync_core::ids::EnvelopeHash;
use sync_core::time::Timestamp;

/// Code of a device that the office revoked.
pub const REVOKED: &str = "device-revoked";
/// Code of a device that the office suspended.
pub const SUSPENDED: &str = "device-suspended";
/// Code of a device whose person has lost the role technician.
pub const NO_TECHNICIAN: &str = "technician-role-missing";
/// Code of a device that the server does not know.
pub const NOT_ENROLLED: &str = "device-not-enrolled";

/// Where the exchange with the server stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncState {
    /// History of the server that the cursor belongs to, 0 before the first answer.
    pub epoch: u64,
    /// Feed position up to which this device has everything.
    pub cursor: u64,
    /// Sequence of the newest own envelope that is durable on the server.
    pub acknowledged: u64,
    /// Its hash.
    pub acknowledged_hash: Option<EnvelopeHash>,
    /// Newest index of the server log heard of.
    pub log_index_known: u64,
    /// The server's time in its newest answer.
    pub server_time_known: Timestamp,
    /// Device clock minus server clock at that answer, in milliseconds.
    pub clock_offset_ms: Option<i64>,
    /// When both clocks were compared.
    pub compared: Comparison,
    /// When an exchange last succeeded, by the server's clock.
    pub last_sync_at: Option<Timestamp>,
    /// When one was last tried.
    pub last_attempt_at: Option<Timestamp>,
    /// Short code of what went wrong last.
    pub last_failure: Option<String>,
    /// Open conflicts on this device's visits, as the server counts them.
    pub conflicts_open: u32,
    /// The digest of the last answer differed.
    pub digest_differs: bool,
    /// The server has to send everything again.
    pub wants_everything: bool,
    /// A new server history was not told yet how far this device keeps the logs of others.
    pub kept_logs_due: bool,
    /// Lowest own sequence to fetch back after a restore, 0 for none.
    pub own_from: u64,
    /// The server asked this device to enrol again.
    pub enrol_again: bool,
    /// Largest request body to try.
    pub body_bytes_max: u64,
    /// Access token, while it is good.
    pub token: Option<Token>,
}

/// An access token and the end of its life by this device's clock.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The token.
    pub secret: String,
    /// When it ends.
    pub until: Timestamp,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("until", &self.until).finish_non_exhaustive()
    }
}

#[derive(FromRow)]
struct RawState {
    epoch: i64,
    cursor: i64,
    acknowledged: i64,
    acknowledged_hash: Option<String>,
    log_index_known: i64,
    server_time_known_ms: i64,
    clock_offset_ms: Option<i64>,
    clock_server_ms: i64,
    clock_monotonic_ms: i64,
    clock_boot: i64,
    last_sync_at_ms: Option<i64>,
    last_attempt_at_ms: Option<i64>,
    last_failure: Option<String>,
    conflicts_open: i64,
    digest_differs: bool,
    wants_everything: bool,
    kept_logs_due: bool,
    own_from: i64,
    enrol_again: bool,
    body_bytes_max: i64,
    token: Option<String>,
    token_until_ms: Option<i64>,
}

const SELECT: &str = "SELECT epoch, cursor, acknowledged, acknowledged_hash, log_index_known, server_time_known_ms, \
    clock_offset_ms, last_sync_at_ms, last_attempt_at_ms, last_failure, conflicts_open, digest_differs, \
    wants_everything, own_from, enrol_again, body_bytes_max, token, token_until_ms, kept_logs_due, \
    clock_server_ms, clock_monotonic_ms, clock_boot FROM sync_state";

impl TryFrom<RawState> for SyncState {
    type Error = StoreError;

    fn try_from(row: RawState) -> Result<Self, StoreError> {
        let count = |value: i64| u64::try_from(value).unwrap_or(0);
        let hash = row.acknowledged_hash.as_deref().map(str::parse).transpose();
        Ok(Self {
            epoch: count(row.epoch),
            cursor: count(row.cursor),
            acknowledged: count(row.acknowledged),
            acknowledged_hash: hash.map_err(|_| StoreError::damaged("sync_state", "acknowledged_hash", 1))?,
            log_index_known: count(row.log_index_known),
            server_time_known: Timestamp::from_unix_ms(row.server_time_known_ms),
            clock_offset_ms: row.clock_offset_ms,
            compared: Comparison {
                server_ms: row.clock_server_ms,
                monotonic_ms: row.clock_monotonic_ms,
                boot: row.clock_boot,
            },
            last_sync_at: row.last_sync_at_ms.map(Timestamp::from_unix_ms),
            last_attempt_at: row.last_attempt_at_ms.map(Timestamp::from_unix_ms),
            last_failure: row.last_failure,
            conflicts_open: u32::try_from(row.conflicts_open).unwrap_or(0),
            digest_differs: row.digest_differs,
            wants_everything: row.wants_everything,
            kept_logs_due: row.kept_logs_due,
            own_from: count(row.own_from),
            enrol_again: row.enrol_again,
            body_bytes_max: count(row.body_bytes_max),
            token: row
                .token
                .zip(row.token_until_ms)
                .map(|(secret, until)| Token { secret, until: Timestamp::from_unix_ms(until) }),
        })
    }
}

impl SyncState {
    /// Why the server refuses this device, as it was told at the last contact.
    pub fn refusal(&self) -> Option<&'static str> {
        let code = self.last_failure.as_deref()?;
        [REVOKED, SUSPENDED, NO_TECHNICIAN, NOT_ENROLLED].into_iter().find(|refusal| *refusal == code)
    }
}

impl Store {
    /// Where the exchange stands.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub async fn sync_state(&self) -> Result<SyncState, StoreError> {
        let row: RawState = sqlx::query_as(SELECT).fetch_one(self.pool()).await?;
        row.try_into()
    }

    /// The same inside a transaction.
    pub(crate) async fn sync_state_in(tx: &mut Tx) -> Result<SyncState, StoreError> {
        let row: RawState = sqlx::query_as(SELECT).fetch_one(&mut **tx).await?;
        row.try_into()
    }

    /// Writes where the exchange stands.
    pub(crate) async fn set_sync_state_in(tx: &mut Tx, state: &SyncState) -> Result<(), StoreError> {
        let int = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        sqlx::query(
            "UPDATE sync_state SET epoch = $1, cursor = $2, acknowledged = $3, acknowledged_hash = $4, \
             log_index_known = $5, server_time_known_ms = $6, clock_offset_ms = $7, last_sync_at_ms = $8, \
             last_attempt_at_ms = $9, last_failure = $10, conflicts_open = $11, digest_differs = $12, \
             wants_everything = $13, own_from = $14, enrol_again = $15, body_bytes_max = $16, token = $17, \
             token_until_ms = $18, kept_logs_due = $19, clock_server_ms = $20, clock_monotonic_ms = $21, clock_boot = $22",
        )
        .bind(int(state.epoch))
        .bind(int(state.cursor))
        .bind(int(state.acknowledged))
        .bind(state.acknowledged_hash.map(|hash| hash.to_string()))
        .bind(int(state.log_index_known))
        .bind(state.server_time_known.unix_ms())
        .bind(state.clock_offset_ms)
        .bind(state.last_sync_at.map(Timestamp::unix_ms))
        .bind(state.last_attempt_at.map(Timestamp::unix_ms))
        .bind(&state.last_failure)
        .bind(i64::from(state.conflicts_open))
        .bind(state.digest_differs)
        .bind(state.wants_everything)
        .bind(int(state.own_from))
        .bind(state.enrol_again)
        .bind(int(state.body_bytes_max))
        .bind(state.token.as_ref().map(|token| &token.secret))
        .bind(state.token.as_ref().map(|token| token.until.unix_ms()))
        .bind(state.kept_logs_due)
        .bind(state.compared.server_ms)
        .bind(state.compared.monotonic_ms)
        .bind(state.compared.boot)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// Changes where the exchange stands.
    ///
    /// # Errors
    /// When the row cannot be read or written.
    pub async fn update_sync_state(&self, change: impl FnOnce(&mut SyncState)) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let mut state = Self::sync_state_in(&mut tx).await?;
        change(&mut state);
        Self::set_sync_state_in(&mut tx, &state).await?;
        Ok(tx.commit().await?)
    }
}
