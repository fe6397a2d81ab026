//! `field promise`: what was promised to the customer becomes a deadline of the complaint.

use super::choice::Choice;
use super::know::{self, Counting};
use super::people::People;
use super::site::{fate, numbered, saved};
use super::{Outcome, site};
use crate::cli::{OnVisit, PromiseCommand};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::say;
use crate::render;
use crate::store::Store;
use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, ToSpan, Zoned};
use serde_json::json;
use sync_core::document::Promise;
use sync_core::knowledge::ArticleRef;
use sync_core::protocol::Request;
use sync_core::time::Timestamp;

/// Runs a subcommand of `field promise`.
pub(crate) async fn run(ctx: &mut Ctx, command: PromiseCommand) -> Outcome {
    match command {
        PromiseCommand::Add { what, due, article, on } => {
            add(ctx, (what.as_deref(), due.as_deref()), article.as_deref(), &on).await
        }
        PromiseCommand::List { on } => list(ctx, &on).await,
    }
}

async fn add(
    ctx: &mut Ctx,
    (what, due): (Option<&str>, Option<&str>),
    article: Option<&str>,
    on: &OnVisit,
) -> Outcome {
    let store = ctx.store().await?;
    let site = site::recording(ctx, &store, on.visit.as_deref()).await?;
    let what = ctx.need(what, "--what", &say!(ctx.words, "ask-promise"))?;
    let typed = ctx.need(due, "--due", &say!(ctx.words, "ask-due"))?;
    // The customer's tomorrow, also where the clock of this device is wrong.
    let now = store.sync_state().await?.server_now(&ctx.machine);
    let due = read_due(&typed, &render::zoned(now, &ctx.zone)).ok_or_else(|| {
        let what = say!(ctx.words, "usage-wrong-value", value = typed.clone(), argument = "--due");
        Failure::usage("wrong-value", what).hint(say!(ctx.words, "due-hint"))
    })?;
    if due <= now {
        return Err(Failure::usage("due-in-the-past", say!(ctx.words, "due-past", due = typed)));
    }
    let resting = article_of(ctx, &store, &site, article).await?;
    let relied_on = resting.as_ref().map(|(named, _)| *named);
    let promise = Promise {
        what: what.clone(),
        due_ms: due,
        to: Some("customer".to_owned()),
        relied_on: relied_on.map(|named| named.to_string()),
    };
    let recorded = store
        .record(site.visit, |act| {
            let entry = act.new_entry();
            act.edit().add_promise(entry, &promise)?;
            act.command(&Request::Promise { visit: act.visit(), entry, due, relied_on });
            Ok::<_, Failure>(entry)
        })
        .await?;
    let due = render::time(&ctx.words, due, now, &ctx.zone);
    let line = say!(ctx.words, "show-promise", what = what, due = due);
    let line = match &resting {
        Some((named, number)) => format!("{line} · {}", rests_on(ctx, number, named.version)),
        None => line,
    };
    saved(
        ctx,
        &site,
        &recorded,
        &line,
        json!({ "promise": recorded.value,
        "due_at_ms": promise.due_ms, "relied_on": promise.relied_on }),
    );
    Ok(Exit::Ok)
}

fn rests_on(ctx: &Ctx, number: &str, version: u32) -> String {
    say!(ctx.words, "promise-rests-on", number = number.to_owned(), version = version)
}

/// The article that a promise rests on, with its number: the one that was typed, or one that is chosen on a terminal
/// where articles about the category of the complaint are carried.
async fn article_of(
    ctx: &Ctx,
    store: &Store,
    site: &site::Site,
    typed: Option<&str>,
) -> Result<Option<(ArticleRef, String)>, Failure> {
    let all = know::counting(ctx, store).await?;
    let named = |each: &Counting| {
        let (article, version) = (each.card.article, each.version.version);
        (ArticleRef { article, version }, each.card.number.clone())
    };
    match typed.map(str::trim) {
        Some("none" | "无") => return Ok(None),
        Some(typed) => {
            let found = know::by_number(&all, typed).map(named);
            let what =
                || say!(ctx.words, "usage-wrong-value", value = typed.to_owned(), argument = "--article");
            return match found {
                Some(found) => Ok(Some(found)),
                None => Err(Failure::usage("wrong-value", what()).hint(say!(ctx.words, "article-hint"))),
            };
        }
        None => {}
    }
    let category = site.card.as_ref().map_or("", |card| card.category.as_str());
    let about: Vec<&Counting> = all.iter().filter(|each| each.version.is_about(category)).collect();
    if about.is_empty() || !ctx.interactive {
        return Ok(None);
    }
    let none = Choice::named("", say!(ctx.words, "promise-rests-on-none"));
    let offered = about.iter().map(|each| Choice::named(&each.card.number, each.title(ctx)));
    let options = std::iter::once(none).chain(offered).collect();
    let chosen = ctx.choose("--article", &say!(ctx.words, "ask-article"), options)?;
    Ok(about.into_iter().find(|each| each.card.number == chosen.code).map(named))
}

/// `2026-11-27`, `2026-11-27T16:00`, `tomorrow`, `+3d`, `+2h`. A day means its last minute.
fn read_due(text: &str, now: &Zoned) -> Option<Timestamp> {
    let text = text.trim().to_lowercase();
    let end_of =
        |day: Date| day.to_datetime(Time::constant(23, 59, 0, 0)).to_zoned(now.time_zone().clone()).ok();
    let after = |span: Span| now.checked_add(span).ok();
    let at = match text.as_str() {
        "today" | "今天" => end_of(now.date()),
        "tomorrow" | "明天" => end_of(now.date().checked_add(1.day()).ok()?),
        relative if relative.starts_with('+') => {
            let (count, unit) = relative[1..].split_at_checked(relative.len().checked_sub(2)?)?;
            let count: i64 = count.parse().ok().filter(|count| (1..=3660).contains(count))?;
            match unit {
                "d" => end_of(now.date().checked_add(count.days()).ok()?),
                "h" => after(count.hours()),
                _ => None,
            }
        }
        other => match other.parse::<Date>() {
            Ok(day) if other.len() == 10 => end_of(day),
            _ => other.replacen(' ', "t", 1).parse::<DateTime>().ok()?.to_zoned(now.time_zone().clone()).ok(),
        },
    }?;
    Some(Timestamp::from_unix_ms(at.timestamp().as_millisecond()))
}

async fn list(ctx: &mut Ctx, on: &OnVisit) -> Outcome {
    let store = ctx.store().await?;
    let site = site::find(ctx, &store, on.visit.as_deref()).await?;
    let view = store.document(site.visit).await?.view();
    let people = People::known(&store).await?;
    let counting = know::counting(ctx, &store).await?;
    let mut lines = Vec::new();
    for (number, id, found) in numbered(&view.promises) {
        ctx.out.event("promise", json!({ "number": number, "promise": id, "record": found }));
        let due = render::time(&ctx.words, found.content.due_ms, ctx.now(), &ctx.zone);
        let line = say!(ctx.words, "show-promise", what = found.content.what.clone(), due = due);
        let fate = fate(&ctx.words, found);
        let article = found.content.relied_on.as_deref().and_then(|text| text.parse().ok());
        let article = article.map(|named| standing(ctx, &counting, named)).unwrap_or_default();
        lines.push(format!("{number}  {line}  ({}){article}{fate}", people.name(found.meta.by)));
    }
    if lines.is_empty() {
        lines.push(say!(ctx.words, "none-recorded"));
    }
    ctx.out.data(&lines.join("\n"));
    Ok(Exit::Ok)
}

/// The article of a promise, and whether the customer has to be told that it says something else now.
fn standing(ctx: &Ctx, counting: &[Counting], named: ArticleRef) -> String {
    match counting.iter().find(|each| each.card.article == named.article) {
        Some(each) if each.version.version == named.version => {
            format!("  {}", rests_on(ctx, &each.card.number, named.version))
        }
        Some(each) => {
            let number = each.card.number.clone();
            format!(
                "  {}",
                say!(ctx.words, "promise-article-changed", number = number, version = named.version)
            )
        }
        None => format!("  {}", say!(ctx.words, "promise-article-gone")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_due_time_is_read_in_the_zone_of_the_user() {
        let now: Zoned = "2026-11-21T09:42:00+08:00[Asia/Shanghai]".parse().unwrap();
        let read = |text: &str| {
            let at = read_due(text, &now)?;
            Some(render::zoned(at, now.time_zone()).strftime("%Y-%m-%d %H:%M").to_string())
        };
        for (text, expected) in [
            ("2026-11-27", "2026-11-27 23:59"),
            ("2026-11-27T16:00", "2026-11-27 16:00"),
            ("2026-11-27 16:00", "2026-11-27 16:00"),
            ("tomorrow", "2026-11-22 23:59"),
            ("明天", "2026-11-22 23:59"),
            ("+3d", "2026-11-24 23:59"),
            ("+2h", "2026-11-21 11:42"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "+", "+d", "+0d", "+3w", "soon", "2026-02-30", "27.11."] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
