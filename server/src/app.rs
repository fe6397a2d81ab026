//! The running server: shared state, the router put together from the capabilities, start and stop.
//!
//! A capability is one folder, its migrations, and one line in [`routes`]. Nothing that matters lives only here:
//! several server processes may share one database.

use crate::clock::{Clock, Entropy};
use crate::config::{Config, Regions};
use crate::evidence::{self, BlobError, Evidence};
use crate::exchange::{self, Exchange};
use crate::http::{self, HttpLimits};
use crate::installation::{self, Installation};
use crate::keys::{KeyFileError, Keys};
use crate::layers::{self, Class};
use crate::people::PasswordPlaces;
use crate::problem::Language;
use crate::store::{Store, StoreError, StoreSettings};
use crate::{
    audit, auth, checklists, complaints, deadlines, devices, health, openapi, pages, people, problem, review,
    warnings, work_orders,
};
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use std::future::Future;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use sync_core::protocol::{OfficeCard, PackKey};
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// Shared state of all handlers. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct App {
    parts: Arc<AppParts>,
}

/// What handlers find in [`App`].
#[derive(Debug)]
pub struct AppParts {
    /// The database.
    pub store: Store,
    /// The present time.
    pub clock: Clock,
    /// Unpredictable bytes.
    pub entropy: Entropy,
    /// What the administrator set.
    pub config: Config,
    /// What people call the regions, for every page.
    pub regions: Arc<Regions>,
    /// Who this server is.
    pub installation: Installation,
    /// The server's own keys.
    pub keys: Keys,
    /// Places for password hashing.
    pub passwords: PasswordPlaces,
    /// Photos and what belongs to them.
    pub evidence: Evidence,
    /// Merge workers and places of the exchange.
    pub exchange: Exchange,
    /// Tells open pages that something happened.
    pub live: pages::Live,
    stopping: AtomicBool,
}

impl Deref for App {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.parts
    }
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made or used.
    #[error("data folder {folder}: {source}")]
    DataFolder {
        /// The folder.
        folder: String,
        /// Why.
        source: std::io::Error,
    },
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server's own keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// The folder of photos cannot be made or used.
    #[error(transparent)]
    Evidence(#[from] BlobError),
    /// The path of this program, which merge workers run, cannot be found out.
    #[error("path of this program: {source}")]
    Program {
        /// Why.
        source: std::io::Error,
    },
}

impl StartError {
    /// What happened and what to do, in the language of the terminal; what the system said stays as it is.
    pub fn explained(&self, language: Language) -> anyhow::Error {
        let (zh, en) = match self {
            Self::Keys(error) => return anyhow::anyhow!("{}", error.explained(language)),
            Self::DataFolder { .. } => (
                "无法使用数据文件夹：请让此账户可写该文件夹，或在 data.folder 中另设一个",
                "Let this account write there, or set data.folder",
            ),
            Self::Store(StoreError::Unreachable { .. }) => (
                "无法打开数据库：请检查 database.url，以及文件夹是否存在且可写，或 PostgreSQL 是否在运行并允许该用户登录",
                "Check database.url, and that its folder exists and can be written to, or that PostgreSQL runs and lets this \
                 user in",
            ),
            Self::Store(StoreError::DiskLow { .. }) => ("磁盘空间不足：请腾出空间", "Make room on the disk"),
            Self::Store(StoreError::Migration(_)) => (
                "数据库来自更新或改动过的版本：请使用与之相符的程序",
                "The database was made by a newer or altered version: run that one",
            ),
            Self::Store(StoreError::BadUrl { .. }) => {
                ("database.url 有误：应为 sqlite:///路径/文件.db 或 postgres://…", "Mend database.url")
            }
            _ => (
                "服务器无法启动：fieldloop check 会说明哪里有问题",
                "fieldloop check says what is sound and what is not",
            ),
        };
        match language {
            Language::En => anyhow::anyhow!("{self}. {en}."),
            Language::ZhCn => anyhow::anyhow!("{}", crate::cli::apart(zh, self)),
        }
    }
}

impl App {
    /// Opens data folder and database, applies missing migrations, and makes the installation's identity if it is new.
    pub async fn open(config: Config, clock: Clock, entropy: Entropy) -> Result<Self, StartError> {
        let store = open_store(&config).await?;
        store.migrate().await?;
        let mut tx = store.write().await?;
        checklists::publish_built_in(&mut tx, clock.now()).await?;
        deadlines::publish_built_in(&mut tx, clock.now()).await?;
        warnings::publish_built_in(&mut tx, clock.now()).await?;
        tx.commit().await?;
        let app = Self::with_store(store, config, clock, entropy).await?;
        let sealing_key = Some(app.keys.sealing_key());
        let card = OfficeCard { sealing_key, ..complaints::OFFICE };
        let mut tx = app.store.write().await?;
        exchange::pack::put(&mut tx, exchange::pack::PackAudience::All, &PackKey::Office, &card).await?;
        tx.commit().await?;
        Ok(app)
    }

    /// The same on a store that is open and migrated.
    pub async fn with_store(
        store: Store,
        config: Config,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, StartError> {
        make_data_folder(&config)?;
        let installation = installation::ensure(&store, &clock, &entropy).await?;
        let known = installation::office_key(&mut store.read().await?, installation.epoch).await?;
        let keys = Keys::open(&config.data.folder, installation.epoch, known, &entropy)?;
        if known.is_none() {
            let mut tx = store.write().await?;
            installation::keep_office_key(&mut tx, installation.epoch, keys.office_log.public()).await?;
            tx.commit().await?;
        }
        let passwords = PasswordPlaces::new(config.auth.password_hashes_at_once);
        let exchange = Exchange::with_own_program().map_err(|source| StartError::Program { source })?;
        let stopping = AtomicBool::new(false);
        let evidence = Evidence::open(&config.data.folder)?;
        let parts = AppParts {
            store,
            clock,
            entropy,
            regions: Arc::new(config.regions.clone()),
            config,
            installation,
            keys,
            passwords,
            evidence,
            exchange,
            live: pages::Live::default(),
            stopping,
        };
        Ok(Self { parts: Arc::new(parts) })
    }

    /// Whether the server has been told to stop: readiness is off, new work should be refused.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Serves until `stop` resolves, finishes what is under way, and closes the database.
    pub async fn serve(&self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let limits = HttpLimits {
            connections_max: self.config.server.connections_max,
            shutdown: Duration::from_secs(self.config.server.shutdown_seconds),
            ..HttpLimits::default()
        };
        let stop = async {
            stop.await;
            self.stopping.store(true, Ordering::SeqCst);
            self.live.close();
        };
        let evidence = tokio::spawn(evidence::work(self.clone()));
        let catching_up = tokio::spawn(exchange::catch_up(self.clone()));
        let watching = tokio::spawn(pages::watch_log(self.clone()));
        let deadlines = tokio::spawn(deadlines::keep_watch(self.clone()));
        let warnings = tokio::spawn(warnings::run(self.clone()));
        let forgetting = tokio::spawn(auth::keep_forgetting(self.clone()));
        let specials = tokio::spawn(crate::specials::run(self.clone()));
        let planned = tokio::spawn(crate::planned::run(self.clone()));
        http::serve(listener, router(self.clone()), limits, stop).await;
        for task in [evidence, catching_up, watching, deadlines, warnings, forgetting, specials, planned] {
            task.abort();
        }
        self.store.close().await;
    }
}

/// Opens the configured database without migrating it.
pub async fn open_store(config: &Config) -> Result<Store, StartError> {
    make_data_folder(config)?;
    let settings = StoreSettings {
        url: config.database_url(),
        connections_max: config.database.connections_max,
        wait_max: Duration::from_millis(config.database.wait_ms),
        disk_free_bytes_min: config.data.disk_free_mib_min << 20,
    };
    Ok(Store::open(&settings).await?)
}

/// Begins a new epoch on the configured database, and makes the key of its office log. Returns the epoch.
///
/// # Errors
/// When the database or the key folder cannot be used.
pub async fn new_epoch(config: &Config, clock: &Clock, reason: &str) -> Result<i64, StartError> {
    let store = open_store(config).await?;
    store.migrate().await?;
    let mut tx = store.write().await?;
    let epoch = installation::begin_epoch(&mut tx, reason, clock.now()).await?;
    let known = installation::office_key(&mut tx, epoch).await?;
    let keys = Keys::open(&config.data.folder, epoch, known, &Entropy::System)?;
    installation::keep_office_key(&mut tx, epoch, keys.office_log.public()).await?;
    tx.commit().await?;
    store.close().await;
    Ok(epoch)
}

fn make_data_folder(config: &Config) -> Result<(), StartError> {
    use std::os::unix::fs::DirBuilderExt;
    let folder = &config.data.folder;
    // Keys and customers' data: nobody else on this machine has business in there.
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| StartError::DataFolder { folder: folder.display().to_string(), source })
}

#[derive(OpenApi)]
#[openapi(info(
    title = "Fieldloop",
    description = "Field work that is never lost: exchange with devices, central complaint record, administration.",
    license(name = "Apache-2.0", identifier = "Apache-2.0")
))]
struct Document;

/// All routes of all capabilities with their descriptions.
fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(Class::administration().of(health::routes()))
        .merge(Class::administration().of(people::routes()))
        .merge(Class::administration().of(devices::routes()))
        .merge(Class::administration().of(audit::routes()))
        .merge(Class::office().of(complaints::routes()))
        .merge(Class::office().of(work_orders::routes()))
        .merge(Class::office().of(checklists::routes()))
        .merge(Class::office().of(deadlines::routes()))
        .merge(Class::office().of(crate::returns::routes()))
        .merge(Class::office().of(crate::corrective::routes()))
        .merge(Class::office().of(crate::sections::routes()))
        .merge(Class::office().of(crate::seats::routes()))
        .merge(Class::office().of(crate::back_billing::routes()))
        .merge(Class::office().of(crate::planned::routes()))
        .merge(Class::office().of(crate::restricted::routes()))
        .merge(Class::office().of(crate::specials::routes()))
        .merge(Class::office().of(crate::exports::routes()))
        .merge(Class::office().of(crate::reports::routes()))
        .merge(Class::office().of(crate::warnings::routes()))
        .merge(Class::office().of(crate::knowledge::routes()))
        .merge(Class::office().of(review::routes()))
        .merge(Class::enrolment().of(devices::enrolment_routes().merge(auth::routes())))
        .merge(evidence::routes())
        .merge(exchange::routes())
        .merge(exchange::office_routes())
}

/// The operations of all capabilities as they declare themselves.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

/// The OpenAPI document as pretty JSON: what `/openapi.json` and `fieldloop openapi` give.
pub fn openapi_json() -> String {
    openapi::complete(document())
}

/// Takes megabytes while it is made, and is hardly ever asked for.
static DOCUMENT: LazyLock<String> = LazyLock::new(openapi_json);

/// The whole service.
pub fn router(app: App) -> Router {
    let (router, declared) = routes().split_for_parts();
    let access = Arc::new(auth::AccessTable::of(&declared));
    let json = [(axum::http::header::CONTENT_TYPE, "application/json")];
    router
        .layer(from_fn_with_state((app.clone(), access), auth::authorise))
        .merge(pages::routes())
        .route("/openapi.json", get(move || async move { (json, DOCUMENT.as_str()) }))
        .fallback(|| async { problem::Problem::new(&problem::NOT_FOUND) })
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(from_fn_with_state(app.clone(), layers::finish))
        .with_state(app)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complaints::model::State;
    use crate::testing::{TestApp, check_document};

    #[test]
    fn every_reference_of_the_api_resolves_and_words_are_those_that_travel() {
        let document = openapi_json();
        let api: serde_json::Value = serde_json::from_str(&document).unwrap();
        let schemas = &api["components"]["schemas"];
        let names =
            document.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap());
        let missing: Vec<&str> = names.filter(|name| schemas[*name].is_null()).collect();
        assert_eq!(missing, [""; 0]);
        let states: Vec<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
        assert_eq!(schemas["State"]["enum"], serde_json::json!(states));
    }

    /// `FIELDLOOP_BLESS=1 cargo test -p server documented` writes the file anew.
    #[test]
    fn the_api_is_documented() {
        check_document("docs/openapi.json", &openapi_json());
    }

    #[tokio::test]
    async fn failures_are_problems_in_the_language_of_the_request() {
        let test = TestApp::sqlite().await;
        let answer = test.get("/v1/nowhere").header("accept-language", "zh-CN").send().await;
        assert_eq!(answer.status, 404);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert_eq!(answer.json["code"], "not-found");
        assert_eq!(answer.json["title"], problem::NOT_FOUND.zh.0);
        assert_eq!(answer.json["request_id"], answer.headers["x-request-id"].to_str().unwrap());
        let call = test.post("/healthz").header("x-request-id", "mine-1").json(&serde_json::json!({}));
        let answer = call.send().await;
        assert_eq!((answer.status, answer.json["code"].as_str()), (405, Some("method-not-allowed")));
        assert_eq!(answer.headers["allow"], "GET,HEAD");
        assert_eq!(answer.json["request_id"], "mine-1");
    }

    #[tokio::test]
    async fn the_document_is_served_and_large_bodies_are_refused() {
        let test = TestApp::sqlite().await;
        assert_eq!(test.get("/openapi.json").send().await.body, openapi_json().as_bytes());
        let large = test.get("/healthz").header("content-length", "100000").body(vec![0; 100_000]);
        let answer = large.send().await;
        assert_eq!((answer.status, answer.json["code"].as_str()), (413, Some("body-too-large")));
    }

    async fn broken() -> String {
        panic!("geheim")
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_and_costs_nobody_else_anything() {
        let test = TestApp::sqlite().await;
        let router = Router::new()
            .route("/panic", get(broken))
            .layer(CatchPanicLayer::custom(layers::panicked))
            .layer(from_fn_with_state(test.app.clone(), layers::finish));
        let answer = crate::testing::call(&router, axum::http::Method::GET, "/panic", &[], None).await;
        assert_eq!((answer.status, answer.json["code"].as_str()), (500, Some("internal")));
        assert!(!answer.json.to_string().contains("geheim"));
    }
}
