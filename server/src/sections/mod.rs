//! Sections: the parts of a complaint that disciplines answer for, each with a holder, its own limit and a sign-off.
//!
//! Invariants: exactly one unit holds a section at every moment, since a known time; a hand-over begins a new limit;
//! nobody but a lead signs off what they opened; a complaint is neither approved nor closed while one of its sections
//! is open (unless that is overridden with a reason); what one unit promises another moves no date of the customer.

mod acts;
mod api;
mod bodies;
mod model;
mod pages;
mod problems;
mod sql;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use api::{disciplines, routes};
pub(crate) use bodies::SectionBody;
pub(crate) use pages::{SectionLine, SectionsPart, overdue_lines, pages, section_facts, sections_part};
pub(crate) use sql::count_mine;

use crate::complaints;
use crate::deadlines;
use crate::review::Blocker;
use crate::store::{StoreError, Tx};
use model::{Section, SectionState};
use sync_core::ids::ComplaintId;
use sync_core::time::Timestamp;

/// The sections of a complaint and of the records merged into it, oldest first.
pub(crate) async fn of_complaint(
    tx: &mut Tx,
    complaint: ComplaintId,
) -> Result<Vec<SectionBody>, StoreError> {
    let (mut lookup, mut found) = (bodies::Lookup::default(), Vec::new());
    for record in complaints::family(tx, complaint).await? {
        for section in sql::of_complaint(tx, record).await? {
            found.push(lookup.body(tx, section).await?);
        }
    }
    found.sort_by_key(|section| section.opened_at_ms);
    Ok(found)
}

/// Sections that hold back approval and closing.
pub(crate) async fn blockers(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<Blocker>, StoreError> {
    let mut found = Vec::new();
    for record in complaints::family(tx, complaint).await? {
        let sections = sql::of_complaint(tx, record).await?.into_iter();
        let open = sections.filter(|section| section.state == SectionState::Open);
        found.extend(open.map(|section| Blocker {
            kind: "section",
            visit_id: None,
            reference: section.id.to_string(),
        }));
    }
    Ok(found)
}

/// A calendar has a new version: limits that it did not reach are counted anew.
pub(crate) async fn calendar_published(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    let Some((_, calendar)) = deadlines::policy_with_calendar(tx, now).await? else { return Ok(()) };
    for section in sql::provisional(tx).await? {
        let (due_at, provisional) = model::ends(section.held_since, section.within, &calendar);
        sql::update(tx, &Section { due_at, provisional, ..section }).await?;
    }
    Ok(())
}
