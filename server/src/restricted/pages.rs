//! Pages of restricted findings: the form for everybody in the office, list and report for inspectors.

use super::api::{self, RestrictedDetail, RestrictedForm, RestrictedLine, RestrictedVerdict};
use super::model::{INSPECTORS, RestrictedState};
use crate::app::App;
use crate::complaints::pages::{is_for_the_form, person_name};
use crate::complaints::reachable;
use crate::complaints::scope::READERS;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, Words, page, see_other, with_status};
use crate::problem::Problem;
use crate::routing::{get, post};
use crate::wire::PageQuery;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::{ComplaintId, RestrictedId};
use sync_core::restricted::Conduct;

const PAGE_SIZE: u32 = 50;

/// Pages of this capability.
pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    let inspectors = Policy::Roles(INSPECTORS);
    routes
        .page("/restricted", inspectors, get(show_list))
        .page("/restricted/{id}", inspectors, get(show))
        .page("/restricted/{id}/verdicts", inspectors, post(decide))
        .page("/complaints/{id}/restricted", Policy::Roles(READERS), get(show_form).post(report))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    list: String,
    after: String,
}

/// The list.
#[derive(Template)]
#[template(path = "restricted/list.html")]
pub(super) struct ListPage {
    pub(super) shell: Shell,
    /// `open` or `decided`.
    pub(super) list: &'static str,
    pub(super) rows: Vec<RestrictedLine>,
    pub(super) next: Option<String>,
}

impl ListPage {
    fn conduct(&self, line: &RestrictedLine) -> String {
        line.conduct.map_or_else(
            || self.shell.w.t("restricted-unreadable"),
            |conduct| self.shell.w.code("conduct", conduct.as_str()),
        )
    }

    fn state(&self, line: &RestrictedLine) -> String {
        self.shell.w.code("restricted-state", line.state.as_str())
    }
}

async fn show_list(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let list = if asked.list == "decided" { "decided" } else { "open" };
    let cursor = Some(asked.after).filter(|cursor| !cursor.is_empty());
    let query = PageQuery { cursor, limit: Some(PAGE_SIZE) };
    let found = api::listed(&app, &viewer.office, list == "decided", &query).await?;
    let next = found.next_cursor.map(|cursor| format!("/restricted?list={list}&after={cursor}"));
    Ok(page(&ListPage { shell: viewer.shell, list, rows: found.items, next }))
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Decision {
    pub(super) verdict: String,
    pub(super) words: String,
}

/// One report.
#[derive(Template)]
#[template(path = "restricted/finding.html")]
pub(super) struct FindingPage {
    pub(super) shell: Shell,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) state: String,
    pub(super) number: String,
    /// Set for those who may open the complaint.
    pub(super) complaint: Option<String>,
    pub(super) facts: Vec<(String, String)>,
    pub(super) report: String,
    /// What was done, its words, and who did it when.
    pub(super) acts: Vec<(String, Option<String>, String)>,
    /// Code and name.
    pub(super) verdicts: Vec<(&'static str, String)>,
    pub(super) typed: Decision,
    pub(super) failure: Option<String>,
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<RestrictedId>,
) -> Result<Response, Problem> {
    let detail = api::detail(&app, &viewer.office, id).await?;
    Ok(page(&finding_page(viewer.shell, &detail, Decision::default(), None)))
}

pub(super) fn finding_page(
    shell: Shell,
    detail: &RestrictedDetail,
    typed: Decision,
    refused: Option<&Problem>,
) -> FindingPage {
    let w = shell.w;
    let line = &detail.line;
    let conduct = line.conduct.unwrap_or(Conduct::Other);
    let act = |act: &api::RestrictedActBody| {
        let who = w.ab("restricted-by-at", person_name(w, &act.person), w.time(act.at_ms));
        (w.code("restricted-act", &act.act), act.words.clone(), who)
    };
    let complaint = line.complaint_id.filter(|_| shell.has_role(READERS)).map(|id| id.to_string());
    FindingPage {
        id: line.finding_id.to_string(),
        title: w.code("conduct", conduct.as_str()),
        state: w.code("restricted-state", line.state.as_str()),
        number: line.complaint_number.clone().unwrap_or_else(|| w.t("record-unknown")),
        complaint,
        facts: facts(w, detail),
        report: detail.report.clone(),
        acts: detail.acts.iter().map(act).collect(),
        verdicts: RestrictedState::VERDICTS
            .map(|verdict| (verdict.as_str(), w.code("restricted-verdict", verdict.as_str())))
            .to_vec(),
        typed,
        failure: refused.map(|problem| failure_words(w, problem)),
        shell,
    }
}

fn facts(w: Words, detail: &RestrictedDetail) -> Vec<(String, String)> {
    let device = detail.device.as_ref().and_then(|device| device.label.clone());
    let accused = detail.accused.clone().unwrap_or_else(|| w.t("record-unknown"));
    vec![
        (w.t("restricted-accused"), accused),
        (w.t("restricted-author"), person_name(w, &detail.author)),
        (w.t("restricted-from"), device.unwrap_or_else(|| w.t("restricted-office"))),
        (w.t("restricted-claimed"), w.time(detail.claimed_at_ms)),
        (w.t("restricted-received"), w.time(detail.line.received_at_ms)),
    ]
}

fn failure_words(w: Words, problem: &Problem) -> String {
    match problem.field() {
        Some("/words") => w.t("restricted-words-wrong"),
        Some("/verdict") => w.t("restricted-verdict-wrong"),
        Some("/conduct") => w.t("restricted-conduct-wrong"),
        Some("/accused") => w.t("restricted-accused-wrong"),
        Some("/report") => w.t("restricted-report-wrong"),
        _ => problem.words(w.language).0.to_owned(),
    }
}

async fn decide(
    State(app): State<App>,
    Path(id): Path<RestrictedId>,
    posted: Posted<Decision>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let verdict = RestrictedState::of(&form.verdict).unwrap_or(RestrictedState::Open);
    let wanted = RestrictedVerdict { verdict, words: form.words.clone() };
    let mut tx = app.store.write().await?;
    match api::decide(&app, &mut tx, &viewer.office, id, &wanted).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(see_other(&format!("/restricted/{id}"), Some("restricted-decided")))
        }
        Err(refusal) if is_for_the_form(&refusal) => {
            drop(tx);
            let detail = api::detail(&app, &viewer.office, id).await?;
            let shown = finding_page(viewer.shell, &detail, form, Some(&refusal));
            Ok(with_status(refusal.status(), &shown))
        }
        Err(refusal) => Err(refusal),
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    pub(super) conduct: String,
    pub(super) accused: String,
    pub(super) report: String,
}

/// The form that seals a report.
#[derive(Template)]
#[template(path = "restricted/report.html")]
pub(super) struct ReportPage {
    pub(super) shell: Shell,
    pub(super) id: String,
    pub(super) number: String,
    /// Code and name.
    pub(super) conducts: Vec<(&'static str, String)>,
    pub(super) typed: Typed,
    pub(super) failure: Option<String>,
}

async fn show_form(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<ComplaintId>,
) -> Result<Response, Problem> {
    Ok(page(&report_page(&app, viewer, id, Typed::default(), None).await?))
}

async fn report_page(
    app: &App,
    viewer: Viewer,
    id: ComplaintId,
    typed: Typed,
    refused: Option<&Problem>,
) -> Result<ReportPage, Problem> {
    let w = viewer.w();
    let mut tx = app.store.read().await?;
    let complaint = reachable(&mut tx, &viewer.office, READERS, id).await?;
    Ok(ReportPage {
        id: id.to_string(),
        number: complaint.number,
        conducts: Conduct::ALL
            .map(|conduct| (conduct.as_str(), w.code("conduct", conduct.as_str())))
            .to_vec(),
        typed,
        failure: refused.map(|problem| failure_words(w, problem)),
        shell: viewer.shell,
    })
}

async fn report(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let mut tx = app.store.write().await?;
    let conduct = Conduct::ALL.into_iter().find(|conduct| conduct.as_str() == form.conduct);
    let kept = match conduct {
        Some(conduct) => {
            let (accused, report) = (form.accused.clone(), form.report.clone());
            let wanted = RestrictedForm { conduct, accused, report };
            api::record(&app, &mut tx, &viewer.office, id, wanted).await
        }
        None => Err(Problem::invalid_field("/conduct", "one of the kinds")),
    };
    match kept {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other(&format!("/complaints/{id}"), Some("restricted-kept")))
        }
        Err(refusal) if is_for_the_form(&refusal) => {
            drop(tx);
            let shown = report_page(&app, viewer, id, form, Some(&refusal)).await?;
            Ok(with_status(refusal.status(), &shown))
        }
        Err(refusal) => Err(refusal),
    }
}
