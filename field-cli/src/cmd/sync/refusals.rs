//! What the server did not take, and what came back: one line for each cause, however many acts it reached. Scripts
//! read every act.

use super::event;
use crate::cmd::acts::visit_name;
use crate::cmd::terms::Terms;
use crate::ctx::Ctx;
use crate::i18n::say;
use crate::store::{CommandRow, CommandState, Performed, Store};
use crate::sync::SyncError;
use serde_json::json;
use std::collections::BTreeMap;
use sync_core::ids::{CommandId, VisitId};
use sync_core::protocol::Rework;

/// The request that a complaint met in the field is opened.
const OPEN_COMPLAINT: &str = "open_complaint";

type Names = BTreeMap<VisitId, String>;

/// Requests on one visit that were refused for one reason.
type Refused<'a> = BTreeMap<(Option<VisitId>, &'a str), Vec<&'a str>>;

/// Tells what was put aside, refused or sent back.
pub(super) async fn tell(
    ctx: &mut Ctx,
    store: &Store,
    performed: &Performed,
    names: &Names,
) -> Result<(), SyncError> {
    put_aside(ctx, performed, names);
    if performed.reissued > 0 {
        ctx.out.note(&say!(ctx.words, "sync-reissued", count = performed.reissued));
    }
    answers(ctx, &store.commands().await?, performed, names);
    let terms = Terms::known(store).await?;
    performed.reworks.iter().for_each(|rework| came_back(ctx, &terms, rework, names));
    Ok(())
}

/// Acts that the office will decide about.
fn put_aside(ctx: &mut Ctx, performed: &Performed, names: &Names) {
    let mut causes: BTreeMap<(Option<VisitId>, &str), u64> = BTreeMap::new();
    for (visit, sequence, reason) in &performed.quarantined {
        event(ctx, "quarantined", json!({ "visit": visit, "sequence": sequence, "reason": reason }));
        *causes.entry((*visit, reason)).or_default() += 1;
    }
    for ((visit, reason), count) in &causes {
        let (visit, reason) = (about(names, *visit), ctx.words.code("quarantine", reason));
        let line = say!(ctx.words, "sync-quarantined", count = (*count), visit = visit, reason = reason);
        ctx.out.warn("quarantined", &line);
    }
    if !causes.is_empty() {
        ctx.out.next(&say!(ctx.words, "next-step", command = "field outbox"));
    }
}

/// What the server answered to requests.
fn answers(ctx: &mut Ctx, commands: &[CommandRow], performed: &Performed, names: &Names) {
    let row = |id: CommandId| commands.iter().find(|row| row.id == id);
    let mut refused: Refused<'_> = BTreeMap::new();
    for (result, state) in &performed.commands {
        let (outcome, text) = match state {
            CommandState::Waiting => continue,
            CommandState::Done { reference } => ("done", reference.clone()),
            CommandState::Refused { reason, .. } => ("refused", Some(reason.clone())),
        };
        let asked = row(result.id);
        let (visit, request) =
            (asked.and_then(|row| row.visit), asked.map_or("unknown", |row| row.request.as_str()));
        event(
            ctx,
            "command",
            json!({ "id": result.id, "visit": visit, "request": request, "outcome": outcome, "reference": text }),
        );
        match state {
            CommandState::Refused { reason, .. } => {
                refused.entry((visit, reason)).or_default().push(request);
            }
            CommandState::Done { reference: Some(reference) } => {
                let what = ctx.words.code("request", request);
                let line = say!(ctx.words, "sync-command-done", what = what, reference = reference.clone());
                ctx.out.note(&line);
            }
            _ => {}
        }
    }
    for ((visit, reason), requests) in refused {
        let reason = ctx.words.code("refusal", reason);
        let mut kinds: Vec<String> =
            requests.iter().map(|request| ctx.words.code("request", request)).collect();
        kinds.sort();
        kinds.dedup();
        let what = format!("{}: {}", about(names, visit), kinds.join(ctx.words.lang.pick("、", ", ")));
        let line =
            say!(ctx.words, "sync-command-refused", count = requests.len(), what = what, reason = reason);
        ctx.out.warn("command-refused", &line);
        // What was recorded on its visit stays, and somebody looks at it.
        if visit.is_some() && requests.contains(&OPEN_COMPLAINT) {
            ctx.out.note(&say!(ctx.words, "sync-complaint-refused"));
        }
    }
}

/// Work that the office sent back.
fn came_back(ctx: &mut Ctx, terms: &Terms, rework: &Rework, names: &Names) {
    event(ctx, "rework", json!({ "visit": rework.visit, "reason": rework.reason, "paths": rework.paths }));
    let (visit, reason) = (visit_name(names, Some(rework.visit)), rework.reason.clone());
    ctx.out.warn("rework", &say!(ctx.words, "sync-rework", visit = visit, reason = reason));
    for path in &rework.paths {
        ctx.out.note(&format!("  - {}", terms.path(&ctx.words, path)));
    }
}

/// The visit of an act; a dash for what belongs to none.
fn about(names: &Names, visit: Option<VisitId>) -> String {
    visit.map_or_else(|| "–".to_owned(), |visit| visit_name(names, Some(visit)))
}
