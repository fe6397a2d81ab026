//! Analyses of complaints alike: corrective actions that a rule plans, owned by whoever holds the newest of them.
//!
//! Nobody acts here: acts, timelines and the server log name no person. What becomes of an analysis is up to people, as
//! with every other action; one that they finished or dropped is never taken up again.

use super::model::{Act, ActKind, Action, ActionCause, ActionState, COMPLAINTS_MAX, EFFECT_DAYS};
use super::{acts, sql};
use crate::complaints;
use crate::complaints::model::Complaint;
use crate::store::{StoreError, Tx};
use sync_core::ids::{ActionId, ComplaintId};
use sync_core::time::Timestamp;

/// An analysis that may have to be opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewAnalysis {
    pub(crate) id: ActionId,
    pub(crate) due_at: Timestamp,
    pub(crate) at: Timestamp,
}

/// Puts a complaint and earlier ones alike, oldest first, under one analysis: one of theirs that is open, else a new one.
pub(crate) async fn analyse(
    tx: &mut Tx,
    newest: &Complaint,
    earlier: &[ComplaintId],
    new: NewAnalysis,
) -> Result<(), StoreError> {
    let action = match standing(tx, newest.id, earlier).await? {
        Some(action) => action,
        None => open(tx, newest, earlier, new).await?,
    };
    for id in earlier.iter().chain([&newest.id]) {
        let Some(complaint) = complaints::find(tx, *id).await? else { continue };
        if sql::link(tx, action.id, *id, (newest.holder, new.at)).await? {
            acts::linked(tx, &action, &complaint, by_rules(ActKind::Linked, new.at)).await?;
        }
    }
    Ok(())
}

/// An open analysis of one of them that takes more complaints.
async fn standing(
    tx: &mut Tx,
    newest: ComplaintId,
    earlier: &[ComplaintId],
) -> Result<Option<Action>, StoreError> {
    for id in std::iter::once(&newest).chain(earlier) {
        for action in sql::of_complaint(tx, *id).await? {
            let is_open = action.state == ActionState::Open && action.cause == Some(ActionCause::Similar);
            let room = COMPLAINTS_MAX - sql::complaints_count(tx, action.id).await?;
            if is_open && i64::try_from(earlier.len()).is_ok_and(|more| more < room) {
                return Ok(Some(action));
            }
        }
    }
    Ok(None)
}

async fn open(
    tx: &mut Tx,
    newest: &Complaint,
    earlier: &[ComplaintId],
    new: NewAnalysis,
) -> Result<Action, StoreError> {
    let first = match earlier.first() {
        Some(first) => complaints::find(tx, *first).await?,
        None => None,
    };
    let numbers = first.iter().chain([newest]).map(|one| one.number.as_str()).collect::<Vec<_>>();
    let intake = &newest.intake;
    let action = Action {
        id: new.id,
        version: 1,
        state: ActionState::Open,
        title: title(&intake.summary, &numbers),
        category: intake.category.clone(),
        region: intake.region.clone(),
        unit: intake.unit.clone(),
        owner: newest.holder,
        due_at: new.due_at,
        effect_days: EFFECT_DAYS,
        planned_at: new.at,
        planned_by: newest.holder,
        cause: Some(ActionCause::Similar),
        done: None,
        check_at: None,
        over_at: None,
    };
    acts::begin(tx, &action, newest, by_rules(ActKind::Planned, new.at)).await?;
    Ok(action)
}

/// What is to be done, in the language in which the customer was written down.
fn title(summary: &str, numbers: &[&str]) -> String {
    let is_chinese = summary.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    if is_chinese {
        format!("相似投诉分析：{}", numbers.join("、"))
    } else {
        format!("Analysis of similar complaints: {}", numbers.join(", "))
    }
}

fn by_rules(kind: ActKind, at: Timestamp) -> Act {
    Act { kind, words: None, complaint: None, owner: None, due_at: None, person: None, at }
}
