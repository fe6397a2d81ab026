//! `field status`: what is on this device, what has arrived, whether a day without a network can
//! begin. Asks nobody and reads no document.

use super::Outcome;
use super::standing::{clock_off, clock_off_briefly, warn_about_clock};
use crate::ctx::Ctx;
use crate::failure::Exit;
use crate::i18n::{Words, say};
use crate::machine::disk_free_bytes;
use crate::render;
use crate::store::{
    Identity, LogCounts, NO_TECHNICIAN, NOT_ENROLLED, PAUSED, PhotoCounts, REVOKED, SUSPENDED, Store,
    StoreError, SyncState, VisitRow, VisitState,
};
use crate::sync_failure::host;
use serde_json::json;
use std::collections::BTreeSet;
use sync_core::protocol::AssignmentCard;

/// A pack that is older may lack today's visits.
const PACK_MS_MAX: i64 = 20 * 3_600_000;
/// Less free space than this is no base for a day with photos.
const DISK_FREE_MIN: u64 = 500_000_000;

struct Status {
    identity: Identity,
    state: SyncState,
    log: LogCounts,
    photos: PhotoCounts,
    visits: Vec<VisitRow>,
    cards: Vec<AssignmentCard>,
    checklists: BTreeSet<String>,
    binding: Result<(), StoreError>,
    disk_free: Option<u64>,
    reworks: usize,
    settled: usize,
    paused: bool,
    has_key: bool,
}

/// Shows the status.
pub(crate) async fn run(ctx: &mut Ctx) -> Outcome {
    let store = ctx.store().await?;
    let status = gather(&store).await?;
    let obstacles = obstacles(ctx, &status);
    // First, so that the status stays the last line for scripts.
    if let Some((code, text)) = refused(&ctx.words, &status.state) {
        ctx.out.warn(code, &text);
    }
    warn_about_clock(ctx, &status.state);
    event(ctx, &status, &obstacles);
    tell(ctx, &status, &obstacles);
    Ok(Exit::Ok)
}

async fn gather(store: &Store) -> Result<Status, StoreError> {
    let checklists = store.pack_items("checklist/").await?;
    Ok(Status {
        identity: store.identity().await?,
        state: store.sync_state().await?,
        log: store.log_counts().await?,
        photos: store.photo_counts().await?,
        visits: store.visits().await?.into_iter().filter(|row| !row.unassigned).collect(),
        cards: store.assignments().await?,
        checklists: checklists.into_iter().map(|entry| entry.key).collect(),
        binding: store.check_binding().await,
        disk_free: disk_free_bytes(&store.home().data),
        reworks: store.reworks().await?.len(),
        settled: store.settled_in_field().await?.len(),
        paused: store.setting(PAUSED).await?.is_some(),
        has_key: store.key().is_ok(),
    })
}

impl Status {
    fn count(&self, states: &[VisitState]) -> usize {
        self.visits.iter().filter(|row| states.contains(&row.state)).count()
    }

    fn conflicts(&self) -> u32 {
        self.visits.iter().map(|row| row.conflicts_open).sum()
    }
}

/// Something that stands in the way of a day without a network.
struct Obstacle {
    /// Ready to be read.
    text: String,
    /// What helps.
    remedy: Remedy,
}

/// What helps against an obstacle, the most pressing first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Remedy {
    /// An invitation of the office.
    Enrol,
    Sync,
    /// Nothing that can be typed here.
    Elsewhere,
}

/// What stands in the way of a day without a network.
fn obstacles(ctx: &Ctx, status: &Status) -> Vec<Obstacle> {
    let (words, now) = (&ctx.words, status.state.server_now(&ctx.machine));
    let mut found = Vec::new();
    let mut add = |remedy, text| found.push(Obstacle { text, remedy });
    match &status.binding {
        Err(StoreError::Restored { .. }) => add(Remedy::Sync, say!(words, "ready-restored")),
        Err(_) => add(Remedy::Enrol, say!(words, "ready-copied")),
        Ok(()) => {}
    }
    if !status.has_key {
        add(Remedy::Enrol, say!(words, "ready-key"));
    }
    // A suspended device goes on recording: what it records is sent once it is resumed.
    if status.state.refusal() == Some(REVOKED) {
        add(Remedy::Enrol, say!(words, "ready-revoked"));
    }
    if status.state.refusal() == Some(NOT_ENROLLED) {
        add(Remedy::Enrol, say!(words, "ready-forgotten"));
    }
    if let Some(text) = clock_off_briefly(ctx, &status.state) {
        add(Remedy::Elsewhere, text);
    }
    if status.state.enrol_again {
        add(Remedy::Enrol, say!(words, "ready-enrol-again"));
    }
    match status.state.last_sync_at {
        None => add(Remedy::Sync, say!(words, "ready-never-synced")),
        Some(at) if now.since_ms(at) > PACK_MS_MAX => {
            let ago = render::duration(words, now.since_ms(at));
            add(Remedy::Sync, say!(words, "ready-old", ago = ago));
        }
        Some(_) => {}
    }
    let lacking = |card: &&AssignmentCard| {
        !card.checklist.is_empty() && !status.checklists.contains(&format!("checklist/{}", card.checklist))
    };
    for card in status.cards.iter().filter(lacking) {
        let (visit, checklist) = (card.number.clone(), card.checklist.clone());
        add(Remedy::Sync, say!(words, "ready-checklist", visit = visit, checklist = checklist));
    }
    if status.disk_free.is_some_and(|free| free < DISK_FREE_MIN) {
        let free = render::bytes(status.disk_free.unwrap_or(0));
        add(Remedy::Elsewhere, say!(words, "ready-disk", free = free));
    }
    found
}

/// The command that helps most now; `None` when there is nothing to do.
fn next_command(words: &Words, status: &Status, obstacles: &[Obstacle]) -> Option<String> {
    let waits = status.log.unsent > 0 || status.photos.waiting > 0;
    let remedy = obstacles.iter().map(|obstacle| obstacle.remedy).min();
    match remedy {
        Some(Remedy::Enrol) => Some(format!("field enrol {}", say!(words, "placeholder-invitation"))),
        _ if status.paused => Some("field outbox retry".to_owned()),
        Some(Remedy::Sync) => Some("field sync".to_owned()),
        _ => waits.then(|| "field sync".to_owned()),
    }
}

fn event(ctx: &mut Ctx, status: &Status, obstacles: &[Obstacle]) {
    let state = &status.state;
    let missing: Vec<&str> = obstacles.iter().map(|obstacle| obstacle.text.as_str()).collect();
    ctx.out.event(
        "status",
        json!({
            "device": status.identity.device_name, "device_id": status.identity.device,
            "person": status.identity.person_name, "person_id": status.identity.person,
            "server": status.identity.server_url,
            "ready_for_offline": missing.is_empty(), "missing": missing,
            "last_sync_at_ms": state.last_sync_at, "last_failure": state.last_failure,
            "clock_offset_ms": state.skew_ms(&ctx.machine), "disk_free_bytes": status.disk_free,
            "outbox": {
                "envelopes": status.log.unsent, "bytes": status.log.unsent_bytes,
                "photos": status.photos.waiting, "photo_bytes": status.photos.waiting_bytes,
                "photos_refused": status.photos.refused, "photos_lost": status.photos.lost,
                "escrowed": status.log.escrowed,
                "not_judged": status.log.stored, "quarantined": status.log.quarantined,
            },
            "visits": {
                "planned": status.count(&[VisitState::Planned]),
                "running": status.count(&[VisitState::Running, VisitState::Paused]),
                "finished": status.count(&[VisitState::Finished, VisitState::NoAccess]),
            },
            "conflicts": status.conflicts(), "settled_in_field": status.settled, "reworks": status.reworks, "paused": status.paused,
            "next": next_command(&ctx.words, status, obstacles),
        }),
    );
}

fn tell(ctx: &mut Ctx, status: &Status, obstacles: &[Obstacle]) {
    let now = status.state.server_now(&ctx.machine);
    let words = &ctx.words;
    let synced = match status.state.last_sync_at {
        Some(at) => say!(
            words,
            "status-synced",
            at = render::time(words, at, now, &ctx.zone),
            ago = render::duration(words, now.since_ms(at))
        ),
        None => say!(words, "status-never-synced"),
    };
    let identity = &status.identity;
    let head = format!(
        "{} · {} · {} · {synced}",
        identity.person_name,
        identity.device_name,
        host(&identity.server_url)
    );
    let mut lines = vec![head, outbox_line(ctx, status), visits_line(ctx, status)];
    let conflicts = status.conflicts();
    if conflicts > 0 {
        lines.push(say!(words, "status-conflicts", count = conflicts));
    }
    if status.settled > 0 {
        lines.push(say!(words, "status-settled", count = status.settled));
    }
    if status.paused {
        lines.push(say!(words, "outbox-paused"));
    }
    if status.log.quarantined > 0 {
        lines.push(say!(words, "status-quarantined", count = status.log.quarantined));
    }
    if status.log.escrowed > 0 {
        lines.push(say!(words, "status-escrowed", count = status.log.escrowed));
    }
    if status.photos.refused > 0 {
        lines.push(say!(words, "status-photos-refused", count = status.photos.refused));
    }
    if status.photos.lost > 0 {
        lines.push(say!(words, "status-photos-lost", count = status.photos.lost));
    }
    lines.push(machine_line(ctx, status));
    lines.push(if obstacles.is_empty() {
        say!(words, "ready-yes")
    } else {
        let missing: Vec<&str> = obstacles.iter().map(|obstacle| obstacle.text.as_str()).collect();
        say!(words, "ready-no", missing = missing.join(words.lang.pick("；", "; ")))
    });
    lines.iter().for_each(|line| ctx.out.data(line));
    if let Some(command) = next_command(&ctx.words, status, obstacles) {
        ctx.out.next(&say!(ctx.words, "next-step", command = command));
    }
}

/// What the office did to this device, as it was told at the last contact.
pub(crate) fn refused(words: &Words, state: &SyncState) -> Option<(&'static str, String)> {
    match state.refusal() {
        Some(REVOKED) => Some((REVOKED, say!(words, "net-revoked"))),
        Some(SUSPENDED) => Some((SUSPENDED, say!(words, "net-suspended"))),
        Some(NO_TECHNICIAN) => Some((NO_TECHNICIAN, say!(words, "net-no-technician"))),
        Some(NOT_ENROLLED) => Some((NOT_ENROLLED, say!(words, "net-forgotten"))),
        _ => None,
    }
}

fn outbox_line(ctx: &Ctx, status: &Status) -> String {
    let (log, photos) = (&status.log, &status.photos);
    if log.unsent == 0 && photos.waiting == 0 {
        if log.escrowed + log.quarantined > 0 || photos.stuck() > 0 {
            return say!(ctx.words, "status-outbox-rest");
        }
        return say!(ctx.words, "status-outbox-empty");
    }
    say!(
        ctx.words,
        "status-outbox",
        acts = log.unsent,
        bytes = render::bytes(log.unsent_bytes),
        photos = photos.waiting,
        photobytes = render::bytes(photos.waiting_bytes)
    )
}

fn visits_line(ctx: &Ctx, status: &Status) -> String {
    say!(
        ctx.words,
        "status-visits",
        finished = status.count(&[VisitState::Finished, VisitState::NoAccess]),
        running = status.count(&[VisitState::Running, VisitState::Paused]),
        planned = status.count(&[VisitState::Planned])
    )
}

fn machine_line(ctx: &Ctx, status: &Status) -> String {
    let words = &ctx.words;
    // A wrong clock was warned about already.
    let clock = Some(clock_words(ctx, &status.state)).filter(|(good, _)| *good).map(|(_, text)| text);
    let disk = status.disk_free.map(|free| say!(words, "status-disk", free = render::bytes(free)));
    clock.into_iter().chain(disk).collect::<Vec<_>>().join(" · ")
}

/// Whether the clock of this device is good enough, and what is to be said about it.
pub(crate) fn clock_words(ctx: &Ctx, state: &SyncState) -> (bool, String) {
    let words = &ctx.words;
    match (clock_off(ctx, state), state.clock_offset_ms, state.skew_ms(&ctx.machine)) {
        (Some(off), ..) => (false, off),
        (None, None, _) => (true, say!(words, "status-clock-unknown")),
        (None, Some(_), None) => (true, say!(words, "status-clock-set")),
        (None, Some(_), Some(_)) => (true, say!(words, "status-clock-ok")),
    }
}
