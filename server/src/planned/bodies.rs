//! How planned events look in answers.

use super::model::{Done, PlannedAct, PlannedContent, PlannedEvent, PlannedKind, PlannedState};
use super::sql;
use crate::complaints::{Names, PersonRef};
use crate::store::{StoreError, Tx};
use crate::words::words;
use serde::Serialize;
use sync_core::ids::PlannedEventId;
use sync_core::time::Timestamp;
use utoipa::ToSchema;

words! {
    /// Lists of planned events.
    pub(crate) PlannedList {
        /// What was submitted and begins later, the soonest first.
        Coming = "coming",
        /// What runs now, the soonest to end first.
        Running = "running",
        /// What is written and not submitted.
        Drafts = "drafts",
        /// What waits for approval.
        Waiting = "waiting",
        /// What is late or soon late.
        Pressing = "pressing",
        /// What has ended or was cancelled, newest first.
        Over = "over",
    }
}

/// A planned event with what its newest version says.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PlannedEventBody {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) event_id: PlannedEventId,
    /// What people call it, for example `PE-0007`.
    pub(crate) number: String,
    /// For `If-Match`.
    pub(crate) version: i64,
    /// Where the newest version stands.
    pub(crate) state: PlannedState,
    /// The version that is shown here.
    pub(crate) event_version: i64,
    /// The newest approved version, which people go by; null: none so far.
    pub(crate) approved_version: Option<i64>,
    #[serde(flatten)]
    pub(crate) content: PlannedContent,
    /// The last moment for submitting it.
    pub(crate) submit_by_ms: i64,
    /// The last moment for approval and for telling customers.
    pub(crate) inform_by_ms: i64,
    /// Whether a calendar that reaches further may move them.
    pub(crate) provisional: bool,
    /// Until when the next step is due; null: nothing is due.
    pub(crate) due_at_ms: Option<i64>,
    /// From when on that is soon late.
    pub(crate) near_at_ms: Option<i64>,
    /// Whether the next step is overdue.
    pub(crate) late: bool,
    /// Whether it has begun and has not ended, and was not cancelled.
    pub(crate) running: bool,
    /// Whether it has ended.
    pub(crate) over: bool,
    /// Whether technicians carry the approved version now.
    pub(crate) carried: bool,
    pub(crate) changed_at_ms: i64,
}

/// A planned event with everything about it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlannedEventDetail {
    #[serde(flatten)]
    pub(crate) event: PlannedEventBody,
    /// The approved version that people go by while a newer one is not approved; null: it is the newest one, or none is.
    pub(crate) held: Option<PlannedContent>,
    /// Oldest first.
    pub(crate) acts: Vec<PlannedActBody>,
}

/// Something that was done about a planned event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlannedActBody {
    pub(crate) act: PlannedAct,
    /// The version that it was about.
    pub(crate) event_version: i64,
    /// Why, or how customers were told.
    pub(crate) words: Option<String>,
    /// When customers were told.
    pub(crate) told_at_ms: Option<i64>,
    /// After the moment until which it was due.
    pub(crate) late: bool,
    pub(crate) person: PersonRef,
    pub(crate) at_ms: i64,
}

/// An approved event that touches a complaint.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PlannedNotice {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) event_id: PlannedEventId,
    pub(crate) number: String,
    pub(crate) kind: PlannedKind,
    /// Places and streets in words.
    pub(crate) places: String,
    pub(crate) begins_at_ms: i64,
    pub(crate) ends_at_ms: i64,
    /// Whether it has begun.
    pub(crate) running: bool,
    /// Whether customers were told.
    pub(crate) announced: bool,
    /// What customers will notice.
    pub(crate) effect: String,
    pub(crate) wording_zh: String,
    pub(crate) wording_en: String,
    pub(crate) contact: String,
}

impl PlannedEventBody {
    pub(super) fn of(event: PlannedEvent, now: Timestamp) -> Self {
        let due = event.due().filter(|_| !event.is_over(now));
        let begun = event.content.begins_at() <= now && !event.is_over(now);
        Self {
            event_id: event.id,
            number: event.name(),
            version: event.version,
            state: event.state,
            event_version: event.newest,
            approved_version: event.approved,
            submit_by_ms: event.times.submit_by.unix_ms(),
            inform_by_ms: event.times.inform_by.unix_ms(),
            provisional: event.times.provisional,
            due_at_ms: due.map(|(at, _)| at.unix_ms()),
            near_at_ms: due.map(|(_, near)| near.unix_ms()),
            late: due.is_some_and(|(at, _)| at < now),
            running: begun && event.state != PlannedState::Cancelled,
            over: event.is_over(now),
            carried: event.is_carried(now),
            changed_at_ms: event.changed_at.unix_ms(),
            content: event.content,
        }
    }
}

impl PlannedEventDetail {
    pub(super) async fn of(tx: &mut Tx, event: PlannedEvent, now: Timestamp) -> Result<Self, StoreError> {
        let mut names = Names::default();
        let mut acts = Vec::new();
        for done in sql::acts(tx, event.id).await? {
            acts.push(act(tx, &mut names, done).await?);
        }
        let held = match event.approved.filter(|approved| *approved != event.newest) {
            Some(version) => sql::version(tx, event.id, version).await?,
            None => None,
        };
        Ok(Self { event: PlannedEventBody::of(event, now), held, acts })
    }
}

async fn act(tx: &mut Tx, names: &mut Names, done: Done) -> Result<PlannedActBody, StoreError> {
    Ok(PlannedActBody {
        act: done.act,
        event_version: done.version,
        words: done.words,
        told_at_ms: done.told_at.map(Timestamp::unix_ms),
        late: done.late,
        person: names.person(tx, done.person).await?,
        at_ms: done.at.unix_ms(),
    })
}

impl PlannedNotice {
    /// The event with what its approved version says.
    pub(super) fn of(event: &PlannedEvent, content: PlannedContent, now: Timestamp) -> Self {
        Self {
            event_id: event.id,
            number: event.name(),
            kind: content.kind,
            running: content.begins_at() <= now,
            // A newer draft says nothing about whether customers were told of this one.
            announced: event.state == PlannedState::Announced,
            places: content.places,
            begins_at_ms: content.begins_at_ms,
            ends_at_ms: content.ends_at_ms,
            effect: content.effect,
            wording_zh: content.wording_zh,
            wording_en: content.wording_en,
            contact: content.contact,
        }
    }
}
