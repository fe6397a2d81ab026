//! The tables `warning_reports`, `warning_counts`, `warning_due`, `warning_cells` and `warning_policies`.

use super::PublishedRules;
use super::counting::Report;
use super::judge::{Cell, Counts};
use super::rules::WarningRules;
use crate::store::{StoreError, Tx, statement};
use sqlx_macros::FromRow;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use sync_core::ids::PersonId;
use sync_core::time::Timestamp;

/// Where a report is counted at present.
pub(super) async fn report(tx: &mut Tx, source: &str) -> Result<Option<Report>, StoreError> {
    const SQL: &str = "SELECT kind, class, area, day, received_at_ms FROM warning_reports WHERE source = $1";
    let row: Option<(String, String, String, i64, i64)> = statement(SQL).bind(source).row_if_any(tx).await?;
    Ok(row.map(|(kind, class, area, day, received)| Report {
        kind: if kind == "grumble" { "grumble" } else { "complaint" },
        class,
        area,
        day,
        received_at: Timestamp::from_unix_ms(received),
    }))
}

/// Writes where a report is counted from now on; `None`: nowhere.
pub(super) async fn put_report(tx: &mut Tx, source: &str, report: Option<&Report>) -> Result<(), StoreError> {
    const DELETE: &str = "DELETE FROM warning_reports WHERE source = $1";
    const PUT: &str = "INSERT INTO warning_reports (source, kind, class, area, day, received_at_ms) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (source) DO UPDATE SET class = $3, area = $4, day = $5";
    let Some(report) = report else {
        statement(DELETE).bind(source).execute(tx).await?;
        return Ok(());
    };
    statement(PUT)
        .bind(source)
        .bind(report.kind)
        .bind(&report.class)
        .bind(&report.area)
        .bind(report.day)
        .bind(report.received_at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

/// Notes that the day of a report is to be judged anew.
pub(super) async fn mark_due(tx: &mut Tx, report: &Report, source: &str) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO warning_due (class, area, day, source) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (class, area, day, source) DO NOTHING";
    statement(SQL).bind(&report.class).bind(&report.area).bind(report.day).bind(source).execute(tx).await?;
    Ok(())
}

/// Cells with days that are to be judged anew, in their order.
pub(super) async fn due_cells(tx: &mut Tx, limit: i64) -> Result<Vec<Cell>, StoreError> {
    const SQL: &str = "SELECT DISTINCT class, area FROM warning_due ORDER BY class, area LIMIT $1";
    let rows: Vec<(String, String)> = statement(SQL).bind(limit).rows(tx).await?;
    Ok(rows.into_iter().map(|(class, area)| Cell { class, area }).collect())
}

/// Takes the days of a cell that are to be judged anew.
pub(super) async fn take_due(tx: &mut Tx, cell: &Cell) -> Result<Vec<i64>, StoreError> {
    const SQL: &str = "DELETE FROM warning_due WHERE class = $1 AND area = $2 RETURNING day";
    let mut days: Vec<i64> = statement(SQL).bind(&cell.class).bind(&cell.area).values(tx).await?;
    days.sort_unstable();
    days.dedup();
    Ok(days)
}

/// What was counted in a cell on each day of the range; none for a day without any.
pub(super) async fn counts(
    tx: &mut Tx,
    cell: &Cell,
    days: RangeInclusive<i64>,
) -> Result<Counts, StoreError> {
    const SQL: &str = "SELECT day, number FROM warning_counts WHERE class = $1 AND area = $2 \
        AND day BETWEEN $3 AND $4 AND number > 0";
    let rows: Vec<(i64, i64)> = statement(SQL)
        .bind(&cell.class)
        .bind(&cell.area)
        .bind(*days.start())
        .bind(*days.end())
        .rows(tx)
        .await?;
    Ok(rows.into_iter().map(|(day, number)| (day, small(number))).collect())
}

fn small(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

/// The counts of every cell from a day on.
pub(super) async fn counts_since(tx: &mut Tx, first: i64) -> Result<BTreeMap<Cell, Counts>, StoreError> {
    const SQL: &str = "SELECT class, area, day, number FROM warning_counts WHERE day >= $1 AND number > 0";
    let rows: Vec<(String, String, i64, i64)> = statement(SQL).bind(first).rows(tx).await?;
    let mut cells: BTreeMap<Cell, Counts> = BTreeMap::new();
    for (class, area, day, number) in rows {
        cells.entry(Cell { class, area }).or_default().insert(day, small(number));
    }
    Ok(cells)
}

/// The first day on which anything is counted in a cell.
pub(super) async fn first_day(tx: &mut Tx, cell: &Cell) -> Result<Option<i64>, StoreError> {
    const SQL: &str = "SELECT day FROM warning_counts WHERE class = $1 AND area = $2 AND number > 0 \
        ORDER BY class, area, day LIMIT 1";
    statement(SQL).bind(&cell.class).bind(&cell.area).value_if_any(tx).await
}

/// The first day of a cell as it was judged last.
pub(super) async fn judged_first_day(tx: &mut Tx, cell: &Cell) -> Result<Option<i64>, StoreError> {
    const SQL: &str = "SELECT first_day FROM warning_cells WHERE class = $1 AND area = $2";
    statement(SQL).bind(&cell.class).bind(&cell.area).value_if_any(tx).await
}

/// The first days of all cells as they were judged last.
pub(super) async fn first_days(tx: &mut Tx) -> Result<BTreeMap<Cell, i64>, StoreError> {
    const SQL: &str = "SELECT class, area, first_day FROM warning_cells";
    let rows: Vec<(String, String, i64)> = statement(SQL).rows(tx).await?;
    Ok(rows.into_iter().map(|(class, area, day)| (Cell { class, area }, day)).collect())
}

pub(super) async fn put_first_day(tx: &mut Tx, cell: &Cell, day: i64) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO warning_cells (class, area, first_day) VALUES ($1, $2, $3) \
        ON CONFLICT (class, area) DO UPDATE SET first_day = $3";
    statement(SQL).bind(&cell.class).bind(&cell.area).bind(day).execute(tx).await?;
    Ok(())
}

/// How many reports of these days of a cell the server had before this moment.
pub(super) async fn received_before(
    tx: &mut Tx,
    cell: &Cell,
    days: RangeInclusive<i64>,
    moment: Timestamp,
) -> Result<u32, StoreError> {
    const SQL: &str = "SELECT count(*) FROM warning_reports WHERE class = $1 AND area = $2 \
        AND day BETWEEN $3 AND $4 AND received_at_ms < $5";
    let number: i64 = statement(SQL)
        .bind(&cell.class)
        .bind(&cell.area)
        .bind(*days.start())
        .bind(*days.end())
        .bind(moment.unix_ms())
        .value(tx)
        .await?;
    Ok(small(number))
}

#[derive(FromRow)]
struct RulesRow {
    version: i64,
    effective_from_ms: i64,
    rules_json: String,
    published_by: Option<String>,
    published_at_ms: i64,
}

impl TryFrom<RulesRow> for PublishedRules {
    type Error = StoreError;

    fn try_from(row: RulesRow) -> Result<Self, StoreError> {
        let broken = || StoreError::impossible("warning_policies", "rules_json", row.version.to_string());
        let by = |id: String| StoreError::parse_column("warning_policies", "published_by", &id, &id);
        Ok(Self {
            version: row.version,
            effective_from: Timestamp::from_unix_ms(row.effective_from_ms),
            rules: serde_json::from_str(&row.rules_json).map_err(|_| broken())?,
            published_by: row.published_by.map(by).transpose()?,
            published_at: Timestamp::from_unix_ms(row.published_at_ms),
        })
    }
}

/// Versions of the rules, newest first, at most 100.
pub(super) async fn versions(tx: &mut Tx) -> Result<Vec<PublishedRules>, StoreError> {
    const SQL: &str = "SELECT version, effective_from_ms, rules_json, published_by, published_at_ms \
        FROM warning_policies ORDER BY version DESC LIMIT 100";
    let rows: Vec<RulesRow> = statement(SQL).rows(tx).await?;
    rows.into_iter().map(PublishedRules::try_from).collect()
}

/// The rules published last, whether their day has come or not.
pub(super) async fn newest(tx: &mut Tx) -> Result<Option<PublishedRules>, StoreError> {
    const SQL: &str = "SELECT version, effective_from_ms, rules_json, published_by, published_at_ms \
        FROM warning_policies ORDER BY version DESC LIMIT 1";
    let row: Option<RulesRow> = statement(SQL).row_if_any(tx).await?;
    row.map(PublishedRules::try_from).transpose()
}

/// One version of the rules.
pub(super) async fn version(tx: &mut Tx, version: i64) -> Result<Option<PublishedRules>, StoreError> {
    const SQL: &str = "SELECT version, effective_from_ms, rules_json, published_by, published_at_ms \
        FROM warning_policies WHERE version = $1";
    let row: Option<RulesRow> = statement(SQL).bind(version).row_if_any(tx).await?;
    row.map(PublishedRules::try_from).transpose()
}

pub(super) async fn insert_rules(
    tx: &mut Tx,
    (version, effective_from): (i64, Timestamp),
    rules: &WarningRules,
    by: Option<PersonId>,
    at: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO warning_policies (version, effective_from_ms, rules_json, published_by, \
        published_at_ms) VALUES ($1, $2, $3, $4, $5)";
    let json = serde_json::to_string(rules)
        .map_err(|_| StoreError::impossible("warning_policies", "rules_json", version.to_string()))?;
    statement(SQL)
        .bind(version)
        .bind(effective_from.unix_ms())
        .bind(json)
        .bind(by.map(String::from))
        .bind(at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}
