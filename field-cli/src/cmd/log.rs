//! `field log`: who recorded what, when, on which device.

use super::Outcome;
use super::acts::{describe, visit_name, visit_names};
use super::people::People;
use crate::cli::LogArgs;
use crate::ctx::Ctx;
use crate::failure::Exit;
use crate::i18n::say;
use crate::render;
use crate::store::{ForeignRow, LogRow};
use serde_json::json;

/// Most acts that are shown.
const ROWS_MAX: u32 = 200;

/// An act of this device or of another.
enum Row {
    Own(LogRow),
    Foreign(ForeignRow),
}

/// Shows the log, the newest act last.
pub(crate) async fn run(ctx: &mut Ctx, args: &LogArgs) -> Outcome {
    let store = ctx.store().await?;
    let visit = match &args.visit {
        Some(typed) => Some(super::site::find(ctx, &store, Some(typed)).await?.visit),
        None => None,
    };
    let own = store.log(visit, ROWS_MAX).await?;
    let foreign = store.foreign_log(visit, ROWS_MAX).await?;
    let mut rows: Vec<Row> =
        own.into_iter().map(Row::Own).chain(foreign.into_iter().map(Row::Foreign)).collect();
    rows.sort_by_key(|row| match row {
        Row::Own(row) => (row.claimed_at, row.sequence),
        Row::Foreign(row) => (row.claimed_at, row.sequence),
    });
    let rows = &rows[rows.len().saturating_sub(usize::try_from(ROWS_MAX).unwrap_or(usize::MAX))..];
    let (names, people, commands) =
        (visit_names(&store).await?, People::known(&store).await?, store.commands().await?);
    let device = store.identity().await?.device_name;
    let now = ctx.now();
    let headers = ["column-time", "column-by", "column-number", "column-text", "column-state"];
    let headers = headers.map(|id| ctx.words.find(id).unwrap_or_default());
    let mut table = render::table(&ctx.out, headers);
    for row in rows {
        let cells = match row {
            Row::Own(row) => {
                let request =
                    commands.iter().find(|command| row.kind == "command" && command.sequence == row.sequence);
                let what = describe(ctx, row, request.map(|command| command.request.as_str()));
                let state = if row.undone { "undone" } else { row.state.as_str() };
                ctx.out.event(
                    "act",
                    json!({
                        "own": true, "device": row.device, "sequence": row.sequence, "hash": row.hash, "kind": row.kind,
                        "visit": row.visit, "at_ms": row.claimed_at, "state": row.state.as_str(),
                        "undone": row.undone, "writes": row.writes,
                    }),
                );
                let who = format!("{} {device}", people.name(people.me));
                let time = render::time(&ctx.words, row.claimed_at, now, &ctx.zone);
                [time, who, visit_name(&names, row.visit), what, ctx.words.code("envelope", state)]
            }
            Row::Foreign(row) => {
                ctx.out.event(
                    "act",
                    json!({
                        "own": false, "device": row.device, "sequence": row.sequence, "hash": row.hash, "kind": row.kind,
                        "visit": row.visit, "at_ms": row.claimed_at, "person": row.person,
                    }),
                );
                let time = render::time(&ctx.words, row.claimed_at, now, &ctx.zone);
                let what = ctx.words.code("act", &row.kind);
                [time, people.name(row.person), visit_name(&names, row.visit), what, String::new()]
            }
        };
        table.add_row(cells);
    }
    if rows.is_empty() {
        ctx.out.data(&say!(ctx.words, "none-recorded"));
    } else {
        ctx.out.data(&render::lines(&table));
    }
    Ok(Exit::Ok)
}
