//! Whether the process lives and whether it can take work.

use crate::app::App;
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::store::{StoreError, statement};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz))
}

/// Answer of a health check.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// Always `ok`; a failure is a problem document.
    status: &'static str,
    /// Version of the server.
    version: &'static str,
}

const OK: Health = Health { status: "ok", version: env!("CARGO_PKG_VERSION") };

/// The process lives.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = OK, body = Health)))]
async fn healthz() -> Json<Health> {
    Json(OK)
}

/// The server takes work: the database can be written, its migrations are applied, nobody told it to stop.
#[utoipa::path(get, path = "/readyz", tag = "health",
    responses((status = OK, body = Health), (status = SERVICE_UNAVAILABLE, description = "not now")))]
async fn readyz(State(app): State<App>) -> Result<Json<Health>, Problem> {
    if app.is_stopping() {
        return Err(Problem::new(&problem::STOPPING).retry_after(2..10));
    }
    if app.store.migrations_missing().await? > 0 {
        return Err(Problem::new(&problem::STORE_BUSY).retry_after(2..10));
    }
    write_something(&app).await?;
    Ok(Json(OK))
}

/// Writes as durably as any request does.
async fn write_something(app: &App) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO counters (name, value) VALUES ('readiness', $1) \
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    let now_ms = app.clock.now().unix_ms();
    let mut tx = app.store.write().await?;
    statement(SQL).bind(now_ms).execute(&mut tx).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use crate::testing::TestApp;

    #[tokio::test]
    async fn a_server_is_ready_while_its_database_takes_writes() {
        TestApp::for_each_engine(|test| async move {
            assert_eq!(test.get("/healthz").send().await.status, 200);
            assert_eq!(test.get("/readyz").send().await.status, 200);
            test.app.store.close().await;
            assert_eq!(test.get("/healthz").send().await.status, 200);
            assert_eq!(test.get("/readyz").send().await.status, 500);
        })
        .await;
    }
}
