//! Sending an envelope back to the device of its author.
//!
//! A change enters only on what it builds on. After a restore that can be lost for good: no device brings it, and
//! nobody could let the change in as it is. Its author's device has the key and the words: told that the ground is lost,
//! it writes the content anew on what stands, names the envelope that it replaces, and the gate judges that.

use super::decide::DecideError;
use super::sql;
use crate::app::App;
use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::exchange::feed::{self, Audience, Event};
use crate::exchange::gate::{self, Docket};
use crate::exchange::{envelopes, visits};
use crate::store::{StoreError, Tx, statement};
use std::collections::BTreeSet;
use sync_core::document::VisitDocument;
use sync_core::ids::{ChangeHash, PersonId, VisitId};
use sync_core::log::{Body, Envelope};
use sync_core::merge::{Limits, prescan};
use sync_core::replica::DEPENDS_ON_LOST;

/// A person had a refused or waiting envelope written anew by its author's device.
pub(crate) const QUARANTINE_RETURNED: EntryKind = EntryKind("quarantine.returned");

/// Waiting envelopes of a visit that are looked through for what another one builds on.
const WAITING_MAX: i64 = 500;

/// Whether what an envelope builds on is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::exchange) enum Ground {
    /// All of it is in the record.
    There,
    /// Some of it is refused and not decided about, or waits itself.
    Waits,
    /// Some of it is nowhere on this server.
    Lost,
}

/// Whether what an envelope builds on is there.
pub(in crate::exchange) async fn ground_of(tx: &mut Tx, envelope: &Envelope) -> Result<Ground, StoreError> {
    let (Some(visit), Ok(body)) = (envelope.header().visit, envelope.body()) else {
        return Ok(Ground::There);
    };
    let mut missing = foreign_deps(&body);
    let document = match visits::find(tx, visit).await? {
        Some(stored) => VisitDocument::load(&stored.saved)
            .map_err(|_| StoreError::impossible("visit_documents", "saved", visit))?,
        None => VisitDocument::birth(visit),
    };
    missing.retain(|dep| !document.contains(dep));
    if missing.is_empty() {
        return Ok(Ground::There);
    }
    let undecided = undecided(tx, visit).await?;
    Ok(if missing.is_disjoint(&undecided) { Ground::Lost } else { Ground::Waits })
}

/// What the changes of an envelope build on, beyond one another. Only their heads are read, by the scanner that is
/// made for bytes nobody trusts.
pub(in crate::exchange) fn foreign_deps(body: &Body) -> BTreeSet<ChangeHash> {
    let (own, deps) = scanned(body);
    &deps - &own
}

fn scanned(body: &Body) -> (BTreeSet<ChangeHash>, BTreeSet<ChangeHash>) {
    let chunks = body.change().map(|change| change.chunks.as_slice()).unwrap_or_default();
    let (mut own, mut deps) = (BTreeSet::new(), BTreeSet::new());
    for scan in chunks.iter().filter_map(|chunk| prescan(chunk, &Limits::default()).ok()) {
        own.insert(scan.hash);
        deps.extend(scan.deps);
    }
    (own, deps)
}

/// Changes of a visit that are refused and not decided about, or wait.
async fn undecided(tx: &mut Tx, visit: VisitId) -> Result<BTreeSet<ChangeHash>, StoreError> {
    const REFUSED: &str = "SELECT c.change_hash FROM quarantined_changes c JOIN quarantine q \
        ON q.log_index = c.log_index WHERE c.visit_id = $1 AND q.state = 'open'";
    const WAITING: &str = "SELECT log_index FROM envelope_states WHERE state = 'pending' AND visit_id = $1 \
        ORDER BY log_index LIMIT $2";
    let id = visit.to_string();
    let refused: Vec<String> = statement(REFUSED).bind(&id).values(tx).await?;
    let waiting: Vec<i64> = statement(WAITING).bind(&id).bind(WAITING_MAX).values(tx).await?;
    let mut found = BTreeSet::new();
    for hash in refused {
        found.insert(StoreError::parse_column("quarantined_changes", "change_hash", &hash, &hash)?);
    }
    for envelope in envelopes::load(tx, &waiting).await?.into_values() {
        found.extend(envelope.body().map(|body| scanned(&body).0).unwrap_or_default());
    }
    Ok(found)
}

/// Has the content written anew by its author's device. Sending it back again is success.
///
/// # Errors
/// [`DecideError::Later`] when what it builds on is not lost; nothing changed then.
pub(super) async fn send_back(
    app: &App,
    log_index: i64,
    by: PersonId,
    reason: &str,
) -> Result<(), DecideError> {
    let mut tx = app.store.write().await?;
    let envelope = envelopes::load(&mut tx, &[log_index]).await?.remove(&log_index);
    let envelope = envelope.ok_or(DecideError::Unknown { log_index })?;
    let item = sql::find(&mut tx, log_index).await?;
    if item.as_ref().is_some_and(|item| item.state == "open" && item.reason == DEPENDS_ON_LOST) {
        return Ok(());
    }
    if let Some(item) = item.as_ref().filter(|item| item.state != "open") {
        return Err(DecideError::Decided { log_index, state: item.state.clone() });
    }
    let (Some(visit), Ground::Lost) = (envelope.header().visit, ground_of(&mut tx, &envelope).await?) else {
        return Err(DecideError::Later { log_index });
    };
    let now = app.clock.now();
    let detail = "what it builds on was lost with a restore";
    if item.is_some() {
        sql::give_reason(&mut tx, log_index, (DEPENDS_ON_LOST, detail)).await?;
    } else {
        if !sql::refuse_waiting(&mut tx, log_index).await? {
            return Err(DecideError::Later { log_index });
        }
        sql::keep(&mut tx, log_index, &envelope, (DEPENDS_ON_LOST, detail), now).await?;
        let own = envelope.body().map(|body| scanned(&body).0).unwrap_or_default();
        sql::note_changes(&mut tx, visit, &own, log_index).await?;
    }
    let header = envelope.header();
    let told = (Audience::Device(header.device), Event::Result(header.sequence, header.sequence));
    feed::append(&mut tx, &[told]).await?;
    let act = NewEntry::new(QUARANTINE_RETURNED, now).by(Some(by)).device(header.device).visit(visit);
    let about = Detail::new().with("envelope", log_index.to_string());
    audit::append(&mut tx, &act.detail(about).because(Some(reason))).await?;
    tx.commit().await?;
    // What builds on it is refused with it, and written anew with it.
    gate::settle(app, &Docket { visits: BTreeSet::from([visit]), ..Docket::default() }).await?;
    Ok(())
}
