//! What people and scripts read about a sync.

use super::{Course, event, left, refusals, summary_fields};
use crate::cmd::acts::{visit_name, visit_names};
use crate::cmd::standing::{self, cancelled_json, warn_about_clock};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::say;
use crate::render;
use crate::store::{PAUSED, PhotoRow, Store};
use crate::sync::{Rounds, SyncError};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use sync_core::ids::{DeviceId, VisitId};
use sync_core::protocol::{ColleagueCard, PackKey};

/// What the exchange did, before photos begin.
pub(super) async fn exchanged(
    ctx: &mut Ctx,
    store: &Store,
    rounds: &Rounds,
    took: Duration,
) -> Result<(), SyncError> {
    let performed = &rounds.performed;
    event(
        ctx,
        "exchange",
        json!({
            "exchanges": rounds.count, "envelopes_sent": rounds.envelopes_sent, "bytes_up": rounds.bytes_up,
            "bytes_down": rounds.bytes_down, "merged": performed.merged, "pending": performed.pending,
            "visits_new": performed.visits_new, "visits_lost": performed.visits_lost,
            "pack_items": performed.pack_items, "new_epoch": performed.new_epoch,
            "given_back": performed.offered,
        }),
    );
    let size = |bytes| render::bytes(bytes);
    let seconds = format!("{:.1}", took.as_secs_f64());
    if rounds.envelopes_sent > 0 {
        let (count, bytes) = (rounds.envelopes_sent, size(rounds.bytes_up));
        ctx.out.note(&say!(ctx.words, "sync-sent", count = count, bytes = bytes, seconds = seconds.clone()));
    }
    let names = visit_names(store).await?;
    if !performed.visits_new.is_empty() || performed.pack_items > 0 {
        let (visits, bytes) = (performed.visits_new.len(), size(rounds.bytes_down));
        ctx.out.note(&say!(
            ctx.words,
            "sync-fetched",
            visits = visits,
            items = performed.pack_items,
            bytes = bytes
        ));
    }
    others(ctx, store, rounds, &names).await?;
    for visit in &performed.visits_lost {
        let cancelled = store.visit(*visit).await?.and_then(|row| row.cancelled);
        let name = visit_name(&names, Some(*visit));
        event(
            ctx,
            "visit_lost",
            json!({ "visit": visit, "number": name, "cancelled": cancelled_json(cancelled.as_ref()) }),
        );
        let text = match standing::cancelled(ctx, cancelled.as_ref()) {
            Some(text) => say!(ctx.words, "sync-visit-cancelled", visit = name, cancelled = text),
            None => say!(ctx.words, "sync-visit-lost", visit = name),
        };
        ctx.out.warn("visit-lost", &text);
    }
    if let Some(epoch) = performed.new_epoch {
        ctx.out.warn("new-epoch", &say!(ctx.words, "sync-new-epoch", epoch = epoch));
    } else if performed.resent > 0 {
        ctx.out.warn("server-restored", &say!(ctx.words, "sync-restored", count = performed.resent));
    }
    warn_about_clock(ctx, &store.sync_state().await?);
    if performed.offered > 0 {
        ctx.out.note(&say!(ctx.words, "sync-given-back", count = performed.offered));
    }
    refusals::tell(ctx, store, performed, &names).await?;
    if performed.held_back {
        let acts = store.log_counts().await?.unsent;
        ctx.out.warn("held-back", &say!(ctx.words, "sync-held-back", acts = acts));
    }
    Ok(())
}

/// What others did, by person and visit.
async fn others(
    ctx: &mut Ctx,
    store: &Store,
    rounds: &Rounds,
    names: &BTreeMap<VisitId, String>,
) -> Result<(), SyncError> {
    let mut people: BTreeMap<DeviceId, String> = BTreeMap::new();
    for ((visit, device), count) in &rounds.performed.foreign {
        if !people.contains_key(device) {
            let card: Option<ColleagueCard> =
                store.pack_json(&PackKey::Colleague(*device)).await.unwrap_or_default();
            let name = card.map(|card| format!("{} ({})", card.name, card.device_name));
            people.insert(*device, name.unwrap_or_else(|| ctx.words.code("author", "office")));
        }
        let (person, visit) = (people[device].clone(), visit_name(names, Some(*visit)));
        ctx.out.note(&say!(ctx.words, "sync-others", count = (*count), person = person, visit = visit));
    }
    Ok(())
}

/// What the server has of each visit that this sync was about.
pub(super) async fn receipts(ctx: &mut Ctx, store: &Store, course: &Course) -> Result<(), Failure> {
    let Some(rounds) = &course.rounds else { return Ok(()) };
    let names = visit_names(store).await?;
    let now = ctx.now();
    // Of an earlier exchange where only photos travelled since.
    let mut visits: Vec<VisitId> = rounds.performed.receipts.iter().map(|receipt| receipt.visit).collect();
    visits.extend(
        course.photos.visits.iter().filter(|visit| !visits.contains(visit)).copied().collect::<Vec<_>>(),
    );
    for visit in visits {
        let Some(row) = store.visit(visit).await? else { continue };
        let Some(up_to) = row.receipt_up_to else { continue };
        let (arrived, named) = (row.receipt_photos_arrived, row.receipt_photos_named);
        event(
            ctx,
            "receipt",
            json!({
                "visit": visit, "number": names.get(&visit), "photos_arrived": arrived,
                "photos_named": named, "everything_up_to_ms": up_to,
            }),
        );
        let visit = visit_name(&names, Some(visit));
        let at = render::time(&ctx.words, up_to, now, &ctx.zone);
        let line = if named == 0 {
            say!(ctx.words, "sync-receipt", visit = visit, at = at)
        } else {
            say!(ctx.words, "sync-receipt-photos", visit = visit, at = at, arrived = arrived, named = named)
        };
        ctx.out.data(&line);
    }
    Ok(())
}

/// The last lines.
pub(super) async fn summary(
    ctx: &mut Ctx,
    store: &Store,
    course: &Course,
    exit: Exit,
) -> Result<(), Failure> {
    let wiped = !store.home().database().exists();
    let conflicts: u32 =
        if wiped { 0 } else { store.visits().await?.iter().map(|row| row.conflicts_open).sum() };
    let paused = !wiped && store.setting(PAUSED).await?.is_some();
    match exit {
        Exit::Ok | Exit::Conflicts => {
            ctx.out.done(&say!(ctx.words, "sync-done"));
            tell_left(ctx, store, wiped).await?;
            let settled = if wiped { 0 } else { store.settled_in_field().await?.len() };
            if settled > 0 {
                ctx.out.note(&say!(ctx.words, "status-settled", count = settled));
            }
            if exit == Exit::Conflicts {
                let count = conflicts.max(1);
                ctx.out.warn("conflicts", &say!(ctx.words, "sync-conflicts", count = count));
                ctx.out.next(&say!(ctx.words, "next-step", command = "field conflicts"));
            }
        }
        Exit::Interrupted => stopped(ctx, course, &store.photos_to_send().await?),
        // Where the answer found no room, what arrived is not known here.
        Exit::Partly if !wiped && course.rounds.is_some() => partly(ctx, store, paused).await?,
        _ => {}
    }
    let mut fields = summary_fields(course, exit);
    fields["conflicts"] = conflicts.into();
    if !wiped {
        fields["clock_offset_ms"] = store.sync_state().await?.skew_ms(&ctx.machine).into();
    }
    event(ctx, "summary", fields);
    Ok(())
}

/// What stays here, and why.
async fn partly(ctx: &mut Ctx, store: &Store, paused: bool) -> Result<(), Failure> {
    let (stuck, acts) = (store.photo_counts().await?.stuck(), store.log_counts().await?.unsent);
    if stuck > 0 {
        ctx.out.warn("photos-failed", &say!(ctx.words, "sync-photos-failed", count = stuck));
        ctx.out.next(&say!(ctx.words, "next-step", command = "field outbox"));
    }
    if paused {
        ctx.out.warn("outbox-paused", &say!(ctx.words, "outbox-paused"));
        return tell_left(ctx, store, false).await;
    }
    if acts > 0 {
        ctx.out.warn("acts-left", &say!(ctx.words, "sync-acts-left", count = acts));
    }
    Ok(())
}

/// What has not travelled although nothing went wrong: photos that were put off, acts that are held back.
async fn tell_left(ctx: &mut Ctx, store: &Store, wiped: bool) -> Result<(), Failure> {
    let (acts, photos) = if wiped { (0, 0) } else { left(store).await? };
    if (acts, photos) != (0, 0) {
        ctx.out.note(&say!(ctx.words, "sync-kept", acts = acts, photos = photos));
    }
    Ok(())
}

/// What Ctrl-C left behind, with what the server confirmed of photos that were under way.
fn stopped(ctx: &mut Ctx, course: &Course, waiting: &[PhotoRow]) {
    if course.rounds.is_none() {
        return ctx.out.note(&say!(ctx.words, "sync-stopped-early"));
    }
    let line = say!(ctx.words, "sync-stopped", arrived = course.photos.arrived, waiting = waiting.len());
    ctx.out.note(&line);
    for photo in waiting.iter().filter(|photo| photo.blob.upload_offset > 0) {
        let blob = &photo.blob;
        let (sent, total) = (render::bytes(blob.upload_offset), render::bytes(blob.size_bytes));
        let (file, percent) = (blob.original_name.clone(), blob.upload_percent());
        ctx.out.note(&say!(
            ctx.words,
            "sync-stopped-at",
            file = file,
            sent = sent,
            total = total,
            percent = percent
        ));
    }
}
