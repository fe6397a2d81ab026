//! The machine this client runs on, as the store needs it: clocks, chance, zone, and what tells
//! one machine from another.

use crate::clock::{Clock, Entropy, SystemClock, SystemEntropy};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use sync_core::log::BootId;
use sync_core::time::Timestamp;

/// Overrides the data directory.
pub const HOME_VARIABLE: &str = "FIELD_HOME";
/// Added to the wall clock, in milliseconds: for rehearsing a device whose clock is wrong.
pub const CLOCK_OFFSET_VARIABLE: &str = "FIELD_CLOCK_OFFSET_MS";

/// Where a client keeps what it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// Store, key and photos.
    pub data: PathBuf,
    /// Outside of the data directory, so that a copied store is noticed: which directory on this
    /// machine each installation belongs to, and how far it has written.
    pub state: PathBuf,
}

/// No place to keep anything.
#[derive(Debug, thiserror::Error)]
#[error("neither {HOME_VARIABLE} nor a home directory is set")]
pub struct NoHome;

impl Home {
    /// The directories of the user who runs this process; `FIELD_HOME` overrides the first.
    ///
    /// # Errors
    /// When the user has no home directory and names none.
    pub fn of_this_user() -> Result<Self, NoHome> {
        use etcetera::BaseStrategy as _;
        let base = etcetera::choose_base_strategy().ok();
        let named = std::env::var_os(HOME_VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        let data = named.or_else(|| Some(base.as_ref()?.data_dir().join("fieldloop"))).ok_or(NoHome)?;
        let below = base.and_then(|base| base.state_dir());
        let state = below.map_or_else(|| sibling(&data), |dir| dir.join("fieldloop"));
        Ok(Self { data, state })
    }

    /// The directories below one, for tests.
    pub fn below(root: &Path) -> Self {
        Self { data: root.join("data"), state: root.join("state") }
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.data.join("field.sqlite")
    }

    /// The seed of the device key.
    pub fn key_file(&self) -> PathBuf {
        self.data.join("device.key")
    }

    /// What is left of a device that forgot everything.
    pub fn tombstone(&self) -> PathBuf {
        self.data.join("wiped.json")
    }

    /// The copies of photos, recordings and signatures.
    pub fn photos(&self) -> PathBuf {
        self.data.join("photos")
    }
}

fn sibling(data: &Path) -> PathBuf {
    let mut name = data.file_name().unwrap_or_default().to_owned();
    name.push("-state");
    data.with_file_name(name)
}

/// Clocks, chance and identity of a machine.
#[derive(Clone)]
pub struct Machine {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    id: String,
    clock_offset_ms: i64,
}

impl Machine {
    /// This machine.
    pub fn this() -> Self {
        let files = ["/etc/machine-id", "/var/lib/dbus/machine-id"];
        let id = files.iter().find_map(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        let offset = std::env::var(CLOCK_OFFSET_VARIABLE).ok().and_then(|text| text.parse().ok());
        Self {
            clock_offset_ms: offset.unwrap_or(0),
            ..Self::new(Arc::new(SystemClock), Arc::new(SystemEntropy), id.trim())
        }
    }

    /// A machine with these clocks, this chance and this id.
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, id: &str) -> Self {
        Self { clock, entropy, id: id.to_owned(), clock_offset_ms: 0 }
    }

    /// The wall clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now().plus_ms(self.clock_offset_ms)
    }

    /// Milliseconds since the machine was started.
    pub fn monotonic_ms(&self) -> u64 {
        self.clock.monotonic_ms()
    }

    /// Which start of the machine this is.
    pub fn boot(&self) -> BootId {
        self.clock.boot()
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// Minutes east of UTC at the present time.
    pub fn utc_offset_min(&self) -> i16 {
        let now = jiff::Timestamp::from_millisecond(self.now().unix_ms()).unwrap_or_default();
        let seconds = jiff::tz::TimeZone::system().to_offset(now).seconds();
        i16::try_from(seconds / 60).unwrap_or(0)
    }

    /// What binds an installation to this machine; says nothing about the machine itself.
    pub(crate) fn binding(&self, install: &str) -> String {
        let digest = Sha256::new().chain_update(install).chain_update(&self.id).finalize();
        data_encoding::HEXLOWER.encode(&digest)
    }
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine").finish_non_exhaustive()
    }
}

/// Free bytes on the disk that holds `path`; `None` where that cannot be told.
pub fn disk_free_bytes(path: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}
