//! A small disk of its own, in memory, that can be filled.

use super::programs::skipped;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A disk with little room. Goes with its value, whatever is still open on it.
#[derive(Debug)]
pub struct SmallDisk {
    mounted_on: TempDir,
}

impl SmallDisk {
    /// A disk of so many MiB, or `None` after saying loudly what is skipped: only root may mount.
    ///
    /// # Panics
    /// When no temporary folder can be made, or when it cannot be mounted and nothing may be skipped
    /// (`FIELDLOOP_REQUIRE_PEERS=1`).
    pub fn of_mib(mib: u32, test: &str) -> Option<Self> {
        let mounted_on = tempfile::tempdir().expect("a temporary folder can be made");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "tmpfs"]).arg(mounted_on.path());
        let why = match mount.stdin(Stdio::null()).output() {
            Ok(output) if output.status.success() => return Some(Self { mounted_on }),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        skipped(test, &format!("no small disk can be mounted, which takes root or CAP_SYS_ADMIN ({why})"));
        None
    }

    /// A folder on it.
    ///
    /// # Panics
    /// When it is full.
    pub fn folder(&self) -> TempDir {
        tempfile::tempdir_in(self.mounted_on.path()).expect("there is room for a folder")
    }

    fn filler(&self) -> PathBuf {
        self.mounted_on.path().join("filler")
    }

    /// Takes the room that is left, to the last byte.
    ///
    /// # Panics
    /// When the file that takes it cannot be written.
    pub fn fill(&self) {
        let options = std::fs::OpenOptions::new().create(true).append(true).open(self.filler());
        let mut filler = options.expect("a file can be made on the disk");
        while filler.write(&[0; 4096]).is_ok_and(|written| written > 0) {}
    }

    /// Gives the room back.
    ///
    /// # Panics
    /// When the disk was not filled.
    pub fn make_room(&self) {
        std::fs::remove_file(self.filler()).expect("the disk was filled");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.mounted_on.path()).status();
    }
}
