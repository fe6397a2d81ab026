//! `field outbox`: what has not arrived, and why.

use super::Outcome;
use super::acts::{describe, visit_name, visit_names, with_statements};
use super::photo::refusal;
use super::terms::Terms;
use crate::cli::{OutboxArgs, OutboxCommand};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::say;
use crate::render;
use crate::store::{BlobState, CommandRow, CommandState, EnvelopeState, PAUSED, SIGNATURE, Store};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use sync_core::ids::VisitId;

/// Runs a subcommand of `field outbox`.
pub(crate) async fn run(ctx: &mut Ctx, args: &OutboxArgs) -> Outcome {
    let store = ctx.store().await?;
    match args.command {
        None | Some(OutboxCommand::List) => list(ctx, &store).await?,
        Some(OutboxCommand::Retry) => {
            store.set_setting(PAUSED, None).await?;
            let count = store.retry_refused_photos().await?;
            ctx.out.event("outbox", json!({ "paused": false, "photos_retried": count }));
            ctx.out.done(&say!(ctx.words, "outbox-retry", count = count));
            ctx.out.next(&say!(ctx.words, "next-step", command = "field sync"));
        }
        Some(OutboxCommand::Pause) => {
            store.set_setting(PAUSED, Some("1")).await?;
            ctx.out.event("outbox", json!({ "paused": true }));
            ctx.out.done(&say!(ctx.words, "outbox-paused"));
            ctx.out.next(&say!(ctx.words, "next-step", command = "field outbox retry"));
        }
    }
    Ok(Exit::Ok)
}

async fn list(ctx: &mut Ctx, store: &Store) -> Result<(), Failure> {
    let names = visit_names(store).await?;
    let commands = store.commands().await?;
    let mut lines = acts(ctx, store, &names, &commands).await?;
    lines.extend(photos(ctx, store, &names).await?);
    lines.extend(refusals(ctx, &names, &commands));
    if lines.is_empty() {
        ctx.out.data(&say!(ctx.words, "status-outbox-empty"));
    } else {
        let headers = ["column-time", "column-number", "column-text", "column-state"];
        let headers = headers.map(|id| ctx.words.find(id).unwrap_or_default());
        let mut table = render::table(&ctx.out, headers);
        lines.into_iter().for_each(|line| table.add_row(line));
        ctx.out.data(&render::lines(&table));
    }
    if store.setting(PAUSED).await?.is_some() {
        ctx.out.warn("outbox-paused", &say!(ctx.words, "outbox-paused"));
    }
    Ok(())
}

type Line = [String; 4];
type Names = BTreeMap<VisitId, String>;

/// Acts that are not in the central record.
async fn acts(
    ctx: &mut Ctx,
    store: &Store,
    names: &Names,
    commands: &[CommandRow],
) -> Result<Vec<Line>, Failure> {
    let now = ctx.now();
    let (terms, whole) = (Terms::known(store).await?, Terms::known(store).await?.whole());
    let mut lines = Vec::new();
    for mut row in store.outbox().await? {
        with_statements(store, &mut row).await?;
        ctx.out.event(
            "act",
            json!({
                "sequence": row.sequence, "hash": row.hash, "kind": row.kind, "visit": row.visit,
                "at_ms": row.claimed_at, "state": row.state.as_str(), "reason": row.reason, "bytes": row.size_bytes,
                "writes": row.writes,
            }),
        );
        let state = ctx.words.code("envelope", row.state.as_str());
        let state = row
            .reason
            .as_ref()
            .map_or(state.clone(), |reason| format!("{state}: {}", ctx.words.code("quarantine", reason)));
        let time = render::time(&ctx.words, row.claimed_at, now, &ctx.zone);
        // What is in no record is to be read nowhere else.
        let set_aside = matches!(row.state, EnvelopeState::Quarantined | EnvelopeState::Escrowed);
        let terms = if set_aside { &whole } else { &terms };
        lines.push([time, visit_name(names, row.visit), describe(&ctx.words, terms, &row, commands), state]);
    }
    Ok(lines)
}

/// Photos that are not on the server.
async fn photos(ctx: &mut Ctx, store: &Store, names: &Names) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    let mut told = BTreeSet::new();
    for photo in store.photos(None).await?.iter().filter(|photo| photo.blob.state != BlobState::Arrived) {
        let blob = &photo.blob;
        // The same bytes travel once, however many entries name them.
        if !told.insert((photo.visit, blob.sha256)) {
            continue;
        }
        ctx.out.event(
            "photo",
            json!({
                "sha256": blob.sha256, "visit": photo.visit, "role": photo.role, "file": blob.original_name,
                "state": blob.state.as_str(), "sent": blob.upload_offset, "total": blob.size_bytes, "reason": blob.reason,
            }),
        );
        let size = render::bytes(blob.size_bytes);
        let what = match photo.role == SIGNATURE {
            true => say!(ctx.words, "outbox-signature", file = blob.original_name.clone(), size = size),
            false => say!(ctx.words, "outbox-photo", file = blob.original_name.clone(), size = size),
        };
        let state = match blob.upload_percent() {
            _ if blob.state == BlobState::Refused => {
                say!(ctx.words, "photo-refused", reason = refusal(&ctx.words, blob))
            }
            0 => ctx.words.code("blob", blob.state.as_str()),
            percent => format!("{} {percent} %", ctx.words.code("blob", blob.state.as_str())),
        };
        lines.push([String::new(), visit_name(names, Some(photo.visit)), what, state]);
    }
    Ok(lines)
}

/// Requests that the server refused.
fn refusals(ctx: &mut Ctx, names: &Names, commands: &[CommandRow]) -> Vec<Line> {
    let now = ctx.now();
    let mut lines = Vec::new();
    for command in commands {
        let CommandState::Refused { reason, detail } = &command.state else { continue };
        ctx.out.event(
            "command",
            json!({ "id": command.id, "request": command.request, "visit": command.visit, "reason": reason, "detail": detail }),
        );
        let what = ctx.words.code("request", &command.request);
        let state =
            format!("{}: {}", ctx.words.code("envelope", "refused"), ctx.words.code("refusal", reason));
        let time = render::time(&ctx.words, command.asked_at, now, &ctx.zone);
        lines.push([time, visit_name(names, command.visit), what, state]);
    }
    lines
}
