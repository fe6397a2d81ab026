//! The table `uploads`.

use super::headers::Announced;
use super::{KEEP_MS, Upload, UploadId, UploadState};
use crate::store::{StoreError, Tx, statement};
use sqlx_macros::FromRow;
use sync_core::ids::{BlobHash, DeviceId};
use sync_core::time::Timestamp;

#[derive(FromRow)]
struct UploadRow {
    upload_id: String,
    device_id: String,
    sha256: String,
    size_bytes: i64,
    media_type: String,
    visit_id: Option<String>,
    state: String,
    found_sha256: Option<String>,
    expires_at_ms: i64,
}

const TABLE: &str = "uploads";

impl TryFrom<UploadRow> for Upload {
    type Error = StoreError;

    fn try_from(row: UploadRow) -> Result<Self, StoreError> {
        let key = row.upload_id.as_str();
        let visit = row.visit_id.as_deref().map(|id| StoreError::parse_column(TABLE, "visit_id", key, id));
        let found =
            row.found_sha256.as_deref().map(|h| StoreError::parse_column(TABLE, "found_sha256", key, h));
        let state = match (row.state.as_str(), found.transpose()?) {
            ("open", _) => UploadState::Open,
            ("whole", _) => UploadState::Whole,
            ("refused", Some(found)) => UploadState::Refused { found },
            _ => return Err(StoreError::impossible(TABLE, "state", key)),
        };
        Ok(Self {
            id: key.parse().map_err(|_| StoreError::impossible(TABLE, "upload_id", key))?,
            device: StoreError::parse_column(TABLE, "device_id", key, &row.device_id)?,
            sha256: StoreError::parse_column(TABLE, "sha256", key, &row.sha256)?,
            size_bytes: u64::try_from(row.size_bytes)
                .map_err(|_| StoreError::impossible(TABLE, "size_bytes", key))?,
            media_type: row.media_type,
            visit: visit.transpose()?,
            state,
            expires_at: Timestamp::from_unix_ms(row.expires_at_ms),
        })
    }
}

/// The upload with this id.
pub(super) async fn find(tx: &mut Tx, id: &UploadId) -> Result<Option<Upload>, StoreError> {
    const SQL: &str = "SELECT upload_id, device_id, sha256, size_bytes, media_type, visit_id, state, found_sha256, \
        expires_at_ms FROM uploads WHERE upload_id = $1";
    let row: Option<UploadRow> = statement(SQL).bind(id.as_str()).row_if_any(tx).await?;
    row.map(Upload::try_from).transpose()
}

/// The unfinished upload of these bytes by this device.
pub(super) async fn find_open(
    tx: &mut Tx,
    device: &DeviceId,
    sha256: &BlobHash,
) -> Result<Option<Upload>, StoreError> {
    const SQL: &str = "SELECT upload_id, device_id, sha256, size_bytes, media_type, visit_id, state, found_sha256, \
        expires_at_ms FROM uploads WHERE device_id = $1 AND sha256 = $2 AND state = 'open'";
    let row: Option<UploadRow> =
        statement(SQL).bind(device.to_string()).bind(sha256.to_string()).row_if_any(tx).await?;
    row.map(Upload::try_from).transpose()
}

/// How much a device has under way.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Underway {
    /// Unfinished uploads.
    pub(super) open: i64,
    /// The bytes they announced.
    pub(super) open_bytes: i64,
    /// Bytes that are whole but named by no signed claim.
    pub(super) unclaimed_bytes: i64,
}

pub(super) async fn underway(tx: &mut Tx, device: &DeviceId) -> Result<Underway, StoreError> {
    const OPEN: &str = "SELECT count(*), CAST(coalesce(sum(size_bytes), 0) AS BIGINT) FROM uploads \
        WHERE device_id = $1 AND state = 'open'";
    const UNCLAIMED: &str = "SELECT CAST(coalesce(sum(b.size_bytes), 0) AS BIGINT) FROM blobs b \
        WHERE b.device_id = $1 AND NOT EXISTS (SELECT 1 FROM photo_claims c WHERE c.sha256 = b.sha256)";
    let device = device.to_string();
    let (open, open_bytes): (i64, i64) = statement(OPEN).bind(&device).row(tx).await?;
    let unclaimed_bytes: i64 = statement(UNCLAIMED).bind(&device).value(tx).await?;
    Ok(Underway { open, open_bytes, unclaimed_bytes })
}

/// Writes a new, empty upload.
pub(super) async fn insert(
    tx: &mut Tx,
    id: &UploadId,
    device: &DeviceId,
    announced: &Announced,
    now: Timestamp,
) -> Result<Upload, StoreError> {
    const SQL: &str = "INSERT INTO uploads (upload_id, device_id, sha256, size_bytes, media_type, visit_id, state, \
        bytes_kept, created_at_ms, expires_at_ms) VALUES ($1, $2, $3, $4, $5, $6, 'open', 0, $7, $8)";
    let expires_at = now.plus_ms(KEEP_MS);
    statement(SQL)
        .bind(id.as_str())
        .bind(device.to_string())
        .bind(announced.sha256.to_string())
        .bind(i64::try_from(announced.size_bytes).unwrap_or(i64::MAX))
        .bind(&announced.media_type)
        .bind(announced.visit.map(String::from))
        .bind(now.unix_ms())
        .bind(expires_at.unix_ms())
        .execute(tx)
        .await?;
    Ok(Upload {
        id: id.clone(),
        device: *device,
        sha256: announced.sha256,
        size_bytes: announced.size_bytes,
        media_type: announced.media_type.clone(),
        visit: announced.visit,
        state: UploadState::Open,
        expires_at,
    })
}

/// Keeps an open upload for longer.
pub(super) async fn extend(tx: &mut Tx, id: &UploadId, expires_at: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE uploads SET expires_at_ms = $2 WHERE upload_id = $1 AND state = 'open'";
    statement(SQL).bind(id.as_str()).bind(expires_at.unix_ms()).execute(tx).await?;
    Ok(())
}

/// Ends an open upload. Returns whether it was open.
pub(super) async fn end(
    tx: &mut Tx,
    id: &UploadId,
    state: &UploadState,
    bytes_kept: u64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE uploads SET state = $2, found_sha256 = $3, bytes_kept = $4, ended_at_ms = $5, \
        expires_at_ms = $6 WHERE upload_id = $1 AND state = 'open'";
    let (word, found) = match state {
        UploadState::Open => ("open", None),
        UploadState::Whole => ("whole", None),
        UploadState::Refused { found } => ("refused", Some(found.to_string())),
    };
    let ended = statement(SQL)
        .bind(id.as_str())
        .bind(word)
        .bind(found)
        .bind(i64::try_from(bytes_kept).unwrap_or(i64::MAX))
        .bind(now.unix_ms())
        .bind(now.plus_ms(KEEP_MS).unix_ms())
        .execute(tx)
        .await?;
    Ok(ended == 1)
}

/// Forgets an upload.
pub(super) async fn delete(tx: &mut Tx, id: &UploadId) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM uploads WHERE upload_id = $1";
    statement(SQL).bind(id.as_str()).execute(tx).await?;
    Ok(())
}

/// Uploads whose time is over: unfinished ones, and rows of finished ones that nobody will ask for any more.
pub(super) async fn expired(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<Vec<UploadId>, StoreError> {
    const SQL: &str = "SELECT upload_id FROM uploads WHERE state IN ('open', 'whole') AND expires_at_ms <= $1 \
        ORDER BY expires_at_ms, upload_id LIMIT $2";
    let ids: Vec<String> = statement(SQL).bind(now.unix_ms()).bind(i64::from(limit)).values(tx).await?;
    ids.iter().map(|id| id.parse().map_err(|_| StoreError::impossible(TABLE, "upload_id", id))).collect()
}

/// Bytes kept aside for this device, oldest first.
pub(super) async fn kept_aside(tx: &mut Tx, device: &DeviceId) -> Result<Vec<(UploadId, i64)>, StoreError> {
    const SQL: &str = "SELECT upload_id, bytes_kept FROM uploads WHERE device_id = $1 AND state = 'refused' \
        AND bytes_kept > 0 ORDER BY ended_at_ms, upload_id";
    let rows: Vec<(String, i64)> = statement(SQL).bind(device.to_string()).rows(tx).await?;
    let parse = |(id, bytes): (String, i64)| {
        Ok((id.parse().map_err(|_| StoreError::impossible(TABLE, "upload_id", &id))?, bytes))
    };
    rows.into_iter().map(parse).collect()
}

/// Notes that the bytes of a refused upload had to make room.
pub(super) async fn forget_kept(tx: &mut Tx, id: &UploadId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE uploads SET bytes_kept = 0 WHERE upload_id = $1";
    statement(SQL).bind(id.as_str()).execute(tx).await?;
    Ok(())
}

/// Size that a signed claim gives for these bytes, if one has arrived.
pub(super) async fn claimed_size(tx: &mut Tx, sha256: &BlobHash) -> Result<Option<i64>, StoreError> {
    const SQL: &str = "SELECT size_bytes FROM photo_claims WHERE sha256 = $1 ORDER BY log_index LIMIT 1";
    statement(SQL).bind(sha256.to_string()).value_if_any(tx).await
}
