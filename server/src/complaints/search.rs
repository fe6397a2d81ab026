//! Finding complaints: the search table, and lists with filters in pages.

mod sources;
mod words;

use super::model::{Complaint, Priority, State, phone_digits};
use super::scope::{Part, Reach, within};
use crate::store::{Statement, StoreError, Tx, statement};
pub(super) use sources::{Listed, Place};
use sync_core::ids::PersonId;
use sync_core::search::index_text;
use sync_core::time::Timestamp;
use words::Lookup;

/// Most complaints on one page.
const PAGE_MAX: u32 = 500;
/// Newer complaints are counted up to this: who sees "99" looks at them.
pub(crate) const NEWER_MAX: i64 = 99;

/// Which complaints are wanted.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    /// Only in this state.
    pub(super) state: Option<State>,
    /// Only as urgent as this.
    pub(super) priority: Option<Priority>,
    /// Only those this person is accountable for.
    pub(super) holder: Option<PersonId>,
    /// Only those first received by this person, even after a hand-off.
    pub(super) first_owner: Option<PersonId>,
    /// Only open ones.
    pub(super) open: bool,
    /// Only open ones that nobody is sent to.
    pub(super) unassigned: bool,
    /// Only those with an open conflict.
    pub(super) conflicts: bool,
    /// Only those with a device that may hold work nobody has seen.
    pub(super) unseen: bool,
    /// Only open ones that are special, or proposed to be.
    pub(super) special: bool,
    /// Only those that must be acted upon before this moment.
    pub(super) due_before: Option<Timestamp>,
    /// Only those of this organisation unit; empty: only those not allotted to any.
    pub(super) unit: Option<String>,
    /// Only those of this region; empty: only those of none.
    pub(super) region: Option<String>,
    /// Only those that contain all these words.
    pub(super) words: Option<String>,
}

impl Filter {
    /// Filters that together find what this one finds within reach, each through an index. Where nothing else narrows
    /// the list, who works in one place only would read past everything that belongs to others.
    fn parts(&self, reach: &Reach) -> Vec<Self> {
        let is_narrow = self.open
            || self.unassigned
            || self.conflicts
            || self.unseen
            || self.special
            || [&self.holder, &self.first_owner].into_iter().any(Option::is_some)
            || self.due_before.is_some()
            || self.unit.is_some()
            || self.region.is_some();
        match reach.parts().filter(|_| !is_narrow) {
            None => vec![self.clone()],
            Some(Part::Units(units)) => {
                units.into_iter().map(|unit| Self { unit: Some(unit), ..self.clone() }).collect()
            }
            Some(Part::Regions(regions)) => {
                regions.into_iter().map(|region| Self { region: Some(region), ..self.clone() }).collect()
            }
        }
    }
}

/// Writes what the complaint is found by; call it after every change of it.
pub(super) async fn index(tx: &mut Tx, complaint: &Complaint, aliases: &[String]) -> Result<(), StoreError> {
    words::write(tx, complaint.ordinal, indexed_text(complaint, aliases)).await
}

fn indexed_text(complaint: &Complaint, aliases: &[String]) -> String {
    let intake = &complaint.intake;
    let customer = &intake.customer;
    let mut parts = vec![complaint.number.as_str()];
    parts.extend(aliases.iter().map(String::as_str));
    parts.extend(
        [&customer.number, &customer.name, &customer.phone].into_iter().flatten().map(String::as_str),
    );
    // However it is written with spaces: whoever is called looks for the digits.
    let digits = customer
        .phone
        .as_deref()
        .and_then(phone_digits)
        .filter(|digits| customer.phone.as_ref() != Some(digits));
    parts.extend(digits.as_deref());
    parts.extend(intake.meter.as_ref().map(|meter| meter.number.as_str()));
    parts.extend([intake.address.as_str(), intake.summary.as_str()]);
    index_text(&parts.join(" \n "))
}

/// A piece of a query: its text, or a value in it.
enum Piece {
    Sql(&'static str),
    Text(String),
    Number(i64),
}

/// What is still open; spelled like the conditions of the indexes of open complaints, so that they are used.
const OPEN: &str = " AND c.state NOT IN ('closed', 'withdrawn') AND c.merged_into IS NULL";

/// Pieces of a query as one statement. Only the conditions that are wanted are in it, so that each finds its index.
fn joined(mut query: Statement<'static>, pieces: Vec<Piece>) -> Statement<'static> {
    for piece in pieces {
        match piece {
            Piece::Sql(text) => query.push(text),
            Piece::Text(text) => query.push_bind(text),
            Piece::Number(number) => query.push_bind(number),
        };
    }
    query
}

/// Complaints after this place in the order of their list, at most `limit` of them.
///
/// # Errors
/// Whatever reading meets. A place in the order of another list is none: reading begins with the first.
pub(super) async fn list(
    tx: &mut Tx,
    filter: &Filter,
    reach: &Reach,
    after: Option<&Place>,
    limit: u32,
) -> Result<Vec<Listed>, StoreError> {
    let limit = limit.min(PAGE_MAX) as usize;
    let mut before = match after {
        Some(Place::Arrival(before)) => *before,
        _ => i64::MAX,
    };
    let Some(words) = &filter.words else {
        let mut found = Vec::new();
        for part in filter.parts(reach) {
            found.extend(sources::read(tx, &part, reach, after, limit).await?);
        }
        if filter.source().is_none() {
            found.sort_unstable_by_key(|found| -found.complaint.ordinal);
        }
        found.truncate(limit);
        return Ok(found);
    };
    let Some(lookup) = Lookup::of(tx, words).await? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    while found.len() < limit {
        let batch = lookup.batch(tx, (0, before)).await?;
        let Some(oldest) = batch.last() else { break };
        let wanted = conditions(filter, reach).into_iter().chain(among(&batch, &lookup.patterns));
        found.extend(sources::by_arrival(tx, wanted.collect(), before, limit - found.len()).await?);
        before = *oldest;
    }
    Ok(found)
}

/// How many wanted complaints there are; counting ends at [`NEWER_MAX`].
pub(super) async fn count_all(tx: &mut Tx, filter: &Filter, reach: &Reach) -> Result<i64, StoreError> {
    let limit = u32::try_from(NEWER_MAX).unwrap_or(u32::MAX);
    if filter.words.is_some() || filter.source().is_none() {
        return count_newer(tx, filter, reach, 0).await;
    }
    Ok(i64::try_from(list(tx, filter, reach, None, limit).await?.len()).unwrap_or(NEWER_MAX))
}

/// How many wanted complaints have come after this place; counting ends at [`NEWER_MAX`].
pub(super) async fn count_newer(
    tx: &mut Tx,
    filter: &Filter,
    reach: &Reach,
    after: i64,
) -> Result<i64, StoreError> {
    let Some(words) = &filter.words else {
        let mut counted = 0;
        for part in filter.parts(reach) {
            counted += count(tx, conditions(&part, reach), after).await?;
        }
        return Ok(counted.min(NEWER_MAX));
    };
    let Some(lookup) = Lookup::of(tx, words).await? else { return Ok(0) };
    let (mut counted, mut before) = (0, i64::MAX);
    while counted < NEWER_MAX {
        let batch = lookup.batch(tx, (after, before)).await?;
        let Some(oldest) = batch.last() else { break };
        let wanted = conditions(filter, reach).into_iter().chain(among(&batch, &lookup.patterns));
        counted += count(tx, wanted.collect(), after).await?;
        before = *oldest;
    }
    Ok(counted.min(NEWER_MAX))
}

async fn count(tx: &mut Tx, conditions: Vec<Piece>, after: i64) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM (SELECT c.ordinal FROM complaints c WHERE c.ordinal > ";
    let mut pieces = vec![Piece::Number(after)];
    pieces.extend(conditions);
    pieces.extend([Piece::Sql(" LIMIT "), Piece::Number(NEWER_MAX), Piece::Sql(") n")]);
    joined(statement(SQL), pieces).value(tx).await
}

/// The newest place in the order of arrival; 0 without complaints.
pub(super) async fn newest(tx: &mut Tx) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT coalesce(max(ordinal), 0) FROM complaints";
    statement(SQL).value(tx).await
}

/// The conditions of a filter but for its words.
fn conditions(filter: &Filter, reach: &Reach) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut equal = |sql, value: Option<String>| {
        pieces.extend(value.map(|value| [Piece::Sql(sql), Piece::Text(value)]).into_iter().flatten());
    };
    equal(" AND c.state = ", filter.state.map(|state| state.to_string()));
    equal(" AND c.priority = ", filter.priority.map(|priority| priority.to_string()));
    equal(" AND c.unit = ", filter.unit.clone());
    equal(" AND c.region = ", filter.region.clone());
    equal(" AND c.holder = ", filter.holder.map(String::from));
    equal(" AND c.first_owner = ", filter.first_owner.map(String::from));
    if filter.open || filter.unassigned || filter.special {
        pieces.push(Piece::Sql(OPEN));
    }
    if filter.special {
        pieces.push(Piece::Sql(" AND c.special > 0"));
    }
    if filter.unassigned {
        pieces.push(Piece::Sql(" AND c.crew = 0"));
    }
    if filter.conflicts {
        pieces.push(Piece::Sql(
            " AND EXISTS (SELECT 1 FROM visit_plans w JOIN conflicts n ON n.visit_id = w.visit_id \
             WHERE w.complaint_id = c.complaint_id AND n.state <> 'resolved')",
        ));
    }
    if filter.unseen {
        pieces.push(Piece::Sql(
            " AND EXISTS (SELECT 1 FROM visit_plans w JOIN device_visits o ON o.visit_id = w.visit_id \
             WHERE w.complaint_id = c.complaint_id AND o.settled_at_ms IS NULL)",
        ));
    }
    if let Some(moment) = filter.due_before {
        // A sum, so that no engine begins with what is due: where this is asked, something else is narrower.
        pieces.extend([Piece::Sql(OPEN), Piece::Sql(" AND c.next_due_at_ms + 0 < ")]);
        pieces.push(Piece::Number(moment.unix_ms()));
    }
    if let Some(places) = reach.pattern() {
        // Bound once: the condition names it several times.
        const WITHIN: &str =
            concat!(" AS TEXT) AS places) r WHERE ", within!("r.places", "c.unit", "c.region"), ")");
        pieces.push(Piece::Sql(" AND EXISTS (SELECT 1 FROM (SELECT CAST("));
        pieces.extend([Piece::Text(places), Piece::Sql(WITHIN)]);
    }
    pieces
}

/// The condition that it is one of these complaints, and that its text fits all patterns.
fn among(ordinals: &[i64], patterns: &[String]) -> Vec<Piece> {
    let mut pieces = vec![Piece::Sql(" AND c.ordinal IN (")];
    for (place, ordinal) in ordinals.iter().enumerate() {
        pieces.extend((place > 0).then_some(Piece::Sql(", ")));
        pieces.push(Piece::Number(*ordinal));
    }
    // A value, not a condition on a joined table: no engine begins with reading all texts.
    pieces.push(Piece::Sql(") AND (SELECT true"));
    for pattern in patterns {
        pieces.extend([Piece::Sql(" AND ' ' || s.indexed LIKE "), Piece::Text(pattern.clone())]);
    }
    pieces.push(Piece::Sql(" FROM complaint_search s WHERE s.ordinal = c.ordinal)"));
    pieces
}

#[cfg(test)]
mod bounded_tests;
#[cfg(test)]
mod tests;
