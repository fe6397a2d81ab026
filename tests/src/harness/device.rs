//! A technician's `field` on a store of its own.

use super::{Programs, SmallDisk};
use serde_json::Value;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A device of the tests: a machine's disk with the data and the state folder of `field` on it.
#[derive(Debug)]
pub struct FieldDevice {
    disk: TempDir,
    /// How far its wall clock is off, in milliseconds.
    clock_off_ms: i64,
}

/// A copy of a device's disk.
#[derive(Debug)]
pub struct DiskImage(TempDir);

/// How a `field` command ended.
#[derive(Debug)]
pub struct Run {
    /// Exit code; `None` when it was killed.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Run {
    /// The JSON objects that were printed, one a line.
    pub fn json(&self) -> Vec<Value> {
        self.out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The JSON objects of one kind.
    pub fn events(&self, kind: &str) -> Vec<Value> {
        self.json().into_iter().filter(|line| line["event"] == kind).collect()
    }

    /// Everything that was printed.
    pub fn said(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// The last JSON object: the summary of a `sync`.
    ///
    /// # Panics
    /// When none was printed.
    pub fn summary(&self) -> Value {
        self.json().pop().unwrap_or_else(|| panic!("no JSON: {self:?}"))
    }
}

impl FieldDevice {
    /// A device that nobody has enrolled.
    ///
    /// # Panics
    /// When no temporary folder can be made.
    pub fn fresh() -> Self {
        Self { disk: tempfile::tempdir().expect("a temporary folder can be made"), clock_off_ms: 0 }
    }

    /// A device that nobody has enrolled, on a disk that can be filled.
    pub fn fresh_on(disk: &SmallDisk) -> Self {
        Self { disk: disk.folder(), clock_off_ms: 0 }
    }

    /// The same device with a wall clock that is off by so many days.
    #[must_use]
    pub fn with_clock_off_by(self, days: i64) -> Self {
        Self { clock_off_ms: days * 24 * 3_600_000, ..self }
    }

    /// A device enrolled by a short code with the server (or link) at `address`.
    ///
    /// # Panics
    /// When the enrolment fails.
    pub fn enrolled(code: &str, address: SocketAddr) -> Self {
        let device = Self::fresh();
        device.ok(&["enrol", code, "--server", &format!("http://{address}")]);
        device
    }

    /// Where its store lies.
    pub fn home(&self) -> PathBuf {
        self.disk.path().join("data")
    }

    /// Where the whole disk lies, with what `field` keeps outside of its store.
    pub fn disk(&self) -> &Path {
        self.disk.path()
    }

    /// The access token that the server gave it last, for a program of somebody else.
    ///
    /// # Panics
    /// When it has none.
    pub async fn access_token(&self) -> String {
        let store = self.home().join("field.sqlite");
        let options = SqliteConnectOptions::new().filename(store).read_only(true);
        let mut store = options.connect().await.expect("the store of an enrolled device can be opened");
        let token = sqlx::query_scalar("SELECT token FROM sync_state").fetch_one(&mut store).await;
        token.expect("a device that has exchanged has a token")
    }

    /// Copies the disk, as a backup of the machine does.
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn image(&self) -> DiskImage {
        let copy = tempfile::tempdir().expect("a temporary folder can be made");
        copy_folder(self.disk(), copy.path());
        DiskImage(copy)
    }

    /// Goes on with the disk of the image; the image gets the one that was there.
    ///
    /// # Panics
    /// When the folders cannot be moved.
    pub fn swap(&self, image: &DiskImage) {
        for name in ["data", "state"] {
            let (ours, theirs, aside) =
                (self.disk().join(name), image.0.path().join(name), self.disk().join("aside"));
            for (from, to) in [(&ours, &aside), (&theirs, &ours), (&aside, &theirs)] {
                std::fs::rename(from, to).expect("folders below the temporary folder can be moved");
            }
        }
    }

    /// Puts the store of the image in the place of the own one, if any. What `field` keeps outside of
    /// it stays.
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn restore_store(&self, image: &DiskImage) {
        let _ = std::fs::remove_dir_all(self.home());
        copy_folder(&image.0.path().join("data"), &self.home());
    }

    /// A `field` command on this device.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&Programs::built().field);
        command.env("FIELD_HOME", self.home()).env("XDG_STATE_HOME", self.disk().join("state"));
        command.env("FIELD_CLOCK_OFFSET_MS", self.clock_off_ms.to_string());
        command.env("FIELD_LANG", "en").env("NO_COLOR", "1");
        command.args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).output().expect("the built client can be started");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Run { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Runs a command that must succeed.
    ///
    /// # Panics
    /// When it does not.
    pub fn ok(&self, arguments: &[&str]) -> Run {
        let run = self.run(arguments);
        assert_eq!(run.code, Some(0), "field {arguments:?}: {run:?}");
        run
    }

    /// Starts a command that the test will end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the built client can be started")
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(path, target).expect("the file can be copied");
        }
    }
}
