//! What the watch has raised, for the API and for pages.

use super::watch::{Raised, RaisedKey, RaisedStep, raised, silent};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::model::Complaint;
use crate::complaints::scope::READERS;
use crate::complaints::{self, Names, PersonRef, office_time, reach_of};
use crate::problem::Problem;
use crate::routing::routes;
use crate::store::{StoreError, Tx};
use crate::wire::{Page, PageQuery};
use crate::words::words;
use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use sync_core::deadline::{Calendar, Due, Limit, MISSED, WatchRules, due};
use sync_core::ids::{ComplaintId, VisitId};
use sync_core::time::Timestamp;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// Silent visits told at once; whoever has more has another problem.
const SILENT_MAX: i64 = 200;
/// A silence of this length is too long, whatever the rules say.
const SILENT_LOOKED_BACK_MS: i64 = 400 * 86_400_000;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_raised)).routes(routes!(list_silent))
}

words! {
    /// What the watch has raised.
    pub(super) WatchList {
        /// Deadlines that were missed.
        Late = "late",
        /// Deadlines that come near.
        Near = "near",
        /// Complaints that stay too long where they are.
        Stuck = "stuck",
    }
}

/// Which part of which list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WatchQuery {
    /// `late`: missed. `near`: most of the time has passed. `stuck`: too long in one state.
    #[param(inline)]
    list: WatchList,
    /// `next_cursor` of the page before.
    #[param(max_length = 400)]
    cursor: Option<String>,
    /// Entries per page.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A deadline that somebody should look at.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RaisedBody {
    #[schema(value_type = String, format = "uuid")]
    pub(super) complaint_id: ComplaintId,
    pub(super) complaint_number: String,
    pub(super) summary: String,
    pub(super) state: complaints::model::State,
    /// Who is accountable now.
    pub(super) holder: PersonRef,
    /// `contact`, `onsite`, `answer`, or `state`: it stays too long where it is.
    pub(super) step: String,
    /// When its time began to run, Unix milliseconds.
    pub(super) from_ms: i64,
    /// Until when it should have happened.
    pub(super) due_at_ms: i64,
    /// 1: near. 2: missed. One more for each escalation.
    pub(super) level: i64,
    /// Before whom it was brought so far: `lead`, `administrator`.
    pub(super) escalated_to: Vec<String>,
    #[serde(skip)]
    key: RaisedKey,
}

/// What the watch has raised within reach, the longest overdue first.
#[utoipa::path(get, path = "/v1/deadline-watch", tag = "deadlines", params(WatchQuery),
    security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    responses((status = OK, body = Page<RaisedBody>), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_raised(
    State(app): State<App>,
    office: OfficeAuth,
    Query(query): Query<WatchQuery>,
) -> Result<Json<Page<RaisedBody>>, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    Ok(Json(raised_page(&app, &office, query.list, &page).await?))
}

/// One page of a list, for the API and for pages.
pub(super) async fn raised_page(
    app: &App,
    office: &OfficeAuth,
    list: WatchList,
    page: &PageQuery,
) -> Result<Page<RaisedBody>, Problem> {
    let reach = reach_of(office, READERS)?;
    let after: RaisedKey = page.position()?.unwrap_or((i64::MIN, String::new(), String::new()));
    let wanted = match list {
        WatchList::Late => Raised::Late,
        WatchList::Near => Raised::Near,
        WatchList::Stuck => Raised::Stuck,
    };
    let mut tx = app.store.read().await?;
    let found = raised(&mut tx, wanted, &reach, &after, page.limit() + 1).await?;
    let (mut names, mut escalated) = (Names::default(), Escalated::default());
    let mut bodies = Vec::with_capacity(found.len());
    for raised in found {
        let complaint = complaints::find(&mut tx, raised.complaint).await?;
        if let (Some(complaint), Some(due)) = (complaint, raised.step.due) {
            let escalated_to = escalated.to(&mut tx, &complaint, &raised).await?;
            let RaisedStep { complaint: id, step, .. } = raised;
            bodies.push(RaisedBody {
                key: (due.unix_ms(), id.to_string(), step.kind.as_str().to_owned()),
                complaint_id: id,
                complaint_number: complaint.number,
                summary: complaint.intake.summary,
                state: complaint.state,
                holder: names.person(&mut tx, complaint.holder).await?,
                step: step.kind.as_str().to_owned(),
                from_ms: step.from.unix_ms(),
                due_at_ms: due.unix_ms(),
                level: step.level,
                escalated_to,
            });
        }
    }
    Ok(Page::cut(bodies, page.limit(), |body| body.key.clone()))
}

/// Before whom missed deadlines are brought, by the version of the rules.
#[derive(Default)]
struct Escalated(BTreeMap<Option<i64>, Vec<String>>);

impl Escalated {
    async fn to(
        &mut self,
        tx: &mut Tx,
        complaint: &Complaint,
        raised: &RaisedStep,
    ) -> Result<Vec<String>, StoreError> {
        let count = usize::try_from(raised.step.level - MISSED).unwrap_or(0);
        if count == 0 {
            return Ok(Vec::new());
        }
        let everybody = match self.0.entry(raised.policy) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let rules = super::watch::rules_for(tx, complaint).await?;
                place.insert(rules.escalations.into_iter().map(|step| step.to).collect())
            }
        };
        Ok(everybody.iter().take(count).cloned().collect())
    }
}

/// Somebody was sent and has not been heard of.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SilentBody {
    #[schema(value_type = String, format = "uuid")]
    pub(super) visit_id: VisitId,
    #[schema(value_type = String, format = "uuid")]
    pub(super) complaint_id: ComplaintId,
    pub(super) complaint_number: String,
    pub(super) summary: String,
    pub(super) technician: PersonRef,
    /// When they were sent, Unix milliseconds.
    pub(super) assigned_at_ms: i64,
    /// When one of their devices was last heard of; null: never.
    pub(super) last_seen_at_ms: Option<i64>,
}

/// Visits that are due, whose technicians were sent and whose devices are silent; the longest waiting first, at most
/// 200.
#[utoipa::path(get, path = "/v1/silent-visits", tag = "deadlines",
    security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    responses((status = OK, body = Vec<SilentBody>), (status = FORBIDDEN, description = "role-missing")))]
async fn list_silent(State(app): State<App>, office: OfficeAuth) -> Result<Json<Vec<SilentBody>>, Problem> {
    Ok(Json(silent_visits(&app, &office).await?))
}

/// The same, for pages.
pub(super) async fn silent_visits(app: &App, office: &OfficeAuth) -> Result<Vec<SilentBody>, Problem> {
    let reach = reach_of(office, READERS)?;
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let published = super::sql::policy_at(&mut tx, now).await?;
    let (rules, calendar) = match published {
        Some(published) => {
            let calendar = super::sql::newest_calendar(&mut tx, &published.policy.calendar).await?;
            (published.policy.watch, calendar)
        }
        None => (WatchRules::default(), None),
    };
    let Some(calendar) = calendar else { return Ok(Vec::new()) };
    let today = office_time(now).date().to_string();
    let since = silent_since(now, rules.silent, &calendar.calendar);
    let found = silent(&mut tx, &reach, since, &today, SILENT_MAX).await?;
    let (mut names, mut bodies) = (Names::default(), Vec::new());
    for visit in found {
        let Some(complaint) = complaints::find(&mut tx, visit.complaint).await? else { continue };
        bodies.push(SilentBody {
            visit_id: visit.visit,
            complaint_id: visit.complaint,
            complaint_number: complaint.number,
            summary: complaint.intake.summary,
            technician: names.person(&mut tx, visit.person).await?,
            assigned_at_ms: visit.assigned_at.unix_ms(),
            last_seen_at_ms: visit.last_seen.map(Timestamp::unix_ms),
        });
    }
    Ok(bodies)
}

/// Who was heard of before this moment, and not since, has been silent for longer than the limit.
fn silent_since(now: Timestamp, limit: Limit, calendar: &Calendar) -> Timestamp {
    let is_too_long =
        |heard: Timestamp| matches!(due(heard, limit, calendar, &[]), Due::At { at, .. } if at < now);
    let (mut too_long, mut in_time) = (now.plus_ms(-SILENT_LOOKED_BACK_MS), now.plus_ms(1));
    while in_time.since_ms(too_long) > 1 {
        let middle = too_long.plus_ms(in_time.since_ms(too_long) / 2);
        if is_too_long(middle) {
            too_long = middle;
        } else {
            in_time = middle;
        }
    }
    in_time
}
