//! One section: what is asked, what was found and done, and the forms of those who may act.

use super::{discipline, failure_words, holder, typed_limit, when};
use crate::app::App;
use crate::complaints::pages::is_for_the_form;
use crate::complaints::phrases::Phrases;
use crate::complaints::scope::{OFFICE, READERS};
use crate::deadlines::{limit_units, limit_words};
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, Words, page, see_other, with_status};
use crate::people::{self, Role};
use crate::problem::{self, Problem};
use crate::review::{EvidenceRef, Offered, REVIEWERS, evidence_keys, evidence_offered, evidence_refs};
use crate::routing::{get, post};
use crate::sections::api::{self, Change, SectionHandover, SectionWork};
use crate::sections::bodies::{SectionActBody, SectionDetail};
use crate::sections::model::SectionState;
use crate::store::Tx;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::SectionId;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/sections/{id}", Policy::Roles(READERS), get(show)).page(
        "/sections/{id}/{act}",
        Policy::Roles(OFFICE),
        post(change),
    )
}

/// Everything that the forms of the page send.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    pub(super) version: i64,
    pub(super) work: String,
    /// `<visit>/<entry>`.
    pub(super) evidence: Vec<String>,
    pub(super) unit: String,
    pub(super) amount: String,
    pub(super) amount_unit: String,
    pub(super) reason: String,
    pub(super) drop_reason: String,
    pub(super) back_reason: String,
}

/// A section.
#[derive(Template)]
#[template(path = "sections/section.html")]
pub(super) struct SectionPage {
    pub(super) shell: Shell,
    pub(super) id: String,
    pub(super) version: i64,
    pub(super) discipline: String,
    pub(super) state: String,
    pub(super) when: (&'static str, String),
    /// Id and number of the complaint; the id only for who reaches it.
    pub(super) complaint: (Option<String>, String),
    pub(super) summary: String,
    pub(super) task: String,
    /// What is on record.
    pub(super) work: String,
    pub(super) facts: Vec<(String, String)>,
    /// Words and place of what it rests on; for who does not reach the complaint only how much that is.
    pub(super) rests_on: Vec<(String, String)>,
    pub(super) rests_on_count: usize,
    pub(super) visits: Vec<Offered>,
    /// What was done, its words, and who did it when.
    pub(super) acts: Vec<(String, Option<String>, String)>,
    pub(super) may: May,
    pub(super) units: Vec<String>,
    pub(super) limit_units: Vec<(String, String)>,
    pub(super) typed: Typed,
    pub(super) failure: Option<String>,
    /// Whether somebody else changed it while this was typed.
    pub(super) changed: bool,
}

/// What this reader may do now.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct May {
    pub(super) work: bool,
    pub(super) sign_off: bool,
    pub(super) hand_over: bool,
    pub(super) take_back: bool,
    pub(super) give_up: bool,
}

impl SectionPage {
    fn visit_words(&self, number: &usize) -> String {
        self.shell.w.n("record-visit", *number)
    }

    fn is_named(&self, key: &str) -> bool {
        self.typed.evidence.iter().any(|named| named == key)
    }
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<SectionId>,
) -> Result<Response, Problem> {
    Ok(page(&section_page(&app, viewer, id, None).await?))
}

/// What was typed into which form, and why it was refused.
struct Refused {
    act: String,
    typed: Typed,
    problem: Problem,
}

async fn section_page(
    app: &App,
    viewer: Viewer,
    id: SectionId,
    refused: Option<Refused>,
) -> Result<SectionPage, Problem> {
    let (w, now) = (viewer.w(), app.clock.now());
    let mut tx = app.store.read().await?;
    let detail = api::detail(app, &mut tx, &viewer.office, id).await?;
    let section = &detail.section;
    let may = may(&viewer, &detail);
    let reaches = viewer.shell.reaches(READERS, &section.complaint_unit, &section.region);
    let phrases = Phrases::of(&mut tx, w).await?;
    let visits = match reaches {
        true => evidence_offered(app, &mut tx, &phrases, section.complaint_id).await?,
        false => Vec::new(),
    };
    let problem = refused.as_ref().map(|refused| &refused.problem);
    let failure = problem.map(|problem| failure_words(w, problem));
    let changed = problem.is_some_and(|problem| problem.kind().code == problem::PRECONDITION_FAILED.code);
    let typed = typed(refused, &detail);
    let units = if may.hand_over { people::units(&mut tx).await? } else { Vec::new() };
    Ok(SectionPage {
        id: id.to_string(),
        version: section.version,
        discipline: discipline(w, section),
        state: w.code("section-state", section.state),
        when: when(w, section, now),
        complaint: (reaches.then(|| section.complaint_id.to_string()), section.complaint_number.clone()),
        summary: section.summary.clone(),
        task: section.task.clone(),
        work: section.work.clone(),
        facts: facts(w, &viewer.shell, &detail),
        rests_on: rests_on(&visits, &section.evidence, &section.complaint_id.to_string()),
        rests_on_count: section.evidence.len(),
        visits,
        acts: detail.acts.iter().map(|act| act_line(w, act)).collect(),
        may,
        units: units.into_iter().filter(|unit| *unit != section.unit).collect(),
        limit_units: limit_units(w),
        typed,
        failure,
        changed,
        shell: viewer.shell,
    })
}

/// What the forms begin with: what was typed, and what is on record where nothing was.
fn typed(refused: Option<Refused>, detail: &SectionDetail) -> Typed {
    let (act, mut typed) = refused.map_or_else(Default::default, |refused| (refused.act, refused.typed));
    if act != "work" {
        typed.work.clone_from(&detail.section.work);
        typed.evidence = evidence_keys(&detail.section.evidence);
    }
    if typed.amount_unit.is_empty() {
        typed.amount_unit = "working_day".to_owned();
    }
    typed
}

fn may(viewer: &Viewer, detail: &SectionDetail) -> May {
    let section = &detail.section;
    let reaches = |roles: &[Role], unit: &str| viewer.shell.reaches(roles, unit, &section.region);
    let holds = reaches(OFFICE, &section.unit);
    let judges = reaches(REVIEWERS, &section.complaint_unit);
    let opened = section.opened_by.person_id == viewer.office.person_id;
    let leads = reaches(&[Role::Lead], &section.unit);
    let is_open = section.state == SectionState::Open;
    May {
        work: is_open && holds,
        sign_off: is_open && holds && !section.work.is_empty() && (!opened || leads),
        hand_over: is_open && (holds || judges),
        take_back: section.state == SectionState::SignedOff && (holds || judges),
        give_up: is_open && (opened || judges),
    }
}

fn facts(w: Words, shell: &Shell, detail: &SectionDetail) -> Vec<(String, String)> {
    let section = &detail.section;
    let name =
        |person: &crate::complaints::PersonRef| person.name.clone().unwrap_or_else(|| w.t("record-unknown"));
    let region = match shell.region(&section.region) {
        "" => w.t("record-unknown"),
        region => region.to_owned(),
    };
    let mut due = w.time(section.due_at_ms);
    if section.provisional {
        due = format!("{due} · {}", w.t("section-provisional"));
    }
    let mut facts = vec![
        (
            w.t("section-holder"),
            w.ab("action-by-at", holder(w, section), w.a("record-since", w.time(section.held_since_ms))),
        ),
        (w.t("section-within"), limit_words(w, section.within)),
        (w.t("section-due"), due),
        (w.t("record-region"), region),
        (w.t("section-opened"), w.ab("action-by-at", name(&section.opened_by), w.time(section.opened_at_ms))),
    ];
    if let (Some(at), Some(by)) = (section.over_at_ms, &section.over_by) {
        let over = w.ab("action-by-at", name(by), w.time(at));
        facts.push((w.code("section-state", section.state), over));
    }
    if detail.late && section.state == SectionState::SignedOff {
        facts.push((w.t("section-kept"), w.t("section-not-kept")));
    }
    facts
}

/// What a section rests on, as far as it stands on visits that this reader sees.
fn rests_on(visits: &[Offered], named: &[EvidenceRef], complaint: &str) -> Vec<(String, String)> {
    let keys = evidence_keys(named);
    let items = visits.iter().flat_map(|visit| visit.items.iter().map(move |item| (visit.number, item)));
    let found = items.filter(|(_, item)| keys.contains(&item.key));
    found
        .map(|(visit, item)| (item.words.clone(), format!("/complaints/{complaint}#visit-{visit}")))
        .collect()
}

fn act_line(w: Words, act: &SectionActBody) -> (String, Option<String>, String) {
    let mut title = w.code("section-act", act.act);
    let unit = act.unit.clone().filter(|unit| !unit.is_empty());
    let due = act.due_at_ms.map(|due| w.a("watch-due", w.time(due)));
    for fact in unit.into_iter().chain(due) {
        title = format!("{title} · {fact}");
    }
    let who = act.person.name.clone().unwrap_or_else(|| w.t("record-unknown"));
    (title, act.words.clone(), w.ab("action-by-at", who, w.time(act.at_ms)))
}

async fn change(
    State(app): State<App>,
    Path((id, act)): Path<(SectionId, String)>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let mut tx = app.store.write().await?;
    let change = Change { office: &viewer.office, id, version: Some(form.version), now: app.clock.now() };
    match take(&mut tx, change, &act, &form).await {
        Ok(said) => {
            tx.commit().await?;
            Ok(see_other(&format!("/sections/{id}"), Some(said)))
        }
        Err(refusal) if is_for_the_form(&refusal) => {
            drop(tx);
            let status = refusal.status();
            let refused = Refused { act, typed: form, problem: refusal };
            Ok(with_status(status, &section_page(&app, viewer, id, Some(refused)).await?))
        }
        Err(refusal) => Err(refusal),
    }
}

/// Takes a step within the caller's transaction and gives the word for what was done.
async fn take(tx: &mut Tx, change: Change<'_>, act: &str, form: &Typed) -> Result<&'static str, Problem> {
    match act {
        "work" => {
            let evidence = evidence_refs(&form.evidence)?;
            api::work(tx, change, SectionWork { work: form.work.clone(), evidence }).await?;
            Ok("section-worked")
        }
        "handover" => {
            let within = typed_limit(&form.amount, &form.amount_unit)?;
            let (unit, reason) = (form.unit.clone(), form.reason.clone());
            api::hand_over(tx, change, &SectionHandover { unit, reason, within }).await?;
            Ok("section-handed-over")
        }
        "sign-off" => {
            api::sign_off(tx, change).await?;
            Ok("section-signed-off")
        }
        "sign-off-withdrawal" => {
            api::take_back(tx, change, &form.back_reason).await?;
            Ok("section-taken-back")
        }
        "drop" => {
            api::give_up(tx, change, &form.drop_reason).await?;
            Ok("section-dropped")
        }
        _ => Err(Problem::new(&problem::NOT_FOUND)),
    }
}
