//! Databases for tests: every store test is one function that runs on both engines.
//!
//! PostgreSQL is taken from `TEST_POSTGRES_URL`, or started from the programs found on this machine: one server for
//! each test process, one schema for each test. It ends with the test process, however that ends.

use super::{Store, StoreSettings};
use sqlx::{Connection, Executor, PgConnection};
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// Runs a test on SQLite and on PostgreSQL, each time with an empty, migrated store.
///
/// Where PostgreSQL cannot be had this is said loudly; with `FIELDLOOP_REQUIRE_POSTGRES=1` it is a failure.
pub async fn for_each_engine<F, Fut>(test: F)
where
    F: Fn(Store) -> Fut,
    Fut: Future<Output = ()>,
{
    let database = TestDatabase::sqlite();
    test(database.open().await).await;
    if let Some(database) = TestDatabase::postgres().await {
        test(database.open().await).await;
    }
}

/// An empty database that is removed with this value (SQLite) or with its server (PostgreSQL).
#[derive(Debug)]
pub struct TestDatabase {
    /// What to give to the server as `database.url`.
    pub url: String,
    _folder: Option<TempDir>,
}

impl TestDatabase {
    /// A file in a folder of its own.
    ///
    /// # Panics
    /// When no temporary folder can be made.
    pub fn sqlite() -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        Self { url: format!("sqlite://{}/test.db", folder.path().display()), _folder: Some(folder) }
    }

    /// A file in this folder, which must outlive it.
    pub fn sqlite_in(folder: &Path) -> Self {
        Self { url: format!("sqlite://{}/test.db", folder.display()), _folder: None }
    }

    /// A schema of its own, or `None` where no PostgreSQL can be had.
    ///
    /// # Panics
    /// When PostgreSQL is required and missing, or there and broken.
    pub async fn postgres() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let Some(base) = postgres_url() else {
            assert!(
                std::env::var_os("FIELDLOOP_REQUIRE_POSTGRES").is_none_or(|value| value != "1"),
                "FIELDLOOP_REQUIRE_POSTGRES=1, but there is neither TEST_POSTGRES_URL nor a PostgreSQL to start"
            );
            eprintln!("SKIPPED on PostgreSQL: set TEST_POSTGRES_URL or install PostgreSQL");
            return None;
        };
        let schema = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut conn = PgConnection::connect(&base).await.expect("the test PostgreSQL answers");
        let sql = format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}");
        conn.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql)))
            .await
            .expect("the test role may create schemas");
        conn.close().await.expect("the test PostgreSQL lets go");
        let separator = if base.contains('?') { '&' } else { '?' };
        Some(Self { url: format!("{base}{separator}options[search_path]={schema}"), _folder: None })
    }

    /// The migrated store in this database.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn open(&self) -> Store {
        let mut settings = StoreSettings::for_url(self.url.clone());
        // Two test threads share two cores with whatever else runs: nobody should time out for that.
        settings.wait_max = std::time::Duration::from_secs(20);
        let store = Store::open(&settings).await.expect("the test database opens");
        store.migrate().await.expect("the migrations apply to an empty database");
        store
    }
}

fn postgres_url() -> Option<String> {
    static SERVER: OnceLock<Option<TestServer>> = OnceLock::new();
    if let Ok(url) = std::env::var("TEST_POSTGRES_URL") {
        return Some(url);
    }
    SERVER.get_or_init(TestServer::start).as_ref().map(|server| server.url.clone())
}

/// A PostgreSQL server that lives as long as the pipe to its shell: until the test process is gone.
struct TestServer {
    url: String,
    _shell: Child,
}

/// Makes and starts a cluster in `$1` and stops it when standard input ends.
const SCRIPT: &str = r#"
initdb -D "$1/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$1/log" 2>&1 || exit 1
postgres -D "$1/data" -k "$1" -c listen_addresses= -c fsync=off -c full_page_writes=off \
    -c max_connections=200 -c shared_buffers=32MB >>"$1/log" 2>&1 </dev/null &
server=$!
until pg_isready -h "$1" -q; do kill -0 $server || exit 1; sleep 0.05; done
echo ready
cat >/dev/null
kill -INT $server
wait $server
rm -rf "$1"
"#;

impl TestServer {
    fn start() -> Option<Self> {
        let programs = find_programs()?;
        let folder = tempfile::Builder::new().prefix("fl-pg-").tempdir().ok()?.keep();
        let mut command = unprivileged_shell(&folder)?;
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
        let mut shell = command
            .args(["-c", SCRIPT, "sh"])
            .arg(&folder)
            .env("PATH", path)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut line = String::new();
        BufReader::new(shell.stdout.take()?).read_line(&mut line).ok()?;
        if line.trim() != "ready" {
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            eprintln!("PostgreSQL did not start:\n{log}");
            return None;
        }
        let host = folder.to_str()?.replace('/', "%2F");
        Some(Self { url: format!("postgres://postgres@{host}/postgres"), _shell: shell })
    }
}

fn find_programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders.into_iter().find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

/// PostgreSQL refuses to run as root: then the folder and the shell go to another user.
fn unprivileged_shell(folder: &Path) -> Option<Command> {
    let id = Command::new("id").arg("-u").output().ok()?;
    if id.stdout.trim_ascii() != b"0" {
        return Some(Command::new("sh"));
    }
    let user = ["postgres", "nobody"].into_iter().find(|user| {
        let chown = Command::new("chown").arg(user).arg(folder).stderr(Stdio::null()).status();
        chown.is_ok_and(|status| status.success())
    })?;
    let mut command = Command::new("setpriv");
    command.arg(format!("--reuid={user}")).args(["--clear-groups", "sh"]);
    Some(command)
}
