//! Sections for clients of the office.

use super::acts::{self, NewSection};
use super::bodies::{DisciplineBody, Lookup, SectionBody, SectionDetail, SectionList};
use super::model::{Section, SectionError};
use super::sql;
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::acts::Actor;
use crate::complaints::model::Complaint;
use crate::complaints::scope::{OFFICE, READERS, Reach};
use crate::complaints::{self, reach_of, reachable};
use crate::deadlines;
use crate::people::Role;
use crate::problem::{self, Problem};
use crate::review::{EvidenceRef, REVIEWERS, check_evidence};
use crate::routing::routes;
use crate::store::{StoreError, Tx};
use crate::wire::{Body, Page, PageQuery, if_match};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sync_core::deadline::Limit;
use sync_core::ids::{ComplaintId, SectionId};
use sync_core::time::Timestamp;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// Entries of visits that one section names at most.
const EVIDENCE_MAX: usize = 200;

/// Routes of this capability.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_disciplines))
        .routes(routes!(list_sections))
        .routes(routes!(read_section))
        .routes(routes!(create_section))
        .routes(routes!(write_section_work))
        .routes(routes!(create_section_handover))
        .routes(routes!(create_sign_off))
        .routes(routes!(create_sign_off_withdrawal))
        .routes(routes!(create_section_drop))
}

/// The disciplines of the rules that hold now.
#[utoipa::path(get, path = "/v1/disciplines", tag = "sections", security(("session" = [])),
    responses((status = OK, body = Vec<DisciplineBody>)))]
async fn list_disciplines(
    State(app): State<App>,
    _office: OfficeAuth,
) -> Result<Json<Vec<DisciplineBody>>, Problem> {
    Ok(Json(disciplines(&mut app.store.read().await?, app.clock.now()).await?))
}

/// The disciplines of the rules that hold at that moment, for the API and for pages.
pub(crate) async fn disciplines(tx: &mut Tx, at: Timestamp) -> Result<Vec<DisciplineBody>, StoreError> {
    let published = deadlines::policy_with_calendar(tx, at).await?;
    let found = published.map(|(published, _)| published.policy.disciplines).unwrap_or_default();
    Ok(found.into_iter().map(DisciplineBody::from).collect())
}

/// Which part of which list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SectionQuery {
    /// `mine`: open, held where the reader works. `open`, `overdue`: by their limit. `over`: newest first.
    #[param(inline)]
    list: SectionList,
    /// `next_cursor` of the page before.
    #[param(max_length = 400)]
    cursor: Option<String>,
    /// Entries per page.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Sections whose holder or whose complaint is within reach.
#[utoipa::path(get, path = "/v1/sections", tag = "sections", params(SectionQuery),
    security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    responses((status = OK, body = Page<SectionBody>), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_sections(
    State(app): State<App>,
    office: OfficeAuth,
    Query(query): Query<SectionQuery>,
) -> Result<Json<Page<SectionBody>>, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    Ok(Json(listed(&app, &office, query.list, &page).await?))
}

/// One part of a list, for the API and for pages.
pub(super) async fn listed(
    app: &App,
    office: &OfficeAuth,
    list: SectionList,
    page: &PageQuery,
) -> Result<Page<SectionBody>, Problem> {
    let reach = reach_of(office, if list == SectionList::Mine { OFFICE } else { READERS })?;
    let after: (i64, String) = page.position()?.unwrap_or((i64::MIN, String::new()));
    let wanted = sql::Listing { list, reach: &reach, now: app.clock.now(), after, limit: page.limit() + 1 };
    let mut tx = app.store.read().await?;
    let (mut lookup, mut bodies) = (Lookup::default(), Vec::new());
    for (sort, row) in sql::list(&mut tx, &wanted).await? {
        bodies.push((sort, lookup.body(&mut tx, row).await?));
    }
    let page = Page::cut(bodies, page.limit(), |(sort, body)| (*sort, body.section_id.to_string()));
    Ok(page.map(|(_, body)| body))
}

/// A section with everything that was done about it.
#[utoipa::path(get, path = "/v1/sections/{section_id}", tag = "sections",
    security(("session" = ["clerk", "reviewer", "lead", "expert"])), params(("section_id" = String, Path, format = "uuid")),
    responses((status = OK, body = SectionDetail), (status = NOT_FOUND, description = "section-unknown"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn read_section(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<SectionId>,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    Ok(shown(StatusCode::OK, &detail(&app, &mut tx, &office, id).await?))
}

fn shown(status: StatusCode, body: &SectionDetail) -> Response {
    let tag = format!("\"{}\"", body.section.version);
    (status, [(header::ETAG, tag)], Json(body)).into_response()
}

/// The section with everything about it, for the API and for pages.
pub(super) async fn detail(
    app: &App,
    tx: &mut Tx,
    office: &OfficeAuth,
    id: SectionId,
) -> Result<SectionDetail, Problem> {
    let (section, _) = reached(tx, office, READERS, id).await?;
    Ok(Lookup::default().detail(tx, section, app.clock.now()).await?)
}

/// The section with its complaint, if its holder or its complaint is within reach.
async fn reached(
    tx: &mut Tx,
    office: &OfficeAuth,
    roles: &[Role],
    id: SectionId,
) -> Result<(Section, Complaint), Problem> {
    let reach = reach_of(office, roles)?;
    let section = sql::find(tx, id).await?.ok_or(SectionError::Unknown)?;
    let complaint = complaints::standing(tx, section.complaint).await?.ok_or(SectionError::Unknown)?;
    let covers = reach.covers(&section.unit, &complaint.intake.region) || reach.includes(&complaint);
    if covers { Ok((section, complaint)) } else { Err(SectionError::Unknown.into()) }
}

/// Who changes a section, and at which version they read it.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) office: &'a OfficeAuth,
    pub(super) id: SectionId,
    /// `None`: whatever it is.
    pub(super) version: Option<i64>,
    pub(super) now: Timestamp,
}

impl Change<'_> {
    async fn found(&self, tx: &mut Tx) -> Result<(Section, Complaint), Problem> {
        let (section, complaint) = reached(tx, self.office, OFFICE, self.id).await?;
        if self.version.is_some_and(|version| version != section.version) {
            return Err(Problem::new(&problem::PRECONDITION_FAILED));
        }
        Ok((section, complaint))
    }

    /// The section for somebody who works where it is held.
    async fn as_holder(&self, tx: &mut Tx) -> Result<(Section, Complaint), Problem> {
        let (section, complaint) = self.found(tx).await?;
        if !self.holds(&section, &complaint) {
            return Err(SectionError::OfAnother.into());
        }
        Ok((section, complaint))
    }

    fn holds(&self, section: &Section, complaint: &Complaint) -> bool {
        self.reach(OFFICE).is_some_and(|reach| reach.covers(&section.unit, &complaint.intake.region))
    }

    /// Whether this person judges the complaint.
    fn judges(&self, complaint: &Complaint) -> bool {
        self.reach(REVIEWERS).is_some_and(|reach| reach.includes(complaint))
    }

    fn reach(&self, roles: &[Role]) -> Option<Reach> {
        Reach::of(&self.office.roles, roles)
    }

    fn actor(&self) -> Actor {
        Actor::office(self.office.person_id, self.now)
    }
}

/// What a discipline is asked.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SectionForm {
    /// A code of the disciplines that the rules name; see `GET /v1/disciplines`.
    #[schema(max_length = 40)]
    pub(super) discipline: String,
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) task: String,
    /// The unit that holds it: one that somebody's roles name; the one of the rules if absent.
    #[serde(default)]
    #[schema(max_length = 80)]
    pub(super) unit: String,
    /// How long it may take: `{amount, unit}`; what the rules say if absent.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(super) within: Option<Limit>,
}

/// Opens a section of a complaint, which is neither approved nor closed before the section is signed off or dropped.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/sections", tag = "sections", request_body = SectionForm,
    security(("session" = ["clerk", "reviewer", "lead"])), params(("complaint_id" = String, Path, format = "uuid")),
    responses((status = CREATED, body = SectionDetail), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "complaint-state, complaint-merged"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_section(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    Body(form): Body<SectionForm>,
) -> Result<Response, Problem> {
    let mut tx = app.store.write().await?;
    let section = open(&app, &mut tx, &office, id, form).await?;
    let body = Lookup::default().detail(&mut tx, section, app.clock.now()).await?;
    tx.commit().await?;
    Ok(shown(StatusCode::CREATED, &body))
}

/// Opens within the caller's transaction.
pub(super) async fn open(
    app: &App,
    tx: &mut Tx,
    office: &OfficeAuth,
    complaint: ComplaintId,
    form: SectionForm,
) -> Result<Section, Problem> {
    let now = app.clock.now();
    reachable(tx, office, OFFICE, complaint).await?;
    let new = NewSection {
        id: SectionId::from_entropy(now, app.entropy.bytes()),
        discipline: form.discipline,
        task: form.task,
        unit: form.unit,
        within: form.within,
    };
    Ok(acts::open(tx, complaint, new, Actor::office(office.person_id, now)).await?)
}

async fn answered(app: &App, mut tx: Tx, section: Section) -> Result<Response, Problem> {
    let body = Lookup::default().detail(&mut tx, section, app.clock.now()).await?;
    tx.commit().await?;
    Ok(shown(StatusCode::OK, &body))
}

/// What was found and done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SectionWork {
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) work: String,
    /// Entries of visits of the complaint that it rests on.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub(super) evidence: Vec<EvidenceRef>,
}

/// Writes down what was found and done. By the unit that holds it; with `If-Match: "<version>"` only if nobody else
/// changed it meanwhile.
#[utoipa::path(put, path = "/v1/sections/{section_id}/work", tag = "sections", request_body = SectionWork,
    security(("session" = ["clerk", "reviewer", "lead"])),
    params(("section_id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = SectionDetail), (status = NOT_FOUND, description = "section-unknown"),
        (status = CONFLICT, description = "section-state"), (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing, section-of-another"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn write_section_work(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<SectionId>,
    headers: HeaderMap,
    Body(form): Body<SectionWork>,
) -> Result<Response, Problem> {
    let change = Change { office: &office, id, version: if_match(&headers)?, now: app.clock.now() };
    let mut tx = app.store.write().await?;
    let section = work(&mut tx, change, form).await?;
    answered(&app, tx, section).await
}

/// Writes down what was done within the caller's transaction.
pub(super) async fn work(tx: &mut Tx, change: Change<'_>, form: SectionWork) -> Result<Section, Problem> {
    let (section, complaint) = change.as_holder(tx).await?;
    if form.evidence.len() > EVIDENCE_MAX {
        return Err(Problem::invalid_field("/evidence", "at most 200 entries"));
    }
    check_evidence(tx, complaint.id, &form.evidence).await?;
    Ok(acts::work(tx, section, (&form.work, form.evidence), change.actor()).await?)
}

/// Which unit holds it from now on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SectionHandover {
    /// One that somebody's roles name.
    #[schema(max_length = 80)]
    pub(super) unit: String,
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) reason: String,
    /// How long it may take: `{amount, unit}`; as long as the holder before if absent.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(super) within: Option<Limit>,
}

/// Gives a section to another unit, for a reason; its limit begins anew. By the unit that holds it, or by whoever may
/// judge the complaint.
#[utoipa::path(post, path = "/v1/sections/{section_id}/handovers", tag = "sections", request_body = SectionHandover,
    security(("session" = ["clerk", "reviewer", "lead"])),
    params(("section_id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = SectionDetail), (status = NOT_FOUND, description = "section-unknown"),
        (status = CONFLICT, description = "section-state"), (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing, section-of-another"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_section_handover(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<SectionId>,
    headers: HeaderMap,
    Body(form): Body<SectionHandover>,
) -> Result<Response, Problem> {
    let change = Change { office: &office, id, version: if_match(&headers)?, now: app.clock.now() };
    let mut tx = app.store.write().await?;
    let section = hand_over(&mut tx, change, &form).await?;
    answered(&app, tx, section).await
}

/// Hands a section over within the caller's transaction.
pub(super) async fn hand_over(
    tx: &mut Tx,
    change: Change<'_>,
    form: &SectionHandover,
) -> Result<Section, Problem> {
    let (section, complaint) = change.found(tx).await?;
    if !change.holds(&section, &complaint) && !change.judges(&complaint) {
        return Err(SectionError::OfAnother.into());
    }
    Ok(acts::hand_over(tx, section, (&form.unit, form.within), &form.reason, change.actor()).await?)
}

/// Nothing but that it stands.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SectionSignOff {}

/// The unit that holds the section answers for what it says. Nobody but a lead signs off what they opened.
#[utoipa::path(post, path = "/v1/sections/{section_id}/sign-off", tag = "sections", request_body = SectionSignOff,
    security(("session" = ["clerk", "reviewer", "lead"])),
    params(("section_id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = SectionDetail), (status = NOT_FOUND, description = "section-unknown"),
        (status = CONFLICT, description = "section-state, section-own"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing, section-of-another"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_sign_off(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<SectionId>,
    headers: HeaderMap,
    _form: Body<SectionSignOff>,
) -> Result<Response, Problem> {
    let change = Change { office: &office, id, version: if_match(&headers)?, now: app.clock.now() };
    let mut tx = app.store.write().await?;
    let section = sign_off(&mut tx, change).await?;
    answered(&app, tx, section).await
}

/// Signs a section off within the caller's transaction.
pub(super) async fn sign_off(tx: &mut Tx, change: Change<'_>) -> Result<Section, Problem> {
    let (section, complaint) = change.as_holder(tx).await?;
    let leads = change.reach(&[Role::Lead]);
    let is_lead = leads.is_some_and(|reach| reach.covers(&section.unit, &complaint.intake.region));
    Ok(acts::sign_off(tx, section, is_lead, change.actor()).await?)
}

/// Why.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SectionReason {
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) reason: String,
}

/// Takes a sign-off back, for a reason; the section is open again with a new limit. By the unit that holds it, or by
/// whoever may judge the complaint.
#[utoipa::path(post, path = "/v1/sections/{section_id}/sign-off-withdrawal", tag = "sections",
    request_body = SectionReason, security(("session" = ["clerk", "reviewer", "lead"])),
    params(("section_id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = SectionDetail), (status = NOT_FOUND, description = "section-unknown"),
        (status = CONFLICT, description = "section-state"), (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing, section-of-another"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_sign_off_withdrawal(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<SectionId>,
    headers: HeaderMap,
    Body(form): Body<SectionReason>,
) -> Result<Response, Problem> {
    let change = Change { office: &office, id, version: if_match(&headers)?, now: app.clock.now() };
    let mut tx = app.store.write().await?;
    let section = take_back(&mut tx, change, &form.reason).await?;
    answered(&app, tx, section).await
}

/// Takes a sign-off back within the caller's transaction.
pub(super) async fn take_back(tx: &mut Tx, change: Change<'_>, reason: &str) -> Result<Section, Problem> {
    let (section, complaint) = change.found(tx).await?;
    if !change.holds(&section, &complaint) && !change.judges(&complaint) {
        return Err(SectionError::OfAnother.into());
    }
    Ok(acts::take_back(tx, section, reason, change.actor()).await?)
}

/// Gives a section up, for a reason that stays on record. By who opened it, or by whoever may judge the complaint.
#[utoipa::path(post, path = "/v1/sections/{section_id}/drop", tag = "sections", request_body = SectionReason,
    security(("session" = ["clerk", "reviewer", "lead"])),
    params(("section_id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header)),
    responses((status = OK, body = SectionDetail), (status = NOT_FOUND, description = "section-unknown"),
        (status = CONFLICT, description = "section-state"), (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = FORBIDDEN, description = "role-missing, section-of-another"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_section_drop(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<SectionId>,
    headers: HeaderMap,
    Body(form): Body<SectionReason>,
) -> Result<Response, Problem> {
    let change = Change { office: &office, id, version: if_match(&headers)?, now: app.clock.now() };
    let mut tx = app.store.write().await?;
    let section = give_up(&mut tx, change, &form.reason).await?;
    answered(&app, tx, section).await
}

/// Gives a section up within the caller's transaction.
pub(super) async fn give_up(tx: &mut Tx, change: Change<'_>, reason: &str) -> Result<Section, Problem> {
    let (section, complaint) = change.found(tx).await?;
    if section.opened_by != change.office.person_id && !change.judges(&complaint) {
        return Err(SectionError::OfAnother.into());
    }
    Ok(acts::give_up(tx, section, reason, change.actor()).await?)
}
