//! Deadlines: which limits hold for a complaint, until when that is, and when its clock stands.
//!
//! Calendars and rules are published versions with the day from which they hold; the server never forgets one, so
//! every date stays explained. What a person typed by hand is a promise and is never moved by a rule.

mod api;
mod bodies;
mod clock;
mod pages;
mod preview;
mod sql;
#[cfg(test)]
mod tests;
mod watch;
mod watch_api;

pub(crate) use api::PUBLISHERS;
pub use api::routes;
pub(crate) use bodies::ClockBody;
pub(crate) use clock::{count_anew, follow, note, restart, start};
pub(crate) use pages::{
    ClockPart, clock_part, deadline_facts, limit_units, limit_words, pages, unit_of_limit,
};
pub(crate) use sql::{newest_policy, policy as policy_version, policy_at};
pub(crate) use watch::{arrived, happened_at, keep as watch, run as keep_watch};

use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::complaints::acts::{Actor, ComplaintError};
use crate::exchange::pack::{self, PackAudience};
use crate::store::{StoreError, Tx};
use sync_core::deadline::{Calendar, DeadlinePolicy, built_in_calendars, built_in_policy};
use sync_core::ids::PersonId;
use sync_core::protocol::{DISCIPLINES, PackKey, TermCard};
use sync_core::time::Timestamp;

/// A calendar got a new version.
const CALENDAR_PUBLISHED: EntryKind = EntryKind("calendar.published");
/// New rules for limits.
const POLICY_PUBLISHED: EntryKind = EntryKind("deadline_policy.published");

/// Rules and from when they hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PublishedPolicy {
    pub(crate) version: i64,
    pub(crate) effective_from: Timestamp,
    pub(crate) policy: DeadlinePolicy,
    /// `None`: they came with the server.
    pub(crate) published_by: Option<PersonId>,
    pub(crate) published_at: Timestamp,
}

/// A version of a calendar.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PublishedCalendar {
    pub(crate) version: i64,
    pub(crate) calendar: Calendar,
    /// `None`: it came with the server.
    pub(crate) published_by: Option<PersonId>,
    pub(crate) published_at: Timestamp,
}

/// Publishes the calendars and rules that come with the server and are not there yet. A calendar of this release that
/// reaches further than the newest one takes its place. Repeating it changes nothing.
pub async fn publish_built_in(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    for calendar in built_in_calendars() {
        let newest = sql::newest_calendar(tx, &calendar.code).await?;
        if newest.as_ref().is_none_or(|newest| newest.calendar.covered_to < calendar.covered_to) {
            let version = newest.map_or(0, |newest| newest.version) + 1;
            sql::insert_calendar(tx, version, calendar, None, now).await?;
        }
    }
    if sql::newest_policy(tx).await?.is_none() {
        sql::insert_policy(tx, 1, Timestamp::from_unix_ms(0), built_in_policy(), None, now).await?;
    }
    let newest = sql::newest_policy(tx).await?;
    carry_disciplines(tx, newest.as_ref().map_or(built_in_policy(), |newest| &newest.policy)).await
}

/// Puts the disciplines into the pack: technicians name one when they ask an expert.
async fn carry_disciplines(tx: &mut Tx, policy: &DeadlinePolicy) -> Result<(), StoreError> {
    let terms: Vec<TermCard> = policy
        .disciplines
        .iter()
        .map(|one| TermCard { code: one.code.clone(), zh: one.zh.clone(), en: one.en.clone() })
        .collect();
    pack::put(tx, PackAudience::All, &PackKey::Codes(DISCIPLINES.to_owned()), &terms).await
}

/// The rules that hold for what happens at that moment, with their calendar.
pub(crate) async fn policy_with_calendar(
    tx: &mut Tx,
    at: Timestamp,
) -> Result<Option<(PublishedPolicy, Calendar)>, StoreError> {
    let Some(published) = sql::policy_at(tx, at).await? else { return Ok(None) };
    let calendar = sql::newest_calendar(tx, &published.policy.calendar).await?;
    Ok(calendar.map(|newest| (published, newest.calendar)))
}

/// Publishes the next version of a calendar. What was provisional is counted anew; says how many dates moved.
async fn publish_calendar(
    tx: &mut Tx,
    version: i64,
    calendar: &Calendar,
    by: Actor,
) -> Result<usize, ComplaintError> {
    sql::insert_calendar(tx, version, calendar, Some(by.person), by.at).await?;
    let moved = clock::count_provisional_anew(tx, &calendar.code, by).await?;
    crate::returns::calendar_published(tx).await.map_err(crate::returns::ReturnError::into_store)?;
    crate::sections::calendar_published(tx, by.at).await?;
    crate::planned::calendar_published(tx, by.at).await?;
    let detail = Detail::new()
        .with("calendar", &calendar.code)
        .with("version", version.to_string())
        .with("covered_to", calendar.covered_to.to_string())
        .with("moved", moved.to_string());
    audit::append(tx, &by.entry(CALENDAR_PUBLISHED, detail)).await?;
    Ok(moved)
}

/// Publishes the next version of the rules. What was requested before they hold keeps its dates.
async fn publish_policy(
    tx: &mut Tx,
    version: i64,
    effective_from: Timestamp,
    policy: &DeadlinePolicy,
    by: PersonId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql::insert_policy(tx, version, effective_from, policy, Some(by), now).await?;
    carry_disciplines(tx, policy).await?;
    let detail = Detail::new()
        .with("version", version.to_string())
        .with("effective_from_ms", effective_from.unix_ms().to_string());
    audit::append(tx, &NewEntry::new(POLICY_PUBLISHED, now).by(Some(by)).detail(detail)).await.map(drop)
}
