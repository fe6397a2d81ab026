//! What is done about reports: written in the office, opened, decided.
//!
//! The server log commits to each act by a salted hash. Who acted and how stays out of it.

use super::model::{RestrictedState, Stored};
use super::sql::{self, Act};
use crate::app::App;
use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::complaints::acts::Actor;
use crate::store::{StoreError, Tx};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use sync_core::ids::RestrictedId;
use sync_core::restricted::RestrictedFinding;

/// A report was written in the office.
const RECORDED: EntryKind = EntryKind("restricted.recorded");
/// A report was opened, or something was decided about it.
const ACTED: EntryKind = EntryKind("restricted.acted");
/// Reading on within this time is one opening.
const ONE_READING_MS: i64 = 10 * 60 * 1_000;

/// Seals and keeps a report that is written in the office.
pub(super) async fn record(
    app: &App,
    tx: &mut Tx,
    finding: &RestrictedFinding,
    by: Actor,
) -> Result<Stored, StoreError> {
    let key = app.keys.sealing_key();
    let stored = Stored {
        id: RestrictedId::from_entropy(by.at, app.entropy.bytes()),
        author: by.person,
        device: None,
        claimed_at: by.at,
        received_at: by.at,
        sealed: finding.seal(&key, by.person, app.entropy.bytes()),
    };
    sql::insert(tx, &stored).await?;
    let detail = Detail::new()
        .with("finding", stored.id.to_string())
        .with("commitment", HEXLOWER.encode(&Sha256::digest(&stored.sealed)));
    audit::append(tx, &NewEntry::new(RECORDED, by.at).detail(detail)).await?;
    Ok(stored)
}

/// Writes down that somebody opened a report.
pub(super) async fn note_opening(
    app: &App,
    tx: &mut Tx,
    id: RestrictedId,
    by: Actor,
) -> Result<(), StoreError> {
    let acts = sql::acts(tx, id).await?;
    let reads_on =
        acts.last().is_some_and(|last| last.person == by.person && by.at.since_ms(last.at) < ONE_READING_MS);
    if reads_on {
        return Ok(());
    }
    note(app, tx, id, Act { act: "opened".to_owned(), person: by.person, at: by.at, sealed: None }).await
}

/// Writes down what was decided, with its words sealed.
pub(super) async fn decide(
    app: &App,
    tx: &mut Tx,
    id: RestrictedId,
    (verdict, words): (RestrictedState, &str),
    by: Actor,
) -> Result<(), StoreError> {
    let content = minicbor::to_vec(words).expect("encoding into memory cannot fail");
    let sealed = app.keys.sealing_key().seal(by.person, &content, app.entropy.bytes());
    sql::set_state(tx, id, verdict).await?;
    let act = Act { act: verdict.as_str().to_owned(), person: by.person, at: by.at, sealed: Some(sealed) };
    note(app, tx, id, act).await
}

async fn note(app: &App, tx: &mut Tx, id: RestrictedId, act: Act) -> Result<(), StoreError> {
    let salt: [u8; 16] = app.entropy.bytes();
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(format!("{}\n{}\n{}\n", act.act, act.person, act.at.unix_ms()));
    hash.update(act.sealed.as_deref().unwrap_or_default());
    sql::insert_act(tx, id, &act, salt).await?;
    let detail =
        Detail::new().with("finding", id.to_string()).with("commitment", HEXLOWER.encode(&hash.finalize()));
    audit::append(tx, &NewEntry::new(ACTED, act.at).detail(detail)).await?;
    Ok(())
}
