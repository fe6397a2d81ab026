//! Words of complaints: where they are kept, and how complaints are looked up by them.
//!
//! A text is stored under each of its words with the word after it ([`index_keys`]). Words are looked up through the
//! rarest of their keys: a batch of the newest complaints that have it, confirmed on their texts, and the next batch
//! while the page is not full. What that costs depends on how many complaints have the rarest key, never on how many
//! there are: each statement is given the complaints it may look at, whatever the engine thinks of the tables.

use crate::store::{StoreError, Tx, statement};
use sync_core::search::{KeyRange, index_keys, like_pattern, query_keys, query_terms};

/// Keys that are written with one statement.
const KEYS_AT_ONCE: usize = 400;
/// Keys of a query that are compared for how rare they are; a person types few words.
const KEYS_COMPARED_MAX: usize = 24;
/// Complaints under a key are counted up to this: beyond it, every key is common.
const COMMON: i64 = 1_000;
/// Complaints that are looked at with one statement.
const BATCH: usize = 400;
/// A key with so few complaints is rare enough not to look for a rarer one.
const RARE: i64 = 50;

/// Writes the words of a complaint, in the form of [`sync_core::search::index_text`].
pub(super) async fn write(tx: &mut Tx, ordinal: i64, text: String) -> Result<(), StoreError> {
    const KNOWN: &str = "SELECT indexed FROM complaint_search WHERE ordinal = $1";
    const WRITE: &str = "INSERT INTO complaint_search (ordinal, indexed) VALUES ($1, $2) \
        ON CONFLICT (ordinal) DO UPDATE SET indexed = $2";
    let known: Option<String> = statement(KNOWN).bind(ordinal).value_if_any(tx).await?;
    if known.as_ref() == Some(&text) {
        return Ok(());
    }
    let (before, after) = (index_keys(known.as_deref().unwrap_or_default()), index_keys(&text));
    statement(WRITE).bind(ordinal).bind(text).execute(tx).await?;
    remove_keys(tx, ordinal, before.difference(&after)).await?;
    add_keys(tx, ordinal, after.difference(&before)).await
}

async fn add_keys(tx: &mut Tx, ordinal: i64, keys: impl Iterator<Item = &String>) -> Result<(), StoreError> {
    let keys: Vec<&String> = keys.collect();
    for keys in keys.chunks(KEYS_AT_ONCE) {
        let mut query = statement("INSERT INTO complaint_search_keys (key, ordinal) ");
        query.push_values(keys, |row, key| {
            row.push_bind(*key).push_bind(ordinal);
        });
        query.execute(tx).await?;
    }
    Ok(())
}

async fn remove_keys(
    tx: &mut Tx,
    ordinal: i64,
    keys: impl Iterator<Item = &String>,
) -> Result<(), StoreError> {
    let keys: Vec<&String> = keys.collect();
    for keys in keys.chunks(KEYS_AT_ONCE) {
        let mut query = statement("DELETE FROM complaint_search_keys WHERE ordinal = ");
        query.push_bind(ordinal).push(" AND key IN (");
        let mut list = query.places();
        for key in keys {
            list.push_bind(*key);
        }
        query.push(")");
        query.execute(tx).await?;
    }
    Ok(())
}

/// Words as they are looked up.
#[derive(Debug)]
pub(super) struct Lookup {
    rarest: KeyRange,
    /// What the text of a complaint must contain, as patterns of LIKE.
    pub(super) patterns: Vec<String>,
}

impl Lookup {
    /// How these words are looked up; `None` when no complaint can have them all.
    pub(super) async fn of(tx: &mut Tx, words: &str) -> Result<Option<Self>, StoreError> {
        const SQL: &str = "SELECT count(*) FROM (SELECT 1 AS one FROM complaint_search_keys \
            WHERE key BETWEEN $1 AND $2 LIMIT $3) k";
        let terms = query_terms(words);
        let mut rarest: Option<(i64, KeyRange)> = None;
        for keys in query_keys(&terms).into_iter().take(KEYS_COMPARED_MAX) {
            let most = rarest.as_ref().map_or(COMMON, |(count, _)| *count);
            let count: i64 = statement(SQL).bind(&keys.first).bind(&keys.last).bind(most).value(tx).await?;
            if count == 0 {
                return Ok(None);
            }
            if rarest.is_none() || count < most {
                rarest = Some((count, keys));
            }
            if count <= RARE {
                break;
            }
        }
        let patterns = terms.iter().map(|term| like_pattern(term)).collect();
        Ok(rarest.map(|(_, rarest)| Self { rarest, patterns }))
    }

    /// The newest complaints between these places, both left out, that have the rarest key; none: there are no more.
    pub(super) async fn batch(
        &self,
        tx: &mut Tx,
        (after, before): (i64, i64),
    ) -> Result<Vec<i64>, StoreError> {
        // The keys of one word lie in the order of arrival; those of several are sorted.
        const OF_ONE: &str = "SELECT k.ordinal FROM complaint_search_keys k WHERE k.key = $1 \
            AND k.ordinal > $2 AND k.ordinal < $3 ORDER BY k.ordinal DESC LIMIT $4";
        const OF_SEVERAL: &str = "SELECT DISTINCT k.ordinal FROM complaint_search_keys k \
            WHERE k.key BETWEEN $1 AND $5 AND k.ordinal > $2 AND k.ordinal < $3 ORDER BY k.ordinal DESC LIMIT $4";
        let KeyRange { first, last } = &self.rarest;
        let most = i64::try_from(BATCH).unwrap_or(i64::MAX);
        let query = statement(if first == last { OF_ONE } else { OF_SEVERAL });
        let query = query.bind(first).bind(after).bind(before).bind(most);
        if first == last { query } else { query.bind(last) }.values(tx).await
    }
}
