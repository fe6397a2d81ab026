//! `field finding`.

use super::choice::{Choice, language, of_table, pick};
use super::complaint::within;
use super::people::People;
use super::site::{entry, numbered, saved};
use super::{Outcome, site};
use crate::cli::{FindingAddArgs, FindingCommand, OnVisit, RestrictedArgs};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::say;
use crate::render;
use serde_json::json;
use sync_core::codes::CodeTable;
use sync_core::document::{Container, Finding, FindingEdit};
use sync_core::protocol::{OfficeCard, PackKey};
use sync_core::restricted::{ACCUSED_CHARS_MAX, Conduct, REPORT_CHARS_MAX, RestrictedFinding};

/// Code of a finding that is nothing but words.
const NOTE: &str = "note";

/// Runs a subcommand of `field finding`.
pub(crate) async fn run(ctx: &mut Ctx, command: FindingCommand) -> Outcome {
    match command {
        FindingCommand::Add(args) => add(ctx, &args).await,
        FindingCommand::List { on } => list(ctx, &on).await,
        FindingCommand::Edit { finding, code, text, severity, on } => {
            edit(ctx, &finding, FindingEdit { code, text, severity }, &on).await
        }
        FindingCommand::Withdraw { finding, reason, on } => {
            withdraw(ctx, &finding, reason.as_deref(), &on).await
        }
        FindingCommand::Restricted(args) => restricted(ctx, &args).await,
    }
}

async fn add(ctx: &mut Ctx, args: &FindingAddArgs) -> Outcome {
    let store = ctx.store().await?;
    let site = site::recording(ctx, &store, args.on.visit.as_deref()).await?;
    let code = args.code.as_deref().map(|typed| code(ctx, typed)).transpose()?;
    let text = match (&code, &args.text) {
        (Some(_), None) => String::new(),
        (_, given) => ctx.need(given.as_deref(), "--text", &say!(ctx.words, "ask-finding"))?,
    };
    let item = args.item.as_deref().map(|typed| site.item(&ctx.words, typed)).transpose()?;
    let finding = Finding {
        code: code.unwrap_or_else(|| NOTE.to_owned()),
        text,
        item: item.map(|item| item.code.clone()),
        severity: severity(ctx, args.severity.as_deref())?,
    };
    let recorded = store
        .record(site.visit, |act| {
            let id = act.new_entry();
            act.edit().add_finding(id, &finding)?;
            Ok::<_, Failure>(id)
        })
        .await?;
    let number = numbered(&recorded.view.findings)
        .iter()
        .find(|(_, id, _)| *id == recorded.value)
        .map(|found| found.0);
    let what = say!(ctx.words, "finding-number", number = number.unwrap_or_default());
    saved(ctx, &site, &recorded, &what, json!({ "finding": recorded.value, "code": finding.code }));
    Ok(Exit::Ok)
}

/// Seals what is reported about the conduct of staff: from then on only inspectors of the utility can read it.
async fn restricted(ctx: &mut Ctx, args: &RestrictedArgs) -> Outcome {
    let store = ctx.store().await?;
    let site = site::find(ctx, &store, args.on.visit.as_deref()).await?;
    let complaint = site.card.as_ref().map(|card| card.complaint);
    let office: Option<OfficeCard> = store.pack_json(&PackKey::Office).await?;
    let (Some(complaint), Some(key)) = (complaint, office.and_then(|card| card.sealing_key)) else {
        let failure = Failure::new("no-sealing-key", say!(ctx.words, "restricted-no-key"));
        return Err(failure.hint(say!(ctx.words, "restricted-no-key-hint")));
    };
    let words = &ctx.words;
    let kinds =
        Conduct::ALL.map(|kind| Choice::named(kind.as_str(), words.code("conduct", kind.as_str()))).to_vec();
    let conduct = pick(ctx, args.conduct.as_deref(), "--conduct", &say!(words, "ask-conduct"), kinds)?.code;
    let report = ctx.need(args.text.as_deref(), "--text", &say!(words, "ask-restricted"))?;
    within(ctx, &report, "--text", REPORT_CHARS_MAX)?;
    let accused = args.about.as_deref().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    within(ctx, accused.as_deref().unwrap_or_default(), "--about", ACCUSED_CHARS_MAX)?;
    let finding = RestrictedFinding { conduct, complaint, visit: Some(site.visit), accused, report };
    store.record_restricted(&finding, &key).await?;
    ctx.out.done(&say!(ctx.words, "restricted-sealed"));
    ctx.out.note(&say!(ctx.words, "restricted-sealed-hint"));
    ctx.out.event("sealed", json!({ "visit": site.visit }));
    Ok(Exit::Ok)
}

/// The code that was typed, in any form.
fn code(ctx: &Ctx, typed: &str) -> Result<String, Failure> {
    Ok(pick(ctx, Some(typed), "<CODE>", "", of_table(&ctx.words, CodeTable::Findings))?.code)
}

fn severity(ctx: &Ctx, typed: Option<&str>) -> Result<Option<String>, Failure> {
    typed
        .map(|typed| pick(ctx, Some(typed), "--severity", "", of_table(&ctx.words, CodeTable::Severities)))
        .transpose()
        .map(|choice| choice.map(|choice| choice.code))
}

async fn list(ctx: &mut Ctx, on: &OnVisit) -> Outcome {
    let store = ctx.store().await?;
    let site = site::find(ctx, &store, on.visit.as_deref()).await?;
    let view = store.document(site.visit).await?.view();
    let people = People::known(&store).await?;
    let findings = numbered(&view.findings);
    for (number, id, found) in &findings {
        ctx.out.event(
            "finding",
            json!({
                "number": number, "finding": id, "code": found.content.code, "text": found.content.text,
                "item": found.content.item, "severity": found.content.severity, "by": found.meta.by,
                "at_ms": found.meta.at, "withdrawn": found.meta.withdrawn,
            }),
        );
    }
    if findings.is_empty() {
        ctx.out.data(&say!(ctx.words, "none-recorded"));
        return Ok(Exit::Ok);
    }
    let mut table = render::table(
        &ctx.out,
        [
            "#".to_owned(),
            say!(ctx.words, "column-code"),
            say!(ctx.words, "column-text"),
            say!(ctx.words, "column-time"),
            say!(ctx.words, "column-by"),
        ],
    );
    for (number, _, found) in findings {
        let withdrawn = found.meta.withdrawn.as_ref();
        let withdrawn = withdrawn.map(|gone| say!(ctx.words, "show-withdrawn", reason = gone.reason.clone()));
        table.add_row([
            number.to_string(),
            CodeTable::Findings.name(&found.content.code, language(&ctx.words)).to_owned(),
            format!("{}{}", found.content.text, withdrawn.unwrap_or_default()).trim_start().to_owned(),
            render::time(&ctx.words, found.meta.at, ctx.now(), &ctx.zone),
            people.name(found.meta.by),
        ]);
    }
    ctx.out.data(&render::lines(&table));
    Ok(Exit::Ok)
}

async fn edit(ctx: &mut Ctx, typed: &str, mut new: FindingEdit, on: &OnVisit) -> Outcome {
    let store = ctx.store().await?;
    let site = site::recording(ctx, &store, on.visit.as_deref()).await?;
    let view = store.document(site.visit).await?.view();
    let id = entry(&ctx.words, &view.findings, typed)?;
    if new == FindingEdit::default() {
        new.text = Some(ctx.need(None, "--text", &say!(ctx.words, "ask-finding"))?);
    }
    new.code = new.code.as_deref().map(|typed| code(ctx, typed)).transpose()?;
    new.severity = severity(ctx, new.severity.as_deref())?;
    let recorded =
        store.record(site.visit, |act| Ok::<_, Failure>(act.edit().edit_finding(id, &new)?)).await?;
    let what = say!(ctx.words, "finding-reworded");
    saved(ctx, &site, &recorded, &what, json!({ "finding": id }));
    Ok(Exit::Ok)
}

async fn withdraw(ctx: &mut Ctx, typed: &str, reason: Option<&str>, on: &OnVisit) -> Outcome {
    let store = ctx.store().await?;
    let site = site::recording(ctx, &store, on.visit.as_deref()).await?;
    let view = store.document(site.visit).await?.view();
    let id = entry(&ctx.words, &view.findings, typed)?;
    if let Some(gone) = view.findings.get(&id).and_then(|found| found.meta.withdrawn.as_ref()) {
        return Ok(site::gone_already(ctx, &site, id, &gone.reason));
    }
    let reason = ctx.need(reason, "--reason", &say!(ctx.words, "ask-reason"))?;
    let recorded = store
        .record(site.visit, |act| Ok::<_, Failure>(act.edit().withdraw(Container::Findings, id, &reason)?))
        .await?;
    let what = say!(ctx.words, "finding-withdrawn");
    saved(ctx, &site, &recorded, &what, json!({ "finding": id }));
    Ok(Exit::Ok)
}
