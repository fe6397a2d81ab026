//! The folder of the demonstration: whose it is, whether it is whole, who uses it.
//!
//! `.fieldloop-demo` marks the folder from the first moment and is locked while a server runs on it; `ready.json` is
//! written last. A folder with files but without the mark is somebody else's and is never touched.

use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

const MARK: &str = ".fieldloop-demo";
const READY: &str = "ready.json";

/// Raised when the story changes so much that an old folder should be made anew.
const VERSION: u32 = 1;

/// What a finished folder says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    version: u32,
    /// Day on which it was made, `YYYY-MM-DD` in the office: visits "for today" are of this day.
    pub made_on: String,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It has files and no mark.
    #[error("{} is no folder of a demonstration: nothing in it was touched", folder.display())]
    Foreign {
        /// The folder.
        folder: PathBuf,
    },
    /// A server runs on it.
    #[error("a demonstration is running on {} already", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// It cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Folder or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A marked folder that no other process uses as long as this lives.
#[derive(Debug)]
pub struct DemoFolder {
    path: PathBuf,
    _lock: File,
}

impl DemoFolder {
    /// Takes the folder, making it if it is missing. `fresh` empties it.
    ///
    /// Returns what it says about itself; nothing when the story has to be told (again): the folder is then empty.
    ///
    /// # Errors
    /// [`FolderError::Foreign`] before anything was changed.
    pub fn take(path: &Path, fresh: bool) -> Result<(Self, Option<Ready>), FolderError> {
        let io = |source| FolderError::Io { path: path.to_owned(), source };
        let mark = path.join(MARK);
        if !mark.exists() && !is_empty(path).map_err(io)? {
            return Err(FolderError::Foreign { folder: path.to_owned() });
        }
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&mark).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FolderError::InUse { folder: path.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        let folder = Self { path: path.to_owned(), _lock: lock };
        let ready = if fresh { None } else { read_ready(path) };
        if ready.is_none() {
            folder.clear().map_err(io)?;
        }
        Ok((folder, ready))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Says that everything is there. Lasts once this returns.
    pub fn finish(&self, made_on: &str) -> Result<Ready, FolderError> {
        let ready = Ready { version: VERSION, made_on: made_on.to_owned() };
        let write = || {
            let draft = self.path.join("ready.draft");
            let mut file = File::create(&draft)?;
            file.write_all(&serde_json::to_vec(&ready)?)?;
            file.sync_all()?;
            fs::rename(&draft, self.path.join(READY))?;
            File::open(&self.path)?.sync_all()
        };
        write().map_err(|source| FolderError::Io { path: self.path.clone(), source })?;
        Ok(ready)
    }

    /// Removes everything but the mark.
    fn clear(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_name() == MARK {
                continue;
            }
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

fn read_ready(path: &Path) -> Option<Ready> {
    let text = fs::read(path.join(READY)).ok()?;
    serde_json::from_slice(&text).ok().filter(|ready: &Ready| ready.version == VERSION)
}

fn is_empty(path: &Path) -> io::Result<bool> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_somebody_else_is_left_alone() {
        let folder = tempfile::TempDir::new().unwrap();
        fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
        for fresh in [false, true] {
            let taken = DemoFolder::take(folder.path(), fresh);
            assert!(matches!(taken, Err(FolderError::Foreign { .. })));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_was_not_finished_is_made_again() {
        let root = tempfile::TempDir::new().unwrap();
        let path = root.path().join("demo");
        let (folder, ready) = DemoFolder::take(&path, false).unwrap();
        assert_eq!(ready, None);
        fs::create_dir(path.join("evidence")).unwrap();
        fs::write(path.join("fieldloop.db"), "half").unwrap();
        drop(folder);
        let (folder, ready) = DemoFolder::take(&path, false).unwrap();
        assert_eq!((ready, fs::read_dir(&path).unwrap().count()), (None, 1), "only the mark is left");
        let finished = folder.finish("2026-11-22").unwrap();
        fs::write(path.join("fieldloop.db"), "whole").unwrap();
        assert!(matches!(DemoFolder::take(&path, false), Err(FolderError::InUse { .. })));
        drop(folder);
        let (folder, ready) = DemoFolder::take(&path, false).unwrap();
        assert_eq!((ready, path.join("fieldloop.db").exists()), (Some(finished), true));
        drop(folder);
        let (_folder, ready) = DemoFolder::take(&path, true).unwrap();
        assert_eq!((ready, path.join("fieldloop.db").exists()), (None, false), "--fresh starts over");
    }
}
