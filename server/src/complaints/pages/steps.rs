//! Steps of a complaint as forms: taken up, handed over, allotted, answered, closed, withdrawn, reopened.
//!
//! A form carries what its reader saw ([`state_tag`]). When anything of the complaint or of its visits changed since,
//! nothing is done: the page comes back with the new state and with everything that was typed.

use super::record::{BlockerLine, blocker_line, said_once};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::api::{Handover, hand_over, may_hold};
use crate::complaints::model::{Act, Complaint};
use crate::complaints::phrases::Phrases;
use crate::complaints::scope::OFFICE;
use crate::complaints::steps_api::take_step;
use crate::complaints::units::{self, Allotment};
use crate::complaints::{contact, family, reach_of, reachable};
use crate::exchange::visits;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, Words, page, see_other, with_status};
use crate::people::{self, Role};
use crate::problem::{self, Problem};
use crate::review::{self, ClosureForm, REVIEWERS};
use crate::routing::{Methods, get, post};
use crate::store::{StoreError, Tx};
use crate::work_orders::{self, model::VisitPlan};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use sync_core::ids::{ComplaintId, EntryId, VisitId};

/// People who are offered as holders.
const PEOPLE_MAX: u32 = 500;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    let office = Policy::Roles(OFFICE);
    routes
        .page("/complaints/{id}/acceptance", office, post(accept))
        .page("/complaints/{id}/handover", office, form_of(Step::Handover))
        .page("/complaints/{id}/allotment", office, form_of(Step::Allotment))
        .page("/complaints/{id}/answer", office, form_of(Step::Answer))
        .page("/complaints/{id}/withdrawal", office, form_of(Step::Withdrawal))
        .page("/complaints/{id}/reopening", office, form_of(Step::Reopening))
        .page("/complaints/{id}/closure", Policy::Roles(REVIEWERS), form_of(Step::Closure))
        .page("/visits/{id}/promises/{entry}/kept", office, post(keep_promise))
}

/// A step whose form is little more than a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Somebody else becomes accountable.
    Handover,
    /// Another organisation unit answers for it.
    Allotment,
    /// The customer was told.
    Answer,
    /// The customer takes it back.
    Withdrawal,
    /// It is taken up again.
    Reopening,
    /// Everything is done.
    Closure,
}

impl Step {
    /// The end of its address and of its words.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Handover => "handover",
            Self::Allotment => "allotment",
            Self::Answer => "answer",
            Self::Withdrawal => "withdrawal",
            Self::Reopening => "reopening",
            Self::Closure => "closure",
        }
    }

    const fn roles(self) -> &'static [Role] {
        match self {
            Self::Closure => REVIEWERS,
            _ => OFFICE,
        }
    }
}

/// What is typed into a form of a step.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct StepForm {
    pub(crate) seen: String,
    pub(crate) reason: String,
    pub(crate) override_reason: String,
    pub(crate) holder: String,
    pub(crate) unit: String,
}

/// What every form about a complaint begins with.
#[derive(Debug, Default)]
pub(crate) struct StepHead {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) state: String,
    pub(crate) summary: String,
    /// The organisation unit that answers for it.
    pub(crate) unit: String,
    /// What the form says that its reader saw.
    pub(crate) seen: String,
    pub(crate) blockers: Vec<BlockerLine>,
    /// What is doubtful about the contact data.
    pub(crate) contact_flags: Vec<String>,
    /// Why the last try was refused.
    pub(crate) failure: Option<String>,
}

/// The form of a step.
#[derive(Template)]
#[template(path = "complaints/step.html")]
pub(crate) struct StepPage {
    pub(crate) shell: Shell,
    pub(crate) head: StepHead,
    pub(crate) step: Step,
    pub(crate) form: StepForm,
    /// Id and name of everybody who may hold a complaint.
    pub(crate) people: Vec<(String, String)>,
    /// The units to choose from.
    pub(crate) units: Vec<String>,
}

fn form_of(step: Step) -> Methods {
    get(move |State(app): State<App>, viewer: Viewer, Path(id): Path<ComplaintId>| async move {
        let form = StepForm::default();
        Ok::<_, Problem>(page(&step_page(&app, &viewer, id, (step, form), None).await?))
    })
    .post(
        move |State(app): State<App>, Path(id): Path<ComplaintId>, posted: Posted<StepForm>| async move {
            take(&app, id, step, posted).await
        },
    )
}

async fn step_page(
    app: &App,
    viewer: &Viewer,
    id: ComplaintId,
    (step, mut form): (Step, StepForm),
    refused: Option<&Problem>,
) -> Result<StepPage, Problem> {
    let mut tx = app.store.read().await?;
    let head = step_head(&mut tx, viewer, step.roles(), id, refused).await?;
    if refused.is_none() {
        form.unit.clone_from(&head.unit);
    }
    let people = match step {
        Step::Handover => {
            let complaint = reachable(&mut tx, &viewer.office, OFFICE, id).await?;
            holders(&mut tx, &complaint).await?
        }
        _ => Vec::new(),
    };
    let units = if step == Step::Allotment { people::units(&mut tx).await? } else { Vec::new() };
    Ok(StepPage { shell: viewer.shell.clone(), head, step, form, people, units })
}

/// Everybody who may be accountable for this complaint.
async fn holders(tx: &mut Tx, complaint: &Complaint) -> Result<Vec<(String, String)>, StoreError> {
    let people = people::list(tx, "", PEOPLE_MAX).await?.into_iter();
    let may_hold = people.filter(|person| may_hold(person, &complaint.intake));
    Ok(may_hold.map(|person| (person.person_id.to_string(), person.display_name)).collect())
}

async fn take(app: &App, id: ComplaintId, step: Step, posted: Posted<StepForm>) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let mut tx = app.store.write().await?;
    let refusal = match perform(app, &mut tx, &viewer.office, id, (step, &form)).await {
        Ok(complaint) => {
            tx.commit().await?;
            return Ok(match reach_of(&viewer.office, OFFICE)?.includes(&complaint) {
                true => see_other(&format!("/complaints/{id}"), Some("step-taken")),
                // It belongs to others now.
                false => see_other("/queue", Some("allotted-away")),
            });
        }
        Err(refusal) => refusal,
    };
    drop(tx);
    if !is_for_the_form(&refusal) {
        return Err(refusal);
    }
    let page = step_page(app, &viewer, id, (step, form), Some(&refusal)).await?;
    Ok(with_status(refusal.status(), &page))
}

async fn perform(
    app: &App,
    tx: &mut Tx,
    office: &OfficeAuth,
    id: ComplaintId,
    (step, form): (Step, &StepForm),
) -> Result<Complaint, Problem> {
    let now = app.clock.now();
    let complaint = reachable(tx, office, step.roles(), id).await?;
    as_seen(tx, &complaint, &form.seen).await?;
    let reason = Some(form.reason.as_str());
    match step {
        Step::Answer => take_step(tx, office, id, (Act::Answer, reason), now).await,
        Step::Withdrawal => take_step(tx, office, id, (Act::Withdraw, reason), now).await,
        Step::Reopening => take_step(tx, office, id, (Act::Reopen, reason), now).await,
        Step::Handover => {
            let invalid = || Problem::invalid_field("/holder", "a person who has access");
            let holder = form.holder.parse().map_err(|_| invalid())?;
            hand_over(tx, office, id, &Handover { holder, reason: form.reason.clone() }, now).await
        }
        Step::Allotment => {
            let allotment = Allotment { unit: form.unit.clone(), reason: form.reason.clone() };
            units::allot(tx, office, id, &allotment, now).await
        }
        Step::Closure => {
            let override_reason = given(&form.override_reason);
            let closure = ClosureForm { reason: form.reason.clone(), override_reason };
            review::close(tx, office, id, &closure, now).await
        }
    }
}

/// What was typed, if anything was.
pub(crate) fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

async fn accept(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<StepForm>,
) -> Result<Response, Problem> {
    let mut tx = app.store.write().await?;
    take_step(&mut tx, &posted.viewer.office, id, (Act::Accept, None), app.clock.now()).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/complaints/{id}"), Some("step-taken")))
}

async fn keep_promise(
    State(app): State<App>,
    Path(which): Path<(VisitId, EntryId)>,
    posted: Posted<StepForm>,
) -> Result<Response, Problem> {
    let mut tx = app.store.write().await?;
    let visit = work_orders::keep_promise(&mut tx, &posted.viewer.office, which, app.clock.now()).await?;
    tx.commit().await?;
    let place = visit.complaint.map_or_else(|| "/".to_owned(), |id| format!("/complaints/{id}"));
    Ok(see_other(&place, Some("promise-kept")))
}

/// What the forms about a complaint begin with, for somebody who reaches it in one of these roles.
pub(crate) async fn step_head(
    tx: &mut Tx,
    viewer: &Viewer,
    roles: &[Role],
    id: ComplaintId,
    refused: Option<&Problem>,
) -> Result<StepHead, Problem> {
    let complaint = reachable(tx, &viewer.office, roles, id).await?;
    let phrases = Phrases::of(tx, viewer.w()).await?;
    let mut visits = Vec::new();
    for record in family(tx, id).await? {
        visits
            .extend(work_orders::visits_of(tx, record).await?.into_iter().map(|visit| visit.id.to_string()));
    }
    let here = format!("/complaints/{id}");
    let blockers = review::blockers(tx, id).await?;
    let flags = contact::open_of(tx, id).await?;
    Ok(StepHead {
        id: id.to_string(),
        seen: state_tag(tx, &complaint).await?,
        state: viewer.w().code("state", complaint.state),
        number: complaint.number,
        summary: complaint.intake.summary,
        unit: complaint.intake.unit,
        blockers: said_once(blockers.iter().map(|blocker| blocker_line(&phrases, blocker, &visits, &here))),
        contact_flags: flags.iter().map(|flag| contact::flag_words(viewer.w(), flag)).collect(),
        failure: refused.map(|problem| failure_words(viewer.w(), problem)),
    })
}

/// What somebody saw who decides: the version of the complaint, and of its visits with the heads of their documents.
pub(crate) async fn state_tag(tx: &mut Tx, complaint: &Complaint) -> Result<String, StoreError> {
    let mut digest = Sha256::new();
    digest.update(complaint.version.to_be_bytes());
    for record in family(tx, complaint.id).await? {
        for visit in work_orders::visits_of(tx, record).await? {
            add_visit(tx, &mut digest, &visit).await?;
        }
    }
    Ok(in_short(digest))
}

/// The same of one visit.
pub(super) async fn visit_tag(tx: &mut Tx, visit: &VisitPlan) -> Result<String, StoreError> {
    let mut digest = Sha256::new();
    add_visit(tx, &mut digest, visit).await?;
    Ok(in_short(digest))
}

async fn add_visit(tx: &mut Tx, digest: &mut Sha256, visit: &VisitPlan) -> Result<(), StoreError> {
    digest.update(visit.id.as_bytes());
    digest.update(visit.version.to_be_bytes());
    for head in visits::heads(tx, visit.id).await?.unwrap_or_default() {
        digest.update(head.as_bytes());
    }
    Ok(())
}

fn in_short(digest: Sha256) -> String {
    data_encoding::HEXLOWER.encode(&digest.finalize()[..16])
}

/// Refuses when something changed since the form was shown.
///
/// # Errors
/// `precondition-failed`.
pub(crate) async fn as_seen(tx: &mut Tx, complaint: &Complaint, seen: &str) -> Result<(), Problem> {
    if state_tag(tx, complaint).await? == seen {
        return Ok(());
    }
    Err(Problem::new(&problem::PRECONDITION_FAILED))
}

/// Whether a refusal is answered with the form, so that what was typed is kept.
pub(crate) fn is_for_the_form(problem: &Problem) -> bool {
    let for_the_form =
        [StatusCode::CONFLICT, StatusCode::PRECONDITION_FAILED, StatusCode::UNPROCESSABLE_ENTITY];
    for_the_form.contains(&problem.status())
}

/// A refusal in words for the person at the form.
pub(crate) fn failure_words(w: Words, problem: &Problem) -> String {
    if problem.kind().code == problem::PRECONDITION_FAILED.code {
        return w.t("step-changed-meanwhile");
    }
    if problem.kind().code == problem::COMPLAINT_BLOCKED.code {
        return w.t("step-blocked");
    }
    match problem.field() {
        Some("/holder") => w.t("step-holder-needed"),
        Some("/unit") => w.t("step-unit-needed"),
        Some("/cause") => w.t("step-cause-needed"),
        Some("/evidence") => w.t("step-evidence-needed"),
        Some("/paths") => w.t("step-paths-needed"),
        Some("/override_reason") => w.t("step-override-needed"),
        Some("/verdict") => w.t("step-verdict-needed"),
        Some("/visit_id") => w.t("step-visit-needed"),
        Some("/without_visit") => w.t("step-visit-took-place"),
        Some(_) => w.t("step-reason-needed"),
        None => {
            let (title, detail) = problem.words(w.language);
            format!("{title} · {detail}")
        }
    }
}
