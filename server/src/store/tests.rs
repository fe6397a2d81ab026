//! What the store promises, on both engines; group commit on the one that has it.

use super::testing::{TestDatabase, for_each_engine};
use super::*;
use std::collections::BTreeMap;

const NOTES: &str = "CREATE TABLE notes (name TEXT NOT NULL PRIMARY KEY, parent TEXT \
    REFERENCES notes (name) DEFERRABLE INITIALLY DEFERRED)";

async fn with_notes(store: &Store) {
    let mut tx = store.write().await.unwrap();
    statement(NOTES).execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
}

async fn note(tx: &mut Tx, name: &str) -> Result<(), StoreError> {
    note_under(tx, name, None).await
}

async fn note_under(tx: &mut Tx, name: &str, parent: Option<&str>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO notes (name, parent) VALUES ($1, $2)";
    statement(SQL).bind(name).bind(parent).execute(tx).await?;
    Ok(())
}

async fn notes(store: &Store) -> Vec<String> {
    const SQL: &str = "SELECT name FROM notes ORDER BY name";
    let mut tx = store.read().await.unwrap();
    statement(SQL).values(&mut tx).await.unwrap()
}

async fn count(tx: &mut Tx) -> i64 {
    const SQL: &str = "SELECT count(*) FROM notes";
    statement(SQL).value(tx).await.unwrap()
}

/// An embedded store whose writer is held by one member, and that member.
async fn held_store() -> (TestDatabase, Store, Tx) {
    let database = TestDatabase::sqlite();
    let store = database.open().await;
    with_notes(&store).await;
    let holder = store.write().await.unwrap();
    (database, store, holder)
}

async fn until_waiting(store: &Store, count: usize) {
    let Engine::Sqlite(pools) = &store.engine else { panic!("only the embedded store has a lane") };
    while pools.writer.waiting() < count {
        tokio::task::yield_now().await;
    }
}

fn spawn_note(store: &Store, name: String) -> tokio::task::JoinHandle<Result<(), StoreError>> {
    let store = store.clone();
    tokio::spawn(async move {
        let mut tx = store.write().await?;
        note(&mut tx, &name).await?;
        tx.commit().await
    })
}

#[tokio::test]
async fn committed_rows_stay_and_dropped_ones_do_not() {
    for_each_engine(|store| async move {
        with_notes(&store).await;
        let mut kept = store.write().await.unwrap();
        note(&mut kept, "kept").await.unwrap();
        kept.commit().await.unwrap();
        let mut dropped = store.write().await.unwrap();
        note(&mut dropped, "dropped").await.unwrap();
        drop(dropped);
        let mut after = store.write().await.unwrap();
        note(&mut after, "after").await.unwrap();
        after.commit().await.unwrap();
        assert_eq!(notes(&store).await, ["after", "kept"]);
    })
    .await;
}

#[tokio::test]
async fn a_reader_keeps_its_snapshot_and_cannot_write() {
    for_each_engine(|store| async move {
        with_notes(&store).await;
        let mut reader = store.read().await.unwrap();
        assert_eq!(count(&mut reader).await, 0);
        let mut writer = store.write().await.unwrap();
        note(&mut writer, "new").await.unwrap();
        writer.commit().await.unwrap();
        assert_eq!(count(&mut reader).await, 0);
        assert!(note(&mut reader, "forbidden").await.is_err());
        drop(reader);
        assert_eq!(notes(&store).await, ["new"]);
    })
    .await;
}

/// One reader at a time: whoever comes next gets the very connection that was given up before.
#[tokio::test]
async fn the_next_reader_sees_the_newest_rows_however_the_last_one_ended() {
    let database = TestDatabase::sqlite();
    let mut settings = StoreSettings::for_url(&database.url);
    (settings.connections_max, settings.wait_max) = (1, Duration::from_millis(250));
    let store = Store::open(&settings).await.unwrap();
    with_notes(&store).await;
    for (round, name) in ["dropped", "committed", "cancelled", "once"].into_iter().enumerate() {
        let mut reader = match name {
            "once" => store.read_once().await.unwrap(),
            _ => store.read().await.unwrap(),
        };
        assert_eq!(count(&mut reader).await, i64::try_from(round).unwrap());
        assert!(matches!(store.read().await.map(drop), Err(StoreError::Busy { .. })), "there is one place");
        let mut writer = store.write().await.unwrap();
        note(&mut writer, name).await.unwrap();
        writer.commit().await.unwrap();
        let seen = count(&mut reader).await - i64::try_from(round).unwrap();
        assert_eq!(seen, i64::from(name == "once"), "{name}");
        match name {
            "committed" => reader.commit().await.unwrap(),
            // Asked and not waited for; SQLite's thread may have answered by then.
            "cancelled" => _ = futures_util::FutureExt::now_or_never(count(&mut reader)),
            _ => drop(reader),
        }
    }
    assert_eq!(count(&mut store.read().await.unwrap()).await, 4);
    store.close().await;
    assert!(store.read().await.is_err());
}

#[tokio::test]
async fn violations_can_be_told_apart() {
    for_each_engine(|store| async move {
        with_notes(&store).await;
        let mut tx = store.write().await.unwrap();
        note(&mut tx, "one").await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.write().await.unwrap();
        let error = note(&mut tx, "one").await.unwrap_err();
        assert!(error.is_unique_violation() && !error.is_foreign_key_violation() && !error.is_busy());
    })
    .await;
}

#[tokio::test]
async fn numbers_have_no_gaps_even_after_a_rollback() {
    for_each_engine(|store| async move {
        let take = async |count| {
            let mut tx = store.write().await.unwrap();
            let first = next_numbers(&mut tx, Counter::SERVER_LOG, count).await.unwrap();
            (tx, first)
        };
        let (tx, first) = take(1).await;
        assert_eq!(first, 1);
        tx.commit().await.unwrap();
        let (tx, first) = take(5).await;
        assert_eq!(first, 2);
        drop(tx);
        let (tx, first) = take(3).await;
        assert_eq!(first, 2);
        tx.commit().await.unwrap();
        let mut tx = store.write().await.unwrap();
        assert_eq!(next_number(&mut tx, Counter::SERVER_LOG).await.unwrap(), 5);
    })
    .await;
}

#[tokio::test]
async fn text_sorts_the_same_and_hostile_strings_come_back_unchanged() {
    const HOSTILE: [&str; 9] =
        ["", " lead", "'; DROP TABLE notes; --", "A", "Z", "a", "é\u{301}", "\u{202e}电表", "\u{10ffff}"];
    for_each_engine(|store| async move {
        let mut tx = store.write().await.unwrap();
        for (value, name) in HOSTILE.into_iter().rev().enumerate() {
            const SQL: &str = "INSERT INTO counters (name, value) VALUES ($1, $2)";
            let value = i64::try_from(value).unwrap();
            statement(SQL).bind(name).bind(value).execute(&mut tx).await.unwrap();
        }
        const SQL: &str = "SELECT name FROM counters ORDER BY name";
        let names: Vec<String> = statement(SQL).values(&mut tx).await.unwrap();
        assert_eq!(names, HOSTILE);
    })
    .await;
}

#[tokio::test]
async fn values_of_every_kind_come_back_as_they_went_in_and_absent_ones_stay_absent() {
    type Kinds = (Option<String>, Option<i64>, Option<Vec<u8>>, bool);
    const TABLE: [&str; 2] = [
        "CREATE TABLE kinds (a TEXT, b BIGINT, c BLOB, d BOOLEAN NOT NULL)",
        "CREATE TABLE kinds (a TEXT, b BIGINT, c BYTEA, d BOOLEAN NOT NULL)",
    ];
    const SELECT: &str = "SELECT a, b, c, d FROM kinds WHERE d IN (";
    for_each_engine(|store| async move {
        let mut tx = store.write().await.unwrap();
        statement(TABLE[usize::from(tx.kind() == EngineKind::Postgres)]).execute(&mut tx).await.unwrap();
        let full: Kinds = (Some("铅封".to_owned()), Some(i64::MIN), Some(vec![0, 255]), true);
        let absent: Kinds = (None, None, None, false);
        let mut insert = statement("INSERT INTO kinds (a, b, c, d) ");
        insert.push_values([&full, &absent], |line, (text, number, bytes, flag)| {
            line.push_bind(text).push_bind(*number).push_bind(bytes.as_deref()).push_bind(*flag);
        });
        assert_eq!(insert.execute(&mut tx).await.unwrap(), 2);
        let mut select = statement(SELECT);
        select.places().push_bind(true).push("false");
        select.push(") AND (a = ").push_bind("铅封").push(" OR a IS NULL) ORDER BY d DESC");
        assert_eq!(select.rows::<Kinds>(&mut tx).await.unwrap(), [full, absent]);
        let none = statement("SELECT b FROM kinds WHERE b = $1").bind(7_i64);
        assert_eq!(none.value_if_any::<i64>(&mut tx).await.unwrap(), None);
        let none = statement("SELECT b FROM kinds WHERE b = $1").bind(7_i64).value::<i64>(&mut tx).await;
        assert!(matches!(none, Err(StoreError::Database(sqlx::Error::RowNotFound))), "{none:?}");
    })
    .await;
}

#[tokio::test]
async fn migrating_again_changes_nothing_and_the_store_opens_again() {
    for_each_engine(|store| async move {
        assert_eq!(store.migrations_missing().await.unwrap(), 0);
        store.migrate().await.unwrap();
        store.close().await;
        assert!(store.write().await.is_err(), "a closed store takes no writes");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_that_wait_share_one_commit() {
    let (_database, store, mut holder) = held_store().await;
    let before = store.group_commits().unwrap();
    let writers: Vec<_> = (0..199).map(|n| spawn_note(&store, format!("{n:03}"))).collect();
    until_waiting(&store, 199).await;
    note(&mut holder, "holder").await.unwrap();
    holder.commit().await.unwrap();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(notes(&store).await.len(), 200);
    assert_eq!(store.group_commits().unwrap() - before, 4, "200 members in groups of at most 64");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_fails_costs_the_others_nothing() {
    let (_database, store, mut holder) = held_store().await;
    let first = spawn_note(&store, "twice".to_owned());
    until_waiting(&store, 1).await;
    let second = spawn_note(&store, "twice".to_owned());
    until_waiting(&store, 2).await;
    let third = spawn_note(&store, "third".to_owned());
    until_waiting(&store, 3).await;
    note(&mut holder, "holder").await.unwrap();
    holder.commit().await.unwrap();
    first.await.unwrap().unwrap();
    assert!(second.await.unwrap().unwrap_err().is_unique_violation());
    third.await.unwrap().unwrap();
    assert_eq!(notes(&store).await, ["holder", "third", "twice"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiter_that_goes_away_leaves_no_group_uncommitted() {
    let (_database, store, mut holder) = held_store().await;
    for round in 0..50 {
        let waiter = spawn_note(&store, format!("waiter {round}"));
        until_waiting(&store, 1).await;
        note(&mut holder, &format!("holder {round}")).await.unwrap();
        let committed = tokio::spawn(holder.commit());
        if round % 2 == 0 {
            tokio::task::yield_now().await;
        }
        waiter.abort();
        let committed = tokio::time::timeout(std::time::Duration::from_secs(10), committed).await;
        committed.expect("the group is committed without the waiter").unwrap().unwrap();
        let _ = waiter.await;
        holder = store.write().await.unwrap();
    }
    drop(holder);
    let names = notes(&store).await;
    assert_eq!(names.iter().filter(|name| name.starts_with("holder")).count(), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_cancelled_anywhere_never_harm_the_next() {
    let database = TestDatabase::sqlite();
    let store = database.open().await;
    with_notes(&store).await;
    for round in 0..300_u32 {
        let victim = spawn_note(&store, format!("victim {round:03}"));
        for _ in 0..round % 40 {
            tokio::task::yield_now().await;
        }
        victim.abort();
        let cancelled = victim.await.is_err();
        spawn_note(&store, format!("next {round:03}")).await.unwrap().unwrap();
        if !cancelled {
            assert!(notes(&store).await.contains(&format!("victim {round:03}")));
        }
    }
    assert_eq!(notes(&store).await.iter().filter(|name| name.starts_with("next")).count(), 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_commit_fails_every_member_and_the_store_recovers() {
    let (_database, store, mut holder) = held_store().await;
    let innocent = spawn_note(&store, "innocent".to_owned());
    until_waiting(&store, 1).await;
    // The missing parent is noticed by COMMIT, not by the INSERT.
    note_under(&mut holder, "orphan", Some("nobody")).await.unwrap();
    let error = holder.commit().await.unwrap_err();
    assert!(matches!(error, StoreError::Commit { .. }), "{error}");
    assert!(matches!(innocent.await.unwrap(), Err(StoreError::Commit { .. })));
    assert!(notes(&store).await.is_empty());
    spawn_note(&store, "afterwards".to_owned()).await.unwrap().unwrap();
    assert_eq!(notes(&store).await, ["afterwards"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_fails_who_meets_it_and_nobody_for_good() {
    let (_database, store, mut holder) = held_store().await;
    let innocent = spawn_note(&store, "innocent".to_owned());
    until_waiting(&store, 1).await;
    let pages = |tx, sql: &'static str| async move {
        let mut tx: Tx = tx;
        let pages: i64 = statement(sql).value(&mut tx).await.unwrap();
        (tx, pages)
    };
    (holder, _) = pages(holder, "PRAGMA page_count").await;
    (holder, _) = pages(holder, "PRAGMA max_page_count = 1").await;
    let error = note(&mut holder, &"x".repeat(1 << 20)).await.unwrap_err();
    assert!(error.is_disk_full(), "{error}");
    drop(holder);
    innocent.await.unwrap().unwrap();
    let (tx, _) = pages(store.write().await.unwrap(), "PRAGMA max_page_count = 1000000").await;
    drop(tx);
    spawn_note(&store, "y".repeat(1 << 20)).await.unwrap().unwrap();
    assert_eq!(notes(&store).await.len(), 2);
}

#[tokio::test]
async fn a_nearly_full_disk_takes_no_more_writes_but_is_read() {
    let database = TestDatabase::sqlite();
    drop(database.open().await);
    let mut settings = StoreSettings::for_url(database.url.clone());
    settings.disk_free_bytes_min = u64::MAX;
    let store = Store::open(&settings).await.unwrap();
    let Err(error) = store.write().await else { panic!("written to a full disk") };
    assert!(error.is_disk_full() && !error.is_busy(), "{error}");
    assert!(store.read().await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_terminal_writes_beside_a_running_server() {
    let database = TestDatabase::sqlite();
    let (server, terminal) = (database.open().await, database.open().await);
    with_notes(&server).await;
    let writers =
        (0..200).map(|n| spawn_note(if n % 4 == 0 { &terminal } else { &server }, format!("{n:03}")));
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(notes(&terminal).await.len(), 200);
}

#[tokio::test]
async fn who_waits_too_long_is_told_that_the_store_is_busy() {
    let database = TestDatabase::sqlite();
    drop(database.open().await);
    let mut settings = StoreSettings::for_url(database.url.clone());
    settings.wait_max = std::time::Duration::from_millis(300);
    let store = Store::open(&settings).await.unwrap();
    let _holder = store.write().await.unwrap();
    let Err(error) = store.write().await else { panic!("two writers at once") };
    assert!(error.is_busy(), "{error}");
}

/// (table, column) → (is nullable, type as far as the engines have the same word for it).
type Shape = BTreeMap<(String, String), (bool, &'static str)>;

async fn shape(store: &Store) -> Shape {
    const SQLITE: &str = "SELECT m.name, c.name, c.\"notnull\" = 0, c.type FROM sqlite_schema m \
        JOIN pragma_table_xinfo(m.name) c WHERE m.type = 'table' AND c.hidden <> 1";
    const POSTGRES: &str = "SELECT table_name::text, column_name::text, is_nullable = 'YES', \
        data_type || coalesce(' ' || collation_name, '') FROM information_schema.columns \
        WHERE table_schema = current_schema()";
    let mut tx = store.read().await.unwrap();
    let sql = match tx.kind() {
        EngineKind::Sqlite => SQLITE,
        EngineKind::Postgres => POSTGRES,
    };
    let rows: Vec<(String, String, bool, String)> = statement(sql).rows(&mut tx).await.unwrap();
    let is_own = |table: &str| table != "_sqlx_migrations" && !table.starts_with("sqlite_");
    let own = rows.into_iter().filter(|row| is_own(&row.0));
    own.map(|(table, column, nullable, found)| {
        let word = match found.as_str() {
            "INTEGER" | "bigint" => "integer",
            // A flag is an INTEGER with a CHECK on SQLite.
            "boolean" => "integer",
            "TEXT" | "text C" => "text",
            "BLOB" | "bytea" => "bytes",
            other => panic!("{table}.{column} has type {other:?}, which is not one of the portable ones"),
        };
        ((table, column), (nullable, word))
    })
    .collect()
}

#[tokio::test]
async fn both_engines_have_the_same_tables_and_columns() {
    let Some(postgres) = TestDatabase::postgres().await else { return };
    let sqlite = TestDatabase::sqlite();
    let (left, right) = (shape(&sqlite.open().await).await, shape(&postgres.open().await).await);
    for (column, facts) in &left {
        assert_eq!(right.get(column), Some(facts), "{column:?} differs between SQLite and PostgreSQL");
    }
    assert_eq!(left.len(), right.len(), "PostgreSQL has columns that SQLite lacks");
}

#[test]
fn both_folders_have_the_same_migrations() {
    let names = |folder: &str| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
        let mut names: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

#[tokio::test]
async fn a_database_that_went_away_is_not_called_busy() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    let options = sqlx::postgres::PgConnectOptions::new().host("127.0.0.1").port(address.port());
    let pool = sqlx::postgres::PgPoolOptions::new().connect_lazy_with(options);
    let timed_out = || Err::<(), _>(sqlx::Error::PoolTimedOut);
    assert!(super::engine::acquired(&pool, timed_out()).await.unwrap_err().is_busy(), "somebody listens");
    drop(nobody);
    let away = super::engine::acquired(&pool, timed_out()).await.unwrap_err();
    assert!(matches!(away, StoreError::Away) && !away.is_busy(), "{away}");
}

/// The workspace's `.cargo/config.toml` compiles SQLite so.
#[tokio::test]
async fn a_statement_is_planned_once_whatever_is_bound_to_it() {
    const SQL: &str = "SELECT compile_options FROM pragma_compile_options WHERE compile_options IN ('ENABLE_QPSG', 'ENABLE_MEMORY_MANAGEMENT')";
    let store = TestDatabase::sqlite().open().await;
    let mut tx = store.read().await.unwrap();
    let options: Vec<String> = statement(SQL).values(&mut tx).await.unwrap();
    assert_eq!(options, ["ENABLE_QPSG"]);
}

#[tokio::test]
async fn what_a_killed_process_left_in_the_log_is_in_the_file_after_the_next_start() {
    let database = TestDatabase::sqlite();
    let store = database.open().await;
    with_notes(&store).await;
    spawn_note(&store, "kept".to_owned()).await.unwrap().unwrap();
    let Engine::Sqlite(pools) = &store.engine else { panic!("only the embedded store has a log beside it") };
    let file = pools.path.clone();
    let is_in_file = || {
        let bytes = std::fs::read(&file).expect("the file of an open store can be read");
        bytes.windows(b"kept".len()).any(|window| window == b"kept")
    };
    assert!(!is_in_file());
    // As a killed process: never closed.
    std::mem::forget(store);
    let store = database.open().await;
    assert!(is_in_file());
    assert_eq!(notes(&store).await, ["kept"]);
}

async fn tallied(store: &Store) -> i64 {
    const SQL: &str = "SELECT CAST(coalesce(sum(number), 0) AS BIGINT) FROM daily_counts";
    let mut tx = store.read().await.unwrap();
    statement(SQL).value(&mut tx).await.unwrap()
}

#[tokio::test]
async fn transactions_that_add_to_the_same_numbers_never_wait_in_a_circle() {
    for_each_engine(|store| async move {
        store.migrate().await.unwrap();
        let key = |day| Tally { counted: "received", day, unit: String::new(), region: String::new() };
        let mut dropped = store.write().await.unwrap();
        dropped.tally(key(1), 1);
        drop(dropped);
        assert_eq!(tallied(&store).await, 0);
        let adders = (0..8).map(|adder| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    let mut tx = store.write().await.unwrap();
                    tx.tally(key(adder % 2), 2);
                    if adder % 3 == 0 {
                        next_number(&mut tx, Counter::SERVER_LOG).await.unwrap();
                    }
                    tx.tally(key(1 - adder % 2), -1);
                    next_number(&mut tx, Counter::SERVER_LOG).await.unwrap();
                    tx.commit().await.unwrap();
                }
            })
        });
        for adder in adders.collect::<Vec<_>>() {
            adder.await.unwrap();
        }
        assert_eq!(tallied(&store).await, 80);
    })
    .await;
}
