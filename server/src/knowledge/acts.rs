//! What is done about articles: written, approved, withdrawn.
//!
//! Each act changes the row, writes itself down, brings the pack up to date, and adds its entry to the server log,
//! within the caller's transaction.

use super::model::{
    Article, ArticleAct, ArticleActKind, ArticleContent, ArticleKind, ArticleVersion, KnowledgeError,
};
use super::{card, cases, sql};
use crate::audit::{self, Detail, EntryKind};
use crate::complaints::acts::Actor;
use crate::complaints::intake::checked_reason;
use crate::config::Regions;
use crate::store::{Counter, Tx, next_number};
use sync_core::ids::{ArticleId, ComplaintId};
use sync_core::search::index_text;

const WRITTEN: EntryKind = EntryKind("article.written");
const APPROVED: EntryKind = EntryKind("article.approved");
const WITHDRAWN: EntryKind = EntryKind("article.withdrawn");

/// Writes the first version of a new article as a draft.
pub(super) async fn create(
    tx: &mut Tx,
    id: ArticleId,
    (kind, source): (ArticleKind, Option<ComplaintId>),
    content: ArticleContent,
    by: Actor,
) -> Result<Article, KnowledgeError> {
    let content = content.checked()?;
    cases::require_redacted(tx, source, &content).await?;
    let article = Article {
        id,
        number: next_number(tx, Counter("article")).await?,
        kind,
        source,
        version: 1,
        approved: None,
        draft: Some(1),
        changed_at: by.at,
        created_at: by.at,
        created_by: by.person,
        withdrawn: None,
    };
    sql::insert(tx, &article, &index_text(&content.words(article.number))).await?;
    put_draft(tx, &article, 1, content, by).await?;
    note(tx, &article, (ArticleActKind::Written, 1, None), WRITTEN, by).await?;
    Ok(article)
}

/// Writes the draft of the next version, or changes the one that waits. The same once more changes nothing.
pub(super) async fn write(
    tx: &mut Tx,
    article: Article,
    content: ArticleContent,
    by: Actor,
) -> Result<Article, KnowledgeError> {
    let content = content.checked()?;
    let article = standing(article)?;
    cases::require_redacted(tx, article.source, &content).await?;
    let versions = sql::versions(tx, article.id).await?;
    let number = article.draft.unwrap_or_else(|| article.approved.unwrap_or(0) + 1);
    if versions.iter().any(|version| Some(version.number) == article.draft && version.content == content) {
        return Ok(article);
    }
    let indexed = indexed(&article, &versions, &content);
    let article = Article { draft: Some(number), changed_at: by.at, ..article };
    let article = update(tx, article, &indexed).await?;
    put_draft(tx, &article, number, content, by).await?;
    note(tx, &article, (ArticleActKind::Written, number, None), WRITTEN, by).await?;
    Ok(article)
}

/// Approves the draft: from then on it never changes. By nobody who wrote a part of it.
pub(super) async fn approve(
    tx: &mut Tx,
    article: Article,
    version: i64,
    regions: &Regions,
    by: Actor,
) -> Result<Article, KnowledgeError> {
    let article = standing(article)?;
    if article.draft != Some(version) {
        return Err(KnowledgeError::State("approved"));
    }
    let acts = sql::acts(tx, article.id).await?;
    let wrote = |act: &ArticleAct| act.kind == ArticleActKind::Written && act.version == version;
    if acts.iter().any(|act| wrote(act) && act.person == by.person) {
        return Err(KnowledgeError::Own);
    }
    if !sql::approve(tx, article.id, version, by.person, by.at).await? {
        return Err(KnowledgeError::Changed);
    }
    let versions = sql::versions(tx, article.id).await?;
    let words = versions.iter().find(|each| each.number == version);
    let words = words.map(|each| index_text(&each.content.words(article.number))).unwrap_or_default();
    let article = Article { approved: Some(version), draft: None, changed_at: by.at, ..article };
    let article = update(tx, article, &words).await?;
    card::refresh(tx, &article, &versions, regions, by.at).await?;
    note(tx, &article, (ArticleActKind::Approved, version, None), APPROVED, by).await?;
    Ok(article)
}

/// The article does not hold any more, for a reason that stays on record; nobody carries it.
pub(super) async fn withdraw(
    tx: &mut Tx,
    article: Article,
    reason: &str,
    regions: &Regions,
    by: Actor,
) -> Result<Article, KnowledgeError> {
    let reason = checked_reason("/reason", reason)
        .map_err(|_| KnowledgeError::invalid("/reason", "1 to 2000 characters"))?;
    let article = standing(article)?;
    let versions = sql::versions(tx, article.id).await?;
    let newest = versions.last().map_or(1, |version| version.number);
    let words: Vec<String> = versions.iter().map(|version| version.content.words(article.number)).collect();
    let article = Article { withdrawn: Some((by.at, by.person)), changed_at: by.at, ..article };
    let article = update(tx, article, &index_text(&words.join("\n"))).await?;
    card::refresh(tx, &article, &versions, regions, by.at).await?;
    note(tx, &article, (ArticleActKind::Withdrawn, newest, Some(reason)), WITHDRAWN, by).await?;
    Ok(article)
}

fn standing(article: Article) -> Result<Article, KnowledgeError> {
    if article.withdrawn.is_some() { Err(KnowledgeError::State("withdrawn")) } else { Ok(article) }
}

/// What an article with this draft is found by: the approved text that still counts, and the draft.
fn indexed(article: &Article, versions: &[ArticleVersion], draft: &ArticleContent) -> String {
    let approved = versions.iter().find(|version| Some(version.number) == article.approved);
    let approved = approved.map(|version| version.content.words(article.number)).unwrap_or_default();
    index_text(&format!("{approved}\n{}", draft.words(article.number)))
}

async fn put_draft(
    tx: &mut Tx,
    article: &Article,
    number: i64,
    content: ArticleContent,
    by: Actor,
) -> Result<(), KnowledgeError> {
    let draft = ArticleVersion { number, content, written_by: by.person, written_at: by.at, approved: None };
    Ok(sql::put_draft(tx, article.id, &draft).await?)
}

async fn update(tx: &mut Tx, mut row: Article, indexed: &str) -> Result<Article, KnowledgeError> {
    if !sql::update(tx, &row, indexed).await? {
        return Err(KnowledgeError::Changed);
    }
    row.version += 1;
    Ok(row)
}

/// Writes an act down, and into the server log.
async fn note(
    tx: &mut Tx,
    row: &Article,
    (kind, version, words): (ArticleActKind, i64, Option<String>),
    entry: EntryKind,
    by: Actor,
) -> Result<(), KnowledgeError> {
    let act = ArticleAct { kind, version, words, person: by.person, at: by.at };
    sql::note(tx, row.id, &act).await?;
    let detail = Detail::new()
        .with("article", row.id)
        .with("number", row.name())
        .with("article_version", version.to_string());
    audit::append(tx, &by.entry(entry, detail).because(act.words.as_deref())).await?;
    Ok(())
}
