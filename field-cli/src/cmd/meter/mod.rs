//! `field meter`: readings, checks, seals.

pub(crate) mod check;
mod read;
pub(crate) mod seal;

use super::choice::language;
use super::people::People;
use super::site::{Site, fate, numbered};
use super::{Outcome, site};
use crate::cli::{MeterCommand, OnVisit};
use crate::ctx::Ctx;
use crate::failure::Exit;
use crate::i18n::{Words, say};
use crate::render;
use serde_json::json;
use sync_core::document::Reading;
use sync_core::metering::ReadingKind;
use sync_core::number::unit_shown;

/// Runs a subcommand of `field meter`.
pub(crate) async fn run(ctx: &mut Ctx, command: MeterCommand) -> Outcome {
    match command {
        MeterCommand::Read(args) => read::run(ctx, &args).await,
        MeterCommand::Check(command) => check::run(ctx, &command).await,
        MeterCommand::Seal(args) => seal::run(ctx, &args).await,
        MeterCommand::List { on } => list(ctx, &on).await,
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

async fn list(ctx: &mut Ctx, on: &OnVisit) -> Outcome {
    let store = ctx.store().await?;
    let site = site::find(ctx, &store, on.visit.as_deref()).await?;
    let view = store.document(site.visit).await?.view();
    let people = People::known(&store).await?;
    let (now, zone) = (ctx.now(), ctx.zone.clone());
    let mut lines: Vec<(String, String, sync_core::time::Timestamp, sync_core::ids::PersonId)> = Vec::new();
    for (number, id, entry) in numbered(&view.readings) {
        ctx.out.event("reading", json!({ "number": number, "reading": id, "record": entry }));
        lines.push((
            number.to_string(),
            reading_line(&ctx.words, &entry.content) + &fate(&ctx.words, entry),
            entry.meta.at,
            entry.meta.by,
        ));
    }
    for (_, id, entry) in numbered(&view.meter_checks) {
        let result = check::result_of(&entry.content, super::visit::civil_day(entry.meta.at, &zone));
        ctx.out.event("meter_check", json!({ "check": id, "record": entry, "result": result.ok() }));
        let line =
            check::result_line(&ctx.words, &entry.content, super::visit::civil_day(entry.meta.at, &zone));
        let line = line + &fate(&ctx.words, entry);
        lines.push((String::new(), line, entry.meta.at, entry.meta.by));
    }
    for (_, id, entry) in numbered(&view.seals) {
        ctx.out.event("seal", json!({ "seal": id, "record": entry }));
        let line = seal::line(&ctx.words, &entry.content) + &fate(&ctx.words, entry);
        lines.push((String::new(), line, entry.meta.at, entry.meta.by));
    }
    if lines.is_empty() {
        ctx.out.data(&say!(ctx.words, "none-recorded"));
        return Ok(Exit::Ok);
    }
    let mut table = render::table(
        &ctx.out,
        [
            "#".to_owned(),
            say!(ctx.words, "column-text"),
            say!(ctx.words, "column-time"),
            say!(ctx.words, "column-by"),
        ],
    );
    for (number, line, at, by) in lines {
        table.add_row([number, line, render::time(&ctx.words, at, now, &zone), people.name(by)]);
    }
    ctx.out.data(&render::lines(&table));
    Ok(Exit::Ok)
}
