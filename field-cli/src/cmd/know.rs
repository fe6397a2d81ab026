//! `field know`: the articles that this device carries, found and read without a network.

use super::Outcome;
use super::choice::language;
use crate::cli::KnowArgs;
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::say;
use crate::render;
use crate::store::{Store, StoreError};
use serde_json::json;
use std::collections::BTreeMap;
use sync_core::date::CivilDate;
use sync_core::ids::ArticleId;
use sync_core::knowledge::{ArticleCard, ArticleVersionCard};
use sync_core::search::{fold, query_terms};

/// Columns of a title in the list.
const TITLE_COLUMNS_MAX: usize = 56;

/// What this reader knows of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// The version that counts was read.
    Known,
    /// An earlier version was read.
    Changed,
    /// None was.
    New,
}

impl Read {
    fn code(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Changed => "changed",
            Self::New => "new",
        }
    }
}

/// An article with the version that counts today.
pub(crate) struct Counting {
    pub(crate) card: ArticleCard,
    pub(crate) version: ArticleVersionCard,
    pub(crate) read: Read,
}

impl Counting {
    /// Its title in the language of the user.
    pub(crate) fn title(&self, ctx: &Ctx) -> String {
        let text = self.version.text(language(&ctx.words));
        text.map(|text| text.title.clone()).unwrap_or_default()
    }
}

/// The day at the office, also where the clock of this device is wrong.
async fn office_day(ctx: &Ctx, store: &Store) -> Result<CivilDate, StoreError> {
    let now = store.sync_state().await?.server_now(&ctx.machine);
    let offset = ctx.zone.to_offset(jiff::Timestamp::from_millisecond(now.unix_ms()).unwrap_or_default());
    Ok(CivilDate::of_moment(now, i16::try_from(offset.seconds() / 60).unwrap_or(0)))
}

/// Every article that counts today, in the order of their numbers.
pub(crate) async fn counting(ctx: &Ctx, store: &Store) -> Result<Vec<Counting>, StoreError> {
    let day = office_day(ctx, store).await?;
    let read = store.articles_read().await?;
    let counting = store.articles().await?.into_iter().filter_map(|card| {
        let version = card.in_force_on(day)?.clone();
        let read = standing(&read, card.article, version.version);
        Some(Counting { card, version, read })
    });
    Ok(counting.collect())
}

fn standing(read: &BTreeMap<ArticleId, u32>, article: ArticleId, version: u32) -> Read {
    match read.get(&article) {
        Some(known) if *known == version => Read::Known,
        Some(_) => Read::Changed,
        None => Read::New,
    }
}

/// Says at the beginning of a day what was changed since it was read, and how much was never read.
pub(crate) async fn tell_news(ctx: &mut Ctx, store: &Store) -> Result<(), StoreError> {
    let all = counting(ctx, store).await?;
    let count = |read: Read| all.iter().filter(|each| each.read == read).count();
    let (changed, new) = (count(Read::Changed), count(Read::New));
    if changed + new > 0 {
        ctx.out.event("knowledge", json!({ "changed": changed, "new": new }));
    }
    if changed > 0 {
        ctx.out.note(&say!(ctx.words, "know-changed-today", count = changed));
    } else if new > 0 {
        ctx.out.note(&say!(ctx.words, "know-new-today", count = new));
    }
    Ok(())
}

/// Lists, searches or shows.
pub(crate) async fn run(ctx: &mut Ctx, args: &KnowArgs) -> Outcome {
    let store = ctx.store().await?;
    let typed = args.text.join(" ");
    let all = counting(ctx, &store).await?;
    if let Some(one) = by_number(&all, &typed) {
        return show(ctx, &store, one).await;
    }
    let mut found = all;
    if !typed.trim().is_empty() {
        let terms = query_terms(&typed);
        if terms.is_empty() {
            return Err(Failure::usage("empty-query", say!(ctx.words, "search-empty")));
        }
        let known = store.articles_with(&typed).await?;
        // The index holds all versions; what is shown is the one that counts.
        found.retain(|each| known.contains(&each.card.article) && each.card.matches(&each.version, &terms));
    }
    if args.unread {
        found.retain(|each| each.read != Read::Known);
    }
    list(ctx, &found, &typed, args.unread);
    Ok(Exit::Ok)
}

/// The article that is meant by `K-0007`, `k7` or `7`.
pub(crate) fn by_number<'a>(all: &'a [Counting], typed: &str) -> Option<&'a Counting> {
    let folded = fold(typed);
    let digits = folded.strip_prefix('k').unwrap_or(&folded).trim_start_matches('-');
    let number: u32 = digits.parse().ok()?;
    all.iter().find(|each| {
        let own = each.card.number.rsplit('-').next().unwrap_or_default();
        own.parse() == Ok(number)
    })
}

fn list(ctx: &mut Ctx, found: &[Counting], typed: &str, unread: bool) {
    for each in found {
        let event = fields(ctx, each);
        ctx.out.event("article", event);
    }
    if found.is_empty() {
        let text = match typed.trim() {
            "" if unread => say!(ctx.words, "know-none-unread"),
            "" => say!(ctx.words, "know-none"),
            query => say!(ctx.words, "search-nothing", query = query),
        };
        ctx.out.data(&text);
        return;
    }
    let headings = [
        say!(ctx.words, "column-number"),
        say!(ctx.words, "column-title"),
        say!(ctx.words, "column-kind"),
        say!(ctx.words, "column-news"),
    ];
    let mut table = render::table(&ctx.out, headings);
    for each in found {
        let news = match each.read {
            Read::Known => String::new(),
            other => ctx.words.code("know", other.code()),
        };
        table.add_row([
            each.card.number.clone(),
            render::cut(&each.title(ctx), TITLE_COLUMNS_MAX),
            ctx.words.code("article-kind", &each.card.kind),
            news,
        ]);
    }
    let text = render::lines(&table);
    ctx.out.data(&text);
    let command = format!("field know {}", found[0].card.number);
    ctx.out.next(&say!(ctx.words, "next-step", command = command));
}

fn fields(ctx: &Ctx, each: &Counting) -> serde_json::Value {
    json!({ "article": each.card.article, "number": each.card.number, "kind": each.card.kind,
        "version": each.version.version, "title": each.title(ctx), "read": each.read.code(),
        "valid_from": each.version.valid_from, "valid_to": each.version.valid_to,
        "visibility": each.version.visibility, "categories": each.version.categories })
}

async fn show(ctx: &mut Ctx, store: &Store, one: &Counting) -> Outcome {
    let version = &one.version;
    let text = version.text(language(&ctx.words)).cloned();
    let body = text.map(|text| text.body).unwrap_or_default();
    let mut event = fields(ctx, one);
    event["body"] = body.as_str().into();
    event["changes"] = version.changes.as_str().into();
    ctx.out.event("article", event);
    let mut facts = vec![
        ctx.words.code("article-kind", &one.card.kind),
        say!(ctx.words, "know-version", version = version.version),
        match version.valid_to {
            Some(last) => {
                say!(ctx.words, "know-from-to", from = version.valid_from.to_string(), to = last.to_string())
            }
            None => say!(ctx.words, "know-from", from = version.valid_from.to_string()),
        },
    ];
    let regions = version.regions.iter().map(|region| ctx.words.lang.pick(&region.zh, &region.en).to_owned());
    facts.extend(regions);
    if version.visibility == "public" {
        facts.push(say!(ctx.words, "know-public"));
    }
    let mut lines = vec![format!("{}  {}", one.card.number, one.title(ctx)), facts.join(" · ")];
    if one.read == Read::Changed && !version.changes.is_empty() {
        lines.push(say!(ctx.words, "know-what-changed", changes = version.changes.clone()));
    }
    lines.extend([String::new(), body]);
    ctx.out.data(&lines.join("\n"));
    store.note_article_read(one.card.article, version.version, ctx.now()).await?;
    Ok(Exit::Ok)
}
