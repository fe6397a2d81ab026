//! Envelopes of others that a restored server asks for.
//!
//! A new server history is told once how far this device keeps the logs of others. The server names what it lacks;
//! that is marked, offered beside the own log, and unmarked one by one as the server has heard it.

use super::perform::Performer;
use crate::store::log::RawEnvelope;
use crate::store::{Store, StoreError};
use futures_util::TryStreamExt as _;
use sync_core::ids::DeviceId;
use sync_core::log::Envelope;
use sync_core::protocol::{ENVELOPES_PER_EXCHANGE_MAX, KEPT_LOGS_MAX, LogEnd};

impl Store {
    /// How far this device keeps the logs of others, and what servers acknowledged of its own earlier identities.
    pub(super) async fn kept_logs(&self) -> Result<Vec<LogEnd>, StoreError> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT device_id, sequence FROM (\
             SELECT device_id, max(sequence) AS sequence, max(received_at_ms) AS at_ms FROM foreign_log GROUP BY device_id \
             UNION ALL SELECT device_id, max(sequence), max(claimed_at_ms) FROM log \
             WHERE state IN ('stored', 'merged', 'merged_late', 'quarantined') \
             AND device_id != (SELECT device_id FROM identity) GROUP BY device_id) ORDER BY at_ms DESC LIMIT $1",
        )
        .bind(i64::try_from(KEPT_LOGS_MAX).unwrap_or(i64::MAX))
        .fetch_all(self.pool())
        .await?;
        let end = |(device, sequence): (String, i64)| {
            Ok(LogEnd {
                device: device
                    .parse()
                    .map_err(|_| StoreError::damaged("foreign_log", "device_id", &device))?,
                sequence: u64::try_from(sequence).unwrap_or(0),
            })
        };
        rows.into_iter().map(end).collect()
    }

    /// How far this device keeps the log of the office in the present history: a server that has less of it was
    /// restored, even if it lost nothing else. Empty when nothing of it is kept.
    pub(super) async fn kept_office_log(&self, office: DeviceId) -> Result<Vec<LogEnd>, StoreError> {
        let newest: Option<i64> =
            sqlx::query_scalar("SELECT max(sequence) FROM foreign_log WHERE device_id = $1")
                .bind(office.to_string())
                .fetch_one(self.pool())
                .await?;
        let newest = newest.and_then(|sequence| u64::try_from(sequence).ok());
        Ok(newest.map(|sequence| LogEnd { device: office, sequence }).into_iter().collect())
    }

    /// What the server asked for and has not heard yet, in the order of each log, at most `bytes_max` bytes of it.
    pub(super) async fn offered(&self, bytes_max: usize) -> Result<Vec<Envelope>, StoreError> {
        let mut rows = sqlx::query_as::<_, RawEnvelope>(
            "SELECT sequence, cose, salt, body FROM (\
             SELECT device_id, sequence, cose, salt, body FROM foreign_log WHERE offer = 1 \
             UNION ALL SELECT device_id, sequence, cose, salt, body FROM log WHERE offer = 1) \
             ORDER BY device_id, sequence LIMIT $1",
        )
        .bind(i64::try_from(ENVELOPES_PER_EXCHANGE_MAX).unwrap_or(i64::MAX))
        .fetch(self.pool());
        let (mut envelopes, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.try_next().await? {
            bytes += row.bytes();
            if bytes > bytes_max && !envelopes.is_empty() {
                break;
            }
            // A damaged copy is of no use to anybody: the rest is.
            envelopes.extend(row.open().ok());
        }
        Ok(envelopes)
    }
}

impl Performer<'_> {
    /// The server lacks what follows on `end`.
    pub(super) async fn offer(&mut self, end: LogEnd) -> Result<(), StoreError> {
        self.mark("UPDATE foreign_log SET offer = 1 WHERE device_id = $1 AND sequence > $2", end).await?;
        // What was never sent under an earlier identity was said anew under this one.
        let sql = "UPDATE log SET offer = 1 WHERE device_id = $1 AND sequence > $2 \
            AND state IN ('stored', 'merged', 'merged_late', 'quarantined') \
            AND device_id != (SELECT device_id FROM identity)";
        self.mark(sql, end).await?;
        Ok(())
    }

    /// The server has heard this one.
    pub(super) async fn heard(&mut self, end: LogEnd) -> Result<(), StoreError> {
        let sql = "UPDATE foreign_log SET offer = 0 WHERE device_id = $1 AND sequence = $2 AND offer = 1";
        self.report.offered += self.mark(sql, end).await?;
        let sql = "UPDATE log SET offer = 0 WHERE device_id = $1 AND sequence = $2 AND offer = 1";
        self.report.resent += self.mark(sql, end).await?;
        Ok(())
    }

    async fn mark(&mut self, sql: &'static str, end: LogEnd) -> Result<u64, StoreError> {
        let marked = sqlx::query(sql)
            .bind(end.device.to_string())
            .bind(i64::try_from(end.sequence).unwrap_or(i64::MAX))
            .execute(&mut *self.writer.tx)
            .await?;
        Ok(marked.rows_affected())
    }

    /// Whether another exchange would bring the server more of what it lacks.
    pub(super) async fn has_offers(&mut self) -> Result<bool, StoreError> {
        if self.state.kept_logs_due {
            return Ok(true);
        }
        let left: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM foreign_log WHERE offer = 1) OR EXISTS (SELECT 1 FROM log WHERE offer = 1)",
        )
        .fetch_one(&mut *self.writer.tx)
        .await?;
        Ok(left)
    }
}
