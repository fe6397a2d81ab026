//! A real server process with a data folder and a database of its own.

use super::{Programs, SmallDisk};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use server::store::testing::TestDatabase;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a server may take to answer after its start; far beyond what it needs.
pub(super) const READY_MAX: Duration = Duration::from_secs(60);

/// The password of everybody in the office.
pub const PASSWORD: &str = "a password for tests only";

/// A server of the tests. Killed with its value.
#[derive(Debug)]
pub struct Office {
    /// Where it listens.
    pub address: SocketAddr,
    /// For requests of any kind.
    pub http: Client,
    folder: TempDir,
    database: TestDatabase,
    process: Option<Child>,
    /// The program that runs.
    program: PathBuf,
}

/// An office person who has signed in.
#[derive(Debug, Clone)]
pub struct Desk {
    http: Client,
    base: String,
    token: String,
}

impl Office {
    /// Starts a server on `database` and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn open(database: TestDatabase) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        Self::open_in(folder, database, Programs::built().fieldloop.clone()).await
    }

    /// The same from a program of its own, for [`Office::take_workers_away`].
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn open_apart(database: TestDatabase) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (built, own) = (&Programs::built().fieldloop, folder.path().join("fieldloop"));
        let made = std::fs::hard_link(built, &own).or_else(|_| std::fs::copy(built, &own).map(drop));
        made.expect("the program can be put into the folder");
        Self::open_in(folder, database, own).await
    }

    /// The same with everything on a disk that can be filled.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn open_on(disk: &SmallDisk) -> Self {
        let folder = disk.folder();
        let database = TestDatabase::sqlite_in(folder.path());
        Self::open_in(folder, database, Programs::built().fieldloop.clone()).await
    }

    async fn open_in(folder: TempDir, database: TestDatabase, program: PathBuf) -> Self {
        let address = free_address();
        let http = Client::builder().build().expect("a client without special settings");
        let mut office = Self { address, http, folder, database, process: None, program };
        office.start().await;
        office
    }

    /// Starts the server, after [`Office::kill`], and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start(&mut self) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log_path());
        let log = log.expect("the log file can be written");
        let mut command = self.command();
        command.arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.process = Some(command.spawn().expect("the built server can be started"));
        let began = Instant::now();
        while !self.is_ready().await {
            let ended = self.process.as_mut().and_then(|process| process.try_wait().ok().flatten());
            assert!(ended.is_none(), "the server ended: {}", self.log());
            assert!(began.elapsed() < READY_MAX, "the server is not ready: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn is_ready(&self) -> bool {
        let answer = self.http.get(self.url("/readyz")).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// `kill -9`, as a power cut of the process.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Copies the database file of a server that does not run.
    ///
    /// # Panics
    /// When it runs, or when the database is no file.
    pub fn back_up(&self) -> Vec<u8> {
        assert!(self.process.is_none(), "a running server still writes");
        let _ = std::fs::remove_file(self.database_file("-shm"));
        // The last connection of a killed server wrote nothing back: a new one does.
        self.run(&["check"]);
        std::fs::read(self.database_file("")).expect("the database is a file")
    }

    /// Puts a copy of [`Office::back_up`] in the place of the database.
    ///
    /// # Panics
    /// When the server runs, or when the file cannot be written.
    pub fn restore(&self, backup: &[u8]) {
        assert!(self.process.is_none(), "a running server still writes");
        for ending in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(self.database_file(ending));
        }
        std::fs::write(self.database_file(""), backup).expect("the database file can be written");
    }

    fn database_file(&self, ending: &str) -> PathBuf {
        let path = self.database.url.strip_prefix("sqlite://").expect("SQLite keeps a file");
        PathBuf::from(format!("{path}{ending}"))
    }

    /// Process id of the running server.
    ///
    /// # Panics
    /// When it does not run.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("the server runs").id()
    }

    /// Kills the merge workers that live at this moment, and says how many those were.
    ///
    /// # Panics
    /// When the server does not run.
    pub fn kill_merge_workers(&self) -> usize {
        let workers = children_of(self.pid());
        for worker in &workers {
            let _ = Command::new("kill").args(["-9", &worker.to_string()]).stderr(Stdio::null()).status();
        }
        workers.len()
    }

    /// From now on no merge worker lives, and none can be started.
    ///
    /// # Panics
    /// When the office was not opened apart.
    pub fn take_workers_away(&self) {
        let away = self.program.with_extension("away");
        assert!(self.program.starts_with(self.folder.path()), "others run this program too");
        std::fs::rename(&self.program, away).expect("the program can be moved");
        self.kill_merge_workers();
    }

    /// Merge workers can be started again.
    ///
    /// # Panics
    /// When they were not taken away.
    pub fn give_workers_back(&self) {
        let away = self.program.with_extension("away");
        std::fs::rename(away, &self.program).expect("the program can be moved back");
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// A folder that goes with this value.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    fn log_path(&self) -> std::path::PathBuf {
        self.folder.path().join("server.log")
    }

    /// The whole address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A `fieldloop` command on the same data folder and database.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FIELDLOOP_")) {
            command.env_remove(name);
        }
        command
            .env("FIELDLOOP_DATA_FOLDER", self.folder.path().join("data"))
            .env("FIELDLOOP_DATABASE_URL", &self.database.url)
            .env("FIELDLOOP_SERVER_LISTEN", self.address.to_string())
            .env("FIELDLOOP_SERVER_PUBLIC_URL", self.url(""))
            .env("FIELDLOOP_DATA_DISK_FREE_MIB_MIN", "1")
            .env("FIELDLOOP_LANG", "en");
        command
    }

    /// Runs a `fieldloop` command to its end and returns what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().expect("the built server can be started");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "fieldloop {arguments:?}: {errors}");
        printed
    }

    /// Creates a technician and invites a device for them: the short code to enrol with.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn invite(&self, login: &str) -> String {
        let known = self.run(&["user", "list"]).contains(login);
        if !known {
            self.run(&["user", "add", login, "--role", "technician", "--no-password"]);
        }
        let printed = self.run(&["device", "invite", login, "--no-qr"]);
        let line = printed.lines().find_map(|line| line.trim().strip_prefix("Code"));
        line.expect("an invitation has a code").trim().to_owned()
    }

    /// Creates an office person with these roles and signs them in.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn desk(&self, login: &str, roles: &[&str]) -> Desk {
        let mut arguments = vec!["user", "add", login, "--password", PASSWORD];
        arguments.extend(roles.iter().flat_map(|role| ["--role", role]));
        self.run(&arguments);
        Desk::sign_in(&self.http, &self.url(""), login, PASSWORD).await
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Desk {
    /// Signs somebody in at the server at `base`.
    pub(super) async fn sign_in(http: &Client, base: &str, login: &str, password: &str) -> Self {
        let body = json!({ "login_name": login, "password": password });
        let answer = http.post(format!("{base}/v1/sessions")).json(&body).send().await;
        let answer: Value = answer.expect("the server answers").json().await.expect("a session is JSON");
        let token = answer["token"].as_str().unwrap_or_else(|| panic!("no session: {answer}")).to_owned();
        Self { http: http.clone(), base: base.to_owned(), token }
    }

    /// What the `Authorization` header of this person says.
    pub fn authorization(&self) -> String {
        format!("Session {}", self.token)
    }

    /// A request that is signed in.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base))
            .header("authorization", self.authorization())
    }

    /// Reads a resource.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn get(&self, path: &str) -> Value {
        self.answered(Method::GET, path, self.request(Method::GET, path)).await
    }

    /// Creates a resource.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        self.answered(Method::POST, path, self.request(Method::POST, path).json(body)).await
    }

    /// Replaces a resource.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn put(&self, path: &str, body: &Value) -> Value {
        self.answered(Method::PUT, path, self.request(Method::PUT, path).json(body)).await
    }

    async fn answered(&self, method: Method, path: &str, request: RequestBuilder) -> Value {
        let answer = request.send().await.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}

/// Living processes that this one started, where the system tells it (Linux).
fn children_of(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id| {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // After the name: the state, `Z` for the dead, then the parent.
        let mut fields = stat.rsplit_once(')').unwrap_or_default().1.split_ascii_whitespace();
        fields.next() != Some("Z") && fields.next() == Some(parent.to_string().as_str())
    })
    .collect()
}

/// A loopback address that was free a moment ago.
pub(super) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("a bound listener has an address")
}
