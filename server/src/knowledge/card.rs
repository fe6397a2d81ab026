//! What devices carry of an article: the version that counts and those that begin later.

use super::model::{Article, ArticleVersion, Visibility, begun};
use crate::config::Regions;
use crate::exchange::pack::{self, PackAudience};
use crate::problem::Language;
use crate::store::{StoreError, Tx};
use sync_core::knowledge::{ArticleCard, ArticleText, ArticleVersionCard};
use sync_core::protocol::{PackKey, TermCard};
use sync_core::time::Timestamp;

/// Puts what holds now into everybody's pack, or takes the article out of it. Call it before `audit::append`.
pub(super) async fn refresh(
    tx: &mut Tx,
    article: &Article,
    versions: &[ArticleVersion],
    regions: &Regions,
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = PackKey::Article(article.id);
    match carried(article, versions, regions, now) {
        Some(card) => pack::put(tx, PackAudience::All, &key, &card).await,
        None => pack::remove(tx, PackAudience::All, &key).await,
    }
}

/// What devices are to carry; `None` when nothing is for them.
fn carried(
    article: &Article,
    versions: &[ArticleVersion],
    regions: &Regions,
    now: Timestamp,
) -> Option<ArticleCard> {
    if article.withdrawn.is_some() {
        return None;
    }
    let from = begun(versions, now).map_or(0, |version| version.number);
    let wanted = versions.iter().filter(|version| version.approved.is_some() && version.number >= from);
    let cards: Vec<ArticleVersionCard> = wanted.map(|version| version_card(version, regions)).collect();
    let has_text = cards.iter().any(|card| card.zh.is_some() || card.en.is_some());
    has_text.then(|| ArticleCard {
        article: article.id,
        number: article.name(),
        kind: article.kind.as_str().to_owned(),
        versions: cards,
    })
}

/// One version; without its words where they are for the office only, so that it ends the version before.
fn version_card(version: &ArticleVersion, regions: &Regions) -> ArticleVersionCard {
    let content = &version.content;
    let is_for_office = content.visibility == Visibility::Staff;
    let text = |title: &str, body: &str| {
        let given = !is_for_office && !title.is_empty();
        given.then(|| ArticleText { title: title.to_owned(), body: body.to_owned() })
    };
    let region = |code: &String| TermCard {
        code: code.clone(),
        zh: regions.name(code, Language::ZhCn).to_owned(),
        en: regions.name(code, Language::En).to_owned(),
    };
    ArticleVersionCard {
        version: u32::try_from(version.number).unwrap_or(u32::MAX),
        valid_from: content.valid_from,
        valid_to: content.valid_to,
        visibility: content.visibility.as_str().to_owned(),
        categories: if is_for_office { Vec::new() } else { content.categories.clone() },
        regions: if is_for_office { Vec::new() } else { content.regions.iter().map(region).collect() },
        zh: text(&content.title_zh, &content.body_zh),
        en: text(&content.title_en, &content.body_en),
        changes: if is_for_office { String::new() } else { content.changes.clone() },
    }
}
