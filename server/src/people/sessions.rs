//! Sessions of office people: a random token of 256 bits, of which the server keeps only the hash.

use super::model::Grant;
use super::sql::roles_of;
use crate::clock::Entropy;
use crate::config::AuthConfig;
use crate::problem::Language;
use crate::store::{StoreError, Tx, statement};
use sha2::{Digest, Sha256};
use sync_core::ids::PersonId;
use sync_core::time::Timestamp;

/// Name of the session cookie. The prefix makes browsers insist on Secure, no Domain, and Path=/.
pub const COOKIE: &str = "__Host-fieldloop";

/// The time of the last use is written this often, so that reading does not become writing.
const TOUCH_EVERY_MS: i64 = 60_000;

/// How long it is known of an ended session whose forms its pages held.
const FORMS_KNOWN_MS: i64 = 24 * 3_600_000;

/// A session that is good at this moment.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// Whose it is.
    pub person_id: PersonId,
    /// That person's name.
    pub display_name: String,
    /// What that person may do.
    pub roles: Vec<Grant>,
    /// The language that person chose.
    pub language: Option<Language>,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// Hash of its token.
    pub token_sha256: String,
    /// The time of the last use is old enough to be written.
    pub should_touch: bool,
}

/// A new session.
pub(super) struct NewSession {
    /// Shown once.
    pub(super) token: String,
    pub(super) expires_at: Timestamp,
}

pub(super) async fn create(
    tx: &mut Tx,
    person_id: PersonId,
    config: &AuthConfig,
    entropy: &Entropy,
    now: Timestamp,
) -> Result<NewSession, StoreError> {
    const SQL: &str = "INSERT INTO sessions (token_sha256, person_id, created_at_ms, last_used_at_ms, expires_at_ms, \
        form_token) VALUES ($1, $2, $3, $3, $4, $5)";
    const FORGET: &str = "DELETE FROM sessions WHERE expires_at_ms < $1";
    let token = data_encoding::BASE64URL_NOPAD.encode(&entropy.bytes::<32>());
    let expires_at = now.plus_ms(i64::from(config.session_hours) * 3_600_000);
    let (hash, id) = (token_hash(&token), person_id.to_string());
    let form_token = form_token(&hash);
    let (now_ms, expires_ms) = (now.unix_ms(), expires_at.unix_ms());
    statement(SQL).bind(hash).bind(id).bind(now_ms).bind(expires_ms).bind(form_token).execute(tx).await?;
    let over = now_ms - FORMS_KNOWN_MS;
    statement(FORGET).bind(over).execute(tx).await?;
    Ok(NewSession { token, expires_at })
}

/// The session of this token, if it is neither too old nor idle for too long and its person may sign in.
pub async fn find_session(
    tx: &mut Tx,
    token: &str,
    config: &AuthConfig,
    now: Timestamp,
) -> Result<Option<OpenSession>, StoreError> {
    const SQL: &str = "SELECT s.person_id, p.display_name, p.language, s.last_used_at_ms, s.expires_at_ms \
        FROM sessions s JOIN people p ON p.person_id = s.person_id \
        WHERE s.token_sha256 = $1 AND s.expires_at_ms > $2 AND s.last_used_at_ms > $3 \
        AND p.disabled_at_ms IS NULL";
    let hash = token_hash(token);
    let idle_since = now.plus_ms(-i64::from(config.session_idle_minutes) * 60_000).unix_ms();
    let now_ms = now.unix_ms();
    let row: Option<(String, String, Option<String>, i64, i64)> =
        statement(SQL).bind(&hash).bind(now_ms).bind(idle_since).row_if_any(tx).await?;
    let Some((id, display_name, language, last_used_ms, expires_ms)) = row else { return Ok(None) };
    let person_id = StoreError::parse_column("sessions", "person_id", &hash, &id)?;
    Ok(Some(OpenSession {
        person_id,
        display_name,
        roles: roles_of(tx, person_id).await?,
        language: language.as_deref().and_then(Language::from_tag),
        expires_at: Timestamp::from_unix_ms(expires_ms),
        should_touch: now_ms - last_used_ms >= TOUCH_EVERY_MS,
        token_sha256: hash,
    }))
}

/// Notes that the session was used.
pub(crate) async fn touch(tx: &mut Tx, token_sha256: &str, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE sessions SET last_used_at_ms = $2 WHERE token_sha256 = $1";
    let now_ms = now.unix_ms();
    statement(SQL).bind(token_sha256).bind(now_ms).execute(tx).await?;
    Ok(())
}

/// Ends a session, with what was looked for in it. Its row stays for a while: it tells whose forms its pages held.
pub(super) async fn end(tx: &mut Tx, token_sha256: &str, now: Timestamp) -> Result<(), StoreError> {
    const WORDS: &str = "DELETE FROM kept_searches WHERE session = $1";
    const SQL: &str = "UPDATE sessions SET expires_at_ms = $2 WHERE token_sha256 = $1 AND expires_at_ms > $2";
    statement(WORDS).bind(token_sha256).execute(tx).await?;
    let now_ms = now.unix_ms();
    statement(SQL).bind(token_sha256).bind(now_ms).execute(tx).await?;
    Ok(())
}

/// Ends the sessions of a person except this one.
pub(super) async fn end_others(
    tx: &mut Tx,
    person_id: PersonId,
    kept_sha256: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    const WORDS: &str = "DELETE FROM kept_searches WHERE session IN \
        (SELECT token_sha256 FROM sessions WHERE person_id = $1 AND token_sha256 <> $2)";
    const SQL: &str = "UPDATE sessions SET expires_at_ms = $3 \
        WHERE person_id = $1 AND token_sha256 <> $2 AND expires_at_ms > $3";
    let id = person_id.to_string();
    statement(WORDS).bind(&id).bind(kept_sha256).execute(tx).await?;
    let now_ms = now.unix_ms();
    statement(SQL).bind(&id).bind(kept_sha256).bind(now_ms).execute(tx).await?;
    Ok(())
}

/// Ends all sessions of a person.
pub(super) async fn end_all(tx: &mut Tx, person_id: PersonId, now: Timestamp) -> Result<(), StoreError> {
    end_others(tx, person_id, "", now).await
}

/// What the forms of a session carry to prove that they come from its pages: only these can know it.
pub(crate) fn form_token(token_sha256: &str) -> String {
    let digest = Sha256::digest(format!("fieldloop/csrf/v1\0{token_sha256}"));
    data_encoding::HEXLOWER.encode(&digest[..16])
}

/// What the server keeps of a session token.
pub(crate) fn token_hash(token: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(token.as_bytes()))
}
