//! Promises that rest on articles: which are to be corrected since their version does not count any more, and how that
//! was done.
//!
//! A promise stands on the version that was read at the door, and after a correction on the version that counted then.
//! It is to be corrected while it is owed and a newer version of its article has begun, or since the article was
//! withdrawn. That follows from the rows at every moment: a version that begins by itself needs no timer, and a promise
//! that arrives late is listed like any other.

use super::model::{KnowledgeError, article_name};
use super::{office_date, sql};
use crate::audit::{self, EntryKind};
use crate::complaints::acts::{Actor, named};
use crate::complaints::intake::checked_reason;
use crate::complaints::model::EventKind;
use crate::complaints::scope::{Reach, within};
use crate::complaints::{self, history};
use crate::store::{StoreError, Tx, statement};
use crate::words::words;
use serde_json::json;
use sqlx_macros::FromRow;
use sync_core::ids::{ArticleId, ComplaintId, EntryId, PersonId, VisitId};
use sync_core::time::Timestamp;

const CORRECTED: EntryKind = EntryKind("promise.corrected");
const TABLE: &str = "promise_deadlines";

words! {
    /// Lists of promises that rest on articles.
    pub(crate) PromiseList {
        /// Owed ones whose version does not count any more, the most urgent first.
        ToCorrect = "to_correct",
        /// Those that were corrected, newest first.
        Corrected = "corrected",
    }
}

/// A promise that rests on an article.
#[derive(Debug, Clone)]
pub(super) struct Promised {
    pub(super) visit: VisitId,
    pub(super) entry: EntryId,
    pub(super) complaint: Option<ComplaintId>,
    pub(super) article: ArticleId,
    /// The version that was read at the door.
    pub(super) version: i64,
    /// The version that it agrees with, as corrected.
    pub(super) stands_on: i64,
    pub(super) due_at: Timestamp,
    pub(super) kept_at: Option<Timestamp>,
    /// Who made it.
    pub(super) person: PersonId,
    /// When, by the device's clock.
    pub(super) claimed_at: Timestamp,
}

/// How a promise was put right.
#[derive(Debug, Clone)]
pub(super) struct Correction {
    pub(super) from_version: i64,
    pub(super) to_version: i64,
    pub(super) words: String,
    pub(super) due_before: Timestamp,
    pub(super) due_after: Timestamp,
    pub(super) person: PersonId,
    pub(super) at: Timestamp,
}

#[derive(FromRow)]
struct Row {
    sort: i64,
    visit_id: String,
    entry_id: String,
    complaint_id: Option<String>,
    article_id: String,
    article_version: i64,
    stands_on: i64,
    due_at_ms: i64,
    kept_at_ms: Option<i64>,
    person_id: String,
    claimed_at_ms: i64,
}

macro_rules! columns {
    ($sort:literal) => {
        concat!(
            "SELECT ",
            $sort,
            " AS sort, p.visit_id, p.entry_id, w.complaint_id, p.article_id, p.article_version, p.stands_on, \
             p.due_at_ms, p.kept_at_ms, p.person_id, p.claimed_at_ms FROM promise_deadlines p \
             JOIN articles a ON a.article_id = p.article_id LEFT JOIN visit_plans w ON w.visit_id = p.visit_id \
             LEFT JOIN complaints c ON c.complaint_id = w.complaint_id "
        )
    };
}

/// The condition that a promise is to be corrected on the day `$2`.
macro_rules! to_correct {
    () => {
        "p.kept_at_ms IS NULL AND (EXISTS (SELECT 1 FROM article_versions v WHERE v.article_id = p.article_id \
         AND v.version_no > p.stands_on AND v.approved_at_ms IS NOT NULL AND v.valid_from <= $2) \
         OR (a.withdrawn_at_ms IS NOT NULL AND coalesce(p.corrected_at_ms, -1) < a.withdrawn_at_ms))"
    };
}

impl TryFrom<Row> for Promised {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let key = row.entry_id.as_str();
        let complaint = row.complaint_id.as_deref();
        Ok(Self {
            visit: StoreError::parse_column(TABLE, "visit_id", key, &row.visit_id)?,
            entry: StoreError::parse_column(TABLE, "entry_id", key, key)?,
            complaint: complaint
                .map(|id| StoreError::parse_column("visit_plans", "complaint_id", key, id))
                .transpose()?,
            article: StoreError::parse_column(TABLE, "article_id", key, &row.article_id)?,
            version: row.article_version,
            stands_on: row.stands_on,
            due_at: Timestamp::from_unix_ms(row.due_at_ms),
            kept_at: row.kept_at_ms.map(Timestamp::from_unix_ms),
            person: StoreError::parse_column(TABLE, "person_id", key, &row.person_id)?,
            claimed_at: Timestamp::from_unix_ms(row.claimed_at_ms),
        })
    }
}

/// Which part of which list is wanted.
#[derive(Debug, Clone)]
pub(super) struct Listing<'a> {
    pub(super) list: PromiseList,
    pub(super) reach: &'a Reach,
    pub(super) now: Timestamp,
    /// Sort key and key of the entry before: `<visit>/<entry>`.
    pub(super) after: (i64, String),
    pub(super) limit: u32,
}

/// One part of a list with the sort key of each entry.
pub(super) async fn list(tx: &mut Tx, wanted: &Listing<'_>) -> Result<Vec<(i64, Promised)>, StoreError> {
    macro_rules! listed {
        ($sort:literal, $which:expr) => {
            concat!(
                columns!($sort),
                "WHERE ",
                $which,
                " AND CAST($2 AS TEXT) IS NOT NULL AND ",
                within!("$1", "coalesce(c.unit, '')", "coalesce(c.region, '')"),
                " AND (",
                $sort,
                ", p.visit_id || '/' || p.entry_id) > ($3, $4) ORDER BY ",
                $sort,
                ", p.visit_id || '/' || p.entry_id LIMIT $5"
            )
        };
    }
    let sql = match wanted.list {
        PromiseList::ToCorrect => listed!("p.due_at_ms", to_correct!()),
        PromiseList::Corrected => listed!("-p.corrected_at_ms", "p.corrected_at_ms IS NOT NULL"),
    };
    let rows: Vec<Row> = statement(sql)
        .bind(wanted.reach.pattern())
        .bind(office_date(wanted.now).to_string())
        .bind(wanted.after.0)
        .bind(&wanted.after.1)
        .bind(i64::from(wanted.limit))
        .rows(tx)
        .await?;
    rows.into_iter().map(|row| Ok((row.sort, row.try_into()?))).collect()
}

/// How many promises within reach are to be corrected; counting ends at 99.
pub(crate) async fn count_to_correct(tx: &mut Tx, reach: &Reach, now: Timestamp) -> Result<i64, StoreError> {
    const SQL: &str = concat!(
        "SELECT count(*) FROM (SELECT 1 FROM promise_deadlines p JOIN articles a ON a.article_id = p.article_id \
         LEFT JOIN visit_plans w ON w.visit_id = p.visit_id \
         LEFT JOIN complaints c ON c.complaint_id = w.complaint_id WHERE ",
        to_correct!(),
        " AND ",
        within!("$1", "coalesce(c.unit, '')", "coalesce(c.region, '')"),
        " LIMIT 99) n"
    );
    let day = office_date(now).to_string();
    statement(SQL).bind(reach.pattern()).bind(day).value(tx).await
}

/// How many owed promises stand on versions of this article before this one; counting ends at 99.
pub(super) async fn count_before(tx: &mut Tx, article: ArticleId, version: i64) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM (SELECT 1 FROM promise_deadlines WHERE article_id = $1 \
        AND stands_on < $2 AND kept_at_ms IS NULL LIMIT 99) n";
    statement(SQL).bind(article.to_string()).bind(version).value(tx).await
}

/// The promise of this entry, with whether it is to be corrected; `None` when it rests on no article.
pub(super) async fn find(
    tx: &mut Tx,
    (visit, entry): (VisitId, EntryId),
    now: Timestamp,
) -> Result<Option<(Promised, bool)>, StoreError> {
    const SQL: &str = concat!(columns!("p.due_at_ms"), "WHERE p.visit_id = $1 AND p.entry_id = $2");
    const OPEN: &str = concat!(
        "SELECT count(*) FROM promise_deadlines p JOIN articles a ON a.article_id = p.article_id \
         WHERE p.visit_id = $1 AND p.entry_id = $3 AND ",
        to_correct!()
    );
    let (visit, entry) = (visit.to_string(), entry.to_string());
    let row: Option<Row> = statement(SQL).bind(&visit).bind(&entry).row_if_any(tx).await?;
    let Some(row) = row else { return Ok(None) };
    let day = office_date(now).to_string();
    let open: i64 = statement(OPEN).bind(&visit).bind(day).bind(&entry).value(tx).await?;
    Ok(Some((row.try_into()?, open > 0)))
}

#[derive(FromRow)]
struct CorrectionRow {
    from_version: i64,
    to_version: i64,
    words: String,
    due_before_ms: i64,
    due_after_ms: i64,
    person_id: String,
    at_ms: i64,
}

/// How a promise was put right, oldest first.
pub(super) async fn corrections(
    tx: &mut Tx,
    (visit, entry): (VisitId, EntryId),
) -> Result<Vec<Correction>, StoreError> {
    const SQL: &str = "SELECT from_version, to_version, words, due_before_ms, due_after_ms, person_id, at_ms \
        FROM promise_corrections WHERE visit_id = $1 AND entry_id = $2 ORDER BY correction_no";
    let key = entry.to_string();
    let rows: Vec<CorrectionRow> = statement(SQL).bind(visit.to_string()).bind(&key).rows(tx).await?;
    let read = |row: CorrectionRow| {
        Ok(Correction {
            from_version: row.from_version,
            to_version: row.to_version,
            words: row.words,
            due_before: Timestamp::from_unix_ms(row.due_before_ms),
            due_after: Timestamp::from_unix_ms(row.due_after_ms),
            person: StoreError::parse_column("promise_corrections", "person_id", &key, &row.person_id)?,
            at: Timestamp::from_unix_ms(row.at_ms),
        })
    };
    rows.into_iter().map(read).collect()
}

/// Writes down that the customer was told what counts now; the promise may get another due time.
pub(super) async fn correct(
    tx: &mut Tx,
    promised: Promised,
    (words, due): (&str, Option<Timestamp>),
    by: Actor,
) -> Result<(), KnowledgeError> {
    let words = checked_reason("/words", words)
        .map_err(|_| KnowledgeError::invalid("/words", "1 to 2000 characters"))?;
    let due = due.unwrap_or(promised.due_at);
    let versions = sql::versions(tx, promised.article).await?;
    let counts = super::model::begun(&versions, by.at).map_or(promised.stands_on, |version| version.number);
    let correction = Correction {
        from_version: promised.stands_on,
        to_version: counts,
        words: words.clone(),
        due_before: promised.due_at,
        due_after: due,
        person: by.person,
        at: by.at,
    };
    write(tx, &promised, &correction).await?;
    let number = sql::find(tx, promised.article).await?.map_or(0, |article| article.number);
    let mut detail = crate::audit::Detail::new();
    if let Some(id) = promised.complaint
        && let Some(complaint) = complaints::standing(tx, id).await?
    {
        let facts = json!({ "entry": promised.entry, "due_at_ms": due, "article": article_name(number),
            "article_version": counts });
        let mut event = by.event(EventKind::PromiseCorrected).visit(promised.visit).detail(facts);
        event.reason = Some(words.clone());
        history::add(tx, complaint.id, &event).await?;
        detail = named(&complaint);
    }
    let detail = detail
        .with("article", promised.article)
        .with("number", article_name(number))
        .with("article_version", counts.to_string())
        .with("entry", promised.entry.to_string());
    audit::append(tx, &by.entry(CORRECTED, detail).visit(promised.visit).because(Some(&words))).await?;
    Ok(())
}

async fn write(tx: &mut Tx, promised: &Promised, correction: &Correction) -> Result<(), StoreError> {
    const ADD: &str = "INSERT INTO promise_corrections (visit_id, entry_id, correction_no, from_version, to_version, \
        words, due_before_ms, due_after_ms, person_id, at_ms) VALUES ($1, $2, \
        (SELECT coalesce(max(e.correction_no), 0) + 1 FROM promise_corrections e WHERE e.visit_id = $1 \
        AND e.entry_id = $2), $3, $4, $5, $6, $7, $8, $9)";
    const MOVE: &str = "UPDATE promise_deadlines SET stands_on = $3, due_at_ms = $4, corrected_at_ms = $5 \
        WHERE visit_id = $1 AND entry_id = $2";
    let (visit, entry) = (promised.visit.to_string(), promised.entry.to_string());
    statement(ADD)
        .bind(&visit)
        .bind(&entry)
        .bind(correction.from_version)
        .bind(correction.to_version)
        .bind(&correction.words)
        .bind(correction.due_before.unix_ms())
        .bind(correction.due_after.unix_ms())
        .bind(correction.person.to_string())
        .bind(correction.at.unix_ms())
        .execute(tx)
        .await?;
    statement(MOVE)
        .bind(&visit)
        .bind(&entry)
        .bind(correction.to_version)
        .bind(correction.due_after.unix_ms())
        .bind(correction.at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}
