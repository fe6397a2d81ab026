//! The table `expert_requests`.

use super::bodies::RequestList;
use super::model::{ExpertRequest, Skill};
use crate::complaints::scope::{Reach, within};
use crate::store::{StoreError, Tx, statement};
use sqlx_macros::FromRow;
use std::str::FromStr;
use sync_core::ids::{ComplaintId, ExpertRequestId, PersonId};
use sync_core::time::Timestamp;

const TABLE: &str = "expert_requests";

#[derive(FromRow)]
struct Row {
    request_id: String,
    complaint_id: String,
    visit_id: Option<String>,
    version: i64,
    state: String,
    skill: String,
    skill_zh: String,
    skill_en: String,
    question: String,
    asked_by: String,
    device_id: Option<String>,
    claimed_at_ms: Option<i64>,
    received_at_ms: i64,
    near_at_ms: i64,
    due_at_ms: i64,
    holder: Option<String>,
    taken_at_ms: Option<i64>,
    answer: Option<String>,
    reason: Option<String>,
    over_at_ms: Option<i64>,
    over_by: Option<String>,
}

macro_rules! columns {
    () => {
        "s.request_id, s.complaint_id, s.visit_id, s.version, s.state, s.skill, s.skill_zh, s.skill_en, s.question, \
         s.asked_by, s.device_id, s.claimed_at_ms, s.received_at_ms, s.near_at_ms, s.due_at_ms, s.holder, \
         s.taken_at_ms, s.answer, s.reason, s.over_at_ms, s.over_by"
    };
}

impl TryFrom<Row> for ExpertRequest {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let key = row.request_id.as_str();
        let at = Timestamp::from_unix_ms;
        let holder: Option<PersonId> = id_if_any("holder", key, row.holder.as_ref())?;
        let over_by: Option<PersonId> = id_if_any("over_by", key, row.over_by.as_ref())?;
        let device = id_if_any("device_id", key, row.device_id.as_ref())?;
        Ok(Self {
            id: StoreError::parse_column(TABLE, "request_id", key, key)?,
            complaint: StoreError::parse_column(TABLE, "complaint_id", key, &row.complaint_id)?,
            visit: id_if_any("visit_id", key, row.visit_id.as_ref())?,
            version: row.version,
            state: row.state.parse().map_err(|()| StoreError::impossible(TABLE, "state", key))?,
            asked_by: StoreError::parse_column(TABLE, "asked_by", key, &row.asked_by)?,
            asked_on: device.zip(row.claimed_at_ms.map(at)),
            received_at: at(row.received_at_ms),
            near_at: at(row.near_at_ms),
            due_at: at(row.due_at_ms),
            holder: holder.zip(row.taken_at_ms.map(at)),
            over: row.over_at_ms.map(at).zip(over_by),
            skill: Skill { code: row.skill, zh: row.skill_zh, en: row.skill_en },
            question: row.question,
            answer: row.answer,
            reason: row.reason,
        })
    }
}

fn id_if_any<T: FromStr>(
    column: &'static str,
    key: &str,
    text: Option<&String>,
) -> Result<Option<T>, StoreError> {
    text.map(|text| StoreError::parse_column(TABLE, column, key, text)).transpose()
}

/// The question with this id.
pub(super) async fn find(tx: &mut Tx, id: ExpertRequestId) -> Result<Option<ExpertRequest>, StoreError> {
    const SQL: &str = concat!("SELECT ", columns!(), " FROM expert_requests s WHERE s.request_id = $1");
    let row: Option<Row> = statement(SQL).bind(id.to_string()).row_if_any(tx).await?;
    row.map(ExpertRequest::try_from).transpose()
}

/// Those about a complaint, oldest first.
pub(super) async fn of_complaint(tx: &mut Tx, id: ComplaintId) -> Result<Vec<ExpertRequest>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM expert_requests s WHERE s.complaint_id = $1 ORDER BY s.received_at_ms, s.request_id"
    );
    let rows: Vec<Row> = statement(SQL).bind(id.to_string()).rows(tx).await?;
    rows.into_iter().map(ExpertRequest::try_from).collect()
}

/// Which part of which list is wanted.
#[derive(Debug, Clone)]
pub(super) struct Listing<'a> {
    pub(super) list: RequestList,
    /// Only this skill; `None`: all.
    pub(super) skill: Option<&'a str>,
    /// What the reader may see.
    pub(super) reach: &'a Reach,
    /// Who reads.
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
pub(super) async fn list(tx: &mut Tx, wanted: &Listing<'_>) -> Result<Vec<(i64, ExpertRequest)>, StoreError> {
    macro_rules! listed {
        ($sort:literal, $which:literal) => {
            concat!(
                "SELECT ",
                $sort,
                " AS sort, ",
                columns!(),
                " FROM expert_requests s JOIN complaints c ON c.complaint_id = s.complaint_id WHERE ",
                $which,
                " AND (",
                $sort,
                ", s.request_id) > ($4, $5) AND ",
                within!("$1", "c.unit", "c.region"),
                " AND CAST($2 AS BIGINT) IS NOT NULL AND CAST($3 AS TEXT) IS NOT NULL \
                 AND (CAST($6 AS TEXT) IS NULL OR s.skill = $6) ORDER BY ",
                $sort,
                ", s.request_id LIMIT $7"
            )
        };
    }
    let sql = match wanted.list {
        RequestList::Waiting => listed!("s.due_at_ms", "s.over_at_ms IS NULL"),
        RequestList::Open => listed!("s.due_at_ms", "s.over_at_ms IS NULL AND s.state = 'open'"),
        RequestList::Mine => listed!("s.due_at_ms", "s.over_at_ms IS NULL AND s.holder = $3"),
        RequestList::Pressing => listed!("s.due_at_ms", "s.over_at_ms IS NULL AND s.near_at_ms <= $2"),
        RequestList::Over => listed!("-s.over_at_ms", "s.over_at_ms IS NOT NULL"),
    };
    let rows: Vec<ListRow> = statement(sql)
        .bind(wanted.reach.pattern())
        .bind(wanted.now.unix_ms())
        .bind(wanted.person.to_string())
        .bind(wanted.after.0)
        .bind(&wanted.after.1)
        .bind(wanted.skill.map(str::to_owned))
        .bind(i64::from(wanted.limit))
        .rows(tx)
        .await?;
    rows.into_iter().map(|found| Ok((found.sort, found.row.try_into()?))).collect()
}

/// How many questions within reach wait for their answer; at most 99.
pub(crate) async fn count_waiting(tx: &mut Tx, reach: &Reach) -> Result<i64, StoreError> {
    const SQL: &str = concat!(
        "SELECT count(*) FROM (SELECT 1 FROM expert_requests s JOIN complaints c \
         ON c.complaint_id = s.complaint_id WHERE s.over_at_ms IS NULL AND ",
        within!("$1", "c.unit", "c.region"),
        " LIMIT 99) n"
    );
    statement(SQL).bind(reach.pattern()).value(tx).await
}

/// Inserts a new question.
pub(super) async fn insert(tx: &mut Tx, new: &ExpertRequest) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO expert_requests (request_id, complaint_id, visit_id, version, state, skill, \
        skill_zh, skill_en, question, asked_by, device_id, claimed_at_ms, received_at_ms, near_at_ms, due_at_ms) \
        VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    statement(SQL)
        .bind(new.id.to_string())
        .bind(new.complaint.to_string())
        .bind(new.visit.map(|visit| visit.to_string()))
        .bind(new.state.as_str())
        .bind(&new.skill.code)
        .bind(&new.skill.zh)
        .bind(&new.skill.en)
        .bind(&new.question)
        .bind(new.asked_by.to_string())
        .bind(new.asked_on.map(|(device, _)| device.to_string()))
        .bind(new.asked_on.map(|(_, at)| at.unix_ms()))
        .bind(new.received_at.unix_ms())
        .bind(new.near_at.unix_ms())
        .bind(new.due_at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

/// Writes what may change if the row is still at the version read; says whether it was.
pub(super) async fn update(tx: &mut Tx, row: &ExpertRequest) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE expert_requests SET version = version + 1, state = $3, holder = $4, taken_at_ms = $5, \
        answer = $6, reason = $7, over_at_ms = $8, over_by = $9 WHERE request_id = $1 AND version = $2";
    let changed = statement(SQL)
        .bind(row.id.to_string())
        .bind(row.version)
        .bind(row.state.as_str())
        .bind(row.holder.map(|(person, _)| person.to_string()))
        .bind(row.holder.map(|(_, at)| at.unix_ms()))
        .bind(&row.answer)
        .bind(&row.reason)
        .bind(row.over.map(|(at, _)| at.unix_ms()))
        .bind(row.over.map(|(_, by)| by.to_string()))
        .execute(tx)
        .await?;
    Ok(changed == 1)
}
