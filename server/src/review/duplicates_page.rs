//! Likely duplicates of a complaint, merging field by field, and taking a merge apart.

use super::duplicates::{DAYS_DEFAULT, Likeness, likeness, proposals};
use super::merge_api::{MERGERS, put_under, take_apart};
use super::merges::{self, Merge, MergeField, NewMerge};
use crate::app::App;
use crate::complaints::model::{Complaint, State as ComplaintState, phone_digits};
use crate::complaints::scope::OFFICE;
use crate::complaints::{self, Names, reach_of, reachable};
use crate::pages::{
    PageRoutes, Policy, Posted, Shell, Viewer, Words, changed_meanwhile, page, see_other, unprocessable,
};
use crate::problem::Problem;
use crate::routing::{get, post};
use crate::store::{StoreError, Tx};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use sync_core::ids::{ComplaintId, EntryId};

/// The pages about duplicates.
pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/complaints/{id}/duplicates", Policy::Roles(OFFICE), get(show).post(merge)).page(
        "/complaints/{id}/duplicates/undo",
        Policy::Roles(MERGERS),
        post(undo),
    )
}

/// A record that may be about the same matter.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// Where it is.
    pub(crate) id: ComplaintId,
    /// Its number.
    pub(crate) number: String,
    /// Where it stands.
    pub(crate) state: ComplaintState,
    /// What the customer says.
    pub(crate) summary: String,
    /// Name, else number, of the customer.
    pub(crate) customer: String,
    /// Where.
    pub(crate) address: String,
    /// When it was received.
    pub(crate) received: String,
    /// 0 to 100.
    pub(crate) score: u32,
    /// Why it may be the same.
    pub(crate) reasons: Vec<String>,
}

impl Candidate {
    /// In the reader's words.
    pub(crate) fn of(w: Words, likeness: &Likeness, other: Complaint) -> Self {
        let customer = other.intake.customer;
        Self {
            id: other.id,
            number: other.number,
            state: other.state,
            summary: other.intake.summary,
            customer: customer.name.or(customer.number).unwrap_or_default(),
            address: other.intake.address,
            received: w.time(other.received_at),
            score: likeness.score.into(),
            reasons: likeness.reasons.iter().map(|reason| w.code("duplicate-reason", reason)).collect(),
        }
    }
}

/// One field of both records.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    /// Its stable name.
    pub(super) field: MergeField,
    /// What this record says.
    pub(super) ours: String,
    /// What the other says.
    pub(super) theirs: String,
    /// Whether the other's is chosen.
    pub(super) takes_theirs: bool,
}

impl Choice {
    /// Whether both mean the same, however it was typed.
    fn says_the_same(&self) -> bool {
        let digits = |phone: &str| phone_digits(phone).unwrap_or_else(|| phone.to_owned());
        let is_phone = self.field == MergeField::CustomerPhone;
        self.ours == self.theirs || is_phone && digits(&self.ours) == digits(&self.theirs)
    }
}

/// Two records side by side.
#[derive(Debug, Clone)]
pub(super) struct Comparison {
    pub(super) other: Candidate,
    pub(super) choices: Vec<Choice>,
    /// How many of their fields say the same.
    pub(super) same: usize,
    pub(super) reason: String,
    /// What both records say, field by field, as it is shown.
    pub(super) seen: String,
}

/// A merge that was made.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) merge: Merge,
    /// Number of the record that stands, and of the one under it.
    pub(super) numbers: (String, String),
    pub(super) by: String,
    pub(super) undone_by: String,
}

/// Duplicates of one complaint.
#[derive(Template)]
#[template(path = "review/duplicates.html")]
pub(super) struct DuplicatesPage {
    pub(super) shell: Shell,
    pub(super) id: ComplaintId,
    pub(super) number: String,
    /// The record it was merged into.
    pub(super) merged_into: Option<ComplaintId>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) comparison: Option<Comparison>,
    pub(super) merges: Vec<Made>,
    /// What was looked for by number.
    pub(super) typed_number: String,
    /// Why nothing was done.
    pub(super) failure: Option<String>,
}

/// Which record to compare with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Compare {
    /// Id or number.
    with: String,
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<ComplaintId>,
    Query(compare): Query<Compare>,
) -> Result<Response, Problem> {
    let mut tx = app.store.read().await?;
    let typed = Typed { with: compare.with, ..Typed::default() };
    let shown = build(&mut tx, &viewer, id, &typed, None).await?;
    Ok(page(&shown))
}

/// What was chosen and typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MergeChoice {
    duplicate: String,
    reason: String,
    /// What was shown: see [`Comparison::seen`].
    seen: String,
    /// Names of fields, each after `ours` or `theirs` and a colon.
    category: String,
    priority: String,
    summary: String,
    remedy_sought: String,
    customer_number: String,
    customer_name: String,
    customer_phone: String,
    address: String,
    position: String,
    meter: String,
}

impl MergeChoice {
    fn taken(&self) -> Vec<MergeField> {
        let chosen = |field: &MergeField| match field {
            MergeField::Category => &self.category,
            MergeField::Priority => &self.priority,
            MergeField::Summary => &self.summary,
            MergeField::RemedySought => &self.remedy_sought,
            MergeField::CustomerNumber => &self.customer_number,
            MergeField::CustomerName => &self.customer_name,
            MergeField::CustomerPhone => &self.customer_phone,
            MergeField::Address => &self.address,
            MergeField::Position => &self.position,
            MergeField::Meter => &self.meter,
        };
        MergeField::ALL.iter().copied().filter(|field| chosen(field) == "theirs").collect()
    }
}

/// What stands in the form of the comparison.
#[derive(Debug, Default)]
struct Typed {
    with: String,
    reason: String,
    taken: Vec<MergeField>,
}

async fn merge(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<MergeChoice>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let now = app.clock.now();
    let fields = form.taken();
    let merge_id = EntryId::from_entropy(now, app.entropy.bytes());
    let new = NewMerge { id: merge_id, reason: &form.reason, fields: &fields };
    let mut tx = app.store.write().await?;
    if let Some(changed) = changed_since(&mut tx, &viewer, (id, &form.duplicate), &form.seen).await? {
        let w = viewer.w();
        let named: Vec<String> = changed.iter().map(|field| w.code("change-field", field)).collect();
        let why = w.a("duplicate-changed", named.join(" · "));
        let typed = Typed { with: form.duplicate, reason: form.reason, taken: fields };
        return Ok(changed_meanwhile(&build(&mut tx, &viewer, id, &typed, Some(why)).await?));
    }
    let done = match form.duplicate.parse() {
        Ok(other) => put_under(&mut tx, &viewer.office, (id, other), &new, now).await,
        Err(_) => Err(Problem::new(&crate::problem::COMPLAINT_UNKNOWN)),
    };
    match done {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other(&format!("/complaints/{id}/duplicates"), Some("merged")))
        }
        Err(problem) if problem.status().is_client_error() => {
            drop(tx);
            let typed = Typed { with: form.duplicate, reason: form.reason, taken: fields };
            refused(&app, &viewer, id, &typed, &problem).await
        }
        Err(problem) => Err(problem),
    }
}

/// Fields of either record that say something else than what was shown; `None` when all is as it was.
async fn changed_since(
    tx: &mut Tx,
    viewer: &Viewer,
    (id, other): (ComplaintId, &str),
    seen: &str,
) -> Result<Option<Vec<MergeField>>, Problem> {
    let Ok(other) = other.parse() else { return Ok(None) };
    let ours = reachable(tx, &viewer.office, OFFICE, id).await?;
    // Out of reach: refused by the merge itself.
    let Ok(other) = reachable(tx, &viewer.office, MERGERS, other).await else { return Ok(None) };
    let now = fingerprints(&ours, &other);
    // Merged by somebody meanwhile: that is told by the merge itself.
    let as_seen = seen.is_empty() || other.merged_into.is_some() || seen == now;
    let differs = |(now, seen): &(&str, &str)| now != seen;
    Ok((!as_seen).then(|| {
        let pairs = now.split(' ').zip(seen.split(' ').chain(std::iter::repeat("")));
        let changed = MergeField::ALL.iter().zip(pairs).filter(|(_, pair)| differs(pair));
        changed.map(|(field, _)| *field).collect()
    }))
}

/// A few digits for each field of both records: the same as long as neither was changed.
fn fingerprints(ours: &Complaint, other: &Complaint) -> String {
    let fields = merges::shown(&ours.intake).into_iter().zip(merges::shown(&other.intake));
    let short = fields.map(|((_, ours), (_, theirs))| {
        let digest = Sha256::new().chain_update(&ours).chain_update([0]).chain_update(&theirs).finalize();
        data_encoding::HEXLOWER.encode(&digest[..6])
    });
    short.collect::<Vec<_>>().join(" ")
}

/// Which merge is taken apart, and why.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UndoForm {
    merge: String,
    reason: String,
}

async fn undo(
    State(app): State<App>,
    Path(id): Path<ComplaintId>,
    posted: Posted<UndoForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let mut tx = app.store.write().await?;
    let done = match form.merge.parse::<EntryId>() {
        Ok(merge) => take_apart(&mut tx, &viewer.office, merge, &form.reason, app.clock.now()).await,
        Err(_) => Err(Problem::new(&crate::problem::NOT_FOUND)),
    };
    match done {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other(&format!("/complaints/{id}/duplicates"), Some("merge-undone")))
        }
        Err(problem) if problem.status().is_client_error() => {
            drop(tx);
            refused(&app, &viewer, id, &Typed::default(), &problem).await
        }
        Err(problem) => Err(problem),
    }
}

async fn refused(
    app: &App,
    viewer: &Viewer,
    id: ComplaintId,
    typed: &Typed,
    problem: &Problem,
) -> Result<Response, Problem> {
    let (title, detail) = problem.words(viewer.w().language);
    let why = match problem.kind().code == crate::problem::BODY_INVALID.code {
        true => viewer.w().t("duplicate-reason-missing"),
        false => format!("{title} {detail}"),
    };
    let mut tx = app.store.read().await?;
    Ok(unprocessable(&build(&mut tx, viewer, id, typed, Some(why)).await?))
}

async fn build(
    tx: &mut Tx,
    viewer: &Viewer,
    id: ComplaintId,
    typed: &Typed,
    failure: Option<String>,
) -> Result<DuplicatesPage, Problem> {
    let w = viewer.w();
    let complaint = reachable(tx, &viewer.office, OFFICE, id).await?;
    let reach = reach_of(&viewer.office, OFFICE)?;
    let found = proposals(tx, &complaint, &reach, DAYS_DEFAULT).await?;
    let candidates = found.into_iter().map(|(alike, other)| Candidate::of(w, &alike, other)).collect();
    let other = match typed.with.parse() {
        Ok(other) => complaints::find(tx, other).await?,
        Err(_) => complaints::find_by_number(tx, typed.with.trim()).await?,
    };
    let other = other.filter(|other| other.id != id && reach.includes(other));
    let failure = failure
        .or_else(|| (other.is_none() && !typed.with.is_empty()).then(|| w.t("duplicate-none-with-number")));
    let typed_number = other.as_ref().map_or_else(|| typed.with.clone(), |other| other.number.clone());
    Ok(DuplicatesPage {
        shell: viewer.shell.clone(),
        id,
        merged_into: complaint.merged_into,
        candidates,
        comparison: other.map(|other| compare(w, &complaint, other, typed)),
        merges: made(tx, id).await?,
        typed_number,
        failure,
        number: complaint.number,
    })
}

fn compare(w: Words, ours: &Complaint, other: Complaint, typed: &Typed) -> Comparison {
    let fields = merges::shown(&ours.intake).into_iter().zip(merges::shown(&other.intake));
    let all: Vec<Choice> = fields
        .map(|((field, ours), (_, theirs))| Choice {
            field,
            // What this record lacks is taken from the other unless somebody decides otherwise.
            takes_theirs: typed.taken.contains(&field) || (typed.reason.is_empty() && ours.is_empty()),
            ours: named(w, field, ours),
            theirs: named(w, field, theirs),
        })
        .collect();
    let count = all.len();
    let choices: Vec<Choice> = all.into_iter().filter(|choice| !choice.says_the_same()).collect();
    let alike = likeness(ours, &other);
    let same = count - choices.len();
    let (seen, reason) = (fingerprints(ours, &other), typed.reason.clone());
    Comparison { other: Candidate::of(w, &alike, other), choices, same, reason, seen }
}

/// A value as people read it.
fn named(w: Words, field: MergeField, value: String) -> String {
    match field {
        MergeField::Category => w.category(&value).to_owned(),
        MergeField::Priority => w.code("priority", value),
        _ => value,
    }
}

async fn made(tx: &mut Tx, id: ComplaintId) -> Result<Vec<Made>, StoreError> {
    let mut names = Names::default();
    let mut made = Vec::new();
    for merge in merges::list(tx, id).await? {
        let mut number = async |id: &str| match id.parse() {
            Ok(id) => Ok(complaints::find(tx, id).await?.map(|found| found.number).unwrap_or_default()),
            Err(_) => Ok::<_, StoreError>(String::new()),
        };
        let numbers = (number(&merge.survivor).await?, number(&merge.duplicate).await?);
        let by = names.person_text(tx, &merge.merged_by).await?;
        let undone_by = names.person_text(tx, merge.undone_by.as_deref().unwrap_or_default()).await?;
        let name = |person: Option<complaints::PersonRef>| person.and_then(|person| person.name);
        made.push(Made {
            numbers,
            by: name(by).unwrap_or_default(),
            undone_by: name(undone_by).unwrap_or_default(),
            merge,
        });
    }
    made.reverse();
    Ok(made)
}
