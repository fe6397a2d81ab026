//! The table `blobs`.

use crate::store::{StoreError, Tx, on_engine};
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
    let size: Option<i64> = on_engine!(tx, |conn| {
        sqlx::query_scalar(SQL).bind(sha256.to_string()).fetch_optional(conn).await
    })?;
    Ok(size.is_some())
}

/// Names a blob whose bytes are durable. Returns whether it is new.
pub(super) async fn insert(tx: &mut Tx, blob: &NewBlob<'_>) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO blobs (sha256, size_bytes, media_type, device_id, stored_at_ms, preview, \
        preview_attempts) VALUES ($1, $2, $3, $4, $5, 'waiting', 0) ON CONFLICT (sha256) DO NOTHING";
    let inserted = on_engine!(tx, |conn| {
        sqlx::query(SQL)
            .bind(blob.sha256.to_string())
            .bind(i64::try_from(blob.size_bytes).unwrap_or(i64::MAX))
            .bind(blob.media_type)
            .bind(blob.device.to_string())
            .bind(blob.stored_at.unix_ms())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(inserted == 1)
}
