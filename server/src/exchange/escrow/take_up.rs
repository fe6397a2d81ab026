//! Taking up an envelope from escrow: the act of a person, who answers for it with name and reason.
//!
//! It comes into the log behind an entry that says so, counts as refused for its device's lost access, and is let in
//! like any refused envelope: the record names its author, who took it up and when. What says of itself that it was
//! recorded after the revocation stays out (docs/decisions/0021), and so does what stands under a number that the log
//! holds otherwise: of a forked chain one history enters, as far as it goes (docs/decisions/0023).

use super::api::Escrowed;
use crate::app::App;
use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::devices;
use crate::exchange::chains::as_i64;
use crate::exchange::gate::{self, Approval, Approved};
use crate::exchange::receive::log_entry;
use crate::exchange::{envelopes, quarantine};
use crate::problem::{self, Problem};
use crate::store::{StoreError, Tx, statement};
use sync_core::ids::{PersonId, VisitId};
use sync_core::log::{Body, Envelope};

/// A person took up an envelope from escrow; the next entry is the envelope.
pub(crate) const ESCROW_ACCEPTED: EntryKind = EntryKind("escrow.accepted");
/// Why it lies in quarantine until the same person has let it in.
pub(crate) const REFUSED_AS: &str = "device_revoked";

/// Why nobody can take it up, a stable code; `None` when a person may.
pub(super) async fn hindrance(tx: &mut Tx, item: &Escrowed) -> Result<Option<&'static str>, StoreError> {
    const TAKEN: &str = "SELECT count(*) FROM envelope_states WHERE device_id = $1 AND device_seq = $2";
    let header = item.envelope.header();
    if header.visit.is_none() || item.envelope.body().ok().as_ref().and_then(Body::change).is_none() {
        return Ok(Some("no_content"));
    }
    let (device, sequence) = (header.device.to_string(), as_i64(header.sequence));
    let taken: i64 = statement(TAKEN).bind(device).bind(sequence).value(tx).await?;
    if taken > 0 {
        return Ok(Some("forked"));
    }
    let revoked = devices::find(tx, header.device).await?.and_then(|device| device.revoked);
    Ok(revoked.filter(|revoked| revoked.at <= header.claimed_at).map(|_| "after_revocation"))
}

/// Brings it into the record of its visit. Nothing changed when it fails, except that it may have become an item in
/// quarantine when others wrote the same visit meanwhile.
pub(super) async fn take_up(app: &App, item: &Escrowed, by: PersonId, reason: &str) -> Result<(), Problem> {
    let cannot = |why: &str| Problem::new(&problem::ESCROW_CANNOT_ENTER).with("reason", why);
    let mut tx = app.store.read().await?;
    if let Some(why) = hindrance(&mut tx, item).await? {
        return Err(cannot(why));
    }
    drop(tx);
    let envelope = &item.envelope;
    let visit = envelope.header().visit.ok_or_else(|| cannot("no_content"))?;
    if gate::preview_unlogged(app, visit, std::slice::from_ref(envelope)).await?.is_none() {
        return Err(Problem::new(&problem::QUARANTINE_WAITS));
    }
    let log_index = enter_log(app, visit, envelope, by, reason).await?;
    match gate::approve(app, log_index, &Approval { by, reason: reason.to_owned() }).await? {
        Approved::Entered => Ok(()),
        Approved::Later | Approved::StillRefused(_) | Approved::Nothing => {
            Err(Problem::new(&problem::QUARANTINE_WAITS))
        }
    }
}

/// Decision, envelope and its place in quarantine, together or not at all.
async fn enter_log(
    app: &App,
    visit: VisitId,
    envelope: &Envelope,
    by: PersonId,
    reason: &str,
) -> Result<i64, Problem> {
    let now = app.clock.now();
    let mut tx = app.store.write().await?;
    if !super::api::note_decision(&mut tx, envelope.hash(), "accepted", by, reason, now).await? {
        return Err(Problem::new(&problem::QUARANTINE_DECIDED).with("state", "decided"));
    }
    let detail = Detail::new().with("envelope", envelope.hash().to_string());
    let act = NewEntry::new(ESCROW_ACCEPTED, now).by(Some(by)).device(envelope.header().device);
    audit::append(&mut tx, &act.visit(visit).detail(detail).because(Some(reason))).await?;
    let log_index = audit::append(&mut tx, &log_entry(envelope, now)).await?;
    note_state(&mut tx, log_index, envelope).await?;
    quarantine::keep(&mut tx, log_index, envelope, (REFUSED_AS, "taken up from escrow"), now).await?;
    tx.commit().await?;
    Ok(log_index)
}

async fn note_state(tx: &mut Tx, log_index: i64, envelope: &Envelope) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO envelope_states (log_index, device_id, device_seq, visit_id, kind, state) \
        VALUES ($1, $2, $3, $4, $5, 'quarantined')";
    let header = envelope.header();
    statement(SQL)
        .bind(log_index)
        .bind(header.device.to_string())
        .bind(as_i64(header.sequence))
        .bind(header.visit.map(String::from))
        .bind(envelopes::kind_name(header.kind))
        .execute(tx)
        .await?;
    Ok(())
}
