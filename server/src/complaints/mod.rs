//! Complaints: the central record of what a customer reported, its states, its people, its history.
//!
//! Invariants: the first owner never changes; exactly one person is accountable at every moment; every change of a
//! field and every change of state leaves its author; personal data are here and in no document; what is
//! doubtful about contact data is flagged ([`contact`]). What devices author
//! is read from the merged visits and never copied here.

pub mod acts;
mod api;
mod bodies;
pub(crate) mod contact;
pub mod history;
pub mod intake;
mod links;
mod list_api;
pub mod model;
pub(crate) mod pages;
pub(crate) mod phrases;
mod problems;
pub(crate) mod record;
pub mod scope;
mod search;
mod sql;
mod steps_api;
pub(crate) mod tally;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod units;

pub use acts::ComplaintError;
pub(crate) use api::{kept, reach_of};
pub use api::{reachable, routes};
pub(crate) use bodies::{ComplaintBody, DeviceRef, Names, PersonRef};
pub use sql::{aliases, candidates, find, find_by_number, merged_into, refresh_crew};
pub(crate) use units::require_unit;

use crate::store::{StoreError, Tx};
use model::Complaint;
use sync_core::ids::ComplaintId;
use sync_core::protocol::OfficeCard;
use sync_core::time::Timestamp;

/// China has one time zone without summer time; the office's days begin at its midnight.
const OFFICE_OFFSET_HOURS: i8 = 8;

/// What devices are told about the office.
pub(crate) const OFFICE: OfficeCard =
    OfficeCard { utc_offset_minutes: 60 * OFFICE_OFFSET_HOURS as i16, sealing_key: None };

/// Merges that are followed to a survivor; a merge never makes a cycle, so this is only a belt.
const MERGES_MAX: usize = 100;

/// The record under which a complaint is worked on: itself, or the survivor of its merges.
pub async fn standing(tx: &mut Tx, id: ComplaintId) -> Result<Option<Complaint>, StoreError> {
    let mut found = find(tx, id).await?;
    for _ in 0..MERGES_MAX {
        match found.as_ref().and_then(|complaint| complaint.merged_into) {
            Some(survivor) => found = find(tx, survivor).await?,
            None => break,
        }
    }
    Ok(found)
}

/// A complaint and every record merged into it.
pub async fn family(tx: &mut Tx, id: ComplaintId) -> Result<Vec<ComplaintId>, StoreError> {
    let merged = merged_into(tx, id).await?;
    Ok(std::iter::once(id).chain(merged.into_iter().map(|record| record.id)).collect())
}

/// A complaint with the numbers under which it is found besides its own. A merged one is given as its survivor.
pub async fn with_aliases(
    tx: &mut Tx,
    id: ComplaintId,
) -> Result<Option<(Complaint, Vec<String>)>, StoreError> {
    let Some(complaint) = standing(tx, id).await? else { return Ok(None) };
    let mut numbers = Vec::new();
    if complaint.id != id
        && let Some(merged) = find(tx, id).await?
    {
        numbers.push(merged.number);
        numbers.extend(aliases(tx, id).await?);
    }
    numbers.extend(aliases(tx, complaint.id).await?);
    Ok(Some((complaint, numbers)))
}

/// Adds a number under which the complaint is found, unless it is known already.
pub(crate) async fn add_alias(
    tx: &mut Tx,
    complaint: &Complaint,
    alias: &str,
    at: Timestamp,
) -> Result<(), ComplaintError> {
    if alias.is_empty() {
        return Ok(());
    }
    match find_by_number(tx, alias).await? {
        Some(known) if known.id == complaint.id => return Ok(()),
        Some(_) => return Err(ComplaintError::AliasTaken),
        None => sql::add_alias(tx, complaint.id, alias, "provisional", at).await?,
    }
    let aliases = aliases(tx, complaint.id).await?;
    Ok(search::index(tx, complaint, &aliases).await?)
}

/// The day of this moment in the office's calendar, `YYYY-MM-DD`.
pub fn office_day(at: Timestamp) -> String {
    office_time(at).date().to_string()
}

/// The day of this moment in the office's calendar, counted since 1970.
pub(crate) fn office_day_number(at: Timestamp) -> i64 {
    (at.unix_ms() + i64::from(OFFICE_OFFSET_HOURS) * 3_600_000).div_euclid(86_400_000)
}

/// The midnight with which such a day begins in the office.
pub(crate) fn office_day_begin(day: i64) -> Timestamp {
    Timestamp::from_unix_ms(day * 86_400_000 - i64::from(OFFICE_OFFSET_HOURS) * 3_600_000)
}

/// The midnight with which this moment's day began in the office.
pub(crate) fn office_day_start(at: Timestamp) -> Timestamp {
    let offset_ms = i64::from(OFFICE_OFFSET_HOURS) * 3_600_000;
    Timestamp::from_unix_ms((at.unix_ms() + offset_ms).div_euclid(86_400_000) * 86_400_000 - offset_ms)
}

/// This moment on the clocks of the office.
pub(crate) fn office_time(at: Timestamp) -> jiff::civil::DateTime {
    let offset = jiff::tz::Offset::constant(OFFICE_OFFSET_HOURS);
    offset.to_datetime(jiff::Timestamp::from_millisecond(at.unix_ms()).unwrap_or_default())
}

/// The moment when the clocks of the office show this.
pub(crate) fn office_moment(shown: jiff::civil::DateTime) -> Option<Timestamp> {
    let at = jiff::tz::Offset::constant(OFFICE_OFFSET_HOURS).to_timestamp(shown).ok()?;
    Some(Timestamp::from_unix_ms(at.as_millisecond()))
}
