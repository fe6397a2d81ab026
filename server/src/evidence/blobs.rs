//! Where the bytes of evidence lie: an object store, addressed by SHA-256.
//!
//! Invariants: what [`Blobs::adopt`] and `put` have answered is durable, so the row that names it may be
//! committed; an original is never changed; nothing is read from or written to a path that a client could choose.

use bytes::{Bytes, BytesMut};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use sync_core::ids::BlobHash;
use sync_core::time::Timestamp;
use tokio::io::AsyncReadExt;
use tokio::sync::RwLock;

/// Bytes of one part on their way into the object store. S3 takes no smaller parts than this, except the last.
const PART_BYTES: usize = 5 << 20;
/// Objects without a row are deleted when they are older than this: their row was to be committed at once.
const ORPHAN_AGE: Duration = Duration::from_secs(24 * 3600);

/// A re-encoded picture of an original, without its metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preview {
    /// Longer side at most 320 pixels.
    Thumbnail,
    /// Longer side at most 1600 pixels.
    View,
    /// What the device sent ahead of the original, re-encoded.
    Early,
}

impl Preview {
    /// Its name in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Thumbnail => "thumbnail",
            Self::View => "view",
            Self::Early => "early",
        }
    }
}

/// Why the blob store failed.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The object store refused or lost an operation.
    #[error("blob store: {0}")]
    Store(#[from] object_store::Error),
    /// A file of the data folder could not be read or written.
    #[error("file of the evidence folder: {0}")]
    File(#[from] io::Error),
}

impl BlobError {
    /// Whether the disk is full.
    pub fn is_disk_full(&self) -> bool {
        let mut cause: Option<&(dyn Error + 'static)> = Some(self);
        while let Some(error) = cause {
            if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::StorageFull) {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

/// What became of a file that claimed to have a certain hash.
#[derive(Debug, PartialEq, Eq)]
pub enum Adopted {
    /// Its bytes are durable in the store.
    Stored,
    /// Its bytes are others than announced; nothing was stored.
    Differs {
        /// Their hash.
        found: BlobHash,
    },
}

/// The blob store. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    folder: PathBuf,
    /// Held for reading from storing a blob until its row is committed; for writing while one orphan is deleted.
    sweeping: Arc<RwLock<()>>,
}

impl Blobs {
    /// The store in this folder, which is made if it is missing.
    pub fn local(folder: &Path) -> Result<Self, BlobError> {
        std::fs::create_dir_all(folder)?;
        let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self { store: Arc::new(store), folder: folder.to_owned(), sweeping: Arc::default() })
    }

    /// Keeps the sweeper from deleting a blob between its storing and the commit of its row.
    pub async fn hold(&self) -> tokio::sync::OwnedRwLockReadGuard<()> {
        Arc::clone(&self.sweeping).read_owned().await
    }

    /// Copies a file into the store, hashing it on the way; it is stored only when its hash is the announced one.
    pub async fn adopt(&self, file: &Path, announced: BlobHash) -> Result<Adopted, BlobError> {
        let mut file = tokio::fs::File::open(file).await?;
        let mut upload = self.store.put_multipart(&original_key(&announced)).await?;
        match copy(&mut file, upload.as_mut()).await {
            Ok(found) if found == announced => {
                upload.complete().await?;
                Ok(Adopted::Stored)
            }
            Ok(found) => {
                upload.abort().await?;
                Ok(Adopted::Differs { found })
            }
            Err(error) => {
                // The first failure is the one to tell; what is left over is swept later.
                let _ = upload.abort().await;
                Err(error)
            }
        }
    }

    /// The bytes of an original, if they are here.
    pub async fn read(&self, hash: &BlobHash) -> Result<Option<Bytes>, BlobError> {
        self.read_key(&original_key(hash)).await
    }

    /// An original as a stream, with its size.
    pub async fn stream(
        &self,
        hash: &BlobHash,
    ) -> Result<Option<(u64, BoxStream<'static, io::Result<Bytes>>)>, BlobError> {
        match self.store.get(&original_key(hash)).await {
            Ok(found) => {
                let size = found.meta.size;
                Ok(Some((size, found.into_stream().map_err(io::Error::other).boxed())))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores a re-encoded picture.
    pub async fn put_preview(&self, hash: &BlobHash, kind: Preview, jpeg: Vec<u8>) -> Result<(), BlobError> {
        self.store.put(&preview_key(hash, kind), jpeg.into()).await?;
        Ok(())
    }

    /// Deletes what a device sent ahead; nothing happens when it is gone already.
    pub async fn delete_early(&self, hash: &BlobHash) -> Result<(), BlobError> {
        match self.store.delete(&preview_key(hash, Preview::Early)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// A re-encoded picture, if it was made.
    pub async fn read_preview(&self, hash: &BlobHash, kind: Preview) -> Result<Option<Bytes>, BlobError> {
        self.read_key(&preview_key(hash, kind)).await
    }

    /// Originals that were stored so long before `now` that their row must have been committed, if it ever will be.
    pub async fn settled(&self, now: Timestamp) -> Result<Vec<BlobHash>, BlobError> {
        let newest = now.unix_ms() - i64::try_from(ORPHAN_AGE.as_millis()).unwrap_or(i64::MAX);
        let mut objects = self.store.list(Some(&Key::from("originals")));
        let mut hashes = Vec::new();
        while let Some(object) = objects.try_next().await? {
            let hash = object.location.filename().and_then(|name| name.parse().ok());
            if let Some(hash) = hash.filter(|_| object.last_modified.timestamp_millis() < newest) {
                hashes.push(hash);
            }
        }
        Ok(hashes)
    }

    /// Deletes an original unless `is_named` says that a row names it.
    pub async fn delete_unless<E>(
        &self,
        hash: &BlobHash,
        is_named: impl Future<Output = Result<bool, E>>,
    ) -> Result<bool, E>
    where
        E: From<BlobError>,
    {
        let _alone = self.sweeping.write().await;
        if is_named.await? {
            return Ok(false);
        }
        self.store.delete(&original_key(hash)).await.map_err(BlobError::from)?;
        Ok(true)
    }

    /// Deletes what a killed server left half written. The object store hides such files from its listing.
    pub async fn sweep_staged(&self, now: Timestamp) -> Result<usize, BlobError> {
        let folder = self.folder.clone();
        let newest = now.unix_ms() - i64::try_from(ORPHAN_AGE.as_millis()).unwrap_or(i64::MAX);
        let swept = tokio::task::spawn_blocking(move || sweep_staged_in(&folder, newest, 0)).await;
        Ok(swept.map_err(io::Error::other)??)
    }

    async fn read_key(&self, key: &Key) -> Result<Option<Bytes>, BlobError> {
        match self.store.get(key).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Copies the file and returns the hash of what was copied.
async fn copy(file: &mut tokio::fs::File, upload: &mut dyn MultipartUpload) -> Result<BlobHash, BlobError> {
    let mut digest = Sha256::new();
    loop {
        let mut part = BytesMut::with_capacity(PART_BYTES);
        while part.len() < PART_BYTES && file.read_buf(&mut part).await? > 0 {}
        if part.is_empty() {
            return Ok(BlobHash::from_bytes(digest.finalize().into()));
        }
        let part = part.freeze();
        // 5 MiB take about 20 ms: short enough to stay on this thread.
        digest.update(&part);
        upload.put_part(part.into()).await?;
    }
}

fn original_key(hash: &BlobHash) -> Key {
    let name = hash.to_string();
    Key::from_iter(["originals", &name[..2], &name[2..4], &name])
}

fn preview_key(hash: &BlobHash, kind: Preview) -> Key {
    let name = hash.to_string();
    let file = format!("{name}.{}.jpg", kind.name());
    Key::from_iter(["previews", &name[..2], &name[2..4], &file])
}

/// Files whose name contains `#` are staged by the local object store until they are whole.
fn sweep_staged_in(folder: &Path, newest_ms: i64, depth: u32) -> io::Result<usize> {
    let mut swept = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < 4 {
            swept += sweep_staged_in(&entry.path(), newest_ms, depth + 1)?;
        } else if kind.is_file() && entry.file_name().to_string_lossy().contains('#') {
            let age = entry.metadata()?.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            if i64::try_from(age.as_millis()).unwrap_or(i64::MAX) < newest_ms {
                std::fs::remove_file(entry.path())?;
                swept += 1;
            }
        }
    }
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn hash_of(bytes: &[u8]) -> BlobHash {
        BlobHash::from_bytes(Sha256::digest(bytes).into())
    }

    fn later(hours: i64) -> Timestamp {
        crate::clock::Clock::System.now().plus_ms(hours * 3_600_000)
    }

    #[tokio::test]
    async fn a_file_is_stored_only_under_the_hash_of_its_bytes() {
        let folder = TempDir::new().unwrap();
        let blobs = Blobs::local(&folder.path().join("blobs")).unwrap();
        let file = folder.path().join("file");
        for size in [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1] {
            let bytes = vec![7; size];
            std::fs::write(&file, &bytes).unwrap();
            let hash = hash_of(&bytes);
            let other = hash_of(b"other");
            assert_eq!(blobs.adopt(&file, other).await.unwrap(), Adopted::Differs { found: hash });
            assert!(blobs.read(&other).await.unwrap().is_none());
            assert_eq!(blobs.adopt(&file, hash).await.unwrap(), Adopted::Stored);
            assert_eq!(blobs.adopt(&file, hash).await.unwrap(), Adopted::Stored, "again");
            assert_eq!(blobs.read(&hash).await.unwrap().unwrap(), bytes);
            let (streamed, stream) = blobs.stream(&hash).await.unwrap().unwrap();
            let read: Vec<Bytes> = stream.try_collect().await.unwrap();
            assert_eq!((streamed as usize, read.concat().len()), (size, size));
        }
    }

    #[tokio::test]
    async fn only_old_blobs_without_a_row_are_swept() {
        let folder = TempDir::new().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, b"photo").unwrap();
        let hash = hash_of(b"photo");
        blobs.adopt(&file, hash).await.unwrap();
        assert!(blobs.settled(later(23)).await.unwrap().is_empty());
        assert_eq!(blobs.settled(later(25)).await.unwrap(), [hash]);
        assert!(!blobs.delete_unless(&hash, async { Ok::<_, BlobError>(true) }).await.unwrap());
        assert!(blobs.read(&hash).await.unwrap().is_some());
        assert!(blobs.delete_unless(&hash, async { Ok::<_, BlobError>(false) }).await.unwrap());
        assert!(blobs.read(&hash).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn half_written_files_of_a_killed_server_are_swept() {
        let folder = TempDir::new().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        let deep = folder.path().join("originals/ab/cd");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(deep.join("abcd#1"), b"half").unwrap();
        std::fs::write(deep.join("abcd"), b"whole").unwrap();
        assert_eq!(blobs.sweep_staged(later(1)).await.unwrap(), 0);
        assert_eq!(blobs.sweep_staged(later(25)).await.unwrap(), 1);
        assert!(deep.join("abcd").exists());
    }
}
