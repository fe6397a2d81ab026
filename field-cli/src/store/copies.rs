//! Files copied into the store: hashed and on the disk before anybody is told that they are kept.

use super::{BlobRow, Store, StoreError, binding};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use sync_core::ids::BlobHash;

/// Bytes read at once while a file is copied.
const COPY_BYTES: usize = 256 * 1024;

/// Bytes that are safely on this device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBlob {
    /// Their SHA-256.
    pub sha256: BlobHash,
    /// How many they are.
    pub size_bytes: u64,
    /// What they are, told from their first bytes.
    pub media_type: String,
    /// The copy.
    pub path: PathBuf,
    /// Whether the same bytes were here before.
    pub known: bool,
    /// Whether they were refused or lost before, and wait to be sent again.
    pub again: bool,
}

impl Store {
    /// Copies a file into the store: when this returns, copy and hash are on the disk, and
    /// whatever happens to the original does not matter any more. An act has to name it still.
    ///
    /// # Errors
    /// When the file cannot be read or there is no room for the copy.
    pub async fn import_blob(&self, source: &Path) -> Result<StoredBlob, StoreError> {
        let photos = self.home().photos();
        let fresh =
            photos.join(format!("new-{}", data_encoding::HEXLOWER.encode(&self.machine().bytes::<8>())));
        let copied = copy_and_hash(source, &fresh);
        let (sha256, size_bytes, media_type) = copied.inspect_err(|_| {
            let _ = std::fs::remove_file(&fresh);
        })?;
        let path = photos.join(sha256.to_string());
        let known = path.exists();
        std::fs::rename(&fresh, &path).map_err(|error| StoreError::file("write", &path, error))?;
        binding::sync_dir(&photos)?;
        let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let before: Option<String> = sqlx::query_scalar("SELECT state FROM blobs WHERE sha256 = $1")
            .bind(sha256.to_string())
            .fetch_optional(self.pool())
            .await?;
        let again = before.is_some_and(|state| ["unavailable", "refused"].contains(&state.as_str()));
        sqlx::query(
            "INSERT INTO blobs (sha256, size_bytes, media_type, path, original_name, added_at_ms, state, \
             upload_offset) VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0) ON CONFLICT (sha256) DO UPDATE SET \
             state = 'waiting', reason = NULL, upload_url = NULL, upload_offset = 0 \
             WHERE state IN ('unavailable', 'refused')",
        )
        .bind(sha256.to_string())
        .bind(i64::try_from(size_bytes).unwrap_or(i64::MAX))
        .bind(media_type)
        .bind(format!("photos/{sha256}"))
        .bind(name)
        .bind(self.machine().now().unix_ms())
        .execute(self.pool())
        .await?;
        Ok(StoredBlob { sha256, size_bytes, media_type: media_type.to_owned(), path, known, again })
    }
}

impl BlobRow {
    /// Whether the copy on this device is what was recorded, byte for byte.
    pub fn is_whole(&self) -> bool {
        let Ok(mut file) = File::open(&self.path) else { return false };
        let (mut hasher, mut buffer) = (Sha256::new(), vec![0; COPY_BYTES]);
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return hasher.finalize()[..] == self.sha256.as_bytes()[..],
                Ok(count) => hasher.update(&buffer[..count]),
                Err(_) => return false,
            }
        }
    }
}

/// Copies `source` to `target` and makes the copy durable.
fn copy_and_hash(source: &Path, target: &Path) -> Result<(BlobHash, u64, &'static str), StoreError> {
    let reading = |error| StoreError::file("read", source, error);
    let writing = |error| StoreError::file("write", target, error);
    let mut from = File::open(source).map_err(reading)?;
    if !from.metadata().map_err(reading)?.is_file() {
        return Err(reading(std::io::ErrorKind::InvalidInput.into()));
    }
    let mut to = File::create_new(target).map_err(writing)?;
    let (mut hasher, mut size, mut head) = (Sha256::new(), 0_u64, Vec::new());
    let mut buffer = vec![0; COPY_BYTES];
    loop {
        let count = from.read(&mut buffer).map_err(reading)?;
        if count == 0 {
            break;
        }
        let piece = &buffer[..count];
        hasher.update(piece);
        to.write_all(piece).map_err(writing)?;
        size += u64::try_from(count).unwrap_or(0);
        if head.len() < 16 {
            head.extend_from_slice(&piece[..count.min(16)]);
        }
    }
    to.sync_all().map_err(writing)?;
    Ok((BlobHash::from_bytes(hasher.finalize().into()), size, media_type(&head)))
}

/// What a file is, by its first bytes; its name may say anything.
pub fn media_type(head: &[u8]) -> &'static str {
    let brand = head.get(4..12).unwrap_or_default();
    match head {
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [b'%', b'P', b'D', b'F', ..] => "application/pdf",
        _ if brand.starts_with(b"ftyphei") || brand == b"ftypmif1" => "image/heic",
        _ if brand.starts_with(b"ftypM4A") => "audio/mp4",
        _ if brand.starts_with(b"ftyp") => "video/mp4",
        _ => "application/octet-stream",
    }
}
