//! What technicians carry of planned events, and which events touch a complaint.
//!
//! An item belongs to each technician of a region of the event; it comes when the event is near and leaves when it is
//! over or cancelled. A task looks at events whose moment has come; who gets or loses a region is seen to by the same.

use super::acts::times;
use super::bodies::PlannedNotice;
use super::model::{PlannedContent, PlannedEvent, PlannedState};
use super::sql;
use crate::app::App;
use crate::complaints::model::Utility;
use crate::complaints::scope::Reach;
use crate::config::Regions;
use crate::exchange::pack::{self, PackAudience};
use crate::people::{self, Grant, Role};
use crate::problem::Language;
use crate::store::{StoreError, Tx};
use std::collections::BTreeMap;
use std::time::Duration;
use sync_core::ids::PersonId;
use sync_core::protocol::{PackKey, PlannedEventCard, TermCard};
use sync_core::time::Timestamp;

/// How often events are looked for whose moment has come.
const ROUND_EVERY: Duration = Duration::from_secs(20);
/// Events seen to in one round, each in its own transaction.
const EVENTS_PER_ROUND: i64 = 50;

/// Brings packs in step with the time until the server stops.
pub(crate) async fn run(app: App) {
    while !app.is_stopping() {
        match round(&app).await {
            Ok(()) => {}
            Err(error) if error.is_busy() => {}
            Err(error) => tracing::error!(%error, "planned events cannot be brought into the packs"),
        }
        tokio::time::sleep(ROUND_EVERY).await;
    }
}

/// Sees to a limited number of events whose moment has come.
pub(super) async fn round(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    let due = sql::turning(&mut app.store.read_once().await?, now, EVENTS_PER_ROUND).await?;
    for id in due {
        let mut tx = app.store.write().await?;
        let Some(event) = sql::find(&mut tx, id).await? else { continue };
        let event = refresh(&mut tx, event, &app.regions, now).await?;
        sql::set_turn(&mut tx, id, event.turns_at).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Puts what is approved into the packs of the technicians whom it concerns now and takes it from all others; says when
/// that changes next. Call it before `audit::append`.
pub(super) async fn refresh(
    tx: &mut Tx,
    event: PlannedEvent,
    regions: &Regions,
    now: Timestamp,
) -> Result<PlannedEvent, StoreError> {
    let held = match event.approved {
        // The version that is being approved is the newest one.
        Some(version) if version == event.newest => Some(event.content.clone()),
        Some(version) => sql::version(tx, event.id, version).await?,
        None => None,
    };
    let held = held.filter(|_| event.is_carried(now));
    let key = PackKey::PlannedEvent(event.id);
    for (person, grants) in technicians(tx, &key).await? {
        let reach = Reach::of(&grants, &[Role::Technician]);
        let concerns =
            |content: &&PlannedContent| reach.as_ref().is_some_and(|reach| is_there(content, reach));
        match held.as_ref().filter(concerns) {
            Some(content) => {
                pack::put(tx, PackAudience::Person(person), &key, &card(&event, content, regions)).await?;
            }
            None => pack::remove(tx, PackAudience::Person(person), &key).await?,
        }
    }
    let turns_at = event.next_turn(now);
    Ok(PlannedEvent { turns_at, ..event })
}

/// Roles of technicians name regions, not what is supplied: whoever works there is asked about it at the door.
fn is_there(content: &PlannedContent, reach: &Reach) -> bool {
    content.regions.is_empty() || content.regions.iter().any(|region| reach.covers("", region))
}

/// Every technician with what the role reaches, and whoever carries the item and is none any more.
async fn technicians(tx: &mut Tx, key: &PackKey) -> Result<BTreeMap<PersonId, Vec<Grant>>, StoreError> {
    let mut found: BTreeMap<PersonId, Vec<Grant>> = BTreeMap::new();
    for (person, grant) in people::holders_of(tx, Role::Technician).await? {
        found.entry(person).or_default().push(grant);
    }
    for person in pack::carriers(tx, key).await? {
        found.entry(person).or_default();
    }
    Ok(found)
}

fn card(event: &PlannedEvent, content: &PlannedContent, regions: &Regions) -> PlannedEventCard {
    let region = |code: &String| TermCard {
        code: code.clone(),
        zh: regions.name(code, Language::ZhCn).to_owned(),
        en: regions.name(code, Language::En).to_owned(),
    };
    let content = content.clone();
    PlannedEventCard {
        event: event.id,
        number: event.name(),
        version: u32::try_from(event.approved.unwrap_or(event.newest)).unwrap_or(u32::MAX),
        kind: content.kind.as_str().to_owned(),
        utility: content.utility.as_str().to_owned(),
        regions: content.regions.iter().map(region).collect(),
        begins_at: content.begins_at(),
        ends_at: content.ends_at(),
        places: content.places,
        effect: content.effect,
        wording_zh: content.wording_zh,
        wording_en: content.wording_en,
        contact: content.contact,
        announced: event.state == PlannedState::Announced,
    }
}

/// Somebody became a technician, is none any more, or works elsewhere: everything that is carried is looked at again.
pub(crate) async fn technicians_changed(tx: &mut Tx) -> Result<(), StoreError> {
    sql::turn_all(tx).await
}

/// The approved events that touch a complaint of this utility and region: those that run or begin soon, the first one
/// first.
pub(crate) async fn touching(
    tx: &mut Tx,
    (utility, region): (Utility, &str),
    now: Timestamp,
) -> Result<Vec<PlannedNotice>, StoreError> {
    let mut found = Vec::new();
    for event in sql::holding(tx, now).await? {
        let Some(version) = event.approved else { continue };
        let content = sql::version(tx, event.id, version).await?;
        if let Some(content) = content.filter(|content| content.touches(utility, region)) {
            found.push(PlannedNotice::of(&event, content, now));
        }
    }
    found.sort_by_key(|notice| notice.begins_at_ms);
    Ok(found)
}

/// A calendar has a new version: limits that it did not reach are counted anew.
pub(crate) async fn calendar_published(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    for event in sql::provisional(tx, now).await? {
        let Some(times) = times(tx, &event.content, now).await? else { return Ok(()) };
        sql::update(tx, &PlannedEvent { times, ..event }).await?;
    }
    Ok(())
}
