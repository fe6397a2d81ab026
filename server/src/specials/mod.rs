//! Special complaints: repeat, escalated, batch, major, focus. Rules propose, people decide; what is confirmed has
//! shorter limits and one more level of its review.
//!
//! Invariants: rules never confirm, and never take away what somebody decided; what nobody has decided follows the
//! facts, so that any order of arrival proposes the same; a confirmation moves no date later; every act keeps its
//! author, its time and its words.

mod acts;
#[cfg(test)]
mod analysis_tests;
mod api;
mod bodies;
mod judge;
mod looking;
mod model;
#[cfg(test)]
mod order_tests;
mod pages;
mod problems;
mod similar;
mod sql;
#[cfg(test)]
mod tests;

pub(crate) use api::routes;
pub(crate) use bodies::{PathBody, SpecialBody};
pub(crate) use looking::run;
pub(crate) use model::{IssueType, SpecialKind, SpecialState, source_words};
pub(crate) use pages::{SpecialsPart, pages, special_facts, specials_part};
pub(crate) use sql::marks;

use crate::complaints::Names;
use crate::complaints::model::Complaint;
use crate::store::{StoreError, Tx};
use serde::Serialize;
use sync_core::deadline::{Limits, ReviewLevel, SpecialRules};
use sync_core::ids::ComplaintId;
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// The newest open complaints that a preview looks at.
const PREVIEWED_MAX: i64 = 200;

/// A complaint was written: the rules look at it soon.
pub(crate) async fn written(tx: &mut Tx, complaint: &Complaint) -> Result<(), StoreError> {
    let mark = format!("version {}", complaint.version);
    sql::mark_due(tx, complaint.id, &mark, complaint.received_at).await
}

/// Something else that rules look at changed: sections, return visits.
pub(crate) async fn touched(tx: &mut Tx, complaint: ComplaintId, now: Timestamp) -> Result<(), StoreError> {
    sql::mark_due(tx, complaint, &format!("touched {}", now.unix_ms()), now).await
}

/// An early warning for a class and region was raised or taken back: the rules look at what happened on its days.
pub(crate) async fn warned(
    tx: &mut Tx,
    cell: (&str, &str),
    days: (i64, i64),
    now: Timestamp,
) -> Result<(), StoreError> {
    sql::mark_cell(tx, cell, days, now).await
}

/// The limits that its confirmed kinds bring, each from when.
pub(crate) async fn limits_of(
    tx: &mut Tx,
    complaint: ComplaintId,
) -> Result<Vec<(Timestamp, Limits)>, StoreError> {
    let confirmed = confirmed(tx, complaint).await?;
    Ok(confirmed.into_iter().map(|special| (special.since, special.limits)).collect())
}

/// The level that a verdict passes last because of its confirmed kinds: that of the weightiest.
pub(crate) async fn level_of(tx: &mut Tx, complaint: ComplaintId) -> Result<Option<ReviewLevel>, StoreError> {
    let confirmed = confirmed(tx, complaint).await?;
    let of = |kind: &SpecialKind| {
        let special = confirmed.iter().find(|special| special.kind == *kind)?;
        special.review.clone()
    };
    Ok(SpecialKind::BY_WEIGHT.iter().find_map(of))
}

async fn confirmed(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<model::Special>, StoreError> {
    let mut specials = sql::of_complaint(tx, complaint).await?;
    specials.retain(|special| special.state == SpecialState::Confirmed);
    Ok(specials)
}

/// Everything about a complaint that is special, or was.
pub(crate) async fn of_complaint(
    tx: &mut Tx,
    names: &mut Names,
    complaint: ComplaintId,
) -> Result<Vec<SpecialBody>, StoreError> {
    let (specials, acts) = (sql::of_complaint(tx, complaint).await?, sql::acts(tx, complaint).await?);
    let mut bodies = Vec::with_capacity(specials.len());
    for special in specials {
        bodies.push(SpecialBody::of(tx, names, special, &acts).await?);
    }
    Ok(bodies)
}

/// How a complaint is dealt with, as far as somebody said.
pub(crate) async fn path_of(
    tx: &mut Tx,
    names: &mut Names,
    complaint: ComplaintId,
) -> Result<Option<PathBody>, StoreError> {
    let Some(set) = sql::path(tx, complaint).await? else { return Ok(None) };
    Ok(Some(PathBody {
        issue_type: set.path.issue,
        source: set.path.source,
        set_by: names.person(tx, set.by).await?,
        set_at_ms: set.at.unix_ms(),
    }))
}

/// Whether somebody must be on site before it is judged.
pub(crate) async fn needs_visit(tx: &mut Tx, complaint: ComplaintId) -> Result<bool, StoreError> {
    let set = sql::path(tx, complaint).await?;
    Ok(set.is_some_and(|set| set.path.issue == Some(IssueType::OnSite)))
}

/// What rules would propose among the newest open complaints.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct SpecialPreview {
    /// So many of the newest open complaints were looked at.
    pub(crate) looked_at: i64,
    /// For each kind: how many these rules would propose.
    pub(crate) kinds: Vec<SpecialKindPreview>,
}

/// What rules would propose of one kind.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct SpecialKindPreview {
    pub(crate) kind: SpecialKind,
    pub(crate) complaints: i64,
    /// How many the rules propose that hold now.
    pub(crate) now: i64,
}

/// What rules would propose among the newest open complaints, beside what those that hold now do.
pub(crate) async fn preview(
    tx: &mut Tx,
    rules: &SpecialRules,
    holding: Option<&SpecialRules>,
    now: Timestamp,
) -> Result<SpecialPreview, StoreError> {
    let ids = sql::open_complaints(tx, PREVIEWED_MAX).await?;
    let mut kinds: Vec<SpecialKindPreview> = SpecialKind::ALL
        .iter()
        .map(|kind| SpecialKindPreview { kind: *kind, complaints: 0, now: 0 })
        .collect();
    let looked_at = i64::try_from(ids.len()).unwrap_or(PREVIEWED_MAX);
    for id in ids {
        let Some(complaint) = crate::complaints::find(tx, id).await? else { continue };
        let reach = [Some(rules), holding].into_iter().flatten().map(|rules| rules.batch.hours).max();
        let case = looking::case_of(tx, &complaint, reach.unwrap_or_default()).await?;
        let proposes = |rules: &SpecialRules| judge::judge(rules, &case, now).proposals;
        let (new, old) = (proposes(rules), holding.map(proposes).unwrap_or_default());
        for kind in &mut kinds {
            kind.complaints += i64::from(new.iter().any(|proposal| proposal.kind == kind.kind));
            kind.now += i64::from(old.iter().any(|proposal| proposal.kind == kind.kind));
        }
    }
    Ok(SpecialPreview { looked_at, kinds })
}
