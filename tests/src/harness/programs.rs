//! Where the programs under test and the independent peers are.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Paths of the programs under test.
#[derive(Debug, Clone)]
pub struct Programs {
    /// The server.
    pub fieldloop: PathBuf,
    /// The technician's client.
    pub field: PathBuf,
}

impl Programs {
    /// Builds the programs once per test process, in the profile of the tests, and finds them.
    ///
    /// # Panics
    /// When they cannot be built.
    pub fn built() -> &'static Self {
        static BUILT: OnceLock<Programs> = OnceLock::new();
        BUILT.get_or_init(build)
    }
}

fn build() -> Programs {
    let folder = profile_folder();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The whole workspace, so that libraries have the features that the tests built them with already.
    cargo.args(["build", "--quiet", "--workspace", "--bins"]);
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    let status = cargo.current_dir(workspace()).status().expect("cargo runs the tests, so it can be run");
    assert!(status.success(), "the programs under test do not build");
    let program = |name: &str| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    Programs { fieldloop: program("fieldloop"), field: program("field") }
}

/// `target/debug` or `target/release`, from where this test or bench runs.
fn profile_folder() -> PathBuf {
    let running = std::env::current_exe().expect("a running program has a path");
    let folder = running.parent().expect("a program lies in a folder");
    let folder =
        if folder.ends_with("deps") { folder.parent().expect("deps lies in the profile") } else { folder };
    folder.to_owned()
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies in the workspace")
}

/// A Python with the peers of `.ci/peers-python.txt`, or `None` after saying loudly what is skipped.
///
/// # Panics
/// When the peers are required (`FIELDLOOP_REQUIRE_PEERS=1`) and missing.
pub fn peer_python(test: &str) -> Option<PathBuf> {
    peer("FIELDLOOP_PEER_PYTHON", test)
}

/// A `node_modules` folder with the peers of `.ci/peers-package.json`, or `None` as above.
///
/// # Panics
/// When the peers are required (`FIELDLOOP_REQUIRE_PEERS=1`) and missing.
pub fn peer_node_modules(test: &str) -> Option<PathBuf> {
    peer("FIELDLOOP_PEER_NODE_MODULES", test)
}

/// Whether there is a browser with its driver; says loudly what is skipped when not.
///
/// # Panics
/// When the peers are required and missing.
pub fn peer_browser(test: &str) -> bool {
    peer("FIELDLOOP_PEER_CHROMIUM", test).is_some() && peer("FIELDLOOP_PEER_CHROMEDRIVER", test).is_some()
}

fn peer(variable: &str, test: &str) -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.exists()) {
        return Some(path);
    }
    skipped(test, &format!("{variable} is not set: run .ci/peers and source .ci/peers.env"));
    None
}

/// Says loudly that a test could not be run on this machine, and why.
///
/// # Panics
/// When nothing may be skipped (`FIELDLOOP_REQUIRE_PEERS=1`).
pub(super) fn skipped(test: &str, why: &str) {
    let required = std::env::var_os("FIELDLOOP_REQUIRE_PEERS").is_some_and(|value| value == "1");
    assert!(!required, "{test} cannot be run here, and nothing may be skipped: {why}");
    eprintln!("SKIPPED {test}: {why}");
}
