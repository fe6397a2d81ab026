//! What tests of several modules need: a whole server without a socket, and documents kept up to date.

use crate::app::{self, App};
use crate::clock::{Clock, Entropy};
use crate::config::Config;
use crate::store::testing::{TestDatabase, for_each_engine};
use crate::store::{Store, Tx, TxOn};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::BodyExt;
use serde_json::Value;
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use sync_core::time::Timestamp;
use tempfile::TempDir;
use tower::ServiceExt;

/// When test servers begin: 2025-11-21 04:40 UTC.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_ms(1_763_700_000_000);

/// A server with its own database, data folder, and a clock that moves only when told.
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) router: Router,
    _folder: TempDir,
    _database: Option<TestDatabase>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The body as JSON, null if it is none.
    pub(crate) json: Value,
}

impl TestApp {
    /// On a fresh embedded database.
    pub(crate) async fn sqlite() -> Self {
        let database = TestDatabase::sqlite();
        let mut test = Self::on(database.open().await).await;
        test._database = Some(database);
        test
    }

    /// On this empty store.
    pub(crate) async fn on(store: Store) -> Self {
        Self::in_folder(store, TempDir::new().expect("a temporary folder can be made")).await
    }

    /// On this store, with a data folder that may hold keys.
    pub(crate) async fn in_folder(store: Store, folder: TempDir) -> Self {
        let mut config = Config::default();
        config.data.folder = folder.path().to_owned();
        let app = App::with_store(store, config, Clock::manual(NOW), Entropy::System)
            .await
            .expect("a test server starts");
        let router = app::router(app.clone());
        Self { app, router, _folder: folder, _database: None }
    }

    /// Runs a test on both engines.
    pub(crate) async fn for_each_engine<F, Fut>(test: F)
    where
        F: Fn(Self) -> Fut,
        Fut: Future<Output = ()>,
    {
        for_each_engine(|store| async { test(Self::on(store).await).await }).await;
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call<'_> {
        self.call(Method::POST, path)
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call<'_> {
        Call { router: &self.router, method, path: path.to_owned(), headers: Vec::new(), body: None }
    }
}

/// A request that is being put together.
pub(crate) struct Call<'a> {
    router: &'a Router,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sends a JSON body. Without it the body is empty.
    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string().into_bytes());
        self.header("content-type", "application/json")
    }

    /// Sends these bytes.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(crate) async fn send(self) -> Answer {
        call(self.router, self.method, &self.path, &self.headers, self.body).await
    }
}

/// One request to a router, as if from a client on this machine.
pub(crate) async fn call(
    router: &Router,
    method: Method,
    path: &str,
    headers: &[(String, String)],
    body: Option<Vec<u8>>,
) -> Answer {
    let mut request = Request::new(Body::from(body.unwrap_or_default()));
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().expect("test paths are valid");
    for (name, value) in headers {
        let name: HeaderName = name.parse().expect("test headers are valid");
        request.headers_mut().append(name, HeaderValue::from_str(value).expect("test headers are valid"));
    }
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 50_000))));
    let Ok(response) = router.clone().oneshot(request).await;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("test answers end").to_bytes();
    let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Answer { status: parts.status.as_u16(), headers: parts.headers, body, json }
}

/// Compares a file of the repository with what it should say. `FIELDLOOP_BLESS=1` writes it instead.
///
/// # Panics
/// When the file says something else.
pub(crate) fn check_document(path: &str, expected: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if std::env::var_os("FIELDLOOP_BLESS").is_some() {
        std::fs::write(&file, expected).expect("the document can be written");
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == expected,
        "{path} is not up to date; write it anew with FIELDLOOP_BLESS=1 cargo test -p server documented"
    );
}

/// Counts the steps that the embedded database takes for what is read from now on; `None` on another engine.
pub(crate) async fn count_steps(tx: &mut Tx) -> Option<Arc<AtomicU64>> {
    let TxOn::Sqlite(conn) = tx.engine() else { return None };
    let steps = Arc::new(AtomicU64::new(0));
    let taken = Arc::clone(&steps);
    let mut handle = conn.lock_handle().await.expect("a connection is open");
    handle.set_progress_handler(1, move || {
        taken.fetch_add(1, Ordering::Relaxed);
        true
    });
    Some(steps)
}
