//! Reading claims, blobs and uploads of a visit together.

use super::model::{BlobFacts, NamedPhoto, Progress, SignedClaim};
use crate::complaints::{DeviceRef, PersonRef};
use crate::store::{StoreError, Tx, statement};
use sqlx_macros::FromRow;
use sync_core::ids::{BlobHash, PersonId, VisitId};
use sync_core::time::Timestamp;

const CLAIMS: &str = "photo_claims";

#[derive(FromRow)]
struct NamedRow {
    sha256: String,
    size_bytes: i64,
    media_type: String,
    log_index: i64,
    person_id: String,
    device_id: String,
    claimed_at_ms: i64,
    stored_at_ms: Option<i64>,
    preview: Option<String>,
    preview_reason: Option<String>,
    format: Option<String>,
    width_px: Option<i64>,
    height_px: Option<i64>,
    exif: Option<String>,
    early: Option<i64>,
}

impl TryFrom<NamedRow> for NamedPhoto {
    type Error = StoreError;

    fn try_from(row: NamedRow) -> Result<Self, StoreError> {
        let key = row.log_index.to_string();
        let person = StoreError::parse_column(CLAIMS, "person_id", &key, &row.person_id)?;
        let device = StoreError::parse_column(CLAIMS, "device_id", &key, &row.device_id)?;
        let claim = SignedClaim {
            log_index: row.log_index,
            person: PersonRef::unnamed(person),
            device: DeviceRef::unnamed(device),
            claimed_at_ms: Timestamp::from_unix_ms(row.claimed_at_ms),
        };
        let blob = row.stored_at_ms.zip(row.preview).map(|(stored_at_ms, preview)| BlobFacts {
            stored_at: Timestamp::from_unix_ms(stored_at_ms),
            preview,
            preview_reason: row.preview_reason,
            format: row.format,
            width_px: row.width_px,
            height_px: row.height_px,
            // Written by another version and not understood: as if nobody had looked yet.
            exif: row.exif.and_then(|json| serde_json::from_str(&json).ok()),
        });
        Ok(Self {
            sha256: StoreError::parse_column(CLAIMS, "sha256", &key, &row.sha256)?,
            size_bytes: row.size_bytes,
            media_type: row.media_type,
            claim,
            blob,
            early: row.early.is_some(),
        })
    }
}

/// Every signed claim of a visit, oldest first.
pub(super) async fn named(tx: &mut Tx, visit: VisitId) -> Result<Vec<NamedPhoto>, StoreError> {
    const SQL: &str = "SELECT c.sha256, c.size_bytes, c.media_type, c.log_index, c.person_id, c.device_id, \
        c.claimed_at_ms, b.stored_at_ms, b.preview, b.preview_reason, b.format, b.width_px, b.height_px, b.exif, \
        e.received_at_ms AS early FROM photo_claims c LEFT JOIN blobs b ON b.sha256 = c.sha256 \
        LEFT JOIN early_previews e ON e.sha256 = c.sha256 WHERE c.visit_id = $1 \
        ORDER BY c.claimed_at_ms, c.log_index, c.sha256";
    let rows: Vec<NamedRow> = statement(SQL).bind(visit.to_string()).rows(tx).await?;
    rows.into_iter().map(NamedPhoto::try_from).collect()
}

/// Other visits that name photos of this one.
pub(super) async fn elsewhere(tx: &mut Tx, visit: VisitId) -> Result<Vec<(BlobHash, VisitId)>, StoreError> {
    const SQL: &str = "SELECT DISTINCT o.sha256, o.visit_id FROM photo_claims c \
        JOIN photo_claims o ON o.sha256 = c.sha256 AND o.visit_id <> c.visit_id WHERE c.visit_id = $1 \
        ORDER BY o.sha256, o.visit_id";
    let rows: Vec<(String, String)> = statement(SQL).bind(visit.to_string()).rows(tx).await?;
    let parse = |(sha256, other): (String, String)| {
        let sha256 = StoreError::parse_column(CLAIMS, "sha256", &other, &sha256)?;
        Ok((sha256, StoreError::parse_column(CLAIMS, "visit_id", &other, &other)?))
    };
    rows.into_iter().map(parse).collect()
}

/// Uploads of the visit's photos that are open or were refused; open ones first, newest first.
pub(super) async fn progress(tx: &mut Tx, visit: VisitId) -> Result<Vec<Progress>, StoreError> {
    const SQL: &str = "SELECT upload_id, sha256, found_sha256 FROM uploads WHERE state <> 'whole' AND sha256 IN \
        (SELECT sha256 FROM photo_claims WHERE visit_id = $1) \
        ORDER BY CASE state WHEN 'open' THEN 0 ELSE 1 END, created_at_ms DESC, upload_id";
    let rows: Vec<(String, String, Option<String>)> = statement(SQL).bind(visit.to_string()).rows(tx).await?;
    let parse = |(id, sha256, found): (String, String, Option<String>)| {
        let found = found.map(|found| StoreError::parse_column("uploads", "found_sha256", &id, &found));
        Ok(Progress {
            upload_id: id.parse().map_err(|_| StoreError::impossible("uploads", "upload_id", &id))?,
            sha256: StoreError::parse_column("uploads", "sha256", &id, &sha256)?,
            found: found.transpose()?,
            bytes: 0,
        })
    };
    rows.into_iter().map(parse).collect()
}

/// State and reason of the preview, and the format; `None` when the bytes are not here.
pub(super) async fn blob(
    tx: &mut Tx,
    sha256: &BlobHash,
) -> Result<Option<(String, Option<String>, Option<String>)>, StoreError> {
    const SQL: &str = "SELECT preview, preview_reason, format FROM blobs WHERE sha256 = $1";
    statement(SQL).bind(sha256.to_string()).row_if_any(tx).await
}

/// The visits that name a photo.
pub(super) async fn visits_of(tx: &mut Tx, sha256: &BlobHash) -> Result<Vec<VisitId>, StoreError> {
    const SQL: &str = "SELECT DISTINCT visit_id FROM photo_claims WHERE sha256 = $1 ORDER BY visit_id";
    let ids: Vec<String> = statement(SQL).bind(sha256.to_string()).values(tx).await?;
    ids.iter().map(|id| StoreError::parse_column(CLAIMS, "visit_id", id, id)).collect()
}

/// Keeps the reason beside the entry of the server log.
pub(super) async fn record_opening(
    tx: &mut Tx,
    log_index: i64,
    sha256: &BlobHash,
    person: PersonId,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO originals_opened (log_index, sha256, person_id, reason, opened_at_ms) \
        VALUES ($1, $2, $3, $4, $5)";
    statement(SQL)
        .bind(log_index)
        .bind(sha256.to_string())
        .bind(person.to_string())
        .bind(reason)
        .bind(now.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}
