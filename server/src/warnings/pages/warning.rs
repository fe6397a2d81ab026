//! One early warning: what was expected and seen, the days before, the complaints behind it, and the forms of those who
//! may act.

use super::{days_words, figure, level_badge, message, title};
use crate::app::App;
use crate::complaints::PersonRef;
use crate::complaints::pages::is_for_the_form;
use crate::complaints::scope::{OFFICE, READERS};
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, Words, page, see_other, with_status};
use crate::problem::Problem;
use crate::routing::{get, post};
use crate::store::Tx;
use crate::warnings::api::{self, Acknowledgement, WarningClosure, WarningRecheck};
use crate::warnings::bodies::{WarningActBody, WarningComplaint, WarningDay, WarningDetail};
use crate::warnings::model::WarningState;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::WarningId;

/// Width and height of the picture in its own units, and where its ground lies.
const WIDTH: i64 = 560;
const GROUND: i64 = 122;
/// The height of the highest bar.
const HEIGHT: f64 = 100.0;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/warnings/{id}", Policy::Roles(READERS), get(show)).page(
        "/warnings/{id}/{act}",
        Policy::Roles(OFFICE),
        post(change),
    )
}

/// Everything that the forms of the page send.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    pub(super) version: i64,
    pub(super) plan: String,
    pub(super) finding: String,
    pub(super) reason: String,
}

/// A day of the picture.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) day: String,
    /// Its month and day, where the picture names it.
    pub(super) label: Option<String>,
    pub(super) count: u32,
    pub(super) counted: bool,
    pub(super) x: i64,
    pub(super) width: i64,
    pub(super) height: i64,
}

/// An early warning.
#[derive(Template)]
#[template(path = "warnings/warning.html")]
pub(super) struct WarningPage {
    pub(super) shell: Shell,
    pub(super) id: String,
    pub(super) version: i64,
    pub(super) title: String,
    pub(super) message: String,
    pub(super) level: (&'static str, String),
    pub(super) state: String,
    pub(super) late: bool,
    pub(super) taken_back: bool,
    pub(super) facts: Vec<(String, String)>,
    pub(super) bars: Vec<Bar>,
    /// Height of the limit in the picture, if it is about one day.
    pub(super) limit_y: Option<i64>,
    pub(super) complaints: Vec<WarningComplaint>,
    /// What happened, its words, and who did it when.
    pub(super) acts: Vec<(String, Option<String>, String)>,
    pub(super) may: May,
    pub(super) typed: Typed,
    pub(super) failure: Option<String>,
}

/// What this reader may do now.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct May {
    pub(super) acknowledge: bool,
    pub(super) recheck: bool,
    pub(super) close: bool,
}

impl WarningPage {
    fn complaint_state(&self, of: &WarningComplaint) -> String {
        self.shell.w.code("state", of.state)
    }

    /// The days from the newest to the oldest, for the table.
    fn rows(&self) -> impl Iterator<Item = &Bar> {
        self.bars.iter().rev()
    }
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<WarningId>,
) -> Result<Response, Problem> {
    Ok(page(&warning_page(&app, viewer, id, Typed::default(), None).await?))
}

async fn warning_page(
    app: &App,
    viewer: Viewer,
    id: WarningId,
    typed: Typed,
    refused: Option<&Problem>,
) -> Result<WarningPage, Problem> {
    let w = viewer.w();
    let detail = api::detail(app, &mut app.store.read().await?, &viewer.office, id).await?;
    let body = &detail.warning;
    let acts_here = viewer.shell.reaches(OFFICE, "", &body.area);
    let may = May {
        acknowledge: acts_here && body.state == WarningState::Raised,
        recheck: acts_here && body.state == WarningState::Acknowledged,
        close: acts_here && body.over_at_ms.is_none(),
    };
    let limit = (body.window_days == 1).then_some(body.limit);
    let (bars, limit_y) = picture(&detail.days, limit);
    Ok(WarningPage {
        id: id.to_string(),
        version: body.version,
        title: title(&viewer.shell, body),
        message: message(w, body),
        level: level_badge(w, body.level),
        state: w.code("warning-state", body.state),
        late: body.late,
        taken_back: body.level == 0,
        facts: facts(w, &detail),
        bars,
        limit_y,
        acts: detail.acts.iter().map(|act| act_line(w, act)).collect(),
        complaints: detail.complaints,
        may,
        typed,
        failure: refused.map(|problem| failure_words(w, problem)),
        shell: viewer.shell,
    })
}

fn name(w: Words, person: &PersonRef) -> String {
    person.name.clone().unwrap_or_else(|| w.t("record-unknown"))
}

fn facts(w: Words, detail: &WarningDetail) -> Vec<(String, String)> {
    let body = &detail.warning;
    let told: Vec<String> = detail.recipients.iter().map(|told| name(w, &told.person)).collect();
    let told = if told.is_empty() { w.t("warning-nobody") } else { told.join(w.either("、", ", ")) };
    let mut facts = vec![
        (w.t("warning-counted"), days_words(w, body)),
        (w.t("warning-seen"), body.seen.to_string()),
        (w.t("warning-limit"), figure(body.limit)),
        (w.t("warning-raised-at"), w.time(body.raised_at_ms)),
        (w.t("warning-told"), told),
        (w.t("warning-recheck-after"), recheck_words(w, detail.recheck_minutes)),
        (w.t("warning-rule"), w.ab("warning-rule-of", detail.rule, detail.policy_version)),
        (w.t("deadlines-source"), detail.source.clone()),
    ];
    if let Some(usual) = body.usual {
        facts.insert(1, (w.t("warning-usual"), figure(usual)));
    }
    if detail.grumbles > 0 {
        facts.push((w.t("warning-grumbles"), detail.grumbles.to_string()));
    }
    if let (WarningState::Acknowledged, Some(at)) = (body.state, body.waits_from_ms) {
        facts.push((w.t("warning-next"), w.time(at)));
    }
    facts
}

fn recheck_words(w: Words, minutes: i64) -> String {
    match minutes {
        minutes if minutes % 1_440 == 0 => w.n("watch-days", minutes / 1_440),
        minutes if minutes % 60 == 0 => w.n("limit-hour", minutes / 60),
        minutes => w.n("limit-minute", minutes),
    }
}

/// The bars of the days, and where the limit lies among them.
#[expect(clippy::cast_possible_truncation, reason = "a height between 0 and 100")]
fn picture(days: &[WarningDay], limit: Option<f64>) -> (Vec<Bar>, Option<i64>) {
    let most = days.iter().map(|day| f64::from(day.reports)).fold(limit.unwrap_or(1.0).max(1.0), f64::max);
    let height = |value: f64| (value / most * HEIGHT).round() as i64;
    let step = WIDTH / i64::try_from(days.len()).unwrap_or(1).max(1);
    let bar = |(place, day): (i64, &WarningDay)| Bar {
        day: day.day.clone(),
        label: (place % 7 == 2).then(|| day.day.get(5..).unwrap_or_default().to_owned()),
        count: day.reports,
        counted: day.counted,
        x: place * step + 1,
        width: (step - 2).max(1),
        height: height(f64::from(day.reports)),
    };
    ((0..).zip(days).map(bar).collect(), limit.map(|limit| GROUND - height(limit)))
}

fn act_line(w: Words, act: &WarningActBody) -> (String, Option<String>, String) {
    let what = match act.level {
        0 => w.code("warning-act", act.act),
        level => w.abc("warning-act-at", w.code("warning-act", act.act), level, act.seen),
    };
    let who = act.person.as_ref().map_or_else(|| w.t("log-installation"), |person| name(w, person));
    (what, act.words.clone(), w.ab("action-by-at", who, w.time(act.at_ms)))
}

fn failure_words(w: Words, problem: &Problem) -> String {
    if problem.field().is_some() {
        return w.t("action-words-needed");
    }
    let (title, detail) = problem.words(w.language);
    format!("{title} · {detail}")
}

async fn change(
    State(app): State<App>,
    Path((id, act)): Path<(WarningId, String)>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let mut tx = app.store.write().await?;
    match take(&app, &mut tx, &viewer, (id, &act), &form).await {
        Ok(said) => {
            tx.commit().await?;
            Ok(see_other(&format!("/warnings/{id}"), Some(said)))
        }
        Err(refusal) if is_for_the_form(&refusal) => {
            drop(tx);
            let shown = warning_page(&app, viewer, id, form, Some(&refusal)).await?;
            Ok(with_status(refusal.status(), &shown))
        }
        Err(refusal) => Err(refusal),
    }
}

/// Takes a step within the caller's transaction and gives the word for what was done.
async fn take(
    app: &App,
    tx: &mut Tx,
    viewer: &Viewer,
    (id, act): (WarningId, &str),
    form: &Typed,
) -> Result<&'static str, Problem> {
    let (office, now, version) = (&viewer.office, app.clock.now(), form.version);
    match act {
        "acknowledgement" => {
            let plan = form.plan.clone();
            api::acknowledge(tx, office, id, &Acknowledgement { version, plan }, now).await?;
            Ok("warning-acknowledged")
        }
        "rechecks" => {
            let finding = form.finding.clone();
            api::recheck(tx, office, id, &WarningRecheck { version, finding }, now).await?;
            Ok("warning-rechecked")
        }
        "closure" => {
            let reason = form.reason.clone();
            api::close(tx, office, id, &WarningClosure { version, reason }, now).await?;
            Ok("warning-closed")
        }
        _ => Err(Problem::new(&crate::problem::NOT_FOUND)),
    }
}
