//! One return visit: whom to ask, the questions one by one, calls in vain, the record, and the check side by side.

use super::view::{PairLine, QuestionPart, attempt_line, due_badge, offered, pair_line, questions};
use crate::app::App;
use crate::complaints::acts::Actor;
use crate::complaints::pages::is_for_the_form;
use crate::complaints::phrases::Phrases;
use crate::complaints::scope::{OFFICE, READERS};
use crate::complaints::{self, office_moment};
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, page, see_other, with_status};
use crate::people::{self, Role};
use crate::problem::Problem;
use crate::returns::api::{self, DoorForm, ReturnForm, reached, reached_at};
use crate::returns::bodies::{ReturnBody, ReturnDetail};
use crate::returns::calling::{self, NewAttempt};
use crate::returns::model::{AttemptOutcome, Checked, ReturnError, ReturnState};
use crate::returns::rules;
use crate::review::REVIEWERS;
use crate::routing::{get, post};
use crate::store::{StoreError, Tx};
use crate::work_orders::DISPATCHERS;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::{ComplaintId, ReturnVisitId};
use sync_core::time::Timestamp;

/// People who are offered for the door.
const PEOPLE_MAX: u32 = 500;
/// How long a call at a typed time takes.
const CALL_MS: i64 = 30 * 60_000;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    let office = Policy::Roles(OFFICE);
    routes
        .page("/returns/{id}", Policy::Roles(READERS), get(show))
        .page("/returns/{id}/call", office, post(begin))
        .page("/returns/{id}/answers", office, post(answer))
        .page("/returns/{id}/attempts", office, post(attempt))
        .page("/returns/{id}/completion", office, post(complete))
        .page("/returns/{id}/waiver", Policy::Roles(REVIEWERS), post(waive))
        .page("/returns/{id}/door", Policy::Roles(DISPATCHERS), post(door))
        .page("/complaints/{id}/returns", office, post(plan))
}

/// Everything that the forms of the page send.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    pub(super) version: i64,
    pub(super) question: String,
    pub(super) answer: String,
    pub(super) outcome: String,
    pub(super) note: String,
    /// `from-to` in Unix milliseconds.
    pub(super) slot: String,
    pub(super) other_time: String,
    pub(super) record: String,
    pub(super) reason: String,
    pub(super) person: String,
    pub(super) planned_on: String,
    pub(super) visit: String,
}

impl Typed {
    /// The words that were typed, to be shown where there is no form for them any more.
    pub(super) fn words(&self) -> Option<&String> {
        [&self.record, &self.note, &self.answer, &self.reason].into_iter().find(|text| !text.is_empty())
    }
}

/// A return visit.
#[derive(Template)]
#[template(path = "returns/return.html")]
pub(super) struct ReturnPage {
    pub(super) shell: Shell,
    pub(super) body: ReturnBody,
    /// Name, phone and address of who is asked.
    pub(super) customer: [String; 3],
    pub(super) facts: Vec<(String, String)>,
    pub(super) due: Option<(&'static str, String)>,
    /// Who is calling, when that is somebody else.
    pub(super) other_caller: Option<String>,
    pub(super) calling: bool,
    pub(super) may_call: bool,
    /// Not an hour at which people like to be called.
    pub(super) outside: bool,
    pub(super) questions: Vec<QuestionPart>,
    /// The question that is asked now: its place.
    pub(super) asked: Option<usize>,
    pub(super) slots: Vec<(String, String)>,
    pub(super) attempts: Vec<(String, String)>,
    pub(super) pairs: Option<Vec<PairLine>>,
    pub(super) may_waive: bool,
    /// Technicians who may be sent to the door.
    pub(super) technicians: Vec<(String, String)>,
    pub(super) failure: Option<String>,
    pub(super) typed: Typed,
}

impl ReturnPage {
    fn at(&self, ms: &i64) -> String {
        self.shell.w.time(*ms)
    }

    fn question(&self) -> Option<&QuestionPart> {
        self.asked.and_then(|place| self.questions.get(place))
    }

    fn open_questions(&self) -> usize {
        self.questions.iter().filter(|question| question.required && question.answer.is_none()).count()
    }

    fn outcomes(&self) -> &'static [AttemptOutcome] {
        AttemptOutcome::ALL
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// Code of the question that is asked now.
    question: String,
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<ReturnVisitId>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let typed = Typed { question: asked.question, ..Typed::default() };
    Ok(page(&return_page(&app, viewer, id, typed, None).await?))
}

async fn return_page(
    app: &App,
    viewer: Viewer,
    id: ReturnVisitId,
    typed: Typed,
    refused: Option<&Problem>,
) -> Result<ReturnPage, Problem> {
    let (w, now, me) = (viewer.w(), app.clock.now(), viewer.office.person_id);
    let mut tx = app.store.read().await?;
    let row = reached(&mut tx, &viewer.office, READERS, id).await?;
    let is_other = row.holder != Some(me) && row.may_call(me, now).is_err() && row.calling_since.is_some();
    let calling = row.calling(me, now).is_ok();
    let items = calling::questions(&mut tx, &row.questions).await?;
    let rules = rules::at(&mut tx, now).await?;
    let slots = rules.as_ref().filter(|_| calling);
    let slots = slots.map(|found| offered(w, &found.rules, &found.calendar, (now, row.due_at)));
    let outside = !calling::in_window(&mut tx, now).await?;
    let complaint = complaints::find(&mut tx, row.complaint).await?.ok_or(ReturnError::Unknown)?;
    let may_act =
        |roles: &[Role]| viewer.shell.reaches(roles, &complaint.intake.unit, &complaint.intake.region);
    let is_open = row.state == ReturnState::Open;
    let may_call = is_open && may_act(OFFICE) && row.may_call(me, now).is_ok();
    let may_waive = is_open && row.follows.is_none() && row.door_visit.is_none() && may_act(REVIEWERS);
    let to_door = may_call && !calling && may_act(DISPATCHERS);
    let technicians = if to_door { technicians(&mut tx).await? } else { Vec::new() };
    let phrases = Phrases::of(&mut tx, w).await?;
    let detail = ReturnDetail::of(&mut tx, row).await?;
    let questions = questions(&phrases, &items, &detail);
    let asked = questions.iter().position(|question| question.code == typed.question);
    let asked = asked.or_else(|| questions.iter().position(|question| question.answer.is_none()));
    let customer = &complaint.intake.customer;
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| w.t("record-unknown"));
    let holder = detail.planned.holder.as_ref().and_then(|who| who.name.clone());
    Ok(ReturnPage {
        customer: [text(&customer.name), text(&customer.phone), complaint.intake.address.clone()],
        facts: facts(w, &detail.planned),
        due: due_badge(w, &detail.planned, now),
        other_caller: is_other.then(|| {
            let since = detail.planned.calling_since_ms.map(|at| w.time(at)).unwrap_or_default();
            w.ab("return-other-caller", holder.unwrap_or_else(|| w.t("record-unknown")), since)
        }),
        calling,
        may_call,
        outside,
        asked: asked.filter(|_| calling),
        slots: slots.unwrap_or_default(),
        attempts: detail.attempts.iter().map(|made| attempt_line(w, made)).collect(),
        pairs: detail.compared.map(|pairs| pairs.iter().map(|pair| pair_line(&phrases, pair)).collect()),
        may_waive,
        technicians,
        failure: refused.map(|problem| failure_words(w, problem)),
        questions,
        body: detail.planned,
        typed,
        shell: viewer.shell,
    })
}

fn failure_words(w: crate::pages::Words, problem: &Problem) -> String {
    match problem.field() {
        Some("/next_from_ms") => w.t("return-time-needed"),
        Some("/note") => w.t("return-note-needed"),
        Some("/record") => w.t("return-record-needed"),
        Some("/answer") => w.t("return-answer-needed"),
        Some("/planned_on" | "/person_id") => w.t("return-door-needed"),
        Some(_) => w.t("step-reason-needed"),
        None => {
            let (title, detail) = problem.words(w.language);
            format!("{title} · {detail}")
        }
    }
}

fn facts(w: crate::pages::Words, body: &ReturnBody) -> Vec<(String, String)> {
    let at = |ms: Option<i64>| ms.map(|ms| w.time(ms));
    let mut facts = vec![(w.t("return-how"), w.code("return-method", body.method))];
    let completed = at(body.completed_at_ms).unwrap_or_else(|| w.t("return-not-completed"));
    facts.push((w.t("return-completed"), completed));
    if let (Some(from), Some(to)) = (at(body.appointment_from_ms), at(body.appointment_to_ms)) {
        facts.push((w.t("return-agreed"), w.ab("clock-from-to", from, to)));
    }
    facts.push(match body.rule {
        0 => (w.t("return-rule"), w.t("return-by-hand")),
        rule => (w.t("return-rule"), w.ab("clock-rule", rule.to_string(), body.policy.to_string())),
    });
    facts
}

/// Id and name of everybody who may be sent.
async fn technicians(tx: &mut Tx) -> Result<Vec<(String, String)>, StoreError> {
    let people = people::list(tx, "", PEOPLE_MAX).await?.into_iter();
    let may_go = |person: &people::Person| {
        person.disabled_at.is_none() && person.roles.iter().any(|grant| grant.role == Role::Technician)
    };
    Ok(people.filter(may_go).map(|person| (person.person_id.to_string(), person.display_name)).collect())
}

/// The page again with what was typed, where the reader can do something about it.
async fn again(
    app: &App,
    viewer: Viewer,
    id: ReturnVisitId,
    typed: Typed,
    refusal: Problem,
) -> Result<Response, Problem> {
    if !is_for_the_form(&refusal) {
        return Err(refusal);
    }
    let shown = return_page(app, viewer, id, typed, Some(&refusal)).await?;
    Ok(with_status(refusal.status(), &shown))
}

async fn begin(
    State(app): State<App>,
    Path(id): Path<ReturnVisitId>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let person = viewer.office.person_id;
    let mut tx = app.store.write().await?;
    let planned = reached(&mut tx, &viewer.office, OFFICE, id).await?;
    match calling::take(&mut tx, planned, person, app.clock.now()).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other(&format!("/returns/{id}"), None))
        }
        Err(refusal) => {
            drop(tx);
            again(&app, viewer, id, form, refusal.into()).await
        }
    }
}

async fn answer(
    State(app): State<App>,
    Path(id): Path<ReturnVisitId>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let mut tx = app.store.write().await?;
    let planned = reached(&mut tx, &viewer.office, OFFICE, id).await?;
    let given = (form.question.as_str(), form.answer.as_str());
    match calling::answer(&mut tx, &planned, viewer.office.person_id, given, app.clock.now()).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(see_other(&format!("/returns/{id}"), None))
        }
        Err(refusal) => {
            drop(tx);
            again(&app, viewer, id, form, refusal.into()).await
        }
    }
}

async fn attempt(
    State(app): State<App>,
    Path(id): Path<ReturnVisitId>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let mut tx = app.store.write().await?;
    match note_attempt(&app, &mut tx, &viewer, id, &form).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(see_other("/returns", Some("return-attempt")))
        }
        Err(refusal) => {
            drop(tx);
            again(&app, viewer, id, form, refusal).await
        }
    }
}

async fn note_attempt(
    app: &App,
    tx: &mut Tx,
    viewer: &Viewer,
    id: ReturnVisitId,
    form: &Typed,
) -> Result<(), Problem> {
    let planned = reached(tx, &viewer.office, OFFICE, id).await?;
    let outcome = form.outcome.parse().map_err(|()| Problem::invalid_field("/outcome", "why"))?;
    let new = NewAttempt { outcome, note: form.note.clone(), next: agreed(form) };
    Ok(calling::attempt(tx, planned, viewer.office.person_id, new, app.clock.now()).await.map(drop)?)
}

/// The time that was agreed: typed, or one of those that were offered.
fn agreed(form: &Typed) -> Option<(Timestamp, Timestamp)> {
    if let Some(from) = form.other_time.parse().ok().and_then(office_moment) {
        return Some((from, from.plus_ms(CALL_MS)));
    }
    let (from, to) = form.slot.split_once('-')?;
    Some((Timestamp::from_unix_ms(from.parse().ok()?), Timestamp::from_unix_ms(to.parse().ok()?)))
}

async fn complete(
    State(app): State<App>,
    Path(id): Path<ReturnVisitId>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let mut tx = app.store.write().await?;
    let planned = reached(&mut tx, &viewer.office, OFFICE, id).await?;
    match calling::complete(&mut tx, planned, viewer.office.person_id, &form.record, app.clock.now()).await {
        Ok(done) => {
            tx.commit().await?;
            let said = match done.checked.map(Checked::as_str) {
                Some("contradicts") => "return-contradicted",
                _ => "return-done",
            };
            Ok(see_other(&format!("/returns/{id}"), Some(said)))
        }
        Err(refusal) => {
            drop(tx);
            again(&app, viewer, id, form, refusal.into()).await
        }
    }
}

async fn waive(
    State(app): State<App>,
    Path(id): Path<ReturnVisitId>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let mut tx = app.store.write().await?;
    let by = Actor::office(viewer.office.person_id, app.clock.now());
    let planned = reached_at(&mut tx, &viewer.office, REVIEWERS, (id, form.version)).await;
    let waived = match planned {
        Ok(planned) => calling::waive(&mut tx, planned, &form.reason, by).await.map_err(Problem::from),
        Err(refusal) => Err(refusal),
    };
    match waived {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other("/returns", Some("return-waived")))
        }
        Err(refusal) => {
            drop(tx);
            again(&app, viewer, id, form, refusal).await
        }
    }
}

async fn door(
    State(app): State<App>,
    Path(id): Path<ReturnVisitId>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let mut tx = app.store.write().await?;
    let person = form.person.parse().map_err(|_| Problem::invalid_field("/person_id", "a technician"));
    let sent = match person {
        Ok(person_id) => {
            let planned_on = Some(form.planned_on.clone()).filter(|day| !day.is_empty());
            let wanted = DoorForm { version: form.version, person_id, planned_on };
            api::to_door(&app, &mut tx, &viewer.office, id, wanted).await
        }
        Err(refusal) => Err(refusal),
    };
    match sent {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other(&format!("/returns/{id}"), Some("return-door")))
        }
        Err(refusal) => {
            drop(tx);
            again(&app, viewer, id, form, refusal).await
        }
    }
}

async fn plan(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let visit = posted.form.visit.parse().map_err(|_| Problem::invalid_field("/visit_id", "a visit"))?;
    let mut tx = app.store.write().await?;
    let form = ReturnForm { visit_id: visit };
    let planned = api::plan(&mut tx, &posted.viewer.office, id, form.visit_id, app.clock.now()).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/returns/{}", planned.id), Some("return-planned")))
}
