//! The tables `warnings`, `warning_recipients` and `warning_acts`.

use super::judge::Cell;
use super::model::{Act, Warning, WarningKind};
use crate::complaints::scope::{Reach, within};
use crate::store::{StoreError, Tx, statement};
use crate::words::words;
use sqlx_macros::FromRow;
use std::ops::RangeInclusive;
use sync_core::ids::{ComplaintId, PersonId, WarningId};
use sync_core::time::Timestamp;

const TABLE: &str = "warnings";

words! {
    /// Lists of warnings.
    pub(crate) WarningList {
        /// Those that wait for somebody and are addressed to the reader.
        Mine = "mine",
        /// All that wait for somebody: the highest level first, then the newest.
        Open = "open",
        /// Those that somebody looked at: the one first that comes back next.
        Watched = "watched",
        /// Those that are over, newest first.
        Over = "over",
    }
}

#[derive(FromRow)]
struct Row {
    warning_id: String,
    version: i64,
    kind: String,
    state: String,
    class: String,
    area: String,
    unit: String,
    day: i64,
    window_days: i64,
    complaint_id: Option<String>,
    policy_version: i64,
    rule: i64,
    level: i64,
    seen: i64,
    usual_milli: Option<i64>,
    limit_milli: i64,
    late: i64,
    recheck_minutes: i64,
    raised_at_ms: i64,
    waits_from_ms: Option<i64>,
    over_at_ms: Option<i64>,
}

macro_rules! columns {
    () => {
        "w.warning_id, w.version, w.kind, w.state, w.class, w.area, w.unit, w.day, w.window_days, w.complaint_id, \
         w.policy_version, w.rule, w.level, w.seen, w.usual_milli, w.limit_milli, w.late, w.recheck_minutes, \
         w.raised_at_ms, w.waits_from_ms, w.over_at_ms"
    };
}

impl TryFrom<Row> for Warning {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let key = row.warning_id.as_str();
        let at = Timestamp::from_unix_ms;
        let complaint = row.complaint_id.as_ref();
        let complaint = complaint.map(|id| StoreError::parse_column(TABLE, "complaint_id", key, id));
        Ok(Self {
            id: StoreError::parse_column(TABLE, "warning_id", key, key)?,
            version: row.version,
            kind: row.kind.parse().map_err(|()| StoreError::impossible(TABLE, "kind", key))?,
            state: row.state.parse().map_err(|()| StoreError::impossible(TABLE, "state", key))?,
            complaint: complaint.transpose()?,
            day: row.day,
            window_days: row.window_days,
            rule: (row.policy_version, row.rule),
            level: row.level,
            seen: row.seen,
            usual_milli: row.usual_milli,
            limit_milli: row.limit_milli,
            late: row.late == 1,
            recheck_minutes: row.recheck_minutes,
            raised_at: at(row.raised_at_ms),
            waits_from: row.waits_from_ms.map(at),
            over_at: row.over_at_ms.map(at),
            cell: Cell { class: row.class, area: row.area },
            unit: row.unit,
        })
    }
}

/// The warning with this id.
pub(super) async fn find(tx: &mut Tx, id: WarningId) -> Result<Option<Warning>, StoreError> {
    const SQL: &str = concat!("SELECT ", columns!(), " FROM warnings w WHERE w.warning_id = $1");
    let row: Option<Row> = statement(SQL).bind(id.to_string()).row_if_any(tx).await?;
    row.map(Warning::try_from).transpose()
}

/// Warnings about counts of a cell on these days.
pub(super) async fn of_cell(
    tx: &mut Tx,
    cell: &Cell,
    days: RangeInclusive<i64>,
) -> Result<Vec<Warning>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM warnings w WHERE w.class = $1 AND w.area = $2 AND w.day BETWEEN $3 AND $4 AND w.kind = 'counts'"
    );
    let rows: Vec<Row> = statement(SQL)
        .bind(&cell.class)
        .bind(&cell.area)
        .bind(*days.start())
        .bind(*days.end())
        .rows(tx)
        .await?;
    rows.into_iter().map(Warning::try_from).collect()
}

/// Which part of which list is wanted.
#[derive(Debug, Clone)]
pub(super) struct Listing<'a> {
    pub(super) list: WarningList,
    pub(super) reach: &'a Reach,
    pub(super) person: PersonId,
    pub(super) now: Timestamp,
    /// Sort key and id of the entry before.
    pub(super) after: (i64, String),
    pub(super) limit: u32,
}

#[derive(FromRow)]
struct ListRow {
    sort: i64,
    #[sqlx(flatten)]
    row: Row,
}

/// One part of a list with the key of each entry.
pub(super) async fn list(tx: &mut Tx, wanted: &Listing<'_>) -> Result<Vec<(i64, Warning)>, StoreError> {
    macro_rules! listed {
        ($sort:literal, $which:literal) => {
            concat!(
                "SELECT ",
                $sort,
                " AS sort, ",
                columns!(),
                " FROM warnings w WHERE ",
                $which,
                " AND (",
                $sort,
                ", w.warning_id) > ($4, $5) AND ",
                within!("$1", "w.unit", "w.area"),
                " AND CAST($2 AS BIGINT) IS NOT NULL AND CAST($3 AS TEXT) IS NOT NULL \
                 ORDER BY 1, w.warning_id LIMIT $6"
            )
        };
    }
    // The highest level first, then the newest: levels are few, moments have thirteen digits.
    let sql = match wanted.list {
        WarningList::Mine => listed!(
            "-(w.level * 100000000000000 + w.waits_from_ms)",
            "w.waits_from_ms IS NOT NULL AND w.waits_from_ms <= $2 AND EXISTS (SELECT 1 FROM warning_recipients r \
             WHERE r.warning_id = w.warning_id AND r.person_id = $3)"
        ),
        WarningList::Open => listed!(
            "-(w.level * 100000000000000 + w.waits_from_ms)",
            "w.waits_from_ms IS NOT NULL AND w.waits_from_ms <= $2"
        ),
        WarningList::Watched => {
            listed!("w.waits_from_ms", "w.waits_from_ms IS NOT NULL AND w.waits_from_ms > $2")
        }
        WarningList::Over => listed!("-w.over_at_ms", "w.over_at_ms IS NOT NULL"),
    };
    let rows: Vec<ListRow> = statement(sql)
        .bind(wanted.reach.pattern())
        .bind(wanted.now.unix_ms())
        .bind(wanted.person.to_string())
        .bind(wanted.after.0)
        .bind(&wanted.after.1)
        .bind(i64::from(wanted.limit))
        .rows(tx)
        .await?;
    rows.into_iter().map(|found| Ok((found.sort, found.row.try_into()?))).collect()
}

/// How many within reach wait for somebody, counted up to a number.
pub(super) async fn waiting_count(
    tx: &mut Tx,
    reach: &Reach,
    now: Timestamp,
    most: i64,
) -> Result<i64, StoreError> {
    const SQL: &str = concat!(
        "SELECT count(*) FROM (SELECT 1 FROM warnings w WHERE w.waits_from_ms IS NOT NULL AND w.waits_from_ms <= $2 AND ",
        within!("$1", "w.unit", "w.area"),
        " LIMIT $3) n"
    );
    statement(SQL).bind(reach.pattern()).bind(now.unix_ms()).bind(most).value(tx).await
}

/// Inserts a new warning; says whether it was not there.
pub(super) async fn insert(tx: &mut Tx, new: &Warning) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO warnings (warning_id, version, kind, state, class, area, unit, day, window_days, \
        complaint_id, policy_version, rule, level, seen, usual_milli, limit_milli, late, recheck_minutes, raised_at_ms, \
        waits_from_ms, over_at_ms) VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
        $17, $18, $19, $20) ON CONFLICT (warning_id) DO NOTHING";
    let done = statement(SQL)
        .bind(new.id.to_string())
        .bind(new.kind.as_str())
        .bind(new.state.as_str())
        .bind(&new.cell.class)
        .bind(&new.cell.area)
        .bind(&new.unit)
        .bind(new.day)
        .bind(new.window_days)
        .bind(new.complaint.map(String::from))
        .bind(new.rule.0)
        .bind(new.rule.1)
        .bind(new.level)
        .bind(new.seen)
        .bind(new.usual_milli)
        .bind(new.limit_milli)
        .bind(i64::from(new.late))
        .bind(new.recheck_minutes)
        .bind(new.raised_at.unix_ms())
        .bind(new.waits_from.map(Timestamp::unix_ms))
        .bind(new.over_at.map(Timestamp::unix_ms))
        .execute(tx)
        .await?;
    Ok(done == 1)
}

/// Writes what may change if the row is still at the version read; says whether it was.
pub(super) async fn update(tx: &mut Tx, row: &Warning) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE warnings SET version = version + 1, state = $3, level = $4, seen = $5, usual_milli = $6, \
        limit_milli = $7, late = $8, waits_from_ms = $9, over_at_ms = $10, policy_version = $11, rule = $12, \
        recheck_minutes = $13 WHERE warning_id = $1 AND version = $2";
    let changed = statement(SQL)
        .bind(row.id.to_string())
        .bind(row.version)
        .bind(row.state.as_str())
        .bind(row.level)
        .bind(row.seen)
        .bind(row.usual_milli)
        .bind(row.limit_milli)
        .bind(i64::from(row.late))
        .bind(row.waits_from.map(Timestamp::unix_ms))
        .bind(row.over_at.map(Timestamp::unix_ms))
        .bind(row.rule.0)
        .bind(row.rule.1)
        .bind(row.recheck_minutes)
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Addresses a warning to somebody. Who is told at a lower level already stays so.
pub(super) async fn address(
    tx: &mut Tx,
    id: WarningId,
    person: PersonId,
    level: i64,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO warning_recipients (warning_id, person_id, level) VALUES ($1, $2, $3) \
        ON CONFLICT (warning_id, person_id) DO NOTHING";
    statement(SQL).bind(id.to_string()).bind(person.to_string()).bind(level).execute(tx).await?;
    Ok(())
}

/// Whom a warning is addressed to, with the level: the first level first.
pub(super) async fn recipients(tx: &mut Tx, id: WarningId) -> Result<Vec<(PersonId, i64)>, StoreError> {
    const SQL: &str = "SELECT person_id, level FROM warning_recipients WHERE warning_id = $1 \
        ORDER BY level, person_id LIMIT 200";
    let key = id.to_string();
    let rows: Vec<(String, i64)> = statement(SQL).bind(&key).rows(tx).await?;
    let read = |(person, level): (String, i64)| {
        Ok((StoreError::parse_column("warning_recipients", "person_id", &key, &person)?, level))
    };
    rows.into_iter().map(read).collect()
}

/// Writes down what happened.
pub(super) async fn note(tx: &mut Tx, id: WarningId, act: &Act) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO warning_acts (warning_id, act_no, act, level, seen, words, person_id, at_ms) \
        VALUES ($1, (SELECT coalesce(max(e.act_no), 0) + 1 FROM warning_acts e WHERE e.warning_id = $1), \
        $2, $3, $4, $5, $6, $7)";
    statement(SQL)
        .bind(id.to_string())
        .bind(act.act.as_str())
        .bind(act.level)
        .bind(act.seen)
        .bind(&act.words)
        .bind(act.person.map(String::from))
        .bind(act.at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

#[derive(FromRow)]
struct ActRow {
    act: String,
    level: i64,
    seen: i64,
    words: Option<String>,
    person_id: Option<String>,
    at_ms: i64,
}

/// Everything that happened to a warning, oldest first.
pub(super) async fn acts(tx: &mut Tx, id: WarningId) -> Result<Vec<Act>, StoreError> {
    const SQL: &str = "SELECT act, level, seen, words, person_id, at_ms FROM warning_acts WHERE warning_id = $1 \
        ORDER BY act_no";
    let key = id.to_string();
    let rows: Vec<ActRow> = statement(SQL).bind(&key).rows(tx).await?;
    let read = |row: ActRow| {
        let person = row.person_id.as_ref();
        let person = person.map(|id| StoreError::parse_column("warning_acts", "person_id", &key, id));
        Ok(Act {
            act: row.act.parse().map_err(|()| StoreError::impossible("warning_acts", "act", &key))?,
            level: row.level,
            seen: row.seen,
            words: row.words,
            person: person.transpose()?,
            at: Timestamp::from_unix_ms(row.at_ms),
        })
    };
    rows.into_iter().map(read).collect()
}

/// Complaints of a cell on these days within reach, newest first, at most so many.
pub(super) async fn complaints_behind(
    tx: &mut Tx,
    cell: &Cell,
    days: RangeInclusive<i64>,
    reach: &Reach,
    most: i64,
) -> Result<Vec<ComplaintId>, StoreError> {
    const SQL: &str = concat!(
        "SELECT c.complaint_id FROM warning_reports r JOIN complaints c ON c.complaint_id = r.source \
         WHERE r.class = $2 AND r.area = $3 AND r.day BETWEEN $4 AND $5 AND ",
        within!("$1", "c.unit", "c.region"),
        " ORDER BY r.day DESC, c.ordinal DESC LIMIT $6"
    );
    let ids: Vec<String> = statement(SQL)
        .bind(reach.pattern())
        .bind(&cell.class)
        .bind(&cell.area)
        .bind(*days.start())
        .bind(*days.end())
        .bind(most)
        .values(tx)
        .await?;
    ids.iter().map(|id| StoreError::parse_column("warning_reports", "source", id, id)).collect()
}

/// How many of the reports of a cell on these days are grumbles.
pub(super) async fn grumbles_behind(
    tx: &mut Tx,
    cell: &Cell,
    days: RangeInclusive<i64>,
) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM warning_reports WHERE class = $1 AND area = $2 AND day BETWEEN $3 AND $4 \
        AND kind = 'grumble'";
    statement(SQL).bind(&cell.class).bind(&cell.area).bind(*days.start()).bind(*days.end()).value(tx).await
}

/// The id of a warning: the same for the same matter, whoever finds it and how often.
pub(super) fn id_of(kind: WarningKind, about: &str) -> WarningId {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(format!("{kind}\n{about}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    WarningId::from_bytes(bytes)
}
