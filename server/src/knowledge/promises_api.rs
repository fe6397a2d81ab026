//! Promises that rest on articles, for clients of the office.

use super::bodies::Lookup;
use super::model::{KnowledgeError, article_name, begun};
use super::promises::{self, PromiseList, Promised};
use super::sql;
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::acts::Actor;
use crate::complaints::scope::{OFFICE, READERS};
use crate::complaints::{self, PersonRef, reach_of};
use crate::exchange::visits;
use crate::problem::Problem;
use crate::routing::routes;
use crate::store::{StoreError, Tx};
use crate::wire::{Body, Page, PageQuery};
use crate::work_orders::reachable_visit;
use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use sync_core::ids::{ArticleId, ComplaintId, EntryId, VisitId};
use sync_core::time::Timestamp;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_promise_corrections)).routes(routes!(create_promise_correction))
}

/// A promise that rests on an article.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RestingPromise {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) visit_id: VisitId,
    /// Its entry in the visit document.
    #[schema(value_type = String, format = "uuid")]
    pub(crate) entry_id: EntryId,
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) complaint_id: Option<ComplaintId>,
    pub(crate) complaint_number: Option<String>,
    /// What was promised; null: these words have not arrived.
    pub(crate) what: Option<String>,
    /// False when its technician took it back.
    pub(crate) stands: bool,
    pub(crate) due_at_ms: i64,
    pub(crate) kept_at_ms: Option<i64>,
    pub(crate) made_by: PersonRef,
    /// By the device's clock.
    pub(crate) made_at_ms: i64,
    #[schema(value_type = String, format = "uuid")]
    pub(crate) article_id: ArticleId,
    /// For example `K-0007`.
    pub(crate) article_number: String,
    /// The version that was read at the door.
    pub(crate) article_version: i64,
    /// The version that it agrees with, as corrected.
    pub(crate) stands_on: i64,
    /// The version that counts now; null: the article was withdrawn, or none counts.
    pub(crate) counts: Option<i64>,
    /// Whether somebody has to put it right with the customer.
    pub(crate) to_correct: bool,
    /// How it was put right, oldest first.
    pub(crate) corrections: Vec<PromiseCorrectionBody>,
}

/// How a promise was put right.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PromiseCorrectionBody {
    pub(crate) from_version: i64,
    /// The same as before: the article was withdrawn.
    pub(crate) to_version: i64,
    /// What the customer was told, and how.
    pub(crate) words: String,
    pub(crate) due_before_ms: i64,
    pub(crate) due_after_ms: i64,
    pub(crate) person: PersonRef,
    pub(crate) at_ms: i64,
}

/// Which part of which list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PromiseQuery {
    /// `to_correct`: owed ones whose version does not count any more, by their due time. `corrected`: newest first.
    #[param(inline)]
    list: PromiseList,
    /// `next_cursor` of the page before.
    #[param(max_length = 400)]
    cursor: Option<String>,
    /// Entries per page.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Promises that rest on articles: those to be corrected, and those that were.
#[utoipa::path(get, path = "/v1/promise-corrections", tag = "knowledge", params(PromiseQuery),
    security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    responses((status = OK, body = Page<RestingPromise>), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_promise_corrections(
    State(app): State<App>,
    office: OfficeAuth,
    Query(query): Query<PromiseQuery>,
) -> Result<Json<Page<RestingPromise>>, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    Ok(Json(listed(&app, &office, query.list, &page).await?))
}

/// One part of a list, for the API and for pages.
pub(super) async fn listed(
    app: &App,
    office: &OfficeAuth,
    list: PromiseList,
    page: &PageQuery,
) -> Result<Page<RestingPromise>, Problem> {
    let reach = reach_of(office, READERS)?;
    let after: (i64, String) = page.position()?.unwrap_or((i64::MIN, String::new()));
    let now = app.clock.now();
    let wanted = promises::Listing { list, reach: &reach, now, after, limit: page.limit() + 1 };
    let mut tx = app.store.read().await?;
    let (mut lookup, mut bodies) = (Lookup::default(), Vec::new());
    for (sort, promised) in promises::list(&mut tx, &wanted).await? {
        bodies.push((sort, body(&mut tx, &mut lookup, promised, now).await?));
    }
    let page = Page::cut(bodies, page.limit(), |(sort, body)| {
        (*sort, format!("{}/{}", body.visit_id, body.entry_id))
    });
    Ok(page.map(|(_, body)| body))
}

/// The promise as answers show it.
async fn body(
    tx: &mut Tx,
    lookup: &mut Lookup,
    promised: Promised,
    now: Timestamp,
) -> Result<RestingPromise, StoreError> {
    let key = (promised.visit, promised.entry);
    let to_correct = promises::find(tx, key, now).await?.is_some_and(|(_, open)| open);
    let view = visits::view(tx, promised.visit).await?;
    let entry = view.as_ref().and_then(|view| view.promises.get(&promised.entry));
    let complaint = match promised.complaint {
        Some(id) => complaints::standing(tx, id).await?,
        None => None,
    };
    let article = sql::find(tx, promised.article).await?;
    let versions = sql::versions(tx, promised.article).await?;
    let stands = article.as_ref().is_some_and(|article| article.withdrawn.is_none());
    let counts = begun(&versions, now).filter(|_| stands).map(|version| version.number);
    let mut corrections = Vec::new();
    for correction in promises::corrections(tx, key).await? {
        corrections.push(PromiseCorrectionBody {
            from_version: correction.from_version,
            to_version: correction.to_version,
            words: correction.words,
            due_before_ms: correction.due_before.unix_ms(),
            due_after_ms: correction.due_after.unix_ms(),
            person: lookup.person(tx, correction.person).await?,
            at_ms: correction.at.unix_ms(),
        });
    }
    Ok(RestingPromise {
        visit_id: promised.visit,
        entry_id: promised.entry,
        complaint_id: complaint.as_ref().map(|complaint| complaint.id),
        complaint_number: complaint.map(|complaint| complaint.number),
        what: entry.map(|entry| entry.content.what.clone()),
        stands: entry.is_none_or(sync_core::document::Entry::stands),
        due_at_ms: promised.due_at.unix_ms(),
        kept_at_ms: promised.kept_at.map(Timestamp::unix_ms),
        made_by: lookup.person(tx, promised.person).await?,
        made_at_ms: promised.claimed_at.unix_ms(),
        article_id: promised.article,
        article_number: article_name(article.map_or(0, |article| article.number)),
        article_version: promised.version,
        stands_on: promised.stands_on,
        counts,
        to_correct,
        corrections,
    })
}

/// What the promise of an entry rests on; `None` when it rests on no article.
pub(crate) async fn resting(
    tx: &mut Tx,
    key: (VisitId, EntryId),
    now: Timestamp,
) -> Result<Option<RestingPromise>, StoreError> {
    match promises::find(tx, key, now).await? {
        Some((promised, _)) => Ok(Some(body(tx, &mut Lookup::default(), promised, now).await?)),
        None => Ok(None),
    }
}

/// What the customer was told.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PromiseCorrectionForm {
    /// What the customer was told, and how.
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) words: String,
    /// Until when it is promised from now on, Unix milliseconds; as before if absent.
    #[serde(default)]
    pub(super) due_at_ms: Option<i64>,
}

/// Writes down that the customer was told what counts now. The promise agrees with that version from then on.
#[utoipa::path(post, path = "/v1/visits/{visit_id}/promises/{entry_id}/corrections", tag = "knowledge",
    request_body = PromiseCorrectionForm, security(("session" = ["clerk", "reviewer", "lead"])),
    params(("visit_id" = String, Path, format = "uuid"), ("entry_id" = String, Path, format = "uuid")),
    responses((status = OK, body = RestingPromise), (status = NOT_FOUND, description = "visit-unknown, not-found"),
        (status = CONFLICT, description = "article-state"), (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_promise_correction(
    State(app): State<App>,
    office: OfficeAuth,
    Path(key): Path<(VisitId, EntryId)>,
    Body(form): Body<PromiseCorrectionForm>,
) -> Result<Json<RestingPromise>, Problem> {
    let mut tx = app.store.write().await?;
    correct(&app, &mut tx, &office, key, &form).await?;
    let body = resting(&mut tx, key, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Json(body.ok_or_else(|| Problem::new(&crate::problem::NOT_FOUND))?))
}

/// Corrects within the caller's transaction.
pub(super) async fn correct(
    app: &App,
    tx: &mut Tx,
    office: &OfficeAuth,
    key: (VisitId, EntryId),
    form: &PromiseCorrectionForm,
) -> Result<(), Problem> {
    let now = app.clock.now();
    reachable_visit(tx, office, OFFICE, key.0).await?;
    let found = promises::find(tx, key, now).await?;
    let (promised, open) = found.ok_or_else(|| Problem::new(&crate::problem::NOT_FOUND))?;
    if !open {
        return Err(KnowledgeError::State("in_force").into());
    }
    let due = form.due_at_ms.map(Timestamp::from_unix_ms);
    if due.is_some_and(|due| due <= now) {
        return Err(KnowledgeError::invalid("/due_at_ms", "a moment that is still to come").into());
    }
    let actor = Actor::office(office.person_id, now);
    Ok(promises::correct(tx, promised, (&form.words, due), actor).await?)
}
