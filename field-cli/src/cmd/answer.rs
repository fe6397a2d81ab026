//! `field answer`: items of the checklist, checked against what each one asks for.

use super::choice::{Choice, of_term, pick};
use super::site::{Site, fill_command, item_name, saved};
use super::visit::{answer_text, item_line};
use super::{Outcome, number, site};
use crate::cli::AnswerArgs;
use crate::ctx::{Ctx, yes_or_no};
use crate::failure::{Exit, Failure};
use crate::i18n::say;
use crate::store::Store;
use serde_json::json;
use sync_core::document::Scalar;
use sync_core::number::{Entered, unit_shown};
use sync_core::protocol::{ChecklistItem, ItemKind};

/// Answers an item, clears an answer, or lists the checklist.
pub(crate) async fn run(ctx: &mut Ctx, args: &AnswerArgs) -> Outcome {
    let store = ctx.store().await?;
    let Some(typed) = &args.item else { return list(ctx, &store, args).await };
    let site = site::recording(ctx, &store, args.on.visit.as_deref()).await?;
    if site.checklist.is_none() {
        return Err(Failure::new("no-checklist", say!(ctx.words, "no-checklist", visit = site.name())));
    }
    let item = site.item(&ctx.words, typed)?.clone();
    let value = if args.clear { Scalar::Null } else { read(ctx, &site, &item, args.value.as_deref())? };
    let recorded = store
        .record(site.visit, |act| {
            let before = act.before().answers.get(&item.code).map(|answer| answer.shown.clone());
            match &value {
                Scalar::Null => act.edit().clear_answer(&item.code)?,
                value => act.edit().answer(&item.code, value.clone())?,
            }
            Ok::<_, Failure>(before.filter(|before| *before != value && *before != Scalar::Null))
        })
        .await?;
    let text = answer_text(&ctx.words, &item.kind, &value);
    let name = item_name(ctx.words.lang, &item).to_owned();
    let what = match (&value, &recorded.value) {
        (Scalar::Null, _) => say!(ctx.words, "answer-cleared", item = name),
        (_, Some(before)) => {
            let before = answer_text(&ctx.words, &item.kind, before);
            say!(ctx.words, "answer-changed", item = name, value = text, before = before)
        }
        (_, None) => say!(ctx.words, "answer-given", item = name, value = text),
    };
    saved(ctx, &site, &recorded, &what, json!({ "item": item.code, "value": value }));
    Ok(Exit::Ok)
}

async fn list(ctx: &mut Ctx, store: &Store, args: &AnswerArgs) -> Outcome {
    let site = site::find(ctx, store, args.on.visit.as_deref()).await?;
    let view = store.document(site.visit).await?.view();
    let items = site.items(&view);
    for status in &items {
        let value = view.answers.get(&status.item.code).map(|answer| &answer.shown);
        ctx.out.event("item", json!({
            "item": status.item.code, "state": status.state, "required": status.item.required, "value": value,
        }));
    }
    let lines: Vec<String> = items
        .iter()
        .enumerate()
        .map(|(index, status)| item_line(&ctx.words, index + 1, status, &view).trim_end().to_owned())
        .collect();
    ctx.out.data(&lines.join("\n"));
    if let Some(open) = items.iter().find(|status| status.blocks()) {
        ctx.out.next(&say!(ctx.words, "next-step", command = fill_command(&ctx.words, open.item, &site)));
    }
    Ok(Exit::Ok)
}

/// Reads a typed answer as what the item asks for.
fn read(ctx: &mut Ctx, site: &Site, item: &ChecklistItem, typed: Option<&str>) -> Result<Scalar, Failure> {
    let question = item_name(ctx.words.lang, item).to_owned();
    match &item.kind {
        ItemKind::YesNo => {
            let options = vec![
                Choice::named("yes", say!(ctx.words, "yes")),
                Choice::named("no", say!(ctx.words, "no")),
            ];
            let plain = |yes: bool| if yes { "yes" } else { "no" };
            let typed = typed.map(|text| yes_or_no(text).map_or(text, plain));
            let choice = pick(ctx, typed, "<VALUE>", &question, options)?;
            Ok(Scalar::Bool(choice.code == "yes"))
        }
        ItemKind::Choice { options } => {
            let options = options.iter().map(|term| of_term(&ctx.words, term)).collect();
            Ok(Scalar::Text(pick(ctx, typed, "<VALUE>", &question, options)?.code))
        }
        ItemKind::Number { unit, min, max } => {
            let shown = unit_shown(unit);
            let text = ctx.need(typed, "<VALUE>", &format!("{question} ({shown})"))?;
            let text = text.strip_suffix(unit.as_str()).or(text.strip_suffix(&shown)).unwrap_or(&text);
            let entered =
                Entered::parse(text).map_err(|error| number::failure(&ctx.words, "<VALUE>", &error))?;
            plausible(ctx, &entered, unit, min.as_deref(), max.as_deref());
            Ok(Scalar::Text(entered.value().to_string()))
        }
        ItemKind::Text => Ok(Scalar::Text(ctx.need(typed, "<VALUE>", &question)?)),
        ItemKind::Photo { .. } | ItemKind::MeterCheck { .. } | ItemKind::Reading => {
            let what = say!(ctx.words, "answer-by-evidence", item = question);
            Err(Failure::usage("evidence-needed", what).hint(say!(
                ctx.words,
                "next-step",
                command = fill_command(&ctx.words, item, site)
            )))
        }
    }
}

/// Warns about a number that the checklist calls unlikely; it is recorded all the same.
fn plausible(ctx: &mut Ctx, entered: &Entered, unit: &str, min: Option<&str>, max: Option<&str>) {
    let bound =
        |text: Option<&str>| text.and_then(|text| Entered::parse(text).ok()).map(|bound| bound.value());
    let (low, high) = (bound(min), bound(max));
    let value = entered.value();
    if low.is_some_and(|low| value < low) || high.is_some_and(|high| value > high) {
        let range = format!("{} … {} {}", min.unwrap_or("−∞"), max.unwrap_or("∞"), unit_shown(unit));
        let text = say!(ctx.words, "warn-implausible", value = entered.typed(), range = range);
        ctx.out.warn("implausible", &text);
    }
}
