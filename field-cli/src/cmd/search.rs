//! `field search`: everything on this device, also by two-character Chinese words.

use super::Outcome;
use super::choice::language;
use crate::cli::SearchArgs;
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::say;
use crate::store::find_code;
use crate::wrap::width;
use serde_json::json;

/// Most hits that are shown.
const HITS_MAX: u32 = 30;
/// Characters of a hit that are shown.
const HIT_CHARS_MAX: usize = 100;

/// Shows what contains every word.
pub(crate) async fn run(ctx: &mut Ctx, args: &SearchArgs) -> Outcome {
    let query = args.text.join(" ");
    if sync_core::search::query_terms(&query).is_empty() {
        return Err(Failure::usage("empty-query", say!(ctx.words, "search-empty")));
    }
    let store = ctx.store().await?;
    let hits = store.search(&query, HITS_MAX).await?;
    let cards = store.assignments().await?;
    let widest = hits.iter().map(|hit| width(&place(ctx, &hit.key))).max().unwrap_or(0);
    for hit in &hits {
        let number = hit.visit.and_then(|visit| cards.iter().find(|card| card.visit == visit));
        let number = number.map_or("", |card| card.number.as_str());
        ctx.out
            .event("hit", json!({ "key": hit.key, "visit": hit.visit, "number": number, "text": hit.text }));
        let text = hit.text.lines().filter_map(|line| in_words(ctx, line, number));
        let text = text.collect::<Vec<_>>().join(" · ");
        let mut short: String = text.chars().take(HIT_CHARS_MAX).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        let place = place(ctx, &hit.key);
        let room = " ".repeat(widest.saturating_sub(width(&place)));
        ctx.out.data(format!("{number:<16} {place}{room}  {short}").trim_end());
    }
    if hits.is_empty() {
        ctx.out.data(&say!(ctx.words, "search-nothing", query = query));
    } else {
        ctx.out.next(&say!(
            ctx.words,
            "next-step",
            command = format!("field visit show {}", say!(ctx.words, "placeholder-number"))
        ));
    }
    Ok(Exit::Ok)
}

/// A line of what was found as people read it: codes by their names, nothing that only machines need.
fn in_words<'a>(ctx: &Ctx, line: &'a str, number: &str) -> Option<&'a str> {
    if line.is_empty() || line == number || line.starts_with("image/") {
        return None;
    }
    let entry = find_code(line);
    Some(entry.map_or(line, |entry| entry.name(language(&ctx.words))))
}

/// What kind of text was found, from its key: `visit/<id>/findings/…` or `assignment/<id>`.
fn place(ctx: &Ctx, key: &str) -> String {
    let mut parts = key.split('/');
    let kind = match parts.next() {
        Some("visit") => parts.nth(1).unwrap_or_default(),
        other => other.unwrap_or_default(),
    };
    ctx.words.code("place", kind)
}
