//! What somebody typed into a form that was sent after their session had ended: kept for an hour, for that person alone.

use super::sessions::token_hash;
use crate::clock::Entropy;
use crate::store::{StoreError, Tx, statement};
use sync_core::ids::PersonId;
use sync_core::time::Timestamp;

/// How long it is kept.
const KEPT_MS: i64 = 3_600_000;

/// A form that waits to be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptForm {
    /// Where it goes.
    pub(crate) path: String,
    /// Its fields, as the browser sent them.
    pub(crate) body: String,
}

/// Whose page a form comes from, also when their session is over.
pub(crate) async fn author_of_form(tx: &mut Tx, form_token: &str) -> Result<Option<PersonId>, StoreError> {
    const SQL: &str = "SELECT person_id FROM sessions WHERE form_token = $1";
    let person: Option<String> = statement(SQL).bind(form_token).value_if_any(tx).await?;
    person.map(|id| StoreError::parse_column("sessions", "person_id", form_token, &id)).transpose()
}

/// Keeps a form for this person and returns the key under which it is found.
pub(crate) async fn keep_form(
    tx: &mut Tx,
    person: PersonId,
    form: &KeptForm,
    entropy: &Entropy,
    now: Timestamp,
) -> Result<String, StoreError> {
    const FORGET: &str = "DELETE FROM kept_forms WHERE expires_at_ms < $1";
    const SQL: &str = "INSERT INTO kept_forms (key_sha256, person_id, path, body, expires_at_ms) \
        VALUES ($1, $2, $3, $4, $5)";
    let key = data_encoding::HEXLOWER.encode(&entropy.bytes::<16>());
    statement(FORGET).bind(now.unix_ms()).execute(tx).await?;
    statement(SQL)
        .bind(token_hash(&key))
        .bind(person.to_string())
        .bind(&form.path)
        .bind(&form.body)
        .bind(now.plus_ms(KEPT_MS).unix_ms())
        .execute(tx)
        .await?;
    Ok(key)
}

/// The form under this key, if it is this person's and not too old.
pub(crate) async fn kept_form(
    tx: &mut Tx,
    person: PersonId,
    key: &str,
    now: Timestamp,
) -> Result<Option<KeptForm>, StoreError> {
    const SQL: &str = "SELECT path, body FROM kept_forms WHERE key_sha256 = $1 AND person_id = $2 \
        AND expires_at_ms > $3";
    let row: Option<(String, String)> = statement(SQL)
        .bind(token_hash(key))
        .bind(person.to_string())
        .bind(now.unix_ms())
        .row_if_any(tx)
        .await?;
    Ok(row.map(|(path, body)| KeptForm { path, body }))
}
