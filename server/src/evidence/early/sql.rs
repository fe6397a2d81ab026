//! The table `early_previews`.

use crate::store::{StoreError, Tx, statement};
use sync_core::ids::{BlobHash, DeviceId};
use sync_core::time::Timestamp;

/// Whether an envelope of this device names the photo.
pub(super) async fn is_claimed_by(
    tx: &mut Tx,
    sha256: &BlobHash,
    device: DeviceId,
) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT log_index FROM photo_claims WHERE sha256 = $1 AND device_id = $2 LIMIT 1";
    let found: Option<i64> =
        statement(SQL).bind(sha256.to_string()).bind(device.to_string()).value_if_any(tx).await?;
    Ok(found.is_some())
}

/// Whether a preview of the photo is here.
pub(in crate::evidence) async fn is_known(tx: &mut Tx, sha256: &BlobHash) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT device_id FROM early_previews WHERE sha256 = $1";
    let found: Option<String> = statement(SQL).bind(sha256.to_string()).value_if_any(tx).await?;
    Ok(found.is_some())
}

/// Notes a preview whose bytes are durable.
pub(super) async fn insert(
    tx: &mut Tx,
    sha256: &BlobHash,
    device: DeviceId,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO early_previews (sha256, device_id, received_at_ms) VALUES ($1, $2, $3) \
        ON CONFLICT (sha256) DO NOTHING";
    statement(SQL).bind(sha256.to_string()).bind(device.to_string()).bind(now.unix_ms()).execute(tx).await?;
    Ok(())
}

/// Forgets the preview of a photo whose original has been looked at. Returns whether there was one.
pub(in crate::evidence) async fn remove(tx: &mut Tx, sha256: &BlobHash) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM early_previews WHERE sha256 = $1";
    let removed = statement(SQL).bind(sha256.to_string()).execute(tx).await?;
    Ok(removed > 0)
}
