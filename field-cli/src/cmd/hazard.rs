//! `field hazard` and `field notice`: the highest level counts, and an urgent one must be told in writing.

use super::choice::{Choice, choices_of, language, pick};
use super::people::People;
use super::site::{entry, fate, numbered, saved};
use super::{Outcome, photo, site};
use crate::cli::{HazardAddArgs, HazardCommand, NoticeAddArgs, NoticeCommand, OnVisit};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::{Words, say};
use crate::render;
use serde_json::json;
use sync_core::checklist::hazards_without_notice;
use sync_core::document::{Hazard, Notice};
use sync_core::gas::{HazardItem, HazardLevel, NoticeDelivery};

/// The name of a hazard.
pub(crate) fn name(words: &Words, code: &str) -> String {
    HazardItem::find(code)
        .map_or_else(|| code.to_owned(), |item| words.lang.pick(&item.zh, &item.en).to_owned())
}

/// A hazard in one line.
pub(crate) fn line(words: &Words, hazard: &Hazard) -> String {
    let action = hazard.action.as_deref().map(|action| format!(" · {action}")).unwrap_or_default();
    format!("{} {}{action}", hazard.level, name(words, &hazard.code))
}

/// A notice in one line.
pub(crate) fn notice_line(words: &Words, notice: &Notice) -> String {
    let delivered = notice.delivered.parse::<NoticeDelivery>();
    let delivered =
        delivered.map_or_else(|_| notice.delivered.clone(), |code| code.name(language(words)).to_owned());
    say!(words, "notice-line", number = notice.number.clone(), delivered = delivered)
}

/// The command that records a notice.
pub(crate) fn notice_command(words: &Words) -> String {
    let (number, file) = (say!(words, "placeholder-number"), say!(words, "placeholder-file"));
    format!("field notice add --number {number} --delivered handed_over --photo {file}")
}

/// Runs a subcommand of `field hazard`.
pub(crate) async fn run(ctx: &mut Ctx, command: HazardCommand) -> Outcome {
    match command {
        HazardCommand::Add(args) => add(ctx, &args).await,
        HazardCommand::List { on } => list(ctx, &on).await,
    }
}

/// Runs a subcommand of `field notice`.
pub(crate) async fn run_notice(ctx: &mut Ctx, command: NoticeCommand) -> Outcome {
    match command {
        NoticeCommand::Add(args) => add_notice(ctx, &args).await,
        NoticeCommand::List { on } => list(ctx, &on).await,
    }
}

async fn add(ctx: &mut Ctx, args: &HazardAddArgs) -> Outcome {
    let store = ctx.store().await?;
    let site = site::recording(ctx, &store, args.on.visit.as_deref()).await?;
    let options = HazardItem::all().iter();
    let options: Vec<Choice> =
        options.map(|item| Choice::new(&ctx.words, &item.code, &item.zh, &item.en)).collect();
    let choice = pick(ctx, args.code.as_deref(), "<CODE>", &say!(ctx.words, "ask-hazard"), options)?;
    let usual = HazardItem::find(&choice.code).map(|item| item.level);
    let level = match args.level.as_deref() {
        None => usual.unwrap_or(HazardLevel::H1),
        Some(typed) => {
            let level = pick(ctx, Some(typed), "--level", "", choices_of!(&ctx.words, HazardLevel))?;
            level.code.parse().unwrap_or(HazardLevel::H1)
        }
    };
    if let Some(usual) = usual.filter(|usual| level < *usual) {
        let what = say!(ctx.words, "hazard-too-low", hazard = choice.name, level = usual.code());
        return Err(Failure::usage("level-too-low", what));
    }
    let hazard = Hazard { level: level.code().to_owned(), code: choice.code, action: args.action.clone() };
    let recorded = store
        .record(site.visit, |act| {
            let id = act.new_entry();
            act.edit().add_hazard(id, &hazard)?;
            Ok::<_, Failure>(id)
        })
        .await?;
    let text = line(&ctx.words, &hazard);
    if level == HazardLevel::H1 {
        ctx.out.warn("urgent", &say!(ctx.words, "warn-urgent"));
    }
    let untold = hazards_without_notice(&recorded.view).contains(&recorded.value);
    saved(
        ctx,
        &site,
        &recorded,
        &text,
        json!({ "hazard": recorded.value, "level": level.code(), "notice_needed": untold }),
    );
    if untold {
        let command = site.on_it(notice_command(&ctx.words));
        ctx.out.next(&say!(ctx.words, "next-step", command = command));
    }
    Ok(Exit::Ok)
}

async fn add_notice(ctx: &mut Ctx, args: &NoticeAddArgs) -> Outcome {
    let store = ctx.store().await?;
    let site = site::recording(ctx, &store, args.on.visit.as_deref()).await?;
    let view = store.document(site.visit).await?.view();
    let number = ctx.need(args.number.as_deref(), "--number", &say!(ctx.words, "ask-notice-number"))?;
    let question = say!(ctx.words, "ask-notice-delivered");
    let delivered = pick(
        ctx,
        args.delivered.as_deref(),
        "--delivered",
        &question,
        choices_of!(&ctx.words, NoticeDelivery),
    )?;
    let hazard = match args.hazard.as_deref() {
        Some(typed) => Some(entry(&ctx.words, &view.hazards, typed)?),
        None => hazards_without_notice(&view).first().copied(),
    };
    let prepared = match &args.photo {
        Some(file) => Some(photo::prepare(ctx, &store, &site, file, "notice", None, args.allow_old).await?),
        None => None,
    };
    let (kind, code) = (args.kind.clone(), delivered.code);
    let recorded = store
        .record(site.visit, |act| {
            let photo = prepared.as_ref().map(|photo| photo.add(act)).transpose()?;
            let id = act.new_entry();
            let notice =
                Notice { number: number.clone(), delivered: code.clone(), kind: kind.clone(), hazard, photo };
            act.edit().add_notice(id, &notice)?;
            Ok::<_, Failure>((id, notice))
        })
        .await?;
    let (id, notice) = &recorded.value;
    let text = notice_line(&ctx.words, notice);
    if prepared.is_none() {
        ctx.out.warn("photo-wanted", &say!(ctx.words, "warn-notice-photo"));
    }
    saved(ctx, &site, &recorded, &text, json!({ "notice": id, "hazard": hazard }));
    let left = hazards_without_notice(&recorded.view).len();
    if left > 0 {
        ctx.out.note(&say!(ctx.words, "notice-left", count = left));
    }
    Ok(Exit::Ok)
}

async fn list(ctx: &mut Ctx, on: &OnVisit) -> Outcome {
    let store = ctx.store().await?;
    let site = site::find(ctx, &store, on.visit.as_deref()).await?;
    let view = store.document(site.visit).await?.view();
    let people = People::known(&store).await?;
    let (now, zone) = (ctx.now(), ctx.zone.clone());
    let mut lines = Vec::new();
    for (number, id, found) in numbered(&view.hazards) {
        ctx.out.event("hazard", json!({ "number": number, "hazard": id, "record": found }));
        let by =
            format!("{} {}", render::time(&ctx.words, found.meta.at, now, &zone), people.name(found.meta.by));
        let fate = fate(&ctx.words, found);
        lines.push(format!("{number}  {}  ({by}){fate}", line(&ctx.words, &found.content)));
    }
    for (number, id, found) in numbered(&view.notices) {
        ctx.out.event("notice", json!({ "number": number, "notice": id, "record": found }));
        let by =
            format!("{} {}", render::time(&ctx.words, found.meta.at, now, &zone), people.name(found.meta.by));
        let fate = fate(&ctx.words, found);
        lines.push(format!("{number}  {}  ({by}){fate}", notice_line(&ctx.words, &found.content)));
    }
    if lines.is_empty() {
        lines.push(say!(ctx.words, "none-recorded"));
    }
    ctx.out.data(&lines.join("\n"));
    Ok(Exit::Ok)
}
