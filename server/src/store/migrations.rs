//! Numbered, forward-only migrations, compiled in, one folder for each engine with the same file names.

use super::engine::SqlitePools;
use super::{EngineKind, StoreError, Tx, statement};
use sqlx::migrate::Migrator;
use sqlx::{Connection, PgPool};

static SQLITE: Migrator = sqlx_macros::migrate!("./migrations/sqlite");
static POSTGRES: Migrator = sqlx_macros::migrate!("./migrations/postgres");

pub(super) async fn run_sqlite(pools: &SqlitePools) -> Result<(), StoreError> {
    let mut conn = pools.writer.extra_connection().await?;
    SQLITE.run(&mut conn).await?;
    Ok(conn.close().await?)
}

/// On a connection that waits as long as it takes: for another server process that migrates at the same time, and for
/// migrations that go through large tables.
pub(super) async fn run_postgres(pool: &PgPool) -> Result<(), StoreError> {
    let mut conn = pool.acquire().await?.detach();
    let _ = sqlx::raw_sql("SET lock_timeout = 0; SET statement_timeout = 0").execute(&mut conn).await?;
    POSTGRES.run(&mut conn).await?;
    Ok(conn.close().await?)
}

pub(super) async fn missing(tx: &mut Tx) -> Result<usize, StoreError> {
    let known = match tx.kind() {
        EngineKind::Sqlite => &SQLITE,
        EngineKind::Postgres => &POSTGRES,
    };
    const SQL: &str = "SELECT version FROM _sqlx_migrations WHERE success";
    let applied: Result<Vec<i64>, StoreError> = statement(SQL).values(tx).await;
    let applied = match applied {
        Ok(versions) => versions,
        // The table is made by the first migration.
        Err(StoreError::Database(sqlx::Error::Database(_))) => Vec::new(),
        Err(other) => return Err(other),
    };
    Ok(known.iter().filter(|migration| !applied.contains(&migration.version)).count())
}
