//! One planned event: what it says, what was done about it, and the forms of those who may act.

use super::{due, either, failure_words, moment, place, span, standing};
use crate::app::App;
use crate::complaints::pages::{is_for_the_form, person_name};
use crate::complaints::scope::{OFFICE, READERS, Reach};
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, Words, page, see_other, with_status};
use crate::people::Role;
use crate::planned::api::{self, Change, Step};
use crate::planned::bodies::{PlannedActBody, PlannedEventDetail};
use crate::planned::model::{PlannedAct, PlannedContent, PlannedState};
use crate::problem::{self, Problem};
use crate::review::REVIEWERS;
use crate::routing::{get, post};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::PlannedEventId;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/planned-events/{id}", Policy::Roles(READERS), get(show)).page(
        "/planned-events/{id}/{act}",
        Policy::Roles(OFFICE),
        post(change),
    )
}

/// Everything that the forms of the page send.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    /// Of the row.
    pub(super) version: i64,
    pub(super) event_version: i64,
    pub(super) reason: String,
    pub(super) late_reason: String,
    pub(super) how: String,
    pub(super) told_at: String,
}

/// An event.
#[derive(Template)]
#[template(path = "planned/event.html")]
pub(super) struct EventPage {
    pub(super) shell: Shell,
    pub(super) id: String,
    pub(super) number: String,
    pub(super) version: i64,
    pub(super) event_version: i64,
    pub(super) kind: String,
    pub(super) standing: (&'static str, String),
    pub(super) due: Option<(&'static str, String)>,
    /// Whether submitting it now takes a reason.
    pub(super) is_late: bool,
    /// Language tag and wording.
    pub(super) wordings: Vec<(&'static str, String)>,
    /// The wording of the approved version that people go by meanwhile.
    pub(super) held: Option<String>,
    pub(super) facts: Vec<(String, String)>,
    /// What was done, its words, who did it when, and whether it was late.
    pub(super) acts: Vec<(String, Option<String>, String, bool)>,
    pub(super) may: May,
    pub(super) typed: Typed,
    pub(super) failure: Option<String>,
}

/// What this reader may do now.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct May {
    pub(super) write: bool,
    pub(super) submit: bool,
    pub(super) judge: bool,
    /// Whether only somebody else may judge.
    pub(super) own: bool,
    pub(super) announce: bool,
    pub(super) cancel: bool,
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<PlannedEventId>,
) -> Result<Response, Problem> {
    Ok(page(&event_page(&app, viewer, id, None).await?))
}

async fn event_page(
    app: &App,
    viewer: Viewer,
    id: PlannedEventId,
    refused: Option<(Typed, Problem)>,
) -> Result<EventPage, Problem> {
    let (w, now) = (viewer.w(), app.clock.now());
    let detail = api::detail(app, &mut app.store.read().await?, &viewer.office, id).await?;
    let body = &detail.event;
    let failure = refused.as_ref().map(|(_, problem)| failure_words(w, problem));
    let content = &body.content;
    let wordings = [("zh-CN", &content.wording_zh), ("en", &content.wording_en)];
    Ok(EventPage {
        id: id.to_string(),
        number: body.number.clone(),
        version: body.version,
        event_version: body.event_version,
        kind: w.code("planned-kind", content.kind),
        standing: standing(w, body),
        due: due(w, body, now),
        is_late: body.state == PlannedState::Draft && body.late,
        wordings: wordings
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(language, text)| (language, text.clone()))
            .collect(),
        held: detail.held.as_ref().map(|held| either(w, &held.wording_zh, &held.wording_en)),
        facts: facts(&viewer.shell, content, body.provisional),
        acts: detail.acts.iter().map(|act| act_line(w, act)).collect(),
        may: may(&viewer, &detail),
        typed: refused.map(|(typed, _)| typed).unwrap_or_default(),
        failure,
        shell: viewer.shell,
    })
}

fn may(viewer: &Viewer, detail: &PlannedEventDetail) -> May {
    let body = &detail.event;
    let reaches = |roles: &[Role]| {
        Reach::of(&viewer.office.roles, roles).is_some_and(|reach| body.content.is_written_by(&reach))
    };
    let stands = body.state != PlannedState::Cancelled && !body.over;
    let hand = |act: &PlannedActBody| {
        matches!(act.act, PlannedAct::Written | PlannedAct::Submitted)
            && act.event_version == body.event_version
            && act.person.person_id == viewer.office.person_id
    };
    let own = detail.acts.iter().any(hand);
    let (office, judges) = (stands && reaches(OFFICE), stands && reaches(REVIEWERS));
    let judges = judges && body.state == PlannedState::Submitted;
    May {
        write: office
            || (body.state == PlannedState::Draft && body.approved_version.is_none() && reaches(OFFICE)),
        submit: office && body.state == PlannedState::Draft,
        judge: judges && !own,
        own: judges && own,
        announce: office && body.state == PlannedState::Approved,
        cancel: office,
    }
}

fn facts(shell: &Shell, content: &PlannedContent, provisional: bool) -> Vec<(String, String)> {
    let w = shell.w;
    let mut facts = vec![
        (w.t("planned-utility"), w.code("utility", content.utility)),
        (w.t("planned-when"), span(w, content.begins_at_ms, content.ends_at_ms)),
        (w.t("planned-where"), place(shell, content)),
    ];
    for (key, text) in [
        ("planned-places", &content.places),
        ("planned-effect", &content.effect),
        ("planned-unit", &content.unit),
        ("planned-contact", &content.contact),
        ("planned-prevention", &content.prevention),
    ] {
        if !text.is_empty() {
            facts.push((w.t(key), text.clone()));
        }
    }
    if provisional {
        facts.push((w.t("planned-limits"), w.t("planned-provisional")));
    }
    facts
}

fn act_line(w: Words, act: &PlannedActBody) -> (String, Option<String>, String, bool) {
    let title = w.code("planned-act", act.act);
    let told = act.told_at_ms.map(|at| format!(" · {}", w.time(at))).unwrap_or_default();
    let who = w.ab("action-by-at", person_name(w, &act.person), w.time(act.at_ms));
    (format!("{title}{told}"), act.words.clone(), who, act.late)
}

async fn change(
    State(app): State<App>,
    Path((id, act)): Path<(PlannedEventId, String)>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let mut tx = app.store.write().await?;
    let change = Change { app: &app, office: &viewer.office, id, version: Some(form.version) };
    let step = step(&act, &form);
    let taken = match step {
        Ok((step, said)) => change.apply(&mut tx, step).await.map(|_| said),
        Err(refusal) => Err(refusal),
    };
    match taken {
        Ok(said) => {
            tx.commit().await?;
            Ok(see_other(&format!("/planned-events/{id}"), Some(said)))
        }
        Err(refusal) if is_for_the_form(&refusal) => {
            drop(tx);
            let status = refusal.status();
            Ok(with_status(status, &event_page(&app, viewer, id, Some((form, refusal))).await?))
        }
        Err(refusal) => Err(refusal),
    }
}

/// The step that a form takes, and the word for it.
fn step(act: &str, form: &Typed) -> Result<(Step, &'static str), Problem> {
    let reason = form.reason.clone();
    Ok(match act {
        "submission" => (Step::Submit { late_reason: form.late_reason.clone() }, "planned-said-submitted"),
        "approval" => (Step::Approve { version: form.event_version }, "planned-said-approved"),
        "return" => (Step::SendBack { reason }, "planned-said-sent-back"),
        "cancellation" => (Step::Cancel { reason }, "planned-said-cancelled"),
        "announcement" => {
            let told_at = match form.told_at.trim() {
                "" => None,
                typed => {
                    Some(moment(typed).ok_or_else(|| Problem::invalid_field("/told_at_ms", "a moment"))?)
                }
            };
            (Step::Announce { how: form.how.clone(), told_at }, "planned-said-announced")
        }
        _ => return Err(Problem::new(&problem::NOT_FOUND)),
    })
}
