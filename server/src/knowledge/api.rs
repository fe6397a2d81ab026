//! Articles for clients of the office.

use super::acts;
use super::bodies::{ArticleBody, ArticleDetail, ArticleList, Lookup};
use super::model::{Article, ArticleContent, ArticleKind, KnowledgeError};
use super::{cases, sql};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::acts::Actor;
use crate::complaints::scope::{OFFICE, READERS};
use crate::problem::{self, Problem};
use crate::review::REVIEWERS;
use crate::routing::routes;
use crate::store::Tx;
use crate::wire::{Body, Page, PageQuery, if_match};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sync_core::ids::{ArticleId, ComplaintId};
use sync_core::time::Timestamp;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// Routes of this capability.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_articles))
        .routes(routes!(create_article))
        .routes(routes!(read_article))
        .routes(routes!(write_article_draft))
        .routes(routes!(create_article_approval))
        .routes(routes!(create_article_withdrawal))
        .merge(super::promises_api::routes())
}

/// Which part of which list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ArticleQuery {
    /// `current`: approved and not withdrawn. `waiting`: with a draft. `withdrawn`. What was changed last comes first.
    #[param(inline)]
    list: ArticleList,
    /// Words that all have to be there; Chinese words of two characters are words.
    #[serde(default)]
    #[param(max_length = 200)]
    q: String,
    /// `next_cursor` of the page before.
    #[param(max_length = 400)]
    cursor: Option<String>,
    /// Entries per page.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Articles of the knowledge base.
#[utoipa::path(get, path = "/v1/articles", tag = "knowledge", params(ArticleQuery),
    security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    responses((status = OK, body = Page<ArticleBody>), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_articles(
    State(app): State<App>,
    office: OfficeAuth,
    Query(query): Query<ArticleQuery>,
) -> Result<Json<Page<ArticleBody>>, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    Ok(Json(listed(&app, &office, (query.list, &query.q), &page).await?))
}

/// One part of a list, for the API and for pages.
pub(super) async fn listed(
    app: &App,
    office: &OfficeAuth,
    (list, words): (ArticleList, &str),
    page: &PageQuery,
) -> Result<Page<ArticleBody>, Problem> {
    office.require(READERS)?;
    let after: (i64, String) = page.position()?.unwrap_or((i64::MIN, String::new()));
    let wanted = sql::Listing { list, words, after, limit: page.limit() + 1 };
    let (mut tx, now) = (app.store.read().await?, app.clock.now());
    let (mut lookup, mut bodies) = (Lookup::default(), Vec::new());
    for row in sql::list(&mut tx, &wanted).await? {
        bodies.push(lookup.body(&mut tx, row, now).await?);
    }
    Ok(Page::cut(bodies, page.limit(), |body| (-body.changed_at_ms, body.article_id.to_string())))
}

/// An article with all its versions.
#[utoipa::path(get, path = "/v1/articles/{article_id}", tag = "knowledge",
    security(("session" = ["clerk", "reviewer", "lead", "expert"])), params(("article_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ArticleDetail), (status = NOT_FOUND, description = "article-unknown"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn read_article(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ArticleId>,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    Ok(shown(StatusCode::OK, &detail(&app, &mut tx, &office, id).await?))
}

fn shown(status: StatusCode, body: &ArticleDetail) -> Response {
    let tag = format!("\"{}\"", body.article.version);
    (status, [(header::ETAG, tag)], Json(body)).into_response()
}

/// The article with everything about it, for the API and for pages.
pub(super) async fn detail(
    app: &App,
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ArticleId,
) -> Result<ArticleDetail, Problem> {
    office.require(READERS)?;
    let article = sql::find(tx, id).await?.ok_or(KnowledgeError::Unknown)?;
    Ok(Lookup::default().detail(tx, article, app.clock.now()).await?)
}

/// A new article.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewArticle {
    /// A `case` comes from a closed complaint and names nobody.
    pub(super) kind: ArticleKind,
    /// The closed complaint that a case comes from; null for other kinds.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(super) source_complaint_id: Option<ComplaintId>,
    pub(super) content: ArticleContent,
}

/// Writes the first version of a new article; it waits for approval by somebody else.
#[utoipa::path(post, path = "/v1/articles", tag = "knowledge", request_body = NewArticle,
    security(("session" = ["clerk", "reviewer", "lead"])),
    responses((status = CREATED, body = ArticleDetail), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid, case-names-people")))]
async fn create_article(
    State(app): State<App>,
    office: OfficeAuth,
    Body(form): Body<NewArticle>,
) -> Result<Response, Problem> {
    let mut tx = app.store.write().await?;
    let article = create(&app, &mut tx, &office, form).await?;
    answered(&app, tx, StatusCode::CREATED, article).await
}

/// Writes a new article within the caller's transaction.
pub(super) async fn create(
    app: &App,
    tx: &mut Tx,
    office: &OfficeAuth,
    form: NewArticle,
) -> Result<Article, Problem> {
    office.require(OFFICE)?;
    let now = app.clock.now();
    match (form.kind, form.source_complaint_id) {
        (ArticleKind::Case, Some(source)) => drop(cases::source(tx, office, source).await?),
        (ArticleKind::Case, None) => return Err(cases::source_needed().into()),
        (_, Some(_)) => {
            return Err(KnowledgeError::invalid("/kind", "case, where a complaint is named").into());
        }
        (_, None) => {}
    }
    let id = ArticleId::from_entropy(now, app.entropy.bytes());
    Ok(acts::create(
        tx,
        id,
        (form.kind, form.source_complaint_id),
        form.content,
        Actor::office(office.person_id, now),
    )
    .await?)
}

async fn answered(app: &App, mut tx: Tx, status: StatusCode, article: Article) -> Result<Response, Problem> {
    let body = Lookup::default().detail(&mut tx, article, app.clock.now()).await?;
    tx.commit().await?;
    Ok(shown(status, &body))
}

/// Who changes an article, and at which version of its row they read it.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) app: &'a App,
    pub(super) office: &'a OfficeAuth,
    pub(super) id: ArticleId,
    /// `None`: whatever it is.
    pub(super) version: Option<i64>,
}

impl Change<'_> {
    async fn found(&self, tx: &mut Tx) -> Result<Article, Problem> {
        let article = sql::find(tx, self.id).await?.ok_or(KnowledgeError::Unknown)?;
        if self.version.is_some_and(|version| version != article.version) {
            return Err(Problem::new(&problem::PRECONDITION_FAILED));
        }
        Ok(article)
    }

    fn now(&self) -> Timestamp {
        self.app.clock.now()
    }

    fn actor(&self) -> Actor {
        Actor::office(self.office.person_id, self.now())
    }
}

/// Writes the draft of the next version, or changes the one that waits; with `If-Match: "<version>"` only if nobody
/// else changed the article meanwhile. What was approved stays as it is.
#[utoipa::path(put, path = "/v1/articles/{article_id}/draft", tag = "knowledge", request_body = ArticleContent,
    security(("session" = ["clerk", "reviewer", "lead"])),
    params(("article_id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = ArticleDetail), (status = NOT_FOUND, description = "article-unknown"),
        (status = CONFLICT, description = "article-state"), (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid, case-names-people")))]
async fn write_article_draft(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ArticleId>,
    headers: HeaderMap,
    Body(form): Body<ArticleContent>,
) -> Result<Response, Problem> {
    let change = Change { app: &app, office: &office, id, version: if_match(&headers)? };
    let mut tx = app.store.write().await?;
    let article = write(&mut tx, change, form).await?;
    answered(&app, tx, StatusCode::OK, article).await
}

/// Writes a draft within the caller's transaction.
pub(super) async fn write(tx: &mut Tx, change: Change<'_>, form: ArticleContent) -> Result<Article, Problem> {
    change.office.require(OFFICE)?;
    let article = change.found(tx).await?;
    Ok(acts::write(tx, article, form, change.actor()).await?)
}

/// Which draft is approved.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ArticleApproval {
    /// The version of the text.
    #[schema(minimum = 1)]
    pub(super) article_version: i64,
}

/// Approves a draft: from then on it never changes, and every technician gets it. By nobody who wrote a part of it.
#[utoipa::path(post, path = "/v1/articles/{article_id}/approvals", tag = "knowledge", request_body = ArticleApproval,
    security(("session" = ["reviewer", "lead"])),
    params(("article_id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = ArticleDetail), (status = NOT_FOUND, description = "article-unknown"),
        (status = CONFLICT, description = "article-state, article-own"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_article_approval(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ArticleId>,
    headers: HeaderMap,
    Body(form): Body<ArticleApproval>,
) -> Result<Response, Problem> {
    let change = Change { app: &app, office: &office, id, version: if_match(&headers)? };
    let mut tx = app.store.write().await?;
    let article = approve(&mut tx, change, form.article_version).await?;
    answered(&app, tx, StatusCode::OK, article).await
}

/// Approves within the caller's transaction.
pub(super) async fn approve(tx: &mut Tx, change: Change<'_>, version: i64) -> Result<Article, Problem> {
    change.office.require(REVIEWERS)?;
    let article = change.found(tx).await?;
    Ok(acts::approve(tx, article, version, &change.app.regions, change.actor()).await?)
}

/// Why it does not hold any more.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ArticleWithdrawal {
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) reason: String,
}

/// Withdraws an article, for a reason that stays on record; devices drop it with their next exchange.
#[utoipa::path(post, path = "/v1/articles/{article_id}/withdrawal", tag = "knowledge", request_body = ArticleWithdrawal,
    security(("session" = ["reviewer", "lead"])),
    params(("article_id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = ArticleDetail), (status = NOT_FOUND, description = "article-unknown"),
        (status = CONFLICT, description = "article-state"), (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_article_withdrawal(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ArticleId>,
    headers: HeaderMap,
    Body(form): Body<ArticleWithdrawal>,
) -> Result<Response, Problem> {
    let change = Change { app: &app, office: &office, id, version: if_match(&headers)? };
    let mut tx = app.store.write().await?;
    let article = withdraw(&mut tx, change, &form.reason).await?;
    answered(&app, tx, StatusCode::OK, article).await
}

/// Withdraws within the caller's transaction.
pub(super) async fn withdraw(tx: &mut Tx, change: Change<'_>, reason: &str) -> Result<Article, Problem> {
    change.office.require(REVIEWERS)?;
    let article = change.found(tx).await?;
    Ok(acts::withdraw(tx, article, reason, &change.app.regions, change.actor()).await?)
}
