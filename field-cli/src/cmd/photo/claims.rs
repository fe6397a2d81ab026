//! Whether the claims of a camera agree with this device: its clock, the visit, the address.

use super::exif::Claims;
use crate::cmd::site::Site;
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::say;
use crate::place::Position;
use crate::render;
use sync_core::document::VisitView;
use sync_core::time::Timestamp;

/// A camera's clock may be this far from the device's without being worth a word.
pub(super) const CLOCK_MS_MAX: i64 = 5 * 60_000;
/// A photo may be this much older than the visit: taken on the way in.
const BEFORE_VISIT_MS_MAX: i64 = 30 * 60_000;
/// Farther from the address than this is worth a look.
const SITE_METRES_MAX: f64 = 500.0;

/// Tells what does not fit; a photo that is older than the visit needs a yes.
pub(super) fn examine(
    ctx: &mut Ctx,
    site: &Site,
    view: &VisitView,
    claims: &Claims,
    allow_old: bool,
) -> Result<(), Failure> {
    if let Some(taken) = claims.taken_at {
        let ahead = taken.since_ms(ctx.now());
        if ahead > CLOCK_MS_MAX {
            let by = render::duration(&ctx.words, ahead);
            ctx.out.warn("photo-from-the-future", &say!(ctx.words, "warn-photo-future", by = by));
        } else if let Some(started) = started_at(view) {
            old(ctx, started.since_ms(taken), allow_old)?;
        }
    }
    let there = site.card.as_ref().and_then(|card| card.position.as_ref());
    let there = there.and_then(|(lat, lon)| Position::of_texts(lat, lon));
    if let Some((here, there)) = claims.position.as_ref().zip(there.as_ref()) {
        let metres = here.metres_to(there);
        if metres > SITE_METRES_MAX {
            let distance = render::metres(metres);
            ctx.out.warn("photo-far", &say!(ctx.words, "warn-photo-far", distance = distance));
        }
    }
    Ok(())
}

fn old(ctx: &mut Ctx, before_ms: i64, allow_old: bool) -> Result<(), Failure> {
    if before_ms <= BEFORE_VISIT_MS_MAX {
        return Ok(());
    }
    let before = render::duration(&ctx.words, before_ms);
    let text = say!(ctx.words, "warn-photo-old", before = before);
    if allow_old {
        ctx.out.warn("photo-old", &text);
        return Ok(());
    }
    if ctx.interactive {
        ctx.out.warn("photo-old", &text);
        if ctx.confirm(&say!(ctx.words, "ask-photo-old"))? {
            return Ok(());
        }
        return Err(Failure::new("photo-old", say!(ctx.words, "nothing-recorded")).exit(Exit::Usage));
    }
    Err(Failure::usage("photo-old", text).hint(say!(ctx.words, "photo-old-hint")))
}

/// When somebody first came to the site.
fn started_at(view: &VisitView) -> Option<Timestamp> {
    view.progress.values().filter(|step| step.content.event == "started").map(|step| step.meta.at).min()
}
