//! One article: what a version says, how it differs from the one before, and the forms of those who may act.

use super::{Changed, categories, changed, failure_words, regions, standing_badge, title, validity};
use crate::app::App;
use crate::complaints::pages::{is_for_the_form, person_name};
use crate::complaints::reachable;
use crate::complaints::scope::{OFFICE, READERS};
use crate::knowledge::api::{self, Change};
use crate::knowledge::bodies::{ArticleActBody, ArticleDetail, ArticleVersionBody};
use crate::knowledge::difference::Line;
use crate::knowledge::model::ArticleActKind;
use crate::knowledge::promises;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, Words, page, see_other, with_status};
use crate::problem::{self, Problem};
use crate::review::REVIEWERS;
use crate::routing::{get, post};
use crate::store::Tx;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::ArticleId;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/knowledge/{id}", Policy::Roles(READERS), get(show)).page(
        "/knowledge/{id}/{act}",
        Policy::Roles(REVIEWERS),
        post(change),
    )
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// The version of the text; empty: the draft, else the one that counts.
    version: String,
}

/// Everything that the forms of the page send.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    /// Of the row.
    pub(super) version: i64,
    pub(super) article_version: i64,
    pub(super) reason: String,
}

/// An article.
#[derive(Template)]
#[template(path = "knowledge/article.html")]
pub(super) struct ArticlePage {
    pub(super) shell: Shell,
    pub(super) id: String,
    pub(super) number: String,
    pub(super) version: i64,
    pub(super) kind: String,
    pub(super) title: String,
    pub(super) standing: (&'static str, String),
    /// The version of the text that is shown.
    pub(super) text_version: i64,
    /// Language tag, title and text of each language that it has.
    pub(super) texts: Vec<(&'static str, String, String)>,
    pub(super) changes: String,
    pub(super) facts: Vec<(String, String)>,
    /// Address and number of the complaint that a case came from, for those who may read it.
    pub(super) source: Option<(String, String)>,
    /// The version before, and what is different from it.
    pub(super) before: Option<(i64, Vec<Changed>)>,
    /// Number, standing and days of every version, newest first.
    pub(super) versions: Vec<(i64, (&'static str, String), String)>,
    /// What was done, its words, and who did it when.
    pub(super) acts: Vec<(String, Option<String>, String)>,
    /// How many owed promises stand on versions before the one that is shown.
    pub(super) promises: i64,
    pub(super) may: May,
    pub(super) typed: Typed,
    pub(super) failure: Option<String>,
}

/// What this reader may do now.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct May {
    pub(super) write: bool,
    pub(super) approve: bool,
    /// Whether only somebody else may approve what is shown.
    pub(super) own: bool,
    pub(super) withdraw: bool,
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<ArticleId>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    Ok(page(&article_page(&app, viewer, id, asked.version.parse().ok(), None).await?))
}

async fn article_page(
    app: &App,
    viewer: Viewer,
    id: ArticleId,
    wanted: Option<i64>,
    refused: Option<(Typed, Problem)>,
) -> Result<ArticlePage, Problem> {
    let w = viewer.w();
    let mut tx = app.store.read().await?;
    let detail = api::detail(app, &mut tx, &viewer.office, id).await?;
    let article = &detail.article;
    let wanted = wanted.or(article.draft_version).unwrap_or(article.shown.version);
    let shown = detail.versions.iter().find(|version| version.version == wanted).unwrap_or(&article.shown);
    let before = detail.versions.iter().find(|version| version.version == shown.version - 1);
    let source = match article.source_complaint_id {
        Some(id) => reachable(&mut tx, &viewer.office, READERS, id).await.ok(),
        None => None,
    };
    let source = source.map(|complaint| (format!("/complaints/{}", complaint.id), complaint.number));
    let promises = promises::count_before(&mut tx, id, shown.version).await?;
    let failure = refused.as_ref().map(|(_, problem)| failure_words(w, problem));
    let line = |version: &ArticleVersionBody| {
        (version.version, standing_badge(w, version), validity(w, &version.content))
    };
    Ok(ArticlePage {
        id: id.to_string(),
        number: article.number.clone(),
        version: article.version,
        kind: w.code("article-kind", article.kind),
        title: title(w, &shown.content),
        standing: standing_badge(w, shown),
        text_version: shown.version,
        texts: texts(shown),
        changes: shown.content.changes.clone(),
        facts: facts(&viewer.shell, shown),
        source,
        before: before
            .map(|before| (before.version, changed(&viewer.shell, &before.content, &shown.content))),
        versions: detail.versions.iter().map(line).collect(),
        acts: detail.acts.iter().map(|act| act_line(w, act)).collect(),
        promises,
        may: may(&viewer, &detail, shown),
        typed: refused.map(|(typed, _)| typed).unwrap_or_default(),
        failure,
        shell: viewer.shell,
    })
}

fn texts(version: &ArticleVersionBody) -> Vec<(&'static str, String, String)> {
    let content = &version.content;
    let all = [("zh-CN", &content.title_zh, &content.body_zh), ("en", &content.title_en, &content.body_en)];
    let given = all.into_iter().filter(|(_, title, _)| !title.is_empty());
    given.map(|(language, title, body)| (language, title.clone(), body.clone())).collect()
}

fn may(viewer: &Viewer, detail: &ArticleDetail, shown: &ArticleVersionBody) -> May {
    let stands = detail.article.withdrawn_at_ms.is_none();
    let is_draft = stands && detail.article.draft_version == Some(shown.version);
    let wrote = |act: &ArticleActBody| {
        act.act == ArticleActKind::Written
            && act.article_version == shown.version
            && act.person.person_id == viewer.office.person_id
    };
    let own = detail.acts.iter().any(wrote);
    let judges = viewer.shell.has_role(REVIEWERS);
    May {
        write: stands && viewer.shell.has_role(OFFICE),
        approve: is_draft && judges && !own,
        own: is_draft && judges && own,
        withdraw: stands && judges,
    }
}

fn facts(shell: &Shell, version: &ArticleVersionBody) -> Vec<(String, String)> {
    let (w, content) = (shell.w, &version.content);
    let written = w.ab("action-by-at", person_name(w, &version.written_by), w.time(version.written_at_ms));
    let mut facts = vec![
        (w.t("article-validity"), validity(w, content)),
        (w.t("article-visibility"), w.code("article-visibility", content.visibility)),
        (w.t("article-categories"), categories(w, content)),
        (w.t("article-regions"), regions(shell, content)),
        (w.t("article-written"), written),
    ];
    if let (Some(by), Some(at)) = (&version.approved_by, version.approved_at_ms) {
        facts.push((w.t("article-approved"), w.ab("action-by-at", person_name(w, by), w.time(at))));
    }
    facts
}

fn act_line(w: Words, act: &ArticleActBody) -> (String, Option<String>, String) {
    let title = w.code("article-act", act.act);
    let title = match act.act {
        ArticleActKind::Withdrawn => title,
        _ => format!("{title} · {}", w.n("article-version", act.article_version)),
    };
    (title, act.words.clone(), w.ab("action-by-at", person_name(w, &act.person), w.time(act.at_ms)))
}

async fn change(
    State(app): State<App>,
    Path((id, act)): Path<(ArticleId, String)>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let mut tx = app.store.write().await?;
    let change = Change { app: &app, office: &viewer.office, id, version: Some(form.version) };
    match take(&mut tx, change, &act, &form).await {
        Ok(said) => {
            tx.commit().await?;
            Ok(see_other(&format!("/knowledge/{id}"), Some(said)))
        }
        Err(refusal) if is_for_the_form(&refusal) => {
            drop(tx);
            let status = refusal.status();
            Ok(with_status(status, &article_page(&app, viewer, id, None, Some((form, refusal))).await?))
        }
        Err(refusal) => Err(refusal),
    }
}

/// Takes a step within the caller's transaction and gives the word for what was done.
async fn take(tx: &mut Tx, change: Change<'_>, act: &str, form: &Typed) -> Result<&'static str, Problem> {
    match act {
        "approval" => {
            api::approve(tx, change, form.article_version).await?;
            Ok("article-approved")
        }
        "withdrawal" => {
            api::withdraw(tx, change, &form.reason).await?;
            Ok("article-withdrawn")
        }
        _ => Err(Problem::new(&problem::NOT_FOUND)),
    }
}
