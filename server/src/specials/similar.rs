//! Complaints alike within a month are analysed together: which ones are alike, from facts alone, and what follows.
//!
//! Of complaints alike a later one follows from earlier ones, by the rules that held for the later one; so any order of
//! arrival finds the same. What was once brought together stays together: people decide what becomes of it.

use super::judge::{Matter, metres, same_matter};
use super::looking::matter_of;
use super::sql;
use crate::complaints::model::{Complaint, State};
use crate::complaints::office_day_number;
use crate::corrective::{self, NewAnalysis};
use crate::review::similarity;
use crate::store::{StoreError, Tx};
use sync_core::deadline::{Calendar, Due, Limit, LimitUnit, SimilarRule, due};
use sync_core::ids::{ActionId, ComplaintId};
use sync_core::search::index_text;
use sync_core::time::Timestamp;

/// What is compared between complaints that may be alike.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    pub(super) matter: Matter,
    pub(super) meter: Option<String>,
    /// As it is indexed: words apart, folded.
    pub(super) address: String,
    /// What the customer says.
    pub(super) says: String,
}

impl Candidate {
    pub(super) fn of(complaint: &Complaint) -> Self {
        let intake = &complaint.intake;
        Self {
            matter: matter_of(complaint),
            meter: intake.meter.as_ref().map(|meter| meter.number.clone()),
            address: index_text(&intake.address),
            says: intake.summary.clone(),
        }
    }
}

/// Brings a complaint together with earlier ones alike; gives later ones that are not together with it.
pub(super) async fn bring_together(
    tx: &mut Tx,
    complaint: &Complaint,
    (rule, calendar): (&SimilarRule, &Calendar),
    (id, now): (ActionId, Timestamp),
) -> Result<Vec<ComplaintId>, StoreError> {
    if complaint.state == State::Withdrawn {
        return Ok(Vec::new());
    }
    let me = Candidate::of(complaint);
    let mut alike = sql::alike(tx, &me.matter, rule.days).await?;
    alike.retain(|one| is_similar(rule, &me, one));
    if alike.is_empty() {
        return Ok(Vec::new());
    }
    alike.sort_by_key(|one| (one.matter.heard, one.matter.id));
    let together = corrective::together_with(tx, complaint.id).await?;
    let (earlier, later): (Vec<Matter>, Vec<Matter>) =
        alike.into_iter().map(|one| one.matter).partition(|one| one.before(&me.matter));
    let is_known = |one: &Matter| together.contains(&one.id);
    // What was over before anybody saw that they are alike is history.
    let is_open = complaint.is_open() || earlier.iter().any(|one| one.closed.is_none());
    let enough = earlier.len() + 1 >= rule.complaints as usize;
    if enough && is_open && !earlier.iter().all(is_known) {
        let ids: Vec<ComplaintId> = earlier.iter().map(|one| one.id).collect();
        let new = NewAnalysis { id, due_at: due_at(rule, calendar, now), at: now };
        corrective::analyse(tx, complaint, &ids, new).await?;
    }
    Ok(later.iter().filter(|one| !is_known(one)).map(|one| one.id).collect())
}

fn due_at(rule: &SimilarRule, calendar: &Calendar, now: Timestamp) -> Timestamp {
    let limit = Limit { amount: rule.working_days, unit: LimitUnit::WorkingDay };
    match due(now, limit, calendar, &[]) {
        Due::At { at, .. } | Due::Paused { since: at } => at,
    }
}

/// Whether two complaints are alike: the same matter, about the same time, in one place or, where neither meters nor
/// positions tell places apart, with much the same words in one region.
pub(super) fn is_similar(rule: &SimilarRule, one: &Candidate, other: &Candidate) -> bool {
    let (a, b) = (&one.matter, &other.matter);
    let days = (office_day_number(a.heard) - office_day_number(b.heard)).abs();
    if days > i64::from(rule.days) || a.region != b.region || !same_matter(&a.category, &b.category) {
        return false;
    }
    let meters = one.meter.as_ref().zip(other.meter.as_ref());
    let apart = a.place.zip(b.place).map(|(a, b)| metres(a, b));
    if meters.is_some_and(|(one, other)| one == other)
        || apart.is_some_and(|metres| metres <= f64::from(rule.metres))
        || (!a.customer.is_empty() && a.customer == b.customer)
        || (!one.address.is_empty() && beginning(&one.address) == beginning(&other.address))
    {
        return true;
    }
    let told_apart = meters.is_some() || apart.is_some();
    !told_apart && !a.region.is_empty() && similarity(&one.says, &other.says) >= rule.text_percent as usize
}

/// An address up to its first number: the street with the house, the estate with the building. All of one that has none,
/// or that begins with it.
fn beginning(address: &str) -> Vec<&str> {
    let words: Vec<&str> = address.split(' ').collect();
    let is_number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    let number = words.iter().position(is_number).filter(|place| *place > 0);
    words[..number.map_or(words.len(), |place| place + 1)].to_vec()
}

#[cfg(test)]
#[path = "similar_tests.rs"]
mod tests;
