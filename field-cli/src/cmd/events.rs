//! `field events`: what the utility plans here, and what everybody says about it, without a network.

use super::Outcome;
use crate::ctx::Ctx;
use crate::failure::Exit;
use crate::i18n::{Words, say};
use crate::render;
use crate::store::{Store, StoreError};
use jiff::tz::TimeZone;
use serde_json::json;
use sync_core::protocol::PlannedEventCard;
use sync_core::time::Timestamp;

/// Lists what is planned and has not ended.
pub(crate) async fn run(ctx: &mut Ctx) -> Outcome {
    let store = ctx.store().await?;
    let found = ahead(ctx, &store).await?;
    for card in &found {
        let running = card.begins_at <= ctx.now();
        let event = json!({ "event": card.event, "number": card.number, "version": card.version,
            "kind": card.kind, "utility": card.utility, "running": running, "announced": card.announced,
            "begins_at_ms": card.begins_at, "ends_at_ms": card.ends_at, "places": card.places,
            "effect": card.effect, "wording_zh": card.wording_zh, "wording_en": card.wording_en,
            "contact": card.contact, "regions": card.regions.iter().map(|region| &region.code).collect::<Vec<_>>() });
        ctx.out.event("planned_event", event);
    }
    if found.is_empty() {
        ctx.out.data(&say!(ctx.words, "events-none"));
        return Ok(Exit::Ok);
    }
    let texts: Vec<String> =
        found.iter().map(|card| lines(&ctx.words, card, ctx.now(), &ctx.zone).join("\n")).collect();
    ctx.out.data(&texts.join("\n\n"));
    Ok(Exit::Ok)
}

/// What has not ended by the office's clock.
async fn ahead(ctx: &Ctx, store: &Store) -> Result<Vec<PlannedEventCard>, StoreError> {
    let now = store.sync_state().await?.server_now(&ctx.machine);
    let mut found = store.planned_events().await?;
    found.retain(|card| card.is_ahead(now));
    Ok(found)
}

/// What is planned where a visit is made, for the customer at the door.
pub(crate) async fn at_the_door(
    ctx: &Ctx,
    store: &Store,
    place: (&str, &str),
) -> Result<Vec<String>, StoreError> {
    let (utility, region) = place;
    let found = ahead(ctx, store).await?.into_iter().filter(|card| card.touches(utility, region));
    Ok(found.flat_map(|card| lines(&ctx.words, &card, ctx.now(), &ctx.zone)).collect())
}

/// An event in words: what and when, where, what to say, and who knows more.
fn lines(words: &Words, card: &PlannedEventCard, now: Timestamp, zone: &TimeZone) -> Vec<String> {
    let time = |at| render::time(words, at, now, zone);
    let kind = words.code("planned-kind", &card.kind);
    let when = say!(words, "events-span", from = time(card.begins_at), to = time(card.ends_at));
    let mut head = format!("{}  {kind} · {} · {when}", card.number, words.code("utility", &card.utility));
    if card.begins_at <= now {
        head = format!("{head} · {}", say!(words, "events-running"));
    }
    let regions: Vec<&str> =
        card.regions.iter().map(|region| words.lang.pick(&region.zh, &region.en)).collect();
    let mut lines = vec![head];
    let place = [regions.join(", "), card.places.clone()].into_iter().filter(|text| !text.is_empty());
    let place = place.collect::<Vec<_>>().join(" · ");
    lines.extend((!place.is_empty()).then_some(place));
    let wording = words.lang.pick(&card.wording_zh, &card.wording_en);
    let wording =
        if wording.is_empty() { words.lang.pick(&card.wording_en, &card.wording_zh) } else { wording };
    lines.push(say!(words, "events-say", wording = wording));
    lines.push(say!(words, "events-contact", contact = card.contact.clone()));
    if !card.announced {
        lines.push(say!(words, "events-not-announced"));
    }
    lines
}
