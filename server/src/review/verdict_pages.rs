//! The reviewer's forms: verdict, and work sent back to the field.

use super::api::{REVIEWERS, Responsibility, ReviewForm, VerdictWord, give_verdict};
use super::chain::open_of;
use super::offered::{Item, Offered, evidence_refs, offered, records};
use super::proposals::{Proposals, proposed};
use super::rework_api::{ReworkForm, ask_rework};
use super::sql::{VerdictBody, verdicts};
use crate::app::App;
use crate::complaints::pages::{StepHead, as_seen, given, is_for_the_form, step_head};
use crate::complaints::phrases::Phrases;
use crate::complaints::{Names, reachable};
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, page, see_other, with_status};
use crate::people;
use crate::problem::Problem;
use crate::routing::get;
use crate::store::Tx;
use crate::work_orders::VisitRecord;
use crate::work_orders::model::VisitState;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use sync_core::codes::CodeTable;
use sync_core::ids::{ComplaintId, EntryId};

/// The pages of this capability.
pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    let reviewers = Policy::Roles(REVIEWERS);
    routes.page("/complaints/{id}/review", reviewers, get(show_review).post(create_review)).page(
        "/complaints/{id}/rework",
        reviewers,
        get(show_rework).post(create_rework),
    )
}

/// What is typed about a verdict.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct VerdictForm {
    pub(super) seen: String,
    pub(super) verdict: String,
    pub(super) cause: String,
    pub(super) responsibility: String,
    pub(super) responsible_unit: String,
    pub(super) note: String,
    /// `<visit>/<entry>`.
    pub(super) evidence: Vec<String>,
    pub(super) without_visit: Option<String>,
    pub(super) override_reason: String,
    /// Typed beside the verdict: why it is sent back.
    pub(super) back_reason: String,
}

/// Code and name.
type Choice = (&'static str, String);

/// The form of a verdict.
#[derive(Template)]
#[template(path = "review/review.html")]
pub(super) struct ReviewPage {
    pub(super) shell: Shell,
    pub(super) head: StepHead,
    pub(super) form: VerdictForm,
    pub(super) verdicts: Vec<Choice>,
    pub(super) causes: Vec<Choice>,
    pub(super) responsibilities: Vec<Choice>,
    /// Organisation units that can answer for it.
    pub(super) units: Vec<String>,
    pub(super) visits: Vec<Offered>,
    /// Who gave the newest verdict and when, if there is one: the form begins with it.
    pub(super) given: Option<(String, String)>,
    /// Whether nobody was on site: then no visit may be needed.
    pub(super) may_skip_visit: bool,
    pub(super) proposals: Proposals,
    /// The level whose verdict is due, where the rules name several.
    pub(super) level: Option<String>,
    /// Whether it can be sent back to the one below.
    pub(super) may_send_back: bool,
}

impl ReviewPage {
    fn visit_words(&self, number: &usize) -> String {
        self.shell.w.n("record-visit", *number)
    }

    fn is_named(&self, key: &str) -> bool {
        self.form.evidence.iter().any(|named| named == key)
    }
}

async fn show_review(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<ComplaintId>,
) -> Result<Response, Problem> {
    Ok(page(&review_page(&app, &viewer, id, None, None).await?))
}

/// The form; without one that was typed it begins with what the technicians propose.
pub(super) async fn review_page(
    app: &App,
    viewer: &Viewer,
    id: ComplaintId,
    form: Option<VerdictForm>,
    refused: Option<&Problem>,
) -> Result<ReviewPage, Problem> {
    let mut tx = app.store.read().await?;
    let head = step_head(&mut tx, viewer, REVIEWERS, id, refused).await?;
    let phrases = Phrases::of(&mut tx, viewer.w()).await?;
    let records = records(&mut tx, id).await?;
    let level = open_of(&mut tx, id).await?;
    let given = verdicts(&mut tx, &mut Names::default(), id).await?.pop();
    let form = form.unwrap_or_else(|| match &given {
        Some(given) => once_more(given),
        None => proposed(&records),
    });
    let visits = offered(app, &mut tx, &phrases, &records).await?;
    Ok(ReviewPage {
        shell: viewer.shell.clone(),
        head,
        may_skip_visit: !records.iter().any(|record| record.visit.took_place()),
        verdicts: phrases.options(CodeTable::Verdicts),
        causes: phrases.options(CodeTable::RootCauses),
        responsibilities: phrases.options(CodeTable::Responsibilities),
        units: people::units(&mut tx).await?,
        proposals: Proposals::of(&phrases, &records),
        may_send_back: level.as_ref().is_some_and(|level| level.level > 1),
        level: level.map(|level| {
            let w = viewer.w();
            let place = w.ab("level-of", level.level, level.levels);
            format!("{place} · {}", w.either(&level.name_zh, &level.name_en))
        }),
        visits,
        given: given.map(|given| {
            let by = given.reviewed_by.and_then(|by| by.name).unwrap_or_default();
            (by, phrases.w.time(given.reviewed_at_ms))
        }),
        form,
    })
}

/// The verdict that was given, to be changed.
fn once_more(given: &VerdictBody) -> VerdictForm {
    let named = given.evidence.as_array().into_iter().flatten();
    let key =
        |named: &Value| Some(format!("{}/{}", named["visit_id"].as_str()?, named["entry_id"].as_str()?));
    VerdictForm {
        verdict: given.verdict.clone(),
        cause: given.cause.clone().unwrap_or_default(),
        responsibility: given.responsibility.clone().unwrap_or_default(),
        responsible_unit: given.responsible_unit.clone().unwrap_or_default(),
        note: given.note.clone(),
        evidence: named.filter_map(key).collect(),
        ..VerdictForm::default()
    }
}

async fn create_review(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<VerdictForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let mut tx = app.store.write().await?;
    let Err(refusal) = judge(&app, &mut tx, &viewer, id, &form).await else {
        tx.commit().await?;
        return Ok(see_other(&format!("/complaints/{id}"), Some("reviewed")));
    };
    drop(tx);
    if !is_for_the_form(&refusal) {
        return Err(refusal);
    }
    let page = review_page(&app, &viewer, id, Some(form), Some(&refusal)).await?;
    Ok(with_status(refusal.status(), &page))
}

async fn judge(
    app: &App,
    tx: &mut Tx,
    viewer: &Viewer,
    id: ComplaintId,
    form: &VerdictForm,
) -> Result<(), Problem> {
    let complaint = reachable(tx, &viewer.office, REVIEWERS, id).await?;
    as_seen(tx, &complaint, &form.seen).await?;
    let review = checked(form)?;
    give_verdict(tx, &viewer.office, id, &review, app.clock.now()).await?;
    Ok(())
}

/// The form as the API takes it.
fn checked(form: &VerdictForm) -> Result<ReviewForm, Problem> {
    let verdict: VerdictWord =
        form.verdict.parse().map_err(|()| Problem::invalid_field("/verdict", "one of the verdicts"))?;
    let responsibility: Option<Responsibility> = match given(&form.responsibility) {
        None => None,
        Some(word) => {
            Some(word.parse().map_err(|()| Problem::invalid_field("/responsibility", "one of the words"))?)
        }
    };
    let evidence = evidence_refs(&form.evidence)?;
    Ok(ReviewForm {
        verdict,
        cause: given(&form.cause),
        responsibility,
        responsible_unit: given(&form.responsible_unit),
        note: form.note.clone(),
        evidence,
        without_visit: form.without_visit.is_some(),
        override_reason: given(&form.override_reason),
    })
}

/// What is typed about work to be done again.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct SendBackForm {
    pub(super) seen: String,
    pub(super) visit_id: String,
    pub(super) reason: String,
    /// `<visit> <path>`: only those of the chosen visit are sent.
    pub(super) paths: Vec<String>,
}

/// The form of a rework request.
#[derive(Template)]
#[template(path = "review/rework.html")]
pub(super) struct ReworkPage {
    pub(super) shell: Shell,
    pub(super) head: StepHead,
    pub(super) form: SendBackForm,
    pub(super) visits: Vec<Offered>,
}

impl ReworkPage {
    fn visit_words(&self, number: &usize) -> String {
        self.shell.w.n("record-visit", *number)
    }

    fn is_named(&self, key: &str) -> bool {
        self.form.paths.iter().any(|named| named == key)
    }
}

async fn show_rework(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<ComplaintId>,
) -> Result<Response, Problem> {
    Ok(page(&rework_page(&app, &viewer, id, SendBackForm::default(), None).await?))
}

async fn rework_page(
    app: &App,
    viewer: &Viewer,
    id: ComplaintId,
    mut form: SendBackForm,
    refused: Option<&Problem>,
) -> Result<ReworkPage, Problem> {
    let mut tx = app.store.read().await?;
    let head = step_head(&mut tx, viewer, REVIEWERS, id, refused).await?;
    let phrases = Phrases::of(&mut tx, viewer.w()).await?;
    let records = records(&mut tx, id).await?;
    let visits: Vec<Offered> = records
        .iter()
        .enumerate()
        .filter(|(_, record)| record.visit.state != VisitState::Cancelled)
        .map(|(place, record)| redoable(&phrases, place + 1, record))
        .collect();
    if let ([only], true) = (&visits[..], form.visit_id.is_empty()) {
        form.visit_id.clone_from(&only.id);
    }
    Ok(ReworkPage { shell: viewer.shell.clone(), head, form, visits })
}

/// What of a visit may be named: every question of its checklist, what was recorded, and whole kinds of entries.
fn redoable(phrases: &Phrases, number: usize, record: &VisitRecord) -> Offered {
    let visit = record.visit.visit_id;
    let mut paths = phrases.questions(&record.visit.checklist);
    paths.extend(record.fields.iter().map(|field| field.path.clone()));
    paths.extend(["note", "cause_text", "readings", "meter_checks", "seals", "photos"].map(str::to_owned));
    paths.extend(
        record
            .entries
            .iter()
            .filter(|entry| entry.container == "findings" && entry.stands)
            .map(|entry| format!("findings/{}", entry.entry_id)),
    );
    let mut seen = std::collections::BTreeSet::new();
    paths.retain(|path| seen.insert(path.clone()));
    let words = |path: &String| {
        let finding = path.strip_prefix("findings/").and_then(|id| id.parse::<EntryId>().ok());
        let entry = finding.and_then(|id| record.entries.iter().find(|entry| entry.entry_id == id));
        match entry {
            Some(entry) => {
                let words = crate::complaints::pages::entry_words(phrases, record, entry);
                format!("{} · {words}", phrases.path("findings"))
            }
            None => phrases.path(path),
        }
    };
    Offered {
        id: visit.to_string(),
        number,
        state: phrases.w.code("visit-state", record.visit.state),
        items: paths
            .iter()
            .map(|path| Item { key: format!("{visit} {path}"), words: words(path), ..Item::default() })
            .collect(),
    }
}

async fn create_rework(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<SendBackForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let mut tx = app.store.write().await?;
    let Err(refusal) = send_back(&app, &mut tx, &viewer, id, &form).await else {
        tx.commit().await?;
        return Ok(see_other(&format!("/complaints/{id}"), Some("sent-back")));
    };
    drop(tx);
    if !is_for_the_form(&refusal) {
        return Err(refusal);
    }
    let page = rework_page(&app, &viewer, id, form, Some(&refusal)).await?;
    Ok(with_status(refusal.status(), &page))
}

async fn send_back(
    app: &App,
    tx: &mut Tx,
    viewer: &Viewer,
    id: ComplaintId,
    form: &SendBackForm,
) -> Result<(), Problem> {
    let complaint = reachable(tx, &viewer.office, REVIEWERS, id).await?;
    as_seen(tx, &complaint, &form.seen).await?;
    let visit_id = form
        .visit_id
        .parse()
        .map_err(|_| Problem::invalid_field("/visit_id", "a visit of this complaint"))?;
    let own = form.paths.iter().filter_map(|key| key.split_once(' '));
    let paths = own.filter(|(visit, _)| *visit == form.visit_id).map(|(_, path)| path.to_owned()).collect();
    let now = app.clock.now();
    let rework_id = EntryId::from_entropy(now, app.entropy.bytes());
    let rework = ReworkForm { visit_id, reason: form.reason.clone(), paths };
    ask_rework(tx, &viewer.office, id, (rework_id, rework), now).await?;
    Ok(())
}
