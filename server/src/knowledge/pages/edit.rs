//! The form for writing an article: a new one, or the next version of one.

use super::{Changed, changed, failure_words};
use crate::app::App;
use crate::complaints::pages::is_for_the_form;
use crate::complaints::pages::sections::{self, Options};
use crate::complaints::record;
use crate::complaints::scope::OFFICE;
use crate::knowledge::api::{self, Change, NewArticle};
use crate::knowledge::bodies::ArticleDetail;
use crate::knowledge::cases;
use crate::knowledge::difference::Line;
use crate::knowledge::model::{ArticleContent, ArticleKind, Visibility};
use crate::knowledge::office_date;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, page, see_other, with_status};
use crate::problem::{self, Language, Problem};
use crate::routing::get;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::date::CivilDate;
use sync_core::ids::{ArticleId, ComplaintId};

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    let writers = Policy::Roles(OFFICE);
    routes.page("/knowledge/new", writers, get(show_new).post(create)).page(
        "/knowledge/{id}/draft",
        writers,
        get(show_draft).post(write),
    )
}

/// What is typed into the form.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    /// Of the row that was read.
    pub(super) version: i64,
    pub(super) kind: String,
    /// The complaint that a case comes from; empty for other kinds.
    pub(super) source: String,
    pub(super) title_zh: String,
    pub(super) body_zh: String,
    pub(super) title_en: String,
    pub(super) body_en: String,
    pub(super) categories: Vec<String>,
    pub(super) regions: Vec<String>,
    pub(super) visibility: String,
    pub(super) valid_from: String,
    pub(super) valid_to: String,
    pub(super) changes: String,
    /// `preview` or `save`.
    pub(super) act: String,
}

impl Typed {
    fn of(content: &ArticleContent) -> Self {
        Self {
            title_zh: content.title_zh.clone(),
            body_zh: content.body_zh.clone(),
            title_en: content.title_en.clone(),
            body_en: content.body_en.clone(),
            categories: content.categories.clone(),
            regions: content.regions.clone(),
            visibility: content.visibility.as_str().to_owned(),
            valid_from: content.valid_from.to_string(),
            valid_to: content.valid_to.map(|day| day.to_string()).unwrap_or_default(),
            changes: content.changes.clone(),
            ..Self::default()
        }
    }

    fn content(&self) -> Result<ArticleContent, Problem> {
        let wrong = |pointer| move || Problem::invalid_field(pointer, "a day like 2026-11-21");
        let valid_to = match self.valid_to.trim() {
            "" => None,
            day => Some(day.parse().map_err(|_| wrong("/valid_to")())?),
        };
        let visibility: Visibility = self
            .visibility
            .parse()
            .map_err(|()| Problem::invalid_field("/visibility", "public, technician or staff"))?;
        let content = ArticleContent {
            title_zh: self.title_zh.clone(),
            body_zh: self.body_zh.clone(),
            title_en: self.title_en.clone(),
            body_en: self.body_en.clone(),
            categories: self.categories.clone(),
            regions: self.regions.clone(),
            visibility,
            valid_from: self.valid_from.trim().parse().map_err(|_| wrong("/valid_from")())?,
            valid_to,
            changes: self.changes.clone(),
        };
        Ok(content.checked()?)
    }
}

/// The form.
#[derive(Template)]
#[template(path = "knowledge/edit.html")]
pub(super) struct EditPage {
    pub(super) shell: Shell,
    /// Id and number; `None`: a new article.
    pub(super) article: Option<(String, String)>,
    /// Id and number of the complaint that a new case comes from.
    pub(super) source: Option<(String, String)>,
    /// Code and name.
    pub(super) kinds: Vec<(String, String)>,
    /// Code and name.
    pub(super) visibilities: Vec<(String, String)>,
    /// Codes and names of categories under their utilities.
    pub(super) categories: Vec<Options>,
    /// Code and name.
    pub(super) regions: Vec<(String, String)>,
    pub(super) typed: Typed,
    pub(super) preview: Option<Preview>,
    pub(super) failure: Option<String>,
}

/// The text as it will be read, and what is different from what stands there now.
#[derive(Debug, Default)]
pub(super) struct Preview {
    /// Language tag, title and text.
    pub(super) texts: Vec<(&'static str, String, String)>,
    /// The version that counts now, and what is different from it.
    pub(super) against: Option<(i64, Vec<Changed>)>,
}

impl EditPage {
    fn has_category(&self, code: &str) -> bool {
        self.typed.categories.iter().any(|chosen| chosen == code)
    }

    fn has_region(&self, code: &str) -> bool {
        self.typed.regions.iter().any(|chosen| chosen == code)
    }

    fn action(&self) -> String {
        match &self.article {
            Some((id, _)) => format!("/knowledge/{id}/draft"),
            None => "/knowledge/new".to_owned(),
        }
    }

    fn back(&self) -> String {
        self.article.as_ref().map_or_else(|| "/knowledge".to_owned(), |(id, _)| format!("/knowledge/{id}"))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// The closed complaint of which a case is to be made.
    case: Option<ComplaintId>,
}

async fn show_new(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let typed = Typed {
        kind: ArticleKind::Article.as_str().to_owned(),
        visibility: Visibility::Technician.as_str().to_owned(),
        valid_from: office_date(app.clock.now()).to_string(),
        ..Typed::default()
    };
    let typed = match asked.case {
        Some(complaint) => begin_case(&app, &viewer, complaint, typed).await?,
        None => typed,
    };
    Ok(page(&form(&app, viewer, None, Some(typed), None).await?))
}

/// What the form of a case begins with, in the language of whoever writes it.
async fn begin_case(app: &App, viewer: &Viewer, id: ComplaintId, typed: Typed) -> Result<Typed, Problem> {
    let mut tx = app.store.read().await?;
    let complaint = cases::source(&mut tx, &viewer.office, id).await?;
    let categories = vec![complaint.intake.category.clone()];
    let record = record::build(&mut tx, complaint.clone()).await?;
    let (title, body) = cases::told(viewer.w(), &complaint, &record);
    let (kind, source) = (ArticleKind::Case.as_str().to_owned(), id.to_string());
    let typed = Typed { kind, source, categories, ..typed };
    Ok(match viewer.w().language {
        Language::ZhCn => Typed { title_zh: title, body_zh: body, ..typed },
        Language::En => Typed { title_en: title, body_en: body, ..typed },
    })
}

async fn show_draft(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<ArticleId>,
) -> Result<Response, Problem> {
    Ok(page(&form(&app, viewer, Some(id), None, None).await?))
}

/// The form with what was typed, or with what stands there.
async fn form(
    app: &App,
    viewer: Viewer,
    id: Option<ArticleId>,
    typed: Option<Typed>,
    refused: Option<&Problem>,
) -> Result<EditPage, Problem> {
    let w = viewer.w();
    let detail = match id {
        Some(id) => Some(api::detail(app, &mut app.store.read().await?, &viewer.office, id).await?),
        None => None,
    };
    let mut typed = match (typed, &detail) {
        (Some(typed), _) => typed,
        (None, Some(detail)) => begin(detail, office_date(app.clock.now())),
        (None, None) => Typed::default(),
    };
    // What others wrote meanwhile is shown beside it: sent again, it is meant to take that place.
    let meanwhile = refused.is_some_and(|problem| problem.kind().code == problem::PRECONDITION_FAILED.code);
    if let Some(detail) = detail.as_ref().filter(|_| meanwhile) {
        typed.version = detail.article.version;
    }
    let content = typed.content();
    let wrong = content.as_ref().err().filter(|_| typed.act == "preview");
    let failure = refused.or(wrong).map(|problem| failure_words(w, problem));
    let asked = content.as_ref().ok().filter(|_| typed.act == "preview" || meanwhile);
    let preview = asked.map(|content| Preview {
        texts: texts(content),
        against: detail.as_ref().map(|detail| against(&viewer.shell, detail, content, meanwhile)),
    });
    let source = match typed.source.parse() {
        Ok(id) => {
            let mut tx = app.store.read().await?;
            Some((typed.source.clone(), cases::source(&mut tx, &viewer.office, id).await?.number))
        }
        Err(_) => None,
    };
    let named = |family: &str, codes: Vec<&'static str>| {
        codes.into_iter().map(|code| (code.to_owned(), w.code(family, code))).collect::<Vec<_>>()
    };
    let kinds = [ArticleKind::Article, ArticleKind::Faq, ArticleKind::Wording];
    Ok(EditPage {
        article: detail.map(|detail| (detail.article.article_id.to_string(), detail.article.number)),
        source,
        kinds: named("article-kind", kinds.map(ArticleKind::as_str).to_vec()),
        visibilities: named("article-visibility", Visibility::ALL.iter().map(|each| each.as_str()).collect()),
        categories: sections::categories(w, None),
        regions: viewer.shell.regions_with(""),
        preview,
        failure,
        typed,
        shell: viewer.shell,
    })
}

/// What the form begins with: the draft, or the newest version as the beginning of the next one.
fn begin(detail: &ArticleDetail, today: CivilDate) -> Typed {
    let newest = detail.versions.first().unwrap_or(&detail.article.shown);
    let version = detail.article.version;
    if detail.article.draft_version == Some(newest.version) {
        return Typed { version, ..Typed::of(&newest.content) };
    }
    let next = ArticleContent {
        valid_from: today,
        valid_to: None,
        changes: String::new(),
        ..newest.content.clone()
    };
    Typed { version, ..Typed::of(&next) }
}

/// What is different from the version that counts, or, where somebody else was faster, from what they wrote.
fn against(
    shell: &Shell,
    detail: &ArticleDetail,
    content: &ArticleContent,
    meanwhile: bool,
) -> (i64, Vec<Changed>) {
    let newest = detail.versions.first().filter(|_| meanwhile);
    let version = newest.unwrap_or(&detail.article.shown);
    (version.version, changed(shell, &version.content, content))
}

fn texts(content: &ArticleContent) -> Vec<(&'static str, String, String)> {
    let all = [("zh-CN", &content.title_zh, &content.body_zh), ("en", &content.title_en, &content.body_en)];
    let given = all.into_iter().filter(|(_, title, _)| !title.is_empty());
    given.map(|(language, title, body)| (language, title.clone(), body.clone())).collect()
}

async fn create(State(app): State<App>, posted: Posted<Typed>) -> Result<Response, Problem> {
    let Posted { viewer, form: typed } = posted;
    if typed.act == "preview" {
        return Ok(page(&form(&app, viewer, None, Some(typed), None).await?));
    }
    let mut tx = app.store.write().await?;
    let wanted = typed.content().and_then(|content| {
        let kind = typed.kind.parse();
        let kind = kind.map_err(|()| Problem::invalid_field("/kind", "article, faq, wording or case"))?;
        Ok(NewArticle { kind, source_complaint_id: typed.source.parse().ok(), content })
    });
    let made = match wanted {
        Ok(wanted) => api::create(&app, &mut tx, &viewer.office, wanted).await,
        Err(refusal) => Err(refusal),
    };
    match made {
        Ok(article) => {
            tx.commit().await?;
            Ok(see_other(&format!("/knowledge/{}", article.id), Some("article-written")))
        }
        Err(refusal) if is_for_the_form(&refusal) => {
            drop(tx);
            let shown = form(&app, viewer, None, Some(typed), Some(&refusal)).await?;
            Ok(with_status(refusal.status(), &shown))
        }
        Err(refusal) => Err(refusal),
    }
}

async fn write(
    State(app): State<App>,
    Path(id): Path<ArticleId>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let Posted { viewer, form: typed } = posted;
    if typed.act == "preview" {
        return Ok(page(&form(&app, viewer, Some(id), Some(typed), None).await?));
    }
    let mut tx = app.store.write().await?;
    let change = Change { app: &app, office: &viewer.office, id, version: Some(typed.version) };
    let written = match typed.content() {
        Ok(content) => api::write(&mut tx, change, content).await,
        Err(refusal) => Err(refusal),
    };
    match written {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other(&format!("/knowledge/{id}"), Some("article-written")))
        }
        Err(refusal) if is_for_the_form(&refusal) => {
            drop(tx);
            let shown = form(&app, viewer, Some(id), Some(typed), Some(&refusal)).await?;
            Ok(with_status(refusal.status(), &shown))
        }
        Err(refusal) => Err(refusal),
    }
}
