//! What holds for everything that is recorded on this device now, said before it is saved.

use super::site::Site;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::i18n::say;
use crate::render;
use crate::store::{REVOKED, Store, SyncState};
use serde_json::{Value, json};
use sync_core::protocol::Cancellation;

/// A clock that is off by less is good enough: deadlines are counted in hours.
const CLOCK_TOLERANCE_MS: i64 = 5 * 60_000;

/// How far the clock is off, to the minute, when that is too far.
fn worth_telling(ctx: &Ctx, state: &SyncState) -> Option<i64> {
    let skew = state.skew_ms(&ctx.machine).filter(|skew| skew.abs() > CLOCK_TOLERANCE_MS)?;
    Some((skew + skew.signum() * 30_000) / 60_000 * 60_000)
}

/// What is wrong with the clock of this device; `None` while it is good enough or was never compared.
pub(crate) fn clock_off(ctx: &Ctx, state: &SyncState) -> Option<String> {
    let skew = worth_telling(ctx, state)?;
    let words = &ctx.words;
    let here = ctx.now();
    let there = here.plus_ms(-skew);
    let by = render::duration(words, skew.abs());
    let (says, right) =
        (render::time(words, here, there, &ctx.zone), render::time(words, there, here, &ctx.zone));
    Some(if skew > 0 {
        say!(words, "clock-ahead", by = by, says = says, right = right)
    } else {
        say!(words, "clock-behind", by = by, says = says, right = right)
    })
}

/// The same in a few words, for a list of what is missing.
pub(crate) fn clock_off_briefly(ctx: &Ctx, state: &SyncState) -> Option<String> {
    let skew = worth_telling(ctx, state)?;
    let by = render::duration(&ctx.words, skew.abs());
    Some(if skew > 0 {
        say!(ctx.words, "ready-clock-ahead", by = by)
    } else {
        say!(ctx.words, "ready-clock-behind", by = by)
    })
}

/// Warns when the clock of this device is wrong: times it records are doubted then.
pub(crate) fn warn_about_clock(ctx: &mut Ctx, state: &SyncState) {
    if let Some(text) = clock_off(ctx, state) {
        ctx.out.warn("clock-off", &text);
    }
}

/// Says what the office will doubt about whatever is recorded now. Nothing is kept from being recorded.
pub(crate) async fn warn(ctx: &mut Ctx, store: &Store, site: Option<&Site>) -> Result<(), Failure> {
    let state = store.sync_state().await?;
    warn_about_clock(ctx, &state);
    if state.refusal() == Some(REVOKED) {
        ctx.out.warn(REVOKED, &say!(ctx.words, "warn-revoked"));
    } else if state.enrol_again {
        ctx.out.warn("enrol-again", &say!(ctx.words, "warn-enrol-again"));
    }
    if let Some(site) = site.filter(|site| site.row.unassigned) {
        let text = match cancelled(ctx, site.row.cancelled.as_ref()) {
            Some(text) => say!(ctx.words, "warn-visit-cancelled", visit = site.name(), cancelled = text),
            None => say!(ctx.words, "warn-visit-lost", visit = site.name()),
        };
        ctx.out.warn("visit-lost", &text);
    }
    Ok(())
}

/// Who called a visit off, when and why; `None` while nobody has.
pub(crate) fn cancelled(ctx: &Ctx, cancelled: Option<&Cancellation>) -> Option<String> {
    let Cancellation { by, at, reason } = cancelled?;
    let at = render::time(&ctx.words, *at, ctx.now(), &ctx.zone);
    let by = if by.is_empty() { ctx.words.code("author", "office") } else { by.clone() };
    Some(match reason.is_empty() {
        true => say!(ctx.words, "cancelled-by", by = by, at = at),
        false => say!(ctx.words, "cancelled-because", by = by, at = at, reason = reason.clone()),
    })
}

/// The same for scripts.
pub(crate) fn cancelled_json(cancelled: Option<&Cancellation>) -> Value {
    cancelled.map_or(
        Value::Null,
        |cancelled| json!({ "by": cancelled.by, "at_ms": cancelled.at, "reason": cancelled.reason }),
    )
}
