//! Verdicts, rework and closing: what a reviewer decides about a complaint as a whole.

use super::chain::{self, Level};
use super::gate::{Blocker, blockers};
use super::sql::{self, NewVerdict};
use crate::app::App;
use crate::audit::{self, EntryKind};
use crate::auth::OfficeAuth;
use crate::complaints::acts::{Actor, ComplaintError, find_open_to_acts, named, step};
use crate::complaints::intake::{checked_reason, clean};
use crate::complaints::model::{Act, Complaint, EventKind, next_state};
use crate::complaints::{self, ComplaintBody, history, kept, reachable, require_unit};
use crate::exchange::visits;
use crate::idempotency::IdempotencyKey;
use crate::people::Role;
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::store::{StoreError, Tx};
use crate::wire::Body;
use crate::words::words;
use crate::work_orders::dispatch::{release_crews, review_visit};
use crate::work_orders::model::{Origin, VisitAct, VisitPlan, VisitState};
use crate::work_orders::{self, find_visit, visits_of};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sync_core::codes::CodeTable;
use sync_core::ids::{ComplaintId, EntryId, PersonId, VisitId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// A verdict passed one of several levels.
const LEVEL_PASSED: EntryKind = EntryKind("review.level_passed");

/// Who may judge.
pub(crate) const REVIEWERS: &[Role] = &[Role::Reviewer, Role::Lead];
/// Most entries that one verdict names.
const EVIDENCE_MAX: usize = 200;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create_review)).routes(routes!(create_closure))
}

words! {
    /// Whether the complaint was found to be true (属实性).
    pub(crate) VerdictWord {
        /// It is true.
        Substantiated = "substantiated",
        /// Some of it is.
        Partly = "partly",
        /// It is not.
        NotSubstantiated = "not_substantiated",
        /// It could not be found out.
        Undetermined = "undetermined",
    }
}

words! {
    /// Who has to answer for it.
    pub(crate) Responsibility {
        /// We.
        Utility = "utility",
        /// The customer.
        Customer = "customer",
        /// Somebody else.
        ThirdParty = "third_party",
        /// Nobody could help it.
        ForceMajeure = "force_majeure",
        /// Nobody.
        None = "none",
    }
}

/// An entry of a visit that a verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvidenceRef {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) visit_id: VisitId,
    /// A finding, meter check, photo, reading … of that visit.
    #[schema(value_type = String, format = "uuid")]
    pub(crate) entry_id: EntryId,
}

/// A reviewer's verdict.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReviewForm {
    pub(super) verdict: VerdictWord,
    /// Code of the root cause; needed unless nothing was substantiated.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub(super) cause: Option<String>,
    #[serde(default)]
    pub(super) responsibility: Option<Responsibility>,
    /// The organisation unit that answers for what was found: one that somebody's roles name; null: not decided.
    #[serde(default)]
    #[schema(max_length = 80)]
    pub(super) responsible_unit: Option<String>,
    /// In the reviewer's words.
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) note: String,
    /// What the verdict rests on; needed unless no visit was made or nothing could be determined.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub(super) evidence: Vec<EvidenceRef>,
    /// The complaint is decided without a visit; `note` says why none was needed.
    #[serde(default)]
    pub(super) without_visit: bool,
    /// Why the verdict is given although something is open; stays on record.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(super) override_reason: Option<String>,
}

/// Gives the verdict: the finished visits are approved. Refused while something is open, unless overridden. Where the
/// rules name several levels for the category, each gives its verdict in turn, and the last one counts.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/reviews", tag = "review", request_body = ReviewForm,
    security(("session" = ["reviewer", "lead"])), params(("complaint_id" = String, Path, format = "uuid"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 128)),
    responses((status = OK, body = ComplaintBody), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "complaint-blocked, own-visit, review-twice, complaint-state, complaint-merged, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing, review-level-of-another"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid, idempotency-key-reused")))]
async fn create_review(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    key: IdempotencyKey,
    Body(form): Body<ReviewForm>,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let request = key.of(office.person_id, &form, now);
    let mut tx = app.store.write().await?;
    if let Some(answer) = request.answered(&mut tx).await? {
        return Ok(answer.into_response());
    }
    let complaint = give_verdict(&mut tx, &office, id, &form, now).await?;
    let answer = kept(&mut tx, StatusCode::OK, complaint).await?;
    request.keep(&mut tx, &answer).await?;
    tx.commit().await?;
    Ok(answer.into_response())
}

/// Gives the verdict within the caller's transaction.
pub(super) async fn give_verdict(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ComplaintId,
    form: &ReviewForm,
    now: Timestamp,
) -> Result<Complaint, Problem> {
    let note = checked_reason("/note", &form.note).map_err(ComplaintError::Invalid)?;
    check_review(form)?;
    let responsible_unit = form.responsible_unit.as_deref().map(clean).filter(|unit| !unit.is_empty());
    if let Some(unit) = &responsible_unit
        && require_unit(tx, unit).await.is_err()
    {
        return Err(Problem::invalid_field("/responsible_unit", "a unit that somebody's roles name"));
    }
    reachable(tx, office, REVIEWERS, id).await?;
    let complaint = find_open_to_acts(tx, id).await?;
    let took_place = visit_took_place(tx, id).await?;
    if form.without_visit && took_place {
        return Err(Problem::invalid_field("/without_visit", "false: a visit took place"));
    }
    let stands_alone = form.without_visit || took_place;
    let act = if stands_alone { Act::ReviewWithoutVisit } else { Act::Review };
    next_state(complaint.state, act).map_err(ComplaintError::from)?;
    let level = chain::begin(tx, &complaint, now).await?;
    if let Some(level) = &level {
        chain::require_judge(tx, office, &complaint, level).await?;
    }
    let overridden = pass_gate(blockers(tx, id).await?, form.override_reason.as_deref())?;
    check_evidence(tx, id, &form.evidence).await?;
    let actor = Actor::office(office.person_id, now);
    require_four_eyes(tx, id, office.person_id).await?;
    let verdict = NewVerdict {
        complaint: id,
        verdict: form.verdict.as_str(),
        cause: form.cause.as_deref(),
        responsibility: form.responsibility.map(Responsibility::as_str),
        responsible_unit: responsible_unit.as_deref(),
        note: &note,
        evidence_json: json!(form.evidence).to_string(),
        blockers_json: json!(overridden.blockers).to_string(),
        override_reason: overridden.reason.as_deref(),
        by: office.person_id,
        at: now,
    };
    sql::insert_verdict(tx, &verdict).await?;
    if let Some(level) = &level {
        chain::pass(tx, level, id, actor).await?;
        if !level.is_last() {
            return Ok(passed_on(tx, complaint, level, form, &overridden, actor).await?);
        }
    }
    approve_visits(tx, id).await?;
    judged(tx, complaint, act, form, &overridden, actor).await
}

/// A verdict that another level is to judge: nothing is approved yet.
async fn passed_on(
    tx: &mut Tx,
    complaint: Complaint,
    level: &Level,
    form: &ReviewForm,
    overridden: &Overridden,
    actor: Actor,
) -> Result<Complaint, StoreError> {
    let facts = json!({ "verdict": form.verdict, "cause": form.cause, "overridden": overridden.blockers,
        "level": level.level, "levels": level.levels });
    let mut event = actor.event(EventKind::LevelPassed).detail(facts);
    event.reason.clone_from(&overridden.reason);
    history::add(tx, complaint.id, &event).await?;
    let detail = named(&complaint).with("level", level.level.to_string());
    audit::append(tx, &actor.entry(LEVEL_PASSED, detail)).await?;
    Ok(complaint)
}

async fn judged(
    tx: &mut Tx,
    complaint: Complaint,
    act: Act,
    form: &ReviewForm,
    overridden: &Overridden,
    actor: Actor,
) -> Result<Complaint, Problem> {
    let facts = json!({
        "verdict": form.verdict, "cause": form.cause, "without_visit": form.without_visit,
        "overridden": overridden.blockers, "responsible_unit": form.responsible_unit,
    });
    let mut event = actor.event(EventKind::Reviewed).detail(facts);
    event.reason.clone_from(&overridden.reason);
    let state = next_state(complaint.state, act).map_err(ComplaintError::from)?;
    if state == complaint.state {
        history::add(tx, complaint.id, &event).await?;
        return Ok(complaint);
    }
    Ok(step(tx, complaint, act, event, actor).await?)
}

fn check_review(form: &ReviewForm) -> Result<(), Problem> {
    if let Some(cause) = &form.cause
        && CodeTable::RootCauses.find(cause).is_none()
    {
        return Err(Problem::invalid_field("/cause", "a root cause code, M01 to X01"));
    }
    let is_true = matches!(form.verdict, VerdictWord::Substantiated | VerdictWord::Partly);
    if is_true && form.cause.is_none() {
        return Err(Problem::invalid_field("/cause", "the root cause of what was substantiated"));
    }
    let needs_evidence = !form.without_visit && form.verdict != VerdictWord::Undetermined;
    if (needs_evidence && form.evidence.is_empty()) || form.evidence.len() > EVIDENCE_MAX {
        return Err(Problem::invalid_field("/evidence", "1 to 200 entries that the verdict rests on"));
    }
    Ok(())
}

/// Whether somebody was on site because of the complaint or one merged into it.
pub(super) async fn visit_took_place(tx: &mut Tx, id: ComplaintId) -> Result<bool, StoreError> {
    for record in complaints::family(tx, id).await? {
        if visits_of(tx, record).await?.iter().any(VisitPlan::took_place) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Every entry must be on record on a visit of this complaint.
pub(crate) async fn check_evidence(
    tx: &mut Tx,
    id: ComplaintId,
    evidence: &[EvidenceRef],
) -> Result<(), Problem> {
    let family = complaints::family(tx, id).await?;
    for entry in evidence {
        let visit = find_visit(tx, entry.visit_id).await?;
        let belongs = visit.and_then(|visit| visit.complaint).is_some_and(|own| family.contains(&own));
        let json = visits::view_json(tx, entry.visit_id).await?.unwrap_or_default();
        if !belongs || !json.contains(&format!("\"{}\":", entry.entry_id)) {
            return Err(Problem::invalid_field("/evidence", "entries of visits of this complaint"));
        }
    }
    Ok(())
}

/// What was open and let pass.
#[derive(Debug)]
struct Overridden {
    blockers: Vec<Blocker>,
    reason: Option<String>,
}

/// Refuses while something is open, unless a reason for passing is given.
fn pass_gate(blockers: Vec<Blocker>, reason: Option<&str>) -> Result<Overridden, Problem> {
    if blockers.is_empty() {
        return Ok(Overridden { blockers, reason: None });
    }
    let Some(reason) = reason else {
        return Err(Problem::new(&problem::COMPLAINT_BLOCKED).with("blockers", json!(blockers)));
    };
    let reason = checked_reason("/override_reason", reason).map_err(ComplaintError::Invalid)?;
    Ok(Overridden { blockers, reason: Some(reason) })
}

/// Approves what was finished.
async fn approve_visits(tx: &mut Tx, id: ComplaintId) -> Result<(), Problem> {
    for visit in finished_visits(tx, id).await? {
        review_visit(tx, visit, VisitAct::Approve).await?;
    }
    Ok(())
}

/// The visits that a verdict approves.
async fn finished_visits(tx: &mut Tx, id: ComplaintId) -> Result<Vec<VisitPlan>, StoreError> {
    let mut visits = Vec::new();
    for record in complaints::family(tx, id).await? {
        visits.extend(work_orders::visits_of(tx, record).await?);
    }
    visits.retain(|visit| matches!(visit.state, VisitState::Finished | VisitState::NoAccess));
    Ok(visits)
}

/// Four eyes: nobody judges a visit to which they were sent or that they opened.
pub(super) async fn require_four_eyes(tx: &mut Tx, id: ComplaintId, by: PersonId) -> Result<(), Problem> {
    for visit in finished_visits(tx, id).await? {
        let was_sent = work_orders::assignments_of(tx, visit.id).await?;
        let is_own = was_sent.iter().any(|row| row.person == by)
            || (visit.origin == Origin::Field && visit.created_by == by);
        if is_own {
            return Err(Problem::new(&problem::OWN_VISIT));
        }
    }
    Ok(())
}

/// Everything is done.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClosureForm {
    /// What is said about closing.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) reason: String,
    /// Why it is closed although something is open; stays on record.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(crate) override_reason: Option<String>,
}

/// Closes an answered complaint. Refused while something is open, unless overridden. Its technicians are released.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/closure", tag = "review", request_body = ClosureForm,
    security(("session" = ["reviewer", "lead"])), params(("complaint_id" = String, Path, format = "uuid"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 128)),
    responses((status = OK, body = ComplaintBody), (status = NOT_FOUND, description = "complaint-unknown"),
        (status = CONFLICT, description = "complaint-blocked, complaint-state, complaint-merged, changed-meanwhile"),
        (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid, idempotency-key-reused")))]
async fn create_closure(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<ComplaintId>,
    key: IdempotencyKey,
    Body(form): Body<ClosureForm>,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let request = key.of(office.person_id, &form, now);
    let mut tx = app.store.write().await?;
    if let Some(answer) = request.answered(&mut tx).await? {
        return Ok(answer.into_response());
    }
    let complaint = close(&mut tx, &office, id, &form, now).await?;
    let answer = kept(&mut tx, StatusCode::OK, complaint).await?;
    request.keep(&mut tx, &answer).await?;
    tx.commit().await?;
    Ok(answer.into_response())
}

/// Closes a complaint within the caller's transaction.
pub(crate) async fn close(
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ComplaintId,
    form: &ClosureForm,
    now: Timestamp,
) -> Result<Complaint, Problem> {
    let reason = checked_reason("/reason", &form.reason).map_err(ComplaintError::Invalid)?;
    reachable(tx, office, REVIEWERS, id).await?;
    let complaint = find_open_to_acts(tx, id).await?;
    next_state(complaint.state, Act::Close).map_err(ComplaintError::from)?;
    let mut open = blockers(tx, id).await?;
    open.extend(crate::returns::blockers(tx, id).await?);
    open.extend(crate::corrective::blockers(tx, id).await?);
    open.extend(chain::blockers(tx, id).await?);
    let overridden = pass_gate(open, form.override_reason.as_deref())?;
    let actor = Actor::office(office.person_id, now);
    for record in complaints::family(tx, id).await? {
        release_crews(tx, record, "closed", actor).await?;
    }
    let facts = json!({ "overridden": overridden.blockers, "override_reason": overridden.reason });
    let event = actor.event(EventKind::StateChanged).reason(reason).detail(facts);
    Ok(step(tx, complaint, Act::Close, event, actor).await?)
}
