//! The tables `articles`, `article_versions` and `article_acts`.

use super::bodies::ArticleList;
use super::model::{Article, ArticleAct, ArticleContent, ArticleVersion};
use crate::store::{StoreError, Tx, statement};
use serde_json::json;
use sqlx_macros::FromRow;
use sync_core::ids::{ArticleId, ComplaintId, PersonId};
use sync_core::search::{like_pattern, query_terms};
use sync_core::time::Timestamp;

const TABLE: &str = "articles";
const VERSIONS: &str = "article_versions";

#[derive(FromRow)]
struct Row {
    article_id: String,
    number: i64,
    kind: String,
    source_complaint_id: Option<String>,
    version: i64,
    approved_no: Option<i64>,
    draft_no: Option<i64>,
    changed_at_ms: i64,
    created_at_ms: i64,
    created_by: String,
    withdrawn_at_ms: Option<i64>,
    withdrawn_by: Option<String>,
}

macro_rules! columns {
    () => {
        "a.article_id, a.number, a.kind, a.source_complaint_id, a.version, a.approved_no, a.draft_no, a.changed_at_ms, a.created_at_ms, \
         a.created_by, a.withdrawn_at_ms, a.withdrawn_by"
    };
}

impl TryFrom<Row> for Article {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let key = row.article_id.as_str();
        let person = |id: &String| StoreError::parse_column(TABLE, "withdrawn_by", key, id);
        Ok(Self {
            id: StoreError::parse_column(TABLE, "article_id", key, key)?,
            number: row.number,
            kind: row.kind.parse().map_err(|()| StoreError::impossible(TABLE, "kind", key))?,
            source: row
                .source_complaint_id
                .as_ref()
                .map(|id| StoreError::parse_column(TABLE, "source_complaint_id", key, id))
                .transpose()?,
            version: row.version,
            approved: row.approved_no,
            draft: row.draft_no,
            changed_at: Timestamp::from_unix_ms(row.changed_at_ms),
            created_at: Timestamp::from_unix_ms(row.created_at_ms),
            created_by: StoreError::parse_column(TABLE, "created_by", key, &row.created_by)?,
            withdrawn: row
                .withdrawn_at_ms
                .map(Timestamp::from_unix_ms)
                .zip(row.withdrawn_by.as_ref().map(person).transpose()?),
        })
    }
}

/// The article with this id.
pub(super) async fn find(tx: &mut Tx, id: ArticleId) -> Result<Option<Article>, StoreError> {
    const SQL: &str = concat!("SELECT ", columns!(), " FROM articles a WHERE a.article_id = $1");
    let row: Option<Row> = statement(SQL).bind(id.to_string()).row_if_any(tx).await?;
    row.map(Article::try_from).transpose()
}

/// Which part of which list is wanted.
#[derive(Debug, Clone)]
pub(super) struct Listing<'a> {
    pub(super) list: ArticleList,
    /// Words that all have to be in the newest text; empty: any.
    pub(super) words: &'a str,
    /// Sort key and id of the entry before.
    pub(super) after: (i64, String),
    pub(super) limit: u32,
}

/// One part of a list, what was changed last first. A knowledge base has thousands of texts, not millions: with words
/// their indexed texts are read one after another.
pub(super) async fn list(tx: &mut Tx, wanted: &Listing<'_>) -> Result<Vec<Article>, StoreError> {
    let which = match wanted.list {
        ArticleList::Current => "a.withdrawn_at_ms IS NULL AND a.approved_no IS NOT NULL",
        ArticleList::Cases => "a.withdrawn_at_ms IS NULL AND a.approved_no IS NOT NULL AND a.kind = 'case'",
        ArticleList::Waiting => "a.withdrawn_at_ms IS NULL AND a.draft_no IS NOT NULL",
        ArticleList::Withdrawn => "a.withdrawn_at_ms IS NOT NULL",
    };
    let mut query = statement(concat!("SELECT ", columns!(), " FROM articles a WHERE "));
    query.push(which).push(" AND (-a.changed_at_ms, a.article_id) > (").push_bind(wanted.after.0);
    query.push(", ").push_bind(&wanted.after.1).push(")");
    for term in query_terms(wanted.words) {
        query.push(" AND ' ' || a.indexed LIKE ").push_bind(like_pattern(&term));
    }
    query.push(" ORDER BY -a.changed_at_ms, a.article_id LIMIT ").push_bind(i64::from(wanted.limit));
    let rows: Vec<Row> = query.rows(tx).await?;
    rows.into_iter().map(Article::try_from).collect()
}

/// The cases that came from a complaint, the oldest first.
pub(super) async fn cases_of(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<Article>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", columns!(), " FROM articles a WHERE a.source_complaint_id = $1 ORDER BY a.number");
    let rows: Vec<Row> = statement(SQL).bind(complaint.to_string()).rows(tx).await?;
    rows.into_iter().map(Article::try_from).collect()
}

/// How many drafts of others wait for this person; counting ends at 99.
pub(crate) async fn count_waiting(tx: &mut Tx, person: PersonId) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM (SELECT 1 FROM articles a WHERE a.withdrawn_at_ms IS NULL \
        AND a.draft_no IS NOT NULL AND NOT EXISTS (SELECT 1 FROM article_acts e WHERE e.article_id = a.article_id \
        AND e.version_no = a.draft_no AND e.act = 'written' AND e.person_id = $1) LIMIT 99) n";
    statement(SQL).bind(person.to_string()).value(tx).await
}

/// Inserts a new article.
pub(super) async fn insert(tx: &mut Tx, new: &Article, indexed: &str) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO articles (article_id, number, kind, version, draft_no, indexed, changed_at_ms, \
        created_at_ms, created_by, source_complaint_id) VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9)";
    statement(SQL)
        .bind(new.id.to_string())
        .bind(new.number)
        .bind(new.kind.as_str())
        .bind(new.draft)
        .bind(indexed)
        .bind(new.changed_at.unix_ms())
        .bind(new.created_at.unix_ms())
        .bind(new.created_by.to_string())
        .bind(new.source.map(String::from))
        .execute(tx)
        .await?;
    Ok(())
}

/// Writes what may change if the row is still at the version read; says whether it was.
pub(super) async fn update(tx: &mut Tx, row: &Article, indexed: &str) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE articles SET version = version + 1, approved_no = $3, draft_no = $4, indexed = $5, \
        changed_at_ms = $6, withdrawn_at_ms = $7, withdrawn_by = $8 WHERE article_id = $1 AND version = $2";
    let changed = statement(SQL)
        .bind(row.id.to_string())
        .bind(row.version)
        .bind(row.approved)
        .bind(row.draft)
        .bind(indexed)
        .bind(row.changed_at.unix_ms())
        .bind(row.withdrawn.map(|(at, _)| at.unix_ms()))
        .bind(row.withdrawn.map(|(_, by)| by.to_string()))
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

#[derive(FromRow)]
struct VersionRow {
    version_no: i64,
    title_zh: String,
    body_zh: String,
    title_en: String,
    body_en: String,
    categories_json: String,
    regions_json: String,
    visibility: String,
    valid_from: String,
    valid_to: Option<String>,
    changes: String,
    written_by: String,
    written_at_ms: i64,
    approved_by: Option<String>,
    approved_at_ms: Option<i64>,
}

impl VersionRow {
    fn read(self, key: &str) -> Result<ArticleVersion, StoreError> {
        let tags = |column, json: &str| {
            serde_json::from_str(json).map_err(|_| StoreError::impossible(VERSIONS, column, key))
        };
        let person = |id: &String| StoreError::parse_column(VERSIONS, "approved_by", key, id);
        let last = |day: &String| StoreError::parse_column(VERSIONS, "valid_to", key, day);
        Ok(ArticleVersion {
            number: self.version_no,
            content: ArticleContent {
                categories: tags("categories_json", &self.categories_json)?,
                regions: tags("regions_json", &self.regions_json)?,
                visibility: self
                    .visibility
                    .parse()
                    .map_err(|()| StoreError::impossible(VERSIONS, "visibility", key))?,
                valid_from: StoreError::parse_column(VERSIONS, "valid_from", key, &self.valid_from)?,
                valid_to: self.valid_to.as_ref().map(last).transpose()?,
                title_zh: self.title_zh,
                body_zh: self.body_zh,
                title_en: self.title_en,
                body_en: self.body_en,
                changes: self.changes,
            },
            written_by: StoreError::parse_column(VERSIONS, "written_by", key, &self.written_by)?,
            written_at: Timestamp::from_unix_ms(self.written_at_ms),
            approved: self
                .approved_at_ms
                .map(Timestamp::from_unix_ms)
                .zip(self.approved_by.as_ref().map(person).transpose()?),
        })
    }
}

/// All versions of an article, oldest first.
pub(super) async fn versions(tx: &mut Tx, id: ArticleId) -> Result<Vec<ArticleVersion>, StoreError> {
    const SQL: &str = "SELECT version_no, title_zh, body_zh, title_en, body_en, categories_json, regions_json, \
        visibility, valid_from, valid_to, changes, written_by, written_at_ms, approved_by, approved_at_ms \
        FROM article_versions WHERE article_id = $1 ORDER BY version_no";
    let key = id.to_string();
    let rows: Vec<VersionRow> = statement(SQL).bind(&key).rows(tx).await?;
    rows.into_iter().map(|row| row.read(&key)).collect()
}

/// Writes a draft, in place of what the same draft said before. What was approved stays as it is.
pub(super) async fn put_draft(tx: &mut Tx, id: ArticleId, draft: &ArticleVersion) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO article_versions (article_id, version_no, title_zh, body_zh, title_en, body_en, \
        categories_json, regions_json, visibility, valid_from, valid_to, changes, written_by, written_at_ms) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
        ON CONFLICT (article_id, version_no) DO UPDATE SET title_zh = excluded.title_zh, body_zh = excluded.body_zh, \
        title_en = excluded.title_en, body_en = excluded.body_en, categories_json = excluded.categories_json, \
        regions_json = excluded.regions_json, visibility = excluded.visibility, valid_from = excluded.valid_from, \
        valid_to = excluded.valid_to, changes = excluded.changes, written_by = excluded.written_by, \
        written_at_ms = excluded.written_at_ms WHERE article_versions.approved_at_ms IS NULL";
    let content = &draft.content;
    statement(SQL)
        .bind(id.to_string())
        .bind(draft.number)
        .bind(&content.title_zh)
        .bind(&content.body_zh)
        .bind(&content.title_en)
        .bind(&content.body_en)
        .bind(json!(content.categories).to_string())
        .bind(json!(content.regions).to_string())
        .bind(content.visibility.as_str())
        .bind(content.valid_from.to_string())
        .bind(content.valid_to.map(|day| day.to_string()))
        .bind(&content.changes)
        .bind(draft.written_by.to_string())
        .bind(draft.written_at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

/// Approves a draft; says whether there was one.
pub(super) async fn approve(
    tx: &mut Tx,
    id: ArticleId,
    version: i64,
    by: PersonId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE article_versions SET approved_by = $3, approved_at_ms = $4 \
        WHERE article_id = $1 AND version_no = $2 AND approved_at_ms IS NULL";
    let changed = statement(SQL)
        .bind(id.to_string())
        .bind(version)
        .bind(by.to_string())
        .bind(at.unix_ms())
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Writes down what was done.
pub(super) async fn note(tx: &mut Tx, article: ArticleId, act: &ArticleAct) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO article_acts (article_id, act_no, act, version_no, words, person_id, at_ms) \
        VALUES ($1, (SELECT coalesce(max(e.act_no), 0) + 1 FROM article_acts e WHERE e.article_id = $1), \
        $2, $3, $4, $5, $6)";
    statement(SQL)
        .bind(article.to_string())
        .bind(act.kind.as_str())
        .bind(act.version)
        .bind(&act.words)
        .bind(act.person.to_string())
        .bind(act.at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

#[derive(FromRow)]
struct ActRow {
    act: String,
    version_no: i64,
    words: Option<String>,
    person_id: String,
    at_ms: i64,
}

/// Everything that was done, oldest first.
pub(super) async fn acts(tx: &mut Tx, article: ArticleId) -> Result<Vec<ArticleAct>, StoreError> {
    const SQL: &str = "SELECT act, version_no, words, person_id, at_ms FROM article_acts \
        WHERE article_id = $1 ORDER BY act_no";
    let key = article.to_string();
    let rows: Vec<ActRow> = statement(SQL).bind(&key).rows(tx).await?;
    let read = |row: ActRow| {
        Ok(ArticleAct {
            kind: row.act.parse().map_err(|()| StoreError::impossible("article_acts", "act", &key))?,
            version: row.version_no,
            words: row.words,
            person: StoreError::parse_column("article_acts", "person_id", &key, &row.person_id)?,
            at: Timestamp::from_unix_ms(row.at_ms),
        })
    };
    rows.into_iter().map(read).collect()
}
