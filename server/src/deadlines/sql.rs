//! The tables `calendars`, `deadline_policies`, `complaint_clocks` and `clock_pauses`.

use super::clock::{Clock, PauseRecord};
use super::{PublishedCalendar, PublishedPolicy};
use crate::store::{StoreError, Tx, assembled, statement};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx_macros::FromRow;
use sync_core::deadline::{Calendar, DeadlinePolicy};
use sync_core::ids::{ComplaintId, PersonId};
use sync_core::time::Timestamp;

#[derive(FromRow)]
struct VersionRow {
    version: i64,
    effective_from_ms: i64,
    json: String,
    published_by: Option<String>,
    published_at_ms: i64,
}

fn parse<T: DeserializeOwned>(table: &'static str, key: i64, json: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|_| StoreError::impossible(table, "json", key.to_string()))
}

fn text<T: Serialize>(table: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::impossible(table, "json", ""))
}

fn person(table: &'static str, id: Option<String>) -> Result<Option<PersonId>, StoreError> {
    id.map(|id| StoreError::parse_column(table, "person", &id, &id)).transpose()
}

impl VersionRow {
    fn policy(self) -> Result<PublishedPolicy, StoreError> {
        Ok(PublishedPolicy {
            version: self.version,
            effective_from: Timestamp::from_unix_ms(self.effective_from_ms),
            policy: parse("deadline_policies", self.version, &self.json)?,
            published_by: person("deadline_policies", self.published_by)?,
            published_at: Timestamp::from_unix_ms(self.published_at_ms),
        })
    }

    fn calendar(self) -> Result<PublishedCalendar, StoreError> {
        Ok(PublishedCalendar {
            version: self.version,
            calendar: parse("calendars", self.version, &self.json)?,
            published_by: person("calendars", self.published_by)?,
            published_at: Timestamp::from_unix_ms(self.published_at_ms),
        })
    }
}

/// The newest version of a calendar.
pub(super) async fn newest_calendar(
    tx: &mut Tx,
    code: &str,
) -> Result<Option<PublishedCalendar>, StoreError> {
    const SQL: &str = "SELECT version, published_at_ms AS effective_from_ms, calendar_json AS json, published_by, \
        published_at_ms FROM calendars WHERE code = $1 ORDER BY version DESC LIMIT 1";
    let row: Option<VersionRow> = statement(SQL).bind(code).row_if_any(tx).await?;
    row.map(VersionRow::calendar).transpose()
}

/// The newest version of every calendar, by code.
pub(super) async fn calendars(tx: &mut Tx) -> Result<Vec<PublishedCalendar>, StoreError> {
    const SQL: &str = "SELECT c.version, c.published_at_ms AS effective_from_ms, c.calendar_json AS json, \
        c.published_by, c.published_at_ms FROM calendars c WHERE c.version = \
        (SELECT max(n.version) FROM calendars n WHERE n.code = c.code) ORDER BY c.code";
    let rows: Vec<VersionRow> = statement(SQL).rows(tx).await?;
    rows.into_iter().map(VersionRow::calendar).collect()
}

pub(super) async fn insert_calendar(
    tx: &mut Tx,
    version: i64,
    calendar: &Calendar,
    by: Option<PersonId>,
    at: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO calendars (code, version, calendar_json, published_by, published_at_ms) \
        VALUES ($1, $2, $3, $4, $5)";
    let json = text("calendars", calendar)?;
    statement(SQL)
        .bind(&calendar.code)
        .bind(version)
        .bind(json)
        .bind(by.map(String::from))
        .bind(at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

const POLICY_COLUMNS: &str = "SELECT version, effective_from_ms, policy_json AS json, published_by, published_at_ms \
    FROM deadline_policies";

async fn one_policy(tx: &mut Tx, rest: &str, number: i64) -> Result<Option<PublishedPolicy>, StoreError> {
    let sql = format!("{POLICY_COLUMNS} {rest}");
    let row: Option<VersionRow> = assembled(sql).bind(number).row_if_any(tx).await?;
    row.map(VersionRow::policy).transpose()
}

/// The rules published last, whether their day has come or not.
pub(crate) async fn newest_policy(tx: &mut Tx) -> Result<Option<PublishedPolicy>, StoreError> {
    one_policy(tx, "WHERE version > $1 ORDER BY version DESC LIMIT 1", 0).await
}

/// The rules that hold for what is requested at that moment.
pub(crate) async fn policy_at(tx: &mut Tx, at: Timestamp) -> Result<Option<PublishedPolicy>, StoreError> {
    let at = at.unix_ms().max(0);
    one_policy(tx, "WHERE effective_from_ms <= $1 ORDER BY version DESC LIMIT 1", at).await
}

/// One version of the rules.
pub(crate) async fn policy(tx: &mut Tx, version: i64) -> Result<Option<PublishedPolicy>, StoreError> {
    one_policy(tx, "WHERE version = $1", version).await
}

/// Versions of the rules, newest first, at most 100.
pub(super) async fn policies(tx: &mut Tx) -> Result<Vec<PublishedPolicy>, StoreError> {
    let sql = format!("{POLICY_COLUMNS} ORDER BY version DESC LIMIT 100");
    let rows: Vec<VersionRow> = assembled(sql).rows(tx).await?;
    rows.into_iter().map(VersionRow::policy).collect()
}

pub(super) async fn insert_policy(
    tx: &mut Tx,
    version: i64,
    effective_from: Timestamp,
    policy: &DeadlinePolicy,
    by: Option<PersonId>,
    at: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO deadline_policies (version, effective_from_ms, policy_json, published_by, \
        published_at_ms) VALUES ($1, $2, $3, $4, $5)";
    let json = text("deadline_policies", policy)?;
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

/// The clock of a complaint; `None` for one that is older than rules.
pub(super) async fn clock(tx: &mut Tx, complaint: ComplaintId) -> Result<Option<Clock>, StoreError> {
    const SQL: &str = "SELECT policy_version, rule, limits_json, provisional, started_at_ms FROM complaint_clocks \
        WHERE complaint_id = $1";
    let id = complaint.to_string();
    let row: Option<(i64, i64, String, i64, Option<i64>)> = statement(SQL).bind(&id).row_if_any(tx).await?;
    row.map(|(policy, rule, limits, provisional, started)| {
        let limits = serde_json::from_str(&limits)
            .map_err(|_| StoreError::impossible("complaint_clocks", "limits_json", id.as_str()))?;
        let started = started.map(Timestamp::from_unix_ms);
        Ok(Clock { policy, rule, limits, provisional: provisional == 1, started })
    })
    .transpose()
}

/// Writes the clock of a complaint, whether it had one or not.
pub(super) async fn put_clock(tx: &mut Tx, complaint: ComplaintId, clock: &Clock) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO complaint_clocks (complaint_id, policy_version, rule, limits_json, provisional, \
        started_at_ms) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (complaint_id) DO UPDATE SET policy_version = $2, \
        rule = $3, limits_json = $4, provisional = $5, started_at_ms = $6";
    let limits = text("complaint_clocks", &clock.limits)?;
    statement(SQL)
        .bind(complaint.to_string())
        .bind(clock.policy)
        .bind(clock.rule)
        .bind(limits)
        .bind(i64::from(clock.provisional))
        .bind(clock.started.map(Timestamp::unix_ms))
        .execute(tx)
        .await?;
    Ok(())
}

/// Complaints with dates that a calendar did not reach.
pub(super) async fn provisional(tx: &mut Tx) -> Result<Vec<ComplaintId>, StoreError> {
    const SQL: &str = "SELECT complaint_id FROM complaint_clocks WHERE provisional = 1 ORDER BY complaint_id";
    let ids: Vec<String> = statement(SQL).values(tx).await?;
    ids.iter().map(|id| StoreError::parse_column("complaint_clocks", "complaint_id", id, id)).collect()
}

#[derive(FromRow)]
struct PauseRow {
    from_ms: i64,
    reason: String,
    note: String,
    paused_by: String,
    to_ms: Option<i64>,
    resumed_by: Option<String>,
}

/// Pauses of a complaint, oldest first.
pub(super) async fn pauses(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<PauseRecord>, StoreError> {
    const SQL: &str = "SELECT from_ms, reason, note, paused_by, to_ms, resumed_by FROM clock_pauses \
        WHERE complaint_id = $1 ORDER BY from_ms";
    let rows: Vec<PauseRow> = statement(SQL).bind(complaint.to_string()).rows(tx).await?;
    rows.into_iter()
        .map(|row| {
            let by = StoreError::parse_column("clock_pauses", "paused_by", &row.paused_by, &row.paused_by)?;
            Ok(PauseRecord {
                from: Timestamp::from_unix_ms(row.from_ms),
                to: row.to_ms.map(Timestamp::from_unix_ms),
                reason: row.reason,
                note: row.note,
                paused_by: by,
                resumed_by: person("clock_pauses", row.resumed_by)?,
            })
        })
        .collect()
}

pub(super) async fn insert_pause(
    tx: &mut Tx,
    complaint: ComplaintId,
    pause: &PauseRecord,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO clock_pauses (complaint_id, from_ms, reason, note, paused_by) \
        VALUES ($1, $2, $3, $4, $5)";
    statement(SQL)
        .bind(complaint.to_string())
        .bind(pause.from.unix_ms())
        .bind(&pause.reason)
        .bind(&pause.note)
        .bind(pause.paused_by.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// Ends the pause that stands; false when none does.
pub(super) async fn end_pause(
    tx: &mut Tx,
    complaint: ComplaintId,
    by: PersonId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE clock_pauses SET to_ms = $2, resumed_by = $3 \
        WHERE complaint_id = $1 AND to_ms IS NULL";
    let done = statement(SQL)
        .bind(complaint.to_string())
        .bind(at.unix_ms())
        .bind(by.to_string())
        .execute(tx)
        .await?;
    Ok(done > 0)
}

/// What rules look at, and how many open complaints have it.
#[derive(FromRow)]
pub(super) struct OpenKind {
    pub(super) utility: String,
    pub(super) category: String,
    pub(super) channel: String,
    pub(super) priority: String,
    pub(super) complaints: i64,
}

pub(super) async fn open_kinds(tx: &mut Tx) -> Result<Vec<OpenKind>, StoreError> {
    const SQL: &str = "SELECT utility, category, channel, priority, count(*) AS complaints FROM complaints \
        WHERE state NOT IN ('closed', 'withdrawn') AND merged_into IS NULL \
        GROUP BY utility, category, channel, priority";
    statement(SQL).rows(tx).await
}
