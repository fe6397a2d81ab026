//! Back-billing as pages: choosing the case, the form with its result, and the part of the record.

use super::acts::{self, standing_checks};
use super::api::BackBillingBody;
use super::form::{BackBillingForm, figures};
use super::sql::Stored;
use crate::app::App;
use crate::complaints::acts::Actor;
use crate::complaints::model::Utility;
use crate::complaints::pages::{is_for_the_form, person_name};
use crate::complaints::record::CentralRecord;
use crate::complaints::scope::OFFICE;
use crate::complaints::{self, Names, reachable};
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, Words, page, see_other, with_status};
use crate::problem::Problem;
use crate::routing::{get, post};
use crate::store::Tx;
use crate::work_orders::{EntryBody, visit_records};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::BTreeMap;
use sync_core::ids::ComplaintId;
use sync_core::metering::{BackBillingRule, Direction, WiringFault, rules};

pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/complaints/{id}/back-billing", Policy::Roles(OFFICE), get(show).post(compute)).page(
        "/complaints/{id}/back-billing/{number}/withdrawal",
        Policy::Roles(OFFICE),
        post(withdraw),
    )
}

/// The proposals of a record for one reader.
#[derive(Debug)]
pub(crate) struct BackBillingPart {
    pub(crate) lines: Vec<ProposalLine>,
    pub(crate) may_propose: bool,
}

/// A proposal in words.
#[derive(Debug)]
pub(crate) struct ProposalLine {
    pub(crate) number: i64,
    pub(crate) case: String,
    /// What is proposed, and how it is to be shown.
    pub(crate) result: (&'static str, String),
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) note: String,
    pub(crate) who: String,
    /// Who withdrew it when, and why.
    pub(crate) withdrawn: Option<(String, String)>,
}

/// The proposals of a record. Only electricity meters have such rules.
pub(crate) fn back_billing_part(w: Words, record: &CentralRecord, may_act: bool) -> BackBillingPart {
    let is_power = record.complaint.utility == Utility::Power;
    BackBillingPart {
        lines: record.back_billing.iter().map(|body| line(w, body)).collect(),
        may_propose: may_act && is_power && record.complaint.merged_into.is_none(),
    }
}

fn line(w: Words, body: &BackBillingBody) -> ProposalLine {
    let inputs = body.inputs.iter().map(|(name, value)| (figure_name(w, name), figure_shown(w, name, value)));
    let mut facts: Vec<(String, String)> = inputs.collect();
    facts.push((w.t("billing-period"), w.ab("billing-days", &body.from_day, &body.until_day)));
    facts.extend(body.factor.as_ref().map(|factor| (w.t("billing-factor-k"), factor.clone())));
    facts.push((w.t("billing-true"), format!("{} kWh", body.true_kwh)));
    facts.push((w.t("billing-difference"), format!("{} kWh", body.difference_kwh)));
    facts.push((w.t("billing-counted"), body.counted.clone()));
    facts.push((w.t("billing-source"), body.source.clone()));
    let withdrawn = body.withdrawn_by.as_ref().zip(body.withdrawn_at_ms).map(|(by, at)| {
        let who = w.ab("action-by-at", person_name(w, by), w.time(at));
        (who, body.withdrawn_reason.clone().unwrap_or_default())
    });
    ProposalLine {
        number: body.proposal_no,
        case: case_name(w, &body.case),
        result: result(w, body.direction, &body.proposed_kwh),
        facts,
        note: body.note.clone(),
        who: w.ab("action-by-at", person_name(w, &body.proposed_by), w.time(body.proposed_at_ms)),
        withdrawn,
    }
}

fn rule(case: &str) -> Option<&'static BackBillingRule> {
    rules().iter().find(|rule| rule.case == case)
}

fn case_name(w: Words, case: &str) -> String {
    rule(case).map_or_else(|| case.to_owned(), |rule| w.either(&rule.name.zh, &rule.name.en).to_owned())
}

fn figure_name(w: Words, name: &str) -> String {
    w.code("billing-figure", name)
}

fn figure_shown(w: Words, name: &str, value: &str) -> String {
    match value.parse::<WiringFault>() {
        Ok(fault) if name == "fault" => fault.name(w.codes()).to_owned(),
        _ => value.to_owned(),
    }
}

/// What is owed, without its sign, and how it is to be shown.
fn result(w: Words, direction: Direction, kwh: &str) -> (&'static str, String) {
    let amount = kwh.trim_start_matches('-');
    match direction {
        Direction::Charge => ("warn", w.a("billing-charge", amount)),
        Direction::Refund => ("good", w.a("billing-refund", amount)),
        Direction::Nothing => ("", w.t("billing-nothing")),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    case: String,
    check: String,
}

/// A figure that is asked for.
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) label: String,
    pub(super) value: String,
    pub(super) is_needed: bool,
}

/// What follows from the figures.
pub(super) struct Computed {
    /// Class of the badge, and its words.
    pub(super) result: (&'static str, String),
    /// Name and value.
    pub(super) facts: Vec<(String, String)>,
}

/// The form: first the case, then its figures and what follows from them.
#[derive(Template)]
#[template(path = "back_billing/form.html")]
pub(super) struct FormPage {
    pub(super) shell: Shell,
    pub(super) id: String,
    pub(super) number: String,
    /// Code, name and period of each case.
    pub(super) cases: Vec<(&'static str, String, String)>,
    /// Name, period and source of the chosen case.
    pub(super) chosen: Option<(String, String, String)>,
    pub(super) figures: Vec<Figure>,
    /// Code and name.
    pub(super) faults: Vec<(&'static str, String)>,
    /// Id and words of the meter checks that a proposal may rest on.
    pub(super) checks: Vec<(String, String)>,
    pub(super) typed: BackBillingForm,
    /// What follows, once it was computed.
    pub(super) computed: Option<Computed>,
    pub(super) failure: Option<String>,
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<ComplaintId>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let typed = BackBillingForm { case: asked.case, check_id: asked.check, ..Default::default() };
    Ok(page(&form_page(&app, viewer, id, typed, (None, None)).await?))
}

async fn form_page(
    app: &App,
    viewer: Viewer,
    id: ComplaintId,
    mut typed: BackBillingForm,
    (computed, refused): (Option<&Stored>, Option<&Problem>),
) -> Result<FormPage, Problem> {
    let w = viewer.w();
    let mut tx = app.store.read().await?;
    let complaint = reachable(&mut tx, &viewer.office, OFFICE, id).await?;
    if complaint.intake.utility != Utility::Power {
        return Err(acts::ProposalError::OtherUtility.into());
    }
    let checks = checks(&mut tx, id).await?;
    let chosen = rule(&typed.case);
    if typed.error_percent.is_empty() && typed.case == "error_beyond_tolerance" {
        let found = checks.iter().find(|(entry, _)| typed.check_id == *entry);
        typed.error_percent = found.map(|(_, error)| error.clone()).unwrap_or_default();
    }
    let figure = |(name, is_needed): &(&'static str, bool)| Figure {
        name,
        label: figure_name(w, name),
        value: typed.figure(name).to_owned(),
        is_needed: *is_needed,
    };
    let either = |name: &sync_core::codes::LocalName| w.either(&name.zh, &name.en).to_owned();
    Ok(FormPage {
        id: id.to_string(),
        number: complaint.number,
        cases: rules()
            .iter()
            .map(|rule| (rule.case.as_str(), either(&rule.name), either(&rule.period)))
            .collect(),
        chosen: chosen.map(|rule| (either(&rule.name), either(&rule.period), rule.source.clone())),
        figures: figures(&typed.case).iter().map(figure).collect(),
        faults: WiringFault::ALL
            .iter()
            .map(|fault| (fault.code(), fault.name(w.codes()).to_owned()))
            .collect(),
        checks: checks.into_iter().map(|(entry, error)| (entry, w.a("billing-check-error", error))).collect(),
        computed: computed.map(|stored| computed_words(w, stored)),
        failure: refused.map(|problem| failure_words(w, problem)),
        typed,
        shell: viewer.shell,
    })
}

/// Meter checks of the complaint that stand and have a result: entry and error in per cent.
async fn checks(tx: &mut Tx, id: ComplaintId) -> Result<Vec<(String, String)>, Problem> {
    let (mut names, mut found) = (Names::default(), Vec::new());
    for record in complaints::family(tx, id).await? {
        for visit in visit_records(tx, &mut names, record).await? {
            let error = |entry: &EntryBody| Some(entry.result.as_ref()?["rounded_text"].as_str()?.to_owned());
            found.extend(
                standing_checks(&visit).filter_map(|entry| Some((entry.entry_id.to_string(), error(entry)?))),
            );
        }
    }
    Ok(found)
}

fn computed_words(w: Words, stored: &Stored) -> Computed {
    let proposal = &stored.proposal;
    let factor = proposal.factor.map(|factor| (w.t("billing-factor-k"), factor.normalize().to_string()));
    let mut facts: Vec<(String, String)> = factor.into_iter().collect();
    let kwh = |value: Decimal| format!("{value:.2} kWh");
    facts.push((w.t("billing-true"), kwh(proposal.true_kwh)));
    facts.push((w.t("billing-difference"), kwh(proposal.difference_kwh)));
    facts.push((w.t("billing-counted"), proposal.counted.normalize().to_string()));
    Computed { result: result(w, proposal.direction, &format!("{:.2}", proposal.proposed_kwh)), facts }
}

/// Why a form was refused; names the figure that is wrong.
fn failure_words(w: Words, refusal: &Problem) -> String {
    match refusal.field().and_then(|field| field.strip_prefix('/')) {
        Some("case") => w.t("billing-case-needed"),
        Some(name) => {
            let wrong = w.code("billing-wrong", name);
            if wrong == name { w.a("billing-wrong-number", figure_name(w, name)) } else { wrong }
        }
        None => {
            let (title, detail) = refusal.words(w.language);
            format!("{title} · {detail}")
        }
    }
}

/// Computes, and keeps the proposal when that is asked for.
async fn compute(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    let Posted { viewer, form: mut fields } = posted;
    let keeps = fields.remove("act").is_some_and(|act| act == "keep");
    fields.remove("csrf");
    let typed: BackBillingForm = serde_json::to_value(fields)
        .and_then(serde_json::from_value)
        .map_err(|_| Problem::invalid_field("", "the fields of the form"))?;
    let by = Actor::office(viewer.office.person_id, app.clock.now());
    let mut tx = app.store.write().await?;
    let complaint = reachable(&mut tx, &viewer.office, OFFICE, id).await?;
    if keeps {
        match acts::keep(&mut tx, &complaint, &typed, by).await.map_err(Problem::from) {
            Ok(_) => {
                tx.commit().await?;
                Ok(see_other(&format!("/complaints/{id}"), Some("billing-kept")))
            }
            Err(refusal) if is_for_the_form(&refusal) => {
                drop(tx);
                let shown = form_page(&app, viewer, id, typed, (None, Some(&refusal))).await?;
                Ok(with_status(refusal.status(), &shown))
            }
            Err(refusal) => Err(refusal),
        }
    } else {
        let prepared = acts::prepare(&mut tx, &complaint, &typed, by).await.map_err(Problem::from);
        drop(tx);
        match prepared {
            Ok(stored) => Ok(page(&form_page(&app, viewer, id, typed, (Some(&stored), None)).await?)),
            Err(refusal) if is_for_the_form(&refusal) => {
                let shown = form_page(&app, viewer, id, typed, (None, Some(&refusal))).await?;
                Ok(with_status(refusal.status(), &shown))
            }
            Err(refusal) => Err(refusal),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Withdrawal {
    reason: String,
}

async fn withdraw(
    State(app): State<App>,
    Path((id, number)): Path<(ComplaintId, i64)>,
    posted: Posted<Withdrawal>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let by = Actor::office(viewer.office.person_id, app.clock.now());
    let mut tx = app.store.write().await?;
    let complaint = reachable(&mut tx, &viewer.office, OFFICE, id).await?;
    acts::withdraw(&mut tx, &complaint, number, &form.reason, by).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/complaints/{id}"), Some("billing-withdrawn")))
}
