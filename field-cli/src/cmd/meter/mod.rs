//! `field meter`: readings, checks, seals.

pub(crate) mod check;
mod read;
pub(crate) mod seal;
mod verdict;

use super::choice::language;
use super::decisions::{self, Decision};
use super::people::People;
use super::site::{Site, entry, fate, numbered, saved};
use super::terms::Terms;
use super::{Outcome, site};
use crate::cli::{MeterCommand, OnVisit};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::{Words, say};
use crate::render;
use serde_json::json;
use sync_core::document::{Container, Entry, Reading};
use sync_core::metering::ReadingKind;
use sync_core::number::unit_shown;

/// Runs a subcommand of `field meter`.
pub(crate) async fn run(ctx: &mut Ctx, command: MeterCommand) -> Outcome {
    match command {
        MeterCommand::Read(args) => read::run(ctx, &args).await,
        MeterCommand::Check(command) => check::run(ctx, &command).await,
        MeterCommand::Seal(args) => seal::run(ctx, &args).await,
        MeterCommand::List { on } => list(ctx, &on).await,
        MeterCommand::Withdraw { entry, reason, on } => withdraw(ctx, &entry, reason.as_deref(), &on).await,
    }
}

/// The meter that an act is about, with a warning when it is not the one on record.
pub(crate) fn meter_no(ctx: &mut Ctx, site: &Site, typed: Option<&str>) -> Option<String> {
    let on_record = site.meter_no().map(str::to_owned);
    let typed = typed.map(str::trim).filter(|text| !text.is_empty());
    if let (Some(found), Some(booked)) = (typed, &on_record)
        && found != booked
    {
        let text = say!(ctx.words, "warn-other-meter", found = found, booked = booked.clone());
        ctx.out.warn("other-meter", &text);
    }
    typed.map(str::to_owned).or(on_record)
}

/// A reading in one line.
pub(crate) fn reading_line(words: &Words, reading: &Reading) -> String {
    let register = words.code("register", &reading.register);
    let kind = reading.kind.parse::<ReadingKind>();
    let kind = kind.map_or_else(|_| reading.kind.clone(), |kind| kind.name(language(words)).to_owned());
    format!("{register} {} {} · {kind}", reading.shown, unit_shown(&reading.unit))
}

/// Takes a reading or a check back, saying why; it stays readable.
async fn withdraw(ctx: &mut Ctx, typed: &str, reason: Option<&str>, on: &OnVisit) -> Outcome {
    let store = ctx.store().await?;
    let site = site::recording(ctx, &store, on.visit.as_deref()).await?;
    let view = store.document(site.visit).await?.view();
    let (container, id, gone) = if typed.trim().starts_with(['c', 'C']) {
        let id = check::find(&ctx.words, &view, typed)?;
        (Container::MeterChecks, id, view.meter_checks[&id].meta.withdrawn.as_ref())
    } else {
        let id = entry(&ctx.words, &view.readings, typed)?;
        (Container::Readings, id, view.readings[&id].meta.withdrawn.as_ref())
    };
    if let Some(gone) = gone {
        return Ok(site::gone_already(ctx, &site, id, &gone.reason));
    }
    let reason = ctx.need(reason, "--reason", &say!(ctx.words, "ask-reason"))?;
    let recorded = store
        .record(site.visit, |act| Ok::<_, Failure>(act.edit().withdraw(container, id, &reason)?))
        .await?;
    saved(ctx, &site, &recorded, &say!(ctx.words, "finding-withdrawn"), json!({ "entry": id }));
    Ok(Exit::Ok)
}

async fn list(ctx: &mut Ctx, on: &OnVisit) -> Outcome {
    let store = ctx.store().await?;
    let site = site::find(ctx, &store, on.visit.as_deref()).await?;
    let view = store.document(site.visit).await?.view();
    let (people, terms) = (People::known(&store).await?, Terms::known(&store).await?);
    let mut rows: Vec<[String; 4]> = Vec::new();
    for (number, id, entry) in numbered(&view.readings) {
        ctx.out.event("reading", json!({ "number": number, "reading": id, "record": entry }));
        let line = reading_line(&ctx.words, &entry.content);
        rows.push(row(ctx, &people, number.to_string(), &line, entry));
    }
    for (number, id, entry) in numbered(&view.meter_checks) {
        let day = super::visit::civil_day(entry.meta.at, &ctx.zone);
        let result = check::result_of(&entry.content, day);
        ctx.out.event(
            "meter_check",
            json!({ "number": number, "check": id, "record": entry, "result": result.ok() }),
        );
        let line = check::result_line(&ctx.words, &entry.content, day);
        rows.push(row(ctx, &people, check::label(number), &line, entry));
    }
    for (_, id, entry) in numbered(&view.seals) {
        ctx.out.event("seal", json!({ "seal": id, "record": entry }));
        let line = seal::line(&ctx.words, &entry.content);
        rows.push(row(ctx, &people, String::new(), &line, entry));
    }
    // Only what was found on the meter; every other decision stands in `visit show`.
    let of_seals =
        |decision: &Decision<'_>| decision.entry.content.path.starts_with(Container::SealStates.path());
    for decision in decisions::standing(&view).into_iter().filter(of_seals) {
        ctx.out.event("decision", decision.json());
        let at = render::time(&ctx.words, decision.entry.meta.at, ctx.now(), &ctx.zone);
        let (line, office) = (decision.line(&ctx.words, &terms), ctx.words.code("author", "office"));
        rows.push([String::new(), line, at, office]);
    }
    if rows.is_empty() {
        ctx.out.data(&say!(ctx.words, "none-recorded"));
        return Ok(Exit::Ok);
    }
    let headers =
        ["column-text", "column-time", "column-by"].map(|id| ctx.words.find(id).unwrap_or_default());
    let mut table = render::table(&ctx.out, std::iter::once("#".to_owned()).chain(headers));
    rows.into_iter().for_each(|row| table.add_row(row));
    ctx.out.data(&render::lines(&table));
    Ok(Exit::Ok)
}

fn row<T>(ctx: &Ctx, people: &People, number: String, line: &str, entry: &Entry<T>) -> [String; 4] {
    let at = render::time(&ctx.words, entry.meta.at, ctx.now(), &ctx.zone);
    [number, format!("{line}{}", fate(&ctx.words, entry)), at, people.name(entry.meta.by)]
}
