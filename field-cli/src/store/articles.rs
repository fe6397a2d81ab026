//! The articles that this device carries, and which versions of them were read on it.

use super::{SearchItem, Store, StoreError, Tx};
use std::collections::{BTreeMap, BTreeSet};
use sync_core::ids::ArticleId;
use sync_core::knowledge::ArticleCard;
use sync_core::time::Timestamp;

/// Where articles stand in the pack.
const PREFIX: &str = "article/";
/// Most articles that one search looks at.
const FOUND_MAX: u32 = 500;

impl Store {
    /// Every article, in the order of their numbers; cards that cannot be read are left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn articles(&self) -> Result<Vec<ArticleCard>, StoreError> {
        let entries = self.pack_items(PREFIX).await?;
        let cards = entries.iter().filter_map(|entry| serde_json::from_str(&entry.json).ok());
        let mut cards: Vec<ArticleCard> = cards.collect();
        cards.sort_by(|a, b| a.number.cmp(&b.number));
        Ok(cards)
    }

    /// The articles of which some version contains every word of `query`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn articles_with(&self, query: &str) -> Result<BTreeSet<ArticleId>, StoreError> {
        let hits = self.search_below(query, PREFIX, FOUND_MAX).await?;
        Ok(hits.iter().filter_map(|hit| hit.key.strip_prefix(PREFIX)?.parse().ok()).collect())
    }

    /// The version of each article that was read last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn articles_read(&self) -> Result<BTreeMap<ArticleId, u32>, StoreError> {
        let rows: Vec<(String, u32)> =
            sqlx::query_as("SELECT article_id, version FROM articles_read").fetch_all(self.pool()).await?;
        Ok(rows.into_iter().filter_map(|(id, version)| Some((id.parse().ok()?, version))).collect())
    }

    /// Notes that a version was read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_article_read(
        &self,
        article: ArticleId,
        version: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO articles_read (article_id, version, read_at_ms) VALUES ($1, $2, $3) \
             ON CONFLICT (article_id) DO UPDATE SET version = $2, read_at_ms = $3",
        )
        .bind(article.to_string())
        .bind(version)
        .bind(now.unix_ms())
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }
}

/// Makes an article findable by the words of all its versions: which of them counts depends on the day.
pub(super) async fn index_in(tx: &mut Tx, key: &str, card: &ArticleCard) -> Result<(), StoreError> {
    let words: Vec<String> = card.versions.iter().rev().map(|version| card.words(version)).collect();
    let item = SearchItem { key: key.to_owned(), visit: None, text: words.join("\n") };
    super::search::put_in(tx, &item).await
}
