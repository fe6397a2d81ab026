//! The table `blobs`.

use super::previews::Outcome;
use crate::store::{StoreError, Tx, statement};
use sync_core::ids::{BlobHash, DeviceId};
use sync_core::time::Timestamp;

/// A blob whose bytes have just become durable.
pub(super) struct NewBlob<'a> {
    pub(super) sha256: BlobHash,
    pub(super) size_bytes: u64,
    pub(super) media_type: &'a str,
    pub(super) device: DeviceId,
    pub(super) stored_at: Timestamp,
}

/// Whether the bytes of this hash are here.
pub(super) async fn is_whole(tx: &mut Tx, sha256: &BlobHash) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT size_bytes FROM blobs WHERE sha256 = $1";
    let size: Option<i64> = statement(SQL).bind(sha256.to_string()).value_if_any(tx).await?;
    Ok(size.is_some())
}

/// Names a blob whose bytes are durable. Returns whether it is new.
pub(super) async fn insert(tx: &mut Tx, blob: &NewBlob<'_>) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO blobs (sha256, size_bytes, media_type, device_id, stored_at_ms, preview, \
        preview_attempts) VALUES ($1, $2, $3, $4, $5, 'waiting', 0) ON CONFLICT (sha256) DO NOTHING";
    let inserted = statement(SQL)
        .bind(blob.sha256.to_string())
        .bind(i64::try_from(blob.size_bytes).unwrap_or(i64::MAX))
        .bind(blob.media_type)
        .bind(blob.device.to_string())
        .bind(blob.stored_at.unix_ms())
        .execute(tx)
        .await?;
    Ok(inserted == 1)
}

/// A blob that nobody has looked at yet.
pub(super) struct Waiting {
    pub(super) sha256: BlobHash,
    pub(super) attempts: i64,
    pub(super) stored_at: Timestamp,
}

/// Blobs that nobody has looked at yet, oldest first.
pub(super) async fn waiting(tx: &mut Tx, limit: u32) -> Result<Vec<Waiting>, StoreError> {
    const SQL: &str = "SELECT sha256, preview_attempts, stored_at_ms FROM blobs WHERE preview = 'waiting' \
        ORDER BY stored_at_ms, sha256 LIMIT $1";
    let rows: Vec<(String, i64, i64)> = statement(SQL).bind(i64::from(limit)).rows(tx).await?;
    let parse = |(sha256, attempts, stored_at_ms): (String, i64, i64)| {
        let sha256 = StoreError::parse_column("blobs", "sha256", &sha256, &sha256)?;
        Ok(Waiting { sha256, attempts, stored_at: Timestamp::from_unix_ms(stored_at_ms) })
    };
    rows.into_iter().map(parse).collect()
}

/// Counts an attempt. Returns false when somebody else counted one meanwhile.
pub(super) async fn begin_attempt(tx: &mut Tx, blob: &Waiting) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE blobs SET preview_attempts = preview_attempts + 1 \
        WHERE sha256 = $1 AND preview = 'waiting' AND preview_attempts = $2";
    let begun = statement(SQL).bind(blob.sha256.to_string()).bind(blob.attempts).execute(tx).await?;
    Ok(begun == 1)
}

/// Writes what was seen of a blob.
pub(super) async fn record_outcome(
    tx: &mut Tx,
    sha256: &BlobHash,
    outcome: &Outcome,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE blobs SET preview = $2, preview_reason = $3, format = $4, width_px = $5, \
        height_px = $6, exif = $7 WHERE sha256 = $1 AND preview = 'waiting'";
    let exif = serde_json::to_string(&outcome.exif)
        .map_err(|_| StoreError::impossible("blobs", "exif", sha256.to_string()))?;
    statement(SQL)
        .bind(sha256.to_string())
        .bind(outcome.preview)
        .bind(outcome.reason)
        .bind(outcome.format)
        .bind(outcome.dimensions.map(|(width, _)| i64::from(width)))
        .bind(outcome.dimensions.map(|(_, height)| i64::from(height)))
        .bind(exif)
        .execute(tx)
        .await?;
    Ok(())
}
