//! Finding complaints: the search table, and lists with filters in pages.

use super::model::{Complaint, State};
use super::scope::Reach;
use super::sql::{ComplaintRow, columns};
use crate::store::{EngineKind, StoreError, Tx, on_engine};
use sync_core::ids::PersonId;
use sync_core::search::{fts5_phrase, index_text, like_pattern, query_terms};

/// Most complaints on one page.
const PAGE_MAX: u32 = 500;

/// Which complaints are wanted.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    /// Only in this state.
    pub(super) state: Option<State>,
    /// Only those this person is accountable for.
    pub(super) holder: Option<PersonId>,
    /// Only those first received by this person, even after a hand-off.
    pub(super) first_owner: Option<PersonId>,
    /// Only open ones that nobody is sent to.
    pub(super) unassigned: bool,
    /// Only those with an open conflict.
    pub(super) conflicts: bool,
    /// Only those that contain all these words.
    pub(super) words: Option<String>,
}

/// Writes what the complaint is found by; call it after every change of it.
pub(super) async fn index(tx: &mut Tx, complaint: &Complaint, aliases: &[String]) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO complaint_search (ordinal, indexed) VALUES ($1, $2) \
        ON CONFLICT (ordinal) DO UPDATE SET indexed = $2 WHERE complaint_search.indexed <> $2";
    let text = indexed_text(complaint, aliases);
    on_engine!(tx, |conn| sqlx::query(SQL).bind(complaint.ordinal).bind(text).execute(conn).await.map(drop))?;
    Ok(())
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

macro_rules! list_sql {
    ($matches:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM complaints c WHERE c.ordinal < $1 \
             AND (CAST($2 AS TEXT) IS NULL OR c.state = $2) \
             AND (CAST($3 AS TEXT) IS NULL OR c.holder = $3) \
             AND (CAST($4 AS TEXT) IS NULL OR c.first_owner = $4) \
             AND ($5 = 0 OR (c.state NOT IN ('closed', 'withdrawn') AND c.merged_into IS NULL AND NOT EXISTS \
               (SELECT 1 FROM visit_plans v JOIN visit_assignments a ON a.visit_id = v.visit_id \
                WHERE v.complaint_id = c.complaint_id AND a.ended_at_ms IS NULL))) \
             AND ($6 = 0 OR EXISTS (SELECT 1 FROM visit_plans v JOIN conflicts k ON k.visit_id = v.visit_id \
                WHERE v.complaint_id = c.complaint_id AND k.state <> 'resolved')) \
             AND (CAST($7 AS TEXT) IS NULL OR ",
            $matches,
            ") AND (CAST($8 AS TEXT) IS NULL OR $8 LIKE '%|' || c.region || '|%') \
             ORDER BY c.ordinal DESC LIMIT $9"
        )
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
    let Some(words) = words_for(tx.kind(), filter.words.as_deref()) else { return Ok(Vec::new()) };
    let sql = match tx.kind() {
        // The full-text index of the embedded database.
        EngineKind::Sqlite => list_sql!(
            "c.ordinal IN (SELECT rowid FROM complaint_search_fts WHERE complaint_search_fts MATCH $7)"
        ),
        // PostgreSQL's own text search does not know these words; each pattern is looked for instead.
        EngineKind::Postgres => list_sql!(
            "EXISTS (SELECT 1 FROM complaint_search s WHERE s.ordinal = c.ordinal AND NOT EXISTS \
             (SELECT 1 FROM unnest(string_to_array($7, chr(10))) p WHERE ' ' || s.indexed NOT LIKE p))"
        ),
    };
    let rows: Vec<ComplaintRow> = on_engine!(tx, |conn| {
        sqlx::query_as(sql)
            .bind(before.unwrap_or(i64::MAX))
            .bind(filter.state.map(State::as_str))
            .bind(filter.holder.map(String::from))
            .bind(filter.first_owner.map(String::from))
            .bind(i64::from(filter.unassigned))
            .bind(i64::from(filter.conflicts))
            .bind(words)
            .bind(reach.pattern())
            .bind(i64::from(limit.min(PAGE_MAX)))
            .fetch_all(conn)
            .await
    })?;
    rows.into_iter().map(Complaint::try_from).collect()
}

/// The words as the engine looks for them. `Some(None)`: no words were given; `None`: nothing can be found by them.
fn words_for(engine: EngineKind, words: Option<&str>) -> Option<Option<String>> {
    let Some(words) = words else { return Some(None) };
    let found = match engine {
        EngineKind::Sqlite => fts5_phrase(words),
        EngineKind::Postgres => {
            let patterns: Vec<String> = query_terms(words).iter().map(|term| like_pattern(term)).collect();
            (!patterns.is_empty()).then(|| patterns.join("\n"))
        }
    };
    found.map(Some)
}
