//! `field log`: who recorded what, when, on which device.

use super::Outcome;
use super::acts::{describe, visit_name, visit_names, with_statements, written};
use super::people::People;
use super::terms::Terms;
use crate::cli::LogArgs;
use crate::ctx::Ctx;
use crate::failure::Exit;
use crate::i18n::say;
use crate::render;
use crate::store::{CommandRow, ForeignRow, Identity, LogRow};
use serde_json::json;
use std::collections::BTreeMap;
use sync_core::ids::{DeviceId, VisitId};
use sync_core::time::Timestamp;

/// Most acts that are shown.
const ROWS_MAX: u32 = 200;

/// An act of this device or of another.
enum Row {
    Own(LogRow),
    Foreign(ForeignRow),
}

impl Row {
    /// When it was recorded, by the clock of its device.
    fn claimed_at(&self) -> Timestamp {
        match self {
            Self::Own(row) => row.claimed_at,
            Self::Foreign(row) => row.claimed_at,
        }
    }
}

/// Shows the log, the newest act last.
pub(crate) async fn run(ctx: &mut Ctx, args: &LogArgs) -> Outcome {
    let store = ctx.store().await?;
    let visit = match &args.visit {
        Some(typed) => Some(super::site::find_any(ctx, &store, Some(typed)).await?.visit),
        None => None,
    };
    let mut own = store.log(visit, ROWS_MAX).await?;
    for row in &mut own {
        with_statements(&store, row).await?;
    }
    let foreign = store.foreign_log(visit, ROWS_MAX).await?;
    let mut rows: Vec<Row> =
        own.into_iter().map(Row::Own).chain(foreign.into_iter().map(Row::Foreign)).collect();
    rows.sort_by_key(|row| match row {
        Row::Own(own) => (row.claimed_at(), own.sequence),
        Row::Foreign(foreign) => (row.claimed_at(), foreign.sequence),
    });
    let left_out = rows.len().saturating_sub(usize::try_from(ROWS_MAX).unwrap_or(usize::MAX));
    let rows = &rows[left_out..];
    let identity = store.identity().await?;
    begin(ctx, &identity, rows);
    let shown = Shown {
        names: visit_names(&store).await?,
        people: People::known(&store).await?,
        terms: Terms::known(&store).await?,
        commands: store.commands().await?,
        identity,
    };
    if rows.is_empty() {
        ctx.out.data(&say!(ctx.words, "none-recorded"));
        return Ok(Exit::Ok);
    }
    let headers = ["column-time", "column-by", "column-number", "column-text", "column-state"];
    let headers = headers.map(|id| ctx.words.find(id).unwrap_or_default());
    let mut table = render::table(&ctx.out, headers);
    for row in rows {
        table.add_row(match row {
            Row::Own(row) => shown.own(ctx, row),
            Row::Foreign(row) => shown.foreign(ctx, row),
        });
    }
    ctx.out.data(&render::lines(&table));
    Ok(Exit::Ok)
}

/// What rows are shown with.
struct Shown {
    names: BTreeMap<VisitId, String>,
    people: People,
    terms: Terms,
    commands: Vec<CommandRow>,
    identity: Identity,
}

/// Says from when on acts are listed, where that is later than the work itself.
fn begin(ctx: &mut Ctx, identity: &Identity, rows: &[Row]) {
    let is_cut = rows.len() >= usize::try_from(ROWS_MAX).unwrap_or(usize::MAX);
    let is_older = rows.iter().any(|row| row.claimed_at() < identity.enrolled_at);
    ctx.out.event(
        "log",
        json!({ "device": identity.device, "enrolled_at_ms": identity.enrolled_at, "cut": is_cut }),
    );
    if is_cut {
        ctx.out.note(&say!(ctx.words, "log-newest", count = ROWS_MAX));
    } else if !is_older {
        let at = render::time(&ctx.words, identity.enrolled_at, ctx.now(), &ctx.zone);
        ctx.out.note(&say!(ctx.words, "log-begins", at = at));
    }
}

impl Shown {
    fn own(&self, ctx: &mut Ctx, row: &LogRow) -> [String; 5] {
        ctx.out.event(
            "act",
            json!({
                "own": true, "device": row.device, "sequence": row.sequence, "hash": row.hash, "kind": row.kind,
                "visit": row.visit, "at_ms": row.claimed_at, "state": row.state.as_str(),
                "undone": row.undone, "writes": row.writes,
            }),
        );
        let state = if row.undone { "undone" } else { row.state.as_str() };
        [
            render::time(&ctx.words, row.claimed_at, ctx.now(), &ctx.zone),
            self.own_device(row.device),
            visit_name(&self.names, row.visit),
            describe(&ctx.words, &self.terms, row, &self.commands),
            ctx.words.code("envelope", state),
        ]
    }

    /// This device, or the one that this store belonged to before it was enrolled anew.
    fn own_device(&self, device: DeviceId) -> String {
        let me = self.people.name(self.people.me);
        if device == self.identity.device {
            return format!("{me} {}", self.identity.device_name);
        }
        self.people.device(device).unwrap_or(me)
    }

    fn foreign(&self, ctx: &mut Ctx, row: &ForeignRow) -> [String; 5] {
        ctx.out.event(
            "act",
            json!({
                "own": false, "device": row.device, "sequence": row.sequence, "hash": row.hash, "kind": row.kind,
                "visit": row.visit, "at_ms": row.claimed_at, "person": row.person, "writes": row.writes,
            }),
        );
        [
            render::time(&ctx.words, row.claimed_at, ctx.now(), &ctx.zone),
            self.people.author(&ctx.words, row.device),
            visit_name(&self.names, row.visit),
            written(&ctx.words, &self.terms, &row.kind, &row.writes),
            String::new(),
        ]
    }
}
