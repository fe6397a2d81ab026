//! Finding words in what this device carries and has recorded.

use super::{Store, StoreError, Tx, Write};
use sync_core::codes::{CodeEntry, CodeTable, Language};
use sync_core::ids::VisitId;
use sync_core::search::{fts5_phrase, index_text};

/// Tables whose codes stand among what is searched.
const SEARCHED_CODES: [CodeTable; 7] = [
    CodeTable::Categories,
    CodeTable::Findings,
    CodeTable::Severities,
    CodeTable::PhotoRoles,
    CodeTable::Outcomes,
    CodeTable::StatementGivers,
    CodeTable::RootCauses,
];

/// A text that can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchItem {
    /// What it is: the key of a pack item, or `visit/<id>/<path>` in a visit document.
    pub key: String,
    /// The visit it belongs to.
    pub visit: Option<VisitId>,
    /// The text as it is shown.
    pub text: String,
}

/// A text that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// What it is, as in [`SearchItem`].
    pub key: String,
    /// The visit it belongs to.
    pub visit: Option<VisitId>,
    /// The text as it is shown.
    pub text: String,
}

impl Store {
    /// Texts that contain every word of `query`, best first. Nothing is found for an empty query.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn search(&self, query: &str, limit: u32) -> Result<Vec<SearchHit>, StoreError> {
        self.search_below(query, "", limit).await
    }

    /// The same among texts whose key begins with `prefix`.
    pub(super) async fn search_below(
        &self,
        query: &str,
        prefix: &str,
        limit: u32,
    ) -> Result<Vec<SearchHit>, StoreError> {
        let Some(phrase) = fts5_phrase(query) else { return Ok(Vec::new()) };
        let rows: Vec<(String, Option<String>, String)> = sqlx::query_as(
            "SELECT search_items.key, search_items.visit_id, search_items.text FROM search \
             JOIN search_items ON search_items.item = search.rowid WHERE search MATCH $1 \
             AND substr(search_items.key, 1, length($3)) = $3 ORDER BY rank LIMIT $2",
        )
        .bind(phrase)
        .bind(limit)
        .bind(prefix)
        .fetch_all(self.pool())
        .await?;
        let hits = rows.into_iter().map(|(key, visit, text)| SearchHit {
            key,
            visit: visit.and_then(|id| id.parse().ok()),
            text,
        });
        Ok(hits.collect())
    }
}

/// Makes a text findable in place of what was under its key before.
pub(super) async fn put_in(tx: &mut Tx, item: &SearchItem) -> Result<(), StoreError> {
    remove_in(tx, &item.key).await?;
    let row: i64 = sqlx::query_scalar(
        "INSERT INTO search_items (key, visit_id, text) VALUES ($1, $2, $3) RETURNING item",
    )
    .bind(&item.key)
    .bind(item.visit.map(|id| id.to_string()))
    .bind(&item.text)
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query("INSERT INTO search (rowid, spaced) VALUES ($1, $2)")
        .bind(row)
        .bind(index_text(&with_names(&item.text)))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A text, and what its codes are called in both languages: nobody searches for `SEAL_BROKEN`.
fn with_names(text: &str) -> String {
    let names = text
        .lines()
        .filter_map(find_code)
        .flat_map(|entry| [Language::Chinese, Language::English].map(|language| entry.name(language)));
    names.fold(text.to_owned(), |whole, name| whole + "\n" + name)
}

/// The code that a line of a searched text is, if it is one.
pub(crate) fn find_code(line: &str) -> Option<&'static CodeEntry> {
    SEARCHED_CODES.iter().find_map(|table| table.find(line))
}

/// Makes a text unfindable.
pub(super) async fn remove_in(tx: &mut Tx, key: &str) -> Result<(), StoreError> {
    let row: Option<i64> = sqlx::query_scalar("DELETE FROM search_items WHERE key = $1 RETURNING item")
        .bind(key)
        .fetch_optional(&mut **tx)
        .await?;
    if let Some(row) = row {
        sqlx::query("DELETE FROM search WHERE rowid = $1").bind(row).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Makes what an act wrote findable.
pub(super) async fn index_writes_in(tx: &mut Tx, visit: VisitId, writes: &[Write]) -> Result<(), StoreError> {
    for write in writes {
        let key = format!("visit/{visit}/{}", write.path);
        let mut words = Vec::new();
        collect_words(&write.after, &mut words);
        if words.is_empty() {
            remove_in(tx, &key).await?;
        } else {
            put_in(tx, &SearchItem { key, visit: Some(visit), text: words.join("\n") }).await?;
        }
    }
    Ok(())
}

/// Texts that somebody typed: ids and hashes are left out, since nobody searches for them.
fn collect_words<'a>(value: &'a serde_json::Value, words: &mut Vec<&'a str>) {
    match value {
        serde_json::Value::String(text) if is_id(text) || text.is_empty() => {}
        serde_json::Value::String(text) => words.push(text),
        serde_json::Value::Object(fields) => fields.values().for_each(|field| collect_words(field, words)),
        _ => {}
    }
}

fn is_id(text: &str) -> bool {
    text.parse::<sync_core::ids::EntryId>().is_ok() || text.parse::<sync_core::ids::BlobHash>().is_ok()
}
