//! Restricted findings, for clients of the office.

use super::model::{self, INSPECTORS, RestrictedState, Stored};
use super::{acts, sql};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::acts::Actor;
use crate::complaints::intake::clean;
use crate::complaints::model::Complaint;
use crate::complaints::scope::READERS;
use crate::complaints::{self, DeviceRef, Names, PersonRef, reachable};
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::store::Tx;
use crate::wire::{Body, Page, PageQuery};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sync_core::ids::{ComplaintId, RestrictedId, VisitId};
use sync_core::restricted::{ACCUSED_CHARS_MAX, Conduct, REPORT_CHARS_MAX, RestrictedFinding};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// Rows that are read at once while looking for those that an inspector may read.
const BATCH: u32 = 100;

/// Routes of this capability.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_restricted_finding))
        .routes(routes!(list_restricted_findings))
        .routes(routes!(read_restricted_finding))
        .routes(routes!(decide_restricted_finding))
}

/// A report about the conduct of staff.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RestrictedForm {
    /// `solicitation`, `obstruction`, `falsification`, `abuse` or `other`.
    #[schema(value_type = String)]
    pub(super) conduct: Conduct,
    /// Name or staff number of who is meant, when known.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(super) accused: String,
    /// What happened, in words.
    #[schema(min_length = 1, max_length = 4000)]
    pub(super) report: String,
}

/// That a report was kept; what it says is shown to inspectors only.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct RestrictedReceipt {
    #[schema(value_type = String, format = "uuid")]
    finding_id: RestrictedId,
    received_at_ms: i64,
}

/// A report as lists show it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct RestrictedLine {
    #[schema(value_type = String, format = "uuid")]
    pub(super) finding_id: RestrictedId,
    pub(super) state: RestrictedState,
    pub(super) received_at_ms: i64,
    /// What the conduct is about; null: this server does not hold the key that it is sealed to, or it is damaged.
    #[schema(value_type = Option<String>)]
    pub(super) conduct: Option<Conduct>,
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(super) complaint_id: Option<ComplaintId>,
    pub(super) complaint_number: Option<String>,
}

/// A report with what was done about it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct RestrictedDetail {
    #[serde(flatten)]
    pub(super) line: RestrictedLine,
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(super) visit_id: Option<VisitId>,
    pub(super) accused: Option<String>,
    pub(super) report: String,
    pub(super) author: PersonRef,
    /// Null: written in the office.
    pub(super) device: Option<DeviceRef>,
    /// By the clock of the device or the office.
    pub(super) claimed_at_ms: i64,
    /// Oldest first.
    pub(super) acts: Vec<RestrictedActBody>,
}

/// Something that was done about a report.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct RestrictedActBody {
    /// `opened`, `upheld`, `dismissed` or `referred`.
    pub(super) act: String,
    pub(super) person: PersonRef,
    pub(super) at_ms: i64,
    /// Why it was decided so.
    pub(super) words: Option<String>,
}

/// What is decided about a report.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RestrictedVerdict {
    /// `upheld`, `dismissed` or `referred`.
    pub(super) verdict: RestrictedState,
    #[schema(min_length = 1, max_length = 4000)]
    pub(super) words: String,
}

/// Which part of the list is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct RestrictedQuery {
    /// True: those that something was decided about; otherwise the open ones.
    decided: bool,
    /// `next_cursor` of the page before.
    #[param(max_length = 400)]
    cursor: Option<String>,
    /// Entries per page.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Reports the conduct of staff in a complaint. It is sealed at once; only inspectors read it.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/restricted-findings", tag = "restricted",
    request_body = RestrictedForm, security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    params(("complaint_id" = String, Path, format = "uuid")),
    responses((status = CREATED, body = RestrictedReceipt), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_restricted_finding(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    Body(form): Body<RestrictedForm>,
) -> Result<(StatusCode, Json<RestrictedReceipt>), Problem> {
    let mut tx = app.store.write().await?;
    let stored = record(&app, &mut tx, &office, id, form).await?;
    tx.commit().await?;
    let receipt = RestrictedReceipt { finding_id: stored.id, received_at_ms: stored.received_at.unix_ms() };
    Ok((StatusCode::CREATED, Json(receipt)))
}

/// Keeps a report within the caller's transaction.
pub(super) async fn record(
    app: &App,
    tx: &mut Tx,
    office: &OfficeAuth,
    complaint: ComplaintId,
    form: RestrictedForm,
) -> Result<Stored, Problem> {
    let complaint = reachable(tx, office, READERS, complaint).await?;
    let accused = clean(&form.accused);
    if accused.chars().count() > ACCUSED_CHARS_MAX {
        return Err(Problem::invalid_field("/accused", "at most 200 characters"));
    }
    let finding = RestrictedFinding {
        conduct: form.conduct.as_str().to_owned(),
        complaint: complaint.id,
        visit: None,
        accused: Some(accused).filter(|accused| !accused.is_empty()),
        report: told("/report", &form.report)?,
    };
    Ok(acts::record(app, tx, &finding, Actor::office(office.person_id, app.clock.now())).await?)
}

/// Words of a report or a decision: some, and not too many.
fn told(pointer: &'static str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > REPORT_CHARS_MAX {
        return Err(Problem::invalid_field(pointer, "1 to 4000 characters"));
    }
    Ok(text.to_owned())
}

/// Restricted findings that this inspector may read, newest first.
#[utoipa::path(get, path = "/v1/restricted-findings", tag = "restricted", params(RestrictedQuery),
    security(("session" = ["inspector"])),
    responses((status = OK, body = Page<RestrictedLine>), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_restricted_findings(
    State(app): State<App>,
    office: OfficeAuth,
    Query(query): Query<RestrictedQuery>,
) -> Result<Json<Page<RestrictedLine>>, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    Ok(Json(listed(&app, &office, query.decided, &page).await?))
}

/// One part of the list, for the API and for pages.
pub(super) async fn listed(
    app: &App,
    office: &OfficeAuth,
    decided: bool,
    page: &PageQuery,
) -> Result<Page<RestrictedLine>, Problem> {
    office.require(INSPECTORS)?;
    let mut after: (i64, String) = page.position()?.unwrap_or((i64::MAX, String::new()));
    let wanted = usize::try_from(page.limit()).unwrap_or(usize::MAX).saturating_add(1);
    let (mut tx, mut lines) = (app.store.read().await?, Vec::new());
    loop {
        let rows = sql::before(&mut tx, decided, &after, BATCH).await?;
        let is_last = rows.len() < BATCH as usize;
        for (stored, state) in rows {
            after = (stored.received_at.unix_ms(), stored.id.to_string());
            let report = opened(app, &mut tx, stored, state).await?;
            if report.may_be_read_by(office) {
                lines.push(report.line());
            }
            if lines.len() == wanted {
                break;
            }
        }
        if is_last || lines.len() == wanted {
            return Ok(Page::cut(lines, page.limit(), |line| (line.received_at_ms, line.finding_id)));
        }
    }
}

/// How many reports this inspector may read that nobody decided about; counting ends at `most`.
pub(crate) async fn count_open(app: &App, office: &OfficeAuth, most: i64) -> Result<i64, Problem> {
    let page = PageQuery { cursor: None, limit: u32::try_from(most).ok() };
    let found = listed(app, office, false, &page).await?.items.len();
    Ok(i64::try_from(found).unwrap_or(most))
}

/// A report that was opened, or why it could not be.
struct Opened {
    stored: Stored,
    state: RestrictedState,
    finding: Option<RestrictedFinding>,
    complaint: Option<Complaint>,
    meant: Vec<model::Meant>,
}

impl Opened {
    fn may_be_read_by(&self, office: &OfficeAuth) -> bool {
        model::may_read(office, self.complaint.as_ref(), &self.meant)
    }

    fn line(&self) -> RestrictedLine {
        RestrictedLine {
            finding_id: self.stored.id,
            state: self.state,
            received_at_ms: self.stored.received_at.unix_ms(),
            conduct: self.finding.as_ref().map(|finding| Conduct::of(&finding.conduct)),
            complaint_id: self.finding.as_ref().map(|finding| finding.complaint),
            complaint_number: self.complaint.as_ref().map(|complaint| complaint.number.clone()),
        }
    }
}

async fn opened(app: &App, tx: &mut Tx, stored: Stored, state: RestrictedState) -> Result<Opened, Problem> {
    let finding = model::opened(&app.keys.opening, &stored).ok();
    let (mut complaint, mut meant) = (None, Vec::new());
    if let Some(finding) = &finding {
        complaint = complaints::find(tx, finding.complaint).await?;
        if let Some(accused) = &finding.accused {
            meant = sql::meant(tx, accused).await?;
        }
    }
    Ok(Opened { stored, state, finding, complaint, meant })
}

/// A restricted finding with everything about it. That it was opened is written down.
#[utoipa::path(get, path = "/v1/restricted-findings/{finding_id}", tag = "restricted",
    security(("session" = ["inspector"])), params(("finding_id" = String, Path, format = "uuid")),
    responses((status = OK, body = RestrictedDetail),
        (status = NOT_FOUND, description = "restricted-unknown"), (status = CONFLICT, description = "restricted-sealed"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn read_restricted_finding(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<RestrictedId>,
) -> Result<Json<RestrictedDetail>, Problem> {
    Ok(Json(detail(&app, &office, id).await?))
}

/// Opens a report and writes that down, for the API and for pages.
pub(super) async fn detail(
    app: &App,
    office: &OfficeAuth,
    id: RestrictedId,
) -> Result<RestrictedDetail, Problem> {
    let mut tx = app.store.write().await?;
    let report = readable(app, &mut tx, office, id).await?;
    acts::note_opening(app, &mut tx, id, Actor::office(office.person_id, app.clock.now())).await?;
    let body = detail_body(app, &mut tx, report).await?;
    tx.commit().await?;
    Ok(body)
}

/// The report, if this inspector may read it: to all others there is none.
async fn readable(app: &App, tx: &mut Tx, office: &OfficeAuth, id: RestrictedId) -> Result<Opened, Problem> {
    office.require(INSPECTORS)?;
    let unknown = || Problem::new(&problem::RESTRICTED_UNKNOWN);
    let (stored, state) = sql::find(tx, id).await?.ok_or_else(unknown)?;
    let report = opened(app, tx, stored, state).await?;
    if report.may_be_read_by(office) { Ok(report) } else { Err(unknown()) }
}

async fn detail_body(app: &App, tx: &mut Tx, report: Opened) -> Result<RestrictedDetail, Problem> {
    let line = report.line();
    let Opened { stored, finding, .. } = report;
    let finding = finding.ok_or_else(|| Problem::new(&problem::RESTRICTED_SEALED))?;
    let (mut names, mut done) = (Names::default(), Vec::new());
    for act in sql::acts(tx, stored.id).await? {
        let words = act.sealed.as_deref().map(|sealed| model::words(&app.keys.opening, act.person, sealed));
        done.push(RestrictedActBody {
            act: act.act,
            at_ms: act.at.unix_ms(),
            words: words.and_then(Result::ok),
            person: names.person(tx, act.person).await?,
        });
    }
    let device = match stored.device {
        Some(device) => Some(names.device(tx, device).await?),
        None => None,
    };
    Ok(RestrictedDetail {
        line,
        visit_id: finding.visit,
        accused: finding.accused,
        report: finding.report,
        author: names.person(tx, stored.author).await?,
        device,
        claimed_at_ms: stored.claimed_at.unix_ms(),
        acts: done,
    })
}

/// Decides what becomes of a restricted finding; a later decision stands beside the earlier ones.
#[utoipa::path(post, path = "/v1/restricted-findings/{finding_id}/verdicts", tag = "restricted",
    request_body = RestrictedVerdict, security(("session" = ["inspector"])),
    params(("finding_id" = String, Path, format = "uuid")),
    responses((status = OK, body = RestrictedDetail),
        (status = NOT_FOUND, description = "restricted-unknown"), (status = CONFLICT, description = "restricted-sealed"),
        (status = FORBIDDEN, description = "role-missing"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn decide_restricted_finding(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<RestrictedId>,
    Body(form): Body<RestrictedVerdict>,
) -> Result<Json<RestrictedDetail>, Problem> {
    let mut tx = app.store.write().await?;
    decide(&app, &mut tx, &office, id, &form).await?;
    let report = readable(&app, &mut tx, &office, id).await?;
    let body = detail_body(&app, &mut tx, report).await?;
    tx.commit().await?;
    Ok(Json(body))
}

/// Decides within the caller's transaction.
pub(super) async fn decide(
    app: &App,
    tx: &mut Tx,
    office: &OfficeAuth,
    id: RestrictedId,
    form: &RestrictedVerdict,
) -> Result<(), Problem> {
    let report = readable(app, tx, office, id).await?;
    if report.finding.is_none() {
        return Err(Problem::new(&problem::RESTRICTED_SEALED));
    }
    let words = told("/words", &form.words)?;
    if form.verdict == RestrictedState::Open {
        return Err(Problem::invalid_field("/verdict", "upheld, dismissed or referred"));
    }
    let by = Actor::office(office.person_id, app.clock.now());
    Ok(acts::decide(app, tx, id, (form.verdict, &words), by).await?)
}
