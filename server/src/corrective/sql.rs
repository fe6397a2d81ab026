//! The tables `corrective_actions`, `corrective_action_complaints` and `corrective_action_acts`.

use super::bodies::ActionList;
use super::model::{Act, Action, ActionCause, Span};
use crate::complaints::scope::{Reach, within};
use crate::store::{StoreError, Tx, statement};
use sqlx_macros::FromRow;
use std::collections::BTreeSet;
use std::str::FromStr;
use sync_core::ids::{ActionId, ComplaintId, PersonId};
use sync_core::time::Timestamp;

const TABLE: &str = "corrective_actions";

#[derive(FromRow)]
struct Row {
    action_id: String,
    version: i64,
    state: String,
    title: String,
    category: String,
    region: String,
    unit: String,
    owner: String,
    due_at_ms: i64,
    effect_days: i64,
    planned_at_ms: i64,
    planned_by: String,
    cause: Option<String>,
    done_at_ms: Option<i64>,
    done_by: Option<String>,
    check_at_ms: Option<i64>,
    over_at_ms: Option<i64>,
}

macro_rules! columns {
    () => {
        "a.action_id, a.version, a.state, a.title, a.category, a.region, a.unit, a.owner, a.due_at_ms, a.effect_days, \
         a.planned_at_ms, a.planned_by, a.cause, a.done_at_ms, a.done_by, a.check_at_ms, a.over_at_ms"
    };
}

fn optional<T: FromStr>(
    column: &'static str,
    key: &str,
    text: Option<&String>,
) -> Result<Option<T>, StoreError> {
    text.map(|text| text.parse().map_err(|_| StoreError::impossible(TABLE, column, key))).transpose()
}

impl TryFrom<Row> for Action {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let key = row.action_id.as_str();
        let at = Timestamp::from_unix_ms;
        Ok(Self {
            id: StoreError::parse_column(TABLE, "action_id", key, key)?,
            version: row.version,
            state: row.state.parse().map_err(|()| StoreError::impossible(TABLE, "state", key))?,
            owner: StoreError::parse_column(TABLE, "owner", key, &row.owner)?,
            due_at: at(row.due_at_ms),
            effect_days: row.effect_days,
            planned_at: at(row.planned_at_ms),
            planned_by: StoreError::parse_column(TABLE, "planned_by", key, &row.planned_by)?,
            cause: optional("cause", key, row.cause.as_ref())?,
            done: row.done_at_ms.map(at).zip(optional("done_by", key, row.done_by.as_ref())?),
            check_at: row.check_at_ms.map(at),
            over_at: row.over_at_ms.map(at),
            title: row.title,
            category: row.category,
            region: row.region,
            unit: row.unit,
        })
    }
}

/// The action with this id.
pub(super) async fn find(tx: &mut Tx, id: ActionId) -> Result<Option<Action>, StoreError> {
    const SQL: &str = concat!("SELECT ", columns!(), " FROM corrective_actions a WHERE a.action_id = $1");
    let row: Option<Row> = statement(SQL).bind(id.to_string()).row_if_any(tx).await?;
    row.map(Action::try_from).transpose()
}

/// Those of a complaint, oldest first.
pub(super) async fn of_complaint(tx: &mut Tx, id: ComplaintId) -> Result<Vec<Action>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM corrective_action_complaints l JOIN corrective_actions a ON a.action_id = l.action_id \
         WHERE l.complaint_id = $1 ORDER BY a.planned_at_ms, a.action_id"
    );
    let rows: Vec<Row> = statement(SQL).bind(id.to_string()).rows(tx).await?;
    rows.into_iter().map(Action::try_from).collect()
}

/// Which part of which list is wanted.
#[derive(Debug, Clone)]
pub(super) struct Listing<'a> {
    pub(super) list: ActionList,
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
pub(super) async fn list(tx: &mut Tx, wanted: &Listing<'_>) -> Result<Vec<(i64, Action)>, StoreError> {
    macro_rules! listed {
        ($sort:literal, $which:literal) => {
            concat!(
                "SELECT ",
                $sort,
                " AS sort, ",
                columns!(),
                " FROM corrective_actions a WHERE ",
                $which,
                " AND (",
                $sort,
                ", a.action_id) > ($4, $5) AND ",
                within!("$1", "a.unit", "a.region"),
                " AND CAST($2 AS BIGINT) IS NOT NULL AND CAST($3 AS TEXT) IS NOT NULL \
                 ORDER BY 1, a.action_id LIMIT $6"
            )
        };
    }
    let sql = match wanted.list {
        ActionList::Mine => listed!("a.due_at_ms", "a.state = 'open' AND a.owner = $3"),
        ActionList::Open => listed!("a.due_at_ms", "a.state = 'open'"),
        ActionList::Overdue => listed!("a.due_at_ms", "a.state = 'open' AND a.due_at_ms < $2"),
        ActionList::ToCheck => listed!("a.check_at_ms", "a.state = 'done'"),
        ActionList::Over => listed!("-a.over_at_ms", "a.over_at_ms IS NOT NULL"),
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

/// Inserts a new action.
pub(super) async fn insert(tx: &mut Tx, new: &Action) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO corrective_actions (action_id, version, state, title, category, region, unit, owner, \
        due_at_ms, effect_days, planned_at_ms, planned_by, cause) \
        VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    statement(SQL)
        .bind(new.id.to_string())
        .bind(new.state.as_str())
        .bind(&new.title)
        .bind(&new.category)
        .bind(&new.region)
        .bind(&new.unit)
        .bind(new.owner.to_string())
        .bind(new.due_at.unix_ms())
        .bind(new.effect_days)
        .bind(new.planned_at.unix_ms())
        .bind(new.planned_by.to_string())
        .bind(new.cause.map(ActionCause::as_str))
        .execute(tx)
        .await?;
    Ok(())
}

/// Writes what may change if the row is still at the version read; says whether it was.
pub(super) async fn update(tx: &mut Tx, row: &Action) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE corrective_actions SET version = version + 1, state = $3, owner = $4, due_at_ms = $5, \
        done_at_ms = $6, done_by = $7, check_at_ms = $8, over_at_ms = $9 WHERE action_id = $1 AND version = $2";
    let changed = statement(SQL)
        .bind(row.id.to_string())
        .bind(row.version)
        .bind(row.state.as_str())
        .bind(row.owner.to_string())
        .bind(row.due_at.unix_ms())
        .bind(row.done.map(|(at, _)| at.unix_ms()))
        .bind(row.done.map(|(_, by)| by.to_string()))
        .bind(row.check_at.map(Timestamp::unix_ms))
        .bind(row.over_at.map(Timestamp::unix_ms))
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Puts a complaint under an action; says whether it was not there before.
pub(super) async fn link(
    tx: &mut Tx,
    action: ActionId,
    complaint: ComplaintId,
    (by, at): (PersonId, Timestamp),
) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO corrective_action_complaints (action_id, complaint_id, linked_at_ms, linked_by) \
        VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    let linked = statement(SQL)
        .bind(action.to_string())
        .bind(complaint.to_string())
        .bind(at.unix_ms())
        .bind(by.to_string())
        .execute(tx)
        .await?;
    Ok(linked == 1)
}

/// The complaints of an action in the order in which they were put under it.
pub(super) async fn complaints(tx: &mut Tx, action: ActionId) -> Result<Vec<ComplaintId>, StoreError> {
    const SQL: &str = "SELECT complaint_id FROM corrective_action_complaints WHERE action_id = $1 \
        ORDER BY linked_at_ms, complaint_id";
    let ids: Vec<String> = statement(SQL).bind(action.to_string()).values(tx).await?;
    let key = action.to_string();
    let read =
        |id: String| StoreError::parse_column("corrective_action_complaints", "complaint_id", &key, &id);
    ids.into_iter().map(read).collect()
}

/// The complaints that share an action with this one.
pub(super) async fn together_with(
    tx: &mut Tx,
    complaint: ComplaintId,
) -> Result<BTreeSet<ComplaintId>, StoreError> {
    const SQL: &str = "SELECT DISTINCT other.complaint_id FROM corrective_action_complaints mine \
        JOIN corrective_action_complaints other ON other.action_id = mine.action_id WHERE mine.complaint_id = $1";
    let key = complaint.to_string();
    let ids: Vec<String> = statement(SQL).bind(&key).values(tx).await?;
    let read =
        |id: String| StoreError::parse_column("corrective_action_complaints", "complaint_id", &key, &id);
    ids.into_iter().map(read).collect()
}

/// How many complaints an action has.
pub(super) async fn complaints_count(tx: &mut Tx, action: ActionId) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM corrective_action_complaints WHERE action_id = $1";
    statement(SQL).bind(action.to_string()).value(tx).await
}

/// How many complaints of this action's kind were received in its region in a span; records merged into others are not
/// counted again.
pub(super) async fn alike(tx: &mut Tx, action: &Action, span: Span) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM complaints WHERE category = $1 AND region = $2 \
        AND received_at_ms >= $3 AND received_at_ms < $4 AND merged_into IS NULL";
    statement(SQL)
        .bind(&action.category)
        .bind(&action.region)
        .bind(span.0.unix_ms())
        .bind(span.1.unix_ms())
        .value(tx)
        .await
}

/// Writes down what was done.
pub(super) async fn note(tx: &mut Tx, action: ActionId, act: &Act) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO corrective_action_acts (action_id, act_no, act, words, complaint_id, owner, due_at_ms, \
        person_id, at_ms) VALUES ($1, \
        (SELECT coalesce(max(e.act_no), 0) + 1 FROM corrective_action_acts e WHERE e.action_id = $1), \
        $2, $3, $4, $5, $6, $7, $8)";
    statement(SQL)
        .bind(action.to_string())
        .bind(act.kind.as_str())
        .bind(&act.words)
        .bind(act.complaint.map(String::from))
        .bind(act.owner.map(String::from))
        .bind(act.due_at.map(Timestamp::unix_ms))
        .bind(act.person.map(String::from))
        .bind(act.at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

#[derive(FromRow)]
struct ActRow {
    act: String,
    words: Option<String>,
    complaint_id: Option<String>,
    owner: Option<String>,
    due_at_ms: Option<i64>,
    person_id: Option<String>,
    at_ms: i64,
}

/// Everything that was done, oldest first.
pub(super) async fn acts(tx: &mut Tx, action: ActionId) -> Result<Vec<Act>, StoreError> {
    const SQL: &str = "SELECT act, words, complaint_id, owner, due_at_ms, person_id, at_ms FROM corrective_action_acts \
        WHERE action_id = $1 ORDER BY act_no";
    let key = action.to_string();
    let rows: Vec<ActRow> = statement(SQL).bind(&key).rows(tx).await?;
    let read = |row: ActRow| {
        Ok(Act {
            kind: row.act.parse().map_err(|()| StoreError::impossible(TABLE, "act", &key))?,
            words: row.words,
            complaint: optional("complaint_id", &key, row.complaint_id.as_ref())?,
            owner: optional("owner", &key, row.owner.as_ref())?,
            due_at: row.due_at_ms.map(Timestamp::from_unix_ms),
            person: optional("person_id", &key, row.person_id.as_ref())?,
            at: Timestamp::from_unix_ms(row.at_ms),
        })
    };
    rows.into_iter().map(read).collect()
}
