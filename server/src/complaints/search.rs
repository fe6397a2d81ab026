//! Finding complaints: the search table, and lists with filters in pages.

mod words;

use super::model::{Complaint, Priority, State};
use super::scope::{Part, Reach, within};
use super::sql::{ComplaintRow, columns};
use crate::store::{StoreError, Tx, on_engine};
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

/// Runs pieces of a query as one statement. Only the conditions that are wanted are in it, so that each finds its
/// index.
macro_rules! run {
    ($tx:expr, $sql:expr, $pieces:expr, |$query:ident, $conn:ident| $run:expr) => {
        on_engine!($tx, |$conn| {
            let mut $query = sqlx::QueryBuilder::new($sql);
            for piece in $pieces {
                match piece {
                    Piece::Sql(text) => $query.push(text),
                    Piece::Text(text) => $query.push_bind(text),
                    Piece::Number(number) => $query.push_bind(number),
                };
            }
            $run
        })
    };
}

/// Complaints before this place in the order of arrival, newest first, at most `limit` of them.
pub(super) async fn list(
    tx: &mut Tx,
    filter: &Filter,
    reach: &Reach,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Complaint>, StoreError> {
    let (mut before, limit) = (before.unwrap_or(i64::MAX), limit.min(PAGE_MAX) as usize);
    let Some(words) = &filter.words else {
        let mut found = Vec::new();
        for part in filter.parts(reach) {
            found.extend(rows(tx, conditions(&part, reach), (before, limit)).await?);
        }
        found.sort_unstable_by_key(|complaint| -complaint.ordinal);
        found.truncate(limit);
        return Ok(found);
    };
    let Some(lookup) = Lookup::of(tx, words).await? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    while found.len() < limit {
        let batch = lookup.batch(tx, (0, before)).await?;
        let Some(oldest) = batch.last() else { break };
        let wanted = conditions(filter, reach).into_iter().chain(among(&batch, &lookup.patterns));
        found.extend(rows(tx, wanted.collect(), (before, limit - found.len())).await?);
        before = *oldest;
    }
    Ok(found)
}

async fn rows(
    tx: &mut Tx,
    conditions: Vec<Piece>,
    (before, limit): (i64, usize),
) -> Result<Vec<Complaint>, StoreError> {
    const SQL: &str = concat!("SELECT ", columns!(), " FROM complaints c WHERE c.ordinal < ");
    let mut pieces = vec![Piece::Number(before)];
    pieces.extend(conditions);
    pieces.push(Piece::Sql(" ORDER BY c.ordinal DESC LIMIT "));
    pieces.push(Piece::Number(i64::try_from(limit).unwrap_or(i64::MAX)));
    let rows: Vec<ComplaintRow> =
        run!(tx, SQL, pieces, |query, conn| query.build_query_as().fetch_all(conn).await)?;
    rows.into_iter().map(Complaint::try_from).collect()
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
            counted += count_from_its_list(tx, &part, reach, after).await?;
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

/// Counts from what makes a complaint belong to the list, and no further than to the limit, however long the list is.
async fn count_from_its_list(
    tx: &mut Tx,
    filter: &Filter,
    reach: &Reach,
    after: i64,
) -> Result<i64, StoreError> {
    // A sum, so that no engine begins with the order of arrival.
    const DUE: &str = "SELECT count(*) FROM (SELECT c.ordinal FROM complaints c WHERE c.ordinal + 0 > ";
    const CONFLICTS: &str = "SELECT count(*) FROM (SELECT DISTINCT c.ordinal FROM conflicts k JOIN visit_plans v \
        ON v.visit_id = k.visit_id JOIN complaints c ON c.complaint_id = v.complaint_id \
        WHERE k.state IN ('open', 'settled_in_field') AND c.ordinal + 0 > ";
    const UNSEEN: &str = "SELECT count(*) FROM (SELECT DISTINCT c.ordinal FROM device_visits d JOIN visit_plans v \
        ON v.visit_id = d.visit_id JOIN complaints c ON c.complaint_id = v.complaint_id \
        WHERE d.settled_at_ms IS NULL AND c.ordinal + 0 > ";
    let mut pieces = vec![Piece::Number(after)];
    let mut rest = filter.clone();
    let sql = if let Some(moment) = rest.due_before.take() {
        pieces.extend([Piece::Sql(OPEN), Piece::Sql(" AND c.next_due_at_ms < ")]);
        pieces.push(Piece::Number(moment.unix_ms()));
        DUE
    } else if std::mem::take(&mut rest.conflicts) {
        CONFLICTS
    } else if std::mem::take(&mut rest.unseen) {
        UNSEEN
    } else {
        return count(tx, conditions(filter, reach), after).await;
    };
    pieces.extend(conditions(&rest, reach));
    counted(tx, sql, pieces).await
}

async fn count(tx: &mut Tx, conditions: Vec<Piece>, after: i64) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM (SELECT c.ordinal FROM complaints c WHERE c.ordinal > ";
    let pieces = std::iter::once(Piece::Number(after)).chain(conditions).collect();
    counted(tx, SQL, pieces).await
}

async fn counted(tx: &mut Tx, sql: &'static str, mut pieces: Vec<Piece>) -> Result<i64, StoreError> {
    pieces.push(Piece::Sql(" LIMIT "));
    pieces.push(Piece::Number(NEWER_MAX));
    pieces.push(Piece::Sql(") n"));
    Ok(run!(tx, sql, pieces, |query, conn| query.build_query_scalar().fetch_one(conn).await)?)
}

/// The newest place in the order of arrival; 0 without complaints.
pub(super) async fn newest(tx: &mut Tx) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT coalesce(max(ordinal), 0) FROM complaints";
    Ok(on_engine!(tx, |conn| sqlx::query_scalar(SQL).fetch_one(conn).await)?)
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
    if filter.open || filter.unassigned {
        pieces.push(Piece::Sql(OPEN));
    }
    if filter.unassigned {
        pieces.push(Piece::Sql(" AND c.crew = 0"));
    }
    if filter.conflicts {
        // From the open conflicts to their complaints: there are few, and many complaints.
        pieces.push(Piece::Sql(
            " AND c.complaint_id IN (SELECT v.complaint_id FROM conflicts k JOIN visit_plans v \
             ON v.visit_id = k.visit_id WHERE k.state IN ('open', 'settled_in_field'))",
        ));
    }
    if filter.unseen {
        pieces.push(Piece::Sql(
            " AND c.complaint_id IN (SELECT v.complaint_id FROM device_visits d JOIN visit_plans v \
             ON v.visit_id = d.visit_id WHERE d.settled_at_ms IS NULL)",
        ));
    }
    if let Some(moment) = filter.due_before {
        // From what is due to its complaints, whatever the order of the list.
        pieces.push(Piece::Sql(
            " AND c.ordinal IN (SELECT d.ordinal FROM complaints d WHERE d.state NOT IN ('closed', 'withdrawn') \
             AND d.merged_into IS NULL AND d.next_due_at_ms < ",
        ));
        pieces.extend([Piece::Number(moment.unix_ms()), Piece::Sql(")")]);
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
mod tests;
