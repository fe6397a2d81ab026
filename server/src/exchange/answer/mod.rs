//! The answer: what became of the request's envelopes, and what the device has to know.
//!
//! Read in one snapshot. A device for which nothing changed costs a handful of indexed queries and no document.

mod origins;
mod page;
mod sql;

use super::chains;
use super::envelopes;
use super::epochs;
use super::escrow::EscrowReason;
use super::feed::Audience;
use super::intake::Intake;
use super::offers;
use super::receive::Received;
use super::unseen;
use crate::app::App;
use crate::auth::{AnyDeviceAuth, Credential, issue_access_token};
use crate::devices::Barred;
use crate::evidence;
use crate::store::{StoreError, Tx};
use crate::work_orders;
use page::{Page, Wanted};
use sql::MemberVisit;
use std::collections::BTreeMap;
use sync_core::ids::{EnvelopeHash, ServerId, VisitId};
use sync_core::protocol::{
    ANSWER_BYTES_DEFAULT, Cancellation, Done, DownFrame, EnvelopeResult, EnvelopeStatus, FrameWriter, Order,
    PROTOCOL_VERSION_MIN, Receipt, VisitDigest, WelcomeBack, WireContext, scope_digest,
};
use sync_core::time::Timestamp;

/// Largest answer before compression, whatever the device says.
const ANSWER_BYTES_MAX: u64 = 3 * 1024 * 1024;
/// A token that ends sooner is renewed.
const TOKEN_RENEWED_BEFORE_MS: i64 = 3 * 60_000;

/// Writes the answer; `None` when the device was suspended meanwhile.
pub(super) async fn compose(
    app: &App,
    auth: &AnyDeviceAuth,
    intake: &Intake,
    received: &Received,
) -> Result<Option<Vec<u8>>, StoreError> {
    let mut tx = app.store.read().await?;
    let now = app.clock.now();
    let mut writer = FrameWriter::new();
    let standing = epochs::standing(&mut tx).await?;
    let mut welcome = welcome(app, auth, received, standing.log_index, now);
    if received.escrow.is_none() {
        match chains::barred(&mut tx, auth.device.device_id).await? {
            None => {}
            Some(Barred::Suspended | Barred::NoTechnician) => return Ok(None),
            // Revoked since its envelopes were stored: they count, and it hears no more than that they are here.
            Some(Barred::Revoked) => {
                (welcome.escrow, welcome.token, welcome.token_ms) = (true, None, 0);
                writer.push(&DownFrame::Welcome(welcome));
                nothing_new(&mut writer, intake);
                return Ok(Some(writer.finish()));
            }
        }
    }
    writer.push(&DownFrame::Welcome(welcome));
    if let Some(reason) = received.escrow {
        escrowed(&mut writer, intake, received, reason);
        return Ok(Some(writer.finish()));
    }
    let wanted = wanted(&mut tx, auth, intake, received, standing.feed_position).await?;
    let page = page::read(&mut tx, &wanted).await?;
    let receipts = receipts(&mut tx, auth, received).await?;
    let mut results = page.results.clone();
    // What the request brought is in the feed, too, as soon as it is decided.
    let is_told =
        |(first, last): &(u64, u64)| (*first..=*last).all(|sequence| results.contains_key(&sequence));
    if let Some((first, last)) = received.sequences.filter(|span| !is_told(span)) {
        let of_request = envelopes::results(&mut tx, auth.device.device_id, first, last).await?;
        results.extend(of_request.into_iter().map(|result| (result.sequence, result)));
    }
    let told = page.visits(received);
    let undecided =
        sql::undecided_conflicts(&mut tx, &told.iter().chain(wanted.visits.keys()).copied().collect())
            .await?;
    let explained = told.into_iter().filter(|visit| undecided.contains_key(visit)).collect();
    let origins = origins::of_conflicts(&mut tx, &explained).await?;
    let cancelled = work_orders::cancellations(&mut tx, &page.unassigned).await?;
    let done = done(&wanted, &page, &undecided);
    let needs = offers::needs(app, &mut tx, &intake.ask.kept_logs).await?;
    drop(tx);
    deliver(app, &wanted, &page, now).await?;
    write(&mut writer, app.installation.server_id, received, results, page, cancelled);
    let heard = received.offers.heard.iter().copied().map(DownFrame::Heard);
    heard.chain(needs.into_iter().map(DownFrame::Need)).for_each(|frame| writer.push(&frame));
    origins.into_iter().map(DownFrame::Origin).for_each(|frame| writer.push(&frame));
    for receipt in receipts {
        writer.push(&DownFrame::Receipt(receipt));
    }
    writer.push(&DownFrame::Done(done));
    Ok(Some(writer.finish()))
}

fn welcome(
    app: &App,
    auth: &AnyDeviceAuth,
    received: &Received,
    log_index: i64,
    now: Timestamp,
) -> WelcomeBack {
    let (token, token_ms) = match token(app, auth, received, now) {
        Some((token, life_ms)) => (Some(token), life_ms),
        None => (None, 0),
    };
    let chain = received.chain;
    WelcomeBack {
        server: app.installation.server_id,
        epoch: u64::try_from(received.epoch).unwrap_or(0),
        server_time: now,
        log_index: u64::try_from(log_index).unwrap_or(0),
        acknowledged: chain.sequence,
        acknowledged_hash: (chain.hash != EnvelopeHash::NONE).then_some(chain.hash),
        protocol_min: PROTOCOL_VERSION_MIN,
        token,
        token_ms,
        escrow: received.escrow.is_some(),
    }
}

/// A fresh token for a device that has none, or none for long.
fn token(app: &App, auth: &AnyDeviceAuth, received: &Received, now: Timestamp) -> Option<(String, u64)> {
    let ends_soon = match auth.credential {
        Credential::Assertion => true,
        Credential::Token { expires_at } => expires_at.since_ms(now) < TOKEN_RENEWED_BEFORE_MS,
    };
    if !ends_soon || received.escrow == Some(EscrowReason::Revoked) {
        return None;
    }
    let issued = issue_access_token(app, auth.device.device_id);
    // Without a token the device signs in anew next time: no reason to withhold the answer.
    issued.map_err(|error| tracing::error!(%error, "no access token can be signed")).ok()
}

/// All that a device hears whose envelopes go to escrow: that they lie there, and what it must do.
fn escrowed(writer: &mut FrameWriter, intake: &Intake, received: &Received, reason: EscrowReason) {
    let (first, last) = received.sequences.unwrap_or((1, 0));
    let sequences = intake.envelopes.iter().map(|envelope| envelope.header().sequence);
    for sequence in sequences.filter(|sequence| (first..=last).contains(sequence)) {
        writer.push(&DownFrame::Result(EnvelopeResult { sequence, status: EnvelopeStatus::Escrowed }));
    }
    if reason == EscrowReason::Fork {
        writer.push(&DownFrame::Order(Order::EnrolAgain));
    }
    if received.full {
        writer.push(&DownFrame::Order(Order::KeepTheRest));
    }
    if received.wipe {
        writer.push(&DownFrame::Order(Order::Wipe));
    }
    nothing_new(writer, intake);
}

/// The end of an answer that moves nothing.
fn nothing_new(writer: &mut FrameWriter, intake: &Intake) {
    let cursor = intake.ask.cursor;
    writer.push(&DownFrame::Done(Done { cursor, more: false, digest: None, conflicts_open: 0 }));
}

/// From where, for whom and how much the device is to be told.
async fn wanted(
    tx: &mut Tx,
    auth: &AnyDeviceAuth,
    intake: &Intake,
    received: &Received,
    last: i64,
) -> Result<Wanted, StoreError> {
    let (ask, device) = (&intake.ask, &auth.device);
    let visits = sql::member_visits(tx, device.person_id).await?;
    let cursor = i64::try_from(ask.cursor).unwrap_or(i64::MAX);
    let of_this_history = i64::try_from(ask.epoch).is_ok_and(|epoch| epoch == received.epoch);
    let from = if ask.everything || !of_this_history || cursor > last { 0 } else { cursor };
    let mut audiences =
        vec![Audience::All, Audience::Person(device.person_id), Audience::Device(device.device_id)];
    audiences.extend(visits.keys().copied().map(Audience::Visit));
    let bytes_max = if ask.answer_bytes_max == 0 { ANSWER_BYTES_DEFAULT } else { ask.answer_bytes_max };
    Ok(Wanted {
        device: device.device_id,
        differing: differing(&ask.visit_digests, &visits),
        strangers: strangers(&ask.visit_digests, &visits),
        visits,
        audiences,
        from,
        last,
        own_from: ask.own_from,
        bytes_max: usize::try_from(bytes_max.min(ANSWER_BYTES_MAX)).unwrap_or(usize::MAX),
    })
}

/// Visits whose copy on the device is another one than ours, or is missing.
fn differing(theirs: &[VisitDigest], ours: &BTreeMap<VisitId, MemberVisit>) -> Vec<VisitId> {
    if theirs.is_empty() {
        return Vec::new();
    }
    let theirs: BTreeMap<VisitId, [u8; 8]> = theirs.iter().map(|item| (item.visit, item.digest)).collect();
    let differs = |(visit, member): &(&VisitId, &MemberVisit)| theirs.get(*visit) != Some(&member.digest);
    ours.iter().filter(differs).map(|(visit, _)| *visit).collect()
}

/// Visits that the device holds and has no business with any more.
fn strangers(theirs: &[VisitDigest], ours: &BTreeMap<VisitId, MemberVisit>) -> Vec<VisitId> {
    theirs.iter().map(|item| item.visit).filter(|visit| !ours.contains_key(visit)).collect()
}

/// What the server holds of the visits that the request was about.
async fn receipts(
    tx: &mut Tx,
    auth: &AnyDeviceAuth,
    received: &Received,
) -> Result<Vec<Receipt>, StoreError> {
    let visits: Vec<VisitId> = received.visits.iter().copied().collect();
    let mut of_photos = evidence::receipts(tx, &visits, Some(auth.device.device_id)).await?;
    let mut receipts = Vec::new();
    for (visit, everything_up_to) in sql::newest_claims(tx, auth.device.device_id, &visits).await? {
        let photos = of_photos.remove(&visit).unwrap_or_default();
        receipts.push(Receipt {
            visit,
            everything_up_to,
            photos_named: photos.named,
            photos_arrived: photos.arrived,
            missing: photos.missing,
        });
    }
    Ok(receipts)
}

fn done(wanted: &Wanted, page: &Page, undecided: &BTreeMap<VisitId, u32>) -> Done {
    let digests =
        || wanted.visits.iter().map(|(visit, member)| VisitDigest { visit: *visit, digest: member.digest });
    let open = wanted.visits.keys().filter_map(|visit| undecided.get(visit));
    Done {
        cursor: u64::try_from(page.cursor).unwrap_or(0),
        more: page.more,
        digest: (!page.more).then(|| scope_digest(digests().collect())),
        conflicts_open: open.sum(),
    }
}

/// Before the device gets a visit it is noted that it may hold work on it from now on.
async fn deliver(app: &App, wanted: &Wanted, page: &Page, now: Timestamp) -> Result<(), StoreError> {
    if page.assigned.is_empty() {
        return Ok(());
    }
    let mut tx = app.store.write().await?;
    unseen::note_delivery(&mut tx, wanted.device, &page.assigned, now, wanted.from > 0).await?;
    tx.commit().await
}

fn write(
    writer: &mut FrameWriter,
    server: ServerId,
    received: &Received,
    results: BTreeMap<u64, EnvelopeResult>,
    page: Page,
    mut cancelled: BTreeMap<VisitId, Cancellation>,
) {
    for result in results.into_values() {
        writer.push(&DownFrame::Result(result));
    }
    if let Some(sequence) = received.resend_from {
        writer.push(&DownFrame::Order(Order::ResendFrom { sequence }));
    }
    if received.full {
        writer.push(&DownFrame::Order(Order::KeepTheRest));
    }
    for command in page.commands {
        writer.push(&DownFrame::Command(command));
    }
    for item in page.pack {
        writer.push(&DownFrame::Pack(item));
    }
    for document in page.documents {
        writer.push(&DownFrame::Document(document));
    }
    let mut context = WireContext::download(server);
    for envelope in page.own.iter().chain(&page.foreign) {
        writer.push(&DownFrame::Foreign(context.pack(envelope)));
    }
    for visit in page.unassigned {
        writer.push(&DownFrame::Unassigned(visit, cancelled.remove(&visit)));
    }
    for rework in page.rework {
        writer.push(&DownFrame::Rework(rework));
    }
}
