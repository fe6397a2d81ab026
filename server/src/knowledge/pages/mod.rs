//! Knowledge as pages: the lists with search, one article with its versions, and the form for writing.

mod article;
mod edit;
mod list;
mod promises;
#[cfg(test)]
mod tests;

use super::bodies::ArticleVersionBody;
use super::difference::{self, Line};
use super::model::{ArticleContent, VersionStanding};
use crate::pages::{PageRoutes, Shell, Words};
use crate::problem::{self, Problem};
use std::fmt::Display;

pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    article::pages(edit::pages(promises::pages(list::pages(routes))))
}

/// The title in the reader's language, or in the one that there is.
fn title(w: Words, content: &ArticleContent) -> String {
    let (zh, en) = (content.title_zh.as_str(), content.title_en.as_str());
    let (own, other) = (w.either(zh, en), w.either(en, zh));
    if own.is_empty() { other.to_owned() } else { own.to_owned() }
}

/// The badge of a standing: its class and its words.
fn standing_badge(w: Words, version: &ArticleVersionBody) -> (&'static str, String) {
    let class = match version.standing {
        VersionStanding::InForce => "good",
        VersionStanding::Draft | VersionStanding::Coming => "info",
        VersionStanding::Ended | VersionStanding::Withdrawn => "warn",
        VersionStanding::Superseded => "",
    };
    (class, w.code("article-standing", version.standing))
}

/// From when until when, in words.
fn validity(w: Words, content: &ArticleContent) -> String {
    match content.valid_to {
        Some(last) => w.ab("article-from-to", content.valid_from, last),
        None => w.a("article-from", content.valid_from),
    }
}

fn categories(w: Words, content: &ArticleContent) -> String {
    let names = content.categories.iter().map(|code| w.category(code));
    joined(names, w.t("article-all-categories"))
}

fn regions(shell: &Shell, content: &ArticleContent) -> String {
    joined(content.regions.iter().map(|code| shell.region(code)), shell.w.t("article-everywhere"))
}

fn joined(names: impl Iterator<Item = impl Display>, none: String) -> String {
    let names: Vec<String> = names.map(|name| name.to_string()).collect();
    if names.is_empty() { none } else { names.join(" · ") }
}

/// A part of an article that was changed: its name, and its lines.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) part: String,
    pub(super) lines: Vec<Line>,
}

/// What is different between two versions, part by part.
fn changed(shell: &Shell, before: &ArticleContent, after: &ArticleContent) -> Vec<Changed> {
    let w = shell.w;
    let visibility = |content: &ArticleContent| w.code("article-visibility", content.visibility);
    let parts = [
        ("article-title-zh", before.title_zh.clone(), after.title_zh.clone()),
        ("article-body-zh", before.body_zh.clone(), after.body_zh.clone()),
        ("article-title-en", before.title_en.clone(), after.title_en.clone()),
        ("article-body-en", before.body_en.clone(), after.body_en.clone()),
        ("article-categories", categories(w, before), categories(w, after)),
        ("article-regions", regions(shell, before), regions(shell, after)),
        ("article-visibility", visibility(before), visibility(after)),
        ("article-validity", validity(w, before), validity(w, after)),
    ];
    let compared = parts
        .into_iter()
        .map(|(key, before, after)| Changed { part: w.t(key), lines: difference::lines(&before, &after) });
    compared.filter(|changed| !changed.lines.is_empty()).collect()
}

/// Why a form was refused.
fn failure_words(w: Words, refusal: &Problem) -> String {
    if refusal.kind().code == problem::PRECONDITION_FAILED.code {
        return w.t("article-changed");
    }
    match refusal.field() {
        Some("/title_zh" | "/title_en") => w.t("article-title-needed"),
        Some("/body_zh" | "/body_en") => w.t("article-body-needed"),
        Some("/categories") => w.t("article-categories-wrong"),
        Some("/regions") => w.t("article-regions-wrong"),
        Some("/valid_from") => w.t("article-valid-from-needed"),
        Some("/valid_to") => w.t("article-valid-to-wrong"),
        Some("/due_at_ms") => w.t("promise-due-wrong"),
        Some("/changes") => w.t("article-changes-wrong"),
        Some(_) => w.t("action-words-needed"),
        None => {
            let (title, detail) = refusal.words(w.language);
            format!("{title} · {detail}")
        }
    }
}
