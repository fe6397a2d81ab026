//! One technician is sent to many complaints; each is done or refused for itself, and the page says which and why.

use crate::app::App;
use crate::complaints::acts::{Actor, find_open_to_acts};
use crate::complaints::reachable;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, page};
use crate::problem::Problem;
use crate::work_orders::DISPATCHERS;
use crate::work_orders::sending::{Sending, Sent, send};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;
use sync_core::date::CivilDate;
use sync_core::ids::{ComplaintId, PersonId, VisitId, WorkOrderId};

/// Complaints of one request: two pages of the queue.
const COMPLAINTS_MAX: usize = 100;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/queue/assignments", Policy::Roles(DISPATCHERS), post(send_to_many))
}

/// Who goes where.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BulkForm {
    complaint: Vec<String>,
    person: String,
    planned_on: String,
}

/// What became of one complaint.
#[derive(Debug, Clone)]
pub(super) struct BulkRow {
    /// What was posted as its id.
    pub(super) id: String,
    /// Number, else the beginning of what was posted.
    pub(super) number: String,
    /// Done: how; refused: why, in the reader's words.
    pub(super) fate: Result<Sent, String>,
}

/// What was done and what could not be done.
#[derive(Template)]
#[template(path = "work_orders/bulk.html")]
pub(super) struct BulkPage {
    pub(super) shell: Shell,
    /// Who was sent.
    pub(super) person: String,
    pub(super) rows: Vec<BulkRow>,
    /// Why nothing was tried.
    pub(super) failure: Option<String>,
}

impl BulkPage {
    /// How many were done.
    pub(super) fn done(&self) -> usize {
        self.rows.iter().filter(|row| row.fate.is_ok()).count()
    }
}

async fn send_to_many(State(app): State<App>, posted: Posted<BulkForm>) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let w = viewer.w();
    let found = match form.person.parse() {
        Ok(person) => crate::people::find(&mut app.store.read().await?, person).await?,
        Err(_) => None,
    };
    let failure = if form.complaint.is_empty() {
        Some(w.t("queue-nothing-chosen"))
    } else if form.planned_on.parse::<CivilDate>().is_err() {
        Some(w.t("queue-no-day"))
    } else if found.is_none() {
        Some(w.t("queue-no-technician"))
    } else {
        None
    };
    let mut rows = Vec::new();
    if let Some(person) = found.as_ref().filter(|_| failure.is_none()) {
        for id in form.complaint.iter().take(COMPLAINTS_MAX) {
            rows.push(send_to_one(&app, &viewer, id, person.person_id, &form.planned_on).await?);
        }
    }
    let person = found.map(|person| person.display_name).unwrap_or_default();
    Ok(page(&BulkPage { shell: viewer.shell, person, rows, failure }))
}

/// One complaint in its own transaction: what is refused holds nothing else back.
async fn send_to_one(
    app: &App,
    viewer: &Viewer,
    id: &str,
    person: PersonId,
    day: &str,
) -> Result<BulkRow, Problem> {
    let mut number: String = id.chars().take(8).collect();
    let fate = match try_one(app, viewer, id, person, day, &mut number).await {
        Ok(sent) => Ok(sent),
        Err(problem) if problem.kind().code == crate::problem::CONTACT_MISSING.code => {
            Err(viewer.w().t("queue-bulk-no-contact"))
        }
        Err(problem) if problem.status().is_client_error() => {
            let (title, detail) = problem.words(viewer.w().language);
            Err(format!("{title} {detail}"))
        }
        Err(problem) => return Err(problem),
    };
    Ok(BulkRow { id: id.to_owned(), number, fate })
}

/// Notes the number as soon as the complaint is known to be within reach.
async fn try_one(
    app: &App,
    viewer: &Viewer,
    id: &str,
    person: PersonId,
    day: &str,
    number: &mut String,
) -> Result<Sent, Problem> {
    let id: ComplaintId = id.parse().map_err(|_| Problem::new(&crate::problem::COMPLAINT_UNKNOWN))?;
    let now = app.clock.now();
    let new = Sending {
        person,
        planned_on: day.to_owned(),
        order: WorkOrderId::from_entropy(now, app.entropy.bytes()),
        visit: VisitId::from_entropy(now, app.entropy.bytes()),
    };
    let mut tx = app.store.write().await?;
    *number = reachable(&mut tx, &viewer.office, DISPATCHERS, id).await?.number;
    let complaint = find_open_to_acts(&mut tx, id).await?;
    let sent = send(&mut tx, &complaint, &new, Actor::office(viewer.office.person_id, now)).await?;
    tx.commit().await?;
    Ok(sent)
}
