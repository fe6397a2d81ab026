//! Finishing a visit: first what is missing, with the command that fills it.

use super::lifecycle::{progress, step};
use super::list::tail;
use crate::cli::FinishArgs;
use crate::cmd::choice::{of_table, pick};
use crate::cmd::site::{Site, fill_command, item_name};
use crate::cmd::{Outcome, site};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::say;
use crate::render;
use crate::store::{Store, VisitState};
use serde_json::json;
use sync_core::checklist::{SKIPPED, hazards_without_notice};
use sync_core::codes::CodeTable;
use sync_core::document::{Finding, Progress, VisitView};
use sync_core::protocol::Request;

/// Finishes the visit if nothing is missing.
pub(crate) async fn run(ctx: &mut Ctx, args: &FinishArgs) -> Outcome {
    let store = ctx.store().await?;
    let site = site::acting(ctx, &store, args.on.visit.as_deref()).await?;
    if site.row.state == VisitState::Planned {
        let hint = say!(ctx.words, "next-step", command = format!("field visit start {}", site.name()));
        return Err(Failure::new(
            "visit-not-started",
            say!(ctx.words, "visit-not-started", visit = site.name()),
        )
        .hint(hint));
    }
    if site.row.state == VisitState::Finished && args.skip.is_empty() {
        ctx.out.done(&say!(ctx.words, "visit-already-finished", visit = site.name()));
        return Ok(Exit::Ok);
    }
    let skipped = skipped(ctx, &site, args)?;
    let view = store.document(site.visit).await?.view();
    let outcome = || {
        let question = say!(ctx.words, "ask-outcome");
        let options = of_table(&ctx.words, CodeTable::Outcomes);
        pick(ctx, args.outcome.as_deref(), "--outcome", &question, options)
    };
    // What was typed wrong is said first; what was not typed is asked for last.
    let typed = if args.outcome.is_some() { Some(outcome()?) } else { None };
    check(ctx, &site, &view, &skipped)?;
    let outcome = typed.map_or_else(outcome, Ok)?;
    let finished = Progress { outcome: Some(outcome.code.clone()), ..progress("finished") };
    let recorded = store
        .record(site.visit, |act| {
            for finding in &skipped {
                let id = act.new_entry();
                act.edit().add_finding(id, finding)?;
            }
            step(act, &finished)?;
            act.command(&Request::Finish { visit: act.visit(), outcome: outcome.code.clone() });
            act.set_current(None);
            Ok::<_, Failure>(())
        })
        .await?;
    let time = render::time(&ctx.words, recorded.at, recorded.at, &ctx.zone);
    ctx.out.done(&say!(
        ctx.words,
        "visit-finished",
        visit = site.name(),
        time = time,
        outcome = outcome.name
    ));
    ctx.out.event(
        "finished",
        json!({
            "visit": site.visit, "number": site.name(), "at_ms": recorded.at, "outcome": outcome.code,
            "skipped": skipped.iter().map(|finding| &finding.item).collect::<Vec<_>>(),
        }),
    );
    next(ctx, &store).await
}

/// The findings that say why items are left out.
fn skipped(ctx: &Ctx, site: &Site, args: &FinishArgs) -> Result<Vec<Finding>, Failure> {
    let why = args.why.as_deref().map(str::trim).unwrap_or_default();
    if !args.skip.is_empty() && why.is_empty() {
        return Err(Failure::usage("missing-value", say!(ctx.words, "usage-missing", arguments = "--why")));
    }
    let finding = |typed: &String| {
        let item = site.item(&ctx.words, typed)?;
        Ok(Finding {
            code: SKIPPED.to_owned(),
            text: why.to_owned(),
            item: Some(item.code.clone()),
            severity: None,
        })
    };
    args.skip.iter().map(finding).collect()
}

/// Names everything that is missing, each with the command that fills it.
fn check(ctx: &Ctx, site: &Site, view: &VisitView, skipped: &[Finding]) -> Result<(), Failure> {
    let items = site.items(view);
    let open: Vec<_> = items
        .iter()
        .filter(|status| status.blocks())
        .filter(|status| skipped.iter().all(|finding| finding.item.as_deref() != Some(&status.item.code)))
        .collect();
    let untold = hazards_without_notice(view);
    if open.is_empty() && untold.is_empty() {
        return Ok(());
    }
    let what = match open.len() {
        0 => say!(ctx.words, "finish-notice-missing"),
        count => say!(ctx.words, "finish-open", open = count, total = items.len()),
    };
    let mut failure = Failure::new("incomplete", what);
    for status in &open {
        let name = item_name(ctx.words.lang, status.item);
        failure = failure.hint(format!(
            "· {name} ({})    {}",
            status.item.code,
            fill_command(&ctx.words, status.item, site)
        ));
    }
    for id in &untold {
        let code = view.hazards.get(id).map(|hazard| hazard.content.code.clone()).unwrap_or_default();
        let name = crate::cmd::hazard::name(&ctx.words, &code);
        failure = failure.hint(say!(
            ctx.words,
            "finish-notice",
            hazard = name,
            command = site.on_it(crate::cmd::hazard::notice_command(&ctx.words))
        ));
    }
    if let Some(first) = open.first() {
        let skip = site.on_it(format!("field visit finish --skip {} --why \"…\"", first.item.code));
        failure = failure.hint(say!(ctx.words, "finish-skip", command = skip));
    }
    Err(failure)
}

async fn next(ctx: &mut Ctx, store: &Store) -> Outcome {
    let today = render::day(ctx.now(), &ctx.zone).to_string();
    let rows = store.visits().await?;
    let mut cards = store.assignments().await?;
    cards.retain(|card| {
        let planned = |row: &&crate::store::VisitRow| {
            row.visit == card.visit && row.state == VisitState::Planned && !row.unassigned
        };
        card.planned_on == today && rows.iter().any(|row| planned(&row))
    });
    cards.sort_by_key(|card| card.appointment_from.or(card.due_at));
    let command = cards
        .first()
        .map_or_else(|| "field sync".to_owned(), |card| format!("field visit start {}", tail(&card.number)));
    ctx.out.next(&say!(ctx.words, "next-step", command = command));
    Ok(Exit::Ok)
}
