//! One corrective action: what it is for, what was done, whether it helps, and the forms of those who may act.

use super::{failure_words, when};
use crate::app::App;
use crate::complaints::PersonRef;
use crate::complaints::pages::is_for_the_form;
use crate::complaints::phrases::Phrases;
use crate::complaints::scope::{OFFICE, READERS};
use crate::corrective::api::{self, ActionCompletion, ActionDrop, ActionHandover, EffectCheck, LinkForm};
use crate::corrective::bodies::{ActBody, ActionComplaint, ActionDetail};
use crate::corrective::model::ActionState;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, Words, page, see_other, with_status};
use crate::people;
use crate::problem::{self, Problem};
use crate::review::REVIEWERS;
use crate::routing::{get, post};
use crate::store::Tx;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::codes::CodeTable;
use sync_core::ids::ActionId;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/corrective-actions/{id}", Policy::Roles(READERS), get(show)).page(
        "/corrective-actions/{id}/{act}",
        Policy::Roles(OFFICE),
        post(change),
    )
}

/// Everything that the forms of the page send.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    pub(super) version: i64,
    pub(super) complaint: String,
    pub(super) owner: String,
    pub(super) due_on: String,
    pub(super) reason: String,
    pub(super) evidence: String,
    pub(super) finding: String,
    pub(super) helped: String,
    pub(super) drop_reason: String,
}

/// A corrective action.
#[derive(Template)]
#[template(path = "corrective/action.html")]
pub(super) struct ActionPage {
    pub(super) shell: Shell,
    pub(super) id: String,
    pub(super) version: i64,
    pub(super) title: String,
    pub(super) state: String,
    pub(super) when: (&'static str, String),
    pub(super) facts: Vec<(String, String)>,
    /// What the figures say.
    pub(super) effect: Vec<(String, String)>,
    pub(super) complaints: Vec<ActionComplaint>,
    /// What was done, its words, and who did it when.
    pub(super) acts: Vec<(String, Option<String>, String)>,
    pub(super) may: May,
    /// Id and name of everybody who may own it; empty: nobody may be chosen.
    pub(super) people: Vec<(String, String)>,
    pub(super) typed: Typed,
    pub(super) failure: Option<String>,
}

/// What this reader may do now.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct May {
    pub(super) carry_out: bool,
    pub(super) steer: bool,
    pub(super) judge: bool,
}

impl ActionPage {
    fn complaint_state(&self, of: &ActionComplaint) -> String {
        self.shell.w.code("state", of.state)
    }
}

async fn show(State(app): State<App>, viewer: Viewer, Path(id): Path<ActionId>) -> Result<Response, Problem> {
    Ok(page(&action_page(&app, viewer, id, Typed::default(), None).await?))
}

async fn action_page(
    app: &App,
    viewer: Viewer,
    id: ActionId,
    mut typed: Typed,
    refused: Option<&Problem>,
) -> Result<ActionPage, Problem> {
    let (w, now) = (viewer.w(), app.clock.now());
    let mut tx = app.store.read().await?;
    let detail = api::detail(app, &mut tx, &viewer.office, id).await?;
    let phrases = Phrases::of(&mut tx, w).await?;
    let may = may(&viewer, &detail);
    let people = if may.steer { people::office_people(&mut tx).await? } else { Vec::new() };
    if refused.is_none() {
        typed.owner = detail.action.owner.person_id.to_string();
    }
    Ok(ActionPage {
        id: id.to_string(),
        version: detail.action.version,
        title: detail.action.title.clone(),
        state: w.code("action-state", detail.action.state),
        when: when(w, &detail.action, now),
        facts: facts(&phrases, &viewer.shell, &detail),
        effect: effect(w, &detail),
        acts: detail.acts.iter().map(|act| act_line(w, act, &detail.for_complaints)).collect(),
        complaints: detail.for_complaints,
        may,
        people: people.into_iter().map(|offered| (offered.person_id, offered.display_name)).collect(),
        typed,
        failure: refused.map(|problem| failure_words(w, problem)),
        shell: viewer.shell,
    })
}

fn may(viewer: &Viewer, detail: &ActionDetail) -> May {
    let action = &detail.action;
    let me = viewer.office.person_id;
    let judges = viewer.shell.reaches(REVIEWERS, &action.unit, &action.region);
    let is_open = action.state == ActionState::Open;
    let is_own = action.owner.person_id == me || action.done_by.as_ref().is_some_and(|by| by.person_id == me);
    May {
        carry_out: is_open && (judges || action.owner.person_id == me),
        steer: is_open && judges,
        judge: action.state == ActionState::Done && judges && !is_own,
    }
}

fn facts(phrases: &Phrases, shell: &Shell, detail: &ActionDetail) -> Vec<(String, String)> {
    let (w, action) = (phrases.w, &detail.action);
    let name = |person| name(w, person);
    let or = |text: &str, none: &str| if text.is_empty() { w.t(none) } else { text.to_owned() };
    let planner =
        action.cause.map_or_else(|| name(&action.planned_by), |cause| w.code("action-cause", cause));
    let mut facts = vec![
        (w.t("action-owner"), name(&action.owner)),
        (w.t("action-due"), w.time(action.due_at_ms)),
        (w.t("record-unit"), or(&action.unit, "unit-none")),
        (w.t("record-category"), phrases.coded(CodeTable::Categories, &action.category)),
        (w.t("record-region"), or(shell.region(&action.region), "record-unknown")),
        (w.t("action-planned"), w.ab("action-by-at", planner, w.time(action.planned_at_ms))),
    ];
    if let (Some(at), Some(by)) = (action.done_at_ms, &action.done_by) {
        facts.push((w.t("action-done"), w.ab("action-by-at", name(by), w.time(at))));
    }
    facts
}

fn name(w: Words, person: &PersonRef) -> String {
    person.name.clone().unwrap_or_else(|| w.t("record-unknown"))
}

fn effect(w: Words, detail: &ActionDetail) -> Vec<(String, String)> {
    let (effect, days) = (&detail.effect, detail.action.effect_days);
    let mut figures = vec![(w.n("action-before", days), effect.before.to_string())];
    if let Some(since) = effect.since {
        let key = if effect.complete { "action-since" } else { "action-since-so-far" };
        figures.push((w.n(key, days), since.to_string()));
    }
    figures
}

fn act_line(w: Words, act: &ActBody, complaints: &[ActionComplaint]) -> (String, Option<String>, String) {
    let mut title = w.code("action-act", act.act);
    let linked = act.complaint_id.and_then(|id| complaints.iter().find(|known| known.complaint_id == id));
    let owner = act.owner.as_ref().and_then(|owner| owner.name.clone());
    let due = act.due_at_ms.map(|due| w.a("watch-due", w.time(due)));
    for fact in linked.map(|known| known.number.clone()).into_iter().chain(owner).chain(due) {
        title = format!("{title} · {fact}");
    }
    let who = act.person.as_ref().map_or_else(|| w.t("action-by-rules"), |person| name(w, person));
    (title, act.words.clone(), w.ab("action-by-at", who, w.time(act.at_ms)))
}

async fn change(
    State(app): State<App>,
    Path((id, act)): Path<(ActionId, String)>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let mut tx = app.store.write().await?;
    match take(&app, &mut tx, &viewer, (id, &act), &form).await {
        Ok(said) => {
            tx.commit().await?;
            Ok(see_other(&format!("/corrective-actions/{id}"), Some(said)))
        }
        Err(refusal) if is_for_the_form(&refusal) || is_about_the_link(&refusal) => {
            drop(tx);
            let shown = action_page(&app, viewer, id, form, Some(&refusal)).await?;
            Ok(with_status(refusal.status(), &shown))
        }
        Err(refusal) => Err(refusal),
    }
}

/// A number that names no complaint is a slip of the typist.
fn is_about_the_link(refusal: &Problem) -> bool {
    refusal.kind().code == problem::COMPLAINT_UNKNOWN.code
}

/// Takes a step within the caller's transaction and gives the word for what was done.
async fn take(
    app: &App,
    tx: &mut Tx,
    viewer: &Viewer,
    (id, act): (ActionId, &str),
    form: &Typed,
) -> Result<&'static str, Problem> {
    let (office, now, version) = (&viewer.office, app.clock.now(), form.version);
    match act {
        "links" => {
            let link = LinkForm { complaint: form.complaint.clone() };
            api::link(tx, office, id, &link, now).await?;
            Ok("action-linked")
        }
        "handover" => {
            let owner = form.owner.parse().map_err(|_| Problem::invalid_field("/owner", "a person"))?;
            let (due_on, reason) = (form.due_on.clone(), form.reason.clone());
            let handover = ActionHandover { version, owner, due_on, reason };
            api::hand_on(tx, office, id, &handover, now).await?;
            Ok("action-moved")
        }
        "completion" => {
            let done = ActionCompletion { version, evidence: form.evidence.clone() };
            api::carry_out(tx, office, id, &done, now).await?;
            Ok("action-done")
        }
        "effect" => {
            let due_on = Some(form.due_on.clone()).filter(|day| !day.is_empty());
            let helped = form.helped == "yes";
            let check = EffectCheck { version, helped, finding: form.finding.clone(), due_on };
            api::judge(tx, office, id, &check, now).await?;
            Ok(if helped { "action-effective" } else { "action-ineffective" })
        }
        "drop" => {
            let given_up = ActionDrop { version, reason: form.drop_reason.clone() };
            api::give_up(tx, office, id, &given_up, now).await?;
            Ok("action-dropped")
        }
        _ => Err(Problem::new(&problem::NOT_FOUND)),
    }
}
