//! `fieldloop demo`: an office with a story behind it.

use super::Programs;
use super::office::{Desk, READY_MAX, free_address};
use reqwest::Client;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Password of everybody in the story.
pub const DEMO_PASSWORD: &str = "fieldloop-demo";

/// A running demonstration in a folder of its own. Ends with its value.
#[derive(Debug)]
pub struct Demo {
    /// Where it listens.
    pub address: SocketAddr,
    /// For requests of any kind.
    pub http: Client,
    folder: TempDir,
    process: Child,
}

impl Demo {
    /// Tells the story and waits until it is served.
    ///
    /// # Panics
    /// When it is not.
    pub async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let address = free_address();
        let mut command = program(&folder);
        command
            .args(["demo", "--fresh", "--listen", &address.to_string(), "--data"])
            .arg(folder.path().join("data"));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("the built server can be started");
        let http = Client::builder().build().expect("a client without special settings");
        let mut demo = Self { address, http, folder, process };
        let began = Instant::now();
        while demo.http.get(demo.url("/readyz")).send().await.is_err() {
            let ended = demo.process.try_wait().ok().flatten();
            assert!(
                ended.is_none() && began.elapsed() < READY_MAX,
                "the demonstration is not served: {ended:?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        demo
    }

    /// The whole address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Runs a `fieldloop` command on its data and returns what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = program(&self.folder).args(arguments).output().expect("the built server can be started");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "fieldloop {arguments:?}: {errors}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Invites a device of one of its technicians: the short code to enrol with.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn invite(&self, login: &str) -> String {
        let printed = self.run(&["device", "invite", login, "--no-qr"]);
        let line = printed.lines().find_map(|line| line.trim().strip_prefix("Code"));
        line.expect("an invitation has a code").trim().to_owned()
    }

    /// Somebody of the story at their desk.
    pub async fn desk(&self, login: &str) -> Desk {
        Desk::sign_in(&self.http, &self.url(""), login, DEMO_PASSWORD).await
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program(folder: &TempDir) -> Command {
    let mut command = Command::new(&Programs::built().fieldloop);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FIELDLOOP_")) {
        command.env_remove(name);
    }
    command.env("FIELDLOOP_DATA_FOLDER", folder.path().join("data"));
    command.env("FIELDLOOP_LANG", "en").stdin(Stdio::null());
    command
}
