//! Signing in with name and password, whether by a page or by the API; changing one's own password.

use super::model::{Person, check_password};
use super::sessions::{self, COOKIE};
use super::{Limit, attempts, sql};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::problem::{self, Language, Problem};
use std::net::IpAddr;
use sync_core::time::Timestamp;

/// A session that was opened.
#[derive(Debug)]
pub(crate) struct SignedIn {
    /// Shown once; the server keeps its hash.
    pub(crate) token: String,
    /// When the session ends at the latest.
    pub(crate) expires_at: Timestamp,
    /// Who signed in.
    pub(crate) person: Person,
}

/// Opens a session for name and password. Failures are counted by name and address, and slow both down.
pub(crate) async fn sign_in(
    app: &App,
    address: IpAddr,
    login_name: &str,
    password: String,
) -> Result<SignedIn, Problem> {
    let now = app.clock.now();
    let name = login_name.trim().to_lowercase();
    let subjects = [
        (format!("name {name} from {address}"), Limit::NAME_FROM_ADDRESS),
        (format!("name {name}"), Limit::NAME),
        (format!("address {address}"), Limit::ADDRESS),
    ];
    let mut tx = app.store.read().await?;
    for (subject, limit) in &subjects {
        if let Some(left_ms) = attempts::is_exhausted(&mut tx, subject, *limit, now).await? {
            let seconds = u32::try_from(left_ms / 1000).unwrap_or(u32::MAX - 10) + 1;
            return Err(Problem::new(&problem::TOO_MANY_REQUESTS).retry_after(seconds..seconds + 5));
        }
    }
    let found = sql::find_with_hash(&mut tx, &name).await?;
    drop(tx);
    let (person, hash) = found.unzip();
    let right = app.passwords.verify(password, hash.flatten()).await;
    let person = person.filter(|person| right && person.disabled_at.is_none());
    let mut tx = app.store.write().await?;
    let Some(person) = person else {
        for (subject, limit) in &subjects {
            attempts::count_failure(&mut tx, subject, *limit, now).await?;
        }
        tx.commit().await?;
        return Err(Problem::new(&problem::SIGN_IN_FAILED));
    };
    let session = sessions::create(&mut tx, person.person_id, &app.config.auth, &app.entropy, now).await?;
    tx.commit().await?;
    Ok(SignedIn { token: session.token, expires_at: session.expires_at, person })
}

/// Ends this session.
pub(crate) async fn sign_out(app: &App, office: &OfficeAuth) -> Result<(), Problem> {
    let mut tx = app.store.write().await?;
    sessions::end(&mut tx, &office.token_sha256, app.clock.now()).await?;
    Ok(tx.commit().await?)
}

/// Ends all other sessions of this person.
pub(crate) async fn end_other_sessions(app: &App, office: &OfficeAuth) -> Result<(), Problem> {
    let mut tx = app.store.write().await?;
    sessions::end_others(&mut tx, office.person_id, &office.token_sha256, app.clock.now()).await?;
    Ok(tx.commit().await?)
}

/// Sets another password for oneself, with the old one as proof. Other sessions end, this one stays.
pub(crate) async fn change_password(
    app: &App,
    office: &OfficeAuth,
    old: String,
    new: String,
) -> Result<(), Problem> {
    check_password(&new)?;
    let now = app.clock.now();
    let subject = format!("password of {}", office.person_id);
    let mut tx = app.store.read().await?;
    if attempts::is_exhausted(&mut tx, &subject, Limit::NAME, now).await?.is_some() {
        return Err(Problem::new(&problem::TOO_MANY_REQUESTS).retry_after(60..120));
    }
    let person = sql::find(&mut tx, office.person_id).await?;
    let found = match person {
        Some(person) => sql::find_with_hash(&mut tx, &person.login_name).await?,
        None => None,
    };
    drop(tx);
    if !app.passwords.verify(old, found.and_then(|(_, hash)| hash)).await {
        let mut tx = app.store.write().await?;
        attempts::count_failure(&mut tx, &subject, Limit::NAME, now).await?;
        tx.commit().await?;
        return Err(Problem::new(&problem::SIGN_IN_FAILED));
    }
    let hash = app.passwords.hash(new, app.entropy.bytes()).await;
    let hash = hash.ok_or_else(|| Problem::internal("password could not be hashed"))?;
    let mut tx = app.store.write().await?;
    sql::replace_hash(&mut tx, office.person_id, &hash, office.actor(), now).await?;
    sessions::end_others(&mut tx, office.person_id, &office.token_sha256, now).await?;
    Ok(tx.commit().await?)
}

/// Remembers in which language a person wants to read.
pub(crate) async fn choose_language(
    app: &App,
    office: &OfficeAuth,
    language: Language,
) -> Result<(), Problem> {
    let mut tx = app.store.write().await?;
    sql::set_language(&mut tx, office.person_id, language).await?;
    Ok(tx.commit().await?)
}

/// The cookie that carries a session: for this host only, for HTTPS only, out of reach for scripts.
pub(crate) fn cookie_of(app: &App, token: &str) -> String {
    let max_age = i64::from(app.config.auth.session_hours) * 3600;
    format!("{COOKIE}={token}; Path=/; Max-Age={max_age}; Secure; HttpOnly; SameSite=Lax")
}

/// The cookie that removes it.
pub(crate) fn no_cookie() -> String {
    format!("{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
}
