//! The feed: what devices are to be told, in one order.
//!
//! Invariant: a position is taken from its counter in the transaction of the event, so a reader that has seen a
//! position has seen all before it. Rows are small and point at what is to be told; who is told is the row's audience.

use crate::store::{Counter, StoreError, Tx, insert_rows, next_numbers, statement};
use std::fmt;
use sync_core::ids::{CommandId, DeviceId, PersonId, VisitId};

/// Feed positions. Taken before `server_log`, in the order of the names.
pub(super) const POSITIONS: Counter = Counter("feed");

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Audience {
    /// Every device.
    All,
    /// The devices of this person.
    Person(PersonId),
    /// This device.
    Device(DeviceId),
    /// The devices of everybody who works on this visit when they ask.
    Visit(VisitId),
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Person(person) => write!(f, "person/{person}"),
            Self::Device(device) => write!(f, "device/{device}"),
            Self::Visit(visit) => write!(f, "visit/{visit}"),
        }
    }
}

/// What they are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// An envelope entered a visit; `author` has it already.
    Change {
        /// Its index in the server log.
        log_index: i64,
        /// The device that must not be told, if any.
        author: Option<DeviceId>,
    },
    /// The person works on this visit from now on; `author` opened it in the field.
    Assigned {
        /// The visit.
        visit: VisitId,
        /// The device that must not be told, if any.
        author: Option<DeviceId>,
    },
    /// The person works on it no longer.
    Unassigned(VisitId),
    /// An item of the pack under this key has a new version.
    Pack(String),
    /// Envelopes of the device, first to last, got their fate.
    Result(u64, u64),
    /// A command got its fate.
    Command(CommandId),
    /// Work comes back: JSON of the request.
    Rework(String),
}

impl Event {
    fn columns(&self) -> (&'static str, Option<i64>, Option<String>, String) {
        match self {
            Self::Change { log_index, author } => {
                ("change", Some(*log_index), author.map(String::from), String::new())
            }
            Self::Assigned { visit, author } => {
                ("assigned", None, author.map(String::from), visit.to_string())
            }
            Self::Unassigned(visit) => ("unassigned", None, None, visit.to_string()),
            Self::Pack(key) => ("pack", None, None, key.clone()),
            Self::Result(first, last) => ("result", None, None, format!("{first}-{last}")),
            Self::Command(command) => ("command", None, None, command.to_string()),
            Self::Rework(json) => ("rework", None, None, json.clone()),
        }
    }
}

/// A row of the feed, as it is read.
#[derive(Debug, Clone, sqlx_macros::FromRow)]
pub(super) struct FeedRow {
    pub(super) position: i64,
    pub(super) audience: String,
    pub(super) kind: String,
    pub(super) log_index: Option<i64>,
    #[sqlx(rename = "ref")]
    pub(super) reference: String,
}

/// Tells them and returns the first position. Call it late in the transaction, but before `audit::append`.
pub(crate) async fn append(tx: &mut Tx, events: &[(Audience, Event)]) -> Result<i64, StoreError> {
    let first = reserve(tx, events.len()).await?;
    insert(tx, first, events).await?;
    Ok(first)
}

/// Takes positions for so many events, to be filled by [`insert`] in the same transaction.
pub(super) async fn reserve(tx: &mut Tx, count: usize) -> Result<i64, StoreError> {
    next_numbers(tx, POSITIONS, u32::try_from(count).unwrap_or(u32::MAX)).await
}

/// Fills positions that were taken.
pub(super) async fn insert(tx: &mut Tx, first: i64, events: &[(Audience, Event)]) -> Result<(), StoreError> {
    let rows: Vec<_> = (first..).zip(events).collect();
    insert_rows!(
        tx,
        "INSERT INTO feed (position, audience, kind, log_index, author_device_id, ref) ",
        &rows,
        |bind, (position, (audience, event))| {
            let (kind, log_index, author, reference) = event.columns();
            bind.push_bind(*position).push_bind(audience.to_string()).push_bind(kind);
            bind.push_bind(log_index).push_bind(author).push_bind(reference)
        },
        ""
    )
}

/// Rows after `after` for any of these audiences, oldest first. From the beginning on everything is listed; later what
/// `device` wrote itself is left out.
pub(super) async fn list(
    tx: &mut Tx,
    audiences: &[Audience],
    device: DeviceId,
    after: i64,
    limit: i64,
) -> Result<Vec<FeedRow>, StoreError> {
    let mut query =
        statement("SELECT position, audience, kind, log_index, ref FROM feed WHERE audience IN (");
    let mut list = query.places();
    for audience in audiences {
        list.push_bind(audience.to_string());
    }
    query.push(") AND position > ").push_bind(after);
    if after > 0 {
        query.push(" AND (author_device_id IS NULL OR author_device_id <> ").push_bind(device.to_string());
        query.push(")");
    }
    query.push(" ORDER BY position LIMIT ").push_bind(limit);
    query.rows(tx).await
}

/// Rows about results that are looked through for one envelope.
const RESULTS_LOOKED_AT: i64 = 2_000;

/// Where this audience is told what became of the device's envelope of this number, oldest first. Of a device with a
/// very long history the oldest row looked at stands for whatever lies before it.
pub(super) async fn results_about(
    tx: &mut Tx,
    audience: Audience,
    sequence: i64,
) -> Result<Vec<i64>, StoreError> {
    const SQL: &str = "SELECT position, ref FROM feed WHERE audience = $1 AND kind = 'result' \
        ORDER BY position DESC LIMIT $2";
    let rows: Vec<(i64, String)> =
        statement(SQL).bind(audience.to_string()).bind(RESULTS_LOOKED_AT).rows(tx).await?;
    let about = |reference: &str| {
        let (first, last) = reference.split_once('-')?;
        Some((first.parse::<i64>().ok()?..=last.parse::<i64>().ok()?).contains(&sequence))
    };
    let cut = rows.last().filter(|_| i64::try_from(rows.len()).is_ok_and(|len| len == RESULTS_LOOKED_AT));
    let before_the_cut = cut.map(|(position, _)| *position);
    let mut found: Vec<i64> = before_the_cut.into_iter().collect();
    found.extend(
        rows.iter().rev().filter(|(_, span)| about(span) == Some(true)).map(|(position, _)| *position),
    );
    Ok(found)
}
