//! `field sync`: getting in step, with the truth about what arrived.

mod progress;
mod refusals;
mod tell;

use super::{Outcome, expert};
use crate::cli::SyncArgs;
use crate::client::{DeviceClient, Rate};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::say;
use crate::render;
use crate::store::{NO_TECHNICIAN, PAUSED, Store, StoreError, Tombstone};
use crate::sync::{
    PhotoReport, PreviewReport, Rounds, SyncError, SyncLock, confirm_uploads, exchange, report_wipe,
    send_photos, send_previews,
};
use progress::Progress;
use serde_json::json;
use std::time::Duration;

/// How long nothing may happen before the technician is told that the server is waited for.
const QUIET: Duration = Duration::from_secs(3);
/// How long a stopped sync asks the server how far an upload came.
const CONFIRM_MAX: Duration = Duration::from_secs(2);
/// How long `--watch` rests between two syncs.
const WATCH_REST: Duration = Duration::from_secs(60);

/// What one sync did, as far as it came.
#[derive(Default)]
struct Course {
    rounds: Option<Rounds>,
    previews: PreviewReport,
    photos: PhotoReport,
    took: Duration,
}

/// Runs `field sync`.
pub(crate) async fn run(ctx: &mut Ctx, args: &SyncArgs) -> Outcome {
    let rate = rate(ctx, args)?;
    let store = match ctx.store().await {
        Err(StoreError::Wiped { reported: false }) => return Err(report(ctx).await?.into()),
        store => store?,
    };
    let _lock = SyncLock::take(store.home())?;
    loop {
        let outcome = once(ctx, &store, args, rate).await;
        if !args.watch || matches!(outcome, Ok(Exit::Interrupted)) {
            return outcome;
        }
        if let Err(failure) = outcome {
            let told = failure.told(&ctx.words);
            // A suspension ends by itself as far as this device is concerned.
            let stays =
                told.exit == Exit::NoAccess && !matches!(told.code, "device-suspended" | NO_TECHNICIAN);
            ctx.out.failure(&told);
            if stays {
                return Ok(told.exit);
            }
        }
        tokio::select! {
            () = tokio::time::sleep(WATCH_REST) => {}
            _ = tokio::signal::ctrl_c() => return Ok(Exit::Interrupted),
        }
    }
}

async fn once(ctx: &mut Ctx, store: &Store, args: &SyncArgs, rate: Rate) -> Outcome {
    let key = store.key()?;
    let client =
        DeviceClient::new(store.identity().await?, key, store.machine().clone(), ctx.words.lang.tag())?;
    let mut course = Course::default();
    let stopped = tokio::select! {
        result = course.follow(ctx, store, &client, args, rate) => Some(result),
        _ = tokio::signal::ctrl_c() => None,
    };
    if stopped.is_none() && course.rounds.is_some() {
        confirm(store, &client).await?;
    }
    tell::receipts(ctx, store, &course).await?;
    let exit = match &stopped {
        None => Exit::Interrupted,
        Some(Ok(())) => finished(store, &course).await?,
        Some(Err(_)) if course.rounds.is_some() => Exit::Partly,
        Some(Err(_)) => Exit::Unreachable,
    };
    let (exit, failure) = match stopped {
        Some(Err(error)) => after_failure(ctx, store, error, exit).await?,
        _ => (exit, None),
    };
    tell::summary(ctx, store, &course, exit).await?;
    match failure {
        Some(failure) => Err(failure),
        None => Ok(exit),
    }
}

/// What the server has of an upload that was stopped, unless that takes long or is stopped, too.
async fn confirm(store: &Store, client: &DeviceClient) -> Result<(), StoreError> {
    tokio::select! {
        confirmed = confirm_uploads(store, client) => confirmed,
        () = tokio::time::sleep(CONFIRM_MAX) => Ok(()),
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

impl Course {
    async fn follow(
        &mut self,
        ctx: &mut Ctx,
        store: &Store,
        client: &DeviceClient,
        args: &SyncArgs,
        rate: Rate,
    ) -> Result<(), SyncError> {
        let answered = expert::answered(store).await?;
        let begun = tokio::time::Instant::now();
        let rounds = patiently(ctx, exchange(store, client)).await?;
        if rounds.wipe {
            return self.obey(ctx, store, client, rate).await;
        }
        self.took = begun.elapsed();
        tell::exchanged(ctx, store, &rounds, self.took).await?;
        expert::tell_answers(ctx, store, &answered).await?;
        self.rounds = Some(rounds);
        if args.photos_later || store.setting(PAUSED).await?.is_some() {
            return Ok(());
        }
        self.previews(ctx, store, client).await?;
        let mut progress = Progress::new(ctx, &store.photos_to_send().await?);
        let sent = send_photos(store, client, rate, &mut progress, &mut self.photos).await;
        progress.finish();
        sent
    }

    /// The office has every act: hands over the photos, forgets everything, and says so.
    async fn obey(
        &mut self,
        ctx: &mut Ctx,
        store: &Store,
        client: &DeviceClient,
        rate: Rate,
    ) -> Result<(), SyncError> {
        let mut progress = Progress::new(ctx, &store.photos_to_send().await?);
        let sent = send_photos(store, client, rate, &mut progress, &mut self.photos).await;
        progress.finish();
        sent?;
        // An act recorded just now waits for the next sync, and with it the wipe.
        if store.wipe().await?.is_none() {
            return Err(SyncError::WipeWaits);
        }
        Err(report(ctx).await?)
    }

    /// Small previews of all waiting photos, so that the office sees them early.
    async fn previews(
        &mut self,
        ctx: &mut Ctx,
        store: &Store,
        client: &DeviceClient,
    ) -> Result<(), SyncError> {
        let sent = patiently(ctx, send_previews(store, client, &mut self.previews)).await;
        let PreviewReport { arrived, bytes } = self.previews;
        if arrived > 0 {
            event(ctx, "previews", json!({ "previews": arrived, "bytes": bytes }));
            let line = say!(ctx.words, "sync-previews", count = arrived, bytes = render::bytes(bytes));
            ctx.out.note(&line);
        }
        sent
    }
}

/// Does `work`, and says so when it takes long enough to wonder.
async fn patiently<T>(ctx: &mut Ctx, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        done = &mut work => return done,
        () = tokio::time::sleep(QUIET) => {}
    }
    ctx.out.note(&say!(ctx.words, "sync-waiting"));
    work.await
}

/// Tells the office that this device forgot everything; yields how that ended.
async fn report(ctx: &mut Ctx) -> Result<SyncError, StoreError> {
    let Some(tombstone) = Tombstone::find(&ctx.home)? else { return Err(StoreError::NotEnrolled) };
    let told = report_wipe(&ctx.home, &ctx.machine, tombstone, ctx.words.lang.tag()).await;
    event(ctx, "wiped", json!({ "reported": told.is_ok() }));
    Ok(SyncError::Wiped { reported: told.is_ok() })
}

/// Acts and photos that are only on this device.
async fn left(store: &Store) -> Result<(u64, u64), StoreError> {
    let photos = store.photo_counts().await?;
    Ok((store.log_counts().await?.unsent, photos.waiting + photos.stuck()))
}

/// How a sync that was not stopped ends.
async fn finished(store: &Store, course: &Course) -> Result<Exit, Failure> {
    let conflicts: u32 = store.visits().await?.iter().map(|row| row.conflicts_open).sum();
    let open = course.rounds.as_ref().map_or(0, |rounds| rounds.performed.conflicts_open);
    // Whoever paused the outbox is told what stays here, not that all is well.
    let paused = store.setting(PAUSED).await?.is_some();
    let stuck = store.photo_counts().await?.stuck();
    let unsent = store.log_counts().await?.unsent;
    Ok(match () {
        () if paused && left(store).await? != (0, 0) => Exit::Partly,
        () if unsent > 0 || stuck > 0 => Exit::Partly,
        () if course.rounds.as_ref().is_some_and(|rounds| rounds.performed.held_back) => Exit::Partly,
        () if conflicts.max(open) > 0 => Exit::Conflicts,
        () => Exit::Ok,
    })
}

/// The failure, with what is safe here; records that arrived before photos failed make it partial.
async fn after_failure(
    ctx: &Ctx,
    store: &Store,
    error: SyncError,
    exit: Exit,
) -> Result<(Exit, Option<Failure>), Failure> {
    let mut told = Failure::from(error).told(&ctx.words);
    if told.exit == Exit::Unreachable && exit == Exit::Partly {
        told.exit = Exit::Partly;
    }
    let wiped = told.code == "wiped";
    if !wiped && matches!(told.exit, Exit::Unreachable | Exit::Partly) {
        let (acts, photos) = left(store).await?;
        told.hints.insert(0, say!(ctx.words, "sync-kept", acts = acts, photos = photos));
    }
    Ok((told.exit, Some(told.into())))
}

/// `200k` is 200,000 bytes per second.
fn rate(ctx: &Ctx, args: &SyncArgs) -> Result<Rate, Failure> {
    let Some(typed) = &args.limit_rate else { return Ok(Rate::default()) };
    let wrong = || {
        Failure::usage(
            "wrong-value",
            say!(ctx.words, "usage-wrong-value", value = typed.clone(), argument = "--limit-rate"),
        )
        .hint(say!(ctx.words, "help-sync--limit-rate"))
    };
    let plain = typed.trim();
    let (digits, factor) = match plain.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&plain[..at], 1_000),
        Some((at, 'm' | 'M')) => (&plain[..at], 1_000_000),
        _ => (plain, 1),
    };
    let count: u64 = digits.parse().ok().filter(|count| *count > 0).ok_or_else(wrong)?;
    Ok(Rate(count.saturating_mul(factor)))
}

/// An event for scripts.
fn event(ctx: &mut Ctx, kind: &str, fields: serde_json::Value) {
    ctx.out.event(kind, fields);
}

/// Fields that every summary has.
fn summary_fields(course: &Course, exit: Exit) -> serde_json::Value {
    let rounds = course.rounds.as_ref();
    json!({
        "exit": exit.code(),
        "exchanges": rounds.map_or(0, |rounds| rounds.count),
        "envelopes_sent": rounds.map_or(0, |rounds| rounds.envelopes_sent),
        "bytes_up": rounds.map_or(0, |rounds| rounds.bytes_up),
        "bytes_down": rounds.map_or(0, |rounds| rounds.bytes_down),
        "merged": rounds.map_or(0, |rounds| rounds.performed.merged),
        "pending": rounds.map_or(0, |rounds| rounds.performed.pending),
        "quarantined": rounds.map_or(0, |rounds| rounds.performed.quarantined.len()),
        "reissued": rounds.map_or(0, |rounds| rounds.performed.reissued),
        "previews": course.previews.arrived,
        "photos": course.photos.total,
        "photos_arrived": course.photos.arrived,
        "photo_bytes": course.photos.bytes,
    })
}
