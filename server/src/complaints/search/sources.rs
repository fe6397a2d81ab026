//! What a list of complaints is read from, and in which order.
//!
//! Most lists are read in the order of arrival, the newest first. What is due is read by its deadline, what has an open
//! conflict by its newest conflict, and what a device may still hold by its newest visit: each from the index of just
//! those, so that a page costs as much as its rows, however many complaints there are.

use super::{Filter, OPEN, Piece, Reach, conditions, joined};
use crate::complaints::model::Complaint;
use crate::complaints::sql::{ComplaintRow, columns};
use crate::store::{StoreError, Tx, statement};
use serde::{Deserialize, Serialize};
use sqlx_macros::FromRow;
use sync_core::time::Timestamp;

/// A place in the order of a list, as it stands in a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(in crate::complaints) enum Place {
    /// By arrival: the place of a complaint.
    Arrival(i64),
    /// By deadline: the moment, and the place of the complaint.
    Due(i64, i64),
    /// By the newest open conflict: the list, and the index of the entry in the server log that made it one.
    Conflict((), i64),
    /// By the newest visit about which a device may hold something: its id.
    Unseen(String),
}

/// A complaint in its list.
#[derive(Debug)]
pub(in crate::complaints) struct Listed {
    pub(in crate::complaints) complaint: Complaint,
    pub(in crate::complaints) place: Place,
}

/// What makes a complaint belong to a list that has an order of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Due(Timestamp),
    Conflicts,
    Unseen,
}

impl Filter {
    /// What the list is read from; `None`: from the complaints as they arrived. Words have an index of their own.
    pub(super) fn source(&self) -> Option<Source> {
        if self.words.is_some() {
            None
        } else if self.conflicts {
            Some(Source::Conflicts)
        } else if self.unseen {
            Some(Source::Unseen)
        } else {
            self.due_before.map(Source::Due)
        }
    }
}

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    complaint: ComplaintRow,
    place_no: i64,
    place_id: String,
}

/// Complaints after this place.
pub(super) async fn read(
    tx: &mut Tx,
    filter: &Filter,
    reach: &Reach,
    after: Option<&Place>,
    limit: usize,
) -> Result<Vec<Listed>, StoreError> {
    let (sql, pieces) = query(filter, reach, after, limit);
    let rows: Vec<Row> = joined(statement(sql), pieces).rows(tx).await?;
    let source = filter.source();
    let listed = |row: Row| {
        let complaint = Complaint::try_from(row.complaint)?;
        let place = match source {
            None => Place::Arrival(complaint.ordinal),
            Some(Source::Due(_)) => Place::Due(row.place_no, complaint.ordinal),
            Some(Source::Conflicts) => Place::Conflict((), row.place_no),
            Some(Source::Unseen) => Place::Unseen(row.place_id),
        };
        Ok(Listed { complaint, place })
    };
    rows.into_iter().map(listed).collect()
}

/// The statement of a page and what follows it.
pub(super) fn query(
    filter: &Filter,
    reach: &Reach,
    after: Option<&Place>,
    limit: usize,
) -> (&'static str, Vec<Piece>) {
    let mut rest = filter.clone();
    let (sql, mut pieces, order) = match filter.source() {
        Some(Source::Due(moment)) => {
            rest.due_before = None;
            by_deadline(moment, after)
        }
        Some(Source::Conflicts) => {
            rest.conflicts = false;
            by_conflict(after)
        }
        Some(Source::Unseen) => {
            rest.unseen = false;
            by_visit(after)
        }
        None => {
            let before = if let Some(Place::Arrival(before)) = after { *before } else { i64::MAX };
            (BY_ARRIVAL, vec![Piece::Number(before)], ORDER_OF_ARRIVAL)
        }
    };
    pieces.extend(conditions(&rest, reach));
    pieces.push(Piece::Sql(order));
    pieces.push(Piece::Number(i64::try_from(limit).unwrap_or(i64::MAX)));
    (sql, pieces)
}

const BY_ARRIVAL: &str = concat!(
    "SELECT ",
    columns!(),
    ", c.ordinal AS place_no, '' AS place_id FROM complaints c WHERE c.ordinal < "
);
const ORDER_OF_ARRIVAL: &str = " ORDER BY c.ordinal DESC LIMIT ";

/// Complaints that arrived before this place, the newest first.
pub(super) async fn by_arrival(
    tx: &mut Tx,
    conditions: Vec<Piece>,
    before: i64,
    limit: usize,
) -> Result<Vec<Listed>, StoreError> {
    let mut pieces = vec![Piece::Number(before)];
    pieces.extend(conditions);
    pieces.push(Piece::Sql(ORDER_OF_ARRIVAL));
    pieces.push(Piece::Number(i64::try_from(limit).unwrap_or(i64::MAX)));
    let rows: Vec<ComplaintRow> = joined(statement(BY_ARRIVAL), pieces).rows(tx).await?;
    let listed = |row| {
        let complaint = Complaint::try_from(row)?;
        Ok(Listed { place: Place::Arrival(complaint.ordinal), complaint })
    };
    rows.into_iter().map(listed).collect()
}

type Parts = (&'static str, Vec<Piece>, &'static str);

/// What is due soonest, or is overdue the longest, first.
fn by_deadline(moment: Timestamp, after: Option<&Place>) -> Parts {
    const SQL: &str = concat!(
        "SELECT ",
        columns!(),
        ", c.next_due_at_ms AS place_no, '' AS place_id FROM complaints c WHERE c.next_due_at_ms < "
    );
    let (due, ordinal) =
        if let Some(Place::Due(due, ordinal)) = after { (*due, *ordinal) } else { (i64::MIN, 0) };
    let pieces = vec![
        Piece::Number(moment.unix_ms()),
        Piece::Sql(OPEN),
        Piece::Sql(" AND (c.next_due_at_ms, c.ordinal) > ("),
        Piece::Number(due),
        Piece::Sql(", "),
        Piece::Number(ordinal),
        Piece::Sql(")"),
    ];
    (SQL, pieces, " ORDER BY c.next_due_at_ms, c.ordinal LIMIT ")
}

/// The newest conflicts first; a complaint stands where its newest one does. Conflicts of one entry of the server log
/// are about one visit.
fn by_conflict(after: Option<&Place>) -> Parts {
    const SQL: &str = concat!(
        "SELECT ",
        columns!(),
        ", k.opened_log_index AS place_no, '' AS place_id FROM conflicts k \
         JOIN visit_plans v ON v.visit_id = k.visit_id JOIN complaints c ON c.complaint_id = v.complaint_id \
         WHERE k.state <> 'resolved' AND NOT EXISTS (SELECT 1 FROM visit_plans w \
         JOIN conflicts n ON n.visit_id = w.visit_id WHERE w.complaint_id = v.complaint_id AND n.state <> 'resolved' \
         AND (n.opened_log_index, n.conflict_id) > (k.opened_log_index, k.conflict_id)) AND k.opened_log_index < "
    );
    let before = if let Some(Place::Conflict((), before)) = after { *before } else { i64::MAX };
    (SQL, vec![Piece::Number(before)], " ORDER BY k.opened_log_index DESC, k.conflict_id DESC LIMIT ")
}

/// The newest visits about which a device may hold something first; a complaint stands where its newest one does.
fn by_visit(after: Option<&Place>) -> Parts {
    const SQL: &str = concat!(
        "SELECT ",
        columns!(),
        ", c.ordinal AS place_no, d.visit_id AS place_id FROM device_visits d \
         JOIN visit_plans v ON v.visit_id = d.visit_id JOIN complaints c ON c.complaint_id = v.complaint_id \
         WHERE d.settled_at_ms IS NULL AND NOT EXISTS (SELECT 1 FROM visit_plans w \
         JOIN device_visits o ON o.visit_id = w.visit_id WHERE w.complaint_id = v.complaint_id \
         AND o.settled_at_ms IS NULL AND (o.visit_id, o.device_id) > (d.visit_id, d.device_id)) AND d.visit_id < "
    );
    // Ids are hexadecimal digits.
    let before = if let Some(Place::Unseen(before)) = after { before.clone() } else { "~".to_owned() };
    (SQL, vec![Piece::Text(before)], " ORDER BY d.visit_id DESC, d.device_id DESC LIMIT ")
}
