//! One question to an expert: who asks what, its answer, and the forms of those who may act.

use super::{asked, failure_words, skill, when};
use crate::app::App;
use crate::complaints::pages::{is_for_the_form, person_name};
use crate::complaints::scope::READERS;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, Words, page, see_other, with_status};
use crate::people::Role;
use crate::problem::{self, Problem};
use crate::routing::{get, post};
use crate::seats::api::{self, ANSWERERS, Change, Step};
use crate::seats::bodies::{ExpertRequestBody, ExpertRequestDetail};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::ExpertRequestId;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/expert-seats/{id}", Policy::Roles(READERS), get(show)).page(
        "/expert-seats/{id}/{act}",
        Policy::Roles(READERS),
        post(change),
    )
}

/// Everything that the forms of the page send.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    pub(super) version: i64,
    pub(super) answer: String,
    pub(super) reason: String,
}

/// A question.
#[derive(Template)]
#[template(path = "seats/request.html")]
pub(super) struct RequestPage {
    pub(super) shell: Shell,
    pub(super) id: String,
    pub(super) version: i64,
    pub(super) skill: String,
    pub(super) state: String,
    pub(super) when: (&'static str, String),
    /// Id and number of the complaint.
    pub(super) complaint: (String, String),
    pub(super) summary: String,
    /// Whether the complaint is closed or withdrawn.
    pub(super) after_all: bool,
    pub(super) question: String,
    pub(super) facts: Vec<(String, String)>,
    pub(super) answer: Option<String>,
    /// Why it was withdrawn.
    pub(super) reason: Option<String>,
    pub(super) may: May,
    pub(super) typed: Typed,
    pub(super) failure: Option<String>,
}

/// What this reader may do now.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct May {
    pub(super) take: bool,
    pub(super) give_back: bool,
    pub(super) answer: bool,
    pub(super) withdraw: bool,
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<ExpertRequestId>,
) -> Result<Response, Problem> {
    Ok(page(&request_page(&app, viewer, id, Typed::default(), None).await?))
}

async fn request_page(
    app: &App,
    viewer: Viewer,
    id: ExpertRequestId,
    typed: Typed,
    refused: Option<&Problem>,
) -> Result<RequestPage, Problem> {
    let (w, now) = (viewer.w(), app.clock.now());
    let mut tx = app.store.read().await?;
    let detail = api::detail(app, &mut tx, &viewer.office, id).await?;
    let facts = facts(w, &detail);
    let body = detail.request;
    Ok(RequestPage {
        id: id.to_string(),
        version: body.version,
        skill: skill(w, &body),
        state: w.code("expert-state", body.state),
        when: when(w, &body, now),
        may: may(&viewer, &body),
        complaint: (body.complaint_id.to_string(), body.complaint_number),
        summary: body.summary,
        after_all: body.complaint_over && body.over_at_ms.is_none(),
        question: body.question,
        facts,
        answer: body.answer,
        reason: body.reason,
        typed,
        failure: refused.map(|problem| failure_words(w, problem)),
        shell: viewer.shell,
    })
}

fn may(viewer: &Viewer, body: &ExpertRequestBody) -> May {
    if body.over_at_ms.is_some() {
        return May::default();
    }
    let reaches = |roles: &[Role]| viewer.shell.reaches(roles, &body.complaint_unit, &body.region);
    let (me, leads) = (viewer.office.person_id, reaches(&[Role::Lead]));
    let holds = body.holder.as_ref().is_some_and(|holder| holder.person_id == me);
    let asked = body.asked_by.person_id == me;
    let answers = reaches(ANSWERERS) && !asked && (body.holder.is_none() || holds || leads);
    May {
        take: answers && !holds,
        give_back: holds || (leads && body.holder.is_some()),
        answer: answers,
        withdraw: asked || leads,
    }
}

fn facts(w: Words, detail: &ExpertRequestDetail) -> Vec<(String, String)> {
    let body = &detail.request;
    let mut facts = vec![(w.t("expert-asked-by"), asked(w, body))];
    facts.extend(body.device.as_ref().map(|device| {
        let name = device.label.clone().unwrap_or_else(|| w.t("record-unknown"));
        (w.t("expert-device"), name)
    }));
    facts.extend(body.claimed_at_ms.map(|at| (w.t("expert-claimed"), w.time(at))));
    facts.push((w.t("section-due"), w.time(body.due_at_ms)));
    if let (Some(holder), Some(at)) = (&body.holder, body.taken_at_ms) {
        facts.push((w.t("expert-holder"), w.ab("action-by-at", person_name(w, holder), w.time(at))));
    }
    if let (Some(by), Some(at)) = (&body.over_by, body.over_at_ms) {
        let over = w.ab("action-by-at", person_name(w, by), w.time(at));
        let late = if detail.late { format!("{over} · {}", w.t("expert-late")) } else { over };
        facts.push((w.code("expert-state", body.state), late));
    }
    facts
}

async fn change(
    State(app): State<App>,
    Path((id, act)): Path<(ExpertRequestId, String)>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let (step, said) = match act.as_str() {
        "taking" => (Step::Take, "expert-taken"),
        "giving-back" => (Step::GiveBack, "expert-given-back"),
        "answer" => (Step::Answer(form.answer.clone()), "expert-answered"),
        "withdrawal" => (Step::Withdraw(form.reason.clone()), "expert-withdrawn"),
        _ => return Err(Problem::new(&problem::NOT_FOUND)),
    };
    let mut tx = app.store.write().await?;
    let change = Change { office: &viewer.office, id, version: Some(form.version), now: app.clock.now() };
    match change.apply(&mut tx, &step).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other(&format!("/expert-seats/{id}"), Some(said)))
        }
        Err(refusal) if is_for_the_form(&refusal) => {
            drop(tx);
            let shown = request_page(&app, viewer, id, form, Some(&refusal)).await?;
            Ok(with_status(refusal.status(), &shown))
        }
        Err(refusal) => Err(refusal),
    }
}
