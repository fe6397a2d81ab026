//! The words of a search, kept beside the session, so that names, phones and addresses stand in no address.
//!
//! The key in the address says nothing to anybody else, and to the same person only while the session lasts. Why:
//! `docs/decisions/0020-words-of-searches-in-no-address.md`.

use crate::store::{StoreError, Tx, statement};
use sha2::{Digest, Sha256};

/// Characters of words that are looked for.
const WORDS_CHARS_MAX: usize = 200;
/// Searches of one session; beyond that it begins anew.
const SEARCHES_MAX: i64 = 500;

/// Keeps words for a session and returns the key that stands for them. The same words have the same key.
pub(super) async fn keep(tx: &mut Tx, session: &str, words: &str) -> Result<String, StoreError> {
    const COUNT: &str = "SELECT count(*) FROM kept_searches WHERE session = $1";
    const FORGET: &str = "DELETE FROM kept_searches WHERE session = $1";
    const SQL: &str = "INSERT INTO kept_searches (session, search_key, words) VALUES ($1, $2, $3) \
        ON CONFLICT (session, search_key) DO NOTHING";
    let words: String = words.chars().filter(|c| !c.is_control()).take(WORDS_CHARS_MAX).collect();
    let key = key_of(session, &words);
    let count: i64 = statement(COUNT).bind(session).value(tx).await?;
    if count >= SEARCHES_MAX {
        statement(FORGET).bind(session).execute(tx).await?;
    }
    statement(SQL).bind(session).bind(&key).bind(&words).execute(tx).await?;
    Ok(key)
}

/// The words behind a key; `None` when they are another session's or no longer kept.
pub(super) async fn find(tx: &mut Tx, session: &str, key: &str) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT words FROM kept_searches WHERE session = $1 AND search_key = $2";
    statement(SQL).bind(session).bind(key).value_if_any(tx).await
}

/// Short, and without the session nobody can tell from it what was looked for: the hash of a session's token is known
/// to the server alone.
fn key_of(session: &str, words: &str) -> String {
    let digest = Sha256::digest(format!("fieldloop/search/v1\0{session}\0{words}"));
    data_encoding::HEXLOWER.encode(&digest[..8])
}
