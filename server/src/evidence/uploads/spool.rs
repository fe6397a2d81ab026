//! Files of unfinished uploads. Their durable length is the offset: there is no second place to disagree with.
//!
//! Invariants: [`Part::durable_bytes`] never exceeds what is on disk; a file that was just opened is fsynced before its
//! length is believed, since after a killed server its end may still be in memory only.

use std::io;
use std::path::{Path, PathBuf};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncSeekExt, AsyncWriteExt, SeekFrom};

/// Bytes that may be received without being durable.
const SYNC_BYTES: u64 = 256 << 10;

/// The folder of unfinished and refused uploads.
#[derive(Debug, Clone)]
pub(super) struct Spool {
    folder: PathBuf,
    refused: PathBuf,
}

/// An open file of an unfinished upload.
#[derive(Debug)]
pub(super) struct Part {
    file: File,
    path: PathBuf,
    written_bytes: u64,
    durable_bytes: u64,
    /// The file is new: its folder must be synced too.
    is_new: bool,
}

impl Spool {
    /// Opens the folders, making them if they are missing.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let spool = Self { folder: folder.join("uploads"), refused: folder.join("refused") };
        std::fs::create_dir_all(&spool.folder)?;
        std::fs::create_dir_all(&spool.refused)?;
        Ok(spool)
    }

    fn path(&self, upload: &str) -> PathBuf {
        self.folder.join(format!("{upload}.part"))
    }

    fn check_path(&self, upload: &str) -> PathBuf {
        self.folder.join(format!("{upload}.check"))
    }

    /// Where the bytes of a refused upload are kept aside.
    pub(super) fn refused_path(&self, upload: &str) -> PathBuf {
        self.refused.join(upload)
    }

    /// Opens the file of an upload, which begins empty, and makes what is there durable.
    pub(super) async fn part(&self, upload: &str) -> io::Result<Part> {
        Part::open(self.path(upload)).await
    }

    /// An empty file beside the upload, for a body that must prove its checksum first.
    pub(super) async fn check_file(&self, upload: &str) -> io::Result<Part> {
        let path = self.check_path(upload);
        remove_if_there(&path).await?;
        Part::open(path).await
    }

    /// Bytes received so far, for display: they may be a moment ahead of what is durable.
    pub(super) async fn received_bytes(&self, upload: &str) -> u64 {
        fs::metadata(self.path(upload)).await.map_or(0, |metadata| metadata.len())
    }

    /// Deletes the files of an upload.
    pub(super) async fn remove(&self, upload: &str) -> io::Result<()> {
        remove_if_there(&self.check_path(upload)).await?;
        remove_if_there(&self.path(upload)).await
    }

    /// Keeps the file of a refused upload aside.
    pub(super) async fn set_aside(&self, upload: &str) -> io::Result<()> {
        fs::rename(self.path(upload), self.refused_path(upload)).await?;
        sync_folder(&self.refused).await
    }

    /// Deletes what was kept aside of a refused upload.
    pub(super) async fn forget_refused(&self, upload: &str) -> io::Result<()> {
        remove_if_there(&self.refused_path(upload)).await
    }

    /// The uploads that have a file here.
    pub(super) async fn list(&self) -> io::Result<Vec<String>> {
        let mut folder = fs::read_dir(&self.folder).await?;
        let mut uploads = Vec::new();
        while let Some(entry) = folder.next_entry().await? {
            if let Some((upload, _)) = entry.file_name().to_str().and_then(|name| name.split_once('.')) {
                uploads.push(upload.to_owned());
            }
        }
        uploads.sort();
        uploads.dedup();
        Ok(uploads)
    }
}

impl Part {
    async fn open(path: PathBuf) -> io::Result<Self> {
        let is_new = !fs::try_exists(&path).await?;
        let mut file =
            OpenOptions::new().create(true).read(true).write(true).truncate(false).open(&path).await?;
        file.sync_all().await?;
        let bytes = file.seek(SeekFrom::End(0)).await?;
        Ok(Self { file, path, written_bytes: bytes, durable_bytes: bytes, is_new })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that survive a power cut.
    pub(super) fn durable_bytes(&self) -> u64 {
        self.durable_bytes
    }

    pub(super) fn written_bytes(&self) -> u64 {
        self.written_bytes
    }

    /// Appends bytes; makes everything durable when enough has come together.
    pub(super) async fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await?;
        self.written_bytes += bytes.len() as u64;
        if self.written_bytes - self.durable_bytes >= SYNC_BYTES {
            self.sync().await?;
        }
        Ok(())
    }

    /// Makes everything appended durable.
    pub(super) async fn sync(&mut self) -> io::Result<()> {
        self.file.flush().await?;
        if self.written_bytes == self.durable_bytes {
            return Ok(());
        }
        self.file.sync_data().await?;
        if self.is_new {
            sync_folder(self.path.parent().unwrap_or(Path::new("."))).await?;
            self.is_new = false;
        }
        self.durable_bytes = self.written_bytes;
        Ok(())
    }

    /// Appends another file and makes the result durable.
    pub(super) async fn append_file(&mut self, other: &Path) -> io::Result<()> {
        let mut other = File::open(other).await?;
        self.written_bytes += tokio::io::copy(&mut other, &mut self.file).await?;
        self.sync().await
    }

    /// Deletes the file.
    pub(super) async fn discard(self) -> io::Result<()> {
        remove_if_there(&self.path).await
    }
}

async fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

async fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder).await?.sync_all().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    #[tokio::test]
    async fn the_length_of_the_file_is_the_offset_after_any_end() {
        let folder = TempDir::new().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        let mut part = spool.part("a").await.unwrap();
        assert_eq!(part.durable_bytes(), 0);
        part.append(&[1; 1000]).await.unwrap();
        assert_eq!(part.durable_bytes(), 0, "not durable yet");
        part.append(&vec![2; SYNC_BYTES as usize]).await.unwrap();
        assert_eq!(part.durable_bytes(), SYNC_BYTES + 1000);
        part.append(&[3; 5]).await.unwrap();
        part.sync().await.unwrap();
        drop(part);
        assert_eq!(spool.part("a").await.unwrap().durable_bytes(), SYNC_BYTES + 1005);
        assert_eq!(spool.received_bytes("a").await, SYNC_BYTES + 1005);
        spool.set_aside("a").await.unwrap();
        assert!(spool.refused_path("a").exists());
        spool.forget_refused("a").await.unwrap();
        spool.remove("a").await.unwrap();
        assert!(spool.list().await.unwrap().is_empty());
    }
}
