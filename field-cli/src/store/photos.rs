//! Photos, recordings and signatures on their way to the server.

use super::{PreviewState, Store, StoreError, Tx, Write};
use sqlx_macros::FromRow;
use std::path::{Path, PathBuf};
use sync_core::document::Container;
use sync_core::ids::{BlobHash, EntryId, VisitId};
use sync_core::log::PhotoClaim;

/// Why bytes are unavailable whose copy could not be read when they were to be sent.
pub(crate) const COPY_LOST: &str = "copy-lost";
/// Role of bytes that are a signature and no photo.
pub(crate) const SIGNATURE: &str = "signature";

/// Where bytes stand on their way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlobState {
    /// On this device; none, some or all of it sent.
    Waiting,
    /// Whole on the server, hash checked there.
    Arrived,
    /// The server will not take it.
    Refused,
    /// The bytes are lost on this device; the technician said so.
    Unavailable,
}

impl BlobState {
    /// The word that stands in the store and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Arrived => "arrived",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        let all = [Self::Waiting, Self::Arrived, Self::Refused, Self::Unavailable];
        all.into_iter().find(|state| state.as_str() == word)
    }
}

/// Bytes and how far they got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobRow {
    /// Their SHA-256.
    pub sha256: BlobHash,
    /// How many they are.
    pub size_bytes: u64,
    /// What they are.
    pub media_type: String,
    /// The copy on this device.
    pub path: PathBuf,
    /// The name of the file that was added.
    pub original_name: String,
    /// Where they stand.
    pub state: BlobState,
    /// Where the upload goes on, once it was begun.
    pub upload_url: Option<String>,
    /// Bytes that the server has confirmed.
    pub upload_offset: u64,
    /// Why the server refused them, or why they are unavailable.
    pub reason: Option<String>,
    /// How far the preview is that travels ahead of them.
    pub preview: PreviewState,
}

/// An entry that names bytes, and how far they got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoRow {
    /// The visit.
    pub visit: VisitId,
    /// The entry in its document.
    pub entry: EntryId,
    /// What it shows: role code, or `signature`.
    pub role: String,
    /// The bytes.
    pub blob: BlobRow,
}

/// How many photos wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PhotoCounts {
    /// Not whole on the server.
    pub waiting: u64,
    /// Bytes of them that still have to travel.
    pub waiting_bytes: u64,
    /// Refused by the server.
    pub refused: u64,
    /// Whose copy on this device cannot be read, without anybody having declared that.
    pub lost: u64,
}

impl PhotoCounts {
    /// Those that never arrive unless somebody does something about them.
    pub fn stuck(&self) -> u64 {
        self.refused + self.lost
    }
}

#[derive(FromRow)]
struct RawBlob {
    sha256: String,
    size_bytes: i64,
    media_type: String,
    path: String,
    original_name: String,
    state: String,
    upload_url: Option<String>,
    upload_offset: i64,
    reason: Option<String>,
    preview: String,
}

#[derive(FromRow)]
struct RawPhoto {
    visit_id: String,
    entry_id: String,
    role: String,
    #[sqlx(flatten)]
    blob: RawBlob,
}

const BLOB_COLUMNS: &str = "blobs.sha256, blobs.size_bytes, blobs.media_type, blobs.path, blobs.original_name, \
    blobs.state, blobs.upload_url, blobs.upload_offset, blobs.reason, blobs.preview";

impl RawBlob {
    fn read(self, data: &Path) -> Result<BlobRow, StoreError> {
        let damaged = |column| StoreError::damaged("blobs", column, &self.sha256);
        Ok(BlobRow {
            sha256: self.sha256.parse().map_err(|_| damaged("sha256"))?,
            size_bytes: u64::try_from(self.size_bytes).map_err(|_| damaged("size_bytes"))?,
            state: BlobState::parse(&self.state).ok_or(damaged("state"))?,
            upload_offset: u64::try_from(self.upload_offset).map_err(|_| damaged("upload_offset"))?,
            media_type: self.media_type,
            path: data.join(self.path),
            original_name: self.original_name,
            upload_url: self.upload_url,
            reason: self.reason,
            preview: PreviewState::parse(&self.preview).ok_or(damaged("preview"))?,
        })
    }
}

impl RawPhoto {
    fn read(self, data: &Path) -> Result<PhotoRow, StoreError> {
        let damaged = |column| StoreError::damaged("photos", column, &self.entry_id);
        Ok(PhotoRow {
            visit: self.visit_id.parse().map_err(|_| damaged("visit_id"))?,
            entry: self.entry_id.parse().map_err(|_| damaged("entry_id"))?,
            role: self.role,
            blob: self.blob.read(data)?,
        })
    }
}

impl Store {
    /// Every photo and signature of one visit or of all, in the order in which they were recorded.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub async fn photos(&self, visit: Option<VisitId>) -> Result<Vec<PhotoRow>, StoreError> {
        let sql = format!(
            "SELECT photos.visit_id, photos.entry_id, photos.role, {BLOB_COLUMNS} FROM photos \
             JOIN blobs ON blobs.sha256 = photos.sha256 WHERE $1 IS NULL OR photos.visit_id = $1 \
             ORDER BY photos.entry_id"
        );
        let rows: Vec<RawPhoto> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(visit.map(|id| id.to_string()))
            .fetch_all(self.pool())
            .await?;
        rows.into_iter().map(|row| row.read(&self.home().data)).collect()
    }

    /// Photos whose bytes are not whole on the server, each hash once: what was begun first,
    /// then the small ones.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub async fn photos_to_send(&self) -> Result<Vec<PhotoRow>, StoreError> {
        let sql = format!(
            "SELECT photos.visit_id, min(photos.entry_id) AS entry_id, photos.role, {BLOB_COLUMNS} FROM photos \
             JOIN blobs ON blobs.sha256 = photos.sha256 WHERE blobs.state = 'waiting' GROUP BY blobs.sha256 \
             ORDER BY blobs.upload_offset = 0, blobs.size_bytes, blobs.sha256"
        );
        let rows: Vec<RawPhoto> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(self.pool()).await?;
        rows.into_iter().map(|row| row.read(&self.home().data)).collect()
    }

    /// How many photos wait for what.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn photo_counts(&self) -> Result<PhotoCounts, StoreError> {
        let row: (i64, i64, i64, i64) = sqlx::query_as(
            "SELECT coalesce(sum(state = 'waiting'), 0), \
             coalesce(sum(CASE WHEN state = 'waiting' THEN size_bytes - upload_offset END), 0), \
             coalesce(sum(state = 'refused'), 0), \
             coalesce(sum(state = 'unavailable' AND reason = $1), 0) \
             FROM blobs WHERE sha256 IN (SELECT sha256 FROM photos)",
        )
        .bind(COPY_LOST)
        .fetch_one(self.pool())
        .await?;
        let count = |value: i64| u64::try_from(value).unwrap_or(0);
        Ok(PhotoCounts {
            waiting: count(row.0),
            waiting_bytes: count(row.1),
            refused: count(row.2),
            lost: count(row.3),
        })
    }

    /// Offers refused photos to the server again; yields how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retry_refused_photos(&self) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "UPDATE blobs SET state = 'waiting', reason = NULL, upload_url = NULL, upload_offset = 0 \
             WHERE state = 'refused'",
        )
        .execute(self.pool())
        .await?;
        Ok(done.rows_affected())
    }

    /// Notes how far an upload got.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_upload(
        &self,
        sha256: BlobHash,
        url: Option<&str>,
        offset: u64,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE blobs SET upload_url = $2, upload_offset = $3 WHERE sha256 = $1")
            .bind(sha256.to_string())
            .bind(url)
            .bind(i64::try_from(offset).unwrap_or(i64::MAX))
            .execute(self.pool())
            .await?;
        Ok(())
    }

    /// Notes that bytes are whole on the server, in every visit that names them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn photo_arrived(&self, sha256: BlobHash) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let moved = sqlx::query(
            "UPDATE blobs SET state = 'arrived', reason = NULL, upload_url = NULL, upload_offset = size_bytes, \
             arrived_at_ms = $2 WHERE sha256 = $1 AND state != 'arrived'",
        )
        .bind(sha256.to_string())
        .bind(self.machine().now().unix_ms())
        .execute(&mut *tx)
        .await?;
        if moved.rows_affected() > 0 {
            sqlx::query(
                "UPDATE visits SET receipt_photos_arrived = min(receipt_photos_named, receipt_photos_arrived + 1) \
                 WHERE visit_id IN (SELECT visit_id FROM photos WHERE sha256 = $1)",
            )
            .bind(sha256.to_string())
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        self.drop_preview(sha256);
        Ok(())
    }

    /// Notes what became of bytes, and why when they did not arrive.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_blob_state(
        &self,
        sha256: BlobHash,
        state: BlobState,
        reason: Option<&str>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE blobs SET state = $2, reason = $3, upload_url = NULL, \
             arrived_at_ms = CASE WHEN $2 = 'arrived' THEN $4 END, \
             upload_offset = CASE WHEN $2 = 'arrived' THEN size_bytes ELSE 0 END WHERE sha256 = $1",
        )
        .bind(sha256.to_string())
        .bind(state.as_str())
        .bind(reason)
        .bind(self.machine().now().unix_ms())
        .execute(self.pool())
        .await?;
        Ok(())
    }
}

/// What an act says of the photos and signatures that it mints; their rows are written with it.
pub(super) async fn claims_in(
    tx: &mut Tx,
    visit: VisitId,
    writes: &[Write],
) -> Result<Vec<PhotoClaim>, StoreError> {
    let mut claims: Vec<PhotoClaim> = Vec::new();
    for write in writes.iter().filter(|write| write.is_new_entry()) {
        let Some((container, entry)) = write.place() else { continue };
        let hash = write.after.get("sha256").and_then(|hash| hash.as_str()?.parse::<BlobHash>().ok());
        let Some(sha256) = hash else { continue };
        let role = match container {
            Container::Photos => write.after.get("role").and_then(|role| role.as_str()).unwrap_or_default(),
            Container::Signatures => SIGNATURE,
            _ => continue,
        };
        let claim = claim_in(tx, sha256).await?;
        sqlx::query("INSERT INTO photos (visit_id, entry_id, sha256, role) VALUES ($1, $2, $3, $4)")
            .bind(visit.to_string())
            .bind(entry)
            .bind(sha256.to_string())
            .bind(role)
            .execute(&mut **tx)
            .await?;
        if !claims.contains(&claim) {
            claims.push(claim);
        }
    }
    Ok(claims)
}

async fn claim_in(tx: &mut Tx, sha256: BlobHash) -> Result<PhotoClaim, StoreError> {
    let row: Option<(i64, String)> =
        sqlx::query_as("SELECT size_bytes, media_type FROM blobs WHERE sha256 = $1")
            .bind(sha256.to_string())
            .fetch_optional(&mut **tx)
            .await?;
    let (size_bytes, media_type) = row.ok_or(StoreError::UnknownBlob { sha256 })?;
    let size_bytes =
        u64::try_from(size_bytes).map_err(|_| StoreError::damaged("blobs", "size_bytes", sha256))?;
    Ok(PhotoClaim { sha256, size_bytes, media_type })
}

impl BlobRow {
    /// How much of them the server confirmed, in percent: 100 only for the whole.
    pub fn upload_percent(&self) -> u64 {
        self.upload_offset.saturating_mul(100) / self.size_bytes.max(1)
    }

    /// Bytes that still have to travel.
    pub fn bytes_left(&self) -> u64 {
        match self.state {
            BlobState::Waiting => self.size_bytes.saturating_sub(self.upload_offset),
            _ => 0,
        }
    }
}
