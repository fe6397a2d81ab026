//! The conflict inbox, and deciding.

use super::api::REVIEWERS;
use super::conflict_detail;
use super::conflicts::{self, ConflictBody, ConflictRow};
use super::legal::Legal;
use crate::app::App;
use crate::audit::{Detail, EntryKind, NewEntry};
use crate::auth::OfficeAuth;
use crate::checklists;
use crate::complaints::acts::ComplaintError;
use crate::complaints::intake::{checked_reason, clean};
use crate::complaints::scope::{READERS, Reach};
use crate::complaints::{Names, reach_of};
use crate::exchange::{office, visits};
use crate::problem::{self, Problem};
use crate::routing::routes;
use crate::store::Tx;
use crate::wire::{Body, Page, PageQuery};
use crate::words::words;
use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use sync_core::document::{EditError, Place, Resolution, Scalar, UNDONE, VisitDocument, Written};
use sync_core::ids::{ChangeHash, EntryId, VisitId};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// How often a decision is written down anew because something else came into the visit.
const DECISION_ATTEMPTS: usize = 8;
/// A conflict was decided.
const CONFLICT_DECIDED: EntryKind = EntryKind("conflict.decided");
/// A decision about a conflict was undone.
const CONFLICT_REOPENED: EntryKind = EntryKind("conflict.reopened");

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_conflicts))
        .routes(routes!(read_conflict))
        .routes(routes!(create_resolution))
        .routes(routes!(create_reopening))
}

words! {
    /// Which conflicts are wanted.
    ConflictFilter {
        /// Everything that waits for a decision.
        Undecided = "undecided",
        /// Competing values stand beside one another.
        Open = "open",
        /// Somebody overwrote them on site; the office has not decided.
        SettledInField = "settled_in_field",
        /// The office decided.
        Resolved = "resolved",
    }
}

/// Which conflicts are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct ConflictQuery {
    /// `undecided` if absent.
    #[param(inline)]
    state: Option<ConflictFilter>,
    /// Only those of this visit.
    #[param(value_type = Option<String>, format = "uuid")]
    visit_id: Option<VisitId>,
    /// `next_cursor` of the page before.
    #[param(max_length = 400)]
    cursor: Option<String>,
    /// Entries per page.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Conflicts of all visits within reach, oldest first, every value with its author.
#[utoipa::path(get, path = "/v1/conflicts", tag = "review", params(ConflictQuery), security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    responses((status = OK, body = Page<ConflictBody>), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn list_conflicts(
    State(app): State<App>,
    office: OfficeAuth,
    Query(query): Query<ConflictQuery>,
) -> Result<Json<Page<ConflictBody>>, Problem> {
    let reach = reach_of(&office, READERS)?;
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let after: Option<(i64, String)> = page.position()?;
    let limit = page.limit();
    let state = query.state.unwrap_or(ConflictFilter::Undecided).as_str();
    let mut tx = app.store.read().await?;
    let after = after.unwrap_or((-1, String::new()));
    let found = conflicts::list(&mut tx, state, query.visit_id, &reach, after, limit + 1).await?;
    let key = |row: &ConflictRow| (row.opened_log_index, row.conflict_id.clone());
    let Page { items, next_cursor } = Page::cut(found, limit, key);
    let mut names = Names::default();
    let mut bodies = Vec::with_capacity(items.len());
    for row in items {
        bodies.push(conflicts::body(&mut tx, &mut names, row).await?);
    }
    Ok(Json(Page { items: bodies, next_cursor }))
}

/// One conflict.
#[utoipa::path(get, path = "/v1/conflicts/{conflict_id}", tag = "review", security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    params(("conflict_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ConflictBody), (status = NOT_FOUND, description = "conflict-unknown"),
        (status = FORBIDDEN, description = "role-missing")))]
async fn read_conflict(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<EntryId>,
) -> Result<Json<ConflictBody>, Problem> {
    let reach = reach_of(&office, READERS)?;
    answer(&app, &reach, id).await
}

async fn answer(app: &App, reach: &Reach, id: EntryId) -> Result<Json<ConflictBody>, Problem> {
    let mut tx = app.store.read().await?;
    let row = must_find(&mut tx, id, reach).await?;
    Ok(Json(conflict_detail::whole(&mut tx, &mut Names::default(), row).await?))
}

pub(super) async fn must_find(tx: &mut Tx, id: EntryId, reach: &Reach) -> Result<ConflictRow, Problem> {
    let found = conflicts::find(tx, id, reach).await?;
    found.ok_or_else(|| Problem::new(&problem::CONFLICT_UNKNOWN))
}

words! {
    /// What is decided.
    pub(super) Choice {
        /// One of the values stands.
        Chosen = "chosen",
        /// All values stand beside one another.
        Both = "both",
        /// A value that the office writes stands.
        Written = "written",
    }
}

/// A decision about a conflict.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResolutionForm {
    pub(super) choice: Choice,
    /// `chosen`: the change that wrote the value that stands.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) change: Option<ChangeHash>,
    /// `written`: text, number, true, false or null to clear it; in a coded field one of its codes.
    #[serde(default)]
    #[schema(value_type = Value)]
    pub(super) value: Option<Value>,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) reason: String,
    /// The changes of all values that were seen; the decision is refused when there are others by now.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub(super) seen: Option<BTreeSet<ChangeHash>>,
}

/// Decides a conflict: one value, all of them, or a third one. The decision enters the visit document as a change of
/// the office and reaches the devices.
#[utoipa::path(post, path = "/v1/conflicts/{conflict_id}/resolution", tag = "review", request_body = ResolutionForm,
    security(("session" = ["reviewer", "lead"])), params(("conflict_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ConflictBody), (status = NOT_FOUND, description = "conflict-unknown"),
        (status = CONFLICT, description = "conflict-changed"), (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid"),
        (status = SERVICE_UNAVAILABLE, description = "store-busy")))]
async fn create_resolution(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<EntryId>,
    Body(form): Body<ResolutionForm>,
) -> Result<Json<ConflictBody>, Problem> {
    resolve(&app, &office, id, &form).await?;
    answer(&app, &reach_of(&office, REVIEWERS)?, id).await
}

/// Decides a conflict, for the API and for pages.
pub(super) async fn resolve(
    app: &App,
    office: &OfficeAuth,
    id: EntryId,
    form: &ResolutionForm,
) -> Result<(), Problem> {
    let reach = reach_of(office, REVIEWERS)?;
    let reason = checked_reason("/reason", &form.reason).map_err(ComplaintError::Invalid)?;
    for _ in 0..DECISION_ATTEMPTS {
        if try_resolve(app, office, (id, &reach), form, &reason).await? {
            return Ok(());
        }
    }
    Err(Problem::new(&problem::STORE_BUSY).retry_after(1..5))
}

/// Decides on the visit as it is now; false when it changed while the decision was written down, so that whoever comes
/// second is told what the first decided.
async fn try_resolve(
    app: &App,
    office: &OfficeAuth,
    (id, reach): (EntryId, &Reach),
    form: &ResolutionForm,
    reason: &str,
) -> Result<bool, Problem> {
    let mut tx = app.store.read().await?;
    let visit = must_find(&mut tx, id, reach).await?.visit()?;
    let version = visits::find(&mut tx, visit).await?.map_or(0, |stored| stored.version);
    // Read after the version: what came in between has raised it.
    let row = must_find(&mut tx, id, reach).await?;
    let legal = Legal::of(&checklists::list(&mut tx).await?, &row.path);
    drop(tx);
    let values = row.values()?;
    let present: BTreeSet<ChangeHash> = values.iter().map(|written| written.change).collect();
    // The same decision made again finds it resolved and changes nothing.
    if row.state == "resolved" || form.seen.as_ref().is_some_and(|seen| *seen != present) {
        return Err(Problem::new(&problem::CONFLICT_CHANGED));
    }
    let (kept, value) = decided(form, &values, &legal)?;
    let choice = form.choice.as_str().to_owned();
    let resolution = Resolution { path: row.path.clone(), choice, reason: reason.to_owned(), kept };
    let entry = EntryId::from_entropy(app.clock.now(), app.entropy.bytes());
    let edit = |edit: &mut sync_core::document::Edit<'_>| edit.resolve(entry, &resolution, value.clone());
    let act = act_of(CONFLICT_DECIDED, app, office, &row).visit(visit).because(Some(reason));
    office::commit_on(app, (visit, version), (office.person_id, &act), edit).await.map_err(refused)
}

/// The act as it stands in the log, beside the change that it makes.
fn act_of(kind: EntryKind, app: &App, office: &OfficeAuth, row: &ConflictRow) -> NewEntry<'static> {
    let detail = Detail::new().with("conflict", row.conflict_id.clone()).with("path", row.path.clone());
    NewEntry::new(kind, app.clock.now()).by(Some(office.person_id)).detail(detail)
}

/// What stays readable as kept, and what is written over the competing values.
type Decided = (Option<BTreeMap<String, String>>, Option<Scalar>);

fn decided(form: &ResolutionForm, values: &[Written], legal: &Legal) -> Result<Decided, Problem> {
    let kept = |written: &Written| (written.change.to_string(), shown_text(&written.value));
    match form.choice {
        Choice::Chosen => {
            let chosen = values.iter().find(|written| Some(written.change) == form.change);
            let chosen =
                chosen.ok_or_else(|| Problem::invalid_field("/change", "the change of one of the values"))?;
            Ok((Some(BTreeMap::from([kept(chosen)])), Some(chosen.value.clone())))
        }
        Choice::Both => Ok((Some(values.iter().map(kept).collect()), None)),
        Choice::Written => {
            let value = form.value.as_ref();
            let value =
                value.ok_or_else(|| Problem::invalid_field("/value", "text, number, true, false or null"))?;
            Ok((None, Some(legal.take(value)?)))
        }
    }
}

/// A value as it is recorded where anything may be.
pub(super) fn scalar(value: &Value) -> Option<Scalar> {
    match value {
        Value::Null => Some(Scalar::Null),
        Value::Bool(flag) => Some(Scalar::Bool(*flag)),
        Value::Number(number) => {
            number.as_i64().map(Scalar::Int).or_else(|| number.as_f64().map(Scalar::Number))
        }
        Value::String(text) => Some(Scalar::Text(clean(text))),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// A value as people read it in the list of kept ones.
fn shown_text(value: &Scalar) -> String {
    match value {
        Scalar::Text(text) => text.chars().take(200).collect(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

fn refused(error: office::OfficeError<EditError>) -> Problem {
    match error {
        office::OfficeError::Edit(EditError::Unwritable { .. }) => {
            Problem::invalid_field("/value", "a value that this field can take")
        }
        office::OfficeError::UnknownVisit { .. } => Problem::new(&problem::CONFLICT_UNKNOWN),
        office::OfficeError::Busy => Problem::new(&problem::STORE_BUSY).retry_after(1..5),
        office::OfficeError::Store(source) => source.into(),
        other => Problem::internal(other),
    }
}

/// Why a decision is undone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReopeningForm {
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Undoes a decision: the conflict waits again, here and on the devices, with the values it was about. What was decided
/// stays on record and counts no more. Refused when the field was in conflict again since.
#[utoipa::path(post, path = "/v1/conflicts/{conflict_id}/reopening", tag = "review", request_body = ReopeningForm,
    security(("session" = ["reviewer", "lead"])), params(("conflict_id" = String, Path, format = "uuid")),
    responses((status = OK, body = ConflictBody), (status = NOT_FOUND, description = "conflict-unknown"),
        (status = CONFLICT, description = "conflict-not-decided or conflict-changed"), (status = FORBIDDEN, description = "role-missing"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid"),
        (status = SERVICE_UNAVAILABLE, description = "store-busy")))]
async fn create_reopening(
    State(app): State<App>,
    office: OfficeAuth,
    Path(id): Path<EntryId>,
    Body(form): Body<ReopeningForm>,
) -> Result<Json<ConflictBody>, Problem> {
    undo(&app, &office, id, &form.reason).await?;
    answer(&app, &reach_of(&office, REVIEWERS)?, id).await
}

/// Undoes a decision, for the API and for pages.
pub(super) async fn undo(app: &App, office: &OfficeAuth, id: EntryId, reason: &str) -> Result<(), Problem> {
    let reach = reach_of(office, REVIEWERS)?;
    let reason = checked_reason("/reason", reason).map_err(ComplaintError::Invalid)?;
    for _ in 0..DECISION_ATTEMPTS {
        if try_undo(app, office, (id, &reach), &reason).await? {
            return Ok(());
        }
    }
    Err(Problem::new(&problem::STORE_BUSY).retry_after(1..5))
}

/// Undoes the decision on the visit as it is now; false when the visit changed meanwhile.
async fn try_undo(
    app: &App,
    office: &OfficeAuth,
    (id, reach): (EntryId, &Reach),
    reason: &str,
) -> Result<bool, Problem> {
    let mut tx = app.store.read().await?;
    let visit = must_find(&mut tx, id, reach).await?.visit()?;
    let stored = visits::find(&mut tx, visit).await?;
    let stored = stored.ok_or_else(|| Problem::new(&problem::CONFLICT_UNKNOWN))?;
    let row = must_find(&mut tx, id, reach).await?;
    let newer = conflicts::of_visit(&mut tx, visit).await?;
    drop(tx);
    if row.state != "resolved" {
        return Err(Problem::new(&problem::CONFLICT_NOT_DECIDED));
    }
    // The field was in conflict again later: what counts is decided there.
    let is_newer = |other: &ConflictRow| other.path == row.path && other.is_later_than(&row);
    if newer.iter().any(is_newer) {
        return Err(Problem::new(&problem::CONFLICT_CHANGED));
    }
    let choice = UNDONE.to_owned();
    let undone = Resolution { path: row.path.clone(), choice, reason: reason.to_owned(), kept: None };
    let text = text_before(&stored.saved, &row.path);
    let entry = EntryId::from_entropy(app.clock.now(), app.entropy.bytes());
    let edit = |edit: &mut sync_core::document::Edit<'_>| edit.resolve(entry, &undone, text.clone());
    let act = act_of(CONFLICT_REOPENED, app, office, &row).visit(visit).because(Some(reason));
    office::commit_on(app, (visit, stored.version), (office.person_id, &act), edit).await.map_err(refused)
}

/// A text as it was before the office decided about it, if nobody has written in it since. Single values need no such
/// thing: whatever an undone decision wrote counts no more.
fn text_before(saved: &[u8], path: &str) -> Option<Scalar> {
    let Some(Place::Text(_)) = Place::parse(path) else { return None };
    let document = VisitDocument::load(saved).ok()?;
    let view = document.view();
    let mut decisions = view.resolutions.values();
    let decision = decisions
        .find(|entry| entry.stands() && entry.content.path == path && entry.content.choice != UNDONE)?;
    let decided = decision.meta.change;
    let after = document.value_as_of(path, &[decided])?;
    let before = document.value_as_of(path, &document.change_info(&decided)?.deps)?;
    (document.value_as_of(path, &document.heads())? == after).then_some(before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use sync_core::document::ActorId16;

    fn value(n: u8, text: &str) -> Written {
        let actor = ActorId16::of_office(1, VisitId::from_bytes([n; 16]));
        Written { value: Scalar::Text(text.to_owned()), change: ChangeHash::from_bytes([n; 32]), actor }
    }

    #[test]
    fn a_decision_names_what_stands() {
        let values = [value(1, "intact"), value(2, "broken")];
        let one = "01".repeat(32);
        for (name, form, written, kept) in [
            (
                "one of them",
                json!({"choice": "chosen", "change": one, "reason": "x"}),
                Some(Some("intact")),
                1,
            ),
            ("both", json!({"choice": "both", "reason": "x"}), Some(None), 2),
            (
                "a third",
                json!({"choice": "written", "value": "missing", "reason": "x"}),
                Some(Some("missing")),
                0,
            ),
            ("none named", json!({"choice": "chosen", "reason": "x"}), None, 0),
            ("a stranger", json!({"choice": "chosen", "change": "09".repeat(32), "reason": "x"}), None, 0),
            ("nothing written", json!({"choice": "written", "reason": "x"}), None, 0),
            ("a list", json!({"choice": "written", "value": [1], "reason": "x"}), None, 0),
        ] {
            let form: ResolutionForm = serde_json::from_value(form).unwrap();
            let found = decided(&form, &values, &Legal::Anything).ok();
            let text = |value: &Option<Scalar>| match value {
                Some(Scalar::Text(text)) => Some(text.clone()),
                _ => None,
            };
            assert_eq!(
                found.as_ref().map(|(_, value)| text(value)),
                written.map(|w| w.map(str::to_owned)),
                "{name}"
            );
            assert_eq!(found.and_then(|(kept, _)| kept).map_or(0, |kept| kept.len()), kept, "{name}");
        }
    }
}
