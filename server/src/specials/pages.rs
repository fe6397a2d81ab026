//! Special complaints on the record page: what is proposed and why, what was decided, and the forms of those who may.

use super::api::{Decision, PathForm, classify, decide};
use super::bodies::SpecialBody;
use super::model::{IssueType, Sign, Source, SpecialKind, SpecialState};
use crate::app::App;
use crate::complaints::pages::person_name;
use crate::complaints::record::CentralRecord;
use crate::complaints::scope::OFFICE;
use crate::deadlines::limit_words;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Words, see_other};
use crate::problem::{self, Problem};
use crate::review::REVIEWERS;
use crate::routing::post;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use sync_core::deadline::Limits;
use sync_core::ids::ComplaintId;

pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    let office = Policy::Roles(OFFICE);
    routes.page("/complaints/{id}/specials/{act}", office, post(act)).page(
        "/complaints/{id}/path",
        office,
        post(set_path),
    )
}

/// What is special about a record, in words.
#[derive(Debug, Default)]
pub(crate) struct SpecialsPart {
    pub(crate) lines: Vec<SpecialLine>,
    /// Code and name of the kinds that can be set.
    pub(crate) kinds: Vec<(String, String)>,
    /// Code and name of the kinds of matter, and whether it is this one.
    pub(crate) issues: Vec<(String, String, bool)>,
    /// Code and name of who may have passed it on, and whether it was this one.
    pub(crate) sources: Vec<(String, String, bool)>,
    /// How it is dealt with, who said so and when.
    pub(crate) path: Option<(String, String)>,
    pub(crate) may_raise: bool,
    pub(crate) may_lower: bool,
}

/// A kind in words.
#[derive(Debug, Default)]
pub(crate) struct SpecialLine {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) class: &'static str,
    pub(crate) signs: Vec<String>,
    /// What it brings while it is confirmed.
    pub(crate) brings: Vec<String>,
    /// What was done, its words, who and when.
    pub(crate) acts: Vec<(String, Option<String>, String)>,
    pub(crate) is_proposed: bool,
    pub(crate) is_confirmed: bool,
}

/// What is special about a record, for this reader.
pub(crate) fn specials_part(shell: &Shell, record: &CentralRecord) -> SpecialsPart {
    let w = shell.w;
    let complaint = &record.complaint;
    let reaches = |roles| shell.reaches(roles, &complaint.unit, &complaint.region);
    let is_open = complaint.closed_at_ms.is_none() && complaint.merged_into.is_none();
    let confirmed = |kind: &SpecialKind| {
        record
            .specials
            .iter()
            .any(|special| special.kind == *kind && special.state == SpecialState::Confirmed)
    };
    let free = SpecialKind::ALL.iter().filter(|kind| !confirmed(kind));
    let path = record.path.as_ref();
    let (issue, source) = (path.and_then(|path| path.issue_type), path.and_then(|path| path.source));
    SpecialsPart {
        lines: record.specials.iter().map(|special| line(w, special)).collect(),
        kinds: free.map(|kind| (kind.to_string(), w.code("special-kind", kind))).collect(),
        issues: IssueType::ALL
            .iter()
            .map(|one| (one.to_string(), w.code("issue-type", one), issue == Some(*one)))
            .collect(),
        sources: Source::ALL
            .iter()
            .map(|one| (one.to_string(), w.code("source", one), source == Some(*one)))
            .collect(),
        path: path.map(|path| {
            let issue = issue.map(|one| w.code("issue-path", one));
            let from = source.map(|one| w.a("special-from", w.code("source", one)));
            let told: Vec<String> = issue.into_iter().chain(from).collect();
            let who = w.ab("action-by-at", person_name(w, &path.set_by), w.time(path.set_at_ms));
            (told.join(" · "), who)
        }),
        may_raise: is_open && reaches(OFFICE),
        may_lower: is_open && reaches(REVIEWERS),
    }
}

fn line(w: Words, special: &SpecialBody) -> SpecialLine {
    let mut signs: Vec<String> = special.signs.iter().map(|sign| sign_words(w, sign)).collect();
    if special.level > 1 && special.state == SpecialState::Proposed {
        signs.push(w.t("special-before-lead"));
    }
    SpecialLine {
        kind: special.kind.to_string(),
        name: w.code("special-kind", special.kind),
        state: w.code("special-state", special.state),
        class: match special.state {
            SpecialState::Proposed => "warn",
            SpecialState::Confirmed => "bad",
            _ => "",
        },
        signs,
        brings: brings(w, &special.limits),
        acts: special
            .acts
            .iter()
            .map(|act| {
                let who =
                    act.person.as_ref().map_or_else(|| w.t("record-by-system"), |who| person_name(w, who));
                let who = w.ab("action-by-at", who, w.time(act.at_ms));
                (w.code("special-act", act.act), act.words.clone(), who)
            })
            .collect(),
        is_proposed: special.state == SpecialState::Proposed,
        is_confirmed: special.state == SpecialState::Confirmed,
    }
}

fn brings(w: Words, limits: &Limits) -> Vec<String> {
    [("contact", limits.contact), ("onsite", limits.onsite), ("answer", limits.answer)]
        .into_iter()
        .filter_map(|(step, limit)| Some(w.ab("record-count", w.code("clock", step), limit_words(w, limit?))))
        .collect()
}

/// A sign in words.
fn sign_words(w: Words, sign: &Sign) -> String {
    let word = sign.word.clone().unwrap_or_default();
    let passed_on = || {
        let family = if word.parse::<Source>().is_ok() { "source" } else { "channel" };
        w.code(family, &word)
    };
    match (sign.reason.as_str(), sign.number) {
        ("transferred", _) => w.a("special-sign-transferred", passed_on()),
        ("transfer", _) => w.a("special-sign-transfer", passed_on()),
        ("word", _) => w.a("special-sign-word", word),
        ("topic", _) => w.a("special-sign-topic", word),
        ("again", Some(number)) => w.a("special-sign-again", number),
        ("dissatisfied", Some(number)) => w.a("special-sign-dissatisfied", number),
        ("loss", Some(number)) => w.a("special-sign-loss", number),
        ("overdue", Some(number)) => w.a("special-sign-overdue", number),
        ("place", _) => w.t("special-sign-place"),
        ("warning", _) => w.t("special-sign-warning"),
        _ => w.t("special-sign-sensitive"),
    }
}

/// What the timeline tells of it beyond its title.
pub(crate) fn special_facts(w: Words, detail: &Value) -> Vec<String> {
    let text = |key: &str| detail[key].as_str();
    let mut facts: Vec<String> =
        text("special").map(|kind| w.code("special-kind", kind)).into_iter().collect();
    facts.extend(text("special_act").map(|act| w.code("special-act", act)));
    let is_proposal = matches!(text("special_act"), Some("proposed" | "raised"));
    if is_proposal && detail["special_level"].as_i64().is_some_and(|level| level > 1) {
        facts.push(w.t("special-before-lead"));
    }
    facts.extend(text("issue_type").map(|issue| w.code("issue-type", issue)));
    facts.extend(text("source").map(|source| w.code("source", source)));
    facts
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Typed {
    kind: String,
    reason: String,
}

async fn act(
    State(app): State<App>,
    Path((id, act)): Path<(ComplaintId, String)>,
    posted: Posted<Typed>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let (decision, said) = match act.as_str() {
        "set" => (Decision::Set, "special-set"),
        "confirmation" => (Decision::Confirm, "special-confirmed"),
        "dismissal" => (Decision::Dismiss, "special-dismissed"),
        "removal" => (Decision::Remove, "special-removed"),
        _ => return Err(Problem::new(&problem::NOT_FOUND)),
    };
    let kind = form.kind.parse().map_err(|()| Problem::invalid_field("/kind", "a kind"))?;
    let mut tx = app.store.write().await?;
    let now = app.clock.now();
    let said = match decide(&mut tx, &viewer.office, (id, kind), (decision, &form.reason), now).await {
        Ok(()) => {
            tx.commit().await?;
            said
        }
        // Somebody was quicker: the record shows who and why.
        Err(problem) if problem.kind().code == problem::SPECIAL_STATE.code => "special-decided-before",
        Err(problem) => return Err(problem),
    };
    Ok(see_other(&format!("/complaints/{id}"), Some(said)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PathTyped {
    issue_type: String,
    source: String,
}

async fn set_path(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<PathTyped>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let form = PathForm { issue_type: form.issue_type.parse().ok(), source: form.source.parse().ok() };
    let mut tx = app.store.write().await?;
    classify(&mut tx, &viewer.office, id, &form, app.clock.now()).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/complaints/{id}"), Some("path-set")))
}
