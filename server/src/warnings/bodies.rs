//! How warnings look in answers.

use super::judge::date_of;
use super::model::{Act, Warning, WarningAct, WarningKind, WarningState};
use super::{rows, sql};
use crate::complaints::scope::Reach;
use crate::complaints::{self, Names, PersonRef, office_day_number};
use crate::store::{StoreError, Tx};
use serde::Serialize;
use sync_core::ids::{ComplaintId, WarningId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// Complaints that are named of those behind a warning.
const COMPLAINTS_MAX: i64 = 50;
/// Days before the window that the figures show, and after it.
const DAYS_BEFORE: i64 = 30;
const DAYS_AFTER: i64 = 3;

/// An early warning.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WarningBody {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) warning_id: WarningId,
    /// Send it back with what changes it.
    pub(crate) version: i64,
    pub(crate) kind: WarningKind,
    pub(crate) state: WarningState,
    /// The first two parts of the category, for example `power.BIZ`; empty: grumbles without one.
    pub(crate) class: String,
    /// Code of the region; empty: not known.
    pub(crate) area: String,
    /// The last day that is counted, `YYYY-MM-DD` in the office's calendar, by when it happened.
    pub(crate) day: String,
    /// How many days are counted.
    pub(crate) window_days: i64,
    /// 1, 2, 3; 0: what arrived later took it back.
    pub(crate) level: i64,
    /// Reports: complaints and grumbles.
    pub(crate) seen: i64,
    /// How many were to be expected; null: too short a history, or the rule does not ask.
    pub(crate) usual: Option<f64>,
    /// What was passed, or the threshold that was reached.
    pub(crate) limit: f64,
    /// What had arrived by the end of the day would not have raised it.
    pub(crate) late: bool,
    pub(crate) raised_at_ms: i64,
    /// Since when it waits for somebody, or from when it will again; null: it is over.
    pub(crate) waits_from_ms: Option<i64>,
    /// When it was closed or taken back.
    pub(crate) over_at_ms: Option<i64>,
}

#[expect(clippy::cast_precision_loss, reason = "thousandths of counts")]
fn of_milli(milli: i64) -> f64 {
    milli as f64 / 1_000.0
}

impl From<&Warning> for WarningBody {
    fn from(row: &Warning) -> Self {
        Self {
            warning_id: row.id,
            version: row.version,
            kind: row.kind,
            state: row.state,
            class: row.cell.class.clone(),
            area: row.cell.area.clone(),
            day: date_of(row.day).to_string(),
            window_days: row.window_days,
            level: row.level,
            seen: row.seen,
            usual: row.usual_milli.map(of_milli),
            limit: of_milli(row.limit_milli),
            late: row.late,
            raised_at_ms: row.raised_at.unix_ms(),
            waits_from_ms: row.waits_from.map(Timestamp::unix_ms),
            over_at_ms: row.over_at.map(Timestamp::unix_ms),
        }
    }
}

/// A warning with what is behind it and what happened to it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WarningDetail {
    #[serde(flatten)]
    pub(crate) warning: WarningBody,
    /// Version of the rules.
    pub(crate) policy_version: i64,
    /// Number of the rule in it, from 1.
    pub(crate) rule: i64,
    /// Where the rule comes from.
    pub(crate) source: String,
    /// How long after somebody looked it comes back.
    pub(crate) recheck_minutes: i64,
    /// The complaints behind it within the reader's reach, newest first, at most 50.
    pub(crate) complaints: Vec<WarningComplaint>,
    /// How many of the reports are grumbles.
    pub(crate) grumbles: i64,
    /// Whom it is addressed to.
    pub(crate) recipients: Vec<RecipientBody>,
    /// What happened to it, oldest first.
    pub(crate) acts: Vec<WarningActBody>,
    /// Reports of the same class and region day by day, oldest first.
    pub(crate) days: Vec<WarningDay>,
}

/// A complaint behind a warning.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WarningComplaint {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) complaint_id: ComplaintId,
    pub(crate) number: String,
    pub(crate) summary: String,
    pub(crate) state: complaints::model::State,
}

/// Somebody whom a warning is addressed to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RecipientBody {
    pub(crate) person: PersonRef,
    /// The lowest level at which they are told.
    pub(crate) level: i64,
}

/// Something that happened to a warning.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WarningActBody {
    pub(crate) act: WarningAct,
    pub(crate) level: i64,
    pub(crate) seen: i64,
    /// Plan, finding or reason.
    pub(crate) words: Option<String>,
    /// Null: the server.
    pub(crate) person: Option<PersonRef>,
    pub(crate) at_ms: i64,
}

/// How many reports there were on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct WarningDay {
    /// `YYYY-MM-DD`.
    pub(crate) day: String,
    pub(crate) reports: u32,
    /// Whether it is one of the days that the warning counts.
    pub(crate) counted: bool,
}

impl WarningDetail {
    pub(super) async fn of(
        tx: &mut Tx,
        row: &Warning,
        reach: &Reach,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut names = Names::default();
        let published = sql::version(tx, row.rule.0).await?;
        let place = usize::try_from(row.rule.1).unwrap_or(0).wrapping_sub(1);
        let source = published.and_then(|published| published.rules.rules.into_iter().nth(place));
        let mut recipients = Vec::new();
        for (person, level) in rows::recipients(tx, row.id).await? {
            recipients.push(RecipientBody { person: names.person(tx, person).await?, level });
        }
        let mut acts = Vec::new();
        for act in rows::acts(tx, row.id).await? {
            acts.push(act_body(tx, &mut names, act).await?);
        }
        Ok(Self {
            warning: row.into(),
            policy_version: row.rule.0,
            rule: row.rule.1,
            source: source.map(|rule| rule.source).unwrap_or_default(),
            recheck_minutes: row.recheck_minutes,
            complaints: complaints_of(tx, row, reach).await?,
            grumbles: rows::grumbles_behind(tx, &row.cell, row.days()).await?,
            recipients,
            acts,
            days: days_of(tx, row, now).await?,
        })
    }
}

async fn complaints_of(
    tx: &mut Tx,
    row: &Warning,
    reach: &Reach,
) -> Result<Vec<WarningComplaint>, StoreError> {
    let mut found = Vec::new();
    for id in rows::complaints_behind(tx, &row.cell, row.days(), reach, COMPLAINTS_MAX).await? {
        let Some(complaint) = complaints::find(tx, id).await? else { continue };
        found.push(WarningComplaint {
            complaint_id: complaint.id,
            number: complaint.number,
            summary: complaint.intake.summary,
            state: complaint.state,
        });
    }
    Ok(found)
}

async fn days_of(tx: &mut Tx, row: &Warning, now: Timestamp) -> Result<Vec<WarningDay>, StoreError> {
    let last = (row.day + DAYS_AFTER).min(office_day_number(now)).max(row.day);
    let first = *row.days().start() - DAYS_BEFORE;
    let counts = sql::counts(tx, &row.cell, first..=last).await?;
    let day = |day: i64| WarningDay {
        day: date_of(day).to_string(),
        reports: counts.get(&day).copied().unwrap_or(0),
        counted: row.days().contains(&day),
    };
    Ok((first..=last).map(day).collect())
}

async fn act_body(tx: &mut Tx, names: &mut Names, act: Act) -> Result<WarningActBody, StoreError> {
    let person = match act.person {
        Some(person) => Some(names.person(tx, person).await?),
        None => None,
    };
    Ok(WarningActBody {
        act: act.act,
        level: act.level,
        seen: act.seen,
        words: act.words,
        person,
        at_ms: act.at.unix_ms(),
    })
}
