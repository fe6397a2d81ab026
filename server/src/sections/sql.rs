//! The tables `complaint_sections` and `complaint_section_acts`.

use super::bodies::SectionList;
use super::model::{Section, SectionAct};
use crate::complaints::scope::{Reach, within};
use crate::store::{StoreError, Tx, statement};
use serde_json::json;
use sqlx_macros::FromRow;
use sync_core::ids::{ComplaintId, SectionId};
use sync_core::time::Timestamp;

const TABLE: &str = "complaint_sections";

#[derive(FromRow)]
struct Row {
    section_id: String,
    complaint_id: String,
    version: i64,
    state: String,
    discipline: String,
    policy_version: i64,
    task: String,
    work: String,
    evidence_json: String,
    unit: String,
    held_since_ms: i64,
    within_json: String,
    due_at_ms: i64,
    provisional: i64,
    opened_at_ms: i64,
    opened_by: String,
    over_at_ms: Option<i64>,
    over_by: Option<String>,
}

macro_rules! columns {
    () => {
        "s.section_id, s.complaint_id, s.version, s.state, s.discipline, s.policy_version, s.task, s.work, \
         s.evidence_json, s.unit, s.held_since_ms, s.within_json, s.due_at_ms, s.provisional, s.opened_at_ms, \
         s.opened_by, s.over_at_ms, s.over_by"
    };
}

impl TryFrom<Row> for Section {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let key = row.section_id.as_str();
        let at = Timestamp::from_unix_ms;
        let person = |id: &String| StoreError::parse_column(TABLE, "over_by", key, id);
        Ok(Self {
            id: StoreError::parse_column(TABLE, "section_id", key, key)?,
            complaint: StoreError::parse_column(TABLE, "complaint_id", key, &row.complaint_id)?,
            version: row.version,
            state: row.state.parse().map_err(|()| StoreError::impossible(TABLE, "state", key))?,
            policy: row.policy_version,
            evidence: serde_json::from_str(&row.evidence_json)
                .map_err(|_| StoreError::impossible(TABLE, "evidence_json", key))?,
            held_since: at(row.held_since_ms),
            within: serde_json::from_str(&row.within_json)
                .map_err(|_| StoreError::impossible(TABLE, "within_json", key))?,
            due_at: at(row.due_at_ms),
            provisional: row.provisional == 1,
            opened_at: at(row.opened_at_ms),
            opened_by: StoreError::parse_column(TABLE, "opened_by", key, &row.opened_by)?,
            over: row.over_at_ms.map(at).zip(row.over_by.as_ref().map(person).transpose()?),
            discipline: row.discipline,
            task: row.task,
            work: row.work,
            unit: row.unit,
        })
    }
}

/// The section with this id.
pub(super) async fn find(tx: &mut Tx, id: SectionId) -> Result<Option<Section>, StoreError> {
    const SQL: &str = concat!("SELECT ", columns!(), " FROM complaint_sections s WHERE s.section_id = $1");
    let row: Option<Row> = statement(SQL).bind(id.to_string()).row_if_any(tx).await?;
    row.map(Section::try_from).transpose()
}

/// Those of a complaint, oldest first.
pub(super) async fn of_complaint(tx: &mut Tx, id: ComplaintId) -> Result<Vec<Section>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM complaint_sections s WHERE s.complaint_id = $1 ORDER BY s.opened_at_ms, s.section_id"
    );
    let rows: Vec<Row> = statement(SQL).bind(id.to_string()).rows(tx).await?;
    rows.into_iter().map(Section::try_from).collect()
}

/// Open ones with a limit that a calendar did not reach.
pub(super) async fn provisional(tx: &mut Tx) -> Result<Vec<Section>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM complaint_sections s WHERE s.provisional = 1 AND s.state = 'open' ORDER BY s.section_id"
    );
    let rows: Vec<Row> = statement(SQL).rows(tx).await?;
    rows.into_iter().map(Section::try_from).collect()
}

/// Which part of which list is wanted.
#[derive(Debug, Clone)]
pub(super) struct Listing<'a> {
    pub(super) list: SectionList,
    /// Of [`SectionList::Mine`]: where the reader works; of the others: what the reader may see.
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

/// One part of a list with the key of each entry. What was closed although a section was open waits for nobody.
pub(super) async fn list(tx: &mut Tx, wanted: &Listing<'_>) -> Result<Vec<(i64, Section)>, StoreError> {
    macro_rules! listed {
        ($sort:literal, $which:literal, $near:expr) => {
            concat!(
                "SELECT ",
                $sort,
                " AS sort, ",
                columns!(),
                " FROM complaint_sections s JOIN complaints c ON c.complaint_id = s.complaint_id WHERE ",
                $which,
                " AND (",
                $sort,
                ", s.section_id) > ($3, $4) AND ",
                $near,
                " AND CAST($2 AS BIGINT) IS NOT NULL ORDER BY ",
                $sort,
                ", s.section_id LIMIT $5"
            )
        };
    }
    macro_rules! held {
        () => {
            within!("$1", "s.unit", "c.region")
        };
    }
    macro_rules! seen {
        () => {
            concat!("(", held!(), " OR ", within!("$1", "c.unit", "c.region"), ")")
        };
    }
    let sql = match wanted.list {
        SectionList::Mine => {
            listed!("s.due_at_ms", "s.state = 'open' AND c.state NOT IN ('closed', 'withdrawn')", held!())
        }
        SectionList::Open => {
            listed!("s.due_at_ms", "s.state = 'open' AND c.state NOT IN ('closed', 'withdrawn')", seen!())
        }
        SectionList::Overdue => listed!(
            "s.due_at_ms",
            "s.state = 'open' AND c.state NOT IN ('closed', 'withdrawn') AND s.due_at_ms < $2",
            seen!()
        ),
        SectionList::Over => listed!("-s.over_at_ms", "s.over_at_ms IS NOT NULL", seen!()),
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

/// How many open sections the units of this reach hold; at most 99.
pub(crate) async fn count_mine(tx: &mut Tx, reach: &Reach) -> Result<i64, StoreError> {
    const SQL: &str = concat!(
        "SELECT count(*) FROM (SELECT 1 FROM complaint_sections s JOIN complaints c \
         ON c.complaint_id = s.complaint_id WHERE s.state = 'open' AND c.state NOT IN ('closed', 'withdrawn') AND ",
        within!("$1", "s.unit", "c.region"),
        " LIMIT 99) n"
    );
    statement(SQL).bind(reach.pattern()).value(tx).await
}

/// Inserts a new section.
pub(super) async fn insert(tx: &mut Tx, new: &Section) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO complaint_sections (section_id, complaint_id, version, state, discipline, \
        policy_version, task, work, evidence_json, unit, held_since_ms, within_json, due_at_ms, provisional, \
        opened_at_ms, opened_by) VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    statement(SQL)
        .bind(new.id.to_string())
        .bind(new.complaint.to_string())
        .bind(new.state.as_str())
        .bind(&new.discipline)
        .bind(new.policy)
        .bind(&new.task)
        .bind(&new.work)
        .bind(json!(new.evidence).to_string())
        .bind(&new.unit)
        .bind(new.held_since.unix_ms())
        .bind(json!(new.within).to_string())
        .bind(new.due_at.unix_ms())
        .bind(i64::from(new.provisional))
        .bind(new.opened_at.unix_ms())
        .bind(new.opened_by.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// Writes what may change if the row is still at the version read; says whether it was.
pub(super) async fn update(tx: &mut Tx, row: &Section) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE complaint_sections SET version = version + 1, state = $3, work = $4, evidence_json = $5, \
        unit = $6, held_since_ms = $7, within_json = $8, due_at_ms = $9, provisional = $10, over_at_ms = $11, \
        over_by = $12 WHERE section_id = $1 AND version = $2";
    let changed = statement(SQL)
        .bind(row.id.to_string())
        .bind(row.version)
        .bind(row.state.as_str())
        .bind(&row.work)
        .bind(json!(row.evidence).to_string())
        .bind(&row.unit)
        .bind(row.held_since.unix_ms())
        .bind(json!(row.within).to_string())
        .bind(row.due_at.unix_ms())
        .bind(i64::from(row.provisional))
        .bind(row.over.map(|(at, _)| at.unix_ms()))
        .bind(row.over.map(|(_, by)| by.to_string()))
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Writes down what was done.
pub(super) async fn note(tx: &mut Tx, section: SectionId, act: &SectionAct) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO complaint_section_acts (section_id, act_no, act, words, unit, due_at_ms, person_id, \
        at_ms) VALUES ($1, \
        (SELECT coalesce(max(e.act_no), 0) + 1 FROM complaint_section_acts e WHERE e.section_id = $1), \
        $2, $3, $4, $5, $6, $7)";
    statement(SQL)
        .bind(section.to_string())
        .bind(act.kind.as_str())
        .bind(&act.words)
        .bind(&act.unit)
        .bind(act.due_at.map(Timestamp::unix_ms))
        .bind(act.person.to_string())
        .bind(act.at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

#[derive(FromRow)]
struct ActRow {
    act: String,
    words: Option<String>,
    unit: Option<String>,
    due_at_ms: Option<i64>,
    person_id: String,
    at_ms: i64,
}

/// Everything that was done, oldest first.
pub(super) async fn acts(tx: &mut Tx, section: SectionId) -> Result<Vec<SectionAct>, StoreError> {
    const SQL: &str = "SELECT act, words, unit, due_at_ms, person_id, at_ms FROM complaint_section_acts \
        WHERE section_id = $1 ORDER BY act_no";
    let key = section.to_string();
    let rows: Vec<ActRow> = statement(SQL).bind(&key).rows(tx).await?;
    let read = |row: ActRow| {
        Ok(SectionAct {
            kind: row.act.parse().map_err(|()| StoreError::impossible(TABLE, "act", &key))?,
            words: row.words,
            unit: row.unit,
            due_at: row.due_at_ms.map(Timestamp::from_unix_ms),
            person: StoreError::parse_column(TABLE, "person_id", &key, &row.person_id)?,
            at: Timestamp::from_unix_ms(row.at_ms),
        })
    };
    rows.into_iter().map(read).collect()
}
