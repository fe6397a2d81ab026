//! Who works on a visit, and what their devices are told about it.
//!
//! An assignment is a feed row: the visit arrives whole whatever the device's cursor is. What a device wrote before it
//! could know of a removal is judged as of its assignment (`gate::scope`).

use super::feed::{self, Audience, Event};
use super::visits;
use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::store::{StoreError, Tx, statement};
use sync_core::ids::{PersonId, VisitId};
use sync_core::time::Timestamp;

/// A person came to a visit.
pub const VISIT_ASSIGNED: EntryKind = EntryKind("visit.assigned");
/// A person left a visit.
pub const VISIT_UNASSIGNED: EntryKind = EntryKind("visit.unassigned");

/// Whom an entry is about; who acted is its author.
fn of(person: PersonId) -> Detail {
    Detail::new().with("person", person)
}

/// `by` puts a person on a visit: makes the visit known if it is new, and tells the person's devices.
///
/// Returns false when the person is on it already. Takes the counters of feed and server log: call it late in the
/// transaction, and before any `audit::append` of your own.
pub async fn assign(
    tx: &mut Tx,
    visit: VisitId,
    person: PersonId,
    by: PersonId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if is_member(tx, visit, person).await? {
        return Ok(false);
    }
    visits::ensure(tx, visit, now).await?;
    let position =
        feed::append(tx, &[(Audience::Person(person), Event::Assigned { visit, author: None })]).await?;
    let entry = NewEntry::new(VISIT_ASSIGNED, now).by(Some(by)).visit(visit).detail(of(person));
    let log_index = audit::append(tx, &entry).await?;
    insert(tx, visit, person, position, log_index).await?;
    Ok(true)
}

/// `by` takes a person off a visit and tells the person's devices. Returns false when the person was not on it.
///
/// The same order of counters as for [`assign`].
pub async fn unassign(
    tx: &mut Tx,
    visit: VisitId,
    person: PersonId,
    by: PersonId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if !is_member(tx, visit, person).await? {
        return Ok(false);
    }
    const SQL: &str = "UPDATE visit_members SET removed_position = $1, removed_log_index = $2 \
        WHERE visit_id = $3 AND person_id = $4 AND removed_position IS NULL";
    let position = feed::append(tx, &[(Audience::Person(person), Event::Unassigned(visit))]).await?;
    let entry = NewEntry::new(VISIT_UNASSIGNED, now).by(Some(by)).visit(visit).detail(of(person));
    let log_index = audit::append(tx, &entry).await?;
    statement(SQL)
        .bind(position)
        .bind(log_index)
        .bind(visit.to_string())
        .bind(person.to_string())
        .execute(tx)
        .await?;
    Ok(true)
}

/// Everybody who works on the visit now.
pub async fn of_visit(tx: &mut Tx, visit: VisitId) -> Result<Vec<PersonId>, StoreError> {
    const SQL: &str = "SELECT person_id FROM visit_members WHERE visit_id = $1 AND removed_position IS NULL \
        ORDER BY person_id";
    let rows: Vec<String> = statement(SQL).bind(visit.to_string()).values(tx).await?;
    rows.iter().map(|row| StoreError::parse_column("visit_members", "person_id", row, row)).collect()
}

async fn is_member(tx: &mut Tx, visit: VisitId, person: PersonId) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT count(*) FROM visit_members \
        WHERE visit_id = $1 AND person_id = $2 AND removed_position IS NULL";
    let (visit, person) = (visit.to_string(), person.to_string());
    let count: i64 = statement(SQL).bind(visit).bind(person).value(tx).await?;
    Ok(count > 0)
}

/// A new row of membership; its feed row and log entry are the caller's.
pub(super) async fn insert(
    tx: &mut Tx,
    visit: VisitId,
    person: PersonId,
    position: i64,
    log_index: i64,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO visit_members (visit_id, person_id, assigned_position, assigned_log_index) \
        VALUES ($1, $2, $3, $4)";
    statement(SQL)
        .bind(visit.to_string())
        .bind(person.to_string())
        .bind(position)
        .bind(log_index)
        .execute(tx)
        .await?;
    Ok(())
}
