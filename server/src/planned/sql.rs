//! The tables `planned_events`, `planned_event_regions`, `planned_event_versions` and `planned_event_acts`.

use super::bodies::PlannedList;
use super::model::{Done, PlannedContent, PlannedEvent, Times};
use crate::complaints::scope::{Reach, within};
use crate::store::{StoreError, Tx, statement};
use sqlx_macros::FromRow;
use sync_core::ids::{PersonId, PlannedEventId};
use sync_core::time::Timestamp;

const TABLE: &str = "planned_events";
const VERSIONS: &str = "planned_event_versions";
const ACTS: &str = "planned_event_acts";

#[derive(FromRow)]
struct Row {
    event_id: String,
    number: i64,
    version: i64,
    state: String,
    newest_no: i64,
    approved_no: Option<i64>,
    submit_by_ms: i64,
    near_submit_ms: i64,
    inform_by_ms: i64,
    near_inform_ms: i64,
    provisional: i64,
    carried_from_ms: i64,
    holds_from_ms: Option<i64>,
    holds_to_ms: Option<i64>,
    turns_at_ms: Option<i64>,
    changed_at_ms: i64,
    content_json: String,
}

/// The beginning of every query for events: with what they are sorted by.
macro_rules! selected {
    () => {
        selected!("0")
    };
    ($sort:literal) => {
        concat!(
            "SELECT ",
            $sort,
            " AS sort, p.event_id, p.number, p.version, p.state, p.newest_no, p.approved_no, p.submit_by_ms, p.near_submit_ms, \
             p.inform_by_ms, p.near_inform_ms, p.provisional, p.carried_from_ms, p.holds_from_ms, p.holds_to_ms, \
             p.turns_at_ms, p.changed_at_ms, v.content_json FROM planned_events p JOIN planned_event_versions v \
             ON v.event_id = p.event_id AND v.version_no = p.newest_no WHERE "
        )
    };
}

impl TryFrom<Row> for PlannedEvent {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let key = row.event_id.as_str();
        let at = Timestamp::from_unix_ms;
        Ok(Self {
            id: StoreError::parse_column(TABLE, "event_id", key, key)?,
            number: row.number,
            version: row.version,
            state: row.state.parse().map_err(|()| StoreError::impossible(TABLE, "state", key))?,
            newest: row.newest_no,
            approved: row.approved_no,
            times: Times {
                submit_by: at(row.submit_by_ms),
                inform_by: at(row.inform_by_ms),
                provisional: row.provisional == 1,
                carried_from: at(row.carried_from_ms),
                near_submit: at(row.near_submit_ms),
                near_inform: at(row.near_inform_ms),
            },
            holds: row.holds_from_ms.map(at).zip(row.holds_to_ms.map(at)),
            turns_at: row.turns_at_ms.map(at),
            changed_at: at(row.changed_at_ms),
            content: content(key, &row.content_json)?,
        })
    }
}

fn content(key: &str, json: &str) -> Result<PlannedContent, StoreError> {
    serde_json::from_str(json).map_err(|_| StoreError::impossible(VERSIONS, "content_json", key))
}

fn read(rows: Vec<Row>) -> Result<Vec<PlannedEvent>, StoreError> {
    rows.into_iter().map(PlannedEvent::try_from).collect()
}

/// The event with this id.
pub(super) async fn find(tx: &mut Tx, id: PlannedEventId) -> Result<Option<PlannedEvent>, StoreError> {
    const SQL: &str = concat!(selected!(), "p.event_id = $1");
    let row: Option<Row> = statement(SQL).bind(id.to_string()).row_if_any(tx).await?;
    row.map(PlannedEvent::try_from).transpose()
}

/// Which part of which list is wanted.
#[derive(Debug, Clone)]
pub(super) struct Listing<'a> {
    pub(super) list: PlannedList,
    /// What the reader may see.
    pub(super) reach: &'a Reach,
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

/// The condition that some region of an event is within reach.
macro_rules! reached {
    ($pattern:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM planned_event_regions r WHERE r.event_id = p.event_id AND ",
            within!($pattern, "p.unit", "r.region"),
            ")"
        )
    };
}

/// One part of a list with the key of each entry.
pub(super) async fn list(tx: &mut Tx, wanted: &Listing<'_>) -> Result<Vec<(i64, PlannedEvent)>, StoreError> {
    macro_rules! listed {
        ($sort:literal, $which:literal) => {
            concat!(
                selected!($sort),
                $which,
                " AND (",
                $sort,
                ", p.event_id) > ($3, $4) AND CAST($2 AS BIGINT) IS NOT NULL AND ",
                reached!("$1"),
                " ORDER BY ",
                $sort,
                ", p.event_id LIMIT $5"
            )
        };
    }
    let sql = match wanted.list {
        PlannedList::Coming => {
            listed!("p.begins_at_ms", "p.state NOT IN ('draft', 'cancelled') AND p.begins_at_ms > $2")
        }
        PlannedList::Running => listed!(
            "p.ends_at_ms",
            "p.state NOT IN ('draft', 'cancelled') AND p.begins_at_ms <= $2 AND p.ends_at_ms > $2"
        ),
        PlannedList::Drafts => listed!("p.begins_at_ms", "p.state = 'draft' AND p.ends_at_ms > $2"),
        PlannedList::Waiting => listed!("p.begins_at_ms", "p.state = 'submitted' AND p.ends_at_ms > $2"),
        PlannedList::Pressing => listed!("p.due_at_ms", "p.near_at_ms <= $2 AND p.ends_at_ms > $2"),
        PlannedList::Over => listed!("-p.begins_at_ms", "(p.state = 'cancelled' OR p.ends_at_ms <= $2)"),
    };
    let rows: Vec<ListRow> = statement(sql)
        .bind(wanted.reach.pattern())
        .bind(wanted.now.unix_ms())
        .bind(wanted.after.0)
        .bind(&wanted.after.1)
        .bind(i64::from(wanted.limit))
        .rows(tx)
        .await?;
    rows.into_iter().map(|found| Ok((found.sort, found.row.try_into()?))).collect()
}

/// How many events within reach are late or soon late; at most 99.
pub(crate) async fn count_pressing(tx: &mut Tx, reach: &Reach, now: Timestamp) -> Result<i64, StoreError> {
    const SQL: &str = concat!(
        "SELECT count(*) FROM (SELECT 1 FROM planned_events p WHERE p.near_at_ms <= $2 AND p.ends_at_ms > $2 AND ",
        reached!("$1"),
        " LIMIT 99) n"
    );
    statement(SQL).bind(reach.pattern()).bind(now.unix_ms()).value(tx).await
}

/// How many events within reach wait for somebody else's approval than this person's; at most 99.
pub(crate) async fn count_waiting(
    tx: &mut Tx,
    reach: &Reach,
    (person, now): (PersonId, Timestamp),
) -> Result<i64, StoreError> {
    const SQL: &str = concat!(
        "SELECT count(*) FROM (SELECT 1 FROM planned_events p WHERE p.state = 'submitted' AND p.ends_at_ms > $2 \
         AND NOT EXISTS (SELECT 1 FROM planned_event_acts e WHERE e.event_id = p.event_id \
         AND e.version_no = p.newest_no AND e.act IN ('written', 'submitted') AND e.person_id = $3) AND ",
        reached!("$1"),
        " LIMIT 99) n"
    );
    let query = statement(SQL).bind(reach.pattern()).bind(now.unix_ms()).bind(person.to_string());
    query.value(tx).await
}

/// Events whose moment in the packs has come, the longest overdue first.
pub(super) async fn turning(
    tx: &mut Tx,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<PlannedEventId>, StoreError> {
    const SQL: &str = "SELECT event_id FROM planned_events WHERE turns_at_ms <= $1 \
        ORDER BY turns_at_ms, event_id LIMIT $2";
    let found: Vec<String> = statement(SQL).bind(now.unix_ms()).bind(limit).values(tx).await?;
    let parse = |id: &String| StoreError::parse_column(TABLE, "event_id", id, id);
    found.iter().map(parse).collect()
}

/// Sets when packs change next because of an event.
pub(super) async fn set_turn(
    tx: &mut Tx,
    id: PlannedEventId,
    at: Option<Timestamp>,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE planned_events SET turns_at_ms = $2 WHERE event_id = $1";
    statement(SQL).bind(id.to_string()).bind(at.map(Timestamp::unix_ms)).execute(tx).await.map(drop)
}

/// Everything that is or will be carried is looked at with the next round.
pub(super) async fn turn_all(tx: &mut Tx) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE planned_events SET turns_at_ms = 0 WHERE turns_at_ms IS NOT NULL";
    statement(SQL).execute(tx).await.map(drop)
}

/// Events of which an approved version is shown and carried now.
pub(super) async fn holding(tx: &mut Tx, now: Timestamp) -> Result<Vec<PlannedEvent>, StoreError> {
    const SQL: &str = concat!(
        selected!(),
        "p.holds_from_ms <= $1 AND p.holds_to_ms > $1 AND p.state <> 'cancelled' ORDER BY p.event_id LIMIT 500"
    );
    read(statement(SQL).bind(now.unix_ms()).rows(tx).await?)
}

/// Events ahead whose calendar did not reach so far.
pub(super) async fn provisional(tx: &mut Tx, now: Timestamp) -> Result<Vec<PlannedEvent>, StoreError> {
    const SQL: &str = concat!(
        selected!(),
        "p.provisional = 1 AND p.begins_at_ms > $1 AND p.state <> 'cancelled' ORDER BY p.event_id"
    );
    read(statement(SQL).bind(now.unix_ms()).rows(tx).await?)
}

/// Inserts a new event with its first version.
pub(super) async fn insert(tx: &mut Tx, new: &PlannedEvent) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO planned_events (event_id, number, version, state, newest_no, unit, utility, \
        begins_at_ms, ends_at_ms, submit_by_ms, near_submit_ms, inform_by_ms, near_inform_ms, provisional, \
        carried_from_ms, due_at_ms, near_at_ms, changed_at_ms) \
        VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    let (due, near) = new.due().unzip();
    statement(SQL)
        .bind(new.id.to_string())
        .bind(new.number)
        .bind(new.state.as_str())
        .bind(new.newest)
        .bind(&new.content.unit)
        .bind(new.content.utility.as_str())
        .bind(new.content.begins_at_ms)
        .bind(new.content.ends_at_ms)
        .bind(new.times.submit_by.unix_ms())
        .bind(new.times.near_submit.unix_ms())
        .bind(new.times.inform_by.unix_ms())
        .bind(new.times.near_inform.unix_ms())
        .bind(i64::from(new.times.provisional))
        .bind(new.times.carried_from.unix_ms())
        .bind(due.map(Timestamp::unix_ms))
        .bind(near.map(Timestamp::unix_ms))
        .bind(new.changed_at.unix_ms())
        .execute(tx)
        .await?;
    put_version(tx, new).await
}

/// Writes what may change if the row is still at the version read; says whether it was.
pub(super) async fn update(tx: &mut Tx, row: &PlannedEvent) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE planned_events SET version = version + 1, state = $3, newest_no = $4, approved_no = $5, \
        unit = $6, utility = $7, begins_at_ms = $8, ends_at_ms = $9, submit_by_ms = $10, near_submit_ms = $11, \
        inform_by_ms = $12, near_inform_ms = $13, provisional = $14, carried_from_ms = $15, due_at_ms = $16, \
        near_at_ms = $17, holds_from_ms = $18, holds_to_ms = $19, turns_at_ms = $20, changed_at_ms = $21 \
        WHERE event_id = $1 AND version = $2";
    let (due, near) = row.due().unzip();
    let (from, to) = row.holds.unzip();
    let changed = statement(SQL)
        .bind(row.id.to_string())
        .bind(row.version)
        .bind(row.state.as_str())
        .bind(row.newest)
        .bind(row.approved)
        .bind(&row.content.unit)
        .bind(row.content.utility.as_str())
        .bind(row.content.begins_at_ms)
        .bind(row.content.ends_at_ms)
        .bind(row.times.submit_by.unix_ms())
        .bind(row.times.near_submit.unix_ms())
        .bind(row.times.inform_by.unix_ms())
        .bind(row.times.near_inform.unix_ms())
        .bind(i64::from(row.times.provisional))
        .bind(row.times.carried_from.unix_ms())
        .bind(due.map(Timestamp::unix_ms))
        .bind(near.map(Timestamp::unix_ms))
        .bind(from.map(Timestamp::unix_ms))
        .bind(to.map(Timestamp::unix_ms))
        .bind(row.turns_at.map(Timestamp::unix_ms))
        .bind(row.changed_at.unix_ms())
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Writes what the newest version says and where it is, in place of what the same draft said before.
pub(super) async fn put_version(tx: &mut Tx, event: &PlannedEvent) -> Result<(), StoreError> {
    const VERSION: &str = "INSERT INTO planned_event_versions (event_id, version_no, content_json) \
        VALUES ($1, $2, $3) ON CONFLICT (event_id, version_no) DO UPDATE SET content_json = excluded.content_json";
    const CLEAR: &str = "DELETE FROM planned_event_regions WHERE event_id = $1";
    const REGION: &str = "INSERT INTO planned_event_regions (event_id, region) VALUES ($1, $2)";
    let id = event.id.to_string();
    let json = serde_json::to_string(&event.content).expect("a content has only text keys");
    statement(VERSION).bind(&id).bind(event.newest).bind(json).execute(tx).await?;
    statement(CLEAR).bind(&id).execute(tx).await?;
    for region in &event.content.regions {
        statement(REGION).bind(&id).bind(region).execute(tx).await?;
    }
    if event.content.regions.is_empty() {
        statement(REGION).bind(&id).bind("").execute(tx).await?;
    }
    Ok(())
}

/// What a version says.
pub(super) async fn version(
    tx: &mut Tx,
    id: PlannedEventId,
    number: i64,
) -> Result<Option<PlannedContent>, StoreError> {
    const SQL: &str =
        "SELECT content_json FROM planned_event_versions WHERE event_id = $1 AND version_no = $2";
    let key = id.to_string();
    let json: Option<String> = statement(SQL).bind(&key).bind(number).value_if_any(tx).await?;
    json.map(|json| content(&key, &json)).transpose()
}

/// Writes down what was done.
pub(super) async fn note(tx: &mut Tx, event: PlannedEventId, done: &Done) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO planned_event_acts (event_id, act_no, act, version_no, words, told_at_ms, late, \
        person_id, at_ms) VALUES ($1, (SELECT coalesce(max(e.act_no), 0) + 1 FROM planned_event_acts e \
        WHERE e.event_id = $1), $2, $3, $4, $5, $6, $7, $8)";
    statement(SQL)
        .bind(event.to_string())
        .bind(done.act.as_str())
        .bind(done.version)
        .bind(&done.words)
        .bind(done.told_at.map(Timestamp::unix_ms))
        .bind(i64::from(done.late))
        .bind(done.person.to_string())
        .bind(done.at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

#[derive(FromRow)]
struct ActRow {
    act: String,
    version_no: i64,
    words: Option<String>,
    told_at_ms: Option<i64>,
    late: i64,
    person_id: String,
    at_ms: i64,
}

/// Everything that was done, oldest first.
pub(super) async fn acts(tx: &mut Tx, event: PlannedEventId) -> Result<Vec<Done>, StoreError> {
    const SQL: &str = "SELECT act, version_no, words, told_at_ms, late, person_id, at_ms FROM planned_event_acts \
        WHERE event_id = $1 ORDER BY act_no";
    let key = event.to_string();
    let rows: Vec<ActRow> = statement(SQL).bind(&key).rows(tx).await?;
    let read = |row: ActRow| {
        Ok(Done {
            act: row.act.parse().map_err(|()| StoreError::impossible(ACTS, "act", &key))?,
            version: row.version_no,
            words: row.words,
            told_at: row.told_at_ms.map(Timestamp::from_unix_ms),
            late: row.late == 1,
            person: StoreError::parse_column(ACTS, "person_id", &key, &row.person_id)?,
            at: Timestamp::from_unix_ms(row.at_ms),
        })
    };
    rows.into_iter().map(read).collect()
}
