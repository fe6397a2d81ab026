//! The tables `return_visits`, `return_answers` and `return_attempts`.

use super::model::{Attempt, ReturnVisit};
use crate::complaints::scope::{Reach, within};
use crate::store::{StoreError, Tx, statement};
use sqlx_macros::FromRow;
use std::str::FromStr;
use sync_core::document::Scalar;
use sync_core::ids::{ComplaintId, PersonId, ReturnVisitId, VisitId, WorkOrderId};
use sync_core::return_visit::ReturnMethod;
use sync_core::time::Timestamp;

const TABLE: &str = "return_visits";

#[derive(FromRow)]
struct Row {
    return_id: String,
    complaint_id: String,
    visit_id: Option<String>,
    order_id: Option<String>,
    follows: Option<String>,
    version: i64,
    state: String,
    method: String,
    questions: String,
    policy_version: i64,
    rule: i64,
    completed_at_ms: Option<i64>,
    due_at_ms: Option<i64>,
    provisional: i64,
    planned_at_ms: i64,
    appointment_from_ms: Option<i64>,
    appointment_to_ms: Option<i64>,
    asked_later: i64,
    holder: Option<String>,
    calling_since_ms: Option<i64>,
    door_visit: Option<String>,
    done_at_ms: Option<i64>,
    done_by: Option<String>,
    record: Option<String>,
    checked: Option<String>,
    child_order: Option<String>,
}

macro_rules! columns {
    () => {
        "SELECT r.return_id, r.complaint_id, r.visit_id, r.order_id, r.follows, r.version, r.state, r.method, \
         r.questions, r.policy_version, r.rule, r.completed_at_ms, r.due_at_ms, r.provisional, r.planned_at_ms, \
         r.appointment_from_ms, r.appointment_to_ms, r.asked_later, r.holder, r.calling_since_ms, r.door_visit, \
         r.done_at_ms, r.done_by, r.record, r.checked, r.child_order FROM return_visits r "
    };
}

impl TryFrom<Row> for ReturnVisit {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let key = row.return_id.as_str();
        let word = |column| StoreError::impossible(TABLE, column, key);
        fn id<T: FromStr>(key: &str, text: Option<&String>) -> Result<Option<T>, StoreError> {
            text.map(|text| text.parse().map_err(|_| StoreError::impossible(TABLE, "id", key))).transpose()
        }
        let at = |ms: Option<i64>| ms.map(Timestamp::from_unix_ms);
        Ok(Self {
            id: StoreError::parse_column(TABLE, "return_id", key, key)?,
            complaint: StoreError::parse_column(TABLE, "complaint_id", key, &row.complaint_id)?,
            visit: id(key, row.visit_id.as_ref())?,
            order: id(key, row.order_id.as_ref())?,
            follows: id(key, row.follows.as_ref())?,
            version: row.version,
            state: row.state.parse().map_err(|()| word("state"))?,
            method: if row.method == "door" { ReturnMethod::Door } else { ReturnMethod::Phone },
            rule: (row.policy_version, row.rule),
            completed_at: at(row.completed_at_ms),
            due_at: at(row.due_at_ms),
            provisional: row.provisional == 1,
            planned_at: Timestamp::from_unix_ms(row.planned_at_ms),
            appointment: at(row.appointment_from_ms).zip(at(row.appointment_to_ms)),
            asked_later: row.asked_later == 1,
            holder: id(key, row.holder.as_ref())?,
            calling_since: at(row.calling_since_ms),
            door_visit: id(key, row.door_visit.as_ref())?,
            done_at: at(row.done_at_ms),
            done_by: id(key, row.done_by.as_ref())?,
            checked: row
                .checked
                .as_ref()
                .map(|text| text.parse().map_err(|()| word("checked")))
                .transpose()?,
            child: id(key, row.child_order.as_ref())?,
            record: row.record,
            questions: row.questions,
        })
    }
}

fn all(rows: Vec<Row>) -> Result<Vec<ReturnVisit>, StoreError> {
    rows.into_iter().map(ReturnVisit::try_from).collect()
}

async fn where_is(tx: &mut Tx, sql: &'static str, key: String) -> Result<Vec<ReturnVisit>, StoreError> {
    all(statement(sql).bind(key).rows(tx).await?)
}

/// The return visit with this id.
pub(super) async fn find(tx: &mut Tx, id: ReturnVisitId) -> Result<Option<ReturnVisit>, StoreError> {
    const SQL: &str = concat!(columns!(), "WHERE r.return_id = $1");
    Ok(where_is(tx, SQL, id.to_string()).await?.pop())
}

/// Those of a complaint, oldest first.
pub(super) async fn of_complaint(tx: &mut Tx, id: ComplaintId) -> Result<Vec<ReturnVisit>, StoreError> {
    const SQL: &str = concat!(columns!(), "WHERE r.complaint_id = $1 ORDER BY r.planned_at_ms, r.return_id");
    where_is(tx, SQL, id.to_string()).await
}

/// Those that check a visit, oldest first.
pub(super) async fn of_visit(tx: &mut Tx, id: VisitId) -> Result<Vec<ReturnVisit>, StoreError> {
    const SQL: &str = concat!(columns!(), "WHERE r.visit_id = $1 ORDER BY r.planned_at_ms, r.return_id");
    where_is(tx, SQL, id.to_string()).await
}

/// Those that wait for this work.
pub(super) async fn waiting_for(tx: &mut Tx, id: WorkOrderId) -> Result<Vec<ReturnVisit>, StoreError> {
    const SQL: &str =
        concat!(columns!(), "WHERE r.order_id = $1 AND r.state = 'waiting' ORDER BY r.return_id");
    where_is(tx, SQL, id.to_string()).await
}

/// The one that is asked on this visit.
pub(super) async fn at_door(tx: &mut Tx, id: VisitId) -> Result<Option<ReturnVisit>, StoreError> {
    const SQL: &str = concat!(columns!(), "WHERE r.door_visit = $1 ORDER BY r.return_id");
    Ok(where_is(tx, SQL, id.to_string()).await?.pop())
}

/// Open ones whose calendar did not reach so far.
pub(super) async fn provisional(tx: &mut Tx) -> Result<Vec<ReturnVisit>, StoreError> {
    const SQL: &str =
        concat!(columns!(), "WHERE r.provisional = 1 AND r.state = 'open' ORDER BY r.return_id");
    all(statement(SQL).rows(tx).await?)
}

/// Those that these visits bear upon: as the visit that is checked, or as the one at the door.
pub(super) async fn about(tx: &mut Tx, visits: &[VisitId]) -> Result<Vec<ReturnVisit>, StoreError> {
    const CHECKED: &str = concat!(columns!(), "WHERE r.state = 'done' AND r.visit_id IN (");
    const DOOR: &str =
        concat!(") UNION ALL ", columns!(), "WHERE r.state IN ('open', 'done') AND r.door_visit IN (");
    if visits.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = statement("");
    for part in [CHECKED, DOOR] {
        let mut places = query.push(part).places();
        for visit in visits {
            places.push_bind(visit.to_string());
        }
    }
    query.push(")");
    let rows = query.rows(tx).await?;
    all(rows)
}

/// Which part of which list is wanted.
#[derive(Debug, Clone)]
pub(super) struct Listing<'a> {
    pub(super) list: super::bodies::ReturnList,
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
pub(super) async fn list(tx: &mut Tx, wanted: &Listing<'_>) -> Result<Vec<(i64, ReturnVisit)>, StoreError> {
    macro_rules! listed {
        ($sort:literal, $which:literal) => {
            concat!(
                "SELECT ", $sort, " AS sort, ", "r.return_id, r.complaint_id, r.visit_id, r.order_id, r.follows, \
                r.version, r.state, r.method, r.questions, r.policy_version, r.rule, r.completed_at_ms, r.due_at_ms, \
                r.provisional, r.planned_at_ms, r.appointment_from_ms, r.appointment_to_ms, r.asked_later, r.holder, \
                r.calling_since_ms, r.door_visit, r.done_at_ms, r.done_by, r.record, r.checked, r.child_order \
                FROM return_visits r JOIN complaints c ON c.complaint_id = r.complaint_id WHERE ",
                $which, " AND (", $sort, ", r.return_id) > ($4, $5) AND ",
                within!("$1", "c.unit", "c.region"),
                " AND CAST($2 AS BIGINT) IS NOT NULL AND CAST($3 AS TEXT) IS NOT NULL ORDER BY 1, r.return_id LIMIT $6"
            )
        };
    }
    use super::bodies::ReturnList as List;
    let sql = match wanted.list {
        List::Now => listed!(
            "coalesce(r.due_at_ms, 9000000000000000)",
            "r.state = 'open' AND r.door_visit IS NULL AND (r.appointment_from_ms IS NULL OR r.appointment_from_ms <= $2)"
        ),
        List::Mine => {
            listed!("coalesce(r.due_at_ms, 9000000000000000)", "r.state = 'open' AND r.holder = $3")
        }
        List::Overdue => {
            listed!("coalesce(r.due_at_ms, 9000000000000000)", "r.state = 'open' AND r.due_at_ms < $2")
        }
        List::Open => listed!("coalesce(r.due_at_ms, 9000000000000000)", "r.state = 'open'"),
        List::Contradicted => listed!("-r.done_at_ms", "r.state = 'done' AND r.checked = 'contradicts'"),
        List::Done => listed!("-r.done_at_ms", "r.state = 'done'"),
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

/// Inserts a return visit; nothing happens when it is there.
pub(super) async fn insert(tx: &mut Tx, new: &ReturnVisit) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO return_visits (return_id, complaint_id, visit_id, order_id, follows, version, state, \
        method, questions, policy_version, rule, completed_at_ms, due_at_ms, provisional, planned_at_ms, asked_later) \
        VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0) ON CONFLICT DO NOTHING";
    let inserted = statement(SQL)
        .bind(new.id.to_string())
        .bind(new.complaint.to_string())
        .bind(new.visit.map(String::from))
        .bind(new.order.map(String::from))
        .bind(new.follows.map(String::from))
        .bind(new.state.as_str())
        .bind(new.method.as_str())
        .bind(&new.questions)
        .bind(new.rule.0)
        .bind(new.rule.1)
        .bind(new.completed_at.map(Timestamp::unix_ms))
        .bind(new.due_at.map(Timestamp::unix_ms))
        .bind(i64::from(new.provisional))
        .bind(new.planned_at.unix_ms())
        .execute(tx)
        .await?;
    Ok(inserted == 1)
}

/// Writes what may change if the row is still at the version read; says whether it was.
pub(super) async fn update(tx: &mut Tx, row: &ReturnVisit) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE return_visits SET version = version + 1, visit_id = $3, state = $4, method = $5, \
        policy_version = $6, rule = $7, completed_at_ms = $8, due_at_ms = $9, provisional = $10, \
        appointment_from_ms = $11, appointment_to_ms = $12, asked_later = $13, holder = $14, calling_since_ms = $15, \
        door_visit = $16, done_at_ms = $17, done_by = $18, record = $19, checked = $20, child_order = $21 \
        WHERE return_id = $1 AND version = $2";
    let changed = statement(SQL)
        .bind(row.id.to_string())
        .bind(row.version)
        .bind(row.visit.map(String::from))
        .bind(row.state.as_str())
        .bind(row.method.as_str())
        .bind(row.rule.0)
        .bind(row.rule.1)
        .bind(row.completed_at.map(Timestamp::unix_ms))
        .bind(row.due_at.map(Timestamp::unix_ms))
        .bind(i64::from(row.provisional))
        .bind(row.appointment.map(|(from, _)| from.unix_ms()))
        .bind(row.appointment.map(|(_, to)| to.unix_ms()))
        .bind(i64::from(row.asked_later))
        .bind(row.holder.map(String::from))
        .bind(row.calling_since.map(Timestamp::unix_ms))
        .bind(row.door_visit.map(String::from))
        .bind(row.done_at.map(Timestamp::unix_ms))
        .bind(row.done_by.map(String::from))
        .bind(&row.record)
        .bind(row.checked.map(super::model::Checked::as_str))
        .bind(row.child.map(String::from))
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// An answer on the phone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) question: String,
    pub(super) answer: Scalar,
    pub(super) at: Timestamp,
    pub(super) seconds: i64,
    pub(super) person: PersonId,
}

#[derive(FromRow)]
struct AnswerRow {
    question: String,
    answer_json: String,
    answered_at_ms: i64,
    seconds: i64,
    person_id: String,
}

/// Every answer of a return visit, in the order in which they were given.
pub(super) async fn answers(tx: &mut Tx, id: ReturnVisitId) -> Result<Vec<Answer>, StoreError> {
    const SQL: &str = "SELECT question, answer_json, answered_at_ms, seconds, person_id FROM return_answers \
        WHERE return_id = $1 ORDER BY answer_no";
    let key = id.to_string();
    let rows: Vec<AnswerRow> = statement(SQL).bind(&key).rows(tx).await?;
    let open = |row: AnswerRow| {
        let answer = serde_json::from_str(&row.answer_json)
            .map_err(|_| StoreError::impossible("return_answers", "answer_json", key.as_str()))?;
        Ok(Answer {
            question: row.question,
            answer,
            at: Timestamp::from_unix_ms(row.answered_at_ms),
            seconds: row.seconds,
            person: StoreError::parse_column("return_answers", "person_id", &key, &row.person_id)?,
        })
    };
    rows.into_iter().map(open).collect()
}

pub(super) async fn insert_answer(tx: &mut Tx, id: ReturnVisitId, new: &Answer) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO return_answers (return_id, answer_no, question, answer_json, answered_at_ms, \
        seconds, person_id) SELECT $1, coalesce(max(answer_no), 0) + 1, $2, $3, $4, $5, $6 FROM return_answers \
        WHERE return_id = $1";
    let json = serde_json::to_string(&new.answer)
        .map_err(|_| StoreError::impossible("return_answers", "answer_json", id.to_string()))?;
    statement(SQL)
        .bind(id.to_string())
        .bind(&new.question)
        .bind(json)
        .bind(new.at.unix_ms())
        .bind(new.seconds)
        .bind(new.person.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

#[derive(FromRow)]
struct AttemptRow {
    outcome: String,
    note: String,
    at_ms: i64,
    in_window: i64,
    next_from_ms: Option<i64>,
    next_to_ms: Option<i64>,
    person_id: String,
}

/// The calls in vain, oldest first.
pub(super) async fn attempts(tx: &mut Tx, id: ReturnVisitId) -> Result<Vec<Attempt>, StoreError> {
    const SQL: &str = "SELECT outcome, note, at_ms, in_window, next_from_ms, next_to_ms, person_id \
        FROM return_attempts WHERE return_id = $1 ORDER BY attempt_no";
    let key = id.to_string();
    let rows: Vec<AttemptRow> = statement(SQL).bind(&key).rows(tx).await?;
    let at = |ms: Option<i64>| ms.map(Timestamp::from_unix_ms);
    let open = |row: AttemptRow| {
        let wrong = |()| StoreError::impossible("return_attempts", "outcome", key.as_str());
        Ok(Attempt {
            outcome: row.outcome.parse().map_err(wrong)?,
            note: row.note,
            at: Timestamp::from_unix_ms(row.at_ms),
            in_window: row.in_window == 1,
            next: at(row.next_from_ms).zip(at(row.next_to_ms)),
            person: StoreError::parse_column("return_attempts", "person_id", &key, &row.person_id)?,
        })
    };
    rows.into_iter().map(open).collect()
}

pub(super) async fn insert_attempt(tx: &mut Tx, id: ReturnVisitId, new: &Attempt) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO return_attempts (return_id, attempt_no, outcome, note, at_ms, in_window, \
        next_from_ms, next_to_ms, person_id) SELECT $1, coalesce(max(attempt_no), 0) + 1, $2, $3, $4, $5, $6, $7, $8 \
        FROM return_attempts WHERE return_id = $1";
    statement(SQL)
        .bind(id.to_string())
        .bind(new.outcome.as_str())
        .bind(&new.note)
        .bind(new.at.unix_ms())
        .bind(i64::from(new.in_window))
        .bind(new.next.map(|(from, _)| from.unix_ms()))
        .bind(new.next.map(|(_, to)| to.unix_ms()))
        .bind(new.person.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// Everybody who is or was sent to a visit of a complaint that is no return visit, or opened one in the field.
pub(super) async fn workers(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<PersonId>, StoreError> {
    const SQL: &str = "SELECT a.person_id FROM visit_plans v JOIN visit_assignments a ON a.visit_id = v.visit_id \
        LEFT JOIN work_orders o ON o.work_order_id = v.work_order_id \
        WHERE v.complaint_id = $1 AND (o.kind IS NULL OR o.kind <> 'return_visit') \
        UNION SELECT v.created_by FROM visit_plans v WHERE v.complaint_id = $1 AND v.origin = 'field'";
    let ids: Vec<String> = statement(SQL).bind(complaint.to_string()).values(tx).await?;
    ids.iter().map(|id| StoreError::parse_column("visit_assignments", "person_id", id, id)).collect()
}
