//! The levels that a verdict passes where the rules name more than one for the category.
//!
//! Invariants: one level is open at a time; each is judged by somebody of its role and scope, none of whom was on a
//! visit, and no two levels by the same person; what is open when the work goes on elsewhere is void. Categories
//! without a chain know nothing of all this.

use super::api::REVIEWERS;
use super::gate::Blocker;
use crate::auth::OfficeAuth;
use crate::complaints::acts::Actor;
use crate::complaints::model::{Complaint, State};
use crate::complaints::scope::{Reach, within};
use crate::complaints::{Names, PersonRef};
use crate::deadlines;
use crate::people::{Grant, Role};
use crate::problem::{self, Problem};
use crate::specials;
use crate::store::{StoreError, Tx, statement};
use crate::words::words;
use serde::Serialize;
use sqlx_macros::FromRow;
use sync_core::deadline::{DeadlinePolicy, Due, ReviewChain, due};
use sync_core::ids::{ComplaintId, PersonId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

const TABLE: &str = "review_levels";

words! {
    /// Where a level of a review stands.
    pub(crate) LevelState {
        /// Somebody is to judge.
        Open = "open",
        /// Somebody passed it on.
        Passed = "passed",
        /// Somebody sent it back to the level below.
        SentBack = "sent_back",
        /// The work went on without it.
        Void = "void",
    }
}

/// A level as it lies in its row.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Level {
    pub(crate) complaint_id: String,
    pub(crate) step_no: i64,
    pub(crate) level: i64,
    pub(crate) levels: i64,
    pub(crate) policy_version: i64,
    pub(crate) category: String,
    pub(crate) name_zh: String,
    pub(crate) name_en: String,
    pub(crate) role: String,
    pub(crate) unit: String,
    pub(crate) region: String,
    pub(crate) state: String,
    pub(crate) from_ms: i64,
    pub(crate) due_at_ms: i64,
    pub(crate) decided_at_ms: Option<i64>,
    pub(crate) decided_by: Option<String>,
    pub(crate) reason: Option<String>,
}

macro_rules! columns {
    () => {
        "l.complaint_id, l.step_no, l.level, l.levels, l.policy_version, l.category, l.name_zh, l.name_en, l.role, \
         l.unit, l.region, l.state, l.from_ms, l.due_at_ms, l.decided_at_ms, l.decided_by, l.reason"
    };
}

impl Level {
    /// Whether these roles may judge here: those of the level, where it is or where the complaint is.
    pub(crate) fn admits(&self, roles: &[Grant], complaint_unit: &str, complaint_region: &str) -> bool {
        let judges: &[Role] = if self.role == "lead" { &[Role::Lead] } else { REVIEWERS };
        let or = |own: &str, of_complaint: &str| {
            if own.is_empty() { of_complaint.to_owned() } else { own.to_owned() }
        };
        let (unit, region) = (or(&self.unit, complaint_unit), or(&self.region, complaint_region));
        Reach::of(roles, judges).is_some_and(|reach| reach.covers(&unit, &region))
    }

    /// Whether a verdict of this level is the last word.
    pub(super) fn is_last(&self) -> bool {
        self.level >= self.levels
    }
}

/// Begins the levels of a complaint that waits for its review, and ends those of one that does not any more.
pub(crate) async fn moved(tx: &mut Tx, complaint: &Complaint, now: Timestamp) -> Result<(), StoreError> {
    if complaint.state == State::Investigated {
        return begin(tx, complaint, now).await.map(drop);
    }
    match open_of(tx, complaint.id).await? {
        Some(open) => decide(tx, &open, LevelState::Void, None, (None, now)).await,
        None => Ok(()),
    }
}

/// The level that is to judge, begun now where none was; `None` where the rules name no levels.
pub(super) async fn begin(
    tx: &mut Tx,
    complaint: &Complaint,
    now: Timestamp,
) -> Result<Option<Level>, StoreError> {
    if let Some(open) = open_of(tx, complaint.id).await? {
        return Ok(Some(open));
    }
    let Some((published, _)) = deadlines::policy_with_calendar(tx, now).await? else { return Ok(None) };
    let fitting = |chain: &&ReviewChain| chain.fits(&complaint.intake.category);
    let usual = published.policy.reviews.iter().find(fitting).cloned();
    let Some(chain) = with_special(tx, complaint.id, usual, &published.policy).await? else {
        return Ok(None);
    };
    insert(tx, complaint.id, (published.version, &chain, 1), now).await?;
    open_of(tx, complaint.id).await
}

/// The chain of a category with the level that a special complaint adds to it. Where the rules name none for the
/// category, the usual level comes before that; such a chain has no category.
async fn with_special(
    tx: &mut Tx,
    complaint: ComplaintId,
    usual: Option<ReviewChain>,
    policy: &DeadlinePolicy,
) -> Result<Option<ReviewChain>, StoreError> {
    let Some(last) = specials::level_of(tx, complaint).await? else { return Ok(usual) };
    let alone = || ReviewChain { category: String::new(), levels: vec![policy.special.usual.clone()] };
    let mut chain = usual.unwrap_or_else(alone);
    chain.levels.push(last);
    Ok(Some(chain))
}

/// What makes a complaint special was confirmed or taken away: the open level knows how many there are, and levels
/// that are not needed any more are void.
pub(crate) async fn levels_changed(
    tx: &mut Tx,
    complaint: &Complaint,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE review_levels SET levels = $3 WHERE complaint_id = $1 AND step_no = $2";
    let Some(open) = open_of(tx, complaint.id).await? else { return moved(tx, complaint, now).await };
    let chain = chain_of(tx, &open, complaint.id).await?.map_or(0, |(_, chain)| chain.levels.len());
    let levels = i64::try_from(chain).unwrap_or(i64::MAX);
    if open.level <= levels {
        statement(SQL).bind(&open.complaint_id).bind(open.step_no).bind(levels).execute(tx).await?;
        return Ok(());
    }
    decide(tx, &open, LevelState::Void, None, (None, now)).await?;
    moved(tx, complaint, now).await
}

/// The chain to which a level belongs, by the rules of its version; `None` where the usual level is enough now.
async fn chain_of(
    tx: &mut Tx,
    level: &Level,
    complaint: ComplaintId,
) -> Result<Option<(i64, ReviewChain)>, StoreError> {
    let Some(published) = deadlines::policy_version(tx, level.policy_version).await? else { return Ok(None) };
    let named = |chain: &&ReviewChain| chain.category == level.category;
    let usual = published.policy.reviews.iter().find(named).cloned();
    let chain = with_special(tx, complaint, usual, &published.policy).await?;
    Ok(chain.map(|chain| (published.version, chain)))
}

/// Refuses whoever may not judge here: another role or scope, or somebody who judged at another level.
pub(super) async fn require_judge(
    tx: &mut Tx,
    office: &OfficeAuth,
    complaint: &Complaint,
    level: &Level,
) -> Result<(), Problem> {
    if !level.admits(&office.roles, &complaint.intake.unit, &complaint.intake.region) {
        let refusal = Problem::new(&problem::REVIEW_LEVEL_OF_ANOTHER);
        return Err(refusal.with("level", level.level).with("levels", level.levels));
    }
    let me = office.person_id.to_string();
    let rows = steps(tx, complaint.id).await?;
    let began = rows.iter().rposition(|row| row.level == 1).unwrap_or(0);
    let judged = |row: &Level| {
        let elsewhere = row.state == LevelState::Passed.as_str() && row.level != level.level;
        elsewhere && row.decided_by.as_deref() == Some(me.as_str())
    };
    if rows.iter().skip(began).any(judged) {
        return Err(Problem::new(&problem::REVIEW_TWICE));
    }
    Ok(())
}

/// Passes a level; the next one begins.
pub(super) async fn pass(
    tx: &mut Tx,
    level: &Level,
    complaint: ComplaintId,
    by: Actor,
) -> Result<(), StoreError> {
    decide(tx, level, LevelState::Passed, None, (Some(by.person), by.at)).await?;
    if level.is_last() { Ok(()) } else { step_to(tx, level, complaint, level.level + 1, by.at).await }
}

/// Sends a level back to the one below it, for a reason.
pub(super) async fn send_back(
    tx: &mut Tx,
    level: &Level,
    complaint: ComplaintId,
    reason: &str,
    by: Actor,
) -> Result<(), StoreError> {
    decide(tx, level, LevelState::SentBack, Some(reason), (Some(by.person), by.at)).await?;
    step_to(tx, level, complaint, level.level - 1, by.at).await
}

/// Opens another level of the same chain, as the rules of its version have it.
async fn step_to(
    tx: &mut Tx,
    from: &Level,
    complaint: ComplaintId,
    number: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let missing = || StoreError::impossible(TABLE, "policy_version", from.complaint_id.as_str());
    let (version, chain) = chain_of(tx, from, complaint).await?.ok_or_else(missing)?;
    insert(tx, complaint, (version, &chain, number), now).await
}

async fn insert(
    tx: &mut Tx,
    complaint: ComplaintId,
    (version, chain, number): (i64, &ReviewChain, i64),
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO review_levels (complaint_id, step_no, level, levels, policy_version, category, name_zh, \
        name_en, role, unit, region, state, from_ms, due_at_ms) VALUES ($1, \
        (SELECT coalesce(max(n.step_no), 0) + 1 FROM review_levels n WHERE n.complaint_id = $1), \
        $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', $11, $12)";
    let missing = || StoreError::impossible(TABLE, "level", complaint.to_string());
    let place = usize::try_from(number - 1).map_err(|_| missing())?;
    let level = chain.levels.get(place).ok_or_else(missing)?;
    let (_, calendar) = deadlines::policy_with_calendar(tx, now).await?.ok_or_else(missing)?;
    let due_at = match due(now, level.within, &calendar, &[]) {
        Due::At { at, .. } => at,
        Due::Paused { since } => since,
    };
    statement(SQL)
        .bind(complaint.to_string())
        .bind(number)
        .bind(i64::try_from(chain.levels.len()).unwrap_or(i64::MAX))
        .bind(version)
        .bind(&chain.category)
        .bind(&level.zh)
        .bind(&level.en)
        .bind(&level.role)
        .bind(&level.unit)
        .bind(&level.region)
        .bind(now.unix_ms())
        .bind(due_at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

async fn decide(
    tx: &mut Tx,
    level: &Level,
    state: LevelState,
    reason: Option<&str>,
    (by, at): (Option<PersonId>, Timestamp),
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE review_levels SET state = $3, reason = $4, decided_by = $5, decided_at_ms = $6 \
        WHERE complaint_id = $1 AND step_no = $2 AND state = 'open'";
    statement(SQL)
        .bind(&level.complaint_id)
        .bind(level.step_no)
        .bind(state.as_str())
        .bind(reason)
        .bind(by.map(String::from))
        .bind(at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

/// The level of a complaint that somebody is to judge.
pub(crate) async fn open_of(tx: &mut Tx, complaint: ComplaintId) -> Result<Option<Level>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM review_levels l WHERE l.complaint_id = $1 AND l.state = 'open' ORDER BY l.step_no DESC LIMIT 1"
    );
    statement(SQL).bind(complaint.to_string()).row_if_any(tx).await
}

/// Everything that happened at the levels of a complaint, oldest first.
async fn steps(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<Level>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", columns!(), " FROM review_levels l WHERE l.complaint_id = $1 ORDER BY l.step_no");
    statement(SQL).bind(complaint.to_string()).rows(tx).await
}

/// Open levels of complaints within reach, the most urgent first.
pub(super) async fn waiting(tx: &mut Tx, reach: &Reach, limit: i64) -> Result<Vec<Level>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM review_levels l JOIN complaints c ON c.complaint_id = l.complaint_id WHERE l.state = 'open' AND ",
        within!("$1", "c.unit", "c.region"),
        " ORDER BY l.due_at_ms, l.complaint_id LIMIT $2"
    );
    statement(SQL).bind(reach.pattern()).bind(limit).rows(tx).await
}

/// What of the levels holds back closing: one that is to judge a verdict that was given anew.
pub(super) async fn blockers(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<Blocker>, StoreError> {
    let open = open_of(tx, complaint).await?;
    Ok(open
        .map(|level| Blocker { kind: "review_level", visit_id: None, reference: level.level.to_string() })
        .into_iter()
        .collect())
}

/// A level of a review.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ReviewLevelBody {
    /// 1, 2, 3 …
    pub(crate) level: i64,
    /// Of how many.
    pub(crate) levels: i64,
    pub(crate) name_zh: String,
    pub(crate) name_en: String,
    /// `reviewer` or `lead`.
    pub(crate) role: String,
    /// For which unit its judge works; empty: that of the complaint.
    pub(crate) unit: String,
    /// In which region its judge works; empty: that of the complaint.
    pub(crate) region: String,
    pub(crate) state: LevelState,
    pub(crate) from_ms: i64,
    pub(crate) due_at_ms: i64,
    pub(crate) decided_at_ms: Option<i64>,
    pub(crate) decided_by: Option<PersonRef>,
    /// Why it was sent back.
    pub(crate) reason: Option<String>,
}

impl ReviewLevelBody {
    pub(super) async fn of(tx: &mut Tx, names: &mut Names, row: Level) -> Result<Self, StoreError> {
        let decided_by = match &row.decided_by {
            Some(person) => names.person_text(tx, person).await?,
            None => None,
        };
        let wrong = |()| StoreError::impossible(TABLE, "state", row.complaint_id.as_str());
        Ok(Self {
            state: row.state.parse().map_err(wrong)?,
            decided_by,
            level: row.level,
            levels: row.levels,
            name_zh: row.name_zh,
            name_en: row.name_en,
            role: row.role,
            unit: row.unit,
            region: row.region,
            from_ms: row.from_ms,
            due_at_ms: row.due_at_ms,
            decided_at_ms: row.decided_at_ms,
            reason: row.reason,
        })
    }
}

/// Everything that happened at the levels of a complaint, oldest first.
pub(crate) async fn levels(
    tx: &mut Tx,
    names: &mut Names,
    complaint: ComplaintId,
) -> Result<Vec<ReviewLevelBody>, StoreError> {
    let mut bodies = Vec::new();
    for row in steps(tx, complaint).await? {
        bodies.push(ReviewLevelBody::of(tx, names, row).await?);
    }
    Ok(bodies)
}
