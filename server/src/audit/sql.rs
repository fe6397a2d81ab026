//! The tables `server_log` and `envelope_bodies`.

use super::entry::{EnvelopeEntry, NewEntry, sha256_hex};
use crate::store::{Counter, StoreError, Tx, next_numbers, on_engine};
use sqlx::FromRow;

/// An entry as it lies in the log.
#[derive(Debug, Clone, FromRow)]
pub struct Entry {
    /// Its position; there are no gaps.
    pub log_index: i64,
    /// The history it belongs to.
    pub epoch: i64,
    /// What kind of act it is.
    pub kind: String,
    /// When the server recorded it, Unix milliseconds.
    pub at_ms: i64,
    /// Who acted.
    pub person_id: Option<String>,
    /// The device that acted or that the act is about.
    pub device_id: Option<String>,
    /// Number of an envelope in its device's chain.
    pub device_seq: Option<i64>,
    /// Hash of an envelope.
    pub envelope_hash: Option<String>,
    /// The visit that the act is about.
    pub visit_id: Option<String>,
    /// The canonical bytes.
    pub entry: Vec<u8>,
    /// Their SHA-256.
    pub entry_sha256: String,
}

/// Appends one entry and returns its index. Call it last in the transaction: it takes the log's counter.
///
/// # Errors
/// [`StoreError::is_unique_violation`] when this very envelope is in the log already.
pub async fn append(tx: &mut Tx, entry: &NewEntry<'_>) -> Result<i64, StoreError> {
    append_all(tx, std::slice::from_ref(entry)).await
}

/// Appends entries in this order and returns the index of the first; the others follow without a gap.
pub async fn append_all(tx: &mut Tx, entries: &[NewEntry<'_>]) -> Result<i64, StoreError> {
    let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    let first = next_numbers(tx, Counter::SERVER_LOG, count).await?;
    for (log_index, entry) in (first..).zip(entries) {
        insert(tx, log_index, entry).await?;
        if let Some(EnvelopeEntry { body: Some((salt, body)), .. }) = entry.envelope {
            const SQL: &str = "INSERT INTO envelope_bodies (log_index, salt, body) VALUES ($1, $2, $3)";
            on_engine!(tx, |conn| {
                sqlx::query(SQL).bind(log_index).bind(salt).bind(body).execute(conn).await.map(drop)
            })?;
        }
    }
    Ok(first)
}

async fn insert(tx: &mut Tx, log_index: i64, entry: &NewEntry<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO server_log (log_index, epoch, kind, at_ms, person_id, device_id, device_seq, \
        envelope_hash, visit_id, cose, entry, entry_sha256) \
        VALUES ($1, (SELECT epoch FROM installation), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let bytes = entry.to_bytes();
    let digest = sha256_hex(&bytes);
    let envelope = entry.envelope;
    let seq = envelope.map(|envelope| i64::try_from(envelope.seq).unwrap_or(i64::MAX));
    on_engine!(tx, |conn| {
        sqlx::query(SQL)
            .bind(log_index)
            .bind(entry.kind.0)
            .bind(entry.at.unix_ms())
            .bind(entry.person.map(String::from))
            .bind(entry.device.map(String::from))
            .bind(seq)
            .bind(envelope.map(|envelope| envelope.hash.to_string()))
            .bind(entry.visit.map(String::from))
            .bind(envelope.map(|envelope| envelope.cose))
            .bind(bytes)
            .bind(digest)
            .execute(conn)
            .await
            .map(drop)
    })?;
    Ok(())
}

/// Index of the newest entry; 0 for an empty log.
pub async fn last_index(tx: &mut Tx) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT CAST(coalesce(max(log_index), 0) AS BIGINT) FROM server_log";
    Ok(on_engine!(tx, |conn| sqlx::query_scalar(SQL).fetch_one(conn).await)?)
}

/// Entries after this index, oldest first, at most `limit` of them.
pub async fn list(tx: &mut Tx, after: i64, limit: u32) -> Result<Vec<Entry>, StoreError> {
    const SQL: &str = "SELECT log_index, epoch, kind, at_ms, person_id, device_id, device_seq, envelope_hash, \
        visit_id, entry, entry_sha256 FROM server_log WHERE log_index > $1 ORDER BY log_index LIMIT $2";
    let limit = i64::from(limit);
    Ok(on_engine!(tx, |conn| sqlx::query_as(SQL).bind(after).bind(limit).fetch_all(conn).await)?)
}

/// The first index that has no entry though a later one has; `None` in a sound log.
pub async fn first_gap(tx: &mut Tx) -> Result<Option<i64>, StoreError> {
    const SQL: &str =
        "SELECT CAST(count(*) AS BIGINT), CAST(coalesce(max(log_index), 0) AS BIGINT) FROM server_log";
    const FIND: &str = "SELECT CAST(min(l.log_index) + 1 AS BIGINT) FROM server_log l WHERE NOT EXISTS \
        (SELECT 1 FROM server_log n WHERE n.log_index = l.log_index + 1)";
    let (count, newest): (i64, i64) = on_engine!(tx, |conn| sqlx::query_as(SQL).fetch_one(conn).await)?;
    if count == newest {
        return Ok(None);
    }
    Ok(on_engine!(tx, |conn| sqlx::query_scalar(FIND).fetch_optional(conn).await)?)
}
